//! The command line of `probate test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::cli::options::{Color, bytes, time};

const EXAMPLES: &str = "\
Examples:
  probate test                     run every *.pbt file below this folder
  probate test --update orders/    record what the scripts there do now
  probate test -f report -f total  run those with one of the words in their path

A script is compared with NAME.snap beside NAME.pbt, with comments such as `// expect: 42` in it,
or with both. Its first comments say how it is run: `// test: args=--top 10`, `// test: trace=life`.

Exit status: 0 all passed, 1 some did not, 2 wrong usage, 66 no test found or a path unreadable.";

/// Runs scripts and compares what they do with what was recorded
#[derive(Debug, Parser)]
#[command(
    name = "test",
    bin_name = "probate test",
    about = "Run scripts, and compare what they do with snapshots and with the expectations in them",
    override_usage = "probate test [OPTIONS] [DIR|FILE]...",
    after_help = EXAMPLES,
    term_width = 100
)]
pub struct TestOptions {
    /// Folders to look for *.pbt in, and single scripts (this folder)
    #[arg(value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,

    /// Write snapshots anew, delete those without a script
    #[arg(short, long)]
    pub update: bool,

    /// Only tests with TEXT in their path; given again, or with this one
    #[arg(short, long, value_name = "TEXT")]
    pub filter: Vec<String>,

    /// Name the tests, run none
    #[arg(short, long)]
    pub list: bool,

    /// Stop at the first that fails
    #[arg(long)]
    pub fail_fast: bool,

    /// Name what fails without details, and say nothing else
    #[arg(short, long)]
    pub quiet: bool,

    /// Run N at the same time (as many as there are processors)
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Run each a second time under --gc-stress=verify
    #[arg(long)]
    pub stress: bool,

    /// Limit the bytes of live values of each script; K, M or G may follow
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub max_memory: Option<u64>,

    /// End a script that runs longer, such as 500ms, 2s or 1m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub timeout: Duration,

    /// Colours in the report; auto obeys NO_COLOR
    #[arg(
        long,
        value_name = "auto|always|never",
        hide_possible_values = true,
        default_value = "auto",
        hide_default_value = true
    )]
    pub color: Color,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_a_screen() {
        use clap::CommandFactory as _;
        TestOptions::command().debug_assert();
        let help = TestOptions::command().render_help().to_string();
        assert!(help.lines().count() <= 48, "{help}");
        insta::assert_snapshot!(help);
    }
}
