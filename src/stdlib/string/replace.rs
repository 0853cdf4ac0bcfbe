//! `replace` and `replaceAll` with texts as patterns.

use super::super::arguments::{Outcome, room_for_text, string, text, this_string, wrong};
use super::super::callbacks::call_back;
use super::occurrences::Occurrences;
use crate::heap::string::Text;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PIECE;
use crate::vm::native::Args;

/// Replaces the first occurrence.
pub(super) fn replace(vm: &mut Vm, args: Args) -> Outcome {
    substitute(vm, args, "replace", 1)
}

/// Replaces every occurrence.
pub(super) fn replace_all(vm: &mut Vm, args: Args) -> Outcome {
    substitute(vm, args, "replaceAll", usize::MAX)
}

fn substitute(vm: &mut Vm, args: Args, function: &str, most: usize) -> Outcome {
    let whole = this_string(vm, args, function)?;
    let wanted = string(vm, args, 0, function)?;
    let replacement = vm.arg(args, 1);
    let calls = vm.is_callable(replacement);
    if !calls && !replacement.is_string() {
        return Err(wrong(vm, function, 1, "a string or a function", replacement));
    }
    let mut occurrences = Occurrences::new(whole.as_str(), wanted.as_str(), 0);
    let Some(mut at) = occurrences.next(vm)? else { return Ok(vm.this(args)) };
    let plain = !calls && !vm.heap.text(replacement).contains('$');
    let mut out = String::with_capacity(whole.len().min(PIECE));
    let mut times = 0;
    let (mut copied, mut position) = (0, 0);
    // where counting stands, so that positions in a text that is not ASCII are found in one pass
    let mut counted = 0;
    loop {
        vm.push_text(&mut out, &whole.as_str()[copied..at])?;
        if calls {
            position += if whole.is_ascii() { at - counted } else { whole[counted..at].chars().count() };
            counted = at;
            push_answer(vm, args, function, replacement, position, &mut out)?;
        } else if plain {
            vm.push_text(&mut out, vm.heap.text(replacement).as_str())?;
        } else {
            let template = vm.heap.text(replacement);
            expand(vm, &template, whole, at, &wanted, &mut out)?;
        }
        copied = at + wanted.len();
        room_for_text(vm, out.len())?;
        times += 1;
        match if times < most { occurrences.next(vm)? } else { None } {
            Some(next) => at = next,
            None => break,
        }
    }
    vm.push_text(&mut out, &whole.as_str()[copied..])?;
    room_for_text(vm, out.len())?;
    text(vm, &out)
}

/// Appends what the replacer answers for the occurrence at `position`.
fn push_answer(
    vm: &mut Vm,
    args: Args,
    function: &str,
    replacer: Value,
    position: usize,
    out: &mut String,
) -> Outcome<()> {
    let (wanted, whole) = (vm.arg(args, 0), vm.this(args));
    let answer = call_back(vm, replacer, Value::UNDEFINED, &[wanted, Value::index(position), whole])?;
    let string = if answer.is_undefined() { None } else { vm.primitive_text(answer) };
    let Some(string) = string else {
        return Err(wrong(vm, function, 1, "a function that answers a string", answer));
    };
    vm.push_text(out, vm.heap.text(string).as_str())?;
    vm.safepoint();
    Ok(())
}

/// Appends a replacement: `$$` is a dollar, `$&` the occurrence, `` $` `` and `$'` what stands before and after it. There are no groups, so `$1` is itself.
fn expand(vm: &mut Vm, template: &str, whole: Text, at: usize, wanted: &str, out: &mut String) -> Outcome<()> {
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        let inserted = match rest.as_bytes().get(dollar + 1) {
            Some(b'$') => "$",
            Some(b'&') => wanted,
            Some(b'`') => &whole.as_str()[..at],
            Some(b'\'') => &whole.as_str()[at + wanted.len()..],
            _ => {
                out.push('$');
                rest = &rest[dollar + 1..];
                continue;
            }
        };
        room_for_text(vm, out.len() + inserted.len())?;
        vm.push_text(out, inserted)?;
        rest = &rest[dollar + 2..];
    }
    out.push_str(rest);
    Ok(())
}
