//! Random operations on linked values over nested scopes, against a model that has no lists, no flags and no probation vector: it applies the rules of
//! docs/memory.md to numbers, and recomputes by walking. The verifier runs after each step, and nothing is left at the end.

use std::collections::{BTreeMap, BTreeSet};

use probate::heap::collect::Reason;
use probate::heap::links::{LinkError, LinkKind, Weight};
use probate::heap::value::Value;
use proptest::prelude::*;

use super::raw::{Raw, World, ended};

#[derive(Clone, Debug)]
enum Op {
    /// A fresh object (or proxy) becomes a variable of the current scope.
    New(LinkKind),
    /// A fresh value stays on probation, linked to a fresh foreign object with so many counts.
    Temporary(LinkKind, Weight, isize),
    /// `values[a].field = values[b]`
    Store(usize, usize, usize),
    /// `values[a].field = undefined`
    Clear(usize, usize),
    /// The variable is forgotten.
    Forget(usize),
    /// A value is linked to a fresh foreign object with so many counts.
    Link(usize, Weight, isize),
    /// A value is linked to an object that has been there before.
    LinkAgain(usize, usize, Weight),
    /// The foreign side counts an object up.
    Ref(usize),
    /// And down: without telling the heap, or telling it.
    Unref(usize),
    GiveBack(usize),
    Sweep,
    Push,
    Pop,
    Collect,
    Drain,
}

fn kind() -> impl Strategy<Value = LinkKind> {
    prop_oneof![3 => Just(LinkKind::Value), 1 => Just(LinkKind::Foreign)]
}

fn weight() -> impl Strategy<Value = Weight> {
    prop_oneof![Just(Weight::Ordinary), Just(Weight::Light)]
}

fn op() -> impl Strategy<Value = Op> {
    let any = any::<usize>;
    prop_oneof![
        4 => kind().prop_map(Op::New),
        2 => (kind(), weight(), 0..3isize).prop_map(|(k, w, c)| Op::Temporary(k, w, c)),
        7 => (any(), 0..3usize, any()).prop_map(|(a, f, b)| Op::Store(a, f, b)),
        2 => (any(), 0..3usize).prop_map(|(a, f)| Op::Clear(a, f)),
        4 => any().prop_map(Op::Forget),
        5 => (any(), weight(), 0..3isize).prop_map(|(a, w, c)| Op::Link(a, w, c)),
        2 => (any(), any(), weight()).prop_map(|(a, b, w)| Op::LinkAgain(a, b, w)),
        3 => any().prop_map(Op::Ref),
        4 => any().prop_map(Op::Unref),
        2 => any().prop_map(Op::GiveBack),
        4 => Just(Op::Sweep),
        3 => Just(Op::Push),
        3 => Just(Op::Pop),
        3 => Just(Op::Collect),
        2 => Just(Op::Drain),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Link {
    object: usize,
    kind: LinkKind,
    weight: Weight,
    held: bool,
}

#[derive(Debug)]
struct Container {
    value: Value,
    level: u32,
    count: u32,
    fields: [Option<usize>; 3],
    link: Option<Link>,
}

/// A foreign object.
#[derive(Debug)]
struct Object {
    raw: Raw,
    counts: isize,
    linked: bool,
    /// In the queue: with one count more.
    due: bool,
    ended: bool,
}

#[derive(Default)]
struct Model {
    containers: BTreeMap<usize, Container>,
    objects: Vec<Object>,
    /// Names of containers, by scope; level 1 has none.
    variables: Vec<Vec<usize>>,
    next: usize,
    /// In the order of creation.
    links: Vec<usize>,
    queue: Vec<usize>,
    ended: Vec<String>,
}

impl Model {
    fn at(&mut self, name: usize) -> &mut Container {
        self.containers.get_mut(&name).expect("live")
    }

    fn wants(&self, name: usize) -> bool {
        self.containers[&name]
            .link
            .is_some_and(|link| link.kind == LinkKind::Value && self.objects[link.object].counts > 0)
    }

    fn upscope(&mut self, name: usize, level: u32) {
        let container = self.at(name);
        if container.level > level {
            container.level = level;
            for child in container.fields.into_iter().flatten() {
                self.upscope(child, level);
            }
        }
    }

    fn hold(&mut self, name: usize) {
        self.upscope(name, 1);
        let container = self.at(name);
        container.count += 1;
        container.link.as_mut().expect("linked").held = true;
    }

    fn let_go(&mut self, name: usize) {
        let container = self.at(name);
        container.count -= 1;
        container.link.as_mut().expect("linked").held = false;
    }

    /// A statement ends.
    fn sweep(&mut self) {
        while let Some(name) = self.containers.iter().find(|(_, c)| c.count == 0).map(|(name, _)| *name) {
            if self.wants(name) { self.hold(name) } else { self.die(name) }
        }
    }

    fn die(&mut self, name: usize) {
        let Some(container) = self.containers.remove(&name) else { return };
        for child in container.fields.into_iter().flatten() {
            if let Some(child) = self.containers.get_mut(&child) {
                child.count = child.count.saturating_sub(1);
            }
        }
        let Some(link) = container.link else { return };
        self.links.retain(|linked| *linked != name);
        let object = &mut self.objects[link.object];
        object.linked = false;
        if object.counts == 0 {
            match link.weight {
                Weight::Light => {
                    object.ended = true;
                    self.ended.push(format!("free {}", link.object));
                }
                Weight::Ordinary => {
                    object.due = true;
                    self.queue.push(link.object);
                }
            }
        }
    }

    fn pop(&mut self, level: u32) {
        let owned = |model: &Model| -> Vec<usize> {
            model.containers.iter().filter(|(_, c)| c.level == level).map(|(name, _)| *name).collect()
        };
        for name in owned(self) {
            if self.wants(name) {
                self.upscope(name, 1);
            }
        }
        for name in self.variables.pop().expect("a scope") {
            self.at(name).count -= 1;
        }
        self.sweep();
        for name in owned(self) {
            self.die(name);
        }
        self.sweep();
    }

    fn reach(&self, from: impl IntoIterator<Item = usize>, reached: &mut BTreeSet<usize>) {
        let mut pending: Vec<usize> = from.into_iter().collect();
        while let Some(name) = pending.pop() {
            if reached.insert(name) {
                pending.extend(self.containers[&name].fields.into_iter().flatten());
            }
        }
    }

    fn collect(&mut self) {
        for name in self.links.clone() {
            if self.containers[&name].link.is_some_and(|link| link.held) && !self.wants(name) {
                self.let_go(name);
            }
        }
        let is_root = |(_, c): &(&usize, &Container)| c.count == 0 || c.link.is_some_and(|link| link.held);
        let roots: Vec<usize> = self.containers.iter().filter(is_root).map(|(name, _)| *name).collect();
        let mut reached = BTreeSet::new();
        self.reach(roots.into_iter().chain(self.variables.iter().flatten().copied()), &mut reached);
        for name in self.links.clone() {
            if !reached.contains(&name) && self.wants(name) {
                self.hold(name);
                self.reach([name], &mut reached);
            }
        }
        let dead: Vec<usize> = self.containers.keys().filter(|name| !reached.contains(name)).copied().collect();
        dead.into_iter().for_each(|name| self.die(name));
    }

    /// The foreign side takes a count off.
    fn unref(&mut self, object: usize) {
        let o = &mut self.objects[object];
        o.counts -= 1;
        if o.counts == 0 && !o.linked && !o.due {
            o.ended = true;
            self.ended.push(format!("dealloc {object}"));
        }
    }
}

struct Run {
    world: World,
    model: Model,
}

const FIELDS: [&str; 3] = ["a", "b", "c"];

impl Run {
    fn new() -> Run {
        ended();
        let model = Model { variables: vec![Vec::new()], ..Model::default() };
        Run { world: World::new(), model }
    }

    fn level(&self) -> u32 {
        self.model.variables.len() as u32 + 1
    }

    fn pick(&self, index: usize) -> Option<usize> {
        let count = self.model.containers.len();
        (count > 0).then(|| *self.model.containers.keys().nth(index % count).expect("in range"))
    }

    /// An object that has not ended.
    fn pick_object(&self, index: usize, which: impl Fn(&Object) -> bool) -> Option<usize> {
        let fit: Vec<usize> = (0..self.model.objects.len())
            .filter(|n| !self.model.objects[*n].ended && which(&self.model.objects[*n]))
            .collect();
        (!fit.is_empty()).then(|| fit[index % fit.len()])
    }

    fn make(&mut self, kind: LinkKind) -> usize {
        let value = self.world.make(kind);
        if kind == LinkKind::Foreign {
            // Its object of properties, so that the first store makes none.
            self.world.set(value, "a", Value::UNDEFINED);
        }
        let level = self.level();
        let name = self.model.next;
        self.model.next += 1;
        let container = Container { value, level, count: 0, fields: [None; 3], link: None };
        self.model.containers.insert(name, container);
        name
    }

    fn fresh_object(&mut self, counts: isize) -> usize {
        let name = self.model.objects.len();
        let raw = Raw::new(name, counts);
        self.model.objects.push(Object { raw, counts, linked: false, due: false, ended: false });
        name
    }

    fn set(&mut self, owner: usize, field: usize, to: Option<usize>) {
        if let Some(to) = to {
            let level = self.model.at(owner).level;
            self.model.upscope(to, level);
            self.model.at(to).count += 1;
        }
        if let Some(old) = std::mem::replace(&mut self.model.at(owner).fields[field], to) {
            self.model.at(old).count -= 1;
        }
        let value = to.map_or(Value::UNDEFINED, |to| self.model.at(to).value);
        let owner = self.model.at(owner).value;
        self.world.set(owner, FIELDS[field], value);
    }

    fn link(&mut self, name: usize, object: usize, weight: Weight) {
        let value = self.model.at(name).value;
        let kind = if self.world.heap.host_type_name(value).is_some() { LinkKind::Foreign } else { LinkKind::Value };
        let raw = self.model.objects[object].raw;
        let answer = self.world.try_link(value, raw, kind, weight);
        if self.model.at(name).link.is_some() {
            assert_eq!(answer, Err(LinkError::ValueLinked));
        } else if self.model.objects[object].linked {
            assert_eq!(answer, Err(LinkError::ObjectLinked));
        } else {
            assert_eq!(answer, Ok(()));
            self.model.objects[object].linked = true;
            self.model.at(name).link = Some(Link { object, kind, weight, held: false });
            self.model.links.push(name);
        }
    }

    fn sweep(&mut self) {
        self.model.sweep();
        self.world.heap.sweep(self.world.bases[self.world.bases.len() - 1]);
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::New(kind) => {
                let name = self.make(kind);
                let container = self.model.at(name);
                container.count = 1;
                let value = container.value;
                self.world.root(value);
                self.model.variables.last_mut().expect("a scope").push(name);
            }
            Op::Temporary(kind, weight, counts) => {
                let (name, object) = (self.make(kind), self.fresh_object(counts));
                self.link(name, object, weight);
            }
            Op::Store(a, field, b) => {
                if let (Some(a), Some(b)) = (self.pick(a), self.pick(b)) {
                    self.set(a, field, Some(b));
                }
            }
            Op::Clear(a, field) => {
                if let Some(a) = self.pick(a) {
                    self.set(a, field, None);
                }
            }
            Op::Forget(a) => {
                let variables = self.model.variables.last_mut().expect("a scope");
                if !variables.is_empty() {
                    let name = variables.swap_remove(a % variables.len());
                    let container = self.model.at(name);
                    container.count -= 1;
                    let value = container.value;
                    self.world.unroot(value);
                }
            }
            Op::Link(a, weight, counts) => {
                if let Some(name) = self.pick(a) {
                    let object = self.fresh_object(counts);
                    self.link(name, object, weight);
                    if !self.model.objects[object].linked {
                        // Refused: the object is the foreign side's alone, and needs a count to be ended by.
                        let o = &mut self.model.objects[object];
                        o.raw.incref();
                        o.counts += 1;
                    }
                }
            }
            Op::LinkAgain(a, object, weight) => {
                if let (Some(name), Some(object)) = (self.pick(a), self.pick_object(object, |o| !o.due)) {
                    self.link(name, object, weight);
                }
            }
            Op::Ref(object) => {
                if let Some(object) = self.pick_object(object, |_| true) {
                    self.model.objects[object].counts += 1;
                    self.model.objects[object].raw.incref();
                }
            }
            Op::Unref(object) => {
                if let Some(object) = self.pick_object(object, |o| o.counts > 0) {
                    let raw = self.model.objects[object].raw;
                    self.model.unref(object);
                    raw.decref();
                }
            }
            Op::GiveBack(object) => {
                if let Some(object) = self.pick_object(object, |o| o.counts > 0) {
                    let raw = self.model.objects[object].raw;
                    self.model.unref(object);
                    let holds = |c: &Container| c.link.is_some_and(|link| link.object == object && link.held);
                    let held = self.model.containers.iter().find(|(_, c)| holds(c)).map(|(name, _)| *name);
                    if let Some(name) = held.filter(|name| !self.model.wants(*name)) {
                        self.model.let_go(name);
                    }
                    // SAFETY: the object has not ended, and the foreign side has a count.
                    unsafe { self.world.heap.give_back_object(raw.0) }.expect("a count");
                }
            }
            Op::Sweep => self.sweep(),
            Op::Push => {
                // Between statements.
                self.sweep();
                if self.level() < 8 {
                    self.world.push();
                    self.model.variables.push(Vec::new());
                }
            }
            Op::Pop => {
                if self.model.variables.len() > 1 {
                    self.pop();
                }
            }
            Op::Collect => {
                self.sweep();
                self.model.collect();
                let collected = self.world.heap.collect(&self.world.roots, Reason::Explicit);
                assert!(collected.due.is_empty());
                self.sweep();
            }
            Op::Drain => {
                for object in std::mem::take(&mut self.model.queue) {
                    let o = &mut self.model.objects[object];
                    o.due = false;
                    if o.counts == 0 && !o.linked {
                        o.ended = true;
                        self.model.ended.push(format!("dealloc {object}"));
                    }
                }
                self.world.heap.drain_deallocations();
            }
        }
    }

    fn pop(&mut self) {
        let level = self.level();
        let variables: Vec<Value> = self.model.variables[self.model.variables.len() - 1]
            .iter()
            .map(|name| self.model.containers[name].value)
            .collect();
        self.model.pop(level);
        self.world.pop(&variables);
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        if let Err(broken) = self.world.heap.verify(&self.world.roots) {
            return Err(TestCaseError::fail(broken.to_string()));
        }
        // The order of deaths is the heap's affair here.
        let (mut actual, mut expected) = (ended(), std::mem::take(&mut self.model.ended));
        actual.sort();
        expected.sort();
        prop_assert_eq!(actual, expected, "what has ended");
        prop_assert_eq!(self.world.heap.due_deallocations(), self.model.queue.len(), "what is due");
        for object in self.model.objects.iter().filter(|object| !object.ended) {
            let count = object.counts + isize::from(object.due);
            prop_assert_eq!(object.raw.head().foreign_counts(), count, "counts of {:?}", object);
            prop_assert_eq!(object.raw.head().is_linked(), object.linked, "link of {:?}", object);
        }
        for (name, container) in &self.model.containers {
            let value = container.value;
            prop_assert_eq!(self.world.heap.references(value), container.count, "count of {}", name);
            prop_assert_eq!(self.world.heap.owner_level(value), Some(container.level), "owner of {}", name);
            for kind in [LinkKind::Value, LinkKind::Foreign] {
                let link = container.link.filter(|link| link.kind == kind);
                let object = link.map(|link| self.model.objects[link.object].raw);
                prop_assert_eq!(self.world.heap.linked_object(value, kind), object.map(|raw| raw.0));
                if let (Some(raw), Some(link)) = (object, link) {
                    prop_assert_eq!(self.world.value_of(raw), Some(value));
                    prop_assert_eq!(raw.count() - link.weight.share(), self.model.objects[link.object].counts);
                }
            }
        }
        let held = self.model.containers.values().filter(|c| c.link.is_some_and(|link| link.held)).count();
        prop_assert_eq!(self.world.heap.held_values().count(), held, "held");
        Ok(())
    }
}

fn run(ops: &[Op]) -> Result<(), TestCaseError> {
    let mut run = Run::new();
    for op in ops {
        run.apply(op);
        run.check()?;
    }
    while !run.model.variables.is_empty() {
        run.pop();
        run.check()?;
    }
    // The foreign side lets everything go; what it held dies in a collection, or with the heap.
    while let Some(object) = run.pick_object(0, |o| o.counts > 0) {
        let raw = run.model.objects[object].raw;
        run.model.unref(object);
        raw.decref();
    }
    let left = run.model.objects.iter().filter(|object| !object.ended).count();
    run.check()?;
    prop_assert_eq!(run.world.finish().len(), left, "every object has ended, once");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(ops in prop::collection::vec(op(), 1..150)) {
        run(&ops)?;
    }
}
