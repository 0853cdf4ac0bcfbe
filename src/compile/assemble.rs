//! The last step for a function: jumps get their offsets, and those too far for 16 bits their long form.

use std::sync::Arc;

use super::emit::Func;
use super::op::{Instr, Op, Shape};
use super::proto::Proto;

impl Func {
    /// The finished function.
    pub fn finish(mut self) -> Arc<Proto> {
        let long = self.far_jumps();
        if !long.is_empty() {
            self.lengthen(&long);
        }
        for index in 0..self.jumps.len() {
            let (pc, label) = self.jumps[index];
            let offset = self.target(label) as i32 - pc as i32 - 1;
            self.code[pc as usize] = with_offset(self.code[pc as usize], offset);
        }
        self.locals.retain(|local| local.start < local.end);
        self.locals.sort_by_key(|local| local.start);
        Arc::new(Proto {
            name: self.name,
            kind: self.kind,
            code: self.code,
            constants: self.constants,
            caches: self.caches,
            templates: self.templates,
            functions: self.functions,
            classes: self.classes,
            captures: self.captures,
            capture_names: self.capture_names,
            params: self.params,
            length: self.length,
            deepest: self.deepest,
            registers: self.registers.min(u16::MAX as usize) as u16,
            locals: self.locals,
            handlers: self.handlers,
            spans: self.spans,
            notes: self.notes,
            span: self.span,
        })
    }

    /// Indices into `jumps` of the short ones that do not reach. Lengthening moves code apart: as often as needed.
    fn far_jumps(&self) -> Vec<usize> {
        if self.code.len() < i16::MAX as usize / 2 {
            return Vec::new();
        }
        let mut long: Vec<usize> = Vec::new();
        loop {
            let map = self.moved(&long);
            let far: Vec<usize> = (0..self.jumps.len())
                .filter(|&index| {
                    let (pc, label) = self.jumps[index];
                    let offset = map[self.target(label) as usize] as i32 - map[pc as usize] as i32 - 1;
                    is_short(self.code[pc as usize]) && i16::try_from(offset).is_err()
                })
                .collect();
            if far.len() <= long.len() {
                return long;
            }
            long = far;
        }
    }

    /// The new position of every old one (and of the end).
    fn moved(&self, long: &[usize]) -> Vec<u32> {
        let mut longer = vec![false; self.code.len() + 1];
        for &index in long {
            longer[self.jumps[index].0 as usize] = true;
        }
        let mut next = 0;
        longer
            .iter()
            .map(|&twice| {
                let here = next;
                next += 1 + twice as u32;
                here
            })
            .collect()
    }

    /// `if c, goto far` becomes `if !c, skip; goto far`.
    fn lengthen(&mut self, long: &[usize]) {
        let map = self.moved(long);
        let place = |pc: u32| map[pc as usize];
        let mut code = Vec::with_capacity(self.code.len() + long.len());
        let mut is_long = vec![false; self.code.len()];
        for &index in long {
            is_long[self.jumps[index].0 as usize] = true;
        }
        for (&instr, &twice) in self.code.iter().zip(&is_long) {
            if twice {
                code.push(Instr::abc(instr.op(), instr.x() ^ 1, instr.a() as u16, instr.b() as u16, 1));
                code.push(Instr::abx(Op::Jump, 0, 0, 0));
            } else {
                code.push(instr);
            }
        }
        self.code = code;
        for jump in &mut self.jumps {
            jump.0 = place(jump.0) + is_long[jump.0 as usize] as u32;
        }
        for label in self.labels.iter_mut().filter(|label| **label != u32::MAX) {
            *label = place(*label);
        }
        for (pc, _) in self.spans.iter_mut().chain(&mut self.notes) {
            *pc = place(*pc);
        }
        for local in &mut self.locals {
            (local.start, local.end) = (place(local.start), place(local.end));
        }
        for handler in &mut self.handlers {
            (handler.start, handler.end) = (place(handler.start), place(handler.end));
            handler.target = place(handler.target);
        }
    }
}

fn is_short(instr: Instr) -> bool {
    matches!(instr.op().shape(), Shape::RRj | Shape::RKj | Shape::RIj)
}

fn with_offset(instr: Instr, offset: i32) -> Instr {
    if is_short(instr) {
        Instr::abc(instr.op(), instr.x(), instr.a() as u16, instr.b() as u16, offset as i16 as u16)
    } else {
        Instr::abx(instr.op(), instr.x(), instr.a() as u16, offset)
    }
}
