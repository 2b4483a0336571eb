//! Real git takes memsync's objects for its own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;

use memsync::object::tree::{self, Snapshot};
use memsync::object::{Commit, CommitId, ContentHash, Kind, Memory, ObjectId, Signature, TreeId};

use crate::support::arbitrary;
use crate::support::git::Git;

#[test]
fn git_gives_the_same_ids_and_finds_nothing_wrong() {
    let memories = arbitrary::memories(400);
    let mut objects = Objects::default();
    let snapshot = objects.snapshot(&memories);
    let half = objects.snapshot(memories.iter().step_by(2));
    let empty = objects.snapshot([]);
    let pair = objects.pair(snapshot, half);
    let first = objects.commit(empty, vec![], "laptop", (1_700_000_000, 0));
    let mut tip = objects.commit(pair, vec![first], "laptop", (1_700_000_000, 3_600));
    for name in ODD_NAMES {
        tip = objects.commit(pair, vec![tip, first], name, (1_700_000_000, -12_600));
    }
    for moment in ODD_MOMENTS {
        tip = objects.commit(pair, vec![tip], "laptop", moment);
    }

    let load = &mut |id: TreeId| Ok::<_, Infallible>(objects.by_id[&id.to_string()].1.clone());
    assert!(tree::read(snapshot, load).unwrap().keys().eq(memories.keys()));

    let git = Git::init();
    objects.write_all(&git);
    git.run(&["update-ref", "refs/heads/main", &tip.to_string()], "");
    assert_eq!(git.run(&["fsck", "--strict", "--full", "--unreachable"], ""), "");
    objects.read_all(&git);
    assert!(objects.by_id.len() > 400, "only {} objects", objects.by_id.len());
}

/// Names of devices that git's own rules for authors stumble over.
const ODD_NAMES: [&str; 14] = [
    "",
    " ",
    "<>",
    "a <b> c",
    "new\nline",
    "\r\n",
    "nul\0nul",
    "...",
    "'quoted'",
    "\u{1b}[31mred",
    "\u{202e}left",
    "👩‍👩‍👧",
    "name > 1700000000 +0000",
    "\u{a0}\u{2028}",
];

/// Seconds since 1970 and the distance from UTC: clocks that are wrong, zones that are far or odd.
const ODD_MOMENTS: [(i64, i32); 6] =
    [(0, 0), (-1, 0), (99_999_999_999, 50_400), (1, -43_200), (1_700_000_000, 3_208), (i64::MIN, -59)];

/// Every object that memsync would store, by the id that memsync gave it.
#[derive(Default)]
struct Objects {
    by_id: BTreeMap<String, (Kind, Vec<u8>)>,
}

impl Objects {
    fn add<I: ObjectId>(&mut self, id: I, bytes: Vec<u8>) -> I {
        self.by_id.insert(id.to_string(), (I::KIND, bytes));
        id
    }

    fn snapshot<'a>(&mut self, memories: impl IntoIterator<Item = (&'a ContentHash, &'a Memory)>) -> TreeId {
        let mut snapshot = Snapshot::new();
        for (key, memory) in memories {
            snapshot.insert(key.clone(), self.add(memory.id(), memory.to_blob()));
        }
        let Ok(root) = tree::write::<Infallible>(&snapshot, &mut |id, bytes| {
            self.add(id, bytes);
            Ok(())
        });
        root
    }

    fn pair(&mut self, local: TreeId, remote: TreeId) -> TreeId {
        let Ok(root) = tree::write_pair::<Infallible>(local, remote, &mut |id, bytes| {
            self.add(id, bytes);
            Ok(())
        });
        root
    }

    fn commit(
        &mut self,
        tree: TreeId,
        parents: Vec<CommitId>,
        name: &str,
        (seconds, offset): (i64, i32),
    ) -> CommitId {
        let author = Signature { name: name.to_owned(), seconds, offset };
        let commit = Commit { tree, parents, author, message: format!("sync of {name}\n\nwith \0 inside") };
        self.add(commit.id(), commit.to_bytes())
    }

    /// Lets git write every object itself, a process for each kind, and holds its ids against memsync's.
    fn write_all(&self, git: &Git) {
        for kind in [Kind::Blob, Kind::Tree, Kind::Commit] {
            let objects: Vec<_> = self.by_id.iter().filter(|(_, (its, _))| *its == kind).collect();
            let mut paths = String::new();
            for (id, (_, bytes)) in &objects {
                let path = git.folder.join(id);
                std::fs::write(&path, bytes).unwrap();
                writeln!(paths, "{}", path.display()).unwrap();
            }
            let arguments = ["hash-object", "-w", "-t", kind.as_str(), "--no-filters", "--stdin-paths"];
            let ids = git.run(&arguments, &paths);
            let expected: Vec<_> = objects.iter().map(|(id, _)| id.as_str()).collect();
            assert_eq!(ids.lines().collect::<Vec<_>>(), expected, "{kind} ids");
        }
    }

    /// Reads every object back out of git.
    fn read_all(&self, git: &Git) {
        let ids: Vec<_> = self.by_id.keys().map(String::as_str).collect();
        let mut output = &git.run_bytes(&["cat-file", "--batch"], ids.join("\n").as_bytes())[..];
        for (id, (kind, bytes)) in &self.by_id {
            let header = format!("{id} {kind} {}\n", bytes.len());
            let (found, rest) = output.split_at(header.len().min(output.len()));
            assert_eq!(String::from_utf8_lossy(found), header);
            assert!(rest.starts_with(bytes), "git holds other bytes for {id}");
            output = rest[bytes.len()..].strip_prefix(b"\n").unwrap();
        }
        assert!(output.is_empty());
    }
}
