//! Taking back what a run did, and bringing memories back as they were.
//!
//! Both are runs of their own: with a commit, their changes kept, so that they can be taken back in turn. What both
//! sides agreed on stays as it is, so that the next sync carries to the server what this device got back. Only where the
//! server itself gives back what a run did to it, the base goes back as well: otherwise the next sync would take the
//! same away from this device.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::changes::{Adopted, folded};
use super::execute::Run;
use super::history::pairs;
use super::{BaseCommit, Error, Moved, Progress, Reading, Report, Session, Wishes};
use crate::object::tree::Snapshot;
use crate::object::{BlobId, CommitId, ContentHash, Row, SideName};
use crate::planted::{self, Mistake};
use crate::reconcile::{After, Base, Pair, Plan, Planned, State, Versions};
use crate::side::Side;
use crate::store::Change;

/// What brings memories back.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    /// The edits.
    pub plan: Plan,
    /// The memories that do not hold what the run left there, and are left alone.
    pub moved: Vec<(SideName, ContentHash)>,
    /// A side is at another place than the one that the base was made with.
    pub displaced: Option<Moved>,
    /// What the plan is made on.
    base: BaseCommit,
    /// The sync that it follows: that of `base`, unless that is only the beginning of one that did not end.
    last: Option<CommitId>,
    /// What this device's database had under the names.
    rows: BTreeMap<ContentHash, Row>,
    /// What both sides agreed on before the run, for memories that the server gives back.
    earlier: BTreeMap<ContentHash, Option<Pair>>,
    /// What another one has done that did not end; this one goes on with it.
    begun: Adopted,
    /// What that one has given back on the server, without coming to put the base back.
    given_back: BTreeSet<ContentHash>,
}

impl Recall {
    /// Whether there is nothing to do, nor to write down.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plan.has_no_steps() && self.begun.is_empty() && self.given_back.is_empty()
    }

    /// A memory that becomes `target` on one side.
    fn add(&mut self, side: SideName, key: &ContentHash, target: Option<BlobId>, now: [Option<BlobId>; 2]) {
        let [local, remote] = now;
        let versions = Versions { base: self.base.base.get(key).copied(), local, remote };
        let entries = &mut self.plan.entries;
        let at = entries.binary_search_by(|entry| entry.key.cmp(key)).unwrap_or_else(|at| {
            let state = State::of(versions).unwrap_or(State::Unchanged);
            let (complete, merged) = (false, None);
            entries
                .insert(at, Planned { key: key.clone(), state, versions, local, remote, complete, merged });
            at
        });
        match side {
            SideName::Local => entries[at].local = target,
            SideName::Remote => entries[at].remote = target,
        }
    }
}

/// The fact that names the commit of an undo or restore that is under way; empty where none is.
pub(super) const UNDER_WAY: &str = "undo under way";
/// How the message of the commit begins that stands in for that of an undo until it ends.
const BEGIN: &str = "begin to ";

impl Session<'_> {
    /// Looks after a run that did not end: what it did gets a commit of its own, so that it can be taken back. What an
    /// undo or a restore did waits for the next one, which goes on with it.
    pub fn settle(&self, local: &Reading, remote: &Reading) -> Result<(), Error> {
        if self.moved(local, remote)?.is_some() {
            return Ok(());
        }
        self.store.transaction(|_| {
            let adopted = self.adopt_changes(local, remote)?;
            if adopted.is_empty() || self.store.fact(UNDER_WAY)?.is_some_and(|fact| !fact.is_empty()) {
                return Ok(());
            }
            let mut proposal =
                self.propose(self.base()?, local.clone(), remote.clone(), Wishes::default())?;
            // What the run has not merged is not taken for merged.
            let is_adopted = |key: &ContentHash| {
                [SideName::Local, SideName::Remote].iter().any(|side| adopted.contains(&(*side, key.clone())))
            };
            let others = proposal.plan.entries.iter_mut().filter(|entry| !is_adopted(&entry.key));
            others.for_each(|entry| entry.merged = None);
            let nothing = After::default();
            // On what is equal by now both sides agree, or the undo of it would not last.
            let base = self.advance(&proposal.base.base, &proposal.plan, &nothing)?;
            let message = format!("sync with {}: interrupted", self.remote);
            let run = self.record_base(proposal.base.id, base.pairs(), &message)?;
            self.record_changes(run, &Plan::default(), &nothing, &adopted)
        })
    }

    /// The last run that did something to this device or, `with_remote`, to either side.
    pub fn last_change(&self, with_remote: bool) -> Result<Option<CommitId>, Error> {
        let mut at = self.base()?.id;
        while let Some(run) = at {
            if self.store.has_changed(run, SideName::Local)?
                || (with_remote && self.store.has_changed(run, SideName::Remote)?)
            {
                return Ok(at);
            }
            at = self.sync_before(run)?;
        }
        Ok(None)
    }

    /// Whether `run` is one of this session's remote.
    pub fn follows(&self, run: CommitId) -> Result<bool, Error> {
        let mut at = self.base()?.id;
        while let Some(commit) = at.filter(|at| *at != run) {
            at = self.sync_before(commit)?;
        }
        Ok(at.is_some())
    }

    fn new_recall(&self) -> Result<Recall, Error> {
        let open = self.store.open_changes()?;
        let begun = [SideName::Local, SideName::Remote]
            .into_iter()
            .flat_map(|side| folded(open.clone(), side).into_keys().map(move |key| (side, key)))
            .collect();
        let base = self.base()?;
        let last = self.last_ended(base.id)?;
        Ok(Recall { base, last, begun, ..Recall::default() })
    }

    /// The sync `at`, or the one before where it is only the beginning of an undo that did not end.
    fn last_ended(&self, at: Option<CommitId>) -> Result<Option<CommitId>, Error> {
        let Some(commit) = at else { return Ok(None) };
        let is_under_way = self.store.fact(UNDER_WAY)?.is_some_and(|fact| !fact.is_empty());
        let has_begun = is_under_way && self.store.commit(commit)?.message.starts_with(BEGIN);
        if has_begun { self.sync_before(commit) } else { Ok(at) }
    }

    /// What takes back what `run` did to this device and, where `with_remote`, to the server. A memory that does not
    /// hold what the run left is not touched.
    pub fn recall_run(
        &self,
        run: CommitId,
        local: &Reading,
        remote: &Reading,
        with_remote: bool,
    ) -> Result<Recall, Error> {
        let mut recall = self.new_recall()?;
        let changes = self.store.changes(run)?;
        for (side, reading) in [(SideName::Local, local), (SideName::Remote, remote)] {
            if side == SideName::Remote && !with_remote {
                continue;
            }
            let unreadable: BTreeSet<_> =
                reading.unreadable.iter().filter_map(|one| one.key.as_ref()).collect();
            for (key, change) in folded(changes.clone(), side) {
                let held = |reading: &Reading| reading.snapshot.get(&key).copied();
                let Change { before, after, row, .. } = change;
                if before == after {
                    continue;
                }
                let after = if planted::makes(Mistake::UndoLaterEdits) { held(reading) } else { after };
                if held(reading) != after || unreadable.contains(&key) {
                    // One that is back already is no cause for concern.
                    if held(reading) != before {
                        recall.moved.push((side, key));
                    } else if side == SideName::Remote && recall.last != recall.base.id {
                        recall.given_back.insert(key);
                    }
                    continue;
                }
                recall.add(side, &key, before, [held(local), held(remote)]);
                recall.rows.extend(row.map(|row| (key, row)));
            }
        }
        let server = if with_remote { remote } else { &Reading::default() };
        recall.displaced = self.moved(local, server)?;
        if with_remote {
            recall.earlier = self.earlier(run, &recall)?;
        }
        Ok(recall)
    }

    /// What the base said before `run` of the memories that the server gives back, where it still says what the run
    /// left, or said so before an undo began.
    fn earlier(&self, run: CommitId, recall: &Recall) -> Result<BTreeMap<ContentHash, Option<Pair>>, Error> {
        let left = self.base_at(run)?;
        let before =
            self.sync_before(run)?.map(|before| self.base_at(before)).transpose()?.unwrap_or_default();
        let standing = recall.last.map(|last| self.base_at(last)).transpose()?.unwrap_or_default();
        let given_back = recall.plan.steps(SideName::Remote).map(|(key, _)| key).chain(&recall.given_back);
        let unmoved = given_back.filter(|key| standing.get(*key) == left.get(*key));
        Ok(unmoved.map(|key| (key.clone(), before.get(key).copied())).collect())
    }

    /// What makes memories of this device what they were in `source`: those of `keys`, or all that it holds. Each comes
    /// back with its whole row where that was kept.
    pub fn recall_memories(
        &self,
        source: &Snapshot,
        keys: Option<&BTreeSet<ContentHash>>,
        local: &Reading,
        remote: &Reading,
    ) -> Result<Recall, Error> {
        let mut recall = self.new_recall()?;
        let unreadable: BTreeSet<_> = local.unreadable.iter().filter_map(|one| one.key.as_ref()).collect();
        for (key, blob) in source.iter().filter(|(key, _)| keys.is_none_or(|keys| keys.contains(*key))) {
            let held = local.snapshot.get(key).copied();
            if unreadable.contains(key) {
                recall.moved.push((SideName::Local, key.clone()));
            } else if held != Some(*blob) {
                let now = [held, remote.snapshot.get(key).copied()];
                recall.add(SideName::Local, key, Some(*blob), now);
                recall.rows.extend(self.store.kept_row(key, *blob)?.map(|row| (key.clone(), row)));
            }
        }
        recall.displaced = self.moved(local, &Reading::default())?;
        Ok(recall)
    }

    /// What this device held at a commit: of a sync its own half, of a snapshot all. Where a sync left a merged memory to
    /// one side, its half has what this device had of the server's.
    pub fn held_at(&self, commit: CommitId) -> Result<Snapshot, Error> {
        let tree = self.store.commit(commit)?.tree;
        let tree = if self.origins(commit)?.is_sync { self.store.pair(tree)?.0 } else { tree };
        Ok(self.store.snapshot(tree)?)
    }

    /// Carries it out as a run of its own, whose commit says `message`; the commit is `None` where nothing was done.
    pub fn execute_recall(
        &self,
        recall: &Recall,
        message: &str,
        local: &mut dyn Side,
        remote: Option<&mut (dyn Side + '_)>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Report, Option<CommitId>), Error> {
        self.store.set_fact(UNDER_WAY, message, self.now)?;
        let at = self.unsettle(recall, message)?;
        self.announce(&recall.plan)?;
        let refused = HashMap::new();
        let run = Run::new(self, &recall.plan, &refused, recall.rows.clone());
        let is_with_remote = remote.is_some();
        let (after, report) = run.carry_out(Some(local), remote, progress);
        let commit = self.store.transaction(|store| {
            let did_nothing = report.local.total() + report.remote.total() == 0;
            store.set_fact(UNDER_WAY, "", self.now)?;
            if report.error.is_none() && is_with_remote {
                store.clear_journal(&self.remote)?;
            }
            if did_nothing && at == recall.last && recall.begun.is_empty() {
                return Ok(None);
            }
            let commit = self.replace_base(at, recall.last, pairs(&recall.base_after(&after)), message)?;
            self.record_changes(commit, &recall.plan, &after, &recall.begun)?;
            self.record_pushed(&recall.plan, &after)?;
            Ok::<_, Error>(Some(commit))
        })?;
        Ok((report, commit))
    }

    /// Takes the memories that the server is about to give back out of the base, where a base says anything of them.
    /// Without a base nothing of them can be taken for deleted, so that an interruption loses nothing.
    fn unsettle(&self, recall: &Recall, message: &str) -> Result<Option<CommitId>, Error> {
        let mut base = recall.base.base.clone();
        base.retain(|key, _| !recall.earlier.contains_key(key));
        if base.len() == recall.base.base.len() {
            return Ok(recall.base.id);
        }
        let last = recall.base.id;
        self.store
            .transaction(|_| Ok(Some(self.record_base(last, pairs(&base), &format!("{BEGIN}{message}"))?)))
    }
}

impl Recall {
    /// The base once `after` is confirmed.
    fn base_after(&self, after: &After) -> Base {
        let mut base = self.base.base.clone();
        for (key, step) in self.plan.steps(SideName::Remote) {
            let (Some(held), Some(pair)) = (after.get(SideName::Remote, key, step), self.earlier.get(key))
            else {
                continue;
            };
            match (pair, held) {
                (None, _) => drop(base.remove(key)),
                // The server may word anew what both sides had agreed on.
                (Some(pair), Some(held)) if step.target == Some(pair.remote) => {
                    base.insert(key.clone(), Pair { remote: held, ..*pair });
                }
                (Some(pair), _) => drop(base.insert(key.clone(), *pair)),
            }
        }
        for key in &self.given_back {
            match self.earlier.get(key) {
                Some(Some(pair)) => drop(base.insert(key.clone(), *pair)),
                Some(None) => drop(base.remove(key)),
                None => {}
            }
        }
        base
    }
}
