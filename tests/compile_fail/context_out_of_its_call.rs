//! A function of the host keeps its context for the next call.
use std::cell::RefCell;

use probate::embed::{Context, Engine};

thread_local! {
    static KEPT: RefCell<Option<&'static mut Context<'static>>> = const { RefCell::new(None) };
}

fn main() {
    Engine::new().function("keeps", |cx: &mut Context| KEPT.with(|kept| *kept.borrow_mut() = Some(cx)));
}
