//! What a name refers to, and what is said when it refers to nothing.

use super::resolve::{Resolver, Standing};
use super::scope::*;
use crate::syntax::ast::*;
use crate::syntax::codes;
use crate::syntax::diagnostic::{Diagnostic, Fix};
use crate::syntax::similar::similar;

/// Names that are values everywhere.
const VALUES: [(&str, Reference); 3] =
    [("undefined", Reference::Undefined), ("NaN", Reference::Nan), ("Infinity", Reference::Infinity)];

/// The names that are values everywhere: `undefined`, `NaN`, `Infinity`.
pub fn value_names() -> impl Iterator<Item = &'static str> {
    VALUES.iter().map(|(name, _)| *name)
}

fn value_name(name: &str) -> Option<Reference> {
    VALUES.iter().find(|(value, _)| *value == name).map(|&(_, reference)| reference)
}

impl<'a> Resolver<'a, '_> {
    /// A use of a name; `node` is where the code generator will look for it.
    pub(super) fn refer(&mut self, name: &Name, span: Span, node: NodeKey) {
        if let Some(reference) = self.look_up(name, span) {
            self.out.references.insert(node, reference);
        }
    }

    /// An assignment to a name.
    pub(super) fn refer_to_assign(&mut self, name: &Name, span: Span, node: NodeKey) -> Option<BindingId> {
        let reference = self.look_up(name, span)?;
        self.out.references.insert(node, reference);
        match reference {
            Reference::Binding(id, _) => {
                let inside = self.out.scope(self.scope).names.get(name) != Some(&id);
                let binding = &mut self.out.bindings[id.0 as usize];
                binding.assigned = true;
                binding.assigned_inside |= inside;
                if binding.kind.is_constant() {
                    let (kind, at) = (binding.kind, binding.span.start);
                    let (what, help) = match kind {
                        BindingKind::Const => ("a `const`", Some("declare it with `let`")),
                        BindingKind::Import => {
                            ("an import", Some("only its own module can assign to it: export a function that does"))
                        }
                        BindingKind::ClassSelf => ("the class's own name", None),
                        _ => ("the function's own name", None),
                    };
                    let word = if kind == BindingKind::Const { self.const_before(at) } else { None };
                    self.constant(name, span, what, help, word.map(|word| Fix::replace(word, "let")));
                }
                Some(id)
            }
            Reference::Builtin(_) => {
                self.constant(name, span, "built in", Some("declare a variable of that name with `let`"), None);
                None
            }
            _ => {
                self.constant(name, span, "a constant of the language", None, None);
                None
            }
        }
    }

    fn constant(&mut self, name: &Name, span: Span, what: &str, help: Option<&str>, fix: Option<Fix>) {
        let message = format!("`{name}` cannot be assigned to: it is {what}");
        let error = Diagnostic::new(codes::CONST_ASSIGNMENT, span, message).label("assigned here").fix(fix);
        self.errors.push(Diagnostic { help: help.map(str::to_owned), ..error });
    }

    /// The word `const` of the declaration whose name stands at `at`, directly or in a pattern without defaults.
    fn const_before(&self, at: u32) -> Option<Span> {
        let before = self.source.get(..at as usize)?;
        let word = before.rfind("const")?;
        let end = word + "const".len();
        let in_pattern = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_$,:{}[].".contains(c);
        let is_word = before[end..].starts_with(|c: char| c.is_whitespace() || c == '{' || c == '[');
        (is_word && before[end..].chars().all(in_pattern)).then(|| Span::new(word, end))
    }

    fn look_up(&mut self, name: &Name, span: Span) -> Option<Reference> {
        if let Some(value) = value_name(name) {
            return Some(value);
        }
        let mut scope = Some(self.scope);
        while let Some(id) = scope {
            let here = self.out.scope(id);
            if let Some(&binding) = here.names.get(name) {
                let tdz = self.touch(binding);
                return Some(Reference::Binding(binding, tdz));
            }
            scope = here.parent;
        }
        if let Some(index) = self.options.builtins.iter().position(|builtin| **builtin == **name) {
            return Some(Reference::Builtin(index as u32));
        }
        self.undeclared(name, span);
        None
    }

    /// Notes a use of a binding in the current function.
    pub(super) fn touch(&mut self, id: BindingId) -> Tdz {
        let binding = &self.out.bindings[id.0 as usize];
        if binding.function == self.function {
            return match binding.ready {
                Ready::No => Tdz::Throw,
                Ready::Since(_) => Tdz::Initialised,
                Ready::Maybe => Tdz::Check,
            };
        }
        // The outermost function inside of the binding's: from when on can there be a closure of it?
        let mut function = self.function;
        while let Some(parent) = self.out.function(function).parent
            && parent != binding.function
        {
            function = parent;
        }
        let created = self.out.function(function).created;
        let binding = &mut self.out.bindings[id.0 as usize];
        binding.captured = true;
        binding.first_capture = binding.first_capture.min(created);
        match binding.ready {
            Ready::Since(moment) if moment <= created => Tdz::Initialised,
            _ => Tdz::Check,
        }
    }

    pub(super) fn undeclared(&mut self, name: &Name, span: Span) {
        if let Some(instead) = codes::refused_global(name) {
            let message = format!("`{name}` is not in the language");
            self.errors.push(Diagnostic::new(codes::GLOBAL, span, message).help(instead));
            return;
        }
        if self.assigned_unknown.contains(name) {
            return;
        }
        if let Some(grant) = codes::granted_global(name) {
            let error = Diagnostic::new(codes::NOT_GRANTED, span, format!("`{name}` is not granted"));
            self.errors.push(error.label("a built-in that this script was not given").help(grant));
            return;
        }
        let (at, standing) = self.standing;
        let standing = if at == span.start { standing } else { Standing::Alone };
        let (help, fix) = match (self.similar(name), standing) {
            (Some(meant), _) => {
                let instead = if standing == Standing::Shorthand { format!("{name}: {meant}") } else { meant.clone() };
                (format!("did you mean `{meant}`?"), Some(Fix::replace(span, instead)))
            }
            (None, Standing::Assignment | Standing::LoopHead) => {
                self.assigned_unknown.push(name.clone());
                let word = if standing == Standing::LoopHead { "const" } else { "let" };
                (format!("declare it: `{word} {name}`"), Some(Fix::insert(span.start, format!("{word} "))))
            }
            (None, _) => (format!("declare it first: `let {name} = …`"), None),
        };
        let error = Diagnostic::new(codes::UNDECLARED, span, format!("`{name}` is not declared"))
            .label("no variable of this name in sight")
            .help(help)
            .fix(fix);
        self.errors.push(error);
    }

    /// The nearest name in sight, if one is near enough.
    fn similar(&self, name: &str) -> Option<String> {
        let scopes = std::iter::successors(Some(self.scope), |id| self.out.scope(*id).parent);
        let declared = scopes.flat_map(|id| self.out.scope(id).names.keys().map(|name| &**name));
        let others = self.options.builtins.iter().copied().chain(VALUES.iter().map(|(name, _)| *name));
        similar(name, declared.chain(others)).map(str::to_owned)
    }

    pub(super) fn check_declarable(&mut self, name: &Name, span: Span) {
        if value_name(name).is_some() {
            let message = format!("`{name}` cannot be declared: it is a constant of the language");
            self.errors.push(Diagnostic::new(codes::FIXED_NAME, span, message).help("choose another name"));
        }
    }

    // ---- Private names -----------------------------------------------------------------------------------

    pub(super) fn refer_to_private(&mut self, name: &Ident) {
        if !self.private_names.iter().any(|names| names.contains(&name.name)) {
            let message = format!("`#{}` is not declared by a class around it", name.name);
            let error = Diagnostic::new(codes::UNDECLARED_PRIVATE, name.span, message);
            let declared = self.private_names.iter().flatten().map(|name| &**name);
            self.errors.push(match similar(&name.name, declared) {
                Some(meant) => {
                    let fix = Fix::replace(name.span, format!("#{meant}"));
                    error.help(format!("did you mean `#{meant}`?")).fix(fix)
                }
                None => error.help(format!("declare the field in the class body: `#{};`", name.name)),
            });
        }
    }

    /// The private names that a class declares.
    pub(super) fn private_names_of(&mut self, class: &Class) -> Vec<Name> {
        let mut names: Vec<Name> = Vec::new();
        for member in &class.members {
            let (MemberKind::Method { key: MemberKey::Private(name), .. }
            | MemberKind::Field { key: MemberKey::Private(name), .. }) = &member.kind
            else {
                continue;
            };
            if names.contains(&name.name) {
                let message = format!("`#{}` is declared twice in this class", name.name);
                let error = Diagnostic::new(codes::PRIVATE_TWICE, name.span, message).label("declared again");
                self.errors.push(error);
            } else {
                names.push(name.name.clone());
            }
        }
        names
    }

    // ---- this ---------------------------------------------------------------------------------------------

    /// A use of `this` or `super` in the current function.
    pub(super) fn use_this(&mut self) {
        let owner = self.out.this_owner(self.function);
        if let Some(derived) = self.derived.iter_mut().rfind(|derived| derived.function == owner) {
            derived.uncertain |= !derived.super_done;
        }
        if owner != self.function {
            let id = self.this_binding(owner);
            self.touch(id);
        }
    }

    pub(super) fn this_binding(&mut self, owner: FunctionId) -> BindingId {
        if let Some(id) = self.out.function(owner).this {
            return id;
        }
        let id = self.hidden("this", BindingKind::This, owner);
        self.out.functions[owner.0 as usize].this = Some(id);
        id
    }

    /// A use of the instance by an arrow that calls `super()`.
    pub(super) fn use_instance(&mut self) {
        let owner = self.out.this_owner(self.function);
        if owner == self.function {
            return;
        }
        let id = match self.out.function(owner).instance {
            Some(id) => id,
            None => self.hidden("this", BindingKind::Instance, owner),
        };
        self.out.functions[owner.0 as usize].instance = Some(id);
        self.touch(id);
    }

    /// A binding without a name in any scope, initialised at the start of its function.
    pub(super) fn hidden(&mut self, name: &str, kind: BindingKind, owner: FunctionId) -> BindingId {
        let id = self.new_binding(name.into(), Span::default(), kind);
        let binding = &mut self.out.bindings[id.0 as usize];
        binding.function = owner;
        binding.ready = Ready::Since(0);
        binding.start = 0;
        binding.in_switch = false;
        id
    }
}
