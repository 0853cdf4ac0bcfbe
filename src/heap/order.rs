//! The order in which the finalizers of one round run. A pure function over a graph of numbers; it knows no heap.
//!
//! All finalizers of all values that die together are one round, and if `a` reaches `b`, `a`'s runs before `b`'s. The algorithm that PyPy's note
//! "Ordering finalizers in the MiniMark GC" prints for this is, with a stack of values and markers:
//!
//! ```text
//! for obj in unreachable objects with a finalizer that are not queued yet:
//!     pending = [obj]
//!     while pending is not empty:
//!         obj = pending.pop()
//!         if obj is MARKER(obj'):
//!             queue.append(obj')
//!             continue
//!         if obj has a finalizer that is not queued yet:
//!             pending.append(MARKER(obj))
//!         add to pending all references of obj not seen so far
//! ```
//!
//! It is not used here:
//! - It queues in post-order, because a marker is popped after all that was pushed above it: for `a → b` it gives b, a.
//! - Reversing the queue mends that example but not this one, where "seen" is set when a value is pushed: with `0 → [2, 1]` and `1 → [2]`, 0 pushes 2 and 1; 1 is
//!   popped first and finds 2 seen, so its marker comes out at once: 1, 2, 0. Reversed: 0, 2, 1, although 1 refers to 2. The only order allowed is 0, 1, 2.
//! - Whenever "seen" is set, reversing can fail if a cycle runs through a plain container, one without finalizer. With `c → n`, `n → [b, a]` and `a → n`, where n is plain,
//!   and a search that starts at c, n pushes b and a; a finds n seen and comes out before b: a, b, c. Reversed: c, b, a, although a reaches b (by n) and b does not reach
//!   a. The only order allowed is c, a, b. Markers for plain containers would not help: a, b, n, c, reversed c, n, b, a. A depth-first search leaves a cycle member by
//!   member, and what the cycle refers to can come between.
//!
//! So the order is one of whole cycles. *The rule*: take the strongly connected components of all dying values that dying finalizable ones reach, plain containers
//! included. Again and again, of the components whose referrers have all been emitted, emit the one with the newest finalizable member, and inside it the newest
//! member first. A component without a finalizable member is passed as soon as its referrers have been emitted, before the next choice. *Newest* is created last: where
//! references leave a choice, finalizers run in the reverse order of creation. There is exactly one such order, and it does not depend on how values are numbered or
//! in which order their references are listed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// The age of a plain container. Less than every age, so that a maximum over a component ignores it.
const PLAIN: u64 = 0;

/// The dying values of a round, as a graph: values and references in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Dying {
    /// By value: when it was created, or `PLAIN`.
    ages: Vec<u64>,
    /// By value: where its part of `targets` starts. It ends where the next value's starts.
    starts: Vec<usize>,
    /// What values refer to.
    targets: Vec<u32>,
}

impl Dying {
    pub fn new() -> Dying {
        Dying::default()
    }

    /// Adds a value and returns its number, counted from 0. `age` is its id if it has a finalizer: above 0, different from all others, larger is newer. Amortized O(1).
    pub fn node(&mut self, age: Option<u64>) -> u32 {
        debug_assert!(age != Some(PLAIN), "ids count from 1");
        // So many containers would take more than 100 GiB. The search needs one number more than there are values, and one that marks.
        assert!(self.ages.len() < u32::MAX as usize - 1, "fewer than 2^32 values");
        let number = self.ages.len() as u32;
        self.ages.push(age.unwrap_or(PLAIN));
        self.starts.push(self.targets.len());
        number
    }

    /// The value added last refers to `to`, which may be itself, a value referred to before, or one that will be added later, but before the call of
    /// [`Dying::order`]. Amortized O(1).
    pub fn edge(&mut self, to: u32) {
        debug_assert!(!self.ages.is_empty(), "a reference is from a value");
        self.targets.push(to);
    }

    /// The numbers of all values with a finalizer, in the order in which their finalizers run. O(V + E + F log F) for V values, E references and F
    /// finalizers; no recursion.
    pub fn order(&self) -> Vec<u32> {
        let components = self.components();
        let mut queue = Vec::new();
        // By component: references to it from components that have not been emitted or passed.
        let mut waiting = vec![0usize; components.len()];
        for component in 0..components.len() {
            self.referred(&components, component).for_each(|other| waiting[other] += 1);
        }

        // Components that wait for nothing any more: those not looked at yet, and those with finalizers, the newest on top.
        let mut free: Vec<usize> = (0..components.len()).filter(|component| waiting[*component] == 0).collect();
        let mut ready = BinaryHeap::new();
        loop {
            let component = match free.pop() {
                Some(component) => match self.newest(components.members(component)) {
                    PLAIN => component,
                    age => {
                        ready.push((age, component));
                        continue;
                    }
                },
                None => match ready.pop() {
                    Some((_, component)) => component,
                    None => return queue,
                },
            };
            let first = queue.len();
            queue.extend(components.members(component).iter().filter(|node| self.ages[**node as usize] != PLAIN));
            queue[first..].sort_unstable_by_key(|node| Reverse(self.ages[*node as usize]));
            for other in self.referred(&components, component) {
                waiting[other] -= 1;
                if waiting[other] == 0 {
                    free.push(other);
                }
            }
        }
    }

    /// The largest age, or `PLAIN`.
    fn newest(&self, members: &[u32]) -> u64 {
        members.iter().map(|node| self.ages[*node as usize]).max().unwrap_or(PLAIN)
    }

    /// Where the references of a value are in `targets`.
    fn references(&self, node: u32) -> Range<usize> {
        let node = node as usize;
        self.starts[node]..self.starts.get(node + 1).copied().unwrap_or(self.targets.len())
    }

    /// The other components that a component refers to, one as often as there are references to it.
    fn referred<'a>(&'a self, components: &'a Components, component: usize) -> impl Iterator<Item = usize> + 'a {
        let members = components.members(component).iter();
        let targets = members.flat_map(|node| &self.targets[self.references(*node)]);
        targets.map(|to| components.of[*to as usize] as usize).filter(move |other| *other != component)
    }

    /// The strongly connected components: R. Tarjan, "Depth-first search and linear graph algorithms", 1972, with the path on a stack of its own. O(V + E).
    fn components(&self) -> Components {
        /// A value on the path from a root of the search.
        struct Step {
            node: u32,
            /// When it was found.
            index: u32,
            /// The next of its references to follow.
            next: usize,
        }
        /// `low` of a value that was not found yet.
        const NEW: u32 = 0;
        /// `low` of a value whose component is complete. Above every index, so that a minimum ignores it.
        const DONE: u32 = u32::MAX;

        let count = self.ages.len();
        let mut components = Components { of: vec![0; count], members: Vec::with_capacity(count), ends: Vec::new() };
        // By value: the smallest index known to be reachable from it among values whose component is not complete.
        let mut low = vec![NEW; count];
        // Found, and their component not complete, in the order of their indices.
        let mut open: Vec<u32> = Vec::new();
        let mut path: Vec<Step> = Vec::new();
        let mut found = 0;
        for root in 0..count as u32 {
            let mut enter = (low[root as usize] == NEW).then_some(root);
            loop {
                if let Some(node) = enter.take() {
                    found += 1;
                    low[node as usize] = found;
                    open.push(node);
                    path.push(Step { node, index: found, next: self.references(node).start });
                }
                let Some(step) = path.last_mut() else { break };
                let node = step.node as usize;
                if step.next < self.references(step.node).end {
                    let to = self.targets[step.next];
                    if low[to as usize] == NEW {
                        // This reference is looked at again when `to` is left.
                        enter = Some(to);
                    } else {
                        low[node] = low[node].min(low[to as usize]);
                        step.next += 1;
                    }
                    continue;
                }
                if low[node] == step.index {
                    while let Some(member) = open.pop() {
                        low[member as usize] = DONE;
                        components.of[member as usize] = components.ends.len() as u32;
                        components.members.push(member);
                        if member == step.node {
                            break;
                        }
                    }
                    components.ends.push(components.members.len() as u32);
                }
                path.pop();
            }
        }
        components
    }
}

/// The strongly connected components of a graph, numbered from 0.
struct Components {
    /// By value: its component.
    of: Vec<u32>,
    /// All values, component by component.
    members: Vec<u32>,
    /// By component: where its part of `members` ends. It starts where the one before ends.
    ends: Vec<u32>,
}

impl Components {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn members(&self, component: usize) -> &[u32] {
        let start = if component == 0 { 0 } else { self.ends[component - 1] };
        &self.members[start as usize..self.ends[component] as usize]
    }
}
