//! Methods that look for a text in a string.

use super::super::arguments::{Outcome, clamped, number, string, this_string};
use super::occurrences::{find, find_last};
use crate::heap::string::Text;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::convert::to_integer;
use crate::vm::native::Args;

/// The receiver, the text wanted, and the byte where the search starts.
fn search(vm: &mut Vm, args: Args, function: &str) -> Outcome<(Text, Text, usize)> {
    let whole = this_string(vm, args, function)?;
    let wanted = string(vm, args, 0, function)?;
    let start = clamped(vm, args, 1, function, whole.chars_len(), 0)?;
    let start = vm.byte_of(vm.this(args), start)?;
    Ok((whole, wanted, start))
}

/// What was found at a byte offset of the receiver, as a position; -1 for nothing.
fn position(vm: &mut Vm, args: Args, found: Option<usize>) -> Outcome {
    match found {
        Some(at) => Ok(Value::index(vm.index_of_byte(vm.this(args), at)?)),
        None => Ok(Value::int(-1)),
    }
}

/// Whether the text occurs at or after a position.
pub(super) fn includes(vm: &mut Vm, args: Args) -> Outcome {
    let (whole, wanted, start) = search(vm, args, "includes")?;
    Ok(Value::bool(find(vm, whole.as_str(), wanted.as_str(), start)?.is_some()))
}

/// The first position of the text at or after a position; -1 if there is none.
pub(super) fn index_of(vm: &mut Vm, args: Args) -> Outcome {
    let (whole, wanted, start) = search(vm, args, "indexOf")?;
    let found = find(vm, whole.as_str(), wanted.as_str(), start)?;
    position(vm, args, found)
}

/// The last position of the text at or before a position; -1 if there is none.
pub(super) fn last_index_of(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "lastIndexOf")?;
    let wanted = string(vm, args, 0, "lastIndexOf")?;
    let last = number(vm, args, 1, "lastIndexOf")?;
    let last = if last.is_nan() { f64::INFINITY } else { to_integer(last) };
    let last = vm.byte_of(vm.this(args), last.clamp(0.0, whole.chars_len() as f64) as usize)?;
    let end = (last + wanted.len()).min(whole.len());
    let found = find_last(vm, whole.as_str(), wanted.as_str(), end)?;
    position(vm, args, found)
}

/// Whether the text stands at a position (0 if absent).
pub(super) fn starts_with(vm: &mut Vm, args: Args) -> Outcome {
    let (whole, wanted, start) = search(vm, args, "startsWith")?;
    vm.charge(wanted.len())?;
    Ok(Value::bool(whole.as_bytes()[start..].starts_with(wanted.as_bytes())))
}

/// Whether the text ends at a position (the end if absent).
pub(super) fn ends_with(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "endsWith")?;
    let wanted = string(vm, args, 0, "endsWith")?;
    let len = whole.chars_len();
    let end = clamped(vm, args, 1, "endsWith", len, len)?;
    let end = vm.byte_of(vm.this(args), end)?;
    vm.charge(wanted.len())?;
    Ok(Value::bool(whole.as_bytes()[..end].ends_with(wanted.as_bytes())))
}
