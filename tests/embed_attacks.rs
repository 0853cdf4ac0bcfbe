//! The attack corpus through the embedding API: evaluated, and called by a function of the host that a script has called, which swallows what it gets and goes on. Each
//! attack ends in an `Error` of its own, and the engine is as it was before.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use probate::embed::{Context, Engine, Error, Handle};
use probate::vm::Options;
use probate::vm::error::Failure;
use probate::vm::limits::Limit;
use support::Failures;
use support::attacks::{Attack, attacks};

/// Attacks that are something else through the API, and why.
const SKIPPED: [(&str, &str); 1] =
    [("finalizer-at-exit", "its finalizer runs when the engine is finished, and not in the evaluation")];

/// `tests/attacks.rs` gives them all that they are written for. Here the limit that ends one is this much lower, so that twice as many runs take less time.
const SCALE: u64 = 8;

/// The number of a size such as `64M`.
fn number(text: &str) -> u64 {
    let (digits, unit) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) => (
            digits,
            match text.as_bytes()[text.len() - 1] {
                b'K' => 1 << 10,
                b'M' => 1 << 20,
                _ => 1 << 30,
            },
        ),
        None => (text, 1),
    };
    digits.parse::<u64>().expect("a number") * unit
}

/// An engine with the limits that the command line would have.
fn engine(attack: &Attack) -> Engine {
    let lower = |status: i32| if attack.status == status { SCALE } else { 1 };
    let mut options = Options::default();
    options.heap.max_bytes = (256 << 20) / lower(76);
    for option in &attack.options {
        let (name, value) = option.split_once('=').expect("an option with a value");
        match name {
            "--max-memory" => options.heap.max_bytes = number(value) / lower(76),
            "--fuel" => options.fuel = Some(number(value) / lower(75)),
            "--max-output" => options.max_output = Some(number(value) / lower(74)),
            "--max-depth" => options.max_depth = usize::try_from(number(value)).expect("a number of calls"),
            "--finalizer-fuel" => options.finalizer_fuel = Some(number(value)),
            "--timeout" => {
                let milliseconds = value.strip_suffix("ms").expect("a time in ms");
                options.timeout = Some(Duration::from_millis(milliseconds.parse().expect("a time")));
            }
            _ => panic!("{name} is not known here"),
        }
    }
    Engine::builder().options(options).build()
}

/// The status with which the command line would end.
fn status_of<T>(result: &Result<T, Error>) -> i32 {
    match result {
        Ok(_) => 0,
        Err(Error::Syntax(_)) => 65,
        Err(Error::Thrown(_)) => 1,
        Err(Error::Failure(Failure::Exit(status))) => *status,
        Err(error) => match error.limit() {
            Some(Limit::Output(_)) => 74,
            Some(Limit::Fuel(_) | Limit::Time(_)) => 75,
            Some(Limit::Memory(_) | Limit::System) => 76,
            _ => -1,
        },
    }
}

fn shown<T>(result: &Result<T, Error>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(error) => error.to_string().chars().take(200).collect(),
    }
}

/// What is alive, but for texts: those of keys stay with the shapes of objects.
fn containers(engine: &Engine) -> u64 {
    let live = engine.stats().live;
    live.iter().filter(|(kind, _)| !matches!(*kind, "string" | "total")).map(|(_, count)| count).sum()
}

/// That nothing is left of what an engine did.
fn check_rest(engine: &mut Engine, before: u64) -> Result<(), String> {
    let two = engine.eval::<i32>("1 + 1");
    if two != Ok(2) {
        return Err(format!("1 + 1 is then: {}", shown(&two)));
    }
    engine.verify()?;
    let open = engine.open_handles();
    if !open.is_empty() {
        return Err(format!("{} handles are open, such as {}", open.len(), open[0]));
    }
    engine.finish();
    engine.verify()?;
    if let Some(leak) = engine.leaks().first() {
        return Err(format!("leaked: {leak:?}"));
    }
    match containers(engine) {
        after if after != before => Err(format!("{after} values are left, and not {before}")),
        _ if engine.eval::<i32>("1 + 1") != Ok(2) => Err("1 + 1 after the end".to_string()),
        _ => Ok(()),
    }
}

fn check_result<T>(attack: &Attack, result: &Result<T, Error>) -> Result<(), String> {
    let status = status_of(result);
    if status != attack.status {
        return Err(format!("status {status}, not {}: {}", attack.status, shown(result)));
    }
    let text = match result {
        // The command line sums many up.
        Err(Error::Syntax(errors)) if attack.says.starts_with("error") => format!("{} errors", errors.len()),
        Err(error) => error.to_string(),
        Ok(_) => return Ok(()),
    };
    // It says of an exception that nobody caught it; here somebody has.
    let says = attack.says.trim_start_matches("Uncaught ");
    // The limit's value is another.
    let says = if status >= 74 { says.split_once(" of ").map_or(says, |(kind, _)| kind) } else { says };
    if text.contains(says) { Ok(()) } else { Err(format!("it does not say `{says}`: {}", shown(result))) }
}

/// The attack as a program.
fn evaluated(attack: &Attack) -> Result<(), String> {
    let mut engine = engine(attack);
    engine.finish();
    let before = containers(&engine);
    let result = engine.eval::<()>(&attack.source);
    check_result(attack, &result)?;
    drop(result);
    check_rest(&mut engine, before)
}

/// What the function of the host got.
type Log = Arc<Mutex<Vec<Result<(), Error>>>>;

/// The attack as a function, called by a script, by the host, by a script, by `map`, by a script.
fn inside(attack: &Attack) -> Result<(), String> {
    let mut engine = engine(attack);
    let log: Log = Log::default();
    let told = Arc::clone(&log);
    engine.function("shield", move |cx: &mut Context, attack: Handle, after: Handle| {
        let first = attack.call::<()>(cx, ());
        let second = after.call::<()>(cx, ());
        told.lock().expect("no panic").extend([first, second]);
        7
    });
    engine.finish();
    let before = containers(&engine);
    let compiled = engine.compile_function("attack.pbt", &[], &attack.source);
    let Ok(function) = compiled else {
        check_result(attack, &compiled)?;
        return check_rest(&mut engine, before);
    };
    engine.set_global("attack", function).map_err(|error| error.to_string())?;
    let result = engine.eval::<i32>(
        "function outer() {
            try { return [0].map(() => shield(() => attack(), () => 1))[0]; }
            catch (error) { return 8; }
            finally { globalFinally = true; }
        }
        let globalFinally = false;
        outer()",
    );
    let told = std::mem::take(&mut *log.lock().expect("no panic"));
    let [first, second] = &told[..] else { return Err(format!("the host was told {} times", told.len())) };
    check_result(attack, first)?;
    if attack.status < 2 {
        // An exception is over when the host has it.
        if result != Ok(7) || second.is_err() {
            return Err(format!("it was not over: {}, {}", shown(second), shown(&result)));
        }
    } else {
        // A limit is not, and no script catches it on the way.
        let (limit, text) = (first.as_ref().map_err(Error::limit), shown(first));
        if second.as_ref().map_err(Error::limit) != limit || result.as_ref().map(|_| &()).map_err(Error::limit) != limit
        {
            return Err(format!("{text} was swallowed: {}, {}", shown(second), shown(&result)));
        }
        if engine.global::<bool>("globalFinally") == Ok(true) {
            return Err("a `finally` block has run".to_string());
        }
    }
    drop((told, result));
    check_rest(&mut engine, before)
}

/// Runs all attacks in one way.
fn run_all(way: fn(&Attack) -> Result<(), String>) {
    let only = std::env::var("ATTACK").unwrap_or_default();
    let mut attacks = attacks();
    attacks.retain(|attack| attack.name.contains(&only) && SKIPPED.iter().all(|(name, _)| attack.name != *name));
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(|| {
                while let Some(attack) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let panicked = |_| Err("it panicked".to_string());
                    let outcome = std::panic::catch_unwind(|| way(attack)).unwrap_or_else(panicked);
                    if let Err(problem) = &outcome {
                        eprintln!("{}: {problem}", attack.name);
                    }
                    outcomes.lock().expect("no panic").push((&attack.name, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no panic");
    outcomes.sort();
    let mut failures = Failures::default();
    for (name, outcome) in outcomes {
        failures.check(name, outcome.err().map(|problem| format!("    {problem}\n")));
    }
    failures.finish("attacks");
}

#[test]
fn every_attack_ends_in_its_own_error() {
    run_all(evaluated);
}

#[test]
fn inside_a_function_of_the_host_too() {
    run_all(inside);
}
