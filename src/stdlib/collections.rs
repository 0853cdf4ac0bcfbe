//! `Map`, `Set`, and the iterator objects.

use super::arguments::{Outcome, callable, define, this_of, wrong_receiver};
use crate::heap::cell::{Kind, Yield};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo};

pub(super) static MAP: NativeClass =
    NativeClass { name: "Map", length: 0, call: None, construct: Construct::Makes(NativeInfo::new("Map", 0, new_map)) };

pub(super) static SET: NativeClass =
    NativeClass { name: "Set", length: 0, call: None, construct: Construct::Makes(NativeInfo::new("Set", 0, new_set)) };

pub(super) static MAP_STATICS: &[NativeInfo] = &[NativeInfo::calling_back("groupBy", 2, super::grouping::map_group_by)];

pub(super) static MAP_METHODS: &[NativeInfo] = &[
    NativeInfo::new("clear", 0, |vm, args| clear(vm, args, Kind::Map)),
    NativeInfo::new("delete", 1, |vm, args| delete(vm, args, Kind::Map)),
    NativeInfo::new("entries", 0, |vm, args| iterate(vm, args, Kind::Map, Yield::Entries, "entries")),
    NativeInfo::calling_back("forEach", 1, |vm, args| for_each(vm, args, Kind::Map)),
    NativeInfo::new("get", 1, map_get).with_quick(1, get_quickly),
    NativeInfo::new("has", 1, |vm, args| has(vm, args, Kind::Map))
        .with_quick(1, |vm, this, key, _| has_quickly(vm, this, key, Kind::Map)),
    NativeInfo::new("keys", 0, |vm, args| iterate(vm, args, Kind::Map, Yield::Keys, "keys")),
    NativeInfo::new("set", 2, map_set).with_quick(2, set_quickly),
    NativeInfo::new("values", 0, |vm, args| iterate(vm, args, Kind::Map, Yield::Values, "values")),
];

pub(super) static SET_METHODS: &[NativeInfo] = &[
    NativeInfo::new("add", 1, set_add).with_quick(1, add_quickly),
    NativeInfo::new("clear", 0, |vm, args| clear(vm, args, Kind::Set)),
    NativeInfo::new("delete", 1, |vm, args| delete(vm, args, Kind::Set)),
    NativeInfo::new("difference", 1, difference),
    NativeInfo::new("entries", 0, |vm, args| iterate(vm, args, Kind::Set, Yield::Entries, "entries")),
    NativeInfo::calling_back("forEach", 1, |vm, args| for_each(vm, args, Kind::Set)),
    NativeInfo::new("has", 1, |vm, args| has(vm, args, Kind::Set))
        .with_quick(1, |vm, this, key, _| has_quickly(vm, this, key, Kind::Set)),
    NativeInfo::new("intersection", 1, intersection),
    NativeInfo::new("isDisjointFrom", 1, is_disjoint_from),
    NativeInfo::new("isSubsetOf", 1, is_subset_of),
    NativeInfo::new("isSupersetOf", 1, is_superset_of),
    NativeInfo::new("keys", 0, |vm, args| iterate(vm, args, Kind::Set, Yield::Values, "keys")),
    NativeInfo::new("symmetricDifference", 1, symmetric_difference),
    NativeInfo::new("union", 1, union),
    NativeInfo::new("values", 0, |vm, args| iterate(vm, args, Kind::Set, Yield::Values, "values")),
];

pub(super) static ITERATOR_METHODS: &[NativeInfo] = &[NativeInfo::new("next", 0, next)];

/// Units of work for a key: a text is hashed.
fn work_of(vm: &Vm, key: Value) -> usize {
    if key.is_string() { vm.heap.text(key).len() + 1 } else { 1 }
}

/// Inserts into a Map or Set (whose keys have no values).
pub(super) fn insert(vm: &mut Vm, table: Value, key: Value, value: Value) -> Outcome<()> {
    vm.charge(work_of(vm, key))?;
    vm.in_room(|heap| heap.table_set(table, key, value))
}

/// `new Map(entries)`: from an iterable of `[key, value]` pairs.
fn new_map(vm: &mut Vm, args: Args) -> Outcome {
    let map = vm.heap.map();
    for (key, value) in listed_pairs(vm, vm.arg(args, 0), "Map")? {
        insert(vm, map, key, value)?;
    }
    Ok(map)
}

/// `new Set(values)`: from an iterable.
fn new_set(vm: &mut Vm, args: Args) -> Outcome {
    let set = vm.heap.set();
    for value in listed(vm, vm.arg(args, 0))? {
        insert(vm, set, value, Value::UNDEFINED)?;
    }
    Ok(set)
}

/// All that an iterable yields; nothing for undefined and null. Only for natives that call nothing back: there nothing dies before they return.
pub(super) fn listed(vm: &mut Vm, iterable: Value) -> Outcome<Vec<Value>> {
    if iterable.is_nullish() {
        return Ok(Vec::new());
    }
    let values = if iterable.kind() == Some(Kind::Array) {
        vm.copied_elements(iterable)?
    } else {
        let array = vm.heap.array(0);
        vm.append_all(array, iterable)?;
        vm.copied_elements(array)?
    };
    Ok(values)
}

/// The same for `[key, value]` pairs, as `new Map` and `new WeakMap` want them.
pub(super) fn listed_pairs(vm: &mut Vm, iterable: Value, class: &str) -> Outcome<Vec<(Value, Value)>> {
    let mut pairs = Vec::new();
    for entry in listed(vm, iterable)? {
        vm.charge(1)?;
        if entry.kind() != Some(Kind::Array) {
            let got = vm.describe(entry);
            return Err(vm.type_error(format!("`new {class}`: its entries must be `[key, value]` arrays, got {got}")));
        }
        let part = |index| vm.heap.element(entry, index).unwrap_or(Value::UNDEFINED);
        pairs.push((part(0), part(1)));
    }
    Ok(pairs)
}

/// The value of a key, or undefined.
fn map_get(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::Map, "get")?;
    Ok(vm.heap.table_get(this, vm.arg(args, 0)).unwrap_or(Value::UNDEFINED))
}

fn get_quickly(vm: &mut Vm, this: Value, key: Value, _: Value) -> Option<Value> {
    this.is(Kind::Map).then(|| vm.heap.table_get(this, key).unwrap_or(Value::UNDEFINED))
}

fn has_quickly(vm: &mut Vm, this: Value, key: Value, kind: Kind) -> Option<Value> {
    this.is(kind).then(|| Value::bool(vm.heap.table_has(this, key)))
}

fn set_quickly(vm: &mut Vm, this: Value, key: Value, value: Value) -> Option<Value> {
    (this.is(Kind::Map) && insert_quickly(vm, this, key, value)).then_some(this)
}

fn add_quickly(vm: &mut Vm, this: Value, key: Value, _: Value) -> Option<Value> {
    (this.is(Kind::Set) && insert_quickly(vm, this, key, Value::UNDEFINED)).then_some(this)
}

/// [`insert`] where there is room and no limit is near. Says whether it did it.
fn insert_quickly(vm: &mut Vm, table: Value, key: Value, value: Value) -> bool {
    vm.heap.table_has_room(table) && vm.charge_quickly(work_of(vm, key)) && vm.heap.table_set(table, key, value).is_ok()
}

/// Sets the value of a key; answers the Map.
fn map_set(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::Map, "set")?;
    let (key, value) = (vm.arg(args, 0), vm.arg(args, 1));
    insert(vm, this, key, value)?;
    Ok(this)
}

/// Adds a value; answers the Set.
fn set_add(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::Set, "add")?;
    let value = vm.arg(args, 0);
    insert(vm, this, value, Value::UNDEFINED)?;
    Ok(this)
}

/// Whether a key is there.
fn has(vm: &mut Vm, args: Args, kind: Kind) -> Outcome {
    let this = this_of(vm, args, kind, "has")?;
    Ok(Value::bool(vm.heap.table_has(this, vm.arg(args, 0))))
}

/// Removes a key; answers whether it was there.
fn delete(vm: &mut Vm, args: Args, kind: Kind) -> Outcome {
    let this = this_of(vm, args, kind, "delete")?;
    let key = vm.arg(args, 0);
    Ok(Value::bool(vm.heap.table_delete(this, key)))
}

/// Removes everything.
fn clear(vm: &mut Vm, args: Args, kind: Kind) -> Outcome {
    let this = this_of(vm, args, kind, "clear")?;
    vm.charge(1)?;
    vm.heap.table_clear(this);
    Ok(Value::UNDEFINED)
}

/// An iterator over a Map or Set.
fn iterate(vm: &mut Vm, args: Args, kind: Kind, yields: Yield, function: &str) -> Outcome {
    let this = this_of(vm, args, kind, function)?;
    Ok(vm.heap.iterator(this, yields))
}

/// Calls `callback(value, key, collection)` for each entry in order, those added meanwhile included.
fn for_each(vm: &mut Vm, args: Args, kind: Kind) -> Outcome {
    let this = this_of(vm, args, kind, "forEach")?;
    let callback = callable(vm, args, 0, "forEach")?;
    let receiver = vm.arg(args, 1);
    let mut at = 0;
    while let Some((key, value, next)) = vm.heap.table(this).next(at) {
        at = next;
        let value = if kind == Kind::Set { key } else { value };
        vm.charge(1)?;
        vm.call(callback, receiver, &[value, key, this])?;
        vm.safepoint();
    }
    Ok(Value::UNDEFINED)
}

/// `{value, done}`: the next step of an iterator object.
fn next(vm: &mut Vm, args: Args) -> Outcome {
    let this = vm.this(args);
    if this.kind() != Some(Kind::Iterator) {
        return Err(wrong_receiver(vm, "next", "iterators", this));
    }
    let step = vm.iterator_next(this)?;
    let object = vm.heap.object();
    define(vm, object, "value", step.unwrap_or(Value::UNDEFINED))?;
    define(vm, object, "done", Value::bool(step.is_none()))?;
    Ok(object)
}

// ---- The algebra of Sets (ES2025), with Sets and Maps (their keys) as arguments ----------------------------------------------

/// The receiver, and the keys of the argument.
fn two(vm: &mut Vm, args: Args, function: &str) -> Outcome<(Value, Value)> {
    let this = this_of(vm, args, Kind::Set, function)?;
    let other = vm.arg(args, 0);
    if !matches!(other.kind(), Some(Kind::Set | Kind::Map)) {
        return Err(super::arguments::wrong(vm, function, 0, "a Set", other));
    }
    Ok((this, other))
}

fn append_keys(vm: &mut Vm, table: Value, keys: &mut Vec<Value>) -> Outcome<()> {
    let mut at = 0;
    while let Some((key, _, next)) = vm.heap.table(table).next(at) {
        at = next;
        vm.charge(1)?;
        keys.push(key);
    }
    Ok(())
}

fn set_of(vm: &mut Vm, values: impl IntoIterator<Item = Value>) -> Outcome {
    let set = vm.heap.set();
    for value in values {
        insert(vm, set, value, Value::UNDEFINED)?;
    }
    Ok(set)
}

/// The keys of `walked` of which the question is true, whether they are in `asked`; at the most `most`.
fn keys_where(vm: &mut Vm, walked: Value, asked: Value, is_in: bool, most: usize) -> Outcome<Vec<Value>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while found.len() < most {
        let Some((key, _, next)) = vm.heap.table(walked).next(at) else { break };
        at = next;
        vm.charge(1)?;
        if vm.heap.table_has(asked, key) == is_in {
            found.push(key);
        }
    }
    Ok(found)
}

/// What is in either.
fn union(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "union")?;
    let mut all = Vec::with_capacity(vm.heap.table(this).len() + vm.heap.table(other).len());
    append_keys(vm, this, &mut all)?;
    append_keys(vm, other, &mut all)?;
    set_of(vm, all)
}

/// What is in both; in the order of the smaller one.
fn intersection(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "intersection")?;
    let (walked, asked) =
        if vm.heap.table(this).len() <= vm.heap.table(other).len() { (this, other) } else { (other, this) };
    let both = keys_where(vm, walked, asked, true, usize::MAX)?;
    set_of(vm, both)
}

/// What is in the receiver only.
fn difference(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "difference")?;
    let left = keys_where(vm, this, other, false, usize::MAX)?;
    set_of(vm, left)
}

/// What is in exactly one.
fn symmetric_difference(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "symmetricDifference")?;
    let mut one = keys_where(vm, this, other, false, usize::MAX)?;
    one.extend(keys_where(vm, other, this, false, usize::MAX)?);
    set_of(vm, one)
}

/// Whether all of the receiver is in the argument.
fn is_subset_of(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "isSubsetOf")?;
    Ok(Value::bool(keys_where(vm, this, other, false, 1)?.is_empty()))
}

/// Whether all of the argument is in the receiver.
fn is_superset_of(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "isSupersetOf")?;
    Ok(Value::bool(keys_where(vm, other, this, false, 1)?.is_empty()))
}

/// Whether nothing is in both.
fn is_disjoint_from(vm: &mut Vm, args: Args) -> Outcome {
    let (this, other) = two(vm, args, "isDisjointFrom")?;
    Ok(Value::bool(keys_where(vm, this, other, true, 1)?.is_empty()))
}
