//! Probate: JSON that runs.

pub mod compile;
pub mod syntax;
