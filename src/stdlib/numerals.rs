//! Text to number and number to text, as JavaScript defines them. Needs no machine.

/// JavaScript's white space and line ends (not Unicode's: U+0085 is none, U+FEFF is).
pub fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

/// `Number(text)`: NaN if the whole text is not a number.
pub fn text_to_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    if text.is_empty() {
        return 0.0;
    }
    let bytes = text.as_bytes();
    if bytes[0] == b'0' && bytes.len() > 2 {
        let radix = match bytes[1] | 0x20 {
            b'x' => 16,
            b'o' => 8,
            b'b' => 2,
            _ => 0,
        };
        if radix != 0 {
            let digits = &text[2..];
            return if digits.chars().all(|c| c.is_digit(radix)) { digits_to_number(digits, radix) } else { f64::NAN };
        }
    }
    if decimal_prefix(text) == text.len() { parse_decimal(text) } else { f64::NAN }
}

/// `parseFloat(text)`: the longest prefix that is a decimal number.
pub fn parse_float(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    match decimal_prefix(text) {
        0 => f64::NAN,
        end => parse_decimal(&text[..end]),
    }
}

/// `parseInt(text, radix)`.
pub fn parse_int(text: &str, radix: i32) -> f64 {
    let mut text = text.trim_start_matches(is_space);
    let negative = text.starts_with('-');
    if let Some(rest) = text.strip_prefix(['+', '-']) {
        text = rest;
    }
    let mut radix = radix;
    if (radix == 0 || radix == 16) && (text.starts_with("0x") || text.starts_with("0X")) {
        text = &text[2..];
        radix = 16;
    }
    if radix == 0 {
        radix = 10;
    }
    if !(2..=36).contains(&radix) {
        return f64::NAN;
    }
    let radix = radix as u32;
    let end = text.bytes().position(|b| !(b as char).is_digit(radix)).unwrap_or(text.len());
    if end == 0 {
        return f64::NAN;
    }
    let n = digits_to_number(&text[..end], radix);
    if negative { -n } else { n }
}

/// The length of the longest prefix that is a decimal literal with a sign, or `Infinity`; 0 if there is none.
fn decimal_prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if text[start..].starts_with("Infinity") {
        return start + 8;
    }
    let whole = digits(start);
    let mut end = start + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if end + 1 + sign <= bytes.len() {
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
    }
    end
}

fn parse_decimal(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// A number of digits of `radix`. Exactly rounded for 10 and the powers of two; for the others in parts, as V8 does it.
fn digits_to_number(digits: &str, radix: u32) -> f64 {
    if radix == 10 {
        return parse_decimal(digits);
    }
    if radix.is_power_of_two() {
        return bits_to_number(digits, radix);
    }
    let mut value = 0.0;
    let mut digits = digits.chars().map(|c| c.to_digit(radix).unwrap_or(0)).peekable();
    while digits.peek().is_some() {
        let (mut part, mut multiplier) = (0u32, 1u32);
        while let Some(digit) = digits.peek() {
            let next = multiplier * radix;
            if next > u32::MAX / 36 {
                break;
            }
            part = part * radix + digit;
            multiplier = next;
            digits.next();
        }
        value = value * multiplier as f64 + part as f64;
    }
    value
}

fn bits_to_number(digits: &str, radix: u32) -> f64 {
    let width = radix.trailing_zeros();
    let (mut mantissa, mut exponent) = (0u64, 0i32);
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        if mantissa >> (63 - width) == 0 {
            mantissa = mantissa << width | digit as u64;
        } else {
            // the low bit is sticky: it stands far below the 53 bits that are kept
            mantissa |= u64::from(digit != 0);
            exponent = exponent.saturating_add(width as i32);
        }
    }
    if exponent > 1100 {
        f64::INFINITY
    } else {
        mantissa as f64 * 2f64.powi(exponent.min(1000)) * 2f64.powi((exponent - 1000).max(0))
    }
}

/// Digits of the exact decimal expansion that are behind the point.
fn fraction_digits(x: f64) -> i32 {
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    let mut mantissa = bits & ((1 << 52) - 1);
    if exponent != 0 {
        mantissa |= 1 << 52;
    }
    if mantissa == 0 {
        return 0;
    }
    (1075 - exponent.max(1) - mantissa.trailing_zeros() as i32).max(0)
}

/// Adds one unit in the last place to a decimal text (digits and at most one point).
fn round_up(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        match *byte {
            b'9' => *byte = b'0',
            b'0'..=b'8' => {
                *byte += 1;
                return String::from_utf8_lossy(&bytes).into_owned();
            }
            _ => {}
        }
    }
    format!("1{}", String::from_utf8_lossy(&bytes))
}

/// `toFixed` of a finite number below 10^21: rounded from the exact expansion, ties away from zero.
pub fn to_fixed(x: f64, digits: usize) -> String {
    let magnitude = x.abs();
    let mut text = if fraction_digits(magnitude) == digits as i32 + 1 {
        // the exact expansion is one digit longer, and that digit is a 5: a tie
        let exact = format!("{magnitude:.*}", digits + 1);
        round_up(exact[..exact.len() - 1].trim_end_matches('.'))
    } else {
        format!("{magnitude:.digits$}")
    };
    // -0.0000001 is "-0.00"; -0 itself has no sign
    if x < 0.0 {
        text.insert(0, '-');
    }
    text
}

/// The `count` significant digits of a finite positive number, ties upwards, and the decimal exponent of the first.
fn significant(x: f64, count: usize) -> (String, i32) {
    let is_tie =
        |digits: &str| digits.as_bytes()[count] == b'5' && digits.as_bytes()[count + 1..].iter().all(|b| *b == b'0');
    let (near, _) = scientific(&format!("{x:.*e}", count + 24));
    if is_tie(&near) {
        // no double has more significant digits than 767
        let (exact, exponent) = scientific(&format!("{x:.800e}"));
        if is_tie(&exact) {
            let up = round_up(&exact[..count]);
            return if up.len() > count { (up[..count].to_string(), exponent + 1) } else { (up, exponent) };
        }
    }
    scientific(&format!("{x:.*e}", count - 1))
}

/// Digits and exponent of Rust's scientific notation.
fn scientific(text: &str) -> (String, i32) {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// `toExponential` of a finite number; `None`: as many digits as are needed.
pub fn to_exponential(x: f64, digits: Option<usize>) -> String {
    let magnitude = x.abs();
    let (text, exponent) = match digits {
        Some(digits) if magnitude == 0.0 => ("0".repeat(digits + 1), 0),
        Some(digits) => significant(magnitude, digits + 1),
        None => scientific(&format!("{magnitude:e}")),
    };
    let mut out = String::new();
    if x < 0.0 {
        out.push('-');
    }
    push_exponential(&mut out, &text, exponent);
    out
}

fn push_exponential(out: &mut String, digits: &str, exponent: i32) {
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    out.push_str(if exponent < 0 { "e-" } else { "e+" });
    out.push_str(&exponent.unsigned_abs().to_string());
}

/// `toPrecision` of a finite number.
pub fn to_precision(x: f64, precision: usize) -> String {
    let magnitude = x.abs();
    let (digits, exponent) =
        if magnitude == 0.0 { ("0".repeat(precision), 0) } else { significant(magnitude, precision) };
    let mut out = String::new();
    if x < 0.0 {
        out.push('-');
    }
    if exponent < -6 || exponent >= precision as i32 {
        push_exponential(&mut out, &digits, exponent);
    } else if exponent < 0 {
        out.push_str("0.");
        out.push_str(&"0".repeat(-exponent as usize - 1));
        out.push_str(&digits);
    } else {
        let whole = exponent as usize + 1;
        out.push_str(&digits[..whole]);
        if whole < precision {
            out.push('.');
            out.push_str(&digits[whole..]);
        }
    }
    out
}

/// An exact integer in `radix`.
pub fn integer_to_radix(n: i64, radix: u32) -> String {
    let mut digits = Vec::new();
    let mut left = n.unsigned_abs();
    loop {
        digits.push(char::from_digit((left % radix as u64) as u32, radix).unwrap_or('0'));
        left /= radix as u64;
        if left == 0 {
            break;
        }
    }
    if n < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

/// `toString(radix)` of a finite number: as many digits behind the point as tell it from its neighbours (V8's way, whose digits programs see).
pub fn to_radix(x: f64, radix: u32) -> String {
    let magnitude = x.abs();
    let base = radix as f64;
    let mut whole = magnitude.floor();
    let mut fraction = magnitude - whole;
    let mut delta = (0.5 * (magnitude.next_up() - magnitude)).max(f64::from_bits(1));
    let mut behind: Vec<u32> = Vec::new();
    if fraction >= delta {
        loop {
            fraction *= base;
            delta *= base;
            let digit = fraction as u32;
            behind.push(digit);
            fraction -= digit as f64;
            if (fraction > 0.5 || fraction == 0.5 && digit & 1 == 1) && fraction + delta > 1.0 {
                loop {
                    match behind.pop() {
                        None => {
                            whole += 1.0;
                            break;
                        }
                        Some(digit) if digit + 1 < radix => {
                            behind.push(digit + 1);
                            break;
                        }
                        Some(_) => {}
                    }
                }
                break;
            }
            if fraction < delta {
                break;
            }
        }
    }
    let mut digits: Vec<char> = Vec::new();
    while whole / base >= 9_007_199_254_740_992.0 {
        whole /= base;
        digits.push('0');
    }
    loop {
        let rest = whole % base;
        digits.push(char::from_digit(rest as u32, radix).unwrap_or('0'));
        whole = (whole - rest) / base;
        if whole <= 0.0 {
            break;
        }
    }
    if x < 0.0 {
        digits.push('-');
    }
    let mut text: String = digits.iter().rev().collect();
    if !behind.is_empty() {
        text.push('.');
        text.extend(behind.iter().filter_map(|digit| char::from_digit(*digit, radix)));
    }
    text
}
