//! The order of the finalizers of one round: cases with known answers, graphs too big for recursion or a quadratic algorithm, and every small graph and many random ones
//! against a checker that works by reachability between pairs and knows neither components nor queues.

use std::time::{Duration, Instant};

use probate::heap::order::Dying;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Graph {
    /// By value: its age if it has a finalizer.
    ages: Vec<Option<u64>>,
    /// (from, to), at most 64 values.
    edges: Vec<(usize, usize)>,
}

fn order_of(graph: &Graph) -> Vec<usize> {
    let mut dying = Dying::new();
    for (number, age) in graph.ages.iter().enumerate() {
        assert_eq!(dying.node(*age) as usize, number);
        graph.edges.iter().filter(|(from, _)| *from == number).for_each(|(_, to)| dying.edge(*to as u32));
    }
    dying.order().into_iter().map(|number| number as usize).collect()
}

// ---- The checker --------------------------------------------------------------------------------------------

/// What reaches what by one reference or more, as a row of bits for every value.
struct Reach(Vec<u64>);

impl Reach {
    /// Warshall's transitive closure.
    fn of(graph: &Graph) -> Reach {
        let mut rows = vec![0u64; graph.ages.len()];
        for (from, to) in &graph.edges {
            rows[*from] |= 1 << to;
        }
        for middle in 0..rows.len() {
            for from in 0..rows.len() {
                if rows[from] >> middle & 1 == 1 {
                    rows[from] |= rows[middle];
                }
            }
        }
        Reach(rows)
    }

    fn reaches(&self, a: usize, b: usize) -> bool {
        self.0[a] >> b & 1 == 1
    }

    /// On one cycle, or the same value.
    fn together(&self, a: usize, b: usize) -> bool {
        a == b || self.reaches(a, b) && self.reaches(b, a)
    }

    fn strictly_precedes(&self, a: usize, b: usize) -> bool {
        self.reaches(a, b) && !self.reaches(b, a)
    }
}

/// Whether `order` is the one that the rule demands. Exact, with the conditions below, because
/// - plain components are passed at once, so one with finalizers is free to go as soon as all finalizable values that strictly precede it have been emitted, and by
///   (2) and (3) an order emits components whole, each of them when it is free;
/// - the component of `a` was chosen although that of `b`, emitted later, was free then, exactly if no finalizable value that strictly precedes `b` stands at or after `a`;
///   every such value stands before `b` by (2). So (4) says of every choice that it was the newest of all that were free.
fn check(graph: &Graph, order: &[usize]) -> Result<(), String> {
    let reach = Reach::of(graph);
    let finalizable: Vec<usize> = (0..graph.ages.len()).filter(|value| graph.ages[*value].is_some()).collect();
    let newest: Vec<Option<u64>> = (0..graph.ages.len())
        .map(|a| finalizable.iter().filter(|b| reach.together(a, **b)).map(|b| graph.ages[*b]).max().flatten())
        .collect();

    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted != finalizable {
        return Err("(1) not every finalizable value exactly once".to_string());
    }
    for (i, &a) in order.iter().enumerate() {
        for (j, &b) in order.iter().enumerate().skip(i + 1) {
            if reach.strictly_precedes(b, a) {
                return Err(format!("(2) {b} reaches {a} and is not reached by it, but comes after it"));
            }
            if reach.together(a, b) {
                if graph.ages[a] < graph.ages[b] {
                    return Err(format!("(3) {a} and {b} are on one cycle; {b} is newer, but comes later"));
                }
                if let Some(c) = order[i..j].iter().find(|c| !reach.together(a, **c)) {
                    return Err(format!("(3) {a} and {b} are on one cycle; {c} is not, but comes between them"));
                }
            } else if newest[a] < newest[b] && !order[i..j].iter().any(|c| reach.strictly_precedes(*c, b)) {
                return Err(format!("(4) {a} comes before {b}, which was free to go and has a newer member"));
            }
        }
    }
    Ok(())
}

/// All orders of `rest` appended to `head`, to `visit`.
fn permutations(head: &mut Vec<usize>, rest: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
    if rest.is_empty() {
        visit(head);
    }
    for index in 0..rest.len() {
        head.push(rest.remove(index));
        permutations(head, rest, visit);
        rest.extend(head.pop());
        rest[index..].rotate_right(1);
    }
}

/// The answer is right, and the checker takes no other one.
fn check_alone(graph: &Graph) -> Result<(), String> {
    let order = order_of(graph);
    check(graph, &order).map_err(|error| format!("{order:?}: {error}"))?;
    let mut accepted = 0;
    permutations(&mut Vec::new(), &mut order.clone(), &mut |other| {
        accepted += usize::from(check(graph, other).is_ok())
    });
    if accepted == 1 { Ok(()) } else { Err(format!("the checker accepts {accepted} orders")) }
}

// ---- Cases --------------------------------------------------------------------------------------------------

const P: Option<u64> = None;

fn f(age: u64) -> Option<u64> {
    Some(age)
}

/// Checks the answer for a graph given as (age, references) by value.
#[track_caller]
fn assert_order(graph: &[(Option<u64>, &[usize])], expected: &[usize]) {
    let edges = graph.iter().enumerate().flat_map(|(from, (_, to))| to.iter().map(move |to| (from, *to))).collect();
    let graph = Graph { ages: graph.iter().map(|(age, _)| *age).collect(), edges };
    let order = order_of(&graph);
    assert_eq!(order, expected);
    assert_eq!(check(&graph, &order), Ok(()));
}

#[test]
fn empty() {
    assert_order(&[], &[]);
    assert_order(&[(P, &[])], &[]);
    assert_order(&[(P, &[1]), (P, &[0])], &[]);
}

#[test]
fn unrelated_values_newest_first() {
    assert_order(&[(f(2), &[]), (f(9), &[]), (f(4), &[])], &[1, 2, 0]);
}

#[test]
fn the_referrer_first_whatever_its_age() {
    assert_order(&[(f(1), &[1]), (f(2), &[])], &[0, 1]);
    assert_order(&[(f(2), &[1]), (f(1), &[])], &[0, 1]);
    assert_order(&[(f(1), &[]), (f(2), &[0])], &[1, 0]);
}

#[test]
fn chain_of_100() {
    for newest_first in [false, true] {
        let mut dying = Dying::new();
        for i in 0..100 {
            dying.node(f(if newest_first { 100 - i } else { i + 1 }));
            if i < 99 {
                dying.edge(i as u32 + 1);
            }
        }
        assert_eq!(dying.order(), (0..100).collect::<Vec<u32>>());
    }
}

#[test]
fn ring_of_10_newest_first() {
    let edges = (0..10).map(|i| (i, (i + 1) % 10)).collect();
    let ages: Vec<u64> = vec![4, 10, 1, 7, 3, 9, 2, 8, 6, 5];
    let graph = Graph { ages: ages.iter().map(|age| f(*age)).collect(), edges };
    assert_eq!(order_of(&graph), [1, 5, 7, 3, 8, 9, 0, 4, 6, 2]);
}

#[test]
fn diamond() {
    assert_order(&[(f(1), &[1, 2]), (f(2), &[3]), (f(3), &[3]), (f(4), &[])], &[0, 2, 1, 3]);
    assert_order(&[(f(4), &[1, 2]), (f(3), &[3]), (f(2), &[3]), (f(1), &[])], &[0, 1, 2, 3]);
}

#[test]
fn through_plain_containers() {
    assert_order(&[(f(1), &[1]), (P, &[2]), (f(2), &[])], &[0, 2]);
    assert_order(&[(f(2), &[]), (P, &[0]), (P, &[1]), (f(1), &[2])], &[3, 0]);
}

#[test]
fn plain_cycle_is_passed() {
    assert_order(&[(f(1), &[1]), (P, &[2]), (P, &[1, 3]), (f(3), &[]), (f(2), &[])], &[4, 0, 3]);
    // What a plain cycle held back takes part in the next choice: 3 goes before 4.
    assert_order(&[(f(5), &[1]), (P, &[2]), (P, &[1, 3]), (f(3), &[]), (f(2), &[])], &[0, 3, 4]);
}

#[test]
fn a_cycle_goes_with_its_newest_member() {
    // {0, 1} has the newest of all and the oldest.
    assert_order(&[(f(1), &[1]), (f(4), &[0]), (f(3), &[]), (f(2), &[])], &[1, 0, 2, 3]);
    // What it refers to becomes free only after its oldest.
    assert_order(&[(f(1), &[1]), (f(4), &[0, 2]), (f(5), &[]), (f(3), &[])], &[1, 0, 2, 3]);
}

#[test]
fn a_plain_container_joins_a_cycle() {
    // 0 ⇄ 1 → 2, all of it newer by 2, which only the plain 1 refers to.
    assert_order(&[(f(1), &[1]), (P, &[0, 2]), (f(3), &[]), (f(2), &[])], &[3, 0, 2]);
}

#[test]
fn self_loops_and_double_references() {
    assert_order(&[(f(1), &[0])], &[0]);
    assert_order(&[(f(1), &[0, 1, 1, 0]), (f(2), &[1, 2, 2]), (f(3), &[2])], &[0, 1, 2]);
    assert_order(&[(f(1), &[1]), (P, &[1, 1, 2]), (f(2), &[])], &[0, 2]);
}

/// A search that sets "seen" when it pushes gives 0, 2, 1 for one of these.
#[test]
fn seen_at_push() {
    assert_order(&[(f(1), &[2, 1]), (f(2), &[2]), (f(3), &[])], &[0, 1, 2]);
    assert_order(&[(f(1), &[1, 2]), (f(2), &[2]), (f(3), &[])], &[0, 1, 2]);
}

/// A reversed post-order gives c, b, a for one of these, whichever reference it follows first.
#[test]
fn cycle_through_a_plain_container() {
    let (c, a, b, n) = (0, 1, 2, 3);
    for ages in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        let [of_c, of_a, of_b] = ages.map(f);
        assert_order(&[(of_c, &[n]), (of_a, &[n]), (of_b, &[]), (P, &[b, a])], &[c, a, b]);
        assert_order(&[(of_c, &[n]), (of_a, &[n]), (of_b, &[]), (P, &[a, b])], &[c, a, b]);
    }
}

// ---- Size ---------------------------------------------------------------------------------------------------

const MILLION: u32 = 1_000_000;

/// The answer for the graph that `build` makes, on a stack too small for a recursion and in a time too short for a quadratic algorithm.
#[track_caller]
fn order_of_many(build: impl FnOnce(&mut Dying) + Send + 'static) -> Vec<u32> {
    let work = move || {
        let mut dying = Dying::new();
        build(&mut dying);
        let started = Instant::now();
        let order = dying.order();
        (order, started.elapsed())
    };
    let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(work).expect("a thread");
    let (order, time) = thread.join().expect("no panic");
    // A quadratic algorithm would take a quarter of an hour.
    assert!(time < Duration::from_secs(20), "{time:?}");
    order
}

#[test]
fn chain_of_a_million() {
    let order = order_of_many(|dying| {
        for i in 0..MILLION {
            dying.node(f(u64::from(i) + 1));
            if i + 1 < MILLION {
                dying.edge(i + 1);
            }
        }
    });
    assert!(order.into_iter().eq(0..MILLION));
    // The other way round, where no search goes deep.
    let order = order_of_many(|dying| {
        for i in 0..MILLION {
            dying.node(f(u64::from(i) + 1));
            if i > 0 {
                dying.edge(i - 1);
            }
        }
    });
    assert!(order.into_iter().eq((0..MILLION).rev()));
}

#[test]
fn ring_of_a_million() {
    let order = order_of_many(|dying| {
        for i in 0..MILLION {
            dying.node(f(u64::from(i) + 1));
            dying.edge((i + 1) % MILLION);
        }
    });
    assert!(order.into_iter().eq((0..MILLION).rev()));
}

#[test]
fn chain_of_half_a_million_cycles_with_plain_members() {
    let order = order_of_many(|dying| {
        for i in (0..MILLION).step_by(2) {
            dying.node(f(u64::from(i) + 1));
            dying.edge(i + 1);
            dying.node(None);
            dying.edge(i);
            if i + 2 < MILLION {
                dying.edge(i + 2);
            }
        }
    });
    assert!(order.into_iter().eq((0..MILLION).step_by(2)));
}

#[test]
fn a_million_under_one_and_one_under_a_million() {
    let order = order_of_many(|dying| {
        dying.node(f(1));
        (1..MILLION - 1).for_each(|i| dying.edge(i));
        for i in 1..MILLION - 1 {
            dying.node(f(u64::from(i) + 1));
            dying.edge(MILLION - 1);
            dying.edge(MILLION - 1);
        }
        dying.node(f(u64::from(MILLION)));
    });
    assert!(order.into_iter().eq([0].into_iter().chain((1..MILLION - 1).rev()).chain([MILLION - 1])));
}

// ---- Every small graph, and random ones ---------------------------------------------------------------------

/// Every graph of up to three values, and of four without references to themselves, with every choice of plain containers. The age of a value is its number, which
/// loses nothing: another age is another numbering of the same graph.
#[test]
fn every_small_graph_has_one_order() {
    for count in 1..=4usize {
        let pairs: Vec<(usize, usize)> = (0..count * count)
            .map(|pair| (pair / count, pair % count))
            .filter(|(from, to)| count < 4 || from != to)
            .collect();
        for choice in 0..1u32 << pairs.len() {
            let edges: Vec<(usize, usize)> =
                (0..pairs.len()).filter(|bit| choice >> bit & 1 == 1).map(|bit| pairs[bit]).collect();
            for finalizable in 0..1u32 << count {
                let age = |value: usize| (finalizable >> value & 1 == 1).then_some(value as u64 + 1);
                let graph = Graph { ages: (0..count).map(age).collect(), edges: edges.clone() };
                check_alone(&graph).unwrap_or_else(|error| panic!("{graph:?}: {error}"));
            }
        }
    }
}

/// Graphs of `sizes` values: sparse and dense, from all finalizable to nearly none, from without cycles to as many as chance makes.
fn graph(sizes: impl Strategy<Value = usize>) -> impl Strategy<Value = Graph> {
    let finalizable = prop_oneof![Just(1.0), 0.1..1.0];
    let against = prop_oneof![Just(0.0), Just(0.1), 0.0..1.0];
    // References by value, in quarters.
    let density = prop_oneof![4 => 1..=8usize, 2 => 8..=24usize, 1 => Just(0)];
    (sizes, finalizable, against, density)
        .prop_flat_map(|(count, finalizable, against, density)| {
            let edge = (0..count, 0..count, prop::bool::weighted(against));
            (
                prop::collection::vec(edge, count * density / 4),
                prop::collection::vec(prop::bool::weighted(finalizable), count),
                Just((1..=count as u64).collect::<Vec<u64>>()).prop_shuffle(),
                Just((0..count).collect::<Vec<usize>>()).prop_shuffle(),
            )
        })
        .prop_map(|(edges, finalizable, ages, numbers)| Graph {
            ages: finalizable.into_iter().zip(ages).map(|(finalizable, age)| finalizable.then_some(age)).collect(),
            // Those that do not go against the order of `numbers` are in no cycle with each other.
            edges: edges
                .into_iter()
                .map(|(a, b, against)| if against { (a.max(b), a.min(b)) } else { (a.min(b), a.max(b)) })
                .map(|(from, to)| (numbers[from], numbers[to]))
                .collect(),
        })
}

const CASES: u32 = 100_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs(graph in graph(prop_oneof![9 => 1..=12usize, 1 => 13..=40usize])) {
        let order = order_of(&graph);
        if let Err(error) = check(&graph, &order) {
            return Err(TestCaseError::fail(format!("{order:?}: {error}")));
        }
    }

    /// No two neighbours may change places, so the checker is not one that lets everything pass.
    #[test]
    fn random_graphs_out_of_order(graph in graph(2..=12usize), at in any::<prop::sample::Index>()) {
        let mut order = order_of(&graph);
        if order.len() > 1 {
            let at = at.index(order.len() - 1);
            order.swap(at, at + 1);
            prop_assert!(check(&graph, &order).is_err(), "{:?}", order);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES / 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_have_one_order(graph in graph(1..=6usize)) {
        check_alone(&graph).map_err(TestCaseError::fail)?;
    }
}
