//! What a text imports and exports, once its statements are known.

use rustc_hash::FxHashSet;

use super::actions::bound_names;
use super::ast::*;
use super::codes;
use super::context::{Context, DEFAULT, ExportedStatement};
use super::diagnostic::Diagnostic;

/// Takes what the filter has read, adds the names of exported declarations, and turns the expression of a default export into a
/// declaration of the variable `default`. Reports names that are exported twice.
pub fn finish(cx: &Context, body: &mut [Stmt]) -> Module {
    let mut module = cx.module.take();
    for exported in cx.exported.take() {
        // It is not there if something was wrong in it.
        if let Ok(at) = body.binary_search_by_key(&exported.start, |statement| statement.span.start) {
            export_statement(&mut body[at], exported, &mut module);
        }
    }
    module.exports.sort_by_key(|export| export.name.span.start);
    let mut names = FxHashSet::default();
    for export in &module.exports {
        let name = &export.name;
        if !names.insert(name.name.clone()) {
            let message = format!("`{}` is exported twice", name.name);
            let error = Diagnostic::new(codes::DUPLICATE_EXPORT, name.span, message)
                .label("exported again")
                .help("leave one of the two out, or give it another name: `export { a as b }`");
            cx.report(error);
        }
    }
    module
}

fn export_statement(statement: &mut Stmt, exported: ExportedStatement, module: &mut Module) {
    let mut export = |name: Ident, local: Ident| module.exports.push(Export { name, what: Exported::Local(local) });
    let default = exported.default.map(|span| Ident { name: DEFAULT.into(), span });
    match (&mut statement.kind, default) {
        (StmtKind::Declare { decls, .. }, None) => {
            let mut names = Vec::new();
            decls.iter().for_each(|decl| bound_names(&decl.target, &mut names));
            for (name, span) in names {
                let ident = Ident { name: name.clone(), span };
                export(ident.clone(), ident);
            }
        }
        (StmtKind::Function(function), default) => {
            if let Some(name) = &function.name {
                export(default.unwrap_or_else(|| name.clone()), name.clone());
            }
        }
        (StmtKind::Class(class), default) => {
            if let Some(name) = &class.name {
                export(default.unwrap_or_else(|| name.clone()), name.clone());
            }
        }
        (StmtKind::Expr(_), Some(default)) => {
            if let StmtKind::Expr(value) = std::mem::replace(&mut statement.kind, StmtKind::Empty) {
                let target = Pattern { kind: PatternKind::Name(default.name.clone()), span: default.span };
                let span = value.span;
                let decls = vec![Declarator { target, init: Some(value), span }];
                statement.kind = StmtKind::Declare { kind: DeclKind::Const, decls };
            }
            export(default.clone(), default);
        }
        _ => {}
    }
}
