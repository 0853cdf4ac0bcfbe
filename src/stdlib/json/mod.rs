//! `JSON`: strict RFC 8259 in both directions, without recursion.

mod likes;
mod parse;
mod revive;
mod write;

use super::arguments::{Outcome, optional_callable, string, text, wrong};
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::native::{Args, NativeInfo};

pub use likes::Likes;
pub use parse::{NoDocument, parse, parse_document};
pub use write::{Layout, Methods, push_string, to_json};

pub(super) static FUNCTIONS: &[NativeInfo] =
    &[NativeInfo::calling_back("parse", 2, parse_text), NativeInfo::calling_back("stringify", 3, stringify)];

/// `JSON.parse(text, reviver)`.
fn parse_text(vm: &mut Vm, args: Args) -> Outcome {
    let text = string(vm, args, 0, "JSON.parse")?;
    let reviver = optional_callable(vm, args, 1, "JSON.parse")?;
    let value = parse(vm, &text)?;
    match reviver {
        Some(reviver) => revive::revive(vm, value, reviver),
        None => Ok(value),
    }
}

/// `JSON.stringify(value, replacer, space)`: undefined for what JSON has no text for.
fn stringify(vm: &mut Vm, args: Args) -> Outcome {
    let layout = layout(vm, args)?;
    match to_json(vm, vm.arg(args, 0), &layout)? {
        Some(json) => text(vm, &json),
        None => Ok(Value::UNDEFINED),
    }
}

fn layout(vm: &mut Vm, args: Args) -> Outcome<Layout> {
    let mut layout = Layout::default();
    let replacer = vm.arg(args, 1);
    if vm.is_callable(replacer) {
        layout.replacer = Some(replacer);
    } else if replacer.kind() == Some(Kind::Array) {
        let mut keys = Vec::new();
        for index in 0..vm.heap.array_len(replacer) {
            let key = vm.heap.elements(replacer)[index];
            let key = super::object::property_key(vm, key)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        layout.keys = Some(keys);
    } else if !replacer.is_nullish() {
        return Err(wrong(vm, "JSON.stringify", 1, "a function or an array of keys", replacer));
    }
    let space = vm.arg(args, 2);
    if let Some(n) = space.as_f64() {
        layout.indent = " ".repeat(n.clamp(0.0, 10.0) as usize);
    } else if space.is_string() {
        layout.indent = vm.heap.text(space).chars().take(10).collect();
    } else if !space.is_nullish() {
        return Err(wrong(vm, "JSON.stringify", 2, "a number or a string", space));
    }
    Ok(layout)
}
