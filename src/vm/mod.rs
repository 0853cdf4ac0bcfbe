//! The machine: runs bytecode on the heap.

pub mod convert;
pub mod host;
pub mod native;

use crate::heap::Heap;
use crate::heap::value::Value;
use native::{Args, Held, NativeClass, NativeInfo, Throw};

pub struct Vm {
    pub heap: Heap,
    pub host: Box<dyn host::Host>,
    // WANTED
    /// State of `Math.random`; `None` until first used, then seeded from the host (or set beforehand, for runs that repeat).
    pub random: Option<[u64; 4]>,
    /// What the command line gave to the script: the global `args`. Set before the library is installed.
    pub arguments: Vec<String>,
}

/// Kinds of values that have built-in methods without being instances of a script's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods { String, Number, Boolean, Array, Function, Map, Set, Iterator,
    // WANTED: the methods of `Error`, inherited by the family and by classes that extend it
    Error }

/// The built-in error classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass { Error, TypeError, RangeError, ReferenceError, SyntaxError }

impl Vm {
    // ---- for natives: (bodies are being written; these are the signatures) --------------------------------------
    pub(crate) fn stack_at(&self, _index: usize) -> Value { todo!() }
    /// Calls a function value. The result is on probation in (or borrowed by) the native's statement. Errors: what the callee throws; TypeError if it is not callable; the depth limit.
    pub fn call(&mut self, _callee: Value, _this: Value, _arguments: &[Value]) -> Result<Value, Throw> { todo!() }
    pub fn is_callable(&self, _value: Value) -> bool { todo!() }
    /// Only in natives with `calls_back`: sweeps what came on probation since the native began (or since the last `hold`), except what is held. Call it after consuming each callback's result.
    pub fn safepoint(&mut self) { todo!() }
    /// Only in natives with `calls_back`: keeps a value alive until the native returns.
    pub fn hold(&mut self, _value: Value) -> Held { todo!() }
    /// Replaces what is held (an accumulator).
    pub fn rehold(&mut self, _held: Held, _value: Value) { todo!() }
    pub fn held(&self, _held: Held) -> Value { todo!() }
    pub fn throw(&mut self, _value: Value) -> Throw { todo!() }
    pub fn type_error(&mut self, _message: impl Into<String>) -> Throw { todo!() }
    pub fn range_error(&mut self, _message: impl Into<String>) -> Throw { todo!() }
    pub fn syntax_error(&mut self, _message: impl Into<String>) -> Throw { todo!() }
    /// An instance of a built-in error class with that message, its stack filled in.
    pub fn error_value(&mut self, _class: ErrorClass, _message: &str) -> Value { todo!() }
    /// A limit error (memory): cannot be caught by the script. `From<OutOfMemory>` is not possible without the machine: write `.map_err(|e| vm.out_of_memory(e))?`
    pub fn out_of_memory(&mut self, _e: crate::heap::alloc::OutOfMemory) -> Throw { todo!() }
    /// A string too long is a RangeError, memory a limit error.
    pub fn string_error(&mut self, _e: crate::heap::string::StringError) -> Throw { todo!() }
    /// Ends the program with an exit status.
    pub fn exit(&mut self, _status: i32) -> Throw { todo!() }
    /// Reads a property as the script's `value[key]` / `value.key` does (own properties, elements, methods, length …).
    pub fn get(&mut self, _value: Value, _key: Value) -> Result<Value, Throw> { todo!() }
    pub fn get_named(&mut self, _value: Value, _name: &str) -> Result<Value, Throw> { todo!() }
    /// Writes as the script's `value[key] = x` does.
    pub fn set(&mut self, _object: Value, _key: Value, _value: Value) -> Result<(), Throw> { todo!() }
    /// `a === b`
    pub fn strict_equals(&self, _a: Value, _b: Value) -> bool { todo!() }
    /// Text of a value as in a template hole or `String(x)` (calls `toString` methods of objects: so only in natives with `calls_back`). The result is a string value.
    pub fn to_text(&mut self, _value: Value) -> Result<Value, Throw> { todo!() }
    /// Text of a primitive value; `None` for containers.
    pub fn primitive_text(&mut self, _value: Value) -> Option<Value> { todo!() }
    /// All values an iterable yields (array, string, Map, Set, iterator), appended to `array`. TypeError if it is not iterable.
    pub fn append_all(&mut self, _array: Value, _iterable: Value) -> Result<(), Throw> { todo!() }
    /// The next value of an iterator object (kind Iterator); `None` at its end.
    pub fn iterator_next(&mut self, _iterator: Value) -> Result<Option<Value>, Throw> { todo!() }
    /// Name of a function or class value.
    pub fn function_name(&self, _value: Value) -> String { todo!() }
    /// A short description for messages: `a string`, `an array`, `undefined`, `an instance of Cart` …
    pub fn describe(&self, _value: Value) -> String { todo!() }
    /// Charges work of `units` (about one a byte or element touched) against fuel and looks at interrupts; call it in natives of variable cost.
    pub fn charge(&mut self, _units: usize) -> Result<(), Throw> { todo!() }

    // ---- for installing the library ---------------------------------------------------------------------------------
    /// A namespace object such as `Math`: frozen, its functions and constants as own properties.
    pub(crate) fn install_namespace(&mut self, _name: &'static str, _functions: &'static [NativeInfo], _constants: &[(&str, Value)]) { todo!() }
    /// A global function such as `parseInt`.
    pub(crate) fn install_function(&mut self, _info: &'static NativeInfo) { todo!() }
    /// A class such as `Map`, with static functions and constants. Returns the class value.
    pub(crate) fn install_class(&mut self, _class: &'static NativeClass, _statics: &'static [NativeInfo], _constants: &[(&str, Value)]) -> Value { todo!() }
    /// The methods of a kind of values.
    pub(crate) fn install_methods(&mut self, _kind: Methods, _methods: &'static [NativeInfo]) { todo!() }
    /// An error class of the family, extending Error (or nothing for Error itself).
    pub(crate) fn install_error_class(&mut self, _which: ErrorClass, _class: &'static NativeClass) { todo!() }

    // ---- WANTED by the library ----------------------------------------------------------------------------------------
    /// Gives an error its own unlisted property `stack`: `Name: message` (the name as found on its class) and the frames that called it.
    pub fn fill_stack(&mut self, _error: Value) -> Result<(), Throw> { todo!() }
    /// A global that is a value: `args`, `NaN`.
    pub(crate) fn install_value(&mut self, _name: &'static str, _value: Value) { todo!() }
    /// `gc.sweep()`: frees every probationary value, in any scope, that no frame can still read; returns how many.
    pub fn sweep_now(&mut self) -> u64 { todo!() }
    /// `gc.verify()`: checks the whole heap against the machine's roots. Errors: a sentence that says what is broken.
    pub fn verify(&mut self) -> Result<(), String> { todo!() }
    /// The level that `gc.scope` shows for a value and `gc.stats().scopes` counts: that of the current scope of the script.
    pub fn scopes(&self) -> u32 { todo!() }
}
