//! The ordered hash table behind Map and Set.
//!
//! Entries stand in a vector in the order of insertion; a deleted one leaves a vacancy (key *hole*). An index finds them by their hashes.
//! Every entry has a sequence number, and numbers only grow along the vector: an iteration remembers the number of the next entry it wants, so it
//! survives deletions, insertions and compactions without the table knowing of it. Only where vacancies have been closed are the numbers kept; behind
//! those entries they count on.

mod index;

use index::Index;

use super::Heap;
use super::alloc::OutOfMemory;
use super::value::Value;

#[derive(Clone, Copy)]
pub struct Entry {
    pub key: Value,
    pub value: Value,
}

#[derive(Default)]
pub struct Table {
    entries: Vec<Entry>,
    index: Index,
    /// Live entries.
    live: usize,
    /// The sequence numbers of the first entries: those that were there when vacancies were closed.
    numbers: Vec<u64>,
    /// The sequence number of the entry behind them.
    counted_from: u64,
    /// No live entry stands before this place.
    first: usize,
    charged: usize,
}

/// Entries for which the smallest table has room.
const FEWEST: usize = 6;

/// What a table with room for so many entries is charged.
fn model_bytes(room: usize) -> usize {
    room * size_of::<Entry>() + index::bytes_for(room)
}

impl Table {
    pub fn len(&self) -> usize {
        self.live
    }

    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Model bytes charged for it.
    pub(super) fn charged(&self) -> usize {
        self.charged
    }

    /// The live entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries[self.first..].iter().filter(|entry| entry.key != Value::HOLE)
    }

    /// The place of the first entry with a sequence number of `at` or more. O(1), O(log n) after a compaction.
    #[inline]
    fn place_of(&self, at: u64) -> usize {
        match at.checked_sub(self.counted_from) {
            Some(behind) => self.numbers.len() + behind as usize,
            None => self.numbers.partition_point(|number| *number < at),
        }
    }

    /// The sequence number of the entry at a place.
    #[inline]
    fn number_at(&self, place: usize) -> u64 {
        match self.numbers.get(place) {
            Some(number) => *number,
            None => self.counted_from + (place - self.numbers.len()) as u64,
        }
    }

    /// The first live entry at or after position `at`, and the position after it. O(1) amortised, O(log n) after a compaction.
    #[inline]
    pub fn next(&self, at: u64) -> Option<(Value, Value, u64)> {
        let mut place = self.place_of(at).max(self.first);
        while let Some(entry) = self.entries.get(place) {
            if entry.key != Value::HOLE {
                return Some((entry.key, entry.value, self.number_at(place) + 1));
            }
            place += 1;
        }
        None
    }

    /// Live entries at or after position `at`. O(1) where nothing has been deleted behind it, else O(entries).
    pub fn live_from(&self, at: u64) -> usize {
        let place = self.place_of(at).min(self.entries.len());
        if place <= self.first {
            self.len()
        } else if self.entries.len() - self.first == self.len() {
            self.entries.len() - place
        } else {
            self.entries[place..].iter().filter(|entry| entry.key != Value::HOLE).count()
        }
    }

    /// Closes the vacancies. The index has to be built anew. O(entries).
    fn close_vacancies(&mut self) {
        let next = self.number_at(self.entries.len());
        let live = |(place, entry): (usize, &Entry)| (entry.key != Value::HOLE).then_some(place);
        let numbers = self.entries.iter().enumerate().filter_map(live).map(|place| self.number_at(place)).collect();
        self.entries.retain(|entry| entry.key != Value::HOLE);
        self.numbers = numbers;
        self.counted_from = next;
        self.first = 0;
    }
}

/// The 64-bit integer that a double is.
fn exactly(n: f64) -> Option<i64> {
    (n.trunc() == n && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n)).then_some(n as i64)
}

fn whole(value: Value) -> Option<i64> {
    value.exact().or_else(|| value.plain_number().and_then(exactly))
}

impl Heap {
    /// SameValueZero: `-0` and `0`, and all NaNs, are one key; a number is one key in every representation.
    #[inline(always)]
    fn normal_key(key: Value) -> Value {
        if !key.is_double() {
            return key;
        }
        let n = key.as_double();
        if n.is_nan() { Value::NAN } else { Value::number(n + 0.0) }
    }

    /// The hash of a normal key. It depends on a seed, so that nobody can choose keys that collide.
    #[inline(always)]
    fn hash_key(&self, key: Value) -> u32 {
        if key.is_string() {
            return self.hash_str(key.str_cell());
        }
        // An exact integer that a double has too is the same key as that double.
        let bits = match key.exact() {
            None => key.0,
            Some(n) if exactly(n as f64) == Some(n) => (n as f64).to_bits(),
            Some(n) => n as u64,
        };
        let product = (bits ^ self.table_seeds[0]) as u128 * self.table_seeds[1] as u128;
        let folded = product as u64 ^ (product >> 64) as u64;
        folded as u32 ^ (folded >> 32) as u32
    }

    #[inline(always)]
    fn same_key(a: Value, b: Value) -> bool {
        a == b || Self::same_other_key(a, b)
    }

    #[inline(never)]
    fn same_other_key(a: Value, b: Value) -> bool {
        a.is_string()
            && b.is_string()
            && super::string::Text::of(a.str_cell()).as_str() == super::string::Text::of(b.str_cell()).as_str()
            || (a.is_exact() || b.is_exact())
                && a.is_number()
                && b.is_number()
                && whole(a) == whole(b)
                && whole(a).is_some()
    }

    /// The slot of a normal key in the index, and its entry's place.
    #[inline(always)]
    fn find_entry(table: &Table, hash: u32, key: Value) -> Option<(usize, usize)> {
        table.index.find(hash, |place| Self::same_key(table.entries[place].key, key))
    }

    /// The value of a key. O(1).
    #[inline]
    pub fn table_get(&self, map: Value, key: Value) -> Option<Value> {
        let (table, key) = (self.table(map), Self::normal_key(key));
        Self::find_entry(table, self.hash_key(key), key).map(|(_, place)| table.entries[place].value)
    }

    pub fn table_has(&self, map: Value, key: Value) -> bool {
        self.table_get(map, key).is_some()
    }

    /// Whether an insertion needs no memory.
    pub fn table_has_room(&self, map: Value) -> bool {
        let table = self.table(map);
        table.entries.len() < table.entries.capacity()
    }

    /// Inserts or replaces. O(1) amortised.
    pub fn table_set(&mut self, map: Value, key: Value, value: Value) -> Result<(), OutOfMemory> {
        let key = Self::normal_key(key);
        let owner = map.container();
        // SAFETY: the table belongs to the live collection `map`; nothing called below reaches it otherwise.
        let table = unsafe { &mut *self.table_ptr(map) };
        let hash = self.hash_key(key);
        if let Some((_, place)) = Self::find_entry(table, hash, key) {
            self.by_inner(owner, "(value)");
            self.store_ref(owner, value);
            let old = std::mem::replace(&mut table.entries[place].value, value);
            self.decref(old);
            return Ok(());
        }
        if table.entries.len() == table.entries.capacity() {
            self.make_room(table)?;
        }
        self.by_inner(owner, "(key)");
        self.store_ref(owner, key);
        self.by_inner(owner, "(value)");
        self.store_ref(owner, value);
        table.index.insert(hash, table.entries.len());
        table.entries.push(Entry { key, value });
        table.live += 1;
        Ok(())
    }

    /// Room for one more entry: where a quarter is vacant by closing the vacancies, else by growing.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, table: &mut Table) -> Result<(), OutOfMemory> {
        if table.len() < table.entries.len() / 4 * 3 {
            self.table_compact(table);
            return Ok(());
        }
        let room = index::room_for((table.entries.len() + 1).max(FEWEST)).ok_or(OutOfMemory)?;
        self.arena.fits(model_bytes(room) - table.charged)?;
        table.entries.reserve_exact(room - table.entries.len());
        self.build_index(table, room);
        Ok(())
    }

    /// Closes the vacancies, and gives back the room if most of it is not needed: what follows takes time in proportion to the entries that are left.
    fn table_compact(&mut self, table: &mut Table) {
        table.close_vacancies();
        let mut room = table.entries.capacity();
        if let Some(less) = index::room_for((table.len() * 2).max(FEWEST)).filter(|less| *less < room / 2) {
            table.entries.shrink_to(less);
            room = less;
        }
        self.build_index(table, room);
    }

    /// Builds the index for the room that the entries have, and charges both.
    fn build_index(&mut self, table: &mut Table, room: usize) {
        self.arena.bytes = self.arena.bytes + model_bytes(room) as u64 - table.charged as u64;
        table.charged = model_bytes(room);
        let live = table.entries.iter().enumerate().filter(|(_, entry)| entry.key != Value::HOLE);
        table.index.rebuild(table.entries.capacity(), live.map(|(place, entry)| (self.hash_key(entry.key), place)));
    }

    /// Removes a key; false if it was not there. O(1) amortised.
    pub fn table_delete(&mut self, map: Value, key: Value) -> bool {
        let key = Self::normal_key(key);
        // SAFETY: as in `table_set`.
        let table = unsafe { &mut *self.table_ptr(map) };
        let Some((slot, place)) = Self::find_entry(table, self.hash_key(key), key) else { return false };
        let entries = &table.entries;
        table.index.remove(slot, |place| self.hash_key(entries[place].key));
        table.live -= 1;
        let entry = &mut table.entries[place];
        let old =
            (std::mem::replace(&mut entry.key, Value::HOLE), std::mem::replace(&mut entry.value, Value::UNDEFINED));
        if place == table.first {
            while table.entries.get(table.first).is_some_and(|entry| entry.key == Value::HOLE) {
                table.first += 1;
            }
        }
        if table.entries.len() > 32 && table.len() < table.entries.len() / 2 {
            self.table_compact(table);
        }
        self.by_inner(map.container(), "(key)");
        self.decref(old.0);
        self.by_inner(map.container(), "(value)");
        self.decref(old.1);
        true
    }

    /// Removes every entry. Iterations in progress see what is inserted later.
    pub fn table_clear(&mut self, map: Value) {
        // SAFETY: as in `table_set`.
        let table = unsafe { &mut *self.table_ptr(map) };
        table.counted_from = table.number_at(table.entries.len());
        table.numbers = Vec::new();
        let entries = std::mem::take(&mut table.entries);
        table.index.clear();
        table.live = 0;
        table.first = 0;
        self.arena.bytes -= table.charged as u64;
        table.charged = 0;
        for entry in entries {
            if entry.key != Value::HOLE {
                self.by_inner(map.container(), "(key)");
                self.decref(entry.key);
                self.by_inner(map.container(), "(value)");
                self.decref(entry.value);
            }
        }
    }

    /// Frees the table of a collection that is torn down; its references have been given back.
    pub(super) fn free_table(&mut self, table: *mut Table) {
        // SAFETY: the collection that owned it is being torn down.
        let table = unsafe { Box::from_raw(table) };
        self.arena.bytes -= table.charged as u64;
    }
}
