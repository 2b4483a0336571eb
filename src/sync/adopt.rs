//! Taking over changes that another program kept for this device.
//!
//! Guarantees: every version that is offered can be reached by a ref afterwards. What this device holds is never replaced
//! or deleted: a memory is only created, and only where the device lacks it and did not delete it since the last sync.
//! An interruption anywhere leaves a state from which the next run reaches the same end.

use super::{Error, Session};
use crate::object::tree::Snapshot;
use crate::object::{BlobId, CommitId, ContentHash, Edit, Outcome, SideName};
use crate::reconcile::is_rewriting;
use crate::side::{Found, Side};
use crate::store::RefName;

/// A version of a memory that is offered to this device; it is kept in the staging database already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The memory.
    pub key: ContentHash,
    /// The version.
    pub blob: BlobId,
    /// Whether it may be created where this device lacks it.
    pub may_be_created: bool,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// The memory was created.
    Created,
    /// This device holds the same, or what a server makes of it.
    Held,
    /// This device holds something else under this name, which stays.
    Differs,
    /// This device lacks the memory, and it was not to be created.
    Absent,
    /// This device lacks the memory and held it after the last sync.
    Deleted,
    /// The memory could not be created; the reason in one sentence.
    Failed(String),
}

/// How many offers are held in memory at once.
const BATCH: usize = 16;

impl Session<'_> {
    /// Creates what this device lacks, then keeps `layers`, the oldest first, as commits on `reference`. Where its last
    /// commit says the same already, none is made. What became of each offer is in the order of `offers`.
    pub fn adopt(
        &self,
        offers: &[Offer],
        layers: &[Snapshot],
        (reference, message): (&RefName, &str),
        local: &mut dyn Side,
    ) -> Result<(Vec<Adoption>, Option<CommitId>), Error> {
        let base = self.base()?.base;
        let was_deleted = |key: &ContentHash| base.contains_key(key);
        let mut adopted = Vec::with_capacity(offers.len());
        for batch in offers.chunks(BATCH) {
            adopted.extend(self.adopt_batch(batch, &was_deleted, local)?);
        }
        // Last: as long as it is not there, the next run does all of this again, and finds what was created.
        let kept = self.keep_layers(layers, reference, message)?;
        Ok((adopted, kept))
    }

    fn adopt_batch(
        &self,
        batch: &[Offer],
        was_deleted: &dyn Fn(&ContentHash) -> bool,
        local: &mut dyn Side,
    ) -> Result<Vec<Adoption>, Error> {
        let keys: Vec<ContentHash> = batch.iter().map(|offer| offer.key.clone()).collect();
        let held = local.get(&keys).map_err(Error::side(SideName::Local))?;
        let mut adopted = Vec::with_capacity(batch.len());
        for (offer, found) in batch.iter().zip(held) {
            adopted.push(match found {
                Some(Found::Memory(held)) => {
                    let offered = self.store.memory(offer.blob)?;
                    if is_rewriting(None, &offered, &held.memory) {
                        Adoption::Held
                    } else {
                        Adoption::Differs
                    }
                }
                Some(Found::Unreadable { .. }) => Adoption::Differs,
                None if was_deleted(&offer.key) => Adoption::Deleted,
                None if offer.may_be_created => self.create(offer, local)?,
                None => Adoption::Absent,
            });
        }
        Ok(adopted)
    }

    fn create(&self, offer: &Offer, local: &mut dyn Side) -> Result<Adoption, Error> {
        let target = Some(self.store.memory(offer.blob)?);
        let edit = Edit { key: offer.key.clone(), expected: None, target };
        let mut adoption = Adoption::Failed("the database gave no answer".to_owned());
        let applied = local.apply(vec![edit], &mut |_, outcome| {
            adoption = match outcome {
                Outcome::Done { .. } => Adoption::Created,
                // Somebody else wrote it in this moment.
                Outcome::Stale => Adoption::Differs,
                Outcome::Refused(refusal) => Adoption::Failed(refusal.to_string()),
                Outcome::Failed { reason } => Adoption::Failed(reason),
            };
        });
        applied.map_err(Error::side(SideName::Local))?;
        Ok(adoption)
    }

    fn keep_layers(
        &self,
        layers: &[Snapshot],
        reference: &RefName,
        message: &str,
    ) -> Result<Option<CommitId>, Error> {
        self.store.transaction(|store| {
            let last = store.reference(reference)?;
            let Some(newest) = layers.last() else { return Ok(last) };
            let tree = store.put_snapshot(newest)?;
            if let Some(last) = last
                && let commit = store.commit(last)?
                && commit.tree == tree
                && commit.message == self.commit(tree, Vec::new(), message).message
            {
                return Ok(Some(last));
            }
            let mut tip = last;
            for layer in layers {
                let commit = self.commit(store.put_snapshot(layer)?, tip.into_iter().collect(), message);
                tip = Some(store.put_commit(&commit)?);
            }
            if let Some(tip) = tip {
                store.move_reference(
                    reference,
                    last,
                    tip,
                    message.lines().next().unwrap_or_default(),
                    self.now,
                )?;
            }
            Ok(tip)
        })
    }
}
