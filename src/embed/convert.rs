//! Values of the host's types to values of the script, and back.
//!
//! | Rust | script | back |
//! |---|---|---|
//! | `bool` | boolean | boolean |
//! | integers | number, exact to the last digit | a number that is one of that type's |
//! | `f32`, `f64` | number | number |
//! | `char` | string | string of one character |
//! | `&str`, `String`, `Cow<str>` | string | string (owned) |
//! | `()` | undefined | anything |
//! | `Option<T>` | `None`: null | null and undefined: `None` |
//! | `Vec<T>`, slices, arrays | array | array, Set |
//! | tuples | array | array of that length |
//! | `HashMap`, `BTreeMap`, `IndexMap` with text keys | object | object, Map with text keys |
//! | [`Handle`](super::Handle), [`Local`] | the value | any value |
//! | [`Native<T>`] | an instance of the host's type | |
//! | `Serde<T>` | as `serde` sees it | as `serde` sees it |

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::context::Context;
use super::error::Error;
use super::local::{Kind, Local};
use super::native_type::NativeType;
use crate::heap::value::Value;

/// A type that script values can be converted to.
#[diagnostic::on_unimplemented(
    message = "values of a script are not converted to `{Self}`",
    note = "implement `FromValue`; with the feature `serde`, `Serde<{Self}>` takes what is `Deserialize`; an instance of a type of the host comes as a `Handle` or `Local`"
)]
pub trait FromValue<'s>: Sized {
    /// The conversion runs no code of the script and makes no values, so a function with only such parameters needs no scope of its own. Leave it `false` unless speed matters.
    const PLAIN: bool = false;

    /// Converts a value.
    ///
    /// # Errors
    /// [`Error::Conversion`]: it is of another type.
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Self, Error>;
}

/// A type whose values can be converted to script values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not become a value of a script",
    note = "implement `IntoValue`; with the feature `serde`, `Serde` gives what is `Serialize`; `Native` gives an instance of a type of the host"
)]
pub trait IntoValue<'s> {
    /// The conversion runs no code of the script and uses no values that exist already, so a call with only such arguments needs no scope of its own. Leave it `false` unless speed matters.
    const PLAIN: bool = false;

    /// Converts a value.
    ///
    /// # Errors
    /// The memory limit; whatever stands in the way of the type at hand.
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error>;
}

/// The values of a call.
pub type Values = SmallVec<[Value; 4]>;

/// What can be passed to a call: a tuple, an array, a slice or a vector of values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of arguments",
    note = "it is a tuple of up to eight values (one: `(value,)`), or an array, slice or vector"
)]
pub trait IntoArgs<'s> {
    #[doc(hidden)]
    const PLAIN: bool = false;

    #[doc(hidden)]
    fn into_args(self, cx: &mut Context<'s>) -> Result<Values, Error>;
}

/// A value of the host that becomes an instance of its type in the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Native<T>(pub T);

impl<'s, T: NativeType + Send> IntoValue<'s> for Native<T> {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.native(self.0)
    }
}

fn wrong<'s>(cx: &Context<'s>, value: Local<'s>, expected: &str) -> Error {
    Error::conversion(expected, value.describe(cx))
}

// ---- Numbers --------------------------------------------------------------------------------------------------------------

macro_rules! integers {
    ($($type:ty),*) => { $(
        impl<'s> FromValue<'s> for $type {
            const PLAIN: bool = true;

            #[inline]
            fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<$type, Error> {
                let inside = match value.value {
                    v if v.is_int() => <$type>::try_from(v.as_int()).ok(),
                    // What is an integer in a double is one of 64 bits, or no integer of these types but the widest.
                    v if v.is_double() && v.as_double().fract() == 0.0 => {
                        let n = v.as_double() as i128;
                        (n as f64 == v.as_double()).then(|| <$type>::try_from(n).ok()).flatten()
                    }
                    v => v.exact().and_then(|n| <$type>::try_from(n).ok()),
                };
                inside.ok_or_else(|| not_in_range(cx, value, <$type>::MIN as i128, <$type>::MAX as i128))
            }
        }

        impl<'s> IntoValue<'s> for $type {
        const PLAIN: bool = true;

            #[inline]
            fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
                match i64::try_from(self) {
                    Ok(n) => match i32::try_from(n) {
                        Ok(n) => Ok(cx.kept(Value::int(n))),
                        Err(_) => {
                            let made = cx.vm.heap.integer(n);
                            Ok(cx.keep(made))
                        }
                    },
                    Err(_) => Err(Error::range_error(format!("{self} is beyond the integers of the language"))),
                }
            }
        }
    )* };
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, i128, u128);

#[cold]
fn not_in_range<'s>(cx: &Context<'s>, value: Local<'s>, least: i128, most: i128) -> Error {
    let found = match value.value.as_f64() {
        Some(n) => crate::vm::convert::number_text(n),
        None => value.describe(cx),
    };
    Error::conversion(&format!("an integer from {least} to {most}"), found)
}

impl<'s> FromValue<'s> for f64 {
    const PLAIN: bool = true;

    #[inline]
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<f64, Error> {
        match value.value.as_f64() {
            Some(n) => Ok(n),
            None => Err(wrong(cx, value, "a number")),
        }
    }
}

impl<'s> IntoValue<'s> for f64 {
    const PLAIN: bool = true;

    #[inline]
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        // Any NaN of the host is the language's one.
        Ok(cx.kept(if self.is_nan() { Value::NAN } else { Value::number(self) }))
    }
}

impl<'s> FromValue<'s> for f32 {
    const PLAIN: bool = true;

    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<f32, Error> {
        f64::from_value(cx, value).map(|n| n as f32)
    }
}

impl<'s> IntoValue<'s> for f32 {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        f64::from(self).into_value(cx)
    }
}

impl<'s> FromValue<'s> for bool {
    const PLAIN: bool = true;

    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<bool, Error> {
        match value.value {
            Value::TRUE => Ok(true),
            Value::FALSE => Ok(false),
            _ => Err(wrong(cx, value, "a boolean")),
        }
    }
}

impl<'s> IntoValue<'s> for bool {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        Ok(cx.kept(Value::bool(self)))
    }
}

// ---- Nothing, and maybe ---------------------------------------------------------------------------------------------------

impl<'s> FromValue<'s> for () {
    const PLAIN: bool = true;

    fn from_value(_: &mut Context<'s>, _: Local<'s>) -> Result<(), Error> {
        Ok(())
    }
}

impl<'s> IntoValue<'s> for () {
    const PLAIN: bool = true;

    fn into_value(self, _: &mut Context<'s>) -> Result<Local<'s>, Error> {
        Ok(Local::UNDEFINED)
    }
}

impl<'s, T: FromValue<'s>> FromValue<'s> for Option<T> {
    const PLAIN: bool = T::PLAIN;

    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Option<T>, Error> {
        if value.is_nullish() { Ok(None) } else { T::from_value(cx, value).map(Some) }
    }
}

impl<'s, T: IntoValue<'s>> IntoValue<'s> for Option<T> {
    const PLAIN: bool = T::PLAIN;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        match self {
            Some(value) => value.into_value(cx),
            None => Ok(Local::NULL),
        }
    }
}

// ---- Texts ----------------------------------------------------------------------------------------------------------------

impl<'s> FromValue<'s> for String {
    const PLAIN: bool = true;

    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<String, Error> {
        match value.text(cx) {
            Some(text) => Ok(text.to_string()),
            None => Err(wrong(cx, value, "a string")),
        }
    }
}

impl<'s> IntoValue<'s> for &str {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.string(self)
    }
}

impl<'s> IntoValue<'s> for String {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.string(&self)
    }
}

impl<'s> IntoValue<'s> for &String {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.string(self)
    }
}

impl<'s> IntoValue<'s> for Cow<'_, str> {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.string(&self)
    }
}

impl<'s> FromValue<'s> for char {
    const PLAIN: bool = true;

    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<char, Error> {
        let mut chars = value.text(cx).unwrap_or("").chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => Err(wrong(cx, value, "a string of one character")),
        }
    }
}

impl<'s> IntoValue<'s> for char {
    const PLAIN: bool = true;

    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.string(self.encode_utf8(&mut [0; 4]))
    }
}

// ---- Values as they are ---------------------------------------------------------------------------------------------------

impl<'s> FromValue<'s> for Local<'s> {
    fn from_value(_: &mut Context<'s>, value: Local<'s>) -> Result<Local<'s>, Error> {
        Ok(value)
    }
}

impl<'s> IntoValue<'s> for Local<'s> {
    fn into_value(self, _: &mut Context<'s>) -> Result<Local<'s>, Error> {
        Ok(self)
    }
}

// ---- Sequences ------------------------------------------------------------------------------------------------------------

impl<'s, T: FromValue<'s>> FromValue<'s> for Vec<T> {
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Vec<T>, Error> {
        if !matches!(value.kind(), Kind::Array | Kind::Set) {
            return Err(wrong(cx, value, "an array"));
        }
        let elements = value.elements(cx).into_iter().enumerate();
        elements
            .map(|(index, element)| T::from_value(cx, element).map_err(|e| e.within(&format!("[{index}]"))))
            .collect()
    }
}

impl<'s, T: FromValue<'s>, const N: usize> FromValue<'s> for [T; N] {
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<[T; N], Error> {
        let elements = Vec::<T>::from_value(cx, value)?;
        let length = elements.len();
        elements
            .try_into()
            .map_err(|_| Error::conversion(&format!("an array of {N} elements"), format!("one of {length}")))
    }
}

impl<'s, T: IntoValue<'s>> IntoValue<'s> for Vec<T> {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.array(self)
    }
}

impl<'s, T: IntoValue<'s>, const N: usize> IntoValue<'s> for [T; N] {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.array(self)
    }
}

impl<'s, T: Clone + IntoValue<'s>> IntoValue<'s> for &[T] {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        cx.array(self.iter().cloned())
    }
}

// ---- Maps -----------------------------------------------------------------------------------------------------------------

/// The entries of an object or Map with text keys.
fn text_entries<'s, T: FromValue<'s>>(cx: &mut Context<'s>, value: Local<'s>) -> Result<Vec<(String, T)>, Error> {
    if !matches!(value.kind(), Kind::Object | Kind::Map) {
        return Err(wrong(cx, value, "an object"));
    }
    let entries = value.entries(cx);
    let convert = |(key, value): (Local<'s>, Local<'s>)| {
        let name = String::from_value(cx, key).map_err(|error| error.within("a key"))?;
        match T::from_value(cx, value) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(error.within(&format!("`{name}`"))),
        }
    };
    entries.into_iter().map(convert).collect()
}

macro_rules! maps {
    ($($map:ident<$($hasher:ident)?> where $($key:ident)+;)*) => { $(
        impl<'s, T: FromValue<'s>, $($hasher: BuildHasher + Default)?> FromValue<'s> for $map<String, T, $($hasher)?> {
            fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Self, Error> {
                Ok(text_entries(cx, value)?.into_iter().collect())
            }
        }

        impl<'s, K: AsRef<str> $(+ $key)+, T: IntoValue<'s>, $($hasher: BuildHasher)?> IntoValue<'s> for $map<K, T, $($hasher)?> {
            fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
                cx.object_from(self)
            }
        }
    )* };
}

maps! {
    HashMap<S> where Eq Hash;
    IndexMap<S> where Eq Hash;
    BTreeMap<> where Ord;
}

// ---- Tuples, as arrays and as arguments -----------------------------------------------------------------------------------

macro_rules! tuples {
    ($($count:literal: $($type:ident $index:tt)*;)*) => { $(
        impl<'s, $($type: IntoValue<'s>),*> IntoArgs<'s> for ($($type,)*) {
            const PLAIN: bool = true $(&& <$type as IntoValue<'s>>::PLAIN)*;

            #[inline]
            #[allow(unused_variables, unused_mut)]
            fn into_args(self, cx: &mut Context<'s>) -> Result<Values, Error> {
                let mut values = Values::new();
                $( values.push(self.$index.into_value(cx)?.value); )*
                Ok(values)
            }
        }
    )* };
}

tuples! {
    0: ;
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}

macro_rules! tuple_values {
    ($($count:literal: $($type:ident $index:tt)*;)*) => { $(
        impl<'s, $($type: FromValue<'s>),*> FromValue<'s> for ($($type,)*) {
            fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Self, Error> {
                let elements = if value.kind() == Kind::Array { value.elements(cx) } else { Vec::new() };
                if elements.len() != $count {
                    return Err(wrong(cx, value, concat!("an array of ", $count, " elements")));
                }
                Ok(($( $type::from_value(cx, elements[$index]).map_err(|e| e.within(concat!("[", $index, "]")))?, )*))
            }
        }

        impl<'s, $($type: IntoValue<'s>),*> IntoValue<'s> for ($($type,)*) {
            fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
                let elements = [$( self.$index.into_value(cx)? ),*];
                cx.array(elements)
            }
        }
    )* };
}

tuple_values! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
}

impl<'s, T: IntoValue<'s>> IntoArgs<'s> for Vec<T> {
    fn into_args(self, cx: &mut Context<'s>) -> Result<Values, Error> {
        self.into_iter().map(|value| Ok(value.into_value(cx)?.value)).collect()
    }
}

impl<'s, T: Clone + IntoValue<'s>> IntoArgs<'s> for &[T] {
    fn into_args(self, cx: &mut Context<'s>) -> Result<Values, Error> {
        self.iter().map(|value| Ok(value.clone().into_value(cx)?.value)).collect()
    }
}

impl<'s, T: IntoValue<'s>, const N: usize> IntoArgs<'s> for [T; N] {
    fn into_args(self, cx: &mut Context<'s>) -> Result<Values, Error> {
        self.into_iter().map(|value| Ok(value.into_value(cx)?.value)).collect()
    }
}
