//! Small alphabets, so that memories, edits and worlds collide all the time.

use std::collections::BTreeSet;

use memsync::object::{Memory, Metadata, SideName, Timestamp};
use memsync::reconcile::{self};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::world::{Asked, Server, World, key};

pub(crate) const KEYS: [&str; 3] = ["k1", "k2", "k3"];

/// As many cases as is usual, or as `PROPTEST_CASES` says; what fails is written down as a test, not in a file.
pub(crate) fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn texts(options: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    select(options).prop_map(|text| (!text.is_empty()).then(|| text.to_owned()))
}

pub(crate) fn tags() -> impl Strategy<Value = BTreeSet<String>> {
    subsequence(vec!["a", "Rust", "rust", "RUST", "untagged"], 0..=3)
        .prop_map(|tags| tags.into_iter().map(str::to_owned).collect())
}

/// Nested objects, a member that the service drops, and text that is no JSON.
pub(crate) fn metadata() -> impl Strategy<Value = Metadata> {
    let member = |key: &'static str, values: &'static [&'static str]| {
        select(values).prop_map(move |value| (!value.is_empty()).then(|| format!("\"{key}\":{value}")))
    };
    let members = (
        member("k", &["", "1", "2"]),
        member("n", &["", "1", "{}", r#"{"x":1}"#, r#"{"x":2,"y":1}"#, r#"{"y":{"z":1}}"#]),
        member("type", &["", "", r#""t""#]),
    );
    let text = members.prop_map(|(k, n, kind)| {
        format!("{{{}}}", [k, n, kind].into_iter().flatten().collect::<Vec<_>>().join(","))
    });
    prop_oneof![9 => text, 1 => Just("{NaN}".to_owned())]
        .prop_map(|text| Metadata::from_text(&text, &memsync::object::Bookkeeping::default()))
}

pub(crate) fn memory() -> impl Strategy<Value = Memory> {
    (
        select(vec!["Milk", "milk"]),
        tags(),
        texts(&["", "note", "decision", "recipe", "observation"]),
        metadata(),
        select(vec![None, Some(1.0), Some(2.0)]),
        texts(&["", "", "work"]),
        texts(&["", "", "next"]),
    )
        .prop_map(|(content, tags, memory_type, metadata, created, store, superseded_by)| Memory {
            content: content.to_owned(),
            tags,
            memory_type,
            metadata,
            created_at: created.and_then(Timestamp::new),
            store,
            superseded_by,
        })
}

/// What a user does to one memory of one side.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Content(&'static str),
    Tags(BTreeSet<String>),
    Type(Option<String>),
    Metadata(Metadata),
    Store(Option<String>),
    Write(Memory),
    Delete,
}

impl Change {
    /// Which field is changed, for edits that must not meet.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Self::Content(_) => "content",
            Self::Tags(_) => "tags",
            Self::Type(_) => "type",
            Self::Metadata(_) => "metadata",
            Self::Store(_) => "store",
            Self::Write(_) | Self::Delete => "all",
        }
    }

    pub(crate) fn apply(&self, world: &mut World, side: SideName, name: &str) {
        let held = world.held_mut(side);
        match self {
            Self::Write(memory) => drop(held.insert(key(name), memory.clone())),
            Self::Delete => drop(held.remove(name)),
            change => {
                let Some(memory) = held.get_mut(name) else { return };
                match change.clone() {
                    Self::Content(content) => content.clone_into(&mut memory.content),
                    Self::Tags(tags) => memory.tags = tags,
                    Self::Type(memory_type) => memory.memory_type = memory_type,
                    Self::Metadata(metadata) => memory.metadata = metadata,
                    Self::Store(store) => memory.store = store,
                    Self::Write(_) | Self::Delete => unreachable!("matched above"),
                }
            }
        }
    }
}

/// A change of one field.
pub(crate) fn field_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        select(vec!["Milk", "milk", "MILK"]).prop_map(Change::Content),
        tags().prop_map(Change::Tags),
        texts(&["", "note", "decision", "recipe", "observation"]).prop_map(Change::Type),
        metadata().prop_map(Change::Metadata),
        texts(&["", "work"]).prop_map(Change::Store),
    ]
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![6 => field_change(), 1 => memory().prop_map(Change::Write), 1 => Just(Change::Delete)]
}

pub(crate) fn side() -> impl Strategy<Value = SideName> {
    select(vec![SideName::Local, SideName::Remote])
}

pub(crate) fn changes() -> impl Strategy<Value = Vec<(SideName, &'static str, Change)>> {
    prop::collection::vec((side(), select(KEYS.to_vec()), change()), 0..6)
}

pub(crate) fn server() -> impl Strategy<Value = Server> {
    select(vec![Server::Faithful, Server::Service])
}

pub(crate) fn strategy() -> impl Strategy<Value = reconcile::Strategy> {
    select(vec![
        reconcile::Strategy::Wait,
        reconcile::Strategy::Ours,
        reconcile::Strategy::Theirs,
        reconcile::Strategy::Newest,
    ])
}

pub(crate) fn asked() -> impl Strategy<Value = Asked> {
    (strategy(), any::<bool>(), any::<bool>()).prop_map(|(strategy, auto_merge, ours)| Asked {
        strategy,
        auto_merge,
        newer: if ours { SideName::Local } else { SideName::Remote },
        ..Asked::default()
    })
}

/// A world that was in step, by way of a real sync, and in which both sides' users have worked since.
pub(crate) fn world() -> impl Strategy<Value = World> {
    (in_step(), changes()).prop_map(|(mut world, changes)| {
        for (side, key, change) in changes {
            change.apply(&mut world, side, key);
        }
        world
    })
}

/// A world just after a sync.
pub(crate) fn in_step() -> impl Strategy<Value = World> {
    let memories = prop::collection::vec((side(), select(KEYS.to_vec()), memory()), 0..4);
    (server(), memories).prop_map(|(server, memories)| {
        let mut world = World::new(server);
        for (side, name, memory) in memories {
            world.held_mut(side).insert(key(name), memory);
        }
        world.sync(&Asked::with(reconcile::Strategy::Theirs));
        world
    })
}
