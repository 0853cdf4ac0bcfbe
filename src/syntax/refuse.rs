//! What only the whole tree shows: where `this`, `super`, `return`, `break`, `continue` and labels may stand.
//!
//! One walk from the top, with what surrounds a place (`Place`) passed down by value. Texts without any of these words
//! (JSON, for one) skip it. The native stack grows in pieces where a tree is deep.

use super::ast::*;
use super::codes;
use super::context::Context;
use super::diagnostic::Fix;
use super::similar::similar;

/// Reports what stands where it may not.
pub fn check(cx: &Context, program: &Program, in_function: bool) {
    let mut checker = Checker { cx, labels: Vec::new() };
    checker.statements(&program.body, Place { in_function, has_this: in_function, ..Place::default() });
}

/// What surrounds a statement or expression.
#[derive(Clone, Copy, Default)]
struct Place {
    /// `this` has a meaning.
    has_this: bool,
    /// `super.x` has a meaning.
    has_super: bool,
    /// `super(…)` has a meaning.
    in_derived_constructor: bool,
    in_function: bool,
    in_loop: bool,
    in_switch: bool,
    /// Labels below this index belong to other functions.
    first_label: usize,
}

struct Checker<'s, 'c> {
    cx: &'c Context<'s>,
    /// Labels of the loops around, the innermost last.
    labels: Vec<Name>,
}

impl Checker<'_, '_> {
    fn statements(&mut self, body: &[Stmt], place: Place) {
        for statement in body {
            self.statement(statement, place);
        }
    }

    fn statement(&mut self, statement: &Stmt, place: Place) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.statement_here(statement, place));
    }

    fn statement_here(&mut self, statement: &Stmt, place: Place) {
        match &statement.kind {
            StmtKind::Empty | StmtKind::Module => {}
            StmtKind::Expr(value) | StmtKind::Throw(value) => self.expr(value, place),
            StmtKind::Declare { decls, .. } => self.declarators(decls, place),
            StmtKind::Function(function) => self.function(function, place, false),
            StmtKind::Class(class) => self.class(class, place),
            StmtKind::Block(block) => self.statements(&block.body, place),
            StmtKind::If { arms, otherwise } => {
                for (test, body) in arms {
                    self.expr(test, place);
                    self.statement(body, place);
                }
                if let Some(body) = otherwise {
                    self.statement(body, place);
                }
            }
            StmtKind::While { labels, test, body } | StmtKind::DoWhile { labels, body, test } => {
                self.expr(test, place);
                self.loop_body(labels, body, place);
            }
            StmtKind::For { labels, init, test, update, body } => {
                match init {
                    None => {}
                    Some(ForInit::Exprs(list)) => self.exprs(list, place),
                    Some(ForInit::Declare { decls, .. }) => self.declarators(decls, place),
                }
                self.exprs(test, place);
                self.exprs(update, place);
                self.loop_body(labels, body, place);
            }
            StmtKind::ForOf { labels, head, iterable: over, body }
            | StmtKind::ForIn { labels, head, object: over, body } => {
                match head {
                    ForHead::Declare { target, .. } | ForHead::Assign(target) => self.pattern(target, place),
                }
                self.expr(over, place);
                self.loop_body(labels, body, place);
            }
            StmtKind::Break(label) => self.jump("break", statement.span, label.as_ref(), place),
            StmtKind::Continue(label) => self.jump("continue", statement.span, label.as_ref(), place),
            StmtKind::Return(value) => {
                if !place.in_function {
                    let word = Span { end: statement.span.start + 6, ..statement.span };
                    self.cx.refuse(
                        codes::TOP_RETURN,
                        word,
                        "`return` stands outside a function",
                        "the value of a program is that of its last expression",
                    );
                }
                value.iter().for_each(|value| self.expr(value, place));
            }
            StmtKind::Switch { subject, cases } => {
                self.expr(subject, place);
                let inside = Place { in_switch: true, ..place };
                for case in cases {
                    case.test.iter().for_each(|test| self.expr(test, place));
                    self.statements(&case.body, inside);
                }
            }
            StmtKind::Try { block, catch, finally } => {
                self.statements(&block.body, place);
                if let Some(catch) = catch {
                    catch.param.iter().for_each(|param| self.pattern(param, place));
                    self.statements(&catch.body.body, place);
                }
                finally.iter().for_each(|finally| self.statements(&finally.body, place));
            }
        }
    }

    fn declarators(&mut self, decls: &[Declarator], place: Place) {
        for decl in decls {
            self.pattern(&decl.target, place);
            decl.init.iter().for_each(|init| self.expr(init, place));
        }
    }

    fn loop_body(&mut self, labels: &[Ident], body: &Stmt, place: Place) {
        let before = self.labels.len();
        for label in labels {
            if self.labels[place.first_label..].contains(&label.name) {
                self.cx.refuse(
                    codes::DUPLICATE_LABEL,
                    label.span,
                    format!("a loop around this one has the label `{}` too", label.name),
                    "choose another name for one of them",
                );
            }
            self.labels.push(label.name.clone());
        }
        self.statement(body, Place { in_loop: true, ..place });
        self.labels.truncate(before);
    }

    fn jump(&self, word: &str, at: Span, label: Option<&Ident>, place: Place) {
        if let Some(label) = label {
            let around = &self.labels[place.first_label..];
            if !around.contains(&label.name) {
                let meant = similar(&label.name, around.iter().map(|name| &**name));
                self.cx.refuse_fixed(
                    codes::UNKNOWN_LABEL,
                    label.span,
                    format!("no loop around this `{word}` has the label `{}`", label.name),
                    match meant {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("write the label before the loop: `{}: for (…) …`", label.name),
                    },
                    meant.map(|meant| Fix::replace(label.span, meant)),
                );
            }
            return;
        }
        let is_break = word == "break";
        if !(place.in_loop || is_break && place.in_switch) {
            self.cx.refuse(
                codes::BREAK_OUTSIDE,
                Span { end: at.start + word.len() as u32, ..at },
                format!("`{word}` stands outside a loop{}", if is_break { " or `switch`" } else { "" }),
                "to leave a function use `return`; a callback is left by `return` as well",
            );
        }
    }

    fn exprs(&mut self, list: &[Expr], place: Place) {
        list.iter().for_each(|value| self.expr(value, place));
    }

    fn expr(&mut self, value: &Expr, place: Place) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_here(value, place));
    }

    fn expr_here(&mut self, value: &Expr, place: Place) {
        match &value.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Exact(_)
            | ExprKind::String(_)
            | ExprKind::Name(_) => {}
            ExprKind::Template { holes, .. } => self.exprs(holes, place),
            ExprKind::Array(items) => self.items(items, place),
            ExprKind::Object(list) => list.iter().for_each(|property| self.property(property, place)),
            ExprKind::Function(function) => self.function(function, place, false),
            ExprKind::Class(class) => self.class(class, place),
            ExprKind::This => {
                if !place.has_this {
                    self.cx.refuse(
                        codes::TOP_THIS,
                        value.span,
                        "`this` has no meaning here: no function or class is around it",
                        "an arrow function takes `this` from outside; write a method or a `function`",
                    );
                }
            }
            ExprKind::Paren(inner) | ExprKind::Unary { operand: inner, .. } | ExprKind::Delete(inner) => {
                self.expr(inner, place);
            }
            ExprKind::PrivateIn { object, .. } => self.expr(object, place),
            ExprKind::Update { target, .. } => self.pattern(target, place),
            ExprKind::Binary { first, rest } => {
                self.expr(first, place);
                rest.iter().for_each(|(_, _, value)| self.expr(value, place));
            }
            ExprKind::Logical { first, rest } => {
                self.expr(first, place);
                rest.iter().for_each(|(_, value)| self.expr(value, place));
            }
            ExprKind::Conditional { test, then, otherwise } => {
                self.expr(test, place);
                self.expr(then, place);
                self.expr(otherwise, place);
            }
            ExprKind::Assign { target, value, .. } => {
                self.pattern(target, place);
                self.expr(value, place);
            }
            ExprKind::Chain { base, links } => {
                self.expr(base, place);
                for link in links {
                    match &link.kind {
                        LinkKind::Member(_) | LinkKind::Private(_) => {}
                        LinkKind::Index(key) => self.expr(key, place),
                        LinkKind::Call(args) => self.items(args, place),
                    }
                }
            }
            ExprKind::New { callee, args } => {
                self.expr(callee, place);
                self.items(args, place);
            }
            ExprKind::SuperCall(args) => {
                if !place.in_derived_constructor {
                    self.cx.refuse(
                        codes::SUPER_OUTSIDE,
                        Span { end: value.span.start + 5, ..value.span },
                        "`super(…)` stands outside the constructor of a class that extends another",
                        "call it in `constructor(…) { … }` of a `class … extends …`",
                    );
                }
                self.items(args, place);
            }
            ExprKind::SuperMember(_) => self.super_property(value, place),
            ExprKind::SuperIndex(key) => {
                self.super_property(value, place);
                self.expr(key, place);
            }
        }
    }

    fn super_property(&self, value: &Expr, place: Place) {
        if !place.has_super {
            self.cx.refuse(
                codes::SUPER_OUTSIDE,
                Span { end: value.span.start + 5, ..value.span },
                "`super` stands outside a method",
                "only methods, and arrow functions in them, have a `super`",
            );
        }
    }

    fn items(&mut self, items: &[Item], place: Place) {
        for item in items {
            match item {
                Item::Expr(value) | Item::Spread(value) => self.expr(value, place),
            }
        }
    }

    fn property(&mut self, property: &Property, place: Place) {
        match property {
            Property::KeyValue { key, value } => {
                self.key(key, place);
                self.expr(value, place);
            }
            Property::Shorthand(_) => {}
            Property::Method { key, function } => {
                self.key(key, place);
                self.function(function, place, false);
            }
            Property::Spread(value) => self.expr(value, place),
        }
    }

    fn key(&mut self, key: &PropKey, place: Place) {
        if let PropKey::Computed(value) = key {
            self.expr(value, place);
        }
    }

    fn pattern(&mut self, pattern: &Pattern, place: Place) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.pattern_here(pattern, place));
    }

    fn pattern_here(&mut self, pattern: &Pattern, place: Place) {
        match &pattern.kind {
            PatternKind::Name(_) => {}
            PatternKind::Member(member) => self.expr(member, place),
            PatternKind::Array { elements, rest } => {
                elements.iter().flatten().for_each(|slot| self.slot(slot, place));
                rest.iter().for_each(|rest| self.pattern(rest, place));
            }
            PatternKind::Object { properties, rest } => {
                for property in properties {
                    self.key(&property.key, place);
                    self.slot(&property.value, place);
                }
                rest.iter().for_each(|rest| self.pattern(rest, place));
            }
        }
    }

    fn slot(&mut self, slot: &Slot, place: Place) {
        self.pattern(&slot.target, place);
        slot.default.iter().for_each(|value| self.expr(value, place));
    }

    fn function(&mut self, function: &Function, place: Place, derived: bool) {
        let labels = self.labels.len();
        let outside = Place { in_function: true, in_loop: false, in_switch: false, first_label: labels, ..place };
        let inside = match function.kind {
            FunctionKind::Arrow => outside,
            FunctionKind::Plain => Place { has_this: true, has_super: false, in_derived_constructor: false, ..outside },
            FunctionKind::Method => Place { has_this: true, has_super: true, in_derived_constructor: false, ..outside },
            FunctionKind::Constructor => {
                Place { has_this: true, has_super: true, in_derived_constructor: derived, ..outside }
            }
        };
        function.params.iter().for_each(|slot| self.slot(slot, inside));
        function.rest.iter().for_each(|rest| self.pattern(rest, inside));
        match &function.body {
            FunctionBody::Block(block) => self.statements(&block.body, inside),
            FunctionBody::Expr(value) => self.expr(value, inside),
        }
    }

    fn class(&mut self, class: &Class, place: Place) {
        class.superclass.iter().for_each(|parent| self.expr(parent, place));
        if let Some(constructor) = &class.constructor {
            self.function(constructor, place, class.superclass.is_some());
        }
        let inside = Place { has_this: true, has_super: true, first_label: self.labels.len(), ..Place::default() };
        for member in &class.members {
            match &member.kind {
                MemberKind::Method { key, function } => {
                    self.member_key(key, place);
                    self.function(function, place, false);
                }
                MemberKind::Field { key, init } => {
                    self.member_key(key, place);
                    init.iter().for_each(|init| self.expr(init, inside));
                }
                MemberKind::StaticBlock(block) => self.statements(&block.body, inside),
            }
        }
    }

    fn member_key(&mut self, key: &MemberKey, place: Place) {
        if let MemberKey::Computed(value) = key {
            self.expr(value, place);
        }
    }
}
