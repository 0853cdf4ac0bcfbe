//! A value leaves the scope to which it belongs.
use probate::embed::Engine;

fn main() {
    let mut engine = Engine::new();
    let escaped = engine.scope(|scope| scope.object());
    drop(escaped);
}
