//! Handles: how code outside the heap holds values, by manual management outside any scope (after HPy's, with armin's table).
//!
//! A handle counts its value and keeps it at level 1, so that the value outlives whatever scope it was made in. [`Heap::open_handle`] and [`Heap::dup_handle`] give
//! a handle of its own each, [`Heap::close_handle`] gives it back, and [`Heap::deref_handle`] reads what it holds: a bounds check and one comparison.
//! What closing has to do besides (free copied bytes, call the host) stands in a table at the side, which most handles never touch.
//!
//! # Invariants (H)
//! - What a handle holds is counted once for it, and a root ([`Heap::handle_values`]), until its last destructor has run.
//! - A container that a handle holds is at level 1, or a built-in at level 0.
//! - A handle that was closed is never open again, and a slot is not used again before the destructors of its last handle have run.
//!
//! # Constants
//! `undefined`, `null`, `false`, `true` and NaN have handles that are always open, in fixed places ([`RawHandle::UNDEFINED`] and so on): closing one does nothing,
//! and another one for the same is the same. [`Heap::open_handle`] does not return them, whatever the value: so a host that forgets to close a handle, or closes it
//! twice, hears of it also when the value happens to be `undefined`, every handle takes destructors, and opening needs no test.

mod bytes;
mod close;
mod report;
pub mod table;

use std::collections::VecDeque;
use std::panic::Location;

use rustc_hash::FxHashMap;

use super::Heap;
use super::alloc::OutOfMemory;
use super::cell::bits;
use super::event::Why;
use super::value::Value;
use super::verify::Broken;
use table::{PERMANENT, Table, Vacant};

pub use bytes::RawBytes;
pub use close::HandleDestructor;
pub use report::{End, OpenHandle, Places};
pub use table::RawHandle;

// What closing a handle has to do: the kinds of its slot.
/// Its bytes are where they were: nothing, as its count is given back anyway.
const PINNED: u32 = 1;
/// Its bytes were copied: the copy is freed.
const COPIED: u32 = 2;
/// The host wants to be called.
const CALLS: u32 = 4;
/// Those that have something in the table at the side.
const AT_THE_SIDE: u32 = COPIED | CALLS;

/// A handle was misused. Nothing has happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It was closed before.
    #[error("the handle is closed{0}")]
    Closed(Places),
    /// It was never opened here.
    #[error("there is no such handle")]
    Unknown,
    /// It holds no string.
    #[error("the handle holds no text")]
    NotText,
    /// It belongs to another engine.
    #[error("the handle belongs to another engine")]
    Foreign,
    /// The bytes went when their handle was closed.
    #[error("the bytes were released when their handle was closed{0}")]
    BytesReleased(Places),
    /// It is that of a constant, which is never closed.
    #[error("the handle of a constant is never closed")]
    Constant,
    /// 2^32 are open, or there is no memory for one more.
    #[error("too many handles are open")]
    TooMany,
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

impl Vacant for Value {
    const VACANT: Value = Value::VACANT;

    #[inline(always)]
    fn is_vacant(self) -> bool {
        self == Value::VACANT
    }
}

/// In the order of their places.
const CONSTANTS: [Value; 5] = [Value::UNDEFINED, Value::NULL, Value::FALSE, Value::TRUE, Value::NAN];

impl RawHandle {
    pub const UNDEFINED: RawHandle = RawHandle::first_at(0);
    pub const NULL: RawHandle = RawHandle::first_at(1);
    pub const FALSE: RawHandle = RawHandle::first_at(2);
    pub const TRUE: RawHandle = RawHandle::first_at(3);
    pub const NAN: RawHandle = RawHandle::first_at(4);
}

/// The heap's side of handles.
pub(super) struct Handles {
    table: Table<Value>,
    /// By place, what closing has to do, in the order in which it was asked for.
    at_the_side: FxHashMap<u32, Vec<close::Destructor>>,
    /// Closed, and not through with their destructors; the first one is at work.
    closing: VecDeque<close::Closing>,
    /// The destructors of some handle are running.
    at_work: bool,
    /// Destructors are not called any more.
    forsaken: bool,
    notes: report::Notes,
}

impl Handles {
    pub(super) fn new() -> Handles {
        let mut table = Table::new();
        for value in CONSTANTS {
            table.open_permanent(value);
        }
        Handles {
            table,
            at_the_side: FxHashMap::default(),
            closing: VecDeque::new(),
            at_work: false,
            forsaken: false,
            notes: report::Notes::default(),
        }
    }

    /// About how many bytes it takes. What is noted for reports and traces is left out: it changes nothing that a script can see.
    pub(super) fn bytes(&self) -> usize {
        self.table.bytes()
            + self.at_the_side.capacity() * (size_of::<(u32, Vec<close::Destructor>)>() + 1) * 8 / 7
            + self.closing.capacity() * size_of::<close::Closing>()
    }
}

impl Heap {
    /// A handle that holds a value until it is closed. The value is counted for it; a container moves to level 1, with all that it reaches. O(1), and what moves.
    ///
    /// If there is no room for one more handle (2^32 are open, or the system has no memory), nothing is counted, and what is returned is a handle that was never opened.
    #[track_caller]
    #[inline]
    pub fn open_handle(&mut self, value: Value) -> RawHandle {
        self.open_counted(value, None).unwrap_or(Table::<Value>::NEVER)
    }

    /// One more handle for what another one holds, without its destructors. Of a constant's handle the same. O(1).
    ///
    /// # Errors
    /// The handle is not open, or there is no room for one more.
    #[track_caller]
    #[inline]
    pub fn dup_handle(&mut self, handle: RawHandle) -> Result<RawHandle, HandleError> {
        let value = self.deref_handle(handle)?;
        if self.is_constant(handle) {
            return Ok(handle);
        }
        self.open_counted(value, Some(handle)).ok_or(HandleError::TooMany)
    }

    #[track_caller]
    #[inline(always)]
    fn open_counted(&mut self, value: Value, of: Option<RawHandle>) -> Option<RawHandle> {
        debug_assert!(value != Value::HOLE && !value.is_vacant());
        self.upscope(value, 1, Why::Store);
        let handle = self.handles.table.open(value)?;
        if self.tracing | self.settings.track_handles {
            self.note_open(handle, value, of, Location::caller());
        }
        self.incref(value);
        Some(handle)
    }

    /// What a handle holds: alive as long as the handle is open. O(1).
    ///
    /// # Errors
    /// The handle is not open.
    #[inline(always)]
    pub fn deref_handle(&self, handle: RawHandle) -> Result<Value, HandleError> {
        match self.handles.table.get(handle) {
            Some(value) => Ok(value),
            None => Err(self.not_open(handle)),
        }
    }

    /// Whether it is the handle of a constant.
    fn is_constant(&self, handle: RawHandle) -> bool {
        self.handles.table.kinds(handle).is_some_and(|kinds| kinds & PERMANENT != 0)
    }

    /// Whether a handle is open that can be closed. O(slots).
    pub fn has_open_handles(&self) -> bool {
        self.handles.table.iter().any(|(_, _, kinds)| kinds & PERMANENT == 0)
    }

    /// What handles hold that lies in a cell, once for each: counted references from outside the heap, so roots. O(slots).
    pub fn handle_values(&self) -> impl Iterator<Item = Value> {
        let open = self.handles.table.iter().map(|(_, value, _)| value);
        let closing = self.handles.closing.iter().map(|closing| closing.value);
        open.chain(closing).filter(|value| value.is_heap())
    }

    /// Checks the table, and what handles hold. Errors: the first breach. O(slots).
    pub(super) fn verify_handles(&self) -> Result<(), Broken> {
        let handles = &self.handles;
        let broken = |what: String| Err(Broken(format!("handles: {what}")));
        handles.table.check(handles.closing.len()).or_else(broken)?;
        let mut at_the_side = 0;
        for (handle, value, kinds) in handles.table.iter() {
            let place = handle.index();
            // SAFETY: what a handle holds is counted for it, so it is live; if that is broken, the walk over lists has found a freed cell before.
            if value.is_container()
                && unsafe { (*value.cell()).bits & bits::DEAD != 0 || (*value.container()).level() > 1 }
            {
                return broken(format!("slot {place} holds a container that is dead or above level 1"));
            }
            if kinds & PERMANENT != 0 && value.is_heap() || kinds & (PINNED | COPIED) != 0 && !value.is_string() {
                return broken(format!("slot {place} has kinds that do not go with its value"));
            }
            let listed = handles.at_the_side.contains_key(&place);
            if listed != (kinds & AT_THE_SIDE != 0) {
                return broken(format!("slot {place} does not know what there is to do"));
            }
            at_the_side += usize::from(listed);
        }
        if at_the_side != handles.at_the_side.len() {
            return broken("a slot without a handle has something to do".to_string());
        }
        Ok(())
    }
}
