//! What a keystroke costs at the prompt: the text is coloured anew, its brackets matched, a hint is looked for, and (on
//! Enter) the parser says whether it goes on. `cargo bench --bench prompt` prints the median and the slowest of many.

use std::hint::black_box;
use std::time::{Duration, Instant};

use probate::cli::repl::highlight::Painter;
use probate::cli::repl::paste;

const TIMES: usize = 200;
/// What a keystroke in a text of 5,000 characters may take.
const LIMIT: Duration = Duration::from_millis(5);

fn main() {
    let function = "function area(shape) {\n  // of a `shape`\n  return shape.width * shape[\"height\"] + 0.5;\n}\n";
    let program: String = function.chars().cycle().take(5000).collect();
    let line: String = "[1, { a: 'b' }], ".chars().cycle().take(10_000).collect();
    let median = keystroke("5,000 characters", &program);
    keystroke("one line of 10,000", &line);
    keystroke("64 KiB", &function.repeat((64 << 10) / function.len()));
    keystroke("1 MiB", &function.repeat((1 << 20) / function.len()));
    let session: String = function.lines().map(|line| format!("> f({line:?})\nundefined\n")).collect();
    keystroke("a copied session of 64 KiB", &session.repeat((64 << 10) / session.len()));
    assert!(median < LIMIT, "a keystroke takes {median:?}");
}

/// Prints what a keystroke in the text takes, and gives the median of its two parts together.
fn keystroke(what: &str, text: &str) -> Duration {
    let mut text = text.to_string();
    let mut shown = Vec::new();
    let mut checked = Vec::new();
    let painter = Painter::new(true);
    for _ in 0..TIMES {
        text.push('x');
        let start = Instant::now();
        black_box(painter.repaints(&text));
        black_box(painter.paint(&text, Some(text.len())));
        let drawn = Instant::now();
        black_box(paste::goes_on(&text));
        shown.push(drawn - start);
        checked.push(drawn.elapsed());
    }
    let (shown, checked) = (sorted(shown), sorted(checked));
    let median = shown[TIMES / 2] + checked[TIMES / 2];
    println!(
        "{what:>28}: colours {:>8.1?} (slowest {:>8.1?}), parser {:>8.1?} (slowest {:>8.1?})",
        shown[TIMES / 2],
        shown[TIMES - 1],
        checked[TIMES / 2],
        checked[TIMES - 1]
    );
    median
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort();
    times
}
