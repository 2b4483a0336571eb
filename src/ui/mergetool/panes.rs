//! The versions of a field in columns: how much room each gets, and which rows of it are shown.

use super::View;
use crate::ui::screen::{Cells, Mark, Pair, Size, cells, wrap};

/// The fewest columns in which two versions stand beside each other.
const SIDE_BY_SIDE: usize = 60;

/// A row of both versions.
pub(super) struct Row {
    /// This device's.
    pub(super) ours: Cells,
    /// The server's.
    pub(super) theirs: Cells,
    /// Whether what differs is in it.
    pub(super) differs: bool,
}

/// What fits on a screen of some size.
pub(super) struct Panes {
    /// Whether the versions stand below each other: the screen is narrow, or a right-to-left text would change places
    /// with what stands beside it.
    pub(super) is_stacked: bool,
    /// The columns of this device's text.
    pub(super) width: usize,
    /// Every row of both versions.
    pub(super) rows: Vec<Row>,
    /// Every row of the result.
    pub(super) result: Vec<Cells>,
    /// How many rows of each version are shown.
    pub(super) shown: usize,
    /// How many rows of the result are shown.
    pub(super) result_shown: usize,
}

/// Rows that hold something else: two above, one below, and the titles.
const FRAME: usize = 5;

impl Panes {
    /// Divides a screen between both versions, line by line, and the result.
    pub(super) fn new(pairs: &[Pair], result: &str, size: Size) -> Self {
        let is_stacked = size.width < SIDE_BY_SIDE || pairs.iter().any(Pair::is_right_to_left);
        let width = if is_stacked { size.width - 1 } else { (size.width - 3) / 2 };
        let rows = rows(pairs, width);
        let plain: Vec<Cells> = result.split('\n').map(|line| cells(line)).collect();
        let result: Vec<Cells> =
            plain.iter().flat_map(|line| wrap(line, size.width - 1)).map(<[_]>::to_vec).collect();
        let panes = 1 + usize::from(is_stacked);
        let room = size.height - FRAME - usize::from(is_stacked);
        let least = result.len().min((room / 3).max(1));
        let shown = rows.len().min((room - least) / panes);
        let result_shown = result.len().min(room - panes * shown);
        Self { is_stacked, width, rows, result, shown, result_shown }
    }

    /// What is shown where `scroll` is the first row, or the first difference is to be in sight.
    pub(super) fn view(&self, scroll: Option<usize>) -> View {
        let last_top = self.rows.len().saturating_sub(self.shown);
        let context = CONTEXT.min(self.shown.saturating_sub(1) / 2);
        let first = || self.rows.iter().position(|row| row.differs).unwrap_or(0).saturating_sub(context);
        let top = scroll.unwrap_or_else(first).min(last_top);
        let begins = |at: &usize| self.rows[*at].differs && !self.rows[at - 1].differs;
        let next = (top + context + 1..self.rows.len()).find(begins);
        View {
            top,
            shown: self.shown,
            rows: self.rows.len(),
            next_difference: next.map(|at| at.saturating_sub(context)),
        }
    }

    /// The first row of the result that is shown: as far down as the versions are.
    pub(super) fn result_top(&self, view: &View) -> usize {
        let last_top = self.result.len().saturating_sub(self.result_shown);
        if view.last_top() == 0 { 0 } else { view.top * last_top / view.last_top() }
    }
}

/// How many rows above a difference are shown with it.
const CONTEXT: usize = 2;

fn rows(pairs: &[Pair], width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for pair in pairs {
        let broken = |line: &Option<Cells>| -> Vec<Cells> {
            line.iter().flat_map(|line| wrap(line, width)).map(<[_]>::to_vec).collect()
        };
        let (mut ours, mut theirs) = (broken(&pair.ours).into_iter(), broken(&pair.theirs).into_iter());
        let is_whole = pair.ours.is_none() || pair.theirs.is_none();
        let is_short = ours.len() <= 1 && theirs.len() <= 1;
        for _ in 0..ours.len().max(theirs.len()) {
            let (ours, theirs) = (ours.next().unwrap_or_default(), theirs.next().unwrap_or_default());
            let is_marked = ours.iter().chain(&theirs).any(|(_, mark)| *mark == Mark::Changed);
            rows.push(Row { differs: pair.differs && (is_whole || is_short || is_marked), ours, theirs });
        }
    }
    rows
}
