//! A host that calls a script function with two numbers, and a script that calls a function of the host with two numbers, in each of three engines.
//!
//! `CASE ENGINE [COUNT]`: CASE is `call` or `native` (or `nothing`: start the engine only), ENGINE is `probate`, `lua` or `rhai`. It prints nanoseconds a call.

use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCRIPT_FUNCTION: &str = "function f(a, b) { return a + b; }";
const LUA_FUNCTION: &str = "function f(a, b) return a + b end";
const RHAI_FUNCTION: &str = "fn f(a, b) { a + b }";

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [case, engine, rest @ ..] = &args[..] else { return Err("say CASE ENGINE [COUNT]".into()) };
    let count: u64 = rest.first().map_or(Ok(1_000_000), |count| count.parse())?;
    let began = Instant::now();
    let sum = match (case.as_str(), engine.as_str()) {
        ("call", "probate") => call_probate(count)?,
        ("call", "lua") => call_lua(count)?,
        ("call", "rhai") => call_rhai(count)?,
        ("native", "probate") => native_probate(count)?,
        ("native", "lua") => native_lua(count)?,
        ("native", "rhai") => native_rhai(count)?,
        _ => return Err("no such case or engine".into()),
    };
    let nanoseconds = began.elapsed().as_nanos() as f64 / count as f64;
    println!("{case:7} {engine:8} {nanoseconds:7.1} ns a call (sum {sum})");
    Ok(())
}

fn call_probate(count: u64) -> Result<f64, Error> {
    use probate::embed::{Engine, Handle};
    let mut engine = Engine::new();
    engine.eval::<()>(SCRIPT_FUNCTION)?;
    let f: Handle = engine.global("f")?;
    let mut sum = 0.0;
    for n in 0..count {
        sum += f.call::<f64>(&mut engine, (n as f64, 0.5))?;
    }
    Ok(sum)
}

fn native_probate(count: u64) -> Result<f64, Error> {
    let mut engine = probate::embed::Engine::new();
    engine.function("f", |a: f64, b: f64| a + b);
    engine.eval::<()>(
        "function loop(count) { let sum = 0; for (let n = 0; n < count; n += 1) { sum += f(n, 0.5); } return sum; }",
    )?;
    Ok(engine.call("loop", (count as f64,))?)
}

fn call_lua(count: u64) -> Result<f64, Error> {
    let lua = mlua::Lua::new();
    lua.load(LUA_FUNCTION).exec()?;
    let f: mlua::Function = lua.globals().get("f")?;
    let mut sum = 0.0;
    for n in 0..count {
        sum += f.call::<f64>((n as f64, 0.5))?;
    }
    Ok(sum)
}

fn native_lua(count: u64) -> Result<f64, Error> {
    let lua = mlua::Lua::new();
    lua.globals().set("f", lua.create_function(|_, (a, b): (f64, f64)| Ok(a + b))?)?;
    lua.load("function loop(count) local sum = 0; for n = 0, count - 1 do sum = sum + f(n, 0.5) end return sum end")
        .exec()?;
    let run: mlua::Function = lua.globals().get("loop")?;
    Ok(run.call::<f64>(count as f64)?)
}

fn call_rhai(count: u64) -> Result<f64, Error> {
    let engine = rhai::Engine::new();
    let program = engine.compile(RHAI_FUNCTION)?;
    let mut scope = rhai::Scope::new();
    let mut sum = 0.0;
    for n in 0..count {
        sum += engine.call_fn::<f64>(&mut scope, &program, "f", (n as f64, 0.5))?;
    }
    Ok(sum)
}

fn native_rhai(count: u64) -> Result<f64, Error> {
    let mut engine = rhai::Engine::new();
    engine.register_fn("f", |a: f64, b: f64| a + b);
    let program =
        engine.compile("fn run(count) { let sum = 0.0; for n in 0..count { sum += f(n.to_float(), 0.5); } sum }")?;
    Ok(engine.call_fn::<f64>(&mut rhai::Scope::new(), &program, "run", (count as i64,))?)
}
