//! Members, indexes and calls after a base; `?.` leaves the whole chain.

use super::Compiler;
use super::call::Callee;
use super::emit::{Label, Reg};
use super::expr::bare;
use super::op::{Instr, Op};
use super::protect::{item_runs, runs};
use super::scope::Reference;
use crate::syntax::ast::*;

/// The value that the chain has so far.
struct Current {
    register: Reg,
    borrows: bool,
    span: Span,
}

impl<'a> Compiler<'a> {
    /// A chain to a dead register.
    pub fn chain(&mut self, base: &'a Expr, links: &'a [Link], dest: Reg) {
        // A call's window starts at the last register: let that be the destination where it can.
        let last = self.f.is_last(dest);
        if last {
            self.f.top = dest as usize;
        }
        let mark = self.f.top;
        let ends_with_call = matches!(links.last(), Some(Link { kind: LinkKind::Call(_), .. }));
        let optional = links.iter().any(|link| link.optional);
        let result = if last {
            self.chain_to(base, links, None)
        } else {
            self.chain_to(base, links, (!ends_with_call && !optional).then_some(dest))
        };
        self.f.top = if last { mark + 1 } else { mark };
        self.f.move_to(dest, result);
    }

    /// A chain to a new temporary (or the local that a chain without links names).
    pub fn chain_value(&mut self, base: &'a Expr, links: &'a [Link]) -> Reg {
        self.chain_to(base, links, None)
    }

    fn chain_to(&mut self, base: &'a Expr, links: &'a [Link], wanted: Option<Reg>) -> Reg {
        let mark = self.f.top;
        let mut nullish = None;
        let result = self.chain_links(base, links, wanted, &mut nullish);
        if let Some(nullish) = nullish {
            // What is null or undefined stands in the result's register.
            let end = self.f.label();
            self.f.jump(end);
            self.f.bind(nullish);
            self.f.a(Op::LoadUndefined, result);
            self.f.bind(end);
        }
        self.f.top = if result as usize >= mark { mark + 1 } else { mark };
        result
    }

    fn chain_links(
        &mut self,
        base: &'a Expr,
        links: &'a [Link],
        wanted: Option<Reg>,
        nullish: &mut Option<Label>,
    ) -> Reg {
        let mark = self.f.top;
        let (mut current, mut rest) = self.chain_start(base, links);
        while let Some((link, after)) = rest.split_first() {
            rest = after;
            if link.optional {
                let label = *nullish.get_or_insert_with(|| self.f.label());
                self.f.jump_if(Op::JumpNullish, current.register, label);
            }
            if let LinkKind::Call(args) = &link.kind {
                self.plain_call(&mut current, args, link, mark);
                continue;
            }
            if let Some((Link { kind: LinkKind::Call(args), optional, span }, after)) = rest.split_first() {
                rest = after;
                let window = self.method(&current, link, mark, args);
                if *optional {
                    let label = *nullish.get_or_insert_with(|| self.f.label());
                    self.f.jump_if(Op::JumpNullish, window.register, label);
                }
                let callee = Callee {
                    register: window.register,
                    borrows: window.borrows,
                    receiver_borrows: window.receiver_borrows,
                    span: current.span.to(link.span),
                    is_method: true,
                };
                self.call(callee, args, current.span.to(*span));
                current = Current { register: callee.register, borrows: true, span: current.span.to(*span) };
                self.f.top = mark + 1;
                continue;
            }
            let dest = match wanted {
                Some(dest) if rest.is_empty() => dest,
                _ => mark as Reg,
            };
            self.get_link(&mut current, link, mark, dest);
        }
        current.register
    }

    /// The base, with what must be taken together with it.
    fn chain_start(&mut self, base: &'a Expr, links: &'a [Link]) -> (Current, &'a [Link]) {
        let mark = self.f.top;
        let inner = bare(base);
        if let Some((Link { kind: LinkKind::Call(args), optional: false, span }, rest)) = links.split_first() {
            let span = base.span.to(*span);
            // `super.m()`, `(a.b)()`: called with the object as `this`.
            let callee = match &inner.kind {
                ExprKind::SuperMember(_) | ExprKind::SuperIndex(_) => Some(self.super_method(inner)),
                ExprKind::Chain { base, links }
                    if !matches!(links.last(), Some(Link { kind: LinkKind::Call(_), .. })) =>
                {
                    self.parenthesised_method(base, links, args)
                }
                _ => None,
            };
            if let Some(callee) = callee {
                self.call(Callee { span: base.span, ..callee }, args, span);
                self.f.top = mark + 1;
                return (Current { register: mark as Reg, borrows: true, span }, rest);
            }
        }
        if let Some(started) = self.namespace_member(inner, base.span, links) {
            return started;
        }
        let later = match links.first().map(|link| &link.kind) {
            Some(LinkKind::Index(index)) => vec![index],
            Some(LinkKind::Call(args)) => args
                .iter()
                .map(|item| match item {
                    Item::Expr(expr) | Item::Spread(expr) => expr,
                })
                .collect(),
            _ => Vec::new(),
        };
        let is_call = matches!(links.first(), Some(Link { kind: LinkKind::Call(_), .. }));
        let register = if is_call {
            // The callee starts the window.
            let register = self.f.temp();
            self.expr(base, register);
            register
        } else if let ExprKind::Name(_) | ExprKind::This = &inner.kind {
            self.operand_before_copy(inner, &later)
        } else {
            self.operand(base)
        };
        (Current { register, borrows: self.borrows(base), span: base.span }, links)
    }

    /// `ns.name` or `ns.name(…)` of a namespace, where the name is known to be that of a variable.
    fn namespace_member(&mut self, base: &Expr, at: Span, links: &'a [Link]) -> Option<(Current, &'a [Link])> {
        let (link, rest) = links.split_first()?;
        let (ExprKind::Name(_), Some(member)) = (&base.kind, self.res.member(link)) else { return None };
        let namespace = match self.res.reference(base) {
            Some(Reference::Binding(id, _)) => self.res.binding(id).global?,
            _ => return None,
        };
        let span = at.to(link.span);
        let mark = self.f.top;
        match rest.split_first() {
            Some((Link { kind: LinkKind::Call(_), optional: true, .. }, _)) => None,
            Some((Link { kind: LinkKind::Call(args), span: of_call, .. }, rest)) => {
                let register = self.f.temps(2);
                self.f.at(span);
                self.read(member, span, Some(register));
                // As `this`: the function may be there before all of the namespace is.
                self.f.note(at);
                self.f.push(Instr::abx(Op::GetGlobal, 2, register + 1, namespace as i32));
                let callee = Callee { register, borrows: true, receiver_borrows: false, span, is_method: true };
                let span = at.to(*of_call);
                self.call(callee, args, span);
                self.f.top = mark + 1;
                Some((Current { register, borrows: true, span }, rest))
            }
            _ => {
                self.f.at(span);
                let register = self.read(member, span, None);
                Some((Current { register, borrows: true, span }, rest))
            }
        }
    }

    /// An operand that later ones may assign, copied then; protection is the links' business.
    fn operand_before_copy(&mut self, expr: &'a Expr, later: &[&'a Expr]) -> Reg {
        if let Some(Reference::Binding(id, _)) = self.res.reference(expr)
            && self.is_register(id)
            && self.res.binding(id).assigned
            && later.iter().any(|later| super::protect::assigns(self.res, later, id))
        {
            let copy = self.f.temp();
            self.expr(expr, copy);
            return copy;
        }
        self.operand(expr)
    }

    /// A member or index that is not called.
    fn get_link(&mut self, current: &mut Current, link: &'a Link, mark: usize, dest: Reg) {
        let object = current.register;
        match &link.kind {
            LinkKind::Member(name) => {
                self.f.at(current.span.to(link.span));
                self.get_named(dest, object, &name.name, current.span);
            }
            LinkKind::Private(name) => {
                let private = self.private_name(name);
                self.f.at(current.span.to(link.span));
                self.f.note(current.span);
                self.f.abc(Op::GetPrivate, dest, object, private);
            }
            LinkKind::Index(index) => {
                if current.borrows && runs(self.res, index) {
                    self.f.a(Op::Protect, object);
                }
                self.get_index(dest, object, index, current.span, current.span.to(link.span));
            }
            LinkKind::Call(_) => {}
        }
        self.f.top = mark;
        if dest as usize == mark {
            self.f.temp();
        }
        *current = Current { register: dest, borrows: true, span: current.span.to(link.span) };
    }

    /// `R[dest] := R[object][index]`
    fn get_index(&mut self, dest: Reg, object: Reg, index: &'a Expr, object_span: Span, span: Span) {
        if let ExprKind::Number(value) = bare(index).kind
            && value >= 0.0
            && value.fract() == 0.0
            && value < 65_536.0
            && !value.is_sign_negative()
        {
            self.f.at(span);
            self.f.note(object_span);
            return self.f.abc(Op::GetIndexI, dest, object, value as u16);
        }
        let key = self.operand(index);
        self.f.at(span);
        self.f.note(object_span);
        self.f.abc(Op::GetIndex, dest, object, key);
    }

    /// `R[dest] := R[object].name`
    pub fn get_named(&mut self, dest: Reg, object: Reg, name: &Name, object_span: Span) {
        match self.f.cache(name) {
            Some(cache) => {
                self.f.note(object_span);
                self.f.abc(Op::GetProp, dest, object, cache);
            }
            None => {
                let key = self.f.temp();
                self.f.load_string(key, name);
                self.f.note(object_span);
                self.f.abc(Op::GetIndex, dest, object, key);
            }
        }
    }

    /// `R[dest] := super.name`; `called`: to be called.
    pub fn get_super(&mut self, dest: Reg, this: Reg, name: &Name, called: bool) {
        let x = u8::from(called);
        match self.f.cache(name) {
            Some(cache) => self.f.push(Instr::abc(Op::GetSuper, x, dest, this, cache)),
            None => {
                let key = self.f.temp();
                self.f.load_string(key, name);
                self.f.push(Instr::abc(Op::GetSuperIndex, x, dest, this, key));
            }
        }
    }

    // ---- Callees -----------------------------------------------------------------------------------------

    fn plain_call(&mut self, current: &mut Current, args: &'a [Item], link: &'a Link, mark: usize) {
        let span = current.span.to(link.span);
        self.f.top = mark + 1;
        self.f.move_to(mark as Reg, current.register);
        let callee = Callee {
            register: mark as Reg,
            borrows: current.borrows,
            receiver_borrows: false,
            span: current.span,
            is_method: false,
        };
        self.call(callee, args, span);
        self.f.top = mark + 1;
        *current = Current { register: mark as Reg, borrows: true, span };
    }

    /// A member that is called: the method and its receiver at the start of a window.
    fn method(&mut self, current: &Current, link: &'a Link, mark: usize, args: &[Item]) -> Window {
        let object = current.register;
        let window = mark as Reg;
        let span = current.span.to(link.span);
        self.f.top = mark;
        self.f.temps(2);
        match &link.kind {
            LinkKind::Member(name) => {
                self.f.at(span);
                match self.f.cache(&name.name) {
                    Some(cache) => {
                        self.f.note(current.span);
                        self.f.abc(Op::GetMethod, window, object, cache);
                    }
                    None => {
                        let key = self.f.temp();
                        self.f.load_string(key, &name.name);
                        self.f.note(current.span);
                        self.f.abc(Op::GetMethodIndex, window, object, key);
                    }
                }
            }
            LinkKind::Index(index) => {
                if current.borrows && runs(self.res, index) {
                    self.f.a(Op::Protect, object);
                }
                let key = self.operand(index);
                self.f.at(span);
                self.f.note(current.span);
                self.f.abc(Op::GetMethodIndex, window, object, key);
            }
            LinkKind::Private(name) => {
                self.f.move_to(window + 1, object);
                let private = self.private_name(name);
                self.f.at(span);
                self.f.note(current.span);
                self.f.abc(Op::GetPrivate, window, window + 1, private);
            }
            LinkKind::Call(_) => {}
        }
        self.f.top = mark + 2;
        let mut receiver_borrows = current.borrows;
        if receiver_borrows && args.iter().any(|item| item_runs(self.res, item)) {
            self.f.a(Op::Protect, window + 1);
            receiver_borrows = false;
        }
        // A private field can hold a function; other methods are safe.
        let borrows = matches!(link.kind, LinkKind::Private(_));
        Window { register: window, borrows, receiver_borrows }
    }

    fn super_method(&mut self, callee: &'a Expr) -> Callee {
        let window = self.f.temps(2);
        let this = self.this(callee.span, Some(window + 1));
        self.f.move_to(window + 1, this);
        let mark = self.f.top;
        match &callee.kind {
            ExprKind::SuperMember(name) => {
                self.f.at(callee.span);
                self.get_super(window, window + 1, &name.name, true);
            }
            ExprKind::SuperIndex(index) => {
                let key = self.operand(index);
                self.f.at(callee.span);
                self.f.push(Instr::abc(Op::GetSuperIndex, 1, window, window + 1, key));
            }
            _ => {}
        }
        self.f.top = mark;
        Callee { register: window, borrows: false, receiver_borrows: false, span: callee.span, is_method: true }
    }

    /// `(a?.b)()`
    fn parenthesised_method(&mut self, base: &'a Expr, links: &'a [Link], args: &[Item]) -> Option<Callee> {
        let (last, before) = links.split_last()?;
        let mark = self.f.top;
        let mut nullish = None;
        let register = self.chain_links(base, before, None, &mut nullish);
        let current = Current { register, borrows: !before.is_empty() || self.borrows(base), span: base.span };
        if last.optional {
            let label = *nullish.get_or_insert_with(|| self.f.label());
            self.f.jump_if(Op::JumpNullish, register, label);
        }
        let window = self.method(&current, last, mark, args);
        if let Some(nullish) = nullish {
            let end = self.f.label();
            self.f.jump(end);
            self.f.bind(nullish);
            self.f.a(Op::LoadUndefined, window.register);
            self.f.a(Op::LoadUndefined, window.register + 1);
            self.f.bind(end);
        }
        Some(Callee {
            register: window.register,
            borrows: window.borrows,
            receiver_borrows: window.receiver_borrows,
            span: base.span.to(last.span),
            is_method: true,
        })
    }

    /// `delete` of a member or index.
    pub fn delete(&mut self, expr: &'a Expr, operand: &'a Expr, dest: Reg) {
        let ExprKind::Chain { base, links } = &bare(operand).kind else {
            return;
        };
        let Some((last, before)) = links.split_last() else {
            return;
        };
        let mark = self.f.top;
        let mut nullish = None;
        let object = self.chain_links(base, before, None, &mut nullish);
        if last.optional {
            let label = *nullish.get_or_insert_with(|| self.f.label());
            self.f.jump_if(Op::JumpNullish, object, label);
        }
        let key = match &last.kind {
            LinkKind::Member(name) => {
                let key = self.f.temp();
                self.f.load_string(key, &name.name);
                key
            }
            LinkKind::Index(index) => {
                if runs(self.res, index) && (!before.is_empty() || self.borrows(base)) {
                    self.f.a(Op::Protect, object);
                }
                self.operand(index)
            }
            LinkKind::Private(_) | LinkKind::Call(_) => return,
        };
        self.f.at(expr.span);
        self.f.note(base.span);
        self.f.abc(Op::Delete, dest, object, key);
        if let Some(nullish) = nullish {
            let end = self.f.label();
            self.f.jump(end);
            self.f.bind(nullish);
            self.f.a(Op::LoadTrue, dest);
            self.f.bind(end);
        }
        self.f.top = mark;
    }
}

struct Window {
    register: Reg,
    borrows: bool,
    receiver_borrows: bool,
}
