//! `probate test`, driven as a user drives it: folders with scripts, snapshots beside them, reports.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Run, probate_command, read, run, tests_folder};

/// A folder of its own for a test, empty at its start.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("testing").join(name);
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Folder(path)
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> &Folder {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a subfolder");
        fs::write(path, contents).expect("a file");
        self
    }

    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    fn read(&self, name: &str) -> String {
        read(&self.0.join(name))
    }

    /// `probate test` in the folder, where no `CI` is set. The time is taken out of the report.
    fn test(&self, words: &[&str]) -> Run {
        self.test_in(words, None)
    }

    fn test_in(&self, words: &[&str], ci: Option<&str>) -> Run {
        let mut line = vec!["test"];
        line.extend(words);
        let mut command = probate_command(&line);
        command.current_dir(&self.0).env_remove("CI").envs(ci.map(|value| ("CI", value)));
        let mut run = run(command, "this is the terminal's, and no test may read it");
        run.stdout = run.stdout.lines().map(|line| without_time(line) + "\n").collect();
        run
    }

    /// Everything passes.
    fn passes(&self, words: &[&str], summary: &str) {
        let actual = self.test(words);
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""), "{}", actual.stdout);
        assert_eq!(actual.stdout.lines().last(), Some(summary), "{}", actual.stdout);
    }

    /// Something does not. The report.
    fn fails(&self, words: &[&str]) -> String {
        let actual = self.test(words);
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(1), ""), "{}", actual.stdout);
        actual.stdout
    }

    /// The test in `name` passes as it stands: it needs no snapshot.
    fn accepts(&self, script: &str) {
        self.file("a.pbt", script).passes(&["a.pbt"], "1 passed");
    }

    /// It does not; the report has these words.
    fn rejects(&self, script: &str, words: &[&str]) {
        let report = self.file("a.pbt", script).fails(&["a.pbt"]);
        for words in words {
            assert!(report.contains(words), "no `{words}` in\n{report}");
        }
    }
}

/// `3 passed (0.1 s)` → `3 passed`.
fn without_time(line: &str) -> String {
    match line.rsplit_once(" (") {
        Some((rest, time)) if time.ends_with(" s)") => rest.to_string(),
        _ => line.to_string(),
    }
}

// ---- Snapshots ------------------------------------------------------------------------------

#[test]
fn new_then_recorded_then_compared() {
    let folder = Folder::new("new");
    folder.file("tour.pbt", "for (const n of [1, 2, 3]) { console.log('step', n); }\nconsole.error('hm');\nexit(3);\n");
    insta::assert_snapshot!("new", folder.fails(&[]));
    assert!(!folder.has("tour.snap"));
    let update = folder.test(&["--update"]);
    assert_eq!((update.status, update.stdout.as_str()), (Some(0), "WRITTEN tour.snap\n1 written\n"));
    insta::assert_snapshot!("recorded", folder.read("tour.snap"));
    folder.passes(&[], "1 passed");
    folder.passes(&["--update"], "1 passed");
}

#[test]
fn a_difference_is_shown_so_that_a_stranger_understands() {
    let folder = Folder::new("difference");
    let script = "const rows = [['pen', 4], ['ink', 11.4], ['paper', 3.2]];\n\
                  for (const [name, price] of rows) { console.log(name.padEnd(8) + price.toFixed(2)); }\n\
                  console.log('3 rows');\n";
    folder.file("prices.pbt", script).passes(&["-u"], "1 written");
    let before = folder.read("prices.snap");
    let changed = script.replace("11.4", "12").replace("'3 rows'", "'3  rows'") + "rows.total.length;\n";
    folder.file("prices.pbt", &changed).file("other.pbt", "console.log(1); // expect: 1");
    insta::assert_snapshot!("difference", folder.fails(&[]));
    let colored = folder.fails(&["--color=always"]);
    assert!(colored.contains("\u{1b}[31m- ink     11.40\u{1b}[0m"), "{colored}");
    assert_eq!(folder.fails(&["-q"]), "FAILED prices.pbt\n");
    assert_eq!(folder.read("prices.snap"), before, "only --update writes");

    assert_eq!(folder.test(&["--update"]).stdout, "REWRITTEN prices.snap\n1 passed, 1 rewritten\n");
    assert!(folder.read("prices.snap").contains("Uncaught TypeError"));
    folder.passes(&[], "2 passed");
}

#[test]
fn snapshots_do_not_depend_on_the_folder() {
    let folder = Folder::new("folders");
    let script =
        "function f(o) { return o.a.b; }\nconsole.log(Date.now(), performance.now(), Math.random());\nf({});\n";
    folder.file("one/a.pbt", script).file("two/deep/a.pbt", script).passes(&["-u"], "2 written");
    let one = folder.read("one/a.snap");
    assert_eq!(one, folder.read("two/deep/a.snap"));
    assert!(one.contains(" --> a.pbt:1:24") && one.contains("946684800001 2 "), "{one}");
    let deep = folder.0.join("two/deep");
    let absolute = [deep.to_str().expect("UTF-8")];
    folder.passes(&absolute, "1 passed");
}

#[test]
fn the_trace_is_a_part_of_the_snapshot() {
    let folder = Folder::new("trace");
    let script = "// test: trace\nconst kept = [{}];\nconsole.log('made\\n');\n({});\nconsole.log(kept.length);\n";
    folder.file("a.pbt", script).passes(&["-u"], "1 written");
    insta::assert_snapshot!("trace", folder.read("a.snap"));
    folder.passes(&[], "1 passed");
    folder.file("a.pbt", script.replace("({});", "kept.push({});"));
    insta::assert_snapshot!("trace_differs", folder.fails(&[]));
    folder.rejects(&script.replace("trace", "trace=rc"), &["the trace differs", "+ unprob"]);
    // The script's own switch works as on the command line.
    Folder::new("trace-switch").accepts("gc.trace('life');\n({}); // expect-error: alloc #1 object s1\n");
}

#[test]
fn sums_of_the_heap_are_a_part_of_the_snapshot() {
    let folder = Folder::new("stats");
    folder.file("a.pbt", "// test: stats\nconst kept = [{}];").passes(&["-u"], "1 written");
    assert!(folder.read("a.snap").contains("--- stats\nlive          total"), "{}", folder.read("a.snap"));
    folder.passes(&[], "1 passed");
    folder.rejects("// test: stats\nconst kept = [{}, {}];", &["the sums of the heap differ"]);
}

#[test]
fn damaged_and_foreign_snapshots() {
    let folder = Folder::new("damaged");
    folder.file("a.pbt", "console.log(1);").file("a.snap", "# probate-snapshot 1\n--- output\n1\n");
    let report = folder.fails(&[]);
    assert!(report.contains("a.snap cannot be compared: its end is missing"), "{report}");
    folder.passes(&["-u"], "1 rewritten");
    let good = folder.read("a.snap");
    folder.file("a.snap", good.replace('\n', "\r\n")).passes(&[], "1 passed");
    folder.file("a.snap", good.replace("snapshot 1", "snapshot 2"));
    let report = folder.fails(&[]);
    assert!(report.contains("version 2 of the format"), "{report}");
    folder.passes(&["-u"], "1 rewritten");
    assert_eq!(folder.read("a.snap"), good);

    let foreign = "---\nsource: src/lib.rs\n---\n1\n";
    folder.file("a.snap", foreign);
    for words in [&[][..], &["--update"]] {
        let report = folder.fails(words);
        assert!(report.contains("a.snap is no snapshot of probate"), "{report}");
    }
    assert_eq!(folder.read("a.snap"), foreign);
}

#[test]
fn snapshots_that_lost_their_script() {
    let folder = Folder::new("widows");
    folder.file("a.pbt", "console.log(1);").file("sub/b.pbt", "1").passes(&["-u"], "2 written");
    fs::remove_file(folder.0.join("sub/b.pbt")).expect("a file");
    folder.file("sub/jest.snap", "exports[`a`] = 1;").file("sub/.hidden.snap", "# probate-snapshot 1\n");
    let report = folder.test(&[]);
    let expected = "sub/b.snap has no script; --update deletes it\n1 passed\n";
    assert_eq!((report.status, report.stdout.as_str()), (Some(0), expected));
    folder.passes(&["-u", "-f", "a.pbt"], "1 passed");
    assert!(folder.has("sub/b.snap"), "a filter is about what it names");
    assert_eq!(folder.test(&["--update"]).stdout, "DELETED sub/b.snap\n1 passed, 1 deleted\n");
    assert!(!folder.has("sub/b.snap") && folder.has("sub/jest.snap") && folder.has("sub/.hidden.snap"));
}

#[test]
fn no_update_in_ci() {
    let folder = Folder::new("ci");
    folder.file("a.pbt", "1");
    for value in ["true", "1", "yes"] {
        let actual = folder.test_in(&["--update"], Some(value));
        assert_eq!((actual.status, actual.stdout.as_str()), (Some(2), ""), "{value}");
        assert!(actual.stderr.contains("--update is refused"), "{}", actual.stderr);
    }
    assert!(!folder.has("a.snap"));
    for value in ["", "false", "0"] {
        assert_eq!(folder.test_in(&["--update"], Some(value)).status, Some(0));
    }
    assert_eq!(folder.test_in(&[], Some("true")).status, Some(0));
}

// ---- Expectations ---------------------------------------------------------------------------

#[test]
fn expected_output() {
    let folder = Folder::new("expect");
    folder.accepts("console.log('a'); // expect: a\nconsole.log('  b '); // expect:   b\nconsole.log(); // expect:\n");
    folder.accepts("#!/usr/bin/env probate\n// expect: 1\n// expect: 2\nconsole.log('1\\n2');");
    folder.accepts("console.log('// expect: no'); // expect: // expect: no");
    let wrong = "console.log(1); // expect: 1\nconsole.log(2); // expect: two\nconsole.log(3);\n";
    folder.rejects(wrong, &["not what the script expects", "--- expected (`// expect:` in a.pbt)", "- two\n"]);
    insta::assert_snapshot!("expect", folder.fails(&[]));
    folder.rejects("console.log(1); // expect: 1\nconsole.log(2);", &["+ 2"]);
    folder.rejects("console.log(1); // expect: 1\n// expect: 2", &["- 2"]);
    assert!(!folder.has("a.snap"));
}

#[test]
fn expected_errors_and_statuses() {
    let folder = Folder::new("errors");
    folder.accepts("null.x; // expect-error: Uncaught TypeError\n// expect-error: a.pbt:1\n// expect-status: 1");
    folder.accepts("console.error('one'); // expect-error: on");
    folder.accepts("exit(3); // expect-status: 3");
    folder.accepts("let x = ; // expect-error: error[E0\n// expect-status: 65");
    folder.accepts("let a = 'open // expect-error: none\n// expect-status: 65\n// expect-error: error[E0");
    folder.rejects("null.x; // expect-status: 1", &["Uncaught TypeError", "at <main>"]);
    folder.rejects("console.log(1); // expect: 1\nnull.x", &["status 1, which nothing in a.pbt expects", "Uncaught"]);
    folder.rejects("console.error('one'); // expect-error: two", &["`two`, which a.pbt:1 expects", "  one\n"]);
    folder.rejects("exit(3); // expect-status: 4", &["ended with status 3; a.pbt:1 expects 4"]);
    folder.rejects("// expect-status: 0\nfunction f() { f(); }\nf();", &["RangeError"]);
}

#[test]
fn expected_life() {
    let folder = Folder::new("live");
    let script = "const list = [{}, {}];\nlet ring = {};\nring.self = ring;\nring = null;\n";
    folder.accepts(&format!("{script}// expect-live-at-end: array 1, object 3, function 0\n// expect-live-at-exit: 0"));
    folder.accepts(&format!("{script}// expect-live-at-end: 4"));
    folder.accepts(&format!("{script}gc.collect();\n// expect-live-at-end: object 2"));
    folder.rejects(
        &format!("{script}// expect-live-at-end: object 2"),
        &["3 of kind object alive at the end", "a.pbt:5 expects 2", "array 1"],
    );
    folder.rejects("1; // expect-live-at-exit: 2", &["0 values alive after all scopes were popped; a.pbt:1 expects 2"]);
}

#[test]
fn expectations_and_a_snapshot_together() {
    let folder = Folder::new("both");
    let script = "// test: trace\nconsole.log(1); // expect: 1\n";
    folder.rejects(script, &["NEW a.pbt"]);
    folder.passes(&["-u"], "1 written");
    folder.passes(&[], "1 passed");
    folder.rejects(&script.replace("expect: 1", "expect: 2"), &["not what the script expects"]);
    let before = folder.read("a.snap");
    assert!(folder.fails(&["--update"]).contains("so a.snap was not written"));
    assert_eq!(folder.read("a.snap"), before);
    folder.file("a.pbt", "console.log(2); // expect: 2");
    let report = folder.fails(&[]);
    assert!(report.contains("the trace differs") && report.contains("the output differs"), "{report}");
}

#[test]
fn mistakes_in_comments() {
    let folder = Folder::new("mistakes");
    let script = "// test: timeout=3\n// test: tracee\n// test: seed=x\n1; // expect-eror: a\n// expect-status: none\n// test: stats\n";
    folder.file("a.pbt", script);
    insta::assert_snapshot!("mistakes", folder.fails(&[]));
    assert!(folder.fails(&["-u"]).contains("a.pbt:2: there is no `test: tracee`; did you mean `trace`?"));
    assert!(!folder.has("a.snap"));
}

// ---- How a script is run --------------------------------------------------------------------

#[test]
fn arguments_and_input() {
    let folder = Folder::new("input");
    folder.accepts("// test: args=--top 10 \"a b\"\nconsole.log(args.join('|')); // expect: --top|10|a b");
    let lines = "console.log([...io.lines()].join('|'));";
    folder.accepts(&format!("{lines} // expect:"));
    folder.accepts(&format!(
        "// test: input=one\n// test: input=\n// test: input=  three\n{lines} // expect: one||  three"
    ));
    folder.file("data/in.txt", "a\r\nb\nc");
    folder.accepts(&format!("// test: stdin=data/in.txt\n{lines} // expect: a|b|c"));
    folder.accepts("// test: stdin=data/in.txt\nconsole.log(io.readText().length); // expect: 6");
    folder.rejects("// test: stdin=missing.txt\n1;", &["cannot read missing.txt: No such file or directory"]);
    folder.file("bad.txt", b"\xff");
    folder.rejects("// test: stdin=bad.txt\nio.readText(); // expect:", &["standard input is not UTF-8"]);
}

#[test]
fn output_in_a_file_of_its_own() {
    let folder = Folder::new("stdout");
    folder.file("a.json", "[1,2]\n").accepts("// test: stdout=a.json\nconsole.log(JSON.stringify([1, 2]));");
    folder.rejects(
        "// test: stdout=a.json\nconsole.log('[1,3]');",
        &["expected (a.json)", "@@ a.json:1", "- [1,2]", "+ [1,3]"],
    );
    folder.fails(&["--update"]);
    assert_eq!(folder.read("a.json"), "[1,2]\n");
}

#[test]
fn stress_runs_it_twice() {
    let folder = Folder::new("stress");
    let steady = "console.log([{}, {}].length); // expect: 2";
    folder.accepts(&format!("// test: stress\n{steady}"));
    folder.file("a.pbt", steady).passes(&["--stress"], "1 passed");
    // What looks at the collector sees it at work.
    let looking = "gc.trace('life');\nconst list = [1].map(x => [x]);\n// expect-error: alloc #1";
    folder.accepts(looking);
    folder.rejects(
        &format!("// test: stress\n{looking}"),
        &["under --gc-stress=verify, error differs", "+ gc.begin why=stress"],
    );
}

#[test]
fn random_numbers_repeat_themselves() {
    let folder = Folder::new("seed");
    folder.file("a.pbt", "console.log(Math.random());").passes(&["-u"], "1 written");
    folder.passes(&[], "1 passed");
    folder.rejects("// test: seed=2\nconsole.log(Math.random());", &["the output differs"]);
}

#[test]
fn limits() {
    let folder = Folder::new("limits");
    folder.file(
        "a.pbt",
        "const all = []; while (true) { all.push([]); } // expect-status: 76\n// expect-error: memory limit",
    );
    folder.passes(&["--max-memory=1M"], "1 passed");
    folder
        .rejects("const line = 'x'.repeat(1_000_000);\nwhile (true) { console.log(line); }", &["more than a test may"]);
    folder.accepts("function f() { f(); }\nf(); // expect-error: RangeError");
    folder.file("a.pbt", "try { for (;;) {} } finally { console.log('never'); } // expect-status: 75");
    let report = folder.test(&["--timeout=100ms"]);
    assert_eq!(report.status, Some(1));
    assert!(report.stdout.contains("a.pbt") && report.stdout.contains("longer than 100ms"), "{}", report.stdout);
}

#[test]
fn bytes_that_are_no_text() {
    let folder = Folder::new("latin1");
    folder
        .file("a.pbt", b"const s = \"gr\xfc\xdfe\"; // expect-error: E0016\n// expect-status: 65\n")
        .passes(&[], "1 passed");
    folder.file("a.pbt", b"\xff\xfe").passes(&["-u"], "1 written");
    assert!(folder.read("a.snap").ends_with("--- status 65\n"));
    folder.passes(&[], "1 passed");
}

// ---- Which are run --------------------------------------------------------------------------

/// Scripts in several places: those that are tests, and those that are not.
fn many(name: &str) -> Folder {
    let folder = Folder::new(name);
    for (index, path) in ["b.pbt", "a/y.pbt", "a/x.pbt", "c/deep/z.pbt", "a.pbt"].into_iter().enumerate() {
        folder.file(path, format!("console.log({index}); // expect: {index}"));
    }
    for path in [".hidden/no.pbt", "target/no.pbt", ".no.pbt", "a/no.txt", "node_modules/m/no.pbt"] {
        folder.file(path, "this is no script");
    }
    folder
}

#[test]
fn paths_filters_and_lists() {
    let folder = many("paths");
    let list = |words: &[&str]| {
        let actual = folder.test(&[&["--list"], words].concat());
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""));
        actual.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), ["a/x.pbt", "a/y.pbt", "a.pbt", "b.pbt", "c/deep/z.pbt"]);
    assert_eq!(list(&["a", "a/x.pbt", "./a", "b.pbt"]), ["a/x.pbt", "a/y.pbt", "b.pbt"]);
    assert_eq!(list(&["-f", "deep"]), ["c/deep/z.pbt"]);
    assert_eq!(list(&["a", "--filter=x", "--filter=y"]), ["a/x.pbt", "a/y.pbt"]);
    assert_eq!(list(&[".no.pbt", "target"]), [".no.pbt", "target/no.pbt"], "what is named is taken");
    folder.passes(&[], "5 passed");
    folder.passes(&["c", "-f", "z"], "1 passed");
}

#[test]
fn nothing_to_test() {
    let folder = many("nothing");
    folder.file("empty/readme.txt", "");
    for (words, status, sentence) in [
        (&["empty"][..], 66, "no test found"),
        (&["-f", "nowhere"], 66, "no test has this in its path"),
        (
            &["missing"],
            66,
            "cannot read missing: No such file or directory; to choose tests by a part of their name, use --filter",
        ),
        (&["a/no.txt"], 2, "a/no.txt is no test: the name of one ends in .pbt"),
        (&["--no-such"], 2, "--no-such"),
        (&["--jobs=0"], 2, "--jobs"),
    ] {
        let actual = folder.test(words);
        assert_eq!((actual.status, actual.stdout.as_str()), (Some(status), ""), "{words:?}: {}", actual.stderr);
        assert!(actual.stderr.contains(sentence), "{words:?}: {}", actual.stderr);
    }
}

#[test]
fn skipped_tests() {
    let folder = Folder::new("skipped");
    folder.file("a.pbt", "// test: skip=too slow\nwhile (true) {}").file("b.pbt", "// test: skip\nlet x = ;");
    folder.file("c.pbt", "// test: skip=too slow");
    let actual = folder.test(&[]);
    let expected = "SKIPPED b.pbt\nSKIPPED 2 tests: too slow\n3 skipped\n";
    assert_eq!((actual.status, actual.stdout.as_str()), (Some(0), expected));
    assert_eq!(folder.test(&["-q"]).stdout, "");
}

#[test]
fn the_report_is_in_order_however_many_run_at_once() {
    let folder = Folder::new("order");
    for index in 0..40 {
        let turns = (index * 7919) % 40 * 2000;
        let expected = if index % 10 == 3 { "wrong" } else { "done" };
        let script =
            format!("for (let i = 0; i < {turns}; i += 1) {{ ({{}}); }}\nconsole.log('done'); // expect: {expected}");
        folder.file(&format!("t{index:02}.pbt"), script);
    }
    let one = folder.fails(&["--jobs=1"]);
    assert_eq!(one.lines().last(), Some("36 passed, 4 failed"));
    for jobs in ["--jobs=3", "-j16", "--jobs=1000"] {
        assert_eq!(folder.fails(&[jobs]), one, "{jobs}");
    }
    let stopped = folder.fails(&["--fail-fast", "--jobs=4"]);
    assert_eq!(stopped.lines().last(), Some("3 passed, 1 failed, 36 not run"));
    assert!(stopped.starts_with("FAILED t03.pbt") && !stopped.contains("t13.pbt"), "{stopped}");
}

#[test]
fn the_word_is_the_first_or_an_argument() {
    let folder = Folder::new("word");
    folder.file("test", "console.log('a script', ...args);").file("a.pbt", "console.log(...args);");
    let in_folder = |line: &[&str]| {
        let mut command = probate_command(line);
        command.current_dir(&folder.0);
        run(command, "")
    };
    assert_eq!(in_folder(&["./test", "x"]).stdout, "a script x\n");
    assert_eq!(in_folder(&["a.pbt", "test"]).stdout, "test\n");
    assert_eq!(in_folder(&["-p", "test"]).stdout, "a script\nundefined\n");
    let help = in_folder(&["test", "--help"]);
    assert_eq!((help.status, help.stderr.as_str()), (Some(0), ""));
    assert!(help.stdout.contains("Usage: probate test [OPTIONS] [DIR|FILE]...") && help.stdout.contains("Examples:"));
}

// ---- The documentation ----------------------------------------------------------------------

#[test]
fn the_examples_of_the_documentation() {
    let text = read(&tests_folder().with_file_name("docs").join("testing.md"));
    let folder = Folder::new("docs");
    let mut scripts = 0;
    for block in text.split("\n```js\n").flat_map(|part| part.split("\n```javascript\n")).skip(1) {
        let script = block.split("\n```").next().expect("a first part");
        folder.file(&format!("block-{scripts}.pbt"), script);
        scripts += 1;
    }
    assert!(scripts >= 3);
    folder.passes(&[], &format!("{scripts} passed"));

    let shown = |file: &str, start: &str| {
        let block = text.split("```text\n").find(|block| block.starts_with(start)).expect(start);
        let block = block.split("```").next().expect("a first part");
        let whole = read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).as_path());
        assert!(whole.contains(block), "{file} has no\n{block}");
    };
    shown("scripts/examples/memory-tour.snap", "> 1. ");
    let failing = Folder::new("docs-failing");
    failing
        .file("tour.pbt", "for (const w of ['first', 'second', 'third']) { console.log(w); }")
        .passes(&["-u"], "1 written");
    failing.file("tour.pbt", "for (const w of ['first', '2nd', 'third']) { console.log(w); }");
    for name in ["a", "b", "c", "d"] {
        failing.file(&format!("{name}.pbt"), "1; // expect-status: 0");
    }
    let block = text.split("```text\n").find(|block| block.starts_with("FAILED")).expect("a report");
    let shown: String =
        block.split("```").next().expect("a first part").lines().map(|l| without_time(l) + "\n").collect();
    assert_eq!(failing.fails(&[]), shown);
}
