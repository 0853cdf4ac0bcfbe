//! `import` and `export`. Their own small grammar is read here, token by token, straight into the context's
//! [`Module`](crate::syntax::ast::Module): its words (`from`, `as`, `default`, any word as a name) mean something else everywhere
//! else. The grammar behind the filter sees one token for an import or a list of exports, and an exported declaration without
//! the word `export`.

use super::*;
use crate::syntax::actions::{check_variable, string_key};
use crate::syntax::ast::{Export, Exported, Ident, Import, Request};
use crate::syntax::context::{DEFAULT, ExportedStatement};

/// What stands there is wrong, which has been reported.
struct Wrong;

/// `name` or `name as other`.
struct Specifier {
    name: Ident,
    /// The first name is one that a variable can have.
    is_variable: bool,
    renamed: Option<Ident>,
    renamed_is_variable: bool,
}

impl Filter<'_, '_> {
    /// The whole of an import or export, or its first word; `None` to leave the word out.
    pub(super) fn module(&mut self, token: Token) -> Option<Token> {
        let next = self.peek(0);
        if token.kind == Tok::Import && matches!(next.kind, Tok::Paren | Tok::Dot) {
            let (what, help) = match next.kind {
                Tok::Paren => ("`import(…)`", "import it at the top of the file: `import * as m from \"./m.pbt\"`"),
                _ => ("`import.meta`", "a module has no properties of its own; the script's arguments are in `args`"),
            };
            let message = format!("{what} is not in the language: modules are read before a program runs");
            self.cx.refuse(codes::DYNAMIC_IMPORT, token.span(), message, help);
            return Some(Token { kind: Tok::Null, ..token });
        }
        if self.state != State::Statement || !self.levels.is_empty() {
            return self.module_inside(token);
        }
        let result = if token.kind == Tok::Import { self.import() } else { self.export(token) };
        match result {
            Ok(Some(end)) => Some(Token { kind: Tok::Module, end, ..token }),
            Ok(None) => None,
            Err(Wrong) => {
                self.cx.syntax_error();
                self.skip_statement();
                None
            }
        }
    }

    /// `import` or `export` in a block, a function or an expression.
    fn module_inside(&mut self, token: Token) -> Option<Token> {
        let word = self.cx.text(token.span());
        let next = self.peek(0);
        let declares =
            token.kind == Tok::Export && matches!(next.kind, Tok::Const | Tok::Let | Tok::Function | Tok::Class);
        let fix = declares.then(|| self.without_word(token));
        self.cx.refuse_fixed(
            codes::MODULE_PLACE,
            token.span(),
            format!("`{word}` stands only at the top level of a file"),
            format!("move the `{word}` out of what is around it"),
            fix,
        );
        if self.state != State::Statement {
            return Some(Token { kind: Tok::Null, ..token });
        }
        if !declares {
            self.skip_statement();
        }
        None
    }

    /// Skips what is left of a statement that could not be read.
    fn skip_statement(&mut self) {
        let mut depth = 0;
        loop {
            let next = self.peek(0);
            match next.kind {
                Tok::Eof => return,
                Tok::Semi if depth == 0 => return,
                Tok::Brace => depth += 1,
                Tok::RBrace if depth == 0 => return,
                Tok::RBrace => depth -= 1,
                _ if next.newline && depth == 0 => return,
                _ => {}
            }
            self.bump();
        }
    }

    // ---- Import ------------------------------------------------------------------------------------------

    /// Behind `import`: where it ends.
    fn import(&mut self) -> Result<Option<u32>, Wrong> {
        let mut names: Vec<(Ident, Option<Ident>)> = Vec::new();
        let first = self.peek(0);
        if first.kind != Tok::String {
            let mut more = true;
            if first.kind == Tok::Ident {
                let local = self.variable()?;
                names.push((local, Some(Ident { name: DEFAULT.into(), span: first.span() })));
                more = self.takes(Tok::Comma);
            }
            if more {
                if self.takes(Tok::Binary(BinaryOp::Mul)) {
                    self.word("as")?;
                    names.push((self.variable()?, None));
                } else if self.peek(0).kind == Tok::Brace {
                    for specifier in self.specifiers()?.0 {
                        names.push(self.imported(specifier)?);
                    }
                } else {
                    return Err(self.wrong("a name, `{`, `*` or the module's name in quotes"));
                }
            }
            self.word("from")?;
        }
        let (request, end) = self.request()?;
        let mut module = self.cx.module.borrow_mut();
        module.imports.extend(names.into_iter().map(|(local, imported)| Import { local, request, imported }));
        Ok(Some(end))
    }

    fn imported(&mut self, specifier: Specifier) -> Result<(Ident, Option<Ident>), Wrong> {
        let (local, is_variable) = match &specifier.renamed {
            Some(renamed) => (renamed.clone(), specifier.renamed_is_variable),
            None => (specifier.name.clone(), specifier.is_variable),
        };
        if !is_variable {
            let message = format!("`{}` cannot be the name of a variable", local.name);
            let help = format!("give it one: `{{ {} as name }}`", self.cx.text(specifier.name.span));
            self.cx.refuse(codes::RESERVED_NAME, local.span, message, help);
        }
        check_variable(self.cx, &local);
        Ok((local, Some(specifier.name)))
    }

    /// A module's name in quotes, and `with { type: "json" }` behind it: the index of the request, and where it ends.
    fn request(&mut self) -> Result<(usize, u32), Wrong> {
        let token = self.peek(0);
        if token.kind != Tok::String {
            return Err(self.wrong("the module's name in quotes"));
        }
        let specifier = self.string()?;
        let mut end = token.end;
        let mut is_json = false;
        if self.peek(0).kind == Tok::With {
            self.bump();
            end = self.attributes(&mut is_json)?;
        }
        let mut module = self.cx.module.borrow_mut();
        module.requests.push(Request { specifier: specifier.name, span: specifier.span, is_json });
        Ok((module.requests.len() - 1, end))
    }

    fn attributes(&mut self, is_json: &mut bool) -> Result<u32, Wrong> {
        self.expect(Tok::Brace, "`{`")?;
        loop {
            let token = self.peek(0);
            if token.kind == Tok::RBrace {
                self.bump();
                return Ok(token.end);
            }
            let (key, _) = self.any_name()?;
            self.expect(Tok::Colon, "`:`")?;
            if self.peek(0).kind != Tok::String {
                return Err(self.wrong("a string"));
            }
            let value = self.string()?;
            match (&*key.name, &*value.name) {
                ("type", "json") => *is_json = true,
                ("type", _) => {
                    let message = format!("there are no modules of the type {:?}", value.name);
                    self.cx.refuse(codes::MODULE_TYPE, value.span, message, "the only type is `\"json\"`");
                }
                _ => {
                    let message = format!("`{}` says nothing about a module", key.name);
                    self.cx.refuse(codes::MODULE_TYPE, key.span, message, "write `with { type: \"json\" }`");
                }
            }
            if !self.takes(Tok::Comma) && self.peek(0).kind != Tok::RBrace {
                return Err(self.wrong("`}`"));
            }
        }
    }

    // ---- Export ------------------------------------------------------------------------------------------

    /// Behind `export`: where it ends, or nothing if a statement follows.
    fn export(&mut self, word: Token) -> Result<Option<u32>, Wrong> {
        let next = self.peek(0);
        match next.kind {
            Tok::Brace => self.export_list(),
            Tok::Binary(BinaryOp::Mul) => {
                self.bump();
                self.export_star()
            }
            Tok::Default => {
                let default = self.bump();
                let next = self.peek(0);
                if matches!(next.kind, Tok::Eof | Tok::Semi | Tok::RBrace) {
                    return Err(self.wrong("an expression, a function or a class"));
                }
                if matches!(next.kind, Tok::Let | Tok::Const | Tok::Var) {
                    let fix = Fix::remove(default.start, next.start, "`default`");
                    let message = "a default export is an expression, a function or a class";
                    let help = "export the variable by its name, or its value: `export default value`";
                    self.cx.refuse_fixed(codes::DEFAULT_EXPORT, default.span(), message, help, fix);
                }
                self.mark_exported(next.start, Some(default.span()));
                if !matches!(next.kind, Tok::Function | Tok::Class | Tok::Let | Tok::Const | Tok::Var) {
                    // What stands there is an expression, whatever it begins with.
                    self.state = State::Operand;
                }
                Ok(None)
            }
            Tok::Let | Tok::Const | Tok::Var | Tok::Function | Tok::Class => {
                self.mark_exported(next.start, None);
                Ok(None)
            }
            Tok::Ident if self.cx.text(next.span()) == "async" => {
                self.mark_exported(next.start, None);
                Ok(None)
            }
            Tok::Ident => {
                let name = self.cx.text(next.span());
                let fix = Fix::replace(next.span(), format!("{{ {name} }}"));
                let message = "`export` is followed by a declaration, or by names in braces";
                let help = format!("write `export {{ {name} }}`");
                let fix = (self.peek(1).kind != Tok::Equals && self.peek(1).kind != Tok::Paren).then_some(fix);
                self.cx.refuse_fixed(codes::UNEXPECTED, word.span(), message, help, fix);
                Err(Wrong)
            }
            _ => Err(self.wrong("a declaration, `default`, `{` or `*`")),
        }
    }

    fn mark_exported(&mut self, start: u32, default: Option<Span>) {
        self.cx.exported.borrow_mut().push(ExportedStatement { start, default });
    }

    /// `export { a, b as c }`, perhaps with `from`.
    fn export_list(&mut self) -> Result<Option<u32>, Wrong> {
        let (specifiers, end) = self.specifiers()?;
        if self.peek(0).kind == Tok::Ident && self.cx.text(self.peek(0).span()) == "from" {
            self.bump();
            let (request, end) = self.request()?;
            let mut module = self.cx.module.borrow_mut();
            module.exports.extend(specifiers.into_iter().map(|Specifier { name, renamed, .. }| Export {
                name: renamed.unwrap_or_else(|| name.clone()),
                what: Exported::From { request, imported: Some(name) },
            }));
            return Ok(Some(end));
        }
        for Specifier { name, is_variable, renamed, .. } in specifiers {
            if !is_variable {
                let message = format!("`{}` cannot be the name of a variable", name.name);
                self.cx.refuse(codes::RESERVED_NAME, name.span, message, "name a variable of this file");
            }
            let export = Export { name: renamed.unwrap_or_else(|| name.clone()), what: Exported::Local(name) };
            self.cx.module.borrow_mut().exports.push(export);
        }
        Ok(Some(end))
    }

    /// Behind `export *`.
    fn export_star(&mut self) -> Result<Option<u32>, Wrong> {
        let mut name = None;
        if self.peek(0).kind == Tok::Ident && self.cx.text(self.peek(0).span()) == "as" {
            self.bump();
            name = Some(self.any_name()?.0);
        }
        self.word("from")?;
        let (request, end) = self.request()?;
        let mut module = self.cx.module.borrow_mut();
        match name {
            Some(name) => {
                module.exports.push(Export { name, what: Exported::From { request, imported: None } });
            }
            None => module.stars.push(request),
        }
        Ok(Some(end))
    }

    // ---- Parts -------------------------------------------------------------------------------------------

    /// `{ a, b as c }`, and where it ends.
    fn specifiers(&mut self) -> Result<(Vec<Specifier>, u32), Wrong> {
        self.expect(Tok::Brace, "`{`")?;
        let list = self.rest_of_specifiers();
        if list.is_err() {
            // What is left in the braces is part of the same mistake.
            while !matches!(self.peek(0).kind, Tok::RBrace | Tok::Semi | Tok::Eof) {
                self.bump();
            }
            self.takes(Tok::RBrace);
        }
        list
    }

    fn rest_of_specifiers(&mut self) -> Result<(Vec<Specifier>, u32), Wrong> {
        let mut list = Vec::new();
        loop {
            let token = self.peek(0);
            if token.kind == Tok::RBrace {
                self.bump();
                return Ok((list, token.end));
            }
            let (name, is_variable) = self.any_name()?;
            let mut specifier = Specifier { name, is_variable, renamed: None, renamed_is_variable: false };
            let next = self.peek(0);
            if next.kind == Tok::Ident && self.cx.text(next.span()) == "as" {
                self.bump();
                let (renamed, is_variable) = self.any_name()?;
                specifier.renamed = Some(renamed);
                specifier.renamed_is_variable = is_variable;
            }
            list.push(specifier);
            if !self.takes(Tok::Comma) && self.peek(0).kind != Tok::RBrace {
                return Err(self.wrong("`,` or `}`"));
            }
        }
    }

    /// A name that a variable can have.
    fn variable(&mut self) -> Result<Ident, Wrong> {
        let token = self.peek(0);
        if token.kind != Tok::Ident {
            return Err(self.wrong("a name"));
        }
        let (name, _) = self.any_name()?;
        check_variable(self.cx, &name);
        Ok(name)
    }

    /// Any word, or a string; and whether a variable can have that name.
    fn any_name(&mut self) -> Result<(Ident, bool), Wrong> {
        let token = self.peek(0);
        if token.kind == Tok::String {
            return Ok((self.string()?, false));
        }
        if token.error.is_some() || !self.is_word(token) {
            return Err(self.wrong("a name"));
        }
        self.bump();
        Ok((Ident { name: self.cx.name(token.span()), span: token.span() }, token.kind == Tok::Ident))
    }

    fn string(&mut self) -> Result<Ident, Wrong> {
        let token = self.bump();
        if token.error.is_some() {
            self.without_errors(token);
            return Err(Wrong);
        }
        Ok(string_key(self.cx, token.start, token.end))
    }

    /// A word that means something only here.
    fn word(&mut self, word: &str) -> Result<(), Wrong> {
        let next = self.peek(0);
        if next.kind != Tok::Ident || self.cx.text(next.span()) != word {
            return Err(self.wrong(&format!("`{word}`")));
        }
        self.bump();
        Ok(())
    }

    fn takes(&mut self, kind: Tok) -> bool {
        let found = self.peek(0).kind == kind;
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, kind: Tok, name: &str) -> Result<(), Wrong> {
        if self.takes(kind) { Ok(()) } else { Err(self.wrong(name)) }
    }

    /// Reports that the next token is not what is wanted.
    fn wrong(&mut self, wanted: &str) -> Wrong {
        let next = self.peek(0);
        if next.error.is_some() {
            let token = self.bump();
            self.without_errors(token);
        } else if next.kind == Tok::Eof {
            let end = self.cx.source.trim_end().len();
            let message = format!("the text ends too early: {wanted} is expected");
            self.cx.fail(codes::UNEXPECTED_END, Span::new(end, end), message);
        } else {
            let found = self.cx.text(next.span());
            self.cx.fail(codes::UNEXPECTED, next.span(), format!("expected {wanted}, found `{found}`"));
        }
        Wrong
    }
}
