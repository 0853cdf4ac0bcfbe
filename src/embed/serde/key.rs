//! Keys of maps: what becomes the name of a property.

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use super::error::Error;
use super::ser::Maker;
use super::{RED_ZONE, STACK_PIECE};
use crate::heap::string::Key;
use crate::vm::convert::number_text;

/// Makes the key number `index` of the object that is open.
pub(super) struct KeyMaker<'a, 'v> {
    maker: &'a mut Maker<'v>,
    index: usize,
}

impl<'a, 'v> KeyMaker<'a, 'v> {
    pub(super) fn new(maker: &'a mut Maker<'v>, index: usize) -> Self {
        KeyMaker { maker, index }
    }

    fn text(self, text: &str) -> Result<Key, Error> {
        self.maker.key(self.index, text)
    }

    /// The key inside a wrapper; there may be as many as a type of the host likes.
    fn inner<T: Serialize + ?Sized>(self, key: &T) -> Result<Key, Error> {
        let nested = self.maker.walk.nested;
        self.maker.walk.nest()?;
        let KeyMaker { maker, index } = self;
        let made = stacker::maybe_grow(RED_ZONE, STACK_PIECE, || key.serialize(KeyMaker::new(&mut *maker, index)));
        maker.walk.nested = nested;
        made
    }
}

#[cold]
fn no_key<T>(what: &str) -> Result<T, Error> {
    Err(Error::new(format!("a key must be a string, a number, a boolean or a character, found {what}")))
}

macro_rules! by_text {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, key: $type) -> Result<Key, Error> {
            self.text(&key.to_string())
        })*
    };
}

impl Serializer for KeyMaker<'_, '_> {
    type Ok = Key;
    type Error = Error;
    type SerializeSeq = Impossible<Key, Error>;
    type SerializeTuple = Impossible<Key, Error>;
    type SerializeTupleStruct = Impossible<Key, Error>;
    type SerializeTupleVariant = Impossible<Key, Error>;
    type SerializeMap = Impossible<Key, Error>;
    type SerializeStruct = Impossible<Key, Error>;
    type SerializeStructVariant = Impossible<Key, Error>;

    by_text! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_char: char,
    }

    fn serialize_f32(self, key: f32) -> Result<Key, Error> {
        self.text(&number_text(key.into()))
    }

    fn serialize_f64(self, key: f64) -> Result<Key, Error> {
        self.text(&number_text(key))
    }

    fn serialize_str(self, key: &str) -> Result<Key, Error> {
        self.text(key)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Key, Error> {
        no_key("bytes")
    }

    fn serialize_none(self) -> Result<Key, Error> {
        no_key("None")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<Key, Error> {
        self.inner(key)
    }

    fn serialize_unit(self) -> Result<Key, Error> {
        no_key("a unit")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Key, Error> {
        no_key(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Key, Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, key: &T) -> Result<Key, Error> {
        self.inner(key)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<Key, Error> {
        no_key(&format!("{name}::{variant}"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        no_key("a sequence")
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        no_key("a tuple")
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        no_key(name)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        no_key(&format!("{name}::{variant}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        no_key("a map")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        no_key(name)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        no_key(&format!("{name}::{variant}"))
    }
}
