//! The pages that are lists: what is decided, and the keys.

use unicode_width::UnicodeWidthStr as _;

use super::page::{SMALLEST, name, rule};
use super::{Answer, Mergetool, Question, Take, View};
use crate::ui::screen::{Page, Part, Size, cells, parts, wrap};
use crate::ui::view::text::{counted, fit};
use crate::ui::{Label, escape_line};

/// What each key does, most needed first.
pub(super) const KEYS: &[(&str, &str, &str)] = &[
    ("o", "ours", "take this device's value"),
    ("t", "theirs", "take the server's value"),
    ("b", "base", "take the value that both had at the last sync"),
    ("u", "both", "take both together (union), where the field is a set"),
    ("e", "edit", "edit the whole memory in your editor"),
    ("s", "skip", "leave this conflict as it is"),
    ("Enter", "next", "go on to the next conflict"),
    ("p", "back", "go back to the conflict before"),
    ("Tab", "field", "show the next field, with shift the one before"),
    ("arrows", "scroll", "scroll; so do PgUp, PgDn, Home and End"),
    ("n", "next difference", "scroll to the next difference"),
    ("q", "finish", "look at what is decided, then write it or not"),
    ("Ctrl-C", "abort", "leave, and write nothing"),
];

impl Mergetool {
    pub(super) fn summary_page(&self, size: Size) -> Page {
        let decided = self.decided();
        let counts = format!("{decided} decided, {} skipped", self.questions.len() - decided);
        let question = match decided {
            0 => "leave? n".to_owned(),
            _ if size.width < 2 * SMALLEST.width => format!("write {decided}? y/n"),
            _ => format!("write {}? y/n", counted(decided, "decision", "decisions")),
        };
        let back = format!("{question}, p goes back");
        let bottom = if back.width() <= size.width { back } else { question };
        self.list_page(&counts, &self.summary(size.width), &bottom, size)
    }

    pub(super) fn help_page(&self, size: Size) -> Page {
        self.list_page("keys", &help(size.width), "any key goes back", size)
    }

    /// One line for each conflict.
    pub(super) fn summary(&self, width: usize) -> Vec<Vec<Part>> {
        let one = |(question, answer): (&Question, &Answer)| {
            let id = fit(&escape_line(&question.id), 12);
            let decision = decision(question, answer);
            let label = if answer.is_decided() { Label::Added } else { Label::Faint };
            let text = fit(&decision, width.saturating_sub(id.width() + 2));
            let column = id.width() + 2 + text.width() + 2;
            let mut row =
                vec![Part::labelled(0, Label::Id, &id), Part::labelled(id.width() + 2, label, text)];
            if column + 3 < width {
                let title = fit(&escape_line(&question.title), width - column);
                row.push(Part::labelled(column, Label::Faint, title));
            }
            row
        };
        self.questions.iter().zip(&self.answers).map(one).collect()
    }

    /// A page with a list that can be scrolled.
    fn list_page(&self, title: &str, list: &[Vec<Part>], bottom: &str, size: Size) -> Page {
        let view = self.list_view(list.len(), size);
        let mut rows = vec![vec![rule(0, size.width, title)]];
        rows.extend(list.iter().skip(view.top).take(view.shown).cloned());
        let bottom = vec![Part::labelled(0, Label::Heading, fit(bottom, size.width))];
        self.with_bottom(rows, bottom, size)
    }

    pub(super) fn list_view(&self, rows: usize, size: Size) -> View {
        let shown = size.height.saturating_sub(2);
        let top = self.scroll.unwrap_or(0).min(rows.saturating_sub(shown));
        View { top, shown, rows, next_difference: None }
    }
}

/// What is chosen for a conflict, in a few words.
fn decision(question: &Question, answer: &Answer) -> String {
    if answer.edited.is_some() {
        return "edited".to_owned();
    }
    if !answer.is_decided() {
        return "skipped".to_owned();
    }
    let takes: Vec<Take> = answer.takes.iter().copied().flatten().collect();
    match takes.as_slice() {
        [first, rest @ ..] if rest.iter().all(|take| take == first) => name(*first).to_owned(),
        _ => {
            let each = question.fields.iter().zip(&takes);
            let each = each.map(|(field, take)| format!("{} = {}", escape_line(&field.name), name(*take)));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

pub(super) fn help(width: usize) -> Vec<Vec<Part>> {
    let column = 8;
    let mut rows = Vec::new();
    for (key, _, long) in KEYS {
        for (at, line) in wrap(&cells(long), width - column).into_iter().enumerate() {
            let mut row = parts(line, column);
            if at == 0 {
                row.insert(0, Part::labelled(0, Label::Heading, *key));
            }
            rows.push(row);
        }
    }
    rows
}
