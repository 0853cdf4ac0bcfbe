//! Calls: a window of registers, and which of them the call itself must protect.

use super::Compiler;
use super::emit::Reg;
use super::op::{Instr, Op};
use super::protect::item_runs;
use super::scope::DerivedThis;
use crate::syntax::ast::*;

/// Arguments that are passed in registers at most; more go through an array.
const MAX_ARGS: usize = 250;

/// What is called, at the start of a window that ends at the top of the stack (with the receiver, if it is a method).
#[derive(Clone, Copy)]
pub struct Callee {
    pub register: Reg,
    pub borrows: bool,
    pub receiver_borrows: bool,
    /// As messages name it.
    pub span: Span,
    pub is_method: bool,
}

impl<'a> Compiler<'a> {
    /// Calls what stands in a window; the result is in the callee's register.
    pub fn call(&mut self, callee: Callee, args: &'a [Item], span: Span) {
        let mut mask = 0;
        let runs = args.iter().any(|item| item_runs(self.res, item));
        if callee.borrows {
            if runs {
                self.f.a(Op::Protect, callee.register);
            } else {
                mask |= 1;
            }
        }
        if callee.receiver_borrows {
            mask |= 2;
        }
        if !callee.is_method {
            self.f.temp();
        }
        let (is_spread, count, borrowed) = self.arguments(args);
        self.f.at(span);
        self.f.note(callee.span);
        let op = if is_spread { Op::CallSpread } else { Op::Call };
        let x = u8::from(!callee.is_method);
        self.f.push(Instr::abc(op, x, callee.register, count, mask | borrowed));
        self.f.top = callee.register as usize + 1;
    }

    /// Evaluates arguments to the registers at the top. Says whether they are one array, how many, and which borrow.
    fn arguments(&mut self, args: &'a [Item]) -> (bool, u16, u16) {
        let spread = args.iter().any(|item| matches!(item, Item::Spread(_)));
        if spread || args.len() > MAX_ARGS {
            let array = self.f.temp();
            self.array(args, array);
            return (true, 1, 0);
        }
        let last_run = args.iter().rposition(|item| item_runs(self.res, item));
        let mut mask = 0;
        for (index, item) in args.iter().enumerate() {
            let Item::Expr(arg) = item else { continue };
            let register = self.f.temp();
            self.expr(arg, register);
            if self.borrows(arg) {
                let bit = index + 2;
                if last_run.is_some_and(|last| last > index) || bit > 15 {
                    self.f.a(Op::Protect, register);
                } else {
                    mask |= 1 << bit;
                }
            }
        }
        (false, args.len() as u16, mask)
    }

    pub fn new_instance(&mut self, expr: &'a Expr, callee: &'a Expr, args: &'a [Item], dest: Reg) {
        let window = self.window(dest);
        self.expr(callee, window);
        self.f.temp();
        let mut mask = 0;
        if self.borrows(callee) {
            if args.iter().any(|item| item_runs(self.res, item)) {
                self.f.a(Op::Protect, window);
            } else {
                mask |= 1;
            }
        }
        let (is_spread, count, borrowed) = self.arguments(args);
        self.f.at(expr.span);
        self.f.note(callee.span);
        let op = if is_spread { Op::NewSpread } else { Op::New };
        self.f.abc(op, window, count, mask | borrowed);
        self.f.top = window as usize + 1;
        self.f.move_to(dest, window);
    }

    /// A window's first register: the destination if nothing is above it.
    fn window(&mut self, dest: Reg) -> Reg {
        if self.f.is_last(dest) { dest } else { self.f.temp() }
    }

    /// `super(…)`
    pub fn super_call(&mut self, expr: &'a Expr, args: &'a [Item], dest: Reg) {
        let window = self.window(dest);
        let receiver = self.f.temp();
        let owner = self.this_owner();
        let info = self.res.function(owner);
        match info.instance {
            Some(id) if owner != self.f.id => {
                let place = self.place(id);
                self.read_place(place, receiver, false, expr.span);
            }
            _ => self.f.move_to(receiver, 0),
        }
        let (is_spread, count, borrowed) = self.arguments(args);
        self.f.at(expr.span);
        let op = if is_spread { Op::SuperCallSpread } else { Op::SuperCall };
        self.f.note(expr.span);
        self.f.abc(op, window, count, borrowed);
        self.f.top = window as usize + 1;
        if info.derived == DerivedThis::Checked {
            self.set_this(window);
        }
        self.f.move_to(dest, window);
    }
}
