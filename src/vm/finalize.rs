//! Calling finalizers: rounds at the ends of statements and scopes, and the queue of the collector.
//!
//! # Where they run
//! Only at safepoints, when the machine is between bytecodes:
//! - a *round by count*, at the end of a statement, for those that fell to zero in it;
//! - a *round of a scope*, before anything of it is given back ([`Vm::finalize_scope`]);
//! - the *queue*, for what a collection found ([`Vm::progress_through_finalizer_queue`]). The collection itself may run anywhere; there a finalizer answers
//!   FinalizeLater, and the queue is driven on at the next safepoint.
//!
//! # Invariants
//! - Whatever a round or the queue holds is counted, and is in `Finalization`, so that it is a root.
//! - A finalizer changes nothing of what it interrupts: what is pending, an exception or a result on its way, is put aside and counted
//!   (`suspended`), and the statement's part of the probation vector is left as it was.
//! - The queue is not re-entered, and does not move while any finalizer runs. What is queued meanwhile moves to level 1, because the scope that owns it may be
//!   popped before its turn.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::Failure;
use super::host::FinalizerFailure;
use super::limits::Limit;
use super::native::{NativeFrame, Throw};
use super::{Pending, Vm};
use crate::heap::collect::Reason;
use crate::heap::event::{Event, Why};
use crate::heap::finalize::{Due, Finalizer, Moment};
use crate::heap::value::Value;

/// Why a finalizer of the host has not done its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// It wants to be called again later; what is behind it in the queue waits.
    FinalizeLater,
    /// It failed: reported, and passed over.
    Failed(Throw),
}

impl From<Throw> for Unfinished {
    fn from(throw: Throw) -> Unfinished {
        Unfinished::Failed(throw)
    }
}

/// A finalizer of the host. It is called between bytecodes only, so it may call functions of the script.
pub type HostFinalizer = dyn Fn(&mut Vm, Value) -> Result<(), Unfinished> + Send + Sync;

/// Rounds after the first one that a statement's end, a pop or a call of the queue's driver may take.
pub(super) const FURTHER_ROUNDS: usize = 100;
/// Finalizers that may run inside each other. Those of older values wait in the queue then; values made meanwhile die without.
const DEEPEST: usize = 100;
/// Finalizers that may run inside one, in all. The same holds past it.
const MOST_INSIDE: u64 = 100_000;
/// Answers of FinalizeLater in a row, after which a finalizer of the host is moved behind the others.
const PATIENCE: u32 = 16;
/// Script calls and natives that finalizers may open above the limits, so that they can run when one of them was reached.
pub(super) const HEADROOM: usize = 100;
/// Bytes that finalizers may use above the memory limit when it was reached.
const RESERVE: u64 = 1 << 20;

/// The machine's side of finalizers.
#[derive(Default)]
pub(super) struct Finalization {
    /// What collections have found, in order.
    queue: VecDeque<Due>,
    /// Those that have been called, or are about to be, innermost last.
    rounds: Vec<Vec<Due>>,
    /// The driver of the queue is at work.
    in_progress: bool,
    /// Finalizers that are running inside each other.
    depth: usize,
    /// Those that have run inside the outermost.
    inside: u64,
    /// When the outermost began.
    began: Option<Moment>,
    /// How often the head of the queue has answered FinalizeLater.
    deferred: u32,
    /// Counted values that are on their way while finalizers run.
    pub(super) suspended: Vec<Value>,
    /// Frames that are being left, by their number, and the registers that they still count.
    pub(super) leaving: Vec<(usize, Vec<u16>)>,
    /// The memory limit was reached and finalizers have their reserve.
    reserve: bool,
}

impl Finalization {
    /// Every counted reference that it holds.
    pub(super) fn held(&self) -> impl Iterator<Item = Value> {
        let due = self.queue.iter().chain(self.rounds.iter().flatten());
        due.flat_map(Due::held).chain(self.suspended.iter().copied())
    }

    /// What frame number `frame` (counted from 1) still counts, if it is being left.
    pub(super) fn still_counted(&self, frame: usize) -> Option<&[u16]> {
        self.leaving.iter().rfind(|(number, _)| *number == frame).map(|(_, registers)| &registers[..])
    }

    /// About how many bytes the lists of what is due take.
    pub(super) fn bytes(&self) -> usize {
        (self.queue.capacity() + self.rounds.iter().map(Vec::capacity).sum::<usize>()) * size_of::<Due>()
    }

    /// A finalizer is running, or the driver of the queue is at work: the queue does not move.
    fn is_busy(&self) -> bool {
        self.in_progress || self.depth > 0
    }

    /// A finalizer is running.
    pub(super) fn is_running(&self) -> bool {
        self.depth > 0
    }
}

impl Vm {
    /// Registers a finalizer of the host for a container, instead of the one it may have.
    pub fn host_finalizer(
        &mut self,
        value: Value,
        finalizer: impl Fn(&mut Vm, Value) -> Result<(), Unfinished> + Send + Sync + 'static,
    ) {
        let finalizer: Arc<HostFinalizer> = Arc::new(finalizer);
        self.heap.register_finalizer(value, Finalizer::Host(Arc::new(finalizer)));
    }

    /// Finalizers that are queued and wait for their call.
    pub fn queued_finalizers(&self) -> usize {
        self.finalization.queue.len()
    }

    /// How often the queue and rounds under way hold a value.
    pub(crate) fn times_due(&self, value: Value) -> usize {
        self.finalization.held().filter(|held| *held == value).count()
    }

    // ---- Rounds -------------------------------------------------------------------------------------------------------

    /// The end of a statement whose part of the probation vector starts at `base`: sweeps, and runs the rounds of those that have fallen to zero.
    pub(super) fn sweep_and_finalize(&mut self, base: usize) {
        self.heap.sweep(base);
        if !self.heap.has_fallen() {
            return;
        }
        let start = self.heap.registration_moment();
        let mut further = 0;
        while self.heap.has_fallen() {
            // Those of a long list fall one after the other; only what was registered meanwhile can go on for ever.
            further += usize::from(self.heap.has_fallen_since(start));
            if further > FURTHER_ROUNDS {
                let left = self.heap.forsake_fallen(start);
                self.report_forsaken(&left);
            }
            if self.heap.has_fallen() {
                let due = self.heap.queue_fallen();
                self.run_round(due, None);
            }
            self.heap.sweep(base);
        }
    }

    /// Runs the finalizers of the current scope, which is about to be left: in one round, then of those registered meanwhile. What foreign objects hold of it moves to level 1. `counted` is called first; it tells the
    /// registers of the top frame that are still counted.
    #[cold]
    #[inline(never)]
    pub(super) fn finalize_scope(&mut self, base: usize, counted: impl FnOnce(&mut Vm) -> Vec<u16>) {
        let leaving = counted(self);
        self.finalization.leaving.push((self.frames.len(), leaving));
        // The temporaries of a `return` stand above `base`, and belong to the round of the scope.
        let mark = self.heap.base();
        self.progress_through_finalizer_queue(mark);
        for round in 0.. {
            self.finish_fallen(mark);
            // What foreign objects want has no round here. A finalizer may have counted one, so this looks again after each round.
            self.heap.rescue_linked(base);
            if !self.heap.scope_has_finalizers() {
                break;
            }
            if round > FURTHER_ROUNDS {
                let left = self.heap.forsake_scope(base);
                self.report_forsaken(&left);
                break;
            }
            let due = self.heap.queue_scope(base);
            let level = self.heap.level();
            self.run_round(due, Some(level));
        }
        self.finalization.leaving.pop();
    }

    /// Rounds by count, if something has fallen.
    #[inline]
    fn finish_fallen(&mut self, base: usize) {
        if self.heap.has_fallen() {
            self.sweep_and_finalize(base);
        }
    }

    /// Pops the current scope, whose variables have been given back. Values of older scopes that fall to zero by it get their round right there.
    #[inline]
    pub(super) fn pop_scope(&mut self, base: usize, mut counted: impl FnMut(&mut Vm) -> Vec<u16>) {
        while !self.heap.pop_scope(base) {
            self.finalize_scope(base, &mut counted);
        }
        if self.heap.attention && self.heap.has_fallen() {
            self.finalize_popped(base, counted);
        }
    }

    #[cold]
    #[inline(never)]
    fn finalize_popped(&mut self, base: usize, mut counted: impl FnMut(&mut Vm) -> Vec<u16>) {
        let leaving = counted(self);
        self.finalization.leaving.push((self.frames.len(), leaving));
        self.sweep_and_finalize(base);
        self.finalization.leaving.pop();
    }

    /// Calls the finalizers of a round, in order, and gives back what it held. `level`: that of the scope that is being popped; otherwise they fell to zero.
    fn run_round(&mut self, round: Vec<Due>, level: Option<u32>) {
        let (count, nth) = (round.len(), self.finalization.rounds.len());
        self.finalization.rounds.push(round);
        let mut later = Vec::new();
        for index in 0..count {
            let due = self.finalization.rounds[nth][index].clone();
            if self.call_finalizer(&due) == Err(Later) {
                later.push(index);
            }
        }
        let round = self.finalization.rounds.pop().unwrap_or_default();
        for (index, due) in round.into_iter().enumerate() {
            if later.binary_search(&index).is_ok() {
                self.move_to_level_1(&due);
                self.finalization.queue.push_back(due);
                self.heap.attention = true;
                continue;
            }
            let id = self.heap.tracing.then(|| self.heap.trace_id(due.value));
            let counted = self.heap.release_due(&due);
            let lives = match level {
                Some(level) => self.heap.owner_level(due.value).is_some_and(|owner| owner < level),
                None => counted,
            };
            if let Some(id) = id.filter(|_| lives) {
                self.heap.emit(Event::Resurrect { id });
            }
        }
    }

    // ---- The queue ------------------------------------------------------------------------------------------------------

    /// Takes over what a collection found to be due. The machine is not between bytecodes, so the head of the queue answers FinalizeLater, and the queue is driven
    /// on at the next safepoint.
    pub(super) fn queue_finalizers(&mut self, due: Vec<Due>) {
        if due.is_empty() {
            return;
        }
        if self.finalization.is_busy() {
            due.iter().for_each(|due| self.move_to_level_1(due));
        } else if self.heap.tracing
            && let Some(head) = self.finalization.queue.front().or(due.first())
        {
            let id = self.heap.trace_id(head.value);
            self.heap.emit(Event::FinalLater { id });
        }
        self.finalization.queue.extend(due);
        self.heap.attention = true;
    }

    /// Drives the queue: calls the finalizer at its head, again and again, until there is none, or one answers FinalizeLater: that one stays at the head, and the
    /// next call resumes there. What they did not resurrect is freed. Nothing happens while a finalizer runs.
    pub(super) fn progress_through_finalizer_queue(&mut self, base: usize) {
        if self.finalization.queue.is_empty() || self.finalization.is_busy() {
            return;
        }
        self.finalization.in_progress = true;
        let nth = self.finalization.rounds.len();
        self.finalization.rounds.push(Vec::new());
        let mut bound = self.finalization.queue.len();
        let mut batches = 0;
        let mut called = 0;
        while let Some(due) = self.finalization.queue.pop_front() {
            self.finalization.rounds[nth].push(due.clone());
            let answer = self.call_finalizer(&due);
            if answer == Err(Later) {
                let due = self.finalization.rounds[nth].pop().unwrap_or(due);
                self.defer(due);
                break;
            }
            self.finalization.deferred = 0;
            called += 1;
            if called == bound {
                // What was appended meanwhile is a further round.
                batches += 1;
                bound += self.finalization.queue.len();
                if batches > FURTHER_ROUNDS {
                    break;
                }
            }
        }
        let round = self.finalization.rounds.pop().unwrap_or_default();
        if !round.is_empty() {
            let roots = self.roots();
            self.heap.finish_round(&roots, round);
        }
        self.sweep_and_finalize(base);
        let waiting = std::mem::take(&mut self.finalization.queue);
        waiting.iter().for_each(|due| self.move_to_level_1(due));
        self.heap.attention |= !waiting.is_empty();
        self.finalization.queue = waiting;
        self.finalization.in_progress = false;
    }

    /// What waits must not go with the scope that owns it: neither the value nor the function, which nothing but the queue holds any more.
    fn move_to_level_1(&mut self, due: &Due) {
        due.held().for_each(|value| self.heap.upscope(value, 1, Why::Store));
    }

    /// The finalizer at the head has answered FinalizeLater.
    fn defer(&mut self, due: Due) {
        self.finalization.deferred += 1;
        if self.finalization.deferred < PATIENCE || self.finalization.queue.is_empty() {
            self.finalization.queue.push_front(due);
        } else {
            self.finalization.deferred = 0;
            let message = format!("deferred {PATIENCE} times, moved behind the others");
            self.emit_final_error(due.value, message);
            self.finalization.queue.push_back(due);
        }
    }

    /// At the very end: the queue is driven until it is empty, or nothing in it makes progress any more, then level 1 has its round; and again, because a finalizer
    /// may collect.
    pub(super) fn finalize_everything(&mut self) {
        let mut turns = 0;
        loop {
            while turns < FURTHER_ROUNDS && !self.finalization.queue.is_empty() {
                turns += 1;
                self.progress_through_finalizer_queue(0);
            }
            self.give_up_queue();
            self.finalize_scope(0, |_| Vec::new());
            if self.finalization.queue.is_empty() {
                return;
            }
            if turns == FURTHER_ROUNDS {
                self.give_up_queue();
                let left = self.heap.forsake_scope(0);
                return self.report_forsaken(&left);
            }
        }
    }

    fn give_up_queue(&mut self) {
        for due in std::mem::take(&mut self.finalization.queue) {
            self.report_unfinished(due.value, "its finalizer was never done");
            self.heap.release_due(&due);
        }
    }

    // ---- One call -------------------------------------------------------------------------------------------------------

    /// Calls a finalizer. Whatever goes wrong is reported and goes no further. Errors: it answered FinalizeLater.
    fn call_finalizer(&mut self, due: &Due) -> Result<(), Later> {
        if self.is_out_of_memory() {
            self.open_reserve();
        }
        if self.is_crowded() && self.finalization.began.is_some_and(|began| self.heap.is_older(due.value, began)) {
            if self.heap.tracing {
                let id = self.heap.trace_id(due.value);
                self.heap.emit(Event::FinalLater { id });
            }
            return Err(Later);
        }
        if let Some(message) = self.refuses_finalizer() {
            self.report_unfinished(due.value, &message);
            return Ok(());
        }
        if self.heap.tracing {
            let (id, name) = (self.heap.trace_id(due.value), self.finalizer_name(due));
            self.heap.emit(Event::FinalRun { id, name });
        }
        // What is on its way waits, counted.
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        let exception = std::mem::replace(&mut self.exception, Value::UNDEFINED);
        let (thrown_at, thrown_in) = (self.thrown_at.take(), std::mem::take(&mut self.thrown_in));
        self.finalization.suspended.push(exception);
        if self.finalization.depth == 0 && self.interrupt.is_raised() {
            // One before it was ended. This one may do some work before it is, too.
            self.look_later();
        }
        let budget = self.begin_finalizer_budget();
        self.finalization.depth += 1;
        if self.finalization.depth == 1 {
            self.finalization.inside = 0;
            self.finalization.began = Some(self.heap.registration_moment());
            self.options.max_depth += HEADROOM;
            self.options.max_native_depth += HEADROOM;
        } else {
            self.finalization.inside += 1;
        }

        let mark = self.heap.base();
        let result = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.call_due(due));
        let answer = match result {
            Ok(()) => Ok(()),
            Err(Unfinished::FinalizeLater) => {
                if self.heap.tracing {
                    let id = self.heap.trace_id(due.value);
                    self.heap.emit(Event::FinalLater { id });
                }
                Err(Later)
            }
            Err(Unfinished::Failed(_)) => {
                self.report_failed(due.value);
                Ok(())
            }
        };
        // Its result, and whatever else is left of the call, dies here.
        self.sweep_and_finalize(mark);

        self.finalization.depth -= 1;
        if self.finalization.depth == 0 {
            self.options.max_depth -= HEADROOM;
            self.options.max_native_depth -= HEADROOM;
        }
        self.end_finalizer_budget(budget);
        if self.finalization.depth == 0 && (self.interrupt.is_raised() || self.is_over_budget()) {
            // What it interrupted ends at its next step: the looks now and then could all fall into finalizers.
            self.look_soon();
        }
        self.finalization.suspended.pop();
        self.pending = pending;
        self.exception = exception;
        (self.thrown_at, self.thrown_in) = (thrown_at, thrown_in);
        answer
    }

    fn call_due(&mut self, due: &Due) -> Result<(), Unfinished> {
        match &due.finalizer {
            Finalizer::Function(function) => {
                self.call(*function, Value::UNDEFINED, &[due.value])?;
            }
            Finalizer::Method => {
                if let Some(method) = self.finalize_method(due.value) {
                    self.call(method, due.value, &[])?;
                }
            }
            Finalizer::Host(host) => {
                let Some(host) = host.downcast_ref::<Arc<HostFinalizer>>().cloned() else { return Ok(()) };
                let base = self.heap.base();
                self.natives.push(NativeFrame { base, in_hand: base, held: Vec::new(), lent: 0 });
                let result = self.guarded(|vm| host(vm, due.value));
                let held = self.natives.pop().map_or(Vec::new(), |frame| frame.held);
                self.heap.by_temporary();
                held.into_iter().rev().for_each(|value| self.heap.decref(value));
                return result;
            }
        }
        Ok(())
    }

    fn finalize_method(&self, value: Value) -> Option<Value> {
        let class = self.heap.class_of(value)?;
        self.heap.find_method(class, self.keys.finalize)
    }

    /// As in a trace: the function's name; of a method with its class.
    fn finalizer_name(&self, due: &Due) -> String {
        match &due.finalizer {
            Finalizer::Function(function) => self.function_name(*function),
            Finalizer::Method => match self.heap.class_of(due.value) {
                Some(class) => format!("{}.finalize", self.function_name(class)),
                None => "finalize".to_string(),
            },
            Finalizer::Host(_) => self.heap.host_type_name(due.value).unwrap_or("(host)").to_string(),
        }
    }

    /// Whether as many finalizers run inside each other as may.
    fn is_crowded(&self) -> bool {
        self.finalization.depth >= DEEPEST || self.finalization.depth > 0 && self.finalization.inside >= MOST_INSIDE
    }

    /// Why no further finalizer can be called now.
    fn refuses_finalizer(&mut self) -> Option<String> {
        if self.is_crowded() {
            return Some("not called: too many finalizers inside each other".to_string());
        }
        if self.finalization.reserve && self.heap.arena.over_limit() {
            return Some("not called: memory limit reached".to_string());
        }
        self.used_up_reserve().map(|limit| format!("not called: {limit}"))
    }

    fn is_out_of_memory(&self) -> bool {
        matches!(self.pending, Pending::Limit(Limit::Memory(_) | Limit::System))
    }

    /// The memory limit was reached: finalizers get a little more.
    fn open_reserve(&mut self) {
        if !self.finalization.reserve {
            self.finalization.reserve = true;
            let limit = self.heap.settings.max_bytes.max(self.heap.arena.bytes);
            self.heap.arena.limit = limit.saturating_add(RESERVE);
        }
    }

    /// A program or input is over: the next one has the whole limit, and no reserve.
    pub(super) fn close_reserve(&mut self) {
        self.finalization.reserve = false;
        self.heap.arena.limit = self.heap.settings.max_bytes;
    }

    // ---- Reports ----------------------------------------------------------------------------------------------------------

    /// A finalizer has failed: what is pending says how. Nothing is pending after it.
    fn report_failed(&mut self, value: Value) {
        if self.is_out_of_memory() {
            self.open_reserve();
        }
        let failure = self.take_failure();
        let (message, stack) = match failure {
            Failure::Uncaught { message, stack, .. } => (message, stack),
            Failure::Exit(status) => (format!("exit({status}) is ignored in a finalizer"), Vec::new()),
            Failure::Limit { limit, .. } => (limit.to_string(), Vec::new()),
            Failure::Interrupted { .. } => ("interrupted".to_string(), Vec::new()),
            Failure::Denied { message, stack, .. } => (format!("denied: {message}"), stack),
            Failure::Panicked => ("the host panicked".to_string(), Vec::new()),
            Failure::Closed => return,
        };
        self.report(value, message, stack);
    }

    fn report_unfinished(&mut self, value: Value, message: &str) {
        self.report(value, message.to_string(), Vec::new());
    }

    fn report(&mut self, value: Value, message: String, stack: Vec<String>) {
        self.emit_final_error(value, message.clone());
        if !self.takes_report(&message, &stack) {
            return;
        }
        let value = self.describe(value);
        self.host.finalizer_failed(&FinalizerFailure { value, message, stack });
    }

    pub(super) fn report_forsaken(&mut self, values: &[Value]) {
        for value in values {
            self.report_unfinished(*value, "not called: registered again and again while its scope or statement ended");
        }
    }

    fn emit_final_error(&mut self, value: Value, message: String) {
        if self.heap.tracing {
            let id = self.heap.trace_id(value);
            self.heap.emit(Event::FinalError { id, message });
        }
    }

    // ---- Foreign objects ----------------------------------------------------------------------------------------------------

    /// Calls the deallocators that are due of foreign objects whose links were cut. They are the host's, and may do what they want: nothing is under way here.
    /// Values that they let go of die here, which may make further ones due.
    pub(super) fn deallocate_foreign(&mut self, base: usize) {
        while let Some(due) = self.heap.next_deallocation() {
            let unwanted = due.run();
            if self.heap.let_go(unwanted) > 0 {
                self.sweep_and_finalize(base);
            }
        }
    }

    // ---- Collecting ---------------------------------------------------------------------------------------------------------

    /// Frees what no root reaches: cycles stranded in a scope that lives on. Finalizers that are due run at the next safepoint. Returns how many containers were found
    /// dead, theirs included. O(live + dead).
    pub fn collect(&mut self, why: Reason) -> u64 {
        let roots = self.roots();
        let collected = self.heap.collect(&roots, why);
        self.queue_finalizers(collected.due);
        collected.found
    }
}

/// A finalizer answered FinalizeLater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Later;

#[cfg(test)]
mod link_tests;
#[cfg(test)]
mod tests;
