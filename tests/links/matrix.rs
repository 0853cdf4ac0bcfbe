//! Every kind of link × light or not × foreign counts 0, 1, 2 × what else refers to the value × young or old, after linking, after a sweep, after a collection,
//! when the foreign counts have gone, and at the end.

use probate::heap::links::{LinkKind, Weight};
use probate::heap::value::Value;

use super::raw::{Raw, World, ended};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Referrer {
    /// A variable.
    Root,
    Nobody,
    /// Only a cycle through itself.
    Itself,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Age {
    Young,
    Old,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    kind: LinkKind,
    weight: Weight,
    counts: isize,
    referrer: Referrer,
    age: Age,
}

impl Case {
    /// Whether the link keeps the value when nothing else does.
    fn holds(self) -> bool {
        self.kind == LinkKind::Value && self.counts > 0
    }

    fn survives_a_sweep(self) -> bool {
        self.referrer != Referrer::Nobody || self.holds()
    }

    fn survives_a_collection(self) -> bool {
        self.referrer == Referrer::Root || self.holds()
    }
}

fn every_case() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [LinkKind::Value, LinkKind::Foreign] {
        for weight in [Weight::Ordinary, Weight::Light] {
            for counts in 0..=2 {
                for referrer in [Referrer::Root, Referrer::Nobody, Referrer::Itself] {
                    for age in [Age::Young, Age::Old] {
                        cases.push(Case { kind, weight, counts, referrer, age });
                    }
                }
            }
        }
    }
    cases
}

/// The value lives, and the link is whole.
fn linked(world: &World, case: Case, p: Value, raw: Raw, counts: isize) {
    assert_eq!(raw.count(), case.weight.share() + counts);
    assert_eq!(raw.head().foreign_counts(), counts);
    assert_eq!(world.value_of(raw), Some(p));
    assert_eq!(world.heap.linked_object(p, case.kind), Some(raw.0));
    let other = if case.kind == LinkKind::Value { LinkKind::Foreign } else { LinkKind::Value };
    assert_eq!(world.heap.linked_object(p, other), None);
    assert_eq!(world.heap.due_deallocations(), 0);
    assert!(ended().is_empty());
}

/// The value has died, and the link was cut, when there were so many foreign counts. Whether the object is still there.
fn cut(world: &mut World, case: Case, raw: Raw, counts: isize) -> bool {
    match (case.weight, counts) {
        (Weight::Light, 0) => {
            assert_eq!(ended(), ["free 7"], "at once, and without its deallocator");
            assert_eq!(world.heap.due_deallocations(), 0);
            return false;
        }
        (Weight::Ordinary, 0) => {
            assert_eq!((raw.count(), raw.head().is_linked()), (1, false), "one count while it waits");
            assert_eq!(world.heap.due_deallocations(), 1);
            assert!(ended().is_empty(), "not inside the heap");
            world.drain();
            assert_eq!(ended(), ["dealloc 7"]);
            return false;
        }
        _ => {}
    }
    assert_eq!((raw.count(), raw.head().is_linked()), (counts, false));
    assert_eq!((world.heap.due_deallocations(), ended().len()), (0, 0));
    assert_eq!(world.value_of(raw), None);
    true
}

/// The foreign side takes its counts off an object without a link.
fn drop_counts(raw: Raw, counts: isize) {
    for left in (0..counts).rev() {
        raw.decref();
        assert_eq!(ended().len(), usize::from(left == 0), "the last count ends it");
    }
}

fn run(case: Case) {
    let mut world = World::new();
    let raw = Raw::new(7, case.counts);
    let p = world.make(case.kind);
    if case.age == Age::Young {
        world.link(p, raw, case.kind, case.weight);
        assert_eq!(world.heap.linked_by_age(), (1, 0));
    }
    if case.referrer == Referrer::Root || case.age == Age::Old {
        world.root(p);
    }
    if case.referrer == Referrer::Itself {
        world.set(p, "self", p);
    }
    if case.age == Age::Old {
        world.sweep();
        world.link(p, raw, case.kind, case.weight);
        assert_eq!(world.heap.linked_by_age(), (0, 1));
        if case.referrer != Referrer::Root {
            world.unroot(p);
        }
    }
    let references = world.heap.references(p);
    assert_eq!(references, u32::from(case.referrer != Referrer::Nobody));
    linked(&world, case, p, raw, case.counts);
    world.verify();

    world.sweep();
    if !case.survives_a_sweep() {
        if cut(&mut world, case, raw, case.counts) {
            drop_counts(raw, case.counts);
        }
        assert!(world.finish().is_empty());
        return;
    }
    linked(&world, case, p, raw, case.counts);
    assert_eq!(world.heap.linked_by_age(), (0, 1));
    let held = case.referrer == Referrer::Nobody;
    assert_eq!(world.heap.owner_level(p), Some(if held { 1 } else { 2 }));
    assert_eq!(world.heap.references(p), references + u32::from(held));

    let found = world.collect();
    if !case.survives_a_collection() {
        assert!(found > 0);
        if cut(&mut world, case, raw, case.counts) {
            drop_counts(raw, case.counts);
        }
        assert!(world.finish().is_empty());
        return;
    }
    assert_eq!(found, 0);
    linked(&world, case, p, raw, case.counts);
    let held = case.referrer != Referrer::Root;
    assert_eq!(world.heap.owner_level(p), Some(if held { 1 } else { 2 }));
    assert_eq!(world.heap.references(p), references + u32::from(held));
    assert_eq!(world.heap.held_values().count(), usize::from(held));

    // The foreign side lets go, and tells nobody.
    (0..case.counts).for_each(|_| raw.decref());
    world.sweep();
    linked(&world, case, p, raw, 0);
    world.collect();
    if held {
        assert!(!cut(&mut world, case, raw, 0));
        assert!(world.finish().is_empty());
        return;
    }
    linked(&world, case, p, raw, 0);
    let expected = match case.weight {
        Weight::Ordinary => "dealloc 7",
        Weight::Light => "free 7",
    };
    assert_eq!(world.finish(), [expected]);
}

#[test]
fn every_case_has_its_count_its_link_and_its_queue() {
    for case in every_case() {
        let result = std::panic::catch_unwind(|| run(case));
        assert!(result.is_ok(), "{case:?}");
    }
}

/// The same, but everything ends while it is linked: the foreign object survives on its own.
#[test]
fn at_the_end_every_link_is_cut_and_objects_live_on_by_their_own_counts() {
    for case in every_case() {
        let mut world = World::new();
        let raw = Raw::new(7, case.counts);
        let p = world.make(case.kind);
        world.link(p, raw, case.kind, case.weight);
        if case.referrer == Referrer::Itself {
            world.set(p, "self", p);
        }
        if case.referrer == Referrer::Root {
            world.root(p);
        }
        if case.age == Age::Old {
            world.sweep();
            if !case.survives_a_sweep() {
                world.drain();
            }
        }
        let swept = case.age == Age::Old && !case.survives_a_sweep() && case.counts == 0;
        let ends = world.finish().len();
        assert_eq!(ends, usize::from(case.counts == 0 && !swept), "{case:?}");
        if case.counts > 0 {
            assert_eq!((raw.count(), raw.head().is_linked()), (case.counts, false), "{case:?}");
            drop_counts(raw, case.counts);
        }
    }
}
