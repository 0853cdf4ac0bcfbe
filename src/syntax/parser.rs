//! Runs the generated parser and puts its errors into words.
//!
//! This is the only file that knows which generator made the parser. What it expected is never listed: the sentence comes
//! from the token found and from which kinds of tokens would have been right.

use std::convert::Infallible;

use lalrpop_util::{ErrorRecovery, ParseError, lalrpop_mod};

use super::ast::{BinaryOp, Span, Stmt};
use super::codes;
use super::context::Context;
use super::diagnostic::{Diagnostic, Edit, Fix};
use super::filter::{Before, Filter};
use super::lexer::Lexer;
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
    match error {
        ParseError::UnrecognizedToken { token: (start, kind, end), expected } => {
            unexpected(cx, Span { start, end }, kind, &Expected::of(&expected));
        }
        ParseError::ExtraToken { token: (start, kind, end) } => {
            unexpected(cx, Span { start, end }, kind, &Expected::default());
        }
        ParseError::UnrecognizedEof { expected, .. } => {
            cx.syntax_error();
            unexpected_end(cx, &Expected::of(&expected));
        }
        ParseError::InvalidToken { location } => {
            cx.syntax_error();
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

/// What is said about an unexpected token.
type Words = (String, Option<String>, Option<Fix>);

fn words(message: impl Into<String>) -> Words {
    (message.into(), None, None)
}

fn advice(message: impl Into<String>, help: impl Into<String>, fix: impl Into<Option<Fix>>) -> Words {
    (message.into(), Some(help.into()), fix.into())
}

fn unexpected(cx: &Context, at: Span, kind: Tok, expected: &Expected) {
    if at.start == at.end && cx.only_blanks_and("", at.end, cx.source.len() as u32) {
        // The filter ended the last statement, which is not complete.
        return unexpected_end(cx, expected);
    }
    let before = Before::new(cx, at.start);
    if cx.has_syntax_error() && before.as_ref().is_some_and(Before::closes_behind_operand) {
        // The brackets are in order: only what was skipped makes this one stand out.
        cx.syntax_error();
        return;
    }
    cx.syntax_error();
    let (message, help, fix) =
        before.as_ref().and_then(|before| mistaken(cx, at, kind, expected, before)).unwrap_or_else(|| {
            let (message, help) = unlike(cx, at, kind, expected);
            let fix = before.and_then(|before| missing(cx, kind, expected, &before));
            (message, help.map(str::to_owned), fix)
        });
    let error = Diagnostic { help, ..Diagnostic::new(codes::UNEXPECTED, at, message) };
    cx.report(error.fix(fix));
}

/// Mistakes that have a name of their own: what other languages write here, and slips of the hand.
fn mistaken(cx: &Context, at: Span, kind: Tok, expected: &Expected, before: &Before) -> Option<Words> {
    let (text, last) = (cx.text(at), before.last);
    let last_text = cx.text(last.span());
    let joined = Span { start: last.start, end: at.end };
    let apart = cx.only_blanks_and("", last.end, at.start);
    if kind == Tok::Ident && expected.operator {
        let instead = match text {
            "and" => "&&",
            "or" => "||",
            _ => "",
        };
        if !instead.is_empty() {
            let fix = Fix::replace(at, instead);
            return Some(advice(format!("`{text}` is not an operator"), format!("use `{instead}`"), fix));
        }
        if text == "not" {
            return Some(advice("`not` is not an operator", "use `!`, as in `!(key in o)`", None));
        }
    }
    if last.kind == Tok::Ident && last_text == "not" && expected.operator && kind.starts_expression() {
        return Some(advice(
            "`not` is not an operator",
            "use `!`",
            Fix::replace(Span { end: at.start, ..last.span() }, "!"),
        ));
    }
    if kind == Tok::Binary(BinaryOp::Gt) && last.kind == Tok::Equals && apart {
        return Some(advice("`=` and `>` are apart", "write `=>`", Fix::replace(joined, "=>")));
    }
    if kind == Tok::Dot && last.kind == Tok::Dot {
        return Some(advice("a second `.`", "write one", Fix::remove(at.start, at.end, "this `.`")));
    }
    if kind == Tok::Number && last.kind == Tok::Number && last.end == at.start {
        return Some(words(format!("`{}` has two points: it is no number", cx.text(joined))));
    }
    if kind == Tok::Colon && (before.declares || before.in_parameters && last.kind == Tok::Ident) {
        let end = type_end(cx, at.end);
        let fix = end.map(|end| Fix::remove(last.end, end, "the type"));
        return Some(advice("types of variables are not written in the language", "leave the type out", fix));
    }
    if kind == Tok::Semi && before.in_object && at.start < at.end {
        return Some(advice(
            "`;` stands in an object",
            "separate properties with `,`, or close the object with `}`",
            None,
        ));
    }
    if matches!(kind, Tok::Brace | Tok::BraceObject) && before.in_head && expected.operator {
        return Some(advice("a `)` is missing before this `{`", "close the bracket", Fix::insert(last.end, ")")));
    }
    if before.in_for_head && expected.end && expected.operator && kind.starts_expression() {
        let fix = Fix::insert(last.end, ";");
        return Some(advice("a `;` is missing in the head of this loop", "it is `for (start; test; step)`", fix));
    }
    if kind == Tok::Equals && before.at_statement && last.kind == Tok::RBrace {
        let help = "put an assignment that takes an object apart in parentheses: `({ a } = o)`";
        return Some(advice("`=` follows a block", help, None));
    }
    None
}

/// Where the name of a type ends that starts behind a `:`, if it is no more than a name, perhaps of an array.
fn type_end(cx: &Context, start: u32) -> Option<u32> {
    let rest = cx.source.get(start as usize..)?;
    let name = rest.trim_start();
    let length = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.')))?;
    let (name, behind) = name.split_at(length);
    let behind = behind.strip_prefix("[]").unwrap_or(behind);
    let ends = matches!(behind.trim_start().chars().next(), Some('=' | ',' | ')' | ';' | '{'));
    (!name.is_empty() && ends).then(|| start + (rest.len() - behind.len()) as u32)
}

/// The sign that is missing before a token, where there is just one that fits.
fn missing(cx: &Context, kind: Tok, expected: &Expected, before: &Before) -> Option<Fix> {
    let sign = if kind == Tok::Semi && expected.closer.is_some() {
        before.statement_closer?
    } else if before.in_object && (expected.only == Some(":") || expected.colon) && kind.starts_expression() {
        // A reserved word hardly is a key: this is more likely a block.
        if before.last.kind == Tok::Ident && Lexer::new(cx.text(before.last.span())).next_token().kind != Tok::Ident {
            return None;
        }
        ":"
    } else if expected.only == Some(";") && before.in_for_head || expected.end && kind.is_statement_word() {
        ";"
    } else if expected.operator && expected.comma && !expected.end && before.in_list && kind.starts_expression() {
        ","
    } else {
        return None;
    };
    Some(Fix::insert(before.last.end, sign))
}

/// A sentence from the token found and from what would have been right.
fn unlike(cx: &Context, at: Span, kind: Tok, expected: &Expected) -> (String, Option<&'static str>) {
    let found = describe(cx, at, kind);
    let words = |message: String| (message, None);
    let advice = |message: String, help: &'static str| (message, Some(help));
    if at.start == at.end {
        // A `;` that the filter put at the end of a line or block.
        words(format!("this statement is not complete{}", wanted(expected)))
    } else if let Some(only) = expected.only {
        words(format!("expected `{only}`, found {found}"))
    } else if kind == Tok::Arrow {
        let help = "parameters are a name, or names in parentheses: `(a, b) => …`";
        advice("`=>` does not follow parameters".into(), help)
    } else if kind == Tok::Equals && !expected.operand {
        advice("`=` does not follow something that can be assigned to".into(), "to compare, use `===`")
    } else if kind.is_statement_word() && expected.operand && !expected.statement {
        words(format!("{found} begins a statement, and here an expression is expected"))
    } else if matches!(kind, Tok::Else | Tok::Catch | Tok::Finally | Tok::Case | Tok::Default) {
        let owner = match kind {
            Tok::Else => "an `if` and its body",
            Tok::Case | Tok::Default => "the braces of a `switch`",
            _ => "the block of a `try`",
        };
        let place = if matches!(kind, Tok::Case | Tok::Default) { "inside" } else { "directly behind" };
        words(format!("{found} stands only {place} {owner}"))
    } else if expected.operand {
        words(format!("expected {}, found {found}", if expected.statement { "a statement" } else { "an expression" }))
    } else if expected.end && !expected.loop_word && kind.is_statement_word() {
        advice(format!("{found} begins another statement"), "end the statement before it with `;` or a new line")
    } else if expected.operator && !expected.loop_word && kind.starts_expression() {
        let help = match (expected.comma, expected.end) {
            (true, false) => "separate them with `,`, or put an operator between",
            (_, true) => "end the statement with `;` or a new line, or put an operator between",
            _ => "put an operator between, or close the bracket",
        };
        advice(format!("{found} follows a complete expression"), help)
    } else if expected.loop_word {
        advice(format!("expected `of`, `in` or `;`, found {found}"), "for example `for (const x of xs)`")
    } else if expected.case {
        words(format!("expected `case`, `default` or `}}`, found {found}"))
    } else if expected.colon {
        words(format!("expected `:`, found {found}"))
    } else if expected.key {
        words(format!("expected a key, found {found}"))
    } else if expected.name && !expected.operator {
        words(format!("expected a name, found {found}"))
    } else {
        words(format!("{found} cannot stand here{}", wanted(expected)))
    }
}

/// The end of the text, where more was needed: the prompt asks for more.
fn unexpected_end(cx: &Context, expected: &Expected) {
    if cx.is_stopped() {
        return;
    }
    let before = Before::new(cx, u32::MAX);
    let end = cx.source.trim_end().len();
    let message = format!("the text ends too early{}", wanted(expected));
    let fix = before.and_then(|before| {
        let closer = before.only_closer.filter(|closer| expected.closer == Some(closer))?;
        Some(Fix::new(format!("insert `{closer}`"), vec![closing_edit(cx, before.last.end, closer)]))
    });
    cx.report(Diagnostic::new(codes::UNEXPECTED_END, Span::new(end, end), message).fix(fix));
}

/// A closing bracket behind the last token; that of lines of statements on a line of its own.
fn closing_edit(cx: &Context, behind: u32, closer: &str) -> Edit {
    let text = cx.source[..behind as usize].trim_end();
    let has_lines = closer == "}" && text.contains('\n') && matches!(text.chars().next_back(), Some(';' | '}' | '{'));
    let replacement = if has_lines { format!("\n{closer}") } else { closer.to_string() };
    Edit::new(behind, behind, replacement)
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
