//! A program's value as text: JSON if it is a JSON value, the inspection format of `console.log` if not.
//!
//! Unlike `JSON.stringify` it gives every number back as it was (`-0` stays `-0`), calls nothing, and does not recurse: a
//! document of any depth comes out as it went in.

use std::fmt::Write as _;

use rustc_hash::FxHashSet;

use crate::heap::Heap;
use crate::heap::cell::Kind;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib;
use crate::vm::Vm;
use crate::vm::convert::number_text;
use crate::vm::native::Throw;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// On one line, without spaces.
    #[default]
    Compact,
    /// A line an element, indented by two spaces a level.
    Pretty,
}

/// The value as text. O(size).
pub(super) fn text(vm: &mut Vm, value: Value, format: Format) -> String {
    match json(&vm.heap, value, format) {
        Some(text) => text,
        None => stdlib::inspect_value(vm, value).unwrap_or_default(),
    }
}

/// The value in the inspection format, which calls nothing. O(what is shown). Errors: limits only.
pub(super) fn inspect_with(vm: &mut Vm, value: Value, options: &stdlib::inspect::Options) -> Result<String, Throw> {
    stdlib::inspect::inspect(vm, value, *options)
}

/// A container being written.
enum Open {
    Array { array: Value, next: usize },
    Object { object: Value, entries: std::vec::IntoIter<(Key, Value)>, first: bool },
}

impl Open {
    fn container(&self) -> Value {
        match self {
            Open::Array { array, .. } => *array,
            Open::Object { object, .. } => *object,
        }
    }
}

/// The text of a JSON value; `None` if it is none: something in it is not JSON, or it contains itself.
fn json(heap: &Heap, value: Value, format: Format) -> Option<String> {
    let mut out = String::new();
    let mut open: Vec<Open> = Vec::new();
    let mut on_the_way = FxHashSet::default();
    let mut value = Some(value);
    loop {
        if let Some(value) = value.take()
            && let Some(begun) = begin(heap, value, &mut out)?
        {
            if !on_the_way.insert(begun.container().pointer()) {
                return None;
            }
            open.push(begun);
        }
        let Some(innermost) = open.last_mut() else { return Some(out) };
        let (started, next) = match innermost {
            Open::Array { array, next } => {
                let element = heap.element(*array, *next);
                *next += 1;
                (*next > 1, element.map(|element| (None, element)))
            }
            Open::Object { entries, first, .. } => {
                let entry = entries.next();
                (!std::mem::replace(first, false), entry.map(|(key, value)| (Some(key), value)))
            }
        };
        let Some((key, child)) = next else {
            let close = if matches!(innermost, Open::Array { .. }) { ']' } else { '}' };
            on_the_way.remove(&innermost.container().pointer());
            open.pop();
            if started {
                line(&mut out, open.len(), format);
            }
            out.push(close);
            continue;
        };
        if started {
            out.push(',');
        }
        line(&mut out, open.len(), format);
        if let Some(key) = key {
            quote(key.text().as_str(), &mut out);
            out.push_str(if format == Format::Pretty { ": " } else { ":" });
        }
        value = Some(child);
    }
}

/// Writes a scalar, or the bracket that opens a container. `None`: not JSON.
fn begin(heap: &Heap, value: Value, out: &mut String) -> Option<Option<Open>> {
    match value {
        Value::NULL => out.push_str("null"),
        Value::TRUE => out.push_str("true"),
        Value::FALSE => out.push_str("false"),
        _ if value.is_string() => quote(heap.text(value).as_str(), out),
        _ if value.is_number() => number(value, out)?,
        _ => match value.kind()? {
            Kind::Array if heap.own_count(value) == 0 => {
                out.push('[');
                return Some(Some(Open::Array { array: value, next: 0 }));
            }
            Kind::Object if heap.class_of(value).is_none() => {
                out.push('{');
                let entries = heap.own_entries(value).into_iter();
                return Some(Some(Open::Object { object: value, entries, first: true }));
            }
            _ => return None,
        },
    }
    Some(None)
}

fn number(value: Value, out: &mut String) -> Option<()> {
    if let Some(exact) = value.exact() {
        let _ = write!(out, "{exact}");
        return Some(());
    }
    let n = value.plain_number()?;
    if !n.is_finite() {
        return None;
    }
    if n == 0.0 && n.is_sign_negative() {
        out.push('-');
    }
    out.push_str(&number_text(n));
    Some(())
}

fn line(out: &mut String, depth: usize, format: Format) {
    if format == Format::Pretty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

/// A JSON string. Control characters are escaped, those of C1 too: a terminal obeys them.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
