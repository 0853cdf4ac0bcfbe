//! What a text is made of, for those who show it or complete in it: every token and every comment with its place, and what
//! it is to a reader. Unlike [`parse`](super::parse) this never fails, whatever the text is in the middle of.

use std::borrow::Cow;

use super::lexer::Lexer;
use super::text::decode_string;
use super::token::{LexError, Tok, Token};

/// What a piece is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    Keyword,
    /// `true`, `null`, `undefined` and the like.
    Constant,
    Name,
    /// `#name`.
    Private,
    Number,
    String,
    /// Text of a template: from `` ` `` or the `}` that ends a hole, up to `` ` `` or the `${` that begins one.
    Template {
        /// It begins with the `}` of a hole.
        closes: bool,
        /// It ends with the `${` of a hole.
        opens: bool,
    },
    Comment,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// `.` or `?.`.
    Dot,
    /// Any other punctuation or operator.
    Operator,
    /// What the language does not have: a stray character, a refused word.
    Bad,
}

/// A token or a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    /// Bytes from the start of the text.
    pub start: usize,
    pub end: usize,
    /// Nothing is wrong inside it, nor is its end missing.
    pub whole: bool,
}

impl Piece {
    pub fn text<'s>(&self, source: &'s str) -> &'s str {
        &source[self.start..self.end]
    }
}

/// Every word that is a keyword somewhere, but for those that are refused.
pub const KEYWORDS: &[&str] = &[
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "null",
    "of",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "while",
];

/// The pieces of a text, in order; between them is nothing but blanks and line ends. O(n). A text of 4 GiB or more has none.
pub fn pieces(source: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    if u32::try_from(source.len()).is_err() {
        return found;
    }
    let mut lexer = Lexer::new(source);
    let mut end = 0;
    loop {
        let token = lexer.next_token();
        comments(source, end, token.start as usize, &mut found);
        if token.kind == Tok::Eof {
            return found;
        }
        end = token.end as usize;
        add(source, token, &mut found);
    }
}

/// Whether the text is a name, or a word that can be a name after a dot.
pub fn is_name(text: &str) -> bool {
    matches!(pieces(&format!(".{text}"))[..], [_, Piece { kind: PieceKind::Name, start: 1, end, whole: true }] if end == text.len() + 1)
}

/// What a string literal says. `None` if something is wrong in it, or it is none.
pub fn string_value(literal: &str) -> Option<Cow<'_, str>> {
    let quote = literal.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let text = literal[1..].strip_suffix(quote)?;
    let mut good = true;
    let value = decode_string(text, 0, |_, _| good = false);
    good.then_some(value)
}

/// The comments between two tokens.
fn comments(source: &str, from: usize, to: usize, found: &mut Vec<Piece>) {
    let mut at = from;
    while let Some(start) = source[at..to].find(['/', '#']).map(|found| at + found) {
        let length = match source.as_bytes().get(start + 1) {
            Some(b'*') => source[start + 2..to].find("*/").map_or(to - start, |length| length + 4),
            _ => source[start..to].find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(to - start),
        };
        at = start + length;
        found.push(Piece { kind: PieceKind::Comment, start, end: at, whole: true });
    }
}

fn add(source: &str, token: Token, found: &mut Vec<Piece>) {
    let mut piece =
        Piece { kind: kind(token), start: token.start as usize, end: token.end as usize, whole: token.error.is_none() };
    let before = found.last().copied().filter(|before| before.kind != PieceKind::Comment);
    let after_dot = before.is_some_and(|before| before.kind == PieceKind::Dot);
    match piece.kind {
        PieceKind::Keyword | PieceKind::Constant | PieceKind::Bad if after_dot && is_word(piece.text(source)) => {
            piece.kind = PieceKind::Name;
        }
        PieceKind::Name if !after_dot => match piece.text(source) {
            "undefined" | "NaN" | "Infinity" => piece.kind = PieceKind::Constant,
            // Two names beside each other: one of them is none.
            "of" if before.is_some_and(|before| matches!(before.kind, PieceKind::Name | PieceKind::Close)) => {
                piece.kind = PieceKind::Keyword;
            }
            _ => {
                if let Some(last) = found.last_mut()
                    && last.kind == PieceKind::Name
                    && last.text(source) == "static"
                {
                    last.kind = PieceKind::Keyword;
                }
            }
        },
        // `{ default: 1 }`: a key.
        PieceKind::Operator if token.kind == Tok::Colon => {
            if let [.., before, word] = &mut found[..]
                && matches!(word.kind, PieceKind::Keyword | PieceKind::Constant | PieceKind::Bad)
                && is_word(word.text(source))
                && matches!(before.text(source), "{" | ",")
                && !(before.text(source) == "{" && word.text(source) == "default")
            {
                word.kind = PieceKind::Name;
            }
        }
        _ => {}
    }
    found.push(piece);
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic())
}

fn kind(token: Token) -> PieceKind {
    match token.error {
        Some(LexError::Comment) => return PieceKind::Comment,
        Some(LexError::Character | LexError::HtmlComment) => return PieceKind::Bad,
        _ => {}
    }
    match token.kind {
        Tok::Ident | Tok::Label => PieceKind::Name,
        Tok::Private => PieceKind::Private,
        Tok::Number => PieceKind::Number,
        Tok::String => PieceKind::String,
        Tok::Backtick | Tok::TemplateFull => PieceKind::Template { closes: false, opens: false },
        Tok::TemplateHead => PieceKind::Template { closes: false, opens: true },
        Tok::TemplateMiddle => PieceKind::Template { closes: true, opens: true },
        Tok::TemplateTail => PieceKind::Template { closes: true, opens: false },
        Tok::Null | Tok::True | Tok::False => PieceKind::Constant,
        Tok::Brace | Tok::BraceObject | Tok::Paren | Tok::Bracket => PieceKind::Open,
        Tok::RBrace | Tok::RParen | Tok::RBracket => PieceKind::Close,
        Tok::Dot | Tok::OptChain => PieceKind::Dot,
        Tok::Var | Tok::With | Tok::Void | Tok::Debugger => PieceKind::Bad,
        Tok::Yield | Tok::Await | Tok::Enum | Tok::Bad => PieceKind::Bad,
        Tok::Import | Tok::Export => PieceKind::Keyword,
        kind if is_keyword(kind) => PieceKind::Keyword,
        _ => PieceKind::Operator,
    }
}

fn is_keyword(kind: Tok) -> bool {
    use super::ast::{BinaryOp, UnaryOp};
    use Tok::*;
    matches!(
        kind,
        This | Super
            | New
            | Delete
            | Function
            | FunctionDecl
            | Class
            | ClassDecl
            | Extends
            | Static
            | Let
            | Const
            | If
            | Else
            | While
            | Do
            | For
            | Of
            | InFor
            | Break
            | Continue
            | Return
            | Throw
            | Switch
            | Case
            | Default
            | Try
            | Catch
            | Finally
            | Unary(UnaryOp::Typeof)
            | Binary(BinaryOp::In | BinaryOp::Instanceof)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each piece as its kind's first letters and its text.
    fn shown(source: &str) -> String {
        let show = |piece: &Piece| {
            let kind = match piece.kind {
                PieceKind::Template { .. } => "Template".to_string(),
                kind => format!("{kind:?}"),
            };
            format!("{kind}{} {}", if piece.whole { "" } else { "!" }, piece.text(source))
        };
        pieces(source).iter().map(show).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn tokens_and_comments_in_order() {
        let source = "let x = 1; // one\n/* two\n */ f(\"a\")";
        let expected = "Keyword let | Name x | Operator = | Number 1 | Operator ; | Comment // one | \
                        Comment /* two\n */ | Name f | Open ( | String \"a\" | Close )";
        assert_eq!(shown(source), expected);
        assert_eq!(shown("#!/usr/bin/probate\nx"), "Comment #!/usr/bin/probate | Name x");
    }

    #[test]
    fn templates_have_holes() {
        let expected = "Template `a${ | Open { | Number 1 | Close } | Template }b${ | Name c | Template }`";
        assert_eq!(shown("`a${{1}}b${c}`"), expected);
    }

    #[test]
    fn what_does_not_end_is_not_whole() {
        assert_eq!(shown("x = 'abc"), "Name x | Operator = | String! 'abc");
        assert_eq!(shown("`abc ${x} d"), "Template `abc ${ | Name x | Template! } d");
        assert_eq!(shown("/* abc"), "Comment! /* abc");
        assert_eq!(shown("12ab"), "Number! 12ab");
    }

    #[test]
    fn words_are_names_where_they_name_something() {
        assert_eq!(shown("a.default?.new"), "Name a | Dot . | Name default | Dot ?. | Name new");
        assert_eq!(shown("({ new: 1, true: 2 })").matches("Name").count(), 2);
        assert!(shown("switch (x) { default: 1 }").contains("Keyword default"));
        assert!(shown("a ? null : 1").contains("Constant null"));
        assert!(shown("for (const x of xs) {}").contains("Keyword of"));
        assert!(shown("let of = 1").contains("Name of"));
        assert!(shown("class A { static n = 1 }").contains("Keyword static"));
        assert!(shown("undefined").contains("Constant"));
    }

    #[test]
    fn refused_words_and_stray_characters_are_bad() {
        assert_eq!(shown("var x"), "Bad var | Name x");
        assert!(shown("a ¶ b").contains("Bad"));
    }

    #[test]
    fn keywords_are_what_they_say() {
        for word in KEYWORDS {
            let source = match *word {
                "of" => "for (const x of xs) {}".to_string(),
                "static" => "class A { static f() {} }".to_string(),
                word => word.to_string(),
            };
            let kind = pieces(&source).iter().find(|piece| piece.text(&source) == *word).map(|piece| piece.kind);
            assert!(matches!(kind, Some(PieceKind::Keyword | PieceKind::Constant)), "{word}: {kind:?}");
        }
    }

    #[test]
    fn names() {
        for name in ["a", "$", "_1", "漢字", "e\u{301}t", "new", "default", "var"] {
            assert!(is_name(name), "{name}");
        }
        for text in ["", "1a", "a b", "a-b", " a", "a ", "a.b", "\"a\"", "#a", "a//", "a\n"] {
            assert!(!is_name(text), "{text:?}");
        }
    }

    #[test]
    fn strings_are_decoded() {
        assert_eq!(string_value(r#""a\"b\n""#).as_deref(), Some("a\"b\n"));
        assert_eq!(string_value("'x'").as_deref(), Some("x"));
        for wrong in ["", "\"", "'x\"", "x", r"'\u12'"] {
            assert_eq!(string_value(wrong), None, "{wrong}");
        }
    }
}
