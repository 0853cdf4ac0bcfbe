//! What is said about the tests as they come in, and the sum at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::check::{Report, Verdict};
use super::shown;
use super::style::Style;

/// Counts verdicts, and words them.
pub struct Summary {
    style: Style,
    quiet: bool,
    counts: [usize; VERDICTS.len()],
    deleted: usize,
    /// By reason: how many were skipped, and the first of them.
    skipped: BTreeMap<String, (usize, String)>,
}

/// Verdicts in the order of the sum: the word there, and the one in front of a test's name.
const VERDICTS: [(Verdict, &str, &str); 6] = [
    (Verdict::Passed, "passed", ""),
    (Verdict::Failed, "failed", "FAILED"),
    (Verdict::New, "new", "NEW"),
    (Verdict::Written, "written", "WRITTEN"),
    (Verdict::Rewritten, "rewritten", "REWRITTEN"),
    (Verdict::Skipped, "skipped", "SKIPPED"),
];

const ADVICE: &str = "\
If what a new test does is right, record it in a snapshot: probate test --update PATH
Or say in the script what to expect: // expect: TEXT

";

fn index(verdict: Verdict) -> usize {
    VERDICTS.iter().position(|(known, ..)| *known == verdict).unwrap_or_default()
}

/// Whether a test with this verdict is a reason to fail.
pub fn is_bad(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Failed | Verdict::New)
}

impl Summary {
    pub fn new(style: Style, quiet: bool) -> Summary {
        Summary { style, quiet, counts: [0; VERDICTS.len()], deleted: 0, skipped: BTreeMap::new() }
    }

    /// Counts a test. What is to be said about it, if anything.
    pub fn add(&mut self, path: &Path, report: &Report) -> String {
        let Report { verdict, details } = report;
        self.counts[index(*verdict)] += 1;
        let word = VERDICTS[index(*verdict)].2;
        match verdict {
            Verdict::Passed => String::new(),
            Verdict::Skipped => {
                let reason = self.skipped.entry(details.trim_end().to_string());
                reason.or_insert_with(|| (0, shown(path))).0 += 1;
                String::new()
            }
            Verdict::Written | Verdict::Rewritten if self.quiet => String::new(),
            Verdict::Written | Verdict::Rewritten => {
                format!("{} {}\n", self.style.green(word), shown(&path.with_extension("snap")))
            }
            Verdict::Failed | Verdict::New => {
                let word = if *verdict == Verdict::Failed { self.style.red(word) } else { self.style.yellow(word) };
                let mut text = format!("{word} {}\n", shown(path));
                if !self.quiet {
                    for line in details.lines() {
                        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
                    }
                    text.push('\n');
                }
                text
            }
        }
    }

    /// Counts a snapshot that was deleted.
    pub fn deleted(&mut self, name: &str) -> String {
        self.deleted += 1;
        if self.quiet { String::new() } else { format!("{} {name}\n", self.style.green("DELETED")) }
    }

    /// Whether every test is as it should be.
    pub fn is_good(&self) -> bool {
        VERDICTS.iter().zip(self.counts).all(|((verdict, ..), count)| count == 0 || !is_bad(*verdict))
    }

    /// What was skipped and why, what to do about new tests, and the sum: `12 passed, 1 failed (0.3 s)`; `all`: how many tests
    /// there are, run or not.
    pub fn end(&self, all: usize, time: Duration) -> String {
        if self.quiet {
            return String::new();
        }
        let mut text = String::new();
        for (reason, (count, first)) in &self.skipped {
            let what = if *count == 1 { first.clone() } else { format!("{count} tests") };
            let reason = if reason.is_empty() { String::new() } else { self.style.dim(&format!(": {reason}")) };
            let _ = writeln!(text, "{} {what}{reason}", self.style.yellow("SKIPPED"));
        }
        if self.counts[index(Verdict::New)] > 0 {
            text += ADVICE;
        }
        let _ = writeln!(text, "{} ({:.1} s)", self.sum(all), time.as_secs_f64());
        text
    }

    fn sum(&self, all: usize) -> String {
        let mut parts: Vec<String> = VERDICTS
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
            .map(|((verdict, word, _), count)| {
                let text = format!("{count} {word}");
                match verdict {
                    Verdict::Passed => self.style.green(&text),
                    Verdict::Failed => self.style.red(&text),
                    Verdict::New => self.style.yellow(&text),
                    _ => text,
                }
            })
            .collect();
        let run = self.counts.iter().sum();
        for (count, word) in [(self.deleted, "deleted"), (all.saturating_sub(run), "not run")] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        parts.join(", ")
    }
}
