//! What is deep, long or endless: on a main thread with a stack of one MiB, as `ulimit -s 1024` gives.

mod support;

use std::process::Command;
use std::time::Instant;

use support::{Run, probate, run, temporary};

/// Runs code under the small stack.
fn small_stack(name: &str, code: &str) -> Run {
    let script = temporary(name, code);
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("ulimit -s 1024 && exec \"$0\" \"$1\"")
        .arg(env!("CARGO_BIN_EXE_probate"))
        .arg(script)
        .env("NO_COLOR", "1");
    run(command, "")
}

fn prints(name: &str, code: &str, stdout: &str) {
    let actual = small_stack(name, code);
    assert_eq!(actual, Run { stdout: stdout.into(), stderr: String::new(), status: Some(0) }, "{code}");
}

#[test]
fn recursion_without_end_is_a_range_error_that_can_be_caught() {
    prints(
        "recursion.pbt",
        "function f(n) { return f(n + 1) + 1; }
        try { f(0); } catch (e) { console.log(e instanceof RangeError, e.message); }",
        "true Maximum call stack size exceeded\n",
    );
    // Through natives, which nest the machine.
    prints(
        "native-recursion.pbt",
        "const f = () => [1].map(f);
        try { f(); } catch (e) { console.log(e.name, e.message); }",
        "RangeError Maximum call stack size exceeded: `map` inside 3000 built-ins that call back\n",
    );
    prints(
        "constructor-recursion.pbt",
        "class A { constructor() { this.a = new A(); } }
        try { new A(); } catch (e) { console.log(e.name); }",
        "RangeError\n",
    );
    prints(
        "string-recursion.pbt",
        "const o = { toString() { return `${o}`; } };
        try { String(o); } catch (e) { console.log(e.name); }",
        "RangeError\n",
    );
    prints(
        "sort-recursion.pbt",
        "function f() { return [2, 1].sort(f); }
        try { f(); } catch (e) { console.log(e.name); }",
        "RangeError\n",
    );
}

#[test]
fn whatever_json_can_nest_can_be_walked_with_callbacks() {
    prints(
        "deep-walks.pbt",
        "let text = '1';
        for (let i = 0; i < 1000; i++) text = i % 2 === 0 ? `[${text}]` : `{\"a\":${text}}`;
        const document = JSON.parse(text);
        const children = v => Array.isArray(v) ? v : v === 1 ? [] : Object.values(v);
        const byMap = v => children(v).map(byMap).reduce((a, b) => Math.max(a, b), 0) + 1;
        const byForEach = v => { let most = 0; children(v).forEach(c => { most = Math.max(most, byForEach(c)); }); return most + 1; };
        const byReduce = v => children(v).reduce((most, c) => Math.max(most, byReduce(c)), 0) + 1;
        const bySort = v => { let d = 0; [...children(v), 0].sort((a, b) => { d = bySort(a === 0 ? b : a); return 0; }); return d + 1; };
        const byReplace = v => { let d = 0; 'x'.replace('x', () => { children(v).forEach(c => { d = byReplace(c); }); return ''; }); return d + 1; };
        console.log(byMap(document), byForEach(document), byReduce(document), bySort(document), byReplace(document));
        const revived = JSON.parse(text, (key, value) => value);
        console.log(JSON.stringify(revived) === text, JSON.stringify(revived, (key, value) => value) === text);
        class Node {
          constructor(child) { this.child = child; }
          toJSON() { return { c: this.child === null ? 1 : JSON.parse(JSON.stringify([this.child]))[0] }; }
          toString() { return `<${[this.child].map(String).join()}>`; }
        }
        let node = null;
        for (let i = 0; i < 400; i++) node = new Node(node);
        console.log(JSON.stringify(node).length, String(node).length);",
        "1001 1001 1001 1001 1001\ntrue true\n2401 804\n",
    );
}

#[test]
fn an_uncaught_deep_recursion_has_a_short_stack_trace() {
    let actual = small_stack("uncaught-recursion.pbt", "function f() { return f() + 1; }\nf();\n");
    assert_eq!((actual.status, actual.stdout.as_str()), (Some(1), ""));
    assert!(actual.stderr.starts_with("Uncaught RangeError: "), "{}", actual.stderr);
    assert!(actual.stderr.contains("more calls") && actual.stderr.lines().count() < 60, "{}", actual.stderr);
}

#[test]
fn a_list_of_a_million() {
    prints(
        "long-list.pbt",
        "function list(n) {
          let head = null;
          for (let i = 0; i < n; i += 1) { head = { i, next: head }; }
          return head;
        }
        function length(list) {
          let n = 0;
          for (let at = list; at !== null; at = at.next) { n += 1; }
          return n;
        }
        const outer = [];
        {
          const inner = list(1000000);
          console.log(length(inner));
          outer.push(inner);
        }
        console.log(length(outer[0]), gc.scope(outer[0]));
        outer.pop();
        const dropped = list(1000000);
        console.log(gc.verify());",
        "1000000\n1000000 1\ntrue\n",
    );
}

#[test]
fn a_tree_a_million_deep() {
    prints(
        "deep-tree.pbt",
        "function nest(depth) {
          let tree = { left: null, right: null };
          for (let i = 0; i < depth; i += 1) { tree = { left: tree, right: [i] }; }
          return tree;
        }
        let kept = [];
        {
          const tree = nest(1000000);
          kept.push(tree);
        }
        console.log(gc.scope(kept[0]), gc.verify());
        console.log(kept[0]);
        try { throw nest(1000000); } catch (e) { console.log(typeof e); }
        kept = null;
        const live = gc.stats().live;
        console.log(live.object < 1000, live.array < 1000);",
        "1 true
{
  left: { left: { left: [Object], right: [Array] }, right: [ 999998 ] },
  right: [ 999999 ]
}
object
true true
",
    );
}

#[test]
fn a_clone_a_million_deep() {
    prints(
        "deep-clone.pbt",
        "let list = null;
        for (let i = 0; i < 1000000; i += 1) { list = { i, next: list }; }
        const copy = structuredClone(list);
        let length = 0;
        for (let at = copy; at !== null; at = at.next) { length += 1; }
        console.log(length, copy.i, copy.next.i, copy === list, copy.next === list.next, gc.verify());",
        "1000000 999999 999998 false false true\n",
    );
}

#[test]
fn a_deep_value_through_json() {
    prints(
        "deep-json.pbt",
        "let text = '';
        let tree = [];
        for (let i = 0; i < 100000; i += 1) { tree = [tree]; }
        try { console.log(JSON.stringify(tree).length); } catch (e) { console.log(e.name); }
        try { JSON.parse('['.repeat(100000)); } catch (e) { console.log(e.name); }
        try { JSON.parse('['.repeat(100000) + ']'.repeat(100000)); } catch (e) { console.log(e.name); }",
        "200002\nSyntaxError\nSyntaxError\n",
    );
}

#[test]
fn deep_structures_are_compared_cloned_and_joined() {
    prints(
        "deep-flat.pbt",
        "let tree = [1];
        for (let i = 0; i < 100000; i += 1) { tree = [tree]; }
        console.log(tree.flat(Infinity).length);
        console.log(String(tree));",
        "1\n1\n",
    );
}

/// Seconds of the fastest of three runs.
fn seconds(code: &str) -> f64 {
    let once = || {
        let start = Instant::now();
        let actual = probate(&["-e", code]);
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""), "{code}");
        start.elapsed().as_secs_f64()
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

/// Doubling the size may not take much more than double the time; both are well above a process's start.
fn is_linear(code: impl Fn(u32) -> String, size: u32) {
    let (one, four) = (seconds(&code(size)), seconds(&code(size * 4)));
    assert!(four < 10.0 * one.max(0.01), "size {size}: {one} s; four times that: {four} s");
}

#[test]
fn first_in_first_out_is_linear() {
    is_linear(
        |size| {
            format!(
                "const queue = [];
                for (let i = 0; i < {size}; i += 1) {{ queue.push({{ i }}); }}
                while (queue.length > 0) {{ queue.shift(); }}"
            )
        },
        40_000,
    );
}

#[test]
fn an_array_through_many_returns_is_linear() {
    is_linear(
        |size| {
            format!(
                "function make() {{ const a = []; for (let i = 0; i < {size}; i += 1) {{ a.push({{ i }}); }} return a; }}
                function pass(n) {{ return n === 0 ? make() : pass(n - 1); }}
                console.log(pass(50).length);"
            )
        },
        20_000,
    );
}

#[test]
fn a_loop_of_garbage_runs_in_flat_memory() {
    let code = "let n = 0;
        for (let i = 0; i < 1000000; i += 1) { const o = { i, s: `number ${i}` }; n += o.s.length; }
        console.log(n);";
    let actual = probate(&["--max-memory=256K", "-e", code]);
    assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_finalizer_may_run_out_of_fuel_as_it_calls_a_function() {
    let code = "class F { finalize() { f(); console.log('never'); } }
        function f() { const o = {}; return o; }
        { const x = new F(); const y = [x]; }
        console.log('end');";
    let script = temporary("fuel-at-a-call.pbt", code);
    for flags in [["--finalizer-fuel=1", "--leaks"], ["--finalizer-fuel=1", "--gc-stress=verify"]] {
        let actual = probate(&[flags[0], flags[1], script.to_str().expect("a path")]);
        assert_eq!((actual.stdout.as_str(), actual.status), ("end\n", Some(0)), "{}", actual.stderr);
        assert!(actual.stderr.contains("finalizer fuel used up"), "{}", actual.stderr);
    }
}
