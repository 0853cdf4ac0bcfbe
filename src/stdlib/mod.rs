//! The standard library: one file a namespace.
