//! How the prompt reads: typed, pasted, completed, from the history; in a pseudo-terminal, as a person would see it.
#![cfg(unix)]

#[path = "support/terminal.rs"]
mod terminal;

use std::fs;

use terminal::Terminal;
use vt100::{Color, Screen};

const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const UP: &str = "\x1b[A";
const CTRL_A: &str = "\x01";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_R: &str = "\x12";

/// A prompt with colours.
fn colored() -> Terminal {
    Terminal::setup().start()
}

/// The colour of the first cell of a text in the row.
fn color_of(screen: &Screen, row: u16, text: &str) -> Color {
    let (_, columns) = screen.size();
    let cells: Vec<String> =
        (0..columns.get()).filter_map(|column| Some(screen.cell(row, column)?.contents().to_string())).collect();
    let starts = |column: &usize| cells[*column..].concat().starts_with(text);
    let column = (0..cells.len()).find(starts).unwrap_or_else(|| panic!("{text:?} is not in row {row}: {cells:?}"));
    screen.cell(row, column as u16).map_or(Color::Default, vt100::Cell::fgcolor)
}

#[test]
fn a_typed_expression_gives_its_value() {
    let mut terminal = Terminal::start();
    assert_eq!(terminal.enter("1 + 1"), "2\n");
    assert_eq!(terminal.enter(".5"), "0.5\n");
    assert_eq!(terminal.enter(""), "");
    terminal.send(CTRL_D);
    assert_eq!(terminal.status(), Some(0));
}

#[test]
fn an_input_goes_on_until_it_is_complete() {
    let mut terminal = Terminal::start();
    let text = "((n) => {\r  return n * 2;\r})(\r21)";
    assert_eq!(terminal.enter(text), "42\n");
    assert_eq!(terminal.screen_text(), "> ((n) => {\n  return n * 2;\n})(\n21)\n42\n> ");
    assert_eq!(terminal.enter("`a\rb`.length"), "3\n");
}

#[test]
fn ctrl_c_ends_what_cannot_be_finished_and_empty_lines_do_not() {
    let mut terminal = Terminal::start();
    assert_eq!(terminal.enter("`a\r\r\rb`.length"), "5\n");
    terminal.send("f(\r1,\r");
    assert_eq!(terminal.press(CTRL_C), "");
    assert_eq!(terminal.enter("7"), "7\n");
}

#[test]
fn alt_enter_adds_a_line_in_any_case() {
    let mut terminal = Terminal::start();
    assert_eq!(terminal.enter("let a = 1\x1b\ra + 1"), "2\n");
}

#[test]
fn ctrl_c_clears_what_was_typed() {
    let mut terminal = Terminal::start();
    terminal.send("nonsense +");
    terminal.wait_for_text("nonsense +");
    assert_eq!(terminal.press(CTRL_C), "");
    assert_eq!(terminal.enter("1"), "1\n");
    // On an empty line there is something to say.
    assert!(terminal.press(CTRL_C).contains("Ctrl-D"));
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let mut terminal = Terminal::start();
    terminal.send("1 + 1\r2 + 2\r3 + 3\r");
    terminal.wait_for_prompts(4);
    assert_eq!(terminal.screen_text(), "> 1 + 1\n2\n> 2 + 2\n4\n> 3 + 3\n6\n> ");
}

#[test]
fn a_byte_that_is_no_text_costs_nothing() {
    let mut terminal = Terminal::start();
    terminal.send("20 +");
    terminal.wait_for_text("20 +");
    terminal.send_bytes(b"\xFF");
    terminal.wait_for_prompts(2);
    assert_eq!(terminal.enter(" 1"), "21\n");
}

#[test]
fn a_paste_is_one_input() {
    let mut terminal = Terminal::start();
    terminal.paste("let a = 1;\nlet b = 2;\na + b\n");
    terminal.wait_for_text("a + b");
    // Nothing runs before Enter.
    assert_eq!(terminal.prompts(), 1);
    assert_eq!(terminal.press("\r"), "3\n");
}

#[test]
fn a_copied_session_is_pasted_without_prompts_and_outputs() {
    let mut terminal = Terminal::start();
    terminal.paste("> let a = [20,\n1]\n> a[0] * 2\n40\n> a[0] + a[1]\n21\n");
    assert_eq!(terminal.press("\r"), "> a[0] * 2\n40\n> a[0] + a[1]\n21\n");
    terminal.paste("let quoted = `\n> 1\n`;\nquoted.length");
    assert_eq!(terminal.press("\r"), "5\n");
}

#[test]
fn a_megabyte_is_one_input() {
    let mut terminal = colored();
    let line = "total += 1; // and so on\n";
    let count = (1 << 20) / line.len();
    terminal.paste(&format!("let total = 0;\n{}total", line.repeat(count)));
    terminal.wait_for("the end of the paste", |screen| screen.contents().ends_with("\ntotal"));
    // What is typed now is seen at once.
    terminal.send(" + 0.5");
    terminal.wait_for("what was typed", |screen| screen.contents().ends_with("\ntotal + 0.5"));
    assert_eq!(terminal.press("\r"), format!("{count}.5\n"));
}

#[test]
fn more_lines_than_the_line_editor_can_count() {
    let mut terminal = Terminal::start();
    terminal.paste(&format!("let n = 0;\n{}n", "n++;\n".repeat(70_000)));
    assert_eq!(terminal.press("\r"), "70000\n");
    assert_eq!(terminal.enter("1"), "1\n");
}

#[test]
fn a_line_of_ten_thousand_columns() {
    let text = "x".repeat(10_000);
    let mut terminal = Terminal::start();
    assert_eq!(terminal.enter(&format!("'{text}'.length")), "10000\n");
    let mut terminal = colored();
    terminal.paste(&format!("'{text}'.length"));
    assert_eq!(terminal.press(&format!("{CTRL_A}1 + \r")), "10001\n");
}

#[test]
fn the_cursor_moves_over_wide_and_combining_characters() {
    let mut terminal = colored();
    terminal.send("\"漢字\"");
    terminal.wait_for("both characters", |screen| screen.cursor_position() == (0, 8));
    terminal.send(&LEFT.repeat(2));
    terminal.wait_for("the cursor between them", |screen| screen.cursor_position() == (0, 5));
    terminal.send("x");
    terminal.wait_for_text("\"漢x字\"");
    assert_eq!(terminal.enter("\x05 === '漢x字'"), "true\n");

    terminal.send("'e\u{301}🎉'");
    terminal.wait_for_text("'e\u{301}🎉'");
    terminal.send(&LEFT.repeat(3));
    terminal.wait_for("the cursor on the first of them", |screen| screen.cursor_position().1 == 3);
    assert_eq!(terminal.enter("-\x05 === '-e\\u0301\\u{1F389}'"), "true\n");
}

#[test]
fn resizing_draws_the_input_anew() {
    let mut terminal = Terminal::setup().environment("NO_COLOR", "1").size(40, 10).start();
    let text = "1 + ".repeat(14) + "1";
    terminal.send(&text);
    terminal.wait_for("two rows", |screen| screen.cursor_position() == (1, 19));
    terminal.resize(100, 10);
    terminal.wait_for("one row", |screen| screen.rows(0, 100).next() == Some(format!("> {text}")));
    terminal.resize(20, 10);
    terminal.wait_for("three rows", |screen| screen.cursor_position() == (2, 19));
    assert_eq!(terminal.enter(" + 1"), "16\n");
}

#[test]
fn the_history_is_there_in_the_next_session() {
    let mut terminal = Terminal::start();
    terminal.enter("((n) => {\r  return n;\r})(5)");
    terminal.enter("6 * 7");
    terminal.enter(" 'secret'");
    terminal.enter("6 * 7");
    terminal.send(CTRL_D);
    assert_eq!(terminal.status(), Some(0));
    let kept = fs::read_to_string(terminal.home().history()).expect("a history");
    assert_eq!(kept, "((n) => {\\n  return n;\\n})(5)\n6 * 7\n");

    let mut terminal = Terminal::setup().environment("NO_COLOR", "1").home(terminal.home()).start();
    terminal.send(UP);
    terminal.wait_for_text("> 6 * 7");
    assert_eq!(terminal.press("\r"), "42\n");
    // An input of several lines comes back whole.
    terminal.send(&UP.repeat(2));
    terminal.wait_for_text("> ((n) => {\n  return n;\n})(5)");
    assert_eq!(terminal.press("\r"), "5\n");
}

#[test]
fn two_sessions_at_once_share_a_history() {
    let mut one = Terminal::start();
    let mut two = Terminal::setup().environment("NO_COLOR", "1").home(one.home()).start();
    one.enter("1");
    two.enter("2");
    one.enter("3");
    assert_eq!(fs::read_to_string(one.home().history()).expect("a history"), "1\n2\n3\n");
}

#[test]
fn a_history_that_cannot_be_kept_is_told_once() {
    let mut terminal = Terminal::setup().environment("XDG_STATE_HOME", "/dev/null").start();
    let first = terminal.enter("1");
    assert!(terminal.written().matches("the history cannot be").count() == 1, "{first}");
    assert_eq!(terminal.enter("2"), "2\n");
    terminal.send(UP);
    terminal.wait_for_text("> 2");
}

#[test]
fn ctrl_r_searches() {
    let mut terminal = Terminal::start();
    terminal.enter("100 + 1");
    terminal.enter("200 + 2");
    terminal.enter("300 + 3");
    terminal.send(&format!("{CTRL_R}0 + 2"));
    terminal.wait_for_text("(reverse-i-search)`0 + 2': 200 + 2");
    assert_eq!(terminal.press("\r"), "202\n");
}

#[test]
fn tab_completes() {
    let mut terminal = Terminal::start();
    assert_eq!(terminal.enter("Math.sq\t(16)"), "4\n");
    assert_eq!(terminal.enter("\"abc\".startsW\t(\"ab\")"), "true\n");
    terminal.send("con\t");
    terminal.wait_for("a list, and the prompt again", |screen| {
        let text = screen.contents();
        ["console", "const", "continue"].iter().all(|name| text.contains(name)) && text.ends_with("> con")
    });
    assert_eq!(terminal.enter("sole === con\tsole"), "true\n");
    // Not in a text.
    assert_eq!(terminal.enter("'con\t' === 'con'"), "true\n");
}

#[test]
fn vi_keys() {
    let mut terminal = Terminal::setup().environment("NO_COLOR", "1").argument("--keys=vi").start();
    terminal.send("1 + 2\x1b");
    terminal.wait_for("the cursor on the last character", |screen| screen.cursor_position() == (1, 6));
    assert_eq!(terminal.enter("0i10 * \x1bA0"), "30\n");
}

#[test]
fn colours_as_you_type() {
    let mut terminal = colored();
    terminal.send("const s = \"a\" + 12; // c");
    terminal.wait_for("the comment in grey", |screen| {
        screen.contents().contains("// c") && color_of(screen, 0, "// c") == Color::Idx(8)
    });
    terminal.with_screen(|screen| {
        assert_eq!(color_of(screen, 0, "const"), Color::Idx(5));
        assert_eq!(color_of(screen, 0, "s ="), Color::Default);
        assert_eq!(color_of(screen, 0, "\"a\""), Color::Idx(2));
        assert_eq!(color_of(screen, 0, "12"), Color::Idx(3));
    });
    terminal.press(CTRL_C);
    terminal.send("(1)");
    terminal.wait_for("the partner of the bracket", |screen| {
        let (row, _) = screen.cursor_position();
        screen.contents().ends_with("(1)") && color_of(screen, row, "(1)") == Color::Idx(6)
    });
    // What was accepted has no bracket that stands out.
    terminal.press("\r");
    terminal.with_screen(|screen| {
        let (row, _) = screen.cursor_position();
        assert_eq!(color_of(screen, row - 2, "(1)"), Color::Default);
    });
}

#[test]
fn no_colours_where_they_are_not_wanted() {
    for setup in [Terminal::setup().environment("NO_COLOR", "1"), Terminal::setup().argument("--color=never")] {
        let mut terminal = setup.start();
        assert_eq!(terminal.enter("let s = (\"a\"); 1"), "1\n");
        let written = terminal.written();
        let is_color =
            |sequence: &str| sequence.split_once('m').is_some_and(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()));
        assert!(!written.split("\x1b[").skip(1).any(is_color), "{written:?}");
    }
    let mut terminal = Terminal::setup().environment("NO_COLOR", "1").argument("--color=always").start();
    terminal.send("let");
    terminal.wait_for("a colour", |screen| {
        screen.contents().contains("let") && color_of(screen, 0, "let") == Color::Idx(5)
    });
}

#[test]
fn hints_come_from_the_history() {
    let mut terminal = colored();
    terminal.enter("12345 + 1");
    terminal.enter("2");
    terminal.send("12");
    let shown = |screen: &Screen| screen.contents().ends_with("> 12345 + 1");
    terminal.wait_for("the rest in grey", |screen| {
        let (row, _) = screen.cursor_position();
        shown(screen) && color_of(screen, row, "345") == Color::Idx(8)
    });
    terminal.send(RIGHT);
    terminal.wait_for("the rest as a number", |screen| {
        let (row, column) = screen.cursor_position();
        shown(screen) && column == 11 && color_of(screen, row, "345") == Color::Idx(3)
    });
    assert_eq!(terminal.press("\r"), "12346\n");
    // Not taken, it is not part of the input.
    assert_eq!(terminal.enter("123"), "123\n");
}

#[test]
fn control_characters_of_a_paste_are_not_obeyed() {
    let mut terminal = colored();
    terminal.paste("'a\u{7}\u{9b}2Jb'.length");
    terminal.wait_for_text("> 'a2Jb'.length");
    assert!(!terminal.written().contains(['\u{7}', '\u{9b}']));
    assert_eq!(terminal.press("\r"), "6\n");
}

#[test]
fn a_dumb_terminal_will_do() {
    let mut terminal = Terminal::setup().environment("TERM", "dumb").spawn();
    terminal.wait_for_text(">");
    terminal.send("1 + 1\n");
    terminal.wait_for("the value", |screen| screen.contents().ends_with("\n2\n> "));
    terminal.send("[1,\n2].length\n");
    terminal.wait_for("the value of two lines", |screen| screen.contents().ends_with("].length\n2\n> "));
    terminal.send(CTRL_D);
    assert_eq!(terminal.status(), Some(0));
    assert!(!terminal.written().contains('\x1b'));
}
