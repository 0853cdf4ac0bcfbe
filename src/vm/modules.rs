//! Running a program of several modules. Which there are, and in which order, was decided when they were linked
//! (`compile/link.rs`); here their variables get their places, one module after the other is run, and namespace objects are made.
//!
//! # Invariants
//! - The top-level variables of all modules are globals, at level 1, which is open until the end of the program. A module's
//!   code runs to its end there, as the main program does; no two nest.
//! - A namespace object is made when its global is read first, which holds [`Value::HOLE`] before. By then all its members are
//!   initialised. From then on an assignment to a member's variable is shown in the object too.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::code::Source;
use super::error::Failure;
use super::native::Throw;
use super::session::LAST_ERROR;
use super::unwind::{SHOWN_FIRST, SHOWN_LAST};
use super::{Pending, Vm};
use crate::compile::link::Namespace;
use crate::compile::proto::{Program, Proto};
use crate::heap::event::Why;
use crate::heap::object::SetError;
use crate::heap::string::Key;
use crate::heap::value::Value;
use crate::syntax::ast::{Name, Span};

/// What is known of the modules of the program that runs.
#[derive(Default)]
pub(super) struct Modules {
    /// Members of each namespace object that there can be, by its slot.
    namespaces: FxHashMap<u32, Vec<(Name, u32)>>,
    /// Objects that show a global, and under which name: for those that have been made.
    shown: FxHashMap<u32, Vec<(u32, Key)>>,
    /// Level 1 was announced before the first module.
    announced: bool,
    /// The module that runs, and who named it.
    running: Option<Arc<Importer>>,
    is_importing: bool,
}

/// Where a module is named, and who named the module that does.
#[derive(Debug)]
pub struct Importer {
    pub source: Arc<Source>,
    pub span: Span,
    pub importer: Option<Arc<Importer>>,
}

impl Drop for Importer {
    /// Without recursion: a chain of modules may be long.
    fn drop(&mut self) {
        let mut next = self.importer.take();
        while let Some(mut importer) = next.and_then(Arc::into_inner) {
            next = importer.importer.take();
        }
    }
}

impl Modules {
    /// An imported module runs, not the program itself.
    pub(super) fn is_importing(&self) -> bool {
        self.is_importing
    }

    pub(super) fn is_announced(&self) -> bool {
        self.announced
    }

    /// Behind the frames of a stack trace: who imports the module that runs, who imports that, the middle of a long chain left out.
    pub(super) fn each_importer(&self, mut show: impl FnMut(&str)) {
        let chain: Vec<&Importer> =
            std::iter::successors(self.running.as_deref(), |importer| importer.importer.as_deref()).collect();
        let count = chain.len();
        for (nth, importer) in chain.into_iter().enumerate() {
            if count > SHOWN_FIRST + SHOWN_LAST + 1 && nth >= SHOWN_FIRST && nth < count - SHOWN_LAST {
                if nth == SHOWN_FIRST {
                    show(&format!("… {} more imports", count - SHOWN_FIRST - SHOWN_LAST));
                }
                continue;
            }
            let position = importer.source.position(importer.span.start);
            show(&format!("at import ({}:{}:{})", importer.source.name, position.line, position.column));
        }
    }
}

impl Vm {
    /// Makes room for the variables of modules that are about to run: `programs` in the order of evaluation, and `slots` globals in all, those
    /// of the program itself included.
    pub fn begin_modules<'p>(
        &mut self,
        programs: impl IntoIterator<Item = &'p Program>,
        namespaces: Vec<Namespace>,
        slots: u32,
    ) {
        self.settle(false);
        self.close_reserve();
        if self.heap.tracing && !self.is_resumed() && !self.modules.announced {
            self.heap.emit_push("main", "");
        }
        self.modules.announced = true;
        self.globals.resize(slots as usize, Value::HOLE);
        programs.into_iter().for_each(|program| self.name_globals(program));
        self.global_names.resize(slots as usize, String::new());
        for Namespace { slot, members } in namespaces {
            self.global_names[slot as usize] = "*".to_string();
            self.modules.namespaces.insert(slot, members);
        }
    }

    /// Gives the variable of a module of data its value, which is on probation, as is what it was made of.
    pub fn set_module_data(&mut self, slot: u32, value: Value) {
        self.global_names[slot as usize] = "default".to_string();
        self.store_global(slot, value);
        self.heap.sweep(0);
    }

    fn store_global(&mut self, slot: u32, value: Value) {
        if self.heap.tracing {
            self.by_global(slot as usize);
        }
        self.heap.upscope(value, 1, Why::Store);
        self.heap.incref(value);
        let old = std::mem::replace(&mut self.globals[slot as usize], value);
        self.heap.decref(old);
    }

    /// Runs the code of an imported module: all of it, or what makes its functions.
    ///
    /// # Errors
    /// It ended early. In a session, if by an exception, that is `_err` now, if `takes_error`.
    pub fn run_module(
        &mut self,
        code: &Arc<Proto>,
        source: &Arc<Source>,
        importer: Option<Arc<Importer>>,
        takes_error: bool,
    ) -> Result<(), Failure> {
        let main = self.link_code(code, source);
        (self.modules.running, self.modules.is_importing) = (importer, true);
        let count = self.globals.len();
        let result = self.run_main(main);
        let failed = match result {
            Ok(value) => {
                self.heap.by_temporary();
                self.heap.decref(value);
                None
            }
            Err(_) => {
                if self.session.is_some() && self.pending == Pending::Exception && takes_error {
                    self.set_global(LAST_ERROR, self.exception);
                }
                let failure = self.take_failure();
                self.give_back_hidden(count);
                Some(failure)
            }
        };
        self.sweep_and_finalize(0);
        if self.heap.attention {
            self.at_safepoint(0);
        }
        (self.modules.running, self.modules.is_importing) = (None, false);
        failed.map_or(Ok(()), Err)
    }

    /// A global is read that is not initialised: a namespace object is made then; anything else is a ReferenceError. `lenient`: undefined for a
    /// namespace that is not ready.
    #[cold]
    #[inline(never)]
    pub(super) fn late_global(&mut self, slot: usize, lenient: bool) -> Result<Value, Throw> {
        let slot = slot as u32;
        if !self.modules.namespaces.contains_key(&slot) {
            return Err(self.not_initialised(false));
        }
        let made = match self.namespaces_behind(slot) {
            Ok(made) => made,
            Err(_) if lenient => return Ok(Value::UNDEFINED),
            Err(member) => {
                let message = match self.note() {
                    Some(note) => format!("Cannot access `{note}` before its export `{member}` is initialized"),
                    None => format!("Cannot access `{member}` before initialization"),
                };
                return Err(self.reference_error(message));
            }
        };
        let base = self.heap.base();
        // Two may refer to each other: all are there before the first is filled.
        for &slot in &made {
            let object = self.heap.object();
            self.store_global(slot, object);
        }
        for &slot in &made {
            if let Err(throw) = self.fill_namespace(slot) {
                for &slot in &made {
                    let object = std::mem::replace(&mut self.globals[slot as usize], Value::HOLE);
                    self.heap.by_temporary();
                    self.heap.decref(object);
                }
                return Err(throw);
            }
        }
        // They are counted: nothing of this is left to the statement in execution.
        self.heap.sweep(base);
        Ok(self.globals[slot as usize])
    }

    /// The namespace objects that have to be made for one: itself, and those that are members. Errors: the first member that is not
    /// initialised.
    fn namespaces_behind(&self, slot: u32) -> Result<Vec<u32>, Name> {
        let mut made = vec![slot];
        let mut next = 0;
        while let Some(slot) = made.get(next) {
            next += 1;
            for (name, member) in &self.modules.namespaces[slot] {
                if self.globals[*member as usize] != Value::HOLE || made.contains(member) {
                    continue;
                }
                if !self.modules.namespaces.contains_key(member) {
                    return Err(name.clone());
                }
                made.push(*member);
            }
        }
        Ok(made)
    }

    fn fill_namespace(&mut self, slot: u32) -> Result<(), Throw> {
        let object = self.globals[slot as usize];
        for (name, member) in self.modules.namespaces[&slot].clone() {
            let key = self.heap.key(&name);
            let value = self.globals[member as usize];
            self.heap.set_own(object, key, value).map_err(|error| match error {
                SetError::Memory(error) => self.out_of_memory(error),
                error => self.set_error(error, "a namespace"),
            })?;
            self.modules.shown.entry(member).or_default().push((slot, key));
        }
        self.heap.freeze(object);
        Ok(())
    }

    /// A variable that other modules can see has a new value: the namespace objects that have been made show it.
    #[cold]
    #[inline(never)]
    pub(super) fn show_in_namespaces(&mut self, slot: usize, value: Value) {
        let Some(shown) = self.modules.shown.get(&(slot as u32)) else { return };
        for (namespace, key) in shown {
            let object = self.globals[*namespace as usize];
            if object.is_container() {
                self.heap.set_own_even_frozen(object, *key, value);
            }
        }
    }

    /// Whether a value is the namespace object of a module.
    pub fn is_namespace(&self, value: Value) -> bool {
        self.modules.namespaces.keys().any(|slot| self.globals.get(*slot as usize) == Some(&value))
    }
}
