//! An interrupt at every place of a session where the machine can look at it: what is under way is unwound, the heap stays whole, and the session goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use probate::embed::{Engine, Error};
use probate::heap::Settings;
use probate::stdlib::inspect;
use probate::vm::error::Failure;
use probate::vm::host::{Closed, Host, Stream};
use probate::vm::interrupt::Interrupt;

/// Raises the interrupt at the output number `at`.
struct Raising {
    interrupt: Interrupt,
    at: usize,
    outputs: Arc<AtomicUsize>,
}

impl Host for Raising {
    fn write(&mut self, _: Stream, _: &str) -> Result<(), Closed> {
        if self.outputs.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            self.interrupt.raise();
        }
        Ok(())
    }
}

/// `t` writes something, and then does so much work that the machine looks at the interrupt.
const BEFORE: &str = "function t(v) { print('.'); 'x'.repeat(400000); return v }
    class Fin { constructor(x) { this.x = x } finalize() { t(); kept.push(t([this.x])) } }
    class Again { finalize() { t(); kept.push(this) } }
    let kept = [], a = [1], b = { x: [2] }, c";

const INPUTS: &[&str] = &[
    "new Fin(1); t([new Fin(2), t(new Fin([3]))])",
    "try { t([1]); throw t([2]) } catch (e) { t(e) } finally { t([3]); new Fin(4) }",
    "const f = () => { try { return t([new Fin(5)]) } finally { t([6]) } }; f()",
    "class A { y = t([1]); constructor(p) { this.p = t([p]) } static s = t([2]); static { t(this) } get() { return t([this]) } }",
    "class B extends A { z = t([1]); constructor(p) { const q = t([p]); super(t([q])); this.q = t([q]) } get() { return t([super.get()]) } }",
    "new B([new Fin(7)]).get()",
    "[[3], [1], [2]].sort((p, q) => t(p[0] - q[0]))",
    "[1, 2].map((x) => t([x, new Fin(x)])).filter((x) => t(true)).reduce((p, q) => t([p, q]), [])",
    "JSON.stringify({ a: [{ toJSON() { return t([1]) } }], b: { toJSON() { return t({ c: new Fin(8).x }) } } })",
    "JSON.parse('[[1],{\"a\":[2]}]', (key, value) => t(value))",
    "for (const [k, v] of new Map([[[1], t([2])], [t([3]), [4]]])) { t([k, v]); const g = () => k; t(g) }",
    "for (let i = 0; i < 3; i += 1) { const k = [i]; a.push(() => t(k)); t(k) }",
    "const { x: [d = t([1])], y: { e = t([2]) }, ...rest } = { x: [], y: {}, q: t([3]), r: new Fin(9) }",
    "c = new Again(); c = t(null); c = [t(1)]",
    "const cycle = [1]; cycle.push(cycle); { const o = [new Fin(10)]; o.push(o) } gc.collect(); t(1)",
    "{ const o = [new Fin(11), new Again()]; o.push(o); gc.finalizer(o, (o) => { t(o); gc.collect(); gc.sweep(); t([o]) }) } gc.collect(); t([1])",
    "switch (t([1])) { case t([2]): break; default: { const o = new Fin(12); t(o) } }",
    "`${t('a')}${t([new Fin(13)]).length}${t('b')}`",
    "b.x = t([b]); b[t('y')] = t([1]); b[t('y')] ??= t([2]); b.x.push(...t([1, [2]])); [a[0], b.x] = [t([1]), t([2])]",
    "const wm = new WeakMap(), key = {}; wm.set(key, t(new Fin(14))); new Map([[t([1]), t([2])]]).forEach((v, k) => t([k, v]))",
    "'a-b-c'.split('-').map((s) => t(s)).join(t('+')); Array.from({ length: 3 }, (_, i) => t([i])); Object.groupBy?.([1, 2], (x) => t('k' + x))",
    "t.call(null, t([1])); t.bind(null, t([2]))(); ((...p) => t(p))(t([3]), ...t([4]))",
    "let x1 = t([1]), x2 = t(new Fin(15)), x3 = t(x1)",
    "let x1 = t([x2])",
    "throw t(new Error(t('no'), { cause: t([new Fin(16)]) }))",
    "kept = t([])",
];

fn settings(stress: bool) -> probate::vm::Options {
    let heap = Settings { stress, verify: stress, ..Settings::default() };
    probate::vm::Options { heap, ..Default::default() }
}

/// Runs the session with an interrupt at the output number `at`; whether there was one.
fn interrupted_at(at: usize, stress: bool) -> bool {
    let (interrupt, outputs) = (Interrupt::default(), Arc::new(AtomicUsize::new(0)));
    let host = Raising { interrupt: interrupt.clone(), at, outputs: Arc::clone(&outputs) };
    let mut engine = Engine::builder().options(settings(stress)).host(host).interrupt(interrupt.clone()).build();
    assert!(engine.feed("<before>", BEFORE).is_ok());
    let mut stopped = 0;
    for input in INPUTS {
        match engine.feed("<input>", input) {
            Ok(_) => match engine.show(inspect::Options::default()) {
                Ok(_) => {}
                // It has ended the last finalizer of the input before.
                Err(Failure::Interrupted { .. }) => stopped += 1,
                Err(error) => panic!("output {at}: {input}: {error:?}"),
            },
            Err(Error::Failure(Failure::Interrupted { .. })) => stopped += 1,
            Err(Error::Failure(Failure::Uncaught { .. })) => {}
            Err(Error::Syntax(errors)) => assert!(stopped > 0 || errors.is_empty(), "{input}: {errors:?}"),
            Err(error) => panic!("output {at}: {input}: {error}"),
        }
        assert_eq!(engine.verify(), Ok(()), "output {at}, after {input}");
        engine.settle();
        // One that ended a finalizer after the value was shown has nothing more to end.
        interrupt.clear();
        assert_eq!(engine.verify(), Ok(()), "output {at}, at the end of {input}");
    }
    assert!(stopped <= 1, "output {at}: stopped {stopped} times");
    assert!(engine.feed("<after>", "[1, kept.length]").is_ok());
    engine.finish();
    assert_eq!(engine.leaks(), [], "output {at}");
    outputs.load(Ordering::Relaxed) >= at
}

#[test]
fn an_interrupt_can_come_anywhere() {
    let mut at = 1;
    while interrupted_at(at, false) {
        at += 1;
    }
    assert!(at > 100, "{at} places");
}

#[test]
fn an_interrupt_can_come_anywhere_under_stress() {
    let mut at = 1;
    while interrupted_at(at, true) {
        at += 7;
    }
}

/// The machine looks now and then; where finalizers do nearly all of the work, that is nearly always in a finalizer.
#[test]
fn what_makes_finalizers_is_ended_soon() {
    let interrupt = Interrupt::default();
    let host = Raising { interrupt: interrupt.clone(), at: 1, outputs: Arc::default() };
    let mut engine = Engine::builder().host(host).interrupt(interrupt).build();
    let input = "let made = 0; class R { finalize() { print('.'); for (let i = 0; i < 30000; i += 1) {} } }
        for (; made < 1000; made += 1) { new R() }";
    assert!(matches!(engine.feed("<input>", input), Err(Error::Failure(Failure::Interrupted { .. }))));
    assert!(engine.feed("<input>", "if (made > 3) { throw made }").is_ok());
}
