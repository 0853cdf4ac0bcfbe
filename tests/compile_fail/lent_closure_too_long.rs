//! A lent closure uses what does not live as long as the scope.
use std::cell::Cell;

use probate::embed::Engine;

fn main() {
    let mut engine = Engine::new();
    engine.scope(|scope| {
        let seen = Cell::new(0);
        scope.lend_function("see", || seen.set(1));
    });
}
