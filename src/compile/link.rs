//! Modules, linked: in which order they are evaluated, which slot each of their variables has, and what each import stands for.
//!
//! # Invariants
//! - An import is another name for the slot of the variable that the other module declares (*live binding*), however many modules pass
//!   the name on. Nothing is copied.
//! - A module is evaluated after those that it imports, in the order of its text, but for those that import each other in a circle
//!   ([`Order`]): of these the first to be reached comes last.
//! - The slots of a module are contiguous, and later in the order of evaluation means higher: a namespace object first, then the
//!   variables in the order of the text. Of the program's own text only the exported ones are known here; the rest are its last slots.
//!
//! The chains of modules may be long: nothing here recurses over them but [`Linker::resolve`], which grows the stack.

mod order;
mod resolve;

use rustc_hash::FxHashMap;

use crate::syntax::ast::{self, Exported, Name, PatternKind, StmtKind};
use crate::syntax::diagnostic::Diagnostic;
pub use order::Order;

/// What connects a program with other modules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linkage<'o> {
    /// What the program's imports stand for, in the order of [`ast::Module::imports`].
    pub imports: &'o [Link],
    /// What is known of namespace objects that its imports stand for.
    pub members: Option<&'o Members>,
    /// The slot of its first own global.
    pub first_global: u32,
    /// Slots of all modules, as far as they are known.
    pub slots: u32,
    /// It is evaluated for another module: its last expression is no value.
    pub is_imported: bool,
    /// It is in a circle of imports: its functions are made before, by code of their own.
    pub is_cyclic: bool,
    /// All its top-level variables are globals.
    pub is_shared: bool,
}

/// The slots of the members of namespace objects, by the slots of those.
pub type Members = FxHashMap<u32, FxHashMap<Name, u32>>;

/// What a name stands for that is declared in another module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub slot: u32,
    pub initialised: Initialised,
}

/// Where a variable of another module is certainly initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialised {
    Always,
    /// In the module's own top-level code, not in functions, which others may call before it.
    InBody,
    Unknown,
}

/// A module of a [`Graph`].
pub struct Module {
    /// `None`: it is data, and exports it as its default.
    pub tree: Option<ast::Program>,
    /// Indexes of the modules that it names, in the order of [`ast::Module::requests`].
    pub requests: Vec<usize>,
    /// The names that it declares, in the order of the text.
    declared: FxHashMap<Name, u32>,
    count: u32,
    /// The slot of its first variable, once it is linked.
    pub first: Option<u32>,
    /// The slot of its namespace object, if somebody imports it.
    namespace: Option<u32>,
}

impl Module {
    /// A module of a text, or of data.
    pub fn new(tree: Option<ast::Program>) -> Module {
        let mut names = Vec::new();
        match &tree {
            Some(tree) => declared_names(&tree.body, &mut names),
            None => names.push(DEFAULT.into()),
        }
        let mut declared = FxHashMap::default();
        for name in names {
            let next = declared.len() as u32;
            declared.entry(name).or_insert(next);
        }
        Module { tree, requests: Vec::new(), count: declared.len() as u32, declared, first: None, namespace: None }
    }

    /// Only exported names have slots of their own before the module is compiled.
    fn keep_exported(&mut self) {
        let Some(tree) = &self.tree else { return };
        let mut names: Vec<(u32, Name)> = Vec::new();
        for export in &tree.module.exports {
            if let Exported::Local(local) = &export.what
                && let Some(&place) = self.declared.get(&local.name)
            {
                names.push((place, local.name.clone()));
            }
        }
        names.sort();
        names.dedup();
        self.count = names.len() as u32;
        self.declared = names.into_iter().enumerate().map(|(nth, (_, name))| (name, nth as u32)).collect();
    }

    fn slot(&self, name: &Name) -> Option<u32> {
        Some(self.first? + self.declared.get(name)?)
    }
}

const DEFAULT: &str = "default";

/// Modules that name each other. Those that are linked stay so.
#[derive(Default)]
pub struct Graph {
    pub modules: Vec<Module>,
}

impl Graph {
    /// Forgets the modules from an index on, and namespace objects with slots from `first` on.
    pub fn truncate(&mut self, count: usize, first: u32) {
        self.modules.truncate(count);
        for module in &mut self.modules {
            module.namespace = module.namespace.filter(|slot| *slot < first);
        }
    }
}

/// A namespace object: its slot, and its members in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub slot: u32,
    pub members: Vec<(Name, u32)>,
}

/// A graph, linked.
pub struct Linked {
    pub order: Order,
    /// What the imports of each module stand for, by the place of the module in the order.
    pub imports: Vec<Vec<Link>>,
    pub namespaces: Vec<Namespace>,
    /// Slots given away, counted from 0.
    pub slots: u32,
}

/// Links what the module `entry` needs and was not linked before; `first` is the first free slot. `paths` are the modules' names in
/// messages. Linear, but for names that are passed on: each import costs the length of its way, and the breadth of `export *`.
///
/// # Errors
/// Names that are not exported: the module that imports them, and what is wrong in it.
pub fn link(graph: &mut Graph, entry: usize, first: u32, paths: &[String]) -> Result<Linked, (usize, Vec<Diagnostic>)> {
    let order = Order::of(graph, entry);
    let wanted = namespaces_wanted(graph, &order);
    let mut slots = first;
    let mut made = Vec::new();
    for (place, &index) in order.modules.iter().enumerate() {
        let module = &mut graph.modules[index];
        if wanted.contains(&index) && module.namespace.is_none() {
            module.namespace = Some(slots);
            made.push(index);
            slots += 1;
        }
        if module.first.is_none() {
            if index == entry && !order.cyclic[place] {
                module.keep_exported();
            }
            module.first = Some(slots);
            slots += module.count;
        }
    }
    let linker = resolve::Linker { graph, order: &order, paths };
    let mut imports = Vec::with_capacity(order.modules.len());
    for place in 0..order.modules.len() {
        imports.push(linker.imports(place).map_err(|errors| (order.modules[place], errors))?);
    }
    let namespaces = made.into_iter().map(|index| linker.namespace(index)).collect();
    Ok(Linked { order, imports, namespaces, slots })
}

/// The modules whose namespace object somebody can get hold of.
fn namespaces_wanted(graph: &Graph, order: &Order) -> rustc_hash::FxHashSet<usize> {
    let mut wanted = rustc_hash::FxHashSet::default();
    for &index in &order.modules {
        let module = &graph.modules[index];
        let Some(tree) = &module.tree else { continue };
        let imported =
            tree.module.imports.iter().filter(|import| import.imported.is_none()).map(|import| import.request);
        let exported = tree.module.exports.iter().filter_map(|export| match export.what {
            Exported::From { request, imported: None } => Some(request),
            _ => None,
        });
        wanted.extend(imported.chain(exported).map(|request| module.requests[request]));
    }
    wanted
}

/// The names that statements declare in their scope, in order: as the resolver declares them.
fn declared_names(body: &[ast::Stmt], names: &mut Vec<Name>) {
    for statement in body {
        match &statement.kind {
            StmtKind::Declare { decls, .. } => decls.iter().for_each(|decl| bound_names(&decl.target, names)),
            StmtKind::Function(function) => names.extend(function.name.iter().map(|name| name.name.clone())),
            StmtKind::Class(class) => names.extend(class.name.iter().map(|name| name.name.clone())),
            _ => {}
        }
    }
}

fn bound_names(pattern: &ast::Pattern, names: &mut Vec<Name>) {
    match &pattern.kind {
        PatternKind::Name(name) => names.push(name.clone()),
        PatternKind::Member(_) => {}
        PatternKind::Array { elements, rest } => {
            elements.iter().flatten().for_each(|slot| bound_names(&slot.target, names));
            rest.iter().for_each(|rest| bound_names(rest, names));
        }
        PatternKind::Object { properties, rest } => {
            properties.iter().for_each(|property| bound_names(&property.value.target, names));
            rest.iter().for_each(|rest| bound_names(rest, names));
        }
    }
}
