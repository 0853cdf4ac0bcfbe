//! The resolver's walk over expressions and classes.

use super::expr::bare;
use super::kinds::Source;
use super::resolve::{Resolver, Standing};
use super::scope::*;
use crate::syntax::ast::*;

impl<'a> Resolver<'a, '_> {
    pub(super) fn expr(&mut self, expr: &'a Expr) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_inner(expr));
    }

    fn expr_inner(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Exact(_) | ExprKind::String(_) => {}
            ExprKind::Template { holes, .. } => holes.iter().for_each(|hole| self.expr(hole)),
            ExprKind::Array(items) => {
                self.owns();
                self.items(items);
            }
            ExprKind::Object(properties) => {
                self.owns();
                properties.iter().for_each(|property| self.property(property));
            }
            ExprKind::Function(function) => {
                self.owns();
                let created = self.clock;
                self.function_expression(function, created);
            }
            ExprKind::Class(class) => self.class(class, None),
            ExprKind::Name(name) => self.refer(name, expr.span, key(expr, Role::Body)),
            ExprKind::This | ExprKind::SuperMember(_) => self.use_this(),
            ExprKind::SuperIndex(index) => {
                self.use_this();
                self.expr(index);
            }
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Update { target, .. } => self.update(target, Source::Update),
            ExprKind::Binary { first, rest } => {
                self.expr(first);
                rest.iter().for_each(|(_, _, operand)| self.expr(operand));
            }
            ExprKind::Logical { first, rest } => {
                self.expr(first);
                rest.iter().for_each(|(_, operand)| self.expr(operand));
            }
            ExprKind::Conditional { test, then, otherwise } => {
                self.expr(test);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::Assign { target, op, value } => match op {
                None => {
                    if let PatternKind::Name(name) = &target.kind {
                        self.expr(value);
                        if let Some(id) = self.refer_to_assign(name, target.span, key(&**target, Role::Body)) {
                            self.sources.push((id, Source::Expr(value)));
                        }
                    } else if let PatternKind::Member(place) = &target.kind {
                        self.expr(place);
                        self.expr(value);
                    } else {
                        self.expr(value);
                        self.assign_pattern(target);
                    }
                }
                Some(AssignOp::Binary(op)) => {
                    self.update(target, Source::Compound(*op, value));
                    self.expr(value);
                }
                Some(AssignOp::Logical(_)) => {
                    self.update(target, Source::Expr(value));
                    self.expr(value);
                }
            },
            ExprKind::Chain { base, links } => {
                self.expr(base);
                if let Some(first) = links.first() {
                    self.refer_to_member(base, first);
                }
                for link in links {
                    match &link.kind {
                        LinkKind::Member(_) => {}
                        LinkKind::Private(name) => self.refer_to_private(name),
                        LinkKind::Index(index) => self.expr(index),
                        LinkKind::Call(args) => {
                            self.owns();
                            self.items(args);
                        }
                    }
                }
            }
            ExprKind::New { callee, args } => {
                self.owns();
                self.expr(callee);
                if let Some(Reference::Binding(id, _)) = self.out.reference(bare(callee)) {
                    self.constructed.push((id, callee.span));
                }
                self.items(args);
            }
            ExprKind::SuperCall(args) => {
                // Not a statement of the constructor's body: nothing is certain.
                self.owns();
                let owner = self.out.this_owner(self.function);
                if let Some(derived) = self.derived.iter_mut().rfind(|derived| derived.function == owner) {
                    derived.uncertain = true;
                }
                if owner != self.function {
                    self.use_instance();
                    let this = self.this_binding(owner);
                    self.touch(this);
                }
                self.items(args);
            }
            ExprKind::PrivateIn { name, object } => {
                self.refer_to_private(name);
                self.expr(object);
            }
            ExprKind::Delete(operand) => self.expr(operand),
        }
    }

    /// A place that is read and then written.
    fn update(&mut self, target: &'a Pattern, source: Source<'a>) {
        match &target.kind {
            PatternKind::Name(name) => {
                if let Some(id) = self.refer_to_assign(name, target.span, key(target, Role::Body)) {
                    self.sources.push((id, source));
                }
            }
            _ => self.assign_pattern(target),
        }
    }

    pub(super) fn items(&mut self, items: &'a [Item]) {
        for item in items {
            match item {
                Item::Expr(expr) | Item::Spread(expr) => self.expr(expr),
            }
        }
    }

    fn property(&mut self, property: &'a Property) {
        match property {
            Property::KeyValue { key, value } => {
                self.prop_key(key);
                self.expr(value);
            }
            Property::Shorthand(name) => {
                self.standing = (name.span.start, Standing::Shorthand);
                self.refer(&name.name, name.span, key(name, Role::Body));
            }
            Property::Method { key, function } => {
                self.prop_key(key);
                let created = self.clock;
                self.function(function, created, false);
            }
            Property::Spread(value) => self.expr(value),
        }
    }

    pub(super) fn prop_key(&mut self, key: &'a PropKey) {
        if let PropKey::Computed(expr) = key {
            self.expr(expr);
        }
    }

    /// A function expression or arrow; a named one sees its own name.
    fn function_expression(&mut self, function: &'a Function, created: u32) {
        let Some(name) = function.name.as_ref().filter(|_| function.kind == FunctionKind::Plain) else {
            return self.function(function, created, false);
        };
        self.open(key(function, Role::Class));
        let id = self.declare(&name.name, name.span, BindingKind::FunctionSelf);
        let binding = &mut self.out.bindings[id.0 as usize];
        (binding.ready, binding.start) = (Ready::Since(0), 0);
        // The function's own: it reads itself.
        let next = FunctionId(self.out.functions.len() as u32);
        self.out.bindings[id.0 as usize].function = next;
        self.function(function, created, false);
        self.out.functions[next.0 as usize].own_name = Some(id);
        self.close();
    }

    // ---- Classes -----------------------------------------------------------------------------------------

    /// A class; `outer` is the variable that its declaration makes.
    pub(super) fn class(&mut self, class: &'a Class, outer: Option<BindingId>) {
        self.owns();
        let enclosing = self.scope;
        self.open(key(class, Role::Class));
        let inner = class.name.as_ref().map(|name| self.declare(&name.name, name.span, BindingKind::ClassSelf));
        if let Some(superclass) = &class.superclass {
            self.expr(superclass);
        }
        let names = self.private_names_of(class);
        let mut computed = false;
        for member in &class.members {
            let (MemberKind::Method { key: MemberKey::Computed(expr), .. }
            | MemberKind::Field { key: MemberKey::Computed(expr), .. }) = &member.kind
            else {
                continue;
            };
            computed = true;
            self.expr(expr);
            if let MemberKind::Field { .. } = member.kind {
                let function = self.function;
                let id = self.hidden("", BindingKind::FieldKey, function);
                self.out.field_keys.insert(key(member, Role::Body), id);
            }
        }
        // What the class makes belongs to the scope around it.
        if self.out.scope(self.scope).owns {
            self.out.scopes[enclosing.0 as usize].owns = true;
        }
        let created = self.tick();
        if let Some(inner) = inner
            && !computed
        {
            self.out.bindings[inner.0 as usize].ready = Ready::Since(created);
        }
        self.private_names.push(names);
        if let Some(constructor) = &class.constructor {
            self.function(constructor, created, class.superclass.is_some());
        }
        for member in &class.members {
            if let MemberKind::Method { function, .. } = &member.kind {
                self.function(function, created, false);
            }
        }
        self.fields(class, created);
        let mut has_statics = false;
        if class.members.iter().any(|member| member.is_static && !is_method(member)) {
            has_statics = true;
            self.statics(class, inner);
        }
        self.private_names.pop();
        self.close();
        if let (Some(outer), Some(inner)) = (outer, inner) {
            self.classes.push((outer, inner, has_statics));
        }
    }

    fn fields(&mut self, class: &'a Class, created: u32) {
        if !class.members.iter().any(|member| !member.is_static && !is_method(member)) {
            return;
        }
        self.enter_function(key(class, Role::Class), FunctionRole::Fields, created);
        self.open(key(class, Role::Head));
        for member in class.members.iter().filter(|member| !member.is_static) {
            self.field(member);
        }
        self.close();
        self.leave_function();
    }

    /// All static fields and blocks are one function that runs once, right away.
    fn statics(&mut self, class: &'a Class, inner: Option<BindingId>) {
        let created = self.tick();
        if let Some(inner) = inner {
            self.out.bindings[inner.0 as usize].ready = Ready::Since(created);
        }
        self.enter_function(key(class, Role::Static), FunctionRole::Static, created);
        self.open(key(class, Role::Turn));
        for member in class.members.iter().filter(|member| member.is_static) {
            self.field(member);
        }
        self.close();
        self.leave_function();
    }

    fn field(&mut self, member: &'a Member) {
        match &member.kind {
            MemberKind::Method { .. } => {}
            MemberKind::StaticBlock(block) => {
                self.block(block);
            }
            MemberKind::Field { init, .. } => {
                let id = self.out.field_keys.get(&key(member, Role::Body)).copied();
                if let Some(id) = id {
                    self.touch(id);
                }
                if let Some(init) = init {
                    self.expr(init);
                }
            }
        }
    }
}

pub(super) fn is_method(member: &Member) -> bool {
    matches!(member.kind, MemberKind::Method { .. })
}
