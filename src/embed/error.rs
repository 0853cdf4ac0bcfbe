//! What can go wrong, as values.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::handle::Handle;
use super::modules::Refused;
use crate::heap::handles::HandleError;
use crate::heap::value::Value;
use crate::syntax::Diagnostic;
use crate::vm::code::Source;
use crate::vm::error::{Failure, Place};
use crate::vm::limits::Limit;
use crate::vm::{ErrorClass, Vm};

/// Why a program, a call or a conversion gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no program.
    #[error("{}", first_message(.0))]
    Syntax(SyntaxErrors),
    /// A module that it imports does not compile or cannot be had.
    #[error("{}: {}", .0.source.name, first_message(&.0.diagnostics))]
    Module(Box<Refused>),
    /// It ended early: by a limit, an interrupt, `exit`, or, where a whole program was run, by an exception.
    #[error("{}", failure_message(.0))]
    Failure(Failure),
    /// An exception of the script that came out of a call or an evaluation.
    #[error(transparent)]
    Thrown(Box<Thrown>),
    /// A value is not what was asked for.
    #[error("{what} must be {expected}, got {found}")]
    Conversion {
        /// `the value`, `argument 1 of \`add\``, `items[2].price`.
        what: String,
        expected: String,
        found: String,
    },
    /// Data of the host does not fit a value, or the other way round.
    #[cfg(feature = "serde")]
    #[error(transparent)]
    Serde(Box<super::serde::ConversionError>),
    /// A handle cannot be used.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// An error that a script gets as an instance of that class.
    #[error("{message}")]
    Raised {
        /// Its class in the script.
        class: ErrorClass,
        message: String,
    },
    /// An error of the host. A script gets an Error with its message; if nobody catches that, the host finds this as its source.
    #[error(transparent)]
    Host(HostError),
}

/// What is wrong with a text: at least one diagnostic, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxErrors {
    pub diagnostics: Vec<Diagnostic>,
    /// The text and its name, where an embedder's functions have compiled it.
    pub source: Option<Arc<Source>>,
}

impl Deref for SyntaxErrors {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl From<Vec<Diagnostic>> for Error {
    fn from(diagnostics: Vec<Diagnostic>) -> Error {
        Error::Syntax(SyntaxErrors { diagnostics, source: None })
    }
}

/// An exception that no script has caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// `TypeError: …`, or the value as `console.log` shows it.
    pub message: String,
    /// The calls where it was made, innermost first: `at f (file.pbt:1:5)`.
    pub stack: Vec<String>,
    /// Where it was thrown first.
    pub place: Option<Place>,
    /// Where the script threw it again.
    pub rethrown: Option<Place>,
    /// The value. Given back to the script by a function of the host, it is the same exception.
    pub value: Handle,
    /// The host's error that it was made from.
    pub source: Option<HostError>,
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Thrown {
    /// The host's error that it was made from.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &*source.0 as &(dyn std::error::Error + 'static))
    }
}

/// An error of the host, shared.
#[derive(Clone)]
pub struct HostError(pub Arc<dyn std::error::Error + Send + Sync>);

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for HostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl PartialEq for HostError {
    /// Whether it is the same one.
    fn eq(&self, other: &HostError) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for HostError {}

/// A place in a source text, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The name under which the text was compiled.
    pub name: String,
    /// From 1.
    pub line: u32,
    /// From 1, in Unicode scalar values.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.line, self.column)
    }
}

impl Error {
    /// An error of the host, of whatever type.
    pub fn host(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Host(HostError(Arc::from(error.into())))
    }

    /// An Error of the script with that message.
    pub fn message(message: impl Into<String>) -> Error {
        Error::Raised { class: ErrorClass::Error, message: message.into() }
    }

    /// A TypeError of the script: a value is of the wrong kind.
    pub fn type_error(message: impl Into<String>) -> Error {
        Error::Raised { class: ErrorClass::TypeError, message: message.into() }
    }

    /// A RangeError of the script: a value is of the right kind and not allowed.
    pub fn range_error(message: impl Into<String>) -> Error {
        Error::Raised { class: ErrorClass::RangeError, message: message.into() }
    }

    pub(super) fn conversion(expected: &str, found: String) -> Error {
        Error::Conversion { what: "the value".to_string(), expected: expected.to_string(), found }
    }

    /// The same, said of a part of what was converted.
    pub(super) fn within(self, part: &str) -> Error {
        match self {
            Error::Conversion { what, expected, found } => {
                let what = match what.strip_prefix("the value") {
                    Some(rest) => format!("{part}{rest}"),
                    None if what.starts_with('[') => format!("{part}{what}"),
                    None => format!("{what} of {part}"),
                };
                Error::Conversion { what, expected, found }
            }
            #[cfg(feature = "serde")]
            Error::Serde(error) => Error::type_error(format!("{part}: {error}")),
            other => other,
        }
    }

    /// The same of a text that is known now.
    pub(super) fn in_source(mut self, name: &str, text: &str) -> Error {
        if let Error::Syntax(errors) = &mut self {
            errors.source.get_or_insert_with(|| Arc::new(Source::new(name, text)));
        }
        self
    }

    /// Where it happened, if a script was at fault; of a text that does not compile, where the first thing is wrong.
    pub fn position(&self) -> Option<Position> {
        let refused = match self {
            Error::Syntax(errors) => errors.source.as_ref().zip(errors.first()),
            Error::Module(refused) => Some(&refused.source).zip(refused.diagnostics.first()),
            _ => None,
        };
        if let Some((source, first)) = refused {
            let at = source.position(first.span.start);
            return Some(Position { name: source.name.clone(), line: at.line, column: at.column });
        }
        let place = match self {
            Error::Thrown(thrown) => thrown.place.as_ref(),
            Error::Failure(
                Failure::Uncaught { place, .. } | Failure::Limit { place, .. } | Failure::Denied { place, .. },
            ) => place.as_ref(),
            _ => None,
        };
        place.map(|Place { source, span }| {
            let at = source.position(span.start);
            Position { name: source.name.clone(), line: at.line, column: at.column }
        })
    }

    /// The calls that were open, innermost first.
    pub fn stack(&self) -> &[String] {
        match self {
            Error::Thrown(thrown) => &thrown.stack,
            Error::Failure(
                Failure::Uncaught { stack, .. }
                | Failure::Limit { stack, .. }
                | Failure::Denied { stack, .. }
                | Failure::Interrupted { stack },
            ) => stack,
            _ => &[],
        }
    }

    /// The limit that was reached, if that is what it is.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Error::Failure(Failure::Limit { limit, .. }) => Some(*limit),
            _ => None,
        }
    }

    /// The error of the host that it is, or was made from, if it is of type `E`.
    pub fn host_error<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Error::Host(error) => error.0.downcast_ref(),
            Error::Thrown(thrown) => thrown.source.as_ref().and_then(|source| source.0.downcast_ref()),
            _ => None,
        }
    }
}

fn first_message(diagnostics: &[Diagnostic]) -> String {
    diagnostics.first().map_or(String::new(), |first| format!("{}: {}", first.code, first.message))
}

fn failure_message(failure: &Failure) -> String {
    match failure {
        Failure::Uncaught { message, .. } => format!("Uncaught {message}"),
        Failure::Exit(status) => format!("exit({status})"),
        Failure::Limit { limit, .. } => limit.to_string(),
        Failure::Interrupted { .. } => "interrupted".to_string(),
        Failure::Denied { message, .. } => format!("denied: {message}"),
        Failure::Closed => "the reader of the output is gone".to_string(),
        Failure::Panicked => "the host panicked".to_string(),
    }
}

/// An exception, which the error holds.
pub(super) fn thrown(vm: &mut Vm, value: Value, failure: Failure) -> Error {
    let Failure::Uncaught { message, stack, place, rethrown } = failure else { return Error::Failure(failure) };
    let source = vm.host_error_of(value).and_then(|source| source.downcast_ref::<HostError>().cloned());
    let value = Handle::open(vm, value);
    Error::Thrown(Box::new(Thrown { message, stack, place, rethrown, value, source }))
}

/// An error of whatever type.
pub(super) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// What a function of the host answers when it fails: made by `?` from any error, this engine's included.
#[derive(Debug)]
pub struct HostFailure(pub(super) Error);

impl HostFailure {
    pub(super) fn of(error: AnyError) -> HostFailure {
        HostFailure(match error.downcast::<Error>().map_err(|other| other.downcast::<HostError>()) {
            Ok(own) => *own,
            Err(Ok(shared)) => Error::Host(*shared),
            Err(Err(other)) => Error::Host(HostError(Arc::from(other))),
        })
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for HostFailure {
    fn from(error: E) -> HostFailure {
        HostFailure::of(Box::new(error))
    }
}

impl From<HostFailure> for AnyError {
    fn from(failure: HostFailure) -> AnyError {
        Box::new(failure.0)
    }
}
