//! Events: every step of the heap, as data. Rendering is in `crate::events`.
//!
//! The vocabulary is closed and versioned; its text form is documented in docs/trace.md.

use super::cell::Kind;
use super::collect::Reason;
use super::links::{LinkKind, Weight};
use super::string::Text;

/// What a container is called in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// `#n`, in order of allocation.
    Number(u64),
    /// `@name`, a built-in.
    Builtin(String),
}

/// Why a container was moved to an older scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Store,
    Return,
    Throw,
    Capture,
}

/// Why a container was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was on probation at the end of its statement.
    Sweep,
    /// Its count fell to zero.
    Zero,
    /// Its scope was popped, and nothing held it any more.
    Pop,
    /// Its scope was popped, and only values of that scope still held it: a cycle.
    Cycle,
    /// The program ended.
    Exit,
}

/// Who holds or held the reference that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A local, global or captured variable; empty if the compiler made it.
    Variable(String),
    /// A slot of a container: `.key`, `[index]`, or a word for an inner one.
    Slot(Id, String),
    /// A protected temporary or a value in flight.
    Temporary,
    /// A finalizer that is due.
    Queue,
    /// A foreign object, by the number of its link.
    Foreign(u64),
    /// Something that the collector found dead as well.
    Cycle,
    /// A handle of the host.
    Handle,
}

/// What a handle holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    Container(Id),
    /// The kind of an atom.
    Atom(&'static str),
}

/// How a string's bytes are kept for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// Where they are.
    Pinned,
    Copied,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    ScopePush {
        level: u32,
        what: &'static str,
        name: String,
    },
    ScopePop {
        level: u32,
    },
    Alloc {
        id: Id,
        kind: Kind,
        level: u32,
    },
    /// Put on probation (again).
    Probation {
        id: Id,
    },
    /// First reference: moved to the longer-lived list.
    Unprobation {
        id: Id,
    },
    Ref {
        id: Id,
        from: u32,
        to: u32,
        by: By,
    },
    Unref {
        id: Id,
        from: u32,
        to: u32,
        by: By,
    },
    Rescope {
        id: Id,
        from: u32,
        to: u32,
        why: Why,
    },
    /// A statement ended and this many values died.
    Sweep {
        level: u32,
        dead: u64,
    },
    UnrefHead {
        id: Id,
    },
    /// Into the delayed-destruction queue.
    Delay {
        id: Id,
    },
    Free {
        id: Id,
        cause: Cause,
    },
    /// The cell went to a recycle bin.
    Recycle {
        id: Id,
    },
    /// A collection starts, with this many live containers and bytes, built-ins left out.
    CollectBegin {
        why: Reason,
        live: u64,
        bytes: u64,
    },
    /// Containers that the roots reach.
    CollectMark {
        marked: u64,
    },
    CollectEnd {
        freed: u64,
    },
    /// Its finalizer is due, as number `order` of its round.
    FinalQueue {
        id: Id,
        order: u64,
    },
    /// Its finalizer is called.
    FinalRun {
        id: Id,
        name: String,
    },
    /// Its finalizer answered FinalizeLater.
    FinalLater {
        id: Id,
    },
    /// Its finalizer failed, or could not be called.
    FinalError {
        id: Id,
        message: String,
    },
    /// The light finalizer of an object of the host runs: what it holds outside is given up.
    FinalLight {
        id: Id,
        name: &'static str,
    },
    /// Its finalizer has been called, and it lives on.
    Resurrect {
        id: Id,
    },
    /// A container and a foreign object were linked, as link number `number`.
    Link {
        id: Id,
        number: u64,
        kind: LinkKind,
        weight: Weight,
    },
    /// Nothing else holds the container any more; its foreign object does.
    LinkHold {
        id: Id,
        number: u64,
    },
    /// It no longer does.
    LinkRelease {
        id: Id,
        number: u64,
    },
    /// The container was freed, and the foreign object has no link any more, but `count` other counts.
    LinkCut {
        id: Id,
        number: u64,
        count: isize,
    },
    /// The memory of the foreign object was freed.
    LinkFree {
        number: u64,
    },
    /// The deallocator of the foreign object is called.
    LinkDealloc {
        number: u64,
    },
    /// Alive though all scopes are popped.
    Leak {
        id: Id,
        kind: Kind,
        path: String,
    },
    /// The host opened a handle. Handles are numbered as they are opened.
    HandleOpen {
        handle: u64,
        held: Held,
    },
    /// It opened one more for what another one holds.
    HandleDup {
        handle: u64,
        of: u64,
    },
    /// It got at the bytes of a string.
    HandleBytes {
        handle: u64,
        how: Bytes,
    },
    HandleClose {
        handle: u64,
    },
    /// Open though the program has ended: it is closed now.
    HandleLeak {
        handle: u64,
        held: Held,
    },
    Check,
}

/// Where events go.
pub trait Tracer: Send {
    fn event(&mut self, event: &Event);
    /// The script switched the preset: `gc.trace(preset)`; `None` is off. False: no such preset.
    fn set_preset(&mut self, preset: Option<&str>) -> bool;
    /// Whether reference-count events are wanted (they are many and cost a name each).
    fn wants_counts(&self) -> bool;
    /// Whether any event is wanted. Asked after each event and each switch of the preset.
    fn is_on(&self) -> bool;
}

pub(crate) fn slot_name(text: Text) -> String {
    slot_called(text.as_str())
}

/// How a property is written behind its object: `.name`, or `["two words"]`.
pub(crate) fn slot_called(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == '#');
    if plain { format!(".{text}") } else { format!("[{text:?}]") }
}
