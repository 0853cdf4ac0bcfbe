//! What stands before the opening bracket of a container, and which keys it has.

use super::Inspector;
use super::style::Style;
use crate::heap::cell::{Kind, Yield};
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::arguments::Outcome;

/// Bytes of a name that are shown.
const LONGEST_NAME: usize = 1000;

/// What a module's namespace object is called.
const NAMESPACE: &str = "Module: null prototype";

/// What is known of a container before its entries are shown.
pub(super) struct Head {
    /// Before the opening brace.
    pub base: String,
    pub open: String,
    pub close: &'static str,
    /// Those that are shown, and whether they are listed.
    pub keys: Vec<(Key, bool)>,
    /// How many more are listed.
    pub keys_left: usize,
    /// What stands in brackets instead where the depth ends.
    pub name: String,
}

impl Head {
    fn has_no_keys(&self) -> bool {
        self.keys.is_empty() && self.keys_left == 0
    }
}

impl Inspector<'_> {
    /// The head of a container, or (`Err`) all there is to show.
    pub(super) fn head(&mut self, value: Value, kind: Kind) -> Outcome<Result<Head, String>> {
        let (keys, keys_left) = self.vm.heap.first_keys(value, self.options.properties);
        let keys = keys.into_iter().map(|key| (key, true)).collect();
        let mut head =
            Head { base: String::new(), open: "{".to_string(), close: "}", keys, keys_left, name: String::new() };
        match kind {
            Kind::Array => {
                if self.vm.heap.array_len(value) == 0 && head.has_no_keys() && !self.options.hidden {
                    return Ok(Err("[]".to_string()));
                }
                (head.open, head.close) = ("[".to_string(), "]");
                head.name = "Array".to_string();
            }
            Kind::Map | Kind::Set => {
                let name = if kind == Kind::Map { "Map" } else { "Set" };
                let size = self.vm.heap.table(value).len();
                if size == 0 && head.has_no_keys() {
                    return Ok(Err(format!("{name}(0) {{}}")));
                }
                head.open = format!("{name}({size}) {{");
                head.name = name.to_string();
            }
            Kind::WeakMap | Kind::WeakSet => {
                let name = if kind == Kind::WeakMap { "WeakMap" } else { "WeakSet" };
                head.open = format!("{name} {{");
                head.name = name.to_string();
            }
            Kind::WeakRef | Kind::Host => {
                let name = match kind {
                    Kind::WeakRef => "WeakRef",
                    _ => self.vm.heap.host_type_name(value).unwrap_or("Host"),
                };
                if head.has_no_keys() {
                    return Ok(Err(format!("{name} {{}}")));
                }
                head.open = format!("{name} {{");
                head.name = name.to_string();
            }
            Kind::Iterator => {
                let (target, _, yields) = self.vm.heap.iterator_state(value);
                let word = if yields == Yield::Entries { "Entries" } else { "Iterator" };
                let of = match target.kind() {
                    Some(_) if yields == Yield::Lines => return Ok(Err("Object [Lines Iterator] {}".to_string())),
                    Some(Kind::Map) => "Map",
                    Some(Kind::Set) => "Set",
                    Some(Kind::String) => return Ok(Err("Object [String Iterator] {}".to_string())),
                    Some(Kind::Array) => return Ok(Err("Object [Array Iterator] {}".to_string())),
                    _ => return Ok(Err("Object [Iterator] {}".to_string())),
                };
                head.open = format!("[{of} {word}] {{");
                head.name = format!("Object [{of} Iterator]");
            }
            Kind::Class | Kind::Function | Kind::Native | Kind::Bound => {
                head.base = self.function_base(value, kind);
                if head.has_no_keys() {
                    return Ok(Err(self.styled(&head.base, Style::Special)));
                }
                head.name = "Function".to_string();
            }
            _ => {
                let class = self.class_name(value);
                head.name = class.clone().unwrap_or_else(|| "Object".to_string());
                if self.vm.is_error(value) {
                    let name = head.name.clone();
                    head.base = self.error(value, &name, &mut head)?;
                    return Ok(if head.has_no_keys() { Err(head.base) } else { Ok(head) });
                }
                if let Some(class) = class {
                    head.open = format!("{class} {{");
                } else if self.vm.heap.is_frozen(value) && self.vm.is_namespace(value) {
                    head.open = format!("[{NAMESPACE}] {{");
                    // As Node has it, where the depth ends.
                    head.name = "Object: null prototype] [Module".to_string();
                    if head.has_no_keys() {
                        return Ok(Err(format!("[{NAMESPACE}] {{  }}")));
                    }
                }
                if head.has_no_keys() {
                    return Ok(Err(head.open + "}"));
                }
            }
        }
        Ok(Ok(head))
    }

    fn function_base(&self, function: Value, kind: Kind) -> String {
        if kind == Kind::Class && self.vm.heap.class_data(function).native.is_null() {
            return self.class_base(function);
        }
        let name = self.function_name(function);
        if name.is_empty() { "[Function (anonymous)]".to_string() } else { format!("[Function: {name}]") }
    }

    fn function_name(&self, function: Value) -> String {
        let name = self.vm.function_name(function);
        let end = name.floor_char_boundary(LONGEST_NAME);
        self.harmless(if end < name.len() { format!("{}...", &name[..end]) } else { name })
    }

    /// The name of the nearest class of an instance that has one; `None` for a plain object.
    fn class_name(&self, value: Value) -> Option<String> {
        let mut class = self.vm.heap.class_of(value)?;
        while class.kind() == Some(Kind::Class) {
            let name = self.function_name(class);
            if !name.is_empty() {
                return Some(name);
            }
            class = self.vm.heap.class_data(class).parent;
        }
        None
    }

    fn class_base(&self, class: Value) -> String {
        let name = self.function_name(class);
        let name = if name.is_empty() { "(anonymous)".to_string() } else { name };
        let parent = self.vm.heap.class_data(class).parent;
        let parent = if parent.kind() == Some(Kind::Class) { self.function_name(parent) } else { String::new() };
        if parent.is_empty() { format!("[class {name}]") } else { format!("[class {name} extends {parent}]") }
    }
}
