//! Colours of what is typed, and the brackets that belong together.
//!
//! Text is cut into pieces once: as long as it stays the same, moving the cursor costs no lexing. What a terminal would
//! obey (control characters) is not shown. The painted text has the width of the text itself, which the line editor
//! relies on.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::syntax::{self, Piece, PieceKind};

/// A longer text is shown without colours, so that typing in it stays quick.
pub const LONGEST: usize = 64 << 10;

const RESET: &str = "\x1b[0m";
const PARTNER: &str = "\x1b[1;36m";

/// Paints texts, and remembers the last one.
#[derive(Debug, Default)]
pub struct Painter {
    colors: bool,
    last: RefCell<Lexed>,
}

/// A text with its pieces.
#[derive(Debug, Default)]
struct Lexed {
    text: String,
    pieces: Vec<Piece>,
    /// Where brackets that belong together stand: the opening one and the closing one, by the closing one.
    pairs: Vec<(usize, usize)>,
}

impl Painter {
    pub fn new(colors: bool) -> Painter {
        Painter { colors, ..Painter::default() }
    }

    /// Whether a change of the text changes the look of what was there before, so that it has to be drawn again.
    pub fn repaints(&self, text: &str) -> bool {
        self.colors && text.len() <= LONGEST
    }

    /// The text with its colours; of the brackets around the cursor those that belong together stand out. O(n), and far
    /// less than lexing as long as the text is that of the last call.
    pub fn paint<'t>(&self, text: &'t str, cursor: Option<usize>) -> Cow<'t, str> {
        if !self.repaints(text) {
            return neutral(text);
        }
        let pair = cursor.and_then(|cursor| self.partners(text, cursor));
        self.with(text, |lexed| {
            let mut out = String::with_capacity(text.len() * 2);
            let mut at = 0;
            for (index, piece) in lexed.pieces.iter().enumerate() {
                out.push_str(&neutral(&text[at..piece.start]));
                at = piece.end;
                let partner = pair.is_some_and(|(open, close)| piece.start == open || piece.start == close);
                let color = if partner { PARTNER } else { color(text, &lexed.pieces, index) };
                if let PieceKind::Template { closes, opens } = piece.kind {
                    template(&mut out, piece.text(text), color, closes, opens);
                } else {
                    colored(&mut out, piece.text(text), color);
                }
            }
            out.push_str(&neutral(&text[at..]));
            Cow::Owned(out)
        })
    }

    /// The two brackets that belong together, one of which is under the cursor or before it.
    pub fn partners(&self, text: &str, cursor: usize) -> Option<(usize, usize)> {
        if !self.repaints(text) {
            return None;
        }
        self.with(text, |lexed| {
            let at = |place: usize| lexed.pairs.iter().find(|pair| pair.0 == place || pair.1 == place).copied();
            at(cursor).or_else(|| at(cursor.checked_sub(1)?))
        })
    }

    fn with<R>(&self, text: &str, look: impl FnOnce(&Lexed) -> R) -> R {
        let mut last = self.last.borrow_mut();
        if last.text != text {
            *last = Lexed::new(text);
        }
        look(&last)
    }
}

impl Lexed {
    fn new(text: &str) -> Lexed {
        let pieces = syntax::pieces(text);
        let mut open: Vec<&Piece> = Vec::new();
        let mut pairs = Vec::new();
        for piece in &pieces {
            match piece.kind {
                PieceKind::Open => open.push(piece),
                PieceKind::Close => {
                    let expected = match piece.text(text) {
                        ")" => "(",
                        "]" => "[",
                        _ => "{",
                    };
                    // A bracket of another kind belongs to nothing; those around it still find each other.
                    if open.last().is_some_and(|open| open.text(text) == expected)
                        && let Some(open) = open.pop()
                    {
                        pairs.push((open.start, piece.start));
                    }
                }
                _ => {}
            }
        }
        Lexed { text: text.to_string(), pieces, pairs }
    }
}

/// The escape sequence for a piece; empty for plain text.
fn color(text: &str, pieces: &[Piece], index: usize) -> &'static str {
    const COMMAND: &str = "\x1b[36m";
    const WRONG: &str = "\x1b[4;31m";
    let piece = &pieces[index];
    // `.help` at the start of an input.
    if index < 2 && super::paste::is_command(text) {
        return COMMAND;
    }
    let being_typed = piece.end == text.len() && ends_later(piece.kind);
    if !(piece.whole || being_typed) {
        return WRONG;
    }
    match piece.kind {
        PieceKind::Keyword => "\x1b[35m",
        PieceKind::Constant | PieceKind::Number => "\x1b[33m",
        PieceKind::String | PieceKind::Template { .. } => "\x1b[32m",
        PieceKind::Comment => "\x1b[90m",
        PieceKind::Bad => WRONG,
        _ => "",
    }
}

/// Whether the piece may just be in the middle of being typed, if it stands at the end.
fn ends_later(kind: PieceKind) -> bool {
    matches!(kind, PieceKind::String | PieceKind::Template { .. } | PieceKind::Comment)
}

/// The `}` and `${` of holes stand out from the text around them.
fn template(out: &mut String, text: &str, color: &str, closes: bool, opens: bool) {
    const HOLE: &str = "\x1b[36m";
    let start = usize::from(closes);
    let end = text.len() - if opens { 2 } else { 0 };
    colored(out, &text[..start], HOLE);
    colored(out, &text[start..end], color);
    colored(out, &text[end..], HOLE);
}

fn colored(out: &mut String, text: &str, color: &str) {
    if color.is_empty() || text.is_empty() {
        out.push_str(&neutral(text));
        return;
    }
    out.push_str(color);
    out.push_str(&neutral(text));
    out.push_str(RESET);
}

/// The text without what a terminal would obey.
pub fn neutral(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(obeyed) { Cow::Owned(text.replace(obeyed, "")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(text: &str) -> String {
        Painter::new(true).paint(text, None).into_owned()
    }

    /// The text without its colours.
    fn stripped(text: &str) -> String {
        let mut parts = text.split("\x1b[");
        let first = parts.next().unwrap_or_default().to_string();
        parts.fold(first, |out, part| out + part.split_once('m').map_or("", |(_, text)| text))
    }

    #[test]
    fn each_kind_has_its_colour() {
        assert_eq!(painted("let x"), "\x1b[35mlet\x1b[0m x");
        assert_eq!(painted("f(1, \"a\")"), "f(\x1b[33m1\x1b[0m, \x1b[32m\"a\"\x1b[0m)");
        assert_eq!(painted("null // no"), "\x1b[33mnull\x1b[0m \x1b[90m// no\x1b[0m");
        assert_eq!(painted("`a${x}`"), "\x1b[32m`a\x1b[0m\x1b[36m${\x1b[0mx\x1b[36m}\x1b[0m\x1b[32m`\x1b[0m");
        assert_eq!(painted("var"), "\x1b[4;31mvar\x1b[0m");
        assert_eq!(painted(".type 1"), "\x1b[36m.\x1b[0m\x1b[36mtype\x1b[0m \x1b[33m1\x1b[0m");
    }

    #[test]
    fn what_is_being_typed_is_no_error_yet() {
        assert_eq!(painted("\"abc"), "\x1b[32m\"abc\x1b[0m");
        assert_eq!(painted("\"abc\nx"), "\x1b[4;31m\"abc\x1b[0m\nx");
        assert_eq!(painted("`abc\nx"), "\x1b[32m`abc\nx\x1b[0m");
        assert_eq!(painted("0x"), "\x1b[4;31m0x\x1b[0m");
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_obeyed() {
        for text in ["let 漢字 = `e\u{301}${\"🎉\"}`; /* c */ x", "f(\n  1,\n)", "\t`", "> 1 + 1\n2"] {
            assert_eq!(stripped(&painted(text)), text);
        }
        let hostile = "\"\x1b[31m\x07\u{9b}2J\"";
        assert_eq!(stripped(&painted(hostile)), "\"[31m2J\"");
        assert_eq!(Painter::new(false).paint(hostile, None), "\"[31m2J\"");
    }

    #[test]
    fn without_colours_the_text_stays_as_it_is() {
        assert!(matches!(Painter::new(false).paint("let x = (1)", Some(8)), Cow::Borrowed("let x = (1)")));
        let long = "1 + ".repeat(LONGEST / 4 + 1);
        assert!(matches!(Painter::new(true).paint(&long, None), Cow::Borrowed(_)));
    }

    #[test]
    fn brackets_find_their_partners() {
        let painter = Painter::new(true);
        let text = "f(a[1], \")\")";
        assert_eq!(painter.partners(text, 1), Some((1, 11)));
        assert_eq!(painter.partners(text, 12), Some((1, 11)));
        assert_eq!(painter.partners(text, 4), Some((3, 5)));
        assert_eq!(painter.partners(text, 9), None);
        assert_eq!(painter.partners("(]", 0), None);
        let shown = painter.paint("(1)", Some(3));
        assert_eq!(shown, "\x1b[1;36m(\x1b[0m\x1b[33m1\x1b[0m\x1b[1;36m)\x1b[0m");
    }
}
