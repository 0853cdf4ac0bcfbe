//! Comments, for tools that read them. The parser never sees any.

use super::ast::Span;
use super::lexer::Lexer;
use super::token::Tok;

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
    if u32::try_from(source.len()).is_err() {
        return found;
    }
    let mut lexer = Lexer::new(source);
    let mut end = first_line_of_shell(source);
    let mut leading = true;
    loop {
        let token = lexer.next_token();
        in_gap(source, end, token.start as usize, leading, &mut found);
        if token.kind == Tok::Eof {
            return found;
        }
        leading = false;
        end = token.end as usize;
    }
}

/// Between two tokens there is nothing but blanks and comments.
fn in_gap(source: &str, mut at: usize, end: usize, leading: bool, found: &mut Vec<Comment>) {
    while let Some(slash) = source.get(at..end).and_then(|gap| gap.find('/')) {
        let start = at + slash;
        let rest = &source[start..end];
        if let Some(block) = rest.strip_prefix("/*") {
            at = block.find("*/").map_or(end, |close| start + 2 + close + 2);
        } else {
            let length = line_length(rest);
            if length >= 2 {
                found.push(Comment { text: Span::new(start + 2, start + length), leading });
            }
            at = start + length;
        }
    }
}

/// Bytes of a `#!` line.
fn first_line_of_shell(source: &str) -> usize {
    let text = source.strip_prefix('\u{FEFF}').unwrap_or(source);
    let mark = source.len() - text.len();
    if text.starts_with("#!") { mark + line_length(text) } else { mark }
}

fn line_length(text: &str) -> usize {
    text.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(text.len())
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
