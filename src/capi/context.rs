//! Contexts, their errors, and their heap as a whole.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null};
use std::sync::Arc;
use std::time::Duration;

use super::error::{Wrong, c_text};
use super::types::{PBT_NONE, PbtErrorKind, PbtHandle, PbtNow, PbtOptions, PbtReport, PbtStream, PbtWrite};
use super::{Door, Manner, PbtContext, enter, enter_engine};
use crate::embed::{Engine, Error};
use crate::vm::Options;
use crate::vm::error::Failure;
use crate::vm::host::{Closed, Host, Stream};

/// The world of C.
struct Outside {
    write: PbtWrite,
    now: PbtNow,
    user: *mut c_void,
}

// SAFETY: one thread at a time uses a context (promise 1), and so its callbacks.
unsafe impl Send for Outside {}

impl Host for Outside {
    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Closed> {
        let Some(write) = self.write else { return Ok(()) };
        let stream = match stream {
            Stream::Output => PbtStream::Output,
            Stream::Error => PbtStream::Error,
        };
        // SAFETY: the function is good as long as its context, and returns (promise 3). The door is closed.
        let goes_on = unsafe { write(self.user, stream, text.as_ptr().cast(), text.len()) };
        if goes_on { Ok(()) } else { Err(Closed) }
    }

    fn now(&mut self) -> f64 {
        // SAFETY: as above.
        self.now.map_or(0.0, |now| unsafe { now(self.user) })
    }
}

/// The options of a caller that may know fewer of them, or more. None: the size is impossible.
unsafe fn read_options(options: *const PbtOptions) -> Option<PbtOptions> {
    // SAFETY: there is a structure that begins with its size (promise 2); of that, at most as much is read as there is. For all of ours, 0 is a value.
    unsafe {
        let mut known = MaybeUninit::<PbtOptions>::zeroed();
        if !options.is_null() {
            let size = options.cast::<usize>().read();
            if size < size_of::<usize>() {
                return None;
            }
            let size = size.min(size_of::<PbtOptions>());
            std::ptr::copy_nonoverlapping(options.cast::<u8>(), known.as_mut_ptr().cast::<u8>(), size);
        }
        Some(known.assume_init())
    }
}

/// Makes a context: an engine with the standard library. NULL for `options`: everything as usual. Returns NULL if their `size` is not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_new(options: *const PbtOptions) -> *mut PbtContext {
    // SAFETY: promise 2.
    let Some(given) = (unsafe { read_options(options) }) else { return std::ptr::null_mut() };
    let set = |number: u64| Some(number).filter(|number| *number != 0);
    let mut options = Options {
        fuel: set(given.fuel),
        timeout: set(given.timeout_ms).map(Duration::from_millis),
        max_output: set(given.max_output),
        seed: set(given.seed),
        ..Options::default()
    };
    options.heap.track_handles = false;
    if let Some(bytes) = set(given.max_memory) {
        options.heap.max_bytes = bytes;
    }
    let host = Outside { write: given.write, now: given.now, user: given.user };
    let mut engine = Box::new(Engine::builder().options(options).host(host).build());
    engine.open_realm();
    let (closing, interrupt) = (Arc::clone(engine.vm.closing()), engine.interrupt());
    let engine = NonNull::from(Box::leak(engine));
    Box::into_raw(Box::new(PbtContext {
        door: Cell::new(Some(Door::Engine(engine))),
        engine,
        broken: Cell::new(false),
        errors: RefCell::new(vec![None]),
        closing,
        interrupt,
        opened: (given.track_handles != 0).then(RefCell::default),
    }))
}

/// Ends a context: closes the handles that are open, pops all scopes, runs the finalizers that are due. Returns how many handles C had left open.
/// Called by a function of C that the context is running, it fails: SIZE_MAX.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_free(context: *mut PbtContext) -> usize {
    if context.is_null() {
        return 0;
    }
    // SAFETY: promise 1.
    let broken = unsafe { (*context).broken.get() };
    if broken {
        // The engine is left as it is: to take it apart is not safe.
        // SAFETY: promise 1: nobody uses the context any more. Its functions that are running have no way back to it but by the pointer.
        unsafe { drop(Box::from_raw(context)) };
        return 0;
    }
    // SAFETY: promise 1.
    let left = enter_engine(context, "pbt_free", usize::MAX, |context, engine| {
        context.errors.borrow_mut().clear();
        engine.vm.close_dropped();
        Ok(engine.vm.heap.open_handles().len())
    });
    if left == usize::MAX {
        return left;
    }
    // SAFETY: nothing of the machine's runs, so no borrow of the engine is live. Destructors of C's that run now find the door closed, and the context in its place.
    unsafe {
        (*context).door.set(None);
        (*context).errors.borrow_mut().push(None);
        let engine = Box::from_raw((*context).engine.as_ptr());
        if catch_unwind(AssertUnwindSafe(|| drop(engine))).is_ok() {
            drop(Box::from_raw(context));
        }
    }
    left
}

/// Stops the program that runs, or else the next one that runs long enough to notice (some 20,000 calls and jumps): scripts cannot catch that. May be called by any thread, and by a signal's handler, as long as the context is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_interrupt(context: *mut PbtContext) {
    if !context.is_null() {
        // SAFETY: promise 1. Only this field is borrowed, which is made for several threads; the others belong to the thread that uses the context.
        let interrupt = unsafe { &(*context).interrupt };
        interrupt.raise();
    }
}

// ---- Errors -----------------------------------------------------------------------------------------------------------------

/// Looks at the last error; `none` if there is none, or no context.
unsafe fn last_error<T>(context: *const PbtContext, none: T, f: impl FnOnce(&super::LastError) -> T) -> T {
    // SAFETY: promise 1.
    let Some(context) = (unsafe { context.as_ref() }) else { return none };
    match context.errors.borrow().last() {
        Some(Some(error)) => f(error),
        _ => none,
    }
}

/// What the last error is. It stays until the next one, or `pbt_clear_error`: what succeeds does not clear it. A function of C that a script calls begins without one, and its
/// own does not outlive it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_error_kind(context: *const PbtContext) -> PbtErrorKind {
    // SAFETY: promise 1.
    unsafe { last_error(context, PbtErrorKind::None, |error| error.kind) }
}

/// The message of the last error: UTF-8, with a NUL behind it, good as long as the error. Empty if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_error_message(context: *const PbtContext) -> *const c_char {
    // SAFETY: promise 1. The text stays where it is, in its error.
    unsafe { last_error(context, c"".as_ptr(), |error| error.message.as_ptr()) }
}

/// Where the last error happened, in the script: `file.pbt:3:7`, good as long as the error. NULL: nowhere, or nobody knows.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_error_place(context: *const PbtContext) -> *const c_char {
    // SAFETY: as above.
    unsafe { last_error(context, null(), |error| error.place.as_deref().map_or(null(), |place| place.as_ptr())) }
}

/// The status of a script that has called `exit`, if that is the last error; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_exit_status(context: *const PbtContext) -> i32 {
    // SAFETY: promise 1.
    unsafe {
        last_error(context, 0, |error| match error.wrong {
            Wrong::Error(Error::Failure(Failure::Exit(status))) => status,
            _ => 0,
        })
    }
}

/// The value that was thrown, if that is the last error: a handle for the caller to close. PBT_NONE if it has no value; the error stays as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_error_value(context: *mut PbtContext) -> PbtHandle {
    enum Thrown {
        Handle(PbtHandle),
        New(crate::vm::ErrorClass, String),
    }
    // SAFETY: promise 1.
    let thrown = unsafe {
        last_error(context, None, |error| match &error.wrong {
            Wrong::Error(Error::Thrown(thrown)) => {
                Some(Thrown::Handle(PbtHandle { bits: thrown.value.raw().to_bits() }))
            }
            Wrong::Error(Error::Raised { class, message }) => Some(Thrown::New(*class, message.clone())),
            _ => None,
        })
    };
    match thrown {
        Some(Thrown::Handle(handle)) => enter(context, "pbt_error_value", Manner::Looks, PBT_NONE, |call| {
            let value = call.value(handle)?;
            call.open(value)
        }),
        Some(Thrown::New(class, message)) => enter(context, "pbt_error_value", Manner::Works, PBT_NONE, |call| {
            let value = call.vm.error_value(class, &message);
            call.open(value)
        }),
        None => PBT_NONE,
    }
}

/// There is no error any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_clear_error(context: *mut PbtContext) {
    // SAFETY: promise 1.
    if let Some(context) = unsafe { context.as_ref() } {
        context.clear_error();
    }
}

// ---- The heap ---------------------------------------------------------------------------------------------------------------

/// Collects cycles that nothing reaches. Returns how many values were found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_collect(context: *mut PbtContext) -> u64 {
    enter(context, "pbt_collect", Manner::Works, 0, |call| Ok(call.vm.collect_inside()))
}

/// Checks the whole heap. False: it is broken, by a bug; the message says what is wrong.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_verify(context: *mut PbtContext) -> bool {
    enter(context, "pbt_verify", Manner::Looks, false, |call| {
        let broken = call.vm.verify();
        broken.map(|()| true).map_err(|broken| Wrong::Panic(broken.to_string()))
    })
}

/// How many handles are open: those that C has opened and not closed, and those that functions of C in progress were given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_open_count(context: *mut PbtContext) -> usize {
    enter(context, "pbt_open_count", Manner::Closes, 0, |call| {
        call.vm.close_dropped();
        Ok(call.vm.heap.open_handles().len() - call.context.handles_of_errors().len())
    })
}

/// Calls `report` for each handle that is open. Returns how many there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_leak_report(context: *mut PbtContext, report: PbtReport, user: *mut c_void) -> usize {
    let lines: Vec<(PbtHandle, CString)> = enter(context, "pbt_leak_report", Manner::Closes, Vec::new(), |call| {
        call.vm.close_dropped();
        let hidden = call.context.handles_of_errors();
        let open = call.vm.heap.open_handles().into_iter().filter(|open| !hidden.contains(&open.handle));
        let line = |open: crate::heap::handles::OpenHandle| {
            let opened = call.context.opened.as_ref().and_then(|opened| {
                let opened = opened.borrow();
                opened.by.get(&open.handle).map(|(by, number)| format!(", opened by {by} as handle {number}"))
            });
            let text = format!("{}{}", open.kind, opened.unwrap_or_default());
            (PbtHandle { bits: open.handle.to_bits() }, c_text(&text))
        };
        Ok(open.map(line).collect())
    });
    if let Some(report) = report {
        for (handle, text) in &lines {
            // SAFETY: promise 3. The door is as it was: the callback may use the context.
            unsafe { report(user, *handle, text.as_ptr()) };
        }
    }
    lines.len()
}
