//! Devices and a hub on which a history is played with the real program, and what must hold on the way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use memsync::local::prepare;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::proxy::Proxy;
use super::step::{LOOKS, Spot, Step, Trouble};
use super::version::Version;
use crate::support::assistant::Assistant;
use crate::support::environment::{Device, holding};
use crate::support::interpose::{self, Fault, Place};
use crate::support::output::CommandOutput;
use crate::support::{Database, Hub, TestEnvironment};

/// A world.
pub struct World {
    devices: Vec<Device>,
    hub: Hub,
    proxy: Proxy,
    environment: TestEnvironment,
    /// All that was printed by anybody.
    said: String,
}

/// The texts; no two have the same name.
const TEXTS: [&str; 6] = [
    "water boils at a hundred degrees",
    "the garden gate sticks in winter",
    "call ada on monday",
    "bread needs salt",
    "naïve 日本",
    "tea is at four",
];
/// Nobody touches it: with its vector everybody can prove who makes the vectors here.
const ANCHOR: &str = "a memory that nobody touches";
const TAGS: [&str; 4] = ["red", "green", "blue", "first"];
const TYPES: [&str; 5] = ["note", "decision", "learning", "reference", "observation"];
/// When it all happens.
const NOW: f64 = 1_735_689_600.0;

impl World {
    /// `count` devices that know the hub, and one memory.
    pub fn new(count: usize) -> Self {
        let environment = TestEnvironment::in_memory();
        let folder = environment.folder("hub");
        let database = Database::in_folder(&folder);
        prepare(database.path()).unwrap();
        Assistant::new(&database, NOW).remember(ANCHOR, &["first"]);
        // It finds out once, as it starts, who makes the vectors.
        let hub = Hub::start(&folder);
        let proxy = Proxy::start(hub.address());
        let device = |number: usize| {
            let mut device = environment.device(&format!("device-{number}"));
            device.remote = Some(proxy.url());
            device.key = Some(Hub::KEY.to_owned());
            prepare(device.database.path()).unwrap();
            Assistant::new(&device.database, NOW).remember(ANCHOR, &["first"]);
            device.memsync(["init"]).success();
            device.memsync(["config", "mergetool.mine.cmd", "cp \"$REMOTE\" \"$MERGED\""]).success();
            device
        };
        let devices = (0..count).map(device).collect();
        Self { devices, hub, proxy, environment, said: String::new() }
    }

    /// Carries out one step; what must not have happened.
    pub fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Work { spot, deed, memory, value } => self.work(*spot, deed, *memory, *value),
            Step::Run { device, trouble, command } => {
                let device = device % self.devices.len();
                self.run(device, *trouble, command)?;
            }
            Step::Twice { device, one, other } => {
                let device = device % self.devices.len();
                self.guarded(device, |world| world.twice(device, one, other))?;
            }
            Step::BackUp(spot) => self.back_up(*spot),
            Step::Restore(spot) => self.restore(*spot),
            Step::LoseStaging(device) => self.lose_staging(device % self.devices.len()),
            Step::Restart => {
                self.hub.kill();
                self.hub.resume();
            }
        }
        Ok(())
    }

    fn database(&self, spot: Spot) -> Database {
        match spot {
            Spot::Device(number) => self.devices[number % self.devices.len()].database.clone(),
            Spot::Hub => self.hub.database(),
        }
    }

    fn work(&self, spot: Spot, deed: &str, memory: usize, value: usize) {
        let database = self.database(spot);
        let assistant = Assistant::new(&database, NOW + 60.0 * f64::from(u32::try_from(value).unwrap()));
        let text = TEXTS[memory % TEXTS.len()];
        let key = memsync::local::service::content_hash(text);
        match deed {
            "remember" => drop(assistant.try_remember(&spelled(text, value), &[TAGS[value % TAGS.len()]])),
            "tag" => {
                assistant.tag(&key, &[TAGS[value % TAGS.len()], &format!("tag-{value}")]);
            }
            "type" => {
                assistant.classify(&key, TYPES[value % TYPES.len()]);
            }
            "note" => {
                assistant.note(&key, ["one", "other"][value % 2], json!({ "deep": { "value": value } }));
            }
            "respell" if database.live().iter().any(|row| row.content_hash == key) => {
                assistant.respell(&key, &spelled(text, value));
            }
            "forget" => {
                assistant.forget(&key);
            }
            _ => {}
        }
    }

    /// Runs a command as a person would type it.
    pub fn run(&mut self, device: usize, trouble: Trouble, command: &str) -> Result<CommandOutput, String> {
        if let Trouble::Network { fault, from, to } = trouble {
            self.proxy.arm(fault, from, to);
        }
        let output = self.guarded(device, |world| {
            let output = world.command(device, trouble, command);
            vec![(command.to_owned(), output)]
        });
        self.proxy.disarm();
        Ok(output?.remove(0).1)
    }

    fn command(&self, device: usize, trouble: Trouble, command: &str) -> CommandOutput {
        let device = &self.devices[device];
        let mut memsync = device.command();
        memsync.args(command.split(' ')).stdin(holding(&input(device, command)));
        let output = match trouble {
            Trouble::Kill(at) => interpose::run(
                memsync,
                self.environment.path(),
                Place { fault: Fault::Kill, at, onwards: false, only: None },
            ),
            _ => memsync.output().unwrap(),
        };
        device.output(&output)
    }

    fn twice(&self, device: usize, one: &str, other: &str) -> Vec<(String, CommandOutput)> {
        thread::scope(|scope| {
            let commands = [one, other]
                .map(|command| (command, scope.spawn(move || run_plainly(&self.devices[device], command))));
            commands.map(|(command, thread)| (command.to_owned(), thread.join().unwrap())).into()
        })
    }

    /// Does something on a device, and looks whether what was there before is there still or can be printed, whether what
    /// only looks has written, and how the commands ended.
    fn guarded(
        &mut self,
        device: usize,
        run: impl FnOnce(&Self) -> Vec<(String, CommandOutput)>,
    ) -> Result<Vec<(String, CommandOutput)>, String> {
        let before = [self.versions(Spot::Device(device)), self.versions(Spot::Hub)];
        let files = self.files(device);
        let outputs = run(self);
        let after = [self.versions(Spot::Device(device)), self.versions(Spot::Hub)];
        let printable = self.printable(device);
        for (before, after) in before.iter().zip(&after) {
            if let Some(lost) = before.difference(after).find(|version| !printable.contains(version)) {
                return Err(format!("it cannot be printed any more: {lost:?}\n{outputs:?}"));
            }
        }
        if outputs.iter().all(|(command, _)| LOOKS.contains(&command.as_str())) {
            let differing = differing(&files, &self.files(device));
            if !differing.is_empty() {
                return Err(format!("{differing:?} was written by {outputs:?}"));
            }
        }
        for (_, output) in &outputs {
            self.said.push_str(&output.to_string());
            if !matches!(output.status, None | Some(0..=6)) || output.stderr.contains("panicked") {
                return Err(format!("no way to end: {outputs:?}"));
            }
            if matches!(output.status, Some(3..=5)) && !output.stderr.contains("hint: ") {
                return Err(format!("it does not say what to type next: {outputs:?}"));
            }
        }
        Ok(outputs)
    }

    /// What somebody holds.
    fn versions(&self, spot: Spot) -> BTreeSet<Version> {
        self.database(spot).live().iter().map(Version::from).collect()
    }

    /// What the device's staging database can print.
    fn printable(&self, device: usize) -> BTreeSet<Version> {
        let staging = &self.devices[device].staging;
        let holder = memsync::store::Holder { pid: 0, command: "test".to_owned(), since: 0 };
        let store = memsync::store::Store::open_read_only(staging, &holder).unwrap();
        let connection = Connection::open_with_flags(staging, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement =
            connection.prepare("SELECT lower(hex(id)) FROM objects WHERE kind = 'blob'").unwrap();
        let ids = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        ids.map(|id| Version::from(&store.memory(id.unwrap().parse().unwrap()).unwrap())).collect()
    }

    /// Every file of a device with its bytes. The index of a write-ahead log is shared memory, made anew by whoever
    /// opens the database, and an empty log says nothing.
    fn files(&self, device: usize) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(&self.devices[device].folder).unwrap().map(|entry| entry.unwrap().path());
        let read = entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap()));
        let is_shared = |path: &Path| path.to_string_lossy().ends_with("-shm");
        let mut files: Vec<_> = read.filter(|(path, bytes)| !is_shared(path) && !bytes.is_empty()).collect();
        files.sort();
        files
    }

    fn back_up(&mut self, spot: Spot) {
        self.still(spot, |path| {
            fs::copy(path, path.with_extension("backup")).unwrap();
        });
    }

    fn restore(&mut self, spot: Spot) {
        self.still(spot, |path| {
            let backup = path.with_extension("backup");
            if backup.exists() {
                fs::copy(backup, path).unwrap();
            }
        });
    }

    /// Does something to a database file while nobody has it open.
    fn still(&mut self, spot: Spot, work: impl FnOnce(&Path)) {
        if spot == Spot::Hub {
            self.hub.stop();
        }
        let database = self.database(spot);
        database.settle();
        work(database.path());
        if spot == Spot::Hub {
            self.hub.resume();
        }
    }

    fn lose_staging(&mut self, device: usize) {
        let device = &self.devices[device];
        for path in files_beside(&device.staging) {
            fs::remove_file(path).unwrap();
        }
        device.memsync(["init"]).success();
    }

    /// Nothing fails any more, and everybody syncs and ends conflicts until all hold the same, which must be soon.
    pub fn rest(&mut self) -> Result<(), String> {
        let rounds = 2 * self.devices.len();
        let mut last = Vec::new();
        for round in 0..=rounds {
            let mut is_quiet = true;
            last.clear();
            for device in 0..self.devices.len() {
                let output = self.finish(device, round)?;
                is_quiet &= output.status == Some(0) && output.stdout == "Already up to date.\n";
                last.push(output);
            }
            if is_quiet {
                return self.inspect();
            }
        }
        Err(format!("no end after {rounds} rounds: {last:?}"))
    }

    /// Syncs, lets through what a brake stopped, and ends conflicts.
    fn finish(&mut self, device: usize, round: usize) -> Result<CommandOutput, String> {
        let mut output = self.run(device, Trouble::None, "sync")?;
        let allowed =
            output.stderr.split("--allow-plan ").nth(1).and_then(|rest| rest.split_whitespace().next());
        if let (Some(3), Some(plan)) = (output.status, allowed) {
            let again = format!("sync --allow-plan {plan}");
            output = self.run(device, Trouble::None, &again)?;
        }
        if output.status == Some(1) {
            let side = if round.is_multiple_of(2) { "--theirs" } else { "--ours" };
            self.run(device, Trouble::None, &format!("checkout {side} --all"))?;
            let after = self.run(device, Trouble::None, "sync")?;
            if !matches!(after.status, Some(0 | 1)) {
                return Err(format!("after a checkout: {after}"));
            }
        } else if output.status != Some(0) {
            return Err(format!("nothing is wrong, and yet: {output}"));
        }
        Ok(output)
    }

    /// What must hold when nothing is left to do.
    fn inspect(&mut self) -> Result<(), String> {
        let hub = self.hub.database();
        let path = hub.path().display().to_string();
        let on_hub = self.versions(Spot::Hub);
        let digest = self.digest(0, &format!("digest --db {path}"));
        for device in 0..self.devices.len() {
            if self.versions(Spot::Device(device)) != on_hub {
                let held = self.versions(Spot::Device(device));
                return Err(format!("device {device} holds {held:#?}\nand the hub {on_hub:#?}"));
            }
            if self.digest(device, "digest") != digest {
                return Err(format!("the digest of device {device} differs"));
            }
            let output = self.command(device, Trouble::None, "fsck");
            if output.status != Some(0) {
                return Err(format!("device {device}: {output}"));
            }
        }
        hub.check();
        self.await_vectors()?;
        self.look_for_the_key()
    }

    /// The hub gives each memory its vector, if not at once then as soon as it has time.
    fn await_vectors(&self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_mins(1);
        while let Some(row) = self.hub.database().live().into_iter().find(|row| !row.vector) {
            if Instant::now() > deadline {
                return Err(format!("the hub has no vector for {row:?}\n{}", self.hub.log()));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn digest(&self, device: usize, command: &str) -> String {
        self.command(device, Trouble::None, command).stdout
    }

    fn look_for_the_key(&self) -> Result<(), String> {
        if self.said.contains(Hub::KEY) {
            return Err("somebody printed the key".to_owned());
        }
        let mut folders = vec![self.environment.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if holds(&fs::read(&path).unwrap(), Hub::KEY.as_bytes()) {
                    return Err(format!("the key is in {}", path.display()));
                }
            }
        }
        Ok(())
    }
}

/// A spelling of a text, as the service would name it alike.
fn spelled(text: &str, value: usize) -> String {
    let spell = |(index, letter): (usize, char)| {
        if (value >> (index % 5)) & 1 == 1 { letter.to_uppercase().next().unwrap() } else { letter }
    };
    text.chars().enumerate().map(spell).collect()
}

fn run_plainly(device: &Device, command: &str) -> CommandOutput {
    device.memsync_with_input(command.split(' '), &input(device, command))
}

/// What somebody gives a command on its standard input.
fn input(device: &Device, command: &str) -> String {
    match command {
        "resolve" => answers(device),
        "hash-object --stdin" | "hash-object -w --stdin" => "type note\n\nwritten by hand".to_owned(),
        _ => String::new(),
    }
}

/// An answer to each conflict, of each kind in turn.
fn answers(device: &Device) -> String {
    let listed = device.memsync(["conflicts", "--json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap_or_default();
    let conflicts = listed["conflicts"].as_array().into_iter().flatten();
    let kinds = [json!("ours"), json!("theirs"), json!("base"), Value::Null].into_iter().cycle();
    let answer = |(conflict, take): (&Value, Value)| match take {
        Value::Null => json!({ "conflict": conflict["id"], "delete": true }),
        take => json!({ "conflict": conflict["id"], "take": take }),
    };
    let answers: Vec<Value> = conflicts.zip(kinds).map(answer).collect();
    json!({ "schema_version": 1, "answers": answers }).to_string()
}

fn files_beside(staging: &Path) -> Vec<PathBuf> {
    let name = staging.file_stem().unwrap().to_string_lossy().into_owned();
    let entries = fs::read_dir(staging.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let is_beside =
        |path: &PathBuf| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name));
    entries.filter(is_beside).collect()
}

fn differing(before: &[(PathBuf, Vec<u8>)], after: &[(PathBuf, Vec<u8>)]) -> Vec<PathBuf> {
    let only = |these: &[(PathBuf, Vec<u8>)], those: &[(PathBuf, Vec<u8>)]| {
        these.iter().filter(|file| !those.contains(file)).map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    [only(before, after), only(after, before)].concat()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
