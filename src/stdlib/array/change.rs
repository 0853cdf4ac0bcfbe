//! Methods that change the array.

use super::super::arguments::{Outcome, integer, relative, writable_array};
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PORTION;
use crate::vm::native::Args;

/// Elements that are moved within an array (not counted anew) in the time that charging one takes.
const MOVED_AT_ONCE: usize = 16;

/// Appends the arguments; answers the new length.
pub(super) fn push_all(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "push")?;
    vm.charge(args.len())?;
    for index in 0..args.len() {
        let value = vm.arg(args, index);
        super::push(vm, array, value)?;
    }
    Ok(Value::index(vm.heap.array_len(array)))
}

pub(super) fn push_quickly(vm: &mut Vm, this: Value, value: Value, _: Value) -> Option<Value> {
    let has_room = this.is(Kind::Array) && !vm.heap.is_frozen(this) && !vm.heap.is_full(this);
    (has_room && vm.charge_quickly(1) && vm.heap.push(this, value).is_ok())
        .then(|| Value::index(vm.heap.array_len(this)))
}

/// Removes the last element and answers it; undefined if there is none.
pub(super) fn pop(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "pop")?;
    Ok(vm.heap.pop(array).unwrap_or(Value::UNDEFINED))
}

/// Removes the first element and answers it; undefined if there is none.
pub(super) fn shift(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "shift")?;
    Ok(vm.heap.shift(array).unwrap_or(Value::UNDEFINED))
}

/// Inserts the arguments at the front; answers the new length.
pub(super) fn unshift(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "unshift")?;
    let values = vm.args_from(args, 0);
    if !values.is_empty() {
        vm.charge(values.len())?;
        vm.in_room(|heap| heap.unshift(array, &values))?;
    }
    Ok(Value::index(vm.heap.array_len(array)))
}

/// The start and the count of what `splice` and `toSpliced` remove. Whether an argument was given counts here, not its value.
pub(super) fn spliced_range(vm: &mut Vm, args: Args, function: &str, len: usize) -> Outcome<(usize, usize)> {
    let start = relative(vm, args, 0, function, len, 0)?;
    let count = match args.len() {
        0 => 0,
        1 => len - start,
        _ => integer(vm, args, 1, function, 0.0)?.clamp(0.0, (len - start) as f64) as usize,
    };
    Ok((start, count))
}

/// Replaces a range by the further arguments; answers an array of what was removed.
pub(super) fn splice(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "splice")?;
    let len = vm.heap.array_len(array);
    let (start, count) = spliced_range(vm, args, "splice", len)?;
    let removed = vm.heap.array(count);
    vm.append_range(removed, array, start, start + count)?;
    // What is left is one move of the elements behind, which is not interrupted.
    vm.charge((len - start) / MOVED_AT_ONCE)?;
    let inserted = vm.args_from(args, 2);
    vm.in_room(|heap| heap.splice(array, start, count, &inserted))?;
    Ok(removed)
}

/// Reverses the order in place.
pub(super) fn reverse(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "reverse")?;
    vm.charge(vm.heap.array_len(array) / MOVED_AT_ONCE)?;
    vm.heap.rearrange(array, |elements| elements.reverse());
    Ok(array)
}

/// Sets a range to one value.
pub(super) fn fill(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "fill")?;
    let len = vm.heap.array_len(array);
    let value = vm.arg(args, 0);
    let start = relative(vm, args, 1, "fill", len, 0)?;
    let end = relative(vm, args, 2, "fill", len, len)?;
    for from in (start..end).step_by(PORTION) {
        let to = (from + PORTION).min(end);
        vm.charge(to - from)?;
        for index in from..to {
            vm.heap.set_element(array, index, value);
        }
    }
    Ok(array)
}

/// Copies a range to another place of the same array, as if through a buffer.
pub(super) fn copy_within(vm: &mut Vm, args: Args) -> Outcome {
    let array = writable_array(vm, args, "copyWithin")?;
    let len = vm.heap.array_len(array);
    let target = relative(vm, args, 0, "copyWithin", len, 0)?;
    let start = relative(vm, args, 1, "copyWithin", len, 0)?;
    let end = relative(vm, args, 2, "copyWithin", len, len)?;
    let count = end.saturating_sub(start).min(len - target);
    let copied = vm.heap.elements(array)[start..start + count].to_vec();
    for (portion, values) in copied.chunks(PORTION).enumerate() {
        vm.charge(values.len())?;
        for (offset, value) in values.iter().enumerate() {
            vm.heap.set_element(array, target + portion * PORTION + offset, *value);
        }
    }
    Ok(array)
}
