//! Work whose size a program chooses: done in portions, with a look at the limits between two of them.
//!
//! The machine looks at limits and interrupts ([`Vm::tick`]) every so many calls and backward jumps. What takes longer than those (a text repeated, an array
//! copied, a key list made) counts its work down on the same clock, while it goes on: by [`Vm::charge`], which looks and may end the work, or by
//! [`Vm::debit`] where nothing can be ended, so that the next jump or call looks.

#[cfg(test)]
mod tests;

use super::Vm;
use super::native::Throw;
use crate::heap::cell::Kind;
use crate::heap::string::{Key, StringError, Text};
use crate::heap::value::Value;

/// Units of work (about one a byte or element touched) that weigh as much as a call or a jump.
const UNITS_A_TICK: usize = 16;
/// Bytes of a text that are copied, searched or compared between two looks.
pub const PIECE: usize = 1 << 18;
/// Elements that are copied or looked at between two looks.
pub const PORTION: usize = 1 << 13;
/// Bytes of a listed index: the entry, its text as a key, what finds it.
const LISTED_BYTES: usize = size_of::<(Key, Value)>() + 80;
/// Elements that go to a larger buffer between two looks at the most.
const MOVED_AT_ONCE: usize = 1 << 16;
/// What a buffer may have room for past the longest string: it is refused when it becomes one.
const SLACK: usize = 8 * PIECE;
/// Shorter texts are compared, searched and joined for nothing.
pub const FREE: usize = 2048;
/// A buffer that is kept for the next join is no larger.
const LARGEST_SCRATCH: usize = 1 << 20;

/// The parts of a text, in order: each as long as [`PIECE`] allows, none empty.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, left) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

/// A string value that is made of pieces, in one buffer. What is there lives as long as the running statement.
pub struct TextBuilder {
    /// Bytes of the whole, at the most.
    capacity: usize,
    value: Option<Value>,
}

impl TextBuilder {
    pub fn new(capacity: usize) -> TextBuilder {
        TextBuilder { capacity, value: None }
    }

    /// Appends a text. O(its length). Errors: limits; a RangeError for a text that is too long.
    pub fn push(&mut self, vm: &mut Vm, text: &str) -> Result<(), Throw> {
        for piece in pieces(text) {
            vm.charge(piece.len())?;
            let (capacity, so_far) = (self.capacity, self.value);
            self.value = Some(vm.text_in_room(|heap| match so_far {
                None => heap.string_with_room(piece, capacity),
                Some(so_far) => heap.append(so_far, piece),
            })?);
        }
        Ok(())
    }

    pub fn finish(self, vm: &mut Vm) -> Result<Value, Throw> {
        match self.value {
            Some(value) => Ok(value),
            None => vm.text_in_room(|heap| heap.string("")),
        }
    }
}

impl Vm {
    /// Charges work of `units` (about one a byte or element touched; any work weighs as much as 16), and looks at limits now and then. Work that may be larger than
    /// [`PIECE`] charges as it goes.
    #[inline]
    pub fn charge(&mut self, units: usize) -> Result<(), Throw> {
        #[cfg(test)]
        self.charged.note(units);
        let ticks = units.div_ceil(UNITS_A_TICK);
        if ticks < self.ticks as usize {
            self.ticks -= ticks as u32;
            return Ok(());
        }
        self.overspend(ticks as u64)
    }

    /// Charges as [`Vm::charge`] does, unless that would have to look at limits: false, and nothing is charged.
    #[inline]
    pub fn charge_quickly(&mut self, units: usize) -> bool {
        let ticks = units.div_ceil(UNITS_A_TICK);
        let fits = ticks < self.ticks as usize;
        if fits {
            #[cfg(test)]
            self.charged.note(units);
            self.ticks -= ticks as u32;
        }
        fits
    }

    /// Charges work that is done and cannot be ended: the next jump, call or charge looks, if it is due.
    #[inline]
    pub(super) fn debit(&mut self, units: usize) {
        #[cfg(test)]
        {
            self.charged.total += units;
        }
        let ticks = units / UNITS_A_TICK;
        if ticks < self.ticks as usize {
            self.ticks -= ticks as u32;
            return;
        }
        self.overdraw(ticks as u64);
    }

    /// A text as a string value, on probation. O(length).
    pub fn text_value(&mut self, text: &str) -> Result<Value, Throw> {
        if text.len() <= PIECE {
            self.charge(text.len())?;
            return self.text_in_room(|heap| heap.string(text));
        }
        let mut builder = TextBuilder::new(text.len());
        builder.push(self, text)?;
        builder.finish(self)
    }

    /// Makes room in a buffer for `more` bytes. A long one is copied in pieces. O(its length) if it has to grow, amortised O(more).
    #[inline]
    pub fn make_room(&mut self, out: &mut String, more: usize) -> Result<(), Throw> {
        if out.capacity() - out.len() >= more || out.len() <= PIECE {
            return Ok(());
        }
        self.grow_text(out, more)
    }

    #[cold]
    #[inline(never)]
    fn grow_text(&mut self, out: &mut String, more: usize) -> Result<(), Throw> {
        if out.len() + more > crate::heap::string::LONGEST + SLACK {
            return Err(self.string_error(StringError::TooLong));
        }
        let capacity = (out.len() + more).max(out.capacity() * 2);
        // Twice as much if there is that much, otherwise a quarter more: it grows in a few steps in any case.
        // Both buffers are there for a while.
        let capacity = match self.heap.arena.fits(out.capacity() + capacity) {
            Ok(()) => capacity,
            Err(_) => {
                let capacity = (out.len() + more) / 4 * 5;
                self.in_room(|heap| heap.arena.fits(out.capacity() + capacity))?;
                capacity
            }
        };
        let mut larger = String::with_capacity(capacity);
        for piece in pieces(out) {
            self.charge(piece.len())?;
            larger.push_str(piece);
        }
        *out = larger;
        Ok(())
    }

    /// Appends a text to a buffer. O(its length), amortised.
    #[inline]
    pub fn push_text(&mut self, out: &mut String, text: &str) -> Result<(), Throw> {
        if text.len() > FREE {
            return self.push_long_text(out, text);
        }
        self.make_room(out, text.len())?;
        out.push_str(text);
        self.charge(text.len())
    }

    #[inline(never)]
    fn push_long_text(&mut self, out: &mut String, text: &str) -> Result<(), Throw> {
        if out.len() + text.len() > crate::heap::string::LONGEST {
            return Err(self.string_error(StringError::TooLong));
        }
        self.in_room(|heap| heap.arena.fits(text.len()))?;
        self.make_room(out, text.len())?;
        out.reserve(text.len());
        for piece in pieces(text) {
            out.push_str(piece);
            self.charge(piece.len())?;
        }
        Ok(())
    }

    /// Keeps a buffer for the next join, if it is not too large for that.
    pub(super) fn keep_scratch(&mut self, scratch: String) {
        if scratch.capacity() <= LARGEST_SCRATCH {
            self.scratch = scratch;
        }
    }

    /// `a + b` of two strings. Amortised O(length of b) where b is appended behind a, else O(length of both).
    #[inline(always)]
    pub fn join_texts(&mut self, a: Value, b: Value) -> Result<Value, Throw> {
        let (left, right) = (self.heap.text(a).len(), self.heap.text(b).len());
        if left + right <= FREE
            && let Ok(sum) = self.heap.concat(a, b)
        {
            return Ok(sum);
        }
        if right <= FREE
            && let Some(sum) = self.heap.append_behind(a, b)
        {
            return Ok(sum);
        }
        self.join_long_texts(a, b)
    }

    #[inline(never)]
    fn join_long_texts(&mut self, a: Value, b: Value) -> Result<Value, Throw> {
        let (left, right) = (self.heap.text(a), self.heap.text(b));
        let len = left.len() + right.len();
        if len <= PIECE || left.is_empty() || right.len() <= PIECE && self.heap.has_room_behind(a, right.len()) {
            let sum = self.text_in_room(|heap| heap.concat(a, b))?;
            let appended = self.heap.text(sum).as_ptr() == left.as_ptr();
            self.debit(if appended { right.len() } else { len });
            return Ok(sum);
        }
        if len > crate::heap::string::LONGEST {
            return Err(self.string_error(StringError::TooLong));
        }
        let mut sum = a;
        if !self.heap.has_room_behind(a, right.len()) {
            let mut builder = TextBuilder::new(self.heap.room_for_sum(a, len));
            builder.push(self, left.as_str())?;
            sum = builder.finish(self)?;
        }
        for piece in pieces(right.as_str()) {
            self.charge(piece.len())?;
            sum = self.text_in_room(|heap| heap.append(sum, piece))?;
        }
        Ok(sum)
    }

    /// `a === b`, charged if it takes long.
    #[inline(never)]
    pub fn equals(&mut self, a: Value, b: Value) -> bool {
        if !a.is_string() || !b.is_string() || a == b {
            return self.strict_equals(a, b);
        }
        let (left, right) = (self.heap.text(a), self.heap.text(b));
        if left.len() != right.len() {
            return false;
        }
        if left.len() > FREE {
            self.debit(left.len());
        }
        left.as_str() == right.as_str()
    }

    /// The order of two texts, charged if it takes long.
    #[inline]
    pub fn compare_texts(&mut self, a: Text, b: Text) -> std::cmp::Ordering {
        let len = a.len().min(b.len());
        if len > FREE {
            self.debit(len);
        }
        a.as_str().cmp(b.as_str())
    }

    /// Appends the elements of an array from `start` up to, not including, `end`. Nothing changes the source meanwhile.
    pub fn append_range(&mut self, array: Value, source: Value, start: usize, end: usize) -> Result<(), Throw> {
        self.room_for_elements(array, end.saturating_sub(start))?;
        for from in (start..end).step_by(PORTION) {
            let to = (from + PORTION).min(end);
            self.charge(to - from)?;
            for index in from..to {
                let Some(value) = self.heap.element(source, index) else { break };
                self.in_room(|heap| heap.push(array, value))?;
            }
        }
        Ok(())
    }

    /// Makes room for `more` further elements. A long array goes to its larger buffer in portions. O(length) if it has to grow.
    #[inline]
    pub fn room_for_elements(&mut self, array: Value, more: usize) -> Result<(), Throw> {
        if self.heap.array_len(array) > MOVED_AT_ONCE && !self.heap.has_room(array, more) {
            return self.move_in_portions(array, more);
        }
        self.in_room(|heap| heap.reserve(array, more))
    }

    #[cold]
    #[inline(never)]
    fn move_in_portions(&mut self, array: Value, more: usize) -> Result<(), Throw> {
        let mut way = self.in_room(|heap| heap.begin_move(array, more))?;
        while !self.heap.go_on_moving(array, &mut way, PORTION) {
            // Whatever is looked at changes no array: a collection only frees what nothing reaches.
            if let Err(ended) = self.charge(PORTION) {
                self.heap.abandon_move(way);
                return Err(ended);
            }
        }
        self.heap.end_move(array, way);
        Ok(())
    }

    /// Appends an element. O(1) amortised.
    #[inline]
    pub fn push_element(&mut self, array: Value, value: Value) -> Result<(), Throw> {
        if self.heap.is_full(array) && self.heap.array_len(array) > MOVED_AT_ONCE {
            self.move_in_portions(array, 1)?;
        }
        self.in_room(|heap| heap.push(array, value))
    }

    /// The elements, copied. O(n).
    pub fn copied_elements(&mut self, array: Value) -> Result<Vec<Value>, Throw> {
        let len = self.heap.array_len(array);
        if len <= PORTION {
            self.charge(len)?;
            return Ok(self.heap.elements(array).to_vec());
        }
        let mut copy = Vec::with_capacity(len);
        for from in (0..len).step_by(PORTION) {
            let to = (from + PORTION).min(len);
            self.charge(to - from)?;
            copy.extend_from_slice(&self.heap.elements(array)[from..to]);
        }
        Ok(copy)
    }

    /// Own listed named properties of a container, in order of insertion. O(n).
    pub fn own_entries(&mut self, container: Value) -> Result<Vec<(Key, Value)>, Throw> {
        let slots = self.heap.slot_count(container);
        if slots <= PORTION {
            self.charge(slots)?;
            return Ok(self.heap.own_entries(container));
        }
        let mut entries = Vec::with_capacity(slots);
        for from in (0..slots).step_by(PORTION) {
            self.charge(PORTION)?;
            self.heap.entries_in_slots(container, from..from + PORTION, &mut entries);
        }
        Ok(entries)
    }

    /// Own listed properties of any value, elements (or characters) first, in order. Numbers, booleans, null and undefined have none.
    pub(crate) fn listed(&mut self, value: Value) -> Result<Vec<(Key, Value)>, Throw> {
        let mut all = Vec::new();
        let count = match value.kind() {
            Some(Kind::Array) => self.heap.array_len(value),
            Some(Kind::String) => self.heap.text(value).chars_len(),
            _ => 0,
        };
        // Each is a key to be made, too.
        self.in_room(|heap| heap.arena.fits(count * LISTED_BYTES))?;
        match value.kind() {
            Some(Kind::Array) => {
                all.reserve_exact(self.heap.array_len(value));
                for index in 0..self.heap.array_len(value) {
                    self.charge(1)?;
                    let element = self.heap.element(value, index).unwrap_or(Value::UNDEFINED);
                    all.push((self.heap.key(&index.to_string()), element));
                }
            }
            Some(Kind::String) => {
                let (text, length) = (self.heap.text(value).as_str(), self.heap.text(value).chars_len());
                all.reserve_exact(length);
                for (index, c) in text.chars().enumerate() {
                    self.charge(1)?;
                    let character = self.heap.short_string(c.encode_utf8(&mut [0; 4]));
                    all.push((self.heap.key(&index.to_string()), character));
                }
            }
            _ => {}
        }
        if value.is_container() {
            all.extend(self.own_entries(value)?);
        }
        Ok(all)
    }
}

/// What has been charged, for tests: no single charge may stand for much work.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Charged {
    pub total: usize,
    pub largest: usize,
}

#[cfg(test)]
impl Charged {
    fn note(&mut self, units: usize) {
        self.total += units;
        self.largest = self.largest.max(units);
    }
}
