//! The interactive prompt: reads an input, runs it, shows its value; commands begin with a dot.
//!
//! The loop is here. What an input is, the editor decides ([`editor`]); what stays between inputs is the engine's session. An input is run, its value shown, and
//! then its last statement ends (its temporaries die, finalizers run): whatever dies is seen to die after the value was shown.

mod commands;
pub mod complete;
pub mod editor;
pub mod highlight;
pub mod history;
mod look;
mod memory;
pub mod paste;
pub mod receiver;
mod record;
mod save;
mod settings;
mod sources;

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use self::commands::Command;
use self::editor::{Editor, Keys, Read};
use self::memory::Look;
pub use self::record::{Record, Recorder};
use self::settings::Settings;
use self::sources::Session;
use super::input::Input;
use super::report::Reporter;
use super::status;
use super::streams::{Shared, Streams};
use crate::embed::{Engine, Error};
use crate::stdlib::inspect;
use crate::vm::error::Failure;

/// What a prompt is made of.
pub struct Prompt {
    pub engine: Engine,
    pub streams: Shared<Streams>,
    pub reporter: Arc<Reporter>,
    pub record: Shared<Record>,
    pub input: Shared<Input>,
    /// What is shown has colours.
    pub colors: bool,
    pub keys: Keys,
    /// Inputs are remembered after the end.
    pub history: bool,
}

/// What to do after an input.
enum Flow {
    Continue,
    /// Leave with this exit status.
    Leave(i32),
}

/// Where inputs come from.
enum Reader {
    Terminal(Box<Editor>),
    /// Lines, without a banner and a prompt.
    Plain(Shared<Input>),
}

struct Repl {
    engine: Rc<RefCell<Engine>>,
    streams: Shared<Streams>,
    reporter: Arc<Reporter>,
    record: Shared<Record>,
    settings: Settings,
    colors: bool,
    /// Inputs so far, those that failed included.
    inputs: u64,
    /// What was run, for `.save`.
    past: Vec<save::Past>,
    /// What was entered last, for `.edit`.
    last: String,
    /// The heap when it was looked at last.
    looked: Look,
    /// An input has failed.
    failed_input: bool,
    /// A command changed how to read.
    reader_changed: bool,
}

/// Runs the prompt until its user leaves. Returns the engine, whose scopes are not popped yet, and the exit status.
pub fn run(prompt: Prompt) -> (Option<Engine>, i32) {
    let looked = Look::at(&prompt.engine);
    let mut repl = Repl {
        engine: Rc::new(RefCell::new(prompt.engine)),
        streams: prompt.streams,
        reporter: prompt.reporter,
        record: prompt.record,
        settings: Settings { vi: prompt.keys == Keys::Vi, ..Settings::default() },
        colors: prompt.colors,
        inputs: 0,
        past: Vec::new(),
        last: String::new(),
        looked,
        failed_input: false,
        reader_changed: false,
    };
    let at_terminal = repl.streams.borrow().output_is_terminal && std::io::stdin().is_terminal();
    let reader = if at_terminal { repl.editor(prompt.history) } else { Ok(Reader::Plain(prompt.input)) };
    let status = match reader {
        Ok(reader) => repl.converse(reader),
        Err(error) => {
            repl.complain(&format!("probate: the terminal cannot be read: {error}\n"));
            status::NO_INPUT
        }
    };
    (Rc::into_inner(repl.engine).map(RefCell::into_inner), status)
}

impl Repl {
    fn editor(&self, keeps_history: bool) -> std::io::Result<Reader> {
        let settings = editor::Settings {
            history: keeps_history.then(|| history::default_path(|name| std::env::var_os(name))).flatten(),
            keys: self.keys(),
            colors: self.colors,
            hints: self.settings.hints,
        };
        let sources = Rc::new(Session { engine: Rc::clone(&self.engine) });
        let editor = Editor::new(settings, sources)?;
        self.say(&format!("Probate {}. `.help` explains, Ctrl-D leaves.\n", env!("CARGO_PKG_VERSION")));
        Ok(Reader::Terminal(Box::new(editor)))
    }

    fn keys(&self) -> Keys {
        if self.settings.vi { Keys::Vi } else { Keys::Emacs }
    }

    fn converse(&mut self, mut reader: Reader) -> i32 {
        let mut hinted = false;
        loop {
            if self.streams.borrow_mut().flush().is_err() {
                // Nobody reads it any more.
                return status::OK;
            }
            let input = match self.read(&mut reader) {
                Read::Input(input) => input,
                Read::Pasted(input) => {
                    self.say(&format!("> {}\n", highlight::neutral(&input)));
                    input
                }
                Read::NotText => {
                    self.complain("probate: an input is not UTF-8\n");
                    self.failed_input = true;
                    continue;
                }
                Read::Interrupted { had_text: false } if hinted => return status::OK,
                Read::Interrupted { had_text } => {
                    hinted = !had_text;
                    if hinted {
                        self.say("(Ctrl-C once more, or Ctrl-D, leaves)\n");
                    }
                    continue;
                }
                // Whoever pipes inputs in wants to know.
                Read::End if self.failed_input && matches!(reader, Reader::Plain(_)) => return status::UNCAUGHT,
                Read::End => return status::OK,
            };
            hinted = false;
            if let Reader::Terminal(editor) = &mut reader {
                editor.remember(&input);
            }
            match self.take(&input) {
                Flow::Continue => {}
                Flow::Leave(status) => return status,
            }
        }
    }

    fn read(&mut self, reader: &mut Reader) -> Read {
        match reader {
            Reader::Terminal(editor) => {
                if std::mem::take(&mut self.reader_changed) {
                    editor.set_keys(self.keys());
                    editor.set_hints(self.settings.hints);
                }
                if let Some(warning) = editor.warning() {
                    self.complain(&format!("probate: {warning}\n"));
                }
                editor.read()
            }
            Reader::Plain(input) => plain(&mut input.borrow_mut()),
        }
    }

    /// Runs a command or a program.
    fn take(&mut self, input: &str) -> Flow {
        // A Ctrl-C that came too late for what it was meant for is not meant for this.
        self.engine.borrow().interrupt().clear();
        if paste::is_command(input) {
            return self.command(input.trim());
        }
        if input.trim().is_empty() {
            return Flow::Continue;
        }
        self.inputs += 1;
        self.last = input.to_string();
        let name = format!("<input {}>", self.inputs);
        self.evaluate(&name, input)
    }

    fn command(&mut self, line: &str) -> Flow {
        let (word, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match Command::named(word) {
            Some(command) if !command.fits(argument.trim()) => {
                self.complain(&command.usage());
                Flow::Continue
            }
            Some(command) => (command.run)(self, argument.trim()),
            None => {
                self.complain(&commands::unknown(word));
                Flow::Continue
            }
        }
    }

    /// Runs a program, shows its value, ends its last statement.
    fn evaluate(&mut self, name: &str, source: &str) -> Flow {
        let mut end = save::End::Stopped;
        self.record_anew();
        let wrote = self.streams.borrow().written();
        let result = self.engine.borrow_mut().feed(name, source);
        let flow = match result {
            Ok(outcome) => {
                // A call that is made for what it writes has no value worth a line.
                let is_silent = self.streams.borrow().written() == wrote;
                if outcome.is_expression() && (is_silent || !outcome.is_undefined()) {
                    self.show();
                }
                end = if outcome.is_undefined() { save::End::Undefined } else { save::End::Value };
                Flow::Continue
            }
            Err(error) => {
                if matches!(error, Error::Failure(Failure::Uncaught { .. })) {
                    end = save::End::Threw;
                }
                self.failed_input = true;
                self.failed(name, source, &error)
            }
        };
        self.past.push(save::Past { source: source.to_string(), end });
        self.engine.borrow_mut().settle();
        flow
    }

    /// Begins to record what happens to the heap.
    fn record_anew(&self) {
        self.record.borrow_mut().begin();
        self.resume_trace();
    }

    /// The tracer is heard again, after it wanted no more.
    fn resume_trace(&self) {
        let live = self.record.borrow().live;
        self.engine.borrow_mut().set_trace(live);
    }

    fn show(&mut self) {
        let options = self.inspection();
        let shown = self.engine.borrow_mut().show(options);
        match shown {
            Ok(text) => {
                self.say(&text);
                self.say("\n");
                let interrupt = self.engine.borrow().interrupt();
                if interrupt.is_raised() {
                    // The rest was not written.
                    interrupt.clear();
                    self.complain("\ninterrupted\n");
                }
            }
            Err(failure) => self.report(&failure),
        }
    }

    fn failed(&mut self, name: &str, source: &str, error: &Error) -> Flow {
        if let Error::Failure(Failure::Exit(_) | Failure::Closed) = error {
            return Flow::Leave(status::of(error));
        }
        if let Some(text) = self.reporter.error(name, source, error) {
            self.complain(&text);
        }
        if let (Error::Syntax(_), Some(command)) = (error, commands::meant_by(source.trim())) {
            self.complain(&format!("the prompt's command is `{command}`\n"));
        }
        Flow::Continue
    }

    fn report(&self, failure: &Failure) {
        if let Some(text) = self.reporter.failure(failure) {
            self.complain(&text);
        }
    }

    /// Runs an expression only to look at its value with `f`; a failure is reported.
    fn looking(&mut self, expression: &str, f: impl FnOnce(&mut Repl)) {
        const NAME: &str = "<command>";
        self.record.borrow_mut().paused = true;
        let result = self.engine.borrow_mut().look(NAME, expression);
        match result {
            Ok(_) => f(self),
            Err(error) => {
                // `exit()` in what a command looks at is no wish to leave.
                self.failed(NAME, expression, &error);
            }
        }
        self.engine.borrow_mut().forget();
        self.record.borrow_mut().paused = false;
        self.resume_trace();
    }

    /// The same, and how long it took, in seconds.
    fn timed(&mut self, name: &str, source: &str) -> (Flow, f64) {
        let start = Instant::now();
        let flow = self.evaluate(name, source);
        (flow, start.elapsed().as_secs_f64())
    }

    /// How values are shown.
    fn inspection(&self) -> inspect::Options {
        inspect::Options {
            depth: self.settings.depth,
            items: self.settings.items,
            properties: self.settings.items,
            characters: self.settings.characters,
            bytes: self.settings.bytes,
            colors: self.colors,
            terminal: true,
            // A row of numbers may be a column wider than it should.
            width: if self.columns() < 80 { self.columns() - 1 } else { self.columns() },
            ..inspect::Options::default()
        }
    }

    fn columns(&self) -> usize {
        self.streams.borrow().columns()
    }

    fn say(&self, text: &str) {
        // A reader that left is noticed before the next input.
        let _ = self.streams.borrow_mut().output(text);
    }

    fn complain(&self, text: &str) {
        self.streams.borrow_mut().error(text);
    }
}

/// The next input from lines: as many as it takes. What is not UTF-8 is no input.
fn plain(input: &mut Input) -> Read {
    let mut text = paste::Growing::default();
    loop {
        match input.line() {
            Ok(Some(line)) => {
                let Ok(line) = String::from_utf8(line) else { return Read::NotText };
                if !text.add(&line) {
                    return Read::Input(text.into_text());
                }
            }
            Ok(None) if text.is_empty() => return Read::End,
            Ok(None) => return Read::Input(text.into_text()),
            Err(_) => return Read::End,
        }
    }
}
