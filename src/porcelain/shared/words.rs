//! What several pages say.

use serde::Serialize;

use crate::error::{CommandError, ErrorKind};
use crate::object::{BlobId, SideName};
use crate::reconcile::Brake;
use crate::store::Store;
use crate::sync::{Moved, Proposal, Session};
use crate::ui::view::text::{memories, moment};

/// Why a plan stops, in words.
pub(crate) fn brake_reasons(proposal: &Proposal, remote: &str) -> Vec<String> {
    let place = |side: SideName| match side {
        SideName::Local => "this device".to_owned(),
        SideName::Remote => format!("the server ({remote})"),
    };
    let rewind = proposal.rewind.as_ref().map(|rewind| {
        format!(
            "{} holds {} as they were after the sync of {}: it seems to have been restored from a backup",
            place(rewind.side),
            memories(rewind.memories),
            moment(rewind.seconds)
        )
    });
    let brakes = proposal.brakes.iter().map(|brake| match brake {
        Brake::TooManyDeletions { side, deletions, held } => format!(
            "{} of {} on {} would be deleted, more than sync.maxDelete ({}) allows",
            deletions,
            memories(*held),
            place(*side),
            proposal.wishes.limit
        ),
        Brake::Empty { side, base } => {
            format!("{} is empty, and held {} after the last sync", place(*side), memories(*base))
        }
        Brake::Stranger { side, base } => format!(
            "{} holds none of the {} that it held after the last sync: it seems to be another one",
            place(*side),
            memories(*base)
        ),
    });
    let moved = proposal.moved.as_ref().map(|moved| {
        let what = if moved.side == SideName::Local { "database" } else { "address" };
        format!("the {what} of {} was {} at the last sync, and is {}", place(moved.side), moved.was, moved.is)
    });
    rewind.into_iter().chain(brakes).chain(moved).collect()
}

/// Refuses to work on a database, or with a server, that is not the one of the last sync.
pub(crate) fn refuse_moved(moved: Option<&Moved>, session: &Session<'_>) -> Result<(), CommandError> {
    let Some(moved) = moved else { return Ok(()) };
    let what = match moved.side {
        SideName::Local => format!("the database of this device ({})", session.device),
        SideName::Remote => format!("the address of the server ({})", session.remote),
    };
    let message =
        format!("stopped before any change: {what} was {} at the last sync, and is {}", moved.was, moved.is);
    Err(CommandError::new(ErrorKind::Brake, message)
        .with_hint("if that is meant, `memsync sync` comes first: it asks before it goes on"))
}

/// The first line of a stored memory; empty where it cannot be read.
pub(crate) fn first_line(store: &Store, blob: Option<BlobId>) -> String {
    let memory = blob.and_then(|blob| store.memory(blob).ok());
    memory.map(|memory| memory.first_line().to_owned()).unwrap_or_default()
}

/// A JSON document as it is printed.
pub(crate) fn to_json(document: &impl Serialize) -> String {
    let text =
        serde_json::to_string_pretty(document).expect("strings, numbers and lists can always be written");
    text + "\n"
}
