//! Counts, probation and the sweep at the end of a statement.

use super::Heap;
use super::cell::{Cell, Container, Kind, bits};
use super::event::{By, Cause, Event};
use super::value::Value;

/// The low bit of an entry that is a counted reference to a protected temporary.
pub(super) const PROTECTION: usize = 1;
/// An entry whose value was freed before its statement ended, by [`Heap::sweep_now`].
pub(super) const VACANT: usize = 0;

impl Heap {
    /// A fresh container goes on probation in the statement in execution.
    #[inline(always)]
    pub(super) fn probation_atom(&mut self, p: *mut Cell) {
        // SAFETY: a fresh cell.
        unsafe { (*p).bits |= bits::ENTRY };
        self.probation.push(p as usize);
    }

    /// One more counted reference. At the first one a container moves from probation to its owner's list.
    #[inline(always)]
    pub fn incref(&mut self, value: Value) {
        if value.is_heap() {
            let p = value.cell();
            // SAFETY: `value` is live (I2).
            unsafe {
                (*p).count += 1;
                if value.is_container() {
                    let p = p as *mut Container;
                    if (*p).cell.bits & bits::LINKED == 0 {
                        self.link(p);
                    }
                    if self.tracing {
                        self.emit_ref(p);
                    }
                }
            }
        }
    }

    /// One counted reference less. A value that falls to zero dies at the end of the statement in execution, or, if it was on probation in
    /// a statement that is still suspended, at the end of that one.
    #[inline(always)]
    pub fn decref(&mut self, value: Value) {
        if value.is_heap() {
            let p = value.cell();
            // SAFETY: the reference given back was counted, so the cell is live.
            unsafe {
                debug_assert!(
                    (*p).count > 0 || (*p).bits & bits::DEAD != 0,
                    "a reference that was never counted is given back"
                );
                (*p).count -= 1;
                if self.tracing && value.is_container() {
                    self.emit_unref(p as *mut Container);
                }
                if (*p).count == 0 {
                    self.fell_to_zero(p);
                }
            }
        }
    }

    #[inline]
    fn fell_to_zero(&mut self, p: *mut Cell) {
        // SAFETY: `p` is live: at zero, but not freed before its entry is popped.
        unsafe {
            if (*p).bits & (bits::ENTRY | bits::DEAD | bits::BUILTIN) == 0 {
                (*p).bits |= bits::ENTRY;
                self.probation.push(p as usize);
            }
        }
    }

    /// Gives back a reference without letting the value die: at zero it is on probation in the statement in execution.
    pub fn unhand(&mut self, value: Value) {
        self.give_back_alive(value, false);
    }

    /// Counts a borrowed temporary until the end of the statement. One with an entry needs it not: it lives that long anyway.
    #[inline(always)]
    pub fn protect(&mut self, value: Value) {
        if value.is_heap() {
            // SAFETY: `value` is live (I2).
            if unsafe { (*value.cell()).bits } & (bits::ENTRY | bits::BUILTIN) == 0 {
                self.pin(value);
            }
        }
    }

    /// As [`Heap::protect`], one with an entry too: for what stands in no register, where [`Heap::sweep_now`] does not find it.
    #[inline]
    pub fn pin(&mut self, value: Value) {
        if value.is_heap() {
            if self.tracing {
                self.by = By::Temporary;
            }
            self.incref(value);
            self.probation.push(value.cell() as usize | PROTECTION | if value.is_container() { 2 } else { 0 });
        }
    }

    /// The length of the probation vector: a frame's base.
    #[inline(always)]
    pub fn base(&self) -> usize {
        self.probation.len()
    }

    /// The containers with an entry above `base` that are on no list: those that nothing has referred to since they came on probation.
    pub(super) fn unlinked(&self, base: usize) -> impl Iterator<Item = *mut Container> {
        let entries = self.probation[base..].iter().filter(|entry| **entry != VACANT && **entry & PROTECTION == 0);
        // SAFETY: a cell with an entry is live (I3).
        let unlinked = |p: &*mut Cell| unsafe { (**p).kind >= Kind::Object && (**p).bits & bits::LINKED == 0 };
        entries.map(|entry| *entry as *mut Cell).filter(unlinked).map(|p| p as *mut Container)
    }

    /// The end of a statement: what is protected above `base` is released, and what is still on probation there dies, newest first. O(entries).
    #[inline(always)]
    pub fn sweep(&mut self, base: usize) {
        if self.probation.len() > base {
            self.sweep_slow(base);
        }
    }

    #[cold]
    #[inline(never)]
    fn sweep_slow(&mut self, base: usize) {
        self.sweep_as(base, Cause::Zero);
    }

    /// A sweep in which what has fallen to zero dies for the given cause.
    pub(super) fn sweep_as(&mut self, base: usize, cause: Cause) {
        let freed = self.counters.freed;
        self.want_collection();
        self.sweep_entries(base, cause);
        if self.attention {
            self.after_sweep(freed);
        }
    }

    #[cold]
    #[inline(never)]
    fn after_sweep(&mut self, freed_before: u64) {
        if self.tracing && self.counters.freed != freed_before {
            let (level, dead) = (self.level, self.counters.freed - freed_before);
            self.emit(Event::Sweep { level, dead });
        }
        self.age_links();
    }

    fn sweep_entries(&mut self, base: usize, fallen: Cause) {
        while self.probation.len() > base {
            let Some(entry) = self.probation.pop() else { break };
            if entry == VACANT {
                continue;
            }
            let p = (entry & !3) as *mut Cell;
            // SAFETY: a cell with an entry is not freed before the entry is popped (I3), a protected one is counted.
            unsafe {
                let cause = if entry & PROTECTION != 0 {
                    (*p).count -= 1;
                    if self.tracing && entry & 2 != 0 {
                        self.by = By::Temporary;
                        self.emit_unref(p as *mut Container);
                    }
                    if (*p).bits & bits::ENTRY != 0 {
                        continue;
                    }
                    fallen
                } else {
                    (*p).bits &= !bits::ENTRY;
                    if (*p).bits & bits::LINKED == 0 { Cause::Sweep } else { fallen }
                };
                if (*p).count == 0 {
                    self.destroy(p, cause);
                }
            }
        }
    }

    /// Frees every value on probation, in any scope, from entry number `from` on, for which `keeps` is false: what no frame can still read. Finalizable ones fall.
    /// Returns how many containers died or fell. O(entries).
    pub fn sweep_now(&mut self, from: usize, keeps: &dyn Fn(Value) -> bool) -> u64 {
        let before = self.counters.freed + self.finalizers_fallen();
        for index in (from..self.probation.len()).rev() {
            let entry = self.probation[index];
            let p = (entry & !3) as *mut Cell;
            if entry == VACANT || entry & PROTECTION != 0 {
                continue;
            }
            // SAFETY: as in `sweep_entries`. The place stays, because frames remember lengths of the vector.
            unsafe {
                if (*p).count == 0 && !keeps(Heap::value_of(p)) {
                    self.probation[index] = VACANT;
                    (*p).bits &= !bits::ENTRY;
                    let cause = if (*p).bits & bits::LINKED == 0 { Cause::Sweep } else { Cause::Zero };
                    self.destroy(p, cause);
                }
            }
        }
        self.counters.freed + self.finalizers_fallen() - before
    }

    // ---- Events -----------------------------------------------------------------------------------------------

    #[cold]
    #[inline(never)]
    fn emit_ref(&mut self, p: *mut Container) {
        // SAFETY: `p` is live.
        let count = unsafe { (*p).cell.count };
        let id = self.id_of(p);
        if count == 1 {
            self.emit(Event::Unprobation { id: id.clone() });
        }
        if self.wants_counts() {
            let by = self.by.clone();
            self.emit(Event::Ref { id, from: count - 1, to: count, by });
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn emit_unref(&mut self, p: *mut Container) {
        if self.wants_counts() {
            // SAFETY: `p` is live.
            let count = unsafe { (*p).cell.count };
            let id = self.id_of(p);
            let by = self.by.clone();
            self.emit(Event::Unref { id, from: count + 1, to: count, by });
        }
    }
}

/// How a value in flight stood before it was held.
#[derive(Clone, Copy)]
pub struct InFlight {
    fresh: bool,
}

impl Heap {
    /// Holds a value that leaves scopes which are about to be popped (a result, an exception): it is up-scoped to the surviving level and counted, but not linked
    /// for that count, until it lands.
    pub fn hold_in_flight(&mut self, value: Value, level: u32, why: super::event::Why) -> InFlight {
        if !value.is_heap() {
            return InFlight { fresh: false };
        }
        // SAFETY: `value` is live (I2).
        let fresh = unsafe { (*value.cell()).count == 0 };
        self.upscope(value, level, why);
        // SAFETY: as above.
        unsafe { (*value.cell()).count += 1 };
        if self.tracing && !fresh && value.is_container() {
            self.by = By::Temporary;
            self.emit_ref(value.container());
        }
        InFlight { fresh }
    }

    /// Links a value in flight for its count: before code runs that may look at the whole heap.
    pub(crate) fn link_in_flight(&mut self, value: Value) {
        // SAFETY: the value is counted, so it is live.
        unsafe {
            if value.is_container() && (*value.cell()).bits & bits::LINKED == 0 {
                self.link(value.container());
            }
        }
    }

    /// Gives back the count of [`Heap::hold_in_flight`] without letting the value die: at zero it is on probation in the statement in execution.
    pub fn land(&mut self, value: Value, held: InFlight) {
        if self.tracing {
            self.by = By::Temporary;
        }
        self.give_back_alive(value, held.fresh);
    }

    /// One counted reference less; at zero the value is on probation. `silent`: it was there already, so nothing happened that a trace shows.
    fn give_back_alive(&mut self, value: Value, silent: bool) {
        if !value.is_heap() {
            return;
        }
        let p = value.cell();
        // SAFETY: the reference given back was counted, so the cell is live.
        unsafe {
            (*p).count -= 1;
            let shown = self.tracing && !silent && value.is_container();
            if shown {
                self.emit_unref(p as *mut Container);
            }
            if (*p).count > 0 || (*p).bits & bits::BUILTIN != 0 {
                return;
            }
            if value.is_container() && (*p).bits & bits::LINKED != 0 {
                self.unlink(p as *mut Container);
            }
            if shown {
                let id = self.id_of(p as *mut Container);
                self.emit(Event::Probation { id });
            }
            if (*p).bits & bits::ENTRY == 0 {
                (*p).bits |= bits::ENTRY;
                self.probation.push(p as usize);
            }
        }
    }

    /// Gives back a reference to an atom that no temporary can hold: at zero it is freed at once, unless it has an entry.
    #[inline(always)]
    pub(crate) fn decref_atom_now(&mut self, value: Value) {
        if value.is_heap() {
            let p = value.cell();
            // SAFETY: the reference given back was counted, so the cell is live.
            unsafe {
                (*p).count -= 1;
                if (*p).count == 0 && (*p).bits & (bits::ENTRY | bits::BUILTIN) == 0 {
                    if value.is_container() {
                        self.fell_to_zero(p);
                    } else {
                        self.destroy(p, Cause::Zero);
                    }
                }
            }
        }
    }

    /// Stores into a captured variable.
    #[inline(always)]
    pub(crate) fn set_variable(&mut self, variable: Value, value: Value) {
        let p = variable.container() as *mut super::cell::Variable;
        // SAFETY: a live variable (I2). The new value is counted before the old one is given back.
        unsafe {
            self.store_ref(p as *mut Container, value);
            let old = std::mem::replace(&mut (*p).value, value);
            self.decref(old);
        }
    }
}
