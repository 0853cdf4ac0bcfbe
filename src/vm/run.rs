//! The loop: decodes and executes instructions. Each arm holds the fast test and the store; what is rare is out of line.
//!
//! `pc`, `regs`, `code` and `frame` are the running frame's, in locals; `pc` stays at the instruction in execution until its arm is through. Before anything that can
//! throw, call, or look at frames, it is saved to the frame: a saved `pc` is always one past the instruction in execution. After anything that may have pushed
//! frames or called back, `frame` and `regs` are read again, because both stacks may have moved.

use super::code::Code;
use super::native::{Args, Throw};
use super::{Frame, FrameKind, Vm, arith};
use crate::compile::op::{Instr, Op, flag};
use crate::compile::proto::ScopeKind;
use crate::heap::cell::{Array, Function, Kind, Object, Variable};
use crate::heap::event::By;
use crate::heap::value::Value;

impl Vm {
    /// Runs the main program's code at level 1. Its locals are kept until [`Vm::finish`].
    pub(super) fn run_main(&mut self, code: *const Code) -> Result<Value, Throw> {
        if self.heap.tracing && !self.is_resumed() && !self.modules.is_announced() {
            self.heap.emit_push("main", "");
        }
        let base = self.top + 1;
        // SAFETY: code lives as long as the machine.
        self.ensure_stack(base + unsafe { (*code).registers });
        self.stack[base] = Value::UNDEFINED;
        self.frames.push(Frame {
            code,
            function: Value::UNDEFINED,
            // SAFETY: as above.
            pc: unsafe { (*code).instrs.as_ptr() },
            base,
            probation: self.heap.base(),
            level: self.heap.level(),
            kind: FrameKind::Entry,
            argc: 0,
        });
        let entry = self.frames.len();
        // SAFETY: a frame is there, with its code and registers.
        self.breaking(|vm| unsafe { vm.run(entry) })
    }

    /// Grows the stack to at least `len` values.
    #[inline(always)]
    pub(super) fn ensure_stack(&mut self, len: usize) {
        if len > self.stack.len() {
            self.grow_stack(len);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_stack(&mut self, len: usize) {
        // Not far past the memory limit: the next call looks at it. It counts twice, as it moves when it grows.
        let (now, twice) = (self.stack.len(), self.stack.len() * 2);
        let fits = self.heap.arena.fits(2 * twice * size_of::<Value>()).is_ok();
        let len = len.max(if fits { twice } else { now + now / 2 });
        self.stack.reserve_exact(len - self.stack.len());
        self.stack.resize(len, Value::UNDEFINED);
        self.look_soon();
    }

    /// Executes until the frame number `entry` (counted from 1) returns or is unwound.
    ///
    /// # Safety
    /// The top frame is set up: its code is live, its registers are on the stack. The compiler's operand check guarantees that
    /// registers, constants, caches and jumps are in range (`compile::check`).
    pub(super) unsafe fn run(&mut self, entry: usize) -> Result<Value, Throw> {
        // SAFETY: see above; every register access below is `regs[operand]` within the frame's window, every constant and cache index is in range. Heap
        // pointers in registers are live by I2.
        unsafe {
            let mut code: &Code;
            let mut pc: *const Instr;
            let mut regs: *mut Value;
            let mut frame: *mut Frame;

            macro_rules! reload {
                () => {{
                    frame = self.frames.as_mut_ptr().add(self.frames.len() - 1);
                    regs = self.stack.as_mut_ptr().add((*frame).base);
                }};
            }
            macro_rules! load {
                () => {{
                    reload!();
                    code = &*(*frame).code;
                    pc = (*frame).pc;
                }};
            }
            macro_rules! save {
                () => {
                    (*frame).pc = pc.add(1)
                };
            }
            macro_rules! r {
                ($index:expr) => {
                    *regs.add($index)
                };
            }
            macro_rules! throw {
                () => {{
                    if self.unwind(entry) {
                        load!();
                        continue;
                    }
                    return Err(Throw(()));
                }};
            }
            // A slow path that may throw; registers may have moved if it called back.
            macro_rules! slow {
                ($call:expr) => {{
                    save!();
                    match $call {
                        Ok(value) => {
                            reload!();
                            value
                        }
                        Err(_) => throw!(),
                    }
                }};
            }
            macro_rules! jump {
                ($offset:expr) => {{
                    let offset = $offset as isize;
                    if offset < 0 {
                        self.ticks -= 1;
                        if self.ticks == 0 {
                            save!();
                            if self.tick().is_err() {
                                throw!();
                            }
                        }
                    }
                    pc = pc.offset(offset);
                }};
            }
            macro_rules! next {
                () => {{
                    pc = pc.add(1);
                    continue;
                }};
            }
            // The call has pushed a frame, or put its result where the callee stood.
            macro_rules! entered {
                ($call:expr) => {{
                    if $call.is_err() {
                        throw!();
                    }
                    load!();
                    continue;
                }};
            }
            macro_rules! give_back {
                ($value:expr, $locals:expr) => {{
                    let (value, locals): (Value, usize) = ($value, $locals);
                    let mut given = 0;
                    if (*frame).level == self.heap.level()
                        && self.heap.scope_is_empty((*frame).probation)
                        && !self.heap.attention
                    {
                        // The frame owns nothing: what its variables refer to is older, and outlives it unless they were the last to refer to it.
                        let given_back = &code.returns.get_unchecked(locals)[..];
                        for (register, _) in given_back {
                            self.heap.decref(r!(*register as usize));
                        }
                        if self.heap.scope_is_empty((*frame).probation) {
                            self.heap.pop_empty_scope();
                            let (kind, base) = ((*frame).kind, (*frame).base);
                            self.frames.set_len(self.frames.len() - 1);
                            match kind {
                                FrameKind::Call => *regs.sub(1) = value,
                                FrameKind::Entry => return Ok(value),
                                FrameKind::Construct | FrameKind::Super => {
                                    if let Some(what) = self.constructions.pop()
                                        && self.go_on_constructing(what, base).is_err()
                                    {
                                        throw!();
                                    }
                                }
                            }
                            load!();
                            continue;
                        }
                        given = given_back.len();
                    }
                    save!();
                    match self.return_slow(value, (locals, given), entry) {
                        Ok(Some(result)) => return Ok(result),
                        Ok(None) => {
                            load!();
                            continue;
                        }
                        Err(_) => throw!(),
                    }
                }};
            }
            macro_rules! base {
                () => {
                    (*frame).probation
                };
            }
            // Operands of numeric instructions, to be read where they stand.
            macro_rules! at {
                ($index:expr) => {
                    regs.add($index) as *const Value
                };
            }
            macro_rules! konst_at {
                ($index:expr) => {
                    code.consts.as_ptr().add($index)
                };
            }
            // The result of the slow path of arithmetic goes to a temporary or to a local.
            macro_rules! finish_arith {
                ($i:expr, $value:expr) => {{
                    let value: Value = $value;
                    if $i.x() & (flag::OWN | flag::SELF) == 0 {
                        r!($i.a()) = value;
                    } else {
                        self.heap.incref(value);
                        let old = std::mem::replace(&mut r!($i.a()), value);
                        if $i.x() & flag::SELF != 0 {
                            self.heap.decref_atom_now(old);
                        }
                    }
                }};
            }
            macro_rules! arith {
                ($i:expr, $r:expr, $int:ident, $double:ident, $op:ident) => {{
                    let (l, r) = (at!($i.b()), $r);
                    if Value::is_int_at(l) && Value::is_int_at(r) {
                        r!($i.a()) = arith::$int(Value::int_at(l), Value::int_at(r));
                    } else if Value::is_double_at(l) && Value::is_double_at(r) {
                        r!($i.a()) = arith::$double(Value::double_at(l), Value::double_at(r));
                    } else {
                        let (l, r) = (*l, *r);
                        if l.is_plain_number() && r.is_plain_number() {
                            r!($i.a()) = arith::$double(l.as_plain(), r.as_plain());
                        } else {
                            let swapped = $i.x() & (flag::SELF | flag::SWAPPED) == flag::SWAPPED;
                            let (l, r) = if swapped { (r, l) } else { (l, r) };
                            let value = slow!(self.arithmetic(arith::Arith::$op, l, r));
                            finish_arith!($i, value);
                        }
                    }
                }};
            }
            // The next instruction, a `Set` or `SetOuter`, has nothing to count if neither the number nor what it replaces is on the heap.
            macro_rules! arith_to {
                ($i:expr, $r:expr, $int:ident, $double:ident, $op:ident) => {{
                    let (l, r) = (at!($i.b()), $r);
                    let number = if Value::is_int_at(l) && Value::is_int_at(r) {
                        arith::$int(Value::int_at(l), Value::int_at(r))
                    } else if Value::is_double_at(l) && Value::is_double_at(r) {
                        arith::$double(Value::double_at(l), Value::double_at(r))
                    } else {
                        arith!($i, r, $int, $double, $op);
                        next!();
                    };
                    r!($i.a()) = number;
                    let local = regs.add((*pc.add(1)).a());
                    if !(*local).is_heap() {
                        *local = number;
                        pc = pc.add(1);
                    }
                }};
            }
            macro_rules! add_small {
                ($i:expr) => {{
                    let place = at!($i.b());
                    if Value::is_int_at(place) {
                        r!($i.a()) = arith::add_int(Value::int_at(place), $i.short());
                    } else if Value::is_double_at(place) {
                        r!($i.a()) = Value::double(Value::double_at(place) + $i.short() as f64);
                    } else {
                        let value = slow!(self.arithmetic(arith::Arith::Add, *place, Value::int($i.short())));
                        finish_arith!($i, value);
                    }
                }};
            }
            macro_rules! bitwise {
                ($i:expr, $r:expr, $int:ident, $op:ident) => {{
                    let (l, r) = (at!($i.b()), $r);
                    if Value::is_int_at(l) && Value::is_int_at(r) {
                        r!($i.a()) = arith::$int(Value::int_at(l), Value::int_at(r));
                    } else {
                        let value = slow!(self.bitwise(arith::Bit::$op, *l, *r));
                        r!($i.a()) = value;
                    }
                }};
            }
            macro_rules! compare {
                ($l:expr, $r:expr, $op:tt, $slow:expr) => {{
                    let (l, r): (*const Value, *const Value) = ($l, $r);
                    if Value::is_int_at(l) && Value::is_int_at(r) {
                        Value::int_at(l) $op Value::int_at(r)
                    } else if Value::is_double_at(l) && Value::is_double_at(r) {
                        Value::double_at(l) $op Value::double_at(r)
                    } else {
                        let (l, r) = (*l, *r);
                        if l.is_plain_number() && r.is_plain_number() {
                            l.as_plain() $op r.as_plain()
                        } else {
                            slow!(self.compare($slow, l, r))
                        }
                    }
                }};
            }
            macro_rules! compare_small {
                ($l:expr, $n:expr, $op:tt, $slow:expr) => {{
                    let l: *const Value = $l;
                    let n: i32 = $n;
                    if Value::is_int_at(l) {
                        Value::int_at(l) $op n
                    } else if Value::is_double_at(l) {
                        Value::double_at(l) $op n as f64
                    } else {
                        slow!(self.compare($slow, *l, Value::int(n)))
                    }
                }};
            }
            macro_rules! equal {
                ($l:expr, $r:expr) => {{
                    let (l, r): (Value, Value) = ($l, $r);
                    if l.0 == r.0 {
                        !l.is_double() || !l.as_double().is_nan()
                    } else if l.is_int() && r.is_int() {
                        false
                    } else {
                        self.equals(l, r)
                    }
                }};
            }
            macro_rules! konst {
                ($index:expr) => {
                    *code.consts.get_unchecked($index)
                };
            }
            macro_rules! local_by {
                ($register:expr) => {
                    if self.heap.tracing {
                        save!();
                        self.by_local($register);
                    }
                };
            }
            macro_rules! check {
                () => {
                    if self.heap.attention {
                        save!();
                        self.at_safepoint(base!());
                        reload!();
                    }
                };
            }

            load!();
            loop {
                let i = &*pc;
                // SAFETY: code holds only opcodes made from `Op`.
                match std::mem::transmute::<u8, Op>(i.opcode()) {
                    // ---- Loads
                    Op::Move => r!(i.a()) = r!(i.b()),
                    Op::LoadK => r!(i.a()) = konst!(i.bc() as usize),
                    Op::LoadI => r!(i.a()) = Value::int(i.bc()),
                    Op::LoadUndefined => r!(i.a()) = Value::UNDEFINED,
                    Op::LoadNull => r!(i.a()) = Value::NULL,
                    Op::LoadTrue => r!(i.a()) = Value::TRUE,
                    Op::LoadFalse => r!(i.a()) = Value::FALSE,
                    Op::LoadHole => r!(i.a()) = Value::HOLE,
                    Op::LoadBuiltin => r!(i.a()) = self.builtins.get_unchecked(i.bc() as usize).1,
                    Op::LoadSelf => r!(i.a()) = (*frame).function,

                    // ---- Locals
                    Op::Own => {
                        local_by!(i.a());
                        self.heap.incref(r!(i.a()));
                    }
                    Op::Init => {
                        local_by!(i.a());
                        let value = r!(i.b());
                        self.heap.incref(value);
                        r!(i.a()) = value;
                    }
                    Op::Set => {
                        local_by!(i.a());
                        let value = r!(i.b());
                        self.heap.incref(value);
                        let old = std::mem::replace(&mut r!(i.a()), value);
                        self.heap.decref(old);
                    }
                    Op::SetOuter => {
                        local_by!(i.a());
                        let value = r!(i.b());
                        let level = (*frame).level + i.c() as u32;
                        self.heap.upscope(value, level, crate::heap::event::Why::Store);
                        self.heap.incref(value);
                        let old = std::mem::replace(&mut r!(i.a()), value);
                        self.heap.decref(old);
                    }
                    Op::Protect => self.heap.protect(r!(i.a())),
                    Op::Drop => {
                        for register in (i.a()..i.a() + i.b()).rev() {
                            local_by!(register);
                            self.heap.decref(r!(register));
                        }
                        self.heap.sweep(base!());
                        check!();
                    }
                    Op::CheckInit => {
                        if r!(i.a()) == Value::HOLE {
                            save!();
                            self.not_initialised(i.x() == 1);
                            throw!();
                        }
                    }
                    Op::CheckSuper => {
                        if r!(i.a()) != Value::HOLE {
                            save!();
                            self.reference_error("Super constructor may only be called once");
                            throw!();
                        }
                    }

                    // ---- Captured variables
                    Op::NewVar => {
                        let variable = self.heap.variable();
                        r!(i.a()) = variable;
                        if i.x() == 0 {
                            local_by!(i.a());
                            self.heap.incref(variable);
                        }
                    }
                    Op::BoxParam => {
                        let variable = self.heap.variable();
                        local_by!(i.a());
                        self.heap.set_variable(variable, r!(i.a()));
                        r!(i.a()) = variable;
                        self.heap.incref(variable);
                    }
                    Op::FreshVar => {
                        let old = r!(i.a());
                        let variable = self.heap.variable();
                        local_by!(i.a());
                        self.heap.set_variable(variable, (*(old.container() as *mut Variable)).value);
                        self.heap.incref(variable);
                        r!(i.a()) = variable;
                        self.heap.decref(old);
                        self.heap.sweep(base!());
                        check!();
                    }
                    Op::GetVar => {
                        let value = (*(r!(i.b()).container() as *mut Variable)).value;
                        if i.x() == 1 && value == Value::HOLE {
                            save!();
                            self.not_initialised(false);
                            throw!();
                        }
                        r!(i.a()) = value;
                    }
                    Op::SetVar => {
                        let variable = r!(i.a());
                        if i.x() == 1 && (*(variable.container() as *mut Variable)).value == Value::HOLE {
                            save!();
                            self.not_initialised(false);
                            throw!();
                        }
                        local_by!(i.a());
                        self.heap.set_variable(variable, r!(i.b()));
                    }
                    Op::GetUp => {
                        let function = (*frame).function.container() as *mut Function;
                        let variable = *(function.add(1) as *mut Value).add(i.b());
                        let value = (*(variable.container() as *mut Variable)).value;
                        if i.x() == 1 && value == Value::HOLE {
                            save!();
                            self.not_initialised(false);
                            throw!();
                        }
                        r!(i.a()) = value;
                    }
                    Op::SetUp => {
                        let function = (*frame).function.container() as *mut Function;
                        let variable = *(function.add(1) as *mut Value).add(i.b());
                        if i.x() == 1 && (*(variable.container() as *mut Variable)).value == Value::HOLE {
                            save!();
                            self.not_initialised(false);
                            throw!();
                        }
                        if self.heap.tracing {
                            self.heap.by = By::Variable(String::new());
                        }
                        self.heap.set_variable(variable, r!(i.a()));
                    }
                    Op::GetGlobal => {
                        let value = *self.globals.get_unchecked(i.bc() as usize);
                        if i.x() != 0 && value == Value::HOLE {
                            save!();
                            let Ok(value) = self.late_global(i.bc() as usize, i.x() == 2) else { throw!() };
                            r!(i.a()) = value;
                        } else {
                            r!(i.a()) = value;
                        }
                    }
                    Op::SetGlobal => {
                        let index = i.bc() as usize;
                        if i.x() & 1 == 1 && *self.globals.get_unchecked(index) == Value::HOLE {
                            save!();
                            self.not_initialised(false);
                            throw!();
                        }
                        let value = r!(i.a());
                        if self.heap.tracing {
                            self.by_global(index);
                        }
                        self.heap.upscope(value, 1, crate::heap::event::Why::Store);
                        self.heap.incref(value);
                        let old = std::mem::replace(self.globals.get_unchecked_mut(index), value);
                        self.heap.decref(old);
                        if i.x() > 1 {
                            self.show_in_namespaces(index, value);
                        }
                    }

                    // ---- Arithmetic
                    Op::Add => arith!(i, at!(i.c()), add_int, add_double, Add),
                    Op::AddK => arith!(i, konst_at!(i.c()), add_int, add_double, Add),
                    Op::AddI => add_small!(i),
                    Op::AddIJump => {
                        let place = at!(i.b());
                        if Value::is_int_at(place)
                            && let Some(n) = Value::int_at(place).checked_add(i.short())
                        {
                            r!(i.a()) = Value::int(n);
                            let test = &*pc.add(1);
                            let limit = match test.opcode() {
                                op if op == Op::JumpLt as u8 => at!(test.b()),
                                op if op == Op::JumpLtK as u8 => konst_at!(test.b()),
                                _ => {
                                    pc = pc.add(1);
                                    if n < test.immediate() {
                                        jump!(test.short());
                                    }
                                    next!();
                                }
                            };
                            if Value::is_int_at(limit) {
                                pc = pc.add(1);
                                if n < Value::int_at(limit) {
                                    jump!(test.short());
                                }
                            }
                        } else {
                            add_small!(i);
                        }
                    }
                    Op::Sub => arith!(i, at!(i.c()), sub_int, sub_double, Sub),
                    Op::SubK => arith!(i, konst_at!(i.c()), sub_int, sub_double, Sub),
                    Op::Mul => arith!(i, at!(i.c()), mul_int, mul_double, Mul),
                    Op::MulK => arith!(i, konst_at!(i.c()), mul_int, mul_double, Mul),
                    Op::Div => arith!(i, at!(i.c()), div_int, div_double, Div),
                    Op::DivK => arith!(i, konst_at!(i.c()), div_int, div_double, Div),
                    Op::Rem => arith!(i, at!(i.c()), rem_int, rem_number, Rem),
                    Op::RemK => arith!(i, konst_at!(i.c()), rem_int, rem_number, Rem),
                    Op::AddTo => arith_to!(i, at!(i.c()), add_int, add_double, Add),
                    Op::AddKTo => arith_to!(i, konst_at!(i.c()), add_int, add_double, Add),
                    Op::SubTo => arith_to!(i, at!(i.c()), sub_int, sub_double, Sub),
                    Op::SubKTo => arith_to!(i, konst_at!(i.c()), sub_int, sub_double, Sub),
                    Op::MulTo => arith_to!(i, at!(i.c()), mul_int, mul_double, Mul),
                    Op::MulKTo => arith_to!(i, konst_at!(i.c()), mul_int, mul_double, Mul),
                    Op::DivTo => arith_to!(i, at!(i.c()), div_int, div_double, Div),
                    Op::DivKTo => arith_to!(i, konst_at!(i.c()), div_int, div_double, Div),
                    Op::RemTo => arith_to!(i, at!(i.c()), rem_int, rem_number, Rem),
                    Op::RemKTo => arith_to!(i, konst_at!(i.c()), rem_int, rem_number, Rem),
                    Op::Pow => {
                        let value = slow!(self.arithmetic(arith::Arith::Pow, r!(i.b()), r!(i.c())));
                        finish_arith!(i, value);
                    }
                    Op::BitAnd => bitwise!(i, at!(i.c()), and_int, And),
                    Op::BitAndK => bitwise!(i, konst_at!(i.c()), and_int, And),
                    Op::BitOr => bitwise!(i, at!(i.c()), or_int, Or),
                    Op::BitOrK => bitwise!(i, konst_at!(i.c()), or_int, Or),
                    Op::BitXor => bitwise!(i, at!(i.c()), xor_int, Xor),
                    Op::BitXorK => bitwise!(i, konst_at!(i.c()), xor_int, Xor),
                    Op::Shl => bitwise!(i, at!(i.c()), shl_int, Shl),
                    Op::ShlK => bitwise!(i, konst_at!(i.c()), shl_int, Shl),
                    Op::Shr => bitwise!(i, at!(i.c()), shr_int, Shr),
                    Op::ShrK => bitwise!(i, konst_at!(i.c()), shr_int, Shr),
                    Op::UShr => bitwise!(i, at!(i.c()), ushr_int, UShr),
                    Op::UShrK => bitwise!(i, konst_at!(i.c()), ushr_int, UShr),
                    Op::Neg => {
                        let value = r!(i.b());
                        if value.is_int() && value.as_int() != 0 && value.as_int() != i32::MIN {
                            r!(i.a()) = Value::int(-value.as_int());
                        } else if value.is_double() {
                            r!(i.a()) = Value::double(-value.as_double());
                        } else {
                            let value = slow!(self.negate(value));
                            finish_arith!(i, value);
                        }
                    }
                    Op::Plus => {
                        let value = r!(i.b());
                        if value.is_number() {
                            // An exact integer handed back would borrow.
                            self.heap.protect(value);
                            finish_arith!(i, value);
                        } else {
                            save!();
                            self.not_a_number(value);
                            throw!();
                        }
                    }
                    Op::BitNot => {
                        let value = slow!(self.bitwise(arith::Bit::Xor, r!(i.b()), Value::int(-1)));
                        r!(i.a()) = value;
                    }

                    // ---- Tests
                    Op::Not => r!(i.a()) = Value::bool(!r!(i.b()).is_truthy()),
                    Op::Typeof => r!(i.a()) = self.typeof_text(r!(i.b())),
                    Op::Eq => r!(i.a()) = Value::bool(equal!(r!(i.b()), r!(i.c()))),
                    Op::Ne => r!(i.a()) = Value::bool(!equal!(r!(i.b()), r!(i.c()))),
                    Op::Lt => r!(i.a()) = Value::bool(compare!(at!(i.b()), at!(i.c()), <, arith::Order::Lt)),
                    Op::Le => r!(i.a()) = Value::bool(compare!(at!(i.b()), at!(i.c()), <=, arith::Order::Le)),
                    Op::In => {
                        let found = slow!(self.has_property(r!(i.b()), r!(i.c())));
                        r!(i.a()) = Value::bool(found);
                    }
                    Op::InstanceOf => {
                        let is = slow!(self.instance_of(r!(i.b()), r!(i.c())));
                        r!(i.a()) = Value::bool(is);
                    }
                    Op::HasPrivate => {
                        let found = slow!(self.has_private(r!(i.b()), r!(i.c())));
                        r!(i.a()) = Value::bool(found);
                    }

                    // ---- Jumps
                    Op::Jump => jump!(i.bc()),
                    Op::JumpTrue => {
                        let value = r!(i.a());
                        if value == Value::TRUE || value.is_truthy() {
                            jump!(i.bc());
                        }
                    }
                    Op::JumpFalse => {
                        let value = r!(i.a());
                        if value == Value::FALSE || !value.is_truthy() {
                            jump!(i.bc());
                        }
                    }
                    Op::JumpNullish => {
                        if r!(i.a()).is_nullish() {
                            jump!(i.bc());
                        }
                    }
                    Op::JumpNotNullish => {
                        if !r!(i.a()).is_nullish() {
                            jump!(i.bc());
                        }
                    }
                    Op::JumpDefined => {
                        if !r!(i.a()).is_undefined() {
                            jump!(i.bc());
                        }
                    }
                    Op::JumpIs => {
                        const IMMEDIATES: [Value; 4] = [Value::UNDEFINED, Value::NULL, Value::FALSE, Value::TRUE];
                        if (r!(i.a()) == IMMEDIATES[i.b() & 3]) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpEq => {
                        if equal!(r!(i.a()), r!(i.b())) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpEqK => {
                        if equal!(r!(i.a()), konst!(i.b())) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLt => {
                        if compare!(at!(i.a()), at!(i.b()), <, arith::Order::Lt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLe => {
                        if compare!(at!(i.a()), at!(i.b()), <=, arith::Order::Le) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLtI => {
                        if compare_small!(at!(i.a()), i.immediate(), <, arith::Order::Lt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLeI => {
                        if compare_small!(at!(i.a()), i.immediate(), <=, arith::Order::Le) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGtI => {
                        if compare_small!(at!(i.a()), i.immediate(), >, arith::Order::Gt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGeI => {
                        if compare_small!(at!(i.a()), i.immediate(), >=, arith::Order::Ge) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }

                    Op::JumpLtK => {
                        if compare!(at!(i.a()), konst_at!(i.b()), <, arith::Order::Lt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLeK => {
                        if compare!(at!(i.a()), konst_at!(i.b()), <=, arith::Order::Le) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGtK => {
                        if compare!(at!(i.a()), konst_at!(i.b()), >, arith::Order::Gt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGeK => {
                        if compare!(at!(i.a()), konst_at!(i.b()), >=, arith::Order::Ge) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    // ---- Objects and arrays
                    Op::NewObject => {
                        let shape = *code.templates.get_unchecked(i.bc() as usize);
                        let room = ((*shape).slots as usize).max(if (*shape).slots == 0 { 4 } else { 0 });
                        r!(i.a()) = self.heap.object_of(shape, room);
                    }
                    Op::InitSlot => self.heap.init_slot(r!(i.a()), i.c(), r!(i.b())),
                    Op::NewArray => {
                        let array = self.heap.array(i.bc() as usize);
                        r!(i.a()) = array;
                        if i.bc() as usize > 16 {
                            slow!(self.room_for_elements(array, i.bc() as usize));
                        }
                    }
                    Op::Append => {
                        let array = r!(i.a());
                        for register in i.b()..i.b() + i.c() {
                            let value = r!(register);
                            if self.heap.push(array, value).is_err() {
                                slow!(self.in_room(|heap| heap.push(array, value)));
                            }
                        }
                    }
                    Op::AppendAll => slow!(self.append_all(r!(i.a()), r!(i.b()))),
                    Op::Define => {
                        if i.x() == 1 {
                            slow!(self.name_function(r!(i.c()), r!(i.b())));
                        }
                        slow!(self.define(r!(i.a()), r!(i.b()), r!(i.c())));
                    }
                    Op::CopyProps => slow!(self.copy_props(r!(i.a()), r!(i.b()))),
                    Op::RestProps => {
                        let keys: Vec<Value> = (0..i.c()).map(|n| r!(i.a() + 1 + n)).collect();
                        let rest = slow!(self.rest_props(r!(i.b()), &keys));
                        r!(i.a()) = rest;
                    }
                    Op::GetProp => {
                        let object = r!(i.b());
                        let cache = &*code.caches.get_unchecked(i.c()).get();
                        if object.is_container() {
                            let p = object.container() as *mut Object;
                            // What no other kind of container has in this place, see `Cache::shape`.
                            if (*p).shape == cache.shape {
                                r!(i.a()) = *(*p).slots.add(cache.slot as usize);
                                next!();
                            }
                            if (*p).head.cell.kind == Kind::Array && cache.key == self.keys.length {
                                r!(i.a()) = Value::index((*(p as *mut Array)).len as usize);
                                next!();
                            }
                        }
                        let value = slow!(self.get_cached(object, code, i.c()));
                        r!(i.a()) = value;
                    }
                    Op::SetProp => {
                        let object = r!(i.a());
                        let cache = &*code.caches.get_unchecked(i.c()).get();
                        if object.is_container() {
                            let p = object.container() as *mut Object;
                            if (*p).shape == cache.shape && cache.next.is_null() {
                                self.heap.set_slot(object, cache.slot as usize, r!(i.b()));
                                next!();
                            }
                        }
                        slow!(self.set_cached(object, r!(i.b()), code, i.c()));
                    }
                    Op::GetIndex => {
                        let (object, key) = (r!(i.b()), r!(i.c()));
                        if key.is_int() && object.is(Kind::Array) {
                            let array = object.container() as *mut Array;
                            let index = key.as_int() as u32;
                            r!(i.a()) = if index < (*array).len {
                                *(*array).data.add(index as usize)
                            } else {
                                Value::UNDEFINED
                            };
                        } else {
                            let value = slow!(self.get_index(object, key));
                            r!(i.a()) = value;
                        }
                    }
                    Op::SetIndex => {
                        let (object, key, value) = (r!(i.a()), r!(i.b()), r!(i.c()));
                        if key.is_int() && object.is(Kind::Array) {
                            let array = object.container() as *mut Array;
                            if (key.as_int() as u32) < (*array).len && !self.heap.is_frozen(object) {
                                self.heap.set_element(object, key.as_int() as usize, value);
                                next!();
                            }
                        }
                        slow!(self.set_index(object, key, value));
                    }
                    Op::GetIndexI => {
                        let object = r!(i.b());
                        if object.is(Kind::Array) {
                            let array = object.container() as *mut Array;
                            r!(i.a()) = if i.c() < (*array).len as usize {
                                *(*array).data.add(i.c())
                            } else {
                                Value::UNDEFINED
                            };
                        } else {
                            let value = slow!(self.get_index(object, Value::int(i.c() as i32)));
                            r!(i.a()) = value;
                        }
                    }
                    Op::Delete => {
                        let gone = slow!(self.delete_index(r!(i.b()), r!(i.c())));
                        r!(i.a()) = Value::bool(gone);
                    }
                    Op::CheckObject => {
                        if r!(i.a()).is_nullish() {
                            save!();
                            let what = self.describe(r!(i.a()));
                            self.type_error(format!("Cannot destructure {what}"));
                            throw!();
                        }
                    }

                    // ---- Functions and calls
                    Op::Closure => {
                        let function = self.closure(code.functions[i.bc() as usize], regs, None);
                        r!(i.a()) = function;
                    }
                    Op::HomeClosure => {
                        let function = self.closure(code.functions[i.c()], regs, Some(r!(i.b())));
                        r!(i.a()) = function;
                    }
                    Op::GetMethod => {
                        let object = r!(i.b());
                        let cache = &*code.caches.get_unchecked(i.c()).get();
                        if cache.finds(object) {
                            let method = match cache.method {
                                Value::UNDEFINED => {
                                    let method = *(*(object.container() as *mut Object)).slots.add(cache.slot as usize);
                                    self.heap.protect(method);
                                    method
                                }
                                method => method,
                            };
                            r!(i.a()) = method;
                            r!(i.a() + 1) = object;
                        } else {
                            let method = slow!(self.get_method_cached(object, code, i.c()));
                            r!(i.a()) = method;
                            r!(i.a() + 1) = object;
                        }
                    }
                    Op::GetMethodIndex => {
                        let object = r!(i.b());
                        let method = slow!(self.get_index(object, r!(i.c())));
                        self.heap.protect(method);
                        r!(i.a()) = method;
                        r!(i.a() + 1) = object;
                    }
                    Op::Call => {
                        let callee = r!(i.a());
                        let argc = i.b();
                        if i.x() == 1 {
                            r!(i.a() + 1) = Value::UNDEFINED;
                        }
                        if callee.is(Kind::Function) {
                            if i.c() != 0 {
                                self.protect_operands(regs.add(i.a()), i.c());
                            }
                            let function = callee.container() as *mut Function;
                            let called: &Code = &*((*function).code as *const Code);
                            save!();
                            if self.frames.len() >= self.options.max_depth {
                                self.too_deep();
                                throw!();
                            }
                            let base = (*frame).base + i.a() + 1;
                            self.ensure_stack(base + called.registers);
                            regs = self.stack.as_mut_ptr().add(base);
                            let mut given = argc;
                            while given < called.params {
                                given += 1;
                                r!(given) = Value::UNDEFINED;
                            }
                            let probation = self.heap.base();
                            self.heap.push_scope();
                            if self.heap.tracing {
                                self.heap.emit_push("call", called.display_name());
                            }
                            code = called;
                            pc = called.instrs.as_ptr();
                            let level = self.heap.level();
                            self.push_frame(Frame {
                                code: called,
                                function: callee,
                                pc,
                                base,
                                probation,
                                level,
                                kind: FrameKind::Call,
                                argc: argc as u32,
                            });
                            frame = self.frames.as_mut_ptr().add(self.frames.len() - 1);
                            self.ticks -= 1;
                            if self.ticks == 0 && self.tick().is_err() {
                                throw!();
                            }
                            continue;
                        } else if let Some(info) = self.plain_native(callee) {
                            // Two registers follow the last that a function uses.
                            if argc == info.quick_count
                                && let Some(value) = (info.quick)(self, r!(i.a() + 1), r!(i.a() + 2), r!(i.a() + 3))
                            {
                                r!(i.a()) = value;
                                next!();
                            }
                            save!();
                            let base = (*frame).base + i.a() + 1;
                            let top = std::mem::replace(&mut self.top, base + 1 + argc);
                            let result = (info.call)(self, Args { base, count: argc });
                            self.top = top;
                            let Ok(value) = result else { throw!() };
                            reload!();
                            r!(i.a()) = value;
                        } else {
                            save!();
                            let base = (*frame).base + i.a() + 1;
                            entered!(self.call_other(callee, base, argc, i.c()));
                        }
                    }
                    Op::CallSpread => {
                        save!();
                        if i.x() == 1 {
                            r!(i.a() + 1) = Value::UNDEFINED;
                        }
                        let base = (*frame).base + i.a() + 1;
                        entered!(self.call_spread(base, i.c()));
                    }
                    Op::New => {
                        save!();
                        let base = (*frame).base + i.a() + 1;
                        entered!(self.construct(base, i.b(), i.c()));
                    }
                    Op::NewSpread => {
                        save!();
                        let base = (*frame).base + i.a() + 1;
                        let Ok(argc) = self.spread_arguments(base) else { throw!() };
                        entered!(self.construct(base, argc, i.c()));
                    }
                    Op::SuperCall => {
                        save!();
                        let base = (*frame).base + i.a() + 1;
                        entered!(self.super_call(base, i.b(), i.c()));
                    }
                    Op::SuperCallSpread => {
                        save!();
                        let base = (*frame).base + i.a() + 1;
                        let Ok(argc) = self.spread_arguments(base) else { throw!() };
                        entered!(self.super_call(base, argc, i.c()));
                    }
                    Op::RunFields => {
                        save!();
                        let instance = r!(i.a());
                        entered!(self.run_fields(instance));
                    }
                    Op::Return => {
                        let value = r!(i.a());
                        give_back!(value, i.bc() as usize);
                    }
                    Op::ReturnUndefined => give_back!(Value::UNDEFINED, i.bc() as usize),
                    Op::Rest => {
                        let rest = slow!(self.rest_arguments(i.b()));
                        r!(i.a()) = rest;
                    }

                    // ---- Classes
                    Op::NewClass => {
                        let parent = if i.x() == 1 { Some(r!(i.a())) } else { None };
                        let class = slow!(self.new_class(code, i.bc() as usize, parent, regs));
                        r!(i.a()) = class;
                    }
                    Op::DefineMethod => slow!(self.define_method(r!(i.a()), r!(i.b()), r!(i.c()), i.x() == 1)),
                    Op::DefineStatic | Op::DefineField => slow!(self.define(r!(i.a()), r!(i.b()), r!(i.c()))),
                    Op::DefinePrivate => slow!(self.define_private(r!(i.a()), r!(i.b()), r!(i.c()))),
                    Op::PrivateName => {
                        let name = self.private_name(i.b(), i.c());
                        r!(i.a()) = name;
                    }
                    Op::GetPrivate => {
                        let value = slow!(self.get_private(r!(i.b()), r!(i.c())));
                        r!(i.a()) = value;
                    }
                    Op::SetPrivate => slow!(self.set_private(r!(i.a()), r!(i.b()), r!(i.c()))),
                    Op::GetSuper => {
                        let key = (*code.caches.get_unchecked(i.c()).get()).key;
                        let value = slow!(self.get_super(key.value(), r!(i.b()), i.x() == 1));
                        r!(i.a()) = value;
                    }
                    Op::GetSuperIndex => {
                        let value = slow!(self.get_super(r!(i.c()), r!(i.b()), i.x() == 1));
                        r!(i.a()) = value;
                    }
                    Op::SetSuper => slow!(self.set_index(r!(i.b()), r!(i.a()), r!(i.c()))),

                    // ---- Iteration
                    Op::IterStart => {
                        let iterable = slow!(self.iterate(r!(i.b())));
                        r!(i.a()) = iterable;
                        r!(i.a() + 1) = Value::int(0);
                        if i.x() == 0 {
                            local_by!(i.a());
                            self.heap.incref(iterable);
                        }
                    }
                    Op::IterNext => {
                        let (target, position) = (r!(i.a()), r!(i.a() + 1));
                        let more = if target.is(Kind::Array) && position.is_int() {
                            let array = target.container() as *mut Array;
                            let index = position.as_int() as u32;
                            if index < (*array).len {
                                r!(i.b()) = *(*array).data.add(index as usize);
                                r!(i.a() + 1) = Value::int(index as i32 + 1);
                                true
                            } else {
                                r!(i.a() + 1) = Value::int(-1);
                                r!(i.b()) = Value::UNDEFINED;
                                false
                            }
                        } else {
                            match slow!(self.iterate_next(target, position)) {
                                Some((value, position)) => {
                                    r!(i.b()) = value;
                                    r!(i.a() + 1) = position;
                                    true
                                }
                                None => {
                                    r!(i.a() + 1) = Value::int(-1);
                                    r!(i.b()) = Value::UNDEFINED;
                                    false
                                }
                            }
                        };
                        if more == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::KeysStart => {
                        let object = r!(i.b());
                        let keys = slow!(self.enumerate(object));
                        r!(i.a()) = object;
                        r!(i.a() + 1) = keys;
                        r!(i.a() + 2) = Value::int(0);
                        local_by!(i.a());
                        self.heap.incref(object);
                        local_by!(i.a() + 1);
                        self.heap.incref(keys);
                    }
                    Op::KeysNext => {
                        let (object, keys) = (r!(i.a()), r!(i.a() + 1));
                        let mut at = r!(i.a() + 2).as_int() as usize;
                        let mut found = Value::UNDEFINED;
                        while let Some(key) = self.heap.element(keys, at) {
                            at += 1;
                            if self.still_has(object, key) {
                                found = key;
                                break;
                            }
                        }
                        r!(i.a() + 2) = Value::int(at as i32);
                        r!(i.b()) = found;
                        if found.is_undefined() != (i.x() == 1) {
                            jump!(i.short());
                        }
                    }

                    // ---- Strings
                    Op::Concat => {
                        let base = (*frame).base + i.b();
                        let text = slow!(self.concat(base, i.c()));
                        r!(i.a()) = text;
                    }

                    // ---- Scopes, statements, exceptions
                    Op::PushScope => {
                        self.heap.push_scope();
                        if self.heap.tracing {
                            self.heap.emit_push(scope_name(i.a()), "");
                        }
                    }
                    Op::PopScope => {
                        if self.heap.scope_wants_care() {
                            save!();
                            self.pop_scope_slow(i.a(), i.b());
                            reload!();
                            next!();
                        }
                        for register in (i.a()..i.a() + i.b()).rev() {
                            self.heap.decref(r!(register));
                        }
                        let base = base!();
                        if self.heap.scope_is_empty(base) {
                            self.heap.pop_empty_scope();
                        } else {
                            save!();
                            self.pop_scope(base, Vm::counted_locals);
                            // A finalizer may have run, whether something waits for a safepoint now or not.
                            reload!();
                            check!();
                        }
                    }
                    Op::Sweep => {
                        self.heap.sweep(base!());
                        check!();
                    }
                    Op::Finish => {
                        save!();
                        let value = r!(i.a());
                        return Ok(self.finish_main(value, i.bc() as usize));
                    }
                    Op::Throw => {
                        save!();
                        self.throw(r!(i.a()));
                        throw!();
                    }
                    Op::ThrowTdz => {
                        save!();
                        self.not_initialised(i.x() == 1);
                        throw!();
                    }
                    Op::ThrowType => {
                        save!();
                        let text = self.heap.text(konst!(i.bc() as usize)).to_string();
                        self.type_error(text);
                        throw!();
                    }
                }
                pc = pc.add(1);
            }
        }
    }

    #[inline(always)]
    pub(super) fn push_frame(&mut self, frame: Frame) {
        self.frames.push(frame);
    }

    /// Protects what a call uses: bit n of the mask stands for operand n.
    #[inline(always)]
    pub(super) unsafe fn protect_operands(&mut self, operands: *mut Value, mask: usize) {
        let mut mask = mask;
        while mask != 0 {
            let n = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            // SAFETY: the compiler sets bits of operands only.
            self.heap.protect(unsafe { *operands.add(n) });
        }
    }
}

/// What a scope event calls a scope.
fn scope_name(kind: usize) -> &'static str {
    const NAMES: [(ScopeKind, &str); 5] = [
        (ScopeKind::Block, "block"),
        (ScopeKind::For, "for"),
        (ScopeKind::Iteration, "iteration"),
        (ScopeKind::Catch, "catch"),
        (ScopeKind::Switch, "switch"),
    ];
    NAMES.iter().find(|(named, _)| *named as usize == kind).map_or("scope", |(_, name)| name)
}

impl Vm {
    #[cold]
    #[inline(never)]
    fn too_deep(&mut self) -> Throw {
        self.range_error("Maximum call stack size exceeded")
    }
}
