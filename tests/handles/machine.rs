//! Handles and the machine: what a program's end does with them, and what happens between programs.

use probate::embed::Engine;
use probate::events::{Preset, TextTracer};
use probate::heap::Settings;
use probate::heap::cell::Kind;
use probate::heap::handles::HandleError;
use probate::heap::value::Value;
use probate::vm::code::Source;
use probate::vm::host::Silent;
use probate::vm::{Options, Vm};

use super::Log;

/// A machine that verifies its heap at every safepoint.
fn machine() -> Vm {
    let heap = Settings { verify: true, track_handles: true, ..Settings::default() };
    Vm::new(Options { heap, ..Options::default() }, Box::new(Silent))
}

/// Runs a program; its value is held until the machine's end.
fn run(vm: &mut Vm, source: &str) -> Value {
    let program = Engine::builder().build().compile(source).expect("a program");
    vm.run_program(&program, Source::new("test.pbt", source)).expect("it ends well")
}

fn trace(vm: &mut Vm) -> Log {
    let log = Log::default();
    let sink = log.clone();
    let tracer = TextTracer::new(Some(Preset::Life), move |line: &str| {
        if !line.starts_with('#') {
            sink.add(line);
        }
    });
    vm.heap.set_tracer(Some(Box::new(tracer)));
    log
}

#[test]
fn finalizers_come_before_the_handles_are_closed() {
    let mut vm = machine();
    let source = "class R { finalize() {} }
        const first = new R();
        const held = { first, own: new R() };
        held.last = new R();
        held";
    let value = run(&mut vm, source);
    let log = trace(&mut vm);
    let handle = vm.heap.open_handle(value);
    let text = vm.heap.short_string("kept");
    let second = vm.heap.open_handle(text);
    let inner = log.clone();
    vm.heap.on_close(handle, Box::new(move |_| inner.add("destructor\n"))).expect("it is open");
    log.take();
    vm.finish(value);
    let text = log.take();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("free") && !line.starts_with("gc")).collect();
    let is = |line: &str, start: &str| line.starts_with(start);
    // One round, the newest first, though a handle holds them; then the handles, the last one first.
    assert!(lines[..3].iter().all(|line| is(line, "final.queue")), "{text}");
    assert!(lines[3..6].iter().all(|line| is(line, "final.run") && line.ends_with("R.finalize")), "{text}");
    let number = |line: &str| line.split(['#', ' ']).nth(2).and_then(|n| n.parse::<u32>().ok()).expect("a number");
    assert!(number(lines[3]) > number(lines[4]) && number(lines[4]) > number(lines[5]), "{text}");
    assert_eq!(lines[6..8], ["handle.leak h2 string", "handle.close h2"]);
    assert!(is(lines[8], "handle.leak h1 #"), "{text}");
    assert_eq!(lines[9..], ["handle.close h1", "destructor"]);
    // What they held has died, and the handles are closed for good.
    assert_eq!(vm.heap.live(Kind::Object), 0);
    let error = vm.heap.deref_handle(second).expect_err("it is closed");
    assert!(error.to_string().ends_with("; it was closed when its program ended"), "{error}");
}

#[test]
fn what_a_destructor_registers_is_called() {
    let mut vm = machine();
    let value = run(&mut vm, "({ finalizer: () => 0 })");
    let log = trace(&mut vm);
    let handle = vm.heap.open_handle(value);
    let register = move |heap: &mut probate::heap::Heap| {
        use probate::heap::finalize::Finalizer;
        heap.register_finalizer(value, Finalizer::Method);
    };
    vm.heap.on_close(handle, Box::new(register)).expect("it is open");
    vm.finish(value);
    let text = log.take();
    let position = |what: &str| text.lines().position(|line| line.starts_with(what));
    assert!(
        position("handle.close").is_some_and(|at| position("final.queue").is_some_and(|queued| at < queued)),
        "{text}"
    );
    assert_eq!(vm.heap.live(Kind::Object), 0);
}

#[test]
fn finalizers_of_the_host_use_handles() {
    let mut vm = machine();
    let value = run(&mut vm, "({ of: {} })");
    let held = vm.heap.array(0);
    let handle = vm.heap.open_handle(held);
    vm.end_host_statement();
    let log = Log::default();
    let inner = log.clone();
    vm.host_finalizer(value, move |vm, _| {
        inner.add(&format!("{:?} ", vm.heap.deref_handle(handle).is_ok()));
        // Opened at the very end: closed all the same.
        let late = vm.heap.array(0);
        vm.heap.open_handle(late);
        inner.add(&format!("{:?}", vm.heap.close_handle(handle)));
        Ok(())
    });
    vm.finish(value);
    assert_eq!(log.take(), "true Ok(())");
    assert!(!vm.heap.has_open_handles() && vm.heap.live(Kind::Array) == 0);
}

#[test]
fn finalizers_and_destructors_that_make_each_other_come_to_an_end() {
    let mut vm = machine();
    let value = run(&mut vm, "({})");
    fn arm(vm: &mut Vm, value: Value, log: Log) {
        vm.host_finalizer(value, move |vm, value| {
            log.add(".");
            let handle = vm.heap.open_handle(value);
            let log = log.clone();
            arm_later(vm, handle, log);
            Ok(())
        });
    }
    fn arm_later(vm: &mut Vm, handle: probate::heap::handles::RawHandle, log: Log) {
        vm.heap
            .on_close(
                handle,
                Box::new(move |heap| {
                    use probate::heap::finalize::Finalizer;
                    log.add("d");
                    let fresh = heap.array(0);
                    heap.register_finalizer(fresh, Finalizer::Method);
                    heap.open_handle(fresh);
                }),
            )
            .expect("it is open");
    }
    let log = Log::default();
    arm(&mut vm, value, log.clone());
    vm.finish(value);
    assert_eq!(log.take(), ".d");
    assert!(!vm.heap.has_open_handles() && vm.heap.live(Kind::Array) == 0);
}

#[test]
fn between_programs_the_host_ends_its_own_statements() {
    let mut vm = machine();
    let value = run(&mut vm, "class R { finalize() {} } ({ r: new R() })");
    let log = trace(&mut vm);
    let key = vm.heap.key("r");
    let r = vm.heap.get_own(value, key).expect("it is there");
    let handle = vm.heap.open_handle(r);
    let before = vm.heap.live(Kind::Array);
    let kept = vm.heap.array(0);
    let kept = vm.heap.open_handle(kept);
    vm.heap.array(0);
    vm.end_host_statement();
    assert_eq!(vm.heap.live(Kind::Array), before + 1);
    assert_eq!(vm.heap.close_handle(kept), Ok(()));
    assert_eq!(vm.heap.live(Kind::Array), before + 1);
    vm.end_host_statement();
    assert_eq!(vm.heap.live(Kind::Array), before);
    log.take();
    // The last reference to something with a finalizer.
    let key = vm.heap.key("r");
    vm.heap.set_own(value, key, Value::UNDEFINED).expect("there is room");
    vm.end_host_statement();
    assert_eq!(log.take(), "");
    assert_eq!(vm.heap.close_handle(handle), Ok(()));
    assert_eq!(log.take(), "handle.close h1\n");
    vm.end_host_statement();
    let text = log.take();
    let words: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(words, ["final.queue", "final.run", "free"]);
    vm.finish(value);
}

#[test]
fn a_handle_is_a_reason() {
    let mut vm = machine();
    let value = run(&mut vm, "({ inner: { part: [] } })");
    let key = vm.heap.key("inner");
    let inner = vm.heap.get_own(value, key).expect("it is there");
    let handle = vm.heap.open_handle(inner);
    vm.heap.set_own(value, key, Value::UNDEFINED).expect("there is room");
    vm.end_host_statement();
    let key = vm.heap.key("part");
    let part = vm.heap.get_own(inner, key).expect("it is there");
    assert_eq!((vm.why(inner).as_deref(), vm.why(part).as_deref()), (Some("(handle)"), Some("(handle).part")));
    assert_eq!(vm.why_lasting(part).as_deref(), Some("(handle).part"));
    assert_eq!((vm.holders(inner), vm.verify()), (vec!["(handle)".to_string()], Ok(())));
    vm.collect_between();
    assert_eq!(vm.heap.deref_handle(handle), Ok(inner));
    vm.finish(value);
    assert!(matches!(vm.heap.deref_handle(handle), Err(HandleError::Closed(_))));
}

#[test]
fn the_table_counts_towards_the_memory_limit() {
    let mut vm = machine();
    let before = vm.heap.stack_bytes();
    let handles: Vec<_> = (0..100_000).map(|n| vm.heap.open_handle(Value::int(n))).collect();
    assert!(vm.heap.stack_bytes() - before >= 16 * handles.len() as u64);
}
