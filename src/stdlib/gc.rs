//! `gc`: looking at the memory model from a script.

use super::arguments::{Outcome, callable, container, define, string, text};
use crate::heap::Heap;
use crate::heap::cell::Kind;
use crate::heap::collect::Reason;
use crate::heap::finalize::Finalizer;
use crate::heap::value::Value;
use crate::vm::native::{Args, NativeInfo};
use crate::vm::{ErrorClass, Vm};

pub(super) static FUNCTIONS: &[NativeInfo] = &[
    NativeInfo::new("collect", 0, collect),
    NativeInfo::new("finalizer", 2, finalizer),
    NativeInfo::new("refs", 1, refs),
    NativeInfo::new("scope", 1, scope),
    NativeInfo::new("stats", 0, stats),
    NativeInfo::new("sweep", 0, sweep),
    NativeInfo::new("trace", 1, trace),
    NativeInfo::new("verify", 0, verify),
    NativeInfo::new("why", 1, why),
];

/// Finds what nothing reaches any more: cycles stranded in a scope that lives on. What has no finalizer dies at once; finalizers run at the end of the statement.
/// Answers how many containers it found dead.
fn collect(vm: &mut Vm, _args: Args) -> Outcome {
    charge_walk(vm)?;
    let freed = vm.collect(Reason::Explicit);
    Ok(Value::number(freed as f64))
}

/// Registers what is called with a container when it dies, instead of what is registered: a function, or null for nothing.
fn finalizer(vm: &mut Vm, args: Args) -> Outcome {
    let value = container(vm, args, 0, "gc.finalizer")?;
    if vm.heap.is_builtin(value) {
        return Err(vm.type_error("`gc.finalizer`: a built-in never dies"));
    }
    if vm.arg(args, 1) == Value::NULL {
        vm.heap.unregister_finalizer(value);
    } else {
        let function = callable(vm, args, 1, "gc.finalizer")?;
        vm.heap.register_finalizer(value, Finalizer::Function(function));
    }
    vm.heap.decide_finalizer(value);
    Ok(Value::UNDEFINED)
}

/// What keeps a value alive: the shortest path to it from a variable, in the script's own names; undefined for a value that lies in no cell.
fn why(vm: &mut Vm, args: Args) -> Outcome {
    charge_walk(vm)?;
    match vm.why(vm.arg(args, 0)) {
        Some(path) => text(vm, &path),
        None => Ok(Value::UNDEFINED),
    }
}

/// Counted references to a value; 0 for one that lies in no cell.
fn refs(vm: &mut Vm, args: Args) -> Outcome {
    let value = vm.arg(args, 0);
    Ok(Value::index(vm.heap.references(value) as usize - vm.times_held(value)))
}

/// The level of the scope that owns a container (1 is the oldest); undefined for an atom.
fn scope(vm: &mut Vm, args: Args) -> Outcome {
    let level = vm.heap.owner_level(vm.arg(args, 0));
    Ok(level.map_or(Value::UNDEFINED, |level| Value::index(level as usize)))
}

/// Frees every probationary value that no frame can still read; answers how many.
fn sweep(vm: &mut Vm, args: Args) -> Outcome {
    charge_walk(vm)?;
    let freed = vm.sweep_now(args);
    Ok(Value::number(freed as f64))
}

/// Units of work for a container that is walked over.
const WALK_WEIGHT: usize = 4;

/// Charges a walk over the heap. It cannot be ended in the middle; a loop of them ends between two.
fn charge_walk(vm: &mut Vm) -> Outcome<()> {
    vm.charge(vm.heap.live_containers() as usize * WALK_WEIGHT)
}

/// Switches what is traced: `"life"`, `"rc"`, `"scope"`, `"all"` or `"off"`.
fn trace(vm: &mut Vm, args: Args) -> Outcome {
    let preset = string(vm, args, 0, "gc.trace")?;
    let preset = if preset.as_str() == "off" { None } else { Some(preset.as_str()) };
    let known = ["life", "rc", "scope", "all"];
    if preset.is_some_and(|preset| !known.contains(&preset)) {
        return Err(vm.range_error("`gc.trace`: the presets are \"life\", \"rc\", \"scope\", \"all\", and \"off\""));
    }
    // without a tracer there is nothing to switch: a script runs the same with and without one
    vm.heap.set_trace_preset(preset);
    Ok(Value::UNDEFINED)
}

/// True, or an Error that says what is broken.
fn verify(vm: &mut Vm, _args: Args) -> Outcome {
    charge_walk(vm)?;
    match vm.verify() {
        Ok(()) => {
            vm.heap.emit_check();
            Ok(Value::TRUE)
        }
        Err(broken) => {
            let error = vm.error_value(ErrorClass::Error, &format!("gc.verify: {broken}"));
            Err(vm.throw(error))
        }
    }
}

/// Live values by kind: `gc.stats().live`.
pub fn live_by_kind(heap: &Heap) -> [(&'static str, u64); 10] {
    let sum = |kinds: &[Kind]| kinds.iter().map(|kind| heap.live(*kind)).sum::<u64>();
    [
        ("total", Kind::ALL.iter().map(|kind| heap.live(*kind)).sum()),
        ("object", sum(&[Kind::Object])),
        ("array", sum(&[Kind::Array])),
        ("function", sum(&[Kind::Function, Kind::Native, Kind::Bound, Kind::Class])),
        ("map", sum(&[Kind::Map, Kind::WeakMap])),
        ("set", sum(&[Kind::Set, Kind::WeakSet])),
        ("string", sum(&[Kind::String])),
        ("variable", sum(&[Kind::Variable])),
        ("weakref", sum(&[Kind::WeakRef])),
        ("host", sum(&[Kind::Host])),
    ]
}

/// Live values by kind, bytes, scopes and the rest, as they are before the answer is made.
fn stats(vm: &mut Vm, _args: Args) -> Outcome {
    let live = live_by_kind(&vm.heap);
    let heap = &vm.heap;
    let rest = [
        ("bytes", heap.live_bytes()),
        ("scopes", vm.scopes() as u64),
        ("probationary", vm.heap.probationary() as u64),
        ("queued", vm.queued_finalizers() as u64),
        ("collections", vm.heap.counters.collections),
        ("freed", vm.heap.counters.freed),
    ];
    let by_kind = counts(vm, &live)?;
    let stats = vm.heap.object();
    define(vm, stats, "live", by_kind)?;
    for (name, n) in rest {
        define(vm, stats, name, Value::number(n as f64))?;
    }
    Ok(stats)
}

fn counts(vm: &mut Vm, list: &[(&str, u64)]) -> Outcome {
    let object = vm.heap.object();
    for (name, n) in list {
        define(vm, object, name, Value::number(*n as f64))?;
    }
    Ok(object)
}
