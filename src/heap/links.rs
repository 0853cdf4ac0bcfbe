//! Links to foreign counted objects (after PyPy's rawrefcount).
//!
//! A link joins a container and a *foreign object* ([`foreign`]): each is found from the other, and neither dies while the other needs it. Linking adds
//! [`REFCNT_FROM_VM`] or [`REFCNT_FROM_VM_LIGHT`] to the object's count, so the object lives as long as the link. Of a *value-link* the data is in the container: as
//! long as the object has counts beyond ours, the container is held. Of a *foreign-link* the data is in the object, and the container is a proxy, which the link never holds.
//!
//! # When a container of a value-link is held
//! - It would be destroyed because nothing refers to it: it moves to level 1 with all that it reaches, and the link counts it once (`Heap::spare`).
//! - Its scope is about to be popped: it moves to level 1 with all that it reaches ([`Heap::rescue_linked`]), so that only counts decide about it.
//! - A collection has not reached it: the same as at zero, and it is marked (`Heap::mark`).
//!
//! When the object is down to our counts, the link gives its count back ([`Heap::release_links`]). While a scope or what a collection found is taken apart, nothing of it is
//! held any more: what its containers refer to may be gone.
//!
//! # When a link is cut
//! When its container is really freed, after its finalizer (`Heap::cut_link`): the object has no link any more, and our counts are taken off. If none are left, the
//! memory is freed at once (light), or the object waits, with count 1, for [`Heap::next_deallocation`]: deallocators are the host's code, and run outside of everything here.
//!
//! # Invariant
//! - **L** A live container has one of the flags `VALUE_LINK` and `FOREIGN_LINK` exactly while it is in `of`, which has its place in the list of its kind and age; the object's `link` is
//!   the container's address, and its count is at least ours. A scope's `linked` is the number of value-linked containers at its level. A held one is at level 1, and counted once
//!   for it.

mod check;
mod cut;
mod ending;
pub mod foreign;
mod hold;

use std::collections::VecDeque;
use std::ptr::NonNull;

use rustc_hash::FxHashMap;

use super::Heap;
use super::cell::{Container, Kind, bits, more};
use super::event::Event;
use super::value::Value;
pub use cut::Deallocation;
pub use ending::Unwanted;
use foreign::{Foreign, ForeignHead, REFCNT_FROM_VM, REFCNT_FROM_VM_LIGHT};

/// Why two things cannot be linked, or a count cannot be changed. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("only a container can be linked")]
    NotAContainer,
    #[error("a built-in cannot be linked")]
    BuiltIn,
    #[error("a proxy must be an object of the host")]
    NotAProxy,
    #[error("the value is linked already")]
    ValueLinked,
    #[error("the foreign object is linked already")]
    ObjectLinked,
    #[error("a foreign object has an impossible count: {0}")]
    Count(isize),
}

/// Where the data of a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// In the container.
    Value,
    /// In the foreign object; the container is a proxy.
    Foreign,
}

/// What becomes of an object that nobody but its link has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Its deallocator is called, later.
    Ordinary,
    /// Its memory is freed at once: it holds nothing else.
    Light,
}

impl Weight {
    /// Our counts.
    pub fn share(self) -> isize {
        match self {
            Weight::Ordinary => REFCNT_FROM_VM,
            Weight::Light => REFCNT_FROM_VM_LIGHT,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// The container was on probation when it was linked, and its statement has not ended.
    Young,
    Old,
}

struct Link {
    object: NonNull<ForeignHead>,
    /// In the order of creation, from 1: `f1` in traces.
    number: u64,
    kind: LinkKind,
    weight: Weight,
    age: Age,
    /// Its place in the list of its kind and age.
    place: usize,
    /// The link counts the container.
    held: bool,
}

impl Link {
    /// Whether somebody besides the link counts the object.
    fn is_wanted(&self) -> bool {
        // SAFETY: the link's counts keep the object (L).
        unsafe { self.object.as_ref() }.refcount() > self.weight.share()
    }
}

/// The heap's side of links.
#[derive(Default)]
pub(super) struct Links {
    of: FxHashMap<*mut Container, Link>,
    /// By kind and age.
    lists: [[Vec<*mut Container>; 2]; 2],
    created: u64,
    deallocations: VecDeque<Deallocation>,
    /// Nothing is held: what a collection found is being destroyed, or everything is.
    pub(super) closed: bool,
}

impl Links {
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// About how many bytes the table, the lists and the queue take.
    pub(super) fn table_bytes(&self) -> usize {
        const ENTRY: usize = (size_of::<(*mut Container, Link)>() + 1) * 8 / 7;
        self.of.capacity() * ENTRY
            + self.lists.iter().flatten().map(Vec::capacity).sum::<usize>() * size_of::<*mut Container>()
            + self.deallocations.capacity() * size_of::<Deallocation>()
    }

    fn list(&mut self, kind: LinkKind, age: Age) -> &mut Vec<*mut Container> {
        &mut self.lists[kind as usize][age as usize]
    }

    /// Puts a container at the end of a list, and answers its place there.
    fn enlist(&mut self, p: *mut Container, kind: LinkKind, age: Age) -> usize {
        let list = self.list(kind, age);
        list.push(p);
        list.len() - 1
    }

    /// Takes a container off the list in which it stands; the last one of it takes its place.
    fn delist(&mut self, kind: LinkKind, age: Age, place: usize) {
        let list = self.list(kind, age);
        list.swap_remove(place);
        if let Some(moved) = list.get(place).copied()
            && let Some(moved) = self.of.get_mut(&moved)
        {
            moved.place = place;
        }
    }

    /// Value-links that are, or are not, held, as `held` says; in the order of creation.
    fn values(&self, held: bool) -> Vec<(u64, *mut Container)> {
        let [young, old] = &self.lists[LinkKind::Value as usize];
        let chosen = young.iter().chain(old).filter_map(|p| self.of.get(p).map(|link| (link, *p)));
        let mut chosen: Vec<_> =
            chosen.filter(|(link, _)| link.held == held).map(|(link, p)| (link.number, p)).collect();
        chosen.sort_unstable();
        chosen
    }

    /// Whether a container has a value-link whose object somebody else counts.
    fn is_wanted(&self, p: *mut Container) -> bool {
        self.of.get(&p).is_some_and(|link| link.kind == LinkKind::Value && link.is_wanted())
    }
}

impl Heap {
    // ---- Linking --------------------------------------------------------------------------------------------------

    /// Links a container that has the data to a foreign object. As long as somebody else counts the object, the container lives. O(1).
    /// Errors: see [`LinkError`].
    pub fn create_link_value<T>(&mut self, p: Value, object: &Foreign<T>) -> Result<(), LinkError> {
        // SAFETY: the pointer's count keeps the object meanwhile.
        unsafe { self.create_link(p, object.head(), LinkKind::Value, Weight::Ordinary) }
    }

    /// The same, lightly: when the container dies and nobody else counts the object, its memory is freed at once. So `T` must have nothing to drop:
    ///
    /// ```
    /// use probate::heap::{Heap, Settings, links::foreign::Foreign};
    /// let mut heap = Heap::new(Settings::default());
    /// heap.push_scope();
    /// let value = heap.object();
    /// heap.create_light_link_value(value, &Foreign::new(7u64))?;
    /// # Ok::<(), probate::heap::links::LinkError>(())
    /// ```
    /// ```compile_fail,E0080
    /// use probate::heap::{Heap, Settings, links::foreign::Foreign};
    /// let mut heap = Heap::new(Settings::default());
    /// heap.push_scope();
    /// let value = heap.object();
    /// heap.create_light_link_value(value, &Foreign::new(String::new()))?;
    /// # Ok::<(), probate::heap::links::LinkError>(())
    /// ```
    pub fn create_light_link_value<T>(&mut self, p: Value, object: &Foreign<T>) -> Result<(), LinkError> {
        const { assert!(!std::mem::needs_drop::<T>(), "a light link is for objects with nothing to drop") };
        // SAFETY: as above.
        unsafe { self.create_link(p, object.head(), LinkKind::Value, Weight::Light) }
    }

    /// Links a proxy, an object of the host, to the foreign object that has the data. The object lives as long as the proxy. O(1).
    /// Errors: see [`LinkError`].
    pub fn create_link_foreign<T>(&mut self, p: Value, object: &Foreign<T>) -> Result<(), LinkError> {
        // SAFETY: as above.
        unsafe { self.create_link(p, object.head(), LinkKind::Foreign, Weight::Ordinary) }
    }

    /// The same, lightly.
    pub fn create_light_link_foreign<T>(&mut self, p: Value, object: &Foreign<T>) -> Result<(), LinkError> {
        const { assert!(!std::mem::needs_drop::<T>(), "a light link is for objects with nothing to drop") };
        // SAFETY: as above.
        unsafe { self.create_link(p, object.head(), LinkKind::Foreign, Weight::Light) }
    }

    /// Links a container and a foreign object of any origin. O(1).
    ///
    /// # Safety
    /// `object` is alive, and stays so as long as its count is above zero: nobody takes off more counts than they have. Its type's functions do what [`foreign::ForeignType`] says,
    /// on whichever thread has the heap then. A light link: the object holds nothing but memory.
    /// Errors: see [`LinkError`].
    pub unsafe fn create_link(
        &mut self,
        p: Value,
        object: NonNull<ForeignHead>,
        kind: LinkKind,
        weight: Weight,
    ) -> Result<(), LinkError> {
        if !p.is_container() {
            return Err(LinkError::NotAContainer);
        }
        let c = p.container();
        // SAFETY: a live container (I2); a live object, as the caller says.
        let age = unsafe {
            if (*c).cell.bits & bits::BUILTIN != 0 {
                return Err(LinkError::BuiltIn);
            }
            if kind == LinkKind::Foreign && !p.is(Kind::Host) {
                return Err(LinkError::NotAProxy);
            }
            if (*c).cell.more & more::LINKS != 0 {
                return Err(LinkError::ValueLinked);
            }
            object.as_ref().attach(c as usize, weight.share())?;
            (*c).cell.more |= match kind {
                LinkKind::Value => more::VALUE_LINK,
                LinkKind::Foreign => more::FOREIGN_LINK,
            };
            if kind == LinkKind::Value {
                self.scopes[(*c).level() as usize].linked += 1;
            }
            if (*c).cell.bits & bits::ENTRY != 0 { Age::Young } else { Age::Old }
        };
        self.unusual = true;
        // The sweep that ends the statement looks at young links.
        self.attention = true;
        self.links.created += 1;
        let number = self.links.created;
        let place = self.links.enlist(c, kind, age);
        self.links.of.insert(c, Link { object, number, kind, weight, age, place, held: false });
        if self.tracing {
            let id = self.id_of(c);
            self.emit(Event::Link { id, number, kind, weight });
        }
        Ok(())
    }

    // ---- From one end to the other ----------------------------------------------------------------------------------

    /// The foreign object of a value-link, if there is one and it points to a `T`. O(1).
    pub fn from_value<T: Send + Sync + 'static>(&self, p: Value) -> Option<Foreign<T>> {
        self.typed_object(p, LinkKind::Value)
    }

    /// The foreign object for which a value is the proxy, if it points to a `T`. O(1).
    pub fn from_proxy<T: Send + Sync + 'static>(&self, p: Value) -> Option<Foreign<T>> {
        self.typed_object(p, LinkKind::Foreign)
    }

    fn typed_object<T: Send + Sync + 'static>(&self, p: Value, kind: LinkKind) -> Option<Foreign<T>> {
        let object = self.linked_object(p, kind)?;
        // SAFETY: the link's counts keep the object (L), and lend one; it is of that type.
        unsafe { Foreign::<T>::has_type(object).then(|| Foreign::counted(object)) }
    }

    /// The foreign object of a link of that kind, of any origin, without a count: the link keeps it. O(1).
    pub fn linked_object(&self, p: Value, kind: LinkKind) -> Option<NonNull<ForeignHead>> {
        if !p.is_container() {
            return None;
        }
        self.links.of.get(&p.container()).filter(|link| link.kind == kind).map(|link| link.object)
    }

    /// The value to which a foreign object is linked, in this heap. O(1).
    pub fn to_value<T>(&self, object: &Foreign<T>) -> Option<Value> {
        // SAFETY: the pointer's count keeps the object.
        unsafe { self.object_to_value(object.head()) }
    }

    /// The same for an object of any origin.
    ///
    /// # Safety
    /// `object` is alive.
    pub unsafe fn object_to_value(&self, object: NonNull<ForeignHead>) -> Option<Value> {
        // SAFETY: the caller's.
        let p = unsafe { object.as_ref() }.link() as *mut Container;
        // It may be a link to another heap.
        self.links.of.get(&p).filter(|link| link.object == object).map(|_| Value::from_container(p))
    }

    /// Drops a pointer to a foreign object where the heap is at hand: if it was the last one outside, and held a value, that is let go at once.
    pub fn give_back<T>(&mut self, object: Foreign<T>) {
        let value = self.to_value(&object);
        drop(object);
        if let Some(value) = value {
            self.release_unwanted(value.container());
        }
    }

    /// The same for a count of an object of any origin.
    ///
    /// # Safety
    /// As [`ForeignHead::decref`].
    /// Errors: as [`ForeignHead::decref`].
    pub unsafe fn give_back_object(&mut self, object: NonNull<ForeignHead>) -> Result<(), LinkError> {
        // SAFETY: the caller's. A linked object outlives the count (L).
        unsafe {
            let value = self.object_to_value(object);
            ForeignHead::decref(object)?;
            if let Some(value) = value {
                self.release_unwanted(value.container());
            }
        }
        Ok(())
    }
}
