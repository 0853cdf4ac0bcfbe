//! `env`: the variables of the environment that the host shows. There is no such name where it shows none.

use super::arguments::{Outcome, push, string, text};
use crate::heap::value::Value;
use crate::vm::files::{Environment, FileError};
use crate::vm::native::{Args, NativeInfo};
use crate::vm::{ErrorClass, Vm};

pub(super) static FUNCTIONS: &[NativeInfo] =
    &[NativeInfo::new("get", 1, get), NativeInfo::new("has", 1, has), NativeInfo::new("names", 0, names)];

/// What a look at the environment costs, in units of work.
const CALL: usize = 256;

/// Asks the host's environment; `default` where there is none.
fn ask<T>(vm: &mut Vm, default: T, f: impl FnOnce(&mut dyn Environment) -> T) -> Outcome<T> {
    vm.charge(CALL)?;
    Ok(vm.host.environment().map_or(default, f))
}

/// The value of a variable; undefined if there is none.
fn get(vm: &mut Vm, args: Args) -> Outcome {
    let name = string(vm, args, 0, "env.get")?.to_string();
    match ask(vm, Ok(None), |variables| variables.get(&name))? {
        Ok(Some(value)) => text(vm, &value),
        Ok(None) => Ok(Value::UNDEFINED),
        Err(FileError::Refused(sentence)) => Err(vm.denied(sentence)),
        Err(FileError::Failed { reason, .. }) => {
            let error = vm.error_value(ErrorClass::Error, &format!("`env.get`: {name}: {reason}"));
            Err(vm.throw(error))
        }
    }
}

/// Whether there is a variable that may be seen.
fn has(vm: &mut Vm, args: Args) -> Outcome {
    let name = string(vm, args, 0, "env.has")?.to_string();
    ask(vm, false, |variables| variables.has(&name)).map(Value::bool)
}

/// The names of the variables that may be seen, sorted.
fn names(vm: &mut Vm, _args: Args) -> Outcome {
    let mut names = ask(vm, Vec::new(), |variables| variables.names())?;
    names.sort();
    let all = vm.heap.array(0);
    for name in names {
        let name = text(vm, &name)?;
        push(vm, all, name)?;
    }
    Ok(all)
}
