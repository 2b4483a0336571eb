//! Carrying a plan out.

use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;

use super::changes::Notes;
use super::undo::UNDER_WAY;
use super::{Chosen, Error, Progress, Proposal, Session};
use crate::object::{BlobId, ContentHash, Edit, Memory, Outcome, Refusal, Row, SideName};
use crate::planted::{self, Mistake};
use crate::reconcile::{After, Plan, Step, is_rewriting};
use crate::side::Side;
use crate::store::{Failure, Intent};

/// How many memories were created, changed and deleted on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// New memories.
    pub created: usize,
    /// Changed memories.
    pub changed: usize,
    /// Deleted memories.
    pub deleted: usize,
}

impl Done {
    /// All of them.
    #[must_use]
    pub fn total(self) -> usize {
        self.created + self.changed + self.deleted
    }

    /// Counts planned steps.
    #[must_use]
    pub fn planned(plan: &Plan, side: SideName) -> Self {
        let mut done = Self::default();
        plan.steps(side).for_each(|(_, step)| done.add(step));
        done
    }

    fn add(&mut self, step: Step) {
        match (step.expected, step.target) {
            (None, _) => self.created += 1,
            (Some(_), Some(_)) => self.changed += 1,
            (Some(_), None) => self.deleted += 1,
        }
    }
}

impl AddAssign for Done {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.deleted += other.deleted;
    }
}

/// One memory that a side did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The side.
    pub side: SideName,
    /// The memory.
    pub key: ContentHash,
    /// What happened, in one sentence.
    pub reason: String,
    /// The version that the side will not take as it is; `None` where the next run tries again.
    pub refused: Option<BlobId>,
    /// The similar memory that the server already holds, where that is the reason.
    pub similar_to: Option<ContentHash>,
    /// It was refused by an earlier run, has not changed since, and was not sent again.
    pub is_known: bool,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// What was done on this device.
    pub local: Done,
    /// What was done on the server.
    pub remote: Done,
    /// Memories that a side did not take.
    pub problems: Vec<Problem>,
    /// Memories that changed between the reading and the write; nothing was written to them.
    pub stale: Vec<(SideName, ContentHash)>,
    /// What ended the run early; everything confirmed until then is recorded.
    pub error: Option<Error>,
}

/// How much goes to a side at once: a side works best on many edits, and all of them are held in memory.
const BATCH_EDITS: usize = 10_000;
const BATCH_BYTES: usize = 16 << 20;

impl Session<'_> {
    /// Carries out a chosen plan and records what was confirmed. A side that is `None` is not asked for
    /// anything; the plan must have no steps for it.
    pub fn execute(
        &self,
        proposal: &Proposal,
        chosen: Chosen<'_>,
        local: Option<&mut (dyn Side + '_)>,
        remote: Option<&mut (dyn Side + '_)>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report, Error> {
        let adopted = self.adopt_changes(&proposal.local, &proposal.remote)?;
        self.store.set_fact(UNDER_WAY, "", self.now)?;
        self.announce(chosen.plan)?;
        let refused = if proposal.wishes.retry_refused { HashMap::new() } else { self.refused()? };
        let run = Run::new(self, chosen.plan, &refused, BTreeMap::new());
        let (after, report) = run.carry_out(local, remote, progress);
        self.record(proposal, chosen, &after, &report, &adopted)?;
        Ok(report)
    }

    /// What the server refused not long ago, by memory: sending it again would be refused again. After a day it is
    /// tried once more, since servers compare with what is recent.
    pub fn refused(&self) -> Result<HashMap<ContentHash, Failure>, Error> {
        const DAY: i64 = 24 * 60 * 60;
        let is_recent = |failure: &Failure| (0..DAY).contains(&(self.now - failure.at));
        let failures = self.store.failures(&self.remote)?.into_iter();
        let refused = failures.filter(|failure| failure.side == SideName::Remote && is_recent(failure));
        Ok(refused.map(|failure| (failure.key.clone(), failure)).collect())
    }

    /// Keeps the merged memories, and notes what is about to happen.
    pub(super) fn announce(&self, plan: &Plan) -> Result<(), Error> {
        self.store.transaction(|store| {
            for memory in plan.objects.values() {
                store.put_memory(memory)?;
            }
            let intents = plan.steps(SideName::Remote).map(|(key, step)| Intent {
                remote: self.remote.clone(),
                side: SideName::Remote,
                key: key.clone(),
                expected: step.expected,
                target: step.target,
            });
            store.begin_intents(&intents.collect::<Vec<_>>())?;
            Ok(())
        })
    }
}

/// A plan that is being carried out.
pub(super) struct Run<'a> {
    session: &'a Session<'a>,
    plan: &'a Plan,
    /// What the server refused before, and is not sent again unless it has changed.
    refused: &'a HashMap<ContentHash, Failure>,
    /// The rows that this device's database gets back as they were.
    rows: BTreeMap<ContentHash, Row>,
    after: After,
    report: Report,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        plan: &'a Plan,
        refused: &'a HashMap<ContentHash, Failure>,
        rows: BTreeMap<ContentHash, Row>,
    ) -> Self {
        Self { session, plan, refused, rows, after: After::default(), report: Report::default() }
    }

    /// Does it, and says what was confirmed and what else became of it.
    pub(super) fn carry_out(
        mut self,
        local: Option<&mut (dyn Side + '_)>,
        remote: Option<&mut (dyn Side + '_)>,
        progress: &mut dyn FnMut(Progress),
    ) -> (After, Report) {
        self.report.error = self.apply_all(local, remote, progress).err();
        (self.after, self.report)
    }

    /// Creations and changes before deletions, this device before the server.
    fn apply_all(
        &mut self,
        mut local: Option<&mut (dyn Side + '_)>,
        mut remote: Option<&mut (dyn Side + '_)>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        for deletions in [false, true] {
            if let Some(local) = local.as_deref_mut() {
                self.apply(SideName::Local, local, deletions, progress)?;
            }
            if let Some(remote) = remote.as_deref_mut() {
                self.apply(SideName::Remote, remote, deletions, progress)?;
            }
        }
        Ok(())
    }

    /// Carries out one side's deletions, or everything else.
    fn apply(
        &mut self,
        name: SideName,
        side: &mut dyn Side,
        deletions: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        let (plan, refused) = (self.plan, self.refused);
        let is_now = |(_, step): &(&ContentHash, Step)| step.is_deletion() == deletions;
        // The server refused this very version.
        let is_known = |(key, step): (&ContentHash, Step)| {
            let known = if name == SideName::Remote { refused.get(key) } else { None };
            known.filter(|known| known.is_about(step.target))
        };
        let known = plan.steps(name).filter(is_now).filter_map(is_known);
        self.report.problems.extend(known.map(known_problem));
        let steps = || plan.steps(name).filter(is_now).filter(|step| is_known(*step).is_none());
        let (mut count, total) = (0, steps().count());
        if total > 0 {
            // The first outcome may take a while.
            progress(Progress::Writing { side: name, count, total });
        }
        let mut rest = steps().peekable();
        while rest.peek().is_some() {
            // Outside of a transaction SQLite locks the file, and looks for a journal, for each memory that is read.
            let (edits, batch) = self.session.store.transaction(|_| self.batch(name, &mut rest))?;
            let mut notes = Notes::new(self.session, name, &batch, |done| {
                progress(Progress::Writing { side: name, count: count + done, total });
            });
            let applied = side.apply(edits, &mut notes);
            let (outcomes, kept) = notes.into_parts();
            count += outcomes.len();
            self.take(name, &batch, outcomes)?;
            kept?;
            applied.map_err(Error::side(name))?;
        }
        Ok(())
    }

    /// The next edits, with their memories, and the steps that they carry out.
    fn batch(
        &self,
        name: SideName,
        steps: &mut impl Iterator<Item = (&'a ContentHash, Step)>,
    ) -> Result<(Vec<Edit>, HashMap<&'a ContentHash, Step>), Error> {
        let (mut edits, mut batch) = (Vec::new(), HashMap::new());
        let mut bytes = 0;
        for (key, step) in steps.take(BATCH_EDITS) {
            batch.insert(key, step);
            let target = step.target.map(|blob| self.session.store.memory(blob)).transpose()?;
            bytes += target.as_ref().map_or(0, |memory| memory.content.len());
            let row = self.rows.get(key).filter(|_| name == SideName::Local).cloned();
            edits.push(Edit { key: key.clone(), expected: step.expected, target, row });
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        Ok((edits, batch))
    }

    /// Notes the outcomes of a batch, and keeps what the side holds now.
    fn take(
        &mut self,
        name: SideName,
        steps: &HashMap<&ContentHash, Step>,
        outcomes: Vec<(ContentHash, Outcome)>,
    ) -> Result<(), Error> {
        let session = self.session;
        session.store.transaction(|_| {
            for (key, outcome) in outcomes {
                let step = steps.get(&key).copied();
                match (outcome, step) {
                    (Outcome::Done { now }, Some(step)) => self.done(name, key, step, now)?,
                    (Outcome::Stale, Some(step)) if planted::makes(Mistake::StaleIsDone) => {
                        self.after.confirm(name, key, step, step.target);
                    }
                    (Outcome::Stale, _) => self.report.stale.push((name, key)),
                    (Outcome::Refused(refusal), _) => {
                        self.problem(name, key, refusal.to_string(), step, Some(refusal));
                    }
                    (Outcome::Failed { reason }, _) => self.problem(name, key, reason, None, None),
                    (Outcome::Done { .. }, None) => {}
                }
            }
            Ok(())
        })
    }

    fn done(
        &mut self,
        name: SideName,
        key: ContentHash,
        step: Step,
        now: Option<Memory>,
    ) -> Result<(), Error> {
        let store = self.session.store;
        let held = match (step.target, now) {
            (None, None) => None,
            (Some(target), Some(now)) => {
                let id = store.put_memory(&now)?;
                let before = step.expected.map(|blob| store.memory(blob)).transpose()?;
                let is_unchanged = Some(id) == step.expected;
                let is_ours = id == target
                    || name == SideName::Local
                    || is_rewriting(before.as_ref(), &store.memory(target)?, &now);
                if is_unchanged && !is_ours && planted::makes(Mistake::BelieveTheOutcome) {
                    self.after.confirm(name, key, step, step.target);
                    return Ok(());
                }
                if is_unchanged && !is_ours {
                    // A base that claims the change would never send it again.
                    let reason =
                        "the server answered that it took the change, and kept what it had".to_owned();
                    self.problem(name, key, reason, None, None);
                    return Ok(());
                }
                if !is_ours && !planted::makes(Mistake::TakeAnothersWriteForOurs) {
                    // Somebody else wrote after us, or instead of us where the server said it took what it did not. The
                    // next run compares what there is now with the base of before: whichever it was, nothing is lost.
                    self.report.stale.push((name, key));
                    return Ok(());
                }
                Some(id)
            }
            // It was deleted or made again in that moment: the next run sees which.
            (Some(_), None) | (None, Some(_)) => {
                self.report.stale.push((name, key));
                return Ok(());
            }
        };
        let done = match name {
            SideName::Local => &mut self.report.local,
            SideName::Remote => &mut self.report.remote,
        };
        done.add(step);
        self.after.confirm(name, key, step, held);
        Ok(())
    }

    fn problem(
        &mut self,
        side: SideName,
        key: ContentHash,
        reason: String,
        step: Option<Step>,
        refusal: Option<Refusal>,
    ) {
        let refused = refusal.as_ref().and(step).and_then(|step| step.target);
        let similar_to = match refusal {
            Some(Refusal::Similar { to }) => Some(to),
            _ => None,
        };
        self.report.problems.push(Problem { side, key, reason, refused, similar_to, is_known: false });
    }
}

/// A problem that an earlier run had, and that is still there.
fn known_problem(known: &Failure) -> Problem {
    Problem {
        side: SideName::Remote,
        key: known.key.clone(),
        reason: known.reason.clone(),
        refused: known.refused,
        similar_to: known.similar_to.clone(),
        is_known: true,
    }
}
