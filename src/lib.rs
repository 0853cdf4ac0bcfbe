//! Probate: JSON that runs, on a heap whose memory is owned by scopes, deterministic and visible.

pub mod compile;
pub mod heap;
pub mod stdlib;
pub mod syntax;
pub mod vm;
