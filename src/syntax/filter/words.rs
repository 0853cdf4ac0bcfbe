//! Words: keywords that are names here, names that are keywords here, and the refused ones.

use super::brackets::opener;
use super::*;
use crate::syntax::ast::AssignOp;

impl Filter<'_, '_> {
    /// Whether the token is spelled as a name: an identifier or a reserved word.
    pub(super) fn is_word(&self, token: Token) -> bool {
        token.kind == Tok::Ident
            || self.cx.source.as_bytes().get(token.start as usize).is_some_and(u8::is_ascii_alphabetic)
    }

    /// What the token is in its place; `None` to leave it out.
    pub(super) fn as_word(&mut self, mut token: Token) -> Option<Token> {
        use State::*;
        match self.state {
            Member if self.is_word(token) => {
                token.kind = Tok::Ident;
                return Some(token);
            }
            Key | ClassMember => return self.as_key(token),
            Binding | FunctionBody(_) if token.kind != Tok::Ident && self.is_word(token) => {
                let body = matches!(self.state, FunctionBody(_)) && self.last.kind == Tok::RParen;
                if token.kind != Tok::Extends && !body {
                    self.reserved(token);
                    token.kind = Tok::Ident;
                }
                return Some(token);
            }
            _ => {}
        }
        let operand = !matches!(self.state, Operator | Update | Declared | Ended | KeyEnd | ClassMemberEnd);
        match token.kind {
            Tok::Ident => return self.as_name(token, operand),
            Tok::Binary(BinaryOp::Mul) if matches!(self.state, FunctionBody(_)) => {
                self.refuse_generator(token);
                return None;
            }
            Tok::Binary(BinaryOp::Div) | Tok::Assign(AssignOp::Binary(BinaryOp::Div)) if operand => {
                return Some(self.regex(token));
            }
            Tok::Loose(op) => {
                let (found, instead) = if op == BinaryOp::Eq { ("==", "===") } else { ("!=", "!==") };
                // `== =` is the same with a blank in it.
                let next = self.peek(0);
                let end = if next.kind == Tok::Equals { self.bump().end } else { token.end };
                self.cx.refuse_fixed(
                    codes::LOOSE_EQUALITY,
                    token.span(),
                    format!("`{found}` converts its operands before it compares"),
                    format!("use `{instead}`"),
                    Fix::replace(Span { start: token.start, end }, instead),
                );
                token.kind = Tok::Binary(op);
            }
            Tok::Var => {
                self.cx.refuse_fixed(
                    codes::VAR,
                    token.span(),
                    "`var` is not in the language",
                    "use `let`, or `const` if it never changes",
                    Fix::replace(token.span(), "let"),
                );
                token.kind = Tok::Let;
            }
            Tok::With => {
                self.cx.refuse(
                    codes::WITH,
                    token.span(),
                    "`with` is not in the language",
                    "name the object: `const o = …; o.key`",
                );
                token.kind = Tok::While;
            }
            Tok::Void => {
                let zero = self.peek(0);
                let alone = !matches!(self.peek(1).kind, Tok::Dot | Tok::OptChain | Tok::Bracket | Tok::Paren);
                let fix = (self.cx.text(zero.span()) == "0" && alone)
                    .then(|| Fix::replace(Span { start: token.start, end: zero.end }, "undefined"));
                let message = "`void` is not in the language";
                self.cx.refuse_fixed(codes::VOID, token.span(), message, "use `undefined`", fix);
                token.kind = Tok::Unary(UnaryOp::Not);
            }
            Tok::Debugger => {
                let next = self.peek(0);
                let end = if next.kind == Tok::Semi { next.end } else { token.end };
                self.cx.refuse_fixed(
                    codes::DEBUGGER,
                    token.span(),
                    "`debugger` is not in the language",
                    "remove it; `console.log` shows values",
                    Fix::remove(token.start, end, "`debugger`"),
                );
                return None;
            }
            Tok::Semi if self.separates_properties() => {
                let message = "`;` stands between the properties of an object";
                let fix = Fix::replace(token.span(), ",");
                self.cx.refuse_fixed(codes::UNEXPECTED, token.span(), message, "separate them with `,`", fix);
                token.kind = Tok::Comma;
            }
            Tok::Import | Tok::Export => return self.module(token),
            Tok::Await | Tok::Yield => return self.await_or_yield(token, operand),
            Tok::Enum => {
                self.reserved(token);
                token.kind = Tok::Ident;
            }
            _ => {}
        }
        Some(token)
    }

    /// Whether a `;` stands in an object literal where a `,` fits: another property follows.
    fn separates_properties(&mut self) -> bool {
        if self.surroundings() != Some(Level::Object) {
            return false;
        }
        let next = self.peek(0);
        (self.is_word(next) || next.kind == Tok::String) && self.peek(1).kind == Tok::Colon
    }

    /// An identifier that is not a key: `of` and `async` are words in places.
    fn as_name(&mut self, mut token: Token, operand: bool) -> Option<Token> {
        let text = self.cx.text(token.span());
        if text == "of" && !operand {
            if let Some(Level::Paren(Paren::For { first: true })) = self.surroundings() {
                token.kind = Tok::Of;
            }
        } else if text == "async" && operand {
            let next = self.peek(0);
            // JavaScript forbids `for (async of …`, whatever the lines.
            let in_head = self.last.kind == Tok::Paren && self.top() == Level::Paren(Paren::For { first: true });
            if (!next.newline || in_head) && matches!(next.kind, Tok::Function | Tok::Ident) {
                self.refuse_async(token);
                return None;
            }
        }
        Some(token)
    }

    /// A key of an object literal or class: every word is a name, but for `static`, `get`, `set` and `async` before another
    /// key.
    fn as_key(&mut self, mut token: Token) -> Option<Token> {
        if token.kind == Tok::Binary(BinaryOp::Mul) {
            self.refuse_generator(token);
            return None;
        }
        if !self.is_word(token) {
            return Some(token);
        }
        let text = self.cx.text(token.span());
        token.kind = Tok::Ident;
        let in_class = self.state == State::ClassMember;
        if !(matches!(text, "get" | "set" | "async") || in_class && text == "static") {
            return Some(token);
        }
        let next = self.peek(0);
        let is_name = matches!(
            next.kind,
            Tok::Paren | Tok::Colon | Tok::Comma | Tok::RBrace | Tok::Equals | Tok::Semi | Tok::Eof
        );
        if is_name || text == "async" && next.newline || text != "static" && next.kind == Tok::Brace {
            return Some(token);
        }
        match text {
            "static" => {
                token.kind = Tok::Static;
                Some(token)
            }
            "async" => {
                self.refuse_async(token);
                None
            }
            _ => {
                let kind = if text == "get" { "getters" } else { "setters" };
                self.cx.refuse(
                    codes::ACCESSOR,
                    token.span(),
                    format!("{kind} are not in the language: reading or writing a property runs no code"),
                    if text == "get" {
                        "make it a method, and call it"
                    } else {
                        "make it a method, such as `setName(value)`"
                    },
                );
                None
            }
        }
    }

    fn reserved(&self, token: Token) {
        let word = self.cx.text(token.span());
        self.cx.refuse(
            codes::RESERVED_NAME,
            token.span(),
            format!("`{word}` is a reserved word and cannot be a name"),
            format!("choose another name, such as `{word}_`"),
        );
    }

    fn refuse_generator(&self, token: Token) {
        self.cx.refuse(
            codes::GENERATOR,
            token.span(),
            "generators are not in the language",
            "build an array and return it, or pass a callback",
        );
    }

    fn refuse_async(&mut self, token: Token) {
        let fix = self.without_word(token);
        self.cx.refuse_fixed(
            codes::ASYNC,
            token.span(),
            "`async` and `await` are not in the language",
            "write a plain function: nothing here waits",
            fix,
        );
    }

    /// The word taken out, with the blanks behind it.
    pub(super) fn without_word(&mut self, token: Token) -> Fix {
        let next = self.peek(0).start;
        let end = if self.cx.only_blanks_and("", token.end, next) { next } else { token.end };
        Fix::remove(token.start, end, &format!("`{}`", self.cx.text(token.span())))
    }

    /// `async (…) =>`, known at its `)`.
    pub(super) fn refuse_async_arrow(&mut self, start: u32) {
        let word = Token { start, end: start + "async".len() as u32, ..self.last };
        let rest = &self.cx.source[word.end as usize..];
        let blanks = (rest.len() - rest.trim_start().len()) as u32;
        self.cx.refuse_fixed(
            codes::ASYNC,
            word.span(),
            "`async` and `await` are not in the language",
            "write a plain function: nothing here waits",
            Fix::remove(start, word.end + blanks, "`async`"),
        );
        // The call before has been given to the grammar; nothing sensible can follow.
        self.stop();
    }

    fn await_or_yield(&mut self, mut token: Token, operand: bool) -> Option<Token> {
        if token.kind == Tok::Await {
            self.refuse_async(token);
        } else {
            self.refuse_generator(token);
        }
        let next = self.peek(0);
        if !operand || self.state == State::Head || next.kind.starts_expression() && !next.newline {
            return None;
        }
        token.kind = Tok::Null;
        Some(token)
    }

    /// A regular expression, where an operand is due.
    fn regex(&mut self, mut token: Token) -> Token {
        let Some(end) = self.lexer.rest_of_regex() else {
            return token;
        };
        token.end = end;
        token.kind = Tok::Null;
        self.cx.refuse(
            codes::REGEX,
            token.span(),
            "regular expressions are not in the language",
            "use string methods such as `includes`, `indexOf`, `split` or `replaceAll`",
        );
        token
    }

    /// Whether the next token is a statement's first word on a new line inside brackets: they were not closed. The filter leaves
    /// them, so that what stands there is read as a statement.
    pub(super) fn resynchronises(&mut self, next: Token) -> bool {
        use State::*;
        let in_place = matches!(self.state, Member | Key | ClassMember | Binding | FunctionBody(_));
        if !next.newline || !next.kind.is_statement_word() || in_place {
            return false;
        }
        let inside = self.levels.iter().rposition(|level| level.holds_statements()).map_or(0, |at| at + 1);
        let brackets = &self.levels[inside..];
        let in_head = matches!(brackets.last(), Some(Level::Paren(Paren::For { first: true })));
        let is_inside = brackets.iter().any(|level| opener(*level).is_some()) && !in_head;
        if is_inside {
            self.levels.truncate(inside);
        }
        // Behind a `;` in the brackets no other is needed.
        is_inside && !matches!(self.state, Statement | Body)
    }
}
