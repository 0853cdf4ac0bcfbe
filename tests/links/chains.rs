//! Long ones: nothing recurses, nothing is quadratic.

use probate::heap::links::foreign::Foreign;
use probate::heap::links::{LinkKind, Weight};
use probate::heap::value::Value;

use super::raw::{Raw, World, ended};

const LONG: usize = 100_000;

/// On a stack on which a recursion of that depth would overflow.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no overflow, no panic");
}

struct Node {
    _next: Option<Foreign<Node>>,
}

#[test]
fn a_chain_of_pointers_is_dropped_without_recursion() {
    on_a_small_stack(|| {
        let chain = (0..LONG).fold(None, |next, _| Some(Foreign::new(Node { _next: next })));
        drop(chain);
    });
}

#[test]
fn a_cascade_of_deallocators_takes_no_stack() {
    on_a_small_stack(|| {
        let mut world = World::new();
        let mut last = Raw::new(0, 1);
        for name in 1..LONG {
            let next = last;
            last = Raw::with(
                name,
                isize::from(name < LONG - 1),
                Some(Box::new(move |_| {
                    next.decref();
                    false
                })),
            );
        }
        let p = world.heap.object();
        world.link(p, last, LinkKind::Value, Weight::Ordinary);
        world.sweep();
        assert_eq!(world.heap.due_deallocations(), 1);
        world.drain();
        assert_eq!(ended().len(), LONG);
        world.finish();
    });
}

/// A list in the heap, each value of it linked to an object of its own.
fn linked_list(world: &mut World, counts: impl Fn(usize) -> isize) -> (Vec<Value>, Vec<Raw>) {
    let (mut values, mut objects) = (Vec::new(), Vec::new());
    for name in 0..LONG {
        let (p, raw) = (world.heap.object(), Raw::new(name, counts(name)));
        if let Some(last) = values.last() {
            world.set(*last, "next", p);
        }
        world.link(p, raw, LinkKind::Value, Weight::Ordinary);
        values.push(p);
        objects.push(raw);
    }
    (values, objects)
}

#[test]
fn a_list_of_linked_values_hangs_on_one_foreign_count() {
    on_a_small_stack(|| {
        let mut world = World::new();
        world.push();
        let (values, objects) = linked_list(&mut world, |name| isize::from(name == 0));
        world.root(values[0]);
        world.sweep();
        world.pop(&[values[0]]);
        assert_eq!(world.heap.live_containers(), LONG as u64);
        assert_eq!(world.heap.owner_level(values[LONG - 1]), Some(1));
        assert_eq!(world.heap.held_values().count(), 1);
        objects[0].decref();
        world.heap.release_links();
        world.sweep();
        assert_eq!((world.heap.live_containers(), world.heap.due_deallocations()), (0, LONG));
        world.drain();
        assert_eq!(ended().len(), LONG);
        world.finish();
    });
}

#[test]
fn every_value_of_a_list_may_be_held() {
    on_a_small_stack(|| {
        let mut world = World::new();
        world.push();
        let (values, objects) = linked_list(&mut world, |_| 1);
        world.sweep();
        assert_eq!(world.heap.held_values().count(), 1, "the others are referred to");
        world.pop(&[]);
        world.collect();
        // From the front: each value that goes leaves the next one to its object.
        for raw in &objects {
            // SAFETY: a live object, and its count.
            unsafe { world.heap.give_back_object(raw.0) }.expect("a count");
            world.heap.sweep(0);
        }
        assert_eq!(values.len(), LONG);
        assert_eq!((world.heap.live_containers(), world.heap.due_deallocations()), (0, LONG));
        world.finish();
        ended();
    });
}

#[test]
fn a_chain_that_goes_back_and_forth_across_the_border_ends_in_linear_time() {
    on_a_small_stack(|| {
        let mut world = World::new();
        // Each object has a count of the next one, each of which holds a value.
        let mut last = None;
        for name in 0..LONG {
            let next: Option<Raw> = last;
            let raw = Raw::with(
                name,
                1,
                Some(Box::new(move |_| {
                    next.into_iter().for_each(Raw::decref);
                    false
                })),
            );
            let p = world.heap.object();
            world.link(p, raw, LinkKind::Value, Weight::Ordinary);
            last = Some(raw);
        }
        world.sweep();
        assert_eq!(world.heap.held_values().count(), LONG);
        let first = last.expect("objects");
        // SAFETY: a live object, and its count.
        unsafe { world.heap.give_back_object(first.0) }.expect("a count");
        world.sweep();
        while world.heap.due_deallocations() > 0 {
            world.heap.drain_deallocations();
            world.heap.sweep(0);
        }
        assert_eq!((world.heap.live_containers(), ended().len()), (0, LONG));
        world.finish();
    });
}
