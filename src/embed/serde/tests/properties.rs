//! There and back again.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::stdlib::json;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Named {
    id: i64,
    #[serde(rename = "the name")]
    name: String,
    ratio: f32,
    note: Option<Box<Tree>>,
    bytes: [u8; 3],
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Wrapper(Vec<Tree>);

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Tree {
    Unit,
    Float(f64),
    Large(u64),
    Wide(i128),
    Text(String),
    Sign(char, bool, ()),
    Fields { left: Box<Tree>, right: Option<Box<Tree>> },
    Named(Named),
    Wrapped(Wrapper),
    Texts(BTreeMap<String, Tree>),
    Numbers(BTreeMap<i64, Tree>),
    Flags(BTreeMap<bool, Tree>),
    Signs(BTreeMap<char, Vec<i8>>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let text = || proptest::string::string_regex("[a-cé😀\u{0}]{0,4}").expect("a regular expression");
    let leaf = prop_oneof![
        Just(Tree::Unit),
        prop_oneof![any::<f64>(), any::<i32>().prop_map(f64::from), Just(f64::INFINITY)]
            .prop_filter("NaN is not equal to itself", |n| !n.is_nan())
            .prop_map(Tree::Float),
        (0..=i64::MAX as u64).prop_map(Tree::Large),
        any::<i64>().prop_map(|n| Tree::Wide(n.into())),
        text().prop_map(Tree::Text),
        (any::<char>(), any::<bool>()).prop_map(|(c, b)| Tree::Sign(c, b, ())),
        prop::collection::btree_map(any::<char>(), prop::collection::vec(any::<i8>(), 0..3), 0..3)
            .prop_map(Tree::Signs),
    ];
    leaf.prop_recursive(5, 60, 4, move |inner| {
        prop_oneof![
            (inner.clone(), prop::option::of(inner.clone()))
                .prop_map(|(left, right)| Tree::Fields { left: Box::new(left), right: right.map(Box::new) }),
            (any::<i64>(), text(), -1000i16..1000, prop::option::of(inner.clone()), any::<[u8; 3]>()).prop_map(
                |(id, name, ratio, note, bytes)| Tree::Named(Named {
                    id,
                    name,
                    ratio: f32::from(ratio) / 10.0,
                    note: note.map(Box::new),
                    bytes
                })
            ),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|trees| Tree::Wrapped(Wrapper(trees))),
            prop::collection::btree_map(text(), inner.clone(), 0..4).prop_map(Tree::Texts),
            prop::collection::btree_map(any::<i64>(), inner.clone(), 0..4).prop_map(Tree::Numbers),
            prop::collection::btree_map(any::<bool>(), inner, 0..3).prop_map(Tree::Flags),
        ]
    })
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Number, Value};
    let text = || proptest::string::string_regex("[a-cé😀\u{0}\"]{0,4}").expect("a regular expression");
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Number(n.into())),
        any::<u64>().prop_map(|n| Value::Number(n.into())),
        any::<i8>().prop_map(|n| Value::Number(n.into())),
        any::<f64>().prop_filter_map("no JSON", |n| Number::from_f64(n).map(Value::Number)),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((text(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn printed(vm: &mut Vm, value: Value) -> String {
    print::text(vm, value, print::Format::Compact)
}

/// A machine that walks its whole heap wherever it can, or not.
fn strict(stress: bool) -> Vm {
    let mut options = Options::default();
    options.heap.stress = stress;
    machine(options)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn types_come_back_as_they_went(trees in prop::collection::vec(tree(), 1..4), stress: bool) {
        let mut vm = strict(stress);
        let value = to_value(&mut vm, &trees).map_err(|error| TestCaseError::fail(error.to_string()))?;
        verify(&mut vm);
        let back: Result<Vec<Tree>, Error> = from_value(&mut vm, value);
        prop_assert_eq!(back.as_ref(), Ok(&trees));
        // And what serde_json writes means the same, where it reads it itself (an infinite number it writes as null).
        let text = serde_json::to_string(&trees).map_err(|error| TestCaseError::fail(error.to_string()))?;
        if serde_json::from_str::<Vec<Tree>>(&text).is_ok() {
            let parsed = json::parse(&mut vm, &text).map_err(|_| TestCaseError::fail(text))?;
            let read: Result<Vec<Tree>, Error> = from_value(&mut vm, parsed);
            prop_assert_eq!(read, Ok(trees));
        }
        settle(&mut vm);
    }

    #[test]
    fn documents_are_what_json_parse_makes_of_them(document in document(), stress: bool) {
        let mut vm = strict(stress);
        let text = document.to_string();
        let made = to_value(&mut vm, &document).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let parsed = json::parse(&mut vm, &text).map_err(|_| TestCaseError::fail(text.clone()))?;
        let made = printed(&mut vm, made);
        prop_assert_eq!(&made, &printed(&mut vm, parsed));
        // Read, it is the same document again.
        let back: serde_json::Value = from_value(&mut vm, parsed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again = to_value(&mut vm, &back).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&made, &printed(&mut vm, again));
        settle(&mut vm);
    }
}
