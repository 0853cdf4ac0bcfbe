//! What becomes what: the table of docs/embedding.md.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{made, read};

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Item {
    id: i64,
    #[serde(rename = "theName")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Empty,
    Radius(u32),
    Sides(u32, u32),
    Box { width: u32, height: u32 },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Unit;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Metres(f64);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Point(i32, i32);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "kind")]
enum Tagged {
    Circle { radius: f64 },
    Unit,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Fraction(f64),
    Text(String),
    Many(Vec<Untagged>),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, f64>,
}

fn item(id: i64) -> Item {
    Item { id, name: "pen".into(), note: None }
}

struct Bytes(&'static [u8]);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

#[test]
fn scalars_become_values() {
    assert_eq!(made(&true), "true");
    assert_eq!(made(&-7i8), "-7");
    assert_eq!(made(&u32::MAX), "4294967295");
    assert_eq!(made(&i64::MAX), "9223372036854775807");
    assert_eq!(made(&i64::MIN), "-9223372036854775808");
    assert_eq!(made(&9_007_199_254_740_993u64), "9007199254740993");
    assert_eq!(made(&9_007_199_254_740_993i128), "9007199254740993");
    assert_eq!(made(&1.0f64), "1");
    assert_eq!(made(&-0.0f64), "-0");
    assert_eq!(made(&0.5f32), "0.5");
    assert_eq!(made(&f64::NAN), "NaN");
    assert_eq!(made(&-f64::NAN), "NaN");
    assert_eq!(made(&f32::NEG_INFINITY), "-Infinity");
    assert_eq!(made(&'é'), "\"é\"");
    assert_eq!(made("a \"text\""), "\"a \\\"text\\\"\"");
    assert_eq!(made(&()), "null");
    assert_eq!(made(&Unit), "null");
    assert_eq!(made(&None::<i32>), "null");
    assert_eq!(made(&Some(Some(3))), "3");
    assert_eq!(made(&Metres(1.5)), "1.5");
    assert_eq!(made(&Bytes(&[0, 255])), "[0,255]");
}

#[test]
fn integers_that_no_value_holds_become_the_nearest_double_as_in_json() {
    for n in [u64::MAX, 1 << 63, (1 << 63) + 1025] {
        assert_eq!(made(&n), made(&serde_json::from_str::<serde_json::Value>(&n.to_string()).ok()));
        assert_eq!(made(&n), made(&(n as f64)));
    }
    assert_eq!(made(&u128::MAX), "3.402823669209385e+38");
    assert_eq!(made(&i128::MIN), "-1.7014118346046923e+38");
}

#[test]
fn containers_become_arrays_and_objects() {
    assert_eq!(made(&[1, 2]), "[1,2]");
    assert_eq!(made(&Vec::<i32>::new()), "[]");
    assert_eq!(made(&(1, "a", [true])), "[1,\"a\",[true]]");
    assert_eq!(made(&BTreeSet::from(["b", "a"])), "[\"a\",\"b\"]");
    assert_eq!(made(&Point(1, 2)), "[1,2]");
    assert_eq!(made(&item(1)), r#"{"id":1,"theName":"pen"}"#);
    let noted = Item { note: Some("x".into()), ..item(2) };
    assert_eq!(
        made(&[item(1), noted.clone(), noted]),
        r#"[{"id":1,"theName":"pen"},{"id":2,"theName":"pen","note":"x"},{"id":2,"theName":"pen","note":"x"}]"#
    );
    assert_eq!(made(&BTreeMap::from([("b c", 1), ("a", 2)])), r#"{"a":2,"b c":1}"#);
    assert_eq!(made(&BTreeMap::<String, i32>::new()), "{}");
    assert_eq!(made(&Flat { id: 1, rest: BTreeMap::from([("x".into(), 0.5)]) }), r#"{"id":1,"x":0.5}"#);
}

#[test]
fn keys_that_are_no_strings_become_their_texts() {
    assert_eq!(made(&BTreeMap::from([(-1i8, 'a'), (2, 'b')])), r#"{"-1":"a","2":"b"}"#);
    assert_eq!(made(&BTreeMap::from([(u64::MAX, 1)])), r#"{"18446744073709551615":1}"#);
    assert_eq!(made(&BTreeMap::from([(true, 1), (false, 0)])), r#"{"false":0,"true":1}"#);
    assert_eq!(made(&BTreeMap::from([('x', 1)])), r#"{"x":1}"#);
    assert_eq!(made(&BTreeMap::from([(Some(Shape::Empty), 1)])), r#"{"Empty":1}"#);
}

#[test]
fn enums_are_tagged_by_an_object_around_them() {
    assert_eq!(made(&Shape::Empty), "\"Empty\"");
    assert_eq!(made(&Shape::Radius(2)), r#"{"Radius":2}"#);
    assert_eq!(made(&Shape::Sides(2, 3)), r#"{"Sides":[2,3]}"#);
    assert_eq!(made(&Shape::Box { width: 2, height: 3 }), r#"{"Box":{"width":2,"height":3}}"#);
    assert_eq!(made(&Tagged::Circle { radius: 1.5 }), r#"{"kind":"Circle","radius":1.5}"#);
    assert_eq!(made(&Tagged::Unit), r#"{"kind":"Unit"}"#);
    assert_eq!(made(&Untagged::Many(vec![Untagged::Number(1), Untagged::Text("a".into())])), "[1,\"a\"]");
}

#[test]
fn objects_with_many_keys_are_whole() {
    let many: BTreeMap<String, usize> = (0..20_000).map(|n| (format!("k{n:05}"), n)).collect();
    let text = made(&many);
    assert_eq!(serde_json::from_str::<BTreeMap<String, usize>>(&text).ok(), Some(many));
}

#[test]
fn the_last_of_equal_keys_counts() {
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("a", 1), ("b", 2), ("a", 3)])
        }
    }
    assert_eq!(made(&[Twice, Twice]), r#"[{"a":3,"b":2},{"a":3,"b":2}]"#);
}

#[test]
fn numbers_of_serde_json_are_numbers() {
    // Here it keeps all digits, and hands a number over as a struct with a text.
    let numbers: Vec<serde_json::Number> =
        serde_json::from_str("[1, -0.0, 1.50, 9007199254740993, 1e400]").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(made(&numbers), "[ 1, -0, 1.5, 9007199254740993, Infinity ]");
}

#[test]
fn json_that_serde_json_has_not_read_is_read() {
    // As its `RawValue` hands it over.
    #[derive(Serialize)]
    #[serde(rename = "$serde_json::private::RawValue")]
    struct Raw {
        json: &'static str,
    }
    assert_eq!(made(&[Raw { json: " {\"a\": [1, null]} " }]), r#"[{"a":[1,null]}]"#);
    assert_eq!(made(&[Raw { json: "{" }]), "[0]: Unexpected end of JSON input at line 1 column 2");
}

#[test]
fn scalars_are_read() {
    assert_eq!(read("true"), Ok(true));
    assert_eq!(read("'text'"), Ok("text".to_string()));
    assert_eq!(read("'é'"), Ok('é'));
    assert_eq!(read("null"), Ok(()));
    assert_eq!(read("undefined"), Ok(()));
    assert_eq!(read("undefined"), Ok(Unit));
    assert_eq!(read("undefined"), Ok(None::<i32>));
    assert_eq!(read("null"), Ok(None::<i32>));
    assert_eq!(read("3"), Ok(Some(3)));
    assert_eq!(read("1.5"), Ok(Metres(1.5)));
    assert_eq!(read("0.1"), Ok(0.1f32));
    assert_eq!(read::<f64>("0 / 0").map(f64::is_nan), Ok(true));
    assert_eq!(read("-1 / 0"), Ok(f64::NEG_INFINITY));
    assert_eq!(read::<f64>("-0").map(f64::is_sign_negative), Ok(true));
    assert_eq!(read("-0"), Ok(0));
    assert_eq!(read("255"), Ok(255u8));
    // However it is held, a number without a fraction is an integer.
    assert_eq!(read("1.5 + 0.5"), Ok(2u16));
    assert_eq!(read("3e9"), Ok(3_000_000_000u32));
    assert_eq!(read("9007199254740993"), Ok(9_007_199_254_740_993i64));
    assert_eq!(read("9007199254740993"), Ok(9_007_199_254_740_992f64));
    assert_eq!(read("1e18"), Ok(1_000_000_000_000_000_000i64));
    assert_eq!(read("2 ** 63"), Ok(1u64 << 63));
    assert_eq!(read("-(2 ** 63)"), Ok(i64::MIN));
    assert_eq!(read("2 ** 100"), Ok(1i128 << 100));
    assert_eq!(read("2 ** 126"), Ok(1u128 << 126));
    assert_eq!(read("2 ** 127"), Ok(1u128 << 127));
    assert_eq!(read("-(2 ** 127)"), Ok(i128::MIN));
    assert_eq!(read("3"), Ok(3i128));
}

#[test]
fn containers_are_read() {
    assert_eq!(read("[1, 2]"), Ok(vec![1, 2]));
    assert_eq!(read("[1, 2]"), Ok((1, 2)));
    assert_eq!(read("[1, 2]"), Ok(Point(1, 2)));
    assert_eq!(read("[1, undefined, null]"), Ok(vec![Some(1), None, None]));
    assert_eq!(read("new Set([3, 1, 2])"), Ok(vec![3, 1, 2]));
    assert_eq!(read("const s = new Set([1, 2, 3]); s.delete(2); s"), Ok(vec![1, 3]));
    assert_eq!(read("({ theName: 'pen', more: [], id: 1 })"), Ok(item(1)));
    assert_eq!(read("({ theName: 'pen', id: 1, note: undefined })"), Ok(item(1)));
    assert_eq!(read("[1, 'pen', null]"), Ok(item(1)));
    assert_eq!(read("({ b: 1, a: undefined })"), Ok(BTreeMap::from([("b".to_string(), 1)])));
    assert_eq!(
        read("new Map([['b', 1], ['a', undefined]])"),
        Ok(HashMap::from([("b".to_string(), Some(1)), ("a".to_string(), None)]))
    );
    assert_eq!(read("new Map([['id', 1], ['theName', 'pen']])"), Ok(item(1)));
    assert_eq!(read("new Map([[[1, 2], 'a']])"), Ok(HashMap::from([((1, 2), 'a')])));
    assert_eq!(read("new Map([[7, 'a']])"), Ok(HashMap::from([(7u8, 'a')])));
    assert_eq!(read("'abc'"), Ok(serde_bytes_like::Buffer(b"abc".to_vec())));
    assert_eq!(read("[0, 255]"), Ok(serde_bytes_like::Buffer(vec![0, 255])));
}

/// As the crate `serde_bytes` reads them.
mod serde_bytes_like {
    use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

    #[derive(Debug, PartialEq)]
    pub struct Buffer(pub Vec<u8>);

    struct Reader;

    impl<'de> Visitor<'de> for Reader {
        type Value = Buffer;

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Buffer, E> {
            Ok(Buffer(bytes.to_vec()))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Buffer, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = seq.next_element()? {
                bytes.push(byte);
            }
            Ok(Buffer(bytes))
        }
    }

    impl<'de> Deserialize<'de> for Buffer {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Buffer, D::Error> {
            deserializer.deserialize_byte_buf(Reader)
        }
    }
}

#[test]
fn instances_are_their_own_properties() {
    let class = "class P { #secret = 1; id = 1; theName = 'pen'; static s = 2; toJSON() { return 0; } get2() {} }";
    assert_eq!(read(&format!("{class} new P()")), Ok(item(1)));
    assert_eq!(
        read(&format!("{class} class Q extends P {{ note = 'x'; }} new Q()")),
        Ok(Item { note: Some("x".into()), ..item(1) })
    );
    // What nobody asks for may be anything.
    assert_eq!(read("({ id: 1, theName: 'pen', f() {}, c: class {}, m: new WeakMap() })"), Ok(item(1)));
    let cyclic = "const o = { id: 1, theName: 'pen' }; o.self = o; o";
    assert_eq!(read(cyclic), Ok(item(1)));
}

#[test]
fn keys_are_read_from_their_texts() {
    assert_eq!(read("({ '-1': 'a', '2': 'b' })"), Ok(BTreeMap::from([(-1i8, 'a'), (2, 'b')])));
    assert_eq!(read("({ '18446744073709551615': 1 })"), Ok(BTreeMap::from([(u64::MAX, 1)])));
    assert_eq!(read("({ '-170141183460469231731687303715884105728': 1 })"), Ok(BTreeMap::from([(i128::MIN, 1)])));
    assert_eq!(read("({ true: 1, false: 0 })"), Ok(BTreeMap::from([(true, 1), (false, 0)])));
    assert_eq!(read("({ x: 1 })"), Ok(BTreeMap::from([('x', 1)])));
    assert_eq!(read("({ Empty: 1 })"), Ok(BTreeMap::from([(Some(Shape::Empty), 1)])));
}

#[test]
fn enums_are_read() {
    assert_eq!(read("'Empty'"), Ok(Shape::Empty));
    assert_eq!(read("({ Empty: null })"), Ok(Shape::Empty));
    assert_eq!(read("({ Empty: undefined })"), Ok(Shape::Empty));
    assert_eq!(read("({ Radius: 2 })"), Ok(Shape::Radius(2)));
    assert_eq!(read("({ Empty: undefined, Radius: 2 })"), Ok(Shape::Radius(2)));
    assert_eq!(read("new Map([['Radius', 2]])"), Ok(Shape::Radius(2)));
    assert_eq!(read("({ Sides: [2, 3] })"), Ok(Shape::Sides(2, 3)));
    assert_eq!(read("({ Box: { height: 3, width: 2 } })"), Ok(Shape::Box { width: 2, height: 3 }));
    assert_eq!(read("({ radius: 1.5, kind: 'Circle' })"), Ok(Tagged::Circle { radius: 1.5 }));
    assert_eq!(read("({ radius: 3e9, kind: 'Circle' })"), Ok(Tagged::Circle { radius: 3e9 }));
    assert_eq!(read("({ kind: 'Unit' })"), Ok(Tagged::Unit));
    assert_eq!(
        read("[1, 1.5, 'a', [3e9]]"),
        Ok(Untagged::Many(vec![
            Untagged::Number(1),
            Untagged::Fraction(1.5),
            Untagged::Text("a".into()),
            Untagged::Many(vec![Untagged::Number(3_000_000_000)]),
        ]))
    );
    assert_eq!(
        read("({ x: 0.5, id: 1, y: 2 })"),
        Ok(Flat { id: 1, rest: BTreeMap::from([("x".into(), 0.5), ("y".into(), 2.0)]) })
    );
}
