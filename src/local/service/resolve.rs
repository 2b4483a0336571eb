//! What the entries of one memory come to, whatever order they arrived in.
//!
//! Guarantees: pure functions of the set of entries, so that every peer that holds the same entries holds the
//! same memory. The rules are those of mcp-memory-service 12.2.0.
//!
//! Must never: look at the memory's row, or at a clock.

use std::cmp::Reverse;

use rusqlite::Row;
use serde_json::{Map, Value, json};

use crate::object::Timestamp;

use super::log::Operation;
use super::payload::{self, Update};
use super::text::members;

/// A hybrid logical clock: later is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clock {
    /// Milliseconds since 1970.
    pub(super) physical: i64,
    /// Counts what happens within one millisecond, or while the computer's clock is behind.
    pub(super) logical: i64,
}

impl Clock {
    /// The clock of a moment; of none, the beginning of time.
    pub(super) fn at(moment: Option<Timestamp>) -> Self {
        let milliseconds = moment.map_or(0.0, |moment| moment.seconds() * 1000.0);
        #[expect(clippy::cast_possible_truncation, reason = "what is out of range is at its end")]
        let physical = milliseconds as i64;
        Self { physical, logical: 0 }
    }
}

/// How far ahead of the present a clock may be, in milliseconds: a day. Nothing that happens later could ever count
/// against an entry that is beyond all bounds.
const AHEAD: i64 = 24 * 60 * 60 * 1000;

impl Clock {
    /// Whether a computer whose clock is roughly right can have given it out by `now`.
    pub(super) fn is_plausible(self, now: Timestamp) -> bool {
        self.physical >= 0 && self.logical >= 0 && self.physical <= Self::latest_plausible(now)
    }

    /// The last millisecond that is plausible at `now`.
    pub(super) fn latest_plausible(now: Timestamp) -> i64 {
        Self::at(Some(now)).physical.saturating_add(AHEAD)
    }
}

/// An entry of the log, as far as it decides about its memory.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) clock: Clock,
    pub(super) agent_id: Option<String>,
    pub(super) event_id: String,
    /// `None` for what is not known here, which changes nothing.
    pub(super) operation: Option<Operation>,
    /// Empty where it is no JSON object.
    pub(super) payload: Map<String, Value>,
}

impl Entry {
    /// Reads a row of `hlc_physical, hlc_logical, agent_id, event_id, op, payload`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let number = |index| row.get_ref(index).map(|value| value.as_i64().unwrap_or(0));
        let text = |index| -> rusqlite::Result<String> {
            Ok(row.get_ref(index)?.as_str().unwrap_or_default().to_owned())
        };
        Ok(Self {
            clock: Clock { physical: number(0)?, logical: number(1)? },
            agent_id: row.get_ref(2)?.as_str().ok().map(str::to_owned),
            event_id: text(3)?,
            operation: Operation::from_name(&text(4)?),
            payload: members(&text(5)?),
        })
    }

    /// Whether it brings the text of a memory.
    fn has_text(&self) -> bool {
        self.payload.get("content").and_then(Value::as_str).is_some_and(|content| !content.is_empty())
    }

    /// Of entries that contradict each other the least counts: the later one, a deletion where both are
    /// equally late, and then by author and id, so that the order is total.
    pub(super) fn rank(&self) -> impl Ord + use<'_> {
        let Self { clock, agent_id, event_id, operation, .. } = self;
        let lives = *operation != Some(Operation::Delete);
        (Reverse(*clock), lives, agent_id.is_none(), agent_id.as_deref(), event_id.as_str())
    }
}

/// The entry of `operation` that counts.
pub(super) fn leading(entries: &[Entry], operation: Operation) -> Option<&Entry> {
    entries.iter().filter(|entry| entry.operation == Some(operation)).min_by_key(|entry| entry.rank())
}

/// Whether a memory is there, by its entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Liveness {
    /// No entry says anything about it: the row stays as it is.
    Unsaid,
    /// It is there.
    Live,
    /// It was deleted at this moment, where the deletion says when.
    Dead(Option<Timestamp>),
}

impl Liveness {
    /// What the row already shows of entries that are in the order of their arrival: all but that of a create
    /// without text, which waits for the next.
    pub(super) fn carried_out(entries: &[Entry]) -> Self {
        let last = entries.iter().rfind(|entry| entry.operation != Some(Operation::UpdateMetadata));
        let waits = |entry: &Entry| entry.operation == Some(Operation::Create) && !entry.has_text();
        if last.is_some_and(waits) { Self::Unsaid } else { Self::of(entries) }
    }

    /// Weighs the create that counts against the deletion that counts.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let create = leading(entries, Operation::Create);
        let Some(deletion) = leading(entries, Operation::Delete) else {
            return if create.is_some() { Self::Live } else { Self::Unsaid };
        };
        match create {
            Some(create) if overcomes(create, deletion) => Self::Live,
            _ => Self::Dead(payload::moment(&deletion.payload, "deleted_at").unwrap_or(None)),
        }
    }
}

/// Whether a create brings a memory back. It has to be later than the deletion, and to know of it: a peer
/// says which deletion it knew of, or that it knew of none; one of a version that says neither is trusted.
fn overcomes(create: &Entry, deletion: &Entry) -> bool {
    let knows = match create.payload.get("recreate_of") {
        None => true,
        Some(Value::Null) => false,
        Some(known) if known == "" => false,
        Some(known) => *known == deletion.event_id || names(create.payload.get("recreate_of_hlc"), deletion),
    };
    knows && create.rank() < deletion.rank()
}

/// Whether `anchor` is the clock and the author of `deletion`, which stay where its id does not: a baseline
/// gives a deletion another one.
fn names(anchor: Option<&Value>, deletion: &Entry) -> bool {
    let Entry { clock, agent_id, .. } = deletion;
    anchor == Some(&json!([clock.physical, clock.logical, agent_id]))
}

/// Whether nothing of `create` shows in the row before the last of the entries, which are in the order of their
/// arrival: it made no row, because it has no text or others counted more, and no change has come since.
fn is_hidden(create: Option<&Entry>, entries: &[Entry]) -> bool {
    let is_it = |entry: &Entry| create.is_some_and(|create| create.rank() == entry.rank());
    let Some(at) = entries.iter().position(is_it) else { return false };
    let (earlier, since) = (&entries[..at], &entries[at + 1..]);
    let made_no_row =
        earlier.iter().any(|entry| entry.rank() < entries[at].rank()) || !entries[at].has_text();
    let changes = since.iter().filter(|entry| entry.operation == Some(Operation::UpdateMetadata));
    made_no_row && changes.count() <= 1
}

/// What the entries of a memory say about its tags, its type and its metadata.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fields {
    /// The column.
    pub(super) tags: Option<String>,
    pub(super) memory_type: Option<String>,
    /// The members of the metadata that are said anything about.
    pub(super) members: Map<String, Value>,
    pub(super) updated_at: Option<Timestamp>,
}

impl Fields {
    /// Each field that `own`, the last of the entries to arrive and a change, decides, and the moment that they
    /// come to. Where it is the first change after a create that the row does not show, that is every field.
    pub(super) fn decided_by(own: &Entry, entries: &[Entry]) -> Self {
        if is_hidden(leading(entries, Operation::Create), entries) {
            return Self::of(entries);
        }
        let create = leading(entries, Operation::Create);
        let updated_at = Self::of(entries).updated_at;
        if create.is_some_and(|create| create.rank() < own.rank()) {
            return Self { updated_at, ..Self::default() };
        }
        let mut fields = Self { updated_at, ..Self::default() };
        fields.take(Update::read(&own.payload).ok());
        let is_later = |entry: &&Entry| entry.rank() < own.rank();
        let changes = entries.iter().filter(|entry| entry.operation == Some(Operation::UpdateMetadata));
        for later in changes.filter(is_later).filter_map(|entry| Update::read(&entry.payload).ok()) {
            fields.tags = fields.tags.filter(|_| later.tags.is_none());
            fields.memory_type = fields.memory_type.filter(|_| later.memory_type.is_none());
            fields.members.retain(|name, _| later.members.iter().all(|(other, _)| other != name));
        }
        Self { updated_at, ..fields }
    }

    /// Each field as the entry that counts for it has it: of the create that counts and of every change that
    /// came after it.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let create = leading(entries, Operation::Create);
        let is_later = |entry: &Entry| create.is_none_or(|create| entry.rank() < create.rank());
        let changes = entries.iter().filter(|entry| entry.operation == Some(Operation::UpdateMetadata));
        let mut changes: Vec<&Entry> = changes.filter(|entry| is_later(entry)).collect();
        changes.sort_by(|a, b| b.rank().cmp(&a.rank()));
        let mut fields = Self::default();
        // What was read from a damaged log says nothing.
        fields.take(create.and_then(|create| Update::of_create(&create.payload).ok()));
        for change in changes {
            fields.take(Update::read(&change.payload).ok());
        }
        fields
    }

    /// Lets what `update` says count.
    fn take(&mut self, update: Option<Update<'_>>) {
        let Some(update) = update else { return };
        self.tags = update.tags.or(self.tags.take());
        self.memory_type = update.memory_type.map(str::to_owned).or(self.memory_type.take());
        let members = update.members.into_iter();
        self.members.extend(members.map(|(name, value)| (name.to_owned(), value.clone())));
        self.updated_at = update.updated_at.or(self.updated_at);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn entry(operation: Operation, physical: i64, id: &str, payload: Value) -> Entry {
        let Value::Object(payload) = payload else { unreachable!() };
        Entry {
            clock: Clock { physical, logical: 0 },
            agent_id: Some("a".to_owned()),
            event_id: id.to_owned(),
            operation: Some(operation),
            payload,
        }
    }

    #[test]
    fn a_create_overcomes_the_deletion_that_counts_if_it_is_later_and_knew_of_it() {
        let deletions = [
            entry(Operation::Delete, 4, "earlier", json!({"deleted_at": 4})),
            entry(Operation::Delete, 5, "counts", json!({"deleted_at": 5})),
        ];
        let known = [
            ("nothing", json!({})),
            ("that there was none", json!({"recreate_of": ""})),
            ("null", json!({"recreate_of": null})),
            ("the one that counts", json!({"recreate_of": "counts"})),
            ("another", json!({"recreate_of": "earlier"})),
            ("the one that counts, renamed", json!({"recreate_of": "bl-1", "recreate_of_hlc": [5, 0, "a"]})),
            ("another, renamed", json!({"recreate_of": "bl-1", "recreate_of_hlc": [4, 0, "a"]})),
            ("nonsense", json!({"recreate_of": 5, "recreate_of_hlc": {}})),
        ];
        let mut table = String::new();
        for (words, payload) in known {
            let live = [4, 5, 6].map(|physical| {
                let create = entry(Operation::Create, physical, "create", payload.clone());
                let entries = [create, deletions[0].clone(), deletions[1].clone()];
                match Liveness::of(&entries) {
                    Liveness::Live => "live".to_owned(),
                    Liveness::Dead(Some(moment)) => format!("dead {moment}"),
                    other => format!("{other:?}"),
                }
            });
            let [before, same, after] = live;
            writeln!(table, "{words:<30} {before:<8} {same:<8} {after}").unwrap();
        }
        insta::assert_snapshot!(table, @"
        nothing                        dead 5   dead 5   live
        that there was none            dead 5   dead 5   dead 5
        null                           dead 5   dead 5   dead 5
        the one that counts            dead 5   dead 5   live
        another                        dead 5   dead 5   dead 5
        the one that counts, renamed   dead 5   dead 5   live
        another, renamed               dead 5   dead 5   dead 5
        nonsense                       dead 5   dead 5   dead 5
        ");
        let create = entry(Operation::Create, 1, "create", json!({"recreate_of": ""}));
        let update = entry(Operation::UpdateMetadata, 9, "update", json!({}));
        assert_eq!(Liveness::of(&[]), Liveness::Unsaid);
        assert_eq!(Liveness::of(std::slice::from_ref(&update)), Liveness::Unsaid);
        assert_eq!(Liveness::of(&[update, create]), Liveness::Live);
        let silent = entry(Operation::Delete, 1, "silent", json!({}));
        assert_eq!(Liveness::of(&[silent]), Liveness::Dead(None));
    }

    #[test]
    fn the_later_counts_then_a_deletion_then_the_author_then_the_id() {
        let create = |physical, id| entry(Operation::Create, physical, id, json!({}));
        let other = |author: Option<&str>| Entry { agent_id: author.map(str::to_owned), ..create(5, "0") };
        let mut entries = [
            other(None),
            create(5, "2"),
            entry(Operation::Delete, 5, "9", json!({})),
            Entry { clock: Clock { physical: 5, logical: 1 }, ..create(5, "8") },
            other(Some("b")),
            create(6, "7"),
            create(5, "1"),
        ];
        entries.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let shown = entries.map(|entry| format!("{:?} by {:?}", entry.event_id, entry.agent_id));
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "7" by Some("a")
        "8" by Some("a")
        "9" by Some("a")
        "1" by Some("a")
        "2" by Some("a")
        "0" by Some("b")
        "0" by None
        "#);
    }

    #[test]
    fn each_field_is_the_latest_since_the_memory_was_made() {
        let update = |physical, updates: Value| {
            entry(
                Operation::UpdateMetadata,
                physical,
                &physical.to_string(),
                json!({ "updates": updates, "updated_at": physical }),
            )
        };
        let create = |physical, payload| entry(Operation::Create, physical, &physical.to_string(), payload);
        let entries = [
            update(8, json!({"tags": null, "metadata": {"b": 8, "c": null}})),
            update(4, json!({"tags": ["before"], "memory_type": "before", "metadata": {"d": "before"}})),
            create(5, json!({"tags": ["made"], "memory_type": "made", "metadata": {"a": 5, "b": 5, "c": 5}})),
            update(7, json!({"tags": ["x", "y"], "metadata": {"b": 7}, "own": 7, "content": "never"})),
            update(6, json!({"tags": "w", "memory_type": "later"})),
            create(3, json!({"tags": ["once"], "metadata": {"e": 3}})),
        ];
        insta::assert_debug_snapshot!(Fields::of(&entries), @r#"
        Fields {
            tags: Some(
                "x,y",
            ),
            memory_type: Some(
                "later",
            ),
            members: {
                "a": Number(5),
                "b": Number(8),
                "c": Null,
                "own": Number(7),
            },
            updated_at: Some(
                Timestamp(
                    8.0,
                ),
            ),
        }
        "#);
    }
}
