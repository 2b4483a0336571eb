//! Ending conflicts: what `checkout`, `merge`, `mergetool` and `resolve` do once they know the answers.
//!
//! What an answer means for this device is done at once; what it means for the server, by the next push or sync. Until
//! then it can be changed. Where nothing is left to tell the server, both sides agree from then on.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::CommandError;
use crate::local::service::content_hash;
use crate::object::{ContentHash, Memory, Resolution};
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::selection::find_key;
use crate::porcelain::shared::vectors;
use crate::porcelain::shared::words::refuse_moved;
use crate::reconcile::{Choices, Decision, Direction, UndecidableError, Unmerged};
use crate::store::Conflict;
use crate::sync::{Proposal, Session, Wishes};
use crate::ui::view::conflict_list::Kind;
use crate::ui::view::text::counted;
use crate::ui::{Ui, escape_line};
use crate::workspace::Workspace;

/// What was decided about one conflict.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It ends so.
    End(Resolution),
    /// It ends so, by what was chosen for each field.
    EndByFields(Resolution, Choices),
    /// These fields are chosen, others are open.
    Choose(Choices, Vec<String>),
}

/// What carrying out answers came to.
#[derive(Default)]
pub(crate) struct Answered {
    /// The conflicts that have ended.
    pub(crate) ended: Vec<ContentHash>,
    /// The conflicts of which some fields are open, with these.
    pub(crate) open: Vec<(ContentHash, Vec<String>)>,
    /// The memories that changed meanwhile: nothing was written to them, and they wait again.
    pub(crate) again: BTreeSet<ContentHash>,
    /// How many conflicts wait for a decision now.
    pub(crate) left: usize,
    /// Whether some decision is still to be told to the server; where the server's version was taken, none is.
    pub(crate) is_unsent: bool,
}

impl Answered {
    /// Says what is to do next; `list` is the command that shows what is left.
    pub(crate) fn hint(&self, list: &str, remote: &str, ui: &mut Ui) {
        if !self.again.is_empty() {
            ui.warn(&format!("some of them changed just now and wait again: see `{list}`"));
        } else if self.left > 0 {
            let left = counted(self.left, "conflict is", "conflicts are");
            ui.hint(&format!("{left} left: see `{list}`"));
        } else if self.is_unsent {
            let remote = escape_line(remote);
            ui.hint(&format!("`memsync sync` brings the decision to the server ({remote})"));
        }
    }
}

/// The conflicts as they are now, with what the server was last seen to hold; notes them in the staging database.
pub(crate) fn conflicts(workspace: &mut Workspace, session: &Session<'_>) -> Result<Proposal, CommandError> {
    let proposal = propose(workspace, session, None)?;
    refuse_moved(session.moved(&proposal.local, &proposal.remote)?.as_ref(), session)?;
    session.record_conflicts(&proposal)?;
    Ok(proposal)
}

/// The same as they are noted: those that wait, and those whose decision has yet to reach the server.
pub(crate) fn standing(
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<Vec<Conflict>, CommandError> {
    let proposal = conflicts(workspace, session)?;
    Ok(session.conflicts(&proposal)?)
}

/// The memory of the one conflict whose hash begins with `prefix`.
pub(crate) fn find_conflict(standing: &[Conflict], prefix: &str) -> Result<ContentHash, CommandError> {
    find_key(standing.iter().map(|conflict| &conflict.key), prefix, "conflict")
        .map_err(|error| error.with_hint("`memsync conflicts` lists the conflicts"))
}

/// The kind of a conflict.
pub(crate) fn kind(conflict: &Conflict) -> Kind {
    Kind::of(conflict.base.is_some(), conflict.ours.is_some(), conflict.theirs.is_some())
}

/// What both sides held before, as the end of a conflict.
pub(crate) fn to_base(conflict: &Conflict) -> Result<Answer, CommandError> {
    match conflict.base {
        Some((local, _)) => Ok(Answer::End(Resolution::Merged(Some(local)))),
        None => Err(undecidable(conflict, &UndecidableError::NoBase)),
    }
}

/// Takes one side's value for some fields, besides what was chosen before; keeps the memory that comes of it.
pub(crate) fn by_fields(
    session: &Session<'_>,
    conflict: &Conflict,
    choices: &Choices,
) -> Result<Answer, CommandError> {
    let unmerged = session.unmerged(conflict)?;
    let refuse = |error| undecidable(conflict, &error);
    let mut all = conflict.choices.clone();
    all.extend(unmerged.spell_out(choices).map_err(refuse)?);
    match unmerged.decide(&all).map_err(refuse)? {
        Decision::Ended(memory) => {
            let memory = memory.map(|memory| session.store.put_memory(&memory)).transpose()?;
            Ok(Answer::EndByFields(Resolution::Merged(memory), all))
        }
        Decision::Open(fields) => {
            let open: Vec<String> = fields.iter().map(ToString::to_string).collect();
            match conflict.resolution {
                None => Ok(Answer::Choose(all, open)),
                Some(resolution) => {
                    let message = format!(
                        "the conflict about {} is decided ({resolution}); to decide it field by field, choose a side for {} too",
                        conflict.key.short(),
                        open.join(", ")
                    );
                    Err(CommandError::usage(message))
                }
            }
        }
    }
}

/// Ends a conflict with another memory, in this device's form; keeps it.
pub(crate) fn with_memory(
    session: &Session<'_>,
    conflict: &Conflict,
    memory: &Memory,
) -> Result<Answer, CommandError> {
    check_text(conflict, &session.unmerged(conflict)?, memory)?;
    Ok(Answer::End(Resolution::Merged(Some(session.store.put_memory(memory)?))))
}

/// Refuses a text that belongs under another name: the service names a memory after its text, and no server would take it.
pub(crate) fn check_text(
    conflict: &Conflict,
    unmerged: &Unmerged,
    memory: &Memory,
) -> Result<(), CommandError> {
    let base = unmerged.base.as_ref().map(|(local, _)| local);
    let versions = [base, unmerged.ours.as_ref(), unmerged.theirs.as_ref()].into_iter().flatten();
    let name = content_hash(&memory.content);
    let is_respelled =
        |version: &Memory| version.content == memory.content || content_hash(&version.content) == name;
    if name == conflict.key.as_str() || { versions }.any(is_respelled) {
        return Ok(());
    }
    let message = format!(
        "the text for {} is a new one, and a memory is named after its text: only letter case and space around it may change",
        conflict.key.short()
    );
    Err(CommandError::usage(message).with_hint("store a new text as a memory of its own"))
}

fn undecidable(conflict: &Conflict, error: &UndecidableError) -> CommandError {
    let refused = CommandError::usage(format!("{}: {error}", conflict.key.short()));
    match error {
        UndecidableError::Field { .. } => refused.with_hint("`memsync conflicts` lists them"),
        UndecidableError::NoBase => {
            refused.with_hint("`memsync checkout --ours HASH` or `--theirs HASH` ends such a conflict")
        }
    }
}

/// Carries out answers to conflicts of [`standing`].
pub(crate) fn carry_out(
    workspace: &mut Workspace,
    session: &Session<'_>,
    answers: Vec<(ContentHash, Answer)>,
) -> Result<Answered, CommandError> {
    let (mut ends, mut chosen, mut open) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (key, answer) in answers {
        match answer {
            Answer::End(resolution) => drop(ends.insert(key, resolution)),
            Answer::EndByFields(resolution, choices) => {
                ends.insert(key.clone(), resolution);
                chosen.push((key, choices));
            }
            Answer::Choose(choices, fields) => {
                chosen.push((key.clone(), choices));
                open.push((key, fields));
            }
        }
    }
    let again = if ends.is_empty() { BTreeSet::new() } else { answer(workspace, session, &ends)? };
    session.store.transaction(|store| {
        let mut kept = chosen.iter().filter(|(key, _)| !again.contains(key));
        kept.try_for_each(|(key, choices)| store.choose(&session.remote, key, choices).map(drop))
    })?;
    let conflicts = session.store.conflicts(&session.remote)?;
    Ok(Answered {
        ended: ends.into_keys().filter(|key| !again.contains(key)).collect(),
        open,
        again,
        left: conflicts.iter().filter(|conflict| conflict.resolution.is_none()).count(),
        is_unsent: conflicts.iter().any(|conflict| conflict.resolution.is_some()),
    })
}

/// Ends conflicts of [`conflicts`]. Merged memories must be kept in the staging database before.
///
/// Returns the memories that changed meanwhile: nothing was written to them, and they wait again.
pub(crate) fn answer(
    workspace: &mut Workspace,
    session: &Session<'_>,
    answers: &BTreeMap<ContentHash, Resolution>,
) -> Result<BTreeSet<ContentHash>, CommandError> {
    session.store.transaction(|store| {
        answers
            .iter()
            .try_for_each(|(key, resolution)| store.resolve(&session.remote, key, *resolution).map(drop))
    })?;
    let proposal = propose(workspace, session, Some(answers.keys().cloned().collect()))?;
    let mut local = workspace.local()?;
    let report = session.execute(&proposal, proposal.plain(), Some(&mut local), None, &mut |_| {})?;
    if let Some(error) = report.error {
        return Err(CommandError::from_sync(error, &session.remote));
    }
    for problem in &report.problems {
        workspace.ui.warn(&format!(
            "this device ({}) did not take {}: {}",
            session.device,
            problem.key.short(),
            problem.reason
        ));
    }
    let waiting = proposal.plan.conflicts.iter().map(|conflict| conflict.key.clone());
    vectors::fill(&mut local, report.local.created + report.local.changed > 0, &mut workspace.ui);
    let again = report.stale.into_iter().map(|(_, key)| key).chain(waiting);
    Ok(again.chain(report.problems.into_iter().map(|problem| problem.key)).collect())
}

fn propose(
    workspace: &mut Workspace,
    session: &Session<'_>,
    only: Option<BTreeSet<ContentHash>>,
) -> Result<Proposal, CommandError> {
    let wishes = Wishes { direction: Some(Direction::Pull), only, ..workspace.wishes()? };
    let base = session.base()?;
    let ours = read_local(workspace, session, &base.base)?;
    session.record_local(&ours)?;
    Ok(session.propose(base, ours, session.last_fetched()?, wishes)?)
}
