//! Closing handles: destructors, and what is still open at the end.
//!
//! A destructor may open and close handles. One that is closed inside a destructor is closed at once, but its own destructors wait for those that are at work: so
//! they run one after the other, in the order of closing, and a long chain of handles that close each other takes no native stack.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

use super::super::Heap;
use super::super::event::By;
use super::super::value::Value;
use super::report::End;
use super::table::{Closed, PERMANENT, RawHandle};
use super::{AT_THE_SIDE, CALLS, HandleError};

/// What the host wants to be done when a handle has been closed: release what belongs to it. The handle is closed already, and what it held is still alive.
pub type HandleDestructor = Box<dyn FnOnce(&mut Heap) + Send>;

/// What closing a handle has to do.
pub(super) enum Destructor {
    /// A copy of a string's bytes.
    Free(Vec<u8>),
    Call(HandleDestructor),
}

/// A handle on its way.
pub(super) struct Closing {
    handle: RawHandle,
    pub(super) value: Value,
    left: std::vec::IntoIter<Destructor>,
}

/// Rounds after the first one that closing all handles may take, because destructors open others.
const FURTHER_ROUNDS: usize = 100;

impl Heap {
    /// Closes a handle: from now on its use is an error. Its destructors run, once, in the order in which they were asked for; then what it held is given
    /// back: at zero it is on probation in the statement in execution. Inside a destructor, those of the handle being closed there run later, but before the outermost
    /// `close_handle` returns. Nothing happens to the handle of a constant. O(1), and what the destructors do.
    ///
    /// A destructor that panics does not keep the others from running; then the panic goes on.
    ///
    /// # Errors
    /// The handle is not open.
    #[track_caller]
    #[inline]
    pub fn close_handle(&mut self, handle: RawHandle) -> Result<(), HandleError> {
        if self.tracing | self.settings.track_handles {
            self.note_close(handle, End::At(Location::caller()));
        }
        self.close_noted(handle)
    }

    #[inline(always)]
    fn close_noted(&mut self, handle: RawHandle) -> Result<(), HandleError> {
        match self.handles.table.close(handle) {
            Some(Closed::Free(value)) => {
                if self.tracing {
                    self.by = By::Handle;
                }
                self.decref(value);
                Ok(())
            }
            Some(Closed::Busy(value, kinds)) => {
                self.close_busy(handle, value, kinds);
                Ok(())
            }
            Some(Closed::Permanent) => Ok(()),
            None => Err(self.not_open(handle)),
        }
    }

    #[cold]
    #[inline(never)]
    fn close_busy(&mut self, handle: RawHandle, value: Value, kinds: u32) {
        let destructors = match kinds & AT_THE_SIDE {
            0 => None,
            _ => self.handles.at_the_side.remove(&handle.index()),
        };
        let left = destructors.unwrap_or_default().into_iter();
        self.handles.closing.push_back(Closing { handle, value, left });
        self.run_destructors();
    }

    /// Runs what there is to do for closed handles, unless that is what is being done.
    fn run_destructors(&mut self) {
        if std::mem::replace(&mut self.handles.at_work, true) {
            return;
        }
        let mut panic: Option<Box<dyn Any + Send>> = None;
        while let Some(first) = self.handles.closing.front_mut() {
            match first.left.next() {
                Some(Destructor::Free(bytes)) => self.discount_beside(bytes.len()),
                Some(Destructor::Call(destructor)) => {
                    // The heap keeps its invariants whatever a destructor does: all that it can call does.
                    let result = catch_unwind(AssertUnwindSafe(|| match self.handles.forsaken {
                        true => drop(destructor),
                        false => destructor(self),
                    }));
                    panic = panic.or(result.err());
                }
                None => {
                    if let Some(Closing { handle, value, .. }) = self.handles.closing.pop_front() {
                        if self.tracing {
                            self.by = By::Handle;
                        }
                        self.decref(value);
                        self.handles.table.release(handle);
                    }
                }
            }
        }
        self.handles.at_work = false;
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Has a function called when a handle has been closed, after those that were asked for before. It may open and close handles.
    ///
    /// # Errors
    /// The handle is not open, or is that of a constant, which is never closed.
    pub fn on_close(&mut self, handle: RawHandle, destructor: HandleDestructor) -> Result<(), HandleError> {
        self.deref_handle(handle)?;
        if self.is_constant(handle) {
            return Err(HandleError::Constant);
        }
        self.add_destructor(handle, CALLS, Destructor::Call(destructor));
        Ok(())
    }

    /// The handle is open, and not that of a constant.
    pub(super) fn add_destructor(&mut self, handle: RawHandle, kind: u32, destructor: Destructor) {
        self.handles.table.add_kinds(handle, kind);
        self.handles.at_the_side.entry(handle.index()).or_default().push(destructor);
    }

    /// Closes whatever is open, at the end of a program: the last place first, so usually what was opened last. Destructors run; what they open is closed too, in up to 100
    /// further rounds, past which they are dropped uncalled. Values that nothing else refers to are on probation then. O(slots), and what the destructors do.
    pub fn close_all_handles(&mut self) {
        for round in 0.. {
            let left = |(handle, _, kinds): (RawHandle, Value, u32)| (kinds & PERMANENT == 0).then_some(handle);
            let open: Vec<RawHandle> = self.handles.table.iter().rev().filter_map(left).collect();
            if open.is_empty() {
                break;
            }
            self.handles.forsaken = round > FURTHER_ROUNDS;
            for handle in open {
                self.note_leak(handle);
                self.note_close(handle, End::Program);
                // A destructor of one before it may have closed it.
                let _ = self.close_noted(handle);
            }
        }
        self.handles.forsaken = false;
    }
}
