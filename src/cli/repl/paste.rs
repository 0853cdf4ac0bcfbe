//! From the text that was accepted to the inputs in it.
//!
//! Nearly always it is one. A session that was copied from a screen, with its prompts and outputs, becomes what was typed
//! in it, input by input; a command is an input of its own. No program begins with `>`: that is how a copied session is known.

use std::borrow::Cow;

use crate::syntax::{self, ParseOptions, PieceKind};

/// The inputs in a text, in their order. A program stays one input, however many statements it has.
pub fn inputs(text: &str) -> Vec<Cow<'_, str>> {
    match session(text) {
        Some(mut chunks) => {
            chunks.retain(|chunk| !chunk.trim().is_empty());
            if chunks.is_empty() {
                chunks.push(String::new());
            }
            chunks.into_iter().map(Cow::Owned).collect()
        }
        None => {
            // A command ends with its line.
            let mut rest = text;
            let mut found = Vec::new();
            while is_command(rest) {
                let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                found.push(Cow::Borrowed(line.trim_end()));
                rest = after;
            }
            if found.is_empty() || !rest.trim().is_empty() {
                found.push(Cow::Borrowed(rest));
            }
            found
        }
    }
}

/// Whether the text is a command: a dot and a letter at its start.
pub fn is_command(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Whether a text goes on, so that Enter adds a line to it.
pub fn goes_on(text: &str) -> bool {
    inputs(text).last().is_some_and(|last| !is_command(last) && is_incomplete(last))
}

/// A text that comes line by line, until it does not go on. A long one is not parsed after each line: as long as a bracket stays open it goes on, or is wrong,
/// and what is wrong is found when it is twice as long, at the latest.
#[derive(Default)]
pub struct Growing {
    text: String,
    /// Brackets that are open at its end, if it is long and that is easily told.
    open: Option<i64>,
    /// Bytes that were parsed last.
    parsed: usize,
}

impl Growing {
    /// Adds a line. Whether the text goes on. O(length of the line), now and then of the text.
    pub fn add(&mut self, line: &str) -> bool {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
        let change = self.open.and_then(|open| Some((open, brackets(line)?)));
        if let Some((open, (lowest, sum))) = change
            && open + lowest > 0
            && self.text.len() < 2 * self.parsed
        {
            self.open = Some(open + sum);
            return true;
        }
        self.parsed = self.text.len();
        let goes_on = goes_on(&self.text);
        let is_long = self.parsed > LONG && !self.text.trim_start().starts_with('>');
        self.open = if goes_on && is_long { brackets(&self.text).map(|(_, sum)| sum) } else { None };
        goes_on
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn into_text(self) -> String {
        self.text
    }
}

/// How many more brackets are open at the end of a text than at its start, and before that at the place with the fewest. `None`: it has templates, or what is no
/// token.
fn brackets(text: &str) -> Option<(i64, i64)> {
    let (mut lowest, mut sum) = (0, 0);
    for piece in syntax::pieces(text) {
        match piece.kind {
            PieceKind::Template { closes: false, opens: false } if piece.whole => {}
            PieceKind::Template { .. } | PieceKind::Bad => return None,
            _ if !piece.whole => return None,
            PieceKind::Open => sum += 1,
            PieceKind::Close => sum -= 1,
            _ => {}
        }
        lowest = lowest.min(sum);
    }
    Some((lowest, sum))
}

fn is_incomplete(source: &str) -> bool {
    syntax::parse(source, &ParseOptions::default()).is_err_and(|errors| syntax::is_incomplete(&errors))
}

/// What was typed in a copied session, prompt by prompt. `None` if it is none.
fn session(text: &str) -> Option<Vec<String>> {
    prompted(text.lines().find(|line| !line.trim().is_empty())?)?;
    let mut chunks: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(typed) = prompted(line) {
            if open {
                // It was left with Ctrl-C.
                chunks.pop();
            }
            chunks.push(typed.to_string());
        } else if let Some(chunk) = chunks.last_mut()
            && open
        {
            chunk.push('\n');
            chunk.push_str(continued(line));
        } else {
            // An output, or an empty line before the first prompt.
            continue;
        }
        if let Some(chunk) = chunks.last()
            && (chunk.len() <= LONG || may_end(line))
        {
            open = !is_command(chunk) && is_incomplete(chunk);
        }
    }
    Some(chunks)
}

/// A longer input, in bytes, is not parsed after each of its lines.
const LONG: usize = 8 << 10;

/// Whether a long input may well end with the line: its bracket on the left, or the end of a template or comment.
fn may_end(line: &str) -> bool {
    line.starts_with([')', ']', '}']) || line.contains('`') || line.contains("*/")
}

/// What stands behind a prompt.
fn prompted(line: &str) -> Option<&str> {
    line.strip_prefix("> ").or_else(|| (line.trim_end() == ">").then_some(""))
}

/// The line without a mark of continuation, of our kind or of others'.
fn continued(line: &str) -> &str {
    ["… ", "... "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_one_input() {
        for text in ["1 + 1", "let a = 1;\nlet b = 2;\na + b\n", "", "\n", ".5", ".5 + 1\n2", "a\n.map(x)"] {
            assert_eq!(inputs(text), [text], "{text:?}");
        }
    }

    #[test]
    fn a_copied_session_is_what_was_typed() {
        let text = "> let a = [1,\n… 2]\nundefined\n> a.length\n2\n> function f() {\n  return a;\n}\n> f()\n[ 1, 2 ]\n";
        assert_eq!(inputs(text), ["let a = [1,\n2]", "a.length", "function f() {\n  return a;\n}", "f()"]);
        assert_eq!(inputs("\n> 1\n1\n>\n"), ["1"]);
        assert_eq!(inputs("> f(\n... 1,\n...items)\n"), ["f(\n1,\n...items)"]);
        assert_eq!(inputs(">\n"), [""]);
    }

    #[test]
    fn long_inputs_of_a_session_end_too() {
        let body = "  x += 1;\n".repeat(LONG);
        let text = format!("> function f() {{\n{body}}}\nundefined\n> 1\n1\n");
        assert_eq!(inputs(&text), [format!("function f() {{\n{body}}}"), "1".to_string()]);
    }

    #[test]
    fn a_long_text_ends_where_a_short_one_does() {
        let mut growing = Growing::default();
        assert!(growing.add("const x = ["));
        for n in 0..LONG {
            assert!(growing.add("  { \"]\": [1, (2)] }, // ]"), "{n}");
        }
        assert!(growing.add("/* ]"));
        assert!(growing.add("] */ `${["));
        assert!(growing.add("1]} ]"));
        assert!(growing.add("`].map(f("));
        assert!(!growing.add("1))"));
    }

    #[test]
    fn what_is_wrong_in_a_long_text_is_found() {
        let mut growing = Growing::default();
        assert!(growing.add("f("));
        while growing.text.len() <= 2 * LONG {
            assert!(growing.add("  1,"));
        }
        growing.add("  1 2,");
        let end = 3 * growing.text.len();
        while growing.add("  1,") {
            assert!(growing.text.len() < end);
        }
    }

    #[test]
    fn what_was_left_in_a_session_is_left_out() {
        assert_eq!(inputs("> f(1,\n> 2 + 2\n4\n"), ["2 + 2"]);
    }

    #[test]
    fn the_last_of_a_session_may_go_on() {
        assert!(goes_on("> 1\n1\n> f(1,"));
        assert!(!goes_on("> 1\n1\n> f(1)\nUncaught"));
        assert!(!goes_on("> f(\n> .help"));
    }

    #[test]
    fn what_only_contains_a_prompt_is_left_alone() {
        for text in ["a\n> b", "`\n> quoted\n`", "x > 1", "  > 1", "// > 1\n1", ">1", ">= 1", ">> 1"] {
            assert_eq!(inputs(text), [text], "{text:?}");
        }
    }

    #[test]
    fn commands_are_inputs_of_their_own() {
        assert_eq!(inputs(".help"), [".help"]);
        assert_eq!(inputs(".trace on\nlet a = 1\na\n"), [".trace on", "let a = 1\na\n"]);
        assert_eq!(inputs(".gc\n.heap \n"), [".gc", ".heap"]);
        assert_eq!(inputs("> 1\n1\n> 2\n2\n> .gc\nfreed\n> 3\n"), ["1", "2", ".gc", "3"]);
    }

    #[test]
    fn what_the_parser_calls_incomplete_goes_on() {
        for text in ["f(", "function f() {", "`a", "/* a", "[1,", "if (x)", "a +", "({", "> f("] {
            assert!(goes_on(text), "{text:?}");
        }
        for text in ["", "1", "f()", "1 +* 2", "\"a", ")", ".help", ".load", ".type f(", ".5", "let = ("] {
            assert!(!goes_on(text), "{text:?}");
        }
    }

    #[test]
    fn empty_lines_end_nothing() {
        assert!(goes_on("f(\n\n\n") && goes_on("const t = `a\n\n\n"));
        assert!(goes_on("let x = a ?\n1") && goes_on("function f(x) {\n  return x\n    ? 1"));
        assert!(!goes_on("\n\n") && !goes_on("let x = a\n\n"));
    }
}
