//! Telling a server's rewriting from somebody else's edit.

use memsync::reconcile::{is_rewriting, same_tag, same_type, shown_by_rest};

use crate::world::{headers, memory};

#[track_caller]
fn is_the_servers_own(before: Option<&str>, sent: &str, held: &str) -> bool {
    is_rewriting(before.map(memory).as_ref(), &memory(sent), &memory(held))
}

#[test]
fn a_tag_and_its_stored_form_are_one() {
    assert!(same_tag(" Two Words", "two words"));
    assert!(same_tag("rust", "Rust"));
    assert!(!same_tag("Rust", "RUST"), "neither is what the service makes of the other");
    assert!(same_tag(&"X".repeat(120), &"x".repeat(100)));
}

#[test]
fn types_are_the_same_only_as_the_service_makes_them() {
    assert!(same_type(Some("Decision"), Some("decision")), "12.x");
    assert!(same_type(Some("Decision"), Some("observation")), "10.x knows only its own letter case");
    assert!(same_type(Some("recipe"), Some("observation")));
    assert!(!same_type(Some("note"), Some("observation")), "a known type is kept");
    assert!(!same_type(Some("observation"), Some("recipe")), "a server makes this of nothing");
    assert!(!same_type(Some("recipe"), None));
}

#[test]
fn what_the_service_is_known_to_do_is_no_edit() {
    let created = |sent, held| assert!(is_the_servers_own(None, sent, held), "{sent} -> {held}");
    created("tag Rust; tag rust", "tag rust");
    created("", "tag untagged");
    created("tag a", "meta.hostname \"h\"; tag a; tag source:h");
    created("meta.tags [\"M\", \"a,b\"]; tag a", "tag a; tag a-b; tag m");
    created("meta.tags \"x, y\"; meta.type 1", "tag x; tag y");
    created("created 5; store work; superseded-by x", "created 1000");
    created("tag a", "meta.agent_id \"server\"; meta.conversation_id \"c\"; tag a");
    created("type Decision", "type observation");
    let tags = |count: u32| (0..count).map(|n| format!("tag {n}")).collect::<Vec<_>>().join("; ");
    created(&tags(120), &tags(100));
    assert!(!is_the_servers_own(None, &tags(100), &tags(99)), "a hundred tags are all kept");
    // A content is changed by making the memory anew.
    let anew = "content milk; created 1000";
    assert!(is_the_servers_own(
        Some("content Milk; created 7; store work"),
        "content milk; created 7; store work",
        anew
    ));
    // Fields that the server cannot set stay as they were.
    assert!(is_the_servers_own(Some("created 7; store work"), "created 5", "created 7; store work"));
}

#[test]
fn what_the_service_never_does_is_somebody_elses_edit() {
    let foreign = |before, sent, held| assert!(!is_the_servers_own(before, sent, held), "{sent} -> {held}");
    foreign(None, "content Milk", "content milk");
    foreign(None, "tag a", "tag a; tag b");
    foreign(None, "tag a", "tag a; tag untagged");
    foreign(None, "tag a; tag b", "tag a");
    foreign(None, "meta.tags [\"m\"]; tag a", "tag a; tag b");
    foreign(None, "type note", "type decision");
    foreign(None, "type note", "type observation");
    foreign(None, "meta.k 1", "meta.k 2");
    foreign(None, "meta.k 1", "");
    foreign(None, "", "meta.k 1");
    foreign(Some("created 7"), "created 5", "created 6");
    foreign(Some("store work"), "", "store home");
    foreign(None, "metadata {NaN}", "meta.k 1");
}

#[test]
fn what_10_20_6_shows_of_a_row() {
    let shown = |row: &str| headers(&shown_by_rest(memory(row)));
    for (row, expected) in [
        ("", "tag untagged"),
        (
            "created 5; meta.k 1; store work; superseded-by x; tag a; type note",
            "created 5; meta.k 1; store work; superseded-by x; tag a; type note",
        ),
        ("content Milk; tag a; type recipe", "content Milk; tag a; type observation"),
        ("tag a; type Note", "tag a; type observation"),
        ("metadata {NaN}; tag a", "tag a"),
    ] {
        assert_eq!(shown(row), expected, "{row}");
    }
}
