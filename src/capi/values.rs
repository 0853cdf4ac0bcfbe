//! Handles, and values that are no containers.

use std::ffi::c_char;
use std::ptr::null;

use super::error::Wrong;
use super::types::{PBT_FALSE, PBT_NONE, PBT_TRUE, PbtHandle, PbtKind};
use super::{Call, Manner, PbtContext, enter};
use crate::embed::{Context, Error, FromValue, IntoValue, Kind};
use crate::heap::handles::RawHandle;
use crate::heap::value::Value;

/// A text of C's. Errors: it is NULL, or no UTF-8.
pub(super) unsafe fn text_of<'t>(
    function: &str,
    what: &str,
    text: *const c_char,
    length: usize,
) -> Result<&'t str, Wrong> {
    if text.is_null() {
        return match length {
            0 => Ok(""),
            _ => Err(Wrong::usage(function, &format!("{what} is NULL"))),
        };
    }
    if length > isize::MAX as usize {
        return Err(Wrong::usage(function, &format!("{what} has an impossible length")));
    }
    // SAFETY: there are so many bytes (promise 2), which nobody changes meanwhile: C is waiting.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    std::str::from_utf8(bytes).map_err(|_| {
        Wrong::Error(Error::Conversion { what: what.into(), expected: "UTF-8".into(), found: "other bytes".into() })
    })
}

/// A name of C's, which a NUL ends. Errors: as above.
pub(super) unsafe fn name_of<'t>(function: &str, what: &str, name: *const c_char) -> Result<&'t str, Wrong> {
    if name.is_null() {
        return Err(Wrong::usage(function, &format!("{what} is NULL")));
    }
    // SAFETY: there is a NUL (promise 2).
    unsafe {
        let length = std::ffi::CStr::from_ptr(name).count_bytes();
        text_of(function, what, name, length)
    }
}

/// Writes a result. Errors: there is no place for it.
pub(super) unsafe fn write<T>(call: &Call, place: *mut T, value: T) -> Result<bool, Wrong> {
    if place.is_null() {
        return Err(call.usage("the place of the result is NULL"));
    }
    // SAFETY: NULL or good (promise 2).
    unsafe { place.write(value) };
    Ok(true)
}

// ---- Handles ----------------------------------------------------------------------------------------------------------------

/// One more handle for what another one holds. Of `undefined`, `null`, `true` and `false` the constants need none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_dup(context: *mut PbtContext, handle: PbtHandle) -> PbtHandle {
    enter(context, "pbt_dup", Manner::Looks, PBT_NONE, |call| {
        let raw = call.raw(handle)?;
        let raw = call.vm.heap.dup_handle(raw)?;
        call.opened(raw)
    })
}

/// Closes a handle: its use is an error from now on, closing it again too. What only it held dies. Nothing happens to constants and PBT_NONE.
///
/// This one may be called where no other function can be: by destructors and deallocators. The handle is closed a little later then, and a wrong one is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_close(context: *mut PbtContext, handle: PbtHandle) -> bool {
    if handle == PBT_NONE {
        return true;
    }
    // SAFETY: promise 1.
    let Some(shared) = (unsafe { context.as_ref() }) else { return false };
    if !shared.is_free()
        && !shared.broken.get()
        && let Some(raw) = RawHandle::from_bits(handle.bits)
    {
        shared.note_closed(raw);
        shared.closing.push(raw);
        return true;
    }
    enter(context, "pbt_close", Manner::Closes, false, |call| {
        let raw = call.raw(handle)?;
        call.vm.heap.close_handle(raw)?;
        call.context.note_closed(raw);
        Ok(true)
    })
}

// ---- Making values ----------------------------------------------------------------------------------------------------------

fn make(context: *mut PbtContext, function: &'static str, value: impl for<'v> IntoValue<'v>) -> PbtHandle {
    enter(context, function, Manner::Works, PBT_NONE, |call| {
        let value = value.into_value(&mut Context::new(call.vm, false))?.value;
        call.open(value)
    })
}

/// A number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_number(context: *mut PbtContext, number: f64) -> PbtHandle {
    make(context, "pbt_number", number)
}

/// An integer, exact to the last digit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_int64(context: *mut PbtContext, number: i64) -> PbtHandle {
    make(context, "pbt_int64", number)
}

/// PBT_TRUE or PBT_FALSE, which need not be closed.
#[unsafe(no_mangle)]
pub extern "C" fn pbt_bool(truth: bool) -> PbtHandle {
    if truth { PBT_TRUE } else { PBT_FALSE }
}

/// A string: `length` bytes of UTF-8, among which there may be NULs. They are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_string(context: *mut PbtContext, text: *const c_char, length: usize) -> PbtHandle {
    enter(context, "pbt_string", Manner::Works, PBT_NONE, |call| {
        // SAFETY: promise 2.
        let text = unsafe { text_of(call.function, "the text", text, length) }?;
        let made = call.vm.text_value(text);
        let value = call.done(made)?;
        call.open(value)
    })
}

/// An array without elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_array(context: *mut PbtContext) -> PbtHandle {
    enter(context, "pbt_array", Manner::Works, PBT_NONE, |call| {
        let value = call.vm.heap.array(0);
        call.open(value)
    })
}

/// A plain object without properties.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_object(context: *mut PbtContext) -> PbtHandle {
    enter(context, "pbt_object", Manner::Works, PBT_NONE, |call| {
        let value = call.vm.heap.object();
        call.open(value)
    })
}

// ---- Reading values ---------------------------------------------------------------------------------------------------------

fn kind_of(call: &mut Call, value: Value) -> Kind {
    Context::new(call.vm, false).kept(value).kind()
}

/// What a value is. PBT_KIND_NONE: the handle is not open, which is an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_kind(context: *mut PbtContext, handle: PbtHandle) -> PbtKind {
    enter(context, "pbt_kind", Manner::Looks, PbtKind::None, |call| {
        let value = call.value(handle)?;
        Ok(match kind_of(call, value) {
            Kind::Undefined => PbtKind::Undefined,
            Kind::Null => PbtKind::Null,
            Kind::Boolean => PbtKind::Boolean,
            Kind::Number => PbtKind::Number,
            Kind::String => PbtKind::String,
            Kind::Object => PbtKind::Object,
            Kind::Array => PbtKind::Array,
            Kind::Function => PbtKind::Function,
            Kind::Class => PbtKind::Class,
            Kind::Map => PbtKind::Map,
            Kind::Set => PbtKind::Set,
            Kind::Host => PbtKind::Host,
            Kind::Other => PbtKind::Other,
        })
    })
}

unsafe fn read<T: for<'v> FromValue<'v>>(
    context: *mut PbtContext,
    function: &'static str,
    handle: PbtHandle,
    result: *mut T,
) -> bool {
    enter(context, function, Manner::Looks, false, |call| {
        let value = call.value(handle)?;
        let value = call.convert(value)?;
        // SAFETY: promise 2.
        unsafe { write(call, result, value) }
    })
}

/// Reads a number. False: it is none; nothing is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_as_number(context: *mut PbtContext, handle: PbtHandle, result: *mut f64) -> bool {
    // SAFETY: promise 2.
    unsafe { read(context, "pbt_as_number", handle, result) }
}

/// Reads an integer, exact to the last digit. False: it is no integer of 64 bits; nothing is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_as_int64(context: *mut PbtContext, handle: PbtHandle, result: *mut i64) -> bool {
    // SAFETY: promise 2.
    unsafe { read(context, "pbt_as_int64", handle, result) }
}

/// Reads `true` or `false`. False: it is neither; nothing is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_as_bool(context: *mut PbtContext, handle: PbtHandle, result: *mut bool) -> bool {
    // SAFETY: promise 2.
    unsafe { read(context, "pbt_as_bool", handle, result) }
}

/// The bytes of a string: UTF-8, with a NUL behind them, which does not count; there may be others among them. Their number goes to `length`, if that is not NULL.
/// They are good until the handle is closed; asked again, it gives the same ones. NULL: the handle holds no string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_string_bytes(
    context: *mut PbtContext,
    handle: PbtHandle,
    length: *mut usize,
) -> *const c_char {
    enter(context, "pbt_string_bytes", Manner::Looks, null(), |call| {
        let raw = call.raw(handle)?;
        let bytes = call.vm.heap.handle_bytes(raw)?;
        if !length.is_null() {
            // SAFETY: NULL or good (promise 2).
            unsafe { length.write(bytes.len()) };
        }
        Ok(bytes.as_ptr().cast())
    })
}
