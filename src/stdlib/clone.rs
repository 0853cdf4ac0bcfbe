//! `structuredClone`: a copy of everything that a value reaches, with its cycles and shared references.
//!
//! Each container is copied empty when it is first met, and filled when its turn comes: one list of what is left to fill, no recursion. Nothing is called back,
//! so what is there stays as it is, and the copies are on probation in the running statement.

use rustc_hash::FxHashMap;

use super::arguments::{Outcome, push, set_error, wrong};
use super::collections::insert;
use crate::heap::cell::Kind;
use crate::heap::shape::Listed;
use crate::heap::value::Value;
use crate::vm::bulk::PORTION;
use crate::vm::native::{Args, NativeInfo, Throw};
use crate::vm::{ErrorClass, Vm};

pub(super) static STRUCTURED_CLONE: NativeInfo = NativeInfo::new("structuredClone", 1, structured_clone);

/// `error.code` of what cannot be cloned, as in browsers.
const DATA_CLONE_ERROR: i32 = 25;

/// The copies made so far.
#[derive(Default)]
struct Cloner {
    copies: FxHashMap<u64, Value>,
    /// Containers whose copies are still empty, with those.
    to_fill: Vec<(Value, Value)>,
}

/// A copy of a value and of everything that it reaches. An Error named DataCloneError if that has a function, class, WeakRef, WeakMap, WeakSet or iterator in
/// it. O(what it reaches).
fn structured_clone(vm: &mut Vm, args: Args) -> Outcome {
    if args.is_empty() {
        return Err(vm.type_error("`structuredClone`: the value is missing"));
    }
    check_options(vm, args)?;
    let mut cloner = Cloner::default();
    let copy = cloner.copy(vm, vm.arg(args, 0))?;
    while let Some((source, copy)) = cloner.to_fill.pop() {
        cloner.fill(vm, source, copy)?;
    }
    Ok(copy)
}

/// `options` may be there, but there is nothing that could be transferred.
fn check_options(vm: &mut Vm, args: Args) -> Outcome<()> {
    let options = vm.arg(args, 1);
    if options.is_nullish() {
        return Ok(());
    }
    if !options.is_container() {
        return Err(wrong(vm, "structuredClone", 1, "an object", options));
    }
    let transfer = vm.get_named(options, "transfer")?;
    let empty = transfer.kind() == Some(Kind::Array) && vm.heap.array_len(transfer) == 0;
    if !empty && !transfer.is_undefined() {
        return Err(vm.type_error("`structuredClone`: no value can be transferred"));
    }
    Ok(())
}

impl Cloner {
    /// The copy of a value: itself if it is no container.
    fn copy(&mut self, vm: &mut Vm, value: Value) -> Outcome {
        if !value.is_container() {
            return Ok(value);
        }
        if let Some(copy) = self.copies.get(&value.0) {
            return Ok(*copy);
        }
        vm.charge(1)?;
        let copy = empty_copy(vm, value)?;
        self.copies.insert(value.0, copy);
        self.to_fill.push((value, copy));
        Ok(copy)
    }

    fn fill(&mut self, vm: &mut Vm, source: Value, copy: Value) -> Outcome<()> {
        match source.kind() {
            Some(Kind::Map | Kind::Set) => return self.fill_table(vm, source, copy),
            Some(Kind::Array) => self.fill_elements(vm, source, copy)?,
            _ if vm.is_error(source) => return self.fill_error(vm, source, copy),
            _ => {}
        }
        for (key, value) in vm.own_entries(source)? {
            vm.charge(1)?;
            let value = self.copy(vm, value)?;
            vm.heap.set_own(copy, key, value).map_err(|e| set_error(vm, copy, e))?;
        }
        Ok(())
    }

    fn fill_elements(&mut self, vm: &mut Vm, source: Value, copy: Value) -> Outcome<()> {
        let len = vm.heap.array_len(source);
        vm.room_for_elements(copy, len)?;
        for from in (0..len).step_by(PORTION) {
            let to = len.min(from + PORTION);
            vm.charge(to - from)?;
            for index in from..to {
                let element = vm.heap.element(source, index).unwrap_or(Value::UNDEFINED);
                let element = self.copy(vm, element)?;
                push(vm, copy, element)?;
            }
        }
        Ok(())
    }

    fn fill_table(&mut self, vm: &mut Vm, source: Value, copy: Value) -> Outcome<()> {
        let mut at = 0;
        while let Some((key, value, next)) = vm.heap.table(source).next(at) {
            at = next;
            let key = self.copy(vm, key)?;
            let value = self.copy(vm, value)?;
            insert(vm, copy, key, value)?;
        }
        Ok(())
    }

    /// The message as a text, what caused it, and where it was made. Other properties are left out, as in JavaScript.
    fn fill_error(&mut self, vm: &mut Vm, source: Value, copy: Value) -> Outcome<()> {
        for name in ["stack", "message", "cause"] {
            let key = vm.heap.key(name);
            let Some(value) = vm.heap.get_own(source, key) else { continue };
            let value = match name {
                "cause" => self.copy(vm, value)?,
                _ => match vm.primitive_text(value) {
                    Some(text) => text,
                    None => return Err(cannot_clone(vm, value)),
                },
            };
            vm.heap.set_own_as(copy, key, value, Listed::No).map_err(|e| set_error(vm, copy, e))?;
        }
        Ok(())
    }
}

/// A new container of the same kind without content. Instances of classes become plain objects, those that extend Error the member of the family that their
/// `name` says.
fn empty_copy(vm: &mut Vm, source: Value) -> Outcome {
    Ok(match source.kind() {
        Some(Kind::Array) => vm.heap.array(vm.heap.array_len(source)),
        Some(Kind::Map) => vm.heap.map(),
        Some(Kind::Set) => vm.heap.set(),
        Some(Kind::Object) if vm.is_error(source) => {
            let class = family_member(vm, source)?;
            vm.bare_error(class)
        }
        Some(Kind::Object) => {
            let slots = vm.heap.slot_count(source);
            vm.in_room(|heap| heap.arena.fits(size_of::<Value>() * slots))?;
            vm.heap.object()
        }
        _ => return Err(cannot_clone(vm, source)),
    })
}

fn family_member(vm: &mut Vm, error: Value) -> Outcome<ErrorClass> {
    let name = vm.get_named(error, "name")?;
    let name = if name.is_string() { vm.heap.text(name).as_str() } else { "" };
    Ok(super::errors::CLASSES
        .iter()
        .find(|(_, class)| class.name == name)
        .map_or(ErrorClass::Error, |(class, _)| *class))
}

/// The error that JavaScript has a class `DOMException` for: here an Error with a name of its own.
#[cold]
fn cannot_clone(vm: &mut Vm, value: Value) -> Throw {
    let name = if vm.is_callable(value) || value.kind() == Some(Kind::Class) {
        vm.function_name(value)
    } else {
        String::new()
    };
    let what = vm.describe(value);
    let what = if name.is_empty() { what } else { format!("{what}, `{name}`,") };
    let error = vm.named_error("DataCloneError", &format!("`structuredClone`: {what} cannot be cloned"));
    if let Err(throw) = define_unlisted(vm, error, "code", Value::int(DATA_CLONE_ERROR)) {
        return throw;
    }
    vm.throw(error)
}

fn define_unlisted(vm: &mut Vm, object: Value, key: &str, value: Value) -> Outcome<()> {
    let key = vm.heap.key(key);
    vm.heap.set_own_as(object, key, value, Listed::No).map_err(|e| set_error(vm, object, e))
}
