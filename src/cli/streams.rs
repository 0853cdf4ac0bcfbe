//! Standard output and standard error, buffered so that what goes to both keeps its order.
//!
//! The script's output and the trace are collected and written in large pieces. Before anything is written or collected for one
//! stream, what was collected for the other is written: where both go to the same place, lines stand in the order of
//! their making.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::rc::Rc;

use send_wrapper::SendWrapper;

use crate::vm::host::Closed;
use crate::vm::interrupt::Interrupt;

const PIECE: usize = 64 << 10;

/// What the command line and its engine both use. An engine can be sent to another thread; this one is not.
pub type Shared<T> = SendWrapper<Rc<RefCell<T>>>;

pub fn shared<T>(value: T) -> Shared<T> {
    SendWrapper::new(Rc::new(RefCell::new(value)))
}

pub struct Streams {
    output: Vec<u8>,
    trace: Vec<u8>,
    pub output_is_terminal: bool,
    pub error_is_terminal: bool,
    /// Why standard output could not be written, but for a closed pipe.
    failed: Option<io::Error>,
    /// Bytes for standard output and standard error so far.
    written: u64,
    /// When it is raised, what was to be written is not.
    interrupt: Interrupt,
}

impl Streams {
    pub fn new() -> Streams {
        Streams {
            output: Vec::new(),
            trace: Vec::new(),
            output_is_terminal: io::stdout().is_terminal(),
            error_is_terminal: io::stderr().is_terminal(),
            failed: None,
            written: 0,
            interrupt: Interrupt::default(),
        }
    }

    /// Columns of the terminal that standard output goes to; 80 if it is none, or does not say.
    pub fn columns(&self) -> usize {
        const USUAL: usize = 80;
        /// Nobody reads lines that are narrower.
        const LEAST: usize = 20;
        #[cfg(unix)]
        if self.output_is_terminal
            && let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
            && size.ws_col > 0
        {
            return usize::from(size.ws_col).max(LEAST);
        }
        USUAL
    }

    /// From now on an interrupt stops the writing of a long text.
    pub fn stops_for(&mut self, interrupt: Interrupt) {
        self.interrupt = interrupt;
    }

    /// Bytes that were to be written so far, the trace left out.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// To standard output.
    ///
    /// # Errors
    /// Nobody reads it, or it cannot be written ([`Streams::failure`] tells).
    pub fn output(&mut self, text: &str) -> Result<(), Closed> {
        self.flush_trace();
        self.written += text.len() as u64;
        if text.len() > PIECE {
            self.flush_output()?;
            let written = in_pieces(&mut io::stdout().lock(), text.as_bytes(), &self.interrupt);
            return self.closed_if(written);
        }
        self.output.extend_from_slice(text.as_bytes());
        if self.output_is_terminal || self.output.len() >= PIECE { self.flush_output() } else { Ok(()) }
    }

    /// To standard error, at once: the first piece in any case, what follows until somebody interrupts. That nobody reads it is no reason to stop.
    pub fn error(&mut self, text: &str) {
        let _ = self.flush_output();
        self.flush_trace();
        self.written += text.len() as u64;
        let (first, rest) = text.as_bytes().split_at(text.len().min(PIECE));
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(first).and_then(|()| in_pieces(&mut stderr, rest, &self.interrupt));
    }

    /// To standard error, sometime.
    pub fn trace(&mut self, text: &str) {
        if !self.output.is_empty() {
            let _ = self.flush_output();
        }
        self.trace.extend_from_slice(text.as_bytes());
        if self.trace.len() >= PIECE {
            self.flush_trace();
        }
    }

    /// Writes what was collected for standard output.
    ///
    /// # Errors
    /// As [`Streams::output`].
    pub fn flush_output(&mut self) -> Result<(), Closed> {
        if self.output.is_empty() {
            return Ok(());
        }
        let written = in_pieces(&mut io::stdout().lock(), &self.output, &self.interrupt);
        self.output.clear();
        self.closed_if(written)
    }

    fn closed_if(&mut self, written: io::Result<()>) -> Result<(), Closed> {
        written.map_err(|error| {
            if error.kind() != ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
            Closed
        })
    }

    fn flush_trace(&mut self) {
        if !self.trace.is_empty() {
            let _ = io::stderr().write_all(&self.trace);
            self.trace.clear();
        }
    }

    /// Writes all that was collected.
    ///
    /// # Errors
    /// As [`Streams::output`].
    pub fn flush(&mut self) -> Result<(), Closed> {
        self.flush_trace();
        self.flush_output()
    }

    /// Why standard output could not be written, if it was not for a reader that left.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }
}

/// Writes a text until somebody interrupts.
fn in_pieces(stream: &mut impl Write, text: &[u8], interrupt: &Interrupt) -> io::Result<()> {
    for piece in text.chunks(PIECE) {
        if interrupt.is_raised() {
            break;
        }
        stream.write_all(piece)?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream at which somebody interrupts after some writes.
    struct Interrupted {
        written: Vec<u8>,
        writes: usize,
        interrupt: Interrupt,
    }

    impl Write for Interrupted {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.written.extend_from_slice(text);
            self.writes -= 1;
            if self.writes == 0 {
                self.interrupt.raise();
            }
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_long_text_is_written_until_somebody_interrupts() {
        let text = vec![b'a'; 10 * PIECE + 1];
        for (writes, length) in [(1, PIECE), (3, 3 * PIECE), (100, text.len())] {
            let interrupt = Interrupt::default();
            let mut stream = Interrupted { written: Vec::new(), writes, interrupt: interrupt.clone() };
            assert!(in_pieces(&mut stream, &text, &interrupt).is_ok());
            assert_eq!(stream.written.len(), length);
        }
    }
}
