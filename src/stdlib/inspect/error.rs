//! Errors in the inspection format: their stack, with the class's name in front.

use super::head::Head;
use super::{Inspector, more};
use crate::heap::value::Value;
use crate::stdlib::arguments::Outcome;

/// Bytes of a name, a message or a stack that are shown.
const LONGEST: usize = 1 << 20;
/// So many are shown even where there is no room left.
const SHORTEST: usize = 100;
/// Lines of a stack that are compared with those of its cause.
const COMPARED: usize = 256;

impl Inspector<'_> {
    /// The text of an error: its stack, in brackets if that has no frames. Takes out of the keys what the stack shows already, and adds `cause`.
    pub(super) fn error(&mut self, error: Value, class: &str, head: &mut Head) -> Outcome<String> {
        let keys = &mut head.keys;
        let name = self.string_property(error, "name")?.map_or_else(|| "Error".to_string(), |(name, _)| name);
        let message = self.string_property(error, "message")?.map_or_else(String::new, |(message, _)| message);
        let (stack, left) = match self.string_property(error, "stack")? {
            Some((stack, left)) if !stack.is_empty() => (stack, left),
            _ if message.is_empty() => (name.clone(), 0),
            _ => (format!("{name}: {message}"), 0),
        };
        for (word, text) in [("name", &name), ("message", &message), ("stack", &stack)] {
            keys.retain(|(key, _)| key.text().as_str() != word || !stack.contains(text.as_str()));
        }
        let cause = self.vm.heap.key("cause");
        if self.vm.heap.get_own(error, cause).is_some() && !keys.iter().any(|(key, _)| *key == cause) {
            keys.push((cause, false));
        }
        let stack = with_class_name(stack, class, &name);
        let after_message =
            if message.is_empty() { 0 } else { stack.find(&message).map_or(0, |at| at + message.len()) };
        let mut stack = if stack[after_message..].contains("\n    at") {
            self.without_shared_frames(error, stack)?
        } else {
            format!("[{stack}]")
        };
        if left > 0 {
            stack.push_str(&more(left, "character"));
        }
        let stack = self.harmless(stack);
        Ok(if self.indentation > 0 {
            stack.replace('\n', &format!("\n{}", " ".repeat(self.indentation)))
        } else {
            stack
        })
    }

    /// A property that is a text, cut where the cap is, and how many characters that left out.
    fn string_property(&mut self, object: Value, key: &str) -> Outcome<Option<(String, usize)>> {
        let value = self.vm.get_named(object, key)?;
        if !value.is_string() {
            return Ok(None);
        }
        let text = self.vm.heap.text(value);
        let end = text.floor_char_boundary(LONGEST.min(self.room().max(SHORTEST)));
        let shown = text[..end].to_string();
        let left = if end < text.len() { text.chars_len() - shown.chars().count() } else { 0 };
        self.vm.charge(shown.len())?;
        Ok(Some((shown, left)))
    }

    /// Frames that stand in the cause's stack too are left out.
    fn without_shared_frames(&mut self, error: Value, stack: String) -> Outcome<String> {
        let key = self.vm.heap.key("cause");
        let cause = self.vm.heap.get_own(error, key).filter(|cause| self.vm.is_error(*cause));
        let Some(cause) = cause else { return Ok(stack) };
        let cause_stack = self.string_property(cause, "stack")?.map_or_else(String::new, |(stack, _)| stack);
        let Some(start) = cause_stack.find("\n    at") else { return Ok(stack) };
        let theirs: Vec<&str> = cause_stack[start + 1..].split('\n').take(COMPARED).collect();
        let mut lines: Vec<String> = stack.split('\n').map(str::to_string).collect();
        let first = lines.iter().position(|line| line.starts_with("    at")).unwrap_or(lines.len());
        if let Some((offset, len)) = shared(&lines[first..lines.len().min(first + COMPARED)], &theirs) {
            let skipped = len - 2;
            let from = first + offset + 1;
            lines.splice(from..from + skipped, [format!("    ... {skipped} lines matching cause stack trace ...")]);
        }
        Ok(lines.join("\n"))
    }
}

/// The first run of more than three lines of `ours` that stands in `theirs` as well: its place and its length.
fn shared(ours: &[String], theirs: &[&str]) -> Option<(usize, usize)> {
    for offset in 0..ours.len().saturating_sub(3) {
        let Some(place) = theirs.iter().position(|line| *line == ours[offset]) else { continue };
        let len = ours[offset..].iter().zip(&theirs[place..]).take_while(|(a, b)| a == b).count();
        if len > 3 {
            return Some((offset, len));
        }
    }
    None
}

/// A stack starts with the name that the error had when it was made; the class says more.
fn with_class_name(stack: String, class: &str, name: &str) -> String {
    let regular = name.ends_with("Error")
        && stack.starts_with(name)
        && matches!(stack.as_bytes().get(name.len()), None | Some(b':' | b'\n'));
    if !regular || name == class {
        return stack;
    }
    if class.contains(name) {
        format!("{class}{}", &stack[name.len()..])
    } else {
        format!("{class} [{name}]{}", &stack[name.len()..])
    }
}
