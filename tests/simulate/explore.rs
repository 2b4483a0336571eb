//! Playing many histories, on all cores, and making one that fails small.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use crate::fast::Fast;
use crate::history::{History, generate, shrink};
use crate::place::Ground;
use crate::real::Real;
use crate::world::{Violation, World};

/// How much is played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    /// So many seconds.
    Seconds(u64),
    /// So many histories.
    Histories(u64),
}

/// A history in which a promise broke.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
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
        write!(
            f,
            "{invariant}: {detail}\nMEMSYNC_SIMULATE_SEED={} (history {}), made small:\n{}",
            self.seed, self.played, self.history
        )
    }
}

/// How often a failing history is played again to make it small.
const ATTEMPTS: usize = 600;

/// Plays histories on places in memory and on real ones, half of the budget each, beginning with `seed`; the first
/// failure, made small.
pub(crate) fn find(budget: Budget, seed: u64) -> Option<Failure> {
    let (failure, ground) = search(budget, seed)?;
    Some(make_small(failure, ground))
}

/// The same, as it was found, and the places on which it fails. `MEMSYNC_SIMULATE_GROUND` (`fast`, `real`) gives all of
/// the budget to one kind.
pub(crate) fn search(budget: Budget, seed: u64) -> Option<(Failure, &'static dyn Ground)> {
    let half = match budget {
        Budget::Seconds(seconds) => Budget::Seconds(seconds.div_ceil(2)),
        Budget::Histories(count) => Budget::Histories(count.div_ceil(2)),
    };
    let fast =
        |budget| search_on(&|| Box::new(Fast), budget, seed).map(|failure| (failure, &Fast as &dyn Ground));
    let real =
        |budget| search_on(&|| Box::new(Real), budget, seed).map(|failure| (failure, &Real as &dyn Ground));
    match env::var("MEMSYNC_SIMULATE_GROUND").as_deref() {
        Ok("fast") => fast(budget),
        Ok("real") => real(budget),
        _ => fast(half).or_else(|| real(half)),
    }
}

/// The same on one ground; each thread makes its own.
fn search_on(ground: &(dyn Fn() -> Box<dyn Ground> + Sync), budget: Budget, seed: u64) -> Option<Failure> {
    let next = AtomicU64::new(0);
    let found: Mutex<Option<Failure>> = Mutex::new(None);
    let begin = Instant::now();
    let is_over = |index: u64| match budget {
        Budget::Seconds(seconds) => begin.elapsed() >= Duration::from_secs(seconds),
        Budget::Histories(count) => index >= count,
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let ground = ground();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if is_over(index) || found.lock().is_ok_and(|found| found.is_some()) {
                        return;
                    }
                    let seed = seed.wrapping_add(index);
                    let history = generate(seed);
                    if let Some(violation) = World::play(&history, &*ground) {
                        let failure = Failure { seed, played: index + 1, history, violation };
                        found.lock().expect("no thread panics with it").get_or_insert(failure);
                    }
                }
            });
        }
    });
    let played = next.into_inner();
    let failure = found.into_inner().expect("no thread panicked with it");
    if failure.is_none() && setting("MEMSYNC_SIMULATE").is_some() {
        say(&format!("{played} histories from seed {seed} in {:?}", begin.elapsed()));
    }
    failure
}

fn make_small(failure: Failure, ground: &dyn Ground) -> Failure {
    let mut violation = failure.violation.clone();
    let history = shrink(failure.history, ATTEMPTS, &mut |candidate| {
        let broken = World::play(candidate, ground).filter(|broken| broken.invariant == violation.invariant);
        let fails = broken.is_some();
        violation = broken.unwrap_or_else(|| violation.clone());
        fails
    });
    Failure { history, violation, ..failure }
}

/// Says how much was played, to whoever asked for it.
#[expect(clippy::print_stderr, reason = "a long run tells what it came to")]
fn say(line: &str) {
    eprintln!("{line}");
}

pub(crate) fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
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
        for ground in [&Fast as &dyn Ground, &Real] {
            if let Some(violation) = World::play(&history, ground) {
                panic!("{}: {violation:?}", path.display());
            }
        }
    }
}

#[test]
fn histories_keep_the_promises() {
    let budget = match (setting("MEMSYNC_SIMULATE_HISTORIES"), setting("MEMSYNC_SIMULATE")) {
        (Some(count), _) => Budget::Histories(count),
        (None, Some(seconds)) => Budget::Seconds(seconds),
        (None, None) => Budget::Histories(120),
    };
    let is_fresh = matches!(budget, Budget::Seconds(_));
    let seed = setting("MEMSYNC_SIMULATE_SEED").unwrap_or_else(|| {
        if !is_fresh {
            return 1;
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs()) << 20
    });
    if let Some(failure) = find(budget, seed) {
        panic!("{failure}");
    }
}

#[test]
fn a_history_reads_as_it_was_printed() {
    for seed in 0..200 {
        let history = generate(seed);
        assert_eq!(history.to_string().parse(), Ok(history));
    }
}
