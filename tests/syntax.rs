//! The front end through its public interface.

use probate::syntax::ast::{Expr, ExprKind, Program, StmtKind};
use probate::syntax::{Diagnostic, ParseOptions, codes, dump_ast, is_incomplete, parse, position, tokens};
use proptest::prelude::*;

fn parse_default(source: &str) -> Result<Program, Vec<Diagnostic>> {
    parse(source, &ParseOptions::default())
}

fn accept(source: &str) -> Program {
    parse_default(source).unwrap_or_else(|errors| panic!("{source:?}: {errors:?}"))
}

fn errors(source: &str) -> Vec<Diagnostic> {
    match parse_default(source) {
        Ok(program) => panic!("accepted {source:?}:\n{}", dump_ast(&program)),
        Err(errors) => errors,
    }
}

/// The codes of the errors, in order.
fn error_codes(source: &str) -> Vec<&'static str> {
    errors(source).into_iter().map(|error| error.code).collect()
}

/// The dump on one line.
fn tree(source: &str) -> String {
    let lines = dump_ast(&accept(source));
    let words: Vec<&str> = lines.lines().map(str::trim).collect();
    words.join(" ")
}

/// Source and errors together, with the text under each caret.
fn report(source: &str) -> String {
    let mut out = format!("{source}\n");
    for error in errors(source) {
        let at = position(source, error.span.start);
        let under = &source[error.span.start as usize..error.span.end as usize];
        out += &format!("\n{}:{} {} {} «{under}»", at.line, at.column, error.code, error.message);
        if !error.label.is_empty() {
            out += &format!("\n  label: {}", error.label);
        }
        if let Some(help) = &error.help {
            out += &format!("\n  help: {help}");
        }
    }
    out
}

/// Two texts with one tree.
fn same(left: &str, right: &str) {
    assert_eq!(dump_ast(&accept(left)), dump_ast(&accept(right)), "{left:?} and {right:?}");
}

#[test]
fn newlines_end_statements_where_javascript_does() {
    for (source, explicit) in [
        ("a\nb", "a; b;"),
        ("a\n+ b", "a + b;"),
        ("a\n.b\n?.c", "a.b?.c;"),
        ("a\n/ b", "a / b;"),
        ("a\n++b", "a; ++b;"),
        ("a\n--\nb", "a; --b;"),
        ("i++\n(b)", "i++; (b);"),
        ("i++\n[b]", "i++; [b];"),
        ("i++\n+ b", "i++ + b;"),
        ("let f = () => {}\n(b)", "let f = () => {}; (b);"),
        ("let f = () => {}\n+b", "let f = () => {}; +b;"),
        ("let a\n(b)", "let a; (b);"),
        ("let a\n= b", "let a = b;"),
        ("const f = function () {}\nb", "const f = function () {}; b;"),
        ("function f() {}\n(b)", "function f() {} (b);"),
        ("if (a) b\nelse c", "if (a) b; else c;"),
        ("if (a) {}\n(b)", "if (a) {} (b);"),
        ("while (a) {}\n[b]", "while (a) {} [b];"),
        ("do a\nwhile (b)\nc", "do a; while (b); c;"),
        ("do a; while (b) c", "do a; while (b); c;"),
        ("do while (a) b\nwhile (c)", "do while (a) b; while (c);"),
        ("do if (a) b\nelse c\nwhile (d)", "do if (a) b; else c; while (d);"),
        ("function f() { return }", "function f() { return; }"),
        ("function f() { return\n}", "function f() { return; }"),
        ("function f() { return\nlet a = 1 }", "function f() { return; let a = 1; }"),
        ("a: for (;;) { break\na }", "a: for (;;) { break; a; }"),
        ("a: for (;;) { continue a\n}", "a: for (;;) { continue a; }"),
        ("(a\n(b)\n[c])", "(a(b)[c]);"),
        ("f(a\n,\nb)", "f(a, b);"),
        ("x = {a: 1\n,\nb}", "x = {a: 1, b};"),
        ("`${a\n(b)}`", "`${a(b)}`;"),
        ("a ? b\n: c", "a ? b : c;"),
        ("a\n/* \n */ b", "a; b;"),
        ("a /* \n */ b", "a; b;"),
        ("a // x\nb", "a; b;"),
        ("a\u{2028}b", "a; b;"),
        ("switch (a) { case 1\n: b\ncase 2: c }", "switch (a) { case 1: b; case 2: c; }"),
        ("class A {\n x\n y = 1\n #z\n in\n f() {}\n}", "class A { x; y = 1; #z; in; f() {} }"),
        ("class A {\n get\n = 1\n static\n x\n}", "class A { get = 1; static x; }"),
        ("class A {\n x\n [b]\n}", "class A { x; [b]; }"),
        ("class A\n{}\n(b)", "class A {} (b);"),
        ("throw a\nb", "throw a; b;"),
    ] {
        same(source, explicit);
    }
}

#[test]
fn lines_that_continue_by_surprise_are_refused() {
    for source in ["a\n(b)", "a\n[b]", "a\n`b`", "f()\n(b)", "x = 1\n[b].c()", "x => y\n(z)", "class A { x = 1\n[b] }"]
    {
        assert_eq!(error_codes(source), [codes::LINE_HAZARD], "{source:?}");
    }
    for source in ["function f() { return\na }", "function f() { return\n(a) }", "throw\na"] {
        assert_eq!(error_codes(source), [codes::SPLIT_RETURN], "{source:?}");
    }
    assert_eq!(error_codes("x = (a)\n=> a"), [codes::ARROW_NEWLINE]);
}

#[test]
fn leading_braces() {
    for source in [
        "{}",
        "{\"a\": 1}",
        "{'a': 1}",
        "{a: 1}",
        "{if: 1}",
        "{1: 2}",
        "{...a}",
        "{a: 1}.a",
        "{\n\"a\"\n:\n1}",
        "1;{a: 1}",
        "{a: {b: 1}}",
        "function f() { {a: 1} }",
    ] {
        assert!(tree(source).contains("(object"), "{source:?}: {}", tree(source));
    }
    for source in [
        "{a}",
        "{;}",
        "{let a = 1}",
        "{f()}",
        "{[a]}",
        "{f() \n {}}",
        "{{}}",
        "if (a) {}",
        "while (a) {b}",
        "x => {}",
        "try {} catch {}",
        "for (;;) {}",
        "l: for (;;) {}",
        "do {} while (a)",
        "if (a) {} else {}",
    ] {
        let tree = tree(source);
        assert!(tree.contains("(block") || tree.contains("(body"), "{source:?}: {tree}");
    }
    assert_eq!(error_codes("{a, b}"), [codes::COMMA]);
    assert!(errors("{a, b}")[0].help.as_deref().unwrap_or("").contains("({a, b})"));
    assert_eq!(error_codes("{a: for (;;) {}}"), [codes::BLOCK_LABEL]);
    assert_eq!(error_codes("f: {}"), [codes::LABEL]);
}

fn only_expression(source: &str) -> Expr {
    let mut program = accept(source);
    match program.body.pop().map(|statement| statement.kind) {
        Some(StmtKind::Expr(value)) => value,
        other => panic!("{source:?}: {other:?}"),
    }
}

#[test]
fn numbers() {
    for (source, expected) in [
        ("0", 0.0),
        ("1_000", 1000.0),
        ("1.5e-3", 1.5e-3),
        (".5", 0.5),
        ("5.", 5.0),
        ("0xFf", 255.0),
        ("0o17", 15.0),
        ("0b1_01", 5.0),
        ("1e400", f64::INFINITY),
        ("9007199254740992", 9007199254740992.0),
        ("-9007199254740992", -9007199254740992.0),
        ("9007199254740993.0", 9007199254740992.0),
        ("9007199254740993e0", 9007199254740992.0),
        ("9223372036854775808", 9223372036854775808.0),
        ("-9223372036854775809", -9223372036854775808.0),
        ("0x20000000000000", 9007199254740992.0),
        ("0x10000000000000000000", 75557863725914323419136.0),
        // Halfway, and a bit beyond: rounds to even, and up.
        ("0x100000000000008000000000", 4951760157141521116832366592.0),
        ("0x100000000000008000000001", 4951760157141521116832366592.0 + 549755813888.0 * 2.0),
        ("-5", -5.0),
        ("- 5", -5.0),
    ] {
        match only_expression(source).kind {
            ExprKind::Number(found) => {
                assert_eq!(found.to_bits(), expected.to_bits(), "{source}: {found}")
            }
            other => panic!("{source}: {other:?}"),
        }
    }
    for (source, expected) in [
        ("9007199254740993", 9007199254740993),
        ("-9007199254740993", -9007199254740993),
        ("- 9007199254740993", -9007199254740993),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("-0x8000000000000000", i64::MIN),
        ("0x20000000000001", 9007199254740993),
        ("9_007_199_254_740_993", 9007199254740993),
    ] {
        match only_expression(source).kind {
            ExprKind::Exact(found) => assert_eq!(found, expected, "{source}"),
            other => panic!("{source}: {other:?}"),
        }
    }
    assert_eq!(tree("-0"), "(program (expression (number -0)))");
    assert_eq!(tree("-(9223372036854775808)"), "(program (expression (- (paren (number 9223372036854776000)))))");
    assert_eq!(tree("- -1"), "(program (expression (- (number -1))))");
    assert_eq!(tree("({9007199254740993: 1, 0x10: 2, 1.50: 3, 1e21: 4})").matches("key").count(), 4);
    assert!(tree("({9007199254740993: 1})").contains("\"9007199254740993\""));
    assert!(tree("({1e21: 1, 0x10: 2})").contains("(key \"1e+21\" (number 1)) (key \"16\""));
    for source in ["1__0", "1_", "0x", "0xG", "1e", "1e+", "3px", "0b12", "1._5", "3in", "0o8"] {
        assert_eq!(error_codes(source)[0], codes::BAD_NUMBER, "{source}");
    }
    for source in ["017", "0_1", "08", "00", "09.5"] {
        assert_eq!(error_codes(source)[0], codes::LEGACY_OCTAL, "{source}");
    }
    assert_eq!(error_codes("1n"), [codes::BIG_INT]);
}

#[test]
fn strings_and_templates() {
    for (source, expected) in [
        (r#""a\n\t\b\f\r\v\0\\\/\"""#, "a\n\t\u{8}\u{c}\r\u{b}\0\\/\""),
        (r#"'\x41\u0042\u{1F600}'"#, "AB\u{1F600}"),
        (r#""\ud83d\ude00""#, "\u{1F600}"),
        ("\"a\\\nb\\\r\nc\"", "abc"),
        ("\"\u{2028}\u{2029}\"", "\u{2028}\u{2029}"),
        (r#""\q\'""#, "q'"),
        ("\"é😀\"", "é😀"),
        (r#""use strict""#, "use strict"),
    ] {
        match only_expression(source).kind {
            ExprKind::String(found) => assert_eq!(&*found, expected, "{source}"),
            other => panic!("{source}: {other:?}"),
        }
    }
    assert_eq!(tree("`a\r\nb${c}\\``"), "(program (expression (template (text \"a\\nb\") (name c) (text \"`\"))))");
    assert_eq!(
        tree("`${{a: `${b}`}}`"),
        "(program (expression (template (text \"\") (object (key \"a\" (template (text \"\") (name b) (text \"\")))) (text \"\"))))"
    );
    for (source, code) in [
        (r#""\ud800""#, codes::LONE_SURROGATE),
        (r#""\udc00""#, codes::LONE_SURROGATE),
        (r#""\ud800\u0041""#, codes::LONE_SURROGATE),
        (r#""\u12""#, codes::BAD_ESCAPE),
        (r#""\u{110000}""#, codes::BAD_ESCAPE),
        (r#""\x4""#, codes::BAD_ESCAPE),
        (r#""\1""#, codes::LEGACY_OCTAL),
        (r#""\08""#, codes::LEGACY_OCTAL),
        ("`\\1`", codes::LEGACY_OCTAL),
        ("\"a\nb\"", codes::UNTERMINATED_STRING),
        ("`a", codes::UNTERMINATED_TEMPLATE),
        ("`a${b", codes::UNEXPECTED_END),
    ] {
        assert_eq!(error_codes(source)[0], code, "{source:?}");
    }
}

#[test]
fn operators_form_flat_spines_by_precedence() {
    assert_eq!(
        tree("a + b * c - d"),
        "(program (expression (binary (name a) (+ (binary (name b) (* (name c)))) (- (name d)))))"
    );
    assert_eq!(
        tree("a ** b ** c * d"),
        "(program (expression (binary (binary (name a) (** (binary (name b) (** (name c))))) (* (name d)))))"
    );
    assert_eq!(
        tree("a || b && c || d"),
        "(program (expression (logical (name a) (|| (logical (name b) (&& (name c)))) (|| (name d)))))"
    );
    assert_eq!(
        tree("a.b[c](d)?.e"),
        "(program (expression (chain (name a) (.b) (index (name c)) (call (name d)) (?.e))))"
    );
    assert_eq!(tree("(a.b).c"), "(program (expression (chain (paren (chain (name a) (.b))) (.c))))");
    assert_eq!(
        tree("if (a) b; else if (c) d; else e"),
        "(program (if (arm (name a) (expression (name b))) (arm (name c) (expression (name d))) (else (expression (name e)))))"
    );
    assert_eq!(tree("a: b: for (;;) ;"), "(program (for a: b: (test) (update) (empty)))");
}

#[test]
fn spans_cover_exactly_their_text() {
    for text in [
        "a",
        "a.b(c)",
        "x => y",
        "(x, y) => { z }",
        "(a)",
        "-1",
        "- a",
        "a ? b : c",
        "new A",
        "new A.B(c)",
        "`x${1}y`",
        "a++",
        "--a",
        "delete a.b",
        "a = b",
        "a || b && c",
        "a + b * c",
        "[a, [b]]",
        "{a: b}",
        "a?.[b]",
        "(class A { b() {} })",
        "(function () {})",
    ] {
        for (before, after) in [("", ""), (" /* é */ ", " // x"), ("\n", " ;")] {
            let source = format!("{before}{text}{after}");
            let span = only_expression(&source).span;
            assert_eq!(&source[span.start as usize..span.end as usize], text, "{source:?}");
        }
    }
    let source = "a?.b[c](d).#e";
    let ExprKind::Chain { links, .. } = only_expression(source).kind else { panic!("a chain") };
    let parts: Vec<&str> = links.iter().map(|link| &source[link.span.start as usize..link.span.end as usize]).collect();
    assert_eq!(parts, ["?.b", "[c]", "(d)", ".#e"]);
    for source in
        ["let a = 1;", "if (a) b; else c", "l: for (;;) {}", "do a; while (b)", "function f() {}", "class A {}"]
    {
        let span = accept(source).body[0].span;
        assert_eq!(&source[span.start as usize..span.end as usize], source);
    }
}

#[test]
fn json_texts_are_programs() {
    for source in [
        "null",
        " true ",
        "-0",
        "-1.5E+3",
        "[]",
        "{}",
        "\"\"",
        "[1,\n[2],\n{\"a\":\n[]}]",
        "{\"__proto__\": 1}",
        "{\"a\": 1, \"a\": 2}",
        "\t\n{\r\n\"\\u00e9\\/\" : [ null ] }\n",
    ] {
        accept(source);
    }
    let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    accept(&deep);
    assert_eq!(error_codes(&format!("[{deep}]")), [codes::TOO_DEEP]);
}

/// Runs on a stack of 1 MB.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).expect("a thread");
    thread.join().expect("no panic");
}

#[test]
fn deep_nesting_is_one_clean_error() {
    on_a_small_stack(|| {
        for part in [
            "[",
            "(",
            "!",
            "- ",
            "a=",
            "x=>",
            "1?2:",
            "1?",
            "2**",
            "`${",
            "{",
            "{a:",
            "f(",
            "a[",
            "new ",
            "typeof ",
            "if(1)",
            "while(1)",
            "for(;;)",
            "do ",
            "a:",
            "function f(){",
            "()=>{",
            "class A{x=",
            "class extends ",
            "[...",
            "try{",
            "switch(1){case 1:",
            "if(1){}else{",
            "++",
            "delete ",
            "({a(){",
            "(a=",
            "async(",
            "x=[",
            "({a:",
        ] {
            for count in [1001, 100_000] {
                assert_eq!(error_codes(&part.repeat(count)), [codes::TOO_DEEP], "{part:?}");
            }
        }
    });
}

#[test]
fn what_is_as_deep_as_allowed_parses_and_dumps() {
    on_a_small_stack(|| {
        for (open, middle, close) in [
            ("[", "", "]"),
            ("(", "1", ")"),
            ("! ", "a", ""),
            ("a=", "1", ""),
            ("x=>", "1", ""),
            ("1?2:", "3", ""),
            ("2**", "2", ""),
            ("`${", "1", "}`"),
            ("{a:", "1", "}"),
            ("f(", "", ")"),
            ("{;", "", "}"),
            ("function f(){", "", "}"),
        ] {
            let source = format!("{}{middle}{}", open.repeat(999), close.repeat(999));
            let program = accept(&source);
            assert!(dump_ast(&program).len() > 999);
        }
        accept(&format!("{}a{} = b", "[".repeat(998), "]".repeat(998)));
        accept(&format!("{}1{}", "class A { static { ".repeat(400), "}}".repeat(400)));
    });
}

#[test]
fn what_is_flat_may_be_long() {
    on_a_small_stack(|| {
        for part in ["a.b+", "a&&", "a??", "a\n", ";", "a=1,", "if(a)b;else "] {
            let start = if part == "a=1," { "let " } else { "" };
            accept(&format!("{start}{}c", part.repeat(20_000)));
        }
        accept(&format!("a{}", ".b".repeat(20_000)));
        accept(&format!("a{}", "()".repeat(20_000)));
    });
}

#[test]
fn the_limit_is_an_option() {
    let options = ParseOptions { max_depth: 3, ..ParseOptions::default() };
    assert!(parse("[[[1]]]", &options).is_ok());
    assert!(parse("[[[[]]]]", &options).is_err());
    assert!(parse("a + b * c", &options).is_ok());
}

#[test]
fn incomplete_texts_are_told_apart() {
    for source in [
        "(",
        "f(1,",
        "[1",
        "{\"a\": [",
        "a +",
        "if (a)",
        "function f() {",
        "`a",
        "/* a",
        "x = ",
        "class A {",
        "a ? b :",
    ] {
        assert!(is_incomplete(&errors(source)), "{source:?}: {:?}", errors(source));
    }
    for source in ["a b", "(]", "\"a", "var x = (", "1 +* 2"] {
        assert!(!is_incomplete(&errors(source)), "{source:?}: {:?}", errors(source));
    }
}

#[test]
fn several_errors_in_one_run() {
    assert_eq!(
        error_codes("var a = 1\na == b\nlet c d\nx = [1, , 2]\nif (a b) c\nlet e = 017"),
        [codes::VAR, codes::LOOSE_EQUALITY, codes::UNEXPECTED, codes::UNEXPECTED, codes::LEGACY_OCTAL,]
    );
    assert_eq!(errors(&"var a\n".repeat(300)).len(), 100, "looking for more would only take time");
    assert_eq!(error_codes("function f() { a b }\nvar x"), [codes::UNEXPECTED, codes::VAR]);
    assert_eq!(error_codes("class A { x = 1 y = 2 }\nvar x"), [codes::UNEXPECTED, codes::VAR]);
}

#[test]
fn tokens_as_text() {
    insta::assert_snapshot!(tokens("let {a} = `x${1}y`\nfor (const b of c) d\ne.if"));
}

#[test]
fn a_tree_as_text() {
    insta::assert_snapshot!(dump_ast(&accept(
        "const {a, b: [c = 1, , ...d], ...e} = f\n\
         class A extends B { #x = 1; static y() { return #x in this } constructor(a, ...b) { super(a) } }\n\
         for (let i = 0, j = 1; i < 3; i++, j--) { if (a) continue; else break }\n\
         x ??= a?.[b]?.(...c) ?? `t${-1}`\n\
         try { throw new E } catch ({message}) {} finally {}\n\
         switch (a) { case 1: default: }"
    )));
}

#[test]
fn every_code_is_explained() {
    let mut seen = std::collections::HashSet::new();
    for entry in codes::all() {
        assert!(seen.insert(entry.code), "{} twice", entry.code);
        assert!(entry.code.len() == 5 && entry.code.starts_with("E0"), "{}", entry.code);
        assert!(!entry.title.is_empty() && !entry.explanation.is_empty(), "{}", entry.code);
        assert_eq!(codes::explain(&entry.code.to_lowercase()), Some(entry.explanation));
    }
    assert_eq!(codes::explain("E9999"), None);
}

#[test]
fn refusals_and_errors_in_words() {
    insta::glob!("syntax/*.txt", |path| {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let reports: Vec<String> = text.split("\n---\n").map(|source| report(source.trim_end_matches('\n'))).collect();
        insta::assert_snapshot!(reports.join("\n\n----------------\n"));
    });
}

// ---- Properties ----

/// A JSON text.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
        json_string(),
    ];
    let blank = prop_oneof![Just(""), Just(" "), Just("\n"), Just("\r\n\t")];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let pair = (json_string(), inner.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
        prop_oneof![
            (prop::collection::vec(inner, 0..6), blank.clone())
                .prop_map(|(items, blank)| format!("[{blank}{}{blank}]", items.join(&format!("{blank},")))),
            (prop::collection::vec(pair, 0..6), blank.clone())
                .prop_map(|(items, blank)| format!("{blank}{{{blank}{}{blank}}}", items.join(&format!(",{blank}")))),
        ]
    })
}

fn json_string() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            any::<char>().prop_map(|c| match c {
                '"' | '\\' => format!("\\{c}"),
                c if (c as u32) < 0x20 => format!("\\u{:04x}", c as u32),
                c => c.to_string(),
            }),
            Just("\\/".to_owned()),
            Just("\\ud83d\\ude00".to_owned()),
            Just("__proto__".to_owned()),
        ],
        0..6,
    )
    .prop_map(|parts| format!("\"{}\"", parts.concat()))
}

const WORDS: &[&str] = &[
    "“a”",
    "–",
    "'x",
    "not",
    "and",
    "number",
    "a",
    "b",
    "of",
    "get",
    "static",
    "async",
    "if",
    "else",
    "while",
    "do",
    "for",
    "let",
    "const",
    "var",
    "function",
    "class",
    "extends",
    "new",
    "this",
    "super",
    "return",
    "break",
    "continue",
    "throw",
    "try",
    "catch",
    "finally",
    "switch",
    "case",
    "default",
    "typeof",
    "delete",
    "in",
    "instanceof",
    "void",
    "import",
    "export",
    "yield",
    "await",
    "enum",
    "with",
    "null",
    "1",
    "0x",
    "017",
    "9007199254740993",
    "\"s\"",
    "\"",
    "'",
    "`",
    "`${",
    "}`",
    "#x",
    "#",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ".",
    "?.",
    "...",
    ";",
    ",",
    ":",
    "?",
    "=>",
    "=",
    "==",
    "===",
    "+",
    "-",
    "++",
    "--",
    "!",
    "~",
    "*",
    "**",
    "/",
    "/=",
    "&&",
    "||",
    "??",
    "+=",
    "??=",
    "<!--",
    "//",
    "/*",
    "*/",
    "\\",
    "\\u0061",
    "\n",
    "\n",
    "\u{2028}",
    "\u{FEFF}",
    "é",
    "“",
    "@",
    "eval",
    "arguments",
    "prototype",
    "__proto__",
    "constructor",
    "Object.create",
    "\r",
    "\0",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_json_parses(source in json()) {
        let program = parse_default(&source);
        prop_assert!(program.is_ok(), "{source:?}: {program:?}");
    }

    #[test]
    fn token_soup_never_panics(words in prop::collection::vec(prop::sample::select(WORDS), 0..60), glue in prop::sample::select(&["", " "][..])) {
        let source = words.join(glue);
        let _ = tokens(&source);
        match parse_default(&source) {
            Ok(program) => drop(dump_ast(&program)),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(error.span.start <= error.span.end && error.span.end as usize <= source.len());
                    prop_assert!(source.is_char_boundary(error.span.start as usize), "{source:?} {error:?}");
                    prop_assert!(source.is_char_boundary(error.span.end as usize), "{source:?} {error:?}");
                    prop_assert!(codes::explain(error.code).is_some());
                    check_edits(&source, &error)?;
                }
            }
        }
    }

    #[test]
    fn any_text_never_panics(source in any::<String>()) {
        for error in parse_default(&source).err().into_iter().flatten() {
            check_edits(&source, &error)?;
        }
    }
}

/// The edits of a fix stand in the text, one behind the other.
fn check_edits(source: &str, error: &Diagnostic) -> Result<(), TestCaseError> {
    let mut at = 0;
    for edit in error.fix.iter().flat_map(|fix| &fix.edits) {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        prop_assert!(at <= start && start <= end, "{source:?} {error:?}");
        prop_assert!(source.get(start..end).is_some(), "{source:?} {error:?}");
        at = end;
    }
    Ok(())
}
