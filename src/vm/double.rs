//! The two 32-bit halves of a double, with which algorithms for elementary functions choose their way.

/// Sign, exponent and the upper 20 bits of the fraction.
pub fn high(x: f64) -> u32 {
    (x.to_bits() >> 32) as u32
}

/// The same without the sign: it grows with the magnitude.
pub fn magnitude(x: f64) -> u32 {
    high(x) & 0x7FFF_FFFF
}

/// The lower 32 bits of the fraction.
pub fn low(x: f64) -> u32 {
    x.to_bits() as u32
}

/// The double with another upper half.
pub fn with_high(x: f64, high: u32) -> f64 {
    f64::from_bits((high as u64) << 32 | low(x) as u64)
}

/// The double cut after the upper half, so that a product of two such is exact.
pub fn cut(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & 0xFFFF_FFFF_0000_0000)
}
