//! From text to a tree: lexer, newline filter, grammar, and the refusals.
//!
//! Invariant: [`parse`] never panics and never recurses without bound; it gives either a tree whose depth is at most the
//! limit, or at least one [`Diagnostic`], each with a stable code (`codes.rs`) and a span inside the text.
//!
//! ```text
//! source ─ lexer ─ filter ─ grammar + actions ─ refuse ─ tree
//!             └────────┴──────────┴────────────────┴──── errors (context.rs)
//! ```

pub mod ast;
pub mod codes;
pub mod comments;
pub mod diagnostic;

mod actions;
mod context;
mod dump;
mod filter;
mod lexer;
mod module;
mod number;
mod parser;
mod pieces;
mod refuse;
pub mod similar;
mod text;
mod token;

pub use ast::{Program, Span};
pub use diagnostic::{Diagnostic, Edit, Fix, Position, position};
pub use dump::{dump_ast, tokens};
pub use pieces::{KEYWORDS, Piece, PieceKind, is_name, pieces, string_value};

use context::Context;

/// The nesting limit can be raised to this, not beyond.
const DEEPEST: u16 = 10_000;

/// How to parse.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions {
    /// Levels of the tree; more is an error. At most 10,000.
    pub max_depth: u16,
    /// The text is the body of a function: `return` may stand in it.
    pub is_body: bool,
}

impl Default for ParseOptions {
    fn default() -> Self {
        ParseOptions { max_depth: 1000, is_body: false }
    }
}

/// Parses a script.
///
/// # Errors
/// All that were found, at most 100, in the order of the text.
pub fn parse(source: &str, options: &ParseOptions) -> Result<Program, Vec<Diagnostic>> {
    match parse_all(source, options) {
        (Some(program), errors) if errors.is_empty() => Ok(program),
        (_, errors) => Err(errors),
    }
}

/// Parses a script as far as it goes: the errors, and the whole tree if all of the text is in it. Where a construct was refused
/// the tree has something harmless instead.
pub fn parse_all(source: &str, options: &ParseOptions) -> (Option<Program>, Vec<Diagnostic>) {
    if u32::try_from(source.len()).is_err() {
        let error = Diagnostic::new(codes::TOO_LARGE, Span::default(), "the text is larger than 4 GiB");
        return (None, vec![error]);
    }
    let cx = Context::new(source, options.max_depth.min(DEEPEST));
    let program = parser::run(&cx).map(|mut body| {
        let module = module::finish(&cx, &mut body);
        Program { body, span: Span::new(0, source.len()), module }
    });
    if let Some(program) = &program
        && cx.is_marked_for_check()
    {
        refuse::check(&cx, program, options.is_body);
    }
    let is_whole = !cx.has_syntax_error() && !cx.is_stopped() && !cx.is_too_deep();
    let errors = cx.into_errors();
    (program.filter(|_| is_whole), errors)
}

/// Whether the only thing wrong with a text is that it ends too early, so that a prompt should ask for more.
pub fn is_incomplete(errors: &[Diagnostic]) -> bool {
    let ends_early = |error: &Diagnostic| {
        matches!(error.code, codes::UNEXPECTED_END | codes::UNTERMINATED_TEMPLATE | codes::UNTERMINATED_COMMENT)
    };
    errors.len() == 1 && errors.iter().all(ends_early)
}
