//! The bytes of strings, as C and as Rust read them.

use probate::heap::Settings;
use probate::heap::handles::{HandleError, RawBytes};
use probate::heap::value::Value;

use super::{heap, heap_with, settle, verify};

/// What C reads: the bytes, and the NUL behind them.
fn behind_pointer(bytes: RawBytes) -> Vec<u8> {
    // SAFETY: the handle is open, and its bytes have a NUL behind them.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len() + 1) }.to_vec()
}

#[test]
fn bytes_of_texts_of_every_length() {
    let mut heap = heap();
    let used = heap.arena.used();
    let all = "äbcdefgh".repeat(40);
    for length in (0..=200).filter(|length| all.is_char_boundary(*length)) {
        let string = heap.string(&all[..length]).expect("there is room");
        let handle = heap.open_handle(string);
        let bytes = heap.handle_bytes(handle).expect("a string");
        let expected = [&all.as_bytes()[..length], &[0]].concat();
        assert_eq!((behind_pointer(bytes), bytes.len(), bytes.is_empty()), (expected, length, length == 0));
        assert_eq!(heap.read_bytes(bytes), Ok(&all.as_bytes()[..length]));
        // Asked again, the same; of another handle, its own.
        assert_eq!(heap.handle_bytes(handle), Ok(bytes));
        let copy = heap.dup_handle(handle).expect("it is open");
        let others = heap.handle_bytes(copy).expect("a string");
        assert_eq!(heap.close_handle(handle), Ok(()));
        assert_eq!(heap.read_bytes(others), Ok(&all.as_bytes()[..length]));
        assert!(matches!(heap.read_bytes(bytes), Err(HandleError::BytesReleased(_))));
        verify(&mut heap);
        assert_eq!((heap.close_handle(copy), bytes.handle()), (Ok(()), handle));
        settle(&mut heap);
    }
    assert_eq!(heap.arena.used(), used);
}

#[test]
fn bytes_stay_while_their_text_is_appended_to() {
    let mut heap = heap();
    let mut text = "x".repeat(200);
    let mut sum = heap.string_with_room(&text, 1000).expect("there is room");
    heap.incref(sum);
    let mut kept = Vec::new();
    for turn in 0..60 {
        let handle = heap.open_handle(sum);
        let bytes = heap.handle_bytes(handle).expect("a string");
        kept.push((bytes, text.clone()));
        text.push_str("appended behind it");
        let longer = heap.append(sum, "appended behind it").expect("there is room");
        heap.incref(longer);
        heap.decref(std::mem::replace(&mut sum, longer));
        heap.sweep(0);
        if turn % 10 == 9 {
            for (bytes, text) in &kept {
                let with_nul = [text.as_bytes(), &[0]].concat();
                assert_eq!(behind_pointer(*bytes), with_nul);
                assert_eq!(heap.read_bytes(*bytes), Ok(text.as_bytes()));
                assert_eq!(heap.handle_bytes(bytes.handle()), Ok(*bytes));
            }
        }
    }
    heap.decref(sum);
    for (bytes, _) in kept {
        assert_eq!(heap.close_handle(bytes.handle()), Ok(()));
    }
    settle(&mut heap);
}

#[test]
fn what_has_no_bytes() {
    let mut heap = heap();
    let values = [heap.object(), heap.array(1), heap.integer(1 << 60), Value::int(7), Value::NULL];
    for value in values {
        let handle = heap.open_handle(value);
        assert_eq!(heap.handle_bytes(handle), Err(HandleError::NotText));
        assert_eq!(heap.close_handle(handle), Ok(()));
    }
    settle(&mut heap);
}

#[test]
fn bytes_of_another_heap() {
    let (mut one, mut other) = (heap(), heap());
    let handles = [&mut one, &mut other].map(|heap| {
        let string = heap.short_string("a text of a heap");
        heap.open_handle(string)
    });
    assert_eq!(handles[0], handles[1]);
    let bytes = one.handle_bytes(handles[0]).expect("a string");
    assert_eq!(other.read_bytes(bytes), Err(HandleError::Unknown));
    // Asked for there too, they are that heap's own.
    let own = other.handle_bytes(handles[1]).expect("a string");
    assert_eq!(other.read_bytes(bytes).map(<[u8]>::as_ptr), Ok(own.as_ptr()));
    drop(one);
    assert_eq!(other.read_bytes(bytes), Ok(&b"a text of a heap"[..]));
}

#[test]
fn a_copy_beyond_the_memory_limit_is_refused() {
    let mut heap = heap_with(Settings { max_bytes: 1 << 20, ..Settings::default() });
    let string = heap.string(&"y".repeat(600 << 10)).expect("there is room");
    let handle = heap.open_handle(string);
    assert!(matches!(heap.handle_bytes(handle), Err(HandleError::Memory(_))));
    assert_eq!(heap.deref_handle(handle), Ok(string));
    verify(&mut heap);
}
