//! The programs of `examples/`: what they print, as snapshots, and that README.md shows the first of them as it is. The blocks of docs/embedding.md are tests of the library's documentation.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use support::{Run, read, run};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What an example prints. Built is what `cargo test` has built; a run of this test alone builds what is missing or old.
fn example(name: &str) -> String {
    let this = std::env::current_exe().expect("the test itself");
    let profile = this.ancestors().nth(2).expect("the folder of the profile");
    let program = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    if changed(&program) < changed(&this) {
        build(name, profile);
    }
    let Run { stdout, stderr, status } = run(Command::new(&program), "");
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{}:\n{stdout}", program.display());
    stdout
}

fn build(name: &str, profile: &Path) {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args(["build", "--quiet", "--example", name]);
    let word = |path: &Path| path.file_name().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    match word(profile).as_str() {
        "debug" => {}
        other => drop(command.args(["--profile", other])),
    }
    let above = profile.parent().expect("the folder of all profiles");
    let is_target = |path: &Path| path.join("CACHEDIR.TAG").exists();
    if is_target(above) {
        command.arg("--target-dir").arg(above);
    } else if let Some(target) = above.parent().filter(|path| is_target(path)) {
        // A target that was asked for by name has a folder of its own.
        command.arg("--target-dir").arg(target).args(["--target", &word(above)]);
    }
    assert!(command.status().is_ok_and(|status| status.success()), "{name} was not built");
}

/// The first block after a heading that begins with this fence.
fn block(text: &str, heading: &str, fence: &str) -> String {
    let text = text.split_once(heading).expect(heading).1;
    let text = text.split_once(fence).expect(fence).1;
    text.split_once("```").expect("the end of the block").0.to_string()
}

#[test]
fn the_readme_shows_ten_lines_that_run() {
    let readme = read(&root().join("README.md"));
    let shown = block(&readme, "\n## Embedding\n", "```rust\n");
    assert_eq!(shown, read(&root().join("examples/embed.rs")));
    assert_eq!(shown.lines().count(), 10);
    assert_eq!(block(&readme, "\n## Embedding\n", "```text\n"), example("embed"));
}

#[test]
fn rules_are_evaluated_and_those_that_misbehave_are_reported() {
    insta::assert_snapshot!(example("rules"));
}

/// However it is left: the statement is closed, then its connection, and SQLite agrees each time.
#[test]
fn statements_are_closed_before_their_databases() {
    let printed = example("sqlite");
    let ways: Vec<&str> = printed.split("\n\n").map(str::trim_end).filter(|way| !way.is_empty()).collect();
    for way in &ways {
        let at = |what: &str| way.find(what).unwrap_or_else(|| panic!("no {what} in\n{way}"));
        let (finalized, closed) = (at("sqlite3_finalize: SQLITE_OK"), way.rfind("sqlite3_close: SQLITE_OK"));
        assert!(closed.is_some_and(|closed| finalized < closed), "{way}");
        assert!(at("final.run #") < finalized, "{way}");
    }
    for way in ["a function returns", "an exception", "a limit", "exit", "the program ends"] {
        assert!(ways.iter().any(|shown| shown.starts_with(way)), "{way}");
    }
    insta::assert_snapshot!(printed);
}

/// Every example is in a test above.
#[test]
fn no_example_is_left_out() {
    let mut names: Vec<PathBuf> = support::files(&root().join("examples"), "rs");
    names.iter_mut().for_each(|path| *path = path.file_stem().unwrap_or_default().into());
    assert_eq!(names, ["embed", "rules", "sqlite"].map(PathBuf::from));
}
