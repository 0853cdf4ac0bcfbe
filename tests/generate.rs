//! What is generated from the command line's declaration: completions and the manual page.

mod support;

use std::process::Command;

use support::{probate, run, temporary};

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "elvish", "powershell"];

fn generated(line: &[&str]) -> String {
    let actual = probate(line);
    assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""), "{line:?}");
    actual.stdout
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

/// The long options that a help text lists.
fn options(help: &str) -> Vec<&str> {
    let words = help.lines().filter(|line| line.trim_start().starts_with('-')).flat_map(|line| line.split(' '));
    let names = words.filter(|word| word.starts_with("--")).map(|word| word.split(['[', '=']).next().unwrap_or(word));
    names.collect()
}

/// Of both command lines.
fn helps() -> [String; 2] {
    [generated(&["--help"]), generated(&["test", "--help"])]
}

#[test]
fn completions_know_every_option() {
    for shell in SHELLS {
        let script = generated(&["--completions", shell]);
        for option in helps().iter().flat_map(|help| options(help)) {
            let name = option.trim_start_matches('-');
            assert!(script.contains(name), "{shell} does not know {option}");
        }
    }
    assert_eq!(probate(&["--completions", "csh"]).status, Some(2));
    assert_eq!(probate(&["--completions", "bash", "-e", "1"]).status, Some(2));
}

#[test]
fn bash_completes() {
    if !is_installed("bash") {
        return;
    }
    let script = temporary("completions.bash", generated(&["--completions", "bash"]));
    let mut check = Command::new("bash");
    check.arg("-n").arg(&script);
    assert_eq!(run(check, "").status, Some(0));
    let complete = |words: &[&str]| {
        let code = r#"
            source "$1"; shift
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            $(complete -p probate | sed 's/.*-F \([^ ]*\).*/\1/') probate "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\n' "${COMPREPLY[@]}"
        "#;
        let mut command = Command::new("bash");
        command.args(["--norc", "-c", code, "bash"]).arg(&script).args(words);
        let actual = run(command, "");
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""), "{words:?}");
        actual.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete(&["probate", "--tra"]), ["--trace", "--trace-out"]);
    assert_eq!(complete(&["probate", "--dum"]), ["--dump"]);
    assert_eq!(complete(&["probate", "test", "--up"]), ["--update"]);
    assert_eq!(complete(&["probate", "--dump", "a"]), ["ast"]);
}

#[test]
fn the_manual_mentions_everything() {
    let page = generated(&["--man"]);
    assert!(page.is_ascii(), "formatters differ in what else they can read");
    let plain = page.replace('\\', "");
    for option in helps().iter().flat_map(|help| options(help)) {
        assert!(plain.contains(option), "the manual has no {option}");
    }
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"] {
        assert!(page.lines().any(|line| line.trim_start_matches(".SH ").trim_matches('"') == section), "no {section}");
    }
    assert_eq!(probate(&["--man", "-e", "1"]).status, Some(2));
}

#[test]
fn the_manual_is_rendered_without_a_warning() {
    if !is_installed("groff") {
        return;
    }
    let page = generated(&["--man"]);
    let mut command = Command::new("groff");
    command.args(["-man", "-Tascii", "-ww", "-P-c"]).env_remove("GROFF_NO_SGR");
    let rendered = run(command, &page);
    assert_eq!((rendered.status, rendered.stderr.as_str()), (Some(0), ""));
    // Overstriking makes bold text.
    let mut text = String::new();
    for c in rendered.stdout.chars() {
        if c == '\u{8}' {
            text.pop();
        } else {
            text.push(c);
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    for part in [
        "probate [OPTIONS] FILE [ARGS]...",
        "--trace[=<life|rc|scope|all>]",
        "... and are at least BYTES (1M)",
        "probate -p -e '[1, 2].map(n => n * 2)'",
        "// expect: 42",
    ] {
        assert!(words.join(" ").contains(part), "no `{part}` in\n{text}");
    }
}
