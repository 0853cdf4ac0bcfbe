//! Properties by computed key, and everything that copies or removes properties.

use super::Vm;
use super::convert::{as_index, number_text};
use super::native::Throw;
use crate::heap::cell::Kind;
use crate::heap::string::Key;
use crate::heap::value::Value;

/// The index that a key's text is in its canonical form: `"0"`, `"17"`, not `"01"`.
pub(super) fn canonical_index(text: &str) -> Option<usize> {
    let digits = text.as_bytes();
    if digits.is_empty()
        || digits.len() > 10
        || !digits.iter().all(u8::is_ascii_digit)
        || digits[0] == b'0' && digits.len() > 1
    {
        return None;
    }
    text.parse().ok().filter(|index| *index < u32::MAX as usize)
}

impl Vm {
    /// The key that a computed key is: a string, or a number's text. Anything else is a TypeError.
    pub(super) fn property_key(&mut self, key: Value) -> Result<Key, Throw> {
        if key.is_string() {
            return Ok(self.heap.key_of(key));
        }
        if let Some(n) = key.exact() {
            return Ok(self.heap.key(&n.to_string()));
        }
        if let Some(n) = key.plain_number() {
            return Ok(self.heap.key(&number_text(n)));
        }
        let what = self.describe(key);
        let advice = if key.is_undefined() { self.about_undefined_key() } else { "" };
        Err(self.type_error(format!("A property key must be a string or a number, got {what}{advice}")))
    }

    /// `object[key]`
    #[inline(never)]
    pub(super) fn get_index(&mut self, object: Value, key: Value) -> Result<Value, Throw> {
        if object.is_string() && key.is_number() {
            return match as_index(key) {
                Some(index) => Ok(self.character(object, index)?.unwrap_or(Value::UNDEFINED)),
                None => Ok(Value::UNDEFINED),
            };
        }
        if object.is(Kind::Array) && key.is_number() {
            return Ok(as_index(key).and_then(|index| self.heap.element(object, index)).unwrap_or(Value::UNDEFINED));
        }
        if key.is_string() {
            if object.is(Kind::Object) && self.heap.class_of(object).is_none() {
                // A dictionary: a text that is no key yet is nobody's property.
                let Some(key) = self.heap.find_key(key) else { return Ok(Value::UNDEFINED) };
                return Ok(self.heap.get_own(object, key).unwrap_or(Value::UNDEFINED));
            }
            if let Some(index) = canonical_index(&self.heap.text(key)) {
                if object.is(Kind::Array) {
                    return Ok(self.heap.element(object, index).unwrap_or(Value::UNDEFINED));
                }
                if object.is_string() {
                    return Ok(self.character(object, index)?.unwrap_or(Value::UNDEFINED));
                }
            }
        }
        let key = self.property_key(key)?;
        if key == self.keys.constructor && object.is(Kind::Object) && self.heap.class_of(object).is_none() {
            return Ok(self.heap.get_own(object, key).unwrap_or(Value::UNDEFINED));
        }
        self.get_key(object, key)
    }

    /// `object[key] = value`
    #[inline(never)]
    pub(super) fn set_index(&mut self, object: Value, key: Value, value: Value) -> Result<(), Throw> {
        if object.is(Kind::Array) {
            let index = if key.is_string() { canonical_index(&self.heap.text(key)) } else { as_index(key) };
            if let Some(index) = index {
                return self.set_array_element(object, index, value);
            }
            if key.is_number() {
                let text = self.primitive_text(key).map_or(String::new(), |text| self.heap.text(text).to_string());
                return Err(self.range_error(format!("Invalid array index {text}: indexes are whole numbers from 0")));
            }
        }
        if !object.is_container() && !object.is_nullish() {
            let what = self.describe(object);
            return Err(self.type_error(format!("Cannot set a property of {what}")));
        }
        let key = self.property_key(key)?;
        self.set_key(object, key, value)
    }

    fn set_array_element(&mut self, array: Value, index: usize, value: Value) -> Result<(), Throw> {
        if self.heap.is_frozen(array) {
            return Err(self.type_error(format!("Cannot assign to element {index}: the array is frozen")));
        }
        let len = self.heap.array_len(array);
        if index < len {
            self.heap.set_element(array, index, value);
            return Ok(());
        }
        if index == len {
            return self.push_element(array, value);
        }
        Err(self
            .range_error(format!("Index {index} is past the end of an array of length {len}; arrays have no holes")))
    }

    /// `delete object[key]`
    pub(super) fn delete_index(&mut self, object: Value, key: Value) -> Result<bool, Throw> {
        if !object.is_container() {
            let what = self.describe(object);
            return Err(self.type_error(format!("Cannot delete a property of {what}")));
        }
        if object.is(Kind::Array) {
            let index = if key.is_string() { canonical_index(&self.heap.text(key)) } else { as_index(key) };
            if index.is_some() {
                return Err(self.type_error("Cannot delete an array element: arrays have no holes; use splice"));
            }
            if key.is_string() && self.heap.text(key).as_str() == "length" {
                return Err(self.type_error("Cannot delete `length` of an array"));
            }
        }
        let key = self.property_key(key)?;
        self.heap.delete_own(object, key).map_err(|_| {
            let name = key.text().to_string();
            self.type_error(format!("Cannot delete `{name}`: the object is frozen"))
        })
    }

    /// Defines an own property of a new object, a class or an instance.
    pub(super) fn define(&mut self, object: Value, key: Value, value: Value) -> Result<(), Throw> {
        let key = self.property_key(key)?;
        self.heap.set_own(object, key, value).map_err(|error| {
            let name = key.text().to_string();
            self.set_error(error, &format!("`{name}`"))
        })
    }

    /// Own listed properties (and elements, and the characters of a string) of `from` are copied into `object`.
    pub(super) fn copy_props(&mut self, object: Value, from: Value) -> Result<(), Throw> {
        for (key, value) in self.listed(from)? {
            self.charge(1)?;
            self.heap.set_own(object, key, value).map_err(|error| self.set_error(error, "a property"))?;
        }
        Ok(())
    }

    /// A new object with the own listed properties of `from` except `keys`.
    pub(super) fn rest_props(&mut self, from: Value, keys: &[Value]) -> Result<Value, Throw> {
        let mut left_out = Vec::new();
        for key in keys {
            left_out.push(self.property_key(*key)?);
        }
        let rest = self.heap.object();
        for (key, value) in self.listed(from)? {
            self.charge(1)?;
            if !left_out.contains(&key) {
                self.heap.set_own(rest, key, value).map_err(|error| self.set_error(error, "a property"))?;
            }
        }
        Ok(rest)
    }

    // ---- for natives --------------------------------------------------------------------------------------------

    /// Reads a property as the script's `value[key]` does: own properties, elements, methods, `length` …
    pub fn get(&mut self, value: Value, key: Value) -> Result<Value, Throw> {
        self.get_index(value, key)
    }

    /// Reads the property of that name.
    pub fn get_named(&mut self, value: Value, name: &str) -> Result<Value, Throw> {
        let key = self.heap.key(name);
        self.get_index(value, key.value())
    }

    /// Writes as the script's `object[key] = value` does.
    pub fn set(&mut self, object: Value, key: Value, value: Value) -> Result<(), Throw> {
        self.set_index(object, key, value)
    }

    /// Writes the property of that name.
    pub fn set_named(&mut self, object: Value, name: &str, value: Value) -> Result<(), Throw> {
        let key = self.heap.key(name);
        self.set_index(object, key.value(), value)
    }
}
