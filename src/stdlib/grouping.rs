//! `Object.groupBy` and `Map.groupBy`.

use super::arguments::{Outcome, callable, push, set_error};
use super::callbacks::{call_back, held_iterator};
use super::collections::insert;
use super::object::property_key;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::Args;

/// Calls `callback(item, index)` for each item and appends the item to the group that `group` finds or makes for the answer.
fn group_items(
    vm: &mut Vm,
    args: Args,
    function: &str,
    result: Value,
    group: fn(&mut Vm, Value, Value) -> Outcome,
) -> Outcome {
    let callback = callable(vm, args, 1, function)?;
    vm.hold(result);
    let iterable = vm.arg(args, 0);
    let items = held_iterator(vm, iterable)?;
    let mut index = 0;
    while let Some(item) = vm.iterator_next(items)? {
        let key = call_back(vm, callback, Value::UNDEFINED, &[item, Value::index(index)])?;
        let members = group(vm, result, key)?;
        push(vm, members, item)?;
        vm.safepoint();
        index += 1;
    }
    Ok(result)
}

/// An object whose properties are arrays of the items for which the callback answered that key.
pub(super) fn object_group_by(vm: &mut Vm, args: Args) -> Outcome {
    let result = vm.heap.object();
    group_items(vm, args, "Object.groupBy", result, |vm, result, key| {
        let key = property_key(vm, key)?;
        if let Some(members) = vm.heap.get_own(result, key) {
            return Ok(members);
        }
        let members = vm.heap.array(0);
        vm.heap.set_own(result, key, members).map_err(|e| set_error(vm, result, e))?;
        Ok(members)
    })
}

/// A Map from the callback's answers to arrays of items.
pub(super) fn map_group_by(vm: &mut Vm, args: Args) -> Outcome {
    let result = vm.heap.map();
    group_items(vm, args, "Map.groupBy", result, |vm, result, key| {
        if let Some(members) = vm.heap.table_get(result, key) {
            return Ok(members);
        }
        let members = vm.heap.array(0);
        insert(vm, result, key, members)?;
        Ok(members)
    })
}
