//! Values inside the engine, by their scope.

use std::fmt;
use std::marker::PhantomData;

use super::context::Context;
use super::convert::{FromValue, IntoArgs, IntoValue};
use super::error::Error;
use super::native_type::NativeType;
use crate::heap::cell::Kind as CellKind;
use crate::heap::value::Value;

/// A value, as long as its scope lasts. Two are equal if they are the same: texts with the same characters need not be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Local<'s> {
    pub(crate) value: Value,
    brand: PhantomData<fn(&'s ()) -> &'s ()>,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    /// A plain object or an instance of a class of the script.
    Object,
    Array,
    Function,
    Class,
    Map,
    Set,
    /// An instance of a class of the host.
    Host,
    /// Iterators and weak references.
    Other,
}

impl fmt::Debug for Local<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Local({:?})", self.kind())
    }
}

impl<'s> Local<'s> {
    /// Whoever makes one sees to it that the value lives as long as `'s`.
    pub(crate) fn of(value: Value) -> Local<'s> {
        Local { value, brand: PhantomData }
    }

    pub const UNDEFINED: Local<'s> = Local { value: Value::UNDEFINED, brand: PhantomData };
    pub const NULL: Local<'s> = Local { value: Value::NULL, brand: PhantomData };

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.value {
            Value::UNDEFINED => Kind::Undefined,
            Value::NULL => Kind::Null,
            Value::TRUE | Value::FALSE => Kind::Boolean,
            value if value.is_number() => Kind::Number,
            value => match value.kind() {
                Some(CellKind::String) => Kind::String,
                Some(CellKind::Object) => Kind::Object,
                Some(CellKind::Array) => Kind::Array,
                Some(CellKind::Function | CellKind::Native | CellKind::Bound) => Kind::Function,
                Some(CellKind::Class) => Kind::Class,
                Some(CellKind::Map) => Kind::Map,
                Some(CellKind::Set) => Kind::Set,
                Some(CellKind::Host) => Kind::Host,
                _ => Kind::Other,
            },
        }
    }

    /// Whether it is `null` or `undefined`.
    pub fn is_nullish(self) -> bool {
        self.value.is_nullish()
    }

    /// A few words for messages: `an array`, `an instance of Cart`.
    pub fn describe(self, cx: &Context<'s>) -> String {
        cx.vm.describe(self.value)
    }

    /// Converts it.
    ///
    /// # Errors
    /// It is of another type.
    pub fn to<R: FromValue<'s>>(self, cx: &mut Context<'s>) -> Result<R, Error> {
        R::from_value(cx, self)
    }

    /// The text of a string; `None` for anything else.
    pub fn text<'c>(self, cx: &'c Context<'s>) -> Option<&'c str> {
        self.value.is_string().then(|| cx.vm.heap.text(self.value).as_str())
    }

    /// Reads a property: by name, or by index.
    ///
    /// # Errors
    /// The value has no properties (`null` and `undefined`); the property is of another type.
    pub fn get<R: FromValue<'s>>(self, cx: &mut Context<'s>, key: impl IntoValue<'s>) -> Result<R, Error> {
        let key = key.into_value(cx)?;
        let got = cx.vm.get(self.value, key.value);
        let got = cx.done(got)?;
        R::from_value(cx, got).map_err(|error| match key.text(cx) {
            Some(name) => error.within(&format!("`{name}`")),
            None => error,
        })
    }

    /// Writes a property.
    ///
    /// # Errors
    /// The value has no such property to write, or is frozen; limits; what the conversion says.
    pub fn set(self, cx: &mut Context<'s>, key: impl IntoValue<'s>, value: impl IntoValue<'s>) -> Result<(), Error> {
        let key = key.into_value(cx)?;
        let value = value.into_value(cx)?;
        cx.vm.set(self.value, key.value, value.value).map_err(|throw| cx.caught(throw))
    }

    /// Calls its method of that name.
    ///
    /// # Errors
    /// There is none; else as [`Context::call`].
    pub fn call_method<R: FromValue<'s>>(
        self,
        cx: &mut Context<'s>,
        name: &str,
        arguments: impl IntoArgs<'s>,
    ) -> Result<R, Error> {
        let method = cx.vm.get_named(self.value, name);
        let method = cx.done(method)?;
        if !cx.vm.is_callable(method.value) {
            let found = method.describe(cx);
            return Err(Error::Conversion { what: format!("`{name}`"), expected: "a function".to_string(), found });
        }
        cx.call_value(method.value, self.value, arguments)
    }

    /// How many elements an array has, or entries a Map or Set, or characters a string; `None` for anything else.
    pub fn len(self, cx: &Context<'s>) -> Option<usize> {
        match self.kind() {
            Kind::Array => Some(cx.vm.heap.array_len(self.value)),
            Kind::Map | Kind::Set => Some(cx.vm.heap.table(self.value).len()),
            Kind::String => Some(cx.vm.heap.text(self.value).chars_len()),
            _ => None,
        }
    }

    /// The elements of an array or a Set as they are now; of a Map, its values. Empty for anything else. O(elements).
    pub fn elements(self, cx: &mut Context<'s>) -> Vec<Local<'s>> {
        let values: Vec<Value> = match self.kind() {
            Kind::Array => cx.vm.heap.elements(self.value).to_vec(),
            Kind::Set => cx.vm.heap.table(self.value).iter().map(|entry| entry.key).collect(),
            Kind::Map => cx.vm.heap.table(self.value).iter().map(|entry| entry.value).collect(),
            _ => Vec::new(),
        };
        values.into_iter().map(|value| cx.keep(value)).collect()
    }

    /// The own properties of an object, and the entries of a Map, as they are now and in their order, as pairs. Empty for anything else. O(entries).
    pub fn entries(self, cx: &mut Context<'s>) -> Vec<(Local<'s>, Local<'s>)> {
        let pairs: Vec<(Value, Value)> = match self.kind() {
            Kind::Map => cx.vm.heap.table(self.value).iter().map(|entry| (entry.key, entry.value)).collect(),
            _ if self.value.is_container() => {
                cx.vm.heap.own_entries(self.value).into_iter().map(|(key, value)| (key.value(), value)).collect()
            }
            _ => Vec::new(),
        };
        pairs.into_iter().map(|(key, value)| (cx.keep(key), cx.keep(value))).collect()
    }

    /// Lets an instance of a type of the host hold a value as number `place`: counted, traced and ordered like any reference. `undefined` lets go.
    ///
    /// # Errors
    /// It is no instance of a type of the host.
    pub fn attach(self, cx: &mut Context<'s>, place: u8, value: Local<'s>) -> Result<(), Error> {
        if self.kind() != Kind::Host {
            let found = self.describe(cx);
            return Err(Error::conversion("an instance of a type of the host", found));
        }
        cx.vm.heap.attach(self.value, usize::from(place), value.value);
        Ok(())
    }

    /// What it holds as number `place`; `undefined` if nothing.
    pub fn attached(self, cx: &mut Context<'s>, place: u8) -> Local<'s> {
        let value = cx.vm.heap.attached(self.value, usize::from(place)).unwrap_or(Value::UNDEFINED);
        cx.keep(value)
    }

    /// Uses the value of the host in an instance of `T`.
    ///
    /// # Errors
    /// It is no `T`, has been closed, or is being changed by a call in progress.
    pub fn with<T: NativeType, R>(self, cx: &mut Context<'s>, f: impl FnOnce(&T) -> R) -> Result<R, Error> {
        let used = cx.vm.with_payload::<T, R>(self.value, |_, value| f(value));
        used.map_err(|why| super::native_type::unusable::<T>(cx, self, why))
    }

    /// The same, to change it.
    ///
    /// # Errors
    /// It is no `T`, has been closed, or is used by a call in progress.
    pub fn with_mut<T: NativeType, R>(self, cx: &mut Context<'s>, f: impl FnOnce(&mut T) -> R) -> Result<R, Error> {
        let used = cx.vm.with_payload_mut::<T, R>(self.value, |_, value| f(value));
        used.map_err(|why| super::native_type::unusable::<T>(cx, self, why))
    }

    /// Takes the value of the host out of an instance of `T`: the script finds it closed from now on. `None`: it was lent.
    ///
    /// # Errors
    /// It is no `T`, has been closed, or is used by a call in progress.
    pub fn take<T: NativeType>(self, cx: &mut Context<'s>) -> Result<Option<T>, Error> {
        cx.vm.take_payload::<T>(self.value).map_err(|why| super::native_type::unusable::<T>(cx, self, why))
    }
}
