//! The grammar of names, apart from what they lead to.

use crate::sync::When;

/// A name, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Expression<'a> {
    /// A ref, an object id or a memory's hash; empty for HEAD.
    pub start: &'a str,
    /// What is asked about the ref, in order: `@{u}`, `@{2}`.
    pub selectors: Vec<Selector>,
    /// The ways back from there, in order: `~3`, `^2`.
    pub steps: Vec<Step>,
    /// What is asked of the commit.
    pub part: Part<'a>,
}

/// What `@{…}` asks about a ref.
#[derive(Clone, Copy, Debug)]
pub(super) enum Selector {
    /// `@{u}`, `@{upstream}`: the server's ref that belongs to it.
    Upstream,
    /// `@{2}`: where it was so many moves ago.
    Moves(usize),
    /// `@{yesterday}`: where it was then.
    At(When),
}

/// A way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `~3`: so many commits before.
    Before(usize),
    /// `^2`: this one of what it was made from; 0 is the commit itself.
    Parent(usize),
}

/// What of a commit is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// The commit.
    Whole,
    /// `^{tree}`, or nothing after the colon: its tree.
    Tree,
    /// What follows a colon.
    Path(&'a str),
}

/// Takes `name` apart; the error says what is wrong with it.
pub(super) fn parse(name: &str) -> Result<Expression<'_>, &'static str> {
    // What an empty variable of a script gives must not be taken for HEAD.
    if name.is_empty() {
        return Err("it is empty");
    }
    let end = name
        .char_indices()
        .find(|(at, c)| matches!(c, '~' | '^' | ':') || name[*at..].starts_with("@{"))
        .map_or(name.len(), |(at, _)| at);
    let (start, mut rest) = name.split_at(end);
    let mut expression = Expression { start, selectors: Vec::new(), steps: Vec::new(), part: Part::Whole };
    while let Some(operator) = rest.chars().next() {
        if expression.part != Part::Whole {
            return Err("nothing can follow ^{tree}");
        }
        rest = match operator {
            ':' => {
                expression.part = if rest == ":" { Part::Tree } else { Part::Path(&rest[1..]) };
                break;
            }
            '@' if expression.steps.is_empty() => {
                let (text, rest) = braces(&rest[1..])?;
                expression.selectors.push(selector(text)?);
                rest
            }
            '~' | '^' if rest[1..].starts_with('{') => {
                let (text, rest) = braces(&rest[1..])?;
                match (operator, text) {
                    ('^', "tree") => expression.part = Part::Tree,
                    ('^', "commit" | "") => expression.steps.push(Step::Parent(0)),
                    _ => return Err("only ^{commit} and ^{tree} are known"),
                }
                rest
            }
            '~' | '^' => {
                let (number, rest) = number(&rest[1..])?;
                expression.steps.push(if operator == '~' {
                    Step::Before(number)
                } else {
                    Step::Parent(number)
                });
                rest
            }
            '@' => return Err("@{…} belongs right behind a ref"),
            '.' if rest.starts_with("..") => return Err("a range names no single one"),
            _ => return Err("expected ~, ^, @{…} or :"),
        };
    }
    Ok(expression)
}

/// The text between braces, and what follows them.
fn braces(text: &str) -> Result<(&str, &str), &'static str> {
    text.strip_prefix('{').and_then(|text| text.split_once('}')).ok_or("a brace is not closed")
}

/// The digits that `text` begins with, 1 where there is none, and what follows them.
fn number(text: &str) -> Result<(usize, &str), &'static str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    match &text[..end] {
        "" => Ok((1, text)),
        digits => Ok((digits.parse().map_err(|_| "a number is too large")?, &text[end..])),
    }
}

fn selector(text: &str) -> Result<Selector, &'static str> {
    match text {
        "u" | "upstream" => Ok(Selector::Upstream),
        digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Selector::Moves).map_err(|_| "a number is too large")
        }
        when => when
            .parse()
            .map(Selector::At)
            .map_err(|_| "between the braces belongs a number, 'u', or a time such as 'yesterday'"),
    }
}
