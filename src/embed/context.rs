//! Inside the engine: values by their scope, and what can be done with them.

use std::marker::PhantomData;
use std::sync::Arc;

use super::convert::{FromValue, IntoArgs, IntoValue};
use super::error::{Error, HostError};
use super::function::HostFunction;
use super::handle::Handle;
use super::local::Local;
use super::native_type::NativeType;
use crate::heap::handles::HandleError;
use crate::heap::links::LinkError;
use crate::heap::links::foreign::Foreign;
use crate::heap::value::Value;
use crate::vm::native::Throw;
use crate::vm::{ErrorClass, Vm};

/// The engine as it is seen from inside a scope: by a function of the host, or by the closure of [`super::Engine::scope`].
///
/// The lifetime is the scope's. It marks the values that belong to it ([`Local`]), so that none of them outlives its scope or gets into another engine: the
/// compiler refuses both.
pub struct Context<'s> {
    pub(crate) vm: &'s mut Vm,
    /// Values that are handed out are held until the scope ends. Not in functions that call nothing back: what they see lives longer than they run.
    holds: bool,
    brand: PhantomData<fn(&'s ()) -> &'s ()>,
    /// It stays on its thread: what is lent to its scope may be good for that one only.
    stays: PhantomData<*mut ()>,
}

/// What leads into an engine: an [`super::Engine`], or the [`Context`] of a function of the host.
pub trait AsContext {
    /// Does something inside.
    fn enter<R>(&mut self, f: impl for<'v> FnOnce(&mut Context<'v>) -> R) -> R;

    /// The machine, if nothing of it runs and a statement can begin.
    #[doc(hidden)]
    fn idle(&mut self) -> Option<&mut Vm> {
        None
    }
}

impl AsContext for Context<'_> {
    fn enter<R>(&mut self, f: impl for<'v> FnOnce(&mut Context<'v>) -> R) -> R {
        f(self)
    }
}

impl<'s> Context<'s> {
    pub(crate) fn new(vm: &'s mut Vm, holds: bool) -> Context<'s> {
        Context { vm, holds, brand: PhantomData, stays: PhantomData }
    }

    /// Whether functions of the script can be called here.
    pub(super) fn calls_back(&self) -> bool {
        self.holds
    }

    /// A value that stays good until the scope ends.
    pub(crate) fn keep(&mut self, value: Value) -> Local<'s> {
        if self.holds && value.is_heap() {
            self.vm.hold(value);
        }
        Local::of(value)
    }

    /// The same for one that is held for as long by something else.
    pub(crate) fn kept(&self, value: Value) -> Local<'s> {
        Local::of(value)
    }

    // ---- Making values ----------------------------------------------------------------------------------------------------

    /// Makes a value of one of the host's types.
    ///
    /// # Errors
    /// The memory limit; what the conversion says.
    pub fn value(&mut self, value: impl IntoValue<'s>) -> Result<Local<'s>, Error> {
        value.into_value(self)
    }

    /// A string.
    ///
    /// # Errors
    /// The memory limit, or a RangeError for a text of more than 2^29 bytes.
    pub fn string(&mut self, text: &str) -> Result<Local<'s>, Error> {
        let made = self.vm.text_value(text);
        self.done(made)
    }

    /// An array of values.
    ///
    /// # Errors
    /// The memory limit; what the conversion of an element says.
    pub fn array<T: IntoValue<'s>>(&mut self, elements: impl IntoIterator<Item = T>) -> Result<Local<'s>, Error> {
        let made = self.vm.heap.array(0);
        let array = self.keep(made);
        for element in elements {
            let element = element.into_value(self)?;
            self.push(array, element)?;
        }
        Ok(array)
    }

    pub(super) fn push(&mut self, array: Local<'s>, element: Local<'s>) -> Result<(), Error> {
        let pushed = self.vm.charge(1).and_then(|()| self.vm.in_room(|heap| heap.push(array.value, element.value)));
        pushed.map_err(|throw| self.caught(throw))
    }

    /// A plain object without properties.
    pub fn object(&mut self) -> Local<'s> {
        let made = self.vm.heap.object();
        self.keep(made)
    }

    /// A plain object with these properties.
    ///
    /// # Errors
    /// The memory limit; what the conversion of a value says.
    pub fn object_from<K: AsRef<str>, T: IntoValue<'s>>(
        &mut self,
        properties: impl IntoIterator<Item = (K, T)>,
    ) -> Result<Local<'s>, Error> {
        let object = self.object();
        for (key, value) in properties {
            let value = value.into_value(self)?;
            let set = self.vm.charge(1).and_then(|()| self.vm.set_named(object.value, key.as_ref(), value.value));
            set.map_err(|throw| self.caught(throw))?;
        }
        Ok(object)
    }

    /// A closure as a function. It is dropped when nothing refers to it any more.
    pub fn function<M: 'static>(&mut self, name: &str, function: impl HostFunction<M> + Send + 'static) -> Local<'s> {
        let function = super::function::function(name, function);
        let made = self.vm.host_function(function);
        self.keep(made)
    }

    /// An instance of a type of the host that owns a value.
    ///
    /// # Errors
    /// The type is not known to this engine.
    pub fn native<T: NativeType + Send>(&mut self, value: T) -> Result<Local<'s>, Error> {
        let made = super::native_type::instance(self.vm, value)?;
        Ok(self.keep(made))
    }

    // ---- Handles ----------------------------------------------------------------------------------------------------------

    /// Holds a value beyond the scope.
    #[track_caller]
    pub fn handle(&mut self, value: Local<'s>) -> Handle {
        Handle::open(self.vm, value.value)
    }

    /// The value of a handle.
    ///
    /// # Errors
    /// It is of another engine, or its program has ended.
    pub fn local(&mut self, handle: &Handle) -> Result<Local<'s>, HandleError> {
        let value = handle.value(self.vm)?;
        Ok(self.keep(value))
    }

    pub(super) fn value_of(&self, handle: &Handle) -> Result<Value, HandleError> {
        handle.value(self.vm)
    }

    // ---- Links ------------------------------------------------------------------------------------------------------------

    /// Links a value that has the data to a counted object of the host: as long as the host has pointers to the object, the value lives. O(1).
    ///
    /// # Errors
    /// The value is no container or is built in; one of the two is linked already.
    pub fn link_value<T>(&mut self, value: Local<'s>, object: &Foreign<T>) -> Result<(), LinkError> {
        self.vm.heap.create_link_value(value.value, object)
    }

    /// Links an instance of a type of the host, as a proxy, to the counted object that has the data: the object lives as long as the instance. O(1).
    ///
    /// # Errors
    /// The value is no such instance; one of the two is linked already.
    pub fn link_foreign<T>(&mut self, proxy: Local<'s>, object: &Foreign<T>) -> Result<(), LinkError> {
        self.vm.heap.create_link_foreign(proxy.value, object)
    }

    /// The counted object that a value is linked to, whichever of the two has the data. O(1).
    pub fn linked<T: Send + Sync + 'static>(&self, value: Local<'s>) -> Option<Foreign<T>> {
        self.vm.heap.from_value(value.value).or_else(|| self.vm.heap.from_proxy(value.value))
    }

    /// The value that a counted object is linked to in this engine. O(1).
    pub fn value_of_linked<T>(&mut self, object: &Foreign<T>) -> Option<Local<'s>> {
        self.vm.heap.to_value(object).map(|value| self.keep(value))
    }

    // ---- The script's world -----------------------------------------------------------------------------------------------

    /// What a global variable, or else a built-in, holds.
    ///
    /// # Errors
    /// There is none of that name; it is of another type.
    pub fn global<R: FromValue<'s>>(&mut self, name: &str) -> Result<R, Error> {
        let Some(value) = self.vm.global_named(name).or_else(|| self.vm.builtin(name)) else {
            return Err(Error::Raised { class: ErrorClass::ReferenceError, message: format!("{name} is not defined") });
        };
        let value = self.keep(value);
        R::from_value(self, value)
    }

    /// Calls a function.
    ///
    /// # Errors
    /// What it throws ([`Error::Thrown`]), limits, arguments or a result that cannot be converted.
    pub fn call<R: FromValue<'s>>(&mut self, function: Local<'s>, arguments: impl IntoArgs<'s>) -> Result<R, Error> {
        self.call_value(function.value, Value::UNDEFINED, arguments)
    }

    pub(super) fn call_value<R: FromValue<'s>>(
        &mut self,
        function: Value,
        this: Value,
        arguments: impl IntoArgs<'s>,
    ) -> Result<R, Error> {
        if !self.holds {
            return Err(Error::message("a function of the host without a context cannot call back"));
        }
        let arguments = arguments.into_args(self)?;
        let called = self.vm.check_over().and_then(|()| self.vm.call(function, this, &arguments));
        let value = match called {
            Ok(value) => value,
            Err(throw) => return Err(self.caught(throw)),
        };
        if !value.is_heap() {
            let result = R::from_value(self, Local::of(value));
            self.vm.safepoint();
            return result;
        }
        let value = self.keep(value);
        self.vm.safepoint();
        R::from_value(self, value)
    }

    /// Charges for work of the host's, so that the script's limits hold for it: `bytes` is about how many bytes or elements it touches, and 16 are a unit of
    /// [`super::Builder::fuel`]. Work that takes long charges as it goes; an interrupt and the time limit are seen here, too.
    ///
    /// # Errors
    /// A limit or an interrupt: to be answered with, since the script has ended.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.vm.charge(bytes).map_err(|throw| self.caught(throw))
    }

    /// Calls a function while nothing else runs; what goes in and comes out needs no scope.
    pub(super) fn call_plainly<R: FromValue<'s>>(
        &mut self,
        function: &Handle,
        arguments: impl IntoArgs<'s>,
    ) -> Result<R, Error> {
        let function = self.value_of(function)?;
        let arguments = arguments.into_args(self)?;
        match self.vm.call_held(function, &arguments) {
            Ok(value) => R::from_value(self, self.kept(value)),
            Err(throw) => Err(self.caught(throw)),
        }
    }

    /// Collects cycles that nothing reaches. Returns how many values were found. O(live).
    ///
    /// Nothing happens in the conversions of a function that calls nothing back: nothing holds what it works on.
    pub fn collect(&mut self) -> u64 {
        if self.holds { self.vm.collect_inside() } else { 0 }
    }

    /// Checks the whole heap.
    ///
    /// # Errors
    /// The first breach of an invariant: a bug.
    pub fn verify(&mut self) -> Result<(), String> {
        self.vm.verify().map_err(|broken| broken.to_string())
    }

    // ---- Errors -----------------------------------------------------------------------------------------------------------

    /// What the machine made, or what went wrong.
    pub(super) fn done(&mut self, made: Result<Value, Throw>) -> Result<Local<'s>, Error> {
        match made {
            Ok(value) => Ok(self.keep(value)),
            Err(throw) => Err(self.caught(throw)),
        }
    }

    /// Takes what was thrown: an exception is the host's now, a limit goes on when the host returns.
    #[cold]
    pub(crate) fn caught(&mut self, _throw: Throw) -> Error {
        let caught = match self.vm.catch() {
            Ok(caught) => caught,
            Err(failure) => return Error::Failure(failure),
        };
        super::error::thrown(self.vm, caught.value, caught.failure)
    }

    /// Throws an error of the host's in the script.
    #[cold]
    pub(crate) fn raise(&mut self, error: Error) -> Throw {
        if let Err(throw) = self.vm.check_over() {
            return throw;
        }
        let message = error.to_string();
        let source = match error {
            Error::Raised { class, .. } => return self.vm.raise(class, &message, None),
            Error::Conversion { .. } => return self.vm.type_error(message),
            #[cfg(feature = "serde")]
            Error::Serde(_) => return self.vm.type_error(message),
            Error::Thrown(thrown) => match thrown.value.value(self.vm) {
                Ok(same) => return self.vm.throw(same),
                // Another engine's exception is an error of the host here.
                Err(_) => HostError(Arc::new(Error::Thrown(thrown))),
            },
            Error::Host(source) => source,
            other => HostError(Arc::new(other)),
        };
        self.vm.raise(ErrorClass::Error, &message, Some(Box::new(source)))
    }
}
