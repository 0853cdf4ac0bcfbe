//! Number literals: their extent and their value.
//!
//! Deviation D1 lives here: an integer literal strictly beyond ±2^53 that fits 64 bits keeps every digit. Everything else
//! is the nearest double, as in JavaScript.

use super::token::LexError;

/// 2^53: every integer up to here is a double.
const PLAIN_LIMIT: u64 = 1 << 53;

/// The value of a literal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Double(f64),
    /// Strictly beyond ±2^53.
    Exact(i64),
}

/// The length in bytes of the literal at the start of `text` (which starts with a digit, or a point and a digit), and
/// what is wrong with it.
pub fn scan(text: &str) -> (usize, Option<LexError>) {
    let bytes = text.as_bytes();
    let radix_prefix = match bytes {
        [b'0', b'x' | b'X', ..] => Some(16),
        [b'0', b'o' | b'O', ..] => Some(8),
        [b'0', b'b' | b'B', ..] => Some(2),
        _ => None,
    };
    let mut error = None;
    let mut at;
    if let Some(radix) = radix_prefix {
        at = 2 + digits(&bytes[2..], radix, &mut error);
        if at == 2 {
            error = Some(LexError::Number);
        }
    } else {
        at = digits(bytes, 10, &mut error);
        if at > 1 && bytes[0] == b'0' {
            error = Some(LexError::LegacyOctal);
        }
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            at += digits(&bytes[at..], 10, &mut error);
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(&bytes[at + 1 + sign..], 10, &mut error);
            if exponent == 0 {
                error = Some(LexError::Number);
            }
            at += 1 + sign + exponent;
        }
    }
    let tail = name_length(&text[at..]);
    if tail > 0 {
        let rest = &text[at..at + tail];
        if rest == "n" && error.is_none() {
            error = Some(LexError::BigInt);
        } else if error != Some(LexError::LegacyOctal) {
            let in_number = radix_prefix.is_some() && rest.as_bytes()[0].is_ascii_alphanumeric();
            error = Some(if in_number { LexError::Number } else { LexError::NameAfterNumber });
        }
        at += tail;
    }
    (at, error)
}

/// Digits and separators; a separator must stand between two digits.
fn digits(bytes: &[u8], radix: u32, error: &mut Option<LexError>) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'_' {
            let before = at > 0 && bytes[at - 1] != b'_';
            let after = bytes.get(at + 1).is_some_and(|next| (*next as char).is_digit(radix));
            if !(before && after) {
                *error = Some(LexError::Separator);
            }
        } else if !(*byte as char).is_digit(radix) {
            break;
        }
        at += 1;
    }
    if at > 1 && radix == 10 && bytes[0] == b'0' && bytes[1] == b'_' {
        *error = Some(LexError::Separator);
    }
    at
}

/// Bytes of letters, digits and the like that stick to a number.
fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len())
}

/// The value of a well-formed literal without a sign.
pub fn value(text: &str) -> Number {
    match integer(text) {
        Some(magnitude) if magnitude <= PLAIN_LIMIT => Number::Double(magnitude as f64),
        Some(magnitude) => match i64::try_from(magnitude) {
            Ok(exact) => Number::Exact(exact),
            Err(_) => Number::Double(double(text)),
        },
        None => Number::Double(double(text)),
    }
}

/// The value of a well-formed literal behind a minus.
pub fn negated(text: &str) -> Number {
    match integer(text) {
        Some(magnitude) if magnitude > PLAIN_LIMIT && magnitude <= 1 << 63 => {
            Number::Exact((magnitude as i64).wrapping_neg())
        }
        _ => match value(text) {
            Number::Double(double) => Number::Double(-double),
            Number::Exact(exact) => Number::Exact(-exact),
        },
    }
}

/// The magnitude of an integer literal of any base, if it fits 64 bits.
fn integer(text: &str) -> Option<u64> {
    let (digits, radix) = split(text);
    let mut total: u64 = 0;
    for byte in digits.bytes() {
        if byte == b'_' {
            continue;
        }
        let digit = (byte as char).to_digit(radix)?;
        total = total.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
    }
    Some(total)
}

fn split(text: &str) -> (&str, u32) {
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', b'o' | b'O', ..] => (&text[2..], 8),
        [b'0', b'b' | b'B', ..] => (&text[2..], 2),
        _ => (text, 10),
    }
}

/// The nearest double, ties to even.
fn double(text: &str) -> f64 {
    let (digits, radix) = split(text);
    if radix != 10 {
        return power_of_two(digits, radix);
    }
    if digits.contains('_') {
        return digits.replace('_', "").parse().unwrap_or(f64::NAN);
    }
    digits.parse().unwrap_or(f64::NAN)
}

/// The nearest double of digits in base 2, 8 or 16: the first 64 bits are kept, and the last of them also tells whether
/// any later bit is set, so that the one rounding at the end is right.
fn power_of_two(digits: &str, radix: u32) -> f64 {
    let width = radix.trailing_zeros();
    let mut kept: u64 = 0;
    let mut dropped: i32 = 0;
    for byte in digits.bytes().filter(|byte| *byte != b'_') {
        let digit = (byte as char).to_digit(radix).unwrap_or(0);
        for bit in (0..width).rev() {
            let bit = u64::from(digit >> bit & 1);
            if kept >> 63 == 0 {
                kept = kept << 1 | bit;
            } else {
                kept |= bit;
                dropped = dropped.saturating_add(1);
            }
        }
    }
    kept as f64 * 2f64.powi(dropped)
}
