//! Inputs one after the other in one scope, as at a prompt: what stays, what dies, and when.

use std::sync::{Arc, Mutex};

use probate::embed::{Builder, Engine, Error, Format, Member};
use probate::events::{Preset, TextTracer};
use probate::heap::Settings;
use probate::stdlib::inspect;
use probate::vm::error::Failure;
use probate::vm::host::{Closed, Host, Stream};
use probate::vm::limits::Limit;

fn strict() -> Builder {
    let heap = Settings { stress: true, verify: true, ..Settings::default() };
    Engine::builder().options(probate::vm::Options { heap, ..Default::default() })
}

/// Feeds inputs; what each shows, or its error.
fn fed(engine: &mut Engine, inputs: &[&str]) -> Vec<String> {
    inputs.iter().map(|input| one(engine, input)).collect()
}

fn one(engine: &mut Engine, input: &str) -> String {
    match engine.feed("<prompt>", input) {
        Ok(outcome) => {
            let text = if outcome.is_undefined() { String::new() } else { engine.value_text(Format::Compact) };
            engine.settle();
            text
        }
        Err(Error::Syntax(errors)) => format!("{}: {}", errors[0].code, errors[0].message),
        Err(Error::Module(refused)) => format!("{}: {}", refused.source.name, refused.diagnostics[0].message),
        Err(Error::Failure(Failure::Uncaught { message, .. })) => message,
        Err(Error::Failure(failure)) => format!("{failure:?}"),
        Err(other) => other.to_string(),
    }
}

fn session(inputs: &[(&str, &str)]) {
    let mut engine = strict().build();
    for (input, shown) in inputs {
        assert_eq!(one(&mut engine, input), *shown, "{input}");
    }
    engine.finish();
    assert_eq!(engine.leaks(), []);
}

#[test]
fn what_is_declared_stays() {
    session(&[
        ("let a = [1], b = 2; const { c } = { c: 3 }", ""),
        ("function f() { a.push(b); return a }", ""),
        ("class A { m() { return c } }", ""),
        ("f()", "[1,2]"),
        ("b = 7; f()", "[1,2,7]"),
        ("new A().m()", "3"),
        ("c = 1", "E0303: `c` cannot be assigned to: it is a `const`"),
        ("d", "E0301: `d` is not declared"),
    ]);
}

#[test]
fn a_failed_declaration_leaves_its_name_free() {
    session(&[
        ("function boom() { throw new Error('no') }", ""),
        ("let x = boom()", "Error: no"),
        ("x", "E0301: `x` is not declared"),
        ("const x = 1; x", "1"),
        ("let y = 1, z = boom(), w = 2", "Error: no"),
        ("y", "1"),
        ("z", "E0301: `z` is not declared"),
        ("let z = 3; let w = 4; z + w", "7"),
        ("const { p, q } = { p: 1, get: boom() }", "Error: no"),
        ("class P extends boom() {}", "Error: no"),
        ("let p = 1, q = 2, P = 3; p + q + P", "6"),
    ]);
}

#[test]
fn a_name_may_be_declared_again_and_earlier_functions_see_it() {
    session(&[
        ("let x = { n: 1 }; const get = () => x; function set(v) { x = v }", ""),
        ("let x = { n: 2 }", ""),
        ("get()", r#"{"n":2}"#),
        ("const x = { n: 3 }", ""),
        ("get()", r#"{"n":3}"#),
        ("x = 1", "E0303: `x` cannot be assigned to: it is a `const`"),
        ("let x = x", "ReferenceError: Cannot access `x` before initialization"),
        ("x.n", "3"),
        ("function get() { return 'new' }", ""),
        ("get()", "\"new\""),
        ("let a = 1; let a = 2", "E0302: `a` is declared twice in this scope"),
    ]);
}

#[test]
fn a_failed_declaration_keeps_an_earlier_value() {
    session(&[("let x = [1]", ""), ("let x = null.y", "TypeError: Cannot read property `y` of null"), ("x", "[1]")]);
}

/// What a `finally` was about to throw on stood in the slot of the next declaration, or was never given back.
#[test]
fn what_ended_an_input_is_no_variable() {
    session(&[
        ("let y, log = []", ""),
        ("try { throw [1] } finally { y = [2] }", "[ 1 ]"),
        ("class Q extends y {}", "TypeError: A class can only extend a class, got an array"),
        ("Q", "E0301: `Q` is not declared"),
        ("for (const p of [[1]]) { try { throw p } finally { y = 1 } }", "[ 1 ]"),
        (
            "switch ([1]) { default: try { throw gc.finalizer({}, () => { log.push(1) }) } finally { y = [3] } }",
            "undefined",
        ),
        ("const f = () => z; let z = [y]; f()", "[[3]]"),
        ("_err = null; _ = null; f = null", "E0303: `f` cannot be assigned to: it is a `const`"),
        ("[log, gc.stats().live.array]", "[[1],4]"),
    ]);
}

/// An input that reached the memory limit left its finalizers' reserve to all later ones.
#[test]
fn every_input_has_the_same_memory() {
    let heap = Settings { max_bytes: 2 << 20, ..Settings::default() };
    let mut engine = Engine::builder().options(probate::vm::Options { heap, ..Default::default() }).build();
    fed(&mut engine, &["function big(n) { const all = []; for (;all.length < n;) all.push([1]); return all.length }"]);
    let fits = |engine: &mut Engine, n: usize| {
        let input = format!("big({n})");
        matches!(one(engine, &input), text if text == n.to_string())
    };
    let (mut most, mut too_many) = (1, 1_000_000);
    while too_many - most > 100 {
        let middle = (most + too_many) / 2;
        *if fits(&mut engine, middle) { &mut most } else { &mut too_many } = middle;
    }
    let beyond = most + most / 8;
    assert!(!fits(&mut engine, beyond));
    let input = "(() => { const held = {}; gc.finalizer(held, () => {}); return big(1e9) })()";
    assert!(matches!(
        engine.feed("<prompt>", input),
        Err(Error::Failure(Failure::Limit { limit: Limit::Memory(_), .. }))
    ));
    assert!(!fits(&mut engine, beyond));
    assert!(fits(&mut engine, most));
}

#[test]
fn functions_find_what_is_declared_late() {
    session(&[
        ("function f() { return late } let late = null.x", "TypeError: Cannot read property `x` of null"),
        ("f()", "ReferenceError: Cannot access `late` before initialization"),
        ("let late = 5; f()", "5"),
    ]);
}

#[test]
fn the_last_value_and_the_last_error_are_variables() {
    session(&[
        ("_", ""),
        ("[1, 2]", "[1,2]"),
        ("_.length", "2"),
        ("let x = 1", ""),
        ("_", "2"),
        ("throw { code: 7 }", "{ code: 7 }"),
        ("_err.code", "7"),
        ("_err = null; _ = null", "null"),
        ("gc.stats().live.object", "0"),
        ("let _ = 'mine'", ""),
        ("1 + 1", "2"),
        ("_", "\"mine\""),
    ]);
}

#[test]
fn looking_changes_neither() {
    let mut engine = strict().build();
    fed(&mut engine, &["let x = [1]", "41"]);
    assert!(engine.look("<look>", "x").is_ok());
    assert_eq!(engine.holders(), ["x"]);
    assert_eq!(engine.why().as_deref(), Some("x"));
    assert!(engine.look("<look>", "throw 1").is_err());
    engine.forget();
    assert_eq!(one(&mut engine, "[_, _err === undefined]"), "[41,true]");
}

#[test]
fn holders_are_named() {
    let mut engine = strict().build();
    fed(&mut engine, &["let v = {}", "const o = { a: [v] }, m = new Map([[1, v]]), f = () => v", "v"]);
    assert!(engine.look("<look>", "v").is_ok());
    assert_eq!(engine.holders(), ["_", "v", "o.a[0]", "m.get(1)"]);
}

struct Output(Arc<Mutex<String>>);

impl Host for Output {
    fn write(&mut self, _stream: Stream, text: &str) -> Result<(), Closed> {
        self.0.lock().unwrap().push_str(text);
        Ok(())
    }
}

/// What a script writes and the trace of births and deaths, in one text; `shown` stands where the value was shown.
#[test]
fn temporaries_die_when_the_value_was_shown() {
    let text = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&text);
    let tracer = TextTracer::new(Some(Preset::Life), move |line: &str| sink.lock().unwrap().push_str(line));
    let mut engine = Engine::builder().host(Output(Arc::clone(&text))).tracer(tracer, true).build();
    for input in [
        "class File { name = ['a']; finalize() { print('closed') } }",
        "new File().name",
        "_ = null; 1",
        "const keep = new File(), other = { keep }",
        "throw [1]",
    ] {
        text.lock().unwrap().push_str(&format!("> {input}\n"));
        match engine.feed("<prompt>", input) {
            Ok(_) => {
                let shown = engine.show(inspect::Options::default()).unwrap();
                text.lock().unwrap().push_str(&format!("{shown}\n"));
            }
            Err(error) => text.lock().unwrap().push_str(&format!("{error}\n")),
        }
        engine.settle();
    }
    text.lock().unwrap().push_str("> (end)\n");
    engine.finish();
    assert_eq!(engine.leaks(), []);
    insta::assert_snapshot!(text.lock().unwrap());
}

#[test]
fn a_dropped_document_is_gone() {
    let mut engine = strict().build();
    let text = format!(r#"{{"long": "{}", "exact": [9007199254740993]}}"#, "x".repeat(1000));
    // The names of the keys stay, with the layout of such objects.
    fed(&mut engine, &[r#"({"long": 1, "exact": 2})"#, "_ = null"]);
    let before = engine.stats().bytes;
    assert_eq!(one(&mut engine, &text), text.replace(": ", ":").replace(", ", ","));
    assert!(engine.stats().bytes > before + 1000);
    fed(&mut engine, &["_ = null"]);
    assert_eq!(engine.stats().bytes, before);
}

#[test]
fn an_interrupt_stops_a_program_and_the_session_goes_on() {
    let mut engine = strict().build();
    let log = "let log = []; class R { finalize() { log.push('done') } }";
    fed(&mut engine, &[log]);
    let interrupt = engine.interrupt();
    for input in [
        "const r = new R(); try { for (;;) {} } catch { log.push('caught') } finally { log.push('finally') }",
        "{ const r = new R(); const f = () => f(); while (true) f?.name }",
        "[1].map(() => { for (;;) {} })",
        "[3, 1, 2].sort((a, b) => { for (;;) {} })",
    ] {
        interrupt.raise();
        assert!(
            matches!(engine.feed("<prompt>", input), Err(Error::Failure(Failure::Interrupted { stack })) if stack.last().is_some_and(|main| main.contains("at <main> (<prompt>:1:"))),
            "{input}"
        );
        assert!(!interrupt.is_raised());
    }
    assert_eq!(one(&mut engine, "log"), r#"["done"]"#);
}

#[test]
fn an_interrupt_ends_a_finalizer_and_what_it_interrupted() {
    let mut engine = Engine::builder().build();
    let interrupt = engine.interrupt();
    fed(&mut engine, &["let turns = 0, x = {}; gc.finalizer(x, () => { for (;;) turns += 1 })"]);
    interrupt.raise();
    let input = "x = null; let after = turns; while (true) after += 1";
    assert!(matches!(engine.feed("<prompt>", input), Err(Error::Failure(Failure::Interrupted { .. }))));
    assert!(!interrupt.is_raised());
    assert_eq!(one(&mut engine, "turns > 0 && after === turns || after > turns"), "true");
}

#[test]
fn members_are_found_without_running_anything() {
    let mut engine = Engine::builder().build();
    let inputs = [
        "class A { x = 1; #p = 2; m() {} static s = 1; static t() {} } class B extends A { n() {} }",
        "const o = { b: new B(), list: [{ deep: 1 }], 'odd key': 1 }",
    ];
    fed(&mut engine, &inputs);
    let bytes = engine.stats().bytes;
    let names = |members: Vec<Member>| members.into_iter().map(|member| member.name).collect::<Vec<_>>();
    assert_eq!(names(engine.members("o", &[])), ["b", "list", "odd key"]);
    assert_eq!(names(engine.members("o", &["b".into()])), ["x", "n", "m"]);
    assert_eq!(names(engine.members("o", &["list".into(), "0".into()])), ["deep"]);
    assert!(names(engine.members("o", &["list".into()])).contains(&"map".to_string()));
    let statics = names(engine.members("B", &[]));
    assert!(["s", "t", "name", "call"].iter().all(|name| statics.iter().any(|known| known == name)), "{statics:?}");
    assert!(names(engine.members("Math", &[])).contains(&"max".to_string()));
    assert_eq!(engine.members("nothing", &[]), []);
    assert_eq!(engine.members("o", &["gone".into(), "x".into()]), []);
    assert_eq!(engine.stats().bytes, bytes);
}

#[test]
fn a_last_program_has_names_of_its_own() {
    let mut engine = strict().build();
    fed(&mut engine, &["let x = 1; function get() { return x }"]);
    assert!(engine.feed_last("main.pbt", "let x = 2; const f = () => x; [x, f(), get()]").is_ok());
    assert_eq!(engine.value_text(Format::Compact), "[2,2,1]");
    engine.finish();
    assert_eq!(engine.leaks(), []);
}

#[test]
fn a_session_begins_anew_after_its_last_program() {
    let mut engine = strict().build();
    fed(&mut engine, &["let x = [1], keep"]);
    let last = "let n = 1; const more = [2]; keep = () => [n, more]; x";
    assert!(engine.feed_last("main.pbt", last).is_ok());
    assert_eq!(fed(&mut engine, &["x", "let n = [3], more = 4; [n, more]"]), ["E0301: `x` is not declared", "[[3],4]"]);
    engine.finish();
    assert_eq!(engine.leaks(), []);
}

#[test]
fn a_program_by_itself_follows_a_session() {
    let mut engine = strict().build();
    fed(&mut engine, &["let x = [1]"]);
    for _ in 0..3 {
        assert!(engine.run("main.pbt", "let x = { n: 2 }; const f = () => x; f()").is_ok());
        assert_eq!(engine.value_text(Format::Compact), r#"{"n":2}"#);
        // Whatever the machine still holds would be freed by now.
        engine.finish();
        assert_eq!(engine.verify(), Ok(()));
        assert_eq!(engine.leaks(), []);
    }
    assert_eq!(fed(&mut engine, &["x", "let x = 3; x"]), ["E0301: `x` is not declared", "3"]);
}

#[test]
fn a_session_begins_anew_after_its_end() {
    let mut engine = strict().build();
    fed(&mut engine, &["let x = [1]", "[2]"]);
    engine.finish();
    assert_eq!(engine.leaks(), []);
    assert_eq!(fed(&mut engine, &["x", "_", "let x = 3; x"]), ["E0301: `x` is not declared", "", "3"]);
}
