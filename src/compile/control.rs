//! What is open around a position: scopes, loops, guarded code, and the ways out of them.

use super::Compiler;
use super::emit::{Label, Reg};
use super::kinds::Kind;
use super::op::Op;
use super::proto::{Handler, Local, ScopeKind};
use super::scope::*;
use crate::syntax::ast::{Ident, Name, Stmt, StmtKind};

pub enum Control {
    Scope(OpenScope),
    /// Where `break` and `continue` go; a `switch` has no `continue`.
    Target {
        labels: Vec<Name>,
        breaks: Label,
        continues: Option<Label>,
    },
    /// Code whose exceptions are handled: the ranges so far, and where the current one starts.
    Guard {
        ranges: Vec<(u32, u32)>,
        start: u32,
    },
    /// A `finally` that every way out runs first.
    Finally(Finally),
}

pub struct OpenScope {
    pub pushed: bool,
    /// The scope of the whole function: `Return` gives back its locals.
    pub is_function: bool,
    /// First free register when it was opened.
    pub base: usize,
    pub live: Vec<LiveLocal>,
    /// Whether atoms of the scope around it waited for a sweep when it was opened.
    pub light_before: bool,
}

/// A local that holds its value at the current position.
pub struct LiveLocal {
    pub name: Name,
    pub register: Reg,
    pub start: u32,
    pub boxed: bool,
    /// Certainly holds an immediate: there is nothing to give back.
    pub trivial: bool,
}

pub struct Finally {
    pub entry: Label,
    /// A counted local: the value returned or thrown.
    pub value: Reg,
    /// A number: how the guarded code ended (0 normally, 1 by throwing, 2 + n by exit n).
    pub how: Reg,
    pub depth: u16,
    pub exits: Vec<Exit>,
}

/// A way out of a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Return,
    /// To a label outside of all controls from the index on.
    Jump(Label, usize),
}

impl<'a> Compiler<'a> {
    // ---- Scopes ------------------------------------------------------------------------------------------

    /// Whether a run-time scope for these scopes of names can own something.
    pub fn needs_scope(&self, scopes: &[ScopeId]) -> bool {
        scopes.iter().any(|&scope| {
            let scope = self.res.scope(scope);
            let receives = |id: BindingId| {
                let binding = self.res.binding(id);
                binding.assigned_inside && binding.holds == Kind::Any
            };
            scope.owns || scope.bindings.iter().any(|&id| self.is_boxed(id) || receives(id))
        })
    }

    /// A captured variable that lives in a container of its own.
    pub fn is_boxed(&self, id: BindingId) -> bool {
        let binding = &self.res.bindings[id.0 as usize];
        binding.captured && binding.alias.is_none() && binding.global.is_none()
    }

    /// Opens a scope, pushed or left out.
    pub fn open_scope(&mut self, kind: ScopeKind, scopes: &[ScopeId]) {
        let pushed = self.needs_scope(scopes);
        if pushed {
            self.f.ab(Op::PushScope, kind as u16, 0);
            self.f.depth += 1;
            self.f.deepest = self.f.deepest.max(self.f.depth);
        }
        self.open_hidden(pushed);
    }

    /// Opens the bookkeeping of a scope.
    pub fn open_hidden(&mut self, pushed: bool) {
        let base = self.f.top;
        self.f.controls.push(Control::Scope(OpenScope {
            pushed,
            is_function: false,
            base,
            live: Vec::new(),
            light_before: self.f.light,
        }));
    }

    /// Closes the innermost scope. Says whether the values on probation have been swept.
    pub fn close_scope(&mut self) -> bool {
        let Some(Control::Scope(scope)) = self.f.controls.pop() else {
            unreachable!("scopes are closed in order");
        };
        let swept = self.leave_scope(&scope);
        let end = self.f.pc() - u32::from(self.f.reachable && swept);
        let depth = self.f.depth;
        for local in &scope.live {
            self.f.locals.push(range(local, end, depth));
        }
        if scope.pushed {
            self.f.depth -= 1;
        }
        self.f.top = scope.base;
        if scope.pushed {
            self.f.light = scope.light_before;
        }
        swept
    }

    /// The instruction that leaves a scope, if one is needed.
    fn leave_scope(&mut self, scope: &OpenScope) -> bool {
        let mut counted = scope.live.iter().filter(|local| !local.trivial).map(|local| local.register);
        let (first, last) = match counted.next() {
            None => (scope.base as Reg, None),
            Some(first) => (first, Some(counted.next_back().unwrap_or(first))),
        };
        let count = last.map_or(0, |last| last - first + 1);
        if scope.pushed {
            self.f.ab(Op::PopScope, first, count);
        } else if count > 0 && !scope.is_function {
            self.f.ab(Op::Drop, first, count);
        } else {
            return false;
        }
        true
    }

    /// The register is a local of the innermost scope from here on.
    pub fn live(&mut self, name: &Name, register: Reg, boxed: bool, trivial: bool) {
        let start = self.f.pc();
        for control in self.f.controls.iter_mut().rev() {
            if let Control::Scope(scope) = control {
                scope.live.push(LiveLocal { name: name.clone(), register, start, boxed, trivial });
                return;
            }
        }
    }

    /// Ends the function's own scope.
    pub fn close_function(&mut self) {
        let end = self.f.pc();
        // Parameters are listed without an end.
        for local in self.f.locals.iter_mut().filter(|local| !local.counted) {
            local.end = end;
        }
        while let Some(control) = self.f.controls.pop() {
            if let Control::Scope(scope) = control {
                for local in &scope.live {
                    self.f.locals.push(range(local, end, 0));
                }
            }
        }
    }

    // ---- Ways out ----------------------------------------------------------------------------------------

    /// Leaves everything above `keep` and goes on at a label, through every `finally` in between.
    pub fn exit(&mut self, exit: Exit, value: Option<Reg>) {
        if !self.f.reachable {
            return;
        }
        let keep = match exit {
            Exit::Return => 0,
            Exit::Jump(_, keep) => keep,
        };
        let through =
            (keep..self.f.controls.len()).rev().find(|&index| matches!(self.f.controls[index], Control::Finally(_)));
        let Some(index) = through else {
            match (exit, value) {
                (Exit::Jump(label, _), _) => self.leave_to(keep, label),
                (Exit::Return, Some(value)) => self.f.a(Op::Return, value),
                (Exit::Return, None) => self.f.push(super::op::Instr::abc(Op::ReturnUndefined, 0, 0, 0, 0)),
            }
            return;
        };
        let depth = self.f.depth;
        let Control::Finally(finally) = &mut self.f.controls[index] else {
            return;
        };
        let number = match finally.exits.iter().position(|known| *known == exit) {
            Some(number) => number,
            None => {
                finally.exits.push(exit);
                finally.exits.len() - 1
            }
        };
        let (entry, kept, how, kept_depth) = (finally.entry, finally.value, finally.how, finally.depth);
        if exit == Exit::Return {
            let mark = self.f.top;
            let value = value.unwrap_or_else(|| {
                let undefined = self.f.temp();
                self.f.a(Op::LoadUndefined, undefined);
                undefined
            });
            self.set_local(kept, kept_depth, depth, value);
            self.f.top = mark;
        }
        self.f.wide(Op::LoadI, how, 2 + number as u32);
        self.leave_to(index, entry);
    }

    /// `Set` or `SetOuter`.
    pub fn set_local(&mut self, local: Reg, local_depth: u16, depth: u16, value: Reg) {
        if local_depth == depth {
            self.f.ab(Op::Set, local, value);
        } else {
            self.f.abc(Op::SetOuter, local, value, local_depth);
        }
    }

    /// Pops the scopes above `keep` and jumps; afterwards everything is open again for the code that follows.
    fn leave_to(&mut self, keep: usize, label: Label) {
        let mut controls = std::mem::take(&mut self.f.controls);
        let mut depth = self.f.depth;
        for control in controls[keep..].iter_mut().rev() {
            match control {
                Control::Scope(scope) => {
                    let end = self.f.pc();
                    self.leave_scope(scope);
                    for local in &scope.live {
                        self.f.locals.push(range(local, end, depth));
                    }
                    depth -= u16::from(scope.pushed);
                }
                Control::Guard { ranges, start } => ranges.push((*start, self.f.pc())),
                Control::Target { .. } | Control::Finally(_) => {}
            }
        }
        self.f.jump(label);
        let resume = self.f.pc();
        for control in controls[keep..].iter_mut() {
            match control {
                Control::Scope(scope) => scope.live.iter_mut().for_each(|local| local.start = resume),
                Control::Guard { start, .. } => *start = resume,
                Control::Target { .. } | Control::Finally(_) => {}
            }
        }
        self.f.controls = controls;
    }

    /// `break` or `continue`.
    pub fn break_or_continue(&mut self, label: Option<&Ident>, is_continue: bool) {
        let found = self.f.controls.iter().enumerate().rev().find_map(|(index, control)| match control {
            Control::Target { labels, breaks, continues } => {
                let target = if is_continue { *continues } else { Some(*breaks) };
                let meant = label.is_none_or(|label| labels.contains(&label.name));
                target.filter(|_| meant).map(|target| (target, index))
            }
            _ => None,
        });
        match found {
            Some((target, index)) => self.exit(Exit::Jump(target, index + 1), None),
            None => unreachable!("the parser has checked the labels"),
        }
    }

    // ---- Guards ------------------------------------------------------------------------------------------

    pub fn open_guard(&mut self) {
        let start = self.f.pc();
        self.f.controls.push(Control::Guard { ranges: Vec::new(), start });
    }

    /// Ends the guarded code; its handler is at the position that `handle` is told of.
    pub fn close_guard(&mut self) -> Vec<(u32, u32)> {
        let Some(Control::Guard { mut ranges, start }) = self.f.controls.pop() else {
            unreachable!("guards are closed in order");
        };
        ranges.push((start, self.f.pc()));
        ranges.retain(|(start, end)| start < end);
        ranges
    }

    /// Exceptions of the ranges arrive here, in a register. Says whether there can be any.
    pub fn handle(&mut self, ranges: &[(u32, u32)], register: Reg) -> bool {
        let (target, depth) = (self.f.pc(), self.f.depth);
        for &(start, end) in ranges {
            self.f.handlers.push(Handler { start, end, target, register, depth });
        }
        self.f.reachable = !ranges.is_empty();
        self.f.reachable
    }

    // ---- Names of a scope --------------------------------------------------------------------------------

    /// At the start of a scope: variables that functions can capture before their declaration, then the functions.
    pub fn enter_names(&mut self, scope: ScopeId, body: &'a [Stmt]) {
        let res = self.res;
        for &id in &res.scope(scope).bindings {
            let binding = &res.bindings[id.0 as usize];
            if binding.global.is_some() || binding.alias.is_some() {
                continue;
            }
            if binding.captured {
                if binding.kind == BindingKind::Function || binding.in_switch || binding.first_capture < binding.start {
                    self.new_variable(id);
                }
            } else if binding.in_switch && binding.kind != BindingKind::Function {
                let register = self.f.temp();
                self.f.a(Op::LoadHole, register);
                self.live(&binding.name, register, false, binding.holds < super::kinds::Kind::Any);
                self.set_slot(id, register, false);
            }
        }
        for statement in body {
            if let StmtKind::Function(function) = &statement.kind {
                self.hoisted_function(function);
            }
        }
    }

    /// `NewVar` for a binding of the current scope.
    pub fn new_variable(&mut self, id: BindingId) -> Reg {
        let register = self.f.temp();
        self.f.a(Op::NewVar, register);
        let name = &self.res.bindings[id.0 as usize].name;
        self.live(name, register, true, false);
        self.set_slot(id, register, true);
        register
    }
}

fn range(local: &LiveLocal, end: u32, depth: u16) -> Local {
    Local {
        name: local.name.clone(),
        register: local.register,
        start: local.start,
        end,
        depth,
        boxed: local.boxed,
        counted: true,
    }
}
