//! The memory model as traces: each script of `tests/traces`, its output and its events in one
//! snapshot. The first line says what is shown: `// trace: all`, a preset, or `summary` (how many
//! events of each kind).

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{
    Failures, Run, check_snapshots, difference, files, language_scripts, probate, probate_merged, read, shown,
    tests_folder,
};

fn scripts() -> Vec<PathBuf> {
    files(&tests_folder().join("traces"), "pbt")
}

/// What the first line of a script asks for.
fn wanted(script: &Path) -> String {
    let source = read(script);
    let first = source.lines().next().unwrap_or_default();
    let preset = first.strip_prefix("// trace: ");
    preset.unwrap_or_else(|| panic!("{}: no `// trace:` in the first line", shown(script))).to_owned()
}

fn is_large(script: &Path) -> bool {
    wanted(script) == "summary"
}

/// Output and events, interleaved as they came.
fn traced(script: &Path, preset: &str) -> Run {
    let name = shown(script);
    probate_merged(&[&format!("--trace={preset}"), &name], "")
}

/// The events of a run, to a file of its own, so that they do not mix with what the script writes.
fn events(script: &Path, preset: &str, flags: &[&str]) -> String {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let file = format!("events-{}.trace", FILES.fetch_add(1, Ordering::Relaxed));
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    let name = shown(script);
    let mut arguments = vec![format!("--trace={preset}"), "--trace-out".into(), out.display().to_string()];
    arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
    arguments.push(name);
    probate(&arguments);
    let text = read(&out);
    // Some are large.
    drop(std::fs::remove_file(&out));
    text
}

/// How many events of each kind; of deaths also of each cause, of moves of each reason.
fn summary(events: &str) -> String {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for line in events.lines().filter(|line| !line.starts_with('#')) {
        let word = line.split(' ').next().unwrap_or_default();
        let why = line.rsplit(' ').next().filter(|last| last.starts_with("why="));
        let kind = match (word, why) {
            // The words behind `alloc #4`: what was made.
            ("alloc", _) => format!("alloc {}", line.split(' ').nth(2).unwrap_or_default()),
            (word, Some(why)) => format!("{word} {why}"),
            (word, None) => word.to_owned(),
        };
        *counts.entry(kind).or_default() += 1;
    }
    counts.iter().fold(String::new(), |mut text, (kind, count)| {
        let _ = writeln!(text, "{count:>8} {kind}");
        text
    })
}

fn rendered(script: &Path) -> Result<String, String> {
    let (run, trace) = if is_large(script) {
        let run = probate_merged(&[&shown(script)], "");
        (run, format!("\n---- events ----\n{}", summary(&events(script, "all", &[]))))
    } else {
        (traced(script, &wanted(script)), String::new())
    };
    let status = run.status.ok_or("    killed, by a signal or at the deadline")?;
    let source = read(script);
    Ok(format!("{}\n---- exit status {status} ----\n{}{trace}", source.trim_end(), run.stdout))
}

#[test]
fn every_trace_is_as_it_was() {
    check_snapshots(&scripts(), &tests_folder().join("traces/snapshots"), rendered);
}

#[test]
fn a_second_run_gives_the_same_trace() {
    let mut failures = Failures::default();
    for script in scripts() {
        let preset = if is_large(&script) { "life".to_owned() } else { wanted(&script) };
        let (first, second) = (traced(&script, &preset), traced(&script, &preset));
        failures.check(&shown(&script), (first != second).then(|| difference(&first.stdout, &second.stdout)));
    }
    failures.finish("twice the same");
}

#[test]
fn recycling_is_no_part_of_what_happens() {
    let mut failures = Failures::default();
    let without_bins = |events: String| -> String {
        events.lines().filter(|line| !line.starts_with("recycle")).map(|line| format!("{line}\n")).collect()
    };
    for script in scripts() {
        let preset = if is_large(&script) { "life" } else { "all" };
        let (on, off) = (events(&script, preset, &[]), events(&script, preset, &["--recycle=off"]));
        assert!(!off.contains("recycle #"), "{}: nothing is recycled when it is off", shown(&script));
        let (on, off) = (without_bins(on), without_bins(off));
        failures.check(&shown(&script), (on != off).then(|| difference(&on, &off)));
    }
    failures.finish("--recycle=off");
}

#[test]
fn stress_changes_no_output() {
    let mut failures = Failures::default();
    for script in scripts() {
        // Walking a large heap after every statement would take hours.
        let stress = if is_large(&script) { "--gc-stress" } else { "--gc-stress=verify" };
        let name = shown(&script);
        let (plain, stressed) = (probate(&[&name]), probate(&[stress, &name]));
        let same = plain.stdout == stressed.stdout && plain.status == stressed.status;
        failures.check(
            &name,
            (!same).then(|| {
                format!(
                    "    status {:?}, stderr: {}\n{}",
                    stressed.status,
                    stressed.stderr,
                    difference(&plain.stdout, &stressed.stdout)
                )
            }),
        );
    }
    failures.finish("--gc-stress");
}

#[test]
fn tracing_changes_no_output() {
    let mut failures = Failures::default();
    for script in scripts() {
        let name = shown(&script);
        let preset = if is_large(&script) { "--trace=life" } else { "--trace=all" };
        let (plain, traced) = (probate(&[&name]), probate(&[preset, &name]));
        let same = plain.stdout == traced.stdout && plain.status == traced.status;
        failures.check(&name, (!same).then(|| difference(&plain.stdout, &traced.stdout)));
    }
    failures.finish("--trace");
}

#[test]
fn everything_that_is_born_dies_once() {
    let mut failures = Failures::default();
    for script in scripts() {
        let events = events(&script, "life", &[]);
        let mut living = BTreeSet::new();
        let mut problem = None;
        for line in events.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let known = match (words.next(), words.next()) {
                (Some("alloc"), Some(id)) => living.insert(id),
                (Some("free"), Some(id)) => living.remove(id),
                (Some("gc.begin" | "gc.mark" | "gc.end"), _) => true,
                (Some("final.queue" | "final.run" | "final.later" | "final.error" | "resurrect"), Some(id)) => {
                    living.contains(id)
                }
                _ => false,
            };
            if !known {
                problem.get_or_insert_with(|| format!("    at `{line}`"));
            }
        }
        if !living.is_empty() {
            let some: Vec<&str> = living.iter().take(5).copied().collect();
            problem.get_or_insert_with(|| format!("    {} never freed: {}", living.len(), some.join(" ")));
        }
        failures.check(&shown(&script), problem);
    }
    failures.finish("births and deaths");
}

/// What a reader of a trace knows about a container.
struct Known {
    count: i64,
    level: u32,
}

/// Follows a trace of everything: what it says about counts, levels and scopes has to fit what it said before.
#[derive(Default)]
struct Reader {
    living: BTreeMap<String, Known>,
    level: u32,
    /// Who holds what how often. Elements move in their array, so a container's places are not told apart.
    held: BTreeMap<(String, String), u32>,
    /// Whose finalizer is due and has not been called.
    due: BTreeSet<String>,
    /// What a captured variable holds is held under the variable's name, not its number.
    variables: BTreeSet<String>,
}

impl Reader {
    fn read(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split(' ').collect();
        let level = |text: &str| text.strip_prefix('s').and_then(|digits| digits.parse::<u32>().ok());
        let arrow = |text: &str| text.split_once('→').map(|(from, to)| (from.to_owned(), to.to_owned()));
        let id = words.get(1).copied().unwrap_or_default();
        if id.starts_with('@') {
            return Ok(());
        }
        match words[0] {
            "scope.push" if level(id) == Some(self.level + 1) => self.level += 1,
            "scope.pop" if level(id) == Some(self.level) => self.level -= 1,
            "alloc" => {
                let level = level(words[3]).ok_or("no level")?;
                if words[2] == "variable" {
                    self.variables.insert(id.to_owned());
                }
                if level != self.level || self.living.insert(id.to_owned(), Known { count: 0, level }).is_some() {
                    return Err(format!("the current level is {}", self.level));
                }
            }
            "free" => match self.living.remove(id) {
                Some(Known { count: 0, .. }) => {}
                Some(Known { count, .. }) => return Err(format!("its count is {count}")),
                None => return Err("it is not alive".into()),
            },
            // A dead one may still be talked about: it waits for its scope to be gone.
            "delay" | "recycle" if !self.living.contains_key(id) => {}
            "sweep" | "check" | "gc.begin" | "gc.mark" | "gc.end" => {}
            word if (word.starts_with("final.") || word == "resurrect") && !self.living.contains_key(id) => {
                return Err("it is not alive".into());
            }
            "final.queue" if !self.due.insert(id.to_owned()) => return Err("it is due already".into()),
            "final.run" if !self.due.remove(id) => return Err("it is not due".into()),
            "final.later" if !self.due.contains(id) => return Err("it is not due".into()),
            "final.queue" | "final.run" | "final.later" | "final.error" | "resurrect" => {}
            word => {
                let known = self.living.get_mut(id).ok_or("it is not alive")?;
                let change = words.get(2).and_then(|text| arrow(text));
                let by = words.get(3..).unwrap_or_default().join(" ");
                let holder = by.strip_prefix("by ").unwrap_or_default();
                let holder = match holder.find(['.', '[', '(']) {
                    Some(end) if holder.starts_with('#') => &holder[..end],
                    _ => holder,
                };
                let held = self.held.entry((holder.to_owned(), id.to_owned())).or_default();
                match word {
                    "ref" => *held += 1,
                    "unref" if self.variables.contains(holder) || holder == "(cycle)" => {}
                    "unref" if *held == 0 => return Err(format!("`{holder}` does not hold it")),
                    "unref" => *held -= 1,
                    _ => {}
                }
                let fits = match (word, change) {
                    ("ref" | "unref", Some((from, to))) => {
                        let fits = from.parse() == Ok(known.count);
                        known.count += if word == "ref" { 1 } else { -1 };
                        fits && to.parse() == Ok(known.count)
                    }
                    ("rescope", Some((from, to))) => {
                        let (from, to) = (level(&from).ok_or("no level")?, level(&to).ok_or("no level")?);
                        let fits = from == known.level && to < from;
                        known.level = to;
                        fits
                    }
                    ("prob" | "unprob", None) => known.count == 0,
                    ("unref-head", None) => {
                        known.count -= 1;
                        known.count >= 0 && known.level == self.level
                    }
                    _ => false,
                };
                if !fits {
                    return Err(format!("its count is {}, its level {}", known.count, known.level));
                }
            }
        }
        Ok(())
    }
}

#[test]
fn a_trace_of_everything_can_be_followed() {
    let mut failures = Failures::default();
    let small = scripts().into_iter().filter(|script| !is_large(script));
    for script in small.chain(language_scripts()) {
        let mut reader = Reader::default();
        let events = events(&script, "all", &[]);
        let lines = events.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let problem =
            lines.map(|(at, line)| reader.read(line).map_err(|why| format!("    line {}: `{line}`: {why}", at + 1)));
        let problem = problem.filter_map(Result::err).next();
        failures.check(&shown(&script), problem);
    }
    failures.finish("--trace=all");
}

#[test]
fn the_tour_of_finalizers_reads_like_a_story() {
    let script = tests_folder().join("../scripts/examples/finalizers.pbt");
    let run = traced(&script, "life");
    assert_eq!(run.status, Some(0));
    insta::assert_snapshot!("finalizers_tour", run.stdout);
}
