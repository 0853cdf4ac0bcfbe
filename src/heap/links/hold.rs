//! Which containers foreign objects hold: at zero, at a scope's pop, in a collection.

use super::{Age, LinkKind, Unwanted};
use crate::heap::Heap;
use crate::heap::cell::{Container, bits, more};
use crate::heap::event::{By, Event, Why};
use crate::heap::value::Value;

impl Heap {
    /// A value without references is to be destroyed. True: not now; a foreign object holds it, or it has a finalizer and falls.
    ///
    /// # Safety
    /// `p` is live, has no entry, and its count is zero.
    #[cold]
    #[inline(never)]
    pub(in crate::heap) unsafe fn spare(&mut self, p: *mut Container) -> bool {
        // SAFETY: the caller's. By I1 a value of an older scope than the one that is being popped reaches nothing of that.
        unsafe {
            let whole = !self.links.closed && (!self.delaying || (*p).level() < self.level);
            if whole && (*p).cell.more & more::VALUE_LINK != 0 && self.links.is_wanted(p) {
                self.hold_linked(p);
                return true;
            }
            self.fall(p)
        }
    }

    /// The link counts its container from now on.
    unsafe fn hold_linked(&mut self, p: *mut Container) {
        let Some(link) = self.links.of.get_mut(&p) else { return };
        link.held = true;
        let number = link.number;
        let value = Value::from_container(p);
        if self.tracing {
            let id = self.id_of(p);
            self.emit(Event::LinkHold { id, number });
        }
        self.upscope(value, 1, Why::Store);
        self.by_foreign(number);
        self.incref(value);
    }

    /// Lets a held container go if nobody outside counts its object any more. `p` may be anything.
    pub(super) fn release_unwanted(&mut self, p: *mut Container) -> bool {
        let unwanted = self.links.of.get(&p).is_some_and(|link| link.held && !link.is_wanted());
        if unwanted {
            self.release_linked(p);
        }
        unwanted
    }

    fn release_linked(&mut self, p: *mut Container) {
        let Some(link) = self.links.of.get_mut(&p) else { return };
        link.held = false;
        let number = link.number;
        if self.tracing {
            let id = self.id_of(p);
            self.emit(Event::LinkRelease { id, number });
        }
        self.by_foreign(number);
        self.decref(Value::from_container(p));
    }

    fn by_foreign(&mut self, number: u64) {
        if self.tracing {
            self.by = By::Foreign(number);
        }
    }

    /// Lets go of every held value whose object nobody outside counts any more: without another reference it is on probation in the statement in execution. A
    /// collection does this by itself. O(value-links). Returns how many.
    pub fn release_links(&mut self) -> usize {
        let held = self.links.values(true);
        let released: Vec<_> = held.into_iter().map(|(_, p)| p).filter(|p| !self.links.is_wanted(*p)).collect();
        released.iter().for_each(|p| self.release_linked(*p));
        released.len()
    }

    /// Lets go of what deallocators have left unwanted. Returns how many. O(unwanted).
    pub fn let_go(&mut self, unwanted: Unwanted) -> usize {
        unwanted.0.into_iter().filter(|link| self.release_unwanted(*link as *mut Container)).count()
    }

    /// What links hold, each counted once, with the number of the link; in the order of creation. The verifier and the collector know of them: they are in no list of roots.
    pub fn held_values(&self) -> impl Iterator<Item = (u64, Value)> {
        self.links.values(true).into_iter().map(|(number, p)| (number, Value::from_container(p)))
    }

    /// For the collector, which has marked from everything else: holds the containers that it has not reached and that foreign objects want, oldest link first. `mark` is called with each.
    pub(in crate::heap) fn hold_unmarked(&mut self, mut mark: impl FnMut(&mut Heap, *mut Container)) {
        for (_, p) in self.links.values(false) {
            // SAFETY: a linked container is live (L).
            unsafe {
                if (*p).cell.bits & bits::MARK == 0 && self.links.is_wanted(p) {
                    self.hold_linked(p);
                    mark(self, p);
                }
            }
        }
    }

    // ---- Statements and scopes ------------------------------------------------------------------------------------------

    /// A sweep is done: of the young links, those are old whose container's statement has ended. O(young).
    pub(in crate::heap) fn age_links(&mut self) {
        for kind in [LinkKind::Value, LinkKind::Foreign] {
            let young = std::mem::take(self.links.list(kind, Age::Young));
            for p in young {
                // SAFETY: a linked container is live (L).
                let age = if unsafe { (*p).cell.bits } & bits::ENTRY != 0 { Age::Young } else { Age::Old };
                let place = self.links.enlist(p, kind, age);
                if let Some(link) = self.links.of.get_mut(&p) {
                    (link.age, link.place) = (age, place);
                }
            }
        }
    }

    /// Links whose container's statement has not ended, as far as anybody has looked, and the others: (young, old). O(1).
    pub fn linked_by_age(&self) -> (usize, usize) {
        let [value, foreign] = &self.links.lists;
        (value[0].len() + foreign[0].len(), value[1].len() + foreign[1].len())
    }

    /// Whether the current scope owns a container with a value-link.
    #[inline(always)]
    pub fn scope_has_linked(&self) -> bool {
        // SAFETY: the current level is below `scopes.len()`.
        unsafe { self.scopes.get_unchecked(self.level as usize) }.linked != 0
    }

    /// The current scope is about to be popped: what foreign objects want of it moves to level 1, with all that it reaches. To be called before the round of the scope's
    /// finalizers, and again when they have run. O(owned), and nothing if there is no value-link in the scope.
    pub fn rescue_linked(&mut self, base: usize) {
        if !self.scope_has_linked() || self.level == 1 {
            return;
        }
        for p in self.owned(base) {
            // SAFETY: owned values are live.
            if unsafe { (*p).cell.more } & more::VALUE_LINK != 0 && self.links.is_wanted(p) {
                self.upscope(Value::from_container(p), 1, Why::Store);
            }
        }
    }

    /// Everything is going to be destroyed: what is held is let go, and nothing is held from now on, until [`Heap::open_links`].
    pub(in crate::heap) fn close_links(&mut self) {
        self.links.closed = true;
        for (_, p) in self.links.values(true) {
            self.release_linked(p);
        }
    }

    pub(in crate::heap) fn open_links(&mut self) {
        self.links.closed = false;
    }

    /// Whether foreign counts keep a container, should its own fall to zero.
    pub(in crate::heap) unsafe fn is_wanted_outside(&self, p: *mut Container) -> bool {
        // SAFETY: the caller's: `p` is live.
        unsafe { (*p).cell.more & more::VALUE_LINK != 0 && self.links.is_wanted(p) }
    }
}
