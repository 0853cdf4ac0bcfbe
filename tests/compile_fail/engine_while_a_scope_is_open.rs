//! The engine is used from inside its scope.
use probate::embed::Engine;

fn main() {
    let mut engine = Engine::new();
    engine.scope(|_| engine.eval::<i32>("1"));
}
