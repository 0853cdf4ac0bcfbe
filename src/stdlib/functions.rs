//! Methods of functions: `call`, `apply`, `bind`.

use super::arguments::{Outcome, wrong, wrong_receiver};
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::{Args, NativeInfo};

pub(super) static METHODS: &[NativeInfo] = &[
    NativeInfo::calling_back("apply", 2, apply),
    NativeInfo::new("bind", 1, bind),
    NativeInfo::calling_back("call", 1, call),
    NativeInfo::new("toString", 0, to_string),
];

/// As for arguments that are spread.
const MOST_ARGUMENTS: usize = 1_000_000;

fn this_function(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    let this = vm.this(args);
    if vm.is_callable(this) { Ok(this) } else { Err(wrong_receiver(vm, function, "functions", this)) }
}

/// Calls the function with a receiver and an array of arguments.
fn apply(vm: &mut Vm, args: Args) -> Outcome {
    let callee = this_function(vm, args, "apply")?;
    let list = vm.arg(args, 1);
    if list.kind() == Some(Kind::Array) && vm.heap.array_len(list) > MOST_ARGUMENTS {
        return Err(vm.range_error("Too many arguments: at most 1,000,000 can be passed to a call"));
    }
    let arguments = match list.kind() {
        Some(Kind::Array) => vm.heap.elements(list).to_vec(),
        _ if list.is_nullish() => Vec::new(),
        _ => return Err(wrong(vm, "apply", 1, "an array", list)),
    };
    vm.charge(arguments.len())?;
    let receiver = vm.arg(args, 0);
    vm.call(callee, receiver, &arguments)
}

/// Calls the function with a receiver and arguments.
fn call(vm: &mut Vm, args: Args) -> Outcome {
    let callee = this_function(vm, args, "call")?;
    let receiver = vm.arg(args, 0);
    let arguments = vm.args_from(args, 1);
    vm.call(callee, receiver, &arguments)
}

/// A function that calls this one with that receiver and those arguments first.
fn bind(vm: &mut Vm, args: Args) -> Outcome {
    let target = this_function(vm, args, "bind")?;
    vm.charge(args.len())?;
    let mut values = vec![vm.arg(args, 0)];
    values.extend(vm.args_from(args, 1));
    Ok(vm.heap.bound(target, &values))
}

/// Refused: the text of a function is not kept.
fn to_string(vm: &mut Vm, args: Args) -> Outcome<Value> {
    this_function(vm, args, "toString")?;
    Err(vm.type_error("the source text of a function is not kept; its name is in `.name`"))
}
