//! What completion sees of the session. It reads the heap and changes nothing.

use std::cell::RefCell;
use std::rc::Rc;

use super::commands::{self, Takes};
use super::complete::{Argument, Member, Sources};
use super::receiver::{Root, Step};
use super::settings::SETTINGS;
use crate::cli::help;
use crate::embed::{Engine, Literal};
use crate::events::Preset;

pub struct Session {
    pub engine: Rc<RefCell<Engine>>,
}

impl Sources for Session {
    fn names(&self) -> Vec<String> {
        let Ok(engine) = self.engine.try_borrow() else { return Vec::new() };
        let variables = engine.variables().map(|variable| variable.name.to_string());
        variables.chain(engine.builtin_names().into_iter().map(str::to_string)).collect()
    }

    fn members(&self, root: Root<'_>, path: &[Step<'_>]) -> Vec<Member> {
        let Ok(engine) = self.engine.try_borrow() else { return Vec::new() };
        let literal = match root {
            Root::Name(name) => {
                let steps: Vec<_> = path.iter().map(Step::key).collect();
                return engine.members(name, &steps);
            }
            Root::String => Literal::String,
            Root::Number => Literal::Number,
            Root::Boolean => Literal::Boolean,
            Root::Array => Literal::Array,
            Root::Object => return Vec::new(),
        };
        if path.is_empty() { engine.members_of(literal) } else { Vec::new() }
    }

    fn commands(&self) -> Vec<(&'static str, &'static str)> {
        commands::COMMANDS.iter().map(|command| (command.name, command.what)).collect()
    }

    fn argument(&self, command: &str) -> Argument {
        let words = |words: &mut dyn Iterator<Item = &str>| Argument::Words(words.map(str::to_string).collect());
        match commands::Command::named(command).map(|command| command.takes) {
            Some(Takes::Code) => Argument::Code,
            Some(Takes::Path) => Argument::Path,
            Some(Takes::Topic) => {
                let names = commands::COMMANDS.iter().map(|command| command.name.to_string());
                Argument::Words(names.chain(help::names()).collect())
            }
            Some(Takes::Setting) => words(&mut SETTINGS.iter().map(|(name, _)| *name)),
            Some(Takes::Trace) => words(&mut ["on", "off", "last"].into_iter().chain(Preset::EVERY.map(Preset::name))),
            Some(Takes::Heap) => words(&mut ["diff"].into_iter()),
            Some(Takes::Nothing | Takes::Status) | None => Argument::Words(Vec::new()),
        }
    }
}
