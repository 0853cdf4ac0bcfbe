//! The verifier: walks the whole heap and checks I0, I1, I3, I4, the links, the counts and the account.

use rustc_hash::FxHashMap;

use super::Heap;
use super::cell::{Cell, Container, Kind, bits};
use super::probation::{PROTECTION, VACANT};
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
        for value in roots {
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
        Ok(())
    }
}
