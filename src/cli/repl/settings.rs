//! `.set`: what the user can change about the prompt.

use crate::stdlib::inspect;

/// The settings, with their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Levels of nesting that are shown.
    pub depth: usize,
    /// Items of a container that are shown.
    pub items: usize,
    /// Characters of a string that are shown.
    pub characters: usize,
    /// Bytes of the whole text.
    pub bytes: usize,
    /// `vi` keys instead of `emacs` keys.
    pub vi: bool,
    /// Hints from the history.
    pub hints: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        let console = inspect::Options::default();
        Settings {
            depth: console.depth,
            items: console.items,
            characters: 1000,
            bytes: SHOWN_BYTES,
            vi: false,
            hints: true,
        }
    }
}

/// Bytes of a value's text that are shown.
const SHOWN_BYTES: usize = 64 << 10;

/// Every setting: its name and what it means.
pub const SETTINGS: [(&str, &str); 6] = [
    ("depth", "levels of nesting that are shown"),
    ("items", "items of a container that are shown"),
    ("characters", "characters of a string that are shown"),
    ("bytes", "bytes of a value that are shown in all"),
    ("keys", "emacs or vi"),
    ("hints", "on or off: what the history suggests"),
];

impl Settings {
    /// The value of a setting as it is set; `None`: there is none of that name.
    pub fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "depth" => self.depth.to_string(),
            "items" => self.items.to_string(),
            "characters" => self.characters.to_string(),
            "bytes" => self.bytes.to_string(),
            "keys" => if self.vi { "vi" } else { "emacs" }.to_string(),
            "hints" => if self.hints { "on" } else { "off" }.to_string(),
            _ => return None,
        })
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// What it can be.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || match value {
            "all" => Ok(usize::MAX),
            _ => value.parse::<usize>().map_err(|_| format!("`{name}` is a number, or all")),
        };
        let one_of = |yes: &str, no: &str| match value {
            _ if value == yes => Ok(true),
            _ if value == no => Ok(false),
            _ => Err(format!("`{name}` is {yes} or {no}")),
        };
        match name {
            "depth" => self.depth = number()?.min(DEEPEST),
            "items" => self.items = number()?,
            "characters" => self.characters = number()?,
            "bytes" => self.bytes = number()?,
            "keys" => self.vi = one_of("vi", "emacs")?,
            "hints" => self.hints = one_of("on", "off")?,
            _ => {
                let names: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
                return Err(format!("there is no setting `{name}`; there are {}", names.join(", ")));
            }
        }
        Ok(())
    }
}

/// Nesting that is shown at most: it recurses.
const DEEPEST: usize = 1000;
