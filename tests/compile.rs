//! From a text to bytecode: what the instructions are, what is protected, which scopes are pushed, what is refused.

use probate::compile::{self, CompileOptions, op::Op, proto::Program, proto::Proto};
use probate::syntax::{self, ParseOptions};

const BUILTINS: [&str; 6] = ["print", "Math", "JSON", "Map", "Error", "gc"];

fn compile(source: &str) -> Result<Program, Vec<syntax::Diagnostic>> {
    let tree = syntax::parse(source, &ParseOptions::default())?;
    let options = CompileOptions { builtins: &BUILTINS, ..CompileOptions::default() };
    compile::compile(&tree, source, &options)
}

/// Compiles a correct program and checks it.
fn compiled(source: &str) -> Program {
    let program = compile(source).unwrap_or_else(|errors| panic!("{source}\n{errors:#?}"));
    assert_eq!(compile::check(&program, BUILTINS.len()), Ok(()), "{source}");
    assert_eq!(compile::check_counts(&program), Ok(()), "{source}");
    program
}

/// Snapshots the bytecode of a program under its text.
macro_rules! bytecode {
    ($($name:ident: $source:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let source = $source;
                let program = compiled(source);
                let text = compile::disassemble(&program, source, &BUILTINS, &[]);
                insta::assert_snapshot!(stringify!($name), format!("{source}\n---\n{text}"));
            }
        )*
    };
}

bytecode! {
    a_sum_in_one_instruction: "let a = 1, b = 2\nlet x = a + b\nx";
    a_counting_loop_is_three_instructions_a_turn: "let s = 0, n = 10\nfor (let i = 0; i < n; i++) s += i\ns";
    a_recursive_function: "function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }\nfib(20)";
    conditions_are_jumps: "function f(a, b) {\n  if (a > 1 && !(b === null || a === \"x\")) return 1\n  while (a !== undefined && 3 < b) a = b.next\n}";
    a_condition_with_a_call_is_swept_on_both_ways: "function f(g) { if (g()) print(1); else print(2); while (g() > 1) print(3) }";
    every_turn_has_its_own_variable: "const all = []\nfor (let i = 0; i < 3; i++) all.push(() => i)";
    a_loop_over_elements: "for (const x of [1, 2]) { if (x > 1) continue; print(x) }\nfor (const [k, v] of new Map()) print(k, v)";
    a_loop_over_keys: "const o = { a: 1 }\nfor (const k in o) print(k, o[k])";
    captured_parameters_and_this: "class A { m(a, b) { a = 1; return () => this.x + a + b } }";
    defaults_and_patterns: "function f(a, { b, c: [d = 1] } = {}, e = () => b, ...r) { return [a, d, e, r] }";
    the_temporal_dead_zone: "function f() { const g = () => x; print(y); let x = 1; let y = 2; return g }";
    a_switch_with_names: "function f(x) { switch (x) { case 1: let a = {}; case print: a = 2; break; default: return () => a } }";
    finally_runs_on_every_way_out: "function f(g) { for (;;) { try { if (g) break; return g() } catch (e) { continue } finally { print(1) } } }";
    a_catch_without_a_name: "try { print(1) } catch { print(2) }";
    a_class_with_everything: "class A {\n  #p = 1; x = () => this; static n = A.name; ['k' + 1] = 2\n  constructor(a) { this.a = a }\n  get() { return this.#p++ + this.#m() }\n  #m() { return #p in this }\n  static { this.z = 1 }\n  ['c']() {}\n  late() {}\n}";
    a_derived_class: "class A {}\nclass B extends A { constructor(x) { super(x); this.x = x } m() { return super.m(() => super.n) } }";
    super_that_may_not_run: "class A {}\nclass B extends A { constructor(x) { if (x) super(x); const f = () => this; return } }";
    optional_chains: "const o = {}\no?.a.b?.(1)?.[o.c]; (o?.m)(); delete o?.x";
    assignments_to_members: "const o = { a: { b: 1 } }\no.a.b += 2; o.a['c']++; const v = o.a.b--; o.x ??= v";
    exchanges_and_destructuring: "let a = {}, b = []\n;[a, b] = [b, a]\n;({ x: a, ['k']: b.y, ...b.z } = a)";
    spreads_and_templates: "const a = [1], o = { ...a, k: 1 }\nprint(...a, `x${a[0]}y${o.k}`, [0, ...a, 2])";
    literals_with_templates: "[{ a: 1, b: [] }, { a: 2, b: {} }, { a: 1, a: 2, ['c']: 3 }]";
    exact_integers_and_constants: "let x = 9007199254740993\nx = x * 2; x = 0.5 + x; x = x & 255; x - 1";
    names_of_function_expressions: "const f = function g(n) { return n ? g(n - 1) : () => g }\nconst k = { h: () => 1 }";
    the_value_of_a_program: "let x = 1\nx;\n";
    in_place_changes_of_outer_locals: "function f(a) { let s = ''; for (const x of a) { print(x); s += x; let t = s } return s }";
}

/// All instructions of a program's functions, main first.
fn instructions(proto: &Proto, out: &mut Vec<(Op, usize, usize, usize)>) {
    out.extend(proto.code.iter().map(|instr| (instr.op(), instr.a(), instr.b(), instr.c())));
    proto.functions.iter().for_each(|inner| instructions(inner, out));
}

/// What is protected: `n` by an instruction, `call n` by the mask of a call, in order. Registers count from the first temporary.
fn protections(expression: &str) -> String {
    // `o` is a parameter, `v` a captured variable that is assigned, `c` one that is not.
    let source = format!(
        "function f(o, p) {{ let v = p; const c = p; const set = () => {{ v = c }}; {expression}; return set }}"
    );
    let program = compiled(&source);
    let f = &program.main.functions[0];
    let first = f.locals.iter().filter(|local| local.counted).map(|local| local.register).max().unwrap_or(0) + 1;
    let mut found = Vec::new();
    for instr in &f.code {
        match instr.op() {
            Op::Protect => found.push(format!("{}", instr.a() - first as usize)),
            Op::Call | Op::New | Op::CallSpread | Op::NewSpread => {
                let bits = (0..16).filter(|bit| instr.c() >> bit & 1 == 1);
                found.extend(bits.map(|bit| format!("call {}", instr.a() + bit - first as usize)));
            }
            _ => {}
        }
    }
    found.join(", ")
}

#[test]
fn protected_temporaries() {
    let table = [
        // Nothing borrowed, or nothing that runs while it is live.
        "o.a",
        "o.a + o.b",
        "o(p)",
        "o.m(p)",
        "o({}, () => 1, 'text', o === p)",
        "o(c, 1 + p)",
        "c.m(1)",
        "[o.a, o.b, {}]",
        "({ a: o.a, b: p() })",
        // What the call itself uses.
        "o(p.a)",
        "o.a.m(p.b)",
        "v.m(v)",
        "v(1)",
        "new o.A(p.b)",
        "o(...p.a)",
        // What is live across another call.
        "o.a + p()",
        "o() + p()",
        "o(p.a, p())",
        "o(p(), p())",
        "v(p())",
        "o.a.m(p())",
        "[o.a, p(), o.b]",
        "`${o.a} ${p()}`",
        "`${o.a} ${p}`",
        "o.a[p()]",
        "o.a[p()] = o.b",
        "o.a.b = p()",
        "o.a.b += p()",
        "v += p()",
        "(o.a && o.b) + p()",
        "(o.a = {}) + p()",
        "new o.A(p())",
        "const { a = p(), b } = o.a",
        "const { a, b } = o.a",
        "[o.x, p] = [p.a, p.b]",
        "[o.x, p] = [p.a, p()]",
    ];
    let lines: Vec<String> =
        table.iter().map(|line| format!("{line:<36} {}", protections(line)).trim_end().into()).collect();
    insta::assert_snapshot!("protected_temporaries", lines.join("\n"));
}

/// The scopes that the functions of a program push and the locals that are given back without one.
fn scopes(source: &str) -> String {
    let program = compiled(source);
    let mut code = Vec::new();
    instructions(&program.main, &mut code);
    let kinds = ["block", "for", "iteration", "catch", "switch"];
    let found: Vec<String> = code
        .iter()
        .filter_map(|&(op, a, b, _)| match op {
            Op::PushScope => Some(kinds[a].to_owned()),
            Op::Drop => Some(format!("drop {b}")),
            _ => None,
        })
        .collect();
    found.join(", ")
}

#[test]
fn pushed_scopes() {
    let table = [
        "{ let x = 1 }",
        "let o = {}; { let x = o.a }",
        "let o = {}; { let x = o.a; let i = 0; let y = x }",
        "{ let x = {} }",
        "{ print(1) }",
        "{ { print(1) } }",
        "{ let x = `a${1}` }",
        "{ const f = () => 1 }",
        "let s = 0; for (let i = 0; i < 3; i++) { s += i }",
        "let s = 0; for (let i = 0; i < 3; i++) { print(s) }",
        "for (let i = print(); i < 3; i++) { }",
        "for (const x of [1]) { }",
        "let a = []; for (const x of a) { }",
        "let a = []; for (const x of a) print(x)",
        "let x; for (x of [1]) { }",
        "for (const k in {}) { }",
        "let i = 3; while (i > 0) { i-- }",
        "let i = 3; while (print(i)) { i-- }",
        "let i = 3; do { let o = [i]; i-- } while (i > 0)",
        "try { print() } catch (e) { }",
        "try { print() } catch (e) { print(e) }",
        "try { print() } catch { }",
        "try { print() } finally { }",
        "switch (print()) { case 1: print() }",
        "let x = 1; switch (x) { case 1: let y = 2 }",
        "let x = 1; if (x) { x = 2 } else { print(1) }",
    ];
    let lines: Vec<String> =
        table.iter().map(|line| format!("{line:<52} {}", scopes(line)).trim_end().into()).collect();
    insta::assert_snapshot!("pushed_scopes", lines.join("\n"));
}

#[test]
fn refusals() {
    let table = [
        "let counter = 1; print(countr)",
        "print(consol)",
        "Maht.abs(1)",
        "print(quite, other)",
        "let a = 1; let a = 2",
        "function f() {} const f = 1",
        "function f(a) { let a = 1 }",
        "try { } catch (e) { let e = 1 }",
        "switch (1) { case 1: let v; case 2: const v = 1 }",
        "for (let i = 0, i = 1; ; ) { }",
        "const { x, y: [x] } = {}",
        "let undefined = 1",
        "const c = 1; c = 2; c++; [c] = [3]",
        "for (const x of []) x = 1",
        "print = 1",
        "NaN = 1",
        "(function f() { f = 1 })",
        "class A { m() { A = 1 } }",
        "class A { m() { return this.#x } }",
        "class A { #x; #x() { } }",
        "class A { constructor() { return 1 } }",
        "new Symbol()",
        "const f = (a = b, c) => a",
    ];
    let mut out = String::new();
    for source in table {
        out.push_str(source);
        out.push('\n');
        let errors = compile(source).err().unwrap_or_default();
        assert!(!errors.is_empty(), "accepted: {source}");
        for error in errors {
            let at = &source[error.span.start as usize..error.span.end as usize];
            let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
            out.push_str(&format!("  {} at `{at}`: {}{help}\n", error.code, error.message));
        }
    }
    insta::assert_snapshot!("refusals", out);
}

#[test]
fn accepted_though_alike() {
    for source in [
        "let a = 1; { let a = 2 }",
        "let print = 1; print = 2",
        "function f() { return later } const later = 1",
        "(function f(f) { f = 1 })",
        "class A { static #x = 1; m(o) { return #x in o } }",
        "function f() { } f = 1",
        "class A { } A = 1",
        "for (const x of []) { let x = 1 }",
        "let f = () => f()",
        "const { a = 1, b = a } = {}",
    ] {
        compiled(source);
    }
}

#[test]
fn documents_of_any_size() {
    let array = format!("[{}]", (0..200_000).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
    let object = format!("{{{}}}", (0..50_000).map(|i| format!("\"k{i}\":{i}.5")).collect::<Vec<_>>().join(","));
    for source in [array, object, "[".repeat(900) + &"]".repeat(900)] {
        let program = compile(&source).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert_eq!(compile::check(&program, BUILTINS.len()), Ok(()));
        assert!(program.main.registers < 2000);
    }
}

#[test]
fn trees_of_any_depth() {
    let deep = |before: &str, middle: &str, after: &str| {
        let source = format!("let o = {{}}, x = 1, y = {};\n", before.repeat(450) + middle + &after.repeat(450));
        compiled_unchecked(&source);
    };
    deep("[", "", "]");
    deep("(", "x", ")");
    deep("-(", "x", ")");
    deep("!", "x", "");
    deep("x ? x : ", "x", "");
    deep("o(o.a, ", "x", ")");
    deep("o[", "x", "]");
    deep("{ a: ", "x", "}");
    deep("() => ", "x", "");
    deep("x = ", "1", "");
    deep("1 + (", "x", ")");
    deep("`${", "x", "}`");
    compiled_unchecked(&("{".repeat(450) + "let x = 1" + &"}".repeat(450)));
    compiled_unchecked(&("let x = 1\n".to_owned() + &"while (x) { ".repeat(300) + "x = 0" + &"}".repeat(300)));
    compiled_unchecked(&("try { ".repeat(300) + "print()" + &"} finally { print() }".repeat(300)));
    compiled_unchecked(&("let x = ".to_owned() + &"class extends (".repeat(200) + "print" + &") {}".repeat(200)));
}

#[test]
fn jumps_beyond_sixteen_bits() {
    let body: String = (0..4000).map(|i| format!("if (x > {i}.5) y = y + x * {i}; else o.p{i} = x\n")).collect();
    let source = format!(
        "function f(x, o) {{ let y = 0; for (let i = 0; i < 3; i++) {{ try {{ {body} if (x === 1) continue; else break }} finally {{ print(1) }} }} }}"
    );
    compile(&source).map(|program| assert_eq!(compile::check(&program, BUILTINS.len()), Ok(()))).unwrap();
}

#[test]
fn more_variables_than_registers() {
    let source: String = (0..40_000).map(|i| format!("let v{i} = {i};\n")).collect();
    let program = compiled_unchecked(&source);
    assert_eq!(program.globals.len(), 40_000);
}

#[test]
fn more_properties_than_caches() {
    let source: String =
        "let o = {};\n".to_owned() + &(0..70_000).map(|i| format!("o.a{i} = 1;\n")).collect::<String>();
    compiled_unchecked(&source);
}

fn compiled_unchecked(source: &str) -> Program {
    let program = compile(source).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(compile::check(&program, BUILTINS.len()), Ok(()));
    program
}

#[test]
fn the_prompt_keeps_its_variables() {
    use probate::compile::proto::Global;
    use probate::syntax::ast::DeclKind;
    let source = "let a = b + c; const c2 = a; function b2() { return a }";
    let tree = syntax::parse(source, &ParseOptions::default()).unwrap();
    let global = |name: &str, kind, declared| Global { name: name.into(), kind, declared };
    let existing = [
        global("b", DeclKind::Let, true),
        global("c", DeclKind::Const, true),
        global("a", DeclKind::Const, true),
        global("b2", DeclKind::Let, false),
    ];
    let options = CompileOptions {
        builtins: &BUILTINS,
        existing_globals: &existing,
        all_globals: true,
        ..CompileOptions::default()
    };
    let program = compile::compile(&tree, source, &options).unwrap();
    let names: Vec<&str> = program.globals.iter().map(|(name, _)| &**name).collect();
    // `a` is declared again, `b2` was declared without success: they keep their slots.
    assert_eq!((program.first_global, names), (4, vec!["c2"]));
    assert_eq!(program.redeclared, [(2, DeclKind::Let), (3, DeclKind::Let)]);
    let tree = syntax::parse("b2", &ParseOptions::default()).unwrap();
    assert_eq!(compile::compile(&tree, "b2", &options).unwrap_err()[0].code, "E0301");
    let tree = syntax::parse("c = 1", &ParseOptions::default()).unwrap();
    assert_eq!(compile::compile(&tree, "c = 1", &options).unwrap_err()[0].code, "E0303");
}
