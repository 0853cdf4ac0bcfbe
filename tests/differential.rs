//! Random programs, run by Probate and by Node: both must print the same, and end the same way.
//!
//! `PROBATE_DIFF_SECONDS` bounds the time (10 seconds; 60 where `CI` is true), `PROBATE_DIFF_SEED`
//! chooses the programs. A program that differs is kept in the folder for temporary test files.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::generate::{Random, program};
use support::{Oracle, Run, difference, node_is_installed, oracle_for_sources, probate};

/// Programs in one Node process.
const BATCH: u64 = 50;
const DEFAULT_SEED: u64 = 20_240_607;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn time_to_spend() -> Duration {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    Duration::from_secs(setting("PROBATE_DIFF_SECONDS").unwrap_or(if in_ci { 60 } else { 10 }))
}

fn source(seed: u64) -> String {
    program(&mut Random::new(seed))
}

/// How the two differ, if they do. Of an uncaught error only its being there counts: its text is
/// each engine's own.
fn disagreement(oracle: &Oracle, run: &Run) -> Option<String> {
    let expected = i32::from(oracle.error.is_some());
    if run.status != Some(expected) {
        return Some(format!(
            "    status {:?} instead of {expected} ({:?})\n    stderr: {}\n{}",
            run.status,
            oracle.error,
            run.stderr,
            difference(&oracle.stdout, &run.stdout)
        ));
    }
    (oracle.stdout != run.stdout).then(|| difference(&oracle.stdout, &run.stdout))
}

fn keep(seed: u64, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("differential-{seed}.pbt"));
    fs::write(&path, text).expect("a writable folder for temporary files");
    path
}

#[test]
fn random_programs_print_what_node_prints() {
    if !node_is_installed() {
        eprintln!("node is not installed: no random programs were compared with JavaScript");
        return;
    }
    let (started, limit) = (Instant::now(), time_to_spend());
    let first = setting("PROBATE_DIFF_SEED").unwrap_or(DEFAULT_SEED);
    let mut seed = first;
    while seed == first || started.elapsed() < limit {
        let seeds: Vec<u64> = (0..BATCH).map(|i| seed.wrapping_add(i)).collect();
        let sources: Vec<String> = seeds.iter().map(|&seed| source(seed)).collect();
        for ((&seed, text), oracle) in seeds.iter().zip(&sources).zip(oracle_for_sources(&sources)) {
            let path = keep(seed, text);
            let run = probate(&[&path]);
            if let Some(how) = disagreement(&oracle, &run) {
                panic!("seed {seed} ({}):\n{how}\n{text}", path.display());
            }
            fs::remove_file(&path).expect("a file of our own");
            if started.elapsed() > limit && seed != first {
                break;
            }
        }
        seed = seed.wrapping_add(BATCH);
    }
    eprintln!("{} programs from seed {first}", seed.wrapping_sub(first));
}

#[test]
fn a_seed_always_gives_the_same_program() {
    assert_eq!(source(7), source(7));
    assert_ne!(source(7), source(8));
}

/// The generator's own quality: what it writes is valid, mostly runs to its end, and says a lot.
#[test]
fn generated_programs_are_worth_running() {
    if !node_is_installed() {
        eprintln!("node is not installed: the generated programs were not tried out");
        return;
    }
    let sources: Vec<String> = (0..200).map(source).collect();
    let answers = oracle_for_sources(&sources);
    let mut finished = 0;
    let mut lines = 0;
    for (answer, text) in answers.iter().zip(&sources) {
        let error = answer.error.as_deref().unwrap_or("");
        for unwanted in ["SyntaxError", "ReferenceError", "timed out"] {
            assert!(!error.contains(unwanted), "{error}\n{text}");
        }
        finished += usize::from(answer.error.is_none());
        lines += answer.stdout.lines().count();
    }
    assert!(finished > sources.len() / 2, "only {finished} ran to their end");
    assert!(lines > sources.len() * 20, "only {lines} lines from {} programs", sources.len());
}
