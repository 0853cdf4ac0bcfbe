//! Expressions, by type. Each is self-contained: it can stand as an operand anywhere.

use super::Type::{Class, Flag, Function, Map, Number, Numbers, Record, Set, Text, Texts};
use super::{Generator, Type};

impl Generator<'_> {
    pub(super) fn expression(&mut self, of: Type, depth: usize) -> String {
        match of {
            Number => self.number(depth),
            Text => self.text(depth),
            Flag => self.flag(depth),
            Numbers => self.numbers(depth),
            Texts => self.texts(depth),
            Record => self.record(depth),
            Function => self.function(depth),
            Map => {
                let (k, n) = (self.key(), self.number(depth.saturating_sub(1)));
                format!("new Map([[{k}, {n}], [\"m\", 1]])")
            }
            Set => format!("new Set({})", self.numbers(depth.saturating_sub(1))),
            Class => unreachable!("classes are declared, not computed"),
        }
    }

    pub(super) fn literal(&mut self) -> String {
        const SPECIAL: &[&str] = &[
            "2147483647",
            "(-2147483648)",
            "4294967295",
            "2147483648",
            "(-0)",
            "0.5",
            "(-1.5)",
            "1e21",
            "1e-7",
            "NaN",
            "Infinity",
            "(-Infinity)",
            "9007199254740991",
            "0.1",
            "65536",
            "1e300",
            "0xff",
            "46341",
            "(-2147483649)",
            "1.7976931348623157e308",
            "5e-324",
            "123456.789",
        ];
        if self.random.chance(25) {
            return self.random.pick(SPECIAL).to_owned();
        }
        let n = self.random.below(40);
        if self.random.chance(20) { format!("(-{})", n + 1) } else { n.to_string() }
    }

    pub(super) fn number(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(12) {
            return match self.variable(Number) {
                Some(name) if self.random.chance(65) => name,
                _ => self.literal(),
            };
        }
        let d = depth - 1;
        match self.random.below(30) {
            0..=6 => {
                let op = self.random.pick(&["+", "-", "*", "+", "-", "*", "/", "%"]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            7 | 8 => {
                let op = self.random.pick(&["&", "|", "^", "<<", ">>", ">>>"]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            9 => {
                let op = self.random.pick(&["-", "~", "+"]);
                format!("({op} {})", self.number(d))
            }
            10 => format!("((({}) & 15) ** (({}) & 3))", self.number(d), self.number(d)),
            11 | 12 => {
                let f =
                    self.random.pick(&["floor", "ceil", "round", "trunc", "abs", "sign", "sqrt", "fround", "clz32"]);
                format!("Math.{f}({})", self.number(d))
            }
            13 => {
                let f = self.random.pick(&["max", "min", "imul"]);
                format!("Math.{f}({}, {})", self.number(d), self.number(d))
            }
            14 => {
                let of = if self.random.chance(50) { Text } else { Numbers };
                format!("{}.length", self.expression(of, d))
            }
            15 => format!("({}[{}] ?? {})", self.numbers(d), self.random.below(6), self.literal()),
            16 => format!("({}.at({}) ?? 0)", self.numbers(d), self.literal()),
            17 => {
                let key = self.random.pick(&["a", "b"]);
                format!("({}.{key} ?? {})", self.record(d), self.literal())
            }
            18 | 19 => match self.variable(Function) {
                Some(f) => format!("{f}({})", self.number(d)),
                None => self.number(d),
            },
            20 | 21 => format!("({} ? {} : {})", self.flag(d), self.number(d), self.number(d)),
            22 => {
                let x = self.fresh("x");
                let s = self.fresh("s");
                let (list, start) = (self.numbers(d), self.literal());
                format!("{list}.reduce(({s}, {x}) => {s} + {x}, {start})")
            }
            23 => format!("{}.indexOf({})", self.numbers(d), self.number(d)),
            24 => match self.mutable(Number) {
                Some(name) => match self.random.below(4) {
                    0 => format!("{name}++"),
                    1 => format!("--{name}"),
                    2 => format!("({name} = {})", self.number(d)),
                    _ => {
                        let op = self.random.pick(&["+=", "-=", "*=", "|=", ">>>=", "%=", "||=", "&&="]);
                        format!("({name} {op} {})", self.number(d))
                    }
                },
                None => self.literal(),
            },
            25 => {
                let f = self.random.pick(&["parseInt", "parseFloat", "Number"]);
                format!("{f}({})", self.text(d))
            }
            26 => {
                let label = self.fresh("n");
                format!("note(\"{label}\", {})", self.number(d))
            }
            27 => match self.variable(Map) {
                Some(m) => format!("({m}.get({}) ?? {m}.size)", self.key()),
                None => format!("{}.charCodeAt(0)", self.text(d)),
            },
            28 => match self.variable(Class) {
                Some(c) => {
                    let (start, step) = (self.number(d), self.number(0));
                    format!("new {c}({start}).add({step}).get()")
                }
                None => format!("{}.findIndex((x) => x > {})", self.numbers(d), self.literal()),
            },
            _ => {
                let x = self.fresh("p");
                self.introduce(&x, Number, true);
                let body = self.number(d);
                self.variables.pop();
                format!("(({x}) => {body})({})", self.number(d))
            }
        }
    }

    pub(super) fn word(&mut self) -> String {
        self.random
            .pick(&[
                "\"\"",
                "\"a\"",
                "\"Hello\"",
                "\"x y z\"",
                "\"12\"",
                "\"-3.5e2\"",
                "\"tab\\tend\"",
                "\"quote\\\"\"",
                "\"zebra\"",
                "\"été\"",
                "\"null\"",
                "\"aXbXc\"",
                "\" pad \"",
            ])
            .to_owned()
    }

    pub(super) fn key(&mut self) -> String {
        self.random.pick(&["\"k\"", "\"a\"", "\"size\"", "\"toString\"", "\"q r\""]).to_owned()
    }

    pub(super) fn text(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(12) {
            return match self.variable(Text) {
                Some(name) if self.random.chance(65) => name,
                _ => self.word(),
            };
        }
        let d = depth - 1;
        match self.random.below(20) {
            0..=2 => format!("({} + {})", self.text(d), self.text(d)),
            3 => format!("({} + {})", self.text(d), self.number(d)),
            4 => format!("({} + {})", self.flag(d), self.text(d)),
            5 | 6 => {
                format!("`<${{{}}}|${{{}}}>`", self.number(d), self.text(d))
            }
            7 => format!("{}.slice({}, {})", self.text(d), self.literal(), self.literal()),
            8 => {
                let f = self.random.pick(&["toUpperCase", "toLowerCase", "trim", "trimStart", "trimEnd"]);
                format!("{}.{f}()", self.text(d))
            }
            9 => format!("String({})", self.number(d)),
            10 => format!("{}.join({})", self.numbers(d), self.word()),
            11 => format!("{}.join(\"-\")", self.texts(d)),
            12 => format!("({}.s ?? \"none\")", self.record(d)),
            13 => {
                let f = self.random.pick(&["padStart", "padEnd"]);
                format!("{}.{f}({}, {})", self.text(d), self.random.below(12), self.word())
            }
            14 => format!("{}.slice(0, 5).repeat({})", self.text(d), self.random.below(4)),
            15 => {
                let of = [Number, Text, Numbers, Record, Flag][self.random.below(5)];
                format!("(typeof {})", self.expression(of, d))
            }
            16 => {
                let of = [Number, Text, Numbers, Record, Flag, Texts][self.random.below(6)];
                format!("JSON.stringify({})", self.expression(of, d))
            }
            17 => {
                let f = self.random.pick(&["replace", "replaceAll"]);
                format!("{}.slice(0, 20).{f}({}, {})", self.text(d), self.word(), self.word())
            }
            18 => format!("({} ? {} : {})", self.flag(d), self.text(d), self.text(d)),
            _ => format!("({} | 0).toString({})", self.number(d), 2 + self.random.below(35)),
        }
    }

    pub(super) fn flag(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(10) {
            return match self.variable(Flag) {
                Some(name) if self.random.chance(60) => name,
                _ => self.random.pick(&["true", "false"]).to_owned(),
            };
        }
        let d = depth - 1;
        match self.random.below(13) {
            0..=3 => {
                let op = self.random.pick(&["<", "<=", ">", ">=", "===", "!=="]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            4 => {
                let op = self.random.pick(&["<", "<=", ">", ">=", "===", "!=="]);
                format!("({} {op} {})", self.text(d), self.text(d))
            }
            5 => format!("(!{})", self.flag(d)),
            6 => {
                let op = self.random.pick(&["&&", "||"]);
                format!("({} {op} {})", self.flag(d), self.flag(d))
            }
            7 => format!("{}.includes({})", self.numbers(d), self.number(d)),
            8 => format!("{}.startsWith({})", self.text(d), self.word()),
            9 => format!("Object.is({}, {})", self.number(d), self.number(d)),
            10 => format!("Boolean({})", self.number(d)),
            11 => match self.variable(Set) {
                Some(s) => format!("{s}.has({})", self.number(d)),
                None => format!("Number.isInteger({})", self.number(d)),
            },
            _ => format!("(\"a\" in {})", self.record(d)),
        }
    }

    pub(super) fn numbers(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(15) {
            return match self.variable(Numbers) {
                Some(name) if self.random.chance(70) => name,
                _ => format!("[{}, {}]", self.literal(), self.literal()),
            };
        }
        let d = depth - 1;
        match self.random.below(13) {
            0 | 1 => format!("[{}, {}, {}]", self.number(d), self.number(d), self.number(d)),
            2 | 3 => format!("[...{}, {}]", self.numbers(d), self.number(d)),
            4 | 5 => {
                let x = self.fresh("x");
                self.introduce(&x, Number, true);
                let body = self.number(d.min(2));
                self.variables.pop();
                format!("{}.map(({x}) => {body})", self.numbers(d))
            }
            6 => {
                let x = self.fresh("x");
                self.introduce(&x, Number, true);
                let body = self.flag(d.min(2));
                self.variables.pop();
                format!("{}.filter(({x}) => {body})", self.numbers(d))
            }
            7 => format!("{}.slice({}, {})", self.numbers(d), self.literal(), self.literal()),
            8 => format!("{}.toSorted(upwards)", self.numbers(d)),
            9 => format!("{}.concat({})", self.numbers(d), self.numbers(d)),
            10 => format!("{}.toReversed()", self.numbers(d)),
            11 => format!("Array.from({{ length: {} }}, (_, i) => i * {})", self.random.below(5), self.literal()),
            _ => match self.variable(Set) {
                Some(s) => format!("[...{s}]"),
                None => format!("({} ? {} : {})", self.flag(d), self.numbers(d), self.numbers(d)),
            },
        }
    }

    pub(super) fn texts(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(20) {
            return match self.variable(Texts) {
                Some(name) if self.random.chance(70) => name,
                _ => format!("[{}, {}]", self.word(), self.word()),
            };
        }
        let d = depth - 1;
        match self.random.below(8) {
            0 => format!("[{}, ...{}]", self.text(d), self.texts(d)),
            1 => format!("{}.split({})", self.text(d), self.random.pick(&["\" \"", "\"\"", "\"X\"", "\",\""])),
            2 => format!("{}.toSorted()", self.texts(d)),
            3 => format!("Object.keys({})", self.record(d)),
            4 => format!("{}.map((s) => s + {})", self.texts(d), self.word()),
            5 => format!("{}.map((x) => `${{x}}`)", self.numbers(d)),
            6 => format!("[...{}]", self.text(d)),
            _ => match self.variable(Map) {
                Some(m) => format!("[...{m}.keys()]"),
                None => format!("{}.toReversed()", self.texts(d)),
            },
        }
    }

    pub(super) fn record(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(30) {
            return match self.variable(Record) {
                Some(name) if self.random.chance(75) => name,
                _ => format!("({{ a: {}, b: {}, s: {} }})", self.literal(), self.literal(), self.word()),
            };
        }
        let d = depth - 1;
        match self.random.below(5) {
            0 | 1 => format!("({{ a: {}, b: {}, s: {} }})", self.number(d), self.number(d), self.text(d)),
            2 => format!("({{ ...{}, b: {} }})", self.record(d), self.number(d)),
            3 => format!("({{ s: {}, [\"a\"]: {} }})", self.text(d), self.number(d)),
            _ => format!("({} ? {} : {})", self.flag(d), self.record(d), self.record(d)),
        }
    }

    pub(super) fn function(&mut self, depth: usize) -> String {
        let x = self.fresh("p");
        self.introduce(&x, Number, true);
        let body = self.number(depth.max(1));
        self.variables.pop();
        if self.random.chance(40) {
            format!("({x} = {}) => tick() ?? {body}", self.literal())
        } else {
            format!("({x}) => {{ tick(); return {body}; }}")
        }
    }
}
