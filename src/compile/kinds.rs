//! What a variable certainly holds, whatever the way to the use: it saves counts and sweeps.
//!
//! Every assignment to a variable is in the source, so the kinds are the least solution of "a variable holds what is
//! assigned to it", reached by going around until nothing changes. Only literals make exact integers, so arithmetic on
//! numbers that never met one stays in doubles.

use super::scope::{BindingId, BindingKind, Reference, Resolution};
use crate::syntax::ast::*;

/// Ordered: each includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A number that is no heap atom.
    Number,
    /// Nothing on the heap.
    Immediate,
    Any,
}

/// One assignment to a variable.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    Expr(&'a Expr),
    Undefined,
    /// `x op= e`
    Compound(BinaryOp, &'a Expr),
    /// `x++`
    Update,
    Unknown,
}

/// Rounds before the analysis gives up (chains of variables assigned to each other backwards).
const ROUNDS: usize = 16;

/// Fills in [`Binding::holds`](super::scope::Binding::holds).
pub fn infer(resolution: &mut Resolution, sources: &[(BindingId, Source)]) {
    for (id, _) in sources {
        let binding = &mut resolution.bindings[id.0 as usize];
        if matches!(binding.kind, BindingKind::Let | BindingKind::Const)
            && !(resolution.open_globals && binding.global.is_some())
        {
            binding.holds = Kind::Number;
        }
    }
    for _ in 0..ROUNDS {
        let mut changed = false;
        for &(id, source) in sources {
            let now = resolution.bindings[id.0 as usize].holds;
            if now == Kind::Any {
                continue;
            }
            let kind = match source {
                Source::Expr(value) => kind_of(resolution, value),
                Source::Undefined => Kind::Immediate,
                Source::Compound(op, value) => arithmetic(op, now, kind_of(resolution, value)),
                Source::Update => Kind::Number,
                Source::Unknown => Kind::Any,
            };
            if kind > now {
                resolution.bindings[id.0 as usize].holds = kind;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
    for (id, _) in sources {
        resolution.bindings[id.0 as usize].holds = Kind::Any;
    }
}

/// What an expression certainly gives.
pub fn kind_of(resolution: &Resolution, expr: &Expr) -> Kind {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || kind_of_inner(resolution, expr))
}

fn kind_of_inner(resolution: &Resolution, expr: &Expr) -> Kind {
    match &expr.kind {
        ExprKind::Number(_) => Kind::Number,
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::PrivateIn { .. } | ExprKind::Delete(_) => Kind::Immediate,
        ExprKind::Name(_) => match resolution.reference(expr) {
            Some(Reference::Binding(id, _)) => resolution.binding(id).holds,
            Some(Reference::Undefined) => Kind::Immediate,
            Some(Reference::Nan | Reference::Infinity) => Kind::Number,
            _ => Kind::Any,
        },
        ExprKind::Paren(inner) => kind_of(resolution, inner),
        ExprKind::Unary { op, operand } => match op {
            UnaryOp::BitNot => Kind::Number,
            UnaryOp::Not => Kind::Immediate,
            UnaryOp::Typeof => Kind::Any,
            UnaryOp::Neg | UnaryOp::Plus => match kind_of(resolution, operand) {
                Kind::Any => Kind::Any,
                _ => Kind::Number,
            },
        },
        ExprKind::Update { target, .. } => match &target.kind {
            PatternKind::Name(_) => match resolution.reference(&**target) {
                Some(Reference::Binding(id, _)) if resolution.binding(id).holds < Kind::Any => Kind::Number,
                _ => Kind::Any,
            },
            _ => Kind::Any,
        },
        ExprKind::Binary { first, rest } => {
            let mut kind = kind_of(resolution, first);
            for (op, _, operand) in rest {
                kind = if *op as u8 <= BinaryOp::Pow as u8 && kind == Kind::Any {
                    Kind::Any
                } else {
                    arithmetic(*op, kind, kind_of(resolution, operand))
                };
            }
            kind
        }
        ExprKind::Logical { first, rest } => {
            let mut kind = kind_of(resolution, first);
            for (_, operand) in rest {
                if kind == Kind::Any {
                    break;
                }
                kind = join(kind, kind_of(resolution, operand));
            }
            kind
        }
        ExprKind::Conditional { then, otherwise, .. } => {
            join(kind_of(resolution, then), kind_of(resolution, otherwise))
        }
        ExprKind::Assign { target, op, value } => match (op, &target.kind) {
            (None, _) => kind_of(resolution, value),
            (Some(AssignOp::Binary(op)), PatternKind::Name(_)) => match resolution.reference(&**target) {
                Some(Reference::Binding(id, _)) => {
                    arithmetic(*op, resolution.binding(id).holds, kind_of(resolution, value))
                }
                _ => Kind::Any,
            },
            (Some(AssignOp::Binary(op)), _) => arithmetic(*op, Kind::Any, kind_of(resolution, value)),
            (Some(AssignOp::Logical(_)), _) => Kind::Any,
        },
        _ => Kind::Any,
    }
}

/// What an operation gives when it does not throw.
pub fn arithmetic(op: BinaryOp, left: Kind, right: Kind) -> Kind {
    use BinaryOp::*;
    match op {
        Add | Sub | Mul | Div | Rem | Pow => match join(left, right) {
            Kind::Any => Kind::Any,
            _ => Kind::Number,
        },
        BitAnd | BitOr | BitXor | Shl | Shr | UShr => Kind::Number,
        Eq | Ne | Lt | Le | Gt | Ge | In | Instanceof => Kind::Immediate,
    }
}

fn join(left: Kind, right: Kind) -> Kind {
    left.max(right)
}
