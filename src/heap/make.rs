//! Making values. Everything made here is fresh: count 0, on probation, owned by the current scope (level 0: a built-in).

use std::any::Any;
use std::ptr::null_mut;

use super::Heap;
use super::alloc::{GRAIN, rounded};
use super::cell::{
    Array, Bound, Cell, Class, Collection, Container, Exact, Function, Host, Iterator, Kind, Native, Object, Variable,
    WeakCollection, WeakRef, Yield, bits,
};
use super::class::ClassData;
use super::event::{Event, Why};
use super::host::HostData;
use super::shape::Shape;
use super::string::Key;
use super::table::Table;
use super::value::Value;
use super::weak::WeakTable;

/// The largest size class that fits `Cell::class`.
const LARGEST_CLASS: usize = 255 * GRAIN;

impl Heap {
    #[inline(always)]
    pub(super) fn alloc_atom(&mut self, size: usize, kind: Kind) -> *mut Cell {
        let p = self.arena.alloc(size) as *mut Cell;
        let bits = if self.level == 0 { bits::BUILTIN } else { 0 };
        // SAFETY: a fresh block of at least a grain.
        unsafe { p.write(Cell { count: 0, kind, bits, class: (rounded(size) / GRAIN) as u8, more: 0 }) };
        self.counters.live[kind as usize] += 1;
        p
    }

    #[inline(always)]
    fn alloc_container(&mut self, size: usize, kind: Kind) -> *mut Container {
        let p = self.arena.alloc(size) as *mut Container;
        let class = if size <= LARGEST_CLASS { (rounded(size) / GRAIN) as u8 } else { 0 };
        // SAFETY: a fresh block of at least a header. It goes on probation at once.
        unsafe {
            (*p).cell = Cell { count: 0, kind, bits: bits::ENTRY, class, more: 0 };
            (*p).set_tag(self.next_id, self.level);
            (*p).prev = null_mut();
            (*p).next = null_mut();
        }
        self.counters.live[kind as usize] += 1;
        if self.level == 0 {
            // SAFETY: fresh.
            unsafe {
                (*p).cell.bits = bits::BUILTIN;
                self.link(p);
            }
            return p;
        }
        self.next_id += 1;
        self.probation.push(p as usize);
        if self.tracing {
            self.emit_alloc(p, kind);
        }
        p
    }

    #[cold]
    #[inline(never)]
    fn emit_alloc(&mut self, p: *mut Container, kind: Kind) {
        let (id, level) = (self.id_of(p), self.level);
        self.emit(Event::Alloc { id: id.clone(), kind, level });
        self.emit(Event::Probation { id });
    }

    /// An integer: exact beyond ±2^53 (deviation D1), a plain number within.
    pub fn integer(&mut self, n: i64) -> Value {
        if n.unsigned_abs() <= 1 << 53 {
            return Value::number(n as f64);
        }
        let p = self.alloc_atom(size_of::<Exact>(), Kind::Exact) as *mut Exact;
        // SAFETY: a fresh cell of that size.
        unsafe { (*p).value = n };
        self.probation_atom(p as *mut Cell);
        Value::from_exact(p)
    }

    /// An object of a shape, with room for `room` slots (at least the shape's); the shape's slots are undefined.
    #[inline]
    pub(crate) fn object_of(&mut self, shape: *mut Shape, room: usize) -> Value {
        // SAFETY: shapes outlive their use (see `Shape`).
        let (used, class) = unsafe { ((*shape).slots as usize, (*shape).class) };
        let inside = room.max(used).min(super::object::MOST_INSIDE);
        let p = self.alloc_container(size_of::<Object>() + inside * size_of::<Value>(), Kind::Object) as *mut Object;
        // SAFETY: a fresh cell with room for `inside` slots behind the header.
        unsafe {
            (*p).head.cell.bits |= bits::INSIDE;
            (*p).shape = shape;
            (*p).slots = p.add(1) as *mut Value;
            if used > inside {
                self.grow_slots(p, used);
            }
            for slot in 0..used {
                *(*p).slots.add(slot) = Value::UNDEFINED;
            }
            if !class.is_null() {
                self.by_inner(p as *mut Container, "(class)");
                self.store_ref(p as *mut Container, Value::from_container(class));
            }
        }
        Value::from_container(p as *mut Container)
    }

    /// An empty plain object.
    pub fn object(&mut self) -> Value {
        let shape = self.root_shape;
        self.object_of(shape, 4)
    }

    /// An object with a root shape of its own: built-in namespaces, whose shapes no script's object may share.
    pub(crate) fn namespace(&mut self) -> Value {
        let shape = self.new_root_shape(null_mut());
        self.namespace_roots.push(shape);
        self.object_of(shape, 16)
    }

    /// Makes a built-in container immutable, and keeps its shape.
    pub(crate) fn seal_builtin(&mut self, value: Value) {
        // SAFETY: a live container (I2).
        unsafe { (*value.cell()).bits |= bits::FROZEN };
    }

    /// The shape of a plain object without keys.
    pub(crate) fn plain_shape(&self) -> *mut Shape {
        self.root_shape
    }

    /// An empty array with room for `room` elements (more is allocated when needed, and checked then).
    #[inline]
    pub fn array(&mut self, room: usize) -> Value {
        let inside = room.clamp(2, super::array::MOST_INSIDE);
        let p = self.alloc_container(size_of::<Array>() + inside * size_of::<Value>(), Kind::Array) as *mut Array;
        // SAFETY: a fresh cell with room for `inside` elements behind the header.
        unsafe {
            (*p).head.cell.bits |= bits::INSIDE;
            (*p).data = p.add(1) as *mut Value;
            (*p).len = 0;
            let block = (*p).head.cell.class as usize * GRAIN - size_of::<Array>();
            (*p).cap = (block / size_of::<Value>()) as u32;
            (*p).offset = 0;
            (*p).props = Value::UNDEFINED;
        }
        Value::from_container(p as *mut Container)
    }

    /// A captured variable that is not initialised.
    pub(crate) fn variable(&mut self) -> Value {
        let p = self.alloc_container(size_of::<Variable>(), Kind::Variable) as *mut Variable;
        // SAFETY: a fresh cell of that size.
        unsafe { (*p).value = Value::HOLE };
        Value::from_container(p as *mut Container)
    }

    /// A closure of the machine's `code` with these captured variables; `home` is its class or undefined.
    pub(crate) fn function(&mut self, code: *const (), home: Value, captures: &[Value]) -> Value {
        let p = self.alloc_container(size_of::<Function>() + size_of_val(captures), Kind::Function) as *mut Function;
        // SAFETY: a fresh cell with room for the captures behind the header.
        unsafe {
            (*p).code = code;
            (*p).captures = captures.len() as u32;
            (*p).home = home;
            (*p).props = Value::UNDEFINED;
            let captured = p.add(1) as *mut Value;
            for (index, value) in captures.iter().enumerate() {
                *captured.add(index) = *value;
            }
            self.by_inner(p as *mut Container, "(class)");
            self.store_ref(p as *mut Container, home);
            self.by_inner(p as *mut Container, "(captured)");
            for value in captures {
                self.store_ref_as(p as *mut Container, *value, Why::Capture);
            }
        }
        Value::from_container(p as *mut Container)
    }

    /// A host function; `info` is the machine's description, which outlives it.
    pub(crate) fn native(&mut self, info: *const ()) -> Value {
        let p = self.alloc_container(size_of::<Native>(), Kind::Native) as *mut Native;
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).info = info;
            (*p).props = Value::UNDEFINED;
            (*p).owned = null_mut();
        }
        Value::from_container(p as *mut Container)
    }

    /// The same for a function whose description belongs to it: `owner` is dropped when the function is freed.
    pub(crate) fn owned_native(&mut self, info: *const (), owner: Box<dyn Any + Send>) -> Value {
        let function = self.native(info);
        // SAFETY: a fresh native.
        unsafe { (*(function.container() as *mut Native)).owned = Box::into_raw(Box::new(owner)) };
        function
    }

    /// What `bind` makes: `values` are `this` and the arguments.
    pub(crate) fn bound(&mut self, target: Value, values: &[Value]) -> Value {
        let p = self.alloc_container(size_of::<Bound>() + size_of_val(values), Kind::Bound) as *mut Bound;
        // SAFETY: a fresh cell with room for the values behind the header.
        unsafe {
            (*p).target = target;
            (*p).props = Value::UNDEFINED;
            (*p).count = values.len() as u32;
            let stored = p.add(1) as *mut Value;
            self.by_inner(p as *mut Container, "(bound)");
            self.store_ref(p as *mut Container, target);
            for (index, value) in values.iter().enumerate() {
                *stored.add(index) = *value;
                self.store_ref(p as *mut Container, *value);
            }
        }
        Value::from_container(p as *mut Container)
    }

    /// A class without members.
    pub(crate) fn class(&mut self, name: Value, parent: Value) -> Value {
        let p = self.alloc_container(size_of::<Class>(), Kind::Class) as *mut Class;
        let shape = self.new_root_shape(p as *mut Container);
        self.account_beside(size_of::<ClassData>());
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).props = Value::UNDEFINED;
            (*p).data = Box::into_raw(Box::new(ClassData {
                name,
                parent,
                constructor: Value::UNDEFINED,
                fields: Value::UNDEFINED,
                outer: Value::UNDEFINED,
                methods: Default::default(),
                statics: Default::default(),
                private_names: Vec::new(),
                finalizes: false,
                instance_shape: shape,
                instance_slots: 4,
                native: std::ptr::null(),
                accounted: size_of::<ClassData>(),
            }));
            self.store_ref(p as *mut Container, name);
            self.by_inner(p as *mut Container, "(parent)");
            self.store_ref(p as *mut Container, parent);
        }
        Value::from_container(p as *mut Container)
    }

    fn collection(&mut self, kind: Kind) -> Value {
        let p = self.alloc_container(size_of::<Collection>(), kind) as *mut Collection;
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).table = Box::into_raw(Box::<Table>::default());
            (*p).props = Value::UNDEFINED;
        }
        Value::from_container(p as *mut Container)
    }

    pub fn map(&mut self) -> Value {
        self.collection(Kind::Map)
    }

    pub fn set(&mut self) -> Value {
        self.collection(Kind::Set)
    }

    pub(super) fn make_weak_ref(&mut self, target: Value) -> Value {
        let p = self.alloc_container(size_of::<WeakRef>(), Kind::WeakRef) as *mut WeakRef;
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).target = target;
            (*p).props = Value::UNDEFINED;
            (*p).place = 0;
        }
        Value::from_container(p as *mut Container)
    }

    fn weak_collection(&mut self, kind: Kind) -> Value {
        let p = self.alloc_container(size_of::<WeakCollection>(), kind) as *mut WeakCollection;
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).entries = Box::into_raw(Box::<WeakTable>::default());
            (*p).props = Value::UNDEFINED;
        }
        Value::from_container(p as *mut Container)
    }

    pub fn weak_map(&mut self) -> Value {
        self.weak_collection(Kind::WeakMap)
    }

    pub fn weak_set(&mut self) -> Value {
        self.weak_collection(Kind::WeakSet)
    }

    pub(super) fn make_host(&mut self, data: HostData) -> Value {
        let p = self.alloc_container(size_of::<Host>(), Kind::Host) as *mut Host;
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).data = Box::into_raw(Box::new(data));
            (*p).props = Value::UNDEFINED;
        }
        Value::from_container(p as *mut Container)
    }

    /// An iterator object over an array, string, Map or Set.
    pub fn iterator(&mut self, target: Value, yields: Yield) -> Value {
        let p = self.alloc_container(size_of::<Iterator>(), Kind::Iterator) as *mut Iterator;
        // SAFETY: a fresh cell of that size.
        unsafe {
            (*p).target = target;
            (*p).position = 0;
            (*p).yields = yields;
            self.by_inner(p as *mut Container, "(target)");
            self.store_ref(p as *mut Container, target);
        }
        Value::from_container(p as *mut Container)
    }

    /// Counts the reference that container `owner` is about to hold, and up-scopes its target to the owner's scope (I1).
    #[inline(always)]
    pub(crate) fn store_ref(&mut self, owner: *mut Container, value: Value) {
        self.store_ref_as(owner, value, Why::Store);
    }

    #[inline(always)]
    pub(crate) fn store_ref_as(&mut self, owner: *mut Container, value: Value, why: Why) {
        if value.is_heap() {
            if value.is_container() {
                // SAFETY: the caller has a live owner.
                let level = unsafe { (*owner).level() };
                self.upscope(value, level, why);
            }
            self.incref(value);
        }
    }

    /// The constant with this text: a counted key that the caller gives back with [`Heap::decref`].
    pub fn constant(&mut self, text: &str) -> Key {
        let key = self.key(text);
        self.incref(key.value());
        key
    }

    /// The empty string and the 128 strings of one ASCII character, made once.
    pub(super) fn make_constant_strings(&mut self) {
        let key = {
            let p = self.alloc_atom(size_of::<super::string::Str>(), Kind::String) as *mut super::string::Str;
            // SAFETY: a fresh cell of that size; an empty text needs no bytes.
            unsafe {
                (*p).data = p.add(1) as *const u8;
                (*p).len = 0;
                (*p).chars = 0;
                (*p).hash = 0;
            }
            Value::from_str(p)
        };
        self.empty_string = key;
        self.key_of(key);
        for byte in 0..128u8 {
            let p = self.alloc_atom(size_of::<super::string::Str>() + 1, Kind::String) as *mut super::string::Str;
            // SAFETY: a fresh cell with room for one byte behind the header.
            unsafe {
                let data = p.add(1) as *mut u8;
                *data = byte;
                (*p).data = data;
                (*p).len = 1;
                (*p).chars = 1;
                (*p).hash = 0;
            }
            self.ascii[byte as usize] = Value::from_str(p);
            self.key_of(Value::from_str(p));
        }
    }

    pub(super) fn free_constant_strings(&mut self) {
        let mut strings: Vec<*mut super::string::Str> = self.interned.drain().collect();
        strings.append(&mut self.private_constants);
        for p in strings {
            // SAFETY: nothing is left that could refer to a string; the table is empty, so the interned bit is cleared first.
            unsafe {
                (*p).cell.bits &= !bits::INTERNED;
                self.drop_string(p);
                let size = (*p).cell.class as usize * GRAIN;
                self.arena.free(p as *mut u8, size);
            }
        }
    }
}
