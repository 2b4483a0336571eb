//! From words on the command line to memories.

use std::collections::BTreeSet;

use crate::error::CommandError;
use crate::object::{ContentHash, Timestamp};
use crate::porcelain::shared::arguments::{Selection, Strategy};
use crate::reconcile::{self, Scope};
use crate::ui::escape_line;
use crate::workspace::Workspace;

/// The fewest characters that name a memory.
const SHORTEST_PREFIX: usize = 4;

/// Refuses a name that is too short to mean one thing for long.
pub(crate) fn check_length(prefix: &str) -> Result<(), CommandError> {
    if prefix.chars().count() < SHORTEST_PREFIX {
        return Err(CommandError::usage(format!(
            "'{prefix}' is too short: name a memory by at least four characters"
        )));
    }
    Ok(())
}

/// The one of `keys` that begins with `prefix`.
pub(crate) fn find_key<'a>(
    keys: impl IntoIterator<Item = &'a ContentHash>,
    prefix: &str,
    what: &str,
) -> Result<ContentHash, CommandError> {
    check_length(prefix)?;
    let found: BTreeSet<&ContentHash> =
        keys.into_iter().filter(|key| key.as_str().starts_with(prefix)).collect();
    // A whole hash is meant even where another one goes on from there.
    if let Some(exact) = found.iter().find(|key| key.as_str() == prefix) {
        return Ok((*exact).clone());
    }
    match found.len() {
        0 => Err(CommandError::usage(format!("no {what} begins with '{}'", escape_line(prefix)))),
        1 => Ok(found.into_iter().next().cloned().expect("there is one")),
        count => {
            let some: Vec<&str> = found.iter().take(5).map(|key| key.as_str()).collect();
            let error =
                CommandError::usage(format!("'{}' is short for {count} memories", escape_line(prefix)));
            Err(error.with_hint(format!("they are {}", some.join(", "))))
        }
    }
}

/// The memories that a command line selects.
pub(crate) fn scope(selection: &Selection, workspace: &Workspace) -> Result<Scope, CommandError> {
    let since = match selection.since {
        None => None,
        Some(since) => {
            let moment = since
                .resolve(workspace.now, &workspace.zone)
                .ok_or_else(|| CommandError::usage("--since names a time outside of the calendar"))?;
            Timestamp::new(moment.as_duration().as_secs_f64())
        }
    };
    Ok(Scope {
        tags: selection.tags.clone(),
        types: selection.types.clone(),
        stores: selection.stores.clone(),
        since,
    })
}

/// The strategy that a command line names.
pub(crate) fn strategy(strategy: Option<Strategy>) -> reconcile::Strategy {
    match strategy {
        None => reconcile::Strategy::Wait,
        Some(Strategy::Ours) => reconcile::Strategy::Ours,
        Some(Strategy::Theirs) => reconcile::Strategy::Theirs,
        Some(Strategy::Newest) => reconcile::Strategy::Newest,
    }
}
