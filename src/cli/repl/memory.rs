//! Commands that look at the heap and work on it: `.gc`, `.sweep`, `.heap`, `.scopes`, `.trace`, `.reset`.

use std::fmt::Write as _;

use super::{Flow, Repl};
use crate::embed::{Engine, Stats};
use crate::events::Preset;

/// New values that `.heap diff` names.
const NAMED: usize = 20;

/// The heap as it was when it was looked at.
pub struct Look {
    stats: Stats,
    /// The number of the container allocated last.
    newest: u64,
}

impl Look {
    pub fn at(engine: &Engine) -> Look {
        Look { stats: engine.stats(), newest: engine.newest() }
    }
}

pub fn gc(repl: &mut Repl, _: &str) -> Flow {
    repl.record_anew();
    let (live, found, left) = {
        let mut engine = repl.engine.borrow_mut();
        let live = total(&engine.stats());
        (live, engine.collect(), total(&engine.stats()))
    };
    repl.say(&format!("{found} found that nothing reaches; {live} alive before, {left} after\n"));
    Flow::Continue
}

pub fn sweep(repl: &mut Repl, _: &str) -> Flow {
    let (probationary, freed) = {
        let mut engine = repl.engine.borrow_mut();
        (engine.stats().probationary, engine.sweep())
    };
    repl.say(&format!("{probationary} on probation, {freed} freed: every input is swept when its value was shown\n"));
    Flow::Continue
}

pub fn heap(repl: &mut Repl, argument: &str) -> Flow {
    match argument {
        "" => {
            let text = whole(&repl.engine.borrow());
            repl.say(&text);
        }
        "diff" => {
            let text = difference(&mut repl.engine.borrow_mut(), &repl.looked);
            repl.say(&text);
        }
        _ => {
            repl.complain("`.heap` shows the heap, `.heap diff` what has changed since the last look\n");
            return Flow::Continue;
        }
    }
    repl.looked = Look::at(&repl.engine.borrow());
    Flow::Continue
}

fn whole(engine: &Engine) -> String {
    let stats = engine.stats();
    let mut text = String::new();
    for scope in engine.owned() {
        let kinds: Vec<String> = scope.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let kinds = if kinds.is_empty() { "nothing".to_string() } else { kinds.join(", ") };
        let _ = writeln!(text, "scope {}    {kinds}", scope.level);
    }
    let strings = stats.live.iter().find(|(kind, _)| *kind == "string").map_or(0, |(_, count)| *count);
    let _ = writeln!(text, "no scope   string {strings}");
    let _ = writeln!(text, "bytes      {}", stats.bytes);
    let _ = writeln!(text, "freed      {} so far", stats.freed);
    text
}

fn difference(engine: &mut Engine, before: &Look) -> String {
    let now = engine.stats();
    let mut text = String::new();
    let changes = now.live.iter().zip(&before.stats.live).skip(1).filter(|((_, now), (_, then))| now != then);
    let changes: Vec<String> =
        changes.map(|((kind, now), (_, then))| format!("{kind} {:+}", *now as i64 - *then as i64)).collect();
    let changes = if changes.is_empty() { "as many of each kind as before".to_string() } else { changes.join(", ") };
    let _ = writeln!(text, "{changes}");
    let (bytes, freed) = (now.bytes as i64 - before.stats.bytes as i64, now.freed - before.stats.freed);
    let _ = writeln!(text, "bytes {bytes:+}, freed {freed}");
    let (new, count) = engine.survivors(before.newest, NAMED);
    for survivor in &new {
        let path = survivor.path.as_deref().unwrap_or("nothing: a cycle");
        let _ = writeln!(text, "  new #{} {}, alive by {path}", survivor.number, survivor.what);
    }
    if count > new.len() {
        let _ = writeln!(text, "  … {} more new ones", count - new.len());
    }
    text
}

pub fn scopes(repl: &mut Repl, _: &str) -> Flow {
    let mut text = "scope 0    the built-ins: they never die\n".to_string();
    let engine = repl.engine.borrow();
    for scope in engine.owned() {
        let count: u64 = scope.kinds.iter().map(|(_, count)| count).sum();
        let whose = if scope.level == 1 { "this session" } else { "a call" };
        let _ = writeln!(
            text,
            "scope {}    {whose}: owns {count} {}, {} with a finalizer",
            scope.level,
            if count == 1 { "value" } else { "values" },
            scope.finalizers
        );
    }
    drop(engine);
    repl.say(&text);
    Flow::Continue
}

pub fn trace(repl: &mut Repl, argument: &str) -> Flow {
    let mut words = argument.split_whitespace();
    let (word, preset, rest) = (words.next().unwrap_or(""), words.next(), words.next());
    let preset = match preset {
        None => Some(Preset::default()),
        Some(name) => Preset::named(name),
    };
    match (word, preset, rest) {
        ("", ..) => {
            let text = match repl.record.borrow().live {
                Some(preset) => format!("on: {}\n", preset.name()),
                None => "off\n".to_string(),
            };
            repl.say(&text);
        }
        ("on", Some(preset), None) => switch(repl, Some(preset)),
        ("off", Some(_), None) => switch(repl, None),
        ("last", Some(preset), None) => {
            let record = repl.record.borrow();
            let mut text: String = record.lines(preset).map(|line| line + "\n").collect();
            if record.cut {
                text.push_str("… more, not recorded\n");
            }
            if text.is_empty() {
                text.push_str("nothing\n");
            }
            drop(record);
            repl.say(&text);
        }
        (name, _, None) if Preset::named(name).is_some() => switch(repl, Preset::named(name)),
        _ => repl
            .complain("`.trace on`, `.trace off`, `.trace last`; behind `on` and `last` one of life, rc, scope, all\n"),
    }
    Flow::Continue
}

fn switch(repl: &mut Repl, preset: Option<Preset>) {
    repl.engine.borrow_mut().set_trace(preset);
}

/// Pops the session's scope, shows which finalizers ran, and that nothing is left; the next input begins anew.
pub fn reset(repl: &mut Repl, _: &str) -> Flow {
    repl.record_anew();
    repl.record.borrow_mut().only_finalizers = true;
    let (before, leaks) = {
        let mut engine = repl.engine.borrow_mut();
        let before: u64 = containers(&engine);
        engine.finish();
        (before, engine.leaks())
    };
    let mut text = String::new();
    for (index, finalizer) in repl.record.borrow().finalizers().iter().enumerate() {
        let _ = writeln!(text, "finalizer {}: {finalizer}", index + 1);
    }
    for leak in &leaks {
        let _ = writeln!(text, "leak: {leak}");
    }
    let _ = writeln!(text, "the scope is popped: {before} freed, {} alive", leaks.len());
    repl.say(&text);
    repl.past.clear();
    repl.looked = Look::at(&repl.engine.borrow());
    Flow::Continue
}

fn containers(engine: &Engine) -> u64 {
    engine.owned().iter().flat_map(|scope| &scope.kinds).map(|(_, count)| count).sum()
}

fn total(stats: &Stats) -> u64 {
    stats.live.first().map_or(0, |(_, total)| *total)
}
