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
            Operator | Update | Ended | ClassMemberEnd | Return | Jump => {}
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
            Ended => !matches!(next.kind, Tok::Comma | Tok::Colon | Tok::RParen | Tok::RBracket | Tok::Semi),
            Operator if next.kind == Tok::Arrow => {
                self.cx.refuse(
                    codes::ARROW_NEWLINE,
                    next.span(),
                    "`=>` stands on a new line",
                    "put `=>` on the line of its parameters",
                );
                false
            }
            Operator => {
                self.hazard(next);
                !next.kind.continues_expression()
            }
            _ => !next.kind.continues_expression(),
        }
    }

    /// Whether a newline here may end a statement.
    fn in_statements(&self) -> bool {
        let level = self.levels.iter().rev().find(|level| !level.is_operator());
        level.is_none_or(|level| level.holds_statements())
    }

    /// A line whose first token continues the line before in JavaScript, though it hardly looks so.
    fn hazard(&self, next: Token) {
        let what = match next.kind {
            Tok::Paren => "(",
            Tok::Bracket => "[",
            Tok::TemplateFull | Tok::TemplateHead => "`",
            _ => return,
        };
        self.cx.report(Diagnostic {
            code: codes::LINE_HAZARD,
            message: format!("a line that starts with `{what}` continues the line before"),
            span: Span { start: next.start, end: next.start + 1 },
            label: "JavaScript reads this as one statement".into(),
            help: Some(format!("end the line before with `;`, or move the `{what}` up to it")),
        });
    }

    /// `return` or `throw`, a newline, and an expression.
    fn split(&self, word: &str, next: Token) {
        let message = if word == "return" {
            "`return` ends at the newline in JavaScript: the expression below would never be returned"
        } else {
            "`throw` and its value must start on one line"
        };
        let _ = next;
        self.cx.refuse(
            codes::SPLIT_RETURN,
            self.last.span(),
            message,
            format!("start the expression on the line of `{word}`, or put `;` behind `{word}`")
                .replace(", or put `;` behind `throw`", ""),
        );
    }
}
