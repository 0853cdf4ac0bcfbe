//! Functions of the host: closures with typed arguments.

use super::context::Context;
use super::convert::{FromValue, IntoValue};
use super::error::{AnyError, Error, HostFailure};
use super::local::Local;
use crate::heap::value::Value;
use crate::vm::hosted;
use crate::vm::native::{Args, Throw};
use crate::vm::{ErrorClass, Vm};

/// What a function of the host answers: a value, or a `Result` of one with any error that can be boxed as `Box<dyn Error + Send + Sync>`: types of errors, texts, such a box.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given to a script",
    note = "it is to be an `IntoValue`, or a `Result` of one with an error that is `Send` and `Sync`, or a text"
)]
pub trait IntoReturn<M> {
    #[doc(hidden)]
    fn into_return<'s>(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error>;
}

/// Marks results that are values.
pub enum Plain {}
/// Marks results that may be errors.
pub enum Fallible {}

impl<T: for<'v> IntoValue<'v>> IntoReturn<Plain> for T {
    #[inline]
    fn into_return<'s>(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        self.into_value(cx)
    }
}

impl<T: for<'v> IntoValue<'v>, E: Into<AnyError>> IntoReturn<Fallible> for Result<T, E> {
    #[inline]
    fn into_return<'s>(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        match self {
            Ok(value) => value.into_value(cx),
            Err(error) => Err(HostFailure::of(error.into()).0),
        }
    }
}

/// A closure that scripts can call: `Fn(A, B, …) -> R` with up to eight parameters, each a [`FromValue`], and a result that is an [`IntoValue`] or a `Result` of
/// one with any error. With `&mut Context` as its first parameter it can call functions of the script.
///
/// Arguments that the script leaves out are `undefined`, those too many are ignored, as in JavaScript.
#[diagnostic::on_unimplemented(
    message = "this is no function that a script can call",
    label = "not a function for scripts",
    note = "its parameters are up to eight types that are `FromValue` and borrow nothing (`String`, not `&str`), with `&mut Context` in front if it calls back; their types are written",
    note = "its result is an `IntoValue`, or a `Result` of one with an error that is `Send` and `Sync`, or a text; to answer a `Local`, use the raw kind of function",
    note = "it is `Fn`: what it changes stands in a `Mutex`, a `Cell` or an atomic"
)]
pub trait HostFunction<M> {
    #[doc(hidden)]
    const LENGTH: u8;
    #[doc(hidden)]
    const CALLS_BACK: bool;
    #[doc(hidden)]
    fn call(&self, cx: &mut Context<'_>, args: Args) -> Result<Value, Error>;
}

/// Argument number `index`, counted from 0.
#[inline]
pub(super) fn argument<'s, A: FromValue<'s>>(cx: &mut Context<'s>, args: Args, index: usize) -> Result<A, Error> {
    let value = cx.kept(cx.vm.arg(args, index));
    A::from_value(cx, value).map_err(|error| error.within(&format!("argument {}", index + 1)))
}

macro_rules! functions {
    ($($count:literal: $($type:ident $index:tt)*;)*) => { $(
        impl<F, R, M, $($type),*> HostFunction<(M, fn($($type),*))> for F
        where
            F: Fn($($type),*) -> R,
            R: IntoReturn<M>,
            $($type: for<'v> FromValue<'v>,)*
        {
            const LENGTH: u8 = $count;
            const CALLS_BACK: bool = false $(|| !<$type as FromValue<'static>>::PLAIN)*;

            #[inline]
            #[allow(unused_variables)]
            fn call(&self, cx: &mut Context<'_>, args: Args) -> Result<Value, Error> {
                Ok(self($(argument::<$type>(cx, args, $index)?),*).into_return(cx)?.value)
            }
        }

        impl<F, R, M, $($type),*> HostFunction<(M, &'static Context<'static>, fn($($type),*))> for F
        where
            F: Fn(&mut Context<'_>, $($type),*) -> R,
            R: IntoReturn<M>,
            $($type: for<'v> FromValue<'v>,)*
        {
            const LENGTH: u8 = $count;
            const CALLS_BACK: bool = true;

            #[allow(unused_variables, non_snake_case)]
            fn call(&self, cx: &mut Context<'_>, args: Args) -> Result<Value, Error> {
                $( let $type = argument::<$type>(cx, args, $index)?; )*
                Ok(self(cx, $($type),*).into_return(cx)?.value)
            }
        }
    )* };
}

functions! {
    0: ;
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 G 5;
    7: A 0 B 1 C 2 D 3 E 4 G 5 H 6;
    8: A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7;
}

/// The arguments of a call, for functions that take values as they are.
#[derive(Clone, Copy)]
pub struct Arguments<'s> {
    args: Args,
    this: Local<'s>,
}

impl<'s> Arguments<'s> {
    pub(super) fn new(cx: &Context<'s>, args: Args) -> Arguments<'s> {
        Arguments { args, this: cx.kept(cx.vm.this(args)) }
    }

    /// How many were given.
    pub fn len(self) -> usize {
        self.args.len()
    }

    pub fn is_empty(self) -> bool {
        self.args.is_empty()
    }

    /// What stood in front of the dot, or `undefined`.
    pub fn this(self) -> Local<'s> {
        self.this
    }

    /// Number `index`, counted from 0; `undefined` if it was not given.
    pub fn at(self, cx: &Context<'s>, index: usize) -> Local<'s> {
        cx.kept(cx.vm.arg(self.args, index))
    }

    /// Number `index`, counted from 0, converted.
    ///
    /// # Errors
    /// It is of another type.
    pub fn get<A: FromValue<'s>>(self, cx: &mut Context<'s>, index: usize) -> Result<A, Error> {
        argument(cx, self.args, index)
    }
}

/// What a failed call is to the script. The message names the function.
#[cold]
pub(super) fn raise(cx: &mut Context<'_>, name: &str, error: Error) -> Throw {
    let error = match error {
        Error::Conversion { .. } => Error::type_error(format!("`{name}`: {error}")),
        Error::Raised { class: ErrorClass::TypeError, message } if message.starts_with("argument ") => {
            Error::type_error(format!("`{name}`: {message}"))
        }
        other => other,
    };
    cx.raise(error)
}

/// What the script gets of a call.
#[inline]
pub(super) fn answer(cx: &mut Context<'_>, name: &str, result: Result<Value, Error>) -> Result<Value, Throw> {
    match result {
        // A host that has called back may have gone on after a limit: what it answers then is of no use.
        Ok(value) if cx.calls_back() => cx.vm.check_over().map(|()| value),
        Ok(value) => Ok(value),
        Err(error) => Err(raise(cx, name, error)),
    }
}

/// A closure as the machine takes it.
pub(super) fn function<M: 'static>(name: &str, function: impl HostFunction<M> + Send + 'static) -> hosted::Function {
    let (length, calls_back) = shape_of(&function);
    hosted::Function { name: name.to_string(), length, calls_back, call: Box::new(caller(name, function)) }
}

/// How the machine calls a closure.
pub(super) fn caller<M, F: HostFunction<M>>(
    name: &str,
    function: F,
) -> impl Fn(&mut Vm, Args) -> Result<Value, Throw> + use<M, F> {
    let name = name.to_string();
    move |vm, args| {
        let mut cx = Context::new(vm, F::CALLS_BACK);
        let result = function.call(&mut cx, args);
        answer(&mut cx, &name, result)
    }
}

/// How many arguments a closure takes, and whether it may call functions of the script.
pub(super) fn shape_of<M, F: HostFunction<M>>(_: &F) -> (u8, bool) {
    (F::LENGTH, F::CALLS_BACK)
}

/// A closure that takes and answers values as they are.
pub(super) fn raw<F>(name: &str, length: u8, function: F) -> hosted::Function
where
    F: for<'v> Fn(&mut Context<'v>, Arguments<'v>) -> Result<Local<'v>, Error> + Send + 'static,
{
    let called = name.to_string();
    let call = move |vm: &mut Vm, args: Args| {
        let mut cx = Context::new(vm, true);
        let arguments = Arguments::new(&cx, args);
        let result = function(&mut cx, arguments).map(|local| local.value);
        answer(&mut cx, &called, result)
    };
    hosted::Function { name: name.to_string(), length, calls_back: true, call: Box::new(call) }
}
