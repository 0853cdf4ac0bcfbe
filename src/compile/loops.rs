//! Loops: the test at the bottom, one jump a turn.

use super::Compiler;
use super::control::Control;
use super::effects::Effect;
use super::emit::{Label, Reg};
use super::expr::bare;
use super::op::{Instr, Op};
use super::pattern::Birth;
use super::proto::ScopeKind;
use super::scope::*;
use crate::syntax::ast::*;

/// Nodes of a condition that is written twice, before the loop and at its end.
const CHEAP: usize = 8;

impl<'a> Compiler<'a> {
    pub fn while_loop(&mut self, statement: &'a Stmt, labels: &[Ident], test: &'a Expr, body: &'a Stmt) {
        let (top, next, end) = self.open_loop(labels);
        let before = std::mem::take(&mut self.f.light);
        let effect = self.effect(test);
        self.enter_loop(std::slice::from_ref(test), next, end);
        self.f.bind_loop(top);
        self.sweep_heavy(effect);
        self.turn(statement, body, |_| {});
        self.f.bind(next);
        self.f.at(test.span);
        self.turn_sweep(effect);
        self.jump_when(test, top);
        self.close_loop(end, effect, before);
    }

    pub fn do_while(&mut self, statement: &'a Stmt, labels: &[Ident], body: &'a Stmt, test: &'a Expr) {
        let (top, next, end) = self.open_loop(labels);
        let before = std::mem::take(&mut self.f.light);
        let effect = self.effect(test);
        self.f.bind_loop(top);
        if effect == Effect::Heavy {
            // Also executed before the first turn, where there is nothing to sweep.
            self.sweep_heavy(effect);
        }
        self.turn(statement, body, |_| {});
        self.f.bind(next);
        self.f.at(test.span);
        self.turn_sweep(effect);
        self.jump_when(test, top);
        self.close_loop(end, effect, before);
    }

    pub fn for_loop(
        &mut self,
        statement: &'a Stmt,
        labels: &[Ident],
        init: Option<&'a ForInit>,
        test: &'a [Expr],
        update: &'a [Expr],
        body: &'a Stmt,
    ) {
        let head = self.open_head(statement, matches!(init, Some(ForInit::Declare { .. })));
        match init {
            Some(ForInit::Declare { decls, .. }) => self.declaration(decls),
            Some(ForInit::Exprs(exprs)) => exprs.iter().for_each(|expr| self.for_effect(expr)),
            None => {}
        }
        if self.captured_in_init(head) {
            // What the initialiser captured is not the first turn's.
            self.fresh_bindings(head);
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
        }
        let (top, next, end) = self.open_loop(labels);
        let before = std::mem::take(&mut self.f.light);
        let effect = test.iter().fold(Effect::Clean, |effect, test| effect.max(self.effect(test)));
        let bottom = self.f.label();
        self.enter_loop(test, bottom, end);
        self.f.bind_loop(top);
        self.sweep_heavy(effect);
        self.turn(statement, body, |_| {});
        self.f.bind(next);
        self.f.at(statement.span);
        let fresh = self.fresh_bindings(head);
        update.iter().for_each(|expr| self.for_effect(expr));
        if fresh {
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
        } else {
            self.turn_sweep(effect);
        }
        self.f.bind(bottom);
        match test.split_last() {
            Some((last, before)) => {
                before.iter().for_each(|expr| self.discard(expr));
                self.f.at(last.span);
                self.jump_when(last, top);
            }
            None => self.f.jump(top),
        }
        self.close_loop(end, effect, before);
        self.close_scope();
    }

    /// `for…of`, or `for…in` over `keys`.
    pub fn for_each(
        &mut self,
        statement: &'a Stmt,
        labels: &[Ident],
        head: &'a ForHead,
        iterable: &'a Expr,
        body: &'a Stmt,
        keys: bool,
    ) {
        self.open_head(statement, matches!(head, ForHead::Declare { .. }));
        let own = self.takes_element(head);
        let turn_names = self.res.scope_of.get(&key(statement, Role::Turn)).copied().filter(|_| !own);
        if let Some(turn) = turn_names {
            // A function in the iterable can capture the names, never initialised.
            self.enter_names(turn, &[]);
        }
        let iteration = self.f.temps(if keys { 3 } else { 2 });
        let source = self.operand(iterable);
        self.f.at(iterable.span);
        self.f.note(iterable.span);
        self.f.ab(if keys { Op::KeysStart } else { Op::IterStart }, iteration, source);
        self.live(&"".into(), iteration, false, false);
        if keys {
            self.live(&"".into(), iteration + 1, false, false);
        }
        self.f.top = iteration as usize + if keys { 3 } else { 2 };
        let effect = self.effect(iterable);
        self.sweep(effect);
        let (top, next, end) = self.open_loop(labels);
        let before = std::mem::take(&mut self.f.light);
        // A plain variable takes the element where it arrives.
        let element = self.f.temp();
        if own {
            self.f.top = element as usize;
        }
        self.f.jump(next);
        self.f.bind_loop(top);
        let swept = self.turn(statement, body, |compiler| {
            if let Some(turn) = turn_names {
                compiler.enter_names(turn, &[]);
            }
            compiler.bind_element(head, element);
        });
        self.f.bind(next);
        self.f.at(iterable.span);
        if !swept {
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
        }
        let op = if keys { Op::KeysNext } else { Op::IterNext };
        self.f.jump_short(op, true, iteration, element, top);
        self.close_loop(end, Effect::Clean, before);
        self.close_scope();
    }

    /// Whether the head's variable is the first local of the turn and starts as the element.
    fn takes_element(&self, head: &ForHead) -> bool {
        let ForHead::Declare { target, .. } = head else {
            return false;
        };
        let (PatternKind::Name(_), Some(Reference::Binding(id, _))) = (&target.kind, self.res.reference(target)) else {
            return false;
        };
        let binding = &self.res.bindings[id.0 as usize];
        let early = binding.captured && matches!(binding.ready, Ready::Since(ready) if binding.first_capture < ready);
        !early
    }

    fn bind_element(&mut self, head: &'a ForHead, element: Reg) {
        match head {
            ForHead::Declare { target, .. } => {
                self.f.at(target.span);
                self.reserve_pattern(target);
                match (&target.kind, self.res.reference(target)) {
                    (PatternKind::Name(_), Some(Reference::Binding(id, _))) => {
                        let birth = self.birth(id);
                        self.bear(id, birth, element);
                        if let Birth::Store = birth {
                            self.f.light = true;
                        }
                    }
                    _ => {
                        if super::protect::target_runs(self.res, target) {
                            self.f.a(Op::Protect, element);
                        }
                        self.declare_parts(target, element);
                        let effect = self.pattern_effect(target);
                        self.sweep(effect);
                    }
                }
            }
            ForHead::Assign(target) => {
                self.f.at(target.span);
                if super::protect::target_runs(self.res, target) {
                    self.f.a(Op::Protect, element);
                }
                self.destructure(target, element);
                self.sweep(Effect::Heavy);
            }
        }
    }

    // ---- Parts -------------------------------------------------------------------------------------------

    /// The scope of a loop's head: pushed only if the head declares.
    fn open_head(&mut self, statement: &'a Stmt, declares: bool) -> Option<ScopeId> {
        let head = self.res.scope_of.get(&key(statement, Role::Head)).copied();
        match head {
            Some(scope) if declares => {
                self.open_scope(ScopeKind::For, &[scope]);
                self.enter_names(scope, &[]);
            }
            _ => self.open_hidden(false),
        }
        head
    }

    /// Labels of the top, the next turn and the end.
    fn open_loop(&mut self, labels: &[Ident]) -> (Label, Label, Label) {
        let (top, next, end) = (self.f.label(), self.f.label(), self.f.label());
        let labels = labels.iter().map(|label| label.name.clone()).collect();
        self.f.controls.push(Control::Target { labels, breaks: end, continues: Some(next) });
        (top, next, end)
    }

    /// The first test: here if it is cheap to write twice, else at the bottom.
    fn enter_loop(&mut self, test: &'a [Expr], bottom: Label, end: Label) {
        match test {
            [] => {}
            [test] if self.effect(test) < Effect::Heavy && cost(test) <= CHEAP => self.jump_unless(test, end),
            _ => self.f.jump(bottom),
        }
    }

    fn close_loop(&mut self, end: Label, effect: Effect, light_before: bool) {
        self.f.controls.pop();
        self.f.bind(end);
        self.sweep_heavy(effect);
        self.f.light = light_before || effect == Effect::Light;
    }

    fn sweep_heavy(&mut self, effect: Effect) {
        if effect == Effect::Heavy {
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
        }
    }

    /// Atoms that wait for a sweep must not pile up over the turns.
    fn turn_sweep(&mut self, test: Effect) {
        if self.f.light || test == Effect::Light {
            self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0));
        }
    }

    fn for_effect(&mut self, expr: &'a Expr) {
        self.discard(expr);
        let effect = self.effect(expr);
        self.sweep(effect);
    }

    /// One turn of a loop: a scope with its body. Says whether its end has swept the scope around it too.
    fn turn(&mut self, statement: &'a Stmt, body: &'a Stmt, bind: impl FnOnce(&mut Self)) -> bool {
        let Some(&turn) = self.res.scope_of.get(&key(statement, Role::Turn)) else {
            return false;
        };
        let block = match &body.kind {
            StmtKind::Block(block) => self.res.scope_of.get(&key(block, Role::Body)).map(|&scope| (block, scope)),
            _ => None,
        };
        let scopes: Vec<ScopeId> = std::iter::once(turn).chain(block.map(|(_, scope)| scope)).collect();
        let pushed = self.needs_scope(&scopes);
        self.f.at(body.span);
        self.open_scope(ScopeKind::Iteration, &scopes);
        bind(self);
        match block {
            Some((block, scope)) => {
                self.enter_names(scope, &block.body);
                self.statements(&block.body);
                self.f.at(Span { start: block.span.end.saturating_sub(1), end: block.span.end });
            }
            None => self.statement(body),
        }
        let swept = self.close_scope();
        swept && !pushed
    }

    /// Whether a function in the declarations of a `for` head captures one of their variables.
    fn captured_in_init(&self, head: Option<ScopeId>) -> bool {
        let Some(head) = head else { return false };
        let bindings = || self.res.scope(head).bindings.iter().map(|&id| &self.res.bindings[id.0 as usize]);
        let ready = bindings().filter_map(|binding| match binding.ready {
            Ready::Since(moment) => Some(moment),
            _ => None,
        });
        let last = ready.max().unwrap_or(0);
        bindings().any(|binding| binding.captured && binding.first_capture < last)
    }

    /// The captured variables of a `for` head are new ones in every turn. Says whether there are any.
    fn fresh_bindings(&mut self, head: Option<ScopeId>) -> bool {
        let Some(head) = head else { return false };
        let res = self.res;
        let mut any = false;
        for &id in &res.scope(head).bindings {
            if self.is_boxed(id) && res.bindings[id.0 as usize].kind == BindingKind::Let {
                let register = self.slots[id.0 as usize].register;
                self.f.a(Op::FreshVar, register);
                any = true;
            }
        }
        any
    }
}

/// The size of a condition; large if it holds anything but names, members, literals and operators.
fn cost(expr: &Expr) -> usize {
    const LARGE: usize = CHEAP + 1;
    match &bare(expr).kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Name(_)
        | ExprKind::This => 1,
        ExprKind::Unary { operand, .. } => 1 + cost(operand),
        ExprKind::Binary { first, rest } if rest.len() <= CHEAP => {
            cost(first) + rest.iter().map(|(_, _, operand)| 1 + cost(operand)).sum::<usize>()
        }
        ExprKind::Logical { first, rest } if rest.len() <= CHEAP => {
            cost(first) + rest.iter().map(|(_, operand)| 1 + cost(operand)).sum::<usize>()
        }
        ExprKind::Chain { base, links } if links.len() <= CHEAP => {
            cost(base)
                + links
                    .iter()
                    .map(|link| match &link.kind {
                        LinkKind::Member(_) => 1,
                        LinkKind::Index(index) => 1 + cost(index),
                        LinkKind::Private(_) | LinkKind::Call(_) => LARGE,
                    })
                    .sum::<usize>()
        }
        _ => LARGE,
    }
}
