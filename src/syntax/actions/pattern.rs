//! From expressions to patterns: targets of assignments, declarations and parameters.
//!
//! The grammar reads them all as expressions. What is right only in a pattern (a skipped element, `{a = 1}`) was noted as
//! pending and is withdrawn here; what is right only in an expression is reported here.

use super::*;

/// Room on the native stack below which a conversion moves to a fresh piece of it.
const RED_ZONE: usize = 64 * 1024;
const STACK_PIECE: usize = 1024 * 1024;

/// The target of `=`: a name, a member, or a pattern of them.
pub fn pattern(cx: &Context, target: Expr) -> Pattern {
    stacker::maybe_grow(RED_ZONE, STACK_PIECE, || convert(cx, target))
}

/// The target of `+=`, `++` and the like: a name or a member.
pub fn simple_target(cx: &Context, target: Expr) -> Pattern {
    if let ExprKind::Array(_) | ExprKind::Object(_) = target.kind {
        invalid(cx, target.span, "a pattern can only be assigned to with `=`");
        return nowhere(target.span);
    }
    pattern(cx, target)
}

fn convert(cx: &Context, target: Expr) -> Pattern {
    let at = target.span;
    let kind = match target.kind {
        ExprKind::Name(name) if name.starts_with('#') => {
            cx.withdraw(at.start);
            return invalid(cx, at, "a private name belongs to an object: `this.#name`");
        }
        ExprKind::Name(name) => PatternKind::Name(name),
        ExprKind::Array(items) => return array_pattern(cx, at, items),
        ExprKind::Object(list) => return object_pattern(cx, at, list),
        ExprKind::Paren(inner) => {
            if let ExprKind::Array(_) | ExprKind::Object(_) | ExprKind::Assign { .. } = inner.kind {
                return invalid(cx, at, "a pattern cannot stand in parentheses");
            }
            let inner = pattern(cx, *inner);
            return Pattern { kind: inner.kind, span: at };
        }
        ExprKind::SuperMember(_) | ExprKind::SuperIndex(_) => PatternKind::Member(Box::new(target)),
        ExprKind::Chain { ref links, .. } => {
            if links.iter().any(|link| link.optional) {
                return invalid(cx, at, "a chain with `?.` cannot be assigned to");
            }
            if let Some(LinkKind::Call(_)) = links.last().map(|link| &link.kind) {
                return invalid(cx, at, "the result of a call cannot be assigned to");
            }
            PatternKind::Member(Box::new(target))
        }
        ExprKind::This => return invalid(cx, at, "`this` cannot be assigned to"),
        ExprKind::Assign { .. } => return invalid(cx, at, "an assignment cannot be assigned to"),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Exact(_)
        | ExprKind::String(_)
        | ExprKind::Template { .. } => return invalid(cx, at, "a literal cannot be assigned to"),
        _ => return invalid(cx, at, "this expression cannot be assigned to"),
    };
    Pattern { kind, span: at }
}

/// Reports what is no target, and stands in for it.
fn invalid(cx: &Context, at: Span, message: &str) -> Pattern {
    cx.refuse(
        codes::INVALID_TARGET,
        at,
        message,
        "a target is a name, a member such as `o.key`, or a pattern of them; to compare, use `===`",
    );
    nowhere(at)
}

fn nowhere(at: Span) -> Pattern {
    Pattern { kind: PatternKind::Array { elements: Vec::new(), rest: None }, span: at }
}

/// `target = default`, or a target alone.
pub fn slot(cx: &Context, value: Expr) -> Slot {
    match value.kind {
        ExprKind::Assign { target, op: None, value } => Slot { target: *target, default: Some(*value) },
        _ => Slot { target: pattern(cx, value), default: None },
    }
}

fn array_pattern(cx: &Context, at: Span, items: Vec<Item>) -> Pattern {
    let mut elements = Vec::with_capacity(items.len());
    let mut rest = None;
    let last = items.len().saturating_sub(1);
    for (position, item) in items.into_iter().enumerate() {
        match item {
            Item::Expr(value) if is_hole(&value) => {
                cx.withdraw(value.span.start);
                elements.push(None);
            }
            Item::Expr(value) => elements.push(Some(slot(cx, value))),
            Item::Spread(value) => {
                check_last(cx, position == last, value.span, at);
                rest = Some(Box::new(rest_target(cx, value)));
            }
        }
    }
    Pattern { kind: PatternKind::Array { elements, rest }, span: at }
}

fn object_pattern(cx: &Context, at: Span, list: Vec<Property>) -> Pattern {
    let mut properties = Vec::with_capacity(list.len());
    let mut rest = None;
    let last = list.len().saturating_sub(1);
    for (position, property) in list.into_iter().enumerate() {
        match property {
            Property::Shorthand(name) => {
                let target = Pattern { kind: PatternKind::Name(name.name.clone()), span: name.span };
                properties.push(PatternProperty { key: PropKey::Named(name), value: Slot { target, default: None } });
            }
            Property::KeyValue { key, value } => {
                if let PropKey::Named(name) = &key
                    && name.span.start == value.span.start
                {
                    cx.withdraw(name.span.start);
                }
                properties.push(PatternProperty { key, value: slot(cx, value) });
            }
            Property::Method { function, .. } => {
                invalid(cx, function.span, "a method cannot stand in a pattern");
            }
            Property::Spread(value) => {
                check_last(cx, position == last, value.span, at);
                let target = rest_target(cx, value);
                if let PatternKind::Array { .. } | PatternKind::Object { .. } = target.kind {
                    invalid(cx, target.span, "the rest of an object goes into a name, not into a pattern");
                }
                rest = Some(Box::new(target));
            }
        }
    }
    Pattern { kind: PatternKind::Object { properties, rest }, span: at }
}

/// What `...` collects into: without a default.
pub(super) fn rest_target(cx: &Context, value: Expr) -> Pattern {
    if let ExprKind::Assign { target, .. } = &value.kind {
        cx.refuse_fixed(
            codes::REST_LAST,
            value.span,
            "a rest element has no default",
            "it is an empty array when nothing is left",
            Fix::remove(target.span.end, value.span.end, "the default"),
        );
        return nowhere(value.span);
    }
    pattern(cx, value)
}

/// A rest element must be the last, without a comma behind it.
fn check_last(cx: &Context, is_last: bool, rest: Span, whole: Span) {
    let behind = span(rest.end, whole.end.max(rest.end + 1) - 1);
    if !is_last || cx.text(behind).contains(',') {
        report_rest(cx, rest, is_last);
    }
}

/// A rest element that is followed by others, or only by a comma.
pub(super) fn report_rest(cx: &Context, at: Span, is_last: bool) {
    let comma = cx.source[at.end as usize..].find(',').map_or(at.end, |blanks| at.end + blanks as u32);
    let fix =
        (is_last && cx.only_blanks_and(",", at.end, comma + 1)).then(|| Fix::remove(comma, comma + 1, "the comma"));
    cx.refuse_fixed(
        codes::REST_LAST,
        with_dots(cx, at),
        "a rest element must be the last one",
        "move it to the end, without a comma behind it",
        fix,
    );
}

/// Refuses members, and parentheses, where names are declared.
fn check_binding(cx: &Context, pattern: &Pattern) {
    stacker::maybe_grow(RED_ZONE, STACK_PIECE, || match &pattern.kind {
        PatternKind::Name(_) if starts_with(cx, pattern.span, b'(') => {
            report_binding(cx, pattern.span, "a declared name cannot stand in parentheses");
        }
        PatternKind::Name(_) => {}
        PatternKind::Member(_) => {
            report_binding(cx, pattern.span, "a member cannot be declared, only assigned to");
        }
        PatternKind::Array { elements, rest } => {
            for slot in elements.iter().flatten() {
                check_binding(cx, &slot.target);
            }
            if let Some(rest) = rest {
                check_binding(cx, rest);
            }
        }
        PatternKind::Object { properties, rest } => {
            for property in properties {
                check_binding(cx, &property.value.target);
            }
            if let Some(rest) = rest {
                check_binding(cx, rest);
            }
        }
    });
}

fn report_binding(cx: &Context, at: Span, message: &str) {
    cx.refuse(codes::BAD_BINDING, at, message, "declare a name, `[a, b]` or `{a, b}`");
}

/// The names a pattern binds, in order.
pub fn bound_names<'p>(pattern: &'p Pattern, names: &mut Vec<(&'p Name, Span)>) {
    match &pattern.kind {
        PatternKind::Name(name) => names.push((name, pattern.span)),
        PatternKind::Member(_) => {}
        PatternKind::Array { elements, rest } => {
            for slot in elements.iter().flatten() {
                bound_names(&slot.target, names);
            }
            if let Some(rest) = rest {
                bound_names(rest, names);
            }
        }
        PatternKind::Object { properties, rest } => {
            for property in properties {
                bound_names(&property.value.target, names);
            }
            if let Some(rest) = rest {
                bound_names(rest, names);
            }
        }
    }
}

pub(super) fn slot_depth(slot: &Slot) -> u16 {
    let default = slot.default.as_ref().map_or(0, |value| value.depth);
    pattern_depth(&slot.target).max(default)
}

/// Levels of a pattern, with what its defaults and keys hold.
pub(super) fn pattern_depth(pattern: &Pattern) -> u16 {
    let below = match &pattern.kind {
        PatternKind::Name(_) => return 0,
        PatternKind::Member(member) => return member.depth,
        PatternKind::Array { elements, rest } => {
            let elements = elements.iter().flatten().map(slot_depth).max().unwrap_or(0);
            elements.max(rest.as_ref().map_or(0, |rest| pattern_depth(rest)))
        }
        PatternKind::Object { properties, rest } => {
            let of = |property: &PatternProperty| slot_depth(&property.value).max(key_depth(&property.key));
            let properties = properties.iter().map(of).max().unwrap_or(0);
            properties.max(rest.as_ref().map_or(0, |rest| pattern_depth(rest)))
        }
    };
    below.saturating_add(1)
}

/// A parameter binds names.
pub(super) fn check_parameter(cx: &Context, target: &Pattern) {
    check_binding(cx, target);
}
