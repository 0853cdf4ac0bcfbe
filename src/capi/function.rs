//! Functions of C that scripts can call, and what they throw.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::panic::resume_unwind;
use std::ptr::NonNull;

use smallvec::SmallVec;

use super::error::Wrong;
use super::types::{PBT_NONE, PbtDestructor, PbtHandle, PbtNative};
use super::values::name_of;
use super::{Door, Manner, PbtContext, enter};
use crate::embed::Error;
use crate::heap::handles::RawHandle;
use crate::heap::value::Value;
use crate::vm::native::{Args, Throw};
use crate::vm::{ErrorClass, Vm, hosted};

/// What a function of C has on the stack at least.
const STACK: usize = 256 * 1024;

type Callback = unsafe extern "C" fn(*mut PbtContext, *mut c_void, PbtHandle, *const PbtHandle, usize) -> PbtHandle;

/// A function of C with what belongs to it, which goes when the function is freed.
struct Native {
    context: *mut PbtContext,
    name: String,
    callback: Callback,
    user: *mut c_void,
    destructor: PbtDestructor,
}

// SAFETY: one thread at a time uses a context (promise 1), and so what belongs to it.
unsafe impl Send for Native {}

impl Drop for Native {
    fn drop(&mut self) {
        if let Some(destructor) = self.destructor {
            // SAFETY: promise 3. It is called once. The machine is in the middle of its work, or on its way to it, so the door is closed.
            unsafe { destructor(self.user) };
        }
    }
}

impl Native {
    fn call(&self, vm: &mut Vm, args: Args) -> Result<Value, Throw> {
        // SAFETY: the function's machine belongs to the context, which is freed after it.
        let context = unsafe { &*self.context };
        // `undefined` is passed by its constant: it is what most receivers are.
        let open = |vm: &mut Vm, value: Value| match value.is_undefined() {
            true => RawHandle::UNDEFINED,
            false => vm.heap.open_handle(value),
        };
        let receiver = vm.this(args);
        let receiver = open(vm, receiver);
        let arguments: SmallVec<[PbtHandle; 8]> = (0..args.len())
            .map(|index| {
                let value = vm.arg(args, index);
                PbtHandle { bits: open(vm, value).to_bits() }
            })
            .collect();
        let result = self.run(context, vm, receiver, &arguments);
        for argument in arguments.iter().rev().filter_map(|handle| RawHandle::from_bits(handle.bits)).chain([receiver])
        {
            // One that C has closed, though it was only lent, is closed.
            let _ = vm.heap.close_handle(argument);
            context.note_closed(argument);
        }
        result
    }

    /// Calls C. What it answers is on probation in the function's statement.
    fn run(
        &self,
        context: &PbtContext,
        vm: &mut Vm,
        receiver: RawHandle,
        arguments: &[PbtHandle],
    ) -> Result<Value, Throw> {
        context.errors.borrow_mut().push(None);
        // From here to the end of the call, `vm` rests, and C uses the machine by this pointer.
        let outer = context.door.replace(Some(Door::Machine(NonNull::from(&mut *vm))));
        let receiver = PbtHandle { bits: receiver.to_bits() };
        let answer = stacker::maybe_grow(STACK, 4 * STACK, || {
            // SAFETY: promise 3; the arguments are good until it returns.
            unsafe { (self.callback)(self.context, self.user, receiver, arguments.as_ptr(), arguments.len()) }
        });
        context.door.set(outer);
        let error = context.errors.borrow_mut().pop().flatten();
        if context.broken.get() {
            // It goes on as a panic of the host does: nothing of the script runs any more.
            resume_unwind(Box::new("the engine is broken"));
        }
        let value = match (answer, error) {
            (PBT_NONE, Some(error)) => return Err(error.wrong.raise(vm, &self.name)),
            (PBT_NONE, None) => Err("returned nothing, and there is no error"),
            (handle, _) => match RawHandle::from_bits(handle.bits) {
                Some(raw) => match vm.heap.deref_handle(raw) {
                    Ok(value) => {
                        let lent = handle == receiver || arguments.contains(&handle);
                        if !lent {
                            let _ = vm.heap.close_handle(raw);
                            context.note_closed(raw);
                        }
                        Ok(value)
                    }
                    Err(_) => Err("returned a handle that is not open"),
                },
                None => Err("returned what is no handle"),
            },
        };
        // C may go on after a limit; what it answers then is of no use.
        vm.check_over()?;
        value.map_err(|why| vm.type_error(format!("`{}` {why}", self.name)))
    }
}

/// A function of C as a value: `name` and `length` (the number of parameters) are what the script sees of it. When nothing refers to it any more, `destructor` is called with
/// `user`, once, also if this fails; it may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_function(
    context: *mut PbtContext,
    name: *const c_char,
    length: u8,
    function: PbtNative,
    user: *mut c_void,
    destructor: PbtDestructor,
) -> PbtHandle {
    // Whatever happens, the user data is ended once: by the function, or here.
    struct Ends(PbtDestructor, *mut c_void);
    impl Drop for Ends {
        fn drop(&mut self) {
            if let Some(destructor) = self.0.take() {
                // SAFETY: promise 3.
                unsafe { destructor(self.1) };
            }
        }
    }
    let ends = Cell::new(Some(Ends(destructor, user)));
    enter(context, "pbt_function", Manner::Works, PBT_NONE, |call| {
        let Some(callback) = function else { return Err(call.usage("the function is NULL")) };
        // SAFETY: promise 2.
        let name = unsafe { name_of(call.function, "the name", name) }?;
        let destructor = ends.take().and_then(|mut ends| ends.0.take());
        let native = Native { context, name: name.to_string(), callback, user, destructor };
        let call_native = move |vm: &mut Vm, args: Args| native.call(vm, args);
        let function =
            hosted::Function { name: name.to_string(), length, calls_back: true, call: Box::new(call_native) };
        let value = call.vm.host_function(function);
        call.open(value)
    })
}

// ---- Throwing ---------------------------------------------------------------------------------------------------------------

/// Makes a value the last error, which a function of C throws by returning PBT_NONE. Returns PBT_NONE: `return pbt_throw(context, value);`. The handle stays the caller's.
///
/// The error that a failed function of the interface has left is thrown in the same way: a value that a script threw is the same one again, what C did wrong is a TypeError. A limit,
/// an interrupt and `exit` cannot be stopped: they go on, whatever the function returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_throw(context: *mut PbtContext, value: PbtHandle) -> PbtHandle {
    enter(context, "pbt_throw", Manner::Works, PBT_NONE, |call| {
        let value = call.value(value)?;
        let throw = call.vm.throw(value);
        call.done(Err(throw))
    })
}

fn throw_error(
    context: *mut PbtContext,
    function: &'static str,
    class: ErrorClass,
    message: *const c_char,
) -> PbtHandle {
    enter(context, function, Manner::Looks, PBT_NONE, |_| {
        // SAFETY: promise 2.
        let message = unsafe { name_of(function, "the message", message) }?.to_string();
        Err(Wrong::Error(Error::Raised { class, message }))
    })
}

/// The same with a new TypeError: a value is of the wrong kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_throw_type_error(context: *mut PbtContext, message: *const c_char) -> PbtHandle {
    throw_error(context, "pbt_throw_type_error", ErrorClass::TypeError, message)
}

/// The same with a new RangeError: a value is of the right kind and not allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_throw_range_error(context: *mut PbtContext, message: *const c_char) -> PbtHandle {
    throw_error(context, "pbt_throw_range_error", ErrorClass::RangeError, message)
}
