//! A memory whose conflict was answered for other versions: what the answer did here is not undone unasked.

use memsync::object::SideName;
use memsync::reconcile::{Pair, Plan, Strategy, Versions};

use crate::world::{Asked, Server, World, headers, key, memory};

/// Base, local and remote of one memory; `-` for absent.
struct Told(&'static str, &'static str, &'static str);

fn world(Told(base, local, remote): &Told) -> World {
    let mut world = World::new(Server::Faithful);
    let read = |told: &str| (told != "-").then(|| memory(told));
    if let Some(base) = read(base) {
        world.base.insert(key("k"), Pair { local: base.id(), remote: base.id() });
        world.objects.insert(base.id(), base);
    }
    world.local.extend(read(local).map(|memory| (key("k"), memory)));
    world.remote.extend(read(remote).map(|memory| (key("k"), memory)));
    world
}

/// What a sync does where an answer was carried out here that was about this base.
fn reopened(told: &Told, strategy: Strategy) -> String {
    let mut world = world(told);
    let carried_out = [(key("k"), world.base.get("k").copied())].into();
    let plan = world.plan(&Asked { carried_out, ..Asked::with(strategy) });
    shown(&world, &plan)
}

fn shown(world: &World, plan: &Plan) -> String {
    let version = |blob| headers(&world.objects[&blob]);
    let mut shown: Vec<String> = [SideName::Local, SideName::Remote]
        .into_iter()
        .flat_map(|side| plan.steps(side).map(move |(_, step)| (side, step)))
        .map(|(side, step)| format!("{side}: {}", step.target.map_or("delete".to_owned(), version)))
        .collect();
    for (word, conflict) in plan
        .conflicts
        .iter()
        .map(|one| ("waits", one))
        .chain(plan.ended.iter().map(|(one, _)| ("ended", one)))
    {
        let fields: Vec<String> = conflict.fields.iter().map(ToString::to_string).collect();
        shown.push(format!("{word}: {}", fields.join(" ")));
    }
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") }
}

#[test]
fn the_server_may_take_what_this_device_holds_and_anything_else_is_asked_about() {
    let table = [
        // The answer put the base back here, which looks like no change.
        (Told("type note", "type note", "type decision"), "waits: type"),
        (Told("type note", "type note", "tag a; type note"), "waits: tags"),
        (Told("type note", "type decision", "type note"), "remote: type decision"),
        (Told("type note", "type decision", "type error"), "waits: type"),
        (Told("type note", "tag a; type note", "tag b; type note"), "waits: tags"),
        (Told("type note", "tag a; tag b; type note", "tag b; type note"), "remote: tag a; tag b; type note"),
        (Told("type note", "-", "type note"), "remote: delete"),
        (Told("type note", "-", "type decision"), "waits: existence"),
        (Told("type note", "type note", "-"), "waits: existence"),
        (Told("type note", "type decision", "-"), "waits: existence"),
        (Told("type note", "-", "-"), "nothing"),
        (Told("-", "type note", "-"), "remote: type note"),
        (Told("-", "-", "type note"), "waits: existence"),
        (Told("-", "type note", "type note"), "nothing"),
        (Told("-", "type note", "type decision"), "waits: type"),
    ];
    for (told, expected) in &table {
        let Told(base, local, remote) = told;
        assert_eq!(reopened(told, Strategy::Wait), *expected, "{base} | {local} | {remote}");
    }
}

#[test]
fn a_strategy_decides_it_as_if_there_were_no_base() {
    let back = Told("type note", "type note", "tag a; type decision");
    assert_eq!(reopened(&back, Strategy::Theirs), "local: tag a; type decision, ended: type tags");
    assert_eq!(
        reopened(&back, Strategy::Ours),
        "local: tag a; type note, remote: tag a; type note, ended: type tags"
    );
    let deleted = Told("type note", "type note", "-");
    assert_eq!(reopened(&deleted, Strategy::Theirs), "local: delete, ended: existence");
    assert_eq!(reopened(&deleted, Strategy::Ours), "remote: type note, ended: existence");
}

#[test]
fn what_was_chosen_for_a_field_stands_here_too() {
    let mut world = world(&Told("type note", "store work; type note", "store home; type decision"));
    let base = world.base.get("k").copied();
    let held = |side| world.held(side).get("k").map(memsync::object::Memory::id);
    let versions = Versions { base, local: held(SideName::Local), remote: held(SideName::Remote) };
    let choices = [(key("k"), (versions, [("type".to_owned(), SideName::Local)].into()))].into();
    let asked = Asked { carried_out: [(key("k"), base)].into(), choices, ..Asked::with(Strategy::Theirs) };
    let plan = world.plan(&asked);
    assert_eq!(
        shown(&world, &plan),
        "local: store home; type note, remote: store home; type note, ended: store"
    );
}

#[test]
fn an_answer_about_another_base_reopens_nothing() {
    let told = Told("type note", "type note", "type decision");
    let mut world = world(&told);
    let plan = world.plan(&Asked { carried_out: [(key("k"), None)].into(), ..Asked::default() });
    assert_eq!(shown(&world, &plan), "local: type decision");
}
