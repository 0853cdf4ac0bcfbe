//! What the filter, the grammar's actions and the passes after them share: the source, the names, and the sink for errors.
//!
//! Lexical errors and refused constructs go to the sink and leave a harmless token or node behind, so that one run reports
//! several. Some mistakes are only known later: `[a, , b]` is wrong, but `[a, , b] = c` is a pattern. Such a mistake is
//! *pending* until an action turns the expression into a pattern and withdraws it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::ast::{Ident, Module, Name, Span};
use super::codes;
use super::diagnostic::{Diagnostic, Fix};

/// The variable of a default export that has no name of its own, and its name to others. No text can refer to it, since it is a reserved word.
pub const DEFAULT: &str = "default";

/// Errors looked for in one run. A person is shown fewer at a time, an editor all of them.
pub const ERROR_CAP: usize = 100;

/// Bytes that may be read again to find out what stands before errors.
const RESCAN_LIMIT: u64 = 4 << 20;

/// Shared by everything that works on one source text.
pub struct Context<'s> {
    pub source: &'s str,
    pub max_depth: u16,
    errors: RefCell<Vec<Diagnostic>>,
    pending: RefCell<BTreeMap<u32, Diagnostic>>,
    names: RefCell<FxHashMap<&'s str, Name>>,
    too_deep: Cell<bool>,
    needs_check: Cell<bool>,
    stopped: Cell<bool>,
    syntax_error: Cell<bool>,
    rescanned: Cell<u64>,
    /// What the text imports and exports.
    pub module: RefCell<Module>,
    /// Statements behind `export`, in the order of the text.
    pub exported: RefCell<Vec<ExportedStatement>>,
}

/// A statement behind `export`.
#[derive(Clone, Copy, Debug)]
pub struct ExportedStatement {
    /// Where the declaration or the expression begins.
    pub start: u32,
    /// The word `default`, if it stands there.
    pub default: Option<Span>,
}

impl<'s> Context<'s> {
    pub fn new(source: &'s str, max_depth: u16) -> Self {
        Context {
            source,
            max_depth,
            errors: RefCell::default(),
            pending: RefCell::default(),
            names: RefCell::default(),
            too_deep: Cell::new(false),
            needs_check: Cell::new(false),
            stopped: Cell::new(false),
            syntax_error: Cell::new(false),
            rescanned: Cell::new(0),
            module: RefCell::default(),
            exported: RefCell::default(),
        }
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &'s str {
        &self.source[span.start as usize..span.end as usize]
    }

    /// The text of a span as a shared name.
    pub fn name(&self, span: Span) -> Name {
        let text = self.text(span);
        self.names.borrow_mut().entry(text).or_insert_with(|| text.into()).clone()
    }

    /// The name of a declaration without one: there is one if it is the default export.
    pub fn default_name(&self, start: u32) -> Option<Ident> {
        let exported = self.exported.borrow();
        let span = exported.iter().rfind(|exported| exported.start == start)?.default?;
        Some(Ident { name: DEFAULT.into(), span })
    }

    pub fn report(&self, error: Diagnostic) {
        self.errors.borrow_mut().push(error);
    }

    /// Reports a construct that is refused, with what to write instead.
    pub fn refuse(&self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message).help(help));
    }

    /// The same where one rewrite is likely to be meant.
    pub fn refuse_fixed(
        &self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        fix: impl Into<Option<Fix>>,
    ) {
        self.report(Diagnostic::new(code, span, message).help(help).fix(fix));
    }

    /// Whether the text up to an offset may be read again for the sake of a better message: many errors in a long text are not
    /// worth it.
    pub fn may_rescan(&self, offset: u32) -> bool {
        let length = u64::from(offset).min(self.source.len() as u64);
        self.rescanned.set(self.rescanned.get() + length);
        self.rescanned.get() <= RESCAN_LIMIT
    }

    /// Whether the text between two offsets is nothing but blanks and the given sign: an edit of it loses no comment.
    pub fn only_blanks_and(&self, sign: &str, start: u32, end: u32) -> bool {
        self.source.get(start as usize..end as usize).is_some_and(|text| text.trim() == sign)
    }

    /// Reports an error that says all in its message.
    pub fn fail(&self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }

    /// Reports, once, that the nesting limit is reached.
    pub fn too_deep(&self, span: Span) {
        if !self.too_deep.replace(true) {
            let message = format!("nested too deeply: more than {} levels", self.max_depth);
            self.refuse(
                codes::TOO_DEEP,
                span,
                message,
                "name the inner parts with `const`, or move them into functions",
            );
        }
    }

    pub fn is_too_deep(&self) -> bool {
        self.too_deep.get()
    }

    /// Tells that the filter ended the text before its end.
    pub fn stop(&self) {
        self.stopped.set(true);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Whether enough errors have been found to stop.
    pub fn is_full(&self) -> bool {
        self.errors.borrow().len() >= ERROR_CAP
    }

    /// An error that stands unless `withdraw` is called for its start.
    pub fn pend(&self, error: Diagnostic) {
        self.pending.borrow_mut().insert(error.span.start, error);
    }

    pub fn withdraw(&self, start: u32) {
        self.pending.borrow_mut().remove(&start);
    }

    /// Tells that the tree holds something only the pass in `refuse.rs` can judge.
    pub fn mark_for_check(&self) {
        self.needs_check.set(true);
    }

    pub fn is_marked_for_check(&self) -> bool {
        self.needs_check.get()
    }

    /// Tells that text was skipped: what is pending in it can no longer be withdrawn.
    pub fn syntax_error(&self) {
        self.syntax_error.set(true);
    }

    pub fn has_syntax_error(&self) -> bool {
        self.syntax_error.get()
    }

    /// The errors found, in the order of the text. Of two at one place the more precise one stays, and what the
    /// parser stumbled over before leaves no room for brackets that do not fit and a text that ends too early.
    pub fn into_errors(self) -> Vec<Diagnostic> {
        let mut errors = self.errors.into_inner();
        if !self.syntax_error.get() && !self.stopped.get() {
            errors.extend(self.pending.into_inner().into_values());
        }
        let is_general = |error: &Diagnostic| matches!(error.code, codes::UNEXPECTED | codes::UNEXPECTED_END);
        errors.sort_by_key(|error| (error.span.start, is_general(error), error.code));
        if let Some(first) = errors.iter().find(|error| is_general(error)).map(|error| error.span.start) {
            let follows = |error: &Diagnostic| {
                matches!(error.code, codes::MISMATCHED | codes::UNEXPECTED_END) && error.span.start > first
            };
            errors.retain(|error| !follows(error));
        }
        errors
            .dedup_by(|next, kept| next.span.start == kept.span.start && (next.code == kept.code || is_general(next)));
        join_strings(self.source, &mut errors);
        drop_followers(self.source, &mut errors);
        errors.truncate(ERROR_CAP);
        errors
    }
}

/// Where a character was left out or a string has no end, the rest of the line is not what it seems: what the parser
/// stumbles over there says nothing new.
fn drop_followers(source: &str, errors: &mut Vec<Diagnostic>) {
    let mut hidden_to = 0;
    errors.retain(|error| {
        let start = error.span.start;
        match error.code {
            codes::UNEXPECTED | codes::MISMATCHED | codes::UNEXPECTED_END if start <= hidden_to && hidden_to > 0 => {
                false
            }
            codes::CHARACTER | codes::UNTERMINATED_STRING => {
                let line = source.get(start as usize..).unwrap_or_default();
                hidden_to = start + line.find('\n').unwrap_or(line.len()) as u32;
                true
            }
            _ => true,
        }
    });
}

/// A string over several lines: the quote that was to end it begins another one, of nothing but signs. What stands between the
/// two is text.
fn join_strings(source: &str, errors: &mut Vec<Diagnostic>) {
    let text = |error: &Diagnostic| source.get(error.span.start as usize..error.span.end as usize).unwrap_or_default();
    let mut at = 0;
    while at < errors.len() {
        if errors[at].code == codes::UNTERMINATED_STRING {
            let quote = text(&errors[at]).get(..1);
            let ends = |error: &Diagnostic| {
                let rest = text(error).get(1..).unwrap_or_default();
                error.code == codes::UNTERMINATED_STRING
                    && text(error).get(..1) == quote
                    && rest.chars().all(|c| matches!(c, ';' | ',' | ')' | ']' | '}' | ' '))
            };
            if let Some(length) = errors[at + 1..].iter().position(ends) {
                errors.drain(at + 1..at + 2 + length);
                errors[at].help = Some("a text of several lines is a template: put it between two `` ` ``".into());
            }
        }
        at += 1;
    }
}
