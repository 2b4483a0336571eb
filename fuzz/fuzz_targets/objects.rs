//! The bytes of trees and commits, as another program may have written them under their right ids.
#![no_main]

use libfuzzer_sys::fuzz_target;
use memsync::object::tree::{self, Shapes};
use memsync::object::{Commit, ObjectId, TreeId};

/// A tree without anything to complain of is exactly what memsync writes for what it reads.
fn as_tree(bytes: &[u8]) {
    let id = TreeId::of(bytes);
    let read = tree::read(id, &mut |wanted| if wanted == id { Ok(bytes.to_vec()) } else { Err(()) });
    let mut shapes = Shapes::default();
    let is_pair =
        shapes.check(id, &mut |wanted| Ok::<_, ()>((wanted == id).then(|| bytes.to_vec()))).unwrap();
    let _ = tree::links(bytes);
    let _ = tree::read_pair(id, &mut |wanted| if wanted == id { Ok(bytes.to_vec()) } else { Err(()) });
    if let (Ok(snapshot), true, Some(false)) = (read, shapes.problems.is_empty(), is_pair) {
        let mut root = Vec::new();
        let written = tree::write(&snapshot, &mut |_, bytes| {
            root = bytes;
            Ok::<_, ()>(())
        });
        assert_eq!((written, &*root), (Ok(id), bytes), "{}", bytes.escape_ascii());
    }
}

/// What is read of a commit can be written, and is read back.
fn as_commit(bytes: &[u8]) {
    let Ok(commit) = Commit::parse(bytes) else { return };
    let written = commit.to_bytes();
    let again = Commit::parse(&written).expect("what was written can be read");
    assert_eq!((again.tree, &again.parents), (commit.tree, &commit.parents));
    assert_eq!(again.to_bytes(), written, "{}", bytes.escape_ascii());
}

fuzz_target!(|bytes: &[u8]| {
    as_tree(bytes);
    as_commit(bytes);
});
