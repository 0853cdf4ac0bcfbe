//! Checks of arguments and receivers: built-ins coerce nothing, and say what they wanted and what they got.

use crate::heap::cell::Kind;
use crate::heap::string::{StringError, Text};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PORTION;
use crate::vm::convert::to_integer;
use crate::vm::native::{Args, Throw};

/// What a native answers.
pub type Outcome<T = Value> = Result<T, Throw>;

/// The TypeError of a wrong argument; `index` counts from 0.
#[cold]
pub fn wrong(vm: &mut Vm, function: &str, index: usize, wanted: &str, got: Value) -> Throw {
    let got = vm.describe(got);
    vm.type_error(format!("`{function}`: argument {} must be {wanted}, got {got}", index + 1))
}

/// The TypeError of a method called on something else than it is for.
#[cold]
pub fn wrong_receiver(vm: &mut Vm, function: &str, wanted: &str, got: Value) -> Throw {
    let got = vm.describe(got);
    vm.type_error(format!("`{function}` is a method of {wanted} and was called on {got}"))
}

/// A number; absent is NaN.
pub fn number(vm: &mut Vm, args: Args, index: usize, function: &str) -> Outcome<f64> {
    number_or(vm, args, index, function, f64::NAN)
}

/// A number, or `default` if absent.
pub fn number_or(vm: &mut Vm, args: Args, index: usize, function: &str, default: f64) -> Outcome<f64> {
    let value = vm.arg(args, index);
    match value.as_f64() {
        Some(n) => Ok(n),
        None if value.is_undefined() => Ok(default),
        None => Err(wrong(vm, function, index, "a number", value)),
    }
}

/// A number made an integer as in JavaScript (fractions cut, NaN 0; infinities stay), or `default` if absent.
pub fn integer(vm: &mut Vm, args: Args, index: usize, function: &str, default: f64) -> Outcome<f64> {
    Ok(to_integer(number_or(vm, args, index, function, default)?))
}

/// An index relative to `len` (negative: from the end), clamped to 0..=len.
pub fn relative(vm: &mut Vm, args: Args, index: usize, function: &str, len: usize, default: usize) -> Outcome<usize> {
    let n = integer(vm, args, index, function, default as f64)?;
    Ok(clamp_relative(n, len))
}

/// The same for an integer in hand.
pub fn clamp_relative(n: f64, len: usize) -> usize {
    if n < 0.0 { (len as f64 + n).max(0.0) as usize } else { n.min(len as f64) as usize }
}

/// An index clamped to 0..=len, negatives 0.
pub fn clamped(vm: &mut Vm, args: Args, index: usize, function: &str, len: usize, default: usize) -> Outcome<usize> {
    let n = integer(vm, args, index, function, default as f64)?;
    Ok(n.clamp(0.0, len as f64) as usize)
}

/// A string, required.
pub fn string(vm: &mut Vm, args: Args, index: usize, function: &str) -> Outcome<Text> {
    let value = vm.arg(args, index);
    if value.is_string() { Ok(vm.heap.text(value)) } else { Err(wrong(vm, function, index, "a string", value)) }
}

/// A string, or `None` if absent.
pub fn optional_string(vm: &mut Vm, args: Args, index: usize, function: &str) -> Outcome<Option<Text>> {
    if vm.arg(args, index).is_undefined() { Ok(None) } else { string(vm, args, index, function).map(Some) }
}

/// A function, required.
pub fn callable(vm: &mut Vm, args: Args, index: usize, function: &str) -> Outcome {
    let value = vm.arg(args, index);
    if vm.is_callable(value) { Ok(value) } else { Err(wrong(vm, function, index, "a function", value)) }
}

/// A function, or `None` if absent.
pub fn optional_callable(vm: &mut Vm, args: Args, index: usize, function: &str) -> Outcome<Option<Value>> {
    if vm.arg(args, index).is_undefined() { Ok(None) } else { callable(vm, args, index, function).map(Some) }
}

/// A container of any kind, required.
pub fn container(vm: &mut Vm, args: Args, index: usize, function: &str) -> Outcome {
    let value = vm.arg(args, index);
    if value.is_container() { Ok(value) } else { Err(wrong(vm, function, index, "an object", value)) }
}

/// The receiver as an array.
pub fn this_array(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    let this = vm.this(args);
    if this.kind() == Some(Kind::Array) { Ok(this) } else { Err(wrong_receiver(vm, function, "arrays", this)) }
}

/// The receiver as an array that may be changed.
pub fn writable_array(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    let this = this_array(vm, args, function)?;
    writable(vm, this, function)?;
    Ok(this)
}

/// TypeError if a container is frozen.
pub fn writable(vm: &mut Vm, container: Value, function: &str) -> Outcome<()> {
    if vm.heap.is_frozen(container) {
        let what = vm.describe(container);
        return Err(vm.type_error(format!("`{function}` cannot change {what}: it is frozen")));
    }
    Ok(())
}

/// The receiver as a string.
pub fn this_string(vm: &mut Vm, args: Args, function: &str) -> Outcome<Text> {
    let this = vm.this(args);
    if this.is_string() { Ok(vm.heap.text(this)) } else { Err(wrong_receiver(vm, function, "strings", this)) }
}

/// The receiver as a number (any representation).
pub fn this_number(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    let this = vm.this(args);
    if this.is_number() { Ok(this) } else { Err(wrong_receiver(vm, function, "numbers", this)) }
}

/// The receiver as a Map or Set, or a weak one.
pub fn this_of(vm: &mut Vm, args: Args, kind: Kind, function: &str) -> Outcome {
    let this = vm.this(args);
    if this.kind() == Some(kind) {
        return Ok(this);
    }
    let wanted = match kind {
        Kind::Map => "Maps",
        Kind::Set => "Sets",
        Kind::WeakRef => "WeakRefs",
        Kind::WeakMap => "WeakMaps",
        _ => "WeakSets",
    };
    Err(wrong_receiver(vm, function, wanted, this))
}

/// A number as a value; every NaN becomes the one NaN that a value may hold.
#[inline]
pub fn numeric(n: f64) -> Value {
    if n.is_nan() { Value::NAN } else { Value::number(n) }
}

/// A text as a string value.
pub fn text(vm: &mut Vm, text: &str) -> Outcome {
    vm.text_value(text)
}

/// Refuses a string of `bytes` bytes before it is built.
pub fn room_for_text(vm: &mut Vm, bytes: usize) -> Outcome<()> {
    if bytes > crate::heap::string::LONGEST {
        return Err(vm.string_error(StringError::TooLong));
    }
    if bytes > 1 << 16 {
        vm.in_room(|heap| heap.arena.fits(bytes))?;
    }
    Ok(())
}

/// Appends to an array.
#[inline]
pub fn push(vm: &mut Vm, array: Value, value: Value) -> Outcome<()> {
    vm.push_element(array, value)
}

/// An array of these values.
pub fn array_of(vm: &mut Vm, values: &[Value]) -> Outcome {
    let array = vm.heap.array(values.len());
    vm.room_for_elements(array, values.len())?;
    for portion in values.chunks(PORTION) {
        vm.charge(portion.len())?;
        for value in portion {
            push(vm, array, *value)?;
        }
    }
    Ok(array)
}

/// Sets an own property of an object the native has just made.
pub fn define(vm: &mut Vm, object: Value, key: &str, value: Value) -> Outcome<()> {
    let key = vm.heap.key(key);
    vm.heap.set_own(object, key, value).map_err(|e| set_error(vm, object, e))
}

/// The exception of a property that could not be written.
#[cold]
pub fn set_error(vm: &mut Vm, object: Value, error: crate::heap::SetError) -> Throw {
    match error {
        crate::heap::SetError::Frozen => {
            let what = vm.describe(object);
            vm.type_error(format!("cannot change {what}: it is frozen"))
        }
        crate::heap::SetError::Memory(e) => vm.out_of_memory(e),
    }
}
