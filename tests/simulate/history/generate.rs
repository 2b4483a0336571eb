//! Histories from seeds.
//!
//! Each history uses only some kinds of steps and faults, and those often: what happens together by chance in one
//! history of a thousand otherwise happens in most of a few.

use super::text::FAULTS;
use super::{
    COMMON_TAGS, Command, Deed, Fault, FaultKind, Filter, History, Moment, PATHS, Run, STORES, Shape, Spot,
    Step, Strategy,
};
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
    /// What else is done to memories that are there, each as often as it is in here.
    deeds: Vec<usize>,
    faults: usize,
    /// What happens while a run is under way.
    during: usize,
    /// Commands other than `sync`.
    others: usize,
    /// Backups restored, staging databases lost, other servers, other clocks and versions.
    disasters: usize,
    rests: usize,
    /// Steps that belong together.
    scenes: usize,
}

struct Generator {
    random: Random,
    shape: Shape,
    taste: Taste,
    number: u32,
}

/// The history of a seed, with so many steps at most, or a few more.
pub(crate) fn generate(seed: u64, longest: usize) -> History {
    let mut random = Random::new(seed);
    let devices = random.one_of(&[2, 2, 2, 3, 3, 4, 5]);
    let memories = random.one_of(&[3, 3, 4, 5, 8, 12, 30]);
    let length = random.one_of(&[10, 10, 15, 15, 20, 20, 30, 40, 60, 100, 200]).min(longest);
    let shape = Shape {
        devices,
        memories,
        limit: random.one_of(&[None, None, Some(1), Some(3), Some(100)]),
        never_merge: random.percent(5),
        version: random.one_of(&[Version::New, Version::New, Version::Old]),
        troubles: random.percent(50).then(|| u32::try_from(random.below(1_000_000)).expect("it is small")),
    };
    let taste = Taste {
        server: random.one_of(&[0, 20, 40]),
        deletions: random.one_of(&[4, 12, 25]),
        deeds: (0..random.one_of(&[3, 6, 32])).map(|_| random.below(18)).collect(),
        faults: random.one_of(&[0, 20, 50]),
        during: random.one_of(&[0, 20, 40]),
        others: random.one_of(&[0, 20, 50]),
        disasters: random.one_of(&[0, 0, 5, 12]),
        rests: random.one_of(&[0, 3, 8]),
        scenes: random.one_of(&[0, 20, 50]),
    };
    let mut generator = Generator { random, shape, taste, number: 0 };
    let mut steps = Vec::new();
    while steps.len() < length {
        if generator.random.percent(generator.taste.scenes) {
            steps.extend(generator.scene());
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
                let moment = self.moment();
                let step = if self.random.percent(25) { Step::Run(self.run()) } else { self.work() };
                run.during.push((moment, step));
            }
            return Step::Run(run);
        }
        self.work()
    }

    fn moment(&mut self) -> Moment {
        let (moment, choices): (fn(u32) -> Moment, &[usize]) = if self.random.percent(50) {
            (Moment::Tick, &[5, 10, 20, 40, 80])
        } else {
            (Moment::Writing, &[2, 4, 8, 20])
        };
        let furthest = self.random.one_of(choices);
        moment(u32::try_from(self.random.below(furthest)).expect("it is small"))
    }

    fn work(&mut self) -> Step {
        let (spot, memory) = (self.spot(), self.random.below(self.shape.memories));
        let deed = if self.random.percent(25) { Deed::Create(self.number()) } else { self.deed() };
        Step::Work(spot, memory, deed)
    }

    /// Something that is done to a memory that is there.
    fn deed(&mut self) -> Deed {
        if self.random.percent(self.taste.deletions) {
            return Deed::Delete;
        }
        let path = self.random.below(PATHS.len());
        match self.random.one_of(&self.taste.deeds) {
            0..=2 => Deed::Tag(self.number()),
            3..=4 => Deed::CommonTag(self.random.below(COMMON_TAGS.len())),
            5 => Deed::Untag(self.random.below(8)),
            6..=7 => Deed::Type(self.number()),
            8..=10 => Deed::Set(path, self.number()),
            11..=12 => Deed::Null(path),
            13..=14 => Deed::Unset(path),
            15 => Deed::Respell(self.number()),
            _ => Deed::Search,
        }
    }

    fn scene(&mut self) -> Vec<Step> {
        let (device, memory) = (self.device(), self.random.below(self.shape.memories));
        let spot = if self.random.percent(40) { Spot::Server } else { Spot::Device(device) };
        // Where there is no other one, a brake holds back what is done to it.
        let neighbour = (memory + 1) % self.shape.memories;
        let creates = [neighbour, memory].map(|one| Step::Work(spot, one, Deed::Create(self.number())));
        let scene = match self.random.below(23) {
            0 => self.rewind(device),
            1 => self.clearance(device),
            2..=5 => self.race(device, memory),
            6..=7 => self.answer(device, memory),
            8..=9 => self.visit(device, memory),
            10..=12 => self.misfortune(device, memory),
            13..=15 => self.both(device, memory),
            16..=17 => self.forgetting(device, memory),
            18..=19 => self.regret(device, memory),
            20..=21 => self.revival(device, memory),
            _ => self.removal(device, memory),
        };
        creates.into_iter().chain([sync(device)]).chain(scene).collect()
    }

    /// A backup is made when all is in step, much is done, everybody syncs, and the backup is restored.
    fn rewind(&mut self, device: usize) -> Vec<Step> {
        let spot = if self.random.percent(70) { Spot::Server } else { Spot::Device(self.device()) };
        let edits: Vec<_> = (0..self.shape.memories.min(6))
            .map(|memory| Step::Work(Spot::Device(device), memory, Deed::Tag(self.number())))
            .collect();
        let restored = [sync(device), Step::Restore(spot), sync(device)];
        [Step::BackUp(spot)].into_iter().chain(edits).chain(restored).collect()
    }

    /// Many memories are made, and all deleted again.
    fn clearance(&mut self, device: usize) -> Vec<Step> {
        let spot = self.spot();
        let deeds = |deed: fn(u32) -> Deed, generator: &mut Self| -> Vec<Step> {
            let memories = 0..generator.shape.memories;
            memories.map(|memory| Step::Work(spot, memory, deed(generator.number()))).collect()
        };
        let (made, deleted) = (deeds(Deed::Create, self), deeds(|_| Deed::Delete, self));
        let between = [sync(device), sync(self.device())];
        made.into_iter().chain(between).chain(deleted).chain([sync(device)]).collect()
    }

    /// Somebody writes a memory while a run writes it.
    fn race(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let (here, there) = (Spot::Device(device), Spot::Server);
        // When the second is most in the way of the first.
        let (first, second, tick) = self.random.one_of(&[
            (here, there, 0),
            (here, there, 1),
            (here, there, 1),
            (here, there, 2),
            (there, here, 0),
            (there, here, 0),
            (there, here, 1),
            (here, here, 0),
        ]);
        let mut run = Run::new(device, Command::Sync);
        run.during.push((Moment::Writing(tick), Step::Work(second, memory, self.deed())));
        vec![Step::Work(first, memory, self.deed()), Step::Run(run), sync(device)]
    }

    /// A conflict is answered, and the memory changes before anybody syncs.
    fn answer(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let path = self.random.below(PATHS.len());
        let spots = [Spot::Device(device), Spot::Server];
        let collision = spots.map(|spot| Step::Work(spot, memory, Deed::Set(path, self.number())));
        let answers = [Command::Ours, Command::Theirs, Command::Merged(self.number()), Command::Field];
        let answer = Step::Run(Run::new(device, self.random.one_of(&answers)));
        let deed = if self.random.percent(50) { Deed::Set(path, self.number()) } else { self.deed() };
        let later = Step::Work(self.random.one_of(&spots), memory, deed);
        collision.into_iter().chain([sync(device), answer, later, sync(device)]).collect()
    }

    /// Somebody comes to the server between two requests of a run.
    fn visit(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let deed = if self.random.percent(50) { Deed::Delete } else { self.deed() };
        let mut run = Run::new(device, Command::Sync);
        let moment = Moment::Request(self.random.one_of(&[1, 2, 3, 3, 3, 4]));
        run.during.push((moment, Step::Work(Spot::Server, memory, Deed::Set(0, self.number()))));
        vec![Step::Work(Spot::Device(device), memory, deed), Step::Run(run), sync(device)]
    }

    /// Something goes wrong with the write of one memory.
    fn misfortune(&mut self, device: usize, memory: usize) -> Vec<Step> {
        // It strikes only where the server is about to be written to, and that is rare elsewhere.
        let kind = if self.random.percent(25) { FaultKind::Ignored } else { self.random.one_of(&FAULTS).1 };
        let mut run = Run::new(device, Command::Sync);
        run.fault = Some(Fault { kind, from: Moment::Writing(self.random.one_of(&[0, 0, 1, 2])) });
        let spot = self.random.one_of(&[Spot::Device(device), Spot::Server]);
        vec![Step::Work(spot, memory, self.deed()), Step::Run(run), sync(device)]
    }

    /// Two people work at the same time, mostly with the same memory; or make the same one.
    fn both(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let others = (0..self.shape.devices).filter(|other| *other != device).map(Spot::Device);
        let others: Vec<_> = others.chain([Spot::Server]).collect();
        let (here, there) = (Spot::Device(device), self.random.one_of(&others));
        if self.random.percent(40) {
            // 10.20.6 takes no deleted memory back: there it has to be one that was never made.
            let is_old = self.shape.version == Version::Old;
            let memory = if is_old { self.random.below(self.shape.memories) } else { memory };
            let deletion = (!is_old).then_some(Step::Work(here, memory, Deed::Delete));
            let both = [here, there].map(|spot| (spot, memory, Deed::Create(self.number())));
            return deletion.into_iter().chain([Step::Both(both)]).collect();
        }
        let other = if self.random.percent(70) { memory } else { self.random.below(self.shape.memories) };
        vec![Step::Both([(here, memory, self.deed()), (there, other, self.deed())])]
    }

    /// A member of the metadata is set, and removed again once the server has it.
    fn forgetting(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let (spot, path) = (Spot::Device(device), self.random.below(PATHS.len()));
        let removal = if self.random.percent(50) { Deed::Unset(path) } else { Deed::Null(path) };
        let deeds = [Deed::Set(path, self.number()), removal];
        deeds.into_iter().flat_map(|deed| [Step::Work(spot, memory, deed), sync(device)]).collect()
    }

    /// A sync is undone after what it brought was changed again.
    fn regret(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let (here, there) = (Spot::Device(device), Spot::Server);
        let undo = Step::Run(Run::new(device, self.random.one_of(&[Command::Undo, Command::UndoRemote])));
        let (from, at) = self.random.one_of(&[(there, here), (there, here), (here, there)]);
        let deeds = [(from, self.deed()), (at, self.deed())];
        let [first, later] = deeds.map(|(spot, deed)| Step::Work(spot, memory, deed));
        vec![first, sync(device), later, undo, sync(device)]
    }

    /// A memory is deleted everywhere, and made again, which 10.20.6 does not take.
    fn revival(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let spots = [Spot::Device(device), Spot::Server];
        let deletion = Step::Work(self.random.one_of(&spots), memory, Deed::Delete);
        let creation = Step::Work(Spot::Device(device), memory, Deed::Create(self.number()));
        vec![deletion, sync(device), creation, sync(device)]
    }

    /// A database or a server is at another place than before, and something was written.
    fn removal(&mut self, device: usize, memory: usize) -> Vec<Step> {
        let spot = self.random.one_of(&[Spot::Device(device), Spot::Server]);
        vec![Step::Move(spot), Step::Work(self.spot(), memory, self.deed()), sync(device)]
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
        match self.random.below(36) {
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
            31 => Command::UndoRemote,
            32..=33 => Command::Restore,
            _ => Command::Gc,
        }
    }

    fn filter(&mut self) -> Filter {
        let tag = self.random.below(COMMON_TAGS.len());
        let which = self.random.below(3);
        match self.random.below(10) {
            0..=4 => Filter::Tag(tag),
            5..=6 => Filter::Type(which),
            7 => Filter::Store(which % STORES.len()),
            8 => Filter::Since(self.number / 2),
            _ => Filter::TagAndType(tag, which),
        }
    }

    fn run(&mut self) -> Run {
        let (device, command) = (self.device(), self.command());
        let mut run = Run::new(device, command);
        run.insists = self.random.percent(30);
        if matches!(command, Command::Sync | Command::Pull | Command::Push | Command::Apply | Command::DryRun)
        {
            let is_special = self.random.percent(self.taste.others);
            run.scope = (is_special && self.random.percent(20)).then(|| self.filter());
            let strategies = [Strategy::Ours, Strategy::Theirs, Strategy::Newest];
            run.strategy = (is_special && self.random.percent(20)).then(|| self.random.one_of(&strategies));
        }
        if self.random.percent(self.taste.faults) {
            let (_, kind) = self.random.one_of(&FAULTS);
            run.fault = Some(Fault { kind, from: self.moment() });
        }
        run
    }
}

/// An ordinary run.
fn sync(device: usize) -> Step {
    Step::Run(Run::new(device, Command::Sync))
}
