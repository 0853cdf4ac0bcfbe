//! `--check --json`: the errors of a script for an editor. Everything goes to standard output; only wrong usage is a sentence.

use std::cell::RefCell;
use std::rc::Rc;

use super::files::Lent;
use super::options::Options;
use super::source::{self, NoScript};
use super::streams::Streams;
use super::{json, status};
use crate::embed::Engine;

/// Compiles the script that the options name and writes its errors, one on a line. The exit status; nothing is executed.
///
/// # Errors
/// There is no script, or what is granted is not there: a sentence.
pub fn as_json(mut options: Options, streams: &Rc<RefCell<Streams>>) -> Result<i32, String> {
    let grants = options.grants()?;
    let named = options.operands.first().filter(|_| options.eval.is_none());
    let file = named.filter(|name| *name != "-").map_or("<stdin>".to_string(), |name| name.to_string_lossy().into());
    let (status, lines) = match source::read(&mut options) {
        Err(NoScript::Usage(sentence)) => return Err(sentence),
        Err(NoScript::Unreadable(sentence)) => (status::NO_INPUT, json::unreadable(&file, &sentence)),
        Ok(script) => match source::decoded(script.bytes) {
            Err(undecoded) => {
                let (text, wrong) = *undecoded;
                (status::SYNTAX, json::diagnostics(&script.name, &text, &[wrong]))
            }
            Ok(text) => match Engine::builder().host(Lent::new(Rc::new(grants))).build().compile(&text) {
                Ok(_) => (status::OK, String::new()),
                Err(errors) => (status::SYNTAX, json::diagnostics(&script.name, &text, &errors)),
            },
        },
    };
    // A reader that left is noticed at the end.
    let _ = streams.borrow_mut().output(&lines);
    Ok(status)
}
