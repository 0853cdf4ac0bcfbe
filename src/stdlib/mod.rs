//! The standard library: one file a namespace, JavaScript's names and results.
//!
//! Built-ins coerce nothing: a wrong argument is a TypeError ([`arguments`]). A native that calls back obeys the rules of [`callbacks`].

mod arguments;
pub mod array;
mod callbacks;
mod clone;
mod collections;
mod console;
mod env;
mod errors;
mod fs;
mod functions;
mod gc;
mod grouping;
pub mod inspect;
mod io;
pub mod json;
mod long;
pub mod math;
mod number;
pub mod numerals;
mod object;
mod string;
mod weak;

use crate::heap::value::Value;
use crate::vm::{Methods, Vm};

pub use errors::error_text;
pub use gc::live_by_kind;
pub use object::index_of_text;

/// Registers the whole library. The order of the built-in names is the order here.
pub fn install(vm: &mut Vm) {
    vm.install_namespace("console", console::FUNCTIONS, &[]);
    vm.install_function(&console::PRINT);
    vm.install_namespace("JSON", json::FUNCTIONS, &[]);
    vm.install_namespace("Math", math::FUNCTIONS, &math::constants());
    install_primitives(vm);
    install_containers(vm);
    for (which, class) in errors::CLASSES {
        vm.install_error_class(*which, class);
    }
    vm.install_methods(Methods::Error, errors::METHODS);
    vm.install_methods(Methods::Function, functions::METHODS);
    vm.install_namespace("gc", gc::FUNCTIONS, &[]);
    vm.install_namespace("io", io::FUNCTIONS, &[]);
    let arguments = io::arguments(vm);
    vm.install_value("args", arguments);
    vm.install_function(&io::EXIT);
    vm.install_function(&clone::STRUCTURED_CLONE);
    vm.install_namespace("Date", io::DATE, &[]);
    vm.install_namespace("performance", io::PERFORMANCE, &[]);
    if vm.host.files().is_some() {
        fs::install(vm);
    }
    if vm.host.environment().is_some() {
        vm.install_namespace("env", env::FUNCTIONS, &[]);
    }
}

fn install_primitives(vm: &mut Vm) {
    vm.install_class(&number::NUMBER, number::STATICS, &number::constants());
    vm.install_methods(Methods::Number, number::METHODS);
    vm.install_class(&number::BOOLEAN, &[], &[]);
    vm.install_methods(Methods::Boolean, number::BOOLEAN_METHODS);
    vm.install_class(&string::STRING, string::STATICS, &[]);
    vm.install_methods(Methods::String, string::METHODS);
    for function in [&number::PARSE_INT, &number::PARSE_FLOAT, &number::IS_NAN, &number::IS_FINITE] {
        vm.install_function(function);
    }
    vm.share_with_class("Number", "parseInt");
    vm.share_with_class("Number", "parseFloat");
}

fn install_containers(vm: &mut Vm) {
    vm.install_class(&array::ARRAY, array::STATICS, &[]);
    vm.install_methods(Methods::Array, array::METHODS);
    vm.install_class(&object::OBJECT, object::STATICS, &[]);
    vm.install_class(&collections::MAP, collections::MAP_STATICS, &[]);
    vm.install_methods(Methods::Map, collections::MAP_METHODS);
    vm.install_class(&collections::SET, &[], &[]);
    vm.install_methods(Methods::Set, collections::SET_METHODS);
    vm.install_methods(Methods::Iterator, collections::ITERATOR_METHODS);
    vm.install_class(&weak::WEAK_REF, &[], &[]);
    vm.install_methods(Methods::WeakRef, weak::REF_METHODS);
    vm.install_class(&weak::WEAK_MAP, &[], &[]);
    vm.install_methods(Methods::WeakMap, weak::MAP_METHODS);
    vm.install_class(&weak::WEAK_SET, &[], &[]);
    vm.install_methods(Methods::WeakSet, weak::SET_METHODS);
}

/// The inspection format of a value with the defaults of `console.log`.
pub fn inspect_value(vm: &mut Vm, value: Value) -> arguments::Outcome<String> {
    inspect::inspect(vm, value, inspect::Options::default())
}
