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
