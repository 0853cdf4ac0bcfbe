//! Limits through the library: what is left of an engine after one, and that fuel is exact.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use probate::embed::{Builder, Engine, Error, Format};
use probate::heap::Settings;
use probate::vm::Options;
use probate::vm::error::Failure;
use probate::vm::host::{Closed, Host, Stream};
use probate::vm::limits::Limit;

fn limit(result: Result<probate::embed::Outcome, Error>) -> Option<Limit> {
    match result {
        Err(Error::Failure(Failure::Limit { limit, .. })) => Some(limit),
        _ => None,
    }
}

/// A limit, how it is set, and a program that reaches it.
type Hostile = (Limit, fn(Builder) -> Builder, &'static str);

/// Programs that reach each limit, with finalizers, open scopes and iterations, and temporaries on the way out.
fn hostile() -> Vec<Hostile> {
    const DEEP: &str = "class R { finalize() { kept.push(this); } } const kept = [];
        function f(n) { const r = new R(), m = new Map([[r, [n]]]); for (const [k, v] of m) { try { if (n > 0) { return [f(n - 1), k]; } work([k]); } finally { kept.push('no'); } } }";
    const LOOP: &str = "function work(t) { [3, 2, 1].sort((a, b) => { for (;;) {} }); }";
    const FILL: &str = "function work(t) { const all = [t]; for (;;) { all.push([all.length]); } }";
    const WRITE: &str = "function work(t) { [1].forEach((x) => { for (;;) { print(`${x} line`); } }); }";
    let program = |work: &str| -> &'static str { format!("{DEEP}\n{work}\nf(20);").leak() };
    let time = Duration::from_millis(30);
    vec![
        (Limit::Fuel(50_000), |builder| builder.fuel(50_000), program(LOOP)),
        (Limit::Time(time), |builder| builder.timeout(Duration::from_millis(30)), program(LOOP)),
        (Limit::Memory(4 << 20), |builder| builder.max_memory(4 << 20), program(FILL)),
        (Limit::Output(5000), |builder| builder.max_output(5000), program(WRITE)),
    ]
}

#[test]
fn an_engine_is_whole_after_a_limit() {
    for stress in [false, true] {
        for (expected, set, program) in hostile() {
            let heap = Settings { stress, verify: stress, ..Settings::default() };
            let mut engine = set(Engine::builder().options(Options { heap, ..Options::default() })).build();
            for _ in 0..3 {
                assert_eq!(limit(engine.run("hostile.pbt", program)), Some(expected));
                assert_eq!(engine.verify(), Ok(()), "{expected}");
                assert!(
                    engine
                        .run("next.pbt", "let n = 0; for (let i = 0; i < 1000; i += 1) { n += [i].length; } n")
                        .is_ok()
                );
                assert_eq!(engine.value_text(Format::Compact), "1000");
            }
            assert_eq!(limit(engine.run("hostile.pbt", program)), Some(expected));
            engine.finish();
            assert_eq!(engine.leaks(), [], "{expected}");
        }
    }
}

#[test]
fn a_session_goes_on_after_a_limit() {
    for (expected, set, program) in hostile() {
        let mut engine = set(Engine::builder()).build();
        assert!(engine.feed("1", "let before = [1]").is_ok());
        assert_eq!(limit(engine.feed("2", program)), Some(expected));
        assert_eq!(engine.verify(), Ok(()), "{expected}");
        assert!(engine.feed("3", "kept.length = 0").is_ok() || engine.feed("3", "kept.splice(0)").is_ok());
        assert!(engine.feed("4", "before.push(2); before").is_ok());
        assert_eq!(engine.value_text(Format::Compact), "[1,2]");
        engine.settle();
        engine.finish();
        assert_eq!(engine.leaks(), [], "{expected}");
    }
}

/// Natives, callbacks, constructors, strings, errors: work of every kind.
const MIXED: &str = "class A { x = [1]; constructor(n) { this.n = n; } get() { return this.n; } }
    class B extends A { constructor(n) { super(n); this.s = 'b'.repeat(n * 50); } finalize() { done.push(this.n); } }
    const done = [];
    const sum = (...list) => list.reduce((a, b) => a + b, 0);
    for (let i = 0; i < 60; i += 1) {
      const b = new B(i), all = [3, 1, 2].map((x) => x * b.get()).sort((x, y) => x - y);
      const text = JSON.stringify({ all, s: b.s.split('b').length, t: `${sum(...all)}` });
      try { JSON.parse(text + '}'); } catch (e) { done.push(e.name, new Map([[text, e]]).size); }
      const f = sum.bind(null, 1, 2);
      f(i);
    }
    for (let i = 0; i < 10; i += 1) {}
    done.length";

/// Where a program ends with so much fuel: `None` if it comes to its end.
fn end_with(fuel: u64, stress: bool) -> Option<(u32, u32)> {
    let heap = Settings { stress, verify: stress, ..Settings::default() };
    let mut engine = Engine::builder().options(Options { heap, ..Options::default() }).fuel(fuel).build();
    match engine.run("mixed.pbt", MIXED) {
        Err(Error::Failure(Failure::Limit { limit: Limit::Fuel(_), place, .. })) => {
            let span = place.expect("a place").span;
            Some((span.start, span.end))
        }
        Ok(_) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn fuel_is_exact_and_the_same_under_stress() {
    let used = |stress| {
        let heap = Settings { stress, verify: stress, ..Settings::default() };
        let mut engine = Engine::builder().options(Options { heap, ..Options::default() }).build();
        assert!(engine.run("mixed.pbt", MIXED).is_ok());
        engine.fuel_used()
    };
    let all = used(false);
    assert_eq!(all, used(true));
    assert!((1000..1_000_000).contains(&all), "{all}");
    assert_eq!(end_with(all, false), None);
    assert!(end_with(all - 1, false).is_some());
    let (mut places, step) = (Vec::new(), all / 40);
    for fuel in (0..all).step_by(step as usize) {
        let place = end_with(fuel, false);
        assert!(place.is_some(), "{fuel} of {all}");
        assert_eq!(place, end_with(fuel, false), "{fuel}");
        assert_eq!(place, end_with(fuel, true), "{fuel}, under stress");
        places.push(place);
    }
    places.dedup();
    assert!(places.len() > 10, "it ends all over the program: {places:?}");
}

#[test]
fn each_program_has_all_of_it() {
    let mut engine = Engine::builder().fuel(1000).max_output(10).build();
    for _ in 0..5 {
        assert!(engine.run("a.pbt", "for (let i = 0; i < 900; i += 1) {} print('123456789')").is_ok());
        // The jumps, and a unit for up to 16 bytes.
        assert_eq!(engine.fuel_used(), 901);
        assert_eq!(engine.output_written(), 10);
    }
    assert!(engine.run("a.pbt", "for (let i = 0; i < 1000; i += 1) {}").is_ok());
    assert_eq!(limit(engine.run("a.pbt", "for (let i = 0; i < 1100; i += 1) {}")), Some(Limit::Fuel(1000)));
}

/// Keeps what is written.
struct Keeping(Arc<Mutex<String>>);

impl Host for Keeping {
    fn write(&mut self, _: Stream, text: &str) -> Result<(), Closed> {
        self.0.lock().unwrap().push_str(text);
        Ok(())
    }
}

#[test]
fn output_ends_at_the_byte_and_between_characters() {
    for (most, written) in [(0, ""), (3, "aé"), (5, "aé"), (6, "aé€"), (9, "aé€"), (10, "aé€😀")] {
        let kept = Arc::new(Mutex::new(String::new()));
        let mut engine = Engine::builder().host(Keeping(Arc::clone(&kept))).max_output(most).build();
        let result = limit(engine.run("a.pbt", "try { console.log('aé€😀'); } catch { console.error('caught'); }"));
        assert_eq!((result, kept.lock().unwrap().as_str()), (Some(Limit::Output(most)), written));
    }
}

#[test]
fn depth_is_an_error_that_can_be_caught() {
    let program = "let deepest = 0; const f = (n) => { deepest = n; f(n + 1); };
        try { f(1); } catch (e) { deepest = [e.name, deepest]; } deepest";
    for (depth, expected) in [(10, r#"["RangeError",9]"#), (50_000, r#"["RangeError",49999]"#)] {
        let mut engine = Engine::builder().max_depth(depth).build();
        assert!(engine.run("a.pbt", program).is_ok());
        assert_eq!(engine.value_text(Format::Compact), expected);
    }
    for (levels, source, is_fine) in [
        (20, "[".repeat(10) + &"]".repeat(10), true),
        (20, "[".repeat(21) + &"]".repeat(21), false),
        (3000, "[".repeat(2500) + &"]".repeat(2500), true),
        (20, "JSON.parse('['.repeat(20) + ']'.repeat(20))".to_string(), true),
        (20, "JSON.parse('['.repeat(21) + ']'.repeat(21))".to_string(), false),
        (3000, "JSON.parse('['.repeat(2500) + ']'.repeat(2500))".to_string(), true),
    ] {
        let mut engine = Engine::builder().max_parse_depth(levels).build();
        assert_eq!(engine.run("a.pbt", &source).is_ok(), is_fine, "{levels}");
    }
}

#[test]
fn finalizers_share_a_reserve() {
    let code =
        "class R { constructor(n) { this.n = n; } finalize() { print(this.n); if (this.n === 1) { for (;;) {} } } }
        const a = new R(2), b = new R(1), c = new R(0);";
    let kept = Arc::new(Mutex::new(String::new()));
    let mut engine = Engine::builder().host(Keeping(Arc::clone(&kept))).fuel(100_000).build();
    assert_eq!(limit(engine.run("a.pbt", &format!("{code} for (;;) {{}}"))), Some(Limit::Fuel(100_000)));
    engine.finish();
    // The newest is first; the second uses all up, the third is not called.
    assert_eq!(kept.lock().unwrap().as_str(), "0\n1\n");
    assert_eq!(engine.leaks(), []);
    assert!(engine.fuel_used() < 300_000);
}
