//! `Object`: questions about own properties. Plain objects have no methods (deviation D8).

use super::arguments::{Outcome, array_of, container, push, wrong};
use super::math::compare_numbers;
use crate::heap::cell::Kind;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo};

pub(super) static OBJECT: NativeClass =
    NativeClass { name: "Object", length: 1, call: None, construct: Construct::Refused("write `{}`") };

pub(super) static STATICS: &[NativeInfo] = &[
    NativeInfo::new("assign", 2, assign),
    NativeInfo::new("entries", 1, entries),
    NativeInfo::new("freeze", 1, freeze),
    NativeInfo::new("fromEntries", 1, from_entries),
    NativeInfo::calling_back("groupBy", 2, super::grouping::object_group_by),
    NativeInfo::new("hasOwn", 2, has_own),
    NativeInfo::new("is", 2, is),
    NativeInfo::new("isFrozen", 1, is_frozen),
    NativeInfo::new("keys", 1, keys),
    NativeInfo::new("values", 1, values),
];

/// A property key: a string, or a number by its text. TypeError for anything else.
pub fn property_key(vm: &mut Vm, value: Value) -> Outcome<Key> {
    if value.is_string() {
        return Ok(vm.heap.key_of(value));
    }
    if value.is_number()
        && let Some(string) = vm.primitive_text(value)
    {
        return Ok(vm.heap.key_of(string));
    }
    let got = vm.describe(value);
    Err(vm.type_error(format!("a key must be a string or a number, got {got}")))
}

/// The array index that a text writes in the canonical way.
pub fn index_of_text(text: &str) -> Option<usize> {
    let canonical = text == "0" || text.len() <= 10 && !text.starts_with('0') && !text.is_empty();
    if !canonical || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|n| *n < u32::MAX as usize)
}

/// The listed own keys and values of a container, elements first.
fn listed(vm: &mut Vm, value: Value) -> Outcome<Vec<(Value, Value)>> {
    let named = vm.own_entries(value)?;
    let mut list = Vec::new();
    if value.kind() == Some(Kind::Array) {
        list.reserve_exact(vm.heap.array_len(value) + named.len());
        for index in 0..vm.heap.array_len(value) {
            vm.charge(1)?;
            let key = vm.heap.short_string(&index.to_string());
            list.push((key, vm.heap.elements(value)[index]));
        }
    }
    list.extend(named.into_iter().map(|(key, value)| (key.value(), value)));
    Ok(list)
}

/// The listed own keys, as strings.
fn keys(vm: &mut Vm, args: Args) -> Outcome {
    let object = container(vm, args, 0, "Object.keys")?;
    let keys: Vec<Value> = match object.kind() {
        Some(Kind::Array) => listed(vm, object)?.into_iter().map(|(key, _)| key).collect(),
        _ => vm.own_entries(object)?.into_iter().map(|(key, _)| key.value()).collect(),
    };
    array_of(vm, &keys)
}

/// Their values.
fn values(vm: &mut Vm, args: Args) -> Outcome {
    let object = container(vm, args, 0, "Object.values")?;
    let named = vm.own_entries(object)?;
    let values = vm.heap.array(named.len());
    if object.kind() == Some(Kind::Array) {
        vm.append_range(values, object, 0, vm.heap.array_len(object))?;
    }
    for (_, value) in named {
        vm.charge(1)?;
        push(vm, values, value)?;
    }
    Ok(values)
}

/// `[key, value]` pairs.
fn entries(vm: &mut Vm, args: Args) -> Outcome {
    let object = container(vm, args, 0, "Object.entries")?;
    let list = listed(vm, object)?;
    let array = vm.heap.array(list.len());
    for (key, value) in list {
        let pair = array_of(vm, &[key, value])?;
        push(vm, array, pair)?;
    }
    Ok(array)
}

/// Copies the listed own properties of the sources to the target, in order; nullish sources have none.
fn assign(vm: &mut Vm, args: Args) -> Outcome {
    let target = container(vm, args, 0, "Object.assign")?;
    for index in 1..args.len() {
        let source = vm.arg(args, index);
        if source.is_nullish() {
            continue;
        }
        if !source.is_container() {
            return Err(wrong(vm, "Object.assign", index, "an object", source));
        }
        for (key, value) in listed(vm, source)? {
            vm.charge(1)?;
            vm.set(target, key, value)?;
        }
    }
    Ok(target)
}

/// Makes a container immutable (not what it refers to); answers its argument.
fn freeze(vm: &mut Vm, args: Args) -> Outcome {
    let value = vm.arg(args, 0);
    if value.is_container() {
        if vm.is_namespace(value) {
            return Err(vm.type_error("Cannot freeze the namespace object of a module: its members may still change"));
        }
        vm.heap.freeze(value);
    }
    Ok(value)
}

/// Whether a value is immutable; atoms always are.
fn is_frozen(vm: &mut Vm, args: Args) -> Outcome {
    let value = vm.arg(args, 0);
    // A member of a namespace object changes when its module assigns to it.
    let changes = || vm.is_namespace(value) && vm.heap.own_count(value) > 0;
    Ok(Value::bool(!value.is_container() || vm.heap.is_frozen(value) && !changes()))
}

/// An object from an iterable of `[key, value]` pairs.
fn from_entries(vm: &mut Vm, args: Args) -> Outcome {
    let iterable = vm.arg(args, 0);
    let pairs = if iterable.kind() == Some(Kind::Array) {
        iterable
    } else {
        let array = vm.heap.array(0);
        vm.append_all(array, iterable)?;
        array
    };
    let object = vm.heap.object();
    for index in 0..vm.heap.array_len(pairs) {
        vm.charge(1)?;
        let pair = vm.heap.elements(pairs)[index];
        if pair.kind() != Some(Kind::Array) {
            let got = vm.describe(pair);
            return Err(
                vm.type_error(format!("`Object.fromEntries`: its entries must be `[key, value]` arrays, got {got}"))
            );
        }
        let key = vm.heap.element(pair, 0).unwrap_or(Value::UNDEFINED);
        let value = vm.heap.element(pair, 1).unwrap_or(Value::UNDEFINED);
        let key = property_key(vm, key)?;
        vm.heap.set_own(object, key, value).map_err(|e| super::arguments::set_error(vm, object, e))?;
    }
    Ok(object)
}

/// Whether a container has a property or element of its own, listed or not.
fn has_own(vm: &mut Vm, args: Args) -> Outcome {
    let object = container(vm, args, 0, "Object.hasOwn")?;
    let key = vm.arg(args, 1);
    if !key.is_string() && !key.is_number() {
        return Err(wrong(vm, "Object.hasOwn", 1, "a string or a number", key));
    }
    let key = property_key(vm, key)?;
    if vm.heap.get_own(object, key).is_some() {
        return Ok(Value::TRUE);
    }
    let name = key.text();
    Ok(Value::bool(match object.kind() {
        Some(Kind::Array) => {
            name.as_str() == "length" || index_of_text(&name).is_some_and(|index| index < vm.heap.array_len(object))
        }
        Some(Kind::Function | Kind::Native | Kind::Bound) => matches!(name.as_str(), "name" | "length"),
        Some(Kind::Class) => {
            matches!(name.as_str(), "name" | "length" | "prototype")
                || vm.heap.class_data(object).statics.contains_key(&key)
        }
        _ => false,
    }))
}

/// SameValue: as `===`, but NaN is itself and the zeros differ.
pub fn same_value(vm: &Vm, a: Value, b: Value) -> bool {
    if !a.is_number() || !b.is_number() {
        return vm.strict_equals(a, b);
    }
    let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else { return false };
    if x.is_nan() || y.is_nan() {
        return x.is_nan() && y.is_nan();
    }
    compare_numbers(a, b) == Some(std::cmp::Ordering::Equal)
        && (x != 0.0 || x.is_sign_negative() == y.is_sign_negative())
}

/// SameValueZero: as `===`, but NaN is itself.
pub fn same_value_zero(vm: &Vm, a: Value, b: Value) -> bool {
    vm.strict_equals(a, b) || a.plain_number().is_some_and(f64::is_nan) && b.plain_number().is_some_and(f64::is_nan)
}

/// `Object.is(a, b)`.
fn is(vm: &mut Vm, args: Args) -> Outcome {
    let (a, b) = (vm.arg(args, 0), vm.arg(args, 1));
    Ok(Value::bool(same_value(vm, a, b)))
}
