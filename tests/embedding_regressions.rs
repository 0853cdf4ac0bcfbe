//! Misuse of the embedding API that once broke something, and what came near: under stress and the verifier, so that what dies too early is seen at once.

#[path = "embedding_regressions/instances.rs"]
mod instances;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use probate::embed::{Context, Engine, Error, FromValue, Handle, IntoValue, Local, Native, NativeType, TypeDefinition};
use probate::heap::Settings;
use probate::vm::Options;

/// Collects and verifies at every safepoint.
fn strict() -> Engine {
    let heap = Settings { stress: true, verify: true, ..Settings::default() };
    Engine::builder().options(Options { heap, ..Options::default() }).build()
}

fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => "no panic".to_string(),
        Err(panic) => {
            panic.downcast_ref::<&str>().map_or("a panic of another type".to_string(), |text| text.to_string())
        }
    }
}

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| error.to_string(), |value| format!("no error: {value:?}"))
}

fn check(engine: &mut Engine) {
    engine.verify().unwrap();
    assert_eq!(engine.eval::<i32>("1 + 1").unwrap(), 2);
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

struct Cell(i64, Option<Handle>);

impl NativeType for Cell {
    const NAME: &'static str = "Cell";

    fn define(definition: &mut TypeDefinition<Cell>) {
        definition
            .constructor(|n: Option<i64>| Cell(n.unwrap_or(0), None))
            .method("get", |this: &Cell| this.0)
            .method_mut("set", |this: &mut Cell, n: i64| this.0 = n)
            .method_mut("keep", |this: &mut Cell, value: Handle| this.1 = Some(value))
            .method("call", |this: &Cell, cx: &mut Context, f: Handle| -> Result<i64, Error> {
                f.call::<()>(cx, ())?;
                Ok(this.0)
            })
            .method_mut("change", |this: &mut Cell, cx: &mut Context, f: Handle| -> Result<i64, Error> {
                f.call::<()>(cx, ())?;
                this.0 += 1;
                Ok(this.0)
            })
            .raw_method("take", 0, |cx, args| {
                let taken = args.this().take::<Cell>(cx)?;
                cx.value(taken.is_some())
            })
            .raw_method("attach", 1, |cx, args| {
                let value = args.at(cx, 0);
                args.this().attach(cx, 0, value)?;
                Ok(args.this())
            })
            .field_mut("n", |this: &Cell| this.0, |this: &mut Cell, n: i64| this.0 = n);
    }
}

// ---- Panics -----------------------------------------------------------------------------------------------------------------

#[test]
fn what_was_lent_is_taken_back_though_a_neighbour_panics() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    engine.eval::<()>("let kept = []; function keep(...all) { kept.push(...all); }").unwrap();
    let mut cell = Cell(5, None);
    let bomb = Bomb("dropped");
    let panic = panic_of(|| {
        engine.scope(|scope| {
            let f = scope.lend_function("bomb", move || {
                let _ = &bomb;
            });
            let lent = scope.lend(&mut cell)?;
            let keep: Local = scope.global("keep")?;
            scope.call::<()>(keep, (f, lent))
        })
    });
    assert_eq!(panic, "a panic of another type");
    drop(cell);
    assert_eq!(message(engine.eval::<()>("kept[1].set(1)")), "TypeError: `set`: the Cell is closed");
    assert_eq!(message(engine.eval::<()>("kept[0]()")), "TypeError: `bomb` was a function for a time that is over");
    check(&mut engine);
}

#[test]
fn a_panic_in_every_place_leaves_the_engine_whole() {
    struct Fragile {
        _bomb: Option<Bomb>,
    }
    impl NativeType for Fragile {
        const NAME: &'static str = "Fragile";
        fn define(definition: &mut TypeDefinition<Fragile>) {
            definition
                .constructor(|how: String| match &*how {
                    "make" => panic!("made"),
                    "drop" => Fragile { _bomb: Some(Bomb("payload")) },
                    _ => Fragile { _bomb: None },
                })
                .method("go", |_: &Fragile| -> i32 { panic!("method") })
                .function("stat", || -> i32 { panic!("static") })
                .field_mut(
                    "f",
                    |_: &Fragile| -> i32 { panic!("getter") },
                    |_: &mut Fragile, n: i32| assert!(n == -77, "setter"),
                )
                .finalizer(|_| panic!("finalizer"));
        }
    }
    struct Odd;
    impl<'s> FromValue<'s> for Odd {
        const PLAIN: bool = true;
        fn from_value(_: &mut Context<'s>, _: Local<'s>) -> Result<Odd, Error> {
            panic!("from");
        }
    }
    impl<'s> IntoValue<'s> for Odd {
        const PLAIN: bool = true;
        fn into_value(self, _: &mut Context<'s>) -> Result<Local<'s>, Error> {
            panic!("into");
        }
    }
    let mut engine = strict();
    engine.native_type::<Fragile>();
    engine.function("takes", |_: Odd| ());
    engine.function("gives", || Odd);
    engine.raw_function("lists", 0, |cx, _| cx.array((0..3).map(|n| if n < 2 { n } else { panic!("iterator") })));
    let function =
        |body: &str| format!("function f() {{ try {{ {body} }} catch (e) {{ return 1; }} finally {{ }} }} f()");
    for (body, text) in [
        ("new Fragile('make')", "made"),
        ("[1].map(() => new Fragile('make'))", "made"),
        ("Fragile.stat()", "static"),
        ("takes(1)", "from"),
        ("gives()", "into"),
        ("lists()", "iterator"),
        ("[3, 2, 1].sort(() => gives())", "into"),
        ("`${{ toString: () => gives() }}`", "into"),
        ("JSON.stringify({ toJSON: () => gives() })", "into"),
        ("gc.finalizer({}, () => gives()); gc.collect()", "into"),
    ] {
        assert_eq!(panic_of(|| engine.eval::<()>(&function(body))), text, "{body}");
        check(&mut engine);
    }
    // One whose finalizer and destructor panic, too: the first panic is the one that is seen.
    for (body, text) in [
        ("new Fragile('').go()", "method"),
        ("new Fragile('').f", "getter"),
        ("new Fragile('').f = 1", "setter"),
        ("JSON.stringify(new Fragile(''))", "finalizer"),
        ("new Fragile('drop'); gc.collect(); for (let i = 0; i < 10; i += 1) {}", "finalizer"),
    ] {
        assert_eq!(panic_of(|| engine.eval::<()>(&function(body))), text, "{body}");
        check(&mut engine);
    }
    assert_eq!(panic_of(|| engine.eval::<Odd>("1")), "from");
    check(&mut engine);
    let identity: Handle = engine.eval("(x) => x").unwrap();
    assert_eq!(panic_of(|| identity.call::<Odd>(&mut engine, ())), "from");
    check(&mut engine);
    assert_eq!(panic_of(|| identity.call::<()>(&mut engine, (Odd,))), "into");
    check(&mut engine);
    assert_eq!(panic_of(|| engine.set_global("odd", Odd)), "into");
    check(&mut engine);
    assert_eq!(panic_of(|| engine.global::<Odd>("f")), "from");
    check(&mut engine);
    // At the end of a program, and in a whole one.
    engine.eval::<()>("const late = new Fragile('')").unwrap();
    assert_eq!(panic_of(|| engine.finish()), "finalizer");
    assert_eq!(panic_of(|| engine.run("run.pbt", "gives()")), "into");
    check(&mut engine);
    engine.eval::<()>("const last = new Fragile('drop')").unwrap();
    drop(engine);
}

#[test]
fn a_closure_that_panics_when_dropped_does_not_stop_the_sweep() {
    let mut engine = strict();
    let panic = panic_of(|| {
        engine.scope(|scope| {
            for text in ["one", "two"] {
                let bomb = Bomb(text);
                scope.function("f", move || {
                    let _ = &bomb;
                });
            }
        })
    });
    assert_ne!(panic, "no panic");
    check(&mut engine);
}

// ---- Types and functions that are replaced ------------------------------------------------------------------------------------

#[test]
fn a_type_whose_name_another_takes_can_still_be_used() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    engine.function("make", |n: i64| Native(Cell(n, None)));
    engine.eval::<()>("const old = new Cell(1);").unwrap();
    engine.function("Cell", || 7);
    for _ in 0..3 {
        engine.collect();
        assert_eq!(engine.eval::<Vec<i64>>("[Cell(), make(3).get(), old.get(), make(4).n]").unwrap(), [7, 3, 1, 4]);
    }
    // The same type again: instances of the class that was do not know the one that is.
    engine.native_type::<Cell>();
    engine.collect();
    assert!(engine.eval::<bool>("make(1) instanceof Cell && !(old instanceof Cell) && old.get() === 1").unwrap());
    engine.finish();
    check(&mut engine);
}

#[test]
fn functions_that_are_replaced_live_as_long_as_somebody_has_them() {
    let mut engine = strict();
    let dropped = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>, i32);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    for n in 0..4 {
        let counted = Counted(Arc::clone(&dropped), n);
        engine.function("which", move || {
            let whole = &counted;
            whole.1
        });
        engine.eval::<()>(&format!("const f{n} = which; function call{n}() {{ return which(); }}")).unwrap();
        engine.collect();
    }
    let all = "[f0(), f1(), f2(), f3(), call0(), call3()]";
    assert_eq!(engine.eval::<Vec<i32>>(all).unwrap(), [0, 1, 2, 3, 3, 3]);
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    // What was given to scripts once stays as long as the engine.
    engine.finish();
    engine.eval::<()>("1").unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    drop(engine);
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
}

// ---- Conversions ------------------------------------------------------------------------------------------------------------

#[test]
fn conversions_of_plain_functions_neither_call_nor_collect() {
    struct Nosy(Option<Handle>);
    impl<'s> IntoValue<'s> for Nosy {
        const PLAIN: bool = true;
        fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
            let list = cx.array(["a", "b"])?;
            let object = cx.object_from([("k", 1.5)])?;
            list.call_method::<()>(cx, "push", (object,)).unwrap_err();
            cx.collect();
            if let Some(f) = &self.0 {
                f.call::<()>(cx, ()).unwrap_err();
            }
            list.set(cx, 0, object)?;
            cx.collect();
            Ok(list)
        }
    }
    impl<'s> FromValue<'s> for Nosy {
        const PLAIN: bool = true;
        fn from_value(cx: &mut Context<'s>, value: Local<'s>) -> Result<Nosy, Error> {
            cx.collect();
            let text = value.describe(cx);
            let object = cx.object();
            cx.collect();
            object.set(cx, "value", value)?;
            object.set(cx, "text", text)?;
            Ok(Nosy(Some(cx.handle(value))))
        }
    }
    let mut engine = strict();
    engine.function("nosy", |nosy: Nosy| nosy);
    assert_eq!(engine.eval::<String>("JSON.stringify(nosy(() => 1))").unwrap(), r#"[{"k":1.5},"b"]"#);
    let f: Handle = engine.eval("(x) => [x]").unwrap();
    for _ in 0..3 {
        let Nosy(Some(handle)) = f.call::<Nosy>(&mut engine, (Nosy(None),)).unwrap() else { panic!("a value") };
        assert!(handle.get::<Vec<Vec<f64>>>(&mut engine, 0).is_err());
        check(&mut engine);
    }
    drop(f);
    assert!(engine.open_handles().is_empty(), "{:?}", engine.open_handles());
}

// ---- Depth ------------------------------------------------------------------------------------------------------------------

#[test]
fn functions_of_the_host_inside_each_other_end_in_a_range_error() {
    let mut engine = Engine::new();
    engine.native_type::<Cell>();
    engine.function("again", |cx: &mut Context, f: Handle, n: i64| -> Result<i64, Error> {
        // A frame of some size.
        let room = std::hint::black_box([n; 1 << 10]);
        let answer = f.call::<i64>(cx, (n + 1,))?;
        Ok(answer + room[5] - n)
    });
    for script in [
        "function f(n) { return again(f, n); } f(0)",
        "const c = new Cell(1); function g(n) { return c.call(g); } g(0)",
    ] {
        assert!(message(engine.eval::<i64>(script)).starts_with("RangeError: Maximum call stack size exceeded"));
    }
    check(&mut engine);
}

#[test]
fn values_of_a_scope_survive_collections() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    engine.eval::<()>("function churn(x) { let a = []; for (let i = 0; i < 20; i += 1) { a.push([x, `${i}`]); } gc.collect(); return a; }").unwrap();
    engine
        .scope(|scope| {
            let churn: Local = scope.global("churn")?;
            let mut kept = Vec::new();
            for n in 0..20_i64 {
                let object = scope.object_from([("n", n)])?;
                let native = scope.native(Cell(n, None))?;
                native.attach(scope, 1, object)?;
                object.set(scope, "self", native)?;
                let made: Local = scope.call(churn, (object,))?;
                scope.collect();
                kept.push((object, native, made));
            }
            for (n, (object, native, made)) in kept.iter().enumerate() {
                assert_eq!(object.get::<usize>(scope, "n")?, n);
                assert_eq!(native.with::<Cell, _>(scope, |cell| cell.0)?, n as i64);
                assert_eq!(made.elements(scope).len(), 20);
                assert!(native.attached(scope, 1) == *object);
            }
            scope.verify().map_err(Error::message)
        })
        .unwrap();
    check(&mut engine);
}

#[test]
fn a_function_that_holds_itself_goes_with_its_program() {
    let mut engine = strict();
    let slot = Arc::new(Mutex::new(None::<Handle>));
    let own = Arc::clone(&slot);
    let handle = engine.scope(|scope| {
        let f = scope.function("own", move || own.lock().unwrap().is_some());
        scope.handle(f)
    });
    *slot.lock().unwrap() = Some(handle.clone());
    assert!(handle.call::<bool>(&mut engine, ()).unwrap());
    drop(handle);
    // A cycle through the host: no collector sees it. It is reported, and its program's end breaks it.
    engine.collect();
    assert_eq!(engine.open_handles().len(), 1);
    engine.finish();
    assert!(engine.open_handles().is_empty());
    assert!(engine.leaks().is_empty());
    assert_eq!(Arc::strong_count(&slot), 1);
    check(&mut engine);
}

#[test]
fn an_engine_moves_between_threads_between_calls() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    engine
        .eval::<()>("const cells = []; function f(n) { cells.push(new Cell(n)); gc.collect(); return cells.length; }")
        .unwrap();
    for n in 0..5_i64 {
        let handle: Handle = engine.eval("({})").unwrap();
        let dropper = std::thread::spawn(move || drop(handle));
        engine = std::thread::spawn(move || {
            assert_eq!(engine.call::<i64>("f", (n,)).unwrap(), n + 1);
            engine
        })
        .join()
        .unwrap();
        dropper.join().unwrap();
        check(&mut engine);
    }
    assert!(engine.open_handles().is_empty());
}
