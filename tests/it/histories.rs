//! Random histories with the program as people run it: devices, a hub, a bad network between them, kills, lost files and
//! backups. Whatever happens, nothing that was read can be lost, and once nothing fails any more all soon hold the same.
//!
//! Each run plays new ones for 15 seconds, `MEMSYNC_HISTORIES=SECONDS` for so long, `MEMSYNC_HISTORY_SEED=N` one history
//! again. A history that fails is made smaller and printed with its seed; as a file in `histories/kept` it is played
//! first from then on.

mod proxy;
mod step;
mod version;
mod world;

use std::env;
use std::fs;
use std::panic;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use step::{Random, Step, generate, shrink};
use world::World;

/// How long the histories of a normal run take together.
const SECONDS: u64 = 15;
/// How many are played at once: much of their time goes into waiting for a retry.
const WORKERS: usize = 4;
/// How often a part of a history that failed is played, to find a small one.
const TRIES: usize = 60;

#[test]
fn histories_that_failed_once_do_not_fail_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/histories/kept");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let steps: Vec<Step> = lines.map(|line| line.parse().unwrap()).collect();
        play(3, &steps).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
}

#[test]
fn nothing_is_lost_and_all_agree_in_the_end() {
    let variable = |name: &str| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    if let Some(seed) = variable("MEMSYNC_HISTORY_SEED") {
        assert_eq!(check(seed), None);
        return;
    }
    let seconds = variable("MEMSYNC_HISTORIES").unwrap_or(SECONDS);
    let end = Instant::now() + Duration::from_secs(seconds);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let next = AtomicU64::new(u64::try_from(now.as_millis()).unwrap());
    let failed: Mutex<Option<String>> = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while Instant::now() < end && failed.lock().unwrap().is_none() {
                    if let Some(why) = check(next.fetch_add(1, Ordering::SeqCst)) {
                        failed.lock().unwrap().get_or_insert(why);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_none(), "{}", failed.unwrap_or_default());
}

/// Plays the history of a seed; why it fails, with a small part of it that does.
fn check(seed: u64) -> Option<String> {
    let mut random = Random::new(seed);
    let devices = 2 + random.below(2);
    let steps = generate(&mut random, devices);
    let why = play(devices, &steps).err()?;
    let small = shrink(steps, TRIES, |steps| play(devices, steps).is_err());
    let text = small.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let again = play(devices, &small).err().unwrap_or_else(|| "it does not fail every time".to_owned());
    Some(format!("MEMSYNC_HISTORY_SEED={seed}, {devices} devices\n{why}\n\n{text}\n{again}"))
}

/// Plays a history, and lets everybody come to rest. A panic is a failure like any other, or its seed would be lost.
fn play(devices: usize, steps: &[Step]) -> Result<(), String> {
    let whole = || {
        let mut world = World::new(devices);
        for (number, step) in steps.iter().enumerate() {
            world.step(step).map_err(|why| format!("at step {}, {step}: {why}", number + 1))?;
        }
        world.rest()
    };
    panic::catch_unwind(whole).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned())
    })
}

#[test]
fn a_history_is_the_same_as_text() {
    let steps = generate(&mut Random::new(1), 3);
    let again: Vec<Step> = steps.iter().map(|step| step.to_string().parse().unwrap()).collect();
    assert_eq!(again, steps);
}
