//! Looking at values without running anything: for completion, and for advice in messages. Nothing here changes a count or makes a value.

use rustc_hash::FxHashSet;

use super::{Methods, Vm};
use crate::heap::cell::Kind;
use crate::heap::value::Value;

/// A property or a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    /// It can be called.
    pub is_method: bool,
}

impl Vm {
    /// A built-in value.
    pub fn builtin(&self, name: &str) -> Option<Value> {
        self.builtins.iter().find(|(builtin, _)| builtin == name).map(|(_, value)| *value)
    }

    /// What can stand behind the dot of a value: own properties, then methods from the nearest class on; each name once. O(names).
    pub fn members(&self, value: Value) -> Vec<Member> {
        let (mut members, mut seen) = (Vec::new(), FxHashSet::default());
        self.each_member(value, &mut |name, value| {
            if seen.insert(name.to_string()) {
                members.push(Member { name: name.to_string(), is_method: self.is_callable(value) });
            }
            false
        });
        members
    }

    /// What stands behind the dot of a value under a name, or in brackets.
    pub fn member(&self, value: Value, name: &str) -> Option<Value> {
        if value.is(Kind::Array)
            && let Some(index) = super::index::canonical_index(name)
        {
            return self.heap.element(value, index);
        }
        let mut found = None;
        self.each_member(value, &mut |known, value| {
            if known == name {
                found = Some(value);
            }
            found.is_some()
        });
        found
    }

    /// The same for any value of a kind.
    pub fn members_of(&self, kind: Methods) -> Vec<Member> {
        let computed = computed(kind).iter().map(|name| Member { name: name.to_string(), is_method: false });
        let methods = self.methods[kind as usize].keys();
        computed.chain(methods.map(|key| Member { name: key.text().to_string(), is_method: true })).collect()
    }

    /// Calls `f` with each member, the nearest first, until it answers true.
    fn each_member(&self, value: Value, f: &mut dyn FnMut(&str, Value) -> bool) -> bool {
        if value.is_container() {
            for (key, _, own) in self.heap.all_entries(value) {
                if f(key.text().as_str(), own) {
                    return true;
                }
            }
        }
        let kind = self.methods_of(value);
        if kind.is_some_and(|kind| computed(kind).iter().any(|name| f(name, Value::UNDEFINED))) {
            return true;
        }
        let mut class = if value.is(Kind::Class) { Some(value) } else { self.heap.class_of(value) };
        if let Some(class) = class.filter(|_| value.is(Kind::Host))
            && self.host_fields(class).iter().any(|key| f(key.text().as_str(), Value::UNDEFINED))
        {
            return true;
        }
        while let Some(here) = class {
            let data = self.heap.class_data(here);
            let members = if value.is(Kind::Class) { &data.statics } else { &data.methods };
            if members.iter().any(|(key, member)| !key.is_private() && f(key.text().as_str(), *member)) {
                return true;
            }
            if here != value && value.is(Kind::Class) {
                // Static fields of a class that it extends.
                let inherited = self.heap.all_entries(here);
                if inherited.iter().any(|(key, _, own)| f(key.text().as_str(), *own)) {
                    return true;
                }
            }
            class = (!data.parent.is_undefined()).then_some(data.parent);
        }
        let methods = kind.map(|kind| &self.methods[kind as usize]);
        methods.is_some_and(|methods| methods.iter().any(|(key, method)| f(key.text().as_str(), *method)))
    }
}

/// Properties that are in no slot: computed when they are read.
pub(super) fn computed(kind: Methods) -> &'static [&'static str] {
    match kind {
        Methods::String | Methods::Array => &["length"],
        Methods::Map | Methods::Set => &["size"],
        Methods::Function => &["name", "length"],
        _ => &[],
    }
}
