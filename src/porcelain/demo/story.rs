//! What the demonstration shows, scene by scene.

use super::stage::{Device, Stage, Told};
use crate::error::CommandError;
use crate::error::ExitCode::{self, Differences, Done};

/// The memories that both assistants and all scenes speak of.
const RELEASE: &str = "A release is built with --locked, or CI builds other versions than we tested.";
const FRANKFURT: &str = "The staging server moves to Frankfurt on the first of March.";
const TABS: &str = "Ada wants tabs in Makefiles and four spaces everywhere else.";
const VACUUM: &str = "PostgreSQL refuses VACUUM inside a transaction.";
const COFFEE: &str = "Coffee with Grace on Thursday at ten.";

/// Plays all of it.
pub(super) fn play(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    first_sync(stage)?;
    merge(stage)?;
    conflict(stage)?;
    deletion(stage)?;
    undo(stage)?;
    history(stage)
}

fn first_sync(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    stage.scene("Two devices, whose assistants have remembered different things")?;
    stage.remember(Device::Laptop, RELEASE, "learning", &["release"])?;
    stage.remember(Device::Laptop, FRANKFURT, "decision", &["infra"])?;
    stage.remember(Device::Laptop, TABS, "observation", &["style"])?;
    stage.remember(Device::Desktop, RELEASE, "learning", &["release"])?;
    stage.remember(Device::Desktop, VACUUM, "learning", &["postgres"])?;
    stage.remember(Device::Desktop, COFFEE, "observation", &["calendar"])?;
    stage.scene("Both get to know the server, and each is told what the other remembers")?;
    stage.init(Device::Laptop)?;
    sync(stage, Device::Laptop, Done)?;
    stage.init(Device::Desktop)?;
    sync(stage, Device::Desktop, Done)?;
    sync(stage, Device::Laptop, Done)
}

fn merge(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    stage.scene("The same memory changes on both, in different fields: nobody needs to be asked")?;
    stage.change(Device::Laptop, RELEASE, &Told::Tags(&["release", "cargo"]))?;
    stage.change(Device::Desktop, RELEASE, &Told::Member("project", "memsync"))?;
    sync(stage, Device::Desktop, Done)?;
    stage.run(Device::Laptop, &["diff"], Done)?;
    sync(stage, Device::Laptop, Done)?;
    sync(stage, Device::Desktop, Done)
}

fn conflict(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    stage.scene("The same field changes on both: only this memory waits, and you decide")?;
    stage.change(Device::Laptop, FRANKFURT, &Told::Type("planning"))?;
    stage.change(Device::Desktop, FRANKFURT, &Told::Type("milestone"))?;
    sync(stage, Device::Desktop, Done)?;
    sync(stage, Device::Laptop, Differences)?;
    stage.run(Device::Laptop, &["status"], Done)?;
    let hash = Stage::short_hash(FRANKFURT);
    stage.run(Device::Laptop, &["checkout", "--theirs", &hash], Done)?;
    sync(stage, Device::Laptop, Done)
}

fn deletion(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    stage.scene("What one device forgets is forgotten on all of them")?;
    stage.forget(Device::Desktop, COFFEE)?;
    sync(stage, Device::Desktop, Done)?;
    sync(stage, Device::Laptop, Done)
}

fn undo(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    stage.scene("That was a mistake: the last sync is taken back, and the next one tells everybody")?;
    stage.run(Device::Laptop, &["undo"], Done)?;
    sync(stage, Device::Laptop, Done)?;
    sync(stage, Device::Desktop, Done)
}

fn history(stage: &mut Stage<'_>) -> Result<(), CommandError> {
    stage.scene("Every sync is a commit, and what it replaced can be shown")?;
    stage.run(Device::Laptop, &["log", "--oneline"], Done)?;
    stage.run(Device::Laptop, &["show"], Done)
}

fn sync(stage: &mut Stage<'_>, device: Device, expected: ExitCode) -> Result<(), CommandError> {
    stage.run(device, &["sync"], expected)
}
