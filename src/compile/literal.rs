//! Arrays, objects and templates.

use rustc_hash::FxHashSet;

use super::Compiler;
use super::emit::Reg;
use super::expr::is_anonymous;
use super::op::Op;
use super::protect::item_runs;
use crate::syntax::ast::*;

/// Elements appended, keys of a template, and parts joined at once.
const BATCH: usize = 64;

/// Whether a property's computed key names the function that it gets.
fn names_by_key(property: &Property) -> bool {
    match property {
        Property::Method { key, .. } => matches!(key, PropKey::Computed(_)),
        Property::KeyValue { key, value } => matches!(key, PropKey::Computed(_)) && is_anonymous(value),
        _ => false,
    }
}

impl<'a> Compiler<'a> {
    pub fn array(&mut self, items: &'a [Item], dest: Reg) {
        let span = self.f.position();
        self.f.wide(Op::NewArray, dest, items.len() as u32);
        let mut rest = items;
        while let Some(item) = rest.first() {
            let mark = self.f.top;
            if let Item::Spread(spread) = item {
                let iterable = self.operand(spread);
                self.f.at(spread.span);
                self.f.note(spread.span);
                self.f.ab(Op::AppendAll, dest, iterable);
                rest = &rest[1..];
            } else {
                let count = rest.iter().take(BATCH).take_while(|item| matches!(item, Item::Expr(_))).count();
                let (batch, after) = rest.split_at(count);
                let first = self.elements(batch);
                self.f.at(span);
                self.f.abc(Op::Append, dest, first, count as u16);
                rest = after;
            }
            self.f.top = mark;
        }
    }

    /// Evaluates elements to registers in a row.
    fn elements(&mut self, batch: &'a [Item]) -> Reg {
        if let [Item::Expr(only)] = batch {
            return self.operand(only);
        }
        let first = self.f.top as Reg;
        let mut last_run = None;
        for (index, item) in batch.iter().enumerate() {
            let Item::Expr(element) = item else { continue };
            let register = self.f.temp();
            self.expr(element, register);
            if self.borrows(element) {
                let last = *last_run.get_or_insert_with(|| batch.iter().rposition(|item| item_runs(self.res, item)));
                if last.is_some_and(|last| last > index) {
                    self.f.a(Op::Protect, register);
                }
            }
        }
        first
    }

    pub fn object(&mut self, properties: &'a [Property], dest: Reg) {
        let span = self.f.position();
        // The keys up to the first that is computed, repeated, spread or too many make a template.
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut keys = Vec::new();
        for property in properties.iter().take(BATCH) {
            match plain_key(property) {
                Some(key) if seen.insert(key) => keys.push(key.clone()),
                _ => break,
            }
        }
        let (slots, rest) = properties.split_at(keys.len());
        let template = self.f.template(keys);
        self.f.wide(Op::NewObject, dest, template);
        for (slot, property) in slots.iter().enumerate() {
            let mark = self.f.top;
            let value = self.property_value(property);
            self.f.at(span);
            self.f.abc(Op::InitSlot, dest, value, slot as u16);
            self.f.top = mark;
        }
        for property in rest {
            let mark = self.f.top;
            match property {
                Property::Spread(source) => {
                    let source = self.operand(source);
                    self.f.at(span);
                    self.f.ab(Op::CopyProps, dest, source);
                }
                _ => {
                    let key = self.property_key(property);
                    let value = self.property_value(property);
                    self.f.at(span);
                    self.f.abcx(Op::Define, names_by_key(property) as u8, dest, key, value);
                }
            }
            self.f.top = mark;
        }
    }

    fn property_value(&mut self, property: &'a Property) -> Reg {
        match property {
            Property::KeyValue { key, value } => match key {
                PropKey::Named(name) => self.named_operand(value, &name.name),
                PropKey::Computed(_) => self.operand(value),
            },
            Property::Shorthand(name) => match self.res.reference(name) {
                Some(reference) => {
                    self.f.at(name.span);
                    self.read(reference, name.span, None)
                }
                None => 0,
            },
            Property::Method { key, function } => {
                let name = match key {
                    PropKey::Named(name) => Some(name.name.clone()),
                    PropKey::Computed(_) => None,
                };
                let dest = self.f.temp();
                self.closure(function, name, dest);
                dest
            }
            Property::Spread(value) => self.operand(value),
        }
    }

    /// The key of a property in a register.
    fn property_key(&mut self, property: &'a Property) -> Reg {
        match property {
            Property::KeyValue { key: PropKey::Computed(key), value } => self.operand_before(key, &[value]),
            Property::Method { key: PropKey::Computed(key), .. } => self.operand(key),
            _ => {
                let register = self.f.temp();
                if let Some(key) = plain_key(property) {
                    self.f.load_string(register, key);
                }
                register
            }
        }
    }

    pub fn template(&mut self, quasis: &'a [Name], holes: &'a [Expr], dest: Reg) {
        let span = self.f.position();
        if holes.is_empty() {
            if let Some(text) = quasis.first() {
                self.f.load_string(dest, text);
            }
            return;
        }
        let mark = self.f.top;
        let first = mark as Reg;
        let last_run = holes.iter().rposition(|hole| super::protect::runs(self.res, hole));
        let count = |compiler: &Self| compiler.f.top - mark;
        for (index, quasi) in quasis.iter().enumerate() {
            if !quasi.is_empty() {
                let part = self.f.temp();
                self.f.load_string(part, quasi);
            }
            let Some(hole) = holes.get(index) else {
                continue;
            };
            let part = self.f.temp();
            self.expr(hole, part);
            if self.borrows(hole) && last_run.is_some_and(|last| last > index) {
                self.f.a(Op::Protect, part);
            }
            if count(self) >= BATCH {
                self.f.at(span);
                self.f.abc(Op::Concat, first, first, count(self) as u16);
                self.f.top = mark + 1;
            }
        }
        self.f.at(span);
        let count = count(self) as u16;
        self.f.abc(Op::Concat, dest, first, count);
        self.f.top = mark;
    }
}

fn plain_key(property: &Property) -> Option<&Name> {
    match property {
        Property::KeyValue { key: PropKey::Named(name), .. }
        | Property::Method { key: PropKey::Named(name), .. }
        | Property::Shorthand(name) => Some(&name.name),
        _ => None,
    }
}
