//! Tokens: what the lexer finds and what the grammar reads.
//!
//! A token carries its kind and its span, never text: the actions of the grammar read the source through the span, so
//! that a document of many megabytes costs no allocation a token. Operators that the grammar treats alike share one kind
//! and carry which one they are, which keeps the grammar and its tables small: precedence is decided in one action.
//!
//! Some kinds exist only after the filter, which sees what stands around a token: `FunctionDecl` and `ClassDecl` (at a
//! statement's start), `Module` (an import or a list of exports), `BraceObject` (a `{` that opens an object literal), `Label`, `Of`, `InFor` and `Static`.

use logos::Logos;

use super::ast::{AssignOp, BinaryOp, LogicalOp, Span, UnaryOp};
use super::lexer;

/// One token. `newline` tells whether a line end stands between it and the token before.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: Tok,
    pub start: u32,
    pub end: u32,
    pub newline: bool,
    /// The lexer could not read it whole; the kind is the closest one.
    pub error: Option<LexError>,
}

impl Token {
    pub fn span(&self) -> Span {
        Span { start: self.start, end: self.end }
    }
}

/// What can be wrong inside one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LexError {
    #[default]
    Character,
    String,
    Template,
    Comment,
    Number,
    Separator,
    LegacyOctal,
    BigInt,
    NameAfterNumber,
    NameEscape,
    HtmlComment,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Logos)]
#[logos(error = LexError)]
#[logos(skip r"[ \t\x0B\x0C\u{A0}\u{FEFF}\p{Zs}]+")]
pub enum Tok {
    // Trivia, which leave only a flag behind.
    #[regex(r"[\n\r\u{2028}\u{2029}][ \t\n\r]*")]
    Newline,
    #[regex(r"//[^\n\r\u{2028}\u{2029}]*", allow_greedy = true)]
    LineComment,
    #[token("/*", lexer::block_comment)]
    BlockComment,

    // Names and literals.
    #[regex(r"[\p{XID_Start}$_][\p{XID_Continue}$\u{200C}\u{200D}]*")]
    #[token("\\", lexer::name_escape)]
    Ident,
    Label,
    #[regex(r"#[\p{XID_Start}$_][\p{XID_Continue}$\u{200C}\u{200D}]*")]
    Private,
    #[regex(r"[0-9]|\.[0-9]", lexer::number)]
    Number,
    #[token("\"", lexer::string)]
    #[token("'", lexer::string)]
    String,
    /// Opens a template; the lexer makes one of the next four of it.
    #[token("`")]
    Backtick,
    TemplateFull,
    TemplateHead,
    TemplateMiddle,
    TemplateTail,

    // Words.
    #[token("null")]
    Null,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[token("this")]
    This,
    #[token("super")]
    Super,
    #[token("new")]
    New,
    #[token("delete")]
    Delete,
    #[token("function")]
    Function,
    FunctionDecl,
    #[token("class")]
    Class,
    ClassDecl,
    #[token("extends")]
    Extends,
    Static,
    #[token("let")]
    Let,
    #[token("const")]
    Const,
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[token("while")]
    While,
    #[token("do")]
    Do,
    #[token("for")]
    For,
    Of,
    InFor,
    #[token("break")]
    Break,
    #[token("continue")]
    Continue,
    #[token("return")]
    Return,
    #[token("throw")]
    Throw,
    #[token("switch")]
    Switch,
    #[token("case")]
    Case,
    #[token("default")]
    Default,
    #[token("try")]
    Try,
    #[token("catch")]
    Catch,
    #[token("finally")]
    Finally,

    // Words that are refused; the grammar never sees them.
    #[token("var")]
    Var,
    #[token("with")]
    With,
    #[token("void")]
    Void,
    #[token("import")]
    Import,
    #[token("export")]
    Export,
    /// A whole import, or a list of exports.
    Module,
    #[token("debugger")]
    Debugger,
    #[token("yield")]
    Yield,
    #[token("await")]
    Await,
    #[token("enum")]
    Enum,

    // Punctuation.
    #[token("{")]
    Brace,
    BraceObject,
    #[token("}")]
    RBrace,
    #[token("(")]
    Paren,
    #[token(")")]
    RParen,
    #[token("[")]
    Bracket,
    #[token("]")]
    RBracket,
    #[token(".")]
    Dot,
    #[token("?.", lexer::optional_chain)]
    OptChain,
    #[token("...")]
    Ellipsis,
    #[token(";")]
    Semi,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token("?")]
    Question,
    #[token("=>")]
    Arrow,
    #[token("=")]
    Equals,

    // Operators.
    #[token("++")]
    PlusPlus,
    #[token("--")]
    MinusMinus,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("!", |_| UnaryOp::Not)]
    #[token("~", |_| UnaryOp::BitNot)]
    #[token("typeof", |_| UnaryOp::Typeof)]
    Unary(UnaryOp),
    #[token("*", |_| BinaryOp::Mul)]
    #[token("/", |_| BinaryOp::Div)]
    #[token("%", |_| BinaryOp::Rem)]
    #[token("**", |_| BinaryOp::Pow)]
    #[token("&", |_| BinaryOp::BitAnd)]
    #[token("|", |_| BinaryOp::BitOr)]
    #[token("^", |_| BinaryOp::BitXor)]
    #[token("<<", |_| BinaryOp::Shl)]
    #[token(">>", |_| BinaryOp::Shr)]
    #[token(">>>", |_| BinaryOp::UShr)]
    #[token("===", |_| BinaryOp::Eq)]
    #[token("!==", |_| BinaryOp::Ne)]
    #[token("<", |_| BinaryOp::Lt)]
    #[token("<!--", lexer::html_comment)]
    #[token("<=", |_| BinaryOp::Le)]
    #[token(">", |_| BinaryOp::Gt)]
    #[token(">=", |_| BinaryOp::Ge)]
    #[token("in", |_| BinaryOp::In)]
    #[token("instanceof", |_| BinaryOp::Instanceof)]
    Binary(BinaryOp),
    #[token("==", |_| BinaryOp::Eq)]
    #[token("!=", |_| BinaryOp::Ne)]
    Loose(BinaryOp),
    #[token("&&", |_| LogicalOp::And)]
    #[token("||", |_| LogicalOp::Or)]
    #[token("??", |_| LogicalOp::Coalesce)]
    Logical(LogicalOp),
    #[token("+=", |_| AssignOp::Binary(BinaryOp::Add))]
    #[token("-=", |_| AssignOp::Binary(BinaryOp::Sub))]
    #[token("*=", |_| AssignOp::Binary(BinaryOp::Mul))]
    #[token("/=", |_| AssignOp::Binary(BinaryOp::Div))]
    #[token("%=", |_| AssignOp::Binary(BinaryOp::Rem))]
    #[token("**=", |_| AssignOp::Binary(BinaryOp::Pow))]
    #[token("&=", |_| AssignOp::Binary(BinaryOp::BitAnd))]
    #[token("|=", |_| AssignOp::Binary(BinaryOp::BitOr))]
    #[token("^=", |_| AssignOp::Binary(BinaryOp::BitXor))]
    #[token("<<=", |_| AssignOp::Binary(BinaryOp::Shl))]
    #[token(">>=", |_| AssignOp::Binary(BinaryOp::Shr))]
    #[token(">>>=", |_| AssignOp::Binary(BinaryOp::UShr))]
    #[token("&&=", |_| AssignOp::Logical(LogicalOp::And))]
    #[token("||=", |_| AssignOp::Logical(LogicalOp::Or))]
    #[token("??=", |_| AssignOp::Logical(LogicalOp::Coalesce))]
    Assign(AssignOp),

    /// A character that starts no token.
    Bad,
    Eof,
}

impl Tok {
    /// Whether the token can be the first of an expression.
    pub fn starts_expression(self) -> bool {
        use Tok::*;
        matches!(
            self,
            Ident
                | Private
                | Number
                | String
                | TemplateFull
                | TemplateHead
                | Null
                | True
                | False
                | This
                | Super
                | New
                | Delete
                | Void
                | Await
                | Yield
                | Brace
                | BraceObject
                | Paren
                | Bracket
                | PlusPlus
                | MinusMinus
                | Plus
                | Minus
                | Unary(_)
                | Binary(BinaryOp::Div)
                | Assign(AssignOp::Binary(BinaryOp::Div))
        )
    }

    /// Whether the token, on a new line, continues the expression before it.
    pub fn continues_expression(self) -> bool {
        use Tok::*;
        matches!(
            self,
            Plus | Minus
                | Binary(_)
                | Loose(_)
                | Logical(_)
                | Assign(_)
                | Equals
                | Arrow
                | Question
                | OptChain
                | Dot
                | Comma
                | Colon
                | RParen
                | RBracket
                | Semi
                | InFor
                | Of
        )
    }

    /// Whether the token begins a statement and nothing else.
    pub fn is_statement_word(self) -> bool {
        use Tok::*;
        matches!(
            self,
            Let | Const
                | Var
                | If
                | While
                | Do
                | For
                | Break
                | Continue
                | Return
                | Throw
                | Switch
                | Try
                | With
                | Export
                | Debugger
        )
    }
}
