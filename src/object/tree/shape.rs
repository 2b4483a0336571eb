//! Whether trees are as [`super::write`] makes them.

use std::collections::{BTreeMap, HashMap, HashSet};

use gix_object::tree::EntryKind;

use super::{BlobId, ContentHash, MAX_LEAF, Node, TreeId, entry, fan, file_name, put};

/// What a tree object names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Its subtrees.
    pub trees: Vec<TreeId>,
    /// Its memories.
    pub memories: Vec<BlobId>,
}

/// What the bytes of a tree object name; an error says what is wrong with them.
pub fn links(bytes: &[u8]) -> Result<Links, String> {
    let node = Node::decode(bytes)?;
    Ok(Links {
        trees: node.subtrees.into_values().collect(),
        memories: node.memories.into_values().collect(),
    })
}

/// A tree object by what it is for.
enum Shape {
    /// At most [`MAX_LEAF`] memories.
    Leaf(BTreeMap<ContentHash, BlobId>),
    /// More, split by the next digit.
    Fan(BTreeMap<String, TreeId>),
    /// The tree of a sync.
    Pair(TreeId, TreeId),
}

impl Shape {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let node = Node::decode(bytes)?;
        if bytes != canonical(&node) {
            return Err("its entries are not in order".to_owned());
        }
        let is_digit = |name: &String| matches!(name.as_bytes(), [b'0'..=b'9' | b'a'..=b'f']);
        match (node.subtrees.len(), node.memories.len()) {
            (0, 0..=MAX_LEAF) => Ok(Self::Leaf(node.memories)),
            (0, count) => Err(format!("it holds {count} memories, more than {MAX_LEAF}")),
            (_, 0) if node.subtrees.keys().all(is_digit) => Ok(Self::Fan(node.subtrees)),
            (2, 0) => match (node.subtrees.get("local"), node.subtrees.get("remote")) {
                (Some(local), Some(remote)) => Ok(Self::Pair(*local, *remote)),
                _ => Err("its subtrees are neither digits nor a pair".to_owned()),
            },
            (_, 0) => Err("its subtrees are neither digits nor a pair".to_owned()),
            _ => Err("it holds memories beside subtrees".to_owned()),
        }
    }
}

/// The bytes of a tree with these entries.
fn canonical(node: &Node) -> Vec<u8> {
    let memories = node.memories.iter().map(|(key, id)| entry(EntryKind::Blob, &file_name(key), id));
    let subtrees = node.subtrees.iter().map(|(name, id)| entry(EntryKind::Tree, name, id));
    let mut written = Vec::new();
    let Ok(_) = put::<std::convert::Infallible>(memories.chain(subtrees).collect(), &mut |_, bytes| {
        written = bytes;
        Ok(())
    });
    written
}

/// Checks trees one after the other, and looks at each object once, however many trees share it.
///
/// What is wrong goes into `problems`. A tree that cannot be had (`load` answers `None`) is passed over: whoever
/// loads it knows more about it.
#[derive(Debug, Default)]
pub struct Shapes {
    /// What was found wrong so far, tree by tree.
    pub problems: Vec<(TreeId, String)>,
    /// The digits that lead to a tree, and how many memories it holds, where that is known.
    seen: HashMap<TreeId, (String, Option<usize>)>,
    pairs: HashSet<(TreeId, TreeId)>,
}

impl Shapes {
    /// Checks the tree of a commit, and says whether it is that of a sync; `None` where that cannot be told.
    pub fn check<E>(
        &mut self,
        root: TreeId,
        load: &mut impl FnMut(TreeId) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<bool>, E> {
        match self.read(root, load)? {
            Some(Shape::Pair(local, remote)) => {
                for side in [local, remote] {
                    self.snapshot(side, String::new(), load)?;
                }
                self.same_names(root, (local, remote), load)?;
                Ok(Some(true))
            }
            Some(_) => self.snapshot(root, String::new(), load).map(|_| Some(false)),
            None => Ok(None),
        }
    }

    /// Checks what lies below the digits `prefix` of the names, and counts it.
    fn snapshot<E>(
        &mut self,
        id: TreeId,
        prefix: String,
        load: &mut impl FnMut(TreeId) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<usize>, E> {
        if let Some((known, count)) = self.seen.get(&id).cloned() {
            if known != prefix && count != Some(0) {
                self.problems.push((id, format!("it lies below the digits '{known}' and below '{prefix}'")));
            }
            return Ok(count);
        }
        let count = match self.read(id, load)? {
            None => None,
            Some(Shape::Leaf(memories)) => {
                if let Some(stray) = memories.keys().find(|key| !fan(key).starts_with(&prefix)) {
                    self.problems.push((id, format!("{stray} does not belong below the digits '{prefix}'")));
                }
                Some(memories.len())
            }
            Some(Shape::Fan(subtrees)) => self.fan(id, &prefix, subtrees, load)?,
            Some(Shape::Pair(..)) => {
                self.problems.push((id, "it is the tree of a sync inside of another tree".to_owned()));
                None
            }
        };
        self.seen.insert(id, (prefix, count));
        Ok(count)
    }

    fn fan<E>(
        &mut self,
        id: TreeId,
        prefix: &str,
        subtrees: BTreeMap<String, TreeId>,
        load: &mut impl FnMut(TreeId) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<usize>, E> {
        let mut total = Some(0);
        for (digit, subtree) in subtrees {
            let count = self.snapshot(subtree, format!("{prefix}{digit}"), load)?;
            total = total.zip(count).map(|(total, count)| total + count);
        }
        if let Some(total) = total.filter(|total| *total <= MAX_LEAF) {
            self.problems.push((id, format!("it is split although it holds only {total} memories")));
        }
        Ok(total)
    }

    /// Checks that both snapshots of a sync hold memories of the same names.
    fn same_names<E>(
        &mut self,
        root: TreeId,
        pair: (TreeId, TreeId),
        load: &mut impl FnMut(TreeId) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<(), E> {
        if pair.0 == pair.1 || !self.pairs.insert(pair) {
            return Ok(());
        }
        // Its shape is a function of its names alone, so equal names give trees that are split alike.
        let is_same = match (self.read(pair.0, load)?, self.read(pair.1, load)?) {
            (Some(Shape::Leaf(local)), Some(Shape::Leaf(remote))) => local.keys().eq(remote.keys()),
            (Some(Shape::Fan(local)), Some(Shape::Fan(remote))) if local.keys().eq(remote.keys()) => {
                for pair in local.into_values().zip(remote.into_values()) {
                    self.same_names(root, pair, load)?;
                }
                true
            }
            (Some(_), Some(_)) => false,
            _ => true,
        };
        if !is_same && self.problems.iter().all(|(known, _)| *known != root) {
            let (local, remote) = pair;
            let problem = format!("its halves hold memories of different names, in {local} and {remote}");
            self.problems.push((root, problem));
        }
        Ok(())
    }

    fn read<E>(
        &mut self,
        id: TreeId,
        load: &mut impl FnMut(TreeId) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<Shape>, E> {
        let Some(bytes) = load(id)? else { return Ok(None) };
        match Shape::read(&bytes) {
            Ok(shape) => Ok(Some(shape)),
            Err(problem) => {
                let known = (id, problem);
                if !self.problems.contains(&known) {
                    self.problems.push(known);
                }
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Snapshot, write, write_pair};
    use super::*;
    use crate::object::ObjectId;
    use std::convert::Infallible;

    #[derive(Default)]
    struct Objects(BTreeMap<TreeId, Vec<u8>>);

    impl Objects {
        fn keep(&mut self) -> impl FnMut(TreeId, Vec<u8>) -> Result<(), Infallible> {
            |id, bytes| {
                self.0.insert(id, bytes);
                Ok(())
            }
        }

        fn snapshot(&mut self, numbers: impl Iterator<Item = usize>) -> TreeId {
            self.snapshot_of(b"one", numbers)
        }

        fn snapshot_of(&mut self, text: &[u8], numbers: impl Iterator<Item = usize>) -> TreeId {
            let memory = |n: usize| (ContentHash::new(hex(n)).unwrap(), BlobId::of(text));
            let Ok(id) = write(&numbers.map(memory).collect::<Snapshot>(), &mut self.keep());
            id
        }

        fn pair(&mut self, local: TreeId, remote: TreeId) -> TreeId {
            let Ok(id) = write_pair(local, remote, &mut self.keep());
            id
        }

        fn tree(&mut self, entries: &[(EntryKind, &str)]) -> TreeId {
            let empty = self.snapshot(0..0);
            let entries = entries.iter().map(|(kind, name)| entry(*kind, name, &empty)).collect();
            let Ok(id) = put(entries, &mut self.keep());
            id
        }

        /// What is wrong with a tree; the ids are left out.
        fn problems(&self, root: TreeId) -> Vec<String> {
            let mut shapes = Shapes::default();
            let Ok(_) = shapes.check::<Infallible>(root, &mut |id| Ok(self.0.get(&id).cloned()));
            shapes.problems.into_iter().map(|(_, problem)| problem).collect()
        }
    }

    fn hex(n: usize) -> String {
        BlobId::of(n.to_string().as_bytes()).to_string()
    }

    #[test]
    fn what_is_written_is_as_it_should_be() {
        let mut objects = Objects::default();
        for count in [0, 1, MAX_LEAF, MAX_LEAF + 1, 3_000] {
            let (local, remote) = (objects.snapshot(0..count), objects.snapshot(0..count));
            let pair = objects.pair(local, remote);
            assert_eq!(objects.problems(local), [""; 0], "{count}");
            assert_eq!(objects.problems(pair), [""; 0], "{count}");
            let rewritten = objects.snapshot_of(b"rewritten", 0..count);
            let pair = objects.pair(local, rewritten);
            assert_eq!(objects.problems(pair), [""; 0], "{count}, in two forms");
        }
        let odd: Snapshot = [(ContentHash::new("odd/../\0%é").unwrap(), BlobId::of(b"odd"))].into();
        let Ok(odd) = write(&odd, &mut objects.keep());
        assert_eq!(objects.problems(odd), [""; 0]);
    }

    #[test]
    fn what_nothing_here_would_write_is_told() {
        let mut objects = Objects::default();
        let (few, many) = (objects.snapshot(0..2), objects.snapshot(0..200));
        let other = objects.snapshot(1..201);
        let without = objects.snapshot((0..200).filter(|n| !hex(*n).starts_with('f')));
        let name = hex(1);
        let names: [String; MAX_LEAF + 1] = std::array::from_fn(hex);
        let trees = [
            objects.pair(few, many),
            objects.pair(many, other),
            objects.pair(many, without),
            objects.tree(&[(EntryKind::Tree, "local")]),
            objects.tree(&[(EntryKind::Tree, "a"), (EntryKind::Blob, &name)]),
            objects.tree(&[(EntryKind::Tree, "a"), (EntryKind::Tree, "b")]),
            objects.tree(&[(EntryKind::Blob, "readme")]),
            objects.tree(&names.each_ref().map(|name| (EntryKind::Blob, name.as_str()))),
        ];
        let mut told: Vec<String> = Vec::new();
        for tree in trees {
            let problems = objects.problems(tree);
            told.extend(problems.iter().map(|problem| problem.split(", in ").next().unwrap().to_owned()));
            told.push("-".to_owned());
        }
        let stray = Objects::default().snapshot(0..0);
        assert!(told.len() > 6, "{stray}");
        insta::assert_snapshot!(told.join("\n"), @r#"
        its halves hold memories of different names
        -
        its halves hold memories of different names
        -
        its halves hold memories of different names
        -
        its subtrees are neither digits nor a pair
        -
        it holds memories beside subtrees
        -
        it is split although it holds only 0 memories
        -
        odd entry "readme"
        -
        it holds 65 memories, more than 64
        -
        "#);
    }

    #[test]
    fn each_tree_is_looked_at_once() {
        let mut objects = Objects::default();
        let local = objects.snapshot(0..200);
        let (pair, trees) = (objects.pair(local, local), objects.0.len());
        let (mut shapes, loads) = (Shapes::default(), std::cell::Cell::new(0));
        let mut load = |id| {
            loads.set(loads.get() + 1);
            Ok::<_, Infallible>(objects.0.get(&id).cloned())
        };
        assert_eq!(shapes.check(pair, &mut load), Ok(Some(true)));
        assert_eq!(shapes.check(local, &mut load), Ok(Some(false)));
        assert_eq!(loads.get(), trees + 1, "what kind the second root is, is read off it");
        assert_eq!(shapes.check(TreeId::of(b"lost"), &mut load), Ok(None));
        assert_eq!(shapes.problems, []);
    }

    #[test]
    fn a_tree_names_its_subtrees_and_its_memories() {
        let mut objects = Objects::default();
        let (few, many) = (objects.snapshot(0..2), objects.snapshot(0..200));
        let named = |id: TreeId| links(&objects.0[&id]).unwrap();
        assert_eq!(named(few), Links { trees: Vec::new(), memories: vec![BlobId::of(b"one"); 2] });
        assert_eq!((named(many).trees.len(), named(many).memories.len()), (16, 0));
        assert!(named(many).trees.iter().all(|tree| objects.0.contains_key(tree)));
        assert!(links(b"no tree").is_err());
    }
}
