//! `console` and `print`: texts as they are, containers in the inspection format.

use super::arguments::Outcome;
use super::inspect::{Options, inspect, neutralised, number};
use super::json::{Layout, Methods, to_json};
use super::long;
use super::number::primitive_to_number;
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::pieces;
use crate::vm::convert::number_text;
use crate::vm::host::Stream;
use crate::vm::native::{Args, NativeInfo};

pub(super) static FUNCTIONS: &[NativeInfo] = &[
    NativeInfo::new("debug", 0, print),
    NativeInfo::new("error", 0, print_error),
    NativeInfo::new("info", 0, print),
    NativeInfo::new("log", 0, print),
    NativeInfo::new("warn", 0, print_error),
];

pub(super) static PRINT: NativeInfo = NativeInfo::new("print", 0, print);

/// Writes the arguments, and a line end, to the output.
fn print(vm: &mut Vm, args: Args) -> Outcome {
    write_line(vm, args, Stream::Output)
}

/// The same to the error stream.
fn print_error(vm: &mut Vm, args: Args) -> Outcome {
    write_line(vm, args, Stream::Error)
}

fn write_line(vm: &mut Vm, args: Args, stream: Stream) -> Outcome {
    let mut line = formatted(vm, args)?;
    line.push('\n');
    write(vm, &line, stream)
}

/// Writes a text as it is; on a terminal its control characters have no effect.
pub(super) fn write(vm: &mut Vm, text: &str, stream: Stream) -> Outcome {
    let terminal = vm.host.is_terminal(stream);
    for piece in pieces(text) {
        vm.charge(piece.len())?;
        let (piece, rest) = piece.split_at(vm.take_output(piece));
        let written = if terminal { vm.host.write(stream, &neutralised(piece)) } else { vm.host.write(stream, piece) };
        if written.is_err() {
            // the reader is gone: end quietly
            return Err(vm.closed());
        }
        if !rest.is_empty() {
            return Err(vm.too_much_output());
        }
    }
    Ok(Value::UNDEFINED)
}

/// The arguments as one line: a first string may hold `%` directives, the rest follows with blanks between.
fn formatted(vm: &mut Vm, args: Args) -> Outcome<String> {
    let first = vm.arg(args, 0);
    if !first.is_string() {
        let mut out = String::new();
        append_rest(vm, args, 0, &mut out)?;
        return Ok(out);
    }
    let template = vm.heap.text(first);
    if args.len() == 1 || !template.contains('%') {
        let mut out = String::new();
        vm.push_text(&mut out, template.as_str())?;
        append_rest(vm, args, 1, &mut out)?;
        return Ok(out);
    }
    let mut out = String::new();
    let mut used = 1;
    let mut rest = template.as_str();
    vm.charge(rest.len())?;
    while let Some(at) = rest.find('%') {
        let Some(directive) = rest.as_bytes().get(at + 1).copied() else { break };
        if directive == b'%' {
            out.push_str(&rest[..=at]);
        } else if used < args.len() && b"sdifjoOc".contains(&directive) {
            out.push_str(&rest[..at]);
            let shown = directed(vm, vm.arg(args, used), directive)?;
            out.push_str(&shown);
            used += 1;
        } else {
            // no directive: it stands for itself, and so does what follows unless it is another `%`
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    append_rest(vm, args, used, &mut out)?;
    Ok(out)
}

fn append_rest(vm: &mut Vm, args: Args, from: usize, out: &mut String) -> Outcome<()> {
    for index in from..args.len() {
        if index > 0 {
            out.push(' ');
        }
        let value = vm.arg(args, index);
        if value.is_string() {
            vm.push_text(out, vm.heap.text(value).as_str())?;
        } else {
            out.push_str(&inspect(vm, value, Options::default())?);
        }
    }
    Ok(())
}

/// An argument as a directive wants it.
fn directed(vm: &mut Vm, value: Value, directive: u8) -> Outcome<String> {
    let has_text = value.is_container() && (value.kind() == Some(Kind::Array) || has_own_text(vm, value));
    if has_text && b"dif".contains(&directive) {
        let what = vm.describe(value);
        return Err(vm.type_error(format!("`%{}` wants a number, got {what}", directive as char)));
    }
    Ok(match directive {
        b's' => text_of(vm, value)?,
        b'd' => match primitive_to_number(vm, value)? {
            Some(n) => number(n),
            None => "NaN".to_string(),
        },
        b'i' => parsed(vm, value, |vm, text| long::parse_int(vm, text, 10))?,
        b'f' => parsed(vm, value, long::parse_float)?,
        b'j' => {
            let layout = Layout { methods: Methods::Refuse, ..Layout::default() };
            to_json(vm, value, &layout)?.unwrap_or_else(|| "undefined".to_string())
        }
        b'o' => inspect(vm, value, Options { depth: 4, hidden: true, ..Options::default() })?,
        b'O' => inspect(vm, value, Options::default())?,
        // a style sheet, of no use here
        _ => String::new(),
    })
}

fn parsed(vm: &mut Vm, value: Value, parse: fn(&mut Vm, &str) -> Outcome<f64>) -> Outcome<String> {
    if value.is_exact() {
        return Ok(number(value));
    }
    let n = match vm.primitive_text(value) {
        Some(text) => parse(vm, vm.heap.text(text).as_str())?,
        None => f64::NAN,
    };
    Ok(if n == 0.0 && n.is_sign_negative() { "-0".to_string() } else { number_text(n) })
}

/// `%s`: the text of a primitive; containers inspected, but not those with a `toString` of their own, which is not called here.
fn text_of(vm: &mut Vm, value: Value) -> Outcome<String> {
    if value.is_number() {
        return Ok(number(value));
    }
    if let Some(text) = vm.primitive_text(value) {
        return Ok(vm.heap.text(text).as_str().to_string());
    }
    if vm.is_callable(value) || has_own_text(vm, value) {
        let what = vm.describe(value);
        return Err(vm.type_error(format!("`%s` calls no `toString` of {what}: write `${{x}}` in a template")));
    }
    inspect(vm, value, Options { depth: 0, ..Options::default() })
}

/// Whether a script's `toString` would make this value's text.
fn has_own_text(vm: &mut Vm, value: Value) -> bool {
    let key = vm.heap.key("toString");
    if vm.heap.get_own(value, key).is_some() {
        return true;
    }
    let mut class = vm.heap.class_of(value).unwrap_or(Value::UNDEFINED);
    while class.kind() == Some(Kind::Class) {
        let data = vm.heap.class_data(class);
        if data.native.is_null() && data.methods.contains_key(&key) {
            return true;
        }
        class = data.parent;
    }
    false
}
