//! `sort` and `toSorted`: a stable merge sort that a throwing, inconsistent or mutating comparator cannot harm.
//!
//! What is sorted is a held copy. It is written back when the order is known, as JavaScript does it.

use std::cmp::Ordering;

use super::super::arguments::{Outcome, optional_callable, push, this_array, writable, wrong};
use super::super::callbacks::call_back;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PORTION;
use crate::vm::native::Args;

/// Sorts in place; answers the array.
pub(super) fn sort(vm: &mut Vm, args: Args) -> Outcome {
    let comparator = comparator(vm, args, "sort")?;
    let array = this_array(vm, args, "sort")?;
    writable(vm, array, "sort")?;
    let copy = vm.heap.array(0);
    vm.append_range(copy, array, 0, vm.heap.array_len(array))?;
    vm.hold(copy);
    let sorted = sorted(vm, copy, comparator, "sort")?;
    // a comparator may have frozen or shortened the array
    writable(vm, array, "sort")?;
    if !vm.heap.tracing && vm.heap.elements(array) == vm.heap.elements(copy) {
        // The same elements: nothing is counted anew. This is one move, since an array that is half written back would have lost elements.
        vm.heap.rearrange(array, |elements| elements.copy_from_slice(&sorted));
        return Ok(array);
    }
    for (index, value) in sorted.into_iter().enumerate() {
        if index < vm.heap.array_len(array) {
            vm.heap.set_element(array, index, value);
        } else {
            push(vm, array, value)?;
        }
    }
    Ok(array)
}

/// A sorted copy.
pub(super) fn to_sorted(vm: &mut Vm, args: Args) -> Outcome {
    let comparator = comparator(vm, args, "toSorted")?;
    let array = this_array(vm, args, "toSorted")?;
    let copy = vm.heap.array(0);
    vm.append_range(copy, array, 0, vm.heap.array_len(array))?;
    vm.hold(copy);
    let sorted = sorted(vm, copy, comparator, "toSorted")?;
    vm.heap.rearrange(copy, |elements| elements.copy_from_slice(&sorted));
    Ok(copy)
}

fn comparator(vm: &mut Vm, args: Args, function: &str) -> Outcome<Option<Value>> {
    optional_callable(vm, args, 0, function)
}

/// The elements of a held array that no script can reach, in order; undefined ones last.
fn sorted(vm: &mut Vm, copy: Value, comparator: Option<Value>, function: &str) -> Outcome<Vec<Value>> {
    let mut values = vm.copied_elements(copy)?;
    let all = values.len();
    values.retain(|value| !value.is_undefined());
    match comparator {
        Some(comparator) => merge_sort(vm, &mut values, comparator, function)?,
        None => sort_strings(vm, &mut values, function)?,
    }
    values.resize(all, Value::UNDEFINED);
    Ok(values)
}

/// The default order, of strings by code point.
fn sort_strings(vm: &mut Vm, values: &mut [Value], function: &str) -> Outcome<()> {
    if values.len() < 2 {
        return Ok(());
    }
    let (mut longest, mut other) = (0, None);
    for portion in values.chunks(PORTION) {
        // each text is somewhere else in memory
        vm.charge(portion.len() * 16)?;
        for value in portion {
            match value.is_string() {
                true => longest = longest.max(vm.heap.text(*value).len()),
                false => other = other.or(Some(*value)),
            }
        }
    }
    if let Some(other) = other {
        let advice = if other.is_number() { "`(a, b) => a - b`" } else { "a function of two elements" };
        let got = vm.describe(other);
        return Err(vm.type_error(format!(
            "`{function}` without a comparator orders strings, and there is {got} among the elements: pass {advice}"
        )));
    }
    let run = if longest <= SHORT_TEXT { QUICK_RUN } else { 1 };
    if run > 1 {
        for values in values.chunks_mut(run) {
            vm.charge(values.len() * values.len().max(2).ilog2() as usize)?;
            values.sort_by(|a, b| vm.heap.text(*a).as_str().cmp(vm.heap.text(*b).as_str()));
        }
    }
    merge_runs(vm, values, run, |vm, a, b| {
        vm.charge(1)?;
        Ok(vm.compare_texts(vm.heap.text(a), vm.heap.text(b)))
    })
}

/// So many short texts are sorted between two looks at the limits; long ones are merged one by one, and charged by what is compared.
const QUICK_RUN: usize = 4096;
const SHORT_TEXT: usize = 1024;

/// What the comparator says of two elements. NaN is 0.
fn compare(vm: &mut Vm, comparator: Value, a: Value, b: Value, function: &str) -> Outcome<Ordering> {
    let answer = call_back(vm, comparator, Value::UNDEFINED, &[a, b])?;
    let Some(n) = answer.as_f64() else {
        return Err(not_a_number(vm, function, answer));
    };
    vm.safepoint();
    Ok(n.partial_cmp(&0.0).unwrap_or(Ordering::Equal))
}

#[cold]
fn not_a_number(vm: &mut Vm, function: &str, answer: Value) -> crate::vm::native::Throw {
    if answer.is_bool() {
        return vm.type_error(format!(
            "`{function}`: the comparator must answer a number, got a boolean: use `a - b`, or `a < b ? -1 : 1`"
        ));
    }
    wrong(vm, function, 0, "a comparator that answers a number", answer)
}

/// Elements that are moved in the time that charging one takes, and between two looks at the limits.
const MOVED_AT_ONCE: usize = 16;
const MOVED: usize = 16 * PORTION;

/// Runs that are this short are sorted by binary insertion.
const RUN: usize = 8;

/// Bottom-up merge sort. The values are held elsewhere, so the buffers are plain vectors.
fn merge_sort(vm: &mut Vm, values: &mut [Value], comparator: Value, function: &str) -> Outcome<()> {
    let len = values.len();
    for start in (0..len).step_by(RUN) {
        insertion_sort(vm, &mut values[start..(start + RUN).min(len)], comparator, function)?;
    }
    merge_runs(vm, values, RUN, |vm, a, b| compare(vm, comparator, a, b, function))
}

/// Merges runs that are sorted, `run` elements each.
fn merge_runs(
    vm: &mut Vm,
    values: &mut [Value],
    run: usize,
    mut compare: impl FnMut(&mut Vm, Value, Value) -> Outcome<Ordering>,
) -> Outcome<()> {
    let len = values.len();
    // for the longest left run; a buffer that grows would be copied in one go
    let mut merged: Vec<Value> = Vec::with_capacity(if run < len { len } else { 0 });
    let mut width = run;
    while width < len {
        for start in (0..len).step_by(width * 2) {
            let middle = (start + width).min(len);
            let end = (start + width * 2).min(len);
            if middle == end || compare(vm, values[middle - 1], values[middle])? != Ordering::Greater {
                continue;
            }
            merged.clear();
            let (mut left, mut right) = (start, middle);
            while left < middle && right < end {
                if compare(vm, values[left], values[right])? == Ordering::Greater {
                    merged.push(values[right]);
                    right += 1;
                } else {
                    merged.push(values[left]);
                    left += 1;
                }
            }
            for portion in values[left..middle].chunks(MOVED) {
                vm.charge(portion.len() / MOVED_AT_ONCE)?;
                merged.extend_from_slice(portion);
            }
            // what is left of the right run is in its place
            for (place, portion) in (start..).step_by(MOVED).zip(merged.chunks(MOVED)) {
                vm.charge(portion.len() / MOVED_AT_ONCE)?;
                values[place..place + portion.len()].copy_from_slice(portion);
            }
        }
        width *= 2;
    }
    Ok(())
}

fn insertion_sort(vm: &mut Vm, values: &mut [Value], comparator: Value, function: &str) -> Outcome<()> {
    for next in 1..values.len() {
        let value = values[next];
        let (mut low, mut high) = (0, next);
        // often it is in order already
        if compare(vm, comparator, values[next - 1], value, function)? != Ordering::Greater {
            continue;
        }
        high -= 1;
        while low < high {
            let middle = (low + high) / 2;
            if compare(vm, comparator, values[middle], value, function)? == Ordering::Greater {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        values[low..=next].rotate_right(1);
    }
    Ok(())
}
