//! What runs when a handle is closed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use probate::heap::cell::Kind;
use probate::heap::collect::Reason;
use probate::heap::handles::RawHandle;
use probate::heap::value::Value;
use probate::heap::{Heap, Settings};

use super::{Log, closed, heap, heap_with, settle, verify};

/// A destructor that writes what it is called.
fn says(log: &Log, name: &'static str) -> Box<dyn FnOnce(&mut Heap) + Send> {
    let log = log.clone();
    Box::new(move |_| log.add(name))
}

#[test]
fn destructors_run_once_in_order_while_the_value_lives() {
    let (mut heap, log) = (heap(), Log::default());
    let object = heap.object();
    let handle = heap.open_handle(object);
    settle(&mut heap);
    heap.on_close(handle, says(&log, "a ")).expect("it is open");
    let inner = log.clone();
    let look = move |heap: &mut Heap| {
        // Closed, and yet held: the verifier finds the count that the table on its way has.
        assert!(closed(heap.deref_handle(handle)) && closed(heap.close_handle(handle)));
        settle(heap);
        let roots: Vec<Value> = heap.handle_values().collect();
        assert_eq!(heap.collect(&roots, Reason::Explicit).found, 0);
        inner.add(&format!("live={} ", heap.live(Kind::Object)));
    };
    heap.on_close(handle, Box::new(look)).expect("it is open");
    heap.on_close(handle, says(&log, "b")).expect("it is open");
    // They belong to the one handle, not to the value.
    let copy = heap.dup_handle(handle).expect("it is open");
    assert_eq!(heap.close_handle(copy), Ok(()));
    assert_eq!(log.take(), "");
    assert_eq!(heap.close_handle(handle), Ok(()));
    assert_eq!(log.take(), "a live=1 b");
    assert!(closed(heap.close_handle(handle)));
    settle(&mut heap);
    assert_eq!((log.take().as_str(), heap.live(Kind::Object)), ("", 0));
}

#[test]
fn a_place_is_not_used_again_while_destructors_run() {
    let mut heap = heap();
    let handle = heap.open_handle(Value::int(1));
    let places = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let places = Arc::clone(&places);
        let open = move |heap: &mut Heap| {
            let opened = heap.open_handle(Value::int(2));
            places.lock().expect("no writer panics").push(opened);
            verify(heap);
        };
        heap.on_close(handle, Box::new(open)).expect("it is open");
    }
    assert_eq!(heap.close_handle(handle), Ok(()));
    let opened = places.lock().expect("no writer panics").clone();
    assert!(opened.iter().all(|other| other.index() != handle.index()) && opened.len() == 2);
    assert!(opened.iter().all(|other| heap.deref_handle(*other) == Ok(Value::int(2))));
    assert_eq!(heap.open_handle(Value::int(3)).index(), handle.index());
    settle(&mut heap);
}

#[test]
fn what_a_destructor_closes_has_its_turn_after_it() {
    let (mut heap, log) = (heap(), Log::default());
    let (first, second) = (heap.open_handle(Value::int(1)), heap.open_handle(Value::int(2)));
    let inner = log.clone();
    let close = move |heap: &mut Heap| {
        assert_eq!(heap.close_handle(second), Ok(()));
        assert!(closed(heap.deref_handle(second)));
        inner.add("first begins, ");
    };
    heap.on_close(first, Box::new(close)).expect("it is open");
    heap.on_close(first, says(&log, "first ends, ")).expect("it is open");
    heap.on_close(second, says(&log, "second")).expect("it is open");
    assert_eq!(heap.close_handle(first), Ok(()));
    assert_eq!(log.take(), "first begins, first ends, second");
    assert!(!heap.has_open_handles());
    settle(&mut heap);
}

#[test]
fn a_long_chain_of_handles_that_close_each_other() {
    const LENGTH: usize = 200_000;
    let work = || {
        let mut heap = heap_with(Settings::default());
        let handles: Vec<RawHandle> = (0..LENGTH)
            .map(|_| {
                let object = heap.object();
                heap.open_handle(object)
            })
            .collect();
        for pair in handles.windows(2) {
            let next = pair[1];
            let close = move |heap: &mut Heap| heap.close_handle(next).expect("it is open");
            heap.on_close(pair[0], Box::new(close)).expect("it is open");
        }
        assert_eq!(heap.close_handle(handles[0]), Ok(()));
        assert!(!heap.has_open_handles());
        settle(&mut heap);
        assert_eq!(heap.live(Kind::Object), 0);
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(work).expect("a thread");
    thread.join().expect("the stack is large enough");
}

#[test]
fn a_destructor_that_panics_keeps_no_other_from_running() {
    let (mut heap, log) = (heap(), Log::default());
    let object = heap.object();
    let handle = heap.open_handle(object);
    heap.on_close(handle, Box::new(|_| panic!("as it should"))).expect("it is open");
    heap.on_close(handle, says(&log, "after")).expect("it is open");
    let result = catch_unwind(AssertUnwindSafe(|| heap.close_handle(handle)));
    assert_eq!(result.map_err(|panic| panic.downcast_ref::<&str>().copied()), Err(Some("as it should")));
    assert_eq!(log.take(), "after");
    settle(&mut heap);
    assert_eq!(heap.live(Kind::Object), 0);
    // The next one is closed as if nothing had been.
    let next = heap.open_handle(Value::int(1));
    heap.on_close(next, says(&log, "next")).expect("it is open");
    assert_eq!((heap.close_handle(next), log.take().as_str()), (Ok(()), "next"));
}

#[test]
fn closing_all() {
    let (mut heap, log) = (heap(), Log::default());
    let handles: Vec<RawHandle> = (0..3).map(|n| heap.open_handle(Value::int(n))).collect();
    for (handle, name) in handles.iter().zip(["0", "1", "2"]) {
        heap.on_close(*handle, says(&log, name)).expect("it is open");
    }
    let (inner, first) = (log.clone(), handles[0]);
    let open = move |heap: &mut Heap| {
        let another = heap.open_handle(Value::int(3));
        heap.on_close(another, says(&inner, "another")).expect("it is open");
        // This one is on the list already.
        assert_eq!(heap.close_handle(first), Ok(()));
    };
    heap.on_close(handles[2], Box::new(open)).expect("it is open");
    heap.close_all_handles();
    assert_eq!(log.take(), "201another");
    assert!(handles.iter().all(|handle| closed(heap.deref_handle(*handle))));
    settle(&mut heap);
}

#[test]
fn handles_without_end_come_to_one() {
    fn again(heap: &mut Heap, log: Log) {
        log.add(".");
        let handle = heap.open_handle(Value::int(1));
        heap.on_close(handle, Box::new(move |heap| again(heap, log))).expect("it is open");
    }
    let (mut heap, log) = (heap(), Log::default());
    again(&mut heap, log.clone());
    heap.close_all_handles();
    assert!(!heap.has_open_handles());
    assert_eq!(log.take().len(), 102);
    settle(&mut heap);
    // Destructors work again.
    let handle = heap.open_handle(Value::int(1));
    heap.on_close(handle, says(&log, "once")).expect("it is open");
    heap.close_handle(handle).expect("it is open");
    assert_eq!(log.take(), "once");
}

#[test]
fn a_heap_that_is_dropped_closes_its_handles() {
    let log = Log::default();
    let mut heap = heap();
    let object = heap.object();
    let handle = heap.open_handle(object);
    heap.on_close(handle, says(&log, "closed")).expect("it is open");
    drop(heap);
    assert_eq!(log.take(), "closed");
}
