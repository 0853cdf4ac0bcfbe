//! Positions of characters in texts: the heap's tables against a plain vector of characters, the verifier after each step.

use probate::heap::positions::Found;
use probate::heap::value::Value;
use probate::heap::{Heap, Settings};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    /// A new text: that many of each of these characters.
    New(Vec<(char, usize)>),
    /// A new text with that much room behind it.
    Room(Vec<(char, usize)>, usize),
    /// `texts[a] + texts[b]` becomes a further text; both stay.
    Join(usize, usize),
    /// The byte offset of a character.
    Byte(usize, usize),
    /// The number of the character at a place.
    Index(usize, usize),
    Drop(usize),
}

fn runs() -> impl Strategy<Value = Vec<(char, usize)>> {
    let c = prop_oneof![Just('a'), Just('é'), Just('–'), Just('😀'), any::<char>()];
    prop::collection::vec((c, prop_oneof![0..4usize, 0..90usize, 0..400usize]), 0..6)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => runs().prop_map(Op::New),
        1 => (runs(), 0..3000usize).prop_map(|(runs, room)| Op::Room(runs, room)),
        4 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Op::Join(a, b)),
        6 => (any::<usize>(), any::<usize>()).prop_map(|(a, at)| Op::Byte(a, at)),
        6 => (any::<usize>(), any::<usize>()).prop_map(|(a, at)| Op::Index(a, at)),
        2 => any::<usize>().prop_map(Op::Drop),
    ]
}

fn heap() -> Heap {
    let mut heap = Heap::new(Settings { stress: true, ..Settings::default() });
    heap.push_scope();
    heap
}

/// Asks until there is an answer. Every answer but the last has to say that something was looked at.
fn ask(mut question: impl FnMut() -> Found) -> usize {
    loop {
        match question() {
            Found::At(at) => return at,
            Found::After(bytes) => assert!(bytes > 0),
        }
    }
}

fn byte_of(heap: &mut Heap, string: Value, index: usize, most: usize) -> usize {
    ask(|| heap.byte_of(string, index, most).expect("no limit"))
}

fn index_of_byte(heap: &mut Heap, string: Value, byte: usize, most: usize) -> usize {
    ask(|| heap.index_of_byte(string, byte, most).expect("no limit"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn places_are_where_a_vector_of_characters_has_them(ops in prop::collection::vec(op(), 1..60), most in 1..2000usize) {
        let mut heap = heap();
        let base = heap.base();
        let mut texts: Vec<(Vec<char>, Value)> = Vec::new();
        for op in ops {
            let count = texts.len();
            let made = match op {
                Op::New(runs) | Op::Room(runs, 0) => {
                    let model: Vec<char> = runs.iter().flat_map(|(c, n)| vec![*c; *n]).collect();
                    let value = heap.string(&model.iter().collect::<String>()).expect("no limit");
                    Some((model, value))
                }
                Op::Room(runs, room) => {
                    let model: Vec<char> = runs.iter().flat_map(|(c, n)| vec![*c; *n]).collect();
                    let value = heap.string_with_room(&model.iter().collect::<String>(), room).expect("no limit");
                    Some((model, value))
                }
                _ if count == 0 => None,
                Op::Join(a, b) => {
                    let (a, b) = (&texts[a % count], &texts[b % count]);
                    let value = heap.concat(a.1, b.1).expect("no limit");
                    let model: Vec<char> = a.0.iter().chain(&b.0).copied().collect();
                    (model.len() < 20_000).then_some((model, value))
                }
                Op::Byte(a, at) => {
                    let (model, value) = &texts[a % count];
                    let at = at % (model.len() + 2);
                    let expected: usize = model.iter().take(at).map(|c| c.len_utf8()).sum();
                    prop_assert_eq!(byte_of(&mut heap, *value, at, most), expected);
                    let character = heap.char_at_byte(*value, expected);
                    let shown = character.map(|c| heap.text(c).to_string());
                    prop_assert_eq!(shown, model.get(at).map(|c| c.to_string()));
                    None
                }
                Op::Index(a, at) => {
                    let (model, value) = &texts[a % count];
                    let at = at % (model.len() + 1);
                    let byte: usize = model.iter().take(at).map(|c| c.len_utf8()).sum();
                    prop_assert_eq!(index_of_byte(&mut heap, *value, byte, most), at);
                    None
                }
                Op::Drop(a) => {
                    let (_, value) = texts.swap_remove(a % count);
                    heap.decref(value);
                    None
                }
            };
            if let Some((model, value)) = made {
                heap.incref(value);
                texts.push((model, value));
            }
            heap.sweep(base);
            let roots: Vec<Value> = texts.iter().map(|(_, value)| *value).collect();
            heap.verify(&roots).map_err(|broken| TestCaseError::fail(broken.to_string()))?;
        }
        for (_, value) in texts.drain(..) {
            heap.decref(value);
        }
        heap.sweep(base);
        heap.verify(&[]).map_err(|broken| TestCaseError::fail(broken.to_string()))?;
    }
}

/// The bytes that are looked at, beside the few around the place itself.
fn looked_at(mut question: impl FnMut() -> Found) -> usize {
    let mut all = 0;
    while let Found::After(bytes) = question() {
        all += bytes;
    }
    all
}

#[test]
fn a_text_is_counted_through_once_whatever_is_asked_how_often() {
    let mut heap = heap();
    let text = "abcdefgh–".repeat(20_000);
    let value = heap.string(&text).expect("no limit");
    let mut all = 0;
    for index in (0..180_000).step_by(7) {
        all += looked_at(|| heap.byte_of(value, index, 1000).expect("no limit"));
        all += looked_at(|| heap.index_of_byte(value, (index / 9) * 11, 1000).expect("no limit"));
    }
    assert!((text.len() - 1000..=text.len()).contains(&all), "{all} bytes of {}", text.len());
}

#[test]
fn what_is_known_of_a_text_is_known_of_what_is_appended_to_it() {
    let mut heap = heap();
    let mut value = heap.string_with_room(&"–".repeat(1000), 100_000).expect("no limit");
    let mut all = 0;
    for length in 1000..20_000 {
        value = heap.append(value, "–").expect("no limit");
        all += looked_at(|| heap.byte_of(value, length - 100, 1 << 20).expect("no limit"));
    }
    assert!(all <= 60_000, "{all} bytes");
}

#[test]
fn a_table_is_in_the_account_until_its_text_dies() {
    let mut heap = heap();
    let base = heap.base();
    let before = heap.arena.bytes;
    let value = heap.string(&"–".repeat(64_000)).expect("no limit");
    let without = heap.arena.bytes;
    byte_of(&mut heap, value, 100, 1);
    let with = heap.arena.bytes;
    assert!(with - without > 4000 && with - without < 192_000 / 15, "{} bytes", with - without);
    byte_of(&mut heap, value, 32_000, 1);
    assert_eq!(heap.arena.bytes, with, "there is room for all of it from the start");
    heap.sweep(base);
    assert_eq!(heap.arena.bytes, before);
}

#[test]
fn there_is_no_table_for_ascii_short_texts_and_the_ends() {
    let mut heap = heap();
    for text in ["a".repeat(100_000), "–".repeat(42)] {
        let value = heap.string(&text).expect("no limit");
        let before = heap.arena.bytes;
        byte_of(&mut heap, value, text.chars().count() / 2, 1);
        index_of_byte(&mut heap, value, text.len() / 6 * 3, 1);
        assert_eq!(heap.arena.bytes, before);
    }
    let value = heap.string(&"–".repeat(100_000)).expect("no limit");
    let before = heap.arena.bytes;
    assert_eq!(byte_of(&mut heap, value, 3, 1), 9);
    assert_eq!(byte_of(&mut heap, value, 99_990, 1), 299_970);
    assert_eq!(index_of_byte(&mut heap, value, 30, 1), 10);
    assert_eq!(heap.arena.bytes, before);
}

#[test]
fn a_table_that_does_not_fit_is_refused() {
    let mut heap = Heap::new(Settings { max_bytes: 200_000, ..Settings::default() });
    heap.push_scope();
    let value = heap.string(&"–".repeat(64_000)).expect("it fits");
    assert!(heap.byte_of(value, 32_000, 1 << 20).is_err());
    assert_eq!(heap.byte_of(value, 10, 1 << 20), Ok(Found::At(30)));
    heap.verify(&[]).expect("nothing is broken");
}
