//! Assignments and updates.

use super::Compiler;
use super::binary::Right;
use super::emit::Reg;
use super::expr::{bare, is_anonymous, is_arithmetic, skips};
use super::kinds::Kind;
use super::op::{Op, flag};
use super::protect::{assigns, runs};
use super::scope::{BindingId, Reference, Tdz};
use super::variables::Place;
use crate::syntax::ast::*;

/// A member whose object and key have been evaluated.
pub enum Member<'a> {
    Named(Reg, &'a Name, Span),
    Index(Reg, Reg, Span),
    /// Object, private name.
    Private(Reg, Reg, Span),
    /// `this`, key.
    Super(Reg, Reg),
}

impl<'a> Compiler<'a> {
    /// An assignment; its value goes to `dest`, if anyone wants it.
    pub fn assign(
        &mut self,
        expr: &'a Expr,
        target: &'a Pattern,
        op: Option<AssignOp>,
        value: &'a Expr,
        dest: Option<Reg>,
    ) {
        match (&target.kind, op) {
            (PatternKind::Name(name), None) => self.assign_name(target, name, value, dest),
            (PatternKind::Name(_), Some(AssignOp::Binary(op))) => self.compound_name(expr, target, op, value, dest),
            (PatternKind::Name(name), Some(AssignOp::Logical(op))) => {
                self.logical_name(target, name, op, value, dest);
            }
            (PatternKind::Member(place), op) => self.assign_member(expr, place, op, value, dest),
            _ => self.assign_to_pattern(target, value, dest),
        }
    }

    fn assign_name(&mut self, target: &'a Pattern, name: &Name, value: &'a Expr, dest: Option<Reg>) {
        let Some(reference) = self.res.reference(target) else {
            return;
        };
        if dest.is_none()
            && let Some(id) = self.local_target(target)
            && self.assign_local(target, id, reference, value)
        {
            return;
        }
        let register = match dest {
            Some(dest) => {
                self.named_expr(value, name, dest);
                dest
            }
            None => self.named_operand(value, name),
        };
        self.f.at(target.span);
        self.write(reference, register, target.span);
    }

    /// `x = x op e` and the like, in one instruction where that is safe. Says whether it did it.
    fn assign_local(&mut self, target: &'a Pattern, id: BindingId, reference: Reference, value: &'a Expr) -> bool {
        let Reference::Binding(_, Tdz::Initialised) = reference else {
            return false;
        };
        let ExprKind::Binary { first, rest } = &bare(value).kind else {
            return false;
        };
        let [(op, span, right)] = rest.as_slice() else {
            return false;
        };
        if self.res.binding(id).holds < Kind::Any {
            // An immediate replaces an immediate: no counts. The operands are read before the result is written.
            let Place::Local { register, .. } = self.place(id) else {
                return false;
            };
            self.binary(first, rest, register, 0);
            return true;
        }
        let same = matches!(self.res.reference(bare(first)), Some(Reference::Binding(first, Tdz::Initialised))
            if self.res.storage(first) == self.res.storage(id));
        if !same || !is_arithmetic(*op) || assigns(self.res, right, id) {
            return false;
        }
        self.update_local(id, *op, right, *span, target)
    }

    /// `x op= e` on a local, in place.
    fn update_local(&mut self, id: BindingId, op: BinaryOp, right: &'a Expr, span: Span, target: &'a Pattern) -> bool {
        let Place::Local { register, depth } = self.place(id) else {
            return false;
        };
        let Some(flags) = self.self_flags(depth) else {
            return false;
        };
        let operand = self.right_operand(op, self.res.binding(id).holds, right);
        self.f.at(span.to(target.span));
        self.constant_operation(op, register, operand, register, flags);
        true
    }

    /// The flags of an instruction that changes a local of a scope in place.
    fn self_flags(&self, depth: u16) -> Option<u8> {
        let outer = self.f.depth - depth;
        (outer < 64).then_some(flag::SELF | (outer as u8) << flag::OUTER_SHIFT)
    }

    fn compound_name(&mut self, expr: &'a Expr, target: &'a Pattern, op: BinaryOp, value: &'a Expr, dest: Option<Reg>) {
        let Some(reference) = self.res.reference(target) else {
            return;
        };
        let Reference::Binding(id, tdz) = reference else {
            return;
        };
        let span = expr.span;
        if dest.is_none()
            && tdz == Tdz::Initialised
            && self.is_register(id)
            && !assigns(self.res, value, id)
            && self.update_local(id, op, value, span, target)
        {
            return;
        }
        let dest = dest.unwrap_or_else(|| self.f.temp());
        let kind = self.res.binding(id).holds;
        let mut left = self.read(reference, target.span, Some(dest));
        if left != dest && assigns(self.res, value, id) {
            self.f.move_to(dest, left);
            left = dest;
        }
        if self.variable_borrows(id) && runs(self.res, value) {
            self.f.a(Op::Protect, left);
        }
        let right = self.right_operand(op, kind, value);
        self.f.at(span);
        self.constant_operation(op, left, right, dest, 0);
        self.f.at(target.span);
        self.write(reference, dest, target.span);
    }

    fn logical_name(&mut self, target: &'a Pattern, name: &Name, op: LogicalOp, value: &'a Expr, dest: Option<Reg>) {
        let Some(reference) = self.res.reference(target) else {
            return;
        };
        let dest = dest.unwrap_or_else(|| self.f.temp());
        let end = self.f.label();
        let current = self.read(reference, target.span, Some(dest));
        self.f.move_to(dest, current);
        self.f.jump_if(skips(op), dest, end);
        self.named_expr(value, name, dest);
        self.f.at(target.span);
        self.write(reference, dest, target.span);
        self.f.bind(end);
    }

    // ---- Members -----------------------------------------------------------------------------------------

    fn assign_member(
        &mut self,
        expr: &'a Expr,
        place: &'a Expr,
        op: Option<AssignOp>,
        value: &'a Expr,
        dest: Option<Reg>,
    ) {
        let member = self.member(place, &[value]);
        let Some(op) = op else {
            let register = match dest {
                Some(dest) => {
                    self.expr(value, dest);
                    dest
                }
                None => self.operand(value),
            };
            self.f.at(place.span);
            return self.set_member(&member, register);
        };
        let dest = dest.unwrap_or_else(|| self.f.temp());
        self.f.at(place.span);
        self.get_member(&member, dest);
        match op {
            AssignOp::Binary(op) => {
                if runs(self.res, value) {
                    self.f.a(Op::Protect, dest);
                }
                let right = self.right_operand(op, Kind::Any, value);
                self.f.at(expr.span);
                self.constant_operation(op, dest, right, dest, 0);
                self.f.at(place.span);
                self.set_member(&member, dest);
            }
            AssignOp::Logical(op) => {
                let end = self.f.label();
                self.f.jump_if(skips(op), dest, end);
                self.expr(value, dest);
                self.f.at(place.span);
                self.set_member(&member, dest);
                self.f.bind(end);
            }
        }
    }

    /// Evaluates the object and the key of a place. They stay live while `later` are evaluated.
    pub fn member(&mut self, place: &'a Expr, later: &[&'a Expr]) -> Member<'a> {
        match &bare(place).kind {
            ExprKind::SuperMember(name) => {
                let this = self.this(place.span, None);
                let key = self.f.temp();
                self.f.load_string(key, &name.name);
                Member::Super(this, key)
            }
            ExprKind::SuperIndex(index) => {
                let this = self.this(place.span, None);
                let key = self.operand_before(index, later);
                Member::Super(this, key)
            }
            ExprKind::Chain { base, links } => {
                let Some((last, before)) = links.split_last() else {
                    unreachable!("the parser gives a chain a last link");
                };
                let object_span = match before.last() {
                    Some(link) => base.span.to(link.span),
                    None => base.span,
                };
                let mut after = later.to_vec();
                if let LinkKind::Index(index) = &last.kind {
                    after.insert(0, index);
                }
                let object = match before {
                    [] => self.operand_before(base, &after),
                    _ => {
                        let object = self.chain_value(base, before);
                        if after.iter().any(|after| runs(self.res, after)) {
                            self.f.a(Op::Protect, object);
                        }
                        object
                    }
                };
                match &last.kind {
                    LinkKind::Member(name) => Member::Named(object, &name.name, object_span),
                    LinkKind::Private(name) => {
                        let private = self.private_name(name);
                        Member::Private(object, private, object_span)
                    }
                    LinkKind::Index(index) => {
                        let key = self.operand_before(index, later);
                        Member::Index(object, key, object_span)
                    }
                    LinkKind::Call(_) => unreachable!("the parser refuses a call as a place"),
                }
            }
            _ => unreachable!("the parser refuses other places"),
        }
    }

    pub fn get_member(&mut self, member: &Member<'a>, dest: Reg) {
        match *member {
            Member::Named(object, name, span) => self.get_named(dest, object, name, span),
            Member::Index(object, key, span) => {
                self.f.note(span);
                self.f.abc(Op::GetIndex, dest, object, key);
            }
            Member::Private(object, name, span) => {
                self.f.note(span);
                self.f.abc(Op::GetPrivate, dest, object, name);
            }
            Member::Super(this, key) => self.f.abc(Op::GetSuperIndex, dest, this, key),
        }
    }

    pub fn set_member(&mut self, member: &Member<'a>, value: Reg) {
        match *member {
            Member::Named(object, name, span) => match self.f.cache(name) {
                Some(cache) => {
                    self.f.note(span);
                    self.f.abc(Op::SetProp, object, value, cache);
                }
                None => {
                    let key = self.f.temp();
                    self.f.load_string(key, name);
                    self.f.note(span);
                    self.f.abc(Op::SetIndex, object, key, value);
                }
            },
            Member::Index(object, key, span) => {
                self.f.note(span);
                self.f.abc(Op::SetIndex, object, key, value);
            }
            Member::Private(object, name, span) => {
                self.f.note(span);
                self.f.abc(Op::SetPrivate, object, name, value);
            }
            Member::Super(this, key) => self.f.abc(Op::SetSuper, key, this, value),
        }
    }

    // ---- ++ and -- ---------------------------------------------------------------------------------------

    pub fn update(&mut self, expr: &'a Expr, increment: bool, prefix: bool, target: &'a Pattern, dest: Option<Reg>) {
        if let PatternKind::Member(place) = &target.kind {
            let member = self.member(place, &[]);
            let old = dest.unwrap_or_else(|| self.f.temp());
            self.f.at(expr.span);
            self.get_member(&member, old);
            let new = match (prefix, dest) {
                (false, Some(_)) => {
                    self.f.ab(Op::Plus, old, old);
                    self.f.temp()
                }
                _ => old,
            };
            self.add_one(increment, Kind::Any, old, new, 0);
            return self.set_member(&member, new);
        }
        let Some(reference) = self.res.reference(target) else {
            return;
        };
        let Reference::Binding(id, tdz) = reference else {
            return;
        };
        let kind = match self.res.binding(id).holds {
            Kind::Any => Kind::Any,
            _ => Kind::Number,
        };
        let wants_old = !prefix && dest.is_some();
        if self.is_register(id)
            && tdz == Tdz::Initialised
            && (dest.is_none() || kind == Kind::Number)
            && let Place::Local { register, depth } = self.place(id)
            && let Some(flags) = self.self_flags(depth)
        {
            if let Some(dest) = dest.filter(|_| wants_old) {
                self.f.move_to(dest, register);
            }
            self.add_one(increment, kind, register, register, flags);
            if let Some(dest) = dest.filter(|_| !wants_old) {
                self.f.move_to(dest, register);
            }
            return;
        }
        let dest = dest.unwrap_or_else(|| self.f.temp());
        let old = self.read(reference, target.span, Some(dest));
        self.f.at(expr.span);
        if wants_old {
            self.f.ab(Op::Plus, dest, old);
            let new = self.f.temp();
            self.add_one(increment, kind, dest, new, 0);
            self.write(reference, new, target.span);
        } else {
            self.add_one(increment, kind, old, dest, 0);
            self.write(reference, dest, target.span);
        }
    }

    /// `new := old ± 1`. On what may be a string `+` would join: subtracting refuses it.
    fn add_one(&mut self, increment: bool, kind: Kind, old: Reg, new: Reg, flags: u8) {
        if kind == Kind::Number {
            let one = if increment { 1 } else { -1 };
            return self.constant_operation(BinaryOp::Add, old, Right::Small(one), new, flags);
        }
        let constant = self.f.number(if increment { -1.0 } else { 1.0 });
        let right = match u16::try_from(constant) {
            Ok(constant) => Right::Constant(constant),
            Err(_) => {
                let temp = self.f.temp();
                self.f.wide(Op::LoadK, temp, constant);
                Right::Register(temp)
            }
        };
        self.constant_operation(BinaryOp::Sub, old, right, new, flags);
    }

    /// A destructuring assignment.
    fn assign_to_pattern(&mut self, target: &'a Pattern, value: &'a Expr, dest: Option<Reg>) {
        if dest.is_none() && self.exchange(target, value) {
            return;
        }
        let register = match dest {
            Some(dest) => {
                self.expr(value, dest);
                dest
            }
            None => self.operand(value),
        };
        let register = self.keep_source(register, value, target);
        self.f.at(target.span);
        self.destructure(target, register);
    }

    /// `[a, b] = [b, a]` without an array: all values, then all stores. Says whether the assignment is of this form.
    fn exchange(&mut self, target: &'a Pattern, value: &'a Expr) -> bool {
        let PatternKind::Array { elements, rest: None } = &target.kind else { return false };
        let ExprKind::Array(items) = &bare(value).kind else { return false };
        let is_place = |slot: &Option<Slot>| {
            matches!(slot, Some(Slot { target, default: None })
                if matches!(target.kind, PatternKind::Name(_) | PatternKind::Member(_)))
        };
        let plain = items.iter().all(|item| matches!(item, Item::Expr(expr) if !is_anonymous(expr)));
        if elements.len() != items.len() || elements.len() > 16 || !plain || !elements.iter().all(is_place) {
            return false;
        }
        let stores_run = super::protect::target_runs(self.res, target);
        let first = self.f.top;
        for (index, item) in items.iter().enumerate() {
            let Item::Expr(element) = item else { continue };
            let register = self.f.temp();
            self.expr(element, register);
            let later = &items[index + 1..];
            let endangered = stores_run || later.iter().any(|item| super::protect::item_runs(self.res, item));
            if endangered && self.borrows(element) {
                self.f.a(Op::Protect, register);
            }
        }
        for (slot, register) in elements.iter().flatten().zip(first..) {
            self.destructure(&slot.target, register as Reg);
        }
        true
    }

    /// The value of a pattern stays live while its parts are stored: copied or protected where that matters.
    pub fn keep_source(&mut self, register: Reg, value: &'a Expr, target: &'a Pattern) -> Reg {
        if let Some(Reference::Binding(id, _)) = self.res.reference(bare(value))
            && self.is_register(id)
            && self.res.binding(id).assigned
            && super::protect::target_assigns(self.res, target, id)
        {
            let copy = self.f.temp();
            self.f.move_to(copy, register);
            return copy;
        }
        if self.borrows(value) && super::protect::target_runs(self.res, target) {
            self.f.a(Op::Protect, register);
        }
        register
    }
}

/// A default or initializer that takes the name of a pattern's variable.
pub fn pattern_name<'p>(target: &'p Pattern, value: &Expr) -> Option<&'p Name> {
    match &target.kind {
        PatternKind::Name(name) if is_anonymous(value) => Some(name),
        _ => None,
    }
}
