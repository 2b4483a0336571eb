//! Playing many histories, on all cores, and making one that fails small.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::history::{History, generate, shrink};
use crate::place::Ground;
use crate::world::{Violation, World};

/// How much is played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    /// So many seconds.
    Seconds(u64),
    /// So many histories.
    Histories(u64),
}

/// How much is played: a minute, if nobody says otherwise.
pub(crate) fn budget() -> Budget {
    match (setting("MEMSYNC_SIMULATE_HISTORIES"), setting("MEMSYNC_SIMULATE")) {
        (Some(count), _) => Budget::Histories(count),
        (None, seconds) => Budget::Seconds(seconds.unwrap_or(60)),
    }
}

/// A history in which a promise broke.
#[derive(Clone)]
pub(crate) struct Failure {
    pub ground: &'static dyn Ground,
    /// The seed of the history as it was before it was made small.
    pub seed: u64,
    /// How many histories were played until then.
    pub played: u64,
    pub history: History,
    pub violation: Violation,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Violation { invariant, detail } = &self.violation;
        let (ground, seed) = (self.ground.name(), self.seed);
        write!(
            f,
            "{invariant}: {detail}\n\
             MEMSYNC_SIMULATE_GROUND={ground} MEMSYNC_SIMULATE_SEED={seed} (history {}), made small:\n{}",
            self.played, self.history
        )
    }
}

/// How often a failing history is played again to make it small, and how long that may take.
const ATTEMPTS: usize = 600;
const PATIENCE: Duration = Duration::from_mins(2);

/// The first failure on one ground, as it was found.
pub(crate) fn search(ground: &'static dyn Ground, budget: Budget, seed: u64) -> Option<Failure> {
    let next = AtomicU64::new(0);
    let found: Mutex<Option<Failure>> = Mutex::new(None);
    let begin = Instant::now();
    let is_over = |index: u64| match budget {
        Budget::Seconds(seconds) => begin.elapsed() >= Duration::from_secs(seconds),
        Budget::Histories(count) => index >= count,
    };
    // A third of the time on real ground is waiting.
    let threads = 2 * thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if is_over(index) || found.lock().is_ok_and(|found| found.is_some()) {
                        return;
                    }
                    let seed = seed.wrapping_add(index);
                    let history = generate(seed, ground.longest());
                    if let Some(violation) = World::play(&history, ground) {
                        let failure = Failure { ground, seed, played: index + 1, history, violation };
                        found.lock().expect("no thread panics with it").get_or_insert(failure);
                    }
                }
            });
        }
    });
    let played = next.into_inner();
    let failure = found.into_inner().expect("no thread panicked with it");
    if failure.is_none() && setting("MEMSYNC_SIMULATE").is_some() {
        say(&format!("{played} {} histories from seed {seed} in {:?}", ground.name(), begin.elapsed()));
    }
    failure
}

impl Failure {
    /// The same in a history that is as small as it could be made.
    pub(crate) fn made_small(self) -> Self {
        let mut violation = self.violation.clone();
        let begin = Instant::now();
        let history = shrink(self.history, ATTEMPTS, &mut |candidate| {
            if begin.elapsed() > PATIENCE {
                return false;
            }
            let broken =
                World::play(candidate, self.ground).filter(|broken| broken.invariant == violation.invariant);
            let fails = broken.is_some();
            violation = broken.unwrap_or_else(|| violation.clone());
            fails
        });
        Self { history, violation, ..self }
    }
}

/// Says how much was played, to whoever asked for it.
#[expect(clippy::print_stderr, reason = "a long run tells what it came to")]
fn say(line: &str) {
    eprintln!("{line}");
}

pub(crate) fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[cfg(not(feature = "planted"))]
mod tests {
    use std::fs;

    use super::*;
    use crate::fast::Fast;
    use crate::real::{Real, Shared};

    const GROUNDS: [&dyn Ground; 3] = [&Fast, &Real, &Shared];

    /// Plays histories on every ground, as much on each, beginning with `seed`; the first failure, made small.
    /// `MEMSYNC_SIMULATE_GROUND` (`fast`, `real`, `shared`) gives all of the budget to one.
    fn find(budget: Budget, seed: u64) -> Option<Failure> {
        let only = env::var("MEMSYNC_SIMULATE_GROUND").ok();
        let grounds =
            GROUNDS.into_iter().filter(|ground| only.as_ref().is_none_or(|only| only == ground.name()));
        let grounds: Vec<_> = grounds.collect();
        assert!(!grounds.is_empty(), "no ground is named {only:?}");
        let share = u64::try_from(grounds.len()).expect("a few grounds");
        let part = match budget {
            Budget::Seconds(seconds) => Budget::Seconds(seconds.div_ceil(share)),
            Budget::Histories(count) => Budget::Histories(count.div_ceil(share)),
        };
        let failure = grounds.into_iter().find_map(|ground| search(ground, part, seed));
        failure.map(Failure::made_small)
    }

    #[test]
    fn every_kept_history_keeps_the_promises() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulate/kept");
        let mut paths: Vec<_> =
            fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let history: History = fs::read_to_string(&path)
                .expect("a text")
                .parse()
                .unwrap_or_else(|line| panic!("{}: {line}", path.display()));
            for ground in GROUNDS {
                if let Some(violation) = World::play(&history, ground) {
                    panic!("{}: {violation:?}", path.display());
                }
            }
        }
    }

    #[test]
    fn histories_keep_the_promises() {
        let seed = setting("MEMSYNC_SIMULATE_SEED").unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(0, |now| now.as_secs()) << 20
        });
        if let Some(failure) = find(budget(), seed) {
            panic!("{failure}");
        }
    }

    #[test]
    fn a_history_reads_as_it_was_printed() {
        for seed in 0..200 {
            let history = generate(seed, 200);
            assert_eq!(history.to_string().parse(), Ok(history));
        }
    }
}
