//! Ways out: returning, unwinding, the end of the main program, and what a stack trace says.

use super::code::{Code, live_locals};
use super::native::Throw;
use super::{FrameKind, Pending, Vm};
use crate::compile::proto::Proto;
use crate::heap::collect::Reason;
use crate::heap::event::{By, Why};
use crate::heap::value::Value;

/// Frames shown at the start and at the end of a long stack trace.
pub(super) const SHOWN_FIRST: usize = 10;
pub(super) const SHOWN_LAST: usize = 3;

impl Vm {
    /// Leaves the running frame with a result that may have something to clean up: the locals of the list number `index` of its code, but for the first `given`, which have
    /// been given back. `Some`: the frame was an entry, the loop ends with this result.
    #[inline(never)]
    pub(super) fn return_slow(
        &mut self,
        value: Value,
        (index, given): (usize, usize),
        entry: usize,
    ) -> Result<Option<Value>, Throw> {
        let Some(frame) = self.frames.last() else { return Ok(Some(value)) };
        let (code, base, probation, level, kind) = (frame.code, frame.base, frame.probation, frame.level, frame.kind);
        let argc = frame.argc as usize;
        // SAFETY: code lives as long as the machine.
        let given_back = unsafe { &(&(*code).returns)[index] };
        let in_flight = self.heap.hold_in_flight(value, level - 1, Why::Return);
        let mut suspended = false;
        let mut given = given;
        loop {
            let depth = self.heap.level() - level;
            if self.heap.scope_wants_care() {
                self.finalize_scope(probation, |vm| vm.suspend(value, &mut suspended, &given_back[given..]));
            }
            while given_back.get(given).is_some_and(|(_, of)| u32::from(*of) >= depth) {
                let (register, _) = given_back[given];
                given += 1;
                if self.heap.tracing {
                    self.by_local(register as usize);
                }
                self.heap.decref(self.stack[base + register as usize]);
            }
            self.pop_scope(probation, |vm| vm.suspend(value, &mut suspended, &given_back[given..]));
            if depth == 0 {
                break;
            }
        }
        debug_assert!(self.frames.len() >= entry);
        self.frames.pop();
        if self.heap.attention {
            self.suspend(value, &mut suspended, &[]);
            // What is left in the window of the call is the callee's, and nobody's any more.
            self.stack[base - 1] = Value::UNDEFINED;
            self.stack[base + 1..base + 1 + argc].fill(Value::UNDEFINED);
            self.at_safepoint(probation);
        }
        if suspended {
            self.finalization.suspended.pop();
        }
        self.heap.land(value, in_flight);
        match kind {
            FrameKind::Call => self.stack[base - 1] = value,
            FrameKind::Entry => return Ok(Some(value)),
            FrameKind::Construct | FrameKind::Super => {
                if let Some(what) = self.constructions.pop() {
                    self.go_on_constructing(what, base)?;
                }
            }
        }
        Ok(None)
    }

    /// Code is about to run that may look at the whole heap: a result on its way becomes a root, unless it is one. Answers the registers of `counted`.
    #[cold]
    #[inline(never)]
    pub(super) fn suspend(&mut self, value: Value, suspended: &mut bool, counted: &[(u16, u16)]) -> Vec<u16> {
        if !std::mem::replace(suspended, true) {
            self.heap.link_in_flight(value);
            self.finalization.suspended.push(value);
        }
        registers(counted)
    }

    /// `PopScope` where finalizers may have to run: those of what the scope owns while its variables are still set, then those of what falls to zero by giving the variables
    /// back (`count` registers from `first` on) and by popping it.
    #[cold]
    #[inline(never)]
    pub(super) fn pop_scope_slow(&mut self, first: usize, count: usize) {
        let Some(frame) = self.frames.last() else { return };
        let (base, probation) = (frame.base, frame.probation);
        if self.heap.scope_has_finalizers() || self.heap.scope_has_linked() || self.queued_finalizers() > 0 {
            self.finalize_scope(probation, |vm| {
                let mut counted = vm.counted_locals();
                counted.extend((first..first + count).map(|register| register as u16));
                counted
            });
        }
        for register in (first..first + count).rev() {
            if self.heap.tracing {
                self.by_local(register);
            }
            self.heap.decref(self.stack[base + register]);
        }
        self.pop_scope(probation, Vm::counted_locals);
        if self.heap.attention {
            self.at_safepoint(probation);
        }
    }

    /// The registers that the top frame counts at the instruction in execution; fewer, if it is being left.
    pub(super) fn counted_locals(&mut self) -> Vec<u16> {
        let Some(frame) = self.frames.last() else { return Vec::new() };
        if let Some(registers) = self.finalization.still_counted(self.frames.len()) {
            return registers.to_vec();
        }
        let (code, pc) = frame.executing();
        // SAFETY: code lives as long as the machine.
        registers(&live_locals(unsafe { &(*code).proto }, pc))
    }

    /// The end of the main program: its locals are kept as globals until [`Vm::finish`], its value is counted.
    pub(super) fn finish_main(&mut self, value: Value, index: usize) -> Value {
        let Some(frame) = self.frames.pop() else { return value };
        self.heap.upscope(value, frame.level, Why::Return);
        self.heap.by_temporary();
        self.heap.incref(value);
        // SAFETY: code lives as long as the machine.
        let (kept, proto) = unsafe { (&(&(*frame.code).returns)[index], &(*frame.code).proto) };
        for (register, _) in kept.iter().rev() {
            self.keep_as_global(proto, frame.base, *register);
        }
        if !self.modules.is_importing() && self.leaves_open(value) {
            return value;
        }
        self.heap.sweep(frame.probation);
        if self.heap.attention {
            self.finalization.suspended.push(value);
            self.at_safepoint(frame.probation);
            self.finalization.suspended.pop();
        }
        value
    }

    /// What is pending goes up the stack to a handler, popping scopes in order. True: caught, the top frame goes on at its handler. False: the frame number `entry`
    /// was left, the caller of its native gets the error.
    #[cold]
    #[inline(never)]
    pub(super) fn unwind(&mut self, entry: usize) -> bool {
        loop {
            let Some(frame) = self.frames.last() else { return false };
            let (base, probation, level, kind) = (frame.base, frame.probation, frame.level, frame.kind);
            let is_main = frame.function.is_undefined();
            let (code, pc) = frame.executing();
            // SAFETY: code lives as long as the machine.
            let code = unsafe { &*code };
            if self.thrown_at.is_none() {
                self.thrown_at = Some((code, pc));
                if self.pending != Pending::Exception {
                    self.thrown_in = self.frame_lines();
                }
            }
            let instr = code.instrs[pc];
            if super::readable::is_call(instr.op()) {
                // What is left in the window of the call is the callee's, and nobody's any more.
                let window = base + instr.a();
                self.stack[window..window + 2 + instr.b()].fill(Value::UNDEFINED);
            }
            let handler = match self.pending {
                Pending::Exception => {
                    code.proto.handlers.iter().find(|h| h.start as usize <= pc && pc < h.end as usize).copied()
                }
                _ => None,
            };
            let live = live_locals(&code.proto, pc);
            if let Some(handler) = handler {
                let kept = live_locals(&code.proto, handler.target as usize);
                self.give_back(base, level, probation, &live, &kept, u32::from(handler.depth));
                if let Some(frame) = self.frames.last_mut() {
                    // SAFETY: the operand check keeps handler targets inside the code. As if the instruction there were in execution.
                    frame.pc = unsafe { code.instrs.as_ptr().add(handler.target as usize + 1) };
                }
                self.stack[base + handler.register as usize] = Value::UNDEFINED;
                self.heap.sweep(probation);
                if self.heap.has_fallen() {
                    self.sweep_and_finalize(probation);
                }
                self.pending = Pending::Nothing;
                self.remember_caught();
                let exception = std::mem::replace(&mut self.exception, Value::UNDEFINED);
                self.heap.by_temporary();
                self.heap.unhand(exception);
                self.stack[base + handler.register as usize] = exception;
                if let Some(frame) = self.frames.last_mut() {
                    // SAFETY: the operand check keeps handler targets inside the code.
                    frame.pc = unsafe { code.instrs.as_ptr().add(handler.target as usize) };
                }
                return true;
            }
            // First the scopes inside the frame's own, then that one: what travels is up-scoped before locals let go.
            let own: Vec<_> = live.iter().copied().filter(|(_, depth)| *depth == 0).collect();
            self.give_back(base, level, probation, &live, &own, 0);
            // Once the main program is over, the frame of a finalizer is the only one.
            if is_main {
                // Level 1 is popped by `finish`; what its locals hold is kept until then.
                for (register, _) in own.iter().rev() {
                    self.keep_as_global(&code.proto, base, *register);
                }
                self.frames.pop();
                self.sweep_and_finalize(probation);
            } else {
                self.heap.upscope(self.exception, level - 1, Why::Throw);
                if self.heap.scope_wants_care() {
                    self.finalize_scope(probation, |_| registers(&own));
                }
                for (register, _) in &own {
                    if self.heap.tracing {
                        self.by_local(*register as usize);
                    }
                    self.heap.decref(self.stack[base + *register as usize]);
                }
                self.pop_scope(probation, |_| Vec::new());
                self.frames.pop();
            }
            if matches!(kind, FrameKind::Construct | FrameKind::Super) {
                self.constructions.pop();
            }
            if self.frames.len() < entry {
                return false;
            }
        }
    }

    /// Unreferences the live locals that are not kept and pops the scopes above `depth`, innermost first.
    fn give_back(
        &mut self,
        base: usize,
        level: u32,
        probation: usize,
        live: &[(u16, u16)],
        kept: &[(u16, u16)],
        depth: u32,
    ) {
        let mut given = 0;
        loop {
            let open = self.heap.level() - level;
            if open > depth {
                self.heap.upscope(self.exception, self.heap.level() - 1, Why::Throw);
                if self.heap.scope_wants_care() {
                    self.finalize_scope(probation, |_| registers(&live[given..]));
                }
            }
            while let Some(local) = live.get(given).filter(|(_, of)| u32::from(*of) >= open) {
                given += 1;
                if !kept.contains(local) {
                    if self.heap.tracing {
                        self.by_local(local.0 as usize);
                    }
                    self.heap.decref(self.stack[base + local.0 as usize]);
                }
            }
            if open <= depth {
                break;
            }
            self.pop_scope(probation, |_| registers(&live[given..]));
        }
    }

    /// A local of the main program becomes a global without a slot, until [`Vm::finish`].
    fn keep_as_global(&mut self, proto: &Proto, base: usize, register: u16) {
        self.globals.push(self.stack[base + register as usize]);
        if self.heap.tracing {
            let local = proto.locals.iter().rfind(|local| local.register == register && local.depth == 0);
            self.global_names.resize(self.globals.len() - 1, String::new());
            self.global_names.push(local.map_or(String::new(), |local| local.name.to_string()));
        }
    }

    /// Says by which local the next count event is made: only while tracing.
    #[cold]
    #[inline(never)]
    pub(super) fn by_local(&mut self, register: usize) {
        let Some(frame) = self.frames.last() else { return };
        // SAFETY: code lives as long as the machine; pc points into it.
        let (proto, pc) = unsafe { (&(*frame.code).proto, frame.pc.offset_from((*frame.code).instrs.as_ptr()) as u32) };
        // The last one to begin: an entry without instructions (before a `PopScope` that only a jump reaches) is not listed.
        let name = proto.locals.iter().rfind(|local| local.register as usize == register && local.start <= pc);
        self.heap.by = By::Variable(name.map_or(String::new(), |local| local.name.to_string()));
    }

    #[cold]
    #[inline(never)]
    pub(super) fn by_global(&mut self, index: usize) {
        let name = self.global_names.get(index).cloned().unwrap_or_default();
        self.heap.by = By::Variable(name);
    }

    /// The text of an error's `stack`: its headline and the frames, innermost first, the middle of a long recursion left out.
    pub(super) fn stack_text(&mut self, error: Value, message: Value) -> String {
        let mut text = match self.heap.class_of(error) {
            Some(class) => {
                let name = self.heap.find_method(class, self.keys.name);
                name.filter(|name| name.is_string())
                    .map_or("Error".to_string(), |name| self.heap.text(name).to_string())
            }
            None => "Error".to_string(),
        };
        if message.is_string() && !self.heap.text(message).is_empty() {
            text.push_str(": ");
            text.push_str(&self.heap.text(message));
        }
        self.each_frame_line(|line| {
            text.push_str("\n    ");
            text.push_str(line);
        });
        text
    }

    /// The running frames as lines, innermost first, the middle of a long recursion left out.
    pub(super) fn frame_lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        self.each_frame_line(|line| lines.push(line.to_string()));
        lines
    }

    /// The same, one after the other, then who imports the module that runs. A place's line is put together once: programs that throw in a loop do so at the same places.
    fn each_frame_line(&mut self, mut show: impl FnMut(&str)) {
        let count = self.frames.len();
        for (nth, frame) in self.frames.iter().rev().enumerate() {
            if count > SHOWN_FIRST + SHOWN_LAST + 1 && nth >= SHOWN_FIRST && nth < count - SHOWN_LAST {
                if nth == SHOWN_FIRST {
                    show(&format!("… {} more calls", count - SHOWN_FIRST - SHOWN_LAST));
                }
                continue;
            }
            let (code, pc) = frame.executing();
            let line = self.frame_lines.entry((code, pc)).or_insert_with(|| {
                // SAFETY: code lives as long as the machine.
                let code = unsafe { &*code };
                let position = code.source.position(code.span(pc).start);
                let (name, file) = (code.display_name(), &code.source.name);
                format!("at {name} ({file}:{}:{})", position.line, position.column).into()
            });
            show(line);
        }
        self.modules.each_importer(show);
    }

    /// What the instruction in execution names in its note.
    pub(super) fn note(&self) -> Option<String> {
        let frame = self.frames.last()?;
        // SAFETY: as in `stack_text`.
        let (code, pc): (&Code, usize) =
            unsafe { (&*frame.code, frame.pc.offset_from((*frame.code).instrs.as_ptr()) as usize) };
        code.note(pc.checked_sub(1)?)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn not_initialised(&mut self, is_this: bool) -> Throw {
        if is_this {
            return self.reference_error(
                "Must call super() in a derived class before accessing `this` or returning from its constructor",
            );
        }
        let name = self.note().unwrap_or_else(|| "variable".to_string());
        self.reference_error(format!("Cannot access `{name}` before initialization"))
    }

    /// Looks at what is looked at now and then: fuel, time and memory, whether somebody interrupts, retired shapes.
    #[cold]
    #[inline(never)]
    pub(super) fn tick(&mut self) -> Result<(), Throw> {
        self.look_at_budget()?;
        self.heed_interrupt()?;
        if self.heap.graveyard_is_full() {
            self.clear_caches();
            self.heap.bury_shapes();
        }
        self.account_stacks();
        if self.heap.arena.over_limit() {
            self.collect(Reason::Limit);
            self.account_stacks();
        }
        self.heap.arena.trim_past_limit();
        self.heap.want_collection();
        if self.heap.arena.over_limit() {
            return Err(self.out_of_memory(crate::heap::alloc::OutOfMemory));
        }
        Ok(())
    }

    /// Ends the program if somebody outside wants it to stop, or its time is up. For natives that have waited.
    pub(crate) fn after_waiting(&mut self) -> Result<(), Throw> {
        self.look_at_budget()?;
        self.heed_interrupt()
    }

    fn heed_interrupt(&mut self) -> Result<(), Throw> {
        if !self.interrupt.is_raised() {
            return Ok(());
        }
        // A finalizer is ended, and what it interrupted too, as soon as that is looked at.
        if !self.finalization.is_running() {
            self.interrupt.clear();
        }
        Err(self.interrupted())
    }

    fn clear_caches(&mut self) {
        for code in &self.codes {
            for cache in &code.caches {
                // SAFETY: no instruction holds a reference to a cache across a tick.
                unsafe { (*cache.get()).clear() };
            }
        }
    }

    /// What waited for a safepoint: finalizers, a collection that is due, deallocators of foreign objects; in stress mode, a collection and a walk of the verifier. The statement in execution has its
    /// part of the probation vector from `base` on, and has been swept.
    #[cold]
    #[inline(never)]
    pub(super) fn at_safepoint(&mut self, base: usize) {
        let settings = self.heap.settings;
        let always = settings.stress || settings.verify;
        self.heap.attention = always || self.heap.tracing;
        self.sweep_and_finalize(base);
        if self.heap.takes_collection() {
            self.collect(Reason::Growth);
            // What links have let go of.
            self.sweep_and_finalize(base);
        }
        self.progress_through_finalizer_queue(base);
        self.deallocate_foreign(base);
        if self.queued_finalizers() > 0 {
            self.heap.attention = true;
        }
        if !always {
            return;
        }
        // At every safepoint while the heap is small; a large one is walked so often that a safepoint costs about as much.
        self.unwalked += WALKED_PER_SAFEPOINT;
        if self.unwalked < self.heap.live_containers() {
            return;
        }
        self.unwalked = 0;
        if settings.stress {
            self.collect(Reason::Stress);
        }
        if settings.verify
            && let Err(broken) = self.verify()
        {
            // Never paper over it: the stress mode exists to find this.
            panic!("{broken}");
        }
    }
}

fn registers(locals: &[(u16, u16)]) -> Vec<u16> {
    locals.iter().map(|(register, _)| *register).collect()
}

/// Containers that the verifier and the collector may walk at a safepoint in stress mode, on average.
const WALKED_PER_SAFEPOINT: u64 = 128;

/// Calls and backward jumps between two looks at what is looked at now and then.
pub(super) const TICKS: u32 = 20_000;
