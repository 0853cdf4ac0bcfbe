//! The command line: exit statuses, streams, and every option.

mod support;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use support::{Run, probate, probate_command, probate_merged, probate_with_input, read, run, temporary};

/// Runs and checks status and standard error (nothing).
fn prints(line: &[&str], input: &str, stdout: &str) {
    let actual = probate_with_input(line, input);
    let expected = Run { stdout: stdout.into(), stderr: String::new(), status: Some(0) };
    assert_eq!(actual, expected, "{line:?}");
}

/// Runs and checks status and standard output (nothing); standard error.
fn fails(line: &[&str], status: i32) -> String {
    let actual = probate(line);
    assert_eq!((actual.status, actual.stdout.as_str()), (Some(status), ""), "{line:?}: {}", actual.stderr);
    assert!(!actual.stderr.is_empty() && !actual.stderr.contains("panicked"), "{line:?}: {}", actual.stderr);
    actual.stderr
}

fn path(file: &Path) -> &str {
    file.to_str().expect("UTF-8")
}

// ---- Where the program comes from ----------------------------------------------------------

#[test]
fn a_file_and_its_arguments() {
    let script = temporary("arguments.pbt", "console.log(JSON.stringify(args));");
    let script = path(&script);
    prints(&[script], "", "[]\n");
    prints(
        &[script, "a", "-p", "--", "--check", "-e", "", "é"],
        "",
        "[\"a\",\"-p\",\"--\",\"--check\",\"-e\",\"\",\"é\"]\n",
    );
}

#[test]
fn code_on_the_command_line() {
    prints(&["-e", "console.log(1, args.length)", "x", "-y"], "", "1 2\n");
    prints(&["-p", "-e", "-1"], "", "-1\n");
    prints(&["-pe", "args", "a"], "", "[\"a\"]\n");
}

#[test]
fn a_program_on_standard_input() {
    prints(&[], "console.log('piped')", "piped\n");
    prints(&["-p"], "[1, 2]", "[1,2]\n");
    prints(&["-p", "-", "x"], "args[0]", "\"x\"\n");
    prints(&[], "", "");
}

#[test]
fn standard_input_belongs_to_a_program_from_elsewhere() {
    prints(&["-p", "-e", "io.readText()"], "a\nb", "\"a\\nb\"\n");
    prints(&["-p", "-e", "[...io.lines()]"], "a\r\n\nb", "[\"a\",\"\",\"b\"]\n");
}

#[test]
fn a_hash_bang_line() {
    prints(&[], "#!/usr/bin/env probate\nconsole.log(1)", "1\n");
}

// ---- Statuses ------------------------------------------------------------------------------

#[test]
fn an_uncaught_error_is_1_and_shows_where() {
    let script = temporary("uncaught.pbt", "function f(o) {\n  return o.a.b;\n}\nf({});\n");
    let stderr = fails(&[path(&script)], 1);
    let expected = "Uncaught TypeError: ";
    assert!(stderr.starts_with(expected), "{stderr}");
    for part in ["uncaught.pbt:2:10", "2 |   return o.a.b;", "^^^", "at f (", "uncaught.pbt:4:1"] {
        assert!(stderr.contains(part), "no `{part}` in {stderr}");
    }
}

#[test]
fn anything_can_be_thrown() {
    for (code, headline) in [
        ("throw 'words'", "Uncaught 'words'\n"),
        ("throw { code: 7 }", "Uncaught { code: 7 }\n"),
        ("throw undefined", "Uncaught undefined\n"),
        ("throw new RangeError('far')", "Uncaught RangeError: far\n"),
        ("class MyError extends Error {} throw new MyError('mine')", "Uncaught "),
    ] {
        let stderr = fails(&["-e", code], 1);
        assert!(stderr.starts_with(headline), "{code}: {stderr}");
        assert!(stderr.contains("<eval>:1:"), "{code}: {stderr}");
    }
}

#[test]
fn what_a_script_wrote_stands_before_its_error() {
    let actual =
        probate_merged(&["-e", "console.log('first'); console.error('second'); console.log('third'); null.x"], "");
    assert_eq!(actual.status, Some(1));
    let lines: Vec<&str> = actual.stdout.lines().take(4).collect();
    assert_eq!(lines[..3], ["first", "second", "third"]);
    assert!(lines[3].starts_with("Uncaught TypeError"), "{}", lines[3]);
}

#[test]
fn a_script_chooses_its_status() {
    for status in [0, 1, 3, 255] {
        let actual = probate(&["-e", &format!("console.log('out'); exit({status})")]);
        let expected = Run { stdout: "out\n".into(), stderr: String::new(), status: Some(status) };
        assert_eq!(actual, expected);
    }
}

#[test]
fn wrong_usage_is_2() {
    for line in [
        &["--no-such-option"][..],
        &["--chekc", "x.pbt"],
        &["--dump=nothing", "-e", "1"],
        &["--trace=most", "-e", "1"],
        &["--recycle=some", "-e", "1"],
        &["--max-memory=much", "-e", "1"],
        &["--seed", "x", "-e", "1"],
        &["-e"],
        &["--explain", "E9999"],
        &["--explain", "Math.maks"],
        &["--trace-out", "/no/such/folder/trace", "-e", "1"],
    ] {
        fails(line, 2);
    }
}

#[test]
fn what_does_not_compile_is_65() {
    for code in ["let x = ", "var x", "x", "1 == 2", "(", "let a; let a", "\u{1b}"] {
        let stderr = fails(&["-e", code], 65);
        assert!(stderr.starts_with("error[E0"), "{code}: {stderr}");
        assert!(!stderr.contains('\u{1b}'), "a terminal would obey: {stderr:?}");
    }
}

#[test]
fn nesting_past_the_limit_is_65() {
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{\"a\":", "}"),
        ("-", "1"),
        ("f(", ")"),
        ("`${", "}`"),
        ("{", "}"),
        ("()=>", "1"),
        ("!", "1"),
        ("[", ""),
    ] {
        let text = open.repeat(100_000) + &close.repeat(if close == "1" { 1 } else { 100_000 });
        let script = temporary("nested.pbt", text);
        let stderr = fails(&[path(&script)], 65);
        assert!(stderr.starts_with("error[E0"), "{open}: {stderr}");
        assert!(stderr.len() < 4000, "{open}: the excerpt is cut short");
    }
}

#[test]
fn bytes_that_are_no_text_are_65_with_their_place() {
    let script = temporary("latin1.pbt", b"const a = 1;\nconst s = \"gr\xfc\xdfe\";\n");
    let stderr = fails(&[path(&script)], 65);
    assert!(stderr.starts_with("error[E0016]: ") && stderr.contains("latin1.pbt:2:14"), "{stderr}");
    let actual = run(probate_command(&["-p", "-e", "1"]), "");
    assert_eq!(actual.status, Some(0));
}

#[test]
fn what_cannot_be_read_is_66() {
    assert_eq!(fails(&["no-such-file.pbt"], 66), "probate: cannot read no-such-file.pbt: No such file or directory\n");
    assert_eq!(fails(&["src"], 66), "probate: cannot read src: Is a directory\n");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_66() {
    use std::os::unix::fs::PermissionsExt as _;
    let script = temporary("secret.pbt", "1");
    let set = |mode| std::fs::set_permissions(&script, std::fs::Permissions::from_mode(mode)).expect("our own file");
    set(0o000);
    // The superuser may read anything.
    if std::fs::read(&script).is_err() {
        let stderr = fails(&[path(&script)], 66);
        assert!(stderr.contains("Permission denied"), "{stderr}");
    }
    set(0o600);
}

#[test]
fn the_memory_limit_is_76() {
    let code = "const all = []; try { while (true) { all.push({ n: [] }); } } catch { console.log('caught'); }";
    let stderr = fails(&["--max-memory=1M", "-e", code], 76);
    assert!(stderr.starts_with("error: memory limit"), "{stderr}");
    prints(&["--max-memory=1M", "-e", "console.log(1)"], "", "1\n");
    // One value, larger than all that is allowed.
    fails(&["--max-memory=1M", "-e", "const s = 'x'.repeat(100_000_000);"], 76);
    fails(&["--max-memory=1M", "-e", "const a = new Array(100_000_000);"], 76);
}

#[test]
fn a_collection_that_makes_room_keeps_keys_in_use() {
    // Only garbage has the key `only2` when it is read, and the long texts behind it have no room before that is collected.
    let code = r#"
        const w = "w".repeat(6 << 20);
        const text = `{"only2": 1, "texts": ["${w}", "${w}", "${w}", "${w}"]}`;
        let garbage = ["x".repeat(30 << 20)];
        garbage.push(garbage);
        {
            const dictionary = { a: 1, b: 1 };
            delete dictionary.a;
            delete dictionary.b;
            const key = "only" + garbage.length;
            dictionary[key] = garbage;
            garbage.push(dictionary, key);
        }
        gc.collect();
        const before = gc.stats().collections;
        garbage = null;
        const keys = Object.keys(JSON.parse(text));
        console.log(keys, gc.stats().collections - before, gc.verify());"#;
    prints(&["--max-memory=68M", "-e", code], "", "[ 'only2', 'texts' ] 1 true\n");
}

// ---- Printing ------------------------------------------------------------------------------

#[test]
fn a_document_is_printed_as_it_came() {
    for document in [
        r#"{"a":[1,2,{"b":null}],"id":9007199254740993}"#,
        r#"{"__proto__":1,"z":{},"10":[],"2":[[]],"constructor":"toString"}"#,
        r#""use strict""#,
        r#"["\u0000","\"\\\n","é😀",true,false,null,1.5,-0,1e+21,1e-7]"#,
        "9223372036854775807",
        "{}",
    ] {
        prints(&["-p", "-e", document], "", &format!("{document}\n"));
        prints(&["-p"], document, &format!("{document}\n"));
    }
    prints(&["--print=compact", "-e", " { \"a\" : [ 1 ] } "], "", "{\"a\":[1]}\n");
    prints(&["--print=pretty", "-e", r#"{"a":[1]}"#], "", "{\n  \"a\": [\n    1\n  ]\n}\n");
}

#[test]
fn what_is_no_json_is_inspected() {
    prints(&["-p", "-e", "undefined"], "", "undefined\n");
    prints(&["-p", "-e", "let x = 1"], "", "undefined\n");
    prints(&["-p", "-e", "new Map([[1, 2]])"], "", "Map(1) { 1 => 2 }\n");
    prints(&["-p", "-e", "0 / 0"], "", "NaN\n");
    prints(&["-p", "-e", "const o = {}; o.o = o; o"], "", "<ref *1> { o: [Circular *1] }\n");
}

#[test]
fn nothing_is_printed_unless_asked_for() {
    prints(&["-e", "1 + 1"], "", "");
    prints(&["-p", "-e", "exit(0)"], "", "");
}

// ---- Looking without running ---------------------------------------------------------------

#[test]
fn check_runs_nothing() {
    prints(&["--check", "-e", "console.log(1); null.x"], "", "");
    assert!(fails(&["--check", "-e", "x = 1"], 65).contains("error[E03"));
}

#[test]
fn dumps() {
    let code = "const add = (a, b) => a + b; console.log(add(1, 2));";
    for (what, part) in [("tokens", "1:1 "), ("ast", "(program"), ("bytecode", "add")] {
        let actual = probate(&[&format!("--dump={what}"), "-e", code]);
        assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""), "{what}");
        assert!(actual.stdout.contains(part) && !actual.stdout.contains("\n3\n"), "{what}: {}", actual.stdout);
        assert!(actual.stdout.lines().count() > 5, "{what}: {}", actual.stdout);
    }
    fails(&["--dump=ast", "-e", "let"], 65);
    fails(&["--dump=bytecode", "-e", "x"], 65);
}

#[test]
fn codes_are_explained() {
    for code in ["E0101", "e0101"] {
        let actual = probate(&["--explain", code]);
        assert_eq!(actual.status, Some(0));
        assert!(actual.stdout.starts_with("E0101: ") && actual.stdout.contains("Right:"), "{}", actual.stdout);
    }
}

#[test]
fn builtins_are_explained() {
    let actual = probate(&["--explain", "Array.prototype.map"]);
    assert_eq!((actual.status, actual.stderr.as_str()), (Some(0), ""));
    assert!(actual.stdout.starts_with("array.map(callback, thisArg?)\n\n  A new array"), "{}", actual.stdout);
    assert!(actual.stdout.contains("\n    [1, 2].map(n => n * 2) // [ 2, 4 ]\n"), "{}", actual.stdout);
    let section = probate(&["--explain", "Math"]).stdout;
    assert!(section.contains("  Math.PI  ") && section.contains("  Math.trunc  "), "{section}");
    let unknown = probate(&["--explain", "Math.maks"]).stderr;
    assert!(unknown.contains("there is no builtin `Math.maks`; did you mean `Math.max`"), "{unknown}");
    assert!(probate(&["--explain", "E9999"]).stderr.contains("no error code E9999"));
}

#[test]
fn help_and_version() {
    let help = probate(&["--help"]);
    assert_eq!((help.status, help.stderr.as_str()), (Some(0), ""));
    assert!(help.stdout.contains("Examples:") && help.stdout.lines().count() <= 48);
    assert_eq!(probate(&["-h"]), help);
    prints(&["--version"], "", &format!("probate {}\n", env!("CARGO_PKG_VERSION")));
}

// ---- Seeing the heap -----------------------------------------------------------------------

#[test]
fn a_trace_goes_to_standard_error_or_to_a_file() {
    let code = "const a = [{}]; console.log(a.length);";
    let actual = probate(&["--trace", "-e", code]);
    assert_eq!((actual.status, actual.stdout.as_str()), (Some(0), "1\n"));
    assert!(
        actual.stderr.starts_with("# probate-trace 1\nalloc #1 array s1\nalloc #2 object s1\n"),
        "{}",
        actual.stderr
    );

    let out = temporary("events.txt", "");
    prints(&["--trace", "--trace-out", path(&out), "-e", code], "", "1\n");
    assert_eq!(read(&out), actual.stderr);
    prints(&["--trace-out", path(&out), "-e", code], "", "1\n");
    assert_eq!(read(&out), actual.stderr, "the preset is life unless another is named");
}

#[test]
fn a_script_switches_its_trace() {
    let code = "({}); gc.trace('life'); ({}); gc.trace('off'); ({});";
    let actual = probate(&["-e", code]);
    assert_eq!((actual.status, actual.stdout.as_str()), (Some(0), ""));
    assert_eq!(actual.stderr, "# probate-trace 1\nalloc #2 object s1\nfree #2 why=sweep\n");
}

#[test]
fn output_and_trace_keep_their_order() {
    let actual = probate_merged(&["--trace", "-e", "console.log('a'); ({}); console.log('b');"], "");
    let lines: Vec<&str> = actual.stdout.lines().collect();
    assert_eq!(lines, ["a", "# probate-trace 1", "alloc #1 object s1", "free #1 why=sweep", "b"]);
}

#[test]
fn sums_of_the_heap() {
    let code = "const kept = [{}, {}]; ({});";
    let actual = probate(&["--stats", "-e", code]);
    assert_eq!((actual.status, actual.stdout.as_str()), (Some(0), ""));
    assert!(actual.stderr.contains("freed         ") && actual.stderr.contains("live "), "{}", actual.stderr);
    let actual = probate(&["--stats=json", "-e", code]);
    let sums: serde_json::Value = serde_json::from_str(&actual.stderr).expect("JSON");
    assert!(sums["freed"].as_u64().is_some() && sums["live"]["object"].as_u64() >= Some(2), "{sums}");
}

#[test]
fn switches_change_no_output() {
    let script = "scripts/examples/memory-tour.pbt";
    let plain = probate(&[script]);
    for flag in ["--recycle=off", "--recycle=on", "--recycle=3", "--gc-stress", "--gc-stress=verify", "--max-memory=1G"]
    {
        assert_eq!(probate(&[flag, script]), plain, "{flag}");
    }
}

#[test]
fn a_seed_repeats() {
    let code = "[Math.random(), Math.random(), Math.random()]";
    let with = |seed: &str| probate(&["--seed", seed, "-p", "-e", code]).stdout;
    assert_eq!(with("7"), with("7"));
    assert_ne!(with("7"), with("8"));
    assert_ne!(probate(&["-p", "-e", code]).stdout, probate(&["-p", "-e", code]).stdout);
}

// ---- Streams -------------------------------------------------------------------------------

#[test]
fn output_and_errors_go_to_their_streams() {
    let actual = probate(&["-e", "console.log('out'); console.warn('warn'); console.error('err'); print('printed');"]);
    let expected = Run { stdout: "out\nprinted\n".into(), stderr: "warn\nerr\n".into(), status: Some(0) };
    assert_eq!(actual, expected);
}

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    let mut child = probate_command(&["-e", "for (let i = 0; ; i += 1) { console.log(i); }"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary under test");
    let mut start = [0; 6];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut start).expect("some output");
    assert_eq!(&start, b"0\n1\n2\n");
    drop(stdout);
    let rest = child.wait_with_output().expect("an end");
    assert_eq!((rest.status.code(), rest.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_value_that_nobody_reads_is_no_error() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output =
        probate_command(&["-p", "-e", "[1]"]).stdin(Stdio::null()).stdout(writer).output().expect("the binary");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    for line in [&["-e", "console.log(1)"][..], &["test", "--list", "scripts"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let output = probate_command(line)
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .expect("the binary");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(1), "probate: cannot write standard output: No space left on device\n"),
            "{line:?}"
        );
    }
}

#[test]
fn a_question_is_written_before_its_answer_is_read() {
    let code = "console.log('name?'); for (const line of io.lines()) { console.log('hello ' + line); }";
    let mut child = probate_command(&["-e", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary under test");
    let mut question = [0; 6];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut question).expect("the question");
    assert_eq!(&question, b"name?\n");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(b"you\n").expect("a reader");
    // The answer does not wait for the end of the input either: lines are read as they are asked for. A terminal is not needed to see it, since what is
    // written is written before the next line is waited for.
    let mut answer = [0; 10];
    stdout.read_exact(&mut answer).expect("the answer");
    assert_eq!(&answer, b"hello you\n");
    stdin.write_all(b"and you").expect("a reader");
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "hello and you\n");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

#[test]
fn lines_one_by_one() {
    let read = "io.write('a> '); let l; while ((l = io.readLine()) !== undefined) io.write(`${l}|`); print(io.readLine(), io.readText() === '')";
    prints(&["-e", read], "x\r\n\nß\nlast", "a> x||ß|last|undefined true\n");
    prints(&["-e", read], "", "a> undefined true\n");
    // All ways of reading take from the same input.
    let mixed = "for (const line of io.lines()) { print(line, io.readLine()); if (line === 'c') break; } print(JSON.stringify(io.readText()))";
    prints(&["-e", mixed], "a\nb\nc\nd\ne\nf\n", "a b\nc d\n\"e\\nf\\n\"\n");
    // At its end an iterator stays there.
    let ended = "const l = io.lines(); print(l); print(l.next().value, l.next().done, l.next().done, [...l].length)";
    prints(&["-e", ended], "a\n", "Object [Lines Iterator] {}\na true true 0\n");
    prints(
        &["-e", "const [a, ...b] = io.lines(); print(a, b, Array.from(io.lines(), x => x))"],
        "1\n2\n3",
        "1 [ '2', '3' ] []\n",
    );
    let wrong = fails(&["-e", "io.write(1)"], 1);
    assert!(wrong.contains("`io.write`: argument 1 must be a string, got a number"), "{wrong}");
}

#[test]
fn input_that_is_no_text_is_an_error_of_the_script() {
    let mut child = probate_command(&["-e", "try { io.readText(); } catch (e) { console.log(e.message); }"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary under test");
    child.stdin.take().expect("piped").write_all(b"\xff").expect("a reader");
    let output = child.wait_with_output().expect("an end");
    assert!(String::from_utf8_lossy(&output.stdout).contains("not UTF-8"), "{output:?}");
}

#[test]
fn colours() {
    let stderr = |color: &str, no_color: &str| {
        let mut command = probate_command(&["--color", color, "-e", "var x; null.x"]);
        command.env("NO_COLOR", no_color);
        run(command, "").stderr
    };
    assert!(stderr("always", "").contains('\u{1b}'));
    assert!(stderr("always", "1").contains('\u{1b}'), "what is said on the command line is stronger");
    assert!(!stderr("never", "").contains('\u{1b}'));
    assert!(!stderr("auto", "").contains('\u{1b}'), "a pipe is no terminal");
    let mut command = probate_command(&["--color=always", "-e", "null.x"]);
    command.env_remove("NO_COLOR");
    assert!(run(command, "").stderr.starts_with("\u{1b}["));
}
