//! What the lexer could not read: reported when it is consumed, not when it is peeked, and replaced by something harmless.

use super::*;
use crate::syntax::token::LexError;

impl Filter<'_, '_> {
    /// Reports what the lexer could not read, and puts something harmless in its place.
    pub(super) fn without_errors(&mut self, mut token: Token) -> Option<Token> {
        let Some(error) = token.error else {
            return if token.kind == Tok::Bad { self.unknown_character(token) } else { Some(token) };
        };
        let span = token.span();
        let text = self.cx.text(span);
        match error {
            LexError::Character => return self.unknown_character(token),
            LexError::HtmlComment => {
                self.cx.refuse_fixed(
                    codes::HTML_COMMENT,
                    span,
                    "`<!--` is a comment in JavaScript scripts and three operators in modules",
                    "write `//` for a comment, or put blanks between the operators",
                    Fix::replace(span, "//"),
                );
                token.kind = Tok::Binary(BinaryOp::Lt);
            }
            LexError::String => {
                let quote = &text[..1];
                self.cx.refuse(
                    codes::UNTERMINATED_STRING,
                    span,
                    "this string does not end on its line",
                    format!("close it with `{quote}`; a newline in a string is written `\\n`"),
                );
                token.kind = Tok::Null;
            }
            LexError::Template => {
                let start = self.lexer.unterminated_template();
                let quote = Span { start, end: start + 1 };
                self.cx.fail(codes::UNTERMINATED_TEMPLATE, quote, "this template does not end");
                self.stop();
                return None;
            }
            LexError::Comment => {
                let start = Span { start: span.start, end: span.start + 2 };
                self.cx.refuse(codes::UNTERMINATED_COMMENT, start, "this comment does not end", "close it with `*/`");
                self.stop();
                return None;
            }
            LexError::NameEscape => {
                self.cx.refuse(
                    codes::NAME_ESCAPE,
                    span,
                    "names cannot be written with escapes",
                    "write the character itself",
                );
            }
            LexError::Number => {
                self.cx.fail(codes::BAD_NUMBER, span, format!("`{text}` is not a number"));
                token.kind = Tok::Number;
            }
            LexError::Separator => self.cx.refuse_fixed(
                codes::BAD_NUMBER,
                span,
                "a `_` in a number stands between two digits",
                "for example `1_000_000`",
                Fix::replace(span, well_separated(text)),
            ),
            LexError::LegacyOctal => self.cx.refuse_fixed(
                codes::LEGACY_OCTAL,
                span,
                "a number cannot start with a zero and another digit",
                "write `0o17` for an octal number, or leave the zero out",
                without_leading_zeros(text).map(|number| Fix::replace(span, number)),
            ),
            LexError::BigInt => self.cx.refuse_fixed(
                codes::BIG_INT,
                span,
                "there are no BigInt literals",
                "leave out the `n`: integers of 64 bits keep every digit",
                Fix::remove(span.end - 1, span.end, "the `n`"),
            ),
            LexError::NameAfterNumber => self.name_after_number(span, text),
        }
        if token.kind == Tok::Number {
            token.kind = if matches!(self.state, State::Key | State::ClassMember) { Tok::Ident } else { Tok::Null };
        }
        Some(token)
    }

    /// `3in`, `5.toString`.
    fn name_after_number(&self, span: Span, text: &str) {
        let message = format!("`{text}` is neither a number nor a name");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, rest) = text.split_at(digits);
        let (help, fix) = match (rest, rest.strip_prefix('.')) {
            ("in" | "instanceof", _) => {
                ("put a blank behind the number", Some(Fix::insert(span.start + digits as u32, " ")))
            }
            (_, Some(name)) if name.starts_with(|c: char| c.is_alphabetic()) => {
                let fix = Fix::replace(span, format!("({number}).{name}"));
                ("put the number in parentheses: the point belongs to it", Some(fix))
            }
            _ => ("put a blank behind the number; names do not start with a digit", None),
        };
        let fix =
            fix.map(|fix| if rest.starts_with('i') { Fix { message: "insert a blank".into(), ..fix } } else { fix });
        self.cx.refuse_fixed(codes::BAD_NUMBER, span, message, help, fix);
    }

    /// A character that begins no token. What it may be meant for goes on to the grammar, so that nothing stumbles over its
    /// absence.
    fn unknown_character(&mut self, mut token: Token) -> Option<Token> {
        let span = token.span();
        let text = self.cx.text(span);
        let message = match text.chars().next() {
            Some(c) if c.is_control() || c.is_whitespace() => {
                format!("unexpected character U+{:04X}", c as u32)
            }
            _ => format!("unexpected character `{text}`"),
        };
        match text {
            "“" | "”" | "„" | "‘" | "’" => {
                let quote = if matches!(text, "‘" | "’") { "'" } else { "\"" };
                let help = format!("use the straight quote `{quote}`");
                let Some(end) = self.rest_of_quoted(token) else {
                    self.cx.refuse(codes::CHARACTER, span, message, help);
                    return None;
                };
                let close = self.cx.source[..end as usize].chars().next_back().map_or(1, char::len_utf8) as u32;
                let edits = vec![Edit::new(span.start, span.end, quote), Edit::new(end - close, end, quote)];
                let fix = Fix::new(format!("change the quotes to `{quote}`"), edits);
                self.cx.refuse_fixed(codes::CHARACTER, span, message, help, fix);
                token.end = end;
                let is_key = matches!(self.state, State::Key | State::ClassMember);
                token.kind = if is_key { Tok::Ident } else { Tok::Null };
                Some(token)
            }
            "–" | "—" | "−" | "×" | "÷" | "≤" | "≥" | "≠" => {
                let (sign, kind) = match text {
                    "×" => ("*", Tok::Binary(BinaryOp::Mul)),
                    "÷" => ("/", Tok::Binary(BinaryOp::Div)),
                    "≤" => ("<=", Tok::Binary(BinaryOp::Le)),
                    "≥" => (">=", Tok::Binary(BinaryOp::Ge)),
                    "≠" => ("!==", Tok::Binary(BinaryOp::Ne)),
                    _ => ("-", Tok::Minus),
                };
                let fix = Fix::replace(span, sign);
                self.cx.refuse_fixed(codes::CHARACTER, span, message, format!("use `{sign}`"), fix);
                token.kind = kind;
                Some(token)
            }
            "#" if self.state == State::Statement && self.ahead[0].is_none() => {
                self.lexer.skip_line();
                let fix = Fix::replace(span, "//");
                self.cx.refuse_fixed(codes::CHARACTER, span, message, "comments start with `//`", fix);
                None
            }
            "#" => {
                self.cx.refuse(codes::CHARACTER, span, message, "comments start with `//`");
                None
            }
            "@" => {
                self.cx.refuse(codes::CHARACTER, span, message, "decorators are not in the language");
                None
            }
            _ => {
                self.cx.fail(codes::CHARACTER, span, message);
                None
            }
        }
    }

    /// The end of a text in curly quotes, if it is on the line: the lexer goes on there.
    fn rest_of_quoted(&mut self, token: Token) -> Option<u32> {
        if self.ahead.iter().any(Option::is_some) {
            return None;
        }
        let single = matches!(self.cx.text(token.span()), "‘" | "’");
        self.lexer.skip_to(if single { &['‘', '’', '\''] } else { &['“', '”', '"'] })
    }
}

/// A number whose separators stand between two digits.
fn well_separated(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_digit = |c: char| c.is_ascii_hexdigit();
        if c != '_' || kept.chars().next_back().is_some_and(is_digit) && rest.peek().copied().is_some_and(is_digit) {
            kept.push(c);
        }
    }
    kept
}

/// What JavaScript's sloppy mode takes it for: `017` is octal, `089` is not.
fn without_leading_zeros(text: &str) -> Option<String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = text.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".into());
    }
    Some(if digits.bytes().all(|digit| digit < b'8') { format!("0o{digits}") } else { digits.to_string() })
}
