//! Values to data of Rust: a deserializer that walks the heap.

use rustc_hash::FxHashSet;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Elements, Pairs, Properties, Variant};
use super::error::{Error, Step, described, wanted};
use super::{LOOK, RED_ZONE, STACK_PIECE, VALUE, Walk};
use crate::heap::alloc::OutOfMemory;
use crate::heap::cell::Kind;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::vm::Vm;

/// From which on doubles are no `i64` and no `u64`, no `i128` and no `u128`.
const TWO_63: f64 = (1u64 << 63) as f64;
const TWO_64: f64 = 2.0 * TWO_63;
const TWO_127: f64 = (1u128 << 127) as f64;
const TWO_128: f64 = 2.0 * TWO_127;

/// Containers that may be in each other, if no other limit is nearer: as many as serde_json reads. Code of types, for which no stack can be grown, recurses as deep: what
/// serde buffers for an untagged enum, and `Drop`.
pub(super) const MOST_LEVELS: usize = 128;

pub(super) fn from_value<T: DeserializeOwned>(vm: &mut Vm, value: Value) -> Result<T, Error> {
    let most_bytes = vm.options().heap.max_bytes;
    let mut walk = Walk::new(vm);
    walk.most = walk.most.min(MOST_LEVELS);
    let mut reader = Reader { walk, entries: Vec::new(), inside: FxHashSet::default(), read: 0, most_bytes };
    let read = reader.nested(value, std::marker::PhantomData);
    reader.walk.finish(read)
}

/// What is being read.
pub(super) struct Reader<'v> {
    pub(super) walk: Walk<'v>,
    /// Properties of the objects that are open, outermost first.
    pub(super) entries: Vec<(Key, Value)>,
    /// The containers that are open.
    inside: FxHashSet<u64>,
    /// Bytes of all that has been read.
    read: u64,
    most_bytes: u64,
}

/// A value, to be read as whatever the type asks for.
pub(super) struct Place<'a, 'v> {
    pub(super) reader: &'a mut Reader<'v>,
    pub(super) value: Value,
}

impl<'v> Reader<'v> {
    /// What a type of the host makes of a value. What it has begun is forgotten when it fails: its holder may go on without it.
    pub(super) fn nested<'de, S: DeserializeSeed<'de>>(&mut self, value: Value, seed: S) -> Result<S::Value, Error> {
        self.count(VALUE, size_of::<Value>())?;
        self.walk.nest()?;
        let read = stacker::maybe_grow(RED_ZONE, STACK_PIECE, || seed.deserialize(Place { reader: &mut *self, value }));
        self.walk.nested -= 1;
        read
    }

    /// The same for one that stands in a container.
    pub(super) fn nested_at<'de, S: DeserializeSeed<'de>>(
        &mut self,
        value: Value,
        seed: S,
        step: impl FnOnce() -> Step,
    ) -> Result<S::Value, Error> {
        self.nested(value, seed).map_err(|error| error.inside(step()))
    }

    fn count(&mut self, work: usize, bytes: usize) -> Result<(), Error> {
        self.walk.work(work)?;
        self.read += bytes as u64;
        if self.read > self.most_bytes {
            let limit = self.walk.vm.out_of_memory(OutOfMemory);
            return self.walk.kept(Err(limit));
        }
        Ok(())
    }

    /// The text of a string. It stands as long as nothing ends a statement or collects: the caller lets a visitor copy it, and that at once.
    pub(super) fn text<'t>(&mut self, string: Value) -> Result<&'t str, Error> {
        let text = self.walk.vm.heap.text(string);
        self.count(text.len(), text.len())?;
        Ok(text.as_str())
    }

    /// Reads a container, which `read` does: it is open meanwhile.
    fn inside<T>(&mut self, container: Value, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.inside.contains(&container.0) {
            return Err(Error::new("the value refers to itself"));
        }
        self.walk.enter()?;
        self.inside.insert(container.0);
        let entries = self.entries.len();
        let read = read(self);
        self.entries.truncate(entries);
        self.inside.remove(&container.0);
        self.walk.open -= 1;
        read
    }

    /// Puts the listed properties of an object that are not undefined on the stack of entries. Answers where they begin.
    pub(super) fn list(&mut self, object: Value) -> Result<usize, Error> {
        let start = self.entries.len();
        let slots = self.walk.vm.heap.slot_count(object);
        for from in (0..slots).step_by(LOOK) {
            let to = slots.min(from + LOOK);
            self.walk.work(to - from)?;
            self.walk.vm.heap.entries_in_slots(object, from..to, &mut self.entries);
        }
        Ok(start)
    }
}

/// An integer, in a type that holds it.
enum Integer {
    Signed(i64),
    Unsigned(u64),
    Large(f64),
}

/// The integer that a number is, whatever holds it.
fn integer_of(value: Value) -> Option<Integer> {
    if value.is_int() {
        return Some(Integer::Signed(value.as_int().into()));
    }
    if let Some(n) = value.exact() {
        return Some(Integer::Signed(n));
    }
    let n = value.plain_number().filter(|n| n.trunc() == *n)?;
    if (-TWO_63..TWO_63).contains(&n) {
        Some(Integer::Signed(n as i64))
    } else if (TWO_63..TWO_64).contains(&n) {
        Some(Integer::Unsigned(n as u64))
    } else {
        Some(Integer::Large(n))
    }
}

impl<'v> Place<'_, 'v> {
    #[cold]
    pub(super) fn unlike(self, wanted: &str) -> Error {
        let found = described(self.reader.walk.vm, self.value);
        Error::new(format!("expected {wanted}, found {found}"))
    }

    /// What is inside a wrapper: the value itself. There may be as many as a type of the host likes.
    pub(super) fn wrapper<T>(self, read: impl FnOnce(Place<'_, 'v>) -> Result<T, Error>) -> Result<T, Error> {
        let Place { reader, value } = self;
        reader.walk.nest()?;
        let read = stacker::maybe_grow(RED_ZONE, STACK_PIECE, || read(Place { reader: &mut *reader, value }));
        reader.walk.nested -= 1;
        read
    }

    /// A number, whatever it is: an integer, unless only a double holds it. A double beyond 2^53 is shown as one that has been rounded, so that it comes back as it was.
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let n = self.value.as_f64().unwrap_or(f64::NAN);
        match integer_of(self.value) {
            Some(Integer::Signed(0)) if n.is_sign_negative() => visitor.visit_f64(n),
            Some(Integer::Signed(whole)) if self.value.is_exact() || whole.unsigned_abs() <= 1 << 53 => {
                match u64::try_from(whole) {
                    Ok(whole) => visitor.visit_u64(whole),
                    Err(_) => visitor.visit_i64(whole),
                }
            }
            _ => visitor.visit_f64(n),
        }
    }

    fn container<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (reader, value) = (self.reader, self.value);
        match value.kind() {
            Some(Kind::Array | Kind::Set) => reader.inside(value, |reader| Elements::read(reader, value, visitor)),
            Some(Kind::Map) => reader.inside(value, |reader| Pairs::read(reader, value, visitor)),
            Some(Kind::Object) => reader.inside(value, |reader| Properties::read(reader, value, visitor)),
            _ => Err(Place { reader, value }.unlike(&wanted(&visitor))),
        }
    }
}

/// Types of integers take any number that is one, in whatever way it is held. Other values are the visitor's to refuse.
macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match integer_of(self.value) {
                Some(Integer::Signed(n)) if n >= 0 => visitor.visit_u64(n as u64),
                Some(Integer::Signed(n)) => visitor.visit_i64(n),
                Some(Integer::Unsigned(n)) => visitor.visit_u64(n),
                _ => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Place<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::UNDEFINED | Value::NULL => visitor.visit_unit(),
            Value::TRUE => visitor.visit_bool(true),
            Value::FALSE => visitor.visit_bool(false),
            value if value.is_number() => self.number(visitor),
            value if value.is_string() => visitor.visit_str(self.reader.text(value)?),
            _ => self.container(visitor),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match integer_of(self.value) {
            Some(Integer::Large(n)) if (-TWO_127..TWO_127).contains(&n) => visitor.visit_i128(n as i128),
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match integer_of(self.value) {
            Some(Integer::Large(n)) if (0.0..TWO_128).contains(&n) => visitor.visit_u128(n as u128),
            _ => self.deserialize_u64(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value.as_f64() {
            Some(n) => visitor.visit_f64(n),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            value if value.is_string() => visitor.visit_bytes(self.reader.text(value)?.as_bytes()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_nullish() {
            return visitor.visit_none();
        }
        self.wrapper(|place| visitor.visit_some(place))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.wrapper(|place| visitor.visit_newtype_struct(place))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (reader, value) = (self.reader, self.value);
        if value.is_string() {
            return visitor.visit_enum(Variant::named(reader, value));
        }
        match Variant::in_container(reader, value)? {
            Some((name, content)) => {
                reader.inside(value, |reader| visitor.visit_enum(Variant::with(reader, name, content)))
            }
            None => {
                let wanted = format!("{} (a string, or an object with one property)", wanted(&visitor));
                Err(Place { reader, value }.unlike(&wanted))
            }
        }
    }

    /// Whatever it is: a function is no error where nobody reads it.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool char str string unit unit_struct seq tuple tuple_struct map struct identifier
    }
}
