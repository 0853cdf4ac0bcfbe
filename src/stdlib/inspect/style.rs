//! The colours of the inspection format: those of Node's `util.inspect`.

/// What a piece of text is. Punctuation, keys and plain names have no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Text,
    /// Booleans too.
    Number,
    Null,
    Undefined,
    /// What stands for something that is not shown itself: functions, classes, `[Circular *1]`, `[Object]`.
    Special,
}

impl Style {
    /// The text between the escapes that switch the style on and off.
    pub fn paint(self, text: &str) -> String {
        let (on, off) = match self {
            Style::Text => (32, 39),
            Style::Number => (33, 39),
            Style::Null => (1, 22),
            Style::Undefined => (90, 39),
            Style::Special => (36, 39),
        };
        format!("\x1b[{on}m{text}\x1b[{off}m")
    }
}

/// A text without the escapes that [`Style::paint`] puts in.
pub fn without_colors(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\x1b') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = if after.as_bytes().get(digits) == Some(&b'm') {
            &after[digits + 1..]
        } else {
            out.push_str("\x1b[");
            after
        };
    }
    out.push_str(rest);
    out.into()
}
