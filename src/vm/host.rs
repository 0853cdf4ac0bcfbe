//! What the machine asks of the world outside: the library itself does no input or output.

use super::files::{Environment, Files};

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

/// A host that keeps what is written: for tests and embedders.
#[derive(Default)]
pub struct Silent;

impl Host for Silent {}
