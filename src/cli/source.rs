//! Where the script's text comes from.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use super::options::Options;
use crate::embed;
use crate::syntax::Diagnostic;

/// A script: how it is called in messages, its bytes, and what it finds in `args`.
#[derive(Debug)]
pub struct Script {
    pub name: String,
    pub bytes: Vec<u8>,
    pub args: Vec<String>,
}

/// Why there is no script.
#[derive(Debug)]
pub enum NoScript {
    /// A sentence.
    Usage(String),
    /// A sentence.
    Unreadable(String),
}

/// Finds the script and reads it.
///
/// # Errors
/// The command line names none, or it cannot be read.
pub fn read(options: &mut Options) -> Result<Script, NoScript> {
    let mut operands = std::mem::take(&mut options.operands).into_iter();
    if let Some(code) = options.eval.take() {
        return Ok(Script { name: "<eval>".into(), bytes: code.into_bytes(), args: args(operands)? });
    }
    let file = operands.next();
    let args = args(operands)?;
    let Some(file) = file.filter(|file| file != "-") else {
        return read_input(args, options);
    };
    let (name, bytes) = self::file(Path::new(&file)).map_err(NoScript::Unreadable)?;
    Ok(Script { name, bytes, args })
}

/// The file that [`read`] will read, if it is one.
pub fn script_file(options: &Options) -> Option<&Path> {
    let file = options.operands.first().filter(|file| *file != "-" && options.eval.is_none())?;
    Some(Path::new(file))
}

/// A file's name and what is in it.
///
/// # Errors
/// It cannot be read: a sentence.
pub fn file(path: &Path) -> Result<(String, Vec<u8>), String> {
    let name = path.to_string_lossy().into_owned();
    match std::fs::read(path) {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => {
            // No file is called like that.
            let is_code = error.kind() == io::ErrorKind::NotFound && name.contains(['(', '[', '{', '+', '*', '=', ';']);
            let advice = if is_code { "; code is given with -e" } else { "" };
            Err(format!("cannot read {name}: {}{advice}", reason(&error)))
        }
    }
}

/// A text of bytes.
///
/// # Errors
/// They are not UTF-8: the text with replacement characters, and what is wrong with it.
pub fn decoded(bytes: Vec<u8>) -> Result<String, Box<(String, Diagnostic)>> {
    embed::decode(bytes)
}

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not UTF-8: a sentence.
pub fn text(path: &Path) -> Result<String, String> {
    let (name, bytes) = file(path)?;
    String::from_utf8(bytes).map_err(|_| format!("cannot read {name}: it is not UTF-8"))
}

fn read_input(args: Vec<String>, options: &Options) -> Result<Script, NoScript> {
    if io::stdin().is_terminal() && options.operands.is_empty() && args.is_empty() {
        let sentence = "no script: name a file, or give code with -e, or pipe it in, or open the prompt with -i";
        return Err(NoScript::Usage(sentence.into()));
    }
    let mut bytes = Vec::new();
    match io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => Ok(Script { name: "<stdin>".into(), bytes, args }),
        Err(error) => Err(NoScript::Unreadable(format!("cannot read standard input: {}", reason(&error)))),
    }
}

/// The arguments as strings of the language, which hold nothing but Unicode.
fn args(operands: impl Iterator<Item = OsString>) -> Result<Vec<String>, NoScript> {
    operands
        .map(|operand| operand.into_string())
        .collect::<Result<_, _>>()
        .map_err(|operand| NoScript::Usage(format!("an argument is not UTF-8: {}", operand.to_string_lossy())))
}

/// The system's reason in words, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
