//! A terminal for tests: the binary under test behind a pseudo-terminal, and a screen that shows what a person would see.
//!
//! A thread reads what the program writes and keeps the screen; a test types, and waits until the screen looks as it
//! should. Nothing sleeps for a fixed time: a wait ends when its condition holds, and fails after a generous deadline with
//! the screen in its message.
//!
//! ```ignore
//! let mut terminal = Terminal::start();
//! assert_eq!(terminal.enter("1 + 1"), "2\n");
//! terminal.send("\x04");
//! assert_eq!(terminal.status(), Some(0));
//! ```
#![allow(dead_code, reason = "each test crate uses its own part")]

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use vt100::Screen;

/// How long a wait may take before it is a failure. Nothing takes a hundredth of it, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// What the editor writes when it begins to read an input, and when it ends: bracketed paste on, and off.
const BEGIN: &str = "\x1b[?2004h";
const END: &str = "\x1b[?2004l";
/// What it writes then.
const PROMPT: &str = "> ";

/// A home folder of its own, removed when dropped.
pub struct Home(PathBuf);

impl Home {
    pub fn new() -> Home {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("home-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).expect("a folder for tests");
        Home(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the prompt keeps its history.
    pub fn history(&self) -> PathBuf {
        self.0.join("state/probate/history")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a terminal is started with.
pub struct Setup {
    columns: u16,
    rows: u16,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    home: Arc<Home>,
    folder: Option<PathBuf>,
}

impl Setup {
    pub fn size(mut self, columns: u16, rows: u16) -> Setup {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    /// One more argument of the command line.
    pub fn argument(mut self, argument: &str) -> Setup {
        self.arguments.push(argument.to_string());
        self
    }

    /// One more variable; the environment has `TERM`, `HOME`, `XDG_STATE_HOME`, `LANG` and `PATH` otherwise.
    pub fn environment(mut self, name: &str, value: &str) -> Setup {
        self.environment.push((name.to_string(), value.to_string()));
        self
    }

    /// The home folder of an earlier session.
    pub fn home(mut self, home: &Arc<Home>) -> Setup {
        self.home = Arc::clone(home);
        self
    }

    /// The current folder; the home folder otherwise.
    pub fn folder(mut self, folder: &Path) -> Setup {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// Starts the program, waits for its first prompt, and clears the screen above it.
    pub fn start(self) -> Terminal {
        // There Ctrl-L is no key.
        let has_vi_keys = self.arguments.iter().any(|argument| argument == "--keys=vi");
        let mut terminal = self.spawn();
        terminal.wait_for_prompts(1);
        if !has_vi_keys {
            terminal.send("\x0c");
            terminal.wait_for("a cleared screen", |screen| screen.contents().trim_end() == ">");
        }
        terminal
    }

    /// Starts the program, and waits for nothing.
    pub fn spawn(self) -> Terminal {
        // The descriptor of one terminal must not get into the child of another that starts at the same time.
        static STARTING: Mutex<()> = Mutex::new(());
        let guard = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(self.rows, self.columns)).expect("a size");
        let home = self.home.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_probate"))
            .args(&self.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .current_dir(self.folder.as_deref().unwrap_or(home));
        for (name, value) in &self.environment {
            command = command.env(name, value);
        }
        let child = command.spawn(pts).expect("the binary under test");
        drop(guard);
        let pty = Arc::new(pty);
        let parser = vt100::Parser::new(positive(self.rows), positive(self.columns), 10_000);
        let state = State { parser, written: Vec::new(), prompts: 0, counted: 0, reading: false, closed: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let reader = {
            let (pty, shared) = (Arc::clone(&pty), Arc::clone(&shared));
            thread::spawn(move || shared.follow(&pty))
        };
        Terminal { child, pty, shared, reader: Some(reader), home: self.home }
    }
}

/// The program and its screen. It is killed when dropped.
pub struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    home: Arc<Home>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    /// All that the program wrote.
    written: Vec<u8>,
    /// How often the prompt was drawn, up to `counted` bytes.
    prompts: usize,
    counted: usize,
    /// The editor has begun to read, and its prompt is still to come.
    reading: bool,
    /// The program has closed its end.
    closed: bool,
}

impl Terminal {
    /// 80 columns and 24 rows, a new home, and no arguments.
    pub fn setup() -> Setup {
        Setup {
            columns: 80,
            rows: 24,
            arguments: Vec::new(),
            environment: Vec::new(),
            home: Arc::new(Home::new()),
            folder: None,
        }
    }

    /// Starts the prompt without colours, and waits until it reads.
    pub fn start() -> Terminal {
        Terminal::setup().environment("NO_COLOR", "1").start()
    }

    pub fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// The program's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Types bytes: `\r` is Enter, `\x03` Ctrl-C, `\x04` Ctrl-D, `\t` Tab, `\x1b[D` the left arrow.
    pub fn send(&mut self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// The same for what is no text.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        (&*self.pty).write_all(bytes).expect("the program reads");
    }

    /// Pastes, as a terminal does that knows bracketed paste.
    pub fn paste(&mut self, text: &str) {
        self.send(&format!("\x1b[200~{}\x1b[201~", text.replace('\n', "\r")));
    }

    /// Types a line and Enter, and waits for the next prompt. What was written in between, without escape sequences.
    pub fn enter(&mut self, line: &str) -> String {
        self.send(line);
        self.press("\r")
    }

    /// Types keys that end an input, and waits for the next prompt. What was written in between, without escape sequences.
    pub fn press(&mut self, keys: &str) -> String {
        let before = self.prompts();
        self.send(keys);
        self.wait_for_prompts(before + 1);
        self.output()
    }

    /// What was written between the last two prompts, without escape sequences.
    pub fn output(&self) -> String {
        let written = self.written();
        let Some((earlier, _)) = written.rsplit_once(BEGIN) else { return String::new() };
        let Some((_, output)) = earlier.rsplit_once(END) else { return String::new() };
        // The editor ends the line that was typed.
        plain(output.strip_prefix("\r\n").unwrap_or(output))
    }

    /// How many prompts there were.
    pub fn prompts(&self) -> usize {
        self.shared.lock().prompts
    }

    /// Waits until there were so many prompts.
    pub fn wait_for_prompts(&self, count: usize) {
        self.wait_until(&format!("prompt {count}"), |state| state.prompts >= count);
    }

    /// Waits until the screen satisfies a condition, which `what` names in the failure.
    pub fn wait_for(&self, what: &str, condition: impl Fn(&Screen) -> bool) {
        self.wait_until(what, |state| condition(state.parser.screen()));
    }

    /// Waits until the text stands on the screen.
    pub fn wait_for_text(&self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    fn wait_until(&self, what: &str, condition: impl Fn(&State) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut state = self.shared.lock();
        while !condition(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                let ending = if state.closed { "the program has ended" } else { "the deadline has passed" };
                panic!("no {what}, and {ending}; the screen:\n{}", framed(state.parser.screen()));
            }
            state = self.shared.changed.wait_timeout(state, left).expect("the reader").0;
        }
    }

    /// What stands on the screen: rows without the blanks at their ends, and without the empty rows at the end.
    pub fn screen_text(&self) -> String {
        self.with_screen(Screen::contents)
    }

    /// Looks at the screen as it is now.
    pub fn with_screen<R>(&self, look: impl FnOnce(&Screen) -> R) -> R {
        look(self.shared.lock().parser.screen())
    }

    /// Where the cursor is: row and column, both from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.with_screen(Screen::cursor_position)
    }

    /// All that the program has written so far, with its escape sequences.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.shared.lock().written).into_owned()
    }

    /// Gives the terminal another size, as a person who drags its corner; the program gets its signal.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.shared.lock().parser.set_size(positive(rows), positive(columns));
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// Waits for the program's end. `None`: a signal ended it.
    pub fn status(&mut self) -> Option<i32> {
        let until = Instant::now() + DEADLINE;
        loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => return status.code(),
                None if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
                None => panic!("the program goes on; the screen:\n{}", self.with_screen(framed)),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reads until the program's end, which the system tells by an error.
    fn follow(&self, mut pty: &Pty) {
        let mut bytes = [0; 16 << 10];
        while let Ok(length @ 1..) = pty.read(&mut bytes) {
            self.lock().take(&bytes[..length]);
            self.changed.notify_all();
        }
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

impl State {
    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.written.extend_from_slice(bytes);
        loop {
            let mark = if self.reading { PROMPT } else { BEGIN };
            let Some(found) = self.written[self.counted..].windows(mark.len()).position(|w| w == mark.as_bytes())
            else {
                // A mark may be cut in two by the reading.
                self.counted = self.counted.max(self.written.len().saturating_sub(mark.len() - 1));
                return;
            };
            self.counted += found + mark.len();
            self.prompts += usize::from(self.reading);
            self.reading = !self.reading;
        }
    }
}

/// Text without escape sequences and carriage returns.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(sequence) = rest.strip_prefix('[') {
            let end = sequence.find(|c: char| ('@'..='~').contains(&c)).map_or(sequence.len(), |end| end + 1);
            rest = &sequence[end..];
        }
    }
    out.push_str(rest);
    out.replace('\r', "")
}

fn positive(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a size above zero")
}

fn framed(screen: &Screen) -> String {
    screen.contents().lines().map(|line| format!("  | {line}\n")).collect()
}
