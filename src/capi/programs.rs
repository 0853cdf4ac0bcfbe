//! Programs, their globals, and calls.

use std::ffi::c_char;

use smallvec::SmallVec;

use super::error::Wrong;
use super::types::{PBT_NONE, PbtHandle};
use super::values::{name_of, text_of};
use super::{Manner, PbtContext, enter, enter_engine};
use crate::embed::{Context, Error, FromValue, IntoValue, Local};
use crate::heap::handles::table::Table;
use crate::heap::handles::{HandleError, RawHandle};
use crate::heap::value::Value;
use crate::vm::ErrorClass;

/// A handle for what comes out of the engine.
struct Opened(RawHandle);

impl<'s> FromValue<'s> for Opened {
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Opened, Error> {
        match cx.vm.heap.open_handle(value.value) {
            Table::<Value>::NEVER => Err(HandleError::TooMany.into()),
            raw => Ok(Opened(raw)),
        }
    }
}

/// What a handle of C's holds.
struct Given(PbtHandle);

impl<'s> IntoValue<'s> for Given {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        let raw = RawHandle::from_bits(self.0.bits).ok_or(HandleError::Unknown)?;
        let value = cx.vm.heap.deref_handle(raw)?;
        Ok(cx.keep(value))
    }
}

/// Compiles and runs a text: `length` bytes of UTF-8 that are called `name` in messages. Returns its value, that of its last statement if that is an expression. What it
/// declares at its top level stays, for later ones. Not to be called by a function of C that a script has called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_eval(
    context: *mut PbtContext,
    name: *const c_char,
    source: *const c_char,
    length: usize,
) -> PbtHandle {
    const FUNCTION: &str = "pbt_eval";
    enter_engine(context, FUNCTION, PBT_NONE, |context, engine| {
        // SAFETY: promise 2.
        let (name, source) =
            unsafe { (name_of(FUNCTION, "the name", name)?, text_of(FUNCTION, "the source", source, length)?) };
        let evaluated = engine.eval_named::<Opened>(name, source);
        let Opened(raw) = evaluated.map_err(|error| Wrong::of_text(error, name, source))?;
        context.note_opened(raw, FUNCTION);
        Ok(PbtHandle { bits: raw.to_bits() })
    })
}

/// What a global variable, or else a built-in, holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_global(context: *mut PbtContext, name: *const c_char) -> PbtHandle {
    enter(context, "pbt_global", Manner::Works, PBT_NONE, |call| {
        // SAFETY: promise 2.
        let name = unsafe { name_of(call.function, "the name", name) }?;
        let Some(value) = call.vm.global_named(name).or_else(|| call.vm.builtin(name)) else {
            let message = format!("{name} is not defined");
            return Err(Error::Raised { class: ErrorClass::ReferenceError, message }.into());
        };
        call.open(value)
    })
}

/// Gives a global variable a value; there need not be one of that name. Scripts cannot assign to one that is made here. Not to be called by a function of C that a script
/// has called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_set_global(context: *mut PbtContext, name: *const c_char, value: PbtHandle) -> bool {
    const FUNCTION: &str = "pbt_set_global";
    enter_engine(context, FUNCTION, false, |_, engine| {
        // SAFETY: promise 2.
        let name = unsafe { name_of(FUNCTION, "the name", name) }?;
        engine.set_global(name, Given(value))?;
        Ok(true)
    })
}

/// Calls a function with a receiver (PBT_UNDEFINED for none) and `count` arguments. Returns its result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_call(
    context: *mut PbtContext,
    function: PbtHandle,
    receiver: PbtHandle,
    arguments: *const PbtHandle,
    count: usize,
) -> PbtHandle {
    enter(context, "pbt_call", Manner::Works, PBT_NONE, |call| {
        if arguments.is_null() && count > 0 || count > isize::MAX as usize / size_of::<PbtHandle>() {
            return Err(call.usage("there is no such array of arguments"));
        }
        let (function, receiver) = (call.value(function)?, call.value(receiver)?);
        let mut values: SmallVec<[Value; 8]> = SmallVec::new();
        for index in 0..count {
            // SAFETY: there are so many (promise 2).
            let argument = unsafe { arguments.add(index).read() };
            values.push(call.value(argument)?);
        }
        let result = call.vm.call(function, receiver, &values);
        let result = call.done(result)?;
        let result = call.open(result);
        call.vm.safepoint();
        result
    })
}
