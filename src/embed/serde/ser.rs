//! Data of Rust to values: a serializer whose results are values of the heap.
//!
//! Elements go to their array at once. Keys and values of objects wait on two stacks until the object ends, which then is of exactly that size and takes over
//! the shape of the last one with these keys at the same depth, as `JSON.parse` does it.

use serde::Serialize;
use serde::ser::Serializer;

use super::containers::{ArrayMaker, ObjectMaker};
use super::error::{Error, Step};
use super::{LOOK, RED_ZONE, STACK_PIECE, VALUE, Walk};
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::json::Likes;
use crate::vm::Vm;

/// Elements for which an array has room from the start, whatever it says how long it becomes.
const MOST_ROOM: usize = 1 << 20;
/// Longer keys look at limits first.
const SHORT_KEY: usize = 1024;
/// The structs by which serde_json passes JSON as a text: its numbers, if it keeps all their digits, and what is not read at all.
const JSON_TEXTS: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

pub(super) fn to_value<T: Serialize + ?Sized>(vm: &mut Vm, value: &T) -> Result<Value, Error> {
    let mut maker = Maker { walk: Walk::new(vm), keys: Vec::new(), values: Vec::new(), likes: Likes::default() };
    let made = maker.nested(value);
    maker.walk.finish(made)
}

pub(super) struct Maker<'v> {
    pub(super) walk: Walk<'v>,
    /// Of the objects that are open, outermost first.
    pub(super) keys: Vec<Key>,
    pub(super) values: Vec<Value>,
    likes: Likes,
}

impl<'v> Maker<'v> {
    /// The value of what a type of the host holds. What it had begun is forgotten when it fails: its holder may go on without it.
    pub(super) fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Value, Error> {
        self.walk.work(VALUE)?;
        let (open, keys, values, nested) = (self.walk.open, self.keys.len(), self.values.len(), self.walk.nested);
        self.walk.nest()?;
        let made = stacker::maybe_grow(RED_ZONE, STACK_PIECE, || value.serialize(&mut *self));
        self.walk.nested = nested;
        if made.is_err() {
            self.walk.open = open;
            self.keys.truncate(keys);
            self.values.truncate(values);
        }
        made
    }

    fn text(&mut self, text: &str) -> Result<Value, Error> {
        let made = self.walk.vm.text_value(text);
        self.walk.kept(made)
    }

    /// The key for a text; `index` says which one of its object it is.
    pub(super) fn key(&mut self, index: usize, text: &str) -> Result<Key, Error> {
        if let Some(key) = self.likes.expected(self.walk.open - 1, index)
            && key.text().as_str() == text
        {
            return Ok(key);
        }
        self.walk.work(VALUE + text.len().min(LOOK))?;
        let key = if text.len() <= SHORT_KEY {
            self.walk.vm.heap.key(text)
        } else {
            let value = self.text(text)?;
            self.walk.vm.heap.key_of(value)
        };
        Ok(key)
    }

    fn array(&mut self, len: Option<usize>) -> Result<ArrayMaker<'_, 'v>, Error> {
        self.walk.enter()?;
        let room = len.unwrap_or(0).min(MOST_ROOM);
        // What it says of itself need not be true: no limit is reached by that.
        let room = if self.walk.vm.heap.arena.fits(room * size_of::<Value>()).is_ok() { room } else { 0 };
        let array = self.walk.vm.heap.array(room);
        let made = self.walk.vm.room_for_elements(array, room);
        self.walk.kept(made)?;
        Ok(ArrayMaker::new(self, array))
    }

    fn object(&mut self) -> Result<ObjectMaker<'_, 'v>, Error> {
        self.walk.enter()?;
        Ok(ObjectMaker::new(self))
    }

    /// An object of the keys and values that stand above these marks.
    pub(super) fn object_above(&mut self, keys: usize, values: usize) -> Result<Value, Error> {
        let walk = &mut self.walk;
        let made = self.likes.object(walk.vm, walk.open - 1, &self.keys[keys..], &self.values[values..]);
        self.keys.truncate(keys);
        self.values.truncate(values);
        self.walk.kept(made)
    }

    /// Ends the object `{[variant]: value}`, which is open.
    pub(super) fn wrapped(&mut self, variant: Option<&'static str>, value: Value) -> Result<Value, Error> {
        let Some(variant) = variant else { return Ok(value) };
        let (keys, values) = (self.keys.len(), self.values.len());
        let key = self.key(0, variant)?;
        self.keys.push(key);
        self.values.push(value);
        let object = self.object_above(keys, values)?;
        self.walk.open -= 1;
        Ok(object)
    }

    fn integer(&mut self, n: i64) -> Result<Value, Error> {
        Ok(self.walk.vm.heap.integer(n))
    }

    /// As a JSON text with that number is read: exact as far as exact integers go, else the nearest double.
    fn large(&mut self, exact: Option<i64>, nearest: f64) -> Result<Value, Error> {
        match exact {
            Some(n) => self.integer(n),
            None => self.serialize_number(nearest),
        }
    }

    fn serialize_number(&mut self, n: f64) -> Result<Value, Error> {
        Ok(if n.is_nan() { Value::NAN } else { Value::number(n) })
    }
}

impl<'a, 'v> Serializer for &'a mut Maker<'v> {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = ArrayMaker<'a, 'v>;
    type SerializeTuple = ArrayMaker<'a, 'v>;
    type SerializeTupleStruct = ArrayMaker<'a, 'v>;
    type SerializeTupleVariant = ArrayMaker<'a, 'v>;
    type SerializeMap = ObjectMaker<'a, 'v>;
    type SerializeStruct = ObjectMaker<'a, 'v>;
    type SerializeStructVariant = ObjectMaker<'a, 'v>;

    fn serialize_bool(self, b: bool) -> Result<Value, Error> {
        Ok(Value::bool(b))
    }

    fn serialize_i8(self, n: i8) -> Result<Value, Error> {
        Ok(Value::int(n.into()))
    }

    fn serialize_i16(self, n: i16) -> Result<Value, Error> {
        Ok(Value::int(n.into()))
    }

    fn serialize_i32(self, n: i32) -> Result<Value, Error> {
        Ok(Value::int(n))
    }

    fn serialize_i64(self, n: i64) -> Result<Value, Error> {
        self.integer(n)
    }

    fn serialize_i128(self, n: i128) -> Result<Value, Error> {
        self.large(n.try_into().ok(), n as f64)
    }

    fn serialize_u8(self, n: u8) -> Result<Value, Error> {
        Ok(Value::int(n.into()))
    }

    fn serialize_u16(self, n: u16) -> Result<Value, Error> {
        Ok(Value::int(n.into()))
    }

    fn serialize_u32(self, n: u32) -> Result<Value, Error> {
        self.integer(n.into())
    }

    fn serialize_u64(self, n: u64) -> Result<Value, Error> {
        self.large(n.try_into().ok(), n as f64)
    }

    fn serialize_u128(self, n: u128) -> Result<Value, Error> {
        self.large(n.try_into().ok(), n as f64)
    }

    fn serialize_f32(self, n: f32) -> Result<Value, Error> {
        self.serialize_number(n.into())
    }

    fn serialize_f64(self, n: f64) -> Result<Value, Error> {
        self.serialize_number(n)
    }

    fn serialize_char(self, c: char) -> Result<Value, Error> {
        self.text(c.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<Value, Error> {
        self.text(text)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Error> {
        let mut maker = self.array(Some(bytes.len()))?;
        for byte in bytes {
            maker.push(Value::int((*byte).into()))?;
        }
        maker.finish()
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        self.nested(value)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::NULL)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::NULL)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, Error> {
        self.nested(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        self.walk.enter()?;
        let value = self.nested(value).map_err(|error| error.inside(Step::Key(variant.into())))?;
        self.wrapped(Some(variant), value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ArrayMaker<'a, 'v>, Error> {
        self.array(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<ArrayMaker<'a, 'v>, Error> {
        self.array(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ArrayMaker<'a, 'v>, Error> {
        self.array(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ArrayMaker<'a, 'v>, Error> {
        self.walk.enter()?;
        Ok(self.array(Some(len))?.of_variant(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<ObjectMaker<'a, 'v>, Error> {
        self.object()
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<ObjectMaker<'a, 'v>, Error> {
        let maker = self.object()?;
        Ok(if JSON_TEXTS.contains(&name) { maker.of_json() } else { maker })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ObjectMaker<'a, 'v>, Error> {
        self.walk.enter()?;
        Ok(self.object()?.of_variant(variant))
    }
}
