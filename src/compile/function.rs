//! Functions: parameters, the body, the closure.

use std::sync::Arc;

use super::Compiler;
use super::control::Control;
use super::emit::{Func, Reg};
use super::kinds::Kind;
use super::op::{Instr, Op};
use super::proto::{Local, Proto, ProtoKind};
use super::scope::*;
use crate::syntax::ast::*;

/// What a class adds to a function of its body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    Nothing,
    /// The constructor of a base class that has instance fields.
    RunFields,
}

impl<'a> Compiler<'a> {
    /// A closure of a function to a register.
    pub fn closure(&mut self, function: &'a Function, name: Option<Name>, dest: Reg) {
        let span = self.f.position();
        let proto = self.function(function, name.unwrap_or_else(|| "".into()), Extra::Nothing);
        self.f.at(span);
        let index = self.f.add_function(proto);
        self.f.wide(Op::Closure, dest, index);
    }

    /// A function declaration, at the start of its scope.
    pub fn hoisted_function(&mut self, function: &'a Function) {
        let Some(name) = &function.name else { return };
        let Some(Reference::Binding(id, _)) = self.res.reference(name) else {
            return;
        };
        self.f.at(function.span);
        let binding = self.res.binding(id);
        if self.is_register(id) {
            let register = self.f.temp();
            self.set_slot(id, register, false);
            self.closure(function, Some(name.name.clone()), register);
            self.f.a(Op::Own, register);
            self.live(&binding.name, register, false, false);
            return;
        }
        let register = self.f.temp();
        self.closure(function, Some(name.name.clone()), register);
        let place = self.place(id);
        self.write_place(place, register, false, false);
        self.f.top = register as usize;
    }

    /// Compiles a function.
    pub fn function(&mut self, function: &'a Function, name: Name, extra: Extra) -> Arc<Proto> {
        let Some(&id) = self.res.function_of.get(&key(function, Role::Body)) else {
            unreachable!("the resolver has seen every function");
        };
        let kind = match self.res.function(id).role {
            FunctionRole::Main => ProtoKind::Main,
            FunctionRole::Plain => ProtoKind::Plain,
            FunctionRole::Arrow => ProtoKind::Arrow,
            FunctionRole::Method => ProtoKind::Method,
            FunctionRole::Constructor => ProtoKind::Constructor,
            FunctionRole::Derived => ProtoKind::Derived,
            FunctionRole::Fields => ProtoKind::Fields,
            FunctionRole::Static => ProtoKind::StaticBlock,
        };
        self.enter_function(id, name, kind, function.span);
        self.f.params = function.params.len() as u16;
        self.f.length = function.params.iter().take_while(|slot| slot.default.is_none()).count() as u16;
        self.f.temps(function.params.len());
        self.parameters(function, extra);
        match &function.body {
            FunctionBody::Expr(value) => {
                self.return_value(value, value.span);
            }
            FunctionBody::Block(block) => {
                if let Some(&scope) = self.res.scope_of.get(&key(block, Role::Body)) {
                    self.enter_names(scope, &block.body);
                }
                self.statements(&block.body);
                self.f.at(Span { start: block.span.end.saturating_sub(1), end: block.span.end });
                self.return_nothing();
            }
        }
        self.leave_function()
    }

    /// Starts a function; what was being compiled waits.
    pub fn enter_function(&mut self, id: FunctionId, name: Name, kind: ProtoKind, span: Span) {
        let function = Func::new(id, name, kind, span);
        self.outer.push(std::mem::replace(&mut self.f, function));
        self.open_hidden(false);
        if let Some(Control::Scope(scope)) = self.f.controls.last_mut() {
            scope.is_function = true;
        }
    }

    pub fn leave_function(&mut self) -> Arc<Proto> {
        self.close_function();
        self.check_size();
        match self.outer.pop() {
            Some(outer) => std::mem::replace(&mut self.f, outer).finish(),
            None => unreachable!("a function is inside of another"),
        }
    }

    /// The end of a function without a value.
    pub fn return_nothing(&mut self) {
        self.check_constructed();
        self.f.push(Instr::abc(Op::ReturnUndefined, 0, 0, 0, 0));
    }

    /// A derived constructor returns its instance: `super()` must have run.
    pub fn check_constructed(&mut self) {
        let info = self.res.function(self.f.id);
        if info.role == FunctionRole::Derived && info.derived == DerivedThis::Checked && self.f.reachable {
            let mark = self.f.top;
            self.this(self.f.position(), None);
            self.f.top = mark;
        }
    }

    // ---- Entry -------------------------------------------------------------------------------------------

    fn parameters(&mut self, function: &'a Function, extra: Extra) {
        self.f.at(function.span);
        let rest = function.rest.as_ref().map(|rest| self.rest_parameter(rest, function.params.len() as u16));
        if extra == Extra::RunFields {
            self.f.a(Op::RunFields, 0);
        }
        self.hidden_variables();
        // Variables that the default of an earlier parameter captures.
        let scope = self.res.scope_of.get(&key(function, Role::Head)).copied();
        for &id in scope.iter().flat_map(|&scope| &self.res.scope(scope).bindings) {
            let binding = &self.res.bindings[id.0 as usize];
            if self.is_boxed(id) && self.captured_early(id) && !self.is_rest(function, &binding.name) {
                self.new_variable(id);
            }
        }
        for (index, slot) in function.params.iter().enumerate() {
            self.parameter(slot, index as Reg + 1);
        }
        if let (Some(register), Some(rest)) = (rest, &function.rest)
            && !matches!(rest.kind, PatternKind::Name(_))
        {
            self.reserve_pattern(rest);
            self.declare_parts(rest, register);
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
        }
    }

    fn captured_early(&self, id: BindingId) -> bool {
        let binding = &self.res.bindings[id.0 as usize];
        matches!(binding.ready, Ready::Since(ready) if binding.first_capture < ready)
    }

    fn is_rest(&self, function: &Function, name: &Name) -> bool {
        matches!(&function.rest, Some(Pattern { kind: PatternKind::Name(rest), .. }) if rest == name)
    }

    /// The array of the arguments that are left: made first, as calls reuse their registers.
    fn rest_parameter(&mut self, rest: &'a Pattern, params: u16) -> Reg {
        let register = self.f.temp();
        self.f.at(rest.span);
        self.f.ab(Op::Rest, register, params);
        match (&rest.kind, self.res.reference(rest)) {
            (PatternKind::Name(name), Some(Reference::Binding(id, _))) => {
                let boxed = self.is_boxed(id);
                self.f.a(if boxed { Op::BoxParam } else { Op::Own }, register);
                self.live(name, register, boxed, false);
                self.set_slot(id, register, boxed);
            }
            _ => {
                self.f.a(Op::Own, register);
                self.live(&"".into(), register, false, false);
            }
        }
        register
    }

    /// `this` and the own name for the functions inside that capture them.
    fn hidden_variables(&mut self) {
        let info = self.res.function(self.f.id);
        if let Some(id) = info.this {
            let boxed = self.is_boxed(id);
            if info.derived == DerivedThis::Checked {
                if boxed {
                    self.new_variable(id);
                } else {
                    let register = self.f.temp();
                    self.f.a(Op::LoadHole, register);
                    self.live(&"this".into(), register, false, false);
                    self.set_slot(id, register, false);
                }
            } else {
                self.boxed_copy(id, "this", |compiler, register| compiler.f.move_to(register, 0));
            }
        }
        if let Some(id) = info.instance {
            self.boxed_copy(id, "", |compiler, register| compiler.f.move_to(register, 0));
        }
        if let Some(id) = info.own_name.filter(|&id| self.is_boxed(id)) {
            self.boxed_copy(id, "", |compiler, register| compiler.f.a(Op::LoadSelf, register));
        }
    }

    fn boxed_copy(&mut self, id: BindingId, name: &str, load: impl FnOnce(&mut Self, Reg)) {
        let register = self.f.temp();
        load(self, register);
        self.f.a(Op::BoxParam, register);
        self.live(&name.into(), register, true, false);
        self.set_slot(id, register, true);
    }

    fn parameter(&mut self, slot: &'a Slot, register: Reg) {
        let mut effect = super::effects::Effect::Clean;
        if let Some(default) = &slot.default {
            effect = self.effect(default);
            let end = self.f.label();
            self.f.jump_if(Op::JumpDefined, register, end);
            match super::assign::pattern_name(&slot.target, default) {
                Some(name) => self.named_expr(default, name, register),
                None => self.expr(default, register),
            }
            self.f.bind(end);
        }
        self.f.at(slot.target.span);
        let (PatternKind::Name(name), Some(Reference::Binding(id, _))) =
            (&slot.target.kind, self.res.reference(&slot.target))
        else {
            self.reserve_pattern(&slot.target);
            if slot.default.is_some() && super::protect::target_runs(self.res, &slot.target) {
                self.f.a(Op::Protect, register);
            }
            self.declare_parts(&slot.target, register);
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
            return;
        };
        let binding = &self.res.bindings[id.0 as usize];
        if self.is_boxed(id) {
            if self.captured_early(id) {
                let place = self.place(id);
                self.write_place(place, register, false, false);
            } else {
                self.f.a(Op::BoxParam, register);
                self.live(name, register, true, false);
                self.set_slot(id, register, true);
            }
        } else {
            self.set_slot(id, register, false);
            if (binding.assigned || slot.default.is_some()) && binding.holds == Kind::Any {
                self.f.a(Op::Own, register);
                self.live(name, register, false, false);
            } else {
                self.f.locals.push(Local {
                    name: name.clone(),
                    register,
                    start: 0,
                    end: u32::MAX,
                    depth: 0,
                    boxed: false,
                    counted: false,
                });
            }
        }
        self.sweep(effect);
    }
}
