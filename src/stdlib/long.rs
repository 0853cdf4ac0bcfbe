//! Numbers in long texts, read a piece at a time: the limits are looked at between two pieces.

use super::arguments::Outcome;
use super::numerals::{self, is_space};
use crate::vm::Vm;
use crate::vm::bulk::{FREE, PIECE};

/// Shorter texts are read at once.
const LONG: usize = 1 << 12;
/// Digits that decide: a double is known from fewer than 800 of them, if it is also known whether any other is not zero; an integer with more is infinite in
/// every radix.
const DECIDING: usize = 1200;

/// A text without white space at its ends (at either, or at both). O(white space).
#[inline]
pub fn trim<'t>(vm: &mut Vm, text: &'t str, start: bool, end: bool) -> Outcome<&'t str> {
    if text.len() <= FREE {
        let text = if start { text.trim_start_matches(is_space) } else { text };
        return Ok(if end { text.trim_end_matches(is_space) } else { text });
    }
    trim_long(vm, text, start, end)
}

#[inline(never)]
fn trim_long<'t>(vm: &mut Vm, text: &'t str, start: bool, end: bool) -> Outcome<&'t str> {
    let mut part = text;
    while start && part.starts_with(is_space) {
        let at = part.floor_char_boundary(PIECE);
        let blanks = at - part[..at].trim_start_matches(is_space).len();
        vm.charge(blanks)?;
        part = &part[blanks..];
    }
    while end && part.ends_with(is_space) {
        let at = part.ceil_char_boundary(part.len().saturating_sub(PIECE));
        let left = at + part[at..].trim_end_matches(is_space).len();
        vm.charge(part.len() - left)?;
        part = &part[..left];
    }
    Ok(part)
}

/// Bytes from `from` on of which the question is true.
fn run(vm: &mut Vm, bytes: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Outcome<usize> {
    let mut count = 0;
    for piece in bytes[from..].chunks(PIECE) {
        let here = piece.iter().position(|byte| !is(*byte)).unwrap_or(piece.len());
        vm.charge(here)?;
        count += here;
        if here < piece.len() {
            break;
        }
    }
    Ok(count)
}

/// `Number(text)`: NaN if the whole text is not a number.
#[inline]
pub fn text_to_number(vm: &mut Vm, text: &str) -> Outcome<f64> {
    if text.len() <= LONG {
        return Ok(numerals::text_to_number(text));
    }
    let text = trim(vm, text, true, true)?;
    let bytes = text.as_bytes();
    if text.len() <= LONG {
        return Ok(numerals::text_to_number(text));
    }
    let radix = match (bytes[0], bytes[1] | 0x20) {
        (b'0', b'x') => 16,
        (b'0', b'o') => 8,
        (b'0', b'b') => 2,
        _ => {
            let (n, end) = decimal(vm, text)?;
            return Ok(if end == text.len() { n } else { f64::NAN });
        }
    };
    let zeros = run(vm, bytes, 2, |byte| byte == b'0')?;
    let digits = run(vm, bytes, 2 + zeros, |byte| (byte as char).is_digit(radix))?;
    if 2 + zeros + digits < text.len() {
        return Ok(f64::NAN);
    }
    let from = 2 + zeros;
    Ok(numerals::text_to_number(&format!("{}0{}", &text[..2], &text[from..from + digits.min(DECIDING)])))
}

/// `parseFloat(text)`: the longest prefix that is a decimal number.
pub fn parse_float(vm: &mut Vm, text: &str) -> Outcome<f64> {
    if text.len() <= LONG {
        return Ok(numerals::parse_float(text));
    }
    let text = trim(vm, text, true, false)?;
    Ok(decimal(vm, text)?.0)
}

/// `parseInt(text, radix)`: the longest prefix that is an integer.
#[inline]
pub fn parse_int(vm: &mut Vm, text: &str, radix: i32) -> Outcome<f64> {
    if text.len() <= LONG {
        return Ok(numerals::parse_int(text, radix));
    }
    let text = trim(vm, text, true, false)?;
    let bytes = text.as_bytes();
    // a sign and a prefix stand before leading zeros; one zero is left, so that there are digits
    let mut start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if matches!(radix, 0 | 16) && matches!(bytes.get(start..start + 2), Some(b"0x" | b"0X")) {
        start += 2;
    }
    let zeros = run(vm, bytes, start, |byte| byte == b'0')?;
    let skipped = zeros.saturating_sub(1);
    let end = text.floor_char_boundary(start + skipped + DECIDING);
    Ok(numerals::parse_int(&format!("{}{}", &text[..start], &text[start + skipped..end]), radix))
}

/// The number that a text starts with, and where it ends; NaN and 0 if there is none. Exactly rounded.
pub fn decimal(vm: &mut Vm, text: &str) -> Outcome<(f64, usize)> {
    let bytes = text.as_bytes();
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = run(vm, bytes, start, is_digit)?;
    let point = start + whole;
    let fraction = match bytes.get(point) {
        Some(b'.') => run(vm, bytes, point + 1, is_digit)?,
        _ => 0,
    };
    if whole + fraction == 0 {
        let prefix = &text[..text.floor_char_boundary(start + 8)];
        let n = numerals::parse_float(prefix);
        return Ok((n, if n.is_nan() { 0 } else { prefix.len() }));
    }
    let mut end = if fraction > 0 || bytes.get(point) == Some(&b'.') { point + 1 + fraction } else { point };
    let mut exponent = 0i64;
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let from = end + 1 + sign;
        let digits = if from <= bytes.len() { run(vm, bytes, from, is_digit)? } else { 0 };
        if digits > 0 {
            let zeros = run(vm, bytes, from, |byte| byte == b'0')?.min(digits);
            // further digits change nothing: the number of digits in the text is far below that
            let shown = &text[from + zeros..from + zeros + (digits - zeros).min(15)];
            let magnitude = shown.parse().unwrap_or(0);
            exponent = if bytes[from - 1] == b'-' { -magnitude } else { magnitude };
            end = from + digits;
        }
    }
    // `0.` and the digits that decide, times a power of ten
    let zeros = run(vm, bytes, start, |byte| byte == b'0')?.min(whole);
    let mut shift = exponent + (whole - zeros) as i64;
    let mut digits = String::with_capacity(DECIDING + 32);
    digits.push_str(&text[start + zeros..start + whole.min(zeros + DECIDING)]);
    let mut rest = whole > zeros + DECIDING && any_digit(vm, bytes, start + zeros + DECIDING, start + whole)?;
    if fraction > 0 {
        let mut from = point + 1;
        if digits.is_empty() {
            let zeros = run(vm, bytes, from, |byte| byte == b'0')?.min(fraction);
            shift -= zeros as i64;
            from += zeros;
        }
        let to = (from + DECIDING - digits.len().min(DECIDING)).min(point + 1 + fraction);
        digits.push_str(&text[from..to]);
        rest = rest || any_digit(vm, bytes, to, point + 1 + fraction)?;
    }
    if rest {
        digits.push('1');
    }
    let n = numerals::parse_float(&format!("{}0.{digits}e{shift}", &text[..start]));
    Ok((n, end))
}

/// Whether a digit in a range is not zero.
fn any_digit(vm: &mut Vm, bytes: &[u8], from: usize, to: usize) -> Outcome<bool> {
    Ok(run(vm, &bytes[..to], from, |byte| byte == b'0')? < to - from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::Options;
    use crate::vm::host::Silent;

    #[test]
    fn long_numbers_are_read_as_short_ones() {
        let mut vm = Vm::new(Options::default(), Box::new(Silent));
        let (nines, zeros) = ("9".repeat(300), "0".repeat(5000));
        let texts = [
            "0".to_string(),
            "-0".into(),
            "1.5".into(),
            ".5".into(),
            "5.".into(),
            ".".into(),
            "-".into(),
            "+.e5".into(),
            "1e".into(),
            "1e+".into(),
            "1e400".into(),
            "-Infinity".into(),
            "Infinityx".into(),
            "12abc".into(),
            "12.5.6".into(),
            "1e5e5".into(),
            "0x1f".into(),
            "9007199254740993".into(),
            "2.2250738585072011e-308".into(),
            "4.9406564584124654e-324".into(),
            "2.4703282292062327e-324".into(),
            nines.clone(),
            format!("{nines}{nines}e-400"),
            format!("{zeros}12.5"),
            format!("0.{zeros}125e5003"),
            format!("9007199254740993{zeros}e-5000"),
            format!("9007199254740993.{zeros}1"),
            format!("9007199254740993{zeros}1e-5001"),
            format!("1{zeros}"),
            format!("1e{zeros}7"),
            format!("1e-{zeros}7x"),
            format!("0x{zeros}ff"),
            format!("{zeros}é"),
            "é".into(),
            String::new(),
        ];
        for text in &texts {
            let (n, end) = decimal(&mut vm, text).unwrap_or((0.5, 0));
            assert_eq!(n.to_bits(), numerals::parse_float(text).to_bits(), "{text}");
            let whole = numerals::text_to_number(text);
            assert_eq!(
                end == text.len() && end > 0,
                !whole.is_nan() && !text.starts_with("0x") && !text.is_empty(),
                "{text}"
            );
            let padded = format!("{}{text}", " ".repeat(LONG));
            assert_eq!(parse_float(&mut vm, &padded).map(f64::to_bits), Ok(n.to_bits()), "{text}");
            assert_eq!(text_to_number(&mut vm, &padded).map(f64::to_bits), Ok(whole.to_bits()), "{text}");
            for radix in [0, 2, 7, 10, 16, 36] {
                let n = numerals::parse_int(text, radix);
                assert_eq!(parse_int(&mut vm, &padded, radix).map(f64::to_bits), Ok(n.to_bits()), "{text}, {radix}");
            }
        }
        vm.finish(crate::heap::value::Value::UNDEFINED);
    }
}
