//! The engine as a Rust program uses it: evaluation, calls, conversions, functions, types, scopes, errors.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use probate::embed::{
    AsContext, Context, Engine, Error, Foreign, Handle, Kind, Local, Native, NativeType, TypeDefinition,
};
use probate::vm::error::Failure;
use probate::vm::limits::Limit;

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| error.to_string(), |value| format!("no error: {value:?}"))
}

// ---- Evaluation and conversions ---------------------------------------------------------------------------------------------

#[test]
fn values_come_out_as_the_types_that_are_asked_for() {
    let mut engine = Engine::new();
    assert_eq!(engine.eval::<f64>("1 / 4").unwrap(), 0.25);
    assert_eq!(engine.eval::<u8>("255").unwrap(), 255);
    assert_eq!(engine.eval::<i64>("9223372036854775807").unwrap(), i64::MAX);
    assert_eq!(engine.eval::<u64>("2 ** 40").unwrap(), 1 << 40);
    assert_eq!(engine.eval::<String>("'a' + \"ü\"").unwrap(), "aü");
    assert_eq!(engine.eval::<char>("'ü'").unwrap(), 'ü');
    assert!(engine.eval::<bool>("1 < 2").unwrap());
    assert_eq!(engine.eval::<Option<u32>>("null").unwrap(), None);
    assert_eq!(engine.eval::<Option<u32>>("7").unwrap(), Some(7));
    assert_eq!(engine.eval::<Vec<i32>>("[1, 2, 3]").unwrap(), [1, 2, 3]);
    assert_eq!(engine.eval::<Vec<String>>("new Set(['b', 'a'])").unwrap(), ["b", "a"]);
    assert_eq!(engine.eval::<[i32; 2]>("[1, 2]").unwrap(), [1, 2]);
    assert_eq!(engine.eval::<(i32, String)>("[1, 'x']").unwrap(), (1, "x".to_string()));
    let map = engine.eval::<BTreeMap<String, i32>>("({ b: 2, a: 1 })").unwrap();
    assert_eq!(map.into_iter().collect::<Vec<_>>(), [("a".to_string(), 1), ("b".to_string(), 2)]);
    assert_eq!(engine.eval::<HashMap<String, i32>>("new Map([['k', 1]])").unwrap()["k"], 1);
    engine.eval::<()>("[1, 2, 3]").unwrap();
}

#[test]
fn a_wrong_type_says_what_and_where() {
    let mut engine = Engine::new();
    assert_eq!(message(engine.eval::<f64>("'7'")), "the value must be a number, got a string");
    assert_eq!(message(engine.eval::<u8>("256")), "the value must be an integer from 0 to 255, got 256");
    assert_eq!(message(engine.eval::<u8>("1.5")), "the value must be an integer from 0 to 255, got 1.5");
    assert_eq!(
        message(engine.eval::<Vec<i32>>("[1, 'x']")).split(", got").next(),
        Some("[1] must be an integer from -2147483648 to 2147483647")
    );
    assert_eq!(message(engine.eval::<Vec<Vec<bool>>>("[[], [true, 0]]")), "[1][1] must be a boolean, got a number");
    assert_eq!(
        message(engine.eval::<HashMap<String, bool>>("({ a: { b: 1 } })")),
        "`a` must be a boolean, got an object"
    );
    assert_eq!(message(engine.eval::<[i32; 2]>("[1]")), "the value must be an array of 2 elements, got one of 1");
}

#[test]
fn declarations_stay_for_later_programs_and_calls() {
    let mut engine = Engine::new();
    engine.eval::<()>("let total = 0; function add(n) { total += n; return total; }").unwrap();
    assert_eq!(engine.call::<i32>("add", (2,)).unwrap(), 2);
    assert_eq!(engine.call::<i32>("add", (3,)).unwrap(), 5);
    assert_eq!(engine.eval::<i32>("total * 2").unwrap(), 10);
    assert_eq!(engine.global::<i32>("total").unwrap(), 5);
    assert_eq!(message(engine.call::<()>("missing", ())), "missing is not defined");
    // What `eval` shows is nobody's variable.
    assert_eq!(message(engine.eval::<()>("_")), "E0301: `_` is not declared");
}

#[test]
fn globals_of_the_host_are_constants_with_changing_values() {
    let mut engine = Engine::new();
    engine.set_global("rate", 0.2).unwrap();
    engine.set_global("names", vec!["a", "b"]).unwrap();
    assert_eq!(engine.eval::<f64>("rate * names.length").unwrap(), 0.4);
    engine.eval::<()>("function rated() { return rate; }").unwrap();
    engine.set_global("rate", 0.5).unwrap();
    assert_eq!(engine.call::<f64>("rated", ()).unwrap(), 0.5);
    assert!(message(engine.eval::<()>("rate = 1")).contains("rate"));
}

#[test]
fn compiled_functions_have_parameters_and_a_scope_of_their_own() {
    let mut engine = Engine::new();
    let rule = engine
        .compile_function(
            "rule.pbt",
            &["order", "limit"],
            "const sum = order.items.reduce((a, b) => a + b, 0); sum > limit",
        )
        .unwrap();
    let order = HashMap::from([("items", vec![1, 2, 3])]);
    assert!(rule.call::<bool>(&mut engine, (order.clone(), 5)).unwrap());
    assert!(!rule.call::<bool>(&mut engine, (order, 6)).unwrap());
    let early = engine.compile_function("early.pbt", &["n"], "if (n < 0) { return 'negative'; }\n'positive'").unwrap();
    assert_eq!(early.call::<String>(&mut engine, (-1,)).unwrap(), "negative");
    assert_eq!(early.call::<String>(&mut engine, (1,)).unwrap(), "positive");
    let failing = engine.compile_function("f.pbt", &["a"], "\n  a.b.c").unwrap();
    let error = failing.call::<()>(&mut engine, (HashMap::<String, i32>::new(),)).unwrap_err();
    assert_eq!(error.position().unwrap().to_string(), "f.pbt:2:3");
    // Nothing is left of the calls.
    drop((rule, early, failing));
    engine.collect();
    engine.verify().unwrap();
}

// ---- Functions --------------------------------------------------------------------------------------------------------------

#[test]
fn closures_are_functions_with_typed_arguments() {
    let mut engine = Engine::new();
    engine.function("add", |a: f64, b: f64| a + b);
    engine.function("greet", |name: String, times: Option<u8>| format!("hi {name} ").repeat(times.unwrap_or(1).into()));
    engine.function("nothing", || ());
    engine.function("parse", |text: String| text.parse::<i32>());
    assert_eq!(engine.eval::<f64>("add(1, 2.5)").unwrap(), 3.5);
    assert_eq!(engine.eval::<String>("greet('x') + greet('y', 2)").unwrap(), "hi x hi y hi y ");
    assert_eq!(engine.eval::<String>("typeof nothing() + add.name + add.length").unwrap(), "undefinedadd2");
    assert_eq!(engine.eval::<i32>("parse('42')").unwrap(), 42);
    assert_eq!(engine.eval::<Vec<i32>>("[1, 2].map((n) => add(n, 1))").unwrap(), [2, 3]);
    assert_eq!(engine.eval::<i32>("add.bind(undefined, 40)(2)").unwrap(), 42);
    assert_eq!(message(engine.eval::<()>("add(1)")), "TypeError: `add`: argument 2 must be a number, got undefined");
    let caught = "try { parse('x'); } catch (e) { `${e.name}: ${e.message} ${e instanceof Error}`; }";
    engine.eval::<()>(caught).unwrap();
    assert_eq!(
        engine.eval::<String>("function f() { try { parse('x'); } catch (e) { return e.message; } } f()").unwrap(),
        "invalid digit found in string"
    );
    let error = engine.eval::<()>("\nparse('x')").unwrap_err();
    assert!(error.host_error::<std::num::ParseIntError>().is_some());
    assert_eq!(error.position().unwrap().to_string(), "<eval>:2:1");
}

#[test]
fn functions_call_back_and_are_called_back() {
    let mut engine = Engine::new();
    engine.function("twice", |cx: &mut Context, f: Handle, n: i32| -> Result<i32, Error> {
        let first: i32 = f.call(cx, (n,))?;
        f.call(cx, (first,))
    });
    engine.raw_function("each", 2, |cx, args| {
        let (list, f) = (args.at(cx, 0), args.at(cx, 1));
        let mut results = Vec::new();
        for element in list.elements(cx) {
            results.push(cx.call::<Local>(f, (element,))?);
        }
        cx.array(results)
    });
    assert_eq!(engine.eval::<i32>("twice((n) => twice((m) => m + 1, n * 2), 5)").unwrap(), 26);
    assert_eq!(engine.eval::<Vec<String>>("each([1, 2], (n) => `${n}!`)").unwrap(), ["1!", "2!"]);
    // An exception goes through the host and is the same one behind it.
    let same = "const e = new RangeError('x'); function f() { try { twice(() => { throw e; }, 1); } catch (c) { return c === e; } } f()";
    assert!(engine.eval::<bool>(same).unwrap());
    engine.verify().unwrap();
}

#[test]
fn an_exception_is_an_error_with_its_value_and_place() {
    let mut engine = Engine::new();
    let error = engine.eval_named::<()>("m.pbt", "function f() {\n  throw { code: 7 };\n}\nf()").unwrap_err();
    assert_eq!(error.position().unwrap().to_string(), "m.pbt:2:3");
    let Error::Thrown(thrown) = error else { panic!("{error}") };
    assert_eq!(thrown.value.get::<i32>(&mut engine, "code").unwrap(), 7);
    let error = engine.eval::<()>("function g() { null.x; } g()").unwrap_err();
    assert!(error.stack()[0].starts_with("at g (<eval>:1:"), "{:?}", error.stack());
}

#[test]
fn a_panic_of_the_host_goes_through_and_leaves_the_engine_whole() {
    let mut engine = Engine::new();
    engine.function("boom", || -> i32 { panic!("boom") });
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.eval::<()>("function f() { try { boom(); } catch (e) { return 1; } finally { } } [1].map(f)")
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"boom"));
    engine.verify().unwrap();
    assert_eq!(engine.eval::<i32>("1 + 1").unwrap(), 2);
}

#[test]
fn a_limit_inside_a_call_back_cannot_be_swallowed() {
    let mut engine = Engine::builder().fuel(10_000).build();
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    engine.function("shield", move |cx: &mut Context, f: Handle| {
        for _ in 0..2 {
            let result = f.call::<()>(cx, ());
            log.lock().unwrap().push(result.map_err(|error| error.to_string()));
        }
        7
    });
    let error = engine.eval::<i32>("shield(() => { while (true) {} })").unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Fuel(10_000)));
    let limit = Err("fuel limit of 10,000 reached".to_string());
    assert_eq!(*told.lock().unwrap(), [limit.clone(), limit]);
    assert_eq!(engine.eval::<i32>("shield(() => 1)").unwrap(), 7);
    assert!(matches!(engine.eval::<i32>("exit(3)"), Err(Error::Failure(Failure::Exit(3)))));
}

// ---- Types ------------------------------------------------------------------------------------------------------------------

thread_local! {
    static DROPPED: Cell<usize> = const { Cell::new(0) };
}

struct Counter {
    count: i64,
    step: i64,
}

impl Drop for Counter {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

impl NativeType for Counter {
    const NAME: &'static str = "Counter";

    fn define(definition: &mut TypeDefinition<Counter>) {
        definition
            .constructor(|start: Option<i64>| Counter { count: start.unwrap_or(0), step: 1 })
            .method("value", |this: &Counter| this.count)
            .method_mut("add", |this: &mut Counter, times: Option<i64>| {
                this.count += this.step * times.unwrap_or(1);
                this.count
            })
            .method("each", |this: &Counter, cx: &mut Context, f: Handle| -> Result<(), Error> {
                (0..this.count).try_for_each(|n| f.call::<()>(cx, (n,)))
            })
            .field("count", |this: &Counter| this.count)
            .field_mut("step", |this: &Counter| this.step, |this: &mut Counter, step: i64| this.step = step)
            .iterator(|this: &mut Counter| {
                this.count -= this.step;
                (this.count >= 0).then_some(this.count)
            })
            .function("of", |text: String| text.len())
            .constant("LIMIT", 100.0);
    }
}

#[test]
fn types_of_the_host_are_classes() {
    let mut engine = Engine::new();
    engine.native_type::<Counter>();
    let dropped = DROPPED.get();
    let script = "
        const c = new Counter(40);
        c.add(); c.step = 2; c.add(3);
        const seen = [];
        const small = new Counter(3);
        small.each((n) => seen.push(n + small.value()));
        [c.count, c.step, c.value(), Counter.of('four'), Counter.LIMIT, c instanceof Counter ? 1 : 0, ...seen]";
    assert_eq!(engine.eval::<Vec<i64>>(script).unwrap(), [47, 2, 47, 4, 100, 1, 3, 4, 5]);
    for (script, text) in [
        ("c.count = 1", "TypeError: Cannot assign to read-only property `count` of a Counter"),
        ("c.other = 1", "TypeError: Cannot add property `other`: a Counter has the properties that the host gives it"),
        (
            "c.step = 'x'",
            "TypeError: `step`: the value must be an integer from -9223372036854775808 to 9223372036854775807, got a string",
        ),
        ("Counter(1)", "TypeError: Class constructor Counter cannot be invoked without `new`"),
        ("c.add.call([])", "TypeError: `add` is a method of Counter and was called on an array"),
        ("small.each((n) => small.add())", "TypeError: `add`: the Counter is in use by a call that has not returned"),
        (
            "new Counter('x')",
            "TypeError: `new Counter`: argument 1 must be an integer from -9223372036854775808 to 9223372036854775807, got a string",
        ),
    ] {
        assert_eq!(message(engine.eval::<()>(script)), text);
    }
    assert_eq!(
        engine.eval::<String>("`${typeof Counter} ${Counter.name}${Counter.length} ${c.missing}`").unwrap(),
        "function Counter1 undefined"
    );
    engine.verify().unwrap();
    assert_eq!(DROPPED.get(), dropped);
    engine.finish();
    assert_eq!(DROPPED.get(), dropped + 2);
    // Values of the host come and go by calls.
    engine.function("make", |n: i64| Native(Counter { count: n, step: 1 }));
    let made: Handle = engine.eval("make(5)").unwrap();
    let count = engine.scope(|scope| {
        let made = scope.local(&made)?;
        made.with_mut::<Counter, _>(scope, |counter| {
            counter.count += 1;
            counter.count
        })
    });
    assert_eq!(count.unwrap(), 6);
    drop(made);
    engine.eval::<()>("0").unwrap();
    assert_eq!(DROPPED.get(), dropped + 3);
}

#[test]
fn instances_of_the_host_are_iterated_over() {
    let mut engine = Engine::new();
    engine.native_type::<Counter>();
    assert_eq!(engine.eval::<Vec<i64>>("[...new Counter(3)]").unwrap(), [2, 1, 0]);
    let script = "function down(c) { const seen = []; for (const n of c) { seen.push(n); if (n === 4) { break; } } return seen; }";
    engine.eval::<()>(script).unwrap();
    assert_eq!(engine.eval::<Vec<i64>>("down(new Counter(6))").unwrap(), [5, 4]);
    assert_eq!(
        engine.eval::<(i64, i64)>("function two() { const [a, b] = new Counter(9); return [a, b]; } two()").unwrap(),
        (8, 7)
    );
    assert_eq!(DROPPED.get(), 3);
}

#[test]
fn what_is_lent_is_closed_when_the_scope_ends() {
    let mut engine = Engine::new();
    engine.native_type::<Counter>();
    engine
        .eval::<()>("let kept = []; function use(c, f) { kept.push(c, f); c.add(2); f(c.count); return c.count; }")
        .unwrap();
    let mut counter = Counter { count: 1, step: 1 };
    let seen = Cell::new(0);
    let result = engine.scope(|scope| {
        let lent = scope.lend(&mut counter)?;
        let f = scope.lend_function("see", |n: i64| seen.set(n));
        let used: Local = scope.global("use")?;
        scope.call::<i64>(used, (lent, f))
    });
    assert_eq!((result.unwrap(), counter.count, seen.get()), (3, 3, 3));
    assert_eq!(message(engine.eval::<()>("kept[0].add()")), "TypeError: `add`: the Counter is closed");
    assert_eq!(message(engine.eval::<()>("kept[1](1)")), "TypeError: `see` was a function for a time that is over");
    let counter = Counter { count: 9, step: 1 };
    let result = engine.scope(|scope| {
        let lent = scope.lend_ref(&counter)?;
        let used: Local = scope.global("use")?;
        scope.call::<i64>(used, (lent, Local::UNDEFINED))
    });
    assert_eq!(message(result), "TypeError: `add`: the Counter was lent to be looked at, not to be changed");
    engine.verify().unwrap();
}

// ---- Scopes and handles -----------------------------------------------------------------------------------------------------

#[test]
fn scopes_give_values_back() {
    let mut engine = Engine::new();
    engine.eval::<()>("let root = { list: [] };").unwrap();
    // Texts of keys stay with the shapes of objects.
    let containers = |engine: &Engine| -> u64 {
        let live = engine.stats().live;
        live.iter().filter(|(kind, _)| !matches!(*kind, "string" | "total")).map(|(_, count)| count).sum()
    };
    let before = containers(&engine);
    let text = engine.scope(|scope| {
        let root: Local = scope.global("root")?;
        let list: Local = root.get(scope, "list")?;
        list.call_method::<()>(scope, "push", (1, "two"))?;
        let object = scope.object_from([("a", 1), ("b", 2)])?;
        object.set(scope, "self", object)?;
        assert_eq!(object.kind(), Kind::Object);
        let keys: Vec<String> =
            object.entries(scope).into_iter().map(|(key, _)| key.to::<String>(scope)).collect::<Result<_, _>>()?;
        assert_eq!(keys, ["a", "b", "self"]);
        let second: String = list.get(scope, 1)?;
        Ok::<String, Error>(second)
    });
    assert_eq!(text.unwrap(), "two");
    engine.eval::<()>("root.list.pop()").unwrap();
    engine.verify().unwrap();
    assert_eq!(containers(&engine), before);
}

#[test]
fn handles_hold_and_let_go() {
    let mut engine = Engine::new();
    let mut other = Engine::new();
    let handle: Handle = engine.eval("({ n: 1, self: null })").unwrap();
    assert_eq!(handle.get::<i32>(&mut engine, "n").unwrap(), 1);
    handle.set(&mut engine, "n", 2).unwrap();
    assert_eq!(handle.clone().get::<i32>(&mut engine, "n").unwrap(), 2);
    assert!(matches!(handle.get::<i32>(&mut other, "n"), Err(Error::Handle(_))));
    let live = |engine: &Engine| engine.stats().live.iter().find(|(kind, _)| *kind == "object").unwrap().1;
    assert_eq!(live(&engine), 1);
    std::thread::spawn(move || drop(handle)).join().unwrap();
    engine.eval::<()>("1").unwrap();
    assert_eq!(live(&engine), 0);
    let handle: Handle = engine.eval("[1]").unwrap();
    engine.finish();
    assert!(matches!(handle.get::<i32>(&mut engine, 0), Err(Error::Handle(_))));
}

#[test]
fn engines_are_sent_and_stand_side_by_side() {
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let mut engine = Engine::new();
            engine.function("own", move || n);
            engine.eval::<()>("function f(k) { return own() * k; }").unwrap();
            std::thread::spawn(move || (0..100).map(|k| engine.call::<i32>("f", (k,)).unwrap()).sum::<i32>())
        })
        .collect();
    let sums: Vec<i32> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(sums, [0, 4950, 9900, 14850]);
}

#[test]
fn an_interrupt_from_another_thread_ends_a_call() {
    let mut engine = Engine::new();
    let interrupt = engine.interrupt();
    engine.function("started", move || {
        let interrupt = interrupt.clone();
        std::thread::spawn(move || interrupt.raise());
    });
    let error = engine.eval::<()>("started(); while (true) {}").unwrap_err();
    assert!(matches!(error, Error::Failure(Failure::Interrupted { .. })));
    assert_eq!(engine.eval::<i32>("1").unwrap(), 1);
}

#[test]
fn enter_is_the_same_for_an_engine_and_a_context() {
    fn sum(at: &mut impl AsContext, list: &Handle) -> Result<i32, Error> {
        at.enter(|cx| {
            let list = cx.local(list)?;
            let numbers: Vec<i32> = list.to(cx)?;
            Ok(numbers.into_iter().sum())
        })
    }
    let mut engine = Engine::new();
    let list: Handle = engine.eval("[1, 2, 3]").unwrap();
    assert_eq!(sum(&mut engine, &list).unwrap(), 6);
    engine.function("sum", |cx: &mut Context, list: Handle| sum(cx, &list));
    assert_eq!(engine.eval::<i32>("sum([4, 5])").unwrap(), 9);
}

// ---- Links ------------------------------------------------------------------------------------------------------------------

#[test]
fn linked_values_live_as_long_as_the_host_counts_their_objects() {
    let mut engine = Engine::new();
    let object = Foreign::new("outside".to_string());
    let live = |engine: &Engine| engine.stats().live.iter().find(|(kind, _)| *kind == "object").unwrap().1;
    engine.function("remember", {
        let object = object.clone();
        move |cx: &mut Context, value: Handle| {
            let value = cx.local(&value)?;
            cx.link_value(value, &object)?;
            Ok::<_, probate::embed::HostFailure>(())
        }
    });
    engine.eval::<()>("{ const inner = { n: 1 }; remember(inner); inner.self = inner; }").unwrap();
    engine.collect();
    assert_eq!((live(&engine), object.is_linked()), (1, true));
    let n = engine.enter(|cx| {
        let value = cx.value_of_linked(&object)?;
        assert_eq!(cx.linked::<String>(value).as_deref().map(String::as_str), Some("outside"));
        value.get::<i32>(cx, "n").ok()
    });
    assert_eq!(n, Some(1));
    engine.verify().unwrap();
    drop(engine);
    assert_eq!((object.is_linked(), object.as_str()), (false, "outside"));
}

#[test]
fn panics_in_destructors_finalizers_and_streams_do_not_harm() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    impl NativeType for Bomb {
        const NAME: &'static str = "Bomb";
        fn define(definition: &mut TypeDefinition<Bomb>) {
            definition.constructor(|| Bomb).finalizer(|_| panic!("finalized"));
        }
    }
    let caught = |f: &mut dyn FnMut()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
        panic.downcast_ref::<&str>().map_or("?".to_string(), |text| text.to_string())
    };
    let mut engine = Engine::new();
    engine.native_type::<Bomb>();
    let text = caught(&mut || engine.eval::<()>("{ const b = new Bomb(); }").unwrap());
    assert_eq!(text, "finalized");
    engine.verify().unwrap();
    assert_eq!(engine.eval::<i32>("1 + 1").unwrap(), 2);
    // What writes for a script has no business to panic: the engine stops working, and nothing worse.
    let mut engine = Engine::builder().output(|_, _| panic!("no paper")).build();
    assert_eq!(caught(&mut || engine.eval::<()>("[1].map(() => console.log(1))").unwrap()), "no paper");
    assert!(caught(&mut || drop(engine.eval::<()>("1"))).contains("cannot go on"));
    drop(engine);
    let mut engine = Engine::builder().output(|_, _| panic!("no ink")).build();
    let script = "(n) => { const o = {}; gc.finalizer(o, () => n); return [n].map((k) => console.log(k, o)); }";
    let function: Handle = engine.eval(script).unwrap();
    assert_eq!(caught(&mut || function.call::<()>(&mut engine, (1,)).unwrap()), "no ink");
    assert!(caught(&mut || drop(function.call::<()>(&mut engine, (1,)))).contains("cannot go on"));
    drop(engine);
}
