//! The attack corpus: the scripts of `tests/limits`, and those whose text is too large to keep. Who runs them, and what is asked of each, is the tests' own.
//!
//! The head of a script says how it is run and what is expected: `// options:`, `// status:`, `// says:`.

use std::path::Path;

use super::{files, read, tests_folder};

pub struct Attack {
    pub name: String,
    pub what: String,
    pub options: Vec<String>,
    pub status: i32,
    pub says: String,
    pub source: String,
}

/// All of them.
pub fn attacks() -> Vec<Attack> {
    kept().into_iter().chain(generated()).collect()
}

/// The value of a line `// key: value` at the head of a script.
fn head<'s>(source: &'s str, key: &str) -> &'s str {
    let lines = source.lines().take_while(|line| line.starts_with("//"));
    lines.filter_map(|line| line.strip_prefix("// ")?.strip_prefix(key)?.strip_prefix(": ")).next().unwrap_or("")
}

fn kept() -> Vec<Attack> {
    let attack = |path: &Path| {
        let source = read(path);
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Attack {
            what: source.lines().next().unwrap_or("").trim_start_matches("// ").to_string(),
            options: head(&source, "options").split_whitespace().map(str::to_string).collect(),
            status: head(&source, "status").parse().unwrap_or_else(|error| panic!("{name}: status: {error}")),
            says: head(&source, "says").to_string(),
            name,
            source,
        }
    };
    files(&tests_folder().join("limits"), "pbt").iter().map(|path| attack(path)).collect()
}

/// Scripts whose text is the attack.
fn generated() -> Vec<Attack> {
    let attack = |name: &str, what: &str, options: &str, status: i32, says: &str, source: String| Attack {
        name: name.to_string(),
        what: what.to_string(),
        options: options.split_whitespace().map(str::to_string).collect(),
        status,
        says: says.to_string(),
        source,
    };
    let numbered = |count: u32, part: &dyn Fn(u32) -> String| (0..count).map(part).collect::<String>();
    vec![
        attack(
            "source-nested-arrays",
            "A million brackets.",
            "",
            65,
            "nested too deeply",
            "[".repeat(1_000_000) + &"]".repeat(1_000_000),
        ),
        attack(
            "source-nested-open",
            "A million brackets that nobody closes.",
            "",
            65,
            "nested too deeply",
            "(".repeat(1_000_000),
        ),
        attack("source-nested-blocks", "A million blocks.", "", 65, "nested too deeply", "{".repeat(1_000_000)),
        attack(
            "source-nested-templates",
            "Templates in templates.",
            "",
            65,
            "nested too deeply",
            "`${".repeat(200_000),
        ),
        attack(
            "source-unary",
            "A hundred thousand signs in front of a number.",
            "",
            65,
            "nested too deeply",
            "- ".repeat(100_000) + "1",
        ),
        attack("source-arrows", "Functions in functions.", "", 65, "nested too deeply", "() => ".repeat(100_000) + "1"),
        attack("source-long-sum", "A sum of 300,000 numbers.", "", 0, "", "1".to_string() + &" + 1".repeat(300_000)),
        attack(
            "source-long-name",
            "A name of ten megabytes.",
            "",
            0,
            "",
            format!("const {0} = 1; {0};", "x".repeat(10_000_000)),
        ),
        attack(
            "source-long-number",
            "A number of a million digits.",
            "",
            0,
            "",
            format!("const x = 0.{};", "1".repeat(1_000_000)),
        ),
        attack(
            "source-comments",
            "Fifty megabytes of comments.",
            "",
            0,
            "",
            "// nothing to see here, move along\n".repeat(1_500_000),
        ),
        attack("source-errors", "A hundred thousand mistakes.", "", 65, "errors", "let = ;\n".repeat(100_000)),
        attack(
            "source-many-variables",
            "Variables without end in one function.",
            "",
            65,
            "error",
            format!("function f() {{ {} }}", numbered(100_000, &|n| format!("let v{n} = {n};"))),
        ),
        attack(
            "source-switch",
            "A switch with 20,000 cases.",
            "--fuel=1000000",
            75,
            "fuel limit of 1,000,000 reached",
            format!(
                "for (let i = 0; ; i += 1) {{ switch (i) {{ {} }} }}",
                numbered(20_000, &|n| format!("case {n}: break;"))
            ),
        ),
        attack(
            "source-literal-keys",
            "A literal with 10,000 keys: a dictionary, not a shape a key.",
            "--max-memory=64M",
            0,
            "",
            format!("const o = {{ {} }};", numbered(10_000, &|n| format!("k{n}: {n},"))),
        ),
        attack(
            "source-private-names",
            "A class with 5,000 private fields, instances without end.",
            "--max-memory=64M",
            76,
            "memory limit of 64 MiB reached",
            format!(
                "class A {{ {} }}\nconst all = []; for (;;) {{ all.push(new A()); }}",
                numbered(5_000, &|n| format!("#p{n} = {n};"))
            ),
        ),
        attack(
            "source-frames",
            "A function with many variables that calls itself.",
            "--max-memory=64M",
            76,
            "memory limit of 64 MiB reached",
            format!("function f() {{ {} return f() + 1; }} f();", numbered(8_000, &|n| format!("let v{n} = {n};"))),
        ),
        attack(
            "source-scopes",
            "A recursion through 900 blocks, deeper than there is memory for.",
            "--max-memory=256M --max-depth=1000000",
            76,
            "memory limit of 256 MiB reached",
            format!(
                "function f() {{ {} f(); {} }} f();",
                numbered(900, &|n| format!("{{ const o{n} = {{}};")),
                "}".repeat(900)
            ),
        ),
    ]
}
