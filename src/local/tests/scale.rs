//! Many edits, and for how long each transaction keeps the service from writing.

use super::*;
use crate::local::pace::Pace;

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
#[ignore = "measures; run it by its name with --release and --nocapture"]
fn how_long_ten_thousand_edits_keep_the_service_from_writing() {
    let fixture = Fixture::with_seed(V12);
    let steps = [
        ("arrive", turn(&fixture, MEMORIES, |_| None, |n| Some(arrived(n)))),
        ("tagged", turn(&fixture, MEMORIES, |n| Some(arrived(n)), |n| Some(tagged(n)))),
        ("rewritten", turn(&fixture, REWRITTEN, |n| Some(tagged(n)), |n| Some(rewritten(n)))),
        ("deleted", turn(&fixture, MEMORIES, |n| Some(last(n)), |_| None)),
    ];
    fixture.assert_sound(&mut fixture.open());
    for (what, Transactions { count, longest }) in steps {
        println!("{what}: {count} transactions, the longest {longest:?}");
    }
}

#[test]
fn memories_that_arrive_together_are_limited_by_number_and_by_text() {
    let fixture = Fixture::with_seed(V12);
    for (count, bytes, transactions) in [(257, 10, 2), (8, 160_000, 4), (3, 300_000, 3)] {
        let mut database = fixture.open();
        // Only what has to be written together is.
        (database.hold, database.pace) = (Duration::ZERO, Pace::new([Duration::ZERO; 2]));
        let arrival = Memory { content: "x".repeat(bytes), ..memory() };
        let names = (0..count).map(|n| format!("{n} of {bytes} bytes"));
        apply(&mut database, names.map(|name| edit(&name, None, Some(&arrival))).collect());
        assert_eq!(database.transactions().count, transactions, "{count} of {bytes} bytes");
    }
}
