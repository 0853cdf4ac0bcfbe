//! From options to an exit status.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use super::host::{StdHost, World};
use super::input::Input;
use super::options::{Color, Dump, Options};
use super::repl::{self, Prompt, Record, Recorder};
use super::report::Reporter;
use super::source::{self, NoScript, Script, reason};
use super::streams::{Shared, Streams, shared};
use super::{check, generate, help, signals, stats, status};
use crate::embed::{Engine, Error, Format, Leak, Outcome};
use crate::events::{Preset, TextTracer};
use crate::syntax::{self, ParseOptions};
use crate::vm::error::Failure;
use crate::vm::interrupt::Interrupt;

/// A run that ends here, with a sentence for standard error.
struct Stop {
    status: i32,
    message: String,
}

impl Stop {
    fn new(status: i32, message: String) -> Stop {
        Stop { status, message }
    }
}

/// Does what the options say. The exit status.
pub fn run(options: Options) -> i32 {
    let streams = shared(Streams::new());
    let status = match act(options, &streams) {
        Ok(status) => status,
        Err(stop) => {
            streams.borrow_mut().error(&stop.message);
            stop.status
        }
    };
    let mut streams = streams.borrow_mut();
    let closed = streams.flush().is_err();
    match streams.failure() {
        Some(error) => {
            streams.error(&sentence(&format!("cannot write standard output: {}", reason(&error))));
            status::UNCAUGHT
        }
        None if closed => status::OK,
        None => status,
    }
}

fn act(mut options: Options, streams: &Shared<Streams>) -> Result<i32, Stop> {
    if let Some(name) = &options.explain {
        return explain(name, streams);
    }
    if let Some(text) = options.completions.map(generate::completions).or_else(|| options.man.then(generate::manual)) {
        let _ = streams.borrow_mut().output(&text);
        return Ok(status::OK);
    }
    if options.json {
        return check::as_json(options, streams).map_err(|text| misused(&text));
    }
    let at_terminal = streams.borrow().output_is_terminal && io::stdin().is_terminal();
    let only_prompt = options.names_no_script() && (options.interactive || at_terminal && options.runs());
    let reporter = Arc::new(Reporter::new(options.color, streams.borrow().error_is_terminal));
    let grants = Arc::new(options.grants().map_err(|text| misused(&text))?);
    let world = World::new(source::script_file(&options), grants);
    let script = match only_prompt {
        true => None,
        false => Some(script(&mut options, &reporter)?),
    };
    if let (Some(what), Some(script)) = (options.dump, &script) {
        let input = shared(Input::new(Interrupt::default()));
        let host = StdHost::new(Shared::clone(streams), Arc::clone(&reporter), input, world);
        dump(what, script, host, streams).map_err(|error| refused(&reporter, script, &error))?;
        return Ok(status::OK);
    }
    let mut preludes = Vec::new();
    for path in std::mem::take(&mut options.prelude) {
        let file = source::file(&path).map_err(|text| Stop::new(status::NO_INPUT, sentence(&text)))?;
        preludes.push(decoded(file, Vec::new(), &reporter)?);
    }
    execute(&options, script, &preludes, world, streams, reporter)
}

/// Runs the preludes, the script, and the prompt if it is wanted, on one machine. The exit status.
fn execute(
    options: &Options,
    script: Option<Text>,
    preludes: &[Text],
    world: World,
    streams: &Shared<Streams>,
    reporter: Arc<Reporter>,
) -> Result<i32, Stop> {
    let prompts = script.is_none() || options.interactive;
    let interrupt = Interrupt::default();
    let input = shared(Input::new(interrupt.clone()));
    let host = StdHost::new(Shared::clone(streams), Arc::clone(&reporter), Shared::clone(&input), world);
    let args = script.as_ref().map(|script| script.args.clone()).unwrap_or_default();
    let mut builder = Engine::builder().options(options.machine()).args(args).host(host).interrupt(interrupt.clone());
    let mut file = None;
    let record = shared(Record::showing(options.trace));
    if let Some(path) = &options.trace_out {
        let out = shared(open(path)?);
        file = Some((path.clone(), Shared::clone(&out)));
        let preset = options.trace.unwrap_or_default();
        builder = builder.tracer(TextTracer::new(Some(preset), move |line: &str| out.borrow_mut().write(line)), true);
    } else if prompts {
        builder = builder.tracer(Recorder::new(Shared::clone(&record), Shared::clone(streams)), true);
    } else {
        builder = builder.tracer(standard_tracer(options.trace, streams), options.trace.is_some());
    }
    let mut engine = builder.build();
    if let (true, Some(script)) = (options.check, &script) {
        engine.check(&script.name, &script.text).map_err(|error| refused(&reporter, script, &error))?;
        return Ok(status::OK);
    }
    streams.borrow_mut().stops_for(interrupt.clone());
    signals::watch(&interrupt, !prompts);

    let run = Run { streams, reporter: &reporter };
    let ended = run.programs(&mut engine, preludes, script.as_ref(), prompts, options.print);
    let mut status = ended.unwrap_or(status::OK);
    if prompts && ended.is_none() {
        engine.settle();
        let colors = options.color.is_on(streams.borrow().output_is_terminal);
        let (streams, reporter) = (Shared::clone(streams), Arc::clone(&reporter));
        let (keys, history) = (options.keys, !options.no_history);
        let prompt = Prompt { engine, streams, reporter, record, input, colors, keys, history };
        (engine, status) = match repl::run(prompt) {
            (Some(engine), status) => (engine, status),
            // Never: nobody else has it.
            (None, status) => return Ok(status),
        };
    }
    conclude(&mut engine, options, streams);
    if let Some((path, out)) = file
        && let Err(error) = out.borrow_mut().finish()
    {
        streams.borrow_mut().error(&sentence(&format!("cannot write {}: {}", path.display(), reason(&error))));
        status = status::UNCAUGHT;
    }
    // All scopes are popped: what is left goes with the process.
    std::mem::forget(engine);
    Ok(status)
}

/// Pops the last scope, and writes what was asked for about the heap.
fn conclude(engine: &mut Engine, options: &Options, streams: &RefCell<Streams>) {
    let sums = options.stats.map(|format| stats::text(&engine.stats(), format));
    engine.finish();
    if options.leaks {
        streams.borrow_mut().error(&leaks(&engine.leaks()));
    }
    if let Some(text) = sums {
        streams.borrow_mut().error(&text);
    }
}

/// A script, decoded.
struct Text {
    name: String,
    text: String,
    args: Vec<String>,
}

fn script(options: &mut Options, reporter: &Reporter) -> Result<Text, Stop> {
    let script = source::read(options).map_err(|none| match none {
        NoScript::Usage(text) => misused(&text),
        NoScript::Unreadable(text) => Stop::new(status::NO_INPUT, sentence(&text)),
    })?;
    let Script { name, bytes, args } = script;
    decoded((name, bytes), args, reporter)
}

fn decoded((name, bytes): (String, Vec<u8>), args: Vec<String>, reporter: &Reporter) -> Result<Text, Stop> {
    match source::decoded(bytes) {
        Ok(text) => Ok(Text { name, text, args }),
        Err(undecoded) => {
            let (text, error) = *undecoded;
            Err(Stop::new(status::SYNTAX, reporter.diagnostics(&name, &text, &[error])))
        }
    }
}

fn refused(reporter: &Reporter, script: &Text, error: &Error) -> Stop {
    let text = reporter.error(&script.name, &script.text, error);
    Stop::new(status::of(error), text.unwrap_or_default())
}

/// Where a program's failure is reported.
struct Run<'r> {
    streams: &'r RefCell<Streams>,
    reporter: &'r Reporter,
}

impl Run<'_> {
    /// Runs the preludes and the script, and prints its value in a format. The status of the first that ended early; none if the prompt is to open all the same.
    fn programs(
        &self,
        engine: &mut Engine,
        preludes: &[Text],
        script: Option<&Text>,
        prompts: bool,
        print: Option<Format>,
    ) -> Option<i32> {
        for prelude in preludes {
            let result = engine.feed(&prelude.name, &prelude.text);
            engine.forget();
            if let Some(status) = self.failed(prelude, &result) {
                return Some(status);
            }
        }
        let script = script?;
        let result = match (prompts, preludes.is_empty()) {
            (true, _) => engine.feed(&script.name, &script.text),
            (false, true) => engine.run(&script.name, &script.text),
            (false, false) => engine.feed_last(&script.name, &script.text),
        };
        let status = self.failed(script, &result);
        if let (Ok(_), Some(format)) = (&result, print) {
            let text = engine.value_text(format) + "\n";
            // A reader that left is noticed at the end.
            let _ = self.streams.borrow_mut().output(&text);
        }
        let leaves = matches!(result, Err(Error::Failure(Failure::Exit(_) | Failure::Closed)));
        status.filter(|_| !prompts || leaves)
    }

    /// Reports why a program ended early; the exit status. `None`: it did not.
    fn failed(&self, script: &Text, result: &Result<Outcome, Error>) -> Option<i32> {
        let error = result.as_ref().err()?;
        if let Some(text) = self.reporter.error(&script.name, &script.text, error) {
            self.streams.borrow_mut().error(&text);
        }
        Some(status::of(error))
    }
}

fn misused(text: &str) -> Stop {
    Stop::new(status::USAGE, sentence(text) + "For more information, try '--help'.\n")
}

/// What is alive though all scopes are popped.
fn leaks(leaks: &[Leak]) -> String {
    if leaks.is_empty() {
        return "no leaks\n".to_string();
    }
    leaks.iter().fold(String::new(), |text, leak| text + &format!("leak: {leak}\n"))
}

fn sentence(text: &str) -> String {
    format!("probate: {text}\n")
}

fn standard_tracer(preset: Option<Preset>, streams: &Shared<Streams>) -> TextTracer<impl FnMut(&str) + Send + 'static> {
    let streams = Shared::clone(streams);
    TextTracer::new(preset, move |line: &str| streams.borrow_mut().trace(line))
}

fn explain(name: &str, streams: &Shared<Streams>) -> Result<i32, Stop> {
    let mut streams = streams.borrow_mut();
    let colored = Color::Auto.is_on(streams.output_is_terminal);
    let text = help::page(name, streams.columns(), colored);
    let text = text.map_err(|none| Stop::new(status::USAGE, sentence(&none)))?;
    let _ = streams.output(&text);
    Ok(status::OK)
}

fn dump(what: Dump, script: &Text, host: StdHost, streams: &Shared<Streams>) -> Result<(), Error> {
    let Text { name, text, .. } = script;
    let text = match what {
        Dump::Tokens => syntax::tokens(text),
        Dump::Ast => syntax::dump_ast(&syntax::parse(text, &ParseOptions::default()).map_err(Error::from)?),
        Dump::Bytecode => Engine::builder().host(host).build().disassemble(name, text)?,
    };
    let _ = streams.borrow_mut().output(&text);
    Ok(())
}

/// A trace file. The first error is kept for the end.
struct TraceFile {
    out: BufWriter<File>,
    error: Option<std::io::Error>,
}

impl TraceFile {
    fn write(&mut self, line: &str) {
        if self.error.is_none() {
            self.error = self.out.write_all(line.as_bytes()).err();
        }
    }

    fn finish(&mut self) -> std::io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }
}

fn open(path: &Path) -> Result<TraceFile, Stop> {
    match File::create(path) {
        Ok(file) => Ok(TraceFile { out: BufWriter::new(file), error: None }),
        Err(error) => {
            Err(Stop::new(status::USAGE, sentence(&format!("cannot write {}: {}", path.display(), reason(&error)))))
        }
    }
}
