//! Instances of types of the host, in all that takes a value and while they are used.

use super::*;

#[test]
fn instances_go_through_everything_that_takes_a_value() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    engine.eval::<()>("let c = new Cell(3); let log = [];").unwrap();
    for script in [
        "new Map([[c, 1]]).get(c)",
        "new Set([c, c]).size",
        "JSON.stringify(c)",
        "JSON.stringify({ c, l: [c] })",
        "Object.keys(c)",
        "Object.entries(c)",
        "({ ...c })",
        "'n' in c",
        "'get' in c",
        "const { n, get, zz } = c;",
        "for (const x of c) {}",
        "for (const k in c) {}",
        "[...c]",
        "Math.max(...c)",
        "c instanceof Cell",
        "class D extends Cell {}; new D(1)",
        "class E extends Cell { constructor() { super(2); } }; new E()",
        "Object.freeze(c)",
        "Object.assign(c, { n: 4 })",
        "Object.assign({}, c)",
        "c.get = 1",
        "c['n'] = 2",
        "c[0]",
        "c[0] = 1",
        "c[c]",
        "delete c.n",
        "c.constructor",
        "c.toString()",
        "`${c}`",
        "c + 1",
        "c == c",
        "c < c",
        "-c",
        "structuredClone(c)",
        "structuredClone({ c })",
        "Object.hasOwn(c, 'n')",
        "c()",
        "new c()",
        "c.get.call(undefined)",
        "c.get.call(1)",
        "c.get.call('x')",
        "c.get.call({})",
        "c.get.call(new Map())",
        "c.get.bind(c)()",
        "[1, 2].map(c.get)",
        "c.set.apply(c, [5])",
        "Cell.x = 1",
        "Cell.prototype",
        "Cell.bind(undefined)",
        "new (Cell.bind(undefined, 4))()",
        "Object.getOwnPropertyNames(c)",
        "String(c)",
        "console.log(c, [c], Cell, c.get)",
        "c.keep(c)",
        "c.keep(() => c)",
        "c.attach(c)",
        "c.attach([c])",
        "c.attach(undefined)",
        "c.call(() => c.call(() => gc.collect()))",
        "c.change(() => c.get())",
        "c.change(() => c.n)",
        "c.change(() => JSON.stringify(c))",
        "c.change(() => console.log(c))",
        "c.change(() => c.take())",
        "c.call(() => c.take())",
        "gc.finalizer(c, () => log.push(c.n))",
        "new WeakRef(c)",
        "gc.weak(c)",
        "gc.why(c)",
        "gc.stats()",
        "gc.holders(c)",
        "c = null",
        "gc.collect()",
        "c = new Cell(1); c.call(() => { c = null; gc.collect(); })",
        "c = new Cell(1); c.change(() => { c = null; gc.collect(); })",
        "new Cell(1).change(() => gc.collect())",
        "(() => new Cell(1))().call(() => gc.collect())",
        "c = new Cell(2); c.take(); c.get()",
        "gc.finalizer(new Cell(8), (x) => { log.push(x); x.take(); }); gc.collect(); log.length",
        "log.map((x) => x.n)",
        "[new Cell(2), new Cell(1)].sort((a, b) => a.n - b.n)",
        "Object.groupBy([new Cell(1)], (x) => x.n)",
        "Array.from(new Cell(3))",
        "Array.from({ length: 2 }, () => new Cell(1))",
        "[new Cell(1)].includes(new Cell(1))",
        "[[new Cell(1)]].flat()",
        "throw new Cell(1)",
        "new Error('x', { cause: new Cell(1) })",
        "new Cell(new Cell(1))",
        "new Cell(...Array.from({ length: 5000 }, (x, i) => i))",
        "new Cell(1, ...[1, 2, 3]).set(...[7, 8])",
    ] {
        // Whatever it says: nothing breaks.
        let _ = engine.eval::<()>(script);
        let _ = engine.eval::<String>(&format!("JSON.stringify([{script}])"));
        engine.verify().unwrap_or_else(|broken| panic!("{script}: {broken}"));
    }
    check(&mut engine);
    engine.finish();
    assert!(engine.leaks().is_empty(), "{:?}", engine.leaks());
    assert!(engine.open_handles().is_empty());
}

#[test]
fn an_instance_keeps_its_value_while_a_method_runs() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    let script = "
        let c = new Cell(40);
        const results = [c.change(() => { c = null; gc.collect(); [1, 2].map((x) => [x]); })];
        results.push(new Cell(1).call(() => gc.collect()));
        let holder = { c: new Cell(2) };
        results.push(holder.c.change(() => { holder = null; gc.collect(); }));
        results";
    assert_eq!(engine.eval::<Vec<i64>>(script).unwrap(), [41, 1, 3]);
    check(&mut engine);
}

#[test]
fn a_finalizer_of_the_script_may_touch_what_is_closed() {
    let mut engine = strict();
    engine.native_type::<Cell>();
    engine.eval::<()>("const seen = []; function watch(c) { gc.finalizer(c, () => { try { c.get(); } catch (e) { seen.push(e.message); } }); }").unwrap();
    let mut cell = Cell(1, None);
    engine
        .scope(|scope| {
            let lent = scope.lend(&mut cell)?;
            let watch: Local = scope.global("watch")?;
            scope.call::<()>(watch, (lent,))
        })
        .unwrap();
    engine.collect();
    check(&mut engine);
}
