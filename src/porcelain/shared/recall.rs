//! What `undo` and `restore` share: bringing memories back as a run of its own, and telling what comes of it.

use crate::error::{CommandError, ExitCode};
use crate::local::Database;
use crate::object::{CommitId, SideName};
use crate::porcelain::shared::exchange::{counts, not_taken, verb};
use crate::porcelain::shared::reading::{Meter, read_local};
use crate::porcelain::shared::vectors;
use crate::porcelain::shared::words::{first_line, refuse_moved, to_json};
use crate::side::Side;
use crate::store::Store;
use crate::sync::{Done, Recall, Report, Session};
use crate::ui::view::recall::{Line, Recalled};
use crate::ui::view::run::describe;
use crate::ui::view::text::moment;
use crate::workspace::Workspace;

/// How the command line wants it.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// Nothing is changed.
    pub(crate) is_dry: bool,
    /// The result is printed as JSON.
    pub(crate) json: bool,
    /// The server is asked to change, too.
    pub(crate) with_remote: bool,
}

/// A commit in words: `the sync of 2025-01-31 12:00 (1a2b3c4d5e)`.
pub(crate) fn title(store: &Store, commit: CommitId) -> Result<String, CommandError> {
    let read = store.commit(commit)?;
    let word = match read.message.split_whitespace().next() {
        Some(word @ ("undo" | "restore" | "import")) => word,
        Some("stash" | "fetch") => "snapshot",
        _ => "sync",
    };
    let short = &commit.to_string()[..10];
    Ok(format!("the {word} of {} ({short})", moment(read.author.seconds)))
}

/// Carries `recall` out, unless it is only to be shown, and prints what came of it. `message` is the subject of its
/// commit.
pub(crate) fn carry_out(
    recall: &Recall,
    source: CommitId,
    message: &str,
    manner: Manner,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<ExitCode, CommandError> {
    // Rows belong to the database that they were taken from.
    refuse_moved(recall.displaced.as_ref(), session)?;
    let mut page = page(recall, source, session);
    if manner.is_dry || recall.is_empty() {
        page.is_dry = manner.is_dry;
        print(&page, manner, workspace)?;
        return Ok(end(&page, workspace));
    }
    let mut local = workspace.local()?;
    let (report, commit) = execute(recall, message, manner, &mut local, workspace, session)?;
    take(&mut page, &report, commit);
    print(&page, manner, workspace)?;
    if let Some(error) = report.error {
        return Err(CommandError::from_sync(error, &session.remote));
    }
    let code = end(&page, workspace);
    tell_what_is_next(workspace, session, commit.is_some())?;
    vectors::fill(&mut local, report.local.created + report.local.changed > 0, &mut workspace.ui);
    Ok(code)
}

fn execute(
    recall: &Recall,
    message: &str,
    manner: Manner,
    local: &mut Database,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<(Report, Option<CommitId>), CommandError> {
    let base = session.base()?.base;
    let mut remote = manner.with_remote.then(|| workspace.remote(session, &base, false)).transpose()?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    let side = remote.as_mut().map(|remote| remote as &mut dyn Side);
    Ok(session.execute_recall(recall, message, local, side, &mut |progress| meter.show(progress))?)
}

/// The page of a plan that is not carried out yet.
fn page(recall: &Recall, source: CommitId, session: &Session<'_>) -> Recalled {
    let mut lines = Vec::new();
    for side in [SideName::Local, SideName::Remote] {
        lines.extend(recall.plan.steps(side).map(|(key, step)| Line {
            side,
            key: key.clone(),
            verb: verb(step),
            first_line: first_line(session.store, step.target.or(step.expected)),
        }));
    }
    Recalled {
        device: session.device.clone(),
        remote: session.remote.clone(),
        source: source.to_string(),
        local: counts(Done::planned(&recall.plan, SideName::Local)),
        server: counts(Done::planned(&recall.plan, SideName::Remote)),
        lines,
        moved: recall.moved.clone(),
        ..Recalled::default()
    }
}

/// Turns the page of a plan into that of what was done.
fn take(page: &mut Recalled, report: &Report, commit: Option<CommitId>) {
    page.commit = commit.map(|commit| commit.to_string());
    page.local = counts(report.local);
    page.server = counts(report.remote);
    let is_open = |line: &Line| {
        report.stale.iter().any(|(side, key)| (*side, key) == (line.side, &line.key))
            || report.problems.iter().any(|problem| (problem.side, &problem.key) == (line.side, &line.key))
    };
    page.lines.retain(|line| !is_open(line));
    page.moved.extend(report.stale.iter().cloned());
    page.problems = report.problems.iter().map(not_taken).collect();
}

fn print(page: &Recalled, manner: Manner, workspace: &mut Workspace) -> Result<(), CommandError> {
    let ui = &mut workspace.ui;
    let is_detailed = manner.is_dry || ui.is_verbose();
    let text =
        if manner.json { to_json(&page.json()) } else { page.text(ui.palette(), ui.width(), is_detailed) };
    Ok(ui.data(&text)?)
}

/// Looks at what this device holds now, and says what the next sync makes of it.
fn tell_what_is_next(
    workspace: &mut Workspace,
    session: &Session<'_>,
    can_be_undone: bool,
) -> Result<(), CommandError> {
    let base = session.base()?;
    let ours = read_local(workspace, session, &base.base)?;
    session.record_local(&ours)?;
    let proposal = session.propose(base, ours, session.last_fetched()?, workspace.wishes()?)?;
    session.record_conflicts(&proposal)?;
    session.record_staged(&proposal)?;
    let next = Done::planned(&proposal.plan, SideName::Remote);
    if next.total() > 0 {
        let server = &session.remote;
        let next = describe(counts(next));
        let asks = if proposal.choose(None).is_some() { "" } else { ", and asks before it does" };
        let hint =
            format!("the next `memsync sync` brings this to the server ({server}): {next} there{asks}");
        workspace.ui.hint(&hint);
    }
    if can_be_undone {
        workspace.ui.hint("`memsync undo` takes this back");
    }
    Ok(())
}

/// Says how to look at what was left alone, and how the command ends.
fn end(page: &Recalled, workspace: &mut Workspace) -> ExitCode {
    if let Some((_, key)) = page.moved.first() {
        let key = key.short();
        workspace
            .ui
            .hint(&format!("`memsync show {key}` shows such a memory, `memsync log -- {key}` its history"));
    }
    if page.moved.is_empty() && page.problems.is_empty() { ExitCode::Done } else { ExitCode::Refused }
}
