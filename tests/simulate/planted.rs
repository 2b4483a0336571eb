//! temporary score
use crate::explore::{Budget, find, search};
use memsync::planted::{Mistake, plant};

#[test]
fn score() {
    let seconds: u64 = std::env::var("SCORE").ok().and_then(|t| t.parse().ok()).unwrap_or(20);
    let only = std::env::var("ONLY").ok();
    for mistake in Mistake::ALL {
        if only.as_ref().is_some_and(|only| !format!("{mistake:?}").contains(only)) {
            continue;
        }
        plant(Some(*mistake));
        if only.is_some() {
            println!("{:?}", find(Budget::Seconds(seconds), 1000).map(|f| f.to_string()));
            continue;
        }
        let found = search(Budget::Seconds(seconds), 1000).map(|(f, _)| ("?", f));
        plant(None);
        match found {
            None => println!("== {mistake:?}: NOT FOUND"),
            Some((on, f)) => {
                println!("== {mistake:?}: {on} {} after {}", f.violation.invariant, f.played);
                if only.is_some() {
                    println!("{f}");
                }
            }
        }
    }
}
