//! Scopes: pushing, up-scoping, popping.

use std::ptr::null_mut;

use super::cell::{Container, MAX_LEVEL, bits, more};
use super::event::{Cause, Event, Why};
use super::value::Value;
use super::{Heap, Scope};

impl Heap {
    /// Pushes a scope: it becomes the current one. O(1).
    #[inline(always)]
    pub fn push_scope(&mut self) {
        self.level += 1;
        if self.level as usize >= self.scopes.len() {
            self.grow_scopes();
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_scopes(&mut self) {
        assert!(self.level < MAX_LEVEL, "the machine's depth limits keep levels below 2^24");
        let len = self.scopes.len();
        self.scopes.resize(len * 2, Scope::EMPTY);
    }

    #[cold]
    #[inline(never)]
    pub fn emit_push(&mut self, what: &'static str, name: &str) {
        let level = self.level;
        self.emit(Event::ScopePush { level, what, name: name.to_string() });
    }

    /// Puts a container on its owner's list of longer-lived values.
    ///
    /// # Safety
    /// `p` is live and not linked.
    #[inline(always)]
    pub(super) unsafe fn link(&mut self, p: *mut Container) {
        // SAFETY: the caller's; neighbours on a list are live (I4). A level is below `scopes.len()` (I0).
        unsafe {
            let scope = self.scopes.get_unchecked_mut((*p).level() as usize);
            (*p).prev = null_mut();
            (*p).next = scope.head;
            if !scope.head.is_null() {
                (*scope.head).prev = p;
            }
            scope.head = p;
            (*p).cell.bits |= bits::LINKED;
        }
    }

    /// Takes a container off its owner's list. O(1).
    ///
    /// # Safety
    /// `p` is linked.
    #[inline(always)]
    pub(super) unsafe fn unlink(&mut self, p: *mut Container) {
        // SAFETY: neighbours on a list are live (I4).
        unsafe {
            let (prev, next) = ((*p).prev, (*p).next);
            if prev.is_null() {
                self.scopes.get_unchecked_mut((*p).level() as usize).head = next;
            } else {
                (*prev).next = next;
            }
            if !next.is_null() {
                (*next).prev = prev;
            }
            (*p).cell.bits &= !bits::LINKED;
        }
    }

    /// What is on the list of a level, newest to come there first. Nothing is put on it or taken off while it is walked.
    pub(super) fn list(&self, level: usize) -> impl Iterator<Item = *mut Container> + use<> {
        let next = |p: *mut Container| (!p.is_null()).then_some(p);
        // SAFETY: what is on a list is live (I4).
        std::iter::successors(next(self.scopes[level].head), move |p| next(unsafe { (**p).next }))
    }

    /// Up-scoping: `value` and all that it reaches move to the scope at `level`, unless they are there or older. O(moved).
    #[inline(always)]
    pub fn upscope(&mut self, value: Value, level: u32, why: Why) {
        if value.is_container() {
            let p = value.container();
            // SAFETY: `value` is live (I2).
            if unsafe { (*p).level() } > level {
                self.upscope_slow(p, level, why);
            }
        }
    }

    /// The worklist is the target's own list: what is moved is put in front of the head, and a scan runs from the first one moved towards the head until it has
    /// caught up (as Cheney's collector scans its to-space). No memory is needed, and no recursion.
    #[inline(never)]
    fn upscope_slow(&mut self, p: *mut Container, level: u32, why: Why) {
        match self.unusual {
            false => self.upscope_all::<false>(p, level, why),
            true => self.upscope_all::<true>(p, level, why),
        }
    }

    #[inline(always)]
    fn upscope_all<const UNUSUAL: bool>(&mut self, p: *mut Container, level: u32, why: Why) {
        // SAFETY: `p` is live; what a live container refers to is live; moving keeps I4, and I1 holds again at the end
        // because everything reached has been moved.
        unsafe {
            let linked = (*p).cell.bits & bits::LINKED != 0;
            self.rescope::<UNUSUAL>(p, level, why);
            let mut first: *mut Container = if linked { p } else { null_mut() };
            if !linked {
                let mut visit = |heap: &mut Heap, child: Value| {
                    if child.is_container() && (*child.container()).level() > level {
                        let c = child.container();
                        heap.rescope::<UNUSUAL>(c, level, why);
                        if first.is_null() {
                            first = c;
                        }
                    }
                };
                if UNUSUAL {
                    self.for_each_child_aside(p, &mut visit);
                }
                self.for_each_child_inside(p, visit);
            }
            let mut scan = first;
            while !scan.is_null() {
                let mut visit = |heap: &mut Heap, child: Value| {
                    if child.is_container() && (*child.container()).level() > level {
                        heap.rescope::<UNUSUAL>(child.container(), level, why);
                    }
                };
                if UNUSUAL {
                    self.for_each_child_aside(scan, &mut visit);
                }
                self.for_each_child_inside(scan, visit);
                scan = (*scan).prev;
            }
        }
    }

    #[inline(always)]
    unsafe fn rescope<const UNUSUAL: bool>(&mut self, p: *mut Container, level: u32, why: Why) {
        // SAFETY: the caller's: `p` is live.
        unsafe {
            if self.tracing {
                let (id, from) = (self.id_of(p), (*p).level());
                self.emit(Event::Rescope { id, from, to: level, why });
            }
            if UNUSUAL && (*p).cell.more & (more::FINALIZABLE | more::VALUE_LINK) != 0 {
                self.move_counted(p, level);
            }
            if (*p).cell.bits & bits::LINKED != 0 {
                self.unlink(p);
                (*p).set_level(level);
                self.link(p);
            } else {
                (*p).set_level(level);
            }
        }
    }

    /// F2, L
    #[cold]
    #[inline(never)]
    unsafe fn move_counted(&mut self, p: *mut Container, level: u32) {
        // SAFETY: the caller's: `p` is live.
        let (from, flags) = unsafe { ((*p).level(), (*p).cell.more) };
        let (finalizable, linked) =
            (u32::from(flags & more::FINALIZABLE != 0), u32::from(flags & more::VALUE_LINK != 0));
        self.scopes[from as usize].finalizable -= finalizable;
        self.scopes[from as usize].linked -= linked;
        self.scopes[level as usize].finalizable += finalizable;
        self.scopes[level as usize].linked += linked;
    }

    /// Whether popping the current scope has nothing to do but to lower the level. Only if there is no `attention`: a trace shows every pop.
    #[inline(always)]
    pub fn scope_is_empty(&self, base: usize) -> bool {
        // SAFETY: the current level is below `scopes.len()`.
        self.probation.len() == base && unsafe { self.scopes.get_unchecked(self.level as usize) }.head.is_null()
    }

    /// Lowers the level: only if [`Heap::scope_is_empty`].
    #[inline(always)]
    pub fn pop_empty_scope(&mut self) {
        self.level -= 1;
    }

    /// Pops the current scope. Its finalizers have run (F1), what foreign objects want has been rescued, its variables have been unreferenced and what leaves it has been up-scoped and is counted. The probationary values above
    /// `base` are swept; then the head of the scope's list is unreferenced, again and again, until there is no head. False: by the sweep, finalizable values have fallen
    /// to zero; they have their round before anything else happens, and then this is to be called again.
    #[must_use]
    pub fn pop_scope(&mut self, base: usize) -> bool {
        if self.probation.len() > base {
            self.sweep_as(base, Cause::Pop);
            if self.has_fallen() {
                return false;
            }
        }
        self.pop_scope_as(base, Cause::Pop);
        true
    }

    #[inline(never)]
    pub(super) fn pop_scope_as(&mut self, base: usize, cause: Cause) {
        let level = self.level as usize;
        debug_assert!(self.scopes[level].finalizable == 0 || self.finalizers_are_closed(), "F1");
        let outermost = !self.delaying;
        self.delaying = true;
        loop {
            let head = self.scopes[level].head;
            if head.is_null() {
                break;
            }
            // SAFETY: heads are live (I4). None has a finalizer: `destroy` would put it aside again and again. By I1 only containers of this scope can still refer to it, and they are all going; what dies
            // stays readable in the delayed-destruction queue until the pop is done.
            unsafe { self.unref_head(head, cause) };
        }
        if outermost {
            self.delaying = false;
            self.destroy_delayed();
        }
        // An older scope's value that fell to zero by this is on probation at the end of the vector.
        self.sweep(base);
        if self.missed_bytes != 0
            && let Some(missed) = self.missed.get_mut(level)
        {
            self.missed_bytes -= std::mem::take(missed);
        }
        if self.tracing {
            let level = self.level;
            self.emit(Event::ScopePop { level });
        }
        self.level -= 1;
    }

    unsafe fn unref_head(&mut self, head: *mut Container, cause: Cause) {
        // SAFETY: see `pop_scope_as`.
        unsafe {
            loop {
                if self.tracing {
                    let id = self.id_of(head);
                    self.emit(Event::UnrefHead { id });
                }
                (*head).cell.count = (*head).cell.count.saturating_sub(1);
                if (*head).cell.count == 0 {
                    break;
                }
            }
            let cause = match cause {
                Cause::Pop => Cause::Cycle,
                other => other,
            };
            // What is at zero with an entry would die at the sweep that follows; the scope goes first.
            self.destroy(head as *mut super::cell::Cell, cause);
        }
    }

    /// Pops scopes until `level` is current, sweeping down to `base`.
    pub fn unwind_to(&mut self, level: u32, base: usize, cause: Cause) {
        if level == 0 {
            self.close_links();
        }
        while self.level > level {
            self.sweep_as(base, cause);
            self.pop_scope_as(base, cause);
        }
        self.sweep(base);
        if level == 0 {
            self.open_links();
        }
    }
}
