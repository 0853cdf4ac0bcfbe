//! Which temporaries a later call endangers (invariant I2, see [`op`](super::op)).
//!
//! A temporary that *borrows* holds a value that only some other place keeps alive. A call can overwrite that place, and at the end
//! of one of the callee's statements the value would die. So it is counted (`Protect`) if something that *runs*
//! statements is evaluated while it is live. Locals, constants and fresh values need nothing.

use super::Compiler;
use super::kinds::{Kind, kind_of};
use super::scope::{BindingId, Reference, Resolution};
use crate::syntax::ast::*;

/// Whether evaluating an expression can run statements of other functions.
pub fn runs(res: &Resolution, expr: &Expr) -> bool {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || runs_inner(res, expr))
}

fn runs_inner(res: &Resolution, expr: &Expr) -> bool {
    let run = |expr: &Expr| runs(res, expr);
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Exact(_)
        | ExprKind::String(_)
        | ExprKind::Name(_)
        | ExprKind::This
        | ExprKind::Function(_)
        | ExprKind::SuperMember(_) => false,
        ExprKind::New { .. } | ExprKind::SuperCall(_) => true,
        // A hole that is an object is converted by its `toString`.
        ExprKind::Template { holes, .. } => holes.iter().any(|hole| kind_of(res, hole) == Kind::Any || run(hole)),
        ExprKind::Array(items) => items.iter().any(|item| item_runs(res, item)),
        ExprKind::Object(properties) => properties.iter().any(|property| match property {
            Property::KeyValue { key, value } => key_runs(res, key) || run(value),
            Property::Shorthand(_) => false,
            Property::Method { key, .. } => key_runs(res, key),
            Property::Spread(value) => run(value),
        }),
        ExprKind::Class(class) => {
            class.superclass.as_ref().is_some_and(run)
                || class.members.iter().any(|member| match &member.kind {
                    MemberKind::StaticBlock(_) => true,
                    MemberKind::Field { key, .. } => member.is_static || member_key_runs(res, key),
                    MemberKind::Method { key, .. } => member_key_runs(res, key),
                })
        }
        ExprKind::Paren(inner) | ExprKind::Delete(inner) | ExprKind::SuperIndex(inner) => run(inner),
        ExprKind::Unary { operand, .. } => run(operand),
        ExprKind::PrivateIn { object, .. } => run(object),
        ExprKind::Update { target, .. } => target_runs(res, target),
        ExprKind::Binary { first, rest } => run(first) || rest.iter().any(|(_, _, operand)| run(operand)),
        ExprKind::Logical { first, rest } => run(first) || rest.iter().any(|(_, operand)| run(operand)),
        ExprKind::Conditional { test, then, otherwise } => run(test) || run(then) || run(otherwise),
        ExprKind::Assign { target, value, .. } => target_runs(res, target) || run(value),
        ExprKind::Chain { base, links } => {
            run(base)
                || links.iter().any(|link| match &link.kind {
                    LinkKind::Call(_) => true,
                    LinkKind::Index(index) => run(index),
                    LinkKind::Member(_) | LinkKind::Private(_) => false,
                })
        }
    }
}

pub fn item_runs(res: &Resolution, item: &Item) -> bool {
    match item {
        Item::Expr(expr) | Item::Spread(expr) => runs(res, expr),
    }
}

fn key_runs(res: &Resolution, key: &PropKey) -> bool {
    matches!(key, PropKey::Computed(expr) if runs(res, expr))
}

fn member_key_runs(res: &Resolution, key: &MemberKey) -> bool {
    matches!(key, MemberKey::Computed(expr) if runs(res, expr))
}

/// Whether storing into a pattern can run statements: by its defaults, computed keys and places.
pub fn target_runs(res: &Resolution, pattern: &Pattern) -> bool {
    let slot =
        |slot: &Slot| slot.default.as_ref().is_some_and(|default| runs(res, default)) || target_runs(res, &slot.target);
    match &pattern.kind {
        PatternKind::Name(_) => false,
        PatternKind::Member(place) => runs(res, place),
        PatternKind::Array { elements, rest } => {
            elements.iter().flatten().any(slot) || rest.as_ref().is_some_and(|rest| target_runs(res, rest))
        }
        PatternKind::Object { properties, rest } => {
            properties.iter().any(|property| key_runs(res, &property.key) || slot(&property.value))
                || rest.as_ref().is_some_and(|rest| target_runs(res, rest))
        }
    }
}

/// Whether an expression assigns to a variable of the running function.
pub fn assigns(res: &Resolution, expr: &Expr, id: BindingId) -> bool {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || assigns_inner(res, expr, id))
}

fn assigns_inner(res: &Resolution, expr: &Expr, id: BindingId) -> bool {
    let assign = |expr: &Expr| assigns(res, expr, id);
    let item = |item: &Item| match item {
        Item::Expr(expr) | Item::Spread(expr) => assign(expr),
    };
    let key = |key: &PropKey| matches!(key, PropKey::Computed(expr) if assign(expr));
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Exact(_)
        | ExprKind::String(_)
        | ExprKind::Name(_)
        | ExprKind::This
        | ExprKind::Function(_)
        | ExprKind::SuperMember(_) => false,
        ExprKind::New { callee, args } => assign(callee) || args.iter().any(item),
        ExprKind::SuperCall(args) | ExprKind::Array(args) => args.iter().any(item),
        ExprKind::Template { holes, .. } => holes.iter().any(assign),
        ExprKind::Object(properties) => properties.iter().any(|property| match property {
            Property::KeyValue { key: k, value } => key(k) || assign(value),
            Property::Shorthand(_) => false,
            Property::Method { key: k, .. } => key(k),
            Property::Spread(value) => assign(value),
        }),
        ExprKind::Class(class) => {
            class.superclass.as_ref().is_some_and(assign)
                || class.members.iter().any(|member| match &member.kind {
                    MemberKind::Field { key: MemberKey::Computed(key), .. }
                    | MemberKind::Method { key: MemberKey::Computed(key), .. } => assign(key),
                    _ => false,
                })
        }
        ExprKind::Paren(inner) | ExprKind::Delete(inner) | ExprKind::SuperIndex(inner) => assign(inner),
        ExprKind::Unary { operand, .. } => assign(operand),
        ExprKind::PrivateIn { object, .. } => assign(object),
        ExprKind::Update { target, .. } => target_assigns(res, target, id),
        ExprKind::Binary { first, rest } => assign(first) || rest.iter().any(|(_, _, operand)| assign(operand)),
        ExprKind::Logical { first, rest } => assign(first) || rest.iter().any(|(_, operand)| assign(operand)),
        ExprKind::Conditional { test, then, otherwise } => assign(test) || assign(then) || assign(otherwise),
        ExprKind::Assign { target, value, .. } => target_assigns(res, target, id) || assign(value),
        ExprKind::Chain { base, links } => {
            assign(base)
                || links.iter().any(|link| match &link.kind {
                    LinkKind::Call(args) => args.iter().any(item),
                    LinkKind::Index(index) => assign(index),
                    LinkKind::Member(_) | LinkKind::Private(_) => false,
                })
        }
    }
}

/// Whether storing into a pattern assigns to a variable.
pub fn target_assigns(res: &Resolution, pattern: &Pattern, id: BindingId) -> bool {
    let slot = |slot: &Slot| {
        slot.default.as_ref().is_some_and(|default| assigns(res, default, id)) || target_assigns(res, &slot.target, id)
    };
    match &pattern.kind {
        PatternKind::Name(_) => match res.reference(pattern) {
            Some(Reference::Binding(target, _)) => res.storage(target) == res.storage(id),
            _ => false,
        },
        PatternKind::Member(place) => assigns(res, place, id),
        PatternKind::Array { elements, rest } => {
            elements.iter().flatten().any(slot) || rest.as_ref().is_some_and(|rest| target_assigns(res, rest, id))
        }
        PatternKind::Object { properties, rest } => {
            properties.iter().any(|property| {
                matches!(&property.key, PropKey::Computed(key) if assigns(res, key, id)) || slot(&property.value)
            }) || rest.as_ref().is_some_and(|rest| target_assigns(res, rest, id))
        }
    }
}

impl Compiler<'_> {
    /// Whether a temporary with the value of an expression borrows.
    pub fn borrows(&self, expr: &Expr) -> bool {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.borrows_inner(expr))
    }

    fn borrows_inner(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(_) => match self.res.reference(expr) {
                Some(Reference::Binding(id, _)) => self.variable_borrows(id),
                _ => false,
            },
            ExprKind::Paren(inner) => self.borrows(inner),
            ExprKind::Chain { .. } | ExprKind::SuperMember(_) | ExprKind::SuperIndex(_) => true,
            // The old value, which can be an exact integer.
            ExprKind::Update { prefix: false, .. } => kind_of(self.res, expr) == Kind::Any,
            ExprKind::Logical { first, rest } => {
                self.borrows(first) || rest.iter().any(|(_, operand)| self.borrows(operand))
            }
            ExprKind::Conditional { then, otherwise, .. } => self.borrows(then) || self.borrows(otherwise),
            ExprKind::Assign { op, value, .. } => match op {
                None => self.borrows(value),
                Some(AssignOp::Binary(_)) => false,
                Some(AssignOp::Logical(_)) => true,
            },
            _ => false,
        }
    }

    /// A variable outside of the registers, which a callee can overwrite.
    pub fn variable_borrows(&self, id: BindingId) -> bool {
        let binding = self.res.binding(id);
        if binding.holds < Kind::Any || self.is_register(id) {
            return false;
        }
        let open = self.res.open_globals && binding.global.is_some();
        binding.assigned || open
    }
}
