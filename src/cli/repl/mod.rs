//! The prompt: reads an input, runs it, prints its value, again and again.

pub mod complete;
pub mod editor;
pub mod highlight;
pub mod history;
pub mod paste;
pub mod receiver;

use std::cell::RefCell;
use std::rc::Rc;

use self::complete::{Argument, Member, Sources};
use self::editor::{Editor, Read, Settings};
use self::receiver::{Root, Step};
use super::host::StdHost;
use super::options::Options;
use super::report::Reporter;
use super::status;
use super::streams::Streams;
use crate::embed::{Engine, Error, Format};

/// What can be completed without a session.
struct Builtins;

impl Sources for Builtins {
    fn names(&self) -> Vec<String> {
        ["console", "Math", "Object", "Array", "JSON", "String", "Number", "gc"].map(String::from).to_vec()
    }

    fn members(&self, root: Root<'_>, path: &[Step<'_>]) -> Vec<Member> {
        let methods: &[&str] = match (root, path) {
            (Root::String, []) => &["slice", "split", "startsWith"],
            (Root::Name("Math"), []) => &["max", "min", "sqrt"],
            _ => &[],
        };
        methods.iter().map(|name| Member { name: (*name).into(), is_method: true }).collect()
    }

    fn commands(&self) -> Vec<(&'static str, &'static str)> {
        vec![(".exit", "leaves")]
    }

    fn argument(&self, _: &str) -> Argument {
        Argument::Code
    }
}

/// Runs the prompt to its end. The exit status.
pub fn run(options: &Options, streams: &Rc<RefCell<Streams>>) -> i32 {
    let colors = options.color.is_on(streams.borrow().output_is_terminal);
    let history = history::default_path(|name| std::env::var_os(name));
    let settings = Settings { history, keys: options.keys, colors, hints: true };
    let mut editor = match Editor::new(settings, Rc::new(Builtins)) {
        Ok(editor) => editor,
        Err(error) => {
            streams.borrow_mut().error(&format!("probate: cannot read the terminal: {error}\n"));
            return status::NO_INPUT;
        }
    };
    let reporter = Rc::new(Reporter::new(options.color, streams.borrow().error_is_terminal));
    let mut engine = Engine::builder()
        .options(options.machine())
        .host(StdHost::new(Rc::clone(streams), Rc::clone(&reporter)))
        .build();
    loop {
        if let Some(warning) = editor.warning() {
            streams.borrow_mut().error(&format!("probate: {warning}\n"));
        }
        let input = match editor.read() {
            Read::Input(input) => input,
            Read::Interrupted { had_text: false } => {
                streams.borrow_mut().error("(Ctrl-D leaves)\n");
                continue;
            }
            Read::Interrupted { had_text: true } => continue,
            Read::End => return status::OK,
        };
        editor.remember(&input);
        if input.trim() == ".exit" {
            return status::OK;
        }
        if input.trim().is_empty() {
            continue;
        }
        match engine.eval("<prompt>", &input) {
            Ok(outcome) if outcome.is_undefined() => {}
            Ok(_) => {
                let text = engine.value_text(Format::Compact) + "\n";
                let _ = streams.borrow_mut().output(&text);
            }
            Err(Error::Syntax(errors)) => {
                streams.borrow_mut().error(&reporter.diagnostics("<prompt>", &input, &errors));
            }
            Err(Error::Failure(failure)) => {
                if let Some(text) = reporter.failure(&input, &failure) {
                    streams.borrow_mut().error(&text);
                }
            }
        }
    }
}
