//! docs/library.md describes every built-in that the engine has, and nothing else; every line of its examples gives what it says.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use probate::cli::files::Lent;
use probate::cli::grants::{Grants, Need, Place};
use probate::cli::help::{self, Entry, Section};
use probate::embed::{Engine, Error};
use probate::vm::error::Failure;
use probate::vm::files::{Environment, FileError, Files};
use probate::vm::host::{Closed, Host, Stream};
use support::Failures;

/// The section whose entries are words, and no built-ins.
const WORDS: &str = "Memory words";

fn built_ins() -> impl Iterator<Item = &'static Section> {
    help::sections().iter().filter(|section| section.title != WORDS)
}

#[test]
fn every_builtin_is_described_and_nothing_else() {
    let scratch = Scratch::new("names");
    let installed = Engine::builder().host(Desk::new(&Arc::default(), &scratch)).build().builtins();
    let there: BTreeSet<&str> = installed.iter().map(String::as_str).collect();
    assert_eq!(there.len(), installed.len(), "a name stands for one built-in");
    let entries: Vec<&str> = built_ins().flat_map(|section| &section.entries).map(|entry| entry.name).collect();
    let titles = built_ins().map(|section| section.title).filter(|title| there.contains(title));
    let described: BTreeSet<&str> = entries.iter().copied().chain(titles).collect();
    let missing: Vec<_> = there.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&there).collect();
    assert!(missing.is_empty(), "not in docs/library.md: {missing:?}");
    assert!(unknown.is_empty(), "in docs/library.md, but not in the engine: {unknown:?}");
    assert_eq!(entries.len(), entries.iter().collect::<BTreeSet<_>>().len(), "an entry a name");
}

#[test]
fn sections_have_what_belongs_to_them_in_order() {
    for section in built_ins() {
        let groups: Vec<(bool, &str)> = section.entries.iter().map(|entry| rank(section.title, entry.name)).collect();
        assert!(groups.is_sorted(), "{}: {groups:?}", section.title);
        for entry in &section.entries {
            let owner = entry.name.split_once('.').map_or(entry.name, |(owner, _)| owner);
            let own = owner.eq_ignore_ascii_case(section.title) || entry.name == owner;
            assert!(own, "{} in {}", entry.name, section.title);
        }
    }
}

/// The class and its functions come before the methods and properties of its values, the latter by the alphabet.
fn rank<'n>(title: &str, name: &'n str) -> (bool, &'n str) {
    match name.split_once('.') {
        Some((owner, member)) if owner != title => (true, member),
        _ => (false, ""),
    }
}

/// What a line of an example says that comes out of it.
enum Promise<'e> {
    /// The value, as the prompt prints it.
    Value(&'e str),
    /// A line of output.
    Prints(&'e str),
    /// Name and message of an error.
    Throws(&'e str),
    /// The exit status with which it ends the program.
    Exits(&'e str),
}

fn promise(comment: &str) -> Promise<'_> {
    if let Some(line) = comment.strip_prefix("prints: ") {
        return Promise::Prints(line);
    }
    if let Some(status) = comment.strip_prefix("exits: ") {
        return Promise::Exits(status);
    }
    match comment.split_once(": ") {
        Some((name, _)) if name.ends_with("Error") && !name.starts_with('\'') => Promise::Throws(comment),
        _ => Promise::Value(comment),
    }
}

/// An example made a script that prints a line for each promise, and the lines that it has to print.
struct Example {
    script: String,
    expected: Vec<String>,
    status: Option<i32>,
}

impl Example {
    fn of(entry: &Entry) -> Example {
        let mut example = Example { script: String::new(), expected: Vec::new(), status: None };
        for line in entry.example.lines() {
            example.take(line);
        }
        example
    }

    fn take(&mut self, line: &str) {
        let (code, comment) = match line.strip_prefix("// ") {
            Some(comment) => ("", comment),
            None => match line.split_once(" // ") {
                Some((code, comment)) => (code.trim_end(), comment.trim()),
                None => return self.script.push_str(&format!("{line}\n")),
            },
        };
        let statement = match promise(comment) {
            Promise::Value(value) => {
                self.expected.push(value.to_string());
                format!("console.log(\"%O\", {code});")
            }
            Promise::Prints(output) => {
                self.expected.push(output.to_string());
                code.to_string()
            }
            Promise::Throws(error) => {
                self.expected.push(error.to_string());
                format!("try {{ {code}; console.log(\"no error\"); }} catch (error) {{ console.log(String(error)); }}")
            }
            Promise::Exits(status) => {
                self.status = Some(status.parse().expect("a number"));
                code.to_string()
            }
        };
        self.script.push_str(&format!("{statement}\n"));
    }

    /// What is wrong with it.
    fn check(&self) -> Option<String> {
        let written = Arc::new(Mutex::new(String::new()));
        let scratch = Scratch::new("example");
        let host = Desk::new(&written, &scratch);
        let mut engine = Engine::builder().host(host).args(["in.txt", "-v"]).build();
        let status = match engine.run("example.pbt", &self.script) {
            Ok(_) => None,
            Err(Error::Failure(Failure::Exit(status))) => Some(status),
            Err(error) => return Some(format!("    {error}\n{}", self.script)),
        };
        engine.finish();
        if status != self.status {
            return Some(format!("    exit status {status:?}"));
        }
        let written = written.lock().unwrap();
        let printed: Vec<&str> = written.lines().collect();
        (printed != self.expected).then(|| format!("    expected {:#?}\n    printed {printed:#?}", self.expected))
    }
}

/// A host with two lines of input, a clock, a folder and a variable, which keeps what is written to either stream.
struct Desk {
    written: Arc<Mutex<String>>,
    /// Lines, the next one last.
    input: Vec<&'static str>,
    elapsed: f64,
    lent: Lent,
}

/// A folder of its own with the file of the examples, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("probate-library-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a scratch folder");
        fs::write(path.join("pens.txt"), "blue\nred\n").expect("a file");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Desk {
    fn new(written: &Arc<Mutex<String>>, scratch: &Scratch) -> Desk {
        let mut grants = Grants::new(scratch.0.clone());
        for need in [Need::Read, Need::Write] {
            grants.allow(need, &Place::Folder(".".into())).expect("the scratch folder");
        }
        let lent = Lent::new(Arc::new(grants));
        Desk { written: Arc::clone(written), input: vec!["second", "first"], elapsed: 0.0, lent }
    }
}

impl Environment for Desk {
    fn get(&mut self, name: &str) -> Result<Option<String>, FileError> {
        Ok(self.has(name).then(|| "/home/ada".to_string()))
    }

    fn has(&mut self, name: &str) -> bool {
        name == "HOME"
    }

    fn names(&mut self) -> Vec<String> {
        vec!["HOME".to_string()]
    }
}

impl Host for Desk {
    fn write(&mut self, _stream: Stream, text: &str) -> Result<(), Closed> {
        self.written.lock().unwrap().push_str(text);
        Ok(())
    }

    fn read_text(&mut self) -> Result<String, String> {
        Ok(self.input.drain(..).rev().map(|line| format!("{line}\n")).collect())
    }

    fn read_line(&mut self) -> Result<Option<String>, String> {
        Ok(self.input.pop().map(str::to_string))
    }

    fn now(&mut self) -> f64 {
        1.7e12
    }

    fn elapsed(&mut self) -> f64 {
        self.elapsed += 0.5;
        self.elapsed
    }

    fn seed(&mut self) -> u64 {
        42
    }

    fn files(&mut self) -> Option<&mut dyn Files> {
        self.lent.files()
    }

    fn environment(&mut self) -> Option<&mut dyn Environment> {
        Some(self)
    }
}

#[test]
fn every_example_gives_what_it_says() {
    let mut failures = Failures::default();
    for entry in help::sections().iter().flat_map(|section| &section.entries) {
        let example = Example::of(entry);
        let promises = example.expected.len() + usize::from(example.status.is_some());
        let problem = if promises == 0 { Some("    promises nothing".to_string()) } else { example.check() };
        failures.check(entry.name, problem);
    }
    failures.finish("examples in docs/library.md");
}
