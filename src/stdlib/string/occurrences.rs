//! Looking for a text in a long one, a window at a time.

use memchr::memmem::{self, Finder, FinderRev};

use super::super::arguments::Outcome;
use crate::vm::Vm;
use crate::vm::bulk::{FREE, PIECE};

/// The places of a text in another one, from the front. An empty one stands before every character and at the end.
pub(super) struct Occurrences<'t> {
    whole: &'t str,
    wanted: &'t str,
    way: Way<'t>,
    /// Where the search goes on; `None`: past the end.
    from: Option<usize>,
}

/// How it is looked for.
// There is one of them at a time, on the stack: a box would cost more than the room.
#[allow(clippy::large_enum_variant)]
enum Way<'t> {
    /// In a text so short that nothing is worth a preparation.
    Direct,
    Prepared(Finder<'t>),
    /// A long text: the preparation would look at the whole of it, and could not be ended.
    Rolling,
}

/// Bytes that are searched without preparation.
const FEW: usize = 64;

impl<'t> Occurrences<'t> {
    /// From byte `from` on.
    #[inline(always)]
    pub(super) fn new(whole: &'t str, wanted: &'t str, from: usize) -> Occurrences<'t> {
        let way = if whole.len() <= FEW {
            Way::Direct
        } else if wanted.len() <= PIECE {
            Way::Prepared(Finder::new(wanted.as_bytes()))
        } else {
            Way::Rolling
        };
        Occurrences { whole, wanted, way, from: Some(from) }
    }

    /// The byte offset of the next occurrence; they do not overlap. O(way to it).
    pub(super) fn next(&mut self, vm: &mut Vm) -> Outcome<Option<usize>> {
        let Some(from) = self.from else { return Ok(None) };
        if self.wanted.is_empty() {
            vm.charge(1)?;
            self.from = self.whole[from..].chars().next().map(|c| from + c.len_utf8());
            return Ok(Some(from));
        }
        let (whole, wanted) = (self.whole.as_bytes(), self.wanted.as_bytes());
        let found = match &self.way {
            Way::Direct => match wanted {
                [byte] => memchr::memchr(*byte, &whole[from..]),
                wanted => memmem::find(&whole[from..], wanted),
            }
            .map(|at| from + at),
            Way::Prepared(finder) => first(vm, finder, whole, from)?,
            Way::Rolling => {
                let byte = |index: usize| whole[from + index];
                first_long(vm, whole.len() - from, byte, wanted.len(), |index| wanted[index])?.map(|at| from + at)
            }
        };
        self.from = found.map(|at| at + self.wanted.len());
        Ok(found)
    }
}

/// The first occurrence at or after byte `from`.
fn first(vm: &mut Vm, finder: &Finder<'_>, whole: &[u8], from: usize) -> Outcome<Option<usize>> {
    if whole.len() - from <= PIECE {
        let found = finder.find(&whole[from..]);
        vm.charge(found.unwrap_or(whole.len() - from))?;
        return Ok(found.map(|at| from + at));
    }
    let overlap = finder.needle().len().saturating_sub(1);
    let mut from = from;
    loop {
        let end = whole.len().min(from + PIECE + overlap);
        let found = finder.find(&whole[from..end]);
        vm.charge(found.unwrap_or(end - from))?;
        if found.is_some() || end == whole.len() {
            return Ok(found.map(|at| from + at));
        }
        from += PIECE;
    }
}

/// The first place of a long text, which is given by its bytes, in a longer one: the hash of a window rolls over that, and where it is the one wanted the
/// bytes are compared (R. Karp and M. Rabin, "Efficient randomized pattern-matching algorithms", 1987). O(length of both) but for texts made to collide.
fn first_long(
    vm: &mut Vm,
    length: usize,
    byte: impl Fn(usize) -> u8,
    wanted_length: usize,
    wanted: impl Fn(usize) -> u8,
) -> Outcome<Option<usize>> {
    /// Odd, so that no byte of a window is lost.
    const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
    if wanted_length > length {
        return Ok(None);
    }
    let add = |hash: u64, byte: u8| hash.wrapping_mul(BASE).wrapping_add(u64::from(byte));
    let (mut goal, mut hash, mut leading) = (0, 0, 1u64);
    for index in 0..wanted_length {
        if index % PIECE == 0 {
            vm.charge(PIECE)?;
        }
        (goal, hash) = (add(goal, wanted(index)), add(hash, byte(index)));
        leading = if index == 0 { 1 } else { leading.wrapping_mul(BASE) };
    }
    let mut at = 0;
    loop {
        if hash == goal && starts_with(vm, |index| byte(at + index), wanted_length, &wanted)? {
            return Ok(Some(at));
        }
        if at + wanted_length == length {
            return Ok(None);
        }
        if at % PIECE == 0 {
            vm.charge(PIECE)?;
        }
        let without = hash.wrapping_sub(u64::from(byte(at)).wrapping_mul(leading));
        hash = add(without, byte(at + wanted_length));
        at += 1;
    }
}

fn starts_with(
    vm: &mut Vm,
    byte: impl Fn(usize) -> u8,
    wanted_length: usize,
    wanted: impl Fn(usize) -> u8,
) -> Outcome<bool> {
    for index in 0..wanted_length {
        if index % PIECE == 0 {
            vm.charge(PIECE)?;
        }
        if byte(index) != wanted(index) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first occurrence at or after byte `from`. O(way to it).
pub(super) fn find(vm: &mut Vm, whole: &str, wanted: &str, from: usize) -> Outcome<Option<usize>> {
    let rest = &whole.as_bytes()[from..];
    if rest.len() <= FREE {
        return Ok(memmem::find(rest, wanted.as_bytes()).map(|at| from + at));
    }
    Occurrences::new(whole, wanted, from).next(vm)
}

/// The last occurrence that ends at or before byte `end`. O(way to it).
pub(super) fn find_last(vm: &mut Vm, whole: &str, wanted: &str, end: usize) -> Outcome<Option<usize>> {
    let (whole, wanted) = (whole.as_bytes(), wanted.as_bytes());
    if end <= FREE {
        return Ok(memmem::rfind(&whole[..end], wanted));
    }
    if wanted.len() > PIECE {
        // the same from the back
        let byte = |index: usize| whole[end - 1 - index];
        let found = first_long(vm, end, byte, wanted.len(), |index| wanted[wanted.len() - 1 - index])?;
        return Ok(found.map(|at| end - at - wanted.len()));
    }
    let finder = FinderRev::new(wanted);
    let overlap = wanted.len().saturating_sub(1);
    let mut end = end;
    loop {
        let start = end.saturating_sub(PIECE + overlap);
        let found = finder.rfind(&whole[start..end]);
        vm.charge(found.map_or(end - start, |at| end - start - at))?;
        if found.is_some() || start == 0 {
            return Ok(found.map(|at| start + at));
        }
        end -= PIECE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::Options;
    use crate::vm::host::Silent;

    #[test]
    fn a_long_text_is_found_where_a_short_one_would_be() {
        let mut vm = Vm::new(Options::default(), Box::new(Silent));
        let wanted = format!("{}b{}", "a".repeat(PIECE), "a".repeat(PIECE));
        for whole in [
            wanted.clone(),
            format!("{wanted}a"),
            format!("a{wanted}"),
            format!("xä{wanted}{wanted}y"),
            format!("{}{}", &wanted[1..], wanted),
            "a".repeat(PIECE * 4),
            wanted[1..].to_string(),
        ] {
            let mut places = Vec::new();
            let mut occurrences = Occurrences::new(&whole, &wanted, 0);
            while let Ok(Some(at)) = occurrences.next(&mut vm) {
                places.push(at);
            }
            assert_eq!(places, whole.match_indices(&wanted).map(|(at, _)| at).collect::<Vec<_>>());
            assert_eq!(find_last(&mut vm, &whole, &wanted, whole.len()), Ok(whole.rfind(&wanted)));
        }
    }
}
