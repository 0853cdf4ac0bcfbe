//! The tree and the tokens as text, for people: `--dump=ast` and `--dump=tokens`.
//!
//! The tree comes out as one list `(kind words …)` a node, its parts indented below it. The native stack grows in pieces
//! where a tree is deep.

use std::fmt::Write;

use super::ast::*;
use super::context::Context;
use super::filter::Filter;

/// Every node of a tree on a line of its own.
pub fn dump_ast(program: &Program) -> String {
    let mut dumper = Dumper { out: String::new(), level: 0 };
    dumper.node("program", |d| {
        d.module(&program.module);
        d.statements(&program.body);
    });
    dumper.out.push('\n');
    dumper.out
}

/// One token a line: where it stands, its kind, its text. A `;` that the newline filter inserted has no text. Ends where
/// the nesting limit is reached.
pub fn tokens(source: &str) -> String {
    let cx = Context::new(source, super::DEEPEST);
    let mut out = String::new();
    let (mut line, mut line_start, mut counted) = (1, 0, 0);
    for (start, kind, end) in Filter::new(&cx) {
        let (start, end) = (start as usize, end as usize);
        for newline in memchr::memchr_iter(b'\n', &source.as_bytes()[counted..start.max(counted)]) {
            line += 1;
            line_start = counted + newline + 1;
        }
        counted = counted.max(start);
        let column = source[line_start..start].chars().count() + 1;
        let text = source[start..end].replace('\n', "\\n").replace('\r', "\\r");
        let _ = writeln!(out, "{line}:{column} {kind:?} {text}");
    }
    out
}

struct Dumper {
    out: String,
    level: usize,
}

impl Dumper {
    /// A line for a node, and its parts below it.
    fn node(&mut self, head: &str, parts: impl FnOnce(&mut Self)) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("  ", self.level));
        self.out.push('(');
        self.out.push_str(head);
        self.level += 1;
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || parts(self));
        self.level -= 1;
        self.out.push(')');
    }

    fn leaf(&mut self, head: &str) {
        self.node(head, |_| {});
    }

    fn module(&mut self, module: &Module) {
        let specifier = |request: usize| &*module.requests[request].specifier;
        for request in &module.requests {
            let json = if request.is_json { " json" } else { "" };
            self.leaf(&format!("request {:?}{json}", request.specifier));
        }
        for import in &module.imports {
            let imported = import.imported.as_ref().map_or("*", |name| &name.name);
            self.leaf(&format!("import {imported} as {} from {:?}", import.local.name, specifier(import.request)));
        }
        for export in &module.exports {
            let (what, from) = match &export.what {
                Exported::Local(local) => (&*local.name, String::new()),
                Exported::From { request, imported } => {
                    let from = format!(" from {:?}", specifier(*request));
                    (imported.as_ref().map_or("*", |name| &*name.name), from)
                }
            };
            self.leaf(&format!("export {what} as {}{from}", export.name.name));
        }
        for request in &module.stars {
            self.leaf(&format!("export * from {:?}", specifier(*request)));
        }
    }

    fn statements(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn block(&mut self, word: &str, block: &Block) {
        self.node(word, |d| d.statements(&block.body));
    }

    fn exprs(&mut self, word: &str, list: &[Expr]) {
        self.node(word, |d| list.iter().for_each(|value| d.expr(value)));
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::Empty => self.leaf("empty"),
            StmtKind::Module => self.leaf("module"),
            StmtKind::Expr(value) => self.node("expression", |d| d.expr(value)),
            StmtKind::Declare { kind, decls } => self.node(word_of(*kind), |d| d.declarators(decls)),
            StmtKind::Function(function) => self.function(function),
            StmtKind::Class(class) => self.class(class),
            StmtKind::Block(block) => self.block("block", block),
            StmtKind::If { arms, otherwise } => self.node("if", |d| {
                for (test, body) in arms {
                    d.node("arm", |d| {
                        d.expr(test);
                        d.statement(body);
                    });
                }
                if let Some(body) = otherwise {
                    d.node("else", |d| d.statement(body));
                }
            }),
            StmtKind::While { labels, test, body } => self.node(&labelled("while", labels), |d| {
                d.expr(test);
                d.statement(body);
            }),
            StmtKind::DoWhile { labels, body, test } => self.node(&labelled("do-while", labels), |d| {
                d.statement(body);
                d.expr(test);
            }),
            StmtKind::For { labels, init, test, update, body } => self.node(&labelled("for", labels), |d| {
                match init {
                    None => {}
                    Some(ForInit::Exprs(list)) => d.exprs("init", list),
                    Some(ForInit::Declare { kind, decls }) => d.node(word_of(*kind), |d| d.declarators(decls)),
                }
                d.exprs("test", test);
                d.exprs("update", update);
                d.statement(body);
            }),
            StmtKind::ForOf { labels, head, iterable, body } => {
                self.for_each(&labelled("for-of", labels), head, iterable, body);
            }
            StmtKind::ForIn { labels, head, object, body } => {
                self.for_each(&labelled("for-in", labels), head, object, body);
            }
            StmtKind::Break(label) => self.leaf(&jump("break", label)),
            StmtKind::Continue(label) => self.leaf(&jump("continue", label)),
            StmtKind::Return(value) => self.node("return", |d| value.iter().for_each(|value| d.expr(value))),
            StmtKind::Throw(value) => self.node("throw", |d| d.expr(value)),
            StmtKind::Switch { subject, cases } => self.node("switch", |d| {
                d.expr(subject);
                for case in cases {
                    d.node(if case.test.is_some() { "case" } else { "default" }, |d| {
                        case.test.iter().for_each(|test| d.expr(test));
                        d.statements(&case.body);
                    });
                }
            }),
            StmtKind::Try { block, catch, finally } => self.node("try", |d| {
                d.block("block", block);
                if let Some(Catch { param, body }) = catch {
                    d.node("catch", |d| {
                        param.iter().for_each(|param| d.pattern(param));
                        d.block("block", body);
                    });
                }
                finally.iter().for_each(|finally| d.block("finally", finally));
            }),
        }
    }

    fn declarators(&mut self, decls: &[Declarator]) {
        for decl in decls {
            self.slot_parts(&decl.target, decl.init.as_ref());
        }
    }

    fn for_each(&mut self, word: &str, head: &ForHead, over: &Expr, body: &Stmt) {
        self.node(word, |d| {
            match head {
                ForHead::Declare { kind, target } => d.node(word_of(*kind), |d| d.pattern(target)),
                ForHead::Assign(target) => d.pattern(target),
            }
            d.expr(over);
            d.statement(body);
        });
    }

    fn expr(&mut self, value: &Expr) {
        match &value.kind {
            ExprKind::Null => self.leaf("null"),
            ExprKind::Bool(truth) => self.leaf(if *truth { "true" } else { "false" }),
            ExprKind::Number(number) => {
                let sign = if *number == 0.0 && number.is_sign_negative() { "-" } else { "" };
                self.leaf(&format!("number {sign}{}", ryu_js::Buffer::new().format(*number)));
            }
            ExprKind::Exact(exact) => self.leaf(&format!("exact {exact}")),
            ExprKind::String(text) => self.leaf(&format!("string {text:?}")),
            ExprKind::Template { quasis, holes } => self.node("template", |d| {
                for (at, quasi) in quasis.iter().enumerate() {
                    d.leaf(&format!("text {quasi:?}"));
                    holes.get(at).into_iter().for_each(|hole| d.expr(hole));
                }
            }),
            ExprKind::Array(items) => self.node("array", |d| d.items(items)),
            ExprKind::Object(list) => self.node("object", |d| list.iter().for_each(|property| d.property(property))),
            ExprKind::Function(function) => self.function(function),
            ExprKind::Class(class) => self.class(class),
            ExprKind::Name(name) => self.leaf(&format!("name {name}")),
            ExprKind::This => self.leaf("this"),
            ExprKind::Paren(inner) => self.node("paren", |d| d.expr(inner)),
            ExprKind::Unary { op, operand } => self.node(unary_text(*op), |d| d.expr(operand)),
            ExprKind::Update { increment, prefix, target } => {
                let word = match (increment, prefix) {
                    (true, true) => "++prefix",
                    (true, false) => "postfix++",
                    (false, true) => "--prefix",
                    (false, false) => "postfix--",
                };
                self.node(word, |d| d.pattern(target));
            }
            ExprKind::Binary { first, rest } => self.node("binary", |d| {
                d.expr(first);
                rest.iter().for_each(|(op, _, value)| d.node(binary_text(*op), |d| d.expr(value)));
            }),
            ExprKind::Logical { first, rest } => self.node("logical", |d| {
                d.expr(first);
                rest.iter().for_each(|(op, value)| d.node(logical_text(*op), |d| d.expr(value)));
            }),
            ExprKind::Conditional { test, then, otherwise } => self.node("?:", |d| {
                d.expr(test);
                d.expr(then);
                d.expr(otherwise);
            }),
            ExprKind::Assign { target, op, value } => {
                let word = match op {
                    None => "=".to_owned(),
                    Some(AssignOp::Binary(op)) => format!("{}=", binary_text(*op)),
                    Some(AssignOp::Logical(op)) => format!("{}=", logical_text(*op)),
                };
                self.node(&word, |d| {
                    d.pattern(target);
                    d.expr(value);
                });
            }
            ExprKind::Chain { base, links } => self.node("chain", |d| {
                d.expr(base);
                links.iter().for_each(|link| d.link(link));
            }),
            ExprKind::New { callee, args } => self.node("new", |d| {
                d.expr(callee);
                d.items(args);
            }),
            ExprKind::SuperCall(args) => self.node("super-call", |d| d.items(args)),
            ExprKind::SuperMember(name) => self.leaf(&format!("super .{}", name.name)),
            ExprKind::SuperIndex(key) => self.node("super-index", |d| d.expr(key)),
            ExprKind::PrivateIn { name, object } => {
                self.node(&format!("private-in #{}", name.name), |d| d.expr(object));
            }
            ExprKind::Delete(target) => self.node("delete", |d| d.expr(target)),
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Expr(value) => self.expr(value),
                Item::Spread(value) => self.node("...", |d| d.expr(value)),
            }
        }
    }

    fn link(&mut self, link: &Link) {
        let mark = if link.optional { "?" } else { "" };
        match &link.kind {
            LinkKind::Member(name) => self.leaf(&format!("{mark}.{}", name.name)),
            LinkKind::Private(name) => self.leaf(&format!("{mark}.#{}", name.name)),
            LinkKind::Index(key) => self.node(&format!("{mark}index"), |d| d.expr(key)),
            LinkKind::Call(args) => self.node(&format!("{mark}call"), |d| d.items(args)),
        }
    }

    fn property(&mut self, property: &Property) {
        match property {
            Property::KeyValue { key, value } => self.node(&key_text(key), |d| {
                d.computed(key);
                d.expr(value);
            }),
            Property::Shorthand(name) => self.leaf(&format!("shorthand {}", name.name)),
            Property::Method { key, function } => self.node(&key_text(key), |d| {
                d.computed(key);
                d.function(function);
            }),
            Property::Spread(value) => self.node("...", |d| d.expr(value)),
        }
    }

    fn computed(&mut self, key: &PropKey) {
        if let PropKey::Computed(key) = key {
            self.expr(key);
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Name(name) => self.leaf(&format!("name {name}")),
            PatternKind::Member(member) => self.expr(member),
            PatternKind::Array { elements, rest } => self.node("array-pattern", |d| {
                for slot in elements {
                    match slot {
                        None => d.leaf("skip"),
                        Some(slot) => d.slot_parts(&slot.target, slot.default.as_ref()),
                    }
                }
                rest.iter().for_each(|rest| d.node("...", |d| d.pattern(rest)));
            }),
            PatternKind::Object { properties, rest } => self.node("object-pattern", |d| {
                for PatternProperty { key, value } in properties {
                    d.node(&key_text(key), |d| {
                        d.computed(key);
                        d.slot_parts(&value.target, value.default.as_ref());
                    });
                }
                rest.iter().for_each(|rest| d.node("...", |d| d.pattern(rest)));
            }),
        }
    }

    fn slot_parts(&mut self, target: &Pattern, value: Option<&Expr>) {
        match value {
            None => self.pattern(target),
            Some(value) => self.node("=", |d| {
                d.pattern(target);
                d.expr(value);
            }),
        }
    }

    fn function(&mut self, function: &Function) {
        let kind = match function.kind {
            FunctionKind::Plain => "function",
            FunctionKind::Arrow => "arrow",
            FunctionKind::Method => "method",
            FunctionKind::Constructor => "constructor",
        };
        self.node(&named(kind, function.name.as_ref()), |d| {
            d.node("params", |d| {
                function.params.iter().for_each(|slot| d.slot_parts(&slot.target, slot.default.as_ref()));
                function.rest.iter().for_each(|rest| d.node("...", |d| d.pattern(rest)));
            });
            match &function.body {
                FunctionBody::Block(block) => d.block("body", block),
                FunctionBody::Expr(value) => d.node("value", |d| d.expr(value)),
            }
        });
    }

    fn class(&mut self, class: &Class) {
        self.node(&named("class", class.name.as_ref()), |d| {
            class.superclass.iter().for_each(|parent| d.node("extends", |d| d.expr(parent)));
            class.constructor.iter().for_each(|constructor| d.function(constructor));
            for member in &class.members {
                d.node(if member.is_static { "static" } else { "member" }, |d| d.member(&member.kind));
            }
        });
    }

    fn member(&mut self, kind: &MemberKind) {
        let (key, function, init) = match kind {
            MemberKind::StaticBlock(block) => return self.block("block", block),
            MemberKind::Method { key, function } => (key, Some(function), None),
            MemberKind::Field { key, init } => (key, None, init.as_ref()),
        };
        match key {
            MemberKey::Named(name) => self.leaf(&format!("key {:?}", name.name)),
            MemberKey::Private(name) => self.leaf(&format!("key #{}", name.name)),
            MemberKey::Computed(key) => self.node("key", |d| d.expr(key)),
        }
        function.into_iter().for_each(|function| self.function(function));
        init.into_iter().for_each(|init| self.expr(init));
    }
}

fn word_of(kind: DeclKind) -> &'static str {
    match kind {
        DeclKind::Let => "let",
        DeclKind::Const => "const",
    }
}

fn labelled(word: &str, labels: &[Ident]) -> String {
    labels.iter().fold(word.to_owned(), |text, label| format!("{text} {}:", label.name))
}

fn jump(word: &str, label: &Option<Ident>) -> String {
    named(word, label.as_ref())
}

fn named(word: &str, name: Option<&Ident>) -> String {
    name.map_or_else(|| word.to_owned(), |name| format!("{word} {}", name.name))
}

fn key_text(key: &PropKey) -> String {
    match key {
        PropKey::Named(name) => format!("key {:?}", name.name),
        PropKey::Computed(_) => "computed-key".to_owned(),
    }
}

fn unary_text(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Neg => "-",
        UnaryOp::Plus => "+",
        UnaryOp::Not => "!",
        UnaryOp::BitNot => "~",
        UnaryOp::Typeof => "typeof",
    }
}

fn binary_text(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "**",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::UShr => ">>>",
        BinaryOp::Eq => "===",
        BinaryOp::Ne => "!==",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::In => "in",
        BinaryOp::Instanceof => "instanceof",
    }
}

fn logical_text(op: LogicalOp) -> &'static str {
    match op {
        LogicalOp::And => "&&",
        LogicalOp::Or => "||",
        LogicalOp::Coalesce => "??",
    }
}
