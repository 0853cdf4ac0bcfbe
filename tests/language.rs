//! The language corpus: one script a behaviour, its expected output beside it. What `tests/language`
//! expects was printed by Node; what `tests/deviations` expects was derived from docs/language.md.

mod support;

use std::path::Path;

use support::{
    Failures, compare_with_out, difference, files, language_areas, language_scripts, node_is_installed,
    oracle_for_files, read, shown, tests_folder,
};

/// The flag that runs the verifier after every heap event.
const STRESS: &[&str] = &["--gc-stress=verify"];

fn check_folder(folder: &Path, flags: &[&str]) {
    let mut failures = Failures::default();
    for script in files(folder, "pbt") {
        failures.check(&shown(&script), compare_with_out(&script, flags));
    }
    failures.finish(&format!("{} {}", shown(folder), flags.join(" ")));
}

fn check_area(name: &str, flags: &[&str]) {
    check_folder(&tests_folder().join("language").join(folder_of(name)), flags);
}

fn folder_of(area: &str) -> String {
    area.replace('_', "-")
}

/// Two tests an area: as it is, and under stress.
macro_rules! areas {
    ($($area:ident),* $(,)?) => {
        const AREAS: &[&str] = &[$(stringify!($area)),*];

        mod plain {
            $(#[test] fn $area() { super::check_area(stringify!($area), &[]); })*
        }

        mod stress {
            $(#[test] fn $area() { super::check_area(stringify!($area), super::STRESS); })*
        }
    };
}

areas! {
    arrays, arrows, asi, classes, closures, control_flow, destructuring, errors_runtime, exceptions, finally, functions, inheritance, iteration, json, labels, literals, loops, map_set, math, numbers, objects, operators, optional_chaining, private_members, programs, scoping, spread, stdlib, strings, switch, tdz, templates, weak,
}

#[test]
fn every_folder_has_its_tests() {
    let folders: Vec<String> =
        language_areas().iter().map(|area| area.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    let tested: Vec<String> = AREAS.iter().map(|area| folder_of(area)).collect();
    assert_eq!(folders, tested, "the list of areas and the folders of tests/language");
}

#[test]
fn every_script_has_an_expected_output_and_every_output_a_script() {
    let mut failures = Failures::default();
    let folders = language_areas().into_iter().chain([tests_folder().join("deviations")]);
    for folder in folders {
        for script in files(&folder, "pbt") {
            let out = script.with_extension("out");
            let empty = !out.is_file() || read(&out).is_empty();
            failures.check(&shown(&script), empty.then(|| "    expects nothing".to_owned()));
        }
        for out in files(&folder, "out") {
            let stray = !out.with_extension("pbt").is_file();
            failures.check(&shown(&out), stray.then(|| "    belongs to no script".to_owned()));
        }
    }
    failures.finish("expected outputs");
}

#[test]
fn deviations() {
    check_folder(&tests_folder().join("deviations"), &[]);
}

#[test]
fn deviations_under_stress() {
    check_folder(&tests_folder().join("deviations"), STRESS);
}

/// P2's other half: the expected outputs are what JavaScript prints.
#[test]
fn node_prints_the_expected_outputs() {
    if !node_is_installed() {
        eprintln!("node is not installed: the expected outputs were not compared with JavaScript");
        return;
    }
    let scripts = language_scripts();
    let mut failures = Failures::default();
    for (script, oracle) in scripts.iter().zip(oracle_for_files(&scripts)) {
        let expected = read(&script.with_extension("out"));
        let problem = if let Some(error) = oracle.error {
            Some(format!("    uncaught {error}"))
        } else if oracle.stdout != expected {
            Some(difference(&expected, &oracle.stdout))
        } else {
            (!oracle.stderr.is_empty()).then(|| format!("    stderr: {}", oracle.stderr))
        };
        failures.check(&shown(script), problem);
    }
    failures.finish("node");
}
