//! Errors as people read them: a headline, the place, the source line with a caret, and what to do instead.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::options::Color;
use crate::embed::{Error, Refused};
use crate::syntax::{Diagnostic, Span};
use crate::vm::error::{Failure, Place};
use crate::vm::host::FinalizerFailure;
use crate::vm::limits::Limit;

/// Errors that are shown of one script: who has more begins with these.
const SHOWN: usize = 20;

/// Renders with or without colours.
pub struct Reporter {
    renderer: Renderer,
    colored: bool,
}

impl Reporter {
    /// `terminal`: whether the messages go to one.
    pub fn new(color: Color, terminal: bool) -> Reporter {
        let colored = color.is_on(terminal);
        Reporter { renderer: if colored { Renderer::styled() } else { Renderer::plain() }, colored }
    }

    /// The errors of a script that does not compile, a blank line between two. Of many the first ones.
    pub fn diagnostics(&self, name: &str, source: &str, diagnostics: &[Diagnostic]) -> String {
        let shown: Vec<String> =
            diagnostics.iter().take(SHOWN).map(|diagnostic| self.diagnostic(name, source, diagnostic)).collect();
        let mut text = shown.join("\n");
        let count = diagnostics.len();
        if count > SHOWN {
            let _ = write!(text, "\n… {} more\n", count - SHOWN);
        }
        if count > 1 {
            let _ = write!(text, "\n{count} errors\n");
        }
        text
    }

    fn diagnostic(&self, name: &str, source: &str, diagnostic: &Diagnostic) -> String {
        let message = visible(&diagnostic.message);
        let mut annotation = AnnotationKind::Primary.span(range(source, diagnostic.span));
        if !diagnostic.label.is_empty() {
            annotation = annotation.label(visible(&diagnostic.label));
        }
        let snippet = Snippet::source(source).path(name).annotation(annotation);
        let mut group = Level::ERROR.primary_title(message).id(diagnostic.code).element(snippet);
        let Some(fix) = &diagnostic.fix else {
            if let Some(help) = &diagnostic.help {
                group = group.element(Level::HELP.message(visible(help)));
            }
            return self.renderer.render(&[group]) + "\n";
        };
        let patches = fix.edits.iter().map(|edit| Patch::new(range(source, edit.span), edit.replacement.as_str()));
        let changed = Snippet::source(source).path(name).patches(patches);
        let help = visible(diagnostic.help.as_ref().unwrap_or(&fix.message));
        let rewrite = Level::HELP.secondary_title(help).element(changed);
        self.renderer.render(&[group, rewrite]) + "\n"
    }

    /// Why a program gave no value. `None` as in [`Reporter::failure`].
    pub fn error(&self, name: &str, source: &str, error: &Error) -> Option<String> {
        match error {
            Error::Syntax(errors) => Some(self.diagnostics(name, source, errors)),
            Error::Module(refused) => {
                let Refused { source, diagnostics, .. } = &**refused;
                Some(self.diagnostics(&source.name, &source.text, diagnostics))
            }
            Error::Failure(failure) => self.failure(failure),
            // The command line calls nothing but programs.
            other => Some(format!("{} {}\n", self.strong("error:"), visible(&other.to_string()))),
        }
    }

    /// An exception that nobody caught, or a limit. `None`: the program ended as it wanted to, or nobody reads what it writes.
    pub fn failure(&self, failure: &Failure) -> Option<String> {
        match failure {
            Failure::Uncaught { message, stack, place, rethrown } => {
                Some(self.stopped("Uncaught", &visible(message), (place.as_ref(), rethrown.as_ref()), stack))
            }
            Failure::Denied { message, stack, place } => {
                Some(self.stopped("denied:", &visible(message), (place.as_ref(), None), stack))
            }
            Failure::Limit { limit, stack, place } => Some(self.limit(*limit, stack, place.as_ref())),
            Failure::Interrupted { stack } => Some(format!("{}\n{}", self.strong("interrupted"), frames(stack))),
            Failure::Exit(_) | Failure::Closed | Failure::Panicked => None,
        }
    }

    /// What a program did not survive, where it stands and where it was thrown again, and the frames that ran.
    fn stopped(
        &self,
        word: &str,
        message: &str,
        (place, rethrown): (Option<&Place>, Option<&Place>),
        stack: &[String],
    ) -> String {
        let mut text = format!("{} {message}\n", self.strong(word));
        if let Some(Place { source, span }) = place {
            let annotation = AnnotationKind::Primary.span(range(&source.text, *span));
            let snippet = Snippet::source(&source.text).path(source.name.as_str()).annotation(annotation);
            let mut group = Group::with_level(Level::ERROR).element(snippet);
            if let Some(Place { source, span }) = rethrown {
                let at = source.position(span.start);
                let note = format!("rethrown at {}:{}:{}", visible(&source.name), at.line, at.column);
                group = group.element(Level::NOTE.message(note));
            }
            text.push_str(&self.renderer.render(&[group]));
            text.push('\n');
        }
        text.push_str(&frames(stack));
        text
    }

    /// A limit that was reached, where, and which option sets it.
    fn limit(&self, limit: Limit, stack: &[String], place: Option<&Place>) -> String {
        let mut group = Level::ERROR.primary_title(limit.to_string()).elements([] as [Snippet<'_, Annotation<'_>>; 0]);
        if let Some(Place { source, span }) = place {
            let annotation = AnnotationKind::Primary.span(range(&source.text, *span));
            group = group.element(Snippet::source(&source.text).path(source.name.as_str()).annotation(annotation));
        }
        if let Some(option) = option_of(limit) {
            group = group.element(Level::HELP.message(format!("{option} sets it")));
        }
        self.renderer.render(&[group]) + "\n" + &frames(stack)
    }

    /// A finalizer that failed, or could not be called.
    pub fn finalizer_failure(&self, failure: &FinalizerFailure) -> String {
        let mut text = format!(
            "{} in the finalizer of {}: {}\n",
            self.strong("error"),
            visible(&failure.value),
            visible(&failure.message)
        );
        text.push_str(&frames(&failure.stack));
        text
    }

    fn strong(&self, word: &str) -> String {
        if self.colored { format!("\u{1b}[1m\u{1b}[91m{word}\u{1b}[0m") } else { word.to_string() }
    }
}

/// Calls, one on a line.
fn frames(stack: &[String]) -> String {
    stack.iter().fold(String::new(), |text, frame| text + &format!("    {}\n", visible(frame)))
}

/// The option that sets a limit.
fn option_of(limit: Limit) -> Option<&'static str> {
    match limit {
        Limit::Memory(_) => Some("--max-memory"),
        Limit::System => None,
        Limit::Fuel(_) => Some("--fuel"),
        Limit::Time(_) => Some("--timeout"),
        Limit::Output(_) => Some("--max-output"),
        Limit::FinalizerFuel(_) => Some("--finalizer-fuel"),
    }
}

/// A span as bytes of the text. One that is empty (the end of the text) is a caret there.
fn range(source: &str, span: Span) -> Range<usize> {
    let floor = |offset: u32| {
        let mut offset = (offset as usize).min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// A text that came from the script: a terminal does not obey it.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            let _ = write!(shown, "\\u{{{:x}}}", c as u32);
        } else {
            shown.push(c);
        }
    }
    shown
}
