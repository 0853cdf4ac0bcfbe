//! Properties and elements.

use std::ffi::c_char;

use super::types::{PBT_NONE, PbtHandle};
use super::values::{name_of, write};
use super::{Call, Manner, PbtContext, enter};
use crate::embed::{Context, Error};
use crate::heap::cell::Kind;
use crate::heap::value::Value;

/// The value of an index.
fn key_of(call: &mut Call, index: usize) -> Value {
    match i64::try_from(index) {
        Ok(index) => call.vm.heap.integer(index),
        Err(_) => Value::number(index as f64),
    }
}

fn not(call: &Call, value: Value, expected: &str) -> super::Wrong {
    let found = call.vm.describe(value);
    Error::Conversion { what: "the value".to_string(), expected: expected.to_string(), found }.into()
}

/// Reads a property, as `object.name` does: `undefined` if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_get(context: *mut PbtContext, object: PbtHandle, name: *const c_char) -> PbtHandle {
    enter(context, "pbt_get", Manner::Works, PBT_NONE, |call| {
        let object = call.value(object)?;
        // SAFETY: promise 2.
        let name = unsafe { name_of(call.function, "the name", name) }?;
        let got = call.vm.get_named(object, name);
        let got = call.done(got)?;
        call.open(got)
    })
}

/// Writes a property, as `object.name = value` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_set(
    context: *mut PbtContext,
    object: PbtHandle,
    name: *const c_char,
    value: PbtHandle,
) -> bool {
    enter(context, "pbt_set", Manner::Works, false, |call| {
        let (object, value) = (call.value(object)?, call.value(value)?);
        // SAFETY: promise 2.
        let name = unsafe { name_of(call.function, "the name", name) }?;
        let set = call.vm.charge(1).and_then(|()| call.vm.set_named(object, name, value));
        call.done(set).map(|()| true)
    })
}

/// Reads an element, as `array[index]` does: `undefined` if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_get_index(context: *mut PbtContext, array: PbtHandle, index: usize) -> PbtHandle {
    enter(context, "pbt_get_index", Manner::Works, PBT_NONE, |call| {
        let array = call.value(array)?;
        let key = key_of(call, index);
        let got = call.vm.get(array, key);
        let got = call.done(got)?;
        call.open(got)
    })
}

/// Writes an element, as `array[index] = value` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_set_index(
    context: *mut PbtContext,
    array: PbtHandle,
    index: usize,
    value: PbtHandle,
) -> bool {
    enter(context, "pbt_set_index", Manner::Works, false, |call| {
        let (array, value) = (call.value(array)?, call.value(value)?);
        let key = key_of(call, index);
        let set = call.vm.charge(1).and_then(|()| call.vm.set(array, key, value));
        call.done(set).map(|()| true)
    })
}

/// How many elements an array has, or entries a Map or Set, or characters (code points) a string. False: it is none of these.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_length(context: *mut PbtContext, handle: PbtHandle, length: *mut usize) -> bool {
    enter(context, "pbt_length", Manner::Looks, false, |call| {
        let value = call.value(handle)?;
        let cx = Context::new(call.vm, false);
        let Some(counted) = cx.kept(value).len(&cx) else {
            return Err(not(call, value, "an array, Map, Set or string"));
        };
        // SAFETY: promise 2.
        unsafe { write(call, length, counted) }
    })
}

/// Puts a value at the end of an array.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_push(context: *mut PbtContext, array: PbtHandle, value: PbtHandle) -> bool {
    enter(context, "pbt_push", Manner::Works, false, |call| {
        let (array, value) = (call.value(array)?, call.value(value)?);
        if !array.is(Kind::Array) {
            return Err(not(call, array, "an array"));
        }
        let end = call.vm.heap.array_len(array);
        let key = key_of(call, end);
        let set = call.vm.charge(1).and_then(|()| call.vm.set(array, key, value));
        call.done(set).map(|()| true)
    })
}

/// The names of an object's own properties, in their order: an array of strings. Changing it changes nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_keys(context: *mut PbtContext, object: PbtHandle) -> PbtHandle {
    enter(context, "pbt_keys", Manner::Works, PBT_NONE, |call| {
        let object = call.value(object)?;
        if !object.is_container() {
            return Err(not(call, object, "an object"));
        }
        // On probation in this statement, which ends when the handle holds it.
        let keys = call.vm.heap.array(0);
        for (key, _) in call.vm.heap.own_entries(object) {
            let pushed = call.vm.charge(1).and_then(|()| call.vm.in_room(|heap| heap.push(keys, key.value())));
            call.done(pushed)?;
        }
        call.open(keys)
    })
}
