//! Making a failing history small: fewer steps, simpler runs, fewer devices and memories.

use super::{History, Run, Spot, Step};
use crate::place::Version;

/// The smallest history that still `fails`, as far as taking parts away finds it, after at most `attempts` tries.
pub(crate) fn shrink(history: History, attempts: usize, fails: &mut dyn FnMut(&History) -> bool) -> History {
    let mut shrinker = Shrinker { best: history, attempts, fails };
    loop {
        let before = shrinker.best.clone();
        shrinker.drop_steps();
        shrinker.simplify_runs();
        shrinker.simplify_shape();
        if shrinker.best == before || shrinker.attempts == 0 {
            return shrinker.best;
        }
    }
}

struct Shrinker<'a> {
    best: History,
    attempts: usize,
    fails: &'a mut dyn FnMut(&History) -> bool,
}

impl Shrinker<'_> {
    /// Keeps `candidate` where it fails as well.
    fn attempt(&mut self, candidate: History) -> bool {
        if self.attempts == 0 || candidate == self.best {
            return false;
        }
        self.attempts -= 1;
        let fails = (self.fails)(&candidate);
        if fails {
            self.best = candidate;
        }
        fails
    }

    /// Takes away ever smaller runs of steps.
    fn drop_steps(&mut self) {
        let mut size = (self.best.steps.len() / 2).max(1);
        loop {
            let mut start = 0;
            while start < self.best.steps.len() {
                let mut candidate = self.best.clone();
                let end = (start + size).min(candidate.steps.len());
                candidate.steps.drain(start..end);
                if !self.attempt(candidate) {
                    start += size;
                }
            }
            if size == 1 {
                return;
            }
            size /= 2;
        }
    }

    fn simplify_runs(&mut self) {
        for at in 0..self.best.steps.len() {
            let Step::Run(run) = &self.best.steps[at] else { continue };
            for simpler in simpler_runs(run) {
                let mut candidate = self.best.clone();
                candidate.steps[at] = Step::Run(simpler);
                self.attempt(candidate);
            }
        }
    }

    /// Leaves out each device and each memory in turn; those after it take its number.
    fn simplify_shape(&mut self) {
        let mut simpler = vec![self.best.clone(); 4];
        simpler[0].shape.limit = None;
        simpler[1].shape.never_merge = false;
        simpler[2].shape.version = Version::New;
        simpler[3].shape.troubles = None;
        for device in (0..self.best.shape.devices).rev().filter(|_| self.best.shape.devices > 1) {
            simpler.push(without_device(&self.best, device));
        }
        for memory in (0..self.best.shape.memories).rev().filter(|_| self.best.shape.memories > 1) {
            simpler.push(without_memory(&self.best, memory));
        }
        for candidate in simpler {
            if self.attempt(candidate) {
                return;
            }
        }
    }
}

fn simpler_runs(run: &Run) -> Vec<Run> {
    let mut simpler = Vec::new();
    for at in 0..run.during.len() {
        let mut one = run.clone();
        one.during.remove(at);
        simpler.push(one);
    }
    simpler.push(Run { scope: None, ..run.clone() });
    simpler.push(Run { strategy: None, ..run.clone() });
    simpler.push(Run { insists: false, ..run.clone() });
    simpler.push(Run { fault: None, ..run.clone() });
    simpler
}

/// What a device number becomes once `gone` is left out; `None` for `gone` itself.
fn lowered(number: usize, gone: usize) -> Option<usize> {
    match number.cmp(&gone) {
        std::cmp::Ordering::Less => Some(number),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(number - 1),
    }
}

fn without_device(history: &History, gone: usize) -> History {
    let spot = |spot: Spot| match spot {
        Spot::Device(number) => lowered(number, gone).map(Spot::Device),
        Spot::Server => Some(Spot::Server),
    };
    let mut next = mapped(history, &|step| {
        Some(match step {
            Step::Work(at, memory, deed) => Step::Work(spot(at)?, memory, deed),
            Step::Both([one, other]) => {
                Step::Both([(spot(one.0)?, one.1, one.2), (spot(other.0)?, other.1, other.2)])
            }
            Step::Purge(at) => Step::Purge(spot(at)?),
            Step::BackUp(at) => Step::BackUp(spot(at)?),
            Step::Restore(at) => Step::Restore(spot(at)?),
            Step::Move(at) => Step::Move(spot(at)?),
            Step::Clock(at, seconds) => Step::Clock(spot(at)?, seconds),
            Step::LoseStaging(device) => Step::LoseStaging(lowered(device, gone)?),
            Step::Run(run) => Step::Run(Run { device: lowered(run.device, gone)?, ..run }),
            other => other,
        })
    });
    next.shape.devices -= 1;
    next
}

fn without_memory(history: &History, gone: usize) -> History {
    let mut next = mapped(history, &|step| {
        Some(match step {
            Step::Work(at, memory, deed) => Step::Work(at, lowered(memory, gone)?, deed),
            Step::Both([one, other]) => Step::Both([
                (one.0, lowered(one.1, gone)?, one.2),
                (other.0, lowered(other.1, gone)?, other.2),
            ]),
            other => other,
        })
    });
    next.shape.memories -= 1;
    next
}

/// Every step, those during runs too, as `change` makes it; without those that it leaves out.
fn mapped(history: &History, change: &dyn Fn(Step) -> Option<Step>) -> History {
    let step = |step: &Step| {
        let mut next = change(step.clone())?;
        if let Step::Run(run) = &mut next {
            let during = std::mem::take(&mut run.during);
            run.during = during.into_iter().filter_map(|(tick, step)| Some((tick, change(step)?))).collect();
        }
        Some(next)
    };
    History { shape: history.shape.clone(), steps: history.steps.iter().filter_map(step).collect() }
}
