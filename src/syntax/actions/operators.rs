//! Operators with two operands: from a flat list to a tree, by precedence.
//!
//! The method is Dijkstra's shunting yard: a stack of operands and one of operators that wait for their right side. Since
//! waiting operators bind ever tighter, the stacks stay short but for `**`, which nests to the right. A left spine is
//! collected into one flat node, whatever operators it mixes.

use super::*;

/// Which operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Binary(BinaryOp),
    Logical(LogicalOp),
}

impl Operator {
    /// How tightly it binds.
    fn precedence(self) -> u8 {
        use BinaryOp::*;
        match self {
            Operator::Logical(LogicalOp::Or | LogicalOp::Coalesce) => 1,
            Operator::Logical(LogicalOp::And) => 2,
            Operator::Binary(op) => match op {
                BitOr => 3,
                BitXor => 4,
                BitAnd => 5,
                Eq | Ne => 6,
                Lt | Le | Gt | Ge | In | Instanceof => 7,
                Shl | Shr | UShr => 8,
                Add | Sub => 9,
                Mul | Div | Rem => 10,
                Pow => 11,
            },
        }
    }
}

/// `operand op operand op operand …`.
pub struct Operators {
    operands: Vec<Expr>,
    ops: Vec<(Operator, Span)>,
}

impl Operators {
    pub fn new(first: Expr, op: Operator, at: Span, next: Expr) -> Box<Self> {
        Box::new(Operators { operands: vec![first, next], ops: vec![(op, at)] })
    }

    pub fn push(mut self: Box<Self>, op: Operator, at: Span, next: Expr) -> Box<Self> {
        self.ops.push((op, at));
        self.operands.push(next);
        self
    }

    pub fn into_tree(self: Box<Self>, cx: &Context) -> Expr {
        self.check_mixing(cx);
        let Operators { operands, ops } = *self;
        let mut operands = operands.into_iter();
        let mut values: Vec<Expr> = operands.next().into_iter().collect();
        let mut waiting: Vec<(Operator, Span)> = Vec::new();
        for ((op, at), operand) in ops.into_iter().zip(operands) {
            let precedence = op.precedence();
            let nests_right = op == Operator::Binary(BinaryOp::Pow);
            while let Some((top, _)) = waiting.last()
                && (top.precedence() > precedence || top.precedence() == precedence && !nests_right)
            {
                reduce(cx, &mut values, &mut waiting);
            }
            if nests_right && let Some(left) = values.last() {
                check_power(cx, left);
            }
            waiting.push((op, at));
            values.push(operand);
        }
        while !waiting.is_empty() {
            reduce(cx, &mut values, &mut waiting);
        }
        values.pop().unwrap_or_else(|| leaf(0, 0, ExprKind::Null))
    }

    /// `??` and `||` or `&&` side by side need parentheses, as in JavaScript.
    fn check_mixing(&self, cx: &Context) {
        let coalesces = |op: &Operator| *op == Operator::Logical(LogicalOp::Coalesce);
        let mut logical = self.ops.iter().filter(|(op, _)| matches!(op, Operator::Logical(_)));
        let Some((first, _)) = logical.next() else {
            return;
        };
        if let Some((_, at)) = logical.find(|(op, _)| coalesces(op) != coalesces(first)) {
            cx.refuse(
                codes::MIXED_COALESCE,
                *at,
                "`??` and `||` or `&&` side by side: which one goes first is not clear",
                "put one of them in parentheses: `(a ?? b) || c`",
            );
        }
    }
}

/// `-a ** b` could mean two things.
fn check_power(cx: &Context, left: &Expr) {
    let minus = starts_with(cx, left.span, b'-');
    let is_unary = match left.kind {
        ExprKind::Unary { .. } | ExprKind::Delete(_) => true,
        ExprKind::Number(_) | ExprKind::Exact(_) => minus,
        _ => false,
    };
    if is_unary {
        cx.refuse(
            codes::UNARY_POWER,
            left.span,
            "a prefix operator before `**` could mean two things",
            "put parentheses: `(-a) ** b` or `-(a ** b)`",
        );
    }
}

/// Gives the last waiting operator its operands.
fn reduce(cx: &Context, values: &mut Vec<Expr>, waiting: &mut Vec<(Operator, Span)>) {
    let (Some((op, at)), Some(right), Some(left)) = (waiting.pop(), values.pop(), values.pop()) else {
        return;
    };
    values.push(match op {
        Operator::Logical(op) => logical(cx, left, op, right),
        Operator::Binary(op) => binary(cx, left, op, at, right),
    });
}

fn binary(cx: &Context, left: Expr, op: BinaryOp, at: Span, right: Expr) -> Expr {
    let whole = left.span.to(right.span);
    if op == BinaryOp::In
        && let Some(name) = marked_private(cx, &left)
    {
        cx.mark_for_check();
        return node(cx, whole, right.depth, ExprKind::PrivateIn { name, object: Box::new(right) });
    }
    match left {
        // A spine goes on; a power stands alone.
        Expr { kind: ExprKind::Binary { first, mut rest }, depth, .. }
            if op != BinaryOp::Pow && rest[0].0 != BinaryOp::Pow && right.depth < cx.max_depth =>
        {
            let depth = depth.max(right.depth + 1);
            rest.push((op, at, right));
            Expr { kind: ExprKind::Binary { first, rest }, span: whole, depth }
        }
        left => {
            let below = left.depth.max(right.depth);
            node(cx, whole, below, ExprKind::Binary { first: Box::new(left), rest: vec![(op, at, right)] })
        }
    }
}

fn logical(cx: &Context, left: Expr, op: LogicalOp, right: Expr) -> Expr {
    let whole = left.span.to(right.span);
    match left {
        Expr { kind: ExprKind::Logical { first, mut rest }, depth, .. } if right.depth < cx.max_depth => {
            let depth = depth.max(right.depth + 1);
            rest.push((op, right));
            Expr { kind: ExprKind::Logical { first, rest }, span: whole, depth }
        }
        left => {
            let below = left.depth.max(right.depth);
            node(cx, whole, below, ExprKind::Logical { first: Box::new(left), rest: vec![(op, right)] })
        }
    }
}
