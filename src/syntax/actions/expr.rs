//! Expressions, but for operators with two operands.

use super::*;
use crate::syntax::filter::Before;
use crate::syntax::token::Tok;

/// `( … )` before it is known what it is.
pub struct Cover {
    pub items: Vec<Item>,
    /// A comma stands before the `)`.
    pub trailing: bool,
    pub span: Span,
}

/// A parenthesised expression.
pub fn parenthesised(cx: &Context, mut cover: Cover) -> Expr {
    let at = cover.span;
    if cover.trailing {
        let before = cx.source[..at.end as usize - 1].trim_end();
        let comma = before.len() as u32;
        let fix = before.ends_with(',').then(|| Fix::remove(comma - 1, comma, "the comma"));
        let here = span(at.end - 1, at.end);
        cx.refuse_fixed(codes::COMMA, here, "a comma stands before this `)`", "leave out the last comma", fix);
    }
    if cover.items.len() > 1 {
        let (Item::Expr(first) | Item::Spread(first)) = &cover.items[0];
        let comma = cx.source[first.span.end as usize..].find(',').unwrap_or(0) as u32 + first.span.end;
        report_comma(cx, span(comma, comma + 1), "keep the last expression, or write `[…]` for an array", None);
    }
    match cover.items.pop() {
        None => {
            cx.refuse(codes::UNEXPECTED, at, "`()` holds no expression", "parameters of an arrow function need `=>`");
            leaf(at.start, at.end, ExprKind::Null)
        }
        Some(Item::Spread(value)) => {
            cx.refuse(
                codes::UNEXPECTED,
                with_dots(cx, value.span),
                "`...` stands in parentheses",
                "spread into an array, an object or arguments",
            );
            value
        }
        Some(Item::Expr(value)) => node(cx, at, value.depth, ExprKind::Paren(Box::new(value))),
    }
}

fn report_comma(cx: &Context, at: Span, help: &str, fix: Option<Fix>) {
    cx.refuse_fixed(codes::COMMA, at, "the comma operator is not in the language", help, fix);
}

/// `a, b`: refused; the first one stays.
pub fn comma(cx: &Context, first: Expr, at: u32, rest: Vec<Expr>) -> Expr {
    let before = cx.source[..first.span.start as usize].trim_end();
    let names = matches!(first.kind, ExprKind::Name(_)) && rest.iter().all(|e| matches!(e.kind, ExprKind::Name(_)));
    let (help, fix) = if names && before.ends_with('{') {
        ("parenthesise for an object: `({a, b})`", in_parentheses(cx, before.len() as u32 - 1, &rest))
    } else {
        ("write two statements, separated by `;`", as_statements(cx, &first, &rest))
    };
    report_comma(cx, span(at, at + 1), help, fix);
    first
}

/// Parentheses around the brace at `start` and the one that closes it.
fn in_parentheses(cx: &Context, start: u32, names: &[Expr]) -> Option<Fix> {
    let last = names.last()?.span.end;
    let blanks = cx.source[last as usize..].find('}')? as u32;
    let end = last + blanks + 1;
    let fix = Fix::new("put it in parentheses", vec![Edit::new(start, start, "("), Edit::new(end, end, ")")]);
    cx.only_blanks_and("}", last, end).then_some(fix)
}

/// `;` for every comma, where the expressions are a statement in a list of statements: an `if` has only one as its body.
fn as_statements(cx: &Context, first: &Expr, rest: &[Expr]) -> Option<Fix> {
    let opened = Before::new(cx, first.span.start)?;
    if !opened.at_statement || !matches!(opened.last.kind, Tok::Semi | Tok::Brace | Tok::RBrace) {
        return None;
    }
    let mut edits = Vec::with_capacity(rest.len());
    let mut end = first.span.end;
    for next in rest {
        let comma = end + cx.source.get(end as usize..next.span.start as usize)?.find(',')? as u32;
        if !cx.only_blanks_and(",", end, next.span.start) {
            return None;
        }
        edits.push(Edit::new(comma, comma + 1, ";"));
        end = next.span.end;
    }
    Some(Fix::new("make it statements", edits))
}

/// A skipped element: right only in a pattern, so the mistake is pending.
pub fn hole(cx: &Context, at: u32) -> Item {
    let error = Diagnostic::new(codes::ARRAY_HOLE, span(at, at + 1), "an array cannot have holes")
        .label("nothing stands before this comma")
        .help("write `undefined`, or remove the comma")
        .fix(Fix::insert(at, "undefined"));
    cx.pend(error);
    Item::Expr(leaf(at, at, ExprKind::Name("".into())))
}

/// Whether it is such a mark.
pub(super) fn is_hole(value: &Expr) -> bool {
    value.span.start == value.span.end && matches!(&value.kind, ExprKind::Name(name) if name.is_empty())
}

pub fn array(cx: &Context, l: u32, r: u32, items: Vec<Item>) -> Expr {
    node(cx, span(l, r), items_depth(&items), ExprKind::Array(items))
}

pub fn object(cx: &Context, l: u32, r: u32, list: Vec<Property>) -> Expr {
    let below = list.iter().map(property_depth).max().unwrap_or(0);
    node(cx, span(l, r), below, ExprKind::Object(list))
}

fn property_depth(property: &Property) -> u16 {
    match property {
        Property::KeyValue { key, value } => key_depth(key).max(value.depth),
        Property::Shorthand(_) => 0,
        Property::Method { key, function } => key_depth(key).max(function_depth(function)),
        Property::Spread(value) => value.depth,
    }
}

/// Refuses `__proto__` as a key that is not quoted; `quoted` is how to write it.
fn check_key(cx: &Context, key: &PropKey, quoted: &str) {
    if let PropKey::Named(ident) = key
        && &*ident.name == "__proto__"
        && !starts_with(cx, ident.span, b'"')
        && !starts_with(cx, ident.span, b'\'')
    {
        cx.refuse_fixed(
            codes::PROTO_KEY,
            ident.span,
            "the key `__proto__` sets a prototype in JavaScript",
            "quote it for an ordinary key: `\"__proto__\"`",
            Fix::replace(ident.span, quoted),
        );
    }
}

const QUOTED_PROTO: &str = "\"__proto__\"";

pub fn key_value(cx: &Context, key: PropKey, value: Expr) -> Property {
    check_key(cx, &key, QUOTED_PROTO);
    Property::KeyValue { key, value }
}

/// `{a}`: a key and a variable.
pub fn shorthand(cx: &Context, name: Ident) -> Property {
    check_shorthand(cx, &name);
    Property::Shorthand(name)
}

fn check_shorthand(cx: &Context, name: &Ident) {
    const RESERVED: &[&str] = &[
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "new",
        "null",
        "return",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
    ];
    if RESERVED.contains(&&*name.name) {
        cx.refuse(
            codes::RESERVED_NAME,
            name.span,
            format!("`{}` is a reserved word and cannot be a variable", name.name),
            format!("give the key a value: `{{{}: …}}`", name.name),
        );
    }
    check_variable(cx, name);
    if &*name.name == "__proto__" {
        check_key(cx, &PropKey::Named(name.clone()), "\"__proto__\": __proto__");
    }
}

/// `{a = 1}`: right only in a pattern, so the mistake is pending.
pub fn shorthand_default(cx: &Context, name: Ident, value: Expr) -> Property {
    check_shorthand(cx, &name);
    let (behind, start) = (name.span.end, value.span.start);
    let fix = Fix::new("write a key and its value", vec![Edit::new(behind, start, ": ")]);
    let message = format!("`{0} = …` in braces is a default, and this is no pattern", name.name);
    let error = Diagnostic::new(codes::SHORTHAND_DEFAULT, name.span, message)
        .help(format!("write `{}: …` for an object", name.name))
        .fix(cx.only_blanks_and("=", behind, start).then_some(fix));
    cx.pend(error);
    let target = Pattern { kind: PatternKind::Name(name.name.clone()), span: name.span };
    let at = name.span.to(value.span);
    let depth = value.depth;
    let kind = ExprKind::Assign { target: Box::new(target), op: None, value: Box::new(value) };
    Property::KeyValue { key: PropKey::Named(name), value: node(cx, at, depth, kind) }
}

pub fn method(cx: &Context, l: u32, key: PropKey, params: Box<Parameters>, body: Block) -> Property {
    check_key(cx, &key, QUOTED_PROTO);
    let name = key_name(&key);
    let function = function(FunctionKind::Method, l, name, params, FunctionBody::Block(body));
    cx.mark_for_check();
    Property::Method { key, function }
}

pub(super) fn key_name(key: &PropKey) -> Option<Ident> {
    match key {
        PropKey::Named(ident) => Some(ident.clone()),
        PropKey::Computed(_) => None,
    }
}

pub fn this(cx: &Context, l: u32, r: u32) -> Expr {
    cx.mark_for_check();
    leaf(l, r, ExprKind::This)
}

pub fn conditional(cx: &Context, test: Expr, then: Expr, otherwise: Expr) -> Expr {
    let below = test.depth.max(then.depth).max(otherwise.depth);
    let at = test.span.to(otherwise.span);
    let kind = ExprKind::Conditional { test: Box::new(test), then: Box::new(then), otherwise: Box::new(otherwise) };
    node(cx, at, below, kind)
}

pub fn assign(cx: &Context, target: Expr, value: Expr) -> Expr {
    let below = target.depth.max(value.depth);
    let at = target.span.to(value.span);
    let target = Box::new(pattern(cx, target));
    node(cx, at, below, ExprKind::Assign { target, op: None, value: Box::new(value) })
}

pub fn compound(cx: &Context, target: Expr, op: AssignOp, value: Expr) -> Expr {
    let below = target.depth.max(value.depth);
    let at = target.span.to(value.span);
    let target = Box::new(simple_target(cx, target));
    node(cx, at, below, ExprKind::Assign { target, op: Some(op), value: Box::new(value) })
}

pub fn update(cx: &Context, l: u32, r: u32, increment: bool, prefix: bool, target: Expr) -> Expr {
    let below = target.depth;
    let target = Box::new(simple_target(cx, target));
    node(cx, span(l, r), below, ExprKind::Update { increment, prefix, target })
}

pub fn unary(cx: &Context, l: u32, op: UnaryOp, operand: Expr) -> Expr {
    let at = span(l, operand.span.end);
    node(cx, at, operand.depth, ExprKind::Unary { op, operand: Box::new(operand) })
}

/// `delete` of a member; of anything else it is refused.
pub fn delete(cx: &Context, l: u32, operand: Expr) -> Expr {
    let at = span(l, operand.span.end);
    let mut inner = operand;
    while let ExprKind::Paren(value) = inner.kind {
        inner = *value;
    }
    let is_member = match &inner.kind {
        ExprKind::Chain { links, .. } => {
            matches!(links.last(), Some(Link { kind: LinkKind::Member(_) | LinkKind::Index(_), .. }))
        }
        _ => false,
    };
    if !is_member {
        cx.refuse(
            codes::DELETE_TARGET,
            inner.span,
            "`delete` removes a key of an object, and this is none",
            "write `delete o.key` or `delete o[key]`; a variable is forgotten by assigning `undefined`",
        );
        return inner;
    }
    node(cx, at, inner.depth, ExprKind::Delete(Box::new(inner)))
}

// ---- Members and calls ----

/// Appends a link to the chain that `base` is, or begins one. A parenthesised chain is a base.
fn link(cx: &Context, base: Expr, below: u16, link: Link) -> Expr {
    if below >= cx.max_depth {
        return node(cx, base.span.to(link.span), below, ExprKind::Null);
    }
    let at = base.span.to(link.span);
    match base {
        Expr { kind: ExprKind::Chain { base, mut links }, depth, .. } => {
            links.push(link);
            Expr { kind: ExprKind::Chain { base, links }, span: at, depth: depth.max(below + 1) }
        }
        base => {
            let below = below.max(base.depth);
            node(cx, at, below, ExprKind::Chain { base: Box::new(base), links: vec![link] })
        }
    }
}

pub fn member(cx: &Context, base: Expr, at: Span, optional: bool, name: Ident) -> Expr {
    check_member(cx, &base, &name);
    link(cx, base, 0, Link { kind: LinkKind::Member(name), optional, span: at })
}

/// Refuses what would show prototypes.
fn check_member(cx: &Context, base: &Expr, name: &Ident) {
    match &*name.name {
        "prototype" => cx.refuse(
            codes::PROTOTYPE,
            name.span,
            "`.prototype`: prototypes are not visible in the language",
            "declare methods in a `class`, and inherit with `extends`",
        ),
        "__proto__" => cx.refuse(
            codes::PROTOTYPE,
            name.span,
            "`.__proto__`: prototypes are not visible in the language",
            "inherit with `class … extends`; for an ordinary key write `o[\"__proto__\"]`",
        ),
        "create"
        | "setPrototypeOf"
        | "getPrototypeOf"
        | "defineProperty"
        | "defineProperties"
        | "getOwnPropertyDescriptor"
        | "getOwnPropertyDescriptors"
            if matches!(&base.kind, ExprKind::Name(object) if &**object == "Object") =>
        {
            let at = base.span.to(name.span);
            let is_empty = cx.source[at.end as usize..].starts_with("(null)") && &*name.name == "create";
            // The body of an arrow function would be a block without the parentheses.
            let fix = is_empty.then(|| Fix::replace(span(at.start, at.end + "(null)".len() as u32), "({})"));
            cx.refuse_fixed(
                codes::OBJECT_FUNCTION,
                at,
                format!("`Object.{}` is not in the language: prototypes and descriptors are not visible", name.name),
                if &*name.name == "create" {
                    "write `{}` for an object without a prototype, or a `class`"
                } else {
                    "assign properties, or declare a `class`"
                },
                fix,
            );
        }
        _ => {}
    }
}

pub fn private_member(cx: &Context, base: Expr, at: Span, optional: bool, name: Ident) -> Expr {
    link(cx, base, 0, Link { kind: LinkKind::Private(name), optional, span: at })
}

pub fn index(cx: &Context, base: Expr, at: Span, optional: bool, key: Expr) -> Expr {
    link(cx, base, key.depth, Link { kind: LinkKind::Index(key), optional, span: at })
}

pub fn call(cx: &Context, callee: Expr, at: Span, optional: bool, args: Vec<Item>) -> Expr {
    check_function(cx, &callee);
    link(cx, callee, items_depth(&args), Link { kind: LinkKind::Call(args), optional, span: at })
}

/// Refuses `Function("…")` and `new Function("…")`.
fn check_function(cx: &Context, callee: &Expr) {
    if matches!(&callee.kind, ExprKind::Name(name) if &**name == "Function") {
        cx.refuse(
            codes::NEW_FUNCTION,
            callee.span,
            "`Function` as a constructor is not in the language: text does not become code",
            "write a function: `(a, b) => …`",
        );
    }
}

pub fn tagged(cx: &Context, base: Expr, at: Span) -> Expr {
    cx.refuse(
        codes::TAGGED_TEMPLATE,
        at,
        "tagged templates are not in the language",
        "call a function with a template: f(`…`)",
    );
    base
}

/// `new callee(args)`; `end` is absent when there are no parentheses.
pub fn new(cx: &Context, l: u32, end: Option<u32>, callee: Expr, args: Vec<Item>) -> Expr {
    check_function(cx, &callee);
    let at = span(l, end.unwrap_or(callee.span.end));
    let below = items_depth(&args).max(callee.depth);
    node(cx, at, below, ExprKind::New { callee: Box::new(callee), args })
}

pub fn new_target(cx: &Context, l: u32, r: u32) -> Expr {
    cx.refuse(
        codes::NEW_TARGET,
        span(l, r),
        "`new.target` is not in the language",
        "a class is always called with `new`, a function never",
    );
    leaf(l, r, ExprKind::Null)
}

pub fn super_member(cx: &Context, l: u32, r: u32, name: Ident) -> Expr {
    cx.mark_for_check();
    leaf(l, r, ExprKind::SuperMember(name))
}

pub fn super_index(cx: &Context, l: u32, r: u32, key: Expr) -> Expr {
    cx.mark_for_check();
    node(cx, span(l, r), key.depth, ExprKind::SuperIndex(Box::new(key)))
}

pub fn super_call(cx: &Context, l: u32, r: u32, args: Vec<Item>) -> Expr {
    cx.mark_for_check();
    node(cx, span(l, r), items_depth(&args), ExprKind::SuperCall(args))
}
