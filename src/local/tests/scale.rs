//! Many edits, and for how long each transaction keeps the service from writing.

use super::*;
use crate::local::pace::Pace;

/// The longest that a transaction may hold the write lock.
const LIMIT: Duration = Duration::from_millis(250);

/// How many memories there are.
const MEMORIES: usize = 10_000;

/// How many of them get another text, which rewrites the vector and the full-text index too.
const REWRITTEN: usize = 1_000;

/// The number `n`, as it arrives.
fn arrived(n: usize) -> Memory {
    let content =
        format!("number {n}: {}", "what is worth remembering takes a few lines of text. ".repeat(7));
    Memory { content, ..memory() }
}

fn tagged(n: usize) -> Memory {
    Memory { tags: [format!("group-{}", n % 100)].into(), ..arrived(n) }
}

fn rewritten(n: usize) -> Memory {
    let content = format!("{} And then one more thought.", tagged(n).content);
    Memory { content, ..tagged(n) }
}

/// The last version of the number `n`.
fn last(n: usize) -> Memory {
    if n < REWRITTEN { rewritten(n) } else { tagged(n) }
}

/// Turns `count` memories from what the one function says into what the other says; the transactions it took.
fn turn(
    fixture: &Fixture,
    count: usize,
    from: impl Fn(usize) -> Option<Memory>,
    to: impl Fn(usize) -> Option<Memory>,
) -> Transactions {
    let mut database = fixture.open();
    // The pauses keep the service writing and have no part in how long a transaction takes.
    database.pace = Pace::new([Duration::ZERO; 2]);
    let edits = (0..count).map(|n| edit(&n.to_string(), from(n).as_ref(), to(n).as_ref())).collect();
    let outcomes = apply(&mut database, edits);
    assert_eq!(outcomes.len(), count);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done { .. })));
    database.transactions()
}

#[test]
fn no_transaction_is_long_at_ten_thousand_edits() {
    // On a machine with other work one attempt may be slow for no fault of the edits.
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let fixture = Fixture::with_seed(V12);
        let steps = [
            turn(&fixture, MEMORIES, |_| None, |n| Some(arrived(n))),
            turn(&fixture, MEMORIES, |n| Some(arrived(n)), |n| Some(tagged(n))),
            turn(&fixture, REWRITTEN, |n| Some(tagged(n)), |n| Some(rewritten(n))),
            turn(&fixture, MEMORIES, |n| Some(last(n)), |_| None),
        ];
        fixture.assert_sound(&mut fixture.open());
        assert!(steps.iter().all(|step| step.count > 1), "however fast, they are not one: {steps:?}");
        let is_short = steps.iter().all(|step| step.longest < LIMIT);
        attempts.push(steps);
        if is_short {
            return;
        }
    }
    panic!("in each attempt a transaction took {LIMIT:?} or more: {attempts:#?}");
}

#[test]
fn memories_that_arrive_together_are_limited_by_number_and_by_text() {
    let fixture = Fixture::with_seed(V12);
    for (count, bytes, transactions) in [(800, 10, 4), (8, 160_000, 4), (3, 300_000, 3)] {
        let mut database = fixture.open();
        // Only what has to be written together is.
        (database.hold, database.pace) = (Duration::ZERO, Pace::new([Duration::ZERO; 2]));
        let arrival = Memory { content: "x".repeat(bytes), ..memory() };
        let names = (0..count).map(|n| format!("{n} of {bytes} bytes"));
        apply(&mut database, names.map(|name| edit(&name, None, Some(&arrival))).collect());
        assert_eq!(database.transactions().count, transactions, "{count} of {bytes} bytes");
    }
}
