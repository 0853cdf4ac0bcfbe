//! Memory for cells and buffers: size classes, recycle bins, and the account.
//!
//! A block of up to [`LARGEST_BINNED`] bytes is rounded to a multiple of 16, its *size class*. A freed one goes to the recycle bin of its class
//! (a list threaded through the blocks, bounded) or back to the system's allocator. Larger blocks always go there.
//! The account is in *model bytes*: the rounded sizes of live blocks, so it is the same on every machine, and what lies in a bin is not live.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

pub const GRAIN: usize = 16;
pub const LARGEST_BINNED: usize = 512;
const CLASSES: usize = LARGEST_BINNED / GRAIN + 1;

/// The memory limit is reached: nothing was allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("memory limit reached")]
pub struct OutOfMemory;

#[derive(Clone, Copy)]
struct Bin {
    head: *mut u8,
    len: u32,
}

/// How blocks are recycled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recycling {
    /// Blocks a bin may hold; 0 switches recycling off.
    pub capacity: u32,
    /// Freed blocks are overwritten first, so that a stale pointer is found out.
    pub poison: bool,
}

impl Default for Recycling {
    fn default() -> Self {
        Recycling { capacity: 16_384, poison: false }
    }
}

pub struct Arena {
    bins: [Bin; CLASSES],
    recycling: Recycling,
    /// Live model bytes.
    pub bytes: u64,
    /// Model bytes that may be live.
    pub limit: u64,
    /// About how many bytes the engine keeps beside values, for the script: dictionaries, shapes, what classes list.
    pub beside: u64,
    /// The same for what grows in one piece, when it was last looked at: stacks, the probation vector, the intern table.
    pub stacks: u64,
    /// The system has refused a block.
    refused: bool,
}

#[inline(always)]
pub const fn rounded(size: usize) -> usize {
    (size + GRAIN - 1) & !(GRAIN - 1)
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, GRAIN).expect("block sizes are far below isize::MAX")
}

impl Arena {
    pub fn new(recycling: Recycling, limit: u64) -> Arena {
        Arena {
            bins: [Bin { head: std::ptr::null_mut(), len: 0 }; CLASSES],
            recycling,
            bytes: 0,
            limit,
            beside: 0,
            stacks: 0,
            refused: false,
        }
    }

    pub fn recycling(&self) -> Recycling {
        self.recycling
    }

    /// Whether `size` further bytes would stay within the limit.
    #[inline]
    pub fn fits(&self, size: usize) -> Result<(), OutOfMemory> {
        if self.used().saturating_add(size as u64) > self.limit { Err(OutOfMemory) } else { Ok(()) }
    }

    /// A block of at least `size` bytes, uninitialised, charged to the account.
    /// Small blocks may overshoot the limit: the machine looks at [`Arena::over_limit`] at the next safepoint; callers that ask for sizes a script chooses call [`Arena::fits`] before.
    #[inline]
    pub fn alloc(&mut self, size: usize) -> *mut u8 {
        let size = rounded(size);
        self.bytes += size as u64;
        if size <= LARGEST_BINNED {
            let bin = &mut self.bins[size / GRAIN];
            let block = bin.head;
            if !block.is_null() {
                // SAFETY: a block in a bin is ours, at least GRAIN bytes long, and its first word is the link.
                bin.head = unsafe { *(block as *mut *mut u8) };
                bin.len -= 1;
                return block;
            }
        }
        let block = Self::from_system(size);
        if block.is_null() {
            handle_alloc_error(layout(size));
        }
        block
    }

    /// As [`Arena::alloc`], for a size that a script chooses and that may be more than the limit or the system has.
    pub fn try_alloc(&mut self, size: usize) -> Result<*mut u8, OutOfMemory> {
        self.fits(size)?;
        if size <= LARGEST_BINNED {
            return Ok(self.alloc(size));
        }
        let size = rounded(size);
        let block = Self::from_system(size);
        if block.is_null() {
            self.refused = true;
            return Err(OutOfMemory);
        }
        self.bytes += size as u64;
        Ok(block)
    }

    /// Whether the last refusal was the system's and not the limit's. It is forgotten by this.
    pub fn takes_refusal(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }

    /// Null if the system has no such block.
    #[cold]
    #[inline(never)]
    fn from_system(size: usize) -> *mut u8 {
        // SAFETY: the layout's size is not 0 (cells and buffers have at least one grain).
        unsafe { alloc(layout(size)) }
    }

    /// Gives a block back: to its bin (true) or to the system (false).
    ///
    /// # Safety
    /// `block` came from `alloc` with a size that rounds to the same, and nobody reads or writes it any more.
    #[inline]
    pub unsafe fn free(&mut self, block: *mut u8, size: usize) -> bool {
        let size = rounded(size);
        self.bytes -= size as u64;
        if size <= LARGEST_BINNED {
            let bin = &mut self.bins[size / GRAIN];
            if bin.len < self.recycling.capacity {
                // SAFETY: the block is the caller's to give, and a grain holds a pointer.
                unsafe { *(block as *mut *mut u8) = bin.head };
                bin.head = block;
                bin.len += 1;
                return true;
            }
        }
        // SAFETY: as promised by the caller; the layout is the one it was allocated with.
        unsafe {
            if self.recycling.poison {
                std::ptr::write_bytes(block, 0xDD, size);
            }
            dealloc(block, layout(size));
        }
        false
    }

    #[inline]
    pub fn over_limit(&self) -> bool {
        self.used() > self.limit
    }

    /// What counts towards the limit.
    #[inline]
    pub fn used(&self) -> u64 {
        self.bytes + self.beside + self.stacks
    }

    /// Empties the bins if what lies there would take the process beyond the limit. O(blocks in bins) then.
    pub fn trim_past_limit(&mut self) {
        let binned: u64 =
            self.bins.iter().enumerate().map(|(class, bin)| (class * GRAIN) as u64 * u64::from(bin.len)).sum();
        if self.used().saturating_add(binned) > self.limit {
            self.trim();
        }
    }

    /// Empties the bins.
    pub fn trim(&mut self) {
        for class in 1..CLASSES {
            let mut block = std::mem::replace(&mut self.bins[class], Bin { head: std::ptr::null_mut(), len: 0 }).head;
            while !block.is_null() {
                // SAFETY: blocks in a bin are ours; each was allocated with its class's size.
                unsafe {
                    let next = *(block as *mut *mut u8);
                    dealloc(block, layout(class * GRAIN));
                    block = next;
                }
            }
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.trim();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_no_system_has_is_refused() {
        let mut arena = Arena::new(Recycling::default(), u64::MAX);
        assert_eq!(arena.try_alloc(1 << 60), Err(OutOfMemory));
        assert_eq!(arena.bytes, 0);
        let block = arena.try_alloc(1 << 20).expect("a mebibyte");
        assert_eq!(arena.bytes, 1 << 20);
        // SAFETY: allocated above with this size, and not used.
        unsafe { arena.free(block, 1 << 20) };
        assert_eq!(arena.bytes, 0);
    }
}
