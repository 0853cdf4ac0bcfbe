//! Names of properties as keys and as names of variants: texts, from which other keys of maps are read, too.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::access::Variant;
use super::de::Reader;
use super::error::Error;
use super::{RED_ZONE, STACK_PIECE};
use crate::heap::value::Value;

/// A string that is no value of its own.
pub(super) struct Name<'a, 'v> {
    pub(super) reader: &'a mut Reader<'v>,
    pub(super) name: Value,
}

impl<'v> Name<'_, 'v> {
    /// The name inside a wrapper; there may be as many as a type of the host likes.
    fn wrapper<T>(self, read: impl FnOnce(Name<'_, 'v>) -> Result<T, Error>) -> Result<T, Error> {
        let Name { reader, name } = self;
        reader.walk.nest()?;
        let read = stacker::maybe_grow(RED_ZONE, STACK_PIECE, || read(Name { reader: &mut *reader, name }));
        reader.walk.nested -= 1;
        read
    }
}

/// A key that is no text has become one ([`super::key`]), and is read from that. What is none of these keys is the visitor's to refuse.
macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.reader.text(self.name)?;
            match text.parse::<$type>() {
                Ok(key) => visitor.$visit(key),
                Err(_) => visitor.visit_str(text),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Name<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.reader.text(self.name)?)
    }

    parsed! {
        deserialize_bool visit_bool bool;
        deserialize_i8 visit_i64 i64;
        deserialize_i16 visit_i64 i64;
        deserialize_i32 visit_i64 i64;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u64 u64;
        deserialize_u16 visit_u64 u64;
        deserialize_u32 visit_u64 u64;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f64 f64;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.reader.text(self.name)?.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.wrapper(|name| visitor.visit_some(name))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.wrapper(|name| visitor.visit_newtype_struct(name))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant::named(self.reader, self.name))
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
