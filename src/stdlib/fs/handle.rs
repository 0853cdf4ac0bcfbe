//! An open file as an object: closed by `close`, or by its light finalizer when it is freed.

use super::text::TextFile;
use super::{ask, path, throw_coded};
use crate::heap::cell::Kind;
use crate::heap::value::Value;
use crate::stdlib::arguments::{Outcome, optional_string, string, wrong_receiver};
use crate::vm::Vm;
use crate::vm::files::Purpose;
use crate::vm::native::{Args, NativeInfo};

/// What such an object is called.
pub(super) const TYPE: &str = "File";

pub(super) static METHODS: &[NativeInfo] = &[
    NativeInfo::new("close", 0, close),
    NativeInfo::new("readLine", 0, read_line),
    NativeInfo::new("readText", 0, read_text),
    NativeInfo::new("write", 1, write),
];

/// The payload: an open file, taken out while it is in use.
struct Handle(Option<TextFile>);

/// An object that owns an open file.
pub(super) fn host_object(vm: &mut Vm, file: TextFile) -> Value {
    // To be dropped is to be closed.
    vm.heap.host_object(TYPE, Box::new(Handle(Some(file))), Some(Box::new(drop)))
}

/// Opens a file to read it, to write it anew, or to write behind what is there.
pub(super) fn open(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.open")?;
    let mode = optional_string(vm, args, 1, "fs.open")?;
    let purpose = match mode.as_ref().map_or("r", |mode| mode.as_str()) {
        "r" => Purpose::Read,
        "w" => Purpose::Write,
        "a" => Purpose::Append,
        _ => return Err(vm.range_error("`fs.open`: argument 2 must be \"r\", \"w\" or \"a\"")),
    };
    let file = ask(vm, ("fs.open", "open", &path), |files| files.open(&path, purpose))?;
    Ok(host_object(vm, TextFile::new(file, path, purpose)))
}

/// The receiver of a method.
fn this_file(vm: &mut Vm, args: Args, function: &str) -> Outcome {
    let this = vm.this(args);
    if this.is(Kind::Host) && vm.heap.host_type_name(this) == Some(TYPE) {
        return Ok(this);
    }
    Err(wrong_receiver(vm, function, "files", this))
}

/// Does something with the open file of an object. Errors: it is closed, or was opened for something else.
fn with_file<T>(
    vm: &mut Vm,
    object: Value,
    function: &str,
    reads: bool,
    f: impl FnOnce(&mut Vm, &mut TextFile) -> Outcome<T>,
) -> Outcome<T> {
    let Some(mut file) = vm.heap.payload::<Handle>(object).and_then(|handle| handle.0.take()) else {
        return Err(throw_coded(vm, &format!("`{function}`: the file is closed"), "EBADF", ""));
    };
    let result = if reads == (file.purpose == Purpose::Read) {
        f(vm, &mut file)
    } else {
        let (is, not) = if reads { ("writing", "reading") } else { ("reading", "writing") };
        let message = format!("`{function}`: {} was opened for {is}, not for {not}", file.path);
        Err(throw_coded(vm, &message, "EBADF", &file.path))
    };
    // Nobody closes it meanwhile: no code of the script has run.
    if let Some(handle) = vm.heap.payload::<Handle>(object) {
        handle.0 = Some(file);
    }
    result
}

/// The next line, without its line end; undefined at the end.
fn read_line(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_file(vm, args, "readLine")?;
    let line = with_file(vm, this, "readLine", true, |vm, file| file.line(vm, "readLine"))?;
    Ok(line.unwrap_or(Value::UNDEFINED))
}

/// The next line for `for…of` and its like; `None` at the end.
pub(super) fn next(vm: &mut Vm, object: Value) -> Outcome<Option<Value>> {
    with_file(vm, object, "readLine", true, |vm, file| file.line(vm, "readLine"))
}

/// All that is left.
fn read_text(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_file(vm, args, "readText")?;
    with_file(vm, this, "readText", true, |vm, file| file.rest(vm, "readText"))
}

/// Writes a text. Nothing is kept back: when it returns, the system has it.
fn write(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_file(vm, args, "write")?;
    let text = string(vm, args, 0, "write")?;
    with_file(vm, this, "write", false, |vm, file| file.write(vm, text.as_str()))?;
    Ok(Value::UNDEFINED)
}

/// Closes the file. Once more does nothing.
fn close(vm: &mut Vm, args: Args) -> Outcome {
    let this = this_file(vm, args, "close")?;
    let handle = vm.heap.close_host(this).and_then(|payload| payload.downcast::<Handle>().ok());
    if let Some(file) = handle.and_then(|handle| handle.0) {
        file.close(vm)?;
    }
    Ok(Value::UNDEFINED)
}
