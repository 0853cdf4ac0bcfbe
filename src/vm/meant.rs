//! "Did you mean" for properties, when an error is thrown because one is not there.
//!
//! All of this runs on the way to an error, and reads only: no statement of the script runs, nothing is counted or kept.

use super::Vm;
use super::code::Code;
use crate::compile::op::{Instr, Op};
use crate::heap::cell::{Function, Kind, Variable};
use crate::heap::object::Static;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::syntax::similar::similar;

/// An object with more properties than this is a table, and its keys are no names that somebody mistypes.
const MOST_KEYS: usize = 1000;

impl Vm {
    /// "; did you mean `x`?", if what register `register` of the running frame holds was read, just before the instruction in
    /// execution, from a property that is not there. Else empty.
    pub(super) fn meant_before(&self, register: usize) -> String {
        self.missing_property(register).and_then(|(object, key)| self.meant(object, key)).unwrap_or_default()
    }

    /// The same for the method that the call in execution did not find. Its receiver stands at stack index `base`.
    pub(super) fn meant_method(&self, base: usize) -> String {
        self.missing_method(base).and_then(|key| self.meant(self.stack[base], key)).unwrap_or_default()
    }

    /// The same for a property of an object; `None` if it has the property, or nothing similar.
    fn meant(&self, object: Value, key: Key) -> Option<String> {
        if object.is_container() && self.heap.own_count(object) > MOST_KEYS {
            return None;
        }
        let (name, members) = (key.text(), self.members(object));
        if members.iter().any(|member| member.name == name.as_str()) {
            return None;
        }
        let names = members.iter().map(|member| member.name.as_str());
        similar(name.as_str(), names).map(|meant| format!("; did you mean `{meant}`?"))
    }

    /// The running frame's code, and the place of the instruction in execution.
    pub(super) fn executing(&self) -> Option<(&Code, usize)> {
        let (code, pc) = self.frames.last()?.executing();
        // SAFETY: code lives as long as the machine.
        Some((unsafe { &*code }, pc))
    }

    /// The instruction in execution.
    pub(super) fn executed(&self) -> Option<Instr> {
        self.executing().map(|(code, pc)| code.instrs[pc])
    }

    pub(super) fn register(&self, register: usize) -> Option<Value> {
        self.stack.get(self.frames.last()?.base + register).copied()
    }

    /// The key of the method that the call in execution calls.
    pub(super) fn missing_method(&self, base: usize) -> Option<Key> {
        let (code, pc) = self.executing()?;
        let call = code.instrs[pc];
        let window = self.frames.last()?.base + call.a() + 1;
        if !matches!(call.op(), Op::Call | Op::CallSpread) || call.x() == 1 || window != base {
            return None;
        }
        // The register holds the callee from here to the call: what is between belongs to the arguments.
        let get = code.instrs[..pc].iter().rev().find(|instr| instr.op() == Op::GetMethod && instr.a() == call.a())?;
        Some(key_of(code, *get))
    }

    /// The object and the key of the read that filled the register, if that is among the reads directly before the instruction in
    /// execution.
    fn missing_property(&self, register: usize) -> Option<(Value, Key)> {
        let (code, pc) = self.executing()?;
        let at = code.instrs[..pc].iter().rposition(|instr| !reads(*instr) || instr.a() == register)?;
        let get = code.instrs[at];
        if get.op() != Op::GetProp || get.a() != register {
            return None;
        }
        Some((self.operand_of(code, at)?, key_of(code, get)))
    }

    /// The object that the `GetProp` at `at` read from. Where the read put its result in the object's place, the reads before are
    /// done again: nothing has changed since, and a read runs no code.
    fn operand_of(&self, code: &Code, at: usize) -> Option<Value> {
        let get = code.instrs[at];
        let register = get.b();
        if get.a() != register {
            return self.register(register);
        }
        let before = at.checked_sub(1)?;
        let read = code.instrs[before];
        if !reads(read) || read.a() != register {
            return None;
        }
        match read.op() {
            Op::GetProp => {
                let object = self.operand_of(code, before)?;
                self.own_or_static(object, key_of(code, read))
            }
            Op::Move if read.b() != register => self.register(read.b()),
            Op::GetGlobal => self.globals.get(read.bc() as usize).copied(),
            Op::LoadBuiltin => self.builtins.get(read.bc() as usize).map(|(_, value)| *value),
            Op::GetVar if read.b() != register => {
                let variable = self.register(read.b())?;
                // SAFETY: the register holds a live variable (I2): it has just been read.
                Some(unsafe { (*(variable.container() as *mut Variable)).value })
            }
            Op::GetUp => {
                let function = self.frames.last()?.function.container() as *mut Function;
                // SAFETY: the running closure is live (I2), and has just been read at this index.
                unsafe {
                    let variable = *(function.add(1) as *mut Value).add(read.b());
                    Some((*(variable.container() as *mut Variable)).value)
                }
            }
            _ => None,
        }
    }

    fn own_or_static(&self, object: Value, key: Key) -> Option<Value> {
        if object.is(Kind::Class) {
            return self.heap.find_static(object, key).map(|found| match found {
                Static::Property(value) | Static::Method(value) => value,
            });
        }
        if object.is_container() { self.heap.get_own(object, key) } else { None }
    }
}

/// Whether an instruction does nothing but fill its register A, and runs no statement that could let a value die.
fn reads(instr: Instr) -> bool {
    use Op::*;
    matches!(
        instr.op(),
        Move | LoadK
            | LoadI
            | LoadUndefined
            | LoadNull
            | LoadTrue
            | LoadFalse
            | LoadBuiltin
            | LoadSelf
            | GetVar
            | GetUp
            | GetGlobal
            | GetProp
            | GetIndexI
    )
}

/// The key of an access.
fn key_of(code: &Code, access: Instr) -> Key {
    // SAFETY: the operand check keeps cache indexes in range; nothing else uses the cache on the way to an error.
    unsafe { (*code.caches[access.c()].get()).key }
}
