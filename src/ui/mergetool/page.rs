//! What stands on the screen.

use unicode_width::UnicodeWidthStr as _;

use super::panes::Panes;
use super::{FieldQuestion, Mergetool, Place, Question, Take, View};
use crate::ui::screen::{Cells, Page, Part, Size, beside, cells, compare, parts, wrap};
use crate::ui::view::text::{counted, fit};
use crate::ui::{Label, escape_line};

/// The smallest screen on which a conflict can be shown.
const SMALLEST: Size = Size { width: 20, height: 9 };

/// What each key does, most needed first.
const KEYS: &[(&str, &str, &str)] = &[
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
    /// What stands on a screen of this size.
    pub(crate) fn page(&self, size: Size) -> Page {
        if is_too_small(size) {
            return too_small(size);
        }
        match self.place {
            Place::Question(question) => self.question_page(question, size),
            Place::Summary => self.summary_page(size),
            Place::Help(_) => self.list_page("keys", &help(size.width), "any key goes back", size),
        }
    }

    /// What of the page in sight can be scrolled, on a screen that is not too small.
    pub(super) fn view(&self, size: Size) -> View {
        match self.place {
            Place::Question(question) => {
                let (panes, _) = self.panes(question, size);
                panes.view(self.scroll)
            }
            Place::Summary => self.list_view(self.summary(size.width).len(), size),
            Place::Help(_) => self.list_view(help(size.width).len(), size),
        }
    }

    /// The versions of the field in sight, and whether what stands for the result is only the base.
    fn panes(&self, question: usize, size: Size) -> (Panes, Option<String>) {
        let field = &self.questions[question].fields[self.field];
        let shown = |value: Option<&str>| value.map_or_else(|| format!("({})", field.absent), str::to_owned);
        let (title, result) = self.result(question, field);
        let result = result.map_or_else(String::new, shown);
        let (ours, theirs) = (shown(field.ours.as_deref()), shown(field.theirs.as_deref()));
        let pairs = match (&field.ours, &field.theirs) {
            (Some(_), Some(_)) => compare(&ours, &theirs),
            _ => beside(&ours, &theirs),
        };
        (Panes::new(&pairs, &result, size), title)
    }

    /// What the field comes to, with how that is called; before it is decided, what it was, and no name.
    fn result<'a>(
        &'a self,
        question: usize,
        field: &'a FieldQuestion,
    ) -> (Option<String>, Option<Option<&'a str>>) {
        let answer = &self.answers[question];
        if let Some(values) = &answer.edited {
            return (Some("result: edited".to_owned()), Some(values[self.field].as_deref()));
        }
        match answer.takes[self.field] {
            Some(take) => (Some(format!("result: {}", name(take))), field.value(take)),
            None => (None, field.value(Take::Base)),
        }
    }

    fn question_page(&self, index: usize, size: Size) -> Page {
        let question = &self.questions[index];
        let field = &question.fields[self.field];
        let (panes, result_title) = self.panes(index, size);
        let view = panes.view(self.scroll);
        let mut rows = vec![self.heading(index, size.width), self.fields(index, size.width)];
        let mut ours_title = format!("ours: {}", self.device);
        if view.rows > view.shown {
            let last = view.top + view.shown;
            ours_title = format!("{ours_title} {}-{last}/{}", view.top + 1, view.rows);
        }
        let theirs_title = format!("theirs: {}", self.remote);
        let visible = &panes.rows[view.top..(view.top + view.shown).min(panes.rows.len())];
        if panes.is_stacked {
            rows.push(vec![rule(0, size.width, &ours_title)]);
            rows.extend(visible.iter().map(|row| pane_row(row.differs, &row.ours)));
            rows.push(vec![rule(0, size.width, &theirs_title)]);
            rows.extend(visible.iter().map(|row| pane_row(row.differs, &row.theirs)));
        } else {
            let middle = panes.width + 1;
            let right = size.width - middle;
            rows.push(vec![rule(0, middle, &ours_title), rule(middle, right, &theirs_title).joined('┬')]);
            rows.extend(visible.iter().map(|row| {
                let mut whole = pane_row(row.differs, &row.ours);
                whole.push(Part::labelled(middle, Label::Faint, "│"));
                whole.extend(parts(&row.theirs, middle + 1));
                whole
            }));
        }
        let is_open = result_title.is_none();
        let title = result_title.unwrap_or_else(|| match &field.base {
            Some(_) => "open; the base:".to_owned(),
            None => "open; no base".to_owned(),
        });
        let mut title = rule(0, size.width, &title);
        if !panes.is_stacked {
            title = title.crossed(panes.width + 1, '┴');
        }
        rows.push(vec![title]);
        let top = panes.result_top(&view);
        rows.extend(panes.result[top..].iter().take(panes.result_shown).map(|row| result_row(is_open, row)));
        self.with_bottom(rows, self.keys(index, view.rows > view.shown, size.width), size)
    }

    /// Which conflict this is, and of which memory.
    fn heading(&self, index: usize, width: usize) -> Vec<Part> {
        let question = &self.questions[index];
        let count = format!("{}/{}", index + 1, self.questions.len());
        let id = fit(&escape_line(&question.id), 12);
        let mut row = vec![Part::labelled(0, Label::Faint, &count)];
        row.push(Part::labelled(count.width() + 1, Label::Id, &id));
        let column = count.width() + id.width() + 3;
        if column + 3 < width {
            let title = fit(&escape_line(&question.title), width - column);
            row.push(Part::labelled(column, Label::Heading, title));
        }
        row
    }

    /// What happened, and the fields, the one in sight in brackets.
    fn fields(&self, index: usize, width: usize) -> Vec<Part> {
        let question = &self.questions[index];
        let answer = &self.answers[index];
        let texts: Vec<String> = (question.fields.iter().zip(&answer.takes).enumerate())
            .map(|(at, (field, take))| {
                let chosen = match (&answer.edited, take) {
                    (Some(_), _) => " = edited".to_owned(),
                    (None, Some(take)) => format!(" = {}", name(*take)),
                    (None, None) => String::new(),
                };
                let text = format!("{}{chosen}", escape_line(&field.name));
                if at == self.field { format!("[{text}]") } else { text }
            })
            .collect();
        let what = if width >= 2 * SMALLEST.width { format!("{}: ", question.what) } else { String::new() };
        let mut column = what.width();
        let mut row = vec![Part::labelled(0, Label::Conflict, what)];
        // Begin with the first field, or with the first from which on the one in sight can be seen.
        let room = width - column;
        let fits = |from: &usize| {
            texts[*from..=self.field].iter().map(|text| text.width() + 2).sum::<usize>() <= room
        };
        let from = (0..=self.field).find(fits).unwrap_or(self.field);
        for (at, text) in texts.iter().enumerate().skip(from) {
            if column + 2 > width {
                break;
            }
            let text = fit(text, width - column);
            let label = if at == self.field { Some(Label::Heading) } else { None };
            let next = column + text.width() + 2;
            row.push(Part { column, label, text });
            column = next;
        }
        row
    }

    /// The keys that fit on one line, the one to go on first where it can be pressed; always how to see all.
    fn keys(&self, index: usize, is_scrollable: bool, width: usize) -> Vec<Part> {
        let question = &self.questions[index];
        let is_decided = self.answers[index].is_decided();
        let field = &question.fields[self.field];
        let is_of_use = |key: &str| match key {
            "b" => field.base.is_some(),
            "u" => field.both.is_some(),
            "Tab" => question.fields.len() > 1,
            "p" => index > 0,
            "Enter" => is_decided,
            "n" | "arrows" => is_scrollable,
            _ => true,
        };
        let mut keys: Vec<_> = KEYS.iter().filter(|(key, ..)| is_of_use(key)).collect();
        keys.sort_by_key(|(key, ..)| *key != "Enter");
        let more = "? all keys";
        let mut row = Vec::new();
        let mut column = 0;
        for (key, short, _) in keys {
            let short = if width < 2 * SMALLEST.width { "" } else { *short };
            let end = column + key.width() + 1 + short.width() + 2 * usize::from(!short.is_empty());
            if end + more.width() <= width {
                row.push(Part::labelled(column, Label::Heading, *key));
                row.push(Part::plain(column + key.width() + 1, short));
                column = end;
            }
        }
        row.push(Part::labelled(column, Label::Faint, more));
        row
    }

    fn summary_page(&self, size: Size) -> Page {
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

    /// One line for each conflict.
    fn summary(&self, width: usize) -> Vec<Vec<Part>> {
        let one = |(question, answer): (&Question, &super::Answer)| {
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

    fn list_view(&self, rows: usize, size: Size) -> View {
        let shown = size.height.saturating_sub(2);
        let top = self.scroll.unwrap_or(0).min(rows.saturating_sub(shown));
        View { top, shown, rows, next_difference: None }
    }

    /// The rows, and on the last line of the screen what is to be said there.
    fn with_bottom(&self, mut rows: Vec<Vec<Part>>, bottom: Vec<Part>, size: Size) -> Page {
        rows.resize(size.height - 1, Vec::new());
        rows.push(match &self.message {
            Some(message) => {
                vec![Part::labelled(0, Label::Warning, fit(&escape_line(message), size.width))]
            }
            None => bottom,
        });
        Page { rows }
    }
}

/// What is chosen for a conflict, in a few words.
fn decision(question: &Question, answer: &super::Answer) -> String {
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

fn name(take: Take) -> &'static str {
    match take {
        Take::Ours => "ours",
        Take::Theirs => "theirs",
        Take::Base => "base",
        Take::Both => "both",
    }
}

/// A line across, with a title in it.
fn rule(column: usize, width: usize, title: &str) -> Part {
    let title = fit(&escape_line(title), width.saturating_sub(5));
    let line = "─".repeat(width.saturating_sub(title.width() + 4));
    Part::labelled(column, Label::Faint, format!("── {title} {line}"))
}

impl Part {
    /// The same line with another first character.
    fn joined(mut self, joint: char) -> Self {
        self.text = self.text.chars().enumerate().map(|(at, c)| if at == 0 { joint } else { c }).collect();
        self
    }

    /// The same line with another character in a column where the line runs on.
    fn crossed(mut self, column: usize, joint: char) -> Self {
        let mut at = 0;
        let cross = |c: char| {
            let here = at;
            at += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if here == column && c == '─' { joint } else { c }
        };
        self.text = self.text.chars().map(cross).collect();
        self
    }
}

fn pane_row(differs: bool, cells: &Cells) -> Vec<Part> {
    let mut row = Vec::new();
    if differs {
        row.push(Part::labelled(0, Label::Modified, "▌"));
    }
    row.extend(parts(cells, 1));
    row
}

fn result_row(is_open: bool, cells: &Cells) -> Vec<Part> {
    let mut row = parts(cells, 1);
    if is_open {
        row.iter_mut().for_each(|part| part.label = part.label.or(Some(Label::Faint)));
    }
    row
}

fn help(width: usize) -> Vec<Vec<Part>> {
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

/// Whether a screen is too small for a conflict.
pub(super) fn is_too_small(size: Size) -> bool {
    size.width < SMALLEST.width || size.height < SMALLEST.height
}

fn too_small(size: Size) -> Page {
    let text = format!("Too small: {} x {} is needed. Ctrl-C leaves.", SMALLEST.width, SMALLEST.height);
    let line = cells(&text);
    let rows = wrap(&line, size.width.max(1));
    Page { rows: rows.into_iter().take(size.height).map(|row| parts(row, 0)).collect() }
}
