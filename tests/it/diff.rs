//! `memsync diff`: changes in full.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Service;
use crate::support::documents::{self, ConflictState, Diff, Memory};
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};
use crate::support::terminal::Terminal;

#[test]
fn this_device_against_the_last_sync_and_the_server_as_last_fetched() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["diff", "--exit-code"]), @"exit status: 0");

    scene.evening();
    let content = "Water boils at 100 degrees\nAt sea level, that is.";
    scene
        .device
        .database
        .execute("UPDATE memories SET content = ?2 WHERE content_hash = ?1", [WATER, content]);
    let files = scene.files();
    assert_snapshot!(scene.device.memsync(["diff"]), @"
    exit status: 0
    ----- stdout -----
    deleted memory 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8
    -created 1735689603
    -tag todo
    -type note
    -
    -Call Ada on Monday
    new memory 3d898a9e6c848864dd726e185eaf870df60c99879e453d119b1082c713548ca8
    +created 1735689604
    +tag kitchen
    +type note
    +
    +Bread needs salt
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      tags: +winter
    memory b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e
    @@ -1,2 +1,2 @@
     Water boils at 100 degrees
    -At sea level.
    +At sea level, that is.
    ");
    assert_snapshot!(scene.device.memsync(["diff", "--exit-code", "--tag", "winter"]), @"
    exit status: 1
    ----- stdout -----
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      tags: +winter
    ");
    assert_eq!(scene.files(), files, "diff changes nothing");

    server.put(GATE, &json!({ "memory_type": "task", "metadata": { "where": { "garden": true } } }));
    server.delete(ADA);
    assert_snapshot!(scene.device.memsync(["diff", "--remote"]), @"exit status: 0");
    scene.device.memsync(["fetch"]).success();
    assert_snapshot!(scene.device.memsync(["diff", "--remote"]), @r#"
    exit status: 0
    ----- stdout -----
    deleted memory 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8
    -created 1735689603
    -tag todo
    -type note
    -
    -Call Ada on Monday
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      type: note -> task
      meta.where: (none) -> {"garden":true}
    "#);
    assert_snapshot!(scene.device.memsync(["diff", "--remote", &GATE[..4]]), @r#"
    exit status: 0
    ----- stdout -----
    memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      type: note -> task
      meta.where: (none) -> {"garden":true}
    "#);
}

#[test]
fn the_document_for_programs() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let diff: Diff = documents::parse(&scene.device.memsync(["diff", "--json"]).success());
    assert!(diff.changes.is_empty());

    scene.evening();
    let diff: Diff =
        documents::parse(&scene.device.memsync(["diff", "--json", "--exit-code"]).expect_status(1));
    let entry = |key: &str| diff.changes.iter().find(|entry| entry.content_hash == key).unwrap();
    assert!(entry(ADA).old.is_some() && entry(ADA).new.is_none());
    let bread = entry(BREAD).new.as_ref().unwrap();
    assert_eq!(
        (bread.content.as_str(), bread.tags.as_slice()),
        ("Bread needs salt", ["kitchen".to_owned()].as_slice())
    );
    assert_eq!(entry(GATE).fields, ["tags"]);
    assert_eq!(entry(GATE).new.as_ref().unwrap().tags, ["home", "winter"]);
}

/// The water is in conflict in every field, the gate is deleted here, Ada on the server.
fn conflicts(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    let database = &scene.device.database;
    database.respell(WATER, "Water boils at 100 degrees\nAt sea level, that is.\nNot on a hill.");
    database.execute(
        "UPDATE memories SET tags = 'kitchen,tea', memory_type = 'note', metadata = '{\"source\": \"home\"}'
         WHERE content_hash = ?1",
        [WATER],
    );
    database.execute("DELETE FROM memories WHERE content_hash = ?1", [GATE]);
    database.execute("UPDATE memories SET tags = 'todo,tuesday' WHERE content_hash = ?1", [ADA]);
    server.database().respell(WATER, "Water boils at 100 degrees\nAt sea level only.\nNot on a hill.");
    server.put(
        WATER,
        &json!({
            "tags": ["physics", "school"], "memory_type": "task", "metadata": { "source": "book", "page": 7 },
        }),
    );
    server.put(GATE, &json!({ "tags": ["garden"] }));
    server.delete(ADA);
    scene.device.memsync(["fetch"]).success();
    Some(scene)
}

#[test]
fn a_memory_in_conflict_is_shown_with_what_both_sides_made_of_it() {
    let Some(server) = server() else { return };
    let Some(scene) = conflicts(&server) else { return };
    let files = scene.files();
    assert_snapshot!(scene.device.memsync(["diff"]), @r#"
    exit status: 0
    ----- stdout -----
    deleted by them: memory 1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8
      ours: laptop (this device)
      theirs: origin (the server), deleted it
      tags: +tuesday
    deleted by us: memory 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4
      ours: laptop (this device), deleted it
      theirs: origin (the server)
      tags: -home +garden
    both modified: memory b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e
      ours: laptop (this device)
      theirs: origin (the server)
      type: reference -> note | task
      tags: +kitchen +tea -physics | +school
      meta.page: (none) -> (unchanged) | 7
      meta.source: "school" -> "home" | "book"
      content:
    @@@ -1,3 -1,3 @@@
      Water boils at 100 degrees
    ++<<<<<<< ours (laptop)
    + At sea level{+, that is.+}
    + {+Not on a hill+}.
    ++||||||| base
    --At sea level.
    ++=======
     +At sea level{+ only.+}
     +{+Not on a hill+}.
    ++>>>>>>> theirs (origin)
    "#);
    assert_eq!(scene.files(), files, "diff changes nothing");
    for (style, name) in [("merge", "merge"), ("zdiff3", "zdiff3")] {
        scene.device.memsync(["config", "merge.conflictStyle", style]).success();
        let shown = scene.device.memsync(["diff", WATER]).success().stdout;
        assert_eq!(shown.contains("||||||| base"), name == "zdiff3", "{shown}");
    }
    assert_snapshot!(scene.device.memsync(["config", "merge.conflictStyle", "diff4"]), @"
    exit status: 2
    ----- stderr -----
    error: that is no value for merge.conflictStyle, expected merge, diff3 or zdiff3
    ");

    // What is decided already is said.
    scene.device.memsync(["checkout", "--ours", "--field", "type,meta.source", WATER]).expect_status(1);
    let shown = scene.device.memsync(["diff", WATER]).success().stdout;
    assert!(shown.contains("  type: reference -> note | task (ours chosen)\n"), "{shown}");
    assert!(shown.contains("  meta.source: \"school\" -> \"home\" | \"book\" (ours chosen)\n"), "{shown}");

    // What the server did alone is seen as before.
    let remote = scene.device.memsync(["diff", "--remote", GATE]).success().stdout;
    assert!(remote.contains("tags: -home +garden"), "{remote}");
}

#[test]
fn the_document_holds_every_version_of_a_conflict() {
    let Some(server) = server() else { return };
    let Some(scene) = conflicts(&server) else { return };
    let diff: Diff = documents::parse(&scene.device.memsync(["diff", "--json"]).success());
    let conflict = |key: &str| diff.conflicts.iter().find(|one| one.content_hash == key).unwrap();
    let water = conflict(WATER);
    assert_eq!(water.state, ConflictState::BothModified);
    assert_eq!(water.fields, ["content", "type", "meta.source"]);
    let tags = |memory: &Option<Memory>| memory.as_ref().unwrap().tags.join(",");
    assert_eq!(
        [&water.base, &water.base_theirs, &water.ours, &water.theirs].map(tags),
        ["physics", "physics", "kitchen,tea", "physics,school"]
    );
    assert_eq!((&conflict(GATE).state, conflict(GATE).ours.is_none()), (&ConflictState::DeletedByUs, true));
    assert_eq!((&conflict(ADA).state, conflict(ADA).theirs.is_none()), (&ConflictState::DeletedByThem, true));
    assert_eq!(diff.changes.len(), 3, "as before, each with what this device changed");
    assert!(diff.edits.is_empty() && diff.divergent_edits.is_empty());
}

#[test]
fn a_rewritten_memory_is_shown_as_an_edit_on_demand() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let rewrite = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at)
                   VALUES ('rewritten', 'The garden gate sticks badly in winter', 'home', 'note', '{}', 1735689602.0)";
    scene.device.database.execute(rewrite, []);
    scene.device.database.execute("DELETE FROM memories WHERE content_hash = ?1", [GATE]);
    assert_snapshot!(scene.device.memsync(["diff", "-M"]), @"
    exit status: 0
    ----- stdout -----
    edited: 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4 -> rewritten (84 %)
    @@ -1,1 +1,1 @@
    -The garden gate sticks in winter
    +The garden gate sticks badly in winter
    ");
    assert_snapshot!(scene.device.memsync(["diff", "--word-diff", "-M", "rewritten"]), @"
    exit status: 0
    ----- stdout -----
    edited: 962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4 -> rewritten (84 %)
    @@ -1,1 +1,1 @@
    The garden gate sticks {+badly +}in winter
    ");
    let shown = scene.device.memsync(["diff", "-M95%"]).success().stdout;
    assert!(shown.starts_with("deleted memory ") && shown.contains("\nnew memory "), "{shown}");
    let diff: Diff = documents::parse(&scene.device.memsync(["diff", "-M", "--json"]).success());
    assert_eq!(
        diff.edits.iter().map(|edit| (edit.old.as_str(), edit.new.as_str())).collect::<Vec<_>>(),
        [(GATE, "rewritten")]
    );
    assert_eq!(diff.changes.len(), 2, "both memories are there as well");
    assert_snapshot!(scene.device.memsync(["diff", "-M500%"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value '500%' for '--find-edits [<PERCENT>]': expected a share from 1% to 100%

    For more information, try '--help'.
    ");
}

#[test]
fn a_conflict_full_of_hostile_text_neither_drives_nor_deceives_a_terminal() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.device.database.respell(WATER, "Water boils\r at \u{1b}[2J\u{202e}100 degrees\nAt sea level.");
    scene
        .device
        .database
        .execute("UPDATE memories SET tags = ?2 WHERE content_hash = ?1", [WATER, "a\u{1b}[31mb,\u{2066}c"]);
    server.database().respell(WATER, "Water boils at 99 degrees\nAt sea level.");
    server.put(WATER, &json!({ "tags": ["physics", "school"] }));
    scene.device.memsync(["fetch"]).success();
    let Some(terminal) = Terminal::start(&scene.device, &["--no-pager", "diff", WATER]) else { return };
    let shown = terminal.finish(&scene.device).success().stdout.replace("\r\n", "\n");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{2066}', '\r']), "{shown:?}");
    assert_snapshot!(shown, @r"
    both modified: memory b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e
      ours: laptop (this device)
      theirs: origin (the server)
      tags: +a\u{1b}[31mb +\u{2066}c -physics | +school
      content:
    @@@ -1,2 -1,2 @@@
    ++<<<<<<< ours (laptop)
    + Water boils[- -]{+\r +}at {+\u{1b}[2J\u{202e}+}100 degrees
    ++||||||| base
    --Water boils at 100 degrees
    ++=======
     +Water boils at [-100-]{+99+} degrees
    ++>>>>>>> theirs (origin)
      At sea level.
    ");
}
