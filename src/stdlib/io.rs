//! The world outside, through the host: standard input, arguments, exit, clocks.

use super::arguments::{Outcome, array_of, integer, numeric, push, text};
use crate::heap::value::Value;
use crate::vm::native::{Args, NativeInfo, Throw};
use crate::vm::{ErrorClass, Vm};

pub(super) static FUNCTIONS: &[NativeInfo] =
    &[NativeInfo::new("lines", 0, lines), NativeInfo::new("readText", 0, read_text)];
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
        Err(reason) => Err(failure(vm, "io.readText", &reason)),
    }
}

/// An array of the lines that are left of standard input, without their line ends.
fn lines(vm: &mut Vm, _args: Args) -> Outcome {
    let all = vm.heap.array(0);
    loop {
        match vm.host.read_line() {
            Ok(Some(line)) => {
                vm.charge(line.len() + 1)?;
                let line = text(vm, &line)?;
                push(vm, all, line)?;
            }
            Ok(None) => return Ok(all),
            Err(reason) => return Err(failure(vm, "io.lines", &reason)),
        }
    }
}

fn failure(vm: &mut Vm, function: &str, reason: &str) -> Throw {
    // If that is why it gives up waiting, the script is not to catch it.
    if let Err(throw) = vm.after_waiting() {
        return throw;
    }
    let error = vm.error_value(ErrorClass::Error, &format!("`{function}`: {reason}"));
    vm.throw(error)
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
