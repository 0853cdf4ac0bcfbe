//! Where in a table's vector the entry of a key stands: open addressing with linear probing, four bytes a slot.
//!
//! A slot holds the place of an entry in its lower bits and as much of its hash as there is room for in the others, so that a key is seldom looked at in vain.
//! What is removed leaves no mark: those behind it move up. At most three quarters of the slots are in use.

/// A slot without an entry: no place has only ones.
const VACANT: u32 = u32::MAX;
/// Slots of the smallest index, and of the largest.
const LEAST: usize = 8;
const MOST: usize = 1 << 31;

#[derive(Default)]
pub struct Index {
    /// A power of two of them, or none.
    slots: Vec<u32>,
    /// The binary logarithm of their number: the bits of a place.
    bits: u32,
}

/// The slots of an index for so many entries.
fn slots_for(entries: usize) -> usize {
    (entries * 4).div_ceil(3).next_power_of_two().max(LEAST)
}

/// Entries for which an index has room that has room for `entries`; `None` if there is no such index.
pub fn room_for(entries: usize) -> Option<usize> {
    let slots = slots_for(entries);
    (slots <= MOST).then_some(slots / 4 * 3)
}

/// Bytes of an index with room for `entries`.
pub fn bytes_for(entries: usize) -> usize {
    slots_for(entries) * size_of::<u32>()
}

/// Spreads hashes that differ in some bits only. The upper bits say where a search begins, the others stand in the slot.
#[inline(always)]
fn spread(hash: u32) -> u32 {
    hash.wrapping_mul(0x9E37_79B1)
}

impl Index {
    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        (spread(hash) >> (32 - self.bits)) as usize
    }

    /// The slot and the place of the entry with this hash for which `is` holds. O(1) expected.
    #[inline(always)]
    pub fn find(&self, hash: u32, mut is: impl FnMut(usize) -> bool) -> Option<(usize, usize)> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let tag = spread(hash) << self.bits;
        let mut at = self.home(hash) & mask;
        loop {
            let slot = self.slots[at];
            if slot == VACANT {
                return None;
            }
            let place = (slot ^ tag) as usize;
            if place <= mask && is(place) {
                return Some((at, place));
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds the place of an entry that is not there, if there is room (see [`Index::rebuild`]). O(1) expected.
    #[inline]
    pub fn insert(&mut self, hash: u32, place: usize) {
        debug_assert!(place < self.slots.len() / 4 * 3);
        let mask = self.slots.len() - 1;
        let mut at = self.home(hash) & mask;
        while self.slots[at] != VACANT {
            at = (at + 1) & mask;
        }
        self.slots[at] = spread(hash) << self.bits | place as u32;
    }

    /// Empties a slot; `hash_at` answers the hash of the entry at a place. O(1) expected.
    pub fn remove(&mut self, slot: usize, hash_at: impl Fn(usize) -> u32) {
        let mask = self.slots.len() - 1;
        let (mut gap, mut at) = (slot, (slot + 1) & mask);
        while self.slots[at] != VACANT {
            let home = self.home(hash_at(self.slots[at] as usize & mask)) & mask;
            // It may stand in the gap unless its search begins behind it.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.slots[gap] = self.slots[at];
                gap = at;
            }
            at = (at + 1) & mask;
        }
        self.slots[gap] = VACANT;
    }

    /// Starts anew, with room for `entries` and these in it: hashes and places. O(slots).
    pub fn rebuild(&mut self, entries: usize, there: impl Iterator<Item = (u32, usize)>) {
        let wanted = slots_for(entries);
        self.bits = wanted.trailing_zeros();
        if wanted == self.slots.len() {
            self.slots.fill(VACANT);
        } else {
            self.slots = vec![VACANT; wanted];
        }
        for (hash, place) in there {
            self.insert(hash, place);
        }
    }

    /// Gives back its memory.
    pub fn clear(&mut self) {
        *self = Index::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, room_for};

    /// Against a plain list, with hashes that collide a lot.
    #[test]
    fn finds_what_is_there_and_nothing_else() {
        // the hashes by place
        let mut there: Vec<Option<u32>> = vec![None; 150];
        let (mut index, mut state) = (Index::default(), 12345u32);
        assert_eq!(room_for(150), Some(192));
        index.rebuild(150, std::iter::empty());
        for turn in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (hash, place) = (state >> 16 & 63, (state >> 8) as usize % there.len());
            let found = index.find(hash, |other| other == place);
            assert_eq!(found.is_some(), there[place] == Some(hash), "turn {turn}");
            match (found, there[place]) {
                (Some((slot, at)), _) => {
                    assert_eq!(at, place);
                    index.remove(slot, |other| there[other].expect("an entry"));
                    there[place] = None;
                }
                (None, None) => {
                    index.insert(hash, place);
                    there[place] = Some(hash);
                }
                (None, Some(_)) => {}
            }
        }
        index.rebuild(150, there.iter().enumerate().filter_map(|(place, hash)| Some(((*hash)?, place))));
        for (place, hash) in there.iter().enumerate() {
            let found = hash.and_then(|hash| index.find(hash, |other| other == place));
            assert_eq!(found.map(|found| found.1), hash.map(|_| place));
        }
    }
}
