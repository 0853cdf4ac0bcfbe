//! Statements.

use super::Compiler;
use super::assign::pattern_name;
use super::control::Exit;
use super::effects::Effect;
use super::expr::is_anonymous;
use super::op::Op;
use super::pattern::Birth;
use super::proto::ScopeKind;
use super::scope::*;
use crate::syntax::ast::*;

impl<'a> Compiler<'a> {
    pub fn statements(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    pub fn statement(&mut self, statement: &'a Stmt) {
        if self.f.reachable {
            stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.statement_inner(statement));
        }
    }

    fn statement_inner(&mut self, statement: &'a Stmt) {
        self.f.at(statement.span);
        match &statement.kind {
            StmtKind::Empty | StmtKind::Module | StmtKind::Function(_) => {}
            StmtKind::Expr(expr) => {
                self.discard(expr);
                let effect = self.effect_discarded(expr);
                self.sweep(effect);
            }
            StmtKind::Declare { decls, .. } => self.declaration(decls),
            StmtKind::Class(class) => self.class_declaration(class),
            StmtKind::Block(block) => self.block(block),
            StmtKind::If { arms, otherwise } => self.if_statement(arms, otherwise.as_deref()),
            StmtKind::While { labels, test, body } => self.while_loop(statement, labels, test, body),
            StmtKind::DoWhile { labels, body, test } => self.do_while(statement, labels, body, test),
            StmtKind::For { labels, init, test, update, body } => {
                self.for_loop(statement, labels, init.as_ref(), test, update, body);
            }
            StmtKind::ForOf { labels, head, iterable, body } => {
                self.for_each(statement, labels, head, iterable, body, false);
            }
            StmtKind::ForIn { labels, head, object, body } => {
                self.for_each(statement, labels, head, object, body, true);
            }
            StmtKind::Break(label) => self.break_or_continue(label.as_ref(), false),
            StmtKind::Continue(label) => self.break_or_continue(label.as_ref(), true),
            StmtKind::Return(Some(value)) => self.return_value(value, statement.span),
            StmtKind::Return(None) => {
                self.check_constructed();
                self.exit(Exit::Return, None);
            }
            StmtKind::Throw(value) => {
                let mark = self.f.top;
                let value = self.operand(value);
                self.f.at(statement.span);
                self.f.a(Op::Throw, value);
                self.f.top = mark;
            }
            StmtKind::Switch { subject, cases } => self.switch(statement, subject, cases),
            StmtKind::Try { block, catch, finally } => self.try_statement(block, catch.as_ref(), finally.as_ref()),
        }
    }

    /// Returns a value; each arm of a conditional returns by itself.
    pub fn return_value(&mut self, value: &'a Expr, span: Span) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.return_value_inner(value, span));
    }

    fn return_value_inner(&mut self, value: &'a Expr, span: Span) {
        let mark = self.f.top;
        match &value.kind {
            ExprKind::Paren(inner) => return self.return_value(inner, span),
            ExprKind::Conditional { test, then, otherwise } => {
                let alternative = self.f.label();
                self.f.at(test.span);
                self.jump_unless(test, alternative);
                self.return_value(then, span);
                self.f.bind(alternative);
                return self.return_value(otherwise, span);
            }
            _ => {}
        }
        let register = self.operand(value);
        self.f.at(span);
        self.exit(Exit::Return, Some(register));
        self.f.top = mark;
    }

    pub fn block(&mut self, block: &'a Block) {
        let Some(&scope) = self.res.scope_of.get(&key(block, Role::Body)) else {
            return;
        };
        self.f.at(block.span);
        self.open_scope(ScopeKind::Block, &[scope]);
        self.enter_names(scope, &block.body);
        self.statements(&block.body);
        self.f.at(Span { start: block.span.end.saturating_sub(1), end: block.span.end });
        self.close_scope();
    }

    fn if_statement(&mut self, arms: &'a [(Expr, Box<Stmt>)], otherwise: Option<&'a Stmt>) {
        let end = self.f.label();
        for (index, (test, body)) in arms.iter().enumerate() {
            let next = self.f.label();
            let effect = self.effect(test);
            self.f.at(test.span);
            self.jump_unless(test, next);
            // The temporaries of a condition die before the body runs.
            self.sweep(effect);
            self.statement(body);
            if effect == Effect::Heavy || index + 1 < arms.len() || otherwise.is_some() {
                self.f.jump(end);
            }
            self.f.bind(next);
            self.f.at(test.span);
            self.sweep(effect);
        }
        if let Some(otherwise) = otherwise {
            self.statement(otherwise);
        }
        self.f.bind(end);
    }

    /// What an expression statement leaves: in-place changes of locals leave nothing.
    fn effect_discarded(&self, expr: &Expr) -> Effect {
        let ExprKind::Assign { target, op: None, value } = &expr.kind else {
            return self.effect(expr);
        };
        let Some(id) = self.local_target(target) else {
            return self.effect(expr);
        };
        match &super::expr::bare(value).kind {
            ExprKind::Binary { first, rest } if rest.len() == 1 && super::expr::is_arithmetic(rest[0].0) => {
                match self.res.reference(super::expr::bare(first)) {
                    Some(Reference::Binding(first, _))
                        if self.res.storage(first) == self.res.storage(id)
                            && !super::protect::assigns(self.res, &rest[0].2, id) =>
                    {
                        self.effect(&rest[0].2)
                    }
                    _ => self.effect(expr),
                }
            }
            _ => self.effect(expr),
        }
    }

    // ---- Declarations ------------------------------------------------------------------------------------

    pub fn declaration(&mut self, decls: &'a [Declarator]) {
        for decl in decls {
            self.f.at(decl.span);
            let effect = match (&decl.target.kind, self.res.reference(&decl.target)) {
                (PatternKind::Name(_), Some(Reference::Binding(id, _))) => self.declare_name(decl, id),
                _ => self.declare_pattern(decl),
            };
            self.f.at(decl.span);
            self.sweep(effect);
        }
    }

    fn declare_name(&mut self, decl: &'a Declarator, id: BindingId) -> Effect {
        self.reserve(id);
        let mark = self.f.top;
        let birth = self.birth(id);
        let name = decl.init.as_ref().and_then(|init| pattern_name(&decl.target, init));
        match (&decl.init, birth) {
            (Some(init), Birth::Register(register)) if !is_anonymous(init) => {
                self.expr_owned(init, register);
                let binding = &self.res.bindings[id.0 as usize];
                self.live(&binding.name, register, false, binding.holds < super::kinds::Kind::Any);
            }
            (Some(init), Birth::Register(register) | Birth::Box(register)) => {
                match name {
                    Some(name) => self.named_expr(init, name, register),
                    None => self.expr(init, register),
                }
                self.f.at(decl.span);
                self.bear(id, birth, register);
            }
            (None, Birth::Register(register) | Birth::Box(register)) => {
                self.f.a(Op::LoadUndefined, register);
                self.bear_immediate(id, birth);
            }
            (init, Birth::Store) => {
                let value = match (init, name) {
                    (Some(init), Some(name)) => self.named_operand(init, name),
                    (Some(init), None) => self.operand(init),
                    (None, _) => {
                        let register = self.f.temp();
                        self.f.a(Op::LoadUndefined, register);
                        register
                    }
                };
                self.f.at(decl.span);
                self.bear(id, birth, value);
            }
        }
        self.f.top = mark;
        if self.res.open_globals && self.res.binding(id).global.is_some() {
            // It may be declared again: an old value is overwritten.
            return Effect::Heavy;
        }
        decl.init.as_ref().map_or(Effect::Clean, |init| self.effect_owned(init))
    }

    fn bear_immediate(&mut self, id: BindingId, birth: Birth) {
        let name = &self.res.bindings[id.0 as usize].name;
        match birth {
            Birth::Register(register) => {
                let trivial = self.res.binding(id).holds < super::kinds::Kind::Any;
                self.live(name, register, false, trivial);
            }
            Birth::Box(register) => self.bear(id, birth, register),
            Birth::Store => {}
        }
    }

    fn declare_pattern(&mut self, decl: &'a Declarator) -> Effect {
        self.reserve_pattern(&decl.target);
        let mark = self.f.top;
        let Some(init) = &decl.init else {
            return Effect::Clean;
        };
        let source = self.operand(init);
        let source = self.keep_source(source, init, &decl.target);
        self.declare_parts(&decl.target, source);
        self.f.top = mark;
        self.effect(init).max(self.pattern_effect(&decl.target))
    }

    /// What taking a value apart into new locals leaves.
    pub fn pattern_effect(&self, pattern: &Pattern) -> Effect {
        let slot = |slot: &Slot| {
            let default = match &slot.default {
                Some(default) if super::protect::target_runs(self.res, &slot.target) => self.effect(default),
                Some(default) => self.effect_owned(default),
                None => Effect::Clean,
            };
            default.max(self.pattern_effect(&slot.target))
        };
        match &pattern.kind {
            PatternKind::Name(_) => Effect::Clean,
            PatternKind::Member(_) | PatternKind::Array { .. } => Effect::Heavy,
            PatternKind::Object { properties, rest } => {
                let rest = rest.as_ref().map_or(Effect::Clean, |rest| self.pattern_effect(rest));
                properties.iter().fold(rest, |effect, property| {
                    let key = match &property.key {
                        PropKey::Named(_) => Effect::Clean,
                        PropKey::Computed(key) => self.effect(key).max(Effect::Light),
                    };
                    effect.max(key).max(slot(&property.value))
                })
            }
        }
    }
}
