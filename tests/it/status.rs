//! `memsync status`: what a sync would have to do.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Change, Choice, Status};
use crate::support::scene::{ADA, BREAD, GATE, Scene, WATER, server};
use crate::support::terminal::Terminal;

#[test]
fn before_the_first_sync_everything_is_new() {
    let Some(mut scene) = Scene::morning() else { return };
    scene.device.remote = Some("http://127.0.0.1:1".to_owned());
    scene.device.memsync(["init"]).success();
    let files = scene.files();
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: never
    Last push attempt: never

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	new:             1bdb863c  Call Ada on Monday
    	new:             962b5c9f  The garden gate sticks in winter
    	new:             b5830158  Water boils at 100 degrees
    "#);
    assert_eq!(scene.files(), files, "status changes nothing");
    scene.device.memsync(["status", "--exit-code"]).expect_status(1);
}

#[test]
fn after_a_sync_there_is_nothing_to_do() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    assert_snapshot!(scene.device.memsync(["st"]), @"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    nothing to sync: both sides agree
    ");
    assert_snapshot!(scene.device.memsync(["status", "--exit-code", "--porcelain"]), @"exit status: 0");
}

/// The evening on the device; on the server, the gate has another tag, the water is gone, and there is something
/// new. The gate's type is another one on both sides.
fn busy(server: &crate::support::Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    scene.device.database.execute("UPDATE memories SET memory_type = 'task' WHERE content_hash = ?1", [GATE]);
    server.put(GATE, &json!({ "memory_type": "reference" }));
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    server.delete(WATER);
    server.post("The server thought of this", &["server"]);
    scene.device.memsync(["fetch"]).success();
    Some(scene)
}

#[test]
fn the_page_shows_both_sides_and_the_conflicts() {
    let Some(server) = server() else { return };
    let Some(scene) = busy(&server) else { return };
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Conflicts:
      ("memsync checkout --ours HASH" takes this device's version (laptop))
      ("memsync checkout --theirs HASH" takes the server's version (origin))
      (deleted by us: --ours deletes it on origin too, --theirs brings it back here)
      ("memsync mergetool" goes through them field by field)
    	deleted by us:   1bdb863c  Call Ada on Monday
    	both modified:   962b5c9f  (type) The garden gate sticks in winter

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	new:             3d898a9e  Bread needs salt

    Changes on the server, as last fetched:
      ("memsync pull" brings them here)
    	new:             1f2de887  The server thought of this
    	deleted:         b5830158  Water boils at 100 degrees
    "#);

    // A decision is shown until it has reached the server.
    scene.device.memsync(["checkout", "--ours", GATE]).expect_status(1);
    assert_snapshot!(scene.device.memsync(["status"]), @r#"
    exit status: 0
    ----- stdout -----
    On device laptop, 3 memories
    Remote origin: http://127.0.0.1:[PORT]/
    Last remote sync: 2025-01-02 03:04
    Last push attempt: 2025-01-02 03:04

    Conflicts:
      ("memsync checkout --ours HASH" takes this device's version (laptop))
      ("memsync checkout --theirs HASH" takes the server's version (origin))
      (deleted by us: --ours deletes it on origin too, --theirs brings it back here)
    	deleted by us:   1bdb863c  Call Ada on Monday

    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	new:             3d898a9e  Bread needs salt
    	modified:        962b5c9f  (ours chosen) The garden gate sticks in wint…

    Changes on the server, as last fetched:
      ("memsync pull" brings them here)
    	new:             1f2de887  The server thought of this
    	deleted:         b5830158  Water boils at 100 degrees
    "#);
    let status: Status = documents::parse(&scene.device.memsync(["status", "--json"]).success());
    let gate = status.entries.iter().find(|entry| entry.content_hash == GATE).unwrap();
    assert_eq!((gate.resolved.as_ref(), gate.conflict.as_ref()), (Some(&Choice::Ours), None));
}

/// The form that scripts rely on: never change what is written here.
#[test]
fn the_porcelain_form_is_frozen() {
    let Some(server) = server() else { return };
    let Some(scene) = busy(&server) else { return };
    let new = server.list().into_iter().find(|(_, memory)| memory["tags"] == json!(["server"])).unwrap().0;
    let mut lines = [
        format!("DMU {ADA}\tCall Ada on Monday"),
        format!("A.. {BREAD}\tBread needs salt"),
        format!("MMU {GATE}\tThe garden gate sticks in winter"),
        format!(".D. {WATER}\tWater boils at 100 degrees"),
        format!(".A. {new}\tThe server thought of this"),
    ];
    lines.sort_by_key(|line| line[4..].to_owned());
    let ended = |end: &str| lines.join(end) + end;
    for form in ["--porcelain", "--porcelain=v1"] {
        let output = scene.device.memsync(["status", form]).success();
        assert_eq!((output.stdout, output.stderr), (ended("\n"), String::new()));
    }
    for form in [["-z"].as_slice(), &["--porcelain", "-z"], &["--porcelain=v1", "-z"]] {
        let output = scene.device.memsync([&["status"], form].concat()).success();
        assert_eq!((output.stdout, output.stderr), (ended("\0"), String::new()));
    }
    scene.device.memsync(["status", "--porcelain", "--exit-code"]).expect_status(1);
    assert_snapshot!(scene.device.memsync(["status", "--porcelain=v2"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value 'v2' for '--porcelain[=<VERSION>]'
      [possible values: v1]

    For more information, try '--help'.
    ");
}

#[test]
fn the_document_for_programs() {
    let Some(server) = server() else { return };
    let Some(scene) = busy(&server) else { return };
    let status: Status = documents::parse(&scene.device.memsync(["status", "--json"]).success());
    assert_eq!(
        (status.device.as_str(), status.remote.as_str(), status.local_memories),
        ("laptop", "origin", 3)
    );
    assert_eq!(
        (status.last_remote_sync, status.last_push_attempt),
        (Some(1_735_787_045), Some(1_735_787_045))
    );
    let entry = |key: &str| status.entries.iter().find(|entry| entry.content_hash == key).unwrap();
    let gate = entry(GATE);
    assert_eq!((&gate.local, &gate.remote), (&Change::Modified, &Change::Modified));
    assert_eq!(gate.conflict.as_deref(), Some(["type".to_owned()].as_slice()));
    assert_eq!((&entry(ADA).local, &entry(ADA).remote), (&Change::Deleted, &Change::Modified));
    assert_eq!((&entry(BREAD).local, &entry(BREAD).remote), (&Change::Added, &Change::Same));
    assert_eq!(entry(WATER).first_line, "Water boils at 100 degrees");
}

#[test]
fn a_selection_narrows_what_is_shown() {
    let Some(mut scene) = Scene::morning() else { return };
    scene.device.remote = Some("http://127.0.0.1:1".to_owned());
    scene.device.memsync(["init"]).success();
    let shown = |selection: &[&str]| {
        let output = scene.device.memsync([&["status", "--porcelain"], selection].concat()).success().stdout;
        let lines = output.lines().map(|line| line.split_once('\t').unwrap().1.to_owned());
        lines.collect::<Vec<_>>()
    };
    let (water, gate, ada) =
        ("Water boils at 100 degrees", "The garden gate sticks in winter", "Call Ada on Monday");
    assert_eq!(shown(&["--tag", "home"]), [gate]);
    assert_eq!(shown(&["--tag", "home", "--tag", "todo"]), [ada, gate]);
    assert_eq!(shown(&["--type", "note"]), [ada, gate]);
    assert_eq!(shown(&["--type", "note", "--tag", "todo"]), [ada]);
    assert_eq!(shown(&["--store", "default"]), [ada, gate, water]);
    assert_eq!(shown(&["--store", "other"]), [""; 0]);
    assert_eq!(shown(&["--since", "2025-01-01T00:00:02Z"]).len(), 2);
    assert_eq!(shown(&["--since", "1 day ago"]), [""; 0]);
    assert_snapshot!(scene.device.memsync(["status", "--since", "soon"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value 'soon' for '--since <WHEN>': expected a day, a time with its zone, or a span such as '2 weeks ago'

    For more information, try '--help'.
    ");
}

#[test]
fn hostile_text_is_escaped_on_a_terminal_and_in_lines_and_nowhere_else() {
    let Some(mut scene) = Scene::morning() else { return };
    scene.device.remote = Some("http://127.0.0.1:1".to_owned());
    let hostile = "red \u{1b}[31m, back \u{202e}words\nand more";
    scene
        .device
        .database
        .execute("UPDATE memories SET content = ?2 WHERE content_hash = ?1", [GATE, hostile]);
    scene.device.memsync(["init"]).success();
    scene.device.memsync(["stash"]).success();
    let status = scene.device.memsync(["status", "--porcelain", "--tag", "home"]).success().stdout;
    assert_eq!(status, format!("A.. {GATE}\tred \\u{{1b}}[31m, back \\u{{202e}}words\n"));
    let status = scene.device.memsync(["status", "-z", "--tag", "home"]).success().stdout;
    assert_eq!(status, format!("A.. {GATE}\tred \u{1b}[31m, back \u{202e}words\0"));
    let shown = scene.device.memsync(["show", GATE]).success().stdout;
    assert!(shown.ends_with(&format!("\n\n{hostile}\n")), "{shown:?}");

    let Some(terminal) = Terminal::start(&scene.device, &["--no-pager", "show", GATE]) else { return };
    let shown = terminal.finish(&scene.device).success().stdout;
    assert!(shown.contains("red \\u{1b}[31m, back \\u{202e}words"), "{shown:?}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
}

#[test]
fn an_edit_fits_a_narrow_terminal_and_is_escaped() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    let rewrite = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at)
                   VALUES (?1, ?2, 'home', 'note', '{}', 1735689602.0)";
    scene
        .device
        .database
        .execute(rewrite, ["new\u{1b}[2Jhash", "The garden gate \u{202e}sticks in\u{7} winter"]);
    scene.device.database.execute("DELETE FROM memories WHERE content_hash = ?1", [GATE]);
    let mut status = scene.device.command();
    status.args(["status"]).env("COLUMNS", "40");
    let shown = scene.device.output(&status.output().unwrap()).success().stdout;
    assert_snapshot!(shown.lines().skip(5).collect::<Vec<_>>().join("\n"), @r#"
    Changes on this device:
      ("memsync push" sends them, "memsync sync" does all)
    	edited:          962b5c9f -> new\u{1b}[2Jh  (87 %) The garden gate…

    1 memory without a vector: found by list, tag and text, not by meaning
      ("memsync embed" says why, and what to do)
    "#);
}
