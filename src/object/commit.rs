//! Snapshots and syncs as git commits.

use gix_object::WriteTo;

use super::{CommitId, ObjectId, TreeId};

/// The largest distance from UTC that git can write, in seconds: 99 hours and 59 minutes.
const LARGEST_OFFSET: i32 = (99 * 60 + 59) * 60;

/// Who made a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The device's name; characters that git cannot hold there are dropped when it is written.
    pub name: String,
    /// Seconds since 1970 in UTC; git knows none before, so an earlier moment is written as 0.
    pub seconds: i64,
    /// The device's distance from UTC in seconds, east positive; more than git can write is cut.
    pub offset: i32,
}

/// A tree with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// What was held.
    pub tree: TreeId,
    /// What it was made from, the commit that it follows first.
    pub parents: Vec<CommitId>,
    /// Which device made it, and when.
    pub author: Signature,
    /// What happened, its first line a summary.
    pub message: String,
}

/// Bytes that are no commit of memsync's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a commit: {0}")]
pub struct InvalidCommit(String);

impl Commit {
    /// The bytes git writes for this commit.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let name: String =
            self.author.name.chars().filter(|c| !matches!(c, '<' | '>' | '\0' | '\n' | '\r')).collect();
        let name = name.trim_matches(|c: char| c.is_ascii_punctuation() || c.is_whitespace());
        let signature = gix_actor::Signature {
            name: if name.is_empty() { "unknown" } else { name }.into(),
            email: "".into(),
            time: gix_object::date::Time {
                seconds: self.author.seconds.max(0),
                offset: self.author.offset.clamp(-LARGEST_OFFSET, LARGEST_OFFSET),
            },
        };
        let commit = gix_object::Commit {
            tree: gix_hash::ObjectId::from_bytes_or_panic(self.tree.as_bytes()),
            parents: self
                .parents
                .iter()
                .map(|id| gix_hash::ObjectId::from_bytes_or_panic(id.as_bytes()))
                .collect(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: self.message.replace('\0', "").into(),
            extra_headers: Vec::new(),
        };
        let mut bytes = Vec::new();
        commit.write_to(&mut bytes).expect("name and time are what git can write, and memory takes any size");
        bytes
    }

    /// The commit's id.
    #[must_use]
    pub fn id(&self) -> CommitId {
        CommitId::of(&self.to_bytes())
    }

    /// Reads what [`Commit::to_bytes`] wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidCommit> {
        let invalid = |error: &dyn std::fmt::Display| InvalidCommit(error.to_string());
        let commit = gix_object::CommitRef::from_bytes(bytes, gix_hash::Kind::Sha256)
            .map_err(|error| invalid(&error))?;
        let author = commit.author().map_err(|error| invalid(&error))?;
        let time = author.time().map_err(|error| invalid(&error))?;
        Ok(Self {
            tree: TreeId::from_bytes(commit.tree().as_bytes()).map_err(|error| invalid(&error))?,
            parents: commit
                .parents()
                .map(|id| CommitId::from_bytes(id.as_bytes()))
                .collect::<Result<_, _>>()
                .map_err(|error| invalid(&error))?,
            author: Signature { name: author.name.to_string(), seconds: time.seconds, offset: time.offset },
            message: commit.message.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_read_back() {
        let first = Commit {
            tree: TreeId::of(b""),
            parents: Vec::new(),
            author: Signature { name: "laptop <x>\n".to_owned(), seconds: 1_700_000_000, offset: -3600 },
            message: "sync with origin\n\n1 memory pulled\n".to_owned(),
        };
        let second = Commit { parents: vec![first.id(), first.id()], ..first.clone() };
        let read = Commit::parse(&second.to_bytes()).unwrap();
        assert_eq!(read.author.name, "laptop x");
        assert_eq!(Commit { author: second.author.clone(), ..read }, second);
        assert!(Commit::parse(b"tree").is_err());
    }

    #[test]
    fn what_git_cannot_hold_is_left_out() {
        let author = |name: &str, seconds| Signature { name: name.to_owned(), seconds, offset: 0 };
        let written = |author: Signature, message: &str| {
            let (tree, message) = (TreeId::of(b""), message.to_owned());
            Commit::parse(&Commit { tree, parents: Vec::new(), author, message }.to_bytes()).unwrap()
        };
        for (given, kept) in
            [(" my laptop. ", "my laptop"), ("a.b", "a.b"), ("<>\0 \r", "unknown"), ("", "unknown")]
        {
            assert_eq!(written(author(given, 7), "").author, author(kept, 7), "{given:?}");
        }
        assert_eq!(written(author("laptop", -1), "").author.seconds, 0);
        assert_eq!(written(author("laptop", 0), "a\0b").message, "ab");
    }

    #[test]
    fn a_commit_of_any_offset_can_be_written_again() {
        let tree = TreeId::of(b"");
        let text = format!("tree {tree}\nauthor a <> 1 +9999\ncommitter a <> 1 +9999\n\nsync\n");
        let written = Commit::parse(text.as_bytes()).unwrap().to_bytes();
        assert_eq!(Commit::parse(&written).unwrap().author.offset, LARGEST_OFFSET);
    }
}
