//! The table behind handles: one array, as armin proposed it for PyPy.
//!
//! A slot is a value, an index and a generation: 16 bytes for values of 8, so that what one operation on a handle touches is in one line of the cache.
//! - In a *free* slot the value is [`Vacant::VACANT`], which no handle can hold, and the index is the next free slot: the list of free slots is threaded
//!   through the array, and the slot closed last is the first to be used again.
//! - In a *live* slot the index is a set of *kinds*: bits of the caller's that say what is to be done when the handle is closed. Usually there is none, and closing
//!   finds that out by one test, on the line that it writes anyway.
//! - A *busy* slot is one whose handle has been closed and whose work is not done yet: vacant, and on no list until [`Table::release`].
//!
//! So the index is read only when it is known which of them a slot is: by its generation, or in a walk over all slots by its value.
//!
//! # Generations
//! That of a live slot is odd, that of any other even; opening and closing add one each. A handle has the generation that its slot had when it was opened, so one
//! comparison says whether a handle is open: an odd number is equal only while that very handle is. A slot whose generation would begin anew is *retired*: it keeps
//! generation 0, which no other slot has, and is never used again. So no two handles of a table are equal, ever.

use std::num::NonZeroU32;

/// What a table can hold: values with one that says that a slot holds none.
pub trait Vacant: Copy {
    /// In a slot without a handle. It is never put into a table.
    const VACANT: Self;

    fn is_vacant(self) -> bool;
}

/// A handle by itself: eight bytes that say nothing but the place in the table and which of the handles that stood there it is. Copies are the same handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawHandle {
    index: u32,
    /// Odd.
    generation: NonZeroU32,
}

impl RawHandle {
    /// The handle that is in place number `index` when it is used for the first time.
    pub(super) const fn first_at(index: u32) -> RawHandle {
        RawHandle { index, generation: NonZeroU32::MIN }
    }

    /// For those who keep handles as numbers, such as C. Never 0.
    pub const fn to_bits(self) -> u64 {
        (self.generation.get() as u64) << 32 | self.index as u64
    }

    /// The handle with these bits. `None` for 0, and for whatever else [`RawHandle::to_bits`] never gives. That there is a handle does not say that it is open, or ever was.
    pub const fn from_bits(bits: u64) -> Option<RawHandle> {
        match NonZeroU32::new((bits >> 32) as u32) {
            Some(generation) if generation.get() & 1 == 1 => Some(RawHandle { index: bits as u32, generation }),
            _ => None,
        }
    }

    /// Its place in the table: that of no other handle that is open.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many handles stood in its place, itself included.
    pub(super) fn generation(self) -> u32 {
        self.generation.get()
    }
}

#[derive(Clone, Copy)]
struct Slot<V> {
    value: V,
    /// Free: the next free slot. Live: kinds. Busy: [`BUSY`].
    index: u32,
    generation: u32,
}

/// The end of the list of free slots.
const NO_SLOT: u32 = u32::MAX;
/// In a slot that waits for its release. A table has fewer slots.
const BUSY: u32 = NO_SLOT - 1;

/// Of the kinds: the handle never closes.
pub const PERMANENT: u32 = 1 << 31;

/// What closing a handle came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed<V> {
    /// There were no kinds: done.
    Free(V),
    /// There were these. The handle is closed; its slot waits for [`Table::release`].
    Busy(V, u32),
    /// It is permanent: nothing happened.
    Permanent,
}

/// Values behind handles. Every operation on a handle is O(1).
pub struct Table<V> {
    slots: Vec<Slot<V>>,
    /// The first free slot.
    free: u32,
}

impl<V: Vacant> Default for Table<V> {
    fn default() -> Self {
        Table::new()
    }
}

impl<V: Vacant> Table<V> {
    /// A handle that is in no table.
    pub const NEVER: RawHandle = RawHandle::first_at(NO_SLOT);

    pub const fn new() -> Table<V> {
        Table { slots: Vec::new(), free: NO_SLOT }
    }

    /// A handle for a value, which is not the vacant one. `None` if 2^32 - 2 slots are taken, or if there is no memory for one more. Amortised O(1).
    #[inline(always)]
    pub fn open(&mut self, value: V) -> Option<RawHandle> {
        let index = self.free;
        let Some(slot) = self.slots.get_mut(index as usize) else { return self.open_new(value, 0) };
        debug_assert!(slot.value.is_vacant() && slot.generation & 1 == 0);
        self.free = slot.index;
        // It is even, so it does not overflow; the bit is set already, and says so to the type.
        let generation = NonZeroU32::MIN | (slot.generation + 1);
        *slot = Slot { value, index: 0, generation: generation.get() };
        Some(RawHandle { index, generation })
    }

    #[cold]
    #[inline(never)]
    fn open_new(&mut self, value: V, kinds: u32) -> Option<RawHandle> {
        let index = u32::try_from(self.slots.len()).ok().filter(|index| *index < BUSY)?;
        self.slots.try_reserve(1).ok()?;
        self.slots.push(Slot { value, index: kinds, generation: 1 });
        Some(RawHandle::first_at(index))
    }

    /// A handle that closing does not close, in a slot of its own.
    pub fn open_permanent(&mut self, value: V) -> Option<RawHandle> {
        self.open_new(value, PERMANENT)
    }

    #[inline(always)]
    fn slot(&self, handle: RawHandle) -> Option<&Slot<V>> {
        self.slots.get(handle.index as usize).filter(|slot| slot.generation == handle.generation.get())
    }

    #[inline(always)]
    fn slot_mut(&mut self, handle: RawHandle) -> Option<&mut Slot<V>> {
        self.slots.get_mut(handle.index as usize).filter(|slot| slot.generation == handle.generation.get())
    }

    /// The value behind a handle, if that is open.
    #[inline(always)]
    pub fn get(&self, handle: RawHandle) -> Option<V> {
        self.slot(handle).map(|slot| slot.value)
    }

    /// The kinds of a handle, if that is open.
    #[inline]
    pub fn kinds(&self, handle: RawHandle) -> Option<u32> {
        self.slot(handle).map(|slot| slot.index)
    }

    /// Adds to the kinds of a handle. False: it is not open.
    pub fn add_kinds(&mut self, handle: RawHandle, kinds: u32) -> bool {
        let slot = self.slot_mut(handle);
        slot.map(|slot| slot.index |= kinds).is_some()
    }

    /// Closes a handle. `None`: it is not open.
    #[inline(always)]
    pub fn close(&mut self, handle: RawHandle) -> Option<Closed<V>> {
        let free = self.free;
        let slot = self.slot_mut(handle)?;
        if slot.index != 0 {
            return self.close_busy(handle);
        }
        let value = std::mem::replace(&mut slot.value, V::VACANT);
        slot.generation = slot.generation.wrapping_add(1);
        if slot.generation == 0 {
            slot.index = NO_SLOT;
        } else {
            slot.index = free;
            self.free = handle.index;
        }
        Some(Closed::Free(value))
    }

    #[cold]
    #[inline(never)]
    fn close_busy(&mut self, handle: RawHandle) -> Option<Closed<V>> {
        let slot = self.slot_mut(handle)?;
        let kinds = slot.index;
        if kinds & PERMANENT != 0 {
            return Some(Closed::Permanent);
        }
        slot.generation = slot.generation.wrapping_add(1);
        slot.index = BUSY;
        Some(Closed::Busy(std::mem::replace(&mut slot.value, V::VACANT), kinds))
    }

    /// The work that closing a handle left ([`Closed::Busy`]) is done: its slot can be used again. Nothing happens if none was left.
    pub fn release(&mut self, handle: RawHandle) {
        let free = self.free;
        let closed = handle.generation.get().wrapping_add(1);
        let Some(slot) = self.slots.get_mut(handle.index as usize) else { return };
        if !slot.value.is_vacant() || slot.generation != closed || slot.index != BUSY {
            return;
        }
        if closed == 0 {
            slot.index = NO_SLOT;
        } else {
            slot.index = free;
            self.free = handle.index;
        }
    }

    /// Whether a handle was opened here and is not open any more. Only for one that is not open. O(1).
    pub fn was_open(&self, handle: RawHandle) -> bool {
        let slot = self.slots.get(handle.index as usize);
        slot.is_some_and(|slot| slot.generation == 0 || handle.generation.get() < slot.generation)
    }

    /// What is open, by place: the handle, its value, its kinds. O(slots).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (RawHandle, V, u32)> {
        self.slots.iter().enumerate().filter(|(_, slot)| !slot.value.is_vacant()).map(|(index, slot)| {
            let handle = RawHandle { index: index as u32, generation: NonZeroU32::MIN | slot.generation };
            (handle, slot.value, slot.index)
        })
    }

    /// Bytes that the array takes.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<V>>()
    }

    /// Checks the list of free slots and the generations. `busy`: slots that wait for their release. Errors: the first breach. O(slots).
    pub fn check(&self, busy: usize) -> Result<(), String> {
        let mut free = 0;
        let mut index = self.free;
        while index != NO_SLOT {
            let Some(slot) = self.slots.get(index as usize) else {
                return Err(format!("free slot {index} is beyond the table"));
            };
            if !slot.value.is_vacant() || slot.generation & 1 == 1 || slot.generation == 0 {
                return Err(format!("slot {index} is on the list of free slots and is not free"));
            }
            free += 1;
            if free > self.slots.len() {
                return Err("the list of free slots is a cycle".to_string());
            }
            index = slot.index;
        }
        let odd = |slot: &&Slot<V>| slot.generation & 1 == 1;
        if let Some(index) = self.slots.iter().position(|slot| odd(&slot) == slot.value.is_vacant()) {
            return Err(format!("slot {index} has a generation that does not go with its value"));
        }
        let waiting = |slot: &&Slot<V>| !odd(slot) && slot.index == BUSY;
        let (live, found) = (self.slots.iter().filter(odd).count(), self.slots.iter().filter(waiting).count());
        if found != busy {
            return Err(format!("{found} slots wait for their release, and {busy} handles are being closed"));
        }
        let retired = self.slots.iter().filter(|slot| slot.generation == 0 && !waiting(slot)).count();
        if live + free + busy + retired != self.slots.len() {
            return Err("a slot is lost".to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Number(u64);

    impl Vacant for Number {
        const VACANT: Number = Number(u64::MAX);

        fn is_vacant(self) -> bool {
            self == Number::VACANT
        }
    }

    const _: () = assert!(size_of::<Slot<Number>>() == 16);
    const _: () = assert!(size_of::<RawHandle>() == 8 && size_of::<Option<RawHandle>>() == 8);

    fn open(table: &mut Table<Number>, n: u64) -> RawHandle {
        table.open(Number(n)).expect("there is room")
    }

    #[test]
    fn the_slot_closed_last_is_used_first() {
        let mut table = Table::new();
        let handles: Vec<RawHandle> = (0..4).map(|n| open(&mut table, n)).collect();
        for place in [1, 3, 0] {
            assert_eq!(table.close(handles[place]), Some(Closed::Free(Number(place as u64))));
        }
        let again: Vec<u32> = (0..4).map(|n| open(&mut table, n).index()).collect();
        assert_eq!(again, [0, 3, 1, 4]);
        assert_eq!(table.check(0), Ok(()));
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        for kinds in [0, 1] {
            let mut table = Table::new();
            let first = open(&mut table, 7);
            assert_eq!(table.close(first), Some(Closed::Free(Number(7))));
            table.slots[0].generation = u32::MAX - 1;
            let last = open(&mut table, 8);
            assert_eq!((last.index(), last.generation()), (0, u32::MAX));
            assert!(table.add_kinds(last, kinds));
            assert!(table.close(last).is_some());
            assert_eq!(table.check(kinds as usize), Ok(()));
            table.release(last);
            assert_eq!(table.check(0), Ok(()));
            assert!(table.was_open(last) && table.was_open(first));
            assert_eq!((table.get(last), table.close(last)), (None, None));
            assert_eq!(open(&mut table, 9).index(), 1);
        }
    }

    #[test]
    fn a_busy_slot_is_not_used_again() {
        let mut table = Table::new();
        let handle = open(&mut table, 1);
        assert!(table.add_kinds(handle, 4));
        assert_eq!(table.kinds(handle), Some(4));
        assert_eq!(table.close(handle), Some(Closed::Busy(Number(1), 4)));
        assert_eq!((table.get(handle), table.close(handle), table.add_kinds(handle, 1)), (None, None, false));
        assert_eq!(table.check(1), Ok(()));
        assert_eq!(open(&mut table, 2).index(), 1);
        table.release(handle);
        // Once only.
        table.release(handle);
        table.release(RawHandle::first_at(1));
        assert_eq!(table.check(0), Ok(()));
        assert_eq!(open(&mut table, 3).index(), 0);
    }

    #[test]
    fn a_permanent_handle_stays() {
        let mut table = Table::new();
        let handle = table.open_permanent(Number(1)).expect("there is room");
        assert_eq!(table.close(handle), Some(Closed::Permanent));
        assert_eq!(table.get(handle), Some(Number(1)));
    }

    #[test]
    fn bits_that_are_no_handle() {
        let mut table = Table::new();
        let handle = open(&mut table, 1);
        assert_eq!(RawHandle::from_bits(handle.to_bits()), Some(handle));
        for bits in [0, 1, u64::from(u32::MAX), 2 << 32, 2 << 32 | 1] {
            assert_eq!(RawHandle::from_bits(bits), None, "{bits:x}");
        }
        // The generation that a free slot has is in no handle, and one that is to come is none yet.
        assert_eq!(table.close(handle), Some(Closed::Free(Number(1))));
        let next = RawHandle::from_bits(3 << 32).expect("a pattern of a handle");
        assert_eq!((table.get(next), table.was_open(next)), (None, false));
        assert_eq!((table.get(handle), table.was_open(handle)), (None, true));
        assert_eq!((table.get(Table::<Number>::NEVER), table.was_open(Table::<Number>::NEVER)), (None, false));
    }
}
