//! What a container refers to: one place that knows, for up-scoping, teardown and every walk.

use super::Heap;
use super::cell::{
    Array, Bound, Class, Collection, Container, Function, Host, Iterator, Kind, Native, Object, Variable,
    WeakCollection, WeakRef, more,
};
use super::value::Value;

impl Heap {
    /// Calls `f` for every counted reference of a container to a value, in a fixed order.
    ///
    /// # Safety
    /// `p` is live or dying and whole. `f` does not change what `p` refers to.
    #[inline(always)]
    pub(super) unsafe fn for_each_child(&mut self, p: *mut Container, mut f: impl FnMut(&mut Heap, Value)) {
        // SAFETY: the caller's.
        unsafe {
            self.for_each_child_aside(p, &mut f);
            self.for_each_child_inside(p, f);
        }
    }

    /// What stands in tables of the heap: the function of a finalizer, and what a weak key holds.
    #[inline(always)]
    pub(super) unsafe fn for_each_child_aside(&mut self, p: *mut Container, f: &mut dyn FnMut(&mut Heap, Value)) {
        // SAFETY: as in `for_each_child`.
        unsafe {
            if (*p).cell.more & (more::LISTED | more::KEY) != 0 {
                self.for_each_child_in_tables(p, f);
            }
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn for_each_child_in_tables(&mut self, p: *mut Container, f: &mut dyn FnMut(&mut Heap, Value)) {
        // SAFETY: as in `for_each_child`.
        unsafe {
            if let Some(function) = self.finalizer_function(p) {
                f(self, function);
            }
            if (*p).cell.more & more::KEY != 0 {
                self.for_each_keyed(p, f);
            }
        }
    }

    /// The same without what stands in tables of the heap.
    #[inline(always)]
    pub(super) unsafe fn for_each_child_inside(&mut self, p: *mut Container, mut f: impl FnMut(&mut Heap, Value)) {
        // SAFETY: the caller's.
        unsafe {
            match (*p).cell.kind {
                Kind::Object => {
                    let object = p as *mut Object;
                    let shape = (*object).shape;
                    let class = (*shape).class;
                    for slot in 0..(*shape).slots as usize {
                        f(self, *(*object).slots.add(slot));
                    }
                    if !class.is_null() {
                        f(self, Value::from_container(class));
                    }
                }
                Kind::Array => {
                    let array = p as *mut Array;
                    for index in 0..(*array).len as usize {
                        f(self, *(*array).data.add(index));
                    }
                    f(self, (*array).props);
                }
                Kind::Variable => f(self, (*(p as *mut Variable)).value),
                Kind::Function => {
                    let function = p as *mut Function;
                    let captured = function.add(1) as *mut Value;
                    for index in 0..(*function).captures as usize {
                        f(self, *captured.add(index));
                    }
                    f(self, (*function).home);
                    f(self, (*function).props);
                }
                _ => self.for_each_child_rare(p, &mut f),
            }
        }
    }

    #[inline(never)]
    unsafe fn for_each_child_rare(&mut self, p: *mut Container, f: &mut dyn FnMut(&mut Heap, Value)) {
        // SAFETY: as in `for_each_child`.
        unsafe {
            match (*p).cell.kind {
                Kind::Class => {
                    let class = p as *mut Class;
                    let data = (*class).data;
                    for value in [
                        (*data).name,
                        (*data).parent,
                        (*data).constructor,
                        (*data).fields,
                        (*data).outer,
                        (*class).props,
                    ] {
                        f(self, value);
                    }
                    for value in (*data).methods.values().chain((*data).statics.values()) {
                        f(self, *value);
                    }
                }
                Kind::Map | Kind::Set => {
                    let collection = p as *mut Collection;
                    let table = &*(*collection).table;
                    for entry in table.iter() {
                        f(self, entry.key);
                        f(self, entry.value);
                    }
                    f(self, (*collection).props);
                }
                Kind::Native => f(self, (*(p as *mut Native)).props),
                Kind::Bound => {
                    let bound = p as *mut Bound;
                    let values = bound.add(1) as *mut Value;
                    f(self, (*bound).target);
                    for index in 0..(*bound).count as usize {
                        f(self, *values.add(index));
                    }
                    f(self, (*bound).props);
                }
                Kind::Iterator => f(self, (*(p as *mut Iterator)).target),
                Kind::WeakRef => f(self, (*(p as *mut WeakRef)).props),
                Kind::WeakMap | Kind::WeakSet => {
                    self.for_each_of_builtins(p, f);
                    f(self, (*(p as *mut WeakCollection)).props);
                }
                Kind::Host => {
                    let data = (*(p as *mut Host)).data;
                    for value in &(*data).attached {
                        f(self, *value);
                    }
                    f(self, (*data).class);
                    f(self, (*(p as *mut Host)).props);
                }
                kind => debug_assert!(false, "{} has no children", kind.name()),
            }
        }
    }
}
