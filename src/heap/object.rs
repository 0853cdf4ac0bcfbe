//! Objects: slots, own properties, the way to a dictionary.

use super::Heap;
use super::alloc::{GRAIN, OutOfMemory};
use super::cell::{
    Array, Bound, Class, Collection, Container, Function, Host, Kind, Native, Object, WeakCollection, WeakRef, bits,
};
use super::event::By;
use super::shape::{Listed, Shape};
use super::string::Key;
use super::value::Value;

/// Slots that fit inside an object's cell at the most.
pub(super) const MOST_INSIDE: usize = 29;
/// In front of slots that stand in a buffer of their own: how many there are.
pub(super) const BUFFER_HEADER: usize = 16;

/// Why a property could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    #[error("the object is frozen")]
    Frozen,
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

/// What is found on the static side of a class.
#[derive(Clone, Copy)]
pub(crate) enum Static {
    /// Can be overwritten.
    Property(Value),
    /// Stays as long as its class.
    Method(Value),
}

impl Heap {
    #[inline(always)]
    pub(crate) fn object_ptr(&self, value: Value) -> *mut Object {
        debug_assert!(value.is(Kind::Object));
        value.container() as *mut Object
    }

    /// Slots an object has room for.
    pub(super) unsafe fn slot_capacity(object: *mut Object) -> usize {
        // SAFETY: the object is whole; a buffer starts with its capacity.
        unsafe {
            if (*object).head.cell.bits & bits::INSIDE != 0 {
                ((*object).head.cell.class as usize * GRAIN - size_of::<Object>()) / size_of::<Value>()
            } else {
                *((*object).slots as *mut u8).sub(BUFFER_HEADER).cast::<usize>()
            }
        }
    }

    pub(super) unsafe fn grow_slots(&mut self, object: *mut Object, room: usize) {
        // SAFETY: the object is whole; the new buffer is fresh and larger; slots in use are moved, not counted anew.
        unsafe {
            let used = ((*(*object).shape).slots as usize).min(Self::slot_capacity(object));
            let room = room.max(Self::slot_capacity(object) * 2).max(4);
            let block = self.arena.alloc(BUFFER_HEADER + room * size_of::<Value>());
            *block.cast::<usize>() = room;
            let slots = block.add(BUFFER_HEADER).cast::<Value>();
            std::ptr::copy_nonoverlapping((*object).slots, slots, used);
            self.free_slots(object);
            (*object).head.cell.bits &= !bits::INSIDE;
            (*object).slots = slots;
        }
    }

    pub(super) unsafe fn free_slots(&mut self, object: *mut Object) {
        // SAFETY: the object is whole; a buffer belongs to it alone.
        unsafe {
            if (*object).head.cell.bits & bits::INSIDE == 0 {
                let size = BUFFER_HEADER + Self::slot_capacity(object) * size_of::<Value>();
                self.arena.free(((*object).slots as *mut u8).sub(BUFFER_HEADER), size);
            }
        }
    }

    #[inline(always)]
    pub(crate) fn shape_of(&self, object: Value) -> *mut Shape {
        // SAFETY: a live object (I2).
        unsafe { (*self.object_ptr(object)).shape }
    }

    /// The value in a slot of an object: `slot` is below the shape's count.
    #[inline(always)]
    pub(crate) fn slot(&self, object: Value, slot: usize) -> Value {
        // SAFETY: a live object (I2), and the slot is in use by its shape.
        unsafe { *(*self.object_ptr(object)).slots.add(slot) }
    }

    /// Stores into a slot in use.
    #[inline(always)]
    pub(crate) fn set_slot(&mut self, object: Value, slot: usize, value: Value) {
        let p = self.object_ptr(object);
        if self.tracing {
            self.by_slot(object, slot);
        }
        // SAFETY: as in `slot`. The new value is counted before the old one is given back.
        unsafe {
            self.store_ref(p as *mut Container, value);
            let place = (*p).slots.add(slot);
            let old = *place;
            *place = value;
            self.decref(old);
        }
    }

    /// Stores into a slot of a new object that is still undefined.
    #[inline(always)]
    pub(crate) fn init_slot(&mut self, object: Value, slot: usize, value: Value) {
        let p = self.object_ptr(object);
        if self.tracing {
            self.by_slot(object, slot);
        }
        // SAFETY: as in `slot`; what was there is undefined and has no count.
        unsafe {
            self.store_ref(p as *mut Container, value);
            *(*p).slots.add(slot) = value;
        }
    }

    /// Moves an object to the next shape, which has one key more, and stores the value of that key.
    #[inline]
    pub(crate) fn add_slot(&mut self, object: Value, next: *mut Shape, value: Value) -> Result<(), OutOfMemory> {
        let p = self.object_ptr(object);
        // SAFETY: a live object (I2); room is made before the shape says that the slot is in use.
        unsafe {
            let slot = (*next).slots as usize - 1;
            if slot >= Self::slot_capacity(p) {
                self.arena.fits(slot * 16)?;
                self.grow_slots(p, slot + 1);
                self.remember_room(p, slot + 1);
            }
            (*p).shape = next;
            *(*p).slots.add(slot) = Value::UNDEFINED;
            self.init_slot(object, slot, value);
        }
        Ok(())
    }

    /// A class whose instances outgrow their cells gives the next ones more room.
    unsafe fn remember_room(&mut self, p: *mut Object, needed: usize) {
        // SAFETY: a live object; its shape's class is alive with it.
        unsafe {
            let class = (*(*p).shape).class as *mut Class;
            if !class.is_null() {
                let data = &mut *(*class).data;
                data.instance_slots = data.instance_slots.max((needed.next_multiple_of(2)).min(MOST_INSIDE) as u32);
            }
        }
    }

    #[cold]
    fn by_slot(&mut self, object: Value, slot: usize) {
        let id = self.id_of(object.container());
        // SAFETY: a live object.
        let key = unsafe { (*self.shape_of(object)).key_at(slot) };
        self.by = By::Slot(id, key.map_or(String::new(), |(key, _)| super::event::slot_name(key.text())));
    }

    // ---- Own properties of any container ------------------------------------------------------------------------

    /// Where a container that is no object keeps its named properties.
    fn props_place(&self, value: Value) -> Option<*mut Value> {
        let p = value.container();
        // SAFETY: a live container (I2); each kind's `props` is where its struct says.
        unsafe {
            Some(match (*p).cell.kind {
                Kind::Array => &raw mut (*(p as *mut Array)).props,
                Kind::Function => &raw mut (*(p as *mut Function)).props,
                Kind::Native => &raw mut (*(p as *mut Native)).props,
                Kind::Bound => &raw mut (*(p as *mut Bound)).props,
                Kind::Class => &raw mut (*(p as *mut Class)).props,
                Kind::Map | Kind::Set => &raw mut (*(p as *mut Collection)).props,
                Kind::WeakRef => &raw mut (*(p as *mut WeakRef)).props,
                Kind::WeakMap | Kind::WeakSet => &raw mut (*(p as *mut WeakCollection)).props,
                Kind::Host => &raw mut (*(p as *mut Host)).props,
                _ => return None,
            })
        }
    }

    /// The object that holds a container's named properties: itself, or the one beside it.
    fn properties(&self, value: Value) -> Option<Value> {
        if value.is(Kind::Object) {
            return Some(value);
        }
        // SAFETY: the place is in a live container.
        let props = unsafe { *self.props_place(value)? };
        (props != Value::UNDEFINED).then_some(props)
    }

    /// An own named property of a container (not elements, not methods). O(1).
    #[inline]
    pub fn get_own(&self, container: Value, key: Key) -> Option<Value> {
        let object = self.properties(container)?;
        // SAFETY: shapes live with their objects.
        let slot = unsafe { (*self.shape_of(object)).slot_of(key)? };
        Some(self.slot(object, slot))
    }

    /// Defines or overwrites an own named property of a container. O(1) amortised.
    /// Errors: [`SetError::Frozen`], and [`SetError::Memory`] at the limit; then nothing has changed.
    pub fn set_own(&mut self, container: Value, key: Key, value: Value) -> Result<(), SetError> {
        self.set_own_as(container, key, value, Listed::Yes)
    }

    pub(crate) fn set_own_as(
        &mut self,
        container: Value,
        key: Key,
        value: Value,
        listed: Listed,
    ) -> Result<(), SetError> {
        if self.is_frozen(container) {
            return Err(SetError::Frozen);
        }
        let object = match self.properties(container) {
            Some(object) => object,
            None => {
                let props = self.object();
                let Some(place) = self.props_place(container) else { return Err(SetError::Frozen) };
                self.by_inner(container.container(), "(properties)");
                self.store_ref(container.container(), props);
                // SAFETY: the place is in a live container and held undefined.
                unsafe { *place = props };
                props
            }
        };
        let shape = self.shape_of(object);
        // SAFETY: shapes live with their objects.
        if let Some(slot) = unsafe { (*shape).slot_of(key) } {
            self.set_slot(object, slot, value);
            return Ok(());
        }
        // SAFETY: as above.
        let shared = unsafe { !(*shape).is_dictionary() };
        if shared {
            if let Some(next) = self.transition(shape, key, listed) {
                return Ok(self.add_slot(object, next, value)?);
            }
            self.become_dictionary(object);
        }
        self.add_to_dictionary(object, key, value, listed)
    }

    fn become_dictionary(&mut self, object: Value) {
        let p = self.object_ptr(object);
        // SAFETY: a live object; the new shape has the same slots.
        unsafe {
            if !(*(*p).shape).is_dictionary() {
                (*p).shape = self.dictionary_of((*p).shape);
            }
        }
    }

    fn add_to_dictionary(&mut self, object: Value, key: Key, value: Value, listed: Listed) -> Result<(), SetError> {
        let p = self.object_ptr(object);
        // SAFETY: a live object with a shape of its own; room is made before the shape says that the slot is in use.
        unsafe {
            let slot = (*(*p).shape).slots as usize;
            if slot >= Self::slot_capacity(p) {
                self.arena.fits(slot * 32)?;
                self.grow_slots(p, slot + 1);
            }
            *(*p).slots.add(slot) = Value::UNDEFINED;
            self.dictionary_add((*p).shape, key, listed);
            self.init_slot(object, slot, value);
        }
        Ok(())
    }

    /// Overwrites an own property that is there, frozen or not: a private field.
    pub(crate) fn set_own_even_frozen(&mut self, container: Value, key: Key, value: Value) {
        if let Some(object) = self.properties(container) {
            // SAFETY: shapes live with their objects.
            if let Some(slot) = unsafe { (*self.shape_of(object)).slot_of(key) } {
                self.set_slot(object, slot, value);
            }
        }
    }

    /// Counts a reference that a class is about to hold.
    pub(crate) fn class_ref(&mut self, class: Value, value: Value) {
        self.by_inner(class.container(), "(member)");
        self.store_ref(class.container(), value);
    }

    /// Deletes an own named property. O(1) amortised. True if it is not there afterwards.
    pub fn delete_own(&mut self, container: Value, key: Key) -> Result<bool, SetError> {
        let Some(object) = self.properties(container) else { return Ok(true) };
        // SAFETY: shapes live with their objects.
        if unsafe { (*self.shape_of(object)).slot_of(key) }.is_none() {
            return Ok(true);
        }
        if self.is_frozen(container) {
            return Err(SetError::Frozen);
        }
        self.become_dictionary(object);
        let p = self.object_ptr(object);
        let shape = self.shape_of(object);
        if self.tracing {
            // SAFETY: as above.
            let slot = unsafe { (*shape).slot_of(key) }.unwrap_or(0);
            self.by_slot(object, slot);
        }
        if let Some(slot) = self.dictionary_remove(shape, key) {
            // SAFETY: the slot was in use; a vacant one holds the hole, which has no count.
            unsafe {
                let old = std::mem::replace(&mut *(*p).slots.add(slot), Value::HOLE);
                self.decref(old);
                let super::shape::Keys::Dictionary(dictionary) = &(*shape).keys else { return Ok(true) };
                if dictionary.vacant() > 8 && dictionary.vacant() > dictionary.key_count() {
                    let moved = self.dictionary_compact(shape);
                    for (to, from) in moved.into_iter().enumerate() {
                        *(*p).slots.add(to) = *(*p).slots.add(from as usize);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Own named properties that are listed, in order of insertion (private names are not). O(n).
    pub fn own_keys(&self, container: Value) -> Vec<Key> {
        self.own_entries(container).into_iter().map(|(key, _)| key).collect()
    }

    /// The same with their values. O(n).
    pub fn own_entries(&self, container: Value) -> Vec<(Key, Value)> {
        let slots = self.slot_count(container);
        let mut entries = Vec::with_capacity(slots);
        self.entries_in_slots(container, 0..slots, &mut entries);
        entries
    }

    /// The same with those that are not listed.
    pub(crate) fn all_entries(&self, container: Value) -> Vec<(Key, Listed, Value)> {
        let Some(object) = self.properties(container) else { return Vec::new() };
        // SAFETY: shapes live with their objects.
        let shape = unsafe { &*self.shape_of(object) };
        (0..shape.slots as usize)
            .filter_map(|slot| shape.key_at(slot).map(|(key, listed)| (key, listed, self.slot(object, slot))))
            .filter(|(key, ..)| !key.is_private())
            .collect()
    }

    /// The first `most` listed keys, and how many more there are. O(most); where there are many more and some of them are not listed, those are counted too.
    pub fn first_keys(&self, container: Value, most: usize) -> (Vec<Key>, usize) {
        /// So many slots are looked at to count exactly.
        const NEAR: usize = 4096;
        let Some(object) = self.properties(container) else { return (Vec::new(), 0) };
        // SAFETY: shapes live with their objects.
        let shape = unsafe { &*self.shape_of(object) };
        let is_listed = |key: Key, listed| listed == Listed::Yes && !key.is_private();
        let (mut keys, mut seen) = (Vec::new(), 0);
        let mut slot = 0;
        while slot < shape.slots as usize && keys.len() < most {
            if let Some((key, listed)) = shape.key_at(slot) {
                seen += 1;
                if is_listed(key, listed) {
                    keys.push(key);
                }
            }
            slot += 1;
        }
        let rest = slot..shape.slots as usize;
        let left = if rest.len() <= NEAR {
            rest.filter_map(|slot| shape.key_at(slot)).filter(|(key, listed)| is_listed(*key, *listed)).count()
        } else {
            shape.key_count() - seen
        };
        (keys, left)
    }

    /// Slots of a container's own named properties, those of deleted ones among them.
    pub fn slot_count(&self, container: Value) -> usize {
        // SAFETY: shapes live with their objects.
        self.properties(container).map_or(0, |object| unsafe { (*self.shape_of(object)).slots as usize })
    }

    /// The listed properties in a range of slots, appended to `entries`: [`Heap::own_entries`] in parts.
    pub fn entries_in_slots(&self, container: Value, slots: std::ops::Range<usize>, entries: &mut Vec<(Key, Value)>) {
        let Some(object) = self.properties(container) else { return };
        // SAFETY: shapes live with their objects.
        let shape = unsafe { &*self.shape_of(object) };
        for slot in slots.start..slots.end.min(shape.slots as usize) {
            if let Some((key, Listed::Yes)) = shape.key_at(slot)
                && !key.is_private()
            {
                entries.push((key, self.slot(object, slot)));
            }
        }
    }

    /// Number of own named properties that a container has, listed or not.
    pub fn own_count(&self, container: Value) -> usize {
        // SAFETY: shapes live with their objects.
        self.properties(container).map_or(0, |object| unsafe { (*self.shape_of(object)).key_count() })
    }

    /// Makes a container immutable: its properties and elements.
    pub fn freeze(&mut self, container: Value) {
        if container.is(Kind::Object) {
            self.become_dictionary(container);
        } else if let Some(props) = self.properties(container) {
            self.freeze(props);
        }
        // SAFETY: a live container (I2).
        unsafe { (*container.cell()).bits |= bits::FROZEN };
    }

    #[inline]
    pub fn is_frozen(&self, container: Value) -> bool {
        // SAFETY: a live container (I2).
        unsafe { (*container.cell()).bits & bits::FROZEN != 0 }
    }

    /// The class of an object, if it is an instance.
    pub fn class_of(&self, value: Value) -> Option<Value> {
        if !value.is(Kind::Object) {
            return if value.is(Kind::Host) { self.host_class(value) } else { None };
        }
        // SAFETY: shapes live with their objects.
        let class = unsafe { (*self.shape_of(value)).class };
        (!class.is_null()).then(|| Value::from_container(class))
    }

    /// The data of a class value.
    #[allow(clippy::mut_from_ref)]
    pub(crate) fn class_data(&self, class: Value) -> &mut super::class::ClassData {
        debug_assert!(class.is(Kind::Class));
        // SAFETY: a live class (I2); the machine holds no two of these references at a time across a change.
        unsafe { &mut *(*(class.container() as *mut Class)).data }
    }

    /// A method of a class or its parents. O(depth).
    pub(crate) fn find_method(&self, class: Value, key: Key) -> Option<Value> {
        let mut class = class;
        while class.is(Kind::Class) {
            let data = self.class_data(class);
            if let Some(method) = data.methods.get(&key) {
                return Some(*method);
            }
            class = data.parent;
        }
        None
    }

    /// A static method or property of a class or its parents. O(depth).
    pub(crate) fn find_static(&self, class: Value, key: Key) -> Option<Static> {
        let mut class = class;
        while class.is(Kind::Class) {
            if let Some(value) = self.get_own(class, key) {
                return Some(Static::Property(value));
            }
            let data = self.class_data(class);
            if let Some(method) = data.statics.get(&key) {
                return Some(Static::Method(*method));
            }
            class = data.parent;
        }
        None
    }

    /// The table of a Map or Set.
    pub fn table(&self, collection: Value) -> &super::table::Table {
        // SAFETY: a live collection (I2) owns its table.
        unsafe { &*self.table_ptr(collection) }
    }

    pub(super) fn table_ptr(&self, collection: Value) -> *mut super::table::Table {
        debug_assert!(collection.is(Kind::Map) || collection.is(Kind::Set));
        // SAFETY: a live collection (I2).
        unsafe { (*(collection.container() as *mut Collection)).table }
    }
}
