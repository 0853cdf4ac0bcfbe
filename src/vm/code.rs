//! Linked code: a compiled function with its constants as heap values and room for its inline caches.

use std::cell::UnsafeCell;
use std::fmt;
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::Arc;

use crate::compile::op::{Instr, Op, flag};
use crate::compile::proto::{Const, MethodKey, Proto};
use crate::heap::Heap;
use crate::heap::cell::{Array, Collection, Kind, Object};
use crate::heap::shape::{Listed, Shape};
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::syntax::ast::Span;
use crate::syntax::diagnostic::Position;

/// A source text, with its lines found once.
#[derive(PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
    line_starts: Vec<u32>,
}

impl fmt::Debug for Source {
    /// Its name: errors, which hold texts, are shown where something failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?})", self.name)
    }
}

impl Source {
    pub fn new(name: &str, text: &str) -> Source {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1);
        Source {
            name: name.to_string(),
            text: text.to_string(),
            line_starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    /// Line and column of a byte offset, from 1; the column in Unicode scalar values. O(log lines + length of the line).
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1] as usize;
        let column = self.text.get(start..offset as usize).map_or(1, |text| text.chars().count() as u32 + 1);
        Position { line: line as u32, column }
    }

    /// The text of a span, for messages: one line, at most 40 characters.
    pub fn excerpt(&self, span: Span) -> String {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if flat.chars().count() <= 40 { flat } else { flat.chars().take(39).chain(['…']).collect() }
    }
}

/// What an access found last time.
#[derive(Clone, Copy)]
pub struct Cache {
    pub key: Key,
    /// The shape it was found on, or [`NO_SHAPE`]. Caches never hold a dangling shape (`Heap::retire_shapes`), so no other container has this address in the place where
    /// objects have their shape: there stand pointers to or into other live blocks (never behind their ends), or tagged values. The kind need not be looked at.
    pub shape: *mut Shape,
    /// For a write that adds the key: the shape after it. Else null.
    pub next: *mut Shape,
    pub slot: u32,
    /// For a built-in method: the kind of value it was found on, see [`Cache::kind_of`]. Else [`NO_KIND`].
    pub kind: u8,
    /// For a method: the function, found on the shape's class or on the built-in kind `kind`.
    pub method: Value,
}

/// No object's shape, and nothing that another container may have in that place, where null is possible.
pub const NO_SHAPE: *mut Shape = std::ptr::dangling_mut();

/// No value's kind.
pub const NO_KIND: u8 = u8::MAX;

impl Cache {
    pub fn new(key: Key) -> Cache {
        Cache { key, shape: NO_SHAPE, next: null_mut(), slot: 0, kind: NO_KIND, method: Value::UNDEFINED }
    }

    /// Forgets what was found.
    pub fn clear(&mut self) {
        *self = Cache::new(self.key);
    }

    /// The kind of a value whose built-in methods can be remembered by kind: a string, or an array, Map or Set without own properties.
    pub fn kind_of(value: Value) -> Option<Kind> {
        let of = |props: Value, kind| (props == Value::UNDEFINED).then_some(kind);
        // SAFETY: a live value (I2).
        unsafe {
            match value.kind()? {
                Kind::String => Some(Kind::String),
                Kind::Array => of((*(value.container() as *mut Array)).props, Kind::Array),
                kind @ (Kind::Map | Kind::Set) => of((*(value.container() as *mut Collection)).props, kind),
                _ => None,
            }
        }
    }

    /// Whether what was found last time is what would be found on `value`.
    #[inline(always)]
    pub(super) fn finds(&self, value: Value) -> bool {
        if value.is_container() {
            let p = value.container() as *mut Object;
            // SAFETY: a live value (I2). Every container has at least five words. Arrays, Maps and Sets, of which only the kind is remembered, have their properties in the same place.
            unsafe {
                (*p).shape == self.shape
                    || (*p).head.cell.kind as u8 == self.kind
                        && (*(value.container() as *mut Collection)).props == Value::UNDEFINED
            }
        } else {
            self.kind == Kind::String as u8 && value.is_string()
        }
    }
}

const _: () = assert!(offset_of!(Array, props) == offset_of!(Collection, props));

/// What a `Return` gives back: `(register, depth)`, last first.
pub type GivenBack = Box<[(u16, u16)]>;

/// A class literal, linked.
pub struct ClassCode {
    pub name: Value,
    pub constructor: *const Code,
    pub fields: *const Code,
    pub methods: Vec<MethodCode>,
}

pub struct MethodCode {
    pub key: Result<Key, u16>,
    pub is_static: bool,
    pub code: *const Code,
}

/// A function, ready to run. The machine owns all of them until it is dropped.
pub struct Code {
    pub instrs: Box<[Instr]>,
    pub consts: Box<[Value]>,
    pub caches: Box<[UnsafeCell<Cache>]>,
    pub templates: Box<[*mut Shape]>,
    pub functions: Box<[*const Code]>,
    pub classes: Box<[ClassCode]>,
    /// What each `Return` gives back: `(register, depth)`, last first. The instruction's BC is an index into it.
    pub returns: Box<[GivenBack]>,
    pub params: usize,
    pub registers: usize,
    pub proto: Arc<Proto>,
    pub source: Arc<Source>,
    pub name: Value,
}

impl Code {
    /// The span of the instruction at `pc`.
    pub fn span(&self, pc: usize) -> Span {
        let spans = &self.proto.spans;
        let at = spans.partition_point(|(first, _)| *first as usize <= pc);
        if at == 0 { self.proto.span } else { spans[at - 1].1 }
    }

    /// What the message of the instruction at `pc` names.
    pub fn note(&self, pc: usize) -> Option<String> {
        let at = self.proto.notes.binary_search_by_key(&(pc as u32), |(pc, _)| *pc).ok()?;
        Some(self.source.excerpt(self.proto.notes[at].1))
    }

    /// As in stack traces.
    pub fn display_name(&self) -> &str {
        if self.proto.name.is_empty() { "<anonymous>" } else { &self.proto.name }
    }
}

/// Links a compiled function and all inside it. `all` gets every piece of code, boxed, because frames and closures point to it.
#[allow(clippy::vec_box)]
pub(super) fn link(heap: &mut Heap, proto: &Arc<Proto>, source: &Arc<Source>, all: &mut Vec<Box<Code>>) -> *const Code {
    let consts = proto.constants.iter().map(|constant| link_constant(heap, constant)).collect();
    let caches = proto
        .caches
        .iter()
        .map(|name| {
            let key = heap.constant(name);
            UnsafeCell::new(Cache::new(key))
        })
        .collect();
    let templates = proto.templates.iter().map(|keys| link_template(heap, keys)).collect();
    let functions = proto.functions.iter().map(|function| link(heap, function, source, all)).collect();
    let classes = proto
        .classes
        .iter()
        .map(|class| ClassCode {
            name: heap.constant(&class.name).value(),
            constructor: class.constructor.as_ref().map_or(std::ptr::null(), |proto| link(heap, proto, source, all)),
            fields: class.fields.as_ref().map_or(std::ptr::null(), |proto| link(heap, proto, source, all)),
            methods: class
                .methods
                .iter()
                .map(|method| MethodCode {
                    key: match &method.key {
                        MethodKey::Named(name) => Ok(heap.constant(name)),
                        MethodKey::Private(index) => Err(*index),
                    },
                    is_static: method.is_static,
                    code: link(heap, &method.function, source, all),
                })
                .collect(),
        })
        .collect();
    let mut returns: Vec<GivenBack> = vec![Box::new([])];
    let mut instrs = proto.code.clone();
    for (pc, instr) in instrs.iter_mut().enumerate() {
        if matches!(instr.op(), Op::Return | Op::ReturnUndefined | Op::Finish) {
            let given_back = live_locals(proto, pc);
            let index = if given_back.is_empty() { 0 } else { returns.len() };
            if index > 0 {
                returns.push(given_back.into_boxed_slice());
            }
            *instr = Instr::abx(instr.op(), instr.x(), instr.a() as u16, index as i32);
        }
    }
    fuse_counting_loops(&mut instrs);
    fuse_assignments(&mut instrs);
    let short_name = proto.name.rsplit('.').next().unwrap_or("");
    let code = Box::new(Code {
        instrs: instrs.into_boxed_slice(),
        consts,
        caches,
        templates,
        functions,
        classes,
        returns: returns.into_boxed_slice(),
        params: proto.params as usize,
        registers: proto.registers as usize + 2,
        proto: proto.clone(),
        source: source.clone(),
        name: heap.constant(short_name).value(),
    });
    let pointer: *const Code = &*code;
    all.push(code);
    pointer
}

/// Gives back what [`link`] counted for one function. Nothing may refer to the code any more.
pub(super) fn unlink(heap: &mut Heap, code: &Code) {
    heap.by_temporary();
    for (constant, value) in code.proto.constants.iter().zip(&code.consts) {
        if !matches!(constant, Const::Number(_)) {
            heap.decref(*value);
        }
    }
    for cache in &code.caches {
        // SAFETY: nobody executes the code.
        let key = unsafe { (*cache.get()).key };
        heap.decref(key.value());
    }
    for class in &code.classes {
        heap.decref(class.name);
        let keys = class.methods.iter().filter_map(|method| method.key.ok());
        keys.for_each(|key| heap.decref(key.value()));
    }
    heap.decref(code.name);
}

/// `i += 1` right before `if i < n jump` becomes one step of the loop; both instructions stay where they are, so jumps to either stay right.
fn fuse_counting_loops(instrs: &mut [Instr]) {
    for pc in 1..instrs.len() {
        let (add, jump) = (instrs[pc - 1], instrs[pc]);
        if add.op() == Op::AddI
            && matches!(jump.op(), Op::JumpLt | Op::JumpLtI | Op::JumpLtK)
            && add.a() == add.b()
            && jump.a() == add.a()
            && jump.x() == 1
        {
            instrs[pc - 1] = Instr::abc(Op::AddIJump, add.x(), add.a() as u16, add.b() as u16, add.c() as u16);
        }
    }
}

/// `t = a + b` right before `x = t` becomes one step where no count is touched; both instructions stay where they are.
fn fuse_assignments(instrs: &mut [Instr]) {
    for pc in 1..instrs.len() {
        let (compute, set) = (instrs[pc - 1], instrs[pc]);
        if matches!(set.op(), Op::Set | Op::SetOuter)
            && set.b() == compute.a()
            && compute.x() & (flag::OWN | flag::SELF) == 0
            && let Some(op) = assigning(compute.op())
        {
            let (a, b, c) = (compute.a() as u16, compute.b() as u16, compute.c() as u16);
            instrs[pc - 1] = Instr::abc(op, compute.x(), a, b, c);
        }
    }
}

fn assigning(op: Op) -> Option<Op> {
    Some(match op {
        Op::Add => Op::AddTo,
        Op::AddK => Op::AddKTo,
        Op::Sub => Op::SubTo,
        Op::SubK => Op::SubKTo,
        Op::Mul => Op::MulTo,
        Op::MulK => Op::MulKTo,
        Op::Div => Op::DivTo,
        Op::DivK => Op::DivKTo,
        Op::Rem => Op::RemTo,
        Op::RemK => Op::RemKTo,
        _ => return None,
    })
}

fn link_constant(heap: &mut Heap, constant: &Const) -> Value {
    match constant {
        Const::Number(n) => Value::number(*n),
        Const::Exact(n) => {
            let value = heap.integer(*n);
            heap.incref(value);
            value
        }
        // A short text may be a key one day; a long one need not be in the intern table.
        Const::String(text) if text.len() <= 64 => heap.constant(text).value(),
        Const::String(text) => match heap.string(text) {
            Ok(value) => {
                heap.incref(value);
                value
            }
            Err(_) => heap.constant("").value(),
        },
    }
}

/// The shape that a literal with these keys has: within the bounds of shared shapes, which the compiler keeps.
fn link_template(heap: &mut Heap, keys: &[crate::syntax::ast::Name]) -> *mut Shape {
    let mut shape = heap.plain_shape();
    for name in keys {
        let key = heap.key(name);
        shape = heap.add_transition(shape, key, Listed::Yes);
    }
    shape
}

/// The counted locals at `pc`, last register first, innermost scope first.
pub(super) fn live_locals(proto: &Proto, pc: usize) -> Vec<(u16, u16)> {
    let pc = pc as u32;
    let mut live: Vec<(u16, u16)> = proto
        .locals
        .iter()
        .take_while(|local| local.start <= pc)
        .filter(|local| local.counted && pc < local.end)
        .map(|local| (local.register, local.depth))
        .collect();
    live.sort_by_key(|(register, depth)| (std::cmp::Reverse(*depth), std::cmp::Reverse(*register)));
    live
}
