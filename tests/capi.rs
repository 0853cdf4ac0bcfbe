//! The C interface: its header is what its source says, and programs in C do with the shared library what they say, cleanly under valgrind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/capi/probate.h");

/// What stands at the end of the header: what is no declaration of Rust's.
const INLINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/capi/inline.h");

const HEAD: &str = "\
/*
 * Probate's C interface. Made from src/capi by tests/capi.rs.
 *
 * A function that fails returns PBT_NONE, false, NULL or 0, and the context keeps why: see pbt_error_kind. NULL where
 * something is needed, and a handle that is not open, are errors. What a caller has to see to:
 *
 * - A context is used by one thread at a time, and not at all once it is freed. pbt_interrupt may be called by any thread.
 * - Pointers are good for what the function says: a text of so many bytes or up to its NUL, an array of so many handles.
 * - Function pointers are good as long as what they were given to. They return: no longjmp, no C++ exception.
 * - A foreign object lives as long as its count is above zero, and nobody takes off more counts than they have.
 */";

fn generated() -> String {
    let mut config = cbindgen::Config { language: cbindgen::Language::C, cpp_compat: true, ..Default::default() };
    config.header = Some(HEAD.to_string());
    config.include_guard = Some("PROBATE_H".to_string());
    config.usize_is_size_t = true;
    // Its type, which comes before it, speaks of it.
    config.after_includes = Some("\nstruct PbtForeign;".to_string());
    config.documentation_style = cbindgen::DocumentationStyle::Cxx;
    config.line_length = 120;
    config.sort_by = cbindgen::SortKey::None;
    config.enumeration.rename_variants = cbindgen::RenameRule::QualifiedScreamingSnakeCase;
    let inline = std::fs::read_to_string(INLINE).expect("inline.h");
    config.trailer = Some(inline.trim_end().to_string());
    let source = Path::new(ROOT).join("src/capi/mod.rs");
    let builder = cbindgen::Builder::new().with_config(config).with_src(source);
    let mut text = Vec::new();
    builder.generate().expect("bindings").write(&mut text);
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn the_header_is_what_the_source_says() {
    let generated = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(HEADER, &generated).expect("the header is written");
    }
    let committed = std::fs::read_to_string(HEADER).unwrap_or_default();
    assert!(
        committed == generated,
        "src/capi/probate.h is not what src/capi says: UPDATE_HEADER=1 cargo test --test capi"
    );
}

fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: there is no {tool} here");
    }
    found
}

fn work() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn succeeded(what: &str, output: &Output) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n{out}\n{err}", output.status);
}

/// The folder of the shared library.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = work().join("target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(ROOT).args(["rustc", "--lib", "--features", "capi", "--no-default-features"]);
    cargo.args(["--crate-type", "cdylib", "--target-dir"]).arg(&target);
    succeeded("the library is built", &cargo.output().expect("cargo"));
    target.join("debug")
});

/// Builds and runs a program, and answers what it wrote.
fn run(name: &str) -> Option<String> {
    if !has("cc") {
        return None;
    }
    let library = &*LIBRARY;
    let program = work().join(name);
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-pthread", "-I"]).arg(Path::new(ROOT).join("src/capi"));
    cc.arg(Path::new(ROOT).join("tests/capi").join(format!("{name}.c"))).arg("-o").arg(&program);
    cc.arg("-L").arg(library).arg("-lprobate");
    succeeded("the program is compiled", &cc.output().expect("cc"));
    let output = Command::new(&program).env("LD_LIBRARY_PATH", library).output().expect("the program");
    succeeded(name, &output);
    let written = String::from_utf8(output.stdout).expect("UTF-8");
    if has("valgrind") {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible"]);
        valgrind.args(["--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=9"]).arg(&program);
        let output = valgrind.env("LD_LIBRARY_PATH", library).output().expect("valgrind");
        succeeded(&format!("{name} under valgrind"), &output);
        assert_eq!(String::from_utf8_lossy(&output.stdout), written);
    }
    Some(written)
}

#[test]
fn everything_in_small_steps() {
    if let Some(written) = run("everything") {
        assert_eq!(written, "everything: done\n");
    }
}

#[test]
fn links() {
    if let Some(written) = run("links") {
        assert_eq!(written, "links: done\n");
    }
}

#[test]
fn ten_lines() {
    let guide = std::fs::read_to_string(Path::new(ROOT).join("docs/embedding.md")).expect("the guide");
    let program = std::fs::read_to_string(Path::new(ROOT).join("tests/capi/ten_lines.c")).expect("the program");
    assert!(guide.contains(&program), "docs/embedding.md shows another program than tests/capi/ten_lines.c");
    if let Some(written) = run("ten_lines") {
        assert_eq!(written, "Hello from C, 3 times\n");
    }
}
