//! Methods that call a function for the elements. As in JavaScript the length is that at the start, elements are read when their turn comes, and those that
//! are gone by then are skipped (the `find` family sees undefined there).

use super::super::arguments::{Outcome, callable, push, this_array};
use super::super::callbacks::{call_back, element};
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::Args;

/// A loop over the elements in progress.
struct Each {
    array: Value,
    callback: Value,
    receiver: Value,
    len: usize,
}

impl Each {
    fn new(vm: &mut Vm, args: Args, function: &str) -> Outcome<Each> {
        let array = this_array(vm, args, function)?;
        let callback = callable(vm, args, 0, function)?;
        Ok(Each { array, callback, receiver: vm.arg(args, 1), len: vm.heap.array_len(array) })
    }

    /// Calls the function for an element in hand.
    fn call(&self, vm: &mut Vm, value: Value, index: usize) -> Outcome {
        call_back(vm, self.callback, self.receiver, &[value, Value::index(index), self.array])
    }
}

/// Calls the function for each element.
pub(super) fn for_each(vm: &mut Vm, args: Args) -> Outcome {
    let each = Each::new(vm, args, "forEach")?;
    for index in 0..each.len {
        vm.charge(1)?;
        if let Some(value) = vm.heap.element(each.array, index) {
            each.call(vm, value, index)?;
            vm.safepoint();
        }
    }
    Ok(Value::UNDEFINED)
}

/// An array of the function's answers; undefined where an element was gone.
pub(super) fn map(vm: &mut Vm, args: Args) -> Outcome {
    let each = Each::new(vm, args, "map")?;
    let result = vm.heap.array(each.len);
    vm.hold(result);
    vm.in_room(|heap| heap.reserve(result, each.len))?;
    for index in 0..each.len {
        let made = match vm.heap.element(each.array, index) {
            Some(value) => each.call(vm, value, index)?,
            None => {
                vm.charge(1)?;
                Value::UNDEFINED
            }
        };
        push(vm, result, made)?;
        vm.safepoint();
    }
    Ok(result)
}

/// An array of the elements for which the function answers something true.
pub(super) fn filter(vm: &mut Vm, args: Args) -> Outcome {
    let each = Each::new(vm, args, "filter")?;
    let result = vm.heap.array(0);
    vm.hold(result);
    for index in 0..each.len {
        vm.charge(1)?;
        if let Some(value) = vm.heap.element(each.array, index) {
            if each.call(vm, value, index)?.is_truthy() {
                push(vm, result, value)?;
            }
            vm.safepoint();
        }
    }
    Ok(result)
}

/// An array of the function's answers, arrays among them by their elements.
pub(super) fn flat_map(vm: &mut Vm, args: Args) -> Outcome {
    let each = Each::new(vm, args, "flatMap")?;
    let result = vm.heap.array(0);
    vm.hold(result);
    for index in 0..each.len {
        vm.charge(1)?;
        if let Some(value) = vm.heap.element(each.array, index) {
            let made = each.call(vm, value, index)?;
            if made.kind() == Some(Kind::Array) {
                vm.append_range(result, made, 0, vm.heap.array_len(made))?;
            } else {
                push(vm, result, made)?;
            }
            vm.safepoint();
        }
    }
    Ok(result)
}

/// Whether the function's answer is `wanted` for some element: `some`, and the negation of `every`.
fn any(vm: &mut Vm, args: Args, function: &str, wanted: bool) -> Outcome<bool> {
    let each = Each::new(vm, args, function)?;
    for index in 0..each.len {
        vm.charge(1)?;
        if let Some(value) = vm.heap.element(each.array, index) {
            let answer = each.call(vm, value, index)?.is_truthy();
            vm.safepoint();
            if answer == wanted {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether the function answers something true for an element.
pub(super) fn some(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(any(vm, args, "some", true)?))
}

/// Whether the function answers something true for every element.
pub(super) fn every(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(!any(vm, args, "every", false)?))
}

/// The first element (or its index) for which the function answers something true, in the order of `indexes`.
fn first(vm: &mut Vm, args: Args, function: &str, backwards: bool) -> Outcome<Option<(usize, Value)>> {
    let each = Each::new(vm, args, function)?;
    for turn in 0..each.len {
        let index = if backwards { each.len - 1 - turn } else { turn };
        let value = element(vm, each.array, index);
        if each.call(vm, value, index)?.is_truthy() {
            return Ok(Some((index, value)));
        }
        vm.safepoint();
    }
    Ok(None)
}

fn found_value(found: Option<(usize, Value)>) -> Value {
    found.map_or(Value::UNDEFINED, |(_, value)| value)
}

fn found_index(found: Option<(usize, Value)>) -> Value {
    found.map_or(Value::int(-1), |(index, _)| Value::index(index))
}

/// The first element for which the function answers something true, or undefined.
pub(super) fn find(vm: &mut Vm, args: Args) -> Outcome {
    Ok(found_value(first(vm, args, "find", false)?))
}

/// Its index, or -1.
pub(super) fn find_index(vm: &mut Vm, args: Args) -> Outcome {
    Ok(found_index(first(vm, args, "findIndex", false)?))
}

/// The last element for which the function answers something true, or undefined.
pub(super) fn find_last(vm: &mut Vm, args: Args) -> Outcome {
    Ok(found_value(first(vm, args, "findLast", true)?))
}

/// Its index, or -1.
pub(super) fn find_last_index(vm: &mut Vm, args: Args) -> Outcome {
    Ok(found_index(first(vm, args, "findLastIndex", true)?))
}

/// Folds the elements with `callback(accumulator, value, index, array)`, starting with the second argument if it was given, else with the first element.
fn fold(vm: &mut Vm, args: Args, function: &str, backwards: bool) -> Outcome {
    let array = this_array(vm, args, function)?;
    let callback = callable(vm, args, 0, function)?;
    let len = vm.heap.array_len(array);
    let mut turn = 0;
    let at = |turn: usize| if backwards { len - 1 - turn } else { turn };
    let start = if args.len() > 1 {
        vm.arg(args, 1)
    } else if len > 0 {
        turn = 1;
        element(vm, array, at(0))
    } else {
        return Err(vm.type_error(format!("`{function}` of an empty array with no initial value")));
    };
    let accumulator = vm.hold(start);
    while turn < len {
        let index = at(turn);
        if let Some(value) = vm.heap.element(array, index) {
            let so_far = vm.held(accumulator);
            let answer = call_back(vm, callback, Value::UNDEFINED, &[so_far, value, Value::index(index), array])?;
            vm.rehold(accumulator, answer);
            vm.safepoint();
        }
        turn += 1;
    }
    Ok(vm.held(accumulator))
}

/// Folds from the front.
pub(super) fn reduce(vm: &mut Vm, args: Args) -> Outcome {
    fold(vm, args, "reduce", false)
}

/// Folds from the back.
pub(super) fn reduce_right(vm: &mut Vm, args: Args) -> Outcome {
    fold(vm, args, "reduceRight", true)
}
