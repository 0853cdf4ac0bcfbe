//! Operators: what the loop's fast paths leave over.

use super::Vm;
use super::convert::{number_text, to_int32, type_name};
use super::native::Throw;
use super::power::power;
use crate::compile::op::Op;
use crate::heap::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

impl Arith {
    fn symbol(self) -> &'static str {
        match self {
            Arith::Add => "+",
            Arith::Sub => "-",
            Arith::Mul => "*",
            Arith::Div => "/",
            Arith::Rem => "%",
            Arith::Pow => "**",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bit {
    And,
    Or,
    Xor,
    Shl,
    Shr,
    UShr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Lt,
    Le,
    Gt,
    Ge,
}

#[inline(always)]
pub(super) fn add_int(a: i32, b: i32) -> Value {
    match a.checked_add(b) {
        Some(n) => Value::int(n),
        None => Value::double(a as f64 + b as f64),
    }
}

#[inline(always)]
pub(super) fn sub_int(a: i32, b: i32) -> Value {
    match a.checked_sub(b) {
        Some(n) => Value::int(n),
        None => Value::double(a as f64 - b as f64),
    }
}

#[inline(always)]
pub(super) fn mul_int(a: i32, b: i32) -> Value {
    match a.checked_mul(b) {
        Some(n) if n != 0 || (a | b) >= 0 => Value::int(n),
        _ => Value::double(a as f64 * b as f64),
    }
}

#[inline(always)]
pub(super) fn div_int(a: i32, b: i32) -> Value {
    Value::double(a as f64 / b as f64)
}

#[inline(always)]
pub(super) fn add_double(a: f64, b: f64) -> Value {
    Value::double(a + b)
}

#[inline(always)]
pub(super) fn sub_double(a: f64, b: f64) -> Value {
    Value::double(a - b)
}

#[inline(always)]
pub(super) fn mul_double(a: f64, b: f64) -> Value {
    Value::double(a * b)
}

#[inline(always)]
pub(super) fn div_double(a: f64, b: f64) -> Value {
    Value::double(a / b)
}

#[inline(always)]
pub(super) fn rem_int(a: i32, b: i32) -> Value {
    if a >= 0 && b > 0 { Value::int(a % b) } else { rem_number(a as f64, b as f64) }
}

/// JavaScript's `%`: the sign of the dividend, also on zero. A whole result that fits is an integer, which is what an index or a key is looked up by.
#[inline]
pub(super) fn rem_number(a: f64, b: f64) -> Value {
    // Whole numbers, the usual case, without the library's long division.
    let (x, y) = (a as i64, b as i64);
    if y != 0 && x as f64 == a && y as f64 == b && x.unsigned_abs() <= 1 << 53 && y.unsigned_abs() <= 1 << 53 {
        let rest = x % y;
        return match i32::try_from(rest) {
            Ok(0) if a.is_sign_negative() => Value::double(-0.0),
            Ok(rest) => Value::int(rest),
            Err(_) => Value::double(rest as f64),
        };
    }
    Value::double(a % b)
}

#[inline(always)]
pub(super) fn and_int(a: i32, b: i32) -> Value {
    Value::int(a & b)
}

#[inline(always)]
pub(super) fn or_int(a: i32, b: i32) -> Value {
    Value::int(a | b)
}

#[inline(always)]
pub(super) fn xor_int(a: i32, b: i32) -> Value {
    Value::int(a ^ b)
}

#[inline(always)]
pub(super) fn shl_int(a: i32, b: i32) -> Value {
    Value::int(a.wrapping_shl(b as u32))
}

#[inline(always)]
pub(super) fn shr_int(a: i32, b: i32) -> Value {
    Value::int(a.wrapping_shr(b as u32))
}

#[inline(always)]
pub(super) fn ushr_int(a: i32, b: i32) -> Value {
    let n = (a as u32).wrapping_shr(b as u32);
    if n <= i32::MAX as u32 { Value::int(n as i32) } else { Value::double(n as f64) }
}

/// The integer that a number is, if it is exact or an integral double within ±2^53 (deviation D1).
pub(crate) fn as_integer(value: Value) -> Option<i64> {
    if let Some(n) = value.exact() {
        return Some(n);
    }
    let n = value.plain_number()?;
    (n.trunc() == n && n.abs() <= 9_007_199_254_740_992.0 && (n != 0.0 || n.is_sign_positive())).then_some(n as i64)
}

impl Vm {
    #[cold]
    #[inline(never)]
    pub(super) fn arithmetic(&mut self, op: Arith, l: Value, r: Value) -> Result<Value, Throw> {
        if op == Arith::Add && (l.is_string() || r.is_string()) {
            return self.add_text(l, r);
        }
        let (Some(x), Some(y)) = (l.as_f64(), r.as_f64()) else {
            return Err(self.operand_error(op.symbol(), l, r));
        };
        if (l.is_exact() || r.is_exact())
            && let (Some(a), Some(b)) = (as_integer(l), as_integer(r))
            && let Some(n) = exact_arithmetic(op, a, b)
        {
            if n == 0 && a < 0 && op == Arith::Rem {
                return Ok(Value::double(-0.0));
            }
            return Ok(self.heap.integer(n));
        }
        let n = match op {
            Arith::Add => x + y,
            Arith::Sub => x - y,
            Arith::Mul => x * y,
            Arith::Div => x / y,
            Arith::Rem => return Ok(rem_number(x, y)),
            Arith::Pow => power(x, y),
        };
        Ok(Value::number(n))
    }

    fn add_text(&mut self, l: Value, r: Value) -> Result<Value, Throw> {
        let (a, b) = match (self.text_operand(l), self.text_operand(r)) {
            (Some(a), Some(b)) => (a, b),
            _ => return Err(self.operand_error("+", l, r)),
        };
        let sum = self.join_texts(a, b)?;
        if sum == l || sum == r {
            self.heap.protect(sum);
        }
        Ok(sum)
    }

    /// What `+` joins to a string: strings, numbers, booleans and null.
    fn text_operand(&mut self, value: Value) -> Option<Value> {
        if value.is_string() {
            Some(value)
        } else if value.is_undefined() {
            None
        } else {
            self.primitive_text(value)
        }
    }

    /// Text of a primitive value as a string value; `None` for containers.
    pub fn primitive_text(&mut self, value: Value) -> Option<Value> {
        if value.is_string() {
            return Some(value);
        }
        if value.is_int() {
            let n = value.as_int();
            if (0..10).contains(&n) {
                return self.heap.char_at_byte(self.digits, n as usize);
            }
            let mut buffer = [0u8; 11];
            let text = int_text(n, &mut buffer);
            return Some(self.heap.short_string(text));
        }
        let text = match value {
            Value::UNDEFINED => "undefined".to_string(),
            Value::NULL => "null".to_string(),
            Value::TRUE => "true".to_string(),
            Value::FALSE => "false".to_string(),
            _ => match (value.exact(), value.plain_number()) {
                (Some(n), _) => n.to_string(),
                (_, Some(n)) => number_text(n),
                _ => return None,
            },
        };
        Some(self.heap.short_string(&text))
    }

    /// `++` or `--`, if that is what the arithmetic in execution does: it is made of other operators.
    pub(super) fn update_operator(&self) -> Option<&'static str> {
        let (code, pc) = self.executing()?;
        if !matches!(code.instrs[pc].op(), Op::AddI | Op::AddIJump | Op::SubK | Op::SubKTo | Op::Plus) {
            return None;
        }
        let span = code.span(pc);
        let text = code.source.text.get(span.start as usize..span.end as usize)?;
        ["++", "--"].into_iter().find(|sign| text.ends_with(sign) || text.starts_with(sign))
    }

    /// Of `+x`, and of `x++`, which begins with that.
    #[cold]
    #[inline(never)]
    pub(super) fn not_a_number(&mut self, value: Value) -> Throw {
        let what = self.describe(value);
        let symbol = self.update_operator().map_or("Unary `+`".to_string(), |symbol| format!("Operator `{symbol}`"));
        self.type_error(format!("{symbol} takes a number, got {what}; convert with Number(x)"))
    }

    #[cold]
    fn operand_error(&mut self, symbol: &str, l: Value, r: Value) -> Throw {
        if self.update_operator().is_some() {
            return self.not_a_number(l);
        }
        let (a, b) = (self.describe(l), self.describe(r));
        let advice = match symbol {
            "+" if l.is_string() || r.is_string() => "; convert with String(x) or a template",
            "+" => "; `+` takes two numbers, or a string with a string, number, boolean or null",
            _ if l.is_string() || r.is_string() => "; convert with Number(x)",
            _ => "",
        };
        self.type_error(format!("Operator `{symbol}` cannot be applied to {a} and {b}{advice}"))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn bitwise(&mut self, op: Bit, l: Value, r: Value) -> Result<Value, Throw> {
        let (Some(a), Some(b)) = (to_int32(l), to_int32(r)) else {
            let symbol = match op {
                Bit::And => "&",
                Bit::Or => "|",
                Bit::Xor => "^",
                Bit::Shl => "<<",
                Bit::Shr => ">>",
                Bit::UShr => ">>>",
            };
            return Err(self.operand_error(symbol, l, r));
        };
        Ok(match op {
            Bit::And => Value::int(a & b),
            Bit::Or => Value::int(a | b),
            Bit::Xor => Value::int(a ^ b),
            Bit::Shl => Value::int(a.wrapping_shl(b as u32)),
            Bit::Shr => Value::int(a.wrapping_shr(b as u32)),
            Bit::UShr => ushr_int(a, b),
        })
    }

    #[cold]
    #[inline(never)]
    pub(super) fn negate(&mut self, value: Value) -> Result<Value, Throw> {
        if let Some(n) = value.exact() {
            return Ok(match n.checked_neg() {
                Some(n) => self.heap.integer(n),
                None => Value::double(-(n as f64)),
            });
        }
        match value.plain_number() {
            Some(n) => Ok(Value::double(-n)),
            None => {
                let what = self.describe(value);
                Err(self.type_error(format!("Unary `-` takes a number, got {what}; convert with Number(x)")))
            }
        }
    }

    /// Order of two numbers or two strings.
    #[cold]
    #[inline(never)]
    pub(super) fn compare(&mut self, op: Order, l: Value, r: Value) -> Result<bool, Throw> {
        use std::cmp::Ordering;
        let ordering = if l.is_string() && r.is_string() {
            Some(self.compare_texts(self.heap.text(l), self.heap.text(r)))
        } else if l.is_number() && r.is_number() {
            compare_numbers(l, r)
        } else {
            let symbol = match op {
                Order::Lt => "<",
                Order::Le => "<=",
                Order::Gt => ">",
                Order::Ge => ">=",
            };
            let (a, b) = (self.describe(l), self.describe(r));
            return Err(
                self.type_error(format!("Operator `{symbol}` compares two numbers or two strings, got {a} and {b}"))
            );
        };
        Ok(match (ordering, op) {
            (None, _) => false,
            (Some(order), Order::Lt) => order == Ordering::Less,
            (Some(order), Order::Le) => order != Ordering::Greater,
            (Some(order), Order::Gt) => order == Ordering::Greater,
            (Some(order), Order::Ge) => order != Ordering::Less,
        })
    }

    /// `a === b`
    pub fn strict_equals(&self, a: Value, b: Value) -> bool {
        if a == b {
            return !a.is_double() || !a.as_double().is_nan();
        }
        if a.is_string() && b.is_string() {
            return self.heap.text(a).as_str() == self.heap.text(b).as_str();
        }
        if a.is_number() && b.is_number() {
            return compare_numbers(a, b) == Some(std::cmp::Ordering::Equal);
        }
        false
    }

    pub(super) fn typeof_text(&mut self, value: Value) -> Value {
        // Type names are keys already, made with the library.
        let key = self.heap.key(type_name(value));
        key.value()
    }
}

/// The exact result, if there is one in 64 bits.
fn exact_arithmetic(op: Arith, a: i64, b: i64) -> Option<i64> {
    match op {
        Arith::Add => a.checked_add(b),
        Arith::Sub => a.checked_sub(b),
        Arith::Mul => a.checked_mul(b),
        Arith::Div => (b != 0 && a.checked_rem(b) == Some(0)).then(|| a.checked_div(b)).flatten(),
        Arith::Rem => (b != 0).then(|| a.checked_rem(b)).flatten(),
        Arith::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
    }
}

/// Exact also between exact integers and doubles.
pub(crate) fn compare_numbers(a: Value, b: Value) -> Option<std::cmp::Ordering> {
    match (a.exact(), b.exact()) {
        (Some(x), Some(y)) => Some(x.cmp(&y)),
        (Some(x), None) => compare_exact(x, b.plain_number()?),
        (None, Some(y)) => compare_exact(y, a.plain_number()?).map(std::cmp::Ordering::reverse),
        (None, None) => a.plain_number()?.partial_cmp(&b.plain_number()?),
    }
}

fn compare_exact(x: i64, y: f64) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering;
    if y.is_nan() {
        return None;
    }
    // i64 covers -2^63 ..= 2^63 - 1; a double in that range has an exact integral part.
    if y >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if y < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let whole = y.trunc();
    Some(x.cmp(&(whole as i64)).then(whole.partial_cmp(&y)?))
}

fn int_text(n: i32, buffer: &mut [u8; 11]) -> &str {
    let mut at = buffer.len();
    let mut rest = n.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    std::str::from_utf8(&buffer[at..]).unwrap_or("")
}
