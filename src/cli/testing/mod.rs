//! `probate test`: runs scripts, and compares what they do with snapshots beside them and with expectations in them.
//!
//! ```text
//! paths ─ find ─ scripts ─ pool ─┬─ check ─ header, expect   comments of the script
//!                                │     ├─── run              the script, on a machine of its own
//!                                │     └─── snapshot, diff   the file beside it
//!                                └─ report                   in order
//! ```
//!
//! Invariant: what is said about a script, and what is written into its snapshot, depends on the script and the files that it
//! names alone: not on the folder, the clock, the number of threads, nor on other scripts. docs/testing.md is for users.

mod check;
mod diff;
mod expect;
mod find;
mod header;
mod options;
mod pool;
mod report;
mod run;
mod snapshot;
mod style;

use std::ffi::OsStr;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::report::visible;
use super::source::reason;
use super::status;
use super::streams::Streams;
use check::Settings;
use find::{Found, NotFound};
use report::{Summary, is_bad};
use style::Style;

pub use options::TestOptions;

/// The first word of the command line that asks for tests. A script of this name is run as `./test`.
pub const WORD: &str = "test";

/// Does what the options say. The exit status.
pub fn run(options: &TestOptions) -> i32 {
    let mut streams = Streams::new();
    let status = match act(options, &mut streams) {
        Ok(status) => status,
        Err((status, text)) => {
            streams.error(&format!("probate: {text}\n"));
            status
        }
    };
    let closed = streams.flush().is_err();
    if let Some(error) = streams.failure() {
        streams.error(&format!("probate: cannot write standard output: {}\n", reason(&error)));
    } else if !closed {
        return status;
    }
    // Nobody has seen the end of the report: that cannot be success.
    if status == status::OK { status::UNCAUGHT } else { status }
}

type Stop = (i32, String);

fn act(options: &TestOptions, streams: &mut Streams) -> Result<i32, Stop> {
    if options.update && is_refused(std::env::var_os("CI").as_deref()) {
        let text = "--update is refused where the environment has CI: there a snapshot is to be compared, not written";
        return Err((status::USAGE, text.to_string()));
    }
    let here = [PathBuf::from(".")];
    let paths = if options.paths.is_empty() { &here[..] } else { &options.paths };
    let Found { mut scripts, widows } = find::find(paths).map_err(|error| match error {
        NotFound::Usage(text) => (status::USAGE, text),
        NotFound::Unreadable(text) => (status::NO_INPUT, text),
    })?;
    let found_any = !scripts.is_empty();
    scripts.retain(|path| is_chosen(path, &options.filter));
    let widows = if options.filter.is_empty() { ours(&widows) } else { Vec::new() };
    if scripts.is_empty() && (widows.is_empty() || !options.update) {
        let text = if found_any { "no test has this in its path" } else { "no test found: there is no file *.pbt" };
        return Err((status::NO_INPUT, text.to_string()));
    }
    if options.list {
        let names: String = scripts.iter().map(|path| shown(path) + "\n").collect();
        let _ = streams.output(&names);
        return Ok(status::OK);
    }
    test(options, &scripts, &widows, streams)
}

fn test(options: &TestOptions, scripts: &[PathBuf], widows: &[PathBuf], streams: &mut Streams) -> Result<i32, Stop> {
    let started = Instant::now();
    let style = Style { colored: options.color.is_on(streams.output_is_terminal) };
    let settings = Settings {
        update: options.update,
        stress: options.stress,
        max_memory: options.max_memory,
        timeout: options.timeout,
        style,
    };
    let mut summary = Summary::new(style, options.quiet);
    let mut unread = false;
    let jobs = options.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let work = |path: &PathBuf| check::check(path, settings);
    pool::in_order(scripts, jobs, work, |path, report| {
        unread = streams.output(&summary.add(path, &report)).is_err();
        if unread || (options.fail_fast && is_bad(report.verdict)) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .map_err(|error| (status::INTERNAL, format!("cannot start: {}", reason(&error))))?;
    let mut good = summary.is_good() && !unread;
    for widow in widows {
        let name = shown(widow);
        let text = if !options.update {
            if options.quiet { String::new() } else { format!("{name} has no script; --update deletes it\n") }
        } else if let Err(error) = fs::remove_file(widow) {
            good = false;
            format!("cannot delete {name}: {}\n", reason(&error))
        } else {
            summary.deleted(&name)
        };
        let _ = streams.output(&text);
    }
    let _ = streams.output(&summary.end(scripts.len(), started.elapsed()));
    Ok(if good { status::OK } else { status::UNCAUGHT })
}

/// Whether snapshots may not be written: services that build and test set `CI`.
fn is_refused(ci: Option<&OsStr>) -> bool {
    ci.is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

fn is_chosen(path: &Path, filter: &[String]) -> bool {
    let name = path.to_string_lossy();
    filter.is_empty() || filter.iter().any(|text| name.contains(text.as_str()))
}

/// Other programs call files of theirs `NAME.snap` too.
fn ours(widows: &[PathBuf]) -> Vec<PathBuf> {
    let is_ours =
        |path: &&PathBuf| fs::read(path).is_ok_and(|bytes| snapshot::is_ours(&String::from_utf8_lossy(&bytes)));
    widows.iter().filter(is_ours).cloned().collect()
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}
