//! The documentation of the built-ins, for `.help NAME` and `--explain NAME`: docs/library.md, taken apart.
//!
//! The layout of the document: `## Title` begins a section, whose first paragraphs say what it is about; `### signature` begins an entry, with one
//! paragraph that says what it means, and one block of code with examples.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::syntax::codes;

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| parse(include_str!("../../docs/library.md")));

/// A namespace or class, or a group of names that belong together.
#[derive(Debug)]
pub struct Section {
    /// `Math`, `Array`, `Globals`.
    pub title: &'static str,
    pub about: &'static str,
    pub entries: Vec<Entry>,
}

/// A built-in.
#[derive(Debug)]
pub struct Entry {
    /// `array.map`, `Math.PI`, `parseInt`.
    pub name: &'static str,
    /// `array.map(callback, thisArg?)`.
    pub signature: &'static str,
    pub meaning: &'static str,
    /// Lines of code; behind ` // ` stands what comes out.
    pub example: &'static str,
}

impl Entry {
    /// The last part of the name: `map`.
    pub fn member(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The first sentence of the meaning, on one line.
    pub fn summary(&self) -> String {
        first_sentence(&flowing(self.meaning))
    }
}

/// What there is about a name.
#[derive(Debug)]
pub enum Found {
    /// One entry, and others whose last part is its name.
    Entry(&'static Entry, Vec<&'static Entry>),
    /// A namespace, a class or a group.
    Section(&'static Section),
    /// Several that have this member.
    Several(Vec<&'static Entry>),
    /// Nothing; names that are spelled like it, the likeliest first, at most three.
    Nothing(Vec<&'static str>),
}

/// All that is documented, in the order of the document.
pub fn sections() -> &'static [Section] {
    &SECTIONS
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    sections().iter().flat_map(|section| &section.entries)
}

/// Every documented name.
pub fn names() -> impl Iterator<Item = String> {
    sections().iter().flat_map(|section| &section.entries).map(|entry| entry.name.to_string())
}

/// Looks up a name as people write it: `Math.max`, `map`, `array.map`, `Array.prototype.map`, `list.push`, `new Map`, `"gc"`. Upper and lower case differ where that
/// finds something. O(entries).
pub fn find(name: &str) -> Found {
    let name = name.trim().trim_matches(|c| matches!(c, '"' | '\'' | '`')).trim_end_matches("()").trim();
    let name = name.strip_prefix("new ").map_or(name, str::trim_start);
    let name = name.replace(".prototype.", ".");
    let name = name.as_str();
    let last = name.rsplit('.').next().unwrap_or(name);
    let same = |a: &str, b: &str| a == b;
    by_title(name, same)
        .or_else(|| by_name(name, same))
        .or_else(|| by_member(name, same))
        .or_else(|| by_name(name, |a, b| a.eq_ignore_ascii_case(b)))
        .or_else(|| by_title(name, |a, b| a.eq_ignore_ascii_case(b)))
        // `list.push`: whatever `list` is
        .or_else(|| by_member(last, |a, b| a.eq_ignore_ascii_case(b)))
        .unwrap_or_else(|| Found::Nothing(near(name)))
}

fn by_title(name: &str, same: impl Fn(&str, &str) -> bool) -> Option<Found> {
    sections().iter().find(|section| same(section.title, name)).map(Found::Section)
}

fn by_name(name: &str, same: impl Fn(&str, &str) -> bool) -> Option<Found> {
    let entry = entries().find(|entry| same(entry.name, name))?;
    let others = entries().filter(|other| other.name != entry.name && other.member() == entry.name);
    Some(Found::Entry(entry, others.collect()))
}

fn by_member(name: &str, same: impl Fn(&str, &str) -> bool) -> Option<Found> {
    let found: Vec<&Entry> = entries().filter(|entry| same(entry.member(), name)).collect();
    match found[..] {
        [] => None,
        [entry] => Some(Found::Entry(entry, Vec::new())),
        _ => Some(Found::Several(found)),
    }
}

/// Names that are spelled like this one.
fn near(name: &str) -> Vec<&'static str> {
    let limit = (name.chars().count() / 3).max(1);
    let titles = sections().iter().map(|section| section.title);
    let names = entries().flat_map(|entry| [entry.name, entry.member()]);
    let wanted = name.to_lowercase();
    let mut scored: Vec<(usize, Reverse<usize>, &str)> = titles
        .chain(names)
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let right = wanted.chars().zip(lower.chars()).take_while(|(a, b)| a == b).count();
            (strsim::damerau_levenshtein(&wanted, &lower), Reverse(right), candidate)
        })
        .filter(|(distance, _, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .collect();
    // of equally many mistakes, the later ones
    scored.sort();
    scored.dedup();
    scored.into_iter().map(|(_, _, candidate)| candidate).take(3).collect()
}

/// Longer lines are hard to read.
const WIDEST: usize = 100;

/// All that there is to say about a built-in or the code of an error, for a terminal of `width` columns: lines with a line end each.
///
/// # Errors
/// A sentence, without a line end, that there is nothing of this name, and what is spelled like it.
pub fn page(name: &str, width: usize, colored: bool) -> Result<String, String> {
    if let Some(code) = codes::find(name) {
        return Ok(format!("{}: {}\n\n{}\n", code.code, code.title, code.explanation.trim()));
    }
    let digits = name.strip_prefix(['E', 'e']).unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("there is no error code {name}; codes look like E0101"));
    }
    let width = width.min(WIDEST);
    match find(name) {
        Found::Entry(entry, others) => {
            let mut page = text(entry, width, colored);
            if !others.is_empty() {
                page.push_str("\nSee also:\n");
                page.push_str(&list(&others, width, colored));
            }
            Ok(page)
        }
        Found::Section(section) => Ok(section_text(section, width, colored)),
        Found::Several(several) => Ok(list(&several, width, colored)),
        Found::Nothing(near) if near.is_empty() => Err(format!("there is no builtin `{name}`")),
        Found::Nothing(near) => {
            let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            Err(format!("there is no builtin `{name}`; did you mean {}?", near.join(" or ")))
        }
    }
}

/// An entry for a terminal of `width` columns: signature, meaning, example. Lines with a line end each; those of the example are never broken.
pub fn text(entry: &Entry, width: usize, colored: bool) -> String {
    let paint = Paint { colored };
    let mut out = paint.signature(entry.signature) + "\n\n";
    out.push_str(&wrapped(&flowing(entry.meaning), width, "  ", &paint));
    if !entry.example.is_empty() {
        out.push('\n');
        for line in entry.example.lines() {
            let _ = writeln!(out, "    {}", paint.example(line));
        }
    }
    out
}

/// A section: what it is about, the entry of its own name, and a line for each of the others.
fn section_text(section: &Section, width: usize, colored: bool) -> String {
    let paint = Paint { colored };
    let mut out = paint.signature(section.title) + "\n\n";
    out.push_str(&wrapped(&flowing(section.about), width, "  ", &paint));
    let (own, others): (Vec<&Entry>, Vec<&Entry>) =
        section.entries.iter().partition(|entry| entry.name == section.title);
    for entry in own {
        out.push('\n');
        out.push_str(&text(entry, width, colored));
    }
    out.push('\n');
    out.push_str(&list(&others, width, colored));
    out
}

/// Columns that names have in a list, at most.
const NAMES: usize = 28;

/// A line for each entry: its name, and the first sentence of its meaning as far as there is room.
fn list(entries: &[&Entry], width: usize, colored: bool) -> String {
    let paint = Paint { colored };
    let widest = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0).min(NAMES);
    let room = width.saturating_sub(widest + 4);
    let mut out = String::new();
    for entry in entries {
        let padding = " ".repeat(widest.saturating_sub(entry.name.chars().count()));
        let name = paint.signature(entry.name);
        let _ = writeln!(out, "  {name}{padding}  {}", paint.prose(&shortened(&entry.summary(), room)));
    }
    out
}

/// The text, cut behind a word and with an ellipsis if it has more than `room` characters.
fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_string();
    }
    let mut short = String::new();
    for word in text.split(' ') {
        if short.chars().count() + word.chars().count() + 2 > room {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    short.trim_end_matches([',', ';', ':', '.']).to_string() + "…"
}

/// The text in lines of at most `width` columns, where its words allow that.
fn wrapped(text: &str, width: usize, indentation: &str, paint: &Paint) -> String {
    let room = width.saturating_sub(indentation.len()).max(20);
    let mut lines = vec![String::new()];
    for word in words(text) {
        let line = lines.len() - 1;
        let length = lines[line].chars().count();
        if length > 0 && length + 1 + word.chars().count() > room {
            lines.push(word.to_string());
        } else {
            if length > 0 {
                lines[line].push(' ');
            }
            lines[line].push_str(word);
        }
    }
    lines.iter().fold(String::new(), |out, line| out + indentation + &paint.prose(line) + "\n")
}

/// The words of a text; code between backticks is one, so that it is never broken.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c: char| {
        inside ^= c == '`';
        c == ' ' && !inside
    })
}

/// Lines made one, and links made their text.
fn flowing(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        // a link: `[text](target)`; any other bracket is itself
        match behind.split_once("](").and_then(|(shown, target)| Some((shown, target.split_once(')')?.1))) {
            Some((shown, after)) if !shown.contains(['[', ']']) => {
                out.push_str(before);
                out.push_str(shown);
                rest = after;
            }
            _ => {
                out.push_str(before);
                out.push('[');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn first_sentence(text: &str) -> String {
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => text.to_string(),
    }
}

struct Paint {
    colored: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    /// A name or signature: bold.
    fn signature(&self, text: &str) -> String {
        self.with("1", text)
    }

    /// A line of prose. In colour its code is cyan and has no backticks.
    fn prose(&self, line: &str) -> String {
        if !self.colored {
            return line.to_string();
        }
        let parts = line.split('`').enumerate();
        parts.map(|(index, part)| if index % 2 == 1 { self.with("36", part) } else { part.to_string() }).collect()
    }

    /// A line of an example: what comes out is dim.
    fn example(&self, line: &str) -> String {
        match line.find("// ") {
            Some(at) => format!("{}{}", &line[..at], self.with("2", &line[at..])),
            None => line.to_string(),
        }
    }
}

fn parse(document: &'static str) -> Vec<Section> {
    document.split("\n## ").skip(1).map(section).collect()
}

fn section(text: &'static str) -> Section {
    let mut parts = text.split("\n### ");
    let (title, about) = head(parts.next().unwrap_or(""));
    Section { title, about, entries: parts.map(entry).collect() }
}

fn entry(text: &'static str) -> Entry {
    let (signature, body) = head(text);
    let (meaning, code) = body.split_once("```js\n").unwrap_or((body, ""));
    let example = code.split_once("```").map_or(code, |(example, _)| example);
    let name = signature.strip_prefix("new ").unwrap_or(signature);
    let name = name.split('(').next().unwrap_or(name);
    Entry { name, signature, meaning: meaning.trim(), example: example.trim_end() }
}

/// The first line, and what follows.
fn head(text: &'static str) -> (&'static str, &'static str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    (first.trim(), rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, in short.
    fn found(name: &str) -> String {
        match find(name) {
            Found::Entry(entry, others) if others.is_empty() => entry.name.to_string(),
            Found::Entry(entry, others) => format!("{} (also {})", entry.name, names(&others)),
            Found::Section(section) => format!("section {}", section.title),
            Found::Several(several) => format!("several: {}", names(&several)),
            Found::Nothing(near) => format!("nothing; near: {}", near.join(", ")),
        }
    }

    fn names(entries: &[&Entry]) -> String {
        entries.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for (name, expected) in [
            ("Math.max", "Math.max"),
            ("map", "array.map"),
            ("Array.prototype.map", "array.map"),
            ("Array.map", "array.map"),
            ("Array.from", "Array.from"),
            ("list.push", "array.push"),
            ("console.log()", "console.log"),
            ("\"gc\"", "section gc"),
            ("Map", "section Map"),
            ("new Map", "section Map"),
            ("math", "section Math"),
            ("math.PI", "Math.PI"),
            ("RangeError", "RangeError"),
            ("scope", "scope (also gc.scope)"),
            ("parseInt", "parseInt (also Number.parseInt)"),
            ("deref", "weakRef.deref"),
            ("groupBy", "several: Object.groupBy, Map.groupBy"),
            ("length", "several: string.length, array.length, function.length"),
            ("pussh", "nothing; near: push"),
            ("Math.maks", "nothing; near: Math.max, Math.abs, Math.min"),
            ("xyzzyxyzzy", "nothing; near: "),
            ("", "nothing; near: "),
        ] {
            assert_eq!(found(name), expected, "{name}");
        }
    }

    #[test]
    fn every_entry_is_whole() {
        for section in sections() {
            assert!(!section.about.is_empty() && !section.entries.is_empty(), "{}", section.title);
            for entry in &section.entries {
                assert!(!entry.meaning.is_empty() && !entry.example.is_empty(), "{}", entry.name);
                assert!(!entry.meaning.contains("\n\n") && !entry.meaning.contains("```"), "{}", entry.name);
                assert!(entry.summary().ends_with('.') && !entry.name.contains(' '), "{}", entry.name);
            }
        }
    }

    #[test]
    fn an_entry_on_a_terminal() {
        insta::assert_snapshot!(page("string.replace", 80, false).unwrap_or_default());
        insta::assert_snapshot!(page("parseInt", 50, true).unwrap_or_default().replace('\u{1b}', "^"));
    }

    #[test]
    fn a_section_on_a_terminal() {
        insta::assert_snapshot!(page("WeakMap", 80, false).unwrap_or_default());
        insta::assert_snapshot!(page("keys", 60, false).unwrap_or_default());
    }

    #[test]
    fn what_is_not_there() {
        assert_eq!(page("pussh", 80, false), Err("there is no builtin `pussh`; did you mean `push`?".to_string()));
        assert_eq!(page("xyzzyxyzzy", 80, false), Err("there is no builtin `xyzzyxyzzy`".to_string()));
    }

    #[test]
    fn no_line_of_prose_is_wider_than_the_terminal() {
        for entry in entries() {
            for width in [0, 1, 30, 72, 200] {
                let shown = wrapped(&flowing(entry.meaning), width, "  ", &Paint { colored: false });
                // code is never broken
                let longest = words(&flowing(entry.meaning)).map(|word| word.chars().count()).max().unwrap_or(0);
                let limit = width.max(22).max(longest + 2);
                assert!(shown.lines().all(|line| line.chars().count() <= limit), "{}: {shown}", entry.name);
                let joined = shown.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(joined, flowing(entry.meaning).split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
}
