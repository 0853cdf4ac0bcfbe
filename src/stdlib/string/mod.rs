//! `String`: the class, its static functions, and the table of methods. Positions count Unicode scalar values (deviation D2).

mod normalize;
mod occurrences;
mod parts;
mod replace;
mod search;
mod shape;

use super::arguments::{Outcome, text, this_string, wrong};
use crate::heap::string::Text;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::PIECE;
use crate::vm::convert::to_int32;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo};

pub(super) static STRING: NativeClass = NativeClass {
    name: "String",
    length: 1,
    call: Some(NativeInfo::calling_back("String", 1, to_string)),
    construct: Construct::Refused("write `String(x)`: a wrapped string is an object"),
};

pub(super) static STATICS: &[NativeInfo] =
    &[NativeInfo::new("fromCharCode", 1, from_char_code), NativeInfo::new("fromCodePoint", 1, from_code_point)];

pub(super) static METHODS: &[NativeInfo] = &[
    NativeInfo::new("at", 1, parts::at),
    NativeInfo::new("charAt", 1, parts::char_at),
    NativeInfo::new("charCodeAt", 1, parts::char_code_at),
    NativeInfo::new("codePointAt", 1, parts::code_point_at),
    NativeInfo::new("concat", 1, shape::concat),
    NativeInfo::new("endsWith", 1, search::ends_with),
    NativeInfo::new("includes", 1, search::includes),
    NativeInfo::new("indexOf", 1, search::index_of),
    NativeInfo::new("isWellFormed", 0, is_well_formed),
    NativeInfo::new("lastIndexOf", 1, search::last_index_of),
    NativeInfo::new("localeCompare", 1, locale_compare),
    NativeInfo::new("normalize", 0, normalize::normalize),
    NativeInfo::new("padEnd", 1, shape::pad_end),
    NativeInfo::new("padStart", 1, shape::pad_start),
    NativeInfo::new("repeat", 1, shape::repeat),
    NativeInfo::calling_back("replace", 2, replace::replace),
    NativeInfo::calling_back("replaceAll", 2, replace::replace_all),
    NativeInfo::new("slice", 2, parts::slice),
    NativeInfo::new("split", 2, parts::split),
    NativeInfo::new("startsWith", 1, search::starts_with),
    NativeInfo::new("substring", 2, parts::substring),
    NativeInfo::new("toLowerCase", 0, shape::to_lower_case),
    NativeInfo::new("toString", 0, |vm, args| itself(vm, args, "toString")),
    NativeInfo::new("toUpperCase", 0, shape::to_upper_case),
    NativeInfo::new("toWellFormed", 0, |vm, args| itself(vm, args, "toWellFormed")),
    NativeInfo::new("trim", 0, shape::trim),
    NativeInfo::new("trimEnd", 0, shape::trim_end),
    NativeInfo::new("trimStart", 0, shape::trim_start),
    NativeInfo::new("valueOf", 0, |vm, args| itself(vm, args, "valueOf")),
];

/// `String(x)`: the text of a primitive, an array of them, or an object with a `toString` method.
fn to_string(vm: &mut Vm, args: Args) -> Outcome {
    if args.is_empty() {
        return text(vm, "");
    }
    let value = vm.arg(args, 0);
    vm.to_text(value)
}

/// A string of these code points. RangeError for what is none, surrogates included (deviation D2).
fn from_code_point(vm: &mut Vm, args: Args) -> Outcome {
    vm.charge(args.len())?;
    let mut out = String::with_capacity(args.len());
    for index in 0..args.len() {
        let value = vm.arg(args, index);
        let Some(n) = value.as_f64() else {
            return Err(wrong(vm, "String.fromCodePoint", index, "a number", value));
        };
        let c = if n.trunc() == n && (0.0..=1_114_111.0).contains(&n) { char::from_u32(n as u32) } else { None };
        match c {
            Some(c) => out.push(c),
            None => {
                return Err(vm.range_error(format!("`String.fromCodePoint`: {n} is not the code point of a character")));
            }
        }
    }
    text(vm, &out)
}

/// A string of these UTF-16 units; a surrogate pair is one character. RangeError for a lone surrogate (deviation D2).
fn from_char_code(vm: &mut Vm, args: Args) -> Outcome {
    vm.charge(args.len())?;
    let mut units = Vec::with_capacity(args.len());
    for index in 0..args.len() {
        let value = vm.arg(args, index);
        match to_int32(value) {
            Some(n) => units.push(n as u16),
            None => return Err(wrong(vm, "String.fromCharCode", index, "a number", value)),
        }
    }
    match String::from_utf16(&units) {
        Ok(out) => text(vm, &out),
        Err(_) => Err(vm.range_error("`String.fromCharCode`: a lone surrogate is no character")),
    }
}

/// The string itself.
fn itself(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    this_string(vm, args, function)?;
    Ok(vm.this(args))
}

/// True: a string never holds a lone surrogate.
fn is_well_formed(vm: &mut Vm, args: Args) -> Outcome {
    this_string(vm, args, "isWellFormed")?;
    Ok(Value::TRUE)
}

/// Refused: it depends on the locale.
fn locale_compare(vm: &mut Vm, _args: Args) -> Outcome {
    Err(vm.type_error("`localeCompare` depends on the locale: compare with `<`, which goes by code points"))
}

/// The scalar values of a string from `start` up to, not including, `end`, as a string. Both are within the text.
fn cut(vm: &mut Vm, string: Value, start: usize, end: usize) -> Outcome {
    if start >= end {
        return text(vm, "");
    }
    let (from, to) = (vm.byte_of(string, start)?, vm.byte_of(string, end)?);
    let part = &vm.heap.text(string).as_str()[from..to];
    if part.len() > PIECE {
        return text(vm, part);
    }
    vm.charge(part.len())?;
    vm.text_in_room(|heap| heap.string_with(part, (end - start) as u32))
}

/// A part of a text, by bytes.
fn piece(vm: &mut Vm, whole: Text, part: &str) -> Outcome {
    if whole.is_ascii() && part.len() <= PIECE {
        vm.charge(part.len())?;
        vm.text_in_room(|heap| heap.string_with(part, part.len() as u32))
    } else {
        text(vm, part)
    }
}
