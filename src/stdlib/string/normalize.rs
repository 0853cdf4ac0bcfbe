//! `normalize`: the four Unicode normalization forms.

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::super::arguments::{Outcome, optional_string, this_string};
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::bulk::{PIECE, TextBuilder, pieces};
use crate::vm::native::Args;

/// The string in a normalization form: `"NFC"` (composed, if left out), `"NFD"` (decomposed), `"NFKC"` or `"NFKD"` (the same without compatibility characters).
/// RangeError for another form, or for a pile of combining characters. O(length).
pub(super) fn normalize(vm: &mut Vm, args: Args) -> Outcome {
    let whole = this_string(vm, args, "normalize")?;
    let form = optional_string(vm, args, 0, "normalize")?;
    let form = form.as_deref().unwrap_or("NFC");
    if !matches!(form, "NFC" | "NFD" | "NFKC" | "NFKD") {
        return Err(vm.range_error("`normalize`: the form must be \"NFC\", \"NFD\", \"NFKC\" or \"NFKD\""));
    }
    if whole.is_ascii() || form == "NFC" && is_composed(vm, whole.as_str())? {
        return Ok(vm.this(args));
    }
    let text = whole.as_str();
    refuse_piles(vm, text)?;
    match form {
        "NFC" => collected(vm, text.nfc(), text.len()),
        "NFD" => collected(vm, text.nfd(), text.len()),
        "NFKC" => collected(vm, text.nfkc(), text.len()),
        _ => collected(vm, text.nfkd(), text.len()),
    }
}

/// Whether a text is in form NFC beyond doubt: if each of its pieces is, and none begins with what might combine.
fn is_composed(vm: &mut Vm, text: &str) -> Outcome<bool> {
    for piece in pieces(text) {
        vm.charge(piece.len())?;
        // With a character of its own in front, a piece that begins with a combining one is no certain case.
        let leads = piece.chars().next().is_some_and(is_combining_mark);
        if leads || is_nfc_quick(piece.chars()) != IsNormalized::Yes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Combining characters are sorted, all that belong to one character at once, aside from the heap: not too many.
const HIGHEST_PILE: usize = 1 << 16;

/// RangeError for a text with more combining characters in a row.
fn refuse_piles(vm: &mut Vm, text: &str) -> Outcome<()> {
    let mut pile = 0;
    for piece in pieces(text) {
        vm.charge(piece.len())?;
        for c in piece.chars() {
            pile = if c.is_ascii() || canonical_combining_class(c) == 0 { 0 } else { pile + 1 };
            if pile > HIGHEST_PILE {
                return Err(
                    vm.range_error(format!("`normalize`: more than {HIGHEST_PILE} combining characters in a row"))
                );
            }
        }
    }
    Ok(())
}

/// The characters as a string; `likely` bytes of room are made at first.
fn collected(vm: &mut Vm, characters: impl Iterator<Item = char>, likely: usize) -> Outcome<Value> {
    let mut builder = TextBuilder::new(likely);
    let mut portion = String::new();
    for c in characters {
        portion.push(c);
        if portion.len() >= PIECE {
            builder.push(vm, &portion)?;
            portion.clear();
        }
    }
    builder.push(vm, &portion)?;
    builder.finish(vm)
}
