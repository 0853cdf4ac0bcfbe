//! A session: inputs one after the other in one scope, as at a prompt.

use std::borrow::Cow;

use super::modules::{Modules, Surroundings};
use super::{Engine, Error, Outcome, error};
use crate::compile;
use crate::compile::link::Link;
use crate::compile::proto::{Global, Program};
use crate::heap::value::Value;
use crate::stdlib::inspect;
use crate::syntax::Diagnostic;
use crate::syntax::ast::{self, DeclKind, Name};
use crate::vm::Methods;
use crate::vm::code::Source;
use crate::vm::error::Failure;
use crate::vm::look::Member;
use crate::vm::session::{LAST_ERROR, LAST_VALUE, OWN_NAMES};

/// What is known of a session.
pub(super) struct Session {
    /// What its inputs declared, by slot.
    names: Vec<Global>,
    /// Whether `_` and `_err` are set: until the script declares the name itself.
    sets: [bool; 2],
    /// The last program has begun.
    over: bool,
    /// What its inputs imported, by name.
    imports: Vec<(Name, Link)>,
    modules: Modules,
}

/// A variable of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'e> {
    pub name: &'e str,
    pub is_const: bool,
    slot: u32,
}

/// A step from a value to one in it: `.name` or `["name"]`.
pub type Step<'t> = Cow<'t, str>;

/// A value by its literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    String,
    Number,
    Boolean,
    Array,
    Function,
}

/// What becomes of the value of an input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is the last value.
    Input,
    /// It is looked at and forgotten.
    Look,
    /// The same; the host takes what was thrown.
    Eval,
}

impl Engine {
    /// Runs an input of a session, which begins with the first one. What it declares stays for later ones, which may declare it again; what it does not get to declare
    /// stays free. Its value and the temporaries of its last statement live until [`Engine::settle`], or the next input. A thrown error becomes `_err`.
    ///
    /// # Errors
    /// It does not compile, or it ended early: the session goes on.
    pub fn feed(&mut self, name: &str, source: &str) -> Result<Outcome, Error> {
        self.feed_for(name, source, Use::Input)
    }

    /// Runs an input only to look at its value: `_` and `_err` stay as they are.
    ///
    /// # Errors
    /// As [`Engine::feed`].
    pub fn look(&mut self, name: &str, source: &str) -> Result<Outcome, Error> {
        self.feed_for(name, source, Use::Look)
    }

    fn feed_for(&mut self, name: &str, source: &str, what: Use) -> Result<Outcome, Error> {
        self.open_session();
        let takes_error = what == Use::Eval || what == Use::Input && self.sets(LAST_ERROR);
        let program = self.prepare(name, source, true, takes_error)?;
        let result = self.vm.run_input(&program, Source::new(name, source), takes_error);
        let is_expression = program.has_value;
        self.take_names(program);
        let value = result.map_err(Error::Failure)?;
        Ok(Outcome { is_undefined: value.is_undefined(), is_expression })
    }

    /// Runs an input for the host. What was thrown stays where [`Engine::thrown`] takes it.
    ///
    /// # Errors
    /// As [`Engine::feed`].
    pub(super) fn evaluate(&mut self, name: &str, source: &str) -> Result<(), Error> {
        self.feed_for(name, source, Use::Eval).map(|_| ())
    }

    /// Runs a tree as an input that declares nothing.
    pub(super) fn run_tree(&mut self, name: &str, source: &str, tree: &ast::Program) -> Result<(), Error> {
        let program = self.compile_tree(tree, source, self.around(true)).map_err(Error::from)?;
        let result = self.vm.run_input(&program, Source::new(name, source), true);
        self.take_names(program);
        result.map(|_| ()).map_err(Error::Failure)
    }

    /// The exception that has ended the last evaluation, as an error that holds its value.
    pub(super) fn thrown(&mut self, error: Error) -> Error {
        match error {
            Error::Failure(failure @ Failure::Uncaught { .. }) => {
                let value = self.vm.global(LAST_ERROR).unwrap_or(Value::UNDEFINED);
                let error = error::thrown(&mut self.vm, value, failure);
                self.vm.put_global(LAST_ERROR, Value::UNDEFINED);
                self.vm.sweep_between();
                error
            }
            other => other,
        }
    }

    /// The slot of a variable of the session.
    pub(super) fn slot_of(&self, name: &str) -> Option<u32> {
        self.names().iter().rposition(|global| &*global.name == name).map(|slot| slot as u32)
    }

    /// The variable that the host has just put behind all others.
    pub(super) fn add_name(&mut self, name: &str) {
        if let Some(session) = &mut self.session {
            session.imports.retain(|(other, _)| &**other != name);
            session.names.push(Global { name: name.into(), kind: DeclKind::Const, declared: true });
        }
    }

    /// Runs a last program after the inputs: its own names are its own, as if it stood in a scope inside of theirs. Another input after it begins a new session.
    ///
    /// # Errors
    /// As [`Engine::feed`].
    pub fn feed_last(&mut self, name: &str, source: &str) -> Result<Outcome, Error> {
        self.open_session();
        let program = self.prepare(name, source, false, false)?;
        // Its variables take slots that no later input may have.
        if let Some(session) = &mut self.session {
            session.over = true;
        }
        let value = self.vm.run_input(&program, Source::new(name, source), false).map_err(Error::Failure)?;
        Ok(Outcome { is_undefined: value.is_undefined(), is_expression: program.has_value })
    }

    /// Ends the last statement of the input that ran last: its temporaries die, its value becomes `_` unless it is undefined. Finalizers that are due run.
    pub fn settle(&mut self) {
        let takes_value = self.sets(LAST_VALUE);
        self.vm.settle(takes_value);
    }

    /// The same, but the value is not kept.
    pub fn forget(&mut self) {
        self.vm.settle(false);
    }

    /// The value of the input that ran last, for people, as `console.log` shows it. Runs no code of the script.
    ///
    /// # Errors
    /// It was interrupted, or a limit was reached.
    pub fn show(&mut self, options: inspect::Options) -> Result<String, Failure> {
        let value = self.vm.open_value();
        self.inspected(value, options)
    }

    /// What a variable holds, shown in the same way. `None`: there is none of that name.
    ///
    /// # Errors
    /// As [`Engine::show`].
    pub fn show_variable(&mut self, name: &str, options: inspect::Options) -> Option<Result<String, Failure>> {
        let value = self.value_of(name)?;
        Some(self.inspected(value, options))
    }

    fn inspected(&mut self, value: Value, options: inspect::Options) -> Result<String, Failure> {
        self.vm.renew_budget();
        inspect::inspect(&mut self.vm, value, options).map_err(|_| self.vm.take_failure())
    }

    /// Compiles a text as the next input, without running it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile_input(&self, source: &str) -> Result<Program, Vec<Diagnostic>> {
        self.compile_with(source, true)
    }

    /// The bytecode of a text as the next input.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn disassemble_input(&self, source: &str) -> Result<String, Vec<Diagnostic>> {
        let program = self.compile_input(source)?;
        let names: Vec<&str> = self.names().iter().map(|global| &*global.name).collect();
        Ok(compile::disassemble(&program, source, &self.vm.builtin_names(), &names))
    }

    fn compile_with(&self, source: &str, all_globals: bool) -> Result<Program, Vec<Diagnostic>> {
        let tree = self.parse_in(source, self.around(all_globals))?;
        self.compile_tree(&tree, source, self.around(all_globals))
    }

    /// What an input finds that came before it.
    fn around(&self, all_globals: bool) -> Surroundings<'_> {
        let imports = self.session.as_ref().map_or(&[][..], |session| &session.imports);
        Surroundings { globals: self.names(), imports, all_globals }
    }

    /// Compiles an input, and runs the modules that it imports for the first time.
    fn prepare(&mut self, name: &str, source: &str, all_globals: bool, takes_error: bool) -> Result<Program, Error> {
        let tree = self.parse_in(source, self.around(all_globals)).map_err(Error::from)?;
        if tree.module.requests.is_empty() {
            return self.compile_tree(&tree, source, self.around(all_globals)).map_err(Error::from);
        }
        let Some(mut session) = self.session.take() else { return Err(Error::from(Vec::new())) };
        let Session { names, imports, modules, sets, .. } = &mut session;
        let around = Surroundings { globals: &[], imports, all_globals };
        let prepared = self.prepare_input(modules, names, (name, source, tree), around, takes_error);
        let prepared = prepared.map(|prepared| {
            for (name, link) in prepared.imports {
                // It takes the place of a variable of the same name, which what was compiled before still means.
                for (slot, global) in names.iter_mut().enumerate().filter(|(_, global)| global.name == name) {
                    global.name = "".into();
                    if let Some(sets) = sets.get_mut(slot) {
                        *sets = false;
                    }
                }
                imports.retain(|(other, _)| *other != name);
                imports.push((name, link));
            }
            prepared.program
        });
        self.session = Some(session);
        prepared
    }

    fn names(&self) -> &[Global] {
        self.session.as_ref().map_or(&[], |session| &session.names)
    }

    fn open_session(&mut self) {
        self.open_session_with(true);
    }

    /// The session of an embedder: `_` and `_err` are names like any other.
    pub(crate) fn open_realm(&mut self) {
        self.open_session_with(false);
    }

    fn open_session_with(&mut self, at_prompt: bool) {
        if self.session.as_ref().is_some_and(|session| !session.over) {
            return;
        }
        self.finish();
        self.begin();
        self.vm.begin_session();
        let own = |name: &str| Global {
            name: if at_prompt { name.into() } else { "".into() },
            kind: DeclKind::Let,
            declared: at_prompt,
        };
        self.session = Some(Session {
            names: OWN_NAMES.map(own).to_vec(),
            sets: [at_prompt; 2],
            over: false,
            imports: Vec::new(),
            modules: Modules::default(),
        });
    }

    pub(super) fn end_session(&mut self) {
        if self.session.take().is_some() {
            self.vm.end_session();
        }
    }

    fn sets(&self, slot: u32) -> bool {
        self.session.as_ref().is_some_and(|session| session.sets[slot as usize])
    }

    fn take_names(&mut self, program: Program) {
        let Some(session) = &mut self.session else { return };
        for (slot, kind) in program.redeclared {
            session.names[slot as usize].kind = kind;
            if let Some(sets) = session.sets.get_mut(slot as usize) {
                *sets = false;
            }
        }
        let first = program.first_global as usize;
        debug_assert_eq!(session.names.len(), first);
        for (name, kind) in program.globals {
            // What is declared takes the place of what was imported.
            session.imports.retain(|(other, _)| *other != name);
            session.names.push(Global { name, kind, declared: false });
        }
        for (slot, global) in session.names.iter_mut().enumerate() {
            global.declared = !global.name.is_empty() && self.vm.global(slot as u32).is_some();
        }
    }

    // ---- Looking ----------------------------------------------------------------------------------------------------

    /// The variables of the session, in order of their declaration, `_` and `_err` first.
    pub fn variables(&self) -> impl Iterator<Item = Variable<'_>> {
        self.names().iter().enumerate().filter(|(_, global)| global.declared).map(|(slot, global)| Variable {
            name: &global.name,
            is_const: global.kind == DeclKind::Const,
            slot: slot as u32,
        })
    }

    /// Names of the built-in values.
    pub fn builtin_names(&self) -> Vec<&str> {
        self.vm.builtin_names()
    }

    fn value_of(&self, name: &str) -> Option<Value> {
        let slot = self.variables().find(|variable| variable.name == name).map(|variable| variable.slot);
        slot.and_then(|slot| self.vm.global(slot))
    }

    /// Properties and methods of what a variable or built-in leads to, found without running or changing anything.
    pub fn members(&self, name: &str, path: &[Step]) -> Vec<Member> {
        let root = self.value_of(name).or_else(|| self.vm.builtin(name));
        let value = path.iter().try_fold(root, |value, step| value.map(|value| self.vm.member(value, step)));
        value.flatten().map_or(Vec::new(), |value| self.vm.members(value))
    }

    /// Properties and methods of a literal's value.
    pub fn members_of(&self, literal: Literal) -> Vec<Member> {
        self.vm.members_of(match literal {
            Literal::String => Methods::String,
            Literal::Number => Methods::Number,
            Literal::Boolean => Methods::Boolean,
            Literal::Array => Methods::Array,
            Literal::Function => Methods::Function,
        })
    }

    /// What a value is: `an array`, `an instance of Cart`.
    pub fn describe_value(&self) -> String {
        self.vm.describe(self.vm.open_value())
    }

    /// Who refers to the value of the input that ran last, as the script would write it; the session's own hold is left out. O(live).
    pub fn holders(&mut self) -> Vec<String> {
        self.vm.holders(self.vm.open_value())
    }

    /// The shortest path from a variable to the value of the input that ran last. `None`: no variable leads to it.
    pub fn why(&mut self) -> Option<String> {
        self.vm.why_lasting(self.vm.open_value())
    }
}
