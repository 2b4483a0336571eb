//! The score: each mistake is planted in turn, and has to be found.
//!
//! A mistake that is not found is a step, a fault or an invariant that is missing. `MEMSYNC_PLANTED=NAME` plants one
//! alone and prints the history that finds it; `MEMSYNC_SIMULATE=SECONDS` is the time for each.
//!
//! Guarantees: a mistake counts as found where a history breaks a promise with it and none without it. A mistake is made by
//! the whole process: no other test may run in it.

use memsync::planted::{Mistake, plant};

use crate::explore::{Failure, budget, search, setting};
use crate::fast::Fast;
use crate::place::Ground;
use crate::real::Real;
use crate::world::World;

/// Where a mistake can show: on real places alone where it is one of how a database or a server is worked with.
fn ground(mistake: Mistake) -> &'static dyn Ground {
    match mistake {
        Mistake::OverwriteLocally
        | Mistake::OverwriteRemotely
        | Mistake::CompareUpdatedAt
        | Mistake::KeepTheOldVector
        | Mistake::KeepNoRows
        | Mistake::SkipTheReadBack
        | Mistake::BelieveA200
        | Mistake::RetryACreateBlindly
        | Mistake::TrustThePageCount
        | Mistake::LoseANull => &Real,
        _ => &Fast,
    }
}

#[test]
fn every_planted_mistake_is_found() {
    let only = std::env::var("MEMSYNC_PLANTED").ok();
    let is_tried = |mistake: &&Mistake| only.as_ref().is_none_or(|only| *only == format!("{mistake:?}"));
    let tried: Vec<_> = Mistake::ALL.iter().filter(is_tried).collect();
    let mut missing = Vec::new();
    for mistake in &tried {
        let seed = setting("MEMSYNC_SIMULATE_SEED").unwrap_or(1000);
        plant(Some(**mistake));
        let failure = search(ground(**mistake), budget(), seed);
        let failure = if only.is_some() {
            failure.map(Failure::made_small).inspect(|failure| println!("{failure}"))
        } else {
            failure
        };
        plant(None);
        match failure {
            Some(failure) => {
                let without = World::play(&failure.history, failure.ground);
                assert!(without.is_none(), "seed {} breaks without {mistake:?}: {without:?}", failure.seed);
                println!("{mistake:?}: {} after {} histories", failure.violation.invariant, failure.played);
            }
            None => missing.push(mistake),
        }
    }
    println!("{} of {} found", tried.len() - missing.len(), tried.len());
    assert!(missing.is_empty(), "not found: {missing:?}");
}
