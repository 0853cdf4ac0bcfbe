//! Colours of the report.

/// With colours or without.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub colored: bool,
}

impl Style {
    /// What was expected and did not come; failures.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// What came; success.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Where in a file.
    pub fn cyan(self, text: &str) -> String {
        self.paint("36", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}
