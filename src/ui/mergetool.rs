//! The conflicts of `memsync mergetool` on a screen: which is shown, what is chosen, what a key does.
//!
//! A pure state machine: [`Mergetool::press`] takes a key and says what is to be done, `Mergetool::page` is what
//! stands on a screen of some size. Nothing that is chosen means anything before [`Next::Write`].
//!
//! Must never: touch the terminal, or show text unescaped.

mod lists;
mod page;
mod panes;

use super::screen::{Key, Size};

/// Whose value of a field is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// This device's.
    Ours,
    /// The server's.
    Theirs,
    /// The one that both had when they last agreed.
    Base,
    /// What either has, where the field is a set.
    Both,
}

/// A field's value as text; `None` where a version does not have it.
type Value<'a> = Option<&'a str>;

/// A field that both sides changed: its values as text, `None` where a version does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldQuestion {
    /// Its name.
    pub name: String,
    /// On this device.
    pub ours: Option<String>,
    /// On the server.
    pub theirs: Option<String>,
    /// When both last agreed; the outer `None` where they never did.
    pub base: Option<Option<String>>,
    /// Both together, where the field is a set.
    pub both: Option<String>,
    /// What a version without a value is called.
    pub absent: &'static str,
}

impl FieldQuestion {
    /// The value that is taken; the outer `None` where it cannot be.
    fn value(&self, take: Take) -> Option<Value<'_>> {
        match take {
            Take::Ours => Some(self.ours.as_deref()),
            Take::Theirs => Some(self.theirs.as_deref()),
            Take::Base => self.base.as_ref().map(Option::as_deref),
            Take::Both => self.both.as_deref().map(Some),
        }
    }
}

/// A conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The memory's name, short.
    pub id: String,
    /// The memory's first line.
    pub title: String,
    /// What happened, in git's words.
    pub what: String,
    /// The fields that collide, at least one.
    pub fields: Vec<FieldQuestion>,
}

/// What is chosen for a conflict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For each field, in the question's order.
    pub takes: Vec<Option<Take>>,
    /// The values of the fields after the whole memory was edited, which then is the answer.
    pub edited: Option<Vec<Option<String>>>,
}

impl Answer {
    /// Whether nothing is open.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.edited.is_some() || self.takes.iter().all(Option::is_some)
    }
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To go on.
    Stay,
    /// To open the editor on the memory of this question.
    Edit(usize),
    /// To carry out what is chosen.
    Write,
    /// To forget what is chosen.
    Abort,
}

/// Which page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Question(usize),
    Summary,
    /// The list of keys, and where it was asked for.
    Help(usize),
}

/// The conflicts, and what is chosen so far.
#[derive(Clone, Debug)]
pub struct Mergetool {
    device: String,
    remote: String,
    questions: Vec<Question>,
    answers: Vec<Answer>,
    place: Place,
    field: usize,
    /// The first row of the versions that is shown; `None` where that is for the first difference to say.
    scroll: Option<usize>,
    message: Option<String>,
}

impl Mergetool {
    /// Begins with the first question; each comes with what is chosen for its fields already. `device` and `remote`
    /// are this device's and the server's names.
    #[must_use]
    pub fn new(device: &str, remote: &str, questions: Vec<(Question, Vec<Option<Take>>)>) -> Self {
        let (questions, takes): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
        Self {
            device: device.to_owned(),
            remote: remote.to_owned(),
            answers: takes.into_iter().map(|takes| Answer { takes, edited: None }).collect(),
            questions,
            place: Place::Question(0),
            field: 0,
            scroll: None,
            message: None,
        }
    }

    /// What is chosen, in the order of the questions.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// Takes an edited memory as the answer to a question; `values` are its fields'.
    pub fn set_edited(&mut self, question: usize, values: Vec<Option<String>>) {
        self.answers[question].edited = Some(values);
        self.scroll = None;
    }

    /// Says something at the bottom until the next key.
    pub fn say(&mut self, message: impl Into<String>) {
        self.message = Some(message.into());
    }

    /// Does what a key means on a screen of this size.
    pub fn press(&mut self, key: Key, size: Size) -> Next {
        if key == Key::Other {
            return Next::Stay;
        }
        self.message = None;
        match (self.place, key) {
            (_, Key::Interrupt) => return Next::Abort,
            // Nobody answers what cannot be read.
            _ if page::is_too_small(size) => {}
            (Place::Help(question), key) if !key.is_scrolling() => {
                (self.place, self.scroll) = (Place::Question(question), None);
            }
            (Place::Help(_), _) => self.scroll_by(key, size),
            (Place::Summary, _) => return self.press_in_summary(key, size),
            (Place::Question(question), _) => return self.press_in_question(question, key, size),
        }
        Next::Stay
    }

    fn press_in_summary(&mut self, key: Key, size: Size) -> Next {
        match key {
            Key::Char('y') if self.decided() > 0 => return Next::Write,
            Key::Char('n' | 'q') => return Next::Abort,
            Key::Char('p') | Key::Backspace | Key::Left => self.show(self.questions.len() - 1),
            _ => self.scroll_by(key, size),
        }
        Next::Stay
    }

    fn press_in_question(&mut self, question: usize, key: Key, size: Size) -> Next {
        match key {
            Key::Char('o') => self.take(question, Take::Ours),
            Key::Char('t') => self.take(question, Take::Theirs),
            Key::Char('b') => self.take(question, Take::Base),
            Key::Char('u') => self.take(question, Take::Both),
            Key::Char('e') => return Next::Edit(question),
            Key::Char('s') => {
                let takes = vec![None; self.answers[question].takes.len()];
                self.answers[question] = Answer { takes, edited: None };
                self.show(question + 1);
            }
            Key::Enter => self.go_on(question),
            Key::Char('p') | Key::Backspace if question == 0 => self.say("this is the first one"),
            Key::Char('p') | Key::Backspace => self.show(question - 1),
            Key::Tab | Key::Right => self.show_field(question, 1),
            Key::BackTab | Key::Left => self.show_field(question, self.answers[question].takes.len() - 1),
            Key::Char('n') => self.scroll_to_difference(size),
            Key::Char('?' | 'h') => (self.place, self.scroll) = (Place::Help(question), Some(0)),
            Key::Char('q') if !self.is_begun() => return Next::Abort,
            Key::Char('q') => self.show(self.questions.len()),
            _ => self.scroll_by(key, size),
        }
        Next::Stay
    }

    /// Takes one version's value, and shows the next field that is open.
    fn take(&mut self, question: usize, take: Take) {
        let field = &self.questions[question].fields[self.field];
        if field.value(take).is_none() {
            let name = &field.name;
            let why = match take {
                Take::Both => format!("{name} is no set: there is no both"),
                _ => "both sides added this memory: there is no base".to_owned(),
            };
            return self.say(why);
        }
        let answer = &mut self.answers[question];
        answer.edited = None;
        answer.takes[self.field] = Some(take);
        let count = answer.takes.len();
        let following = (1..count).map(|step| (self.field + step) % count);
        if let Some(open) = following.into_iter().find(|field| answer.takes[*field].is_none()) {
            (self.field, self.scroll) = (open, None);
        }
    }

    fn go_on(&mut self, question: usize) {
        let answer = &self.answers[question];
        if answer.is_decided() {
            return self.show(question + 1);
        }
        match answer.takes.iter().filter(|take| take.is_none()).count() {
            1 => self.say("not decided yet: choose one, or s to skip"),
            open => self.say(format!("{open} fields are not decided yet: choose, or s to skip")),
        }
    }

    /// Shows a question, or the summary after the last one.
    fn show(&mut self, question: usize) {
        let last = self.questions.len();
        self.place = if question < last { Place::Question(question) } else { Place::Summary };
        (self.field, self.scroll) = (0, None);
    }

    fn show_field(&mut self, question: usize, steps: usize) {
        self.field = (self.field + steps) % self.answers[question].takes.len();
        self.scroll = None;
    }

    /// Whether anything is chosen.
    fn is_begun(&self) -> bool {
        let is_begun = |answer: &Answer| answer.edited.is_some() || answer.takes.iter().any(Option::is_some);
        self.answers.iter().any(is_begun)
    }

    /// How many questions are decided.
    fn decided(&self) -> usize {
        self.answers.iter().filter(|answer| answer.is_decided()).count()
    }

    fn scroll_by(&mut self, key: Key, size: Size) {
        let view = self.view(size);
        let screenful = view.shown.max(2) - 1;
        let top = match key {
            Key::Up | Key::Char('k') => view.top.saturating_sub(1),
            Key::Down | Key::Char('j') => view.top + 1,
            Key::PageUp => view.top.saturating_sub(screenful),
            Key::PageDown | Key::Char(' ') => view.top + screenful,
            Key::Home => 0,
            Key::End => usize::MAX,
            _ => return,
        };
        self.scroll = Some(top.min(view.last_top()));
    }

    fn scroll_to_difference(&mut self, size: Size) {
        let view = self.view(size);
        match view.next_difference {
            Some(top) => self.scroll = Some(top.min(view.last_top())),
            None => self.say("no difference below"),
        }
    }
}

/// Which part of what can be scrolled a screen shows.
struct View {
    /// Its first row.
    top: usize,
    /// How many rows.
    shown: usize,
    /// How many rows there are.
    rows: usize,
    /// Where the next difference below begins.
    next_difference: Option<usize>,
}

impl View {
    /// Where the end is on the screen.
    fn last_top(&self) -> usize {
        self.rows.saturating_sub(self.shown)
    }
}

#[cfg(test)]
mod tests;
