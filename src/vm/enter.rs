//! The host enters the machine: what it does inside is one statement in a scope of its own, like a native that calls back.
//!
//! # Invariants
//! - Between [`Vm::enter_from_host`] and [`Vm::leave_to_host`] there is a scope and a [`NativeFrame`]; both go in order, whatever happened in between, a panic included.
//! - What has ended the program for good (a limit, an interrupt, `exit`, a panic of the host) stays pending until the outermost frame of the host is left: no
//!   code of the script runs any more, and a host that goes on is told so at every call.

use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::error::Failure;
use super::native::{NativeFrame, Throw};
use super::{ErrorClass, Pending, Vm};
use crate::heap::cell::Kind;
use crate::heap::collect::Reason;
use crate::heap::event::Why;
use crate::heap::shape::Listed;
use crate::heap::value::Value;

/// Where the host entered: to be given back to [`Vm::leave_to_host`].
#[derive(Clone, Copy)]
pub(crate) struct Entered {
    base: usize,
    top: usize,
    /// The clock runs for this entry.
    started: bool,
    /// Nothing of the machine was running.
    outermost: bool,
    /// Natives and frames then, this one included.
    natives: usize,
    frames: usize,
}

/// An exception that the host has caught.
pub(crate) struct Caught {
    /// On probation, in the statement of who caught it.
    pub value: Value,
    pub failure: Failure,
}

impl Vm {
    /// Begins what the host does: with all that the limits allow, if nothing of the machine runs.
    pub(crate) fn enter_from_host(&mut self, name: &'static str) -> Entered {
        self.check_whole();
        self.close_dropped();
        if self.frames.is_empty() && self.natives.is_empty() {
            self.close_reserve();
            self.begin_budget();
        }
        self.enter_after_program(name)
    }

    /// The same with what the program that has just ended has left of its limits: what belongs to it is done with its value.
    pub(crate) fn enter_after_program(&mut self, name: &'static str) -> Entered {
        let outermost = self.frames.is_empty() && self.natives.is_empty();
        let started = if outermost {
            self.pending = Pending::Nothing;
            self.start_clock()
        } else {
            false
        };
        let base = self.heap.base();
        let window = self.free_window();
        let top = std::mem::replace(&mut self.top, window);
        self.heap.push_scope();
        if self.heap.tracing {
            self.heap.emit_push("host", name);
        }
        self.natives.push(NativeFrame { base, in_hand: base, held: Vec::new(), lent: 0 });
        Entered { base, top, started, outermost, natives: self.natives.len(), frames: self.frames.len() }
    }

    /// Ends what [`Vm::enter_from_host`] began, on whatever way the host goes out.
    pub(crate) fn leave_to_host(&mut self, entered: Entered) {
        if self.broken {
            return;
        }
        if (self.natives.len(), self.frames.len()) == (entered.natives, entered.frames) {
            self.breaking(|vm| vm.leave(entered));
        } else {
            self.broken = true;
        }
    }

    /// Runs what the host may panic in where nothing stops that: in what it does for streams and clocks. The machine is of no use after it.
    pub(super) fn breaking<R>(&mut self, f: impl FnOnce(&mut Vm) -> R) -> R {
        match catch_unwind(AssertUnwindSafe(|| f(self))) {
            Ok(result) => result,
            Err(panic) => {
                self.broken = true;
                resume_unwind(panic)
            }
        }
    }

    /// Panics if the host has panicked in the middle of the machine's work.
    pub(super) fn check_whole(&self) {
        assert!(
            !self.broken,
            "the host of this engine has panicked in what it does for scripts (Host); the engine cannot go on"
        );
    }

    /// Its values die unless something older refers to them, finalizers that are due run.
    fn leave(&mut self, entered: Entered) {
        let Entered { base, top, started, outermost, .. } = entered;
        let counted = |vm: &mut Vm| vm.counted_locals();
        if self.heap.scope_wants_care() {
            self.finalize_scope(base, counted);
        }
        let held = self.natives.pop().map_or(Vec::new(), |frame| frame.held);
        self.heap.by_temporary();
        held.into_iter().rev().for_each(|value| self.heap.decref(value));
        self.pop_scope(base, counted);
        self.top = top;
        self.close_dropped();
        if outermost {
            self.end_statement(base, started);
        }
    }

    /// The end of a statement of the host's that nothing is around: what it made dies, finalizers that are due run, and the collector.
    pub(super) fn end_statement(&mut self, base: usize, started: bool) {
        self.heap.sweep(base);
        if self.heap.attention {
            self.at_safepoint(base);
        }
        if self.pending != Pending::Nothing {
            // Whoever was called has been told.
            self.take_failure();
        }
        self.stop_clock(started);
        self.thrown_at = None;
    }

    /// Whether nothing runs: no function, nothing of the host's, no statement that is open at a prompt.
    pub(crate) fn is_idle(&self) -> bool {
        self.frames.is_empty() && self.natives.is_empty() && self.finalization.suspended.is_empty()
    }

    /// Begins a statement of the host's without a scope: one call of a function that something holds, whose arguments and result are taken as they are. Only if the machine is idle.
    pub(crate) fn begin_call(&mut self) -> bool {
        self.check_whole();
        self.close_dropped();
        self.pending = Pending::Nothing;
        self.close_reserve();
        self.begin_budget();
        self.start_clock()
    }

    /// Ends it.
    pub(crate) fn end_call(&mut self, started: bool) {
        if !self.broken {
            self.end_statement(0, started);
        }
    }

    /// Whether something has ended the program for good.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.pending, Pending::Nothing | Pending::Exception)
    }

    /// Errors: something has ended the program for good.
    pub(crate) fn check_over(&self) -> Result<(), Throw> {
        if self.is_over() { Err(Throw(())) } else { Ok(()) }
    }

    /// The host takes what a function has thrown: an exception, which is over then, or else what has ended the program, which stays pending.
    pub(crate) fn catch(&mut self) -> Result<Caught, Failure> {
        if self.is_over() {
            return Err(self.what_ended());
        }
        self.pending = Pending::Nothing;
        let value = std::mem::replace(&mut self.exception, Value::UNDEFINED);
        let thrown_at = self.thrown_at;
        let failure = self.describe_uncaught(value, thrown_at);
        self.exception = value;
        self.remember_caught();
        self.exception = Value::UNDEFINED;
        self.thrown_in.clear();
        self.heap.by_temporary();
        self.heap.unhand(value);
        Ok(Caught { value, failure })
    }
}

impl Vm {
    /// Throws an error of the host's: an instance of a built-in class, with what it was made from.
    pub(crate) fn raise(&mut self, class: ErrorClass, message: &str, source: Option<Box<dyn Any + Send>>) -> Throw {
        let error = self.error_value(class, message);
        if let Some(source) = source {
            let kept = self.heap.host_object("Error", source, None);
            let key = self.keys.host_error;
            // At the memory limit it does without.
            let _ = self.heap.set_own_as(error, key, kept, Listed::No);
        }
        self.throw(error)
    }

    /// What an error of the host's was made from.
    pub(crate) fn host_error_of(&self, error: Value) -> Option<&(dyn Any + Send)> {
        if !error.is(Kind::Object) {
            return None;
        }
        let kept = self.heap.get_own(error, self.keys.host_error)?;
        self.heap.any_payload(kept)
    }

    /// What the global variable of that name holds.
    pub(crate) fn global_named(&self, name: &str) -> Option<Value> {
        if name.is_empty() {
            return None;
        }
        let slot = self.global_names.iter().rposition(|known| known == name)?;
        self.global(slot as u32)
    }

    /// Another global variable, in the slot behind all others. The value moves to level 1.
    pub(crate) fn push_global(&mut self, name: &str, value: Value) {
        self.heap.upscope(value, 1, Why::Store);
        self.globals.push(Value::UNDEFINED);
        self.global_names.resize(self.globals.len() - 1, String::new());
        self.global_names.push(name.to_string());
        self.set_global(self.globals.len() as u32 - 1, value);
    }

    /// Gives a global variable another value, which moves to level 1.
    pub(crate) fn put_global(&mut self, slot: u32, value: Value) {
        self.heap.upscope(value, 1, Why::Store);
        self.set_global(slot, value);
    }

    /// Collects while the host is inside. Returns how many containers were found dead.
    pub(crate) fn collect_inside(&mut self) -> u64 {
        let found = self.collect(Reason::Explicit);
        self.safepoint();
        found
    }

    /// Makes the class of a type of the host known, with what belongs to it.
    pub(crate) fn remember_type<T: 'static>(&mut self, class: Value, data: Option<Box<dyn Any + Send>>) {
        // Another type may take its name, and with it its place among the built-ins.
        self.heap.incref(class);
        if let Some((old, _)) = self.types.insert(TypeId::of::<T>(), (class, data)) {
            self.heap.decref(old);
        }
    }

    pub(crate) fn known_type<T: 'static>(&self) -> Option<(Value, Option<&(dyn Any + Send)>)> {
        self.types.get(&TypeId::of::<T>()).map(|(class, data)| (*class, data.as_deref()))
    }
}
