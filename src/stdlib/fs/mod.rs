//! `fs`: the files that the host lends. There is no such name where it lends none.
//!
//! What the script may not do ends it ([`Vm::denied`]); what does not work is an Error with a `code`.

mod handle;
mod text;

use super::arguments::{Outcome, define, push, string};
use crate::heap::cell::Yield;
use crate::heap::value::Value;
use crate::vm::bulk::pieces;
use crate::vm::files::{FileEntry, FileError, FileKind, Files, OpenFile, Purpose};
use crate::vm::native::{Args, NativeInfo, Throw};
use crate::vm::{ErrorClass, Methods, Vm};
use text::TextFile;

static FUNCTIONS: &[NativeInfo] = &[
    NativeInfo::new("appendText", 2, |vm, args| write_whole(vm, args, "fs.appendText", Purpose::Append)),
    NativeInfo::new("can", 1, can),
    NativeInfo::new("exists", 1, exists),
    NativeInfo::new("list", 1, list),
    NativeInfo::new("open", 2, handle::open),
    NativeInfo::new("readLines", 1, read_lines),
    NativeInfo::new("readText", 1, read_text),
    NativeInfo::new("remove", 1, remove),
    NativeInfo::new("writeText", 2, |vm, args| write_whole(vm, args, "fs.writeText", Purpose::Replace)),
];

/// What asking the system costs, in units of work.
const CALL: usize = 256;

/// Puts `fs` and the methods of open files in place.
pub(super) fn install(vm: &mut Vm) {
    vm.install_namespace("fs", FUNCTIONS, &[]);
    vm.install_methods(Methods::File, handle::METHODS);
    vm.install_iteration(handle::TYPE, handle::next);
}

/// The path of an argument.
fn path(vm: &mut Vm, args: Args, function: &str) -> Outcome<String> {
    Ok(string(vm, args, 0, function)?.to_string())
}

/// Asks the host's files. What they refuse ends the script, what fails is thrown: `what` says what was tried.
fn ask<T>(
    vm: &mut Vm,
    (function, what, path): (&str, &str, &str),
    f: impl FnOnce(&mut dyn Files) -> Result<T, FileError>,
) -> Outcome<T> {
    vm.charge(CALL)?;
    let answer = match vm.host.files() {
        Some(files) => f(files),
        None => Err(FileError::Refused("there are no files any more".to_string())),
    };
    answer.map_err(|error| failed(vm, (function, what, path), error))
}

/// What becomes of an error of the host: the end of the script, or an Error with `code` and `path`.
fn failed(vm: &mut Vm, (function, what, path): (&str, &str, &str), error: FileError) -> Throw {
    match error {
        FileError::Refused(sentence) => vm.denied(sentence),
        FileError::Failed { code, reason } => {
            throw_coded(vm, &format!("`{function}`: cannot {what} {path}: {reason}"), code, path)
        }
    }
}

/// An Error with `code` and `path`.
fn throw_coded(vm: &mut Vm, message: &str, code: &str, path: &str) -> Throw {
    let error = vm.error_value(ErrorClass::Error, message);
    match tell(vm, error, code, path) {
        Ok(()) => vm.throw(error),
        Err(limit) => limit,
    }
}

fn tell(vm: &mut Vm, error: Value, code: &str, path: &str) -> Outcome<()> {
    for (key, text) in [("code", code), ("path", path)] {
        let text = vm.text_value(text)?;
        define(vm, error, key, text)?;
    }
    Ok(())
}

/// The text of a file.
fn read_text(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.readText")?;
    let file = ask(vm, ("fs.readText", "read", &path), |files| files.open(&path, Purpose::Read))?;
    TextFile::new(file, path, Purpose::Read).rest(vm, "fs.readText")
}

/// An iterator over the lines of a file, which is read as they are asked for. At its end the file is closed.
fn read_lines(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.readLines")?;
    let file = ask(vm, ("fs.readLines", "read", &path), |files| files.open(&path, Purpose::Read))?;
    let file = handle::host_object(vm, TextFile::new(file, path, Purpose::Read));
    Ok(vm.heap.iterator(file, Yield::Values))
}

/// Writes a text, anew or behind what is there.
fn write_whole(vm: &mut Vm, args: Args, function: &str, purpose: Purpose) -> Outcome {
    let path = path(vm, args, function)?;
    let text = string(vm, args, 1, function)?;
    let about = (function, "write", path.as_str());
    let mut file = ask(vm, about, |files| files.open(&path, purpose))?;
    write(vm, file.as_mut(), text.as_str(), about)?;
    file.finish().map_err(|error| failed(vm, about, error))?;
    Ok(Value::UNDEFINED)
}

/// Writes a text in pieces.
fn write(vm: &mut Vm, file: &mut dyn OpenFile, text: &str, about: (&str, &str, &str)) -> Outcome<()> {
    for piece in pieces(text) {
        vm.charge(piece.len())?;
        file.write(piece.as_bytes()).map_err(|error| failed(vm, about, error))?;
    }
    Ok(())
}

/// Whether there is something at a path.
fn exists(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.exists")?;
    ask(vm, ("fs.exists", "look at", &path), |files| files.exists(&path)).map(Value::bool)
}

/// Removes a file, a link or an empty directory.
fn remove(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.remove")?;
    ask(vm, ("fs.remove", "remove", &path), |files| files.remove(&path))?;
    Ok(Value::UNDEFINED)
}

/// `{read, write}`: what was granted for a path.
fn can(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.can")?;
    let allowed = ask(vm, ("fs.can", "look at", &path), |files| Ok(files.allowed(&path)))?;
    let answer = vm.heap.object();
    define(vm, answer, "read", Value::bool(allowed.read))?;
    define(vm, answer, "write", Value::bool(allowed.write))?;
    Ok(answer)
}

/// What stands in a directory, by name: `{name, kind, size}`, the size only of files.
fn list(vm: &mut Vm, args: Args) -> Outcome {
    let path = path(vm, args, "fs.list")?;
    let about = ("fs.list", "list", path.as_str());
    let listing = ask(vm, about, |files| files.list(&path))?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    for entry in listing {
        vm.charge(CALL)?;
        let entry = entry.map_err(|error| failed(vm, about, error))?;
        bytes += size_of::<FileEntry>() + entry.name.len();
        if bytes > 1 << 16 {
            vm.in_room(|heap| heap.arena.fits(bytes))?;
        }
        entries.push(entry);
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let all = vm.heap.array(0);
    for entry in entries {
        vm.charge(1)?;
        let object = vm.heap.object();
        let name = vm.text_value(&entry.name)?;
        define(vm, object, "name", name)?;
        let kind = vm.heap.key(match entry.kind {
            FileKind::File => "file",
            FileKind::Directory => "directory",
            FileKind::Link => "link",
            FileKind::Other => "other",
        });
        define(vm, object, "kind", kind.value())?;
        if let Some(size) = entry.size {
            define(vm, object, "size", Value::number(size as f64))?;
        }
        push(vm, all, object)?;
    }
    Ok(all)
}
