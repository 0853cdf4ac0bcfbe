//! P1 and `JSON.parse`: the documents of `tests/json`. `y_` files are JSON, and mean the same as a
//! program, through `JSON.parse`, and to serde_json; `n_` files are no JSON that can be accepted.

mod support;

use std::path::PathBuf;

use serde::Deserialize as _;
use serde_json::Value;
use support::{Failures, Run, files, probate, probate_with_input, read, shown, tests_folder};

const ECHO: &str = "console.log(JSON.stringify(JSON.parse(io.readText())));\n";

const REFUSE: &str = "const text = io.readText();
try {
  console.log(\"accepted \" + JSON.stringify(JSON.parse(text)));
} catch (e) {
  console.log(e instanceof SyntaxError ? \"refused\" : \"refused with a \" + e.name);
  console.log(e.message);
}
";

fn documents(prefix: &str) -> Vec<PathBuf> {
    let mut found = files(&tests_folder().join("json"), "json");
    found.retain(|path| shown(path).contains(&format!("/{prefix}")));
    found
}

/// A script that the tests feed with documents.
fn script(name: &str, source: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, source).expect("a writable folder for temporary files");
    path
}

/// Why `actual` is not `expected`: keys in order, integers to the last digit of 64 bits, other
/// numbers as doubles.
fn mismatch(expected: &Value, actual: &Value, path: &str) -> Option<String> {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => {
            (!same_number(&a.to_string(), &b.to_string())).then(|| format!("{path}: {a} is {b}"))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| mismatch(a, b, &format!("{path}[{i}]")))
        }
        (Value::Object(a), Value::Object(b)) => {
            let (old, new): (Vec<_>, Vec<_>) = (a.keys().collect(), b.keys().collect());
            if old != new {
                return Some(format!("{path}: keys {old:?} are {new:?}"));
            }
            a.iter().find_map(|(key, a)| mismatch(a, &b[key], &format!("{path}.{key}")))
        }
        _ => (expected != actual).then(|| format!("{path}: {expected} is {actual}")),
    }
}

fn same_number(a: &str, b: &str) -> bool {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a.parse::<f64>().is_ok_and(|a| b.parse::<f64>().is_ok_and(|b| a == b)),
    }
}

/// serde_json's reading of a text, however deeply nested: it recurses, so it needs `deep`.
fn parse(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = Value::deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// Runs a check with room for deep recursion.
fn deep(check: impl FnOnce() + Send + 'static) {
    const ROOM: usize = 256 << 20;
    let checker = std::thread::Builder::new().stack_size(ROOM).spawn(check).expect("a thread");
    if let Err(panic) = checker.join() {
        std::panic::resume_unwind(panic);
    }
}

fn check_document(text: &str, run: &Run) -> Option<String> {
    if run.status != Some(0) || !run.stderr.is_empty() {
        return Some(format!("    status {:?}, stderr: {}", run.status, run.stderr));
    }
    let expected = parse(text).expect("a valid document");
    match parse(&run.stdout) {
        Ok(actual) => mismatch(&expected, &actual, "$").map(|why| format!("    {why}")),
        Err(error) => Some(format!("    printed no JSON ({error}): {}", run.stdout)),
    }
}

#[test]
fn every_document_is_a_program_with_its_own_value() {
    deep(|| {
        let mut failures = Failures::default();
        for document in documents("y_") {
            let run = probate(&["-p".as_ref(), document.as_os_str()]);
            failures.check(&shown(&document), check_document(&read(&document), &run));
        }
        failures.finish("probate -p");
    });
}

#[test]
fn every_document_round_trips_through_parse_and_stringify() {
    deep(|| {
        let echo = script("echo.pbt", ECHO);
        let mut failures = Failures::default();
        for document in documents("y_") {
            let text = read(&document);
            let run = probate_with_input(&[&echo], &text);
            failures.check(&shown(&document), check_document(&text, &run));
        }
        failures.finish("JSON.parse");
    });
}

#[test]
fn every_invalid_text_is_a_syntax_error_with_its_place() {
    let refuse = script("refuse.pbt", REFUSE);
    let mut failures = Failures::default();
    for text in documents("n_") {
        let run = probate_with_input(&[&refuse], &read(&text));
        let (verdict, message) = run.stdout.split_once('\n').unwrap_or((&run.stdout, ""));
        let problem = if run.status != Some(0) || !run.stderr.is_empty() {
            Some(format!("    status {:?}, stderr: {}", run.status, run.stderr))
        } else if verdict != "refused" {
            Some(format!("    {verdict}"))
        } else if !names_a_place(message) {
            Some(format!("    no line and column in {message:?}"))
        } else {
            None
        };
        failures.check(&shown(&text), problem);
    }
    failures.finish("invalid texts");
}

/// "line 1, column 2" in some order of words, or "1:2".
fn names_a_place(message: &str) -> bool {
    let numbered = |word: &str| {
        message
            .match_indices(word)
            .any(|(at, _)| message[at + word.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit()))
    };
    let colon = message.match_indices(':').any(|(at, _)| {
        message[..at].ends_with(|c: char| c.is_ascii_digit())
            && message[at + 1..].starts_with(|c: char| c.is_ascii_digit())
    });
    numbered("line") && numbered("column") || colon
}

#[test]
fn the_set_is_large_enough() {
    assert!(documents("y_").len() >= 40 && documents("n_").len() >= 40);
}
