//! A borrow of an instance's value outlives its use.
use probate::embed::{Engine, Error, Local, NativeType, TypeDefinition};

struct Counter(i32);

impl NativeType for Counter {
    const NAME: &'static str = "Counter";

    fn define(definition: &mut TypeDefinition<Counter>) {
        definition.field("count", |this: &Counter| this.0);
    }
}

fn main() {
    let mut engine = Engine::new();
    let _: Result<i32, Error> = engine.scope(|scope| {
        let counter: Local = scope.global("counter")?;
        let inner: &Counter = counter.with::<Counter, _>(scope, |counter| counter)?;
        Ok(inner.0)
    });
}
