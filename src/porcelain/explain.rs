//! `memsync explain`: one memory's whole story.

mod next;

use std::collections::BTreeSet;

use crate::error::{CommandError, ExitCode};
use crate::object::{BlobId, CommitId, ContentHash, SideName};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::history::{change, changes};
use crate::porcelain::shared::reading::read_rows;
use crate::porcelain::shared::selection::find_key;
use crate::porcelain::shared::words::{brake_reasons, to_json};
use crate::reconcile::{ConflictId, EditRule, Edited, Field, SideChange, differing, find_edits};
use crate::store::Failure;
use crate::sync::{Proposal, Reading, Session, versions};
use crate::ui::view::diff::Change;
use crate::ui::view::explain::{Begun, Event, Next, Refused, Story, Version, Waiting};
use crate::workspace::{Access, Workspace};
use next::Verdict;

/// Tell one memory's whole story
///
/// Shows what both sides agreed on, what this device holds and what the server held when it was last fetched; what the next
/// sync would do with the memory and why; its conflict, and how to end it; what a side refused; and the syncs that
/// changed it. Also for a memory that is gone. Asks the server nothing: `memsync fetch` does.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The memory: its hash, or at least four of its first characters
    #[arg(value_name = "HASH")]
    pub hash: String,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync fetch && memsync explain 3fa9c2d1
      Why does this memory not arrive?
  memsync log --stat -- 3fa9c2d1
      All syncs that changed it.

Exit codes:
  0    Shown.
  2    The hash names no memory, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync explain")?;
    let session = workspace.session(&store, None);
    let base = session.base()?;
    let ours = read_rows(workspace, &session, &base.base)?;
    let proposal = session.propose(base, ours, session.last_fetched()?, workspace.wishes()?)?;
    let key = find(&args.hash, &session, &proposal)?;
    let told = Teller { session: &session, proposal: &proposal, key: &key }.tell()?;
    if args.json {
        workspace.ui.data(&to_json(&told.json()))?;
    } else {
        workspace.ui.page();
        let page = told.page(workspace.ui.palette(), workspace.ui.width());
        workspace.ui.data(&page)?;
    }
    Ok(ExitCode::Done)
}

/// The memory that is meant: one that somebody holds, one that a side shows without being able to carry it, or one that
/// is gone.
fn find(hash: &str, session: &Session<'_>, proposal: &Proposal) -> Result<ContentHash, CommandError> {
    let Proposal { local, remote, base, .. } = proposal;
    let unreadable = [local, remote].into_iter().flat_map(|reading| &reading.unreadable);
    let held = local.snapshot.keys().chain(remote.snapshot.keys()).chain(base.base.keys());
    let keys: BTreeSet<&ContentHash> = held
        .chain(unreadable.filter_map(|one| one.key.as_ref()))
        .filter(|key| key.as_str().starts_with(hash))
        .collect();
    if keys.is_empty() && hash.chars().count() >= 4 {
        return find_key(&session.memories_ever_called(hash)?, hash, "memory");
    }
    find_key(keys, hash, "memory")
}

struct Teller<'a> {
    session: &'a Session<'a>,
    proposal: &'a Proposal,
    key: &'a ContentHash,
}

impl Teller<'_> {
    fn tell(&self) -> Result<Story, CommandError> {
        let base = self.proposal.base.base.get(self.key);
        let [ours, theirs] = [&self.proposal.local, &self.proposal.remote].map(|reading| self.held(reading));
        let (ours, theirs) = (ours?, theirs?);
        let base = base.map(|pair| self.version(pair.local, None)).transpose()?;
        let commits = self.commits()?;
        let is_gone = base.is_none() && ours.is_none() && theirs.is_none();
        let last = if is_gone { self.last(&commits)? } else { None };
        let (previous, following) = self.neighbours(&commits)?;
        Ok(Story {
            key: self.key.clone(),
            device: self.session.device.clone(),
            remote: self.session.remote.clone(),
            next: self.verdict(base.as_ref(), ours.as_ref(), theirs.as_ref())?,
            base,
            ours,
            theirs,
            last,
            brakes: brake_reasons(self.proposal, &self.session.remote),
            conflict: self.conflict()?,
            failures: self.failures()?.into_iter().map(refused).collect(),
            begun: self.begun()?,
            previous,
            following,
            commits: commits.into_iter().map(|(event, _)| event).collect(),
        })
    }

    fn held(&self, reading: &Reading) -> Result<Option<Version>, CommandError> {
        // What stands in for something unreadable is not what the side holds.
        let is_unreadable = reading.unreadable.iter().any(|one| one.key.as_ref() == Some(self.key));
        let held = reading.snapshot.get(self.key).filter(|_| !is_unreadable);
        held.map(|blob| self.version(*blob, Some(reading))).transpose()
    }

    fn version(&self, id: BlobId, reading: Option<&Reading>) -> Result<Version, CommandError> {
        let updated_at = reading.and_then(|reading| reading.updated_at.get(self.key).copied());
        Ok(Version { id, memory: self.session.store.memory(id)?, updated_at })
    }

    fn verdict(
        &self,
        base: Option<&Version>,
        ours: Option<&Version>,
        theirs: Option<&Version>,
    ) -> Result<Next, CommandError> {
        let Proposal { plan, local, remote, base: last, .. } = self.proposal;
        let conflict = plan.conflicts.iter().find(|conflict| conflict.key == *self.key);
        let planned = plan.entries.iter().find(|entry| entry.key == *self.key);
        let target = planned.and_then(|entry| entry.step(SideName::Remote)).and_then(|step| step.target);
        let refused = self.session.refused()?.remove(self.key).filter(|failure| failure.is_about(target));
        let stored = self.session.conflicts(self.proposal)?;
        let decided = stored.into_iter().find(|stored| stored.key == *self.key && planned.is_some());
        let unreadable = [(SideName::Local, local), (SideName::Remote, remote)];
        let mut unreadable = unreadable
            .into_iter()
            .flat_map(|(side, reading)| reading.unreadable.iter().map(move |one| (side, one)));
        let base_theirs = last.base.get(self.key).map(|pair| self.version(pair.remote, None)).transpose()?;
        let fields = conflict.map(|conflict| fields_of(&conflict.fields));
        let verdict = Verdict {
            compared: plan.compared().find(|one| one.key == *self.key),
            is_held: ours.is_some() || theirs.is_some(),
            conflict: fields.as_deref(),
            decision: decided.and_then(|stored| stored.resolution).map(|resolution| resolution.to_string()),
            refused: refused.as_ref().map(|failure| failure.reason.as_str()),
            unreadable: unreadable
                .find(|(_, one)| one.key.as_ref() == Some(self.key))
                .map(|(side, one)| (side, one.why.as_str())),
            changed: [changed(base, ours), changed(base_theirs.as_ref(), theirs)],
            remote: &self.session.remote,
        };
        Ok(verdict.next())
    }

    fn conflict(&self) -> Result<Option<Waiting>, CommandError> {
        let planned = &self.proposal.plan.conflicts;
        let Some(conflict) = planned.iter().find(|conflict| conflict.key == *self.key) else {
            return Ok(None);
        };
        let stored = self.session.store.conflicts(&self.session.remote)?;
        let known = stored.iter().find(|stored| versions(stored) == conflict.versions);
        Ok(Some(Waiting {
            id: ConflictId::of(self.key, conflict.versions).to_string(),
            since: known.filter(|stored| stored.key == *self.key).map(|stored| stored.since),
            fields: conflict.fields.iter().map(ToString::to_string).collect(),
        }))
    }

    fn failures(&self) -> Result<Vec<Failure>, CommandError> {
        let mut failures = self.session.store.failures(&self.session.remote)?;
        failures.retain(|failure| failure.key == *self.key);
        Ok(failures)
    }

    fn begun(&self) -> Result<Vec<Begun>, CommandError> {
        let journal = self.session.store.journal()?.into_iter();
        let mine = journal.filter(|one| one.remote == self.session.remote && one.key == *self.key);
        Ok(mine.map(|one| Begun { side: one.side, deletes: one.target.is_none() }).collect())
    }

    /// The syncs that changed the memory, newest first, each with how.
    fn commits(&self) -> Result<Vec<(Event, Change)>, CommandError> {
        let Some(head) = self.proposal.base.id else { return Ok(Vec::new()) };
        let mut commits = Vec::new();
        for id in self.session.ancestry(head) {
            let id = id?;
            let Some(found) = self.session.change_of(id, self.key)? else { continue };
            let version = found.2;
            let change = change(self.session, found)?;
            let what = match (&change.old, &change.new) {
                (None, _) => "new".to_owned(),
                (_, None) => "deleted".to_owned(),
                (Some(old), Some(new)) => fields_of(&differing(old, new)),
            };
            let seconds = self.session.store.commit(id)?.author.seconds;
            commits.push((Event { id, seconds, version, what }, change));
        }
        Ok(commits)
    }

    /// What a memory that is gone was last.
    fn last(&self, commits: &[(Event, Change)]) -> Result<Option<Version>, CommandError> {
        let Some((event, _)) = commits.first() else { return Ok(None) };
        let before = self.session.change_of(event.id, self.key)?.and_then(|(_, before, _)| before);
        before.map(|blob| self.version(blob, None)).transpose()
    }

    /// The memories that it was edited from and into, in the syncs where it came and went.
    fn neighbours(
        &self,
        commits: &[(Event, Change)],
    ) -> Result<(Vec<ContentHash>, Vec<ContentHash>), CommandError> {
        let (mut previous, mut following) = (BTreeSet::new(), BTreeSet::new());
        for (event, _) in commits {
            for edit in edits(self.session, event.id)? {
                if edit.new == *self.key {
                    previous.insert(edit.old);
                } else if edit.old == *self.key {
                    following.insert(edit.new);
                }
            }
        }
        Ok((previous.into_iter().collect(), following.into_iter().collect()))
    }
}

/// So many memories of one sync are looked through for edits.
const MOST_CHANGES: usize = 2_000;

/// The edits of a sync that the service stores as another memory.
fn edits(session: &Session<'_>, commit: CommitId) -> Result<Vec<Edited>, CommandError> {
    // A first sync replaces nothing, and is large.
    if session.sync_before(commit)?.is_none() || session.changed_by(commit)?.len() > MOST_CHANGES {
        return Ok(Vec::new());
    }
    let changes = changes(session, commit)?;
    let changes: Vec<SideChange<'_>> = changes
        .iter()
        .map(|change| SideChange { key: &change.key, old: change.old.as_ref(), new: change.new.as_ref() })
        .collect();
    Ok(find_edits(&changes, EditRule::default()).found)
}

fn refused(failure: Failure) -> Refused {
    let Failure { side, reason, attempts, at, .. } = failure;
    Refused { side, reason, attempts, seconds: at }
}

/// The fields that differ between two versions of one side, in words.
fn changed(from: Option<&Version>, to: Option<&Version>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => fields_of(&differing(&from.memory, &to.memory)),
        _ => String::new(),
    }
}

fn fields_of(fields: &BTreeSet<Field>) -> String {
    let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
    fields.join(", ")
}
