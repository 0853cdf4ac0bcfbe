//! The inspection format: what `console.log` writes for containers, after Node's `util.inspect`.
//!
//! It runs no script code: no `toString`, no getters (there are none). Recursion is bounded by the depth that is shown, and the output by caps on
//! items, on the length of strings, and on the whole.

mod error;
mod layout;
mod text;

use crate::heap::cell::{Kind, Yield};
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::arguments::Outcome;
use crate::vm::Vm;
use crate::vm::convert::number_text;
use layout::{ArrayEntries, Entries, lay_out};

pub use text::{neutralised, quoted};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Levels of nesting that are shown (2: what is in what is in the value).
    pub depth: usize,
    /// Items of an array, Map or Set that are shown.
    pub items: usize,
    /// Characters of a string that are shown.
    pub characters: usize,
    /// `length` of arrays is shown too.
    pub hidden: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { depth: 2, items: 100, characters: 10_000, hidden: false }
    }
}

/// Deeper is never shown, whatever the options say: the inspection recurses.
const DEEPEST: usize = 200;
/// Bytes after which nested containers are no longer shown and strings are cut short.
const BUDGET: usize = 1 << 24;
const CUT_SHORT: usize = 64;
/// Strings up to this length are never broken into lines.
const SHORT_LINE: usize = 16;

/// The inspection format of a value. Runs no script code. Errors: limits only.
pub fn inspect(vm: &mut Vm, value: Value, options: Options) -> Outcome<String> {
    let mut inspector =
        Inspector { vm, options, seen: Vec::new(), circular: Vec::new(), indentation: 0, deepest: 0, spent: 0 };
    inspector.value(value, 0)
}

struct Inspector<'a> {
    vm: &'a mut Vm,
    options: Options,
    /// Containers around the one that is being shown.
    seen: Vec<Value>,
    /// Those that turned out to contain themselves, in the order of their numbers.
    circular: Vec<Value>,
    indentation: usize,
    /// The level of the container that was entered last.
    deepest: usize,
    spent: usize,
}

/// What is known of a container before its entries are shown.
struct Head {
    /// Before the opening brace.
    base: String,
    open: String,
    close: &'static str,
    keys: Vec<(Key, bool)>,
    /// What stands in brackets instead where the depth ends.
    name: String,
}

impl Inspector<'_> {
    fn value(&mut self, value: Value, level: usize) -> Outcome<String> {
        let shown = if value.is_container() { self.container(value, level)? } else { self.primitive(value) };
        if !value.is_container() {
            self.spent += shown.len();
            self.vm.charge(shown.len() / 8 + 1)?;
        }
        Ok(shown)
    }

    fn primitive(&self, value: Value) -> String {
        match value {
            Value::UNDEFINED => "undefined".to_string(),
            Value::NULL => "null".to_string(),
            Value::TRUE => "true".to_string(),
            Value::FALSE => "false".to_string(),
            v if v.is_string() => self.string(&self.vm.heap.text(v)),
            v => number(v),
        }
    }

    /// A string in quotes; a long one is broken after its line ends.
    fn string(&self, text: &str) -> String {
        let cap = if self.spent > BUDGET { CUT_SHORT } else { self.options.characters };
        let mut length = text.len();
        let (mut text, mut trailer) = (text, String::new());
        if length > cap {
            length = text::units(text);
            if let Some((end, _)) = text.char_indices().nth(cap) {
                let left = length - text::units(&text[..end]);
                trailer = format!("... {left} more character{}", if left > 1 { "s" } else { "" });
                text = &text[..end];
                length -= left;
            }
        }
        if length > SHORT_LINE && length + self.indentation + 4 > 80 && text.contains('\n') {
            let lines: Vec<String> = text.split_inclusive('\n').map(quoted).collect();
            return lines.join(&format!(" +\n{}", " ".repeat(self.indentation + 2))) + &trailer;
        }
        quoted(text) + &trailer
    }

    fn container(&mut self, value: Value, level: usize) -> Outcome<String> {
        if self.seen.contains(&value) {
            let number = match self.circular.iter().position(|known| *known == value) {
                Some(place) => place + 1,
                None => {
                    self.circular.push(value);
                    self.circular.len()
                }
            };
            return Ok(format!("[Circular *{number}]"));
        }
        let kind = value.kind().unwrap_or(Kind::Object);
        let head = match self.head(value, kind)? {
            Ok(head) => head,
            Err(all) => return Ok(all),
        };
        if level > self.options.depth.min(DEEPEST) || self.spent > BUDGET {
            return Ok(format!("[{}]", head.name));
        }
        self.seen.push(value);
        self.deepest = level;
        let shown = self.entries(value, kind, level, &head);
        self.seen.pop();
        let output = shown?;
        let mut base = head.base;
        if let Some(place) = self.circular.iter().position(|known| *known == value) {
            let reference = format!("<ref *{}>", place + 1);
            base = if base.is_empty() { reference } else { format!("{reference} {base}") };
        }
        let array = (kind == Kind::Array).then(|| self.array_entries(value, output.len()));
        let shown = lay_out(Entries {
            output,
            base,
            open: &head.open,
            close: head.close,
            array,
            depth_inside: self.deepest - level,
            indentation: self.indentation,
        });
        self.vm.charge(shown.len() / 8)?;
        Ok(shown)
    }

    fn array_entries(&self, array: Value, shown: usize) -> ArrayEntries {
        let elements = self.vm.heap.elements(array);
        ArrayEntries {
            numbers: elements.len() >= shown && elements[..shown].iter().all(|value| value.is_number()),
            more: shown > self.options.items,
        }
    }

    /// The head of a container, or (`Err`) all there is to show.
    fn head(&mut self, value: Value, kind: Kind) -> Outcome<Result<Head, String>> {
        let mut keys: Vec<(Key, bool)> = self.vm.heap.own_keys(value).into_iter().map(|key| (key, true)).collect();
        let head = |base: String, open: String, close: &'static str, keys, name: &str| {
            Ok(Head { base, open, close, keys, name: name.to_string() })
        };
        Ok(match kind {
            Kind::Array => {
                if self.vm.heap.array_len(value) == 0 && keys.is_empty() && !self.options.hidden {
                    return Ok(Err("[]".to_string()));
                }
                head(String::new(), "[".to_string(), "]", keys, "Array")
            }
            Kind::Map | Kind::Set => {
                let name = if kind == Kind::Map { "Map" } else { "Set" };
                let size = self.vm.heap.table(value).len();
                if size == 0 && keys.is_empty() {
                    return Ok(Err(format!("{name}(0) {{}}")));
                }
                head(String::new(), format!("{name}({size}) {{"), "}", keys, name)
            }
            Kind::WeakMap | Kind::WeakSet | Kind::WeakRef | Kind::Host => {
                let (name, text) = match kind {
                    Kind::WeakMap => ("WeakMap", Some("<items unknown>")),
                    Kind::WeakSet => ("WeakSet", Some("<items unknown>")),
                    Kind::WeakRef => ("WeakRef", None),
                    _ => (self.vm.heap.host_type_name(value).unwrap_or("Host"), None),
                };
                if text.is_none() && keys.is_empty() {
                    return Ok(Err(format!("{name} {{}}")));
                }
                head(String::new(), format!("{name} {{"), "}", keys, name)
            }
            Kind::Iterator => {
                let (target, _, yields) = self.vm.heap.iterator_state(value);
                let word = if yields == Yield::Entries { "Entries" } else { "Iterator" };
                match target.kind() {
                    Some(Kind::Map) => {
                        head(String::new(), format!("[Map {word}] {{"), "}", keys, "Object [Map Iterator]")
                    }
                    Some(Kind::Set) => {
                        head(String::new(), format!("[Set {word}] {{"), "}", keys, "Object [Set Iterator]")
                    }
                    Some(Kind::String) => Err("Object [String Iterator] {}".to_string()),
                    Some(Kind::Array) => Err("Object [Array Iterator] {}".to_string()),
                    _ => Err("Object [Iterator] {}".to_string()),
                }
            }
            Kind::Class => {
                if !self.vm.heap.class_data(value).native.is_null() {
                    return Ok(Err(format!("[Function: {}]", self.vm.function_name(value))));
                }
                let base = self.class_base(value);
                if keys.is_empty() { Err(base) } else { head(base, "{".to_string(), "}", keys, "Function") }
            }
            Kind::Function | Kind::Native | Kind::Bound => {
                let name = self.vm.function_name(value);
                let base =
                    if name.is_empty() { "[Function (anonymous)]".to_string() } else { format!("[Function: {name}]") };
                if keys.is_empty() { Err(base) } else { head(base, "{".to_string(), "}", keys, "Function") }
            }
            _ => {
                let class = self.class_name(value);
                let name = class.as_deref().unwrap_or("Object");
                if self.vm.is_error(value) {
                    let base = self.error(value, name, &mut keys)?;
                    return Ok(if keys.is_empty() { Err(base) } else { head(base, "{".to_string(), "}", keys, name) });
                }
                let open = class.as_ref().map_or("{".to_string(), |name| format!("{name} {{"));
                if keys.is_empty() { Err(format!("{open}}}")) } else { head(String::new(), open, "}", keys, name) }
            }
        })
    }

    /// The name of the nearest class of an instance that has one; `None` for a plain object.
    fn class_name(&self, value: Value) -> Option<String> {
        let mut class = self.vm.heap.class_of(value)?;
        while class.kind() == Some(Kind::Class) {
            let name = self.vm.function_name(class);
            if !name.is_empty() {
                return Some(name);
            }
            class = self.vm.heap.class_data(class).parent;
        }
        None
    }

    fn class_base(&self, class: Value) -> String {
        let name = self.vm.function_name(class);
        let name = if name.is_empty() { "(anonymous)".to_string() } else { name };
        let parent = self.vm.heap.class_data(class).parent;
        let parent = if parent.kind() == Some(Kind::Class) { self.vm.function_name(parent) } else { String::new() };
        if parent.is_empty() { format!("[class {name}]") } else { format!("[class {name} extends {parent}]") }
    }

    /// The entries of a container: elements or items, then named properties.
    fn entries(&mut self, value: Value, kind: Kind, level: usize, head: &Head) -> Outcome<Vec<String>> {
        self.indentation += 2;
        let shown = self.entries_inside(value, kind, level + 1, head);
        self.indentation -= 2;
        shown
    }

    fn entries_inside(&mut self, value: Value, kind: Kind, level: usize, head: &Head) -> Outcome<Vec<String>> {
        let mut output = Vec::new();
        match kind {
            Kind::Array => {
                let len = self.vm.heap.array_len(value);
                for index in 0..len.min(self.options.items) {
                    let element = self.vm.heap.elements(value)[index];
                    output.push(self.value(element, level)?);
                }
                self.more(&mut output, len);
                if self.options.hidden {
                    output.push(format!("[length]: {len}"));
                }
            }
            Kind::Map | Kind::Set => {
                let items: Vec<(Value, Value)> = self
                    .vm
                    .heap
                    .table(value)
                    .iter()
                    .take(self.options.items)
                    .map(|entry| (entry.key, entry.value))
                    .collect();
                for (key, item) in items {
                    let key = self.value(key, level)?;
                    output.push(if kind == Kind::Set { key } else { format!("{key} => {}", self.value(item, level)?) });
                }
                let len = self.vm.heap.table(value).len();
                self.more(&mut output, len);
            }
            Kind::Iterator => self.iterator_entries(value, level, &mut output)?,
            Kind::WeakMap | Kind::WeakSet => output.push("<items unknown>".to_string()),
            _ => {}
        }
        for (key, listed) in &head.keys {
            let property = self.vm.heap.get_own(value, *key).unwrap_or(Value::UNDEFINED);
            let shown = self.value(property, level)?;
            let name = key.text();
            let name = if *listed { text::key(&name) } else { format!("[{}]", name.as_str()) };
            output.push(format!("{name}: {shown}"));
        }
        Ok(output)
    }

    fn more(&self, output: &mut Vec<String>, len: usize) {
        let left = len.saturating_sub(self.options.items);
        if left > 0 {
            output.push(format!("... {left} more item{}", if left > 1 { "s" } else { "" }));
        }
    }

    /// What an iterator over a Map or Set has yet to yield.
    fn iterator_entries(&mut self, iterator: Value, level: usize, output: &mut Vec<String>) -> Outcome<()> {
        let (target, position, yields) = self.vm.heap.iterator_state(iterator);
        let is_set = target.kind() == Some(Kind::Set);
        let mut at = position;
        let mut count = 0;
        while let Some((key, value, next)) = self.vm.heap.table(target).next(at) {
            at = next;
            count += 1;
            if count > self.options.items {
                continue;
            }
            let value = if is_set { key } else { value };
            let shown = match yields {
                Yield::Keys => self.value(key, level)?,
                Yield::Values => self.value(value, level)?,
                Yield::Entries => {
                    let output = vec![self.value(key, level)?, self.value(value, level)?];
                    lay_out(Entries {
                        output,
                        base: String::new(),
                        open: "[",
                        close: "]",
                        array: None,
                        depth_inside: self.deepest + 1 - level,
                        indentation: self.indentation,
                    })
                }
            };
            output.push(shown);
        }
        self.more(output, count);
        Ok(())
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
