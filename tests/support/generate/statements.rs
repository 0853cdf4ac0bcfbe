//! Statements: declarations, changes of what is declared, and the ways control can go.

use super::Type::{Class, Flag, Function, Map, Number, Numbers, Record, Set, Text, Texts};
use super::{Generator, Type};

impl Generator<'_> {
    pub(super) fn declare(&mut self, of: Type) {
        if of == Class {
            return self.class();
        }
        let value = self.stored(of, 3);
        let mutable = self.random.chance(70);
        let name = self.fresh("v");
        let keyword = if mutable { "let" } else { "const" };
        self.line(&format!("{keyword} {name} = {value};"));
        self.introduce(&name, of, mutable);
    }

    /// An expression cut to a length that stays bounded however often it is stored.
    pub(super) fn stored(&mut self, of: Type, depth: usize) -> String {
        let value = self.expression(of, depth);
        match of {
            Text => format!("{value}.slice(0, 60)"),
            Numbers => format!("{value}.slice(0, 10)"),
            Texts => format!("{value}.slice(0, 8).map((s) => s.slice(0, 20))"),
            Record => format!("{{ ...{value} }}"),
            _ => value,
        }
    }

    pub(super) fn any(&mut self) -> Type {
        [Number, Number, Number, Text, Text, Flag, Numbers, Numbers, Texts, Record, Record, Function, Map, Set, Class]
            [self.random.below(15)]
    }

    pub(super) fn show(&mut self, of: Type, value: &str) -> String {
        match of {
            Number | Text | Flag if self.random.chance(50) => {
                format!("console.log(String({value}));")
            }
            Map | Set => format!("console.log(JSON.stringify([...{value}]));"),
            Function => format!("console.log({value}.length, String({value}({})));", self.literal()),
            Class => format!("console.log({value}.name, new {value}({}).text());", self.literal()),
            _ => format!("console.log(JSON.stringify({value}));"),
        }
    }

    pub(super) fn report_all(&mut self) {
        for variable in self.variables.clone() {
            let shown = self.show(variable.of, &variable.name);
            self.line(&shown);
        }
    }

    /// A block's statements, in a scope of their own.
    pub(super) fn body(&mut self, depth: usize, first: &[&str]) {
        let outer = self.variables.len();
        self.indent += 1;
        for line in first {
            self.line(line);
        }
        for _ in 0..=self.random.below(3) {
            self.statement(depth);
        }
        self.indent -= 1;
        self.variables.truncate(outer);
    }

    pub(super) fn statement(&mut self, depth: usize) {
        if self.statements == 0 {
            return;
        }
        self.statements -= 1;
        let simple = depth == 0 || self.random.chance(45);
        if simple { self.simple() } else { self.compound(depth - 1) }
    }

    pub(super) fn simple(&mut self) {
        match self.random.below(17) {
            0..=2 => {
                let of = self.any();
                self.declare(of);
            }
            3..=5 => {
                let of = [Number, Text, Flag, Numbers, Record, Texts][self.random.below(6)];
                let value = self.expression(of, 3);
                let shown = self.show(of, &value);
                self.line(&shown);
            }
            6 | 7 => {
                let of = [Number, Text, Flag, Numbers, Texts, Record][self.random.below(6)];
                if let Some(name) = self.mutable(of) {
                    let value = self.stored(of, 3);
                    let value = if of == Record { format!("({value})") } else { value };
                    self.line(&format!("{name} = {value};"));
                }
            }
            8 => {
                if let Some(name) = self.mutable(Number) {
                    let op = self.random.pick(&[
                        "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", ">>>=", "??=", "||=", "&&=",
                    ]);
                    let value = self.number(2);
                    self.line(&format!("{name} {op} {value};"));
                }
            }
            9 => self.mutate_array(),
            10 => self.mutate_record(),
            11 => self.mutate_collection(),
            12 => self.destructure(),
            13 => {
                if let (Some(a), Some(b)) = (self.mutable(Number), self.mutable(Number)) {
                    self.line(&format!(";[{a}, {b}] = [{b}, {a}];"));
                }
            }
            14 => self.leave(),
            15 => {
                let (probe, late) = (self.fresh("probe"), self.fresh("late"));
                self.line(&format!("const {probe} = () => {late};"));
                self.line(&format!("try {{ {probe}(); }} catch (e) {{ console.log(e.name); }}"));
                let value = self.number(2);
                self.line(&format!("let {late} = {value};"));
                self.line(&format!("console.log(String({probe}()));"));
                self.introduce(&late, Number, true);
            }
            _ => {
                let risky = self.random.pick(&[
                    "null.x",
                    "undefined[0]",
                    "(5)()",
                    "({}).f()",
                    "[].reduce((a, b) => a)",
                    "new Array(-1)",
                    "\"x\".repeat(-1)",
                    "(1).toFixed(-1)",
                    "JSON.parse(\"{\")",
                    "String.fromCodePoint(-1)",
                    "Object.freeze([1]).push(2)",
                    "new Map([1])",
                    "[...5]",
                    "\"a\" in \"b\"",
                ]);
                self.line(&format!("try {{ {risky}; }} catch (e) {{ console.log(e.name, e instanceof Error); }}"));
            }
        }
    }

    pub(super) fn mutate_array(&mut self) {
        let Some(name) = self.variable(Numbers) else {
            return;
        };
        let line = match self.random.below(9) {
            0 => format!("if ({name}.length < 12) {name}.push({});", self.number(2)),
            1 => format!("console.log(String({name}.pop() ?? \"empty\"));"),
            2 => format!("if ({name}.length < 12) {name}.unshift({});", self.number(2)),
            3 => format!("console.log(String({name}.shift()));"),
            4 => {
                let (index, value) = (self.number(2), self.number(0));
                let at = self.fresh("i");
                self.line(&format!("const {at} = ({index} >>> 0) % ({name}.length + 1);"));
                format!("if ({at} < 12) {name}[{at}] = {value};")
            }
            5 => format!("console.log(JSON.stringify({name}.splice({}, {})));", self.literal(), self.random.below(3)),
            6 => format!("{name}.sort(downwards);"),
            7 => format!("{name}.reverse();"),
            _ => format!("if ({name}.length > 2) {name}.length = {};", self.random.below(3)),
        };
        self.line(&line);
    }

    pub(super) fn mutate_record(&mut self) {
        let Some(name) = self.variable(Record) else {
            return;
        };
        let line = match self.random.below(6) {
            0 => format!("delete {name}.{};", self.random.pick(&["a", "b", "s"])),
            1 => format!("{name}.a = {};", self.number(2)),
            2 => format!("{name}[\"s\"] = {}.slice(0, 30);", self.text(2)),
            3 => format!("{name}.{} ??= {};", self.random.pick(&["a", "b"]), self.number(1)),
            4 => {
                let k = self.fresh("k");
                format!("for (const {k} in {name}) console.log({k}, JSON.stringify({name}[{k}]));")
            }
            _ => format!("console.log(JSON.stringify(Object.entries({name})));"),
        };
        self.line(&line);
    }

    pub(super) fn mutate_collection(&mut self) {
        if let Some(name) = self.variable(Map) {
            let line = match self.random.below(4) {
                0 => format!("{name}.set({}, {});", self.key(), self.number(2)),
                1 => format!("console.log({name}.delete({}), {name}.size);", self.key()),
                2 => format!("{name}.forEach((v, k) => console.log(k, String(v)));"),
                _ => format!("for (const [k, v] of {name}) {{ console.log(k, String(v)); {name}.delete(\"m\"); }}"),
            };
            self.line(&line);
        }
        if let Some(name) = self.variable(Set) {
            let line = match self.random.below(3) {
                0 => format!("if ({name}.size < 12) {name}.add({});", self.number(2)),
                1 => format!("console.log({name}.delete({}), {name}.size);", self.number(1)),
                _ => format!(
                    "for (const x of {name}) {{ console.log(String(x)); if ({name}.size < 6) {name}.add(x + 1); }}"
                ),
            };
            self.line(&line);
        }
    }

    pub(super) fn destructure(&mut self) {
        let (a, b, c) = (self.fresh("v"), self.fresh("v"), self.fresh("v"));
        if self.random.chance(50) {
            let (list, other) = (self.numbers(2), self.literal());
            self.line(&format!("const [{a} = {other}, {b} = {a}, ...{c}] = {list}.slice(0, 6);"));
            self.introduce(&c, Numbers, false);
        } else {
            let (record, other) = (self.record(2), self.literal());
            self.line(&format!("let {{ a: {a} = {other}, b: {b} = {a}, ...{c} }} = {record};"));
            self.introduce(&c, Record, false);
        }
        self.introduce(&a, Number, false);
        self.introduce(&b, Number, false);
    }

    /// A way out of the loop or function around, or a throw, behind a condition.
    pub(super) fn leave(&mut self) {
        let condition = self.flag(2);
        let label = match self.loops.len() {
            0 => None,
            n => Some(self.loops[self.random.below(n)].clone()),
        };
        let jump = match (self.random.below(4), label) {
            (0 | 1, Some(label)) => {
                let jump = self.random.pick(&["break", "continue"]);
                if label.is_empty() { format!("{jump};") } else { format!("{jump} {label};") }
            }
            (2, _) if self.functions > 0 => format!("return {};", self.number(2)),
            _ => {
                let (name, n) = (self.random.pick(&["Error", "TypeError", "RangeError"]), self.random.below(100));
                format!("throw new {name}(\"thrown {n}\");")
            }
        };
        // Nothing but a handler keeps a throw from ending the whole program: make it rarer.
        if jump.starts_with("throw") && self.random.chance(60) {
            return;
        }
        self.line(&format!("if ({condition}) {jump}"));
    }

    pub(super) fn compound(&mut self, depth: usize) {
        match self.random.below(12) {
            0 | 1 => {
                let condition = self.flag(2);
                self.line(&format!("if ({condition}) {{"));
                self.body(depth, &[]);
                if self.random.chance(50) {
                    self.line("} else {");
                    self.body(depth, &[]);
                }
                self.line("}");
            }
            2..=4 => self.repeat(depth),
            5 | 6 => self.attempt(depth),
            7 | 8 => self.define(depth),
            9 => self.choose_case(depth),
            10 => {
                self.line("{");
                self.body(depth, &["let inner = 0;"]);
                self.line("}");
            }
            _ => self.collect_closures(),
        }
    }

    pub(super) fn repeat(&mut self, depth: usize) {
        let label = if self.random.chance(30) { self.fresh("loop") } else { String::new() };
        let prefix = if label.is_empty() { String::new() } else { format!("{label}: ") };
        let outer = self.variables.len();
        let i = self.fresh("i");
        let mut close = "}".to_owned();
        let mut first = vec!["tick();".to_owned()];
        match self.random.below(6) {
            0 | 1 => {
                let n = 1 + self.random.below(4);
                self.line(&format!("{prefix}for (let {i} = 0; {i} < {n}; {i}++) {{"));
                self.introduce(&i, Number, false);
            }
            2 => {
                let list = self.numbers(2);
                self.line(&format!("{prefix}for (const {i} of {list}.slice(0, 4)) {{"));
                self.introduce(&i, Number, false);
            }
            3 => {
                let text = self.text(2);
                self.line(&format!("{prefix}for (let {i} of {text}.slice(0, 3)) {{"));
                self.introduce(&i, Text, false);
            }
            4 => {
                let turns = 1 + self.random.below(3);
                self.line(&format!("let {i} = {turns};"));
                self.line(&format!("{prefix}while ({i}-- > 0) {{"));
            }
            _ => {
                self.line(&format!("let {i} = 0;"));
                self.line(&format!("{prefix}do {{"));
                first.push(format!("{i}++;"));
                close = format!("}} while ({i} < {});", 1 + self.random.below(3));
            }
        }
        self.loops.push(label);
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        self.body(depth, &first);
        self.loops.pop();
        self.line(&close);
        self.variables.truncate(outer);
    }

    pub(super) fn attempt(&mut self, depth: usize) {
        self.line("try {");
        self.body(depth, &[]);
        let catches = self.random.chance(80);
        if catches {
            if self.random.chance(20) {
                self.line("} catch {");
                self.body(depth, &[]);
            } else {
                let e = self.fresh("e");
                self.line(&format!("}} catch ({e}) {{"));
                let shown = format!("console.log({e}.name, {e} instanceof RangeError);");
                self.body(depth, &[&shown]);
            }
        }
        if !catches || self.random.chance(40) {
            self.line("} finally {");
            self.body(depth, &["console.log(\"finally\");"]);
        }
        self.line("}");
    }

    pub(super) fn define(&mut self, depth: usize) {
        if self.random.chance(25) {
            return self.class();
        }
        let (f, x) = (self.fresh("f"), self.fresh("p"));
        self.line(&format!("function {f}({x}, {x}b = {x}, ...{x}r) {{"));
        let outer = self.variables.len();
        let around = std::mem::take(&mut self.loops);
        self.introduce(&x, Number, true);
        self.introduce(&format!("{x}b"), Number, true);
        self.introduce(&format!("{x}r"), Numbers, false);
        self.functions += 1;
        self.body(depth, &["tick();"]);
        let result = self.number(2);
        self.line(&format!("  return {result};"));
        self.functions -= 1;
        self.loops = around;
        self.variables.truncate(outer);
        self.line("}");
        self.introduce(&f, Function, false);
        let argument = self.number(1);
        self.line(&format!("console.log(String({f}({argument})));"));
    }

    pub(super) fn class(&mut self) {
        let c = self.fresh("C");
        let base = self.variable(Class).filter(|_| self.random.chance(60));
        let (field, step) = (self.number(1), self.literal());
        self.introduce("n", Number, false);
        let (change, told) = (self.number(1), self.text(1));
        self.variables.pop();
        let lines = if let Some(base) = base {
            vec![
                format!("class {c} extends {base} {{"),
                format!("  extra = {field};"),
                "  constructor(n) { super(n); this.#mine += n; }".to_owned(),
                "  #mine = 1;".to_owned(),
                format!("  add(n) {{ super.add(n); this.#mine -= {change}; return this; }}"),
                format!("  text() {{ return `${{super.text()}}/${{this.#mine}}/${{this.extra}}/{c}`; }}"),
                "}".to_owned(),
            ]
        } else {
            vec![
                format!("class {c} {{"),
                "  static made = 0;".to_owned(),
                format!("  #state = {field};"),
                format!("  step = {step};"),
                "  constructor(n) { tick(); this.#state += n; this.constructor.made += 1; }".to_owned(),
                "  get() { return this.#state; }".to_owned(),
                format!("  add(n) {{ this.#state += {change} * this.step; return this; }}"),
                format!("  text() {{ const n = this.#state; return `${{n}} ${{this.step}} ${{{told}}}`; }}"),
                format!("  static owns(o) {{ return #state in o && o instanceof {c}; }}"),
                "}".to_owned(),
            ]
        };
        for line in lines {
            self.line(&line);
        }
        self.introduce(&c, Class, false);
        let start = self.number(1);
        self.line(&format!("console.log(new {c}({start}).add(2).text(), {c}.made, {c}.owns(new {c}(1)));"));
    }

    pub(super) fn choose_case(&mut self, depth: usize) {
        let subject = self.number(2);
        self.line(&format!("switch (({subject}) & 3) {{"));
        let default_at = self.random.below(4);
        for case in 0..4 {
            if case == default_at {
                self.line("  default: {");
            } else {
                self.line(&format!("  case {case}: {{"));
            }
            self.indent += 1;
            let note = format!("console.log(\"case {case}\");");
            self.body(depth.min(1), &[&note]);
            self.line("}");
            if self.random.chance(60) {
                self.line("break;");
            }
            self.indent -= 1;
        }
        self.line("}");
    }

    pub(super) fn collect_closures(&mut self) {
        let (fs, i) = (self.fresh("fs"), self.fresh("i"));
        self.line(&format!("const {fs} = [];"));
        self.introduce(&i, Number, true);
        let body = self.number(2);
        self.variables.pop();
        let n = 1 + self.random.below(4);
        self.line(&format!("for (let {i} = 0; {i} < {n}; {i} += 1) {{ tick(); const k = {i} * 2; {fs}.push(() => `${{{i}}} ${{k}} ${{{body}}}`); if ({i} > 20) break; }}"));
        self.line(&format!("console.log({fs}.map((f) => f()).join(\"; \"));"));
    }
}
