//! Every block of code marked `js` in README.md and docs/ runs, and prints what its comments
//! `// → …` say, in that order. Where a block says `// ✗ …` it ends with an error that contains these words.
//! docs/library.md has a notation of its own, and `tests/library.rs`.

mod support;

use std::path::{Path, PathBuf};

use support::{Failures, files, probate, read, shown, temporary};

/// A block, and the line on which it starts.
struct Block {
    line: usize,
    code: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            Some(_) if line.trim_start().starts_with("```") => found.extend(open.take()),
            Some(block) => {
                block.code.push_str(line);
                block.code.push('\n');
            }
            None if line.trim() == "```js" => {
                open = Some(Block { line: index + 2, code: String::new() });
            }
            None => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    found
}

/// What stands behind a mark in the lines of a block.
fn marked<'b>(block: &'b Block, mark: &str) -> Vec<&'b str> {
    let behind = |line: &'b str| line.split_once(mark).map(|(_, rest)| rest.trim());
    block.code.lines().filter_map(behind).collect()
}

fn check(file: &Path, block: &Block) -> Option<String> {
    let name = file.file_stem().expect("a name").to_string_lossy();
    let script = temporary(&format!("{name}-{}.pbt", block.line), &block.code);
    let run = probate(&["--gc-stress=verify".as_ref(), script.as_os_str()]);
    let printed: Vec<&str> = run.stdout.lines().map(str::trim).collect();
    let expected = marked(block, "// →");
    if let [error, ..] = marked(block, "// ✗")[..] {
        let refused = run.status != Some(0) && run.stderr.contains(error);
        return (!refused).then(|| format!("    no error with `{error}`: status {:?}\n{}", run.status, run.stderr));
    }
    if run.status != Some(0) || !run.stderr.is_empty() {
        return Some(format!("    status {:?}\n{}", run.status, run.stderr));
    }
    // A block without expectations may print what it likes.
    (!expected.is_empty() && printed != expected)
        .then(|| format!("    expected {expected:#?}\n    printed {printed:#?}"))
}

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = files(&root.join("docs"), "md");
    found.retain(|path| !path.ends_with("library.md"));
    found.push(root.join("README.md"));
    found
}

#[test]
fn every_block_of_code_does_what_it_says() {
    let mut failures = Failures::default();
    for file in documents() {
        for block in blocks(&read(&file)) {
            failures.check(&format!("{}:{}", shown(&file), block.line), check(&file, &block));
        }
    }
    failures.finish("code in documents");
}
