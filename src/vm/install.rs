//! Putting the standard library in place: all of it at level 0, before the first scope.

use super::look::computed;
use super::native::{NativeClass, NativeInfo, NextFn};
use super::{ErrorClass, Methods, Vm};
use crate::heap::cell::Kind;
use crate::heap::shape::Listed;
use crate::heap::value::Value;

/// Properties that an error is given when it is made.
const OF_ERRORS: [&str; 2] = ["cause", "stack"];

/// `array.map`: a method or property of the values of a kind.
fn member_name(kind: Methods, name: &str) -> String {
    let kind = format!("{kind:?}");
    let (first, rest) = kind.split_at(1);
    format!("{}{rest}.{name}", first.to_ascii_lowercase())
}

impl Vm {
    /// Every built-in by one name each, in the order of installation: globals, namespaces and classes (`parseInt`, `Math`, `Map`), what stands in them
    /// (`Math.max`, `Math.PI`, `Array.from`), and what values have (`array.map`, `string.length`). O(n).
    pub fn library_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, value) in &self.builtins {
            names.push(name.clone());
            match value.kind() {
                Some(Kind::Class) => {
                    let statics = self.heap.class_data(*value).statics.keys();
                    names.extend(statics.map(|key| format!("{name}.{}", key.text().as_str())));
                }
                Some(Kind::Object) => {
                    let entries = self.heap.all_entries(*value);
                    names.extend(entries.into_iter().map(|(key, ..)| format!("{name}.{}", key.text().as_str())));
                }
                _ => {}
            }
        }
        for (index, methods) in self.methods.iter().enumerate() {
            let kind = Methods::ALL[index];
            names.extend(methods.keys().map(|key| member_name(kind, key.text().as_str())));
            names.extend(computed(kind).iter().map(|name| member_name(kind, name)));
        }
        let error = self.heap.class_data(self.error_classes[ErrorClass::Error as usize]);
        names.extend(error.methods.keys().map(|key| member_name(Methods::Error, key.text().as_str())));
        names.extend(OF_ERRORS.iter().map(|name| member_name(Methods::Error, name)));
        names
    }

    fn native_function(&mut self, info: &'static NativeInfo, name: &str) -> Value {
        let function = self.heap.native(std::ptr::from_ref(info).cast());
        self.as_builtin(function, name)
    }

    /// A container made at level 0, with what traces call it; nobody can change it.
    pub(super) fn as_builtin(&mut self, value: Value, shown: &str) -> Value {
        self.heap.name_builtin(value, shown);
        self.heap.seal_builtin(value);
        value
    }

    fn builtin_property(&mut self, object: Value, name: &str, value: Value, listed: Listed) {
        let key = self.heap.key(name);
        // Before the program there is no limit to reach and nothing is frozen.
        let _ = self.heap.set_own_as(object, key, value, listed);
    }

    pub(crate) fn install_value(&mut self, name: &str, value: Value) {
        self.heap.incref(value);
        self.builtins.push((name.to_string(), value));
    }

    /// A namespace object such as `Math`: frozen, its functions and constants as own properties.
    pub(crate) fn install_namespace(
        &mut self,
        name: &'static str,
        functions: &'static [NativeInfo],
        constants: &[(&str, Value)],
    ) {
        let namespace = self.heap.namespace();
        self.heap.name_builtin(namespace, name);
        // As in JavaScript, where what hosts add (`console`) is listed, and what the language has is not.
        let listed = if matches!(name, "Math" | "JSON") { Listed::No } else { Listed::Yes };
        for info in functions {
            let function = self.native_function(info, &format!("{name}.{}", info.name));
            self.builtin_property(namespace, info.name, function, listed);
        }
        for (constant, value) in constants {
            self.builtin_property(namespace, constant, *value, listed);
        }
        self.heap.seal_builtin(namespace);
        self.install_value(name, namespace);
    }

    /// A global function such as `parseInt`.
    pub(crate) fn install_function(&mut self, info: &'static NativeInfo) {
        let function = self.native_function(info, info.name);
        self.install_value(info.name, function);
    }

    fn builtin_class(&mut self, class: &'static NativeClass, parent: Value) -> Value {
        let name = self.heap.constant(class.name).value();
        let value = self.heap.class(name, parent);
        self.heap.class_data(value).native = std::ptr::from_ref(class).cast();
        self.heap.name_builtin(value, class.name);
        value
    }

    /// A class such as `Map`, with static functions and constants.
    pub(crate) fn install_class(
        &mut self,
        class: &'static NativeClass,
        statics: &'static [NativeInfo],
        constants: &[(&str, Value)],
    ) -> Value {
        let value = self.builtin_class(class, Value::UNDEFINED);
        for info in statics {
            let function = self.native_function(info, &format!("{}.{}", class.name, info.name));
            let key = self.heap.key(info.name);
            self.add_method(value, key, function, true);
        }
        for (constant, constant_value) in constants {
            let key = self.heap.key(constant);
            self.add_method(value, key, *constant_value, true);
        }
        self.heap.seal_builtin(value);
        self.install_value(class.name, value);
        value
    }

    /// Makes a static function of a class the same value as a global function (`Number.parseInt`).
    pub(crate) fn share_with_class(&mut self, class: &str, name: &str) {
        let find = |vm: &Vm, name: &str| vm.builtins.iter().find(|(n, _)| n == name).map(|(_, value)| *value);
        if let (Some(class), Some(function)) = (find(self, class), find(self, name)) {
            let key = self.heap.key(name);
            self.add_method(class, key, function, true);
        }
    }

    /// The methods of a kind of values.
    pub(crate) fn install_methods(&mut self, kind: Methods, methods: &'static [NativeInfo]) {
        for info in methods {
            let function = self.native_function(info, &format!("{kind:?}.{}", info.name));
            let key = self.heap.constant(info.name);
            if kind == Methods::Error {
                let class = self.error_classes[ErrorClass::Error as usize];
                self.add_method(class, key, function, false);
                continue;
            }
            self.heap.incref(function);
            self.methods[kind as usize].insert(key, function);
        }
    }

    /// Makes objects of the host of this type iterable.
    pub(crate) fn install_iteration(&mut self, type_name: &'static str, next: NextFn) {
        self.iterations.push((type_name, next));
    }

    /// An error class of the family, extending Error (or nothing for Error itself). Its instances inherit `name` from it.
    pub(crate) fn install_error_class(&mut self, which: ErrorClass, class: &'static NativeClass) {
        let parent = self.error_classes[ErrorClass::Error as usize];
        let value = self.builtin_class(class, parent);
        let name = self.heap.class_data(value).name;
        let key = self.keys.name;
        self.add_method(value, key, name, false);
        let (message, empty) = (self.keys.message, self.heap.key(""));
        if parent.is_undefined() {
            self.add_method(value, message, empty.value(), false);
        }
        self.heap.seal_builtin(value);
        self.error_classes[which as usize] = value;
        self.install_value(class.name, value);
    }
}
