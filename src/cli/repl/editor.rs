//! Reads one input after another from a terminal: rustyline, with our colours, history, completion and idea of an end.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::rc::Rc;

use rustyline::completion::{self, Completer};
use rustyline::config::{BellStyle, Config, Configurer as _, EditMode};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Cmd, ColorMode, CompletionType, Context, Helper, KeyCode, KeyEvent, Modifiers};

use super::complete::{self, Sources};
use super::highlight::{self, Painter};
use super::history::Past;
use super::paste;
use crate::cli::source::reason;

const PROMPT: &str = "> ";
/// In a longer text nobody waits for a hint.
const HINTED: usize = 1000;
/// How long Esc may be the beginning of a key's sequence, in milliseconds, where it is a key of its own.
const ESCAPE: u16 = 50;

/// Which editor's keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Keys {
    #[default]
    Emacs,
    Vi,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file of the history; `None` keeps it in memory.
    pub history: Option<PathBuf>,
    pub keys: Keys,
    pub colors: bool,
    /// Show how the last input that began so went on.
    pub hints: bool,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A program, or one line that is a command. It may be empty or blank.
    Input(String),
    /// The next of a copied session that was pasted: nobody has seen it by itself.
    Pasted(String),
    /// Something that is not UTF-8.
    NotText,
    /// Ctrl-C; whether there was a text, which is gone now.
    Interrupted { had_text: bool },
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// Reads inputs from the terminal.
pub struct Editor {
    line: rustyline::Editor<Assistant, Past>,
    /// Inputs of a text that had several: a copied session, or commands.
    waiting: VecDeque<String>,
    warning: Option<String>,
    warned: bool,
}

impl Editor {
    /// A history that cannot be read is no reason not to start: [`Editor::warning`] tells.
    ///
    /// # Errors
    /// There is no terminal to read from.
    pub fn new(settings: Settings, sources: Rc<dyn Sources>) -> std::io::Result<Editor> {
        let mut warning = None;
        let past = match &settings.history {
            None => Past::in_memory(),
            Some(path) => Past::open(path).unwrap_or_else(|(past, error)| {
                warning = Some(format!("the history cannot be read: {}: {}", path.display(), reason(&error)));
                past
            }),
        };
        let config = Config::builder()
            .auto_add_history(false)
            .bell_style(BellStyle::None)
            // Whether there are colours is the painter's affair: what is shown goes through it in any case.
            .color_mode(ColorMode::Forced)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .build();
        let mut line = rustyline::Editor::with_history(config, past).map_err(std::io::Error::other)?;
        line.set_helper(Some(Assistant {
            painter: Painter::new(settings.colors),
            colors: settings.colors,
            sources,
            hints: settings.hints,
            typed: RefCell::default(),
            is_final: Cell::new(false),
        }));
        line.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
        let mut editor = Editor { line, waiting: VecDeque::new(), warned: warning.is_some(), warning };
        editor.set_keys(settings.keys);
        Ok(editor)
    }

    pub fn set_keys(&mut self, keys: Keys) {
        let (mode, timeout) = match keys {
            Keys::Emacs => (EditMode::Emacs, None),
            Keys::Vi => (EditMode::Vi, Some(ESCAPE)),
        };
        self.line.set_edit_mode(mode);
        self.line.set_keyseq_timeout(timeout);
    }

    pub fn set_hints(&mut self, hints: bool) {
        if let Some(assistant) = self.line.helper_mut() {
            assistant.hints = hints;
        }
    }

    pub fn set_colors(&mut self, colors: bool) {
        if let Some(assistant) = self.line.helper_mut() {
            assistant.colors = colors;
            assistant.painter = Painter::new(colors);
        }
    }

    /// The next input. Waits for it.
    pub fn read(&mut self) -> Read {
        if let Some(input) = self.waiting.pop_front() {
            return Read::Pasted(input);
        }
        let mut start = String::new();
        loop {
            let result = self.line.readline_with_initial(PROMPT, (&start, ""));
            // In the other cases the text is in the assistant, as it was last seen.
            let typed = self.line.helper().map(|assistant| assistant.typed.take()).unwrap_or_default();
            match result {
                Ok(text) => return self.accept(&text),
                Err(ReadlineError::Interrupted) => {
                    return Read::Interrupted { had_text: !typed.is_empty() };
                }
                // A byte that is no UTF-8, or a change of size in the middle of a key: the text must not be lost.
                Err(ReadlineError::Signal(_)) => start = typed,
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    start = typed;
                }
                Err(_) => return Read::End,
            }
        }
    }

    /// Keeps an input in the history. One that begins with a blank is not kept.
    pub fn remember(&mut self, input: &str) {
        let past = self.line.history_mut();
        if let Err(error) = past.remember(input) {
            past.forget_file();
            self.warn(format!("the history cannot be written: {}", reason(&error)));
        }
    }

    /// What there is to say about the history; once.
    pub fn warning(&mut self) -> Option<String> {
        self.warning.take()
    }

    fn warn(&mut self, text: String) {
        if !std::mem::replace(&mut self.warned, true) {
            self.warning = Some(text);
        }
    }

    fn accept(&mut self, text: &str) -> Read {
        self.waiting = paste::inputs(text).into_iter().map(Cow::into_owned).collect();
        Read::Input(self.waiting.pop_front().unwrap_or_default())
    }
}

/// Stands by while a text is typed.
struct Assistant {
    painter: Painter,
    colors: bool,
    sources: Rc<dyn Sources>,
    hints: bool,
    /// The text as it was last seen; of a long one only its beginning.
    typed: RefCell<String>,
    /// The text is drawn for the last time: no bracket stands out any more.
    is_final: Cell<bool>,
}

impl Helper for Assistant {}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match paste::goes_on(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        self.painter.paint(line, (!self.is_final.get()).then_some(cursor))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let hint = highlight::neutral(hint);
        if self.colors { Cow::Owned(format!("\x1b[90m{hint}\x1b[0m")) } else { hint }
    }

    fn highlight_char(&self, line: &str, cursor: usize, kind: CmdKind) -> bool {
        self.is_final.set(kind == CmdKind::ForcedRefresh);
        match kind {
            CmdKind::ForcedRefresh => false,
            CmdKind::MoveCursor => self.painter.partners(line, cursor).is_some(),
            CmdKind::Other => self.painter.repaints(line),
        }
    }
}

/// How the text went on the last time.
struct Continuation {
    rest: String,
    /// Its first line.
    shown: String,
}

impl Hint for Continuation {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        Some(&self.rest)
    }
}

impl Hinter for Assistant {
    type Hint = Continuation;

    /// Called whenever the text has changed.
    fn hint(&self, line: &str, cursor: usize, context: &Context<'_>) -> Option<Continuation> {
        let mut typed = self.typed.borrow_mut();
        typed.clear();
        typed.push_str(&line[..line.floor_char_boundary(highlight::LONGEST)]);
        // Without colours it would look as if it had been typed.
        if !(self.hints && self.colors) || cursor < line.len() || line.trim().is_empty() || line.len() > HINTED {
            return None;
        }
        let history = context.history();
        let start = context.history_index().min(history.len().checked_sub(1)?);
        let found = history.starts_with(line, start, SearchDirection::Reverse).ok().flatten()?;
        let rest = found.entry[line.len()..].to_string();
        if rest.is_empty() {
            return None;
        }
        let shown = match rest.split_once('\n') {
            Some((first, _)) => format!("{first} …"),
            None => rest.clone(),
        };
        Some(Continuation { rest, shown })
    }
}

impl completion::Candidate for complete::Candidate {
    fn display(&self) -> &str {
        &self.display
    }

    fn replacement(&self) -> &str {
        &self.replacement
    }
}

impl Completer for Assistant {
    type Candidate = complete::Candidate;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<complete::Candidate>)> {
        let completion = complete::complete(line, cursor, &*self.sources);
        Ok((completion.start, completion.candidates))
    }
}
