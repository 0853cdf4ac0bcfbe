//! Objects of the host: a container with a payload that the heap never looks into, and light finalizers.

use std::any::Any;

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
}

impl Heap {
    /// An object of the host with a payload. When the object is freed, `light` gets the payload; without one it is dropped.
    pub fn host_object(
        &mut self,
        type_name: &'static str,
        payload: Box<dyn Any + Send>,
        light: Option<LightFinalizer>,
    ) -> Value {
        self.make_host(HostData { type_name, payload, light })
    }

    /// The payload of an object of the host, if it is a `T`.
    pub fn payload<T: 'static>(&mut self, object: Value) -> Option<&mut T> {
        // SAFETY: a live object of the host (I2), whose data is there until it is freed; the borrow of the heap keeps it so.
        unsafe { self.host_data(object).and_then(|data| (*data).payload.downcast_mut()) }
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
        match light {
            Some(light) => light(payload),
            None => drop(payload),
        }
    }
}
