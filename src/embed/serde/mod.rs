//! serde: data of Rust straight to values of the heap and back, without a text between. docs/embedding.md has the table of what becomes what.
//!
//! Both ways call nothing of the script: no statement ends meanwhile, and nothing dies. What is made is on probation in the running statement. serde recurses, and so
//! does a type of the host; the nesting is limited, and the native stack grows as needed.

mod access;
mod containers;
mod de;
mod error;
mod key;
mod name;
mod ser;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::Context;
use super::convert::{FromValue, IntoValue};
use super::local::Local;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PIECE;
use crate::vm::native::Throw;

pub use error::ConversionError;
pub(crate) use error::Error;

/// A fresh value from data of Rust, on probation in the running statement. O(size).
///
/// Containers may be as deep in each other as `max_parse_depth` allows.
///
/// # Errors
/// A limit; data that the language has no value for, with the path to it.
pub(crate) fn to_value<T: Serialize + ?Sized>(vm: &mut Vm, value: &T) -> Result<Value, Error> {
    ser::to_value(vm, value)
}

/// Data of Rust from a value, which is only read: no method of it is called, no `toJSON` either. O(size).
///
/// What it reads is copied, so `T` borrows nothing. A value that is reached twice is read twice; all that is read, taken together, may not be more than the memory
/// limit, so that a few arrays in each other become no heap of data outside the script's account.
///
/// # Errors
/// A limit; a value that does not fit the type, with the path to it; one that refers to itself, or is deeper than `max_parse_depth`.
pub(crate) fn from_value<T: DeserializeOwned>(vm: &mut Vm, value: Value) -> Result<T, Error> {
    de::from_value(vm, value)
}

/// Data of the host that goes through `serde`: an argument, a result, a value of a program.
///
/// ```
/// use probate::embed::{Engine, Error, Serde};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Item { name: String, price: f64 }
///
/// let mut engine = Engine::new();
/// engine.eval::<()>("function dearer(item) { return { ...item, price: item.price * 2 }; }")?;
/// let item = Item { name: "ink".to_string(), price: 1.5 };
/// let Serde(dearer) = engine.call::<Serde<Item>>("dearer", (Serde(&item),))?;
/// assert_eq!((dearer.name.as_str(), dearer.price), ("ink", 3.0));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serde<T>(pub T);

impl<'s, T: Serialize> IntoValue<'s> for Serde<T> {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, super::Error> {
        match to_value(cx.vm, &self.0) {
            Ok(value) => Ok(cx.keep(value)),
            Err(error) => Err(error.into_public(cx)),
        }
    }
}

impl<'s, T: DeserializeOwned> FromValue<'s> for Serde<T> {
    fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Serde<T>, super::Error> {
        from_value(cx.vm, value.value).map(Serde).map_err(|error| error.into_public(cx))
    }
}

/// Units of work for a value, beside its text: about what it takes as JSON.
const VALUE: usize = 8;
/// Units of work between two looks at the limits.
const LOOK: usize = 4096;
/// serde passes through wrappers (`Some`, newtypes) by recursion, too: as many levels of them for each container.
const WRAPPERS: usize = 8;
/// The native stack that code of a type may need without calling back, and by what it grows. What serde buffers for an untagged enum it reads by a recursion of its
/// own: [`de::MOST_LEVELS`] of that fit, without optimisation too.
const RED_ZONE: usize = 512 * 1024;
const STACK_PIECE: usize = 4 * 1024 * 1024;

/// The walk through a value, in either direction: how deep it is, and what it has cost.
struct Walk<'v> {
    vm: &'v mut Vm,
    /// Containers that may be open.
    most: usize,
    open: usize,
    /// Calls into types of the host that are open.
    nested: usize,
    /// Units of work that are not charged yet.
    work: usize,
    /// What has ended it. A type of the host may lose an error; this one it cannot.
    thrown: Option<Throw>,
}

impl<'v> Walk<'v> {
    fn new(vm: &'v mut Vm) -> Walk<'v> {
        let most = vm.options().max_parse_depth;
        Walk { vm, most, open: 0, nested: 0, work: 0, thrown: None }
    }

    /// What the machine answered; that it throws is remembered.
    #[inline]
    fn kept<T>(&mut self, result: Result<T, Throw>) -> Result<T, Error> {
        result.map_err(|throw| {
            self.thrown = Some(throw);
            Error::Thrown(throw)
        })
    }

    /// Counts work, and charges it now and then.
    #[inline]
    fn work(&mut self, units: usize) -> Result<(), Error> {
        self.work += units;
        if self.work >= LOOK || self.thrown.is_some() { self.charge() } else { Ok(()) }
    }

    /// Charges what has been counted, and looks at the limits.
    #[inline(never)]
    fn charge(&mut self) -> Result<(), Error> {
        if let Some(throw) = self.thrown {
            return Err(throw.into());
        }
        let mut work = std::mem::take(&mut self.work);
        while work > 0 {
            let portion = work.min(PIECE);
            work -= portion;
            let charged = self.vm.charge(portion);
            self.kept(charged)?;
        }
        Ok(())
    }

    /// A container begins: it is inside those that are open.
    fn enter(&mut self) -> Result<(), Error> {
        if self.open >= self.most {
            return Err(self.too_deep());
        }
        self.open += 1;
        Ok(())
    }

    /// A type of the host is about to be called, inside those that are under way.
    #[inline]
    fn nest(&mut self) -> Result<(), Error> {
        if self.nested > WRAPPERS.saturating_mul(self.most) {
            return Err(self.too_deep());
        }
        self.nested += 1;
        Ok(())
    }

    #[cold]
    fn too_deep(&self) -> Error {
        Error::new(format!("nested deeper than the limit of {} levels", self.most))
    }

    /// The end: what is left to charge, and what a type of the host has not passed on.
    fn finish<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.charge()?;
        result
    }
}
