//! Reading both sides, with progress, and with a question where a certificate is unknown.

use crate::error::CommandError;
use crate::local::Database;
use crate::object::SideName;
use crate::object::tree::Difference;
use crate::reconcile::Base;
use crate::remote::InvalidFingerprint;
use crate::side;
use crate::sync::{self, Device, Progress, Proposal, Reading, Session, Wishes};
use crate::ui::view::text::counted;
use crate::ui::{self, Ui};
use crate::workspace::{Access, Workspace};

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
    let mut remote = workspace.remote(session, base, true)?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    meter.show(Progress::Reading { side: SideName::Remote, count: 0 });
    let reading = session.read(SideName::Remote, &mut remote, base, &mut |progress| meter.show(progress));
    drop(meter);
    if let count @ 1.. = remote.requests() {
        workspace.ui.step(&format!("{}: {} to read it", session.remote, requests(count)));
    }
    Ok(reading)
}

/// A number of requests, in words.
pub(crate) fn requests(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "request", "requests")
}

/// Reads this device's database. When its rows were written is not part of it: [`read_rows`].
pub(crate) fn read_local(
    workspace: &mut Workspace,
    session: &Session<'_>,
    base: &Base,
) -> Result<Reading, CommandError> {
    with_local(workspace, session, |local, progress| session.read_local(local, base, progress))
}

/// The same beside what the server holds, in less memory where there is no base yet.
pub(crate) fn read_local_beside(
    theirs: &Reading,
    workspace: &mut Workspace,
    session: &Session<'_>,
    base: &Base,
) -> Result<Reading, CommandError> {
    with_local(workspace, session, |local, progress| session.read_local_beside(theirs, local, base, progress))
}

/// Reads every row of this device's database, for who has to know which side wrote a memory later, or where there is
/// something that cannot be carried.
pub(crate) fn read_rows(
    workspace: &mut Workspace,
    session: &Session<'_>,
    base: &Base,
) -> Result<Reading, CommandError> {
    with_local(workspace, session, |local, progress| session.read(SideName::Local, local, base, progress))
}

/// What a sync would do, with the server as last fetched, and how many memories no search by meaning finds. It can be
/// looked at, not carried out.
pub(crate) fn outlook(
    workspace: &mut Workspace,
    session: &Session<'_>,
    wishes: Wishes,
) -> Result<(Proposal, u64), CommandError> {
    let failed = |error| CommandError::from_sync(error, &session.remote);
    let mut local = workspace.local()?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    let told = session.outlook(&mut local, wishes.clone(), &mut |progress| meter.show(progress));
    drop(meter);
    if let Some((proposal, device)) = told.map_err(failed)? {
        return Ok((proposal, device.lacking));
    }
    let base = session.base()?;
    let ours = read_rows(workspace, session, &base.base)?;
    let proposal = session.propose(base, ours, session.last_fetched()?, wishes)?;
    Ok((proposal, local.missing_vectors()?))
}

/// What this device holds and what it changed since the last sync; `None` where every row must be read.
pub(crate) fn changes_here(
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<Option<(Device, Vec<Difference>)>, CommandError> {
    with_local(workspace, session, |local, progress| session.changes_here(local, progress))
}

/// Has this device's database read, and shows how far that has come.
fn with_local<T>(
    workspace: &mut Workspace,
    session: &Session<'_>,
    read: impl FnOnce(&mut Database, &mut dyn FnMut(Progress)) -> Result<T, sync::Error>,
) -> Result<T, CommandError> {
    let mut local = workspace.local()?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    read(&mut local, &mut |progress| meter.show(progress))
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
