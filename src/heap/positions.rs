//! Where the characters of a long text stand.
//!
//! Positions count scalar values, texts are bytes. Of a text that is not ASCII and longer than a string keeps inside its cell, the byte offset of every
//! [`STEP`]th character is written down when a position in its middle is first asked for, as far as it is needed: from there on it is a few bytes to any
//! character. The table belongs to the buffer, not to the string, since all strings that share a buffer show its beginning: what is known of one holds for
//! all, and `s += x` in a loop only adds to it. It is charged to the account, and freed with the buffer.

use super::Heap;
use super::alloc::{OutOfMemory, rounded};
use super::cell::bits;
use super::string::{StrBuf, Text, buffer_of};
use super::value::Value;
use super::verify::Broken;

/// Characters between two places that are written down.
pub(super) const STEP: usize = 64;
/// A character has no more bytes.
const WIDEST: usize = 4;

/// The tables, by the number that a buffer keeps (less one).
#[derive(Default)]
pub(super) struct Positions {
    tables: Vec<Table>,
    /// Numbers that nobody has any more.
    free: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Table {
    /// The byte offsets of characters 0, `STEP`, 2 · `STEP` …
    starts: *mut u32,
    known: u32,
    /// Places in `starts`: enough for the whole buffer.
    room: u32,
}

impl Table {
    fn bytes(self) -> usize {
        self.room as usize * size_of::<u32>()
    }

    fn starts(&self) -> &[u32] {
        // SAFETY: the first `known` places have been written, and the block lives as long as the table.
        unsafe { std::slice::from_raw_parts(self.starts, self.known as usize) }
    }
}

/// A place in a text: the character number, or the byte offset.
#[derive(Clone, Copy)]
enum Goal {
    Character(usize),
    Byte(usize),
}

/// What a question about a place is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    At(usize),
    /// So many bytes have been looked at: ask again.
    After(usize),
}

impl Heap {
    /// The byte offset of the character number `index` of a string (clamped to the end). O(1), once all before it is known; on the way there it looks at about
    /// `most` bytes at once. Errors: [`OutOfMemory`] if there is no room for what is to be known.
    pub fn byte_of(&mut self, string: Value, index: usize, most: usize) -> Result<Found, OutOfMemory> {
        let text = self.text(string);
        if let Some(at) = text.byte_near(index) {
            return Ok(Found::At(at));
        }
        let Some(buffer) = shared(string) else { return Ok(Found::At(text.byte_of(index))) };
        let table = self.table_of(buffer)?;
        if let Some(bytes) = self.learn(table, text, Goal::Character(index), most) {
            return Ok(Found::After(bytes));
        }
        let from = self.positions.tables[table].starts()[index / STEP] as usize;
        Ok(Found::At(byte_after(text.as_bytes(), from, index % STEP)))
    }

    /// The number of the character that starts at byte offset `byte` of a string. O(log n) once all before it is known, else as [`Heap::byte_of`].
    pub fn index_of_byte(&mut self, string: Value, byte: usize, most: usize) -> Result<Found, OutOfMemory> {
        let text = self.text(string);
        if text.is_ascii() {
            return Ok(Found::At(byte));
        }
        let shared = if byte <= WIDEST * STEP { None } else { shared(string) };
        let Some(buffer) = shared else { return Ok(Found::At(text[..byte].chars().count())) };
        let table = self.table_of(buffer)?;
        if let Some(bytes) = self.learn(table, text, Goal::Byte(byte), most) {
            return Ok(Found::After(bytes));
        }
        let starts = self.positions.tables[table].starts();
        let block = starts.partition_point(|start| *start as usize <= byte).saturating_sub(1);
        Ok(Found::At(block * STEP + text[starts[block] as usize..byte].chars().count()))
    }

    /// The number of a buffer's table, which is made if there is none.
    fn table_of(&mut self, buffer: *mut StrBuf) -> Result<usize, OutOfMemory> {
        // SAFETY: the buffer lives while a string shows it; the block is fresh and has room for one offset at least.
        unsafe {
            if (*buffer).table != 0 {
                return Ok((*buffer).table as usize - 1);
            }
            let room = (*buffer).cap / STEP as u32 + 1;
            let mut table = Table { starts: std::ptr::null_mut(), known: 1, room };
            table.starts = self.arena.try_alloc(table.bytes())? as *mut u32;
            *table.starts = 0;
            let number = match self.positions.free.pop() {
                Some(number) => number as usize,
                None => {
                    self.positions.tables.push(table);
                    self.positions.tables.len() - 1
                }
            };
            self.positions.tables[number] = table;
            (*buffer).table = number as u32 + 1;
            Ok(number)
        }
    }

    /// Writes down what is missing before a place, of about `most` bytes. `None`: nothing is missing. Otherwise the bytes looked at.
    fn learn(&mut self, table: usize, text: Text, goal: Goal, most: usize) -> Option<usize> {
        let table = &mut self.positions.tables[table];
        let bytes = text.as_bytes();
        let mut last = table.starts()[table.known as usize - 1] as usize;
        let begin = last;
        let is_missing = |known: u32, last: usize| match goal {
            Goal::Character(index) => known as usize * STEP <= index,
            Goal::Byte(byte) => last + WIDEST * STEP <= byte,
        };
        while is_missing(table.known, last) {
            if last - begin >= most {
                return Some(last - begin);
            }
            // Either goal is inside the text, and at least a step away.
            last = byte_after(bytes, last, STEP);
            debug_assert!(last < bytes.len() && table.known < table.room);
            // SAFETY: a buffer of `cap` bytes has no more than `cap` characters, so there is room for every `STEP`th of them.
            unsafe { *table.starts.add(table.known as usize) = last as u32 };
            table.known += 1;
        }
        (last > begin).then(|| last - begin)
    }

    /// Frees the table of a buffer that is freed.
    ///
    /// # Safety
    /// The buffer has one, and nobody asks for it any more.
    #[cold]
    pub(super) unsafe fn forget_positions(&mut self, buffer: *mut StrBuf) {
        // SAFETY: the buffer is still whole; its table was allocated with this size.
        unsafe {
            let number = (*buffer).table - 1;
            let table = self.positions.tables[number as usize];
            self.arena.free(table.starts as *mut u8, table.bytes());
            self.positions.free.push(number);
        }
    }

    /// For the verifier: the bytes that the table of a string's buffer has in the account. An offset that is none is an error.
    pub(super) fn check_positions(&self, string: Value) -> Result<usize, Broken> {
        /// Longer texts are not counted through.
        const COUNTED: usize = 1 << 14;
        let Some(buffer) = shared(string) else { return Ok(0) };
        // SAFETY: the buffer lives while a string shows it; its first `used` bytes are text.
        let (number, bytes) = unsafe {
            let text = (buffer as *const u8).add(size_of::<StrBuf>());
            ((*buffer).table, std::slice::from_raw_parts(text, (*buffer).used as usize))
        };
        if number == 0 {
            return Ok(0);
        }
        let table = self.positions.tables[number as usize - 1];
        let starts = table.starts();
        let mut last = 0;
        for (index, &start) in starts.iter().enumerate() {
            let start = start as usize;
            let apart = if index == 0 { start == 0 } else { (STEP..=WIDEST * STEP).contains(&(start - last)) };
            let is_right = apart
                && bytes.get(start).is_some_and(|byte| is_start(*byte))
                && (start > COUNTED || byte_after(bytes, 0, index * STEP) == start);
            if !is_right {
                return Err(Broken(format!("character {} is said to stand at byte {start}", index * STEP)));
            }
            last = start;
        }
        Ok(rounded(table.bytes()))
    }
}

/// The buffer that a string shows the beginning of.
fn shared(string: Value) -> Option<*mut StrBuf> {
    let p = string.str_cell();
    // SAFETY: the string is live (I2); with that bit it has a buffer.
    unsafe { ((*p).cell.bits & bits::INSIDE != 0).then(|| buffer_of(p)) }
}

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// Whether a byte is the first of a scalar value.
#[inline(always)]
fn is_start(byte: u8) -> bool {
    (byte as i8) >= -0x40
}

/// The byte offset of the scalar value that is `count` after the one at `from`; the end if there are no more. O(count).
pub(super) fn byte_after(bytes: &[u8], mut from: usize, count: usize) -> usize {
    let mut left = count;
    // Whole blocks first: their starts are counted many bytes at a time.
    while let Some(block) = bytes.get(from..from + BLOCK) {
        let starts = block.iter().fold(0u8, |count, byte| count + u8::from(is_start(*byte))) as usize;
        if starts > left {
            break;
        }
        left -= starts;
        from += BLOCK;
    }
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        if is_start(*byte) {
            if left == 0 {
                return at;
            }
            left -= 1;
        }
    }
    bytes.len()
}

/// The byte offset of the scalar value that has `count` from it to the end; the start if there are fewer. O(count).
pub(super) fn byte_before_end(bytes: &[u8], count: usize) -> usize {
    let starts = bytes.iter().enumerate().rev().filter(|(_, byte)| is_start(**byte)).map(|(at, _)| at);
    if count == 0 { bytes.len() } else { starts.take(count).last().unwrap_or(0) }
}
