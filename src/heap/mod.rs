//! The heap: values owned by scopes (after cwal), counted, and freed in a defined order. It knows no syntax and no bytecode.
//!
//! # Data layout
//! - `scopes[level]`: the head of the list of *longer-lived* containers that the scope owns, newest first. Level 0 holds the built-ins, level 1 is the oldest scope of a
//!   program; only the newest is current.
//! - `probation`: one vector for all scopes. An entry is a cell on probation, or (low bit set) a reference that protects a temporary. A frame remembers the
//!   vector's length at its start, its *base*; everything above the base of the running frame belongs to the statement in execution.
//! - A container's header holds its count, its owner's level, its id and its two links. `ENTRY` says that it has an entry on the probation vector,
//!   `LINKED` that it is on its owner's list.
//! - Atoms (strings, exact integers) reach nothing, so they are in no cycle and need no owner: they have a count and an entry only.
//!
//! # Invariants
//! - **I0** No container's level is above the current level.
//! - **I1** For every counted reference from container A to container B: level(B) ≤ level(A).
//! - **I2** Every value that a suspended frame can still read is held by a count or has an entry at or above that frame's base and below the next
//!   frame's. A value with an entry lives at least until the statement of that entry has ended.
//! - **I3** A cell has at most one entry; `ENTRY` is set exactly while it has one.
//! - **I4** A container with a count above zero that is not `DEAD` is `LINKED`, on the list of exactly its level.
//! - **H** What a handle of the host holds is counted for it and a root, at level 1 or built in, until its last destructor has run. A handle that was closed is
//!   never open again.

pub mod alloc;
mod array;
pub mod cell;
mod children;
pub mod class;
pub mod collect;
pub mod event;
pub mod finalize;
pub mod handles;
pub mod host;
pub mod links;
mod make;
pub mod object;
pub mod order;
mod path;
pub mod positions;
mod probation;
mod query;
mod scope;
pub mod shape;
pub mod string;
pub mod table;
mod teardown;
pub mod value;
mod verify;
mod weak;

use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use hashbrown::HashTable;

use alloc::{Arena, Recycling};
use cell::{Container, Kind};
use event::{By, Cause, Event, Id, Tracer};
use shape::Shape;
use string::Str;
use value::Value;

pub use object::SetError;
pub use probation::InFlight;
pub use verify::Broken;

/// How a heap is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub recycling: Recycling,
    /// Model bytes that may be live; 4 GiB unless set.
    pub max_bytes: u64,
    /// Sweep at every safepoint, recycling off, freed cells poisoned.
    pub stress: bool,
    /// Verify the whole heap at every safepoint.
    pub verify: bool,
    /// When the collector runs by itself.
    pub pace: collect::Pace,
    /// Debug mode of handles: where each is opened and closed is noted, for errors and for the leak report. On in debug builds.
    pub track_handles: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            recycling: Recycling::default(),
            max_bytes: 4 << 30,
            stress: false,
            verify: false,
            pace: collect::Pace::default(),
            track_handles: cfg!(debug_assertions),
        }
    }
}

#[derive(Clone, Copy)]
struct Scope {
    head: *mut Container,
    /// Finalizable values that it owns (F2).
    finalizable: u32,
    /// Values that it owns and that have a value-link (L).
    linked: u32,
}

impl Scope {
    const EMPTY: Scope = Scope { head: null_mut(), finalizable: 0, linked: 0 };
}

/// Live values and what has been freed: `gc.stats()`.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    pub live: [u64; Kind::COUNT],
    pub freed: u64,
    pub collections: u64,
}

pub struct Heap {
    pub arena: Arena,
    scopes: Vec<Scope>,
    /// The current level.
    level: u32,
    /// Entries: addresses of cells, the low bit set for a protection.
    probation: Vec<usize>,
    next_id: u64,
    /// Torn down during a scope pop, freed after it; threaded through `next`.
    delayed: *mut Container,
    delaying: bool,
    pub counters: Counters,
    /// Live bytes above which a collection is due.
    collect_above: u64,
    /// Bytes that only the stress mode has freed, by the scope with which they would have gone, and in all.
    missed: Vec<u64>,
    missed_bytes: u64,
    /// A collection was due at a sweep or a look at limits, and runs at the next safepoint.
    collection_wanted: bool,
    /// Something waits for a safepoint: fallen finalizable values, a collection or a deallocator of a foreign object that is due, or whatever else the machine has set it for. Always set while tracing.
    pub attention: bool,
    /// Some container has or had a finalizer or a link, or is or was a weak key, so that what `more` says has to be looked at.
    unusual: bool,
    finalizers: finalize::Finalizers,
    weak: weak::Weak,
    handles: handles::Handles,
    links: links::Links,
    /// What was live before the program: the built-ins.
    baseline: ([u64; Kind::COUNT], u64),
    // strings
    interned: HashTable<*mut Str>,
    /// Private names of the machine's own: built in, and not in the table.
    private_constants: Vec<*mut string::Str>,
    hasher: foldhash::fast::RandomState,
    /// Of the hashes of numbers and containers in Maps and Sets; the second one is odd.
    table_seeds: [u64; 2],
    empty_string: Value,
    ascii: [Value; 128],
    positions: positions::Positions,
    // shapes
    root_shape: *mut Shape,
    namespace_roots: Vec<*mut Shape>,
    shape_count: u32,
    graveyard: Vec<*mut Shape>,
    // seeing it
    pub(crate) tracing: bool,
    tracer: Option<Box<dyn Tracer>>,
    /// Who makes the reference that the next count event is about; set only while tracing.
    pub(crate) by: By,
    builtin_names: rustc_hash::FxHashMap<*mut Container, String>,
    /// A destructor of the host has panicked: to go on where the machine was entered.
    pub(crate) panic: Option<Box<dyn std::any::Any + Send>>,
    pub settings: Settings,
}

impl Heap {
    /// An empty heap; level 0 is current until the first [`Heap::push_scope`].
    pub fn new(settings: Settings) -> Heap {
        let mut recycling = settings.recycling;
        if settings.stress {
            recycling = Recycling { capacity: 0, poison: true };
        }
        let hasher = foldhash::fast::RandomState::default();
        let table_seeds = [hasher.hash_one(0u8), hasher.hash_one(1u8) | 1];
        let mut heap = Heap {
            arena: Arena::new(recycling, settings.max_bytes),
            scopes: vec![Scope::EMPTY; 64],
            level: 0,
            probation: Vec::with_capacity(1024),
            next_id: 1,
            delayed: null_mut(),
            delaying: false,
            counters: Counters::default(),
            collect_above: settings.pace.floor,
            missed: Vec::new(),
            missed_bytes: 0,
            collection_wanted: false,
            attention: false,
            unusual: false,
            finalizers: Default::default(),
            weak: Default::default(),
            handles: handles::Handles::new(),
            links: Default::default(),
            baseline: Default::default(),
            interned: HashTable::new(),
            private_constants: Vec::new(),
            hasher,
            table_seeds,
            empty_string: Value::UNDEFINED,
            ascii: [Value::UNDEFINED; 128],
            positions: Default::default(),
            root_shape: null_mut(),
            namespace_roots: Vec::new(),
            shape_count: 0,
            graveyard: Vec::new(),
            tracing: false,
            tracer: None,
            by: By::Temporary,
            builtin_names: Default::default(),
            panic: None,
            settings,
        };
        heap.root_shape = heap.new_root_shape(null_mut());
        heap.make_constant_strings();
        heap
    }

    /// The level of the current scope; 1 is the oldest.
    #[inline(always)]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// Values on probation now. O(entries).
    pub fn probationary(&self) -> usize {
        let is_on_probation = |entry: &&usize| {
            let p = (**entry & !3) as *const cell::Cell;
            // SAFETY: a cell with an entry is not freed before the entry is popped (I3).
            **entry != probation::VACANT && **entry & probation::PROTECTION == 0 && unsafe { (*p).count == 0 }
        };
        self.probation.iter().filter(is_on_probation).count()
    }

    /// Live containers of all kinds, built-ins included.
    pub fn live_containers(&self) -> u64 {
        self.counters.live[Kind::Object as usize..].iter().sum()
    }

    /// Containers that were there before the program.
    fn built_in_containers(&self) -> u64 {
        self.baseline.0[Kind::Object as usize..].iter().sum()
    }

    /// Live values of a kind, without the built-ins.
    pub fn live(&self, kind: Kind) -> u64 {
        self.counters.live[kind as usize] - self.baseline.0[kind as usize]
    }

    /// The number of the container allocated last.
    pub fn newest(&self) -> u64 {
        self.next_id - 1
    }

    /// Model bytes of live values, without the built-ins.
    pub fn live_bytes(&self) -> u64 {
        self.arena.bytes - self.baseline.1
    }

    /// Everything that is live now counts as built in.
    pub(crate) fn set_baseline(&mut self) {
        self.baseline = (self.counters.live, self.arena.bytes);
        // What the library takes is no script's.
        self.arena.beside = 0;
    }

    /// From now on what is made is as old as the library, until [`Heap::leave_level_0`]. Nothing that a program made may be stored in it meanwhile, but by up-scoping it.
    pub(crate) fn enter_level_0(&mut self) -> (u32, ([u64; Kind::COUNT], u64)) {
        (std::mem::replace(&mut self.level, 0), (self.counters.live, self.arena.bytes))
    }

    /// What was made since is no program's.
    pub(crate) fn leave_level_0(&mut self, (level, (live, bytes)): (u32, ([u64; Kind::COUNT], u64))) {
        self.level = level;
        for (kind, before) in live.into_iter().enumerate() {
            self.baseline.0[kind] += self.counters.live[kind] - before;
        }
        self.baseline.1 += self.arena.bytes - bytes;
    }

    /// About how many bytes the heap's own vectors and tables take.
    pub fn stack_bytes(&self) -> u64 {
        const INTERNED: usize = size_of::<*mut Str>() * 8 / 7 + 1;
        let bytes = self.probation.capacity() * size_of::<usize>()
            + self.scopes.capacity() * size_of::<Scope>()
            + self.interned.capacity() * INTERNED
            + self.finalizers.listed_bytes()
            + self.weak.table_bytes()
            + self.handles.bytes()
            + self.links.table_bytes()
            + self.graveyard.capacity() * size_of::<*mut Shape>();
        bytes as u64
    }

    /// Adds to the account of what stands beside values.
    pub(super) fn account_beside(&mut self, bytes: usize) {
        self.arena.beside += bytes as u64;
    }

    /// Takes from it. What is older than the script was never added.
    pub(super) fn discount_beside(&mut self, bytes: usize) {
        self.arena.beside = self.arena.beside.saturating_sub(bytes as u64);
    }

    // ---- Seeing it ------------------------------------------------------------------------------------------

    /// Sends events to `tracer` from now on.
    pub fn set_tracer(&mut self, tracer: Option<Box<dyn Tracer>>) {
        self.tracing = tracer.is_some();
        self.attention |= self.tracing;
        self.tracer = tracer;
    }

    /// Switches the preset of the tracer (`None`: off). False if there is no such preset.
    pub fn set_trace_preset(&mut self, preset: Option<&str>) -> bool {
        match &mut self.tracer {
            Some(tracer) => {
                let known = tracer.set_preset(preset);
                self.tracing = tracer.is_on();
                self.attention |= self.tracing;
                known
            }
            None => preset.is_none(),
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn emit(&mut self, event: Event) {
        let Some(tracer) = &mut self.tracer else { return };
        match catch_unwind(AssertUnwindSafe(|| {
            tracer.event(&event);
            tracer.is_on()
        })) {
            Ok(is_on) => self.tracing = is_on,
            Err(panic) => {
                // The heap is in the middle of something: it goes on, without a trace.
                (self.tracer, self.tracing) = (None, false);
                self.panic.get_or_insert(panic);
            }
        }
    }

    pub(crate) fn wants_counts(&self) -> bool {
        self.tracing && self.tracer.as_ref().is_some_and(|tracer| tracer.wants_counts())
    }

    /// What a container is called in traces.
    pub(crate) fn id_of(&self, p: *mut Container) -> Id {
        match self.builtin_names.get(&p) {
            Some(name) => Id::Builtin(name.clone()),
            // SAFETY: the caller has a live container.
            None => Id::Number(unsafe { (*p).id() }),
        }
    }

    /// Gives a built-in its name in traces, and makes it one: owned by level 0.
    pub fn name_builtin(&mut self, value: Value, name: &str) {
        self.builtin_names.insert(value.container(), name.to_string());
    }

    /// Tells a trace that the verifier found everything in order.
    pub(crate) fn emit_check(&mut self) {
        if self.tracing {
            self.emit(Event::Check);
        }
    }

    /// Says that the next count event is about a temporary or a value in flight.
    #[inline(always)]
    pub(crate) fn by_temporary(&mut self) {
        if self.tracing {
            self.by = By::Temporary;
        }
    }

    /// Says that the next count event is about what a finalizer that is due holds.
    pub(super) fn by_queue(&mut self) {
        if self.tracing {
            self.by = By::Queue;
        }
    }

    /// Says that the next count event is about something in `owner` that has no key: `what` is a word for it, or empty.
    #[inline(always)]
    pub(crate) fn by_inner(&mut self, owner: *mut Container, what: &str) {
        if self.tracing {
            self.by = By::Slot(self.id_of(owner), what.to_string());
        }
    }

    #[cold]
    #[inline(never)]
    fn emit_free(&mut self, p: *mut Container, cause: Cause) {
        let id = self.id_of(p);
        self.emit(Event::Free { id, cause });
    }
}

impl Drop for Heap {
    /// Frees everything, whatever refers to it. Handles that are open are closed first: their destructors run.
    fn drop(&mut self) {
        self.set_tracer(None);
        self.close_all_handles();
        self.close_finalizers();
        self.unwind_to(0, 0, Cause::Exit);
        self.free_builtins();
        self.drain_deallocations();
    }
}
