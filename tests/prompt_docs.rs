//! The sessions in README.md and docs/prompt.md, marked `session`: typed into a terminal, they show what stands there. With
//! `UPDATE_SESSIONS=1` the documents get what they show.
#![cfg(unix)]

#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;

use probate::syntax::{self, ParseOptions};
use terminal::Terminal;

/// An input that takes another line.
fn goes_on(input: &str) -> bool {
    let is_command = input.starts_with('.');
    !is_command && syntax::parse(input, &ParseOptions::default()).is_err_and(|errors| syntax::is_incomplete(&errors))
}

/// The inputs of a session's text.
fn inputs(session: &str) -> Vec<String> {
    let mut inputs: Vec<String> = Vec::new();
    for line in session.lines() {
        match (line.strip_prefix("> "), inputs.last_mut()) {
            (Some(input), _) => inputs.push(input.to_string()),
            (None, Some(input)) if goes_on(input) => {
                input.push('\n');
                input.push_str(line);
            }
            _ => {}
        }
    }
    inputs
}

fn replayed(session: &str) -> String {
    let mut terminal = Terminal::start();
    let mut text = String::new();
    for input in inputs(session) {
        text.push_str(&format!("> {input}\n"));
        text.push_str(&terminal.enter(&input.replace('\n', "\r")));
    }
    text
}

/// A document as it is when each of its sessions shows what it does show, and how many it has.
fn shown(document: &str) -> (String, usize) {
    let (mut shown, mut rest, mut count) = (String::new(), document, 0);
    while let Some((before, after)) = rest.split_once("```session\n") {
        let (session, after) = after.split_once("```").expect("a session does not end");
        shown.push_str(&format!("{before}```session\n{}```", replayed(session)));
        rest = after;
        count += 1;
    }
    (shown + rest, count)
}

#[test]
fn the_sessions_show_what_the_documents_say() {
    for (name, least) in [("README.md", 1), ("docs/prompt.md", 10)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let document = std::fs::read_to_string(&path).unwrap();
        let (shown, count) = shown(&document);
        assert!(count >= least, "{name} has lost its sessions");
        if std::env::var_os("UPDATE_SESSIONS").is_some() {
            std::fs::write(&path, &shown).unwrap();
        }
        for (shown, written) in shown.lines().zip(document.lines()) {
            assert_eq!(shown, written, "in {name}");
        }
        assert_eq!(shown.lines().count(), document.lines().count(), "{name}");
    }
}
