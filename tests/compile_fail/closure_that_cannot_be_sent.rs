//! A function of an engine, which can be sent, uses what cannot.
use std::rc::Rc;

use probate::embed::Engine;

fn main() {
    let shared = Rc::new(1);
    Engine::new().function("shared", move || *shared);
}
