//! The heap alone, through its public interface: random operations over nested scopes against a simple model, the verifier after each.
//!
//! The model has no lists and no probation vector: it keeps for every object its owner's level, its count and its fields, applies the rules of
//! docs/memory.md to them literally, and recomputes everything by walking.

use std::collections::BTreeMap;

use probate::heap::alloc::Recycling;
use probate::heap::cell::Kind;
use probate::heap::event::Why;
use probate::heap::value::Value;
use probate::heap::{Heap, Settings};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    /// A fresh object becomes a new local of the current scope.
    New,
    /// A fresh object stays on probation.
    Temporary,
    /// `locals[a].field = locals[b]`
    Store(usize, usize, usize),
    /// `locals[a].field = a fresh object`
    StoreFresh(usize, usize),
    /// `locals[a].field = undefined`
    Clear(usize, usize),
    /// `locals[a] = locals[b]`, up-scoping if a's scope is older
    Assign(usize, usize),
    /// The statement ends.
    Sweep,
    Push,
    /// The current scope is popped.
    Pop,
    /// The current scope is popped with a local's value in flight, which becomes a local of the surviving scope.
    Return(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::New),
        1 => Just(Op::Temporary),
        6 => (any::<usize>(), 0..3usize, any::<usize>()).prop_map(|(a, f, b)| Op::Store(a, f, b)),
        2 => (any::<usize>(), 0..3usize).prop_map(|(a, f)| Op::StoreFresh(a, f)),
        2 => (any::<usize>(), 0..3usize).prop_map(|(a, f)| Op::Clear(a, f)),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Op::Assign(a, b)),
        3 => Just(Op::Sweep),
        3 => Just(Op::Push),
        2 => Just(Op::Pop),
        2 => any::<usize>().prop_map(Op::Return),
    ]
}

#[derive(Clone, Debug, Default)]
struct Model {
    /// By number: owner's level, count, fields.
    objects: BTreeMap<usize, Object>,
    next: usize,
}

#[derive(Clone, Debug)]
struct Object {
    level: u32,
    count: u32,
    fields: [Option<usize>; 3],
}

impl Model {
    fn make(&mut self, level: u32) -> usize {
        let number = self.next;
        self.next += 1;
        self.objects.insert(number, Object { level, count: 0, fields: [None; 3] });
        number
    }

    fn upscope(&mut self, number: usize, level: u32) {
        let object = self.objects.get_mut(&number).expect("live");
        if object.level > level {
            object.level = level;
            for child in object.fields.into_iter().flatten() {
                self.upscope(child, level);
            }
        }
    }

    fn reference(&mut self, number: usize, level: u32) {
        self.upscope(number, level);
        self.objects.get_mut(&number).expect("live").count += 1;
    }

    fn unreference(&mut self, number: usize) {
        self.objects.get_mut(&number).expect("live").count -= 1;
    }

    /// The end of a statement: whatever is at zero dies, and what falls to zero by it.
    fn sweep(&mut self, but: Option<usize>) {
        while let Some(number) = self
            .objects
            .iter()
            .find(|(number, object)| object.count == 0 && Some(**number) != but)
            .map(|(number, _)| *number)
        {
            self.die(number);
        }
    }

    fn die(&mut self, number: usize) {
        if let Some(object) = self.objects.remove(&number) {
            for child in object.fields.into_iter().flatten() {
                if let Some(child) = self.objects.get_mut(&child) {
                    child.count = child.count.saturating_sub(1);
                }
            }
        }
    }

    fn pop(&mut self, level: u32, but: Option<usize>) {
        self.sweep(but);
        let owned: Vec<usize> =
            self.objects.iter().filter(|(_, object)| object.level == level).map(|(number, _)| *number).collect();
        for number in owned {
            self.die(number);
        }
        self.sweep(but);
    }
}

struct Run {
    heap: Heap,
    model: Model,
    /// (number in the model, value), by scope.
    locals: Vec<Vec<(usize, Value)>>,
    bases: Vec<usize>,
}

impl Run {
    fn new(settings: Settings) -> Run {
        let mut heap = Heap::new(settings);
        heap.push_scope();
        Run { bases: vec![heap.base()], heap, model: Model::default(), locals: vec![Vec::new()] }
    }

    fn level(&self) -> u32 {
        self.locals.len() as u32
    }

    fn all(&self) -> Vec<(usize, Value)> {
        self.locals.iter().flatten().copied().collect()
    }

    fn pick(&self, index: usize) -> Option<(usize, Value)> {
        let all = self.all();
        (!all.is_empty()).then(|| all[index % all.len()])
    }

    fn bind(&mut self, number: usize, value: Value) {
        let level = self.level();
        self.model.reference(number, level);
        self.heap.incref(value);
        self.locals.last_mut().expect("a scope").push((number, value));
    }

    fn set_field(&mut self, owner: (usize, Value), field: usize, to: Option<(usize, Value)>) {
        let level = self.model.objects[&owner.0].level;
        if let Some((number, _)) = to {
            self.model.reference(number, level);
        }
        let old = std::mem::replace(
            &mut self.model.objects.get_mut(&owner.0).expect("live").fields[field],
            to.map(|(number, _)| number),
        );
        if let Some(old) = old {
            self.model.unreference(old);
        }
        let key = self.heap.key(["a", "b", "c"][field]);
        self.heap.set_own(owner.1, key, to.map_or(Value::UNDEFINED, |(_, value)| value)).expect("no limit");
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::New => {
                let (number, value) = (self.model.make(self.level()), self.heap.object());
                self.bind(number, value);
            }
            Op::Temporary => {
                self.model.make(self.level());
                self.heap.object();
            }
            Op::Store(a, field, b) => {
                if let (Some(a), Some(b)) = (self.pick(a), self.pick(b)) {
                    self.set_field(a, field, Some(b));
                }
            }
            Op::StoreFresh(a, field) => {
                if let Some(a) = self.pick(a) {
                    let fresh = (self.model.make(self.level()), self.heap.object());
                    self.set_field(a, field, Some(fresh));
                }
            }
            Op::Clear(a, field) => {
                if let Some(a) = self.pick(a) {
                    self.set_field(a, field, None);
                }
            }
            Op::Assign(a, b) => {
                let Some((number, value)) = self.pick(b) else { return };
                let count = self.all().len();
                let mut index = a % count;
                let mut scope = 0;
                while index >= self.locals[scope].len() {
                    index -= self.locals[scope].len();
                    scope += 1;
                }
                let level = scope as u32 + 1;
                self.model.reference(number, level);
                self.heap.upscope(value, level, Why::Store);
                self.heap.incref(value);
                let old = std::mem::replace(&mut self.locals[scope][index], (number, value));
                self.model.unreference(old.0);
                self.heap.decref(old.1);
            }
            Op::Sweep => {
                self.model.sweep(None);
                let base = self.bases[self.bases.len() - 1];
                self.heap.sweep(base);
            }
            Op::Push => {
                // A scope is pushed between statements.
                self.apply(&Op::Sweep);
                if self.locals.len() < 12 {
                    self.heap.push_scope();
                    self.bases.push(self.heap.base());
                    self.locals.push(Vec::new());
                }
            }
            Op::Pop => self.pop(None),
            Op::Return(index) => {
                let chosen = self.pick(index);
                self.pop(chosen);
            }
        }
    }

    fn pop(&mut self, in_flight: Option<(usize, Value)>) {
        if self.locals.len() == 1 {
            return;
        }
        let level = self.level();
        let base = self.bases.pop().expect("a scope");
        let locals = self.locals.pop().expect("a scope");
        if let Some((number, _)) = in_flight {
            self.model.upscope(number, level - 1);
        }
        for (number, _) in locals.iter().rev() {
            self.model.unreference(*number);
        }
        self.model.pop(level, in_flight.map(|(number, _)| number));
        let value = in_flight.map_or(Value::UNDEFINED, |(_, value)| value);
        let held = self.heap.hold_in_flight(value, level - 1, Why::Return);
        locals.iter().rev().for_each(|(_, value)| self.heap.decref(*value));
        assert!(self.heap.pop_scope(base), "there are no finalizers");
        self.heap.land(value, held);
        if let Some((number, value)) = in_flight {
            self.bind(number, value);
        }
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let roots: Vec<Value> = self.all().into_iter().map(|(_, value)| value).collect();
        if let Err(broken) = self.heap.verify(&roots) {
            return Err(TestCaseError::fail(broken.to_string()));
        }
        prop_assert_eq!(self.heap.live(Kind::Object), self.model.objects.len() as u64, "live objects");
        for (number, value) in self.all() {
            let object = &self.model.objects[&number];
            prop_assert_eq!(self.heap.references(value), object.count, "count of {}", number);
            prop_assert_eq!(self.heap.owner_level(value), Some(object.level), "owner of {}", number);
        }
        Ok(())
    }
}

fn run(ops: &[Op], settings: Settings) -> Result<(), TestCaseError> {
    let mut run = Run::new(settings);
    for op in ops {
        run.apply(op);
        // Between statements the model and the heap agree on everything.
        if !matches!(op, Op::Push) {
            run.check()?;
        }
    }
    while run.locals.len() > 1 {
        run.apply(&Op::Pop);
        run.check()?;
    }
    let left = run.locals.pop().expect("level 1");
    left.iter().rev().for_each(|(_, value)| run.heap.decref(*value));
    assert!(run.heap.pop_scope(0), "there are no finalizers");
    prop_assert_eq!(run.heap.live(Kind::Object), 0, "live after the last scope");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(ops in prop::collection::vec(op(), 1..120)) {
        run(&ops, Settings::default())?;
    }

    #[test]
    fn random_operations_agree_with_the_model_without_recycling(ops in prop::collection::vec(op(), 1..120)) {
        run(&ops, Settings { recycling: Recycling { capacity: 0, poison: true }, ..Settings::default() })?;
    }
}
