//! Making errors, and what is left of one that nobody caught.

use std::sync::Arc;

use super::code::{Code, Source};
use super::limits::Limit;
use super::native::Throw;
use super::{ErrorClass, Pending, Vm};
use crate::heap::Heap;
use crate::heap::alloc::OutOfMemory;
use crate::heap::cell::Kind;
use crate::heap::collect::Reason;
use crate::heap::object::SetError;
use crate::heap::shape::Listed;
use crate::heap::string::StringError;
use crate::heap::value::Value;
use crate::syntax::ast::Span;

/// How a program ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An exception that nobody caught.
    Uncaught {
        /// `TypeError: …`, or the inspected value if it is no error.
        message: String,
        /// The call stack where it was made, innermost first, as text lines; empty if it is no error. Behind it what caused it: the
        /// headline of each cause, and the stack of that.
        stack: Vec<String>,
        /// Where it was thrown; the first time, if it was caught meanwhile.
        place: Option<Place>,
        /// Where a `throw` of the script threw it again.
        rethrown: Option<Place>,
    },
    /// The script called `exit(status)`.
    Exit(i32),
    /// A limit; as in the other cases with the place where it was reached, and with the frames that ran, innermost first, as text lines.
    Limit { limit: Limit, stack: Vec<String>, place: Option<Place> },
    /// Somebody outside wanted it to stop ([`super::interrupt::Interrupt`]).
    Interrupted { stack: Vec<String> },
    /// The script did what nobody allowed it to.
    Denied {
        /// What it was, and what would allow it.
        message: String,
        stack: Vec<String>,
        place: Option<Place>,
    },
    /// The reader of the output is gone.
    Closed,
    /// A function of the host has panicked. What entered the machine lets the panic go on.
    Panicked,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub source: Arc<Source>,
    pub span: Span,
}

/// Units of work for a byte of a stack's text: positions are looked up, names copied.
const WEIGHT_OF_STACK: usize = 4;
impl Place {
    /// Whether a `throw` stands there. The end of a `finally` throws on, too, but that is nothing that a script says.
    fn is_throw(&self) -> bool {
        self.source.text.get(self.span.start as usize..).is_some_and(|text| text.starts_with("throw"))
    }
}

/// An error that was caught, and may be thrown again.
pub(super) struct Caught {
    /// No two containers have the same.
    id: u64,
    /// Where it was thrown the first time.
    place: Place,
    /// Where the script threw it again.
    rethrown: Option<Place>,
}

/// Caught errors that are remembered: who catches one throws it again soon, or never.
const REMEMBERED: usize = 8;

/// Causes of an uncaught error that are shown.
const SHOWN_CAUSES: usize = 8;

impl Vm {
    pub fn throw(&mut self, value: Value) -> Throw {
        self.heap.by_temporary();
        self.heap.incref(value);
        let old = std::mem::replace(&mut self.exception, value);
        self.heap.decref(old);
        self.pending = Pending::Exception;
        Throw(())
    }

    fn throw_error(&mut self, class: ErrorClass, message: &str) -> Throw {
        let error = self.error_value(class, message);
        self.throw(error)
    }

    pub fn type_error(&mut self, message: impl Into<String>) -> Throw {
        self.throw_error(ErrorClass::TypeError, &message.into())
    }

    pub fn range_error(&mut self, message: impl Into<String>) -> Throw {
        self.throw_error(ErrorClass::RangeError, &message.into())
    }

    pub fn reference_error(&mut self, message: impl Into<String>) -> Throw {
        self.throw_error(ErrorClass::ReferenceError, &message.into())
    }

    pub fn syntax_error(&mut self, message: impl Into<String>) -> Throw {
        self.throw_error(ErrorClass::SyntaxError, &message.into())
    }

    /// An instance of a built-in error class with that message, its stack filled in.
    pub fn error_value(&mut self, class: ErrorClass, message: &str) -> Value {
        let error = self.bare_error(class);
        let message = self.heap.string(message).unwrap_or(Value::UNDEFINED);
        self.fill_error(error, message);
        error
    }

    /// An instance of a built-in error class without properties of its own.
    pub fn bare_error(&mut self, class: ErrorClass) -> Value {
        let class = self.error_classes[class as usize];
        let shape = self.heap.class_data(class).instance_shape;
        self.heap.object_of(shape, 4)
    }

    /// An Error with an own unlisted `name`.
    pub fn named_error(&mut self, name: &str, message: &str) -> Value {
        let error = self.bare_error(ErrorClass::Error);
        let (key, name) = (self.keys.name, self.heap.short_string(name));
        // As in `fill_error`.
        let _ = self.heap.set_own_as(error, key, name, Listed::No);
        let message = self.heap.string(message).unwrap_or(Value::UNDEFINED);
        self.fill_error(error, message);
        error
    }

    /// Gives an error its own unlisted property `stack`: `Name: message` and the frames that called it.
    pub fn fill_stack(&mut self, error: Value) -> Result<(), Throw> {
        let message = self.heap.get_own(error, self.keys.message).unwrap_or(Value::UNDEFINED);
        let stack = self.stack_text(error, message);
        self.debit(stack.len() * WEIGHT_OF_STACK);
        let stack = self.text_in_room(|heap| heap.string(&stack))?;
        let key = self.keys.stack;
        self.heap.set_own_as(error, key, stack, Listed::No).map_err(|error| self.set_error(error, "`stack`"))
    }

    /// Gives an error its own properties: the stack, and the message if there is one. None of them is listed.
    fn fill_error(&mut self, error: Value, message: Value) {
        let stack = self.stack_text(error, message);
        self.debit(stack.len() * WEIGHT_OF_STACK);
        let stack = self.heap.string(&stack).unwrap_or(Value::UNDEFINED);
        let (stack_key, message_key) = (self.keys.stack, self.keys.message);
        // A new error is not frozen; at the memory limit it stays without what does not fit, and the limit ends the program at the next safepoint.
        let _ = self.heap.set_own_as(error, stack_key, stack, Listed::No);
        if message.is_string() {
            let _ = self.heap.set_own_as(error, message_key, message, Listed::No);
        }
    }

    /// A limit error (memory): cannot be caught by the script.
    pub fn out_of_memory(&mut self, _error: OutOfMemory) -> Throw {
        let refused = self.heap.arena.takes_refusal();
        self.limit_reached(if refused { Limit::System } else { Limit::Memory(self.options.heap.max_bytes) })
    }

    /// A limit error: cannot be caught by the script.
    pub(super) fn limit_reached(&mut self, limit: Limit) -> Throw {
        self.pending = Pending::Limit(limit);
        Throw(())
    }

    /// Somebody outside wants the program to stop: it cannot catch that.
    pub(super) fn interrupted(&mut self) -> Throw {
        self.pending = Pending::Interrupt;
        Throw(())
    }

    /// Does what needs memory. When the limit refuses it, a collection may make room, and it is tried once more: `f` changes nothing when it fails.
    /// Errors: the limit error.
    pub fn in_room<T>(&mut self, mut f: impl FnMut(&mut Heap) -> Result<T, OutOfMemory>) -> Result<T, Throw> {
        match f(&mut self.heap) {
            Ok(value) => Ok(value),
            Err(_) => {
                self.collect(Reason::Limit);
                f(&mut self.heap).map_err(|error| self.out_of_memory(error))
            }
        }
    }

    /// The same for what makes a string.
    pub fn text_in_room<T>(&mut self, mut f: impl FnMut(&mut Heap) -> Result<T, StringError>) -> Result<T, Throw> {
        let first = f(&mut self.heap);
        if !matches!(first, Err(StringError::Memory(_))) {
            return first.map_err(|error| self.string_error(error));
        }
        self.collect(Reason::Limit);
        f(&mut self.heap).map_err(|error| self.string_error(error))
    }

    /// A string too long is a RangeError, memory a limit error.
    pub fn string_error(&mut self, error: StringError) -> Throw {
        match error {
            StringError::TooLong => self.range_error("Invalid string length"),
            StringError::Memory(error) => self.out_of_memory(error),
        }
    }

    /// A write to a frozen container is a TypeError, memory a limit error. `what` is the property as the user wrote it.
    pub fn set_error(&mut self, error: SetError, what: &str) -> Throw {
        match error {
            SetError::Frozen => self.type_error(format!("Cannot assign to {what}: the object is frozen")),
            SetError::Memory(error) => self.out_of_memory(error),
        }
    }

    /// Ends the program with an exit status.
    pub fn exit(&mut self, status: i32) -> Throw {
        self.pending = Pending::Exit(status);
        Throw(())
    }

    /// Ends the program because it did what nobody allowed it to: it cannot catch that. The message says what, and what would allow it.
    pub fn denied(&mut self, message: String) -> Throw {
        self.pending = Pending::Denied;
        self.denied.push(message);
        Throw(())
    }

    /// The reader of the output is gone.
    pub fn closed(&mut self) -> Throw {
        self.pending = Pending::Closed;
        Throw(())
    }

    /// A handler takes what is thrown: where it was thrown first is remembered.
    pub(super) fn remember_caught(&mut self) {
        let Some(thrown_at) = self.thrown_at.take() else { return };
        let value = self.exception;
        if !value.is(Kind::Object) {
            return;
        }
        // SAFETY: the exception is counted.
        let id = unsafe { (*value.container()).id() };
        let place = place_of(thrown_at);
        if let Some(caught) = self.caught.iter_mut().find(|caught| caught.id == id) {
            if place.is_throw() {
                caught.rethrown = Some(place);
            }
            return;
        }
        if self.caught.len() == REMEMBERED {
            self.caught.pop_front();
        }
        self.caught.push_back(Caught { id, place, rethrown: None });
    }

    /// Where an error was thrown that now nobody catches, and where it was thrown again.
    fn places(&self, value: Value, thrown_at: Option<(*const Code, usize)>) -> (Option<Place>, Option<Place>) {
        let Some(last) = thrown_at.map(place_of) else { return (None, None) };
        if !value.is(Kind::Object) {
            return (Some(last), None);
        }
        // SAFETY: the exception is counted.
        let id = unsafe { (*value.container()).id() };
        match self.caught.iter().find(|caught| caught.id == id) {
            Some(Caught { place, rethrown, .. }) => {
                let last = Some(last).filter(|last| last != place && last.is_throw());
                (Some(place.clone()), last.or_else(|| rethrown.clone()))
            }
            None => (Some(last), None),
        }
    }

    /// What ended the program, for the host. Everything has been unwound.
    pub(crate) fn take_failure(&mut self) -> Failure {
        let ended = self.is_over().then(|| self.what_ended());
        self.thrown_in.clear();
        let place = self.thrown_at.take();
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        if let Some(failure) = ended {
            if pending == Pending::Denied {
                self.denied.pop();
            }
            return failure;
        }
        let value = std::mem::replace(&mut self.exception, Value::UNDEFINED);
        let failure = self.describe_uncaught(value, place);
        self.heap.by_temporary();
        self.heap.decref(value);
        failure
    }

    /// What has ended the program for good; it stays pending.
    pub(super) fn what_ended(&self) -> Failure {
        let (stack, place) = (self.thrown_in.clone(), self.thrown_at.map(place_of));
        match self.pending {
            Pending::Exit(status) => Failure::Exit(status),
            Pending::Limit(limit) => Failure::Limit { limit, stack, place },
            Pending::Interrupt => Failure::Interrupted { stack },
            Pending::Denied => {
                Failure::Denied { message: self.denied.last().cloned().unwrap_or_default(), stack, place }
            }
            Pending::Closed => Failure::Closed,
            // An exception ends nothing: nobody asks about one here.
            Pending::Panic | Pending::Nothing | Pending::Exception => Failure::Panicked,
        }
    }

    pub(super) fn describe_uncaught(&mut self, value: Value, place: Option<(*const Code, usize)>) -> Failure {
        let (place, rethrown) = self.places(value, place);
        if self.is_error(value) {
            let message = self.error_headline(value);
            let mut stack = self.stack_lines(value);
            self.push_causes(value, &mut stack);
            return Failure::Uncaught { message, stack, place, rethrown };
        }
        let message = match crate::stdlib::inspect_value(self, value) {
            Ok(text) => text,
            Err(_) => self.describe(value),
        };
        Failure::Uncaught { message, stack: Vec::new(), place, rethrown }
    }

    /// The frames in an error's `stack`.
    fn stack_lines(&self, error: Value) -> Vec<String> {
        let Some(stack) = self.heap.get_own(error, self.keys.stack).filter(|stack| stack.is_string()) else {
            return Vec::new();
        };
        let stack = self.heap.text(stack);
        let frames = stack.lines().map(str::trim).filter(|line| line.starts_with("at ") || line.starts_with('…'));
        frames.map(str::to_string).collect()
    }

    /// What caused an error, and what caused that, a few of them.
    fn push_causes(&mut self, error: Value, lines: &mut Vec<String>) {
        let key = self.heap.key("cause");
        let mut shown = vec![error];
        while let Some(cause) = self.heap.get_own(shown[shown.len() - 1], key).filter(|cause| !cause.is_undefined()) {
            if shown.contains(&cause) {
                return lines.push("[cause]: [Circular]".to_string());
            }
            if shown.len() > SHOWN_CAUSES {
                return lines.push("[cause]: …".to_string());
            }
            if !self.is_error(cause) {
                let text = crate::stdlib::inspect_value(self, cause).unwrap_or_else(|_| self.describe(cause));
                return lines.push(format!("[cause]: {text}"));
            }
            lines.push(format!("[cause]: {}", self.error_headline(cause)));
            lines.extend(self.stack_lines(cause).into_iter().map(|frame| format!("    {frame}")));
            shown.push(cause);
        }
    }

    /// Whether a value is an instance of Error or of a class that extends it.
    pub fn is_error(&self, value: Value) -> bool {
        let mut class = self.heap.class_of(value);
        while let Some(c) = class {
            if c == self.error_classes[ErrorClass::Error as usize] {
                return true;
            }
            let parent = self.heap.class_data(c).parent;
            class = (!parent.is_undefined()).then_some(parent);
        }
        false
    }

    /// `Name: message` of an error.
    pub fn error_headline(&mut self, error: Value) -> String {
        let (name_key, message_key) = (self.keys.name, self.keys.message);
        let own_text = |vm: &Vm, key| {
            vm.heap.get_own(error, key).filter(|value| value.is_string()).map(|value| vm.heap.text(value).to_string())
        };
        let name = own_text(self, name_key).unwrap_or_else(|| self.error_name(error));
        let message = own_text(self, message_key).unwrap_or_default();
        match (name.is_empty(), message.is_empty()) {
            (_, true) => name,
            (true, _) => message,
            _ => format!("{name}: {message}"),
        }
    }

    /// The `name` that an error inherits: that of the built-in class of the family it belongs to.
    fn error_name(&self, error: Value) -> String {
        let name = self.heap.class_of(error).and_then(|class| self.heap.find_method(class, self.keys.name));
        match name {
            Some(name) if name.is_string() => self.heap.text(name).to_string(),
            _ => "Error".to_string(),
        }
    }
}

/// The place of an instruction.
fn place_of((code, pc): (*const Code, usize)) -> Place {
    // SAFETY: code lives as long as the machine.
    let code = unsafe { &*code };
    Place { source: Arc::clone(&code.source), span: code.span(pc) }
}
