//! What stands before a dot: read backwards from the cursor, as far as it can be told without running anything.

use std::borrow::Cow;

use crate::syntax::{self, Piece, PieceKind};

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root<'t> {
    /// A variable or a builtin.
    Name(&'t str),
    /// A literal of this kind.
    String,
    Number,
    Boolean,
    Array,
    Object,
}

/// One step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'t> {
    /// `.key` or `["key"]`.
    Key(Cow<'t, str>),
    /// `[3]`.
    Index(u32),
}

impl<'t> Step<'t> {
    /// As a key.
    pub fn key(&self) -> Cow<'t, str> {
        match self {
            Step::Key(key) => key.clone(),
            Step::Index(index) => index.to_string().into(),
        }
    }
}

/// The root and the steps of the expression that ends with the last of the pieces. `None` if only running it would tell.
pub fn receiver<'t>(text: &'t str, pieces: &[Piece]) -> Option<(Root<'t>, Vec<Step<'t>>)> {
    let (root, mut steps, _) = backwards(text, pieces, 0)?;
    steps.reverse();
    Some((root, steps))
}

/// More brackets around each other are not looked into.
const DEEPEST: u32 = 50;

/// The same with the steps from the last to the first, and how many pieces stand before it; `depth` brackets are open around
/// it. In brackets a `{` begins an object, at the start of a statement a block.
fn backwards<'t>(text: &'t str, pieces: &[Piece], depth: u32) -> Option<(Root<'t>, Vec<Step<'t>>, usize)> {
    let mut steps = Vec::new();
    let mut end = pieces.len();
    if depth > DEEPEST {
        return None;
    }
    loop {
        let last = pieces[..end].last().filter(|piece| piece.whole)?;
        let start = end - 1;
        let before = pieces[..start].last();
        match last.kind {
            PieceKind::Name if before.is_some_and(|before| before.kind == PieceKind::Dot) => {
                steps.push(Step::Key(last.text(text).into()));
                end = start - 1;
            }
            PieceKind::Name => return Some((Root::Name(last.text(text)), steps, start)),
            PieceKind::String => return Some((Root::String, steps, start)),
            PieceKind::Template { opens: false, .. } => return Some((Root::String, steps, start)),
            PieceKind::Number => return Some((Root::Number, steps, start)),
            PieceKind::Constant if matches!(last.text(text), "true" | "false") => {
                return Some((Root::Boolean, steps, start));
            }
            PieceKind::Constant if matches!(last.text(text), "NaN" | "Infinity") => {
                return Some((Root::Number, steps, start));
            }
            PieceKind::Close => {
                let open = opening(pieces, start)?;
                let inside = &pieces[open + 1..start];
                let before = pieces[..open].last();
                match last.text(text) {
                    "]" if before.is_some_and(ends_value) => {
                        steps.push(step(text, inside)?);
                        // `a?.["b"]`.
                        let optional = before.is_some_and(|before| before.kind == PieceKind::Dot);
                        end = open - usize::from(optional);
                    }
                    "]" => return Some((Root::Array, steps, open)),
                    "}" if before.map_or(depth > 0, before_value) => return Some((Root::Object, steps, open)),
                    ")" if !before.is_some_and(ends_value) && !before.is_some_and(|b| b.kind == PieceKind::Keyword) => {
                        let (root, inner, 0) = backwards(text, inside, depth + 1)? else { return None };
                        steps.extend(inner);
                        return Some((root, steps, open));
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

/// What stands between the brackets of `a[…]`.
fn step<'t>(text: &'t str, inside: &[Piece]) -> Option<Step<'t>> {
    let [piece] = inside else { return None };
    match piece.kind {
        PieceKind::String => Some(Step::Key(syntax::string_value(piece.text(text))?)),
        PieceKind::Number => Some(Step::Index(piece.text(text).parse().ok()?)),
        _ => None,
    }
}

/// The bracket that the one at `close` closes.
fn opening(pieces: &[Piece], close: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, piece) in pieces[..=close].iter().enumerate().rev() {
        match piece.kind {
            PieceKind::Close => depth += 1,
            PieceKind::Open => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a `[` or `(` after the piece is an access or a call.
fn ends_value(piece: &Piece) -> bool {
    use PieceKind::{Close, Dot, Name, Private, String, Template};
    matches!(piece.kind, Name | Private | Close | Dot | String | Template { opens: false, .. })
}

/// Whether a `{` after the piece begins an object.
fn before_value(piece: &Piece) -> bool {
    matches!(piece.kind, PieceKind::Open | PieceKind::Operator | PieceKind::Keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Some((root, steps)) = receiver(text, &syntax::pieces(text)) else { return "unknown".into() };
        steps.iter().fold(format!("{root:?}"), |out, step| match step {
            Step::Key(key) => format!("{out} .{key}"),
            Step::Index(index) => format!("{out} [{index}]"),
        })
    }

    #[test]
    fn paths_are_followed() {
        assert_eq!(shown("a"), "Name(\"a\")");
        assert_eq!(shown("1 + a.b?.c"), "Name(\"a\") .b .c");
        assert_eq!(shown("f(a[0][\"odd key\"]['x'].y"), "Name(\"a\") [0] .odd key .x .y");
        assert_eq!(shown("a?.[1]"), "Name(\"a\") [1]");
        assert_eq!(shown("漢字.e\u{301}"), "Name(\"漢字\") .e\u{301}");
        assert_eq!(shown("(a.b).c"), "Name(\"a\") .b .c");
        assert_eq!(shown("x = a.default"), "Name(\"a\") .default");
    }

    #[test]
    fn literals_have_a_kind() {
        assert_eq!(shown("\"abc\""), "String");
        assert_eq!(shown("`a${b}c`"), "String");
        assert_eq!(shown("'a'.length"), "String .length");
        assert_eq!(shown("[1, [2]]"), "Array");
        assert_eq!(shown("f([1]"), "Array");
        assert_eq!(shown("[[1]][0]"), "Array [0]");
        assert_eq!(shown("({ a: 1 })"), "Object");
        assert_eq!(shown("x = { a: 1 }"), "Object");
        assert_eq!(shown("1.5"), "Number");
        assert_eq!(shown("true"), "Boolean");
    }

    #[test]
    fn depth_does_not_matter() {
        assert_eq!(shown("((a))"), "Name(\"a\")");
        let depth = 200_000;
        assert_eq!(shown(&format!("{}a{}", "(".repeat(depth), ")".repeat(depth))), "unknown");
    }

    #[test]
    fn what_would_have_to_run_is_unknown() {
        for text in [
            "f()", "a.f(1)", "a[i]", "a[1 + 1]", "(a, b)", "(a + b)", "{ }", "if (a)", "null", "this", "", "\"a",
            "a[-1]", "a)",
        ] {
            assert_eq!(shown(text), "unknown", "{text}");
        }
    }
}
