//! What suspended frames can still read: for `gc.sweep()`.
//!
//! Registers keep what was in them, also when no instruction reads it any more, and a cell that is made later can have the address of one that was freed: a look
//! at all registers would depend on how memory is recycled. So the code says which of them count. Nothing without a count outlives a sweep of its frame, so only the
//! rest of the statement in execution is looked at.

use rustc_hash::FxHashSet;

use super::Vm;
use super::code::Code;
use crate::compile::flow::{successors, written};
use crate::compile::op::{Instr, Op, Shape};
use crate::compile::proto::{Capture, Proto};

impl Vm {
    /// The values without a count that a frame, or the native in execution, whose window is `window`, can still read. O(frames + code of the statements in execution).
    pub(super) fn readable(&self, window: std::ops::Range<usize>) -> FxHashSet<u64> {
        let mut readable: FxHashSet<u64> = self.stack[window].iter().map(|value| value.0).collect();
        readable.insert(self.exception.0);
        for (index, frame) in self.frames.iter().enumerate() {
            // SAFETY: code lives as long as the machine; pc points into its instructions, one past the one in execution.
            let (code, pc) = unsafe {
                (&*frame.code, (frame.pc.offset_from((*frame.code).instrs.as_ptr()) as usize).saturating_sub(1))
            };
            readable.extend([frame.function, frame.at, frame.target, frame.instance].map(|value| value.0));
            // `this` and the parameters belong to the statement of the caller.
            let given = (frame.argc as usize).min(code.params);
            readable.extend(self.stack[frame.base..frame.base + 1 + given].iter().map(|value| value.0));
            let mut add = |register: usize| {
                if let Some(value) = self.stack.get(frame.base + register) {
                    readable.insert(value.0);
                }
            };
            let instr = code.instrs[pc];
            // The window of a call is the callee's by now.
            let called = self.frames.get(index + 1).is_some_and(|next| next.base == frame.base + instr.a() + 1);
            if called && is_call(instr.op()) {
                if !matches!(instr.op(), Op::SuperCall | Op::SuperCallSpread) {
                    add(instr.a());
                }
            } else {
                reads(&code.proto, instr, &mut add);
            }
            rest_of_statement(code, pc, &mut add);
        }
        readable
    }
}

pub(super) fn is_call(op: Op) -> bool {
    matches!(op, Op::Call | Op::CallSpread | Op::New | Op::NewSpread | Op::SuperCall | Op::SuperCallSpread)
}

/// Registers that are read behind the instruction at `pc` before they are written, on any way to the end of the statement.
fn rest_of_statement(code: &Code, pc: usize, add: &mut impl FnMut(usize)) {
    // By position: what was not written on some way to it.
    let mut seen: rustc_hash::FxHashMap<usize, FxHashSet<usize>> = Default::default();
    let first = code.instrs[pc];
    let all: FxHashSet<usize> = (0..code.registers).filter(|register| !written(first).contains(register)).collect();
    let mut work: Vec<(usize, FxHashSet<usize>)> = if ends(first.op()) {
        Vec::new()
    } else {
        successors(pc, first).into_iter().map(|to| (to, all.clone())).collect()
    };
    while let Some((pc, unwritten)) = work.pop() {
        let Some(&instr) = code.instrs.get(pc) else { continue };
        let known = seen.entry(pc).or_default();
        let mut unwritten: FxHashSet<usize> = unwritten.difference(known).copied().collect();
        if unwritten.is_empty() {
            continue;
        }
        known.extend(&unwritten);
        reads(&code.proto, instr, &mut |register| {
            if unwritten.contains(&register) {
                add(register);
            }
        });
        if ends(instr.op()) {
            continue;
        }
        unwritten.retain(|register| !written(instr).contains(register));
        work.extend(successors(pc, instr).into_iter().map(|to| (to, unwritten.clone())));
    }
}

/// Behind these, the frame has nothing without a count any more.
fn ends(op: Op) -> bool {
    matches!(
        op,
        Op::Sweep
            | Op::Drop
            | Op::PopScope
            | Op::FreshVar
            | Op::Return
            | Op::ReturnUndefined
            | Op::Throw
            | Op::ThrowTdz
            | Op::ThrowType
            | Op::Finish
    )
}

/// The registers whose values an instruction uses.
fn reads(proto: &Proto, instr: Instr, add: &mut impl FnMut(usize)) {
    let (a, b, c) = (instr.a(), instr.b(), instr.c());
    let captured = |inner: &Proto, add: &mut dyn FnMut(usize)| {
        for capture in &inner.captures {
            if let Capture::Local(register) = capture {
                add(*register as usize);
            }
        }
    };
    match instr.op() {
        Op::Call | Op::CallSpread if instr.x() == 1 => {
            add(a);
            let count = if instr.op() == Op::Call { b } else { 1 };
            (a + 2..a + 2 + count).for_each(add);
        }
        Op::Call | Op::New => (a..a + 2 + b).for_each(add),
        Op::CallSpread | Op::NewSpread => (a..a + 3).for_each(add),
        // The class it calls is in no register.
        Op::SuperCall => (a + 1..a + 2 + b).for_each(add),
        Op::SuperCallSpread => (a + 1..a + 3).for_each(add),
        Op::Append => {
            add(a);
            (b..b + c).for_each(add);
        }
        Op::Concat => (b..b + c).for_each(add),
        Op::RestProps => {
            add(b);
            (a + 1..a + 1 + c).for_each(add);
        }
        Op::IterNext => (a..a + 2).for_each(add),
        Op::KeysNext => (a..a + 3).for_each(add),
        Op::Closure => captured(&proto.functions[instr.bc() as usize], add),
        Op::HomeClosure => {
            add(b);
            captured(&proto.functions[c], add);
        }
        Op::NewClass => {
            add(a);
            let class = &proto.classes[instr.bc() as usize];
            let methods = class.methods.iter().map(|method| &method.function);
            for inner in class.constructor.iter().chain(&class.fields).chain(methods) {
                captured(inner, add);
            }
        }
        Op::LoadK
        | Op::LoadI
        | Op::LoadUndefined
        | Op::LoadNull
        | Op::LoadTrue
        | Op::LoadFalse
        | Op::LoadHole
        | Op::LoadBuiltin
        | Op::LoadSelf
        | Op::NewVar
        | Op::GetUp
        | Op::GetGlobal
        | Op::NewObject
        | Op::NewArray
        | Op::PrivateName
        | Op::Rest
        // What a scope gives back is counted.
        | Op::Drop
        | Op::PopScope
        | Op::PushScope
        | Op::ThrowType => {}
        op => {
            let writes_a = written(instr).contains(&a);
            match op.shape() {
                Shape::O | Shape::J => {}
                Shape::R | Shape::RN | Shape::RNN | Shape::RK | Shape::RI | Shape::RW | Shape::RJ | Shape::RKj
                | Shape::RIj => add(a),
                Shape::RR | Shape::RRK | Shape::RRI | Shape::RRC | Shape::RRN | Shape::RRj => {
                    if !writes_a {
                        add(a);
                    }
                    add(b);
                }
                Shape::RRR => {
                    if !writes_a {
                        add(a);
                    }
                    add(b);
                    add(c);
                }
            }
        }
    }
}
