//! Handles (placeholder until the table lands).
use super::Heap;
use super::event::Why;
use super::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawHandle {
    index: u32,
    generation: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    #[error("the handle is closed")]
    Closed,
    #[error("unknown")]
    Unknown,
    #[error("the handle belongs to another engine")]
    Foreign,
    #[error("not text")]
    NotText,
}

#[derive(Default)]
pub(super) struct Handles(Vec<(Option<Value>, u32)>);

impl Heap {
    pub fn open_handle(&mut self, value: Value) -> RawHandle {
        self.upscope(value, 1, Why::Store);
        self.incref(value);
        self.handles.0.push((Some(value), 0));
        RawHandle { index: self.handles.0.len() as u32 - 1, generation: 0 }
    }
    pub fn close_handle(&mut self, h: RawHandle) -> Result<(), HandleError> {
        let value = self.deref_handle(h)?;
        self.handles.0[h.index as usize].0 = None;
        self.decref(value);
        Ok(())
    }
    pub fn close_all_handles(&mut self) {
        for slot in 0..self.handles.0.len() {
            if let Some(value) = self.handles.0[slot].0.take() {
                self.decref(value);
            }
        }
    }
    #[inline(always)]
    pub fn deref_handle(&self, h: RawHandle) -> Result<Value, HandleError> {
        self.handles.0.get(h.index as usize).and_then(|slot| slot.0).ok_or(HandleError::Closed)
    }
    pub fn handle_values(&self) -> impl Iterator<Item = Value> {
        self.handles.0.iter().filter_map(|slot| slot.0)
    }
}
