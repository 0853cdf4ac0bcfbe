//! What is shown, at what cost, and that the caps hold.

use proptest::prelude::*;

use super::text::columns;
use super::*;
use crate::compile::{self, CompileOptions};
use crate::syntax::{self, ParseOptions};
use crate::vm::Options as Limits;
use crate::vm::code::Source;
use crate::vm::host::Silent;

/// Runs a program and hands its value to `use_it`.
fn with_value<T>(source: &str, use_it: impl FnOnce(&mut Vm, Value) -> T) -> T {
    let mut vm = Vm::new(Limits::default(), Box::new(Silent));
    let tree = syntax::parse(source, &ParseOptions::default()).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let builtins = vm.builtin_names();
    let options = CompileOptions { builtins: &builtins, ..CompileOptions::default() };
    let program = compile::compile(&tree, source, &options).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let value = vm.run_program(&program, Source::new("test.pbt", source));
    let value = value.unwrap_or_else(|failure| panic!("{source}: {failure:?}"));
    let result = use_it(&mut vm, value);
    vm.finish(value);
    result
}

fn shown(source: &str, options: Options) -> String {
    with_value(source, |vm, value| inspect(vm, value, options).unwrap_or_else(|_| panic!("{source}: ended")))
}

fn plain(source: &str) -> String {
    shown(source, Options::default())
}

#[track_caller]
fn colored(source: &str, expected: &str) {
    let actual = shown(source, Options { colors: true, ..Options::default() });
    assert_eq!(actual.replace('\x1b', "^"), expected.replace('\x1b', "^"), "{source}");
}

#[test]
fn colours_are_those_of_node() {
    colored("(() => {}).bind()", "\x1b[36m[Function: bound ]\x1b[39m");
    colored("function g() {} g.a = 1; g", "[Function: g] { a: \x1b[33m1\x1b[39m }");
    colored("class A {} class B extends A { static x = 1; } [A, B]", {
        "[ \x1b[36m[class A]\x1b[39m, [class B extends A] { x: \x1b[33m1\x1b[39m } ]"
    });
    colored("[undefined, null, true, -0, 'x']", {
        "[ \x1b[90mundefined\x1b[39m, \x1b[1mnull\x1b[22m, \x1b[33mtrue\x1b[39m, \x1b[33m-0\x1b[39m, \x1b[32m'x'\x1b[39m ]"
    });
    colored("9007199254740993", "\x1b[33m9007199254740993\x1b[39m");
    colored("const c = { n: 1 }; c.self = c; c['a-b'] = [c, { c }]; c", {
        "\x1b[36m<ref *1>\x1b[39m {\n  n: \x1b[33m1\x1b[39m,\n  self: \x1b[36m[Circular *1]\x1b[39m,\n  \x1b[32m'a-b'\x1b[39m: [ \x1b[36m[Circular *1]\x1b[39m, { c: \x1b[36m[Circular *1]\x1b[39m } ]\n}"
    });
    colored("({ a: { b: { c: { d: 1 }, m: new Map(), e: [[]] } } })", {
        "{ a: { b: { c: \x1b[36m[Object]\x1b[39m, m: Map(0) {}, e: \x1b[36m[Array]\x1b[39m } } }"
    });
    colored("new Map([[1, 'a']])", "Map(1) { \x1b[33m1\x1b[39m => \x1b[32m'a'\x1b[39m }");
    colored("new WeakMap()", "WeakMap { \x1b[36m<items unknown>\x1b[39m }");
    colored(
        "({ k: 'x'.repeat(10005) })",
        &format!("{{\n  k: \x1b[32m'{}'\x1b[39m... 5 more characters\n}}", "x".repeat(10_000)),
    );
    colored("const e = new Error('x'); e.stack = 'Error: x'; e.code = 3; e", "[Error: x] { code: \x1b[33m3\x1b[39m }");
}

#[test]
fn nested_cycles_have_numbers_in_the_order_in_which_they_close() {
    assert_eq!(
        plain("const ring = [1]; ring.push({ ring, inner: {} }); ring[1].inner.up = ring[1]; ring"),
        "<ref *1> [\n  1,\n  <ref *2> { ring: [Circular *1], inner: { up: [Circular *2] } }\n]"
    );
    assert_eq!(
        plain("const m = new Map(); const s = new Set([m]); m.set(m, s).set('s', { s }); m"),
        "<ref *1> Map(2) {\n  [Circular *1] => Set(1) { [Circular *1] },\n  's' => { s: Set(1) { [Circular *1] } }\n}"
    );
}

#[test]
fn lines_are_as_wide_as_the_terminal() {
    let options = |width| Options { width, ..Options::default() };
    let object = "({ name: 'Ada', born: 1815, languages: ['English', 'French'] })";
    assert_eq!(shown(object, options(80)), "{ name: 'Ada', born: 1815, languages: [ 'English', 'French' ] }");
    assert_eq!(shown(object, options(40)), "{\n  name: 'Ada',\n  born: 1815,\n  languages: [ 'English', 'French' ]\n}");
    assert_eq!(shown("({ a: 1 })", options(0)), "{\n  a: 1\n}");
    // Twenty characters of two columns each, and twenty that have none of their own.
    assert_eq!(shown("({ a: '漢'.repeat(20) })", options(60)).lines().count(), 1);
    assert_eq!(shown("({ a: '漢'.repeat(20), b: 1 })", options(60)).lines().count(), 4);
    assert_eq!(shown("({ a: 'e\\u0301'.repeat(20), b: 1 })", options(60)).lines().count(), 1);
    // As in Node, the indentation of the entries is not counted.
    for width in [30, 40, 60, 100] {
        let numbers = shown("Array.from({ length: 100 }, (_, i) => i * 37)", options(width));
        assert!(numbers.lines().all(|line| columns(line) <= width + 2), "{numbers}");
    }
}

#[test]
fn what_is_left_out_is_counted() {
    assert!(plain("Array(150).fill(1)").ends_with("... 50 more items\n]"));
    assert!(plain("new Set(Array.from({ length: 101 }, (_, i) => i))").ends_with("... 1 more item\n}"));
    let keys = "const o = {}; for (let i = 0; i < 1200; i += 1) { o['k' + i] = i; } o";
    assert!(plain(keys).ends_with("k999: 999,\n  ... 200 more properties\n}"));
    assert!(shown(keys, Options::prompt(80, false)).ends_with("k99: 99,\n  ... 1100 more properties\n}"));
    assert_eq!(
        shown("({ a: 1, b: 2 })", Options { properties: 1, ..Options::default() }),
        "{ a: 1, ... 1 more property }"
    );
    assert_eq!(
        shown("'äöü'.repeat(5)", Options { characters: 4, ..Options::default() }),
        "'äöüä'... 11 more characters"
    );
}

#[test]
fn nothing_reaches_a_terminal_that_it_would_obey() {
    let hostile = "const bad = 'a\\x1b[2J\\u202eb\\u2066';
        const f = { [bad]: () => 1 }[bad];
        const error = new Error(bad);
        class K {}
        Object.assign(new K(), { [bad]: bad, f, error, list: [bad, new Map([[bad, bad]])], nested: { cause: new Error('c', { cause: error }) } })";
    for colors in [false, true] {
        let text = shown(hostile, Options { colors, ..Options::prompt(80, colors) });
        let text = without_colors(&text);
        let harmful =
            |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2066}';
        assert!(!text.contains(harmful), "{text:?}");
        assert!(text.contains("\\x1B[2J\\u202E"), "{text}");
    }
    // Elsewhere it is Node's text.
    assert_eq!(plain("'\\u202e'"), "'\u{202e}'");
}

/// Units that are charged for showing the value of a program.
fn cost(source: &str) -> usize {
    with_value(source, |vm, value| {
        vm.charged = Default::default();
        assert!(inspect(vm, value, Options::prompt(80, true)).is_ok());
        vm.charged.total
    })
}

#[test]
fn the_cost_is_that_of_what_is_shown() {
    for (small, large) in [
        ("Array(200).fill(1)", "Array(3000000).fill(1)"),
        ("'x'.repeat(20000)", "'x'.repeat(100000000)"),
        ("'ä'.repeat(20000)", "'ä'.repeat(50000000)"),
        ("new Set(Array.from({ length: 200 }, (_, i) => i))", "new Set(Array.from({ length: 300000 }, (_, i) => i))"),
        (
            "new Map(Array.from({ length: 200 }, (_, i) => [i, i])).entries()",
            "new Map(Array.from({ length: 300000 }, (_, i) => [i, i])).entries()",
        ),
        (
            "const o = {}; for (let i = 0; i < 200; i += 1) { o['k' + i] = i; } o",
            "const o = {}; for (let i = 0; i < 300000; i += 1) { o['k' + i] = i; } o",
        ),
        ("({ ['x'.repeat(20000)]: 1 })", "({ ['x'.repeat(5000000)]: 1 })"),
    ] {
        let (small_cost, large_cost) = (cost(small), cost(large));
        assert!(large_cost < small_cost + 2000, "{large}: {large_cost}, not {small_cost}");
    }
}

const CUBE: &str =
    "const b = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => Array(100).fill('abc'))); b";

#[test]
fn the_whole_is_capped_and_stays_balanced() {
    for bytes in [0, 1, 10, 100, 1000, 10_000, 100_000] {
        let text = shown(CUBE, Options { bytes, ..Options::default() });
        assert!(text.len() <= bytes + 1000, "{bytes}: {}", text.len());
        assert!(text.contains("more items"), "{text}");
        assert_balanced(&text);
    }
    let text = shown("'x'.repeat(5000)", Options { bytes: 100, ..Options::default() });
    assert_eq!(text, format!("'{}'... 4900 more characters", "x".repeat(100)));
}

#[track_caller]
fn assert_balanced(text: &str) {
    let count = |c| text.matches(c).count();
    assert_eq!((count('['), count('{')), (count(']'), count('}')), "{text}");
    assert_eq!(count('\'') % 2, 0, "{text}");
}

#[test]
fn it_ends_where_it_is_interrupted() {
    with_value(CUBE, |vm, value| {
        vm.charged = Default::default();
        assert!(inspect(vm, value, Options::default()).is_ok());
        let whole = vm.charged.total;
        vm.limit_fuel(1000);
        vm.charged = Default::default();
        assert!(inspect(vm, value, Options::default()).is_err());
        assert!(vm.charged.total < whole / 4, "{} of {whole}", vm.charged.total);
        vm.limit_fuel(u64::MAX);
    });
}

#[test]
fn a_string_that_is_shown_whole_is_made_in_pieces() {
    let all = Options { characters: usize::MAX, bytes: usize::MAX, ..Options::default() };
    with_value("\"it's \\t \" + 'äb'.repeat(400000)", |vm, value| {
        vm.charged = Default::default();
        let shown = inspect(vm, value, all);
        let whole = vm.heap.text(value);
        assert_eq!(shown, Ok(text::quoted(whole.as_str(), false)));
        assert!(vm.charged.total >= whole.len(), "{:?}", vm.charged);
        vm.limit_fuel(1000);
        assert!(inspect(vm, value, all).is_err());
        vm.limit_fuel(u64::MAX);
        let some = Options { characters: 300_000, bytes: usize::MAX, ..Options::default() };
        let shown = inspect(vm, value, some).unwrap_or_default();
        let left = whole.chars_len() - 300_000;
        assert!(shown.ends_with(&format!("\"... {left} more characters")));
    });
}

#[test]
fn names_of_functions_bound_again_and_again_are_cut() {
    let text = plain("let f = () => 1; for (let i = 0; i < 100000; i += 1) { f = f.bind(); } f");
    assert!(text.starts_with("[Function: bound bound ") && text.ends_with("...]") && text.len() < 2000, "{text}");
}

/// The source of a value.
fn source() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("undefined".to_string()),
        Just("null".to_string()),
        Just("true".to_string()),
        Just("-0".to_string()),
        Just("NaN".to_string()),
        Just("9007199254740993".to_string()),
        Just("x => x".to_string()),
        Just("class Named { }".to_string()),
        Just("new WeakSet()".to_string()),
        Just("[].keys()".to_string()),
        Just("cycle".to_string()),
        Just("new RangeError('out', { cause: 'far' })".to_string()),
        any::<i32>().prop_map(|n| n.to_string()),
        any::<f32>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:?}")),
        "[a-z ]{0,30}".prop_map(|text| format!("'{text}'")),
        "[漢é😀a-z]{0,12}".prop_map(|text| format!("'{text}'")),
        "[a-z]{5,40}".prop_map(|text| format!("'{text}\\n{text}\\x1b[31m{text}'")),
    ];
    leaf.prop_recursive(5, 60, 12, |inner| {
        let several = prop::collection::vec(inner, 0..12);
        (several, 0..6).prop_map(|(parts, kind)| match kind {
            0 | 1 => format!("[{}]", parts.join(", ")),
            2 => format!("new Set([{}])", parts.join(", ")),
            3 => {
                let pairs: Vec<String> = parts.chunks(2).map(|pair| format!("[{}]", pair.join(", "))).collect();
                format!("new Map([{}])", pairs.join(", "))
            }
            _ => {
                let names = ["a", "b1", "'c-d'", "longer_name", "'\\u202e'", "e", "f", "g", "h", "i", "j", "k"];
                let fields: Vec<String> =
                    parts.iter().zip(names).map(|(part, name)| format!("{name}: {part}")).collect();
                let object = format!("{{ {} }}", fields.join(", "));
                if kind == 4 { object } else { format!("Object.assign(new Point(), {object})") }
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn colours_change_nothing_but_the_colours(source in source(), width in 1usize..130, depth in 0usize..5, bytes in 50usize..5000) {
        let source = format!("class Point {{ }} const cycle = {{}}; cycle.it = [{source}]; cycle");
        for bytes in [bytes, 1 << 20] {
            let options = Options { depth, bytes, ..Options::prompt(width, false) };
            let plain = shown(&source, options);
            prop_assert!(!plain.contains('\x1b'));
            if bytes == 1 << 20 {
                let colored = shown(&source, Options { colors: true, ..options });
                prop_assert_eq!(without_colors(&colored), plain.as_str());
            } else {
                prop_assert!(plain.len() <= bytes + 4000, "{} of {}", plain.len(), bytes);
            }
        }
    }
}
