//! Newlines: where a statement ends, and where that would surprise.

use super::*;

impl Filter<'_, '_> {
    /// Whether a `;` belongs before the next token. Reports the hazards.
    pub(super) fn inserts_semicolon(&mut self, next: Token) -> bool {
        use State::*;
        let at_end = matches!(next.kind, Tok::RBrace | Tok::Eof);
        match self.state {
            DoWhileEnd => return next.kind != Tok::Semi,
            Throw if next.newline && !at_end => {
                self.split("throw", next);
                return false;
            }
            Operator | Update | Declared | Ended | ClassMemberEnd | Return | Jump => {}
            _ => return false,
        }
        if !(next.newline || at_end) || !self.in_statements() {
            return false;
        }
        if at_end {
            return true;
        }
        match self.state {
            ClassMemberEnd => !matches!(next.kind, Tok::Equals | Tok::Paren | Tok::Semi),
            Return if next.kind.starts_expression() => {
                self.split("return", next);
                false
            }
            Declared => !matches!(next.kind, Tok::Equals | Tok::Comma | Tok::Semi),
            Ended => !matches!(next.kind, Tok::Comma | Tok::Colon | Tok::RParen | Tok::RBracket | Tok::Semi),
            Operator if next.kind == Tok::Arrow => {
                self.cx.refuse_fixed(
                    codes::ARROW_NEWLINE,
                    next.span(),
                    "`=>` stands on a new line",
                    "put `=>` on the line of its parameters",
                    self.joined(next),
                );
                false
            }
            Operator => !self.hazard(next) && !next.kind.continues_expression(),
            _ => !next.kind.continues_expression(),
        }
    }

    /// Whether a newline here may end a statement.
    fn in_statements(&self) -> bool {
        self.surroundings().is_none_or(Level::holds_statements)
    }

    /// A line whose first token continues the line before in JavaScript, though it hardly looks so. The parse goes on
    /// as there.
    fn hazard(&self, next: Token) -> bool {
        let (what, move_up) = match next.kind {
            Tok::Paren => ("`(`", "move the `(` up to it"),
            Tok::Bracket => ("`[`", "move the `[` up to it"),
            Tok::TemplateFull | Tok::TemplateHead => ("a template", "move the template up to it"),
            _ => return false,
        };
        let span = Span { start: next.start, end: next.start + 1 };
        let message = format!("a line that starts with {what} continues the line before");
        let error = Diagnostic::new(codes::LINE_HAZARD, span, message)
            .label("JavaScript reads this as one statement")
            .help(format!("end the line before with `;`, or {move_up}"))
            .fix(Fix::insert(self.last.end, ";"));
        self.cx.report(error);
        // A tagged template would be refused once more.
        matches!(next.kind, Tok::Paren | Tok::Bracket)
    }

    /// The next token moved up behind the last one, if there is nothing but blanks between them.
    fn joined(&self, next: Token) -> Option<Fix> {
        let edit = Edit::new(self.last.end, next.start, " ");
        self.cx.only_blanks_and("", self.last.end, next.start).then(|| Fix::new("join the lines", vec![edit]))
    }

    /// `return` or `throw`, a newline, and an expression.
    fn split(&self, word: &str, next: Token) {
        let (message, help) = if word == "return" {
            (
                "`return` ends at the newline in JavaScript: the expression below would never be returned",
                "start the expression on the line of `return`, or put `;` behind `return`",
            )
        } else {
            ("`throw` and its value must start on one line", "start the expression on the line of `throw`")
        };
        self.cx.refuse_fixed(codes::SPLIT_RETURN, self.last.span(), message, help, self.joined(next));
    }
}
