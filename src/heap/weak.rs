//! Weak references, and weak collections as ephemerons.
//!
//! # Data layout
//! - A WeakRef has its target uncounted. `referrers` has, for each target (flag `WEAKLY`), the WeakRefs that point to it.
//! - A WeakMap's or WeakSet's table has its keys uncounted. What stands at a key is held *by the key*, as one of its children (flag `KEY`, `Heap::keyed`
//!   has the tables in which it stands): so the value lives where its key lives, is freed with it, and one that refers back to its key is a cycle of
//!   the key's scope, like any other. A built-in as key never dies; there the collection itself holds the value.
//!
//! # Invariant
//! - **W** Every target in a WeakRef and every key in a weak table is live and has its place in `referrers` or `keyed`, and the other way round.
//!   Whoever tears a container down calls [`Heap::forget`] before its cell is freed.
//!
//! Only the collector knows better than the counts: it follows a key to its value when it has reached both key and collection (*ephemerons*: Hayes 1997).

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

use super::Heap;
use super::alloc::OutOfMemory;
use super::cell::{Container, Kind, WeakCollection, WeakRef, bits, more};
use super::event::{By, Event};
use super::value::Value;

/// What stands at a key, and the place of the collection among those in which the key stands.
struct Entry {
    value: Value,
    place: usize,
}

/// The entries of a weak collection in the order of insertion, as far as none was removed.
#[derive(Default)]
pub struct WeakTable {
    entries: IndexMap<*mut Container, Entry, FxBuildHasher>,
    charged: usize,
}

/// Model bytes of an entry: itself, its share of the index, and its place in `keyed`.
const ENTRY_BYTES: usize = 64;

impl WeakTable {
    /// Model bytes charged for it.
    pub(super) fn charged(&self) -> usize {
        self.charged
    }

    fn recharge(&mut self, bytes: &mut u64) {
        let charge = self.entries.capacity() * ENTRY_BYTES;
        *bytes = *bytes + charge as u64 - self.charged as u64;
        self.charged = charge;
    }
}

/// The heap's side of weak references.
#[derive(Default)]
pub(super) struct Weak {
    referrers: FxHashMap<*mut Container, SmallVec<[*mut WeakRef; 1]>>,
    keyed: FxHashMap<*mut Container, SmallVec<[*mut WeakCollection; 1]>>,
}

impl Weak {
    /// About how many bytes the tables take.
    pub(super) fn table_bytes(&self) -> usize {
        const ENTRY: usize = (size_of::<(*mut Container, SmallVec<[*mut WeakRef; 1]>)>() + 1) * 8 / 7;
        (self.referrers.capacity() + self.keyed.capacity()) * ENTRY
    }
}

impl Weak {
    /// Whether there is anything weak at all.
    pub(super) fn is_empty(&self) -> bool {
        self.referrers.is_empty() && self.keyed.is_empty()
    }
}

impl Heap {
    /// A weak reference to a container.
    pub fn weak_ref(&mut self, target: Value) -> Value {
        let weak = self.make_weak_ref(target);
        let p = target.container();
        // SAFETY: a live container (I2).
        unsafe {
            if (*p).cell.bits & bits::BUILTIN == 0 {
                self.unusual = true;
                (*p).cell.more |= more::WEAKLY;
                let referrers = self.weak.referrers.entry(p).or_default();
                let weak = weak.container() as *mut WeakRef;
                (*weak).place = referrers.len();
                referrers.push(weak);
            }
        }
        weak
    }

    /// What a weak reference points to; undefined when that has died.
    pub fn weak_target(&self, weak: Value) -> Value {
        debug_assert!(weak.is(Kind::WeakRef));
        // SAFETY: a live weak reference (I2); its target is live (W).
        unsafe { (*(weak.container() as *mut WeakRef)).target }
    }

    fn weak_table(&self, collection: Value) -> *mut WeakTable {
        debug_assert!(matches!(collection.kind(), Some(Kind::WeakMap | Kind::WeakSet)));
        // SAFETY: a live weak collection (I2).
        unsafe { (*(collection.container() as *mut WeakCollection)).entries }
    }

    /// What stands at a key. O(1).
    pub fn weak_get(&self, collection: Value, key: Value) -> Option<Value> {
        if !key.is_container() {
            return None;
        }
        // SAFETY: the table belongs to the live collection.
        unsafe { (*self.weak_table(collection)).entries.get(&key.container()).map(|entry| entry.value) }
    }

    /// Who counts what stands at a key: the key, or the collection if the key is built in.
    unsafe fn holder(collection: *mut Container, key: *mut Container) -> *mut Container {
        // SAFETY: the caller's: both are live, or dead and still whole.
        if unsafe { (*key).cell.bits } & bits::BUILTIN != 0 { collection } else { key }
    }

    fn by_weak(&mut self, holder: *mut Container) {
        self.by_inner(holder, "(weak value)");
    }

    /// Inserts or replaces; the key is a container. O(1) amortised. Errors: the memory limit; then nothing has changed.
    pub fn weak_insert(&mut self, collection: Value, key: Value, value: Value) -> Result<(), OutOfMemory> {
        let (owner, k) = (collection.container(), key.container());
        // SAFETY: the table belongs to the live collection, and nothing called below reaches it otherwise; the key is live (I2).
        unsafe {
            let table = &mut *self.weak_table(collection);
            let holder = Self::holder(owner, k);
            let mut place = table.entries.get(&k).map(|entry| entry.place);
            if place.is_none() {
                if table.entries.len() == table.entries.capacity() {
                    let more = table.entries.len().max(4);
                    self.arena.fits(more * ENTRY_BYTES)?;
                    table.entries.reserve_exact(more);
                    table.recharge(&mut self.arena.bytes);
                }
                if holder == k {
                    self.unusual = true;
                    (*k).cell.more |= more::KEY;
                    let tables = self.weak.keyed.entry(k).or_default();
                    place = Some(tables.len());
                    tables.push(owner as *mut WeakCollection);
                }
            }
            self.by_weak(holder);
            self.store_ref(holder, value);
            if let Some(old) = table.entries.insert(k, Entry { value, place: place.unwrap_or(0) }) {
                self.by_weak(holder);
                self.decref(old.value);
            }
        }
        Ok(())
    }

    /// Removes a key; false if it was not there. O(1).
    pub fn weak_delete(&mut self, collection: Value, key: Value) -> bool {
        if !key.is_container() {
            return false;
        }
        let (owner, k) = (collection.container(), key.container());
        // SAFETY: as in `weak_insert`.
        unsafe {
            let table = &mut *self.weak_table(collection);
            let Some(old) = table.entries.swap_remove(&k) else { return false };
            self.unkey(k, old.place);
            self.by_weak(Self::holder(owner, k));
            self.decref(old.value);
        }
        true
    }

    /// A key has lost its entry in the collection at a place of its list; the last one takes that place.
    unsafe fn unkey(&mut self, key: *mut Container, place: usize) {
        let Some(tables) = self.weak.keyed.get_mut(&key) else { return };
        tables.swap_remove(place);
        // SAFETY: the caller's: the key is whole. A collection in the list is, too, and has the key (W).
        unsafe {
            if let Some(table) = tables.get(place)
                && let Some(entry) = (*(**table).entries).entries.get_mut(&key)
            {
                entry.place = place;
            }
            if tables.is_empty() {
                self.weak.keyed.remove(&key);
                (*key).cell.more &= !more::KEY;
            }
        }
    }

    // ---- As children ----------------------------------------------------------------------------------------------

    /// Calls `f` for what a key holds in the tables in which it stands.
    pub(super) unsafe fn for_each_keyed(&mut self, key: *mut Container, f: &mut dyn FnMut(&mut Heap, Value)) {
        for index in 0.. {
            let Some(table) = self.weak.keyed.get(&key).and_then(|tables| tables.get(index)) else { break };
            // SAFETY: a collection in `keyed` is live and has the key (W).
            let value = unsafe { (&(*(**table).entries).entries)[&key].value };
            f(self, value);
        }
    }

    /// Calls `f` for what a weak collection itself holds: the values of built-in keys.
    pub(super) unsafe fn for_each_of_builtins(&mut self, p: *mut Container, f: &mut dyn FnMut(&mut Heap, Value)) {
        // SAFETY: the caller's: `p` is a weak collection that is whole; keys are live (W). `f` does not change the table.
        unsafe {
            let table = (*(p as *mut WeakCollection)).entries;
            for (key, entry) in &(*table).entries {
                if (**key).cell.bits & bits::BUILTIN != 0 {
                    f(self, entry.value);
                }
            }
        }
    }

    /// For the collector, which has reached `p`: calls `visit` for values of entries whose key and collection are both reached by now.
    pub(super) unsafe fn for_each_ephemeron(&self, p: *mut Container, mut visit: impl FnMut(Value)) {
        // SAFETY: the caller's: `p` is live; so are keys and collections (W).
        unsafe {
            if (*p).cell.more & more::KEY != 0
                && let Some(tables) = self.weak.keyed.get(&p)
            {
                for table in tables.iter().filter(|table| (***table).head.cell.bits & bits::MARK != 0) {
                    visit((&(*(**table).entries).entries)[&p].value);
                }
            }
            if matches!((*p).cell.kind, Kind::WeakMap | Kind::WeakSet) {
                for (key, entry) in &(*(*(p as *mut WeakCollection)).entries).entries {
                    if (**key).cell.bits & bits::MARK != 0 {
                        visit(entry.value);
                    }
                }
            }
        }
    }

    // ---- Dying ----------------------------------------------------------------------------------------------------

    /// Empties the weak references to a container that dies.
    pub(super) unsafe fn clear_weak(&mut self, p: *mut Container) {
        // SAFETY: the caller's: `p` is whole; referrers are live, or dead and whole (W).
        unsafe {
            if (*p).cell.more & more::WEAKLY != 0 {
                (*p).cell.more &= !more::WEAKLY;
                for referrer in self.weak.referrers.remove(&p).unwrap_or_default() {
                    (*referrer).target = Value::UNDEFINED;
                }
            }
        }
    }

    /// Takes a container that is torn down out of the weak collections. What it held there was its children, and has been released.
    pub(super) unsafe fn drop_keys(&mut self, p: *mut Container) {
        // SAFETY: the caller's: `p` is whole; collections are live, or dead and whole (W).
        unsafe {
            if (*p).cell.more & more::KEY != 0 {
                (*p).cell.more &= !more::KEY;
                for table in self.weak.keyed.remove(&p).unwrap_or_default() {
                    (*(*table).entries).entries.swap_remove(&p);
                }
            }
        }
    }

    /// A weak reference or collection dies: its targets and keys forget it. What keys held for it is given to `release`.
    pub(super) unsafe fn drop_weak(&mut self, p: *mut Container, mut release: impl FnMut(&mut Heap, Value)) {
        // SAFETY: the caller's: `p` is being torn down; targets and keys are whole (W).
        unsafe {
            match (*p).cell.kind {
                Kind::WeakRef => {
                    let weak = p as *mut WeakRef;
                    let target = std::mem::replace(&mut (*weak).target, Value::UNDEFINED);
                    if !target.is_container() {
                        return;
                    }
                    let target = target.container();
                    if let Some(referrers) = self.weak.referrers.get_mut(&target) {
                        let place = (*weak).place;
                        referrers.swap_remove(place);
                        if let Some(moved) = referrers.get(place) {
                            (**moved).place = place;
                        }
                        if referrers.is_empty() {
                            self.weak.referrers.remove(&target);
                            (*target).cell.more &= !more::WEAKLY;
                        }
                    }
                }
                Kind::WeakMap | Kind::WeakSet => {
                    let collection = p as *mut WeakCollection;
                    let table = Box::from_raw((*collection).entries);
                    self.arena.bytes -= table.charged as u64;
                    for (key, Entry { value, place }) in table.entries {
                        if (*key).cell.bits & bits::BUILTIN != 0 {
                            // One of its children: released already.
                            continue;
                        }
                        self.unkey(key, place);
                        if self.tracing && self.wants_counts() && value.is_container() {
                            self.emit_lost(key, value.container());
                        }
                        release(self, value);
                    }
                }
                _ => {}
            }
        }
    }

    unsafe fn emit_lost(&mut self, key: *mut Container, value: *mut Container) {
        // SAFETY: the caller's: both are whole.
        unsafe {
            if (*value).cell.bits & bits::DEAD != 0 {
                return;
            }
            let (id, by) = (self.id_of(value), By::Slot(self.id_of(key), "(weak value)".to_string()));
            let from = (*value).cell.count;
            self.emit(Event::Unref { id, from, to: from.saturating_sub(1), by });
        }
    }

    // ---- Checking -------------------------------------------------------------------------------------------------

    /// Checks W over all live containers. Errors: a sentence.
    pub(super) fn verify_weak(&self, containers: &[*mut Container]) -> Result<(), String> {
        let live: rustc_hash::FxHashSet<*mut Container> = containers.iter().copied().collect();
        let (mut targets, mut keys) = (0, 0);
        // SAFETY: the containers are live.
        unsafe {
            for &p in containers {
                let flags = (*p).cell.more;
                let id = (*p).id();
                if (flags & more::WEAKLY != 0) != self.weak.referrers.contains_key(&p) {
                    return Err(format!("W: #{id} is marked wrongly as the target of a weak reference"));
                }
                if (flags & more::KEY != 0) != self.weak.keyed.contains_key(&p) {
                    return Err(format!("W: #{id} is marked wrongly as a weak key"));
                }
                match (*p).cell.kind {
                    Kind::WeakRef => {
                        let weak = p as *mut WeakRef;
                        let target = (*weak).target;
                        if !target.is_container() || (*target.cell()).bits & bits::BUILTIN != 0 {
                            continue;
                        }
                        targets += 1;
                        let known = self.weak.referrers.get(&target.container());
                        if !live.contains(&target.container())
                            || known.and_then(|all| all.get((*weak).place)) != Some(&weak)
                        {
                            return Err(format!("W: #{id} points to something dead or unaware of it"));
                        }
                    }
                    Kind::WeakMap | Kind::WeakSet => {
                        let collection = p as *mut WeakCollection;
                        for (key, entry) in &(*(*collection).entries).entries {
                            if !live.contains(key) {
                                return Err(format!("W: #{id} has a dead key"));
                            }
                            if (**key).cell.bits & bits::BUILTIN != 0 {
                                continue;
                            }
                            keys += 1;
                            let known = self.weak.keyed.get(key);
                            if known.and_then(|all| all.get(entry.place)) != Some(&collection) {
                                return Err(format!("W: a key of #{id} is unaware of it"));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        let known_targets: usize = self.weak.referrers.values().map(SmallVec::len).sum();
        let known_keys: usize = self.weak.keyed.values().map(SmallVec::len).sum();
        if (targets, keys) != (known_targets, known_keys) {
            return Err("W: a dead weak reference or collection is still known to its target or key".to_string());
        }
        Ok(())
    }
}
