//! Values: eight bytes, NaN-boxed.
//!
//! | bits (top 16)     | kind                                                             | where it lives |
//! |-------------------|------------------------------------------------------------------|----------------|
//! | `0x0000…0xFFF8`   | double (a NaN is `0x7FF8…` or `0xFFF8…`, never another payload)   | immediate      |
//! | `0xFFF9`          | 32-bit integer, low half                                         | immediate      |
//! | `0xFFFA`          | `undefined`, `null`, `false`, `true`, the marks *hole*, *vacant*  | immediate      |
//! | `0xFFFB`          | string: an atom                                                  | heap, counted  |
//! | `0xFFFC`          | exact integer beyond ±2^53 (deviation D1): an atom               | heap, counted  |
//! | `0xFFFD`          | container                                                        | heap, counted, owned by a scope |
//!
//! *Hole* is never seen by a script: a variable that is not initialised, an absent argument, a deleted table entry. *Vacant* is never seen at all: it stands in the
//! table of handles where there is none.
//! A number has one or two representations (an integral double may or may not be an integer); [`Value::number`] prefers
//! the integer, and no operation depends on which one it meets. `-0` is always a double.

use super::cell::{Cell, Container, Kind};
use super::string::Str;

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Value(pub(crate) u64);

const TAG_SHIFT: u32 = 48;
const INT: u64 = 0xFFF9;
const SPECIAL: u64 = 0xFFFA;
const STRING: u64 = 0xFFFB;
const EXACT: u64 = 0xFFFC;
const CONTAINER: u64 = 0xFFFD;
/// The index of the half with the tag, seen as two 32-bit integers.
const HIGH: usize = if cfg!(target_endian = "little") { 1 } else { 0 };
const PAYLOAD: u64 = (1 << TAG_SHIFT) - 1;

impl Value {
    pub const UNDEFINED: Value = Value(SPECIAL << TAG_SHIFT);
    pub const NULL: Value = Value(SPECIAL << TAG_SHIFT | 1);
    pub const FALSE: Value = Value(SPECIAL << TAG_SHIFT | 2);
    pub const TRUE: Value = Value(SPECIAL << TAG_SHIFT | 3);
    pub(crate) const HOLE: Value = Value(SPECIAL << TAG_SHIFT | 4);
    pub(super) const VACANT: Value = Value(SPECIAL << TAG_SHIFT | 5);
    pub const NAN: Value = Value(0x7FF8 << TAG_SHIFT);

    #[inline(always)]
    pub fn int(n: i32) -> Value {
        Value(INT << TAG_SHIFT | n as u32 as u64)
    }

    #[inline(always)]
    pub fn double(n: f64) -> Value {
        Value(n.to_bits())
    }

    #[inline(always)]
    pub fn bool(b: bool) -> Value {
        Value(SPECIAL << TAG_SHIFT | 2 | b as u64)
    }

    /// A number, as an integer where it is one (but for `-0`).
    #[inline]
    pub fn number(n: f64) -> Value {
        let i = n as i32;
        if i as f64 == n && (i != 0 || n.to_bits() == 0) { Value::int(i) } else { Value::double(n) }
    }

    /// A length or index, up to 2^53.
    #[inline]
    pub fn index(n: usize) -> Value {
        if n <= i32::MAX as usize { Value::int(n as i32) } else { Value::double(n as f64) }
    }

    #[inline(always)]
    pub(crate) fn from_container(p: *mut Container) -> Value {
        Value(CONTAINER << TAG_SHIFT | p as u64)
    }

    #[inline(always)]
    pub(crate) fn from_str(p: *mut Str) -> Value {
        Value(STRING << TAG_SHIFT | p as u64)
    }

    #[inline(always)]
    pub(crate) fn from_exact(p: *mut super::cell::Exact) -> Value {
        Value(EXACT << TAG_SHIFT | p as u64)
    }

    #[inline(always)]
    pub fn is_int(self) -> bool {
        // The 16 bits below the tag are 0 in an integer: one comparison with a 32-bit immediate.
        (self.0 >> 32) as u32 == (INT << 16) as u32
    }

    #[inline(always)]
    pub fn is_double(self) -> bool {
        self.0 < INT << TAG_SHIFT
    }

    /// An integer or a double, not an exact integer.
    #[inline(always)]
    pub fn is_plain_number(self) -> bool {
        self.0 < SPECIAL << TAG_SHIFT
    }

    /// Any number, exact integers included: `typeof` is `"number"`.
    pub fn is_number(self) -> bool {
        self.is_plain_number() || self.is_exact()
    }

    /// It has a cell on the heap and so a count.
    #[inline(always)]
    pub fn is_heap(self) -> bool {
        self.0 >= STRING << TAG_SHIFT
    }

    #[inline(always)]
    pub fn is_string(self) -> bool {
        self.0 >> TAG_SHIFT == STRING
    }

    #[inline(always)]
    pub fn is_exact(self) -> bool {
        self.0 >> TAG_SHIFT == EXACT
    }

    #[inline(always)]
    pub fn is_container(self) -> bool {
        self.0 >= CONTAINER << TAG_SHIFT
    }

    #[inline(always)]
    pub fn is_nullish(self) -> bool {
        self == Value::UNDEFINED || self == Value::NULL
    }

    #[inline(always)]
    pub fn is_undefined(self) -> bool {
        self == Value::UNDEFINED
    }

    #[inline(always)]
    pub fn is_bool(self) -> bool {
        self == Value::TRUE || self == Value::FALSE
    }

    /// The value at a place read in halves, which takes the loop fewer instructions than to load it and then to look at its tag.
    ///
    /// # Safety
    /// A value stands at `place`; for the number itself, one of that kind.
    #[inline(always)]
    pub(crate) unsafe fn is_int_at(place: *const Value) -> bool {
        // SAFETY: the caller's; both halves are initialised.
        unsafe { *(place as *const u32).add(HIGH) == (INT << 16) as u32 }
    }

    /// # Safety
    /// As for [`Value::is_int_at`].
    #[inline(always)]
    pub(crate) unsafe fn is_double_at(place: *const Value) -> bool {
        // SAFETY: as above.
        unsafe { *(place as *const u32).add(HIGH) < (INT << 16) as u32 }
    }

    /// # Safety
    /// As for [`Value::is_int_at`].
    #[inline(always)]
    pub(crate) unsafe fn int_at(place: *const Value) -> i32 {
        // SAFETY: as above.
        unsafe { *(place as *const i32).add(1 - HIGH) }
    }

    /// # Safety
    /// As for [`Value::is_int_at`].
    #[inline(always)]
    pub(crate) unsafe fn double_at(place: *const Value) -> f64 {
        // SAFETY: as above.
        unsafe { *(place as *const f64) }
    }

    /// Only if `is_int`.
    #[inline(always)]
    pub fn as_int(self) -> i32 {
        self.0 as i32
    }

    /// Only if `is_double`.
    #[inline(always)]
    pub fn as_double(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// The number as a double, unless it is an exact integer.
    #[inline(always)]
    pub fn plain_number(self) -> Option<f64> {
        if self.is_int() {
            Some(self.as_int() as f64)
        } else if self.is_double() {
            Some(self.as_double())
        } else {
            None
        }
    }

    /// The number as a double: only if `is_plain_number`.
    #[inline(always)]
    pub fn as_plain(self) -> f64 {
        if self.is_int() { self.as_int() as f64 } else { self.as_double() }
    }

    /// The exact integer (deviation D1), if it is one.
    pub fn exact(self) -> Option<i64> {
        // SAFETY: an EXACT value points to a live `Exact` cell (I2: its holder may still read it).
        self.is_exact().then(|| unsafe { (*(self.pointer() as *mut super::cell::Exact)).value })
    }

    /// The number as a double, exact integers rounded to the nearest.
    pub fn as_f64(self) -> Option<f64> {
        self.plain_number().or_else(|| self.exact().map(|n| n as f64))
    }

    #[inline(always)]
    pub(crate) fn pointer(self) -> u64 {
        self.0 & PAYLOAD
    }

    #[inline(always)]
    pub(crate) fn cell(self) -> *mut Cell {
        debug_assert!(self.is_heap());
        self.pointer() as *mut Cell
    }

    #[inline(always)]
    pub(crate) fn container(self) -> *mut Container {
        debug_assert!(self.is_container());
        self.pointer() as *mut Container
    }

    #[inline(always)]
    pub(crate) fn str_cell(self) -> *mut Str {
        debug_assert!(self.is_string());
        self.pointer() as *mut Str
    }

    /// The kind of its cell; `None` for an immediate.
    #[inline(always)]
    pub fn kind(self) -> Option<Kind> {
        // SAFETY: a heap value points to a live cell (I2: its holder may still read it).
        if self.is_heap() { Some(unsafe { (*self.cell()).kind }) } else { None }
    }

    #[inline(always)]
    pub(crate) fn is(self, kind: Kind) -> bool {
        // SAFETY: as in `kind`.
        self.is_container() && unsafe { (*self.cell()).kind } == kind
    }

    /// Whether JavaScript takes it for true.
    #[inline]
    pub fn is_truthy(self) -> bool {
        if self.is_int() {
            self.as_int() != 0
        } else if self.is_double() {
            let n = self.as_double();
            n != 0.0 && !n.is_nan()
        } else if self.is_string() {
            // SAFETY: as in `kind`.
            unsafe { (*self.str_cell()).len != 0 }
        } else {
            self.is_heap() || self == Value::TRUE
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Value::UNDEFINED => write!(f, "undefined"),
            Value::NULL => write!(f, "null"),
            Value::FALSE => write!(f, "false"),
            Value::TRUE => write!(f, "true"),
            Value::HOLE => write!(f, "hole"),
            Value::VACANT => write!(f, "vacant"),
            v if v.is_int() => write!(f, "{}", v.as_int()),
            v if v.is_double() => write!(f, "{}", v.as_double()),
            v => write!(f, "{:?}@{:x}", v.kind(), v.pointer()),
        }
    }
}
