//! Classes.

use std::sync::Arc;

use super::*;

/// A class whose parts are being collected.
#[derive(Default)]
pub struct ClassParts {
    name: Option<Ident>,
    superclass: Option<Expr>,
    constructor: Option<Arc<Function>>,
    members: Vec<Member>,
    end: u32,
    /// Levels below the class.
    below: u16,
}

pub fn member_key(key: PropKey) -> MemberKey {
    match key {
        PropKey::Named(ident) => MemberKey::Named(ident),
        PropKey::Computed(value) => MemberKey::Computed(value),
    }
}

fn member_key_depth(key: &MemberKey) -> u16 {
    match key {
        MemberKey::Computed(value) => value.depth,
        MemberKey::Named(_) | MemberKey::Private(_) => 0,
    }
}

impl ClassParts {
    pub fn method(
        mut self: Box<Self>,
        cx: &Context,
        l: u32,
        is_static: bool,
        key: MemberKey,
        params: Box<Parameters>,
        body: Block,
    ) -> Box<Self> {
        let body = FunctionBody::Block(body);
        if let (MemberKey::Named(name), false) = (&key, is_static)
            && &*name.name == "constructor"
        {
            let name = name.clone();
            let at = name.span;
            let constructor = function(FunctionKind::Constructor, l, Some(name), params, body);
            self.below = self.below.max(function_depth(&constructor));
            if self.constructor.replace(constructor).is_some() {
                cx.refuse(
                    codes::DUPLICATE_CONSTRUCTOR,
                    at,
                    "a class has one constructor, and this is the second",
                    "merge them; parameters may have defaults",
                );
            }
            return self;
        }
        check_static(cx, is_static, &key);
        let name = match &key {
            MemberKey::Named(name) | MemberKey::Private(name) => Some(name.clone()),
            MemberKey::Computed(_) => None,
        };
        let function = function(FunctionKind::Method, l, name, params, body);
        let at = function.span;
        self.below = self.below.max(function_depth(&function)).max(member_key_depth(&key));
        self.members.push(Member { is_static, kind: MemberKind::Method { key, function }, span: at });
        self
    }

    pub fn field(
        mut self: Box<Self>,
        cx: &Context,
        at: Span,
        is_static: bool,
        key: MemberKey,
        init: Option<Expr>,
    ) -> Box<Self> {
        check_static(cx, is_static, &key);
        if let MemberKey::Named(name) = &key
            && &*name.name == "constructor"
        {
            cx.refuse(
                codes::CLASS_MEMBER,
                name.span,
                "a field cannot be named `constructor`",
                "write a method: `constructor(…) { … }`",
            );
        }
        let init_depth = init.as_ref().map_or(0, |value| value.depth);
        self.below = self.below.max(init_depth).max(member_key_depth(&key));
        self.members.push(Member { is_static, kind: MemberKind::Field { key, init }, span: at });
        self
    }

    pub fn static_block(mut self: Box<Self>, _: &Context, l: u32, block: Block) -> Box<Self> {
        let at = span(l, block.span.end);
        self.below = self.below.max(block_depth(&block.body).saturating_add(1));
        self.members.push(Member { is_static: true, kind: MemberKind::StaticBlock(block), span: at });
        self
    }

    pub fn finish(mut self: Box<Self>, name: Option<Ident>, superclass: Option<Expr>, end: u32) -> Box<Self> {
        self.below = self.below.max(superclass.as_ref().map_or(0, |value| value.depth));
        self.name = name;
        self.superclass = superclass;
        self.end = end;
        self
    }

    fn into_class(self, l: u32) -> Box<Class> {
        Box::new(Class {
            name: self.name,
            superclass: self.superclass,
            constructor: self.constructor,
            members: self.members,
            span: span(l, self.end),
        })
    }
}

/// Refuses `static prototype`.
fn check_static(cx: &Context, is_static: bool, key: &MemberKey) {
    if let (true, MemberKey::Named(name)) = (is_static, key)
        && &*name.name == "prototype"
    {
        cx.refuse(codes::CLASS_MEMBER, name.span, "a static member cannot be named `prototype`", "choose another name");
    }
}

pub fn class_expression(cx: &Context, l: u32, class: Box<ClassParts>) -> Expr {
    cx.mark_for_check();
    if let Some(name) = &class.name {
        check_variable(cx, name);
    }
    let below = class.below;
    let class = class.into_class(l);
    node(cx, class.span, below, ExprKind::Class(class))
}

pub fn class_declaration(cx: &Context, l: u32, mut class: Box<ClassParts>) -> Box<Stmt> {
    cx.mark_for_check();
    let name = class.name.take().or_else(|| cx.default_name(l));
    class.name = Some(declared_name(cx, name, span(l, l + "class".len() as u32), "class"));
    let depth = class.below.saturating_add(1);
    let class = class.into_class(l);
    let (start, end) = (class.span.start, class.span.end);
    statement(cx, start, end, depth, StmtKind::Class(class))
}
