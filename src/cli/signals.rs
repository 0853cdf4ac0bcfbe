//! Ctrl-C.

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::status;
use crate::vm::interrupt::Interrupt;

/// From now on Ctrl-C raises the interrupt. If it `kills`, one that comes while the one before is not heeded yet ends the process at once.
pub fn watch(interrupt: &Interrupt, kills: bool) {
    // Without a handler Ctrl-C does what it does by default.
    if kills {
        let _ = flag::register_conditional_shutdown(SIGINT, status::INTERRUPTED, interrupt.flag());
    }
    let _ = flag::register(SIGINT, interrupt.flag());
}
