//! What is lent does not live as long as the scope.
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
    let _: Result<(), Error> = engine.scope(|scope| {
        let mut counter = Counter(1);
        scope.lend(&mut counter)?;
        Ok(())
    });
}
