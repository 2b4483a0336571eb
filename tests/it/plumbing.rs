//! The commands for scripts: what they print is what real git prints of the same objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use insta::assert_snapshot;
use memsync::object::{ObjectId, TreeId};

use crate::support::album::{Album, key};
use crate::support::git::Git;
use crate::support::terminal::Terminal;

/// Every object that a ref leads to, by its id: its type and its bytes, as `memsync cat-file --batch` gives them.
fn objects(album: &Album) -> BTreeMap<String, (String, Vec<u8>)> {
    let mut objects = BTreeMap::new();
    let mut open: BTreeSet<String> = album.text(&["show-ref", "--hash"]).lines().map(str::to_owned).collect();
    while !open.is_empty() {
        let names: String = open.iter().flat_map(|id| [id, "\n"]).collect();
        let found = batch(album, &names);
        assert_eq!(found.keys().collect::<BTreeSet<_>>(), open.iter().collect());
        let children: BTreeSet<String> =
            found.values().flat_map(|(kind, bytes)| children(kind, bytes)).collect();
        objects.extend(found);
        open = children.into_iter().filter(|id| !objects.contains_key(id)).collect();
    }
    objects
}

fn batch(album: &Album, names: &str) -> BTreeMap<String, (String, Vec<u8>)> {
    let input = album.laptop.folder.join("names");
    std::fs::write(&input, names).unwrap();
    let input = std::fs::File::open(input).unwrap();
    let output = album.laptop.command().args(["cat-file", "--batch"]).stdin(input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut rest = &output.stdout[..];
    let mut found = BTreeMap::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let header = std::str::from_utf8(&rest[..end]).unwrap();
        let [id, kind, size] = header.split(' ').collect::<Vec<_>>()[..] else { panic!("{header}") };
        let (bytes, after) = rest[end + 1..].split_at(size.parse().unwrap());
        found.insert(id.to_owned(), (kind.to_owned(), bytes.to_owned()));
        rest = after.strip_prefix(b"\n").unwrap();
    }
    found
}

/// The ids in an object.
fn children(kind: &str, bytes: &[u8]) -> Vec<String> {
    let hex = |id: &[u8]| TreeId::from_bytes(id).unwrap().to_string();
    match kind {
        "commit" => {
            let text = String::from_utf8(bytes.to_owned()).unwrap();
            let head = text.split("\n\n").next().unwrap();
            let ids =
                head.lines().filter_map(|line| line.strip_prefix("tree ").or(line.strip_prefix("parent ")));
            ids.map(str::to_owned).collect()
        }
        "tree" => {
            let (mut ids, mut rest) = (Vec::new(), bytes);
            while let Some(end) = rest.iter().position(|byte| *byte == 0) {
                ids.push(hex(&rest[end + 1..end + 33]));
                rest = &rest[end + 33..];
            }
            ids
        }
        _ => Vec::new(),
    }
}

/// A real repository with the same objects and refs, made of their raw bytes.
fn repository(album: &Album) -> Git {
    let git = Git::init();
    let objects = objects(album);
    for wanted in ["blob", "tree", "commit"] {
        let (mut ids, mut paths) = (Vec::new(), String::new());
        for (id, (_, bytes)) in objects.iter().filter(|(_, (kind, _))| kind == wanted) {
            let path = git.folder.join(id);
            std::fs::write(&path, bytes).unwrap();
            ids.push(id.as_str());
            writeln!(paths, "{}", path.display()).unwrap();
        }
        let written = git.run(&["hash-object", "-w", "-t", wanted, "--no-filters", "--stdin-paths"], &paths);
        assert_eq!(written.lines().collect::<Vec<_>>(), ids, "{wanted}s");
    }
    for line in album.text(&["show-ref"]).lines() {
        let (id, name) = line.split_once(' ').unwrap();
        git.run(&["update-ref", name, id], "");
    }
    git.run(&["update-ref", "--no-deref", "HEAD", album.text(&["rev-parse", "HEAD"]).trim_end()], "");
    git
}

/// What git prints, which must be what memsync prints.
#[track_caller]
fn same(album: &Album, git: &Git, arguments: &[&str]) -> String {
    let theirs = git.run_bytes(arguments, b"");
    let ours = album.bytes(arguments);
    assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs), "{arguments:?}");
    assert_eq!(ours, theirs, "{arguments:?}");
    String::from_utf8_lossy(&ours).into_owned()
}

#[test]
fn real_git_prints_the_same() {
    let album = Album::large();
    let git = repository(&album);
    assert_eq!(git.run(&["fsck", "--strict", "--full"], ""), "");
    let memory = album.text(&["rev-parse", &format!("HEAD:{}", key(1))]);
    for name in ["HEAD", "HEAD^{tree}", "HEAD:local", "refs/heads/local", memory.trim_end()] {
        for option in ["-t", "-s", "-p", "-e"] {
            same(&album, &git, &["cat-file", option, name]);
        }
        same(&album, &git, &["rev-parse", name]);
    }
    for (kind, name) in
        [("commit", "HEAD"), ("tree", "HEAD"), ("tree", "HEAD:local"), ("blob", memory.trim_end())]
    {
        same(&album, &git, &["cat-file", kind, name]);
    }
    for name in ["HEAD", "HEAD~1", "HEAD~2:local", "local"] {
        for options in [&["ls-tree"][..], &["ls-tree", "-r"], &["ls-tree", "-r", "-z", "--name-only"]] {
            same(&album, &git, &[options, &[name]].concat());
        }
    }
    for path in ["local", "local/", "local/1", "local/1/", "remote/", "nothing"] {
        same(&album, &git, &["ls-tree", "HEAD~1", path]);
        same(&album, &git, &["ls-tree", "-r", "HEAD~1", path, "local/2"]);
    }
    for (old, new) in [
        ("HEAD~1", "HEAD"),
        ("HEAD~2", "HEAD~1"),
        ("HEAD", "HEAD~3"),
        ("HEAD:local", "local"),
        ("HEAD", "HEAD"),
    ] {
        for options in [
            &["diff-tree"][..],
            &["diff-tree", "-r"],
            &["diff-tree", "-r", "--name-status"],
            &["diff-tree", "-r", "-z"],
            &["diff-tree", "-r", "--name-only"],
            &["diff-tree", "-r", "-z", "--name-status"],
        ] {
            same(&album, &git, &[options, &[old, new]].concat());
        }
    }
    for pattern in
        [&[][..], &["origin"], &["refs/heads/local"], &["--heads"], &["--hash", "base/origin"], &["--head"]]
    {
        same(&album, &git, &[&["show-ref"], pattern].concat());
    }
    let all = "--format=%(refname)|%(objectname)|%(objecttype)|%(tree)|%(subject)|%(committerdate)|\
               %(authordate:iso)|%(creatordate:iso-strict)|%(committerdate:short)|%(committerdate:unix)|%(authorname)|%%%41";
    for arguments in [
        &[][..],
        &["refs/base"],
        &["refs/*/origin"],
        &["refs/heads/local", "refs/remotes/"],
        &["--count=2"],
        &[all],
    ] {
        same(&album, &git, &[&["for-each-ref"], arguments].concat());
    }
}

#[test]
fn objects_are_looked_at_by_their_names() {
    let album = Album::readable();
    let show = |arguments: &[&str]| album.laptop.memsync(arguments);
    assert_snapshot!(show(&["cat-file", "-p", "HEAD"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    tree [ID]
    parent [ID]
    parent [ID]
    parent [ID]
    author laptop <> [ID] +0000
    committer laptop <> [ID] +0000

    sync with origin: 0 pulled, 1 pushed

    pulled: 0 new, 0 changed, 0 deleted
    pushed: 0 new, 1 changed, 0 deleted
    ");
    assert_snapshot!(show(&["cat-file", "-p", &format!("HEAD:{}", &key(2)[..4])]), @"
    exit status: 0
    ----- stdout -----
    created 1735689600
    tag first
    type note

    The garden gate sticks
    in winter and in spring[no line break at the end]
    ");
    assert_snapshot!(show(&["ls-tree", "HEAD"]), @"
    exit status: 0
    ----- stdout -----
    040000 tree 1443c800703e6ca95dd30208228ccfee9021c37a1a7dcdb34ed08ebded55d72b	local
    040000 tree 1443c800703e6ca95dd30208228ccfee9021c37a1a7dcdb34ed08ebded55d72b	remote
    ");
    assert_snapshot!(show(&["ls-tree", "-r", "--keys", "local"]), @"
    exit status: 0
    ----- stdout -----
    100644 blob 9bd292ba532ddf07a5e041052afecb7a3498ac1b84dd9b33aac733a49d030a84	1000000000000000000000000000000000000000000000000000000000000000
    100644 blob 54a32b0050d275f14f6260cd7c989969b9359ca666042c289a1e1a20e9dbb086	2000000000000000000000000000000000000000000000000000000000000000
    100644 blob ee9579e4463e58f27e0c9009886b1d941fabc1c2c80d0b31c85779dcf61e0231	4000000000000000000000000000000000000000000000000000000000000000
    ");
    assert_snapshot!(show(&["diff-tree", "-r", "--name-status", "HEAD~2", "HEAD~1"]), @"
    exit status: 0
    ----- stdout -----
    M	local/2000000000000000000000000000000000000000000000000000000000000000
    D	local/3000000000000000000000000000000000000000000000000000000000000000
    A	local/4000000000000000000000000000000000000000000000000000000000000000
    M	remote/2000000000000000000000000000000000000000000000000000000000000000
    D	remote/3000000000000000000000000000000000000000000000000000000000000000
    A	remote/4000000000000000000000000000000000000000000000000000000000000000
    ");
    assert_snapshot!(show(&["diff-tree", "-r", "--keys", "HEAD~1:local", "HEAD:local"]), @"
    exit status: 0
    ----- stdout -----
    :100644 100644 bcc6d7fe6662f3c11293fa677e2d82fb3c1298da29868d5d10b3b66a9095fe6b 9bd292ba532ddf07a5e041052afecb7a3498ac1b84dd9b33aac733a49d030a84 M	1000000000000000000000000000000000000000000000000000000000000000
    ");
    assert_eq!(show(&["diff-tree", "--exit-code", "HEAD", "local"]).status, Some(1));
    assert_eq!(show(&["diff-tree", "--exit-code", "HEAD:local", "local"]).status, Some(0));
    assert_snapshot!(show(&["rev-parse", "--short", "HEAD:local", "HEAD:remote", "HEAD"]).without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID]
    [ID]
    [ID]
    ");
    assert_snapshot!(show(&["for-each-ref", "--format=%(refname:short) %(committerdate:iso) %(subject)"]), @"
    exit status: 0
    ----- stdout -----
    base/origin 2025-01-04 03:04:05 +0000 sync with origin: 0 pulled, 1 pushed
    local 2025-01-04 03:04:05 +0000 stash
    origin 2025-01-04 03:04:05 +0000 push
    ");
}

#[test]
fn hashes_that_a_line_cannot_hold_are_quoted_or_ended_by_nul() {
    let album = Album::large();
    let listed = album.text(&["ls-tree", "-r", "--keys", "--name-only", "local"]);
    let odd: Vec<_> = listed.lines().filter(|line| line.len() < 40).collect();
    assert_snapshot!(odd.join("\n"), @r#"
    "\"quoted\""
    %2e%2e
    ..
    .git
    -rf
    CON.txt
    "a/b\nc"
    naïve 日本
    "nul\000nul"
    refs/heads/x
    same text twice
    "#);
    let whole = album.text(&["ls-tree", "-r", "-z", "--keys", "--name-only", "local"]);
    assert!(whole.contains("a/b\nc\0"), "{whole}");
}

#[test]
fn a_terminal_is_neither_driven_nor_fed_with_a_stream() {
    let album = Album::large();
    for arguments in [&["cat-file", "-p", "local:.git"][..], &["cat-file", "tree", "HEAD"], &["fast-export"]]
    {
        let Some(terminal) = Terminal::start(&album.laptop, arguments) else { return };
        let shown = terminal.finish(&album.laptop);
        assert!(!shown.stdout.contains(['\u{1b}', '\0', '\u{202e}']), "{shown}");
        if arguments[0] == "fast-export" {
            assert_eq!(shown.status, Some(2), "{shown}");
        }
    }
}

#[test]
fn a_text_that_is_edited_by_hand_gets_the_id_it_will_have() {
    let album = Album::readable();
    let name = format!("HEAD:{}", key(1));
    let text = album.text(&["cat-file", "-p", &name]);
    let hash = |options: &[&str], text: &str| {
        album.laptop.memsync_with_input([&["hash-object", "--stdin"], options].concat(), text)
    };
    assert_eq!(hash(&[], &text).success().stdout, album.text(&["rev-parse", &name]));

    let edited = text.replace("tag school", "tag schools");
    let id = hash(&[], &edited).success().stdout;
    assert_eq!(album.laptop.memsync(["cat-file", "-e", id.trim_end()]).status, Some(1), "it is not kept");
    assert_eq!(hash(&["-w"], &edited).success().stdout, id);
    assert_eq!(album.text(&["cat-file", "-p", id.trim_end()]), edited);

    assert_snapshot!(hash(&[], "colour red\n\ntext"), @"
    exit status: 2
    ----- stderr -----
    error: stdin holds no memory's canonical text
      caused by: line 1: an unknown header
    hint: `memsync cat-file -p` prints such texts, --literally takes any bytes
    ");
    assert_snapshot!(hash(&["-w"], "type note\ntag a\n\ntext"), @"
    exit status: 2
    ----- stderr -----
    error: stdin holds no memory's canonical text
    hint: `memsync cat-file -p` prints such texts, --literally takes any bytes
    hint: line 1 would be written in another way or place
    ");
    assert_eq!(
        hash(&["--literally"], "abc").success().stdout,
        Git::init().run(&["hash-object", "--stdin"], "abc")
    );
    assert_eq!(hash(&["--literally", "-w"], "abc").status, Some(2));
    assert_snapshot!(album.laptop.memsync(["hash-object", "nowhere.txt"]), @"
    exit status: 2
    ----- stderr -----
    error: cannot read nowhere.txt
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn the_memories_of_this_device_are_kept_without_moving_anything() {
    let album = Album::readable();
    let refs = album.text(&["show-ref"]);
    assert_eq!(album.text(&["write-tree"]), album.text(&["rev-parse", "HEAD:local"]));
    album.write(9, "New today");
    let tree = album.text(&["write-tree"]);
    assert_snapshot!(album.laptop.memsync(["diff-tree", "-r", "--name-status", "HEAD:local", tree.trim_end()]), @"
    exit status: 0
    ----- stdout -----
    A	9000000000000000000000000000000000000000000000000000000000000000
    ");
    assert_eq!(album.text(&["show-ref"]), refs);
}

#[test]
fn what_names_nothing_is_said_or_told_by_the_exit_code() {
    let album = Album::readable();
    let show = |arguments: &[&str]| album.laptop.memsync(arguments);
    assert_snapshot!(show(&["rev-parse", "--verify", "HEAD~7"]).without_ids(), @"
    exit status: 2
    ----- stderr -----
    error: 'HEAD~7' goes back too far: nothing comes before [ID]
    hint: `memsync log --oneline` lists the syncs
    ");
    assert_snapshot!(show(&["rev-parse", "-q", "--verify", "HEAD~7"]), @"exit status: 1");
    assert_snapshot!(show(&["rev-parse", "--verify", "HEAD", "local"]), @"
    exit status: 2
    ----- stderr -----
    error: --verify takes exactly one name
    ");
    assert_snapshot!(show(&["cat-file", "-e", "HEAD:nothing"]), @"exit status: 1");
    assert_snapshot!(show(&["cat-file", "blob", "HEAD"]), @"
    exit status: 2
    ----- stderr -----
    error: 'HEAD' is a commit, not a blob
    ");
    assert_snapshot!(show(&["cat-file", "note", "HEAD"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no type of object 'note'
    hint: the types are blob, tree and commit
    ");
    assert_snapshot!(show(&["cat-file", "HEAD"]), @"
    exit status: 2
    ----- stderr -----
    error: say what of the object: -t, -s, -p, -e, or its type before its name
    ");
    assert_snapshot!(show(&["ls-tree", &format!("HEAD:{}", key(1))]), @"
    exit status: 2
    ----- stderr -----
    error: 'HEAD:1000000000000000000000000000000000000000000000000000000000000000' is a blob, not a tree
    ");
    assert_snapshot!(show(&["show-ref", "nothing"]), @"exit status: 1");
    assert_snapshot!(show(&["show-ref", "--verify", "base/origin"]), @"exit status: 1");
    assert_snapshot!(show(&["for-each-ref", "--format=%(colour)"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value '%(colour)' for '--format <FORMAT>': there is no field 'colour'

    For more information, try '--help'.
    ");
    let check = album.laptop.memsync_with_input(["cat-file", "--batch-check"], "HEAD\nnothing at all\n");
    assert_snapshot!(check.without_ids(), @"
    exit status: 0
    ----- stdout -----
    [ID] commit 468
    nothing at all missing
    ");
}
