//! Classes: making them, private members, `super`.

use super::Vm;
use super::code::Code;
use super::native::Throw;
use crate::heap::cell::Kind;
use crate::heap::object::Static;
use crate::heap::shape::Listed;
use crate::heap::string::Key;
use crate::heap::value::Value;

/// Classes that may extend each other in a row: whoever looks for a method, or makes an instance, goes through all of them.
const MOST_ANCESTORS: usize = 1000;

impl Vm {
    /// Errors: a RangeError if a class of that parent would have too many ancestors. O(ancestors).
    fn check_ancestors(&mut self, parent: Value) -> Result<(), Throw> {
        let mut count = 0;
        let mut at = parent;
        while at.is(Kind::Class) {
            count += 1;
            at = self.heap.class_data(at).parent;
        }
        self.charge(count)?;
        if count > MOST_ANCESTORS {
            return Err(self.range_error(format!("Classes extend each other more than {MOST_ANCESTORS} deep")));
        }
        Ok(())
    }

    /// Evaluates a class literal: the class with its constructor, its methods and its private names.
    #[inline(never)]
    pub(super) fn new_class(
        &mut self,
        code: *const Code,
        template: usize,
        parent: Option<Value>,
        regs: *const Value,
    ) -> Result<Value, Throw> {
        // SAFETY: code lives as long as the machine.
        let code = unsafe { &*code };
        let (template, source) = (&code.classes[template], &code.proto.classes[template]);
        let parent = match parent {
            None => Value::UNDEFINED,
            Some(parent) if parent.is(Kind::Class) => {
                if let Some(native) = self.native_class(parent)
                    && !matches!(native.construct, super::native::Construct::Fills(_))
                {
                    let name = native.name;
                    let instead = if name == "Object" { "leave `extends Object` out" } else { "keep one in a field" };
                    return Err(self.type_error(format!(
                        "Class {name} cannot be extended; of the built-in ones only Error and its kin can: {instead}"
                    )));
                }
                parent
            }
            Some(parent) => {
                let what = self.describe(parent);
                return Err(self.type_error(format!("A class can only extend a class, got {what}")));
            }
        };
        self.check_ancestors(parent)?;
        let class = self.heap.class(template.name, parent);
        if parent.is(Kind::Class) {
            self.heap.class_data(class).finalizes = self.heap.class_data(parent).finalizes;
        }
        let running = self.frames.last().map_or(Value::UNDEFINED, |frame| frame.function);
        let outer = self.home_of(running);
        self.heap.class_ref(class, outer);
        self.heap.class_data(class).outer = outer;
        for name in &source.private_names {
            let key = self.heap.private_key(name);
            self.heap.incref(key.value());
            self.heap.class_data(class).private_names.push(key);
        }
        if !template.constructor.is_null() {
            let constructor = self.closure(template.constructor, regs, Some(class));
            self.heap.class_ref(class, constructor);
            self.heap.class_data(class).constructor = constructor;
        }
        if !template.fields.is_null() {
            let fields = self.closure(template.fields, regs, Some(class));
            self.heap.class_ref(class, fields);
            self.heap.class_data(class).fields = fields;
        }
        for method in &template.methods {
            let key = match method.key {
                Ok(key) => key,
                Err(index) => self.heap.class_data(class).private_names[index as usize],
            };
            let function = self.closure(method.code, regs, Some(class));
            self.add_method(class, key, function, method.is_static);
        }
        Ok(class)
    }

    pub(super) fn add_method(&mut self, class: Value, key: Key, function: Value, is_static: bool) {
        self.heap.incref(key.value());
        self.heap.class_ref(class, function);
        let finalizes = !is_static && key == self.keys.finalize;
        let data = self.heap.class_data(class);
        data.finalizes |= finalizes;
        let table = if is_static { &mut data.statics } else { &mut data.methods };
        if let Some(old) = table.insert(key, function) {
            self.heap.decref(key.value());
            self.heap.decref(old);
        }
    }

    /// Gives a closure that a computed key names its own `name`, not listed.
    pub(super) fn name_function(&mut self, function: Value, key: Value) -> Result<(), Throw> {
        let key = self.property_key(key)?;
        if !function.is(Kind::Function) {
            return Ok(());
        }
        let name = self.keys.name;
        self.heap.set_own_as(function, name, key.value(), Listed::No).map_err(|error| self.set_error(error, "`name`"))
    }

    /// A method under a computed key. `prototype` cannot be redefined, as in JavaScript.
    pub(super) fn define_method(
        &mut self,
        class: Value,
        key: Value,
        function: Value,
        is_static: bool,
    ) -> Result<(), Throw> {
        self.name_function(function, key)?;
        let key = self.property_key(key)?;
        if is_static && key == self.keys.prototype {
            return Err(self.type_error("A class cannot have a static member called `prototype`"));
        }
        self.add_method(class, key, function, is_static);
        Ok(())
    }

    /// The private name number `index` of the class that lies `outwards` classes around the running function's home.
    pub(super) fn private_name(&mut self, index: usize, outwards: usize) -> Value {
        let function = self.frames.last().map_or(Value::UNDEFINED, |frame| frame.function);
        let mut class = self.home_of(function);
        for _ in 0..outwards {
            class = self.heap.class_data(class).outer;
        }
        self.heap.class_data(class).private_names[index].value()
    }

    /// A private member: a field, or a method of the class or one of its parents (of the class itself if it is static).
    fn find_private(&self, object: Value, name: Key) -> Option<(Value, bool)> {
        if !object.is_container() {
            return None;
        }
        if let Some(value) = self.heap.get_own(object, name) {
            return Some((value, true));
        }
        if object.is(Kind::Class) {
            return self.heap.class_data(object).statics.get(&name).map(|method| (*method, false));
        }
        let class = self.heap.class_of(object)?;
        self.heap.find_method(class, name).map(|method| (method, false))
    }

    pub(super) fn has_private(&mut self, object: Value, name: Value) -> Result<bool, Throw> {
        if !object.is_container() {
            let what = self.describe(object);
            return Err(self.type_error(format!("The right side of `in` must be an object, got {what}")));
        }
        Ok(self.find_private(object, Key(name.str_cell())).is_some())
    }

    pub(super) fn get_private(&mut self, object: Value, name: Value) -> Result<Value, Throw> {
        match self.find_private(object, Key(name.str_cell())) {
            Some((value, _)) => Ok(value),
            None => Err(self.no_private("read", object, name)),
        }
    }

    pub(super) fn set_private(&mut self, object: Value, name: Value, value: Value) -> Result<(), Throw> {
        let key = Key(name.str_cell());
        match self.find_private(object, key) {
            Some((_, true)) => {
                self.heap.set_own_even_frozen(object, key, value);
                Ok(())
            }
            Some((_, false)) => {
                let text = key.text().to_string();
                Err(self.type_error(format!("Private method `{text}` is not writable")))
            }
            None => Err(self.no_private("write", object, name)),
        }
    }

    #[cold]
    fn no_private(&mut self, verb: &str, object: Value, name: Value) -> Throw {
        let (text, what) = (self.heap.text(name).to_string(), self.describe(object));
        self.type_error(format!("Cannot {verb} private member `{text}` of {what}, whose class did not declare it"))
    }

    pub(super) fn define_private(&mut self, object: Value, name: Value, value: Value) -> Result<(), Throw> {
        let key = Key(name.str_cell());
        if self.heap.get_own(object, key).is_some() {
            let text = key.text().to_string();
            return Err(self.type_error(format!("Private member `{text}` is initialised twice on the same object")));
        }
        self.heap.set_own_as(object, key, value, Listed::No).map_err(|error| self.set_error(error, "a private member"))
    }

    /// `super.key`: looked up in the parent of the running function's home class, on the side (static or not) of `receiver`. What is called is
    /// protected, unless it is a method.
    pub(super) fn get_super(&mut self, key: Value, receiver: Value, called: bool) -> Result<Value, Throw> {
        let key = self.property_key(key)?;
        let function = self.frames.last().map_or(Value::UNDEFINED, |frame| frame.function);
        let class = self.home_of(function);
        let parent = self.heap.class_data(class).parent;
        if parent.is_undefined() {
            return Ok(Value::UNDEFINED);
        }
        if !receiver.is(Kind::Class) {
            return Ok(self.heap.find_method(parent, key).unwrap_or(Value::UNDEFINED));
        }
        Ok(match self.heap.find_static(parent, key) {
            Some(Static::Property(found)) => {
                if called {
                    self.heap.protect(found);
                }
                found
            }
            Some(Static::Method(method)) => method,
            None => Value::UNDEFINED,
        })
    }
}
