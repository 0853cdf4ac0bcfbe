//! `.save`: what was done in a session, as a program that runs by itself.
//!
//! A program declares a name once; a session may do it again, and it is the same variable then. So a declaration of a name that is declared more than
//! once becomes an assignment, the first one a `let`. If an input uses `_`, those before it assign it. An input that threw stands in a `try` if it declared
//! something, because what it got to declare stayed. What did not compile or was stopped is left out.

use std::collections::HashMap;
use std::fs;

use super::commands::expanded;
use super::{Flow, Repl};
use crate::cli::source::reason;
use crate::embed::Engine;
use crate::syntax::ast::{Pattern, PatternKind, Program, Span, Stmt, StmtKind};
use crate::syntax::{self, Diagnostic, ParseOptions, PieceKind, codes};

/// An input that was run.
pub struct Past {
    pub source: String,
    pub end: End,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a value, which became `_`.
    Value,
    /// With undefined.
    Undefined,
    /// With an error, which became `_err`.
    Threw,
    /// It did not compile, was interrupted, or reached a limit.
    Stopped,
}

pub fn save(repl: &mut Repl, path: &str) -> Flow {
    let (text, count) = program(&repl.past);
    if let Err(error) = fs::write(expanded(path), &text) {
        repl.complain(&format!("cannot write {path}: {}\n", reason(&error)));
        return Flow::Continue;
    }
    repl.say(&format!("{count} {} written to {path}\n", if count == 1 { "input" } else { "inputs" }));
    // What it imports was there.
    let is_whole = |errors: &[Diagnostic]| errors.iter().all(|error| error.code == codes::NO_MODULE);
    if let Err(errors) = Engine::builder().build().compile(&text)
        && !is_whole(&errors)
    {
        let errors = repl.reporter.diagnostics(path, &text, &errors);
        repl.complain(&format!(
            "it does not run by itself: something is used that an input left out had declared\n{errors}"
        ));
    }
    Flow::Continue
}

/// One program of several inputs, and how many there are in it.
fn program(past: &[Past]) -> (String, usize) {
    let parsed = past.iter().filter(|past| past.end != End::Stopped);
    let parsed = parsed.filter_map(|past| Some((past, syntax::parse(&past.source, &ParseOptions::default()).ok()?)));
    let mut inputs: Vec<(&Past, Program)> = parsed.collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    for (past, program) in &inputs {
        // In a block of its own, a declaration would be gone at its end.
        let weight = if past.end == End::Threw { 2 } else { 1 };
        for name in program.body.iter().flat_map(declared) {
            *times.entry(name).or_default() += weight;
        }
    }
    let is_used = |name: &str| !times.contains_key(name) && inputs.iter().any(|(past, _)| mentions(&past.source, name));
    let (takes_value, takes_error) = (is_used("_"), is_used("_err"));
    inputs.retain(|(past, program)| {
        past.end != End::Threw || takes_error || program.body.iter().any(|statement| !declared(statement).is_empty())
    });
    let mut text = String::new();
    for name in [("_", takes_value), ("_err", takes_error)].iter().filter(|(_, used)| *used).map(|(name, _)| name) {
        text.push_str(&format!("let {name};\n"));
    }
    let mut writer = Writer { times, known: Vec::new() };
    for (past, program) in &inputs {
        if past.end == End::Threw {
            let names: Vec<String> = program.body.iter().flat_map(declared).collect();
            text.push_str(&writer.announced(&names));
            let body = writer.input(&past.source, program, false);
            let caught = if takes_error { "catch (error) { _err = error; }" } else { "catch {}" };
            text.push_str(&format!("try {{\n{body}\n}} {caught}\n"));
        } else {
            text.push_str(&writer.input(&past.source, program, takes_value && past.end == End::Value));
            text.push('\n');
        }
    }
    (text, inputs.len())
}

/// Whether a text has the name in it.
fn mentions(source: &str, name: &str) -> bool {
    syntax::pieces(source).iter().any(|piece| piece.kind == PieceKind::Name && piece.text(source) == name)
}

struct Writer {
    /// How often each name is declared.
    times: HashMap<String, usize>,
    /// Names declared more than once, as far as they were met.
    known: Vec<String>,
}

impl Writer {
    /// `let` for the names that are new.
    fn announced(&mut self, names: &[String]) -> String {
        let new: Vec<&str> = names.iter().filter(|name| !self.known.contains(name)).map(String::as_str).collect();
        let text = if new.is_empty() { String::new() } else { format!("let {}; ", new.join(", ")) };
        self.known.extend(new.into_iter().map(str::to_string).collect::<Vec<_>>());
        text
    }

    /// An input as a part of the program; `takes_value` if its value is to become `_`.
    fn input(&mut self, source: &str, program: &Program, takes_value: bool) -> String {
        let mut text = String::new();
        let mut from = 0;
        let value = program.body.iter().rfind(|statement| !matches!(statement.kind, StmtKind::Empty));
        for statement in &program.body {
            if takes_value && value.is_some_and(|value| std::ptr::eq(value, statement)) {
                let (start, end) = (statement.span.start as usize, statement.span.end as usize);
                let expression = source[start..end].trim_end_matches(';');
                text.push_str(&format!("{}_ = ({expression});", &source[from..start]));
                from = end;
                continue;
            }
            let names = declared(statement);
            if !names.iter().any(|name| self.times.get(name).is_some_and(|times| *times > 1)) {
                continue;
            }
            let Some(rewritten) = self.statement(source, statement, &names) else { continue };
            text.push_str(&source[from..statement.span.start as usize]);
            text.push_str(&rewritten);
            from = statement.span.end as usize;
        }
        // What follows may begin with a bracket.
        if let Some(last) = program.body.last().filter(|last| last.span.end as usize > from && !ends(source, last)) {
            let end = last.span.end as usize;
            text.push_str(&source[from..end]);
            text.push(';');
            from = end;
        }
        text.push_str(&source[from..]);
        text
    }

    /// A declaration as `let` for the names that are new, and assignments. `None`: it can stay as it is.
    fn statement(&mut self, source: &str, statement: &Stmt, names: &[String]) -> Option<String> {
        let part = |span: Span| &source[span.start as usize..span.end as usize];
        let mut text = self.announced(names);
        match &statement.kind {
            StmtKind::Declare { decls, .. } => {
                for decl in decls {
                    let target = part(decl.target.span);
                    let value = decl.init.as_ref().map_or("undefined", |init| part(init.span));
                    match decl.target.kind {
                        PatternKind::Object { .. } => text.push_str(&format!("({target} = {value}); ")),
                        _ => text.push_str(&format!("{target} = {value}; ")),
                    }
                }
            }
            StmtKind::Function(_) | StmtKind::Class(_) => {
                text.push_str(&format!("{} = {};", names.first()?, part(statement.span)));
            }
            _ => return None,
        }
        Some(text.trim_end().to_string())
    }
}

/// Whether a statement ends without the end of its line.
fn ends(source: &str, statement: &Stmt) -> bool {
    let end = statement.span.end as usize;
    let is_block = !matches!(statement.kind, StmtKind::Declare { .. } | StmtKind::Expr(_));
    source[..end].ends_with(';')
        || source[end..].trim_start().starts_with(';')
        || is_block && source[..end].ends_with('}')
}

/// The names that a statement declares at the top level.
fn declared(statement: &Stmt) -> Vec<String> {
    let mut names = Vec::new();
    match &statement.kind {
        StmtKind::Declare { decls, .. } => decls.iter().for_each(|decl| in_pattern(&decl.target, &mut names)),
        StmtKind::Function(function) => names.extend(function.name.as_ref().map(|name| name.name.to_string())),
        StmtKind::Class(class) => names.extend(class.name.as_ref().map(|name| name.name.to_string())),
        _ => {}
    }
    names
}

fn in_pattern(pattern: &Pattern, names: &mut Vec<String>) {
    match &pattern.kind {
        PatternKind::Name(name) => names.push(name.to_string()),
        PatternKind::Member(_) => {}
        PatternKind::Array { elements, rest } => {
            elements.iter().flatten().for_each(|slot| in_pattern(&slot.target, names));
            rest.iter().for_each(|rest| in_pattern(rest, names));
        }
        PatternKind::Object { properties, rest } => {
            properties.iter().for_each(|property| in_pattern(&property.value.target, names));
            rest.iter().for_each(|rest| in_pattern(rest, names));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::{Error, Format};

    /// Feeds the inputs, and runs what is saved: both have to end with the same value.
    fn same(inputs: &[&str]) -> String {
        let mut session = Engine::builder().build();
        let (mut last, mut past) = (String::new(), Vec::new());
        for input in inputs {
            let end = match session.feed("<input>", input) {
                Ok(outcome) if outcome.is_undefined() => End::Undefined,
                Ok(_) => End::Value,
                Err(Error::Failure(_)) => End::Threw,
                Err(_) => End::Stopped,
            };
            past.push(Past { source: input.to_string(), end });
            last = session.value_text(Format::Compact);
            session.settle();
        }
        let (text, _) = program(&past);
        let mut alone = Engine::builder().build();
        if let Err(error) = alone.run("saved.pbt", &text) {
            panic!("{error}\n{text}");
        }
        assert_eq!(alone.value_text(Format::Compact), last, "{text}");
        text
    }

    #[test]
    fn what_is_declared_once_is_left_alone() {
        let text = same(&["let a = 1 // one", "const { b } = { b: 2 }", "function f() { return a + b }", "f()"]);
        assert_eq!(text, "let a = 1; // one\nconst { b } = { b: 2 };\nfunction f() { return a + b }\nf();\n");
    }

    #[test]
    fn what_is_declared_again_becomes_an_assignment() {
        let text = same(&[
            "const x = 1; let once = 5",
            "function f() { return x }",
            "let x = 2, y = 3",
            "const { x, z: [y] } = { x: 4, z: [5] }",
            "class C { static n = 1 }",
            "class C { static n = x }",
            "function f() { return [x, y, C.n] }",
            "let x",
            "[f(), x === undefined]",
        ]);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_line_that_begins_with_a_bracket_does_not_go_on_with_the_one_before() {
        same(&["let a = [1, 2]", "[a[1], a[0]]", "(a)", "let f = { g() {} }", "[1] ;", "`t`"]);
    }

    #[test]
    fn the_last_value_and_what_threw_are_kept_where_they_are_used() {
        let text = same(&[
            r#"{"orders": [{"total": 30}, {"total": 12.5}]}"#,
            "let data = _;",
            "let e = 6; null.x",
            "boom(",
            "data.orders.map(order => order.total)",
            "undefined",
            "_err.message.length + e + _[0]; // a comment",
            "[_, data.orders.length]",
        ]);
        insta::assert_snapshot!(text);
    }
}
