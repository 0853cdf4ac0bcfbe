//! What the filter, the grammar's actions and the passes after them share: the source, the names, and the sink for errors.
//!
//! Lexical errors and refused constructs go to the sink and leave a harmless token or node behind, so that one run reports
//! several. Some mistakes are only known later: `[a, , b]` is wrong, but `[a, , b] = c` is a pattern. Such a mistake is
//! *pending* until an action turns the expression into a pattern and withdraws it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::ast::{Name, Span};
use super::codes;
use super::diagnostic::Diagnostic;

/// Errors reported in one run.
pub const ERROR_CAP: usize = 20;

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

    pub fn report(&self, error: Diagnostic) {
        self.errors.borrow_mut().push(error);
    }

    /// Reports a construct that is refused, with what to write instead.
    pub fn refuse(&self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.report(Diagnostic { code, message: message.into(), span, label: String::new(), help: Some(help.into()) });
    }

    /// Reports an error that says all in its message.
    pub fn fail(&self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(Diagnostic { code, message: message.into(), span, label: String::new(), help: None });
    }

    /// Reports, once, that the nesting limit is reached.
    pub fn too_deep(&self, span: Span) {
        if !self.too_deep.replace(true) {
            self.report(Diagnostic {
                code: codes::TOO_DEEP,
                message: format!("nested too deeply: more than {} levels", self.max_depth),
                span,
                label: String::new(),
                help: Some("name the inner parts with `const`, or move them into functions".into()),
            });
        }
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
        errors.truncate(ERROR_CAP);
        errors
    }
}
