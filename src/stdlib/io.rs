//! The world outside, through the host: standard input, output as it is, arguments, exit, clocks.

use super::arguments::{Outcome, array_of, integer, numeric, string, text};
use super::console;
use crate::heap::cell::Yield;
use crate::heap::value::Value;
use crate::vm::Vm;
use crate::vm::host::Stream;
use crate::vm::native::{Args, NativeInfo};

pub(super) static FUNCTIONS: &[NativeInfo] = &[
    NativeInfo::new("lines", 0, lines),
    NativeInfo::new("readLine", 0, read_line),
    NativeInfo::new("readText", 0, read_text),
    NativeInfo::new("write", 1, write),
];
pub(super) static EXIT: NativeInfo = NativeInfo::new("exit", 1, exit);
pub(super) static DATE: &[NativeInfo] = &[NativeInfo::new("now", 0, now)];
pub(super) static PERFORMANCE: &[NativeInfo] = &[NativeInfo::new("now", 0, elapsed)];

/// The global `args`: what the command line gave to the script, a frozen array.
pub(super) fn arguments(vm: &mut Vm) -> Value {
    let texts = vm.arguments.clone();
    let mut values = Vec::with_capacity(texts.len());
    for argument in texts {
        values.push(vm.heap.string(&argument).unwrap_or(Value::UNDEFINED));
    }
    let array = array_of(vm, &values).unwrap_or(Value::UNDEFINED);
    if array.is_container() {
        vm.heap.freeze(array);
    }
    array
}

/// All that is left of standard input.
fn read_text(vm: &mut Vm, _args: Args) -> Outcome {
    match vm.host.read_text() {
        Ok(all) => {
            vm.charge(all.len())?;
            text(vm, &all)
        }
        Err(reason) => Err(vm.unreadable("io.readText", &reason)),
    }
}

/// An iterator over the lines that are left of standard input, without their line ends: each is read when it is asked for.
fn lines(vm: &mut Vm, _args: Args) -> Outcome {
    let nothing = text(vm, "")?;
    Ok(vm.heap.iterator(nothing, Yield::Lines))
}

/// The next line of standard input without its line end; undefined at the end.
fn read_line(vm: &mut Vm, _args: Args) -> Outcome {
    Ok(vm.read_line("io.readLine")?.unwrap_or(Value::UNDEFINED))
}

/// Writes a string to the output, and no line end.
fn write(vm: &mut Vm, args: Args) -> Outcome {
    let written = string(vm, args, 0, "io.write")?;
    console::write(vm, written.as_str(), Stream::Output)
}

/// Ends the program with a status from 0 to 255, 0 if absent.
fn exit(vm: &mut Vm, args: Args) -> Outcome {
    let status = integer(vm, args, 0, "exit", 0.0)?;
    if !(0.0..=255.0).contains(&status) {
        return Err(vm.range_error("`exit`: argument 1 must be between 0 and 255"));
    }
    Err(vm.exit(status as i32))
}

/// Milliseconds since 1970.
fn now(vm: &mut Vm, _args: Args) -> Outcome {
    Ok(numeric(vm.host.now().floor()))
}

/// Milliseconds since the program started, with fractions.
fn elapsed(vm: &mut Vm, _args: Args) -> Outcome {
    Ok(numeric(vm.host.elapsed()))
}
