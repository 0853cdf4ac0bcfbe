//! Exit statuses.

use crate::embed::Error;
use crate::vm::error::Failure;
use crate::vm::host::Reason;
use crate::vm::limits::Limit;

/// The status of a program that gave no value.
pub fn of(error: &Error) -> i32 {
    match error {
        Error::Syntax(_) => SYNTAX,
        Error::Module(refused) => match refused.reason {
            Some(Reason::Missing) => NO_INPUT,
            Some(Reason::Denied) => DENIED,
            Some(Reason::Unnamed) | None => SYNTAX,
        },
        Error::Failure(failure) => match failure {
            Failure::Uncaught { .. } => UNCAUGHT,
            Failure::Exit(status) => *status,
            Failure::Limit { limit, .. } => match limit {
                Limit::Memory(_) | Limit::System => MEMORY,
                Limit::Fuel(_) | Limit::FinalizerFuel(_) | Limit::Time(_) => FUEL_OR_TIME,
                Limit::Output(_) => OUTPUT,
            },
            Failure::Interrupted { .. } => INTERRUPTED,
            Failure::Denied { .. } => DENIED,
            Failure::Closed => OK,
            Failure::Panicked => UNCAUGHT,
        },
        _ => UNCAUGHT,
    }
}

/// The program ended, or the reader of its output went away.
pub const OK: i32 = 0;
/// An exception that nobody caught, or output that could not be written.
pub const UNCAUGHT: i32 = 1;
/// The command line is wrong.
pub const USAGE: i32 = 2;
/// A syntax error or a refused construct.
pub const SYNTAX: i32 = 65;
/// The script cannot be read.
pub const NO_INPUT: i32 = 66;
/// A bug of ours.
pub const INTERNAL: i32 = 70;
/// The output limit.
pub const OUTPUT: i32 = 74;
/// The limit of fuel or time.
pub const FUEL_OR_TIME: i32 = 75;
/// The memory limit.
pub const MEMORY: i32 = 76;
/// The script did what it was not granted.
pub const DENIED: i32 = 77;
/// Ctrl-C.
pub const INTERRUPTED: i32 = 130;
