//! What went wrong, as C sees it.

use std::any::Any;
use std::ffi::CString;

use super::types::PbtErrorKind;
use crate::embed::{Context, Error};
use crate::heap::handles::{HandleError, RawHandle};
use crate::heap::links::LinkError;
use crate::vm::Vm;
use crate::vm::code::Source;
use crate::vm::error::Failure;
use crate::vm::native::Throw;

/// Why a function of the interface fails.
pub(super) enum Wrong {
    Error(Error),
    /// A text that is no program, and the place of its first error.
    Syntax(Error, Option<String>),
    Link(LinkError),
    Usage(String),
    Panic(String),
}

/// The last error of a function of C.
pub(super) struct LastError {
    pub kind: PbtErrorKind,
    pub message: CString,
    /// `file.pbt:3:7`.
    pub place: Option<CString>,
    pub wrong: Wrong,
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Wrong {
        Wrong::Error(error)
    }
}

impl From<HandleError> for Wrong {
    fn from(error: HandleError) -> Wrong {
        Wrong::Error(Error::Handle(error))
    }
}

impl From<LinkError> for Wrong {
    fn from(error: LinkError) -> Wrong {
        Wrong::Link(error)
    }
}

impl Wrong {
    pub fn usage(function: &str, what: &str) -> Wrong {
        Wrong::Usage(format!("{function}: {what}"))
    }

    pub fn panic(panic: &(dyn Any + Send)) -> Wrong {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Wrong::Panic(text.unwrap_or("a panic without words").to_string())
    }

    /// What came of a text.
    pub fn of_text(error: Error, name: &str, source: &str) -> Wrong {
        let Error::Syntax(diagnostics) = &error else { return Wrong::Error(error) };
        let place = diagnostics.first().map(|first| {
            let at = Source::new(name, source).position(first.span.start);
            format!("{name}:{}:{}", at.line, at.column)
        });
        Wrong::Syntax(error, place)
    }

    fn kind(&self) -> PbtErrorKind {
        match self {
            Wrong::Syntax(..) => PbtErrorKind::Syntax,
            Wrong::Link(_) => PbtErrorKind::Link,
            Wrong::Usage(_) => PbtErrorKind::Usage,
            Wrong::Panic(_) => PbtErrorKind::Panic,
            Wrong::Error(error) => match error {
                Error::Syntax(_) | Error::Module(_) => PbtErrorKind::Syntax,
                Error::Thrown(_) | Error::Raised { .. } | Error::Host(_) => PbtErrorKind::Thrown,
                Error::Conversion { .. } => PbtErrorKind::Conversion,
                #[cfg(feature = "serde")]
                Error::Serde(_) => PbtErrorKind::Conversion,
                Error::Handle(_) => PbtErrorKind::Handle,
                Error::Failure(failure) => match failure {
                    Failure::Uncaught { .. } => PbtErrorKind::Thrown,
                    Failure::Exit(_) => PbtErrorKind::Exit,
                    Failure::Limit { .. } => PbtErrorKind::Limit,
                    Failure::Interrupted { .. } => PbtErrorKind::Interrupted,
                    Failure::Denied { .. } => PbtErrorKind::Denied,
                    Failure::Closed => PbtErrorKind::Closed,
                    Failure::Panicked => PbtErrorKind::Panic,
                },
            },
        }
    }

    fn message(&self) -> String {
        match self {
            Wrong::Error(Error::Raised { class, message }) => format!("{class:?}: {message}"),
            Wrong::Error(error) | Wrong::Syntax(error, _) => error.to_string(),
            Wrong::Link(error) => error.to_string(),
            Wrong::Usage(message) | Wrong::Panic(message) => message.clone(),
        }
    }

    fn place(&self) -> Option<String> {
        match self {
            Wrong::Syntax(_, place) => place.clone(),
            Wrong::Error(error) => error.position().map(|position| position.to_string()),
            Wrong::Link(_) | Wrong::Usage(_) | Wrong::Panic(_) => None,
        }
    }

    /// Throws it in the script: for a function of C of that name which has failed with it.
    pub fn raise(self, vm: &mut Vm, function: &str) -> Throw {
        if let Err(throw) = vm.check_over() {
            return throw;
        }
        let error = match self {
            Wrong::Error(error @ (Error::Thrown(_) | Error::Raised { .. } | Error::Host(_))) => error,
            other => Error::type_error(format!("`{function}`: {}", other.message())),
        };
        Context::new(vm, false).raise(error)
    }
}

impl LastError {
    pub fn new(wrong: Wrong) -> LastError {
        LastError {
            kind: wrong.kind(),
            message: c_text(&wrong.message()),
            place: wrong.place().map(|place| c_text(&place)),
            wrong,
        }
    }

    /// The handle by which it holds what was thrown.
    pub fn handle(&self) -> Option<RawHandle> {
        match &self.wrong {
            Wrong::Error(Error::Thrown(thrown)) => Some(thrown.value.raw()),
            _ => None,
        }
    }
}

/// A text for C, which a NUL ends: those in it are shown as what stands for the unknown.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default()
}
