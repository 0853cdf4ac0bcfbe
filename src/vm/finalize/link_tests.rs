//! Links to foreign objects while scripts run: safepoints, ways out of scopes, finalizers, the end. Each program runs plain, and under stress with the verifier.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::tests::{log, logged_with_natives};
use crate::heap::cell::Kind;
use crate::heap::links::foreign::Foreign;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::host::Silent;
use crate::vm::native::{Args, NativeInfo, Throw};

/// What the host has: a thing with a name, which logs its end.
struct Thing(String);

impl Drop for Thing {
    fn drop(&mut self) {
        if !QUIET.get() {
            log(format!("end of {}", self.0));
        }
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static THINGS: RefCell<BTreeMap<String, Foreign<Thing>>> = const { RefCell::new(BTreeMap::new()) };
}

fn name(vm: &Vm, args: Args, index: usize) -> String {
    vm.heap.text(vm.arg(args, index)).to_string()
}

fn thing(name: &str) -> Option<Foreign<Thing>> {
    THINGS.with_borrow(|things| things.get(name).cloned())
}

/// `share(value, name)`: the host makes a thing for a value, and keeps a pointer to it. What is wrong with that is logged.
static SHARE: NativeInfo = NativeInfo::new("share", 2, |vm, args| {
    let name = name(vm, args, 1);
    let thing = Foreign::new(Thing(name.clone()));
    match vm.heap.create_link_value(vm.arg(args, 0), &thing) {
        Ok(()) => drop(THINGS.with_borrow_mut(|things| things.insert(name, thing))),
        Err(error) => log(error.to_string()),
    }
    Ok(Value::UNDEFINED)
});

/// `wrap(name)`: the proxy of a thing, which is made if there is none.
static WRAP: NativeInfo = NativeInfo::new("wrap", 1, wrap);

fn wrap(vm: &mut Vm, args: Args) -> Result<Value, Throw> {
    let name = name(vm, args, 0);
    let thing = thing(&name).unwrap_or_else(|| Foreign::new(Thing(name.clone())));
    let proxy = match vm.heap.to_value(&thing) {
        Some(proxy) => proxy,
        None => {
            let proxy = vm.heap.host_object("Thing", Box::new(()), None);
            if let Err(error) = vm.heap.create_link_foreign(proxy, &thing) {
                log(error.to_string());
            }
            proxy
        }
    };
    THINGS.with_borrow_mut(|things| things.insert(name, thing));
    Ok(proxy)
}

/// `value(name)`: that to which a thing is linked.
static VALUE: NativeInfo = NativeInfo::new("value", 1, |vm, args| {
    let thing = thing(&name(vm, args, 0));
    Ok(thing.and_then(|thing| vm.heap.to_value(&thing)).unwrap_or(Value::UNDEFINED))
});

/// `forget(name)`: the host drops its pointer, and does not tell the heap.
static FORGET: NativeInfo = NativeInfo::new("forget", 1, |vm, args| {
    drop(THINGS.with_borrow_mut(|things| things.remove(&name(vm, args, 0))));
    Ok(Value::UNDEFINED)
});

/// `giveBack(name)`: it does.
static GIVE_BACK: NativeInfo = NativeInfo::new("giveBack", 1, |vm, args| {
    let name = name(vm, args, 0);
    if let Some(thing) = THINGS.with_borrow_mut(|things| things.remove(&name)) {
        vm.heap.give_back(thing);
    }
    Ok(Value::UNDEFINED)
});

/// `reset()`: the host drops what is left of the run before.
static RESET: NativeInfo = NativeInfo::new("reset", 0, |_, _| {
    QUIET.set(true);
    drop(THINGS.take());
    QUIET.set(false);
    Ok(Value::UNDEFINED)
});

/// What a program logs, to its very end.
fn logged(source: &str) -> Vec<String> {
    let natives = [&SHARE, &WRAP, &VALUE, &FORGET, &GIVE_BACK, &RESET];
    let source = format!("reset();\n{source}\nnote('end');");
    logged_with_natives(&source, || Box::new(Silent), &natives)
}

#[test]
fn a_value_lives_as_long_as_its_foreign_object_and_dies_at_the_end_of_the_statement() {
    let log = logged(
        "{ share({ name: 'a' }, 'a'); }\n\
         note(value('a').name); note(gc.scope(value('a'))); note(gc.refs(value('a'))); note(gc.why(value('a')));\n\
         giveBack('a'); note('gone'); note(gc.stats().live.object);",
    );
    assert_eq!(log, ["'a'", "1", "1", "'(foreign f1)'", "end of a", "'gone'", "0", "'end'"]);
}

#[test]
fn what_the_heap_is_not_told_waits_for_a_collection() {
    let log = logged(
        "share({}, 'a'); forget('a'); note(gc.stats().live.object); note(gc.collect()); note(gc.stats().live.object);\n\
         share({}, 'b'); giveBack('b'); note(gc.stats().live.object);",
    );
    // `gc.collect()` lets go of it, and its statement's end frees it.
    assert_eq!(log, ["1", "0", "end of a", "0", "end of b", "0", "'end'"]);
}

#[test]
fn on_every_way_out_of_a_scope_it_stays() {
    let log = logged(
        "function make(n) { const v = { n }; v.self = v; share(v, 'r'); if (n) return n; throw v.n; }\n\
         note(make(1)); note(value('r').n); giveBack('r');\n\
         try { make(0); } catch (e) { note(e); } note(value('r').n); giveBack('r');\n\
         for (let i = 0; i < 3; i += 1) { const o = { i }; share([o], `t${i}`); if (i === 1) break; }\n\
         note(value('t0')[0].i + value('t1')[0].i); giveBack('t0'); giveBack('t1');\n\
         [1].forEach(() => { const v = { n: 7 }; share(v, 'c'); }); note(value('c').n); giveBack('c');\n\
         gc.collect(); note(gc.stats().live.object + gc.stats().live.array);",
    );
    // The rings are stranded at level 1 when they are let go, so that the collection finds them.
    let expected =
        ["1", "1", "0", "0", "1", "end of t0", "end of t1", "7", "end of c", "end of r", "end of r", "0", "'end'"];
    assert_eq!(log, expected);
}

#[test]
fn a_return_value_and_a_second_link() {
    let log = logged(
        "function f() { const v = { inner: {} }; share(v.inner, 'i'); share(v.inner, 'again'); return v; }\n\
         let v = f(); forget('i'); note(gc.scope(value('i') ?? 'none') === undefined);\n\
         v = null; note('next'); share('text', 'atom'); share(Math, 'built in');",
    );
    let expected = [
        "the value is linked already",
        "end of again",
        "true",
        "end of i",
        "'next'",
        "only a container can be linked",
        "end of atom",
        "a built-in cannot be linked",
        "end of built in",
        "'end'",
    ];
    assert_eq!(log, expected);
}

#[test]
fn a_finalizer_is_due_when_nobody_holds_its_value_any_more() {
    let log = logged(
        "class R { constructor(n) { this.n = n; } finalize() { note('final ' + this.n + ' ' + (value(this.n) === this)); } }\n\
         { share(new R('a'), 'a'); const b = new R('b'); b.self = b; share(b, 'b'); new R('c'); }\n\
         note('out'); giveBack('a'); note('next'); forget('b'); gc.collect(); note('last');",
    );
    let expected = [
        "'final c false'",
        "'out'",
        "'final a false'",
        "end of a",
        "'next'",
        "'final b false'",
        "end of b",
        "'last'",
        "'end'",
    ];
    assert_eq!(log, expected);
}

#[test]
fn a_finalizer_finds_the_link_whole_and_may_save_its_value() {
    let log = logged(
        "const keep = (v) => { note(gc.scope(v)); share(v, 'again ' + v.n); };\n\
         { const v = { n: 1 }; gc.finalizer(v, keep); }\n\
         note(value('again 1').n);\n\
         { const v = { n: 2 }; v.self = v; gc.finalizer(v, keep); }\n\
         note(value('again 2').n);\n\
         let v = { n: 3 }; gc.finalizer(v, keep); v = null; note(value('again 3').n);\n\
         v = { n: 4 }; v.self = v; gc.finalizer(v, keep); v = null; gc.collect(); note(value('again 4').n);\n\
         for (let i = 1; i <= 4; i += 1) giveBack(`again ${i}`);\n\
         gc.collect(); note(gc.stats().live.object);",
    );
    let expected = [
        "2",
        "1",
        "2",
        "2",
        "1",
        "3",
        "1",
        "4",
        "end of again 1",
        "end of again 3",
        "end of again 2",
        "end of again 4",
        "0",
        "'end'",
    ];
    let mut sorted = (log.clone(), expected.map(String::from).to_vec());
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1, "{log:?}");
    assert_eq!(log[..8], expected[..8]);
}

#[test]
fn weak_references_see_a_held_value() {
    let log = logged(
        "let weak; { const v = { n: 5 }; weak = new WeakRef(v); share({ v }, 'a'); }\n\
         note(weak.deref().n); giveBack('a'); note(weak.deref());",
    );
    assert_eq!(log, ["5", "end of a", "undefined", "'end'"]);
}

#[test]
fn proxies_come_and_go_and_their_object_stays() {
    let log = logged(
        "const p = wrap('a'); note(p === wrap('a')); note(gc.stats().live.host);\n\
         { wrap('b'); wrap('c'); } note(gc.stats().live.host); forget('b'); note('b is gone');\n\
         const q = wrap('c'); forget('c'); note(gc.stats().live.host); forget('a');",
    );
    // What is still linked at the end is cut then.
    assert_eq!(log, ["true", "1", "1", "end of b", "'b is gone'", "2", "'end'", "end of a", "end of c"]);
}

#[test]
fn at_the_end_what_the_host_has_survives_on_its_own() {
    let log = logged(
        "class R { finalize() { note('final'); } }\n\
         share(new R(), 'held'); const r = new R(); share(r, 'both'); share({}, 'cut'); share([], 'given'); forget('given');",
    );
    // In the end the host has pointers to the first three.
    assert_eq!(log, ["'end'", "'final'", "'final'", "end of given"]);
    THINGS.with_borrow(|things| {
        assert_eq!(things.keys().collect::<Vec<_>>(), ["both", "cut", "held"]);
        assert!(things.values().all(|thing| !thing.is_linked() && thing.refcount() == 1));
    });
}

#[test]
fn an_uncaught_error_and_a_limit_cut_links_too() {
    let log = logged("const v = {}; share(v, 'a'); share({ v }, 'b'); forget('a'); throw 1;");
    assert!(log[0].contains("Uncaught"), "{log:?}");
    assert_eq!(log[1..], ["end of a"]);
    let log =
        logged("const v = {}; share(v, 'a'); forget('a'); const f = () => f(); try { f(); } catch { note('deep'); }");
    assert_eq!(log, ["'deep'", "'end'", "end of a"]);
}

#[test]
fn natives_find_what_they_linked_by_kind() {
    // A typed pointer is given out for the right end only.
    static KINDS: NativeInfo = NativeInfo::new("kinds", 1, |vm, args| {
        let value = vm.arg(args, 0);
        let found = (vm.heap.from_value::<Thing>(value).is_some(), vm.heap.from_proxy::<Thing>(value).is_some());
        log(format!("{found:?} {}", value.kind() == Some(Kind::Host)));
        Ok(Value::UNDEFINED)
    });
    let source = "const v = {}; share(v, 'a'); kinds(v); kinds(wrap('b')); kinds({}); forget('a'); forget('b');";
    let natives = [&SHARE, &WRAP, &FORGET, &KINDS];
    let log = logged_with_natives(source, || Box::new(Silent), &natives);
    assert_eq!(log, ["(true, false) false", "(false, true) true", "(false, false) false", "end of b", "end of a"]);
}
