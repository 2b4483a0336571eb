//! What several commands do on their way to the conductor: naming memories, asking the server, saying why a plan
//! stops.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::error::CommandError;
use crate::object::{BlobId, ContentHash, Timestamp};
use crate::porcelain::arguments::{Selection, Strategy};
use crate::reconcile::{self, Base, Brake, Scope, SideName};
use crate::remote::InvalidFingerprint;
use crate::side;
use crate::store::Store;
use crate::sync::{self, Progress, Proposal, Reading, Session};
use crate::ui::view::text::{memories, moment};
use crate::ui::{self, Ui, escape_line};
use crate::workspace::{Access, Workspace};

/// The fewest characters that name a memory.
const SHORTEST_PREFIX: usize = 4;

/// The one of `keys` that begins with `prefix`.
pub(crate) fn find_key<'a>(
    keys: impl IntoIterator<Item = &'a ContentHash>,
    prefix: &str,
    what: &str,
) -> Result<ContentHash, CommandError> {
    if prefix.chars().count() < SHORTEST_PREFIX {
        return Err(CommandError::usage(format!(
            "'{prefix}' is too short: name a memory by at least four characters"
        )));
    }
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

/// Asks the server what it holds and, where the staging database may be written, notes it.
///
/// An unknown certificate is a question to the person at the terminal, where there is one.
pub(crate) fn fetch(
    workspace: &mut Workspace,
    session: &Session<'_>,
    base: &Base,
    access: Access,
) -> Result<Reading, CommandError> {
    let mut result = read_remote(workspace, session, base)?;
    if let Err(sync::Error::Side { cause: side::Error::UntrustedCertificate { address, sha256, .. }, .. }) =
        &result
        && ask_to_trust(workspace, &session.remote, address, sha256)?
    {
        result = read_remote(workspace, session, base)?;
    }
    let reading = result.map_err(|error| CommandError::from_sync(error, &session.remote))?;
    if access == Access::Write {
        session.record_fetched(&reading)?;
    }
    Ok(reading)
}

fn read_remote(
    workspace: &mut Workspace,
    session: &Session<'_>,
    base: &Base,
) -> Result<Result<Reading, sync::Error>, CommandError> {
    let mut remote = workspace.remote(Some(&session.remote), true)?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    let reading = session.read(SideName::Remote, &mut remote, base, &mut |progress| meter.show(progress));
    drop(meter);
    workspace.ui.step(&format!("{}: {} requests", session.remote, remote.requests()));
    Ok(reading)
}

/// Reads this device's database.
pub(crate) fn read_local(
    workspace: &mut Workspace,
    session: &Session<'_>,
    base: &Base,
) -> Result<Reading, CommandError> {
    let mut local = workspace.local()?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    session
        .read(SideName::Local, &mut local, base, &mut |progress| meter.show(progress))
        .map_err(|error| CommandError::from_sync(error, &session.remote))
}

fn ask_to_trust(
    workspace: &mut Workspace,
    remote: &str,
    address: &str,
    sha256: &str,
) -> Result<bool, CommandError> {
    let question = format!(
        "The certificate of {address} is not known. Its SHA-256 is {sha256}. Compare it with the server's own. \
         Trust exactly this certificate?"
    );
    let trusted = workspace.ui.confirm(&question)? == Some(true);
    if trusted {
        let certificate =
            sha256.parse().map_err(|error: InvalidFingerprint| CommandError::bug(error.to_string()))?;
        workspace.trust(remote, certificate)?;
    }
    Ok(trusted)
}

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
    rewind.into_iter().chain(brakes).collect()
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

/// Shows how far a run has come.
pub(crate) struct Meter<'a> {
    ui: &'a mut Ui,
    remote: &'a str,
    shown: Option<(String, ui::Progress)>,
}

impl<'a> Meter<'a> {
    /// A meter that shows nothing yet.
    pub(crate) fn new(ui: &'a mut Ui, remote: &'a str) -> Self {
        Self { ui, remote, shown: None }
    }

    /// Shows this.
    pub(crate) fn show(&mut self, progress: Progress) {
        let (title, count, total) = match progress {
            Progress::Reading { side: SideName::Local, count } => {
                ("Reading this device".to_owned(), count, None)
            }
            Progress::Reading { side: SideName::Remote, count } => {
                (format!("Fetching from {}", self.remote), count, None)
            }
            Progress::Writing { side: SideName::Local, count, total } => {
                ("Applying to this device".to_owned(), count, Some(total))
            }
            Progress::Writing { side: SideName::Remote, count, total } => {
                (format!("Pushing to {}", self.remote), count, Some(total))
            }
        };
        if self.shown.as_ref().is_none_or(|(shown, _)| *shown != title) {
            self.shown = None;
            let bar = self.ui.progress(&title, total.map(|total| total as u64));
            self.shown = Some((title, bar));
        }
        if let Some((_, bar)) = &self.shown {
            bar.set_position(count as u64);
        }
    }
}
