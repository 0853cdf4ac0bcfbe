//! Random operations on handles against a model that is a list: which handles are open, what each holds, what its destructors write.

use std::collections::HashMap;

use probate::heap::Settings;
use probate::heap::cell::Kind;
use probate::heap::handles::{HandleError, RawHandle};
use probate::heap::value::Value;
use proptest::prelude::*;

use super::{Heap, Log, heap_with, verify};

#[derive(Clone, Debug)]
enum Op {
    OpenObject,
    /// A string of that many bytes.
    OpenText(usize),
    OpenNumber(i32),
    Dup(usize),
    Close(usize),
    /// Any handle that there ever was, or a number that is none.
    Misuse(usize, bool),
    Bytes(usize),
    /// A destructor that writes.
    Writes(usize),
    /// A destructor that closes another handle, if that is open then.
    Closes(usize, usize),
    /// A destructor that opens one.
    Opens(usize),
    Push,
    Pop,
    Sweep,
    CloseAll,
}

fn op() -> impl Strategy<Value = Op> {
    let nth = any::<usize>;
    prop_oneof![
        6 => Just(Op::OpenObject),
        3 => (0..200usize).prop_map(Op::OpenText),
        1 => (-3..3i32).prop_map(Op::OpenNumber),
        2 => nth().prop_map(Op::Dup),
        8 => nth().prop_map(Op::Close),
        2 => (nth(), any::<bool>()).prop_map(|(nth, real)| Op::Misuse(nth, real)),
        3 => nth().prop_map(Op::Bytes),
        3 => nth().prop_map(Op::Writes),
        3 => (nth(), nth()).prop_map(|(a, b)| Op::Closes(a, b)),
        2 => nth().prop_map(Op::Opens),
        1 => Just(Op::Push),
        1 => Just(Op::Pop),
        3 => Just(Op::Sweep),
        1 => Just(Op::CloseAll),
    ]
}

/// What a model's handle does when it is closed.
#[derive(Clone, Debug)]
enum Effect {
    Write(usize),
    Close(RawHandle),
    Open,
}

#[derive(Clone, Debug)]
struct Open {
    handle: RawHandle,
    value: Value,
    effects: Vec<Effect>,
    text: Option<String>,
    bytes: Option<*const u8>,
}

#[derive(Default)]
struct Model {
    open: Vec<Open>,
    /// Every handle that there was.
    ever: HashMap<RawHandle, ()>,
    said: String,
    /// Handles that destructors have opened and nobody knows by name.
    strangers: usize,
}

impl Model {
    /// Closes a handle, and what its destructors close: first come, first served.
    fn close(&mut self, handle: RawHandle) {
        let mut queue = std::collections::VecDeque::from([handle]);
        while let Some(handle) = queue.pop_front() {
            let Some(at) = self.open.iter().position(|open| open.handle == handle) else { continue };
            for effect in self.open.remove(at).effects {
                match effect {
                    Effect::Write(n) => self.said += &format!("{n};"),
                    Effect::Close(other) => queue.push_back(other),
                    Effect::Open => self.strangers += 1,
                }
            }
        }
    }
}

struct Run {
    heap: Heap,
    model: Model,
    log: Log,
    level: u32,
    written: usize,
}

impl Run {
    fn opened(&mut self, value: Value, handle: RawHandle, text: Option<String>) {
        assert!(self.model.ever.insert(handle, ()).is_none(), "a handle is given twice");
        self.model.open.push(Open { handle, value, effects: Vec::new(), text, bytes: None });
    }

    fn pick(&self, nth: usize) -> Option<usize> {
        (!self.model.open.is_empty()).then(|| nth % self.model.open.len())
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::OpenObject => {
                let value = self.heap.object();
                let handle = self.heap.open_handle(value);
                self.opened(value, handle, None);
            }
            Op::OpenText(length) => {
                let text = "z".repeat(length);
                let value = self.heap.string(&text).expect("there is room");
                let handle = self.heap.open_handle(value);
                self.opened(value, handle, Some(text));
            }
            Op::OpenNumber(n) => {
                let handle = self.heap.open_handle(Value::int(n));
                self.opened(Value::int(n), handle, None);
            }
            Op::Dup(nth) => {
                let Some(nth) = self.pick(nth) else { return };
                let Open { handle, value, text, .. } = self.model.open[nth].clone();
                let copy = self.heap.dup_handle(handle).expect("it is open");
                self.opened(value, copy, text);
            }
            Op::Close(nth) => {
                let Some(nth) = self.pick(nth) else { return };
                let handle = self.model.open[nth].handle;
                assert_eq!(self.heap.close_handle(handle), Ok(()));
                self.model.close(handle);
            }
            Op::Misuse(nth, real) => self.misuse(nth, real),
            Op::Bytes(nth) => {
                let Some(nth) = self.pick(nth) else { return };
                let open = &mut self.model.open[nth];
                match (self.heap.handle_bytes(open.handle), &open.text) {
                    (Ok(bytes), Some(text)) => {
                        assert_eq!(self.heap.read_bytes(bytes), Ok(text.as_bytes()));
                        assert_eq!(*open.bytes.get_or_insert(bytes.as_ptr()), bytes.as_ptr());
                    }
                    (result, text) => assert_eq!((result, text), (Err(HandleError::NotText), &None)),
                }
            }
            Op::Writes(nth) => {
                let Some(nth) = self.pick(nth) else { return };
                self.written += 1;
                let (log, n) = (self.log.clone(), self.written);
                self.add(nth, Effect::Write(n), Box::new(move |_| log.add(&format!("{n};"))));
            }
            Op::Closes(nth, other) => {
                let (Some(nth), Some(other)) = (self.pick(nth), self.pick(other)) else { return };
                let other = self.model.open[other].handle;
                // Itself, or one that is gone by then: an error.
                self.add(nth, Effect::Close(other), Box::new(move |heap| drop(heap.close_handle(other))));
            }
            Op::Opens(nth) => {
                let Some(nth) = self.pick(nth) else { return };
                let open = |heap: &mut Heap| {
                    let value = heap.object();
                    heap.open_handle(value);
                };
                self.add(nth, Effect::Open, Box::new(open));
            }
            Op::Push if self.level < 8 => {
                self.heap.sweep(0);
                self.heap.push_scope();
                self.level += 1;
            }
            Op::Pop if self.level > 1 => {
                assert!(self.heap.pop_scope(0));
                self.level -= 1;
            }
            Op::Push | Op::Pop => {}
            Op::Sweep => self.heap.sweep(0),
            Op::CloseAll => {
                self.heap.close_all_handles();
                self.log.take();
                (self.model.open, self.model.strangers) = (Vec::new(), 0);
                self.model.said.clear();
            }
        }
    }

    fn add(&mut self, nth: usize, effect: Effect, destructor: Box<dyn FnOnce(&mut Heap) + Send>) {
        let open = &mut self.model.open[nth];
        open.effects.push(effect);
        assert_eq!(self.heap.on_close(open.handle, destructor), Ok(()));
    }

    fn misuse(&mut self, nth: usize, real: bool) {
        let mut gone: Vec<RawHandle> = self.model.ever.keys().copied().collect();
        gone.retain(|handle| self.model.open.iter().all(|open| open.handle != *handle));
        gone.sort_by_key(|handle| handle.to_bits());
        let handle = match real {
            true if gone.is_empty() => return,
            true => gone[nth % gone.len()],
            // A generation that is to come, if ever.
            false => RawHandle::from_bits((nth as u64 % 40) | (1 << 63 | 1 << 32)).expect("an odd generation"),
        };
        let expected = |error: &HandleError| match real {
            true => matches!(error, HandleError::Closed(_)),
            false => *error == HandleError::Unknown,
        };
        assert!(self.heap.close_handle(handle).is_err_and(|error| expected(&error)));
        assert!(self.heap.deref_handle(handle).is_err_and(|error| expected(&error)));
        assert!(self.heap.dup_handle(handle).is_err_and(|error| expected(&error)));
        assert!(self.heap.handle_bytes(handle).is_err_and(|error| expected(&error)));
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        verify(&mut self.heap);
        prop_assert_eq!(self.log.take(), std::mem::take(&mut self.model.said), "what destructors wrote");
        prop_assert_eq!(self.heap.open_handles().len(), self.model.open.len() + self.model.strangers, "open handles");
        for open in &self.model.open {
            prop_assert_eq!(self.heap.deref_handle(open.handle), Ok(open.value));
            if let Some(text) = &open.text {
                prop_assert_eq!(&*self.heap.text(open.value), text.as_str());
            }
        }
        Ok(())
    }
}

fn run(ops: &[Op], settings: Settings) -> Result<(), TestCaseError> {
    let (heap, log) = (heap_with(settings), Log::default());
    let mut run = Run { heap, model: Model::default(), log, level: 1, written: 0 };
    for op in ops {
        run.apply(op);
        run.check()?;
    }
    run.heap.close_all_handles();
    run.heap.sweep(0);
    verify(&mut run.heap);
    prop_assert_eq!(run.heap.live(Kind::Object), 0, "live when no handle is open");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(ops in prop::collection::vec(op(), 1..120)) {
        run(&ops, Settings { track_handles: true, ..Settings::default() })?;
    }

    #[test]
    fn random_operations_agree_with_the_model_under_stress(ops in prop::collection::vec(op(), 1..120)) {
        run(&ops, Settings { stress: true, track_handles: false, ..Settings::default() })?;
    }
}
