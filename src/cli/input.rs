//! Standard input: for the script, and for a prompt that is no terminal. Waiting ends when somebody interrupts.

use std::io::{self, ErrorKind};

use crate::vm::interrupt::Interrupt;

const PIECE: usize = 64 << 10;

/// Reads standard input with a buffer of its own, past that of the standard library: whether something can be read is asked of the system.
pub struct Input {
    buffer: Vec<u8>,
    /// What is taken of the buffer.
    at: usize,
    interrupt: Interrupt,
}

impl Input {
    pub fn new(interrupt: Interrupt) -> Input {
        Input { buffer: Vec::new(), at: 0, interrupt }
    }

    /// Whether the next read may have to wait.
    pub fn is_empty(&self) -> bool {
        self.at == self.buffer.len()
    }

    /// The next line without its line end; `None` at the end.
    ///
    /// # Errors
    /// It cannot be read, or somebody interrupted.
    pub fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        // How much of what is buffered has no line end.
        let mut searched = 0;
        loop {
            let buffered = &self.buffer[self.at..];
            if let Some(found) = memchr::memchr(b'\n', &buffered[searched..]) {
                let line = &buffered[..searched + found];
                let next = self.at + line.len() + 1;
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.at = next;
                return Ok(Some(line));
            }
            searched = buffered.len();
            if !self.fill()? {
                let rest = self.take();
                return Ok((!rest.is_empty()).then_some(rest));
            }
        }
    }

    /// All that is left.
    ///
    /// # Errors
    /// As [`Input::line`].
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? {}
        Ok(self.take())
    }

    fn take(&mut self) -> Vec<u8> {
        let rest = self.buffer.split_off(self.at);
        self.buffer.clear();
        self.at = 0;
        rest
    }

    /// Reads more behind what is buffered. False: there is no more.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let len = self.buffer.len();
        loop {
            self.wait()?;
            self.buffer.resize(len + PIECE, 0);
            let read = read(&mut self.buffer[len..]);
            self.buffer.truncate(len + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(count) => return Ok(count > 0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until there is something to read, or the end.
    #[cfg(unix)]
    fn wait(&self) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        /// How long Ctrl-C may go unnoticed.
        const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        loop {
            if self.interrupt.is_due() {
                return Err(io::Error::other("interrupted"));
            }
            let stdin = io::stdin();
            match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&PATIENCE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[cfg(not(unix))]
    fn wait(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
fn read(buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(io::stdin(), buffer)?)
}

#[cfg(not(unix))]
fn read(buffer: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin(), buffer)
}
