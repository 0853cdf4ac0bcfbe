//! What the script-driven integration tests share: finding scripts, running the binary under test
//! with a deadline, asking Node (the oracle) what JavaScript prints, and reporting differences.
#![allow(dead_code, reason = "each test crate uses its own part")]

pub mod attacks;
pub mod generate;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// No script of the corpus needs a tenth of this, even on a busy machine under the verifier.
const DEADLINE: Duration = Duration::from_secs(120);

/// What one run of a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    /// `None`: ended by a signal, or by the deadline.
    pub status: Option<i32>,
}

/// The `tests` folder of the package.
pub fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The files in `folder` whose extension is `extension`, in the order of their names.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

/// Every script of `tests/language`, area by area.
pub fn language_scripts() -> Vec<PathBuf> {
    language_areas().iter().flat_map(|area| files(area, "pbt")).collect()
}

/// The folders in `tests/language`.
pub fn language_areas() -> Vec<PathBuf> {
    let mut areas: Vec<PathBuf> = fs::read_dir(tests_folder().join("language"))
        .expect("tests/language")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir())
        .collect();
    areas.sort();
    areas
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs the binary under test with an empty standard input.
pub fn probate<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Run {
    probate_with_input(arguments, "")
}

/// Runs the binary under test with `input` on its standard input.
pub fn probate_with_input<S: AsRef<std::ffi::OsStr>>(arguments: &[S], input: &str) -> Run {
    run(probate_command(arguments), input)
}

/// The same with what it writes to both streams in one text, in the order of the writing: in `stdout`.
pub fn probate_merged<S: AsRef<std::ffi::OsStr>>(arguments: &[S], input: &str) -> Run {
    merged(probate_command(arguments), input)
}

/// Runs a command likewise.
pub fn merged(mut command: Command, input: &str) -> Run {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    command.stdin(Stdio::piped()).stdout(writer.try_clone().expect("a second end")).stderr(writer);
    let mut child = command.spawn().expect("the binary under test");
    // The command holds the writing ends: without this the reader would wait for ever.
    drop(command);
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.as_bytes().to_vec();
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let both = drain(reader);
    let status = wait(&mut child);
    writer.join().expect("the writer");
    Run { stdout: both.join().expect("the reader"), stderr: String::new(), status }
}

/// The binary under test, ready to run.
pub fn probate_command<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probate"));
    command.args(arguments).env("NO_COLOR", "1").current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs a command to its end, or to the deadline.
pub fn run(mut command: Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.as_bytes().to_vec();
    // A program may end without reading its input: a broken pipe is no failure.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = drain(child.stdout.take().expect("piped"));
    let stderr = drain(child.stderr.take().expect("piped"));
    let status = wait(&mut child);
    writer.join().expect("the writer");
    Run {
        stdout: stdout.join().expect("the reader of stdout"),
        stderr: stderr.join().expect("the reader of stderr"),
        status,
    }
}

/// The exit status; `None` after a signal, or past the deadline.
fn wait(child: &mut Child) -> Option<i32> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            return status.code();
        }
        if started.elapsed() > DEADLINE {
            drop(child.kill());
            drop(child.wait());
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

fn drain(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Is `node` on PATH?
pub fn node_is_installed() -> bool {
    Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What JavaScript makes of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oracle {
    pub stdout: String,
    pub stderr: String,
    /// The uncaught error, if any.
    pub error: Option<String>,
}

/// Runs all files in one Node process.
pub fn oracle_for_files(paths: &[PathBuf]) -> Vec<Oracle> {
    oracle(paths.iter().map(|path| json!({ "path": path })).collect())
}

/// Runs all sources in one Node process.
pub fn oracle_for_sources(sources: &[String]) -> Vec<Oracle> {
    oracle(sources.iter().map(|source| json!({ "source": source })).collect())
}

fn oracle(jobs: Vec<Value>) -> Vec<Oracle> {
    let count = jobs.len();
    let mut command = Command::new("node");
    command.arg(tests_folder().join("support/oracle.js")).arg("--batch");
    let answer = run(command, &Value::Array(jobs).to_string());
    assert_eq!(answer.status, Some(0), "the oracle failed: {}", answer.stderr);
    let answers: Vec<Value> = serde_json::from_str(&answer.stdout).expect("the oracle's answers");
    assert_eq!(answers.len(), count, "one answer a job");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    answers
        .iter()
        .map(|answer| Oracle {
            stdout: text(&answer["stdout"]).unwrap_or_default(),
            stderr: text(&answer["stderr"]).unwrap_or_default(),
            error: text(&answer["error"]),
        })
        .collect()
}

/// Where two texts part: the lines around the first difference, `-` expected and `+` actual.
pub fn difference(expected: &str, actual: &str) -> String {
    const AROUND: usize = 3;
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.split('\n').collect(), actual.split('\n').collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let mut shown = String::new();
    for line in &old[same.saturating_sub(AROUND)..same] {
        let _ = writeln!(shown, "      {line}");
    }
    for (sign, lines) in [('-', &old), ('+', &new)] {
        for line in lines.iter().skip(same).take(AROUND) {
            let _ = writeln!(shown, "    {sign} {line}");
        }
        if lines.len() > same + AROUND {
            let _ = writeln!(shown, "    {sign} … {} more lines", lines.len() - same - AROUND);
        }
    }
    let _ = writeln!(shown, "    (line {})", same + 1);
    shown
}

/// Collects what is wrong with each script, to name all of them in one report.
#[derive(Default)]
pub struct Failures {
    checked: usize,
    reports: Vec<String>,
}

impl Failures {
    /// Notes that `name` was looked at, and what was wrong with it.
    pub fn check(&mut self, name: &str, problem: Option<String>) {
        self.checked += 1;
        if let Some(problem) = problem {
            self.reports.push(format!("{name}\n{problem}"));
        }
    }

    /// Panics with every report unless there is none. A check of nothing is a failure too.
    pub fn finish(self, what: &str) {
        assert!(self.checked > 0, "{what}: nothing to check");
        assert!(
            self.reports.is_empty(),
            "{what}: {} of {} fail\n\n{}",
            self.reports.len(),
            self.checked,
            self.reports.join("\n")
        );
    }
}

/// The path as a test report shows it.
pub fn shown(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// What a script expects on standard error, text by text: its lines that begin with `// reports:`.
fn reports(source: &str) -> Vec<&str> {
    source.lines().filter_map(|line| line.strip_prefix("// reports:")).map(str::trim).collect()
}

/// What is wrong with `stderr`: it has to be empty, or to have these texts in this order.
fn wrong_reports(stderr: &str, expected: &[&str]) -> Option<String> {
    let mut rest = stderr;
    for text in expected {
        match rest.split_once(text) {
            Some((_, behind)) if !rest.is_empty() => rest = behind,
            _ => return Some(format!("no report of `{text}`")),
        }
    }
    (expected.is_empty() && !stderr.is_empty()).then(|| "not empty".to_owned())
}

/// Runs the script and compares it with the `.out` file beside it: standard output equal, status 0,
/// on standard error nothing but what the script says that is reported.
pub fn compare_with_out(script: &Path, flags: &[&str]) -> Option<String> {
    let expected = read(&script.with_extension("out"));
    let mut arguments: Vec<&std::ffi::OsStr> = flags.iter().map(AsRef::as_ref).collect();
    arguments.push(script.as_os_str());
    let actual = probate(&arguments);
    let mut problem = String::new();
    match actual.status {
        Some(0) => {}
        Some(status) => drop(writeln!(problem, "    exit status {status}")),
        None => problem.push_str("    killed, by a signal or at the deadline\n"),
    }
    if let Some(wrong) = wrong_reports(&actual.stderr, &reports(&read(script))) {
        let start: Vec<&str> = actual.stderr.lines().take(12).collect();
        let _ = writeln!(problem, "    stderr: {wrong}\n      {}", start.join("\n      "));
    }
    if actual.stdout != expected {
        problem.push_str(&difference(&expected, &actual.stdout));
    }
    (!problem.is_empty()).then_some(problem)
}

/// Checks a snapshot a script, in a folder beside the scripts, and names all that differ in one report.
/// `render` makes the text, or says what is wrong with the script's run whatever the snapshot says.
pub fn check_snapshots(scripts: &[PathBuf], folder: &Path, render: impl Fn(&Path) -> Result<String, String>) {
    let mut failures = Failures::default();
    for script in scripts {
        let name = script.file_stem().expect("a name").to_string_lossy();
        let problem = match render(script) {
            Err(problem) => Some(problem),
            Ok(text) => std::panic::catch_unwind(|| {
                insta::with_settings!({
                    snapshot_path => folder,
                    prepend_module_to_snapshot => false,
                    omit_expression => true,
                    input_file => shown(script),
                }, {
                    insta::assert_snapshot!(&*name, text);
                });
            })
            .is_err()
            .then(|| "    the snapshot differs: see above".into()),
        };
        failures.check(&shown(script), problem);
    }
    failures.finish(&shown(folder));
}

/// A script for one test, in the folder for temporary files.
pub fn temporary(name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, contents).expect("a writable folder for temporary files");
    path
}
