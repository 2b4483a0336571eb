//! The conductor: gathers the three trees, has them reconciled, and carries the plan out.
//!
//! This is the one place that orders effects: objects of both sides first (so that what loses is already
//! kept), then the journal, then creations and changes, deletions, and last the commit that moves the base,
//! over confirmed outcomes only.
//!
//! What this device's database has under a name is kept whole before it is replaced, so that every run can be taken
//! back (`undo`).
//!
//! Guarantees: an interruption anywhere leaves a state from which the next ordinary run reaches the same end,
//! because equal contents on both sides are agreement. Nothing counts as deleted because a snapshot lacked it:
//! the side is asked for it directly.
//!
//! Must never: decide who wins (`reconcile` does), print, read the clock, or know what kind of side it talks to.

mod adopt;
mod changed;
mod changes;
mod conflicts;
mod device;
mod error;
mod execute;
mod history;
mod outlook;
mod propose;
mod reading;
mod record;
mod revision;
mod rewind;
mod session;
mod undo;
mod when;

pub use adopt::{Adoption, Offer};
pub use conflicts::{conflict_id, versions};
pub use device::Device;
pub use error::Error;
pub use execute::{Done, Problem, Report};
pub use history::{BaseCommit, Origins, base_reference, local_reference, remote_reference};
pub use propose::{Chosen, Moved, Proposal, Wishes};
pub use reading::{Reading, Unreadable};
pub use record::{LAST_FETCH, LAST_PUSH, LAST_STASH};
pub use revision::{Named, RevisionError};
pub use rewind::{Cure, Rewind};
pub use session::{Progress, Session};
pub use undo::Recall;
pub use when::{InvalidWhen, When, Zone};

#[cfg(test)]
mod tests;
