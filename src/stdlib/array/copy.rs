//! Methods that make another array.

use super::super::arguments::{Outcome, array_of, integer, push, relative, this_array};
use super::change::spliced_range;
use crate::heap::cell::Kind;
use crate::vm::Vm;
use crate::vm::native::Args;

/// The receiver's elements followed by the arguments; arrays among these by their elements.
pub(super) fn concat(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "concat")?;
    let mut values = vm.heap.elements(this).to_vec();
    for index in 0..args.len() {
        let value = vm.arg(args, index);
        if value.kind() == Some(Kind::Array) {
            values.extend_from_slice(vm.heap.elements(value));
        } else {
            values.push(value);
        }
    }
    vm.charge(values.len())?;
    array_of(vm, &values)
}

/// The elements from `start` up to, not including, `end`.
pub(super) fn slice(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "slice")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 0, "slice", len, 0)?;
    let end = relative(vm, args, 1, "slice", len, len)?.max(start);
    vm.charge(end - start)?;
    let values = vm.heap.elements(this)[start..end].to_vec();
    array_of(vm, &values)
}

/// A copy in reversed order.
pub(super) fn to_reversed(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "toReversed")?;
    let mut values = vm.heap.elements(this).to_vec();
    vm.charge(values.len())?;
    values.reverse();
    array_of(vm, &values)
}

/// A copy as `splice` would leave the array.
pub(super) fn to_spliced(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "toSpliced")?;
    let len = vm.heap.array_len(this);
    let (start, count) = spliced_range(vm, args, "toSpliced", len)?;
    let inserted = vm.args_from(args, 2);
    vm.charge(len - count + inserted.len())?;
    let elements = vm.heap.elements(this);
    let values = [&elements[..start], &inserted, &elements[start + count..]].concat();
    array_of(vm, &values)
}

/// A copy with one element replaced. RangeError outside the array.
pub(super) fn with(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "with")?;
    let mut values = vm.heap.elements(this).to_vec();
    vm.charge(values.len())?;
    let index = integer(vm, args, 0, "with", 0.0)?;
    let place = if index < 0.0 { values.len() as f64 + index } else { index };
    if !(0.0..values.len() as f64).contains(&place) {
        return Err(
            vm.range_error(format!("`with`: there is no element {index} in an array of length {}", values.len()))
        );
    }
    values[place as usize] = vm.arg(args, 1);
    array_of(vm, &values)
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
            vm.charge(1)?;
            push(vm, result, value)?;
        }
    }
    Ok(result)
}
