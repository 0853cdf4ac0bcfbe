//! What becomes what, errors with their paths, limits.

mod errors;
mod limits;
mod mapping;
mod properties;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, from_value, to_value};
use crate::compile::{self, CompileOptions};
use crate::embed::print;
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::syntax::{self, ParseOptions};
use crate::vm::code::Source;
use crate::vm::host::Silent;
use crate::vm::{Options, Vm};

fn machine(options: Options) -> Vm {
    Vm::new(options, Box::new(Silent))
}

/// Runs a program; its value is held until the machine finishes with it.
fn run(vm: &mut Vm, source: &str) -> Value {
    let tree = syntax::parse(source, &ParseOptions::default()).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let builtins = vm.builtin_names();
    let options = CompileOptions { builtins: &builtins, ..CompileOptions::default() };
    let program = compile::compile(&tree, source, &options).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let value = vm.run_program(&program, Source::new("test.pbt", source));
    value.unwrap_or_else(|failure| panic!("{source}: {failure:?}"))
}

fn verify(vm: &mut Vm) {
    if let Err(broken) = vm.verify() {
        panic!("{broken}");
    }
}

/// Ends the statement: what was made in it dies, and nothing else is left of it.
fn settle(vm: &mut Vm) {
    verify(vm);
    vm.heap.sweep(0);
    verify(vm);
    // Names of properties stay with the shapes that know them.
    let left: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| *kind != Kind::String && vm.heap.live(*kind) > 0).collect();
    assert_eq!(left, [], "something is left");
}

/// The text of what a value of Rust becomes, as `-p` would print it.
fn made<T: Serialize + ?Sized>(value: &T) -> String {
    let mut vm = machine(Options::default());
    let text = match to_value(&mut vm, value) {
        Ok(value) => print::text(&mut vm, value, print::Format::Compact),
        Err(error) => error.to_string(),
    };
    settle(&mut vm);
    text
}

/// What a program's value is read as.
fn read<T: DeserializeOwned>(source: &str) -> Result<T, String> {
    let mut vm = machine(Options::default());
    let value = run(&mut vm, source);
    let containers = vm.heap.live_containers();
    let read = from_value::<T>(&mut vm, value);
    verify(&mut vm);
    assert_eq!(vm.heap.live_containers(), containers, "reading makes nothing: {source}");
    let read = read.map_err(|error| match error {
        Error::Thrown(_) => format!("thrown: {:?}", vm.take_failure()),
        Error::Conversion(error) => {
            let expected = match error.path() {
                path if path.is_empty() => error.message().to_string(),
                path => format!("{path}: {}", error.message()),
            };
            assert_eq!(error.to_string(), expected);
            expected
        }
    });
    vm.finish(Value::UNDEFINED);
    read
}

/// The same, if it is an error.
fn refused<T: DeserializeOwned + std::fmt::Debug>(source: &str) -> String {
    match read::<T>(source) {
        Err(message) => message,
        Ok(read) => panic!("{source} is read as {read:?}"),
    }
}
