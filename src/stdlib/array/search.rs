//! Methods that look for an element without calling back.

use super::super::arguments::{Outcome, integer, relative, this_array};
use super::super::object::same_value_zero;
use crate::heap::value::Value;
use crate::vm::Vm;
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

/// Whether a value is among the elements, by SameValueZero (NaN is found).
pub(super) fn includes(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "includes")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 1, "includes", len, 0)?;
    vm.charge(len - start)?;
    let wanted = vm.arg(args, 0);
    Ok(Value::bool(vm.heap.elements(this)[start..].iter().any(|value| same_value_zero(vm, *value, wanted))))
}

/// The first index of a value, by `===`; -1 if there is none.
pub(super) fn index_of(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "indexOf")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 1, "indexOf", len, 0)?;
    vm.charge(len - start)?;
    let wanted = vm.arg(args, 0);
    let found = vm.heap.elements(this)[start..].iter().position(|value| vm.strict_equals(*value, wanted));
    Ok(found.map_or(Value::int(-1), |place| Value::index(start + place)))
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
    vm.charge(end)?;
    let wanted = vm.arg(args, 0);
    let found = vm.heap.elements(this)[..end].iter().rposition(|value| vm.strict_equals(*value, wanted));
    Ok(found.map_or(Value::int(-1), Value::index))
}
