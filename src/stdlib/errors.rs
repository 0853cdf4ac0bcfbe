//! The Error family.

use super::arguments::{Outcome, set_error, text, wrong, wrong_receiver};
use crate::heap::cell::Kind;
use crate::heap::shape::Listed;
use crate::heap::value::Value;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo};
use crate::vm::{ErrorClass, Vm};

macro_rules! family {
    ($($which:ident $class:ident $name:literal;)*) => {
        $(static $class: NativeClass = NativeClass {
            name: $name,
            length: 1,
            call: Some(NativeInfo::new($name, 1, |vm, args| make(vm, args, ErrorClass::$which))),
            construct: Construct::Fills(NativeInfo::new($name, 1, fill)),
        };)*

        /// The classes, `Error` first.
        pub(super) static CLASSES: &[(ErrorClass, &NativeClass)] = &[$((ErrorClass::$which, &$class)),*];
    };
}

family! {
    Error ERROR "Error";
    TypeError TYPE_ERROR "TypeError";
    RangeError RANGE_ERROR "RangeError";
    ReferenceError REFERENCE_ERROR "ReferenceError";
    SyntaxError SYNTAX_ERROR "SyntaxError";
}

/// Methods of `Error`, inherited by the others.
pub(super) static METHODS: &[NativeInfo] = &[NativeInfo::calling_back("toString", 0, to_string)];

/// `Error(message, options)` without `new`: the same as with it.
fn make(vm: &mut Vm, args: Args, class: ErrorClass) -> Outcome {
    let error = vm.error_value(class, "");
    fill_instance(vm, args, error)?;
    Ok(error)
}

/// `new Error(message, options)`: fills the instance that the machine has made.
fn fill(vm: &mut Vm, args: Args) -> Outcome {
    let this = vm.this(args);
    fill_instance(vm, args, this)?;
    Ok(this)
}

/// `message`, `cause` and `stack`, unlisted as in JavaScript.
fn fill_instance(vm: &mut Vm, args: Args, error: Value) -> Outcome<()> {
    let message = vm.arg(args, 0);
    if !message.is_undefined() {
        let Some(message) = vm.primitive_text(message) else {
            return Err(wrong(vm, "Error", 0, "a string", message));
        };
        unlisted(vm, error, "message", message)?;
    }
    let options = vm.arg(args, 1);
    if options.kind() == Some(Kind::Object) {
        let key = vm.heap.key("cause");
        if let Some(cause) = vm.heap.get_own(options, key) {
            unlisted(vm, error, "cause", cause)?;
        }
    } else if !options.is_undefined() {
        return Err(wrong(vm, "Error", 1, "an object like `{cause: error}`", options));
    }
    vm.fill_stack(error)
}

fn unlisted(vm: &mut Vm, object: Value, key: &str, value: Value) -> Outcome<()> {
    let key = vm.heap.key(key);
    vm.heap.set_own_as(object, key, value, Listed::No).map_err(|e| set_error(vm, object, e))
}

/// `Name: message`, or the one that is not empty.
fn to_string(vm: &mut Vm, args: Args) -> Outcome {
    let this = vm.this(args);
    if !this.is_container() {
        return Err(wrong_receiver(vm, "toString", "errors", this));
    }
    let shown = error_text(vm, this)?;
    text(vm, &shown)
}

/// The text of an error: `Name: message`.
pub fn error_text(vm: &mut Vm, error: Value) -> Outcome<String> {
    let name = part(vm, error, "name", "Error")?;
    let message = part(vm, error, "message", "")?;
    Ok(match (name.as_str(), message.as_str()) {
        ("", _) => message,
        (_, "") => name,
        _ => format!("{name}: {message}"),
    })
}

fn part(vm: &mut Vm, error: Value, key: &str, absent: &str) -> Outcome<String> {
    let value = vm.get_named(error, key)?;
    if value.is_undefined() {
        return Ok(absent.to_string());
    }
    let string = match vm.primitive_text(value) {
        Some(string) => string,
        None => vm.to_text(value)?,
    };
    Ok(vm.heap.text(string).as_str().to_string())
}
