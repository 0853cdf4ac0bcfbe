//! The text form: one line an event.

use std::fmt::{self, Write};

use super::{HEAD, Preset};
use crate::heap::collect::Reason;
use crate::heap::event::{By, Bytes, Cause, Event, Held, Id, Tracer, Why};
use crate::heap::links::{LinkKind, Weight};

/// A tracer that hands each line of the trace, line end included, to a function. Where the lines go, and whether they are
/// buffered on the way, is that function's affair.
pub struct TextTracer<W> {
    sink: W,
    /// `None`: off.
    preset: Option<Preset>,
    headed: bool,
    line: String,
}

impl<W: FnMut(&str)> TextTracer<W> {
    /// A tracer that shows the events of `preset`, or nothing until the script switches it on.
    pub fn new(preset: Option<Preset>, sink: W) -> TextTracer<W> {
        TextTracer { sink, preset, headed: false, line: String::new() }
    }

    fn head(&mut self) {
        if !self.headed {
            self.headed = true;
            (self.sink)(HEAD);
            (self.sink)("\n");
        }
    }
}

impl<W: FnMut(&str) + Send> Tracer for TextTracer<W> {
    fn event(&mut self, event: &Event) {
        if !self.preset.is_some_and(|preset| preset.shows(event)) {
            return;
        }
        self.head();
        self.line.clear();
        // Writing to a String cannot fail.
        let _ = writeln!(self.line, "{}", Line(event));
        (self.sink)(&self.line);
    }

    fn set_preset(&mut self, preset: Option<&str>) -> bool {
        let preset = match preset {
            Some(name) => match Preset::named(name) {
                Some(preset) => Some(preset),
                None => return false,
            },
            None => None,
        };
        self.preset = preset;
        true
    }

    fn wants_counts(&self) -> bool {
        self.preset.is_some_and(Preset::wants_counts)
    }

    fn is_on(&self) -> bool {
        self.preset.is_some()
    }
}

/// An event as its line, without the line end.
pub fn line(event: &Event) -> String {
    Line(event).to_string()
}

struct Line<'e>(&'e Event);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::ScopePush { level, what, name } if name.is_empty() => write!(f, "scope.push s{level} {what}"),
            Event::ScopePush { level, what, name } => write!(f, "scope.push s{level} {what} {}", Name(name)),
            Event::ScopePop { level } => write!(f, "scope.pop s{level}"),
            Event::Alloc { id, kind, level } => write!(f, "alloc {} {} s{level}", Shown(id), kind.name()),
            Event::Probation { id } => write!(f, "prob {}", Shown(id)),
            Event::Unprobation { id } => write!(f, "unprob {}", Shown(id)),
            Event::Ref { id, from, to, by } => write!(f, "ref {} {from}→{to} by {}", Shown(id), Holder(by)),
            Event::Unref { id, from, to, by } => write!(f, "unref {} {from}→{to} by {}", Shown(id), Holder(by)),
            Event::Rescope { id, from, to, why } => {
                write!(f, "rescope {} s{from}→s{to} why={}", Shown(id), why_name(*why))
            }
            Event::Sweep { level, dead } => write!(f, "sweep s{level} dead={dead}"),
            Event::UnrefHead { id } => write!(f, "unref-head {}", Shown(id)),
            Event::Delay { id } => write!(f, "delay {}", Shown(id)),
            Event::Free { id, cause } => write!(f, "free {} why={}", Shown(id), cause_name(*cause)),
            Event::Recycle { id } => write!(f, "recycle {}", Shown(id)),
            Event::CollectBegin { why, live, bytes } => {
                let why = match why {
                    Reason::Explicit => "explicit",
                    Reason::Growth => "growth",
                    Reason::Stress => "stress",
                    Reason::Limit => "limit",
                };
                write!(f, "gc.begin why={why} live={live} bytes={bytes}")
            }
            Event::CollectMark { marked } => write!(f, "gc.mark live={marked}"),
            Event::CollectEnd { freed } => write!(f, "gc.end freed={freed}"),
            Event::FinalQueue { id, order } => write!(f, "final.queue {} order={order}", Shown(id)),
            Event::FinalRun { id, name } if name.is_empty() => write!(f, "final.run {} (anonymous)", Shown(id)),
            Event::FinalRun { id, name } => write!(f, "final.run {} {}", Shown(id), Name(name)),
            Event::FinalLater { id } => write!(f, "final.later {}", Shown(id)),
            Event::FinalError { id, message } => write!(f, "final.error {} {}", Shown(id), Name(message)),
            Event::FinalLight { id, name } => write!(f, "final.light {} {name}", Shown(id)),
            Event::Resurrect { id } => write!(f, "resurrect {}", Shown(id)),
            Event::Link { id, number, kind, weight } => {
                let kind = match kind {
                    LinkKind::Value => "value",
                    LinkKind::Foreign => "foreign",
                };
                let light = match weight {
                    Weight::Ordinary => "",
                    Weight::Light => " light",
                };
                write!(f, "link.{kind} {} f{number}{light}", Shown(id))
            }
            Event::LinkHold { id, number } => write!(f, "link.hold {} f{number}", Shown(id)),
            Event::LinkRelease { id, number } => write!(f, "link.release {} f{number}", Shown(id)),
            Event::LinkCut { id, number, count } => write!(f, "link.cut {} f{number} count={count}", Shown(id)),
            Event::LinkFree { number } => write!(f, "link.free f{number}"),
            Event::LinkDealloc { number } => write!(f, "link.dealloc f{number}"),
            Event::Leak { id, kind, path } if path.is_empty() => write!(f, "leak {} {}", Shown(id), kind.name()),
            Event::Leak { id, kind, path } => write!(f, "leak {} {} by {}", Shown(id), kind.name(), Name(path)),
            Event::HandleOpen { handle, held } => write!(f, "handle.open h{handle} {}", Contents(held)),
            Event::HandleDup { handle, of } => write!(f, "handle.dup h{handle} of h{of}"),
            Event::HandleBytes { handle, how: Bytes::Pinned } => write!(f, "handle.bytes h{handle} pinned"),
            Event::HandleBytes { handle, how: Bytes::Copied } => write!(f, "handle.bytes h{handle} copied"),
            Event::HandleClose { handle } => write!(f, "handle.close h{handle}"),
            Event::HandleLeak { handle, held } => write!(f, "handle.leak h{handle} {}", Contents(held)),
            Event::Check => f.write_str("check ok"),
        }
    }
}

fn why_name(why: Why) -> &'static str {
    match why {
        Why::Store => "store",
        Why::Return => "return",
        Why::Throw => "throw",
        Why::Capture => "capture",
    }
}

fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Sweep => "sweep",
        Cause::Zero => "rc0",
        Cause::Pop => "pop",
        Cause::Cycle => "cycle",
        Cause::Exit => "exit",
    }
}

struct Shown<'e>(&'e Id);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Id::Number(number) => write!(f, "#{number}"),
            Id::Builtin(name) => write!(f, "@{}", Name(name)),
        }
    }
}

struct Holder<'e>(&'e By);

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // No name that a script can give has parentheses.
            By::Variable(name) if name.is_empty() => f.write_str("(hidden)"),
            By::Variable(name) => write!(f, "{}", Name(name)),
            By::Slot(id, slot) => write!(f, "{}{}", Shown(id), Name(slot)),
            By::Temporary => f.write_str("(temporary)"),
            By::Queue => f.write_str("(queue)"),
            By::Foreign(number) => write!(f, "(foreign f{number})"),
            By::Cycle => f.write_str("(cycle)"),
            By::Handle => f.write_str("(handle)"),
        }
    }
}

struct Contents<'e>(&'e Held);

impl fmt::Display for Contents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Held::Container(id) => write!(f, "{}", Shown(id)),
            Held::Atom(kind) => f.write_str(kind),
        }
    }
}

/// A name that a script chose: whatever is in it, an event stays one line.
struct Name<'e>(&'e str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                write!(f, "\\u{{{:x}}}", c as u32)?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::heap::cell::Kind;

    /// Every event once, as docs/trace.md lists them.
    fn every_event() -> Vec<Event> {
        let id = || Id::Number(4);
        vec![
            Event::ScopePush { level: 2, what: "call", name: "f".into() },
            Event::ScopePush { level: 3, what: "block", name: String::new() },
            Event::Alloc { id: id(), kind: Kind::Object, level: 3 },
            Event::Probation { id: id() },
            Event::Unprobation { id: id() },
            Event::Ref { id: id(), from: 0, to: 1, by: By::Variable("x".into()) },
            Event::Ref { id: id(), from: 1, to: 2, by: By::Slot(Id::Number(7), ".key".into()) },
            Event::Ref { id: id(), from: 2, to: 3, by: By::Variable(String::new()) },
            Event::Ref { id: Id::Builtin("Math.max".into()), from: 1, to: 2, by: By::Temporary },
            Event::Unref { id: id(), from: 3, to: 2, by: By::Slot(Id::Number(7), "[0]".into()) },
            Event::Unref { id: id(), from: 2, to: 1, by: By::Slot(Id::Number(7), String::new()) },
            Event::Rescope { id: id(), from: 3, to: 1, why: Why::Store },
            Event::Rescope { id: id(), from: 3, to: 1, why: Why::Return },
            Event::Rescope { id: id(), from: 3, to: 1, why: Why::Throw },
            Event::Rescope { id: id(), from: 3, to: 1, why: Why::Capture },
            Event::Sweep { level: 3, dead: 2 },
            Event::ScopePop { level: 3 },
            Event::UnrefHead { id: id() },
            Event::Delay { id: id() },
            Event::Free { id: id(), cause: Cause::Sweep },
            Event::Free { id: id(), cause: Cause::Zero },
            Event::Free { id: id(), cause: Cause::Pop },
            Event::Free { id: id(), cause: Cause::Cycle },
            Event::Free { id: id(), cause: Cause::Exit },
            Event::Recycle { id: id() },
            Event::FinalQueue { id: id(), order: 1 },
            Event::FinalRun { id: id(), name: "Connection.finalize".into() },
            Event::FinalLater { id: id() },
            Event::FinalError { id: id(), message: "TypeError: no".into() },
            Event::FinalLight { id: id(), name: "File" },
            Event::Resurrect { id: id() },
            Event::Ref { id: id(), from: 0, to: 1, by: By::Queue },
            Event::Unref { id: id(), from: 1, to: 0, by: By::Cycle },
            Event::Link { id: id(), number: 1, kind: LinkKind::Value, weight: Weight::Ordinary },
            Event::Link { id: Id::Number(5), number: 2, kind: LinkKind::Foreign, weight: Weight::Light },
            Event::LinkHold { id: id(), number: 1 },
            Event::Ref { id: id(), from: 0, to: 1, by: By::Foreign(1) },
            Event::LinkRelease { id: id(), number: 1 },
            Event::LinkCut { id: id(), number: 1, count: 0 },
            Event::LinkFree { number: 2 },
            Event::LinkDealloc { number: 1 },
            Event::Leak { id: id(), kind: Kind::Object, path: "x.key".into() },
            Event::HandleOpen { handle: 1, held: Held::Container(id()) },
            Event::HandleOpen { handle: 2, held: Held::Atom("string") },
            Event::HandleDup { handle: 3, of: 1 },
            Event::HandleBytes { handle: 2, how: Bytes::Pinned },
            Event::HandleBytes { handle: 2, how: Bytes::Copied },
            Event::HandleClose { handle: 1 },
            Event::HandleLeak { handle: 3, held: Held::Container(id()) },
            Event::Ref { id: id(), from: 1, to: 2, by: By::Handle },
            Event::Check,
        ]
    }

    fn traced(preset: Preset) -> String {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&text);
        let mut tracer = TextTracer::new(Some(preset), move |line: &str| sink.lock().unwrap().push_str(line));
        for event in every_event() {
            tracer.event(&event);
        }
        std::mem::take(&mut *text.lock().unwrap())
    }

    #[test]
    fn a_preset_shows_its_own() {
        for preset in Preset::EVERY {
            insta::assert_snapshot!(preset.name(), traced(preset));
        }
    }

    #[test]
    fn every_line_is_documented() {
        let docs = include_str!("../../docs/trace.md");
        for line in traced(Preset::All).lines() {
            assert!(docs.contains(&format!("`{line}`")), "docs/trace.md has no `{line}`");
        }
    }

    #[test]
    fn an_event_stays_one_line() {
        let event = Event::ScopePush { level: 2, what: "call", name: "a\nfree #1\u{2028}\u{1b}[m".into() };
        assert_eq!(Line(&event).to_string(), r"scope.push s2 call a\u{a}free #1\u{2028}\u{1b}[m");
    }

    #[test]
    fn off_until_switched_on() {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&text);
        let mut tracer = TextTracer::new(None, move |line: &str| sink.lock().unwrap().push_str(line));
        tracer.event(&Event::Check);
        assert!(!tracer.set_preset(Some("some")));
        assert!(tracer.set_preset(Some("all")) && tracer.wants_counts());
        tracer.event(&Event::Check);
        assert!(tracer.set_preset(None));
        tracer.event(&Event::Check);
        assert_eq!(*text.lock().unwrap(), "# probate-trace 1\ncheck ok\n");
    }
}
