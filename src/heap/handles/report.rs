//! What is known of handles: their numbers in a trace, where they were opened and closed, and which are open.

use std::fmt;
use std::panic::Location;

use super::super::Heap;
use super::super::event::{By, Event, Held};
use super::super::value::Value;
use super::table::{PERMANENT, RawHandle};
use super::{HandleError, Table};

/// How a handle came to be closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// That was not recorded.
    #[default]
    Unknown,
    /// The host closed it there.
    At(&'static Location<'static>),
    /// It was open at the end of its program.
    Program,
}

/// Where a closed handle was opened and closed, as far as that was recorded: in debug mode (`Settings::track_handles`), for the last two handles of each place
/// in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    pub opened: Option<&'static Location<'static>>,
    pub closed: End,
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.opened {
            write!(f, "; it was opened at {place}")?;
        }
        match self.closed {
            End::Unknown => Ok(()),
            End::At(place) => write!(f, "; it was closed at {place}"),
            End::Program => f.write_str("; it was closed when its program ended"),
        }
    }
}

/// An open handle, in the leak report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenHandle {
    pub handle: RawHandle,
    /// What kind of value it holds, as in traces; `undefined`, `null`, `boolean` for what is in no cell.
    pub kind: &'static str,
    /// The number of the container that it holds, as in traces; `None` for an atom or a built-in.
    pub number: Option<u64>,
    /// Where it was opened, in debug mode.
    pub opened: Option<&'static Location<'static>>,
}

impl fmt::Display for OpenHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(number) = self.number {
            write!(f, "#{number} ")?;
        }
        f.write_str(self.kind)?;
        self.opened.map_or(Ok(()), |place| write!(f, ", opened at {place}"))
    }
}

/// What is noted of the handles in one place, each with its generation.
#[derive(Clone, Copy, Default)]
struct Trail {
    opened: Option<(u32, &'static Location<'static>)>,
    closed: Option<(u32, Places)>,
}

/// What is noted of handles while a trace is on or in debug mode.
#[derive(Default)]
pub(super) struct Notes {
    /// The number given last.
    newest: u64,
    /// By place: a generation, and the number of the handle of that generation.
    numbers: Vec<(u32, u64)>,
    trails: Vec<Trail>,
}

impl Notes {
    /// The number of a handle in traces: they are numbered as they are first mentioned there, so as they are opened, from when the trace is on.
    pub(super) fn number_of(&mut self, handle: RawHandle) -> u64 {
        let entry = place_of(&mut self.numbers, handle);
        if entry.0 != handle.generation() {
            self.newest += 1;
            *entry = (handle.generation(), self.newest);
        }
        entry.1
    }

    fn places(&self, handle: RawHandle) -> Places {
        let trail = self.trails.get(handle.index() as usize).copied().unwrap_or_default();
        let closed = trail.closed.filter(|(generation, _)| *generation == handle.generation());
        closed.map(|(_, places)| places).unwrap_or_default()
    }

    fn opened_at(&self, handle: RawHandle) -> Option<&'static Location<'static>> {
        let (generation, place) = self.trails.get(handle.index() as usize)?.opened?;
        (generation == handle.generation()).then_some(place)
    }
}

fn place_of<T: Copy + Default>(list: &mut Vec<T>, handle: RawHandle) -> &mut T {
    let index = handle.index() as usize;
    if index >= list.len() {
        list.resize(index + 1, T::default());
    }
    &mut list[index]
}

impl Heap {
    #[cold]
    #[inline(never)]
    pub(super) fn note_open(
        &mut self,
        handle: RawHandle,
        value: Value,
        of: Option<RawHandle>,
        place: &'static Location<'static>,
    ) {
        if self.settings.track_handles {
            place_of(&mut self.handles.notes.trails, handle).opened = Some((handle.generation(), place));
        }
        if self.tracing {
            let of = of.map(|of| self.handles.notes.number_of(of));
            let (held, handle) = (self.held(value), self.handles.notes.number_of(handle));
            self.emit(match of {
                Some(of) => Event::HandleDup { handle, of },
                None => Event::HandleOpen { handle, held },
            });
            self.by = By::Handle;
        }
    }

    /// A handle is about to be closed, if it is open and can be.
    #[cold]
    #[inline(never)]
    pub(super) fn note_close(&mut self, handle: RawHandle, closed: End) {
        if self.handles.table.kinds(handle).is_none_or(|kinds| kinds & PERMANENT != 0) {
            return;
        }
        if self.settings.track_handles {
            let places = Places { opened: self.handles.notes.opened_at(handle), closed };
            place_of(&mut self.handles.notes.trails, handle).closed = Some((handle.generation(), places));
        }
        if self.tracing {
            let handle = self.handles.notes.number_of(handle);
            self.emit(Event::HandleClose { handle });
        }
    }

    /// A handle is open at the end, unless something has closed it meanwhile.
    pub(super) fn note_leak(&mut self, handle: RawHandle) {
        if self.tracing
            && let Some(value) = self.handles.table.get(handle)
        {
            let (held, handle) = (self.held(value), self.handles.notes.number_of(handle));
            self.emit(Event::HandleLeak { handle, held });
        }
    }

    fn held(&self, value: Value) -> Held {
        match value.is_container() {
            true => Held::Container(self.id_of(value.container())),
            false => Held::Atom(kind_of(value)),
        }
    }

    /// Why a handle that is not open cannot be used.
    #[cold]
    #[inline(never)]
    pub(super) fn not_open(&self, handle: RawHandle) -> HandleError {
        match Table::was_open(&self.handles.table, handle) {
            true => HandleError::Closed(self.handles.notes.places(handle)),
            false => HandleError::Unknown,
        }
    }

    /// The leak report: what is open, constants left out, by place in the table. O(slots).
    pub fn open_handles(&self) -> Vec<OpenHandle> {
        let open = self.handles.table.iter().filter(|(_, _, kinds)| kinds & PERMANENT == 0);
        open.map(|(handle, value, _)| OpenHandle {
            handle,
            kind: kind_of(value),
            number: self.number_of(value).filter(|_| !self.is_builtin(value)),
            opened: self.handles.notes.opened_at(handle),
        })
        .collect()
    }
}

fn kind_of(value: Value) -> &'static str {
    match value.kind() {
        Some(kind) => kind.name(),
        None if value.is_undefined() => "undefined",
        None if value == Value::NULL => "null",
        None if value.is_bool() => "boolean",
        None => "number",
    }
}
