//! A text in three versions on one page, in git's combined form: the first column is about this device, the second
//! about the server.
//!
//! `+` stands before lines as a side has them now, `-` before lines that it removed, both with the words marked that
//! it changed; conflicts stand between git's markers.

use super::words::{Look, marked};
use crate::reconcile::{Chunk, ConflictStyle, Labels, chunks};
use crate::ui::{Label, escape_line};

/// How many lines are shown around a change.
const CONTEXT: usize = 3;

/// One line of the page.
struct Row {
    text: String,
    is_change: bool,
    /// How many lines of the two versions that a position counts it stands for.
    lines: (usize, usize),
}

/// What both sides made of `base`; without one, theirs is compared with ours.
pub(super) fn combined(
    look: Look,
    base: Option<&str>,
    (ours, theirs): (&str, &str),
    style: ConflictStyle,
    labels: Labels<'_>,
) -> String {
    // Without a base there are no lines of it to show, and what is alike is best seen outside of the conflict.
    let style = if base.is_none() { ConflictStyle::Merge } else { style };
    let mut rows = Vec::new();
    for chunk in chunks(base.unwrap_or_default(), ours, theirs, style) {
        let lines = (chunk.ours.len(), chunk.theirs.len());
        if chunk.ours == chunk.theirs && (chunk.ours == chunk.base || base.is_none()) {
            rows.extend(chunk.ours.iter().map(|line| context(look, "  ", line)));
        } else if let Some(new) = chunk.merged() {
            let by_us = if chunk.ours == chunk.base { ' ' } else { sign(new) };
            let by_them = if chunk.theirs == chunk.base { ' ' } else { sign(new) };
            let texts = marked(look, &chunk.base, new);
            rows.extend(changed(look, &format!("{by_us}{by_them}"), texts, lines));
        } else {
            rows.extend(conflict(look, &chunk, base.is_some(), style, labels));
        }
    }
    let position = |(ours, theirs): (Span, Span)| format!("@@@ -{ours} -{theirs} @@@");
    hunks(look, &rows, &position)
}

/// Two versions of a text with the words marked that differ, as `git diff --word-diff` shows it.
pub(super) fn word_diff(look: Look, old: &str, new: &str) -> String {
    let mut rows = Vec::new();
    for chunk in chunks(old, old, new, ConflictStyle::Diff3) {
        let lines = (chunk.ours.len(), chunk.theirs.len());
        if chunk.ours == chunk.theirs {
            rows.extend(chunk.ours.iter().map(|line| context(look, "", line)));
        } else {
            let mut texts = marked(look, &chunk.ours, &chunk.theirs);
            if !look.palette.is_coloured() {
                let whole = match (chunk.ours.is_empty(), chunk.theirs.is_empty()) {
                    (true, _) => Some(("{+", "+}")),
                    (_, true) => Some(("[-", "-]")),
                    _ => None,
                };
                let enclose = |text| {
                    whole.map_or_else(|| String::clone(text), |(open, close)| format!("{open}{text}{close}"))
                };
                texts = texts.iter().map(enclose).collect();
            }
            rows.extend(changed(look, "", texts, lines));
        }
    }
    hunks(look, &rows, &|(old, new): (Span, Span)| format!("@@ -{old} +{new} @@"))
}

fn sign(new: &[&str]) -> char {
    if new.is_empty() { '-' } else { '+' }
}

fn context(look: Look, columns: &str, line: &str) -> Row {
    Row { text: format!("{columns}{}", look.shown(line)), is_change: false, lines: (1, 1) }
}

/// The rows of a stretch that changed; the first one stands for all of its lines.
fn changed(look: Look, columns: &str, texts: Vec<String>, lines: (usize, usize)) -> Vec<Row> {
    let label = if columns.contains('-') { Label::Deleted } else { Label::Added };
    let columns = look.palette.paint(label, columns).to_string();
    let row = |(n, text)| Row {
        text: format!("{columns}{text}"),
        is_change: true,
        lines: if n == 0 { lines } else { (0, 0) },
    };
    texts.into_iter().enumerate().map(row).collect()
}

fn conflict(
    look: Look,
    chunk: &Chunk<'_>,
    has_base: bool,
    style: ConflictStyle,
    labels: Labels<'_>,
) -> Vec<Row> {
    let marker = |mark: &str, label: &str| {
        let text = format!("++{} {}", mark.repeat(7), escape_line(label));
        let text = look.palette.paint(Label::Conflict, text.trim_end().to_owned()).to_string();
        Row { text, is_change: true, lines: (0, 0) }
    };
    let before_theirs = if has_base { &chunk.base } else { &chunk.ours };
    let mut rows = vec![marker("<", labels.ours)];
    rows.extend(changed(look, "+ ", marked(look, &chunk.base, &chunk.ours), (chunk.ours.len(), 0)));
    if style != ConflictStyle::Merge {
        rows.push(marker("|", labels.base));
        rows.extend(changed(look, "--", marked(look, &chunk.base, &[]), (0, 0)));
    }
    rows.push(marker("=", ""));
    rows.extend(changed(look, " +", marked(look, before_theirs, &chunk.theirs), (0, chunk.theirs.len())));
    rows.push(marker(">", labels.theirs));
    rows
}

/// Where a hunk lies in one version: its first line and how many there are.
struct Span {
    start: usize,
    count: usize,
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // As in git, an empty stretch is named by the line before it.
        write!(f, "{},{}", self.start + usize::from(self.count > 0), self.count)
    }
}

/// The changed rows with some of what stands around them, each stretch under its position.
fn hunks(look: Look, rows: &[Row], position: &dyn Fn((Span, Span)) -> String) -> String {
    if rows.iter().all(|row| !row.is_change) {
        // A line is no other one because it is the last.
        return "(only the line end at the end of the text differs)\n".to_owned();
    }
    let mut out = String::new();
    let mut start = (0, 0);
    let mut at = 0;
    let is_near = |n: usize| {
        let around = &rows[n.saturating_sub(CONTEXT)..rows.len().min(n + CONTEXT + 1)];
        around.iter().any(|row| row.is_change)
    };
    let count =
        |rows: &[Row]| rows.iter().fold((0, 0), |sum, row| (sum.0 + row.lines.0, sum.1 + row.lines.1));
    while at < rows.len() {
        let near = is_near(at);
        let end = (at..rows.len()).find(|n| is_near(*n) != near).unwrap_or(rows.len());
        let lines = count(&rows[at..end]);
        if near {
            let spans = (Span { start: start.0, count: lines.0 }, Span { start: start.1, count: lines.1 });
            out.extend([format!("{}\n", look.palette.paint(Label::Position, position(spans)))]);
            out.extend(rows[at..end].iter().map(|row| format!("{}\n", row.text)));
        }
        start = (start.0 + lines.0, start.1 + lines.1);
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Palette;

    const PLAIN: Look = Look { palette: Palette::plain(), is_terminal: true };
    const LABELS: Labels<'_> = Labels { ours: "ours (laptop)", base: "base", theirs: "theirs (origin)" };

    fn page(base: Option<&str>, ours: &str, theirs: &str, style: ConflictStyle) -> String {
        combined(PLAIN, base, (ours, theirs), style, LABELS)
    }

    const BASE: &str = "Tea\n\nTea is at four in the garden.\nBring cups.\n1\n2\n3\n4\n5\n6\n7\n8\nBye.";
    const OURS: &str =
        "Tea\n\nTea is at five in the garden.\nBring cups.\n1\n2\n3\n4\n5\n6\n7\n8\nBye, Ada.\nP. S.";
    const THEIRS: &str = "Tea\n\nTea is at four in the kitchen.\nBring cups.\n1\n2\n4\n5\n6\n7\n8\nBye.";

    #[test]
    fn each_side_has_a_column_and_marks_its_words() {
        insta::assert_snapshot!(page(Some(BASE), OURS, THEIRS, ConflictStyle::Diff3), @"
        @@@ -1,14 -1,12 @@@
          Tea
          
        ++<<<<<<< ours (laptop)
        + Tea is at [-four-]{+five+} in the garden.
        ++||||||| base
        --Tea is at four in the garden.
        ++=======
         +Tea is at four in the [-garden-]{+kitchen+}.
        ++>>>>>>> theirs (origin)
          Bring cups.
          1
          2
         -3
          4
          5
          6
          7
          8
        + Bye{+, Ada.+}
        + {+P. S+}.
        ");
    }

    #[test]
    fn without_a_base_both_are_compared_with_each_other() {
        insta::assert_snapshot!(page(None, "Tea\nat four", "Tea\nat Four", ConflictStyle::Diff3), @"
        @@@ -1,2 -1,2 @@@
          Tea
        ++<<<<<<< ours (laptop)
        + at four
        ++=======
         +at [-four-]{+Four+}
        ++>>>>>>> theirs (origin)
        ");
    }

    #[test]
    fn a_line_end_at_the_end_is_not_passed_over_in_silence() {
        insta::assert_snapshot!(page(Some("a"), "a\n", "a", ConflictStyle::Diff3), @"(only the line end at the end of the text differs)");
    }

    #[test]
    fn labels_and_text_cannot_drive_a_terminal() {
        let labels = Labels { ours: "ours (\u{1b}[2J)", ..LABELS };
        insta::assert_snapshot!(combined(PLAIN, Some("a"), ("\u{9b}2Jb", "\u{202e}c"), ConflictStyle::Diff3, labels), @r"
        @@@ -1,1 -1,1 @@@
        ++<<<<<<< ours (\u{1b}[2J)
        + [-a-]
        + {+\u{9b}2Jb+}
        ++||||||| base
        --a
        ++=======
         +[-a-]
         +{+\u{202e}c+}
        ++>>>>>>> theirs (origin)
        ");
    }

    #[test]
    fn two_versions_with_words_marked() {
        insta::assert_snapshot!(word_diff(PLAIN, BASE, OURS), @"
        @@ -1,6 +1,6 @@
        Tea

        Tea is at [-four-]{+five+} in the garden.
        Bring cups.
        1
        2
        @@ -10,4 +10,5 @@
        6
        7
        8
        Bye{+, Ada.+}
        {+P. S+}.
        ");
        insta::assert_snapshot!(word_diff(PLAIN, "a\nb", "a"), @"
        @@ -1,2 +1,1 @@
        a
        [-b-]
        ");
    }

    #[test]
    fn a_memory_of_200_kilobytes_on_one_line_is_shown() {
        let text = |every: usize, word: &str| -> String {
            let words =
                (0..30_000).map(|n| if n % every == 7 { word.to_owned() } else { format!("w{}", n % 977) });
            words.collect::<Vec<_>>().join(" ")
        };
        let (base, ours, theirs) = (text(1_000_000, ""), text(1000, "ours"), text(700, "theirs"));
        let page = page(Some(&base), &ours, &theirs, ConflictStyle::Diff3);
        assert_eq!(page.lines().count(), 8);
        assert!(page.matches("{+ours+}").count() > 20 && page.matches("{+theirs+}").count() > 20);
    }
}
