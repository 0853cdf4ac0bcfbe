//! The reviver of `JSON.parse`: called for every property, innermost first, as in JavaScript.

use crate::heap::cell::Kind;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::arguments::{Outcome, define, push, set_error};
use crate::stdlib::callbacks::call_back;
use crate::vm::Vm;

/// A container whose properties are being revived.
struct Walk {
    container: Value,
    /// The keys it had when the walk reached it (none for an array).
    keys: Vec<Key>,
    len: usize,
    next: usize,
    /// Entries of the guard that belong to this walk.
    guarded: usize,
}

/// Revives a freshly parsed value: `reviver(key, value)` with the holder as `this`.
pub fn revive(vm: &mut Vm, value: Value, reviver: Value) -> Outcome {
    let root = vm.heap.object();
    define(vm, root, "", value)?;
    // holds the containers on the stack and their keys: a reviver may take them out of where they were found
    let guard = vm.heap.array(0);
    vm.hold(guard);
    vm.hold(root);
    let mut stack = vec![walk(vm, guard, root)?];
    while let Some(top) = stack.last_mut() {
        if top.next == top.len {
            let (guarded, finished) = (top.guarded, top.container);
            stack.pop();
            let Some(above) = stack.last_mut() else {
                let key = vm.heap.key("");
                return Ok(vm.heap.get_own(finished, key).unwrap_or(Value::UNDEFINED));
            };
            let index = above.next;
            above.next += 1;
            revive_one(vm, reviver, above, index, finished)?;
            let guards = vm.heap.array_len(guard) - guarded;
            vm.heap.truncate(guard, guards);
            vm.safepoint();
            continue;
        }
        let value = current(vm, top, top.next);
        if value.is_container() && matches!(value.kind(), Some(Kind::Array | Kind::Object)) {
            let inner = walk(vm, guard, value)?;
            stack.push(inner);
        } else {
            let index = top.next;
            top.next += 1;
            revive_one(vm, reviver, top, index, value)?;
            vm.safepoint();
        }
    }
    Ok(Value::UNDEFINED)
}

fn walk(vm: &mut Vm, guard: Value, container: Value) -> Outcome<Walk> {
    let is_array = container.kind() == Some(Kind::Array);
    let keys: Vec<Key> =
        if is_array { Vec::new() } else { vm.own_entries(container)?.into_iter().map(|(key, _)| key).collect() };
    let len = if is_array { vm.heap.array_len(container) } else { keys.len() };
    push(vm, guard, container)?;
    for key in &keys {
        push(vm, guard, key.value())?;
    }
    Ok(Walk { container, guarded: keys.len() + 1, keys, len, next: 0 })
}

/// The value of property number `index` now.
fn current(vm: &Vm, walk: &Walk, index: usize) -> Value {
    let value = match walk.keys.get(index) {
        Some(key) => vm.heap.get_own(walk.container, *key),
        None => vm.heap.element(walk.container, index),
    };
    value.unwrap_or(Value::UNDEFINED)
}

/// Calls the reviver for one property, whose value has been revived inside, and stores or deletes.
fn revive_one(vm: &mut Vm, reviver: Value, walk: &Walk, index: usize, value: Value) -> Outcome<()> {
    let key = match walk.keys.get(index) {
        Some(key) => key.value(),
        None => vm.heap.short_string(&index.to_string()),
    };
    let revived = call_back(vm, reviver, walk.container, &[key, value])?;
    match walk.keys.get(index) {
        Some(key) if revived.is_undefined() => {
            vm.heap.delete_own(walk.container, *key).map_err(|e| set_error(vm, walk.container, e))?;
        }
        Some(key) => vm.heap.set_own(walk.container, *key, revived).map_err(|e| set_error(vm, walk.container, e))?,
        // an array has no holes: an element that JavaScript would delete becomes undefined
        None if revived.is_undefined() && index >= vm.heap.array_len(walk.container) => {}
        None => vm.set(walk.container, Value::index(index), revived)?,
    }
    Ok(())
}
