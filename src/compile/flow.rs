//! The flow check: follows the code on every way and compares what is counted with the ranges of the locals.
//!
//! It executes the counting rules of [`op`](super::op) on an abstract frame: which registers hold a counted value, how many scopes are open.
//! Where ways meet they must agree, and at every instruction the frame must be what [`Proto::locals`] says.

use std::collections::BTreeSet;
use std::ops::Range;

use super::op::{Instr, Op, Shape, flag};
use super::proto::Proto;

/// What is known of a frame before an instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Frame {
    /// Registers that hold a counted value.
    counted: BTreeSet<u16>,
    /// Locals that hold an immediate: nobody needs to give them back.
    immediate: BTreeSet<u16>,
    /// Temporaries that can hold an immediate: a local starts with one where its range does.
    plain: BTreeSet<u16>,
    depth: u16,
}

impl Frame {
    fn locals(&self) -> BTreeSet<u16> {
        self.counted.union(&self.immediate).copied().collect()
    }

    /// The frame where two ways meet; what one of them counts is counted.
    fn meet(&self, other: &Frame) -> Option<Frame> {
        if self.depth != other.depth || self.locals() != other.locals() {
            return None;
        }
        let counted: BTreeSet<u16> = self.counted.union(&other.counted).copied().collect();
        let immediate = self.immediate.difference(&counted).copied().collect();
        let plain = self.plain.intersection(&other.plain).copied().collect();
        Some(Frame { counted, immediate, plain, depth: self.depth })
    }
}

/// Checks one function.
///
/// # Errors
/// The position and what is wrong there.
pub fn check_flow(proto: &Proto) -> Result<(), (usize, String)> {
    let mut frames: Vec<Option<Frame>> = vec![None; proto.code.len()];
    let mut work = vec![(0, Frame::default())];
    while let Some((pc, mut frame)) = work.pop() {
        let (Some(known), Some(&instr)) = (frames.get(pc), proto.code.get(pc)) else {
            return Err((pc, "runs past the end".into()));
        };
        let listed = listed_at(proto, pc);
        let given = given_back(instr);
        let starting: Vec<u16> =
            listed.difference(&frame.locals()).copied().filter(|r| frame.plain.contains(r)).collect();
        frame.immediate.extend(starting);
        frame.immediate.retain(|register| listed.contains(register) || given.contains(register));
        // What an instruction gives back is no longer listed at it.
        let before = frame.clone();
        give_back(instr, &mut frame).map_err(|what| (pc, what))?;
        if listed != frame.locals() {
            return Err((pc, format!("counted are {:?}, listed {listed:?}", frame.locals())));
        }
        frame = before;
        if let Some(known) = known {
            match known.meet(&frame) {
                Some(both) if both == *known => continue,
                Some(both) => frame = both,
                None => return Err((pc, format!("ways disagree: {known:?} and {frame:?}"))),
            }
        }
        frames[pc] = Some(frame.clone());
        give_back(instr, &mut frame).map_err(|what| (pc, what))?;
        // The innermost handler takes an exception.
        if let Some(handler) = proto.handlers.iter().find(|handler| (handler.start..handler.end).contains(&(pc as u32)))
        {
            let kept = listed_at(proto, handler.target as usize);
            if !kept.is_subset(&listed) || handler.depth > frame.depth {
                return Err((pc, format!("the handler at {} expects more than there is", handler.target)));
            }
            let keep = |set: &BTreeSet<u16>| set.intersection(&kept).copied().collect();
            let caught = Frame {
                counted: keep(&frame.counted),
                immediate: keep(&frame.immediate),
                plain: BTreeSet::new(),
                depth: handler.depth,
            };
            work.push((handler.target as usize, caught));
        }
        step(pc, instr, &mut frame)?;
        work.extend(successors(pc, instr).into_iter().map(|target| (target, frame.clone())));
    }
    Ok(())
}

/// The registers of the ranges that hold at a position.
fn listed_at(proto: &Proto, pc: usize) -> BTreeSet<u16> {
    let holds = |start: u32, end: u32| (start..end).contains(&(pc as u32));
    let locals = proto.locals.iter().filter(|local| local.counted && holds(local.start, local.end));
    locals.map(|local| local.register).collect()
}

/// The locals that an instruction unreferences.
fn given_back(instr: Instr) -> Range<u16> {
    match instr.op() {
        Op::Drop | Op::PopScope => instr.a() as u16..(instr.a() + instr.b()) as u16,
        _ => 0..0,
    }
}

/// `Drop` and `PopScope` unreference their locals.
fn give_back(instr: Instr, frame: &mut Frame) -> Result<(), String> {
    for register in given_back(instr) {
        if !frame.counted.remove(&register) && !frame.immediate.remove(&register) {
            return Err(format!("r{register} is given back and is no local"));
        }
    }
    Ok(())
}

fn step(pc: usize, instr: Instr, frame: &mut Frame) -> Result<(), (usize, String)> {
    let (a, b) = (instr.a() as u16, instr.b() as u16);
    let op = instr.op();
    let fail = |what: &str| Err((pc, format!("{}: {what}", op.name())));
    let arithmetic = (Op::Add as u8..=Op::BitNot as u8).contains(&(op as u8));
    let is_local = |frame: &Frame, register| frame.counted.contains(&register) || frame.immediate.contains(&register);
    match op {
        Op::Own | Op::BoxParam | Op::Init | Op::KeysStart => {
            let last = if op == Op::KeysStart { a + 1 } else { a };
            for register in a..=last {
                if is_local(frame, register) || !frame.counted.insert(register) {
                    return fail("the register is a local already");
                }
            }
        }
        Op::NewVar | Op::IterStart if instr.x() == 0 => {
            if is_local(frame, a) || !frame.counted.insert(a) {
                return fail("the register is a local already");
            }
        }
        Op::Set | Op::SetOuter | Op::FreshVar => {
            if !is_local(frame, a) {
                return fail("the register is no local");
            }
            frame.immediate.remove(&a);
            frame.counted.insert(a);
        }
        Op::Drop => {}
        Op::PopScope => match frame.depth.checked_sub(1) {
            Some(depth) => frame.depth = depth,
            None => return fail("no scope is open"),
        },
        Op::PushScope => frame.depth += 1,
        _ if arithmetic && instr.x() & flag::OWN != 0 => {
            if is_local(frame, a) || !frame.counted.insert(a) {
                return fail("the register is a local already");
            }
        }
        _ if arithmetic && instr.x() & flag::SELF != 0 => {
            if a != b || !is_local(frame, a) {
                return fail("not a local in place");
            }
        }
        _ => {
            let Some(written) = writes(instr) else { return Ok(()) };
            if frame.counted.contains(&written) {
                return fail("overwrites a local");
            }
            if makes_immediate(op) || arithmetic {
                frame.plain.insert(written);
            } else {
                frame.plain.remove(&written);
            }
        }
    }
    Ok(())
}

/// Whether what an instruction writes can be an immediate by which a local starts uncounted.
fn makes_immediate(op: Op) -> bool {
    matches!(
        op,
        Op::Move
            | Op::LoadI
            | Op::LoadK
            | Op::LoadUndefined
            | Op::LoadNull
            | Op::LoadTrue
            | Op::LoadFalse
            | Op::LoadHole
            | Op::Not
            | Op::Eq
            | Op::Ne
            | Op::Lt
            | Op::Le
            | Op::In
            | Op::InstanceOf
            | Op::HasPrivate
            | Op::Delete
    )
}

/// The register that an instruction writes as a temporary.
fn writes(instr: Instr) -> Option<u16> {
    let a = instr.a() as u16;
    match instr.op() {
        Op::SetVar
        | Op::SetUp
        | Op::SetGlobal
        | Op::SetProp
        | Op::SetIndex
        | Op::SetPrivate
        | Op::SetSuper
        | Op::InitSlot
        | Op::Append
        | Op::AppendAll
        | Op::Define
        | Op::CopyProps
        | Op::DefineMethod
        | Op::DefineStatic
        | Op::DefineField
        | Op::DefinePrivate
        | Op::CheckInit
        | Op::CheckSuper
        | Op::CheckObject
        | Op::Protect
        | Op::RunFields
        | Op::Return
        | Op::Throw
        | Op::ThrowType
        | Op::Finish => None,
        Op::IterNext | Op::KeysNext => Some(instr.b() as u16),
        op => match op.shape() {
            Shape::O | Shape::J | Shape::RJ | Shape::RRj | Shape::RKj | Shape::RIj => None,
            _ => Some(a),
        },
    }
}

/// All registers that an instruction writes: those of a call's window that it leaves undefined included.
pub(crate) fn written(instr: Instr) -> Range<usize> {
    let (a, b) = (instr.a(), instr.b());
    match instr.op() {
        Op::GetMethod | Op::GetMethodIndex | Op::IterStart => a..a + 2,
        Op::Call | Op::CallSpread if instr.x() == 1 => a..a + 2,
        Op::KeysStart => a..a + 3,
        // What else it writes is a position.
        Op::IterNext | Op::KeysNext => b..b + 1,
        Op::SuperCall | Op::SuperCallSpread => a..a + 1,
        Op::Own | Op::BoxParam | Op::PushScope | Op::Drop | Op::PopScope => 0..0,
        _ => writes(instr).map_or(0..0, |register| register as usize..register as usize + 1),
    }
}

/// Where an instruction can go on, exceptions left out.
pub(crate) fn successors(pc: usize, instr: Instr) -> Vec<usize> {
    let next = pc + 1;
    let to = |offset: i32| (next as i64 + offset as i64) as usize;
    match instr.op() {
        Op::Return | Op::ReturnUndefined | Op::Throw | Op::Finish => Vec::new(),
        Op::Jump => vec![to(instr.bc())],
        op => match op.shape() {
            Shape::RJ => vec![next, to(instr.bc())],
            Shape::RRj | Shape::RKj | Shape::RIj => vec![next, to(instr.short())],
            _ => vec![next],
        },
    }
}
