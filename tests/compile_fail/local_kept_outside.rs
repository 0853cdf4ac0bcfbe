//! The same by a variable outside.
use probate::embed::{Engine, Local};

fn main() {
    let mut engine = Engine::new();
    let mut kept: Option<Local> = None;
    engine.scope(|scope| kept = Some(scope.object()));
}
