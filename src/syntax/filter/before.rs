//! What stands before a place where the grammar stumbled: for the words of the message and the rewrite it offers.
//!
//! The parser knows nothing but the token. The filter is run once more up to there, so that texts without errors pay nothing.

use super::brackets::{closer, opener};
use super::*;

/// Surroundings of a token.
pub struct Before {
    /// The token before it.
    pub last: Token,
    /// Directly inside a list whose parts are separated by commas: elements, properties or arguments.
    pub in_list: bool,
    pub in_object: bool,
    pub in_for_head: bool,
    /// The parentheses behind `if`, `while`, `for` or `switch`.
    pub in_head: bool,
    /// The parentheses of parameters, or some that may turn out to be.
    pub in_parameters: bool,
    /// A type may stand here in TypeScript: behind a declared name, or behind parameters.
    pub declares: bool,
    /// A statement may start here.
    pub at_statement: bool,
    /// What closes the bracket that is open, if there is just one.
    pub only_closer: Option<&'static str>,
    /// The same for the brackets that are open since the statement began.
    pub statement_closer: Option<&'static str>,
    /// The token is a closing bracket, and a bracket that it closes is open.
    pub closes: bool,
}

impl Before {
    /// What stands before the first token that starts at `offset` or behind it. O(`offset`). `None` where that has been
    /// asked too often, or the filter gave up before.
    pub fn new(cx: &Context, offset: u32) -> Option<Before> {
        if !cx.may_rescan(offset) {
            return None;
        }
        let scratch = Context::new(cx.source, cx.max_depth);
        let mut filter = Filter::new(&scratch);
        let next = loop {
            let next = filter.peek(0);
            if next.start >= offset || next.kind == Tok::Eof {
                break next;
            }
            filter.next()?;
        };
        let around = filter.surroundings();
        let statement = filter.levels.iter().rposition(|level| level.holds_statements()).map_or(0, |at| at + 1);
        Some(Before {
            last: filter.last,
            in_list: matches!(
                around,
                Some(
                    Level::Object
                        | Level::Bracket(After::Operand)
                        | Level::Paren(Paren::Call { .. } | Paren::Params(_))
                )
            ),
            in_object: around == Some(Level::Object),
            in_head: matches!(around, Some(Level::Paren(Paren::If | Paren::While | Paren::For { .. } | Paren::Switch))),
            in_for_head: matches!(around, Some(Level::Paren(Paren::For { .. }))),
            in_parameters: matches!(around, Some(Level::Paren(Paren::Params(_) | Paren::Group | Paren::Call { .. }))),
            declares: matches!(filter.state, State::Declared | State::FunctionBody(_)),
            at_statement: filter.state == State::Statement,
            only_closer: only_closer(&filter.levels),
            statement_closer: only_closer(&filter.levels[statement..]),
            closes: filter.levels.iter().any(|level| brackets::closes(next.kind, *level)),
        })
    }
}

impl Before {
    /// The token closes a bracket that is open, and no operand is missing before it.
    pub fn closes_behind_operand(&self) -> bool {
        use Tok::*;
        let complete = matches!(
            self.last.kind,
            Semi | RBrace | RParen | RBracket | Ident | Private | Number | String | Null | True | False | This
        ) || matches!(self.last.kind, TemplateFull | TemplateTail);
        self.closes && complete
    }
}

/// What closes the one bracket among the levels. The hole of a template needs more than its brace.
fn only_closer(levels: &[Level]) -> Option<&'static str> {
    let mut open = levels.iter().filter_map(|level| opener(*level));
    let only = open.next().filter(|open| *open != "${").map(closer);
    if open.next().is_some() { None } else { only }
}
