//! What the resolver finds out: scopes, bindings, functions, and what each name refers to.
//!
//! Nodes of the tree are identified by their address: the tree is borrowed for as long as these tables live.

use rustc_hash::FxHashMap;

use super::kinds::Kind;
use crate::syntax::ast::{DeclKind, Link, Name, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindingId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub u32);

/// What a scope or a function belongs to, where one node has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A block, the body of a function, the cases of a `switch`.
    Body,
    /// The parameters of a function or a `catch`, the head of a loop.
    Head,
    /// One turn of a loop.
    Turn,
    /// The names of a class that only its body sees; the function that runs its field initialisers.
    Class,
    /// The function that runs a class's static initialisers.
    Static,
    /// A link of a chain that names a variable of another module: its address may be that of an expression in it.
    Member,
}

/// A node by its address and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeKey(usize, Role);

pub fn key<T: ?Sized>(node: &T, role: Role) -> NodeKey {
    NodeKey(std::ptr::from_ref(node).cast::<()>().addr(), role)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    Let,
    Const,
    Function,
    Class,
    /// A variable of another module.
    Import,
    Param,
    Catch,
    /// The name of a class as its body sees it, or of a function expression inside of it.
    ClassSelf,
    FunctionSelf,
    /// `this` as arrows capture it; in a derived constructor the hidden variable that `super()` sets.
    This,
    /// The instance of a derived constructor before `super()`, for arrows that call it.
    Instance,
    /// A computed field key, kept from the evaluation of the class to its initialisers.
    FieldKey,
}

impl BindingKind {
    pub fn is_constant(self) -> bool {
        matches!(self, BindingKind::Const | BindingKind::Import | BindingKind::ClassSelf | BindingKind::FunctionSelf)
    }
}

/// Whether the walk, which goes in order of evaluation, is past a binding's initialisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    No,
    /// Since that moment.
    Since(u32),
    /// On some ways (an earlier clause of the same `switch`).
    Maybe,
}

#[derive(Debug)]
pub struct Binding {
    pub name: Name,
    pub span: Span,
    pub kind: BindingKind,
    pub function: FunctionId,
    pub ready: Ready,
    /// The moment its declaration begins; `u32::MAX` until the walk is there.
    pub start: u32,
    /// Referred to by an inner function.
    pub captured: bool,
    /// The earliest moment at which a function that refers to it can be made.
    pub first_capture: u32,
    /// Assigned to after its initialisation.
    pub assigned: bool,
    /// … in a scope inside its own: what it is given there may move up to its own.
    pub assigned_inside: bool,
    /// Its slot, if it is a global.
    pub global: Option<u32>,
    /// Other modules can see it.
    pub exported: bool,
    /// The binding whose storage it shares (a class's inner name).
    pub alias: Option<BindingId>,
    /// Declared directly in a `switch`.
    pub in_switch: bool,
    /// What it certainly holds.
    pub holds: Kind,
}

#[derive(Debug)]
pub struct Scope {
    pub parent: Option<ScopeId>,
    pub names: FxHashMap<Name, BindingId>,
    /// In order of declaration.
    pub bindings: Vec<BindingId>,
    /// The moment of entry: hoisted functions are made then.
    pub entered: u32,
    /// Something in it, outside of inner scopes and functions, makes or returns a container.
    pub owns: bool,
    pub is_switch: bool,
}

/// What a function is to the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionRole {
    Main,
    Plain,
    Arrow,
    Method,
    Constructor,
    Derived,
    Fields,
    Static,
}

/// How the `this` of a derived constructor is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivedThis {
    /// `super()` certainly ran before every use.
    Certain,
    /// A hidden variable is checked.
    Checked,
}

#[derive(Debug)]
pub struct FunctionInfo {
    pub parent: Option<FunctionId>,
    pub role: FunctionRole,
    /// When closures of it can be made first.
    pub created: u32,
    /// `this` for the arrows inside (and, in a checked derived constructor, for itself).
    pub this: Option<BindingId>,
    pub instance: Option<BindingId>,
    pub own_name: Option<BindingId>,
    pub derived: DerivedThis,
}

/// The temporal dead zone at one use of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tdz {
    Initialised,
    Check,
    Throw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    Binding(BindingId, Tdz),
    Builtin(u32),
    Undefined,
    Nan,
    Infinity,
}

/// The result of the resolver.
#[derive(Debug, Default)]
pub struct Resolution {
    pub bindings: Vec<Binding>,
    pub scopes: Vec<Scope>,
    pub functions: Vec<FunctionInfo>,
    pub scope_of: FxHashMap<NodeKey, ScopeId>,
    pub function_of: FxHashMap<NodeKey, FunctionId>,
    pub references: FxHashMap<NodeKey, Reference>,
    /// Hidden bindings of computed field keys, by the member.
    pub field_keys: FxHashMap<NodeKey, BindingId>,
    pub globals: Vec<(Name, DeclKind)>,
    /// Globals of earlier programs that are declared again, by slot.
    pub redeclared: Vec<(u32, DeclKind)>,
    /// Globals can be assigned by programs to come (the prompt).
    pub open_globals: bool,
}

impl Resolution {
    pub fn binding(&self, id: BindingId) -> &Binding {
        let binding = &self.bindings[id.0 as usize];
        match binding.alias {
            Some(shared) => &self.bindings[shared.0 as usize],
            None => binding,
        }
    }

    /// The binding that has the storage.
    pub fn storage(&self, id: BindingId) -> BindingId {
        self.bindings[id.0 as usize].alias.unwrap_or(id)
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub fn function(&self, id: FunctionId) -> &FunctionInfo {
        &self.functions[id.0 as usize]
    }

    pub fn reference<T>(&self, node: &T) -> Option<Reference> {
        self.references.get(&key(node, Role::Body)).copied()
    }

    /// The variable that a link `.name` behind a namespace stands for.
    pub fn member(&self, link: &Link) -> Option<Reference> {
        self.references.get(&key(link, Role::Member)).copied()
    }

    /// The function whose `this` is meant inside of `function`.
    pub fn this_owner(&self, mut function: FunctionId) -> FunctionId {
        while self.function(function).role == FunctionRole::Arrow {
            match self.function(function).parent {
                Some(parent) => function = parent,
                None => break,
            }
        }
        function
    }
}
