//! Differences between two texts, line by line, for people who meet one for the first time.
//!
//! `similar` finds them; here they are laid out: what was expected first, with the place where that stands, then what came; a
//! few lines around; blanks made visible where they are the difference; long lines cut to where they part; not too many lines.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline, group_diff_ops};

use super::style::Style;

/// Lines of context.
const AROUND: usize = 3;
/// Characters of a line that are shown.
const WIDTH: usize = 160;
/// Past this the differences found may be more than there have to be.
const PATIENCE: Duration = Duration::from_secs(2);

/// Two texts that differ.
pub struct Diff<'a> {
    /// The headline.
    pub what: &'a str,
    /// What was expected, and where it stands.
    pub expected: (&'a str, &'a str),
    /// What came, and its name, for line numbers.
    pub got: (&'a str, &'a str),
    /// Where a line of what was expected stands, counted from 0.
    pub place: &'a dyn Fn(usize) -> Option<String>,
    /// Lines shown, at most.
    pub most: usize,
}

impl Diff<'_> {
    /// The headline and the differences.
    pub fn text(&self, style: Style) -> String {
        let (old, new) = (lines(self.expected.0), lines(self.got.0));
        let deadline = Instant::now() + PATIENCE;
        let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline));
        let mut page = Page { style, old: &old, new: &new, text: String::new(), room: self.most, left: 0, dots: false };
        let _ = writeln!(page.text, "{}", self.what);
        let _ = writeln!(page.text, "{}", style.red(&format!("--- expected ({})", self.expected.1)));
        let _ = writeln!(page.text, "{}", style.green("+++ got"));
        for hunk in group_diff_ops(ops, AROUND) {
            let Some(first) = hunk.iter().find(|op| op.tag() != DiffTag::Equal) else { continue };
            let mut places = Vec::from_iter((self.place)(first.old_range().start));
            places.push(format!("{} line {}", self.got.1, first.new_range().start + 1));
            page.head(&places.join(", "));
            hunk.iter().for_each(|op| page.op(op));
        }
        page.end()
    }
}

/// The lines of a text, without line ends. A text that stops in the middle of a line has one more.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    } else {
        lines.push("(no line end)");
    }
    lines
}

struct Page<'a> {
    style: Style,
    old: &'a [&'a str],
    new: &'a [&'a str],
    text: String,
    /// Lines that may still be written, and those that were not.
    room: usize,
    left: usize,
    /// A blank was made visible.
    dots: bool,
}

impl Page<'_> {
    fn head(&mut self, place: &str) {
        if self.room > 0 {
            let _ = writeln!(self.text, "{}", self.style.cyan(&format!("@@ {place} @@")));
        }
    }

    fn op(&mut self, op: &DiffOp) {
        let (tag, old, new) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            for line in &self.old[old] {
                self.line(' ', line, None);
            }
            return;
        }
        let other = |lines: &[&str], at: usize| lines.get(at).map(|line| (*line).to_string());
        for (index, line) in self.old[old.clone()].iter().enumerate() {
            let pair = other(&self.new[new.clone()], index);
            self.line('-', line, pair.as_deref());
        }
        for (index, line) in self.new[new.clone()].iter().enumerate() {
            let pair = other(&self.old[old.clone()], index);
            self.line('+', line, pair.as_deref());
        }
    }

    /// `pair`: the line that stands for it on the other side.
    fn line(&mut self, sign: char, line: &str, pair: Option<&str>) {
        if self.room == 0 {
            self.left += 1;
            return;
        }
        self.room -= 1;
        let blanks = match (sign, pair) {
            (' ', _) => Blanks::Plain,
            (_, Some(pair)) if line.split_whitespace().eq(pair.split_whitespace()) => Blanks::All,
            _ => Blanks::Trailing,
        };
        let (shown, dots) = shown(line, pair, blanks);
        self.dots |= dots;
        let line = format!("{sign} {shown}");
        let line = match sign {
            '-' => self.style.red(&line),
            '+' => self.style.green(&line),
            _ => line.trim_end().to_string(),
        };
        let _ = writeln!(self.text, "{line}");
    }

    fn end(mut self) -> String {
        if self.left > 0 {
            let lines = if self.left == 1 { "line" } else { "lines" };
            let _ = writeln!(self.text, "{}", self.style.dim(&format!("… {} more {lines} of differences", self.left)));
        }
        if self.dots {
            let _ = writeln!(self.text, "{}", self.style.dim("(· stands for a blank, → for a tab)"));
        }
        self.text
    }
}

/// Which blanks of a line are made visible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    Plain,
    Trailing,
    All,
}

/// A line as it is shown, and whether blanks in it were made visible.
fn shown(line: &str, pair: Option<&str>, blanks: Blanks) -> (String, bool) {
    let trailing = line.trim_end().chars().count();
    let total = line.chars().count();
    let same = pair.map_or(0, |pair| line.chars().zip(pair.chars()).take_while(|(a, b)| a == b).count());
    // Both lines of a pair begin at the same character, some way before they part.
    let start = if total > WIDTH && same > WIDTH / 2 { same - WIDTH / 4 } else { 0 };
    let mut text = String::new();
    let mut dots = false;
    if start > 0 {
        text.push('…');
    }
    for (index, c) in line.chars().enumerate().skip(start).take(WIDTH) {
        let visible = blanks == Blanks::All || (blanks == Blanks::Trailing && index >= trailing);
        match c {
            ' ' if visible => text.push('·'),
            '\t' if visible => text.push('→'),
            ' ' | '\t' => text.push(c),
            c if c.is_control() || c.is_whitespace() => {
                let _ = write!(text, "\\u{{{:x}}}", c as u32);
            }
            c => text.push(c),
        }
        dots |= visible && matches!(c, ' ' | '\t');
    }
    if total > start + WIDTH {
        let _ = write!(text, "… ({} characters)", total);
    }
    (text, dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(expected: &str, got: &str, most: usize) -> String {
        let place = |index: usize| Some(format!("a.snap:{}", index + 3));
        Diff { what: "the output differs", expected: (expected, "a.snap"), got: (got, "output"), place: &place, most }
            .text(Style { colored: false })
    }

    #[test]
    fn a_changed_line_among_others() {
        let expected: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        let got = expected.replace("line 9", "line nine").replace("line 2\n", "");
        insta::assert_snapshot!(text(&expected, &got, 60));
    }

    #[test]
    fn blanks_that_differ_are_visible() {
        insta::assert_snapshot!(text("a b\nc\td\ne\n", "a  b\nc d\ne  \n", 60));
        insta::assert_snapshot!("other_characters", text("a\u{a0}b\u{1b}[1m\n", "a b", 60));
    }

    #[test]
    fn long_lines_are_cut_to_where_they_part() {
        let expected = "x".repeat(1000) + "old" + &"y".repeat(1000);
        let shown = text(&expected, &expected.replace("old", "new"), 60);
        assert!(shown.contains("xxoldyy") && shown.contains("xxnewyy"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
    }

    #[test]
    fn many_lines_are_counted() {
        let shown = text("", &"line\n".repeat(1000), 10);
        assert!(shown.ends_with("+ line\n… 990 more lines of differences\n"), "{shown}");
    }
}
