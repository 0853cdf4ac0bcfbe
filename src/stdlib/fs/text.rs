//! An open file as text: UTF-8, read as it is asked for.

use super::{failed, throw_coded, write};
use crate::heap::string::LONGEST;
use crate::heap::value::Value;
use crate::stdlib::arguments::Outcome;
use crate::vm::Vm;
use crate::vm::bulk::TextBuilder;
use crate::vm::files::{OpenFile, Purpose};
use crate::vm::native::Throw;

/// Bytes that are read at a time: a file that is open keeps as many.
const BUFFER: usize = 16 << 10;
/// Bytes of a long line that are read at a time.
const PIECE: usize = 256 << 10;
/// Some programs begin a text with this mark; it is no part of the text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A file that is read or written as text.
pub(super) struct TextFile {
    file: Box<dyn OpenFile>,
    pub path: String,
    pub purpose: Purpose,
    /// What was read, and is not taken before `at`.
    buffer: Vec<u8>,
    at: usize,
    /// Where `buffer[0]` stands in the file.
    offset: u64,
}

impl TextFile {
    pub fn new(file: Box<dyn OpenFile>, path: String, purpose: Purpose) -> TextFile {
        TextFile { file, path, purpose, buffer: Vec::new(), at: 0, offset: 0 }
    }

    /// All that is left. O(its length). Errors: limits, before there is room for it; a RangeError if it is longer than a string can be; an Error if it cannot be read, or
    /// is no text.
    pub fn rest(&mut self, vm: &mut Vm, function: &str) -> Outcome {
        let read = self.offset + self.buffer.len() as u64;
        let left = self.file.size().saturating_sub(read) + (self.buffer.len() - self.at) as u64;
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if left > BUFFER {
            vm.in_room(|heap| heap.arena.fits(left))?;
        }
        if left > LONGEST {
            return Err(self.too_long(vm, function));
        }
        let mut text = TextBuilder::new(left);
        // What is buffered may begin with a part of a character.
        let mut more = self.at < self.buffer.len() || self.fill(vm, function)?;
        while more {
            match std::str::from_utf8(&self.buffer[self.at..]) {
                Ok(whole) => {
                    text.push(vm, whole)?;
                    self.at = self.buffer.len();
                    more = self.fill(vm, function)?;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    let wrong = error.error_len().is_some();
                    // Nothing was changed since it was found valid.
                    let begun = std::str::from_utf8(&self.buffer[self.at..self.at + valid]).unwrap_or_default();
                    text.push(vm, begun)?;
                    self.at += valid;
                    if wrong || !self.fill(vm, function)? {
                        return Err(self.no_text(vm, function, self.at));
                    }
                }
            }
        }
        text.finish(vm)
    }

    /// The next line without its line end (`\n` or `\r\n`); `None` at the end. O(its length). Errors: as `rest`.
    pub fn line(&mut self, vm: &mut Vm, function: &str) -> Outcome<Option<Value>> {
        // How much of what is buffered has no line end.
        let mut searched = 0;
        loop {
            let buffered = &self.buffer[self.at..];
            if let Some(found) = memchr::memchr(b'\n', &buffered[searched..]) {
                let length = searched + found;
                let line = &buffered[..length];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                return self.take_line(vm, function, line.len(), length + 1).map(Some);
            }
            searched = buffered.len();
            if searched > BUFFER {
                // The line, what it grows to, and the string of it.
                vm.in_room(|heap| heap.arena.fits(searched * 3))?;
                if searched > LONGEST {
                    self.take(searched);
                    return Err(self.too_long(vm, function));
                }
            }
            if !self.fill(vm, function)? {
                let rest = self.buffer.len() - self.at;
                return if rest == 0 { Ok(None) } else { self.take_line(vm, function, rest, rest).map(Some) };
            }
        }
    }

    /// Takes `taken` bytes, of which the first are a line. What is no text is taken, too: the line behind it can be read.
    fn take_line(&mut self, vm: &mut Vm, function: &str, length: usize, taken: usize) -> Outcome {
        vm.charge(taken)?;
        let line = match std::str::from_utf8(&self.buffer[self.at..self.at + length]) {
            Ok(line) => vm.text_value(line),
            Err(error) => Err(self.no_text(vm, function, self.at + error.valid_up_to())),
        };
        self.take(taken);
        line
    }

    /// Goes on behind so many bytes. Open files are many: none keeps the buffer of a long line.
    fn take(&mut self, bytes: usize) {
        self.at += bytes;
        if self.at > PIECE {
            self.forget_taken();
            self.buffer.shrink_to(BUFFER);
        }
    }

    fn forget_taken(&mut self) {
        self.buffer.drain(..self.at);
        self.offset += self.at as u64;
        self.at = 0;
    }

    /// Reads more behind what is buffered and not taken. False: there is no more.
    fn fill(&mut self, vm: &mut Vm, function: &str) -> Outcome<bool> {
        self.forget_taken();
        loop {
            let (begin, before) = (self.offset == 0 && self.buffer.len() < MARK.len(), self.buffer.len());
            // A long line is read in longer pieces.
            self.buffer.resize(before + before.clamp(BUFFER, PIECE), 0);
            let read = self.file.read(&mut self.buffer[before..]);
            self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
            let read = read.map_err(|error| failed(vm, (function, "read", &self.path), error))?;
            vm.charge(read)?;
            if begin && self.buffer.starts_with(MARK) {
                self.at = MARK.len();
                if self.buffer.len() == MARK.len() && read > 0 {
                    return self.fill(vm, function);
                }
            } else if begin && read > 0 && MARK.starts_with(&self.buffer) {
                continue;
            }
            return Ok(read > 0);
        }
    }

    /// Writes a text.
    pub fn write(&mut self, vm: &mut Vm, text: &str) -> Outcome<()> {
        write(vm, self.file.as_mut(), text, ("write", "write", &self.path))
    }

    /// Closes it.
    pub fn close(self, vm: &mut Vm) -> Outcome<()> {
        let TextFile { file, path, .. } = self;
        file.finish().map_err(|error| failed(vm, ("close", "close", &path), error))
    }

    /// The error of a byte of the buffer that belongs to no character.
    fn no_text(&self, vm: &mut Vm, function: &str, at: usize) -> Throw {
        let byte = self.buffer.get(at).copied().unwrap_or_default();
        let position = self.offset + at as u64;
        let message = format!("`{function}`: {} is not UTF-8: byte {position} is 0x{byte:02x}", self.path);
        throw_coded(vm, &message, "EILSEQ", &self.path)
    }

    fn too_long(&self, vm: &mut Vm, function: &str) -> Throw {
        vm.range_error(format!("`{function}`: {} has more bytes than a string can have ({LONGEST})", self.path))
    }
}
