//! Literals and names.

use super::*;
use crate::syntax::number::{self as numbers, Number};
use crate::syntax::text::{self, EscapeError};

/// Any name, where it may be a keyword: behind a `.` and as a key.
pub fn name(cx: &Context, l: u32, r: u32) -> Ident {
    Ident { name: cx.name(span(l, r)), span: span(l, r) }
}

/// A name that is used or declared as a variable.
pub fn variable(cx: &Context, l: u32, r: u32) -> Expr {
    let ident = name(cx, l, r);
    check_variable(cx, &ident);
    leaf(l, r, ExprKind::Name(ident.name))
}

/// Refuses the names that cannot be variables.
pub fn check_variable(cx: &Context, ident: &Ident) {
    match &*ident.name {
        "eval" => cx.refuse(
            codes::EVAL,
            ident.span,
            "`eval` is not in the language: text does not become code",
            "use `JSON.parse` for data, or a function for code",
        ),
        "arguments" => cx.refuse(
            codes::ARGUMENTS,
            ident.span,
            "`arguments` is not in the language",
            "take a rest parameter: `(...args) => …`",
        ),
        "implements" | "interface" | "package" | "private" | "protected" | "public" | "static" | "yield" | "await"
        | "let" => cx.refuse(
            codes::RESERVED_NAME,
            ident.span,
            format!("`{}` is a reserved word and cannot be a name", ident.name),
            format!("choose another name, such as `{}_`", ident.name),
        ),
        _ => {}
    }
}

pub fn private(cx: &Context, l: u32, r: u32) -> Ident {
    let ident = Ident { name: cx.name(span(l + 1, r)), span: span(l, r) };
    if &*ident.name == "constructor" {
        cx.refuse(
            codes::CLASS_MEMBER,
            ident.span,
            "a private name cannot be `#constructor`",
            "choose another name, such as `#create`",
        );
    }
    ident
}

/// `#name`, which is an operand only before `in`: until then the mistake is pending.
pub fn private_marker(cx: &Context, l: u32, r: u32) -> Expr {
    let at = span(l, r);
    let error = Diagnostic::new(codes::PRIVATE_NAME, at, format!("the private name `{}` stands alone", cx.text(at)))
        .help(format!("write `this.{0}`, or `{0} in o`", cx.text(at)))
        .fix(Fix::insert(l, "this."));
    cx.pend(error);
    leaf(l, r, ExprKind::Name(cx.name(at)))
}

/// The private name of such a marker.
pub(super) fn marked_private(cx: &Context, operand: &Expr) -> Option<Ident> {
    match &operand.kind {
        ExprKind::Name(text) if text.starts_with('#') => {
            cx.withdraw(operand.span.start);
            Some(private(cx, operand.span.start, operand.span.end))
        }
        _ => None,
    }
}

pub fn number(cx: &Context, l: u32, r: u32) -> Expr {
    leaf(l, r, number_kind(numbers::value(cx.text(span(l, r)))))
}

fn number_kind(value: Number) -> ExprKind {
    match value {
        Number::Double(double) => ExprKind::Number(double),
        Number::Exact(exact) => ExprKind::Exact(exact),
    }
}

/// `-` and its operand; directly before a literal it is part of the literal (deviation D1).
pub fn negate(cx: &Context, l: u32, operand: Expr) -> Expr {
    let literal =
        matches!(operand.kind, ExprKind::Number(_) | ExprKind::Exact(_)) && !starts_with(cx, operand.span, b'-');
    if literal {
        let value = numbers::negated(cx.text(operand.span));
        return leaf(l, operand.span.end, number_kind(value));
    }
    unary(cx, l, UnaryOp::Neg, operand)
}

/// A number as a property key: its canonical text.
pub fn number_key(cx: &Context, l: u32, r: u32) -> Ident {
    let at = span(l, r);
    let text = match numbers::value(cx.text(at)) {
        Number::Exact(exact) => exact.to_string(),
        Number::Double(double) => ryu_js::Buffer::new().format(double).to_owned(),
    };
    Ident { name: text.into(), span: at }
}

pub fn string(cx: &Context, l: u32, r: u32) -> Expr {
    let text = decode(cx, l + 1, r - 1, false);
    leaf(l, r, ExprKind::String(text))
}

pub fn string_key(cx: &Context, l: u32, r: u32) -> Ident {
    let inner = span(l + 1, r - 1);
    let name = if cx.text(inner).contains('\\') { decode(cx, l + 1, r - 1, false) } else { cx.name(inner) };
    Ident { name, span: span(l, r) }
}

/// The text between two offsets, with its escapes decoded.
fn decode(cx: &Context, l: u32, r: u32, template: bool) -> Name {
    let text = cx.text(span(l, r.max(l)));
    let report = |at: Span, error: EscapeError| report_escape(cx, at, error);
    let decoded = if template { text::decode_template(text, l, report) } else { text::decode_string(text, l, report) };
    decoded.as_ref().into()
}

fn report_escape(cx: &Context, at: Span, error: EscapeError) {
    match error {
        EscapeError::Hex => {
            cx.refuse(codes::BAD_ESCAPE, at, "`\\x` takes two hexadecimal digits", "for example `\\x41`");
        }
        EscapeError::Unicode => cx.refuse(
            codes::BAD_ESCAPE,
            at,
            "`\\u` takes four hexadecimal digits, or a code point in braces",
            "for example `\\u00e9` or `\\u{1F600}`",
        ),
        EscapeError::TooLarge => {
            cx.refuse(codes::BAD_ESCAPE, at, "there is no character beyond U+10FFFF", "`\\u{10FFFF}` is the last one")
        }
        EscapeError::LoneSurrogate => cx.refuse(
            codes::LONE_SURROGATE,
            at,
            "half of a surrogate pair is not a character",
            "write both halves, or the code point: `\\u{1F600}`",
        ),
        EscapeError::Octal => cx.refuse_fixed(
            codes::LEGACY_OCTAL,
            at,
            "octal escapes are not in the language",
            "write `\\x41` or `\\u0041`; `\\0` stands alone",
            octal_escape(cx, at),
        ),
    }
}

/// An octal escape in hexadecimal digits. `\8` and `\9` are escapes of nothing.
fn octal_escape(cx: &Context, at: Span) -> Option<Fix> {
    let digits: String = cx.source[at.start as usize + 1..].chars().take(3).take_while(|c| c.is_digit(8)).collect();
    if digits.is_empty() {
        return Some(Fix::remove(at.start, at.start + 1, "the backslash"));
    }
    // At most `\377`: a fourth step would be another character.
    let length = if digits.len() == 3 && digits.as_bytes()[0] > b'3' { 2 } else { digits.len() };
    let code = u8::from_str_radix(&digits[..length], 8).ok()?;
    Some(Fix::replace(span(at.start, at.start + 1 + length as u32), format!("\\x{code:02x}")))
}

/// A template without holes.
pub fn template(cx: &Context, l: u32, r: u32) -> Expr {
    let quasis = vec![decode(cx, l + 1, r - 1, true)];
    leaf(l, r, ExprKind::Template { quasis, holes: Vec::new() })
}

/// A template up to one of its holes.
pub struct TemplateParts {
    quasis: Vec<Name>,
    holes: Vec<Expr>,
}

impl TemplateParts {
    pub fn new(cx: &Context, l: u32, r: u32, hole: Expr) -> Box<Self> {
        Box::new(TemplateParts { quasis: vec![decode(cx, l + 1, r - 2, true)], holes: vec![hole] })
    }

    pub fn push(mut self: Box<Self>, cx: &Context, l: u32, r: u32, hole: Expr) -> Box<Self> {
        self.quasis.push(decode(cx, l + 1, r - 2, true));
        self.holes.push(hole);
        self
    }

    pub fn finish(mut self: Box<Self>, cx: &Context, l: u32, tail: u32, r: u32) -> Expr {
        self.quasis.push(decode(cx, tail + 1, r - 1, true));
        let below = self.holes.iter().map(|hole| hole.depth).max().unwrap_or(0);
        node(cx, span(l, r), below, ExprKind::Template { quasis: self.quasis, holes: self.holes })
    }
}
