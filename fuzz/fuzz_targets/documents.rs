//! What memsync prints of memories: `--json` is read again and holds every text unchanged; what goes to a terminal
//! cannot drive it; lines of `--porcelain` stay lines.
//!
//! The input is two memories with a line `--` between them: canonical texts, or contents.
#![no_main]

use libfuzzer_sys::fuzz_target;
use memsync::object::{Commit, CommitId, ContentHash, Memory, Metadata, ObjectId, Signature, TreeId};
use memsync::reconcile::{ConflictId, ConflictStyle, State, Unmerged, Versions, differing};
use memsync::ui::Palette;
use memsync::ui::view::conflict::{Conflicted, Names};
use memsync::ui::view::diff::{Change, Differences};
use memsync::ui::view::log::{CommitJson, LogJson, entry, oneline, statistics};
use memsync::ui::view::status::{Entry, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiffDocument {
    schema_version: u32,
    changes: Vec<Changed>,
    conflicts: Vec<InConflict>,
    edits: Vec<Value>,
    divergent_edits: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    content_hash: String,
    fields: Vec<String>,
    old: Option<Shown>,
    new: Option<Shown>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is not looked at must be there all the same")]
struct InConflict {
    id: String,
    content_hash: String,
    state: String,
    fields: Vec<String>,
    choices: Value,
    base: Option<Shown>,
    base_theirs: Option<Shown>,
    ours: Option<Shown>,
    theirs: Option<Shown>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    content: String,
    tags: Vec<String>,
    memory_type: Option<String>,
    metadata: Value,
    created_at: Option<f64>,
    store: Option<String>,
    superseded_by: Option<String>,
}

impl Shown {
    fn is(&self, memory: &Memory) -> bool {
        let metadata = match &memory.metadata {
            Metadata::Members(members) => {
                self.metadata.as_object().is_some_and(|shown| shown.iter().eq(members.iter()))
            }
            Metadata::Opaque(text) => self.metadata.as_str() == Some(text),
        };
        metadata
            && self.content == memory.content
            && self.tags.iter().eq(memory.tags.iter())
            && self.memory_type == memory.memory_type
            && self.created_at == memory.created_at.map(memsync::object::Timestamp::seconds)
            && self.store == memory.store
            && self.superseded_by == memory.superseded_by
    }
}

/// As memsync prints a document.
fn print(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap()
}

fn memory(bytes: &[u8]) -> Memory {
    let content = || String::from_utf8_lossy(bytes).into_owned();
    Memory::parse(bytes).unwrap_or_else(|_| Memory { content: content(), ..Memory::default() })
}

/// Nothing in `text` drives a terminal, ends a line unseen or turns its direction.
fn harmless(text: &str) {
    for c in text.chars() {
        let drives = c.is_control() && !matches!(c, '\n' | '\t');
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!drives && !turns, "{text:?}");
    }
}

/// A name made of a memory's text, as odd as that.
fn key(memory: &Memory) -> ContentHash {
    let mut end = memory.content.len().min(200);
    while !memory.content.is_char_boundary(end) {
        end -= 1;
    }
    ContentHash::new(&memory.content[..end]).unwrap_or_else(|_| ContentHash::new("none").unwrap())
}

fn diff(old: &Memory, new: &Memory) {
    let change = Change { key: key(old), old: Some(old.clone()), new: Some(new.clone()) };
    let versions = Versions { base: None, local: Some(old.id()), remote: Some(new.id()) };
    let conflict = Conflicted {
        key: key(new),
        id: ConflictId::of(&key(new), versions),
        fields: differing(old, new).into_iter().collect(),
        choices: std::collections::BTreeMap::new(),
        versions: Unmerged { base: None, ours: Some(old.clone()), theirs: Some(new.clone()) },
    };
    let new_alone = Change { key: key(new), old: None, new: Some(new.clone()) };
    let all =
        Differences { changes: vec![change, new_alone], conflicts: vec![conflict], ..Differences::default() };
    let read: DiffDocument = serde_json::from_str(&print(&all.json())).unwrap();
    assert_eq!((read.schema_version, read.edits.len(), read.divergent_edits.len()), (1, 0, 0));
    let [first, second] = &read.changes[..] else { panic!("two changes") };
    assert_eq!(first.content_hash, key(old).as_str());
    assert!(first.old.as_ref().unwrap().is(old) && first.new.as_ref().unwrap().is(new));
    assert_eq!(first.fields.is_empty(), old == new);
    assert!(second.old.is_none() && second.new.as_ref().unwrap().is(new));
    let [conflict] = &read.conflicts[..] else { panic!("one conflict") };
    assert!(conflict.ours.as_ref().unwrap().is(old) && conflict.theirs.as_ref().unwrap().is(new));
    let names = Names { device: new.content.clone(), remote: old.content.clone() };
    for (style, by_words) in [(ConflictStyle::Merge, true), (ConflictStyle::Diff3, false)] {
        harmless(&all.text(&names, Palette::plain(), true, style, by_words));
        let _ = all.text(&names, Palette::plain(), false, style, by_words);
    }
    for change in &all.changes {
        harmless(&change.text(Palette::plain(), true));
        harmless(&statistics(std::slice::from_ref(change), Palette::plain(), 40));
    }
}

fn log(memory: &Memory) {
    let author = Signature { name: memory.content.clone(), seconds: 1, offset: 0 };
    let message = memory.content.clone();
    let commit = Commit { tree: TreeId::of(b""), parents: Vec::new(), author, message };
    let id = CommitId::of(b"");
    let document = print(&LogJson::new(vec![CommitJson::new(id, &commit, None)]));
    let read: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(read["commits"][0]["message"].as_str(), Some(&*commit.message));
    assert_eq!(read["commits"][0]["device"].as_str(), Some(&*commit.author.name));
    harmless(&entry(id, &commit, Palette::plain()));
    harmless(&oneline(id, &commit, Palette::plain()));
}

fn status(memories: [&Memory; 2]) {
    let entries = memories.map(|memory| Entry {
        key: key(memory),
        state: State::AddedByThem,
        first_line: memory.first_line().into(),
        conflict: None,
        resolved: None,
        failure: Some(memory.content.as_str().into()),
        edit: None,
    });
    let status =
        Status { entries: entries.to_vec(), device: memories[0].content.clone(), ..Status::default() };
    let read: Value = serde_json::from_str(&print(&status.json())).unwrap();
    for (entry, memory) in read["entries"].as_array().unwrap().iter().zip(memories) {
        assert_eq!(entry["content_hash"].as_str(), Some(key(memory).as_str()));
        assert_eq!(entry["first_line"].as_str(), Some(memory.first_line()));
        assert_eq!(entry["push_failed"].as_str(), Some(&*memory.content));
    }
    harmless(&status.page(Palette::plain(), 80));
    harmless(&status.porcelain(false));
    assert_eq!(status.porcelain(false).lines().count(), 2);
    assert_eq!(status.porcelain(true).matches('\0').count(), 2);
}

fuzz_target!(|bytes: &[u8]| {
    const BETWEEN: &[u8] = b"\n--\n";
    let at = bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (one, other) = at.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + BETWEEN.len()..]));
    let (one, other) = (memory(one), memory(other));
    diff(&one, &other);
    log(&one);
    status([&one, &other]);
});
