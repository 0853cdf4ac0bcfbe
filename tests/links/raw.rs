//! Foreign objects as C would have them, and a heap with a statement to run them in.

use std::cell::RefCell;
use std::ptr::NonNull;

use probate::heap::collect::Reason;
use probate::heap::links::foreign::{ForeignHead, ForeignType};
use probate::heap::links::{LinkError, LinkKind, Weight};
use probate::heap::value::Value;
use probate::heap::{Heap, Settings};

thread_local! {
    /// What was called, in order: `free 3`, `dealloc 3`.
    static ENDED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What has been called since the last time somebody asked.
pub fn ended() -> Vec<String> {
    ENDED.take()
}

fn log(text: String) {
    ENDED.with_borrow_mut(|ended| ended.push(text));
}

/// What a deallocator does before it frees its object; true: it has counted the object up, and keeps it.
pub type Deallocator = Box<dyn FnOnce(Raw) -> bool>;

#[repr(C)]
struct Object {
    head: ForeignHead,
    name: usize,
    deallocator: Option<Deallocator>,
}

static TYPE: ForeignType = ForeignType::new(Some(dealloc), Some(free));

unsafe extern "C" fn dealloc(head: *mut ForeignHead) {
    let object = head.cast::<Object>();
    // SAFETY: every object of this type was made by `Raw::new`; its count is zero.
    unsafe {
        log(format!("dealloc {}", (*object).name));
        let kept = (*object).deallocator.take().is_some_and(|work| work(Raw(NonNull::new_unchecked(head))));
        if !kept {
            assert_eq!((*object).head.refcount(), 0, "nobody counts what is freed");
            drop(Box::from_raw(object));
        }
    }
}

unsafe extern "C" fn free(head: *mut ForeignHead) {
    // SAFETY: as above.
    unsafe {
        let object = Box::from_raw(head.cast::<Object>());
        log(format!("free {}", object.name));
    }
}

/// A pointer to an object; it counts nothing by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw(pub NonNull<ForeignHead>);

impl Raw {
    pub fn new(name: usize, refcount: isize) -> Raw {
        Raw::with(name, refcount, None)
    }

    pub fn with(name: usize, refcount: isize, deallocator: Option<Deallocator>) -> Raw {
        let object = Box::new(Object { head: ForeignHead::new(refcount, &TYPE), name, deallocator });
        Raw(NonNull::from(Box::leak(object)).cast())
    }

    pub fn head(&self) -> &ForeignHead {
        // SAFETY: the tests use no object that has ended.
        unsafe { self.0.as_ref() }
    }

    pub fn count(self) -> isize {
        self.head().refcount()
    }

    pub fn incref(self) {
        // SAFETY: as above.
        unsafe { ForeignHead::incref(self.0) }.expect("a sane count");
    }

    pub fn decref(self) {
        self.try_decref().expect("a count");
    }

    /// Frees an object whose count is not sane any more.
    pub fn destroy(self) {
        // SAFETY: as in `dealloc`; the tests that call this have left nobody who uses it.
        drop(unsafe { Box::from_raw(self.0.cast::<Object>().as_ptr()) });
    }

    pub fn try_decref(self) -> Result<(), LinkError> {
        // SAFETY: as above.
        unsafe { ForeignHead::decref(self.0) }
    }
}

/// A heap at level 2, with what the tests count as roots.
pub struct World {
    pub heap: Heap,
    pub roots: Vec<Value>,
    pub bases: Vec<usize>,
}

impl World {
    pub fn new() -> World {
        let mut heap = Heap::new(Settings::default());
        heap.push_scope();
        let mut world = World { bases: vec![heap.base()], heap, roots: Vec::new() };
        world.push();
        world
    }

    pub fn link(&mut self, p: Value, raw: Raw, kind: LinkKind, weight: Weight) {
        self.try_link(p, raw, kind, weight).expect("a link");
    }

    pub fn try_link(&mut self, p: Value, raw: Raw, kind: LinkKind, weight: Weight) -> Result<(), LinkError> {
        // SAFETY: as in `Raw::head`.
        unsafe { self.heap.create_link(p, raw.0, kind, weight) }
    }

    pub fn value_of(&self, raw: Raw) -> Option<Value> {
        // SAFETY: as in `Raw::head`.
        unsafe { self.heap.object_to_value(raw.0) }
    }

    /// A container that can be at this end of a link.
    pub fn make(&mut self, kind: LinkKind) -> Value {
        match kind {
            LinkKind::Value => self.heap.object(),
            LinkKind::Foreign => self.heap.host_object("Proxy", Box::new(()), None),
        }
    }

    pub fn root(&mut self, value: Value) {
        self.heap.incref(value);
        self.roots.push(value);
    }

    pub fn unroot(&mut self, value: Value) {
        let index = self.roots.iter().rposition(|root| *root == value).expect("a root");
        self.roots.swap_remove(index);
        self.heap.decref(value);
    }

    pub fn set(&mut self, owner: Value, key: &str, value: Value) {
        let key = self.heap.key(key);
        self.heap.set_own(owner, key, value).expect("no limit");
    }

    pub fn push(&mut self) {
        self.heap.push_scope();
        self.bases.push(self.heap.base());
    }

    /// The statement ends.
    pub fn sweep(&mut self) {
        self.heap.sweep(self.bases[self.bases.len() - 1]);
        self.verify();
    }

    /// Pops the current scope; `locals` are its variables.
    pub fn pop(&mut self, locals: &[Value]) {
        let base = self.bases.pop().expect("a scope");
        assert!(locals.is_empty() || self.heap.scope_wants_care() || !self.heap.scope_has_linked());
        self.heap.rescue_linked(base);
        for local in locals.iter().rev() {
            self.unroot(*local);
        }
        assert!(self.heap.pop_scope(base), "nothing falls");
        self.verify();
    }

    /// Collects, and ends the statement. How many containers were found dead.
    pub fn collect(&mut self) -> u64 {
        let collected = self.heap.collect(&self.roots, Reason::Explicit);
        assert!(collected.due.is_empty(), "there are no finalizers");
        self.verify();
        self.sweep();
        collected.found
    }

    pub fn drain(&mut self) {
        self.heap.drain_deallocations();
        self.verify();
    }

    pub fn verify(&mut self) {
        self.heap.verify(&self.roots).expect("every invariant holds");
    }

    /// The end of a program. What was called by it.
    pub fn finish(mut self) -> Vec<String> {
        ended();
        for root in std::mem::take(&mut self.roots).into_iter().rev() {
            self.heap.decref(root);
        }
        self.heap.unwind_to(0, 0, probate::heap::event::Cause::Exit);
        self.verify();
        self.heap.drain_deallocations();
        assert_eq!(self.heap.live_containers(), 0, "everything is freed");
        drop(self);
        ended()
    }
}
