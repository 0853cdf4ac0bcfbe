//! What strings and templates say: escapes decoded.
//!
//! Deviation D2: text is a sequence of Unicode scalar values. A surrogate pair written as two escapes is one character; a
//! lone surrogate is an error.

use std::borrow::Cow;

use super::ast::Span;

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscapeError {
    /// `\x` without two hexadecimal digits.
    Hex,
    /// `\u` without four hexadecimal digits or a braced code point.
    Unicode,
    /// `\u{…}` beyond U+10FFFF.
    TooLarge,
    LoneSurrogate,
    /// `\1` … `\9`, or `\0` before a digit.
    Octal,
}

/// Decodes the text between the quotes of a string. `offset` is where it stands in the source; errors are given to
/// `report` and leave a replacement character behind.
pub fn decode_string<'s>(text: &'s str, offset: u32, report: impl FnMut(Span, EscapeError)) -> Cow<'s, str> {
    if !text.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    Decoder { text, at: 0, offset, report, out: String::with_capacity(text.len()) }.run(false)
}

/// Decodes a part of a template: as a string, and every kind of line end becomes a line feed.
pub fn decode_template<'s>(text: &'s str, offset: u32, report: impl FnMut(Span, EscapeError)) -> Cow<'s, str> {
    if !text.contains(['\\', '\r']) {
        return Cow::Borrowed(text);
    }
    Decoder { text, at: 0, offset, report, out: String::with_capacity(text.len()) }.run(true)
}

struct Decoder<'s, R> {
    text: &'s str,
    at: usize,
    offset: u32,
    report: R,
    out: String,
}

impl<'s, R: FnMut(Span, EscapeError)> Decoder<'s, R> {
    fn run(mut self, template: bool) -> Cow<'s, str> {
        while let Some(found) = self.text[self.at..].find(['\\', '\r']) {
            self.out.push_str(&self.text[self.at..self.at + found]);
            self.at += found;
            if self.text[self.at..].starts_with('\\') {
                self.escape();
            } else if template {
                self.at += if self.text[self.at..].starts_with("\r\n") { 2 } else { 1 };
                self.out.push('\n');
            } else {
                // Only in text that the lexer has already refused.
                self.at += 1;
            }
        }
        self.out.push_str(&self.text[self.at..]);
        Cow::Owned(self.out)
    }

    /// One escape, from its backslash.
    fn escape(&mut self) {
        let start = self.at;
        self.at += 1;
        let Some(letter) = self.text[self.at..].chars().next() else {
            return;
        };
        self.at += letter.len_utf8();
        let decoded = match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{C}',
            'v' => '\u{B}',
            '\n' | '\u{2028}' | '\u{2029}' => return,
            '\r' => {
                if self.text[self.at..].starts_with('\n') {
                    self.at += 1;
                }
                return;
            }
            '0' if !self.text[self.at..].starts_with(|c: char| c.is_ascii_digit()) => '\0',
            '0'..='9' => self.fail(start, EscapeError::Octal),
            'x' => match self.hex(2) {
                Some(value) => char::from_u32(value).unwrap_or('\u{FFFD}'),
                None => self.fail(start, EscapeError::Hex),
            },
            'u' => self.unicode(start),
            other => other,
        };
        self.out.push(decoded);
    }

    fn unicode(&mut self, start: usize) -> char {
        let unit = match self.code() {
            Ok(unit) => unit,
            Err(error) => return self.fail(start, error),
        };
        if !(0xD800..0xDC00).contains(&unit) {
            return char::from_u32(unit).unwrap_or_else(|| self.fail(start, EscapeError::LoneSurrogate));
        }
        let after = self.at;
        if self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            if let Ok(low) = self.code()
                && (0xDC00..0xE000).contains(&low)
            {
                let scalar = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(scalar).unwrap_or('\u{FFFD}');
            }
            self.at = after;
        }
        self.fail(start, EscapeError::LoneSurrogate)
    }

    /// What follows `\u`.
    fn code(&mut self) -> Result<u32, EscapeError> {
        if !self.text[self.at..].starts_with('{') {
            return self.hex(4).ok_or(EscapeError::Unicode);
        }
        let digits = &self.text[self.at + 1..];
        let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
        if length == 0 || digits.as_bytes().get(length) != Some(&b'}') {
            return Err(EscapeError::Unicode);
        }
        let value = u32::from_str_radix(digits[..length].trim_start_matches('0'), 16);
        self.at += length + 2;
        match value {
            Ok(value) if value <= 0x10FFFF => Ok(value),
            _ if digits[..length].bytes().all(|digit| digit == b'0') => Ok(0),
            _ => Err(EscapeError::TooLarge),
        }
    }

    fn hex(&mut self, count: usize) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += count;
        u32::from_str_radix(digits, 16).ok()
    }

    fn fail(&mut self, start: usize, error: EscapeError) -> char {
        let span = Span { start: self.offset + start as u32, end: self.offset + self.at as u32 };
        (self.report)(span, error);
        '\u{FFFD}'
    }
}
