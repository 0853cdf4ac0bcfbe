//! Sine and cosine: the algorithms of Sun's fdlibm (k_sin.c, k_cos.c, e_rem_pio2.c), which JavaScript engines use. Their last digit depends on the order of
//! the operations, so that is kept; only the reduction of large arguments is done with integers here.

use crate::vm::double::{magnitude, with_high};

/// Sine.
pub(super) fn sin(x: f64) -> f64 {
    if magnitude(x) <= 0x3FE9_21FB {
        return sine(x, 0.0);
    }
    if !x.is_finite() {
        return f64::NAN;
    }
    match reduce(x) {
        (0, y, rest) => sine(y, rest),
        (1, y, rest) => cosine(y, rest),
        (2, y, rest) => -sine(y, rest),
        (_, y, rest) => -cosine(y, rest),
    }
}

/// Cosine.
pub(super) fn cos(x: f64) -> f64 {
    if magnitude(x) <= 0x3FE9_21FB {
        return cosine(x, 0.0);
    }
    if !x.is_finite() {
        return f64::NAN;
    }
    match reduce(x) {
        (0, y, rest) => cosine(y, rest),
        (1, y, rest) => -sine(y, rest),
        (2, y, rest) => -cosine(y, rest),
        (_, y, rest) => sine(y, rest),
    }
}

/// The angle of the point (x, y).
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    const SIXTY: u32 = 60 << 20;
    // past 2^60 the point is on the axis
    if y.is_finite() && x.is_finite() && x != 0.0 && magnitude(y) > magnitude(x) + SIXTY + 0xF_FFFF {
        return std::f64::consts::FRAC_PI_2.copysign(y);
    }
    libm::atan2(y, x)
}

/// The sine of `x + rest` between -π/4 and π/4.
fn sine(x: f64, rest: f64) -> f64 {
    const S: [f64; 6] = [
        -0.16666666666666632,
        0.00833333333332249,
        -0.0001984126982985795,
        2.7557313707070068e-06,
        -2.5050760253406863e-08,
        1.58969099521155e-10,
    ];
    if magnitude(x) < 0x3E40_0000 {
        return x;
    }
    let z = x * x;
    let v = z * x;
    let r = S[1] + z * (S[2] + z * (S[3] + z * (S[4] + z * S[5])));
    if rest == 0.0 { x + v * (S[0] + z * r) } else { x - ((z * (0.5 * rest - v * r) - rest) - v * S[0]) }
}

/// The cosine of `x + rest` between -π/4 and π/4.
fn cosine(x: f64, rest: f64) -> f64 {
    const C: [f64; 6] = [
        0.0416666666666666,
        -0.001388888888887411,
        2.480158728947673e-05,
        -2.7557314351390663e-07,
        2.087572321298175e-09,
        -1.1359647557788195e-11,
    ];
    let size = magnitude(x);
    if size < 0x3E40_0000 {
        return 1.0;
    }
    let z = x * x;
    let r = z * (C[0] + z * (C[1] + z * (C[2] + z * (C[3] + z * (C[4] + z * C[5])))));
    if size < 0x3FD3_3333 {
        return 1.0 - (0.5 * z - (z * r - x * rest));
    }
    // about x/4, so that 1 less it is exact
    let quarter = if size > 0x3FE9_0000 { 0.28125 } else { with_high(0.0, size - 0x0020_0000) };
    let half = 0.5 * z - quarter;
    (1.0 - quarter) - (half - (z * r - x * rest))
}

/// The quadrant of a finite angle, and what is left of it between -π/4 and π/4, in two parts.
fn reduce(x: f64) -> (u8, f64, f64) {
    let (quarters, y, rest) = if magnitude(x) <= 0x4139_21FB { reduce_small(x.abs()) } else { reduce_large(x.abs()) };
    if x < 0.0 { (quarters.wrapping_neg() & 3, -y, -rest) } else { (quarters & 3, y, rest) }
}

/// Up to 2^19 π/2: subtracts so many times π/2, which stands in four parts, as far as the difference needs them.
fn reduce_small(x: f64) -> (u8, f64, f64) {
    const PARTS: [(f64, f64); 3] = [
        (1.5707963267341256, 6.077100506506192e-11),
        (6.077100506303966e-11, 2.0222662487959506e-21),
        (2.0222662487111665e-21, 8.4784276603689e-32),
    ];
    let quarters = (x * std::f64::consts::FRAC_2_PI + 0.5).trunc();
    let exponent = |x: f64| (magnitude(x) >> 20) as i32;
    let (mut difference, mut tail) = (x - quarters * PARTS[0].0, quarters * PARTS[0].1);
    let mut y = difference - tail;
    // the bits that may be lost before the next part is needed
    for ((part, rest), lost) in PARTS[1..].iter().zip([16, 49]) {
        if exponent(x) - exponent(y) <= lost {
            break;
        }
        let before = difference;
        let taken = quarters * part;
        difference = before - taken;
        tail = quarters * rest - ((before - difference) - taken);
        y = difference - tail;
    }
    (quarters as i64 as u8, y, (difference - y) - tail)
}

/// 2/π behind the point, after 64 zeros: enough for the largest double.
const TWO_OVER_PI: [u64; 21] = [
    0,
    0xA2F9_836E_4E44_1529,
    0xFC27_57D1_F534_DDC0,
    0xDB62_9599_3C43_9041,
    0xFE51_63AB_DEBB_C561,
    0xB724_6E3A_424D_D2E0,
    0x0649_2EEA_09D1_921C,
    0xFE1D_EB1C_B129_A73E,
    0xE882_35F5_2EBB_4484,
    0xE99C_7026_B45F_7E41,
    0x3991_D639_8353_39F4,
    0x9C84_5F8B_BDF9_283B,
    0x1FF8_97FF_DE05_980F,
    0xEF2F_118B_5A0A_6D1F,
    0x6D36_7ECF_27CB_09B7,
    0x4F46_3F66_9E5F_EA2D,
    0x7527_BAC7_EBE5_F17B,
    0x3D07_39F7_8A52_92EA,
    0x6BFB_5FB1_1F8D_5D08,
    0x5603_3046_FC7B_6BAB,
    0xF0CF_BC20_9AF4_361D,
];
/// π/2 times 2^127.
const HALF_PI: u128 = 0xC90F_DAA2_2168_C234_C4C6_628B_80DC_1CD1;

/// Larger ones: multiplies by those 256 bits of 2/π that are left modulo 4 and matter (after Payne and Hanek).
fn reduce_large(x: f64) -> (u8, f64, f64) {
    let exponent = (magnitude(x) >> 20) as i32 - 1075;
    let fraction = x.to_bits() & ((1 << 52) - 1) | 1 << 52;
    // the bits from the weight on with which the product is below 4
    let start = (exponent + 62).max(0) as usize;
    let (word, shift) = (start / 64, start % 64);
    let part = |at: usize| TWO_OVER_PI.get(at).copied().unwrap_or(0);
    let mut product = [0u64; 4];
    let mut carry = 0u128;
    for at in (0..4).rev() {
        let pair = (part(word + at) as u128) << 64 | part(word + at + 1) as u128;
        let sum = (pair << shift >> 64) as u64 as u128 * fraction as u128 + carry;
        product[at] = sum as u64;
        carry = sum >> 64;
    }
    let upper = (product[0] as u128) << 64 | product[1] as u128;
    let lower = (product[2] as u128) << 64 | product[3] as u128;
    // two bits of quadrant; the fraction behind them is rounded to the nearest quarter turn
    let (mut bits, mut below) = (upper << 2 | lower >> 126, lower << 2);
    let negative = bits >> 127 == 1;
    let quarters = (upper >> 126) as u8 + u8::from(negative);
    if negative {
        bits = !bits;
        below = !below;
    }
    let zeros = bits.leading_zeros();
    if zeros > 0 && zeros < 128 {
        bits = bits << zeros | below >> (128 - zeros);
    }
    let angle = high_product(bits, HALF_PI);
    let y = angle as f64;
    let rest = (angle as i128).wrapping_sub(y as u128 as i128) as f64;
    // the product of two numbers below 1 and 2
    let scale = f64::from_bits((1023 - 127 - zeros as u64) << 52) * if negative { -1.0 } else { 1.0 };
    (quarters, y * scale, rest * scale)
}

/// The upper half of a product of two 128-bit numbers, but for a unit.
fn high_product(a: u128, b: u128) -> u128 {
    const LOW: u128 = u64::MAX as u128;
    let (a_hi, a_lo, b_hi, b_lo) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let (left, right) = (a_hi * b_lo, a_lo * b_hi);
    let middle = ((a_lo * b_lo) >> 64) + (left & LOW) + (right & LOW);
    a_hi * b_hi + (left >> 64) + (right >> 64) + (middle >> 64)
}
