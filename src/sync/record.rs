//! Writing down what a run came to, in one transaction.

use super::changes::Adopted;
use super::history::pairs;
use super::{
    Chosen, Device, Error, Problem, Proposal, Reading, Report, Session, local_reference, remote_reference,
};
use crate::object::tree::{Changes, Difference};
use crate::object::{BlobId, ContentHash, SideName};
use crate::reconcile::{Advanced, After, Base, Compared, Direction, Plan, advance};
use crate::store::{self, Failure, IndexEntry, Operation, Staged};

/// The fact that says when the server was last read, seconds since 1970.
pub const LAST_FETCH: &str = "last_remote_sync";
/// The fact that says when a run last tried to send something, seconds since 1970.
pub const LAST_PUSH: &str = "last_push_attempt";
/// The fact that says when this device's database was last read for a sync, seconds since 1970.
pub const LAST_STASH: &str = "last_local_sync";

impl Session<'_> {
    /// Notes what this device holds: the first step of every run that may change something.
    pub fn record_local(&self, reading: &Reading) -> Result<(), Error> {
        match &reading.device {
            Some(device) => self.record_device_now(device),
            None => self.store.transaction(|_| {
                self.record_snapshot(&local_reference(), &reading.snapshot, "stash")?;
                self.record_read()
            }),
        }
    }

    /// Notes what this device holds, read by its marks.
    pub fn record_device_now(&self, device: &Device) -> Result<(), Error> {
        self.store.transaction(|store| {
            let commit = self.record_tree(&local_reference(), device.tree, "stash")?;
            if let Some(marks) = device.marks.as_ref().filter(|marks| marks.are_distinct()) {
                store.set_marks(commit, marks)?;
            }
            self.record_read()
        })
    }

    fn record_read(&self) -> Result<(), Error> {
        Ok(self.store.set_fact(LAST_STASH, &self.now.to_string(), self.now)?)
    }

    /// Notes what the server holds.
    pub fn record_fetched(&self, reading: &Reading) -> Result<(), Error> {
        self.store.transaction(|store| {
            self.record_snapshot(&remote_reference(&self.remote)?, &reading.snapshot, "fetch")?;
            store.set_index(&self.remote, reading.index())?;
            if let Some(place) = &reading.place {
                store.set_fact(&self.fetched_place_fact(), place, self.now)?;
            }
            Ok(store.set_fact(LAST_FETCH, &self.now.to_string(), self.now)?)
        })
    }

    /// The base after a plan, of which `after` is confirmed. Belongs into the transaction that writes it down.
    pub(super) fn advance<'b>(
        &self,
        base: &'b Base,
        plan: &'b Plan,
        after: &'b After,
    ) -> Result<Advanced<'b>, Error> {
        let next = advance(base, plan, after, &mut |blob| self.store.memory(blob))?;
        for memory in next.objects.values() {
            self.store.put_memory(memory)?;
        }
        Ok(next)
    }

    /// Moves the base over what was confirmed, and notes conflicts, failures and what the server holds now.
    pub(super) fn record(
        &self,
        proposal: &Proposal,
        chosen: Chosen<'_>,
        after: &After,
        report: &Report,
        adopted: &Adopted,
    ) -> Result<(), Error> {
        self.store.transaction(|store| {
            let last = proposal.base.id;
            let next = self.advance(chosen.base, chosen.plan, after)?;
            let did_nothing = adopted.is_empty() && report.local.total() + report.remote.total() == 0;
            if last.is_none() || !next.pairs().eq(pairs(&proposal.base.base)) || !did_nothing {
                let message = summary(&self.remote, chosen, report);
                let run = self.record_base(last, next.pairs(), &message)?;
                self.record_changes(run, chosen.plan, after, adopted)?;
            }
            for (side, reading) in [(SideName::Local, &proposal.local), (SideName::Remote, &proposal.remote)]
            {
                if let Some(place) = &reading.place {
                    store.set_fact(&self.place_fact(side), place, self.now)?;
                }
            }
            self.record_pushed(chosen.plan, after)?;
            let is_finished = |key: &ContentHash| is_finished(chosen.plan, after, key);
            self.record_run_conflicts(proposal, chosen.plan, after, &is_finished)?;
            self.record_run_staged(proposal, &is_finished)?;
            self.record_failures(proposal, chosen, after, &report.problems)?;
            if report.error.is_none() {
                store.clear_journal(&self.remote)?;
            }
            let held_back = report.problems.iter().filter(|problem| problem.is_known).count();
            if chosen.plan.steps(SideName::Remote).count() > held_back {
                store.set_fact(LAST_PUSH, &self.now.to_string(), self.now)?;
            }
            Ok(())
        })
    }

    /// Brings what the server was seen to hold up to date with what it now holds because of a run, as git moves
    /// `origin/main` when it has pushed. Comes after the run's own commit, which names what was there before.
    pub(super) fn record_pushed(&self, plan: &Plan, after: &After) -> Result<(), Error> {
        let steps = plan.steps(SideName::Remote);
        let held =
            |(key, step): (&ContentHash, _)| Some((key.clone(), after.get(SideName::Remote, key, step)?));
        let changes: Changes = steps.filter_map(held).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let store = self.store;
        let reference = remote_reference(&self.remote)?;
        let last = store.reference(&reference)?.map(|last| store.commit(last)).transpose()?;
        let entry = |blob| IndexEntry { blob, updated_at: None };
        store.change_index(&self.remote, changes.iter().map(|(key, held)| (key.clone(), held.map(entry))))?;
        let tree = match store.update_snapshot(last.map(|last| last.tree), &changes) {
            Ok(updated) => updated.tree,
            // What was there only saves writing all of it.
            Err(store::Error::Damaged { .. }) => {
                let held = store.index(&self.remote)?;
                store.put_snapshot(held.iter().map(|(key, entry)| (key, &entry.blob)))?
            }
            Err(error) => return Err(error.into()),
        };
        self.record_tree(&reference, tree, "push")?;
        Ok(())
    }

    /// Notes this device's changes that have not reached the server, for scripts that look at them.
    pub fn record_staged(&self, proposal: &Proposal) -> Result<(), Error> {
        self.record_run_staged(proposal, &|_| false)
    }

    /// The same from the memories that differ between what both sides agreed on and what this device holds.
    pub fn record_changes_here(&self, changes: Vec<Difference>) -> Result<(), Error> {
        let total = changes.len();
        let staged = |(key, then, now): Difference| {
            let operation = match (then, now) {
                (None, _) => Operation::Insert,
                (Some(_), Some(_)) => Operation::Update,
                (Some(_), None) => Operation::Delete,
            };
            Some(self.staged(key, operation, now.or(then)?))
        };
        Ok(self.store.list_staged(changes.into_iter().filter_map(staged), total)?)
    }

    fn staged(&self, key: ContentHash, operation: Operation, blob: BlobId) -> Staged {
        Staged { key, operation, blob, staged_at: self.now, source_machine: self.device.clone() }
    }

    fn record_run_staged(
        &self,
        proposal: &Proposal,
        is_finished: &dyn Fn(&ContentHash) -> bool,
    ) -> Result<(), Error> {
        let staged = |one: Compared| {
            let (operation, blob) = match one.state.letter(SideName::Local) {
                'A' => (Operation::Insert, one.versions.local),
                'M' => (Operation::Update, one.versions.local),
                'D' => (Operation::Delete, one.versions.base.map(|pair| pair.local)),
                _ => return None,
            };
            let blob = blob.filter(|_| !is_finished(&one.key))?;
            Some(self.staged(one.key, operation, blob))
        };
        // A run about some memories knows nothing of the others' changes.
        if proposal.wishes.only.is_some() {
            return Ok(());
        }
        let staged: Vec<Staged> = proposal.plan.compared().filter_map(staged).collect();
        let total = staged.len();
        Ok(self.store.list_staged(staged.into_iter(), total)?)
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
            let side = failure.side;
            let is_planned = chosen.plan.entry(&failure.key).is_some_and(|entry| entry.step(side).is_some());
            let is_moot = considered(side) && !is_planned;
            if after.has(side, &failure.key) || is_moot {
                self.store.clear_failure(&self.remote, side, &failure.key)?;
            }
        }
        for problem in problems.iter().filter(|problem| !problem.is_known) {
            self.store.record_failure(&Failure {
                key: problem.key.clone(),
                remote: self.remote.clone(),
                side: problem.side,
                reason: problem.reason.clone(),
                refused: problem.refused,
                similar_to: problem.similar_to.clone(),
                attempts: 1,
                at: self.now,
            })?;
        }
        Ok(())
    }
}

/// Whether both sides agree on a memory now.
fn is_finished(plan: &Plan, after: &After, key: &ContentHash) -> bool {
    let sides = [SideName::Local, SideName::Remote];
    plan.entry(key).is_some_and(|entry| sides.into_iter().all(|side| after.reached(entry, side).is_some()))
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
