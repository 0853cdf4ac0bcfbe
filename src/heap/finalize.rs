//! Finalizers: which are registered, and which of them one round calls in what order. Calling them is the machine's part (`vm::finalize`).
//!
//! # Data layout
//! A container with a finalizer has the flag `FINALIZABLE`, and its scope counts it. The finalizer is a function of the script or of the host in
//! `listed` (flag `LISTED`), or the method `finalize` of its class. Registration ends when the call is queued: what is due is a [`Due`], which holds the
//! value and the function by counted references of its own.
//!
//! # Invariants
//! - **F1** No finalizable value is destroyed: at zero it *falls*, which queues it (`Heap::fall`); a pop and a collection queue those they find
//!   dying before they destroy anything. Only [`Heap::forsake_fallen`] and [`Heap::forsake_scope`] take a registration away
//!   unused.
//! - **F2** A scope's `finalizable` is the number of finalizable containers at its level.

use std::any::Any;
use std::cmp::Reverse;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Heap;
use super::cell::{Container, bits, more};
use super::event::{Event, Id};
use super::order::Dying;
use super::value::Value;

/// A finalizer.
#[derive(Clone)]
pub enum Finalizer {
    /// The method `finalize` of the value's class: called with the value as `this`.
    Method,
    /// A function of the script: called with the value.
    Function(Value),
    /// A function of the host, as the machine knows it.
    Host(Arc<dyn Any + Send + Sync>),
}

/// A finalizer that is due: its registration is used up. It holds its value, and the function, by a counted reference each.
#[derive(Clone)]
pub struct Due {
    pub value: Value,
    pub finalizer: Finalizer,
}

impl Due {
    /// What it counts.
    pub fn held(&self) -> impl Iterator<Item = Value> {
        let function = match self.finalizer {
            Finalizer::Function(function) => Some(function),
            _ => None,
        };
        std::iter::once(self.value).chain(function)
    }
}

/// A moment in the order of registrations.
#[derive(Clone, Copy)]
pub struct Moment {
    id: u64,
    registrations: u64,
}

/// The heap's side of finalizers.
#[derive(Default)]
pub(super) struct Finalizers {
    /// With the number of the registration.
    listed: FxHashMap<*mut Container, (Finalizer, u64)>,
    /// Registrations of listed finalizers so far.
    registrations: u64,
    /// Fallen to zero and not yet queued, each counted once for being here.
    fallen: Vec<*mut Container>,
    /// Nothing is queued any more: the heap is being dropped.
    closed: bool,
}

impl Finalizers {
    /// About how many bytes the list takes.
    pub(super) fn listed_bytes(&self) -> usize {
        self.listed.capacity() * (size_of::<(*mut Container, (Finalizer, u64))>() + 1) * 8 / 7
            + self.fallen.capacity() * size_of::<*mut Container>()
    }
}

impl Heap {
    // ---- Registration ---------------------------------------------------------------------------------------------

    /// Registers a finalizer for a container, instead of the one it may have. A function is held by a counted reference.
    pub fn register_finalizer(&mut self, value: Value, finalizer: Finalizer) {
        debug_assert!(value.is_container());
        let p = value.container();
        self.unregister_finalizer(value);
        // SAFETY: a live container (I2).
        unsafe {
            if (*p).cell.bits & bits::BUILTIN != 0 {
                return;
            }
            self.unusual = true;
            (*p).cell.more |= more::FINALIZABLE;
            self.scopes[(*p).level() as usize].finalizable += 1;
            if let Finalizer::Function(function) = finalizer {
                self.by_inner(p, "(finalizer)");
                self.store_ref(p, function);
            }
            if !matches!(finalizer, Finalizer::Method) {
                (*p).cell.more |= more::LISTED;
                self.finalizers.registrations += 1;
                self.finalizers.listed.insert(p, (finalizer, self.finalizers.registrations));
            }
        }
    }

    /// Registers the method of its class for a new instance, unless its constructor has decided otherwise.
    pub fn register_method(&mut self, instance: Value) {
        let p = instance.container();
        // SAFETY: a live container (I2).
        unsafe {
            if (*p).cell.more & (more::DECIDED | more::FINALIZABLE) == 0 {
                self.register_finalizer(instance, Finalizer::Method);
            }
        }
    }

    /// Takes the registration of a container away, if it has one.
    pub fn unregister_finalizer(&mut self, value: Value) {
        if let Some(Finalizer::Function(function)) = self.take_finalizer(value.container()) {
            self.by_inner(value.container(), "(finalizer)");
            self.decref(function);
        }
    }

    /// From now on only the script registers a finalizer for this container, not its class.
    pub fn decide_finalizer(&mut self, value: Value) {
        // SAFETY: a live container (I2).
        unsafe { (*value.cell()).more |= more::DECIDED };
    }

    /// Ends a registration; the reference to a function passes to the caller.
    fn take_finalizer(&mut self, p: *mut Container) -> Option<Finalizer> {
        // SAFETY: the callers': `p` is live.
        unsafe {
            let flags = (*p).cell.more;
            if flags & more::FINALIZABLE == 0 {
                return None;
            }
            (*p).cell.more &= !(more::FINALIZABLE | more::LISTED);
            self.scopes[(*p).level() as usize].finalizable -= 1;
            if flags & more::LISTED == 0 {
                return Some(Finalizer::Method);
            }
        }
        self.finalizers.listed.remove(&p).map(|(finalizer, _)| finalizer)
    }

    /// A moment, for [`Heap::has_fallen_since`].
    pub fn registration_moment(&self) -> Moment {
        Moment { id: self.next_id, registrations: self.finalizers.registrations }
    }

    /// Whether a container was made before a moment.
    pub fn is_older(&self, value: Value, moment: Moment) -> bool {
        // SAFETY: a live container (I2).
        unsafe { (*value.container()).id() < moment.id }
    }

    /// Whether a finalizer was registered after a moment.
    fn registered_since(&self, p: *mut Container, moment: Moment) -> bool {
        match self.finalizers.listed.get(&p) {
            Some((_, number)) => *number > moment.registrations,
            // SAFETY: the callers': `p` is live.
            None => unsafe { (*p).id() >= moment.id },
        }
    }

    /// The function that a registered finalizer holds.
    pub(super) fn finalizer_function(&self, p: *mut Container) -> Option<Value> {
        match self.finalizers.listed.get(&p) {
            Some((Finalizer::Function(function), _)) => Some(*function),
            _ => None,
        }
    }

    pub(super) fn has_listed_finalizer(&self, p: *mut Container) -> bool {
        self.finalizers.listed.contains_key(&p)
    }

    /// A container with a listed finalizer is freed without it having been called: only when the heap is dropped.
    pub(super) fn forget_finalizer(&mut self, p: *mut Container) {
        self.finalizers.listed.remove(&p);
    }

    /// No finalizer is called any more.
    pub(super) fn close_finalizers(&mut self) {
        self.finalizers.closed = true;
        for p in std::mem::take(&mut self.finalizers.fallen) {
            self.decref(Value::from_container(p));
        }
    }

    pub(super) fn finalizers_are_closed(&self) -> bool {
        self.finalizers.closed
    }

    // ---- Falling to zero --------------------------------------------------------------------------------------------

    /// A value without references is to be destroyed: if it has a finalizer, it is put aside instead for the round at the end of the statement.
    ///
    /// # Safety
    /// `p` is live, has no entry, and its count is zero.
    pub(super) unsafe fn fall(&mut self, p: *mut Container) -> bool {
        // SAFETY: the caller's.
        unsafe {
            if (*p).cell.more & more::FINALIZABLE == 0 || self.finalizers.closed {
                return false;
            }
        }
        self.hold_due(Value::from_container(p));
        self.finalizers.fallen.push(p);
        self.attention = true;
        true
    }

    fn hold_due(&mut self, value: Value) {
        self.by_queue();
        self.incref(value);
    }

    /// Gives back what a finalizer held that has been called. True if something still refers to its value.
    pub fn release_due(&mut self, due: &Due) -> bool {
        for value in due.held() {
            self.by_queue();
            self.decref(value);
        }
        // SAFETY: a container that has just been given back is live: at zero it has an entry.
        unsafe { (*due.value.cell()).count > 0 }
    }

    /// Whether finalizable values have fallen to zero and wait for their round.
    #[inline(always)]
    pub fn has_fallen(&self) -> bool {
        !self.finalizers.fallen.is_empty()
    }

    pub(super) fn finalizers_fallen(&self) -> u64 {
        self.finalizers.fallen.len() as u64
    }

    /// What waits for its round, each counted once: roots.
    pub fn fallen_values(&self) -> impl Iterator<Item = Value> {
        self.finalizers.fallen.iter().map(|p| Value::from_container(*p))
    }

    /// The round of those that have fallen to zero, newest first. Weak references to what dies with them are cleared.
    pub fn queue_fallen(&mut self) -> Vec<Due> {
        let mut fallen = std::mem::take(&mut self.finalizers.fallen);
        // SAFETY: what has fallen is counted, so it is live.
        fallen.sort_unstable_by_key(|p| Reverse(unsafe { (**p).id() }));
        self.clear_weak_to_doomed(&fallen);
        let due = fallen.iter().map(|p| self.queue_one(*p)).collect::<Vec<_>>();
        self.emit_queued(&due);
        due
    }

    /// Whether one of those that wait was registered after a moment.
    pub fn has_fallen_since(&self, moment: Moment) -> bool {
        self.finalizers.fallen.iter().any(|p| self.registered_since(*p, moment))
    }

    /// Those that wait and were registered after a moment lose their registration uncalled. They die at the end of the statement.
    pub fn forsake_fallen(&mut self, moment: Moment) -> Vec<Value> {
        let fallen = std::mem::take(&mut self.finalizers.fallen);
        let (late, rest): (Vec<_>, Vec<_>) = fallen.into_iter().partition(|p| self.registered_since(*p, moment));
        self.finalizers.fallen = rest;
        let late: Vec<Value> = late.into_iter().map(Value::from_container).collect();
        for value in &late {
            self.unregister_finalizer(*value);
            self.by_queue();
            self.decref(*value);
        }
        late
    }

    /// The registration becomes a [`Due`]. The value is counted for it already.
    fn queue_one(&mut self, p: *mut Container) -> Due {
        let finalizer = self.take_finalizer(p).unwrap_or(Finalizer::Method);
        if let Finalizer::Function(function) = finalizer {
            // The queue's reference takes the place of the value's.
            self.by_queue();
            self.incref(function);
            self.by_inner(p, "(finalizer)");
            self.decref(function);
        }
        Due { value: Value::from_container(p), finalizer }
    }

    fn emit_queued(&mut self, due: &[Due]) {
        if self.tracing {
            for (order, due) in due.iter().enumerate() {
                let id = self.id_of(due.value.container());
                self.emit(Event::FinalQueue { id, order: order as u64 + 1 });
            }
        }
    }

    // ---- Rounds of a scope and of a collection ----------------------------------------------------------------------

    /// Whether the current scope owns a value with a finalizer.
    #[inline(always)]
    pub fn scope_has_finalizers(&self) -> bool {
        // SAFETY: the current level is below `scopes.len()`.
        unsafe { self.scopes.get_unchecked(self.level as usize) }.finalizable != 0
    }

    /// Whether leaving the current scope takes more than giving back its variables and popping it: rounds of finalizers, or [`Heap::rescue_linked`].
    #[inline(always)]
    pub fn scope_wants_care(&self) -> bool {
        // SAFETY: the current level is below `scopes.len()`.
        let scope = unsafe { self.scopes.get_unchecked(self.level as usize) };
        self.attention || self.unusual && scope.finalizable | scope.linked != 0
    }

    /// The containers that the current scope owns; those on probation stand above `base`.
    pub(super) fn owned(&self, base: usize) -> Vec<*mut Container> {
        let level = self.level;
        // SAFETY: what has an entry is live (I3).
        let unlinked = self.unlinked(base).filter(|p| unsafe { (**p).level() } == level);
        self.list(level as usize).chain(unlinked).collect()
    }

    /// The round of the current scope, which is about to be popped: all of its finalizable values, in order. Weak references to what it owns are cleared.
    /// O(owned + references + finalizable · log finalizable).
    pub fn queue_scope(&mut self, base: usize) -> Vec<Due> {
        let owned = self.owned(base);
        let level = self.level;
        // SAFETY: owned values are live.
        let due = self.queue_dying(&owned, |p| unsafe { (*p).level() == level });
        for p in owned {
            // SAFETY: as above.
            unsafe { self.clear_weak(p) };
        }
        due
    }

    /// The finalizable values of the current scope lose their registration uncalled.
    pub fn forsake_scope(&mut self, base: usize) -> Vec<Value> {
        // SAFETY: owned values are live.
        let finalizable = |p: &*mut Container| unsafe { (**p).cell.more & more::FINALIZABLE != 0 };
        let mut left: Vec<*mut Container> = self.owned(base).into_iter().filter(finalizable).collect();
        // SAFETY: as above.
        left.sort_unstable_by_key(|p| Reverse(unsafe { (**p).id() }));
        left.into_iter()
            .map(|p| {
                let value = Value::from_container(p);
                self.unregister_finalizer(value);
                value
            })
            .collect()
    }

    /// Queues the finalizable ones of `dying` in the order of `order`. `dies` says what else of what they reach is dying.
    pub(super) fn queue_dying(&mut self, dying: &[*mut Container], dies: impl Fn(*mut Container) -> bool) -> Vec<Due> {
        // SAFETY: dying values are still live and whole, and so is what they refer to.
        let age = |p: *mut Container| unsafe { ((*p).cell.more & more::FINALIZABLE != 0).then(|| (*p).id()) };
        let mut nodes: Vec<*mut Container> = dying.iter().copied().filter(|p| age(*p).is_some()).collect();
        if nodes.len() > 1 {
            let mut index: FxHashMap<*mut Container, u32> = FxHashMap::default();
            index.extend(nodes.iter().enumerate().map(|(index, p)| (*p, index as u32)));
            let mut graph = Dying::new();
            let mut next = 0;
            while let Some(&p) = nodes.get(next) {
                graph.node(age(p));
                // SAFETY: as above.
                unsafe {
                    self.for_each_child(p, |_, child| {
                        if child.is_container() && dies(child.container()) {
                            let c = child.container();
                            let to = *index.entry(c).or_insert_with(|| {
                                nodes.push(c);
                                nodes.len() as u32 - 1
                            });
                            graph.edge(to);
                        }
                    });
                }
                next += 1;
            }
            nodes = graph.order().into_iter().map(|node| nodes[node as usize]).collect();
        }
        for p in &nodes {
            self.hold_due(Value::from_container(*p));
        }
        let due = nodes.iter().map(|p| self.queue_one(*p)).collect::<Vec<_>>();
        self.emit_queued(&due);
        due
    }

    // ---- What dies with a round of those fallen to zero ---------------------------------------------------------------

    /// Clears the weak references to what is destroyed when `fallen` are not resurrected: what only they keep alive, up to the next finalizable values.
    /// The teardown is tried on a copy of the counts. O(what dies); nothing, if there are no weak references.
    fn clear_weak_to_doomed(&mut self, fallen: &[*mut Container]) {
        if self.weak.is_empty() {
            return;
        }
        let mut left: FxHashMap<*mut Container, u32> = FxHashMap::default();
        let mut doomed = fallen.to_vec();
        let mut next = 0;
        while let Some(&p) = doomed.get(next) {
            // SAFETY: live containers refer to live ones.
            unsafe {
                self.for_each_child(p, |heap, child| {
                    if !child.is_container() {
                        return;
                    }
                    let c = child.container();
                    let count = left.entry(c).or_insert((*c).cell.count);
                    *count = count.saturating_sub(1);
                    if *count == 0
                        && (*c).cell.bits & (bits::ENTRY | bits::BUILTIN) == 0
                        && (*c).cell.more & more::FINALIZABLE == 0
                        && !heap.is_wanted_outside(c)
                    {
                        doomed.push(c);
                    }
                });
            }
            next += 1;
        }
        for p in doomed {
            // SAFETY: as above.
            unsafe { self.clear_weak(p) };
        }
    }

    // ---- Events -------------------------------------------------------------------------------------------------------

    /// What a value is called in traces.
    pub(crate) fn trace_id(&self, value: Value) -> Id {
        self.id_of(value.container())
    }
}
