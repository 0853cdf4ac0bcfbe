//! What scripts may change is looked at meanwhile.
use probate::embed::{Engine, Error, NativeType, TypeDefinition};

struct Counter(i32);

impl NativeType for Counter {
    const NAME: &'static str = "Counter";

    fn define(definition: &mut TypeDefinition<Counter>) {
        definition.field("count", |this: &Counter| this.0);
    }
}

fn main() {
    let mut engine = Engine::new();
    engine.native_type::<Counter>();
    let mut counter = Counter(1);
    let _: Result<i32, Error> = engine.scope(|scope| {
        scope.lend(&mut counter)?;
        Ok(counter.0)
    });
}
