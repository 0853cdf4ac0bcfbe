//! The resolver: one walk over the tree, in order of evaluation, that binds every name.
//!
//! A *moment* is a count of what the walk has passed. Where a name is used in the function that declares it, the
//! order of the walk is the order of execution (there is no way back into a scope but from its start), so a use before the
//! initialisation always throws and one after it never does. In an inner function it is certain only if the function cannot be made before.

use rustc_hash::FxHashMap;

use super::CompileOptions;
use super::expr::bare;
use super::kinds::{self, Kind, Source};
use super::link::{Initialised, Link};
use super::scope::*;
use crate::syntax::ast::{Link as ChainLink, *};
use crate::syntax::codes;
use crate::syntax::diagnostic::Diagnostic;

/// Top-level variables beyond this become globals, so that the registers of main suffice.
const MAIN_LOCALS: usize = 30_000;

pub struct Resolver<'a, 'o> {
    pub(super) options: &'o CompileOptions<'o>,
    pub(super) source: &'o str,
    pub(super) out: Resolution,
    pub(super) errors: Vec<Diagnostic>,
    pub(super) scope: ScopeId,
    pub(super) function: FunctionId,
    pub(super) clock: u32,
    pub(super) sources: Vec<(BindingId, Source<'a>)>,
    /// Private names of the classes around, innermost last.
    pub(super) private_names: Vec<Vec<Name>>,
    /// The derived constructors being walked, innermost last.
    pub(super) derived: Vec<Derived>,
    /// Class declarations: the binding outside, the binding inside, whether they must differ.
    pub(super) classes: Vec<(BindingId, BindingId, bool)>,
    /// `new` on a plain name: the binding and the place.
    pub(super) constructed: Vec<(BindingId, Span)>,
    /// The scope of the top level.
    pub(super) top: ScopeId,
    /// Names that are assigned to and declared nowhere: reported once, with the declaration that is missing.
    pub(super) assigned_unknown: Vec<Name>,
    /// Variables of other modules that are named as members of a namespace, by slot.
    pub(super) members: FxHashMap<u32, BindingId>,
    /// Where a name stands that the walk is about to come to, and how it stands there.
    pub(super) standing: (u32, Standing),
}

/// How a name stands in the text, for the rewrite that is offered if nothing has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Alone,
    /// `{name}`: a key too.
    Shorthand,
    /// `name = …` where a declaration can stand instead.
    Assignment,
    /// `for (name of …)`.
    LoopHead,
}

/// What has been seen of a derived constructor.
pub(super) struct Derived {
    pub function: FunctionId,
    pub super_done: bool,
    pub uncertain: bool,
}

/// Resolves a program. Errors are reported all at once.
pub fn resolve(program: &Program, source: &str, options: &CompileOptions) -> Result<Resolution, Vec<Diagnostic>> {
    let mut resolver = Resolver {
        options,
        source,
        assigned_unknown: Vec::new(),
        standing: (0, Standing::Alone),
        out: Resolution { open_globals: options.all_globals, ..Resolution::default() },
        errors: Vec::new(),
        scope: ScopeId(0),
        function: FunctionId(0),
        clock: 1,
        sources: Vec::new(),
        constructed: Vec::new(),
        private_names: Vec::new(),
        derived: Vec::new(),
        classes: Vec::new(),
        top: ScopeId(0),
        members: FxHashMap::default(),
    };
    resolver.out.functions.push(FunctionInfo {
        parent: None,
        role: FunctionRole::Main,
        created: 0,
        this: None,
        instance: None,
        own_name: None,
        derived: DerivedThis::Certain,
    });
    resolver.open_root(program);
    resolver.statements(&program.body);
    resolver.finish()
}

impl<'a, 'o> Resolver<'a, 'o> {
    /// The scope of earlier programs' globals, and inside of it that of this program.
    fn open_root(&mut self, program: &'a Program) {
        self.out.scopes.push(Scope {
            parent: None,
            names: Default::default(),
            bindings: Vec::new(),
            entered: 0,
            owns: false,
            is_switch: false,
        });
        for (slot, global) in self.options.existing_globals.iter().enumerate() {
            if !global.declared {
                continue;
            }
            let id = self.new_binding(global.name.clone(), Span::default(), declared(global.kind));
            let binding = &mut self.out.bindings[id.0 as usize];
            binding.ready = Ready::Maybe;
            binding.global = Some(slot as u32);
            // By code that was compiled before, or when it is declared again.
            binding.assigned = true;
            self.out.scopes[0].names.insert(global.name.clone(), id);
        }
        for (name, link) in self.options.existing_imports {
            let id = self.import(name, Span::default(), Some(*link));
            self.out.scopes[0].names.insert(name.clone(), id);
        }
        self.top = self.open(key(program, Role::Body));
        for (index, import) in program.module.imports.iter().enumerate() {
            let name = &import.local;
            let id = self.declare(&name.name, name.span, BindingKind::Import);
            self.link(id, self.options.linkage.imports.get(index).copied());
        }
        self.declare_statements(&program.body);
        self.mark_exports(program);
    }

    /// A name for a variable of another module.
    fn import(&mut self, name: &Name, span: Span, link: Option<Link>) -> BindingId {
        let id = self.new_binding(name.clone(), span, BindingKind::Import);
        self.link(id, link);
        id
    }

    /// Says what an import stands for. Without a link the program is only looked at for errors.
    fn link(&mut self, id: BindingId, link: Option<Link>) {
        let binding = &mut self.out.bindings[id.0 as usize];
        binding.global = link.map(|link| link.slot);
        // By its own module, at any time.
        binding.assigned = true;
        binding.ready = match link.map_or(Initialised::Unknown, |link| link.initialised) {
            Initialised::Always => Ready::Since(0),
            // No function counts as made after that.
            Initialised::InBody => Ready::Since(u32::MAX),
            Initialised::Unknown => Ready::Maybe,
        };
    }

    /// `ns.name`, where `ns` is a namespace: the variable itself, so that it can be used as soon as it is initialised, whatever else of
    /// its module is not.
    pub(super) fn refer_to_member(&mut self, base: &Expr, link: &ChainLink) {
        let (ExprKind::Name(_), LinkKind::Member(name)) = (&base.kind, &link.kind) else { return };
        let Some(Reference::Binding(id, _)) = self.out.reference(base) else { return };
        let binding = &self.out.bindings[id.0 as usize];
        let (BindingKind::Import, Some(namespace)) = (binding.kind, binding.global) else { return };
        let members = self.options.linkage.members.and_then(|members| members.get(&namespace));
        let Some(&slot) = members.and_then(|members| members.get(&name.name)) else { return };
        let member = match self.members.get(&slot) {
            Some(&member) => member,
            None => {
                let unknown = Some(Link { slot, initialised: Initialised::Unknown });
                let member = self.import(&name.name, name.span, unknown);
                self.out.bindings[member.0 as usize].function = FunctionId(0);
                self.members.insert(slot, member);
                member
            }
        };
        let tdz = self.touch(member);
        self.out.references.insert(key(link, Role::Member), Reference::Binding(member, tdz));
    }

    /// The variables that other modules can see. An exported name that is not declared is an error.
    fn mark_exports(&mut self, program: &Program) {
        for export in &program.module.exports {
            let Exported::Local(local) = &export.what else { continue };
            match self.out.scope(self.top).names.get(&local.name).copied() {
                Some(id) => self.out.bindings[id.0 as usize].exported = true,
                None => self.undeclared(&local.name, local.span),
            }
        }
    }

    /// `new` on what is certainly a plain function.
    fn refuse_constructed_functions(&mut self) {
        for (id, span) in std::mem::take(&mut self.constructed) {
            let binding = &self.out.bindings[id.0 as usize];
            let is_function = binding.kind == BindingKind::Function
                || self.sources.iter().any(|(of, source)| {
                    *of == id
                        && matches!(source, Source::Expr(init) if matches!(bare(init).kind, ExprKind::Function(_)))
                });
            if !is_function || binding.assigned {
                continue;
            }
            let message = format!("`new` on `{}`, which is a plain function: only classes construct", binding.name);
            let error = Diagnostic::new(codes::NEW_FUNCTION_VALUE, span, message)
                .label("not a class")
                .help("make it a class, or call it without `new`");
            self.errors.push(error);
        }
    }

    fn finish(mut self) -> Result<Resolution, Vec<Diagnostic>> {
        self.refuse_constructed_functions();
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|error| error.span.start);
            return Err(self.errors);
        }
        self.share_class_names();
        self.number_globals();
        kinds::infer(&mut self.out, &self.sources);
        Ok(self.out)
    }

    /// A class's inner name shares the variable of its declaration unless a program could tell them apart.
    fn share_class_names(&mut self) {
        for &(outer, inner, apart) in &self.classes {
            if apart || self.out.bindings[outer.0 as usize].assigned {
                continue;
            }
            let (captured, first) = {
                let inner = &mut self.out.bindings[inner.0 as usize];
                inner.alias = Some(outer);
                (inner.captured, inner.first_capture)
            };
            let outer = &mut self.out.bindings[outer.0 as usize];
            outer.captured |= captured;
            outer.first_capture = outer.first_capture.min(first);
        }
    }

    fn number_globals(&mut self) {
        let linkage = &self.options.linkage;
        let names = self.out.scopes[self.top.0 as usize].bindings.clone();
        let all = self.options.all_globals || linkage.is_shared || names.len() > MAIN_LOCALS;
        let base = self.options.existing_globals.len().max(linkage.first_global as usize);
        // Exported ones first: the modules that refer to them count on that.
        let of_others = |resolver: &Self, id: &BindingId| {
            linkage.is_shared || resolver.out.bindings[id.0 as usize].exported && !resolver.options.all_globals
        };
        let (first, then): (Vec<_>, Vec<_>) = names.into_iter().partition(|id| of_others(self, id));
        let exported = first.len();
        for (nth, id) in first.into_iter().chain(then).enumerate() {
            let binding = &mut self.out.bindings[id.0 as usize];
            if binding.kind == BindingKind::Import || !all && !binding.captured && nth >= exported {
                continue;
            }
            let kind = if binding.kind == BindingKind::Const { DeclKind::Const } else { DeclKind::Let };
            let name = binding.name.clone();
            let existing = self.options.existing_globals;
            // Declared again at the prompt: the same variable, so that its old value is released and earlier functions see the new one.
            let slot = match existing.iter().rposition(|global| global.name == name) {
                Some(slot) if self.options.all_globals => {
                    self.out.redeclared.push((slot as u32, kind));
                    slot
                }
                _ => {
                    self.out.globals.push((name, kind));
                    base + self.out.globals.len() - 1
                }
            };
            self.out.bindings[id.0 as usize].global = Some(slot as u32);
        }
    }

    // ---- Scopes and declarations -------------------------------------------------------------------------

    pub(super) fn tick(&mut self) -> u32 {
        self.clock += 1;
        self.clock
    }

    /// Opens a scope inside of the current one.
    pub(super) fn open(&mut self, node: NodeKey) -> ScopeId {
        let id = ScopeId(self.out.scopes.len() as u32);
        let entered = self.tick();
        self.out.scopes.push(Scope {
            parent: Some(self.scope),
            names: Default::default(),
            bindings: Vec::new(),
            entered,
            owns: false,
            is_switch: false,
        });
        self.out.scope_of.insert(node, id);
        self.scope = id;
        id
    }

    pub(super) fn close(&mut self) {
        if let Some(parent) = self.out.scope(self.scope).parent {
            self.scope = parent;
        }
    }

    /// The current scope can own something.
    pub(super) fn owns(&mut self) {
        self.out.scopes[self.scope.0 as usize].owns = true;
    }

    pub(super) fn new_binding(&mut self, name: Name, span: Span, kind: BindingKind) -> BindingId {
        let id = BindingId(self.out.bindings.len() as u32);
        self.out.bindings.push(Binding {
            name,
            span,
            kind,
            function: self.function,
            ready: Ready::No,
            start: u32::MAX,
            captured: false,
            first_capture: u32::MAX,
            assigned: false,
            assigned_inside: false,
            global: None,
            exported: false,
            alias: None,
            in_switch: self.out.scope(self.scope).is_switch,
            holds: Kind::Any,
        });
        id
    }

    /// Declares a name in the current scope.
    pub(super) fn declare(&mut self, name: &Name, span: Span, kind: BindingKind) -> BindingId {
        self.check_declarable(name, span);
        let id = self.new_binding(name.clone(), span, kind);
        let scope = &mut self.out.scopes[self.scope.0 as usize];
        scope.bindings.push(id);
        if scope.names.insert(name.clone(), id).is_some() {
            self.declared_again(span, format!("`{name}` is declared twice in this scope"));
        }
        id
    }

    pub(super) fn declare_statements(&mut self, body: &'a [Stmt]) {
        for statement in body {
            match &statement.kind {
                StmtKind::Declare { kind, decls } => {
                    for decl in decls {
                        self.declare_pattern(&decl.target, declared(*kind));
                    }
                }
                StmtKind::Function(function) => {
                    if let Some(name) = &function.name {
                        let id = self.declare(&name.name, name.span, BindingKind::Function);
                        let entered = self.out.scope(self.scope).entered;
                        let binding = &mut self.out.bindings[id.0 as usize];
                        binding.ready = Ready::Since(entered);
                        binding.start = entered;
                        self.out.references.insert(key(name, Role::Body), Reference::Binding(id, Tdz::Initialised));
                    }
                }
                StmtKind::Class(class) => {
                    if let Some(name) = &class.name {
                        let id = self.declare(&name.name, name.span, BindingKind::Class);
                        self.out.references.insert(key(name, Role::Body), Reference::Binding(id, Tdz::Initialised));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn declare_pattern(&mut self, pattern: &'a Pattern, kind: BindingKind) {
        match &pattern.kind {
            PatternKind::Name(name) => {
                let id = self.declare(name, pattern.span, kind);
                self.out.references.insert(key(pattern, Role::Body), Reference::Binding(id, Tdz::Initialised));
            }
            PatternKind::Member(_) => {}
            PatternKind::Array { elements, rest } => {
                for slot in elements.iter().flatten() {
                    self.declare_pattern(&slot.target, kind);
                }
                if let Some(rest) = rest {
                    self.declare_pattern(rest, kind);
                }
            }
            PatternKind::Object { properties, rest } => {
                for property in properties {
                    self.declare_pattern(&property.value.target, kind);
                }
                if let Some(rest) = rest {
                    self.declare_pattern(rest, kind);
                }
            }
        }
    }

    /// Parameters share the names of the body: they may not be declared there again.
    pub(super) fn refuse_shadowed(&mut self, inner: ScopeId, outer: ScopeId, what: &str) {
        for index in 0..self.out.scope(inner).bindings.len() {
            let id = self.out.scope(inner).bindings[index];
            let binding = &self.out.bindings[id.0 as usize];
            if self.out.scope(outer).names.contains_key(&binding.name) {
                let (span, message) = (binding.span, format!("`{}` is already {what}", binding.name));
                self.declared_again(span, message);
            }
        }
    }

    fn declared_again(&mut self, span: Span, message: String) {
        let error = Diagnostic::new(codes::DECLARED_TWICE, span, message)
            .label("declared again")
            .help("rename one of the two, or assign to it without declaring it again");
        self.errors.push(error);
    }
}

pub(super) fn declared(kind: DeclKind) -> BindingKind {
    match kind {
        DeclKind::Let => BindingKind::Let,
        DeclKind::Const => BindingKind::Const,
    }
}
