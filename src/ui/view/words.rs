//! Which words differ between two texts: by colour, or by git's marks `[-…-]` and `{+…+}` where there is none.

use std::borrow::Cow;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::reconcile::{similarity, words};
use crate::ui::{Label, Palette, escape};

/// What a page is for.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its colours.
    pub palette: Palette,
    /// Whether memory text may reach a terminal, and must be escaped.
    pub is_terminal: bool,
}

impl Look {
    /// Memory text as it may be printed.
    #[must_use]
    pub fn shown(self, text: &str) -> Cow<'_, str> {
        if self.is_terminal { escape(text) } else { Cow::Borrowed(text) }
    }

    /// Memory text as `label` looks.
    #[must_use]
    pub fn painted(self, label: Label, text: &str) -> String {
        self.palette.paint(label, self.shown(text)).to_string()
    }
}

/// What became of a stretch of words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Deleted,
    Added,
}

/// Both texts in one: the words of `new`, and those of `old` that it lacks where they were. Texts that have little in
/// common follow each other whole; where one is empty, no word is marked.
pub(super) fn marked(look: Look, old: &[&str], new: &[&str]) -> Vec<String> {
    /// Below this, the words that are alike are so by chance.
    const LEAST: u8 = 30;
    if old.is_empty() || new.is_empty() {
        let (label, lines) = if old.is_empty() { (Label::Added, new) } else { (Label::Deleted, old) };
        return lines.iter().map(|line| look.painted(label, line)).collect();
    }
    let mut page = Page { look, lines: vec![String::new()] };
    let (old, new) = (old.join("\n"), new.join("\n"));
    if similarity(&old, &new) < LEAST {
        page.push(Fate::Deleted, &old);
        page.lines.push(String::new());
        page.push(Fate::Added, &new);
        return page.lines;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (words(&old).collect(), words(&new).collect());
    let mut at = 0;
    for (gone, come) in changed_words(&old, &new) {
        page.push(Fate::Kept, &old[at..gone.start].concat());
        page.push(Fate::Deleted, &old[gone.clone()].concat());
        page.push(Fate::Added, &new[come].concat());
        at = gone.end;
    }
    page.push(Fate::Kept, &old[at..].concat());
    page.lines
}

/// The ranges of words that differ; those that only a space lies between are one.
fn changed_words(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut changed: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for hunk in diff.hunks() {
        let (gone, come) = (range(&hunk.before), range(&hunk.after));
        match changed.last_mut() {
            Some(last) if old[last.0.end..gone.start].iter().all(|word| is_space(word)) => {
                (last.0.end, last.1.end) = (gone.end, come.end);
            }
            _ => changed.push((gone, come)),
        }
    }
    changed
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

fn is_space(word: &str) -> bool {
    word != "\n" && word.trim().is_empty()
}

/// The lines so far.
struct Page {
    look: Look,
    lines: Vec<String>,
}

impl Page {
    /// Goes on with `text`, each of its lines with marks of its own.
    fn push(&mut self, fate: Fate, text: &str) {
        for (n, piece) in text.split('\n').enumerate() {
            if n > 0 {
                self.lines.push(String::new());
            }
            if let Some(line) = self.lines.last_mut().filter(|_| !piece.is_empty()) {
                line.push_str(&mark(self.look, fate, piece));
            }
        }
    }
}

fn mark(look: Look, fate: Fate, text: &str) -> String {
    match (fate, look.palette.is_coloured()) {
        (Fate::Kept, _) => look.shown(text).into_owned(),
        (Fate::Deleted, true) => look.painted(Label::DeletedWord, text),
        (Fate::Added, true) => look.painted(Label::AddedWord, text),
        (Fate::Deleted, false) => format!("[-{}-]", look.shown(text)),
        (Fate::Added, false) => format!("{{+{}+}}", look.shown(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(look: Look, old: &str, new: &str) -> String {
        let lines = |text: &'static str| text.lines().collect::<Vec<_>>();
        let (old, new): (&'static str, &'static str) = (old.to_owned().leak(), new.to_owned().leak());
        marked(look, &lines(old), &lines(new)).join("\n")
    }

    const PLAIN: Look = Look { palette: Palette::plain(), is_terminal: true };

    #[test]
    fn the_words_that_changed_are_marked() {
        insta::assert_snapshot!(shown(PLAIN, "At sea level.", "At sea level, that is."), @"At sea level{+, that is+}.");
        insta::assert_snapshot!(shown(PLAIN, "Call Ada on Monday morning", "Call Eve by Monday morning"), @"Call [-Ada on-]{+Eve by+} Monday morning");
        insta::assert_snapshot!(shown(PLAIN, "one two three\nfour five", "one two three four\nfive"), @"
        one two three
        [-four -]{+ four+}
        five
        ");
        insta::assert_snapshot!(shown(PLAIN, "wholly different", "nothing alike here"), @"
        [-wholly different-]
        {+nothing alike here+}
        ");
        insta::assert_snapshot!(shown(PLAIN, "", "new\nlines"), @"
        new
        lines
        ");
    }

    #[test]
    fn hostile_words_are_escaped_and_stay_within_their_marks() {
        insta::assert_snapshot!(
            shown(PLAIN, "the word is red, they say", "the word is \u{1b}[31m\u{202e}, they say"),
            @r"the word is [-red-]{+\u{1b}[31m\u{202e}+}, they say"
        );
    }

    #[test]
    fn with_colours_there_are_no_marks() {
        let coloured = Look { palette: Palette::new(true), is_terminal: true };
        let shown = shown(coloured, "Tea is at four", "Tea is at five");
        assert_eq!(shown, "Tea is at \u{1b}[7m\u{1b}[31mfour\u{1b}[0m\u{1b}[7m\u{1b}[32mfive\u{1b}[0m");
    }
}
