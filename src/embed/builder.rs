//! What an engine is made of: limits, and the world that scripts see.

use std::time::Duration;

use super::Engine;
use crate::heap::event::Tracer;
use crate::heap::value::Value;
use crate::syntax::ParseOptions;
use crate::vm::files::{Environment, Files};
use crate::vm::host::{Closed, FinalizerFailure, Host, ModuleName, NoModule, Reason, Silent, Stream};
use crate::vm::interrupt::Interrupt;
use crate::vm::{Options, Vm};

/// What an [`Engine`] is made of. What is not set is harmless: a script writes to nowhere, reads nothing, and finds clocks at zero.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use probate::embed::{Engine, Error};
///
/// let written = Arc::new(Mutex::new(String::new()));
/// let sink = Arc::clone(&written);
/// let mut engine = Engine::builder()
///     .max_memory(64 << 20)
///     .timeout(Duration::from_secs(1))
///     .seed(7)
///     .output(move |_, text| sink.lock().unwrap().push_str(text))
///     .build();
/// engine.eval::<()>("console.log('hello')")?;
/// assert_eq!(*written.lock().unwrap(), "hello\n");
/// # Ok::<(), Error>(())
/// ```
#[derive(Default)]
pub struct Builder {
    options: Options,
    host: Option<Box<dyn Host>>,
    world: World,
    tracer: Option<Box<dyn Tracer>>,
    tracing: bool,
    args: Vec<String>,
    interrupt: Interrupt,
}

impl Builder {
    /// Limits and switches of the machine.
    pub fn options(mut self, options: Options) -> Builder {
        self.options = options;
        self
    }

    /// Bytes that live values and what the engine needs for them may take, for all programs together (4 GiB).
    pub fn max_memory(mut self, bytes: u64) -> Builder {
        self.options.heap.max_bytes = bytes;
        self
    }

    /// Units of work that each program may take, its finalizers included: one for a call, a backward jump, and 16 bytes or elements of a
    /// built-in's work. The same program takes the same number everywhere.
    pub fn fuel(mut self, units: u64) -> Builder {
        self.options.fuel = Some(units);
        self
    }

    /// Time that each program may run.
    pub fn timeout(mut self, time: Duration) -> Builder {
        self.options.timeout = Some(time);
        self
    }

    /// Bytes that each program may write, to both streams together.
    pub fn max_output(mut self, bytes: u64) -> Builder {
        self.options.max_output = Some(bytes);
        self
    }

    /// Script calls that may be open at a time (10,000). One more is a RangeError, which a script can catch.
    pub fn max_depth(mut self, calls: usize) -> Builder {
        self.options.max_depth = calls;
        self
    }

    /// Levels of nesting in a program's text (at most 10,000) and in the documents of `JSON.parse` (1,000).
    pub fn max_parse_depth(mut self, levels: usize) -> Builder {
        self.options.max_parse_depth = levels;
        self
    }

    /// Seed of `Math.random()`, so that every run has the same numbers.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.options.seed = Some(seed);
        self
    }

    /// What gets the texts that scripts write, as they are written; to which stream stands in front.
    pub fn output(mut self, output: impl FnMut(Stream, &str) + Send + 'static) -> Builder {
        self.world.output = Some(Box::new(output));
        self
    }

    /// The time: milliseconds since 1970.
    pub fn clock(mut self, clock: impl FnMut() -> f64 + Send + 'static) -> Builder {
        self.world.clock = Some(Box::new(clock));
        self
    }

    /// What is told of finalizers that failed. Scripts are not, and nothing else happens.
    pub fn on_finalizer_failure(mut self, hook: impl FnMut(&FinalizerFailure) + Send + 'static) -> Builder {
        self.world.finalizer_failed = Some(Box::new(hook));
        self
    }

    /// Where imports of programs lead: the text of a module by the name that the program says, if there is one.
    pub fn modules(mut self, modules: impl FnMut(&str) -> Option<String> + Send + 'static) -> Builder {
        self.world.modules = Some(Box::new(modules));
        self
    }

    /// Grants files: scripts find them in `fs`.
    pub fn files(mut self, files: impl Files + 'static) -> Builder {
        self.world.files = Some(Box::new(files));
        self
    }

    /// Grants variables of the environment: scripts find them in `env`.
    pub fn environment(mut self, environment: impl Environment + 'static) -> Builder {
        self.world.environment = Some(Box::new(environment));
        self
    }

    /// The world outside, whole. What is set by other methods here comes before it.
    pub fn host(mut self, host: impl Host + 'static) -> Builder {
        self.host = Some(Box::new(host));
        self
    }

    /// Where events go. If `on` is false, not before the script says so (`gc.trace`).
    pub fn tracer(mut self, tracer: impl Tracer + 'static, on: bool) -> Builder {
        self.tracer = Some(Box::new(tracer));
        self.tracing = on;
        self
    }

    /// The script's `args`.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Builder {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// What stops the engine's programs from outside.
    pub fn interrupt(mut self, interrupt: Interrupt) -> Builder {
        self.interrupt = interrupt;
        self
    }

    pub fn build(self) -> Engine {
        let max_depth = u16::try_from(self.options.max_parse_depth).unwrap_or(u16::MAX);
        let base = self.host.unwrap_or_else(|| Box::new(Silent));
        let host: Box<dyn Host> =
            if self.world.is_empty() { base } else { Box::new(World { base: Some(base), ..self.world }) };
        let mut vm = Vm::with_arguments(self.options, host, self.args);
        vm.interrupt = self.interrupt;
        if self.tracer.is_some() {
            vm.heap.set_tracer(self.tracer);
            if !self.tracing {
                vm.heap.set_trace_preset(None);
            }
        }
        Engine {
            vm,
            parse: ParseOptions { max_depth, is_body: false },
            value: Value::UNDEFINED,
            ran: false,
            open: true,
            session: None,
        }
    }
}

type Output = dyn FnMut(Stream, &str) + Send;
type Clock = dyn FnMut() -> f64 + Send;
type FinalizerHook = dyn FnMut(&FinalizerFailure) + Send;
type Modules = dyn FnMut(&str) -> Option<String> + Send;

/// A world that is put together from parts; what is not there is asked of another one.
#[derive(Default)]
struct World {
    base: Option<Box<dyn Host>>,
    output: Option<Box<Output>>,
    clock: Option<Box<Clock>>,
    /// What the clock said first.
    started: Option<f64>,
    finalizer_failed: Option<Box<FinalizerHook>>,
    modules: Option<Box<Modules>>,
    files: Option<Box<dyn Files>>,
    environment: Option<Box<dyn Environment>>,
}

impl World {
    fn is_empty(&self) -> bool {
        let World { base: _, output, clock, started: _, finalizer_failed, modules, files, environment } = self;
        output.is_none()
            && clock.is_none()
            && finalizer_failed.is_none()
            && modules.is_none()
            && files.is_none()
            && environment.is_none()
    }

    fn base(&mut self) -> &mut dyn Host {
        &mut **self.base.get_or_insert_with(|| Box::new(Silent))
    }
}

impl Host for World {
    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Closed> {
        match &mut self.output {
            Some(output) => {
                output(stream, text);
                Ok(())
            }
            None => self.base().write(stream, text),
        }
    }

    fn read_text(&mut self) -> Result<String, String> {
        self.base().read_text()
    }

    fn read_line(&mut self) -> Result<Option<String>, String> {
        self.base().read_line()
    }

    fn now(&mut self) -> f64 {
        match &mut self.clock {
            Some(clock) => clock(),
            None => self.base().now(),
        }
    }

    fn elapsed(&mut self) -> f64 {
        match &mut self.clock {
            Some(clock) => {
                let now = clock();
                now - *self.started.get_or_insert(now)
            }
            None => self.base().elapsed(),
        }
    }

    fn seed(&mut self) -> u64 {
        self.base().seed()
    }

    fn main_module(&mut self, name: &str) -> ModuleName {
        self.base().main_module(name)
    }

    fn find_module(&mut self, specifier: &str, importer: &ModuleName) -> Result<ModuleName, NoModule> {
        match self.modules {
            Some(_) => Ok(ModuleName { id: specifier.to_string(), shown: specifier.to_string() }),
            None => self.base().find_module(specifier, importer),
        }
    }

    fn read_module(&mut self, module: &ModuleName) -> Result<Vec<u8>, NoModule> {
        let Some(modules) = &mut self.modules else { return self.base().read_module(module) };
        modules(&module.id).map(String::into_bytes).ok_or_else(|| NoModule {
            reason: Reason::Missing,
            message: format!("there is no module {}", module.shown),
            help: None,
            meant: None,
        })
    }

    fn finalizer_failed(&mut self, failure: &FinalizerFailure) {
        match &mut self.finalizer_failed {
            Some(hook) => hook(failure),
            None => self.base().finalizer_failed(failure),
        }
    }

    fn files(&mut self) -> Option<&mut dyn Files> {
        match self.files {
            Some(ref mut files) => Some(&mut **files),
            None => self.base.as_mut().and_then(|base| base.files()),
        }
    }

    fn environment(&mut self) -> Option<&mut dyn Environment> {
        match self.environment {
            Some(ref mut environment) => Some(&mut **environment),
            None => self.base.as_mut().and_then(|base| base.environment()),
        }
    }

    fn is_terminal(&self, stream: Stream) -> bool {
        self.output.is_none() && self.base.as_ref().is_some_and(|base| base.is_terminal(stream))
    }
}
