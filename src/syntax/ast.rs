//! The syntax tree.
//!
//! Invariant: no tree is deeper than the parser's nesting limit. What may be arbitrarily long in source (statement lists,
//! `else if` chains, left-associative operators, member and call chains) is a flat `Vec` here, so that every pass and
//! the destructor may recurse over the tree.
//!
//! Spans are byte offsets into the source text.

use std::sync::Arc;

/// A half-open range of byte offsets into one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// An identifier or a property name, without quotes; a private name carries no `#`.
pub type Name = Arc<str>;

/// A name where it stands.
#[derive(Clone, Debug)]
pub struct Ident {
    pub name: Name,
    pub span: Span,
}

/// A whole source text.
#[derive(Debug)]
pub struct Program {
    pub body: Vec<Stmt>,
    pub span: Span,
    pub module: Module,
}

/// What a text imports and exports; all empty in a text without these words. In the body stands a [`StmtKind::Module`] where an
/// import or a list of exports was, and an exported declaration as it is.
#[derive(Debug, Default)]
pub struct Module {
    /// Each time a module is named, in the order of the text, in which they are evaluated.
    pub requests: Vec<Request>,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    /// `export * from`: indexes of requests.
    pub stars: Vec<usize>,
}

impl Module {
    /// Nothing connects the text with another one.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.exports.is_empty()
    }
}

/// A module that a text names.
#[derive(Debug)]
pub struct Request {
    pub specifier: Name,
    pub span: Span,
    /// `with { type: "json" }`.
    pub is_json: bool,
}

/// A name that an import declares.
#[derive(Debug)]
pub struct Import {
    pub local: Ident,
    /// Index of its request.
    pub request: usize,
    /// The name that the other module exports; `None` for `* as local`.
    pub imported: Option<Ident>,
}

/// A name that a module gives others.
#[derive(Debug)]
pub struct Export {
    pub name: Ident,
    pub what: Exported,
}

#[derive(Debug)]
pub enum Exported {
    /// A top-level variable of this text, or one of its imports.
    Local(Ident),
    /// `export { name } from`; `None` for `export * as … from`.
    From { request: usize, imported: Option<Ident> },
}

/// `{ … }` as a statement list with a lexical scope of its own.
#[derive(Debug)]
pub struct Block {
    pub body: Vec<Stmt>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
    /// Levels of the tree below and with this node; at most the nesting limit.
    pub depth: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclKind {
    Let,
    Const,
}

#[derive(Debug)]
pub struct Declarator {
    pub target: Pattern,
    pub init: Option<Expr>,
    pub span: Span,
}

#[derive(Debug)]
pub enum StmtKind {
    Empty,
    /// An import or a list of exports: see [`Module`].
    Module,
    Expr(Expr),
    Declare {
        kind: DeclKind,
        decls: Vec<Declarator>,
    },
    /// A function declaration; its `name` is `Some`.
    Function(Arc<Function>),
    /// A class declaration; its `name` is `Some`.
    Class(Box<Class>),
    Block(Block),
    /// `if … else if … else`, flat.
    If {
        arms: Vec<(Expr, Box<Stmt>)>,
        otherwise: Option<Box<Stmt>>,
    },
    While {
        labels: Vec<Ident>,
        test: Expr,
        body: Box<Stmt>,
    },
    DoWhile {
        labels: Vec<Ident>,
        body: Box<Stmt>,
        test: Expr,
    },
    /// The three parts may hold several expressions separated by commas (the last one is the test).
    For {
        labels: Vec<Ident>,
        init: Option<ForInit>,
        test: Vec<Expr>,
        update: Vec<Expr>,
        body: Box<Stmt>,
    },
    ForOf {
        labels: Vec<Ident>,
        head: ForHead,
        iterable: Expr,
        body: Box<Stmt>,
    },
    ForIn {
        labels: Vec<Ident>,
        head: ForHead,
        object: Expr,
        body: Box<Stmt>,
    },
    Break(Option<Ident>),
    Continue(Option<Ident>),
    Return(Option<Expr>),
    Throw(Expr),
    Switch {
        subject: Expr,
        cases: Vec<Case>,
    },
    Try {
        block: Block,
        catch: Option<Catch>,
        finally: Option<Block>,
    },
}

#[derive(Debug)]
pub enum ForInit {
    Declare { kind: DeclKind, decls: Vec<Declarator> },
    Exprs(Vec<Expr>),
}

/// What a `for…of` or `for…in` binds each turn.
#[derive(Debug)]
pub enum ForHead {
    Declare {
        kind: DeclKind,
        target: Pattern,
    },
    /// An existing variable, a member, or an assignment pattern.
    Assign(Pattern),
}

#[derive(Debug)]
pub struct Case {
    /// `None` for `default`.
    pub test: Option<Expr>,
    pub body: Vec<Stmt>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Catch {
    pub param: Option<Pattern>,
    pub body: Block,
}

#[derive(Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
    /// Levels of the tree below and with this node; at most the nesting limit.
    pub depth: u16,
}

#[derive(Debug)]
pub enum ExprKind {
    Null,
    Bool(bool),
    /// A number that is a double.
    Number(f64),
    /// An exact integer literal beyond ±2^53 that fits i64 (deviation D1), sign folded in.
    Exact(i64),
    String(Name),
    /// `quasis.len() == holes.len() + 1`; escapes are decoded.
    Template {
        quasis: Vec<Name>,
        holes: Vec<Expr>,
    },
    Array(Vec<Item>),
    Object(Vec<Property>),
    Function(Arc<Function>),
    Class(Box<Class>),
    /// A variable; `undefined`, `NaN` and `Infinity` are names too.
    Name(Name),
    This,
    Paren(Box<Expr>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    /// `++x`, `x--`; the target is a name or a member.
    Update {
        increment: bool,
        prefix: bool,
        target: Box<Pattern>,
    },
    /// `((first op1 e1) op2 e2) …`: a left spine, flat. `**` stands here with one entry.
    Binary {
        first: Box<Expr>,
        rest: Vec<(BinaryOp, Span, Expr)>,
    },
    /// `((first op1 e1) op2 e2) …` with short circuit, flat.
    Logical {
        first: Box<Expr>,
        rest: Vec<(LogicalOp, Expr)>,
    },
    Conditional {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// `target = value` with `op` absent; else a compound or logical assignment, whose target is a name or a member.
    Assign {
        target: Box<Pattern>,
        op: Option<AssignOp>,
        value: Box<Expr>,
    },
    /// Members, indexes and calls after a base, flat. `?.` that finds null or undefined ends the whole chain.
    Chain {
        base: Box<Expr>,
        links: Vec<Link>,
    },
    New {
        callee: Box<Expr>,
        args: Vec<Item>,
    },
    SuperCall(Vec<Item>),
    SuperMember(Ident),
    SuperIndex(Box<Expr>),
    /// `#name in object`
    PrivateIn {
        name: Ident,
        object: Box<Expr>,
    },
    /// `delete` of a member or index: the operand is a `Chain` whose last link is one.
    Delete(Box<Expr>),
}

/// An element of an array literal or an argument.
#[derive(Debug)]
pub enum Item {
    Expr(Expr),
    Spread(Expr),
}

#[derive(Debug)]
pub enum Property {
    KeyValue { key: PropKey, value: Expr },
    Shorthand(Ident),
    Method { key: PropKey, function: Arc<Function> },
    Spread(Expr),
}

#[derive(Debug)]
pub enum PropKey {
    /// An identifier, a string, or a number in its canonical text.
    Named(Ident),
    Computed(Expr),
}

#[derive(Debug)]
pub struct Link {
    pub kind: LinkKind,
    /// Written with `?.`.
    pub optional: bool,
    /// This link alone, from its `.`, `[` or `(`.
    pub span: Span,
}

#[derive(Debug)]
pub enum LinkKind {
    Member(Ident),
    Private(Ident),
    Index(Expr),
    Call(Vec<Item>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Neg,
    Plus,
    Not,
    BitNot,
    Typeof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    UShr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    Instanceof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicalOp {
    And,
    Or,
    Coalesce,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignOp {
    Binary(BinaryOp),
    Logical(LogicalOp),
}

/// What a declaration, a parameter or an assignment stores into.
#[derive(Debug)]
pub struct Pattern {
    pub kind: PatternKind,
    pub span: Span,
}

#[derive(Debug)]
pub enum PatternKind {
    Name(Name),
    /// Only in assignments: a `Chain` whose last link is a member, private member or index (never optional),
    /// or `SuperMember`/`SuperIndex`.
    Member(Box<Expr>),
    /// `None` skips an element.
    Array {
        elements: Vec<Option<Slot>>,
        rest: Option<Box<Pattern>>,
    },
    Object {
        properties: Vec<PatternProperty>,
        rest: Option<Box<Pattern>>,
    },
}

/// A place in a pattern, or a parameter: a target and its default.
#[derive(Debug)]
pub struct Slot {
    pub target: Pattern,
    pub default: Option<Expr>,
}

#[derive(Debug)]
pub struct PatternProperty {
    pub key: PropKey,
    pub value: Slot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// `function`: has its own `this`, which is `undefined` unless called as a member; cannot be constructed.
    Plain,
    /// Takes `this` and `super` from outside.
    Arrow,
    /// In an object literal or a class.
    Method,
    Constructor,
}

#[derive(Debug)]
pub struct Function {
    pub kind: FunctionKind,
    pub name: Option<Ident>,
    pub params: Vec<Slot>,
    pub rest: Option<Pattern>,
    pub body: FunctionBody,
    pub span: Span,
}

#[derive(Debug)]
pub enum FunctionBody {
    Block(Block),
    Expr(Expr),
}

#[derive(Debug)]
pub struct Class {
    pub name: Option<Ident>,
    pub superclass: Option<Expr>,
    pub constructor: Option<Arc<Function>>,
    /// In source order, without the constructor.
    pub members: Vec<Member>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Member {
    pub is_static: bool,
    pub kind: MemberKind,
    pub span: Span,
}

#[derive(Debug)]
pub enum MemberKind {
    Method { key: MemberKey, function: Arc<Function> },
    Field { key: MemberKey, init: Option<Expr> },
    StaticBlock(Block),
}

#[derive(Debug)]
pub enum MemberKey {
    Named(Ident),
    Computed(Expr),
    Private(Ident),
}
