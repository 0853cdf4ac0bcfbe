//! Logarithms and the inverse hyperbolic functions made of them: the algorithms of Sun's fdlibm (e_log.c, e_log10.c, s_log1p.c, e_acosh.c, s_asinh.c,
//! e_atanh.c), which JavaScript engines use. Their last digit depends on the order of the operations, so that is kept.
//!
//! The argument is 2^k (1 + f) with 1 + f between √2/2 and √2, and log(1 + f) = 2 artanh(s) with s = f / (2 + f): an odd polynomial in s.

use std::f64::consts::LN_2;

use crate::vm::double::{high, magnitude, with_high};

/// ln 2 in two parts: k times the upper one is exact.
const LN2_HI: f64 = 0.6931471803691238;
const LN2_LO: f64 = 1.9082149292705877e-10;
const TWO_54: f64 = 1.8014398509481984e+16;
/// Coefficients of the polynomial.
const LG1: f64 = 0.6666666666666735;
const LG2: f64 = 0.3999999999940942;
const LG3: f64 = 0.2857142874366239;
const LG4: f64 = 0.22222198432149784;
const LG5: f64 = 0.1818357216161805;
const LG6: f64 = 0.15313837699209373;
const LG7: f64 = 0.14798198605116586;

/// Natural logarithm.
pub(super) fn log(x: f64) -> f64 {
    let Some((scaled, mut k)) = normal(x) else { return unusual(x) };
    let fraction = (high(scaled) & 0x000F_FFFF) as i32;
    // 1 + f: halved if it is past √2
    let up = (fraction + 0x9_5F64) & 0x10_0000;
    k += up >> 20;
    let f = with_high(scaled, (fraction | (up ^ 0x3FF0_0000)) as u32) - 1.0;
    let n = k as f64;
    if 0x000F_FFFF & (2 + fraction) < 3 {
        // |f| < 2^-20: three terms of the series are enough
        if f == 0.0 {
            return if k == 0 { 0.0 } else { n * LN2_HI + n * LN2_LO };
        }
        let r = f * f * (0.5 - 0.3333333333333333 * f);
        return if k == 0 { f - r } else { n * LN2_HI - ((r - n * LN2_LO) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let r = z * (LG1 + w * (LG3 + w * (LG5 + w * LG7))) + w * (LG2 + w * (LG4 + w * LG6));
    if (fraction - 0x6_147A) | (0x6_B851 - fraction) > 0 {
        let half = 0.5 * f * f;
        return match k {
            0 => f - (half - s * (half + r)),
            _ => n * LN2_HI - ((half - (s * (half + r) + n * LN2_LO)) - f),
        };
    }
    match k {
        0 => f - s * (f - r),
        _ => n * LN2_HI - ((s * (f - r) - n * LN2_LO) - f),
    }
}

/// A positive finite number scaled to be a normal one, and its binary exponent.
fn normal(x: f64) -> Option<(f64, i32)> {
    if x <= 0.0 || !x.is_finite() {
        return None;
    }
    let (scaled, k) = if high(x) < 0x0010_0000 { (x * TWO_54, -54) } else { (x, 0) };
    Some((scaled, k + (high(scaled) >> 20) as i32 - 1023))
}

/// The logarithm of what is no positive finite number.
fn unusual(x: f64) -> f64 {
    match x {
        0.0 => f64::NEG_INFINITY,
        f64::INFINITY => x,
        _ => f64::NAN,
    }
}

/// Decimal logarithm.
pub(super) fn log10(x: f64) -> f64 {
    const PER_LN10: f64 = std::f64::consts::LOG10_E;
    const LOG10_2_HI: f64 = 0.30102999566361177;
    const LOG10_2_LO: f64 = 3.694239077158931e-13;
    let Some((scaled, k)) = normal(x) else { return unusual(x) };
    if x == 1.0 {
        return 0.0;
    }
    let below = u32::from(k < 0);
    let n = (k + below as i32) as f64;
    let fraction = with_high(scaled, high(scaled) & 0x000F_FFFF | (0x3FF - below) << 20);
    n * LOG10_2_LO + PER_LN10 * log(fraction) + n * LOG10_2_HI
}

/// Natural logarithm of 1 + x, precise near 0.
pub(super) fn log1p(x: f64) -> f64 {
    let size = magnitude(x);
    if x <= -1.0 || !x.is_finite() {
        return if x == -1.0 { f64::NEG_INFINITY } else { unusual(x) };
    }
    if size < 0x3E20_0000 {
        // |x| < 2^-29: two terms, or one
        return if size < 0x3C90_0000 { x } else { x - x * x * 0.5 };
    }
    let (mut f, mut k, mut rest, mut fraction) = (x, 0, 0.0, 1);
    // past √2/2 - 1 on the left and √2 - 1 on the right
    if if x < 0.0 { size > 0x3FD2_BEC3 } else { size >= 0x3FDA_827A } {
        let sum = 1.0 + x;
        k = (high(sum) >> 20) as i32 - 1023;
        // what the rounded sum has lost
        rest = if size >= 0x4340_0000 {
            0.0
        } else if k > 0 {
            (1.0 - (sum - x)) / sum
        } else {
            (x - (sum - 1.0)) / sum
        };
        fraction = (high(sum) & 0x000F_FFFF) as i32;
        if fraction < 0x6_A09E {
            f = with_high(sum, fraction as u32 | 0x3FF0_0000) - 1.0;
        } else {
            k += 1;
            f = with_high(sum, fraction as u32 | 0x3FE0_0000) - 1.0;
            fraction = (0x0010_0000 - fraction) >> 2;
        }
    }
    let n = k as f64;
    let half = 0.5 * f * f;
    if fraction == 0 {
        // |f| < 2^-20
        if f == 0.0 {
            return if k == 0 { 0.0 } else { n * LN2_HI + (rest + n * LN2_LO) };
        }
        let r = half * (1.0 - 0.6666666666666666 * f);
        return if k == 0 { f - r } else { n * LN2_HI - ((r - (n * LN2_LO + rest)) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * (LG1 + z * (LG2 + z * (LG3 + z * (LG4 + z * (LG5 + z * (LG6 + z * LG7))))));
    match k {
        0 => f - (half - s * (half + r)),
        _ => n * LN2_HI - ((half - (s * (half + r) + (n * LN2_LO + rest))) - f),
    }
}

/// Inverse hyperbolic cosine.
pub(super) fn acosh(x: f64) -> f64 {
    if x.is_nan() || x < 1.0 {
        return f64::NAN;
    }
    if high(x) >= 0x41B0_0000 {
        // past 2^28
        return log(x) + LN_2;
    }
    if high(x) > 0x4000_0000 {
        return log(2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt()));
    }
    let t = x - 1.0;
    log1p(t + (2.0 * t + t * t).sqrt())
}

/// Inverse hyperbolic sine.
pub(super) fn asinh(x: f64) -> f64 {
    let (size, a) = (magnitude(x), x.abs());
    if !x.is_finite() || size < 0x3E30_0000 {
        return x;
    }
    let result = if size > 0x41B0_0000 {
        log(a) + LN_2
    } else if size > 0x4000_0000 {
        log(2.0 * a + 1.0 / ((x * x + 1.0).sqrt() + a))
    } else {
        let square = x * x;
        log1p(a + square / (1.0 + (1.0 + square).sqrt()))
    };
    result.copysign(x)
}

/// Inverse hyperbolic tangent.
pub(super) fn atanh(x: f64) -> f64 {
    let (size, a) = (magnitude(x), x.abs());
    if x.is_nan() || a > 1.0 {
        return f64::NAN;
    }
    if a == 1.0 {
        return f64::INFINITY.copysign(x);
    }
    if size < 0x3E30_0000 {
        return x;
    }
    let double = a + a;
    let t = if size < 0x3FE0_0000 { double + double * a / (1.0 - a) } else { double / (1.0 - a) };
    (0.5 * log1p(t)).copysign(x)
}
