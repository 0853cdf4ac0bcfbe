//! Positions in texts, charged as what they take.

use super::Vm;
use super::bulk::PIECE;
use super::native::Throw;
use crate::heap::Heap;
use crate::heap::alloc::OutOfMemory;
use crate::heap::positions::Found;
use crate::heap::value::Value;

/// Bytes whose characters are counted in the time that charging one takes.
const COUNTED_AT_ONCE: usize = 16;

impl Vm {
    /// The byte offset of the character number `index` of a string (clamped to the end). O(1), once the characters before it have been counted.
    /// Errors: limits.
    #[inline]
    pub fn byte_of(&mut self, string: Value, index: usize) -> Result<usize, Throw> {
        let text = self.heap.text(string);
        if text.is_ascii() {
            return Ok(index.min(text.len()));
        }
        self.found(|heap| heap.byte_of(string, index, PIECE))
    }

    /// The number of the character that starts at byte offset `byte` of a string. O(log n), once the characters before it have been counted.
    /// Errors: limits.
    pub fn index_of_byte(&mut self, string: Value, byte: usize) -> Result<usize, Throw> {
        if self.heap.text(string).is_ascii() {
            return Ok(byte);
        }
        self.found(|heap| heap.index_of_byte(string, byte, PIECE))
    }

    /// The character number `index` of a string, as a string; `None` past the end. As [`Vm::byte_of`].
    #[inline]
    pub fn character(&mut self, string: Value, index: usize) -> Result<Option<Value>, Throw> {
        let at = self.byte_of(string, index)?;
        Ok(self.heap.char_at_byte(string, at))
    }

    #[inline(never)]
    fn found(&mut self, mut ask: impl FnMut(&mut Heap) -> Result<Found, OutOfMemory>) -> Result<usize, Throw> {
        loop {
            match self.in_room(&mut ask)? {
                Found::At(at) => return Ok(at),
                Found::After(bytes) => self.charge(bytes / COUNTED_AT_ONCE)?,
            }
        }
    }
}
