//! What the prompt makes of any text at all: colours lose nothing, completion stays inside the text, nothing panics and
//! nothing takes long.

use std::time::{Duration, Instant};

use probate::cli::repl::complete::{Argument, Member, Sources, complete};
use probate::cli::repl::highlight::{Painter, neutral};
use probate::cli::repl::paste;
use probate::cli::repl::receiver::{Root, Step};
use proptest::prelude::*;

/// Every name has the same members, of which one needs brackets.
struct Same;

impl Sources for Same {
    fn names(&self) -> Vec<String> {
        ["a", "ab", "漢字"].map(String::from).to_vec()
    }

    fn members(&self, _: Root<'_>, _: &[Step<'_>]) -> Vec<Member> {
        ["a", "a b", "\"\\\n\u{1b}"].map(|name| Member { name: name.into(), is_method: false }).to_vec()
    }

    fn commands(&self) -> Vec<(&'static str, &'static str)> {
        vec![(".help", "")]
    }

    fn argument(&self, _: &str) -> Argument {
        Argument::Code
    }

    fn files(&self, _: &str) -> Vec<probate::cli::repl::complete::Entry> {
        Vec::new()
    }
}

/// Texts of pieces that mean something together.
fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "ab.",
        "a?.",
        "[\"",
        "\"]",
        "['",
        "'",
        "\"",
        "`",
        "${",
        "}",
        "{",
        "(",
        ")",
        "[",
        "]",
        " ",
        "\n",
        "> ",
        ".",
        "... ",
        "… ",
        ".help ",
        "//",
        "/*",
        "*/",
        "1",
        "0x",
        "1.",
        "let ",
        "var ",
        "=>",
        "=",
        "+",
        "漢字",
        "e\u{301}",
        "🎉",
        "\\",
        "\\u{",
        "#a",
        "#!",
        "\u{1b}[31m",
        "\u{9b}",
        "\u{FEFF}",
        "\u{2028}",
        "\r",
        "\t",
        "/",
        ";",
        ",",
        ":",
        "?",
        "of ",
        "static ",
        "<!--",
        "@",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..30).prop_map(|pieces| pieces.concat())
}

/// The text without escape sequences of colours.
fn stripped(painted: &str) -> String {
    let mut parts = painted.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |out, part| out + part.split_once('m').map_or("", |(_, text)| text))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn colours_lose_nothing(text in text()) {
        let painter = Painter::new(true);
        for (cursor, _) in text.char_indices() {
            prop_assert_eq!(stripped(&painter.paint(&text, Some(cursor))), neutral(&text));
        }
        prop_assert_eq!(Painter::new(false).paint(&text, Some(0)), neutral(&text));
    }

    #[test]
    fn completion_stays_inside_the_text(text in text()) {
        for cursor in (0..=text.len()).filter(|cursor| text.is_char_boundary(*cursor)) {
            let completion = complete(&text, cursor, &Same);
            prop_assert!(completion.start <= cursor && text.is_char_boundary(completion.start));
            for candidate in completion.candidates {
                prop_assert!(!candidate.display.contains(char::is_control));
                prop_assert!(!candidate.replacement.contains('\x1b'));
            }
        }
    }

    #[test]
    fn a_text_is_at_least_one_input(text in text()) {
        let inputs = paste::inputs(&text);
        prop_assert!(!inputs.is_empty());
        if !text.lines().any(|line| line.starts_with('>') || line.starts_with('.')) {
            prop_assert_eq!(inputs, [text.as_str()]);
        }
        // An empty line neither ends nor begins anything.
        prop_assert_eq!(paste::goes_on(&text), paste::goes_on(&format!("{text}\n\n")));
    }
}

#[test]
fn a_megabyte_takes_no_time_to_speak_of() {
    let cases = ["(", "[0]", "a.", "`${", "> f(\n", "{\n", "'a' + ", "/*\n}\n", ".a\n", "\n", "\u{1b}"];
    for case in cases {
        let text = case.repeat((1 << 20) / case.len());
        let start = Instant::now();
        let painter = Painter::new(true);
        assert_eq!(painter.paint(&text, Some(text.len())), neutral(&text));
        complete(&text, text.len(), &Same);
        paste::goes_on(&text);
        // Far more than it takes, and far less than what grows with the square.
        assert!(start.elapsed() < Duration::from_secs(20), "{case:?}: {:?}", start.elapsed());
    }
}
