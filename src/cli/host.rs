//! The world as a script on the command line sees it.

use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::files::Lent;
use super::grants::Grants;
use super::input::Input;
use super::modules::Loader;
use super::report::Reporter;
use super::streams::{Shared, Streams};
use crate::vm::files::{Environment, Files};
use crate::vm::host::{Closed, FinalizerFailure, Host, ModuleName, NoModule, Stream};

pub struct StdHost {
    streams: Shared<Streams>,
    reporter: Arc<Reporter>,
    input: Shared<Input>,
    world: World,
    started: Instant,
}

/// What a script may reach besides its streams: all that is asked for where nothing runs.
pub struct World {
    lent: Lent,
    modules: Loader,
}

impl World {
    /// That of a script in a file, or, if there is none, of code whose folder is the current one.
    pub fn new(script: Option<&Path>, grants: Arc<Grants>) -> World {
        World { modules: Loader::new(script, Arc::clone(&grants)), lent: Lent::new(grants) }
    }
}

impl Host for World {
    fn main_module(&mut self, name: &str) -> ModuleName {
        self.modules.main(name)
    }

    fn find_module(&mut self, specifier: &str, importer: &ModuleName) -> Result<ModuleName, NoModule> {
        self.modules.find(specifier, importer)
    }

    fn read_module(&mut self, module: &ModuleName) -> Result<Vec<u8>, NoModule> {
        self.modules.read(module)
    }

    fn files(&mut self) -> Option<&mut dyn Files> {
        self.lent.files()
    }

    fn environment(&mut self) -> Option<&mut dyn Environment> {
        self.lent.environment()
    }
}

impl StdHost {
    pub fn new(streams: Shared<Streams>, reporter: Arc<Reporter>, input: Shared<Input>, world: World) -> StdHost {
        StdHost { streams, reporter, input, world, started: Instant::now() }
    }

    /// Whoever answers what the script wrote has to see it: written before a read that may wait.
    fn before_waiting(&mut self) {
        if self.input.borrow().is_empty() {
            // A reader that left is noticed at the next write.
            let _ = self.streams.borrow_mut().flush();
        }
    }
}

impl Host for StdHost {
    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Closed> {
        let mut streams = self.streams.borrow_mut();
        match stream {
            Stream::Output => streams.output(text),
            Stream::Error => {
                streams.error(text);
                Ok(())
            }
        }
    }

    fn read_text(&mut self) -> Result<String, String> {
        self.before_waiting();
        let bytes = self.input.borrow_mut().rest().map_err(unreadable)?;
        String::from_utf8(bytes).map_err(|_| NOT_TEXT.to_string())
    }

    fn read_line(&mut self) -> Result<Option<String>, String> {
        self.before_waiting();
        let Some(bytes) = self.input.borrow_mut().line().map_err(unreadable)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| NOT_TEXT.to_string())
    }

    fn now(&mut self) -> f64 {
        // Whole milliseconds, as in JavaScript. A clock before 1970 is taken for 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_millis() as f64)
    }

    fn elapsed(&mut self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }

    fn seed(&mut self) -> u64 {
        // The standard library seeds its tables from the system.
        std::hash::RandomState::new().build_hasher().finish()
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
        self.streams.borrow_mut().error(&self.reporter.finalizer_failure(failure));
    }

    fn files(&mut self) -> Option<&mut dyn Files> {
        self.world.files()
    }

    fn environment(&mut self) -> Option<&mut dyn Environment> {
        self.world.environment()
    }

    fn is_terminal(&self, stream: Stream) -> bool {
        let streams = self.streams.borrow();
        match stream {
            Stream::Output => streams.output_is_terminal,
            Stream::Error => streams.error_is_terminal,
        }
    }
}

const NOT_TEXT: &str = "standard input is not UTF-8";

fn unreadable(error: io::Error) -> String {
    format!("standard input cannot be read: {}", super::source::reason(&error))
}
