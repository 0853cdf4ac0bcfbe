//! What it costs to open and close handles: armin's one array of slots against the three lists with which PyPy's `HandleManager` began (values, free places, destructors). Both as
//! they were, and both with generations: then the array is the table that the heap has, and the lists are four. Last, the heap with its counts.
//!
//! `cargo bench --bench handles` prints nanoseconds for a pair of one opening and one closing; `cargo bench --bench handles -- 1000000` does so many pairs instead of 100,000,000.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use probate::heap::handles::RawHandle;
use probate::heap::handles::table::{Closed, Table, Vacant};
use probate::heap::value::Value;
use probate::heap::{Heap, Settings};

const PAIRS: u64 = 100_000_000;
/// Each figure is the median of that many runs.
const RUNS: usize = 5;

fn main() {
    // Cargo says `--bench` too.
    let pairs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(PAIRS);
    println!("{pairs} pairs, a tenth with 1,000,000 open; nanoseconds for each, the median of {RUNS} runs");
    println!("{:26}{:>24}{:>24}", "", "without generations", "with generations");
    print!("{:26}", "");
    LAYOUTS.iter().for_each(|layout| print!("{layout:>12}"));
    println!();
    for (what, open, pairs) in [
        ("one at a time", 0, pairs),
        ("random, 1,000 open", 1000, pairs),
        ("random, 1,000,000 open", 1_000_000, pairs / 10),
    ] {
        print_medians(what, |layout| match layout {
            0 => run(Array::<Number>::new(), open, pairs),
            1 => run(Lists::<Number, NoGenerations>::default(), open, pairs),
            2 => run(Table::<Number>::new(), open, pairs),
            3 => run(Lists::<Number, Generations>::default(), open, pairs),
            _ => run(Handles::new(), open, pairs),
        });
    }
    print_medians("reading one of 1,000", |layout| match layout {
        0 => read(Array::<Number>::new(), pairs),
        1 => read(Lists::<Number, NoGenerations>::default(), pairs),
        2 => read(Table::<Number>::new(), pairs),
        3 => read(Lists::<Number, Generations>::default(), pairs),
        _ => read(Handles::new(), pairs),
    });
}

const LAYOUTS: [&str; 5] = ["one array", "three lists", "one array", "four lists", "the heap"];

/// Runs the layouts in turn, so that what else the machine does meets all of them.
fn print_medians(what: &str, mut run: impl FnMut(usize) -> f64) {
    let mut figures: [Vec<f64>; LAYOUTS.len()] = Default::default();
    for _ in 0..RUNS {
        for (layout, figures) in figures.iter_mut().enumerate() {
            figures.push(run(layout));
        }
    }
    print!("{what:26}");
    for mut figures in figures {
        figures.sort_by(f64::total_cmp);
        print!("{:12.2}", figures[RUNS / 2]);
    }
    println!();
}

/// What is measured: a layout that gives handles for numbers.
trait Layout {
    type Handle: Copy;
    fn open(&mut self, n: u64) -> Self::Handle;
    fn get(&self, handle: Self::Handle) -> Option<u64>;
    fn close(&mut self, handle: Self::Handle) -> Option<u64>;
}

/// Opens and closes, while `open` others are open: each turn closes one of those, chosen at random, and opens one in its stead.
fn run<L: Layout>(mut layout: L, open: usize, pairs: u64) -> f64 {
    let mut handles: Vec<L::Handle> = (0..open as u64).map(|n| layout.open(n)).collect();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut sum = 0u64;
    let start = Instant::now();
    if open == 0 {
        for n in 0..pairs {
            let handle = black_box(layout.open(n));
            sum = sum.wrapping_add(layout.close(handle).unwrap_or_default());
        }
    } else {
        for n in 0..pairs {
            // xorshift
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let nth = (((random >> 32) * open as u64) >> 32) as usize;
            sum = sum.wrapping_add(layout.close(handles[nth]).unwrap_or_default());
            handles[nth] = layout.open(n);
        }
    }
    let time = start.elapsed();
    black_box(sum);
    time.as_nanos() as f64 / pairs as f64
}

/// Reads through 1,000 handles, one after the other.
fn read<L: Layout>(mut layout: L, times: u64) -> f64 {
    let handles: Vec<L::Handle> = (0..1000).map(|n| layout.open(n)).collect();
    let mut sum = 0u64;
    let start = Instant::now();
    for _ in 0..times / 1000 {
        for handle in black_box(&handles) {
            sum = sum.wrapping_add(layout.get(*handle).unwrap_or_default());
        }
    }
    let time = start.elapsed();
    black_box(sum);
    time.as_nanos() as f64 / times as f64
}

/// A value of eight bytes, for all layouts.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Number(u64);

impl Vacant for Number {
    const VACANT: Number = Number(u64::MAX);

    fn is_vacant(self) -> bool {
        self == Number::VACANT
    }
}

impl Layout for Table<Number> {
    type Handle = RawHandle;

    fn open(&mut self, n: u64) -> RawHandle {
        Table::open(self, Number(n)).unwrap_or(Table::<Number>::NEVER)
    }

    fn get(&self, handle: RawHandle) -> Option<u64> {
        Table::get(self, handle).map(|number| number.0)
    }

    fn close(&mut self, handle: RawHandle) -> Option<u64> {
        match Table::close(self, handle)? {
            Closed::Free(number) | Closed::Busy(number, _) => Some(number.0),
            Closed::Permanent => None,
        }
    }
}

// ---- One array as armin proposed it --------------------------------------------------------------------------------

/// The values, each with an index: the next free slot, or which destructors to run.
struct Array<V> {
    slots: Vec<(V, u32)>,
    free: u32,
    destructors: HashMap<u32, Destructors>,
}

impl<V: Vacant> Array<V> {
    fn new() -> Array<V> {
        Array { slots: Vec::new(), free: u32::MAX, destructors: HashMap::new() }
    }

    #[cold]
    #[inline(never)]
    fn run_destructors(&mut self, index: u32) {
        let destructors = self.destructors.remove(&index).unwrap_or_default();
        destructors.into_iter().for_each(|destructor| destructor());
    }
}

impl Layout for Array<Number> {
    type Handle = u32;

    fn open(&mut self, n: u64) -> u32 {
        let index = self.free;
        match self.slots.get_mut(index as usize) {
            Some(slot) => {
                self.free = slot.1;
                *slot = (Number(n), 0);
                index
            }
            None => {
                self.slots.push((Number(n), 0));
                self.slots.len() as u32 - 1
            }
        }
    }

    fn get(&self, handle: u32) -> Option<u64> {
        self.slots.get(handle as usize).map(|slot| slot.0.0)
    }

    fn close(&mut self, handle: u32) -> Option<u64> {
        let slot = self.slots.get_mut(handle as usize)?;
        let number = std::mem::replace(&mut slot.0, Number::VACANT);
        if slot.1 != 0 {
            self.run_destructors(handle);
        }
        self.slots[handle as usize].1 = self.free;
        self.free = handle;
        Some(number.0)
    }
}

// ---- Three lists -------------------------------------------------------------------------------------------------

type Destructors = Vec<Box<dyn FnOnce()>>;

/// The values, the free places, and the destructors of each place.
#[derive(Default)]
struct Lists<V, G> {
    values: Vec<V>,
    free: Vec<u32>,
    /// A list of functions, if there are any: one word.
    destructors: Vec<Option<Box<Destructors>>>,
    generations: G,
}

/// Whether handles know if they are closed.
trait Checked: Default {
    type Handle: Copy;
    fn opened(&mut self, index: u32) -> Self::Handle;
    fn is_open(&self, handle: Self::Handle) -> bool;
    fn closed(&mut self, handle: Self::Handle);
    fn index(handle: Self::Handle) -> u32;
}

/// They do not.
#[derive(Default)]
struct NoGenerations;

impl Checked for NoGenerations {
    type Handle = u32;

    fn opened(&mut self, index: u32) -> u32 {
        index
    }

    fn is_open(&self, _: u32) -> bool {
        true
    }

    fn closed(&mut self, _: u32) {}

    fn index(handle: u32) -> u32 {
        handle
    }
}

/// A fourth list, of generations.
#[derive(Default)]
struct Generations(Vec<u32>);

impl Checked for Generations {
    type Handle = (u32, u32);

    fn opened(&mut self, index: u32) -> (u32, u32) {
        if index as usize == self.0.len() {
            self.0.push(0);
        }
        (index, self.0[index as usize])
    }

    fn is_open(&self, (index, generation): (u32, u32)) -> bool {
        self.0.get(index as usize) == Some(&generation)
    }

    fn closed(&mut self, (index, _): (u32, u32)) {
        self.0[index as usize] += 1;
    }

    fn index((index, _): (u32, u32)) -> u32 {
        index
    }
}

impl<V, G> Lists<V, G> {
    #[cold]
    #[inline(never)]
    fn run_destructors(&mut self, index: usize) {
        let destructors = self.destructors[index].take().unwrap_or_default();
        destructors.into_iter().for_each(|destructor| destructor());
    }
}

impl<G: Checked> Layout for Lists<Number, G> {
    type Handle = G::Handle;

    fn open(&mut self, n: u64) -> G::Handle {
        let index = match self.free.pop() {
            Some(index) => {
                self.values[index as usize] = Number(n);
                index
            }
            None => {
                self.values.push(Number(n));
                self.destructors.push(None);
                self.values.len() as u32 - 1
            }
        };
        self.generations.opened(index)
    }

    fn get(&self, handle: G::Handle) -> Option<u64> {
        let number = self.values.get(G::index(handle) as usize)?;
        self.generations.is_open(handle).then_some(number.0)
    }

    fn close(&mut self, handle: G::Handle) -> Option<u64> {
        let index = G::index(handle) as usize;
        let value = self.values.get_mut(index).filter(|_| self.generations.is_open(handle))?;
        let number = std::mem::replace(value, Number::VACANT);
        self.generations.closed(handle);
        if self.destructors[index].is_some() {
            self.run_destructors(index);
        }
        self.free.push(index as u32);
        Some(number.0)
    }
}

// ---- The heap ------------------------------------------------------------------------------------------------------

/// The same through the heap, with an object behind every handle: counting included.
struct Handles {
    heap: Heap,
    object: Value,
}

impl Handles {
    fn new() -> Handles {
        let mut heap = Heap::new(Settings { track_handles: false, ..Settings::default() });
        heap.push_scope();
        let object = heap.object();
        heap.open_handle(object);
        heap.sweep(0);
        Handles { heap, object }
    }
}

impl Layout for Handles {
    type Handle = RawHandle;

    fn open(&mut self, _: u64) -> RawHandle {
        self.heap.open_handle(self.object)
    }

    fn get(&self, handle: RawHandle) -> Option<u64> {
        self.heap.deref_handle(handle).ok().map(|value| u64::from(value == self.object))
    }

    fn close(&mut self, handle: RawHandle) -> Option<u64> {
        self.heap.close_handle(handle).ok().map(|()| 1)
    }
}
