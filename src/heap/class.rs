//! Classes: a constructor, methods that cannot change, and the root shape of the instances.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::shape::Shape;
use super::string::Key;
use super::value::Value;

pub struct ClassData {
    /// A string.
    pub name: Value,
    /// A class, or undefined.
    pub parent: Value,
    /// The constructor's closure, or undefined for the default one.
    pub constructor: Value,
    /// The closure that runs the instance fields, or undefined.
    pub fields: Value,
    /// The class whose body this class's text stands in, or undefined.
    pub outer: Value,
    /// Instance methods, private ones included. Inherited ones are found through `parent`.
    pub methods: IndexMap<Key, Value, FxBuildHasher>,
    /// Static methods. Static data is in the class's `props`.
    pub statics: IndexMap<Key, Value, FxBuildHasher>,
    /// Private names declared by the class, one set for each time the class expression is evaluated.
    pub private_names: Vec<Key>,
    /// It has a method `finalize`, its own or an inherited one: its instances are registered when they are made.
    pub finalizes: bool,
    pub instance_shape: *mut Shape,
    /// Slots to give a new instance.
    pub instance_slots: u32,
    /// A built-in class: the machine's description of its constructor; else null.
    pub native: *const (),
    /// What its members were accounted for, in bytes.
    pub accounted: usize,
}

impl ClassData {
    /// About how many bytes its lists take.
    pub fn list_bytes(&self) -> usize {
        const MEMBER: usize = size_of::<(usize, Key, Value)>() + 2 * size_of::<usize>();
        (self.methods.len() + self.statics.len()) * MEMBER + self.private_names.capacity() * size_of::<Key>()
    }
}
