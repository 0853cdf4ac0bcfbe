//! Methods that give a string another form.

use super::super::arguments::{Outcome, integer, optional_string, room_for_text, string, text, this_string};
use super::super::numerals::is_space;
use super::piece;
use crate::vm::Vm;
use crate::vm::native::Args;

/// The string followed by the arguments.
pub(super) fn concat(vm: &mut Vm, args: Args) -> Outcome {
    this_string(vm, args, "concat")?;
    let mut whole = vm.this(args);
    for index in 0..args.len() {
        let part = string(vm, args, index, "concat")?;
        vm.charge(part.len())?;
        let part = vm.arg(args, index);
        whole = vm.text_in_room(|heap| heap.concat(whole, part))?;
    }
    Ok(whole)
}

/// The string that many times. RangeError for a negative or infinite count.
pub(super) fn repeat(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "repeat")?;
    let count = integer(vm, args, 0, "repeat", 0.0)?;
    if !(0.0..f64::INFINITY).contains(&count) {
        return Err(vm.range_error(format!("`repeat`: invalid count {count}")));
    }
    if whole.is_empty() {
        return text(vm, "");
    }
    let count = count.min(u32::MAX as f64) as usize;
    room_for_text(vm, whole.len() * count)?;
    vm.charge(whole.len() * count)?;
    text(vm, &whole.repeat(count))
}

/// The padding that brings the string to the length wanted; `None` if it has that length.
fn padding(vm: &mut Vm, args: Args, function: &str) -> Outcome<Option<String>> {
    let whole = this_string(vm, args, function)?;
    let length = integer(vm, args, 0, function, 0.0)?;
    let filler = optional_string(vm, args, 1, function)?;
    let filler = filler.as_deref().unwrap_or(" ");
    let missing = length - whole.chars_len() as f64;
    if missing <= 0.0 || filler.is_empty() {
        return Ok(None);
    }
    let missing = missing.min(u32::MAX as f64) as usize;
    // an upper bound: the last repetition may be cut
    let width = filler.chars().count();
    room_for_text(vm, whole.len() + missing.saturating_mul(filler.len()) / width)?;
    vm.charge(missing)?;
    let mut padding = filler.repeat(missing / width);
    padding.extend(filler.chars().take(missing % width));
    Ok(Some(padding))
}

/// Padded at the end to a length.
pub(super) fn pad_end(vm: &mut Vm, args: Args) -> Outcome {
    match padding(vm, args, "padEnd")? {
        Some(padding) => {
            let whole = this_string(vm, args, "padEnd")?;
            text(vm, &format!("{}{padding}", whole.as_str()))
        }
        None => Ok(vm.this(args)),
    }
}

/// Padded at the start to a length.
pub(super) fn pad_start(vm: &mut Vm, args: Args) -> Outcome {
    match padding(vm, args, "padStart")? {
        Some(padding) => {
            let whole = this_string(vm, args, "padStart")?;
            text(vm, &format!("{padding}{}", whole.as_str()))
        }
        None => Ok(vm.this(args)),
    }
}

/// In lower case, by Unicode's rules without a locale.
pub(super) fn to_lower_case(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "toLowerCase")?;
    vm.charge(whole.len())?;
    let lower = if whole.is_ascii() { whole.to_ascii_lowercase() } else { whole.to_lowercase() };
    text(vm, &lower)
}

/// In upper case, by Unicode's rules without a locale.
pub(super) fn to_upper_case(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "toUpperCase")?;
    vm.charge(whole.len())?;
    let upper = if whole.is_ascii() { whole.to_ascii_uppercase() } else { whole.to_uppercase() };
    text(vm, &upper)
}

/// Without white space at both ends.
pub(super) fn trim(vm: &mut Vm, args: Args) -> Outcome {
    trimmed(vm, args, "trim", |text| text.trim_matches(is_space))
}

/// Without white space at the end.
pub(super) fn trim_end(vm: &mut Vm, args: Args) -> Outcome {
    trimmed(vm, args, "trimEnd", |text| text.trim_end_matches(is_space))
}

/// Without white space at the start.
pub(super) fn trim_start(vm: &mut Vm, args: Args) -> Outcome {
    trimmed(vm, args, "trimStart", |text| text.trim_start_matches(is_space))
}

fn trimmed(vm: &mut Vm, args: Args, function: &str, trim: fn(&str) -> &str) -> Outcome {
    let whole = this_string(vm, args, function)?;
    let part = trim(whole.as_str());
    if part.len() == whole.len() {
        return Ok(vm.this(args));
    }
    vm.charge(whole.len())?;
    piece(vm, whole, part)
}
