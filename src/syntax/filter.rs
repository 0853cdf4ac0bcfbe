//! The newline filter: between the lexer and the grammar.
//!
//! JavaScript ends statements at newlines by a rule that looks at what the parser could still do. A generated parser
//! cannot be asked, so this filter knows, token by token, *where* it stands: whether a statement may start, an operand is
//! due, an operator may follow (`State`), and inside what (`Level`, a stack). With that it decides everything that needs
//! surroundings, and the grammar behind it is free of contexts:
//!
//! - **Where statements end.** A `;` is inserted before a token that stands on a new line, when what came before can end a
//!   statement and the token cannot continue it; likewise before `}`, at the end of the text, and behind `do … while (…)`.
//!   Only where statements stand: never inside `(…)`, `[…]`, an object literal or a template's hole. Behind `return`,
//!   `break` and `continue` a newline ends the statement (the restricted productions), and `++` or `--` on a new line
//!   belong to what follows.
//! - **Hazards.** A line that starts with `(`, `[` or a template continues the expression before it in JavaScript, which is
//!   hardly ever meant: refused. `return`, newline, expression: JavaScript returns `undefined`, refused. `throw` and `=>`
//!   take no newline in JavaScript either. Where JavaScript could *not* continue (behind `i++`, or behind an arrow
//!   function's block) the statement ends as it does there.
//! - **What `{` opens.** At a statement's start the rule of deviation D4, with one or two tokens of lookahead; behind an
//!   operator an object literal; behind the head of a statement, function or class a block or body. Object literals come
//!   out as `BraceObject`.
//! - **Words.** `if`, `class` … are names behind a `.` and as keys; `of`, `static`, `get`, `set` and `async` are words only
//!   in places; the `in` of a `for` head is `InFor`; `function` and `class` at a statement's start are declarations.
//! - **What a `/` means.** Where an operand is due it starts a regular expression, which is refused.
//! - **Nesting.** The stack also holds the operators that nest to the right (prefix operators, `**`, `?:`, `=`, `=>`) and
//!   unfinished statements. Its height is the depth of the tree to come; at the limit the filter reports it and ends the
//!   text, so that neither the parser's stack nor a tree grows out of bounds.
//!
//! Refused words are reported and left out or replaced (`var` by `let`), and the parse goes on. In a text that is wrong the
//! filter may be misled; that costs the quality of later messages, never the correctness of the first.

use super::ast::{BinaryOp, Span, UnaryOp};
use super::codes;
use super::context::Context;
use super::diagnostic::{Diagnostic, Edit, Fix};
use super::lexer::Lexer;
use super::token::{Tok, Token};

mod before;
mod brackets;
mod characters;
mod lines;
mod modules;
mod words;

pub(super) use before::Before;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A statement, or the end of the list.
    Statement,
    /// The body of `if` or a loop; also the block of `try`, `catch`, `finally`. A `{` is always a block.
    Body,
    /// An operand, or a closing bracket.
    Operand,
    /// An operator: behind a complete operand.
    Operator,
    /// As `Operator`, but no call, index or template can follow (behind `i++`).
    Update,
    /// Behind the name of a `let` or `const`: a value can follow, or a separator.
    Declared,
    /// Nothing can follow but a separator.
    Ended,
    /// A name, whatever word it is: behind `.` and `?.`.
    Member,
    /// The name of a declaration.
    Binding,
    /// The key of an object literal's property, or the end of the literal.
    Key,
    /// Behind such a key.
    KeyEnd,
    /// A member of a class.
    ClassMember,
    /// Behind its key.
    ClassMemberEnd,
    /// The block of a function.
    FunctionBody(After),
    /// The body of an arrow function.
    ArrowBody,
    /// The `{` of a `switch`.
    SwitchBody,
    /// Behind `return`, `throw`, or `break` and `continue`.
    Return,
    Throw,
    Jump,
    /// Behind the `while` of `do … while (…)`, and behind its `)`.
    DoWhileHead,
    DoWhileEnd,
    /// Between the parts of a statement or head: its next word or bracket.
    Head,
}

/// What a `}` completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Statement,
    Operand,
    Arrow,
    Property,
    Member,
}

/// What the filter stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    // Lists of statements.
    Block(After),
    Switch,
    // Statements that wait for a body, or for what follows it.
    If,
    Else,
    Loop,
    Label,
    Do,
    // Brackets.
    Paren(Paren),
    Bracket(After),
    Object,
    Hole,
    ClassBody(After),
    // Words that wait for a brace or colon.
    ClassHead(After),
    Case,
    // Operators that nest to the right.
    Prefix,
    Power,
    Then,
    Otherwise,
    Assign,
    Arrow,
}

/// What a parenthesis belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paren {
    Group,
    /// Arguments, and where the callee stands if it is the name `async`.
    Call {
        async_at: Option<u32>,
    },
    Params(After),
    If,
    While,
    DoWhile,
    /// `first`: before the first `;`, `of` or `in`.
    For {
        first: bool,
    },
    Switch,
    Catch,
}

impl Level {
    /// Whether it ends with the expression it stands in.
    fn is_operator(self) -> bool {
        use Level::*;
        matches!(self, Prefix | Power | Then | Otherwise | Assign | Arrow)
    }

    /// Whether a newline directly in it may end a statement.
    fn holds_statements(self) -> bool {
        use Level::*;
        matches!(self, Block(_) | Switch | If | Else | Loop | Label | Do | ClassBody(_))
    }
}

/// The iterator that feeds the grammar.
pub struct Filter<'s, 'c> {
    cx: &'c Context<'s>,
    lexer: Lexer<'s>,
    /// Tokens read ahead: at most three.
    ahead: [Option<Token>; 3],
    state: State,
    /// The whole text is a block that no token opens.
    levels: Vec<Level>,
    /// The last token given to the grammar.
    last: Token,
    /// Operands found where an operator was due.
    stumbles: u32,
    done: bool,
}

/// So many of them, and the text is no program: the parser need not search all of it for a place to go on.
const STUMBLES: u32 = 100;

impl<'s, 'c> Filter<'s, 'c> {
    pub fn new(cx: &'c Context<'s>) -> Self {
        Filter {
            cx,
            lexer: Lexer::new(cx.source),
            ahead: [None; 3],
            state: State::Statement,
            levels: Vec::new(),
            last: Token { kind: Tok::Semi, start: 0, end: 0, newline: false, error: None },
            stumbles: 0,
            done: false,
        }
    }

    /// The token that is `distance` behind the next one.
    fn peek(&mut self, distance: usize) -> Token {
        for slot in &mut self.ahead[..=distance] {
            if slot.is_none() {
                *slot = Some(self.lexer.next_token());
            }
        }
        self.ahead[distance].unwrap_or(self.last)
    }

    fn bump(&mut self) -> Token {
        let token = self.peek(0);
        self.ahead.rotate_left(1);
        self.ahead[2] = None;
        token
    }

    /// Ends the text here, because of an error that has been reported.
    fn stop(&mut self) {
        self.cx.stop();
        self.done = true;
    }

    fn stumble(&mut self) {
        self.stumbles += 1;
        if self.stumbles > STUMBLES {
            self.stop();
        }
    }

    fn top(&self) -> Level {
        self.levels.last().copied().unwrap_or(Level::Block(After::Statement))
    }

    fn push(&mut self, level: Level, at: Token) {
        if self.levels.len() >= self.cx.max_depth as usize {
            self.cx.too_deep(at.span());
            self.stop();
        }
        self.levels.push(level);
    }

    fn replace(&mut self, level: Level) {
        if let Some(top) = self.levels.last_mut() {
            *top = level;
        }
    }

    /// Leaves the operators of the expression that ends here.
    fn end_expression(&mut self) {
        while self.top().is_operator() {
            self.levels.pop();
        }
    }

    /// Leaves the operators that bind tighter than any with two operands.
    fn end_operand(&mut self, with_power: bool) {
        while self.top() == Level::Prefix || (with_power && self.top() == Level::Power) {
            self.levels.pop();
        }
    }

    /// Leaves the statements that a complete one completes.
    fn end_statement(&mut self) {
        self.state = State::Statement;
        while let Level::If | Level::Else | Level::Loop | Level::Label | Level::Do = self.top() {
            let next = self.peek(0).kind;
            match (self.top(), next) {
                (_, Tok::Catch | Tok::Finally) | (Level::If, Tok::Else) | (Level::Do, Tok::While) => {
                    self.state = State::Head;
                    return;
                }
                _ => self.levels.pop(),
            };
        }
        if let Level::ClassBody(_) = self.top() {
            self.state = State::ClassMember;
        }
    }

    fn semicolon(&mut self) -> Token {
        let end = self.last.end;
        let token = Token { kind: Tok::Semi, start: end, end, newline: false, error: None };
        self.end_expression();
        self.end_statement();
        token
    }

    fn next_token(&mut self) -> Option<Token> {
        loop {
            let next = self.peek(0);
            if self.cx.is_full() {
                self.stop();
            }
            if self.done {
                return None;
            }
            if self.inserts_semicolon(next) || self.resynchronises(next) {
                return Some(self.semicolon());
            }
            let token = self.bump();
            if token.kind == Tok::Eof {
                self.done = true;
                return None;
            }
            if let Some(token) = self.accept(token) {
                return (!self.done).then_some(token);
            }
        }
    }

    /// Takes a token in; `None` when it is left out.
    fn accept(&mut self, token: Token) -> Option<Token> {
        let token = self.without_errors(token)?;
        let token = self.as_word(token)?;
        Some(self.advance(token))
    }

    /// Moves the state over a token, and says what the token is to the grammar.
    fn advance(&mut self, mut token: Token) -> Token {
        use State::*;
        match token.kind {
            Tok::Ident if self.state == Jump => self.state = Ended,
            Tok::Ident if matches!(self.state, Statement | Body) => {
                self.state = Operator;
                if self.peek(0).kind == Tok::Colon {
                    token.kind = Tok::Label;
                }
            }
            Tok::Ident | Tok::Private | Tok::String | Tok::Number => match self.state {
                Operator => self.stumble(),
                Key => self.state = KeyEnd,
                ClassMember => self.state = ClassMemberEnd,
                Binding if matches!(self.last.kind, Tok::Let | Tok::Const) => self.state = Declared,
                Head | FunctionBody(_) => {}
                _ => self.state = Operator,
            },
            Tok::TemplateFull | Tok::TemplateTail | Tok::Null | Tok::True | Tok::False | Tok::This | Tok::Super => {
                if token.kind == Tok::TemplateTail {
                    self.close(token);
                }
                self.state = Operator;
            }
            Tok::TemplateHead => {
                self.push(Level::Hole, token);
                self.state = Operand;
            }
            Tok::TemplateMiddle => {
                self.close(token);
                self.levels.push(Level::Hole);
                self.state = Operand;
            }
            Tok::Brace => token.kind = self.open_brace(token),
            Tok::Paren => self.open_paren(token),
            Tok::Bracket => {
                let after = match self.state {
                    Key => After::Property,
                    ClassMember => After::Member,
                    _ => After::Operand,
                };
                self.push(Level::Bracket(after), token);
                self.state = Operand;
            }
            Tok::RBrace | Tok::RParen | Tok::RBracket => self.close(token),
            Tok::Semi => self.semi(),
            Tok::Comma => {
                self.end_expression();
                self.state = if self.top() == Level::Object { Key } else { Operand };
            }
            Tok::Colon => self.colon(token),
            Tok::Question => {
                self.end_operand(true);
                self.push(Level::Then, token);
                self.state = Operand;
            }
            Tok::Equals | Tok::Assign(_) => {
                self.end_operand(true);
                self.push(Level::Assign, token);
                self.state = Operand;
            }
            Tok::Arrow => {
                self.push(Level::Arrow, token);
                self.state = ArrowBody;
            }
            Tok::Binary(op) => {
                self.end_operand(op != BinaryOp::Pow);
                if op == BinaryOp::Pow {
                    self.push(Level::Power, token);
                }
                if op == BinaryOp::In && self.surroundings() == Some(Level::Paren(Paren::For { first: true })) {
                    self.end_expression();
                    self.replace(Level::Paren(Paren::For { first: false }));
                    token.kind = Tok::InFor;
                }
                self.state = Operand;
            }
            Tok::Loose(_) | Tok::Logical(_) => {
                self.end_operand(true);
                self.state = Operand;
            }
            Tok::Plus | Tok::Minus if matches!(self.state, Operator | Update) => {
                self.end_operand(true);
                self.state = Operand;
            }
            Tok::PlusPlus | Tok::MinusMinus if self.state == Operator => self.state = Update,
            Tok::Plus | Tok::Minus | Tok::PlusPlus | Tok::MinusMinus | Tok::Unary(_) | Tok::Delete | Tok::New => {
                self.push(Level::Prefix, token);
                self.state = Operand;
            }
            Tok::Dot | Tok::OptChain => self.state = Member,
            Tok::Ellipsis => self.state = Operand,
            _ => self.keyword(&mut token),
        }
        token
    }

    fn keyword(&mut self, token: &mut Token) {
        use State::*;
        let starts = matches!(self.state, Statement | Body);
        let after = if starts { After::Statement } else { After::Operand };
        match token.kind {
            Tok::Function => {
                if starts {
                    token.kind = Tok::FunctionDecl;
                }
                self.state = FunctionBody(after);
            }
            Tok::Class => {
                if starts {
                    token.kind = Tok::ClassDecl;
                }
                self.push(Level::ClassHead(after), *token);
                self.state = Binding;
            }
            Tok::Extends => self.state = Operand,
            Tok::Let | Tok::Const => self.state = Binding,
            Tok::Of => {
                self.end_expression();
                self.replace(Level::Paren(Paren::For { first: false }));
                self.state = Operand;
            }
            Tok::While if self.state == Head && self.top() == Level::Do => self.state = DoWhileHead,
            Tok::If | Tok::While | Tok::For | Tok::Switch => self.state = Head,
            Tok::Else => {
                if self.top() == Level::If {
                    self.levels.pop();
                }
                if self.peek(0).kind != Tok::If {
                    self.push(Level::Else, *token);
                }
                self.state = Body;
            }
            Tok::Do => {
                self.push(Level::Do, *token);
                self.state = Body;
            }
            Tok::Try | Tok::Catch | Tok::Finally => self.state = Body,
            Tok::Return => self.state = Return,
            Tok::Throw => self.state = Throw,
            Tok::Module => self.state = Ended,
            Tok::Break | Tok::Continue => self.state = Jump,
            Tok::Case => {
                self.push(Level::Case, *token);
                self.state = Operand;
            }
            Tok::Default => {
                self.push(Level::Case, *token);
                self.state = Operator;
            }
            // `Static`, and kinds that the grammar will refuse where they stand.
            _ => {}
        }
    }

    fn semi(&mut self) {
        self.end_expression();
        match self.top() {
            Level::Paren(Paren::For { .. }) => {
                self.replace(Level::Paren(Paren::For { first: false }));
                self.state = State::Operand;
            }
            Level::ClassBody(_) => self.state = State::ClassMember,
            _ => {
                if self.state == State::DoWhileEnd {
                    self.state = State::Statement;
                }
                self.end_statement();
            }
        }
    }

    fn colon(&mut self, token: Token) {
        // A key's colon, the one of a conditional, of a case, or of a label: the innermost that waits.
        while matches!(self.top(), Level::Prefix | Level::Power | Level::Otherwise | Level::Assign | Level::Arrow) {
            self.levels.pop();
        }
        self.state = State::Operand;
        match self.top() {
            Level::Then => self.replace(Level::Otherwise),
            Level::Case => {
                self.levels.pop();
                self.state = State::Statement;
            }
            level if level.holds_statements() => {
                self.push(Level::Label, token);
                self.state = State::Statement;
            }
            _ => {}
        }
    }
}

impl Iterator for Filter<'_, '_> {
    type Item = (u32, Tok, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let token = self.next_token()?;
        self.last = token;
        Some((token.start, token.kind, token.end))
    }
}
