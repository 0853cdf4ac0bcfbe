//! Text to values: one pass over the bytes with an explicit stack, straight to the heap.
//!
//! Finished values wait on one stack; a closing bracket takes those above its mark and makes the container, of exactly that size. Keys are interned as they are
//! read, and an object whose keys are those of the last object at the same depth takes over its shape.

use super::likes::Likes;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::stdlib::arguments::{Outcome, array_of, numeric, set_error};
use crate::stdlib::long;
use crate::vm::Vm;
use crate::vm::bulk::PIECE;
use crate::vm::native::Throw;

const CONTROL: &str = "control character in a string (write it as an escape)";

/// Why a text is not JSON, and the byte where.
struct Problem {
    at: usize,
    what: What,
}

enum What {
    Token,
    End,
    Other(&'static str),
}

/// A container whose closing bracket has not come.
struct Open {
    /// Values and keys of the containers around it.
    values: usize,
    keys: usize,
    is_object: bool,
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    open: Vec<Open>,
    values: Vec<Value>,
    keys: Vec<Key>,
    likes: Likes,
    buffer: String,
    /// Bytes of the text that have been charged.
    charged: usize,
}

/// Bytes between two looks at the limits.
const LOOK: usize = 1 << 14;
/// An object with more keys is made one by one.
const MANY_KEYS: usize = 4096;

/// The value of a JSON text. SyntaxError with line and column if it is none, if it nests deeper than the limit, or if it has a lone surrogate escape.
/// What it makes is on probation in the running statement. O(length).
pub fn parse(vm: &mut Vm, text: &str) -> Outcome {
    parse_document(vm, text).map_err(|problem| match problem {
        NoDocument::Thrown(throw) => throw,
        NoDocument::Bad { message, .. } => vm.syntax_error(message),
    })
}

/// Why a text gave no value.
pub enum NoDocument {
    /// It is not JSON: the byte where that shows, and what is wrong.
    Bad { at: usize, message: String },
    /// A limit, most likely.
    Thrown(Throw),
}

/// The same, without throwing an error for a text that is no JSON.
pub fn parse_document(vm: &mut Vm, text: &str) -> Result<Value, NoDocument> {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::new(),
        values: Vec::new(),
        keys: Vec::new(),
        likes: Likes::default(),
        buffer: String::new(),
        charged: 0,
    };
    match parser.document(vm) {
        Ok(value) => Ok(value),
        Err(Failure::Thrown(throw)) => Err(NoDocument::Thrown(throw)),
        Err(Failure::Bad(problem)) => {
            Err(NoDocument::Bad { at: problem.at.min(text.len()), message: parser.message(&problem) })
        }
    }
}

enum Failure {
    Bad(Problem),
    Thrown(Throw),
}

impl From<Throw> for Failure {
    fn from(throw: Throw) -> Failure {
        Failure::Thrown(throw)
    }
}

type Parsed<T> = Result<T, Failure>;

impl<'t> Parser<'t> {
    fn document(&mut self, vm: &mut Vm) -> Parsed<Value> {
        loop {
            if self.at - self.charged > LOOK {
                self.look(vm)?;
            }
            // a value is wanted
            self.skip_space(vm)?;
            let mut value = match self.bytes.get(self.at) {
                Some(b'{') => {
                    self.enter(vm, true)?;
                    if self.closes(b'}') {
                        self.close(vm)?
                    } else {
                        self.key(vm)?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.enter(vm, false)?;
                    if self.closes(b']') {
                        self.close(vm)?
                    } else {
                        continue;
                    }
                }
                _ => self.scalar(vm)?,
            };
            // a value is there: what follows it?
            loop {
                let Some(open) = self.open.last() else {
                    self.skip_space(vm)?;
                    self.look(vm)?;
                    return if self.at == self.bytes.len() { Ok(value) } else { self.unexpected() };
                };
                let is_object = open.is_object;
                self.values.push(value);
                self.skip_space(vm)?;
                match self.bytes.get(self.at) {
                    Some(b',') => {
                        self.at += 1;
                        if is_object {
                            self.skip_space(vm)?;
                            self.key(vm)?;
                        }
                        break;
                    }
                    Some(b'}') if is_object => self.at += 1,
                    Some(b']') if !is_object => self.at += 1,
                    _ => return self.unexpected(),
                }
                value = self.close(vm)?;
            }
        }
    }

    /// Charges what has been read.
    fn look(&mut self, vm: &mut Vm) -> Parsed<()> {
        let read = self.at - self.charged;
        self.charged = self.at;
        Ok(vm.charge(read)?)
    }

    fn enter(&mut self, vm: &mut Vm, is_object: bool) -> Parsed<()> {
        if self.open.len() >= vm.options().max_parse_depth {
            return self.fail(self.at, "nested deeper than the limit (--max-parse-depth)");
        }
        self.at += 1;
        self.open.push(Open { values: self.values.len(), keys: self.keys.len(), is_object });
        self.skip_space(vm)
    }

    /// Takes the closing bracket of a container that is empty.
    fn closes(&mut self, bracket: u8) -> bool {
        let closes = self.bytes.get(self.at) == Some(&bracket);
        self.at += usize::from(closes);
        closes
    }

    /// Makes the container whose closing bracket has been read.
    fn close(&mut self, vm: &mut Vm) -> Parsed<Value> {
        let Some(open) = self.open.pop() else { return self.unexpected() };
        let values = &self.values[open.values..];
        let made = if open.is_object {
            let keys = &self.keys[open.keys..];
            if keys.len() > MANY_KEYS {
                let object = vm.heap.object();
                for (key, value) in keys.iter().zip(values) {
                    vm.charge(1)?;
                    vm.heap.set_own(object, *key, *value).map_err(|e| set_error(vm, object, e))?;
                }
                self.values.truncate(open.values);
                self.keys.truncate(open.keys);
                return Ok(object);
            }
            self.likes.object(vm, self.open.len(), keys, values)?
        } else {
            array_of(vm, values)?
        };
        self.values.truncate(open.values);
        self.keys.truncate(open.keys);
        Ok(made)
    }

    /// A key and its colon.
    fn key(&mut self, vm: &mut Vm) -> Parsed<()> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return self.unexpected();
        }
        let (start, end, escaped) = self.string_body(vm)?;
        let key = if escaped {
            self.unescape(vm, start, end)?;
            vm.heap.key(&self.buffer)
        } else {
            vm.heap.key(&self.text[start..end])
        };
        self.keys.push(key);
        self.skip_space(vm)?;
        if self.bytes.get(self.at) != Some(&b':') {
            return self.unexpected();
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self, vm: &mut Vm) -> Parsed<Value> {
        match self.bytes.get(self.at) {
            Some(b'"') => {
                let (start, end, escaped) = self.string_body(vm)?;
                let text = if escaped {
                    self.unescape(vm, start, end)?;
                    &self.buffer
                } else {
                    &self.text[start..end]
                };
                // a short one has been charged as it was read
                Ok(if text.len() <= LOOK { vm.text_in_room(|heap| heap.string(text))? } else { vm.text_value(text)? })
            }
            Some(b'-' | b'0'..=b'9') => self.number(vm),
            Some(b't') => self.word("true", Value::TRUE),
            Some(b'f') => self.word("false", Value::FALSE),
            Some(b'n') => self.word("null", Value::NULL),
            _ => self.unexpected(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Parsed<Value> {
        for byte in word.bytes() {
            if self.bytes.get(self.at) != Some(&byte) {
                return self.unexpected();
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self, vm: &mut Vm) -> Parsed<Value> {
        let start = self.at;
        let negative = self.bytes[start] == b'-';
        self.at += usize::from(negative);
        let digits = self.at;
        let mut magnitude = 0u64;
        while let Some(digit) = self.digit() {
            if self.at - self.charged > LOOK {
                self.look(vm)?;
            }
            magnitude = magnitude.wrapping_mul(10).wrapping_add(digit as u64);
        }
        let count = self.at - digits;
        if count == 0 || count > 1 && self.bytes[digits] == b'0' {
            // `-`, or a leading zero: what follows the zero does not belong there
            self.at = digits + usize::from(count > 0);
            return self.unexpected();
        }
        let mut whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            whole = false;
            self.at += 1;
            self.digits(vm)?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(vm)?;
        }
        if whole && count <= 15 && magnitude != 0 {
            let n = magnitude as f64;
            return Ok(Value::number(if negative { -n } else { n }));
        }
        let text = &self.text[start..self.at];
        if whole
            && count < 20
            && magnitude != 0
            && let Ok(n) = text.parse::<i64>()
        {
            return Ok(vm.heap.integer(n));
        }
        Ok(numeric(if text.len() > LOOK { long::decimal(vm, text)?.0 } else { text.parse().unwrap_or(f64::NAN) }))
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.bytes.get(self.at)?.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        self.at += 1;
        Some(digit)
    }

    /// One digit or more.
    fn digits(&mut self, vm: &mut Vm) -> Parsed<()> {
        if self.digit().is_none() {
            return self.unexpected();
        }
        while self.digit().is_some() {
            if self.at - self.charged > LOOK {
                self.look(vm)?;
            }
        }
        Ok(())
    }

    /// The bytes between the quotes, and whether there is an escape among them.
    #[inline]
    fn string_body(&mut self, vm: &mut Vm) -> Parsed<(usize, usize, bool)> {
        self.at += 1;
        let start = self.at;
        let near = &self.bytes[start..self.bytes.len().min(start + LOOK)];
        if let Some(length) = memchr::memchr2(b'"', b'\\', near)
            && near[length] == b'"'
            && !near[..length].iter().fold(false, |found, byte| found | (*byte < 0x20))
        {
            self.at += length + 1;
            return Ok((start, start + length, false));
        }
        self.unusual_string_body(vm, start)
    }

    /// Of a string that is long, has an escape, or is wrong.
    #[inline(never)]
    fn unusual_string_body(&mut self, vm: &mut Vm, start: usize) -> Parsed<(usize, usize, bool)> {
        let mut escaped = false;
        loop {
            if self.at - self.charged > LOOK {
                self.look(vm)?;
            }
            let rest = &self.bytes[self.at..];
            let piece = &rest[..rest.len().min(PIECE)];
            let Some(length) = memchr::memchr2(b'"', b'\\', piece) else {
                if let Some(control) = piece.iter().position(|byte| *byte < 0x20) {
                    return self.fail(self.at + control, CONTROL);
                }
                self.at += piece.len();
                if piece.len() == rest.len() {
                    return self.unexpected();
                }
                continue;
            };
            // no early way out, so that it is done many bytes at a time
            if rest[..length].iter().fold(false, |found, byte| found | (*byte < 0x20)) {
                let control = rest.iter().position(|byte| *byte < 0x20).unwrap_or(0);
                return self.fail(self.at + control, CONTROL);
            }
            self.at += length + 1;
            if rest[length] == b'"' {
                return Ok((start, self.at - 1, escaped));
            }
            // whatever is escaped is looked at in `unescape`; here it must not end the string
            escaped = true;
            self.at += 1;
            if self.at > self.bytes.len() {
                self.at = self.bytes.len();
                return self.unexpected();
            }
        }
    }

    /// Writes the text between `start` and `end` to the buffer, its escapes resolved.
    fn unescape(&mut self, vm: &mut Vm, start: usize, end: usize) -> Parsed<()> {
        self.buffer.clear();
        let mut at = start;
        let mut charged = start;
        while at < end {
            if at - charged > LOOK {
                vm.charge(at - charged)?;
                charged = at;
            }
            let length = memchr::memchr(b'\\', &self.bytes[at..end]).unwrap_or(end - at);
            vm.make_room(&mut self.buffer, length + 4)?;
            self.buffer.push_str(&self.text[at..at + length]);
            at += length;
            if at == end {
                break;
            }
            let c = match self.bytes[at + 1] {
                c @ (b'"' | b'\\' | b'/') => c as char,
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let (c, length) = self.unicode_escape(at, end)?;
                    self.buffer.push(c);
                    at += length;
                    continue;
                }
                _ => return self.fail(at, "unknown escape in a string"),
            };
            self.buffer.push(c);
            at += 2;
        }
        Ok(())
    }

    /// The character of a `\u` escape, or of a surrogate pair of them, and its length in bytes.
    fn unicode_escape(&self, at: usize, end: usize) -> Parsed<(char, usize)> {
        let unit = |at: usize| -> Option<u32> {
            let escape = self.bytes[..end].get(at..at + 6)?;
            if escape[0] != b'\\' || escape[1] != b'u' {
                return None;
            }
            escape[2..].iter().try_fold(0, |unit, byte| Some(unit * 16 + (*byte as char).to_digit(16)?))
        };
        let Some(first) = unit(at) else { return self.fail(at, "`\\u` needs four hexadecimal digits") };
        if let Some(c) = char::from_u32(first) {
            return Ok((c, 6));
        }
        if first < 0xDC00
            && let Some(second @ 0xDC00..=0xDFFF) = unit(at + 6)
            && let Some(c) = char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        {
            return Ok((c, 12));
        }
        self.fail(at, "lone surrogate escape: strings hold whole characters")
    }

    #[inline(always)]
    fn skip_space(&mut self, vm: &mut Vm) -> Parsed<()> {
        match self.bytes.get(self.at) {
            Some(b' ' | b'\n' | b'\t' | b'\r') => self.skip_blanks(vm),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn skip_blanks(&mut self, vm: &mut Vm) -> Parsed<()> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
            if self.at - self.charged > LOOK {
                self.look(vm)?;
            }
        }
        Ok(())
    }

    #[cold]
    fn unexpected<T>(&self) -> Parsed<T> {
        let what = if self.at >= self.bytes.len() { What::End } else { What::Token };
        Err(Failure::Bad(Problem { at: self.at, what }))
    }

    #[cold]
    fn fail<T>(&self, at: usize, what: &'static str) -> Parsed<T> {
        Err(Failure::Bad(Problem { at, what: What::Other(what) }))
    }

    fn message(&self, problem: &Problem) -> String {
        let at = problem.at.min(self.text.len());
        let line_start = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', &self.bytes[..line_start]).count() + 1;
        let before = self.text.get(line_start..at).unwrap_or("");
        let column = before.chars().count() + 1;
        let what = match problem.what {
            What::End => "Unexpected end of JSON input".to_string(),
            What::Token => match self.text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) if c.is_control() => format!("Unexpected token '{}' in JSON", c.escape_default()),
                Some(c) => format!("Unexpected token '{c}' in JSON"),
                None => "Unexpected token in JSON".to_string(),
            },
            What::Other(what) => format!("Bad JSON: {what}"),
        };
        format!("{what} at line {line} column {column}")
    }
}
