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
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use crate::embed::{self, Makers};
use crate::local::service::{Settled, Vectors};

use super::database::BUSY;

/// How many texts a model gets at once: enough to keep all cores busy, some tenths of a second for one core.
pub(super) const BATCH: usize = 32;

/// How many batches may be in the works: one is read in while the other keeps the cores busy.
const AT_ONCE: usize = 2;

/// How long a request waits for its vectors: clients wait half a minute for their answer, and it has yet to be written.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a maker that failed is left alone, so that nobody waits for an endpoint that does not answer.
pub(super) const REST: Duration = Duration::from_secs(30);

/// Makes the vectors of a hub.
pub(super) struct Embedder {
    settled: watch::Receiver<Option<Arc<Settled>>>,
    turns: Arc<Semaphore>,
    rests_until: Mutex<Option<Instant>>,
}

impl Embedder {
    /// Begins to find out which of `makers` makes the vectors of the database at `path`, on a thread of its own: a model
    /// has to be loaded for that.
    pub(super) fn start(path: PathBuf, makers: Makers) -> Self {
        let (tell, settled) = watch::channel(None);
        thread::spawn(move || {
            let found = Settled::of(path, &makers, BUSY).unwrap_or_else(|error| {
                tracing::warn!(error = &error as &dyn Error, "the vectors of the database cannot be read");
                Settled::default()
            });
            tell_of(&found);
            // The hub may have ended meanwhile.
            let _ = tell.send(Some(Arc::new(found)));
        });
        Self { settled, turns: Arc::new(Semaphore::new(AT_ONCE)), rests_until: Mutex::default() }
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
        timeout_at(Instant::now() + PATIENCE, self.settled()).await.unwrap_or_default()
    }

    /// The vectors of `texts`, as far as they can be made in time.
    pub(super) async fn vectors<'a>(&self, texts: impl Iterator<Item = &'a str> + Send) -> Vectors {
        let deadline = Instant::now() + PATIENCE;
        let settled = timeout_at(deadline, self.settled()).await.unwrap_or_default();
        match &settled.maker {
            None => return Vectors::default(),
            Some(maker) if maker.is_instant() => return Vectors::instant(Arc::clone(maker)),
            Some(_) => {}
        }
        let texts: BTreeSet<&str> = texts.collect();
        let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        let mut vectors = Vectors::default();
        for batch in texts.chunks(BATCH) {
            let made = timeout_at(deadline, self.make(&settled, batch.to_vec())).await;
            let Ok(Some(made)) = made else { break };
            let proper = made.into_iter().filter(|(_, vector)| is_proper(vector, settled.dimension));
            proper.for_each(|(text, vector)| vectors.insert(text, &vector));
        }
        vectors
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
        let maker = settled.maker.clone()?;
        // The turn lasts until the work is done, whether or not somebody still waits for it.
        let work = move || {
            let _turn = turn;
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            let made = maker.vectors(&borrowed)?;
            Ok::<_, embed::Error>(texts.into_iter().zip(made).collect())
        };
        match spawn_blocking(work).await {
            Ok(Ok(made)) => return Some(made),
            Ok(Err(error)) => tracing::warn!(
                error = &error as &dyn Error,
                "no vectors can be made: memories that arrive get theirs later"
            ),
            Err(_) => {
                tracing::error!("what makes the vectors panicked: memories that arrive get theirs later")
            }
        }
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
        None
    }
}

/// Whether a vector is one that the table takes and the service would write.
fn is_proper(vector: &[f32], dimension: Option<usize>) -> bool {
    Some(vector.len()) == dimension && vector.iter().all(|number| number.is_finite())
}

/// Says in the log what the hub uses.
fn tell_of(settled: &Settled) {
    let proof = &settled.proof;
    for (name, error) in &proof.failures {
        tracing::warn!(model = name, error = error as &dyn Error, "a model cannot be used");
    }
    if let Some(maker) = &settled.maker {
        tracing::info!(by = maker.name(), "vectors");
    } else if proof.counts.is_empty() && proof.unknown == 0 {
        tracing::warn!(
            "no vectors: no model is there to make them, so no search by meaning finds what arrives"
        );
    } else {
        let counts = proof.counts.iter().map(|(name, count)| format!("{name}: {count}"));
        let counts = counts.chain([format!("unknown: {}", proof.unknown)]).collect::<Vec<_>>().join(", ");
        tracing::warn!(
            sample = counts,
            "no vectors: those of the database are not all of one model that is here, so memories that arrive get \
             none and searches by meaning find nothing; `memsync embed` says more"
        );
    }
}
