//! Arrays: dense, growing at the end, shrinking at both ends in O(1).

use super::Heap;
use super::alloc::OutOfMemory;
use super::cell::{Array, Container, Kind, bits};
use super::event::By;
use super::value::Value;

/// Elements that fit inside an array's cell at the most.
pub(super) const MOST_INSIDE: usize = 16;
/// The longest array (the lengths of JavaScript end at 2^32 - 1).
pub const LONGEST: usize = u32::MAX as usize - 1;

/// An array's way to a larger buffer.
pub struct Move {
    data: *mut Value,
    room: usize,
    moved: usize,
}

impl Heap {
    #[inline(always)]
    pub(crate) fn array_ptr(&self, value: Value) -> *mut Array {
        debug_assert!(value.is(Kind::Array));
        value.container() as *mut Array
    }

    #[inline(always)]
    pub fn array_len(&self, array: Value) -> usize {
        // SAFETY: a live array (I2).
        unsafe { (*self.array_ptr(array)).len as usize }
    }

    /// The elements. The slice is valid until the array is changed or something else runs.
    #[inline(always)]
    pub fn elements(&self, array: Value) -> &[Value] {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2); `len` elements stand at `data`.
        unsafe { std::slice::from_raw_parts((*p).data, (*p).len as usize) }
    }

    /// The element at `index`, if there is one. O(1).
    #[inline(always)]
    pub fn element(&self, array: Value, index: usize) -> Option<Value> {
        self.elements(array).get(index).copied()
    }

    /// Overwrites the element at `index`, which exists.
    #[inline(always)]
    pub fn set_element(&mut self, array: Value, index: usize, value: Value) {
        let p = self.array_ptr(array);
        if self.tracing {
            self.by_element(array, index);
        }
        // SAFETY: a live array (I2), the index is below its length. The new value is counted before the old one is given back.
        unsafe {
            assert!(index < (*p).len as usize);
            self.store_ref(p as *mut Container, value);
            let place = (*p).data.add(index);
            let old = *place;
            *place = value;
            self.decref(old);
        }
    }

    /// Appends an element. O(1) amortised.
    #[inline(always)]
    pub fn push(&mut self, array: Value, value: Value) -> Result<(), OutOfMemory> {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2); room is made first.
        unsafe {
            if (*p).len == (*p).cap {
                self.grow_elements(p, 1)?;
            }
            if self.tracing {
                self.by_element(array, (*p).len as usize);
            }
            self.store_ref(p as *mut Container, value);
            *(*p).data.add((*p).len as usize) = value;
            (*p).len += 1;
        }
        Ok(())
    }

    /// Makes room for `more` further elements.
    pub fn reserve(&mut self, array: Value, more: usize) -> Result<(), OutOfMemory> {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2).
        unsafe { if ((*p).cap as usize) < (*p).len as usize + more { self.grow_elements(p, more) } else { Ok(()) } }
    }

    /// Whether the next [`Heap::push`] moves the elements to a larger buffer.
    #[inline(always)]
    pub fn is_full(&self, array: Value) -> bool {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2).
        unsafe { (*p).len == (*p).cap }
    }

    /// Whether [`Heap::reserve`] has nothing to do.
    #[inline(always)]
    pub fn has_room(&self, array: Value, more: usize) -> bool {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2).
        unsafe { (*p).cap as usize >= (*p).len as usize + more }
    }

    #[inline(never)]
    unsafe fn grow_elements(&mut self, p: *mut Array, more: usize) -> Result<(), OutOfMemory> {
        // SAFETY: the array is whole.
        unsafe {
            let mut way = self.new_buffer(p, more)?;
            self.move_elements(p, &mut way, usize::MAX);
            self.take_buffer(p, way);
        }
        Ok(())
    }

    /// Begins to do what [`Heap::reserve`] does, for an array so long that it is done in portions. Until the end nothing may change the array.
    pub fn begin_move(&mut self, array: Value, more: usize) -> Result<Move, OutOfMemory> {
        // SAFETY: a live array (I2).
        unsafe { self.new_buffer(self.array_ptr(array), more) }
    }

    /// Moves up to `most` further elements; whether all have been.
    pub fn go_on_moving(&mut self, array: Value, to: &mut Move, most: usize) -> bool {
        // SAFETY: a live array (I2), as long as at the beginning.
        unsafe { self.move_elements(self.array_ptr(array), to, most) }
    }

    /// The array takes its new buffer; all elements have been moved.
    pub fn end_move(&mut self, array: Value, to: Move) {
        debug_assert_eq!(to.moved, self.array_len(array));
        // SAFETY: a live array (I2).
        unsafe { self.take_buffer(self.array_ptr(array), to) }
    }

    /// The array stays as it is.
    pub fn abandon_move(&mut self, to: Move) {
        // SAFETY: the buffer is nobody's.
        unsafe { self.arena.free(to.data as *mut u8, to.room * size_of::<Value>()) };
    }

    #[inline(always)]
    unsafe fn new_buffer(&mut self, p: *mut Array, more: usize) -> Result<Move, OutOfMemory> {
        // SAFETY: the array is whole.
        let len = unsafe { (*p).len as usize };
        let needed = len + more;
        if needed > LONGEST {
            return Err(OutOfMemory);
        }
        let room = needed.max(len + len / 2).max(4).next_multiple_of(2).min(LONGEST);
        let data = self.arena.try_alloc(room * size_of::<Value>())? as *mut Value;
        Ok(Move { data, room, moved: 0 })
    }

    #[inline(always)]
    unsafe fn move_elements(&mut self, p: *mut Array, to: &mut Move, most: usize) -> bool {
        // SAFETY: the array is whole; the new buffer is fresh and larger; elements are moved, not counted anew.
        unsafe {
            let left = (*p).len as usize - to.moved;
            let count = left.min(most);
            std::ptr::copy_nonoverlapping((*p).data.add(to.moved), to.data.add(to.moved), count);
            to.moved += count;
            count == left
        }
    }

    #[inline(always)]
    unsafe fn take_buffer(&mut self, p: *mut Array, to: Move) {
        // SAFETY: the array is whole, and all its elements stand in the new buffer too.
        unsafe {
            self.free_elements(p);
            (*p).head.cell.bits &= !bits::INSIDE;
            (*p).data = to.data;
            (*p).cap = to.room as u32;
            (*p).offset = 0;
        }
    }

    pub(super) unsafe fn free_elements(&mut self, p: *mut Array) {
        // SAFETY: the array is whole; a buffer belongs to it alone and starts `offset` places before `data`.
        unsafe {
            if (*p).head.cell.bits & bits::INSIDE == 0 {
                let room = (*p).offset as usize + (*p).cap as usize;
                self.arena.free((*p).data.sub((*p).offset as usize) as *mut u8, room * size_of::<Value>());
            }
        }
    }

    /// Removes the last element; the caller gets it without its count, which keeps it on probation at zero.
    pub fn pop(&mut self, array: Value) -> Option<Value> {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2).
        unsafe {
            if (*p).len == 0 {
                return None;
            }
            if self.tracing {
                self.by_element(array, (*p).len as usize - 1);
            }
            (*p).len -= 1;
            let value = *(*p).data.add((*p).len as usize);
            self.unhand(value);
            Some(value)
        }
    }

    /// Removes the first element, as [`Heap::pop`] does the last. O(1).
    pub fn shift(&mut self, array: Value) -> Option<Value> {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2).
        unsafe {
            if (*p).len == 0 {
                return None;
            }
            if self.tracing {
                self.by_element(array, 0);
            }
            let value = *(*p).data;
            (*p).data = (*p).data.add(1);
            (*p).len -= 1;
            (*p).cap -= 1;
            (*p).offset += 1;
            if (*p).cap == 0 {
                // Back to the start: another block may begin where this one ends, a shape too, and objects have their shape where arrays have `data`.
                (*p).cap = (*p).offset;
                (*p).data = (*p).data.sub((*p).offset as usize);
                (*p).offset = 0;
            }
            self.unhand(value);
            Some(value)
        }
    }

    /// Replaces `remove` elements from `start` on by `insert` (both within the array). The removed ones are given back. O(moved).
    pub fn splice(&mut self, array: Value, start: usize, remove: usize, insert: &[Value]) -> Result<(), OutOfMemory> {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2). New references are counted before old ones are given back; the gap is within the buffer.
        unsafe {
            let len = (*p).len as usize;
            assert!(start + remove <= len);
            if start == 0 && remove == 0 && insert.len() <= (*p).offset as usize && !insert.is_empty() {
                // room at the front, left by `shift` or by the branch below
                let by = insert.len();
                (*p).data = (*p).data.sub(by);
                (*p).offset -= by as u32;
                (*p).cap += by as u32;
                (*p).len += by as u32;
                for index in 0..by {
                    *(*p).data.add(index) = Value::UNDEFINED;
                }
                for (index, value) in insert.iter().enumerate() {
                    self.set_element(array, index, *value);
                }
                return Ok(());
            }
            if insert.len() > remove {
                self.reserve(array, insert.len() - remove)?;
            }
            let removed: Vec<Value> = self.elements(array)[start..start + remove].to_vec();
            for (index, value) in insert.iter().enumerate() {
                if self.tracing {
                    self.by_element(array, start + index);
                }
                self.store_ref(p as *mut Container, *value);
            }
            let tail = (*p).data.add(start + remove);
            std::ptr::copy(tail, (*p).data.add(start + insert.len()), len - start - remove);
            for (index, value) in insert.iter().enumerate() {
                *(*p).data.add(start + index) = *value;
            }
            (*p).len = (len - remove + insert.len()) as u32;
            for (index, value) in removed.into_iter().enumerate() {
                if self.tracing {
                    self.by_element(array, start + index);
                }
                self.decref(value);
            }
        }
        Ok(())
    }

    /// Inserts at the front in O(inserted) amortised: leaves room there for as many again.
    pub fn unshift(&mut self, array: Value, insert: &[Value]) -> Result<(), OutOfMemory> {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2); elements are moved to a larger buffer, not counted anew.
        unsafe {
            if insert.len() > (*p).offset as usize {
                let len = (*p).len as usize;
                let front = insert.len() + len / 2 + 4;
                let room = (front + len + len / 4 + 4).next_multiple_of(2);
                if room > LONGEST {
                    return Err(OutOfMemory);
                }
                let start = self.arena.try_alloc(room * size_of::<Value>())? as *mut Value;
                std::ptr::copy_nonoverlapping((*p).data, start.add(front), len);
                self.free_elements(p);
                (*p).head.cell.bits &= !bits::INSIDE;
                (*p).data = start.add(front);
                (*p).offset = front as u32;
                (*p).cap = (room - front) as u32;
            }
        }
        self.splice(array, 0, 0, insert)
    }

    /// Shortens an array to `len` elements, the last one going first.
    pub fn truncate(&mut self, array: Value, len: usize) {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2).
        unsafe {
            while (*p).len as usize > len {
                if self.tracing {
                    self.by_element(array, (*p).len as usize - 1);
                }
                (*p).len -= 1;
                let value = *(*p).data.add((*p).len as usize);
                self.decref(value);
            }
        }
    }

    /// Exchanges the order of the elements; `order` gets them all and only rearranges them.
    pub fn rearrange(&mut self, array: Value, order: impl FnOnce(&mut [Value])) {
        let p = self.array_ptr(array);
        // SAFETY: a live array (I2); the same elements stay, so counts stay.
        unsafe { order(std::slice::from_raw_parts_mut((*p).data, (*p).len as usize)) }
    }

    #[cold]
    fn by_element(&mut self, array: Value, index: usize) {
        let id = self.id_of(array.container());
        self.by = By::Slot(id, format!("[{index}]"));
    }
}
