//! Errors for programs: one JSON object a line, whose fields docs/diagnostics.md lists.

use std::fmt::Write as _;

use crate::stdlib::json::push_string;
use crate::syntax::{Diagnostic, Span};

/// The errors of a script, each on a line. O(text + errors).
pub fn diagnostics(file: &str, source: &str, diagnostics: &[Diagnostic]) -> String {
    let lines = Lines::new(source);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let Diagnostic { code, message, span, label, help, fix } = diagnostic;
        let label = Some(label.as_str()).filter(|label| !label.is_empty());
        head(&mut out, file, Some(code), message, label, help.as_deref());
        lines.push_range(&mut out, *span);
        out.push_str(",\"fix\":");
        match fix {
            None => out.push_str("null"),
            Some(fix) => {
                field(&mut out, '{', "message", Some(&fix.message));
                out.push_str(",\"edits\":[");
                for (nth, edit) in fix.edits.iter().enumerate() {
                    if nth > 0 {
                        out.push(',');
                    }
                    field(&mut out, '{', "replacement", Some(&edit.replacement));
                    lines.push_range(&mut out, edit.span);
                    out.push('}');
                }
                out.push_str("]}");
            }
        }
        out.push_str("}\n");
    }
    out
}

/// A file that cannot be read: an object without a code and a place.
pub fn unreadable(file: &str, message: &str) -> String {
    let mut out = String::new();
    head(&mut out, file, None, message, None, None);
    for name in PLACE {
        let _ = write!(out, ",\"{name}\":null");
    }
    out + ",\"fix\":null}\n"
}

fn head(out: &mut String, file: &str, code: Option<&str>, message: &str, label: Option<&str>, help: Option<&str>) {
    field(out, '{', "file", Some(file));
    field(out, ',', "code", code);
    field(out, ',', "severity", Some("error"));
    field(out, ',', "message", Some(message));
    field(out, ',', "label", label);
    field(out, ',', "help", help);
}

/// `before"name":"value"`, or `null`.
fn field(out: &mut String, before: char, name: &str, value: Option<&str>) {
    let _ = write!(out, "{before}\"{name}\":");
    match value {
        Some(value) => push_string(out, value),
        None => out.push_str("null"),
    }
}

/// The fields of a place.
const PLACE: [&str; 8] = ["line", "column", "endLine", "endColumn", "utf16Column", "utf16EndColumn", "start", "end"];

/// Where the lines of a text start.
struct Lines<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    fn new(source: &'s str) -> Lines<'s> {
        let starts = memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at + 1);
        Lines { source, starts: std::iter::once(0).chain(starts).collect() }
    }

    /// The line from 1, and the text of it before the offset, which is moved back to a character's start.
    fn position(&self, offset: u32) -> (usize, &'s str, usize) {
        let mut offset = (offset as usize).min(self.source.len());
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        (line, &self.source[self.starts[line - 1]..offset], offset)
    }

    fn push_range(&self, out: &mut String, span: Span) {
        let (line, before, start) = self.position(span.start);
        let (end_line, end_before, end) = self.position(span.end);
        let scalars = |text: &str| text.chars().count() + 1;
        let units = |text: &str| text.encode_utf16().count() + 1;
        let numbers =
            [line, scalars(before), end_line, scalars(end_before), units(before), units(end_before), start, end];
        for (name, number) in PLACE.iter().zip(numbers) {
            let _ = write!(out, ",\"{name}\":{number}");
        }
    }
}
