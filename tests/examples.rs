//! The programs of `scripts/`: `probate test` passes on them, as README.md says, and the trace of one.

mod support;

use std::path::Path;

use support::{files, probate, probate_merged, tests_folder};

#[test]
fn the_tests_of_the_scripts_pass() {
    let run = probate(&["test", "scripts"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    let sum = run.stdout.lines().last().unwrap_or_default();
    // Only benchmarks are skipped: an example without expectations would be new, and fail.
    let expected = format!(" passed, {} skipped (", benchmarks());
    assert!(sum.contains(&expected), "an example is skipped, or a benchmark is tested: {sum}");
}

/// How many scripts `scripts/bench/` has.
fn benchmarks() -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/bench");
    files(&folder, "pbt").len() + files(&folder.join("scaling"), "pbt").len()
}

#[test]
fn the_whole_trace_of_the_memory_tour() {
    let run = probate_merged(&["--trace=all", "scripts/examples/memory-tour.pbt"], "");
    assert_eq!(run.status, Some(0));
    insta::with_settings!({
        snapshot_path => tests_folder().join("traces/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("memory-tour-all", run.stdout);
    });
}

/// P2 for whole programs: what an example prints is what Node prints. Those about memory have no counterpart there.
#[test]
fn node_prints_what_the_examples_print() {
    use std::fs;
    use support::{
        Failures, difference, files, node_is_installed, oracle_for_sources, probate_with_input, read, shown,
    };

    /// What Probate has besides JavaScript's library. `exit` cannot be caught; no example catches everything.
    const PRELUDE: &str = "
        const print = console.log;
        const io = { readText: () => INPUT, lines: () => INPUT.split('\\n').slice(0, INPUT.endsWith('\\n') ? -1 : undefined) };
        const exit = status => { throw { exit: status }; };
    ";
    if !node_is_installed() {
        eprintln!("node is not installed: the examples were not compared with JavaScript");
        return;
    }
    let folder = tests_folder().join("../scripts/examples");
    let mut scripts = files(&folder, "pbt");
    scripts.retain(|script| !["finalize()", "gc."].iter().any(|word| read(script).contains(word)));
    assert!(scripts.len() >= 12, "{} examples are plain JavaScript", scripts.len());

    // Each as its head says that it is run.
    let head = |source: &str, key: &str| {
        let line = source.lines().find_map(|line| line.strip_prefix("// test: ")?.strip_prefix(key));
        line.map(str::to_owned).unwrap_or_default()
    };
    let mut sources = Vec::new();
    let mut runs = Vec::new();
    for script in &scripts {
        let source = read(script);
        let args = head(&source, "args=");
        let args: Vec<&str> = args.split_whitespace().collect();
        let input = match head(&source, "stdin=").as_str() {
            "" => String::new(),
            name => fs::read_to_string(folder.join(name)).expect("the input of an example"),
        };
        let (words, text) = (serde_json::json!(args), serde_json::json!(input));
        sources.push(format!("const args = {words}; const INPUT = {text}; {PRELUDE}\n{source}"));
        let path = script.to_str().expect("a path in UTF-8");
        runs.push(probate_with_input(&[&[path], args.as_slice()].concat(), &input));
    }
    let mut failures = Failures::default();
    for ((script, run), oracle) in scripts.iter().zip(&runs).zip(oracle_for_sources(&sources)) {
        let ending = (run.status != Some(0)).then(|| format!("thrown: {{ exit: {} }}", run.status.unwrap_or(-1)));
        let problem = if oracle.error != ending {
            Some(format!("    Node ends with {:?}, Probate with {:?}", oracle.error, run.status))
        } else if oracle.stderr != run.stderr {
            Some(difference(&oracle.stderr, &run.stderr))
        } else {
            (oracle.stdout != run.stdout).then(|| difference(&oracle.stdout, &run.stdout))
        };
        failures.check(&shown(script), problem);
    }
    failures.finish("examples under node");
}
