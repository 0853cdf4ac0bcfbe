//! What an expression can leave behind at the end of its statement: whether the statement ends with a sweep.

use super::Compiler;
use super::kinds::{Kind, arithmetic, kind_of};
use super::scope::{BindingId, Reference};
use crate::syntax::ast::*;

/// Ordered: each is worse than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing is on probation and nothing protected.
    Clean,
    /// Only atoms can be on probation: nobody can tell when they die.
    Light,
    /// Anything.
    Heavy,
}

use Effect::{Clean, Heavy, Light};

impl<'a> Compiler<'a> {
    /// What the evaluation of an expression to a temporary leaves.
    pub fn effect(&self, expr: &Expr) -> Effect {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.effect_inner(expr))
    }

    fn effect_inner(&self, expr: &Expr) -> Effect {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Exact(_)
            | ExprKind::String(_)
            | ExprKind::Name(_)
            | ExprKind::This
            | ExprKind::SuperMember(_) => Clean,
            ExprKind::Template { holes, .. } if holes.is_empty() => Clean,
            ExprKind::Template { .. }
            | ExprKind::Array(_)
            | ExprKind::Object(_)
            | ExprKind::Function(_)
            | ExprKind::Class(_)
            | ExprKind::New { .. }
            | ExprKind::SuperCall(_)
            | ExprKind::Delete(_) => Heavy,
            ExprKind::Paren(inner) => self.effect(inner),
            ExprKind::Unary { op, operand } => {
                let own = match op {
                    UnaryOp::Neg | UnaryOp::Plus if kind_of(self.res, operand) == Kind::Any => Light,
                    _ => Clean,
                };
                own.max(self.effect(operand))
            }
            ExprKind::Update { target, .. } => self.target_effect(target, Kind::Number),
            ExprKind::Binary { first, rest } => self.binary_effect(first, rest),
            ExprKind::Logical { first, rest } => {
                rest.iter().fold(self.effect(first), |effect, (_, operand)| effect.max(self.effect(operand)))
            }
            ExprKind::Conditional { test, then, otherwise } => {
                self.effect(test).max(self.effect(then)).max(self.effect(otherwise))
            }
            ExprKind::Assign { target, op, value } => match op {
                Some(AssignOp::Binary(_)) => {
                    self.target_effect(target, kind_of(self.res, expr)).max(self.effect(value))
                }
                _ => match self.local_target(target) {
                    Some(id) if self.res.binding(id).holds < Kind::Any => self.effect(value),
                    _ => Heavy,
                },
            },
            ExprKind::Chain { base, links } => links.iter().fold(self.effect(base), |effect, link| match &link.kind {
                LinkKind::Member(_) | LinkKind::Private(_) => effect,
                LinkKind::Index(index) => effect.max(Light).max(self.effect(index)),
                LinkKind::Call(_) => Heavy,
            }),
            ExprKind::SuperIndex(index) => self.effect(index),
            ExprKind::PrivateIn { object, .. } => self.effect(object),
        }
    }

    /// The same where the value of the whole goes to a local: what an arithmetic instruction makes is owned at once. A fresh container has an entry all
    /// the same, and a statement that leaves one behind would keep the value to the end of a later statement.
    pub fn effect_owned(&self, expr: &Expr) -> Effect {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.effect_owned_inner(expr))
    }

    fn effect_owned_inner(&self, expr: &Expr) -> Effect {
        match &expr.kind {
            ExprKind::Paren(inner) => self.effect_owned(inner),
            ExprKind::Binary { first, rest } if rest.len() == 1 => self.effect(first).max(self.effect(&rest[0].2)),
            _ => self.effect(expr),
        }
    }

    fn binary_effect(&self, first: &Expr, rest: &[(BinaryOp, Span, Expr)]) -> Effect {
        let mut effect = self.effect(first);
        let mut kind = kind_of(self.res, first);
        for (op, _, operand) in rest {
            let right = kind_of(self.res, operand);
            let result = arithmetic(*op, kind, right);
            effect = effect.max(self.effect(operand));
            if result == Kind::Any {
                // With a number on one side the most that can be made is a string.
                let maybe_text = *op == BinaryOp::Add && kind == Kind::Any && right == Kind::Any;
                effect = effect.max(if maybe_text { Heavy } else { Light });
            }
            if effect == Heavy {
                return Heavy;
            }
            kind = result;
        }
        effect
    }

    /// An update or compound assignment: only an atom can be overwritten.
    fn target_effect(&self, target: &Pattern, result: Kind) -> Effect {
        match (&target.kind, self.local_target(target)) {
            (_, Some(id)) => match self.res.binding(id).holds {
                Kind::Any => Light,
                _ => Clean,
            },
            (PatternKind::Member(place), _) => self.effect(place).max(Light),
            _ if result == Kind::Any => Heavy,
            _ => Light,
        }
    }

    /// The local in a register of this function that a target names.
    pub fn local_target(&self, target: &Pattern) -> Option<BindingId> {
        let PatternKind::Name(_) = target.kind else {
            return None;
        };
        match self.res.reference(target) {
            Some(Reference::Binding(id, _)) if self.is_register(id) => Some(id),
            _ => None,
        }
    }

    /// A variable that lives in a register of the current function.
    pub fn is_register(&self, id: BindingId) -> bool {
        let binding = self.res.binding(id);
        binding.function == self.f.id
            && binding.global.is_none()
            && !binding.captured
            && binding.kind != super::scope::BindingKind::FunctionSelf
    }
}
