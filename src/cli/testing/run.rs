//! One run of a script, away from the terminal: what it writes is kept, and the world it sees is always the same.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::grants::Grants;
use crate::cli::host::World;
use crate::cli::options::Color;
use crate::cli::report::Reporter;
use crate::cli::streams::{Shared, shared};
use crate::cli::{source, status};
use crate::embed::{Engine, Error, Leak, Stats};
use crate::events::{Preset, TextTracer};
use crate::heap::Settings;
use crate::vm;
use crate::vm::error::Failure;
use crate::vm::files::{Environment, FileError, Files};
use crate::vm::host::{Closed, FinalizerFailure, Host, ModuleName, NoModule, Stream};
use crate::vm::limits::Limit;

/// A script that writes more than this, trace included, is ended.
const MOST: usize = 64 << 20;
/// Where `Math.random()` starts unless the script's head says something else.
const SEED: u64 = 1;
/// What `Date.now()` would say first: the first second of the year 2000.
const EPOCH: f64 = 946_684_800_000.0;

/// What is run, and how.
pub struct Plan<'a> {
    /// The name of the file, without its folder.
    pub name: &'a str,
    /// Where it is.
    pub path: &'a Path,
    pub script: &'a [u8],
    pub args: &'a [String],
    pub input: &'a [u8],
    pub trace: Option<Preset>,
    pub seed: Option<u64>,
    pub max_memory: Option<u64>,
    pub timeout: Duration,
    pub stress: bool,
    pub grants: &'a Arc<Grants>,
    /// The environment that it sees.
    pub variables: &'a [(String, String)],
}

/// What came of it.
pub struct Got {
    pub output: String,
    pub error: String,
    /// The events, if the head asked for them, and between them what was printed: `> TEXT`.
    pub trace: String,
    pub status: i32,
    /// Before the last scope was popped.
    pub stats: Stats,
    /// Alive after that.
    pub leaks: Vec<Leak>,
    /// It wrote more than is kept.
    pub overflowed: bool,
    /// It ran longer than it may.
    pub timed_out: bool,
}

/// Runs a script on a machine of its own.
pub fn run(plan: &Plan<'_>) -> Got {
    let reporter = Arc::new(Reporter::new(Color::Never, false));
    let kept = shared(Kept { traced: plan.trace.is_some(), ..Kept::default() });
    let heap = Settings {
        max_bytes: plan.max_memory.unwrap_or(Settings::default().max_bytes),
        stress: plan.stress,
        verify: plan.stress,
        ..Settings::default()
    };
    let seed = Some(plan.seed.unwrap_or(SEED));
    let options = vm::Options { heap, seed, timeout: Some(plan.timeout), ..vm::Options::default() };
    let host = Recorder {
        kept: Shared::clone(&kept),
        reporter: Arc::clone(&reporter),
        input: plan.input.to_vec(),
        read: 0,
        clock: 0.0,
        world: World::new(Some(plan.path), Arc::clone(plan.grants)),
        variables: plan.variables.to_vec(),
    };
    let events = Shared::clone(&kept);
    let tracer = TextTracer::new(plan.trace, move |line: &str| events.borrow_mut().event(line));
    let mut engine = Engine::builder()
        .options(options)
        .args(plan.args.iter().cloned())
        .host(host)
        .tracer(tracer, plan.trace.is_some())
        .build();
    let (status, timed_out) = evaluate(&mut engine, plan, &reporter, &kept);
    let stats = engine.stats();
    engine.finish();
    let leaks = engine.leaks();
    drop(engine);
    let Kept { output, error, trace, overflowed, .. } = std::mem::take(&mut *kept.borrow_mut());
    Got { output, error, trace, status, stats, leaks, overflowed, timed_out }
}

/// The exit status, and whether it ran longer than it may.
fn evaluate(engine: &mut Engine, plan: &Plan<'_>, reporter: &Reporter, kept: &RefCell<Kept>) -> (i32, bool) {
    let source = match source::decoded(plan.script.to_vec()) {
        Ok(source) => source,
        Err(undecoded) => {
            let (text, error) = *undecoded;
            kept.borrow_mut().error(&reporter.diagnostics(plan.name, &text, &[error]));
            return (status::SYNTAX, false);
        }
    };
    let Err(error) = engine.run(plan.name, &source) else { return (status::OK, false) };
    if let Some(text) = reporter.error(plan.name, &source, &error) {
        kept.borrow_mut().error(&text);
    }
    let timed_out = matches!(error, Error::Failure(Failure::Limit { limit: Limit::Time(_), .. }));
    (status::of(&error), timed_out)
}

/// What is kept of a run.
#[derive(Default)]
struct Kept {
    output: String,
    error: String,
    trace: String,
    /// The trace is a text of its own; otherwise events that the script switched on go to standard error.
    traced: bool,
    /// The trace stands in the middle of a printed line.
    within_line: bool,
    overflowed: bool,
}

impl Kept {
    fn output(&mut self, text: &str) -> Result<(), Closed> {
        if !self.has_room(text) {
            return Err(Closed);
        }
        self.output.push_str(text);
        if self.traced {
            for line in text.split_inclusive('\n') {
                if !self.within_line {
                    self.trace.push_str(if line == "\n" { ">" } else { "> " });
                }
                self.trace.push_str(line);
                self.within_line = !line.ends_with('\n');
            }
        }
        Ok(())
    }

    fn error(&mut self, text: &str) {
        if self.has_room(text) {
            self.error.push_str(text);
        }
    }

    fn event(&mut self, line: &str) {
        if !self.traced {
            self.error(line);
        } else if self.has_room(line) {
            if std::mem::replace(&mut self.within_line, false) {
                self.trace.push('\n');
            }
            self.trace.push_str(line);
        }
    }

    fn has_room(&mut self, text: &str) -> bool {
        self.overflowed |= self.output.len() + self.error.len() + self.trace.len() + text.len() > MOST;
        !self.overflowed
    }
}

/// The world as a script under test sees it. Nothing in it depends on the machine or the day.
struct Recorder {
    kept: Shared<Kept>,
    reporter: Arc<Reporter>,
    input: Vec<u8>,
    /// Bytes of it that were read.
    read: usize,
    clock: f64,
    world: World,
    variables: Vec<(String, String)>,
}

impl Recorder {
    fn take(&mut self, length: usize) -> Result<String, String> {
        let bytes = self.input[self.read..self.read + length].to_vec();
        self.read += length;
        String::from_utf8(bytes).map_err(|_| "standard input is not UTF-8".to_string())
    }

    /// A millisecond goes by with every look at the clock, so that a script that waits for one to pass ends.
    fn tick(&mut self) -> f64 {
        self.clock += 1.0;
        self.clock
    }
}

impl Environment for Recorder {
    fn get(&mut self, name: &str) -> Result<Option<String>, FileError> {
        let found = self.variables.iter().rfind(|(known, _)| known == name);
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn has(&mut self, name: &str) -> bool {
        self.variables.iter().any(|(known, _)| known == name)
    }

    fn names(&mut self) -> Vec<String> {
        let names: BTreeSet<&String> = self.variables.iter().map(|(name, _)| name).collect();
        names.into_iter().cloned().collect()
    }
}

impl Host for Recorder {
    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Closed> {
        let mut kept = self.kept.borrow_mut();
        match stream {
            Stream::Output => kept.output(text),
            Stream::Error => {
                kept.error(text);
                if kept.overflowed { Err(Closed) } else { Ok(()) }
            }
        }
    }

    fn read_text(&mut self) -> Result<String, String> {
        self.take(self.input.len() - self.read)
    }

    fn read_line(&mut self) -> Result<Option<String>, String> {
        let rest = &self.input[self.read..];
        if rest.is_empty() {
            return Ok(None);
        }
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let line = self.take(length)?;
        let line = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        Ok(Some(line.to_string()))
    }

    fn now(&mut self) -> f64 {
        EPOCH + self.tick()
    }

    fn elapsed(&mut self) -> f64 {
        self.tick()
    }

    fn files(&mut self) -> Option<&mut dyn Files> {
        self.world.files()
    }

    fn environment(&mut self) -> Option<&mut dyn Environment> {
        if self.variables.is_empty() { None } else { Some(self) }
    }

    fn main_module(&mut self, name: &str) -> ModuleName {
        self.world.main_module(name)
    }

    fn find_module(&mut self, specifier: &str, importer: &ModuleName) -> Result<ModuleName, NoModule> {
        self.world.find_module(specifier, importer)
    }

    fn read_module(&mut self, module: &ModuleName) -> Result<Vec<u8>, NoModule> {
        self.world.read_module(module)
    }

    fn finalizer_failed(&mut self, failure: &FinalizerFailure) {
        let text = self.reporter.finalizer_failure(failure);
        self.kept.borrow_mut().error(&text);
    }
}
