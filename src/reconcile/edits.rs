//! Edits that a service stores as another memory.
//!
//! A memory is named by its text, so a changed text is another memory. There are two ways (measured with 12.2.0): a
//! versioned update leaves the old memory in place and names the new one in its `superseded_by`, as a column and as
//! a metadata member; whoever else changes a text deletes the old memory and creates the new one. The service's own
//! word counts first, likeness of the texts second, as git finds renames. `parent_id`, the same link seen from the
//! new memory, is a column that no endpoint shows.
//!
//! Guarantees: a memory is part of one edit of a side at most; equal changes give equal edits, in whatever order
//! they come; what is not worth the time is not compared, and said so.
//!
//! Must never: change what a sync does. An edit is a way to look at a deletion and a creation.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::words::{Counted, Vocabulary};
use crate::object::{ContentHash, Memory};

/// What one side did to one memory.
#[derive(Clone, Copy, Debug)]
pub struct SideChange<'a> {
    /// The memory.
    pub key: &'a ContentHash,
    /// What the side held before; `None` for a new memory.
    pub old: Option<&'a Memory>,
    /// What it holds now; `None` for a deleted one.
    pub new: Option<&'a Memory>,
}

/// A memory that took another one's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edited {
    /// The memory that was edited.
    pub old: ContentHash,
    /// What it became.
    pub new: ContentHash,
    /// How much of the longer text is in both, in percent.
    pub similarity: u8,
}

/// When two memories count as one that was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditRule {
    /// How alike the texts must be, in percent.
    pub similarity: u8,
    /// How many words are compared at most; where there are more, only the service's own links count.
    pub most_words: usize,
}

impl Default for EditRule {
    /// Git's 50 %, and at most about a second.
    fn default() -> Self {
        Self { similarity: 50, most_words: 200_000_000 }
    }
}

/// The edits among the changes of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// The edits, sorted by the old memory.
    pub found: Vec<Edited>,
    /// There was too much to compare: edits that the service did not note may be missing.
    pub is_cut_short: bool,
}

/// One memory that became two: rewritten on this device and, differently, on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivergentEdit {
    /// The memory that both edited.
    pub old: ContentHash,
    /// What it became on this device.
    pub ours: ContentHash,
    /// What it became on the server.
    pub theirs: ContentHash,
}

/// Finds the edits among everything that one side changed.
#[must_use]
pub fn find_edits(changes: &[SideChange<'_>], rule: EditRule) -> Edits {
    let added = changes.iter().filter(|change| change.old.is_none());
    let added: BTreeMap<&str, (&ContentHash, &Memory)> =
        added.filter_map(|change| Some((change.key.as_str(), (change.key, change.new?)))).collect();
    let mut vocabulary = Vocabulary::default();
    let mut texts = Texts::new(&mut vocabulary, added.values().copied());
    let mut taken = Taken::default();
    let links = changes.iter().filter_map(|change| {
        let (old, (new, _)) = (change.old?, added.get(successor(change)?)?);
        Some((texts.compare(&mut vocabulary, old, new), change.key, *new))
    });
    taken.take(links.collect());
    let gone: BTreeMap<&ContentHash, &Memory> = changes
        .iter()
        .filter(|change| change.new.is_none() && !taken.is_old(change.key))
        .filter_map(|change| Some((change.key, change.old?)))
        .collect();
    texts.counted.retain(|key, _| !taken.is_new(key));
    let gone = Texts::new(&mut vocabulary, gone);
    let is_cut_short = gone.cost(&texts) > rule.most_words;
    if !is_cut_short {
        taken.take(gone.alike(&texts, rule.similarity));
    }
    taken.found.sort_unstable();
    Edits { found: taken.found, is_cut_short }
}

/// The memories that both sides edited, and not alike.
#[must_use]
pub fn divergent_edits(ours: &[Edited], theirs: &[Edited]) -> Vec<DivergentEdit> {
    let theirs: BTreeMap<&ContentHash, &ContentHash> =
        theirs.iter().map(|edit| (&edit.old, &edit.new)).collect();
    let divergent = |edit: &Edited| {
        let theirs = theirs.get(&edit.old).filter(|theirs| ***theirs != edit.new)?;
        Some(DivergentEdit { old: edit.old.clone(), ours: edit.new.clone(), theirs: (*theirs).clone() })
    };
    ours.iter().filter_map(divergent).collect()
}

/// The memory that the service says has taken this one's place, where that is news.
fn successor<'a>(change: &SideChange<'a>) -> Option<&'a str> {
    let named = named_successor(change.new.or(change.old)?)?;
    let is_news = change.new.is_none() || change.old.and_then(named_successor) != Some(named);
    is_news.then_some(named)
}

fn named_successor(memory: &Memory) -> Option<&str> {
    let member = || memory.metadata.members()?.get("superseded_by").and_then(Value::as_str);
    memory.superseded_by.as_deref().or_else(member)
}

/// Memories by the words of their texts.
struct Texts<'a> {
    counted: BTreeMap<&'a ContentHash, Counted>,
}

impl<'a> Texts<'a> {
    fn new(
        vocabulary: &mut Vocabulary<'a>,
        memories: impl IntoIterator<Item = (&'a ContentHash, &'a Memory)>,
    ) -> Self {
        let count = |(key, memory): (_, &'a Memory)| (key, vocabulary.count(&memory.content));
        Self { counted: memories.into_iter().map(count).collect() }
    }

    fn compare(&self, vocabulary: &mut Vocabulary<'a>, old: &'a Memory, new: &ContentHash) -> u8 {
        self.counted.get(new).map_or(0, |new| vocabulary.count(&old.content).similarity(new, 0))
    }

    /// How many words are looked at to compare each of these with each of the others.
    fn cost(&self, others: &Self) -> usize {
        let words = |texts: &Self| -> usize { texts.counted.values().map(Counted::different_words).sum() };
        let (ours, theirs) = (self.counted.len(), others.counted.len());
        words(self).saturating_mul(theirs).saturating_add(words(others).saturating_mul(ours))
    }

    /// Every pair that is alike enough.
    fn alike(&self, others: &Self, least: u8) -> Vec<Pair<'a>> {
        let pairs = self.counted.iter().flat_map(|(old, text)| {
            others.counted.iter().map(move |(new, other)| (text.similarity(other, least.max(1)), *old, *new))
        });
        pairs.filter(|(similarity, ..)| *similarity > 0).collect()
    }
}

/// How alike two memories are, the old one and the new one.
type Pair<'a> = (u8, &'a ContentHash, &'a ContentHash);

/// The edits so far.
#[derive(Default)]
struct Taken {
    found: Vec<Edited>,
    old: BTreeSet<ContentHash>,
    new: BTreeSet<ContentHash>,
}

impl Taken {
    /// Takes the pairs that are most alike first; what is taken is taken.
    fn take(&mut self, mut pairs: Vec<Pair<'_>>) {
        pairs.sort_unstable_by_key(|(similarity, old, new)| (Reverse(*similarity), *old, *new));
        for (similarity, old, new) in pairs {
            if !self.is_old(old) && !self.is_new(new) {
                self.old.insert(old.clone());
                self.new.insert(new.clone());
                self.found.push(Edited { old: old.clone(), new: new.clone(), similarity });
            }
        }
    }

    fn is_old(&self, key: &ContentHash) -> bool {
        self.old.contains(key)
    }

    fn is_new(&self, key: &ContentHash) -> bool {
        self.new.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Bookkeeping, Metadata};

    /// A change in words: `name: text`, before and after, each with the memory that took its place where there is
    /// a `>`.
    type Told = (&'static str, &'static str, &'static str);

    fn memory(told: &str) -> Option<Memory> {
        let (content, successor) = told.split_once('>').map_or((told, None), |(text, key)| (text, Some(key)));
        (!told.is_empty()).then(|| Memory {
            content: content.to_owned(),
            superseded_by: successor.map(str::to_owned),
            ..Memory::default()
        })
    }

    fn found(told: &[Told], rule: EditRule) -> String {
        let changes: Vec<_> = told
            .iter()
            .map(|(key, old, new)| (ContentHash::new(*key).unwrap(), memory(old), memory(new)))
            .collect();
        let changes: Vec<_> = changes
            .iter()
            .map(|(key, old, new)| SideChange { key, old: old.as_ref(), new: new.as_ref() })
            .collect();
        let edits = find_edits(&changes, rule);
        let mut reversed = changes.clone();
        reversed.reverse();
        assert_eq!(find_edits(&reversed, rule), edits, "the order of the changes matters");
        let lines =
            edits.found.iter().map(|edit| format!("{} -> {} ({} %)\n", edit.old, edit.new, edit.similarity));
        lines.collect::<String>() + if edits.is_cut_short { "cut short\n" } else { "" }
    }

    const TEA: Told = ("tea", "Tea is at four in the garden", "");

    #[test]
    fn a_deleted_and_a_new_memory_with_like_texts_are_an_edit() {
        let usual = EditRule::default();
        let five = ("five", "", "Tea is at five in the garden");
        let supper = ("supper", "", "Supper is at eight");
        insta::assert_snapshot!(found(&[TEA, five, supper], usual), @"tea -> five (81 %)");
        assert_eq!(found(&[TEA, five], EditRule { similarity: 90, ..usual }), "");
        assert_eq!(found(&[TEA, supper], usual), "");
        // What is still there was not edited into something else.
        assert_eq!(found(&[("tea", TEA.1, "Tea is at four in the Garden"), five], usual), "");
    }

    #[test]
    fn each_memory_is_used_once_and_the_most_alike_come_first() {
        let changes = [
            TEA,
            ("tee", "Tea is at four in the kitchen", ""),
            ("one", "", "Tea is at four in the kitchen, or so"),
            ("two", "", "Tea is at four in the garden, perhaps"),
            ("two again", "", "Tea is at four in the garden, perhaps"),
        ];
        insta::assert_snapshot!(found(&changes, EditRule::default()), @"
        tea -> two (73 %)
        tee -> one (82 %)
        ");
    }

    #[test]
    fn the_word_of_the_service_comes_before_likeness() {
        let changes = [
            ("tea", "Tea is at four in the garden", "Tea is at four in the garden>five"),
            ("like", "Something quite else", ""),
            ("five", "", "Something quite else"),
            ("late", "Supper", ""),
            ("later", "", "Supper is late today"),
        ];
        insta::assert_snapshot!(found(&changes, EditRule::default()), @"tea -> five (0 %)");
        // A link that was there before, or that leads to what was there before, is no news.
        assert_eq!(
            found(&[("tea", "Tea>five", "Tea, hot>five"), ("five", "", "Milk")], EditRule::default()),
            ""
        );
        assert_eq!(found(&[("tea", "Tea", "Tea>five"), ("five", "Milk", "Milk")], EditRule::default()), "");
        // A version that was deleted after it was superseded.
        insta::assert_snapshot!(found(&[("tea", "Tea>five", ""), ("five", "", "Milk")], EditRule::default()), @"tea -> five (0 %)");
    }

    #[test]
    fn a_link_is_read_from_the_metadata_where_a_server_has_no_column_for_it() {
        let key = |name| ContentHash::new(name).unwrap();
        let (tea, milk) = (memory("Tea").unwrap(), memory("Milk").unwrap());
        let metadata = Metadata::from_text(r#"{"superseded_by": "milk"}"#, &Bookkeeping::default());
        let superseded = Memory { metadata, ..tea.clone() };
        let changes = [
            SideChange { key: &key("tea"), old: Some(&tea), new: Some(&superseded) },
            SideChange { key: &key("milk"), old: None, new: Some(&milk) },
        ];
        let edit = Edited { old: key("tea"), new: key("milk"), similarity: 0 };
        assert_eq!(find_edits(&changes, EditRule::default()).found, [edit]);
    }

    #[test]
    fn too_much_to_compare_is_not_compared() {
        // Five words of one text and five of the other.
        let rule = EditRule { most_words: 10, ..EditRule::default() };
        let linked = [("tea", TEA.1, "Tea>five"), ("five", "", "Tea is at five")];
        let alike = [("milk", "Milk is in the fridge", ""), ("cream", "", "Cream is in the fridge")];
        insta::assert_snapshot!(found(&[linked, alike].concat(), rule), @"
        milk -> cream (72 %)
        tea -> five (31 %)
        ");
        let rule = EditRule { most_words: 9, ..rule };
        insta::assert_snapshot!(found(&[linked, alike].concat(), rule), @"
        tea -> five (31 %)
        cut short
        ");
    }

    #[test]
    fn ten_thousand_against_ten_thousand_end_at_once() {
        let keys: Vec<_> = (0..20_000).map(|n| ContentHash::new(format!("{n:05}")).unwrap()).collect();
        let memories: Vec<_> = (0..20_000)
            .map(|n| memory(&format!("Memory number {n} of very many that came and went")).unwrap())
            .collect();
        let changes: Vec<_> = keys
            .iter()
            .zip(&memories)
            .enumerate()
            .map(|(n, (key, memory))| match n % 2 {
                0 => SideChange { key, old: Some(memory), new: None },
                _ => SideChange { key, old: None, new: Some(memory) },
            })
            .collect();
        assert_eq!(
            find_edits(&changes, EditRule::default()),
            Edits { found: Vec::new(), is_cut_short: true }
        );
    }

    #[test]
    fn the_same_memory_rewritten_twice_is_a_divergent_edit() {
        let edit = |old: &str, new: &str| Edited {
            old: ContentHash::new(old).unwrap(),
            new: ContentHash::new(new).unwrap(),
            similarity: 80,
        };
        let ours = [edit("tea", "five"), edit("milk", "cream"), edit("a", "b")];
        let theirs = [edit("tea", "six"), edit("milk", "cream"), edit("c", "d")];
        let shown = divergent_edits(&ours, &theirs);
        let shown: Vec<_> =
            shown.iter().map(|one| format!("{} -> {} | {}", one.old, one.ours, one.theirs)).collect();
        assert_eq!(shown, ["tea -> five | six"]);
    }
}
