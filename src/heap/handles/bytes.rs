//! The bytes of a string, for code that reads them through a pointer.
//!
//! Neither cells nor the buffers that strings share ever move, and no string's text changes. But C wants a NUL behind a text. Where a text stands in its string's own
//! cell and the cell goes on behind it, that is where the NUL is written, and the bytes are *pinned*: the handle's count keeps them. In a shared buffer the byte
//! behind a text is for whoever appends next (`s += x`), and a cell may be full: then the bytes are *copied*, and the copy is freed with the handle.

use super::super::Heap;
use super::super::event::{Bytes, Event};
use super::super::string::Text;
use super::super::value::Value;
use super::close::Destructor;
use super::table::RawHandle;
use super::{COPIED, HandleError, OutOfMemory, PINNED};

/// The bytes of the string behind a handle. The pointer is for code that keeps to the rule by itself: not to read through it once the handle is closed. What Rust reads is
/// checked, by [`Heap::read_bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawBytes {
    handle: RawHandle,
    data: *const u8,
    len: usize,
}

impl RawBytes {
    /// Where they begin. Behind the last one is a NUL, which does not count; there may be others among them.
    pub fn as_ptr(self) -> *const u8 {
        self.data
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.len
    }

    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The handle with which they go.
    pub fn handle(self) -> RawHandle {
        self.handle
    }
}

impl Heap {
    /// The bytes of the string behind a handle (`string_bytes`): UTF-8, and a NUL behind them. They stay where they are, and as they are, until the handle is closed; asked
    /// again, it gives the same ones. O(1), or once O(length) where they are copied.
    ///
    /// # Errors
    /// The handle is not open, or holds no string; there is no memory for a copy.
    pub fn handle_bytes(&mut self, handle: RawHandle) -> Result<RawBytes, HandleError> {
        let value = self.deref_handle(handle)?;
        if !value.is_string() {
            return Err(HandleError::NotText);
        }
        if self.bytes_now(handle, value).is_none() {
            let how = if self.terminate(value) {
                self.handles.table.add_kinds(handle, PINNED);
                Bytes::Pinned
            } else {
                let copy = self.copy_text(self.text(value))?;
                self.account_beside(copy.len());
                self.add_destructor(handle, COPIED, Destructor::Free(copy));
                Bytes::Copied
            };
            if self.tracing {
                let handle = self.handles.notes.number_of(handle);
                self.emit(Event::HandleBytes { handle, how });
            }
        }
        let bytes = self.bytes_now(handle, value).unwrap_or_default();
        Ok(RawBytes { handle, data: bytes.as_ptr(), len: bytes.len() })
    }

    /// A text with a NUL behind it.
    fn copy_text(&self, text: Text) -> Result<Vec<u8>, OutOfMemory> {
        let size = text.len() + 1;
        self.arena.fits(size)?;
        let mut copy = Vec::new();
        copy.try_reserve_exact(size).map_err(|_| OutOfMemory)?;
        copy.extend_from_slice(text.as_bytes());
        copy.push(0);
        Ok(copy)
    }

    /// Reads bytes that [`Heap::handle_bytes`] gave.
    ///
    /// # Errors
    /// Their handle is closed; or it was opened by another heap.
    pub fn read_bytes(&self, bytes: RawBytes) -> Result<&[u8], HandleError> {
        // Not through its pointer: it may be one into another heap.
        match self.deref_handle(bytes.handle) {
            Ok(value) => self.bytes_now(bytes.handle, value).ok_or(HandleError::Unknown),
            Err(HandleError::Closed(places)) => Err(HandleError::BytesReleased(places)),
            Err(error) => Err(error),
        }
    }

    /// The bytes of an open handle, if they were asked for.
    fn bytes_now(&self, handle: RawHandle, value: Value) -> Option<&[u8]> {
        let kinds = self.handles.table.kinds(handle)?;
        if kinds & PINNED != 0 {
            return Some(self.text(value).as_str().as_bytes());
        }
        if kinds & COPIED == 0 {
            return None;
        }
        let destructors = self.handles.at_the_side.get(&handle.index())?;
        destructors.iter().find_map(|destructor| match destructor {
            Destructor::Free(bytes) => bytes.split_last().map(|(_, text)| text),
            Destructor::Call(_) => None,
        })
    }
}
