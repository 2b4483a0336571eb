//! The memories of one side at one moment, as git trees.
//!
//! A tree of more than [`MAX_LEAF`] memories is split by the next digit of the key into up to 16 subtrees
//! (as git's notes are by two), so that one change among 100,000 memories writes a handful of small trees
//! and comparing two snapshots visits only what differs. The shape is a function of the set of keys alone:
//! equal snapshots have equal ids, whatever their histories.
//!
//! A key that is not 64 hexadecimal digits is fanned out by its own blob id and its name is escaped, so that
//! no key can be an invalid or dangerous file name.

mod shape;
mod update;
mod walk;

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::iter;

use gix_object::WriteTo;
use gix_object::tree::{Entry, EntryKind};

use super::{BlobId, ContentHash, ObjectId, TreeId};

pub use shape::{Links, Shapes, links};
pub use update::{Changes, Updated, update};
pub use walk::{Changed, Child, key_at, walk};

/// All memories of one side at one moment, by name.
pub type Snapshot = BTreeMap<ContentHash, BlobId>;

/// How many memories one tree object holds before it is split.
pub const MAX_LEAF: usize = 64;

/// Why a tree could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error<E> {
    /// The object could not be had.
    #[error(transparent)]
    Load(E),
    /// The object is not a tree that memsync writes.
    #[error("tree {id} is damaged: {problem}")]
    Malformed {
        /// The damaged tree.
        id: TreeId,
        /// What is wrong with it.
        problem: String,
    },
}

/// Gives every tree object of a snapshot of these memories to `write`, children before parents, and returns the root's id.
/// The memories are sorted by name, each of another one, and are gone through more than once.
pub fn write<'a, E>(
    memories: impl IntoIterator<Item = (&'a ContentHash, impl Borrow<BlobId>), IntoIter: Clone>,
    write: &mut impl FnMut(TreeId, Vec<u8>) -> Result<(), E>,
) -> Result<TreeId, E> {
    write_from(memories, Vec::new(), 0, write)
}

/// The same of memories whose names are alike in `depth` digits, and of some `others` in any order.
fn write_from<'a, E>(
    memories: impl IntoIterator<Item = (&'a ContentHash, impl Borrow<BlobId>), IntoIter: Clone>,
    mut others: Vec<Named<'a>>,
    depth: usize,
    write: &mut impl FnMut(TreeId, Vec<u8>) -> Result<(), E>,
) -> Result<TreeId, E> {
    let memories = memories.into_iter().map(|(key, blob)| (key, *blob.borrow()));
    let few: Vec<Named<'_>> = others.iter().copied().chain(memories.clone()).take(MAX_LEAF + 1).collect();
    if few.len() <= MAX_LEAF {
        return write_level(&sorted(few), depth, write);
    }
    // What is no hash stands elsewhere than by its name.
    others.extend(memories.clone().filter(|(key, _)| !key.is_hex()));
    let mut hashes = memories.filter(|(key, _)| key.is_hex()).peekable();
    let mut entries = Vec::new();
    // A part at a time: a million memories in one list are 40 MB.
    for digit in *b"0123456789abcdef" {
        let is_here = |(key, _): &Named<'_>| fan(key).as_bytes()[depth] == digit;
        let mut part: Vec<Named<'_>> = iter::from_fn(|| hashes.next_if(is_here)).collect();
        part.extend(others.iter().filter(|other| is_here(other)));
        if !part.is_empty() {
            let id = write_level(&sorted(part), depth + 1, write)?;
            entries.push(entry(EntryKind::Tree, &char::from(digit).to_string(), &id));
        }
    }
    assert!(hashes.next().is_none(), "the memories are sorted by name");
    put(entries, write)
}

/// A memory of a snapshot.
type Named<'a> = (&'a ContentHash, BlobId);

fn sorted(mut named: Vec<Named<'_>>) -> Vec<Named<'_>> {
    named.sort_unstable_by(|a, b| fan(a.0).cmp(&fan(b.0)));
    named
}

fn write_level<E>(
    named: &[Named<'_>],
    depth: usize,
    write: &mut impl FnMut(TreeId, Vec<u8>) -> Result<(), E>,
) -> Result<TreeId, E> {
    let mut entries = Vec::new();
    if named.len() <= MAX_LEAF {
        for (key, blob) in named {
            entries.push(entry(EntryKind::Blob, &file_name(key), blob));
        }
    } else {
        for part in named.chunk_by(|a, b| fan(a.0).as_bytes()[depth] == fan(b.0).as_bytes()[depth]) {
            let id = write_level(part, depth + 1, write)?;
            entries.push(entry(EntryKind::Tree, &fan(part[0].0)[depth..=depth], &id));
        }
    }
    put(entries, write)
}

/// Gives the tree of a sync, whose two entries are both sides' snapshots, to `write`, and returns its id.
pub fn write_pair<E>(
    local: TreeId,
    remote: TreeId,
    write: &mut impl FnMut(TreeId, Vec<u8>) -> Result<(), E>,
) -> Result<TreeId, E> {
    put(vec![entry(EntryKind::Tree, "local", &local), entry(EntryKind::Tree, "remote", &remote)], write)
}

/// Reads the two snapshots of a sync, local first.
pub fn read_pair<E>(
    id: TreeId,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
) -> Result<(TreeId, TreeId), Error<E>> {
    let node = Node::load(id, load)?;
    match (node.subtrees.get("local"), node.subtrees.get("remote")) {
        (Some(local), Some(remote)) => Ok((*local, *remote)),
        _ => Err(Error::Malformed { id, problem: "it is not the tree of a sync".to_owned() }),
    }
}

/// The memories of a snapshot whose names go on alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The digits that the names begin with; of a name that is no hash, those that it is fanned out by.
    pub prefix: String,
    /// The id of their tree, which depends on them alone and is that of a subtree where the snapshot is fanned out so far.
    pub id: TreeId,
    /// Which they are.
    pub memories: Snapshot,
}

/// The parts of a snapshot by the next digit after `prefix`, each that holds something. Two snapshots are compared by
/// comparing the ids, then the parts of what differs; a part whose `prefix` is a whole name holds one memory.
#[must_use]
pub fn parts(snapshot: &Snapshot, prefix: &str) -> Vec<Part> {
    let mut parts: BTreeMap<String, Snapshot> = BTreeMap::new();
    for (key, blob) in snapshot {
        let digits = fan(key);
        if let Some(next) = digits.strip_prefix(prefix).and_then(|rest| rest.get(..1)) {
            parts.entry(format!("{prefix}{next}")).or_default().insert(key.clone(), *blob);
        }
    }
    parts
        .into_iter()
        .map(|(prefix, memories)| Part { id: id_of(&memories, prefix.len()), prefix, memories })
        .collect()
}

/// The id that the tree of `snapshot` has where its names are alike in so many digits; nothing is kept.
#[must_use]
pub fn id_of(snapshot: &Snapshot, depth: usize) -> TreeId {
    let Ok(id) = write_from::<Infallible>(snapshot, Vec::new(), depth, &mut |_, _| Ok(()));
    id
}

/// Reads a whole snapshot.
pub fn read<E>(
    id: TreeId,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
) -> Result<Snapshot, Error<E>> {
    let mut snapshot = Snapshot::new();
    visit(id, load, &mut |key, blob| snapshot.extend([(key, blob)]))?;
    Ok(snapshot)
}

/// Gives every memory of a snapshot to `visit`, in no particular order.
pub fn visit<E>(
    id: TreeId,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
    visit: &mut impl FnMut(ContentHash, BlobId),
) -> Result<(), Error<E>> {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let node = Node::load(id, load)?;
        node.memories.into_iter().for_each(|(key, blob)| visit(key, blob));
        open.extend(node.subtrees.into_values());
    }
    Ok(())
}

/// Looks up one memory, reading only the trees above it.
pub fn find<E>(
    id: TreeId,
    key: &ContentHash,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
) -> Result<Option<BlobId>, Error<E>> {
    let fan = fan(key);
    let mut node = Node::load(id, load)?;
    let mut depth = 0;
    while let Some(child) = fan.get(depth..=depth).and_then(|digit| node.subtrees.get(digit)) {
        node = Node::load(*child, load)?;
        depth += 1;
    }
    Ok(node.memories.get(key).copied())
}

/// How a name begins: the first 16 of the digits by which it is fanned out, as a number.
#[must_use]
pub fn beginning(key: &ContentHash) -> u64 {
    u64::from_str_radix(&fan(key)[..16], 16).expect("they are hexadecimal digits")
}

/// The memories whose names begin like this, reading only the trees above them.
pub fn find_beginning<E>(
    id: TreeId,
    beginning: u64,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
) -> Result<Vec<ContentHash>, Error<E>> {
    let digits = format!("{beginning:016x}");
    let mut node = Node::load(id, load)?;
    let mut depth = 0;
    while let Some(child) = digits.get(depth..=depth).and_then(|digit| node.subtrees.get(digit)) {
        node = Node::load(*child, load)?;
        depth += 1;
    }
    Ok(node.memories.into_keys().filter(|key| self::beginning(key) == beginning).collect())
}

/// One memory that differs between two snapshots, with its blob in the first and in the second.
pub type Difference = (ContentHash, Option<BlobId>, Option<BlobId>);

/// What differs between two snapshots, sorted by key, visiting only trees that differ. A missing tree is an empty one.
pub fn diff<E>(
    from: impl Into<Option<TreeId>>,
    to: impl Into<Option<TreeId>>,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
) -> Result<Vec<Difference>, Error<E>> {
    let mut found = Vec::new();
    match (from.into(), to.into()) {
        (Some(from), Some(to)) => diff_into(from, to, load, &mut found)?,
        (Some(from), None) => compare(&read(from, load)?, &Snapshot::new(), &mut found),
        (None, Some(to)) => compare(&Snapshot::new(), &read(to, load)?, &mut found),
        (None, None) => {}
    }
    found.sort_unstable();
    Ok(found)
}

fn diff_into<E>(
    from: TreeId,
    to: TreeId,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
    found: &mut Vec<Difference>,
) -> Result<(), Error<E>> {
    if from == to {
        return Ok(());
    }
    let (old, new) = (Node::load(from, load)?, Node::load(to, load)?);
    if old.subtrees.is_empty() || new.subtrees.is_empty() {
        // Only one of them is fanned out, or neither: compare them as flat sets.
        compare(&read(from, load)?, &read(to, load)?, found);
        return Ok(());
    }
    let digits: BTreeSet<&String> = old.subtrees.keys().chain(new.subtrees.keys()).collect();
    for digit in digits {
        match (old.subtrees.get(digit), new.subtrees.get(digit)) {
            (Some(from), Some(to)) => diff_into(*from, *to, load, found)?,
            (Some(from), None) => compare(&read(*from, load)?, &Snapshot::new(), found),
            (None, Some(to)) => compare(&Snapshot::new(), &read(*to, load)?, found),
            (None, None) => {}
        }
    }
    Ok(())
}

fn compare(from: &Snapshot, to: &Snapshot, found: &mut Vec<Difference>) {
    found.extend(
        from.iter()
            .filter(|(key, blob)| to.get(*key) != Some(blob))
            .map(|(key, blob)| (key.clone(), Some(*blob), to.get(key).copied())),
    );
    found.extend(
        to.iter()
            .filter(|(key, _)| !from.contains_key(*key))
            .map(|(key, blob)| (key.clone(), None, Some(*blob))),
    );
}

/// One tree object, decoded.
struct Node {
    memories: Snapshot,
    subtrees: BTreeMap<String, TreeId>,
}

impl Node {
    fn load<E>(id: TreeId, load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>) -> Result<Self, Error<E>> {
        let bytes = load(id).map_err(Error::Load)?;
        Self::decode(&bytes).map_err(|problem| Error::Malformed { id, problem })
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let tree =
            gix_object::TreeRef::from_bytes(bytes, gix_hash::Kind::Sha256).map_err(|e| e.to_string())?;
        let mut node = Self { memories: Snapshot::new(), subtrees: BTreeMap::new() };
        for entry in tree.entries {
            let name = std::str::from_utf8(entry.filename).map_err(|e| e.to_string())?;
            let id = entry.oid.as_bytes();
            if entry.mode.is_tree() {
                node.subtrees.insert(name.to_owned(), TreeId::from_bytes(id).map_err(|e| e.to_string())?);
            } else {
                let blob = BlobId::from_bytes(id).map_err(|e| e.to_string())?;
                node.memories.insert(key_of(name).ok_or_else(|| format!("odd entry {name:?}"))?, blob);
            }
        }
        Ok(node)
    }
}

fn entry(kind: EntryKind, name: &str, id: &impl ObjectId) -> Entry {
    Entry {
        mode: kind.into(),
        filename: name.into(),
        oid: gix_hash::ObjectId::from_bytes_or_panic(id.as_bytes()),
    }
}

fn put<E>(
    mut entries: Vec<Entry>,
    write: &mut impl FnMut(TreeId, Vec<u8>) -> Result<(), E>,
) -> Result<TreeId, E> {
    entries.sort_unstable();
    let mut bytes = Vec::new();
    gix_object::Tree { entries }
        .write_to(&mut bytes)
        .expect("escaped names hold no NUL, and memory takes any size");
    let id = TreeId::of(&bytes);
    write(id, bytes)?;
    Ok(id)
}

/// The 64 digits by which a key is fanned out.
fn fan(key: &ContentHash) -> Cow<'_, str> {
    if key.is_hex() { key.as_str().into() } else { BlobId::of(key.as_str().as_bytes()).to_string().into() }
}

/// The key as a file name: itself, or `%` and its escaped bytes.
fn file_name(key: &ContentHash) -> String {
    if key.is_hex() {
        return key.as_str().to_owned();
    }
    let mut name = String::from("%");
    for byte in key.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            name.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    name
}

fn hex_digit(half: u8) -> char {
    char::from_digit(half.into(), 16).expect("half a byte is one digit")
}

fn key_of(name: &str) -> Option<ContentHash> {
    let Some(escaped) = name.strip_prefix('%') else {
        return ContentHash::new(name).ok().filter(ContentHash::is_hex);
    };
    let mut parts = escaped.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    ContentHash::new(String::from_utf8(bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Objects {
        trees: BTreeMap<TreeId, Vec<u8>>,
        loads: usize,
    }

    impl Objects {
        fn write(&mut self, snapshot: &Snapshot) -> TreeId {
            let Ok(id) = write::<Infallible>(snapshot, &mut |id, bytes| {
                self.trees.insert(id, bytes);
                Ok(())
            });
            id
        }

        fn load(&mut self) -> impl FnMut(TreeId) -> Result<Vec<u8>, Infallible> {
            |id| {
                self.loads += 1;
                Ok(self.trees[&id].clone())
            }
        }
    }

    fn snapshot(count: usize) -> Snapshot {
        (0..count)
            .map(|n| {
                let blob = BlobId::of(n.to_string().as_bytes());
                let key = if n % 50 == 0 { format!("odd/../{n}\0%é") } else { blob.to_string() };
                (ContentHash::new(key).unwrap(), blob)
            })
            .collect()
    }

    #[test]
    fn a_snapshot_is_read_back_at_every_size() {
        for count in [0, 1, MAX_LEAF, MAX_LEAF + 1, 5_000] {
            let mut objects = Objects::default();
            let snapshot = snapshot(count);
            let id = objects.write(&snapshot);
            assert_eq!(read(id, &mut objects.load()).unwrap(), snapshot);
            for (key, blob) in snapshot.iter().take(60) {
                assert_eq!(find(id, key, &mut objects.load()).unwrap(), Some(*blob));
            }
        }
    }

    #[test]
    fn a_name_is_found_by_its_beginning() {
        for count in [1, MAX_LEAF, 5_000] {
            let mut objects = Objects::default();
            let snapshot = snapshot(count + 1);
            let (absent, _) = snapshot.last_key_value().unwrap();
            let held: Snapshot =
                snapshot.iter().map(|(key, blob)| (key.clone(), *blob)).take(count).collect();
            let id = objects.write(&held);
            for key in held.keys().take(60) {
                let found = find_beginning(id, beginning(key), &mut objects.load()).unwrap();
                assert_eq!(found, std::slice::from_ref(key));
            }
            assert_eq!(find_beginning(id, beginning(absent), &mut objects.load()).unwrap(), []);
        }
        let hash = ContentHash::new("00000000000000ff".repeat(4)).unwrap();
        assert_eq!(beginning(&hash), 0xff);
    }

    #[test]
    fn one_change_among_many_touches_a_handful_of_trees() {
        let mut objects = Objects::default();
        let before = snapshot(20_000);
        let mut after = before.clone();
        let key = after.keys().nth(777).unwrap().clone();
        after.insert(key.clone(), BlobId::of(b"changed"));
        let (from, written) = (objects.write(&before), objects.trees.len());
        let to = objects.write(&after);
        assert!(objects.trees.len() - written <= 4, "wrote {} trees", objects.trees.len() - written);

        objects.loads = 0;
        let found = diff(from, to, &mut objects.load()).unwrap();
        assert_eq!(found, [(key.clone(), Some(before[&key]), Some(after[&key]))]);
        assert!(objects.loads <= 10, "read {} trees", objects.loads);
    }

    #[test]
    fn differences_are_found_between_any_two_shapes() {
        let mut objects = Objects::default();
        for (from, to) in [(0, 3_000), (3_000, 0), (60, 70), (900, 3_000)] {
            let (old, new) = (snapshot(from), snapshot(to));
            let (from, to) = (objects.write(&old), objects.write(&new));
            let mut expected = Vec::new();
            compare(&old, &new, &mut expected);
            expected.sort();
            assert_eq!(diff(from, to, &mut objects.load()).unwrap(), expected);
        }
    }

    #[test]
    fn the_parts_of_a_snapshot_are_its_subtrees() {
        let mut objects = Objects::default();
        let all = snapshot(5_000);
        let id = objects.write(&all);
        assert_eq!(id_of(&all, 0), id);
        let root = Node::load(id, &mut objects.load()).unwrap();
        let parts = parts(&all, "");
        assert_eq!(
            parts.iter().map(|part| (part.prefix.clone(), part.id)).collect::<BTreeMap<_, _>>(),
            root.subtrees
        );
        assert_eq!(parts.iter().map(|part| part.memories.len()).sum::<usize>(), 5_000);

        let deeper = super::parts(&all, &parts[7].prefix);
        let seventh = Node::load(parts[7].id, &mut objects.load()).unwrap();
        assert!(deeper.iter().map(|part| part.id).eq(seventh.subtrees.into_values()));

        let (key, blob) = all.iter().nth(1_234).unwrap();
        let alone = super::parts(&all, &fan(key)[..63]);
        assert_eq!(
            alone.iter().map(|part| &part.memories).collect::<Vec<_>>(),
            [&[(key.clone(), *blob)].into()]
        );
        assert!(super::parts(&all, &fan(key)).is_empty() && super::parts(&all, "x").is_empty());
    }

    #[test]
    fn a_name_that_is_no_hash_is_escaped_and_found_again() {
        let escaped = [
            ("a-b_1", "%a-b_1"),
            ("a/../b", "%a%2f%2e%2e%2fb"),
            ("é\0%", "%%c3%a9%00%25"),
            ("0123", "%0123"),
            ("/", "%%2f"),
        ];
        for (key, name) in escaped {
            let key = ContentHash::new(key).unwrap();
            assert_eq!(file_name(&key), name);
            assert_eq!(key_of(name), Some(key));
        }
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(file_name(&ContentHash::new(hash.as_str()).unwrap()), hash);
        assert_eq!(key_of(&hash).unwrap().as_str(), hash);
        for odd in ["", "readme", "%", "%%", "%%4", "%%zz", "%%ff", &hash[1..], &hash.to_uppercase()] {
            assert_eq!(key_of(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_pair_is_read_back_and_nothing_else_is_one() {
        let mut objects = Objects::default();
        let (local, remote) = (objects.write(&snapshot(1)), objects.write(&snapshot(2)));
        let Ok(pair) = write_pair::<Infallible>(local, remote, &mut |id, bytes| {
            objects.trees.insert(id, bytes);
            Ok(())
        });
        assert_eq!(read_pair(pair, &mut objects.load()).unwrap(), (local, remote));
        let many = objects.write(&snapshot(200));
        for other in [local, many] {
            let error = read_pair(other, &mut objects.load()).unwrap_err();
            assert_eq!(error.to_string(), format!("tree {other} is damaged: it is not the tree of a sync"));
        }
    }
}
