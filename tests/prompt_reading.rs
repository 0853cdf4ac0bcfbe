//! How the prompt reads: typed, pasted, completed, from the history; in a pseudo-terminal, as a person would see it.
#![cfg(unix)]

#[path = "support/terminal.rs"]
mod terminal;

use terminal::Terminal;

#[test]
fn a_typed_expression_gives_its_value() {
    let mut terminal = Terminal::start();
    assert_eq!(terminal.enter("1 + 1"), "2\n");
    assert_eq!(terminal.enter(".5"), "0.5\n");
    terminal.send("\x04");
    assert_eq!(terminal.status(), Some(0));
}
