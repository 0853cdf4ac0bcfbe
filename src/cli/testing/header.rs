//! What a script says about its own test, in comments.
//!
//! `// test: WORD` in the comments before the first statement says how it is run; `// expect: TEXT` and its like, anywhere,
//! say what has to come of it. What is misspelt is an error, not a comment: a test that tests nothing would go unnoticed.

use super::expect::{self, Expectations};
use crate::events::Preset;
use crate::syntax::comments::line_comments;

/// How a script is run as a test.
#[derive(Debug, Default)]
pub struct Header {
    /// Not at all, for this reason.
    pub skip: Option<String>,
    pub args: Vec<String>,
    pub input: Input,
    /// The file that holds the standard output.
    pub stdout: Option<String>,
    pub trace: Option<Preset>,
    pub stats: bool,
    /// A second time under `--gc-stress=verify`.
    pub stress: bool,
    pub seed: Option<u64>,
    /// Folders that it may read, and write, named as seen from its own.
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    /// The environment that it sees, none if there is no `env`.
    pub variables: Vec<(String, String)>,
    pub expect: Expectations,
}

/// Its standard input.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Input {
    #[default]
    Empty,
    Text(String),
    /// A file, named as seen from the script's folder.
    File(String),
}

/// A comment that means nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    pub message: String,
}

const WORDS: [&str; 12] = [
    "args",
    "input",
    "stdin",
    "stdout",
    "allow-read",
    "allow-write",
    "env",
    "trace",
    "stats",
    "stress",
    "seed",
    "skip",
];

/// Reads the comments of a script. O(length).
///
/// # Errors
/// Every comment that looks like one for the test, and is none.
pub fn read(source: &str) -> Result<Header, Vec<Mistake>> {
    let mut header = Header::default();
    let mut mistakes = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for comment in line_comments(source) {
        let start = comment.text.start as usize;
        line += source[counted..start].matches('\n').count();
        counted = start;
        let text = source[start..comment.text.end as usize].trim();
        let read = if let Some(directive) = text.strip_prefix("test:") {
            if comment.leading { header.directive(directive.trim()) } else { misplaced(directive.trim()) }
        } else if let Some((word, text)) = expect::split(&source[start..comment.text.end as usize]) {
            header.expect.add(word, text, line)
        } else {
            Ok(())
        };
        mistakes.extend(read.err().map(|message| Mistake { line, message }));
    }
    if mistakes.is_empty() { Ok(header) } else { Err(mistakes) }
}

/// A comment further down may begin with this word by chance; not if it would have meant something.
fn misplaced(directive: &str) -> Result<(), String> {
    match Header::default().directive(directive) {
        Ok(()) => Err(format!("`test: {directive}` belongs before the first statement")),
        Err(_) => Ok(()),
    }
}

impl Header {
    fn directive(&mut self, directive: &str) -> Result<(), String> {
        let (word, value) = match directive.split_once('=') {
            Some((word, value)) => (word.trim_end(), Some(value)),
            None => (directive, None),
        };
        match (word, value) {
            ("skip", reason) => once(&mut self.skip, reason.unwrap_or_default().trim().to_string(), word),
            ("args", Some(text)) => {
                self.args.extend(words(text)?);
                Ok(())
            }
            ("input", Some(line)) => self.input.add_line(line),
            ("stdin", Some(file)) => self.input.set_file(file.trim()),
            ("stdout", Some(file)) => once(&mut self.stdout, file.trim().to_string(), word),
            ("trace", name) => once(&mut self.trace, preset(name.map_or("life", str::trim))?, word),
            ("stats", None) => {
                self.stats = true;
                Ok(())
            }
            ("stress", None) => {
                self.stress = true;
                Ok(())
            }
            ("seed", Some(text)) => {
                let seed = text.trim().parse().map_err(|_| format!("`seed=` takes a whole number, not `{text}`"))?;
                once(&mut self.seed, seed, word)
            }
            ("allow-read", Some(folder)) => folder_of(&mut self.reads, folder),
            ("allow-write", Some(folder)) => folder_of(&mut self.writes, folder),
            ("env", Some(variable)) => match variable.trim().split_once('=') {
                Some((name, value)) if !name.is_empty() => {
                    self.variables.push((name.to_string(), value.to_string()));
                    Ok(())
                }
                _ => Err("`env=` takes a variable and its value: `env=NAME=VALUE`".to_string()),
            },
            ("args" | "input" | "stdin" | "stdout" | "allow-read" | "allow-write" | "env" | "seed", None) => {
                Err(format!("`{word}` needs a value: `{word}=…`"))
            }
            ("stats" | "stress", Some(_)) => Err(format!("`{word}` takes no value")),
            _ => Err(format!("there is no `test: {word}`; {}", proposal(word, &WORDS))),
        }
    }
}

fn folder_of(folders: &mut Vec<String>, folder: &str) -> Result<(), String> {
    match folder.trim() {
        "" => Err("a folder is missing; `.` is the script's own".to_string()),
        folder => {
            folders.push(folder.to_string());
            Ok(())
        }
    }
}

/// What may have been meant by a word that there is not.
pub(super) fn proposal(word: &str, words: &[&str]) -> String {
    let near = |known: &&&str| strsim::damerau_levenshtein(word, known) <= (word.chars().count() / 3).max(1);
    match words.iter().filter(near).min_by_key(|known| strsim::damerau_levenshtein(word, known)) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("there are {}", words.join(", ")),
    }
}

impl Input {
    fn add_line(&mut self, line: &str) -> Result<(), String> {
        match self {
            Input::Empty => *self = Input::Text(format!("{line}\n")),
            Input::Text(text) => {
                text.push_str(line);
                text.push('\n');
            }
            Input::File(_) => return Err(BOTH.to_string()),
        }
        Ok(())
    }

    fn set_file(&mut self, file: &str) -> Result<(), String> {
        match self {
            Input::Empty => *self = Input::File(file.to_string()),
            Input::Text(_) => return Err(BOTH.to_string()),
            Input::File(_) => return Err(twice("stdin")),
        }
        Ok(())
    }
}

const BOTH: &str = "`stdin=FILE` and `input=LINE` exclude each other";

fn twice(word: &str) -> String {
    format!("`{word}` is said twice")
}

fn once<T>(place: &mut Option<T>, value: T, word: &str) -> Result<(), String> {
    match place.replace(value) {
        Some(_) => Err(twice(word)),
        None => Ok(()),
    }
}

fn preset(name: &str) -> Result<Preset, String> {
    Preset::named(name).ok_or_else(|| {
        let names = Preset::EVERY.map(Preset::name).join(", ");
        format!("there is no trace called `{name}`; there are {names}")
    })
}

/// Words between blanks. One in double quotes may hold blanks; `\"` and `\\` stand for a quote and a backslash there.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut word = String::new();
        let mut quoted = false;
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next() {
                None if quoted => return Err(format!("a quote does not end in `{text}`")),
                None => break rest.len(),
                Some((at, c)) if c.is_whitespace() && !quoted => break at,
                Some((_, '"')) => quoted = !quoted,
                Some((_, '\\')) if quoted => match chars.next() {
                    Some((_, c @ ('"' | '\\'))) => word.push(c),
                    Some((_, c)) => word.extend(['\\', c]),
                    None => {}
                },
                Some((_, c)) => word.push(c),
            }
        };
        words.push(word);
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(source: &str) -> Header {
        read(source).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    fn mistakes(source: &str) -> Vec<(usize, String)> {
        read(source).err().unwrap_or_default().into_iter().map(|found| (found.line, found.message)).collect()
    }

    #[test]
    fn every_word() {
        let found = header(
            "#!/usr/bin/env probate\n// A test.\n\n// test: args=--top 10 \"a b\"\n// test: args=c\n// test: stdin=a b.txt\n\
             // test: stdout=o.json\n// test: trace=rc\n// test: stats\n//test:stress\n// test: seed = 7\n1;",
        );
        assert_eq!(found.args, ["--top", "10", "a b", "c"]);
        assert_eq!(found.input, Input::File("a b.txt".into()));
        assert_eq!(found.stdout.as_deref(), Some("o.json"));
        assert_eq!((found.trace, found.stats, found.stress, found.seed), (Some(Preset::Rc), true, true, Some(7)));
        assert_eq!(found.skip, None);
        assert_eq!(header("// test: skip").skip.as_deref(), Some(""));
        assert_eq!(header("// test: skip=too slow").skip.as_deref(), Some("too slow"));
        let lent =
            header("// test: allow-read=a b\n// test: allow-read=.\n// test: allow-write=out\n// test: env=A=b=c");
        assert_eq!((lent.reads, lent.writes), (vec!["a b".into(), ".".into()], vec!["out".to_string()]));
        assert_eq!(lent.variables, [("A".to_string(), "b=c".to_string())]);
        assert_eq!(header("// test: trace").trace, Some(Preset::Life));
        assert_eq!(
            header("// test: input=a\n// test: input=\n// test: input= b=c").input,
            Input::Text("a\n\n b=c\n".into())
        );
    }

    #[test]
    fn mistakes_have_their_line() {
        let found =
            mistakes("// test: tracee\n// test: trace=some\n\n// test: seed=x\n// test: args\nlet a; // test: stats\n");
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 4, 5, 6]);
        assert!(
            found[0].1.contains("did you mean `trace`?") && found[1].1.contains("life, rc, scope, all"),
            "{found:?}"
        );
        assert!(found[4].1.contains("before the first statement"), "{found:?}");
        assert_eq!(mistakes("// test: stdin=a\n// test: input=b").len(), 1);
        assert_eq!(mistakes("// test: args=\"a").len(), 1);
        assert_eq!(mistakes("// test: allow-read\n// test: allow-write=\n// test: env=A\n// test: env==b").len(), 4);
        assert_eq!(mistakes("// test: stats=1\n// test: seed=1\n// test: seed=2\n// test:\n").len(), 3);
    }

    #[test]
    fn prose_is_prose() {
        assert!(mistakes("let a = '// test: tracee';\n// test: does it work?\n// testing: no\n").is_empty());
    }

    #[test]
    fn quoted_words() {
        assert_eq!(
            words(r#" a "" "b \" c" d"e f"\g  "#),
            Ok(vec!["a".into(), String::new(), "b \" c".into(), "de f\\g".into()])
        );
        assert_eq!(words(""), Ok(vec![]));
    }
}
