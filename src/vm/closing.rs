//! Handles that the host has dropped, and that are closed when the machine is entered next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Vm;
use crate::heap::handles::RawHandle;

/// Where dropped handles wait, and whose they are: two machines never share one.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    waiting: AtomicBool,
    dropped: Mutex<Vec<RawHandle>>,
}

impl Closing {
    /// A handle was dropped, on whatever thread.
    pub(crate) fn push(&self, handle: RawHandle) {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        self.waiting.store(true, Ordering::Release);
    }
}

impl Vm {
    /// What handles of this machine refer to.
    pub(crate) fn closing(&self) -> &Arc<Closing> {
        &self.closing
    }

    /// Closes the handles that were dropped, in the order of their dropping. What only they held is on probation then.
    #[inline]
    pub(crate) fn close_dropped(&mut self) {
        if self.closing.waiting.load(Ordering::Acquire) {
            self.close_waiting();
        }
    }

    #[cold]
    fn close_waiting(&mut self) {
        self.closing.waiting.store(false, Ordering::Release);
        let dropped = std::mem::take(&mut *self.closing.dropped.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in dropped {
            // One that a finished program left open is closed already.
            let _ = self.heap.close_handle(handle);
        }
    }
}
