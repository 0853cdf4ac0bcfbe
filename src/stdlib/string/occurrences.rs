//! Looking for a text in a long one, a window at a time.

use memchr::memmem::{Finder, FinderRev};

use super::super::arguments::Outcome;
use crate::vm::Vm;
use crate::vm::bulk::PIECE;

/// The places of a text in another one, from the front. An empty one stands before every character and at the end.
pub(super) struct Occurrences<'t> {
    whole: &'t str,
    wanted: &'t str,
    finder: Finder<'t>,
    /// Where the search goes on; `None`: past the end.
    from: Option<usize>,
}

impl<'t> Occurrences<'t> {
    /// From byte `from` on.
    pub(super) fn new(whole: &'t str, wanted: &'t str, from: usize) -> Occurrences<'t> {
        Occurrences { whole, wanted, finder: Finder::new(wanted.as_bytes()), from: Some(from) }
    }

    /// The byte offset of the next occurrence; they do not overlap. O(way to it).
    pub(super) fn next(&mut self, vm: &mut Vm) -> Outcome<Option<usize>> {
        let Some(from) = self.from else { return Ok(None) };
        if self.wanted.is_empty() {
            vm.charge(1)?;
            self.from = self.whole[from..].chars().next().map(|c| from + c.len_utf8());
            return Ok(Some(from));
        }
        let found = first(vm, &self.finder, self.whole.as_bytes(), from)?;
        self.from = found.map(|at| at + self.wanted.len());
        Ok(found)
    }
}

/// The first occurrence at or after byte `from`. A window is a piece, or as long as the text that is wanted, so that at most twice the text is searched.
fn first(vm: &mut Vm, finder: &Finder<'_>, whole: &[u8], from: usize) -> Outcome<Option<usize>> {
    let overlap = finder.needle().len().saturating_sub(1);
    let step = PIECE.max(overlap);
    let mut from = from;
    loop {
        let end = whole.len().min(from + step + overlap);
        let found = finder.find(&whole[from..end]);
        vm.charge(found.unwrap_or(end - from))?;
        if found.is_some() || end == whole.len() {
            return Ok(found.map(|at| from + at));
        }
        from += step;
    }
}

/// The first occurrence at or after byte `from`. O(way to it).
pub(super) fn find(vm: &mut Vm, whole: &str, wanted: &str, from: usize) -> Outcome<Option<usize>> {
    first(vm, &Finder::new(wanted.as_bytes()), whole.as_bytes(), from)
}

/// The last occurrence that ends at or before byte `end`. O(way to it).
pub(super) fn find_last(vm: &mut Vm, whole: &str, wanted: &str, end: usize) -> Outcome<Option<usize>> {
    let finder = FinderRev::new(wanted.as_bytes());
    let overlap = wanted.len().saturating_sub(1);
    let step = PIECE.max(overlap);
    let (whole, mut end) = (whole.as_bytes(), end);
    loop {
        let start = end.saturating_sub(step + overlap);
        let found = finder.rfind(&whole[start..end]);
        vm.charge(found.map_or(end - start, |at| end - start - at))?;
        if found.is_some() || start == 0 {
            return Ok(found.map(|at| start + at));
        }
        end -= step;
    }
}
