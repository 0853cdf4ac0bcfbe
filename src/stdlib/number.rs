//! `Number` and `Boolean`, their methods, and the global functions on numbers.

use super::arguments::{Outcome, integer, number, numeric, text, this_number, wrong, wrong_receiver};
use super::{long, numerals};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::convert::number_text;
use crate::vm::native::{Args, Construct, NativeClass, NativeInfo, Throw};

pub(super) static NUMBER: NativeClass = NativeClass {
    name: "Number",
    length: 1,
    call: Some(NativeInfo::new("Number", 1, to_number)),
    construct: Construct::Refused("write `Number(x)`: a wrapped number is an object"),
};

pub(super) static BOOLEAN: NativeClass = NativeClass {
    name: "Boolean",
    length: 1,
    call: Some(NativeInfo::new("Boolean", 1, to_boolean)),
    construct: Construct::Refused("write `Boolean(x)`: a wrapped boolean is an object, and always true"),
};

pub(super) static STATICS: &[NativeInfo] = &[
    NativeInfo::new("isFinite", 1, number_is_finite),
    NativeInfo::new("isInteger", 1, is_integer),
    NativeInfo::new("isNaN", 1, number_is_nan),
    NativeInfo::new("isSafeInteger", 1, is_safe_integer),
    NativeInfo::new("parseFloat", 1, parse_float),
    NativeInfo::new("parseInt", 2, parse_int),
];

pub(super) static METHODS: &[NativeInfo] = &[
    NativeInfo::new("toExponential", 1, to_exponential),
    NativeInfo::new("toFixed", 1, to_fixed),
    NativeInfo::new("toPrecision", 1, to_precision),
    NativeInfo::new("toString", 1, to_string),
    NativeInfo::new("valueOf", 0, value_of),
];

pub(super) static BOOLEAN_METHODS: &[NativeInfo] =
    &[NativeInfo::new("toString", 0, boolean_to_string), NativeInfo::new("valueOf", 0, boolean_value_of)];

pub(super) static PARSE_INT: NativeInfo = NativeInfo::new("parseInt", 2, parse_int);
pub(super) static PARSE_FLOAT: NativeInfo = NativeInfo::new("parseFloat", 1, parse_float);
pub(super) static IS_NAN: NativeInfo = NativeInfo::new("isNaN", 1, is_nan);
pub(super) static IS_FINITE: NativeInfo = NativeInfo::new("isFinite", 1, is_finite);

/// `Number.EPSILON` …
pub(super) fn constants() -> [(&'static str, Value); 8] {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    [
        ("EPSILON", Value::double(f64::EPSILON)),
        ("MAX_SAFE_INTEGER", Value::double(SAFE)),
        ("MAX_VALUE", Value::double(f64::MAX)),
        ("MIN_SAFE_INTEGER", Value::double(-SAFE)),
        ("MIN_VALUE", Value::double(f64::from_bits(1))),
        ("NaN", Value::NAN),
        ("NEGATIVE_INFINITY", Value::double(f64::NEG_INFINITY)),
        ("POSITIVE_INFINITY", Value::double(f64::INFINITY)),
    ]
}

/// `Number(x)` of a primitive; `None` for a container.
pub fn primitive_to_number(vm: &mut Vm, value: Value) -> Outcome<Option<Value>> {
    Ok(match value {
        v if v.is_number() => Some(v),
        Value::UNDEFINED => Some(Value::NAN),
        Value::NULL | Value::FALSE => Some(Value::int(0)),
        Value::TRUE => Some(Value::int(1)),
        v if v.is_string() => Some(numeric(long::text_to_number(vm, vm.heap.text(v).as_str())?)),
        _ => None,
    })
}

/// `Number(x)`: numbers as they are, texts read as a whole; containers are a TypeError.
fn to_number(vm: &mut Vm, args: Args) -> Outcome {
    if args.is_empty() {
        return Ok(Value::int(0));
    }
    let value = vm.arg(args, 0);
    match primitive_to_number(vm, value)? {
        Some(n) => Ok(n),
        None => Err(wrong(vm, "Number", 0, "a number, string, boolean, null or undefined", value)),
    }
}

/// `Boolean(x)`: whether JavaScript takes it for true.
fn to_boolean(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(vm.arg(args, 0).is_truthy()))
}

/// False for anything but a number (no TypeError: the question is about the kind of value).
fn number_is_finite(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(vm.arg(args, 0).as_f64().is_some_and(f64::is_finite)))
}

/// Whether the argument is a number without fraction.
fn is_integer(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(vm.arg(args, 0).as_f64().is_some_and(|n| n.is_finite() && n.trunc() == n)))
}

/// Whether the argument is the number NaN.
fn number_is_nan(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(vm.arg(args, 0).plain_number().is_some_and(f64::is_nan)))
}

/// Whether the argument is an integer within ±(2^53 - 1).
fn is_safe_integer(vm: &mut Vm, args: Args) -> Outcome {
    let safe = |n: f64| n.abs() <= 9_007_199_254_740_991.0 && n.trunc() == n;
    Ok(Value::bool(vm.arg(args, 0).plain_number().is_some_and(safe)))
}

/// The global `isNaN`: only of numbers.
fn is_nan(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(number(vm, args, 0, "isNaN")?.is_nan()))
}

/// The global `isFinite`: only of numbers.
fn is_finite(vm: &mut Vm, args: Args) -> Outcome {
    Ok(Value::bool(number(vm, args, 0, "isFinite")?.is_finite()))
}

/// The text that `parseInt` and `parseFloat` read: a string, or that of another primitive.
fn text_to_parse(vm: &mut Vm, args: Args, function: &str) -> Outcome<crate::heap::string::Text> {
    let value = vm.arg(args, 0);
    match vm.primitive_text(value) {
        Some(string) => Ok(vm.heap.text(string)),
        None => Err(wrong(vm, function, 0, "a string or number", value)),
    }
}

/// `parseInt(text, radix)`: the longest prefix that is an integer.
fn parse_int(vm: &mut Vm, args: Args) -> Outcome {
    let text = text_to_parse(vm, args, "parseInt")?;
    number(vm, args, 1, "parseInt")?;
    let radix = crate::vm::convert::to_int32(vm.arg(args, 1)).unwrap_or(0);
    Ok(numeric(long::parse_int(vm, text.as_str(), radix)?))
}

/// `parseFloat(text)`: the longest prefix that is a decimal number.
fn parse_float(vm: &mut Vm, args: Args) -> Outcome {
    let text = text_to_parse(vm, args, "parseFloat")?;
    Ok(numeric(long::parse_float(vm, text.as_str())?))
}

/// Units of work for a digit: they come from long division.
const DIGIT_WEIGHT: usize = 16;

/// A count of digits between `least` and `most`.
fn digits(vm: &mut Vm, args: Args, function: &str, least: f64, most: f64) -> Outcome<usize> {
    let n = integer(vm, args, 0, function, 0.0)?;
    vm.charge(DIGIT_WEIGHT * (n.clamp(0.0, most) as usize + 1))?;
    if (least..=most).contains(&n) { Ok(n as usize) } else { Err(out_of_range(vm, function, least, most)) }
}

#[cold]
fn out_of_range(vm: &mut Vm, function: &str, least: f64, most: f64) -> Throw {
    vm.range_error(format!("`{function}`: argument 1 must be between {least} and {most}"))
}

/// That many digits behind the point, rounded from the exact value.
fn to_fixed(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_number(vm, args, "toFixed")?;
    let digits = digits(vm, args, "toFixed", 0.0, 100.0)?;
    let shown = match (this.exact(), this.plain_number()) {
        (Some(n), _) if digits == 0 => n.to_string(),
        (Some(n), _) => format!("{n}.{}", "0".repeat(digits)),
        (None, Some(x)) if x.is_finite() && x.abs() < 1e21 => numerals::to_fixed(x, digits),
        (None, x) => number_text(x.unwrap_or(f64::NAN)),
    };
    text(vm, &shown)
}

/// Scientific notation.
fn to_exponential(vm: &mut Vm, args: Args) -> Outcome {
    let x = this_number(vm, args, "toExponential")?.as_f64().unwrap_or(f64::NAN);
    let count = integer(vm, args, 0, "toExponential", 0.0)?;
    if !x.is_finite() {
        return text(vm, &number_text(x));
    }
    if !(0.0..=100.0).contains(&count) {
        return Err(out_of_range(vm, "toExponential", 0.0, 100.0));
    }
    let count = if vm.arg(args, 0).is_undefined() { None } else { Some(count as usize) };
    text(vm, &numerals::to_exponential(x, count))
}

/// That many significant digits.
fn to_precision(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_number(vm, args, "toPrecision")?;
    if vm.arg(args, 0).is_undefined() {
        return to_string(vm, args);
    }
    let x = this.as_f64().unwrap_or(f64::NAN);
    let count = integer(vm, args, 0, "toPrecision", 0.0)?;
    if !x.is_finite() {
        return text(vm, &number_text(x));
    }
    if !(1.0..=100.0).contains(&count) {
        return Err(out_of_range(vm, "toPrecision", 1.0, 100.0));
    }
    text(vm, &numerals::to_precision(x, count as usize))
}

/// The text in a radix from 2 to 36, 10 if absent.
fn to_string(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_number(vm, args, "toString")?;
    let radix = integer(vm, args, 0, "toString", 10.0)?;
    if !(2.0..=36.0).contains(&radix) {
        return Err(out_of_range(vm, "toString", 2.0, 36.0));
    }
    let radix = radix as u32;
    let shown = match (this.exact(), this.plain_number()) {
        (Some(n), _) => numerals::integer_to_radix(n, radix),
        (None, Some(x)) if radix != 10 && x.is_finite() => numerals::to_radix(x, radix),
        (None, x) => number_text(x.unwrap_or(f64::NAN)),
    };
    text(vm, &shown)
}

/// The number itself.
fn value_of(vm: &mut Vm, args: Args) -> Outcome {
    this_number(vm, args, "valueOf")
}

fn this_boolean(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    let this = vm.this(args);
    if this.is_bool() { Ok(this) } else { Err(wrong_receiver(vm, function, "booleans", this)) }
}

/// `"true"` or `"false"`.
fn boolean_to_string(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_boolean(vm, args, "toString")?;
    text(vm, if this == Value::TRUE { "true" } else { "false" })
}

/// The boolean itself.
fn boolean_value_of(vm: &mut Vm, args: Args) -> Outcome {
    this_boolean(vm, args, "valueOf")
}
