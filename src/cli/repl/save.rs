//! `.save`: what succeeded in a session, as a program that runs by itself.
//!
//! A program declares a name once; a session may do it again, and it is the same variable then. So a declaration of a name that is declared more than
//! once becomes an assignment, the first one a `let`.

use std::collections::HashMap;
use std::fs;

use super::commands::expanded;
use super::{Flow, Repl};
use crate::cli::source::reason;
use crate::embed::Engine;
use crate::syntax::ast::{Pattern, PatternKind, Program, Span, Stmt, StmtKind};
use crate::syntax::{self, ParseOptions};

pub fn save(repl: &mut Repl, path: &str) -> Flow {
    let text = program(&repl.succeeded);
    if let Err(errors) = Engine::builder().build().compile(&text) {
        // It is written all the same: nothing is lost.
        repl.complain(&repl.reporter.diagnostics(path, &text, &errors));
    }
    match fs::write(expanded(path), &text) {
        Ok(()) => {
            let count = repl.succeeded.len();
            repl.say(&format!("{count} {} written to {path}\n", if count == 1 { "input" } else { "inputs" }));
        }
        Err(error) => repl.complain(&format!("cannot write {path}: {}\n", reason(&error))),
    }
    Flow::Continue
}

/// One program of several inputs.
fn program(inputs: &[String]) -> String {
    let parsed: Vec<Option<Program>> =
        inputs.iter().map(|input| syntax::parse(input, &ParseOptions::default()).ok()).collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    for statement in parsed.iter().flatten().flat_map(|program| &program.body) {
        declared(statement).into_iter().for_each(|name| *times.entry(name).or_default() += 1);
    }
    let mut writer = Writer { times, known: Vec::new() };
    let mut text = String::new();
    for (input, program) in inputs.iter().zip(&parsed) {
        match program {
            Some(program) => text.push_str(&writer.input(input, program)),
            None => text.push_str(input),
        }
        text.push('\n');
    }
    text
}

struct Writer {
    /// How often each name is declared.
    times: HashMap<String, usize>,
    /// Names declared more than once, as far as they were met.
    known: Vec<String>,
}

impl Writer {
    fn input(&mut self, source: &str, program: &Program) -> String {
        let mut text = String::new();
        let mut from = 0;
        for statement in &program.body {
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
        let new: Vec<&String> = names.iter().filter(|name| !self.known.contains(name)).collect();
        let part = |span: Span| &source[span.start as usize..span.end as usize];
        let mut text = match new.as_slice() {
            [] => String::new(),
            new => format!("let {}; ", new.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")),
        };
        self.known.extend(new.into_iter().cloned().collect::<Vec<_>>());
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
    use crate::embed::Format;

    /// Feeds the inputs, and runs what is saved: both have to end with the same value.
    fn same(inputs: &[&str]) -> String {
        let mut session = Engine::builder().build();
        let mut last = String::new();
        for input in inputs {
            assert!(session.feed("<input>", input).is_ok(), "{input}");
            last = session.value_text(Format::Compact);
            session.settle();
        }
        let text = program(&inputs.iter().map(|input| input.to_string()).collect::<Vec<_>>());
        let mut alone = Engine::builder().build();
        if let Err(error) = alone.eval("saved.pbt", &text) {
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
}
