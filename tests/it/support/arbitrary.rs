//! Memories as odd as a database can hold them, from a fixed seed.

use std::collections::BTreeMap;

use memsync::object::{Bookkeeping, ContentHash, Memory, Metadata, Timestamp};
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

/// `count` memories under different keys, the same in every run.
pub fn memories(count: usize) -> BTreeMap<ContentHash, Memory> {
    let mut runner = TestRunner::deterministic();
    let mut memories = BTreeMap::new();
    while memories.len() < count {
        let pair = (key(), memory()).new_tree(&mut runner).unwrap().current();
        memories.insert(pair.0, pair.1);
    }
    memories
}

/// The settings of a property test: the same cases in every run, so no file has to remember failures.
pub fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() }
}

/// Any key: as the service makes them, or whatever somebody wrote into the column.
pub fn key() -> impl Strategy<Value = ContentHash> {
    let odd = prop_oneof![
        text().prop_filter("a key has 1 to 1024 bytes", |key| (1..=1024).contains(&key.len())),
        "[A-F0-9]{64}",
        "[0-9a-f]{63}",
        "%{1,3}",
        "[%é]{1,500}",
        Just("x".repeat(ContentHash::MAX_BYTES)),
        Just("\n".repeat(ContentHash::MAX_BYTES)),
        prop::sample::select(vec![
            ".git",
            "..",
            ".",
            "/",
            "git~1",
            "con",
            "a/b",
            "-",
            "local",
            ".gitmodules"
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![3 => "[0-9a-f]{64}", 1 => odd].prop_map(|key| ContentHash::new(key).unwrap())
}

/// Any memory.
pub fn memory() -> impl Strategy<Value = Memory> {
    let fields = (
        prop_oneof![9 => text(), 1 => huge()],
        btree_set(text(), 0..5),
        prop::option::of(text()),
        metadata(),
        prop::option::of(timestamp()),
        prop::option::of(text()),
        prop::option::of(text()),
    );
    fields.prop_map(|(content, tags, memory_type, metadata, created_at, store, superseded_by)| Memory {
        content,
        tags,
        memory_type,
        metadata,
        created_at,
        store,
        superseded_by,
    })
}

/// Text that breaks what assumes lines, ASCII or an order of writing.
pub fn text() -> impl Strategy<Value = String> {
    let awkward = vec![
        "",
        " ",
        "\n",
        "\n\n",
        "\n ",
        " \n",
        "\r\n",
        "\r",
        "\t",
        "\0",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{202e}abc",
        "שלום",
        "مرحبا",
        "👩‍👩‍👧",
        "é",
        "e\u{301}",
        "\u{feff}",
        "\u{fffd}",
        "tag x",
        "meta.a 1",
        "created 5\n\n",
        "tree \0",
        "a,b",
        "\"",
        "\\",
        "<",
        ">",
        "#",
    ];
    let piece = prop_oneof![
        prop::sample::select(awkward).prop_map(str::to_owned),
        any::<String>(),
        "[a-z ]{0,30}",
        "[a-z\n ]{0,30}",
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Text far beyond one page of anything.
fn huge() -> impl Strategy<Value = String> {
    (text(), 1_000..20_000_usize).prop_map(|(text, times)| text.repeat(times))
}

/// Metadata as a side decodes it: read from a column, or text that is no JSON object.
fn metadata() -> impl Strategy<Value = Metadata> {
    let members =
        btree_map(text(), json(), 0..5).prop_map(|members| serde_json::to_string(&members).unwrap());
    let damaged = prop::sample::select(vec![
        r#"{"a": NaN}"#,
        "{\"a\":\n\n 1",
        r#"{"lone": "\ud800"}"#,
        "[1, 2]",
        "\"text\"",
        "7",
        "\n ",
        "{",
        "\0",
    ]);
    prop_oneof![4 => members, 1 => damaged.prop_map(str::to_owned), 1 => text()]
        .prop_map(|column| Metadata::from_text(&column, &Bookkeeping::default()))
}

/// Any JSON, nested, with numbers of every shape that JSON can write.
fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(|digits| serde_json::from_str(&digits).unwrap()),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Any moment that a REAL column can hold.
fn timestamp() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![
        any::<f64>(),
        0.0..4e9_f64,
        prop::sample::select(vec![0.0, -0.0, 5e-324, f64::MAX, f64::MIN, 1e21, 1_712_345_678.123_456_7]),
    ];
    seconds.prop_filter_map("not a moment", Timestamp::new)
}
