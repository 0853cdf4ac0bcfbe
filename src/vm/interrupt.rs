//! Stopping a program from outside.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// A flag that stops a program: raised by another thread or a signal handler, looked at by the machine every few thousand calls, backward jumps and
/// steps of natives. A script cannot catch it and its `finally` blocks do not run, but its scopes are popped in order and its finalizers called.
///
/// Raised while a finalizer runs, it ends that finalizer first, and then what the finalizer interrupted. If that is nothing (the last statement of an input has ended, or the
/// program has), it stays raised: whoever runs the next program clears it, unless that is not to run either.
///
/// The time limit of the program that runs stands here too, so that whoever waits on its behalf stops for both ([`Interrupt::is_due`]).
#[derive(Clone, Debug)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    /// Nanoseconds since [`ORIGIN`].
    deadline: Arc<AtomicU64>,
}

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
const NEVER: u64 = u64::MAX;

impl Default for Interrupt {
    fn default() -> Interrupt {
        Interrupt { raised: Arc::default(), deadline: Arc::new(AtomicU64::new(NEVER)) }
    }
}

impl Interrupt {
    /// Asks the program that runs to stop.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Takes it back.
    pub fn clear(&self) {
        self.raised.store(false, Ordering::Relaxed);
    }

    /// Whether it was raised and nobody has stopped for it yet.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Whether whoever waits for the program should stop: it was raised, or the program's time is up.
    pub fn is_due(&self) -> bool {
        let deadline = self.deadline.load(Ordering::Relaxed);
        self.is_raised() || deadline != NEVER && nanoseconds(Instant::now()) >= deadline
    }

    /// The flag itself, for what sets a flag: a signal's handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.raised)
    }

    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        self.deadline.store(deadline.map_or(NEVER, nanoseconds), Ordering::Relaxed);
    }
}

fn nanoseconds(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*ORIGIN).as_nanos()).map_or(NEVER, |at| at.min(NEVER - 1))
}
