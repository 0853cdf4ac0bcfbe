//! Questions about single values that the library and the host ask.

use super::Heap;
use super::cell::{Cell, Iterator, Kind, Yield};
use super::probation::{PROTECTION, VACANT};
use super::value::Value;

impl Heap {
    /// Counted references to a container or atom on the heap, without those that protect temporaries; 0 for an immediate. O(entries).
    pub fn references(&self, value: Value) -> u32 {
        if !value.is_heap() {
            return 0;
        }
        let address = value.cell() as usize;
        let protections =
            self.probation.iter().filter(|entry| **entry & PROTECTION != 0 && **entry & !3 == address).count();
        // SAFETY: a live value (I2).
        unsafe { (*value.cell()).count - protections as u32 }
    }

    /// The number of a container in traces (`#12`); `None` for an atom.
    pub fn number_of(&self, value: Value) -> Option<u64> {
        // SAFETY: a live container (I2).
        value.is_container().then(|| unsafe { (*value.container()).id() })
    }

    /// Whether a container has a finalizer.
    pub fn has_finalizer(&self, value: Value) -> bool {
        // SAFETY: a live container (I2).
        value.is_container() && unsafe { (*value.cell()).more & super::cell::more::FINALIZABLE != 0 }
    }

    /// The level of the scope that owns a container; `None` for an atom.
    pub fn owner_level(&self, value: Value) -> Option<u32> {
        // SAFETY: a live container (I2).
        value.is_container().then(|| unsafe { (*value.container()).level() })
    }

    /// Whether a value was made before the program: it never dies.
    pub fn is_builtin(&self, value: Value) -> bool {
        // SAFETY: a live value (I2).
        value.is_heap() && unsafe { (*value.cell()).bits & super::cell::bits::BUILTIN != 0 }
    }

    /// What is on probation or protected, in any statement.
    pub(crate) fn entries(&self) -> impl std::iter::Iterator<Item = Value> {
        // SAFETY: a cell with an entry is live (I3), a protected one is counted.
        self.probation
            .iter()
            .filter(|entry| **entry != VACANT)
            .map(|entry| unsafe { Heap::value_of((entry & !3) as *mut Cell) })
    }

    /// What an iterator object goes over (undefined at its end), where it stands and what it yields.
    pub fn iterator_state(&self, iterator: Value) -> (Value, u64, Yield) {
        debug_assert!(iterator.is(Kind::Iterator));
        let p = iterator.container() as *mut Iterator;
        // SAFETY: a live iterator (I2).
        unsafe { ((*p).target, (*p).position, (*p).yields) }
    }

    /// A plain object with these keys (all different) and values. With `like`, made by an earlier call with the same keys, their shape need not be looked up.
    pub fn object_from(
        &mut self,
        keys: &[super::string::Key],
        values: &[Value],
        like: Option<Value>,
    ) -> Result<Value, super::SetError> {
        let shape = like.map(|like| self.shape_of(like));
        // SAFETY: shapes live with their objects; `like` is alive (I2).
        if let Some(shape) =
            shape.filter(|shape| unsafe { !(**shape).is_dictionary() && (**shape).slots as usize == keys.len() })
        {
            let object = self.object_of(shape, keys.len());
            for (slot, value) in values.iter().enumerate() {
                self.init_slot(object, slot, *value);
            }
            return Ok(object);
        }
        let object = self.object_of(self.plain_shape(), keys.len());
        for (key, value) in keys.iter().zip(values) {
            self.set_own(object, *key, *value)?;
        }
        Ok(object)
    }
}
