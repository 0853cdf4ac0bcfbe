//! Single cases: deallocators and what they do, counts, scopes, cycles, traces.

use std::any::Any;
use std::sync::{Arc, Mutex};

use probate::events::{Preset, TextTracer};
use probate::heap::links::{LinkError, LinkKind, Weight};
use probate::heap::value::Value;

use super::raw::{Raw, World, ended};

const BOTH: [Weight; 2] = [Weight::Ordinary, Weight::Light];

#[test]
fn a_deallocator_may_count_its_object_up_again() {
    let mut world = World::new();
    let raw = Raw::with(
        1,
        0,
        Some(Box::new(|raw| {
            raw.incref();
            true
        })),
    );
    let p = world.heap.object();
    world.link(p, raw, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    world.drain();
    assert_eq!(ended(), ["dealloc 1"]);
    assert_eq!((raw.count(), raw.head().is_linked()), (1, false), "resurrected, an object of its own");
    // It may even be linked anew.
    let q = world.heap.object();
    world.link(q, raw, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    assert_eq!(world.value_of(raw), Some(q));
    raw.decref();
    world.collect();
    world.drain();
    assert_eq!(ended(), ["dealloc 1"]);
    world.finish();
}

#[test]
fn who_counts_an_object_while_it_waits_keeps_it() {
    let mut world = World::new();
    let raw = Raw::new(1, 0);
    let p = world.heap.object();
    world.link(p, raw, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    assert_eq!((raw.count(), world.heap.due_deallocations()), (1, 1));
    raw.incref();
    world.drain();
    assert!(ended().is_empty());
    assert_eq!(raw.count(), 1);
    raw.decref();
    assert_eq!(ended(), ["dealloc 1"]);
    world.finish();
}

#[test]
fn a_deallocator_that_lets_others_go_starts_a_cascade() {
    let mut world = World::new();
    // 1 has a count of 2, that one of 3; 2 is linked to a value that only it holds.
    let three = Raw::new(3, 1);
    let two = Raw::with(
        2,
        1,
        Some(Box::new(move |_| {
            three.decref();
            false
        })),
    );
    let one = Raw::with(
        1,
        0,
        Some(Box::new(move |_| {
            two.decref();
            false
        })),
    );
    let (p, q) = (world.heap.object(), world.heap.object());
    world.root(p);
    world.link(p, one, LinkKind::Value, Weight::Ordinary);
    world.link(q, two, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    assert_eq!(world.heap.held_values().collect::<Vec<_>>(), [(2, q)]);
    world.unroot(p);
    world.sweep();
    world.drain();
    assert_eq!(ended(), ["dealloc 1"]);
    assert_eq!(world.heap.held_values().count(), 0, "let go while the deallocator ran");
    world.sweep();
    world.drain();
    assert_eq!(ended(), ["dealloc 2", "dealloc 3"]);
    world.finish();
}

#[test]
fn counts_that_nobody_has_are_not_taken_off() {
    let mut world = World::new();
    for (weight, kind) in BOTH.into_iter().zip([LinkKind::Value, LinkKind::Foreign]) {
        let raw = Raw::new(1, 1);
        let p = world.make(kind);
        world.root(p);
        world.link(p, raw, kind, weight);
        raw.decref();
        assert_eq!(raw.try_decref(), Err(LinkError::Count(weight.share())));
        assert_eq!(raw.count(), weight.share(), "nothing has changed");
        world.verify();
    }
    let waiting = Raw::new(2, 0);
    assert_eq!(waiting.try_decref(), Err(LinkError::Count(0)));
    waiting.destroy();
    for count in [-1, isize::MIN, Weight::Ordinary.share(), Weight::Light.share() + 3, isize::MAX] {
        let absurd = Raw::new(3, count);
        let p = world.heap.object();
        let refused = world.try_link(p, absurd, LinkKind::Value, Weight::Ordinary);
        assert_eq!(refused, Err(LinkError::Count(count)));
        assert_eq!((absurd.count(), absurd.head().is_linked()), (count, false));
        assert!(world.heap.linked_object(p, LinkKind::Value).is_none());
        absurd.destroy();
    }
    world.verify();
    world.finish();
}

#[test]
fn the_verifier_finds_counts_that_were_spoilt() {
    for weight in BOTH {
        let mut world = World::new();
        let raw = Raw::new(1, 0);
        let p = world.heap.object();
        world.root(p);
        world.link(p, raw, LinkKind::Value, weight);
        // A host that takes off what is ours, by itself.
        // SAFETY: the count is the first member of the head; nobody else uses it now.
        unsafe { *raw.0.as_ptr().cast::<isize>() -= 1 };
        let broken = world.heap.verify(&[p]).expect_err("a count is missing").to_string();
        assert!(broken.contains("L: the object f1 has only"), "{broken}");
        // The object leaks then: freeing it could be the second time.
        world.heap.decref(p);
        world.roots.clear();
        world.sweep();
        world.drain();
        assert!(ended().is_empty());
        assert_eq!(raw.count(), -1);
        raw.destroy();
    }
}

#[test]
fn a_popped_scope_leaves_what_a_foreign_object_holds_with_all_it_reaches() {
    for in_a_cycle in [false, true] {
        let mut world = World::new();
        for _ in 0..5 {
            world.push();
        }
        let (kept, dropped) = (Raw::new(1, 1), Raw::new(2, 0));
        let (p, q, part, other) = (world.heap.object(), world.heap.object(), world.heap.object(), world.heap.object());
        for value in [p, q, other] {
            world.root(value);
        }
        world.link(p, kept, LinkKind::Value, Weight::Ordinary);
        world.link(other, dropped, LinkKind::Value, Weight::Ordinary);
        world.set(p, "part", part);
        if in_a_cycle {
            world.set(part, "p", p);
        }
        // Only a value of the scope refers to it.
        world.set(q, "p", p);
        world.unroot(p);
        world.sweep();
        assert_eq!(world.heap.owner_level(p), Some(7));
        assert!(world.heap.scope_wants_care() && world.heap.scope_has_linked());
        world.pop(&[q, other]);
        assert_eq!((world.heap.owner_level(p), world.heap.owner_level(part)), (Some(1), Some(1)));
        assert_eq!((world.value_of(kept), world.value_of(dropped)), (Some(p), None));
        assert_eq!(world.heap.live_containers(), 2);
        world.drain();
        assert_eq!(ended(), ["dealloc 2"]);
        for _ in 0..5 {
            world.pop(&[]);
        }
        world.collect();
        assert_eq!(world.value_of(kept), Some(p));
        kept.decref();
        world.collect();
        world.drain();
        assert_eq!((ended(), world.heap.live_containers()), (vec!["dealloc 1".to_string()], 0));
        world.finish();
    }
}

#[test]
fn an_older_value_that_falls_to_zero_by_a_pop_is_held() {
    let mut world = World::new();
    let raw = Raw::new(1, 1);
    let p = world.heap.object();
    world.link(p, raw, LinkKind::Value, Weight::Light);
    world.root(p);
    world.sweep();
    world.push();
    // A ring of the inner scope has the last reference.
    let (a, b) = (world.heap.object(), world.heap.object());
    world.set(a, "b", b);
    world.set(b, "a", a);
    world.set(b, "p", p);
    world.unroot(p);
    world.sweep();
    assert_eq!((world.heap.owner_level(p), world.heap.references(p)), (Some(2), 1));
    world.pop(&[]);
    assert_eq!((world.heap.live_containers(), world.heap.owner_level(p)), (1, Some(1)));
    assert_eq!(world.heap.held_values().count(), 1);
    raw.decref();
    assert!(ended().is_empty());
    world.collect();
    assert_eq!(ended(), ["free 1"]);
    world.finish();
}

#[test]
fn what_only_dead_values_refer_to_is_held_before_they_are_freed() {
    // A stranded ring refers to `p`; a collection frees the ring.
    let mut world = World::new();
    let raw = Raw::new(1, 1);
    let (a, p, part) = (world.heap.object(), world.heap.object(), world.heap.object());
    world.set(a, "self", a);
    world.set(a, "p", p);
    world.set(p, "part", part);
    world.link(p, raw, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    assert_eq!(world.heap.owner_level(p), Some(2));
    assert_eq!(world.collect(), 1);
    assert_eq!((world.heap.live_containers(), world.heap.owner_level(part)), (2, Some(1)));
    raw.decref();
    world.finish();
}

/// A light finalizer counts an object up while its value is being taken apart: too late, the link is cut though the object survives.
fn counted_too_late(by: &str) {
    let mut world = World::new();
    let raw = Raw::new(1, 0);
    let address = raw.0.as_ptr() as usize;
    let light = move |_: Box<dyn Any + Send>| {
        let head = std::ptr::NonNull::new(address as *mut _).expect("an address");
        Raw(head).incref();
    };
    // Rings, so that counts do not decide. The newer one goes first.
    let p = world.heap.object();
    world.set(p, "self", p);
    let host = world.heap.host_object("Late", Box::new(()), Some(Box::new(light)));
    world.set(host, "self", host);
    world.link(p, raw, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    match by {
        "pop" => world.pop(&[]),
        _ => {
            // Inside a newer scope, so that it is not the level that decides.
            world.push();
            assert!(world.collect() > 0);
            world.pop(&[]);
        }
    }
    assert_eq!(world.heap.live_containers(), 0);
    assert!(!raw.head().is_linked());
    world.drain();
    assert_eq!(ended(), Vec::<String>::new());
    assert_eq!(raw.count(), 1);
    raw.decref();
    assert_eq!(ended(), ["dealloc 1"]);
    world.finish();
}

#[test]
fn the_last_sight_before_values_are_taken_apart_decides() {
    counted_too_late("pop");
    counted_too_late("collection");
}

#[test]
fn a_cycle_through_a_proxy_is_the_foreign_sides_to_break() {
    // value ⇄ (property) proxy ⇄ (link) object 1 → (count) object 2 ⇄ (link) value
    let mut world = World::new();
    let two = Raw::new(2, 1);
    let one = Raw::with(
        1,
        0,
        Some(Box::new(move |_| {
            two.decref();
            false
        })),
    );
    let proxy = world.make(LinkKind::Foreign);
    let value = world.heap.object();
    world.set(value, "proxy", proxy);
    world.link(proxy, one, LinkKind::Foreign, Weight::Ordinary);
    world.link(value, two, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    world.collect();
    assert_eq!(world.heap.live_containers(), 2, "a count from outside is a count");
    // The script breaks it: then all of it goes.
    world.set(value, "proxy", Value::UNDEFINED);
    world.sweep();
    assert_eq!((ended().len(), world.heap.due_deallocations()), (0, 1));
    world.drain();
    world.sweep();
    world.drain();
    assert_eq!((ended().join(","), world.heap.live_containers()), ("dealloc 1,dealloc 2".to_string(), 0));
    world.finish();
}

#[test]
fn a_ring_of_proxies_in_the_heap_is_collected() {
    let mut world = World::new();
    let (one, two) = (Raw::new(1, 0), Raw::new(2, 1));
    let (a, b) = (world.make(LinkKind::Foreign), world.make(LinkKind::Foreign));
    world.set(a, "b", b);
    world.set(b, "a", a);
    world.link(a, one, LinkKind::Foreign, Weight::Ordinary);
    world.link(b, two, LinkKind::Foreign, Weight::Light);
    world.sweep();
    assert!(world.collect() >= 2);
    assert_eq!(world.heap.live_containers(), 0);
    assert_eq!((one.count(), two.count(), world.heap.due_deallocations()), (1, 1, 1));
    world.drain();
    two.decref();
    assert_eq!(ended(), ["dealloc 1", "dealloc 2"]);
    world.finish();
}

#[test]
fn deallocators_are_called_in_the_order_in_which_links_were_cut() {
    let mut world = World::new();
    let values: Vec<Value> = (0..3).map(|_| world.heap.object()).collect();
    for (name, p) in values.iter().enumerate() {
        world.link(*p, Raw::new(name, 0), LinkKind::Value, Weight::Ordinary);
    }
    world.sweep();
    assert_eq!(world.heap.due_deallocations(), 3);
    let first = world.heap.next_deallocation().expect("it is due");
    let _ = first.run();
    assert_eq!(ended(), ["dealloc 2"], "the newest value dies first");
    drop(world);
    assert_eq!(ended(), ["dealloc 1", "dealloc 0"], "a heap that is dropped leaves nothing");
}

#[test]
fn a_link_that_was_made_early_counts_as_young_until_its_statement_ends() {
    let mut world = World::new();
    let p = world.heap.object();
    world.root(p);
    world.link(p, Raw::new(1, 0), LinkKind::Value, Weight::Ordinary);
    // A statement inside that one ends.
    let base = world.heap.base();
    world.heap.object();
    world.heap.sweep(base);
    assert_eq!(world.heap.linked_by_age(), (1, 0));
    world.verify();
    world.sweep();
    assert_eq!(world.heap.linked_by_age(), (0, 1));
    world.finish();
}

/// The events of what `program` does, of a preset.
fn trace(preset: Preset, program: impl FnOnce(&mut World)) -> String {
    let text = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&text);
    let mut world = World::new();
    let tracer = TextTracer::new(Some(preset), move |line: &str| sink.lock().unwrap().push_str(line));
    world.heap.set_tracer(Some(Box::new(tracer)));
    program(&mut world);
    world.finish();
    std::mem::take(&mut *text.lock().unwrap())
}

#[test]
fn the_life_of_a_held_value() {
    let text = trace(Preset::All, |world| {
        let raw = Raw::new(1, 1);
        let (p, part) = (world.heap.object(), world.heap.object());
        world.set(p, "part", part);
        world.link(p, raw, LinkKind::Value, Weight::Ordinary);
        world.sweep();
        // SAFETY: a live object, and its count.
        unsafe { world.heap.give_back_object(raw.0) }.expect("a count");
        world.sweep();
        world.drain();
    });
    insta::assert_snapshot!(text);
}

#[test]
fn proxies_light_links_and_the_end() {
    let survivor = Raw::new(3, 1);
    let text = trace(Preset::Life, |world| {
        let (proxy, value, kept) = (world.make(LinkKind::Foreign), world.heap.object(), world.heap.object());
        world.link(proxy, Raw::new(1, 0), LinkKind::Foreign, Weight::Ordinary);
        world.link(value, Raw::new(2, 0), LinkKind::Value, Weight::Light);
        world.link(kept, survivor, LinkKind::Value, Weight::Light);
        world.sweep();
        world.drain();
    });
    survivor.decref();
    insta::assert_snapshot!(text);
}
