//! What a host puts into a machine: functions that are closures, and classes whose instances hold its own values.
//!
//! # Invariants
//! - A description that belongs to a function ([`HostFunction`]) lives in a box of that function's cell; who calls it holds the function. Those of classes
//!   stay until the machine is dropped, and the classes are at level 0.
//! - The class of an instance of the host's is always one that [`Vm::host_class`] made, so its description is a [`HostClass`].
//! - A payload is borrowed while a method uses it (a `RefCell`): it is neither closed nor revoked then, and its object is held by whoever called the method.
//! - A panic of the host does not cross the machine: it travels as [`Pending::Panic`], and whoever entered the machine lets it go on ([`Vm::resume_panic`]).

use std::any::Any;
use std::cell::{Ref, RefCell, RefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::native::{Args, Construct, NativeClass, NativeInfo, Throw};
use super::{Pending, Vm};
use crate::heap::cell::{Kind, Native};
use crate::heap::string::Key;
use crate::heap::value::Value;

/// A function of the host.
pub type HostCall = dyn Fn(&mut Vm, Args) -> Result<Value, Throw> + Send;
/// One that was lent.
type LentCall<'l> = dyn Fn(&mut Vm, Args) -> Result<Value, Throw> + 'l;
/// What reads a field of an instance.
pub type Getter = dyn Fn(&mut Vm, Value) -> Result<Value, Throw> + Send;
/// What an instance yields next; `None` at the end.
pub type Next = dyn Fn(&mut Vm, Value) -> Result<Option<Value>, Throw> + Send;
/// What writes one.
pub type Setter = dyn Fn(&mut Vm, Value, Value) -> Result<(), Throw> + Send;

/// A closure as a function of the script. `info` comes first: the cell points to it.
#[repr(C)]
struct HostFunction {
    info: NativeInfo,
    /// What `info.name` is.
    _name: Box<str>,
    call: Box<HostCall>,
}

/// A class of the host. `native` comes first: the class value points to it.
#[repr(C)]
pub(crate) struct HostClass {
    native: NativeClass,
    constructor: Option<Box<HostCall>>,
    getters: IndexMap<Key, Box<Getter>, FxBuildHasher>,
    setters: IndexMap<Key, Box<Setter>, FxBuildHasher>,
    next: Option<Box<Next>>,
}

/// What a class of the host is made of.
pub(crate) struct ClassParts {
    pub name: &'static str,
    pub constructor: Option<(u8, Box<HostCall>)>,
    pub methods: Vec<Function>,
    pub statics: Vec<Function>,
    pub constants: Vec<(&'static str, f64)>,
    pub getters: Vec<(&'static str, Box<Getter>)>,
    pub setters: Vec<(&'static str, Box<Setter>)>,
    pub next: Option<Box<Next>>,
}

/// A function to be.
pub(crate) struct Function {
    pub name: String,
    pub length: u8,
    /// It may call functions of the script.
    pub calls_back: bool,
    pub call: Box<HostCall>,
}

/// What an instance of a class of the host holds.
pub(crate) enum Place<T> {
    Owned(T),
    /// Lent for a while: the pointer is good until it is revoked.
    Lent(NonNull<T>),
    /// The same, to be looked at only.
    Shown(NonNull<T>),
    /// It was lent, and is not any more; or it was taken out.
    Gone,
}

// SAFETY: what is owned can be sent, `host_instance` sees to that. What is lent is used only between lending and revoking, and so long the machine is mutably borrowed by
// whoever lent it, through a `Context`, which cannot be sent to another thread either.
unsafe impl<T> Send for Place<T> {}

/// What a host lends.
pub(crate) enum Loan<'l, T> {
    Mutable(&'l mut T),
    Shared(&'l T),
}

/// A closure that was lent; none when it has been taken back.
pub(super) struct LentFunction(RefCell<Option<Box<LentCall<'static>>>>);

// SAFETY: as for a `Place` that was lent.
unsafe impl Send for LentFunction {}
// SAFETY: both owners are in the same machine.
unsafe impl Sync for LentFunction {}

/// Why a payload cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The value is no instance of that type.
    WrongType,
    /// What was lent has been taken back, or the instance has been closed.
    Gone,
    /// Another call uses it at the same time, and one of the two changes it.
    InUse,
    /// It was lent to be looked at.
    ReadOnly,
}

impl Vm {
    // ---- Functions --------------------------------------------------------------------------------------------------------

    /// A closure as a function value, on probation in the statement in execution. It is dropped when the value is freed.
    pub(crate) fn host_function(&mut self, function: Function) -> Value {
        let name: Box<str> = function.name.into();
        // SAFETY: the text is freed with the description, which nobody reads once its function is freed.
        let shown: &'static str = unsafe { &*std::ptr::from_ref::<str>(&name) };
        let make = if function.calls_back { NativeInfo::calling_back } else { NativeInfo::new };
        let info = make(shown, function.length, call_host);
        let description: Box<dyn Any + Send> = Box::new(HostFunction { info, _name: name, call: function.call });
        let info = std::ptr::from_ref(&*description).cast::<()>();
        self.heap.owned_native(info, description)
    }

    /// Defines a global function or other value of the host's for all programs that are compiled from now on. What had the name before is replaced.
    pub(crate) fn define_builtin(&mut self, name: &str, make: impl FnOnce(&mut Vm) -> Value) {
        let value = self.at_level_0(make);
        match self.builtins.iter().position(|(known, _)| known == name) {
            Some(place) => {
                self.heap.incref(value);
                let old = std::mem::replace(&mut self.builtins[place].1, value);
                self.heap.decref(old);
            }
            None => self.install_value(name, value),
        }
    }

    /// Makes what belongs to no program: it is as old as the library, and shown as `@name`.
    fn at_level_0<T>(&mut self, make: impl FnOnce(&mut Vm) -> T) -> T {
        let level = self.heap.enter_level_0();
        let made = make(self);
        self.heap.leave_level_0(level);
        made
    }

    /// A function of the host that belongs to no program; `shown` is what traces call it.
    pub(crate) fn builtin_function(&mut self, function: Function, shown: &str) -> Value {
        let function = self.host_function(function);
        self.as_builtin(function, shown)
    }

    // ---- Classes ----------------------------------------------------------------------------------------------------------

    /// Makes a class whose instances hold values of the host.
    pub(crate) fn host_class(&mut self, parts: ClassParts) -> Value {
        let ClassParts { name, constructor, methods, statics, constants, getters, setters, next } = parts;
        let (length, construct, constructor) = match constructor {
            Some((length, call)) => {
                (length, Construct::Makes(NativeInfo::calling_back(name, length, construct_host)), Some(call))
            }
            None => (0, Construct::Refused("the host makes its instances"), None),
        };
        let native = NativeClass { name, length, call: None, construct };
        let mut keyed = |name: &str| self.heap.constant(name);
        let getters = getters.into_iter().map(|(name, getter)| (keyed(name), getter)).collect();
        let setters = setters.into_iter().map(|(name, setter)| (keyed(name), setter)).collect();
        let description = Box::new(HostClass { native, constructor, getters, setters, next });
        let class = self.heap.constant(name).value();
        let class = self.heap.class(class, Value::UNDEFINED);
        self.heap.class_data(class).native = std::ptr::from_ref(&*description).cast();
        self.host_classes.push(description);
        self.heap.name_builtin(class, name);
        for (functions, is_static) in [(methods, false), (statics, true)] {
            for function in functions {
                let key = self.heap.key(&function.name);
                let shown = format!("{name}.{}", function.name);
                let value = self.builtin_function(function, &shown);
                self.add_method(class, key, value, is_static);
            }
        }
        for (constant, value) in constants {
            let key = self.heap.key(constant);
            self.add_method(class, key, Value::number(value), true);
        }
        self.heap.seal_builtin(class);
        class
    }

    fn host_class_of(&self, class: Value) -> *const HostClass {
        self.heap.class_data(class).native.cast()
    }

    /// The field of an instance of the host's, if its class has one of that name.
    pub(super) fn host_field(&mut self, object: Value, class: Value, key: Key) -> Option<Result<Value, Throw>> {
        // SAFETY: the class of an instance of the host's was made by `host_class`; descriptions stay until the machine is dropped, and do not change.
        let class = unsafe { &*self.host_class_of(class) };
        class.getters.get(&key).map(|getter| self.guarded(|vm| getter(vm, object)))
    }

    /// Writes to an instance of the host's.
    #[cold]
    pub(super) fn set_host_field(&mut self, object: Value, class: Value, key: Key, value: Value) -> Result<(), Throw> {
        // SAFETY: as in `host_field`.
        let class = unsafe { &*self.host_class_of(class) };
        if let Some(setter) = class.setters.get(&key) {
            return self.guarded(|vm| setter(vm, object, value));
        }
        let (type_name, name) = (class.native.name, key.text().to_string());
        Err(if class.getters.contains_key(&key) {
            self.type_error(format!("Cannot assign to read-only property `{name}` of a {type_name}"))
        } else {
            self.type_error(format!(
                "Cannot add property `{name}`: a {type_name} has the properties that the host gives it"
            ))
        })
    }

    /// Whether the instances of a class of the host can be iterated over.
    pub(super) fn has_host_next(&self, object: Value) -> bool {
        // SAFETY: as in `host_field`.
        self.heap.class_of(object).is_some_and(|class| unsafe { (*self.host_class_of(class)).next.is_some() })
    }

    /// What an instance yields next.
    pub(super) fn host_next(&mut self, object: Value) -> Result<Option<Value>, Throw> {
        let Some(class) = self.heap.class_of(object) else { return Ok(None) };
        // SAFETY: as in `host_field`.
        let class = unsafe { &*self.host_class_of(class) };
        class.next.as_ref().map_or(Ok(None), |next| self.guarded(|vm| next(vm, object)))
    }

    /// The names of the fields of instances of a class of the host.
    pub(super) fn host_fields(&self, class: Value) -> Vec<Key> {
        // SAFETY: as in `host_field`.
        let class = unsafe { &*self.host_class_of(class) };
        class.getters.keys().copied().collect()
    }

    // ---- Payloads ---------------------------------------------------------------------------------------------------------

    /// An instance of a class of the host that owns a value.
    pub(crate) fn host_instance<T: Send + 'static>(&mut self, class: Value, name: &'static str, value: T) -> Value {
        // To drop the value is its destructor's work, so a trace shows it.
        let light: Option<crate::heap::host::LightFinalizer> =
            std::mem::needs_drop::<T>().then(|| Box::new(drop) as crate::heap::host::LightFinalizer);
        self.heap.host_instance(class, name, Box::new(RefCell::new(Place::Owned(value))), light)
    }

    /// An instance that stands for a value which the host lends. Whoever lends it calls [`Vm::revoke`] before the borrow ends, and keeps the instance alive so long.
    pub(crate) fn lend_value<T: 'static>(&mut self, class: Value, name: &'static str, loan: Loan<'_, T>) -> Value {
        let place = match loan {
            Loan::Mutable(value) => Place::Lent(NonNull::from(value)),
            Loan::Shared(value) => Place::Shown(NonNull::from(value)),
        };
        self.heap.host_instance(class, name, Box::new(RefCell::new(place)), None)
    }

    /// The borrow of what was lent ends: from now on the instance is closed.
    pub(crate) fn revoke<T: 'static>(&mut self, object: Value) {
        if let Ok(place) = self.place_of::<T>(object) {
            // Every call that used it has returned, or was unwound.
            match place.try_borrow_mut() {
                Ok(mut place) => *place = Place::Gone,
                Err(_) => std::process::abort(),
            }
        }
    }

    /// The same for a closure: its calls are errors once [`Vm::revoke_function`] has been called.
    pub(crate) fn lend_function(
        &mut self,
        name: &str,
        (length, calls_back): (u8, bool),
        call: Box<LentCall<'_>>,
    ) -> Value {
        // SAFETY: only the lifetime changes. It is called as long as it has not been taken back, which whoever lends it does before what it borrows ends.
        let call: Box<LentCall<'static>> = unsafe { std::mem::transmute(call) };
        let lent = Arc::new(LentFunction(RefCell::new(Some(call))));
        let of_call = Arc::clone(&lent);
        let name = name.to_string();
        let called = name.clone();
        let call = move |vm: &mut Vm, args: Args| {
            let lent = &*of_call;
            match &*lent.0.borrow() {
                Some(call) => call(vm, args),
                None => Err(vm.type_error(format!("`{called}` was a function for a time that is over"))),
            }
        };
        let function = self.host_function(Function { name, length, calls_back, call: Box::new(call) });
        self.lent_functions.push((function, lent));
        function
    }

    /// The borrow of what a closure uses ends.
    pub(crate) fn revoke_function(&mut self, function: Value) {
        let Some(place) = self.lent_functions.iter().rposition(|(lent, _)| *lent == function) else { return };
        let (_, lent) = self.lent_functions.swap_remove(place);
        match lent.0.try_borrow_mut() {
            // What it owns is dropped with it. A panic there must not keep its neighbours from being taken back.
            Ok(mut call) => self.heap.run_destructor(|| *call = None),
            Err(_) => std::process::abort(),
        };
    }

    /// Takes back what was lent, or takes out what is owned. Errors: a call uses it, or it is gone already.
    pub(crate) fn take_payload<T: 'static>(&mut self, object: Value) -> Result<Option<T>, Unusable> {
        let place = self.place_of::<T>(object)?;
        let mut place = place.try_borrow_mut().map_err(|_| Unusable::InUse)?;
        match std::mem::replace(&mut *place, Place::Gone) {
            Place::Owned(value) => Ok(Some(value)),
            Place::Lent(_) | Place::Shown(_) => Ok(None),
            Place::Gone => Err(Unusable::Gone),
        }
    }

    /// The place of a payload. The reference does not borrow the machine: it is used while the object is held.
    fn place_of<'a, T: 'static>(&self, object: Value) -> Result<&'a RefCell<Place<T>>, Unusable> {
        if !object.is(Kind::Host) {
            return Err(Unusable::WrongType);
        }
        let pointer = self.heap.payload_pointer::<RefCell<Place<T>>>(object).ok_or(Unusable::WrongType)?;
        // SAFETY: the box stays where it is as long as the object lives: nothing takes payloads of this type out (`close_host` is for open files). Callers hold the object while they use the
        // reference: it is the receiver or an argument of a native in progress, or held by its frame.
        Ok(unsafe { &*pointer })
    }

    /// Uses the payload of an object that the caller holds. Meanwhile others may use it, too, but not change it.
    pub(crate) fn with_payload<T: 'static, R>(
        &mut self,
        object: Value,
        f: impl FnOnce(&mut Vm, &T) -> R,
    ) -> Result<R, Unusable> {
        let place = self.place_of::<T>(object)?.try_borrow().map_err(|_| Unusable::InUse)?;
        let value = Ref::filter_map(place, |place| match place {
            Place::Owned(value) => Some(value),
            // SAFETY: it has not been revoked.
            Place::Lent(pointer) | Place::Shown(pointer) => Some(unsafe { pointer.as_ref() }),
            Place::Gone => None,
        });
        let value = value.map_err(|_| Unusable::Gone)?;
        Ok(f(self, &value))
    }

    /// The same; nobody else may use it meanwhile.
    pub(crate) fn with_payload_mut<T: 'static, R>(
        &mut self,
        object: Value,
        f: impl FnOnce(&mut Vm, &mut T) -> R,
    ) -> Result<R, Unusable> {
        let place = self.place_of::<T>(object)?.try_borrow_mut().map_err(|_| Unusable::InUse)?;
        if matches!(*place, Place::Shown(_)) {
            return Err(Unusable::ReadOnly);
        }
        let value = RefMut::filter_map(place, |place| match place {
            Place::Owned(value) => Some(value),
            // SAFETY: it has not been revoked, and the exclusive borrow of the place is one of the value.
            Place::Lent(pointer) => Some(unsafe { pointer.as_mut() }),
            Place::Shown(_) | Place::Gone => None,
        });
        let mut value = value.map_err(|_| Unusable::Gone)?;
        Ok(f(self, &mut value))
    }

    // ---- Panics -----------------------------------------------------------------------------------------------------------

    /// Runs code of the host. A panic ends the program as a limit does: nothing catches it, every scope is popped in order.
    #[inline]
    pub(super) fn guarded<T, E: From<Throw>>(&mut self, f: impl FnOnce(&mut Vm) -> Result<T, E>) -> Result<T, E> {
        match catch_unwind(AssertUnwindSafe(|| f(self))) {
            Ok(result) => result,
            Err(panic) => Err(self.panicked(panic).into()),
        }
    }

    #[cold]
    fn panicked(&mut self, panic: Box<dyn Any + Send>) -> Throw {
        self.heap.panic.get_or_insert(panic);
        self.pending = Pending::Panic;
        Throw(())
    }

    /// Lets a panic of the host go on that was stopped at the machine's border. For whoever entered the machine, when it is in order again.
    pub(crate) fn resume_panic(&mut self) {
        if let Some(panic) = self.heap.panic.take() {
            resume_unwind(panic);
        }
    }
}

/// Calls the closure of the function in front of the window.
fn call_host(vm: &mut Vm, args: Args) -> Result<Value, Throw> {
    let callee = vm.stack_at(args.base - 1);
    debug_assert!(callee.is(Kind::Native));
    // SAFETY: only functions made by `host_function` have this as their `call`, and every call has its callee in front of its window. The description belongs to the callee,
    // which is held by its caller, or cannot die because the function calls nothing back.
    let function = unsafe { &*((*(callee.container() as *mut Native)).info as *const HostFunction) };
    vm.guarded(|vm| (function.call)(vm, args))
}

/// Calls the constructor of the class in front of the window.
fn construct_host(vm: &mut Vm, args: Args) -> Result<Value, Throw> {
    let class = vm.stack_at(args.base - 1);
    // SAFETY: only classes made by `host_class` have this as their constructor; see `host_field`.
    let description = unsafe { &*vm.host_class_of(class) };
    match &description.constructor {
        Some(call) => vm.guarded(|vm| call(vm, args)),
        None => Ok(Value::UNDEFINED),
    }
}
