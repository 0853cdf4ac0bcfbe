//! The tracing collector: finds cycles that are stranded in a scope which lives on.
//!
//! Everything else dies by its count or with its scope, so what is left for a tracer is little; it may look at values of every scope.
//! 1. *Mark*: from the counted references outside the heap, the built-ins, what links hold and every entry of the probation vector, with an explicit worklist. What a weak
//!    key holds is reached when both the key and the collection are. What foreign objects want and was not reached is held by its link from then on.
//! 2. *Queue*: what has a finalizer and was not reached is due, in the order of `order`; it and what it reaches live on until that has run. Weak references to all
//!    that was not reached are cleared.
//! 3. *Free*: the rest of what is on a scope's list and was not reached is torn down through the same teardown as everywhere, newest first, with the dead kept
//!    readable in the delayed-destruction queue until all are done.
//!
//! When the finalizers have run, [`Heap::finish_round`] marks again, and frees what they have not resurrected. O(live + dead).

use super::Heap;
use super::cell::{Cell, Container, Kind, bits, more};
use super::event::{By, Cause, Event};
use super::finalize::Due;
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
        self.arena.bytes + self.missed_bytes > self.collect_above
    }

    /// Asks for a collection at the next safepoint, if one is due. O(1).
    #[inline]
    pub fn want_collection(&mut self) {
        if self.collection_is_due() {
            self.collection_wanted = true;
            self.attention = true;
        }
    }

    /// Whether a collection was asked for and still is due. Not just the latter: safepoints that only a trace or the stress mode looks at must not bring it forward. O(1).
    pub fn takes_collection(&mut self) -> bool {
        std::mem::replace(&mut self.collection_wanted, false) && self.collection_is_due()
    }

    /// Marks from `roots` (the counted references from outside the heap), queues the finalizers of what no root reaches, and frees the rest of it. O(live + dead).
    pub fn collect(&mut self, roots: &[Value], why: Reason) -> Collected {
        let stress = why == Reason::Stress;
        if stress
            && !(self.weak.is_empty()
                && self.links.is_empty()
                && self.scopes.iter().all(|scope| scope.finalizable == 0))
        {
            // What the stress mode does on top must change nothing that can be seen: not when a finalizer or a deallocator runs, nor when a weak reference is cleared.
            return Collected::default();
        }
        let built_in = self.built_in_containers();
        if self.tracing {
            let (live, bytes) = (self.live_containers() - built_in, self.live_bytes());
            self.emit(Event::CollectBegin { why, live, bytes });
        }
        self.age_links();
        // What is on no list by that has an entry: it lives to the end of the statement.
        self.release_links();
        let marked = self.mark(roots);
        if self.tracing {
            self.emit(Event::CollectMark { marked: marked - built_in });
        }
        let dead = self.unmarked();
        let found = dead.len() as u64;
        // SAFETY: what was not reached is still live and whole.
        let due = unsafe {
            let due = self.queue_dying(&dead, |p| (*p).cell.bits & bits::MARK == 0);
            for &p in &dead {
                if (*p).cell.more != 0 {
                    self.clear_weak(p);
                }
            }
            due
        };
        let spared: Vec<*mut Container> =
            due.iter().flat_map(Due::held).filter(|value| value.is_container()).map(Value::container).collect();
        self.mark_from(spared);
        let freed = self.free_unmarked(dead, stress);
        if self.tracing {
            self.emit(Event::CollectEnd { freed });
        }
        if !stress {
            self.counters.collections += 1;
            self.set_pace();
        }
        Collected { found, due }
    }

    fn set_pace(&mut self) {
        self.missed.clear();
        self.missed_bytes = 0;
        let pace = self.settings.pace;
        self.collect_above = (self.arena.bytes / 100).saturating_mul(pace.factor).max(pace.floor);
    }

    /// Ends the round of a collection, whose finalizers have been called: marks from `roots`, which have nothing of `round`, gives back what the round held, and frees
    /// what was not resurrected. What has a finalizer again waits for the next collection. O(live + dead).
    pub fn finish_round(&mut self, roots: &[Value], round: Vec<Due>) {
        self.mark(roots);
        // SAFETY: what the round held is counted, so it is live.
        unsafe {
            for due in &round {
                if self.tracing && (*due.value.cell()).bits & bits::MARK != 0 {
                    let id = self.id_of(due.value.container());
                    self.emit(Event::Resurrect { id });
                }
            }
            let dead = self.unmarked();
            let again = |p: &*mut Container| (**p).cell.more & more::FINALIZABLE != 0;
            let again: Vec<*mut Container> = dead.iter().copied().filter(again).collect();
            self.mark_from(again);
            for value in round.iter().flat_map(Due::held) {
                self.by_queue();
                if value.is_container() && (*value.cell()).bits & bits::MARK == 0 {
                    (*value.cell()).count -= 1;
                    if self.tracing {
                        self.emit_unref(value.container());
                    }
                } else {
                    self.decref(value);
                }
            }
            self.free_unmarked(dead, false);
        }
        self.set_pace();
    }

    /// Sets `MARK` on every container that a root or a link reaches. Returns how many.
    fn mark(&mut self, roots: &[Value]) -> u64 {
        let mut pending: Vec<*mut Container> = Vec::new();
        pending.extend(roots.iter().filter(|value| value.is_container()).map(|value| value.container()));
        // SAFETY: what has an entry or is protected is live (I3).
        unsafe {
            for entry in self.probation.iter().filter(|entry| **entry != VACANT) {
                let p = (entry & !3) as *mut Cell;
                if (*p).kind >= Kind::Object {
                    pending.push(p as *mut Container);
                }
            }
        }
        pending.extend(self.list(0));
        pending.extend(self.held_values().map(|(_, value)| value.container()));
        let mut marked = self.mark_from(pending);
        self.hold_unmarked(|heap, p| marked += heap.mark_from(vec![p]));
        marked
    }

    /// The same from some containers. Returns how many were not marked before.
    fn mark_from(&mut self, from: Vec<*mut Container>) -> u64 {
        let mut pending = from;
        let mut marked = 0;
        let weak = !self.weak.is_empty();
        // SAFETY: what live containers refer to is live.
        unsafe {
            pending.retain(|p| {
                let fresh = (**p).cell.bits & bits::MARK == 0;
                (**p).cell.bits |= bits::MARK;
                fresh
            });
            while let Some(p) = pending.pop() {
                marked += 1;
                let mut visit = |child: Value| {
                    if child.is_container() {
                        let c = child.container();
                        if (*c).cell.bits & bits::MARK == 0 {
                            (*c).cell.bits |= bits::MARK;
                            pending.push(c);
                        }
                    }
                };
                self.for_each_child_inside(p, |_, child| visit(child));
                if (*p).cell.more & more::LISTED != 0
                    && let Some(function) = self.finalizer_function(p)
                {
                    visit(function);
                }
                if weak {
                    self.for_each_ephemeron(p, visit);
                }
            }
        }
        marked
    }

    /// The containers on a scope's list that have no `MARK`, newest first.
    fn unmarked(&self) -> Vec<*mut Container> {
        let lists = (0..=self.level as usize).flat_map(|level| self.list(level));
        // SAFETY: what is on a list is live (I4).
        unsafe {
            let mut dead: Vec<*mut Container> = lists.filter(|p| (**p).cell.bits & bits::MARK == 0).collect();
            dead.sort_unstable_by_key(|p| std::cmp::Reverse((**p).id()));
            dead
        }
    }

    /// Destroys those of `dead` that still have no `MARK`, and clears the mark of all others. `missed`: their bytes count as if they were still there, until their
    /// scope is popped, so that the next collection by growth comes when it would have come.
    fn free_unmarked(&mut self, dead: Vec<*mut Container>, missed: bool) -> u64 {
        let before = self.counters.freed;
        // SAFETY: what is on a list is live (I4). A dead one stays readable in the delayed-destruction queue until all are done; nothing marked refers to one.
        unsafe {
            let dead: Vec<*mut Container> = dead.into_iter().filter(|p| (**p).cell.bits & bits::MARK == 0).collect();
            for level in 0..=self.level as usize {
                self.list(level).for_each(|p| (*p).cell.bits &= !bits::MARK);
            }
            for entry in self.probation.iter().filter(|entry| **entry != VACANT) {
                (*((entry & !3) as *mut Cell)).bits &= !bits::MARK;
            }
            let outermost = !self.delaying;
            self.delaying = true;
            // What foreign objects want was marked, and what was marked is counted or has an entry.
            let closed = std::mem::replace(&mut self.links.closed, true);
            for p in dead {
                let before = self.arena.bytes;
                if (*p).cell.bits & bits::DEAD == 0 {
                    while (*p).cell.count > 0 {
                        (*p).cell.count -= 1;
                        if self.tracing {
                            self.by = By::Cycle;
                            self.emit_unref(p);
                        }
                    }
                    self.destroy(p as *mut Cell, Cause::Cycle);
                }
                if missed {
                    // The cell itself is freed at the end.
                    let (level, freed) = ((*p).level() as usize, before - self.arena.bytes + Self::cell_size(p) as u64);
                    self.missed.resize(self.missed.len().max(level + 1), 0);
                    self.missed[level] += freed;
                    self.missed_bytes += freed;
                }
            }
            self.links.closed = closed;
            if outermost {
                self.delaying = false;
                self.destroy_delayed();
            }
        }
        self.counters.freed - before
    }
}

/// What a collection found.
#[derive(Default)]
pub struct Collected {
    /// Containers that no root reached, those whose finalizers are due included.
    pub found: u64,
    /// The finalizers that are due, in order.
    pub due: Vec<Due>,
}
