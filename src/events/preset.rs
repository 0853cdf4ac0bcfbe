//! Which events a trace shows.

use crate::heap::event::Event;

/// A named set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Births and deaths.
    #[default]
    Life,
    /// Births and deaths, probation, and every counted reference.
    Rc,
    /// Births and deaths, scopes, and every move between them.
    Scope,
    /// Everything.
    All,
}

const LIFE: u8 = 1;
const RC: u8 = 2;
const SCOPE: u8 = 4;
const ALL: u8 = 8;

/// The table: the presets that show an event.
fn shown_in(event: &Event) -> u8 {
    match event {
        Event::Alloc { .. } => LIFE | RC | SCOPE | ALL,
        Event::Free { .. } => LIFE | RC | SCOPE | ALL,
        Event::Probation { .. } => RC | ALL,
        Event::Unprobation { .. } => RC | ALL,
        Event::Ref { .. } => RC | ALL,
        Event::Unref { .. } => RC | ALL,
        Event::ScopePush { .. } => SCOPE | ALL,
        Event::ScopePop { .. } => SCOPE | ALL,
        Event::Rescope { .. } => SCOPE | ALL,
        Event::Sweep { .. } => SCOPE | ALL,
        Event::UnrefHead { .. } => SCOPE | ALL,
        Event::Delay { .. } => SCOPE | ALL,
        Event::Recycle { .. } => ALL,
        Event::CollectBegin { .. } => LIFE | RC | SCOPE | ALL,
        Event::CollectMark { .. } => SCOPE | ALL,
        Event::CollectEnd { .. } => LIFE | RC | SCOPE | ALL,
        Event::FinalQueue { .. } => LIFE | RC | SCOPE | ALL,
        Event::FinalRun { .. } => LIFE | RC | SCOPE | ALL,
        Event::FinalLater { .. } => LIFE | RC | SCOPE | ALL,
        Event::FinalError { .. } => LIFE | RC | SCOPE | ALL,
        Event::FinalLight { .. } => LIFE | RC | SCOPE | ALL,
        Event::Resurrect { .. } => LIFE | RC | SCOPE | ALL,
        Event::Link { .. } => LIFE | RC | SCOPE | ALL,
        Event::LinkHold { .. } => LIFE | RC | SCOPE | ALL,
        Event::LinkRelease { .. } => LIFE | RC | SCOPE | ALL,
        Event::LinkCut { .. } => LIFE | RC | SCOPE | ALL,
        Event::LinkFree { .. } => LIFE | RC | SCOPE | ALL,
        Event::LinkDealloc { .. } => LIFE | RC | SCOPE | ALL,
        Event::Leak { .. } => LIFE | RC | SCOPE | ALL,
        Event::HandleOpen { .. } => LIFE | RC | SCOPE | ALL,
        Event::HandleDup { .. } => LIFE | RC | SCOPE | ALL,
        Event::HandleBytes { .. } => LIFE | RC | SCOPE | ALL,
        Event::HandleClose { .. } => LIFE | RC | SCOPE | ALL,
        Event::HandleLeak { .. } => LIFE | RC | SCOPE | ALL,
        Event::Check => ALL,
    }
}

impl Preset {
    /// Every preset, in the order of the documentation.
    pub const EVERY: [Preset; 4] = [Preset::Life, Preset::Rc, Preset::Scope, Preset::All];

    /// As on the command line and in `gc.trace`.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Life => "life",
            Preset::Rc => "rc",
            Preset::Scope => "scope",
            Preset::All => "all",
        }
    }

    /// The preset of that name.
    pub fn named(name: &str) -> Option<Preset> {
        Preset::EVERY.into_iter().find(|preset| preset.name() == name)
    }

    /// Whether it shows an event.
    pub fn shows(self, event: &Event) -> bool {
        let bit = match self {
            Preset::Life => LIFE,
            Preset::Rc => RC,
            Preset::Scope => SCOPE,
            Preset::All => ALL,
        };
        shown_in(event) & bit != 0
    }

    /// Whether it shows counted references: they are many, and naming who holds each costs time.
    pub fn wants_counts(self) -> bool {
        matches!(self, Preset::Rc | Preset::All)
    }
}
