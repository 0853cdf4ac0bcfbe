//! The hyperbolic functions and the cube root: the algorithms of Sun's fdlibm (e_cosh.c, e_sinh.c, s_tanh.c) and of FreeBSD (s_cbrt.c).

use crate::vm::double::{low, magnitude};

/// Past this e^x is infinite; the hyperbolic functions are not yet.
const EXP_OVERFLOWS: f64 = 709.782_226_562_5;
/// Past this they are.
const OVERFLOWS: f64 = 710.4758600739439;

/// e to the power of x.
pub(super) fn exp(x: f64) -> f64 {
    if x == 1.0 { std::f64::consts::E } else { libm::exp(x) }
}

/// Half of e to the power of a large x, whose whole may be infinite.
fn half_exp(x: f64) -> f64 {
    if x < EXP_OVERFLOWS {
        0.5 * exp(x)
    } else if x <= OVERFLOWS {
        let root = exp(0.5 * x);
        0.5 * root * root
    } else {
        f64::INFINITY
    }
}

/// Hyperbolic cosine.
pub(super) fn cosh(x: f64) -> f64 {
    let (size, a) = (magnitude(x), x.abs());
    if x.is_nan() {
        return x;
    }
    if size < 0x3FD6_2E43 {
        // up to ln 2 / 2
        let t = libm::expm1(a);
        let w = 1.0 + t;
        return if size < 0x3C80_0000 { w } else { 1.0 + t * t / (w + w) };
    }
    if a < 22.0 {
        let t = exp(a);
        return 0.5 * t + 0.5 / t;
    }
    half_exp(a)
}

/// Hyperbolic sine.
pub(super) fn sinh(x: f64) -> f64 {
    let a = x.abs();
    if !x.is_finite() || magnitude(x) < 0x3E30_0000 {
        return x;
    }
    if a >= 22.0 {
        return half_exp(a).copysign(x);
    }
    let t = libm::expm1(a);
    let double = if a < 1.0 { 2.0 * t - t * t / (t + 1.0) } else { t + t / (t + 1.0) };
    (0.5 * double).copysign(x)
}

/// Hyperbolic tangent.
pub(super) fn tanh(x: f64) -> f64 {
    let a = x.abs();
    if x.is_nan() || magnitude(x) < 0x3E30_0000 {
        return x;
    }
    let result = if a >= 22.0 {
        1.0
    } else if a >= 1.0 {
        1.0 - 2.0 / (libm::expm1(2.0 * a) + 2.0)
    } else {
        let t = libm::expm1(-2.0 * a);
        -t / (t + 2.0)
    };
    result.copysign(x)
}

/// Cube root: a third of the exponent, a polynomial to 23 bits, and one step of Newton's method.
pub(super) fn cbrt(x: f64) -> f64 {
    const P: [f64; 5] =
        [1.87595182427177, -1.8849797954337717, 1.6214297201053545, -0.758397934778766, 0.14599619288661245];
    /// Biases of a third of the exponent, of a normal number and of a subnormal one times 2^54.
    const NORMAL: u32 = 715_094_163;
    const SUBNORMAL: u32 = 696_219_795;
    let size = magnitude(x);
    if !x.is_finite() || size == 0 && low(x) == 0 {
        return x;
    }
    let third =
        if size < 0x0010_0000 { magnitude(x * 1.8014398509481984e+16) / 3 + SUBNORMAL } else { size / 3 + NORMAL };
    let rough = f64::from_bits((third as u64) << 32).copysign(x);
    let r = rough * rough * (rough / x);
    let better = rough * ((P[0] + r * (P[1] + r * P[2])) + r * r * r * (P[3] + r * P[4]));
    // 23 bits, so that its square is exact
    let t = f64::from_bits((better.to_bits() + 0x8000_0000) & 0xFFFF_FFFF_C000_0000);
    let r = x / (t * t);
    t + t * ((r - t) / (t + t + r))
}
