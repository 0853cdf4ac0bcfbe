//! Handles of the host, through the heap's public interface and the machine's.

#[path = "handles/bytes.rs"]
mod bytes;
#[path = "handles/destructors.rs"]
mod destructors;
#[path = "handles/machine.rs"]
mod machine;
#[path = "handles/model.rs"]
mod model;

use std::sync::{Arc, Mutex};

use probate::events::{Preset, TextTracer};
use probate::heap::cell::Kind;
use probate::heap::collect::Reason;
use probate::heap::event::Why;
use probate::heap::handles::{End, HandleError, Places, RawHandle};
use probate::heap::value::Value;
use probate::heap::{Heap, Settings};

/// What destructors and tracers write.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    pub fn add(&self, text: &str) {
        self.0.lock().expect("no writer panics").push_str(text);
    }

    pub fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().expect("no writer panics"))
    }
}

fn heap() -> Heap {
    heap_with(Settings { stress: true, track_handles: true, ..Settings::default() })
}

fn heap_with(settings: Settings) -> Heap {
    let mut heap = Heap::new(settings);
    heap.set_trace_preset(None);
    heap.push_scope();
    heap
}

/// The end of a statement of the host, and a look at everything: handles are the only roots.
fn settle(heap: &mut Heap) {
    heap.sweep(0);
    verify(heap);
}

fn verify(heap: &mut Heap) {
    let roots: Vec<Value> = heap.handle_values().collect();
    heap.verify(&roots).expect("a heap in order");
}

fn closed(result: Result<impl std::fmt::Debug, HandleError>) -> bool {
    matches!(result, Err(HandleError::Closed(_)))
}

const CONSTANTS: [(RawHandle, Value); 5] = [
    (RawHandle::UNDEFINED, Value::UNDEFINED),
    (RawHandle::NULL, Value::NULL),
    (RawHandle::FALSE, Value::FALSE),
    (RawHandle::TRUE, Value::TRUE),
    (RawHandle::NAN, Value::NAN),
];

// ---- Opening and closing -----------------------------------------------------------------------------------------

#[test]
fn the_place_closed_last_is_used_first() {
    let mut heap = heap();
    let handles: Vec<RawHandle> = (0..4).map(|n| heap.open_handle(Value::int(n))).collect();
    let places: Vec<u32> = handles.iter().map(|handle| handle.index()).collect();
    for nth in [1, 3, 0] {
        assert_eq!(heap.close_handle(handles[nth]), Ok(()));
    }
    let again: Vec<RawHandle> = (0..4).map(|n| heap.open_handle(Value::int(10 + n))).collect();
    let expected = [places[0], places[3], places[1], places[3] + 1];
    assert_eq!(again.iter().map(|handle| handle.index()).collect::<Vec<_>>(), expected);
    // The same places, and no handle that was there before.
    assert!(again.iter().all(|handle| !handles.contains(handle)));
    assert_eq!(heap.deref_handle(again[0]), Ok(Value::int(10)));
    assert!(closed(heap.deref_handle(handles[0])));
    settle(&mut heap);
}

#[test]
fn constants_are_always_open() {
    let mut heap = heap();
    for (handle, value) in CONSTANTS {
        assert_eq!(heap.deref_handle(handle), Ok(value));
        assert_eq!((heap.close_handle(handle), heap.close_handle(handle)), (Ok(()), Ok(())));
        assert_eq!(heap.dup_handle(handle), Ok(handle));
        assert_eq!(heap.on_close(handle, Box::new(|_| unreachable!())), Err(HandleError::Constant));
        assert_eq!(heap.handle_bytes(handle), Err(HandleError::NotText));
        assert_eq!(RawHandle::from_bits(handle.to_bits()), Some(handle));
    }
    assert!(!heap.has_open_handles());
    heap.close_all_handles();
    assert_eq!(heap.deref_handle(RawHandle::NAN), Ok(Value::NAN));
    // One that is opened for the same value is a handle like any other.
    let own = heap.open_handle(Value::UNDEFINED);
    assert!(CONSTANTS.iter().all(|(handle, _)| *handle != own));
    assert_eq!(heap.close_handle(own), Ok(()));
    assert!(closed(heap.close_handle(own)));
    settle(&mut heap);
}

#[test]
fn misuse_is_an_error_and_changes_nothing() {
    let mut heap = heap();
    let object = heap.object();
    let (first, other) = (heap.open_handle(object), heap.open_handle(object));
    assert_eq!(heap.references(object), 2);
    assert_eq!(heap.close_handle(first), Ok(()));
    for _ in 0..3 {
        assert!(closed(heap.close_handle(first)) && closed(heap.deref_handle(first)));
        assert!(closed(heap.dup_handle(first)) && closed(heap.handle_bytes(first)));
        assert!(closed(heap.on_close(first, Box::new(|_| unreachable!()))));
    }
    assert_eq!((heap.references(object), heap.deref_handle(other)), (1, Ok(object)));
    // Numbers that were never handles of this heap.
    for bits in [1 << 32 | 1000, 77 << 32 | u64::from(other.index()), u64::MAX] {
        let strange = RawHandle::from_bits(bits).expect("an odd generation");
        assert_eq!(heap.deref_handle(strange), Err(HandleError::Unknown));
        assert_eq!(heap.close_handle(strange), Err(HandleError::Unknown));
        assert_eq!(heap.dup_handle(strange), Err(HandleError::Unknown));
    }
    assert_eq!([0, 1, 2 << 32].map(RawHandle::from_bits), [None; 3]);
    settle(&mut heap);
}

#[test]
fn errors_say_where() {
    let mut heap = heap();
    let opened = line!() + 1;
    let handle = heap.open_handle(Value::int(1));
    let gone = line!() + 1;
    heap.close_handle(handle).expect("it is open");
    let says = |result: Result<Value, HandleError>| match result {
        Err(HandleError::Closed(Places { opened: Some(open), closed: End::At(end) })) => {
            assert!(open.file() == file!() && end.file() == file!());
            (open.line(), end.line())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(says(heap.deref_handle(handle)), (opened, gone));
    // Also when its place is used again, until that one is closed as well.
    let next = heap.open_handle(Value::int(2));
    assert_eq!((next.index(), says(heap.deref_handle(handle))), (handle.index(), (opened, gone)));
    let message = heap.close_handle(handle).expect_err("it is closed").to_string();
    let file = file!();
    let expected =
        format!("the handle is closed; it was opened at {file}:{opened}:23; it was closed at {file}:{gone}:10");
    assert_eq!(message, expected);
    heap.close_handle(next).expect("it is open");
    assert_eq!(heap.deref_handle(handle), Err(HandleError::Closed(Places::default())));
    // A copy is opened where it is made; what the end closes, nobody has.
    let base = heap.open_handle(Value::int(3));
    let copy = heap.dup_handle(base).expect("it is open");
    let line = line!() - 1;
    assert_eq!(heap.open_handles()[1].opened.map(|place| place.line()), Some(line));
    heap.close_all_handles();
    let message = heap.deref_handle(copy).expect_err("it is closed").to_string();
    assert!(message.ends_with(":21; it was closed when its program ended"), "{message}");
}

#[test]
fn without_the_debug_mode_errors_are_as_sure() {
    let mut heap = heap_with(Settings { track_handles: false, ..Settings::default() });
    let handle = heap.open_handle(Value::int(1));
    assert_eq!(heap.close_handle(handle), Ok(()));
    let error = heap.close_handle(handle).expect_err("it is closed");
    assert_eq!((&error, error.to_string().as_str()), (&HandleError::Closed(Places::default()), "the handle is closed"));
    heap.open_handle(Value::int(2));
    assert_eq!(heap.open_handles().iter().map(|open| open.opened).collect::<Vec<_>>(), [None]);
    verify(&mut heap);
}

// ---- Values ------------------------------------------------------------------------------------------------------

#[test]
fn a_value_outlives_its_scope_with_all_that_it_reaches() {
    let mut heap = heap();
    (0..2).for_each(|_| heap.push_scope());
    let (outer, inner) = (heap.object(), heap.object());
    let key = heap.key("inner");
    heap.set_own(outer, key, inner).expect("there is room");
    let handle = heap.open_handle(outer);
    assert_eq!((heap.owner_level(outer), heap.owner_level(inner)), (Some(1), Some(1)));
    assert!(heap.pop_scope(0) && heap.pop_scope(0));
    verify(&mut heap);
    assert_eq!((heap.live(Kind::Object), heap.deref_handle(handle)), (2, Ok(outer)));
    assert_eq!(heap.close_handle(handle), Ok(()));
    // The statement has not ended.
    assert_eq!((heap.live(Kind::Object), heap.references(outer)), (2, 0));
    settle(&mut heap);
    assert_eq!(heap.live(Kind::Object), 0);
}

#[test]
fn every_handle_counts() {
    let mut heap = heap();
    let object = heap.object();
    let first = heap.open_handle(object);
    let second = heap.dup_handle(first).expect("it is open");
    assert!(first != second && heap.references(object) == 2);
    assert_eq!(heap.close_handle(first), Ok(()));
    settle(&mut heap);
    assert_eq!((heap.deref_handle(second), heap.references(object)), (Ok(object), 1));
    assert_eq!(heap.close_handle(second), Ok(()));
    settle(&mut heap);
    assert_eq!(heap.live(Kind::Object), 0);
}

#[test]
fn atoms_are_held_too() {
    let mut heap = heap();
    let before = heap.live(Kind::String) + heap.live(Kind::Exact);
    let (text, number) = (heap.short_string("by hand"), heap.integer(i64::MAX));
    let handles = [text, number, Value::double(0.5)].map(|value| heap.open_handle(value));
    settle(&mut heap);
    assert_eq!(&*heap.text(heap.deref_handle(handles[0]).expect("it is open")), "by hand");
    assert_eq!(heap.deref_handle(handles[1]).map(|value| value.exact()), Ok(Some(i64::MAX)));
    assert_eq!(heap.deref_handle(handles[2]), Ok(Value::double(0.5)));
    for handle in handles {
        assert_eq!(heap.close_handle(handle), Ok(()));
    }
    settle(&mut heap);
    assert_eq!(heap.live(Kind::String) + heap.live(Kind::Exact), before);
}

#[test]
fn handles_are_roots_of_a_collection() {
    let mut heap = heap();
    let ring = |heap: &mut Heap| {
        let (a, b) = (heap.object(), heap.object());
        let key = heap.key("other");
        heap.set_own(a, key, b).and_then(|()| heap.set_own(b, key, a)).expect("there is room");
        a
    };
    let (kept, lost) = (ring(&mut heap), ring(&mut heap));
    let handles = [kept, lost].map(|value| heap.open_handle(value));
    let collect = |heap: &mut Heap| {
        heap.sweep(0);
        let roots: Vec<Value> = heap.handle_values().collect();
        heap.collect(&roots, Reason::Explicit).found
    };
    assert_eq!(collect(&mut heap), 0);
    assert_eq!(heap.close_handle(handles[1]), Ok(()));
    assert_eq!(collect(&mut heap), 2);
    assert_eq!((heap.deref_handle(handles[0]), heap.live(Kind::Object)), (Ok(kept), 2));
    settle(&mut heap);
}

#[test]
fn a_value_in_flight_can_be_held() {
    let mut heap = heap();
    heap.push_scope();
    let value = heap.object();
    let held = heap.hold_in_flight(value, 1, Why::Return);
    let handle = heap.open_handle(value);
    assert!(heap.pop_scope(0));
    heap.land(value, held);
    settle(&mut heap);
    assert_eq!(heap.deref_handle(handle), Ok(value));
}

// ---- Seeing it ---------------------------------------------------------------------------------------------------------

#[test]
fn the_leak_report() {
    let mut heap = heap();
    let (object, text) = (heap.array(1), heap.short_string("leaked"));
    let line = line!() + 1;
    let handles = [object, text, Value::TRUE, Value::UNDEFINED].map(|value| heap.open_handle(value));
    let report = heap.open_handles();
    assert_eq!(report.iter().map(|open| open.handle).collect::<Vec<_>>(), handles);
    let shown: Vec<String> = report.iter().map(ToString::to_string).collect();
    let place = format!("opened at {}:{line}:82", file!());
    let number = heap.number_of(object).expect("a container");
    let expected = [
        format!("#{number} array, {place}"),
        format!("string, {place}"),
        format!("boolean, {place}"),
        format!("undefined, {place}"),
    ];
    assert_eq!(shown, expected);
    handles.iter().for_each(|handle| heap.close_handle(*handle).expect("it is open"));
    assert_eq!(heap.open_handles(), []);
}

/// A fixed story, traced.
fn story(preset: Preset, track_handles: bool) -> String {
    let log = Log::default();
    let mut heap = heap_with(Settings { track_handles, ..Settings::default() });
    // Before the trace: it has no number yet.
    let early = heap.open_handle(Value::int(1));
    let sink = log.clone();
    heap.set_tracer(Some(Box::new(TextTracer::new(Some(preset), move |line: &str| sink.add(line)))));
    heap.push_scope();
    let object = heap.object();
    let first = heap.open_handle(object);
    let second = heap.dup_handle(first).expect("it is open");
    for text in ["short", "16 bytes, no NUL", "of a shared buffer"] {
        let capacity = if text.starts_with("of") { 200 } else { 0 };
        let string = heap.string_with_room(text, capacity).expect("there is room");
        let handle = heap.open_handle(string);
        heap.handle_bytes(handle).expect("a string");
        heap.handle_bytes(handle).expect("a string");
        heap.close_handle(handle).expect("it is open");
    }
    heap.close_handle(first).expect("it is open");
    heap.close_handle(early).expect("it is open");
    heap.close_handle(RawHandle::TRUE).expect("nothing happens");
    heap.close_handle(first).expect_err("it is closed");
    heap.sweep(0);
    let open = |heap: &mut Heap| {
        heap.open_handle(Value::NULL);
    };
    heap.on_close(second, Box::new(open)).expect("it is open");
    heap.close_all_handles();
    heap.sweep(0);
    log.take()
}

#[test]
fn a_trace_tells_of_handles() {
    insta::assert_snapshot!("life", story(Preset::Life, true));
    insta::assert_snapshot!("all", story(Preset::All, true));
    for preset in Preset::EVERY {
        assert_eq!(story(preset, true), story(preset, false));
    }
}
