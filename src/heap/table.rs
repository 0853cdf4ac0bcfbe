//! The ordered hash table behind Map and Set.
//!
//! Entries stand in a vector in the order of insertion; a deleted one leaves a vacancy (key *hole*). A hash index finds them.
//! Every entry has a sequence number, and numbers only grow along the vector: an iteration remembers the number of the next entry it wants, so it
//! survives deletions, insertions and compactions without the table knowing of it.

use hashbrown::HashTable;

use super::Heap;
use super::alloc::OutOfMemory;
use super::value::Value;

pub struct Entry {
    pub key: Value,
    pub value: Value,
    sequence: u64,
}

#[derive(Default)]
pub struct Table {
    entries: Vec<Entry>,
    index: HashTable<u32>,
    next_sequence: u64,
    /// No live entry stands before this place.
    first: usize,
    charged: usize,
}

/// Model bytes of an entry: itself and its share of the index.
const ENTRY_BYTES: usize = 32;

impl Table {
    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Model bytes charged for it.
    pub(super) fn charged(&self) -> usize {
        self.charged
    }

    /// The live entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries[self.first..].iter().filter(|entry| entry.key != Value::HOLE)
    }

    /// The first live entry at or after position `at`, and the position after it. O(1) amortised, O(log n) after a compaction.
    pub fn next(&self, at: u64) -> Option<(Value, Value, u64)> {
        let mut place = match self.entries.get(at as usize) {
            Some(entry) if entry.sequence == at => at as usize,
            _ => self.entries.partition_point(|entry| entry.sequence < at),
        };
        place = place.max(self.first);
        while let Some(entry) = self.entries.get(place) {
            if entry.key != Value::HOLE {
                return Some((entry.key, entry.value, entry.sequence + 1));
            }
            place += 1;
        }
        None
    }

    /// Live entries at or after position `at`. O(1) where nothing has been deleted behind it, else O(entries).
    pub fn live_from(&self, at: u64) -> usize {
        let place = self.entries.partition_point(|entry| entry.sequence < at);
        if place <= self.first {
            self.len()
        } else if self.entries.len() - self.first == self.len() {
            self.entries.len() - place
        } else {
            self.entries[place..].iter().filter(|entry| entry.key != Value::HOLE).count()
        }
    }

    fn compact(&mut self) {
        let mut to = 0;
        for from in 0..self.entries.len() {
            if self.entries[from].key != Value::HOLE {
                self.entries.swap(from, to);
                to += 1;
            }
        }
        self.entries.truncate(to);
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
    fn normal_key(key: Value) -> Value {
        match key.plain_number() {
            Some(n) if n.is_nan() => Value::NAN,
            Some(n) => Value::number(n + 0.0),
            None => key,
        }
    }

    fn hash_key(&self, key: Value) -> u64 {
        if key.is_string() {
            super::string::spread(self.hash_str(key.str_cell()))
        } else {
            use std::hash::BuildHasher;
            // An exact integer that a double has too is the same key as that double.
            let bits = match key.exact() {
                Some(n) if exactly(n as f64) == Some(n) => (n as f64).to_bits(),
                Some(n) => n as u64,
                None => key.0,
            };
            self.hasher.hash_one(bits)
        }
    }

    fn same_key(a: Value, b: Value) -> bool {
        a == b
            || a.is_string()
                && b.is_string()
                && super::string::Text::of(a.str_cell()).as_str() == super::string::Text::of(b.str_cell()).as_str()
            || (a.is_exact() || b.is_exact())
                && a.is_number()
                && b.is_number()
                && whole(a) == whole(b)
                && whole(a).is_some()
    }

    fn find_entry(&self, table: &Table, key: Value) -> Option<usize> {
        let hash = self.hash_key(key);
        table
            .index
            .find(hash, |place| Self::same_key(table.entries[*place as usize].key, key))
            .map(|place| *place as usize)
    }

    /// The value of a key. O(1).
    pub fn table_get(&self, map: Value, key: Value) -> Option<Value> {
        let table = self.table(map);
        self.find_entry(table, Self::normal_key(key)).map(|place| table.entries[place].value)
    }

    pub fn table_has(&self, map: Value, key: Value) -> bool {
        self.table_get(map, key).is_some()
    }

    /// Inserts or replaces. O(1) amortised.
    pub fn table_set(&mut self, map: Value, key: Value, value: Value) -> Result<(), OutOfMemory> {
        let key = Self::normal_key(key);
        let owner = map.container();
        // SAFETY: the table belongs to the live collection `map`; nothing called below reaches it otherwise.
        let table = unsafe { &mut *self.table_ptr(map) };
        if let Some(place) = self.find_entry(table, key) {
            self.by_inner(owner, "(value)");
            self.store_ref(owner, value);
            let old = std::mem::replace(&mut table.entries[place].value, value);
            self.decref(old);
            return Ok(());
        }
        if table.entries.len() == table.entries.capacity() {
            if table.len() < table.entries.len() / 4 * 3 {
                self.table_compact(table);
            } else {
                let capacity = (table.entries.len() * 2).max(8);
                let bytes = capacity * ENTRY_BYTES;
                self.arena.fits(bytes)?;
                table.entries.reserve_exact(capacity - table.entries.len());
                self.arena.bytes += (bytes - table.charged) as u64;
                table.charged = bytes;
            }
        }
        self.by_inner(owner, "(key)");
        self.store_ref(owner, key);
        self.by_inner(owner, "(value)");
        self.store_ref(owner, value);
        let sequence = table.next_sequence;
        table.next_sequence += 1;
        let place = table.entries.len() as u32;
        table.entries.push(Entry { key, value, sequence });
        let hash = self.hash_key(key);
        let entries = &table.entries;
        table.index.insert_unique(hash, place, |place| self.hash_key(entries[*place as usize].key));
        Ok(())
    }

    /// Removes a key; false if it was not there. O(1) amortised.
    pub fn table_delete(&mut self, map: Value, key: Value) -> bool {
        let key = Self::normal_key(key);
        // SAFETY: as in `table_set`.
        let table = unsafe { &mut *self.table_ptr(map) };
        let hash = self.hash_key(key);
        let entries = &table.entries;
        let Ok(found) = table.index.find_entry(hash, |place| Self::same_key(entries[*place as usize].key, key)) else {
            return false;
        };
        let place = found.remove().0 as usize;
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

    fn table_compact(&self, table: &mut Table) {
        table.compact();
        table.index.clear();
        for place in 0..table.entries.len() {
            let hash = self.hash_key(table.entries[place].key);
            let entries = &table.entries;
            table.index.insert_unique(hash, place as u32, |place| self.hash_key(entries[*place as usize].key));
        }
    }

    /// Removes every entry. Iterations in progress see what is inserted later.
    pub fn table_clear(&mut self, map: Value) {
        // SAFETY: as in `table_set`.
        let table = unsafe { &mut *self.table_ptr(map) };
        let entries = std::mem::take(&mut table.entries);
        table.index.clear();
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
