//! One door to the language, for the command line, tests and embedders: text in, value out.
//!
//! ```
//! use probate::embed::{Engine, Format};
//!
//! let mut engine = Engine::builder().args(["pen", "ink"]).build();
//! engine.run("list.pbt", "({ count: args.length, args })")?;
//! assert_eq!(engine.value_text(Format::Compact), r#"{"count":2,"args":["pen","ink"]}"#);
//! # Ok::<(), probate::embed::Error>(())
//! ```

mod builder;
mod context;
mod convert;
mod error;
mod function;
mod handle;
mod host;
mod local;
mod memory;
mod modules;
mod native_type;
mod print;
#[cfg(feature = "serde")]
mod serde;
mod session;

use std::time::Duration;

use crate::compile;
use crate::heap::value::Value;
use crate::syntax::{self, Diagnostic, ParseOptions, ast, codes};
use crate::vm::Vm;
use crate::vm::code::Source;
use modules::Surroundings;
use session::Session;

#[cfg(feature = "serde")]
pub use self::serde::{ConversionError, Serde};
pub use crate::compile::proto::Program;
pub use crate::events::{Preset, TextTracer};
pub use crate::heap::event::Tracer;
pub use crate::heap::handles::{HandleError, OpenHandle};
pub use crate::heap::links::LinkError;
pub use crate::heap::links::foreign::Foreign;
pub use crate::vm::Options;
pub use crate::vm::error::Failure;
pub use crate::vm::files::{Environment, Files};
pub use crate::vm::host::{Closed, FinalizerFailure, Host, ModuleName, NoModule, Reason, Stream};
pub use crate::vm::interrupt::Interrupt;
pub use crate::vm::limits::Limit;
pub use crate::vm::look::Member;
pub use crate::vm::why::Leak;
pub use builder::Builder;
pub use context::{AsContext, Context};
pub use convert::{FromValue, IntoArgs, IntoValue, Native};
pub use error::{Error, HostError, HostFailure, Position, SyntaxErrors, Thrown};
pub use function::{Arguments, HostFunction, IntoReturn};
pub use handle::Handle;
pub use host::Scope;
pub use local::{Kind, Local};
pub use memory::{Owned, Survivor};
pub use modules::{Refused, decode};
pub use native_type::{Constructor, Method, MethodMut, NativeType, TypeDefinition};
pub use print::Format;
pub use session::{Literal, Step, Variable};

/// A machine with the standard library. It runs one program at a time: each from a clean slate ([`Engine::run`]), or one after the other in one scope, as a prompt
/// does ([`Engine::feed`]).
pub struct Engine {
    pub(crate) vm: Vm,
    parse: ParseOptions,
    /// The program's value, counted.
    value: Value,
    /// A program has run and its scopes are not popped yet.
    ran: bool,
    /// Scope 1 is there.
    open: bool,
    session: Option<Session>,
}

/// A program's value. The engine holds it until its next program or [`Engine::finish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    is_undefined: bool,
    is_expression: bool,
}

impl Outcome {
    /// Whether the program had no value, or `undefined`.
    pub fn is_undefined(self) -> bool {
        self.is_undefined
    }

    /// Whether the program's last statement was an expression, so that it has a value at all.
    pub fn is_expression(self) -> bool {
        self.is_expression
    }
}

/// Sums of the heap: as in `gc.stats()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Live values by kind, in a fixed order; a kind appears whether there are any or not.
    pub live: Vec<(&'static str, u64)>,
    /// Model bytes of live values.
    pub bytes: u64,
    /// Open scopes.
    pub scopes: u64,
    /// Values on probation.
    pub probationary: u64,
    /// Containers freed so far.
    pub freed: u64,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// An engine with the limits that everybody has, and no world outside.
    pub fn new() -> Engine {
        Builder::default().build()
    }

    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Compiles a program without running it, and without looking for modules: one that imports some is an error. See [`Engine::check`].
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(&self, source: &str) -> Result<Program, Vec<Diagnostic>> {
        self.compile_tree(&self.parse(source)?, source, Surroundings::default())
    }

    fn parse(&self, source: &str) -> Result<ast::Program, Vec<Diagnostic>> {
        self.parse_in(source, Surroundings::default())
    }

    /// The tree of a text. If there is something wrong with it, the errors of its names are found as well.
    fn parse_in(&self, source: &str, around: Surroundings) -> Result<ast::Program, Vec<Diagnostic>> {
        match syntax::parse_all(source, &self.parse) {
            (Some(tree), errors) if errors.is_empty() => Ok(tree),
            (tree, errors) => {
                let builtins = self.vm.builtin_names();
                let options = around.options(&builtins);
                Err(compile::with_errors_of_names(tree.as_ref(), source, &options, errors))
            }
        }
    }

    /// Compiles a program that imports nothing.
    fn compile_tree(
        &self,
        tree: &ast::Program,
        source: &str,
        around: Surroundings,
    ) -> Result<Program, Vec<Diagnostic>> {
        if let Some(request) = tree.module.requests.first() {
            let message = format!("{} is not looked for here", request.specifier);
            return Err(vec![Diagnostic::new(codes::NO_MODULE, request.span, message)]);
        }
        let builtins = self.vm.builtin_names();
        compile::compile(tree, source, &around.options(&builtins))
    }

    /// Compiles and runs a whole program, as the command line does; `name` is its file's name in messages. What an earlier program left is gone, and so will be what
    /// this one declares: [`Engine::call`] does not find it, as it finds what [`Engine::eval`] has declared.
    ///
    /// # Errors
    /// It does not compile, or it ended early.
    ///
    /// # Panics
    /// A function of the host has: its panic goes on here, as in all that runs scripts.
    pub fn run(&mut self, name: &str, source: &str) -> Result<Outcome, Error> {
        let result = self.run_afresh(name, source);
        self.vm.resume_panic();
        result
    }

    fn run_afresh(&mut self, name: &str, source: &str) -> Result<Outcome, Error> {
        let tree = self.parse(source).map_err(Error::from)?;
        if !tree.module.requests.is_empty() {
            return self.run_modules(name, source, tree);
        }
        let program = self.compile_tree(&tree, source, Surroundings::default()).map_err(Error::from)?;
        drop(tree);
        self.finish();
        self.begin();
        let value = self.vm.run_program(&program, Source::new(name, source)).map_err(Error::Failure)?;
        self.value = value;
        Ok(Outcome { is_undefined: value.is_undefined(), is_expression: program.has_value })
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.open, true) {
            self.vm.heap.push_scope();
        }
        self.ran = true;
    }

    /// The value of the program that ran last.
    pub fn value_text(&mut self, format: Format) -> String {
        let value = if self.session.is_some() { self.vm.open_value() } else { self.value };
        print::text(&mut self.vm, value, format)
    }

    /// What stops the program that runs, from another thread or a signal handler.
    pub fn interrupt(&self) -> Interrupt {
        self.vm.interrupt.clone()
    }

    /// Every built-in by the name under which docs/library.md describes it: `parseInt`, `Math`, `Math.PI`, `Array.from`, and `array.map`
    /// for a method or property of values. O(n).
    pub fn builtins(&self) -> Vec<String> {
        compile::value_names().map(String::from).chain(self.vm.library_names()).collect()
    }

    /// Changes [`Builder::fuel`] for the programs and calls to come: one script may take more than another.
    pub fn set_fuel(&mut self, units: Option<u64>) {
        let (_, timeout) = self.vm.limits();
        self.vm.set_limits(units, timeout);
    }

    /// Changes [`Builder::timeout`] likewise.
    pub fn set_timeout(&mut self, time: Option<Duration>) {
        let (fuel, _) = self.vm.limits();
        self.vm.set_limits(fuel, time);
    }

    /// Units of work of the program that ran last, in all: what [`Builder::fuel`] limits.
    pub fn fuel_used(&self) -> u64 {
        self.vm.fuel_used()
    }

    /// Bytes that the program that ran last has written: what [`Builder::max_output`] limits.
    pub fn output_written(&self) -> u64 {
        self.vm.output_written()
    }

    /// The heap as it stands.
    pub fn stats(&self) -> Stats {
        Stats {
            live: crate::stdlib::live_by_kind(&self.vm.heap).to_vec(),
            bytes: self.vm.heap.live_bytes(),
            scopes: self.vm.scopes() as u64,
            probationary: self.vm.heap.probationary() as u64,
            freed: self.vm.heap.counters.freed,
        }
    }

    /// What is alive though [`Engine::finish`] has popped all scopes; nothing, unless something outside the script holds it.
    pub fn leaks(&mut self) -> Vec<Leak> {
        self.vm.leaks()
    }

    /// The handles that are open, with the places where they were opened if those are noted (debug mode: [`crate::heap::Settings::track_handles`]). O(handles).
    pub fn open_handles(&mut self) -> Vec<OpenHandle> {
        self.vm.close_dropped();
        self.vm.heap.open_handles()
    }

    /// Ends the program that ran last: gives up its value and pops its scopes, so that all its values die, in order. Nothing
    /// happens if there is none.
    ///
    /// # Panics
    /// A destructor of the host has.
    pub fn finish(&mut self) {
        self.end();
        self.vm.resume_panic();
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.ran, false) {
            self.open = false;
            self.end_session();
            let value = std::mem::replace(&mut self.value, Value::UNDEFINED);
            self.vm.finish(value);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A panic of a destructor ends here, since this may be part of another one. `finish` lets it go on.
        self.end();
    }
}

/// An engine can be built on one thread and used on another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Engine>();
};

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(source: &str) -> String {
        let mut engine = Engine::builder().build();
        if let Err(error) = engine.run("test.pbt", source) {
            panic!("{error}");
        }
        engine.value_text(Format::Compact)
    }

    #[test]
    fn json_comes_out_as_it_went_in() {
        let documents = [
            r#"{"a":[1,2,{"b":null}],"id":9007199254740993}"#,
            r#"{"b":[[],{},[{}]],"":{"a":""},"__proto__":true,"10":-0,"2":1e+300}"#,
            r#""\"\\\b\f\n\r\t\u0000 \u0085é😀""#,
            "-9223372036854775808",
        ];
        for document in documents {
            assert_eq!(value_of(document), document);
        }
    }

    #[test]
    fn what_is_no_json_is_inspected() {
        assert_eq!(value_of("[1, undefined]"), "[ 1, undefined ]");
        assert_eq!(value_of("const a = [1]; a.push(a); a"), "<ref *1> [ 1, [Circular *1] ]");
        assert_eq!(value_of("({ n: 0 / 0 })"), "{ n: NaN }");
        assert_eq!(value_of("let x = 1;"), "undefined");
    }

    #[test]
    fn a_value_met_twice_is_no_cycle() {
        assert_eq!(value_of("const a = [1]; [a, { a }, a]"), r#"[[1],{"a":[1]},[1]]"#);
    }

    #[test]
    fn pretty_is_indented_by_two() {
        let mut engine = Engine::builder().build();
        assert!(engine.run("test.pbt", r#"{"a":[1,[]],"b":{}}"#).is_ok());
        let expected = "{\n  \"a\": [\n    1,\n    []\n  ],\n  \"b\": {}\n}";
        assert_eq!(engine.value_text(Format::Pretty), expected);
    }

    #[test]
    fn depth_does_not_matter() {
        let text = value_of("let a = []; for (let i = 0; i < 200000; i += 1) { a = [a]; } a");
        assert_eq!(text.len(), 2 * 200_001);
    }

    #[test]
    fn programs_start_afresh() {
        let mut engine = Engine::builder().build();
        assert!(engine.run("one.pbt", "let x = { n: 1 }; function f() { return x; } f()").is_ok());
        assert_eq!(engine.value_text(Format::Compact), r#"{"n":1}"#);
        assert!(matches!(engine.run("two.pbt", "x"), Err(Error::Syntax(_))));
        assert!(matches!(
            engine.run("three.pbt", "f(); let y = 1; function f() { return y; }"),
            Err(Error::Failure(_))
        ));
        assert!(engine.run("four.pbt", "[]").is_ok_and(|outcome| !outcome.is_undefined()));
        let live = engine.stats().live;
        assert_eq!(live.iter().find(|(kind, _)| *kind == "variable"), Some(&("variable", 0)));
    }

    #[test]
    fn an_early_end_is_an_error() {
        let mut engine = Engine::builder().build();
        assert_eq!(engine.run("test.pbt", "exit(3)"), Err(Error::Failure(Failure::Exit(3))));
        let error = engine.run("test.pbt", "throw new TypeError('no')");
        assert_eq!(error.map_err(|error| error.to_string()), Err("Uncaught TypeError: no".to_string()));
    }
}
