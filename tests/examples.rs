//! The programs of `scripts/examples`, against what they printed when they were written.

mod support;

use std::path::{Path, PathBuf};

use support::{difference, files, probate_merged, probate_with_input, read, tests_folder};

const STRESS: &[&str] = &["--gc-stress=verify"];

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/examples").join(file)
}

/// Runs an example with flags in front of it, its arguments and an input file.
fn check(name: &str, flags: &[&str], arguments: &[&str], input: Option<&str>) {
    let script = format!("scripts/examples/{name}.pbt");
    let mut line = flags.to_vec();
    line.push(&script);
    line.extend(arguments);
    let run = probate_with_input(&line, &input.map_or(String::new(), |file| read(&example(file))));
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{line:?}");
    let expected = read(&example(&format!("{name}.out")));
    assert!(run.stdout == expected, "{line:?}\n{}", difference(&expected, &run.stdout));
}

#[test]
fn report() {
    check("report", &[], &[], Some("orders.json"));
}

#[test]
fn wordcount() {
    check("wordcount", &[], &["--top", "10"], Some("fable.txt"));
    check("wordcount", STRESS, &["--top", "10"], Some("fable.txt"));
}

#[test]
fn calc() {
    check("calc", &[], &[], Some("calc.txt"));
    check("calc", STRESS, &[], Some("calc.txt"));
}

#[test]
fn memory_tour() {
    check("memory-tour", &[], &[], None);
    check("memory-tour", STRESS, &[], None);
}

#[test]
fn finalizers() {
    check("finalizers", &[], &[], None);
    check("finalizers", STRESS, &[], None);
}

#[test]
fn the_trace_of_the_memory_tour() {
    for preset in ["life", "all"] {
        let line = [&format!("--trace={preset}"), "scripts/examples/memory-tour.pbt"];
        let run = probate_merged(&line, "");
        assert_eq!(run.status, Some(0));
        insta::with_settings!({
            snapshot_path => tests_folder().join("traces/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("memory-tour-{preset}"), run.stdout);
        });
    }
}

#[test]
fn the_orders_are_the_ones_that_their_script_makes() {
    let run = probate_with_input(&["scripts/examples/make-orders.pbt"], "");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    let expected = read(&example("orders.json"));
    assert!(run.stdout == expected, "{}", difference(&expected, &run.stdout));
}

#[test]
fn every_example_is_tested() {
    let tested = ["calc.pbt", "finalizers.pbt", "make-orders.pbt", "memory-tour.pbt", "report.pbt", "wordcount.pbt"];
    let found: Vec<String> = files(&example(""), "pbt")
        .iter()
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, tested);
}
