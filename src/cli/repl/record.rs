//! The prompt's tracer: shows events while `.trace on`, and keeps those of the last input for `.trace last`.

use super::super::streams::{Shared, Streams};
use crate::events::{self, Preset};
use crate::heap::event::{Event, Tracer};

/// Events that are kept of one input; past them nothing is recorded, so that a long run goes at full speed.
const KEPT: usize = 10_000;

/// The state of the tracer, shared with the loop.
#[derive(Default)]
pub struct Record {
    /// What is shown as it happens.
    pub live: Option<Preset>,
    events: Vec<Event>,
    /// Nothing is shown or kept: a command looks at something.
    pub paused: bool,
    /// Nothing but calls of finalizers is kept.
    pub only_finalizers: bool,
    /// Events came after those that are kept.
    pub cut: bool,
}

impl Record {
    /// A record that shows the events of a preset as they happen.
    pub fn showing(live: Option<Preset>) -> Record {
        Record { live, ..Record::default() }
    }

    /// An input begins, or a command that does something to the heap: what was kept of the one before is forgotten.
    pub fn begin(&mut self) {
        self.events.clear();
        self.cut = false;
        self.only_finalizers = false;
    }

    /// The kept events of a preset, a line each.
    pub fn lines(&self, preset: Preset) -> impl Iterator<Item = String> {
        self.events.iter().filter(move |event| preset.shows(event)).map(events::line)
    }

    /// The finalizers called that are kept: in traces' words, in order.
    pub fn finalizers(&self) -> Vec<String> {
        self.events.iter().map(|event| events::line(event).replacen("final.run ", "", 1)).collect()
    }
}

/// The tracer of the prompt's engine.
pub struct Recorder {
    record: Shared<Record>,
    streams: Shared<Streams>,
}

impl Recorder {
    pub fn new(record: Shared<Record>, streams: Shared<Streams>) -> Recorder {
        Recorder { record, streams }
    }
}

impl Tracer for Recorder {
    fn event(&mut self, event: &Event) {
        let mut record = self.record.borrow_mut();
        if record.paused {
            return;
        }
        if record.live.is_some_and(|preset| preset.shows(event)) {
            self.streams.borrow_mut().trace(&(events::line(event) + "\n"));
        }
        if record.only_finalizers && !matches!(event, Event::FinalRun { .. }) {
            return;
        }
        if record.events.len() < KEPT {
            record.events.push(event.clone());
        } else {
            record.cut = true;
        }
    }

    fn set_preset(&mut self, preset: Option<&str>) -> bool {
        let known = preset.map(Preset::named);
        if known == Some(None) {
            return false;
        }
        self.record.borrow_mut().live = known.flatten();
        true
    }

    fn wants_counts(&self) -> bool {
        let record = self.record.borrow();
        !record.cut || record.live.is_some_and(Preset::wants_counts)
    }

    fn is_on(&self) -> bool {
        let record = self.record.borrow();
        !record.paused && (record.live.is_some() || !record.cut)
    }
}
