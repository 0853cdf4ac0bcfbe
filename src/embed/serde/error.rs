//! Why a conversion failed, and how serde's errors read in the language's words.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::heap::event::slot_called;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::convert::number_text;
use crate::vm::native::Throw;

/// Characters of a string that a message shows.
const SHOWN: usize = 40;
/// Steps that a path shows at its start and at its end, if it is longer than both.
const FIRST_STEPS: usize = 16;
const LAST_STEPS: usize = 4;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// A limit or an interrupt, most likely: what it is stands in the machine.
    Thrown(Throw),
    Conversion(Box<ConversionError>),
}

/// Data that does not fit the type it should become, or has no counterpart in the language: what is wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversionError {
    /// From the inside out: errors gather their path on their way.
    steps: Vec<Step>,
    message: String,
}

/// A step into a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(Box<str>),
    Index(usize),
    /// To the value of a key that is no string.
    Other(Box<str>),
}

impl ConversionError {
    /// The way from the converted value to the one that is wrong, as a script would write it: `items[3].price`. Empty for the value itself; a very long
    /// one is cut in the middle. O(length).
    pub fn path(&self) -> String {
        let mut path = String::new();
        let steps = self.steps.len();
        let mut shown: Vec<&Step> = self.steps.iter().rev().collect();
        let cut = steps > FIRST_STEPS + LAST_STEPS;
        if cut {
            shown.drain(FIRST_STEPS..steps - LAST_STEPS);
        }
        for (index, step) in shown.into_iter().enumerate() {
            if cut && index == FIRST_STEPS {
                path.push('…');
            }
            path.push_str(&match step {
                Step::Key(key) => slot_called(key),
                Step::Index(index) => format!("[{index}]"),
                Step::Other(key) => format!("[{key}]"),
            });
        }
        match path.strip_prefix('.') {
            Some(path) => path.to_string(),
            None => path,
        }
    }

    /// What is wrong there: `expected a number, found a string "12"`.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path(), self.message) }
    }
}

impl std::error::Error for ConversionError {}

impl Error {
    #[cold]
    pub(super) fn new(message: impl Into<String>) -> Error {
        Error::Conversion(Box::new(ConversionError { steps: Vec::new(), message: message.into() }))
    }

    /// What the host gets.
    #[cold]
    pub(super) fn into_public(self, cx: &mut crate::embed::Context<'_>) -> crate::embed::Error {
        match self {
            Error::Thrown(throw) => cx.caught(throw),
            Error::Conversion(error) => crate::embed::Error::Serde(error),
        }
    }

    /// The same error of something that stands in a container, seen from there.
    #[cold]
    pub(super) fn inside(mut self, step: Step) -> Error {
        if let Error::Conversion(error) = &mut self {
            error.steps.push(step);
        }
        self
    }
}

impl From<Throw> for Error {
    fn from(throw: Throw) -> Error {
        Error::Thrown(throw)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Thrown(_) => f.write_str("the conversion was ended"),
            Error::Conversion(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Error {
        Error::new(message.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Error {
        Error::new(message.to_string())
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Error {
        Error::new(format!("expected {}, found {}", wanted(expected), met(found)))
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Error {
        Error::new(format!("expected {}, found {}", wanted(expected), met(found)))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Error {
        let elements = if length == 1 { "element" } else { "elements" };
        Error::new(format!("expected {}, found {length} {elements}", wanted(expected)))
    }
}

/// What a type wants. serde's own types say it in Rust's words.
pub(super) fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let words = match text.as_str() {
        "f32" | "f64" => "a number",
        "i8" => "an 8-bit integer",
        "i16" => "a 16-bit integer",
        "i32" => "a 32-bit integer",
        "i64" | "isize" => "a 64-bit integer",
        "i128" => "a 128-bit integer",
        "u8" => "an unsigned 8-bit integer",
        "u16" => "an unsigned 16-bit integer",
        "u32" => "an unsigned 32-bit integer",
        "u64" | "usize" => "an unsigned 64-bit integer",
        "u128" => "an unsigned 128-bit integer",
        "a sequence" => "an array",
        "unit" => "null",
        _ => return text,
    };
    words.to_string()
}

/// What serde met instead.
fn met(found: Unexpected) -> String {
    match found {
        Unexpected::Bool(b) => b.to_string(),
        Unexpected::Unsigned(n) => n.to_string(),
        Unexpected::Signed(n) => n.to_string(),
        Unexpected::Float(n) => number_text(n),
        Unexpected::Char(c) => format!("a string {:?}", c.to_string()),
        Unexpected::Str(text) => a_string(text),
        Unexpected::Unit => "null or undefined".to_string(),
        Unexpected::Seq => "an array".to_string(),
        Unexpected::Map => "an object".to_string(),
        Unexpected::UnitVariant => "the name of a variant alone".to_string(),
        found => found.to_string(),
    }
}

/// What a value is, for a message: `a string "12"`, `12`, `an array`, `a function, \`f\``.
pub(super) fn described(vm: &Vm, value: Value) -> String {
    if value.is_string() {
        return a_string(&vm.heap.text(value));
    }
    if let Some(n) = value.exact() {
        return n.to_string();
    }
    if let Some(n) = value.plain_number() {
        return number_text(n);
    }
    match value {
        Value::TRUE => "true".to_string(),
        Value::FALSE => "false".to_string(),
        _ if vm.is_callable(value) => match vm.function_name(value) {
            name if name.is_empty() => vm.describe(value),
            name => format!("{}, `{name}`", vm.describe(value)),
        },
        _ => vm.describe(value),
    }
}

fn a_string(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("a string {:?}…", &text[..end]),
        None => format!("a string {text:?}"),
    }
}
