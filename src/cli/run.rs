//! From options to an exit status.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::rc::Rc;

use super::host::StdHost;
use super::options::{Dump, Options};
use super::report::Reporter;
use super::source::{self, NoScript, Script, reason};
use super::streams::Streams;
use super::{check, stats, status};
use crate::embed::{Engine, Error, Leak};
use crate::events::{Preset, TextTracer};
use crate::syntax::{self, Diagnostic, ParseOptions, Span, codes};
use crate::vm::error::Failure;

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
    let streams = Rc::new(RefCell::new(Streams::new()));
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

fn act(mut options: Options, streams: &Rc<RefCell<Streams>>) -> Result<i32, Stop> {
    if let Some(code) = &options.explain {
        return explain(code, streams);
    }
    if options.json {
        return check::as_json(options, streams).map_err(|text| misused(&text));
    }
    let script = source::read(&mut options).map_err(|none| match none {
        NoScript::Usage(text) => misused(&text),
        NoScript::Unreadable(text) => Stop::new(status::NO_INPUT, sentence(&text)),
    })?;
    let reporter = Rc::new(Reporter::new(options.color, streams.borrow().error_is_terminal));
    let Script { name, bytes, args } = script;
    let source = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let source = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Stop::new(status::SYNTAX, reporter.diagnostics(&name, &source, &[not_utf8(at)]))
    })?;
    let refused =
        |diagnostics: &[Diagnostic]| Stop::new(status::SYNTAX, reporter.diagnostics(&name, &source, diagnostics));
    if let Some(what) = options.dump {
        dump(what, &source, streams).map_err(|errors| refused(&errors))?;
        return Ok(status::OK);
    }

    let mut builder = Engine::builder()
        .options(options.machine())
        .args(args)
        .host(StdHost::new(Rc::clone(streams), Rc::clone(&reporter)));
    let mut file = None;
    if let Some(path) = &options.trace_out {
        let out = Rc::new(RefCell::new(open(path)?));
        file = Some((path.clone(), Rc::clone(&out)));
        let preset = options.trace.unwrap_or_default();
        builder = builder.tracer(TextTracer::new(Some(preset), move |line: &str| out.borrow_mut().write(line)), true);
    } else {
        builder = builder.tracer(standard_tracer(options.trace, streams), options.trace.is_some());
    }
    let mut engine = builder.build();
    if options.check {
        engine.compile(&source).map_err(|errors| refused(&errors))?;
        return Ok(status::OK);
    }

    let mut status = match engine.eval(&name, &source) {
        Ok(_) => {
            if let Some(format) = options.print {
                let text = engine.value_text(format) + "\n";
                // A reader that left is noticed at the end.
                let _ = streams.borrow_mut().output(&text);
            }
            status::OK
        }
        Err(Error::Syntax(errors)) => return Err(refused(&errors)),
        Err(Error::Failure(failure)) => {
            if let Some(text) = reporter.failure(&source, &failure) {
                streams.borrow_mut().error(&text);
            }
            status_of(&failure)
        }
    };
    let sums = options.stats.map(|format| stats::text(&engine.stats(), format));
    engine.finish();
    if options.leaks {
        streams.borrow_mut().error(&leaks(&engine.leaks()));
    }
    if let Some(text) = sums {
        streams.borrow_mut().error(&text);
    }
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

fn status_of(failure: &Failure) -> i32 {
    match failure {
        Failure::Uncaught { .. } => status::UNCAUGHT,
        Failure::Exit(status) => *status,
        Failure::Memory { .. } => status::MEMORY,
        Failure::Fuel => status::FUEL,
        Failure::Closed => status::OK,
    }
}

fn sentence(text: &str) -> String {
    format!("probate: {text}\n")
}

fn standard_tracer(preset: Option<Preset>, streams: &Rc<RefCell<Streams>>) -> TextTracer<impl FnMut(&str) + 'static> {
    let streams = Rc::clone(streams);
    TextTracer::new(preset, move |line: &str| streams.borrow_mut().trace(line))
}

fn explain(code: &str, streams: &Rc<RefCell<Streams>>) -> Result<i32, Stop> {
    match codes::find(code) {
        Some(entry) => {
            let text = format!("{}: {}\n\n{}\n", entry.code, entry.title, entry.explanation.trim());
            let _ = streams.borrow_mut().output(&text);
            Ok(status::OK)
        }
        None => {
            let text = format!("there is no error code {code}; codes look like E0101");
            Err(Stop::new(status::USAGE, sentence(&text)))
        }
    }
}

fn dump(what: Dump, source: &str, streams: &Rc<RefCell<Streams>>) -> Result<(), Vec<Diagnostic>> {
    let text = match what {
        Dump::Tokens => syntax::tokens(source),
        Dump::Ast => syntax::dump_ast(&syntax::parse(source, &ParseOptions::default())?),
        Dump::Bytecode => Engine::builder().build().disassemble(source)?,
    };
    let _ = streams.borrow_mut().output(&text);
    Ok(())
}

pub(super) fn not_utf8(at: usize) -> Diagnostic {
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    // The replacement character, which stands there now.
    let span = Span { start, end: start.saturating_add(3) };
    Diagnostic::new(codes::NOT_UTF8, span, "the text is not UTF-8")
        .label("this byte is not part of a character")
        .help("save the file as UTF-8")
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
