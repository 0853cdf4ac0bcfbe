//! Methods that take a string apart.

use super::super::arguments::{Outcome, clamped, integer, number, optional_string, push, relative, this_string};
use super::occurrences::Occurrences;
use super::{cut, piece};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::convert::to_int32;
use crate::vm::native::Args;

/// The byte offset of the position argument, if it is within the text.
fn place(vm: &mut Vm, args: Args, function: &str, from_end: bool) -> Outcome<Option<usize>> {
    let whole = this_string(vm, args, function)?;
    let index = integer(vm, args, 0, function, 0.0)?;
    let len = whole.chars_len() as f64;
    let index = if from_end && index < 0.0 { len + index } else { index };
    if !(0.0..len).contains(&index) {
        return Ok(None);
    }
    vm.byte_of(vm.this(args), index as usize).map(Some)
}

/// The character there, as a string.
fn character(vm: &mut Vm, args: Args, place: Option<usize>) -> Option<Value> {
    vm.heap.char_at_byte(vm.this(args), place?)
}

/// The code point there.
fn code_point(vm: &mut Vm, args: Args, place: Option<usize>) -> Option<Value> {
    let this = vm.heap.text(vm.this(args));
    let c = this.as_str()[place?..].chars().next()?;
    Some(Value::int(c as i32))
}

/// The character at a position, a negative one counted from the end; undefined outside.
pub(super) fn at(vm: &mut Vm, args: Args) -> Outcome {
    let place = place(vm, args, "at", true)?;
    Ok(character(vm, args, place).unwrap_or(Value::UNDEFINED))
}

/// The character at a position; empty outside.
pub(super) fn char_at(vm: &mut Vm, args: Args) -> Outcome {
    let place = place(vm, args, "charAt", false)?;
    match character(vm, args, place) {
        Some(c) => Ok(c),
        None => super::text(vm, ""),
    }
}

/// The code point at a position (deviation D2); NaN outside.
pub(super) fn char_code_at(vm: &mut Vm, args: Args) -> Outcome {
    let place = place(vm, args, "charCodeAt", false)?;
    Ok(code_point(vm, args, place).unwrap_or(Value::NAN))
}

/// The code point at a position; undefined outside.
pub(super) fn code_point_at(vm: &mut Vm, args: Args) -> Outcome {
    let place = place(vm, args, "codePointAt", false)?;
    Ok(code_point(vm, args, place).unwrap_or(Value::UNDEFINED))
}

/// From `start` up to, not including, `end`; negative positions count from the end.
pub(super) fn slice(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "slice")?;
    let len = whole.chars_len();
    let start = relative(vm, args, 0, "slice", len, 0)?;
    let end = relative(vm, args, 1, "slice", len, len)?;
    cut(vm, vm.this(args), start, end)
}

/// Between two positions, whichever comes first; negative ones are 0.
pub(super) fn substring(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "substring")?;
    let len = whole.chars_len();
    let start = clamped(vm, args, 0, "substring", len, 0)?;
    let end = clamped(vm, args, 1, "substring", len, len)?;
    cut(vm, vm.this(args), start.min(end), start.max(end))
}

/// An array of the parts between the separators; of the characters if it is empty; of the whole if it is absent.
pub(super) fn split(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "split")?;
    let separator = optional_string(vm, args, 0, "split")?;
    number(vm, args, 1, "split")?;
    let limit = vm.arg(args, 1);
    let limit = if limit.is_undefined() { u32::MAX } else { to_int32(limit).unwrap_or(0) as u32 } as usize;
    let parts = vm.heap.array(0);
    let Some(separator) = separator else {
        if limit > 0 {
            let this = vm.this(args);
            push(vm, parts, this)?;
        }
        return Ok(parts);
    };
    let text = whole.as_str();
    if separator.is_empty() {
        for (at, c) in text.char_indices().take(limit) {
            vm.charge(1)?;
            let c = piece(vm, whole, &text[at..at + c.len_utf8()])?;
            push(vm, parts, c)?;
        }
        return Ok(parts);
    }
    let mut occurrences = Occurrences::new(text, separator.as_str(), 0);
    let mut from = 0;
    while vm.heap.array_len(parts) < limit {
        let found = occurrences.next(vm)?;
        let end = found.unwrap_or(text.len());
        let part = piece(vm, whole, &text[from..end])?;
        push(vm, parts, part)?;
        if found.is_none() {
            break;
        }
        from = end + separator.len();
    }
    Ok(parts)
}
