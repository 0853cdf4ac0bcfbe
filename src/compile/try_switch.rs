//! `try` and `switch`.

use super::Compiler;
use super::control::{Control, Finally};
use super::effects::Effect;
use super::emit::Label;
use super::expr::bare;
use super::kinds::{Kind, kind_of};
use super::op::{Instr, Op};
use super::proto::ScopeKind;
use super::scope::*;
use crate::syntax::ast::*;

impl<'a> Compiler<'a> {
    pub fn try_statement(&mut self, block: &'a Block, catch: Option<&'a Catch>, finally: Option<&'a Block>) {
        match finally {
            Some(finally) => self.try_finally(block, catch, finally),
            None => self.try_catch(block, catch),
        }
    }

    fn try_catch(&mut self, block: &'a Block, catch: Option<&'a Catch>) {
        let Some(catch) = catch else {
            return self.block(block);
        };
        self.open_guard();
        self.block(block);
        let ranges = self.close_guard();
        let end = self.f.label();
        self.f.jump(end);
        let mark = self.f.top;
        let thrown = self.f.temp();
        if self.handle(&ranges, thrown) {
            self.catch_clause(catch, thrown);
        }
        self.f.top = mark;
        self.f.bind(end);
    }

    /// The exception is in the last register taken.
    fn catch_clause(&mut self, catch: &'a Catch, thrown: u16) {
        let head = self.res.scope_of.get(&key(catch, Role::Head)).copied();
        let body = self.res.scope_of.get(&key(&catch.body, Role::Body)).copied();
        let (Some(head), Some(body)) = (head, body) else {
            return;
        };
        self.f.at(catch.param.as_ref().map_or(catch.body.span, |param| param.span));
        let name = catch.param.as_ref().filter(|param| matches!(param.kind, PatternKind::Name(_)));
        if name.is_some() {
            // It becomes the first local of the scope where it stands.
            self.f.top = thrown as usize;
        }
        self.open_scope(ScopeKind::Catch, &[head, body]);
        match &catch.param {
            None => self.f.push(Instr::abc(Op::Sweep, 0, 0, 0, 0)),
            Some(param) => {
                self.reserve_pattern(param);
                if name.is_none() && super::protect::target_runs(self.res, param) {
                    self.f.a(Op::Protect, thrown);
                }
                self.declare_parts(param, thrown);
                if name.is_none() {
                    self.sweep(Effect::Heavy);
                }
            }
        }
        self.enter_names(body, &catch.body.body);
        self.statements(&catch.body.body);
        self.f.at(Span { start: catch.body.span.end.saturating_sub(1), end: catch.body.span.end });
        self.close_scope();
    }

    /// However the guarded code ends, it says so in two hidden registers and goes to the `finally` block, at whose end it goes on.
    fn try_finally(&mut self, block: &'a Block, catch: Option<&'a Catch>, finally: &'a Block) {
        self.open_hidden(false);
        let value = self.f.temp();
        self.f.a(Op::LoadUndefined, value);
        self.live(&"".into(), value, false, false);
        let how = self.f.temp();
        let entry = self.f.label();
        let depth = self.f.depth;
        self.f.controls.push(Control::Finally(Finally { entry, value, how, depth, exits: Vec::new() }));
        self.open_guard();
        self.try_catch(block, catch);
        let ranges = self.close_guard();
        let Some(Control::Finally(ended)) = self.f.controls.pop() else {
            unreachable!("what is opened last is closed first");
        };
        self.f.at(finally.span);
        self.f.wide(Op::LoadI, how, 0);
        let normal = self.f.reachable;
        self.f.jump(entry);
        let mark = self.f.top;
        let thrown = self.f.temp();
        let throws = self.handle(&ranges, thrown);
        self.f.ab(Op::Set, value, thrown);
        self.f.wide(Op::LoadI, how, 1);
        self.f.top = mark;
        self.f.bind(entry);
        self.block(finally);
        self.f.at(finally.span);
        let end = self.f.label();
        if normal {
            self.f.jump_short(Op::JumpLeI, true, how, 0, end);
        }
        let ways = ended.exits.len() + usize::from(throws);
        let mut way = 0;
        let mut last = |compiler: &mut Self, number: u16| -> Option<Label> {
            way += 1;
            (way < ways).then(|| {
                let next = compiler.f.label();
                compiler.f.jump_short(Op::JumpLeI, false, how, number, next);
                next
            })
        };
        if throws {
            let next = last(self, 1);
            self.f.a(Op::Throw, value);
            if let Some(next) = next {
                self.f.bind(next);
            }
        }
        for (number, &exit) in ended.exits.iter().enumerate() {
            let next = last(self, 2 + number as u16);
            self.exit(exit, Some(value));
            if let Some(next) = next {
                self.f.bind(next);
            }
        }
        self.f.bind(end);
        self.close_scope();
    }

    // ---- switch ------------------------------------------------------------------------------------------

    pub fn switch(&mut self, statement: &'a Stmt, subject: &'a Expr, cases: &'a [Case]) {
        let Some(&scope) = self.res.scope_of.get(&key(statement, Role::Body)) else {
            return;
        };
        self.open_hidden(false);
        let effect = self.effect(subject);
        let in_place = match self.res.reference(bare(subject)) {
            Some(Reference::Binding(id, Tdz::Initialised)) => self.is_register(id) && !self.res.binding(id).assigned,
            _ => false,
        };
        let register = if in_place {
            self.operand(subject)
        } else {
            let register = self.f.temp();
            self.expr_owned(subject, register);
            self.live(&"".into(), register, false, kind_of(self.res, subject) < Kind::Any);
            register
        };
        self.f.at(subject.span);
        self.sweep(effect);
        let end = self.f.label();
        self.f.controls.push(Control::Target { labels: Vec::new(), breaks: end, continues: None });
        self.open_scope(ScopeKind::Switch, &[scope]);
        // All functions of the clauses are made on entry.
        self.enter_names(scope, &[]);
        for case in cases {
            self.hoist(&case.body);
        }
        let labels: Vec<Label> = cases.iter().map(|_| self.f.label()).collect();
        let none = self.f.label();
        for (case, &label) in cases.iter().zip(&labels) {
            if let Some(test) = &case.test {
                self.case_test(register, test, label);
            }
        }
        let default = cases.iter().position(|case| case.test.is_none());
        self.f.jump(default.map_or(none, |default| labels[default]));
        for (case, &label) in cases.iter().zip(&labels) {
            self.f.bind(label);
            self.statements(&case.body);
        }
        self.f.bind(none);
        self.f.at(Span { start: statement.span.end.saturating_sub(1), end: statement.span.end });
        self.close_scope();
        self.f.controls.pop();
        self.f.bind(end);
        self.close_scope();
    }

    fn hoist(&mut self, body: &'a [Stmt]) {
        for statement in body {
            if let StmtKind::Function(function) = &statement.kind {
                self.hoisted_function(function);
            }
        }
    }

    /// Jumps to a clause if its test equals the subject.
    fn case_test(&mut self, subject: u16, test: &'a Expr, label: Label) {
        let mark = self.f.top;
        self.f.at(test.span);
        let effect = self.effect(test);
        if effect == Effect::Heavy {
            let value = self.f.temp();
            self.expr(test, value);
            self.f.at(test.span);
            self.f.abc(Op::Eq, value, subject, value);
            self.sweep(effect);
            self.f.jump_if(Op::JumpTrue, value, label);
        } else if !self.compare_with(subject, test, label) {
            let value = self.operand(test);
            self.f.at(test.span);
            self.f.jump_short(Op::JumpEq, true, subject, value, label);
            self.sweep(effect);
        }
        self.f.top = mark;
    }
}
