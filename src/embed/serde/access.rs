//! What a type of the host gets to see of a container: its elements or its properties, one after the other.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected};
use serde::de::{VariantAccess, Visitor};

use super::de::{Place, Reader};
use super::error::{Error, Step, described};
use super::name::Name;
use crate::heap::cell::Kind;
use crate::heap::value::Value;

/// The elements of an array or the values of a Set.
pub(super) struct Elements<'a, 'v> {
    reader: &'a mut Reader<'v>,
    container: Value,
    /// Elements in all, and how many have been read.
    len: usize,
    read: usize,
    /// Where the next value of a Set is looked for.
    at: u64,
}

impl<'a, 'v> Elements<'a, 'v> {
    /// Reads them with a visitor, which has to take all.
    pub(super) fn read<'de, V: Visitor<'de>>(
        reader: &'a mut Reader<'v>,
        container: Value,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let heap = &reader.walk.vm.heap;
        let len =
            if container.kind() == Some(Kind::Set) { heap.table(container).len() } else { heap.array_len(container) };
        let mut elements = Elements { reader, container, len, read: 0, at: 0 };
        let value = visitor.visit_seq(&mut elements)?;
        match elements.read == len {
            true => Ok(value),
            false => Err(Error::invalid_length(len, &elements.fewer().as_str())),
        }
    }

    #[cold]
    fn fewer(&self) -> String {
        if self.read == 1 { "1 element".to_string() } else { format!("{} elements", self.read) }
    }

    fn next(&mut self) -> Option<Value> {
        let heap = &self.reader.walk.vm.heap;
        if self.container.kind() != Some(Kind::Set) {
            return heap.element(self.container, self.read);
        }
        let (value, _, at) = heap.table(self.container).next(self.at)?;
        self.at = at;
        Some(value)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(element) = self.next() else { return Ok(None) };
        let index = self.read;
        self.read += 1;
        self.reader.nested_at(element, seed, || Step::Index(index)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.read)
    }
}

/// The entries of a Map.
pub(super) struct Pairs<'a, 'v> {
    reader: &'a mut Reader<'v>,
    map: Value,
    left: usize,
    at: u64,
    /// The entry whose value comes next.
    entry: Option<(Value, Value)>,
}

impl<'a, 'v> Pairs<'a, 'v> {
    /// Reads them with a visitor.
    pub(super) fn read<'de, V: Visitor<'de>>(
        reader: &'a mut Reader<'v>,
        map: Value,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let left = reader.walk.vm.heap.table(map).len();
        visitor.visit_map(Pairs { reader, map, left, at: 0, entry: None })
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((key, value, at)) = self.reader.walk.vm.heap.table(self.map).next(self.at) else { return Ok(None) };
        (self.at, self.entry) = (at, Some((key, value)));
        self.left = self.left.saturating_sub(1);
        self.reader.nested(key, seed).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some((key, value)) = self.entry.take() else { return Err(no_key()) };
        match self.reader.nested(value, seed) {
            Ok(value) => Ok(value),
            Err(error) => Err(error.inside(step_to(self.reader, key))),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

#[cold]
fn no_key() -> Error {
    Error::new("a value of a map was asked for before its key")
}

/// The step to the value of a key in a Map.
#[cold]
fn step_to(reader: &mut Reader, key: Value) -> Step {
    if key.is_string() {
        return Step::Key(reader.walk.vm.heap.text(key).as_str().into());
    }
    Step::Other(described(reader.walk.vm, key).into())
}

/// The properties of an object: they stand on the reader's stack of entries. One that is undefined is none.
pub(super) struct Properties<'a, 'v> {
    reader: &'a mut Reader<'v>,
    next: usize,
    end: usize,
}

impl<'a, 'v> Properties<'a, 'v> {
    /// Reads them with a visitor.
    pub(super) fn read<'de, V: Visitor<'de>>(
        reader: &'a mut Reader<'v>,
        object: Value,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let next = reader.list(object)?;
        let end = reader.entries.len();
        visitor.visit_map(Properties { reader, next, end })
    }
}

impl<'de> MapAccess<'de> for Properties<'_, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        while self.next < self.end && self.reader.entries[self.next].1.is_undefined() {
            self.next += 1;
        }
        if self.next >= self.end {
            return Ok(None);
        }
        let key = self.reader.entries[self.next].0.value();
        seed.deserialize(Name { reader: self.reader, name: key }).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        if self.next >= self.end {
            return Err(no_key());
        }
        let (key, value) = self.reader.entries[self.next];
        self.next += 1;
        self.reader.nested_at(value, seed, || Step::Key(key.text().as_str().into()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.end - self.next)
    }
}

/// An enum's variant: its name, and what it holds unless the name stands alone.
pub(super) struct Variant<'a, 'v> {
    reader: &'a mut Reader<'v>,
    name: Value,
    content: Option<Value>,
}

impl<'a, 'v> Variant<'a, 'v> {
    pub(super) fn named(reader: &'a mut Reader<'v>, name: Value) -> Self {
        Variant { reader, name, content: None }
    }

    pub(super) fn with(reader: &'a mut Reader<'v>, name: Value, content: Value) -> Self {
        Variant { reader, name, content: Some(content) }
    }

    /// The name and the content in an object with one property, or in a Map with one entry. Others that are undefined do not matter.
    pub(super) fn in_container(reader: &mut Reader<'v>, value: Value) -> Result<Option<(Value, Value)>, Error> {
        let heap = &reader.walk.vm.heap;
        match value.kind() {
            Some(Kind::Map) if heap.table(value).len() == 1 => {
                let entry = heap.table(value).iter().next().map(|entry| (entry.key, entry.value));
                Ok(entry.filter(|(key, _)| key.is_string()))
            }
            Some(Kind::Object) => {
                let start = reader.list(value)?;
                let entries = &reader.entries[start..];
                let mut defined = entries.iter().filter(|(_, value)| !value.is_undefined());
                let one = match (defined.next(), defined.next(), entries) {
                    (Some((key, value)), None, _) | (None, _, [(key, value)]) => Some((key.value(), *value)),
                    _ => None,
                };
                reader.entries.truncate(start);
                Ok(one)
            }
            _ => Ok(None),
        }
    }

    fn step(&self) -> Step {
        Step::Key(self.reader.walk.vm.heap.text(self.name).as_str().into())
    }

    /// The content, read with the visitor of what the variant holds.
    fn content<'de, V: Visitor<'de>>(self, visitor: V, kind: &'static str) -> Result<V::Value, Error> {
        let Some(value) = self.content else { return Err(Error::invalid_type(Unexpected::UnitVariant, &kind)) };
        let step = self.step();
        let place = Place { reader: self.reader, value };
        place.wrapper(|place| place.deserialize_any(visitor)).map_err(|error| error.inside(step))
    }
}

impl<'de, 'a, 'v> EnumAccess<'de> for Variant<'a, 'v> {
    type Error = Error;
    type Variant = Variant<'a, 'v>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Variant<'a, 'v>), Error> {
        let name = seed.deserialize(Name { reader: &mut *self.reader, name: self.name })?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            Some(value) if !value.is_nullish() => {
                let step = self.step();
                Err(Place { reader: self.reader, value }.unlike("null").inside(step))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        let Some(value) = self.content else {
            return Err(Error::invalid_type(Unexpected::UnitVariant, &"newtype variant"));
        };
        let step = self.step();
        self.reader.nested(value, seed).map_err(|error| error.inside(step))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.content(visitor, "tuple variant")
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.content(visitor, "struct variant")
    }
}
