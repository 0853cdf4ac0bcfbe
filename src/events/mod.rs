//! Events of the heap as text. The format is versioned and described in docs/trace.md.
//!
//! Invariant: the text depends on the program alone. No addresses, times or hash order, so it is the same in debug and release
//! builds, on every machine.

mod preset;
mod text;

pub use preset::Preset;
pub use text::{TextTracer, line};

/// The first line of every trace.
pub const HEAD: &str = "# probate-trace 1";
