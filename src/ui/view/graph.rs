//! A drawing of the history beside its text, in git's manner.
//!
//! The history has one shape: a line of syncs, each made from a snapshot of either side, and the two lines of
//! snapshots. So there are three lanes: the syncs, this device, the server. A snapshot stands below all syncs that
//! were made from it.

use crate::object::SideName;
use crate::ui::{Label, Palette};

/// The lanes of the two sides as far as they are drawn. The lane of the syncs is always there.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    local: bool,
    remote: bool,
    has_ended: bool,
}

/// What stands before the text of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margin {
    first: String,
    /// Git's edges, where new lanes begin.
    edges: Option<String>,
    rest: String,
}

impl Graph {
    /// Draws a sync that was made from the snapshots in these lanes; with `is_first` no sync comes before it.
    pub fn sync(&mut self, has_local: bool, has_remote: bool, is_first: bool) -> Margin {
        let join = |has: bool, open: bool| match (has, open) {
            (true, true) => "-+",
            (true, false) => "-.",
            (false, true) => " |",
            (false, false) => "  ",
        };
        let both_begin = has_local && has_remote && !self.local && !self.remote;
        let (first, edges) = if both_begin {
            ("*-.  ".to_owned(), Some(if is_first { " \\ \\" } else { "|\\ \\" }.to_owned()))
        } else {
            (format!("*{}{}", join(has_local, self.local), join(has_remote, self.remote)), None)
        };
        self.local |= has_local;
        self.remote |= has_remote;
        self.has_ended = is_first;
        Margin { first, edges, rest: self.lanes(None) }
    }

    /// Draws a snapshot; with `is_last` no earlier one follows.
    pub fn snapshot(&mut self, side: SideName, is_last: bool) -> Margin {
        let first = self.lanes(Some(side));
        match side {
            SideName::Local => self.local = !is_last,
            SideName::Remote => self.remote = !is_last,
        }
        Margin { first, edges: None, rest: self.lanes(None) }
    }

    /// The open lanes, with a commit in one of them.
    fn lanes(&self, commit: Option<SideName>) -> String {
        let lane = |side, open| match open {
            _ if commit == Some(side) => '*',
            true => '|',
            false => ' ',
        };
        let syncs = if self.has_ended { ' ' } else { '|' };
        format!("{syncs} {} {}", lane(SideName::Local, self.local), lane(SideName::Remote, self.remote))
    }
}

impl Margin {
    /// `text` with the drawing before each of its lines.
    #[must_use]
    pub fn before(&self, text: &str, palette: Palette) -> String {
        let mut lines = text.lines();
        let mut drawn = Self::line(&self.first, lines.next().unwrap_or_default(), palette);
        if let Some(edges) = &self.edges {
            // Of several lines of text, one stands beside the edges.
            drawn += &Self::line(edges, lines.next().unwrap_or_default(), palette);
        }
        drawn.extend(lines.map(|line| Self::line(&self.rest, line, palette)));
        drawn
    }

    fn line(margin: &str, text: &str, palette: Palette) -> String {
        let margin = format!("{margin:<5}");
        let line = format!("{}  {text}", palette.paint(Label::Faint, margin));
        if palette == Palette::plain() { line.trim_end().to_owned() + "\n" } else { line + "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SideName::{Local, Remote};

    #[test]
    fn three_syncs_with_their_snapshots_look_like_gits_graph() {
        let mut graph = Graph::default();
        let mut drawn = String::new();
        let mut row = |margin: Margin, text: &str| drawn += &margin.before(text, Palette::plain());
        row(graph.sync(true, true, false), "third\nwith more\nand more");
        row(graph.snapshot(Local, false), "stash 3");
        row(graph.snapshot(Remote, false), "fetch 3");
        row(graph.sync(true, true, false), "second, nothing new on this device");
        row(graph.snapshot(Remote, false), "fetch 2");
        row(graph.sync(true, true, true), "first");
        row(graph.snapshot(Local, true), "stash 1");
        row(graph.snapshot(Remote, true), "fetch 1");
        insta::assert_snapshot!(drawn, @r"
        *-.    third
        |\ \   with more
        | | |  and more
        | * |  stash 3
        | | *  fetch 3
        *-+-+  second, nothing new on this device
        | | *  fetch 2
        *-+-+  first
          * |  stash 1
            *  fetch 1
        ");
    }
}
