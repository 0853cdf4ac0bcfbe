//! Brackets: what they open, and what follows when they close.

use super::*;

impl Filter<'_, '_> {
    pub(super) fn open_paren(&mut self, token: Token) {
        use State::*;
        let paren = match self.state {
            FunctionBody(after) => Paren::Params(after),
            DoWhileHead => Paren::DoWhile,
            KeyEnd => Paren::Params(After::Property),
            ClassMemberEnd => Paren::Params(After::Member),
            Head => match self.last.kind {
                Tok::If => Paren::If,
                Tok::While => Paren::While,
                Tok::For => Paren::For { first: true },
                Tok::Switch => Paren::Switch,
                _ => Paren::Group,
            },
            Body if self.last.kind == Tok::Catch => Paren::Catch,
            Operator | Update | Ended | Member => {
                let is_async = self.last.kind == Tok::Ident && self.cx.text(self.last.span()) == "async";
                Paren::Call { async_at: is_async.then_some(self.last.start) }
            }
            _ => Paren::Group,
        };
        self.push(Level::Paren(paren), token);
        self.state = Operand;
    }

    /// Decides what a `{` opens.
    pub(super) fn open_brace(&mut self, token: Token) -> Tok {
        use State::*;
        let is_block = self.state == Statement && self.opens_block();
        let (level, next) = match self.state {
            FunctionBody(after) => (Level::Block(after), Statement),
            SwitchBody => (Level::Switch, Statement),
            Body => (Level::Block(After::Statement), Statement),
            ClassMember => (Level::Block(After::Member), Statement),
            ArrowBody => {
                self.levels.pop();
                (Level::Block(After::Arrow), Statement)
            }
            Binding | Operator | Update | Ended | Operand
                if self.class_head().is_some() && (self.state != Operand || self.last.kind == Tok::Extends) =>
            {
                self.end_expression();
                let after = self.class_head().unwrap_or(After::Operand);
                self.replace(Level::ClassBody(after));
                self.state = ClassMember;
                return Tok::Brace;
            }
            Statement if is_block => (Level::Block(After::Statement), Statement),
            _ => (Level::Object, Key),
        };
        self.push(level, token);
        self.state = next;
        if level == Level::Object { Tok::BraceObject } else { Tok::Brace }
    }

    /// The innermost level that is not an operator's.
    pub(super) fn surroundings(&self) -> Option<Level> {
        self.levels.iter().rev().find(|level| !level.is_operator()).copied()
    }

    /// What the class completes whose head the filter stands in.
    pub(super) fn class_head(&self) -> Option<After> {
        if let Some(Level::ClassHead(after)) = self.surroundings() { Some(after) } else { None }
    }

    /// Deviation D4, at a statement's start and behind the `{`.
    fn opens_block(&mut self) -> bool {
        let first = self.peek(0);
        match first.kind {
            Tok::RBrace | Tok::Ellipsis => return false,
            Tok::String | Tok::Number => {}
            _ if self.is_word(first) => {}
            _ => return true,
        }
        let second = self.peek(1);
        if second.kind != Tok::Colon {
            // A string and a value cannot be a block either; as an object the message fits what was meant.
            let misses_colon = matches!(second.kind, Tok::String | Tok::Number | Tok::Null | Tok::True | Tok::False);
            return !(first.kind == Tok::String && misses_colon && !second.newline);
        }
        let labels_statement = first.kind == Tok::Ident && self.peek(2).kind.is_statement_word();
        if labels_statement {
            let message = "a block may not start with a label: `{` and a name and `:` begin an object";
            let error = Diagnostic::new(codes::BLOCK_LABEL, first.span(), message)
                .label("this reads as a key")
                .help("put the label before the block's `{`, or a `;` behind it");
            self.cx.report(error);
        }
        labels_statement
    }

    /// A closing bracket.
    pub(super) fn close(&mut self, token: Token) {
        use State::*;
        self.end_expression();
        let mut top = self.top();
        if !closes(token.kind, top) {
            self.mismatch(token);
            match self.levels.iter().rposition(|level| closes(token.kind, *level)) {
                Some(at) => {
                    self.levels.truncate(at + 1);
                    top = self.top();
                }
                None => {
                    self.state = if token.kind == Tok::RBrace { Statement } else { Operator };
                    return;
                }
            }
        }
        self.levels.pop();
        let mut push = None;
        match top {
            Level::Block(after) | Level::ClassBody(after) | Level::Bracket(after) => match after {
                After::Statement => self.end_statement(),
                After::Operand => self.state = Operator,
                After::Arrow => self.state = Ended,
                After::Property if token.kind == Tok::RBracket => self.state = KeyEnd,
                After::Property => self.state = Ended,
                After::Member if token.kind == Tok::RBracket => self.state = ClassMemberEnd,
                After::Member => self.state = ClassMember,
            },
            Level::Switch => self.end_statement(),
            Level::Object | Level::Hole => self.state = Operator,
            Level::Paren(paren) => match paren {
                Paren::Group => self.state = Operator,
                Paren::Call { async_at } => {
                    self.state = Operator;
                    if let Some(start) = async_at
                        && self.peek(0).kind == Tok::Arrow
                    {
                        self.refuse_async_arrow(start);
                    }
                }
                Paren::Params(after) => self.state = FunctionBody(after),
                Paren::If => push = Some(Level::If),
                Paren::While | Paren::For { .. } => push = Some(Level::Loop),
                Paren::DoWhile => {
                    if self.top() == Level::Do {
                        self.levels.pop();
                    }
                    self.state = DoWhileEnd;
                }
                Paren::Switch => self.state = SwitchBody,
                Paren::Catch => self.state = Body,
            },
            _ => self.state = Operator,
        }
        if let Some(level) = push {
            self.push(level, token);
            self.state = Body;
        }
    }

    /// Reports a closing bracket that does not fit.
    fn mismatch(&mut self, token: Token) {
        let found = &self.cx.text(token.span())[..1];
        // Brackets that are open inside of the one that the token closes.
        let fits = self.levels.iter().rposition(|level| closes(token.kind, *level));
        let inside = self.levels[fits.map_or(0, |at| at + 1)..].iter().filter_map(|level| opener(*level));
        let (message, fix) = match (self.levels.iter().rev().find_map(|level| opener(*level)), fits) {
            (Some(open), Some(_)) => (
                format!("`{found}` stands where an open `{open}` must be closed first"),
                (inside.count() == 1).then(|| Fix::insert(token.start, closer(open))),
            ),
            (Some(open), None) => (
                format!("`{found}` closes nothing; the innermost open bracket is `{open}`"),
                Some(Fix::replace(token.span(), closer(open))),
            ),
            (None, _) => (
                format!("`{found}` closes nothing: no bracket is open"),
                Some(Fix::remove(token.start, token.end, &format!("this `{found}`"))),
            ),
        };
        self.cx.report(Diagnostic::new(codes::MISMATCHED, token.span(), message).fix(fix));
    }
}

/// What closes a bracket.
pub(super) fn closer(opener: &str) -> &'static str {
    match opener {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// Whether the closing token ends the level.
pub(super) fn closes(kind: Tok, level: Level) -> bool {
    matches!(
        (kind, level),
        (Tok::RParen, Level::Paren(_))
            | (Tok::RBracket, Level::Bracket(_))
            | (Tok::RBrace, Level::Block(_) | Level::Switch | Level::Object | Level::ClassBody(_))
            | (Tok::TemplateMiddle | Tok::TemplateTail, Level::Hole)
    )
}

/// The bracket a level was opened with.
pub(super) fn opener(level: Level) -> Option<&'static str> {
    match level {
        Level::Paren(_) => Some("("),
        Level::Bracket(_) => Some("["),
        Level::Block(_) | Level::Switch | Level::Object | Level::ClassBody(_) => Some("{"),
        Level::Hole => Some("${"),
        _ => None,
    }
}
