//! What hosts ask for next: errors of any type with their places, limits that change, output in a text, work that is charged, setters that refuse.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use probate::embed::{
    Context, Engine, Error, Failure, Handle, HostFailure, Limit, Local, Native, NativeType, Stream, TypeDefinition,
};

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| error.to_string(), |value| format!("no error: {value:?}"))
}

fn place<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.expect_err("an error").position().map_or("nowhere".to_string(), |position| position.to_string())
}

// ---- Errors -----------------------------------------------------------------------------------------------------------------

#[test]
fn errors_of_syntax_have_places() {
    let mut engine = Engine::new();
    assert_eq!(place(engine.eval_named::<()>("a.pbt", "let ok = 1;\n\n  let = 2;")), "a.pbt:3:7");
    assert_eq!(place(engine.eval_named::<()>("a.pbt", "let ü = 1; unknown")), "a.pbt:1:12");
    assert_eq!(place(engine.eval_named::<()>("a.pbt", "import { x } from './x.pbt';")), "a.pbt:1:19");
    assert_eq!(place(engine.compile_function("f.pbt", &["a"], "if (a {\n}")), "f.pbt:1:7");
    assert_eq!(place(engine.compile_function("f.pbt", &["a"], "a +\n b")), "f.pbt:2:2");
    let Err(Error::Syntax(errors)) = engine.compile_function("f.pbt", &["a"], "b; c;") else { panic!() };
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["E0301", "E0301"]);
    assert_eq!(errors.source.as_ref().unwrap().text, "b; c;");
}

#[test]
fn functions_fail_with_what_can_be_boxed() {
    let mut engine = Engine::new();
    engine.function("text", || -> Result<(), String> { Err("a text".to_string()) });
    engine.function("words", || -> Result<(), &'static str> { Err("some words") });
    engine.function("boxed", |text: String| -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
        let n: f64 = text.parse()?;
        if n < 0.0 { Err("negative".into()) } else { Ok(n) }
    });
    engine.function("mixed", |text: String| -> Result<i32, HostFailure> {
        if text.is_empty() {
            return Err(Error::range_error("nothing").into());
        }
        let text = String::from_utf8(text.into_bytes())?;
        Ok(text.parse::<i32>()?)
    });
    assert_eq!(message(engine.eval::<()>("text()")), "Error: a text");
    assert_eq!(message(engine.eval::<()>("words()")), "Error: some words");
    assert_eq!(engine.eval::<f64>("boxed('0.5')").unwrap(), 0.5);
    assert_eq!(message(engine.eval::<()>("boxed('-1')")), "Error: negative");
    assert!(engine.eval::<()>("boxed('x')").unwrap_err().host_error::<std::num::ParseFloatError>().is_some());
    assert_eq!(message(engine.eval::<()>("mixed('')")), "RangeError: nothing");
    assert!(engine.eval::<()>("mixed('x')").unwrap_err().host_error::<std::num::ParseIntError>().is_some());
    // A host's error stays what it is on its way through functions of the host.
    engine.function("through", |cx: &mut Context, f: Handle| -> Result<f64, HostFailure> { Ok(f.call(cx, ("x",))?) });
    let error = engine.eval::<()>("through(boxed)").unwrap_err();
    assert!(error.host_error::<std::num::ParseFloatError>().is_some());
}

#[test]
fn errors_have_sources_and_are_shown_without_their_texts() {
    let mut engine = Engine::new();
    engine.function("parse", |text: String| text.parse::<i32>());
    let error =
        engine.eval_named::<()>("long.pbt", &format!("parse('x'); /* {} */", "text ".repeat(1000))).unwrap_err();
    assert_eq!(error.source().map(ToString::to_string), Some("invalid digit found in string".to_string()));
    assert!(error.source().unwrap().downcast_ref::<std::num::ParseIntError>().is_some());
    let shown = format!("{error:?}");
    assert!(shown.len() < 500 && shown.contains("long.pbt") && shown.contains("Handle("), "{shown}");
    // An engine inside an engine: what the inner one says is what the outer one's error was made from.
    let inner = Mutex::new(Engine::builder().fuel(100).build());
    engine.function("inner", move |text: String| inner.lock().unwrap().eval::<()>(&text));
    for (text, place) in [("\nthrow 1", "<eval>:2:1"), ("\n while (true) {}", "<eval>:2:9"), ("\n  let", "<eval>:2:6")]
    {
        let error = engine.eval::<()>(&format!("inner({text:?})")).unwrap_err();
        assert_eq!(error.position().unwrap().to_string(), "<eval>:1:1");
        assert_eq!(error.host_error::<Error>().unwrap().position().unwrap().to_string(), place);
    }
    // What the host answers itself is shown as it is.
    assert_eq!(Error::host("no").to_string(), "no");
    assert!(engine.eval::<()>("throw 1").unwrap_err().source().is_none());
}

// ---- Limits -----------------------------------------------------------------------------------------------------------------

#[test]
fn limits_change_from_one_call_to_the_next() {
    let mut engine = Engine::builder().fuel(1_000).build();
    let count: Handle = engine.eval("(n) => { let i = 0; while (i < n) { i += 1; } return i; }").unwrap();
    assert_eq!(count.call::<i32>(&mut engine, (900,)).unwrap(), 900);
    assert_eq!(count.call::<i32>(&mut engine, (2_000,)).unwrap_err().limit(), Some(Limit::Fuel(1_000)));
    engine.set_fuel(Some(5_000));
    assert_eq!(count.call::<i32>(&mut engine, (2_000,)).unwrap(), 2_000);
    assert_eq!(count.call::<i32>(&mut engine, (6_000,)).unwrap_err().limit(), Some(Limit::Fuel(5_000)));
    engine.set_fuel(None);
    assert_eq!(count.call::<i32>(&mut engine, (100_000,)).unwrap(), 100_000);
    let time = std::time::Duration::from_millis(20);
    engine.set_timeout(Some(time));
    assert_eq!(engine.eval::<()>("while (true) {}").unwrap_err().limit(), Some(Limit::Time(time)));
    assert_eq!(engine.eval::<i32>("1").unwrap(), 1);
}

#[test]
fn work_of_the_host_is_charged() {
    let mut engine = Engine::builder().fuel(1_000).build();
    engine.function("work", |cx: &mut Context, units: usize| -> Result<usize, Error> {
        for _ in 0..units {
            cx.charge(16)?;
        }
        Ok(units)
    });
    assert_eq!(engine.eval::<usize>("work(900)").unwrap(), 900);
    assert!(engine.fuel_used() >= 900 && engine.fuel_used() < 920, "{}", engine.fuel_used());
    let error = engine.eval::<()>("function f() { try { work(1200); } catch { return 1; } }\nf()").unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Fuel(1_000)));
    assert_eq!(place(Err::<(), _>(error)), "<eval>:1:22");
    // It is seen where the host ignores it.
    engine.function("deaf", |cx: &mut Context| {
        for _ in 0..2_000 {
            let _ = cx.charge(16);
        }
        7
    });
    assert_eq!(engine.eval::<i32>("deaf()").unwrap_err().limit(), Some(Limit::Fuel(1_000)));
    engine.verify().unwrap();
    let interrupt = engine.interrupt();
    engine.set_fuel(None);
    engine.function("wait", move |cx: &mut Context| -> Result<(), Error> {
        interrupt.raise();
        loop {
            cx.charge(1_000)?;
        }
    });
    assert!(matches!(engine.eval::<()>("wait()"), Err(Error::Failure(Failure::Interrupted { .. }))));
}

// ---- The world outside ------------------------------------------------------------------------------------------------------

#[test]
fn output_goes_where_it_is_wanted() {
    let written = Arc::new(Mutex::new((String::new(), String::new())));
    let sink = Arc::clone(&written);
    let output = move |stream, text: &str| {
        let mut texts = sink.lock().unwrap();
        match stream {
            Stream::Output => texts.0.push_str(text),
            Stream::Error => texts.1.push_str(text),
        }
    };
    let mut engine = Engine::builder().output(output).max_output(20).build();
    engine.eval::<()>("print('one'); console.error('two');").unwrap();
    assert_eq!(*written.lock().unwrap(), ("one\n".to_string(), "two\n".to_string()));
    assert_eq!(engine.eval::<()>("print('x'.repeat(21))").unwrap_err().limit(), Some(Limit::Output(20)));
}

#[test]
fn chance_repeats_itself_from_a_seed() {
    let roll = |seed| Engine::builder().seed(seed).build().eval::<Vec<f64>>("[Math.random(), Math.random()]").unwrap();
    assert_eq!(roll(7), roll(7));
    assert_ne!(roll(7), roll(8));
}

// ---- Types ------------------------------------------------------------------------------------------------------------------

struct Dial {
    level: u8,
}

impl NativeType for Dial {
    const NAME: &'static str = "Dial";

    fn define(dial: &mut TypeDefinition<Dial>) {
        dial.constructor(|level: u8| if level > 10 { Err(format!("{level} is too loud")) } else { Ok(Dial { level }) })
            .field_mut(
                "level",
                |dial: &Dial| dial.level,
                |dial: &mut Dial, level: u8| {
                    if level > 10 {
                        return Err(Error::range_error(format!("{level} is too loud")));
                    }
                    dial.level = level;
                    Ok(())
                },
            )
            .method("halved", |dial: &Dial| Native(Dial { level: dial.level / 2 }));
    }
}

#[test]
fn setters_and_constructors_refuse() {
    let mut engine = Engine::new();
    engine.native_type::<Dial>();
    engine.eval::<()>("const dial = new Dial(8); dial.level = 9;").unwrap();
    assert_eq!(message(engine.eval::<()>("dial.level = 11")), "RangeError: 11 is too loud");
    assert_eq!(
        message(engine.eval::<()>("dial.level = 'loud'")),
        "TypeError: `level`: the value must be an integer from 0 to 255, got a string"
    );
    assert_eq!(message(engine.eval::<()>("new Dial(11)")), "Error: 11 is too loud");
    assert_eq!(engine.eval::<Vec<u8>>("[dial.level, dial.halved().level]").unwrap(), [9, 4]);
    engine.verify().unwrap();
}

struct Fragile(u8);

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.0 < 200, "dropped");
    }
}

impl NativeType for Fragile {
    const NAME: &'static str = "Fragile";

    fn define(fragile: &mut TypeDefinition<Fragile>) {
        fragile.constructor(Fragile).finalizer(|fragile| assert!(!(100..200).contains(&fragile.0), "finalized"));
    }
}

/// What the panic says that comes out of it.
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
        Ok(_) => "none".to_string(),
        Err(panic) => (*panic.downcast_ref::<&str>().expect("a text")).to_string(),
    }
}

#[test]
fn panics_in_finalizers_and_drops_come_out_and_break_nothing() {
    let mut engine = Engine::new();
    engine.native_type::<Fragile>();
    engine.function("boom", || -> i32 { panic!("boom") });
    for (script, text) in [
        (
            "function f() { const a = new Fragile(1), b = new Fragile(100), c = new Fragile(101); return 1; } f()",
            "finalized",
        ),
        ("{ const a = new Fragile(200), b = new Fragile(1); }", "dropped"),
        ("{ const a = new Fragile(200), b = new Fragile(100); boom(); }", "boom"),
        ("[new Fragile(100)].length", "finalized"),
        ("1", "none"),
    ] {
        assert_eq!(panic_of(|| engine.eval::<()>(script).unwrap()), text, "{script}");
        engine.verify().unwrap();
    }
    engine.eval::<()>("const late = new Fragile(100), later = new Fragile(1);").unwrap();
    assert_eq!(panic_of(|| engine.finish()), "finalized");
    engine.verify().unwrap();
    assert_eq!(panic_of(|| engine.run("run.pbt", "const a = new Fragile(1); boom()")), "boom");
    assert_eq!(engine.eval::<i32>("1").unwrap(), 1);
    engine.eval::<()>("const last = new Fragile(200);").unwrap();
    assert_eq!(panic_of(|| engine.finish()), "dropped");
    // Dropping an engine may be part of another panic: what ends in it is not passed on.
    assert_eq!(panic_of(|| drop(engine)), "none");
}

// ---- Classes of scripts, and modules ----------------------------------------------------------------------------------------

#[test]
fn instances_of_a_scripts_class_are_made_and_called() {
    let mut engine = Engine::new();
    engine.eval::<()>("class Cart { #n; constructor(n) { this.#n = n; } times(k) { return this.#n * k; } }").unwrap();
    let class: Handle = engine.global("Cart").unwrap();
    assert!(message(class.call::<Handle>(&mut engine, (3,))).contains("cannot be invoked without `new`"));
    let make: Handle = engine.eval("(...args) => new Cart(...args)").unwrap();
    let cart: Handle = make.call(&mut engine, (3,)).unwrap();
    assert_eq!(cart.call_method::<i32>(&mut engine, "times", (4,)).unwrap(), 12);
    assert_eq!(
        message(cart.call_method::<i32>(&mut engine, "missing", ())),
        "`missing` must be a function, got undefined"
    );
    engine.scope(|scope| {
        let cart: Local = scope.local(&cart).unwrap();
        assert_eq!(format!("{cart:?}"), "Local(Object)");
    });
}
