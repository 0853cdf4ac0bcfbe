//! Refusals and syntax errors: what a user sees for each script of `tests/errors`.

mod support;

use std::path::Path;

use probate::embed::Engine;
use probate::syntax::{Diagnostic, Fix};
use support::{check_snapshots, difference, files, probate, shown, tests_folder};

/// Standard error of a script that must not compile, however it is run.
fn refused(script: &Path) -> Result<String, String> {
    // The name in the message must not depend on where the package lies.
    let name = shown(script);
    let run = probate(&[&name]);
    if run.status != Some(65) || !run.stdout.is_empty() {
        return Err(format!("    status {:?}, stdout: {} stderr: {}", run.status, run.stdout, run.stderr));
    }
    let code = run.stderr.strip_prefix("error[E0").and_then(|rest| rest.split(']').next());
    if code.is_none_or(|code| code.len() != 3) {
        return Err(format!("    no code at the start of {}", run.stderr));
    }
    let checked = probate(&["--check", &name]);
    if checked != run {
        return Err(format!("    --check says otherwise:\n{}", difference(&run.stderr, &checked.stderr)));
    }
    Ok(run.stderr)
}

#[test]
fn every_refusal_says_what_and_where_and_what_instead() {
    let folder = tests_folder().join("errors");
    check_snapshots(&files(&folder, "pbt"), &folder.join("snapshots"), refused);
}

#[test]
fn every_code_that_is_shown_is_explained() {
    let mut codes: Vec<String> = Vec::new();
    for script in files(&tests_folder().join("errors"), "pbt") {
        let stderr = probate(&[&script]).stderr;
        for line in stderr.lines() {
            if let Some(code) = line.strip_prefix("error[").and_then(|rest| rest.split(']').next()) {
                codes.push(code.to_owned());
            }
        }
    }
    codes.sort();
    codes.dedup();
    for code in codes {
        let run = probate(&["--explain", &code]);
        assert_eq!(run.status, Some(0), "--explain {code}: {}", run.stderr);
        assert!(run.stdout.starts_with(&format!("{code}: ")), "{}", run.stdout);
    }
}

/// The errors of a text.
fn errors(source: &str) -> Vec<Diagnostic> {
    Engine::builder().build().compile(source).err().unwrap_or_default()
}

/// Where an offset that no edit touches stands after a fix.
fn moved(fix: &Fix, offset: u32) -> u32 {
    let before = fix.edits.iter().filter(|edit| edit.span.end <= offset && edit.span.start < offset);
    before.fold(offset, |at, edit| at + edit.replacement.len() as u32 - (edit.span.end - edit.span.start))
}

#[test]
fn a_fix_removes_its_error() {
    let mut fixes = 0;
    for folder in ["errors", "deviations"] {
        for script in files(&tests_folder().join(folder), "pbt") {
            let Ok(source) = std::fs::read_to_string(&script) else { continue };
            for error in errors(&source) {
                let Some(fix) = &error.fix else { continue };
                fixes += 1;
                let place = shown(&script);
                for pair in fix.edits.windows(2) {
                    assert!(pair[0].span.end <= pair[1].span.start, "{place}: the edits are in order: {fix:?}");
                }
                let fixed = fix.apply(&source);
                let at = moved(fix, error.span.start);
                let again = errors(&fixed).into_iter().find(|other| other.code == error.code && other.span.start == at);
                assert_eq!(again, None, "{place}: still there after {fix:?} in\n{fixed}");
            }
        }
    }
    assert!(fixes > 60, "only {fixes} scripts have an error with a fix");
}
