//! Bytecode as text, for `--dump=bytecode` and the tests: function by function, an instruction a line.

use std::fmt::Write;

use super::op::{Instr, Op, Shape};
use super::proto::*;
use crate::syntax::diagnostic::position;

/// The text of a program. `builtins` and `existing` (globals of earlier programs) are the names given to the compiler.
pub fn disassemble(program: &Program, source: &str, builtins: &[&str], existing: &[&str]) -> String {
    let own = program.globals.iter().map(|(name, _)| &**name);
    let unknown = (existing.len()..program.first_global as usize).map(|_| "");
    let globals = existing.iter().copied().chain(unknown).chain(own).collect();
    let mut out = Disassembler { out: String::new(), source, builtins, globals };
    if let Some(hoist) = &program.hoist {
        out.function(hoist, "hoisted: ");
    }
    out.function(&program.main, "");
    out.out
}

struct Disassembler<'s> {
    out: String,
    source: &'s str,
    builtins: &'s [&'s str],
    globals: Vec<&'s str>,
}

impl Disassembler<'_> {
    fn function(&mut self, proto: &Proto, class: &str) {
        let name = if proto.name.is_empty() { "(anonymous)" } else { &proto.name };
        let kind = format!("{:?}", proto.kind).to_lowercase();
        self.line(format_args!(
            "{class}function {name} ({kind}): {} parameters, {} registers",
            proto.params, proto.registers
        ));
        for (index, capture) in proto.captures.iter().enumerate() {
            match capture {
                Capture::Local(register) => self.line(format_args!("  up {index}: register {register}")),
                Capture::Up(up) => self.line(format_args!("  up {index}: up {up}")),
            }
        }
        let mut last_line = 0;
        for (pc, &instr) in proto.code.iter().enumerate() {
            let span = proto.spans.iter().take_while(|(start, _)| *start <= pc as u32).last();
            let line = span.map_or(0, |(_, span)| position(self.source, span.start).line);
            let mark = if line == last_line { String::new() } else { line.to_string() };
            last_line = line;
            let operands = self.operands(proto, pc, instr);
            self.line(format_args!("{mark:>4} {pc:>4}  {:<16}{operands}", instr.op().name()));
        }
        for handler in &proto.handlers {
            self.line(format_args!(
                "  handler {}..{}: to {}, exception in r{}, depth {}",
                handler.start, handler.end, handler.target, handler.register, handler.depth
            ));
        }
        for local in proto.locals.iter().filter(|local| local.counted) {
            let name = if local.name.is_empty() { "(hidden)" } else { &local.name };
            let boxed = if local.boxed { ", variable" } else { "" };
            self.line(format_args!(
                "  local r{} {name}: {}..{}, depth {}{boxed}",
                local.register, local.start, local.end, local.depth
            ));
        }
        self.out.push('\n');
        for function in &proto.functions {
            self.function(function, "");
        }
        for template in &proto.classes {
            for function in template
                .constructor
                .iter()
                .chain(&template.fields)
                .chain(template.methods.iter().map(|method| &method.function))
            {
                self.function(function, &format!("class {}: ", template.name));
            }
        }
    }

    fn line(&mut self, text: std::fmt::Arguments) {
        let start = self.out.len();
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(text);
        let end = self.out.trim_end_matches(' ').len().max(start);
        self.out.truncate(end);
        self.out.push('\n');
    }

    fn operands(&self, proto: &Proto, pc: usize, instr: Instr) -> String {
        let (a, b, c) = (instr.a(), instr.b(), instr.c());
        let constant = |index: usize| proto.constants.get(index).map_or_else(|| "?".to_owned(), show);
        let to = |offset: i32| format!("→{}", pc as i64 + 1 + offset as i64);
        let sense = if instr.x() == 0 { "unless" } else { "if" };
        let flags = self.flags(instr);
        match instr.op().shape() {
            Shape::O => flags,
            Shape::R => format!("r{a}{flags}"),
            Shape::RR => format!("r{a} r{b}{flags}"),
            Shape::RRR => format!("r{a} r{b} r{c}{flags}"),
            Shape::RRK => format!("r{a} r{b} {}{flags}", constant(c)),
            Shape::RRI => format!("r{a} r{b} {}{flags}", instr.short()),
            Shape::RRC => {
                let key = proto.caches.get(c).map_or("?", |key| key);
                format!("r{a} r{b} .{key}{flags}")
            }
            Shape::RRN => format!("r{a} r{b} #{c}{flags}"),
            Shape::RN => match instr.op() {
                Op::PushScope => ["block", "for", "iteration", "catch", "switch"].get(a).unwrap_or(&"?").to_string(),
                _ => format!("r{a} #{b}{flags}"),
            },
            Shape::RNN => match instr.op() {
                Op::PrivateName => format!("r{a} #{b} outwards {c}"),
                _ => {
                    let mask = if c == 0 { String::new() } else { format!(" protects {}", bits(a, c)) };
                    format!("r{a} #{b}{mask}{flags}")
                }
            },
            Shape::RK => format!("r{a} {}{flags}", constant(instr.bc() as u32 as usize)),
            Shape::RI => format!("r{a} {}{flags}", instr.bc()),
            Shape::RW => format!("r{a} {}{flags}", self.index(proto, instr)),
            Shape::J => to(instr.bc()),
            Shape::RJ => format!("r{a} {}", to(instr.bc())),
            Shape::RRj => format!("{sense} r{a} r{b} {}", to(instr.short())),
            Shape::RKj => format!("{sense} r{a} {} {}", constant(b), to(instr.short())),
            Shape::RIj => format!("{sense} r{a} {} {}", instr.immediate(), to(instr.short())),
        }
    }

    /// What an operand of 32 bits counts.
    fn index(&self, proto: &Proto, instr: Instr) -> String {
        let index = instr.bc() as u32 as usize;
        match instr.op() {
            Op::LoadBuiltin => self.builtins.get(index).map_or_else(|| "?".to_owned(), |name| format!("@{name}")),
            Op::GetGlobal | Op::SetGlobal => {
                format!("global {index} {}", self.globals.get(index).unwrap_or(&""))
            }
            Op::NewObject => match proto.templates.get(index) {
                Some(keys) => format!("{{{}}}", keys.join(", ")),
                None => "?".to_owned(),
            },
            Op::Closure => match proto.functions.get(index) {
                Some(function) if !function.name.is_empty() => format!("{index} {}", function.name),
                _ => index.to_string(),
            },
            Op::NewClass => match proto.classes.get(index) {
                Some(class) if !class.name.is_empty() => format!("{index} {}", class.name),
                _ => index.to_string(),
            },
            _ => index.to_string(),
        }
    }

    fn flags(&self, instr: Instr) -> String {
        use super::op::flag;
        let x = instr.x();
        let arithmetic = (Op::Add as u8..=Op::BitNot as u8).contains(&instr.opcode());
        match x {
            0 => String::new(),
            _ if !arithmetic => match instr.op() {
                Op::Call | Op::CallSpread => " plain".to_owned(),
                Op::DefineMethod => " static".to_owned(),
                Op::NewClass => " extends".to_owned(),
                Op::NewVar | Op::IterStart => " temporary".to_owned(),
                Op::CheckInit | Op::ThrowTdz => " this".to_owned(),
                _ => " checked".to_owned(),
            },
            _ if x & flag::SELF == 0 => {
                let own = if x & flag::OWN != 0 { " OWN" } else { "" };
                let swapped = if x & flag::SWAPPED != 0 { " swapped" } else { "" };
                format!("{own}{swapped}")
            }
            _ => match x >> flag::OUTER_SHIFT {
                0 => " SELF".to_owned(),
                outer => format!(" SELF outer {outer}"),
            },
        }
    }
}

/// The registers of a call's mask.
fn bits(first: usize, mask: usize) -> String {
    let registers: Vec<String> =
        (0..16).filter(|bit| mask >> bit & 1 == 1).map(|bit| format!("r{}", first + bit)).collect();
    registers.join(" ")
}

fn show(constant: &Const) -> String {
    match constant {
        Const::Number(value) => format!("{value}"),
        Const::Exact(value) => format!("{value}"),
        Const::String(text) => format!("{text:?}"),
    }
}
