//! A conflict that the user has ended: every difference from the version that was taken travels, in each side's form.

use memsync::object::{BlobId, Memory, Resolution, SideName};
use memsync::reconcile::{Pair, Resolved, Versions};

use crate::world::{Asked, Server, World, headers, key, memory};

/// Base in both forms, ours and theirs; `-` for absent.
type Told = ([&'static str; 2], &'static str, &'static str);

/// What both sides hold after the answer was carried out, ours first.
fn answered((base, ours, theirs): Told, resolution: Resolution) -> [String; 2] {
    let mut world = World::new(Server::Faithful);
    let read = |told: &str| (told != "-").then(|| memory(told));
    let mut put = |told: &str| read(told).map(|memory| (memory.id(), memory));
    let forms = base.map(&mut put);
    world.objects.extend(forms.iter().flatten().cloned());
    world.objects.extend(put(MERGED));
    let [local, remote] = forms.map(|form| form.map(|(id, _)| id));
    let base = local.zip(remote).map(|(local, remote)| Pair { local, remote });
    world.base.extend(base.map(|pair| (key("k"), pair)));
    world.local.extend(read(ours).map(|memory| (key("k"), memory)));
    world.remote.extend(read(theirs).map(|memory| (key("k"), memory)));
    let held = |side| world.held(side).get("k").map(Memory::id);
    let versions = Versions { base, local: held(SideName::Local), remote: held(SideName::Remote) };
    let answer = Resolved { versions, held: versions.local, resolution };
    let plan = world.sync(&Asked { resolutions: [(key("k"), answer)].into(), ..Asked::default() });
    assert!(plan.conflicts.is_empty() && plan.agrees() == plan.has_no_steps());
    [SideName::Local, SideName::Remote].map(|side| world.held(side).get("k").map_or("-".to_owned(), headers))
}

const MERGED: &str = "tag both; type document";

fn merged() -> Resolution {
    Resolution::Merged(Some(memory(MERGED).id()))
}

const OURS: Resolution = Resolution::Side(SideName::Local);
const THEIRS: Resolution = Resolution::Side(SideName::Remote);
const GONE: Resolution = Resolution::Merged(None::<BlobId>);

#[test]
fn the_version_that_was_taken_ends_on_both_sides() {
    let told = (["type note"; 2], "tag a; type decision", "store work; tag b; type error");
    assert_eq!(answered(told, OURS), ["tag a; type decision"; 2]);
    assert_eq!(answered(told, THEIRS), ["store work; tag b; type error"; 2]);
    assert_eq!(answered(told, merged()), [MERGED; 2]);
    assert_eq!(answered(told, GONE), ["-"; 2]);
}

#[test]
fn where_one_side_deleted_the_answer_says_which_of_both_it_is() {
    let by_them = (["type note"; 2], "type decision", "-");
    let by_us = (["type note"; 2], "-", "type decision");
    assert_eq!(answered(by_them, OURS), ["type decision"; 2]);
    assert_eq!(answered(by_them, THEIRS), ["-"; 2]);
    assert_eq!(answered(by_us, OURS), ["-"; 2]);
    assert_eq!(answered(by_us, THEIRS), ["type decision"; 2]);
    for told in [by_them, by_us] {
        assert_eq!(answered(told, merged()), [MERGED; 2]);
        assert_eq!(answered(told, GONE), ["-"; 2]);
    }
}

#[test]
fn what_the_server_made_of_a_value_stays_as_the_server_has_it() {
    // The server's forms: a tag in lower case, a type that it knows, a moment of its own.
    let told = (
        ["created 5; tag Rust; type recipe", "created 1000; tag rust; type observation"],
        "created 5; meta.a 1; tag Rust; type recipe",
        "created 1000; meta.a 2; tag rust; type observation",
    );
    assert_eq!(answered(told, OURS), [told.1, "created 1000; meta.a 1; tag rust; type observation"]);
    assert_eq!(answered(told, THEIRS), ["created 5; meta.a 2; tag Rust; type recipe", told.2]);
}

#[test]
fn what_only_the_other_side_changed_is_taken_back_too() {
    let told = (
        ["meta.a 1; tag x; type note"; 2],
        "meta.a 2; tag x; type note",
        "meta.a 3; meta.b 1; tag y; type error",
    );
    assert_eq!(answered(told, OURS), ["meta.a 2; tag x; type note"; 2]);
    assert_eq!(answered(told, THEIRS), [told.2; 2]);
}
