//! Handles: what a host keeps of a script's values.

use std::fmt;
use std::sync::Arc;

use super::context::{AsContext, Context};
use super::convert::{FromValue, IntoArgs, IntoValue};
use super::error::Error;
use super::local::Local;
use crate::heap::handles::{HandleError, RawHandle};
use crate::heap::value::Value;
use crate::vm::Vm;

/// A value of a script that the host holds, as long as the handle or a clone of it is there. The value belongs to the engine's oldest scope from then on.
///
/// It can be sent to other threads and dropped anywhere; dropped handles are closed, in order, when their engine is entered next. With another engine it is refused.
/// When a program is ended ([`super::Engine::finish`]), its values go, and their handles are closed.
#[derive(Clone)]
pub struct Handle(Arc<Opened>);

struct Opened {
    raw: RawHandle,
    of: Arc<crate::vm::Closing>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.of.push(self.raw);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.0.raw).finish()
    }
}

impl PartialEq for Handle {
    /// Whether they are clones of one handle. Two handles of the same value are not: see [`Local`]'s equality.
    fn eq(&self, other: &Handle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Handle {}

impl Handle {
    #[track_caller]
    pub(super) fn open(vm: &mut Vm, value: Value) -> Handle {
        let raw = vm.heap.open_handle(value);
        Handle(Arc::new(Opened { raw, of: Arc::clone(vm.closing()) }))
    }

    /// What it is in the table of handles.
    #[cfg(feature = "capi")]
    pub(crate) fn raw(&self) -> RawHandle {
        self.0.raw
    }

    /// The value. Errors: another engine's handle; one that was closed when its program ended.
    pub(super) fn value(&self, vm: &Vm) -> Result<Value, HandleError> {
        if !Arc::ptr_eq(&self.0.of, vm.closing()) {
            return Err(HandleError::Foreign);
        }
        vm.heap.deref_handle(self.0.raw)
    }

    /// Calls it.
    ///
    /// # Errors
    /// What the function throws ([`Error::Thrown`]), limits, arguments or a result that cannot be converted, a handle of another engine.
    pub fn call<R: for<'v> FromValue<'v>>(
        &self,
        at: &mut impl AsContext,
        arguments: impl for<'v> IntoArgs<'v>,
    ) -> Result<R, Error> {
        if <R as FromValue<'static>>::PLAIN
            && is_plain(&arguments)
            && let Some(vm) = at.idle()
        {
            return self.call_plainly(vm, arguments);
        }
        at.enter(|cx| {
            let function = cx.value_of(self)?;
            cx.call_value(function, Value::UNDEFINED, arguments)
        })
    }

    /// The same without a scope, which nothing needs that goes in or comes out.
    fn call_plainly<R: for<'v> FromValue<'v>>(
        &self,
        vm: &mut Vm,
        arguments: impl for<'v> IntoArgs<'v>,
    ) -> Result<R, Error> {
        /// Ended on every way out: a conversion may panic.
        struct Begun<'v>(&'v mut Vm, bool);
        impl Drop for Begun<'_> {
            fn drop(&mut self) {
                self.0.end_call(self.1);
            }
        }
        let started = vm.begin_call();
        let result = {
            let begun = Begun(vm, started);
            Context::new(begun.0, false).call_plainly(self, arguments)
        };
        vm.resume_panic();
        result
    }

    /// Calls the method of that name.
    ///
    /// # Errors
    /// As [`Handle::call`].
    pub fn call_method<R: for<'v> FromValue<'v>>(
        &self,
        at: &mut impl AsContext,
        name: &str,
        arguments: impl for<'v> IntoArgs<'v>,
    ) -> Result<R, Error> {
        at.enter(|cx| {
            let object = cx.local(self)?;
            object.call_method(cx, name, arguments)
        })
    }

    /// Reads a property: by name, or by index.
    ///
    /// # Errors
    /// The value has no properties; the property is of another type; a handle of another engine.
    pub fn get<R: for<'v> FromValue<'v>>(
        &self,
        at: &mut impl AsContext,
        key: impl for<'v> IntoValue<'v>,
    ) -> Result<R, Error> {
        at.enter(|cx| {
            let object = cx.local(self)?;
            object.get(cx, key)
        })
    }

    /// Writes a property.
    ///
    /// # Errors
    /// The value has no such property to write, or is frozen; a handle of another engine; limits.
    pub fn set(
        &self,
        at: &mut impl AsContext,
        key: impl for<'v> IntoValue<'v>,
        value: impl for<'v> IntoValue<'v>,
    ) -> Result<(), Error> {
        at.enter(|cx| {
            let object = cx.local(self)?;
            object.set(cx, key, value)
        })
    }

    /// Converts the value.
    ///
    /// # Errors
    /// It is of another type; a handle of another engine.
    pub fn to<R: for<'v> FromValue<'v>>(&self, at: &mut impl AsContext) -> Result<R, Error> {
        at.enter(|cx| {
            let value = cx.local(self)?;
            R::from_value(cx, value)
        })
    }
}

fn is_plain<A: IntoArgs<'static>>(_: &A) -> bool {
    A::PLAIN
}

impl<'s> FromValue<'s> for Handle {
    #[track_caller]
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Handle, Error> {
        Ok(cx.handle(value))
    }
}

impl<'s> IntoValue<'s> for &Handle {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        Ok(cx.local(self)?)
    }
}

impl<'s> IntoValue<'s> for Handle {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        Ok(cx.local(&self)?)
    }
}
