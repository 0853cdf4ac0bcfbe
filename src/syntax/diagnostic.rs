//! Errors found before a program runs: data only, rendered at the edge.

use super::ast::Span;

/// One error of the syntax or of the resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code, `E0nnn`; `codes::explain` has the long text.
    pub code: &'static str,
    /// One sentence: what is wrong.
    pub message: String,
    pub span: Span,
    /// A few words under the caret; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Where an offset stands in a text, both counted from 1; the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// The position of a byte offset. O(n) in the text before it.
pub fn position(text: &str, offset: u32) -> Position {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: before.matches('\n').count() as u32 + 1, column: before[start..].chars().count() as u32 + 1 }
}
