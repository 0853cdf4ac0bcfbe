//! What the machine asks of the world outside: the library itself does no input or output.

use super::files::{Environment, Files};
use super::native::Throw;
use super::{ErrorClass, Vm};
use crate::heap::value::Value;

/// The streams a script writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Output,
    Error,
}

/// The reader at the other end is gone: the program ends quietly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// A finalizer that failed, or could not be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalizerFailure {
    /// What it was for: `an instance of Connection`.
    pub value: String,
    /// `TypeError: …`, or a sentence.
    pub message: String,
    /// The call stack where the error was made, innermost first, as text lines.
    pub stack: Vec<String>,
}

/// A module by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleName {
    /// What it is, whoever names it: modules with the same one are the same.
    pub id: String,
    /// What it is called in messages.
    pub shown: String,
}

/// Why a module cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoModule {
    pub reason: Reason,
    /// What is wrong, as the message of an error: `there is no file lib/m.pbt`.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
    /// The specifier that was meant.
    pub meant: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is not there, or cannot be read.
    Missing,
    /// The script may not read it.
    Denied,
    /// No module can have such a name.
    Unnamed,
}

/// The world outside. Every method has a default that gives nothing away: no output, no input, clocks at zero.
pub trait Host: Send {
    /// Writes text as it is.
    fn write(&mut self, _stream: Stream, _text: &str) -> Result<(), Closed> {
        Ok(())
    }

    /// All that is left of standard input. Errors: a sentence.
    fn read_text(&mut self) -> Result<String, String> {
        Ok(String::new())
    }

    /// The next line of standard input without its line end; `None` at the end. Errors: a sentence.
    fn read_line(&mut self) -> Result<Option<String>, String> {
        Ok(None)
    }

    /// Milliseconds since 1970 in UTC.
    fn now(&mut self) -> f64 {
        0.0
    }

    /// Milliseconds since the program started, with fractions.
    fn elapsed(&mut self) -> f64 {
        0.0
    }

    /// The seed of `Math.random()` when none was given.
    fn seed(&mut self) -> u64 {
        0
    }

    /// The program's own text as a module, so that one that imports it gets the same. `name` is its name in messages.
    fn main_module(&mut self, name: &str) -> ModuleName {
        ModuleName { id: name.to_string(), shown: name.to_string() }
    }

    /// The module that `specifier` names in the text of `importer`. It need not be readable.
    fn find_module(&mut self, specifier: &str, _importer: &ModuleName) -> Result<ModuleName, NoModule> {
        let message = format!("there is no module {specifier}: this host has none");
        Err(NoModule { reason: Reason::Missing, message, help: None, meant: None })
    }

    /// The bytes of a module, which should be UTF-8. Asked once for each.
    fn read_module(&mut self, module: &ModuleName) -> Result<Vec<u8>, NoModule> {
        let message = format!("there is no module {}", module.shown);
        Err(NoModule { reason: Reason::Missing, message, help: None, meant: None })
    }

    /// A finalizer has failed. Nobody else is told: the script goes on.
    fn finalizer_failed(&mut self, _failure: &FinalizerFailure) {}

    /// The files that the script may use. None: there is no `fs` in its language. Asked when the machine is made, and at each use.
    fn files(&mut self) -> Option<&mut dyn Files> {
        None
    }

    /// The environment that the script may look at. None: there is no `env` in its language. Asked as `files` is.
    fn environment(&mut self) -> Option<&mut dyn Environment> {
        None
    }

    /// Whether text on this stream goes to a person's terminal: control characters are neutralised there.
    fn is_terminal(&self, _stream: Stream) -> bool {
        false
    }
}

impl Vm {
    /// The next line of standard input, a string on probation; `None` at the end. `function` is who asks.
    /// Errors: an Error of the script if it cannot be read; an interrupt; limits.
    pub fn read_line(&mut self, function: &str) -> Result<Option<Value>, Throw> {
        match self.host.read_line() {
            Ok(Some(line)) => {
                // a line may be empty
                self.charge(1)?;
                self.text_value(&line).map(Some)
            }
            Ok(None) => Ok(None),
            Err(reason) => Err(self.unreadable(function, &reason)),
        }
    }

    /// The exception for standard input that cannot be read, unless an interrupt or a limit is why.
    pub fn unreadable(&mut self, function: &str, reason: &str) -> Throw {
        // The script is not to catch that.
        if let Err(throw) = self.after_waiting() {
            return throw;
        }
        let error = self.error_value(ErrorClass::Error, &format!("`{function}`: {reason}"));
        self.throw(error)
    }
}

/// A host that keeps what is written: for tests and embedders.
#[derive(Default)]
pub struct Silent;

impl Host for Silent {}
