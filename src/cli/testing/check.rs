//! One test from its file to its verdict.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::diff::Diff;
use super::header::{self, Header, Input, Mistake};
use super::run::{Got, Plan, run};
use super::snapshot::{self, Section, Snapshot, Unread};
use super::style::Style;
use crate::cli::grants::{Grants, Need, Place};
use crate::cli::report::visible;
use crate::cli::source::reason;
use crate::cli::stats;

/// How many times as long a script may run under stress.
const SLOWER_UNDER_STRESS: u32 = 10;
/// Lines of a difference that are shown, at most.
pub const MOST: usize = 60;
/// Lines of what a new test did.
const SAMPLE: usize = 12;

/// How all tests of a run are treated.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub update: bool,
    pub stress: bool,
    pub max_memory: Option<u64>,
    pub timeout: Duration,
    pub style: Style,
}

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    /// Nothing says what is expected of it.
    New,
    Skipped,
    /// Its snapshot was written for the first time, or anew.
    Written,
    Rewritten,
}

/// A test that was looked at.
#[derive(Debug)]
pub struct Report {
    pub verdict: Verdict,
    /// Lines about it, each with its end; none if it passed.
    pub details: String,
}

impl Report {
    fn new(verdict: Verdict, details: impl Into<String>) -> Report {
        Report { verdict, details: details.into() }
    }
}

/// Runs the test and compares, or writes down what came of it. Whatever goes wrong is a verdict.
pub fn check(path: &Path, settings: Settings) -> Report {
    judge(path, settings).unwrap_or_else(|problem| Report::new(Verdict::Failed, problem + "\n"))
}

/// # Errors
/// The test cannot be run: a sentence.
fn judge(path: &Path, settings: Settings) -> Result<Report, String> {
    let style = settings.style;
    let script = fs::read(path).map_err(|error| format!("cannot read it: {}", reason(&error)))?;
    // A part of messages, as the whole path is where a script is run by itself.
    let name = file_name(path);
    let header = header::read(&String::from_utf8_lossy(&script)).map_err(|mistakes| listed(&name, &mistakes))?;
    if let Some(why) = &header.skip {
        return Ok(Report::new(Verdict::Skipped, visible(why)));
    }
    let input = match &header.input {
        Input::Empty => Vec::new(),
        Input::Text(text) => text.clone().into_bytes(),
        Input::File(file) => beside(path, file)?,
    };
    let grants = Arc::new(granted(path, &header)?);
    let plan = Plan {
        name: &name,
        path,
        script: &script,
        args: &header.args,
        input: &input,
        trace: header.trace,
        seed: header.seed,
        max_memory: settings.max_memory,
        timeout: settings.timeout,
        stress: false,
        grants: &grants,
        variables: &header.variables,
    };
    let got = run(&plan);
    if got.timed_out {
        return Err(format!(
            "it runs longer than {:?}, the limit of --timeout\n{}",
            settings.timeout,
            visible(&got.error)
        ));
    }
    if got.overflowed {
        return Err("it writes more than a test may, 64 MiB".to_string());
    }

    let file = path.with_extension("snap");
    let snapped = Snapped { name: file_name(&file), now: snapshot_of(&got, &header), before: read_snapshot(&file)? };
    let expects = header.expect.is_any() || header.stdout.is_some();
    let wanted = !expects || header.trace.is_some() || header.stats;
    let alone = !wanted && snapped.before.is_none();
    let mut problems = header.expect.check(&got, &name, alone, style);
    let surprise = alone && !header.expect.speaks_of_errors();
    if snapped.before.is_none() && !got.error.is_empty() && (surprise || !problems.is_empty()) {
        problems.push(whole_error(&got.error, style));
    }
    if let Some(file) = &header.stdout {
        problems.extend(against_file(&got, file, &beside(path, file)?, style));
    }
    if !header.expect.speaks_of_leaks() && !got.leaks.is_empty() {
        let list: String = got.leaks.iter().map(|leak| format!("  {leak}\n")).collect();
        problems.push(format!("alive after all scopes were popped, which is a bug of probate or of its host:\n{list}"));
    }
    if header.stress || settings.stress {
        let timeout = settings.timeout.saturating_mul(SLOWER_UNDER_STRESS);
        let stressed = run(&Plan { stress: true, trace: None, timeout, ..plan });
        problems.extend(under_stress(&got, &stressed, style));
    }
    if settings.update && !alone {
        if problems.is_empty() {
            return snapped.write(&file);
        }
        problems.push(format!("so {} was not written\n", snapped.name));
    } else if snapped.before.is_some() {
        problems.extend(snapped.compare(style));
    } else if wanted && problems.is_empty() {
        return Ok(Report::new(Verdict::New, unknown(&got, style)));
    }
    let verdict = if problems.is_empty() { Verdict::Passed } else { Verdict::Failed };
    Ok(Report::new(verdict, problems.concat()))
}

/// What the head of a script grants it. Its paths begin at its own folder.
fn granted(path: &Path, header: &Header) -> Result<Grants, String> {
    let mut grants = Grants::new(std::path::absolute(path).map_or_else(|_| path.into(), |path| folder_of(&path)));
    for (need, folders) in [(Need::Read, &header.reads), (Need::Write, &header.writes)] {
        for folder in folders {
            let allowed = grants.allow(need, &Place::Folder(folder.into()));
            allowed.map_err(|sentence| sentence.trim_start_matches('-').to_string())?;
        }
    }
    Ok(grants)
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}

fn listed(script: &str, mistakes: &[Mistake]) -> String {
    let lines: Vec<String> =
        mistakes.iter().map(|mistake| format!("{script}:{}: {}", mistake.line, visible(&mistake.message))).collect();
    lines.join("\n")
}

/// A file that is named as seen from the script.
fn beside(script: &Path, file: &str) -> Result<Vec<u8>, String> {
    fs::read(script.with_file_name(file)).map_err(|error| format!("cannot read {}: {}", visible(file), reason(&error)))
}

fn file_name(path: &Path) -> String {
    visible(&path.file_name().unwrap_or_default().to_string_lossy())
}

/// The parts that the head asks for.
fn snapshot_of(got: &Got, header: &Header) -> Snapshot {
    let mut snapshot = Snapshot { status: got.status, ..Snapshot::default() };
    match header.trace {
        // What was printed stands in it.
        Some(preset) => snapshot.add(format!("trace {}", preset.name()), got.trace.as_str()),
        None => snapshot.add("output", got.output.as_str()),
    }
    snapshot.add("error", got.error.as_str());
    if header.stats {
        snapshot.add("stats", stats::text(&got.stats, crate::cli::options::StatsFormat::Text));
    }
    snapshot
}

/// The snapshot as it is, if there is one.
fn read_snapshot(file: &Path) -> Result<Option<Result<Snapshot, String>>, String> {
    let name = file_name(file);
    let text = match fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {name}: {}", reason(&error))),
    };
    match snapshot::read(&text) {
        Ok(snapshot) => Ok(Some(Ok(snapshot))),
        Err(Unread::Damaged(why)) => Ok(Some(Err(why))),
        Err(Unread::NotOurs) => Err(format!("{name} is no snapshot of probate: move it, or rename the script")),
    }
}

/// A snapshot as it would be, and as it is.
struct Snapped {
    name: String,
    now: Snapshot,
    /// `None`: there is none. Errors: why it cannot be compared.
    before: Option<Result<Snapshot, String>>,
}

impl Snapped {
    fn write(&self, file: &Path) -> Result<Report, String> {
        let text = self.now.text();
        // Compared as texts: what was edited by hand is written as it has to be.
        if self.before.is_some() && fs::read(file).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(Report::new(Verdict::Passed, ""));
        }
        fs::write(file, text).map_err(|error| format!("cannot write {}: {}", self.name, reason(&error)))?;
        Ok(Report::new(if self.before.is_some() { Verdict::Rewritten } else { Verdict::Written }, ""))
    }

    fn compare(&self, style: Style) -> Vec<String> {
        let before = match &self.before {
            Some(Ok(before)) => before,
            Some(Err(why)) => {
                let name = &self.name;
                return vec![format!("{name} cannot be compared: {why}\n`--update` writes it anew\n")];
            }
            None => return Vec::new(),
        };
        let mut problems = Vec::new();
        for section in &before.sections {
            let now = self.now.section(&section.name).map_or("", |now| now.text.as_str());
            problems.extend(self.section(section, now, style));
        }
        for section in self.now.sections.iter().filter(|section| before.section(&section.name).is_none()) {
            if section.name == "error" {
                problems.push(whole_error(&section.text, style));
            } else {
                let absent = Section { name: section.name.clone(), text: String::new(), line: before.status_line };
                problems.extend(self.section(&absent, &section.text, style));
            }
        }
        if before.status != self.now.status {
            problems.push(format!(
                "it ended with status {}; expected {} ({}:{})\n",
                self.now.status, before.status, self.name, before.status_line
            ));
        }
        problems
    }

    fn section(&self, expected: &Section, now: &str, style: Style) -> Option<String> {
        if expected.text == now {
            return None;
        }
        let what = match expected.name.as_str() {
            "output" => "the output differs",
            "error" => "standard error differs",
            "stats" => "the sums of the heap differ",
            _ => "the trace differs",
        };
        let place = |index: usize| Some(format!("{}:{}", self.name, expected.line + index));
        // An error is read to its end.
        let most = if expected.name == "error" { usize::MAX } else { MOST };
        let diff = Diff {
            what,
            expected: (&expected.text, &self.name),
            got: (now, &visible(&expected.name)),
            place: &place,
            most,
        };
        Some(diff.text(style))
    }
}

fn against_file(got: &Got, file: &str, expected: &[u8], style: Style) -> Option<String> {
    let expected = String::from_utf8_lossy(expected).replace("\r\n", "\n");
    (expected != got.output).then(|| {
        let place = |index: usize| Some(format!("{file}:{}", index + 1));
        let what = "the output differs";
        Diff { what, expected: (&expected, file), got: (&got.output, "output"), place: &place, most: MOST }.text(style)
    })
}

/// A second run has to do the same.
fn under_stress(calm: &Got, stressed: &Got, style: Style) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, before, after) in [("output", &calm.output, &stressed.output), ("error", &calm.error, &stressed.error)] {
        if before != after {
            let what = format!("under --gc-stress=verify, {name} differs");
            let expected = (before.as_str(), "as without");
            let diff = Diff { what: &what, expected, got: (after, name), place: &|_| None, most: MOST };
            problems.push(diff.text(style));
        }
    }
    if calm.status != stressed.status {
        let (calm, stressed) = (calm.status, stressed.status);
        problems.push(format!("under --gc-stress=verify it ended with status {stressed}, without with {calm}\n"));
    }
    problems
}

/// What nobody expected on standard error, all of it.
pub fn whole_error(text: &str, style: Style) -> String {
    let lines: String = text.lines().map(|line| format!("{}\n", style.red(&format!("  {}", visible(line))))).collect();
    format!("it wrote to standard error:\n{lines}")
}

/// What a script does of which nothing is expected yet.
fn unknown(got: &Got, style: Style) -> String {
    let mut text = String::from("nothing says what is expected of it\n");
    let lines: Vec<&str> = got.output.lines().collect();
    if !lines.is_empty() {
        text += "it printed:\n";
        for line in lines.iter().take(SAMPLE) {
            text += &format!("  {}\n", visible(line));
        }
        if let more @ 1.. = lines.len().saturating_sub(SAMPLE) {
            let lines = if more == 1 { "line" } else { "lines" };
            text += &format!("  {}\n", style.dim(&format!("… {more} more {lines}")));
        }
    }
    if !got.error.is_empty() {
        text += &whole_error(&got.error, style);
    }
    if got.status != 0 {
        text += &format!("it ended with status {}\n", got.status);
    }
    text
}
