//! Shapes: which keys an object has, in the order they were added, and in which slot each one's value is.
//!
//! A *shared* shape belongs to a tree: objects that got the same keys in the same order have the same shape, so `(shape, slot)` can be cached at an
//! access. Its slots are never removed. A *dictionary* shape belongs to one object, and is never cached: an object gets one when it loses a
//! key, is frozen, has more than [`MAX_SHARED_KEYS`] keys, or when the tree has grown beyond its bounds (keys computed without end).
//!
//! Shapes count their keys. A class's instances start at a root shape of the class, so a shape also says what methods there are.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Heap;
use super::cell::Container;
use super::string::Key;

pub const MAX_SHARED_KEYS: usize = 64;
const MAX_TRANSITIONS: usize = 256;
const MAX_SHAPES: u32 = 16_384;

/// Whether a key is listed by `Object.keys`, `JSON.stringify` and the like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listed {
    Yes,
    /// The own properties of errors.
    No,
}

pub struct Shape {
    /// The class whose instances have this shape, or null.
    pub class: *mut Container,
    /// Slots in use by an object of this shape.
    pub slots: u32,
    pub keys: Keys,
    transitions: FxHashMap<Key, *mut Shape>,
    /// The key this shape adds to its parent's.
    added: Option<Key>,
}

pub enum Keys {
    Shared(IndexMap<Key, Listed, FxBuildHasher>),
    Dictionary(Box<Dictionary>),
}

#[derive(Default)]
pub struct Dictionary {
    index: FxHashMap<Key, u32>,
    /// By slot; `None` where a key was deleted.
    slots: Vec<Option<(Key, Listed)>>,
    /// Bytes that it was accounted for.
    accounted: usize,
}

impl Dictionary {
    /// About how many bytes it and its shape take.
    fn bytes(&self) -> usize {
        size_of::<Shape>()
            + size_of::<Dictionary>()
            + self.index.capacity() * (size_of::<(Key, u32)>() + 1) * 8 / 7
            + self.slots.capacity() * size_of::<Option<(Key, Listed)>>()
    }

    pub fn key_count(&self) -> usize {
        self.index.len()
    }

    pub fn vacant(&self) -> usize {
        self.slots.len() - self.index.len()
    }
}

impl Shape {
    /// About how many bytes a shared one takes, its place among its parent's transitions included.
    fn bytes(&self) -> usize {
        const TRANSITION: usize = 2 * (size_of::<(Key, *mut Shape)>() + 1);
        const ENTRY: usize = size_of::<(usize, Key, Listed)>() + 2 * size_of::<usize>();
        let keys = match &self.keys {
            Keys::Shared(keys) => keys.len() * ENTRY,
            Keys::Dictionary(_) => 0,
        };
        size_of::<Shape>() + TRANSITION + keys
    }

    fn root(class: *mut Container) -> Shape {
        Shape {
            class,
            slots: 0,
            keys: Keys::Shared(IndexMap::default()),
            transitions: FxHashMap::default(),
            added: None,
        }
    }

    /// The slot of a key. O(1).
    #[inline]
    pub fn slot_of(&self, key: Key) -> Option<usize> {
        match &self.keys {
            Keys::Shared(keys) => keys.get_index_of(&key),
            Keys::Dictionary(dictionary) => dictionary.index.get(&key).map(|slot| *slot as usize),
        }
    }

    pub fn is_dictionary(&self) -> bool {
        matches!(self.keys, Keys::Dictionary(_))
    }

    pub fn key_count(&self) -> usize {
        match &self.keys {
            Keys::Shared(keys) => keys.len(),
            Keys::Dictionary(dictionary) => dictionary.key_count(),
        }
    }

    /// The key in a slot; `None` for a deleted one or past the end.
    pub fn key_at(&self, slot: usize) -> Option<(Key, Listed)> {
        match &self.keys {
            Keys::Shared(keys) => keys.get_index(slot).map(|(key, listed)| (*key, *listed)),
            Keys::Dictionary(dictionary) => dictionary.slots.get(slot).copied().flatten(),
        }
    }
}

impl Heap {
    pub(super) fn new_root_shape(&mut self, class: *mut Container) -> *mut Shape {
        self.shape_count += 1;
        let root = Shape::root(class);
        self.account_beside(root.bytes());
        Box::into_raw(Box::new(root))
    }

    /// The shape that a shared `shape` becomes by adding `key`; `None` if the object must become a dictionary.
    pub(crate) fn transition(&mut self, shape: *mut Shape, key: Key, listed: Listed) -> Option<*mut Shape> {
        // SAFETY: shapes live as long as an object or class refers to them; only this function changes `transitions`.
        let from = unsafe { &mut *shape };
        if let Some(next) = from.transitions.get(&key) {
            return Some(*next);
        }
        let Keys::Shared(keys) = &from.keys else { return None };
        if keys.len() >= MAX_SHARED_KEYS || from.transitions.len() >= MAX_TRANSITIONS || self.shape_count >= MAX_SHAPES
        {
            return None;
        }
        Some(self.add_transition(shape, key, listed))
    }

    /// As [`Heap::transition`] for a key that a program's text names: the text bounds them.
    pub(crate) fn add_transition(&mut self, shape: *mut Shape, key: Key, listed: Listed) -> *mut Shape {
        // SAFETY: as in `transition`.
        let from = unsafe { &mut *shape };
        if let Some(next) = from.transitions.get(&key) {
            return *next;
        }
        let mut keys = match &from.keys {
            Keys::Shared(keys) => keys.clone(),
            Keys::Dictionary(_) => IndexMap::default(),
        };
        keys.insert(key, listed);
        self.incref(key.value());
        self.shape_count += 1;
        let next = Shape {
            class: from.class,
            slots: keys.len() as u32,
            keys: Keys::Shared(keys),
            transitions: FxHashMap::default(),
            added: Some(key),
        };
        self.account_beside(next.bytes());
        let next = Box::into_raw(Box::new(next));
        from.transitions.insert(key, next);
        next
    }

    /// A dictionary shape with the keys of `shape`, for one object.
    pub(super) fn dictionary_of(&mut self, shape: *mut Shape) -> *mut Shape {
        // SAFETY: as in `transition`.
        let from = unsafe { &*shape };
        let mut dictionary = Dictionary::default();
        for slot in 0..from.slots as usize {
            let entry = from.key_at(slot);
            if let Some((key, _)) = entry {
                self.incref(key.value());
                dictionary.index.insert(key, slot as u32);
            }
            dictionary.slots.push(entry);
        }
        dictionary.accounted = dictionary.bytes();
        self.account_beside(dictionary.accounted);
        Box::into_raw(Box::new(Shape {
            class: from.class,
            slots: from.slots,
            keys: Keys::Dictionary(Box::new(dictionary)),
            transitions: FxHashMap::default(),
            added: None,
        }))
    }

    /// Adds a key to a dictionary shape; its slot is the last.
    pub(super) fn dictionary_add(&mut self, shape: *mut Shape, key: Key, listed: Listed) {
        self.incref(key.value());
        // SAFETY: a dictionary shape belongs to the one object being changed.
        let shape = unsafe { &mut *shape };
        if let Keys::Dictionary(dictionary) = &mut shape.keys {
            dictionary.index.insert(key, dictionary.slots.len() as u32);
            dictionary.slots.push(Some((key, listed)));
            shape.slots += 1;
            if dictionary.slots.len().is_power_of_two() {
                let bytes = dictionary.bytes();
                let before = std::mem::replace(&mut dictionary.accounted, bytes);
                self.account_beside(bytes.saturating_sub(before));
            }
        }
    }

    /// Removes a key from a dictionary shape and says which slot it had.
    pub(super) fn dictionary_remove(&mut self, shape: *mut Shape, key: Key) -> Option<usize> {
        // SAFETY: as in `dictionary_add`.
        let shape = unsafe { &mut *shape };
        let Keys::Dictionary(dictionary) = &mut shape.keys else { return None };
        let slot = dictionary.index.remove(&key)? as usize;
        dictionary.slots[slot] = None;
        self.decref(key.value());
        Some(slot)
    }

    /// Renumbers the slots of a dictionary without the vacant ones; returns the old slot of each new one.
    pub(super) fn dictionary_compact(&mut self, shape: *mut Shape) -> Vec<u32> {
        // SAFETY: as in `dictionary_add`.
        let shape = unsafe { &mut *shape };
        let mut moved = Vec::new();
        if let Keys::Dictionary(dictionary) = &mut shape.keys {
            let old = std::mem::take(&mut dictionary.slots);
            for (slot, entry) in old.into_iter().enumerate() {
                if let Some((key, _)) = entry {
                    dictionary.index.insert(key, moved.len() as u32);
                    dictionary.slots.push(entry);
                    moved.push(slot as u32);
                }
            }
            shape.slots = moved.len() as u32;
        }
        moved
    }

    /// Frees a dictionary shape with its object.
    pub(super) fn free_dictionary(&mut self, shape: *mut Shape) {
        // SAFETY: the object that owned it is being torn down.
        let shape = unsafe { Box::from_raw(shape) };
        if let Keys::Dictionary(dictionary) = &shape.keys {
            self.discount_beside(dictionary.accounted);
            for (key, _) in dictionary.slots.iter().flatten() {
                self.decref(key.value());
            }
        }
    }

    /// Frees a class's shapes with the class: no instance is left. Shapes may stand in inline caches, so they wait in a graveyard until the machine has cleared
    /// those ([`Heap::bury_shapes`]).
    pub(super) fn retire_shapes(&mut self, root: *mut Shape) {
        let mut pending = vec![root];
        while let Some(p) = pending.pop() {
            // SAFETY: the tree of a root belongs to its class; each shape is reached once.
            let shape = unsafe { &mut *p };
            pending.extend(shape.transitions.drain().map(|(_, next)| next));
            if let Some(key) = shape.added.take() {
                self.decref(key.value());
            }
            self.shape_count -= 1;
            self.graveyard.push(p);
        }
    }

    /// Whether enough retired shapes wait that the machine should clear its caches and call [`Heap::bury_shapes`].
    pub fn graveyard_is_full(&self) -> bool {
        self.graveyard.len() >= 1024
    }

    /// Frees the retired shapes. No inline cache may refer to one any more.
    pub fn bury_shapes(&mut self) {
        let mut bytes = 0;
        for shape in self.graveyard.drain(..) {
            // SAFETY: retired shapes are referred to by nothing but caches, which the caller has cleared.
            let shape = unsafe { Box::from_raw(shape) };
            bytes += shape.bytes();
        }
        self.discount_beside(bytes);
    }
}
