//! Exit statuses.

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
/// The fuel limit.
pub const FUEL: i32 = 75;
/// The memory limit.
pub const MEMORY: i32 = 76;
/// Ctrl-C.
pub const INTERRUPTED: i32 = 130;
