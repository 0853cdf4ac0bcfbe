//! x to the power of y: the algorithm of Sun's fdlibm (e_pow.c), in the form that JavaScript engines run.
//!
//! log2(x) is computed in two doubles whose upper one has its lower half cleared, so that the product with an equally cut y is exact; then 2 to that power.

use super::double::{cut, high, magnitude, with_high};

/// What y means for the sign of a negative number's power.
#[derive(PartialEq)]
enum Parity {
    Odd,
    Even,
    Fractional,
}

fn parity(y: f64) -> Parity {
    if y.trunc() != y {
        Parity::Fractional
    } else if y.abs() < 9007199254740992.0 && y as i64 & 1 == 1 {
        Parity::Odd
    } else {
        Parity::Even
    }
}

/// As `**` of doubles. NaN for 1 to an infinite power, as JavaScript has it (and C has not).
pub fn power(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        return 1.0;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let a = x.abs();
    if y.is_infinite() {
        return match a.partial_cmp(&1.0) {
            Some(std::cmp::Ordering::Equal) => f64::NAN,
            Some(order) => {
                if (order == std::cmp::Ordering::Greater) == (y > 0.0) {
                    f64::INFINITY
                } else {
                    0.0
                }
            }
            None => f64::NAN,
        };
    }
    let sign = if x.is_sign_negative() && parity(y) == Parity::Odd { -1.0 } else { 1.0 };
    if x == 0.0 || x.is_infinite() {
        return sign * if (x == 0.0) == (y < 0.0) { f64::INFINITY } else { 0.0 };
    }
    if y == 1.0 {
        return x;
    }
    if y == -1.0 {
        return 1.0 / x;
    }
    if y == 2.0 {
        return x * x;
    }
    if x > 0.0 && y == 0.5 {
        return x.sqrt();
    }
    if a == 1.0 {
        return if x < 0.0 && parity(y) == Parity::Fractional { f64::NAN } else { sign };
    }
    if x < 0.0 && parity(y) == Parity::Fractional {
        return f64::NAN;
    }
    sign * positive_power(a, y)
}

/// Of a positive finite number that is not 1, to a finite power that is not 0.
fn positive_power(a: f64, y: f64) -> f64 {
    let vast = if (a < 1.0) == (y < 0.0) { f64::INFINITY } else { 0.0 };
    // |y| > 2^31: unless a is near 1, or y is past 2^64
    if magnitude(y) > 0x41E0_0000 {
        if magnitude(y) > 0x43F0_0000 || !(0x3FEF_FFFF..=0x3FF0_0000).contains(&high(a)) {
            return vast;
        }
        return two_to(y, log2_near_one(a), vast);
    }
    two_to(y, log2(a), vast)
}

/// log2 in two parts of a number within 2^-20 of 1.
fn log2_near_one(a: f64) -> (f64, f64) {
    const PER_LN2: f64 = std::f64::consts::LOG2_E;
    const PER_LN2_HI: f64 = 1.4426950216293335;
    const PER_LN2_LO: f64 = 1.9259629911266175e-08;
    let t = a - 1.0;
    let w = t * t * (0.5 - t * (0.3333333333333333 - t * 0.25));
    let u = PER_LN2_HI * t;
    let v = t * PER_LN2_LO - w * PER_LN2;
    let upper = cut(u + v);
    (upper, v - (upper - u))
}

/// log2 in two parts.
fn log2(a: f64) -> (f64, f64) {
    const L: [f64; 6] = [
        0.5999999999999946,
        0.4285714285785502,
        0.33333332981837743,
        0.272728123808534,
        0.23066074577556175,
        0.20697501780033842,
    ];
    /// 2 / (3 ln 2), and in two parts.
    const C: f64 = 0.9617966939259756;
    const C_HI: f64 = 0.9617967009544373;
    const C_LO: f64 = -7.028461650952758e-09;
    /// log2(1.5) in two parts.
    const LOG_HI: f64 = 0.5849624872207642;
    const LOG_LO: f64 = 1.350039202129749e-08;

    let (scaled, mut n) = if high(a) < 0x0010_0000 { (a * 9007199254740992.0, -53) } else { (a, 0) };
    n += (high(scaled) >> 20) as i32 - 1023;
    let fraction = high(scaled) & 0x000F_FFFF;
    // near 1, near 1.5, or near 2, which is 1 of the next exponent
    let (near_half, up) = match fraction {
        0..=0x3_988E => (0, 0),
        0x3_988F..0xB_B67A => (1, 0),
        _ => (0, 1),
    };
    n += up;
    let size = (fraction | 0x3FF0_0000) - ((up as u32) << 20);
    let x = with_high(scaled, size);
    let (base, log_hi, log_lo) = if near_half == 1 { (1.5, LOG_HI, LOG_LO) } else { (1.0, 0.0, 0.0) };
    // s = (x - base) / (x + base), in two parts
    let u = x - base;
    let v = 1.0 / (x + base);
    let s = u * v;
    let s_hi = cut(s);
    let sum_hi = with_high(0.0, (size >> 1 | 0x2000_0000) + 0x0008_0000 + (near_half << 18));
    let sum_lo = x - (sum_hi - base);
    let s_lo = v * ((u - s_hi * sum_hi) - s_hi * sum_lo);
    // 3/2 (log(x) - log(base)) / s = 3 + s^2 + …
    let square = s * s;
    let series = L[0] + square * (L[1] + square * (L[2] + square * (L[3] + square * (L[4] + square * L[5]))));
    let r = square * square * series + s_lo * (s_hi + s);
    let square = s_hi * s_hi;
    let t_hi = cut(3.0 + square + r);
    let t_lo = r - ((t_hi - 3.0) - square);
    let u = s_hi * t_hi;
    let v = s_lo * t_hi + t_lo * s;
    let p_hi = cut(u + v);
    let p_lo = v - (p_hi - u);
    let z_hi = C_HI * p_hi;
    let z_lo = C_LO * p_hi + p_lo * C + log_lo;
    let n = n as f64;
    let upper = cut(((z_hi + z_lo) + log_hi) + n);
    (upper, z_lo - (((upper - n) - log_hi) - z_hi))
}

/// 2 to the power of y times a logarithm in two parts; `vast` if that is out of range.
fn two_to(y: f64, (log_hi, log_lo): (f64, f64), vast: f64) -> f64 {
    const P: [f64; 5] = [
        0.16666666666666602,
        -0.0027777777777015593,
        6.613756321437934e-05,
        -1.6533902205465252e-06,
        4.1381367970572385e-08,
    ];
    const LN2_HI: f64 = 0.6931471824645996;
    const LN2_LO: f64 = -1.904654299957768e-09;
    /// What may be added to an exponent of 1024 so that the power is still rounded to the largest double.
    const SPARE: f64 = 8.008566259537294e-17;

    let y_hi = cut(y);
    let lower = (y - y_hi) * log_hi + y * log_lo;
    let mut upper = y_hi * log_hi;
    let exponent = lower + upper;
    if exponent > 1024.0 || exponent == 1024.0 && lower + SPARE > exponent - upper {
        return vast;
    }
    if exponent < -1075.0 || exponent == -1075.0 && lower <= exponent - upper {
        return vast;
    }
    // the nearest integer goes to the exponent
    let mut n = 0;
    if magnitude(exponent) > 0x3FE0_0000 {
        let whole = if exponent < 0.0 { (exponent - 0.5).ceil() } else { (exponent + 0.5).floor() };
        n = whole as i32;
        upper -= whole;
    }
    let t = cut(lower + upper);
    let u = t * LN2_HI;
    let v = (lower - (t - upper)) * std::f64::consts::LN_2 + t * LN2_LO;
    let z = u + v;
    let w = v - (z - u);
    let t = z * z;
    let t = z - t * (P[0] + t * (P[1] + t * (P[2] + t * (P[3] + t * P[4]))));
    // As in V8: with w in the divisor, where Sun's subtracts it from the quotient. It costs a few last digits, which are everybody's by now.
    let r = z * t / ((t - 2.0) - (w + z * w));
    let z = 1.0 - (r - z);
    libm::scalbn(z, n)
}
