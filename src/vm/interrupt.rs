//! Stopping a program from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that stops a program: raised by another thread or a signal handler, looked at by the machine every few thousand calls, backward jumps and
/// steps of natives. A script cannot catch it and its `finally` blocks do not run, but its scopes are popped in order and its finalizers called.
///
/// Raised while a finalizer runs, it ends that finalizer first, and then what the finalizer interrupted. If that is nothing (the last statement of an input has ended, or the
/// program has), it stays raised: whoever runs the next program clears it, unless that is not to run either.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks the program that runs to stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Takes it back.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether it was raised and nobody has stopped for it yet.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, for what sets a flag: a signal's handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
