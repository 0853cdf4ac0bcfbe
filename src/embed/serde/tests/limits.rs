//! Depth, memory, fuel, interrupts: each is an error, and the machine goes on.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::*;
use crate::heap::Settings;
use crate::vm::error::Failure;
use crate::vm::limits::Limit;

/// Arrays in each other, so many that nothing may recurse into all of them.
struct Deep(usize);

impl Serialize for Deep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(1))?;
        if self.0 > 1 {
            seq.serialize_element(&Deep(self.0 - 1))?;
        }
        seq.end()
    }
}

/// The same with nothing but wrappers.
struct Wrapped(usize);

impl Serialize for Wrapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_none(),
            n if n % 2 == 0 => serializer.serialize_some(&Wrapped(n - 1)),
            n => serializer.serialize_newtype_struct("Wrapped", &Wrapped(n - 1)),
        }
    }
}

/// Each holds another, whatever it is read from.
#[derive(Deserialize, Debug)]
#[allow(dead_code)]
struct Endless(Option<Box<Endless>>);

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EndlessKey(Option<Box<EndlessKey>>);

/// Runs on a stack that is small for what is done there.
fn on_small_stack(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(f);
    match thread.map(|thread| thread.join()) {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => panic!("{error}"),
    }
}

fn nested(depth: usize) -> String {
    format!("let a = []; for (let i = 1; i < {depth}; i += 1) {{ a = [a]; }} a")
}

#[test]
fn depth_is_limited_when_values_are_made() {
    on_small_stack(|| {
        assert_eq!(made(&Deep(1000)), "[".repeat(1000) + &"]".repeat(1000));
        for depth in [1001, 100_000] {
            let path = "[0]".repeat(16) + "…" + &"[0]".repeat(4);
            assert_eq!(made(&Deep(depth)), format!("{path}: nested deeper than the limit of 1000 levels"));
        }
        assert_eq!(made(&Wrapped(5000)), "null");
        assert_eq!(made(&Wrapped(100_000)), "nested deeper than the limit of 1000 levels");
        assert_eq!(
            made(&std::collections::BTreeMap::from([(EndlessKeys, 1)])),
            "nested deeper than the limit of 1000 levels"
        );
    });
}

/// A key that wraps itself.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct EndlessKeys;

impl Serialize for EndlessKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_some(self)
    }
}

#[test]
fn the_limit_of_documents_is_the_one_for_values_too() {
    let mut vm = machine(Options { max_parse_depth: 3, ..Options::default() });
    assert!(to_value(&mut vm, &Deep(3)).is_ok());
    let error = to_value(&mut vm, &Deep(4)).map_err(|error| error.to_string());
    assert_eq!(error, Err("[0][0][0]: nested deeper than the limit of 3 levels".to_string()));
    settle(&mut vm);
    let value = run(&mut vm, "[[[[]]]]");
    let error = from_value::<serde_json::Value>(&mut vm, value).map_err(|error| error.to_string());
    assert_eq!(error, Err("[0][0][0]: nested deeper than the limit of 3 levels".to_string()));
    vm.finish(Value::UNDEFINED);
}

/// serde reads it from what it has buffered, which recurses in serde itself.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
#[allow(dead_code)]
enum Buffered {
    Number(f64),
    Text(String),
    Many(Vec<Buffered>),
}

#[test]
fn depth_is_limited_when_values_are_read() {
    on_small_stack(|| {
        assert!(read::<serde_json::Value>(&nested(128)).is_ok());
        assert!(read::<Buffered>(&nested(128)).is_ok());
        for depth in [129, 100_000] {
            let refused = refused::<serde_json::Value>(&nested(depth));
            let path = "[0]".repeat(16) + "…" + &"[0]".repeat(4);
            assert_eq!(refused, format!("{path}: nested deeper than the limit of 128 levels"));
            assert_eq!(super::refused::<Buffered>(&nested(depth)), refused);
        }
        let message = "nested deeper than the limit of 128 levels";
        assert_eq!(refused::<Endless>("1"), message);
        assert_eq!(refused::<std::collections::BTreeMap<EndlessKey, i32>>("({ a: 1 })"), message);
        // Nobody looks into it.
        assert!(read::<serde::de::IgnoredAny>(&nested(100_000)).is_ok());
    });
}

fn small(max_bytes: u64) -> Options {
    Options { heap: Settings { max_bytes, ..Settings::default() }, ..Options::default() }
}

/// What has ended it, if that was no conversion.
fn ended<T>(vm: &mut Vm, result: Result<T, Error>) -> Option<Limit> {
    match result {
        Err(Error::Thrown(_)) => match vm.take_failure() {
            Failure::Limit { limit, .. } => Some(limit),
            failure => panic!("{failure:?}"),
        },
        Err(error) => panic!("{error}"),
        Ok(_) => None,
    }
}

/// Text after text, without an end.
struct Texts;

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0u64..).map(|n| n.to_string()))
    }
}

/// Element after element, whatever becomes of them.
struct Stubborn;

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for _ in 0..1_000_000 {
            let _ = seq.serialize_element("some text");
        }
        seq.end()
    }
}

#[test]
fn memory_is_limited() {
    const MIB: u64 = 1 << 20;
    let keys: std::collections::BTreeMap<u32, u32> = (0..1_000_000).map(|n| (n, n)).collect();
    let long = "x".repeat(64 << 20);
    let long_key = std::collections::BTreeMap::from([(long.as_str(), 1)]);
    let numbers = vec![0.5; 4_000_000];
    let integers = vec![i64::MAX; 1_000_000];
    for stress in [false, true] {
        let mut vm = machine(Options { heap: Settings { stress, ..small(16 * MIB).heap }, ..Options::default() });
        let limit = Some(Limit::Memory(16 * MIB));
        let mut check = |result: &dyn Fn(&mut Vm) -> Result<Value, Error>| {
            let result = result(&mut vm);
            assert_eq!(ended(&mut vm, result), limit);
            settle(&mut vm);
            // It is as good as new.
            assert!(to_value(&mut vm, &vec!["text"; 1000]).is_ok());
            settle(&mut vm);
        };
        check(&|vm| to_value(vm, &Texts));
        check(&|vm| to_value(vm, &Stubborn));
        check(&|vm| to_value(vm, &keys));
        check(&|vm| to_value(vm, &long));
        check(&|vm| to_value(vm, &long_key));
        check(&|vm| to_value(vm, &numbers));
        check(&|vm| to_value(vm, &integers));
        check(&|vm| to_value(vm, long.as_bytes()));
    }
}

#[test]
fn values_at_the_edge_of_memory_are_whole_or_an_error() {
    let data: Vec<std::collections::BTreeMap<String, Vec<Option<String>>>> = (0..200)
        .map(|n| (0..n % 7).map(|k| (format!("key{k}"), vec![Some("text ".repeat(n)), None])).collect())
        .collect();
    let expected = made(&data);
    let needed = {
        let mut vm = machine(Options::default());
        assert!(to_value(&mut vm, &data).is_ok());
        vm.heap.arena.used()
    };
    let (mut whole, mut errors) = (0, 0);
    for less in 0..40 {
        let mut vm = machine(small(needed - less * 2000 + 20_000));
        let result = to_value(&mut vm, &data);
        match result {
            Ok(value) => {
                assert_eq!(print::text(&mut vm, value, print::Format::Compact), expected);
                whole += 1;
            }
            Err(error) => {
                assert!(ended::<Value>(&mut vm, Err(error)).is_some());
                errors += 1;
            }
        }
        settle(&mut vm);
    }
    assert!(whole > 0 && errors > 0, "{whole} are whole, {errors} are errors");
}

#[test]
fn garbage_makes_room() {
    let mut vm = machine(small(16 << 20));
    // A cycle of 12 MiB that only a collection finds, and a key that only it holds.
    let source = "let a = ['x'.repeat(12 << 20)]; a.push(a); let o = { ['only' + a.length]: a }; a.push(o); o = null; a = null; 1";
    run(&mut vm, source);
    let data = std::collections::BTreeMap::from([("only2", "y".repeat(8 << 20))]);
    let made = to_value(&mut vm, &data);
    let made = made.unwrap_or_else(|error| panic!("{error}"));
    verify(&mut vm);
    assert_eq!(from_value(&mut vm, made), Ok(serde_json::json!(data)));
    vm.heap.sweep(0);
    verify(&mut vm);
    vm.finish(Value::UNDEFINED);
}

/// A type that takes whatever comes for nothing.
#[derive(Debug)]
struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Nothing, D::Error> {
        let _ = Vec::<Nothing>::deserialize(deserializer);
        Ok(Nothing)
    }
}

/// 2^30 elements in a few arrays.
const SHARED: &str = "let a = [1, 2]; for (let i = 0; i < 29; i += 1) { a = [a, a]; } a";

#[test]
fn what_is_read_is_limited() {
    for source in [SHARED, "const s = 'x'.repeat(1 << 20); Array.from({ length: 1000 }, () => s)"] {
        let mut vm = machine(small(64 << 20));
        let value = run(&mut vm, source);
        let result = from_value::<serde_json::Value>(&mut vm, value);
        assert_eq!(ended(&mut vm, result), Some(Limit::Memory(64 << 20)));
        let result = from_value::<Nothing>(&mut vm, value);
        if source == SHARED {
            assert_eq!(ended(&mut vm, result), Some(Limit::Memory(64 << 20)));
        }
        verify(&mut vm);
        vm.finish(Value::UNDEFINED);
    }
    // What is there once may be all that there is.
    let mut vm = machine(small(64 << 20));
    let value = run(&mut vm, "'x'.repeat(50 << 20)");
    assert_eq!(from_value::<String>(&mut vm, value).map(|text| text.len()), Ok(50 << 20));
    vm.finish(Value::UNDEFINED);
}

#[test]
fn fuel_is_used_up() {
    let mut vm = machine(Options::default());
    let value = run(&mut vm, SHARED);
    vm.limit_fuel(1_000_000);
    let result = from_value::<Nothing>(&mut vm, value);
    assert_eq!(ended(&mut vm, result), Some(Limit::Fuel(1_000_000)));
    vm.limit_fuel(1_000_000);
    let result = to_value(&mut vm, &Texts);
    assert_eq!(ended(&mut vm, result), Some(Limit::Fuel(1_000_000)));
    verify(&mut vm);
    vm.limit_fuel(u64::MAX);
    vm.heap.sweep(0);
    vm.finish(Value::UNDEFINED);
}

#[test]
fn work_is_charged_as_it_is_done() {
    let mut vm = machine(Options::default());
    for (data, work) in [(vec!["x".repeat(4_000_000)], 4_000_000), (vec![String::new(); 500_000], 4_000_000)] {
        vm.charged = Default::default();
        let value = to_value(&mut vm, &data).unwrap_or_else(|error| panic!("{error}"));
        let making = std::mem::take(&mut vm.charged);
        assert_eq!(from_value::<Vec<String>>(&mut vm, value), Ok(data));
        let reading = std::mem::take(&mut vm.charged);
        for charged in [making, reading] {
            assert!(charged.total >= work, "{charged:?}");
            assert!(charged.largest <= 4 * crate::vm::bulk::PIECE, "{charged:?}");
        }
    }
    settle(&mut vm);
}

#[test]
fn an_interrupt_ends_it() {
    let mut vm = machine(Options::default());
    let value = run(&mut vm, SHARED);
    vm.interrupt.raise();
    let result = from_value::<Nothing>(&mut vm, value).map(|_| ());
    assert!(matches!(result, Err(Error::Thrown(_))), "{result:?}");
    assert!(matches!(vm.take_failure(), Failure::Interrupted { .. }));
    vm.interrupt.raise();
    let result = to_value(&mut vm, &Texts);
    assert!(matches!(result, Err(Error::Thrown(_))), "{result:?}");
    assert!(matches!(vm.take_failure(), Failure::Interrupted { .. }));
    verify(&mut vm);
    vm.heap.sweep(0);
    vm.finish(Value::UNDEFINED);
}
