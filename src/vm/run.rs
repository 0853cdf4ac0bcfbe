//! The loop: decodes and executes instructions. Each arm holds the fast test and the store; what is rare is out of line.
//!
//! `pc`, `regs` and `code` are the running frame's, in locals. Before anything that can throw, call, or look at frames, `pc` is saved to the frame: a saved
//! `pc` is always one past the instruction in execution.

use super::code::Code;
use super::native::Throw;
use super::{Frame, FrameKind, Vm, arith};
use crate::compile::op::{Op, flag};
use crate::compile::proto::ScopeKind;
use crate::heap::cell::{Array, Collection, Function, Kind, Object, Variable};
use crate::heap::event::By;
use crate::heap::shape::Shape;
use crate::heap::value::Value;

impl Vm {
    /// Runs the main program's code at level 1. Its locals are kept until [`Vm::finish`].
    pub(super) fn run_main(&mut self, code: *const Code) -> Result<Value, Throw> {
        if self.heap.tracing && !self.is_resumed() {
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
        unsafe { self.run(entry) }
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
        self.stack.resize(len.max(self.stack.len() * 2), Value::UNDEFINED);
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
            let mut pc;
            let mut regs: *mut Value;

            macro_rules! load {
                () => {{
                    let frame = self.frames.last().unwrap_unchecked();
                    code = &*frame.code;
                    pc = frame.pc;
                    regs = self.stack.as_mut_ptr().add(frame.base);
                }};
            }
            macro_rules! save {
                () => {
                    self.frames.last_mut().unwrap_unchecked().pc = pc
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
                            let frame = self.frames.last().unwrap_unchecked();
                            regs = self.stack.as_mut_ptr().add(frame.base);
                            value
                        }
                        Err(_) => throw!(),
                    }
                }};
            }
            macro_rules! jump {
                ($offset:expr) => {{
                    let offset = $offset as isize;
                    pc = pc.offset(offset);
                    if offset < 0 {
                        self.ticks -= 1;
                        if self.ticks == 0 {
                            // The place is that of the jump.
                            self.frames.last_mut().unwrap_unchecked().pc = pc.offset(-offset);
                            if self.tick().is_err() {
                                throw!();
                            }
                        }
                    }
                }};
            }
            macro_rules! base {
                () => {
                    self.frames.last().unwrap_unchecked().probation
                };
            }
            // The result of the slow path of arithmetic goes to a temporary or to a local.
            macro_rules! finish_arith {
                ($i:expr, $value:expr) => {{
                    let value: Value = $value;
                    if $i.x() == 0 {
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
                ($i:expr, $l:expr, $r:expr, $int:expr, $double:expr, $op:expr) => {{
                    let (l, r): (Value, Value) = ($l, $r);
                    if l.is_int() && r.is_int() {
                        r!($i.a()) = $int(l.as_int(), r.as_int());
                    } else if l.is_plain_number() && r.is_plain_number() {
                        r!($i.a()) = Value::double($double(l.as_plain(), r.as_plain()));
                    } else {
                        let value = slow!(self.arithmetic($op, l, r));
                        finish_arith!($i, value);
                    }
                }};
            }
            macro_rules! bitwise {
                ($i:expr, $l:expr, $r:expr, $int:expr, $op:expr) => {{
                    let (l, r): (Value, Value) = ($l, $r);
                    if l.is_int() && r.is_int() {
                        r!($i.a()) = $int(l.as_int(), r.as_int());
                    } else {
                        let value = slow!(self.bitwise($op, l, r));
                        r!($i.a()) = value;
                    }
                }};
            }
            macro_rules! compare {
                ($l:expr, $r:expr, $op:tt, $slow:expr) => {{
                    let (l, r): (Value, Value) = ($l, $r);
                    if l.is_int() && r.is_int() {
                        l.as_int() $op r.as_int()
                    } else if l.is_plain_number() && r.is_plain_number() {
                        l.as_plain() $op r.as_plain()
                    } else {
                        slow!(self.compare($slow, l, r))
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
                        regs = self.stack.as_mut_ptr().add(self.frames.last().unwrap_unchecked().base);
                    }
                };
            }

            load!();
            loop {
                let i = *pc;
                pc = pc.add(1);
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
                    Op::LoadSelf => r!(i.a()) = self.frames.last().unwrap_unchecked().function,

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
                        let level = self.frames.last().unwrap_unchecked().level + i.c() as u32;
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
                        let function = self.frames.last().unwrap_unchecked().function.container() as *mut Function;
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
                        let function = self.frames.last().unwrap_unchecked().function.container() as *mut Function;
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
                        if i.x() == 1 && value == Value::HOLE {
                            save!();
                            self.not_initialised(false);
                            throw!();
                        }
                        r!(i.a()) = value;
                    }
                    Op::SetGlobal => {
                        let index = i.bc() as usize;
                        if i.x() == 1 && *self.globals.get_unchecked(index) == Value::HOLE {
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
                    }

                    // ---- Arithmetic
                    Op::Add => {
                        arith!(i, r!(i.b()), r!(i.c()), arith::add_int, |x: f64, y: f64| x + y, arith::Arith::Add)
                    }
                    Op::AddK => {
                        arith!(i, r!(i.b()), konst!(i.c()), arith::add_int, |x: f64, y: f64| x + y, arith::Arith::Add)
                    }
                    Op::AddI => arith!(
                        i,
                        r!(i.b()),
                        Value::int(i.short()),
                        arith::add_int,
                        |x: f64, y: f64| x + y,
                        arith::Arith::Add
                    ),
                    Op::AddIJump => {
                        let value = r!(i.b());
                        if value.is_int()
                            && let Some(n) = value.as_int().checked_add(i.short())
                        {
                            r!(i.a()) = Value::int(n);
                            let test = *pc;
                            let limit = match test.opcode() {
                                op if op == Op::JumpLt as u8 => r!(test.b()),
                                op if op == Op::JumpLtK as u8 => konst!(test.b()),
                                _ => Value::int(test.immediate()),
                            };
                            if limit.is_int() {
                                pc = pc.add(1);
                                if n < limit.as_int() {
                                    jump!(test.short());
                                }
                            }
                        } else {
                            arith!(
                                i,
                                value,
                                Value::int(i.short()),
                                arith::add_int,
                                |x: f64, y: f64| x + y,
                                arith::Arith::Add
                            );
                        }
                    }
                    Op::Sub => {
                        arith!(i, r!(i.b()), r!(i.c()), arith::sub_int, |x: f64, y: f64| x - y, arith::Arith::Sub)
                    }
                    Op::SubK => {
                        arith!(i, r!(i.b()), konst!(i.c()), arith::sub_int, |x: f64, y: f64| x - y, arith::Arith::Sub)
                    }
                    Op::Mul => {
                        arith!(i, r!(i.b()), r!(i.c()), arith::mul_int, |x: f64, y: f64| x * y, arith::Arith::Mul)
                    }
                    Op::MulK => {
                        arith!(i, r!(i.b()), konst!(i.c()), arith::mul_int, |x: f64, y: f64| x * y, arith::Arith::Mul)
                    }
                    Op::Div => {
                        arith!(i, r!(i.b()), r!(i.c()), arith::div_int, |x: f64, y: f64| x / y, arith::Arith::Div)
                    }
                    Op::DivK => {
                        arith!(i, r!(i.b()), konst!(i.c()), arith::div_int, |x: f64, y: f64| x / y, arith::Arith::Div)
                    }
                    Op::Rem => arith!(i, r!(i.b()), r!(i.c()), arith::rem_int, arith::rem_double, arith::Arith::Rem),
                    Op::RemK => {
                        arith!(i, r!(i.b()), konst!(i.c()), arith::rem_int, arith::rem_double, arith::Arith::Rem)
                    }
                    Op::Pow => {
                        let value = slow!(self.arithmetic(arith::Arith::Pow, r!(i.b()), r!(i.c())));
                        finish_arith!(i, value);
                    }
                    Op::BitAnd => bitwise!(i, r!(i.b()), r!(i.c()), |x, y| Value::int(x & y), arith::Bit::And),
                    Op::BitAndK => bitwise!(i, r!(i.b()), konst!(i.c()), |x, y| Value::int(x & y), arith::Bit::And),
                    Op::BitOr => bitwise!(i, r!(i.b()), r!(i.c()), |x, y| Value::int(x | y), arith::Bit::Or),
                    Op::BitOrK => bitwise!(i, r!(i.b()), konst!(i.c()), |x, y| Value::int(x | y), arith::Bit::Or),
                    Op::BitXor => bitwise!(i, r!(i.b()), r!(i.c()), |x, y| Value::int(x ^ y), arith::Bit::Xor),
                    Op::BitXorK => bitwise!(i, r!(i.b()), konst!(i.c()), |x, y| Value::int(x ^ y), arith::Bit::Xor),
                    Op::Shl => bitwise!(
                        i,
                        r!(i.b()),
                        r!(i.c()),
                        |x: i32, y| Value::int(x.wrapping_shl(y as u32)),
                        arith::Bit::Shl
                    ),
                    Op::ShlK => bitwise!(
                        i,
                        r!(i.b()),
                        konst!(i.c()),
                        |x: i32, y| Value::int(x.wrapping_shl(y as u32)),
                        arith::Bit::Shl
                    ),
                    Op::Shr => bitwise!(
                        i,
                        r!(i.b()),
                        r!(i.c()),
                        |x: i32, y| Value::int(x.wrapping_shr(y as u32)),
                        arith::Bit::Shr
                    ),
                    Op::ShrK => bitwise!(
                        i,
                        r!(i.b()),
                        konst!(i.c()),
                        |x: i32, y| Value::int(x.wrapping_shr(y as u32)),
                        arith::Bit::Shr
                    ),
                    Op::UShr => bitwise!(i, r!(i.b()), r!(i.c()), arith::ushr_int, arith::Bit::UShr),
                    Op::UShrK => bitwise!(i, r!(i.b()), konst!(i.c()), arith::ushr_int, arith::Bit::UShr),
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
                    Op::Lt => r!(i.a()) = Value::bool(compare!(r!(i.b()), r!(i.c()), <, arith::Order::Lt)),
                    Op::Le => r!(i.a()) = Value::bool(compare!(r!(i.b()), r!(i.c()), <=, arith::Order::Le)),
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
                        if compare!(r!(i.a()), r!(i.b()), <, arith::Order::Lt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLe => {
                        if compare!(r!(i.a()), r!(i.b()), <=, arith::Order::Le) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLtI => {
                        if compare!(r!(i.a()), Value::int(i.immediate()), <, arith::Order::Lt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLeI => {
                        if compare!(r!(i.a()), Value::int(i.immediate()), <=, arith::Order::Le) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGtI => {
                        if compare!(r!(i.a()), Value::int(i.immediate()), >, arith::Order::Gt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGeI => {
                        if compare!(r!(i.a()), Value::int(i.immediate()), >=, arith::Order::Ge) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }

                    Op::JumpLtK => {
                        if compare!(r!(i.a()), konst!(i.b()), <, arith::Order::Lt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpLeK => {
                        if compare!(r!(i.a()), konst!(i.b()), <=, arith::Order::Le) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGtK => {
                        if compare!(r!(i.a()), konst!(i.b()), >, arith::Order::Gt) == (i.x() == 1) {
                            jump!(i.short());
                        }
                    }
                    Op::JumpGeK => {
                        if compare!(r!(i.a()), konst!(i.b()), >=, arith::Order::Ge) == (i.x() == 1) {
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
                            slow!(self.reserve(array, i.bc() as usize));
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
                            if (*p).head.cell.kind == Kind::Object
                                && (*p).shape == cache.shape
                                && cache.method == Value::UNDEFINED
                            {
                                r!(i.a()) = *(*p).slots.add(cache.slot as usize);
                                continue;
                            }
                            if (*p).head.cell.kind == Kind::Array && cache.key == self.keys.length {
                                r!(i.a()) = Value::index((*(p as *mut Array)).len as usize);
                                continue;
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
                            if (*p).head.cell.kind == Kind::Object && (*p).shape == cache.shape && cache.next.is_null()
                            {
                                self.heap.set_slot(object, cache.slot as usize, r!(i.b()));
                                continue;
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
                                continue;
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
                        if cache_tag(object) == cache.shape {
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
                            continue;
                        }
                        let method = slow!(self.get_method_cached(object, code, i.c()));
                        r!(i.a()) = method;
                        r!(i.a() + 1) = object;
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
                            let frame = self.frames.last().unwrap_unchecked();
                            let base = frame.base + i.a() + 1;
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
                            self.ticks -= 1;
                            if self.ticks == 0 {
                                slow!(self.tick());
                            }
                        } else {
                            save!();
                            let base = self.frames.last().unwrap_unchecked().base + i.a() + 1;
                            match self.call_other(callee, base, argc, i.c()) {
                                Ok(()) => load!(),
                                Err(_) => throw!(),
                            }
                        }
                    }
                    Op::CallSpread => {
                        save!();
                        if i.x() == 1 {
                            r!(i.a() + 1) = Value::UNDEFINED;
                        }
                        let base = self.frames.last().unwrap_unchecked().base + i.a() + 1;
                        match self.call_spread(base, i.c()) {
                            Ok(()) => load!(),
                            Err(_) => throw!(),
                        }
                    }
                    Op::New | Op::NewSpread => {
                        save!();
                        let base = self.frames.last().unwrap_unchecked().base + i.a() + 1;
                        let argc = match i.opcode() == Op::New as u8 {
                            true => i.b(),
                            false => match self.spread_arguments(base) {
                                Ok(argc) => argc,
                                Err(_) => throw!(),
                            },
                        };
                        match self.construct(base, argc, i.c()) {
                            Ok(()) => load!(),
                            Err(_) => throw!(),
                        }
                    }
                    Op::SuperCall | Op::SuperCallSpread => {
                        save!();
                        let base = self.frames.last().unwrap_unchecked().base + i.a() + 1;
                        let argc = match i.opcode() == Op::SuperCall as u8 {
                            true => i.b(),
                            false => match self.spread_arguments(base) {
                                Ok(argc) => argc,
                                Err(_) => throw!(),
                            },
                        };
                        match self.super_call(base, argc, i.c()) {
                            Ok(()) => load!(),
                            Err(_) => throw!(),
                        }
                    }
                    Op::RunFields => {
                        save!();
                        let instance = r!(i.a());
                        match self.run_fields(instance) {
                            Ok(()) => load!(),
                            Err(_) => throw!(),
                        }
                    }
                    Op::Return | Op::ReturnUndefined => {
                        let value = if i.opcode() == Op::Return as u8 { r!(i.a()) } else { Value::UNDEFINED };
                        let frame = self.frames.last().unwrap_unchecked();
                        if i.bc() == 0
                            && frame.kind == FrameKind::Call
                            && frame.level == self.heap.level()
                            && self.heap.scope_is_empty(frame.probation)
                            && !self.heap.attention
                        {
                            self.heap.pop_empty_scope();
                            *regs.sub(1) = value;
                            self.frames.set_len(self.frames.len() - 1);
                            load!();
                            continue;
                        }
                        save!();
                        match self.return_slow(value, i.bc() as usize, entry) {
                            Ok(Some(result)) => return Ok(result),
                            Ok(None) => load!(),
                            Err(_) => throw!(),
                        }
                    }
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
                        let base = self.frames.last().unwrap_unchecked().base + i.b();
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
                            regs = self.stack.as_mut_ptr().add(self.frames.last().unwrap_unchecked().base);
                            continue;
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
                            regs = self.stack.as_mut_ptr().add(self.frames.last().unwrap_unchecked().base);
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

/// What a method cache compares: the shape of an object; for a built-in kind without own properties, a small number that is no shape's
/// address; otherwise a number that is never stored.
#[inline(always)]
pub(super) fn cache_tag(value: Value) -> *mut Shape {
    // SAFETY: a live value (I2).
    unsafe {
        if value.is_container() {
            let p = value.container() as *mut Object;
            match (*p).head.cell.kind {
                Kind::Object => return (*p).shape,
                Kind::Array if (*(p as *mut Array)).props == Value::UNDEFINED => {
                    return Kind::Array as usize as *mut Shape;
                }
                kind @ (Kind::Map | Kind::Set) if (*(p as *mut Collection)).props == Value::UNDEFINED => {
                    return kind as usize as *mut Shape;
                }
                _ => {}
            }
        } else if value.is_string() {
            return STRING_TAG as *mut Shape;
        }
    }
    NO_TAG as *mut Shape
}

/// `cache_tag` of a string; of what has none.
pub(super) const STRING_TAG: usize = 64;
pub(super) const NO_TAG: usize = 65;

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
