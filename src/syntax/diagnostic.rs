//! Errors found before a program runs: data only, rendered at the edge.

use super::ast::Span;

/// One error of the syntax or of the resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code, `E0nnn`; `codes::explain` has the long text.
    pub code: &'static str,
    /// One sentence: what is wrong.
    pub message: String,
    pub span: Span,
    /// A few words under the caret; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The rewrite that is meant, where only one is likely.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), span, label: String::new(), help: None, fix: None }
    }

    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Diagnostic {
        self.fix = fix.into();
        self
    }
}

/// A rewrite after which the text no longer has the error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an editor's menu shows it.
    pub message: String,
    /// In the order of the text; they do not overlap.
    pub edits: Vec<Edit>,
}

/// A span of the text, and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub replacement: String,
}

impl Edit {
    pub fn new(start: u32, end: u32, replacement: impl Into<String>) -> Edit {
        Edit { span: Span { start, end }, replacement: replacement.into() }
    }
}

impl Fix {
    pub fn new(message: impl Into<String>, edits: Vec<Edit>) -> Fix {
        Fix { message: message.into(), edits }
    }

    pub fn replace(span: Span, replacement: impl Into<String>) -> Fix {
        let replacement = replacement.into();
        Fix::new(format!("change it to `{replacement}`"), vec![Edit { span, replacement }])
    }

    pub fn insert(at: u32, text: impl Into<String>) -> Fix {
        let text = text.into();
        Fix::new(format!("insert `{}`", text.trim()), vec![Edit::new(at, at, text)])
    }

    /// `what` names what goes.
    pub fn remove(start: u32, end: u32, what: &str) -> Fix {
        Fix::new(format!("remove {what}"), vec![Edit::new(start, end, "")])
    }

    /// The text after the rewrite.
    pub fn apply(&self, text: &str) -> String {
        let mut fixed = String::with_capacity(text.len() + 16);
        let mut at = 0;
        for edit in &self.edits {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            fixed.push_str(text.get(at..start).unwrap_or_default());
            fixed.push_str(&edit.replacement);
            at = end;
        }
        fixed + text.get(at..).unwrap_or_default()
    }
}

/// Where an offset stands in a text, both counted from 1; the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// The position of a byte offset. O(n) in the text before it.
pub fn position(text: &str, offset: u32) -> Position {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: before.matches('\n').count() as u32 + 1, column: before[start..].chars().count() as u32 + 1 }
}
