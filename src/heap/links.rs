//! Links to foreign counted objects (after PyPy's rawrefcount).
//!
//! A link joins a container and a *foreign object* ([`foreign`]): each is found from the other, and neither dies while the other needs it. Linking adds
//! [`REFCNT_FROM_VM`] or [`REFCNT_FROM_VM_LIGHT`] to the object's count, so the object lives as long as the link. Of a *value-link* the data is in the container: as
//! long as the object has counts beyond ours, the container is held. Of a *foreign-link* the data is in the object, and the container is a proxy, which the link never holds.
//!
//! # When a container of a value-link is held
//! - It would be destroyed because nothing refers to it: it moves to level 1 with all that it reaches, and the link counts it once ([`Heap::spare`]).
//! - Its scope is about to be popped: it moves to level 1 with all that it reaches ([`Heap::rescue_linked`]), so that only counts decide about it.
//! - A collection has not reached it: the same as at zero, and it is marked (`Heap::mark`).
//!
//! When the object is down to our counts, the link gives its count back ([`Heap::release_links`]). While a scope or what a collection found is taken apart, nothing of it is
//! held any more: what its containers refer to may be gone.
//!
//! # When a link is cut
//! When its container is really freed, after its finalizer ([`Heap::cut_link`]): the object has no link any more, and our counts are taken off. If none are left, the
//! memory is freed at once (light), or the object waits, with count 1, for [`Heap::next_deallocation`]: deallocators are the host's code, and run outside of everything here.
//!
//! # Invariant
//! - **L** A live container has one of the flags `VALUE_LINK` and `FOREIGN_LINK` exactly while it is in `of`, which has its place in the list of its kind and age; the object's `link` is
//!   the container's address, and its count is at least ours. A scope's `linked` is the number of value-linked containers at its level. A held one is at level 1, and counted once
//!   for it.

mod check;
mod ending;
pub mod foreign;

use std::collections::VecDeque;
use std::ptr::NonNull;

use rustc_hash::FxHashMap;

use super::Heap;
use super::cell::{Container, Kind, bits, more};
use super::event::{By, Event, Why};
use super::value::Value;
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

/// A foreign object without a link whose deallocator is due. It has one count.
#[must_use = "its object leaks if it is not run"]
#[derive(Debug)]
pub struct Deallocation {
    object: NonNull<ForeignHead>,
    number: u64,
}

impl Deallocation {
    /// Takes the count off, which calls the deallocator, unless somebody has counted the object meanwhile. It may take counts off other objects: what those
    /// held is for [`Heap::let_go`].
    pub fn run(self) -> Unwanted {
        ending::noting(|| {
            // SAFETY: the count is the queue's, and the queue has let go of it. If somebody has spoilt it, the object leaks.
            let _ = unsafe { ForeignHead::decref(self.object) };
        })
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

    /// The same, lightly: when the container dies and nobody else counts the object, its memory is freed at once. So `T` must have nothing to drop.
    ///
    /// ```compile_fail
    /// use probate::heap::{Heap, Settings, links::foreign::Foreign};
    /// let mut heap = Heap::new(Settings::default());
    /// let value = heap.object();
    /// heap.create_light_link_value(value, &Foreign::new(String::new()));
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

    // ---- Holding and letting go ---------------------------------------------------------------------------------------

    /// A value without references is to be destroyed. True: not now; a foreign object holds it, or it has a finalizer and falls.
    ///
    /// # Safety
    /// `p` is live, has no entry, and its count is zero.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn spare(&mut self, p: *mut Container) -> bool {
        // SAFETY: the caller's. By I1 a value of an older scope than the one that is being popped reaches nothing of that.
        unsafe {
            let whole = !self.links.closed && (!self.delaying || (*p).level() < self.level);
            if whole && (*p).cell.more & more::VALUE_LINK != 0 && self.links.is_wanted(p) {
                self.hold_linked(p);
                return true;
            }
            self.fall(p)
        }
    }

    /// The link counts its container from now on.
    unsafe fn hold_linked(&mut self, p: *mut Container) {
        let Some(link) = self.links.of.get_mut(&p) else { return };
        link.held = true;
        let number = link.number;
        let value = Value::from_container(p);
        if self.tracing {
            let id = self.id_of(p);
            self.emit(Event::LinkHold { id, number });
        }
        self.upscope(value, 1, Why::Store);
        self.by_foreign(number);
        self.incref(value);
    }

    /// Lets a held container go if nobody outside counts its object any more. `p` may be anything.
    fn release_unwanted(&mut self, p: *mut Container) -> bool {
        let unwanted = self.links.of.get(&p).is_some_and(|link| link.held && !link.is_wanted());
        if unwanted {
            self.release_linked(p);
        }
        unwanted
    }

    fn release_linked(&mut self, p: *mut Container) {
        let Some(link) = self.links.of.get_mut(&p) else { return };
        link.held = false;
        let number = link.number;
        if self.tracing {
            let id = self.id_of(p);
            self.emit(Event::LinkRelease { id, number });
        }
        self.by_foreign(number);
        self.decref(Value::from_container(p));
    }

    fn by_foreign(&mut self, number: u64) {
        if self.tracing {
            self.by = By::Foreign(number);
        }
    }

    /// Lets go of every held value whose object nobody outside counts any more: without another reference it is on probation in the statement in execution. A
    /// collection does this by itself. O(value-links). Returns how many.
    pub fn release_links(&mut self) -> usize {
        let held = self.links.values(true);
        let released: Vec<_> = held.into_iter().map(|(_, p)| p).filter(|p| !self.links.is_wanted(*p)).collect();
        released.iter().for_each(|p| self.release_linked(*p));
        released.len()
    }

    /// Lets go of what deallocators have left unwanted. Returns how many. O(unwanted).
    pub fn let_go(&mut self, unwanted: Unwanted) -> usize {
        unwanted.0.into_iter().filter(|link| self.release_unwanted(*link as *mut Container)).count()
    }

    /// What links hold, each counted once, with the number of the link; in the order of creation. The verifier and the collector know of them: they are in no list of roots.
    pub fn held_values(&self) -> impl Iterator<Item = (u64, Value)> {
        self.links.values(true).into_iter().map(|(number, p)| (number, Value::from_container(p)))
    }

    /// For the collector, which has marked from everything else: holds the containers that it has not reached and that foreign objects want, oldest link first. `mark` is called with each.
    pub(super) fn hold_unmarked(&mut self, mut mark: impl FnMut(&mut Heap, *mut Container)) {
        for (_, p) in self.links.values(false) {
            // SAFETY: a linked container is live (L).
            unsafe {
                if (*p).cell.bits & bits::MARK == 0 && self.links.is_wanted(p) {
                    self.hold_linked(p);
                    mark(self, p);
                }
            }
        }
    }

    // ---- Statements and scopes ------------------------------------------------------------------------------------------

    /// A sweep is done: of the young links, those are old whose container's statement has ended. O(young).
    pub(super) fn age_links(&mut self) {
        for kind in [LinkKind::Value, LinkKind::Foreign] {
            let young = std::mem::take(self.links.list(kind, Age::Young));
            for p in young {
                // SAFETY: a linked container is live (L).
                let age = if unsafe { (*p).cell.bits } & bits::ENTRY != 0 { Age::Young } else { Age::Old };
                let place = self.links.enlist(p, kind, age);
                if let Some(link) = self.links.of.get_mut(&p) {
                    (link.age, link.place) = (age, place);
                }
            }
        }
    }

    /// Links whose container's statement has not ended, as far as anybody has looked, and the others: (young, old). O(1).
    pub fn linked_by_age(&self) -> (usize, usize) {
        let [value, foreign] = &self.links.lists;
        (value[0].len() + foreign[0].len(), value[1].len() + foreign[1].len())
    }

    /// Whether the current scope owns a container with a value-link.
    #[inline(always)]
    pub fn scope_has_linked(&self) -> bool {
        // SAFETY: the current level is below `scopes.len()`.
        unsafe { self.scopes.get_unchecked(self.level as usize) }.linked != 0
    }

    /// The current scope is about to be popped: what foreign objects want of it moves to level 1, with all that it reaches. To be called before the round of the scope's
    /// finalizers, and again when they have run. O(owned), and nothing if there is no value-link in the scope.
    pub fn rescue_linked(&mut self, base: usize) {
        if !self.scope_has_linked() || self.level == 1 {
            return;
        }
        for p in self.owned(base) {
            // SAFETY: owned values are live.
            if unsafe { (*p).cell.more } & more::VALUE_LINK != 0 && self.links.is_wanted(p) {
                self.upscope(Value::from_container(p), 1, Why::Store);
            }
        }
    }

    /// Everything is going to be destroyed: what is held is let go, and nothing is held from now on, until [`Heap::open_links`].
    pub(super) fn close_links(&mut self) {
        self.links.closed = true;
        for (_, p) in self.links.values(true) {
            self.release_linked(p);
        }
    }

    pub(super) fn open_links(&mut self) {
        self.links.closed = false;
    }

    /// Whether foreign counts keep a container, should its own fall to zero.
    pub(super) unsafe fn is_wanted_outside(&self, p: *mut Container) -> bool {
        // SAFETY: the caller's: `p` is live.
        unsafe { (*p).cell.more & more::VALUE_LINK != 0 && self.links.is_wanted(p) }
    }

    // ---- Cutting ------------------------------------------------------------------------------------------------------

    /// A linked container is being destroyed: its object has no link any more.
    ///
    /// # Safety
    /// `p` is being torn down, and still whole.
    pub(super) unsafe fn cut_link(&mut self, p: *mut Container) {
        let Some(link) = self.links.of.remove(&p) else { return };
        let Link { object, number, kind, weight, age, place, .. } = link;
        self.links.delist(kind, age, place);
        // SAFETY: the caller's; the link's counts keep the object (L) until they are taken off.
        let left = unsafe {
            (*p).cell.more &= !more::LINKS;
            if kind == LinkKind::Value {
                self.scopes[(*p).level() as usize].linked -= 1;
            }
            ForeignHead::detach(object, weight.share())
        };
        if self.tracing {
            let id = self.id_of(p);
            self.emit(Event::LinkCut { id, number, count: left });
        }
        // Below zero somebody has taken off more than was theirs. Freeing it could be the second time; it leaks.
        if left != 0 {
            return;
        }
        match weight {
            Weight::Light => {
                if self.tracing {
                    self.emit(Event::LinkFree { number });
                }
                // SAFETY: nobody has a count of it.
                unsafe { ForeignHead::free(object) };
            }
            Weight::Ordinary => {
                // SAFETY: as above.
                unsafe { ForeignHead::count_once(object) };
                self.links.deallocations.push_back(Deallocation { object, number });
                self.attention = true;
            }
        }
    }

    /// The foreign object whose link was cut first, of those whose deallocator is due. Whoever gets it runs it, when the heap is in the middle of nothing. O(1).
    pub fn next_deallocation(&mut self) -> Option<Deallocation> {
        let due = self.links.deallocations.pop_front()?;
        if self.tracing {
            self.emit(Event::LinkDealloc { number: due.number });
        }
        Some(due)
    }

    /// Deallocators that are due. O(1).
    pub fn due_deallocations(&self) -> usize {
        self.links.deallocations.len()
    }

    /// Calls the deallocators that are due. Values that are let go by it are on probation in the statement in execution: sweeping them may make further ones due.
    pub fn drain_deallocations(&mut self) {
        while let Some(due) = self.next_deallocation() {
            let unwanted = due.run();
            self.let_go(unwanted);
        }
    }
}
