//! Completion with a session made up for it.

use super::*;

struct Made;

impl Sources for Made {
    fn names(&self) -> Vec<String> {
        ["orders", "order", "other", "漢字", "e\u{301}tat", "Object", "console", "hostile"].map(String::from).to_vec()
    }

    fn members(&self, root: Root<'_>, path: &[Step<'_>]) -> Vec<Member> {
        let property = |name: &str| Member { name: name.into(), is_method: false };
        let method = |name: &str| Member { name: name.into(), is_method: true };
        let key = |step: &Step<'_>| match step {
            Step::Key(key) => key.to_string(),
            Step::Index(index) => index.to_string(),
        };
        let path: Vec<String> = path.iter().map(key).collect();
        match (root, path.join("/").as_str()) {
            (Root::Name("orders"), "") => vec![property("length"), method("map"), method("filter")],
            (Root::Name("orders"), "0" | "0/next") => {
                vec![property("id"), property("item"), property("odd key"), property("next"), property("2nd")]
            }
            (Root::Name("orders"), "0/odd key") => vec![property("inside")],
            (Root::Name("漢字"), "") => vec![property("漢"), property("字")],
            (Root::Name("hostile"), "") => vec![property("a\"b\\\n\u{1b}[31m"), property("'"), property("")],
            (Root::String, "") => vec![property("length"), method("slice"), method("split")],
            (Root::Array, "") => vec![property("length"), method("push")],
            (Root::Number, "") => vec![method("toFixed")],
            _ => Vec::new(),
        }
    }

    fn commands(&self) -> Vec<(&'static str, &'static str)> {
        vec![(".help", "explains"), (".heap", "shows"), (".load", "runs a file"), (".type", "tells")]
    }

    fn argument(&self, command: &str) -> Argument {
        match command {
            ".help" => Argument::Words(vec!["Array".into(), "Array.prototype.map".into(), "console.log".into()]),
            ".load" => Argument::Path,
            _ => Argument::Code,
        }
    }

    fn files(&self, folder: &str) -> Vec<Entry> {
        let entry = |name: &str, is_folder| Entry { name: name.into(), is_folder };
        match folder {
            "" => vec![entry("one.pbt", false), entry("own files", true), entry(".hidden", false)],
            "own files/" => vec![entry("two.pbt", false)],
            _ => Vec::new(),
        }
    }
}

/// The text after each candidate has been taken; `|` is the cursor.
fn taken(text: &str) -> Vec<String> {
    let cursor = text.find('|').expect("a cursor");
    let text = text.replacen('|', "", 1);
    let completion = complete(&text, cursor, &Made);
    let take =
        |candidate: &Candidate| format!("{}{}{}", &text[..completion.start], candidate.replacement, &text[cursor..]);
    completion.candidates.iter().map(take).collect()
}

fn listed(text: &str) -> Vec<String> {
    let cursor = text.find('|').expect("a cursor");
    let completion = complete(&text.replacen('|', "", 1), cursor, &Made);
    completion.candidates.into_iter().map(|candidate| candidate.display).collect()
}

#[test]
fn names_and_keywords() {
    assert_eq!(taken("or|"), ["order", "orders"]);
    assert_eq!(taken("x + oth|"), ["x + other"]);
    assert_eq!(taken("ret|"), ["return"]);
    assert_eq!(taken("let x = ne|"), ["let x = new"]);
    assert_eq!(taken("f(ord|, 1)"), ["f(order, 1)", "f(orders, 1)"]);
    assert_eq!(taken("zzz|"), [""; 0]);
    assert_eq!(taken("`a${ord|"), ["`a${order", "`a${orders"]);
    assert!(listed("x + |").contains(&"orders".to_string()));
    assert!(!listed("x + |").contains(&"return".to_string()));
}

#[test]
fn wide_and_combining_names() {
    assert_eq!(taken("漢|"), ["漢字"]);
    assert_eq!(taken("e\u{301}|"), ["e\u{301}tat"]);
    assert_eq!(taken("\"🎉\" + 漢字.漢|"), ["\"🎉\" + 漢字.漢"]);
    assert_eq!(taken("漢字.|"), ["漢字.字", "漢字.漢"]);
}

#[test]
fn members_after_a_dot() {
    assert_eq!(taken("orders.|"), ["orders.filter", "orders.length", "orders.map"]);
    assert_eq!(taken("orders?.m|"), ["orders?.map"]);
    assert_eq!(taken("orders . m|"), ["orders . map"]);
    assert_eq!(taken("orders[0].i|"), ["orders[0].id", "orders[0].item"]);
    assert_eq!(taken("orders[0][\"odd key\"].|"), ["orders[0][\"odd key\"].inside"]);
    assert_eq!(taken("orders\n  .f|"), ["orders\n  .filter"]);
    assert_eq!(taken("\"abc\".s|"), ["\"abc\".slice", "\"abc\".split"]);
    assert_eq!(taken("[1].|"), ["[1].length", "[1].push"]);
    assert_eq!(taken("1.5.|"), ["1.5.toFixed"]);
    assert_eq!(taken("unknown.|"), [""; 0]);
    assert_eq!(taken("f().|"), [""; 0]);
}

#[test]
fn keys_that_are_no_names_take_brackets() {
    let expected = ["orders[0][\"2nd\"]", "orders[0][\"odd key\"]", "orders[0].id", "orders[0].item", "orders[0].next"];
    assert_eq!(taken("orders[0].|"), expected);
    assert_eq!(taken("orders[0]?.o|"), ["orders[0]?.[\"odd key\"]"]);
    assert_eq!(taken("orders[0].o|"), ["orders[0][\"odd key\"]"]);
    assert_eq!(listed("orders[0].o|"), ["[\"odd key\"]"]);
}

#[test]
fn keys_in_brackets() {
    assert_eq!(taken("orders[0][\"o|"), ["orders[0][\"odd key\"]"]);
    assert_eq!(taken("orders[0]?.['i|"), ["orders[0]?.['id']", "orders[0]?.['item']"]);
    assert_eq!(taken("orders[0][\"o|\"]"), ["orders[0][\"odd key\"]"]);
    assert_eq!(taken("orders[\"|"), ["orders[\"length\"]"]);
    assert_eq!(taken("x = [\"o|"), [""; 0]);
    assert_eq!(taken("f(\"o|"), [""; 0]);
}

#[test]
fn a_hostile_key_is_escaped_and_not_obeyed() {
    let expected = ["hostile[\"\"]", "hostile[\"'\"]", "hostile[\"a\\\"b\\\\\\n\\u001b[31m\"]"];
    assert_eq!(taken("hostile.|"), expected);
    assert_eq!(listed("hostile[\"a|"), ["a\"b\\\u{FFFD}\u{FFFD}[31m"]);
    assert_eq!(taken("hostile['|"), ["hostile['']", "hostile['\\'']", "hostile['a\"b\\\\\\n\\u001b[31m']"]);
}

#[test]
fn nothing_in_comments_and_texts() {
    for text in [
        "// or|",
        "/* or|",
        "1 // x.|",
        "\"or|",
        "'or|",
        "`or|",
        "`${x} or|",
        "#or|",
        "12or|",
        "let or|",
        "function or|",
        "class or|",
        "orders |",
    ] {
        assert_eq!(taken(text), [""; 0], "{text}");
    }
    assert_eq!(taken("/* a */ or|"), ["/* a */ order", "/* a */ orders"]);
    assert_eq!(taken("/* a */or|"), ["/* a */order", "/* a */orders"]);
}

#[test]
fn commands_and_their_arguments() {
    assert_eq!(taken(".|"), [".heap", ".help", ".load", ".type"]);
    assert_eq!(taken(".he|"), [".heap", ".help"]);
    assert_eq!(taken(".help Arr|"), [".help Array", ".help Array.prototype.map"]);
    assert_eq!(taken(".help |").len(), 3);
    assert_eq!(taken(".type orders.m|"), [".type orders.map"]);
    assert_eq!(taken("1\n.he|"), [""; 0]);
}

#[test]
fn paths() {
    assert_eq!(taken(".load o|"), [".load one.pbt", ".load own files/"]);
    assert_eq!(taken(".load own files/|"), [".load own files/two.pbt"]);
    assert_eq!(taken(".load .|"), [".load .hidden"]);
    assert_eq!(taken(".load nowhere/|"), [""; 0]);
}

#[test]
fn tab_indents_where_a_line_begins() {
    assert_eq!(taken("|"), ["  "]);
    assert_eq!(taken("f(\n|"), ["f(\n  "]);
    assert_eq!(taken("f(\n  |1"), ["f(\n    1"]);
}

#[test]
fn the_machine_s_own_files_are_found() {
    assert!(files(env!("CARGO_MANIFEST_DIR")).contains(&Entry { name: "src".into(), is_folder: true }));
    assert!(files("/nowhere/at/all/").is_empty());
}

#[test]
fn a_long_list_and_a_long_name_are_cut() {
    struct Many;
    impl Sources for Many {
        fn names(&self) -> Vec<String> {
            (0..5000).map(|n| format!("n{n}{}", "x".repeat(100))).collect()
        }
        fn members(&self, _: Root<'_>, _: &[Step<'_>]) -> Vec<Member> {
            Vec::new()
        }
        fn commands(&self) -> Vec<(&'static str, &'static str)> {
            Vec::new()
        }
        fn argument(&self, _: &str) -> Argument {
            Argument::Code
        }
    }
    let completion = complete("n", 1, &Many);
    assert_eq!(completion.candidates.len(), MOST);
    assert_eq!(completion.candidates[0].display.chars().count(), WIDEST + 1);
    assert!(completion.candidates[0].replacement.len() > 100);
}
