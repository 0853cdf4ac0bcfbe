//! Conversions that need no machine: numbers to text, values to keys and indexes.

use crate::heap::value::Value;

/// JavaScript's text of a number: the shortest digits that read back the same.
pub fn number_text(n: f64) -> String {
    if n == 0.0 {
        return "0".to_string();
    }
    ryu_js::Buffer::new().format(n).to_string()
}

/// The index that a number is, if it is a whole number from 0 to 2^32 - 2.
#[inline(always)]
pub fn as_index(value: Value) -> Option<usize> {
    if value.is_int() {
        let n = value.as_int();
        return if n >= 0 { Some(n as usize) } else { None };
    }
    if value.is_double() {
        let n = value.as_double();
        if n >= 0.0 && n < u32::MAX as f64 && n.trunc() == n {
            return Some(n as usize);
        }
    }
    None
}

/// JavaScript's ToInt32: modulo 2^32. The exact integers of deviation D1 keep their low bits.
#[inline]
pub fn to_int32(value: Value) -> Option<i32> {
    if value.is_int() {
        return Some(value.as_int());
    }
    if let Some(n) = value.exact() {
        return Some(n as i32);
    }
    let n = value.plain_number()?;
    Some(f64_to_int32(n))
}

/// JavaScript's ToInt32 of a double.
pub fn f64_to_int32(n: f64) -> i32 {
    if n.abs() < 9.2e18 {
        return n as i64 as i32;
    }
    if !n.is_finite() {
        return 0;
    }
    let bits = n.to_bits();
    let exponent = ((bits >> 52) & 0x7FF) as i32 - 1075;
    if !(0..32).contains(&exponent) {
        return 0;
    }
    let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
    let low = (mantissa << exponent) as u32 as i32;
    if n < 0.0 { low.wrapping_neg() } else { low }
}

/// JavaScript's ToIntegerOrInfinity of a double: fractions cut, NaN 0.
pub fn to_integer(n: f64) -> f64 {
    if n.is_nan() { 0.0 } else { n.trunc() + 0.0 }
}

/// What `typeof` says.
pub fn type_name(value: Value) -> &'static str {
    use crate::heap::cell::Kind;
    if value.is_number() {
        return "number";
    }
    match value {
        Value::UNDEFINED => "undefined",
        Value::TRUE | Value::FALSE => "boolean",
        _ => match value.kind() {
            Some(Kind::String) => "string",
            Some(Kind::Function | Kind::Native | Kind::Bound | Kind::Class) => "function",
            _ => "object",
        },
    }
}
