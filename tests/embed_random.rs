//! Random use of an engine by its host: programs, functions that call back, handles, instances, loans, panics and limits in any order, with a collection and the
//! verifier at every safepoint. Nothing is asked of the results but that the engine stays whole and nothing is left behind. Run it under AddressSanitizer for more:
//! `EMBED_RANDOM=FROM..TO` are the seeds.

mod support;

use std::cell::Cell as RustCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use probate::embed::{Arguments, Context, Engine, Error, Handle, Local, Native, NativeType, TypeDefinition};
use probate::heap::Settings;
use probate::vm::Options;
use support::generate::Random;

/// Instances that are there.
static ALIVE: AtomicI64 = AtomicI64::new(0);

/// What a test panics with.
struct Deliberate;

/// A value on the heap, so that a sanitizer sees its end.
struct Thing {
    value: Box<i64>,
    kept: Vec<Handle>,
}

impl Thing {
    fn new(value: i64) -> Thing {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Thing { value: Box::new(value), kept: Vec::new() }
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
        if *self.value == 13 && !std::thread::panicking() {
            std::panic::resume_unwind(Box::new(Deliberate));
        }
    }
}

fn methods(definition: &mut TypeDefinition<Thing>) {
    definition
        .constructor(|n: Option<i64>| Thing::new(n.unwrap_or(1)))
        .method("get", |this: &Thing| *this.value)
        .method_mut("set", |this: &mut Thing, n: i64| *this.value = n)
        .method_mut("keep", |this: &mut Thing, value: Handle| this.kept.push(value))
        .method_mut("drop", |this: &mut Thing| this.kept.clear())
        .method("call", |this: &Thing, cx: &mut Context, f: Handle| -> Result<i64, Error> {
            let before = *this.value;
            f.call::<()>(cx, (before,))?;
            Ok(before + *this.value)
        })
        .method_mut("change", |this: &mut Thing, cx: &mut Context, f: Handle| -> Result<i64, Error> {
            let result = f.call::<()>(cx, (*this.value,));
            *this.value += 1;
            result.map(|()| *this.value)
        })
        .raw_method("take", 0, |cx, args| match args.this().take::<Thing>(cx)? {
            Some(thing) => cx.value(*thing.value),
            None => Ok(Local::NULL),
        })
        .raw_method("attach", 2, |cx, args| {
            let value = args.at(cx, 0);
            let place = args.get::<u8>(cx, 1)? % 4;
            args.this().attach(cx, place, value)?;
            Ok(args.this())
        })
        .raw_method("attached", 1, |cx, args| {
            let place = args.get::<u8>(cx, 0)?;
            Ok(args.this().attached(cx, place))
        })
        .field_mut("n", |this: &Thing| *this.value, |this: &mut Thing, n: i64| *this.value = n);
}

impl NativeType for Thing {
    const NAME: &'static str = "Thing";

    fn define(definition: &mut TypeDefinition<Thing>) {
        methods(definition);
        definition.finalizer(|thing| {
            *thing.value += 100;
            thing.kept.pop();
        });
    }
}

/// Calls what it is given, with what it makes, and keeps values meanwhile.
fn juggle<'v>(cx: &mut Context<'v>, args: Arguments<'v>, stash: &Mutex<Vec<Handle>>) -> Result<Local<'v>, Error> {
    let f = args.at(cx, 0);
    let list = cx.array([1, 2])?;
    let text = cx.string("a text of the host that is not short")?;
    let thing = cx.native(Thing::new(5))?;
    thing.attach(cx, 0, list)?;
    let result = cx.call::<Local>(f, (thing, text, list));
    let kept = cx.handle(thing);
    stash.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(kept);
    cx.collect();
    assert_eq!(text.text(cx), Some("a text of the host that is not short"));
    match result {
        Ok(value) => {
            let all = list.elements(cx);
            for value in all {
                value.describe(cx);
            }
            let _ = list.call_method::<()>(cx, "push", (value, thing));
            Ok(list)
        }
        Err(error) if args.len() > 1 => Err(error),
        Err(_) => cx.object_from([("caught", true)]),
    }
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "g"];

/// An expression over the variables, or a value.
fn expression(random: &mut Random, depth: usize) -> String {
    let name = |random: &mut Random| NAMES[random.below(NAMES.len())];
    if depth == 0 {
        return match random.below(5) {
            0 => random.below(20).to_string(),
            1 => "'text'".to_string(),
            _ => name(random).to_string(),
        };
    }
    let inner = |random: &mut Random| format!("({})", expression(random, depth - 1));
    // Mostly a function where one is wanted.
    let function = |random: &mut Random| match random.below(8) {
        0 => expression(random, depth - 1),
        1 => format!("() => {}", inner(random)),
        _ => format!("(v) => {{ {} }}", statement(random, depth - 1)),
    };
    // Mostly an instance.
    let thing = |random: &mut Random| match random.below(6) {
        0 => inner(random),
        1 => "new Thing(3)".to_string(),
        2 => "(stashed(0) ?? g)".to_string(),
        _ => ["a", "b", "g"][random.below(3)].to_string(),
    };
    match random.below(26) {
        0 => format!("new Thing({})", random.below(15)),
        1 => format!("[{}, {}]", inner(random), inner(random)),
        2 => format!("({{ x: {}, y: {} }})", inner(random), inner(random)),
        3 => format!("(() => {})", inner(random)),
        4 => format!("((v) => {{ {} }})", statement(random, depth - 1)),
        5 => format!("{}?.call?.({})", thing(random), function(random)),
        6 => format!("{}?.change?.({})", thing(random), function(random)),
        7 => format!("{}?.keep?.({})", thing(random), inner(random)),
        8 => format!("{}?.take?.()", thing(random)),
        9 => format!("{}?.attach?.({}, {})", thing(random), inner(random), random.below(4)),
        10 => format!("{}?.attached?.({})", thing(random), random.below(5)),
        11 => format!("juggle({}, {})", function(random), random.below(2)),
        12 => format!("juggle((t, s, l) => {{ {} }})", statement(random, depth - 1)),
        13 => format!("make({})", random.below(15)),
        14 => format!("stashed({})", random.below(4)),
        15 => format!("{}?.x", inner(random)),
        16 => format!("{}?.n", thing(random)),
        17 => format!("[{}].map({})", inner(random), function(random)),
        18 => format!("[3, {}, 2].sort((x, y) => {{ {} }})", inner(random), statement(random, depth - 1)),
        19 => format!("JSON.stringify({})", inner(random)),
        20 => format!("new Map([[{}, {}]])", inner(random), inner(random)),
        21 => format!("gc.finalizer({}, {})", thing(random), function(random)),
        22 => format!("console.log({})", inner(random)),
        23 => format!("d({})", function(random)),
        24 => format!("{}?.set?.({})", thing(random), random.below(20)),
        _ => "gc.collect()".to_string(),
    }
}

fn statement(random: &mut Random, depth: usize) -> String {
    let name = NAMES[random.below(NAMES.len())];
    match random.below(12) {
        0..4 => format!("{name} = {};", expression(random, depth)),
        4 => format!("{name} = null;"),
        5 => format!("try {{ {name} = {}; }} catch (e) {{ {name} = e; }}", expression(random, depth)),
        6 => format!("for (let i = 0; i < 3; i += 1) {{ {name} = {}; }}", expression(random, depth)),
        7 => format!("{{ const l = {}; {name} = l; }}", expression(random, depth)),
        8 => format!("return {};", expression(random, depth)),
        9 => format!("if (boom({})) {{ {name} = 1; }}", random.below(60)),
        _ => format!("{};", expression(random, depth)),
    }
}

fn body(random: &mut Random) -> String {
    (0..1 + random.below(5)).map(|_| statement(random, 3) + "\n").collect()
}

fn define(engine: &mut Engine, stash: &Arc<Mutex<Vec<Handle>>>) {
    let kept = Arc::clone(stash);
    engine.raw_function("juggle", 1, move |cx, args| juggle(cx, args, &kept));
    let kept = Arc::clone(stash);
    engine.function("stashed", move |index: usize| {
        kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(index).cloned()
    });
    engine.function("make", |n: i64| Native(Thing::new(n)));
    engine.function("boom", |n: i64| {
        if n == 0 {
            std::panic::resume_unwind(Box::new(Deliberate));
        }
        n == 1
    });
    engine.native_type::<Thing>();
}

/// One engine, and what its host does with it.
fn live(seed: u64) {
    let random = &mut Random::new(seed);
    let heap = Settings { stress: true, verify: true, ..Settings::default() };
    let options = Options { heap, max_depth: 60, max_native_depth: 30, fuel: Some(3_000), ..Options::default() };
    let mut engine = Engine::builder().options(options).max_memory(8 << 20).build();
    let stash = Arc::new(Mutex::new(Vec::new()));
    define(&mut engine, &stash);
    declare(&mut engine);
    let (mut handles, mut outside): (Vec<Handle>, Vec<Thing>) = (Vec::new(), Vec::new());
    for _ in 0..12 + random.below(12) {
        let step = AssertUnwindSafe(|| act(random, &mut engine, &stash, &mut handles, &mut outside));
        if let Err(panic) = catch_unwind(step)
            && !panic.is::<Deliberate>()
        {
            std::panic::resume_unwind(panic);
        }
        engine.verify().unwrap_or_else(|broken| panic!("{broken}"));
    }
    // The end, in any order.
    match random.below(3) {
        0 => drop(engine),
        order => {
            if order == 1 {
                handles.clear();
                stash.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
            }
            let _ = catch_unwind(AssertUnwindSafe(|| engine.finish()));
            engine.verify().unwrap_or_else(|broken| panic!("{broken}"));
            assert!(engine.open_handles().is_empty(), "open handles");
            assert!(engine.leaks().is_empty(), "{:?}", engine.leaks());
        }
    }
}

/// The variables of all programs, anew.
fn declare(engine: &mut Engine) {
    let text = "let a = new Thing(1), b = [1], c = { x: 1 }, d = (v) => v, e = null, g = new Thing(2);";
    let _ = engine.eval::<()>(text);
}

/// One thing that a host does.
fn act(
    random: &mut Random,
    engine: &mut Engine,
    stash: &Arc<Mutex<Vec<Handle>>>,
    handles: &mut Vec<Handle>,
    outside: &mut Vec<Thing>,
) {
    let any = random.below(64);
    let some = |handles: &Vec<Handle>| handles.get(any % handles.len().max(1)).cloned();
    match random.below(16) {
        0..5 => {
            let text = format!("function run() {{ {} }} run()", body(random));
            let result = engine.eval::<Handle>(&text);
            if std::env::var_os("EMBED_RANDOM_SHOW").is_some() {
                eprintln!("{text}\n=> {result:?}");
            }
            handles.extend(result);
        }
        5 => {
            if let Ok(handle) = engine.compile_function("f.pbt", &["v"], &body(random)) {
                handles.push(handle);
            }
        }
        6 => {
            if let Some(f) = some(handles) {
                let made = f.call::<Handle>(engine, (1, "text", Native(Thing::new(3)), &f));
                handles.extend(made);
                let _ = f.call::<f64>(engine, (2.5,));
                let _ = f.get::<Handle>(engine, "n").map(|handle| handles.push(handle));
            }
        }
        7 => drop((random.below(2) == 0).then(|| handles.pop())),
        8 => {
            let dropped: Vec<Handle> = handles.drain(..handles.len() / 2).collect();
            std::thread::spawn(move || drop(dropped)).join().unwrap();
        }
        9 => {
            let value = some(handles);
            let _ = engine.set_global(NAMES[any % NAMES.len()], value);
        }
        10 => drop(engine.collect()),
        11 => {
            // What replaces a function or a type that scripts have.
            define(engine, stash);
            stash.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).truncate(2);
        }
        12 | 13 => lending(random, engine, outside),
        14 => {
            let panics = random.below(4) == 0;
            engine.scope(|scope| {
                let made = scope.native(Thing::new(8));
                let callee = some(handles).and_then(|handle| scope.local(&handle).ok());
                if let (Ok(made), Some(callee)) = (made, callee) {
                    let result = scope.call::<Local>(callee, (made, made));
                    scope.collect();
                    let _ = made.with_mut::<Thing, _>(scope, |thing| *thing.value += 1);
                    let taken = made.take::<Thing>(scope);
                    outside.extend(taken.ok().flatten());
                    if let Ok(result) = result {
                        handles.push(scope.handle(result));
                    }
                }
                if panics {
                    std::panic::resume_unwind(Box::new(Deliberate));
                }
            });
        }
        _ => {
            if random.below(4) == 0 {
                engine.finish();
            }
            declare(engine);
        }
    }
}

/// Lends things, of which scripts keep some, and calls what uses them.
fn lending(random: &mut Random, engine: &mut Engine, outside: &mut Vec<Thing>) {
    let text = format!("function use(t, r, f) {{ a = t; b = f; c = r; {} }} use", body(random));
    let Ok(function) = engine.eval::<Handle>(&text) else { return };
    let panics = random.below(4) == 0;
    let mut lent = outside.pop().unwrap_or_else(|| Thing::new(1));
    let shown = Thing::new(2);
    // On the heap, so that a call after its time is seen.
    let count = Box::new(RustCell::new(0));
    let seen = &count;
    engine.scope(|scope| {
        let owned = Thing::new(13);
        let f = scope.lend_function("count", move |cx: &mut Context, f: Handle| -> Result<i64, Error> {
            seen.set(seen.get() + *owned.value);
            f.call::<()>(cx, (seen.get(),))?;
            Ok(seen.get())
        });
        let (Ok(t), Ok(r)) = (scope.lend(&mut lent), scope.lend_ref(&shown)) else { return };
        let Ok(function) = scope.local(&function) else { return };
        for _ in 0..2 {
            let _ = scope.call::<Local>(function, (t, r, f));
            scope.collect();
        }
        if panics {
            std::panic::resume_unwind(Box::new(Deliberate));
        }
    });
    drop((lent, shown));
}

#[test]
fn whatever_a_host_does_the_engine_stays_whole() {
    let seeds = std::env::var("EMBED_RANDOM").unwrap_or("0..60".to_string());
    let (from, to) = seeds.split_once("..").expect("FROM..TO");
    for seed in from.parse::<u64>().expect("a seed")..to.parse().expect("a seed") {
        if let Err(panic) = catch_unwind(|| live(seed)) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
        // Some are dropped with the engine's handles, and some outside.
        let alive = ALIVE.load(Ordering::Relaxed);
        assert_eq!(alive, 0, "seed {seed}: instances that nobody dropped");
    }
}
