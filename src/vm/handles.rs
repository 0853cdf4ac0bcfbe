//! The host's handles, as far as they concern the machine: when what they held dies, and when those that are forgotten are closed.

use super::Vm;
use super::finalize::FURTHER_ROUNDS;

impl Vm {
    /// The end of a statement of the host that has not entered the machine: while no program runs nobody else sweeps. To be called when the host has done something between programs (opened or closed
    /// handles, made values, called a function), and has handles to whatever it wants to keep: everything else on probation dies, finalizers that are due run,
    /// and so does the collector. Nothing happens while a script's statement is in execution, or open at a prompt: the end of that one does all this.
    pub fn end_host_statement(&mut self) {
        let runs = !self.frames.is_empty() || !self.natives.is_empty() || self.finalization.is_running();
        if runs || self.statement_is_open() {
            return;
        }
        let started = self.start_clock();
        self.end_statement(0, started);
    }

    /// At the end of a program, when the finalizers of level 1 have run and its variables are still set: closes the handles that are open.
    ///
    /// Not before those finalizers, for what a handle holds would fall to zero by itself, and have its turn before newer values and before what refers to it; and
    /// finalizers of the host may use handles. Not after the variables, so that a destructor finds everything in order.
    pub(super) fn close_handles(&mut self) {
        for _ in 0..FURTHER_ROUNDS {
            if !self.heap.has_open_handles() {
                return;
            }
            self.heap.close_all_handles();
            // A destructor may have registered a finalizer, and that may open a handle.
            self.finalize_everything();
        }
        self.heap.close_all_handles();
        let left = self.heap.forsake_scope(0);
        self.report_forsaken(&left);
    }
}
