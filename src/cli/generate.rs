//! What is made from the declaration of the command line: completions for shells, and the manual page.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::options::Options;
use super::status;
use super::testing::{self, TestOptions};

/// The options, with those that --help has no room for.
fn options() -> Command {
    Options::command().mut_args(|option| option.hide(false))
}

/// The whole command line. It is for generators to look at: the first word decides before anything is parsed whether the rest
/// is for the tests, so that `test` further on is an argument like any other.
fn command() -> Command {
    options().subcommand(TestOptions::command().name(testing::WORD)).disable_help_subcommand(true)
}

/// A script for a shell that makes it complete our options.
pub fn completions(shell: Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command(), "probate", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

const DESCRIPTION: &str = "\
Probate is a small scripting language in which every JSON text is a program, and the rest is the part of JavaScript that \
people mean when they say they like JavaScript. Every value is owned by a scope and freed at a moment that the language \
defines; --trace shows each of these moments. Without a script, at a terminal, the prompt opens. What follows the name of a script is for the script, in its array args.";

const TESTING: &str = "\
probate test runs scripts *.pbt and compares what they do with NAME.snap beside NAME.pbt, and with comments such as \
// expect: 42 in them. Comments before the first statement say how a script is run: // test: args=WORDS, input=LINE, \
stdin=FILE, stdout=FILE, trace=PRESET, stats, stress, seed=N, skip=REASON. A script called test is run as ./test.";

const PROMPT: &str = "\
Without a script, at a terminal, or with -i, inputs are read, run and shown one after the other, in one scope. Lines that begin \
with a dot are commands: .help lists them, .help NAME explains a built-in, .why EXPR tells what keeps a value alive, \
.trace last what the last input did to the heap. Enter adds a line while an input is not complete, Alt-Enter in any case; Tab \
completes, Ctrl-R searches the history, Ctrl-C stops what runs, Ctrl-D leaves. An input that begins with a blank is not \
kept in the history.";

const STATUSES: [(i32, &str); 11] = [
    (status::OK, "success"),
    (status::UNCAUGHT, "an error that the script did not catch; a test that failed; output that could not be written"),
    (status::USAGE, "wrong usage"),
    (status::SYNTAX, "a syntax error, or a construct that is refused"),
    (status::NO_INPUT, "the script cannot be read; no test was found"),
    (status::INTERNAL, "an error in probate itself"),
    (status::OUTPUT, "the limit on what the script writes was reached"),
    (status::FUEL_OR_TIME, "the limit on work or on time was reached"),
    (status::MEMORY, "the limit on memory was reached"),
    (status::DENIED, "the script did what it was not granted: --allow-read, --allow-write, --allow-env"),
    (status::INTERRUPTED, "interrupted by Ctrl-C"),
];

const ENVIRONMENT: [(&str, &str); 5] = [
    ("NO_COLOR", "if set and not empty, nothing is coloured unless --color=always asks for it"),
    ("TERM", "dumb has the same effect"),
    ("XDG_STATE_HOME", "where the history of the prompt is kept, ~/.local/state if it is not set"),
    ("VISUAL, EDITOR", "what .edit opens at the prompt"),
    ("CI", "if set, and neither empty, 0 nor false, probate test --update is refused"),
];

const FILES: [(&str, &str); 3] = [
    ("NAME.pbt", "a script"),
    ("NAME.snap", "what it did when that was recorded, for probate test"),
    ("$XDG_STATE_HOME/probate/history", "inputs of the prompt"),
];

const EXAMPLES: [(&str, &str); 7] = [
    ("probate", "Open the prompt; .help lists its commands."),
    ("probate report.pbt < orders.json", "Run a script."),
    ("probate -p -e '[1, 2].map(n => n * 2)'", "Print the value of an expression."),
    ("probate --trace=all tour.pbt", "Show every step of the heap."),
    ("probate --explain E0101", "Say at length what an error is about."),
    ("probate test --update report.pbt", "Record what a script does now."),
    ("probate test", "Compare every script below this folder with what was recorded."),
];

/// The manual page, in the language of `man`. Nothing in it but ASCII, so that every formatter can read it.
pub fn manual() -> String {
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = write_manual(&mut out);
    let mut text = String::new();
    for c in String::from_utf8_lossy(&out).chars() {
        match c {
            // With nothing in front, dots at the start of a line would be an instruction.
            '…' => text.push_str("\\&..."),
            c if c.is_ascii() => text.push(c),
            c => {
                let _ = write!(text, "\\[u{:04X}]", c as u32);
            }
        }
    }
    text
}

fn write_manual(out: &mut Vec<u8>) -> std::io::Result<()> {
    let page = Man::new(options()).manual("User Commands");
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    paragraph("DESCRIPTION", DESCRIPTION).to_writer(out)?;
    page.render_options_section(out)?;
    paragraph("PROMPT", PROMPT).to_writer(out)?;
    paragraph("TESTS", TESTING).to_writer(out)?;
    let tests = TestOptions::command().disable_help_flag(true).mut_args(|arg| arg.help_heading("Options of tests"));
    Man::new(tests).render_options_section(out)?;
    let statuses = STATUSES.map(|(status, text)| (status.to_string(), text));
    list("EXIT STATUS", statuses.iter().map(|(status, text)| (status.as_str(), *text))).to_writer(out)?;
    list("ENVIRONMENT", ENVIRONMENT).to_writer(out)?;
    list("FILES", FILES).to_writer(out)?;
    list("EXAMPLES", EXAMPLES).to_writer(out)
}

fn paragraph(title: &str, text: &str) -> Roff {
    let mut page = Roff::new();
    page.control("SH", [title]).text([roman(text)]);
    page
}

/// Terms, each with what is to be said about it.
fn list<'a>(title: &str, items: impl IntoIterator<Item = (&'a str, &'a str)>) -> Roff {
    let mut page = Roff::new();
    page.control("SH", [title]);
    for (term, text) in items {
        page.control("TP", []).text([bold(term)]).text([roman(text)]);
    }
    page
}
