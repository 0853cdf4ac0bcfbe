//! The ends of links: cut when their container is freed; deallocators queued for later.

use std::ptr::NonNull;

use super::foreign::ForeignHead;
use super::{Link, LinkKind, Unwanted, Weight, ending};
use crate::heap::Heap;
use crate::heap::cell::{Container, more};
use crate::heap::event::Event;

/// A foreign object without a link whose deallocator is due. It has one count.
#[must_use = "its object leaks if it is not run"]
#[derive(Debug)]
pub struct Deallocation {
    object: NonNull<ForeignHead>,
    number: u64,
}

impl Deallocation {
    /// Takes the count off, which calls the deallocator, unless somebody has counted the object meanwhile. It may take counts off other objects: what those
    /// held is for [`Heap::let_go`].
    pub fn run(self) -> Unwanted {
        ending::noting(|| {
            // SAFETY: the count is the queue's, and the queue has let go of it. If somebody has spoilt it, the object leaks.
            let _ = unsafe { ForeignHead::decref(self.object) };
        })
    }
}

impl Heap {
    /// A linked container is being destroyed: its object has no link any more.
    ///
    /// # Safety
    /// `p` is being torn down, and still whole.
    pub(in crate::heap) unsafe fn cut_link(&mut self, p: *mut Container) {
        let Some(link) = self.links.of.remove(&p) else { return };
        let Link { object, number, kind, weight, age, place, .. } = link;
        self.links.delist(kind, age, place);
        // SAFETY: the caller's; the link's counts keep the object (L) until they are taken off.
        let left = unsafe {
            (*p).cell.more &= !more::LINKS;
            if kind == LinkKind::Value {
                self.scopes[(*p).level() as usize].linked -= 1;
            }
            ForeignHead::detach(object, weight.share())
        };
        if self.tracing {
            let id = self.id_of(p);
            self.emit(Event::LinkCut { id, number, count: left });
        }
        // Below zero somebody has taken off more than was theirs. Freeing it could be the second time; it leaks.
        if left != 0 {
            return;
        }
        match weight {
            Weight::Light => {
                if self.tracing {
                    self.emit(Event::LinkFree { number });
                }
                // SAFETY: nobody has a count of it.
                unsafe { ForeignHead::free(object) };
            }
            Weight::Ordinary => {
                // SAFETY: as above.
                unsafe { ForeignHead::count_once(object) };
                self.links.deallocations.push_back(Deallocation { object, number });
                self.attention = true;
            }
        }
    }

    /// The foreign object whose link was cut first, of those whose deallocator is due. Whoever gets it runs it, when the heap is in the middle of nothing. O(1).
    pub fn next_deallocation(&mut self) -> Option<Deallocation> {
        let due = self.links.deallocations.pop_front()?;
        if self.tracing {
            self.emit(Event::LinkDealloc { number: due.number });
        }
        Some(due)
    }

    /// Deallocators that are due. O(1).
    pub fn due_deallocations(&self) -> usize {
        self.links.deallocations.len()
    }

    /// Calls the deallocators that are due. Values that are let go by it are on probation in the statement in execution: sweeping them may make further ones due.
    pub fn drain_deallocations(&mut self) {
        while let Some(due) = self.next_deallocation() {
            let unwanted = due.run();
            self.let_go(unwanted);
        }
    }
}
