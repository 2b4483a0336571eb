//! `memsync fast-export`, read by real git.

use insta::assert_snapshot;

use crate::support::album::Album;
use crate::support::git::Git;

/// The repository that git makes of what `memsync fast-export` prints.
fn imported(album: &Album, arguments: &[&str]) -> Git {
    let git = Git::init();
    import(&git, album, arguments);
    git
}

fn import(git: &Git, album: &Album, arguments: &[&str]) {
    let stream = album.bytes(&[&["fast-export"], arguments].concat());
    assert_eq!(git.run_bytes(&["fast-import", "--quiet"], &stream), b"");
}

#[test]
fn a_history_of_syncs_reads_well_in_git() {
    let album = Album::readable();
    let git = imported(&album, &[]);
    assert_eq!(git.run(&["fsck", "--strict", "--full"], ""), "");
    assert_snapshot!(git.run(&["log", "--stat=100"], ""), @"
    commit 20192686f9576e51ece34e18ed9e063e122103301650369c4390832c0255df31
    Author: laptop <>
    Date:   Sat Jan 4 03:04:05 2025 +0000

        sync with origin: 0 pulled, 1 pushed
        
        pulled: 0 new, 0 changed, 0 deleted
        pushed: 0 new, 1 changed, 0 deleted

     local/1000000000000000000000000000000000000000000000000000000000000000  | 3 ++-
     remote/1000000000000000000000000000000000000000000000000000000000000000 | 3 ++-
     2 files changed, 4 insertions(+), 2 deletions(-)

    commit 67d601504de645afe691ee3af11ee4d154c0ebdec883af138065f14192ed235e
    Author: laptop <>
    Date:   Fri Jan 3 03:04:05 2025 +0000

        sync with origin: 0 pulled, 3 pushed
        
        pulled: 0 new, 0 changed, 0 deleted
        pushed: 1 new, 1 changed, 1 deleted

     local/2000000000000000000000000000000000000000000000000000000000000000                     | 3 ++-
     ...000000000000000000 => 4000000000000000000000000000000000000000000000000000000000000000} | 2 +-
     remote/2000000000000000000000000000000000000000000000000000000000000000                    | 3 ++-
     ...000000000000000000 => 4000000000000000000000000000000000000000000000000000000000000000} | 2 +-
     4 files changed, 6 insertions(+), 4 deletions(-)

    commit dec6bf02c6c89cc7cef0cfbf736ff37eb0517b649bc88be3ebb457195df9cf92
    Author: laptop <>
    Date:   Thu Jan 2 03:04:05 2025 +0000

        sync with origin: 0 pulled, 3 pushed
        
        pulled: 0 new, 0 changed, 0 deleted
        pushed: 3 new, 0 changed, 0 deleted

     local/1000000000000000000000000000000000000000000000000000000000000000  | 6 ++++++
     local/2000000000000000000000000000000000000000000000000000000000000000  | 5 +++++
     local/3000000000000000000000000000000000000000000000000000000000000000  | 5 +++++
     remote/1000000000000000000000000000000000000000000000000000000000000000 | 6 ++++++
     remote/2000000000000000000000000000000000000000000000000000000000000000 | 5 +++++
     remote/3000000000000000000000000000000000000000000000000000000000000000 | 5 +++++
     6 files changed, 32 insertions(+)
    ");
    git.run(&["reset", "--quiet", "--hard"], "");
    assert_snapshot!(git.run(&["diff", "HEAD~1"], ""), @"
    diff --git a/local/1000000000000000000000000000000000000000000000000000000000000000 b/local/1000000000000000000000000000000000000000000000000000000000000000
    index bcc6d7f..9bd292b 100644
    --- a/local/1000000000000000000000000000000000000000000000000000000000000000
    +++ b/local/1000000000000000000000000000000000000000000000000000000000000000
    @@ -1,5 +1,6 @@
     created 1735689600
    -tag first
    +tag physics
    +tag school
     type note
     
     Water boils at 100 degrees
    diff --git a/remote/1000000000000000000000000000000000000000000000000000000000000000 b/remote/1000000000000000000000000000000000000000000000000000000000000000
    index bcc6d7f..9bd292b 100644
    --- a/remote/1000000000000000000000000000000000000000000000000000000000000000
    +++ b/remote/1000000000000000000000000000000000000000000000000000000000000000
    @@ -1,5 +1,6 @@
     created 1735689600
    -tag first
    +tag physics
    +tag school
     type note
     
     Water boils at 100 degrees
    ");
    assert_snapshot!(git.run(&["diff", "HEAD~2", "HEAD~1", "--", "local"], ""), @r"
    diff --git a/local/2000000000000000000000000000000000000000000000000000000000000000 b/local/2000000000000000000000000000000000000000000000000000000000000000
    index 5a1e3a5..54a32b0 100644
    --- a/local/2000000000000000000000000000000000000000000000000000000000000000
    +++ b/local/2000000000000000000000000000000000000000000000000000000000000000
    @@ -2,4 +2,5 @@ created 1735689600
     tag first
     type note
     
    -The garden gate sticks in winter
    \ No newline at end of file
    +The garden gate sticks
    +in winter and in spring
    \ No newline at end of file
    diff --git a/local/3000000000000000000000000000000000000000000000000000000000000000 b/local/4000000000000000000000000000000000000000000000000000000000000000
    similarity index 68%
    rename from local/3000000000000000000000000000000000000000000000000000000000000000
    rename to local/4000000000000000000000000000000000000000000000000000000000000000
    index 5c02c77..ee9579e 100644
    --- a/local/3000000000000000000000000000000000000000000000000000000000000000
    +++ b/local/4000000000000000000000000000000000000000000000000000000000000000
    @@ -2,4 +2,4 @@ created 1735689600
     tag first
     type note
     
    -Call Ada on Monday
    \ No newline at end of file
    +Bread needs salt
    \ No newline at end of file
    ");
}

#[test]
fn the_stream_itself_writes_what_is_new_and_nothing_twice() {
    let album = Album::readable();
    let stream = album.text(&["fast-export", "HEAD~1"]);
    assert_eq!(album.text(&["fast-export", "HEAD~1"]), stream);
    assert_snapshot!(stream, @"
    feature done
    blob
    mark :1
    data 80
    created 1735689600
    tag first
    type note

    Water boils at 100 degrees
    At sea level.
    blob
    mark :2
    data 72
    created 1735689600
    tag first
    type note

    The garden gate sticks in winter
    blob
    mark :3
    data 58
    created 1735689600
    tag first
    type note

    Call Ada on Monday
    commit HEAD
    mark :4
    author laptop <> 1735787045 +0000
    committer laptop <> 1735787045 +0000
    data 110
    sync with origin: 0 pulled, 3 pushed

    pulled: 0 new, 0 changed, 0 deleted
    pushed: 3 new, 0 changed, 0 deleted

    M 100644 :1 local/1000000000000000000000000000000000000000000000000000000000000000
    M 100644 :2 local/2000000000000000000000000000000000000000000000000000000000000000
    M 100644 :3 local/3000000000000000000000000000000000000000000000000000000000000000
    M 100644 :1 remote/1000000000000000000000000000000000000000000000000000000000000000
    M 100644 :2 remote/2000000000000000000000000000000000000000000000000000000000000000
    M 100644 :3 remote/3000000000000000000000000000000000000000000000000000000000000000

    blob
    mark :5
    data 86
    created 1735689600
    tag first
    type note

    The garden gate sticks
    in winter and in spring
    blob
    mark :6
    data 56
    created 1735689600
    tag first
    type note

    Bread needs salt
    commit HEAD
    mark :7
    author laptop <> 1735873445 +0000
    committer laptop <> 1735873445 +0000
    data 110
    sync with origin: 0 pulled, 3 pushed

    pulled: 0 new, 0 changed, 0 deleted
    pushed: 1 new, 1 changed, 1 deleted

    from :4
    D local/3000000000000000000000000000000000000000000000000000000000000000
    D remote/3000000000000000000000000000000000000000000000000000000000000000
    M 100644 :5 local/2000000000000000000000000000000000000000000000000000000000000000
    M 100644 :6 local/4000000000000000000000000000000000000000000000000000000000000000
    M 100644 :5 remote/2000000000000000000000000000000000000000000000000000000000000000
    M 100644 :6 remote/4000000000000000000000000000000000000000000000000000000000000000

    reset HEAD
    from :7

    done
    ");
}

#[test]
fn trees_have_the_same_ids_whatever_the_memories_are_called() {
    let album = Album::large();
    let git = imported(&album, &[]);
    assert_eq!(git.run(&["fsck", "--strict", "--full"], ""), "");
    let ours: serde_json::Value = serde_json::from_str(&album.text(&["log", "--json"])).unwrap();
    let commits = ours["commits"].as_array().unwrap();
    let ours =
        |field: &str| -> Vec<&str> { commits.iter().map(|commit| commit[field].as_str().unwrap()).collect() };
    let trees = ours("tree");
    assert_eq!(trees.len(), 4);
    assert_eq!(git.run(&["log", "--format=%T"], "").lines().collect::<Vec<_>>(), trees);
    assert_eq!(git.run(&["rev-parse", "HEAD^{tree}"], "").trim_end(), trees[0]);
    assert_eq!(git.run(&["log", "--format=%B"], "").trim_end(), ours("message").join("\n").trim_end());
    assert_eq!(
        git.run(&["log", "--format=%an <%ae> %ai %ci"], "").lines().next(),
        Some("laptop <> 2025-01-05 03:04:05 +0000 2025-01-05 03:04:05 +0000")
    );
    let listed = album.text(&["ls-tree", "-r", "HEAD"]);
    assert_eq!(git.run(&["ls-tree", "-r", "HEAD"], ""), listed);
    assert!(listed.contains("\tlocal/%%2egit\n"), "{listed}");
}

#[test]
fn what_is_new_is_added_to_a_repository_that_was_made_before() {
    let mut album = Album::readable();
    let git = imported(&album, &[]);
    let before = git.run(&["rev-parse", "HEAD"], "");
    album.write(5, "Something new");
    album.sync("2025-01-05T03:04:05Z");
    import(&git, &album, &[]);
    assert_eq!(git.run(&["rev-parse", "HEAD~1"], ""), before);
}

#[test]
fn every_remote_gets_a_branch_and_any_commit_may_be_the_last() {
    let mut album = Album::readable();
    album.laptop.memsync(["remote", "add", "backup", "../stick/backup.db"]).success();
    album.laptop.memsync(["sync", "backup"]).success();
    album.write(5, "Something new");
    album.sync("2025-01-05T03:04:05Z");
    let git = imported(&album, &["--all"]);
    assert_snapshot!(git.run(&["for-each-ref", "--format=%(refname) %(subject)"], ""), @"
    refs/heads/backup sync with backup: 0 pulled, 3 pushed
    refs/heads/origin sync with origin: 0 pulled, 1 pushed
    ");
    git.run(&["symbolic-ref", "HEAD", "refs/heads/backup"], "");
    assert_eq!(git.run(&["fsck", "--strict", "--full"], ""), "");

    let git = imported(&album, &["local"]);
    assert_eq!(git.run(&["log", "--format=%s"], "").lines().collect::<Vec<_>>(), ["stash"; 4]);
    assert_eq!(git.run(&["rev-parse", "HEAD^{tree}"], ""), album.text(&["rev-parse", "local^{tree}"]));
}

#[test]
fn a_repository_of_the_old_format_takes_it_too() {
    let album = Album::readable();
    let git = Git::init();
    let folder = git.folder.join("sha1");
    git.run(&["init", "--quiet", "--object-format=sha1", "sha1"], "");
    let folder = folder.to_str().unwrap();
    git.run_bytes(&["-C", folder, "fast-import", "--quiet"], &album.bytes(&["fast-export"]));
    assert_eq!(git.run(&["-C", folder, "fsck", "--strict", "--full"], ""), "");
    assert_eq!(git.run(&["-C", folder, "log", "--format=%s"], "").lines().count(), 3);
}

#[test]
fn where_nothing_is_left_the_tree_is_empty() {
    let mut album = Album::readable();
    for number in [1, 2, 4] {
        album.delete(number);
    }
    album.laptop.now = "2025-01-05T03:04:05Z".to_owned();
    let stopped = album.laptop.memsync(["sync"]).expect_status(3).stderr;
    let id = stopped.split("--allow-plan ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    album.laptop.memsync(["sync", "--allow-plan", &id]).success();
    let git = imported(&album, &[]);
    assert_eq!(git.run(&["ls-tree", "HEAD"], ""), "");
    assert_eq!(git.run(&["fsck", "--strict", "--full"], ""), "");
}

#[test]
fn without_a_sync_there_is_nothing_to_export() {
    let album = Album::empty();
    assert_snapshot!(album.laptop.memsync(["fast-export"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no sync with 'origin' yet
    hint: `memsync sync` makes the first one
    ");
    assert_snapshot!(album.laptop.memsync(["fast-export", "--all"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no sync with any remote yet
    hint: `memsync sync origin` makes the first one
    ");
}
