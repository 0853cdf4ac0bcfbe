//! Foreign objects: counted structures outside the heap, of Rust or of C.
//!
//! # Layout
//! An object starts with a [`ForeignHead`]. In C:
//!
//! ```c
//! struct probate_foreign_type {
//!     void (*dealloc)(struct probate_foreign *);  /* the count fell to zero: gives up what it holds, and its memory, or counts it up again */
//!     void (*free)(struct probate_foreign *);     /* the memory alone: a light link was the last to count it */
//!     const void *reserved;                       /* NULL */
//! };
//! struct probate_foreign {
//!     intptr_t refcount;                          /* starts at 1 for whoever made it, or at 0 to be linked first */
//!     uintptr_t link;                             /* 0 */
//!     const struct probate_foreign_type *type;    /* lives at least as long as the object */
//! };
//! ```
//!
//! # Threads
//! A heap may be sent to another thread while [`Foreign`]s to its objects stay behind, and either side may be the last to count one. So counts and links
//! are atomic, and what a [`Foreign`] points to is `Send` and `Sync`, as behind an `Arc`: it may be looked at from two threads, and dropped on either.
//! What the heap decides by a count is decided on solid ground: when the count is exactly the link's, nobody outside has one of which a further one could be
//! made, and only the heap itself can give one out; when there are more, they may go at any moment, and the value is kept a little too long, until the heap
//! looks again. A link's share is taken off in one step, so exactly one side sees the zero. C code that changes `refcount` by plain additions has to do so on the thread that has the
//! engine, or with atomic ones.

use std::any::TypeId;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

use super::LinkError;
use super::ending::{deallocate, note_unwanted};

/// What an ordinary link adds to the count of its object.
pub const REFCNT_FROM_VM: isize = 1 << (isize::BITS - 3);
/// What a light link adds: the former, and something huge.
pub const REFCNT_FROM_VM_LIGHT: isize = REFCNT_FROM_VM + HUGE;
const HUGE: isize = 1 << (isize::BITS - 2);

/// No object has so many counts of its own: what is above comes from a link.
const MOST: isize = REFCNT_FROM_VM / 2;

const LAST_BESIDE_LINK: isize = REFCNT_FROM_VM + 1;
const LAST_BESIDE_LIGHT: isize = REFCNT_FROM_VM_LIGHT + 1;

/// A function that ends an object.
pub type EndForeign = unsafe extern "C" fn(*mut ForeignHead);

/// What objects of one type have in common.
#[repr(C)]
pub struct ForeignType {
    /// Called when the count has fallen to zero, outside the collector: gives up what the object holds, and its memory. It may count the object up again instead. `None`: nothing is to be done.
    pub dealloc: Option<EndForeign>,
    /// Frees the memory and does nothing else: for a light link whose value died, from inside the heap.
    pub free: Option<EndForeign>,
    /// What a [`Foreign`] of that type points to; `None` (null) in C.
    rust: Option<fn() -> TypeId>,
}

impl ForeignType {
    /// A type of objects that no [`Foreign`] points to.
    pub const fn new(dealloc: Option<EndForeign>, free: Option<EndForeign>) -> ForeignType {
        ForeignType { dealloc, free, rust: None }
    }
}

/// How a foreign object starts.
#[repr(C)]
pub struct ForeignHead {
    refcount: AtomicIsize,
    /// The address of the value's cell; 0: no link.
    link: AtomicUsize,
    kind: *const ForeignType,
}

impl ForeignHead {
    /// The head of an object with so many counts and no link.
    pub const fn new(refcount: isize, kind: &'static ForeignType) -> ForeignHead {
        ForeignHead { refcount: AtomicIsize::new(refcount), link: AtomicUsize::new(0), kind }
    }

    /// All counts, the link's included.
    pub fn refcount(&self) -> isize {
        self.refcount.load(Ordering::Acquire)
    }

    /// Whether it is linked to a value of some heap.
    pub fn is_linked(&self) -> bool {
        self.link() != 0
    }

    pub(super) fn link(&self) -> usize {
        self.link.load(Ordering::Acquire)
    }

    /// Counts that are not the link's.
    pub fn foreign_counts(&self) -> isize {
        let count = self.refcount();
        count - share(count)
    }

    /// Takes the link, and counts it. Errors: it is taken; the count is negative or absurd.
    pub(super) fn attach(&self, address: usize, share: isize) -> Result<(), LinkError> {
        if self.link.compare_exchange(0, address, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return Err(LinkError::ObjectLinked);
        }
        let add = |count: isize| (0..MOST).contains(&count).then(|| count + share);
        match self.refcount.fetch_update(Ordering::AcqRel, Ordering::Relaxed, add) {
            Ok(_) => Ok(()),
            Err(count) => {
                self.link.store(0, Ordering::Release);
                Err(LinkError::Count(count))
            }
        }
    }

    /// Gives the link up, and its counts: how many are left. The object is the caller's if there are none, and may be gone if there are some.
    ///
    /// # Safety
    /// `this` is linked, with that share.
    pub(super) unsafe fn detach(this: NonNull<ForeignHead>, share: isize) -> isize {
        // SAFETY: the link's counts keep the object until they are taken off, in the last step.
        unsafe {
            let this = this.as_ref();
            this.link.store(0, Ordering::Release);
            this.refcount.fetch_sub(share, Ordering::AcqRel) - share
        }
    }

    /// The object waits for its deallocator: with one count and no link, so that it can be counted up and down meanwhile.
    ///
    /// # Safety
    /// `this` has no count, so it is the caller's alone.
    pub(super) unsafe fn count_once(this: NonNull<ForeignHead>) {
        // SAFETY: the caller's.
        unsafe { this.as_ref() }.refcount.store(1, Ordering::Release);
    }

    /// One more count.
    ///
    /// # Safety
    /// `this` is an object of which the caller has, or is lent, a count.
    /// Errors: its count is negative or absurd; nothing has changed.
    pub unsafe fn incref(this: NonNull<ForeignHead>) -> Result<(), LinkError> {
        let add = |count: isize| {
            let own = count - share(count);
            // One more than that would look like a link's share.
            (0..MOST - 1).contains(&own).then_some(count + 1)
        };
        // SAFETY: the caller's.
        let count = unsafe { this.as_ref() }.refcount.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        count.map(drop).map_err(LinkError::Count)
    }

    /// One count less. At zero the object's deallocator is called; inside another deallocator on this thread: when that is done.
    ///
    /// # Safety
    /// `this` is an object of which the caller has a count, and gives it up.
    /// Errors: there is none but the link's; nothing has changed.
    pub unsafe fn decref(this: NonNull<ForeignHead>) -> Result<(), LinkError> {
        let take = |count: isize| (count > share(count)).then(|| count - 1);
        // SAFETY: the caller's. The link is read while the object is sure to be there.
        unsafe {
            let link = this.as_ref().link();
            let before = this.as_ref().refcount.fetch_update(Ordering::Release, Ordering::Relaxed, take);
            ForeignHead::counted_down(this, before.map_err(LinkError::Count)?, link);
        }
        Ok(())
    }

    /// The count was `before`, and is one less now.
    ///
    /// # Safety
    /// At zero `this` is the caller's.
    unsafe fn counted_down(this: NonNull<ForeignHead>, before: isize, link: usize) {
        match before {
            // SAFETY: the caller's.
            1 => unsafe { deallocate(this) },
            LAST_BESIDE_LINK | LAST_BESIDE_LIGHT => note_unwanted(link),
            _ => {}
        }
    }

    /// Calls the deallocator.
    ///
    /// # Safety
    /// `this` has no count, and is the caller's.
    pub(super) unsafe fn dealloc(this: NonNull<ForeignHead>) {
        // SAFETY: the caller's; a type lives as long as its objects.
        unsafe {
            if let Some(dealloc) = (*this.as_ref().kind).dealloc {
                dealloc(this.as_ptr());
            }
        }
    }

    /// Frees the memory of an object that a light link was the last to count.
    ///
    /// # Safety
    /// `this` has no count, and is the caller's.
    pub(super) unsafe fn free(this: NonNull<ForeignHead>) {
        // SAFETY: the caller's; a type lives as long as its objects.
        unsafe {
            if let Some(free) = (*this.as_ref().kind).free {
                free(this.as_ptr());
            }
        }
    }
}

/// The part of a count that is a link's: told by its size alone, since there is no room for a flag.
fn share(count: isize) -> isize {
    match count {
        HUGE.. => REFCNT_FROM_VM_LIGHT,
        MOST.. => REFCNT_FROM_VM,
        _ => 0,
    }
}

/// A foreign object of Rust.
#[repr(C)]
struct Object<T> {
    head: ForeignHead,
    value: T,
}

impl<T: Send + Sync + 'static> Object<T> {
    const TYPE: &'static ForeignType =
        &ForeignType { dealloc: Some(end::<T>), free: Some(end::<T>), rust: Some(TypeId::of::<T>) };
}

/// Drops an object. With a light link, `T` has nothing to drop: only memory is given back.
///
/// # Safety
/// `head` is that of an `Object<T>` made by [`Foreign::new`], and nobody else's.
unsafe extern "C" fn end<T>(head: *mut ForeignHead) {
    // SAFETY: the caller's. The head is at the start.
    drop(unsafe { Box::from_raw(head.cast::<Object<T>>()) });
}

/// A counted pointer to a foreign object of Rust: one count. Cloning it counts once more, dropping it once less; at zero the object is dropped. Chains of them are dropped
/// without recursion: what falls to zero inside a drop waits until that is done. Deallocators are functions of C, so a `T` whose drop panics ends the process.
pub struct Foreign<T> {
    object: NonNull<Object<T>>,
    owns: PhantomData<Object<T>>,
}

// SAFETY: as for `Arc`: counts are atomic, the value is only lent out, and is dropped by whoever gives up the last count (`new` asks for both of `T`).
unsafe impl<T: Send + Sync> Send for Foreign<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Foreign<T> {}

impl<T: Send + Sync + 'static> Foreign<T> {
    /// A new object with one count.
    pub fn new(value: T) -> Foreign<T> {
        let object = Box::new(Object { head: ForeignHead::new(1, Object::<T>::TYPE), value });
        Foreign { object: NonNull::from(Box::leak(object)), owns: PhantomData }
    }

    /// Whether a head is that of such an object.
    ///
    /// # Safety
    /// `head` is alive.
    pub(super) unsafe fn has_type(head: NonNull<ForeignHead>) -> bool {
        // SAFETY: the caller's; a type lives as long as its objects.
        unsafe { (*head.as_ref().kind).rust.is_some_and(|id| id() == TypeId::of::<T>()) }
    }
}

impl<T> Foreign<T> {
    /// The object's head, for what takes foreign objects of any type. It is alive as long as this pointer, or another count of it.
    pub fn head(&self) -> NonNull<ForeignHead> {
        self.object.cast()
    }

    fn head_ref(&self) -> &ForeignHead {
        // SAFETY: this pointer's count keeps the object.
        unsafe { &self.object.as_ref().head }
    }

    /// All counts, the link's included.
    pub fn refcount(&self) -> isize {
        self.head_ref().refcount()
    }

    /// Counts that are not the link's: pointers like this one.
    pub fn foreign_counts(&self) -> isize {
        self.head_ref().foreign_counts()
    }

    /// Whether it is linked to a value of some heap.
    pub fn is_linked(&self) -> bool {
        self.head_ref().is_linked()
    }

    /// Whether two pointers are to one object.
    pub fn is_same(&self, other: &Foreign<T>) -> bool {
        self.object == other.object
    }

    /// The object as C holds it; the count passes to the caller.
    pub fn into_raw(self) -> NonNull<ForeignHead> {
        let head = self.head();
        std::mem::forget(self);
        head
    }

    /// Takes a count over.
    ///
    /// # Safety
    /// `head` is that of an object made by `Foreign::<T>::new`, and the caller has a count of it.
    pub unsafe fn from_raw(head: NonNull<ForeignHead>) -> Foreign<T> {
        Foreign { object: head.cast(), owns: PhantomData }
    }

    /// A further count of an object.
    ///
    /// # Safety
    /// As [`Foreign::from_raw`], but the caller keeps the count, or is lent it by a link.
    pub(super) unsafe fn counted(head: NonNull<ForeignHead>) -> Foreign<T> {
        // SAFETY: the caller's.
        let before = unsafe { head.as_ref() }.refcount.fetch_add(1, Ordering::Relaxed);
        if before - share(before) >= MOST - 1 {
            // As in `Arc`: only a program that forgets pointers in a loop comes here, and one more could look like a link's share.
            std::process::abort();
        }
        Foreign { object: head.cast(), owns: PhantomData }
    }
}

impl<T> Clone for Foreign<T> {
    fn clone(&self) -> Foreign<T> {
        // SAFETY: this pointer has a count.
        unsafe { Foreign::counted(self.head()) }
    }
}

impl<T> Drop for Foreign<T> {
    fn drop(&mut self) {
        // SAFETY: this pointer's count is given up. At zero nobody else has one.
        unsafe {
            let link = self.head_ref().link();
            let before = self.head_ref().refcount.fetch_sub(1, Ordering::Release);
            ForeignHead::counted_down(self.head(), before, link);
        }
    }
}

impl<T> Deref for Foreign<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this pointer's count keeps the object; nobody has it mutably.
        unsafe { &self.object.as_ref().value }
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Foreign<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}
