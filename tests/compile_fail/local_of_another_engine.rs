//! A value of one engine gets into another.
use probate::embed::{Engine, Error};

fn main() {
    let (mut one, mut other) = (Engine::new(), Engine::new());
    let _: Result<(), Error> = one.scope(|first| {
        let object = first.object();
        other.scope(|second| object.set(second, "x", 1))
    });
}
