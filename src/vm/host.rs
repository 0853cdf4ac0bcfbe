//! What the machine asks of the world outside: the library itself does no input or output.

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

/// The world outside. Every method has a default that gives nothing away: no output, no input, clocks at zero.
pub trait Host {
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

    /// A finalizer has failed. Nobody else is told: the script goes on.
    fn finalizer_failed(&mut self, _failure: &FinalizerFailure) {}

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

    /// The exception for standard input that cannot be read, unless an interrupt is why.
    pub fn unreadable(&mut self, function: &str, reason: &str) -> Throw {
        // The script is not to catch that.
        if let Err(throw) = self.heed_interrupt() {
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
