//! Refusals and syntax errors: what a user sees for each script of `tests/errors`.

mod support;

use std::path::Path;

use probate::embed::{Engine, Error};
use probate::syntax::{Diagnostic, Fix};
use probate::vm::error::{Failure, Place};
use serde_json::Value;
use support::{Run, check_snapshots, difference, files, probate, probate_with_input, shown, temporary, tests_folder};

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

// ---- For programs --------------------------------------------------------------------------

/// The objects that `--check --json` writes.
fn objects(run: &Run) -> Vec<Value> {
    assert_eq!(run.stderr, "", "everything goes to standard output");
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"))).collect()
}

#[test]
fn json_says_what_the_message_says() {
    for script in files(&tests_folder().join("errors"), "pbt") {
        let name = shown(&script);
        let run = probate(&["--check", "--json", &name]);
        assert_eq!(run.status, Some(65), "{name}");
        let objects = objects(&run);
        let message = probate(&["--check", &name]).stderr;
        let headlines: Vec<&str> = message.lines().filter(|line| line.starts_with("error[")).collect();
        let places: Vec<&str> = message.lines().filter_map(|line| line.trim_start().strip_prefix("--> ")).collect();
        assert_eq!(headlines.len(), objects.len().min(20), "{name}");
        for ((object, headline), place) in objects.iter().zip(headlines).zip(places) {
            let text = |key: &str| object[key].as_str().unwrap_or_else(|| panic!("{name}: {key} of {object}"));
            assert_eq!(format!("error[{}]: {}", text("code"), text("message")), headline, "{name}");
            assert_eq!(format!("{}:{}:{}", text("file"), object["line"], object["column"]), place, "{name}");
            assert_eq!(object["severity"], "error");
            if let Some(help) = object["help"].as_str() {
                assert!(message.contains(help), "{name}: {help}");
            }
        }
    }
}

/// `text` after edits that name lines and UTF-16 columns, as an editor applies them.
fn edited(text: &str, edits: &[Value]) -> String {
    let offset = |edit: &Value, line: &str, column: &str| {
        let (line, column) = (edit[line].as_u64().unwrap() as usize, edit[column].as_u64().unwrap() as usize);
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let mut units = 0;
        let within = text[start..].char_indices().find(|(_, c)| {
            let found = units >= column - 1;
            units += c.len_utf16();
            found
        });
        within.map_or(text.len(), |(at, _)| start + at)
    };
    let mut out = text.to_string();
    for edit in edits.iter().rev() {
        let range = offset(edit, "line", "utf16Column")..offset(edit, "endLine", "utf16EndColumn");
        let bytes = edit["start"].as_u64().unwrap() as usize..edit["end"].as_u64().unwrap() as usize;
        assert_eq!(range, bytes, "both ways lead to one place");
        out.replace_range(range, edit["replacement"].as_str().unwrap());
    }
    out
}

#[test]
fn json_counts_characters_units_and_bytes() {
    let source = "const s = \"é😀\"; if (s == \"😀\") { s; }\nconst t = \"😀\", u = “x”;\n";
    let script = temporary("places.pbt", source);
    let objects = objects(&probate(&["--check".as_ref(), "--json".as_ref(), script.as_os_str()]));
    assert_eq!(objects.len(), 2);
    let numbers = |object: &Value| {
        ["line", "column", "endLine", "endColumn", "utf16Column", "utf16EndColumn", "start", "end"]
            .map(|key| object[key].as_u64().unwrap())
    };
    assert_eq!(numbers(&objects[0]), [1, 23, 1, 25, 24, 26, 26, 28]);
    assert_eq!(numbers(&objects[1]), [2, 20, 2, 21, 21, 22, 66, 69]);
    let edits = |object: &Value| object["fix"]["edits"].as_array().unwrap().clone();
    assert_eq!(edited(source, &edits(&objects[0])), source.replace("==", "==="));
    assert_eq!(edited(source, &edits(&objects[1])), source.replace(['“', '”'], "\""));
}

#[test]
fn json_of_what_is_right_unreadable_or_misused() {
    let right = probate(&["--check", "--json", "-e", "1"]);
    assert_eq!((right.status, right.stdout.as_str(), right.stderr.as_str()), (Some(0), "", ""));
    let piped = probate_with_input(&["--check", "--json", "-"], "x == 1");
    assert_eq!(piped.status, Some(65));
    assert_eq!(objects(&piped)[0]["file"], "<stdin>");
    let missing = probate(&["--check", "--json", "no-such.pbt"]);
    assert_eq!(missing.status, Some(66));
    let [object] = &objects(&missing)[..] else { panic!("one line: {}", missing.stdout) };
    assert_eq!(
        (&object["file"], &object["code"], &object["line"]),
        (&"no-such.pbt".into(), &Value::Null, &Value::Null)
    );
    assert!(object["message"].as_str().unwrap().starts_with("cannot read no-such.pbt"), "{object}");
    let alone = probate(&["--json", "-e", "1"]);
    assert_eq!(alone.status, Some(2));
    assert!(alone.stderr.contains("--check"), "{}", alone.stderr);
}

// ---- Run time ------------------------------------------------------------------------------

/// The message of the error that nobody catches.
fn uncaught(source: &str) -> (String, Vec<String>) {
    match Engine::builder().build().run("test", source) {
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
fn what_is_refused_is_named_as_it_was_written() {
    for (source, end) in [
        (
            "new Map({ a: 1 })",
            "`new Map` takes an array, string, Map, Set or iterator, got an object; write `new Map(Object.entries(o))`",
        ),
        ("new Set({ a: 1 })", "; write `new Set(Object.keys(o))` or `new Set(Object.values(o))`"),
        ("new Set(5)", "`new Set` takes an array, string, Map, Set or iterator, got a number"),
        (
            "Object.fromEntries({ a: 1 })",
            "`Object.fromEntries` takes an array, string, Map, Set or iterator, got an object; take Object.keys(o), Object.values(o) or Object.entries(o)",
        ),
        ("let n = '3'; n++", "Operator `++` takes a number, got a string; convert with Number(x)"),
        ("let n = null; print(n--)", "Operator `--` takes a number, got null; convert with Number(x)"),
        ("const o = { n: 'a' }; --o.n", "Operator `--` takes a number, got a string; convert with Number(x)"),
        ("const a = [undefined]; a[0]++", "Operator `++` takes a number, got undefined; convert with Number(x)"),
        ("let n; const f = () => { n++; }; f()", "Operator `++` takes a number, got undefined; convert with Number(x)"),
    ] {
        let (message, _) = uncaught(source);
        assert!(message.starts_with("TypeError: ") && message.ends_with(end), "{source}: {message}");
    }
}

#[test]
fn what_other_javascript_has_is_answered_with_what_there_is() {
    for (source, end) in [
        ("'abc'.substr(1)", "is not a function; use slice(start, end)"),
        ("'abc'.match('a')", "; there are no regular expressions: use includes, indexOf or split"),
        ("[1].contains(1)", "; use includes(x)"),
        ("new Set().push(1)", "; use add(x)"),
        ("const set = new Set(); set.map(x => x)", "; make an array of it first: `[...set].map(…)`"),
        ("const m = new Map(); m.keys().filter(x => x)", "; make an array of it first: `[...m.keys()].filter(…)`"),
        ("const m = new Map(); m.keys()?.filter(x => x)", "; make an array of it first: `[...m.keys()].filter(…)`"),
        ("'abc'.map(c => c)", "; make an array of it first: `[...'abc'].map(…)`"),
        ("const o = { a: 1 }; o.map(x => x)", "`Object.entries(o)` over keys and values"),
        (
            "new Date()",
            "`Date` is not a constructor; there are no date objects: `Date.now()` is the time in milliseconds, \
             `performance.now()` measures how long something takes",
        ),
        (
            "class A extends Array {}",
            "Class Array cannot be extended; of the built-in ones only Error and its kin can: keep one in a field",
        ),
        ("class A extends Object {}", "only Error and its kin can: leave `extends Object` out"),
        ("class A { #m() {} } new A().m()", "; did you mean `#m`? Only what stands in class A can call that"),
        ("class A { #m() {} } class B extends A {} new B().m()", "Only what stands in class A can call that"),
        ("class A { static #m() {} } A.m()", "; did you mean `#m`? Only what stands in class A can call that"),
        ("const o = {}, s = 'ab'; o[s[2]] = 1", "is empty there, and so is `s[i] ?? \"\"`"),
        ("const o = {}, s = 'ab'; for (let i = 0; i < 3; i++) { const c = s[i]; o[c] = i; }", "so is `s[i] ?? \"\"`"),
    ] {
        let (message, _) = uncaught(source);
        assert!(message.starts_with("TypeError: ") && message.ends_with(end), "{source}: {message}");
    }
}

#[test]
fn no_advice_is_given_where_it_would_be_wrong() {
    for (source, message) in [
        (
            "let a = 'x', b = 1; a - b++",
            "Operator `-` cannot be applied to a string and a number; convert with Number(x)",
        ),
        ("let a = 'x'; a - 1", "Operator `-` cannot be applied to a string and a number; convert with Number(x)"),
        ("+'1'", "Unary `+` takes a number, got a string; convert with Number(x)"),
        ("const o = {}, a = [1]; o[a[2]]", "A property key must be a string or a number, got undefined"),
        ("const o = {}; o[undefined]", "A property key must be a string or a number, got undefined"),
        ("const o = { substr: 1 }; o.substr()", "`o.substr` is not a function; it is a number"),
        ("[...5]", "`5` is not iterable: it is a number"),
    ] {
        assert_eq!(uncaught(source).0, format!("TypeError: {message}"), "{source}");
    }
}

/// The position that the caret of an uncaught error shows, and that of the `throw` that threw it again.
fn carets(source: &str) -> [Option<(u32, u32)>; 2] {
    let position = |place: Place| {
        let at = place.source.position(place.span.start);
        (at.line, at.column)
    };
    match Engine::builder().build().run("test", source) {
        Err(Error::Failure(Failure::Uncaught { place, rethrown, .. })) => [place.map(position), rethrown.map(position)],
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn an_error_that_is_thrown_again_shows_where_it_came_from() {
    for (source, place, rethrown) in [
        ("null.x", (1, 1), None),
        ("throw new Error('a')", (1, 1), None),
        ("try { null.x; } catch (e) { throw e; }", (1, 7), Some((1, 29))),
        ("try {\n null.x;\n} catch (e) {\n if (e instanceof RangeError) print(1);\n throw e;\n}", (2, 2), Some((5, 2))),
        // by the last of several
        ("try { try { null.x } catch (e) { throw e; } } catch (e) { throw e; }", (1, 13), Some((1, 59))),
        // what `finally` does is nothing that the script says
        ("try { null.x; } finally { print(1); }", (1, 7), None),
        ("try { try { null.x } catch (e) { throw e } } finally { print(1); }", (1, 13), Some((1, 34))),
        // another error, or no error
        ("try { null.x; } catch (e) { throw new Error('b', { cause: e }); }", (1, 29), None),
        ("try { throw 1; } catch (e) { throw e; }", (1, 30), None),
        // through a function that is called for it, and after others have been caught
        (
            "let k; try { null.x } catch (e) { k = e; } try { null.y } catch {} (() => { throw k; })()",
            (1, 14),
            Some((1, 77)),
        ),
        ("class E extends Error {} try { throw new E() } catch (e) { throw e }", (1, 32), Some((1, 60))),
    ] {
        assert_eq!(carets(source), [Some(place), rethrown], "{source}");
    }
}

#[test]
fn a_rethrown_error_is_shown_with_both_places() {
    let script =
        temporary("rethrown.pbt", "function f() {\n  null.x;\n}\ntry {\n  f();\n} catch (e) {\n  throw e;\n}\n");
    let shown = probate(&[script.as_os_str()]).stderr;
    let shown = shown.replace(&script.display().to_string(), "rethrown.pbt");
    let expected = "Uncaught TypeError: Cannot read property `x` of null\n --> rethrown.pbt:2:3\n  |\n2 |   null.x;\n  |   ^^^^^^\n  |\n  = note: rethrown at rethrown.pbt:7:3\n";
    assert!(shown.starts_with(expected), "{shown}");
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
