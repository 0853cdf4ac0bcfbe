//! Looking at the heap between programs, and working on it: what a prompt shows.

use super::Engine;
use crate::events::Preset;
use crate::heap::value::Value;

/// What one scope owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    pub level: u32,
    /// Containers by kind, as in traces, in the order of their first one.
    pub kinds: Vec<(&'static str, u64)>,
    /// How many of them have a finalizer.
    pub finalizers: u64,
}

/// A container that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// As in traces: `#12`.
    pub number: u64,
    /// `an array`, `an instance of Cart`.
    pub what: String,
    /// What keeps it alive; `None` if no variable leads to it.
    pub path: Option<String>,
}

impl Engine {
    /// Finds what nothing reaches any more, frees it and runs the finalizers that are due. Returns how many containers were found. O(live).
    pub fn collect(&mut self) -> u64 {
        self.forget();
        self.vm.collect_between()
    }

    /// Frees what is on probation. Returns how many containers died: none, unless an input is not settled, as each is swept when it ends.
    pub fn sweep(&mut self) -> u64 {
        self.forget();
        self.vm.sweep_between()
    }

    /// Checks the whole heap.
    ///
    /// # Errors
    /// The first breach of an invariant: a bug.
    pub fn verify(&mut self) -> Result<(), String> {
        self.vm.verify().map_err(|broken| broken.to_string())
    }

    /// Switches what is traced, if the engine was built with a tracer; `None` is off.
    pub fn set_trace(&mut self, preset: Option<Preset>) {
        self.vm.heap.set_trace_preset(preset.map(Preset::name));
    }

    /// What each open scope owns, the oldest first, built-ins left out. O(live).
    pub fn owned(&self) -> Vec<Owned> {
        let mut scopes: Vec<Owned> = (1..=self.vm.scopes()).map(Owned::nothing).collect();
        for value in self.vm.heap.survivors() {
            let level = self.vm.heap.owner_level(value).unwrap_or_default();
            let Some(scope) = scopes.iter_mut().find(|scope| scope.level == level) else { continue };
            let kind = value.kind().map_or("", |kind| kind.name());
            match scope.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => scope.kinds.push((kind, 1)),
            }
            scope.finalizers += u64::from(self.vm.heap.has_finalizer(value));
        }
        scopes
    }

    /// Containers allocated so far: the number of the newest.
    pub fn newest(&self) -> u64 {
        self.vm.heap.newest()
    }

    /// The containers alive that are newer than number `since`, oldest first, at most `most` of them, and how many there are in all. O(live) each.
    pub fn survivors(&mut self, since: u64, most: usize) -> (Vec<Survivor>, usize) {
        let heap = &self.vm.heap;
        let newer: Vec<Value> = heap.survivors().into_iter().filter(|v| heap.number_of(*v) > Some(since)).collect();
        let shown = newer.iter().take(most).map(|value| Survivor {
            number: self.vm.heap.number_of(*value).unwrap_or_default(),
            what: self.vm.describe(*value),
            path: self.vm.why_lasting(*value),
        });
        (shown.collect(), newer.len())
    }

    /// Counted references to the value of the input that ran last, the engine's own left out.
    pub fn references(&self) -> u32 {
        let value = self.vm.open_value();
        self.vm.heap.references(value).saturating_sub(u32::from(value.is_heap()))
    }

    /// The number and the level of the owner of the value of the input that ran last; `None` if it is no container.
    pub fn place_of_value(&self) -> Option<(u64, u32)> {
        let value = self.vm.open_value();
        Some((self.vm.heap.number_of(value)?, self.vm.heap.owner_level(value)?))
    }
}

impl Owned {
    fn nothing(level: u32) -> Owned {
        Owned { level, kinds: Vec::new(), finalizers: 0 }
    }
}
