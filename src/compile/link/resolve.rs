//! What a name that a module exports stands for (ECMA-262, ResolveExport and GetExportedNames).

use rustc_hash::FxHashSet;

use super::{DEFAULT, Graph, Initialised, Link, Module, Namespace, Order};
use crate::syntax::ast::{self, Exported, Ident, Name};
use crate::syntax::codes;
use crate::syntax::diagnostic::{Diagnostic, Fix};
use crate::syntax::similar::similar;

/// A variable of a module, or its namespace object.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Variable(usize, Name),
    Namespace(usize),
}

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    One(Target),
    Nothing,
    /// Back to itself.
    Circle,
    /// Different things, from two modules.
    Several(usize, usize),
}

/// Names that have been asked for on the way.
type Asked = FxHashSet<(usize, Name)>;

pub(super) struct Linker<'g> {
    pub graph: &'g Graph,
    pub order: &'g Order,
    /// The modules' names in messages.
    pub paths: &'g [String],
}

impl Linker<'_> {
    /// What the imports stand for of the module at a place in the order.
    ///
    /// # Errors
    /// Those that stand for nothing, and exports that are passed on and do.
    pub fn imports(&self, place: usize) -> Result<Vec<Link>, Vec<Diagnostic>> {
        let index = self.order.modules[place];
        let Some(tree) = &self.graph.modules[index].tree else { return Ok(Vec::new()) };
        let mut errors = Vec::new();
        let mut links = Vec::with_capacity(tree.module.imports.len());
        for import in &tree.module.imports {
            let from = self.request(index, import.request);
            let target = match &import.imported {
                None => Some(Target::Namespace(from)),
                Some(name) => self.demand(from, name, name.span == import.local.span, &mut errors),
            };
            if let Some(link) = target.and_then(|target| self.link(&target, place)) {
                links.push(link);
            }
        }
        for export in &tree.module.exports {
            if let Exported::From { request, imported: Some(name) } = &export.what {
                self.demand(self.request(index, *request), name, false, &mut errors);
            }
        }
        errors.sort_by_key(|error| error.span.start);
        if errors.is_empty() { Ok(links) } else { Err(errors) }
    }

    /// The members of a module's namespace object: every name that stands for something, in the order of UTF-16 code units.
    pub fn namespace(&self, index: usize) -> Namespace {
        let mut names: Vec<Name> = self.names(index);
        names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        let member = |name: Name| {
            let Found::One(target) = self.resolve(index, &name, &mut Asked::default()) else { return None };
            self.slot(&target).map(|slot| (name, slot))
        };
        let members = names.into_iter().filter_map(member).collect();
        Namespace { slot: self.graph.modules[index].namespace.unwrap_or_default(), members }
    }

    fn request(&self, module: usize, request: usize) -> usize {
        self.graph.modules[module].requests[request]
    }

    fn slot(&self, target: &Target) -> Option<u32> {
        match target {
            Target::Variable(module, name) => self.graph.modules[*module].slot(name),
            Target::Namespace(module) => self.graph.modules[*module].namespace,
        }
    }

    /// What the module at a place in the order knows of a variable.
    fn link(&self, target: &Target, place: usize) -> Option<Link> {
        let slot = self.slot(target)?;
        let initialised = match target {
            // It is made when it is needed.
            Target::Namespace(_) => Initialised::Unknown,
            Target::Variable(module, _) if self.graph.modules[*module].tree.is_none() => Initialised::Always,
            Target::Variable(module, _) if self.order.place(*module) < place => {
                if self.order.cyclic[place] {
                    Initialised::InBody
                } else {
                    Initialised::Always
                }
            }
            Target::Variable(..) => Initialised::Unknown,
        };
        Some(Link { slot, initialised })
    }

    /// What a name stands for that has to stand for something. `renames`: a rewrite may put another name in its place.
    fn demand(&self, from: usize, name: &Ident, renames: bool, errors: &mut Vec<Diagnostic>) -> Option<Target> {
        let path = &self.paths[from];
        let error = |code, message: String| Diagnostic::new(code, name.span, message);
        let error = match self.resolve(from, &name.name, &mut Asked::default()) {
            Found::One(target) => return Some(target),
            Found::Nothing if &*name.name == DEFAULT => {
                let error = error(codes::UNKNOWN_EXPORT, format!("{path} has no default export"));
                match &self.names(from)[..] {
                    [] => error.help("it exports nothing"),
                    [first, ..] => error.help(format!("import its names in braces, such as `{{ {first} }}`")),
                }
            }
            Found::Nothing => {
                let error = error(codes::UNKNOWN_EXPORT, format!("{path} exports nothing named `{}`", name.name));
                let names = self.names(from);
                match similar(&name.name, names.iter().map(|name| &**name)) {
                    Some(meant) => {
                        let instead = if renames { format!("{meant} as {}", name.name) } else { meant.to_string() };
                        let fix = Fix::replace(name.span, instead);
                        error.help(format!("did you mean `{meant}`?")).fix(fix)
                    }
                    None if names.is_empty() => error.help("it exports nothing"),
                    None => error.help(listed(&names)),
                }
            }
            Found::Circle => error(
                codes::CIRCULAR_EXPORT,
                format!("`{}` of {path} is passed on in a circle, and declared nowhere", name.name),
            ),
            Found::Several(one, other) => {
                let (one, other) = (&self.paths[one], &self.paths[other]);
                error(codes::AMBIGUOUS_EXPORT, format!("{path} has two things named `{}`", name.name))
                    .help(format!("one is from {one}, the other from {other}: import it from the one that is meant"))
            }
        };
        errors.push(error);
        None
    }

    /// ResolveExport. The chain of modules that pass a name on may be long.
    fn resolve(&self, index: usize, name: &Name, asked: &mut Asked) -> Found {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.resolve_here(index, name, asked))
    }

    fn resolve_here(&self, index: usize, name: &Name, asked: &mut Asked) -> Found {
        if !asked.insert((index, name.clone())) {
            return Found::Circle;
        }
        let module = &self.graph.modules[index];
        let Some(tree) = &module.tree else {
            return if **name == *DEFAULT { Found::One(Target::Variable(index, name.clone())) } else { Found::Nothing };
        };
        if let Some(export) = tree.module.exports.iter().find(|export| export.name.name == *name) {
            return match &export.what {
                Exported::Local(local) => self.resolve_local(index, module, tree, &local.name, asked),
                Exported::From { request, imported: Some(imported) } => {
                    self.resolve(self.request(index, *request), &imported.name, asked)
                }
                Exported::From { request, imported: None } => {
                    Found::One(Target::Namespace(self.request(index, *request)))
                }
            };
        }
        if **name == *DEFAULT {
            return Found::Nothing;
        }
        let mut found = None;
        for &request in &tree.module.stars {
            let from = self.request(index, request);
            match (self.resolve(from, name, asked), &found) {
                (Found::Nothing | Found::Circle, _) => {}
                (Found::Several(one, other), _) => return Found::Several(one, other),
                (Found::One(target), None) => found = Some((target, from)),
                (Found::One(target), Some((first, _))) if target == *first => {}
                (Found::One(_), Some((_, one))) => return Found::Several(*one, from),
            }
        }
        found.map_or(Found::Nothing, |(target, _)| Found::One(target))
    }

    /// An export of a name in sight: a variable of the module, or an import that is passed on.
    fn resolve_local(
        &self,
        index: usize,
        module: &Module,
        tree: &ast::Program,
        name: &Name,
        asked: &mut Asked,
    ) -> Found {
        // A name that is imported and declared is reported when the module is compiled.
        if module.declared.contains_key(name) {
            return Found::One(Target::Variable(index, name.clone()));
        }
        match tree.module.imports.iter().find(|import| import.local.name == *name) {
            Some(ast::Import { request, imported: Some(imported), .. }) => {
                self.resolve(module.requests[*request], &imported.name, asked)
            }
            Some(ast::Import { request, imported: None, .. }) => {
                Found::One(Target::Namespace(module.requests[*request]))
            }
            None => Found::Nothing,
        }
    }

    /// GetExportedNames: every name that a module exports, those of `export *` last.
    fn names(&self, index: usize) -> Vec<Name> {
        let mut names = Vec::new();
        let mut have = FxHashSet::default();
        let mut seen = FxHashSet::from_iter([index]);
        let mut work = vec![index];
        while let Some(next) = work.pop() {
            let module = &self.graph.modules[next];
            let Some(tree) = &module.tree else {
                if next == index {
                    names.push(DEFAULT.into());
                }
                continue;
            };
            for export in &tree.module.exports {
                let name = &export.name.name;
                if (next == index || **name != *DEFAULT) && have.insert(name.clone()) {
                    names.push(name.clone());
                }
            }
            let stars = tree.module.stars.iter().map(|request| module.requests[*request]);
            work.extend(stars.filter(|star| seen.insert(*star)));
        }
        names
    }
}

/// What there is instead: a few names.
fn listed(names: &[Name]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push("…".to_string());
    }
    format!("it exports {}", shown.join(", "))
}
