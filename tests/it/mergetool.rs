//! `memsync mergetool`: end conflicts one by one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Service;
use crate::support::output::CommandOutput;
use crate::support::scene::{ADA, GATE, Scene, WATER, server};
use crate::support::tmux::Tmux;

/// Three conflicts: a memory is deleted here and edited there, one has another type and another project on both sides,
/// one another type.
fn quarrel(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    let here = "UPDATE memories SET memory_type = 'decision', metadata = ?2 WHERE content_hash = ?1";
    scene.device.database.execute(here, [GATE, r#"{"project":"garden"}"#]);
    scene.device.database.execute(here, [WATER, r#"{"source":"school"}"#]);
    server.put(GATE, &json!({ "memory_type": "learning", "metadata": { "project": "shed" } }));
    server.put(WATER, &json!({ "memory_type": "learning" }));
    server.put(ADA, &json!({ "tags": ["urgent"] }));
    scene.device.memsync(["sync"]).expect_status(1);
    Some(scene)
}

/// One conflict: the same memory reads otherwise on both sides.
fn respelled(server: &Service, ours: &str, theirs: &str) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.device.database.respell(GATE, ours);
    server.database().respell(GATE, theirs);
    scene.device.memsync(["sync"]).expect_status(1);
    Some(scene)
}

/// Runs `memsync mergetool` with a shell script as the editor, which finds the file in `$1`.
fn edit(scene: &Scene, script: &str, arguments: &[&str]) -> CommandOutput {
    let editor = program(scene, script);
    let mut command = scene.device.command();
    command.args(["mergetool", "--edit"]).args(arguments).env("VISUAL", editor);
    scene.device.output(&command.output().unwrap())
}

fn program(scene: &Scene, script: &str) -> String {
    let path = scene.device.folder.join("program");
    fs::write(&path, format!("set -e\n{script}\n")).unwrap();
    format!("sh '{}'", path.display())
}

/// The files that are kept for later, with their permissions.
fn kept(scene: &Scene) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    let Ok(folders) = fs::read_dir(scene.device.folder.join("staging.mergetool")) else { return found };
    for folder in folders {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap();
            found.push((file.path(), file.metadata().unwrap().permissions().mode() & 0o777));
        }
    }
    found.sort();
    found
}

fn row(scene: &Scene, key: &str) -> Option<(Option<String>, String)> {
    let row = scene.device.database.live().into_iter().find(|row| row.content_hash == key)?;
    Some((row.memory_type, row.content))
}

#[test]
fn an_editor_gets_the_text_with_markers_and_its_answer_ends_the_conflict() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let seen = scene.device.folder.join("seen");
    let script = format!(
        "cp \"$1\" '{}'; sed -i '/^<<<<<<<\\|^|||||||\\|^=======\\|^>>>>>>>\\|shed\\|note$\\|learning/d' \"$1\"",
        seen.display()
    );
    assert_snapshot!(edit(&scene, &script, &[&GATE[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging 962b5c9f (1 of 1)
    decided 1 conflict on this device (laptop)
    hint: 2 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(fs::read_to_string(seen).unwrap(), @r#"
    created 1735689602
    <<<<<<< ours: laptop
    meta.project "garden"
    ||||||| base
    =======
    meta.project "shed"
    >>>>>>> theirs: origin
    tag home
    tag winter
    <<<<<<< ours: laptop
    type decision
    ||||||| base
    type note
    =======
    type learning
    >>>>>>> theirs: origin

    The garden gate sticks in winter
    "#);
    assert_eq!(row(&scene, GATE).unwrap().0.as_deref(), Some("decision"));
    assert_eq!(kept(&scene), []);
    scene.device.memsync(["sync"]).expect_status(1);
    let memory = server.get(GATE).unwrap();
    assert_eq!(
        (&memory["memory_type"], &memory["metadata"]["project"]),
        (&json!("decision"), &json!("garden"))
    );
}

#[test]
fn what_cannot_be_taken_is_kept_and_gone_on_with() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(edit(&scene, "sed -i 's/decision/plan/' \"$1\"", &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    warning: b5830158 is not decided: line 4 still has a conflict marker
    hint: the text is kept in [TMP]/laptop/staging.mergetool/615688c216d6/MERGED
    hint: `memsync mergetool --edit b5830158` goes on with it
    hint: 3 conflicts are left: see `memsync status`
    ");
    let files = kept(&scene);
    assert_eq!(files.len(), 4);
    assert!(files.iter().all(|(_, mode)| *mode == 0o600), "{files:?}");
    let broken = "grep -q plan \"$1\"; sed -i '/^<<<<<<<\\|^|||||||\\|^=======\\|^>>>>>>>\\|reference/d; s/^type learning/shape round/' \"$1\"";
    assert_snapshot!(edit(&scene, broken, &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    warning: b5830158 is not decided: line 5: an unknown header
    hint: the text is kept in [TMP]/laptop/staging.mergetool/615688c216d6/MERGED
    hint: `memsync mergetool --edit b5830158` goes on with it
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(edit(&scene, "sed -i '/^shape/d' \"$1\"; exit 3", &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    warning: b5830158 is not decided: the program ended with exit status: 3
    hint: the text is kept in [TMP]/laptop/staging.mergetool/615688c216d6/MERGED
    hint: `memsync mergetool --edit b5830158` goes on with it
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_eq!(row(&scene, WATER).unwrap().0.as_deref(), Some("decision"), "nothing was taken yet");
    assert_snapshot!(edit(&scene, "true", &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    decided 1 conflict on this device (laptop)
    hint: 2 conflicts are left: see `memsync status`
    ");
    assert_eq!(row(&scene, WATER).unwrap().0.as_deref(), Some("plan"));
    assert_eq!(kept(&scene), []);
}

#[test]
fn a_text_that_is_left_alone_or_emptied_decides_nothing() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let before = scene.device.memsync(["status", "--porcelain"]).success().stdout;
    assert_snapshot!(edit(&scene, "true", &[]), @"
    exit status: 1
    ----- stderr -----
    merging 1bdb863c (1 of 3)
    1bdb863c is not decided: the text was not changed
    merging 962b5c9f (2 of 3)
    962b5c9f is not decided: the text was not changed
    merging b5830158 (3 of 3)
    b5830158 is not decided: the text was not changed
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(edit(&scene, ": > \"$1\"", &[&ADA[..8], &WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging 1bdb863c (1 of 2)
    1bdb863c is not decided: an empty text decides nothing; `memsync checkout --ours 1bdb863c` deletes the memory
    merging b5830158 (2 of 2)
    b5830158 is not decided: an empty text decides nothing
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(edit(&scene, "rm \"$1\"", &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    b5830158 is not decided: an empty text decides nothing
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_snapshot!(edit(&scene, "false", &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    b5830158 is not decided: the program ended with exit status: 1
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_eq!(scene.device.memsync(["status", "--porcelain"]).success().stdout, before);
    assert_eq!(kept(&scene), []);
    assert!(row(&scene, ADA).is_none());
}

#[test]
fn a_tool_finds_the_versions_in_its_environment() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let script = "for name in BASE LOCAL REMOTE; do eval \"file=\\$$name\"; echo \"-- $name\"; cat \"$file\"; done; cp \"$REMOTE\" \"$MERGED\"";
    let tool = program(&scene, script);
    scene.device.memsync(["config", "mergetool.mine.cmd", &format!("{tool} # $MERGED")]).success();
    assert_snapshot!(scene.device.memsync(["mergetool", "--tool", "mine", &ADA[..8]]), @"
    exit status: 1
    ----- stdout -----
    -- BASE
    created 1735689603
    tag todo
    type note

    Call Ada on Monday
    -- LOCAL
    -- REMOTE
    created 1735689603
    tag urgent
    type note

    Call Ada on Monday
    ----- stderr -----
    merging 1bdb863c (1 of 1)
    decided 1 conflict on this device (laptop)
    hint: 2 conflicts are left: see `memsync status`
    ");
    assert!(row(&scene, ADA).is_some(), "it is back");
    scene.device.memsync(["config", "merge.tool", "mine"]).success();
    let output = scene.device.memsync(["mergetool"]).success();
    assert!(output.stderr.contains("decided 2 conflicts on this device (laptop)"), "{output}");
    scene.device.memsync(["sync"]).success();
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn an_answer_to_what_changed_meanwhile_is_refused_and_kept() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    // The staging database is free while somebody thinks: another memsync may run.
    let script = format!(
        "sed -i '/^[<|=>]\\{{7\\}}/d; /learning/d; /reference/d' \"$1\"
         sqlite() {{ python3 -c \"import sqlite3; c = sqlite3.connect('{}'); c.execute(\\\"$1\\\"); c.commit()\"; }}
         sqlite \"UPDATE memories SET memory_type = 'idea' WHERE content_hash = '{WATER}'\"
         '{}' stash",
        scene.device.database.path().display(),
        env!("CARGO_BIN_EXE_memsync"),
    );
    assert_snapshot!(edit(&scene, &script, &[&WATER[..8]]), @"
    exit status: 1
    ----- stderr -----
    merging b5830158 (1 of 1)
    stashed the changes of 3 memories
    hint: `memsync status` shows them, `memsync push` sends them
    warning: b5830158 is not what you were shown any more: the answer is refused
    hint: what you merged is kept in [TMP]/laptop/staging.mergetool/615688c216d6/MERGED
    hint: 3 conflicts are left: see `memsync status`
    ");
    assert_eq!(row(&scene, WATER).unwrap().0.as_deref(), Some("idea"));
    assert_eq!(kept(&scene).len(), 4);
}

#[test]
fn without_a_terminal_other_commands_are_named() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    assert_snapshot!(scene.device.memsync(["mergetool"]), @"
    exit status: 2
    ----- stderr -----
    error: mergetool needs a terminal, or --edit or --tool
    hint: `memsync conflicts --json` shows the conflicts to programs, `memsync resolve --json` takes their answers
    hint: `memsync checkout --ours HASH` or `--theirs HASH` takes one side's version
    ");
    assert_snapshot!(scene.device.memsync(["mergetool", "--edit", "--tool", "x"]), @"
    exit status: 2
    ----- stderr -----
    error: the argument '--edit' cannot be used with '--tool <CMD>'

    Usage: memsync mergetool --edit [HASH]...

    For more information, try '--help'.
    ");
    assert_snapshot!(scene.device.memsync(["mergetool", "--edit", "3d89"]), @"
    exit status: 2
    ----- stderr -----
    error: no conflict begins with '3d89'
    hint: `memsync conflicts` lists the conflicts
    ");
}

#[test]
fn on_a_terminal_each_conflict_is_shown_and_written_only_at_the_end() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let before = scene.device.database.rows();
    let Some(terminal) = Tmux::start(&scene.device, "mergetool", 80, 16) else { return };
    assert_snapshot!(terminal.wait_for("1/3"), @"
    1/3 1bdb863c  Call Ada on Monday
    deleted by us: [memory]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
     (deleted)                             │created 1735689603
                                           │tag urgent
                                           │type note
                                           │
                                           │Call Ada on Monday
    ── open; the base: ────────────────────┴────────────────────────────────────────
     created 1735689603
     tag todo
     type note

     Call Ada on Monday

    o ours  t theirs  b base  e edit  s skip  q finish  Ctrl-C abort  ? all keys
    ");
    terminal.press(&["t", "Enter"]);
    assert_snapshot!(terminal.wait_for("2/3"), @"
    2/3 962b5c9f  The garden gate sticks in winter
    both modified: [type]  meta.project
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
    ▌decision                              │learning
    ── open; the base: ────────────────────┴────────────────────────────────────────
     note









    o ours  t theirs  b base  e edit  s skip  p back  Tab field  ? all keys
    ");
    terminal.press(&["o", "t"]);
    assert_snapshot!(terminal.wait_for("= theirs]"), @r#"
    2/3 962b5c9f  The garden gate sticks in winter
    both modified: type = ours  [meta.project = theirs]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
    ▌"garden"                              │"shed"
    ── result: theirs ─────────────────────┴────────────────────────────────────────
     "shed"









    Enter next  o ours  t theirs  b base  e edit  s skip  p back  ? all keys
    "#);
    terminal.press(&["Enter", "s"]);
    assert_snapshot!(terminal.wait_for("write 2 decisions?"), @"
    ── 2 decided, 1 skipped ────────────────────────────────────────────────────────
    1bdb863c  theirs  Call Ada on Monday
    962b5c9f  type = ours, meta.project = theirs  The garden gate sticks in winter
    b5830158  skipped  Water boils at 100 degrees











    write 2 decisions? y/n, p goes back
    ");
    assert_eq!(scene.device.database.rows(), before, "nothing is written yet");
    terminal.press(&["y"]);
    assert_snapshot!(terminal.wait_for("exit status"), @"
    decided 2 conflicts on this device (laptop)
    hint: 1 conflict is left: see `memsync status`
    exit status: 1
    ");
    assert_eq!(row(&scene, GATE).unwrap().0.as_deref(), Some("decision"));
    assert!(row(&scene, ADA).is_some());
}

#[test]
fn where_merging_is_off_tags_can_be_both() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    scene.device.memsync(["config", "merge.auto", "false"]).success();
    let tag = "UPDATE memories SET tags = 'home,winter' WHERE content_hash = ?1";
    scene.device.database.execute(tag, [GATE]);
    server.put(GATE, &json!({ "tags": ["garden", "home"] }));
    scene.device.memsync(["sync"]).expect_status(1);
    let Some(terminal) = Tmux::start(&scene.device, "mergetool", 70, 12) else { return };
    terminal.wait_for("1/1");
    terminal.press(&["u"]);
    assert_snapshot!(terminal.wait_for("result: both"), @"
    1/1 962b5c9f  The garden gate sticks in winter
    both modified: [tags = both]
    ── ours: laptop ──────────────────┬─ theirs: origin ──────────────────
    ▌                                 │garden
     home                             │home
    ▌winter                           │
    ── result: both ──────────────────┴───────────────────────────────────
     garden
     home
     winter

    Enter next  o ours  t theirs  b base  u both  e edit  ? all keys
    ");
    terminal.press(&["Enter", "y"]);
    terminal.wait_for("exit status: 0");
    scene.device.memsync(["sync"]).success();
    assert_eq!(server.get(GATE).unwrap()["tags"], json!(["garden", "home", "winter"]));
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn leaving_by_any_way_changes_nothing_and_gives_the_terminal_back() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    scene.device.memsync(["status"]).expect_status(0);
    let before = scene.files();
    for way in ["C-c", "q", "TERM"] {
        let Some(terminal) = Tmux::start(&scene.device, "mergetool", 80, 24) else { return };
        terminal.wait_for("1/3");
        if way == "TERM" {
            assert!(Command::new("kill").args(["-TERM", &terminal.pid()]).status().unwrap().success());
        } else {
            terminal.press(&[way]);
        }
        let screen = terminal.wait_for("exit status");
        assert_eq!(screen.trim(), "stopped: nothing was written\nexit status: 1", "{way}");
        // What is typed is shown again, and cat answers by the line.
        terminal.press(&["hello", "Enter"]);
        terminal.wait_for("hello\nhello");
    }
    assert_eq!(scene.files(), before);
}

#[test]
fn the_editor_opens_from_the_screen_and_back() {
    let Some(server) = server() else { return };
    let Some(scene) = quarrel(&server) else { return };
    let editor = program(&scene, "sed -i '/^[<|=>]\\{7\\}/d; /shed/d; s/^type .*/type idea/' \"$1\"");
    let arguments = format!("mergetool {}", &GATE[..8]);
    let Some(terminal) = Tmux::start_with_editor(&scene.device, &editor, &arguments, 80, 12) else { return };
    terminal.wait_for("1/1");
    terminal.press(&["o", "e"]);
    assert_snapshot!(terminal.wait_for("result: edited"), @r#"
    1/1 962b5c9f  The garden gate sticks in winter
    both modified: type = edited  [meta.project = edited]
    ── ours: laptop ───────────────────────┬─ theirs: origin ───────────────────────
    ▌"garden"                              │"shed"
    ── result: edited ─────────────────────┴────────────────────────────────────────
     "garden"





    Enter next  o ours  t theirs  b base  e edit  s skip  Tab field  ? all keys
    "#);
    terminal.press(&["Enter", "y"]);
    terminal.wait_for("exit status");
    assert_eq!(row(&scene, GATE).unwrap().0.as_deref(), Some("idea"));
}

#[test]
fn a_large_memory_is_scrolled_in_windows_of_any_width() {
    let Some(server) = server() else { return };
    let text = |word: &str| {
        let line = |number| match number {
            2500 => format!("Here it says {word}, in a line that is longer than a narrow window is wide.\n"),
            _ => format!("Line {number} of a memory that many lines make two hundred kilobytes large.\n"),
        };
        (1..=2_900).map(line).collect::<String>()
    };
    let (ours, theirs) = (text("ours"), text("theirs"));
    assert!(ours.len() > 200_000);
    let Some(scene) = respelled(&server, &ours, &theirs) else { return };
    let Some(terminal) = Tmux::start(&scene.device, "mergetool", 80, 12) else { return };
    assert_snapshot!(terminal.wait_for("Here it says"), @"
    1/1 962b5c9f  Line 1 of a memory that many lines make two hundred kilobytes lar…
    both modified: [content]
    ── ours: laptop 4997-5002/5801 ────────┬─ theirs: origin ───────────────────────
     Line 2499 of a memory that many lines │Line 2499 of a memory that many lines
     make two hundred kilobytes large.     │make two hundred kilobytes large.
    ▌Here it says ours, in a line that is  │Here it says theirs, in a line that is
     longer than a narrow window is wide.  │longer than a narrow window is wide.
     Line 2501 of a memory that many lines │Line 2501 of a memory that many lines
     make two hundred kilobytes large.     │make two hundred kilobytes large.
    ── open; the base: ────────────────────┴────────────────────────────────────────
     The garden gate sticks in winter
    o ours  t theirs  b base  e edit  s skip  arrows scroll  q finish  ? all keys
    ");
    terminal.resize(20, 12);
    assert_snapshot!(terminal.wait_for("── theirs: origin ──"), @"
    1/1 962b5c9f  Line …
    [content]
    ── ours: laptop 1… ─
    ▌Here it says ours,
    ▌in a line that is
    ── theirs: origin ──
    ▌Here it says
    ▌theirs, in a line
    ── open; the base: ─
     The garden gate
     sticks in winter
    o t b e s ? all keys
    ");
    terminal.resize(10, 4);
    assert_snapshot!(terminal.wait_for("Too small"), @"
    Too small:
    20 x 9 is
    needed.
    Ctrl-C
    ");
    terminal.resize(200, 10);
    terminal.wait_for("┬─ theirs: origin");
    terminal.press(&["End"]);
    assert_snapshot!(terminal.wait_for("Line 2900"), @"
    1/1 962b5c9f  Line 1 of a memory that many lines make two hundred kilobytes large.
    both modified: [content]
    ── ours: laptop 2898-2901/2901 ────────────────────────────────────────────────────────────────────┬─ theirs: origin ───────────────────────────────────────────────────────────────────────────────────
     Line 2898 of a memory that many lines make two hundred kilobytes large.                           │Line 2898 of a memory that many lines make two hundred kilobytes large.
     Line 2899 of a memory that many lines make two hundred kilobytes large.                           │Line 2899 of a memory that many lines make two hundred kilobytes large.
     Line 2900 of a memory that many lines make two hundred kilobytes large.                           │Line 2900 of a memory that many lines make two hundred kilobytes large.
                                                                                                       │
    ── open; the base: ────────────────────────────────────────────────────────────────────────────────┴────────────────────────────────────────────────────────────────────────────────────────────────────
     The garden gate sticks in winter
    o ours  t theirs  b base  e edit  s skip  arrows scroll  n next difference  q finish  Ctrl-C abort  ? all keys
    ");
    terminal.press(&["t", "Enter", "y"]);
    terminal.wait_for("exit status: 0");
    assert_eq!(row(&scene, GATE).unwrap().1, theirs);
}

#[test]
fn hostile_text_neither_drives_the_terminal_nor_changes_places() {
    let Some(server) = server() else { return };
    let ours = "red \u{1b}[31m gone \u{1b}[2J\u{7}\rover \u{202e}txet\u{2069}\n\u{9b}1A up";
    let Some(scene) = respelled(&server, ours, "שלום עולם\nplain") else { return };
    let Some(terminal) = Tmux::start(&scene.device, "mergetool", 80, 14) else { return };
    assert_snapshot!(terminal.wait_for("1/1"), @r"
    1/1 962b5c9f  red \u{1b}[31m gone \u{1b}[2J\u{7}\rover \u{202e}txet\u{2069}
    both modified: [content]
    ── ours: laptop ────────────────────────────────────────────────────────────────
    ▌red \u{1b}[31m gone \u{1b}[2J\u{7}\rover \u{202e}txet\u{2069}
    ▌\u{9b}1A up
    ── theirs: origin ──────────────────────────────────────────────────────────────
    ▌שלום עולם
    ▌plain
    ── open; the base: ─────────────────────────────────────────────────────────────
     The garden gate sticks in winter



    o ours  t theirs  b base  e edit  s skip  q finish  Ctrl-C abort  ? all keys
    ");
    terminal.press(&["t", "Enter", "y"]);
    terminal.wait_for("exit status: 0");
    assert_eq!(row(&scene, GATE).unwrap().1, "שלום עולם\nplain");
}
