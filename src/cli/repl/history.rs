//! What was typed before: in memory for the line editor, and in a file for the next session.
//!
//! The file has one input a line, oldest first; a line feed in an input is written `\n`, a backslash `\\`. Inputs are
//! appended one by one under a lock, so that two sessions at once lose nothing of each other; each sees what was there when
//! it began. An input that is there already moves to the end. When the file has grown to twice what is kept, the session
//! that opens it next shortens it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use rustyline::history::{History, SearchDirection, SearchResult};

/// How many inputs are kept.
const MOST: usize = 10_000;
/// A longer input is not kept.
const LONGEST: usize = 64 << 10;
/// More of a file is not read.
const LARGEST: u64 = 64 << 20;

/// Where the history is kept: in the folder for state of the XDG base directories. `None` without a home.
pub fn default_path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative path is to be ignored, says the specification.
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("probate/history"))
}

/// Earlier inputs, oldest first.
#[derive(Debug, Default)]
pub struct Past {
    entries: VecDeque<String>,
    file: Option<PathBuf>,
}

impl Past {
    /// Only what is typed now.
    pub fn in_memory() -> Past {
        Past::default()
    }

    /// What the file says; it need not be there yet.
    ///
    /// # Errors
    /// It cannot be read. Nothing is kept then but in memory.
    pub fn open(path: &Path) -> Result<Past, (Past, io::Error)> {
        let mut past = Past { entries: VecDeque::new(), file: Some(path.to_path_buf()) };
        match past.load(path) {
            Ok(()) => Ok(past),
            Err(error) => Err((Past::in_memory(), error)),
        }
    }

    /// Keeps an input. One that begins with a blank, is empty or very long is not kept.
    ///
    /// # Errors
    /// The file cannot be written; the input is kept in memory.
    pub fn remember(&mut self, input: &str) -> io::Result<()> {
        let input = input.trim_end();
        if input.is_empty() || input.len() > LONGEST || input.starts_with([' ', '\t']) {
            return Ok(());
        }
        if self.entries.back().is_some_and(|last| last == input) {
            return Ok(());
        }
        self.push(input.to_string());
        match &self.file {
            Some(path) => append(path, input),
            None => Ok(()),
        }
    }

    /// Writes nothing to the file from now on.
    pub fn forget_file(&mut self) {
        self.file = None;
    }

    fn push(&mut self, input: String) {
        if let Some(earlier) = self.entries.iter().position(|entry| *entry == input) {
            self.entries.remove(earlier);
        }
        self.entries.push_back(input);
        if self.entries.len() > MOST {
            self.entries.pop_front();
        }
    }

    fn load(&mut self, path: &Path) -> io::Result<()> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a file"));
        }
        file.lock_shared()?;
        let (entries, lines) = read(&file)?;
        self.entries = entries;
        drop(file);
        // That it stays long is no harm.
        if lines > 2 * MOST {
            let _ = shorten(path);
        }
        Ok(())
    }

    fn find(
        &self,
        start: usize,
        direction: SearchDirection,
        test: impl Fn(&str) -> Option<usize>,
    ) -> Option<SearchResult<'_>> {
        let hit = |index: usize| {
            let entry = self.entries.get(index)?;
            test(entry).map(|pos| SearchResult { entry: Cow::Borrowed(entry), idx: index, pos })
        };
        match direction {
            SearchDirection::Reverse => (0..=start.min(self.entries.len().checked_sub(1)?)).rev().find_map(hit),
            SearchDirection::Forward => (start..self.entries.len()).find_map(hit),
        }
    }
}

/// The inputs in a file, each once and where it stood last, and how many lines there are.
fn read(file: &File) -> io::Result<(VecDeque<String>, usize)> {
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut seen = FxHashSet::default();
    let mut entries = VecDeque::new();
    let lines: Vec<&str> = text.lines().collect();
    for line in lines.iter().rev().filter(|line| !line.is_empty()) {
        if entries.len() < MOST && seen.insert(*line) {
            entries.push_front(unescape(line));
        }
    }
    Ok((entries, lines.len()))
}

fn append(path: &Path, input: &str) -> io::Result<()> {
    let open = || options().append(true).create(true).open(path);
    let mut file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), create_folders)?;
            open()?
        }
        result => result?,
    };
    file.lock()?;
    file.write_all((escape(input) + "\n").as_bytes())
}

/// Writes the file anew with what is kept of it. The shorter text goes over the longer one before that is cut off: a disk
/// that is full, or a crash, costs a line at most.
fn shorten(path: &Path) -> io::Result<()> {
    let mut file = options().read(true).write(true).open(path)?;
    file.lock()?;
    let (entries, _) = read(&file)?;
    let text: String = entries.iter().map(|entry| escape(entry) + "\n").collect();
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// What people type is nobody else's business.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_folders(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn escape(input: &str) -> String {
    input.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.chars().next() {
            Some('n') => out.push('\n'),
            Some('\\') => out.push('\\'),
            // Written by another hand.
            _ => {
                out.push('\\');
                continue;
            }
        }
        rest = &rest[1..];
    }
    out + rest
}

/// How the line editor looks at it. It never writes: `remember` does.
impl History for Past {
    fn get(&self, index: usize, _: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self.entries.get(index).map(|entry| SearchResult { entry: Cow::Borrowed(entry), idx: index, pos: 0 }))
    }

    fn add(&mut self, line: &str) -> rustyline::Result<bool> {
        self.add_owned(line.to_string())
    }

    fn add_owned(&mut self, line: String) -> rustyline::Result<bool> {
        self.push(line);
        Ok(true)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn set_max_len(&mut self, _: usize) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn append(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn load(&mut self, path: &Path) -> rustyline::Result<()> {
        Ok(Past::load(self, path)?)
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        self.entries.clear();
        Ok(())
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self.find(start, direction, |entry| entry.find(term)))
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self.find(start, direction, |entry| entry.starts_with(term).then_some(term.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of its own for a test, in a folder that is not there yet.
    fn file(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("probate-history-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder.join("deep/history")
    }

    fn opened(path: &Path) -> Past {
        Past::open(path).unwrap_or_else(|(_, error)| panic!("{error}"))
    }

    fn entries(path: &Path) -> Vec<String> {
        opened(path).entries.into_iter().collect()
    }

    #[test]
    fn what_was_typed_is_there_again() {
        let path = file("again");
        let mut past = opened(&path);
        for input in ["1", "function f() {\n  return \"\\n\";\n}", "1", "2", "2", "\\n", "3\n"] {
            past.remember(input).expect("a file");
        }
        let kept = ["function f() {\n  return \"\\n\";\n}", "1", "2", "\\n", "3"];
        assert_eq!(past.entries, kept);
        assert_eq!(entries(&path), kept);
    }

    #[test]
    fn what_is_private_is_not_kept() {
        let path = file("private");
        let mut past = opened(&path);
        for input in [" secret", "\tsecret", "", "\n", &"x".repeat(LONGEST + 1)] {
            past.remember(input).expect("a file");
        }
        assert!(past.entries.is_empty());
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = file("mode");
        opened(&path).remember("1").expect("a file");
        let mode = |path: &Path| fs::metadata(path).expect("made").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
    }

    #[test]
    fn two_sessions_keep_what_both_typed() {
        let path = file("two");
        let (mut one, mut two) = (opened(&path), opened(&path));
        one.remember("a").expect("a file");
        two.remember("b").expect("a file");
        one.remember("c").expect("a file");
        assert_eq!(entries(&path), ["a", "b", "c"]);
        assert_eq!(one.entries, ["a", "c"]);
    }

    #[test]
    fn a_long_file_is_shortened() {
        let path = file("long");
        create_folders(path.parent().expect("a folder")).expect("a folder");
        let lines: String = (0..2 * MOST + 5).map(|n| format!("{n}\n")).collect();
        fs::write(&path, lines).expect("a file");
        let kept = entries(&path);
        assert_eq!((kept.len(), kept[0].as_str()), (MOST, "10005"));
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!((text.lines().count(), text.lines().last()), (MOST, Some("20004")));
    }

    #[test]
    fn a_file_of_another_hand_is_read_as_far_as_it_goes() {
        let path = file("hand");
        create_folders(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, b"a\\tb\n\n\xFF\nx\\").expect("a file");
        assert_eq!(entries(&path), ["a\\tb", "\u{FFFD}", "x\\"]);
    }

    #[test]
    fn what_cannot_be_read_or_written_is_an_error() {
        let path = file("error");
        create_folders(&path).expect("a folder");
        assert!(Past::open(&path).is_err_and(|(past, _)| past.file.is_none()));
        let mut past = opened(&path.join("none"));
        fs::remove_dir_all(&path).expect("there");
        fs::write(&path, "").expect("a file");
        assert!(past.remember("1").is_err());
        assert_eq!(past.entries, ["1"]);
    }

    #[test]
    fn the_place_follows_the_environment() {
        let with = |state: Option<&str>, home: Option<&str>| {
            let (state, home) = (state.map(OsString::from), home.map(OsString::from));
            default_path(move |name| if name == "HOME" { home.clone() } else { state.clone() })
        };
        assert_eq!(with(Some("/s"), Some("/h")), Some("/s/probate/history".into()));
        assert_eq!(with(Some("s"), Some("/h")), Some("/h/.local/state/probate/history".into()));
        assert_eq!(with(None, None), None);
    }

    #[test]
    fn searching_goes_both_ways() {
        let past = Past { entries: ["let a", "b", "let c"].map(String::from).into(), file: None };
        let found = |term, start, direction| past.search(term, start, direction).ok().flatten().map(|hit| hit.idx);
        assert_eq!(found("et", 2, SearchDirection::Reverse), Some(2));
        assert_eq!(found("et", 1, SearchDirection::Reverse), Some(0));
        assert_eq!(found("et", 1, SearchDirection::Forward), Some(2));
        assert_eq!(found("x", 2, SearchDirection::Reverse), None);
        assert!(Past::in_memory().search("x", 0, SearchDirection::Reverse).is_ok_and(|hit| hit.is_none()));
    }
}
