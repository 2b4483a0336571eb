//! Answers to conflicts in JSON (`memsync resolve`): what a program decides is about a conflict that stands, and is what it
//! wrote; anything else is refused.
//!
//! The input is the JSON, in which `$0` to `$3` stand for the ids of the conflicts.
#![no_main]

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::fuzz_target;
use memsync::local::service::content_hash;
use memsync::object::{Bookkeeping, ContentHash, Memory, Metadata, Resolution, SideName, Timestamp};
use memsync::porcelain::resolve::{Answer, Answers, Understood};
use memsync::reconcile::{Choices, Decision};
use memsync::store::{Conflict, Holder, Store};
use memsync::sync::{Session, conflict_id};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Bench {
    store: Store,
    standing: Vec<Conflict>,
    _folder: TempDir,
}

thread_local! {
    static BENCH: LazyCell<Bench> = LazyCell::new(Bench::new);
}

/// What a side holds of a memory; `None` where it has none.
type Version = Option<Memory>;

fn memory(content: &str, tags: &[&str], memory_type: &str, members: &Value) -> Version {
    let members = members.as_object().cloned().unwrap_or_default();
    Some(Memory {
        content: content.to_owned(),
        tags: tags.iter().map(ToString::to_string).collect(),
        memory_type: Some(memory_type.to_owned()),
        metadata: Metadata::from_members(members, &Bookkeeping::default()),
        ..Memory::default()
    })
}

/// Base, ours and theirs: both edited, both made, one side deleted, two texts.
fn versions() -> [[Version; 3]; 4] {
    let edited = |name: &str, n: u32| memory("tea", &["home", name], name, &json!({"m": {"x": n, "y": 1}}));
    [
        [edited("note", 1), edited("task", 2), edited("idea", 3)],
        [None, memory("coffee", &[], "note", &json!({"a": 1})), memory("Coffee", &[], "task", &json!({}))],
        [memory("milk", &[], "note", &json!({})), memory("milk", &["cold"], "note", &json!({})), None],
        [
            memory("bread", &[], "note", &json!({})),
            memory("Bread", &[], "a", &json!({})),
            memory("BREAD", &[], "b", &json!({})),
        ],
    ]
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::with_prefix("memsync-fuzz-").unwrap();
        let holder = Holder { pid: 1, command: "fuzz".to_owned(), since: 0 };
        let (store, _) = Store::create(&folder.path().join("staging.db"), &holder).unwrap();
        let standing = versions().map(|versions| {
            let content = versions.iter().flatten().next().unwrap().content.clone();
            let [base, ours, theirs] =
                versions.map(|version| version.map(|memory| store.put_memory(&memory).unwrap()));
            let mut conflict = Conflict {
                key: ContentHash::new(content_hash(&content)).unwrap(),
                remote: "origin".to_owned(),
                base: base.map(|base| (base, base)),
                ours,
                theirs,
                fields: Vec::new(),
                since: 0,
                resolution: None,
                held: ours,
                choices: BTreeMap::new(),
                is_reopened: false,
            };
            let unmerged = session(&store).unmerged(&conflict).unwrap();
            conflict.fields = unmerged.fields().iter().map(ToString::to_string).collect();
            conflict
        });
        Self { store, standing: standing.to_vec(), _folder: folder }
    }

    fn answer(&self, text: &str) {
        let mut text = text.to_owned();
        for (number, conflict) in self.standing.iter().enumerate() {
            text = text.replace(&format!("${number}"), &conflict_id(conflict).to_string());
        }
        let Ok(answers) = Answers::parse(&text) else { return };
        let document: Value = serde_json::from_str(&text).expect("what is understood is JSON");
        let given = document["answers"].as_array().expect("there are answers");
        assert_eq!(document["schema_version"], 1);
        let session = session(&self.store);
        let Ok(understood) = answers.understand(&self.standing, &session, &Bookkeeping::default()) else {
            return;
        };
        assert_eq!(understood.len(), given.len());
        let keys: BTreeSet<_> = understood.iter().map(|one| &one.key).collect();
        assert_eq!(keys.len(), understood.len(), "a conflict is answered once");
        for (one, given) in understood.iter().zip(given) {
            let mut standing = self.standing.iter();
            let conflict = standing.find(|conflict| conflict.key == one.key).expect("it stands");
            assert_eq!(given["conflict"], conflict_id(conflict).to_string());
            self.means(one, given, conflict);
        }
    }

    /// The answer is what was written, and nothing else.
    fn means(&self, one: &Understood, given: &Value, conflict: &Conflict) {
        let members = ["take", "fields", "memory", "delete"];
        let mut there = members.iter().filter(|name| given.get(**name).is_some_and(|value| !value.is_null()));
        let (what, another) = (there.next().expect("it says something"), there.next());
        assert_eq!(another, None, "it says one thing");
        let given = &given[*what];
        match (*what, &one.answer) {
            ("take", Answer::End(Resolution::Side(SideName::Local))) => assert_eq!(given, "ours"),
            ("take", Answer::End(Resolution::Side(SideName::Remote))) => assert_eq!(given, "theirs"),
            ("take", Answer::End(Resolution::Merged(merged))) => {
                assert_eq!((given.as_str(), *merged), (Some("base"), conflict.base.map(|(ours, _)| ours)));
            }
            ("memory", Answer::End(Resolution::Merged(Some(merged)))) => {
                let merged = self.store.memory(*merged).expect("it is kept");
                assert_eq!(content_hash(&merged.content), conflict.key.as_str());
                assert_eq!(merged, written(given));
            }
            ("delete", Answer::End(Resolution::Merged(None))) => assert_eq!(given, true),
            ("fields", Answer::Choose(choices, open)) => {
                assert!(!open.is_empty() && open.iter().all(|field| !choices.contains_key(field)));
                are_chosen(choices, given);
            }
            ("fields", Answer::EndByFields(Resolution::Merged(merged), choices)) => {
                are_chosen(choices, given);
                let unmerged = session(&self.store).unmerged(conflict).unwrap();
                let decided = unmerged.decide(choices).expect("they are fields of the conflict");
                assert_eq!(decided, Decision::Ended(merged.map(|merged| self.store.memory(merged).unwrap())));
            }
            (what, answer) => panic!("{what} is taken for {answer:?}"),
        }
    }
}

/// The memory that an answer spells out.
fn written(given: &Value) -> Memory {
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    let tags = given["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let tags = tags.flat_map(|tag| tag.split(',')).map(str::trim).filter(|tag| !tag.is_empty());
    let bookkeeping = Bookkeeping::default();
    Memory {
        content: text("content").expect("it is there"),
        tags: tags.map(str::to_owned).collect(),
        memory_type: text("memory_type").filter(|name| !name.is_empty()),
        metadata: match &given["metadata"] {
            Value::Object(members) => Metadata::from_members(members.clone(), &bookkeeping),
            other => Metadata::from_text(other.as_str().expect("an object or a text"), &bookkeeping),
        },
        created_at: given["created_at"].as_f64().and_then(Timestamp::new),
        store: text("store").filter(|store| store != Memory::DEFAULT_STORE),
        superseded_by: text("superseded_by"),
    }
}

/// Each field goes to a side that the answer names for it, or for what it is a part of; nothing that it names is left out.
fn are_chosen(choices: &Choices, given: &Value) {
    let given = given.as_object().expect("fields have names");
    let covers = |name: &str, field: &str| {
        let rest = field.strip_prefix(if name == "metadata" { "meta" } else { name });
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for (field, side) in choices {
        let side = if *side == SideName::Local { "ours" } else { "theirs" };
        assert!(given.iter().any(|(name, chosen)| covers(name, field) && chosen == side), "{field}: {side}");
    }
    for name in given.keys() {
        assert!(choices.keys().any(|field| covers(name, field)), "{name}");
    }
}

fn session(store: &Store) -> Session<'_> {
    let (remote, device) = ("origin".to_owned(), "fuzz".to_owned());
    Session { store, remote, device, places: Vec::new(), now: 0 }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        BENCH.with(|bench| bench.answer(text));
    }
});
