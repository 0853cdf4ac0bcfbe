//! A scope is used on another thread: what was lent to it may be good for this one only.
use std::cell::Cell;

use probate::embed::Engine;

fn main() {
    let mut engine = Engine::new();
    let seen = Cell::new(0);
    engine.scope(|scope| {
        let see = scope.lend_function("see", || seen.set(seen.get() + 1));
        std::thread::scope(|threads| {
            threads.spawn(|| scope.call::<()>(see, ()));
            seen.set(seen.get() + 1);
        });
    });
}
