//! The operand check: what the machine relies on without looking.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::flow::check_flow;
use super::op::{Instr, Op, Shape};
use super::proto::*;

/// Checks a program, function by function.
///
/// # Errors
/// The first violation, with the function and the position.
pub fn check(program: &Program, builtins: usize) -> Result<(), String> {
    let globals = program.reach() as usize;
    program.hoist.iter().chain([&program.main]).try_for_each(|main| check_function(main, builtins, globals))
}

fn check_function(proto: &Proto, builtins: usize, globals: usize) -> Result<(), String> {
    let fail = |pc: usize, what: &str| Err(format!("{} at {pc}: {what}", proto.name));
    for (pc, &instr) in proto.code.iter().enumerate() {
        if let Err(what) = check_instr(proto, pc, instr, builtins, globals) {
            return fail(pc, &format!("{}: {what}", instr.op().name()));
        }
    }
    match proto.code.last().map(|instr| instr.op()) {
        Some(Op::Return | Op::ReturnUndefined | Op::Finish | Op::Throw | Op::Jump) => {}
        _ => return fail(proto.code.len(), "runs past its end"),
    }
    check_locals(proto).or_else(|(pc, what)| fail(pc, &what))?;
    for handler in &proto.handlers {
        if handler.start >= handler.end || handler.end as usize > proto.code.len() {
            return fail(handler.start as usize, "a handler's range");
        }
        if handler.target as usize >= proto.code.len() || handler.register >= proto.registers {
            return fail(handler.target as usize, "a handler's target");
        }
    }
    for positions in [&proto.spans, &proto.notes] {
        if positions.windows(2).any(|pair| pair[0].0 > pair[1].0) {
            return fail(0, "positions out of order");
        }
    }
    for inner in proto.functions.iter().chain(members(proto)) {
        check_captures(proto, inner).or_else(|what| fail(0, &what))?;
        check_function(inner, builtins, globals)?;
    }
    Ok(())
}

/// Checks that what every function counts, on every way through it, is what its locals list. Slow: for tests.
///
/// # Errors
/// The first violation, with the function and the position.
pub fn check_counts(program: &Program) -> Result<(), String> {
    let mut work: Vec<_> = program.hoist.iter().chain([&program.main]).cloned().collect();
    while let Some(proto) = work.pop() {
        check_flow(&proto).map_err(|(pc, what)| format!("{} at {pc}: {what}", proto.name))?;
        work.extend(proto.functions.iter().chain(members(&proto)).cloned());
    }
    Ok(())
}

/// The functions in a function's classes.
fn members(proto: &Proto) -> impl Iterator<Item = &Arc<Proto>> {
    proto.classes.iter().flat_map(|class| {
        class.constructor.iter().chain(&class.fields).chain(class.methods.iter().map(|method| &method.function))
    })
}

fn check_captures(outer: &Proto, inner: &Proto) -> Result<(), String> {
    for capture in &inner.captures {
        let fits = match *capture {
            Capture::Local(register) => register < outer.registers,
            Capture::Up(index) => (index as usize) < outer.captures.len(),
        };
        if !fits {
            return Err(format!("a capture of {}", inner.name));
        }
    }
    Ok(())
}

fn check_instr(proto: &Proto, pc: usize, instr: Instr, builtins: usize, globals: usize) -> Result<(), &'static str> {
    let register = |index: usize| (index < proto.registers as usize).then_some(()).ok_or("register");
    let constant = |index: usize| (index < proto.constants.len()).then_some(()).ok_or("constant");
    let jump = |offset: i32| {
        let target = pc as i64 + 1 + offset as i64;
        (0..proto.code.len() as i64).contains(&target).then_some(()).ok_or("jump")
    };
    let within = |index: usize, count: usize| (index < count).then_some(()).ok_or("index");
    let (a, b, c) = (instr.a(), instr.b(), instr.c());
    let wide = instr.bc() as u32 as usize;
    match instr.op().shape() {
        Shape::O => {}
        Shape::RN if instr.op() == Op::PushScope => within(a, 5)?,
        Shape::R | Shape::RI => register(a)?,
        Shape::RN | Shape::RNN => register(a)?,
        Shape::RR | Shape::RRI | Shape::RRN => {
            register(a)?;
            register(b)?;
        }
        Shape::RRR => {
            register(a)?;
            register(b)?;
            register(c)?;
        }
        Shape::RRK => {
            register(a)?;
            register(b)?;
            constant(c)?;
        }
        Shape::RRC => {
            register(a)?;
            register(b)?;
            within(c, proto.caches.len())?;
        }
        Shape::RK => {
            register(a)?;
            constant(wide)?;
        }
        Shape::RW => register(a)?,
        Shape::J => jump(instr.bc())?,
        Shape::RJ => {
            register(a)?;
            jump(instr.bc())?;
        }
        Shape::RRj => {
            register(a)?;
            register(b)?;
            jump(instr.short())?;
        }
        Shape::RKj => {
            register(a)?;
            constant(b)?;
            jump(instr.short())?;
        }
        Shape::RIj => {
            register(a)?;
            jump(instr.short())?;
        }
    }
    match instr.op() {
        Op::LoadBuiltin => within(wide, builtins),
        Op::GetGlobal | Op::SetGlobal => within(wide, globals),
        Op::NewObject => within(wide, proto.templates.len()),
        Op::Closure => within(wide, proto.functions.len()),
        Op::HomeClosure => within(c, proto.functions.len()),
        Op::NewClass => within(wide, proto.classes.len()),
        Op::GetUp | Op::SetUp => within(b, proto.captures.len()),
        Op::Append => register(b + c.max(1) - 1),
        Op::Concat => register(b + c.max(1) - 1),
        Op::RestProps => register(a + c),
        Op::Drop | Op::PopScope => register((a + b).max(1) - 1),
        Op::Call | Op::New | Op::SuperCall => register(a + 1 + b),
        Op::CallSpread | Op::NewSpread | Op::SuperCallSpread => register(a + 2),
        Op::GetMethod | Op::GetMethodIndex | Op::IterStart => register(a + 1),
        Op::KeysStart => register(a + 2),
        _ => Ok(()),
    }
}

/// Ranges are inside of the code, and those of one register do not overlap.
fn check_locals(proto: &Proto) -> Result<(), (usize, String)> {
    let mut ends: FxHashMap<u16, u32> = FxHashMap::default();
    let mut last = 0;
    for local in &proto.locals {
        let start = local.start as usize;
        if local.start < last {
            return Err((start, "locals out of order".into()));
        }
        last = local.start;
        let end = if local.counted { local.end } else { local.end.min(proto.code.len() as u32) };
        if end <= local.start || end as usize > proto.code.len() || local.register >= proto.registers {
            return Err((start, format!("the range of local {}", local.name)));
        }
        if ends.get(&local.register).is_some_and(|&end| end > local.start) {
            return Err((start, format!("local {} overlaps another", local.name)));
        }
        ends.insert(local.register, end);
    }
    Ok(())
}
