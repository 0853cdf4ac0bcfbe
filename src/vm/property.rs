//! Properties by name: lookup on every kind of value, and the inline caches.

use super::code::Code;
use super::code::{Cache, NO_KIND, NO_SHAPE};
use super::native::Throw;
use super::{Methods, Vm};
use crate::compile::op::Op;
use crate::heap::cell::Kind;
use crate::heap::object::Static;
use crate::heap::shape::Listed;
use crate::heap::string::Key;
use crate::heap::value::Value;

/// Where a property was found.
enum Found {
    /// In a slot of the object itself, or of a class that it extends.
    Own(Value),
    /// A method: of the class, or of the built-in kind.
    Method(Value),
    Nothing,
}

impl Vm {
    pub(super) fn methods_of(&self, value: Value) -> Option<Methods> {
        if value.is_number() {
            return Some(Methods::Number);
        }
        if value.is_bool() {
            return Some(Methods::Boolean);
        }
        Some(match value.kind()? {
            Kind::String => Methods::String,
            Kind::Array => Methods::Array,
            Kind::Function | Kind::Native | Kind::Bound | Kind::Class => Methods::Function,
            Kind::Map => Methods::Map,
            Kind::Set => Methods::Set,
            Kind::Iterator => Methods::Iterator,
            Kind::WeakRef => Methods::WeakRef,
            Kind::WeakMap => Methods::WeakMap,
            Kind::WeakSet => Methods::WeakSet,
            Kind::Host if self.heap.host_type_name(value) == Some("File") => Methods::File,
            _ => return None,
        })
    }

    fn lookup(&mut self, value: Value, key: Key) -> Result<Found, Throw> {
        if value.is_container()
            && let Some(own) = self.heap.get_own(value, key)
        {
            return Ok(Found::Own(own));
        }
        if let Some(special) = self.special_property(value, key) {
            return Ok(Found::Own(special));
        }
        if let Some(class) = self.heap.class_of(value) {
            if value.is(Kind::Host)
                && let Some(field) = self.host_field(value, class, key)
            {
                return field.map(Found::Own);
            }
            if let Some(method) = self.heap.find_method(class, key) {
                return Ok(Found::Method(method));
            }
            if key == self.keys.constructor {
                return Ok(Found::Method(class));
            }
            return Ok(Found::Nothing);
        }
        if value.is(Kind::Class)
            && let Some(found) = self.heap.find_static(value, key)
        {
            return Ok(match found {
                Static::Property(value) => Found::Own(value),
                Static::Method(method) => Found::Method(method),
            });
        }
        if value.is_nullish() {
            return Err(self.nullish_error(value, key));
        }
        if let Some(kind) = self.methods_of(value)
            && let Some(method) = self.methods[kind as usize].get(&key)
        {
            return Ok(Found::Method(*method));
        }
        if key == self.keys.constructor {
            let name = self.note().unwrap_or_else(|| self.describe(value));
            return Err(self
                .type_error(format!("`{name}.constructor`: plain objects and built-in values have no class to show")));
        }
        Ok(Found::Nothing)
    }

    /// Properties that are computed: lengths, sizes, names.
    fn special_property(&mut self, value: Value, key: Key) -> Option<Value> {
        let keys = &self.keys;
        if key == keys.length {
            return match value.kind()? {
                Kind::String => Some(Value::index(self.heap.text(value).chars_len())),
                Kind::Array => Some(Value::index(self.heap.array_len(value))),
                Kind::Function | Kind::Native | Kind::Bound | Kind::Class => {
                    Some(Value::index(self.function_length(value)))
                }
                _ => None,
            };
        }
        if key == keys.size && (value.is(Kind::Map) || value.is(Kind::Set)) {
            return Some(Value::index(self.heap.table(value).len()));
        }
        if key == keys.name && matches!(value.kind(), Some(Kind::Function | Kind::Native | Kind::Bound | Kind::Class)) {
            if value.is(Kind::Class) && self.heap.find_static(value, key).is_some() {
                return None;
            }
            let name = self.function_name(value);
            return Some(self.heap.short_string(&name));
        }
        None
    }

    #[cold]
    fn nullish_error(&mut self, value: Value, key: Key) -> Throw {
        let what = if value.is_undefined() { "undefined" } else { "null" };
        let name = key.text().to_string();
        let meant = self.executed().map_or_else(String::new, |read| match read.op() {
            Op::GetProp | Op::GetMethod => self.meant_before(read.b()),
            _ => String::new(),
        });
        match self.note() {
            Some(note) if note != what => {
                self.type_error(format!("Cannot read property `{name}` of {what}: `{note}` is {what}{meant}"))
            }
            _ => self.type_error(format!("Cannot read property `{name}` of {what}")),
        }
    }

    /// A property by key, as the script's `value.key` reads it.
    pub(super) fn get_key(&mut self, value: Value, key: Key) -> Result<Value, Throw> {
        Ok(match self.lookup(value, key)? {
            Found::Own(value) | Found::Method(value) => value,
            Found::Nothing => Value::UNDEFINED,
        })
    }

    /// `value.key` with an inline cache.
    #[inline(never)]
    pub(super) fn get_cached(&mut self, value: Value, code: *const Code, cache: usize) -> Result<Value, Throw> {
        // SAFETY: the operand check keeps cache indexes in range; no other reference to the cache is used meanwhile.
        let cache = unsafe { &mut *(&(*code).caches)[cache].get() };
        let key = cache.key;
        if value.is(Kind::Object) {
            let shape = self.heap.shape_of(value);
            // SAFETY: shapes live with their objects.
            if let Some(slot) = unsafe { (*shape).slot_of(key) } {
                // SAFETY: as above.
                if unsafe { !(*shape).is_dictionary() } {
                    cache.shape = shape;
                    cache.slot = slot as u32;
                    cache.method = Value::UNDEFINED;
                }
                return Ok(self.heap.slot(value, slot));
            }
        }
        self.get_key(value, key)
    }

    /// The method `value.key` with an inline cache. One taken from an own property is protected.
    #[inline(never)]
    pub(super) fn get_method_cached(&mut self, value: Value, code: *const Code, cache: usize) -> Result<Value, Throw> {
        // SAFETY: as in `get_cached`.
        let cache = unsafe { &mut *(&(*code).caches)[cache].get() };
        let key = cache.key;
        match self.lookup(value, key)? {
            Found::Own(method) => {
                if value.is(Kind::Object) {
                    let shape = self.heap.shape_of(value);
                    // SAFETY: shapes live with their objects.
                    unsafe {
                        if let (false, Some(slot)) = ((*shape).is_dictionary(), (*shape).slot_of(key)) {
                            (cache.shape, cache.kind) = (shape, NO_KIND);
                            (cache.slot, cache.method) = (slot as u32, Value::UNDEFINED);
                        }
                    }
                }
                self.heap.protect(method);
                Ok(method)
            }
            Found::Method(method) => {
                if value.is(Kind::Object) {
                    let shape = self.heap.shape_of(value);
                    // SAFETY: shapes live with their objects.
                    if unsafe { !(*shape).is_dictionary() } {
                        (cache.shape, cache.kind, cache.method) = (shape, NO_KIND, method);
                    }
                } else if let Some(kind) = Cache::kind_of(value) {
                    (cache.shape, cache.kind, cache.method) = (NO_SHAPE, kind as u8, method);
                }
                Ok(method)
            }
            Found::Nothing => Ok(Value::UNDEFINED),
        }
    }

    /// `value.key = stored` with an inline cache.
    #[inline(never)]
    pub(super) fn set_cached(
        &mut self,
        object: Value,
        stored: Value,
        code: *const Code,
        cache: usize,
    ) -> Result<(), Throw> {
        // SAFETY: as in `get_cached`.
        let cache = unsafe { &mut *(&(*code).caches)[cache].get() };
        let key = cache.key;
        if object.is(Kind::Object) && !self.heap.is_frozen(object) {
            let shape = self.heap.shape_of(object);
            // SAFETY: shapes live with their objects.
            if unsafe { !(*shape).is_dictionary() } {
                if cache.shape == shape && !cache.next.is_null() {
                    return self.in_room(|heap| heap.add_slot(object, cache.next, stored));
                }
                // SAFETY: as above.
                match unsafe { (*shape).slot_of(key) } {
                    Some(slot) => {
                        (cache.shape, cache.next, cache.slot) = (shape, std::ptr::null_mut(), slot as u32);
                        self.heap.set_slot(object, slot, stored);
                        return Ok(());
                    }
                    None => {
                        if let Some(next) = self.heap.transition(shape, key, Listed::Yes) {
                            (cache.shape, cache.next) = (shape, next);
                            return self.in_room(|heap| heap.add_slot(object, next, stored));
                        }
                    }
                }
            }
        }
        self.set_key(object, key, stored)
    }

    /// A property by key, as the script's `value.key = stored` writes it.
    pub(super) fn set_key(&mut self, object: Value, key: Key, stored: Value) -> Result<(), Throw> {
        if !object.is_container() {
            let what = self.describe(object);
            let name = key.text().to_string();
            return Err(match self.note() {
                Some(note) if object.is_nullish() => {
                    let meant = match self.executed() {
                        Some(write) if write.op() == Op::SetProp => self.meant_before(write.a()),
                        _ => String::new(),
                    };
                    self.type_error(format!("Cannot set property `{name}` of {what}: `{note}` is {what}{meant}"))
                }
                _ => self.type_error(format!("Cannot set property `{name}` of {what}")),
            });
        }
        if object.is(Kind::Array) && key == self.keys.length {
            return self.set_array_length(object, stored);
        }
        if object.is(Kind::Host)
            && let Some(class) = self.heap.class_of(object)
        {
            return self.set_host_field(object, class, key, stored);
        }
        let computed = key == self.keys.length || key == self.keys.name || key == self.keys.size;
        if computed
            && !object.is(Kind::Object)
            && self.heap.get_own(object, key).is_none()
            && self.special_property(object, key).is_some()
        {
            let name = key.text().to_string();
            let what = self.describe(object);
            return Err(self.type_error(format!("Cannot assign to read-only property `{name}` of {what}")));
        }
        self.heap.set_own(object, key, stored).map_err(|error| {
            let name = key.text().to_string();
            self.set_error(error, &format!("`{name}`"))
        })
    }

    fn set_array_length(&mut self, array: Value, length: Value) -> Result<(), Throw> {
        let Some(length) = super::convert::as_index(length) else {
            return Err(self.range_error("Invalid array length"));
        };
        if self.heap.is_frozen(array) {
            return Err(self.type_error("Cannot assign to `length`: the array is frozen"));
        }
        if length > self.heap.array_len(array) {
            return Err(self.range_error("An array's length can only shrink by assignment; use push or fill"));
        }
        self.heap.truncate(array, length);
        Ok(())
    }

    /// Number of parameters of a function value before the first default.
    pub fn function_length(&self, value: Value) -> usize {
        match value.kind() {
            Some(Kind::Native) => self.native_info(value).length as usize,
            Some(Kind::Class) => match self.native_class(value) {
                Some(native) => native.length as usize,
                None => {
                    let constructor = self.heap.class_data(value).constructor;
                    if constructor.is_undefined() { 0 } else { self.function_length(constructor) }
                }
            },
            Some(Kind::Bound) => {
                let (mut target, mut given) = self.bound_parts(value);
                while target.is(Kind::Bound) {
                    let (inner, more) = self.bound_parts(target);
                    (target, given) = (inner, given + more);
                }
                self.function_length(target).saturating_sub(given)
            }
            Some(Kind::Function) => self.code_of(value).proto.length as usize,
            _ => 0,
        }
    }

    pub(super) fn code_of(&self, function: Value) -> &Code {
        // SAFETY: a live closure (I2); code lives as long as the machine.
        unsafe { &*((*(function.container() as *mut crate::heap::cell::Function)).code as *const Code) }
    }

    /// What a bound function calls, and how many arguments it has already.
    fn bound_parts(&self, value: Value) -> (Value, usize) {
        let bound = value.container() as *mut crate::heap::cell::Bound;
        // SAFETY: a live bound function (I2).
        unsafe { ((*bound).target, (*bound).count as usize - 1) }
    }

    /// The `name` of a function or class value.
    pub fn function_name(&self, value: Value) -> String {
        match value.kind() {
            Some(Kind::Native) => self.native_info(value).name.to_string(),
            Some(Kind::Class) => self.heap.text(self.heap.class_data(value).name).to_string(),
            Some(Kind::Bound) => {
                let (mut target, mut times) = (value, 0);
                while target.is(Kind::Bound) {
                    target = self.bound_parts(target).0;
                    times += 1;
                }
                "bound ".repeat(times) + &self.function_name(target)
            }
            Some(Kind::Function) => {
                let name = self.heap.get_own(value, self.keys.name).filter(|name| name.is_string());
                self.heap.text(name.unwrap_or(self.code_of(value).name)).to_string()
            }
            _ => String::new(),
        }
    }

    /// A short description for messages.
    pub fn describe(&self, value: Value) -> String {
        match value {
            Value::UNDEFINED => "undefined".to_string(),
            Value::NULL => "null".to_string(),
            Value::TRUE | Value::FALSE => "a boolean".to_string(),
            _ if value.is_number() => "a number".to_string(),
            _ => match value.kind() {
                Some(Kind::String) => "a string".to_string(),
                Some(Kind::Array) => "an array".to_string(),
                Some(Kind::Map) => "a Map".to_string(),
                Some(Kind::Set) => "a Set".to_string(),
                Some(Kind::Class) => "a class".to_string(),
                Some(Kind::Function | Kind::Native | Kind::Bound) => "a function".to_string(),
                Some(Kind::Iterator) => "an iterator".to_string(),
                Some(Kind::WeakRef) => "a WeakRef".to_string(),
                Some(Kind::WeakMap) => "a WeakMap".to_string(),
                Some(Kind::WeakSet) => "a WeakSet".to_string(),
                Some(Kind::Host) => format!("a {}", self.heap.host_type_name(value).unwrap_or("host object")),
                _ => match self.heap.class_of(value) {
                    Some(class) => format!("an instance of {}", self.function_name(class)),
                    None => "an object".to_string(),
                },
            },
        }
    }

    /// `value instanceof class`
    pub(super) fn instance_of(&mut self, value: Value, class: Value) -> Result<bool, Throw> {
        if !class.is(Kind::Class) {
            let what = self.describe(class);
            return Err(self.type_error(format!("The right side of `instanceof` must be a class, got {what}")));
        }
        if let Some(native) = self.native_class(class)
            && let Some(kind) = value.kind()
        {
            let is = match native.name {
                "Array" => kind == Kind::Array,
                "Map" => kind == Kind::Map,
                "Set" => kind == Kind::Set,
                "WeakRef" => kind == Kind::WeakRef,
                "WeakMap" => kind == Kind::WeakMap,
                "WeakSet" => kind == Kind::WeakSet,
                "Function" => matches!(kind, Kind::Function | Kind::Native | Kind::Bound | Kind::Class),
                "Object" => kind > Kind::Exact,
                _ => false,
            };
            if is {
                return Ok(true);
            }
        }
        let mut of = self.heap.class_of(value);
        while let Some(c) = of {
            if c == class {
                return Ok(true);
            }
            let parent = self.heap.class_data(c).parent;
            of = (!parent.is_undefined()).then_some(parent);
        }
        Ok(false)
    }

    /// `key in object`
    pub(super) fn has_property(&mut self, key: Value, object: Value) -> Result<bool, Throw> {
        if !object.is_container() {
            let what = self.describe(object);
            return Err(self.type_error(format!("The right side of `in` must be an object, got {what}")));
        }
        if object.is(Kind::Array) && key.is_number() {
            return Ok(super::convert::as_index(key).is_some_and(|index| index < self.heap.array_len(object)));
        }
        let key = self.property_key(key)?;
        if object.is(Kind::Array)
            && let Some(index) = super::index::canonical_index(&key.text())
        {
            return Ok(index < self.heap.array_len(object));
        }
        if self.heap.get_own(object, key).is_some() || self.special_property(object, key).is_some() {
            return Ok(true);
        }
        if object.is(Kind::Object) && self.heap.class_of(object).is_none() {
            return Ok(false);
        }
        Ok(!matches!(self.lookup(object, key)?, Found::Nothing))
    }
}
