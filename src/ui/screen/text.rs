//! Untrusted text in columns: escaped, broken into rows, and compared with another one.

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

/// A line of text, escaped; `changed` is the range of its characters that the other version does not have.
pub(crate) fn cells(line: &str, changed: std::ops::Range<usize>) -> Cells {
    let mut cells = Cells::with_capacity(line.len());
    for (index, c) in line.chars().enumerate() {
        let mut bytes = [0; 4];
        let text = &*c.encode_utf8(&mut bytes);
        let shown = escape_line(text);
        let mark = match &*shown {
            shown if shown != text => Mark::Escaped,
            _ if changed.contains(&index) => Mark::Changed,
            _ => Mark::Plain,
        };
        cells.extend(shown.chars().map(|c| (c, mark)));
    }
    cells
}

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
            let cells = cells(line, 0..0);
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
    Pair {
        ours: ours.map(|line| cells(line, head..our_chars.len() - tail)),
        theirs: theirs.map(|line| cells(line, head..their_chars.len() - tail)),
        differs: true,
    }
}

/// Whether a terminal may write some of this text from right to left, and with it what stands beside it in the row.
pub(crate) fn is_right_to_left(text: &str) -> bool {
    // The blocks whose characters are right-to-left: Unicode's DerivedBidiClass.txt, classes R and AL.
    text.chars().any(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
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
        let rows = |line: &str, width| -> Vec<String> {
            wrap(&cells(line, 0..0), width).into_iter().map(text).collect()
        };
        assert_eq!(rows("one two three", 8), ["one two ", "three"]);
        assert_eq!(rows("one two", 3), ["one", "two"]);
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("日本語", 5), ["日本", "語"]);
        assert_eq!(rows("日", 1), ["日"]);
        assert_eq!(rows("", 5), [""]);
    }

    #[test]
    fn hostile_characters_are_shown_by_name_and_told_from_text_that_reads_alike() {
        let line = cells("a\u{202e}b\\u{202e}", 0..0);
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
    fn only_right_to_left_scripts_are() {
        assert!(["שלום", "a مرحبا", "\u{10900}"].into_iter().all(is_right_to_left));
        assert!(!["hello", "日本語", "é", "🙂"].into_iter().any(is_right_to_left));
    }
}
