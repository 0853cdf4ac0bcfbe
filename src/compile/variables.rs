//! Reading and writing variables.

use super::emit::Reg;
use super::kinds::Kind;
use super::op::{Instr, Op};
use super::proto::Capture;
use super::scope::*;
use super::{Compiler, Slot};
use crate::syntax::ast::Span;

/// Where a variable lives, as the current function sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Local {
        register: Reg,
        depth: u16,
    },
    Boxed(Reg),
    Up(u16),
    /// Its slot, and whether other modules can see it.
    Global(u32, bool),
    /// The running function itself.
    OwnName,
}

impl Compiler<'_> {
    pub fn set_slot(&mut self, id: BindingId, register: Reg, boxed: bool) {
        let depth = self.f.depth;
        self.slots[id.0 as usize] = Slot { register, depth, boxed };
    }

    pub fn place(&mut self, id: BindingId) -> Place {
        let id = self.res.storage(id);
        let binding = &self.res.bindings[id.0 as usize];
        if let Some(slot) = binding.global {
            return Place::Global(slot, binding.exported && binding.assigned);
        }
        if binding.function != self.f.id {
            return Place::Up(self.capture(self.outer.len(), id));
        }
        if binding.kind == BindingKind::FunctionSelf && !binding.captured {
            return Place::OwnName;
        }
        let slot = self.slots[id.0 as usize];
        match slot.boxed {
            true => Place::Boxed(slot.register),
            false => Place::Local { register: slot.register, depth: slot.depth },
        }
    }

    /// The index of a captured variable in the closure of the function at a level of nesting.
    fn capture(&mut self, level: usize, id: BindingId) -> u16 {
        let function = if level == self.outer.len() { &self.f } else { &self.outer[level] };
        if let Some(&index) = function.capture_index.get(&id) {
            return index;
        }
        let owner = self.res.bindings[id.0 as usize].function;
        let name = self.res.bindings[id.0 as usize].name.clone();
        let capture = match level.checked_sub(1) {
            Some(above) if self.outer[above].id != owner => Capture::Up(self.capture(above, id)),
            _ => Capture::Local(self.slots[id.0 as usize].register),
        };
        let function = if level == self.outer.len() { &mut self.f } else { &mut self.outer[level] };
        function.too_large |= function.captures.len() >= u16::MAX as usize;
        let index = function.captures.len() as u16;
        function.captures.push(capture);
        function.capture_names.push(name);
        function.capture_index.insert(id, index);
        index
    }

    /// Emits what the temporal dead zone of a use needs. True if the use always throws.
    fn tdz(&mut self, tdz: Tdz, register: Option<Reg>, span: Span) {
        match (tdz, register) {
            (Tdz::Initialised, _) => {}
            (Tdz::Throw, _) => {
                self.f.note(span);
                self.f.push(Instr::abc(Op::ThrowTdz, 0, 0, 0, 0));
            }
            (Tdz::Check, Some(register)) => {
                self.f.note(span);
                self.f.a(Op::CheckInit, register);
            }
            (Tdz::Check, None) => {}
        }
    }

    /// A variable's value in a register: where it stands, if it is a local, else in `dest` (or a new temporary).
    pub fn read(&mut self, reference: Reference, span: Span, dest: Option<Reg>) -> Reg {
        let (id, tdz) = match reference {
            Reference::Binding(id, tdz) => (id, tdz),
            other => {
                let dest = dest.unwrap_or_else(|| self.f.temp());
                self.read_constant(other, dest);
                return dest;
            }
        };
        if tdz == Tdz::Throw {
            self.tdz(tdz, None, span);
            let dest = dest.unwrap_or_else(|| self.f.temp());
            // Never reached, but the register is written on every way.
            self.f.a(Op::LoadUndefined, dest);
            return dest;
        }
        let place = self.place(id);
        if let Place::Local { register, .. } = place {
            self.tdz(tdz, Some(register), span);
            return register;
        }
        let dest = dest.unwrap_or_else(|| self.f.temp());
        self.read_place(place, dest, tdz == Tdz::Check, span);
        dest
    }

    pub fn read_place(&mut self, place: Place, dest: Reg, checked: bool, span: Span) {
        if checked {
            self.f.note(span);
        }
        let x = checked as u8;
        match place {
            Place::Local { register, .. } => self.f.move_to(dest, register),
            Place::Boxed(register) => self.f.abcx(Op::GetVar, x, dest, register, 0),
            Place::Up(index) => self.f.abcx(Op::GetUp, x, dest, index, 0),
            Place::Global(slot, _) => self.f.push(Instr::abx(Op::GetGlobal, x, dest, slot as i32)),
            Place::OwnName => self.f.a(Op::LoadSelf, dest),
        }
    }

    fn read_constant(&mut self, reference: Reference, dest: Reg) {
        match reference {
            Reference::Builtin(index) => self.f.wide(Op::LoadBuiltin, dest, index),
            Reference::Undefined => self.f.a(Op::LoadUndefined, dest),
            Reference::Nan => self.f.load_number(dest, f64::NAN),
            Reference::Infinity => self.f.load_number(dest, f64::INFINITY),
            Reference::Binding(..) => {}
        }
    }

    /// Assigns a register to an existing variable.
    pub fn write(&mut self, reference: Reference, value: Reg, span: Span) {
        let Reference::Binding(id, tdz) = reference else {
            return;
        };
        if tdz == Tdz::Throw {
            return self.tdz(tdz, None, span);
        }
        let place = self.place(id);
        if let Place::Local { register, .. } = place {
            self.tdz(tdz, Some(register), span);
        } else if tdz == Tdz::Check {
            self.f.note(span);
        }
        let immediate = self.res.binding(id).holds < Kind::Any;
        self.write_place(place, value, tdz == Tdz::Check, immediate);
    }

    pub fn write_place(&mut self, place: Place, value: Reg, checked: bool, immediate: bool) {
        let x = checked as u8;
        match place {
            Place::Local { register, .. } if immediate => self.f.move_to(register, value),
            Place::Local { register, depth } => self.set_local(register, depth, self.f.depth, value),
            Place::Boxed(register) => self.f.abcx(Op::SetVar, x, register, value, 0),
            Place::Up(index) => self.f.abcx(Op::SetUp, x, value, index, 0),
            Place::Global(slot, shown) => {
                let x = x | (shown as u8) << 1;
                self.f.push(Instr::abx(Op::SetGlobal, x, value, slot as i32));
            }
            Place::OwnName => {}
        }
    }

    // ---- this ---------------------------------------------------------------------------------------------

    /// The function whose `this` is meant here.
    pub fn this_owner(&self) -> FunctionId {
        self.res.this_owner(self.f.id)
    }

    /// `this` in a register: R[0] where that is it.
    pub fn this(&mut self, span: Span, dest: Option<Reg>) -> Reg {
        let owner = self.this_owner();
        let info = self.res.function(owner);
        let checked = info.derived == DerivedThis::Checked;
        if owner == self.f.id && !checked {
            return 0;
        }
        let Some(id) = info.this else { return 0 };
        let place = self.place(id);
        let register = match place {
            Place::Local { register, .. } => register,
            _ => {
                let dest = dest.unwrap_or_else(|| self.f.temp());
                self.read_place(place, dest, false, span);
                dest
            }
        };
        if checked {
            self.f.note(span);
            self.f.abcx(Op::CheckInit, 1, register, 0, 0);
        }
        register
    }

    /// After `super()`: the hidden variable takes the instance.
    pub fn set_this(&mut self, instance: Reg) {
        let info = self.res.function(self.this_owner());
        let (DerivedThis::Checked, Some(id)) = (info.derived, info.this) else {
            return;
        };
        let place = self.place(id);
        let mark = self.f.top;
        let span = self.f.position();
        let current = match place {
            Place::Local { register, .. } => register,
            _ => {
                let temp = self.f.temp();
                self.read_place(place, temp, false, span);
                temp
            }
        };
        self.f.a(Op::CheckSuper, current);
        self.write_place(place, instance, false, false);
        self.f.top = mark;
    }
}
