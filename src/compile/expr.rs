//! Expressions: into a wanted register, or read where they stand.

use super::Compiler;
use super::emit::Reg;
use super::kinds::{Kind, kind_of};
use super::op::{Instr, Op};
use super::protect::{assigns, runs};
use super::scope::Reference;
use crate::syntax::ast::*;

/// The expression without parentheses around it.
pub fn bare(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

impl<'a> Compiler<'a> {
    /// Evaluates to a dead register, which becomes a temporary.
    pub fn expr(&mut self, expr: &'a Expr, dest: Reg) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_inner(expr, dest));
    }

    fn expr_inner(&mut self, expr: &'a Expr, dest: Reg) {
        let mark = self.f.top;
        self.f.at(expr.span);
        match &expr.kind {
            ExprKind::Null => self.f.a(Op::LoadNull, dest),
            ExprKind::Bool(true) => self.f.a(Op::LoadTrue, dest),
            ExprKind::Bool(false) => self.f.a(Op::LoadFalse, dest),
            ExprKind::Number(value) => self.f.load_number(dest, *value),
            ExprKind::Exact(value) => {
                let constant = self.f.exact(*value);
                self.f.wide(Op::LoadK, dest, constant);
            }
            ExprKind::String(value) => self.f.load_string(dest, value),
            ExprKind::Template { quasis, holes } => self.template(quasis, holes, dest),
            ExprKind::Array(items) => self.array(items, dest),
            ExprKind::Object(properties) => self.object(properties, dest),
            ExprKind::Function(function) => {
                let name = function.name.as_ref().map(|name| name.name.clone());
                self.closure(function, name, dest);
            }
            ExprKind::Class(class) => self.class(class, None, dest, None),
            ExprKind::Name(_) => {
                if let Some(reference) = self.res.reference(expr) {
                    let register = self.read(reference, expr.span, Some(dest));
                    self.f.move_to(dest, register);
                }
            }
            ExprKind::This => {
                let register = self.this(expr.span, Some(dest));
                self.f.move_to(dest, register);
            }
            ExprKind::Paren(inner) => self.expr(inner, dest),
            ExprKind::Unary { op, operand } => {
                let register = self.operand(operand);
                self.f.at(expr.span);
                let op = match op {
                    UnaryOp::Neg => Op::Neg,
                    UnaryOp::Plus => Op::Plus,
                    UnaryOp::Not => Op::Not,
                    UnaryOp::BitNot => Op::BitNot,
                    UnaryOp::Typeof => Op::Typeof,
                };
                self.f.ab(op, dest, register);
            }
            ExprKind::Update { increment, prefix, target } => {
                self.update(expr, *increment, *prefix, target, Some(dest));
            }
            ExprKind::Binary { first, rest } => self.binary(first, rest, dest, 0),
            ExprKind::Logical { first, rest } => self.logical(first, rest, dest),
            ExprKind::Conditional { test, then, otherwise } => {
                let (alternative, end) = (self.f.label(), self.f.label());
                self.jump_unless(test, alternative);
                self.expr(then, dest);
                self.f.jump(end);
                self.f.bind(alternative);
                self.expr(otherwise, dest);
                self.f.bind(end);
            }
            ExprKind::Assign { target, op, value } => self.assign(expr, target, *op, value, Some(dest)),
            ExprKind::Chain { base, links } => self.chain(base, links, dest),
            ExprKind::New { callee, args } => self.new_instance(expr, callee, args, dest),
            ExprKind::SuperCall(args) => self.super_call(expr, args, dest),
            ExprKind::SuperMember(name) => {
                let this = self.this(expr.span, None);
                self.f.at(expr.span);
                self.get_super(dest, this, &name.name, false);
            }
            ExprKind::SuperIndex(index) => {
                let this = self.this(expr.span, None);
                let index = self.operand(index);
                self.f.at(expr.span);
                self.f.abc(Op::GetSuperIndex, dest, this, index);
            }
            ExprKind::PrivateIn { name, object } => {
                let object = self.operand(object);
                let private = self.private_name(name);
                self.f.at(expr.span);
                self.f.abc(Op::HasPrivate, dest, object, private);
            }
            ExprKind::Delete(operand) => self.delete(expr, operand, dest),
        }
        self.f.top = mark;
        self.f.at(expr.span);
    }

    /// The register of an operand: that of a local, or a new temporary.
    pub fn operand(&mut self, expr: &'a Expr) -> Reg {
        match &expr.kind {
            ExprKind::Paren(inner) => return self.operand(inner),
            ExprKind::Name(_) => {
                if let Some(reference) = self.res.reference(expr) {
                    self.f.at(expr.span);
                    return self.read(reference, expr.span, None);
                }
            }
            ExprKind::This => {
                self.f.at(expr.span);
                return self.this(expr.span, None);
            }
            _ => {}
        }
        let dest = self.f.temp();
        self.expr(expr, dest);
        dest
    }

    /// An operand that stays live while `later` are evaluated: copied if they assign it, protected if they run something.
    pub fn operand_before(&mut self, expr: &'a Expr, later: &[&Expr]) -> Reg {
        if let Some(reference @ Reference::Binding(id, _)) = self.res.reference(bare(expr))
            && self.is_register(id)
            && self.res.binding(id).assigned
            && later.iter().any(|later| assigns(self.res, later, id))
        {
            let dest = self.f.temp();
            let register = self.read(reference, expr.span, Some(dest));
            self.f.move_to(dest, register);
            return dest;
        }
        let register = self.operand(expr);
        self.protect_before(register, expr, later);
        register
    }

    /// Protects a temporary if it borrows and something later runs. Says whether it is protected.
    pub fn protect_before(&mut self, register: Reg, expr: &Expr, later: &[&Expr]) -> bool {
        let protect = self.borrows(expr) && later.iter().any(|later| runs(self.res, later));
        if protect {
            self.f.a(Op::Protect, register);
        }
        protect
    }

    /// `a && b || c ?? d` as a value.
    fn logical(&mut self, first: &'a Expr, rest: &'a [(LogicalOp, Expr)], dest: Reg) {
        self.expr(first, dest);
        let mut rest = rest.iter().peekable();
        while let Some((op, operand)) = rest.next() {
            let end = self.f.label();
            self.f.jump_if(skips(*op), dest, end);
            self.expr(operand, dest);
            // A run of the same operator is left at once.
            while let Some((_, operand)) = rest.next_if(|(next, _)| next == op) {
                self.f.jump_if(skips(*op), dest, end);
                self.expr(operand, dest);
            }
            self.f.bind(end);
        }
    }

    /// Evaluates for the effect alone.
    pub fn discard(&mut self, expr: &'a Expr) {
        let mark = self.f.top;
        self.f.at(expr.span);
        match &expr.kind {
            ExprKind::Paren(inner) => self.discard(inner),
            ExprKind::Assign { target, op, value } => self.assign(expr, target, *op, value, None),
            ExprKind::Update { increment, prefix, target } => self.update(expr, *increment, *prefix, target, None),
            ExprKind::Conditional { test, then, otherwise } => {
                let (alternative, end) = (self.f.label(), self.f.label());
                self.jump_unless(test, alternative);
                self.discard(then);
                self.f.jump(end);
                self.f.bind(alternative);
                self.discard(otherwise);
                self.f.bind(end);
            }
            _ => {
                self.operand(expr);
            }
        }
        self.f.top = mark;
    }

    /// Evaluates to the last register taken, which becomes a counted local of the current scope.
    pub fn expr_owned(&mut self, expr: &'a Expr, dest: Reg) {
        let mark = self.f.top;
        if kind_of(self.res, expr) < Kind::Any {
            return self.expr(expr, dest);
        }
        let inner = bare(expr);
        match &inner.kind {
            ExprKind::Name(_) | ExprKind::This => {
                let register = self.operand(inner);
                self.f.ab(Op::Init, dest, register);
            }
            ExprKind::Binary { first, rest } if rest.last().is_some_and(|(op, ..)| is_arithmetic(*op)) => {
                self.binary(first, rest, dest, super::op::flag::OWN);
            }
            _ => {
                self.expr(inner, dest);
                self.f.a(Op::Own, dest);
            }
        }
        self.f.top = mark;
    }

    /// Evaluates with the name that a function or class without one gets from its place.
    pub fn named_expr(&mut self, expr: &'a Expr, name: &Name, dest: Reg) {
        let mark = self.f.top;
        let inner = bare(expr);
        match &inner.kind {
            ExprKind::Function(function) if function.name.is_none() => {
                self.f.at(inner.span);
                self.closure(function, Some(name.clone()), dest);
            }
            ExprKind::Class(class) if class.name.is_none() => {
                self.f.at(inner.span);
                self.class(class, Some(name.clone()), dest, None);
            }
            _ => self.expr(expr, dest),
        }
        self.f.top = mark;
    }

    /// `operand` with a name for what has none.
    pub fn named_operand(&mut self, expr: &'a Expr, name: &Name) -> Reg {
        if is_anonymous(expr) {
            let dest = self.f.temp();
            self.named_expr(expr, name, dest);
            return dest;
        }
        self.operand(expr)
    }

    /// The end of a full expression.
    pub fn sweep(&mut self, effect: super::effects::Effect) {
        match effect {
            super::effects::Effect::Clean => {}
            super::effects::Effect::Light => self.f.light = true,
            super::effects::Effect::Heavy => self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0)),
        }
    }
}

/// A function or class that takes the name of its place.
pub fn is_anonymous(expr: &Expr) -> bool {
    match &bare(expr).kind {
        ExprKind::Function(function) => function.name.is_none(),
        ExprKind::Class(class) => class.name.is_none(),
        _ => false,
    }
}

pub fn is_arithmetic(op: BinaryOp) -> bool {
    op as u8 <= BinaryOp::UShr as u8
}

/// The jump over the right operand.
pub fn skips(op: LogicalOp) -> Op {
    match op {
        LogicalOp::And => Op::JumpFalse,
        LogicalOp::Or => Op::JumpTrue,
        LogicalOp::Coalesce => Op::JumpNotNullish,
    }
}
