//! Iteration, texts of values, and what else the language does behind a syntax.

use rustc_hash::FxHashSet;

use super::Vm;
use super::bulk::FREE;
use super::native::{NextFn, Throw};
use crate::compile::op::Op;
use crate::heap::cell::{Iterator, Kind, Yield};
use crate::heap::value::Value;

impl Vm {
    /// What an iteration over a value goes over: the value itself. TypeError if it is not iterable.
    pub(super) fn iterate(&mut self, value: Value) -> Result<Value, Throw> {
        match value.kind() {
            Some(Kind::Array | Kind::String | Kind::Map | Kind::Set | Kind::Iterator) => Ok(value),
            Some(Kind::Host) if self.is_iterable(value) => Ok(value),
            _ => {
                let what = self.describe(value);
                if let Some(call) = self.executed().filter(|instr| super::readable::is_call(instr.op())) {
                    // A built-in that takes one was given something else.
                    return Err(self.no_iterable_argument(call.op(), &what, value));
                }
                let advice = match self.executed() {
                    _ if value.is(Kind::Object) => {
                        "; iterate over Object.keys(o), Object.values(o) or Object.entries(o)".to_string()
                    }
                    Some(start) if matches!(start.op(), Op::IterStart | Op::AppendAll) => self.meant_before(start.b()),
                    _ => String::new(),
                };
                Err(match self.note() {
                    Some(note) => self.type_error(format!("`{note}` is not iterable: it is {what}{advice}")),
                    None => self.type_error(format!("{what} is not iterable{advice}")),
                })
            }
        }
    }

    #[cold]
    fn no_iterable_argument(&mut self, call: Op, what: &str, value: Value) -> Throw {
        let name = self.note().unwrap_or_default();
        let is_new = matches!(call, Op::New | Op::NewSpread);
        let advice = match name.as_str() {
            _ if !value.is(Kind::Object) => String::new(),
            "Map" if is_new => "; write `new Map(Object.entries(o))`".to_string(),
            "Set" if is_new => "; write `new Set(Object.keys(o))` or `new Set(Object.values(o))`".to_string(),
            _ => "; take Object.keys(o), Object.values(o) or Object.entries(o)".to_string(),
        };
        let new = if is_new { "new " } else { "" };
        self.type_error(format!("`{new}{name}` takes an array, string, Map, Set or iterator, got {what}{advice}"))
    }

    /// The next value and the position after it; `None` at the end, where a position of -1 stays. What `position` means depends on the kind.
    pub(super) fn iterate_next(&mut self, target: Value, position: Value) -> Result<Option<(Value, Value)>, Throw> {
        if position == Value::int(-1) {
            return Ok(None);
        }
        let at = position.plain_number().unwrap_or(0.0) as u64;
        if target.is(Kind::Iterator) {
            return Ok(self.iterator_next(target)?.map(|value| (value, Value::int(0))));
        }
        Ok(self
            .step(target, at, if target.is(Kind::Map) { Yield::Entries } else { Yield::Values })?
            .map(|(value, at)| (value, Value::index(at as usize))))
    }

    /// One step of an iteration over an array (by index), a string (by byte offset), a Map or a Set (by sequence number), or the lines of standard input.
    fn step(&mut self, target: Value, at: u64, yields: Yield) -> Result<Option<(Value, u64)>, Throw> {
        if yields == Yield::Lines {
            return Ok(self.read_line("io.lines")?.map(|line| (line, at)));
        }
        Ok(match target.kind() {
            Some(Kind::Array) => {
                let Some(element) = self.heap.element(target, at as usize) else { return Ok(None) };
                let index = Value::index(at as usize);
                let value = match yields {
                    Yield::Keys => index,
                    Yield::Values | Yield::Lines => element,
                    Yield::Entries => self.pair(index, element)?,
                };
                Some((value, at + 1))
            }
            Some(Kind::String) => {
                let text = self.heap.text(target);
                let Some(c) = text.as_str().get(at as usize..).and_then(|rest| rest.chars().next()) else {
                    return Ok(None);
                };
                let value = self.heap.short_string(c.encode_utf8(&mut [0; 4]));
                Some((value, at + c.len_utf8() as u64))
            }
            Some(Kind::Map | Kind::Set) => {
                let Some((key, value, next)) = self.heap.table(target).next(at) else { return Ok(None) };
                let value = match yields {
                    Yield::Entries if target.is(Kind::Map) => self.pair(key, value)?,
                    Yield::Entries => self.pair(key, key)?,
                    Yield::Values if target.is(Kind::Map) => value,
                    _ => key,
                };
                Some((value, next))
            }
            Some(Kind::Host) => match self.iteration_of(target) {
                Some(next) => next(self, target)?.map(|value| (value, 0)),
                None => self.host_next(target)?.map(|value| (value, 0)),
            },
            _ => None,
        })
    }

    /// Whether an object of the host can be iterated over.
    fn is_iterable(&self, object: Value) -> bool {
        self.iteration_of(object).is_some() || self.has_host_next(object)
    }

    /// How an object of the library's is iterated over.
    fn iteration_of(&self, object: Value) -> Option<NextFn> {
        let name = self.heap.host_type_name(object)?;
        self.iterations.iter().find(|(known, _)| *known == name).map(|(_, next)| *next)
    }

    fn pair(&mut self, a: Value, b: Value) -> Result<Value, Throw> {
        let pair = self.heap.array(2);
        for value in [a, b] {
            self.in_room(|heap| heap.push(pair, value))?;
        }
        Ok(pair)
    }

    /// The next value of an iterator object; `None` at its end, where it gives back what it iterated over.
    pub fn iterator_next(&mut self, iterator: Value) -> Result<Option<Value>, Throw> {
        let p = iterator.container() as *mut Iterator;
        let (target, at, yields) = self.heap.iterator_state(iterator);
        if target.is_undefined() {
            return Ok(None);
        }
        match self.step(target, at, yields)? {
            Some((value, next)) => {
                // SAFETY: a live iterator (I2); a step frees nothing.
                unsafe { (*p).position = next };
                Ok(Some(value))
            }
            None => {
                // SAFETY: as above.
                unsafe { (*p).target = Value::UNDEFINED };
                self.heap.by_inner(iterator.container(), "(target)");
                self.heap.decref(target);
                Ok(None)
            }
        }
    }

    /// All values an iterable yields, appended to `array`. TypeError if it is not iterable.
    pub fn append_all(&mut self, array: Value, iterable: Value) -> Result<(), Throw> {
        let target = self.iterate(iterable)?;
        if target.is(Kind::Array) {
            return self.append_range(array, target, 0, self.heap.array_len(target));
        }
        let mut position = Value::int(0);
        while let Some((value, next)) = self.iterate_next(target, position)? {
            position = next;
            self.charge(1)?;
            self.push_element(array, value)?;
        }
        Ok(())
    }

    /// The keys that `for…in` goes over: own listed ones, as strings, in a new array.
    pub(super) fn enumerate(&mut self, object: Value) -> Result<Value, Throw> {
        if !matches!(object.kind(), Some(Kind::Object | Kind::Array)) {
            let what = self.describe(object);
            let advice =
                if object.is(Kind::Map) || object.is(Kind::Set) || object.is_string() { "; use for…of" } else { "" };
            return Err(self.type_error(format!("`for…in` takes objects and arrays, got {what}{advice}")));
        }
        let keys = self.heap.array(0);
        for (key, _) in self.listed(object)? {
            self.charge(1)?;
            self.push_element(keys, key.value())?;
        }
        Ok(keys)
    }

    /// Whether an own key met by `for…in` is still there.
    pub(super) fn still_has(&mut self, object: Value, key: Value) -> bool {
        let key = self.heap.key_of(key);
        if object.is(Kind::Array)
            && let Some(index) = super::index::canonical_index(&key.text())
        {
            return index < self.heap.array_len(object);
        }
        self.heap.get_own(object, key).is_some()
    }

    // ---- Texts ----------------------------------------------------------------------------------------------------

    /// [`Vm::to_text`] of what comes behind a text that is being put together. A `toString` may be a template again, as deep as calls may go; what is there so far waits
    /// meanwhile, and counts.
    fn text_behind(&mut self, text: &String, value: Value) -> Result<Value, Throw> {
        let waits = text.capacity() as u64;
        self.heap.arena.beside += waits;
        let piece = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.to_text(value));
        self.heap.arena.beside -= waits;
        piece
    }

    /// The values at stack indexes `base..base + count`, converted and joined.
    #[inline(never)]
    pub(super) fn concat(&mut self, base: usize, count: usize) -> Result<Value, Throw> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        for index in 0..count {
            let value = self.stack[base + index];
            if value.is_string() {
                let piece = self.heap.text(value).as_str();
                if piece.len() <= FREE { text.push_str(piece) } else { self.push_text(&mut text, piece)? }
            } else if let Some(n) = value.is_int().then(|| value.as_int()) {
                use std::fmt::Write;
                let _ = write!(text, "{n}");
            } else if let Some(piece) = self.primitive_text(value) {
                text.push_str(&self.heap.text(piece));
            } else {
                for index in index..count {
                    self.heap.protect(self.stack[base + index]);
                }
                let piece = self.text_behind(&text, value)?;
                let piece = self.heap.text(piece).as_str();
                self.push_text(&mut text, piece)?;
            }
        }
        if text.len() <= FREE {
            let result = self.text_in_room(|heap| heap.string(&text));
            self.scratch = text;
            return result;
        }
        let result = self.text_value(&text);
        self.keep_scratch(text);
        result
    }

    /// Text of a value as in a template hole or `String(x)`. Calls `toString` methods of objects, so only natives that call back may use it.
    pub fn to_text(&mut self, value: Value) -> Result<Value, Throw> {
        if let Some(text) = self.primitive_text(value) {
            return Ok(text);
        }
        match value.kind() {
            Some(Kind::Array) => self.array_text(value),
            Some(Kind::Object) => {
                let key = self.keys.to_string;
                let method = match self.heap.get_own(value, key) {
                    Some(own) => Some(own),
                    None => self.heap.class_of(value).and_then(|class| self.heap.find_method(class, key)),
                };
                if let Some(method) = method.filter(|method| self.is_callable(*method)) {
                    let text = self.call(method, value, &[])?;
                    return match self.primitive_text(text) {
                        Some(text) => Ok(text),
                        None => {
                            let what = self.describe(text);
                            Err(self.type_error(format!("`toString` must return a primitive value, got {what}")))
                        }
                    };
                }
                let what = self.describe(value);
                Err(self.type_error(format!(
                    "Cannot convert {what} to a string; give it a toString method, or use JSON.stringify"
                )))
            }
            _ => {
                let what = self.describe(value);
                Err(self.type_error(format!("Cannot convert {what} to a string")))
            }
        }
    }

    /// Text of an array: its elements, primitives or arrays of them, joined by commas; null and undefined are empty. Without recursion.
    fn array_text(&mut self, array: Value) -> Result<Value, Throw> {
        let mut text = String::new();
        let mut open = vec![(array, 0usize)];
        let mut inside = FxHashSet::from_iter([array.0]);
        // A `toString` may take an array out of where it was found.
        self.heap.pin(array);
        while let Some((array, index)) = open.pop() {
            self.charge(1)?;
            let Some(element) = self.heap.element(array, index) else {
                inside.remove(&array.0);
                continue;
            };
            if index > 0 {
                text.push(',');
            }
            open.push((array, index + 1));
            if element.is(Kind::Array) {
                // A cycle is empty, as in JavaScript.
                if inside.insert(element.0) {
                    self.heap.pin(element);
                    open.push((element, 0));
                }
            } else if !element.is_nullish() {
                match self.primitive_text(element) {
                    Some(piece) => self.push_text(&mut text, self.heap.text(piece).as_str())?,
                    None => {
                        let piece = self.text_behind(&text, element)?;
                        self.push_text(&mut text, self.heap.text(piece).as_str())?;
                    }
                }
            }
        }
        self.text_value(&text)
    }
}
