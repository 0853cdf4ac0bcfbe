//! The types of the interface.

use std::ffi::{c_char, c_void};

use super::PbtContext;
use crate::heap::handles::RawHandle;

/// A handle: a value that C holds until it closes the handle. One whose bits are 0 is none: what functions return that have failed.
///
/// Handles are compared by their bits only to see whether they are none: two handles can hold the same value.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PbtHandle {
    pub bits: u64,
}

/// No handle: an error has occurred.
pub const PBT_NONE: PbtHandle = PbtHandle { bits: 0 };
/// The handle of `undefined`. This one and the next three are always open, in every context: closing them does nothing.
pub const PBT_UNDEFINED: PbtHandle = PbtHandle { bits: 4294967296 };
/// The handle of `null`.
pub const PBT_NULL: PbtHandle = PbtHandle { bits: 4294967297 };
/// The handle of `false`.
pub const PBT_FALSE: PbtHandle = PbtHandle { bits: 4294967298 };
/// The handle of `true`.
pub const PBT_TRUE: PbtHandle = PbtHandle { bits: 4294967299 };

const _: () = {
    assert!(PBT_UNDEFINED.bits == RawHandle::UNDEFINED.to_bits());
    assert!(PBT_NULL.bits == RawHandle::NULL.to_bits());
    assert!(PBT_FALSE.bits == RawHandle::FALSE.to_bits());
    assert!(PBT_TRUE.bits == RawHandle::TRUE.to_bits());
};

/// What a value is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PbtKind {
    /// There is none: the handle is not open.
    None,
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    /// A plain object, or an instance of a class of the script.
    Object,
    Array,
    Function,
    Class,
    Map,
    Set,
    /// An object of the host: a proxy of a foreign one, for example.
    Host,
    /// Iterators and weak references.
    Other,
}

/// What an error is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PbtErrorKind {
    /// There is no error.
    None,
    /// The text is no program.
    Syntax,
    /// An exception that the script did not catch, or that a function of C throws. It has a value.
    Thrown,
    /// A limit was reached: memory, fuel, time, output.
    Limit,
    /// `pbt_interrupt` was called.
    Interrupted,
    /// The script called `exit`.
    Exit,
    /// The script did what nobody allowed it to.
    Denied,
    /// The write callback has said that nobody reads any more.
    Closed,
    /// The handle is not open, or never was; or it holds no string.
    Handle,
    /// A value is not of the kind that was asked for.
    Conversion,
    /// A link cannot be made, or a count is wrong.
    Link,
    /// The function cannot be called so, or not now.
    Usage,
    /// The engine is broken by an error of its own: it can only be freed.
    Panic,
}

/// Where a script writes to.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PbtStream {
    Output,
    Error,
}

/// Takes what a script writes: `length` bytes of UTF-8 at `text`, with no NUL behind them. False: nobody reads any more, and the program ends. It cannot use the context.
pub type PbtWrite =
    Option<unsafe extern "C" fn(user: *mut c_void, stream: PbtStream, text: *const c_char, length: usize) -> bool>;

/// Tells the time: milliseconds since 1970 in UTC. It cannot use the context.
pub type PbtNow = Option<unsafe extern "C" fn(user: *mut c_void) -> f64>;

/// A function of C that scripts can call. It gets the receiver, and the handles of the arguments, which are closed when it has returned: what it wants to keep, it duplicates.
/// The handle that it returns passes to the engine (it may be one of the arguments). Returning PBT_NONE throws the last error: see `pbt_throw`.
///
/// It can use the context, and has at least 256 KiB of stack.
pub type PbtNative = Option<
    unsafe extern "C" fn(
        context: *mut PbtContext,
        user: *mut c_void,
        receiver: PbtHandle,
        arguments: *const PbtHandle,
        count: usize,
    ) -> PbtHandle,
>;

/// Ends the user data of a function that nothing refers to any more. Of the context it can only use `pbt_close`.
pub type PbtDestructor = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Is told of an open handle: what it holds, and which function opened it, if that was tracked.
pub type PbtReport = Option<unsafe extern "C" fn(user: *mut c_void, handle: PbtHandle, text: *const c_char)>;

/// What a context is made of. Set `size` to `sizeof(PbtOptions)`, and everything else to 0 that is to be as usual.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PbtOptions {
    /// The size of this structure, as the caller knows it.
    pub size: usize,
    /// Bytes that live values and what the engine needs for them may take; 0: 4 GiB.
    pub max_memory: u64,
    /// Units of work that each program or call from outside may take; 0: as many as it wants.
    pub fuel: u64,
    /// Milliseconds that each may run; 0: as long as it wants.
    pub timeout_ms: u64,
    /// Bytes that each may write; 0: as many as it wants.
    pub max_output: u64,
    /// The seed of `Math.random()`.
    pub seed: u64,
    /// Takes what scripts write; NULL: nobody does.
    pub write: PbtWrite,
    /// The clock; NULL: it stands at 0.
    pub now: PbtNow,
    /// Given to `write` and `now`.
    pub user: *mut c_void,
    /// Not 0: for `pbt_leak_report`, it is noted which function opened each handle.
    pub track_handles: u32,
}
