//! The C interface, in the manner of HPy: an opaque context, values behind handles, errors kept by the context.
//!
//! The header, `probate.h`, is made from these files. What a function means stands at the function; what holds for all of them, here.
//!
//! # What C promises
//! 1. A `PbtContext *` is NULL, or comes from [`context::pbt_new`] and has not been freed. One thread at a time uses it; [`context::pbt_interrupt`] alone may be called from any.
//! 2. Every other pointer is NULL, or good for what the function says: a text of `length` bytes or up to its NUL, an array of `count` handles, a place for a result.
//! 3. Function pointers are good as long as what they were given to; they do not unwind or jump out (`longjmp`, a C++ exception): they return.
//! 4. A foreign object is alive as long as its count is above zero, and nobody takes off more counts than they have. The functions of its type do what they are for. One with a light link
//!    holds nothing but memory.
//!
//! Nothing is promised about handles: what is no handle, or is closed, or belongs to another context, is an error. (A handle of another context can happen to be one of this context, too:
//! then it means the value that this one has.)
//!
//! # The door
//! A function of C that a script calls gets the context that its own caller is using at that moment, and calls back into it. To borrow the engine mutably for the outer
//! call and once more for the inner one would be undefined behaviour. So nobody borrows it without taking the one pointer that leads to it, which stands in [`PbtContext`]:
//!
//! - [`Door::Engine`]: nothing runs. The pointer is the one that the engine's box was turned into; each call makes a borrow from it that ends with the call.
//! - `None`: somebody has it. Whoever comes now gets an error: a destructor of user data, the callback for output, a deallocator of a linked object. They are called in the middle
//!   of the machine's work, and can close handles, which is put off, and nothing else.
//! - [`Door::Machine`]: a function of C runs. The machine has called it with a `&mut Vm`, and the pointer is made from this very borrow, which does nothing until C has returned.
//!
//! A call takes the pointer out, and puts it back at its end; [`function`] puts in that of its own borrow before it calls C, and takes it out afterwards. So borrows are nested
//! as calls are: a newer one comes from the one before, which rests meanwhile. No `&mut` is live across a call into C.
//!
//! # Panics
//! They stop here. One can only come from an error in the engine, whose state is not to be trusted then: the context is *broken*, all its functions fail with
//! `PBT_ERROR_KIND_PANIC`, and `pbt_free` leaves its memory alone. (A library built with `panic = "abort"`, as the release profile has it, ends the process instead.)

#![allow(clippy::missing_safety_doc, reason = "what callers promise is the same everywhere, and stands above")]

// In the order of the header, which is made by following them.
pub mod types;

pub mod context;

pub mod values;

pub mod containers;

pub mod programs;

pub mod function;

pub mod links;

mod error;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::embed::{Context, Engine, FromValue};
use crate::heap::handles::table::Table;
use crate::heap::handles::{HandleError, RawHandle};
use crate::heap::value::Value;
use crate::vm::interrupt::Interrupt;
use crate::vm::native::Throw;
use crate::vm::{Closing, Vm};
use error::{LastError, Wrong};
use types::PbtHandle;

/// An engine, and the last error of each function of C that is using it.
pub struct PbtContext {
    door: Cell<Option<Door>>,
    engine: NonNull<Engine>,
    broken: Cell<bool>,
    /// One for C outside of everything, and one for each function of C in progress.
    errors: RefCell<Vec<Option<LastError>>>,
    /// Where handles are put that cannot be closed at once.
    closing: Arc<Closing>,
    interrupt: Interrupt,
    /// By whom each open handle was opened, and as which one; none if that is not to be known.
    opened: Option<RefCell<Openings>>,
}

#[derive(Default)]
struct Openings {
    by: FxHashMap<RawHandle, (&'static str, u64)>,
    newest: u64,
}

/// What leads to the engine.
#[derive(Clone, Copy)]
enum Door {
    Engine(NonNull<Engine>),
    Machine(NonNull<Vm>),
}

/// What a function does inside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It makes no value and lets go of none.
    Looks,
    /// It lets go of some.
    Closes,
    /// Whatever it wants, unless something has ended the program.
    Works,
}

/// A function of the interface at work.
struct Call<'c> {
    vm: &'c mut Vm,
    context: &'c PbtContext,
    function: &'static str,
}

/// Goes through the door. NULL, and whatever else goes wrong, gives `failed`.
fn through<T>(
    context: *const PbtContext,
    function: &'static str,
    failed: T,
    f: impl FnOnce(&PbtContext, Door) -> Result<T, Wrong>,
) -> T {
    // SAFETY: NULL, or a context that has not been freed (promise 1). It is only ever borrowed shared.
    let Some(context) = (unsafe { context.as_ref() }) else { return failed };
    let Some(door) = context.door.take() else {
        context.fail(context.no_entry(function));
        return failed;
    };
    let done = catch_unwind(AssertUnwindSafe(|| f(context, door)));
    match done {
        Ok(result) => {
            context.door.set(Some(door));
            result.unwrap_or_else(|wrong| {
                context.fail(wrong);
                failed
            })
        }
        Err(panic) => {
            context.broken.set(true);
            context.fail(Wrong::panic(&*panic));
            failed
        }
    }
}

/// Does something with the machine.
fn enter<T>(
    context: *const PbtContext,
    function: &'static str,
    manner: Manner,
    failed: T,
    f: impl FnOnce(&mut Call<'_>) -> Result<T, Wrong>,
) -> T {
    through(context, function, failed, |context, door| match door {
        Door::Engine(mut engine) => {
            // SAFETY: the pointer was taken out of the door, so no borrow of the engine is live.
            let engine = unsafe { engine.as_mut() };
            match manner {
                Manner::Looks => f(&mut Call { vm: &mut engine.vm, context, function }),
                _ => engine.enter_as(function, |vm| f(&mut Call { vm, context, function })),
            }
        }
        Door::Machine(mut vm) => {
            // SAFETY: the pointer was taken out of the door, so nobody else uses it; the borrow that it was made from rests until C returns.
            let vm = unsafe { vm.as_mut() };
            let mut call = Call { vm, context, function };
            if manner == Manner::Works {
                let over = call.vm.check_over();
                call.done(over)?;
            }
            f(&mut call)
        }
    })
}

/// Does something with the engine, which nothing of the machine's may be running for.
fn enter_engine<T>(
    context: *const PbtContext,
    function: &'static str,
    failed: T,
    f: impl FnOnce(&PbtContext, &mut Engine) -> Result<T, Wrong>,
) -> T {
    through(context, function, failed, |context, door| match door {
        // SAFETY: as in `enter`.
        Door::Engine(mut engine) => f(context, unsafe { engine.as_mut() }),
        Door::Machine(_) => Err(Wrong::usage(function, "a program is running")),
    })
}

impl PbtContext {
    /// Why nobody is let in.
    fn no_entry(&self, function: &'static str) -> Wrong {
        match self.broken.get() {
            true => Wrong::Panic("the engine is broken by an earlier panic".to_string()),
            false => Wrong::usage(function, "the engine is in the middle of its work"),
        }
    }

    /// Something went wrong: it is the last error of the function of C in progress.
    fn fail(&self, wrong: Wrong) {
        let error = LastError::new(wrong);
        // What it replaces is dropped when nothing is borrowed any more.
        let _old = self.errors.borrow_mut().last_mut().and_then(|last| last.replace(error));
    }

    /// Whether the door is open.
    fn is_free(&self) -> bool {
        let door = self.door.take();
        self.door.set(door);
        door.is_some()
    }

    fn clear_error(&self) {
        let _old = self.errors.borrow_mut().last_mut().and_then(Option::take);
    }

    fn note_opened(&self, handle: RawHandle, function: &'static str) {
        if let Some(opened) = &self.opened {
            let mut opened = opened.borrow_mut();
            opened.newest += 1;
            let number = opened.newest;
            opened.by.insert(handle, (function, number));
        }
    }

    fn note_closed(&self, handle: RawHandle) {
        if let Some(opened) = &self.opened {
            opened.borrow_mut().by.remove(&handle);
        }
    }

    /// Handles that errors hold: they are none of C's.
    fn handles_of_errors(&self) -> Vec<RawHandle> {
        self.errors.borrow().iter().flatten().filter_map(LastError::handle).collect()
    }
}

impl Call<'_> {
    fn usage(&self, what: &str) -> Wrong {
        Wrong::usage(self.function, what)
    }

    fn raw(&self, handle: PbtHandle) -> Result<RawHandle, Wrong> {
        RawHandle::from_bits(handle.bits).ok_or(Wrong::from(HandleError::Unknown))
    }

    /// What a handle holds.
    fn value(&self, handle: PbtHandle) -> Result<Value, Wrong> {
        Ok(self.vm.heap.deref_handle(self.raw(handle)?)?)
    }

    /// A handle of C's.
    fn open(&mut self, value: Value) -> Result<PbtHandle, Wrong> {
        let raw = self.vm.heap.open_handle(value);
        self.opened(raw)
    }

    fn opened(&mut self, raw: RawHandle) -> Result<PbtHandle, Wrong> {
        if raw == Table::<Value>::NEVER {
            return Err(HandleError::TooMany.into());
        }
        self.context.note_opened(raw, self.function);
        Ok(PbtHandle { bits: raw.to_bits() })
    }

    /// What the machine answered, or what it threw, which is over then; a limit is not.
    fn done<T>(&mut self, result: Result<T, Throw>) -> Result<T, Wrong> {
        result.map_err(|throw| Context::new(self.vm, false).caught(throw).into())
    }

    /// Converts a value to a number or truth value.
    fn convert<R: for<'v> FromValue<'v>>(&mut self, value: Value) -> Result<R, Wrong> {
        const { assert!(<R as FromValue<'static>>::PLAIN) };
        let mut cx = Context::new(self.vm, false);
        let local = cx.kept(value);
        Ok(R::from_value(&mut cx, local)?)
    }
}

#[cfg(test)]
mod tests {
    use super::context::{pbt_error_kind, pbt_free, pbt_new};
    use super::types::{PBT_NONE, PbtErrorKind};
    use super::values::pbt_array;
    use super::*;

    #[test]
    fn a_panic_breaks_its_context_and_nothing_else() {
        // SAFETY: the promises of C.
        unsafe {
            let context = pbt_new(std::ptr::null());
            let answer = enter(context, "test", Manner::Works, 7, |call| {
                call.vm.heap.object();
                std::panic::resume_unwind(Box::new("a bug"))
            });
            assert_eq!((answer, pbt_error_kind(context)), (7, PbtErrorKind::Panic));
            assert_eq!(pbt_array(context), PBT_NONE);
            assert_eq!(pbt_error_kind(context), PbtErrorKind::Panic);
            assert_eq!(pbt_free(context), 0);
        }
    }

    #[test]
    fn nobody_comes_in_while_somebody_is_inside() {
        // SAFETY: the promises of C.
        unsafe {
            let context = pbt_new(std::ptr::null());
            let inner = enter(context, "test", Manner::Looks, PBT_NONE, |_| Ok(pbt_array(context)));
            assert_eq!((inner, pbt_error_kind(context)), (PBT_NONE, PbtErrorKind::Usage));
            assert_ne!(pbt_array(context), PBT_NONE);
            assert_eq!(pbt_free(context), 1);
        }
    }
}
