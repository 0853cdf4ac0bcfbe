//! Tree to bytecode.
pub mod op;
pub mod proto;
