//! The inspection format: what `console.log` writes for containers, after Node's `util.inspect`.
//!
//! It runs no script code: no `toString`, no getters (there are none). Recursion is bounded by the depth that is shown, and the output by caps on
//! items, on the length of strings, and on the whole. What it costs is in proportion to what is shown, not to the size of the value, and it is charged as it
//! goes: a limit or an interrupt ends it at any place.

mod entries;
mod error;
mod head;
mod layout;
mod style;
#[cfg(test)]
mod tests;
mod text;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::heap::cell::Kind;
use crate::heap::string::Text;
use crate::heap::value::Value;
use crate::stdlib::arguments::Outcome;
use crate::vm::Vm;
use crate::vm::bulk::{PIECE, pieces};
use crate::vm::convert::number_text;
use layout::{ArrayEntries, Entries, lay_out};
use style::Style;

pub use style::without_colors;
pub use text::neutralised;

/// What is shown, and how.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Levels of nesting that are shown (2: what is in what is in the value).
    pub depth: usize,
    /// Items of an array, Map or Set that are shown.
    pub items: usize,
    /// Named properties of a container that are shown.
    pub properties: usize,
    /// Characters of a string that are shown.
    pub characters: usize,
    /// `length` of arrays is shown too.
    pub hidden: bool,
    /// With Node's colours. The layout is the same without them.
    pub colors: bool,
    /// For a terminal: control characters in names and messages are escaped, and what turns the direction of writing everywhere.
    pub terminal: bool,
    /// Columns of a line: past them a container is broken into lines.
    pub width: usize,
    /// Bytes of the whole text, about: once there are so many, no further item is shown, and open brackets are closed.
    pub bytes: usize,
}

/// As `console.log` has it: a hundred items on each of three levels, and no more than 16 MiB in all.
impl Default for Options {
    fn default() -> Options {
        Options {
            depth: 2,
            items: 100,
            properties: 1000,
            characters: 10_000,
            hidden: false,
            colors: false,
            terminal: false,
            width: 80,
            bytes: 1 << 24,
        }
    }
}

impl Options {
    /// For a prompt on a terminal of that width: a value never floods the screen.
    pub fn prompt(width: usize, colors: bool) -> Options {
        Options { properties: 100, colors, terminal: true, width, bytes: 1 << 20, ..Options::default() }
    }
}

/// Deeper is never shown, whatever the options say: the inspection recurses.
const DEEPEST: usize = 200;
/// Bytes that are laid out in the time that charging one takes.
const LAID_OUT_AT_ONCE: usize = 32;
/// Strings up to this length are never broken into lines.
const SHORT_LINE: usize = 16;

/// The inspection format of a value. Runs no script code. O(what is shown). Errors: limits only.
pub fn inspect(vm: &mut Vm, value: Value, options: Options) -> Outcome<String> {
    let mut inspector = Inspector {
        vm,
        options,
        seen: Vec::new(),
        circular: IndexSet::default(),
        indentation: 0,
        deepest: 0,
        spent: 0,
    };
    inspector.value(value, 0)
}

struct Inspector<'a> {
    vm: &'a mut Vm,
    options: Options,
    /// Containers around the one that is being shown.
    seen: Vec<Value>,
    /// Those that turned out to contain themselves, in the order of their numbers.
    circular: IndexSet<u64, FxBuildHasher>,
    indentation: usize,
    /// The level of the container that was entered last.
    deepest: usize,
    /// Bytes of what has been shown.
    spent: usize,
}

impl Inspector<'_> {
    fn value(&mut self, value: Value, level: usize) -> Outcome<String> {
        if value.is_container() {
            return self.container(value, level);
        }
        let shown = match value.is_string().then(|| self.vm.heap.text(value)) {
            Some(text) if text.len() > PIECE && self.options.characters > PIECE => self.long_string(text)?,
            _ => self.primitive(value),
        };
        self.spend(shown.len())?;
        Ok(shown)
    }

    /// A string of which so much is shown that it is made in pieces. It is not broken into lines: nobody reads it for its looks.
    fn long_string(&mut self, whole: Text) -> Outcome<String> {
        let room = self.room().max(SHORT_LINE);
        let text = whole.as_str();
        let end = whole.byte_of(self.options.characters.min(whole.chars_len())).min(text.floor_char_boundary(room));
        let (text, rest) = text.split_at(end);
        let quote = text::quote(text);
        let mut out = String::with_capacity(text.len() + 32);
        out.push(quote);
        for piece in pieces(text) {
            self.vm.charge(piece.len())?;
            self.vm.make_room(&mut out, piece.len() * 2)?;
            text::push_quoted(&mut out, piece, quote, self.options.terminal);
        }
        out.push(quote);
        let mut shown = if self.options.colors { Style::Text.paint(&out) } else { out };
        if !rest.is_empty() {
            shown.push_str(&more(rest.chars().count(), "character"));
        }
        Ok(shown)
    }

    /// So many bytes have been shown.
    fn spend(&mut self, bytes: usize) -> Outcome<()> {
        self.spent += bytes;
        self.vm.charge(bytes + 16)
    }

    /// Bytes that may still be shown.
    fn room(&self) -> usize {
        self.options.bytes.saturating_sub(self.spent)
    }

    fn is_full(&self) -> bool {
        self.room() == 0
    }

    fn styled(&self, text: &str, style: Style) -> String {
        if self.options.colors { style.paint(text) } else { text.to_string() }
    }

    /// A text that is shown as it is: a name, a message.
    fn harmless(&self, text: String) -> String {
        // an escape of the text's own would be taken for one of ours
        if !(self.options.terminal || self.options.colors) {
            return text;
        }
        match text::neutralised(&text) {
            std::borrow::Cow::Owned(harmless) => harmless,
            std::borrow::Cow::Borrowed(_) => text,
        }
    }

    fn primitive(&self, value: Value) -> String {
        match value {
            Value::UNDEFINED => self.styled("undefined", Style::Undefined),
            Value::NULL => self.styled("null", Style::Null),
            Value::TRUE => self.styled("true", Style::Number),
            Value::FALSE => self.styled("false", Style::Number),
            v if v.is_string() => self.string(v),
            v => self.styled(&number(v), Style::Number),
        }
    }

    /// A string in quotes; a long one is broken after its line ends.
    fn string(&self, value: Value) -> String {
        let whole = self.vm.heap.text(value);
        let (mut text, mut trailer) = (whole.as_str(), String::new());
        let mut length = whole.chars_len();
        let room = self.room().max(SHORT_LINE);
        if length > self.options.characters || text.len() > room {
            let end = whole.byte_of(self.options.characters).min(text.floor_char_boundary(room));
            text = &text[..end];
            let left = length - text.chars().count();
            if left > 0 {
                trailer = more(left, "character");
                length -= left;
            }
        }
        let literal = |text: &str| self.styled(&text::quoted(text, self.options.terminal), Style::Text);
        let narrow = self.options.width.saturating_sub(self.indentation + 4);
        if length > SHORT_LINE && length > narrow && text.contains('\n') {
            let lines: Vec<String> = text.split_inclusive('\n').map(literal).collect();
            return lines.join(&format!(" +\n{}", " ".repeat(self.indentation + 2))) + &trailer;
        }
        literal(text) + &trailer
    }

    fn container(&mut self, value: Value, level: usize) -> Outcome<String> {
        if self.seen.contains(&value) {
            let (place, _) = self.circular.insert_full(value.0);
            let shown = self.styled(&format!("[Circular *{}]", place + 1), Style::Special);
            self.spend(shown.len())?;
            return Ok(shown);
        }
        let kind = value.kind().unwrap_or(Kind::Object);
        let head = match self.head(value, kind)? {
            Ok(head) => head,
            Err(all) => {
                self.spend(all.len())?;
                return Ok(all);
            }
        };
        if level > self.options.depth.min(DEEPEST) || self.is_full() && level > 0 {
            let shown = self.styled(&format!("[{}]", head.name), Style::Special);
            self.spend(shown.len())?;
            return Ok(shown);
        }
        self.spend(head.base.len() + head.open.len() + head.close.len() + 4)?;
        self.seen.push(value);
        self.deepest = level;
        self.indentation += 2;
        let shown = self.entries(value, kind, level + 1, &head);
        self.indentation -= 2;
        self.seen.pop();
        let (output, more) = shown?;
        let mut base = head.base;
        if let Some(place) = self.circular.get_index_of(&value.0) {
            let reference = self.styled(&format!("<ref *{}>", place + 1), Style::Special);
            base = if base.is_empty() { reference } else { format!("{reference} {base}") };
        }
        let array = (kind == Kind::Array).then(|| self.array_entries(value, output.len(), more));
        let shown = lay_out(Entries {
            output,
            base,
            open: &head.open,
            close: head.close,
            array,
            depth_inside: self.deepest - level,
            indentation: self.indentation,
            width: self.options.width,
        });
        self.vm.charge(shown.len() / LAID_OUT_AT_ONCE)?;
        Ok(shown)
    }

    fn array_entries(&self, array: Value, shown: usize, more: bool) -> ArrayEntries {
        let elements = self.vm.heap.elements(array);
        let numbers = elements.len() >= shown && elements[..shown].iter().all(|value| value.is_number());
        ArrayEntries { numbers, more: more || shown > self.options.items }
    }
}

/// What stands for what is left out.
fn more(left: usize, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if left == 1 => format!("... 1 more {what}"),
        Some(stem) => format!("... {left} more {stem}ies"),
        None => format!("... {left} more {what}s"),
    }
}

/// A number, `-0` with its sign.
pub fn number(value: Value) -> String {
    match (value.exact(), value.plain_number()) {
        (Some(n), _) => n.to_string(),
        (None, Some(n)) if n == 0.0 && n.is_sign_negative() => "-0".to_string(),
        (None, n) => number_text(n.unwrap_or(f64::NAN)),
    }
}
