//! Calls: everything but the loop's own fast path for script functions.

use super::code::Code;
use super::native::{Args, Construct, NativeClass, NativeFrame, NativeInfo, Throw};
use super::{Construction, Frame, FrameKind, Vm};
use crate::compile::proto::Capture;
use crate::heap::cell::{Bound, Function, Kind, Native};
use crate::heap::event::Why;
use crate::heap::value::Value;

/// Arguments of one call.
const MOST_ARGUMENTS: usize = 1_000_000;

impl Vm {
    pub fn is_callable(&self, value: Value) -> bool {
        match value.kind() {
            Some(Kind::Function | Kind::Native | Kind::Bound) => true,
            Some(Kind::Class) => self.native_class(value).is_some_and(|class| class.call.is_some()),
            _ => false,
        }
    }

    pub(super) fn native_class(&self, class: Value) -> Option<&'static NativeClass> {
        let native = self.heap.class_data(class).native as *const NativeClass;
        // SAFETY: installed from a `&'static NativeClass`.
        unsafe { native.as_ref() }
    }

    #[inline(always)]
    pub(super) fn native_info(&self, native: Value) -> &'static NativeInfo {
        // SAFETY: a live native (I2) made by `install` from a `&'static NativeInfo`.
        unsafe { &*((*(native.container() as *mut Native)).info as *const NativeInfo) }
    }

    /// The built-in that `callee` is, if it calls nothing back: it can be called without a scope of its own.
    #[inline(always)]
    pub(super) fn plain_native(&self, callee: Value) -> Option<&'static NativeInfo> {
        if !callee.is(Kind::Native) {
            return None;
        }
        let info = self.native_info(callee);
        (!info.calls_back).then_some(info)
    }

    /// The first stack index that no frame and no native uses.
    pub(super) fn free_window(&self) -> usize {
        // SAFETY: code lives as long as the machine.
        self.frames.last().map_or(self.top, |frame| self.top.max(frame.base + unsafe { (*frame.code).registers } + 1))
    }

    /// Pushes the frame of a script function whose window starts at `base`.
    pub(super) fn enter(&mut self, function: Value, base: usize, argc: usize, kind: FrameKind) -> Result<(), Throw> {
        if self.frames.len() >= self.options.max_depth {
            return Err(self.range_error("Maximum call stack size exceeded"));
        }
        self.spend_unit()?;
        // SAFETY: `function` is a live closure (I2); its code lives as long as the machine.
        let code = unsafe { &*((*(function.container() as *mut Function)).code as *const Code) };
        self.ensure_stack(base + code.registers);
        for missing in argc..code.params {
            self.stack[base + 1 + missing] = Value::UNDEFINED;
        }
        let probation = self.heap.base();
        self.heap.push_scope();
        if self.heap.tracing {
            self.heap.emit_push("call", code.display_name());
        }
        self.push_frame(Frame {
            code,
            function,
            pc: code.instrs.as_ptr(),
            base,
            probation,
            level: self.heap.level(),
            kind,
            argc: argc as u32,
        });
        Ok(())
    }

    /// Calls what is no closure; its window starts at `base`, the result goes in front of it. Or pushes a frame, for a bound closure.
    #[inline(never)]
    pub(super) fn call_other(&mut self, callee: Value, base: usize, argc: usize, mask: usize) -> Result<(), Throw> {
        if callee.is(Kind::Bound) {
            self.protect_window(base, mask | 1);
            let (target, argc) = self.unbind(callee, base, argc)?;
            return self.call_unbound(target, base, argc, 0);
        }
        self.call_unbound(callee, base, argc, mask)
    }

    /// Puts the values that a bound function holds in front of the arguments; also those of what it is bound to. Answers what is to be called, and how many
    /// arguments there are.
    fn unbind(&mut self, callee: Value, base: usize, argc: usize) -> Result<(Value, usize), Throw> {
        let (mut callee, mut argc) = (callee, argc);
        while callee.is(Kind::Bound) {
            let bound = callee.container() as *mut Bound;
            // SAFETY: a live bound function (I2); its values stand behind it.
            let (target, values) = unsafe {
                ((*bound).target, std::slice::from_raw_parts(bound.add(1) as *const Value, (*bound).count as usize))
            };
            let more = values.len() - 1;
            if argc + more > MOST_ARGUMENTS {
                return Err(self.range_error("Too many arguments: at most 1,000,000"));
            }
            self.charge(argc + more)?;
            self.ensure_stack(base + 2 + argc + more);
            self.stack.copy_within(base + 1..base + 1 + argc, base + 1 + more);
            self.stack[base..base + values.len()].copy_from_slice(values);
            (callee, argc) = (target, argc + more);
        }
        Ok((callee, argc))
    }

    fn call_unbound(&mut self, callee: Value, base: usize, argc: usize, mask: usize) -> Result<(), Throw> {
        match callee.kind() {
            Some(Kind::Native) => {
                let info = self.native_info(callee);
                if info.calls_back && mask != 0 {
                    self.protect_window(base, mask);
                }
                // Where it stood may be what is bound to it; a function of the host looks for itself.
                self.stack[base - 1] = callee;
                let result = self.call_native(info, base, argc)?;
                self.stack[base - 1] = result;
                Ok(())
            }
            Some(Kind::Function) => {
                if mask != 0 {
                    self.protect_window(base, mask);
                }
                self.enter(callee, base, argc, FrameKind::Call)
            }
            Some(Kind::Class) => match self.native_class(callee) {
                Some(NativeClass { call: Some(info), .. }) => {
                    let result = self.call_native(info, base, argc)?;
                    self.stack[base - 1] = result;
                    Ok(())
                }
                _ => {
                    let name = self.function_name(callee);
                    Err(self.type_error(format!("Class constructor {name} cannot be invoked without `new`")))
                }
            },
            _ => Err(self.not_callable(callee, base)),
        }
    }

    #[cold]
    fn not_callable(&mut self, callee: Value, base: usize) -> Throw {
        let name = self.note().unwrap_or_else(|| self.describe(callee));
        let advice = match name.rsplit('.').next() {
            Some("hasOwnProperty") => "; plain objects inherit nothing: use Object.hasOwn(o, key)".to_string(),
            Some("toString") if callee.is_undefined() => "; use String(x) or a template".to_string(),
            _ if callee.is_undefined() => self.instead_of_method(base),
            _ => format!("; it is {}{}", self.describe(callee), self.instead_of_calling(callee)),
        };
        self.type_error(format!("`{name}` is not a function{advice}"))
    }

    /// Another limit than that of calls: each of these nests the machine, and takes some of the native stack.
    #[cold]
    fn too_many_natives(&mut self, info: &NativeInfo) -> Throw {
        let (most, name) = (self.options.max_native_depth, info.name);
        self.range_error(format!("Maximum call stack size exceeded: `{name}` inside {most} built-ins that call back"))
    }

    fn protect_window(&mut self, base: usize, mask: usize) {
        for operand in 0..16 {
            if mask & 1 << operand != 0 {
                self.heap.protect(self.stack[base - 1 + operand]);
            }
        }
    }

    /// Runs a native whose `this` stands at stack index `base`, its arguments behind it.
    #[inline]
    pub(super) fn call_native(&mut self, info: &'static NativeInfo, base: usize, argc: usize) -> Result<Value, Throw> {
        let args = Args { base, count: argc };
        let top = std::mem::replace(&mut self.top, base + 1 + argc);
        let result = if info.calls_back { self.call_native_back(info, args) } else { (info.call)(self, args) };
        self.top = top;
        result
    }

    /// A native that calls back has a scope and a part of the probation vector of its own.
    #[inline(never)]
    fn call_native_back(&mut self, info: &'static NativeInfo, args: Args) -> Result<Value, Throw> {
        if self.natives.len() >= self.options.max_native_depth {
            return Err(self.too_many_natives(info));
        }
        let base = self.heap.base();
        self.heap.push_scope();
        if self.heap.tracing {
            self.heap.emit_push("native", info.name);
        }
        self.natives.push(NativeFrame { base, in_hand: base, held: Vec::new(), lent: 0 });
        let result = stacker::maybe_grow(128 * 1024, 1024 * 1024, || (info.call)(self, args));
        let (value, why) = match result {
            Ok(value) => (value, Why::Return),
            Err(_) => (self.exception, Why::Throw),
        };
        let level = self.heap.level() - 1;
        let in_flight = self.heap.hold_in_flight(value, level, why);
        let mut suspended = false;
        let mut counted = |vm: &mut Vm| {
            vm.suspend(value, &mut suspended, &[]);
            vm.counted_locals()
        };
        if self.heap.scope_wants_care() {
            self.finalize_scope(base, &mut counted);
        }
        let held = self.natives.pop().map_or(Vec::new(), |frame| frame.held);
        self.heap.by_temporary();
        held.into_iter().rev().for_each(|value| self.heap.decref(value));
        self.pop_scope(base, &mut counted);
        if suspended {
            self.finalization.suspended.pop();
        }
        self.heap.land(value, in_flight);
        result
    }

    /// Calls a function value that is held, with arguments that are, or are on probation in the running statement; the machine is idle.
    /// Errors: as [`Vm::call`].
    pub(crate) fn call_held(&mut self, callee: Value, arguments: &[Value]) -> Result<Value, Throw> {
        if !callee.is(Kind::Function) {
            return self.call(callee, Value::UNDEFINED, arguments);
        }
        let at = self.free_window();
        self.ensure_stack(at + 2 + arguments.len());
        self.stack[at + 1] = Value::UNDEFINED;
        self.stack[at + 2..at + 2 + arguments.len()].copy_from_slice(arguments);
        self.enter(callee, at + 1, arguments.len(), FrameKind::Entry)?;
        self.breaking(Vm::run_entry)
    }

    /// Calls a function value. The result is on probation in (or borrowed by) the native's statement. What is passed is protected.
    /// Errors: what the callee throws; TypeError if it is not callable; the depth limit.
    pub fn call(&mut self, callee: Value, this: Value, arguments: &[Value]) -> Result<Value, Throw> {
        let at = self.free_window();
        self.ensure_stack(at + 2 + arguments.len());
        self.heap.protect(callee);
        self.heap.protect(this);
        self.stack[at] = callee;
        self.stack[at + 1] = this;
        for (index, value) in arguments.iter().enumerate() {
            self.heap.protect(*value);
            self.stack[at + 2 + index] = *value;
        }
        let base = at + 1;
        let top = std::mem::replace(&mut self.top, base + 1 + arguments.len());
        let begun = self.heap.base();
        let in_hand = self.natives.last_mut().map(|native| std::mem::replace(&mut native.in_hand, begun));
        let result = if callee.is(Kind::Function) {
            self.enter(callee, base, arguments.len(), FrameKind::Entry).and_then(|()| self.run_entry())
        } else {
            let depth = self.frames.len();
            match self.call_other(callee, base, arguments.len(), 0) {
                // A bound closure has pushed a frame.
                Ok(()) if self.frames.len() > depth => {
                    if let Some(frame) = self.frames.last_mut() {
                        frame.kind = FrameKind::Entry;
                    }
                    self.run_entry()
                }
                Ok(()) => Ok(self.stack[base - 1]),
                Err(throw) => Err(throw),
            }
        };
        self.top = top;
        if let (Some(native), Some(in_hand)) = (self.natives.last_mut(), in_hand) {
            native.in_hand = in_hand;
        }
        result
    }

    fn run_entry(&mut self) -> Result<Value, Throw> {
        let entry = self.frames.len();
        // SAFETY: the top frame was set up by `enter`.
        unsafe { self.run(entry) }
    }

    /// Puts the elements of the array behind `this` in its place. Returns how many.
    pub(super) fn spread_arguments(&mut self, base: usize) -> Result<usize, Throw> {
        let array = self.stack[base + 1];
        let count = self.heap.array_len(array);
        if count > MOST_ARGUMENTS {
            return Err(self.range_error("Too many arguments: at most 1,000,000 can be spread into a call"));
        }
        self.charge(count)?;
        self.ensure_stack(base + 2 + count);
        // The elements borrow from the array, which stands in no register any more.
        self.heap.pin(array);
        let elements = self.heap.elements(array);
        self.stack[base + 1..base + 1 + count].copy_from_slice(elements);
        Ok(count)
    }

    #[inline(never)]
    pub(super) fn call_spread(&mut self, base: usize, mask: usize) -> Result<(), Throw> {
        // The arguments live in the array, which is fresh and on probation until the caller's statement ends.
        let argc = self.spread_arguments(base)?;
        self.call_other(self.stack[base - 1], base, argc, mask & 3)
    }

    pub(super) fn rest_arguments(&mut self, from: usize) -> Result<Value, Throw> {
        let Some(frame) = self.frames.last() else { return Ok(Value::UNDEFINED) };
        let (base, argc) = (frame.base, frame.argc as usize);
        self.charge(argc.saturating_sub(from))?;
        let rest = self.heap.array(argc.saturating_sub(from));
        for index in from..argc {
            let argument = self.stack[base + 1 + index];
            self.in_room(|heap| heap.push(rest, argument))?;
        }
        Ok(rest)
    }

    /// A closure of `code`, made by the running frame.
    pub(super) fn closure(&mut self, code: *const Code, regs: *const Value, home: Option<Value>) -> Value {
        // SAFETY: code lives as long as the machine; the compiler's captures name locals of the running frame and captures of its closure.
        unsafe {
            let running = self.frames.last().map_or(Value::UNDEFINED, |frame| frame.function);
            let linked: &Code = &*code;
            let captures: smallvec::SmallVec<[Value; 8]> = linked
                .proto
                .captures
                .iter()
                .map(|capture| match capture {
                    Capture::Local(register) => *regs.add(*register as usize),
                    Capture::Up(index) => {
                        *((running.container() as *mut Function).add(1) as *mut Value).add(*index as usize)
                    }
                })
                .collect();
            let home = home.unwrap_or_else(|| self.home_of(running));
            self.heap.function(code as *const (), home, &captures)
        }
    }

    /// The home class of a closure, or undefined.
    pub(super) fn home_of(&self, function: Value) -> Value {
        // SAFETY: a live closure (I2).
        if function.is(Kind::Function) {
            unsafe { (*(function.container() as *mut Function)).home }
        } else {
            Value::UNDEFINED
        }
    }

    // ---- Construction -------------------------------------------------------------------------------------------

    /// `new`: the class is in front of `base`, the arguments behind it. Leaves the instance in front, at once or when the pushed frames have returned.
    #[inline(never)]
    pub(super) fn construct(&mut self, base: usize, argc: usize, mask: usize) -> Result<(), Throw> {
        let class = self.stack[base - 1];
        if !class.is(Kind::Class) {
            let name = self.note().unwrap_or_else(|| self.describe(class));
            let advice = if self.is_callable(class) {
                "; only classes are".to_string()
            } else {
                let meant = self.executed().map_or_else(String::new, |new| self.meant_before(new.a()));
                meant + self.instead_of_calling(class)
            };
            return Err(self.type_error(format!("`{name}` is not a constructor{advice}")));
        }
        self.protect_window(base, mask);
        let native = self.native_class(class);
        match native.map(|native| &native.construct) {
            Some(Construct::Refused(hint)) => {
                let name = self.function_name(class);
                return Err(self.type_error(format!("`{name}` cannot be called with `new`; {hint}")));
            }
            Some(Construct::Makes(info)) => {
                self.stack[base] = Value::UNDEFINED;
                let result = self.call_native(info, base, argc)?;
                self.stack[base - 1] = result;
                return Ok(());
            }
            Some(Construct::Fills(_)) | None => {}
        }
        let data = self.heap.class_data(class);
        let (shape, room) = (data.instance_shape, data.instance_slots as usize);
        let instance = self.heap.object_of(shape, room);
        self.stack[base] = instance;
        let what = Construction { at: class, target: class, instance, kind: FrameKind::Construct };
        self.begin_constructing(what, base, argc)
    }

    /// `super(…)`: the instance stands at `base`, the arguments behind it.
    #[inline(never)]
    pub(super) fn super_call(&mut self, base: usize, argc: usize, mask: usize) -> Result<(), Throw> {
        self.protect_window(base, mask & !3);
        let function = self.frames.last().map_or(Value::UNDEFINED, |frame| frame.function);
        let class = self.home_of(function);
        let parent = self.heap.class_data(class).parent;
        let instance = self.stack[base];
        let what = Construction { at: parent, target: class, instance, kind: FrameKind::Super };
        self.begin_constructing(what, base, argc)
    }

    /// Runs the constructor that `new` of the class in construction would run, then the fields of each class down to its target.
    fn begin_constructing(&mut self, what: Construction, base: usize, argc: usize) -> Result<(), Throw> {
        let mut what = what;
        loop {
            if let Some(NativeClass { construct: Construct::Fills(info), .. }) = self.native_class(what.at) {
                self.call_native(info, base, argc)?;
                return self.go_on_constructing(what, base);
            }
            let data = self.heap.class_data(what.at);
            let (constructor, fields, parent) = (data.constructor, data.fields, data.parent);
            if !constructor.is_undefined() {
                return self.enter_constructing(constructor, what, base, argc);
            }
            if parent.is_undefined() {
                if fields.is_undefined() {
                    return self.go_on_constructing(what, base);
                }
                return self.enter_constructing(fields, what, base, 0);
            }
            what.at = parent;
        }
    }

    fn enter_constructing(
        &mut self,
        function: Value,
        what: Construction,
        base: usize,
        argc: usize,
    ) -> Result<(), Throw> {
        self.stack[base] = what.instance;
        self.enter(function, base, argc, what.kind)?;
        self.constructions.push(what);
        Ok(())
    }

    /// The part of one class is done: on to the fields of the next class towards the target, or the instance is finished, and its finalizer is registered.
    pub(super) fn go_on_constructing(&mut self, what: Construction, base: usize) -> Result<(), Throw> {
        let mut what = what;
        // The next class towards the target that has fields.
        let (mut next, mut class, mut steps) = (None, what.target, 0);
        while class != what.at {
            let data = self.heap.class_data(class);
            if !data.fields.is_undefined() {
                next = Some((class, data.fields));
            }
            class = data.parent;
            steps += 1;
        }
        if steps > 1 {
            self.charge(steps)?;
        }
        if let Some((class, fields)) = next {
            what.at = class;
            return self.enter_constructing(fields, what, base, 0);
        }
        if what.kind == FrameKind::Construct && self.heap.class_data(what.target).finalizes {
            self.heap.register_method(what.instance);
        }
        self.stack[base - 1] = what.instance;
        Ok(())
    }

    /// Runs the field initialisers of the running constructor's own class on an instance.
    pub(super) fn run_fields(&mut self, instance: Value) -> Result<(), Throw> {
        let function = self.frames.last().map_or(Value::UNDEFINED, |frame| frame.function);
        let class = self.home_of(function);
        let fields = self.heap.class_data(class).fields;
        if fields.is_undefined() {
            return Ok(());
        }
        let base = self.free_window() + 1;
        self.ensure_stack(base + 1);
        self.stack[base] = instance;
        self.enter(fields, base, 0, FrameKind::Call)
    }
}
