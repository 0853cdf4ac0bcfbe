//! Scripts that once broke something, each named after what it holds to, with its expected output beside it.

mod support;

use support::{Failures, compare_with_out, files, shown, tests_folder};

fn check(flags: &[&str]) {
    let mut failures = Failures::default();
    for script in files(&tests_folder().join("regression"), "pbt") {
        failures.check(&shown(&script), compare_with_out(&script, flags));
    }
    failures.finish(&format!("tests/regression {}", flags.join(" ")));
}

#[test]
fn plain() {
    check(&[]);
}

#[test]
fn under_stress() {
    check(&["--gc-stress=verify"]);
}
