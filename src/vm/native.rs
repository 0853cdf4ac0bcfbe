//! Functions of the host, and what they may do.
//!
//! A native runs inside the statement of its caller. What it makes is on probation there, so it lives until the caller's statement ends, and its
//! arguments and its receiver live at least as long. A native that *calls back* (`calls_back`) has a scope and a part of the probation vector of its own: after
//! each callback's result has been consumed it calls [`Vm::safepoint`], which sweeps that part. What it still needs then must be held:
//! by [`Vm::hold`], or by a container that is.

use super::Vm;
use crate::heap::value::Value;

/// An exception, a limit or the end of the program is under way; what it is stands in the machine. Made by [`Vm::type_error`] and its
/// siblings, passed on by `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throw(pub(super) ());

/// The arguments of a native call: a window of the machine's stack.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    /// Stack index of `this`; the arguments follow.
    pub(super) base: usize,
    pub(super) count: usize,
}

impl Args {
    /// How many were given.
    pub fn len(self) -> usize {
        self.count
    }

    pub fn is_empty(self) -> bool {
        self.count == 0
    }
}

pub type NativeFn = fn(&mut Vm, Args) -> Result<Value, Throw>;

/// The next value that an object of the host yields; `None` at the end. It runs no code of the script.
pub type NextFn = fn(&mut Vm, Value) -> Result<Option<Value>, Throw>;

/// A host function as the machine knows it.
pub struct NativeInfo {
    /// As in messages: `Array.prototype.map` is called `map`.
    pub name: &'static str,
    /// The function's `length`.
    pub length: u8,
    pub call: NativeFn,
    /// It may call script functions: it gets a scope and statement boundaries of its own.
    pub calls_back: bool,
    pub(super) quick: Quick,
    /// The number of arguments with which `quick` is asked; one that no call has if there is none.
    pub(super) quick_count: usize,
}

/// The usual case of a function that calls nothing back, asked with `this` and two arguments (what stands in the window behind the ones given is no argument). It makes nothing,
/// throws nothing, and charges as the function does; `None`: not its case, nothing has changed.
pub type Quick = fn(&mut Vm, Value, Value, Value) -> Option<Value>;

impl NativeInfo {
    /// A function that calls nothing back.
    pub const fn new(name: &'static str, length: u8, call: NativeFn) -> NativeInfo {
        NativeInfo { name, length, call, calls_back: false, quick: |_, _, _, _| None, quick_count: usize::MAX }
    }

    /// A function that may call script functions (directly, or through `toString`, `toJSON`, a comparator …).
    pub const fn calling_back(name: &'static str, length: u8, call: NativeFn) -> NativeInfo {
        NativeInfo { calls_back: true, ..NativeInfo::new(name, length, call) }
    }

    /// With a way to do the usual case of a call with `count` arguments, at most two.
    pub const fn with_quick(self, count: usize, quick: Quick) -> NativeInfo {
        NativeInfo { quick, quick_count: count, ..self }
    }
}

/// A built-in class.
pub struct NativeClass {
    pub name: &'static str,
    pub length: u8,
    /// Called without `new`; `None`: a TypeError that offers `new`.
    pub call: Option<NativeInfo>,
    pub construct: Construct,
}

/// What `new` does.
pub enum Construct {
    /// A TypeError that offers `hint`.
    Refused(&'static str),
    /// The function makes the value (Map, Set, Array). Such a class cannot be extended.
    Makes(NativeInfo),
    /// The machine makes an instance, of the class or of one that extends it, and the function fills it (`this`; the Error family).
    Fills(NativeInfo),
}

/// A place that holds a value while a native calls back.
#[derive(Clone, Copy, Debug)]
pub struct Held(pub(super) usize);

impl Vm {
    /// The receiver of a native call.
    #[inline(always)]
    pub fn this(&self, args: Args) -> Value {
        self.stack_at(args.base)
    }

    /// Argument number `index`, `undefined` if it was not given.
    #[inline(always)]
    pub fn arg(&self, args: Args, index: usize) -> Value {
        if index < args.count { self.stack_at(args.base + 1 + index) } else { Value::UNDEFINED }
    }

    /// All arguments from number `from` on.
    pub fn args_from(&self, args: Args, from: usize) -> Vec<Value> {
        (from..args.count).map(|index| self.arg(args, index)).collect()
    }
}

/// A native that calls back, while it runs.
pub(super) struct NativeFrame {
    /// Length of the probation vector up to which `safepoint` leaves entries alone.
    pub(super) base: usize,
    /// While it calls back: the length of the probation vector when it did. What stands below, the native may have in hand.
    pub(super) in_hand: usize,
    /// Counted values.
    pub(super) held: Vec<Value>,
    /// Bytes of its buffers, for the account.
    pub(super) lent: usize,
}

impl Vm {
    /// Only in natives with `calls_back`: sweeps what came on probation since the native began (or since the last `hold`), except what is held.
    /// Finalizers that are due run here. Call it after consuming each callback's result.
    pub fn safepoint(&mut self) {
        if let Some(frame) = self.natives.last() {
            let base = frame.base;
            self.heap.sweep(base);
            if self.heap.attention {
                self.at_safepoint(base);
            }
        }
    }

    /// Only in natives with `calls_back`: while they run, `bytes` of their buffers count as memory. Several calls tell of the same buffer.
    pub fn lend(&mut self, bytes: usize) {
        if let Some(frame) = self.natives.last_mut() {
            frame.lent = bytes;
        }
    }

    /// Only in natives with `calls_back`: keeps a value alive until the native returns.
    pub fn hold(&mut self, value: Value) -> Held {
        self.heap.by_temporary();
        self.heap.incref(value);
        match self.natives.last_mut() {
            Some(frame) => {
                frame.held.push(value);
                Held(frame.held.len() - 1)
            }
            None => Held(usize::MAX),
        }
    }

    /// Replaces what is held (an accumulator).
    pub fn rehold(&mut self, held: Held, value: Value) {
        self.heap.by_temporary();
        self.heap.incref(value);
        if let Some(place) = self.natives.last_mut().and_then(|frame| frame.held.get_mut(held.0)) {
            let old = std::mem::replace(place, value);
            self.heap.decref(old);
        }
    }

    pub fn held(&self, held: Held) -> Value {
        self.natives.last().and_then(|frame| frame.held.get(held.0)).copied().unwrap_or(Value::UNDEFINED)
    }

    /// How often natives in progress, and finalizers that are due, hold a value.
    pub(crate) fn times_held(&self, value: Value) -> usize {
        self.natives.iter().flat_map(|native| &native.held).filter(|held| **held == value).count()
            + self.times_due(value)
    }
}
