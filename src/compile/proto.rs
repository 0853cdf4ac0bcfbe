//! What the compiler makes: plain data, no heap values. The machine links it before it runs.

use std::sync::Arc;

use super::op::Instr;
use crate::syntax::ast::{DeclKind, Name, Span};

/// A compiled program.
#[derive(Debug)]
pub struct Program {
    pub main: Arc<Proto>,
    /// Makes its top-level functions, before any of the modules runs that import each other in a circle. If not there, `main` does.
    pub hoist: Option<Arc<Proto>>,
    /// Its last statement is an expression, whose value is the program's.
    pub has_value: bool,
    /// Top-level names that functions refer to (at the prompt: all), in order of declaration; `GetGlobal` and `SetGlobal`
    /// count them on from `first_global`.
    pub globals: Vec<(Name, DeclKind)>,
    pub first_global: u32,
    /// Slots that it may refer to beyond its own: those of the modules that are linked with it.
    pub linked_globals: u32,
    /// Globals of earlier programs that this one declares anew, by slot: the same variables, with these kinds from now on.
    pub redeclared: Vec<(u32, DeclKind)>,
}

impl Program {
    /// Globals that have to be there before it runs.
    pub fn reach(&self) -> u32 {
        self.linked_globals.max(self.first_global + self.globals.len() as u32)
    }
}

/// A global of an earlier program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    pub name: Name,
    pub kind: DeclKind,
    /// Its declaration was executed. If not, its name is free; a program that declares it again gives it to the functions that refer to it already.
    pub declared: bool,
}

/// A compiled function.
#[derive(Debug)]
pub struct Proto {
    /// As in messages and stack traces: `f`, `Cart.total`, `<main>`; empty for an anonymous function.
    pub name: Name,
    pub kind: ProtoKind,
    pub code: Vec<Instr>,
    pub constants: Vec<Const>,
    /// Keys of the inline caches, by the index in the instruction.
    pub caches: Vec<Name>,
    /// Keys of object literals, by the index in `NewObject`; distinct, at most 64.
    pub templates: Vec<Vec<Name>>,
    pub functions: Vec<Arc<Proto>>,
    pub classes: Vec<ClassTemplate>,
    /// Where each captured variable comes from when a closure is made.
    pub captures: Vec<Capture>,
    /// What they are called.
    pub capture_names: Vec<Name>,
    /// Declared parameters, without the rest parameter: the machine fills missing ones with undefined.
    pub params: u16,
    /// The function's `length` as JavaScript counts it (parameters before the first default).
    pub length: u16,
    /// Registers, `this` and the windows of calls included.
    pub registers: u16,
    /// Scopes that it may have open inside its own, at the most.
    pub deepest: u16,
    /// Sorted by `start`; the ranges of one register do not overlap.
    /// Within one scope, registers are assigned in order of declaration and are contiguous (for `PopScope` and `Drop`).
    pub locals: Vec<Local>,
    /// Innermost first.
    pub handlers: Vec<Handler>,
    /// Position of each instruction: entries `(first pc, span)`, sorted; an entry holds until the next.
    pub spans: Vec<(u32, Span)>,
    /// What an instruction's message names, sorted by pc: the callee of a call, the object of a property access, the variable of a check.
    pub notes: Vec<(u32, Span)>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtoKind {
    Main,
    Plain,
    Arrow,
    Method,
    /// Constructor of a class without `extends`.
    Constructor,
    /// Constructor of a class with `extends`.
    Derived,
    /// Runs a class's field initialisers with the instance as `this`.
    Fields,
    /// A static block, run once with the class as `this`.
    StaticBlock,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    Number(f64),
    /// Deviation D1: beyond ±2^53.
    Exact(i64),
    String(Name),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// The variable held by the enclosing frame's local register.
    Local(u16),
    /// Captured variable of the enclosing closure.
    Up(u16),
}

/// A named or hidden local: precise roots for unwinding, the verifier and the collector.
#[derive(Debug, Clone)]
pub struct Local {
    /// Empty for a hidden one.
    pub name: Name,
    pub register: u16,
    /// Exactly while `start <= pc < end` (pc: the instruction in execution, also when it throws) the register holds a counted value. `Own`, `Init`,
    /// `NewVar`, `BoxParam`, `IterStart` … make a local: `start` is their pc + 1. `Drop` and `PopScope` give it back: `end` is their pc.
    /// `Return` gives back all that are live at its pc: `end` is past it. A local has several entries when an early exit
    /// (`break` inside a block: `PopScope`, `Jump`) interrupts its range.
    pub start: u32,
    pub end: u32,
    /// Depth of the scope it belongs to.
    pub depth: u16,
    /// Holds a variable (a container of kind `variable`) instead of the value.
    pub boxed: bool,
    /// False: a parameter that borrows from the caller (listed for its name only).
    pub counted: bool,
}

/// An exception thrown at an instruction in `start..end` goes to `target`.
#[derive(Debug, Clone, Copy)]
pub struct Handler {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    /// The exception is put here, as a temporary on probation.
    pub register: u16,
    /// Open scopes are popped down to this depth first; locals whose range does not hold at `target` are given back.
    pub depth: u16,
}

#[derive(Debug)]
pub struct ClassTemplate {
    pub name: Name,
    pub constructor: Option<Arc<Proto>>,
    /// Runs instance fields; `None` when there are none.
    pub fields: Option<Arc<Proto>>,
    pub methods: Vec<MethodTemplate>,
    /// Private names declared by the class, without `#`; the index is used by `PrivateName`.
    pub private_names: Vec<Name>,
}

#[derive(Debug)]
pub struct MethodTemplate {
    pub key: MethodKey,
    /// Its home for `super` is the class itself.
    pub is_static: bool,
    pub function: Arc<Proto>,
}

#[derive(Debug)]
pub enum MethodKey {
    Named(Name),
    /// Index into `private_names`.
    Private(u16),
}

/// Why a scope was pushed; the trace says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ScopeKind {
    Block,
    For,
    Iteration,
    Catch,
    Switch,
}
