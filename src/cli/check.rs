//! `--check --json`: the errors of a script for an editor. Everything goes to standard output; only wrong usage is a sentence.

use std::sync::Arc;

use super::host::World;
use super::options::Options;
use super::source::{self, NoScript};
use super::streams::{Shared, Streams};
use super::{json, status};
use crate::embed::{Engine, Error};

/// Compiles the script that the options name and writes its errors, one on a line. The exit status; nothing is executed.
///
/// # Errors
/// There is no script, or what is granted is not there: a sentence.
pub fn as_json(mut options: Options, streams: &Shared<Streams>) -> Result<i32, String> {
    let grants = Arc::new(options.grants()?);
    let named = options.operands.first().filter(|_| options.eval.is_none());
    let file = named.filter(|name| *name != "-").map_or("<stdin>".to_string(), |name| name.to_string_lossy().into());
    let host = World::new(source::script_file(&options), grants);
    let (status, lines) = match source::read(&mut options) {
        Err(NoScript::Usage(sentence)) => return Err(sentence),
        Err(NoScript::Unreadable(sentence)) => (status::NO_INPUT, json::unreadable(&file, &sentence)),
        Ok(script) => match source::decoded(script.bytes) {
            Err(undecoded) => {
                let (text, wrong) = *undecoded;
                (status::SYNTAX, json::diagnostics(&script.name, &text, &[wrong]))
            }
            Ok(text) => {
                let result = Engine::builder().host(host).build().check(&script.name, &text);
                let lines = match &result {
                    Ok(()) => String::new(),
                    Err(Error::Syntax(errors)) => json::diagnostics(&script.name, &text, errors),
                    Err(Error::Module(refused)) => {
                        json::diagnostics(&refused.source.name, &refused.source.text, &refused.diagnostics)
                    }
                    // Nothing ran.
                    Err(_) => String::new(),
                };
                (result.map_or_else(|error| status::of(&error), |()| status::OK), lines)
            }
        },
    };
    // A reader that left is noticed at the end.
    let _ = streams.borrow_mut().output(&lines);
    Ok(status)
}
