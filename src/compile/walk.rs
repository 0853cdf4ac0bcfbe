//! The resolver's walk over statements and functions.

use super::kinds::Source;
use super::resolve::{Derived, Resolver, Standing, declared};
use super::scope::*;
use crate::syntax::ast::*;
use crate::syntax::diagnostic::Diagnostic;

impl<'a> Resolver<'a, '_> {
    pub(super) fn statements(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.listed_statement(statement);
        }
    }

    /// A statement in a list, where a declaration can stand as well.
    fn listed_statement(&mut self, statement: &'a Stmt) {
        if let StmtKind::Expr(expr) = &statement.kind {
            self.may_declare(expr);
        }
        self.statement(statement);
    }

    /// `name = …` where `let name = …` can stand.
    fn may_declare(&mut self, expr: &Expr) {
        if let ExprKind::Assign { target, op: None, .. } = &expr.kind
            && is_name(target)
            && target.span.start == expr.span.start
        {
            self.standing = (target.span.start, Standing::Assignment);
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.statement_inner(statement));
    }

    fn statement_inner(&mut self, statement: &'a Stmt) {
        match &statement.kind {
            StmtKind::Empty | StmtKind::Module | StmtKind::Break(_) | StmtKind::Continue(_) => {}
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Declare { decls, .. } => self.declarators(decls),
            StmtKind::Function(function) => {
                self.owns();
                let entered = self.out.scope(self.scope).entered;
                self.function(function, entered, false);
            }
            StmtKind::Class(class) => {
                let outer = class.name.as_ref().and_then(|name| self.declared_here(name));
                if let Some(outer) = outer {
                    self.begin(outer);
                }
                self.class(class, outer);
                if let Some(outer) = outer {
                    self.ready(outer);
                }
            }
            StmtKind::Block(block) => {
                self.block(block);
            }
            StmtKind::If { arms, otherwise } => {
                for (test, body) in arms {
                    self.expr(test);
                    self.statement(body);
                }
                if let Some(body) = otherwise {
                    self.statement(body);
                }
            }
            StmtKind::While { test, body, .. } => {
                self.expr(test);
                self.turn(statement, body);
            }
            StmtKind::DoWhile { body, test, .. } => {
                self.turn(statement, body);
                self.expr(test);
            }
            StmtKind::For { init, test, update, body, .. } => {
                self.open(key(statement, Role::Head));
                match init {
                    Some(ForInit::Declare { kind, decls }) => {
                        for decl in decls {
                            self.declare_pattern(&decl.target, declared(*kind));
                        }
                        self.declarators(decls);
                    }
                    Some(ForInit::Exprs(exprs)) => {
                        if let [expr] = &exprs[..] {
                            self.may_declare(expr);
                        }
                        exprs.iter().for_each(|expr| self.expr(expr));
                    }
                    None => {}
                }
                test.iter().for_each(|expr| self.expr(expr));
                self.turn(statement, body);
                update.iter().for_each(|expr| self.expr(expr));
                self.close();
            }
            StmtKind::ForOf { head, iterable, body, .. } => self.for_each(statement, head, iterable, body, false),
            StmtKind::ForIn { head, object, body, .. } => self.for_each(statement, head, object, body, true),
            StmtKind::Return(value) => {
                if let Some(value) = value {
                    self.expr(value);
                }
                self.leave_constructor(statement, value.is_some());
            }
            StmtKind::Throw(value) => self.expr(value),
            StmtKind::Switch { subject, cases } => self.switch(statement, subject, cases),
            StmtKind::Try { block, catch, finally } => {
                self.block(block);
                if let Some(catch) = catch {
                    let head = self.open(key(catch, Role::Head));
                    if let Some(param) = &catch.param {
                        self.declare_pattern(param, BindingKind::Catch);
                        self.bind(param);
                    }
                    let body = self.block(&catch.body);
                    self.refuse_shadowed(body, head, "the parameter of this `catch`");
                    self.close();
                }
                if let Some(finally) = finally {
                    self.block(finally);
                }
            }
        }
    }

    pub(super) fn block(&mut self, block: &'a Block) -> ScopeId {
        let scope = self.open(key(block, Role::Body));
        self.declare_statements(&block.body);
        self.statements(&block.body);
        self.close();
        scope
    }

    /// The body of a loop.
    fn turn(&mut self, statement: &'a Stmt, body: &'a Stmt) {
        self.open(key(statement, Role::Turn));
        self.statement(body);
        self.close();
    }

    fn for_each(&mut self, statement: &'a Stmt, head: &'a ForHead, iterable: &'a Expr, body: &'a Stmt, keys: bool) {
        self.open(key(statement, Role::Head));
        if keys {
            self.owns();
        }
        // The iterable sees the names of the head, not yet initialised.
        let turn_node = key(statement, Role::Turn);
        match head {
            ForHead::Declare { kind, target } => {
                let turn = self.open(turn_node);
                self.declare_pattern(target, declared(*kind));
                self.expr_in_head(iterable, turn);
                self.bind(target);
                self.statement(body);
                self.close();
            }
            ForHead::Assign(target) => {
                self.expr(iterable);
                self.open(turn_node);
                if is_name(target) {
                    self.standing = (target.span.start, Standing::LoopHead);
                }
                self.assign_pattern(target);
                self.statement(body);
                self.close();
            }
        }
        self.close();
    }

    /// Walks the iterable in the scope of the turn, whose names it sees, but what it makes belongs to the head.
    fn expr_in_head(&mut self, iterable: &'a Expr, turn: ScopeId) {
        self.expr(iterable);
        let owns = std::mem::take(&mut self.out.scopes[turn.0 as usize].owns);
        if let Some(head) = self.out.scope(turn).parent {
            self.out.scopes[head.0 as usize].owns |= owns;
        }
    }

    fn switch(&mut self, statement: &'a Stmt, subject: &'a Expr, cases: &'a [Case]) {
        self.expr(subject);
        let scope = self.open(key(statement, Role::Body));
        self.out.scopes[scope.0 as usize].is_switch = true;
        for case in cases {
            self.declare_statements(&case.body);
        }
        for test in cases.iter().filter_map(|case| case.test.as_ref()) {
            self.expr(test);
        }
        for case in cases {
            self.statements(&case.body);
            // A later clause can be entered without this one.
            for index in 0..self.out.scope(scope).bindings.len() {
                let id = self.out.scope(scope).bindings[index];
                let binding = &mut self.out.bindings[id.0 as usize];
                if binding.kind != BindingKind::Function && binding.ready != Ready::No {
                    binding.ready = Ready::Maybe;
                }
            }
        }
        self.close();
    }

    // ---- Declarations ------------------------------------------------------------------------------------

    fn declarators(&mut self, decls: &'a [Declarator]) {
        for decl in decls {
            self.begin_pattern(&decl.target);
            if let PatternKind::Name(_) = decl.target.kind
                && let Some(id) = self.binding_at(&decl.target)
            {
                let source = decl.init.as_ref().map_or(Source::Undefined, Source::Expr);
                self.sources.push((id, source));
                if let Some(init) = &decl.init {
                    self.expr(init);
                }
                self.ready(id);
                continue;
            }
            if let Some(init) = &decl.init {
                self.expr(init);
            }
            self.bind(&decl.target);
        }
    }

    /// The binding that a pattern's name declares.
    fn binding_at(&self, pattern: &Pattern) -> Option<BindingId> {
        match self.out.reference(pattern) {
            Some(Reference::Binding(id, _)) => Some(id),
            _ => None,
        }
    }

    fn declared_here(&self, name: &Ident) -> Option<BindingId> {
        match self.out.reference(name) {
            Some(Reference::Binding(id, _)) => Some(id),
            _ => None,
        }
    }

    /// The walk reaches a declaration.
    fn begin(&mut self, id: BindingId) {
        let now = self.tick();
        self.out.bindings[id.0 as usize].start = now;
    }

    pub(super) fn ready(&mut self, id: BindingId) {
        let now = self.tick();
        let binding = &mut self.out.bindings[id.0 as usize];
        binding.ready = Ready::Since(now);
        binding.start = binding.start.min(now);
    }

    fn begin_pattern(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Name(_) => {
                if let Some(id) = self.binding_at(pattern) {
                    self.begin(id);
                }
            }
            PatternKind::Member(_) => {}
            PatternKind::Array { elements, rest } => {
                elements.iter().flatten().for_each(|slot| self.begin_pattern(&slot.target));
                rest.iter().for_each(|rest| self.begin_pattern(rest));
            }
            PatternKind::Object { properties, rest } => {
                properties.iter().for_each(|property| self.begin_pattern(&property.value.target));
                rest.iter().for_each(|rest| self.begin_pattern(rest));
            }
        }
    }

    /// Binds the names of a declared pattern, in order, to values that nobody knows.
    pub(super) fn bind(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Name(_) => {
                if let Some(id) = self.binding_at(pattern) {
                    self.sources.push((id, Source::Unknown));
                    self.ready(id);
                }
            }
            PatternKind::Member(_) => {}
            PatternKind::Array { elements, rest } => {
                self.owns();
                elements.iter().flatten().for_each(|slot| self.bind_slot(slot));
                rest.iter().for_each(|rest| self.bind(rest));
            }
            PatternKind::Object { properties, rest } => {
                for property in properties {
                    self.prop_key(&property.key);
                    self.bind_slot(&property.value);
                }
                if let Some(rest) = rest {
                    self.owns();
                    self.bind(rest);
                }
            }
        }
    }

    fn bind_slot(&mut self, slot: &'a Slot) {
        if let Some(default) = &slot.default {
            self.expr(default);
        }
        self.bind(&slot.target);
    }

    /// An assignment to existing places.
    pub(super) fn assign_pattern(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Name(name) => {
                if let Some(id) = self.refer_to_assign(name, pattern.span, key(pattern, Role::Body)) {
                    self.sources.push((id, Source::Unknown));
                }
            }
            PatternKind::Member(place) => self.expr(place),
            PatternKind::Array { elements, rest } => {
                self.owns();
                for slot in elements.iter().flatten() {
                    self.assign_slot(slot);
                }
                rest.iter().for_each(|rest| self.assign_pattern(rest));
            }
            PatternKind::Object { properties, rest } => {
                for property in properties {
                    self.prop_key(&property.key);
                    self.assign_slot(&property.value);
                }
                if let Some(rest) = rest {
                    self.owns();
                    self.assign_pattern(rest);
                }
            }
        }
    }

    fn assign_slot(&mut self, slot: &'a Slot) {
        if let Some(default) = &slot.default {
            self.expr(default);
        }
        self.assign_pattern(&slot.target);
    }

    // ---- Functions ---------------------------------------------------------------------------------------

    /// Enters a function; `leave_function` ends it.
    pub(super) fn enter_function(&mut self, node: NodeKey, role: FunctionRole, created: u32) -> FunctionId {
        let id = FunctionId(self.out.functions.len() as u32);
        self.out.functions.push(FunctionInfo {
            parent: Some(self.function),
            role,
            created,
            this: None,
            instance: None,
            own_name: None,
            derived: DerivedThis::Certain,
        });
        self.out.function_of.insert(node, id);
        self.function = id;
        id
    }

    pub(super) fn leave_function(&mut self) {
        if let Some(parent) = self.out.function(self.function).parent {
            self.function = parent;
        }
    }

    /// Walks a function that can be made from the moment `created` on.
    pub(super) fn function(&mut self, function: &'a Function, created: u32, derived: bool) {
        let role = match (function.kind, derived) {
            (FunctionKind::Plain, _) => FunctionRole::Plain,
            (FunctionKind::Arrow, _) => FunctionRole::Arrow,
            (FunctionKind::Method, _) => FunctionRole::Method,
            (FunctionKind::Constructor, false) => FunctionRole::Constructor,
            (FunctionKind::Constructor, true) => FunctionRole::Derived,
        };
        let id = self.enter_function(key(function, Role::Body), role, created);
        if role == FunctionRole::Derived {
            self.derived.push(Derived { function: id, super_done: false, uncertain: false });
        }
        let head = self.open(key(function, Role::Head));
        for slot in &function.params {
            self.declare_pattern(&slot.target, BindingKind::Param);
        }
        if let Some(rest) = &function.rest {
            self.declare_pattern(rest, BindingKind::Param);
            self.owns();
        }
        let simple = function.params.iter().all(|slot| slot.default.is_none() && is_name(&slot.target))
            && function.rest.as_ref().is_none_or(is_name);
        if simple {
            let entered = self.out.scope(head).entered;
            for index in 0..self.out.scope(head).bindings.len() {
                let id = self.out.scope(head).bindings[index];
                let binding = &mut self.out.bindings[id.0 as usize];
                (binding.ready, binding.start) = (Ready::Since(entered), entered);
            }
        } else {
            for slot in &function.params {
                self.begin_pattern(&slot.target);
                self.bind_slot(slot);
            }
            if let Some(rest) = &function.rest {
                self.begin_pattern(rest);
                self.bind(rest);
            }
        }
        match &function.body {
            FunctionBody::Expr(value) => self.expr(value),
            FunctionBody::Block(block) => {
                let body = self.open(key(block, Role::Body));
                self.declare_statements(&block.body);
                self.refuse_shadowed(body, head, "a parameter of this function");
                for statement in &block.body {
                    self.body_statement(statement, id);
                }
                self.close();
            }
        }
        self.close();
        if role == FunctionRole::Derived
            && let Some(derived) = self.derived.pop()
            && (derived.uncertain || !derived.super_done)
        {
            self.out.functions[id.0 as usize].derived = DerivedThis::Checked;
            self.this_binding(id);
        }
        self.leave_function();
    }

    /// A statement of a function's body: where a derived constructor's `super()` stands if it is certain.
    fn body_statement(&mut self, statement: &'a Stmt, function: FunctionId) {
        if let StmtKind::Expr(Expr { kind: ExprKind::SuperCall(args), .. }) = &statement.kind
            && let Some(at) = self.derived.iter().position(|derived| derived.function == function)
            && !self.derived[at].super_done
        {
            self.owns();
            self.items(args);
            self.derived[at].super_done = true;
            return;
        }
        self.listed_statement(statement);
    }

    /// `return` in a constructor.
    fn leave_constructor(&mut self, statement: &Stmt, has_value: bool) {
        let role = self.out.function(self.function).role;
        if matches!(role, FunctionRole::Constructor | FunctionRole::Derived) && has_value {
            let message = "a constructor returns its instance: `return` takes no value here";
            let error = Diagnostic::new("E0308", statement.span, message)
                .help("use a function or a static method that returns the other value");
            self.errors.push(error);
        }
        if role == FunctionRole::Derived
            && let Some(derived) = self.derived.last_mut()
        {
            derived.uncertain |= !derived.super_done;
        }
    }
}

fn is_name(pattern: &Pattern) -> bool {
    matches!(pattern.kind, PatternKind::Name(_))
}
