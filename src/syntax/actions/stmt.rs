//! Statements.

use super::*;

/// A statement of the given depth.
pub fn statement(cx: &Context, l: u32, r: u32, depth: u16, kind: StmtKind) -> Box<Stmt> {
    let at = span(l, r);
    if depth > cx.max_depth {
        cx.too_deep(at);
        return Box::new(Stmt { kind: StmtKind::Empty, span: at, depth: 0 });
    }
    Box::new(Stmt { kind, span: at, depth })
}

/// A statement around parts whose deepest has the depth `below`.
fn around(cx: &Context, l: u32, r: u32, below: u16, kind: StmtKind) -> Box<Stmt> {
    statement(cx, l, r, below.saturating_add(1), kind)
}

pub fn block_statement(cx: &Context, block: Block) -> Box<Stmt> {
    let at = block.span;
    let below = block_depth(&block.body);
    around(cx, at.start, at.end, below, StmtKind::Block(block))
}

/// `let` and `const` with their names or patterns.
pub fn declaration(cx: &Context, l: u32, r: u32, kind: DeclKind, list: Vec<Expr>) -> Box<Stmt> {
    let word = span(l, l + "const".len() as u32);
    let is_name = matches!(&list[..], [Expr { kind: ExprKind::Name(_), .. }]);
    let decls = list.into_iter().map(|value| declarator(cx, kind, value, is_name.then_some(word))).collect::<Vec<_>>();
    let below = decls.iter().map(declarator_depth).max().unwrap_or(0);
    around(cx, l, r, below, StmtKind::Declare { kind, decls })
}

pub fn declarators(cx: &Context, kind: DeclKind, list: Vec<Expr>) -> Vec<Declarator> {
    list.into_iter().map(|value| declarator(cx, kind, value, None)).collect()
}

/// `word`: the `const` before it, where it could as well be `let`.
fn declarator(cx: &Context, kind: DeclKind, value: Expr, word: Option<Span>) -> Declarator {
    let at = value.span;
    let Slot { target, default } = slot(cx, value);
    check_parameter(cx, &target);
    let is_pattern = matches!(target.kind, PatternKind::Array { .. } | PatternKind::Object { .. });
    if default.is_none() && (kind == DeclKind::Const || is_pattern) {
        let message = if is_pattern { "a pattern needs a value to take apart" } else { "a `const` needs its value" };
        let fix = word.map(|word| Fix::replace(word, "let"));
        cx.refuse_fixed(codes::MISSING_VALUE, at, message, "add `= …`, or declare a name with `let`", fix);
    }
    Declarator { target, init: default, span: at }
}

pub fn catch_parameter(cx: &Context, param: Expr) -> Pattern {
    let at = param.span;
    let Slot { target, default } = slot(cx, param);
    if default.is_some() {
        let fix = Fix::remove(target.span.end, at.end, "the default");
        cx.refuse_fixed(codes::BAD_BINDING, at, "the parameter of `catch` has no default", "write `catch (e)`", fix);
    }
    check_parameter(cx, &target);
    target
}

// ---- if ----

pub struct IfHead {
    pub start: u32,
    pub test: Expr,
}

/// The arms of `if … else if …` so far.
#[derive(Default)]
pub struct IfChain {
    start: Option<u32>,
    arms: Vec<(Expr, Box<Stmt>)>,
    below: u16,
}

pub fn if_arm(cx: &Context, mut chain: Box<IfChain>, head: Box<IfHead>, body: Box<Stmt>) -> Box<IfChain> {
    check_body(cx, &body);
    chain.start.get_or_insert(head.start);
    chain.below = chain.below.max(head.test.depth).max(body.depth);
    chain.arms.push((head.test, body));
    chain
}

/// A whole `if`: its arms, perhaps a last one, perhaps an `else`.
pub fn if_chain(
    cx: &Context,
    mut chain: Box<IfChain>,
    last: Option<(Box<IfHead>, Box<Stmt>)>,
    otherwise: Option<Box<Stmt>>,
) -> Box<Stmt> {
    if let Some((head, body)) = last {
        chain = if_arm(cx, chain, head, body);
    }
    let mut end = chain.arms.last().map_or(0, |(_, body)| body.span.end);
    if let Some(body) = &otherwise {
        check_body(cx, body);
        chain.below = chain.below.max(body.depth);
        end = body.span.end;
    }
    let IfChain { start, arms, below } = *chain;
    around(cx, start.unwrap_or(end), end, below, StmtKind::If { arms, otherwise })
}

/// The body of `if` or a loop cannot be a declaration.
fn check_body(cx: &Context, body: &Stmt) {
    let what = match &body.kind {
        StmtKind::Declare { kind: DeclKind::Let, .. } => "`let`",
        StmtKind::Declare { kind: DeclKind::Const, .. } => "`const`",
        StmtKind::Function(_) => "a function declaration",
        StmtKind::Class(_) => "a class declaration",
        _ => return,
    };
    let Span { start, end } = body.span;
    let end = end + u32::from(cx.source.as_bytes().get(end as usize) == Some(&b';'));
    let fix = Fix::new("put it in braces", vec![Edit::new(start, start, "{ "), Edit::new(end, end, " }")]);
    cx.refuse_fixed(
        codes::DECLARATION_BODY,
        body.span,
        format!("{what} cannot be the whole body: nothing could use what it declares"),
        "put the body in braces",
        fix,
    );
}

// ---- Loops and labels ----

/// What stands before the body of a loop, or a label.
pub struct Head {
    start: u32,
    below: u16,
    kind: HeadKind,
}

enum HeadKind {
    Label(Ident),
    While(Expr),
    For { init: Option<Box<ForInit>>, test: Vec<Expr>, update: Vec<Expr> },
    ForOf(Box<(ForHead, Expr)>),
    ForIn(Box<(ForHead, Expr)>),
}

impl Head {
    fn new(start: u32, below: u16, kind: HeadKind) -> Box<Head> {
        Box::new(Head { start, below, kind })
    }

    pub fn label(name: Ident) -> Box<Head> {
        Self::new(name.span.start, 0, HeadKind::Label(name))
    }

    pub fn while_loop(l: u32, test: Expr) -> Box<Head> {
        Self::new(l, test.depth, HeadKind::While(test))
    }

    pub fn for_loop(l: u32, init: Option<Box<ForInit>>, test: Vec<Expr>, update: Vec<Expr>) -> Box<Head> {
        let deepest = |list: &[Expr]| list.iter().map(|value| value.depth).max().unwrap_or(0);
        let of_init = match init.as_deref() {
            None => 0,
            Some(ForInit::Exprs(list)) => deepest(list),
            Some(ForInit::Declare { decls, .. }) => decls.iter().map(declarator_depth).max().unwrap_or(0),
        };
        let below = of_init.max(deepest(&test)).max(deepest(&update));
        Self::new(l, below, HeadKind::For { init, test, update })
    }

    /// `for … of` and `for … in`.
    pub fn for_each(cx: &Context, l: u32, kind: Option<DeclKind>, target: Expr, over: Expr, of: bool) -> Box<Head> {
        let below = target.depth.max(over.depth);
        let at = target.span;
        if let ExprKind::Assign { target, .. } = &target.kind {
            cx.refuse_fixed(
                codes::FOR_HEAD,
                at,
                "the variable of this loop cannot have a value",
                "each turn gives it the next one: `for (const x of xs)`",
                Fix::remove(target.span.end, at.end, "the value"),
            );
        }
        let head = match kind {
            Some(kind) => {
                let Slot { target, .. } = slot(cx, target);
                check_parameter(cx, &target);
                ForHead::Declare { kind, target }
            }
            None => ForHead::Assign(slot(cx, target).target),
        };
        let parts = Box::new((head, over));
        Self::new(l, below, if of { HeadKind::ForOf(parts) } else { HeadKind::ForIn(parts) })
    }
}

fn declarator_depth(decl: &Declarator) -> u16 {
    pattern_depth(&decl.target).max(decl.init.as_ref().map_or(0, |value| value.depth))
}

/// Puts a head before its body.
pub fn with_head(cx: &Context, head: Box<Head>, mut body: Box<Stmt>) -> Box<Stmt> {
    let Head { start, below, kind } = *head;
    let end = body.span.end;
    let below = below.max(body.depth);
    let labels = Vec::new();
    if !matches!(kind, HeadKind::Label(_)) {
        check_body(cx, &body);
    }
    let kind = match kind {
        HeadKind::Label(name) => {
            cx.mark_for_check();
            add_label(cx, &mut body, name);
            body.span.start = start;
            return body;
        }
        HeadKind::While(test) => StmtKind::While { labels, test, body },
        HeadKind::For { init, test, update } => {
            StmtKind::For { labels, init: init.map(|init| *init), test, update, body }
        }
        HeadKind::ForOf(parts) => StmtKind::ForOf { labels, head: parts.0, iterable: parts.1, body },
        HeadKind::ForIn(parts) => StmtKind::ForIn { labels, head: parts.0, object: parts.1, body },
    };
    around(cx, start, end, below, kind)
}

/// Gives a loop one more label, which stands before those it has.
fn add_label(cx: &Context, body: &mut Stmt, name: Ident) {
    match &mut body.kind {
        StmtKind::While { labels, .. }
        | StmtKind::DoWhile { labels, .. }
        | StmtKind::For { labels, .. }
        | StmtKind::ForOf { labels, .. }
        | StmtKind::ForIn { labels, .. } => labels.insert(0, name),
        _ => {
            let (end, start) = (name.span.end, body.span.start);
            let fix = Fix::remove(name.span.start, start, "the label");
            cx.refuse_fixed(
                codes::LABEL,
                name.span,
                format!("the label `{}` stands before something that is no loop", name.name),
                "labels name loops, for `break` and `continue`; remove it, or parenthesise an object: `({a: 1})`",
                cx.only_blanks_and(":", end, start).then_some(fix),
            );
        }
    }
}

pub fn do_while(cx: &Context, l: u32, r: u32, body: Box<Stmt>, test: Expr) -> Box<Stmt> {
    check_body(cx, &body);
    let below = body.depth.max(test.depth);
    around(cx, l, r, below, StmtKind::DoWhile { labels: Vec::new(), body, test })
}

// ---- Jumps, switch, try ----

pub fn jump(cx: &Context, l: u32, r: u32, kind: StmtKind) -> Box<Stmt> {
    cx.mark_for_check();
    statement(cx, l, r, 0, kind)
}

pub fn return_value(cx: &Context, l: u32, r: u32, value: Expr) -> Box<Stmt> {
    cx.mark_for_check();
    statement(cx, l, r, value.depth, StmtKind::Return(Some(value)))
}

pub fn switch(cx: &Context, l: u32, r: u32, subject: Expr, cases: Vec<Case>) -> Box<Stmt> {
    let mut below = subject.depth;
    let mut has_default = false;
    for case in &cases {
        below = below.max(block_depth(&case.body)).max(case.test.as_ref().map_or(0, |test| test.depth));
        if case.test.is_none() && std::mem::replace(&mut has_default, true) {
            let at = span(case.span.start, case.span.start + "default".len() as u32);
            cx.refuse(
                codes::DUPLICATE_DEFAULT,
                at,
                "a `switch` has one `default`, and this is the second",
                "merge them",
            );
        }
    }
    around(cx, l, r, below, StmtKind::Switch { subject, cases })
}

pub fn try_statement(
    cx: &Context,
    l: u32,
    r: u32,
    block: Block,
    catch: Option<Box<Catch>>,
    finally: Option<Block>,
) -> Box<Stmt> {
    if catch.is_none() && finally.is_none() {
        cx.refuse(
            codes::LONE_TRY,
            span(l, l + "try".len() as u32),
            "`try` has neither `catch` nor `finally`",
            "add `catch (e) { … }` behind its block",
        );
    }
    let mut below = block_depth(&block.body);
    if let Some(catch) = &catch {
        let param = catch.param.as_ref().map_or(0, pattern_depth);
        below = below.max(param).max(block_depth(&catch.body.body));
    }
    if let Some(finally) = &finally {
        below = below.max(block_depth(&finally.body));
    }
    around(cx, l, r, below, StmtKind::Try { block, catch: catch.map(|catch| *catch), finally })
}

/// A case of a `switch`; `r` is the end of its test or `default`.
pub fn case(l: u32, r: u32, test: Option<Expr>, body: Vec<Stmt>) -> Box<Case> {
    let end = body.last().map_or(r, |last| last.span.end);
    Box::new(Case { test, body, span: span(l, end) })
}
