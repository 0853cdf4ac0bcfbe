//! Conditions: jumps instead of boolean values.

use super::Compiler;
use super::emit::{Label, Reg};
use super::expr::bare;
use super::op::Op;
use super::scope::Reference;
use crate::syntax::ast::*;

impl<'a> Compiler<'a> {
    /// Jumps if the condition is true, else goes on.
    pub fn jump_when(&mut self, test: &'a Expr, label: Label) {
        self.condition(test, true, label);
    }

    /// Jumps if the condition is false, else goes on.
    pub fn jump_unless(&mut self, test: &'a Expr, label: Label) {
        self.condition(test, false, label);
    }

    /// Jumps if the truth of the expression is `sense`.
    pub fn condition(&mut self, test: &'a Expr, sense: bool, label: Label) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.condition_inner(test, sense, label));
    }

    fn condition_inner(&mut self, test: &'a Expr, sense: bool, label: Label) {
        let mark = self.f.top;
        match &test.kind {
            ExprKind::Paren(inner) => self.condition(inner, sense, label),
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.condition(operand, !sense, label),
            ExprKind::Bool(value) => {
                if *value == sense {
                    self.f.jump(label);
                }
            }
            ExprKind::Logical { first, rest } if rest.iter().all(|(op, _)| *op != LogicalOp::Coalesce) => {
                self.logical_condition(first, rest, sense, label);
            }
            ExprKind::Binary { first, rest } if rest.last().is_some_and(|(op, ..)| is_comparison(*op)) => {
                self.comparison(first, rest, sense, label);
            }
            _ => {
                let register = self.operand(test);
                self.f.at(test.span);
                self.f.jump_if(if sense { Op::JumpTrue } else { Op::JumpFalse }, register, label);
            }
        }
        self.f.top = mark;
    }

    fn logical_condition(&mut self, first: &'a Expr, rest: &'a [(LogicalOp, Expr)], sense: bool, label: Label) {
        let Some((last_op, last)) = rest.last() else {
            return self.condition(first, sense, label);
        };
        // The run of the last operator; what stands before it is one operand.
        let start = rest.iter().rposition(|(op, _)| op != last_op).map_or(0, |at| at + 1);
        // `a && b`: any false operand decides; `a || b`: any true one.
        let decisive = *last_op == LogicalOp::Or;
        let middle = &rest[start..rest.len() - 1];
        if decisive == sense {
            self.logical_condition(first, &rest[..start], sense, label);
            middle.iter().for_each(|(_, operand)| self.condition(operand, sense, label));
            self.condition(last, sense, label);
        } else {
            let skip = self.f.label();
            self.logical_condition(first, &rest[..start], decisive, skip);
            middle.iter().for_each(|(_, operand)| self.condition(operand, decisive, skip));
            self.condition(last, sense, label);
            self.f.bind(skip);
        }
    }

    fn comparison(&mut self, first: &'a Expr, rest: &'a [(BinaryOp, Span, Expr)], sense: bool, label: Label) {
        let Some(((op, span, right), before)) = rest.split_last() else {
            return;
        };
        let equality = matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        // A constant on the left changes sides.
        if before.is_empty() {
            let constant = self.comparand(first, equality);
            if constant.is_some() && self.comparand(right, equality).is_none() {
                let register = self.operand(right);
                self.f.at(*span);
                return self.compare_constant(mirrored(*op), register, constant, sense, label);
            }
        }
        let constant = self.comparand(right, equality);
        if constant.is_some() {
            let (left, _) = self.spine(first, before, right);
            self.f.at(*span);
            return self.compare_constant(*op, left, constant, sense, label);
        }
        let (left, _) = self.spine(first, before, right);
        let right = self.operand(right);
        self.f.at(*span);
        let (op, sense, a, b) = match op {
            BinaryOp::Eq => (Op::JumpEq, sense, left, right),
            BinaryOp::Ne => (Op::JumpEq, !sense, left, right),
            BinaryOp::Lt => (Op::JumpLt, sense, left, right),
            BinaryOp::Le => (Op::JumpLe, sense, left, right),
            BinaryOp::Gt => (Op::JumpLt, sense, right, left),
            _ => (Op::JumpLe, sense, right, left),
        };
        self.f.jump_short(op, sense, a, b, label);
    }

    /// The operand of a jump that compares with a constant.
    fn comparand(&mut self, expr: &Expr, equality: bool) -> Option<Comparand> {
        let expr = bare(expr);
        let constant = match &expr.kind {
            ExprKind::Number(value) if !equality => {
                let small = *value as i16;
                if small as f64 == *value {
                    return Some(Comparand::Small(small as u16));
                }
                self.f.number(*value)
            }
            ExprKind::Null if equality => return Some(Comparand::Immediate(1)),
            ExprKind::Bool(value) if equality => {
                return Some(Comparand::Immediate(2 + *value as u16));
            }
            ExprKind::Name(_) if equality && self.res.reference(expr) == Some(Reference::Undefined) => {
                return Some(Comparand::Immediate(0));
            }
            ExprKind::Number(value) if equality => self.f.number(*value),
            ExprKind::Exact(value) if equality => self.f.exact(*value),
            ExprKind::String(value) if equality => self.f.string(value),
            _ => return None,
        };
        u16::try_from(constant).ok().map(Comparand::Constant)
    }

    /// Jumps if a register equals an expression that is a constant. Says whether it is one.
    pub fn compare_with(&mut self, register: Reg, expr: &Expr, label: Label) -> bool {
        let constant = self.comparand(expr, true);
        self.compare_constant(BinaryOp::Eq, register, constant, true, label);
        constant.is_some()
    }

    fn compare_constant(&mut self, op: BinaryOp, left: Reg, constant: Option<Comparand>, sense: bool, label: Label) {
        let sense = sense != (op == BinaryOp::Ne);
        let (op, operand) = match (op, constant) {
            (BinaryOp::Lt, Some(Comparand::Small(value))) => (Op::JumpLtI, value),
            (BinaryOp::Le, Some(Comparand::Small(value))) => (Op::JumpLeI, value),
            (BinaryOp::Gt, Some(Comparand::Small(value))) => (Op::JumpGtI, value),
            (_, Some(Comparand::Small(value))) => (Op::JumpGeI, value),
            (_, Some(Comparand::Immediate(value))) => (Op::JumpIs, value),
            (BinaryOp::Lt, Some(Comparand::Constant(constant))) => (Op::JumpLtK, constant),
            (BinaryOp::Le, Some(Comparand::Constant(constant))) => (Op::JumpLeK, constant),
            (BinaryOp::Gt, Some(Comparand::Constant(constant))) => (Op::JumpGtK, constant),
            (BinaryOp::Ge, Some(Comparand::Constant(constant))) => (Op::JumpGeK, constant),
            (_, Some(Comparand::Constant(constant))) => (Op::JumpEqK, constant),
            (_, None) => return,
        };
        self.f.jump_short(op, sense, left, operand, label);
    }
}

#[derive(Clone, Copy)]
enum Comparand {
    /// For the order of numbers.
    Small(u16),
    /// `undefined`, `null`, `false`, `true`.
    Immediate(u16),
    Constant(u16),
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge)
}

/// The operator with its operands changed over.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}
