//! The text of a value is kept while the engine goes on.
use probate::embed::{Engine, Error, Local};

fn main() {
    let mut engine = Engine::new();
    let _: Result<usize, Error> = engine.scope(|scope| {
        let text: Local = scope.string("text")?;
        let borrowed = text.text(scope);
        scope.collect();
        Ok(borrowed.map_or(0, str::len))
    });
}
