//! Methods that give a string another form.

use super::super::arguments::{Outcome, integer, optional_string, room_for_text, string, text, this_string};
use super::super::long;
use super::piece;
use crate::vm::Vm;
use crate::vm::bulk::{FREE, PIECE, TextBuilder, pieces};
use crate::vm::native::Args;

/// The string followed by the arguments.
pub(super) fn concat(vm: &mut Vm, args: Args) -> Outcome {
    this_string(vm, args, "concat")?;
    let mut whole = vm.this(args);
    for index in 0..args.len() {
        string(vm, args, index, "concat")?;
        let part = vm.arg(args, index);
        vm.charge(1)?;
        whole = vm.join_texts(whole, part)?;
    }
    Ok(whole)
}

/// The string that many times. RangeError for a negative or infinite count.
pub(super) fn repeat(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "repeat")?;
    let count = integer(vm, args, 0, "repeat", 0.0)?;
    if !(0.0..f64::INFINITY).contains(&count) {
        return Err(vm.range_error(format!("`repeat`: invalid count {count}")));
    }
    if whole.is_empty() {
        return text(vm, "");
    }
    let count = count.min(u32::MAX as f64) as usize;
    if whole.len() * count <= FREE {
        return text(vm, &whole.repeat(count));
    }
    room_for_text(vm, whole.len() * count)?;
    let mut builder = TextBuilder::new(whole.len() * count);
    push_repeated(vm, &mut builder, whole.as_str(), count)?;
    builder.finish(vm)
}

/// Appends a text that many times, in blocks of many at once.
fn push_repeated(vm: &mut Vm, builder: &mut TextBuilder, text: &str, count: usize) -> Outcome<()> {
    let in_block = (PIECE / text.len().max(1)).clamp(1, count.max(1));
    if in_block == 1 {
        for _ in 0..count {
            builder.push(vm, text)?;
        }
        return Ok(());
    }
    let block = text.repeat(in_block);
    for _ in 0..count / in_block {
        builder.push(vm, &block)?;
    }
    builder.push(vm, &block[..text.len() * (count % in_block)])
}

/// What brings a string to the length wanted: the filler, how often it stands there whole, and what is left of it.
struct Padding<'t> {
    filler: &'t str,
    times: usize,
    rest: &'t str,
}

impl Padding<'_> {
    fn len(&self) -> usize {
        self.filler.len() * self.times + self.rest.len()
    }

    fn push(&self, vm: &mut Vm, builder: &mut TextBuilder) -> Outcome<()> {
        push_repeated(vm, builder, self.filler, self.times)?;
        builder.push(vm, self.rest)
    }
}

/// The padding; `None` if the string has the length wanted.
fn padding<'t>(vm: &mut Vm, args: Args, function: &str) -> Outcome<Option<Padding<'t>>> {
    let whole = this_string(vm, args, function)?;
    let length = integer(vm, args, 0, function, 0.0)?;
    let filler = optional_string(vm, args, 1, function)?;
    let (filler, width) = filler.map_or((" ", 1), |filler| (filler.as_str(), filler.chars_len()));
    let missing = length - whole.chars_len() as f64;
    if missing <= 0.0 || width == 0 {
        return Ok(None);
    }
    let missing = missing.min(u32::MAX as f64) as usize;
    let end = filler.char_indices().nth(missing % width).map_or(filler.len(), |(at, _)| at);
    let padding = Padding { filler, times: missing / width, rest: &filler[..end] };
    room_for_text(vm, whole.len() + padding.len())?;
    Ok(Some(padding))
}

/// Padded at the end to a length.
pub(super) fn pad_end(vm: &mut Vm, args: Args) -> Outcome {
    let Some(padding) = padding(vm, args, "padEnd")? else { return Ok(vm.this(args)) };
    let whole = this_string(vm, args, "padEnd")?;
    let mut builder = TextBuilder::new(whole.len() + padding.len());
    builder.push(vm, whole.as_str())?;
    padding.push(vm, &mut builder)?;
    builder.finish(vm)
}

/// Padded at the start to a length.
pub(super) fn pad_start(vm: &mut Vm, args: Args) -> Outcome {
    let Some(padding) = padding(vm, args, "padStart")? else { return Ok(vm.this(args)) };
    let whole = this_string(vm, args, "padStart")?;
    let mut builder = TextBuilder::new(whole.len() + padding.len());
    padding.push(vm, &mut builder)?;
    builder.push(vm, whole.as_str())?;
    builder.finish(vm)
}

/// In lower case, by Unicode's rules without a locale.
pub(super) fn to_lower_case(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "toLowerCase")?;
    if whole.len() <= PIECE {
        let lower = if whole.is_ascii() { whole.to_ascii_lowercase() } else { whole.to_lowercase() };
        return text(vm, &lower);
    }
    let mut lower = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(end_of_words(rest));
        vm.charge(piece.len())?;
        lower.push_str(&piece.to_lowercase());
        rest = left;
    }
    text(vm, &lower)
}

/// Where a piece ends that can be made lower case by itself. What a final sigma becomes depends on the letters around it, so there it is between two ASCII
/// characters that are letters, digits or blanks; a text without such a place is one piece.
fn end_of_words(text: &str) -> usize {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'\n';
    if text.len() <= PIECE {
        return text.len();
    }
    let at = text.floor_char_boundary(PIECE);
    let bytes = text.as_bytes();
    let sigma = memchr::memmem::find(&bytes[..text.floor_char_boundary(PIECE * 2)], "Σ".as_bytes());
    if sigma.is_none() {
        return at;
    }
    bytes
        .windows(2)
        .skip(at)
        .position(|pair| is_plain(pair[0]) && is_plain(pair[1]))
        .map_or(text.len(), |offset| at + offset + 1)
}

/// In upper case, by Unicode's rules without a locale.
pub(super) fn to_upper_case(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "toUpperCase")?;
    if whole.len() <= PIECE {
        let upper = if whole.is_ascii() { whole.to_ascii_uppercase() } else { whole.to_uppercase() };
        return text(vm, &upper);
    }
    let mut upper = String::with_capacity(whole.len());
    for piece in pieces(whole.as_str()) {
        vm.charge(piece.len())?;
        upper.push_str(&piece.to_uppercase());
    }
    text(vm, &upper)
}

/// Without white space at both ends.
pub(super) fn trim(vm: &mut Vm, args: Args) -> Outcome {
    trimmed(vm, args, "trim", true, true)
}

/// Without white space at the end.
pub(super) fn trim_end(vm: &mut Vm, args: Args) -> Outcome {
    trimmed(vm, args, "trimEnd", false, true)
}

/// Without white space at the start.
pub(super) fn trim_start(vm: &mut Vm, args: Args) -> Outcome {
    trimmed(vm, args, "trimStart", true, false)
}

fn trimmed(vm: &mut Vm, args: Args, function: &str, start: bool, end: bool) -> Outcome {
    let whole = this_string(vm, args, function)?;
    let part = long::trim(vm, whole.as_str(), start, end)?;
    if part.len() == whole.len() {
        return Ok(vm.this(args));
    }
    piece(vm, whole, part)
}
