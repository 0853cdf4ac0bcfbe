//! Quoted texts, keys and widths of the inspection format.

use super::style::without_colors;

/// A text as a literal: in single quotes, or in those that need no escapes. For a terminal, what would turn the direction of writing is escaped too.
pub fn quoted(text: &str, terminal: bool) -> String {
    let quote = quote(text);
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    push_quoted(&mut out, text, quote, terminal);
    out.push(quote);
    out
}

/// The quotes of a literal.
pub fn quote(text: &str) -> char {
    if !text.contains('\'') {
        '\''
    } else if !text.contains('"') {
        '"'
    } else if !text.contains('`') && !text.contains("${") {
        '`'
    } else {
        '\''
    }
}

/// What stands between the quotes, for the whole text or for a piece of it.
pub fn push_quoted(out: &mut String, text: &str, quote: char, terminal: bool) {
    for c in text.chars() {
        if c == quote || c == '\\' {
            out.push('\\');
            out.push(c);
        } else if is_control(c) || terminal && turns_direction(c) {
            push_escape(out, c);
        } else {
            out.push(c);
        }
    }
}

/// Overrides, embeddings and isolates: what follows them is shown in another order than it stands in.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_control(c: char) -> bool {
    c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c)
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c if c > '\u{ff}' => out.push_str(&format!("\\u{:04X}", c as u32)),
        c => out.push_str(&format!("\\x{:02X}", c as u32)),
    }
}

/// Whether a property key is shown bare.
pub fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A text without what moves a terminal's cursor, changes its state or turns the direction of writing: such characters, but for line ends and tabs, are
/// shown as escapes.
pub fn neutralised(text: &str) -> std::borrow::Cow<'_, str> {
    let harmful = |c: char| is_control(c) && c != '\n' && c != '\t' || turns_direction(c);
    if !text.contains(harmful) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) { push_escape(&mut out, c) } else { out.push(c) }
    }
    out.into()
}

/// Columns on a terminal: wide characters take two, combining ones none, colours neither.
pub fn columns(text: &str) -> usize {
    let text = without_colors(text);
    if text.is_ascii() { text.len() } else { text.chars().map(char_columns).sum() }
}

fn char_columns(c: char) -> usize {
    let wide = matches!(c as u32,
        0x1100..=0x115f | 0x2329 | 0x232a | 0x2e80..=0x303e | 0x3040..=0x3247 | 0x3250..=0x4dbf | 0x4e00..=0xa4c6 | 0xa960..=0xa97c
        | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe10..=0xfe19 | 0xfe30..=0xfe6b | 0xff01..=0xff60 | 0xffe0..=0xffe6
        | 0x1b000..=0x1b001 | 0x1f200..=0x1f251 | 0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd);
    let none = is_control(c)
        || turns_direction(c)
        || matches!(c as u32, 0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xe0100..=0xe01ef);
    if wide { 2 } else { usize::from(!none) }
}
