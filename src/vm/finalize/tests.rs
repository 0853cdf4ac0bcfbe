//! Finalizers of the host, and light ones: what a script cannot register by itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::host::FinalizerFailure;
use super::*;
use crate::compile::{self, CompileOptions};
use crate::stdlib::inspect_value;
use crate::syntax::{self, ParseOptions};
use crate::vm::Options;
use crate::vm::code::Source;
use crate::vm::host::{Host, Silent};
use crate::vm::native::{Args, NativeInfo};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn log(text: String) {
    LOG.with_borrow_mut(|log| log.push(text));
}

/// `note(value)`: a line in the log.
static NOTE: NativeInfo = NativeInfo::new("note", 1, |vm, args| {
    let text = inspect_value(vm, vm.arg(args, 0))?;
    log(text);
    Ok(Value::UNDEFINED)
});

/// `attach(value, name, times)`: a finalizer of the host that answers FinalizeLater so many times, and then logs the name.
static ATTACH: NativeInfo = NativeInfo::new("attach", 3, attach);

fn attach(vm: &mut Vm, args: Args) -> Result<Value, Throw> {
    let name = vm.heap.text(vm.arg(args, 1)).to_string();
    let left = AtomicU32::new(vm.arg(args, 2).as_f64().unwrap_or(0.0) as u32);
    vm.host_finalizer(vm.arg(args, 0), move |_, _| {
        if left.load(Ordering::Relaxed) > 0 {
            left.fetch_sub(1, Ordering::Relaxed);
            return Err(Unfinished::FinalizeLater);
        }
        log(name.clone());
        Ok(())
    });
    Ok(Value::UNDEFINED)
}

/// `calling(value, f)`: a finalizer of the host that calls a function of the script.
static CALLING: NativeInfo = NativeInfo::new("calling", 2, |vm, args| {
    let (value, function) = (vm.arg(args, 0), vm.arg(args, 1));
    // Held by the value: a finalizer of the host is no reference.
    let key = vm.heap.key("callback");
    vm.heap.set_own(value, key, function).map_err(|error| vm.set_error(error, "`callback`"))?;
    vm.host_finalizer(value, move |vm, value| {
        let key = vm.heap.key("callback");
        let function = vm.heap.get_own(value, key).unwrap_or(Value::UNDEFINED);
        vm.call(function, Value::UNDEFINED, &[value])?;
        Ok(())
    });
    Ok(Value::UNDEFINED)
});

/// `open(name)`: an object of the host whose light finalizer logs.
static OPEN: NativeInfo = NativeInfo::new("open", 1, |vm, args| {
    let name = vm.heap.text(vm.arg(args, 0)).to_string();
    let light = |payload: Box<dyn std::any::Any + Send>| {
        if let Ok(name) = payload.downcast::<String>() {
            log(format!("light {name}"));
        }
    };
    Ok(vm.heap.host_object("File", Box::new(name), Some(Box::new(light))))
});

/// Runs a program to its very end, plain and under stress. What it logged.
fn logged(source: &str) -> Vec<String> {
    logged_with(source, || Box::new(Silent))
}

fn logged_with(source: &str, host: fn() -> Box<dyn Host>) -> Vec<String> {
    logged_with_natives(source, host, &[&ATTACH, &CALLING, &OPEN])
}

/// With `note` and these built-ins.
pub(super) fn logged_with_natives(
    source: &str,
    host: fn() -> Box<dyn Host>,
    natives: &[&'static NativeInfo],
) -> Vec<String> {
    let run = |stress: bool| {
        LOG.take();
        let mut options = Options::default();
        options.heap.stress = stress;
        options.heap.verify = stress;
        let mut vm = Vm::new(options, host());
        // As built-ins are made: at level 0.
        vm.heap.unwind_to(0, 0, crate::heap::event::Cause::Exit);
        for info in [&NOTE].iter().chain(natives) {
            vm.install_function(info);
        }
        vm.heap.set_baseline();
        vm.heap.push_scope();
        let tree = syntax::parse(source, &ParseOptions::default()).expect("a program");
        let builtins = vm.builtin_names();
        let options = CompileOptions { builtins: &builtins, ..CompileOptions::default() };
        let program = compile::compile(&tree, source, &options).expect("a program");
        let value = vm.run_program(&program, Source::new("test.pbt", source)).unwrap_or_else(|failure| {
            log(format!("{failure:?}"));
            Value::UNDEFINED
        });
        vm.finish(value);
        LOG.take()
    };
    let plain = run(false);
    assert_eq!(plain, run(true), "under stress");
    plain
}

#[test]
fn a_finalizer_of_the_host_is_called_at_the_end_of_the_statement() {
    let log = logged("attach({}, 'a', 0); note(1); { const b = {}; attach(b, 'b', 0); note(2); } note(3);");
    assert_eq!(log, ["a", "1", "2", "b", "3"]);
}

#[test]
fn one_that_answers_later_stays_at_the_head_of_the_queue() {
    // Three that a collection finds: the first answers FinalizeLater twice, and the others wait behind it.
    let source = "let ring = []; for (let i = 0; i < 3; i += 1) ring.push({ ring });\n\
                  attach(ring[2], 'c', 2); attach(ring[1], 'b', 0); attach(ring[0], 'a', 0);\n\
                  ring = null; note(gc.collect()); note('one'); note('two'); note('three');";
    assert_eq!(logged(source), ["4", "'one'", "'two'", "c", "b", "a", "'three'"]);
}

#[test]
fn one_that_answers_later_at_a_pop_moves_to_level_1_and_stays_queued() {
    let source = "{ const o = { part: {} }; attach(o, 'o', 1); attach({}, 'temporary', 0); } note(gc.stats().queued); note('end');";
    assert_eq!(logged(source), ["temporary", "o", "0", "'end'"]);
}

#[test]
fn one_that_answers_later_for_ever_is_moved_behind_the_others() {
    let source = "let ring = []; for (let i = 0; i < 2; i += 1) ring.push({ ring });\n\
                  attach(ring[1], 'never', 1000000); attach(ring[0], 'a', 0);\n\
                  ring = null; gc.collect(); for (let i = 0; i < 40; i += 1) { gc.stats(); } note('end');";
    assert_eq!(logged(source), ["a", "'end'"]);
}

#[test]
fn one_that_calls_the_script_may_resurrect_its_value() {
    let source = "let kept = null; { const o = { name: 'o' }; calling(o, (v) => { kept = v; note(v.name); }); }\n\
                  note(kept.name); kept = null; note(gc.stats().live.object);";
    assert_eq!(logged(source), ["'o'", "'o'", "0"]);
}

#[test]
fn a_light_finalizer_runs_when_the_object_is_freed_after_its_finalizer() {
    let source = "{ const file = open('a'); gc.finalizer(file, () => note('script')); note(gc.stats().live.host); }\n\
                  open('b'); note(gc.stats().live.host);\n\
                  let ring = { file: open('c') }; ring.self = ring; ring = null; gc.collect(); note('collected');\n\
                  const kept = open('at the end');";
    let expected = ["1", "'script'", "light a", "light b", "0", "light c", "'collected'", "light at the end"];
    assert_eq!(logged(source), expected);
}

#[test]
fn what_fails_is_told_to_the_host_and_nobody_else() {
    struct Telling;
    impl Host for Telling {
        fn finalizer_failed(&mut self, failure: &FinalizerFailure) {
            log(format!("{}: {}", failure.value, failure.message));
        }
    }
    let source = "class R { finalize() { throw new TypeError('no'); } }\n\
                  try { new R(); note('next'); } catch { note('caught'); }\n\
                  gc.finalizer({}, () => exit(3)); note('end');";
    let expected =
        ["an instance of R: TypeError: no", "'next'", "an object: exit(3) is ignored in a finalizer", "'end'"];
    assert_eq!(logged_with(source, || Box::new(Telling)), expected);
}
