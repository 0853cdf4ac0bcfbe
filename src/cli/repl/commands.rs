//! The prompt's commands: the table, help, files, and the end.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process;

use super::settings::SETTINGS;
use super::{Flow, Repl, look, memory, save};
use crate::cli::{help, source};
use crate::syntax::similar::similar;

/// What stands behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Code,
    Path,
    Status,
    Setting,
    /// A command or a built-in.
    Topic,
    Trace,
    Heap,
}

pub struct Command {
    /// With its dot.
    pub name: &'static str,
    /// As in `.help`.
    pub arguments: &'static str,
    pub takes: Takes,
    pub what: &'static str,
    pub run: fn(&mut Repl, &str) -> Flow,
}

/// Every command, in the order of `.help`.
pub static COMMANDS: &[Command] = &[
    Command::new(".help", "[NAME]", Takes::Topic, "this list, or about a command or a built-in", help_on),
    Command::new(".vars", "", Takes::Nothing, "the variables of this session", look::vars),
    Command::new(".type", "EXPR", Takes::Code, "what a value is", look::kind),
    Command::new(".time", "CODE", Takes::Code, "run, and tell how long it took", look::time),
    Command::new(".ast", "CODE", Takes::Code, "the syntax tree", look::ast),
    Command::new(".bytecode", "CODE", Takes::Code, "the instructions it is compiled to", look::bytecode),
    Command::new(
        ".heap",
        "[diff]",
        Takes::Heap,
        "live values by scope and kind; what changed since the last look",
        memory::heap,
    ),
    Command::new(".scopes", "", Takes::Nothing, "the open scopes and what they own", memory::scopes),
    Command::new(".refs", "EXPR", Takes::Code, "who refers to a value", look::refs),
    Command::new(".why", "EXPR", Takes::Code, "the path that keeps a value alive", look::why),
    Command::new(".gc", "", Takes::Nothing, "collect: find cycles that nothing reaches", memory::gc),
    Command::new(".sweep", "", Takes::Nothing, "free what is on probation", memory::sweep),
    Command::new(
        ".trace",
        "[on|off|last [PRESET]]",
        Takes::Trace,
        "memory events as they happen, or those of the last input",
        memory::trace,
    ),
    Command::new(".load", "FILE", Takes::Path, "run a file in this session", load),
    Command::new(".save", "FILE", Takes::Path, "write what succeeded to a file that runs", save::save),
    Command::new(".edit", "", Takes::Nothing, "edit the last input in $EDITOR, then run it", edit),
    Command::new(".set", "[NAME VALUE]", Takes::Setting, "settings of the prompt", set),
    Command::new(".clear", "", Takes::Nothing, "clear the screen", clear),
    Command::new(
        ".reset",
        "",
        Takes::Nothing,
        "end this session's scope, finalizers in order, and begin anew",
        memory::reset,
    ),
    Command::new(".exit", "[STATUS]", Takes::Status, "leave; so does Ctrl-D", exit),
];

impl Command {
    const fn new(
        name: &'static str,
        arguments: &'static str,
        takes: Takes,
        what: &'static str,
        run: fn(&mut Repl, &str) -> Flow,
    ) -> Command {
        Command { name, arguments, takes, what, run }
    }

    /// Whether it can do something with an argument, or without one.
    pub fn fits(&self, argument: &str) -> bool {
        match self.takes {
            Takes::Nothing => argument.is_empty(),
            Takes::Code | Takes::Path => !argument.is_empty(),
            _ => true,
        }
    }

    /// How to use it.
    pub fn usage(&self) -> String {
        format!("{}\n    {}\n", format!("{} {}", self.name, self.arguments).trim_end(), self.what)
    }

    pub fn named(name: &str) -> Option<&'static Command> {
        COMMANDS.iter().find(|command| command.name == name)
    }
}

/// What to say to a command that there is not.
pub fn unknown(word: &str) -> String {
    let begun = COMMANDS.iter().map(|command| command.name).find(|name| name.starts_with(word));
    let named = meant_by(&word[1..]);
    match begun.or(named).or_else(|| similar(word, COMMANDS.iter().map(|command| command.name))) {
        Some(name) => format!("there is no command `{word}`; did you mean `{name}`?\n"),
        None => format!("there is no command `{word}`; `.help` lists them\n"),
    }
}

/// The command that a word stands for which is none: what other prompts call it.
pub fn meant_by(word: &str) -> Option<&'static str> {
    match word {
        "quit" | "exit" | "bye" | "q" => Some(".exit"),
        "help" | "?" => Some(".help"),
        "clear" | "cls" => Some(".clear"),
        "ls" | "who" | "whos" => Some(".vars"),
        _ => None,
    }
}

fn help_on(repl: &mut Repl, name: &str) -> Flow {
    if name.is_empty() {
        let mut text = String::new();
        for command in COMMANDS {
            let _ = writeln!(text, "{:<32} {}", format!("{} {}", command.name, command.arguments), command.what);
        }
        text.push_str("\n`.help NAME` explains a built-in: `.help Math.max`, `.help map`, `.help gc`.\n");
        text.push_str("`_` is the last value, `_err` the last error. Ctrl-C stops what runs.\n");
        repl.say(&text);
        return Flow::Continue;
    }
    let dotted = if name.starts_with('.') { name.to_string() } else { format!(".{name}") };
    if let Some(command) = Command::named(&dotted).filter(|_| name.starts_with('.')) {
        repl.say(&command.usage());
        return Flow::Continue;
    }
    match help::page(name, repl.columns(), repl.colors) {
        Ok(page) => repl.say(&page),
        Err(_) if Command::named(&dotted).is_some() => return help_on(repl, &dotted),
        Err(sentence) => repl.complain(&(sentence + "\n")),
    }
    Flow::Continue
}

fn load(repl: &mut Repl, path: &str) -> Flow {
    match source::text(&expanded(path)) {
        Ok(text) => repl.evaluate(path, &text),
        Err(sentence) => {
            repl.complain(&(sentence + "\n"));
            Flow::Continue
        }
    }
}

/// A path as it was typed: perhaps in quotes; `~` is the home folder.
pub fn expanded(path: &str) -> PathBuf {
    let unquoted = ['"', '\''].iter().find_map(|quote| path.strip_prefix(*quote)?.strip_suffix(*quote));
    let path = unquoted.unwrap_or(path);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn edit(repl: &mut Repl, _: &str) -> Flow {
    match edited(&repl.last) {
        Ok(Some(text)) => {
            repl.say(&(text.trim_end().to_string() + "\n"));
            repl.take(text.trim_end())
        }
        Ok(None) => Flow::Continue,
        Err(sentence) => {
            repl.complain(&(sentence + "\n"));
            Flow::Continue
        }
    }
}

/// A text after its user has edited it; `None` if the editor failed or nothing is left, so that nothing is to run.
fn edited(text: &str) -> Result<Option<String>, String> {
    let path = std::env::temp_dir().join(format!("probate-{}.pbt", process::id()));
    let failed = |error: std::io::Error| format!("cannot edit: {}", source::reason(&error));
    // A name that somebody else has made is not written through.
    let _ = fs::remove_file(&path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    let status = file.write_all(text.as_bytes()).and_then(|()| {
        drop(file);
        let editor =
            ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok().filter(|e| !e.is_empty()));
        // The variable may hold arguments too.
        let line = format!("{} \"$1\"", editor.as_deref().unwrap_or("vi"));
        process::Command::new("sh").args(["-c", &line, "sh"]).arg(&path).status()
    });
    let after = source::text(&path);
    let _ = fs::remove_file(&path);
    if !status.map_err(failed)?.success() {
        return Err("the editor failed: nothing was run".to_string());
    }
    Ok(after.ok().filter(|after| !after.trim().is_empty()))
}

fn set(repl: &mut Repl, argument: &str) -> Flow {
    let (name, value) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
    if name.is_empty() {
        let mut text = String::new();
        for (name, meaning) in SETTINGS {
            let value = repl.settings.get(name).unwrap_or_default();
            let _ = writeln!(text, "{name:<12} {value:<12} {meaning}");
        }
        repl.say(&text);
        return Flow::Continue;
    }
    let value = value.trim();
    if value.is_empty()
        && let Some(value) = repl.settings.get(name)
    {
        repl.say(&format!("{value}\n"));
        return Flow::Continue;
    }
    match repl.settings.set(name, value) {
        Ok(()) => repl.reader_changed = true,
        Err(sentence) => repl.complain(&(sentence + "\n")),
    }
    Flow::Continue
}

fn clear(repl: &mut Repl, _: &str) -> Flow {
    if repl.streams.borrow().output_is_terminal {
        repl.say("\x1b[H\x1b[2J\x1b[3J");
    }
    Flow::Continue
}

fn exit(repl: &mut Repl, argument: &str) -> Flow {
    match argument {
        "" => Flow::Leave(0),
        _ => match argument.parse::<u8>() {
            Ok(status) => Flow::Leave(i32::from(status)),
            Err(_) => {
                repl.complain("an exit status is a number from 0 to 255\n");
                Flow::Continue
            }
        },
    }
}
