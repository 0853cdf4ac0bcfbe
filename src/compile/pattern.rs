//! Patterns: declarations, parameters and assignments that take values apart.

use super::Compiler;
use super::assign::{Member, pattern_name};
use super::emit::Reg;
use super::kinds::Kind;
use super::op::{Instr, Op};
use super::protect::{runs, target_runs};
use super::scope::*;
use crate::syntax::ast::*;

/// How a declared name takes its value.
#[derive(Clone, Copy)]
pub enum Birth {
    /// In this register, where it then stays, counted.
    Register(Reg),
    /// In this register, then moved to a variable made there.
    Box(Reg),
    /// By a store to what is there already: a variable, a global, a local of a `switch`.
    Store,
}

impl<'a> Compiler<'a> {
    // ---- Declared names ----------------------------------------------------------------------------------

    /// Reserves the register of a declared name that has none yet.
    pub fn reserve(&mut self, id: BindingId) {
        if let Some(boxed) = self.born_here(id) {
            let register = self.f.temp();
            self.set_slot(id, register, boxed);
        }
    }

    /// Whether the declaration itself makes the local, and whether it is a variable.
    fn born_here(&self, id: BindingId) -> Option<bool> {
        let binding = &self.res.bindings[id.0 as usize];
        if binding.global.is_some() || (binding.in_switch && binding.function == self.f.id) {
            return None;
        }
        match binding.captured {
            false => Some(false),
            true => (binding.first_capture >= binding.start).then_some(true),
        }
    }

    /// How a name takes its value, once reserved.
    pub fn birth(&mut self, id: BindingId) -> Birth {
        let register = self.slots[id.0 as usize].register;
        match self.born_here(id) {
            None => Birth::Store,
            Some(false) => Birth::Register(register),
            Some(true) => {
                let binding = &self.res.bindings[id.0 as usize];
                let captured_before = matches!(binding.ready, Ready::Since(ready) if binding.first_capture < ready);
                if captured_before {
                    // Its own initializer captures it.
                    self.f.a(Op::NewVar, register);
                    self.live(&binding.name, register, true, false);
                    Birth::Store
                } else {
                    Birth::Box(register)
                }
            }
        }
    }

    /// The value of a declared name is in a register.
    pub fn bear(&mut self, id: BindingId, birth: Birth, value: Reg) {
        let binding = &self.res.bindings[id.0 as usize];
        match birth {
            Birth::Register(register) => {
                let trivial = binding.holds < Kind::Any;
                match (trivial, register == value) {
                    (true, _) => self.f.move_to(register, value),
                    (false, true) => self.f.a(Op::Own, register),
                    (false, false) => self.f.ab(Op::Init, register, value),
                }
                self.live(&binding.name, register, false, trivial);
            }
            Birth::Box(register) => {
                self.f.move_to(register, value);
                self.f.a(Op::BoxParam, register);
                self.live(&binding.name, register, true, false);
            }
            Birth::Store => {
                let place = self.place(id);
                self.write_place(place, value, false, binding.holds < Kind::Any);
            }
        }
    }

    /// Reserves registers for all names of a pattern, in order.
    pub fn reserve_pattern(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Name(_) => {
                if let Some(Reference::Binding(id, _)) = self.res.reference(pattern) {
                    self.reserve(id);
                }
            }
            PatternKind::Member(_) => {}
            PatternKind::Array { elements, rest } => {
                elements.iter().flatten().for_each(|slot| self.reserve_pattern(&slot.target));
                rest.iter().for_each(|rest| self.reserve_pattern(rest));
            }
            PatternKind::Object { properties, rest } => {
                properties.iter().for_each(|property| self.reserve_pattern(&property.value.target));
                rest.iter().for_each(|rest| self.reserve_pattern(rest));
            }
        }
    }

    // ---- Destructuring -----------------------------------------------------------------------------------

    /// Declares the names of a pattern with the parts of a value.
    pub fn declare_parts(&mut self, pattern: &'a Pattern, value: Reg) {
        self.parts(pattern, value, true);
    }

    /// Assigns the parts of a value to the places of a pattern.
    pub fn destructure(&mut self, pattern: &'a Pattern, value: Reg) {
        self.parts(pattern, value, false);
    }

    /// `declares`: the names are new ones, reserved before.
    fn parts(&mut self, pattern: &'a Pattern, value: Reg, declares: bool) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let mark = self.f.top;
            match &pattern.kind {
                PatternKind::Name(_) => {
                    if let Some(reference @ Reference::Binding(id, _)) = self.res.reference(pattern) {
                        self.f.at(pattern.span);
                        if declares {
                            let birth = self.birth(id);
                            self.bear(id, birth, value);
                        } else {
                            self.write(reference, value, pattern.span);
                        }
                    }
                }
                PatternKind::Member(place) => {
                    let member = self.member(place, &[]);
                    self.f.at(pattern.span);
                    self.set_member(&member, value);
                }
                PatternKind::Array { elements, rest } => {
                    self.array_parts(pattern, elements, rest.as_deref(), value, declares);
                }
                PatternKind::Object { properties, rest } => {
                    self.object_parts(pattern, properties, rest.as_deref(), value, declares);
                }
            }
            self.f.top = mark;
        });
    }

    fn array_parts(
        &mut self,
        pattern: &'a Pattern,
        elements: &'a [Option<Slot>],
        rest: Option<&'a Pattern>,
        value: Reg,
        declares: bool,
    ) {
        self.f.at(pattern.span);
        let iteration = self.f.temps(2);
        self.f.note(pattern.span);
        self.f.abcx(Op::IterStart, 1, iteration, value, 0);
        for element in elements {
            match element {
                Some(slot) => self.part(slot, declares, |compiler, dest| {
                    compiler.next_part(iteration, dest, pattern.span);
                }),
                None => {
                    let mark = self.f.top;
                    let skipped = self.f.temp();
                    self.next_part(iteration, skipped, pattern.span);
                    self.f.top = mark;
                }
            }
        }
        if let Some(rest) = rest {
            self.store_part(rest, None, declares, |compiler, dest| {
                compiler.f.at(rest.span);
                compiler.f.wide(Op::NewArray, dest, 0);
                let (next, test) = (compiler.f.label(), compiler.f.label());
                let element = compiler.f.temp();
                compiler.f.jump(test);
                compiler.f.bind_loop(next);
                compiler.f.abc(Op::Append, dest, element, 1);
                compiler.f.bind(test);
                compiler.f.jump_short(Op::IterNext, true, iteration, element, next);
            });
        }
    }

    /// The next element; undefined after the end.
    fn next_part(&mut self, iteration: Reg, dest: Reg, span: Span) {
        self.f.at(span);
        self.f.push(Instr::abc(Op::IterNext, 0, iteration, dest, 0));
    }

    fn object_parts(
        &mut self,
        pattern: &'a Pattern,
        properties: &'a [PatternProperty],
        rest: Option<&'a Pattern>,
        value: Reg,
        declares: bool,
    ) {
        self.f.at(pattern.span);
        self.f.note(pattern.span);
        self.f.a(Op::CheckObject, value);
        let mut computed: Vec<Option<Reg>> = Vec::new();
        for property in properties {
            let mark = self.f.top;
            match &property.key {
                PropKey::Named(name) => {
                    self.part(&property.value, declares, |compiler, dest| {
                        compiler.f.at(name.span);
                        compiler.get_named(dest, value, &name.name, pattern.span);
                    });
                    computed.push(None);
                    self.f.top = mark;
                }
                PropKey::Computed(key) => {
                    // A rest pattern leaves out the keys: they stay live.
                    let register = self.f.temp();
                    self.expr(key, register);
                    if self.borrows(key) && (rest.is_some() || self.slot_runs(&property.value)) {
                        self.f.a(Op::Protect, register);
                    }
                    self.part(&property.value, declares, |compiler, dest| {
                        compiler.f.at(key.span);
                        compiler.f.note(pattern.span);
                        compiler.f.abc(Op::GetIndex, dest, value, register);
                    });
                    if rest.is_some() {
                        self.f.top = register as usize + 1;
                        computed.push(Some(register));
                    } else {
                        self.f.top = mark;
                    }
                }
            }
        }
        if let Some(rest) = rest {
            self.store_part(rest, None, declares, |compiler, dest| {
                let mark = compiler.f.top;
                let window = compiler.f.temp();
                for (property, register) in properties.iter().zip(&computed) {
                    let key = compiler.f.temp();
                    match (&property.key, register) {
                        (_, Some(register)) => compiler.f.move_to(key, *register),
                        (PropKey::Named(name), _) => compiler.f.load_string(key, &name.name),
                        (PropKey::Computed(_), None) => {}
                    }
                }
                compiler.f.at(rest.span);
                compiler.f.abc(Op::RestProps, window, value, properties.len() as u16);
                compiler.f.top = mark;
                compiler.f.move_to(dest, window);
            });
        }
    }

    fn slot_runs(&self, slot: &Slot) -> bool {
        slot.default.as_ref().is_some_and(|default| runs(self.res, default)) || target_runs(self.res, &slot.target)
    }

    /// One place of a pattern with its default; `fetch` loads the part.
    fn part(&mut self, slot: &'a Slot, declares: bool, fetch: impl FnOnce(&mut Self, Reg)) {
        self.store_part(&slot.target, slot.default.as_ref(), declares, fetch);
    }

    /// In JavaScript's order: the place, the part, its default, the store.
    fn store_part(
        &mut self,
        target: &'a Pattern,
        default: Option<&'a Expr>,
        declares: bool,
        fetch: impl FnOnce(&mut Self, Reg),
    ) {
        let mark = self.f.top;
        let member: Option<Member<'a>> = match &target.kind {
            PatternKind::Member(place) => Some(self.member(place, default.as_slice())),
            _ => None,
        };
        let binding = match self.res.reference(target) {
            Some(Reference::Binding(id, _)) if declares => Some(id),
            _ => None,
        };
        let birth = binding.map(|id| (id, self.birth(id)));
        let dest = match birth {
            Some((_, Birth::Register(register) | Birth::Box(register))) => register,
            _ => self.f.temp(),
        };
        fetch(self, dest);
        if let Some(default) = default {
            let end = self.f.label();
            self.f.jump_if(Op::JumpDefined, dest, end);
            match pattern_name(target, default) {
                Some(name) => self.named_expr(default, name, dest),
                None => self.expr(default, dest),
            }
            self.f.bind(end);
        }
        self.f.at(target.span);
        match (member, birth) {
            (Some(member), _) => self.set_member(&member, dest),
            (_, Some((id, birth))) => self.bear(id, birth, dest),
            _ => {
                let nested = !matches!(target.kind, PatternKind::Name(_));
                if nested && target_runs(self.res, target) {
                    self.f.a(Op::Protect, dest);
                }
                self.parts(target, dest, declares);
            }
        }
        self.f.top = mark;
    }
}
