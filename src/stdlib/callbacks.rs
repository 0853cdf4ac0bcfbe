//! What natives that call back have in common.
//!
//! A callback can change every container, so between two safepoints only these are alive for sure: the receiver and the arguments, what is held, what
//! was passed to the callback, and what the callback answered. Elements are read anew in every turn.

use super::arguments::Outcome;
use crate::heap::cell::{Kind, Yield};
use crate::heap::value::Value;
use crate::vm::Vm;

/// Calls back. The arguments live at least until the native's next safepoint, whatever the callee does to the containers they came from.
#[inline]
pub fn call_back(vm: &mut Vm, callee: Value, this: Value, arguments: &[Value]) -> Outcome {
    vm.charge(1)?;
    vm.call(callee, this, arguments)
}

/// A held iterator over an iterable: what callbacks do to the iterable shows, as in JavaScript. TypeError if it is not iterable.
pub fn held_iterator(vm: &mut Vm, iterable: Value) -> Outcome {
    let yields = match iterable.kind() {
        Some(Kind::Iterator) => return Ok(iterable),
        Some(Kind::Map) => Yield::Entries,
        Some(Kind::Array | Kind::Set | Kind::String) => Yield::Values,
        _ => {
            let nothing = vm.heap.array(0);
            vm.append_all(nothing, iterable)?;
            return held_iterator(vm, nothing);
        }
    };
    let iterator = vm.heap.iterator(iterable, yields);
    vm.hold(iterator);
    Ok(iterator)
}

/// The element at `index`, undefined past the end (a callback may have shortened the array).
#[inline]
pub fn element(vm: &Vm, array: Value, index: usize) -> Value {
    vm.heap.element(array, index).unwrap_or(Value::UNDEFINED)
}
