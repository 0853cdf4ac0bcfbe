//! Links between values and foreign objects: counted structures of C.
//!
//! The layout is that of [`ForeignHead`] and [`ForeignType`], written down once more because those keep their fields to themselves, and atomic.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use super::error::Wrong;
use super::types::{PBT_NONE, PbtHandle};
use super::{Call, Manner, PbtContext, enter};
use crate::heap::links::foreign::{ForeignHead, ForeignType};
use crate::heap::links::{LinkKind, Weight};

/// What foreign objects of one type have in common. It lives at least as long as they do.
#[repr(C)]
pub struct PbtForeignType {
    /// Called when the count has fallen to zero: gives up what the object holds, and its memory; or counts the object up again. When the engine calls it, which it does
    /// outside of the collector, it can use `pbt_close` and `pbt_foreign_decref`, and no other function. NULL: nothing is to be done.
    pub dealloc: Option<unsafe extern "C" fn(object: *mut PbtForeign)>,
    /// Frees the memory and does nothing else: for a light link whose value has died. It can use no function of the interface. NULL: nothing is to be done.
    pub free: Option<unsafe extern "C" fn(object: *mut PbtForeign)>,
    /// NULL.
    pub reserved: *const c_void,
}

/// How a foreign object begins. A structure of C has this as its first member.
#[repr(C)]
pub struct PbtForeign {
    /// Starts at 1 for whoever made the object, or at 0 if it is linked next. Changed by PBT_INCREF and PBT_DECREF only, on the thread that uses the context.
    pub refcount: isize,
    /// 0. The engine writes here.
    pub link: usize,
    /// What it is.
    pub kind: *const PbtForeignType,
}

const _: () = {
    assert!(
        size_of::<PbtForeign>() == size_of::<ForeignHead>() && align_of::<PbtForeign>() == align_of::<ForeignHead>()
    );
    assert!(size_of::<PbtForeignType>() == size_of::<ForeignType>());
    assert!(align_of::<PbtForeignType>() == align_of::<ForeignType>());
};

/// An object of C's as the heap knows it. Errors: NULL, an object without a type.
fn head(call: &Call, object: *mut PbtForeign) -> Result<NonNull<ForeignHead>, Wrong> {
    let Some(object) = NonNull::new(object) else { return Err(call.usage("the object is NULL")) };
    // SAFETY: an object is alive, and begins with this structure (promise 2).
    if unsafe { (*object.as_ptr()).kind.is_null() } {
        return Err(call.usage("the object has no type"));
    }
    Ok(object.cast())
}

fn weight(light: bool) -> Weight {
    if light { Weight::Light } else { Weight::Ordinary }
}

/// Links a container to a foreign object, of which one finds the other from now on. The data is in the container: as long as C counts the object, the container lives, and the
/// object lives as long as the container. `light`: the object holds nothing but memory, so its `free` is called instead of `dealloc`, at once.
/// False: the value is no container, or built in; one of the two is linked already; the count is impossible.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_link_value(
    context: *mut PbtContext,
    value: PbtHandle,
    object: *mut PbtForeign,
    light: bool,
) -> bool {
    enter(context, "pbt_link_value", Manner::Works, false, |call| {
        let (value, object) = (call.value(value)?, head(call, object)?);
        // SAFETY: the object is alive, and C keeps to the rules of counts and of the functions of its type (promises 2 and 4).
        unsafe { call.vm.heap.create_link(value, object, LinkKind::Value, weight(light)) }?;
        Ok(true)
    })
}

/// Makes a proxy for a foreign object, of which one finds the other from now on. The data is in the object, which lives as long as the proxy; the proxy lives as long
/// as handles or values refer to it. `light` as above. PBT_NONE: the object is linked already; its count is impossible.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_link_foreign(context: *mut PbtContext, object: *mut PbtForeign, light: bool) -> PbtHandle {
    enter(context, "pbt_link_foreign", Manner::Works, PBT_NONE, |call| {
        let object = head(call, object)?;
        let proxy = call.vm.heap.host_object("Foreign", Box::new(()), None);
        // SAFETY: as in `pbt_link_value`.
        unsafe { call.vm.heap.create_link(proxy, object, LinkKind::Foreign, weight(light)) }?;
        call.open(proxy)
    })
}

/// The foreign object that a value is linked to, in either way; NULL, which is no error, if it is not. The link keeps it alive: to keep it longer, count it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_from_value(context: *mut PbtContext, value: PbtHandle) -> *mut PbtForeign {
    enter(context, "pbt_from_value", Manner::Looks, null_mut(), |call| {
        let value = call.value(value)?;
        let heap = &call.vm.heap;
        let linked =
            heap.linked_object(value, LinkKind::Value).or_else(|| heap.linked_object(value, LinkKind::Foreign));
        Ok(linked.map_or(null_mut(), |head| head.as_ptr().cast()))
    })
}

/// The value that a foreign object is linked to, in a new handle; PBT_NONE, which is no error, if it is not, or to one of another context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_to_value(context: *mut PbtContext, object: *mut PbtForeign) -> PbtHandle {
    enter(context, "pbt_to_value", Manner::Looks, PBT_NONE, |call| {
        let object = head(call, object)?;
        // SAFETY: the object is alive (promise 2).
        match unsafe { call.vm.heap.object_to_value(object) } {
            Some(value) => call.open(value),
            None => Ok(PBT_NONE),
        }
    })
}

/// One count of a foreign object less, as PBT_DECREF; but the value of a link that only this count has kept is let go at once, not at the next collection, and a chain of objects
/// whose deallocators call this for each other takes no stack, however long. Deallocators may call it. False: there is no count but the link's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pbt_foreign_decref(context: *mut PbtContext, object: *mut PbtForeign) -> bool {
    // SAFETY: promise 1.
    let Some(shared) = (unsafe { context.as_ref() }) else { return false };
    if !shared.is_free()
        && !shared.broken.get()
        && let Some(object) = NonNull::new(object)
    {
        // The engine lets go of the value by itself, when the deallocator has returned.
        // SAFETY: the caller has a count, and gives it up (promise 4).
        return unsafe { ForeignHead::decref(object.cast()) }.is_ok();
    }
    enter(context, "pbt_foreign_decref", Manner::Closes, false, |call| {
        let object = head(call, object)?;
        // SAFETY: as above.
        unsafe { call.vm.heap.give_back_object(object) }?;
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_heaps() {
        static TYPE: ForeignType = ForeignType::new(None, None);
        let ours = PbtForeign { refcount: 7, link: 5, kind: std::ptr::from_ref(&TYPE).cast() };
        // SAFETY: the two are laid out in the same way, which is what is tested.
        let theirs = unsafe { &*std::ptr::from_ref(&ours).cast::<ForeignHead>() };
        assert_eq!((theirs.refcount(), theirs.is_linked()), (7, true));
        let unlinked = PbtForeign { link: 0, ..ours };
        // SAFETY: as above.
        assert!(!unsafe { &*std::ptr::from_ref(&unlinked).cast::<ForeignHead>() }.is_linked());
    }
}
