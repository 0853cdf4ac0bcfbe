//! A function under construction: instructions, labels, constants, registers.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::control::Control;
use super::op::{Instr, Op};
use super::proto::*;
use super::scope::{BindingId, FunctionId};
use crate::syntax::ast::{Name, Span};

/// A register of the function.
pub type Reg = u16;

/// A place in the code that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(u32);

/// Most registers that a frame may have.
const MAX_REGISTERS: usize = 65_000;

#[derive(PartialEq, Eq, Hash)]
enum ConstKey {
    Number(u64),
    Exact(i64),
    String(Name),
}

pub struct Func {
    pub id: FunctionId,
    pub name: Name,
    pub kind: ProtoKind,
    pub span: Span,
    pub params: u16,
    pub length: u16,
    pub code: Vec<Instr>,
    pub spans: Vec<(u32, Span)>,
    pub notes: Vec<(u32, Span)>,
    pub constants: Vec<Const>,
    const_index: FxHashMap<ConstKey, u32>,
    pub caches: Vec<Name>,
    pub templates: Vec<Vec<Name>>,
    template_index: FxHashMap<Vec<Name>, u32>,
    pub functions: Vec<Arc<Proto>>,
    pub classes: Vec<ClassTemplate>,
    pub captures: Vec<Capture>,
    pub capture_names: Vec<Name>,
    pub capture_index: FxHashMap<BindingId, u16>,
    pub labels: Vec<u32>,
    used: Vec<bool>,
    pub jumps: Vec<(u32, Label)>,
    pub handlers: Vec<Handler>,
    pub locals: Vec<Local>,
    /// What is open around the current position, innermost last.
    pub controls: Vec<Control>,
    /// The next free register.
    pub top: usize,
    pub registers: usize,
    /// Scopes pushed around the current position.
    pub depth: u16,
    /// The most there were anywhere.
    pub deepest: u16,
    /// Only atoms may be on probation: a sweep can wait, but not over a turn of a loop.
    pub light: bool,
    /// False after a jump that is always taken: nothing is emitted until a label that is used.
    pub reachable: bool,
    pub too_large: bool,
    here: Span,
}

impl Func {
    pub fn new(id: FunctionId, name: Name, kind: ProtoKind, span: Span) -> Func {
        Func {
            id,
            name,
            kind,
            span,
            params: 0,
            length: 0,
            code: Vec::new(),
            spans: Vec::new(),
            notes: Vec::new(),
            constants: Vec::new(),
            const_index: FxHashMap::default(),
            caches: Vec::new(),
            templates: Vec::new(),
            template_index: FxHashMap::default(),
            functions: Vec::new(),
            classes: Vec::new(),
            captures: Vec::new(),
            capture_names: Vec::new(),
            capture_index: FxHashMap::default(),
            labels: Vec::new(),
            used: Vec::new(),
            jumps: Vec::new(),
            handlers: Vec::new(),
            locals: Vec::new(),
            controls: Vec::new(),
            top: 1,
            registers: 1,
            depth: 0,
            deepest: 0,
            light: false,
            reachable: true,
            too_large: false,
            here: span,
        }
    }

    // ---- Registers ---------------------------------------------------------------------------------------

    /// Takes the next register.
    pub fn temp(&mut self) -> Reg {
        let register = self.top;
        self.top += 1;
        self.registers = self.registers.max(self.top);
        if register > MAX_REGISTERS {
            self.too_large = true;
            self.top = MAX_REGISTERS;
        }
        register.min(MAX_REGISTERS) as Reg
    }

    /// Takes `count` registers in a row.
    pub fn temps(&mut self, count: usize) -> Reg {
        let first = self.temp();
        for _ in 1..count {
            self.temp();
        }
        if count == 0 {
            self.top -= 1;
        }
        first
    }

    /// Whether a register is the last one taken: a window can start there.
    pub fn is_last(&self, register: Reg) -> bool {
        register as usize + 1 == self.top
    }

    // ---- Instructions ------------------------------------------------------------------------------------

    pub fn pc(&self) -> u32 {
        self.code.len() as u32
    }

    /// The source of the instructions to come.
    pub fn at(&mut self, span: Span) {
        self.here = span;
    }

    pub fn position(&self) -> Span {
        self.here
    }

    /// What the message of the next instruction names.
    pub fn note(&mut self, span: Span) {
        if self.reachable {
            self.notes.push((self.pc(), span));
        }
    }

    pub fn push(&mut self, instr: Instr) {
        if !self.reachable {
            return;
        }
        if self.spans.last().is_none_or(|&(_, span)| span != self.here) {
            self.spans.push((self.pc(), self.here));
        }
        self.code.push(instr);
        if matches!(instr.op(), Op::Jump | Op::Return | Op::ReturnUndefined | Op::Throw | Op::Finish) {
            self.reachable = false;
        }
    }

    pub fn abc(&mut self, op: Op, a: Reg, b: u16, c: u16) {
        self.push(Instr::abc(op, 0, a, b, c));
    }

    pub fn abcx(&mut self, op: Op, x: u8, a: Reg, b: u16, c: u16) {
        self.push(Instr::abc(op, x, a, b, c));
    }

    pub fn ab(&mut self, op: Op, a: Reg, b: u16) {
        self.push(Instr::abc(op, 0, a, b, 0));
    }

    pub fn a(&mut self, op: Op, a: Reg) {
        self.push(Instr::abc(op, 0, a, 0, 0));
    }

    pub fn wide(&mut self, op: Op, a: Reg, bc: u32) {
        self.push(Instr::abx(op, 0, a, bc as i32));
    }

    /// Copies a register, if it is another.
    pub fn move_to(&mut self, to: Reg, from: Reg) {
        if to != from {
            self.ab(Op::Move, to, from);
        }
    }

    // ---- Labels ------------------------------------------------------------------------------------------

    pub fn label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        self.used.push(false);
        Label(self.labels.len() as u32 - 1)
    }

    /// The label is here. Code that only unreachable code jumps to stays unreachable.
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.pc();
        if !self.reachable {
            self.reachable = self.is_used(label);
        }
    }

    /// The label is here, and is reached by jumps to come.
    pub fn bind_loop(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.pc();
        self.reachable = true;
    }

    pub fn is_used(&self, label: Label) -> bool {
        self.used[label.0 as usize]
    }

    pub fn target(&self, label: Label) -> u32 {
        self.labels[label.0 as usize]
    }

    fn jump_to(&mut self, instr: Instr, label: Label) {
        if self.reachable {
            self.used[label.0 as usize] = true;
            self.jumps.push((self.pc(), label));
            self.push(instr);
        }
    }

    pub fn jump(&mut self, label: Label) {
        self.jump_to(Instr::abx(Op::Jump, 0, 0, 0), label);
    }

    /// `JumpTrue`, `JumpNullish` …
    pub fn jump_if(&mut self, op: Op, register: Reg, label: Label) {
        self.jump_to(Instr::abx(op, 0, register, 0), label);
    }

    /// A short jump: `sense` goes to `x`.
    pub fn jump_short(&mut self, op: Op, sense: bool, a: Reg, b: u16, label: Label) {
        self.jump_to(Instr::abc(op, sense as u8, a, b, 0), label);
    }

    // ---- Tables ------------------------------------------------------------------------------------------

    pub fn number(&mut self, value: f64) -> u32 {
        self.constant(ConstKey::Number(value.to_bits()), || Const::Number(value))
    }

    pub fn exact(&mut self, value: i64) -> u32 {
        self.constant(ConstKey::Exact(value), || Const::Exact(value))
    }

    pub fn string(&mut self, value: &Name) -> u32 {
        self.constant(ConstKey::String(value.clone()), || Const::String(value.clone()))
    }

    fn constant(&mut self, key: ConstKey, make: impl FnOnce() -> Const) -> u32 {
        let next = self.constants.len() as u32;
        let index = *self.const_index.entry(key).or_insert(next);
        if index == next {
            self.constants.push(make());
        }
        index
    }

    /// A new inline cache, as long as there is room for its index.
    pub fn cache(&mut self, key: &Name) -> Option<u16> {
        let index = u16::try_from(self.caches.len()).ok()?;
        self.caches.push(key.clone());
        Some(index)
    }

    pub fn template(&mut self, keys: Vec<Name>) -> u32 {
        if let Some(&index) = self.template_index.get(&keys) {
            return index;
        }
        let index = self.templates.len() as u32;
        self.templates.push(keys.clone());
        self.template_index.insert(keys, index);
        index
    }

    pub fn add_function(&mut self, proto: Arc<Proto>) -> u32 {
        self.functions.push(proto);
        self.functions.len() as u32 - 1
    }

    /// `R[dest] := number`
    pub fn load_number(&mut self, dest: Reg, value: f64) {
        let whole = value as i32;
        if whole as f64 == value && !(whole == 0 && value.is_sign_negative()) {
            self.wide(Op::LoadI, dest, whole as u32);
        } else {
            let constant = self.number(value);
            self.wide(Op::LoadK, dest, constant);
        }
    }

    pub fn load_string(&mut self, dest: Reg, value: &Name) {
        let constant = self.string(value);
        self.wide(Op::LoadK, dest, constant);
    }
}
