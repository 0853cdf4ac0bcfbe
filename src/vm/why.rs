//! `gc.why` and `--leaks`: what keeps values alive, in the script's own names.

use std::fmt;

use super::Vm;
use super::code::Code;
use crate::heap::cell::{Function, Kind};
use crate::heap::event::Event;
use crate::heap::value::Value;

/// A container that is alive though all scopes are popped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// As in traces.
    pub id: u64,
    /// As in traces.
    pub kind: &'static str,
    /// What keeps it alive; empty if that is nothing but itself.
    pub path: String,
}

/// Roots that are gone at the next safepoint.
const TEMPORARY: &str = "(temporary)";
const QUEUE: &str = "(queue)";

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.id, self.kind)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, " by {}", self.path) }
    }
}

impl Vm {
    /// The shortest path of counted references from a variable to a value, as the script would write it: `cache.items[3]`. Locals of a running function are written
    /// `f: cache.items[3]`. Of paths of one length, the one from the variable declared first. `None` if nothing refers to it, as to a number. O(live).
    pub fn why(&mut self, value: Value) -> Option<String> {
        let roots = self.named_roots();
        self.path_from(roots, value)
    }

    /// The same, but temporaries and the queue of finalizers do not count.
    pub fn why_lasting(&mut self, value: Value) -> Option<String> {
        let roots = self.lasting_roots();
        self.path_from(roots, value)
    }

    fn lasting_roots(&self) -> Vec<(String, Value)> {
        let mut roots = self.named_roots();
        roots.retain(|(name, _)| name != TEMPORARY && name != QUEUE);
        roots
    }

    fn path_from(&mut self, roots: Vec<(String, Value)>, value: Value) -> Option<String> {
        if !value.is_heap() {
            return None;
        }
        let (names, roots): (Vec<String>, Vec<Value>) = roots.into_iter().unzip();
        let (root, steps) = self.heap.path_to(&roots, value, &captured_names)?;
        Some(names[root].clone() + &steps.concat())
    }

    /// Who refers to a value, each by a counted reference, as the script would write it: variables first, then containers, oldest first. Temporaries are left out.
    /// O(live) for each.
    pub fn holders(&mut self, value: Value) -> Vec<String> {
        if !value.is_heap() {
            return Vec::new();
        }
        let roots = self.lasting_roots().into_iter();
        let mut holders: Vec<String> = roots.filter(|(_, held)| *held == value).map(|(name, _)| name).collect();
        for (container, step, times) in self.heap.referrers(value, &captured_names) {
            let path = self
                .why_lasting(container)
                .unwrap_or_else(|| format!("{} that nothing reaches", self.describe(container)));
            let again = if times > 1 { format!(" ({times} times)") } else { String::new() };
            holders.push(path + &step.unwrap_or_default() + &again);
        }
        holders
    }

    /// What is alive though all scopes are popped, each with an event. O(live) each.
    pub fn leaks(&mut self) -> Vec<Leak> {
        let survivors = self.heap.survivors();
        survivors
            .into_iter()
            .map(|value| {
                let path = self.why(value).unwrap_or_default();
                // SAFETY: a survivor is live.
                let (id, kind) = unsafe { ((*value.container()).id(), (*value.cell()).kind) };
                if self.heap.tracing {
                    let id = self.heap.trace_id(value);
                    self.heap.emit(Event::Leak { id, kind, path: path.clone() });
                }
                Leak { id, kind: kind.name(), path }
            })
            .collect()
    }

    /// Roots in the order of a reader: the script's variables, those of running functions from the outermost on, then what has no name.
    fn named_roots(&self) -> Vec<(String, Value)> {
        let mut roots = Vec::new();
        if self.frames.first().is_none_or(|frame| !frame.function.is_undefined()) {
            // The main program is over.
            self.named_globals(&mut roots);
        }
        for (index, frame) in self.frames.iter().enumerate() {
            let (code, pc) = frame.executing();
            // SAFETY: code lives as long as the machine.
            let (code, pc) = (unsafe { &*code }, pc as u32);
            let is_main = frame.function.is_undefined();
            let function = if is_main { String::new() } else { format!("{}: ", code.display_name()) };
            let left = self.finalization.still_counted(index + 1);
            let live = |local: &&crate::compile::proto::Local| {
                local.start <= pc
                    && pc < local.end
                    && local.counted
                    && left.is_none_or(|registers| registers.contains(&local.register))
            };
            for local in code.proto.locals.iter().filter(live) {
                let name = if local.name.is_empty() { "(hidden)" } else { &local.name };
                roots.push((format!("{function}{name}"), self.stack[frame.base + local.register as usize]));
            }
            if is_main {
                self.named_globals(&mut roots);
            } else {
                roots.push((format!("{function}(function)"), frame.function));
            }
        }
        let natives = self.natives.iter().flat_map(|native| &native.held);
        roots.extend(natives.map(|value| (TEMPORARY.to_string(), *value)));
        roots.extend(self.finalization.held().map(|value| (QUEUE.to_string(), value)));
        roots.extend(self.heap.fallen_values().map(|value| (QUEUE.to_string(), value)));
        roots.extend(self.heap.held_values().map(|(number, value)| (format!("(foreign f{number})"), value)));
        roots.push(("(exception)".to_string(), self.exception));
        roots.extend(self.heap.handle_values().map(|value| ("(handle)".to_string(), value)));
        let methods = self.methods.iter().flat_map(|methods| methods.values());
        roots.extend(methods.map(|value| ("(built in)".to_string(), *value)));
        roots.extend(self.builtins.iter().map(|(name, value)| (name.clone(), *value)));
        let constants = self.codes.iter().flat_map(|code| code.consts.iter());
        roots.extend(constants.map(|value| ("(constant)".to_string(), *value)));
        roots.extend(self.heap.entries().map(|value| (TEMPORARY.to_string(), value)));
        roots
    }

    fn named_globals(&self, roots: &mut Vec<(String, Value)>) {
        for (index, value) in self.globals.iter().enumerate() {
            let name = self.global_names.get(index).filter(|name| !name.is_empty());
            roots.push((name.cloned().unwrap_or_else(|| "(hidden)".to_string()), *value));
        }
    }
}

/// The names of the variables that a closure captured.
fn captured_names(function: Value) -> Vec<String> {
    if !function.is(Kind::Function) {
        return Vec::new();
    }
    // SAFETY: a live closure (I2); its code lives as long as the machine.
    let code = unsafe { &*((*(function.container() as *mut Function)).code as *const Code) };
    code.proto.capture_names.iter().map(ToString::to_string).collect()
}
