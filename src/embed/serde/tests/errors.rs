//! Every kind of error, with its path.

use std::collections::BTreeMap;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};

use super::{made, read, refused};

#[derive(Deserialize, Debug)]
#[allow(dead_code)]
struct Order {
    items: Vec<Item>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Item {
    price: f64,
    count: u8,
}

#[derive(Serialize, Deserialize, Debug)]
enum Shape {
    Empty,
    Radius(u32),
    Sides(u32, u32),
    Box { width: u32 },
}

#[test]
fn an_error_says_where_and_what() {
    let order = |item: &str| refused::<Order>(&format!("({{ items: [{{ price: 1, count: 2 }}, {item}] }})"));
    assert_eq!(order("{ price: '12', count: 1 }"), "items[1].price: expected a number, found a string \"12\"");
    assert_eq!(order("{ price: 1, count: 256 }"), "items[1].count: expected an unsigned 8-bit integer, found 256");
    assert_eq!(order("{ price: 1, count: 1.5 }"), "items[1].count: expected an unsigned 8-bit integer, found 1.5");
    assert_eq!(order("{ price: 1 }"), "items[1]: missing field `count`");
    assert_eq!(order("{ price: 1, count: undefined }"), "items[1]: missing field `count`");
    assert_eq!(order("{ price: 1, count: 1, 'a b': 1 }"), "items[1]: unknown field `a b`, expected `price` or `count`");
    assert_eq!(order("{ price: () => 1, count: 1 }"), "items[1].price: expected a number, found a function, `price`");
    assert_eq!(order("null"), "items[1]: expected struct Item, found null or undefined");
    assert_eq!(refused::<Order>("7"), "expected struct Order, found 7");
    assert_eq!(refused::<Order>("({ items: {} })"), "items: expected an array, found an object");
}

#[test]
fn each_kind_of_value_is_named() {
    for (source, found) in [
        ("undefined", "null or undefined"),
        ("null", "null or undefined"),
        ("true", "true"),
        ("-7", "-7"),
        ("9007199254740993", "9007199254740993"),
        ("1e300", "1e+300"),
        ("'a\"'", r#"a string "a\"""#),
        ("[1]", "an array"),
        ("new Set()", "an array"),
        ("({})", "an object"),
        ("new Map()", "an object"),
        ("(() => 1)", "a function"),
        ("function f() {} f", "a function, `f`"),
        ("Math.max", "a function, `max`"),
        ("class C {} C", "a class"),
        ("[1].values()", "an iterator"),
        ("new WeakRef([])", "a WeakRef"),
        ("new WeakMap()", "a WeakMap"),
        ("new WeakSet()", "a WeakSet"),
    ] {
        assert_eq!(refused::<NoKind>(source), format!("expected nothing at all, found {found}"));
    }
    let long = refused::<u8>("'é'.repeat(50)");
    assert_eq!(long, format!("expected an unsigned 8-bit integer, found a string \"{}\"…", "é".repeat(40)));
}

/// A type that takes no value.
#[derive(Debug)]
struct NoKind;

impl<'de> Deserialize<'de> for NoKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<NoKind, D::Error> {
        struct Refuses;
        impl serde::de::Visitor<'_> for Refuses {
            type Value = NoKind;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("nothing at all")
            }
        }
        deserializer.deserialize_any(Refuses)
    }
}

#[test]
fn numbers_out_of_range() {
    assert_eq!(refused::<u64>("-1"), "expected an unsigned 64-bit integer, found -1");
    assert_eq!(refused::<u64>("2 ** 64"), "expected an unsigned 64-bit integer, found 18446744073709552000");
    assert_eq!(refused::<i64>("2 ** 63"), "expected a 64-bit integer, found 9223372036854775808");
    assert_eq!(refused::<i32>("2 ** 60"), "expected a 32-bit integer, found 1152921504606846976");
    assert_eq!(refused::<i32>("9007199254740993"), "expected a 32-bit integer, found 9007199254740993");
    assert_eq!(refused::<i32>("0 / 0"), "expected a 32-bit integer, found NaN");
    assert_eq!(refused::<i128>("2 ** 127"), "expected a 128-bit integer, found 1.7014118346046923e+38");
    assert_eq!(refused::<u128>("-1"), "expected an unsigned 128-bit integer, found -1");
    assert_eq!(refused::<char>("'ab'"), "expected a character, found a string \"ab\"");
}

#[test]
fn lengths_are_checked() {
    assert_eq!(refused::<(u8, u8)>("[1]"), "expected a tuple of size 2, found 1 element");
    assert_eq!(refused::<(u8, u8)>("[1, 2, 3]"), "expected 2 elements, found 3 elements");
    assert_eq!(refused::<[u8; 1]>("new Set([1, 2])"), "expected 1 element, found 2 elements");
}

#[test]
fn enums_name_their_variants() {
    assert_eq!(
        refused::<Shape>("'Emtpy'"),
        "unknown variant `Emtpy`, expected one of `Empty`, `Radius`, `Sides`, `Box`"
    );
    assert_eq!(refused::<Shape>("7"), "expected enum Shape (a string, or an object with one property), found 7");
    for source in ["({ Empty: 1, Radius: 2 })", "({})"] {
        assert_eq!(
            refused::<Shape>(source),
            "expected enum Shape (a string, or an object with one property), found an object"
        );
    }
    assert_eq!(refused::<Shape>("({ Empty: 1 })"), "Empty: expected null, found 1");
    assert_eq!(refused::<Shape>("'Radius'"), "expected newtype variant, found the name of a variant alone");
    assert_eq!(
        refused::<Shape>("({ Radius: 'x' })"),
        "Radius: expected an unsigned 32-bit integer, found a string \"x\""
    );
    assert_eq!(
        refused::<Shape>("({ Sides: [1] })"),
        "Sides: expected tuple variant Shape::Sides with 2 elements, found 1 element"
    );
    assert_eq!(refused::<Shape>("({ Sides: [1, -1] })"), "Sides[1]: expected an unsigned 32-bit integer, found -1");
    assert_eq!(
        refused::<Shape>("({ Box: { width: [] } })"),
        "Box.width: expected an unsigned 32-bit integer, found an array"
    );
    assert_eq!(refused::<Shape>("'Box'"), "expected struct variant, found the name of a variant alone");
}

#[test]
fn paths_are_written_as_scripts_write_them() {
    type Nested = BTreeMap<String, Vec<u8>>;
    let tail = "expected an unsigned 8-bit integer, found -1";
    assert_eq!(refused::<Nested>("({ 'two words': [1, -1] })"), format!("[\"two words\"][1]: {tail}"));
    assert_eq!(refused::<Nested>("new Map([['a', [-1]]])"), format!("a[0]: {tail}"));
    assert_eq!(refused::<BTreeMap<u8, u8>>("new Map([[3, -1]])"), format!("[3]: {tail}"));
    assert_eq!(refused::<BTreeMap<(u8, u8), u8>>("new Map([[[1, 2], -1]])"), format!("[an array]: {tail}"));
    assert_eq!(refused::<BTreeMap<u8, u8>>("({ x: 1 })"), "expected an unsigned 8-bit integer, found a string \"x\"");
    assert_eq!(refused::<Vec<u8>>("new Set([1, -1])"), format!("[1]: {tail}"));
}

#[test]
fn a_cycle_is_an_error_where_it_closes() {
    let message = "the value refers to itself";
    assert_eq!(refused::<serde_json::Value>("const a = [1]; a.push(a); a"), format!("[1]: {message}"));
    assert_eq!(
        refused::<serde_json::Value>("const o = { a: { b: [] } }; o.a.b.push(o.a); o"),
        format!("a.b[0]: {message}")
    );
    assert_eq!(refused::<serde_json::Value>("const m = new Map(); m.set('m', m); m"), format!("m: {message}"));
    assert_eq!(refused::<serde_json::Value>("const s = new Set(); s.add(s); s"), format!("[0]: {message}"));
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    enum Ring {
        Next(Box<Ring>),
    }
    assert_eq!(refused::<Ring>("const o = {}; o.Next = o; o"), format!("Next: {message}"));
    // The same value twice is no cycle.
    let twice = read::<serde_json::Value>("const a = [1]; ({ a, b: [a, a] })").map(|value| value.to_string());
    assert_eq!(twice, Ok(r#"{"a":[1],"b":[[1],[1]]}"#.to_string()));
}

#[test]
fn what_has_no_key_is_an_error() {
    let message = |found: &str| format!("a key must be a string, a number, a boolean or a character, found {found}");
    assert_eq!(made(&BTreeMap::from([((1, 2), 3)])), message("a tuple"));
    assert_eq!(made(&[BTreeMap::from([(vec![1], 3)])]), format!("[0]: {}", message("a sequence")));
    assert_eq!(made(&BTreeMap::from([((), 3)])), message("a unit"));
    assert_eq!(made(&BTreeMap::from([(None::<u8>, 3)])), message("None"));
    assert_eq!(made(&BTreeMap::from([(BTreeMap::from([(1, 1)]), 3)])), message("a map"));
}

#[test]
fn errors_of_the_host_s_types_have_a_path() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("out of ink"))
        }
    }
    #[derive(Serialize)]
    enum Pens {
        One(Fails),
        Two(u8, Fails),
        Named { pen: Fails },
    }
    assert_eq!(made(&Fails), "out of ink");
    assert_eq!(made(&BTreeMap::from([("a", vec![Fails])])), "a[0]: out of ink");
    assert_eq!(made(&[Pens::One(Fails)]), "[0].One: out of ink");
    assert_eq!(made(&Pens::Two(1, Fails)), "Two[1]: out of ink");
    assert_eq!(made(&Pens::Named { pen: Fails }), "Named.pen: out of ink");

    #[derive(Debug)]
    struct Even;
    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Even, D::Error> {
            let n = u8::deserialize(deserializer)?;
            if n % 2 == 0 { Ok(Even) } else { Err(serde::de::Error::custom(format_args!("{n} is odd"))) }
        }
    }
    assert_eq!(refused::<Vec<Even>>("[2, 3]"), "[1]: 3 is odd");
}

#[test]
fn types_that_use_serde_wrongly_get_errors() {
    struct NoKey;
    impl Serialize for NoKey {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_value(&1)?;
            map.end()
        }
    }
    assert_eq!(made(&NoKey), "a value of a map without a key");

    // One that goes on without an element that failed, and says a length that is not true.
    struct Goes;
    impl Serialize for Goes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(Some(usize::MAX))?;
            for n in 0..3 {
                let _ =
                    seq.serialize_element(&BTreeMap::from([("a", BTreeMap::from([((n % 2 == 0).then_some(n), n)]))]));
            }
            seq.end()
        }
    }
    assert_eq!(made(&[Goes]), r#"[[{"a":{"0":0}},{"a":{"2":2}}]]"#);
}
