//! Strings: counted atoms of UTF-8 text.
//!
//! A short string has its bytes behind its header. A longer one points into a [`StrBuf`], which several strings may share: when the left operand
//! of a concatenation ends where its buffer's used part ends, the right one is appended there and the result is a longer view of the same
//! buffer. So `s += x` in a loop is linear, and no string that anybody can see ever changes.
//!
//! `chars == len` says that the text is ASCII: then a position is a byte offset; of other texts `positions.rs` knows where the characters stand.
//! A string whose `INTERNED` bit is set is the only one with its text in the intern table, so it can be compared by address: a [`Key`].

use std::hash::BuildHasher;
use std::ops::Deref;

use super::Heap;
use super::alloc::{GRAIN, OutOfMemory};
use super::cell::{Cell, Kind, bits};
use super::positions::{STEP, byte_after, byte_before_end};
use super::value::Value;

#[repr(C)]
pub struct Str {
    pub cell: Cell,
    /// 0: not computed yet.
    pub hash: u32,
    /// Bytes.
    pub len: u32,
    /// Unicode scalar values.
    pub chars: u32,
    pub spare: u32,
    pub data: *const u8,
}

/// A buffer that strings share; the bytes stand behind it.
#[repr(C)]
pub struct StrBuf {
    refs: u32,
    pub(super) used: u32,
    pub(super) cap: u32,
    /// One more than the number of the table that says where its characters stand; 0: none.
    pub(super) table: u32,
}

const HEADER: usize = size_of::<Str>();
/// The longest text kept inside the cell, in bytes.
const LONGEST_INSIDE: usize = 128;
/// The longest string, in bytes (as in V8, about half a gibibyte).
pub const LONGEST: usize = (1 << 29) - 24;

/// Why a string could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StringError {
    #[error("invalid string length")]
    TooLong,
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

/// A property key: an interned string, compared by address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(pub(crate) *mut Str);

impl Key {
    #[inline(always)]
    pub fn value(self) -> Value {
        Value::from_str(self.0)
    }

    pub fn text(self) -> Text {
        Text::of(self.0)
    }

    /// A private name (`#x`): never equal to a text, and skipped by everything that lists keys.
    #[inline(always)]
    pub fn is_private(self) -> bool {
        // SAFETY: a key's string lives as long as whoever holds the key counts it.
        unsafe { (*self.0).cell.more == PRIVATE }
    }
}

/// In `Cell::more` of a private name.
const PRIVATE: u8 = 1;

/// The text of a string value. It borrows without a lifetime: it is valid as long as the string is (I2), that is at least to the end of the running statement
/// or native call if the string was an argument, a constant or made there.
#[derive(Clone, Copy)]
pub struct Text {
    data: *const u8,
    len: u32,
    chars: u32,
}

impl Text {
    #[inline(always)]
    pub(crate) fn of(p: *mut Str) -> Text {
        // SAFETY: the caller has a live string (I2).
        unsafe { Text { data: (*p).data, len: (*p).len, chars: (*p).chars } }
    }

    pub fn is_ascii(self) -> bool {
        self.len == self.chars
    }

    /// Length in Unicode scalar values. O(1).
    pub fn chars_len(self) -> usize {
        self.chars as usize
    }

    /// Byte offset of the scalar value number `index` (clamped to the end). O(1) for ASCII, else O(index): for a text of any length see [`Heap::byte_of`].
    pub fn byte_of(self, index: usize) -> usize {
        self.byte_near(index).unwrap_or_else(|| byte_after(self.as_bytes(), 0, index))
    }

    /// The same where it is found in a few steps: in an ASCII or short text, and near both ends of any other.
    #[inline]
    pub(super) fn byte_near(self, index: usize) -> Option<usize> {
        if self.is_ascii() {
            return Some(index.min(self.len as usize));
        }
        let Some(left) = self.chars_len().checked_sub(index) else { return Some(self.len as usize) };
        if index < STEP || self.len() <= LONGEST_INSIDE {
            return Some(byte_after(self.as_bytes(), 0, index));
        }
        (left < STEP).then(|| byte_before_end(self.as_bytes(), left))
    }

    /// The text as a `&str` whose lifetime the caller answers for (see [`Text`]).
    pub fn as_str<'a>(self) -> &'a str {
        // SAFETY: `data..data+len` is valid UTF-8 and unchanging while the string lives; nobody keeps a Text longer (I2).
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.data, self.len as usize)) }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

fn count_chars(text: &str) -> u32 {
    if text.is_ascii() { text.len() as u32 } else { text.chars().count() as u32 }
}

impl Heap {
    /// A string value, fresh and on probation (or one of the single-character strings made once).
    /// Errors: [`StringError::TooLong`] past [`LONGEST`], [`StringError::Memory`] at the limit.
    pub fn string(&mut self, text: &str) -> Result<Value, StringError> {
        self.string_with(text, count_chars(text))
    }

    /// As [`Heap::string`] for a text of a length the program fixed (a message, a type name, a number).
    pub fn short_string(&mut self, text: &str) -> Value {
        debug_assert!(text.len() < 1 << 16);
        self.string_unchecked(text, count_chars(text))
    }

    pub(crate) fn string_with(&mut self, text: &str, chars: u32) -> Result<Value, StringError> {
        if text.len() > LONGEST_INSIDE {
            if text.len() > LONGEST {
                return Err(StringError::TooLong);
            }
            self.arena.fits(text.len())?;
        }
        Ok(self.string_unchecked(text, chars))
    }

    fn string_unchecked(&mut self, text: &str, chars: u32) -> Value {
        let bytes = text.as_bytes();
        match bytes.len() {
            0 => return self.empty_string,
            1 => return self.ascii[bytes[0] as usize],
            _ => {}
        }
        if bytes.len() <= LONGEST_INSIDE {
            let p = self.alloc_str(HEADER + bytes.len(), 0);
            // SAFETY: `p` is a fresh cell with room for the bytes behind its header.
            unsafe {
                let data = (p as *mut u8).add(HEADER);
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
                (*p).data = data;
                (*p).len = bytes.len() as u32;
                (*p).chars = chars;
            }
            self.probation_atom(p as *mut Cell);
            Value::from_str(p)
        } else {
            let buffer = self.alloc_buffer(bytes.len());
            // SAFETY: the buffer is fresh and has room for the bytes.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    bytes.as_ptr(),
                    (buffer as *mut u8).add(size_of::<StrBuf>()),
                    bytes.len(),
                );
                (*buffer).used = bytes.len() as u32;
                self.view(buffer, bytes.len() as u32, chars)
            }
        }
    }

    /// A string with room behind it for what is appended: `capacity` bytes in all.
    /// Errors: as [`Heap::string`].
    pub fn string_with_room(&mut self, text: &str, capacity: usize) -> Result<Value, StringError> {
        let capacity = capacity.max(text.len());
        if capacity <= LONGEST_INSIDE || text.is_empty() {
            return self.string(text);
        }
        if capacity > LONGEST {
            return Err(StringError::TooLong);
        }
        self.arena.fits(capacity)?;
        let buffer = self.try_alloc_buffer(capacity)?;
        // SAFETY: the buffer is fresh and has room for the bytes.
        unsafe {
            let data = (buffer as *mut u8).add(size_of::<StrBuf>());
            std::ptr::copy_nonoverlapping(text.as_ptr(), data, text.len());
            (*buffer).used = text.len() as u32;
            Ok(self.view(buffer, text.len() as u32, count_chars(text)))
        }
    }

    /// Whether [`Heap::append`] puts `bytes` bytes behind a string without copying it.
    #[inline(always)]
    pub fn has_room_behind(&self, a: Value, bytes: usize) -> bool {
        let p = a.str_cell();
        // SAFETY: the string is live (I2); a shared string's buffer lives while a view of it does.
        unsafe {
            if (*p).cell.bits & bits::INSIDE == 0 {
                return false;
            }
            let buffer = buffer_of(p);
            let end = (*p).data as usize - (buffer as usize + size_of::<StrBuf>()) + (*p).len as usize;
            end == (*buffer).used as usize && end + bytes <= (*buffer).cap as usize
        }
    }

    /// The size of the buffer that a sum of `len` bytes gets: what has been appended to once will be again.
    pub fn room_for_sum(&self, a: Value, len: usize) -> usize {
        // SAFETY: the string is live (I2).
        if unsafe { (*a.str_cell()).cell.bits } & bits::INSIDE != 0 { (len * 2).min(LONGEST) } else { len }
    }

    /// `a + b`. Amortised O(length of b) when a is the newest view of its buffer, else O(length of both).
    pub fn concat(&mut self, a: Value, b: Value) -> Result<Value, StringError> {
        let (ta, tb) = (Text::of(a.str_cell()), Text::of(b.str_cell()));
        if tb.len == 0 {
            return Ok(a);
        }
        if ta.len == 0 {
            return Ok(b);
        }
        self.sum(a, tb.as_str(), tb.chars)
    }

    /// The same, if b fits behind a where a stands, and neither is empty. O(length of b).
    #[inline]
    pub fn append_behind(&mut self, a: Value, b: Value) -> Option<Value> {
        let (ta, tb) = (Text::of(a.str_cell()), Text::of(b.str_cell()));
        let fits = tb.len > 0 && self.has_room_behind(a, tb.len());
        // SAFETY: the operands are live (I2), and there is room.
        fits.then(|| unsafe { self.extend(a, ta, tb.as_str(), ta.chars + tb.chars) })
    }

    /// A view of a string's buffer with a text behind it. Bytes past `used` belong to nobody, so appending there changes no existing view.
    ///
    /// # Safety
    /// There is room behind `a`, whose text is `ta` and is live.
    #[inline(always)]
    unsafe fn extend(&mut self, a: Value, ta: Text, text: &str, chars: u32) -> Value {
        // SAFETY: the caller's.
        unsafe {
            let buffer = buffer_of(a.str_cell());
            std::ptr::copy_nonoverlapping(text.as_ptr(), ta.data.add(ta.len as usize) as *mut u8, text.len());
            (*buffer).used += text.len() as u32;
            (*buffer).refs += 1;
            let value = self.view(buffer, ta.len + text.len() as u32, chars);
            (*value.str_cell()).data = ta.data;
            value
        }
    }

    /// The same for a text that is no value. Neither is empty.
    pub fn append(&mut self, a: Value, text: &str) -> Result<Value, StringError> {
        self.sum(a, text, count_chars(text))
    }

    #[inline(always)]
    fn sum(&mut self, a: Value, text: &str, chars: u32) -> Result<Value, StringError> {
        let ta = Text::of(a.str_cell());
        let len = ta.len as usize + text.len();
        let chars = ta.chars + chars;
        if len <= LONGEST_INSIDE {
            let p = self.alloc_str(HEADER + len, 0);
            // SAFETY: `p` is a fresh cell with room for both texts; the operands are live (I2).
            unsafe {
                let data = (p as *mut u8).add(HEADER);
                std::ptr::copy_nonoverlapping(ta.data, data, ta.len as usize);
                std::ptr::copy_nonoverlapping(text.as_ptr(), data.add(ta.len as usize), text.len());
                (*p).data = data;
                (*p).len = len as u32;
                (*p).chars = chars;
            }
            self.probation_atom(p as *mut Cell);
            return Ok(Value::from_str(p));
        }
        if len > LONGEST {
            return Err(StringError::TooLong);
        }
        // SAFETY: the operands are live (I2).
        unsafe {
            if self.has_room_behind(a, text.len()) {
                return Ok(self.extend(a, ta, text, chars));
            }
            let capacity = self.room_for_sum(a, len);
            self.arena.fits(capacity)?;
            let buffer = self.try_alloc_buffer(capacity)?;
            let data = (buffer as *mut u8).add(size_of::<StrBuf>());
            std::ptr::copy_nonoverlapping(ta.data, data, ta.len as usize);
            std::ptr::copy_nonoverlapping(text.as_ptr(), data.add(ta.len as usize), text.len());
            (*buffer).used = len as u32;
            Ok(self.view(buffer, len as u32, chars))
        }
    }

    fn alloc_str(&mut self, size: usize, extra: u8) -> *mut Str {
        let p = self.alloc_atom(size, Kind::String) as *mut Str;
        // SAFETY: a fresh cell of at least HEADER bytes.
        unsafe {
            (*p).cell.bits |= extra;
            (*p).hash = 0;
        }
        p
    }

    fn alloc_buffer(&mut self, capacity: usize) -> *mut StrBuf {
        let block = self.arena.alloc(size_of::<StrBuf>() + capacity);
        // SAFETY: a fresh block of that size.
        unsafe { Self::buffer_in(block, capacity) }
    }

    fn try_alloc_buffer(&mut self, capacity: usize) -> Result<*mut StrBuf, OutOfMemory> {
        let block = self.arena.try_alloc(size_of::<StrBuf>() + capacity)?;
        // SAFETY: a fresh block of that size.
        Ok(unsafe { Self::buffer_in(block, capacity) })
    }

    /// # Safety
    /// The block is ours, and has room for the header and `capacity` bytes.
    unsafe fn buffer_in(block: *mut u8, capacity: usize) -> *mut StrBuf {
        let p = block as *mut StrBuf;
        // SAFETY: the caller's.
        unsafe { p.write(StrBuf { refs: 1, used: 0, cap: capacity as u32, table: 0 }) };
        p
    }

    /// A string that shows the first `len` bytes of a buffer; takes over one reference to it.
    ///
    /// # Safety
    /// The first `len` bytes are UTF-8 with `chars` scalar values.
    unsafe fn view(&mut self, buffer: *mut StrBuf, len: u32, chars: u32) -> Value {
        let p = self.alloc_str(HEADER + size_of::<*mut StrBuf>(), bits::INSIDE);
        // SAFETY: `p` is a fresh cell with room for a pointer behind its header.
        unsafe {
            *((p as *mut u8).add(HEADER) as *mut *mut StrBuf) = buffer;
            (*p).data = (buffer as *const u8).add(size_of::<StrBuf>());
            (*p).len = len;
            (*p).chars = chars;
        }
        self.probation_atom(p as *mut Cell);
        Value::from_str(p)
    }

    /// Writes a NUL behind a text that stands in its string's own cell, where the cell goes on and nobody reads or writes. False if there is no room, or if the
    /// text is in a shared buffer: what is behind it there is for whoever appends.
    pub(super) fn terminate(&mut self, string: Value) -> bool {
        let p = string.str_cell();
        // SAFETY: the string is live (I2). `class` says how large its cell is, and the byte written is behind the text and inside of the cell.
        unsafe {
            let end = HEADER + (*p).len as usize;
            let inside = (*p).cell.bits & bits::INSIDE == 0 && end < (*p).cell.class as usize * GRAIN;
            if inside {
                *(p as *mut u8).add(end) = 0;
            }
            inside
        }
    }

    /// Frees what a dying string holds besides its cell.
    ///
    /// # Safety
    /// The string has no reference left.
    pub(super) unsafe fn drop_string(&mut self, p: *mut Str) {
        // SAFETY: the string is still whole; its buffer lives while a view of it does.
        unsafe {
            if (*p).cell.bits & bits::INTERNED != 0 {
                let hash = (*p).hash;
                if let Ok(entry) = self.interned.find_entry(spread(hash), |other| std::ptr::eq(*other, p)) {
                    entry.remove();
                }
            }
            if (*p).cell.bits & bits::INSIDE != 0 {
                let buffer = buffer_of(p);
                (*buffer).refs -= 1;
                if (*buffer).refs == 0 {
                    if (*buffer).table != 0 {
                        self.forget_positions(buffer);
                    }
                    let size = size_of::<StrBuf>() + (*buffer).cap as usize;
                    self.arena.free(buffer as *mut u8, size);
                }
            }
        }
    }

    pub(crate) fn hash_text(&self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text.as_bytes());
        ((hash >> 32) as u32 ^ hash as u32) | 1
    }

    /// The hash of a string, computed once.
    pub(crate) fn hash_str(&self, p: *mut Str) -> u32 {
        // SAFETY: the string is live (I2).
        unsafe {
            if (*p).hash == 0 {
                (*p).hash = self.hash_text(&Text::of(p));
            }
            (*p).hash
        }
    }

    /// The key with this text. The caller's use of it is a counted reference or ends with the statement.
    pub fn key(&mut self, text: &str) -> Key {
        let hash = self.hash_text(text);
        if let Some(&p) = self.interned.find(spread(hash), |p| Text::of(*p).as_str() == text) {
            return self.kept(Key(p));
        }
        let value = self.string_unchecked(text, count_chars(text));
        self.intern_new(value.str_cell(), hash)
    }

    /// The key for a string value. O(1) for one that is a key already.
    #[inline]
    pub fn key_of(&mut self, value: Value) -> Key {
        let p = value.str_cell();
        // SAFETY: the string is live (I2).
        if unsafe { (*p).cell.bits } & bits::INTERNED != 0 { Key(p) } else { self.intern(p) }
    }

    #[inline(never)]
    fn intern(&mut self, p: *mut Str) -> Key {
        match self.find_key(Value::from_str(p)) {
            Some(key) => self.kept(key),
            None => {
                let hash = self.hash_str(p);
                self.intern_new(p, hash)
            }
        }
    }

    /// A key that was there already, kept to the end of the statement. What refers to it may be garbage, which a collection frees before the caller counts it.
    fn kept(&mut self, key: Key) -> Key {
        let p = key.0 as *mut Cell;
        // SAFETY: what is in the table is live. It has one entry at the most (I3).
        if unsafe { (*p).bits } & (bits::ENTRY | bits::BUILTIN) == 0 {
            self.probation_atom(p);
        }
        key
    }

    fn intern_new(&mut self, p: *mut Str, hash: u32) -> Key {
        // SAFETY: the string is live; it leaves the table in `drop_string`, before it is freed.
        unsafe {
            (*p).hash = hash;
            (*p).cell.bits |= bits::INTERNED;
        }
        self.interned.insert_unique(spread(hash), p, |p| spread(unsafe { (**p).hash }));
        Key(p)
    }

    /// The key for a string value if any such key exists: if not, no object has a property of that name.
    pub fn find_key(&mut self, value: Value) -> Option<Key> {
        let p = value.str_cell();
        // SAFETY: the string is live (I2).
        if unsafe { (*p).cell.bits } & bits::INTERNED != 0 {
            return Some(Key(p));
        }
        let hash = self.hash_str(p);
        let text = Text::of(p);
        self.interned.find(spread(hash), |other| Text::of(*other).as_str() == text.as_str()).map(|p| Key(*p))
    }

    /// A fresh private name: a key of its own that no text is equal to.
    pub fn private_key(&mut self, text: &str) -> Key {
        let shown = format!("#{text}");
        let p = self.alloc_str(HEADER + shown.len(), 0);
        // SAFETY: a fresh cell with room for the text.
        unsafe {
            let data = (p as *mut u8).add(HEADER);
            std::ptr::copy_nonoverlapping(shown.as_ptr(), data, shown.len());
            (*p).data = data;
            (*p).len = shown.len() as u32;
            (*p).chars = count_chars(&shown);
            (*p).cell.more = PRIVATE;
        }
        self.probation_atom(p as *mut Cell);
        if self.level == 0 {
            self.private_constants.push(p);
        }
        Key(p)
    }

    /// The character that starts at a byte offset of a string, as a string; `None` at the end. O(1).
    pub fn char_at_byte(&mut self, string: Value, at: usize) -> Option<Value> {
        let text = self.text(string);
        match *text.as_bytes().get(at)? {
            byte @ 0..128 => Some(self.ascii[byte as usize]),
            _ => {
                let c = text.as_str()[at..].chars().next()?;
                Some(self.string_unchecked(c.encode_utf8(&mut [0; 4]), 1))
            }
        }
    }

    /// The text of a string value (see [`Text`] for how long it may be kept).
    #[inline(always)]
    pub fn text(&self, value: Value) -> Text {
        Text::of(value.str_cell())
    }
}

/// The hash as the raw table wants it: with meaning in the high bits too.
pub(super) fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// # Safety
/// The string's `INSIDE` bit is set.
pub(super) unsafe fn buffer_of(p: *mut Str) -> *mut StrBuf {
    // SAFETY: then the pointer stands behind the header.
    unsafe { *((p as *mut u8).add(HEADER) as *mut *mut StrBuf) }
}

/// The shared buffer behind a string, if it has one: its address and its size in bytes.
///
/// # Safety
/// `p` is a live string.
pub(super) unsafe fn shared_buffer(p: *mut Str) -> Option<(usize, usize)> {
    // SAFETY: the caller's; a buffer lives while a view of it does.
    unsafe {
        if (*p).cell.bits & bits::INSIDE == 0 {
            return None;
        }
        let buffer = buffer_of(p);
        Some((buffer as usize, size_of::<StrBuf>() + (*buffer).cap as usize))
    }
}
