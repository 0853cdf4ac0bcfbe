//! Words: keywords that are names here, names that are keywords here, and the refused ones. Also what the lexer could not
//! read, which is reported when it is consumed.

use super::brackets::opener;
use super::*;
use crate::syntax::ast::AssignOp;
use crate::syntax::token::LexError;

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
                self.cx.refuse(
                    codes::LOOSE_EQUALITY,
                    token.span(),
                    format!("`{found}` converts its operands before it compares"),
                    format!("use `{instead}`"),
                );
                token.kind = Tok::Binary(op);
            }
            Tok::Var => {
                self.cx.refuse(
                    codes::VAR,
                    token.span(),
                    "`var` is not in the language",
                    "use `let`, or `const` if it never changes",
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
                self.cx.refuse(codes::VOID, token.span(), "`void` is not in the language", "use `undefined`");
                token.kind = Tok::Unary(UnaryOp::Not);
            }
            Tok::Debugger => {
                self.cx.refuse(
                    codes::DEBUGGER,
                    token.span(),
                    "`debugger` is not in the language",
                    "remove it; `console.log` shows values",
                );
                return None;
            }
            Tok::Import | Tok::Export => return self.module(token),
            Tok::Await | Tok::Yield => return self.await_or_yield(token, operand),
            Tok::Enum => {
                self.reserved(token);
                token.kind = Tok::Ident;
            }
            kind if kind.is_statement_word() && token.newline => self.resynchronise(),
            _ => {}
        }
        Some(token)
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

    fn refuse_async(&self, token: Token) {
        self.cx.refuse(
            codes::ASYNC,
            token.span(),
            "`async` and `await` are not in the language",
            "write a plain function: nothing here waits",
        );
    }

    /// `async (…) =>`, known at its `)`.
    pub(super) fn refuse_async_arrow(&mut self, start: u32) {
        self.refuse_async(Token { start, end: start + 5, ..self.last });
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

    /// `import` and `export`: reported, and skipped as far as nothing of it is a statement.
    fn module(&mut self, token: Token) -> Option<Token> {
        let word = self.cx.text(token.span());
        self.cx.refuse(
            codes::MODULES,
            token.span(),
            format!("`{word}`: modules are not here yet"),
            if word == "import" { "put the code into this file" } else { "remove `export`" },
        );
        let next = self.peek(0);
        let statement = token.kind == Tok::Export
            && matches!(next.kind, Tok::Const | Tok::Let | Tok::Var | Tok::Function | Tok::Class | Tok::Default);
        if statement {
            if next.kind == Tok::Default {
                self.bump();
            }
            return None;
        }
        if self.state != State::Statement {
            return Some(Token { kind: Tok::Null, ..token });
        }
        let mut depth = 0;
        loop {
            let next = self.peek(0);
            match next.kind {
                Tok::Eof => break,
                Tok::Semi if depth == 0 => break,
                Tok::Brace => depth += 1,
                Tok::RBrace if depth == 0 => break,
                Tok::RBrace => depth -= 1,
                _ if next.newline && depth == 0 => break,
                _ => {}
            }
            self.bump();
        }
        None
    }

    /// A statement's first word on a new line inside brackets: they were not closed. The filter leaves them, so that
    /// newlines end statements again.
    fn resynchronise(&mut self) {
        let inside = self.levels.iter().rposition(|level| level.holds_statements()).map_or(0, |at| at + 1);
        let brackets = &self.levels[inside..];
        let in_head = matches!(brackets.last(), Some(Level::Paren(Paren::For { first: true })));
        if brackets.iter().any(|level| opener(*level).is_some()) && !in_head {
            self.levels.truncate(inside);
            self.state = State::Statement;
        }
    }

    /// Reports what the lexer could not read, and puts something harmless in its place.
    pub(super) fn without_errors(&mut self, mut token: Token) -> Option<Token> {
        let Some(error) = token.error else {
            if token.kind == Tok::Bad {
                self.unknown_character(token);
                return None;
            }
            return Some(token);
        };
        let span = token.span();
        let text = self.cx.text(span);
        match error {
            LexError::Character => {
                self.unknown_character(token);
                return None;
            }
            LexError::HtmlComment => {
                self.cx.refuse(
                    codes::HTML_COMMENT,
                    span,
                    "`<!--` is a comment in JavaScript scripts and three operators in modules",
                    "write `//` for a comment, or put blanks between the operators",
                );
                token.kind = Tok::Binary(BinaryOp::Lt);
            }
            LexError::String => {
                let quote = &text[..1];
                self.cx.refuse(
                    codes::UNTERMINATED_STRING,
                    span,
                    "this string does not end on its line",
                    format!("close it with `{quote}`; a newline in a string is written `\\n`"),
                );
                token.kind = Tok::Null;
            }
            LexError::Template => {
                let start = self.lexer.unterminated_template();
                let quote = Span { start, end: start + 1 };
                self.cx.fail(codes::UNTERMINATED_TEMPLATE, quote, "this template does not end");
                self.stop();
                return None;
            }
            LexError::Comment => {
                let start = Span { start: span.start, end: span.start + 2 };
                self.cx.refuse(codes::UNTERMINATED_COMMENT, start, "this comment does not end", "close it with `*/`");
                self.stop();
                return None;
            }
            LexError::NameEscape => {
                self.cx.refuse(
                    codes::NAME_ESCAPE,
                    span,
                    "names cannot be written with escapes",
                    "write the character itself",
                );
            }
            LexError::Number => {
                self.cx.fail(codes::BAD_NUMBER, span, format!("`{text}` is not a number"));
                token.kind = Tok::Number;
            }
            LexError::Separator => self.cx.refuse(
                codes::BAD_NUMBER,
                span,
                "a `_` in a number stands between two digits",
                "for example `1_000_000`",
            ),
            LexError::LegacyOctal => self.cx.refuse(
                codes::LEGACY_OCTAL,
                span,
                "a number cannot start with a zero and another digit",
                "write `0o17` for an octal number, or leave the zero out",
            ),
            LexError::BigInt => self.cx.refuse(
                codes::BIG_INT,
                span,
                "there are no BigInt literals",
                "leave out the `n`: integers of 64 bits keep every digit",
            ),
            LexError::NameAfterNumber => self.cx.refuse(
                codes::BAD_NUMBER,
                span,
                format!("`{text}` is neither a number nor a name"),
                "put a blank behind the number; names do not start with a digit",
            ),
        }
        if token.kind == Tok::Number {
            token.kind = if matches!(self.state, State::Key | State::ClassMember) { Tok::Ident } else { Tok::Null };
        }
        Some(token)
    }

    fn unknown_character(&self, token: Token) {
        let text = self.cx.text(token.span());
        let message = match text.chars().next() {
            Some(c) if c.is_control() || c.is_whitespace() => {
                format!("unexpected character U+{:04X}", c as u32)
            }
            _ => format!("unexpected character `{text}`"),
        };
        match text {
            "“" | "”" | "„" => {
                self.cx.refuse(codes::CHARACTER, token.span(), message, "use the straight quote `\"`")
            }
            "‘" | "’" => self.cx.refuse(codes::CHARACTER, token.span(), message, "use the straight quote `'`"),
            "@" => self.cx.refuse(codes::CHARACTER, token.span(), message, "decorators are not in the language"),
            "#" => self.cx.refuse(codes::CHARACTER, token.span(), message, "comments start with `//`"),
            _ => self.cx.fail(codes::CHARACTER, token.span(), message),
        }
    }
}
