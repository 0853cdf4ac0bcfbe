//! Refusals and syntax errors: what a user sees for each script of `tests/errors`.

mod support;

use std::path::Path;

use probate::embed::{Engine, Error};
use probate::syntax::{Diagnostic, Fix};
use probate::vm::error::Failure;
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

// ---- Run time ------------------------------------------------------------------------------

/// The message of the error that nobody catches.
fn uncaught(source: &str) -> (String, Vec<String>) {
    match Engine::builder().build().eval("test", source) {
        Err(Error::Failure(Failure::Uncaught { message, stack, .. })) => (message, stack),
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn a_missing_property_that_is_used_names_the_similar_one() {
    for (source, end) in [
        ("Math.sqroot(2)", "`Math.sqroot` is not a function; did you mean `sqrt`?"),
        ("console.lg(1)", "`console.lg` is not a function; did you mean `log`?"),
        ("'a'.toUppercase()", "`'a'.toUppercase` is not a function; did you mean `toUpperCase`?"),
        ("const xs = []; xs.psuh(Math.max(1, 2), [3].at(0))", "did you mean `push`?"),
        ("new Map().hass(1)", "did you mean `has`?"),
        ("const set = new Set(); set.szie.x", "`set.szie` is undefined; did you mean `size`?"),
        ("class A { static make() {} } class B extends A {} B.mkae()", "did you mean `make`?"),
        ("class A { draw() {} } class B extends A {} new B().darw()", "did you mean `draw`?"),
        (
            "class A { constructor() { this.count = 1; } f() { return this.cuont.x; } } new A().f()",
            "did you mean `count`?",
        ),
        ("const a = { user: {} }; a.usre.name", "of undefined: `a.usre` is undefined; did you mean `user`?"),
        ("const a = { user: {} }; (() => a.usre.name)()", "did you mean `user`?"),
        ("const a = { b: { list: [] } }; a.b.lits.push(1)", "`a.b.lits` is undefined; did you mean `list`?"),
        ("const a = { b: { list: [] } }; (() => () => a.b.lits.push(1))()()", "did you mean `list`?"),
        ("const a = { user: {} }; a.usre.name = 1", "`a.usre` is undefined; did you mean `user`?"),
        ("const a = { items: [] }; for (const x of a.itmes) x;", "it is undefined; did you mean `items`?"),
        ("const a = { items: [] }; [...a.itmes]", "it is undefined; did you mean `items`?"),
        ("const a = { Shape: class {} }; new a.Shpae(1)", "`a.Shpae` is not a constructor; did you mean `Shape`?"),
        ("function f(text) { return text.lenght.toFixed(1); } f('abc')", "did you mean `length`?"),
    ] {
        let (message, _) = uncaught(source);
        assert!(message.starts_with("TypeError: ") && message.ends_with(end), "{source}: {message}");
    }
}

#[test]
fn no_name_is_offered_where_none_is_missing() {
    for (source, message) in [
        ("const o = { map: undefined, mop: 1 }; o.map()", "`o.map` is not a function"),
        ("const o = { a: undefined, b: 1 }; o.a.x", "Cannot read property `x` of undefined: `o.a` is undefined"),
        ("const o = { far: 1 }; o.away.x", "Cannot read property `x` of undefined: `o.away` is undefined"),
        ("let size; const sizes = 1; size()", "`size` is not a function"),
        ("const xs = [1]; xs.length()", "`xs.length` is not a function; it is a number"),
        ("const f = () => undefined; f().x", "Cannot read property `x` of undefined: `f()` is undefined"),
        (
            "const o = { user: 1 }; let u = o.usre; u = o.usre; [u][0].x",
            "Cannot read property `x` of undefined: `[u][0]` is undefined",
        ),
    ] {
        assert_eq!(uncaught(source).0, format!("TypeError: {message}"), "{source}");
    }
}

#[test]
fn looking_for_names_leaves_the_heap_as_it_is() {
    let source = "const a = { user: { name: 1 } }; const before = gc.stats().live;
        for (let i = 0; i < 100; i++) { try { a.usre.name; } catch {} try { a.usr(); } catch {} }
        const after = gc.stats().live; JSON.stringify([after.object, after.array]) === JSON.stringify([before.object + 1, before.array])";
    let run = probate(&["-p", "--gc-stress=verify", "-e", source]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("true\n", ""));
}

#[test]
fn what_caused_an_uncaught_error_is_shown() {
    let (message, stack) = uncaught(
        "function inner() { null.x; }\n\
         try { inner(); } catch (e) { throw new Error('outer', { cause: new Error('middle', { cause: e }) }); }",
    );
    assert_eq!(message, "Error: outer");
    let stack: Vec<&str> = stack.iter().map(String::as_str).collect();
    assert_eq!(
        stack,
        [
            "at <main> (test:2:36)",
            "[cause]: Error: middle",
            "    at <main> (test:2:64)",
            "[cause]: TypeError: Cannot read property `x` of null",
            "    at inner (test:1:20)",
            "    at <main> (test:2:7)",
        ]
    );
    assert_eq!(uncaught("throw new Error('a', { cause: { code: 7 } })").1[1], "[cause]: { code: 7 }");
    assert_eq!(uncaught("const e = new Error('a'); e.cause = e; throw e").1[1], "[cause]: [Circular]");
    let long = "let e = 0; for (let i = 0; i < 50; i++) e = new Error('e', { cause: e }); throw e";
    assert_eq!(uncaught(long).1.last().map(String::as_str), Some("[cause]: …"));
}
