//! `WeakRef`, `WeakMap`, `WeakSet`: references that keep nothing alive.

use super::arguments::{Outcome, this_of};
use super::collections::{listed, listed_pairs};
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo};

pub(super) static WEAK_REF: NativeClass = NativeClass {
    name: "WeakRef",
    length: 1,
    call: None,
    construct: Construct::Makes(NativeInfo::new("WeakRef", 1, new_ref)),
};

pub(super) static WEAK_MAP: NativeClass = NativeClass {
    name: "WeakMap",
    length: 0,
    call: None,
    construct: Construct::Makes(NativeInfo::new("WeakMap", 0, new_map)),
};

pub(super) static WEAK_SET: NativeClass = NativeClass {
    name: "WeakSet",
    length: 0,
    call: None,
    construct: Construct::Makes(NativeInfo::new("WeakSet", 0, new_set)),
};

pub(super) static REF_METHODS: &[NativeInfo] = &[NativeInfo::new("deref", 0, deref)];

pub(super) static MAP_METHODS: &[NativeInfo] = &[
    NativeInfo::new("delete", 1, |vm, args| delete(vm, args, Kind::WeakMap)),
    NativeInfo::new("get", 1, get),
    NativeInfo::new("has", 1, |vm, args| has(vm, args, Kind::WeakMap)),
    NativeInfo::new("set", 2, set),
];

pub(super) static SET_METHODS: &[NativeInfo] = &[
    NativeInfo::new("add", 1, add),
    NativeInfo::new("delete", 1, |vm, args| delete(vm, args, Kind::WeakSet)),
    NativeInfo::new("has", 1, |vm, args| has(vm, args, Kind::WeakSet)),
];

/// `new WeakRef(target)`: the target is a container.
fn new_ref(vm: &mut Vm, args: Args) -> Outcome {
    let target = vm.arg(args, 0);
    if !target.is_container() {
        let got = vm.describe(target);
        return Err(vm.type_error(format!("`new WeakRef`: its target must be an object, got {got}")));
    }
    Ok(vm.heap.weak_ref(target))
}

/// The target, which lives at least to the end of the statement; undefined when it has died.
fn deref(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::WeakRef, "deref")?;
    let target = vm.heap.weak_target(this);
    vm.heap.protect(target);
    Ok(target)
}

fn insert(vm: &mut Vm, collection: Value, key: Value, value: Value, what: &str) -> Outcome<()> {
    if !key.is_container() {
        let got = vm.describe(key);
        return Err(vm.type_error(format!("Invalid value used {what}: it must be an object, got {got}")));
    }
    vm.charge(1)?;
    vm.in_room(|heap| heap.weak_insert(collection, key, value))
}

/// `new WeakMap(entries)`: from an iterable of `[key, value]` pairs.
fn new_map(vm: &mut Vm, args: Args) -> Outcome {
    let map = vm.heap.weak_map();
    for (key, value) in listed_pairs(vm, vm.arg(args, 0), "WeakMap")? {
        insert(vm, map, key, value, "as a WeakMap key")?;
    }
    Ok(map)
}

/// `new WeakSet(values)`: from an iterable.
fn new_set(vm: &mut Vm, args: Args) -> Outcome {
    let set = vm.heap.weak_set();
    for value in listed(vm, vm.arg(args, 0))? {
        insert(vm, set, value, Value::UNDEFINED, "in a WeakSet")?;
    }
    Ok(set)
}

/// The value of a key, or undefined.
fn get(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::WeakMap, "get")?;
    Ok(vm.heap.weak_get(this, vm.arg(args, 0)).unwrap_or(Value::UNDEFINED))
}

/// Sets the value of a key; answers the WeakMap.
fn set(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::WeakMap, "set")?;
    let (key, value) = (vm.arg(args, 0), vm.arg(args, 1));
    insert(vm, this, key, value, "as a WeakMap key")?;
    Ok(this)
}

/// Adds a value; answers the WeakSet.
fn add(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_of(vm, args, Kind::WeakSet, "add")?;
    let value = vm.arg(args, 0);
    insert(vm, this, value, Value::UNDEFINED, "in a WeakSet")?;
    Ok(this)
}

/// Whether a key is there.
fn has(vm: &mut Vm, args: Args, kind: Kind) -> Outcome {
    let this = this_of(vm, args, kind, "has")?;
    Ok(Value::bool(vm.heap.weak_get(this, vm.arg(args, 0)).is_some()))
}

/// Removes a key; answers whether it was there.
fn delete(vm: &mut Vm, args: Args, kind: Kind) -> Outcome {
    let this = this_of(vm, args, kind, "delete")?;
    let key = vm.arg(args, 0);
    Ok(Value::bool(vm.heap.weak_delete(this, key)))
}
