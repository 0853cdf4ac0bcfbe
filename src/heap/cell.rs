//! Cells: what lies behind a heap value, and the one header that holds count, owner and links.
//!
//! Every cell starts with a [`Cell`] (8 bytes). A container's header is a [`Container`] (32 bytes): no further memory is
//! spent on ownership. Cells never move.

use std::any::Any;

use super::class::ClassData;
use super::host::HostData;
use super::shape::Shape;
use super::table::Table;
use super::value::Value;
use super::weak::WeakTable;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    // atoms
    String,
    Exact,
    // containers
    Object,
    Array,
    Function,
    Native,
    Bound,
    Class,
    Map,
    Set,
    Variable,
    Iterator,
    WeakRef,
    WeakMap,
    WeakSet,
    Host,
    /// Freed, and kept so that a stale pointer is found out (stress mode).
    Poisoned,
}

impl Kind {
    pub const COUNT: usize = Kind::Poisoned as usize;

    /// Every kind of a live cell.
    pub const ALL: [Kind; Kind::COUNT] = [
        Kind::String,
        Kind::Exact,
        Kind::Object,
        Kind::Array,
        Kind::Function,
        Kind::Native,
        Kind::Bound,
        Kind::Class,
        Kind::Map,
        Kind::Set,
        Kind::Variable,
        Kind::Iterator,
        Kind::WeakRef,
        Kind::WeakMap,
        Kind::WeakSet,
        Kind::Host,
    ];

    /// As in traces and `gc.stats()`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Exact => "number",
            Kind::Object => "object",
            Kind::Array => "array",
            Kind::Function | Kind::Native | Kind::Bound => "function",
            Kind::Class => "class",
            Kind::Map => "map",
            Kind::Set => "set",
            Kind::Variable => "variable",
            Kind::Iterator => "iterator",
            Kind::WeakRef => "weakref",
            Kind::WeakMap => "weakmap",
            Kind::WeakSet => "weakset",
            Kind::Host => "host",
            Kind::Poisoned => "poisoned",
        }
    }
}

/// Flags of a cell.
pub mod bits {
    /// It has an entry on the probation vector, and so lives at least until the statement of that entry ends.
    pub const ENTRY: u8 = 1;
    /// It is on its owner's list of longer-lived values.
    pub const LINKED: u8 = 2;
    /// Torn down, waiting in the delayed-destruction queue or in a teardown's worklist.
    pub const DEAD: u8 = 4;
    /// A string in the intern table: usable as a key as it is.
    pub const INTERNED: u8 = 8;
    /// A container that cannot be changed.
    pub const FROZEN: u8 = 16;
    /// Array or object: the elements or slots are in the cell itself. String: the bytes are in a shared buffer.
    pub const INSIDE: u8 = 32;
    /// Made before the program: owned by level 0, shown as `@name`, never freed before the heap.
    pub const BUILTIN: u8 = 64;
    /// Reached by the collection in progress.
    pub const MARK: u8 = 128;
}

/// Further flags of a container, all of them rare: whoever handles one tests for zero first.
pub mod more {
    /// A finalizer is registered for it.
    pub const FINALIZABLE: u8 = 1;
    /// That finalizer is in the table of finalizers, and what it refers to is one of the container's children; without it, it is the class method `finalize`.
    pub const LISTED: u8 = 2;
    /// A script has registered or unregistered a finalizer itself: its class's method does not register any more.
    pub const DECIDED: u8 = 4;
    /// Weak references point to it.
    pub const WEAKLY: u8 = 8;
    /// It is a key of a WeakMap or WeakSet, and holds the value that stands there.
    pub const KEY: u8 = 16;
    /// It is linked to a foreign object, and has the data.
    pub const VALUE_LINK: u8 = 32;
    /// It is linked to a foreign object, as its proxy.
    pub const FOREIGN_LINK: u8 = 64;
    pub const LINKS: u8 = VALUE_LINK | FOREIGN_LINK;
}

/// The start of every cell.
#[repr(C)]
pub struct Cell {
    /// Counted references.
    pub count: u32,
    pub kind: Kind,
    pub bits: u8,
    /// Size class of the cell, see `alloc`.
    pub class: u8,
    /// See [`more`].
    pub more: u8,
}

/// The header of a container.
#[repr(C)]
pub struct Container {
    pub cell: Cell,
    /// `id << 24 | level`: its place in the order of creation, and the level of the scope that owns it.
    tag: u64,
    /// Neighbours on the owner's list; `next` also threads the worklist of a teardown and the delayed-destruction queue.
    pub prev: *mut Container,
    pub next: *mut Container,
}

pub const LEVEL_BITS: u32 = 24;
pub const MAX_LEVEL: u32 = (1 << LEVEL_BITS) - 1;

impl Container {
    #[inline(always)]
    pub fn set_tag(&mut self, id: u64, level: u32) {
        self.tag = id << LEVEL_BITS | level as u64;
    }

    #[inline(always)]
    pub fn level(&self) -> u32 {
        self.tag as u32 & MAX_LEVEL
    }

    #[inline(always)]
    pub fn set_level(&mut self, level: u32) {
        self.tag = self.tag & !(MAX_LEVEL as u64) | level as u64;
    }

    #[inline(always)]
    pub fn id(&self) -> u64 {
        self.tag >> LEVEL_BITS
    }
}

/// An integer beyond ±2^53 (deviation D1).
#[repr(C)]
pub struct Exact {
    pub cell: Cell,
    pub value: i64,
}

/// A plain object, an instance or an error.
#[repr(C)]
pub struct Object {
    pub head: Container,
    pub shape: *mut Shape,
    /// The slots: inside the cell behind this field, or in a buffer of their own.
    pub slots: *mut Value,
}

/// A dense array. The elements start at `data`, `offset` places behind the start of the buffer, so that removal at the front is O(1).
#[repr(C)]
pub struct Array {
    pub head: Container,
    pub data: *mut Value,
    /// An object with the named properties, or undefined.
    pub props: Value,
    pub len: u32,
    /// Places from `data` to the end of the buffer.
    pub cap: u32,
    pub offset: u32,
    pub spare: u32,
}

/// A closure; the captured variables stand behind it.
#[repr(C)]
pub struct Function {
    pub head: Container,
    /// The machine's linked code; the heap never looks into it.
    pub code: *const (),
    /// The class whose method it is, or undefined.
    pub home: Value,
    pub props: Value,
    pub captures: u32,
    pub spare: u32,
}

/// A function of the host.
#[repr(C)]
pub struct Native {
    pub head: Container,
    /// The machine's description of it; the heap never looks into it.
    pub info: *const (),
    pub props: Value,
    /// What `info` points into, if it belongs to this function: a box in a box. Else null.
    pub owned: *mut Box<dyn Any + Send>,
}

/// What `bind` makes; `this` and the arguments stand behind it.
#[repr(C)]
pub struct Bound {
    pub head: Container,
    pub target: Value,
    pub props: Value,
    /// `this` and the arguments.
    pub count: u32,
    pub spare: u32,
}

#[repr(C)]
pub struct Class {
    pub head: Container,
    pub data: *mut ClassData,
    /// An object with the static properties, or undefined.
    pub props: Value,
}

/// A Map or a Set.
#[repr(C)]
pub struct Collection {
    pub head: Container,
    pub table: *mut Table,
    pub props: Value,
}

/// A weak reference: its target is not counted.
#[repr(C)]
pub struct WeakRef {
    pub head: Container,
    /// Undefined once the target has died.
    pub target: Value,
    pub props: Value,
    /// Its place among the referrers of its target.
    pub place: usize,
}

/// A WeakMap or WeakSet: see `weak`.
#[repr(C)]
pub struct WeakCollection {
    pub head: Container,
    pub entries: *mut WeakTable,
    pub props: Value,
}

/// An object of the host, with a payload that the heap never looks into.
#[repr(C)]
pub struct Host {
    pub head: Container,
    pub data: *mut HostData,
    pub props: Value,
}

/// A captured variable.
#[repr(C)]
pub struct Variable {
    pub head: Container,
    pub value: Value,
}

/// What an iterator yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Yield {
    Keys,
    Values,
    Entries,
    /// The lines of standard input, whatever the target is.
    Lines,
}

/// A built-in iterator object.
#[repr(C)]
pub struct Iterator {
    pub head: Container,
    /// The array, Map, Set or string (with `Yield::Lines` an empty one); undefined at the end.
    pub target: Value,
    pub position: u64,
    pub yields: Yield,
}

const _: () = assert!(size_of::<Cell>() == 8);
const _: () = assert!(size_of::<Container>() == 32);
const _: () = assert!(size_of::<Object>() == 48);
const _: () = assert!(size_of::<Array>() == 64);
