//! Tree to bytecode. Knows no heap and no machine.
//!
//! Two passes. The *resolver* ([`resolve`], [`names`], [`walk`], [`walk_expr`], [`kinds`]) binds every name, finds out what is
//! captured, what is certainly initialised and what a variable certainly holds; it reports every error there is. The *code
//! generator* (the other files) cannot fail but for size. Registers are a stack: locals as they are declared,
//! temporaries above. [`protect`] says which temporaries a call endangers, [`effects`] which statements end with a sweep.
//!
//! The instruction set is [`op`], the product [`proto`].

mod assemble;
mod assign;
mod binary;
mod call;
mod chain;
mod check;
mod class;
mod conditions;
mod control;
mod disasm;
mod effects;
mod emit;
mod expr;
pub(crate) mod flow;
mod function;
mod kinds;
pub mod link;
mod literal;
mod loops;
mod names;
pub mod op;
mod pattern;
mod protect;
pub mod proto;
mod resolve;
mod scope;
mod stmt;
mod try_switch;
mod variables;
mod walk;
mod walk_expr;

pub use check::{check, check_counts};
pub use disasm::disassemble;
pub use names::value_names;

use std::sync::Arc;

use crate::syntax::ast::{self, Name, Span};
use crate::syntax::codes;
use crate::syntax::diagnostic::Diagnostic;
use emit::{Func, Reg};
use link::{Link, Linkage};
use op::Op;
use proto::{Global, Program, ProtoKind};
use scope::{FunctionId, Resolution, Role, key};

/// What a program can refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompileOptions<'o> {
    /// Names of the built-in values, by index; programs may hide them.
    pub builtins: &'o [&'o str],
    /// Globals of earlier programs (at the prompt), by slot.
    pub existing_globals: &'o [Global],
    /// Every top-level declaration is a global, and may be declared again by a later program. If not, this program's own hide earlier ones.
    pub all_globals: bool,
    /// Imports of earlier programs (at the prompt).
    pub existing_imports: &'o [(Name, Link)],
    /// What connects the program with other modules.
    pub linkage: Linkage<'o>,
}

/// Compiles a program; linear in its size. All errors of the resolver are reported, in order of their position.
pub fn compile(program: &ast::Program, source: &str, options: &CompileOptions) -> Result<Program, Vec<Diagnostic>> {
    let resolution = resolve::resolve(program, source, options)?;
    let main = Func::new(FunctionId(0), "<main>".into(), ProtoKind::Main, program.span);
    let mut compiler = Compiler {
        res: &resolution,
        slots: vec![Slot::default(); resolution.bindings.len()],
        f: main,
        outer: Vec::new(),
        class_names: Vec::new(),
        errors: Vec::new(),
    };
    let hoist = options.linkage.is_cyclic.then(|| compiler.hoisted(program));
    let has_value = value_of(program).is_some() && !options.linkage.is_imported;
    let main = compiler.main(program, &options.linkage);
    if !compiler.errors.is_empty() {
        return Err(compiler.errors);
    }
    let program = Program {
        main,
        hoist,
        has_value,
        globals: resolution.globals.clone(),
        first_global: (options.existing_globals.len() as u32).max(options.linkage.first_global),
        linked_globals: options.linkage.slots,
        redeclared: resolution.redeclared.clone(),
    };
    debug_assert_eq!(check(&program, options.builtins.len()), Ok(()));
    Ok(program)
}

/// The last statement, if it is an expression, and its number.
fn value_of(program: &ast::Program) -> Option<(usize, &ast::Expr)> {
    let last = program.body.iter().rposition(|statement| !matches!(statement.kind, ast::StmtKind::Empty))?;
    match &program.body[last].kind {
        ast::StmtKind::Expr(expr) => Some((last, expr)),
        _ => None,
    }
}

/// The errors of a text that parsed well but for what was refused in it, with those of its names: both are found in one run.
pub fn with_errors_of_names(
    program: Option<&ast::Program>,
    source: &str,
    options: &CompileOptions,
    mut errors: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    // Names that are declared somewhere else, or whose declaration was dropped, or that are no names.
    let hides_names = |error: &Diagnostic| {
        use codes::*;
        matches!(
            error.code,
            MODULE_PLACE | WITH | INVALID_TARGET | REST_LAST | MISSING_NAME | CHARACTER | HTML_COMMENT | NAME_ESCAPE
        )
    };
    if let Some(program) = program
        && !errors.iter().any(hides_names)
        && let Err(more) = resolve::resolve(program, source, options)
    {
        // What was put in the place of something refused is no name of the text.
        let refused: Vec<Span> = errors.iter().map(|error| error.span).collect();
        let is_new = |error: &Diagnostic| refused.iter().all(|span| span.start != error.span.start);
        errors.extend(more.into_iter().filter(is_new));
        errors.sort_by_key(|error| error.span.start);
    }
    errors
}

/// Where a binding lives in its function's frame.
#[derive(Clone, Copy, Default)]
struct Slot {
    register: Reg,
    depth: u16,
    boxed: bool,
}

/// The code generator.
struct Compiler<'a> {
    res: &'a Resolution,
    slots: Vec<Slot>,
    /// The function being compiled, and those around it.
    f: Func,
    outer: Vec<Func>,
    /// Private names of the classes around, innermost last.
    class_names: Vec<Vec<Name>>,
    errors: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    /// The functions of a module that others call before it is evaluated, because they import each other.
    fn hoisted(&mut self, program: &'a ast::Program) -> Arc<proto::Proto> {
        self.begin_main(program, &program.body);
        self.end_main(program, None)
    }

    fn main(&mut self, program: &'a ast::Program, linkage: &Linkage) -> Arc<proto::Proto> {
        self.begin_main(program, if linkage.is_cyclic { &[] } else { &program.body });
        let value = if linkage.is_imported { None } else { value_of(program) };
        let before = value.map_or(program.body.len(), |(index, _)| index);
        program.body[..before].iter().for_each(|statement| self.statement(statement));
        self.end_main(program, value.map(|(_, expr)| expr))
    }

    /// The scope of the top level, with the functions declared in `hoisted`.
    fn begin_main(&mut self, program: &'a ast::Program, hoisted: &'a [ast::Stmt]) {
        self.f.at(program.span);
        self.open_hidden(false);
        if let Some(control::Control::Scope(scope)) = self.f.controls.last_mut() {
            scope.is_function = true;
        }
        if let Some(&scope) = self.res.scope_of.get(&key(program, Role::Body)) {
            self.enter_names(scope, hoisted);
        }
    }

    fn end_main(&mut self, program: &'a ast::Program, value: Option<&'a ast::Expr>) -> Arc<proto::Proto> {
        let result = match value {
            Some(expr) => self.operand(expr),
            None => {
                let undefined = self.f.temp();
                self.f.a(Op::LoadUndefined, undefined);
                undefined
            }
        };
        self.f.a(Op::Finish, result);
        self.close_function();
        self.check_size();
        let next = Func::new(FunctionId(0), "<main>".into(), ProtoKind::Main, program.span);
        let main = std::mem::replace(&mut self.f, next);
        main.finish()
    }

    fn check_size(&mut self) {
        if self.f.too_large {
            self.fail(codes::TOO_MANY, self.f.span, "this function needs too many variables at once".into());
        }
    }

    fn fail(&mut self, code: &'static str, span: Span, message: String) {
        self.errors.push(Diagnostic::new(code, span, message));
    }
}
