//! The contexts of two engines change places.
use probate::embed::Engine;

fn main() {
    let (mut one, mut other) = (Engine::new(), Engine::new());
    one.scope(|first| other.scope(|second| std::mem::swap(first, second)));
}
