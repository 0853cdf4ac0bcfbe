//! Types of the host in the script: classes whose instances hold values of the host.

use super::context::Context;
use super::convert::{FromValue, IntoValue};
use super::error::{AnyError, Error, HostFailure};
use super::function::{self, Arguments, HostFunction, IntoReturn, argument};
use super::local::Local;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::hosted::{ClassParts, Function, Unusable};
use crate::vm::native::Args;

/// A type of the host that scripts can use.
///
/// Its values live in instances that scopes own like anything else. When an instance is freed, its value is dropped, at a moment that the script determines and a trace shows (`final.light`).
/// If the order in which several are closed matters, give the type a [`TypeDefinition::finalizer`], and let an instance hold what it needs ([`Local::attach`]): whoever refers to another is
/// finalized before it.
pub trait NativeType: Sized + 'static {
    /// What the class is called in scripts.
    const NAME: &'static str;

    /// Says what scripts can do with it.
    fn define(definition: &mut TypeDefinition<Self>);
}

type Finalize<T> = fn(&mut T);

/// What scripts can do with a type of the host.
pub struct TypeDefinition<T> {
    parts: ClassParts,
    finalizer: Option<Finalize<T>>,
}

/// A closure that makes a `T`, or a `Result` of one with any error.
#[diagnostic::on_unimplemented(
    message = "this is no constructor of `{T}`",
    label = "not a constructor",
    note = "it is `Fn(A, B, …) -> {T}`, or answers a `Result` of one; each parameter is a `FromValue` that borrows nothing, and its type is written"
)]
pub trait Constructor<T, M>: Send + 'static {
    #[doc(hidden)]
    const LENGTH: u8;
    #[doc(hidden)]
    fn make(&self, cx: &mut Context<'_>, args: Args) -> Result<T, Error>;
}

/// A closure that is a method: `Fn(&T, A, B, …) -> R`, or with `&mut Context` behind the `&T`, to call functions of the script meanwhile.
#[diagnostic::on_unimplemented(
    message = "this is no method that looks at a `{T}`",
    label = "not a method for scripts",
    note = "it is `Fn(&{T}, A, B, …) -> R`, the types of its parameters written; one that changes the `{T}` is a `method_mut`",
    note = "each `A` is a `FromValue` that borrows nothing; `R` is an `IntoValue`, or a `Result` of one; to answer a `Local`, use `raw_method`"
)]
pub trait Method<T, M>: Send + 'static {
    #[doc(hidden)]
    const LENGTH: u8;
    #[doc(hidden)]
    const CALLS_BACK: bool;
    #[doc(hidden)]
    fn call(&self, this: &T, cx: &mut Context<'_>, args: Args) -> Result<Value, Error>;
}

/// A closure that is a method which changes its instance: `Fn(&mut T, A, B, …) -> R`, or with `&mut Context` behind the `&mut T`.
#[diagnostic::on_unimplemented(
    message = "this is no method that changes a `{T}`",
    label = "not a method for scripts",
    note = "it is `Fn(&mut {T}, A, B, …) -> R`, the types of its parameters written; one that only looks is a `method`",
    note = "each `A` is a `FromValue` that borrows nothing; `R` is an `IntoValue`, or a `Result` of one; to answer a `Local`, use `raw_method`"
)]
pub trait MethodMut<T, M>: Send + 'static {
    #[doc(hidden)]
    const LENGTH: u8;
    #[doc(hidden)]
    const CALLS_BACK: bool;
    #[doc(hidden)]
    fn call(&self, this: &mut T, cx: &mut Context<'_>, args: Args) -> Result<Value, Error>;
}

/// What a constructor answers.
pub trait IntoInstance<T, M> {
    #[doc(hidden)]
    fn into_instance(self) -> Result<T, Error>;
}

impl<T> IntoInstance<T, function::Plain> for T {
    fn into_instance(self) -> Result<T, Error> {
        Ok(self)
    }
}

impl<T, E: Into<AnyError>> IntoInstance<T, function::Fallible> for Result<T, E> {
    fn into_instance(self) -> Result<T, Error> {
        self.map_err(|error| HostFailure::of(error.into()).0)
    }
}

macro_rules! methods {
    ($($count:literal: $($type:ident $index:tt)*;)*) => { $(
        impl<T, F, R, M, $($type),*> Constructor<T, (M, fn($($type),*))> for F
        where
            F: Fn($($type),*) -> R + Send + 'static,
            R: IntoInstance<T, M>,
            $($type: for<'v> FromValue<'v>,)*
        {
            const LENGTH: u8 = $count;

            #[allow(unused_variables)]
            fn make(&self, cx: &mut Context<'_>, args: Args) -> Result<T, Error> {
                self($(argument::<$type>(cx, args, $index)?),*).into_instance()
            }
        }

        methods!(@method $count, Method, &T, $($type $index)*);
        methods!(@method $count, MethodMut, &mut T, $($type $index)*);
    )* };
    (@method $count:literal, $trait:ident, $this:ty, $($type:ident $index:tt)*) => {
        impl<T, F, R, M, $($type),*> $trait<T, (M, fn($($type),*))> for F
        where
            F: Fn($this, $($type),*) -> R + Send + 'static,
            R: IntoReturn<M>,
            $($type: for<'v> FromValue<'v>,)*
        {
            const LENGTH: u8 = $count;
            const CALLS_BACK: bool = false $(|| !<$type as FromValue<'static>>::PLAIN)*;

            #[allow(unused_variables)]
            fn call(&self, this: $this, cx: &mut Context<'_>, args: Args) -> Result<Value, Error> {
                Ok(self(this, $(argument::<$type>(cx, args, $index)?),*).into_return(cx)?.value)
            }
        }

        impl<T, F, R, M, $($type),*> $trait<T, (M, &'static Context<'static>, fn($($type),*))> for F
        where
            F: Fn($this, &mut Context<'_>, $($type),*) -> R + Send + 'static,
            R: IntoReturn<M>,
            $($type: for<'v> FromValue<'v>,)*
        {
            const LENGTH: u8 = $count;
            const CALLS_BACK: bool = true;

            #[allow(unused_variables, non_snake_case)]
            fn call(&self, this: $this, cx: &mut Context<'_>, args: Args) -> Result<Value, Error> {
                $( let $type = argument::<$type>(cx, args, $index)?; )*
                Ok(self(this, cx, $($type),*).into_return(cx)?.value)
            }
        }
    };
}

methods! {
    0: ;
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 G 5;
}

impl<T: NativeType> TypeDefinition<T> {
    fn new() -> TypeDefinition<T> {
        let parts = ClassParts {
            name: T::NAME,
            constructor: None,
            methods: Vec::new(),
            statics: Vec::new(),
            constants: Vec::new(),
            getters: Vec::new(),
            setters: Vec::new(),
            next: None,
        };
        TypeDefinition { parts, finalizer: None }
    }

    /// What `new` does. Without one, only the host makes instances.
    pub fn constructor<M: 'static>(&mut self, constructor: impl Constructor<T, M>) -> &mut Self
    where
        T: Send,
    {
        let length = constructor_length(&constructor);
        let called = format!("new {}", T::NAME);
        let call = move |vm: &mut Vm, args: Args| {
            let mut cx = Context::new(vm, true);
            let made = constructor.make(&mut cx, args).and_then(|value| instance(cx.vm, value));
            function::answer(&mut cx, &called, made)
        };
        self.parts.constructor = Some((length, Box::new(call)));
        self
    }

    /// A method that only looks at its instance.
    pub fn method<M: 'static>(&mut self, name: &'static str, method: impl Method<T, M>) -> &mut Self {
        let (length, calls_back) = method_shape(&method);
        self.add_method(name, length, calls_back, move |cx, this, args| {
            let used = cx
                .vm
                .with_payload::<T, _>(this, |vm, value| method.call(value, &mut Context::new(vm, calls_back), args));
            used.unwrap_or_else(|why| Err(wrong_receiver::<T>(cx, name, this, why)))
        })
    }

    /// A method that changes its instance. Meanwhile nothing else may use that.
    pub fn method_mut<M: 'static>(&mut self, name: &'static str, method: impl MethodMut<T, M>) -> &mut Self {
        let (length, calls_back) = method_mut_shape(&method);
        self.add_method(name, length, calls_back, move |cx, this, args| {
            let used = cx.vm.with_payload_mut::<T, _>(this, |vm, value| {
                method.call(value, &mut Context::new(vm, calls_back), args)
            });
            used.unwrap_or_else(|why| Err(wrong_receiver::<T>(cx, name, this, why)))
        })
    }

    fn add_method(
        &mut self,
        name: &'static str,
        length: u8,
        calls_back: bool,
        method: impl Fn(&mut Context<'_>, Value, Args) -> Result<Value, Error> + Send + 'static,
    ) -> &mut Self {
        let call = move |vm: &mut Vm, args: Args| {
            let mut cx = Context::new(vm, calls_back);
            let this = cx.vm.this(args);
            let result = method(&mut cx, this, args);
            function::answer(&mut cx, name, result)
        };
        self.parts.methods.push(Function { name: name.to_string(), length, calls_back, call: Box::new(call) });
        self
    }

    /// A method that takes and answers values as they are; its instance is [`Arguments::this`]. `length` is how many arguments it says it takes.
    pub fn raw_method<F>(&mut self, name: &'static str, length: u8, method: F) -> &mut Self
    where
        F: for<'v> Fn(&mut Context<'v>, Arguments<'v>) -> Result<Local<'v>, Error> + Send + 'static,
    {
        self.parts.methods.push(function::raw(name, length, method));
        self
    }

    /// A function of the class: `Name.function()`.
    pub fn function<M: 'static>(
        &mut self,
        name: &'static str,
        function: impl HostFunction<M> + Send + 'static,
    ) -> &mut Self {
        self.parts.statics.push(function::function(name, function));
        self
    }

    /// A function of the class that takes and answers values as they are.
    pub fn raw_function<F>(&mut self, name: &'static str, length: u8, function: F) -> &mut Self
    where
        F: for<'v> Fn(&mut Context<'v>, Arguments<'v>) -> Result<Local<'v>, Error> + Send + 'static,
    {
        self.parts.statics.push(function::raw(name, length, function));
        self
    }

    /// A number of the class: `Name.LIMIT`.
    pub fn constant(&mut self, name: &'static str, value: f64) -> &mut Self {
        self.parts.constants.push((name, value));
        self
    }

    /// A property that scripts can read.
    pub fn field<R: IntoReturn<M>, M: 'static>(
        &mut self,
        name: &'static str,
        get: impl Fn(&T) -> R + Send + 'static,
    ) -> &mut Self {
        let getter = move |vm: &mut Vm, this: Value| {
            let mut cx = Context::new(vm, false);
            let got = cx.vm.with_payload::<T, _>(this, |vm, value| {
                get(value).into_return(&mut Context::new(vm, false)).map(|local| local.value)
            });
            let result = got.unwrap_or_else(|why| Err(wrong_receiver::<T>(&cx, name, this, why)));
            function::answer(&mut cx, name, result)
        };
        self.parts.getters.push((name, Box::new(getter)));
        self
    }

    /// A property that scripts can read and write. What `set` answers matters only if it is an error.
    pub fn field_mut<R: IntoReturn<M>, M: 'static, A: for<'v> FromValue<'v>, S: IntoReturn<N>, N: 'static>(
        &mut self,
        name: &'static str,
        get: impl Fn(&T) -> R + Send + 'static,
        set: impl Fn(&mut T, A) -> S + Send + 'static,
    ) -> &mut Self {
        let setter = move |vm: &mut Vm, this: Value, value: Value| {
            let mut cx = Context::new(vm, false);
            let local = cx.kept(value);
            let written = A::from_value(&mut cx, local).and_then(|value| {
                let used = cx.vm.with_payload_mut::<T, _>(this, |vm, this| {
                    set(this, value).into_return(&mut Context::new(vm, false)).map(drop)
                });
                used.unwrap_or_else(|why| Err(wrong_receiver::<T>(&cx, name, this, why)))
            });
            written.map_err(|error| function::raise(&mut cx, name, error))
        };
        self.parts.setters.push((name, Box::new(setter)));
        self.field(name, get)
    }

    /// What an instance yields, one after the other, where scripts iterate: `for…of`, spread, destructuring. `None` is the end.
    pub fn iterator<R: for<'v> IntoValue<'v>>(
        &mut self,
        next: impl Fn(&mut T) -> Option<R> + Send + 'static,
    ) -> &mut Self {
        let next = move |vm: &mut Vm, this: Value| {
            let mut cx = Context::new(vm, false);
            let used = cx.vm.with_payload_mut::<T, _>(this, |vm, value| match next(value) {
                Some(next) => next.into_value(&mut Context::new(vm, false)).map(|local| Some(local.value)),
                None => Ok(None),
            });
            used.unwrap_or_else(|why| Err(wrong_receiver::<T>(&cx, "iterator", this, why)))
                .map_err(|error| function::raise(&mut cx, T::NAME, error))
        };
        self.parts.next = Some(Box::new(next));
        self
    }

    /// What is done with a value when its instance is found dying, in the order of finalizers (referrers first) and before it is dropped: closing what is still open. Functions of the
    /// script cannot be called there.
    pub fn finalizer(&mut self, finalizer: fn(&mut T)) -> &mut Self {
        self.finalizer = Some(finalizer);
        self
    }
}

fn constructor_length<T, M, C: Constructor<T, M>>(_: &C) -> u8 {
    C::LENGTH
}

fn method_shape<T, M, F: Method<T, M>>(_: &F) -> (u8, bool) {
    (F::LENGTH, F::CALLS_BACK)
}

fn method_mut_shape<T, M, F: MethodMut<T, M>>(_: &F) -> (u8, bool) {
    (F::LENGTH, F::CALLS_BACK)
}

#[cold]
fn wrong_receiver<T: NativeType>(cx: &Context<'_>, method: &str, this: Value, why: Unusable) -> Error {
    match why {
        Unusable::WrongType => Error::type_error(format!(
            "`{method}` is a method of {} and was called on {}",
            T::NAME,
            cx.vm.describe(this)
        )),
        why => Error::type_error(format!("`{method}`: {}", unusable_because::<T>(why))),
    }
}

fn unusable_because<T: NativeType>(why: Unusable) -> String {
    match why {
        Unusable::WrongType => format!("the value is no {}", T::NAME),
        Unusable::Gone => format!("the {} is closed", T::NAME),
        Unusable::ReadOnly => format!("the {} was lent to be looked at, not to be changed", T::NAME),
        Unusable::InUse => format!("the {} is in use by a call that has not returned", T::NAME),
    }
}

/// The error of a value whose payload cannot be used.
#[cold]
pub(super) fn unusable<'s, T: NativeType>(cx: &Context<'s>, value: Local<'s>, why: Unusable) -> Error {
    match why {
        Unusable::WrongType => Error::conversion(&format!("a {}", T::NAME), value.describe(cx)),
        why => Error::type_error(unusable_because::<T>(why)),
    }
}

/// Makes a type known to a machine.
pub(super) fn register<T: NativeType>(vm: &mut Vm) {
    let mut definition = TypeDefinition::<T>::new();
    T::define(&mut definition);
    let TypeDefinition { parts, finalizer } = definition;
    vm.define_builtin(T::NAME, |vm| vm.host_class(parts));
    if let Some(class) = vm.builtin(T::NAME) {
        vm.remember_type::<T>(class, finalizer.map(|f| Box::new(f) as Box<dyn std::any::Any + Send>));
    }
}

/// The class of a type that is known, and its finalizer.
fn class_of<T: NativeType>(vm: &Vm) -> Result<(Value, Option<Finalize<T>>), Error> {
    let Some((class, finalizer)) = vm.known_type::<T>() else {
        return Err(Error::type_error(format!("the type {} is not known to this engine", T::NAME)));
    };
    Ok((class, finalizer.and_then(|finalizer| finalizer.downcast_ref::<Finalize<T>>().copied())))
}

/// An instance that owns a value.
pub(super) fn instance<T: NativeType + Send>(vm: &mut Vm, value: T) -> Result<Value, Error> {
    let (class, finalizer) = class_of::<T>(vm)?;
    let instance = vm.host_instance(class, T::NAME, value);
    if let Some(finalizer) = finalizer {
        vm.host_finalizer(instance, move |vm, object| {
            // One that was taken out needs none.
            let _ = vm.with_payload_mut::<T, _>(object, |_, value| finalizer(value));
            Ok(())
        });
    }
    Ok(instance)
}

/// An instance that stands for a value which the host lends, until it is revoked.
///
/// # Errors
/// The type is not known to this engine.
pub(super) fn class_for_loan<T: NativeType>(vm: &Vm) -> Result<Value, Error> {
    class_of::<T>(vm).map(|(class, _)| class)
}
