//! Three-way merge of text, line by line, as git merges a file.
//!
//! Guarantees: a text that only one side changed comes out as that side has it, byte for byte; both sides' lines are
//! all in a conflicted text; the same three texts give the same result. Where a last line lacks its line end is a
//! value of its own, merged like any other: a line is not different because it is the last one.
//!
//! Must never: look at anything but the three texts.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use imara_diff::{Algorithm, Diff, Hunk, InternedInput};

/// How a conflict is written into a text: git's `merge.conflictStyle`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictStyle {
    /// Both sides' lines; what is alike in them stands outside.
    Merge,
    /// Both sides' lines and those of the base between them.
    #[default]
    Diff3,
    /// As [`ConflictStyle::Diff3`], but lines that both sides begin or end with alike stand outside.
    Zdiff3,
}

impl ConflictStyle {
    /// Every style.
    pub const ALL: [Self; 3] = [Self::Merge, Self::Diff3, Self::Zdiff3];
}

impl fmt::Display for ConflictStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "merge",
            Self::Diff3 => "diff3",
            Self::Zdiff3 => "zdiff3",
        })
    }
}

impl FromStr for ConflictStyle {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let style = Self::ALL.into_iter().find(|style| style.to_string() == text);
        style.ok_or("merge, diff3 or zdiff3")
    }
}

/// What stands behind the markers of a conflict. A line break in one of them would forge lines: give none.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// Behind `<<<<<<<`.
    pub ours: &'a str,
    /// Behind `|||||||`.
    pub base: &'a str,
    /// Behind `>>>>>>>`.
    pub theirs: &'a str,
}

/// A merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedText {
    /// The text, with markers around what collides.
    pub text: String,
    /// How many conflicts are in it.
    pub conflicts: usize,
    /// How many characters a marker has: git's seven, or more where a line of the texts looks like a marker.
    pub marker_size: usize,
}

/// A stretch of lines, without their line ends, as each text has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// In the base.
    pub base: Vec<&'a str>,
    /// On this device.
    pub ours: Vec<&'a str>,
    /// On the server.
    pub theirs: Vec<&'a str>,
    /// Both sides changed it, and not alike.
    pub is_conflict: bool,
}

impl<'a> Chunk<'a> {
    /// The merged lines; `None` where there is a conflict.
    #[must_use]
    pub fn merged(&self) -> Option<&[&'a str]> {
        let by_them = if self.ours == self.base { &self.theirs } else { &self.ours };
        (!self.is_conflict).then_some(by_them)
    }

    /// Lines that both sides made of a conflict alike.
    fn alike(lines: &[&'a str]) -> Self {
        Self { ours: lines.to_vec(), theirs: lines.to_vec(), ..Self::default() }
    }

    fn append(&mut self, other: Self) {
        self.base.extend(other.base);
        self.ours.extend(other.ours);
        self.theirs.extend(other.theirs);
    }
}

/// Merges `ours` and `theirs`, which both came from `base`.
#[must_use]
pub fn merge_text(
    base: &str,
    ours: &str,
    theirs: &str,
    style: ConflictStyle,
    labels: Labels<'_>,
) -> MergedText {
    let chunks = chunks(base, ours, theirs, style);
    let marker_size = marker_size(&[base, ours, theirs]);
    let mut text = String::new();
    for chunk in &chunks {
        match chunk.merged() {
            Some(lines) => push_lines(&mut text, lines),
            None => push_conflict(&mut text, chunk, style, labels, marker_size),
        }
    }
    let ends = [base, ours, theirs].map(|text| text.ends_with('\n'));
    let is_ended = if ends[1] == ends[0] { ends[2] } else { ends[1] };
    if !is_ended && text.ends_with('\n') {
        text.pop();
    }
    MergedText { text, conflicts: chunks.iter().filter(|chunk| chunk.is_conflict).count(), marker_size }
}

/// The first line of `text` that is a marker of this size, counted from 1.
#[must_use]
pub fn find_marker(text: &str, marker_size: usize) -> Option<usize> {
    text.lines().position(|line| marker_length(line) == Some(marker_size)).map(|index| index + 1)
}

/// The three texts side by side, in stretches that are alike, changed by one side, or in conflict. The lines of the
/// chunks, one after the other, are the lines of each text; only under [`ConflictStyle::Merge`] is a conflict's base
/// found as a whole in the first of the conflicts that it came apart into.
#[must_use]
pub fn chunks<'a>(base: &'a str, ours: &'a str, theirs: &'a str, style: ConflictStyle) -> Vec<Chunk<'a>> {
    let texts = Texts { base: lines(base), ours: lines(ours), theirs: lines(theirs) };
    let plain = texts.chunks();
    match style {
        ConflictStyle::Diff3 => plain,
        ConflictStyle::Zdiff3 => plain.into_iter().flat_map(trimmed).collect(),
        ConflictStyle::Merge => joined(plain.into_iter().flat_map(refined).collect()),
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_terminator('\n').collect()
}

struct Texts<'a> {
    base: Vec<&'a str>,
    ours: Vec<&'a str>,
    theirs: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    fn chunks(&self) -> Vec<Chunk<'a>> {
        let (by_us, by_them) = (hunks(&self.base, &self.ours), hunks(&self.base, &self.theirs));
        let mut changed = groups(&by_us, &by_them).into_iter();
        let mut chunks = Vec::new();
        // Where the next chunk begins in each text.
        let (mut base, mut ours, mut theirs) = (0, 0, 0);
        loop {
            let group = changed.next();
            let alike = group.as_ref().map_or(self.base.len(), |group| group.base.start) - base;
            if alike > 0 {
                chunks.push(self.chunk(base..base + alike, ours..ours + alike, theirs..theirs + alike));
            }
            (base, ours, theirs) = (base + alike, ours + alike, theirs + alike);
            let Some(group) = group else { return chunks };
            let next = (group.base.end, ours + group.ours, theirs + group.theirs);
            chunks.push(self.chunk(base..next.0, ours..next.1, theirs..next.2));
            (base, ours, theirs) = next;
        }
    }

    fn chunk(&self, base: Range<usize>, ours: Range<usize>, theirs: Range<usize>) -> Chunk<'a> {
        let (base, ours, theirs) = (&self.base[base], &self.ours[ours], &self.theirs[theirs]);
        Chunk {
            base: base.to_vec(),
            ours: ours.to_vec(),
            theirs: theirs.to_vec(),
            is_conflict: ours != theirs && ours != base && theirs != base,
        }
    }
}

/// What changed from one list of lines to another.
fn hunks(before: &[&str], after: &[&str]) -> Vec<Hunk> {
    let mut input = InternedInput::default();
    input.update_before(before.iter().copied());
    input.update_after(after.iter().copied());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    diff.hunks().collect()
}

/// A range of the base that a side changed, or both, and how many lines each has in its place.
struct Group {
    base: Range<usize>,
    ours: usize,
    theirs: usize,
}

/// Puts together what overlaps or touches, as git does: of two changes side by side nobody knows the order.
fn groups(by_us: &[Hunk], by_them: &[Hunk]) -> Vec<Group> {
    let (mut by_us, mut by_them) = (by_us.iter().peekable(), by_them.iter().peekable());
    let mut groups = Vec::new();
    while let Some(start) = [by_us.peek(), by_them.peek()].into_iter().flatten().map(|h| h.before.start).min()
    {
        let (mut end, mut grown_by_us, mut grown_by_them) = (start, 0, 0);
        loop {
            let next = |hunk: &&Hunk| hunk.before.start <= end;
            if let Some(hunk) = by_us.next_if(next) {
                end = end.max(hunk.before.end);
                grown_by_us += growth(hunk);
            } else if let Some(hunk) = by_them.next_if(next) {
                end = end.max(hunk.before.end);
                grown_by_them += growth(hunk);
            } else {
                break;
            }
        }
        let long = |growth: i64| {
            usize::try_from(i64::from(end - start) + growth)
                .expect("no more lines are removed than there are")
        };
        let base = start as usize..end as usize;
        groups.push(Group { base, ours: long(grown_by_us), theirs: long(grown_by_them) });
    }
    groups
}

fn growth(hunk: &Hunk) -> i64 {
    i64::from(hunk.after.end - hunk.after.start) - i64::from(hunk.before.end - hunk.before.start)
}

/// A conflict without the lines that both sides begin and end with alike, which stand before and after it.
fn trimmed(chunk: Chunk<'_>) -> Vec<Chunk<'_>> {
    if !chunk.is_conflict {
        return vec![chunk];
    }
    let Chunk { base, ours, theirs, is_conflict } = chunk;
    let alike = |(one, other): &(&&str, &&str)| one == other;
    let head = ours.iter().zip(&theirs).take_while(alike).count();
    let tail = ours[head..].iter().rev().zip(theirs[head..].iter().rev()).take_while(alike).count();
    let (our_end, their_end) = (ours.len() - tail, theirs.len() - tail);
    let (our_middle, their_middle) = (ours[head..our_end].to_vec(), theirs[head..their_end].to_vec());
    let middle = Chunk { base, ours: our_middle, theirs: their_middle, is_conflict };
    let parts = [Chunk::alike(&ours[..head]), middle, Chunk::alike(&ours[our_end..])];
    parts.into_iter().filter(|part| *part != Chunk::default()).collect()
}

/// A conflict as the stretches in which both sides differ, and those in which they do not.
fn refined(chunk: Chunk<'_>) -> Vec<Chunk<'_>> {
    if !chunk.is_conflict {
        return vec![chunk];
    }
    let Chunk { mut base, ours, theirs, is_conflict } = chunk;
    let (mut parts, mut at) = (Vec::new(), 0);
    for hunk in hunks(&ours, &theirs) {
        let (before, after) = (hunk.before.start as usize..hunk.before.end as usize, hunk.after);
        parts.push(Chunk::alike(&ours[at..before.start]));
        at = before.end;
        parts.push(Chunk {
            base: std::mem::take(&mut base),
            ours: ours[before].to_vec(),
            theirs: theirs[after.start as usize..after.end as usize].to_vec(),
            is_conflict,
        });
    }
    parts.push(Chunk::alike(&ours[at..]));
    parts.retain(|part| *part != Chunk::default());
    parts
}

/// Draws conflicts together that only a few lines lie between, all of them alike on both sides.
fn joined(chunks: Vec<Chunk<'_>>) -> Vec<Chunk<'_>> {
    /// As git: so many lines in between tell less than one conflict more costs.
    const GAP: usize = 3;
    let mut joined: Vec<Chunk<'_>> = Vec::new();
    for chunk in chunks {
        let gap = joined.iter().rev().take_while(|chunk| !chunk.is_conflict && chunk.ours == chunk.theirs);
        let (chunks, lines) = gap.fold((0, 0), |(chunks, lines), gap| (chunks + 1, lines + gap.ours.len()));
        let gap = joined.len() - chunks;
        if chunk.is_conflict
            && lines <= GAP
            && gap.checked_sub(1).is_some_and(|last| joined[last].is_conflict)
        {
            let between: Vec<_> = joined.drain(gap..).collect();
            between.into_iter().chain([chunk]).for_each(|next| joined[gap - 1].append(next));
        } else {
            joined.push(chunk);
        }
    }
    joined
}

fn push_lines(text: &mut String, lines: &[&str]) {
    text.extend(lines.iter().flat_map(|line| [line, "\n"]));
}

fn push_conflict(
    text: &mut String,
    chunk: &Chunk<'_>,
    style: ConflictStyle,
    labels: Labels<'_>,
    marker_size: usize,
) {
    let mut marker = |mark: &str, label: &str, lines: &[&str]| {
        text.push_str(&mark.repeat(marker_size));
        if !label.is_empty() {
            text.extend([" ", label]);
        }
        text.push('\n');
        push_lines(text, lines);
    };
    marker("<", labels.ours, &chunk.ours);
    if style != ConflictStyle::Merge {
        marker("|", labels.base, &chunk.base);
    }
    marker("=", "", &chunk.theirs);
    marker(">", labels.theirs, &[]);
}

fn marker_size(texts: &[&str]) -> usize {
    const USUAL: usize = 7;
    let longest = texts.iter().flat_map(|text| text.lines()).filter_map(marker_length).max();
    longest.filter(|longest| *longest >= USUAL).map_or(USUAL, |longest| longest + 1)
}

/// How long the marker is that `line` is, or looks like.
fn marker_length(line: &str) -> Option<usize> {
    let mark = line.chars().next().filter(|first| "<|=>".contains(*first))?;
    let rest = line.trim_start_matches(mark);
    (rest.is_empty() || rest.starts_with([' ', '\r'])).then_some(line.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LABELS: Labels<'_> = Labels { ours: "ours (laptop)", base: "base", theirs: "theirs (origin)" };

    fn merged(base: &str, ours: &str, theirs: &str, style: ConflictStyle) -> MergedText {
        merge_text(base, ours, theirs, style, LABELS)
    }

    fn clean(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = merged(base, ours, theirs, ConflictStyle::Diff3);
        (merged.conflicts == 0).then_some(merged.text)
    }

    #[test]
    fn changes_that_do_not_touch_are_both_taken() {
        assert_eq!(clean("a\nb\nc", "A\nb\nc", "a\nb\nC").as_deref(), Some("A\nb\nC"));
        // The last line of a memory has no line end; adding one below it does not change it.
        assert_eq!(clean("a\nb", "a\nb\nc", "A\nb").as_deref(), Some("A\nb\nc"));
        assert_eq!(clean("a", "a\n", "b\na").as_deref(), Some("b\na\n"));
        assert_eq!(clean("", "same", "same").as_deref(), Some("same"));
        assert_eq!(clean("a\nb", "A\nb", "a\nB"), None, "changes that touch collide");
        assert_eq!(clean("a", "", "b"), None);
    }

    #[test]
    fn a_style_goes_by_gits_name() {
        let names = ConflictStyle::ALL.map(|style| style.to_string());
        assert_eq!(names, ["merge", "diff3", "zdiff3"]);
        assert_eq!(names.map(|name| name.parse()), ConflictStyle::ALL.map(Ok));
        for other in ["", "Merge", "diff"] {
            assert_eq!(other.parse::<ConflictStyle>(), Err("merge, diff3 or zdiff3"));
        }
    }

    #[test]
    fn a_conflict_in_each_style() {
        let base = "Shopping\nmilk\nend";
        let ours = "Shopping\nbread\neggs\ntea\nend";
        let theirs = "Shopping\nbread\nsalt\ntea\nend";
        let shown = ConflictStyle::ALL
            .map(|style| format!("--- {style}\n{}", merged(base, ours, theirs, style).text));
        insta::assert_snapshot!(shown.join("\n"), @r"
        --- merge
        Shopping
        bread
        <<<<<<< ours (laptop)
        eggs
        =======
        salt
        >>>>>>> theirs (origin)
        tea
        end
        --- diff3
        Shopping
        <<<<<<< ours (laptop)
        bread
        eggs
        tea
        ||||||| base
        milk
        =======
        bread
        salt
        tea
        >>>>>>> theirs (origin)
        end
        --- zdiff3
        Shopping
        bread
        <<<<<<< ours (laptop)
        eggs
        ||||||| base
        milk
        =======
        salt
        >>>>>>> theirs (origin)
        tea
        end
        ");
    }

    #[test]
    fn what_is_left_of_a_conflict_stays_one() {
        // Without the line that both end with, ours reads as if this device alone had removed the base.
        for style in ConflictStyle::ALL {
            assert_eq!(merged("five", "both", "five\nboth", style).conflicts, 1, "{style}");
        }
    }

    #[test]
    fn conflicts_with_few_lines_between_them_are_one_under_merge() {
        let text = |[one, two]: [&str; 2], gap| format!("{one}\n{}{two}\n", "same\n".repeat(gap));
        let conflicts = |gap| {
            let [base, ours, theirs] = [["1", "2"], ["a", "b"], ["x", "y"]].map(|ends| text(ends, gap));
            merged(&base, &ours, &theirs, ConflictStyle::Merge).conflicts
        };
        assert_eq!((conflicts(3), conflicts(4)), (1, 2));
        // What one side alone changed is no part of a conflict, however short it is.
        let [base, ours, theirs] =
            ["1 = x = 2", "a = X = b", "p = x = q"].map(|text| text.replace(' ', "\n"));
        assert_eq!(merged(&base, &ours, &theirs, ConflictStyle::Merge).conflicts, 2);
    }

    #[test]
    fn a_text_that_holds_markers_gets_longer_ones() {
        let merged = merged("a", "<<<<<<< HEAD\nb", "========= x\nc", ConflictStyle::Merge);
        assert_eq!((merged.marker_size, merged.conflicts), (10, 1));
        assert_eq!(find_marker(&merged.text, merged.marker_size), Some(1));
        assert_eq!(find_marker("fine\n<<<<<<< HEAD\n", merged.marker_size), None);
        assert_eq!(find_marker("fine\n=======\r\n", 7), Some(2));
    }

    fn text() -> impl Strategy<Value = String> {
        ("([abc]?\n){0,7}", "[abc]?").prop_map(|(lines, last)| lines + &last)
    }

    proptest! {
        #[test]
        fn what_one_side_alone_changed_comes_out_byte_for_byte(base in text(), other in text()) {
            prop_assert_eq!(clean(&base, &base, &other), Some(other.clone()));
            prop_assert_eq!(clean(&base, &other, &base), Some(other.clone()));
            prop_assert_eq!(clean(&base, &other, &other), Some(other));
        }

        #[test]
        fn the_chunks_are_the_three_texts(base in text(), ours in text(), theirs in text(), style in 0_usize..3) {
            let chunks = chunks(&base, &ours, &theirs, ConflictStyle::ALL[style]);
            prop_assert!(!chunks.contains(&Chunk::default()), "a stretch has lines");
            let all = |side: fn(&Chunk<'_>) -> Vec<String>| chunks.iter().flat_map(side).collect::<Vec<_>>();
            let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(all(|chunk| chunk.base.iter().map(ToString::to_string).collect()), owned(&lines(&base)));
            prop_assert_eq!(all(|chunk| chunk.ours.iter().map(ToString::to_string).collect()), owned(&lines(&ours)));
            prop_assert_eq!(all(|chunk| chunk.theirs.iter().map(ToString::to_string).collect()), owned(&lines(&theirs)));
        }

        #[test]
        fn both_directions_meet_the_same_conflicts(base in text(), ours in text(), theirs in text()) {
            prop_assert_eq!(
                merged(&base, &ours, &theirs, ConflictStyle::Diff3).conflicts,
                merged(&base, &theirs, &ours, ConflictStyle::Diff3).conflicts
            );
            if let Some(there) = clean(&base, &ours, &theirs) {
                let back = clean(&base, &theirs, &ours);
                prop_assert_eq!(back, Some(there));
            }
        }
    }
}
