//! What the grammar's rules do: they build the tree.
//!
//! Invariants: no action fails or panics; no node is deeper than the limit (a deeper one is reported and replaced by a
//! leaf, which also drops what was below it in time); spines are flat, as `ast.rs` says.
//!
//! Depth counts the nodes that hold others: leaves count 0, as do the wrappers that cannot nest without something else
//! nesting too (the statement around an expression, the block of a function).

#![expect(
    clippy::boxed_local,
    reason = "the grammar's symbols are boxed to stay small, and are handed over as they are"
)]

use super::ast::*;
use super::codes;
use super::context::Context;
use super::diagnostic::{Diagnostic, Edit, Fix};

mod class;
mod expr;
mod function;
mod literal;
mod operators;
mod pattern;
mod stmt;

pub use class::*;
pub use expr::*;
pub use function::*;
pub use literal::*;
pub use operators::*;
pub use pattern::*;
pub use stmt::*;

pub fn span(l: u32, r: u32) -> Span {
    Span { start: l, end: r }
}

/// Appends to a list that a rule owns.
pub fn push<T>(mut list: Vec<T>, next: T) -> Vec<T> {
    list.push(next);
    list
}

/// An expression that holds no other.
pub fn leaf(l: u32, r: u32, kind: ExprKind) -> Expr {
    Expr { kind, span: span(l, r), depth: 0 }
}

/// An expression whose deepest part has the depth `below`.
pub fn node(cx: &Context, span: Span, below: u16, kind: ExprKind) -> Expr {
    if below >= cx.max_depth {
        cx.too_deep(span);
        return Expr { kind: ExprKind::Null, span, depth: 0 };
    }
    Expr { kind, span, depth: below + 1 }
}

fn item_depth(item: &Item) -> u16 {
    match item {
        Item::Expr(value) | Item::Spread(value) => value.depth,
    }
}

fn items_depth(items: &[Item]) -> u16 {
    items.iter().map(item_depth).max().unwrap_or(0)
}

fn block_depth(body: &[Stmt]) -> u16 {
    body.iter().map(|statement| statement.depth).max().unwrap_or(0)
}

fn key_depth(key: &PropKey) -> u16 {
    match key {
        PropKey::Named(_) => 0,
        PropKey::Computed(value) => value.depth,
    }
}

/// Whether a minus stands before a literal that swallowed it.
fn starts_with(cx: &Context, span: Span, byte: u8) -> bool {
    cx.source.as_bytes().get(span.start as usize) == Some(&byte)
}

/// The span of what stands behind `...`, with the dots.
fn with_dots(cx: &Context, at: Span) -> Span {
    let before = cx.source[..at.start as usize].trim_end();
    if before.ends_with("...") { span(before.len() as u32 - 3, at.end) } else { at }
}
