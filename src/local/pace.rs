//! How long the database is left to others between two transactions.
#![expect(clippy::disallowed_methods, reason = "a pause is time that passes")]

use std::thread;
use std::time::{Duration, Instant};

/// The shortest and the longest pause. The service tries a write that finds the database locked six times, at once and
/// about 0.2, 0.6, 1.4, 3 and 6.2 s later, and each time looks only once. So a short run of transactions can be dense,
/// because it is over before the last tries; a long one has to leave the database free for most of the time.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(120)];

/// How long a run is dense. Whenever the service began, its last two tries come 2.7 s after the run's beginning or later,
/// since it varies its waits by a tenth: by then the pause is at its longest.
const DENSE: Duration = Duration::from_millis(2_100);

/// From then on the pause grows to this part of the time since.
const PART: u32 = 5;

/// How many times as long a transaction may last while the run is dense: the service's early tries find a gap less often,
/// its last ones do not depend on it, and each transaction costs a commit and a segment of the full-text index.
const DENSE_HOLD: u32 = 5;

/// The pauses of one run of transactions. Whatever else takes time between two of them is part of the pause.
#[derive(Debug)]
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

    /// Waits for what is left of the pause; to be called before a transaction. Where the database was left alone for
    /// longer than all of the service's tries take, a new run begins.
    pub(super) fn wait(&mut self) {
        const FORGOTTEN: Duration = Duration::from_secs(7);
        self.first = self.first.filter(|_| self.last.is_some_and(|last| last.elapsed() < FORGOTTEN));
        let first = *self.first.get_or_insert_with(Instant::now);
        if let Some(last) = self.last {
            thread::sleep(self.pause(first.elapsed()).saturating_sub(last.elapsed()));
        }
    }

    /// The pause so long after the first transaction.
    fn pause(&self, since: Duration) -> Duration {
        let [shortest, longest] = self.pauses;
        (since.saturating_sub(DENSE) / PART).clamp(shortest, longest)
    }

    /// How long a transaction may last now that may last for `hold` in a long run.
    pub(super) fn hold(&self, hold: Duration) -> Duration {
        hold.saturating_mul(Self::stretch(self.first.map_or(Duration::ZERO, |first| first.elapsed())))
    }

    /// How many times as long a transaction may last so long after the first.
    fn stretch(since: Duration) -> u32 {
        if since < DENSE { DENSE_HOLD } else { 1 }
    }

    /// Begins the next pause; to be called after a transaction.
    pub(super) fn rest(&mut self) {
        self.last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_dense_at_first_and_leaves_room_later() {
        let pace = Pace::new(PAUSES);
        let pause = |milliseconds| pace.pause(Duration::from_millis(milliseconds)).as_millis();
        let stretch = |milliseconds| Pace::stretch(Duration::from_millis(milliseconds));
        assert_eq!([0, 2_099, 2_100, 60_000].map(stretch), [5, 5, 1, 1]);
        assert_eq!([0, 2_100, 2_400, 2_700, 60_000].map(pause), [10, 10, 60, 120, 120]);
    }
}
