//! A function of the host keeps a value of the scope in which it was made.
use probate::embed::{Context, Engine};

fn main() {
    let mut engine = Engine::new();
    engine.scope(|scope| {
        let object = scope.object();
        scope.function("keeps", move |cx: &mut Context| object.len(cx).is_some());
    });
}
