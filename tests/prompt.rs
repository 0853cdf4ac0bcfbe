//! The prompt in a pseudo-terminal: declarations, values, interrupts, commands, the end. How it reads is in `prompt_reading.rs`.
#![cfg(unix)]

#[path = "support/terminal.rs"]
mod terminal;

use std::fs;

use terminal::Terminal;

/// Enters lines one by one; each with what it shows.
fn session(terminal: &mut Terminal, lines: &[(&str, &str)]) {
    for (line, shown) in lines {
        assert_eq!(terminal.enter(line), *shown, "{line}");
    }
}

/// Enters a line that says that it is at work and runs until it is interrupted; what it shows.
fn interrupted(terminal: &mut Terminal, line: &str) -> String {
    interrupted_after(terminal, line, "at work")
}

fn interrupted_after(terminal: &mut Terminal, line: &str, sign: &str) -> String {
    let before = terminal.prompts();
    terminal.send(&format!("{line}\r"));
    // Before it runs, Ctrl-C is a key.
    terminal.wait_for_text(sign);
    terminal.send("\x03");
    terminal.wait_for_prompts(before + 1);
    let shown = terminal.output();
    terminal.enter(".clear");
    shown
}

// ---- The four complaints ------------------------------------------------------------------------------------------------

#[test]
fn ctrl_c_does_not_end_the_session() {
    let mut terminal = Terminal::start();
    terminal.enter("let kept = [1]");
    let shown = interrupted(&mut terminal, "print('at', 'work'); while (true) {}");
    assert!(shown.contains("interrupted\n    at <main> (<input 2>:1:"), "{shown}");
    session(&mut terminal, &[("kept", "[ 1 ]\n")]);
}

#[test]
fn a_failed_declaration_does_not_poison_its_name() {
    let mut terminal = Terminal::start();
    let shown = terminal.enter("const x = JSON.parse('{')");
    assert!(shown.contains("SyntaxError"), "{shown}");
    session(&mut terminal, &[("const x = 1", ""), ("x", "1\n"), ("let x = 2", ""), ("x", "2\n")]);
}

#[test]
fn a_paste_runs_as_one_input() {
    let mut terminal = Terminal::start();
    terminal.paste("function twice(n) {\n\n  return n * 2\n}\nlet a = twice(4)\n\nif (a > 7) {\n  a += 1\n}\nelse {\n  a = 0\n}\na");
    assert_eq!(terminal.press("\r"), "9\n");
    terminal.paste("let b = 1\nthrow new Error('no')\nlet c = 2");
    assert!(terminal.press("\r").contains("Uncaught Error: no\n --> <input 2>:2:1"));
}

#[test]
fn a_big_or_cyclic_value_does_not_flood_the_screen() {
    let mut terminal = Terminal::start();
    terminal.enter("let o = { list: Array.from({ length: 100000 }, (_, i) => ({ i, text: 'x'.repeat(100) })) }");
    terminal.enter("o.self = o; null");
    let shown = terminal.enter("o");
    assert!(
        shown.starts_with("<ref *1> {\n") && shown.contains("more items") && shown.contains("[Circular *1]"),
        "{shown}"
    );
    assert!(shown.len() < 100_000, "{}", shown.len());
    terminal.enter("let deep = []; for (let i = 0; i < 100000; i += 1) deep = [deep]");
    session(&mut terminal, &[("deep", "[ [ [ [Array] ] ] ]\n")]);
    let shown = terminal.enter("'y'.repeat(10000000)");
    assert!(shown.len() < 2_000 && shown.contains("9999000 more characters"), "{}", shown.len());
    // Even if each of its caps lets it through.
    let shown = terminal.enter("Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => 'z'.repeat(900))))");
    assert!(shown.len() < 200_000, "{}", shown.len());
}

#[test]
fn a_copied_session_runs_input_by_input() {
    let mut terminal = Terminal::start();
    terminal.paste("> [1, 2]\n[ 1, 2 ]\n> let data = _\n> const tax = data.no.x\nUncaught TypeError: …\n> const tax = 5\n> data.length + tax\n7");
    let shown = terminal.press("\r");
    assert!(shown.ends_with("> const tax = 5\n> data.length + tax\n7\n"), "{shown}");
    assert_eq!(terminal.enter("[data, tax]"), "[ [ 1, 2 ], 5 ]\n");
}

// ---- Values -------------------------------------------------------------------------------------------------------------

#[test]
fn values_are_shown_after_nodes_manner() {
    let mut terminal = Terminal::start();
    session(
        &mut terminal,
        &[
            ("{\"a\": 1}", "{ a: 1 }\n"),
            ("'text'", "'text'\n"),
            ("new Map([[1, { a: [] }]])", "Map(1) { 1 => { a: [] } }\n"),
            ("x => x", "[Function (anonymous)]\n"),
            ("9007199254740993", "9007199254740993\n"),
            ("let x = 1", ""),
            ("x = undefined", "undefined\n"),
            ("console.log('only this')", "only this\n"),
            ("\"\\u001b[31mred\\u0007\"", "'\\x1B[31mred\\x07'\n"),
            ("({ 'a\\u202eb': 1 })", "{ 'a\\u202Eb': 1 }\n"),
        ],
    );
}

#[test]
fn the_width_of_the_terminal_is_respected() {
    let mut terminal = Terminal::setup().size(40, 20).environment("NO_COLOR", "1").start();
    let shown = terminal.enter("[[1111111111, 2222222222], [3333333333]]");
    assert_eq!(shown, "[\n  [ 1111111111, 2222222222 ],\n  [ 3333333333 ]\n]\n");
    terminal.resize(100, 20);
    let shown = terminal.enter("[[1111111111, 2222222222], [3333333333]]");
    assert_eq!(shown, "[ [ 1111111111, 2222222222 ], [ 3333333333 ] ]\n");
}

#[test]
fn values_have_colours() {
    let mut terminal = Terminal::setup().start();
    terminal.enter("[1, 'a', null]");
    terminal.wait_for_text("[ 1, 'a', null ]");
    let color = terminal.with_screen(|screen| {
        let row = (0..24).find(|row| screen.contents_between(*row, 0, *row, 20).starts_with("[ 1,")).unwrap();
        screen.cell(row, 2).unwrap().fgcolor()
    });
    assert_eq!(color, vt100::Color::Idx(3));
}

#[test]
fn the_last_value_and_the_last_error_can_be_dropped() {
    let mut terminal = Terminal::start();
    session(
        &mut terminal,
        &[
            ("let o = {}; gc.finalizer(o, () => print('gone')); o", "{}\n"),
            (".refs o", "2 references to an object: _, o\n"),
            ("o = null; 5", "5\ngone\n"),
            ("throw [1]", "Uncaught [ 1 ]\n --> <input 3>:1:1\n  |\n1 | throw [1]\n  | ^^^^^^^^^\n"),
            (".refs _err", "1 reference to an array: _err\n"),
            ("_err = null", "null\n"),
            // The code of the function stays, with its texts.
            (".heap diff", "string +2\nbytes +96, freed 3\n"),
        ],
    );
}

#[test]
fn temporaries_die_after_the_value_is_shown() {
    let mut terminal = Terminal::start();
    terminal.enter(".trace on");
    session(
        &mut terminal,
        &[
            ("[1].length", "alloc #1 array s1\n1\nfree #1 why=sweep\n"),
            ("[2]", "alloc #2 array s1\n[ 2 ]\n"),
            ("[3]", "alloc #3 array s1\n[ 3 ]\nfree #2 why=rc0\n"),
            (".trace off", ""),
            ("[4]", "[ 4 ]\n"),
            (".trace last", "alloc #4 array s1\nfree #3 why=rc0\n"),
        ],
    );
}

// ---- Interrupts -----------------------------------------------------------------------------------------------------------

#[test]
fn ctrl_c_stops_natives_printing_and_waiting() {
    let mut terminal = Terminal::start();
    terminal.enter("let big = Array.from({ length: 3000000 }, (_, i) => (i * 7919) % 1000003 + '')");
    for line in [
        "print('at', 'work'); while (true) 'x'.repeat(1 << 28)",
        "print('at', 'work'); while (true) [...big].sort()",
        "print('at', 'work'); while (true) JSON.stringify(big)",
        "print('at', 'work'); JSON.parse('[' + '1,'.repeat(100000000) + '1]')",
        "print('at', 'work'); [1].map(() => { while (true) {} })",
        "print('at', 'work'); const f = () => f(); while (true) { try { f() } catch { } }",
        "print('at', 'work'); while (true) big.join().split(',')",
    ] {
        let shown = interrupted(&mut terminal, line);
        assert!(shown.contains("interrupted\n    at "), "{line}\n{shown}");
    }
    let shown = interrupted(&mut terminal, "print('at', 'work'); io.readText()");
    assert!(shown.contains("interrupted\n    at <main>"), "{shown}");
    let shown = interrupted_after(&mut terminal, "for (;;) print('y'.repeat(1000000))", "yyyy");
    assert!(shown.contains("interrupted\n    at <main>"), "{}", shown.len());
    session(&mut terminal, &[("big.length", "3000000\n")]);
}

#[test]
fn finally_blocks_do_not_run_but_finalizers_do() {
    let mut terminal = Terminal::start();
    terminal.enter("class R { finalize() { print('finalized') } }");
    let line = "{ const r = new R(); try { print('at', 'work'); for (;;) {} } catch { print('caught') } finally { print('finally') } }";
    let shown = interrupted(&mut terminal, line);
    assert!(shown.contains("finalized") && !shown.contains("caught\n") && !shown.contains("finally\n"), "{shown}");
}

#[test]
fn ctrl_c_on_an_empty_line_hints_and_twice_leaves() {
    let mut terminal = Terminal::start();
    terminal.enter("let o = {}; gc.finalizer(o, () => print('bye'))");
    assert!(terminal.press("\x03").contains("(Ctrl-C once more, or Ctrl-D, leaves)"));
    terminal.enter("1");
    terminal.press("\x03");
    terminal.send("\x03");
    assert_eq!(terminal.status(), Some(0));
    terminal.wait_for_text("bye");
}

#[test]
fn ctrl_c_clears_a_text_and_is_no_hint() {
    let mut terminal = Terminal::start();
    terminal.send("let half = (");
    terminal.press("\x03");
    terminal.send("another");
    terminal.press("\x03");
    session(&mut terminal, &[("2", "2\n")]);
}

#[test]
fn ctrl_d_leaves_with_finalizers_in_order() {
    let mut terminal = Terminal::start();
    terminal.enter("class F { constructor(n) { this.n = n } finalize() { print('end', this.n) } }");
    terminal.enter("const a = new F(1), b = new F(2), c = [new F(3)]");
    terminal.send("\x04");
    assert_eq!(terminal.status(), Some(0));
    let shown = terminal.written().replace('\r', "");
    assert!(shown.ends_with("end 3\nend 2\nend 1\n"), "{shown}");
}

#[test]
fn exit_leaves_with_a_status() {
    for line in ["exit(7)", ".exit 7"] {
        let mut terminal = Terminal::start();
        terminal.send(&format!("{line}\r"));
        assert_eq!(terminal.status(), Some(7), "{line}");
    }
}

#[test]
fn limits_end_an_input_and_not_the_session() {
    let mut terminal = Terminal::setup().argument("--max-memory=20M").environment("NO_COLOR", "1").start();
    let shown = terminal.enter("let all = []; for (;;) all.push({})");
    assert!(shown.contains("memory limit of 20 MiB reached"), "{shown}");
    session(&mut terminal, &[("all = null", "null\n"), ("1 + 1", "2\n")]);
    let shown = terminal.enter("const f = n => f(n + 1); f(0)");
    assert!(shown.contains("RangeError"), "{shown}");
    session(&mut terminal, &[("f.name", "'f'\n")]);
}

// ---- Commands ---------------------------------------------------------------------------------------------------------------

#[test]
fn what_succeeded_is_saved_and_runs() {
    let mut terminal = Terminal::start();
    session(
        &mut terminal,
        &[
            ("let greeting = 'hello'", ""),
            ("function greet(name) { return `${greeting} ${name}` }", ""),
            ("let greeting = 'good day'", ""),
        ],
    );
    terminal.enter("boom()");
    terminal.enter("print(greet('you'))");
    session(&mut terminal, &[(".save saved.pbt", "4 inputs written to saved.pbt\n")]);
    let folder = terminal.home().path().to_path_buf();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_probate")).arg(folder.join("saved.pbt")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "good day you\n", "{}", String::from_utf8_lossy(&run.stderr));
    let mut other = Terminal::setup().home(terminal.home()).environment("NO_COLOR", "1").start();
    session(&mut other, &[(".load saved.pbt", "good day you\n"), ("greet('me')", "'good day me'\n")]);
    session(&mut other, &[(".load gone.pbt", "cannot read gone.pbt: No such file or directory\n")]);
}

#[test]
fn an_error_in_a_loaded_file_shows_its_line() {
    let mut terminal = Terminal::start();
    fs::write(terminal.home().path().join("lib.pbt"), "function half(n) {\n  return n.x.y\n}\n").unwrap();
    terminal.enter(".load lib.pbt");
    let shown = terminal.enter("half({})");
    assert!(shown.contains(" --> lib.pbt:2:10\n"), "{shown}");
    assert!(shown.contains("2 |   return n.x.y\n"), "{shown}");
    assert!(shown.contains("at <main> (<input 1>:1:1)"), "{shown}");
}

#[test]
fn the_last_input_is_edited() {
    let mut terminal = Terminal::setup().environment("EDITOR", "sed -i s/1/41/").environment("NO_COLOR", "1").start();
    terminal.enter("1 + 1");
    session(&mut terminal, &[(".edit", "41 + 1\n42\n")]);
    let mut terminal = Terminal::setup().environment("EDITOR", "false").environment("NO_COLOR", "1").start();
    session(&mut terminal, &[(".edit", "the editor failed: nothing was run\n")]);
}

#[test]
fn reset_shows_the_order_and_that_nothing_is_left() {
    let mut terminal = Terminal::start();
    terminal.enter("let a = {}, b = { a }; a.b = b; gc.finalizer(a, () => {}); gc.finalizer(b, () => {}); a");
    let shown = terminal.enter(".reset");
    assert_eq!(
        shown,
        "finalizer 1: #2 (anonymous)\nfinalizer 2: #1 (anonymous)\nthe scope is popped: 4 freed, 0 alive\n"
    );
    assert!(terminal.enter("a").contains("`a` is not declared"));
    session(&mut terminal, &[("let a = 1; a", "1\n"), ("_", "1\n")]);
}

#[test]
fn settings_change_what_is_shown() {
    let mut terminal = Terminal::start();
    session(
        &mut terminal,
        &[
            (".set depth 0", ""),
            ("[[[[1]]]]", "[ [Array] ]\n"),
            (".set depth all", ""),
            ("[[[[1]]]]", "[\n  [ [ [ 1 ] ] ]\n]\n"),
            (".set depth", "1000\n"),
            (".set depth x", "`depth` is a number, or all\n"),
            (".set colour", "there is no setting `colour`; there are depth, items, characters, bytes, keys, hints\n"),
        ],
    );
}

#[test]
fn the_place_of_an_interrupt_is_the_loop_and_who_called_it() {
    let mut terminal = Terminal::start();
    terminal.enter("function inner() {\r  print('at', 'work');\r  while (true) {}\r}");
    terminal.enter("function outer() { inner() }");
    let shown = interrupted(&mut terminal, "let before = 1; outer()");
    let place =
        "interrupted\n    at inner (<input 1>:3:10)\n    at outer (<input 2>:1:20)\n    at <main> (<input 3>:1:17)\n";
    assert!(shown.contains(place), "{shown}");
}

#[test]
fn mistaken_commands_are_explained() {
    let mut terminal = Terminal::start();
    session(
        &mut terminal,
        &[
            (".hepl", "there is no command `.hepl`; did you mean `.help`?\n"),
            (".nothing", "there is no command `.nothing`; `.help` lists them\n"),
            (".load", ".load FILE\n    run a file in this session\n"),
            (".type", ".type EXPR\n    what a value is\n"),
            (".reset all", ".reset\n    end this session's scope, finalizers in order, and begin anew\n"),
            (".he", "there is no command `.he`; did you mean `.help`?\n"),
            (".quit", "there is no command `.quit`; did you mean `.exit`?\n"),
            (".exit 300", "an exit status is a number from 0 to 255\n"),
            (
                ".trace sometimes",
                "`.trace on`, `.trace off`, `.trace last`; behind `on` and `last` one of life, rc, scope, all\n",
            ),
            (".heap more", "`.heap` shows the heap, `.heap diff` what has changed since the last look\n"),
        ],
    );
    assert!(terminal.enter("quit").ends_with("the prompt's command is `.exit`\n"));
    assert!(terminal.enter(".help E0102").starts_with("E0102: "));
    assert!(terminal.enter(".refs nothing").contains("`nothing` is not declared"));
    assert!(terminal.enter(".why (").contains("E0"));
}

#[test]
fn looking_changes_nothing() {
    let mut terminal = Terminal::start();
    session(
        &mut terminal,
        &[
            ("let v = { list: [1] }", ""),
            ("[5]", "[ 5 ]\n"),
            (".trace on all", ""),
            (".refs v.list", "1 reference to an array: v.list\n"),
            (".why v.list", "an array, alive by v.list\n"),
            (".why [1]", "an array, and no variable leads to it: it lives for this command only\n"),
            (".type 'x'", "a string\n"),
            (".trace off", ""),
            ("_", "[ 5 ]\n"),
        ],
    );
}

#[test]
fn completion_changes_no_count_and_runs_nothing() {
    let mut terminal = Terminal::start();
    terminal.enter("let ran = 0; class T { deep = { inner: [1] }; get() { ran += 1 } toString() { ran += 1 } }");
    terminal.enter("const thing = new T(); _ = null");
    terminal.enter(".trace on all");
    terminal.send("thing.deep.in\t");
    terminal.wait_for_text("thing.deep.inner");
    terminal.send(".ma\t");
    terminal.wait_for_text("thing.deep.inner.map");
    terminal.press("\x03");
    session(
        &mut terminal,
        &[(".trace off", ""), (".refs thing", "1 reference to an instance of T: thing\n"), ("ran", "0\n")],
    );
}

#[test]
fn a_script_can_end_at_the_prompt() {
    let home = Terminal::start();
    let folder = home.home().path();
    fs::write(folder.join("script.pbt"), "#!/usr/bin/env probate\nlet answer = 42; print(args[0], twice(2))").unwrap();
    fs::write(folder.join("prelude.pbt"), "function twice(n) { return n * 2 }").unwrap();
    let setup = Terminal::setup().home(home.home()).environment("NO_COLOR", "1");
    let mut terminal =
        setup.argument("-I").argument("prelude.pbt").argument("-i").argument("script.pbt").argument("arg").spawn();
    terminal.wait_for_text("arg 4");
    terminal.wait_for_prompts(1);
    session(&mut terminal, &[("answer", "42\n"), ("twice(answer)", "84\n")]);
}

#[test]
fn a_variable_takes_one_line() {
    let mut terminal = Terminal::start();
    terminal.enter("let q = [1, 2, 3, 4, 5, 6, 7, 8]; let e = new Error('no')");
    let shown = terminal.enter(".vars");
    let lines: Vec<&str> = shown.lines().skip(2).collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].starts_with("let   q = [ 1, 2, 3, 4, 5, 6, ") && lines[0].ends_with(" ]"), "{shown}");
}
