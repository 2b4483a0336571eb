//! The fourteen states × direction × strategy × `merge.auto`, as one reviewed file.

use memsync::object::{Memory, Metadata, SideName};
use memsync::reconcile::{Direction, Pair, Plan, State, Strategy};

use crate::gallery::{aligned, assert_gallery};
use crate::world::{Asked, Server, World, key, memory};

const LEGEND: &str = "\
What a sync does with one memory, for every state, direction and strategy.

A version is written as its type and tags. `base` is one form where both sides agreed on it, else `local form | server's form`.
`any` stands for all strategies (wait, ours, theirs, newest), `any` under merge.auto for on and off, where all of them come to the same.
Under `newest`, the server wrote later; an edit counts as later than a deletion.
`complete` says whether both sides agree once the steps are done, so that the base moves; a conflict has no steps.
";

/// One memory's versions: base (local form, server's form), local, remote.
type Case = (Option<(&'static str, &'static str)>, Option<&'static str>, Option<&'static str>);

const CASES: [Case; 18] = [
    (Some(("note", "note")), Some("note"), Some("note")),
    (None, Some("note"), None),
    (None, None, Some("note")),
    (None, Some("note"), Some("note")),
    (None, Some("note +ours"), Some("note +theirs")),
    (None, Some("decision"), Some("error")),
    (Some(("note", "note")), Some("decision"), Some("note")),
    (Some(("note +Rust", "note +rust")), Some("decision +Rust"), Some("note +rust")),
    (Some(("note", "note")), Some("note"), Some("decision")),
    (Some(("note +Rust", "note +rust")), Some("note +Rust"), Some("decision +rust")),
    (Some(("note", "note")), Some("decision"), Some("decision")),
    (Some(("note", "note")), Some("decision"), Some("note +theirs")),
    (Some(("note", "note")), Some("decision +ours"), Some("error +theirs")),
    (Some(("note", "note")), None, Some("note")),
    (Some(("note", "note")), Some("note"), None),
    (Some(("note", "note")), None, None),
    (Some(("note", "note")), None, Some("decision")),
    (Some(("note", "note")), Some("decision"), None),
];

const STRATEGIES: [(&str, Strategy); 4] = [
    ("wait", Strategy::Wait),
    ("ours", Strategy::Ours),
    ("theirs", Strategy::Theirs),
    ("newest", Strategy::Newest),
];

#[test]
fn what_a_sync_does_in_each_state() {
    let mut rows = vec![
        vec![LEGEND.to_owned()],
        ["state", "base", "local", "remote", "direction", "strategy", "merge.auto"]
            .into_iter()
            .chain(["local does", "remote does", "conflict in", "complete"])
            .map(str::to_owned)
            .collect(),
    ];
    let mut seen = Vec::new();
    for case in CASES {
        let mut world = world(case);
        let versions = memsync::reconcile::Versions {
            base: world.base.get(&key("k")).copied(),
            local: world.local.get(&key("k")).map(Memory::id),
            remote: world.remote.get(&key("k")).map(Memory::id),
        };
        let state = State::of(versions).unwrap();
        seen.push(state);
        rows.push(Vec::new());
        rows.extend(rows_of(&mut world, state, case));
    }
    seen.dedup();
    assert_eq!(seen, State::ALL, "the table shows every state, in order");
    assert_gallery("decision-table.txt", &aligned(&rows));
}

fn rows_of(world: &mut World, state: State, (base, local, remote): Case) -> Vec<Vec<String>> {
    let base = base.map_or("-".to_owned(), |(local, remote)| {
        if local == remote { local.to_owned() } else { format!("{local} | {remote}") }
    });
    let name = format!("{state:?}");
    let head = [name.as_str(), &base, local.unwrap_or("-"), remote.unwrap_or("-")];
    let mut rows = Vec::new();
    for (direction_name, direction) in
        [("pull", Direction::Pull), ("push", Direction::Push), ("both", Direction::Both)]
    {
        // Cells that follow from (strategy, merge.auto), then the fewest rows that tell the same.
        let mut outcomes = Vec::new();
        for (strategy_name, strategy) in STRATEGIES {
            let asked = |auto_merge| Asked {
                direction,
                strategy,
                auto_merge,
                newer: SideName::Remote,
                ..Asked::default()
            };
            let (on, off) = (effects(world, &asked(true)), effects(world, &asked(false)));
            if on == off {
                outcomes.push((strategy_name, "any", on));
            } else {
                outcomes.extend([(strategy_name, "on", on), (strategy_name, "off", off)]);
            }
        }
        if outcomes.iter().all(|(_, auto, effects)| *auto == "any" && *effects == outcomes[0].2) {
            outcomes.truncate(1);
            outcomes[0].0 = "any";
        }
        for (strategy, auto, effects) in outcomes {
            let cells = head.into_iter().chain([direction_name, strategy, auto]).map(str::to_owned);
            rows.push(cells.chain(effects).collect());
        }
    }
    rows
}

/// What `plan` says of the one memory: local step, remote step, fields in conflict, complete or not.
fn effects(world: &mut World, asked: &Asked) -> Vec<String> {
    let plan = world.plan(asked);
    let step = |side| {
        let Some((_, step)) = plan.steps(side).next() else { return "-".to_owned() };
        let version = |blob| version(&world.objects[&blob]);
        match (step.expected, step.target) {
            (None, Some(target)) => format!("create {}", version(target)),
            (Some(_), Some(target)) => format!("update to {}", version(target)),
            (Some(_), None) => "delete".to_owned(),
            (None, None) => unreachable!("a step changes something"),
        }
    };
    vec![step(SideName::Local), step(SideName::Remote), conflict(&plan), complete(&plan)]
}

fn conflict(plan: &Plan) -> String {
    let fields = plan.conflicts.iter().flat_map(|conflict| &conflict.fields);
    let names: Vec<String> = fields.map(ToString::to_string).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

fn complete(plan: &Plan) -> String {
    match (plan.entries.first(), plan.conflicts.first()) {
        (None, None) => "unplanned".to_owned(),
        (None, Some(_)) => "waits".to_owned(),
        (Some(entry), _) => if entry.complete { "yes" } else { "no" }.to_owned(),
    }
}

fn world((base, local, remote): Case) -> World {
    let mut world = World::new(Server::Faithful);
    let memory = |version: &str| memory(&format!("type {}", version.replace(" +", "; tag ")));
    if let Some((local, remote)) = base {
        let (local, remote) = (memory(local), memory(remote));
        world.base.insert(key("k"), Pair { local: local.id(), remote: remote.id() });
        world.objects.extend([(local.id(), local), (remote.id(), remote)]);
    }
    world.local.extend(local.map(|version| (key("k"), memory(version))));
    world.remote.extend(remote.map(|version| (key("k"), memory(version))));
    world
}

fn version(memory: &Memory) -> String {
    assert_eq!(memory.metadata, Metadata::default());
    let tags = memory.tags.iter().map(|tag| format!(" +{tag}"));
    memory.memory_type.iter().cloned().chain(tags).collect()
}
