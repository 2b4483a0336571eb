//! `memsync status`: what a sync would have to do.

use crate::error::{CommandError, ExitCode};
use crate::object::{ContentHash, Resolution, SideName};
use crate::porcelain::shared::arguments::{Selection, extra};
use crate::porcelain::shared::edits::BothEdits;
use crate::porcelain::shared::reading::outlook;
use crate::porcelain::shared::selection::scope;
use crate::porcelain::shared::words::{brake_reasons, first_line, to_json};
use crate::reconcile::{Compared, Conflict, EditRule, Edited, Planned};
use crate::sync::{LAST_FETCH, LAST_PUSH, Proposal, Session, Wishes};
use crate::ui::view::status::{Entry, Status};
use crate::workspace::Access;
use crate::workspace::Workspace;
use std::collections::BTreeMap;

/// Show what has changed since the last sync
///
/// Compares this device's memories with the last sync, and the last sync with the server as it was last fetched. Shows
/// changes that wait to be pushed, changes that wait to be applied, conflicts, pushes that failed, and the times of the
/// last sync and the last push. Asks the server nothing: `memsync fetch` does.
///
/// A changed text has a new hash, so the service stores it as another memory. Such pairs are shown as `edited: OLD -> NEW
/// (87 %)`: those that the service linked itself, and those whose texts are at least half alike.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Print one line for each memory, in a form that never changes
    #[arg(long, value_name = "VERSION", num_args = 0..=1, require_equals = true, default_missing_value = "v1")]
    pub porcelain: Option<Version>,
    /// End lines with NUL and leave text as it is; implies --porcelain
    #[arg(short = 'z')]
    pub null: bool,
    /// Print everything as JSON
    #[arg(long, conflicts_with_all = ["porcelain", "null"])]
    pub json: bool,
    /// Exit with 1 if there is anything to sync
    #[arg(long)]
    pub exit_code: bool,
    /// Which memories to show
    #[command(flatten)]
    pub selection: Selection,
}

/// The forms of `--porcelain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Version {
    /// 'XYZ HASH', a tab and the first line, where X is this device against the last sync, Y the server, Z a conflict
    V1,
}

const EXTRA: &str = "\
Porcelain format:
  XYZ HASH<TAB>FIRST LINE
      One line for each memory that is not in agreement.
      X is this device against the last sync, Y the server as last fetched:
      '.' the same, 'A' added, 'M' modified, 'D' deleted.
      Z is 'U' for an unresolved conflict, 'F' for a failed push, else '.'.

Examples:
  memsync fetch && memsync status
      See what a sync would do now.
  memsync status --tag work
      Look at the memories with one tag only.
  memsync status --porcelain | grep '^..U'
      List the conflicts, for a script.

Exit codes:
  0    Shown, whatever there was to show.
  1    With --exit-code: there is something to sync.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync status")?;
    let session = workspace.session(&store, None);
    let wishes = Wishes { scope: scope(&args.selection, workspace)?, ..workspace.wishes()? };
    let (proposal, lacking) = outlook(workspace, &session, wishes)?;
    let is_for_scripts = args.json || args.porcelain.is_some() || args.null;
    let width = if is_for_scripts { usize::MAX } else { workspace.ui.width() };
    let status = gather(workspace, &session, proposal, lacking, width)?;
    let text = if args.json {
        to_json(&status.json())
    } else if is_for_scripts {
        status.porcelain(args.null)
    } else {
        workspace.ui.page();
        status.page(workspace.ui.palette(), width)
    };
    workspace.ui.data(&text)?;
    let differs = args.exit_code && !status.entries.is_empty();
    Ok(if differs { ExitCode::Differences } else { ExitCode::Done })
}

/// Everything that a page of so many columns shows.
fn gather(
    workspace: &Workspace,
    session: &Session<'_>,
    proposal: Proposal,
    missing_vectors: u64,
    width: usize,
) -> Result<Status, CommandError> {
    let fact = |name| -> Result<Option<i64>, CommandError> {
        Ok(session.store.fact(name)?.and_then(|seconds| seconds.parse().ok()))
    };
    let edits = BothEdits::find(session.store, proposal.plan.compared(), EditRule::default())?;
    let unreadable = proposal.local.unreadable.iter().chain(&proposal.remote.unreadable);
    let mut status = Status {
        device: session.device.clone(),
        remote: session.remote.clone(),
        url: workspace
            .remote_settings(Some(&session.remote))
            .ok()
            .map(|settings| settings.address.to_string()),
        last_fetch: fact(LAST_FETCH)?,
        last_push: fact(LAST_PUSH)?,
        held: proposal.local.snapshot.len() + proposal.base.agreed.unwrap_or(0),
        entries: Vec::new(),
        divergent_edits: edits.divergent(),
        unreadable: unreadable.map(ToString::to_string).collect(),
        interrupted_edits: session.interrupted_edits()?,
        missing_vectors,
        brakes: brake_reasons(&proposal, &session.remote),
    };
    status.entries = entries(session, proposal, &edits, width)?;
    Ok(status)
}

fn entries(
    session: &Session<'_>,
    proposal: Proposal,
    edits: &BothEdits,
    width: usize,
) -> Result<Vec<Entry>, CommandError> {
    let edits: BTreeMap<&ContentHash, &Edited> =
        edits.ours.found.iter().chain(&edits.theirs.found).map(|edit| (&edit.new, edit)).collect();
    let failures: BTreeMap<ContentHash, String> = session
        .store
        .failures(&session.remote)?
        .into_iter()
        .filter(|failure| failure.side == SideName::Remote)
        .map(|failure| (failure.key, failure.reason))
        .collect();
    let resolved: BTreeMap<ContentHash, Resolution> = session
        .conflicts(&proposal)?
        .into_iter()
        .filter_map(|conflict| Some((conflict.key, conflict.resolution?)))
        .collect();
    // Of a million changes the entries take enough memory beside the plan.
    let Proposal { plan, base, local, remote, .. } = proposal;
    drop((base, local, remote));
    let conflicts: BTreeMap<&ContentHash, &Conflict> =
        plan.conflicts.iter().map(|conflict| (&conflict.key, conflict)).collect();
    let states = plan.compared().filter(|one| {
        // What both sides agree on already is no work for anybody, even if the base does not say so yet.
        conflicts.contains_key(&one.key) || plan.entry(&one.key).is_some_and(Planned::has_step)
    });
    let entry = |one: Compared| {
        let conflict = conflicts.get(&one.key);
        Entry {
            state: one.state,
            first_line: first_line(
                session.store,
                one.versions.local.or(one.versions.remote).or(one.versions.base.map(|pair| pair.local)),
            )
            .chars()
            // A page has room for no more, and a million whole lines are much.
            .take(width.saturating_add(16))
            .collect(),
            conflict: conflict.map(|conflict| conflict.fields.iter().map(ToString::to_string).collect()),
            resolved: resolved.get(&one.key).filter(|_| conflict.is_none()).map(|how| how.word()),
            failure: failures.get(&one.key).map(|reason| reason.as_str().into()),
            edit: edits.get(&one.key).map(|edit| Box::new((*edit).clone())),
            key: one.key,
        }
    };
    Ok(states.map(entry).collect())
}
