//! How long the database is left to others between two transactions.
#![expect(clippy::disallowed_methods, reason = "a pause is time that passes")]

use std::thread;
use std::time::{Duration, Instant};

/// The shortest and the longest pause. The service tries a write that finds the database locked six times within about
/// six seconds, and each time looks only once. So a short run of transactions can be dense, because it is over before
/// the last try; a long one has to leave the database free for most of the time.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(120)];

/// The pause grows to this part of the time since the first transaction.
const PART: u32 = 20;

/// The pauses of one run of transactions. Whatever else takes time between two of them is part of the pause.
pub(super) struct Pace {
    pauses: [Duration; 2],
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Pace {
    /// A run that has yet to begin.
    pub(super) fn new(pauses: [Duration; 2]) -> Self {
        Self { pauses, first: None, last: None }
    }

    /// Waits for what is left of the pause; to be called before a transaction.
    pub(super) fn wait(&mut self) {
        let first = *self.first.get_or_insert_with(Instant::now);
        if let Some(last) = self.last {
            let [shortest, longest] = self.pauses;
            let pause = (first.elapsed() / PART).clamp(shortest, longest);
            thread::sleep(pause.saturating_sub(last.elapsed()));
        }
    }

    /// Begins the next pause; to be called after a transaction.
    pub(super) fn rest(&mut self) {
        self.last = Some(Instant::now());
    }
}
