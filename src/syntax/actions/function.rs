//! Functions and their parameters.

use std::sync::Arc;

use super::*;

/// Parameters, converted.
pub struct Parameters {
    params: Vec<Slot>,
    rest: Option<Pattern>,
    span: Span,
}

impl Parameters {
    pub(super) fn span(&self) -> Span {
        self.span
    }
}

pub fn parameters(cx: &Context, cover: Cover) -> Box<Parameters> {
    let mut params = Vec::with_capacity(cover.items.len());
    let mut rest = None;
    let last = cover.items.len().saturating_sub(1);
    for (position, item) in cover.items.into_iter().enumerate() {
        match item {
            Item::Expr(value) => {
                let slot = slot(cx, value);
                check_parameter(cx, &slot.target);
                params.push(slot);
            }
            Item::Spread(value) => {
                if position != last || cover.trailing {
                    report_rest(cx, value.span, position == last);
                }
                let target = rest_target(cx, value);
                check_parameter(cx, &target);
                rest = Some(target);
            }
        }
    }
    let parameters = Parameters { params, rest, span: cover.span };
    check_duplicates(cx, &parameters);
    Box::new(parameters)
}

fn check_duplicates(cx: &Context, parameters: &Parameters) {
    let mut names = Vec::new();
    for slot in &parameters.params {
        bound_names(&slot.target, &mut names);
    }
    if let Some(rest) = &parameters.rest {
        bound_names(rest, &mut names);
    }
    if names.len() < 2 {
        return;
    }
    names.sort_by(|a, b| (a.0, a.1.start).cmp(&(b.0, b.1.start)));
    for pair in names.windows(2) {
        if pair[0].0 == pair[1].0 {
            cx.refuse(
                codes::DUPLICATE_PARAMETER,
                pair[1].1,
                format!("two parameters are named `{}`", pair[1].0),
                "choose another name for one of them",
            );
        }
    }
}

/// A function whose `{ … }` or expression has been read.
pub(super) fn function(
    kind: FunctionKind,
    l: u32,
    name: Option<Ident>,
    parameters: Box<Parameters>,
    body: FunctionBody,
) -> Arc<Function> {
    let end = match &body {
        FunctionBody::Block(block) => block.span.end,
        FunctionBody::Expr(value) => value.span.end,
    };
    let Parameters { params, rest, .. } = *parameters;
    Arc::new(Function { kind, name, params, rest, body, span: span(l, end) })
}

/// Levels of a function, itself included.
pub(super) fn function_depth(function: &Function) -> u16 {
    let params = function.params.iter().map(slot_depth).max().unwrap_or(0);
    let rest = function.rest.as_ref().map_or(0, pattern_depth);
    let body = match &function.body {
        FunctionBody::Block(block) => block_depth(&block.body),
        FunctionBody::Expr(value) => value.depth,
    };
    params.max(rest).max(body).saturating_add(1)
}

pub fn function_expression(
    cx: &Context,
    l: u32,
    name: Option<Ident>,
    parameters: Box<Parameters>,
    body: Block,
) -> Expr {
    if let Some(name) = &name {
        check_variable(cx, name);
    }
    function_node(cx, function(FunctionKind::Plain, l, name, parameters, FunctionBody::Block(body)))
}

pub fn arrow(cx: &Context, cover: Cover, body: FunctionBody) -> Expr {
    let parameters = parameters(cx, cover);
    let l = parameters.span().start;
    function_node(cx, function(FunctionKind::Arrow, l, None, parameters, body))
}

/// `x => …`
pub fn arrow_of_name(cx: &Context, param: Ident, body: FunctionBody) -> Expr {
    check_variable(cx, &param);
    let at = param.span;
    let target = Pattern { kind: PatternKind::Name(param.name), span: at };
    let parameters = Parameters { params: vec![Slot { target, default: None }], rest: None, span: at };
    function_node(cx, function(FunctionKind::Arrow, at.start, None, Box::new(parameters), body))
}

fn function_node(cx: &Context, function: Arc<Function>) -> Expr {
    cx.mark_for_check();
    let below = function_depth(&function).saturating_sub(1);
    node(cx, function.span, below, ExprKind::Function(function))
}

pub fn function_declaration(
    cx: &Context,
    l: u32,
    name: Option<Ident>,
    parameters: Box<Parameters>,
    body: Block,
) -> Box<Stmt> {
    cx.mark_for_check();
    let name = name.or_else(|| cx.default_name(l));
    let name = declared_name(cx, name, span(l, l + "function".len() as u32), "function");
    let function = function(FunctionKind::Plain, l, Some(name), parameters, FunctionBody::Block(body));
    let depth = function_depth(&function);
    statement(cx, function.span.start, function.span.end, depth, StmtKind::Function(function))
}

/// The name of a declaration, which must be there.
pub(super) fn declared_name(cx: &Context, name: Option<Ident>, word: Span, what: &str) -> Ident {
    match name {
        Some(name) => {
            check_variable(cx, &name);
            name
        }
        None => {
            cx.refuse(
                codes::MISSING_NAME,
                word,
                format!("this {what} declaration has no name"),
                format!("name it: `{what} f …`; for an expression, put it in parentheses")
                    .replace("class f", "class C"),
            );
            Ident { name: "".into(), span: word }
        }
    }
}
