//! The histories of the simulator, on real places.

use crate::explore::{Budget, find_on, first_seed, setting};
use crate::real::Real;

/// The other half of what `MEMSYNC_SIMULATE` says is for places in memory.
#[test]
fn fresh_histories_keep_the_promises_on_real_places() {
    let seconds = setting("MEMSYNC_SIMULATE").unwrap_or(60) / 2;
    if let Some(failure) = find_on(&|| Box::new(Real), Budget::Seconds(seconds), first_seed()) {
        panic!("{failure}");
    }
}
