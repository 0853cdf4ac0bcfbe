//! Ctrl-C, and the end of a process that gets no memory.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGABRT, SIGINT};
use signal_hook::flag;

use super::status;
use crate::vm::interrupt::Interrupt;

/// From now on the process ends with the memory limit's status when the system refuses a small block: whoever wants it cannot go on without, so the run time
/// says what happened and aborts. Blocks whose size a script chooses are asked for in a way that can be refused.
pub fn watch_for_aborts() {
    let _ = flag::register_conditional_shutdown(SIGABRT, status::MEMORY, Arc::new(AtomicBool::new(true)));
}

/// From now on Ctrl-C raises the interrupt. If it `kills`, one that comes while the one before is not heeded yet ends the process at once.
pub fn watch(interrupt: &Interrupt, kills: bool) {
    // Without a handler Ctrl-C does what it does by default.
    if kills {
        let _ = flag::register_conditional_shutdown(SIGINT, status::INTERRUPTED, interrupt.flag());
    }
    let _ = flag::register(SIGINT, interrupt.flag());
}
