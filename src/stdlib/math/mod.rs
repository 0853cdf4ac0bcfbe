//! `Math`: doubles as IEEE and JavaScript have them; exact integers (deviation D1) stay exact where that has a meaning.

mod exponential;
mod logarithm;
mod trigonometry;

use std::cmp::Ordering;

use super::arguments::{Outcome, number, numeric, wrong};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::convert::to_int32;
use crate::vm::native::{Args, NativeInfo};
use crate::vm::power::power;

pub(super) static FUNCTIONS: &[NativeInfo] = &[
    NativeInfo::new("abs", 1, abs),
    NativeInfo::new("acos", 1, acos),
    NativeInfo::new("acosh", 1, acosh),
    NativeInfo::new("asin", 1, asin),
    NativeInfo::new("asinh", 1, asinh),
    NativeInfo::new("atan", 1, atan),
    NativeInfo::new("atan2", 2, atan2),
    NativeInfo::new("atanh", 1, atanh),
    NativeInfo::new("cbrt", 1, cbrt),
    NativeInfo::new("ceil", 1, ceil),
    NativeInfo::new("clz32", 1, clz32),
    NativeInfo::new("cos", 1, cos),
    NativeInfo::new("cosh", 1, cosh),
    NativeInfo::new("exp", 1, exp),
    NativeInfo::new("expm1", 1, expm1),
    NativeInfo::new("floor", 1, floor),
    NativeInfo::new("fround", 1, fround),
    NativeInfo::new("hypot", 2, hypot),
    NativeInfo::new("imul", 2, imul),
    NativeInfo::new("log", 1, log),
    NativeInfo::new("log10", 1, log10),
    NativeInfo::new("log1p", 1, log1p),
    NativeInfo::new("log2", 1, log2),
    NativeInfo::new("max", 2, max),
    NativeInfo::new("min", 2, min),
    NativeInfo::new("pow", 2, pow),
    NativeInfo::new("random", 0, random),
    NativeInfo::new("round", 1, round),
    NativeInfo::new("sign", 1, sign),
    NativeInfo::new("sin", 1, sin),
    NativeInfo::new("sinh", 1, sinh),
    NativeInfo::new("sqrt", 1, sqrt),
    NativeInfo::new("tan", 1, tan),
    NativeInfo::new("tanh", 1, tanh),
    NativeInfo::new("trunc", 1, trunc),
];

/// `E`, `PI` …
pub(super) fn constants() -> [(&'static str, Value); 8] {
    use std::f64::consts::*;
    [
        ("E", Value::double(E)),
        ("LN10", Value::double(LN_10)),
        ("LN2", Value::double(LN_2)),
        ("LOG10E", Value::double(LOG10_E)),
        ("LOG2E", Value::double(LOG2_E)),
        ("PI", Value::double(PI)),
        ("SQRT1_2", Value::double(FRAC_1_SQRT_2)),
        ("SQRT2", Value::double(SQRT_2)),
    ]
}

/// Functions of one double.
macro_rules! of_one {
    ($($(#[$doc:meta])* $name:ident, $shown:literal, $f:expr;)*) => { $(
        $(#[$doc])*
        fn $name(vm: &mut Vm, args: Args) -> Outcome {
            let f: fn(f64) -> f64 = $f;
            Ok(numeric(f(number(vm, args, 0, $shown)?)))
        }
    )* };
}

of_one! {
    /// Arc cosine.
    acos, "Math.acos", libm::acos;
    /// Inverse hyperbolic cosine.
    acosh, "Math.acosh", logarithm::acosh;
    /// Arc sine.
    asin, "Math.asin", libm::asin;
    /// Inverse hyperbolic sine.
    asinh, "Math.asinh", logarithm::asinh;
    /// Arc tangent.
    atan, "Math.atan", libm::atan;
    /// Inverse hyperbolic tangent.
    atanh, "Math.atanh", logarithm::atanh;
    /// Cube root.
    cbrt, "Math.cbrt", exponential::cbrt;
    /// Cosine.
    cos, "Math.cos", trigonometry::cos;
    /// Hyperbolic cosine.
    cosh, "Math.cosh", exponential::cosh;
    /// e to the power of x.
    exp, "Math.exp", exponential::exp;
    /// e to the power of x, minus 1, precise near 0.
    expm1, "Math.expm1", libm::expm1;
    /// The nearest 32-bit float.
    fround, "Math.fround", |x| x as f32 as f64;
    /// Natural logarithm.
    log, "Math.log", logarithm::log;
    /// Decimal logarithm.
    log10, "Math.log10", logarithm::log10;
    /// Natural logarithm of 1 + x, precise near 0.
    log1p, "Math.log1p", logarithm::log1p;
    /// Binary logarithm.
    log2, "Math.log2", libm::log2;
    /// Sine.
    sin, "Math.sin", trigonometry::sin;
    /// Hyperbolic sine.
    sinh, "Math.sinh", exponential::sinh;
    /// Square root.
    sqrt, "Math.sqrt", f64::sqrt;
    /// Tangent.
    tan, "Math.tan", libm::tan;
    /// Hyperbolic tangent.
    tanh, "Math.tanh", exponential::tanh;
}

/// Functions of one number that give back an exact integer as it is.
macro_rules! whole {
    ($($(#[$doc:meta])* $name:ident, $shown:literal, $f:expr;)*) => { $(
        $(#[$doc])*
        fn $name(vm: &mut Vm, args: Args) -> Outcome {
            let value = vm.arg(args, 0);
            if value.is_int() || value.is_exact() {
                return Ok(value);
            }
            let f: fn(f64) -> f64 = $f;
            Ok(numeric(f(number(vm, args, 0, $shown)?)))
        }
    )* };
}

whole! {
    /// The next integer upwards.
    ceil, "Math.ceil", f64::ceil;
    /// The next integer downwards.
    floor, "Math.floor", f64::floor;
    /// The integer part.
    trunc, "Math.trunc", f64::trunc;
    /// The nearest integer, halves upwards; -0 for what rounds to 0 from below.
    round, "Math.round", |x| {
        let below = x.floor();
        if x - below >= 0.5 { (below + 1.0).copysign(x) } else { below }
    };
}

/// The magnitude.
fn abs(vm: &mut Vm, args: Args) -> Outcome {
    if let Some(n) = vm.arg(args, 0).exact() {
        return Ok(match n.checked_abs() {
            Some(n) => vm.heap.integer(n),
            None => Value::number((n as f64).abs()),
        });
    }
    Ok(numeric(number(vm, args, 0, "Math.abs")?.abs()))
}

/// -1, 1, or the argument itself if it is a zero or NaN.
fn sign(vm: &mut Vm, args: Args) -> Outcome {
    let x = number(vm, args, 0, "Math.sign")?;
    Ok(if x == 0.0 { Value::number(x) } else { numeric(x.signum()) })
}

/// The angle of the point (x, y).
fn atan2(vm: &mut Vm, args: Args) -> Outcome {
    let y = number(vm, args, 0, "Math.atan2")?;
    let x = number(vm, args, 1, "Math.atan2")?;
    Ok(numeric(trigonometry::atan2(y, x)))
}

/// Leading zero bits of the argument modulo 2^32.
fn clz32(vm: &mut Vm, args: Args) -> Outcome {
    number(vm, args, 0, "Math.clz32")?;
    Ok(Value::int(to_int32(vm.arg(args, 0)).unwrap_or(0).leading_zeros() as i32))
}

/// The 32-bit product.
fn imul(vm: &mut Vm, args: Args) -> Outcome {
    number(vm, args, 0, "Math.imul")?;
    number(vm, args, 1, "Math.imul")?;
    let (a, b) = (to_int32(vm.arg(args, 0)).unwrap_or(0), to_int32(vm.arg(args, 1)).unwrap_or(0));
    Ok(Value::int(a.wrapping_mul(b)))
}

/// Square root of the sum of squares, scaled so that it overflows late, with a compensated sum.
fn hypot(vm: &mut Vm, args: Args) -> Outcome {
    let mut numbers = Vec::with_capacity(args.len());
    for index in 0..args.len() {
        numbers.push(number(vm, args, index, "Math.hypot")?.abs());
    }
    if numbers.iter().any(|x| x.is_infinite()) {
        return Ok(Value::double(f64::INFINITY));
    }
    if numbers.iter().any(|x| x.is_nan()) {
        return Ok(Value::NAN);
    }
    let largest = numbers.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return Ok(Value::int(0));
    }
    let (mut sum, mut lost) = (0.0, 0.0);
    for x in numbers {
        let scaled = x / largest;
        let term = scaled * scaled - lost;
        let next = sum + term;
        lost = next - sum - term;
        sum = next;
    }
    Ok(numeric(f64::sqrt(sum) * largest))
}

/// `Math.pow(a, b)` of doubles.
fn pow(vm: &mut Vm, args: Args) -> Outcome {
    let a = number(vm, args, 0, "Math.pow")?;
    let b = number(vm, args, 1, "Math.pow")?;
    Ok(numeric(power(a, b)))
}

/// The exact order of two numbers of any representation; `None` if one is NaN or no number.
pub fn compare_numbers(a: Value, b: Value) -> Option<Ordering> {
    match (a.exact(), b.exact()) {
        (None, None) => a.plain_number()?.partial_cmp(&b.plain_number()?),
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (Some(a), None) => compare_exact(a, b.plain_number()?),
        (None, Some(b)) => compare_exact(b, a.plain_number()?).map(Ordering::reverse),
    }
}

fn compare_exact(a: i64, b: f64) -> Option<Ordering> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if b.is_nan() {
        return None;
    }
    if b >= LIMIT {
        return Some(Ordering::Less);
    }
    if b < -LIMIT {
        return Some(Ordering::Greater);
    }
    // an exact integer is past 2^53, where doubles have no fractions; below, the whole part decides
    Some(a.cmp(&(b.trunc() as i64)))
}

/// The extreme one of the arguments: that for which `beats` holds against all before it.
fn extreme(vm: &mut Vm, args: Args, function: &str, none: f64, beats: Ordering) -> Outcome {
    let mut best = Value::double(none);
    let mut nan = false;
    for index in 0..args.len() {
        let value = vm.arg(args, index);
        if !value.is_number() {
            return Err(wrong(vm, function, index, "a number", value));
        }
        match compare_numbers(value, best) {
            None => nan = true,
            Some(order) if order == beats => best = value,
            // a zero of the other sign: -0 is the smaller one
            Some(Ordering::Equal) if value.as_f64() == Some(0.0) => {
                let negative = |v: Value| v.is_double() && v.as_double().is_sign_negative();
                if negative(best) == (beats == Ordering::Greater) {
                    best = value;
                }
            }
            Some(_) => {}
        }
    }
    Ok(if nan { Value::NAN } else { best })
}

/// The largest argument; -Infinity without any.
fn max(vm: &mut Vm, args: Args) -> Outcome {
    extreme(vm, args, "Math.max", f64::NEG_INFINITY, Ordering::Greater)
}

/// The smallest argument; Infinity without any.
fn min(vm: &mut Vm, args: Args) -> Outcome {
    extreme(vm, args, "Math.min", f64::INFINITY, Ordering::Less)
}

/// The state of a generator seeded with `seed`, spread by splitmix64.
pub fn seeded(seed: u64) -> [u64; 4] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    })
}

/// A double from 0 up to, not including, 1: xoshiro256++ by Blackman and Vigna.
fn random(vm: &mut Vm, _args: Args) -> Outcome {
    let mut s = match vm.random {
        Some(state) => state,
        None => seeded(vm.host.seed()),
    };
    let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
    let t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3].rotate_left(45);
    vm.random = Some(s);
    Ok(Value::double((result >> 11) as f64 / (1u64 << 53) as f64))
}
