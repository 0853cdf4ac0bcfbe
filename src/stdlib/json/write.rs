//! Values to text, with an explicit stack.
//!
//! Most values are data, and for those nothing is held and nothing dies. With the first callback (a replacer, a `toJSON`) the containers on the stack and
//! their keys are pushed to a held array, the *guard*, and from then on every container that is entered.

use rustc_hash::FxHashSet;

use crate::heap::cell::Kind;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::arguments::{Outcome, define, push, room_for_text};
use crate::stdlib::callbacks::call_back;
use crate::vm::Vm;
use crate::vm::bulk::pieces;
use crate::vm::native::Throw;

/// Bytes that are written, and properties that are passed, between two looks at the limits.
const LOOK: usize = 4096;
/// Bytes that one may become.
const LONGEST_ESCAPE: usize = 6;

/// How a value is written.
#[derive(Default)]
pub struct Layout {
    /// What a level is indented by; empty: all on one line, without blanks.
    pub indent: String,
    /// Called for every property.
    pub replacer: Option<Value>,
    /// The only keys of objects that are written, in this order.
    pub keys: Option<Vec<Key>>,
    pub methods: Methods,
}

/// What is done about `toJSON` methods.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Methods {
    /// They are called.
    #[default]
    Call,
    /// A value that has one is written as the data it is.
    Ignore,
    /// A value that has one is a TypeError.
    Refuse,
}

/// A container that is being written.
struct Open {
    container: Value,
    is_array: bool,
    /// The keys of an object, with their values when it was entered: those are current until something has been called.
    entries: Vec<(Key, Value)>,
    len: usize,
    next: usize,
    /// Something has been written into it.
    filled: bool,
    /// Entries of the guard that belong to it.
    guarded: usize,
}

struct Writer<'a> {
    layout: &'a Layout,
    out: String,
    /// Bytes of it that have been charged.
    charged: usize,
    open: Vec<Open>,
    /// The containers in `open`, once there are many.
    inside: FxHashSet<u64>,
    guard: Option<Value>,
    to_json: Key,
}

/// The JSON text of a value; `None` for undefined and functions. Only for natives that call back, unless the layout says that nothing is called.
/// TypeError for a cycle, a Map or a Set.
pub fn to_json(vm: &mut Vm, value: Value, layout: &Layout) -> Outcome<Option<String>> {
    let to_json = vm.heap.key("toJSON");
    let mut writer = Writer {
        layout,
        out: String::new(),
        charged: 0,
        open: Vec::new(),
        inside: FxHashSet::default(),
        guard: None,
        to_json,
    };
    writer.run(vm, value)
}

impl Writer<'_> {
    fn run(&mut self, vm: &mut Vm, value: Value) -> Outcome<Option<String>> {
        let value = self.prepared(vm, value, None)?;
        if !self.value(vm, value)? {
            return Ok(None);
        }
        let mut steps = 0;
        while let Some(top) = self.open.last_mut() {
            if top.next == top.len {
                vm.make_room(&mut self.out, self.layout.indent.len() * self.open.len() + 2)?;
                self.close(vm);
                // Its indentation may be long.
                if self.out.len() - self.charged > LOOK {
                    vm.charge(self.out.len() - self.charged)?;
                    self.charged = self.out.len();
                    room_for_text(vm, self.out.len())?;
                }
                continue;
            }
            let index = top.next;
            top.next += 1;
            let (container, is_array, entry) = (top.container, top.is_array, top.entries.get(index).copied());
            let found = match entry {
                Some((_, value)) if self.guard.is_none() => Some(value),
                Some((key, _)) => vm.heap.get_own(container, key),
                None => vm.heap.element(container, index),
            };
            let key = entry.map(|(key, _)| key);
            let value = self.prepared(vm, found.unwrap_or(Value::UNDEFINED), Some((container, index, key)))?;
            if is_array || written(value) {
                self.comma_and_key(vm, key)?;
                if !self.value(vm, value)? {
                    self.out.push_str("null");
                }
            }
            if self.guard.is_some() {
                vm.safepoint();
            }
            steps += 1;
            if self.out.len() - self.charged + steps > LOOK {
                vm.charge(self.out.len() - self.charged + std::mem::take(&mut steps))?;
                self.charged = self.out.len();
                room_for_text(vm, self.out.len())?;
                vm.make_room(&mut self.out, 2 * LOOK)?;
            }
        }
        vm.charge(self.out.len() - self.charged)?;
        Ok(Some(std::mem::take(&mut self.out)))
    }

    /// The value as it is to be written: after its `toJSON` method and the replacer. `place` is the holder, and the index or key in it.
    fn prepared(&mut self, vm: &mut Vm, value: Value, place: Option<(Value, usize, Option<Key>)>) -> Outcome {
        let mut value = value;
        if value.is_container() && self.layout.methods != Methods::Ignore {
            let method = self.to_json_method(vm, value);
            if let Some(method) = method {
                if self.layout.methods == Methods::Refuse {
                    let what = vm.describe(value);
                    return Err(vm.type_error(format!(
                        "{what} has a `toJSON` method, which is not called here: use `JSON.stringify`"
                    )));
                }
                self.guard_all(vm)?;
                let key = key_text(vm, place);
                vm.heap.protect(value);
                value = call_back(vm, method, value, &[key])?;
            }
        }
        if let Some(replacer) = self.layout.replacer {
            self.guard_all(vm)?;
            let key = key_text(vm, place);
            let holder = match place {
                Some((holder, ..)) => holder,
                None => {
                    let holder = vm.heap.object();
                    define(vm, holder, "", value)?;
                    holder
                }
            };
            value = call_back(vm, replacer, holder, &[key, value])?;
        }
        Ok(value)
    }

    fn to_json_method(&self, vm: &Vm, value: Value) -> Option<Value> {
        let method = vm.heap.get_own(value, self.to_json).or_else(|| {
            let class = vm.heap.class_of(value)?;
            vm.heap.find_method(class, self.to_json)
        });
        method.filter(|method| vm.is_callable(*method))
    }

    /// Something is about to be called: holds what is on the stack from now on, and lets the buffer count.
    fn guard_all(&mut self, vm: &mut Vm) -> Outcome<()> {
        vm.lend(self.out.capacity());
        if self.guard.is_some() {
            return Ok(());
        }
        let guard = vm.heap.array(0);
        vm.hold(guard);
        self.guard = Some(guard);
        push(vm, guard, self.to_json.value())?;
        for key in self.layout.keys.iter().flatten() {
            push(vm, guard, key.value())?;
        }
        for open in &mut self.open {
            open.guarded = guard_one(vm, guard, open)?;
        }
        Ok(())
    }

    /// Writes a scalar, or the start of a container. False if there is no text for it.
    fn value(&mut self, vm: &mut Vm, value: Value) -> Outcome<bool> {
        if !written(value) {
            return Ok(false);
        }
        match value.kind() {
            None => match value {
                Value::NULL => self.out.push_str("null"),
                Value::TRUE => self.out.push_str("true"),
                Value::FALSE => self.out.push_str("false"),
                v => push_number(&mut self.out, v),
            },
            Some(Kind::String) => self.string(vm, vm.heap.text(value).as_str())?,
            Some(Kind::Exact) => push_number(&mut self.out, value),
            Some(Kind::Map | Kind::Set) => {
                let what = vm.describe(value);
                return Err(vm.type_error(format!(
                    "`JSON.stringify`: there is no JSON for {what}{}: spread it into an array",
                    self.shown_path()
                )));
            }
            Some(_) => self.enter(vm, value)?,
        }
        Ok(true)
    }

    fn string(&mut self, vm: &mut Vm, text: &str) -> Outcome<()> {
        if text.len() <= LOOK {
            push_string(&mut self.out, text);
            return Ok(());
        }
        self.out.push('"');
        for piece in pieces(text) {
            vm.make_room(&mut self.out, piece.len() * LONGEST_ESCAPE + 2)?;
            push_escaped(&mut self.out, piece);
            vm.charge(self.out.len() - self.charged)?;
            self.charged = self.out.len();
            room_for_text(vm, self.out.len())?;
        }
        self.out.push('"');
        Ok(())
    }

    fn enter(&mut self, vm: &mut Vm, container: Value) -> Outcome<()> {
        if !self.inside.insert(container.0) {
            return Err(self.cycle(vm, container));
        }
        let is_array = container.kind() == Some(Kind::Array);
        let entries = match &self.layout.keys {
            _ if is_array => Vec::new(),
            Some(keys) => {
                keys.iter().map(|key| (*key, vm.heap.get_own(container, *key).unwrap_or(Value::UNDEFINED))).collect()
            }
            None => vm.own_entries(container)?,
        };
        let len = if is_array { vm.heap.array_len(container) } else { entries.len() };
        let mut open = Open { container, is_array, entries, len, next: 0, filled: false, guarded: 0 };
        if let Some(guard) = self.guard {
            open.guarded = guard_one(vm, guard, &open)?;
        }
        self.out.push(if is_array { '[' } else { '{' });
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, vm: &mut Vm) {
        let Some(open) = self.open.pop() else { return };
        self.inside.remove(&open.container.0);
        if let Some(guard) = self.guard {
            let left = vm.heap.array_len(guard) - open.guarded;
            vm.heap.truncate(guard, left);
        }
        if open.filled {
            self.new_line();
        }
        self.out.push(if open.is_array { ']' } else { '}' });
    }

    /// What stands before an element or a property.
    fn comma_and_key(&mut self, vm: &mut Vm, key: Option<Key>) -> Outcome<()> {
        if let Some(open) = self.open.last_mut() {
            if open.filled {
                self.out.push(',');
            }
            open.filled = true;
        }
        vm.make_room(&mut self.out, self.layout.indent.len() * self.open.len() + 2)?;
        self.new_line();
        if let Some(key) = key {
            self.string(vm, vm.heap.text(key.value()).as_str())?;
            self.out.push_str(if self.layout.indent.is_empty() { ":" } else { ": " });
        }
        Ok(())
    }

    fn new_line(&mut self) {
        if !self.layout.indent.is_empty() {
            self.out.push('\n');
            for _ in 0..self.open.len() {
                self.out.push_str(&self.layout.indent);
            }
        }
    }

    /// The way from the outermost value to the property that is being written, `.a[0].b`.
    fn path(&self, levels: usize) -> String {
        let mut path = String::new();
        for open in &self.open[..levels] {
            let index = open.next.saturating_sub(1);
            path.push_str(&match open.entries.get(index) {
                Some((key, _)) => crate::heap::event::slot_name(key.text()),
                None => format!("[{index}]"),
            });
        }
        path
    }

    fn shown_path(&self) -> String {
        let path = self.path(self.open.len());
        if path.is_empty() { path } else { format!(" at `{}`", path.trim_start_matches('.')) }
    }

    #[cold]
    fn cycle(&self, vm: &mut Vm, container: Value) -> Throw {
        let level = self.open.iter().position(|open| open.container == container).unwrap_or(0);
        let name = |path: String| {
            if path.is_empty() { "the value itself".to_string() } else { format!("`{}`", path.trim_start_matches('.')) }
        };
        let (from, to) = (name(self.path(self.open.len())), name(self.path(level)));
        vm.type_error(format!("`JSON.stringify`: the value contains itself: {from} is {to}"))
    }
}

/// Pushes a container and its keys to the guard; answers how many entries that made.
fn guard_one(vm: &mut Vm, guard: Value, open: &Open) -> Outcome<usize> {
    vm.charge(open.entries.len())?;
    push(vm, guard, open.container)?;
    for (key, _) in &open.entries {
        push(vm, guard, key.value())?;
    }
    Ok(open.entries.len() + 1)
}

/// Whether JSON has a text for a value.
fn written(value: Value) -> bool {
    !value.is_undefined() && !matches!(value.kind(), Some(Kind::Function | Kind::Native | Kind::Bound | Kind::Class))
}

/// The key as callbacks see it.
fn key_text(vm: &mut Vm, place: Option<(Value, usize, Option<Key>)>) -> Value {
    match place {
        Some((_, _, Some(key))) => key.value(),
        Some((_, index, None)) => vm.heap.short_string(&index.to_string()),
        None => vm.heap.short_string(""),
    }
}

fn push_number(out: &mut String, value: Value) {
    if value.is_int() {
        push_integer(out, value.as_int() as i64);
    } else if let Some(n) = value.exact() {
        push_integer(out, n);
    } else {
        match value.plain_number() {
            Some(n) if n.is_finite() => out.push_str(ryu_js::Buffer::new().format_finite(n)),
            _ => out.push_str("null"),
        }
    }
}

fn push_integer(out: &mut String, n: i64) {
    use std::fmt::Write;
    // writing to a String cannot fail
    let _ = write!(out, "{n}");
}

/// A text in quotes, escaped as JSON.stringify does it.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn push_escaped(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    // no early way out, so that many bytes are looked at at once
    if !bytes.iter().fold(false, |found, byte| found | is_escaped(*byte)) {
        return out.push_str(text);
    }
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !is_escaped(*byte) {
            continue;
        }
        out.push_str(&text[start..at]);
        start = at + 1;
        match *byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            byte => out.push_str(&format!("\\u{byte:04x}")),
        }
    }
    out.push_str(&text[start..]);
}
