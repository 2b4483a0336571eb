//! Histories from seeds.
//!
//! Each history uses only some kinds of steps and faults, and those often: what happens together by chance in one
//! history of a thousand otherwise happens in most of a few.

use super::text::FAULTS;
use super::{COMMON_TAGS, Command, Deed, Fault, History, PATHS, Run, Shape, Spot, Step, Strategy};
use crate::place::Version;

/// Random numbers from a seed (`SplitMix64`), the same on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not zero.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("a usize fits");
        usize::try_from(self.next() % limit).expect("it is below a usize")
    }

    /// True in so many of a hundred cases.
    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// How often each kind of step comes in one history.
struct Taste {
    /// Edits on the server itself.
    server: usize,
    deletions: usize,
    faults: usize,
    /// What happens while a run is under way.
    during: usize,
    /// Commands other than `sync`.
    others: usize,
    /// Backups restored, staging databases lost, other servers, other clocks and versions.
    disasters: usize,
    rests: usize,
}

struct Generator {
    random: Random,
    shape: Shape,
    taste: Taste,
    number: u32,
}

/// The history of a seed.
pub(crate) fn generate(seed: u64) -> History {
    let mut random = Random::new(seed);
    let devices = random.one_of(&[2, 2, 2, 3, 3, 4, 5]);
    let memories = random.one_of(&[3, 3, 4, 5, 8, 12, 30]);
    let length = random.one_of(&[10, 10, 15, 15, 20, 20, 30, 40, 60, 100, 200]);
    let shape = Shape {
        devices,
        memories,
        limit: random.one_of(&[None, None, Some(1), Some(3), Some(100)]),
        never_merge: random.percent(5),
    };
    let taste = Taste {
        server: random.one_of(&[0, 20, 40]),
        deletions: random.one_of(&[4, 12, 25]),
        faults: random.one_of(&[0, 20, 50]),
        during: random.one_of(&[0, 20, 40]),
        others: random.one_of(&[0, 20, 50]),
        disasters: random.one_of(&[0, 0, 5, 12]),
        rests: random.one_of(&[0, 3, 8]),
    };
    let mut generator = Generator { random, shape, taste, number: 0 };
    let mut steps = Vec::new();
    while steps.len() < length {
        if generator.random.percent(generator.taste.disasters / 3) {
            steps.extend(generator.rewind());
        } else {
            steps.push(generator.step());
        }
    }
    steps.push(Step::Rest);
    History { shape: generator.shape, steps }
}

impl Generator {
    fn number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    fn device(&mut self) -> usize {
        self.random.below(self.shape.devices)
    }

    fn spot(&mut self) -> Spot {
        if self.random.percent(self.taste.server) { Spot::Server } else { Spot::Device(self.device()) }
    }

    fn step(&mut self) -> Step {
        if self.random.percent(self.taste.disasters) {
            return self.disaster();
        }
        if self.random.percent(self.taste.rests) {
            return Step::Rest;
        }
        if self.random.percent(40) {
            let mut run = self.run();
            while self.random.percent(self.taste.during) {
                let tick = self.tick();
                let step = if self.random.percent(25) { Step::Run(self.run()) } else { self.work() };
                run.during.push((tick, step));
            }
            return Step::Run(run);
        }
        self.work()
    }

    fn tick(&mut self) -> u32 {
        let furthest = self.random.one_of(&[5, 10, 20, 40]);
        u32::try_from(self.random.below(furthest)).expect("it is small")
    }

    fn work(&mut self) -> Step {
        let (spot, memory) = (self.spot(), self.random.below(self.shape.memories));
        let deed = if self.random.percent(self.taste.deletions) {
            Deed::Delete
        } else {
            let path = self.random.below(PATHS.len());
            match self.random.below(20) {
                0..=4 => Deed::Create(self.number()),
                5..=7 => Deed::Tag(self.number()),
                8 => Deed::CommonTag(self.random.below(COMMON_TAGS.len())),
                9 => Deed::Untag(self.random.below(8)),
                10..=11 => Deed::Type(self.number()),
                12..=14 => Deed::Set(path, self.number()),
                15 => Deed::Null(path),
                16 => Deed::Unset(path),
                17 => Deed::Respell(self.number()),
                _ => Deed::Search,
            }
        };
        Step::Work(spot, memory, deed)
    }

    /// A backup is made when all is in step, much is done, everybody syncs, and the backup is restored.
    fn rewind(&mut self) -> Vec<Step> {
        let spot = if self.random.percent(70) { Spot::Server } else { Spot::Device(self.device()) };
        let device = self.device();
        let sync = || Step::Run(Run::new(device, Command::Sync));
        let mut steps = vec![sync(), Step::BackUp(spot)];
        for memory in 0..self.shape.memories.min(6) {
            let deed = Deed::Tag(self.number());
            steps.push(Step::Work(Spot::Device(device), memory, deed));
        }
        let restored = [sync(), Step::Restore(spot), sync()];
        steps.into_iter().chain(restored).collect()
    }

    fn disaster(&mut self) -> Step {
        const YEAR: i64 = 365 * 24 * 60 * 60;
        let spot = if self.random.percent(50) { Spot::Server } else { Spot::Device(self.device()) };
        match self.random.below(13) {
            0..=2 => Step::BackUp(spot),
            3..=4 => Step::Restore(spot),
            5..=6 => Step::LoseStaging(self.device()),
            7 => Step::Swap,
            8 => Step::Version(self.random.one_of(&[Version::Old, Version::New])),
            9 => Step::Restart,
            10 => Step::Move(spot),
            11 => Step::Clock(spot, self.random.one_of(&[-YEAR, 0, YEAR])),
            _ => Step::Purge(spot),
        }
    }

    fn command(&mut self) -> Command {
        if !self.random.percent(self.taste.others) {
            return Command::Sync;
        }
        match self.random.below(32) {
            0..=3 => Command::Pull,
            4..=7 => Command::Push,
            8..=9 => Command::Apply,
            10..=12 => Command::Fetch,
            13 => Command::Stash,
            14 => Command::Status,
            15 => Command::DryRun,
            16..=18 => Command::Ours,
            19..=21 => Command::Theirs,
            22 => Command::Base,
            23..=24 => Command::Merged(self.number()),
            25 => Command::Deleted,
            26..=27 => Command::Field,
            28..=30 => Command::Undo,
            _ => Command::UndoRemote,
        }
    }

    fn run(&mut self) -> Run {
        let (device, command) = (self.device(), self.command());
        let mut run = Run::new(device, command);
        run.insists = self.random.percent(30);
        if matches!(command, Command::Sync | Command::Pull | Command::Push | Command::Apply | Command::DryRun)
        {
            let is_special = self.random.percent(self.taste.others);
            run.scope = (is_special && self.random.percent(20)).then(|| self.random.below(COMMON_TAGS.len()));
            let strategies = [Strategy::Ours, Strategy::Theirs, Strategy::Newest];
            run.strategy = (is_special && self.random.percent(20)).then(|| self.random.one_of(&strategies));
        }
        if self.random.percent(self.taste.faults) {
            let (_, kind) = self.random.one_of(&FAULTS);
            run.fault = Some(Fault { kind, tick: self.tick() });
        }
        run
    }
}
