//! The order of evaluation: a walk in depth that gives each module after what it names. On the way the circles are found, as
//! strongly connected components (Tarjan 1972, with a stack of its own instead of recursion).

use super::Graph;

/// The modules that one needs, itself last.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub modules: Vec<usize>,
    /// By the place in the order: whether the module is in a circle of imports.
    pub cyclic: Vec<bool>,
    /// By the place in the order: who named the module first, and with which request. `None` for the first module of all.
    pub named_by: Vec<Option<(usize, usize)>>,
    /// By module: its place in the order.
    places: Vec<u32>,
}

/// A module whose requests are being walked.
struct Open {
    module: usize,
    next: usize,
    named_by: Option<(usize, usize)>,
}

const UNSEEN: u32 = u32::MAX;

impl Order {
    /// Linear in modules and requests.
    pub fn of(graph: &Graph, entry: usize) -> Order {
        let count = graph.modules.len();
        let mut order =
            Order { modules: Vec::new(), cyclic: Vec::new(), named_by: Vec::new(), places: vec![UNSEEN; count] };
        // When each module was reached, the earliest that it leads back to, and those whose circle is not complete.
        let (mut reached, mut low) = (vec![UNSEEN; count], vec![UNSEEN; count]);
        let (mut waiting, mut clock) = (Vec::new(), 0);
        let mut names_itself = vec![false; count];
        let mut is_waiting = vec![false; count];
        let mut in_circle = vec![false; count];
        let mut open = vec![Open { module: entry, next: 0, named_by: None }];
        while let Some(top) = open.last_mut() {
            let module = top.module;
            if top.next == 0 && reached[module] == UNSEEN {
                (reached[module], low[module]) = (clock, clock);
                clock += 1;
                waiting.push(module);
                is_waiting[module] = true;
            }
            if let Some(&next) = graph.modules[module].requests.get(top.next) {
                let request = top.next;
                top.next += 1;
                names_itself[module] |= next == module;
                if reached[next] == UNSEEN {
                    open.push(Open { module: next, next: 0, named_by: Some((module, request)) });
                } else if is_waiting[next] {
                    low[module] = low[module].min(reached[next]);
                }
                continue;
            }
            let named_by = top.named_by;
            open.pop();
            order.places[module] = order.modules.len() as u32;
            order.modules.push(module);
            order.named_by.push(named_by);
            if let Some((parent, _)) = named_by {
                low[parent] = low[parent].min(low[module]);
            }
            if low[module] == reached[module] {
                let first = waiting.iter().rposition(|&waiting| waiting == module).unwrap_or(0);
                let alone = waiting.len() - first == 1 && !names_itself[module];
                for member in waiting.drain(first..) {
                    is_waiting[member] = false;
                    in_circle[member] = !alone;
                }
            }
        }
        order.cyclic = order.modules.iter().map(|&module| in_circle[module]).collect();
        order
    }

    /// The place of a module in the order.
    pub fn place(&self, module: usize) -> usize {
        self.places[module] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Graph, Module};
    use super::Order;

    fn order(requests: &[&[usize]]) -> Order {
        let modules = requests.iter().map(|requests| Module { requests: requests.to_vec(), ..Module::new(None) });
        Order::of(&Graph { modules: modules.collect() }, 0)
    }

    #[test]
    fn what_is_imported_comes_first() {
        let order = order(&[&[1, 2], &[3], &[3, 1], &[]]);
        assert_eq!(order.modules, [3, 1, 2, 0]);
        assert_eq!(order.cyclic, [false; 4]);
        assert_eq!(order.named_by, [Some((1, 0)), Some((0, 0)), Some((0, 1)), None]);
    }

    #[test]
    fn circles_are_found() {
        let order = order(&[&[1, 4], &[2], &[1, 3], &[], &[4]]);
        assert_eq!(order.modules, [3, 2, 1, 4, 0]);
        assert_eq!(order.cyclic, [false, true, true, true, false]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let requests: Vec<Vec<usize>> = (1..100_000).map(|next| vec![next]).chain([vec![]]).collect();
        let requests: Vec<&[usize]> = requests.iter().map(|requests| &requests[..]).collect();
        assert_eq!(order(&requests).modules[0], 99_999);
    }
}
