//! Methods that make another array.

use super::super::arguments::{Outcome, integer, push, relative, this_array};
use super::change::spliced_range;
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::Args;

/// The receiver's elements followed by the arguments; arrays among these by their elements.
pub(super) fn concat(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "concat")?;
    let result = vm.heap.array(0);
    vm.append_range(result, this, 0, vm.heap.array_len(this))?;
    for index in 0..args.len() {
        let value = vm.arg(args, index);
        if value.kind() == Some(Kind::Array) {
            vm.append_range(result, value, 0, vm.heap.array_len(value))?;
        } else {
            push(vm, result, value)?;
        }
    }
    Ok(result)
}

/// A copy of a range.
fn copy_of(vm: &mut Vm, array: Value, start: usize, end: usize) -> Outcome {
    let copy = vm.heap.array(end - start);
    vm.append_range(copy, array, start, end)?;
    Ok(copy)
}

/// The elements from `start` up to, not including, `end`.
pub(super) fn slice(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "slice")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 0, "slice", len, 0)?;
    let end = relative(vm, args, 1, "slice", len, len)?.max(start);
    copy_of(vm, this, start, end)
}

/// A copy in reversed order.
pub(super) fn to_reversed(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "toReversed")?;
    let copy = copy_of(vm, this, 0, vm.heap.array_len(this))?;
    vm.heap.rearrange(copy, |elements| elements.reverse());
    Ok(copy)
}

/// A copy as `splice` would leave the array.
pub(super) fn to_spliced(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "toSpliced")?;
    let len = vm.heap.array_len(this);
    let (start, count) = spliced_range(vm, args, "toSpliced", len)?;
    let inserted = vm.args_from(args, 2);
    let copy = vm.heap.array(len - count + inserted.len());
    vm.append_range(copy, this, 0, start)?;
    for value in inserted {
        push(vm, copy, value)?;
    }
    vm.append_range(copy, this, start + count, len)?;
    Ok(copy)
}

/// A copy with one element replaced. RangeError outside the array.
pub(super) fn with(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "with")?;
    let len = vm.heap.array_len(this);
    let index = integer(vm, args, 0, "with", 0.0)?;
    let place = if index < 0.0 { len as f64 + index } else { index };
    if !(0.0..len as f64).contains(&place) {
        return Err(vm.range_error(format!("`with`: there is no element {index} in an array of length {len}")));
    }
    let (place, value) = (place as usize, vm.arg(args, 1));
    let copy = vm.heap.array(len);
    vm.append_range(copy, this, 0, place)?;
    push(vm, copy, value)?;
    vm.append_range(copy, this, place + 1, len)?;
    Ok(copy)
}

/// How deep `flat` goes: an array that contains itself has no end.
const DEEPEST: usize = 100_000;

/// A copy with the elements of nested arrays in their place, down to a depth (1 if absent).
pub(super) fn flat(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "flat")?;
    let depth = integer(vm, args, 0, "flat", 1.0)?;
    let result = vm.heap.array(0);
    let mut open = vec![(this, 0)];
    while let Some((array, index)) = open.last_mut() {
        vm.charge(1)?;
        let Some(value) = vm.heap.element(*array, *index) else {
            open.pop();
            continue;
        };
        *index += 1;
        if value.kind() == Some(Kind::Array) && open.len() as f64 <= depth {
            if open.len() > DEEPEST {
                return Err(vm.range_error("`flat`: nested too deeply (or an array contains itself)"));
            }
            open.push((value, 0));
        } else {
            push(vm, result, value)?;
        }
    }
    Ok(result)
}
