//! Methods that look for an element without calling back.

use super::super::arguments::{Outcome, integer, relative, this_array};
use super::super::object::same_value_zero;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PORTION;
use crate::vm::native::Args;

/// The element at an index, a negative one counted from the end; undefined outside.
pub(super) fn at(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "at")?;
    let index = integer(vm, args, 0, "at", 0.0)?;
    let place = if index < 0.0 { vm.heap.array_len(this) as f64 + index } else { index };
    if place < 0.0 || place > u32::MAX as f64 {
        return Ok(Value::UNDEFINED);
    }
    Ok(vm.heap.element(this, place as usize).unwrap_or(Value::UNDEFINED))
}

/// The first place in a range, or the last one, whose element is the one wanted.
fn find(
    vm: &mut Vm,
    array: Value,
    places: impl Iterator<Item = usize>,
    wanted: Value,
    is: fn(&mut Vm, Value, Value) -> bool,
) -> Outcome<Option<usize>> {
    for (turn, place) in places.enumerate() {
        if turn % PORTION == PORTION - 1 {
            vm.charge(PORTION)?;
        }
        let Some(value) = vm.heap.element(array, place) else { break };
        if value.is_string() && wanted.is_string() {
            // long texts are charged by what is compared of them
            vm.charge(1)?;
        }
        if is(vm, value, wanted) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Whether a value is among the elements, by SameValueZero (NaN is found).
pub(super) fn includes(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "includes")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 1, "includes", len, 0)?;
    let wanted = vm.arg(args, 0);
    let found = find(vm, this, start..len, wanted, |vm, a, b| vm.equals(a, b) || same_value_zero(vm, a, b))?;
    Ok(Value::bool(found.is_some()))
}

/// The first index of a value, by `===`; -1 if there is none.
pub(super) fn index_of(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "indexOf")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 1, "indexOf", len, 0)?;
    let wanted = vm.arg(args, 0);
    let found = find(vm, this, start..len, wanted, Vm::equals)?;
    Ok(found.map_or(Value::int(-1), Value::index))
}

/// The last index of a value, by `===`; -1 if there is none. Whether a start was given counts, not its value: an explicit undefined is 0.
pub(super) fn last_index_of(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "lastIndexOf")?;
    let len = vm.heap.array_len(this);
    let last = if args.len() > 1 { integer(vm, args, 1, "lastIndexOf", 0.0)? } else { len as f64 - 1.0 };
    let last = if last < 0.0 && args.len() > 1 { len as f64 + last } else { last };
    if last < 0.0 {
        return Ok(Value::int(-1));
    }
    let end = (last + 1.0).min(len as f64) as usize;
    let wanted = vm.arg(args, 0);
    let found = find(vm, this, (0..end).rev(), wanted, Vm::equals)?;
    Ok(found.map_or(Value::int(-1), Value::index))
}
