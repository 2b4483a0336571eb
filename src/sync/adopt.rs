//! Taking over changes that another program kept for this device.
//!
//! Guarantees: every version that is offered can be reached by a ref afterwards. What this device holds is never replaced
//! or deleted: a memory is only created, and only where the device lacks it and did not delete it since the last sync.
//! That is a run of its own, which can be taken back. An interruption anywhere leaves a state from which the next run
//! reaches the same end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Error, Progress, Reading, Session};
use crate::object::tree::Snapshot;
use crate::object::{BlobId, CommitId, ContentHash};
use crate::reconcile::{Base, is_rewriting};
use crate::side::Side;
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

impl Session<'_> {
    /// Creates what this device, which holds `ours`, lacks, then keeps `layers`, the oldest first, as commits on
    /// `reference` with `message`. Where its last commit says the same already, none is made.
    pub fn adopt(
        &self,
        offers: &[Offer],
        layers: &[Snapshot],
        (reference, message): (&RefName, &str),
        ours: &Reading,
        local: &mut dyn Side,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(BTreeMap<ContentHash, Adoption>, Option<CommitId>), Error> {
        let theirs = self.last_fetched()?;
        self.settle(ours, &theirs)?;
        let base = self.base()?.base;
        let unreadable: BTreeSet<_> = ours.unreadable.iter().filter_map(|one| one.key.as_ref()).collect();
        let mut adopted = BTreeMap::new();
        for offer in offers {
            let adoption = if unreadable.contains(&offer.key) {
                Adoption::Differs
            } else {
                self.judge(offer, &ours.snapshot, &base)?
            };
            adopted.insert(offer.key.clone(), adoption);
        }
        let new = |offer: &&Offer| adopted.get(&offer.key) == Some(&Adoption::Created);
        let new: Snapshot = offers.iter().filter(new).map(|offer| (offer.key.clone(), offer.blob)).collect();
        let recall = self.recall_memories(&new, None, ours, &theirs)?;
        if recall.displaced.is_some() {
            let reason =
                "this device's database is another one than at the last sync: `memsync sync` comes first";
            adopted.extend(new.into_keys().map(|key| (key, Adoption::Failed(reason.to_owned()))));
        } else if !new.is_empty() {
            let (report, _) = self.execute_recall(&recall, summary(message), local, None, progress)?;
            report.error.map_or(Ok(()), Err)?;
            // Somebody else wrote them in this moment.
            adopted.extend(report.stale.into_iter().map(|(_, key)| (key, Adoption::Differs)));
            adopted.extend(
                report.problems.into_iter().map(|problem| (problem.key, Adoption::Failed(problem.reason))),
            );
        }
        // Last: as long as it is not there, the next run does all of this again, and finds what was created.
        let kept = self.keep_layers(layers, reference, message)?;
        Ok((adopted, kept))
    }

    /// What is to become of an offer; what is created here is still to be done.
    fn judge(&self, offer: &Offer, ours: &Snapshot, base: &Base) -> Result<Adoption, Error> {
        Ok(match ours.get(&offer.key) {
            Some(held) => {
                let (offered, held) = (self.store.memory(offer.blob)?, self.store.memory(*held)?);
                if is_rewriting(None, &offered, &held) { Adoption::Held } else { Adoption::Differs }
            }
            None if base.contains_key(&offer.key) => Adoption::Deleted,
            None if offer.may_be_created => Adoption::Created,
            None => Adoption::Absent,
        })
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
                store.move_reference(reference, last, tip, summary(message), self.now)?;
            }
            Ok(tip)
        })
    }
}

fn summary(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}
