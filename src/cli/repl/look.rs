//! Commands that look at one expression or variable: `.refs`, `.why`, `.type`, `.time`, `.ast`, `.bytecode`, `.vars`.

use std::fmt::Write as _;

use super::{Flow, Repl};
use crate::stdlib::inspect;
use crate::syntax::{self, ParseOptions};

/// Columns of a variable's value in `.vars`.
const PREVIEW: usize = 60;

pub fn refs(repl: &mut Repl, expression: &str) -> Flow {
    repl.looking(expression, |repl| {
        let (count, holders) = {
            let mut engine = repl.engine.borrow_mut();
            (engine.references(), engine.holders())
        };
        let what = repl.engine.borrow().describe_value();
        let text = match (count, holders.as_slice()) {
            (0, []) => format!("nothing refers to it: {what}\n"),
            (1, holders) => format!("1 reference to {what}: {}\n", holders.join(", ")),
            (_, holders) => format!("{count} references to {what}: {}\n", holders.join(", ")),
        };
        repl.say(&text);
    });
    Flow::Continue
}

pub fn why(repl: &mut Repl, expression: &str) -> Flow {
    repl.looking(expression, |repl| {
        let (path, what, holders) = {
            let mut engine = repl.engine.borrow_mut();
            (engine.why(), engine.describe_value(), engine.holders())
        };
        let text = match path {
            Some(path) => {
                // What else would keep it, if that did not.
                let others: Vec<String> = holders.into_iter().filter(|holder| *holder != path).collect();
                let others = if others.is_empty() { String::new() } else { format!("; also by {}", others.join(", ")) };
                format!("{what}, alive by {path}{others}\n")
            }
            None => format!("{what}, and no variable leads to it: it lives for this command only\n"),
        };
        repl.say(&text);
    });
    Flow::Continue
}

pub fn kind(repl: &mut Repl, expression: &str) -> Flow {
    repl.looking(expression, |repl| {
        let engine = repl.engine.borrow();
        let place = match engine.place_of_value() {
            Some((_, 0)) => ", built in".to_string(),
            Some((number, level)) => format!(", #{number} in traces, owned by scope {level}"),
            None => String::new(),
        };
        let text = format!("{}{place}\n", engine.describe_value());
        drop(engine);
        repl.say(&text);
    });
    Flow::Continue
}

pub fn time(repl: &mut Repl, source: &str) -> Flow {
    let (flow, seconds) = repl.timed("<timed>", source);
    let text = match seconds {
        1.0.. => format!("{seconds:.2} s\n"),
        0.001.. => format!("{:.2} ms\n", seconds * 1e3),
        _ => format!("{:.0} µs\n", seconds * 1e6),
    };
    repl.say(&text);
    flow
}

pub fn ast(repl: &mut Repl, source: &str) -> Flow {
    match syntax::parse(source, &ParseOptions::default()) {
        Ok(program) => repl.say(&syntax::dump_ast(&program)),
        Err(errors) => repl.complain(&repl.reporter.diagnostics("<command>", source, &errors)),
    }
    Flow::Continue
}

pub fn bytecode(repl: &mut Repl, source: &str) -> Flow {
    let text = repl.engine.borrow().disassemble_input(source);
    match text {
        Ok(text) => repl.say(&text),
        Err(errors) => repl.complain(&repl.reporter.diagnostics("<command>", source, &errors)),
    }
    Flow::Continue
}

pub fn vars(repl: &mut Repl, _: &str) -> Flow {
    let options = inspect::Options { depth: 1, items: 6, characters: PREVIEW, width: usize::MAX, ..repl.inspection() };
    let options = inspect::Options { properties: 6, colors: false, ..options };
    let mut engine = repl.engine.borrow_mut();
    let variables: Vec<(String, bool)> =
        engine.variables().map(|variable| (variable.name.to_string(), variable.is_const)).collect();
    let mut text = String::new();
    for (name, is_const) in variables {
        let word = if is_const { "const" } else { "let" };
        let Some(Ok(value)) = engine.show_variable(&name, options) else { continue };
        let value = shortened(&one_line(&value));
        let _ = writeln!(text, "{word:<5} {name} = {value}");
    }
    drop(engine);
    repl.say(&text);
    Flow::Continue
}

/// The first line, as of an error, whose stack is left out; of what is shown in several lines, all.
fn one_line(value: &str) -> String {
    let first = value.lines().next().unwrap_or_default();
    if first.ends_with(['[', '{']) {
        value.lines().map(str::trim).collect::<Vec<_>>().join(" ")
    } else {
        first.to_string()
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= PREVIEW {
        text.to_string()
    } else {
        text.chars().take(PREVIEW - 1).chain(['…']).collect()
    }
}
