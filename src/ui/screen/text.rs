//! Untrusted text in columns: escaped, broken into rows, and compared with another one.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use unicode_width::UnicodeWidthChar;

use super::Part;
use crate::ui::{Label, escape_line};

/// What a character on the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Text as it is.
    Plain,
    /// Text that the other version does not have.
    Changed,
    /// The name of a character that would drive the terminal or reorder what stands around it.
    Escaped,
}

impl Mark {
    fn label(self) -> Option<Label> {
        match self {
            Self::Plain => None,
            Self::Changed => Some(Label::Modified),
            Self::Escaped => Some(Label::Warning),
        }
    }
}

/// One line, or one row, of marked characters.
pub(crate) type Cells = Vec<(char, Mark)>;

/// A line of text, escaped.
pub(crate) fn cells(line: &str) -> Cells {
    marked_cells(&line.chars().collect::<Vec<_>>(), 0..0)
}

/// A line of text, escaped; `changed` is the range of its characters that the other version does not have. Where that
/// could not be seen, it is made visible.
fn marked_cells(line: &[char], changed: Range<usize>) -> Cells {
    let is_blank = line[changed.clone()].iter().all(|c| c.is_whitespace());
    let mut cells = Cells::with_capacity(line.len());
    for (index, c) in line.iter().enumerate() {
        let is_changed = changed.contains(&index);
        if is_changed && c.width() == Some(0) {
            cells.extend(c.escape_unicode().map(|c| (c, Mark::Escaped)));
            continue;
        }
        let mut bytes = [0; 4];
        let text = &*c.encode_utf8(&mut bytes);
        let shown = escape_line(text);
        let mark = match &*shown {
            shown if shown != text => Mark::Escaped,
            _ if is_changed => Mark::Changed,
            _ => Mark::Plain,
        };
        let is_invisible = is_changed && is_blank && mark == Mark::Changed;
        cells.extend(shown.chars().map(|c| (if is_invisible { SPACE } else { c }, mark)));
    }
    cells
}

/// Stands for a space that is all that differs.
const SPACE: char = '␣';
/// Stands for an empty line that the other version does not have.
const EMPTY_LINE: char = '↵';

/// Breaks a line into rows of at most `width` columns, between words where it can; at least one row.
pub(crate) fn wrap(line: &[(char, Mark)], width: usize) -> Vec<&[(char, Mark)]> {
    let mut rows = Vec::new();
    let mut rest = line;
    loop {
        let mut used = 0;
        let fitting = rest.iter().take_while(|(c, _)| {
            used += c.width().unwrap_or(0);
            used <= width
        });
        // A character that is wider than a row has one of its own, however it looks.
        let count = fitting.count().max(1).min(rest.len());
        if count == rest.len() {
            rows.push(rest);
            return rows;
        }
        let word = rest[..=count].iter().rposition(|(c, _)| *c == ' ');
        let (row, after) = rest.split_at(word.map_or(count, |space| space + 1));
        // The space at which a row is broken need not fit.
        rows.push(&row[..row.len().min(count)]);
        rest = after;
    }
}

/// A row of cells as parts from `column` on.
pub(crate) fn parts(cells: &[(char, Mark)], mut column: usize) -> Vec<Part> {
    let runs = cells.chunk_by(|(_, one), (_, other)| one == other);
    runs.map(|run| {
        let text: String = run.iter().map(|(c, _)| *c).collect();
        let part = Part { column, label: run[0].1.label(), text };
        column += run.iter().map(|(c, _)| c.width().unwrap_or(0)).sum::<usize>();
        part
    })
    .collect()
}

/// Two lines that stand beside each other, `None` where one side has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// This device's.
    pub(crate) ours: Option<Cells>,
    /// The server's.
    pub(crate) theirs: Option<Cells>,
    /// Whether they differ.
    pub(crate) differs: bool,
}

impl Pair {
    /// Whether a terminal may write some of it from right to left, and with it what stands beside it in the row.
    pub(crate) fn is_right_to_left(&self) -> bool {
        let cells = self.ours.iter().chain(&self.theirs).flatten();
        cells.into_iter().any(|(c, _)| is_right_to_left(*c))
    }
}

/// Puts the lines of two texts beside each other that have nothing to do with each other.
pub(crate) fn beside(ours: &str, theirs: &str) -> Vec<Pair> {
    let (ours, theirs) = (lines(ours), lines(theirs));
    let line = |lines: &[&str], index: usize| lines.get(index).map(|line| cells(line));
    let pair = |index| Pair { ours: line(&ours, index), theirs: line(&theirs, index), differs: false };
    (0..ours.len().max(theirs.len())).map(pair).collect()
}

/// Puts the lines of two texts beside each other, as few as possible different, and marks what differs in them.
pub(crate) fn compare(ours: &str, theirs: &str) -> Vec<Pair> {
    let (our_lines, their_lines) = (lines(ours), lines(theirs));
    let mut input = InternedInput::default();
    input.update_before(our_lines.iter().copied());
    input.update_after(their_lines.iter().copied());
    let mut pairs = Vec::new();
    let mut at = 0;
    let alike = |pairs: &mut Vec<Pair>, from: usize, to: usize| {
        pairs.extend(our_lines[from..to].iter().map(|line| {
            let cells = cells(line);
            Pair { ours: Some(cells.clone()), theirs: Some(cells), differs: false }
        }));
    };
    for hunk in Diff::compute(Algorithm::Histogram, &input).hunks() {
        let [before, after] = [hunk.before, hunk.after].map(|range| range.start as usize..range.end as usize);
        alike(&mut pairs, at, before.start);
        at = before.end;
        for index in 0..before.len().max(after.len()) {
            let ours = our_lines[before.clone()].get(index).copied();
            pairs.push(differing(ours, their_lines[after.clone()].get(index).copied()));
        }
    }
    alike(&mut pairs, at, our_lines.len());
    pairs
}

/// The lines, with an empty one at the end where the text ends in a line break: it is there to be seen.
fn lines(text: &str) -> Vec<&str> {
    text.split('\n').collect()
}

/// Two lines, with what lies between their common beginning and their common end marked.
fn differing(ours: Option<&str>, theirs: Option<&str>) -> Pair {
    let chars = |line: Option<&str>| line.unwrap_or_default().chars().collect::<Vec<_>>();
    let (our_chars, their_chars) = (chars(ours), chars(theirs));
    let same = |(one, other): &(&char, &char)| one == other;
    let head = our_chars.iter().zip(&their_chars).take_while(same).count();
    let tails = our_chars[head..].iter().rev().zip(their_chars[head..].iter().rev());
    let tail = tails.take_while(same).count();
    let marked = |line: Option<&str>, chars: &[char], has_other: bool| {
        let is_empty = line?.is_empty() && !has_other;
        let cells = marked_cells(chars, head..chars.len() - tail);
        Some(if is_empty { vec![(EMPTY_LINE, Mark::Changed)] } else { cells })
    };
    Pair {
        ours: marked(ours, &our_chars, theirs.is_some()),
        theirs: marked(theirs, &their_chars, ours.is_some()),
        differs: true,
    }
}

/// Unicode's `DerivedBidiClass.txt`, classes R and AL, by the blocks that they fill.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cells: &[(char, Mark)]) -> String {
        cells.iter().map(|(c, _)| *c).collect()
    }

    fn changed(cells: Option<Cells>) -> String {
        let changed = cells.unwrap_or_default().into_iter().filter(|(_, mark)| *mark == Mark::Changed);
        changed.map(|(c, _)| c).collect()
    }

    #[test]
    fn a_line_is_broken_between_words_and_by_columns() {
        let rows =
            |line: &str, width| -> Vec<String> { wrap(&cells(line), width).into_iter().map(text).collect() };
        assert_eq!(rows("one two three", 8), ["one two ", "three"]);
        assert_eq!(rows("one two", 3), ["one", "two"]);
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("日本語", 5), ["日本", "語"]);
        assert_eq!(rows("日", 1), ["日"]);
        assert_eq!(rows("", 5), [""]);
    }

    #[test]
    fn hostile_characters_are_shown_by_name_and_told_from_text_that_reads_alike() {
        let line = cells("a\u{202e}b\\u{202e}");
        assert_eq!(text(&line), r"a\u{202e}b\u{202e}");
        let escaped: Cells = line.into_iter().filter(|(_, mark)| *mark == Mark::Escaped).collect();
        assert_eq!(text(&escaped), r"\u{202e}");
    }

    #[test]
    fn only_what_differs_is_marked() {
        let pairs = compare("same\nthe old gate\nend", "same\nthe new gate\nmore\nend");
        let marks: Vec<_> =
            pairs.into_iter().map(|pair| (pair.differs, changed(pair.ours), changed(pair.theirs))).collect();
        let none = String::new;
        assert_eq!(
            marks,
            [
                (false, none(), none()),
                (true, "old".to_owned(), "new".to_owned()),
                (true, none(), "more".to_owned()),
                (false, none(), none()),
            ]
        );
    }

    #[test]
    fn a_difference_that_nobody_would_see_is_made_visible() {
        let shown = |ours: &str, theirs: &str| -> Vec<_> {
            let pairs = compare(ours, theirs).into_iter().filter(|pair| pair.differs);
            pairs.map(|pair| [pair.ours, pair.theirs].map(|cells| text(&cells.unwrap_or_default()))).collect()
        };
        assert_eq!(shown("a gate", "a gate "), [["a gate", "a gate␣"]]);
        assert_eq!(shown("gate", "ga\u{200b}te"), [["gate", r"ga\u{200b}te"]]);
        assert_eq!(shown("gate", "gate\n"), [["", "↵"]]);
        assert_eq!(shown("a b", "a c d b"), [["a b", "a c d b"]], "these can be seen");
    }

    #[test]
    fn only_right_to_left_scripts_are() {
        assert!("שלוםمرحبا\u{10900}".chars().all(is_right_to_left));
        assert!(!"hello 日本語 é 🙂".chars().any(is_right_to_left));
        assert!(compare("a", "b\nשלום").iter().any(Pair::is_right_to_left));
    }
}
