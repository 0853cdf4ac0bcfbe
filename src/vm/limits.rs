//! Limits of a program: how much work, time and output it may take, and what is left to its finalizers when one is reached.
//!
//! # Fuel
//! Work is counted in units that depend on the program alone: one for a call of a script function, for a backward jump, and for every 16 bytes or elements that a
//! built-in works on. [`Vm`] counts `ticks` down, from a *window* of at most 20,000; when it is used up, [`Vm::tick`] looks at the limits and opens the next. A
//! window never reaches beyond what is allowed, so a limit ends the program at exactly the unit that is one too many, and the loop pays nothing for it.
//!
//! # Time
//! A look at the clock at the end of each window, and wherever a built-in has waited. The deadline stands in [`super::interrupt::Interrupt`], so that waiting for input sees it too.
//!
//! # Reserves
//! The first limit that is reached ends the program: every scope is popped in order, and finalizers run. They share a reserve, a tenth of the limit. What uses that up
//! is ended too, and the finalizers behind it are not called, so that no finalizer can keep a program from ending.

use std::fmt;
use std::time::{Duration, Instant};

use super::native::Throw;
use super::unwind::TICKS;
use super::{Construction, Frame, Vm};
use crate::heap::value::Value;

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of memory.
    Memory(u64),
    /// The system refuses memory that the limit would allow.
    System,
    /// Units of work.
    Fuel(u64),
    Time(Duration),
    /// Bytes written by the script.
    Output(u64),
    /// Units of work of one finalizer.
    FinalizerFuel(u64),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Memory(bytes) => write!(f, "memory limit of {} reached", Bytes(*bytes)),
            Limit::System => f.write_str("memory limit reached: the system has no more"),
            Limit::Fuel(units) => write!(f, "fuel limit of {} reached", Grouped(*units)),
            Limit::Time(time) => write!(f, "time limit of {time:?} reached"),
            Limit::Output(bytes) => write!(f, "output limit of {} reached", Bytes(*bytes)),
            Limit::FinalizerFuel(_) => f.write_str("finalizer fuel used up"),
        }
    }
}

/// `64 MiB`, or `1,000 bytes`.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.0 > 0 && self.0.is_multiple_of(1 << shift) {
                return write!(f, "{} {unit}", Grouped(self.0 >> shift));
            }
        }
        write!(f, "{} bytes", Grouped(self.0))
    }
}

/// A number with commas between its thousands.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// Least reserves of finalizers.
const FUEL_RESERVE: u64 = 100_000;
const TIME_RESERVE: Duration = Duration::from_millis(100);
const OUTPUT_RESERVE: u64 = 4096;
/// What a report of a failed finalizer weighs beside its text.
const REPORT: usize = 32;

/// What the running program has used, and may use.
pub(super) struct Budget {
    /// Units that `Vm::ticks` began with.
    window: u32,
    /// Units of the windows that are over.
    spent: u64,
    /// Units from which on there is no fuel left.
    fuel_end: u64,
    /// The same for the finalizer that runs.
    finalizer_end: u64,
    /// Units at which the limits are looked at, whatever else opens windows before.
    next_look: u64,
    /// Time that is left while nothing runs.
    time_left: Option<Duration>,
    /// When it ends, while something runs.
    deadline: Option<Instant>,
    /// When it began to run.
    running_since: Option<Instant>,
    written: u64,
    output_end: u64,
    /// The limit that has ended the program.
    reached: Option<Limit>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            window: TICKS,
            spent: 0,
            fuel_end: u64::MAX,
            finalizer_end: u64::MAX,
            next_look: u64::from(TICKS),
            time_left: None,
            deadline: None,
            running_since: None,
            written: 0,
            output_end: u64::MAX,
            reached: None,
        }
    }
}

/// What a finalizer interrupts.
#[derive(Clone, Copy)]
pub(super) struct Interrupted {
    finalizer_end: u64,
    used: u64,
}

impl Vm {
    /// Units of work of the program that runs, or ran last, its finalizers included.
    pub fn fuel_used(&self) -> u64 {
        self.budget.spent + u64::from(self.budget.window.saturating_sub(self.ticks))
    }

    /// Bytes that it has written.
    pub fn output_written(&self) -> u64 {
        self.budget.written
    }

    /// What programs may take from the next one on.
    pub(crate) fn set_limits(&mut self, fuel: Option<u64>, timeout: Option<Duration>) {
        self.options.fuel = fuel;
        self.options.timeout = timeout;
    }

    /// What programs may take: fuel and time.
    pub(crate) fn limits(&self) -> (Option<u64>, Option<Duration>) {
        (self.options.fuel, self.options.timeout)
    }

    /// A program begins: it has all that the limits allow.
    pub(super) fn begin_budget(&mut self) {
        let options = &self.options;
        self.budget = Budget {
            // The unit after the last one is one too many.
            fuel_end: options.fuel.map_or(u64::MAX, |fuel| fuel.saturating_add(1)),
            time_left: options.timeout,
            output_end: options.max_output.unwrap_or(u64::MAX),
            ..Budget::default()
        };
        self.open_window();
    }

    /// As [`Vm::begin_budget`], unless what the last program left is enough to go on with.
    pub(crate) fn renew_budget(&mut self) {
        if self.budget.reached.is_some() {
            self.begin_budget();
        }
    }

    /// The clock runs from now on. Answers whether it stood.
    pub(super) fn start_clock(&mut self) -> bool {
        if self.budget.deadline.is_some() {
            return false;
        }
        let Some(left) = self.budget.time_left else { return false };
        self.set_deadline(left);
        true
    }

    fn set_deadline(&mut self, left: Duration) {
        let now = Instant::now();
        // One past what the clock can show is none.
        self.budget.deadline = now.checked_add(left);
        self.budget.time_left = Some(left);
        self.budget.running_since = Some(now);
        self.interrupt.set_deadline(self.budget.deadline);
    }

    /// The clock stands: nothing runs.
    pub(super) fn stop_clock(&mut self, started: bool) {
        if !started {
            return;
        }
        if let (Some(left), Some(since)) = (self.budget.time_left, self.budget.running_since) {
            self.budget.time_left = Some(left.saturating_sub(since.elapsed()));
        }
        (self.budget.deadline, self.budget.running_since) = (None, None);
        self.interrupt.set_deadline(None);
    }

    fn time_is_up(&self) -> bool {
        self.budget.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Brings the account of what grows in one piece up to date.
    pub(super) fn account_stacks(&mut self) {
        let bytes = self.stack.capacity() * size_of::<Value>()
            + self.frames.capacity() * size_of::<Frame>()
            + self.constructions.capacity() * size_of::<Construction>()
            + self.finalization.bytes();
        let held: usize =
            self.natives.iter().map(|native| native.held.capacity() * size_of::<Value>() + native.lent).sum();
        // Vectors are there twice while they grow.
        self.heap.arena.stacks = 2 * (self.heap.stack_bytes() + bytes as u64) + held as u64;
    }

    // ---- Windows --------------------------------------------------------------------------------------------------------

    fn close_window(&mut self) {
        self.budget.spent = self.fuel_used();
        (self.budget.window, self.ticks) = (0, 0);
    }

    /// The next window: up to the nearest end or the next look. Past it every unit is looked at.
    fn open_window(&mut self) {
        let end = self.budget.fuel_end.min(self.budget.finalizer_end).min(self.budget.next_look);
        let left = end.saturating_sub(self.budget.spent).clamp(1, u64::from(TICKS)) as u32;
        (self.budget.window, self.ticks) = (left, left);
    }

    /// The next unit is looked at.
    pub(super) fn look_soon(&mut self) {
        self.close_window();
        (self.budget.window, self.ticks) = (1, 1);
    }

    /// Work may go on for a whole window, unless a limit is nearer.
    pub(super) fn look_later(&mut self) {
        self.close_window();
        self.budget.next_look = self.budget.spent.saturating_add(u64::from(TICKS));
        self.open_window();
    }

    /// An end has been moved. The next look comes no later for that: finalizers may run often.
    fn end_moved(&mut self) {
        self.close_window();
        self.open_window();
    }

    /// Spends a unit, for a call that the loop does not count itself.
    #[inline]
    pub(super) fn spend_unit(&mut self) -> Result<(), Throw> {
        if self.ticks > 1 {
            self.ticks -= 1;
            return Ok(());
        }
        self.overspend(1)
    }

    /// Spends units beyond the window, and looks.
    #[cold]
    #[inline(never)]
    pub(super) fn overspend(&mut self, units: u64) -> Result<(), Throw> {
        self.budget.spent += units - u64::from(self.ticks);
        self.ticks = 0;
        self.tick()
    }

    /// Spends units beyond the window; the next unit is looked at.
    pub(super) fn overdraw(&mut self, units: u64) {
        self.budget.spent += units - u64::from(self.ticks);
        self.ticks = 0;
        self.look_soon();
    }

    // ---- Looking ----------------------------------------------------------------------------------------------------------

    /// The window is over: is a limit reached?
    pub(super) fn look_at_budget(&mut self) -> Result<(), Throw> {
        self.close_window();
        let reached = self.reached_limit();
        self.budget.next_look = self.budget.spent.saturating_add(u64::from(TICKS));
        self.open_window();
        reached.map_or(Ok(()), |limit| Err(self.limit_reached(limit)))
    }

    fn reached_limit(&mut self) -> Option<Limit> {
        let budget = &self.budget;
        if budget.spent >= budget.finalizer_end {
            return Some(Limit::FinalizerFuel(self.options.finalizer_fuel.unwrap_or(0)));
        }
        let now = if budget.spent >= budget.fuel_end {
            self.options.fuel.map(Limit::Fuel)
        } else if self.time_is_up() {
            self.options.timeout.map(Limit::Time)
        } else {
            None
        };
        match (now, budget.reached) {
            (Some(limit), None) => {
                self.open_reserves(limit);
                Some(limit)
            }
            // The reserve is used up, too.
            (Some(limit), Some(_)) => Some(limit),
            // It has ended a finalizer; what that one interrupted is next.
            (None, Some(first)) if !self.finalization.is_running() => Some(first),
            (None, _) => None,
        }
    }

    /// The program ends because of a limit. From now on its finalizers live on reserves.
    fn open_reserves(&mut self, limit: Limit) {
        self.budget.reached = Some(limit);
        if let (Limit::Fuel(_), Some(fuel)) = (limit, self.options.fuel) {
            self.budget.fuel_end = self.budget.spent.saturating_add(FUEL_RESERVE.max(fuel / 10));
        }
        if let (Limit::Time(_), Some(time)) = (limit, self.options.timeout) {
            self.set_deadline(TIME_RESERVE.max(time / 10));
        }
        if let (Limit::Output(_), Some(bytes)) = (limit, self.options.max_output) {
            self.budget.output_end = self.budget.written.saturating_add(OUTPUT_RESERVE.max(bytes / 10));
        }
    }

    /// Why no further finalizer is called: the reserve is used up.
    pub(super) fn used_up_reserve(&self) -> Option<Limit> {
        let reached = self.budget.reached?;
        let used_up = match reached {
            Limit::Fuel(_) => self.fuel_used() >= self.budget.fuel_end,
            Limit::Time(_) => self.time_is_up(),
            Limit::Output(_) => self.budget.written >= self.budget.output_end,
            _ => false,
        };
        used_up.then_some(reached)
    }

    /// Whether a limit has ended the program, or is about to.
    pub(super) fn is_over_budget(&self) -> bool {
        self.budget.reached.is_some()
    }

    // ---- Finalizers ---------------------------------------------------------------------------------------------------------

    /// A finalizer begins; it may have fuel of its own.
    pub(super) fn begin_finalizer_budget(&mut self) -> Interrupted {
        let before = Interrupted { finalizer_end: self.budget.finalizer_end, used: self.fuel_used() };
        if let Some(fuel) = self.options.finalizer_fuel {
            self.budget.finalizer_end = before.used.saturating_add(fuel).saturating_add(1);
            self.end_moved();
        }
        before
    }

    /// It has ended. What it used is not its caller's, if that is a finalizer, too.
    pub(super) fn end_finalizer_budget(&mut self, before: Interrupted) {
        if self.options.finalizer_fuel.is_some() {
            self.budget.finalizer_end = before.finalizer_end.saturating_add(self.fuel_used() - before.used);
            self.end_moved();
        }
    }

    // ---- Output ---------------------------------------------------------------------------------------------------------------

    /// How much of a text may still be written, in bytes, at the end of a character; it counts as written.
    pub(crate) fn take_output(&mut self, text: &str) -> usize {
        let room = self.budget.output_end.saturating_sub(self.budget.written);
        let taken = text.floor_char_boundary(usize::try_from(room).unwrap_or(usize::MAX).min(text.len()));
        self.budget.written += taken as u64;
        taken
    }

    /// The output limit: it ends the program, and scripts cannot catch that.
    #[cold]
    pub(crate) fn too_much_output(&mut self) -> Throw {
        let limit = Limit::Output(self.options.max_output.unwrap_or(u64::MAX));
        if self.budget.reached.is_none() {
            self.open_reserves(limit);
        }
        self.limit_reached(limit)
    }

    /// Whether a finalizer's report may be written: they count as output, so that there is no flood of them.
    pub(super) fn takes_report(&mut self, message: &str, stack: &[String]) -> bool {
        let length = REPORT + message.len() + stack.iter().map(|line| line.len() + 5).sum::<usize>();
        let fits = self.budget.written.saturating_add(length as u64) <= self.budget.output_end;
        self.budget.written = self.budget.written.saturating_add(length as u64).min(self.budget.output_end);
        fits
    }
}

#[cfg(test)]
impl Vm {
    /// Ends what is run after so much work; lets it go on if it has been ended.
    pub(crate) fn limit_fuel(&mut self, fuel: u64) {
        self.pending = super::Pending::Nothing;
        self.options.fuel = (fuel < u64::MAX).then_some(fuel);
        self.begin_budget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named_with_their_values() {
        for (limit, text) in [
            (Limit::Memory(64 << 20), "memory limit of 64 MiB reached"),
            (Limit::Memory(3 << 30), "memory limit of 3 GiB reached"),
            (Limit::Memory(1_000_000), "memory limit of 1,000,000 bytes reached"),
            (Limit::Memory(0), "memory limit of 0 bytes reached"),
            (Limit::Fuel(1_234_567), "fuel limit of 1,234,567 reached"),
            (Limit::Fuel(999), "fuel limit of 999 reached"),
            (Limit::Time(Duration::from_millis(500)), "time limit of 500ms reached"),
            (Limit::Time(Duration::from_secs(90)), "time limit of 90s reached"),
            (Limit::Output(1 << 10), "output limit of 1 KiB reached"),
        ] {
            assert_eq!(limit.to_string(), text);
        }
    }
}
