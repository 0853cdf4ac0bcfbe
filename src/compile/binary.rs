//! Binary operators: a left spine, with constants as operands where the instruction set has them.

use super::Compiler;
use super::emit::Reg;
use super::expr::{bare, is_arithmetic};
use super::kinds::{Kind, arithmetic, kind_of};
use super::op::{Instr, Op, flag};
use crate::syntax::ast::*;

/// The right operand of an instruction.
pub enum Right {
    Register(Reg),
    Constant(u16),
    Small(i16),
}

impl<'a> Compiler<'a> {
    /// `((first op e) op e) …` to a register; `flags` are those of the last instruction.
    pub fn binary(&mut self, first: &'a Expr, rest: &'a [(BinaryOp, Span, Expr)], dest: Reg, flags: u8) {
        let mark = self.f.top;
        let Some(((op, span, right), before)) = rest.split_last() else {
            return self.expr(first, dest);
        };
        if before.is_empty() && flags & flag::SELF == 0 && is_swapped(*op, first, right) {
            self.swapped_product(first, *span, right, dest, flags);
            self.f.top = mark;
            return;
        }
        let (left, kind) = self.spine(first, before, right);
        self.operation(*op, left, kind, *span, right, dest, flags);
        self.f.top = mark;
    }

    /// The left operand of the last operator, and its kind.
    pub fn spine(&mut self, first: &'a Expr, before: &'a [(BinaryOp, Span, Expr)], last: &Expr) -> (Reg, Kind) {
        let next = before.first().map_or(last, |(_, _, operand)| operand);
        let mut kind = kind_of(self.res, first);
        let mark = self.f.top;
        let mut before = before;
        let mut left = match before.split_first() {
            Some(((op, span, right), rest)) if is_swapped(*op, first, right) => {
                let dest = self.f.temp();
                let mark = self.f.top;
                self.swapped_product(first, *span, right, dest, 0);
                self.f.top = mark;
                kind = arithmetic(*op, kind, kind_of(self.res, right));
                before = rest;
                dest
            }
            _ => self.operand_before(first, &[next]),
        };
        if before.is_empty() {
            return (left, kind);
        }
        // What is in the middle of the spine is fresh: it needs no protection.
        let is_temp = left as usize >= mark;
        let dest = if is_temp { left } else { self.f.temp() };
        for (op, span, right) in before {
            let mark = self.f.top;
            self.operation(*op, left, kind, *span, right, dest, 0);
            self.f.top = mark;
            kind = arithmetic(*op, kind, kind_of(self.res, right));
            left = dest;
        }
        (dest, kind)
    }

    /// `2 * x` with the constant as the right operand, if [`is_swapped`].
    fn swapped_product(&mut self, left: &'a Expr, span: Span, right: &'a Expr, dest: Reg, flags: u8) {
        let operand = self.operand(right);
        let constant = self.right_operand(BinaryOp::Mul, Kind::Any, left);
        self.f.at(span);
        self.constant_operation(BinaryOp::Mul, operand, constant, dest, flags | flag::SWAPPED);
    }

    /// One operator with its left operand in a register.
    #[allow(clippy::too_many_arguments)]
    fn operation(&mut self, op: BinaryOp, left: Reg, kind: Kind, span: Span, right: &'a Expr, dest: Reg, flags: u8) {
        let operand = self.right_operand(op, kind, right);
        self.f.at(span);
        self.constant_operation(op, left, operand, dest, flags);
    }

    /// The right operand of an arithmetic operator: a constant if it is one and the operator takes it.
    pub fn right_operand(&mut self, op: BinaryOp, left: Kind, right: &'a Expr) -> Right {
        if let Some(constant) = self.constant_operand(op, left, right) {
            return constant;
        }
        Right::Register(self.operand(right))
    }

    fn constant_operand(&mut self, op: BinaryOp, left: Kind, right: &Expr) -> Option<Right> {
        let constant = match &bare(right).kind {
            ExprKind::Number(value) => {
                let small = *value as i16;
                let fits = small as f64 == *value && !(small == 0 && value.is_sign_negative());
                match op {
                    BinaryOp::Add if fits => return Some(Right::Small(small)),
                    // On numbers the same as adding the opposite, but for -0.
                    BinaryOp::Sub if fits && small != 0 && small != i16::MIN && left == Kind::Number => {
                        return Some(Right::Small(-small));
                    }
                    _ => {}
                }
                constant_form(op)?;
                self.f.number(*value)
            }
            ExprKind::Exact(value) if constant_form(op).is_some() => self.f.exact(*value),
            ExprKind::String(value) if op == BinaryOp::Add => self.f.string(value),
            _ => return None,
        };
        u16::try_from(constant).ok().map(Right::Constant)
    }

    pub fn constant_operation(&mut self, op: BinaryOp, left: Reg, right: Right, dest: Reg, flags: u8) {
        let flags = if is_arithmetic(op) { flags } else { 0 };
        let (op, a, b) = match right {
            Right::Small(value) => (Op::AddI, left, value as u16),
            Right::Constant(constant) => (constant_form(op).unwrap_or(Op::AddK), left, constant),
            Right::Register(right) => match op {
                BinaryOp::Gt => (Op::Lt, right, left),
                BinaryOp::Ge => (Op::Le, right, left),
                _ => (register_form(op), left, right),
            },
        };
        self.f.push(Instr::abc(op, flags, dest, a, b));
    }
}

/// Whether a product has a constant as its left operand only: there is no instruction for that, but one for the opposite order.
fn is_swapped(op: BinaryOp, left: &Expr, right: &Expr) -> bool {
    let is_number = |expr: &Expr| matches!(bare(expr).kind, ExprKind::Number(_));
    op == BinaryOp::Mul && is_number(left) && !is_number(right)
}

fn constant_form(op: BinaryOp) -> Option<Op> {
    Some(match op {
        BinaryOp::Add => Op::AddK,
        BinaryOp::Sub => Op::SubK,
        BinaryOp::Mul => Op::MulK,
        BinaryOp::Div => Op::DivK,
        BinaryOp::Rem => Op::RemK,
        BinaryOp::BitAnd => Op::BitAndK,
        BinaryOp::BitOr => Op::BitOrK,
        BinaryOp::BitXor => Op::BitXorK,
        BinaryOp::Shl => Op::ShlK,
        BinaryOp::Shr => Op::ShrK,
        BinaryOp::UShr => Op::UShrK,
        _ => return None,
    })
}

fn register_form(op: BinaryOp) -> Op {
    match op {
        BinaryOp::Add => Op::Add,
        BinaryOp::Sub => Op::Sub,
        BinaryOp::Mul => Op::Mul,
        BinaryOp::Div => Op::Div,
        BinaryOp::Rem => Op::Rem,
        BinaryOp::Pow => Op::Pow,
        BinaryOp::BitAnd => Op::BitAnd,
        BinaryOp::BitOr => Op::BitOr,
        BinaryOp::BitXor => Op::BitXor,
        BinaryOp::Shl => Op::Shl,
        BinaryOp::Shr => Op::Shr,
        BinaryOp::UShr => Op::UShr,
        BinaryOp::Eq => Op::Eq,
        BinaryOp::Ne => Op::Ne,
        BinaryOp::Lt | BinaryOp::Gt => Op::Lt,
        BinaryOp::Le | BinaryOp::Ge => Op::Le,
        BinaryOp::In => Op::In,
        BinaryOp::Instanceof => Op::InstanceOf,
    }
}
