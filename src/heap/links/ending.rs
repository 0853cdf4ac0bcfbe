//! The ends of foreign objects: deallocators one after the other, and what they let go of.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::atomic::{Ordering, fence};

use super::foreign::ForeignHead;

thread_local! {
    /// While a deallocator runs on this thread: the objects that wait for theirs.
    static WAITING: RefCell<Option<VecDeque<NonNull<ForeignHead>>>> = const { RefCell::new(None) };
    /// While a heap's deallocations run on this thread: links whose objects have lost their last foreign count.
    static NOTED: Cell<Option<Vec<usize>>> = const { Cell::new(None) };
}

/// Links whose objects nobody outside counts any more. They may be of any heap, and gone.
#[derive(Debug, Default)]
pub struct Unwanted(pub(super) Vec<usize>);

/// Calls the deallocator of an object without counts, then those of the objects that fall to zero by it, oldest first: one after the other, so that a long chain takes
/// no stack.
///
/// # Safety
/// `object` has no count, and is the caller's.
pub(super) unsafe fn deallocate(object: NonNull<ForeignHead>) {
    fence(Ordering::Acquire);
    let waits = WAITING.try_with(|waiting| match &mut *waiting.borrow_mut() {
        Some(waiting) => {
            waiting.push_back(object);
            true
        }
        none => {
            *none = Some(VecDeque::new());
            false
        }
    });
    match waits {
        Ok(true) => return,
        Ok(false) => {}
        // SAFETY: the caller's. The thread is ending: there is nowhere to wait.
        Err(_) => return unsafe { ForeignHead::dealloc(object) },
    }
    let mut next = Some(object);
    while let Some(object) = next {
        // SAFETY: what waits has no count, and is nobody's but the queue's. A deallocator cannot unwind: it is a function of C.
        unsafe { ForeignHead::dealloc(object) };
        next = WAITING.with_borrow_mut(|waiting| waiting.as_mut().and_then(VecDeque::pop_front));
    }
    WAITING.take();
}

/// The object with that link has lost its last foreign count.
#[cold]
pub(super) fn note_unwanted(link: usize) {
    let _ = NOTED.try_with(|noted| {
        let mut links = noted.take();
        if let Some(links) = &mut links {
            links.push(link);
        }
        noted.set(links);
    });
}

/// Runs `deallocations`, and answers what lost its last foreign count by it on this thread.
pub(super) fn noting(deallocations: impl FnOnce()) -> Unwanted {
    let outer = NOTED.try_with(|noted| noted.replace(Some(Vec::new()))).unwrap_or_default();
    deallocations();
    Unwanted(NOTED.try_with(|noted| noted.replace(outer)).unwrap_or_default().unwrap_or_default())
}
