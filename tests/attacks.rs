//! Hostile scripts: those of `tests/limits`, and some whose text is too large to keep. Each ends with its status and message, and in bounded memory.
//!
//! What a script's head says of messages is looked for on standard error. Whatever it writes, `caught` and `finally`
//! are not among it. Peak resident memory has to stay under twice the memory limit and a constant; it is the system's own high-water mark, read until the process ends (Linux).
//! With `LIMITS_TABLE=FILE` the table of docs/limits.md is written there.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::attacks::Attack;
use support::{Failures, probate_command, temporary};

/// What hangs is ended then, and fails. It is far above what any of them takes.
const DEADLINE: Duration = Duration::from_secs(120);
/// The limit of scripts that name none.
const USUAL: u64 = 256;
/// What the process takes before it runs anything, and what an allocator may keep back, in MiB.
const BASE: u64 = 24;

struct Outcome {
    status: Option<i32>,
    stdout: String,
    stderr: String,
    /// In MiB; 0 where it is not known.
    peak: u64,
}

fn run(attack: &Attack) -> Outcome {
    let script = temporary(&format!("{}.pbt", attack.name), &attack.source);
    let mut arguments = attack.options.clone();
    if !arguments.iter().any(|option| option.starts_with("--max-memory")) {
        arguments.push(format!("--max-memory={USUAL}M"));
    }
    arguments.push(script.to_string_lossy().into_owned());
    let mut command = probate_command(&arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary under test");
    let drain = |mut stream: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(stream.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = drain(Box::new(child.stdout.take().expect("piped")));
    let stderr = drain(Box::new(child.stderr.take().expect("piped")));
    let (started, status_file) = (Instant::now(), format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water_mark(&status_file));
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            break Some(status);
        }
        if started.elapsed() > DEADLINE {
            drop(child.kill());
            drop(child.wait());
            break None;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    drop(fs::remove_file(script));
    Outcome { status: status.as_ref().and_then(ExitStatus::code), stdout, stderr, peak: peak.div_ceil(1024) }
}

/// The most memory that was ever resident, in KiB.
fn high_water_mark(status_file: &str) -> u64 {
    let status = fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn limit_of(attack: &Attack) -> u64 {
    let option = attack.options.iter().find_map(|option| option.strip_prefix("--max-memory="));
    match option {
        Some(text) if text.ends_with('G') => text.trim_end_matches('G').parse::<u64>().expect("a number") * 1024,
        Some(text) => text.trim_end_matches('M').parse().expect("a number of MiB"),
        None => USUAL,
    }
}

fn problem(attack: &Attack, outcome: &Outcome) -> Option<String> {
    let mut problem = String::new();
    if outcome.status != Some(attack.status) {
        let _ = writeln!(problem, "    status {:?}, not {}", outcome.status, attack.status);
    }
    if !outcome.stderr.contains(&attack.says) {
        let _ = writeln!(problem, "    it does not say `{}`", attack.says);
    }
    for word in ["panicked", "overflowed its stack", "internal error"] {
        if outcome.stderr.contains(word) {
            let _ = writeln!(problem, "    {word}");
        }
    }
    if outcome.stdout.contains("caught") || outcome.stdout.contains("finally") {
        problem.push_str("    it was caught\n");
    }
    let most = 2 * limit_of(attack) + BASE;
    if outcome.peak > most {
        let _ = writeln!(problem, "    {} MiB, and not at most {most}", outcome.peak);
    }
    if !problem.is_empty() {
        let shown: Vec<String> = outcome.stderr.lines().take(6).map(|line| line.chars().take(160).collect()).collect();
        let _ = writeln!(problem, "    stderr:\n      {}", shown.join("\n      "));
    }
    (!problem.is_empty()).then_some(problem)
}

#[test]
fn every_attack_is_contained() {
    let only = std::env::var("ATTACK").unwrap_or_default();
    let mut attacks = support::attacks::attacks();
    attacks.retain(|attack| attack.name.contains(&only));
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(|| {
                while let Some(attack) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(attack);
                    outcomes.lock().expect("no panic").push((attack, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no panic");
    outcomes.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    if let Some(file) = std::env::var_os("LIMITS_TABLE") {
        fs::write(file, table(&outcomes)).expect("a file to write to");
    }
    let mut failures = Failures::default();
    for (attack, outcome) in &outcomes {
        failures.check(&attack.name, problem(attack, outcome));
    }
    failures.finish("attacks");
}

fn table(outcomes: &[(&Attack, Outcome)]) -> String {
    let mut text = "| Attack | | Options | Status | Peak, MiB |\n|---|---|---|---|---|\n".to_string();
    for (attack, outcome) in outcomes {
        let status = outcome.status.map_or("–".to_string(), |status| status.to_string());
        let options = attack.options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "| {} | {} | {options} | {status} | {} |", attack.name, attack.what, outcome.peak);
    }
    text
}
