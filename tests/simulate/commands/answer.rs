//! `checkout`, `merge` and `resolve`, as `porcelain::shared::answer` carries them out.

use std::collections::{BTreeMap, BTreeSet};

use memsync::object::{ContentHash, Resolution, SideName};
use memsync::reconcile::{Choices, Decision, Direction};
use memsync::store::{Conflict, Store};
use memsync::sync::{Proposal, Session, Wishes};
use serde_json::json;

use super::{Doing, Ended, Stop, session, wishes};
use crate::history::{Command, Spot};

/// What was decided about one conflict.
enum Answer {
    End(Resolution),
    EndByFields(Resolution, Choices),
    Choose(Choices),
}

impl Doing<'_> {
    /// Ends all conflicts that wait, in one way.
    pub(super) fn answer(&self) -> Result<Ended, Stop> {
        let store = self.open()?;
        let session = session(self.world, self.device, &store);
        let proposal = self.propose_here(&session, None)?;
        if session.moved(&proposal.local, &proposal.remote)?.is_some() {
            return Ok(Ended::Stopped);
        }
        session.record_conflicts(&proposal)?;
        self.watch.tick();
        let standing = session.conflicts(&proposal)?;
        let open = standing.iter().filter(|conflict| conflict.resolution.is_none());
        let mut answers = Vec::new();
        for conflict in open {
            answers.extend(self.decide(&session, conflict)?.map(|answer| (conflict.key.clone(), answer)));
        }
        if answers.is_empty() {
            return Ok(Ended::Nothing);
        }
        self.carry_answers_out(&store, &session, answers)
    }

    fn decide(&self, session: &Session<'_>, conflict: &Conflict) -> Result<Option<Answer>, Stop> {
        Ok(match self.run.command {
            Command::Ours => Some(Answer::End(Resolution::Side(SideName::Local))),
            Command::Theirs => Some(Answer::End(Resolution::Side(SideName::Remote))),
            Command::Base => {
                let base = conflict.base.map(|(local, _)| Resolution::Merged(Some(local)));
                base.map(Answer::End)
            }
            Command::Deleted => Some(Answer::End(Resolution::Merged(None))),
            Command::Merged(number) => Some(self.by_hand(session, conflict, number)?),
            _ => by_first_field(session, conflict)?,
        })
    }

    /// A memory that somebody wrote in place of both.
    fn by_hand(&self, session: &Session<'_>, conflict: &Conflict, number: u32) -> Result<Answer, Stop> {
        let unmerged = session.unmerged(conflict)?;
        let mut merged = unmerged.ours.or(unmerged.theirs).unwrap_or_default();
        merged.tags.insert(format!("tag-{number}"));
        if let memsync::object::Metadata::Members(members) = &mut merged.metadata {
            members.insert("a".to_owned(), json!(number));
        }
        let spot = Spot::Device(self.device.number);
        self.world.hold(spot, &conflict.key, Some(&merged));
        Ok(Answer::End(Resolution::Merged(Some(session.store.put_memory(&merged)?))))
    }

    fn carry_answers_out(
        &self,
        store: &Store,
        session: &Session<'_>,
        answers: Vec<(ContentHash, Answer)>,
    ) -> Result<Ended, Stop> {
        let (mut ends, mut chosen) = (BTreeMap::new(), Vec::new());
        for (key, answer) in answers {
            match answer {
                Answer::End(resolution) => drop(ends.insert(key, resolution)),
                Answer::EndByFields(resolution, choices) => {
                    ends.insert(key.clone(), resolution);
                    chosen.push((key, choices));
                }
                Answer::Choose(choices) => chosen.push((key, choices)),
            }
        }
        let again =
            if ends.is_empty() { BTreeSet::new() } else { self.end_conflicts(store, session, &ends)? };
        self.watch.tick();
        store.transaction(|store| {
            let mut kept = chosen.iter().filter(|(key, _)| !again.contains(key));
            kept.try_for_each(|(key, choices)| store.choose(&session.remote, key, choices).map(drop))
        })?;
        Ok(Ended::Done { conflicts: BTreeSet::new(), open: again })
    }

    fn end_conflicts(
        &self,
        store: &Store,
        session: &Session<'_>,
        answers: &BTreeMap<ContentHash, Resolution>,
    ) -> Result<BTreeSet<ContentHash>, Stop> {
        for conflict in session.store.conflicts(&session.remote)? {
            if let Some(answer) = answers.get(&conflict.key) {
                self.decided(session, &conflict, *answer)?;
            }
        }
        store.transaction(|store| {
            let mut answers = answers.iter();
            answers.try_for_each(|(key, answer)| store.resolve(&session.remote, key, *answer).map(drop))
        })?;
        self.watch.tick();
        let proposal = self.propose_here(session, Some(answers.keys().cloned().collect()))?;
        let mut local = self.local()?;
        let report = session.execute(&proposal, proposal.plain(), Some(&mut local), None, &mut |_| {})?;
        if let Some(error) = report.error {
            return Err(error.into());
        }
        self.fill();
        let waiting = proposal.plan.conflicts.iter().map(|conflict| conflict.key.clone());
        let stale = report.stale.into_iter().map(|(_, key)| key);
        Ok(stale.chain(waiting).chain(report.problems.into_iter().map(|problem| problem.key)).collect())
    }

    /// Notes what somebody decided who has seen a conflict.
    fn decided(&self, session: &Session<'_>, conflict: &Conflict, answer: Resolution) -> Result<(), Stop> {
        let unmerged = session.unmerged(conflict)?;
        let versions = [unmerged.ours, unmerged.theirs];
        let chosen = match answer {
            Resolution::Side(SideName::Local) => versions[0].clone(),
            Resolution::Side(SideName::Remote) => versions[1].clone(),
            Resolution::Merged(merged) => merged.map(|merged| session.store.memory(merged)).transpose()?,
        };
        self.world.ledger.borrow_mut().decide(&conflict.key, &versions, chosen.as_ref());
        // An answer does not hold for what somebody has changed since, and may hold again later.
        let here = self.device.place.memory(&conflict.key).map(|memory| memory.id());
        if ![conflict.ours, conflict.held].contains(&here) {
            self.world.contest(&conflict.key);
        }
        // Until a run carries the answer to the server, whoever takes the memory back to what was agreed on takes it back.
        self.device.unsettled.borrow_mut().insert(conflict.key.clone());
        Ok(())
    }

    fn propose_here(
        &self,
        session: &Session<'_>,
        only: Option<BTreeSet<ContentHash>>,
    ) -> Result<Proposal, Stop> {
        let wishes = Wishes { direction: Some(Direction::Pull), only, ..wishes(self.world) };
        let base = session.base()?;
        let ours = self.read_local(session, &base.base)?;
        session.record_local(&ours)?;
        self.watch.tick();
        Ok(session.propose(base, ours, session.last_fetched()?, wishes)?)
    }
}

/// This device's value for the first field that collides.
fn by_first_field(session: &Session<'_>, conflict: &Conflict) -> Result<Option<Answer>, Stop> {
    let unmerged = session.unmerged(conflict)?;
    let Some(field) = unmerged.fields().into_iter().next() else { return Ok(None) };
    let chosen = Choices::from([(field.to_string(), SideName::Local)]);
    let Ok(spelled) = unmerged.spell_out(&chosen) else { return Ok(None) };
    let mut all = conflict.choices.clone();
    all.extend(spelled);
    Ok(match unmerged.decide(&all) {
        Err(_) => None,
        Ok(Decision::Open(_)) => Some(Answer::Choose(all)),
        Ok(Decision::Ended(memory)) => {
            let memory = memory.map(|memory| session.store.put_memory(&memory)).transpose()?;
            Some(Answer::EndByFields(Resolution::Merged(memory), all))
        }
    })
}
