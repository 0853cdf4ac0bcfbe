//! Objects with the same keys, made one after the other, share their shape without looking it up.

use crate::heap::SetError;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::Throw;

/// By depth: the keys of the last object made there, and the object. All of them are made in one statement: none is freed before its end.
#[derive(Default)]
pub struct Likes(Vec<(Vec<Key>, Value)>);

impl Likes {
    /// The key that was the one number `index` of the last object made at that depth: most likely this one's, too.
    #[inline]
    pub fn expected(&self, depth: usize, index: usize) -> Option<Key> {
        self.0.get(depth)?.0.get(index).copied()
    }

    /// A fresh plain object with these keys and values; of a key that is there twice the last value counts. O(keys).
    /// Errors: the memory limit.
    pub fn object(&mut self, vm: &mut Vm, depth: usize, keys: &[Key], values: &[Value]) -> Result<Value, Throw> {
        if self.0.len() <= depth {
            self.0.resize_with(depth + 1, || (Vec::new(), Value::UNDEFINED));
        }
        let (like_keys, like) = &mut self.0[depth];
        let known = like.is_container() && like_keys == keys;
        let object = vm.heap.object_from(keys, values, known.then_some(*like)).map_err(|error| match error {
            SetError::Memory(error) => vm.out_of_memory(error),
            frozen => vm.set_error(frozen, "a property"),
        })?;
        if !known && !keys.is_empty() {
            like_keys.clear();
            like_keys.extend_from_slice(keys);
            *like = object;
        }
        Ok(object)
    }
}
