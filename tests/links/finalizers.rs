//! Linked values with finalizers, and weak references to them.

use std::any::Any;
use std::sync::Arc;

use probate::heap::collect::Reason;
use probate::heap::finalize::{Due, Finalizer};
use probate::heap::links::{LinkKind, Weight};
use probate::heap::value::Value;

use super::raw::{Raw, World, ended};

const BOTH: [Weight; 2] = [Weight::Ordinary, Weight::Light];

/// The finalizers of a round have been called.
fn call(world: &mut World, round: &[Due]) {
    for due in round {
        world.heap.release_due(due);
    }
}

#[test]
fn a_pending_finalizer_keeps_the_link() {
    for (kind, weight) in
        [LinkKind::Value, LinkKind::Foreign].into_iter().flat_map(|kind| BOTH.map(|weight| (kind, weight)))
    {
        for by in ["count", "scope", "collection"] {
            let mut world = World::new();
            let raw = Raw::new(1, 0);
            let p = world.make(kind);
            world.root(p);
            world.link(p, raw, kind, weight);
            let host: Arc<dyn Any + Send + Sync> = Arc::new(());
            world.heap.register_finalizer(p, Finalizer::Host(host));
            world.sweep();
            let due = match by {
                "count" => {
                    world.unroot(p);
                    world.heap.sweep(0);
                    assert!(world.heap.has_fallen());
                    world.heap.queue_fallen()
                }
                "scope" => {
                    assert!(world.heap.scope_has_finalizers());
                    world.heap.rescue_linked(0);
                    world.heap.queue_scope(0)
                }
                _ => {
                    world.set(p, "self", p);
                    world.unroot(p);
                    world.sweep();
                    let roots = world.roots.clone();
                    world.heap.collect(&roots, Reason::Explicit).due
                }
            };
            assert_eq!(due.len(), 1);
            // Its call is due: both ends are whole.
            assert_eq!(world.value_of(raw), Some(p));
            assert_eq!((raw.count(), ended().len()), (weight.share(), 0));
            // It has been called.
            match by {
                "collection" => {
                    let roots = world.roots.clone();
                    world.heap.finish_round(&roots, due);
                    world.sweep();
                }
                by => {
                    call(&mut world, &due);
                    if by == "scope" {
                        world.pop(&[p]);
                    } else {
                        world.sweep();
                    }
                }
            }
            world.drain();
            let expected = if weight == Weight::Light { "free 1" } else { "dealloc 1" };
            assert_eq!(ended(), [expected], "{kind:?} {by}");
            world.finish();
        }
    }
}

#[test]
fn a_finalizer_that_gives_its_value_to_a_foreign_object_saves_it() {
    for by in ["count", "scope", "collection"] {
        let mut world = World::new();
        let raw = Raw::new(1, 0);
        let p = world.heap.object();
        world.root(p);
        world.link(p, raw, LinkKind::Value, Weight::Ordinary);
        let host: Arc<dyn Any + Send + Sync> = Arc::new(());
        world.heap.register_finalizer(p, Finalizer::Host(host));
        match by {
            "count" => {
                world.unroot(p);
                world.heap.sweep(0);
                let due = world.heap.queue_fallen();
                raw.incref();
                call(&mut world, &due);
                world.sweep();
            }
            "scope" => {
                world.heap.rescue_linked(0);
                let due = world.heap.queue_scope(0);
                raw.incref();
                call(&mut world, &due);
                world.pop(&[p]);
            }
            _ => {
                world.set(p, "self", p);
                world.unroot(p);
                world.sweep();
                let roots = world.roots.clone();
                let due = world.heap.collect(&roots, Reason::Explicit).due;
                raw.incref();
                world.heap.finish_round(&roots, due);
                world.sweep();
            }
        }
        assert_eq!(world.heap.owner_level(p), Some(1), "{by}");
        assert_eq!((world.value_of(raw), world.heap.held_values().count()), (Some(p), 1), "{by}");
        raw.decref();
        world.collect();
        world.drain();
        assert_eq!(ended(), ["dealloc 1"], "{by}");
        world.finish();
    }
}

#[test]
fn what_a_foreign_object_holds_is_not_dying_so_no_finalizer_is_due() {
    let mut world = World::new();
    let raw = Raw::new(1, 1);
    let (p, part) = (world.heap.object(), world.heap.object());
    world.set(p, "part", part);
    for value in [p, part] {
        let host: Arc<dyn Any + Send + Sync> = Arc::new(());
        world.heap.register_finalizer(value, Finalizer::Host(host));
    }
    let weak = world.heap.weak_ref(part);
    world.root(weak);
    world.link(p, raw, LinkKind::Value, Weight::Ordinary);
    world.sweep();
    assert!(!world.heap.has_fallen());
    assert!(!world.heap.scope_has_finalizers(), "both are level 1's now");
    assert_eq!(world.heap.owner_level(part), Some(1));
    world.collect();
    assert_eq!(world.heap.weak_target(weak), part);
    raw.decref();
    world.heap.release_links();
    world.heap.sweep(0);
    assert!(world.heap.has_fallen());
    let due = world.heap.queue_fallen();
    assert_eq!((due.len(), due[0].value), (1, p));
    assert!(raw.head().is_linked());
    call(&mut world, &due);
    world.heap.sweep(0);
    let due = world.heap.queue_fallen();
    assert_eq!((due.len(), due[0].value), (1, part));
    assert!(!raw.head().is_linked());
    call(&mut world, &due);
    world.sweep();
    assert_eq!(world.heap.weak_target(weak), Value::UNDEFINED);
    world.finish();
}

#[test]
fn weak_references_to_what_a_foreign_object_keeps_stay() {
    // `a` is finalizable and falls; it is the last to refer to `p`, which a foreign object keeps.
    let mut world = World::new();
    let raw = Raw::new(1, 1);
    let (a, p) = (world.heap.object(), world.heap.object());
    world.root(a);
    world.set(a, "p", p);
    let weak = world.heap.weak_ref(p);
    world.root(weak);
    world.link(p, raw, LinkKind::Value, Weight::Ordinary);
    let host: Arc<dyn Any + Send + Sync> = Arc::new(());
    world.heap.register_finalizer(a, Finalizer::Host(host));
    world.unroot(a);
    world.heap.sweep(0);
    let due = world.heap.queue_fallen();
    assert_eq!(world.heap.weak_target(weak), p);
    call(&mut world, &due);
    world.sweep();
    assert_eq!((world.heap.weak_target(weak), world.heap.held_values().count()), (p, 1));
    raw.decref();
    world.finish();
}
