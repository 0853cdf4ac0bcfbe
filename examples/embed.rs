use probate::embed::{Engine, Error};

fn main() -> Result<(), Error> {
    let mut engine = Engine::builder().fuel(100_000).max_memory(64 << 20).build();
    engine.function("price", |item: String| if item == "pen" { 32.0 } else { 11.4 });
    engine.eval::<()>("function total(items) { return items.reduce((sum, item) => sum + price(item), 0); }")?;
    println!("{:.2}", engine.call::<f64>("total", (["pen", "ink"],))?);
    println!("{}", engine.eval::<()>("while (true) {}").unwrap_err());
    Ok(())
}
