//! The tracing collector: frees cycles that are stranded in a scope which lives on.
//!
//! Everything else dies by its count or with its scope, so what is left for a tracer is little; it may look at values of every scope.
//! *Mark*: from the counted references outside the heap, the built-ins and every entry of the probation vector, with an explicit worklist. *Free*: what is on
//! a scope's list and was not reached is torn down through the same teardown as everywhere, newest first, with the dead kept readable in the delayed-destruction
//! queue until all are done. O(live + dead).

use super::Heap;
use super::cell::{Cell, Container, Kind, bits};
use super::event::{Cause, Event};
use super::probation::VACANT;
use super::value::Value;

/// Why a collection ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `gc.collect()`
    Explicit,
    /// Live bytes have grown past the factor since the last collection.
    Growth,
    /// Stress mode.
    Stress,
    /// Before the memory limit refuses.
    Limit,
}

/// When a collection is due by itself.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Live bytes may grow to this many times those left by the last collection, in percent.
    pub factor: u64,
    /// No collection below this many live bytes.
    pub floor: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { factor: 200, floor: 1 << 20 }
    }
}

impl Heap {
    /// Whether live bytes have grown so far that a collection should run at the next safepoint. O(1).
    #[inline]
    pub fn collection_is_due(&self) -> bool {
        self.arena.bytes > self.collect_above
    }

    /// Marks from `roots` (the counted references from outside the heap) and frees what no root reaches. Returns how many containers died. O(live + dead).
    pub fn collect(&mut self, roots: &[Value], why: Reason) -> u64 {
        let (live, bytes) = (self.live_containers(), self.arena.bytes);
        if self.tracing {
            self.emit(Event::CollectBegin { why, live, bytes });
        }
        let marked = self.mark(roots);
        if self.tracing {
            self.emit(Event::CollectMark { marked });
        }
        let freed = self.free_unmarked();
        if self.tracing {
            self.emit(Event::CollectEnd { freed });
        }
        // What the stress mode does on top changes nothing that a script can see.
        if why != Reason::Stress {
            self.counters.collections += 1;
            let pace = self.settings.pace;
            self.collect_above = (self.arena.bytes / 100).saturating_mul(pace.factor).max(pace.floor);
        }
        freed
    }

    /// Sets `MARK` on every container that a root reaches. Returns how many.
    fn mark(&mut self, roots: &[Value]) -> u64 {
        let mut pending: Vec<*mut Container> = Vec::new();
        let mut marked = 0;
        // SAFETY: roots, entries and what live containers refer to are live (I2, I3).
        unsafe {
            let mut visit = |p: *mut Container, pending: &mut Vec<*mut Container>| {
                if (*p).cell.bits & bits::MARK == 0 {
                    (*p).cell.bits |= bits::MARK;
                    marked += 1;
                    pending.push(p);
                }
            };
            for value in roots.iter().filter(|value| value.is_container()) {
                visit(value.container(), &mut pending);
            }
            for entry in self.probation.iter().filter(|entry| **entry != VACANT) {
                let p = (entry & !3) as *mut Cell;
                if (*p).kind >= Kind::Object {
                    visit(p as *mut Container, &mut pending);
                }
            }
            let mut builtin = self.scopes[0].head;
            while !builtin.is_null() {
                visit(builtin, &mut pending);
                builtin = (*builtin).next;
            }
            while let Some(p) = pending.pop() {
                self.for_each_child(p, |_, child| {
                    if child.is_container() {
                        visit(child.container(), &mut pending);
                    }
                });
            }
        }
        marked
    }

    /// Destroys every container without `MARK` and clears the mark of the others.
    fn free_unmarked(&mut self) -> u64 {
        let before = self.counters.freed;
        let mut dead: Vec<*mut Container> = Vec::new();
        // SAFETY: what is on a list is live (I4). A dead one stays readable in the delayed-destruction queue until all are done; nothing marked refers to one.
        unsafe {
            for level in 0..=self.level as usize {
                let mut p = self.scopes[level].head;
                while !p.is_null() {
                    if (*p).cell.bits & bits::MARK == 0 {
                        dead.push(p);
                    }
                    (*p).cell.bits &= !bits::MARK;
                    p = (*p).next;
                }
            }
            for entry in self.probation.iter().filter(|entry| **entry != VACANT) {
                (*((entry & !3) as *mut Cell)).bits &= !bits::MARK;
            }
            dead.sort_unstable_by_key(|p| std::cmp::Reverse((**p).id()));
            let outermost = !self.delaying;
            self.delaying = true;
            for p in dead {
                if (*p).cell.bits & bits::DEAD == 0 {
                    (*p).cell.count = 0;
                    self.destroy(p as *mut Cell, Cause::Cycle);
                }
            }
            if outermost {
                self.delaying = false;
                self.destroy_delayed();
            }
        }
        self.counters.freed - before
    }
}
