//! `memsync demo`: the whole story, as it is told.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::support::TestEnvironment;
use crate::support::gallery::assert_gallery;

/// The output without what differs from run to run: the port, the folder of the moment and the ids of commits, which
/// hold both.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        let words = line.split(' ').map(|shown| {
            let is_commit = ["commit ", "sync with", "the sync of"].iter().any(|words| line.contains(words));
            let word = shown.trim_matches(['(', ')']);
            let is_id = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            match word.split_once("/memsync-demo-") {
                Some((_, rest)) => format!("[DEMO]{}", rest.find('/').map_or("", |at| &rest[at..])),
                None if word.starts_with("http://127.0.0.1:") => "http://127.0.0.1:[PORT]".to_owned(),
                None if is_commit && is_id => shown.replace(word, "[COMMIT]"),
                None => shown.to_owned(),
            }
        });
        steady += &words.collect::<Vec<_>>().join(" ");
        steady.push('\n');
    }
    steady
}

#[test]
fn the_story_is_played_to_its_end_and_leaves_nothing() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let folder = environment.folder("temporary");
    let told = device.command().env("TMPDIR", &folder).arg("demo").output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
    assert_gallery("demo.txt", &steady(&String::from_utf8(told.stdout).unwrap()));
    assert_snapshot!(String::from_utf8(told.stderr).unwrap(), @"

    Nothing of this remains; `memsync demo --keep DIR` keeps it.
    hint: `memsync init --server` makes this machine the server of your own devices
    ");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    assert!(!device.staging.exists() && !device.database.path().exists(), "nothing of the user's is touched");
}

#[test]
fn what_is_kept_can_be_gone_on_with() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let folder = environment.folder("kept");
    let told = device.memsync(["demo", "--keep", folder.to_str().unwrap()]);
    assert_snapshot!(told, @"
    exit status: 2
    ----- stderr -----
    error: cannot use [TMP]/kept
      caused by: File exists (os error 17)
    hint: name a folder that does not exist yet, in one that does
    ");
    let stage = folder.join("stage");
    device.memsync(["demo", "--keep", stage.to_str().unwrap()]).success();
    let laptop = stage.join("laptop");
    let mut status = device.command();
    status
        .env("MCP_MEMORY_SQLITE_PATH", laptop.join("sqlite_vec.db"))
        .env("STAGING_DB", laptop.join("staging.db"))
        .args(["log", "--oneline"]);
    let log = String::from_utf8(status.output().unwrap().stdout).unwrap();
    assert_eq!(log.lines().count(), 7, "{log}");
    let names = ["hub", "laptop", "desktop"].map(|name| stage.join(name).join("sqlite_vec.db").is_file());
    assert_eq!(names, [true; 3]);
}

#[test]
fn a_story_that_is_interrupted_leaves_nothing_either() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let folder = environment.folder("temporary");
    let mut demo = device.command();
    let demo = demo.env("TMPDIR", &folder).arg("demo").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = demo.spawn().unwrap();
    let told = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = told.skip_while(|line| line != "pushed: 3 new");
    assert!(told.next().is_some());
    Command::new("kill").args(["-TERM", &demo.id().to_string()]).status().unwrap();
    told.for_each(drop);
    let ended = demo.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert_snapshot!(String::from_utf8(ended.stderr).unwrap(), @"error: the story was interrupted");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}
