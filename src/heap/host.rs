//! Objects of the host: a container with a payload that the heap never looks into, and light finalizers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Heap;
use super::cell::{Container, Host};
use super::event::Event;
use super::value::Value;

/// A destructor of the host, run at the moment in which the object is really freed, after its finalizer if it has one. It gets the payload and
/// nothing else, so it cannot touch the heap.
pub type LightFinalizer = Box<dyn FnOnce(Box<dyn Any + Send>) + Send>;

/// What lies behind an object of the host.
pub struct HostData {
    /// As it is shown in messages and by `console.log`.
    pub type_name: &'static str,
    payload: Box<dyn Any + Send>,
    light: Option<LightFinalizer>,
    /// The class whose methods it has, or undefined. Counted.
    pub(super) class: Value,
    /// What it holds, by numbers of the host's: counted, so that it is traced, up-scoped and ordered as what any container refers to.
    pub(super) attached: Vec<Value>,
}

impl Heap {
    /// An object of the host with a payload. When the object is freed, `light` gets the payload; without one it is dropped.
    pub fn host_object(
        &mut self,
        type_name: &'static str,
        payload: Box<dyn Any + Send>,
        light: Option<LightFinalizer>,
    ) -> Value {
        self.make_host(HostData { type_name, payload, light, class: Value::UNDEFINED, attached: Vec::new() })
    }

    /// An instance of a class of the host. Its payload is dropped when it is freed.
    pub(crate) fn host_instance(
        &mut self,
        class: Value,
        type_name: &'static str,
        payload: Box<dyn Any + Send>,
        light: Option<LightFinalizer>,
    ) -> Value {
        let object = self.host_object(type_name, payload, light);
        self.by_inner(object.container(), "(class)");
        self.store_ref(object.container(), class);
        if let Some(data) = self.host_data(object) {
            // SAFETY: a live object of the host (I2).
            unsafe { (*data).class = class };
        }
        object
    }

    /// The class of an instance of the host's.
    pub(super) fn host_class(&self, object: Value) -> Option<Value> {
        // SAFETY: as in `payload`.
        self.host_data(object).map(|data| unsafe { (*data).class }).filter(|class| !class.is_undefined())
    }

    /// What an object of the host holds as number `place`.
    pub(crate) fn attached(&self, object: Value, place: usize) -> Option<Value> {
        let data = self.host_data(object)?;
        // SAFETY: as in `payload`; the copy is made before anything can change the list.
        let attached = unsafe { &(*data).attached };
        attached.get(place).copied()
    }

    /// Lets an object of the host hold a value as number `place`, instead of what it held there. The list is as long as the highest number: few are meant.
    pub(crate) fn attach(&mut self, object: Value, place: usize, value: Value) {
        let Some(data) = self.host_data(object) else { return };
        self.by_inner(object.container(), "(attached)");
        self.store_ref(object.container(), value);
        // SAFETY: a live object of the host (I2); the borrow ends before the old value is given back.
        let old = unsafe {
            let attached = &mut (*data).attached;
            if attached.len() <= place {
                attached.resize(place + 1, Value::UNDEFINED);
            }
            std::mem::replace(&mut attached[place], value)
        };
        self.by_inner(object.container(), "(attached)");
        self.decref(old);
    }

    /// The payload of an object of the host if it is a `T`, as a pointer that is good as long as the object lives and its payload is not taken.
    pub(crate) fn payload_pointer<T: 'static>(&self, object: Value) -> Option<*const T> {
        // SAFETY: as in `payload`.
        unsafe { self.host_data(object).and_then(|data| (*data).payload.downcast_ref()).map(std::ptr::from_ref) }
    }

    /// The payload of an object of the host, if it is a `T`.
    pub fn payload<T: 'static>(&mut self, object: Value) -> Option<&mut T> {
        // SAFETY: a live object of the host (I2), whose data is there until it is freed; the borrow of the heap keeps it so.
        unsafe { self.host_data(object).and_then(|data| (*data).payload.downcast_mut()) }
    }

    /// The payload of an object of the host, whatever it is.
    pub(crate) fn any_payload(&self, object: Value) -> Option<&(dyn Any + Send)> {
        // SAFETY: as in `payload`.
        self.host_data(object).map(|data| unsafe { &*(*data).payload })
    }

    /// Takes the payload of an object of the host before it dies, and the work of its light finalizer with it. `None`: it was taken already, or the object is none.
    pub fn close_host(&mut self, object: Value) -> Option<Box<dyn Any + Send>> {
        let data = self.host_data(object)?;
        // SAFETY: as in `payload`.
        let data = unsafe { &mut *data };
        // Whoever gets the payload does that work.
        drop(data.light.take()?);
        let payload = std::mem::replace(&mut data.payload, Box::new(()));
        // SAFETY: a live object of the host (I2).
        unsafe { self.emit_light(object.container()) };
        Some(payload)
    }

    /// What its light finalizer does is done, or about to be.
    unsafe fn emit_light(&mut self, p: *mut Container) {
        if self.tracing {
            // SAFETY: the caller's: an object of the host that is whole.
            let (id, name) = unsafe { (self.id_of(p), (*(*(p as *mut Host)).data).type_name) };
            self.emit(Event::FinalLight { id, name });
        }
    }

    /// What an object of the host is called.
    pub fn host_type_name(&self, object: Value) -> Option<&'static str> {
        // SAFETY: as in `payload`.
        self.host_data(object).map(|data| unsafe { (*data).type_name })
    }

    fn host_data(&self, object: Value) -> Option<*mut HostData> {
        // SAFETY: a live object of the host (I2).
        object.is(super::cell::Kind::Host).then(|| unsafe { (*(object.container() as *mut Host)).data })
    }

    /// Gives the payload to its light finalizer.
    ///
    /// # Safety
    /// `p` is an object of the host that is being torn down.
    pub(super) unsafe fn drop_payload(&mut self, p: *mut Container) {
        // SAFETY: as below; the data is still there.
        unsafe {
            if (*(*(p as *mut Host)).data).light.is_some() {
                self.emit_light(p);
            }
        }
        // SAFETY: the data came from a box in `make_host`, and teardown comes here once.
        let HostData { payload, light, .. } = *unsafe { Box::from_raw((*(p as *mut Host)).data) };
        self.run_destructor(|| match light {
            Some(light) => light(payload),
            None => drop(payload),
        });
    }

    /// Runs a destructor of the host. A panic in it is kept: the teardown around it goes on.
    pub(crate) fn run_destructor(&mut self, destructor: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(destructor)) {
            self.panic.get_or_insert(panic);
        }
    }
}
