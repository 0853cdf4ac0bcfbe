//! Programs of several modules: finding and reading all of them, linking them, running them in order.
//!
//! Nothing of any module runs before every one has been found, read, compiled and linked, and every data module has its value.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Engine, Error, Outcome};
use crate::compile::link::{self, Graph, Link, Linkage, Linked, Members};
use crate::compile::proto::{Global, Program};
use crate::compile::{self, CompileOptions};
use crate::stdlib::json::{self, NoDocument};
use crate::syntax::ast::{self, Name};
use crate::syntax::diagnostic::{Diagnostic, Fix};
use crate::syntax::{Span, codes};
use crate::vm::code::Source;
use crate::vm::error::Failure;
use crate::vm::host::{ModuleName, NoModule, Reason};
use crate::vm::modules::Importer;

/// A text of a program of several modules that was refused, or that names a module that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub source: Arc<Source>,
    /// At least one, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Why the module cannot be had that the text names; `None`: the text itself is wrong.
    pub reason: Option<Reason>,
}

/// The modules that a program or a session knows.
#[derive(Default)]
pub(super) struct Modules {
    graph: Graph,
    texts: Vec<Text>,
    /// Their indexes by what they are, and whether that is read as data.
    known: FxHashMap<(String, bool), usize>,
    /// What is in their namespace objects.
    members: Members,
}

struct Text {
    name: ModuleName,
    source: Arc<Source>,
}

impl Modules {
    fn add(&mut self, name: ModuleName, source: Arc<Source>, tree: Option<ast::Program>) -> usize {
        self.graph.modules.push(link::Module::new(tree));
        self.texts.push(Text { name, source });
        self.texts.len() - 1
    }

    /// Forgets the modules from an index on. `first`: the first slot that only they had.
    fn forget_from(&mut self, count: usize, first: u32) {
        self.graph.truncate(count, first);
        self.texts.truncate(count);
        self.known.retain(|_, index| *index < count);
        self.members.retain(|slot, _| *slot < first);
    }
}

/// What is about to run.
struct Plan {
    entry: usize,
    linked: Linked,
    /// By the place in the order; `None` for data and for what has run already.
    programs: Vec<Option<Program>>,
    /// The program itself.
    program: Program,
}

/// What the program itself finds besides its imports.
#[derive(Clone, Copy, Default)]
pub(super) struct Surroundings<'s> {
    pub globals: &'s [Global],
    pub imports: &'s [(Name, Link)],
    pub all_globals: bool,
}

impl<'s> Surroundings<'s> {
    pub fn options<'o>(self, builtins: &'o [&'o str]) -> CompileOptions<'o>
    where
        's: 'o,
    {
        CompileOptions {
            builtins,
            existing_globals: self.globals,
            existing_imports: self.imports,
            all_globals: self.all_globals,
            linkage: Linkage::default(),
        }
    }
}

/// What of an input of a session has to be kept.
pub(super) struct Prepared {
    pub program: Program,
    /// Its imports, for the inputs to come.
    pub imports: Vec<(Name, Link)>,
}

impl Engine {
    /// Compiles a program and the modules that it imports, without running any of them.
    ///
    /// # Errors
    /// Everything that is wrong with the first text that has errors.
    pub fn check(&mut self, name: &str, source: &str) -> Result<(), Error> {
        let tree = self.parse(source).map_err(Error::from)?;
        if tree.module.requests.is_empty() {
            return self.compile_tree(&tree, source, Surroundings::default()).map(drop).map_err(Error::from);
        }
        let mut modules = Modules::default();
        let plan = self.plan(&mut modules, name, source, tree, 0, Surroundings::default())?;
        self.finish();
        self.begin();
        let result = self.begin_plan(&modules, &plan);
        self.finish();
        result
    }

    /// The bytecode of a program as text, that of the modules that it imports before it.
    ///
    /// # Errors
    /// As [`Engine::check`].
    pub fn disassemble(&mut self, name: &str, source: &str) -> Result<String, Error> {
        let tree = self.parse(source).map_err(Error::from)?;
        if tree.module.requests.is_empty() {
            let program = self.compile_tree(&tree, source, Surroundings::default()).map_err(Error::from)?;
            return Ok(compile::disassemble(&program, source, &self.vm.builtin_names(), &[]));
        }
        let mut modules = Modules::default();
        let plan = self.plan(&mut modules, name, source, tree, 0, Surroundings::default())?;
        let names = plan.global_names();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let builtins = self.vm.builtin_names();
        let mut out = String::new();
        for (program, &index) in plan.programs.iter().zip(&plan.linked.order.modules) {
            let source = &modules.texts[index].source;
            let program = if index == plan.entry { Some(&plan.program) } else { program.as_ref() };
            if let Some(program) = program {
                let text =
                    compile::disassemble(program, &source.text, &builtins, &names[..program.first_global as usize]);
                out.push_str(&format!("module {}\n{text}", source.name));
            }
        }
        Ok(out)
    }

    /// Compiles and runs a program that imports modules.
    pub(super) fn run_modules(&mut self, name: &str, source: &str, tree: ast::Program) -> Result<Outcome, Error> {
        let mut modules = Modules::default();
        let plan = self.plan(&mut modules, name, source, tree, 0, Surroundings::default())?;
        self.finish();
        self.begin();
        self.begin_plan(&modules, &plan)?;
        self.run_plan(&modules, &plan, false).map_err(Error::Failure)?;
        let source = Source::new(name, source);
        let value = self.vm.run_program(&plan.program, source).map_err(Error::Failure)?;
        self.value = value;
        Ok(Outcome { is_undefined: value.is_undefined(), is_expression: plan.program.has_value })
    }

    /// Compiles an input of a session that imports modules, and runs those that have not run yet. `names`: the session's globals, among which
    /// the modules' get their places.
    pub(super) fn prepare_input(
        &mut self,
        modules: &mut Modules,
        names: &mut Vec<Global>,
        (name, source, tree): (&str, &str, ast::Program),
        around: Surroundings,
        takes_error: bool,
    ) -> Result<Prepared, Error> {
        let (count, first) = (modules.texts.len(), names.len() as u32);
        let around = Surroundings { globals: &names.clone(), ..around };
        let planned = self.plan(modules, name, source, tree, first, around);
        let plan = match planned {
            Ok(plan) => plan,
            Err(error) => {
                modules.forget_from(count, first);
                return Err(error);
            }
        };
        // From here on their slots are taken, whatever comes of them.
        let none = Global { name: "".into(), kind: ast::DeclKind::Const, declared: false };
        names.resize(plan.program.first_global as usize, none);
        let result = self
            .begin_plan(modules, &plan)
            .and_then(|()| self.run_plan(modules, &plan, takes_error).map_err(Error::Failure));
        if let Err(error) = result {
            modules.forget_from(count, first);
            return Err(error);
        }
        let links = plan.linked.imports.last().map_or(&[][..], |links| links);
        let declared = modules.graph.modules[plan.entry].tree.iter().flat_map(|tree| &tree.module.imports);
        let imports = declared.zip(links).map(|(import, link)| (import.local.name.clone(), *link)).collect();
        // Nobody can import the input itself.
        modules.graph.modules[plan.entry] = link::Module::new(None);
        Ok(Prepared { program: plan.program, imports })
    }

    // ---- Before anything runs ------------------------------------------------------------------------------

    /// Finds, reads, links and compiles everything.
    fn plan(
        &mut self,
        modules: &mut Modules,
        name: &str,
        source: &str,
        tree: ast::Program,
        first: u32,
        around: Surroundings,
    ) -> Result<Plan, Error> {
        // What is known has run, but for a program's own text that another module may name.
        let from = modules.texts.len();
        let own = self.vm.host.main_module(name);
        let entry = modules.add(own.clone(), Arc::new(Source::new(name, source)), Some(tree));
        if first == 0 {
            // Inputs of a session are no modules.
            modules.known.insert((own.id, false), entry);
        }
        self.load(modules, from)?;
        let paths: Vec<String> = modules.texts.iter().map(|text| text.source.name.clone()).collect();
        let refused = |modules: &Modules, index: usize, diagnostics: Vec<Diagnostic>| match index == entry {
            true => Error::from(diagnostics),
            false => refused(&modules.texts[index].source, diagnostics, None),
        };
        let linked = link::link(&mut modules.graph, entry, first, &paths)
            .map_err(|(index, diagnostics)| refused(modules, index, diagnostics))?;
        for namespace in &linked.namespaces {
            modules.members.insert(namespace.slot, namespace.members.iter().cloned().collect());
        }
        let mut programs = Vec::with_capacity(linked.order.modules.len());
        let mut program = None;
        for (place, &index) in linked.order.modules.iter().enumerate() {
            let module = &modules.graph.modules[index];
            let (Some(tree), true) = (&module.tree, index >= from) else {
                programs.push(None);
                continue;
            };
            let is_imported = index != entry;
            let is_cyclic = linked.order.cyclic[place];
            let linkage = Linkage {
                imports: &linked.imports[place],
                members: Some(&modules.members),
                first_global: module.first.unwrap_or(first),
                slots: linked.slots,
                is_imported,
                is_cyclic,
                is_shared: is_imported || is_cyclic,
            };
            let builtins = self.vm.builtin_names();
            let around = if is_imported { Surroundings::default() } else { around };
            let options = CompileOptions { linkage, ..around.options(&builtins) };
            let compiled = compile::compile(tree, &modules.texts[index].source.text, &options)
                .map_err(|diagnostics| refused(modules, index, diagnostics))?;
            if is_imported {
                programs.push(Some(compiled));
            } else {
                programs.push(None);
                program = Some(compiled);
            }
        }
        match program {
            Some(program) => Ok(Plan { entry, linked, programs, program }),
            // Never: the entry has a text, and is in the order.
            None => Err(Error::from(Vec::new())),
        }
    }

    /// Finds and reads what the modules from an index on name, and what those name.
    fn load(&mut self, modules: &mut Modules, from: usize) -> Result<(), Error> {
        let mut index = from;
        while index < modules.texts.len() {
            let requests: Vec<(Name, Span, bool)> = match &modules.graph.modules[index].tree {
                None => Vec::new(),
                Some(tree) => {
                    let requests = tree.module.requests.iter();
                    requests.map(|request| (request.specifier.clone(), request.span, request.is_json)).collect()
                }
            };
            for (specifier, span, is_json) in requests {
                let named = self.request(modules, index, &specifier, is_json);
                let named = named.map_err(|failed| failed.at(&modules.texts[index].source, span))?;
                modules.graph.modules[index].requests.push(named);
            }
            index += 1;
        }
        Ok(())
    }

    /// The index of a module that is named in the text of another; it is read if it is new.
    fn request(
        &mut self,
        modules: &mut Modules,
        importer: usize,
        specifier: &str,
        is_json: bool,
    ) -> Result<usize, Unavailable> {
        let name = self.vm.host.find_module(specifier, &modules.texts[importer].name)?;
        let is_data = is_json || specifier.ends_with(".json");
        let key = (name.id.clone(), is_data);
        if let Some(&known) = modules.known.get(&key) {
            return Ok(known);
        }
        let bytes = self.vm.host.read_module(&name)?;
        let text = decode(bytes).map_err(|wrong| {
            let (text, diagnostic) = *wrong;
            refused(&Arc::new(Source::new(&name.shown, &text)), vec![diagnostic], None)
        })?;
        let source = Arc::new(Source::new(&name.shown, &text));
        let tree = match is_data {
            true => None,
            false => Some(self.parse(&text).map_err(|diagnostics| refused(&source, diagnostics, None))?),
        };
        let index = modules.add(name, source, tree);
        modules.known.insert(key, index);
        Ok(index)
    }

    // ---- Running -------------------------------------------------------------------------------------------

    /// Makes room for the variables, and gives data modules their values.
    fn begin_plan(&mut self, modules: &Modules, plan: &Plan) -> Result<(), Error> {
        let programs = || plan.programs.iter().flatten();
        let slots = programs().map(Program::reach).fold(plan.program.reach(), u32::max);
        self.vm.begin_modules(programs().chain([&plan.program]), plan.linked.namespaces.clone(), slots);
        for &index in &plan.linked.order.modules {
            let module = &modules.graph.modules[index];
            let (None, Some(slot)) = (&module.tree, module.first) else { continue };
            if self.vm.global(slot).is_some() {
                continue;
            }
            let source = &modules.texts[index].source;
            match json::parse_document(&mut self.vm, &source.text) {
                Ok(value) => self.vm.set_module_data(slot, value),
                Err(NoDocument::Thrown(_)) => return Err(Error::Failure(self.vm.take_failure())),
                Err(NoDocument::Bad { at, message }) => {
                    let span = Span::new(at, at + source.text[at..].chars().next().map_or(0, char::len_utf8));
                    let diagnostic = Diagnostic::new(codes::BAD_JSON, span, message)
                        .help("the file is imported as JSON, which is stricter than the language");
                    return Err(refused(source, vec![diagnostic], None));
                }
            }
        }
        Ok(())
    }

    /// Runs the modules that the program imports.
    fn run_plan(&mut self, modules: &Modules, plan: &Plan, takes_error: bool) -> Result<(), Failure> {
        let order = &plan.linked.order;
        // Who imports whom: whoever names a module stands behind it.
        let mut importers: Vec<Option<Arc<Importer>>> = vec![None; order.modules.len()];
        for place in (0..order.modules.len()).rev() {
            let Some((parent, request)) = order.named_by[place] else { continue };
            let module = &modules.graph.modules[parent];
            let span = module.tree.as_ref().map_or(Span::default(), |tree| tree.module.requests[request].span);
            let source = Arc::clone(&modules.texts[parent].source);
            let importer = importers[order.place(parent)].clone();
            importers[place] = Some(Arc::new(Importer { source, span, importer }));
        }
        for (place, &index) in order.modules.iter().enumerate() {
            let program = if index == plan.entry { Some(&plan.program) } else { plan.programs[place].as_ref() };
            if let Some(hoist) = program.and_then(|program| program.hoist.as_ref()) {
                self.vm.run_module(hoist, &modules.texts[index].source, importers[place].clone(), takes_error)?;
            }
        }
        for (place, &index) in order.modules.iter().enumerate() {
            if let Some(program) = &plan.programs[place] {
                let source = &modules.texts[index].source;
                self.vm.run_module(&program.main, source, importers[place].take(), takes_error)?;
            }
        }
        Ok(())
    }
}

impl Plan {
    /// The names of the modules' globals, by slot.
    fn global_names(&self) -> Vec<Name> {
        let mut names: Vec<Name> = vec!["".into(); self.linked.slots as usize];
        for program in self.programs.iter().flatten().chain([&self.program]) {
            names.resize(names.len().max(program.reach() as usize), "".into());
            for (slot, (name, _)) in (program.first_global..).zip(&program.globals) {
                names[slot as usize] = name.clone();
            }
        }
        for namespace in &self.linked.namespaces {
            names[namespace.slot as usize] = "*".into();
        }
        names
    }
}

/// Why a module that a text names is not there for it.
enum Unavailable {
    /// The host does not have it, or does not give it.
    Host(NoModule),
    /// Its own text is wrong.
    Wrong(Error),
}

impl From<NoModule> for Unavailable {
    fn from(none: NoModule) -> Unavailable {
        Unavailable::Host(none)
    }
}

impl From<Error> for Unavailable {
    fn from(error: Error) -> Unavailable {
        Unavailable::Wrong(error)
    }
}

impl Unavailable {
    /// The error, if the module is named at `span` of a text.
    fn at(self, source: &Arc<Source>, span: Span) -> Error {
        let none = match self {
            Unavailable::Host(none) => none,
            Unavailable::Wrong(error) => return error,
        };
        let code = match none.reason {
            Reason::Missing => codes::NO_MODULE,
            Reason::Denied => codes::MODULE_DENIED,
            Reason::Unnamed => codes::BARE_SPECIFIER,
        };
        let fix = none.meant.map(|meant| Fix::replace(span, format!("{meant:?}")));
        let diagnostic = Diagnostic { help: none.help, ..Diagnostic::new(code, span, none.message).fix(fix) };
        let reason = Some(none.reason).filter(|reason| *reason != Reason::Unnamed);
        refused(source, vec![diagnostic], reason)
    }
}

fn refused(source: &Arc<Source>, diagnostics: Vec<Diagnostic>, reason: Option<Reason>) -> Error {
    Error::Module(Box::new(Refused { source: Arc::clone(source), diagnostics, reason }))
}

/// A text of bytes.
///
/// # Errors
/// They are not UTF-8: the text with replacement characters, and what is wrong with it.
pub fn decode(bytes: Vec<u8>) -> Result<String, Box<(String, Diagnostic)>> {
    String::from_utf8(bytes).map_err(|error| {
        let start = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
        // The replacement character, which stands there now.
        let span = Span { start, end: start.saturating_add(3) };
        let wrong = Diagnostic::new(codes::NOT_UTF8, span, "the text is not UTF-8")
            .label("this byte is not part of a character")
            .help("save the file as UTF-8");
        Box::new((String::from_utf8_lossy(error.as_bytes()).into_owned(), wrong))
    })
}
