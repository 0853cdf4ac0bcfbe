//! An instance of an engine, which can be sent, owns what cannot.
use std::rc::Rc;

use probate::embed::{Engine, NativeType, TypeDefinition};

struct Shared(Rc<i32>);

impl NativeType for Shared {
    const NAME: &'static str = "Shared";

    fn define(definition: &mut TypeDefinition<Shared>) {
        definition.field("value", |this: &Shared| *this.0);
    }
}

fn main() {
    let mut engine = Engine::new();
    engine.native_type::<Shared>();
    let _ = engine.scope(|scope| scope.native(Shared(Rc::new(1))).map(|_| ()));
}
