//! Methods that look for an element without calling back.

use std::ops::Range;

use super::super::arguments::{Outcome, integer, relative, this_array};
use super::super::object::same_value_zero;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::{FREE, PORTION};
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

/// Elements that are looked at for nothing.
const FEW: usize = 64;

/// From where a search goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Start,
    End,
}

/// The place in a range, the first one or the last one, whose element is the one wanted.
#[inline(always)]
fn find(
    vm: &mut Vm,
    array: Value,
    range: Range<usize>,
    from: From,
    wanted: Value,
    is: impl Fn(&Vm, Value, Value) -> bool,
) -> Outcome<Option<usize>> {
    if range.len() <= FEW && !wanted.is_string() {
        let elements = &vm.heap.elements(array)[range.clone()];
        let found = match from {
            From::Start => elements.iter().position(|value| is(vm, *value, wanted)),
            From::End => elements.iter().rposition(|value| is(vm, *value, wanted)),
        };
        return Ok(found.map(|place| range.start + place));
    }
    // a text may be compared with every element
    let weight = if wanted.is_string() { 1 + vm.heap.text(wanted).len() } else { 1 };
    if weight > FREE {
        return find_long_text(vm, array, range, from, wanted);
    }
    let (mut start, mut end) = (range.start, range.end);
    while start < end {
        let portion = match from {
            From::Start => start..end.min(start + PORTION),
            From::End => start.max(end.saturating_sub(PORTION))..end,
        };
        vm.charge(portion.len() * weight.min(16))?;
        let elements = &vm.heap.elements(array)[portion.clone()];
        let found = match from {
            From::Start => elements.iter().position(|value| is(vm, *value, wanted)),
            From::End => elements.iter().rposition(|value| is(vm, *value, wanted)),
        };
        if let Some(place) = found {
            return Ok(Some(portion.start + place));
        }
        match from {
            From::Start => start = portion.end,
            From::End => end = portion.start,
        }
    }
    Ok(None)
}

/// The same for a long text: it is charged by what is compared of it.
#[inline(never)]
fn find_long_text(vm: &mut Vm, array: Value, range: Range<usize>, from: From, wanted: Value) -> Outcome<Option<usize>> {
    for turn in 0..range.len() {
        let place = if from == From::Start { range.start + turn } else { range.end - 1 - turn };
        vm.charge(1)?;
        if let Some(value) = vm.heap.element(array, place)
            && vm.equals(value, wanted)
        {
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
    let found = find(vm, this, start..len, From::Start, wanted, same_value_zero)?;
    Ok(Value::bool(found.is_some()))
}

/// The first index of a value, by `===`; -1 if there is none.
pub(super) fn index_of(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_array(vm, args, "indexOf")?;
    let len = vm.heap.array_len(this);
    let start = relative(vm, args, 1, "indexOf", len, 0)?;
    let wanted = vm.arg(args, 0);
    let found = find(vm, this, start..len, From::Start, wanted, Vm::strict_equals)?;
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
    let found = find(vm, this, 0..end, From::End, wanted, Vm::strict_equals)?;
    Ok(found.map_or(Value::int(-1), Value::index))
}
