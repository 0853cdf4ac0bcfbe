//! Snapshots: what a script did when somebody looked and found it right, as a text beside it.
//!
//! ```text
//! # probate-snapshot 1
//! --- output
//! what it printed
//! --- error
//! what it wrote to standard error
//! --- status 1
//! ```
//!
//! The status ends it. A line is as it came, unless that could be taken for something else, or be spoilt on its way through
//! editors and version control: one that begins with `--- ` or `\`, has control characters, or blanks at its end, is written with
//! `\` in front, and in it `\\` is a backslash and `\u{1b}` a character. `\.` is the end of a text without a line end.

use std::fmt::Write as _;

/// The first line of every snapshot, up to its version.
const MARK: &str = "# probate-snapshot ";
const VERSION: &str = "1";

/// A part with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub text: String,
    /// The line of the snapshot on which its text begins, from 1.
    pub line: usize,
}

/// What a script did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// None of them empty, each name once.
    pub sections: Vec<Section>,
    pub status: i32,
    /// The line on which the status stands.
    pub status_line: usize,
}

/// Why a text is no snapshot.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is something else: not to be overwritten.
    NotOurs,
    /// Another version, or damaged: a sentence.
    Damaged(String),
}

impl Snapshot {
    /// Adds a part, unless it is empty.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.sections.push(Section { name: name.into(), text, line: 0 });
        }
    }

    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = format!("{MARK}{VERSION}\n");
        for section in &self.sections {
            let _ = writeln!(text, "--- {}", section.name);
            for line in section.text.split_inclusive('\n') {
                match line.strip_suffix('\n') {
                    Some(line) => write_line(line, &mut text),
                    None => {
                        write_line(line, &mut text);
                        text.push_str("\\.\n");
                    }
                }
            }
        }
        let _ = writeln!(text, "--- status {}", self.status);
        text
    }
}

/// Whether a text is a snapshot of this program, of whatever version.
pub fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Reads the text of a file. Line ends may have become those of Windows.
///
/// # Errors
/// It is no snapshot, or not one that this version can read.
pub fn read(text: &str) -> Result<Snapshot, Unread> {
    let mut lines = text.lines().zip(1..);
    let version = lines.next().and_then(|(line, _)| line.strip_prefix(MARK)).ok_or(Unread::NotOurs)?;
    if version != VERSION {
        return Err(Unread::Damaged(format!("it has version {version} of the format; this program writes {VERSION}")));
    }
    let mut snapshot = Snapshot::default();
    for (line, number) in lines.by_ref() {
        if let Some(name) = line.strip_prefix("--- ") {
            if let Some(status) = name.strip_prefix("status ") {
                let damaged = || Unread::Damaged(format!("line {number} has no status"));
                snapshot.status = status.parse().map_err(|_| damaged())?;
                snapshot.status_line = number;
                return match lines.next() {
                    Some((_, number)) => Err(Unread::Damaged(format!("line {number} follows the status"))),
                    None => Ok(snapshot),
                };
            }
            if snapshot.section(name).is_some() {
                return Err(Unread::Damaged(format!("line {number} begins a second part `{name}`")));
            }
            snapshot.sections.push(Section { name: name.to_string(), text: String::new(), line: number + 1 });
            continue;
        }
        let damaged = |why: &str| Unread::Damaged(format!("line {number} {why}"));
        let section = snapshot.sections.last_mut().ok_or_else(|| damaged("stands before the first part"))?;
        if line == "\\." {
            section.text.pop();
        } else {
            section.text += &read_line(line).ok_or_else(|| damaged("is not written as a snapshot writes it"))?;
            section.text.push('\n');
        }
    }
    Err(Unread::Damaged("its end is missing, the line with the status".to_string()))
}

fn write_line(line: &str, out: &mut String) {
    let blanks = line.len() - line.trim_end().len();
    let is_safe = blanks == 0
        && !line.starts_with("--- ")
        && !line.starts_with('\\')
        && !line.chars().any(|c| c.is_control() && c != '\t');
    if is_safe {
        out.push_str(line);
        out.push('\n');
        return;
    }
    out.push('\\');
    for (at, c) in line.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' if at < line.len() - blanks => out.push(c),
            c if c.is_control() || at >= line.len() - blanks => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('\n');
}

fn read_line(line: &str) -> Option<String> {
    let Some(mut rest) = line.strip_prefix('\\') else { return Some(line.to_string()) };
    let mut text = String::new();
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('\\') {
            text.push('\\');
            rest = behind;
        } else {
            let (digits, behind) = rest.strip_prefix("u{")?.split_once('}')?;
            text.push(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?);
            rest = behind;
        }
    }
    Some(text + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As read from a file, but for the lines where things stand.
    fn reread(snapshot: &Snapshot, text: &str) -> Snapshot {
        let mut found = read(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        found.sections.iter_mut().for_each(|section| section.line = 0);
        Snapshot { status_line: snapshot.status_line, ..found }
    }

    #[test]
    fn every_text_comes_back() {
        let texts = [
            "a\n",
            "a",
            "\n",
            "\n\n",
            "a\n\n",
            "--- status 0\n",
            "---\n",
            "-- a\n",
            "\\\n",
            "\\.\n",
            "\\.",
            "a\\b\n",
            "\\u{41}\n",
            " a\tb\n",
            "a \n",
            "a\t",
            "\t\n",
            "\u{1b}[1m\\\u{1b}[0m\r\n",
            "\r\n",
            "a\u{a0}\n",
            "\u{85}\u{2028}\n",
            "é😀\n",
            "# probate-snapshot 1\n",
            "\u{feff}\n",
        ];
        for one in texts {
            for other in texts {
                let mut snapshot = Snapshot { status: 7, ..Snapshot::default() };
                snapshot.add("output", one);
                snapshot.add("error", other);
                let text = snapshot.text();
                assert_eq!(reread(&snapshot, &text), snapshot, "{text}");
                assert_eq!(reread(&snapshot, &text.replace('\n', "\r\n")), snapshot, "{text}");
                assert!(text.lines().all(|line| line.trim_end() == line), "{text:?}");
            }
        }
    }

    #[test]
    fn lines_are_numbered() {
        let mut snapshot = Snapshot::default();
        snapshot.add("output", "a\nb\n");
        snapshot.add("error", "");
        snapshot.add("stats", "c");
        let found = read(&snapshot.text()).unwrap_or_default();
        let lines: Vec<(&str, usize)> =
            found.sections.iter().map(|section| (section.name.as_str(), section.line)).collect();
        assert_eq!((lines, found.status_line), (vec![("output", 3), ("stats", 6)], 8));
        insta::assert_snapshot!(snapshot.text());
    }

    #[test]
    fn what_is_no_snapshot() {
        for other in ["", "---\nsource: src/lib.rs\n---\n", "exports[`a`] = 1;\n"] {
            assert_eq!(read(other), Err(Unread::NotOurs), "{other}");
            assert!(!is_ours(other));
        }
        for damaged in [
            "# probate-snapshot 2\n",
            "# probate-snapshot 1\n",
            "# probate-snapshot 1\na\n--- status 0\n",
            "# probate-snapshot 1\n--- output\na\n",
            "# probate-snapshot 1\n--- output\n--- output\n--- status 0\n",
            "# probate-snapshot 1\n--- output\n\\a\\b\n--- status 0\n",
            "# probate-snapshot 1\n--- output\n\\u{110000}\n--- status 0\n\n",
            "# probate-snapshot 1\n--- status x\n",
            "# probate-snapshot 1\n--- status 0\n\n",
        ] {
            assert!(matches!(read(damaged), Err(Unread::Damaged(_))), "{damaged}");
            assert!(is_ours(damaged));
        }
    }
}
