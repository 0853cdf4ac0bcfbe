//! Classes: in JavaScript's order, the superclass, computed keys and methods, the name, static fields and blocks.

use std::sync::Arc;

use super::Compiler;
use super::effects::Effect;
use super::emit::Reg;
use super::function::Extra;
use super::op::{Instr, Op};
use super::proto::{ClassTemplate, MethodKey, MethodTemplate, Proto, ProtoKind};
use super::scope::*;
use super::walk_expr::is_method;
use crate::syntax::ast::*;

impl<'a> Compiler<'a> {
    /// A class to a register. `hint` names one without a name; `outer` is the variable of a declaration that shares the inner name.
    pub fn class(&mut self, class: &'a Class, hint: Option<Name>, dest: Reg, outer: Option<BindingId>) {
        let mark = self.f.top;
        // The value is read in place while members are added.
        let register = if self.f.is_last(dest) { dest } else { self.f.temp() };
        let name = class.name.as_ref().map(|name| name.name.clone()).or(hint).unwrap_or_else(|| "".into());
        let inner = self.inner_name(class);
        for member in &class.members {
            if let Some(&id) = self.res.field_keys.get(&key(member, Role::Body)) {
                self.temporary_variable(id);
            }
        }
        if let Some(superclass) = &class.superclass {
            self.expr(superclass, register);
        }
        let names: Vec<Name> = class
            .members
            .iter()
            .filter_map(|member| match &member.kind {
                MemberKind::Method { key: MemberKey::Private(name), .. }
                | MemberKind::Field { key: MemberKey::Private(name), .. } => Some(name.name.clone()),
                _ => None,
            })
            .collect();
        self.class_names.push(names.clone());
        let (template, late) = self.class_template(class, &name, names);
        self.class_names.pop();
        self.f.classes.push(template);
        let index = self.f.classes.len() as i32 - 1;
        self.f.at(class.span);
        if let Some(superclass) = &class.superclass {
            self.f.note(superclass.span);
        }
        self.f.push(Instr::abx(Op::NewClass, class.superclass.is_some() as u8, register, index));
        self.computed_members(class, &name, late, register);
        if let Some(id) = inner {
            let place = self.place(id);
            self.write_place(place, register, false, false);
        }
        if let Some(id) = outer {
            let place = self.place(id);
            self.write_place(place, register, false, false);
        }
        self.statics(class, &name, register);
        self.f.top = mark;
        self.f.move_to(dest, register);
    }

    /// A variable for the name that only the body sees, if it has one of its own.
    fn inner_name(&mut self, class: &'a Class) -> Option<BindingId> {
        let name = class.name.as_ref()?;
        let scope = self.res.scope_of.get(&key(class, Role::Class))?;
        let id = *self.res.scope(*scope).names.get(&name.name)?;
        self.is_boxed(id).then(|| {
            self.temporary_variable(id);
            id
        })
    }

    /// A variable that lives as long as the statement, and then with the functions that captured it.
    fn temporary_variable(&mut self, id: BindingId) {
        let register = self.f.temp();
        self.f.abcx(Op::NewVar, 1, register, 0, 0);
        self.set_slot(id, register, true);
    }

    /// The template, and the position of the first member that must be defined by an instruction.
    fn class_template(&mut self, class: &'a Class, name: &Name, names: Vec<Name>) -> (ClassTemplate, usize) {
        let has_fields = class.members.iter().any(|member| !member.is_static && !is_method(member));
        let extra = if has_fields && class.superclass.is_none() { Extra::RunFields } else { Extra::Nothing };
        let constructor = class.constructor.as_ref().map(|constructor| self.function(constructor, name.clone(), extra));
        let fields = has_fields.then(|| self.fields(class, name));
        // A computed method can be of the same name as one after it, which then wins.
        let late = class
            .members
            .iter()
            .position(|member| matches!(member.kind, MemberKind::Method { key: MemberKey::Computed(_), .. }))
            .unwrap_or(class.members.len());
        let mut methods = Vec::new();
        for (index, member) in class.members.iter().enumerate() {
            let MemberKind::Method { key, function } = &member.kind else {
                continue;
            };
            let (key, method) = match key {
                MemberKey::Named(key) if index < late => {
                    (MethodKey::Named(key.name.clone()), member_name(name, &key.name))
                }
                MemberKey::Private(key) => {
                    let private = names.iter().position(|name| *name == key.name).unwrap_or(0) as u16;
                    (MethodKey::Private(private), format!("{name}.#{}", key.name).into())
                }
                _ => continue,
            };
            let function = self.function(function, method, Extra::Nothing);
            methods.push(MethodTemplate { key, is_static: member.is_static, function });
        }
        let template = ClassTemplate { name: name.clone(), constructor, fields, methods, private_names: names };
        (template, late)
    }

    /// Computed keys in order, with the methods that have them.
    fn computed_members(&mut self, class: &'a Class, name: &Name, late: usize, register: Reg) {
        for (index, member) in class.members.iter().enumerate() {
            let mark = self.f.top;
            match &member.kind {
                MemberKind::Method { key, function } if index >= late => {
                    let (key, method) = match key {
                        MemberKey::Named(key) => {
                            let register = self.f.temp();
                            self.f.load_string(register, &key.name);
                            (register, member_name(name, &key.name))
                        }
                        MemberKey::Computed(key) => (self.operand(key), member_name(name, "<computed>")),
                        MemberKey::Private(_) => continue,
                    };
                    let names = self.names_of(class);
                    self.class_names.push(names);
                    let proto = self.function(function, method, Extra::Nothing);
                    self.class_names.pop();
                    let closure = self.f.temp();
                    let index = self.f.add_function(proto);
                    self.f.at(member.span);
                    self.f.wide(Op::Closure, closure, index);
                    self.f.abcx(Op::DefineMethod, member.is_static as u8, register, key, closure);
                }
                MemberKind::Field { key: MemberKey::Computed(expr), .. } => {
                    let value = self.operand(expr);
                    if let Some(&id) = self.res.field_keys.get(&key(member, Role::Body)) {
                        let place = self.place(id);
                        self.write_place(place, value, false, false);
                    }
                }
                _ => {}
            }
            self.f.top = mark;
        }
    }

    fn names_of(&self, class: &Class) -> Vec<Name> {
        class
            .members
            .iter()
            .filter_map(|member| match &member.kind {
                MemberKind::Method { key: MemberKey::Private(name), .. }
                | MemberKind::Field { key: MemberKey::Private(name), .. } => Some(name.name.clone()),
                _ => None,
            })
            .collect()
    }

    /// Static fields and blocks: one function that runs with the class as `this`.
    fn statics(&mut self, class: &'a Class, name: &Name, register: Reg) {
        let Some(&id) = self.res.function_of.get(&key(class, Role::Static)) else {
            return;
        };
        let names = self.names_of(class);
        self.class_names.push(names);
        self.enter_function(id, member_name(name, "<static>"), ProtoKind::StaticBlock, class.span);
        self.initialiser_this();
        for member in class.members.iter().filter(|member| member.is_static) {
            self.initialiser(member);
        }
        let proto = self.finish_initialisers();
        self.class_names.pop();
        let window = self.f.temps(2);
        let index = self.f.add_function(proto);
        self.f.at(class.span);
        self.f.abc(Op::HomeClosure, window, register, index as u16);
        self.f.too_large |= index > u16::MAX as u32;
        self.f.move_to(window + 1, register);
        // The class is fresh or held by its variable; the closure is fresh.
        self.f.note(class.span);
        self.f.abc(Op::Call, window, 0, 0);
    }

    fn fields(&mut self, class: &'a Class, name: &Name) -> Arc<Proto> {
        let Some(&id) = self.res.function_of.get(&key(class, Role::Class)) else {
            unreachable!("the resolver has seen every class");
        };
        self.enter_function(id, member_name(name, "<fields>"), ProtoKind::Fields, class.span);
        self.initialiser_this();
        for member in class.members.iter().filter(|member| !member.is_static) {
            self.initialiser(member);
        }
        self.finish_initialisers()
    }

    fn finish_initialisers(&mut self) -> Arc<Proto> {
        self.f.push(Instr::abc(Op::ReturnUndefined, 0, 0, 0, 0));
        self.leave_function()
    }

    /// A field or block, inside of the function that runs it.
    fn initialiser(&mut self, member: &'a Member) {
        let (field, init) = match &member.kind {
            MemberKind::Method { .. } => return,
            MemberKind::StaticBlock(block) => return self.block(block),
            MemberKind::Field { key, init } => (key, init),
        };
        let mark = self.f.top;
        let (op, name_register, hint) = match field {
            MemberKey::Named(name) => {
                let register = self.f.temp();
                self.f.at(member.span);
                self.f.load_string(register, &name.name);
                let op = if member.is_static { Op::DefineStatic } else { Op::DefineField };
                (op, register, name.name.clone())
            }
            MemberKey::Private(name) => {
                let register = self.private_name(name);
                (Op::DefinePrivate, register, format!("#{}", name.name).into())
            }
            MemberKey::Computed(expr) => {
                let register = self.f.temp();
                if let Some(&id) = self.res.field_keys.get(&key(member, Role::Body)) {
                    let place = self.place(id);
                    self.read_place(place, register, false, expr.span);
                }
                let op = if member.is_static { Op::DefineStatic } else { Op::DefineField };
                (op, register, "".into())
            }
        };
        let value = match init {
            Some(init) => self.named_operand(init, &hint),
            None => {
                let register = self.f.temp();
                self.f.a(Op::LoadUndefined, register);
                register
            }
        };
        self.f.at(member.span);
        match op {
            // Operands: object, name, value, whatever the kind.
            Op::DefinePrivate | Op::DefineField | Op::DefineStatic => self.f.abc(op, 0, name_register, value),
            _ => {}
        }
        let effect = init.as_ref().map_or(Effect::Clean, |init| self.effect_owned(init));
        self.sweep(effect);
        self.f.top = mark;
    }

    /// Arrows in initialisers capture `this`.
    fn initialiser_this(&mut self) {
        if let Some(id) = self.res.function(self.f.id).this.filter(|&id| self.is_boxed(id)) {
            let register = self.f.temp();
            self.f.move_to(register, 0);
            self.f.a(Op::BoxParam, register);
            self.live(&"this".into(), register, true, false);
            self.set_slot(id, register, true);
        }
    }

    /// A private name in a new temporary.
    pub fn private_name(&mut self, name: &Ident) -> Reg {
        let found = self.class_names.iter().rev().enumerate().find_map(|(outwards, names)| {
            let index = names.iter().position(|known| *known == name.name)?;
            Some((index as u16, outwards as u16))
        });
        let (index, outwards) = found.unwrap_or((0, 0));
        let register = self.f.temp();
        self.f.at(name.span);
        self.f.abc(Op::PrivateName, register, index, outwards);
        register
    }

    /// A class declaration.
    pub fn class_declaration(&mut self, class: &'a Class) {
        let Some(name) = &class.name else { return };
        let Some(Reference::Binding(id, _)) = self.res.reference(name) else {
            return;
        };
        self.f.at(class.span);
        let shares = self.shares_name(class, id);
        let mark = self.f.top;
        self.reserve(id);
        let birth = self.birth(id);
        use super::pattern::Birth;
        match birth {
            Birth::Register(register) => {
                self.class(class, None, register, None);
                self.bear(id, birth, register);
            }
            Birth::Box(register) => {
                self.class(class, None, register, None);
                self.bear(id, birth, register);
            }
            Birth::Store => {
                let keep = self.f.top;
                let register = self.f.temp();
                self.class(class, None, register, shares.then_some(id));
                if !shares {
                    self.bear(id, birth, register);
                }
                self.f.top = keep;
            }
        }
        self.f.top = self.f.top.max(mark);
        self.sweep(Effect::Heavy);
    }

    /// Whether the class's inner name is the variable of its declaration.
    fn shares_name(&self, class: &Class, id: BindingId) -> bool {
        let Some(&scope) = self.res.scope_of.get(&key(class, Role::Class)) else {
            return false;
        };
        let inner = class.name.as_ref().and_then(|name| self.res.scope(scope).names.get(&name.name));
        inner.is_some_and(|&inner| self.res.bindings[inner.0 as usize].alias == Some(id))
    }
}

fn member_name(class: &Name, member: &str) -> Name {
    if class.is_empty() { member.into() } else { format!("{class}.{member}").into() }
}
