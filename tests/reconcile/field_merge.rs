//! What becomes of each field when both sides' forms and their bases differ, as one reviewed file.

use memsync::object::{Memory, Metadata, SideName};
use memsync::reconcile::{differing, merge};

use crate::gallery::{aligned, assert_gallery};
use crate::world::memory;

const LEGEND: &str = "\
What a merge makes of each field.

A side's change is its difference from its own base form. `base` is one form where both sides agreed on it, else
`local form | server's form`; with no base at all it is `none`, and everything counts as added on both sides.
`-` is an absent value. A field in conflict stays as each side has it, unless a strategy (last column) takes one side's.
";

/// Situation, base, ours, theirs.
type Case = (&'static str, &'static str, &'static str, &'static str);

const FIELDS: [(&str, &[Case]); 7] = [
    (
        "content",
        &[
            ("ours changed", "Milk", "milk", "Milk"),
            ("theirs changed", "Milk", "Milk", "milk"),
            ("both, alike", "Milk", "milk", "milk"),
            ("both, differently", "Milk", "milk", "MILK"),
            ("no base, alike", "none", "Milk", "Milk"),
            ("no base, differently", "none", "Milk", "milk"),
        ],
    ),
    (
        "tags",
        &[
            ("ours added", "a", "a b", "a"),
            ("ours removed", "a b", "a", "a b"),
            ("both added", "a", "a b", "a c"),
            ("both removed", "a b c", "a b", "a c"),
            ("added and removed", "a b", "a b c", "a"),
            ("both renamed differently", "a", "b", "c"),
            ("no base: union", "none", "a b", "b c"),
            ("no base: the service's form", "none", "Rust", "rust"),
            ("no base: both cases here", "none", "Rust rust", "rust"),
            ("ours removed a rewritten tag", "Rust a | rust a", "a", "rust a"),
            ("theirs removed a rewritten tag", "Rust a | rust a", "Rust a", "a"),
            ("ours removed one of two cases", "Rust rust | rust", "Rust", "rust"),
            ("theirs removed the form of two", "Rust rust | rust", "Rust rust", "-"),
            ("ours renamed to the other case", "rust", "Rust", "rust"),
            ("ours removed, theirs renamed", "rust", "-", "Rust"),
            ("removed, its form renamed alike", "Rust | rust", "-", "Rust"),
            ("both renamed to cases", "rust", "Rust", "RUST"),
            ("both added cases", "rust", "rust Rust", "rust RUST"),
            ("ours removed a case, theirs added", "Rust rust", "Rust", "Rust rust RUST"),
            ("a case kept here, both added", "Rust rust | rust", "Rust rust RUST", "rUST"),
            ("ours took the case theirs removed", "Rust | rust", "rust", "-"),
            ("sent before a crash", "a", "Go a", "a go"),
            ("no base: `untagged` by the service", "none", "-", "untagged"),
            ("emptied before a crash", "a", "-", "untagged"),
            ("ours tagged what was untagged", "- | untagged", "b", "untagged"),
            ("theirs tagged what was untagged", "untagged", "untagged", "b"),
            ("theirs tagged `untagged` and more", "none", "-", "untagged zebra"),
            ("no base: a `source:` tag of ours", "none", "a source:wiki", "a"),
            ("no base: a `source:` tag of theirs", "none", "a", "a source:host"),
        ],
    ),
    (
        "type",
        &[
            ("ours changed", "note", "decision", "note"),
            ("ours removed", "note", "-", "note"),
            ("both, alike", "note", "decision", "decision"),
            ("both, differently", "note", "decision", "error"),
            ("removed and changed", "note", "-", "error"),
            ("no base, one side", "none", "note", "-"),
            ("no base, differently", "none", "note", "decision"),
            ("no base: unknown to the service", "none", "recipe", "observation"),
            ("no base: known, yet `observation`", "none", "note", "observation"),
            ("no base: in capitals, 12.x", "none", "Decision", "decision"),
            ("no base: in capitals, 10.x", "none", "Decision", "observation"),
            ("no base: never ours from theirs", "none", "observation", "recipe"),
            ("unknown, unchanged", "recipe | observation", "recipe", "observation"),
            ("unknown, ours changed", "recipe | observation", "menu", "observation"),
            ("unknown, theirs changed", "recipe | observation", "recipe", "note"),
        ],
    ),
    (
        "store",
        &[
            ("ours moved", "-", "work", "-"),
            ("both, differently", "-", "work", "home"),
            ("a server without stores", "work | -", "work", "-"),
            ("ours moved back", "work | -", "-", "-"),
        ],
    ),
    (
        "superseded-by",
        &[
            ("theirs superseded", "-", "-", "x"),
            ("both, differently", "-", "y", "x"),
            ("a server that cannot set it", "y | -", "y", "-"),
        ],
    ),
    (
        "created",
        &[
            ("ours changed", "5", "7", "5"),
            ("theirs removed", "5", "5", "-"),
            ("both: the earlier", "5", "7", "6"),
            ("changed and removed", "5", "7", "-"),
            ("no base: the earlier", "none", "5", "1000"),
            ("no base, one side", "none", "-", "1000"),
            ("stamped by the server", "5 | 1000", "5", "1000"),
        ],
    ),
    (
        "metadata",
        &[
            ("ours added", r#"{"a":1}"#, r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
            ("both added keys", "{}", r#"{"b":2}"#, r#"{"c":3}"#),
            ("both added one key alike", "{}", r#"{"b":2}"#, r#"{"b":2}"#),
            ("both added one key differently", "{}", r#"{"b":2}"#, r#"{"b":3}"#),
            ("ours removed", r#"{"a":1,"b":2}"#, r#"{"b":2}"#, r#"{"a":1,"b":2}"#),
            ("removed and changed", r#"{"a":1}"#, "{}", r#"{"a":2}"#),
            ("null is absent", r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":1}"#),
            ("nested, apart", r#"{"n":{"x":1,"y":1}}"#, r#"{"n":{"x":2,"y":1}}"#, r#"{"n":{"x":1,"y":2}}"#),
            ("nested, same member", r#"{"n":{"x":1,"y":1}}"#, r#"{"n":{"x":2,"y":3}}"#, r#"{"n":{"x":3}}"#),
            ("nested twice", r#"{"n":{"m":{}}}"#, r#"{"n":{"m":{"x":1}}}"#, r#"{"n":{"m":{"y":1}}}"#),
            ("object against scalar", r#"{"n":1}"#, r#"{"n":{"x":1}}"#, r#"{"n":2}"#),
            ("object from scalar, both", r#"{"n":1}"#, r#"{"n":{"x":1}}"#, r#"{"n":{"y":1}}"#),
            ("object removed and changed", r#"{"n":{"x":1}}"#, "{}", r#"{"n":{"x":2}}"#),
            ("lists are scalars", r#"{"l":[1]}"#, r#"{"l":[1,2]}"#, r#"{"l":[1,3]}"#),
            ("no base: union", "none", r#"{"a":1,"n":{"x":1}}"#, r#"{"b":2,"n":{"y":1}}"#),
            ("dropped by the service", r#"{"type":"t"} | {}"#, r#"{"type":"t","a":1}"#, "{}"),
            ("opaque, ours changed", "{NaN}", "{NaN }", "{NaN}"),
            ("opaque, both differently", "{NaN}", "{NaN }", "{ NaN}"),
            ("opaque against members", r#"{"a":1}"#, "{NaN}", r#"{"a":2}"#),
            ("members from opaque, both", "{NaN}", r#"{"a":1}"#, r#"{"b":2}"#),
            ("opaque from members", r#"{"a":1}"#, "{NaN}", r#"{"a":1}"#),
            ("no base: opaque and none", "none", "{NaN}", "{}"),
        ],
    ),
];

#[test]
fn what_a_merge_makes_of_each_field() {
    let titles = ["field", "situation", "base", "ours", "theirs"];
    let results = ["next local", "next remote", "conflict in", "-X ours / theirs"];
    let titles = titles.into_iter().chain(results).map(str::to_owned).collect();
    let mut rows = vec![vec![LEGEND.to_owned()], titles];
    for (field, cases) in FIELDS {
        rows.push(Vec::new());
        rows.extend(cases.iter().map(|case| row(field, *case)));
    }
    assert_gallery("field-merge.txt", &aligned(&rows));
}

fn row(field: &str, (situation, base, ours, theirs): Case) -> Vec<String> {
    let value = |text: &str| with(field, text);
    let pair = (base != "none").then(|| {
        let (local, remote) = base.split_once(" | ").unwrap_or((base, base));
        (value(local), value(remote))
    });
    let pair = pair.as_ref().map(|(local, remote)| (local, remote));
    let merged = |preference| merge(pair, &value(ours), &value(theirs), preference);
    let plain = merged(None);
    let collisions: Vec<String> = plain.collisions.iter().map(ToString::to_string).collect();
    let taken = [SideName::Local, SideName::Remote].map(|preference| {
        let taken = merged(Some(preference));
        assert_eq!(taken.collisions, plain.collisions, "a strategy decides conflicts, it does not hide them");
        let [local, remote] = [taken.local, taken.remote].map(|memory| shown(field, &memory));
        assert!(plain.collisions.is_empty() || local == remote, "a strategy ends in agreement");
        local
    });
    let [conflict, taken] = if collisions.is_empty() {
        ["-".to_owned(), "-".to_owned()]
    } else {
        [collisions.join(" "), taken.join(" / ")]
    };
    let cells = [field, situation, base, ours, theirs].map(str::to_owned);
    let next = [shown(field, &plain.local), shown(field, &plain.remote), conflict, taken];
    cells.into_iter().chain(next).collect()
}

/// A memory with one field.
fn with(field: &str, text: &str) -> Memory {
    let mut memory = Memory::default();
    if text == "-" {
        return memory;
    }
    match field {
        "content" => text.clone_into(&mut memory.content),
        "tags" => memory.tags = text.split(' ').map(str::to_owned).collect(),
        "type" => memory.memory_type = Some(text.to_owned()),
        "store" => memory.store = Some(text.to_owned()),
        "superseded-by" => memory.superseded_by = Some(text.to_owned()),
        "created" => memory.created_at = text.parse().ok(),
        "metadata" => memory.metadata = Metadata::from_text(text, &memsync::object::Bookkeeping::default()),
        other => unreachable!("{other} is no field"),
    }
    memory
}

fn shown(field: &str, memory: &Memory) -> String {
    let text = match field {
        "content" => memory.content.clone(),
        "tags" => memory.tags.iter().cloned().collect::<Vec<_>>().join(" "),
        "type" => memory.memory_type.clone().unwrap_or_default(),
        "store" => memory.store.clone().unwrap_or_default(),
        "superseded-by" => memory.superseded_by.clone().unwrap_or_default(),
        "created" => memory.created_at.map(|created| created.to_string()).unwrap_or_default(),
        _ => match &memory.metadata {
            Metadata::Opaque(text) => text.clone(),
            Metadata::Members(members) => serde_json::to_string(members).expect("members of JSON are JSON"),
        },
    };
    if text.is_empty() { "-".to_owned() } else { text }
}

#[test]
fn memories_differ_in_fields_and_in_members_of_their_metadata() {
    let table = [
        ("", "", ""),
        ("content Milk; tag a", "content milk; tag b", "content, tags"),
        ("type note", "store work", "type, store"),
        ("created 5; superseded-by x", "created 6", "superseded-by, created"),
        (
            r#"meta.a {"x":1}; meta.b 1; meta.c 1"#,
            r#"meta.a {"x":2}; meta.c 1; meta.d 1"#,
            "meta.a, meta.b, meta.d",
        ),
        ("metadata {NaN}", "metadata {NaN}", ""),
        ("metadata {NaN}", "metadata { NaN}", "metadata"),
        ("metadata {NaN}", "meta.a 1", "metadata"),
        ("", "metadata {NaN}", "metadata"),
    ];
    for (one, other, fields) in table {
        let [here, there] = [[one, other], [other, one]].map(|[one, other]| {
            let fields = differing(&memory(one), &memory(other));
            fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        });
        assert_eq!((here.as_str(), there.as_str()), (fields, fields), "{one} | {other}");
    }
}
