//! What can be said on the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::grants::{self, Grants, Need, Place, WITHOUT_VALUE};
use super::repl::editor::Keys;
use super::source::reason;
use crate::embed::Format;
use crate::events::Preset;
use crate::heap::Settings;
use crate::heap::alloc::Recycling;
use crate::heap::collect::Pace;
use crate::vm;

const EXAMPLES: &str = "\
Examples:
  probate report.pbt < orders.json        run a script
  probate -p -e '[1, 2].map(n => n * 2)'  print the value of an expression
  probate test                            compare scripts with their snapshots

Exit status: 0 success, 1 uncaught error, 2 usage, 65 syntax, 66 no input, 70 internal error,
74 output limit, 75 fuel or time limit, 76 memory limit, 77 denied, 130 interrupted.";

/// Calls that may be allowed: their frames alone take 64 bytes each.
const MOST_CALLS: u64 = 100_000_000;

/// Runs a script, or does what the options say with it.
#[derive(Debug, Parser)]
#[command(
    name = "probate",
    version,
    about = "JSON that runs: a strict subset of JavaScript with scope-owned memory",
    override_usage = "probate [OPTIONS]                  (the prompt)\n       probate [OPTIONS] FILE [ARGS]...\n       probate [OPTIONS] -e CODE [ARGS]...\n       probate test [OPTIONS] [DIR|FILE]...",
    after_help = EXAMPLES,
    term_width = 100
)]
pub struct Options {
    /// The script (`-`, or none if that is no terminal: standard input), then its `args`
    #[arg(value_name = "FILE [ARGS]", trailing_var_arg = true, value_hint = ValueHint::FilePath)]
    pub operands: Vec<OsString>,

    /// Run CODE
    #[arg(short, long = "eval", value_name = "CODE", allow_hyphen_values = true)]
    pub eval: Option<String>,

    /// Open the prompt, after the script if there is one
    #[arg(short, long, conflicts_with_all = ["check", "dump"])]
    pub interactive: bool,

    /// Run FILE before, in the same scope; may be given more than once
    #[arg(short = 'I', long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["check", "dump"])]
    pub prelude: Vec<PathBuf>,

    /// Neither read nor write the prompt's history
    #[arg(long)]
    pub no_history: bool,

    /// Print the program's value as JSON, on one line or indented
    #[arg(short, long, value_name = "compact|pretty", num_args = 0..=1, require_equals = true, default_missing_value = "compact", hide_possible_values = true, value_parser = formats())]
    pub print: Option<Format>,

    /// Compile, run nothing
    #[arg(long)]
    pub check: bool,

    /// The errors of --check as JSON, one on a line of standard output
    #[arg(long, requires = "check")]
    pub json: bool,

    /// Show what the compiler made of it
    #[arg(long, value_name = "tokens|ast|bytecode", hide_possible_values = true)]
    pub dump: Option<Dump>,

    /// Explain an error code or a builtin
    #[arg(long, value_name = "CODE|NAME", exclusive = true)]
    pub explain: Option<String>,

    /// Write memory events: births and deaths, …, or everything
    #[arg(long, value_name = "life|rc|scope|all", hide_possible_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "life", value_parser = presets())]
    pub trace: Option<Preset>,

    /// Write them to FILE
    #[arg(long, value_name = "FILE")]
    pub trace_out: Option<PathBuf>,

    /// Sum up the heap at the end
    #[arg(long, value_name = "text|json", hide_possible_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub stats: Option<StatsFormat>,

    /// Collect at every chance, poison what is freed; check the heap
    #[arg(long, value_name = "sweep|verify", hide_possible_values = true, num_args = 0..=1, require_equals = true, default_missing_value = "sweep")]
    pub gc_stress: Option<Stress>,

    /// Keep freed memory for the next value: N blocks of a size
    #[arg(long, hide = true, value_name = "off|on|N", default_value = "on", hide_default_value = true, value_parser = recycling)]
    pub recycle: u32,

    /// Collect when live bytes have grown to PERCENT (200)
    #[arg(long, hide = true, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(101..))]
    pub gc_factor: Option<u64>,

    /// … and are at least BYTES (1M)
    #[arg(long, hide = true, value_name = "BYTES", value_parser = bytes)]
    pub gc_floor: Option<u64>,

    /// Limit the work of each finalizer, as --fuel does
    #[arg(long, hide = true, value_name = "N")]
    pub finalizer_fuel: Option<u64>,

    /// List what is still alive at the very end
    #[arg(long)]
    pub leaks: bool,

    /// Make Math.random() repeat itself
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Limit the bytes of live values; K, M or G may follow
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub max_memory: Option<u64>,

    /// Let the script read files in DIR, or all of them
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, num_args = 0..=1, require_equals = true, default_missing_value = WITHOUT_VALUE, value_parser = places())]
    pub allow_read: Vec<Place>,

    /// Let it write and remove files there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, num_args = 0..=1, require_equals = true, default_missing_value = WITHOUT_VALUE, value_parser = places())]
    pub allow_write: Vec<Place>,

    /// Let it see variables of the environment
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = WITHOUT_VALUE, value_parser = |text: &str| grants::variables(text).map(Names))]
    pub allow_env: Vec<Names>,

    /// Limit the work: N calls, backward jumps, 16 bytes or elements
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,

    /// Limit the time, such as 500ms, 2s or 1m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,

    /// Limit the bytes that the script writes; K, M or G may follow
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub max_output: Option<u64>,

    /// Limit the calls that are open at a time (10000): a RangeError
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_CALLS))]
    pub max_depth: Option<u64>,

    /// Limit the nesting of source and of JSON.parse (1000)
    #[arg(long, hide = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub max_parse_depth: Option<u64>,

    /// Colours in messages; auto obeys NO_COLOR
    #[arg(
        long,
        value_name = "auto|always|never",
        hide_possible_values = true,
        default_value = "auto",
        hide_default_value = true
    )]
    pub color: Color,

    /// Keys of the prompt
    #[arg(
        long,
        value_name = "emacs|vi",
        hide_possible_values = true,
        default_value = "emacs",
        hide_default_value = true
    )]
    pub keys: Keys,
    /// Write completions for bash, zsh, fish, elvish or powershell
    #[arg(long, value_name = "SHELL", hide_possible_values = true, exclusive = true)]
    pub completions: Option<Shell>,

    /// Write the manual page, which has some more options
    #[arg(long, exclusive = true)]
    pub man: bool,
}

/// `--allow-env`: names with commas between them; all without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Option<String>);

/// `--dump`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dump {
    Tokens,
    Ast,
    Bytecode,
}

/// `--stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatsFormat {
    Text,
    Json,
}

/// `--gc-stress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stress {
    Sweep,
    Verify,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether there are colours where `terminal` tells what is written to.
    pub fn is_on(self, terminal: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !refused_by_environment(),
        }
    }
}

/// https://no-color.org, and terminals that cannot.
fn refused_by_environment() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

impl Options {
    /// Whether the command line has neither a file nor code.
    pub fn names_no_script(&self) -> bool {
        self.operands.is_empty() && self.eval.is_none()
    }

    /// Whether something is to be run, not only looked at.
    pub fn runs(&self) -> bool {
        !self.check && self.dump.is_none()
    }

    /// What the script may reach.
    ///
    /// # Errors
    /// A folder that cannot be opened: a sentence.
    pub fn grants(&self) -> Result<Grants, String> {
        let base = std::env::current_dir().map_err(|error| format!("the current folder: {}", reason(&error)));
        let asks = !self.allow_read.is_empty() || !self.allow_write.is_empty();
        // Without a current folder nothing can be granted by a relative name; nor does anybody have to know.
        let mut grants = Grants::new(if asks { base? } else { base.unwrap_or_default() });
        for (need, places) in [(Need::Read, &self.allow_read), (Need::Write, &self.allow_write)] {
            places.iter().try_for_each(|place| grants.allow(need, place))?;
        }
        self.allow_env.iter().for_each(|names| grants.allow_variables(names.0.as_deref()));
        Ok(grants)
    }

    /// Limits and switches of the machine.
    pub fn machine(&self) -> vm::Options {
        let recycling = Recycling { capacity: self.recycle, ..Recycling::default() };
        let heap = Settings {
            recycling,
            max_bytes: self.max_memory.unwrap_or(Settings::default().max_bytes),
            stress: self.gc_stress.is_some(),
            verify: self.gc_stress == Some(Stress::Verify),
            pace: Pace {
                factor: self.gc_factor.unwrap_or(Pace::default().factor),
                floor: self.gc_floor.unwrap_or(Pace::default().floor),
            },
            ..Settings::default()
        };
        let usual = vm::Options::default();
        vm::Options {
            heap,
            max_depth: self.max_depth.map_or(usual.max_depth, |calls| calls as usize),
            max_parse_depth: self.max_parse_depth.map_or(usual.max_parse_depth, |levels| levels as usize),
            fuel: self.fuel,
            timeout: self.timeout,
            max_output: self.max_output,
            finalizer_fuel: self.finalizer_fuel,
            seed: self.seed,
            ..usual
        }
    }
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["compact", "pretty"])
        .map(|name| if name == "pretty" { Format::Pretty } else { Format::Compact })
}

fn places() -> impl TypedValueParser<Value = Place> {
    OsStringValueParser::new().try_map(|text| grants::place(&text))
}

fn presets() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::EVERY.map(Preset::name)).map(|name| Preset::named(&name).unwrap_or_default())
}

fn recycling(text: &str) -> Result<u32, String> {
    match text {
        "off" => Ok(0),
        "on" => Ok(Recycling::default().capacity),
        _ => text.parse().map_err(|_| "expected off, on or a number".to_string()),
    }
}

/// A time with its unit: `500ms`, `1.5s`, `2m`, `1h`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    // Nanoseconds would only show the rounding.
    let number = number.parse::<f64>().ok().map(|number| (number * seconds * 1e6).round() / 1e6);
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "expected a time with its unit, such as 500ms, 2s or 1m".to_string())
}

pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    number.ok_or_else(|| "expected a number of bytes, such as 500000 or 64M".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Options {
        Options::try_parse_from(std::iter::once(&"probate").chain(line)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_declaration_is_consistent() {
        use clap::CommandFactory as _;
        Options::command().debug_assert();
    }

    #[test]
    fn what_follows_the_file_is_the_scripts() {
        let options = parse(&["-p", "a.pbt", "-p", "--check", "--", "-e", "x", "--no-such"]);
        assert_eq!(options.operands, ["a.pbt", "-p", "--check", "--", "-e", "x", "--no-such"]);
        assert!(!options.check && options.eval.is_none());
    }

    #[test]
    fn switches_with_optional_values_take_none_from_the_next_word() {
        let options = parse(&["--trace", "--stats", "--gc-stress", "-p", "a.pbt"]);
        assert_eq!(options.operands, ["a.pbt"]);
        assert_eq!(options.trace, Some(Preset::Life));
        assert_eq!(parse(&["--trace=rc", "a"]).trace, Some(Preset::Rc));
        assert_eq!(parse(&["-pe", "1"]).eval.as_deref(), Some("1"));
    }

    #[test]
    fn code_may_start_with_a_dash_and_unknown_options_may_not_pass_for_files() {
        assert_eq!(parse(&["-e", "-1"]).eval.as_deref(), Some("-1"));
        assert!(Options::try_parse_from(["probate", "--chekc", "a.pbt"]).is_err());
        assert_eq!(parse(&["-", "-x"]).operands, ["-", "-x"]);
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes("64M"), Ok(64 << 20));
        assert_eq!(bytes("100"), Ok(100));
        assert!(bytes("M").is_err() && bytes("").is_err() && bytes("-1").is_err() && bytes("99999999999G").is_err());
        assert_eq!(recycling("off"), Ok(0));
        assert!(recycling("no").is_err());
    }

    #[test]
    fn times() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(time("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1h"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "2", "s", "-1s", "1d", "1e999s", "infs", "1 s", "2ss"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_help_fits_a_screen() {
        use clap::CommandFactory as _;
        let help = Options::command().render_help().to_string();
        assert!(help.lines().count() <= 48, "{help}");
        insta::assert_snapshot!(help);
    }
}
