//! Programs one after the other in one scope, as at a prompt.
//!
//! # Invariants
//! - What inputs declare are globals, at level 1, which stays open. The first two are `_`, the last value, and `_err`, the last error: ordinary counted
//!   references.
//! - The last statement of an input stays *open* until [`Vm::settle`]: its value and its temporaries are alive while the value is printed. What is open is
//!   in `Kept`, counted, and a root.
//! - Between inputs the probation vector is empty, and no frame is there.

use super::code::Source;
use super::error::Failure;
use super::{Pending, Vm};
use crate::compile::proto::Program;
use crate::heap::collect::Reason;
use crate::heap::value::Value;

/// Slots of the globals that the session itself sets.
pub const LAST_VALUE: u32 = 0;
pub const LAST_ERROR: u32 = 1;
/// What they are called.
pub const OWN_NAMES: [&str; 2] = ["_", "_err"];

/// What is kept between inputs.
#[derive(Default)]
pub(super) struct Kept {
    /// The value of an input whose last statement has not ended yet.
    open: Option<Value>,
    /// The first input has begun.
    begun: bool,
    /// Pieces of code there were before the last input.
    codes: usize,
}

impl Vm {
    /// From now on programs are inputs of one session. Only before the first program.
    pub fn begin_session(&mut self) {
        self.session = Some(Kept::default());
        self.globals = vec![Value::UNDEFINED; OWN_NAMES.len()];
        self.global_names = OWN_NAMES.map(str::to_string).to_vec();
    }

    /// Ends the session; the next program is one by itself.
    pub fn end_session(&mut self) {
        self.settle(false);
        self.session = None;
    }

    /// Runs an input. Its value stays alive, and so do the temporaries of its last statement, until [`Vm::settle`].
    ///
    /// # Errors
    /// It ended early. If by an exception, that is `_err` now, if `takes_error`.
    pub fn run_input(&mut self, program: &Program, source: Source, takes_error: bool) -> Result<Value, Failure> {
        self.check_whole();
        self.settle(false);
        self.close_reserve();
        self.begin_budget();
        let started = self.start_clock();
        let codes = self.codes.len();
        if let Some(kept) = &mut self.session {
            kept.codes = codes;
        }
        let main = self.link_program(program, source);
        let result = self.run_main(main);
        let result = result.map_err(|_| self.end_early(program, takes_error));
        self.stop_clock(started);
        if let Some(kept) = &mut self.session {
            kept.begun = true;
        }
        result
    }

    fn end_early(&mut self, program: &Program, takes_error: bool) -> Failure {
        if self.pending == Pending::Exception && takes_error {
            self.set_global(LAST_ERROR, self.exception);
        }
        let failure = self.take_failure();
        self.give_back_hidden(program.first_global as usize + program.globals.len());
        self.sweep_and_finalize(0);
        self.drop_main();
        failure
    }

    /// Ends the last statement of the input that ran last: its value becomes `_`, if `takes_value` and unless it is undefined, and its temporaries die. Finalizers that are due run.
    pub fn settle(&mut self, takes_value: bool) {
        let Some(value) = self.session.as_mut().and_then(|kept| kept.open.take()) else { return };
        let started = self.start_clock();
        if takes_value && !value.is_undefined() {
            self.set_global(LAST_VALUE, value);
        }
        self.finalization.suspended.pop();
        self.heap.by_temporary();
        self.heap.decref(value);
        self.sweep_and_finalize(0);
        if self.heap.attention {
            self.at_safepoint(0);
        }
        self.stop_clock(started);
        self.drop_main();
    }

    /// Whether the last statement of an input has not ended yet.
    pub(super) fn statement_is_open(&self) -> bool {
        self.session.as_ref().is_some_and(|kept| kept.open.is_some())
    }

    /// The value of the input that ran last, as long as it is not settled.
    pub fn open_value(&self) -> Value {
        self.session.as_ref().and_then(|kept| kept.open).unwrap_or(Value::UNDEFINED)
    }

    /// Between inputs: collects, and runs the finalizers that are due. Returns how many containers were found dead.
    pub fn collect_between(&mut self) -> u64 {
        let found = self.collect(Reason::Explicit);
        self.at_safepoint(0);
        found
    }

    /// Between inputs: frees what is on probation. Returns how many containers died.
    pub fn sweep_between(&mut self) -> u64 {
        let before = self.heap.counters.freed;
        self.sweep_and_finalize(0);
        self.heap.counters.freed - before
    }

    /// What a global holds; `None` before its declaration was executed.
    pub fn global(&self, slot: u32) -> Option<Value> {
        self.globals.get(slot as usize).copied().filter(|value| *value != Value::HOLE)
    }

    /// Gives a global a value that is owned by level 1 or older.
    pub(super) fn set_global(&mut self, slot: u32, value: Value) {
        let slot = slot as usize;
        if self.heap.tracing {
            self.by_global(slot);
        }
        self.heap.incref(value);
        let old = std::mem::replace(&mut self.globals[slot], value);
        if self.heap.tracing {
            self.by_global(slot);
        }
        self.heap.decref(old);
    }

    /// Gives back what an input that ended early has kept beyond the first `count` globals: variables without a name, as those of a `finally`. Their slots
    /// are for what is declared next.
    pub(super) fn give_back_hidden(&mut self, count: usize) {
        self.heap.by_temporary();
        for value in self.globals.drain(count.min(self.globals.len())..).rev() {
            self.heap.decref(value);
        }
        self.global_names.truncate(count);
    }

    /// The end of a main program whose statement stays open, because it is an input.
    pub(super) fn leaves_open(&mut self, value: Value) -> bool {
        let Some(kept) = &mut self.session else { return false };
        kept.open = Some(value);
        self.finalization.suspended.push(value);
        true
    }

    /// Level 1 was announced by an earlier input.
    pub(super) fn is_resumed(&self) -> bool {
        self.session.as_ref().is_some_and(|kept| kept.begun)
    }

    /// Drops the code of an input that made no function: nothing refers to it any more, and its constants can die.
    fn drop_main(&mut self) {
        let Some(codes) = self.session.as_ref().map(|kept| kept.codes) else { return };
        if self.codes.len() != codes + 1 || !self.frames.is_empty() || self.thrown_at.is_some() {
            return;
        }
        if let Some(code) = self.codes.pop() {
            self.frame_lines.clear();
            super::code::unlink(&mut self.heap, &code);
        }
        self.heap.sweep(0);
    }
}
