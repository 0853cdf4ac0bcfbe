//! `--stats`: the heap at the end of the program, before its last scope is popped.

use std::fmt::Write as _;

use super::options::StatsFormat;
use crate::embed::Stats;

/// The sums as text for people, or as one line of JSON.
pub fn text(stats: &Stats, format: StatsFormat) -> String {
    match format {
        StatsFormat::Text => lines(stats),
        StatsFormat::Json => json(stats),
    }
}

/// What each number is called, but for those by kind.
fn sums(stats: &Stats) -> [(&'static str, u64); 4] {
    [("bytes", stats.bytes), ("scopes", stats.scopes), ("probationary", stats.probationary), ("freed", stats.freed)]
}

fn lines(stats: &Stats) -> String {
    let mut text = String::new();
    let kinds: Vec<String> =
        stats.live.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{kind} {count}")).collect();
    let _ = writeln!(text, "live          {}", if kinds.is_empty() { "nothing".to_string() } else { kinds.join(", ") });
    for (name, sum) in sums(stats) {
        let _ = writeln!(text, "{name:<13} {sum}");
    }
    text
}

fn json(stats: &Stats) -> String {
    let kinds: Vec<String> = stats.live.iter().map(|(kind, count)| format!("\"{kind}\":{count}")).collect();
    let sums: Vec<String> = sums(stats).iter().map(|(name, sum)| format!("\"{name}\":{sum}")).collect();
    format!("{{\"live\":{{{}}},{}}}\n", kinds.join(","), sums.join(","))
}
