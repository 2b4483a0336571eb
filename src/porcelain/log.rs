//! `memsync log`: the syncs of this device.

use std::collections::HashSet;

use crate::error::{CommandError, ExitCode};
use crate::object::{Commit, CommitId, ContentHash, SideName};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::history::{change, changes};
use crate::porcelain::shared::selection::find_key;
use crate::porcelain::shared::words::to_json;
use crate::sync::{Origins, RevisionError, Session, When};
use crate::ui::escape_line;
use crate::ui::view::diff::Change;
use crate::ui::view::graph::{Graph, Margin};
use crate::ui::view::log::{CommitJson, LogJson, entry, oneline, statistics};
use crate::workspace::{Access, Workspace};

/// Show the syncs of this device, newest first
///
/// Each sync that changed anything is a commit with its id, the device, the time, and what it did. A name such as HEAD~3,
/// origin or local begins elsewhere: 'memsync log local' lists the snapshots of this device. A range such as HEAD~3..HEAD
/// leaves out HEAD~3 and all before it. With -- HASH, only those that changed one memory are shown, also where it is gone
/// now.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Args {
    /// Where to begin: HEAD~3, @{yesterday}, origin, local, or a commit's id [default: HEAD, the last sync]; or from
    /// where to where: HEAD~3..HEAD
    #[arg(value_name = "REV")]
    pub revision: Option<String>,
    /// Show at most this many
    #[arg(short = 'n', long = "max-count", value_name = "NUMBER")]
    pub max_count: Option<usize>,
    /// One line for each
    #[arg(long)]
    pub oneline: bool,
    /// Draw the syncs with the snapshots that they were made from
    #[arg(long)]
    pub graph: bool,
    /// List the memories that each one changed
    #[arg(long)]
    pub stat: bool,
    /// Only those at or after this time: '2025-01-31', 'yesterday', '2 weeks ago'
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,
    /// Only those at or before this time
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,
    /// Print them as JSON
    #[arg(long, conflicts_with_all = ["oneline", "graph"])]
    pub json: bool,
    /// Only those that changed this memory: its hash, or at least four of its first characters
    #[arg(last = true, value_name = "HASH")]
    pub hash: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync log --oneline -n 10
      The last ten syncs, a line each.
  memsync log --oneline HEAD~3..
      The last three.
  memsync log --graph --oneline
      The syncs with the snapshots of both sides.
  memsync log --stat -- 3fa9c2d1
      The syncs that changed one memory, and what they changed.
  memsync show
      The last sync, with what it changed.

Exit codes:
  0    Shown.
  2    A name names nothing, or several things.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync log")?;
    let session = workspace.session(&store, None);
    let (end, name) = range(args.revision.as_deref().unwrap_or("HEAD"))?;
    let start = match session.revision(name, &workspace.zone) {
        // A log of nothing is no mistake.
        Err(RevisionError::NoSync { .. }) if args.revision.is_none() => None,
        start => Some(start?),
    };
    let end = end.map(|end| session.revision(end, &workspace.zone)).transpose()?;
    let filter = Filter::new(args, end, workspace, &session)?;
    let log = Log { args, session: &session, filter };
    if args.json {
        let document = LogJson::new(log.documents(start)?);
        workspace.ui.data(&to_json(&document))?;
        return Ok(ExitCode::Done);
    }
    let Some(start) = start else {
        workspace.ui.note("no sync yet");
        return Ok(ExitCode::Done);
    };
    workspace.ui.page();
    if args.graph {
        log.draw(start, workspace)?;
    } else {
        log.list(start, workspace)?;
    }
    Ok(ExitCode::Done)
}

/// Takes `A..B` apart: the newest of the commits that are left out, and where to begin; HEAD where one is not written.
fn range(name: &str) -> Result<(Option<&str>, &str), CommandError> {
    if name.contains("...") {
        let error =
            CommandError::usage(format!("'{}' is no range: a history here has one line", escape_line(name)));
        return Err(error.with_hint("with two dots, the commits after the first name are shown"));
    }
    let or_head = |name| if str::is_empty(name) { "HEAD" } else { name };
    Ok(name.split_once("..").map_or((None, name), |(end, start)| (Some(or_head(end)), or_head(start))))
}

/// Which commits are shown.
struct Filter {
    /// The end of the range and what comes before it.
    left_out: HashSet<CommitId>,
    since: i64,
    until: i64,
    key: Option<ContentHash>,
}

impl Filter {
    fn new(
        args: &Args,
        end: Option<CommitId>,
        workspace: &Workspace,
        session: &Session<'_>,
    ) -> Result<Self, CommandError> {
        let left_out = end.into_iter().flat_map(|end| session.ancestry(end)).collect::<Result<_, _>>()?;
        let moment = |when: Option<When>, default| match when {
            None => Ok(default),
            Some(when) => when
                .resolve(workspace.now, &workspace.zone)
                .map(jiff::Timestamp::as_second)
                .ok_or_else(|| CommandError::usage("this time is outside of the calendar")),
        };
        let key = match &args.hash {
            None => None,
            Some(hash) => Some(find_key(&session.memories_ever_called(hash)?, hash, "memory")?),
        };
        Ok(Self { left_out, since: moment(args.since, i64::MIN)?, until: moment(args.until, i64::MAX)?, key })
    }

    fn takes(&self, session: &Session<'_>, id: CommitId, commit: &Commit) -> Result<bool, CommandError> {
        if !(self.since..=self.until).contains(&commit.author.seconds) {
            return Ok(false);
        }
        match &self.key {
            None => Ok(true),
            Some(key) => Ok(session.change_of(id, key)?.is_some()),
        }
    }
}

struct Log<'a> {
    args: &'a Args,
    session: &'a Session<'a>,
    filter: Filter,
}

impl Log<'_> {
    /// The commits to show, each read when it is asked for.
    fn commits(&self, start: CommitId) -> impl Iterator<Item = Result<(CommitId, Commit), CommandError>> {
        // The line does not branch: behind one that is left out are none to show.
        let is_within = |id: &Result<CommitId, _>| !matches!(id, Ok(id) if self.filter.left_out.contains(id));
        let shown = self.session.ancestry(start).take_while(is_within).map(|id| -> Result<_, CommandError> {
            let id = id?;
            let commit = self.session.store.commit(id)?;
            Ok(self.filter.takes(self.session, id, &commit)?.then_some((id, commit)))
        });
        shown.filter_map(Result::transpose).take(self.args.max_count.unwrap_or(usize::MAX))
    }

    fn documents(&self, start: Option<CommitId>) -> Result<Vec<CommitJson>, CommandError> {
        let Some(start) = start else { return Ok(Vec::new()) };
        let document = |commit: Result<(CommitId, Commit), CommandError>| {
            let (id, commit) = commit?;
            let changes = if self.args.stat { Some(self.changes(id)?) } else { None };
            Ok(CommitJson::new(id, &commit, changes.as_deref()))
        };
        self.commits(start).map(document).collect()
    }

    fn list(&self, start: CommitId, workspace: &mut Workspace) -> Result<(), CommandError> {
        for commit in self.commits(start) {
            let (id, commit) = commit?;
            let text = self.text(id, &commit, workspace, 0)?;
            workspace.ui.data(&text)?;
        }
        Ok(())
    }

    /// As [`Log::list`], with the snapshots between the syncs.
    fn draw(&self, start: CommitId, workspace: &mut Workspace) -> Result<(), CommandError> {
        let mut drawing = Drawing { log: self, graph: Graph::default(), ends: [None, None] };
        let mut last = None;
        for commit in self.commits(start) {
            let (id, commit) = commit?;
            let origins = self.session.origins(id)?;
            if !origins.is_sync {
                let problem = "--graph draws syncs: begin at HEAD, or at a commit of 'memsync log'";
                return Err(CommandError::usage(problem));
            }
            drawing.sync(id, &commit, origins, workspace)?;
            last = Some(origins);
        }
        // Where the history begins, the lanes end; where the reader wanted no more, they are cut off.
        if last.is_some_and(|origins| origins.before.is_none()) {
            drawing.finish(workspace)?;
        }
        Ok(())
    }

    fn text(
        &self,
        id: CommitId,
        commit: &Commit,
        workspace: &Workspace,
        indent: usize,
    ) -> Result<String, CommandError> {
        let (palette, width) = (workspace.ui.palette(), workspace.ui.width().saturating_sub(indent));
        let mut text =
            if self.args.oneline { oneline(id, commit, palette) } else { entry(id, commit, palette) };
        if self.args.stat {
            text += &statistics(&self.changes(id)?, palette, width);
            if !self.args.oneline {
                text.push('\n');
            }
        }
        Ok(text)
    }

    /// What a commit changed; of the one memory where one was named.
    fn changes(&self, id: CommitId) -> Result<Vec<Change>, CommandError> {
        match &self.filter.key {
            None => changes(self.session, id),
            Some(key) => {
                let found = self.session.change_of(id, key)?;
                found.map(|found| change(self.session, found)).into_iter().collect()
            }
        }
    }
}

/// The columns that the drawing takes.
const MARGIN: usize = 7;

/// A graph that is being drawn.
struct Drawing<'a> {
    log: &'a Log<'a>,
    graph: Graph,
    /// The snapshots, local first, that the open lanes lead to.
    ends: [Option<CommitId>; 2],
}

impl Drawing<'_> {
    /// Draws the snapshots above a sync, and the sync.
    fn sync(
        &mut self,
        id: CommitId,
        commit: &Commit,
        origins: Origins,
        workspace: &mut Workspace,
    ) -> Result<(), CommandError> {
        self.lane(SideName::Local, origins.local, workspace)?;
        self.lane(SideName::Remote, origins.remote, workspace)?;
        let margin =
            self.graph.sync(origins.local.is_some(), origins.remote.is_some(), origins.before.is_none());
        self.ends = [origins.local.or(self.ends[0]), origins.remote.or(self.ends[1])];
        self.row(id, commit, &margin, workspace)
    }

    /// Draws the lanes to their ends.
    fn finish(&mut self, workspace: &mut Workspace) -> Result<(), CommandError> {
        self.lane(SideName::Local, None, workspace)?;
        self.lane(SideName::Remote, None, workspace)
    }

    /// Draws the snapshots of a lane down to `end`, without it. Nothing where the sync is about another line.
    fn lane(
        &mut self,
        side: SideName,
        end: Option<CommitId>,
        workspace: &mut Workspace,
    ) -> Result<(), CommandError> {
        let place = usize::from(side == SideName::Remote);
        while let Some(id) = self.ends[place].filter(|id| Some(*id) != end) {
            let commit = self.log.session.store.commit(id)?;
            self.ends[place] = self.log.session.origins(id)?.before;
            let margin = self.graph.snapshot(side, self.ends[place].is_none());
            self.row(id, &commit, &margin, workspace)?;
        }
        Ok(())
    }

    fn row(
        &self,
        id: CommitId,
        commit: &Commit,
        margin: &Margin,
        workspace: &mut Workspace,
    ) -> Result<(), CommandError> {
        let text = self.log.text(id, commit, workspace, MARGIN)?;
        Ok(workspace.ui.data(&margin.before(&text, workspace.ui.palette()))?)
    }
}
