//! What can stand at the cursor: a function of the text, the cursor, and what [`Sources`] knows. Nothing here runs code.

use std::borrow::Cow;

use super::paste::is_command;
use super::receiver::{Root, Step, receiver};
pub use crate::embed::Member;
use crate::syntax::{self, KEYWORDS, Piece, PieceKind};

/// What follows a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// An expression or a program.
    Code,
    /// A file.
    Path,
    /// One of these.
    Words(Vec<String>),
}

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_folder: bool,
}

/// What completion may look at. It reads the heap, runs nothing and changes nothing: no count, no event.
pub trait Sources {
    /// Variables of the session, and builtins.
    fn names(&self) -> Vec<String>;

    /// Properties and methods of the value that is reached without running code; none if it is not there.
    fn members(&self, root: Root<'_>, path: &[Step<'_>]) -> Vec<Member>;

    /// Commands with their dot, and what each does.
    fn commands(&self) -> Vec<(&'static str, &'static str)>;

    /// What follows a command, which is given with its dot.
    fn argument(&self, command: &str) -> Argument;

    /// What is in a folder; empty is the current one.
    fn files(&self, folder: &str) -> Vec<Entry> {
        files(folder)
    }
}

/// One possibility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// In the list.
    pub display: String,
    /// In the text.
    pub replacement: String,
}

impl Candidate {
    fn plain(text: impl Into<String>) -> Candidate {
        let text = text.into();
        Candidate { display: text.clone(), replacement: text }
    }
}

/// All possibilities. Each replaces the text from `start` to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    pub start: usize,
    pub candidates: Vec<Candidate>,
}

/// More are not offered; nobody reads them.
const MOST: usize = 1000;
/// A longer name is cut off in the list.
const WIDEST: usize = 60;
/// What Tab inserts where a line begins.
const INDENT: &str = "  ";

/// What can stand at the cursor, a byte offset.
pub fn complete(text: &str, cursor: usize, sources: &dyn Sources) -> Completion {
    let before = &text[..text.floor_char_boundary(cursor)];
    let rest = &text[before.len()..];
    let mut completion = match command(before) {
        Some((word, None)) => {
            let commands = sources.commands();
            let fitting = commands.iter().filter(|(name, _)| name.starts_with(word));
            Completion { start: 0, candidates: fitting.map(|(name, _)| Candidate::plain(*name)).collect() }
        }
        Some((word, Some(start))) => {
            let argument = &before[start..];
            match sources.argument(word) {
                Argument::Code => shifted(code(argument, rest, sources), start),
                Argument::Path => shifted(path(argument, sources), start),
                Argument::Words(words) => shifted(one_of(argument, words), start),
            }
        }
        None => code(before, rest, sources),
    };
    let candidates = &mut completion.candidates;
    candidates.sort_by(|a, b| a.display.cmp(&b.display));
    candidates.dedup();
    candidates.truncate(MOST);
    for candidate in candidates {
        candidate.display = shown(&candidate.display);
    }
    completion
}

/// The command at the start of a text, and where its argument begins, if there is a blank behind it.
fn command(before: &str) -> Option<(&str, Option<usize>)> {
    if before.contains('\n') || !(before == "." || is_command(before)) {
        return None;
    }
    let Some(end) = before.find([' ', '\t']) else { return Some((before, None)) };
    let blanks = before[end..].len() - before[end..].trim_start().len();
    Some((&before[..end], Some(end + blanks)))
}

fn shifted(completion: Completion, by: usize) -> Completion {
    Completion { start: completion.start + by, ..completion }
}

fn one_of(argument: &str, words: Vec<String>) -> Completion {
    let start = argument.rfind([' ', '\t']).map_or(0, |blank| blank + 1);
    let fitting = words.into_iter().filter(|word| word.starts_with(&argument[start..]));
    Completion { start, candidates: fitting.map(Candidate::plain).collect() }
}

fn path(argument: &str, sources: &dyn Sources) -> Completion {
    let start = argument.rfind(std::path::is_separator).map_or(0, |slash| slash + 1);
    let (folder, prefix) = argument.split_at(start);
    let mut candidates = Vec::new();
    for Entry { name, is_folder } in sources.files(folder) {
        // Hidden files are for those who ask.
        if name.starts_with(prefix) && (prefix.starts_with('.') || !name.starts_with('.')) {
            candidates.push(Candidate::plain(if is_folder { name + "/" } else { name }));
        }
    }
    Completion { start, candidates }
}

/// What is in a folder of this machine; nothing if it cannot be read. A `~` at its start is the home.
fn files(folder: &str) -> Vec<Entry> {
    let path = match (folder.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if folder.is_empty() => ".".into(),
        _ => folder.into(),
    };
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let entry = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| !name.contains(char::is_control))?;
        Some(Entry { name, is_folder: entry.path().is_dir() })
    };
    entries.flatten().filter_map(entry).collect()
}

fn code(before: &str, rest: &str, sources: &dyn Sources) -> Completion {
    let pieces = syntax::pieces(before);
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let none = Completion { start: before.len(), candidates: Vec::new() };
    let at_cursor = pieces.last().filter(|piece| piece.end == before.len());
    if let Some(piece) = at_cursor
        && is_closed_to_us(piece, before)
    {
        return match string_key(&pieces) {
            Some(receiver) => keys(before, rest, piece, receiver, sources),
            None => none,
        };
    }
    // Where a line begins, Tab indents.
    if before[line..].trim().is_empty() {
        return Completion { candidates: vec![Candidate::plain(INDENT)], ..none };
    }
    let is_word = |piece: &&Piece| matches!(piece.kind, PieceKind::Name | PieceKind::Keyword | PieceKind::Constant);
    let word = at_cursor.filter(is_word);
    let earlier = &pieces[..pieces.len() - usize::from(word.is_some())];
    let start = word.map_or(before.len(), |word| word.start);
    let prefix = &before[start..];
    match earlier.last() {
        Some(dot) if dot.kind == PieceKind::Dot => members(before, &earlier[..earlier.len() - 1], *dot, start, sources),
        Some(last) if declares(last.text(before)) => none,
        // Behind a value comes an operator.
        Some(last) if word.is_none() && is_value(last) => none,
        _ => names(prefix, start, sources),
    }
}

/// Whether the cursor is inside a comment, a string, the text of a template, or something that is not finished.
fn is_closed_to_us(piece: &Piece, before: &str) -> bool {
    match piece.kind {
        PieceKind::Comment => !piece.whole || !piece.text(before).starts_with("/*"),
        PieceKind::Bad | PieceKind::Private => true,
        _ => !piece.whole,
    }
}

fn declares(word: &str) -> bool {
    matches!(word, "let" | "const" | "function" | "class" | "catch")
}

fn is_value(piece: &Piece) -> bool {
    use PieceKind::{Constant, Name, Number, String, Template};
    matches!(piece.kind, Name | Constant | Number | String | Template { opens: false, .. })
}

fn names(prefix: &str, start: usize, sources: &dyn Sources) -> Completion {
    let mut names = sources.names();
    if !prefix.is_empty() {
        names.extend(KEYWORDS.iter().map(ToString::to_string));
    }
    names.retain(|name| name.starts_with(prefix));
    Completion { start, candidates: names.into_iter().map(Candidate::plain).collect() }
}

/// Properties and methods behind a dot. Those that are no names are offered in brackets, which take the dot's place.
fn members(before: &str, pieces: &[Piece], dot: Piece, start: usize, sources: &dyn Sources) -> Completion {
    let Some((root, path)) = receiver(before, pieces) else { return Completion { start, candidates: Vec::new() } };
    let prefix = &before[start..];
    let members = sources.members(root, &path);
    let fitting: Vec<&str> =
        members.iter().map(|member| member.name.as_str()).filter(|name| name.starts_with(prefix)).collect();
    if fitting.iter().all(|name| syntax::is_name(name)) {
        return Completion { start, candidates: fitting.into_iter().map(Candidate::plain).collect() };
    }
    let optional = dot.text(before) == "?.";
    let between = &before[dot.start..start];
    let candidate = |name: &str| {
        if syntax::is_name(name) {
            return Candidate { display: name.to_string(), replacement: format!("{between}{name}") };
        }
        let access = format!("[{}]", quoted(name, '"'));
        let dot = if optional { "?." } else { "" };
        Candidate { display: access.clone(), replacement: format!("{dot}{access}") }
    };
    Completion { start: dot.start, candidates: fitting.into_iter().map(candidate).collect() }
}

/// Of `a["…`, the pieces of `a`.
fn string_key(pieces: &[Piece]) -> Option<&[Piece]> {
    let [earlier @ .., bracket, string] = pieces else { return None };
    if string.kind != PieceKind::String || bracket.kind != PieceKind::Open || bracket.end - bracket.start != 1 {
        return None;
    }
    match earlier {
        [receiver @ .., dot] if dot.kind == PieceKind::Dot => Some(receiver),
        _ => Some(earlier),
    }
}

/// Keys inside `["`, with the end of the brackets unless that is there already.
fn keys(before: &str, rest: &str, string: &Piece, pieces: &[Piece], sources: &dyn Sources) -> Completion {
    let start = string.start + 1;
    let none = Completion { start, candidates: Vec::new() };
    let quote = if before[string.start..].starts_with('\'') { '\'' } else { '"' };
    let bracket = &before[..string.start];
    if !bracket.trim_end().ends_with('[') {
        return none;
    }
    let literal = format!("{}{quote}", &before[string.start..]);
    let (Some((root, path)), Some(prefix)) = (receiver(before, pieces), syntax::string_value(&literal)) else {
        return none;
    };
    let end = if rest.starts_with(quote) { String::new() } else { format!("{quote}]") };
    let members = sources.members(root, &path);
    let fitting = members.iter().filter(|member| !member.is_method && member.name.starts_with(&*prefix));
    let candidate = |member: &Member| {
        let inside = quoted(&member.name, quote);
        let inside = &inside[1..inside.len() - 1];
        Candidate { display: member.name.clone(), replacement: format!("{inside}{end}") }
    };
    Completion { start, candidates: fitting.map(candidate).collect() }
}

/// A string literal that says this.
fn quoted(text: &str, quote: char) -> String {
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// As it can stand in a list: without what a terminal obeys, and not too wide.
fn shown(text: &str) -> String {
    let text: Cow<'_, str> = if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    };
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
