//! The verifier: walks the whole heap and checks I0, I1, I3, I4, F2, W, L, the links, the counts, the shapes, the handles and the account of bytes.
//! (I2 speaks of registers, which the heap does not know: AddressSanitizer and poisoned cells are its test.)

use rustc_hash::{FxHashMap, FxHashSet};

use super::Heap;
use super::alloc::{GRAIN, rounded};
use super::cell::{Array, Cell, Class, Collection, Container, Kind, Object, WeakCollection, bits, more};
use super::object::BUFFER_HEADER;
use super::probation::{PROTECTION, VACANT};
use super::string::{Str, shared_buffer};
use super::value::Value;

/// What the verifier found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("heap invariant broken: {0}")]
pub struct Broken(pub String);

macro_rules! check {
    ($condition:expr, $($text:tt)*) => {
        if !$condition {
            return Err(Broken(format!($($text)*)));
        }
    };
}

impl Heap {
    /// Checks the whole heap. `roots` are the counted references from outside the heap: counted locals, globals, constants, values in flight.
    /// Errors: the first breach found. O(live).
    pub fn verify(&mut self, roots: &[Value]) -> Result<(), Broken> {
        // Walk: every container is on exactly one list, or on probation without a count.
        let mut containers: Vec<*mut Container> = Vec::new();
        let mut counted: FxHashMap<*mut Cell, u32> = FxHashMap::default();
        let mut entries: FxHashMap<*mut Cell, u32> = FxHashMap::default();
        for level in 0..self.scopes.len() {
            let mut p = self.scopes[level].head;
            let mut prev: *mut Container = std::ptr::null_mut();
            check!(
                p.is_null() || level as u32 <= self.level,
                "I0: level {level} above the current {} owns something",
                self.level
            );
            while !p.is_null() {
                // SAFETY: what is on a list is live (I4); the walk only reads.
                unsafe {
                    check!(
                        (*p).cell.kind >= Kind::Object && (*p).cell.kind < Kind::Poisoned,
                        "I4: an atom or a freed cell is on the list of level {level}"
                    );
                    check!((*p).prev == prev, "I4: #{} has a wrong link backwards", (*p).id());
                    check!(
                        (*p).level() == level as u32,
                        "I4: #{} of level {} is on the list of level {level}",
                        (*p).id(),
                        (*p).level()
                    );
                    check!(
                        (*p).cell.bits & bits::LINKED != 0 && (*p).cell.bits & bits::DEAD == 0,
                        "I4: #{} is on a list unlinked or dead",
                        (*p).id()
                    );
                    containers.push(p);
                    prev = p;
                    p = (*p).next;
                }
            }
        }
        for entry in self.probation.iter().copied().filter(|entry| *entry != VACANT).collect::<Vec<_>>() {
            let p = (entry & !3) as *mut Cell;
            // SAFETY: a cell with an entry is not freed before (I3); a protected one is counted.
            unsafe {
                check!((*p).kind != Kind::Poisoned, "I3: an entry of the probation vector is a freed cell");
                if entry & PROTECTION != 0 {
                    *counted.entry(p).or_default() += 1;
                    continue;
                }
                *entries.entry(p).or_default() += 1;
                check!((*p).bits & bits::ENTRY != 0, "I3: an entry is not marked on its cell");
                if (*p).kind >= Kind::Object && (*p).bits & bits::LINKED == 0 {
                    check!((*p).count == 0, "I4: #{} has a count and is on no list", (*(p as *mut Container)).id());
                    containers.push(p as *mut Container);
                }
            }
        }
        for (p, count) in &entries {
            // SAFETY: as above.
            check!(*count == 1, "I3: a {} has {count} entries", unsafe { (**p).kind.name() });
        }
        // Count references.
        for value in roots.iter().copied().chain(self.held_values().map(|(_, value)| value)) {
            if value.is_heap() {
                *counted.entry(value.cell()).or_default() += 1;
            }
        }
        let mut broken = None;
        let mut atoms: FxHashMap<*mut Cell, ()> = FxHashMap::default();
        for p in &containers {
            // SAFETY: `p` is live.
            unsafe {
                let level = (**p).level();
                let id = (**p).id();
                check!(
                    (**p).cell.bits & bits::ENTRY == 0 || entries.contains_key(&(*p as *mut Cell)),
                    "I3: #{id} is marked as having an entry and has none"
                );
                self.for_each_child(*p, |_, child| {
                    if !child.is_heap() {
                        return;
                    }
                    *counted.entry(child.cell()).or_default() += 1;
                    if child.is_container() {
                        let c = child.container();
                        if (*c).cell.kind == Kind::Poisoned || (*c).cell.bits & bits::DEAD != 0 {
                            broken = Some(format!("#{id} refers to a freed container"));
                        } else if (*c).level() > level {
                            broken = Some(format!(
                                "I1: #{id} of level {level} refers to #{} of level {}",
                                (*c).id(),
                                (*c).level()
                            ));
                        }
                    } else {
                        atoms.insert(child.cell(), ());
                    }
                });
            }
        }
        if let Some(text) = broken {
            return Err(Broken(text));
        }
        // Stored counts.
        for p in &containers {
            // SAFETY: `p` is live.
            unsafe {
                if (**p).cell.bits & bits::BUILTIN != 0 {
                    continue;
                }
                let found = counted.get(&(*p as *mut Cell)).copied().unwrap_or(0);
                check!(
                    (**p).cell.count == found,
                    "#{} ({}) says count {} and has {found}",
                    (**p).id(),
                    (**p).cell.kind.name(),
                    (**p).cell.count
                );
            }
        }
        let live = self.counters.live[Kind::Object as usize..].iter().sum::<u64>();
        check!(live == containers.len() as u64, "the account has {live} containers, {} were found", containers.len());
        for p in atoms.keys().chain(entries.keys()) {
            // SAFETY: referred to, or with an entry: live.
            unsafe {
                check!((**p).kind != Kind::Poisoned, "a container refers to a freed atom");
                let found = counted.get(p).copied().unwrap_or(0);
                check!(
                    (**p).count >= found,
                    "a {} says count {} and has at least {found}",
                    (**p).kind.name(),
                    (**p).count
                );
            }
        }
        self.verify_weak(&containers).map_err(Broken)?;
        self.verify_links(&containers).map_err(Broken)?;
        self.verify_finalizable(&containers)?;
        self.verify_handles()?;
        self.verify_account(&containers, &counted, &entries)
    }

    /// F2: every scope knows how many finalizable values it owns.
    fn verify_finalizable(&self, containers: &[*mut Container]) -> Result<(), Broken> {
        let mut found: FxHashMap<u32, u32> = FxHashMap::default();
        for p in containers {
            // SAFETY: `p` is live.
            unsafe {
                let listed = self.has_listed_finalizer(*p);
                check!(
                    listed == ((**p).cell.more & more::LISTED != 0),
                    "F2: #{} is marked wrongly as having a listed finalizer",
                    (**p).id()
                );
                if (**p).cell.more & more::FINALIZABLE != 0 {
                    *found.entry((**p).level()).or_default() += 1;
                }
            }
        }
        for (level, scope) in self.scopes.iter().enumerate() {
            let found = found.get(&(level as u32)).copied().unwrap_or(0);
            check!(
                scope.finalizable == found,
                "F2: level {level} says {} finalizable values and has {found}",
                scope.finalizable
            );
        }
        Ok(())
    }

    /// Every live atom is referred to by something known, every object's slots fit its shape, and the account has the bytes of all that lives.
    fn verify_account(
        &self,
        containers: &[*mut Container],
        counted: &FxHashMap<*mut Cell, u32>,
        entries: &FxHashMap<*mut Cell, u32>,
    ) -> Result<(), Broken> {
        let mut bytes = 0;
        let mut atoms: FxHashSet<*mut Cell> = FxHashSet::default();
        atoms.extend(self.interned.iter().map(|p| *p as *mut Cell));
        // SAFETY: containers are live; what stands on the probation vector or is referred to is live (I3, I4).
        unsafe {
            atoms.extend(counted.keys().chain(entries.keys()).copied().filter(|p| (**p).kind < Kind::Object));
            for &p in containers {
                bytes += rounded(Self::cell_size(p));
                match (*p).cell.kind {
                    Kind::Object => {
                        let object = p as *mut Object;
                        let (used, room) = ((*(*object).shape).slots as usize, Self::slot_capacity(object));
                        check!(used <= room, "#{} has room for {room} slots and its shape uses {used}", (*p).id());
                        if (*p).cell.bits & bits::INSIDE == 0 {
                            bytes += rounded(BUFFER_HEADER + room * size_of::<Value>());
                        }
                    }
                    Kind::Array if (*p).cell.bits & bits::INSIDE == 0 => {
                        let array = p as *mut Array;
                        bytes += rounded(((*array).offset + (*array).cap) as usize * size_of::<Value>());
                    }
                    Kind::Map | Kind::Set => bytes += (*(*(p as *mut Collection)).table).charged(),
                    Kind::WeakMap | Kind::WeakSet => {
                        bytes += (*(*(p as *mut WeakCollection)).entries).charged();
                    }
                    Kind::Class => {
                        let names = &(*(*(p as *mut Class)).data).private_names;
                        atoms.extend(names.iter().map(|key| key.value().cell()));
                    }
                    _ => {}
                }
            }
            let mut buffers = FxHashMap::default();
            for &p in &atoms {
                bytes += (*p).class as usize * GRAIN;
                if (*p).kind == Kind::String
                    && let Some((buffer, size)) = shared_buffer(p as *mut Str)
                {
                    let size = rounded(size);
                    if buffers.insert(buffer, size).is_none() {
                        bytes += self.check_positions(Value::from_str(p as *mut Str))?;
                    }
                }
            }
            bytes += buffers.values().sum::<usize>();
        }
        let live = self.counters.live[Kind::String as usize] + self.counters.live[Kind::Exact as usize];
        check!(live == atoms.len() as u64, "the account has {live} atoms, {} were found", atoms.len());
        check!(self.arena.bytes == bytes as u64, "the account has {} bytes, {bytes} were found", self.arena.bytes);
        Ok(())
    }
}
