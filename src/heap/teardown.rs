//! Destroying values: without recursion, and touching each reference once.

use std::ptr::null_mut;

use super::Heap;
use super::cell::{Array, Bound, Cell, Class, Collection, Container, Function, Kind, Native, Object, bits, more};
use super::class::ClassData;
use super::event::{Cause, Event};
use super::string::Str;
use super::value::Value;
use rustc_hash::FxHashMap;

/// Flags of values that may not be destroyed though nothing refers to them.
const SPARED: u8 = more::FINALIZABLE | more::VALUE_LINK;

impl Heap {
    /// The value whose cell this is.
    pub(super) unsafe fn value_of(p: *mut Cell) -> Value {
        // SAFETY: the caller has a live cell.
        match unsafe { (*p).kind } {
            Kind::String => Value::from_str(p as *mut Str),
            Kind::Exact => Value::from_exact(p as *mut super::cell::Exact),
            _ => Value::from_container(p as *mut Container),
        }
    }

    /// Destroys a value that nothing refers to, and what falls to zero by that. What has an entry on the probation vector is left to it.
    ///
    /// The worklist is threaded through the `next` links of the dying containers.
    ///
    /// # Safety
    /// `p` is live, has no entry, and is referred to by nothing, or only by containers of a scope that is being popped.
    #[inline]
    pub(super) unsafe fn destroy(&mut self, p: *mut Cell, cause: Cause) {
        // SAFETY: the caller's.
        unsafe {
            match self.unusual {
                false => self.destroy_all::<false>(p, cause),
                true => self.destroy_all::<true>(p, cause),
            }
        }
    }

    #[inline(never)]
    unsafe fn destroy_all<const UNUSUAL: bool>(&mut self, p: *mut Cell, cause: Cause) {
        // SAFETY: the caller's; a container on the worklist is DEAD and unlinked, so nothing else uses its links, and its cell is given back
        // once, here or by `destroy_delayed`.
        unsafe {
            if (*p).kind < Kind::Object {
                return self.free_atom(p);
            }
            if UNUSUAL && (*p).more & SPARED != 0 && self.spare(p as *mut Container) {
                return;
            }
            let mut pending: *mut Container = null_mut();
            self.condemn(p as *mut Container, &mut pending);
            let mut cause = cause;
            while !pending.is_null() {
                let dying = pending;
                pending = (*dying).next;
                if self.tracing {
                    self.emit_free(dying, cause);
                }
                if !matches!(cause, Cause::Exit) {
                    cause = Cause::Zero;
                }
                if self.tracing && self.wants_counts() {
                    self.emit_child_unrefs(dying);
                }
                let mut release = |heap: &mut Heap, child: Value| heap.release_child::<UNUSUAL>(child, &mut pending);
                if UNUSUAL {
                    self.for_each_child_aside(dying, &mut release);
                }
                self.for_each_child_inside(dying, release);
                if UNUSUAL && (*dying).cell.more != 0 {
                    self.forget(dying);
                }
                self.drop_contents(dying, &mut pending);
                self.counters.live[(*dying).cell.kind as usize] -= 1;
                self.counters.freed += 1;
                if self.delaying {
                    if self.tracing {
                        let id = self.id_of(dying);
                        self.emit(Event::Delay { id });
                    }
                    (*dying).next = self.delayed;
                    self.delayed = dying;
                } else {
                    self.free_container(dying);
                }
            }
        }
    }

    /// What other tables know of a container is taken out of them: it dies, and its children have been released.
    #[cold]
    #[inline(never)]
    unsafe fn forget(&mut self, dying: *mut Container) {
        // SAFETY: the caller's.
        unsafe {
            self.clear_weak(dying);
            self.drop_keys(dying);
            if (*dying).cell.more & more::LISTED != 0 {
                self.forget_finalizer(dying);
            }
            if (*dying).cell.more & more::LINKS != 0 {
                self.cut_link(dying);
            }
        }
    }

    #[inline(always)]
    unsafe fn condemn(&mut self, p: *mut Container, pending: &mut *mut Container) {
        // SAFETY: `p` is live; see `destroy`.
        unsafe {
            if (*p).cell.bits & bits::LINKED != 0 {
                self.unlink(p);
            }
            (*p).cell.bits |= bits::DEAD;
            (*p).next = *pending;
            *pending = p;
        }
    }

    #[inline(always)]
    unsafe fn release_child<const UNUSUAL: bool>(&mut self, child: Value, pending: &mut *mut Container) {
        if !child.is_heap() {
            return;
        }
        let p = child.cell();
        // SAFETY: a child was counted, so its cell is live, or dead and still in the delayed-destruction queue.
        unsafe {
            if (*p).bits & bits::DEAD != 0 {
                return;
            }
            (*p).count -= 1;
            if (*p).count == 0 && (*p).bits & (bits::ENTRY | bits::BUILTIN) == 0 {
                if child.is_container() {
                    if UNUSUAL && (*p).more & SPARED != 0 && self.spare(p as *mut Container) {
                        return;
                    }
                    self.condemn(p as *mut Container, pending);
                } else {
                    self.free_atom(p);
                }
            }
        }
    }

    unsafe fn free_atom(&mut self, p: *mut Cell) {
        // SAFETY: the atom has no reference left.
        unsafe {
            self.counters.live[(*p).kind as usize] -= 1;
            if (*p).kind == Kind::String {
                self.drop_string(p as *mut Str);
            }
            let size = (*p).class as usize * super::alloc::GRAIN;
            (*p).kind = Kind::Poisoned;
            self.arena.free(p as *mut u8, size);
        }
    }

    /// Frees what a dying container has besides its cell; its children have been released.
    #[inline(always)]
    unsafe fn drop_contents(&mut self, p: *mut Container, pending: &mut *mut Container) {
        // SAFETY: `p` is whole; what it owns outside its cell belongs to it alone.
        unsafe {
            match (*p).cell.kind {
                Kind::Object => {
                    let object = p as *mut Object;
                    self.free_slots(object);
                    if (*(*object).shape).is_dictionary() {
                        self.free_dictionary((*object).shape);
                    }
                }
                Kind::Array => self.free_elements(p as *mut Array),
                Kind::Variable | Kind::Function | Kind::Bound | Kind::Iterator => {}
                _ => self.drop_rare_contents(p, pending),
            }
        }
    }

    #[inline(never)]
    unsafe fn drop_rare_contents(&mut self, p: *mut Container, pending: &mut *mut Container) {
        // SAFETY: as in `drop_contents`.
        unsafe {
            match (*p).cell.kind {
                Kind::Class => {
                    let data = Box::from_raw((*(p as *mut Class)).data);
                    let ClassData { methods, statics, private_names, instance_shape, accounted, .. } = *data;
                    self.discount_beside(accounted);
                    for key in methods.keys().chain(statics.keys()).chain(&private_names) {
                        self.decref(key.value());
                    }
                    self.retire_shapes(instance_shape);
                }
                Kind::Map | Kind::Set => self.free_table((*(p as *mut Collection)).table),
                Kind::WeakRef | Kind::WeakMap | Kind::WeakSet => {
                    self.drop_weak(p, |heap, value| heap.release_child::<true>(value, pending));
                }
                Kind::Host => self.drop_payload(p),
                Kind::Native => {
                    let owned = (*(p as *mut Native)).owned;
                    if !owned.is_null() {
                        let owned = Box::from_raw(owned);
                        self.run_destructor(|| drop(owned));
                    }
                }
                kind => debug_assert!(false, "a {} owns nothing outside its cell", kind.name()),
            }
        }
    }

    unsafe fn free_container(&mut self, p: *mut Container) {
        // SAFETY: `p` is dead, empty and on no list.
        unsafe {
            let size = Self::cell_size(p);
            (*p).cell.kind = Kind::Poisoned;
            let id = self.tracing.then(|| self.id_of(p));
            if self.arena.free(p as *mut u8, size)
                && let Some(id) = id
            {
                self.emit(Event::Recycle { id });
            }
        }
    }

    /// The size a container's cell was allocated with.
    pub(super) unsafe fn cell_size(p: *mut Container) -> usize {
        // SAFETY: the caller's: a live or dead cell that is still whole.
        unsafe {
            match (*p).cell.class {
                0 => match (*p).cell.kind {
                    Kind::Function => {
                        size_of::<Function>() + (*(p as *mut Function)).captures as usize * size_of::<Value>()
                    }
                    Kind::Bound => size_of::<Bound>() + (*(p as *mut Bound)).count as usize * size_of::<Value>(),
                    kind => unreachable!("a {} cell is never this large", kind.name()),
                },
                class => class as usize * super::alloc::GRAIN,
            }
        }
    }

    /// Frees what waited in the delayed-destruction queue, oldest death first.
    pub(super) fn destroy_delayed(&mut self) {
        let mut queue: *mut Container = null_mut();
        let mut p = std::mem::replace(&mut self.delayed, null_mut());
        // SAFETY: what is in the queue is dead, empty and on no other list.
        unsafe {
            while !p.is_null() {
                let next = (*p).next;
                (*p).next = queue;
                queue = p;
                p = next;
            }
            while !queue.is_null() {
                let next = (*queue).next;
                self.free_container(queue);
                queue = next;
            }
        }
    }

    /// Frees the built-ins, at the very end.
    pub(super) fn free_builtins(&mut self) {
        self.delaying = true;
        loop {
            let head = self.scopes[0].head;
            if head.is_null() {
                break;
            }
            // SAFETY: level 0 is all that is left.
            unsafe {
                (*head).cell.count = 0;
                self.destroy(head as *mut Cell, Cause::Exit);
            }
        }
        self.delaying = false;
        self.destroy_delayed();
        self.bury_shapes();
        let mut roots = std::mem::take(&mut self.namespace_roots);
        roots.push(std::mem::replace(&mut self.root_shape, null_mut()));
        for root in roots.into_iter().filter(|root| !root.is_null()) {
            self.retire_shapes(root);
        }
        self.bury_shapes();
        self.sweep_as(0, Cause::Exit);
        self.free_constant_strings();
    }

    #[cold]
    #[inline(never)]
    unsafe fn emit_child_unrefs(&mut self, p: *mut Container) {
        // SAFETY: `p` is whole.
        unsafe {
            let mut children = Vec::new();
            self.for_each_child(p, |_, child| {
                if child.is_container() && (*child.cell()).bits & bits::DEAD == 0 {
                    children.push(child.container());
                }
            });
            self.by_inner(p, "");
            let mut given_back: FxHashMap<*mut Container, u32> = FxHashMap::default();
            for child in children {
                let before = given_back.entry(child).or_default();
                let from = (*child).cell.count.saturating_sub(*before);
                *before += 1;
                let (id, by) = (self.id_of(child), self.by.clone());
                self.emit(Event::Unref { id, from, to: from.saturating_sub(1), by });
            }
        }
    }
}
