//! The machine: runs bytecode on the heap.
//!
//! # Layout
//! One stack of values holds the registers of all frames; a frame's window overlaps its caller's, so that arguments are passed in place.
//! Calls between script functions push a [`Frame`] and never nest Rust frames. A native that calls back does: [`Vm::call`] enters the loop anew,
//! down to a depth limit.
//!
//! # Unwinding
//! An exception, a limit and the end of the program all travel as `Err(Throw)`; what it is stands in `pending`. Only exceptions are
//! caught by scripts. Whatever it is, every scope on the way is popped in order.

mod advice;
mod arith;
pub mod bulk;
mod call;
mod class;
mod closing;
pub mod code;
pub mod convert;
pub mod double;
mod enter;
pub mod error;
pub mod files;
pub mod finalize;
mod handles;
pub mod host;
pub mod hosted;
mod index;
mod install;
pub mod interrupt;
mod iterate;
pub mod limits;
pub mod look;
mod meant;
pub mod modules;
pub mod native;
mod positions;
pub mod power;
mod property;
mod readable;
mod run;
pub mod session;
mod unwind;
pub mod why;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::compile::op::Instr;
use crate::compile::proto::{Program, Proto};
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::heap::{Heap, Settings};
use code::{Code, Source};
use host::Host;
use interrupt::Interrupt;
use limits::{Budget, Limit};
use native::NativeFrame;

/// Kinds of values that have built-in methods without being instances of a script's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods {
    String,
    Number,
    Boolean,
    Array,
    Function,
    Map,
    Set,
    Iterator,
    WeakRef,
    WeakMap,
    WeakSet,
    /// Open files: objects of the host.
    File,
    /// Those of the error classes.
    Error,
}

const METHOD_KINDS: usize = Methods::Error as usize + 1;

impl Methods {
    /// All kinds, in order.
    const ALL: [Methods; METHOD_KINDS] = [
        Methods::String,
        Methods::Number,
        Methods::Boolean,
        Methods::Array,
        Methods::Function,
        Methods::Map,
        Methods::Set,
        Methods::Iterator,
        Methods::WeakRef,
        Methods::WeakMap,
        Methods::WeakSet,
        Methods::File,
        Methods::Error,
    ];
}

/// The built-in error classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    Error,
    TypeError,
    RangeError,
    ReferenceError,
    SyntaxError,
}

const ERROR_CLASSES: usize = ErrorClass::SyntaxError as usize + 1;

/// What is under way while `Err(Throw)` travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    Nothing,
    /// The value in `exception`.
    Exception,
    /// The script called `exit`.
    Exit(i32),
    /// A limit was reached: scripts cannot catch that.
    Limit(Limit),
    /// Somebody outside wants the program to stop: scripts cannot catch that.
    Interrupt,
    /// The script did what nobody allowed it to; it cannot catch that. What it was is the last of `denied`.
    Denied,
    /// The reader of the output is gone.
    Closed,
    /// A function of the host has panicked.
    Panic,
}

/// What a frame does when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameKind {
    /// Gives its result to the caller's register.
    Call,
    /// Leaves the loop: it was called from a native, or is the main program.
    Entry,
    /// A constructor or field initialiser: goes on with the construction.
    Construct,
    /// The same inside a `super(…)` call: the instance is not finished when this is.
    Super,
}

/// A running script function.
#[repr(align(64))]
struct Frame {
    code: *const Code,
    /// The closure, or undefined for the main program. Counted by whoever called it, or protected.
    function: Value,
    /// Where to go on; for the running frame the loop has it in a local.
    pc: *const Instr,
    /// Stack index of `R[0]`.
    base: usize,
    /// Length of the probation vector when the frame began.
    probation: usize,
    /// Level of its own scope (depth 0).
    level: u32,
    kind: FrameKind,
    /// Arguments given.
    argc: u32,
}

impl Frame {
    /// Its code and the place of the instruction in execution. A saved `pc` is one past that; a limit may end a function before its first.
    fn executing(&self) -> (*const Code, usize) {
        // SAFETY: code lives as long as the machine; pc points into its instructions.
        let pc = unsafe { self.pc.offset_from((*self.code).instrs.as_ptr()) };
        (self.code, (pc as usize).saturating_sub(1))
    }
}

// A line of the cache, and no multiplication to find one.
const _: () = assert!(size_of::<Frame>() == 64);

/// An instance that is being made.
#[derive(Clone, Copy)]
struct Construction {
    /// The class whose part is being run, and the one whose instance it is.
    at: Value,
    target: Value,
    instance: Value,
    /// `Construct` or `Super`.
    kind: FrameKind,
}

/// Limits and switches of a machine.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub heap: Settings,
    /// Script calls that may be open at a time.
    pub max_depth: usize,
    /// Natives that may call back inside each other.
    pub max_native_depth: usize,
    /// Levels of nesting that `JSON.parse` reads.
    pub max_parse_depth: usize,
    /// Units of work that a program may take, its finalizers included ([`limits`] says what a unit is); `None`: as many as it wants.
    pub fuel: Option<u64>,
    /// Time that a program may run.
    pub timeout: Option<Duration>,
    /// Bytes that a program may write, to output and error stream together.
    pub max_output: Option<u64>,
    /// Units of work that each finalizer may take.
    pub finalizer_fuel: Option<u64>,
    /// Seed of `Math.random()`; `None`: from the host.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            heap: Settings::default(),
            max_depth: 10_000,
            max_native_depth: 3_000,
            max_parse_depth: 1000,
            fuel: None,
            timeout: None,
            max_output: None,
            finalizer_fuel: None,
            seed: None,
        }
    }
}

pub(crate) use closing::Closing;
pub(crate) use enter::Entered;

pub struct Vm {
    pub heap: Heap,
    pub host: Box<dyn Host>,
    options: Options,
    /// Registers of all frames.
    stack: Vec<Value>,
    frames: Vec<Frame>,
    /// One for each frame of the kinds `Construct` and `Super`.
    constructions: Vec<Construction>,
    /// The first stack index above what natives may not touch.
    top: usize,
    natives: Vec<NativeFrame>,
    globals: Vec<Value>,
    /// Boxed, because frames and closures point to them.
    #[allow(clippy::vec_box)]
    codes: Vec<Box<Code>>,
    /// Lines of stack traces, by the instruction in execution: at most one an instruction.
    frame_lines: FxHashMap<(*const Code, usize), Box<str>>,
    builtins: Vec<(String, Value)>,
    methods: [IndexMap<Key, Value, FxBuildHasher>; METHOD_KINDS],
    error_classes: [Value; ERROR_CLASSES],
    keys: Keys,
    /// How objects of the host are iterated over, by what they are called.
    iterations: Vec<(&'static str, native::NextFn)>,
    pending: Pending,
    /// Counted while `pending` is `Exception`.
    exception: Value,
    finalization: finalize::Finalization,
    /// What the command line gave to the script: the global `args`.
    pub arguments: Vec<String>,
    /// What describes the classes of the host. Boxed, because classes point to them.
    #[allow(clippy::vec_box)]
    host_classes: Vec<Box<hosted::HostClass>>,
    /// Functions that were lent and are to be taken back.
    lent_functions: Vec<(Value, Arc<hosted::LentFunction>)>,
    closing: Arc<closing::Closing>,
    /// The host has panicked where the machine could not stop it: nothing runs any more.
    broken: bool,
    /// The types of the host that scripts can use: the class of each, and what the host keeps with it.
    types: FxHashMap<std::any::TypeId, HostType>,
    /// State of `Math.random()`; `None` until first used, unless a seed was given.
    pub random: Option<[u64; 4]>,
    /// Containers that could have been walked since the heap was walked last (stress mode).
    unwalked: u64,
    /// Down to the next look at limits.
    ticks: u32,
    budget: Budget,
    /// Raised from outside, by another thread or a signal handler, to stop the program.
    pub interrupt: Interrupt,
    /// What is kept from one input to the next, at a prompt.
    session: Option<session::Kept>,
    /// What is known of the modules of the program that runs.
    modules: modules::Modules,
    /// Where what is pending was thrown first.
    thrown_at: Option<(*const Code, usize)>,
    /// The errors that were caught last, the oldest first.
    caught: std::collections::VecDeque<error::Caught>,
    /// The frames that ran there, as text lines, if it was no exception.
    thrown_in: Vec<String>,
    /// What the script was denied, while that travels; behind it what a finalizer on the way was.
    denied: Vec<String>,
    global_names: Vec<String>,
    /// `"0123456789"`, counted.
    digits: Value,
    /// Reused by joins.
    scratch: String,
    #[cfg(test)]
    pub(crate) charged: bulk::Charged,
}

// SAFETY: what makes a machine stay on its thread otherwise is raw pointers alone: to cells, shapes and code that this machine has made, that it frees, and that
// nothing outside of it reaches but through it. Whatever else it holds, of its own or of the host's, can be sent, which the types below see to.
unsafe impl Send for Vm {}

const _: () = {
    const fn can_be_sent<T: Send>() {}
    can_be_sent::<Box<dyn Host>>();
    can_be_sent::<Box<dyn crate::heap::event::Tracer>>();
    can_be_sent::<crate::heap::host::HostData>();
    can_be_sent::<Box<finalize::HostFinalizer>>();
    can_be_sent::<Arc<Proto>>();
    can_be_sent::<Arc<Source>>();
};

/// The class of a type of the host, and what the host keeps with it.
type HostType = (Value, Option<Box<dyn std::any::Any + Send>>);

/// Keys that the machine itself looks for.
struct Keys {
    length: Key,
    size: Key,
    name: Key,
    message: Key,
    stack: Key,
    constructor: Key,
    to_string: Key,
    finalize: Key,
    prototype: Key,
    /// Under which an error of the host's keeps what it was made from.
    host_error: Key,
}

impl Vm {
    /// A machine with the standard library, ready to run programs.
    pub fn new(options: Options, host: Box<dyn Host>) -> Vm {
        Vm::with_arguments(options, host, Vec::new())
    }

    /// The same; `arguments` is what scripts find in `args`.
    pub fn with_arguments(options: Options, host: Box<dyn Host>, arguments: Vec<String>) -> Vm {
        let mut heap = Heap::new(options.heap);
        let host_error = heap.private_key("host error");
        heap.incref(host_error.value());
        let mut key = |text: &str| heap.constant(text);
        let keys = Keys {
            length: key("length"),
            size: key("size"),
            name: key("name"),
            message: key("message"),
            stack: key("stack"),
            constructor: key("constructor"),
            to_string: key("toString"),
            finalize: key("finalize"),
            prototype: key("prototype"),
            host_error,
        };
        let mut vm = Vm {
            heap,
            host,
            options,
            stack: vec![Value::UNDEFINED; 1024],
            frames: Vec::with_capacity(64),
            constructions: Vec::new(),
            top: 0,
            natives: Vec::new(),
            globals: Vec::new(),
            codes: Vec::new(),
            frame_lines: FxHashMap::default(),
            builtins: Vec::new(),
            methods: Default::default(),
            error_classes: [Value::UNDEFINED; ERROR_CLASSES],
            keys,
            iterations: Vec::new(),
            pending: Pending::Nothing,
            exception: Value::UNDEFINED,
            finalization: Default::default(),
            arguments,
            host_classes: Vec::new(),
            lent_functions: Vec::new(),
            closing: Default::default(),
            broken: false,
            types: Default::default(),
            random: options.seed.map(seed_state),
            unwalked: 0,
            ticks: unwind::TICKS,
            budget: Budget::default(),
            interrupt: Interrupt::default(),
            session: None,
            modules: modules::Modules::default(),
            thrown_at: None,
            caught: Default::default(),
            thrown_in: Vec::new(),
            denied: Vec::new(),
            global_names: Vec::new(),
            digits: Value::UNDEFINED,
            scratch: String::new(),
            #[cfg(test)]
            charged: Default::default(),
        };
        vm.digits = vm.heap.constant("0123456789").value();
        crate::stdlib::install(&mut vm);
        vm.heap.set_baseline();
        vm.heap.push_scope();
        vm.heap.attention = options.heap.verify || options.heap.stress;
        vm
    }

    /// The built-in names that programs may use, in the order of their indexes.
    pub fn builtin_names(&self) -> Vec<&str> {
        self.builtins.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Links a program and runs it to its end. `Ok` is the program's value: it is held until [`Vm::finish`].
    pub fn run_program(&mut self, program: &Program, source: Source) -> Result<Value, error::Failure> {
        self.check_whole();
        self.begin_budget();
        let started = self.start_clock();
        let main = self.link_program(program, source);
        let result = match self.run_main(main) {
            Ok(value) => {
                // A root: the host may collect before it finishes.
                self.finalization.suspended.push(value);
                Ok(value)
            }
            Err(_) => Err(self.take_failure()),
        };
        self.stop_clock(started);
        result
    }

    /// Limits and switches.
    pub fn options(&self) -> &Options {
        &self.options
    }

    fn link_program(&mut self, program: &Program, source: Source) -> *const Code {
        self.globals.resize(program.first_global as usize + program.globals.len(), Value::HOLE);
        self.name_globals(program);
        self.link_code(&program.main, &Arc::new(source))
    }

    /// Notes what a program's own globals are called; it has the last slots.
    fn name_globals(&mut self, program: &Program) {
        self.global_names.resize(program.first_global as usize, String::new());
        self.global_names.extend(program.globals.iter().map(|(name, _)| name.to_string()));
    }

    fn link_code(&mut self, proto: &Arc<Proto>, source: &Arc<Source>) -> *const Code {
        let before = self.codes.len();
        let main = code::link(&mut self.heap, proto, source, &mut self.codes);
        let deepest = self.codes[before..].iter().map(|code| usize::from(code.proto.deepest)).max().unwrap_or(0);
        self.bound_depth(deepest);
        // Constants are counted by the code; what making them left on the probation vector is stale.
        let base = self.frames.last().map_or(0, |_| self.heap.base());
        self.heap.sweep(base);
        main
    }

    /// Ends the program: gives back its value, closes the handles that are open, and pops every scope, with all finalizers that are left. The machine can be dropped after it.
    pub fn finish(&mut self, value: Value) {
        if !self.broken {
            self.breaking(|vm| vm.finish_whole(value));
        }
    }

    fn finish_whole(&mut self, value: Value) {
        self.finalization.suspended.clear();
        self.heap.by_temporary();
        self.heap.decref(value);
        let started = self.start_clock();
        self.close_dropped();
        self.finalize_everything();
        self.close_handles();
        self.stop_clock(started);
        for index in (0..self.globals.len()).rev() {
            if self.heap.tracing {
                self.by_global(index);
            }
            let value = std::mem::replace(&mut self.globals[index], Value::UNDEFINED);
            self.heap.decref(value);
        }
        self.globals.clear();
        self.modules = modules::Modules::default();
        // Nothing but level 1 has values left, and none of them a finalizer.
        self.heap.unwind_to(0, 0, crate::heap::event::Cause::Exit);
        let survivors = self.heap.survivors();
        debug_assert!(survivors.is_empty(), "all scopes are popped");
        if survivors.is_empty() {
            // No function is left, so nothing refers to code.
            self.thrown_at = None;
            for code in std::mem::take(&mut self.codes) {
                code::unlink(&mut self.heap, &code);
            }
            self.heap.sweep(0);
        }
        self.close_reserve();
        self.deallocate_foreign(0);
    }

    /// Lowers the number of calls that may be open if their scopes could be more than there are levels: `deepest` in one call.
    fn bound_depth(&mut self, deepest: usize) {
        const LEVELS: usize = crate::heap::cell::MAX_LEVEL as usize - (1 << 16);
        // A finalizer has some calls more.
        let most = LEVELS / (deepest + 1) - 2 * finalize::HEADROOM;
        self.options.max_depth = self.options.max_depth.min(most);
    }

    #[inline(always)]
    pub(crate) fn stack_at(&self, index: usize) -> Value {
        self.stack[index]
    }

    /// Checks the whole heap against the machine's roots. Errors: the first breach.
    pub fn verify(&mut self) -> Result<(), crate::heap::Broken> {
        let roots = self.roots();
        self.heap.verify(&roots)
    }

    /// `gc.sweep()`, called with `args`: frees every value on probation, in any scope, that no frame can still read. Returns how many containers died.
    pub fn sweep_now(&mut self, args: native::Args) -> u64 {
        let readable = self.readable(args.base..args.base + 1 + args.count);
        // What a native has in hand is in no register. It came on probation before the native called back: what it makes itself, it holds.
        let from = self.natives.last().map_or(0, |native| native.in_hand);
        self.heap.sweep_now(from, &|value| readable.contains(&value.0))
    }

    /// Scopes that are open.
    pub fn scopes(&self) -> u32 {
        self.heap.level()
    }

    /// Every counted reference from outside the heap's containers.
    fn roots(&self) -> Vec<Value> {
        let mut roots = self.globals.clone();
        roots.push(self.exception);
        roots.push(self.keys.host_error.value());
        roots.extend(self.heap.fallen_values());
        roots.extend(self.finalization.held());
        roots.extend(self.heap.handle_values());
        for (index, frame) in self.frames.iter().enumerate() {
            if let Some(registers) = self.finalization.still_counted(index + 1) {
                let counted = registers.iter().map(|register| self.stack[frame.base + *register as usize]);
                roots.extend(counted.filter(|value| value.is_heap()));
                continue;
            }
            let (code, pc) = frame.executing();
            // SAFETY: code lives as long as the machine.
            for (register, _) in code::live_locals(unsafe { &(*code).proto }, pc) {
                let value = self.stack[frame.base + register as usize];
                // Numbers and the like are in no cell, and there may be many.
                if value.is_heap() {
                    roots.push(value);
                }
            }
        }
        for native in &self.natives {
            roots.extend(native.held.iter().copied());
        }
        for methods in &self.methods {
            roots.extend(methods.values().copied());
        }
        roots.extend(self.builtins.iter().map(|(_, value)| *value));
        roots.extend(self.types.values().map(|(class, _)| *class));
        roots.extend(self.codes.iter().flat_map(|code| code.consts.iter().copied()));
        roots
    }
}

/// Four words from one seed (splitmix64).
pub(crate) fn seed_state(seed: u64) -> [u64; 4] {
    let mut x = seed;
    std::array::from_fn(|_| {
        x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = x;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    })
}
