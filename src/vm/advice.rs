//! What to do instead, in messages about what JavaScript has and this language has not. As in `meant.rs`, all of this runs on the way to an error and reads only.

use super::{Methods, Vm};
use crate::compile::flow::written;
use crate::compile::op::Op;
use crate::heap::cell::Kind;
use crate::heap::value::Value;

/// Methods of arrays that are looked for on other values, too: they read, and call back.
const READING: &[&str] = &[
    "at",
    "every",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "flatMap",
    "forEach",
    "includes",
    "indexOf",
    "join",
    "map",
    "reduce",
    "reduceRight",
    "slice",
    "some",
    "toReversed",
    "toSorted",
    "reverse",
    "sort",
];

/// What a method is called here that JavaScript, or another language, has under this name.
fn known_elsewhere(kind: Methods, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (Methods::String, "substr") => "use slice(start, end)",
        (Methods::String, "trimLeft") => "use trimStart()",
        (Methods::String, "trimRight") => "use trimEnd()",
        (Methods::String, "match" | "matchAll" | "search") => {
            "there are no regular expressions: use includes, indexOf or split"
        }
        (Methods::String | Methods::Array, "contains") => "use includes(x)",
        (Methods::Array, "append" | "add") => "use push(x)",
        (Methods::Map, "put") => "use set(key, value)",
        (Methods::Map, "contains" | "containsKey") => "use has(key)",
        (Methods::Set, "push" | "append") => "use add(x)",
        (Methods::Set, "contains" | "includes") => "use has(x)",
        (Methods::Map | Methods::Set, "remove") => "use delete(key)",
        _ => return None,
    })
}

impl Vm {
    /// What to write instead of the method that the call in execution did not find, or "did you mean". Its receiver stands at stack index `base`. May be empty.
    pub(super) fn instead_of_method(&self, base: usize) -> String {
        let receiver = self.stack[base];
        let Some(key) = self.missing_method(base) else { return String::new() };
        let name = key.text();
        if self.member(receiver, name.as_str()).is_some() {
            // It is there, and undefined.
            return String::new();
        }
        if let Some(class) = self.private_owner(receiver, name.as_str()) {
            return format!("; did you mean `#{}`? Only what stands in class {class} can call that", name.as_str());
        }
        let kind = self.methods_of(receiver);
        if let Some(instead) = kind.and_then(|kind| known_elsewhere(kind, name.as_str())) {
            return format!("; {instead}");
        }
        if READING.contains(&name.as_str())
            && let Some(instead) = self.as_array(receiver, name.as_str())
        {
            return instead;
        }
        self.meant_method(base)
    }

    /// The class of an object, or one that this extends, which has a private member of that name; of a class that one itself.
    fn private_owner(&self, value: Value, name: &str) -> Option<String> {
        let mut class = if value.is(Kind::Class) { Some(value) } else { self.heap.class_of(value) };
        while let Some(here) = class {
            let data = self.heap.class_data(here);
            if data.private_names.iter().any(|key| key.text().as_str().strip_prefix('#') == Some(name)) {
                return Some(self.function_name(here));
            }
            class = (!data.parent.is_undefined()).then_some(data.parent);
        }
        None
    }

    /// How an array is made of what a method of arrays was called on.
    fn as_array(&self, receiver: Value, name: &str) -> Option<String> {
        let note = self.note()?;
        let written = note.strip_suffix(name)?.strip_suffix('.')?;
        let written = written.strip_suffix('?').unwrap_or(written);
        match receiver.kind()? {
            Kind::String | Kind::Map | Kind::Set | Kind::Iterator => {
                Some(format!("; make an array of it first: `[...{written}].{name}(…)`"))
            }
            Kind::Object if self.heap.class_of(receiver).is_none() => Some(format!(
                "; that is a method of arrays: `Object.values({written}).{name}(…)` goes over its values, `Object.entries({written})` over keys and values"
            )),
            _ => None,
        }
    }

    /// What there is instead of what is called, or constructed, and can be neither. May be empty.
    pub(super) fn instead_of_calling(&self, value: Value) -> &'static str {
        if value.is_container() && self.builtin("Date") == Some(value) {
            return "; there are no date objects: `Date.now()` is the time in milliseconds, `performance.now()` measures how long something takes";
        }
        ""
    }

    /// What to do if a property key is undefined because it was read past the end of a string. May be empty.
    pub(super) fn about_undefined_key(&self) -> &'static str {
        if self.key_is_from_string().unwrap_or(false) {
            "; past its end a string has no characters: `s.charAt(i)` is empty there, and so is `s[i] ?? \"\"`"
        } else {
            ""
        }
    }

    fn key_is_from_string(&self) -> Option<bool> {
        let (code, pc) = self.executing()?;
        let access = code.instrs[pc];
        let key = match access.op() {
            Op::GetIndex | Op::GetMethodIndex | Op::Delete => access.c(),
            Op::SetIndex | Op::Define => access.b(),
            _ => return Some(false),
        };
        let read = code.instrs[..pc].iter().rev().find(|instr| written(**instr).contains(&key))?;
        let reads = matches!(read.op(), Op::GetIndex | Op::GetIndexI) && read.b() != key;
        Some(reads && self.register(read.b())?.is_string())
    }
}
