//! What stands between the brackets of a container: elements or items, then named properties.

use super::head::Head;
use super::layout::{Entries, lay_out};
use super::style::Style;
use super::{Inspector, more, text};
use crate::heap::cell::{Kind, Yield};
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::arguments::Outcome;

/// Bytes of a key that are shown.
const LONGEST_KEY: usize = 10_000;

impl Inspector<'_> {
    /// The entries of a container, and whether there are more items than those.
    pub(super) fn entries(
        &mut self,
        value: Value,
        kind: Kind,
        level: usize,
        head: &Head,
    ) -> Outcome<(Vec<String>, bool)> {
        let mut output = Vec::new();
        let left = match kind {
            Kind::Array => self.elements(value, level, &mut output)?,
            Kind::Map | Kind::Set => self.items(value, kind, level, &mut output)?,
            Kind::Iterator => self.iterator_entries(value, level, &mut output)?,
            Kind::WeakMap | Kind::WeakSet => {
                output.push(self.styled("<items unknown>", Style::Special));
                0
            }
            _ => 0,
        };
        if kind == Kind::Array && self.options.hidden {
            let len = self.value(Value::index(self.vm.heap.array_len(value)), level)?;
            output.push(format!("[length]: {len}"));
        }
        for (index, (key, listed)) in head.keys.iter().enumerate() {
            if self.is_full() && index > 0 {
                output.push(more(head.keys.len() - index + head.keys_left, "property"));
                return Ok((output, left > 0));
            }
            let property = self.vm.heap.get_own(value, *key).unwrap_or(Value::UNDEFINED);
            let name = self.key(*key, *listed);
            self.entry(name.len())?;
            let shown = self.value(property, level)?;
            output.push(format!("{name}: {shown}"));
        }
        if head.keys_left > 0 {
            output.push(more(head.keys_left, "property"));
        }
        Ok((output, left > 0))
    }

    /// An entry begins: it takes a line, or a comma and a blank.
    fn entry(&mut self, name: usize) -> Outcome<()> {
        self.spend(name + self.indentation + 2)
    }

    fn key(&self, key: Key, listed: bool) -> String {
        let whole = key.text();
        let end = whole.floor_char_boundary(LONGEST_KEY);
        let name = &whole[..end];
        let trailer = if end < whole.len() { "..." } else { "" };
        if !listed {
            return format!("[{}]{trailer}", self.harmless(name.to_string()));
        }
        if name == "__proto__" {
            return "['__proto__']".to_string();
        }
        if text::is_plain(name) {
            return format!("{name}{trailer}");
        }
        self.styled(&text::quoted(name, self.options.terminal), Style::Text) + trailer
    }

    /// The elements of an array; answers how many are left out, as the next two do.
    fn elements(&mut self, array: Value, level: usize, output: &mut Vec<String>) -> Outcome<usize> {
        let len = self.vm.heap.array_len(array);
        let mut index = 0;
        while index < len.min(self.options.items) && !self.is_full() {
            self.entry(0)?;
            let element = self.vm.heap.elements(array)[index];
            output.push(self.value(element, level)?);
            index += 1;
        }
        Ok(left_out(output, len - index))
    }

    fn items(&mut self, table: Value, kind: Kind, level: usize, output: &mut Vec<String>) -> Outcome<usize> {
        let len = self.vm.heap.table(table).len();
        let (mut at, mut count) = (0, 0);
        while count < self.options.items && !self.is_full() {
            let Some((key, item, next)) = self.vm.heap.table(table).next(at) else { break };
            (at, count) = (next, count + 1);
            self.entry(0)?;
            let key = self.value(key, level)?;
            output.push(if kind == Kind::Set { key } else { format!("{key} => {}", self.value(item, level)?) });
        }
        Ok(left_out(output, len - count))
    }

    /// What an iterator over a Map or Set has yet to yield.
    fn iterator_entries(&mut self, iterator: Value, level: usize, output: &mut Vec<String>) -> Outcome<usize> {
        let (target, position, yields) = self.vm.heap.iterator_state(iterator);
        let is_set = target.kind() == Some(Kind::Set);
        let len = self.vm.heap.table(target).live_from(position);
        let (mut at, mut count) = (position, 0);
        while count < self.options.items && !self.is_full() {
            let Some((key, value, next)) = self.vm.heap.table(target).next(at) else { break };
            (at, count) = (next, count + 1);
            self.entry(0)?;
            let value = if is_set { key } else { value };
            let shown = match yields {
                Yield::Keys => self.value(key, level)?,
                Yield::Values | Yield::Lines => self.value(value, level)?,
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
                        width: self.options.width,
                    })
                }
            };
            output.push(shown);
        }
        Ok(left_out(output, len - count))
    }
}

/// Says how many items are left out, if any are.
fn left_out(output: &mut Vec<String>, left: usize) -> usize {
    if left > 0 {
        output.push(more(left, "item"));
    }
    left
}
