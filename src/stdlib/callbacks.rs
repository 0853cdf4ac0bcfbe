//! What natives that call back have in common.
//!
//! A callback can change every container, so between two safepoints only these are alive for sure: the receiver and the arguments, what is held, what
//! was passed to the callback, and what the callback answered. Elements are read anew in every turn.

use super::arguments::Outcome;
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;

/// Calls back. The arguments live at least until the native's next safepoint, whatever the callee does to the containers they came from.
#[inline]
pub fn call_back(vm: &mut Vm, callee: Value, this: Value, arguments: &[Value]) -> Outcome {
    vm.charge(1)?;
    vm.call(callee, this, arguments)
}

/// An array with what an iterable yields: itself if it is one, else a fresh and held one.
pub fn held_items(vm: &mut Vm, iterable: Value) -> Outcome {
    if iterable.kind() == Some(Kind::Array) {
        return Ok(iterable);
    }
    let array = vm.heap.array(0);
    vm.hold(array);
    vm.append_all(array, iterable)?;
    vm.charge(vm.heap.array_len(array))?;
    Ok(array)
}

/// The element at `index`, undefined past the end (a callback may have shortened the array).
#[inline]
pub fn element(vm: &Vm, array: Value, index: usize) -> Value {
    vm.heap.element(array, index).unwrap_or(Value::UNDEFINED)
}
