//! The command line: options, streams, the rendering of errors, exit statuses. The only part that does input and output.

mod check;
pub mod files;
mod generate;
pub mod grants;
pub mod help;
mod host;
mod input;
mod json;
mod modules;
mod options;
pub mod repl;
mod report;
mod run;
mod signals;
mod source;
mod stats;
pub mod status;
mod streams;
mod testing;

use std::io::Write as _;

use clap::Parser as _;

use options::Options;
use testing::TestOptions;

/// The machine and the compiler run on a thread of their own, so that the limit of the main thread's stack does not matter.
const STACK: usize = 64 << 20;

/// Runs the program that the command line asks for, and ends the process with its exit status.
pub fn main() -> ! {
    std::panic::set_hook(Box::new(|panic| {
        let _ = writeln!(std::io::stderr(), "probate: internal error: {panic}");
        std::process::exit(status::INTERNAL);
    }));
    signals::watch_for_aborts();
    // Values are small, and so are most heaps: pages of 2 MiB would add 6 to 14 MB to what a program takes, for no time that could be measured.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    if std::env::args_os().nth(1).is_some_and(|word| word == testing::WORD) {
        std::process::exit(testing::run(&TestOptions::parse_from(std::env::args_os().skip(1))));
    }
    let options = Options::parse();
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || run::run(options));
    let status = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) => status::INTERNAL,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "probate: cannot start: {error}");
            status::INTERNAL
        }
    };
    std::process::exit(status)
}
