//! Runs the generated parser and puts its errors into words.
//!
//! This is the only file that knows which generator made the parser. What it expected is never listed: the sentence comes
//! from the token found and from which kinds of tokens would have been right.

use std::convert::Infallible;

use lalrpop_util::{ErrorRecovery, ParseError, lalrpop_mod};

use super::ast::{Span, Stmt};
use super::codes;
use super::context::Context;
use super::diagnostic::Diagnostic;
use super::filter::Filter;
use super::token::Tok;

lalrpop_mod!(
    #[allow(clippy::all, unused, missing_docs)]
    generated,
    "/probate.rs"
);

type Error = ParseError<u32, Tok, Infallible>;

/// Text that was skipped, in the grammar.
pub type Recovered = ErrorRecovery<u32, Tok, Infallible>;

/// Parses the context's source. `None` when no tree came out; errors are in the context.
pub fn run(cx: &Context) -> Option<Vec<Stmt>> {
    let tokens = Filter::new(cx);
    match generated::ProgramParser::new().parse(cx, tokens.map(Ok::<_, Infallible>)) {
        Ok(body) => Some(body),
        Err(error) => {
            report(cx, error);
            None
        }
    }
}

/// Reports what made the parser skip text.
pub fn recovered(cx: &Context, recovered: Recovered) {
    report(cx, recovered.error);
}

fn report(cx: &Context, error: Error) {
    cx.syntax_error();
    match error {
        ParseError::UnrecognizedToken { token: (start, kind, end), expected } => {
            unexpected(cx, Span { start, end }, kind, &Expected::of(&expected));
        }
        ParseError::ExtraToken { token: (start, kind, end) } => {
            unexpected(cx, Span { start, end }, kind, &Expected::default());
        }
        ParseError::UnrecognizedEof { expected, .. } => unexpected_end(cx, &Expected::of(&expected)),
        ParseError::InvalidToken { location } => {
            cx.fail(codes::UNEXPECTED, Span { start: location, end: location }, "unexpected text");
        }
        ParseError::User { error } => match error {},
    }
}

/// What would have been right, as far as the sentences need it.
#[derive(Default)]
struct Expected {
    operand: bool,
    statement: bool,
    operator: bool,
    end: bool,
    comma: bool,
    name: bool,
    key: bool,
    colon: bool,
    case: bool,
    loop_word: bool,
    closer: Option<&'static str>,
    only: Option<&'static str>,
}

impl Expected {
    fn of(list: &[String]) -> Self {
        let has = |name: &str| list.iter().any(|entry| entry.trim_matches('"') == name);
        let closer = ["}", "]", ")"].into_iter().find(|closer| has(closer));
        let punctuation = ["(", ")", "{", "}", "]", ":", ";", ",", "=", "=>", "while", "of", "catch"];
        let only = if list.len() == 1 { punctuation.into_iter().find(|entry| has(entry)) } else { None };
        Expected {
            operand: has("number") && has("null"),
            statement: has("if"),
            operator: has("binary operator"),
            end: has(";"),
            comma: has(","),
            name: has("name"),
            key: has("name") && has("string") && !has("null"),
            colon: has(":") && !has("binary operator"),
            case: has("case") && !has("if"),
            loop_word: has("of"),
            closer,
            only,
        }
    }
}

fn unexpected(cx: &Context, at: Span, kind: Tok, expected: &Expected) {
    let found = describe(cx, at, kind);
    let (message, help): (String, Option<&str>) = if at.start == at.end {
        // A `;` that the filter put at the end of a line or block.
        (format!("this statement is not complete{}", wanted(expected)), None)
    } else if let Some(only) = expected.only {
        (format!("expected `{only}`, found {found}"), None)
    } else if kind == Tok::Arrow {
        (
            "`=>` does not follow parameters".into(),
            Some("parameters are a name, or names in parentheses: `(a, b) => …`"),
        )
    } else if kind == Tok::Equals && !expected.operand {
        ("`=` does not follow something that can be assigned to".into(), Some("to compare, use `===`"))
    } else if kind.is_statement_word() && expected.operand && !expected.statement {
        (format!("{found} begins a statement, and here an expression is expected"), None)
    } else if matches!(kind, Tok::Else | Tok::Catch | Tok::Finally | Tok::Case | Tok::Default) {
        let owner = match kind {
            Tok::Else => "an `if` and its body",
            Tok::Case | Tok::Default => "the braces of a `switch`",
            _ => "the block of a `try`",
        };
        let place = if matches!(kind, Tok::Case | Tok::Default) { "inside" } else { "directly behind" };
        (format!("{found} stands only {place} {owner}"), None)
    } else if expected.operand {
        (format!("expected {}, found {found}", if expected.statement { "a statement" } else { "an expression" }), None)
    } else if expected.operator && !expected.loop_word && kind.starts_expression() {
        let help = match (expected.comma, expected.end) {
            (true, false) => "separate them with `,`",
            (_, true) => "end the statement with `;` or a new line, or put an operator between",
            _ => "put an operator between, or close the bracket",
        };
        (format!("{found} follows a complete expression"), Some(help))
    } else if expected.loop_word {
        (format!("expected `of`, `in` or `;`, found {found}"), Some("for example `for (const x of xs)`"))
    } else if expected.case {
        (format!("expected `case`, `default` or `}}`, found {found}"), None)
    } else if expected.colon {
        (format!("expected `:`, found {found}"), None)
    } else if expected.key {
        (format!("expected a key, found {found}"), None)
    } else if expected.name && !expected.operator {
        (format!("expected a name, found {found}"), None)
    } else {
        (format!("{found} cannot stand here{}", wanted(expected)), None)
    };
    cx.report(Diagnostic {
        code: codes::UNEXPECTED,
        message,
        span: at,
        label: String::new(),
        help: help.map(str::to_owned),
    });
}

/// The end of the text, where more was needed: the prompt asks for more.
fn unexpected_end(cx: &Context, expected: &Expected) {
    if cx.is_stopped() {
        return;
    }
    let end = cx.source.trim_end().len();
    let message = format!("the text ends too early{}", wanted(expected));
    cx.fail(codes::UNEXPECTED_END, Span::new(end, end), message);
}

/// What is missing, when one thing is.
fn wanted(expected: &Expected) -> String {
    match expected {
        Expected { operand: true, statement: false, .. } => ": an expression is expected".into(),
        Expected { closer: Some(closer), .. } => format!(": a `{closer}` is missing"),
        Expected { only: Some(only), .. } => format!(": `{only}` is expected"),
        Expected { operand: false, name: true, .. } => ": a name is expected".into(),
        _ => String::new(),
    }
}

/// The token as a human would call it.
fn describe(cx: &Context, at: Span, kind: Tok) -> String {
    let text = cx.text(at);
    match kind {
        Tok::Ident => format!("the name `{}`", shortened(text)),
        Tok::Private => format!("the private name `{}`", shortened(text)),
        Tok::Number => format!("the number `{}`", shortened(text)),
        Tok::String => "a string".into(),
        Tok::TemplateFull | Tok::TemplateHead => "a template".into(),
        Tok::TemplateMiddle | Tok::TemplateTail => "the `}` of a template".into(),
        _ => format!("`{}`", shortened(text)),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}
