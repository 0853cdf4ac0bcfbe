//! From text to tokens.
//!
//! `logos` generates the automaton (the patterns stand at the kinds in `token.rs`); what is not regular, or gives a better
//! message when a human wrote the loop, is a callback here: strings, numbers, block comments. Templates are modal: the
//! text between `` ` `` or `}` and the next `${` or `` ` `` is scanned by hand, and a counter of open braces a hole tells
//! which `}` leads back into the text.
//!
//! Invariants: every byte is looked at a bounded number of times; nothing is allocated a token; the lexer never fails: a
//! token it cannot read whole carries a `LexError`, and is reported by the filter when it is consumed, not when peeked.
//! Escapes in strings are checked where they are decoded (`text.rs`).

use logos::Logos;
use memchr::memchr;

use super::number;
use super::token::{LexError, Tok, Token};

type Inner<'s> = logos::Lexer<'s, Tok>;

/// The stream of raw tokens of a text, ending with `Tok::Eof` for ever.
pub struct Lexer<'s> {
    inner: Inner<'s>,
    /// Braces open since the innermost hole.
    braces: u32,
    /// For each open template: the braces open around it, and where it starts.
    templates: Vec<(u32, u32)>,
    unterminated: u32,
}

impl<'s> Lexer<'s> {
    /// A byte order mark and a `#!` line at the start are skipped.
    pub fn new(source: &'s str) -> Self {
        let mut inner = Tok::lexer(source);
        let mut rest = source;
        if let Some(after) = rest.strip_prefix('\u{FEFF}') {
            rest = after;
            inner.bump('\u{FEFF}'.len_utf8());
        }
        if rest.starts_with("#!") {
            inner.bump(line_length(rest));
        }
        Lexer { inner, braces: 0, templates: Vec::new(), unterminated: 0 }
    }

    /// The next token.
    pub fn next_token(&mut self) -> Token {
        let mut newline = false;
        loop {
            let Some(found) = self.inner.next() else {
                let end = self.inner.source().len() as u32;
                return Token { kind: Tok::Eof, start: end, end, newline, error: None };
            };
            let (kind, error) = match found {
                Ok(Tok::Newline) => {
                    newline = true;
                    continue;
                }
                Ok(Tok::LineComment) => continue,
                Ok(Tok::BlockComment) => {
                    newline |= self.inner.slice().contains(['\n', '\r', '\u{2028}', '\u{2029}']);
                    continue;
                }
                Ok(Tok::Backtick) => {
                    let start = self.inner.span().start as u32;
                    self.templates.push((self.braces, start));
                    self.template(Tok::TemplateHead, Tok::TemplateFull)
                }
                Ok(Tok::Brace) => {
                    self.braces += 1;
                    (Tok::Brace, None)
                }
                Ok(Tok::RBrace) if self.braces == 0 && !self.templates.is_empty() => {
                    self.template(Tok::TemplateMiddle, Tok::TemplateTail)
                }
                Ok(Tok::RBrace) => {
                    self.braces = self.braces.saturating_sub(1);
                    (Tok::RBrace, None)
                }
                Ok(kind) => (kind, None),
                Err(error) => (kind_of(error), Some(error)),
            };
            let span = self.inner.span();
            let (start, end) = (span.start as u32, span.end as u32);
            return Token { kind, start, end, newline, error };
        }
    }

    /// Where the template starts that does not end.
    pub fn unterminated_template(&self) -> u32 {
        self.unterminated
    }

    /// Reads on to the end of the regular expression whose first `/` was the last token. `None` when it does not end on
    /// its line, and nothing is read then.
    pub fn rest_of_regex(&mut self) -> Option<u32> {
        let rest = self.inner.remainder().as_bytes();
        let mut at = 0;
        let mut in_class = false;
        loop {
            match rest.get(at)? {
                b'\n' | b'\r' => return None,
                b'\\' if at + 1 < rest.len() && rest[at + 1] != b'\n' => at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => break,
                _ => {}
            }
            at += 1;
        }
        at += 1;
        at += rest[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        self.inner.bump(at);
        Some(self.inner.span().end as u32)
    }

    /// Reads on to the end of the line.
    pub fn skip_line(&mut self) {
        self.inner.bump(line_length(self.inner.remainder()));
    }

    /// Reads on behind the first of some characters, and says where that is. `None` when there is none on the line, and
    /// nothing is read then.
    pub fn skip_to(&mut self, marks: &[char]) -> Option<u32> {
        let rest = self.inner.remainder();
        let line = &rest[..line_length(rest)];
        let (at, mark) = line.char_indices().find(|(_, c)| marks.contains(c))?;
        self.inner.bump(at + mark.len_utf8());
        Some(self.inner.span().end as u32)
    }

    /// Scans template text after a `` ` `` or `}`: up to the next hole, or to the end of the template.
    fn template(&mut self, hole: Tok, end: Tok) -> (Tok, Option<LexError>) {
        let rest = self.inner.remainder().as_bytes();
        let mut at = 0;
        loop {
            match rest.get(at) {
                None => {
                    self.inner.bump(rest.len());
                    (self.braces, self.unterminated) = self.templates.pop().unwrap_or_default();
                    return (end, Some(LexError::Template));
                }
                Some(b'`') => {
                    self.inner.bump(at + 1);
                    (self.braces, _) = self.templates.pop().unwrap_or_default();
                    return (end, None);
                }
                Some(b'$') if rest.get(at + 1) == Some(&b'{') => {
                    self.inner.bump(at + 2);
                    self.braces = 0;
                    return (hole, None);
                }
                Some(b'\\') => at += escape_length(&rest[at..]),
                Some(_) => at += 1,
            }
        }
    }
}

/// What the filter puts in the place of a token that could not be read.
fn kind_of(error: LexError) -> Tok {
    match error {
        LexError::Character => Tok::Bad,
        LexError::HtmlComment | LexError::Comment => Tok::Bad,
        LexError::NameEscape => Tok::Ident,
        LexError::String => Tok::String,
        LexError::Template => Tok::TemplateFull,
        LexError::Number
        | LexError::Separator
        | LexError::LegacyOctal
        | LexError::BigInt
        | LexError::NameAfterNumber => Tok::Number,
    }
}

/// Bytes of `\` and of the character after it, so that a quote behind a backslash is stepped over.
fn escape_length(text: &[u8]) -> usize {
    let following = match text.get(1) {
        None => 0,
        Some(byte) if *byte < 0x80 => 1,
        Some(_) => 1 + text[2..].iter().take_while(|byte| **byte & 0xC0 == 0x80).count(),
    };
    1 + following
}

/// Bytes up to the line's end.
fn line_length(text: &str) -> usize {
    text.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(text.len())
}

/// A string: to the closing quote, over escapes and continued lines. U+2028 and U+2029 may stand in it.
pub(super) fn string(lex: &mut Inner<'_>) -> Result<(), LexError> {
    let quote = lex.slice().as_bytes()[0];
    let rest = lex.remainder().as_bytes();
    let mut at = 0;
    loop {
        match rest.get(at) {
            Some(byte) if *byte == quote => {
                lex.bump(at + 1);
                return Ok(());
            }
            Some(b'\\') => {
                let crlf = rest.get(at + 1) == Some(&b'\r') && rest.get(at + 2) == Some(&b'\n');
                at += escape_length(&rest[at..]) + usize::from(crlf);
            }
            None | Some(b'\n' | b'\r') => {
                lex.bump(at);
                return Err(LexError::String);
            }
            Some(_) => at += 1,
        }
    }
}

/// A number, by hand: the odd cases deserve their own messages.
pub(super) fn number(lex: &mut Inner<'_>) -> Result<(), LexError> {
    let start = lex.span().start;
    let (length, error) = number::scan(&lex.source()[start..]);
    lex.bump(length - lex.slice().len());
    error.map_or(Ok(()), Err)
}

pub(super) fn block_comment(lex: &mut Inner<'_>) -> Result<(), LexError> {
    let rest = lex.remainder().as_bytes();
    let mut at = 0;
    while let Some(found) = memchr(b'*', &rest[at..]) {
        at += found + 1;
        if rest.get(at) == Some(&b'/') {
            lex.bump(at + 1);
            return Ok(());
        }
    }
    lex.bump(rest.len());
    Err(LexError::Comment)
}

/// `?.` before a digit is `?` and a number.
pub(super) fn optional_chain(lex: &mut Inner<'_>) -> Result<(), LexError> {
    // `a?.5:b` is a conditional in JavaScript; nobody writes it, and a blank makes it clear.
    match lex.remainder().as_bytes().first() {
        Some(byte) if byte.is_ascii_digit() => Err(LexError::Character),
        _ => Ok(()),
    }
}

/// An identifier that starts with an escape.
pub(super) fn name_escape(lex: &mut Inner<'_>) -> Result<(), LexError> {
    let rest = lex.remainder();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '\\' | '{' | '}');
    let length = if rest.starts_with('u') { rest.find(|c| !is_name(c)).unwrap_or(rest.len()) } else { 0 };
    lex.bump(length);
    Err(if length > 0 { LexError::NameEscape } else { LexError::Character })
}

/// In a JavaScript script `<!--` begins a comment, in a module it is three operators.
pub(super) fn html_comment(_: &mut Inner<'_>) -> Result<super::ast::BinaryOp, LexError> {
    Err(LexError::HtmlComment)
}
