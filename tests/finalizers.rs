//! Finalizers from outside: what is reported and where, limits, options, and the order on graphs of real objects.

mod support;

use std::fmt::Write as _;

use probate::heap::order::Dying;
use support::{Run, probate, temporary};

/// Runs code with options: standard output, standard error, status.
fn run(options: &[&str], code: &str) -> (String, String, Option<i32>) {
    let Run { stdout, stderr, status } = probate(&[options, &["-e", code]].concat());
    (stdout, stderr, status)
}

fn count(text: &str, word: &str) -> usize {
    text.lines().filter(|line| line.starts_with(word)).count()
}

#[test]
fn what_fails_is_reported_with_its_place_and_changes_no_status() {
    let code = "class Socket { finalize() { this.handle.close(); } }\nnew Socket();\nconsole.log('on');";
    let (stdout, stderr, status) = run(&[], code);
    assert_eq!((stdout.as_str(), status), ("on\n", Some(0)));
    insta::assert_snapshot!(stderr);
}

#[test]
fn an_uncaught_error_is_reported_before_level_1_is_popped() {
    let script = temporary(
        "uncaught.pbt",
        "class R { finalize() { console.error('closed'); } }\nconst r = new R();\nthrow new Error('no');\n",
    );
    let actual = probate(&[script]);
    assert_eq!(actual.status, Some(1));
    assert!(
        actual.stderr.starts_with("Uncaught Error: no\n") && actual.stderr.ends_with("closed\n"),
        "{}",
        actual.stderr
    );
}

#[test]
fn fuel_ends_a_finalizer_that_does_not() {
    let code = "class R { finalize() { try { for (;;) {} } finally { console.log('never'); } } }
        const call = () => call();
        new R(); console.log('on');
        gc.finalizer({}, () => { try { call(); } catch { for (;;) { call(); } } });
        { const a = new R(); const b = {}; gc.finalizer(b, () => console.log('b')); }
        console.log('end');";
    let (stdout, stderr, status) = run(&["--finalizer-fuel=5000"], code);
    assert_eq!((stdout.as_str(), status), ("on\nb\nend\n", Some(0)), "{stderr}");
    assert_eq!(stderr.matches("finalizer fuel used up").count(), 3, "{stderr}");
}

#[test]
fn finalizers_run_after_the_memory_limit_on_a_reserve() {
    let code = "class R { constructor(name) { this.name = name; } finalize() { console.log('close', this.name, [this].length); } }
        const outer = new R('outer');
        function fill() { const inner = new R('inner'); const all = []; for (;;) all.push([1, 2, 3]); }
        fill();";
    let (stdout, stderr, status) = run(&["--max-memory=4M", "--leaks"], code);
    assert_eq!((stdout.as_str(), status), ("close inner 1\nclose outer 1\n", Some(76)), "{stderr}");
    assert!(stderr.ends_with("no leaks\n"), "{stderr}");
}

#[test]
fn finalizers_past_the_reserve_are_skipped() {
    let code = "class R { constructor(name) { this.name = name; } finalize() { console.log('begin', this.name); const all = []; for (;;) all.push([1, 2, 3]); } }
        class Last { finalize() { console.log('last'); } }
        const last = new Last();
        const b = new R('b'); b.kept = [];
        const a = new R('a');";
    let (stdout, stderr, status) = run(&["--max-memory=4M", "--leaks"], code);
    // The first reaches the limit, the second the end of the reserve, and what they made is not collected before the round is over.
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.starts_with("begin a\nbegin b\n"), "{stdout}");
    assert_eq!(
        (stderr.matches("memory limit reached").count() + stderr.matches("memory limit of 4 MiB").count())
            + stdout.matches("last").count(),
        3,
        "{stderr}"
    );
    assert!(stderr.ends_with("no leaks\n"), "{stderr}");
}

#[test]
fn finalizers_without_end_come_to_one() {
    // A tree of finalizers inside finalizers, and one that registers itself again.
    let code = "let n = 0;
        class Two { finalize() { n += 1; new Two(); new Two(); } }
        new Two();
        console.log(n > 1000 && n < 1000000);
        let again = 0;
        const f = (v) => { again += 1; gc.finalizer(v, f); };
        gc.finalizer({}, f);
        console.log(again);
        { const o = {}; gc.finalizer(o, f); }
        console.log(again);";
    let (stdout, stderr, status) = run(&["--leaks"], code);
    assert_eq!((stdout.as_str(), status), ("true\n101\n202\n", Some(0)));
    assert!(stderr.contains("too many finalizers inside") && stderr.contains("registered again and again"));
    assert!(stderr.ends_with("no leaks\n"));
}

#[test]
fn the_collectors_pace_can_be_set() {
    let code = "const outer = {}; for (let i = 0; i < 20000; i += 1) { const a = { i }; a.self = a; outer.last = a; outer.last = null; }";
    let collections = |options: &[&str]| {
        let (_, events, _) = run(&[options, &["--trace=life"]].concat(), code);
        count(&events, "gc.begin why=growth")
    };
    let usual = collections(&[]);
    assert!(usual >= 1, "{usual}");
    assert!(collections(&["--gc-floor=64K"]) > 10 * usual);
    assert_eq!(collections(&["--gc-floor=64M"]), 0);
    assert!(collections(&["--gc-floor=64K", "--gc-factor=1000"]) < collections(&["--gc-floor=64K", "--gc-factor=110"]));
}

#[test]
fn stranded_cycles_take_no_memory() {
    let code = "const outer = {}; let most = 0;
        for (let i = 0; i < 400000; i += 1) {
          const a = { i }; const b = { a }; a.b = b; outer.last = a; outer.last = null;
          if (i % 100 === 0) most = Math.max(most, gc.stats().bytes);
        }
        console.log(most < 2 * 1024 * 1024, gc.stats().collections > 10);";
    assert_eq!(run(&[], code).0, "true true\n");
}

// ---- Order on real objects ---------------------------------------------------------------------

/// Numbers from a seed (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

/// Builds each graph of `graphs` (`fin`: which objects have finalizers, `edges`: who refers to whom), lets it die with a scope and again by a collection, and
/// prints both orders.
const DRIVER: &str = r#"
let order = [];
const note = (v) => order.push(v.i);
const build = (graph) => {
  const nodes = [];
  for (let i = 0; i < graph.fin.length; i += 1) {
    const node = { i };
    if (graph.fin[i]) gc.finalizer(node, note);
    nodes.push(node);
  }
  for (const [from, to, how] of graph.edges) {
    if (how === 0) nodes[from]["to" + to] = nodes[to];
    if (how === 1) nodes[from]["to" + to] = [new Map([["k", nodes[to]]])];
    if (how === 2) { const target = nodes[to]; nodes[from]["to" + to] = () => target; }
  }
  return nodes;
};
for (const graph of graphs) {
  order = [];
  {
    const nodes = build(graph);
  }
  const popped = order.join();
  order = [];
  let nodes = build(graph);
  nodes.push(nodes);
  nodes = null;
  gc.collect();
  gc.verify();
  console.log(popped);
  console.log(order.join());
}
"#;

#[test]
fn real_objects_are_finalized_in_the_order_of_their_graph() {
    const GRAPHS: usize = 400;
    let seed = 0x5EED_0003;
    let mut random = Random(seed);
    let (mut data, mut expected) = (String::from("const graphs = [\n"), String::new());
    for _ in 0..GRAPHS {
        let n = 1 + random.below(9) as usize;
        let fin: Vec<bool> = (0..n).map(|_| random.below(4) != 0).collect();
        let mut edges = Vec::new();
        let density = 1 + random.below(5);
        for from in 0..n {
            for to in 0..n {
                if random.below(8) < density {
                    edges.push((from, to, random.below(3)));
                }
            }
        }
        let mut dying = Dying::new();
        for (from, finalizable) in fin.iter().enumerate() {
            dying.node(finalizable.then_some(from as u64 + 1));
            edges.iter().filter(|edge| edge.0 == from).for_each(|edge| dying.edge(edge.1 as u32));
        }
        // Only what finalizable ones reach takes part; what else there is comes first in no order that can be seen.
        let order: Vec<String> = dying.order().iter().map(ToString::to_string).collect();
        let edges: Vec<String> = edges.iter().map(|(from, to, how)| format!("[{from}, {to}, {how}]")).collect();
        let _ = writeln!(data, "{{ fin: {fin:?}, edges: [{}] }},", edges.join(", "));
        let _ = writeln!(expected, "{0}\n{0}", order.join(","));
    }
    data.push_str("];\n");
    let script = temporary("graphs.pbt", &(data + DRIVER));
    for options in [&[][..], &["--gc-stress=verify"], &["--recycle=off"]] {
        let path = script.to_str().expect("UTF-8");
        let actual = probate(&[options, &[path]].concat());
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""), "{options:?}");
        for (nth, (got, wanted)) in actual.stdout.lines().zip(expected.lines()).enumerate() {
            let graph = read_line(&script, 2 + nth / 2);
            assert_eq!(got, wanted, "{options:?}, seed {seed:#x}, by {}: {graph}", ["scope", "collection"][nth % 2]);
        }
        assert_eq!(actual.stdout.lines().count(), 2 * GRAPHS, "{options:?}");
    }
}

fn read_line(script: &std::path::Path, line: usize) -> String {
    support::read(script).lines().nth(line - 1).unwrap_or_default().to_string()
}

#[test]
fn a_collection_makes_room_before_the_memory_limit_refuses() {
    // Nothing else would collect: the floor is out of reach.
    let strand = |make: &str| {
        format!(
            "const outer = {{}};
             for (let i = 0; i < 100; i += 1) {{ const a = {{ big: {make} }}; a.self = a; outer.last = a; outer.last = null; }}
             console.log('through');"
        )
    };
    for make in [
        "[].concat(Array.from({ length: 100000 }, (_, i) => i))",
        "new Array(100000)",
        "'x'.repeat(1000000)",
        "('y' + i).padEnd(1000000)",
    ] {
        let (stdout, stderr, status) = run(&["--max-memory=8M", "--gc-floor=1G"], &strand(make));
        assert_eq!((stdout.as_str(), stderr.as_str(), status), ("through\n", "", Some(0)), "{make}");
    }
}

#[test]
fn the_memory_limit_says_where_it_was_reached() {
    let (_, stderr, status) =
        run(&["--max-memory=4M"], "function fill() { const all = []; for (;;) all.push([1]); }\nfill();");
    assert_eq!(status, Some(76));
    assert!(stderr.starts_with("error: memory limit of 4 MiB reached\n --> <eval>:1:"), "{stderr}");
}
