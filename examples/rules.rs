//! A rules engine: scripts of users decide about orders of the host, each under limits. One that loops, hoards, throws or does not even compile
//! is reported, with its place, and costs the others nothing.
//!
//! `cargo run --example rules`

use std::collections::BTreeMap;

use probate::embed::{Context, Engine, Error, Handle, IntoValue, Local, NativeType, TypeDefinition};

// ---- The records of the host ------------------------------------------------------------------------------------------------

#[derive(Clone)]
struct Line {
    sku: &'static str,
    quantity: u32,
    price: f64,
}

/// Lines are copied into the script's world, as plain objects.
impl<'s> IntoValue<'s> for Line {
    fn into_value(self, cx: &mut Context<'s>) -> Result<Local<'s>, Error> {
        let line = cx.object();
        line.set(cx, "sku", self.sku)?;
        line.set(cx, "quantity", self.quantity)?;
        line.set(cx, "price", self.price)?;
        Ok(line)
    }
}

#[derive(Clone)]
struct Order {
    id: u32,
    customer: &'static str,
    country: &'static str,
    lines: Vec<Line>,
    discount: f64,
    notes: Vec<String>,
}

impl Order {
    fn total(&self) -> f64 {
        let sum: f64 = self.lines.iter().map(|line| f64::from(line.quantity) * line.price).sum();
        sum * (1.0 - self.discount / 100.0)
    }
}

/// Orders are lent: scripts work on the host's own.
impl NativeType for Order {
    const NAME: &'static str = "Order";

    fn define(order: &mut TypeDefinition<Order>) {
        order
            .field("id", |order: &Order| order.id)
            .field("customer", |order: &Order| order.customer)
            .field("country", |order: &Order| order.country)
            .field("lines", |order: &Order| order.lines.clone())
            .field_mut(
                "discount",
                |order: &Order| order.discount,
                |order: &mut Order, percent| order.discount = percent,
            )
            .method("total", Order::total)
            .method_mut("note", |order: &mut Order, text: String| order.notes.push(text));
    }
}

/// What no rule may change: it is lent to be looked at.
struct Shop {
    shipping: BTreeMap<&'static str, f64>,
}

#[derive(Debug, thiserror::Error)]
#[error("nobody ships to {0}")]
struct NoShipping(String);

impl NativeType for Shop {
    const NAME: &'static str = "Shop";

    fn define(shop: &mut TypeDefinition<Shop>) {
        shop.method("shipping", |shop: &Shop, country: String| {
            shop.shipping.get(country.as_str()).copied().ok_or(NoShipping(country))
        });
    }
}

// ---- What the users wrote ---------------------------------------------------------------------------------------------------

/// Each is the body of a function of `order` and `shop`; its value is the verdict.
const RULES: [(&str, &str); 10] = [
    (
        "volume.pbt",
        "if (order.total() < 100) { return 'no discount'; }
order.discount = 10;
`10 % off: ${order.total().toFixed(2)}`",
    ),
    (
        "shipping.pbt",
        "const fee = shop.shipping(order.country);
order.note(`shipping: ${fee}`);
`${order.country}: ${fee.toFixed(2)}`",
    ),
    (
        "bulk.pbt",
        "const bulky = order.lines.filter(({ quantity }) => quantity >= 10).map(({ sku }) => sku);
bulky.length > 0 ? `by lorry: ${bulky.join(', ')}` : 'by post'",
    ),
    (
        "endless.pbt",
        "let n = 0;
while (true) {
  try { order.note(`again ${n}`); n += 1; } catch { }
}",
    ),
    (
        "hoarder.pbt",
        "const hoard = [];
for (const line of order.lines) {
  while (line.quantity > 0) { hoard.push(line.sku.padEnd(10_000) + hoard.length); }
}",
    ),
    (
        "deep.pbt",
        "function sum(lines) { return lines[0].price + sum(lines); }
sum(order.lines)",
    ),
    (
        "typo.pbt",
        "const limit = 50;
if (order.total() > limt) { order.note('large'); }",
    ),
    (
        "unclosed.pbt",
        "if (order.total() > 50 {
  order.note('large');
}",
    ),
    (
        "angry.pbt",
        "function check({ sku, price }) {
  if (price > 30) { throw new RangeError(`${sku} is too dear`); }
}
order.lines.forEach(check);
'fair'",
    ),
    ("wrong.pbt", "order.discount = 'a lot';"),
];

// ---- The engine -------------------------------------------------------------------------------------------------------------

struct Rule {
    name: &'static str,
    /// It compiles, or does not.
    check: Result<Handle, Error>,
}

/// Runs a rule on an order. Its changes count only if it comes to an end.
fn apply(engine: &mut Engine, rule: &Handle, order: &mut Order, shop: &Shop) -> Result<String, Error> {
    let mut draft = order.clone();
    let verdict = engine.scope(|scope| {
        let rule = scope.local(rule)?;
        let order = scope.lend(&mut draft)?;
        let shop = scope.lend_ref(shop)?;
        scope.call::<String>(rule, (order, shop))
    })?;
    *order = draft;
    Ok(verdict)
}

/// Lines for the report: what went wrong, and where.
fn report(error: &Error) -> String {
    let mut text = error.to_string();
    if let Some(position) = error.position() {
        text += &format!("\n{:20}at {position}", "");
    }
    if let Some(NoShipping(country)) = error.host_error() {
        text += &format!("\n{:20}(the shop could add {country})", "");
    }
    text
}

fn main() -> Result<(), Error> {
    // Per rule and order: so much work, so deep. Memory is that of the whole engine.
    let mut engine = Engine::builder().fuel(100_000).max_memory(1 << 20).max_depth(200).build();
    engine.native_type::<Order>().native_type::<Shop>();

    let shop = Shop { shipping: BTreeMap::from([("DE", 4.9), ("FR", 8.5)]) };
    let pens = Line { sku: "pen", quantity: 12, price: 9.5 };
    let ink = Line { sku: "ink", quantity: 1, price: 32.0 };
    let mut orders = [
        Order { id: 1, customer: "Ada", country: "DE", lines: vec![pens, ink.clone()], discount: 0.0, notes: vec![] },
        Order { id: 2, customer: "Bob", country: "UK", lines: vec![ink], discount: 0.0, notes: vec![] },
    ];

    let rules =
        RULES.map(|(name, source)| Rule { name, check: engine.compile_function(name, &["order", "shop"], source) });
    for order in &mut orders {
        println!("order {} of {}: {:.2}", order.id, order.customer, order.total());
        for Rule { name, check } in &rules {
            let result = match check {
                Ok(rule) => apply(&mut engine, rule, order, &shop),
                Err(error) => Err(error.clone()),
            };
            match result {
                Ok(verdict) => println!("  {name:14} ok  {verdict}"),
                Err(error) => println!("  {name:14} --  {}", report(&error)),
            }
        }
        println!("  in the end: {:.2}, {:?}\n", order.total(), order.notes);
    }

    drop(rules);
    engine.finish();
    println!(
        "left behind: {} values, heap {}",
        engine.leaks().len(),
        engine.verify().map_or_else(|e| e, |()| "in order".into())
    );
    Ok(())
}
