//! The transports to a remote, each a [`Side`]: a server's HTTP API, that of mcp-memory-service from 10.x on, and a
//! database file. [`Transport`] is either.
//!
//! Follow a request down: [`Http`] blocks on one task per step; `read` and `write` decide what to ask and
//! what to send, `event` and `post` create, and `condition` says what a write depends on; `baseline`, `pages`
//! and `record` know the service's JSON, `body` holds what is large; `client` makes one exchange out of it, with its retries; `failure` and
//! `attempt` make an outcome of what came back; `trust`, `key` and `address` say whom to talk to, as whom, and
//! where.
//!
//! Guarantees: a snapshot is one consistent cut where the server has a baseline, and protected against
//! moving pages elsewhere. A memory has the same form in a snapshot, in an answer to a question and in an
//! outcome. What an outcome reports was read back. Where the server takes conditions, a write replaces only
//! what it was compared with. The key goes to the server's own origin and nowhere else, and a certificate is
//! verified or pinned.
//!
//! Must never: follow a redirect, send an `update_metadata` event, or write to a memory that was not just
//! read and compared.

mod address;
mod attempt;
mod baseline;
mod body;
mod client;
mod condition;
mod event;
mod failure;
mod file;
mod key;
mod pages;
mod post;
mod read;
mod record;
#[cfg(test)]
pub(crate) mod tests;
mod transport;
mod trust;
mod write;

pub use address::{InvalidUrl, RemoteUrl};
pub use baseline::read_baseline;
pub use client::Patience;
pub use file::{File, is_same_file};
pub use key::{ApiKey, KeySource, NoKey};
pub use pages::read_page;
pub use transport::Transport;
pub use trust::{Fingerprint, InvalidFingerprint, Trust};

use std::cell::Cell;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::object::{Bookkeeping, ContentHash, Edit, Timestamp};
use crate::side::{Error, Found, Held, Side, Witness};
use attempt::{Attempt, confirm};
use client::Client;
use failure::Failure;
use read::Rows;

/// How many requests are under way at once.
const IN_FLIGHT: usize = 8;

/// The fewest edits between two readings of the server. On a large server there are more, so that reading
/// it takes no longer than writing to it.
const ROUND: usize = 1_000;

/// What a connection needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub url: RemoteUrl,
    /// Where its API key comes from.
    pub key: KeySource,
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// Which metadata is neither read nor written.
    pub bookkeeping: Bookkeeping,
    /// This device's name, which the server keeps with what it is sent.
    pub device: String,
    /// The present time.
    pub now: Timestamp,
    /// Whether a server that looks for similar memories may refuse one. Servers that take events look for
    /// none.
    pub deduplicate: bool,
    /// Time limits and retries.
    pub patience: Patience,
}

/// A server that speaks the HTTP API of mcp-memory-service.
pub struct Http {
    runtime: Runtime,
    remote: Remote,
}

/// What the steps of a connection share.
struct Remote {
    client: Client,
    bookkeeping: Bookkeeping,
    device: String,
    now: Timestamp,
    deduplicate: bool,
    /// Whether the server was asked what it can do.
    probed: Cell<bool>,
    has_baseline: Cell<bool>,
    has_events: Cell<bool>,
    /// Whether it takes conditions, which it must say.
    has_conditions: Cell<bool>,
    /// How many rows the last baseline had.
    rows: Cell<usize>,
    /// Whether the last listing showed fewer memories than the server counts.
    hides_some: Cell<bool>,
}

impl Http {
    /// Prepares a connection: fetches the key (a credential helper may ask the user) and reads the
    /// certificates that are trusted. The server is not asked anything before the first use.
    pub fn connect(options: Options) -> Result<Self, Error> {
        let address = options.url.to_string();
        let key = options
            .key
            .resolve(&options.url)
            .map_err(|why| Error::Unauthorized { address: address.clone(), detail: why.to_string() })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::Unreachable { address, cause: Box::new(cause) })?;
        let client = Client::new(options.url, key, &options.trust, options.patience)?;
        let device = options.device.trim();
        let remote = Remote {
            client,
            bookkeeping: options.bookkeeping,
            // The event endpoint refuses events without a sender.
            device: if device.is_empty() { "memsync".to_owned() } else { device.to_owned() },
            now: options.now,
            deduplicate: options.deduplicate,
            probed: Cell::new(false),
            has_baseline: Cell::new(true),
            has_events: Cell::new(true),
            has_conditions: Cell::new(false),
            rows: Cell::new(0),
            hides_some: Cell::new(false),
        };
        Ok(Self { runtime, remote })
    }

    /// How many requests were sent, retries included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.remote.client.requests()
    }

    /// How many of them asked the server to change something.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.remote.client.writes()
    }

    /// Runs one step to its end.
    fn run<'a, T, F>(&'a self, step: impl FnOnce(&'a Remote) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Failure>> + 'a,
    {
        self.runtime.block_on(step(&self.remote)).map_err(|failure| self.remote.client.side_error(failure))
    }

    fn show_pages(&self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), Error> {
        let mut listing = pages::Listing::new(&self.remote.client, &self.remote.bookkeeping);
        let failed = |failure| self.remote.client.side_error(failure);
        while let Some(entries) = self.runtime.block_on(listing.next()).map_err(failed)? {
            for entry in entries {
                if visit(pages::found(entry)).is_break() {
                    return Ok(());
                }
            }
        }
        self.remote.hides_some.set(listing.hides_some());
        Ok(())
    }
}

impl Side for Http {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), Error> {
        self.run(Remote::probe)?;
        let mut shown = HashSet::new();
        let mut once = |found: Found| match key_of(&found) {
            Some(key) if !shown.insert(key.clone()) => ControlFlow::Continue(()),
            _ => visit(found),
        };
        let Some(mut body) = self.run(Remote::baseline)? else {
            return self.show_pages(&mut once);
        };
        let rows = baseline::show(&mut body, &self.remote.bookkeeping, &mut once)
            .map_err(|failure| self.remote.client.side_error(failure))?;
        self.remote.rows.set(rows);
        Ok(())
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, Error> {
        self.run(Remote::probe)?;
        let rows = self.run(|remote| remote.read_surely(keys))?;
        let hides_some = !self.remote.has_baseline.get() && self.remote.hides_some.get();
        // A name may be asked for twice.
        let answers = keys.iter().map(|key| match rows.get(key) {
            Some(known) => known.row.clone().into_found(key.clone()),
            None if hides_some => Some(Found::Unreadable {
                key: Some(key.clone()),
                why: "the server counts memories that it does not show, and this may be one".to_owned(),
            }),
            None => None,
        });
        Ok(answers.collect())
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), Error> {
        self.run(Remote::probe)?;
        let rounds: Vec<&[Edit]> = edits.chunks(ROUND.max(self.remote.rows.get() / 20)).collect();
        let mut rows = Rows::new();
        let mut unfinished: Vec<(&Edit, Attempt)> = Vec::new();
        // What is read before a round is also what the round before it is judged by.
        for round in rounds.into_iter().chain([&[][..]]) {
            let written = unfinished.iter().filter(|(_, attempt)| !matches!(attempt, Attempt::Final(_)));
            let written = written.map(|(edit, _)| &edit.key);
            let keys = written.chain(round.iter().map(|edit| &edit.key)).collect();
            let conditions = self.run(|remote| remote.conditions(round))?;
            rows.clear();
            rows.extend(self.run(|remote| remote.read(keys))?);
            for (edit, attempt) in unfinished.drain(..) {
                witness.report(edit.key.clone(), confirm(edit, attempt, rows.get(&edit.key)));
            }
            let attempts = self.run(|remote| remote.write(round, &rows, &conditions))?;
            unfinished = round.iter().zip(attempts).collect();
        }
        Ok(())
    }
}

impl Remote {
    fn now_milliseconds(&self) -> i64 {
        let now = Duration::try_from_secs_f64(self.now.seconds()).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }
}

fn key_of(found: &Found) -> Option<&ContentHash> {
    match found {
        Found::Memory(Held { key, .. }) => Some(key),
        Found::Unreadable { key, .. } => key.as_ref(),
    }
}
