//! Comments, for tools that read them. The parser never sees any.

use super::ast::Span;
use super::pieces::{PieceKind, pieces};

/// A `//` comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From behind the `//` to the end of the line.
    pub text: Span,
    /// No token stands before it: it belongs to the head of the text.
    pub leading: bool,
}

/// The `//` comments of a text, in order, whether it parses or not. What looks like one inside a string, a template or a
/// `/* */` comment is none. O(length).
pub fn line_comments(source: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut leading = true;
    for piece in pieces(source) {
        if piece.kind != PieceKind::Comment {
            leading = false;
        } else if piece.text(source).starts_with("//") {
            found.push(Comment { text: Span::new(piece.start + 2, piece.end), leading });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(&str, bool)> {
        line_comments(source)
            .iter()
            .map(|comment| (&source[comment.text.start as usize..comment.text.end as usize], comment.leading))
            .collect()
    }

    #[test]
    fn comments_and_what_only_looks_like_them() {
        assert_eq!(
            found("#!/usr/bin/env // no\n// a\n\n  // b\r\nlet x = 1; // c"),
            [(" a", true), (" b", true), (" c", false)]
        );
        assert_eq!(
            found("'// no'; `// no ${ 1 // yes\n } // no`; \"//\" /* // no */ // yes too"),
            [(" yes", false), (" yes too", false)]
        );
        assert_eq!(found("/* // */ //"), [("", true)]);
        assert_eq!(found("a / b // c / d"), [(" c / d", false)]);
    }

    #[test]
    fn texts_that_do_not_parse() {
        assert_eq!(found("let = // a\n\"open\n// b\n`open // no"), [(" a", false), (" b", false)]);
        assert_eq!(found("/* open // no"), []);
        assert_eq!(found(""), []);
    }
}
