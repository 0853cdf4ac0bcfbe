//! Arrays and objects that are being made, and the enum variants that they belong to.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple};
use serde::ser::{SerializeTupleStruct, SerializeTupleVariant};

use super::error::{Error, Step};
use super::key::KeyMaker;
use super::ser::Maker;
use crate::heap::SetError;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::json::{NoDocument, parse_document};

/// An object with more keys goes on key by key.
const MANY_KEYS: usize = 4096;

/// An array that is being made, or the enum's variant whose fields it holds.
pub(super) struct ArrayMaker<'a, 'v> {
    maker: &'a mut Maker<'v>,
    array: Value,
    next: usize,
    variant: Option<&'static str>,
}

impl<'a, 'v> ArrayMaker<'a, 'v> {
    pub(super) fn new(maker: &'a mut Maker<'v>, array: Value) -> Self {
        ArrayMaker { maker, array, next: 0, variant: None }
    }

    pub(super) fn of_variant(self, variant: &'static str) -> Self {
        ArrayMaker { variant: Some(variant), ..self }
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), Error> {
        let walk = &mut self.maker.walk;
        walk.work(1)?;
        let pushed = walk.vm.push_element(self.array, value);
        walk.kept(pushed)
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let index = self.next;
        self.next += 1;
        let value = self.maker.nested(value).map_err(|error| {
            let error = error.inside(Step::Index(index));
            match self.variant {
                Some(variant) => error.inside(Step::Key(variant.into())),
                None => error,
            }
        })?;
        self.push(value)
    }

    pub(super) fn finish(self) -> Result<Value, Error> {
        self.maker.walk.open -= 1;
        self.maker.wrapped(self.variant, self.array)
    }
}

impl SerializeSeq for ArrayMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

impl SerializeTuple for ArrayMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

impl SerializeTupleStruct for ArrayMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

impl SerializeTupleVariant for ArrayMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

/// An object that is being made, or the enum's variant whose fields it holds.
pub(super) struct ObjectMaker<'a, 'v> {
    maker: &'a mut Maker<'v>,
    /// Where its keys and values begin on the stacks.
    keys: usize,
    values: usize,
    /// The key of the value that comes next.
    key: Option<Key>,
    /// It has many keys: the first of them stand in this.
    object: Option<Value>,
    variant: Option<&'static str>,
    /// Its only value is a JSON text, whose value is meant.
    is_json: bool,
}

impl<'a, 'v> ObjectMaker<'a, 'v> {
    pub(super) fn new(maker: &'a mut Maker<'v>) -> Self {
        let (keys, values) = (maker.keys.len(), maker.values.len());
        ObjectMaker { maker, keys, values, key: None, object: None, variant: None, is_json: false }
    }

    pub(super) fn of_variant(self, variant: &'static str) -> Self {
        ObjectMaker { variant: Some(variant), ..self }
    }

    pub(super) fn of_json(self) -> Self {
        ObjectMaker { is_json: true, ..self }
    }

    fn named<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let index = self.maker.keys.len() - self.keys;
        let key = self.maker.key(index, name)?;
        self.valued(key, value)
    }

    fn valued<T: Serialize + ?Sized>(&mut self, key: Key, value: &T) -> Result<(), Error> {
        let value = self.maker.nested(value).map_err(|error| {
            let error = error.inside(Step::Key(key.text().as_str().into()));
            match self.variant {
                Some(variant) => error.inside(Step::Key(variant.into())),
                None => error,
            }
        })?;
        if let Some(object) = self.object {
            return self.set(object, key, value);
        }
        self.maker.keys.push(key);
        self.maker.values.push(value);
        if self.maker.keys.len() - self.keys > MANY_KEYS { self.spill() } else { Ok(()) }
    }

    /// Makes the object with the keys that are there.
    #[cold]
    fn spill(&mut self) -> Result<(), Error> {
        let object = self.maker.walk.vm.heap.object();
        let (keys, values) = (self.maker.keys.split_off(self.keys), self.maker.values.split_off(self.values));
        for (key, value) in keys.into_iter().zip(values) {
            self.set(object, key, value)?;
        }
        self.object = Some(object);
        Ok(())
    }

    fn set(&mut self, object: Value, key: Key, value: Value) -> Result<(), Error> {
        let walk = &mut self.maker.walk;
        let set = walk.vm.in_room(|heap| match heap.set_own(object, key, value) {
            Err(SetError::Memory(error)) => Err(error),
            // a new object is not frozen
            _ => Ok(()),
        });
        walk.kept(set)
    }

    fn finish(mut self) -> Result<Value, Error> {
        let made = match self.object {
            Some(object) => object,
            None if self.is_json => self.read_json()?,
            None => self.maker.object_above(self.keys, self.values)?,
        };
        self.maker.walk.open -= 1;
        self.maker.wrapped(self.variant, made)
    }

    /// The value of its one text.
    fn read_json(&mut self) -> Result<Value, Error> {
        let text = self.maker.values[self.values..].first().copied();
        self.maker.keys.truncate(self.keys);
        self.maker.values.truncate(self.values);
        let Some(text) = text.filter(|text| text.is_string()) else { return Err(Error::new("a JSON text is missing")) };
        let vm = &mut *self.maker.walk.vm;
        let text = vm.heap.text(text);
        match parse_document(vm, &text) {
            Ok(value) => Ok(value),
            Err(NoDocument::Bad { message, .. }) => Err(Error::new(message)),
            Err(NoDocument::Thrown(throw)) => self.maker.walk.kept(Err(throw)),
        }
    }
}

impl SerializeMap for ObjectMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let index = self.maker.keys.len() - self.keys;
        self.key = Some(key.serialize(KeyMaker::new(self.maker, index))?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        match self.key.take() {
            Some(key) => self.valued(key, value),
            None => Err(Error::new("a value of a map without a key")),
        }
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

impl SerializeStruct for ObjectMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.named(name, value)
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

impl SerializeStructVariant for ObjectMaker<'_, '_> {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.named(name, value)
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}
