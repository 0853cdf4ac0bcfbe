//! The interface for Rust: owning pointers, types, threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use probate::heap::links::foreign::{Foreign, ForeignHead, REFCNT_FROM_VM, REFCNT_FROM_VM_LIGHT};
use probate::heap::links::{LinkError, LinkKind, Weight};
use probate::heap::value::Value;

use super::raw::World;

/// Counts how often such a thing was dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Foreign<Counted>, Arc<AtomicUsize>) {
    let drops = Arc::new(AtomicUsize::new(0));
    (Foreign::new(Counted(Arc::clone(&drops))), drops)
}

#[test]
fn the_constants_are_far_apart_and_far_from_overflow() {
    const { assert!(REFCNT_FROM_VM_LIGHT > 2 * REFCNT_FROM_VM && REFCNT_FROM_VM > 1 << (isize::BITS / 2 - 4)) };
    const { assert!(REFCNT_FROM_VM_LIGHT.checked_add(REFCNT_FROM_VM / 2).is_some()) };
    assert_eq!(std::mem::offset_of!(Layout, value), size_of::<ForeignHead>());
    assert_eq!(size_of::<ForeignHead>(), 3 * size_of::<usize>());
}

#[repr(C)]
struct Layout {
    head: ForeignHead,
    value: u8,
}

#[test]
fn without_a_link_it_is_an_ordinary_counted_pointer() {
    let (object, drops) = counted();
    let other = object.clone();
    assert!(object.is_same(&other) && !object.is_linked());
    assert_eq!((object.refcount(), object.foreign_counts()), (2, 2));
    drop(object);
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    drop(other);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn both_ends_are_found_from_each_other() {
    let mut world = World::new();
    let (object, drops) = counted();
    let p = world.heap.object();
    world.root(p);
    world.heap.create_link_value(p, &object).expect("a link");
    assert_eq!((object.refcount(), object.foreign_counts()), (REFCNT_FROM_VM + 1, 1));
    assert_eq!(world.heap.to_value(&object), Some(p));
    let again = world.heap.from_value::<Counted>(p).expect("the object");
    assert!(again.is_same(&object));
    assert_eq!(object.foreign_counts(), 2);
    assert!(world.heap.from_proxy::<Counted>(p).is_none(), "the data is in the value");
    assert!(world.heap.from_value::<u8>(p).is_none(), "of another type");
    drop((object, again));
    assert_eq!(drops.load(Ordering::Relaxed), 0, "the link keeps it");
    let again = world.heap.from_value::<Counted>(p).expect("the object");
    assert_eq!(again.foreign_counts(), 1);
    drop(again);
    world.unroot(p);
    world.sweep();
    assert_eq!((world.heap.due_deallocations(), drops.load(Ordering::Relaxed)), (1, 0));
    world.drain();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    world.finish();
}

#[test]
fn a_proxy_is_found_from_its_object_as_long_as_it_lives() {
    let mut world = World::new();
    let object = Foreign::new(17u64);
    let p = world.heap.host_object("Proxy", Box::new(()), None);
    world.heap.create_light_link_foreign(p, &object).expect("a link");
    assert_eq!(object.refcount(), REFCNT_FROM_VM_LIGHT + 1);
    assert_eq!(world.heap.from_proxy::<u64>(p).map(|object| *object), Some(17));
    assert!(world.heap.from_value::<u64>(p).is_none());
    world.sweep();
    assert_eq!(world.heap.to_value(&object), None, "a foreign object never keeps its proxy");
    assert_eq!((object.refcount(), *object), (1, 17));
    // And a new one can be made for it.
    let p = world.heap.host_object("Proxy", Box::new(()), None);
    world.heap.create_link_foreign(p, &object).expect("a link");
    assert_eq!(world.heap.to_value(&object), Some(p));
    world.finish();
    assert!(!object.is_linked());
}

#[test]
fn a_link_to_another_heap_is_none_here() {
    let (mut one, mut two) = (World::new(), World::new());
    let object = Foreign::new(1u8);
    let p = one.heap.object();
    one.heap.create_link_value(p, &object).expect("a link");
    let q = two.heap.object();
    assert_eq!(two.heap.to_value(&object), None);
    assert_eq!(two.heap.create_link_value(q, &object), Err(LinkError::ObjectLinked));
    assert!(two.heap.from_value::<u8>(q).is_none());
    one.finish();
    two.heap.create_link_value(q, &object).expect("it is free now");
    two.finish();
}

#[test]
fn second_links_and_wrong_ends_are_refused_and_change_nothing() {
    let mut world = World::new();
    let (first, second) = (Foreign::new(1u8), Foreign::new(2u8));
    let p = world.heap.object();
    world.heap.create_link_value(p, &first).expect("a link");
    let host = world.heap.host_object("Proxy", Box::new(()), None);
    world.heap.create_light_link_foreign(host, &second).expect("a link");
    let q = world.heap.object();
    let third = Foreign::new(3u8);
    assert_eq!(world.heap.create_link_value(p, &third), Err(LinkError::ValueLinked));
    assert_eq!(world.heap.create_light_link_value(host, &third), Err(LinkError::ValueLinked));
    assert_eq!(world.heap.create_link_foreign(host, &third), Err(LinkError::ValueLinked));
    assert_eq!(world.heap.create_link_value(q, &first), Err(LinkError::ObjectLinked));
    assert_eq!(world.heap.create_link_value(q, &second), Err(LinkError::ObjectLinked));
    assert_eq!(world.heap.create_link_foreign(q, &third), Err(LinkError::NotAProxy));
    let text = world.heap.string("atom").expect("no limit");
    for atom in [Value::UNDEFINED, Value::number(1.5), text] {
        assert_eq!(world.heap.create_link_value(atom, &third), Err(LinkError::NotAContainer));
        assert!(world.heap.from_value::<u8>(atom).is_none());
    }
    assert_eq!((third.refcount(), third.is_linked()), (1, false));
    assert_eq!(first.refcount(), REFCNT_FROM_VM + 1);
    world.verify();
    world.finish();

    let mut heap = probate::heap::Heap::new(probate::heap::Settings::default());
    let built_in = heap.object();
    assert_eq!(heap.create_link_value(built_in, &third), Err(LinkError::BuiltIn));
}

#[test]
fn giving_the_last_pointer_back_lets_a_held_value_go() {
    let mut world = World::new();
    let (object, drops) = counted();
    let p = world.heap.object();
    world.heap.create_link_value(p, &object).expect("a link");
    let other = object.clone();
    world.sweep();
    assert_eq!(world.heap.held_values().collect::<Vec<_>>(), [(1, p)]);
    world.heap.give_back(other);
    assert_eq!(world.heap.held_values().count(), 1, "there is another pointer");
    world.heap.give_back(object);
    assert_eq!(world.heap.held_values().count(), 0);
    assert_eq!(world.heap.references(p), 0, "on probation: it dies at the end of the statement");
    world.sweep();
    world.drain();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    world.finish();
}

#[test]
fn a_pointer_may_go_through_c() {
    let (object, drops) = counted();
    let head = object.clone().into_raw();
    // SAFETY: the object is alive.
    assert_eq!(unsafe { head.as_ref() }.refcount(), 2);
    // SAFETY: the count that `into_raw` passed on.
    let back = unsafe { Foreign::<Counted>::from_raw(head) };
    assert!(back.is_same(&object));
    drop((object, back));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn pointers_may_be_cloned_and_dropped_elsewhere_while_the_heap_looks() {
    let (object, drops) = counted();
    let mut world = World::new();
    let p = world.heap.object();
    world.heap.create_link_value(p, &object).expect("a link");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let object = object.clone();
            std::thread::spawn(move || {
                for _ in 0..5_000 {
                    drop(object.clone());
                }
                object
            })
        })
        .collect();
    drop(object);
    for _ in 0..200 {
        world.collect();
        assert_eq!(world.heap.live_containers(), 1, "somebody has a pointer");
    }
    let pointers: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    assert!(pointers.iter().all(|pointer| world.heap.to_value(pointer) == Some(p)));
    // The last ones are dropped over there, and nobody tells the heap.
    std::thread::spawn(move || drop(pointers)).join().expect("no panic");
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    world.collect();
    assert_eq!(world.heap.live_containers(), 0);
    world.drain();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    world.finish();
}

#[test]
fn when_a_heap_ends_here_its_objects_live_on_there() {
    let (object, drops) = counted();
    let mut world = World::new();
    let p = world.heap.object();
    world.heap.create_link_value(p, &object).expect("a link");
    let other = object.clone();
    let there = std::thread::spawn(move || {
        while other.is_linked() {
            std::thread::yield_now();
        }
        drop(other);
    });
    drop(world);
    there.join().expect("no panic");
    assert_eq!((object.refcount(), drops.load(Ordering::Relaxed)), (1, 0));
}

#[test]
fn as_many_counts_as_a_link_are_refused() {
    // The most that an object can have without looking as if it were linked.
    let most = REFCNT_FROM_VM / 2 - 1;
    let raw = super::raw::Raw::new(1, most - 1);
    raw.incref();
    // SAFETY: the object is alive.
    assert_eq!(unsafe { ForeignHead::incref(raw.0) }, Err(LinkError::Count(most)));
    assert_eq!((raw.count(), raw.head().foreign_counts()), (most, most));
    let mut world = World::new();
    let p = world.heap.object();
    world.link(p, raw, LinkKind::Value, Weight::Light);
    assert_eq!(raw.head().foreign_counts(), most);
    world.finish();
    raw.destroy();
}
