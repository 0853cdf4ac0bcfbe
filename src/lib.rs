//! Probate: JSON that runs.

pub mod syntax;
