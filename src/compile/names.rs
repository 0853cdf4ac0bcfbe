//! What a name refers to, and what is said when it refers to nothing.

use super::resolve::Resolver;
use super::scope::*;
use crate::syntax::ast::*;
use crate::syntax::codes;
use crate::syntax::diagnostic::Diagnostic;

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
                    let (what, help) = match binding.kind {
                        BindingKind::Const => ("a `const`", Some("declare it with `let`")),
                        BindingKind::ClassSelf => ("the class's own name", None),
                        _ => ("the function's own name", None),
                    };
                    self.constant(name, span, what, help);
                }
                Some(id)
            }
            Reference::Builtin(_) => {
                self.constant(name, span, "built in", Some("declare a variable of that name with `let`"));
                None
            }
            _ => {
                self.constant(name, span, "a constant of the language", None);
                None
            }
        }
    }

    fn constant(&mut self, name: &Name, span: Span, what: &str, help: Option<&str>) {
        self.errors.push(Diagnostic {
            code: codes::CONST_ASSIGNMENT,
            message: format!("`{name}` cannot be assigned to: it is {what}"),
            span,
            label: "assigned here".into(),
            help: help.map(str::to_owned),
        });
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

    fn undeclared(&mut self, name: &Name, span: Span) {
        if let Some(instead) = codes::refused_global(name) {
            self.errors.push(Diagnostic {
                code: codes::GLOBAL,
                message: format!("`{name}` is not in the language"),
                span,
                label: String::new(),
                help: Some(instead.to_owned()),
            });
            return;
        }
        let help = self.similar(name).map(|similar| format!("did you mean `{similar}`?"));
        self.errors.push(Diagnostic {
            code: codes::UNDECLARED,
            message: format!("`{name}` is not declared"),
            span,
            label: "no variable of this name in sight".into(),
            help: help.or_else(|| Some(format!("declare it first: `let {name} = …`"))),
        });
    }

    /// The nearest name in sight, if one is near enough.
    fn similar(&self, name: &str) -> Option<String> {
        let limit = (name.chars().count() / 3).max(1);
        let mut best: Option<(usize, String)> = None;
        let mut consider = |candidate: &str| {
            let distance = strsim::damerau_levenshtein(name, candidate);
            let better = match &best {
                None => true,
                Some((least, text)) => (distance, candidate) < (*least, text.as_str()),
            };
            if distance <= limit && distance < candidate.chars().count() && better {
                best = Some((distance, candidate.to_owned()));
            }
        };
        let mut scope = Some(self.scope);
        while let Some(id) = scope {
            let here = self.out.scope(id);
            here.names.keys().for_each(|candidate| consider(candidate));
            scope = here.parent;
        }
        self.options.builtins.iter().for_each(|candidate| consider(candidate));
        VALUES.iter().for_each(|(candidate, _)| consider(candidate));
        best.map(|(_, text)| text)
    }

    pub(super) fn check_declarable(&mut self, name: &Name, span: Span) {
        if value_name(name).is_some() {
            self.errors.push(Diagnostic {
                code: codes::FIXED_NAME,
                message: format!("`{name}` cannot be declared: it is a constant of the language"),
                span,
                label: String::new(),
                help: Some("choose another name".into()),
            });
        }
    }

    // ---- Private names -----------------------------------------------------------------------------------

    pub(super) fn refer_to_private(&mut self, name: &Ident) {
        if !self.private_names.iter().any(|names| names.contains(&name.name)) {
            self.errors.push(Diagnostic {
                code: codes::UNDECLARED_PRIVATE,
                message: format!("`#{}` is not declared by a class around it", name.name),
                span: name.span,
                label: String::new(),
                help: Some(format!("declare the field in the class body: `#{};`", name.name)),
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
                self.errors.push(Diagnostic {
                    code: codes::PRIVATE_TWICE,
                    message: format!("`#{}` is declared twice in this class", name.name),
                    span: name.span,
                    label: "declared again".into(),
                    help: None,
                });
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
