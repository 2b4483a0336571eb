//! The score: each mistake is planted in turn, and has to be found.
//!
//! A mistake that is not found is a step, a fault or an invariant that is missing. `MEMSYNC_PLANTED=NAME` plants one
//! alone and prints the history that finds it; `MEMSYNC_SIMULATE=SECONDS` is the time for each.

use memsync::planted::{Mistake, plant};

use crate::explore::{Budget, find, search, setting};

#[test]
fn every_planted_mistake_is_found() {
    let budget = Budget::Seconds(setting("MEMSYNC_SIMULATE").unwrap_or(60));
    let seed = setting("MEMSYNC_SIMULATE_SEED").unwrap_or(1000);
    let only = std::env::var("MEMSYNC_PLANTED").ok();
    let mut missing = Vec::new();
    for mistake in Mistake::ALL {
        let name = format!("{mistake:?}");
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        plant(Some(*mistake));
        let found = match only {
            None => search(budget, seed).map(|(failure, _)| failure),
            Some(_) => find(budget, seed).inspect(|failure| println!("{failure}")),
        };
        plant(None);
        match found {
            Some(failure) => {
                println!("{name}: {} after {} histories", failure.violation.invariant, failure.played);
            }
            None => missing.push(name),
        }
    }
    println!("{} of {} found", Mistake::ALL.len() - missing.len(), Mistake::ALL.len());
    assert_eq!(missing, Vec::<String>::new(), "not found");
}
