//! `Array`: the class, its static functions, and the table of methods.

mod change;
mod copy;
mod each;
mod join;
mod search;
mod sort;

use super::arguments::{Outcome, array_of, optional_callable, push, wrong};
use super::callbacks::{call_back, held_iterator};
use crate::heap::cell::{Kind, Yield};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PORTION;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo};

pub use join::join_text;

pub(super) static ARRAY: NativeClass = NativeClass {
    name: "Array",
    length: 1,
    call: Some(NativeInfo::new("Array", 1, construct)),
    construct: Construct::Makes(NativeInfo::new("Array", 1, construct)),
};

pub(super) static STATICS: &[NativeInfo] =
    &[NativeInfo::calling_back("from", 1, from), NativeInfo::new("isArray", 1, is_array), NativeInfo::new("of", 0, of)];

pub(super) static METHODS: &[NativeInfo] = &[
    NativeInfo::new("at", 1, search::at),
    NativeInfo::new("concat", 1, copy::concat),
    NativeInfo::new("copyWithin", 2, change::copy_within),
    NativeInfo::new("entries", 0, |vm, args| iterate(vm, args, Yield::Entries, "entries")),
    NativeInfo::calling_back("every", 1, each::every),
    NativeInfo::new("fill", 1, change::fill),
    NativeInfo::calling_back("filter", 1, each::filter),
    NativeInfo::calling_back("find", 1, each::find),
    NativeInfo::calling_back("findIndex", 1, each::find_index),
    NativeInfo::calling_back("findLast", 1, each::find_last),
    NativeInfo::calling_back("findLastIndex", 1, each::find_last_index),
    NativeInfo::new("flat", 0, copy::flat),
    NativeInfo::calling_back("flatMap", 1, each::flat_map),
    NativeInfo::calling_back("forEach", 1, each::for_each),
    NativeInfo::new("includes", 1, search::includes),
    NativeInfo::new("indexOf", 1, search::index_of),
    NativeInfo::calling_back("join", 1, join::join),
    NativeInfo::new("keys", 0, |vm, args| iterate(vm, args, Yield::Keys, "keys")),
    NativeInfo::new("lastIndexOf", 1, search::last_index_of),
    NativeInfo::calling_back("map", 1, each::map),
    NativeInfo::new("pop", 0, change::pop),
    NativeInfo::new("push", 1, change::push_all).with_quick(1, change::push_quickly),
    NativeInfo::calling_back("reduce", 1, each::reduce),
    NativeInfo::calling_back("reduceRight", 1, each::reduce_right),
    NativeInfo::new("reverse", 0, change::reverse),
    NativeInfo::new("shift", 0, change::shift),
    NativeInfo::new("slice", 2, copy::slice),
    NativeInfo::calling_back("some", 1, each::some),
    NativeInfo::calling_back("sort", 1, sort::sort),
    NativeInfo::new("splice", 2, change::splice),
    NativeInfo::new("toReversed", 0, copy::to_reversed),
    NativeInfo::calling_back("toSorted", 1, sort::to_sorted),
    NativeInfo::new("toSpliced", 2, copy::to_spliced),
    NativeInfo::calling_back("toString", 0, join::to_string),
    NativeInfo::new("unshift", 1, change::unshift),
    NativeInfo::new("values", 0, |vm, args| iterate(vm, args, Yield::Values, "values")),
    NativeInfo::new("with", 2, copy::with),
];

/// An iterator over the array.
fn iterate(vm: &mut Vm, args: Args, yields: Yield, function: &str) -> Outcome {
    let this = super::arguments::this_array(vm, args, function)?;
    Ok(vm.heap.iterator(this, yields))
}

/// `Array(n)`: n times undefined (deviation D7). `Array(…)`: of the arguments.
fn construct(vm: &mut Vm, args: Args) -> Outcome {
    let first = vm.arg(args, 0);
    if args.len() != 1 || !first.is_number() {
        return of(vm, args);
    }
    let n = first.as_f64().unwrap_or(f64::NAN);
    if !(0.0..u32::MAX as f64).contains(&n) || n.trunc() != n {
        return Err(vm.range_error("invalid array length: it must be an integer from 0 to 4294967294"));
    }
    let array = vm.heap.array(0);
    fill_up(vm, array, n as usize)?;
    Ok(array)
}

/// Appends undefined until the array has `len` elements.
fn fill_up(vm: &mut Vm, array: Value, len: usize) -> Outcome<()> {
    vm.in_room(|heap| heap.reserve(array, len))?;
    for from in (0..len).step_by(PORTION) {
        let count = PORTION.min(len - from);
        vm.charge(count)?;
        for _ in 0..count {
            vm.in_room(|heap| heap.push(array, Value::UNDEFINED))?;
        }
    }
    Ok(())
}

/// An array of the arguments.
fn of(vm: &mut Vm, args: Args) -> Outcome {
    let values = vm.args_from(args, 0);
    array_of(vm, &values)
}

/// Whether the argument is an array.
fn is_array(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(vm.arg(args, 0).kind() == Some(Kind::Array)))
}

/// An array of what an iterable yields, or of the elements of an object with a `length`; each passed through a function if there is one.
fn from(vm: &mut Vm, args: Args) -> Outcome {
    let source = vm.arg(args, 0);
    let function = optional_callable(vm, args, 1, "Array.from")?;
    if source.kind() == Some(Kind::Object) && vm.heap.class_of(source).is_none() {
        return from_array_like(vm, args, source, function);
    }
    let result = vm.heap.array(0);
    let Some(function) = function else {
        vm.append_all(result, source)?;
        return Ok(result);
    };
    vm.hold(result);
    let receiver = vm.arg(args, 2);
    let items = held_iterator(vm, source)?;
    let mut index = 0;
    while let Some(item) = vm.iterator_next(items)? {
        let made = call_back(vm, function, receiver, &[item, Value::index(index)])?;
        push(vm, result, made)?;
        vm.safepoint();
        index += 1;
    }
    Ok(result)
}

fn from_array_like(vm: &mut Vm, args: Args, source: Value, function: Option<Value>) -> Outcome {
    let length = vm.get_named(source, "length")?;
    let Some(length) = length.as_f64() else {
        return Err(wrong(vm, "Array.from", 0, "an iterable, or an object with a `length`", source));
    };
    if length >= u32::MAX as f64 {
        return Err(vm.range_error("invalid array length"));
    }
    let length = length.max(0.0) as usize;
    let result = vm.heap.array(0);
    vm.hold(result);
    vm.in_room(|heap| heap.reserve(result, length))?;
    let receiver = vm.arg(args, 2);
    for index in 0..length {
        // nothing but a length: nothing to look up
        let item = if vm.heap.own_count(source) > 1 { vm.get(source, Value::index(index))? } else { Value::UNDEFINED };
        match function {
            Some(function) => {
                let made = call_back(vm, function, receiver, &[item, Value::index(index)])?;
                push(vm, result, made)?;
            }
            None => {
                vm.charge(1)?;
                push(vm, result, item)?;
            }
        }
        vm.safepoint();
    }
    Ok(result)
}
