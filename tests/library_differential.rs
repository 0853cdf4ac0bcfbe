//! Every function of the library with arguments at its edges and random ones, run by Probate and by Node: both must print the same.
//!
//! The scripts stand in `tests/library/`, with `prelude.js` in front of each. `PROBATE_DIFF_SEED` chooses the random arguments, `PROBATE_DIFF_TURNS` how many.

mod support;

use std::fs;
use std::path::Path;

use support::{Failures, difference, files, node_is_installed, oracle_for_sources, probate, read, tests_folder};

const SEED: u64 = 20_240_607;
const TURNS: u64 = 1000;

fn setting(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}"))
}

#[test]
fn the_library_answers_as_in_node() {
    if !node_is_installed() {
        eprintln!("node is not installed: the library was not compared with JavaScript");
        return;
    }
    let folder = tests_folder().join("library");
    let seed = setting("PROBATE_DIFF_SEED", SEED) % (1 << 32);
    let turns = setting("PROBATE_DIFF_TURNS", TURNS);
    let prelude = format!("const SEED = {seed};\nconst TURNS = {turns};\n{}", read(&folder.join("prelude.js")));
    let scripts = files(&folder, "pbt");
    assert!(!scripts.is_empty());
    let sources: Vec<String> = scripts.iter().map(|path| format!("{prelude}{}", read(path))).collect();
    let mut failures = Failures::default();
    for ((path, source), oracle) in scripts.iter().zip(&sources).zip(oracle_for_sources(&sources)) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        failures.check(&name, disagreement(&name, source, &oracle.stdout, oracle.error.as_deref()));
    }
    failures.finish("scripts of tests/library");
}

fn disagreement(name: &str, source: &str, expected: &str, error: Option<&str>) -> Option<String> {
    if let Some(error) = error {
        return Some(format!("    node: {error}"));
    }
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("library-{name}"));
    fs::write(&copy, source).expect("a writable folder for temporary files");
    let run = probate(&[&copy]);
    if run.status != Some(0) {
        return Some(format!("    status {:?}\n{}", run.status, run.stderr));
    }
    let lines = expected.lines().zip(run.stdout.lines());
    let wrong = lines.filter(|(node, ours)| node != ours).count();
    (run.stdout != expected).then(|| format!("    {wrong} lines\n{}", difference(expected, &run.stdout)))
}
