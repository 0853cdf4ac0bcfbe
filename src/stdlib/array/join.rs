//! `join` and `toString`: without recursion, however deep the arrays are nested.

use rustc_hash::FxHashSet;

use super::super::arguments::{Outcome, optional_string, push, room_for_text, text, this_array};
use super::super::callbacks::element;
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::FREE;
use crate::vm::native::Args;

/// The texts of the elements with a separator between them; `undefined` and `null` are empty.
pub(super) fn join(vm: &mut Vm, args: Args) -> Outcome {
    let array = this_array(vm, args, "join")?;
    let separator = optional_string(vm, args, 0, "join")?;
    let joined = join_text(vm, array, separator.as_deref().unwrap_or(","))?;
    text(vm, &joined)
}

/// `join` with commas.
pub(super) fn to_string(vm: &mut Vm, args: Args) -> Outcome {
    let array = this_array(vm, args, "toString")?;
    let joined = join_text(vm, array, ",")?;
    text(vm, &joined)
}

/// The text of `array.join(separator)`. Nested arrays are joined with commas; one that is being joined already is empty. Only for natives that call back:
/// objects among the elements are asked for their `toString()`.
pub fn join_text(vm: &mut Vm, array: Value, separator: &str) -> Outcome<String> {
    let mut out = String::new();
    let mut open = vec![(array, 0, vm.heap.array_len(array))];
    let mut being_joined = FxHashSet::from_iter([array.0]);
    // holds the nested arrays that are open: a `toString` may take them out of where they were found
    let guard = vm.heap.array(0);
    vm.hold(guard);
    // bytes and elements since the last look
    let mut passed = 0;
    while let Some((array, index, len)) = open.last_mut() {
        passed += 1;
        if passed > LOOK {
            vm.charge(std::mem::take(&mut passed))?;
            vm.make_room(&mut out, LOOK + 2 * FREE)?;
            vm.lend(out.capacity());
        }
        let (array, place) = (*array, *index);
        *index += 1;
        if place >= *len {
            being_joined.remove(&array.0);
            open.pop();
            vm.heap.pop(guard);
            continue;
        }
        // one that is gone by now counts as undefined
        let value = element(vm, array, place);
        if place > 0 {
            let separator = if open.len() == 1 { separator } else { "," };
            passed += push_piece(vm, &mut out, separator)?;
        }
        if value.kind() == Some(Kind::Array) {
            if being_joined.insert(value.0) {
                push(vm, guard, value)?;
                open.push((value, 0, vm.heap.array_len(value)));
            }
        } else if value.is_string() {
            passed += push_piece(vm, &mut out, vm.heap.text(value).as_str())?;
        } else if !value.is_nullish() {
            let fresh = match vm.primitive_text(value) {
                Some(text) => text,
                None => {
                    vm.heap.protect(value);
                    vm.lend(out.capacity());
                    vm.to_text(value)?
                }
            };
            passed += push_piece(vm, &mut out, vm.heap.text(fresh).as_str())?;
            if value.is_container() {
                vm.safepoint();
            }
        }
        room_for_text(vm, out.len())?;
    }
    vm.charge(passed)?;
    Ok(out)
}

/// Bytes that are written, and elements that are passed, between two looks at the limits.
const LOOK: usize = 4096;

/// Appends a text; answers how many bytes are still to be charged: a long one has been.
#[inline]
fn push_piece(vm: &mut Vm, out: &mut String, text: &str) -> Outcome<usize> {
    if text.len() > FREE {
        vm.push_text(out, text)?;
        vm.make_room(out, LOOK + 2 * FREE)?;
        return Ok(0);
    }
    out.push_str(text);
    Ok(text.len())
}
