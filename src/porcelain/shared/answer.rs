//! Ending conflicts: what `checkout`, `merge`, `mergetool` and `resolve` do once they know the answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::CommandError;
use crate::object::{ContentHash, Resolution};
use crate::porcelain::shared::reading::read_local;
use crate::reconcile::Direction;
use crate::sync::{Proposal, Session, Wishes};
use crate::workspace::Workspace;

/// The conflicts as they are now, with what the server was last seen to hold; notes them in the staging database.
pub(crate) fn conflicts(workspace: &mut Workspace, session: &Session<'_>) -> Result<Proposal, CommandError> {
    let proposal = propose(workspace, session, None)?;
    session.record_conflicts(&proposal)?;
    Ok(proposal)
}

/// Ends conflicts of [`conflicts`]. What an answer means for this device is done at once; what it means for the
/// server, by the next push or sync. Merged memories must be kept in the staging database before.
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
    Ok(report.stale.into_iter().map(|(_, key)| key).collect())
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
