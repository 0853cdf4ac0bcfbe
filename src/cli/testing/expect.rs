//! Expectations that stand in the script: comments `// expect: TEXT` and their like.

use super::diff::Diff;
use super::header::proposal;
use super::run::Got;
use super::style::Style;
use crate::cli::report::visible;
use crate::embed::Stats;

/// What the comments of a script say has to come of it.
#[derive(Debug, Default)]
pub struct Expectations {
    output: Vec<Expected>,
    errors: Vec<Expected>,
    /// The line where it stands, and the exit status.
    status: Option<(usize, i32)>,
    at_exit: Option<(usize, u64)>,
    at_end: Vec<(usize, Count)>,
}

/// A line of text.
#[derive(Debug)]
struct Expected {
    line: usize,
    text: String,
}

/// So many live values.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    /// As in `gc.stats().live`; `None`: every kind but strings.
    kind: Option<&'static str>,
    number: u64,
}

const KINDS: [&str; 10] =
    ["total", "object", "array", "function", "map", "set", "string", "variable", "weakref", "host"];
const WORDS: [&str; 5] = ["expect", "expect-error", "expect-status", "expect-live-at-end", "expect-live-at-exit"];

/// The word of an expectation and its text, if the comment is one. A blank behind the colon and blanks at the end belong to
/// the comment, others to the text.
pub fn split(comment: &str) -> Option<(&str, &str)> {
    let (word, text) = comment.trim_start().split_once(':')?;
    let kind = word.strip_prefix("expect")?;
    let is_word = kind.strip_prefix('-').is_some_and(|kind| kind.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    (kind.is_empty() || is_word).then(|| (word, text.strip_prefix(' ').unwrap_or(text).trim_end()))
}

impl Expectations {
    /// Takes one in.
    ///
    /// # Errors
    /// There is no such word, or its text means nothing: a sentence.
    pub fn add(&mut self, word: &str, text: &str, line: usize) -> Result<(), String> {
        let expected = || Expected { line, text: text.to_string() };
        match word {
            "expect" => self.output.push(expected()),
            "expect-error" if text.trim().is_empty() => return Err(format!("`{word}:` needs a text to look for")),
            "expect-error" => self.errors.push(Expected { line, text: text.trim().to_string() }),
            "expect-status" => {
                let status = text.trim().parse().map_err(|_| format!("`{word}:` takes a number, not `{text}`"))?;
                if self.status.replace((line, status)).is_some() {
                    return Err(format!("`{word}:` is said twice"));
                }
            }
            "expect-live-at-exit" => {
                let number = text.trim().parse().map_err(|_| format!("`{word}:` takes a number, not `{text}`"))?;
                if self.at_exit.replace((line, number)).is_some() {
                    return Err(format!("`{word}:` is said twice"));
                }
            }
            "expect-live-at-end" => {
                for part in text.split(',') {
                    self.at_end.push((line, count(part.trim())?));
                }
            }
            _ => return Err(format!("there is no `{word}:`; {}", proposal(word, &WORDS))),
        }
        Ok(())
    }

    /// Whether the script expects something of itself.
    pub fn is_any(&self) -> bool {
        !self.output.is_empty()
            || !self.errors.is_empty()
            || self.status.is_some()
            || self.at_exit.is_some()
            || !self.at_end.is_empty()
    }

    /// Whether something is expected on standard error.
    pub fn speaks_of_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether the script says how many values are alive after its end.
    pub fn speaks_of_leaks(&self) -> bool {
        self.at_exit.is_some()
    }

    /// What is not as expected, text by text. `alone`: nothing else says what the exit status has to be, so it has to be 0 if
    /// no error is expected.
    pub fn check(&self, got: &Got, script: &str, alone: bool, style: Style) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.output.is_empty() {
            let expected: String = self.output.iter().map(|line| line.text.clone() + "\n").collect();
            let printed: String = got.output.lines().map(|line| line.trim_end().to_string() + "\n").collect();
            if expected != printed {
                let line_of = |index: usize| self.output.get(index).map(|expected| expected.line);
                problems.push(
                    Diff {
                        what: "the output is not what the script expects",
                        expected: (&expected, &format!("`// expect:` in {script}")),
                        got: (&printed, "output"),
                        place: &|index| line_of(index).map(|line| format!("{script}:{line}")),
                        most: super::check::MOST,
                    }
                    .text(style),
                );
            }
        }
        for Expected { line, text } in &self.errors {
            if !got.error.lines().any(|found| found.contains(text)) {
                let text = visible(text);
                problems.push(format!("no line on standard error has `{text}`, which {script}:{line} expects\n"));
            }
        }
        match self.status {
            Some((line, status)) if status != got.status => {
                problems.push(format!("it ended with status {}; {script}:{line} expects {status}\n", got.status));
            }
            None if alone && self.errors.is_empty() && got.status != 0 => {
                problems.push(format!("it ended with status {}, which nothing in {script} expects\n", got.status));
            }
            _ => {}
        }
        problems.extend(self.live(got, script));
        problems
    }

    fn live(&self, got: &Got, script: &str) -> Vec<String> {
        let mut problems = Vec::new();
        for (line, Count { kind, number }) in &self.at_end {
            let live = live(&got.stats, *kind);
            if live != *number {
                let what = kind.unwrap_or("value");
                problems.push(format!(
                    "{live} of kind {what} alive at the end, before the last scope is popped; {script}:{line} expects {number}\n\
                     alive then: {}\n",
                    all(&got.stats)
                ));
            }
        }
        if let Some((line, number)) = self.at_exit
            && number != got.leaks.len() as u64
        {
            let count = got.leaks.len();
            let list: String = got.leaks.iter().map(|leak| format!("  {leak}\n")).collect();
            problems.push(format!(
                "{count} values alive after all scopes were popped; {script}:{line} expects {number}\n{list}"
            ));
        }
        problems
    }
}

fn count(text: &str) -> Result<Count, String> {
    let wrong = || {
        let kinds = KINDS.join(", ");
        format!(
            "expected a number, or kinds with theirs such as `object 2, array 0`, not `{text}`; the kinds are {kinds}"
        )
    };
    let (kind, number) = match text.split_once(char::is_whitespace) {
        Some((kind, number)) => (Some(*KINDS.iter().find(|known| **known == kind).ok_or_else(wrong)?), number),
        None => (None, text),
    };
    Ok(Count { kind, number: number.trim().parse().map_err(|_| wrong())? })
}

/// So many live values of a kind; of every kind but strings, which constants of the script are too.
fn live(stats: &Stats, kind: Option<&str>) -> u64 {
    let counted = |name: &str| match kind {
        Some(kind) => name == kind,
        None => name != "total" && name != "string",
    };
    stats.live.iter().filter(|(name, _)| counted(name)).map(|(_, count)| count).sum()
}

fn all(stats: &Stats) -> String {
    let some: Vec<String> = stats
        .live
        .iter()
        .filter(|(kind, count)| *kind != "total" && *count > 0)
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    if some.is_empty() { "nothing".to_string() } else { some.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_expectation() {
        assert_eq!(split(" expect: a: b "), Some(("expect", "a: b")));
        assert_eq!(split("expect:   a"), Some(("expect", "  a")));
        assert_eq!(split(" expect:"), Some(("expect", "")));
        assert_eq!(split(" expect-eror: a"), Some(("expect-eror", "a")));
        assert_eq!(split(" expects: a"), None);
        assert_eq!(split(" expect a: b"), None);
        assert_eq!(split(" what to expect: b"), None);
    }

    #[test]
    fn mistakes() {
        let mut expectations = Expectations::default();
        let mut refused = |word: &str, text: &str| expectations.add(word, text, 1).is_err();
        assert!(refused("expect-eror", "x") && refused("expect-status", "x") && refused("expect-error", " "));
        assert!(refused("expect-live-at-end", "objects 2") && refused("expect-live-at-end", "object"));
        assert!(refused("expect-live-at-exit", "none") && refused("expect-live-at-end", ""));
        assert!(!refused("expect-status", "1") && refused("expect-status", "1"));
        assert!(!refused("expect-live-at-end", "object 2, total 4") && !refused("expect-live-at-end", "7"));
    }

    #[test]
    fn kinds_are_those_of_the_statistics() {
        let stats = crate::embed::Engine::builder().build().stats();
        let kinds: Vec<&str> = stats.live.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, KINDS);
    }
}
