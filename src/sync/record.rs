//! Writing down what a run came to, in one transaction.

use std::collections::BTreeSet;

use super::propose::versions;
use super::{Chosen, Error, Problem, Proposal, Reading, Report, Session, local_reference, remote_reference};
use crate::object::ContentHash;
use crate::reconcile::{self, After, Direction, SideName, advance};
use crate::store::{Conflict, Failure, IndexEntry, Side};

/// The fact that says when the server was last read, seconds since 1970.
pub const LAST_FETCH: &str = "last_remote_sync";
/// The fact that says when a run last tried to send something, seconds since 1970.
pub const LAST_PUSH: &str = "last_push_attempt";
/// The fact that says when this device's database was last read for a sync, seconds since 1970.
pub const LAST_STASH: &str = "last_local_sync";

impl Session<'_> {
    /// Notes what this device holds: the first step of every run that may change something.
    pub fn record_local(&self, reading: &Reading) -> Result<(), Error> {
        self.record_snapshot(&local_reference(), &reading.snapshot, "stash")?;
        Ok(self.store.set_fact(LAST_STASH, &self.now.to_string(), self.now)?)
    }

    /// Notes what the server holds.
    pub fn record_fetched(&self, reading: &Reading) -> Result<(), Error> {
        self.record_snapshot(&remote_reference(&self.remote)?, &reading.snapshot, "fetch")?;
        self.store.set_index(&self.remote, &reading.to_index())?;
        Ok(self.store.set_fact(LAST_FETCH, &self.now.to_string(), self.now)?)
    }

    /// Moves the base over what was confirmed, and notes conflicts, failures and what the server holds now.
    pub(super) fn record(
        &self,
        proposal: &Proposal,
        chosen: Chosen<'_>,
        after: &After,
        report: &Report,
    ) -> Result<(), Error> {
        self.store.transaction(|store| {
            let next = advance(chosen.base, chosen.plan, after);
            if proposal.base.id.is_none() || next != proposal.base.base {
                let message = summary(&self.remote, chosen, report);
                self.record_base(proposal.base.id, &next, &message)?;
            }
            self.record_remote(proposal, chosen, after)?;
            self.record_conflicts(proposal, chosen, after)?;
            self.record_failures(proposal, chosen, after, &report.problems)?;
            if report.error.is_none() {
                store.clear_journal(&self.remote)?;
            }
            let pushed = chosen.plan.steps(SideName::Remote).next().is_some();
            if pushed {
                store.set_fact(LAST_PUSH, &self.now.to_string(), self.now)?;
            }
            Ok(())
        })
    }

    /// What the server was last seen to hold, with what it now holds because of this run.
    fn record_remote(&self, proposal: &Proposal, chosen: Chosen<'_>, after: &After) -> Result<(), Error> {
        let mut index = proposal.remote.to_index();
        for (key, _) in chosen.plan.steps(SideName::Remote) {
            match after.get(SideName::Remote, key) {
                Some(Some(blob)) => drop(index.insert(key.clone(), IndexEntry { blob, updated_at: None })),
                Some(None) => drop(index.remove(key)),
                None => {}
            }
        }
        Ok(self.store.set_index(&self.remote, &index)?)
    }

    /// The conflicts that wait now. What a run was not about, or has not finished, stays as it was.
    fn record_conflicts(&self, proposal: &Proposal, chosen: Chosen<'_>, after: &After) -> Result<(), Error> {
        let stored = self.store.conflicts(&self.remote)?;
        let about: Option<BTreeSet<&ContentHash>> = (!proposal.wishes.is_about_everything())
            .then(|| chosen.plan.entries.iter().map(|entry| &entry.key).collect());
        let is_finished = |key: &ContentHash| {
            chosen.plan.entries.iter().any(|entry| {
                let confirmed = |side| entry.step(side).is_none() || after.get(side, key).is_some();
                &entry.key == key
                    && entry.complete
                    && confirmed(SideName::Local)
                    && confirmed(SideName::Remote)
            })
        };
        let waits = |conflict: &Conflict| {
            let planned = chosen.plan.conflicts.iter().any(|one| one.key == conflict.key);
            let answered = conflict.resolution.is_some()
                && proposal
                    .compared
                    .iter()
                    .any(|one| one.key == conflict.key && one.versions == versions(conflict));
            let left_out = about.as_ref().is_some_and(|about| !about.contains(&conflict.key));
            !planned && (left_out || (answered && !is_finished(&conflict.key)))
        };
        let mut conflicts: Vec<Conflict> = stored.into_iter().filter(waits).collect();
        conflicts.extend(chosen.plan.conflicts.iter().map(|conflict| self.stored(conflict)));
        Ok(self.store.set_conflicts(&self.remote, &conflicts)?)
    }

    fn stored(&self, conflict: &reconcile::Conflict) -> Conflict {
        Conflict {
            key: conflict.key.clone(),
            remote: self.remote.clone(),
            base: conflict.versions.base.map(|pair| (pair.local, pair.remote)),
            ours: conflict.versions.local,
            theirs: conflict.versions.remote,
            fields: conflict.fields.iter().map(ToString::to_string).collect(),
            since: self.now,
            resolution: None,
        }
    }

    /// A failure ends when the memory was taken, or when there is nothing left to do for it.
    fn record_failures(
        &self,
        proposal: &Proposal,
        chosen: Chosen<'_>,
        after: &After,
        problems: &[Problem],
    ) -> Result<(), Error> {
        let considered = |side: SideName| {
            proposal.wishes.is_about_everything()
                && !matches!(
                    (side, proposal.wishes.direction),
                    (SideName::Local, Some(Direction::Push)) | (SideName::Remote, Some(Direction::Pull))
                )
        };
        for failure in self.store.failures(&self.remote)? {
            let side = match failure.side {
                Side::Local => SideName::Local,
                Side::Remote => SideName::Remote,
            };
            let is_moot = considered(side) && chosen.plan.steps(side).all(|(key, _)| *key != failure.key);
            if after.get(side, &failure.key).is_some() || is_moot {
                self.store.clear_failure(&self.remote, failure.side, &failure.key)?;
            }
        }
        for problem in problems {
            self.store.record_failure(&Failure {
                key: problem.key.clone(),
                remote: self.remote.clone(),
                side: match problem.side {
                    SideName::Local => Side::Local,
                    SideName::Remote => Side::Remote,
                },
                reason: problem.reason.clone(),
                refused: problem.refused,
                attempts: 1,
                at: self.now,
            })?;
        }
        Ok(())
    }
}

/// The message of the sync's commit: a summary, and what is left.
fn summary(remote: &str, chosen: Chosen<'_>, report: &Report) -> String {
    let mut message = format!(
        "sync with {remote}: {} pulled, {} pushed\n\npulled: {}\npushed: {}\n",
        report.local.total(),
        report.remote.total(),
        describe(report.local),
        describe(report.remote),
    );
    let conflicts = chosen.plan.conflicts.len();
    if conflicts > 0 {
        message.extend([format!("conflicts: {conflicts}\n")]);
    }
    if !report.problems.is_empty() {
        message.extend([format!("not taken: {}\n", report.problems.len())]);
    }
    message
}

fn describe(done: super::Done) -> String {
    format!("{} new, {} changed, {} deleted", done.created, done.changed, done.deleted)
}
