//! Vectors for what requests bring and ask for, by the one maker that the database's vectors prove.
//!
//! Guarantees: no model works on a thread that serves connections or that writes. At most [`AT_ONCE`] batches are in
//! the works; the others take turns, so that whoever brings thousands of texts keeps nobody waiting for more than a few
//! batches. A request waits for its vectors no longer than [`PATIENCE`], and goes on without those that are missing then:
//! a memory is never refused for want of a vector, and `filling` gives it one later. The maker is settled once: whoever
//! comes before that waits as for any other vector.
//!
//! Must never: make a vector that is not proven to be of the same kind as those that are there.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use crate::embed::{self, Maker, Makers};
use crate::local::service::{Settled, Vectors};

use super::database::BUSY;

/// How many texts a model gets at once: enough to keep all cores busy, some tenths of a second for one core.
pub(super) const BATCH: usize = 32;

/// How many batches may be in the works: one is read in while the other keeps the cores busy.
const AT_ONCE: usize = 2;

/// How long a request waits for its vectors: clients wait half a minute for their answer, and it has yet to be written.
const PATIENCE: Duration = Duration::from_secs(10);

/// A text at which no maker fails that works at all.
const HARMLESS: &str = "test";

/// How long a maker that failed is left alone, so that nobody waits for an endpoint that does not answer.
pub(super) const REST: Duration = Duration::from_secs(30);

/// Makes the vectors of a hub.
pub(super) struct Embedder {
    settled: watch::Receiver<Option<Arc<Settled>>>,
    again: mpsc::Sender<()>,
    turns: Arc<Semaphore>,
    rests_until: Mutex<Option<Instant>>,
}

impl Embedder {
    /// Begins to find out which of `makers` makes the vectors of the database at `path`, on a thread of its own: a model
    /// has to be loaded for that.
    pub(super) fn start(path: PathBuf, makers: Makers) -> Self {
        let (tell, settled) = watch::channel(None);
        let (again, asked) = mpsc::channel();
        thread::spawn(move || {
            // It ends when the hub does.
            while tell.send(Some(Arc::new(settle(&path, &makers)))).is_ok() && asked.recv().is_ok() {
                // One answer is one for all who have asked by now.
                while asked.try_recv().is_ok() {}
            }
        });
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { settled, again, turns, rests_until: Mutex::default() }
    }

    /// Has it found out again, where the tables are not those for which it is known: another program has replaced them, or
    /// they could not be looked at.
    pub(super) async fn settle_for(&self, tables: i64) {
        let mut settled = self.settled.clone();
        let known = self.settled().await;
        settled.mark_unchanged();
        if known.tables != tables && self.again.send(()).is_ok() {
            tracing::info!("the tables are other ones: their vectors are looked at again");
            // It fails where the hub is about to end.
            let _ = settled.changed().await;
        }
    }

    /// The same, for those who cannot wait long.
    pub(super) async fn settle_soon_for(&self, tables: i64) {
        let _ = timeout(PATIENCE, self.settle_for(tables)).await;
    }

    /// What makes the vectors, once that is known.
    pub(super) async fn settled(&self) -> Arc<Settled> {
        if let Some(settled) = &*self.settled.borrow() {
            return Arc::clone(settled);
        }
        let mut settled = self.settled.clone();
        let known = settled.wait_for(Option::is_some).await;
        known.ok().and_then(|known| known.clone()).unwrap_or_default()
    }

    /// The same, for those who cannot wait long; nothing where it is not known yet.
    pub(super) async fn settled_soon(&self) -> Arc<Settled> {
        timeout(PATIENCE, self.settled()).await.unwrap_or_default()
    }

    /// The vectors of `texts`, as far as they can be made in time.
    pub(super) async fn vectors<'a>(&self, texts: impl Iterator<Item = &'a str> + Send) -> Vectors {
        let mut vectors = Vectors::default();
        // What is there by then is used.
        let _ = timeout(PATIENCE, self.add_vectors(texts, &mut vectors)).await;
        vectors
    }

    /// The same, however long it takes: whoever gave up in the midst of a batch would never get on where one takes long.
    pub(super) async fn vectors_in_the_end<'a>(
        &self,
        texts: impl Iterator<Item = &'a str> + Send,
    ) -> Vectors {
        let mut vectors = Vectors::default();
        self.add_vectors(texts, &mut vectors).await;
        vectors
    }

    async fn add_vectors<'a>(&self, texts: impl Iterator<Item = &'a str> + Send, vectors: &mut Vectors) {
        let settled = self.settled().await;
        match &settled.making {
            Err(_) => return,
            Ok(maker) if maker.is_instant() => {
                *vectors = Vectors::instant(Arc::clone(maker)).for_tables(settled.tables);
                return;
            }
            Ok(_) => *vectors = Vectors::default().for_tables(settled.tables),
        }
        let texts: BTreeSet<&str> = texts.collect();
        let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        for batch in texts.chunks(BATCH) {
            let Some(made) = self.make(&settled, batch.to_vec()).await else { break };
            let proper = made.into_iter().filter(|(_, vector)| is_proper(vector, settled.dimension));
            proper.for_each(|(text, vector)| vectors.insert(text, &vector));
        }
    }

    /// Whether the maker has failed just now and is left alone.
    pub(super) fn is_resting(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// Has one batch made, when it is its turn; nothing where the maker fails.
    async fn make(&self, settled: &Arc<Settled>, texts: Vec<String>) -> Option<Vec<(String, Vec<f32>)>> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        if self.is_resting() {
            return None;
        }
        let maker = settled.making.clone().ok()?;
        // The turn lasts until the work is done, whether or not somebody still waits for it.
        let work = move || {
            let _turn = turn;
            make(maker.as_ref(), texts)
        };
        match spawn_blocking(work).await {
            Ok(Ok(made)) => return Some(made),
            Ok(Err(error)) => tracing::warn!(
                error = &error as &dyn Error,
                "no vectors can be made: memories that arrive get theirs later"
            ),
            Err(_) => {
                tracing::error!("what makes the vectors panicked: memories that arrive get theirs later");
            }
        }
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
        None
    }
}

/// The vectors of `texts`. Where it is some of the texts that the maker fails at, such as those that are too long for an
/// endpoint, these are left out: they must not keep the others from theirs.
fn make(maker: &dyn Maker, texts: Vec<String>) -> Result<Vec<(String, Vec<f32>)>, embed::Error> {
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let error = match maker.vectors(&borrowed) {
        Ok(made) => return Ok(texts.into_iter().zip(made).collect()),
        Err(error) => error,
    };
    if maker.vectors(&[HARMLESS]).is_err() {
        return Err(error);
    }
    tracing::warn!(error = &error as &dyn Error, "a memory gets no vector");
    let alone = |text: String| {
        let vector = maker.vectors(&[&text]).ok()?.pop()?;
        Some((text, vector))
    };
    Ok(texts.into_iter().filter_map(alone).collect())
}

/// Whether a vector is one that the table takes and the service would write.
fn is_proper(vector: &[f32], dimension: Option<usize>) -> bool {
    Some(vector.len()) == dimension && vector.iter().all(|number| number.is_finite())
}

/// Finds out what makes the vectors, and says it in the log.
fn settle(path: &Path, makers: &Makers) -> Settled {
    let settled = Settled::of(path.to_owned(), makers.clone(), BUSY).unwrap_or_else(|error| {
        tracing::warn!(error = &error as &dyn Error, "the vectors of the database cannot be looked at");
        Settled::default()
    });
    match &settled.making {
        Ok(maker) => tracing::info!("vectors: {}", maker.name()),
        Err(why) => tracing::warn!(
            "no vectors: {why}; memories that arrive get none and searches by meaning find nothing, until \
             `memsync embed` has helped"
        ),
    }
    settled
}

#[cfg(test)]
mod tests;
