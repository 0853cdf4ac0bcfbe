//! Everything whose work grows with its operands is looked at while it works: it can be ended in the middle.

use super::*;
use crate::compile::{self, CompileOptions};
use crate::syntax::{self, ParseOptions};
use crate::vm::code::Source;
use crate::vm::host::Silent;
use crate::vm::limits::Limit;
use crate::vm::{Options, Pending};

/// No single charge may stand for more work than this: less than is done between two looks, so that what is charged is charged as it is done.
const LARGEST: usize = 4 * PIECE;

const TEXT: &str = "const s = 'abcdefgh'.repeat(500000);";
const WIDE: &str = "const s = 'äbcdefgh'.repeat(500000);";
const NUMBERS: &str = "const a = Array.from({ length: 1000000 }, (_, i) => i);";
const STRINGS: &str = "const a = Array.from({ length: 300000 }, (_, i) => 'k' + (i * 7919) % 300000);";
const KEYS: &str = "const o = {}; for (let i = 0; i < 300000; i += 1) { o['k' + i] = i; }";
const SETS: &str = "const m = new Set(); for (let i = 0; i < 300000; i += 1) { m.add(i); } const n = new Set([-1]);";
const MAP: &str = "const m = new Map(); for (let i = 0; i < 300000; i += 1) { m.set(i, i); }";

/// What is prepared, what is done with it, and the units of work that are charged at the least.
const CASES: &[(&str, &str, usize)] = &[
    // texts
    ("", "'abc'.repeat(3000000)", 9_000_000),
    (TEXT, "s.repeat(3)", 12_000_000),
    ("", "'a'.padEnd(4000000, 'xyz')", 4_000_000),
    ("", "'a'.padStart(4000000, 'ä')", 7_999_999),
    (TEXT, "s + s", 8_000_000),
    (TEXT, "s.concat(s, s)", 12_000_000),
    (TEXT, "`<${s}${s}>`", 8_000_000),
    (TEXT, "s.slice(1)", 3_999_999),
    (WIDE, "s.slice(1, 3999999)", 4_000_000),
    (TEXT, "s.substring(1)", 3_999_999),
    (TEXT, "s.indexOf('z')", 4_000_000),
    (WIDE, "s.indexOf('z')", 4_500_000),
    (TEXT, "s.lastIndexOf('z')", 4_000_000),
    (TEXT, "s.includes(s.slice(3900000) + 'z')", 4_000_000),
    (TEXT, "s.indexOf('z' + s.slice(0, 2000000))", 7_000_000),
    (TEXT, "s.lastIndexOf('z' + s.slice(0, 2000000))", 7_000_000),
    (TEXT, "s.split('z' + s.slice(0, 2000000))", 7_000_000),
    (TEXT, "s.split('z')", 4_000_000),
    (TEXT, "s.split('a')", 4_000_000),
    (TEXT, "s.split('')", 4_000_000),
    (TEXT, "s.replaceAll('a', 'b')", 4_000_000),
    (TEXT, "s.replaceAll('', '-')", 4_000_000),
    (TEXT, "s.replaceAll('a', '$&$&')", 4_000_000),
    (TEXT, "s.replaceAll('a', x => x)", 4_000_000),
    (TEXT, "s.replace('z', '')", 4_000_000),
    (TEXT, "s.toUpperCase()", 4_000_000),
    (WIDE, "s.normalize()", 4_500_000),
    (WIDE, "s.normalize('NFD')", 5_000_000),
    (WIDE, "s.toLowerCase()", 4_500_000),
    ("const s = 'ΑΣ ab '.repeat(500000);", "s.toLowerCase()", 4_000_000),
    ("const s = ' '.repeat(4000000);", "s.trim()", 4_000_000),
    ("const s = ' '.repeat(4000000);", "s.trimEnd()", 4_000_000),
    (TEXT, "[...s]", 4_000_000),
    (TEXT, "Array.from(s)", 4_000_000),
    (TEXT, "({ ...s })", 4_000_000),
    (TEXT, "const t = s + 'a', u = s + 'a'; for (let i = 0; i < 20; i += 1) { t === u; }", 80_000_000),
    (TEXT, "const t = s + 'a', u = s + 'b'; for (let i = 0; i < 20; i += 1) { t < u; }", 80_000_000),
    (TEXT, "{ const t = s + 'a', u = s + 'b'; return Array(20).fill(t).includes(u); }", 80_000_000),
    // numbers in texts
    ("const s = '9'.repeat(4000000);", "Number(s)", 4_000_000),
    ("const s = '0'.repeat(4000000);", "parseInt(s, 7)", 4_000_000),
    ("const s = '9'.repeat(4000000) + '.5';", "parseFloat(s)", 4_000_000),
    // arrays
    ("", "new Array(4000000)", 4_000_000),
    ("", "Array.from({ length: 4000000 })", 4_000_000),
    (NUMBERS, "Array.from(a)", 1_000_000),
    (NUMBERS, "Array.from(a.values())", 1_000_000),
    (NUMBERS, "[...a, ...a]", 2_000_000),
    (NUMBERS, "const [x, ...rest] = a;", 0),
    (NUMBERS, "a.concat(a, a)", 3_000_000),
    (NUMBERS, "a.slice(1)", 999_999),
    (NUMBERS, "a.splice(0, 900000)", 900_000),
    (NUMBERS, "a.toSpliced(0, 1, 2)", 999_999),
    (NUMBERS, "a.toReversed()", 1_000_000),
    (NUMBERS, "a.with(5, 5)", 999_999),
    (NUMBERS, "a.fill(0)", 1_000_000),
    (NUMBERS, "a.copyWithin(1, 0)", 999_999),
    (NUMBERS, "[a, [a]].flat(3)", 2_000_000),
    (NUMBERS, "[1, 2].flatMap(() => a)", 2_000_000),
    (NUMBERS, "a.indexOf(-1)", 900_000),
    (NUMBERS, "a.lastIndexOf(-1)", 900_000),
    (NUMBERS, "a.includes(-1)", 900_000),
    (NUMBERS, "a.join()", 6_000_000),
    (NUMBERS, "a.toString()", 6_000_000),
    (NUMBERS, "String(a)", 6_000_000),
    (NUMBERS, "`${a}`", 6_000_000),
    (NUMBERS, "a.forEach(x => x)", 1_000_000),
    (NUMBERS, "a.map(Boolean)", 1_000_000),
    (NUMBERS, "a.filter(isNaN)", 1_000_000),
    (NUMBERS, "a.some(isNaN)", 1_000_000),
    (NUMBERS, "a.every(isFinite)", 1_000_000),
    (NUMBERS, "a.find(isNaN)", 1_000_000),
    (NUMBERS, "a.findLastIndex(isNaN)", 1_000_000),
    (NUMBERS, "a.reduce((x, y) => y)", 999_999),
    (NUMBERS, "a.reduceRight((x, y) => y)", 999_999),
    (NUMBERS, "a.sort((x, y) => y - x)", 1_000_000),
    (NUMBERS, "a.toSorted((x, y) => x - y)", 1_000_000),
    (STRINGS, "a.sort()", 3_000_000),
    (STRINGS, "a.toSorted()", 3_000_000),
    (NUMBERS, "a.push(...a)", 2_000_000),
    // each element once, and on its way to a larger buffer
    ("", "{ const a = []; for (let i = 0; i < 1000000; i += 1) { a.push(i); } return a; }", 2_000_000),
    ("", "{ const a = []; for (let i = 0; i < 1000000; i += 1) { a[i] = i; } return a; }", 1_000_000),
    (STRINGS, "a.indexOf('none')", 1_000_000),
    ("const a = Array(300000).fill('x'.repeat(3000));", "a.includes('x'.repeat(2999) + 'y')", 100_000_000),
    (NUMBERS, "Math.max(...a)", 1_000_000),
    (NUMBERS, "(function (...rest) { return rest; })(...a)", 2_000_000),
    (NUMBERS, "for (const k in a) { break; }", 1_000_000),
    // objects
    (KEYS, "Object.keys(o)", 600_000),
    (KEYS, "Object.values(o)", 600_000),
    (KEYS, "Object.entries(o)", 600_000),
    (KEYS, "Object.assign({}, o)", 600_000),
    (KEYS, "Object.fromEntries(Object.entries(o))", 900_000),
    (KEYS, "({ ...o })", 600_000),
    (KEYS, "structuredClone(o)", 600_000),
    (NUMBERS, "structuredClone(a)", 1_000_000),
    (MAP, "structuredClone(m)", 300_000),
    (KEYS, "const { k1, ...rest } = o;", 600_000),
    (KEYS, "for (const k in o) { break; }", 600_000),
    (NUMBERS, "Object.keys(a)", 1_000_000),
    (NUMBERS, "Object.groupBy(a, x => x % 2)", 1_000_000),
    (NUMBERS, "Map.groupBy(a, x => x % 2)", 1_000_000),
    // Map and Set
    (NUMBERS, "new Set(a)", 1_000_000),
    (NUMBERS, "new Map(a.map(x => [x, x]))", 3_000_000),
    (MAP, "new Map(m)", 600_000),
    (MAP, "[...m]", 300_000),
    (MAP, "Array.from(m.keys())", 300_000),
    (MAP, "m.forEach(x => x)", 300_000),
    (SETS, "m.union(n)", 300_000),
    (SETS, "m.intersection(m)", 600_000),
    (SETS, "m.difference(n)", 600_000),
    (SETS, "m.symmetricDifference(n)", 600_000),
    (SETS, "m.isSubsetOf(m)", 300_000),
    (SETS, "m.isSupersetOf(m)", 300_000),
    (SETS, "m.isDisjointFrom(n)", 300_000),
    // JSON
    (NUMBERS, "JSON.stringify(a)", 6_000_000),
    (KEYS, "JSON.stringify(o)", 3_000_000),
    (TEXT, "JSON.stringify(s)", 4_000_000),
    ("const t = '[' + '1,'.repeat(1000000) + '1]';", "JSON.parse(t)", 2_000_000),
    ("const t = '[' + ' '.repeat(4000000) + ']';", "JSON.parse(t)", 4_000_000),
    ("const t = '\"' + 'a'.repeat(4000000) + '\"';", "JSON.parse(t)", 8_000_000),
    ("const t = '\"' + '\\\\n'.repeat(2000000) + '\"';", "JSON.parse(t)", 8_000_000),
    ("const t = '9'.repeat(4000000);", "JSON.parse(t)", 4_000_000),
    ("const t = JSON.stringify(Array.from({ length: 200000 }, () => 1));", "JSON.parse(t, (k, v) => v)", 600_000),
    (
        "const t = JSON.stringify(Object.fromEntries(Array.from({ length: 200000 }, (_, i) => [i, i])));",
        "JSON.parse(t)",
        2_000_000,
    ),
    // output
    (TEXT, "console.log(s)", 8_000_000),
    (TEXT, "console.log('%s', s)", 4_000_000),
    (NUMBERS, "console.log('%j', a)", 12_000_000),
    (
        "const b = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => Array(100).fill('x'.repeat(30))));",
        "console.log(b)",
        30_000_000,
    ),
];

/// A machine that has run a program, and the program's value.
fn machine(source: &str) -> (Vm, Value) {
    let mut vm = Vm::new(Options::default(), Box::new(Silent));
    let parse = ParseOptions::default();
    let tree = syntax::parse(source, &parse).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let builtins = vm.builtin_names();
    let options = CompileOptions { builtins: &builtins, ..CompileOptions::default() };
    let program = compile::compile(&tree, source, &options).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    let value = vm.run_program(&program, Source::new("test.pbt", source));
    let value = value.unwrap_or_else(|failure| panic!("{source}: {failure:?}"));
    // A count alone is no root, and a collection may be due.
    vm.heap.pin(value);
    (vm, value)
}

fn check(setup: &str, operation: &str, work: usize) -> Result<(), String> {
    let body = if operation.ends_with([';', '}']) { operation.to_string() } else { format!("return {operation};") };
    let source = format!("{setup}\n(() => {{ {body} }})");
    // to the end
    let (mut vm, function) = machine(&source);
    vm.charged = Charged::default();
    let ended = vm.call(function, Value::UNDEFINED, &[]);
    let charged = vm.charged;
    let failure = ended.is_err().then(|| vm.take_failure());
    vm.finish(function);
    if let Some(failure) = failure {
        return Err(format!("it fails: {failure:?}"));
    }
    if charged.total < work {
        return Err(format!("{} units are charged, not {work}", charged.total));
    }
    if charged.largest > LARGEST {
        return Err(format!("{} units are charged at once", charged.largest));
    }
    // with a quarter of the fuel that it needs
    let (mut vm, function) = machine(&source);
    vm.limit_fuel((work / UNITS_A_TICK / 4) as u64);
    vm.charged = Charged::default();
    let ended = vm.call(function, Value::UNDEFINED, &[]);
    let (pending, charged) = (vm.pending, vm.charged);
    vm.limit_fuel(u64::MAX);
    vm.finish(function);
    if ended.is_ok() || !matches!(pending, Pending::Limit(Limit::Fuel(_))) {
        return Err(format!("without fuel it ends with {pending:?}"));
    }
    if charged.total > work {
        return Err(format!("without fuel it goes on for {} units", charged.total));
    }
    Ok(())
}

#[test]
fn whatever_grows_with_its_operands_can_be_ended_in_the_middle() {
    let mut failures = Vec::new();
    for (setup, operation, work) in CASES {
        if let Err(reason) = check(setup, operation, *work) {
            failures.push(format!("{operation}   ({setup}): {reason}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn an_array_whose_sort_is_ended_keeps_its_elements() {
    let source = "const a = Array.from({ length: 100000 }, (_, i) => (i * 7919) % 100000);
        ({ sort: () => a.sort((x, y) => x - y), sum: () => a.reduce((x, y) => x + y) === 4999950000 && a[1] === 7919 })";
    let (mut vm, object) = machine(source);
    let get = |vm: &mut Vm, name| vm.get_named(object, name).unwrap_or(Value::UNDEFINED);
    let sort = get(&mut vm, "sort");
    vm.limit_fuel(30_000);
    assert!(vm.call(sort, Value::UNDEFINED, &[]).is_err());
    assert!(matches!(vm.pending, Pending::Limit(Limit::Fuel(_))));
    vm.limit_fuel(u64::MAX);
    let sum = get(&mut vm, "sum");
    let answer = vm.call(sum, Value::UNDEFINED, &[]);
    assert_eq!(answer, Ok(Value::TRUE), "{:?}", vm.take_failure());
    vm.finish(object);
}

#[test]
fn long_texts_are_cut_between_characters() {
    let text = "aä€😀".repeat(PIECE / 3);
    assert_eq!(pieces(&text).collect::<String>(), text);
    assert!(pieces(&text).all(|piece| piece.len() <= PIECE));
    assert_eq!(pieces("").count(), 0);
}

/// What a call of the function that a source makes charges.
fn charged_by(source: &str) -> usize {
    let (mut vm, function) = machine(source);
    vm.charged = Charged::default();
    let ended = vm.call(function, Value::UNDEFINED, &[]);
    assert!(ended.is_ok(), "{source}: {:?}", vm.take_failure());
    let charged = vm.charged.total;
    vm.finish(function);
    charged
}

#[test]
fn going_through_a_text_by_position_is_linear() {
    let steps = [
        "s[i]",
        "s.at(i)",
        "s.charAt(i)",
        "s.charCodeAt(i)",
        "s.codePointAt(i)",
        "s.slice(i, i + 2)",
        "s.substring(i, i + 2)",
        "s.startsWith('ab', i)",
        "s.endsWith('ab', i)",
        "s.indexOf('–', i)",
        "s.lastIndexOf('–', i)",
        "s.includes('–', i)",
    ];
    for step in steps {
        let of_length = |n: usize| {
            charged_by(&format!(
                "const s = 'abcd–äfghi'.repeat({n} / 10); () => {{ for (let i = 0; i < {n}; i += 1) {{ {step}; }} }}"
            ))
        };
        let (short, long) = (of_length(10_000), of_length(80_000));
        assert!(long < short * 10, "{step}: {short} units are charged for 10,000 characters, {long} for 80,000");
    }
}

#[test]
fn a_text_is_counted_in_pieces_where_a_position_is_asked_for() {
    // about twelve million bytes
    let charged = charged_by("const s = 'abcd–äfghi'.repeat(1000000); () => s[5000000]");
    assert!(charged > 6_000_000 / 16 && charged < 8_000_000 / 16, "{charged} units are charged");
}

#[test]
fn a_long_buffer_grows_in_pieces() {
    let mut vm = Vm::new(Options::default(), Box::new(Silent));
    let text = "aä€😀".repeat(PIECE / 2);
    let mut out = text.clone();
    vm.limit_fuel(1);
    assert!(vm.make_room(&mut out, text.len()).is_err());
    assert!(matches!(vm.pending, Pending::Limit(Limit::Fuel(_))));
    assert_eq!(out, text);
    vm.limit_fuel(u64::MAX);
    vm.charged = Charged::default();
    assert!(vm.make_room(&mut out, 1).is_ok());
    assert_eq!(out, text);
    assert!(out.capacity() >= 2 * text.len(), "it grows by as much as it has");
    assert!(vm.charged.total >= text.len() && vm.charged.largest <= PIECE, "{:?}", vm.charged);
    vm.charged = Charged::default();
    assert!(vm.make_room(&mut out, text.len()).is_ok());
    assert_eq!(vm.charged.total, 0, "there is room");
}

#[test]
fn an_array_that_is_ended_while_it_grows_stays_as_it_is() {
    let (mut vm, array) = machine("const a = Array.from({ length: 200000 }, (_, i) => [i]); a");
    while !vm.heap.is_full(array) {
        assert!(vm.push_element(array, Value::NULL).is_ok());
    }
    let elements = vm.heap.elements(array).to_vec();
    let bytes = vm.heap.arena.bytes;
    vm.limit_fuel(1);
    assert!(vm.push_element(array, Value::TRUE).is_err());
    assert!(matches!(vm.pending, Pending::Limit(Limit::Fuel(_))));
    assert_eq!(vm.heap.elements(array), elements);
    assert_eq!(vm.heap.arena.bytes, bytes, "the larger buffer is given back");
    vm.limit_fuel(u64::MAX);
    assert!(vm.push_element(array, Value::TRUE).is_ok());
    assert_eq!(vm.heap.elements(array)[..elements.len()], elements);
    assert_eq!(vm.heap.element(array, elements.len()), Some(Value::TRUE));
    vm.finish(array);
}

#[test]
fn walks_over_a_large_heap_end_between_two() {
    // not `gc.verify()`: the function is held by the test, which the verifier would report
    for walk in ["gc.collect()", "gc.why(a)"] {
        let source =
            format!("const a = Array.from({{ length: 100000 }}, () => []); () => {{ for (;;) {{ {walk}; }} }}");
        let (mut vm, function) = machine(&source);
        vm.limit_fuel(20_000);
        vm.charged = Charged::default();
        assert!(vm.call(function, Value::UNDEFINED, &[]).is_err());
        assert!(matches!(vm.pending, Pending::Limit(Limit::Fuel(_))));
        assert!(vm.charged.total < 1_000_000, "{walk} went on for {} units", vm.charged.total);
        vm.limit_fuel(u64::MAX);
        vm.finish(function);
    }
}
