//! Hostile scripts: those of `tests/limits`, and some whose text is too large to keep. Each ends with its status and message, and in bounded memory.
//!
//! The head of a script says how it is run and what is expected: `// options:`, `// status:`, `// says:` (on standard error). Whatever it writes, `caught` and `finally`
//! are not among it. Peak resident memory has to stay under twice the memory limit and a constant; it is the system's own high-water mark, read until the process ends (Linux).
//! With `LIMITS_TABLE=FILE` the table of docs/limits.md is written there.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{Failures, files, probate_command, read, temporary, tests_folder};

/// What hangs is ended then, and fails. It is far above what any of them takes.
const DEADLINE: Duration = Duration::from_secs(120);
/// The limit of scripts that name none.
const USUAL: u64 = 256;
/// What the process takes before it runs anything, and what an allocator may keep back, in MiB.
const BASE: u64 = 24;

struct Attack {
    name: String,
    what: String,
    options: Vec<String>,
    status: i32,
    says: String,
    source: String,
}

struct Outcome {
    status: Option<i32>,
    stdout: String,
    stderr: String,
    /// In MiB; 0 where it is not known.
    peak: u64,
}

/// The value of a line `// key: value` at the head of a script.
fn head<'s>(source: &'s str, key: &str) -> &'s str {
    let lines = source.lines().take_while(|line| line.starts_with("//"));
    lines.filter_map(|line| line.strip_prefix("// ")?.strip_prefix(key)?.strip_prefix(": ")).next().unwrap_or("")
}

fn kept() -> Vec<Attack> {
    let attack = |path: &Path| {
        let source = read(path);
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Attack {
            what: source.lines().next().unwrap_or("").trim_start_matches("// ").to_string(),
            options: head(&source, "options").split_whitespace().map(str::to_string).collect(),
            status: head(&source, "status").parse().unwrap_or_else(|error| panic!("{name}: status: {error}")),
            says: head(&source, "says").to_string(),
            name,
            source,
        }
    };
    files(&tests_folder().join("limits"), "pbt").iter().map(|path| attack(path)).collect()
}

/// Scripts whose text is the attack.
fn generated() -> Vec<Attack> {
    let attack = |name: &str, what: &str, options: &str, status: i32, says: &str, source: String| Attack {
        name: name.to_string(),
        what: what.to_string(),
        options: options.split_whitespace().map(str::to_string).collect(),
        status,
        says: says.to_string(),
        source,
    };
    let numbered = |count: u32, part: &dyn Fn(u32) -> String| (0..count).map(part).collect::<String>();
    vec![
        attack(
            "source-nested-arrays",
            "A million brackets.",
            "",
            65,
            "nested too deeply",
            "[".repeat(1_000_000) + &"]".repeat(1_000_000),
        ),
        attack(
            "source-nested-open",
            "A million brackets that nobody closes.",
            "",
            65,
            "nested too deeply",
            "(".repeat(1_000_000),
        ),
        attack("source-nested-blocks", "A million blocks.", "", 65, "nested too deeply", "{".repeat(1_000_000)),
        attack(
            "source-nested-templates",
            "Templates in templates.",
            "",
            65,
            "nested too deeply",
            "`${".repeat(200_000),
        ),
        attack(
            "source-unary",
            "A hundred thousand signs in front of a number.",
            "",
            65,
            "nested too deeply",
            "- ".repeat(100_000) + "1",
        ),
        attack("source-arrows", "Functions in functions.", "", 65, "nested too deeply", "() => ".repeat(100_000) + "1"),
        attack("source-long-sum", "A sum of 300,000 numbers.", "", 0, "", "1".to_string() + &" + 1".repeat(300_000)),
        attack(
            "source-long-name",
            "A name of ten megabytes.",
            "",
            0,
            "",
            format!("const {0} = 1; {0};", "x".repeat(10_000_000)),
        ),
        attack(
            "source-long-number",
            "A number of a million digits.",
            "",
            0,
            "",
            format!("const x = 0.{};", "1".repeat(1_000_000)),
        ),
        attack(
            "source-comments",
            "Fifty megabytes of comments.",
            "",
            0,
            "",
            "// nothing to see here, move along\n".repeat(1_500_000),
        ),
        attack("source-errors", "A hundred thousand mistakes.", "", 65, "errors", "let = ;\n".repeat(100_000)),
        attack(
            "source-many-variables",
            "Variables without end in one function.",
            "",
            65,
            "error",
            format!("function f() {{ {} }}", numbered(100_000, &|n| format!("let v{n} = {n};"))),
        ),
        attack(
            "source-switch",
            "A switch with 20,000 cases.",
            "--fuel=1000000",
            75,
            "fuel limit of 1,000,000 reached",
            format!(
                "for (let i = 0; ; i += 1) {{ switch (i) {{ {} }} }}",
                numbered(20_000, &|n| format!("case {n}: break;"))
            ),
        ),
        attack(
            "source-literal-keys",
            "A literal with 10,000 keys: a dictionary, not a shape a key.",
            "--max-memory=64M",
            0,
            "",
            format!("const o = {{ {} }};", numbered(10_000, &|n| format!("k{n}: {n},"))),
        ),
        attack(
            "source-private-names",
            "A class with 5,000 private fields, instances without end.",
            "--max-memory=64M",
            76,
            "memory limit of 64 MiB reached",
            format!(
                "class A {{ {} }}\nconst all = []; for (;;) {{ all.push(new A()); }}",
                numbered(5_000, &|n| format!("#p{n} = {n};"))
            ),
        ),
        attack(
            "source-frames",
            "A function with many variables that calls itself.",
            "--max-memory=64M",
            76,
            "memory limit of 64 MiB reached",
            format!("function f() {{ {} return f() + 1; }} f();", numbered(8_000, &|n| format!("let v{n} = {n};"))),
        ),
        attack(
            "source-scopes",
            "A recursion through 900 blocks, deeper than there is memory for.",
            "--max-memory=256M --max-depth=1000000",
            76,
            "memory limit of 256 MiB reached",
            format!(
                "function f() {{ {} f(); {} }} f();",
                numbered(900, &|n| format!("{{ const o{n} = {{}};")),
                "}".repeat(900)
            ),
        ),
    ]
}

fn run(attack: &Attack) -> Outcome {
    let script = temporary(&format!("{}.pbt", attack.name), &attack.source);
    let mut arguments = attack.options.clone();
    if !arguments.iter().any(|option| option.starts_with("--max-memory")) {
        arguments.push(format!("--max-memory={USUAL}M"));
    }
    arguments.push(script.to_string_lossy().into_owned());
    let mut command = probate_command(&arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary under test");
    let drain = |mut stream: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(stream.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = drain(Box::new(child.stdout.take().expect("piped")));
    let stderr = drain(Box::new(child.stderr.take().expect("piped")));
    let (started, status_file) = (Instant::now(), format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water_mark(&status_file));
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            break Some(status);
        }
        if started.elapsed() > DEADLINE {
            drop(child.kill());
            drop(child.wait());
            break None;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    drop(fs::remove_file(script));
    Outcome { status: status.as_ref().and_then(ExitStatus::code), stdout, stderr, peak: peak.div_ceil(1024) }
}

/// The most memory that was ever resident, in KiB.
fn high_water_mark(status_file: &str) -> u64 {
    let status = fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn limit_of(attack: &Attack) -> u64 {
    let option = attack.options.iter().find_map(|option| option.strip_prefix("--max-memory="));
    match option {
        Some(text) if text.ends_with('G') => text.trim_end_matches('G').parse::<u64>().expect("a number") * 1024,
        Some(text) => text.trim_end_matches('M').parse().expect("a number of MiB"),
        None => USUAL,
    }
}

fn problem(attack: &Attack, outcome: &Outcome) -> Option<String> {
    let mut problem = String::new();
    if outcome.status != Some(attack.status) {
        let _ = writeln!(problem, "    status {:?}, not {}", outcome.status, attack.status);
    }
    if !outcome.stderr.contains(&attack.says) {
        let _ = writeln!(problem, "    it does not say `{}`", attack.says);
    }
    for word in ["panicked", "overflowed its stack", "internal error"] {
        if outcome.stderr.contains(word) {
            let _ = writeln!(problem, "    {word}");
        }
    }
    if outcome.stdout.contains("caught") || outcome.stdout.contains("finally") {
        problem.push_str("    it was caught\n");
    }
    let most = 2 * limit_of(attack) + BASE;
    if outcome.peak > most {
        let _ = writeln!(problem, "    {} MiB, and not at most {most}", outcome.peak);
    }
    if !problem.is_empty() {
        let shown: Vec<String> = outcome.stderr.lines().take(6).map(|line| line.chars().take(160).collect()).collect();
        let _ = writeln!(problem, "    stderr:\n      {}", shown.join("\n      "));
    }
    (!problem.is_empty()).then_some(problem)
}

#[test]
fn every_attack_is_contained() {
    let only = std::env::var("ATTACK").unwrap_or_default();
    let mut attacks: Vec<Attack> = kept().into_iter().chain(generated()).collect();
    attacks.retain(|attack| attack.name.contains(&only));
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(|| {
                while let Some(attack) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(attack);
                    outcomes.lock().expect("no panic").push((attack, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no panic");
    outcomes.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    if let Some(file) = std::env::var_os("LIMITS_TABLE") {
        fs::write(file, table(&outcomes)).expect("a file to write to");
    }
    let mut failures = Failures::default();
    for (attack, outcome) in &outcomes {
        failures.check(&attack.name, problem(attack, outcome));
    }
    failures.finish("attacks");
}

fn table(outcomes: &[(&Attack, Outcome)]) -> String {
    let mut text = "| Attack | | Options | Status | Peak, MiB |\n|---|---|---|---|---|\n".to_string();
    for (attack, outcome) in outcomes {
        let status = outcome.status.map_or("–".to_string(), |status| status.to_string());
        let options = attack.options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "| {} | {} | {options} | {status} | {} |", attack.name, attack.what, outcome.peak);
    }
    text
}
