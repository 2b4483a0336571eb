//! A type for each kind of object id, so that a tree's id can never be taken for a memory's.

use std::fmt;
use std::str::FromStr;

/// The kinds of git objects that memsync writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A memory's canonical text.
    Blob,
    /// The memories of one side at one moment, or a fan-out part of them.
    Tree,
    /// A snapshot or a sync.
    Commit,
}

impl Kind {
    /// The name git uses: `blob`, `tree` or `commit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Blob => "blob",
            Kind::Tree => "tree",
            Kind::Commit => "commit",
        }
    }

    fn hash(self, data: &[u8]) -> gix_hash::ObjectId {
        let kind = match self {
            Kind::Blob => gix_object::Kind::Blob,
            Kind::Tree => gix_object::Kind::Tree,
            Kind::Commit => gix_object::Kind::Commit,
        };
        gix_object::compute_hash(gix_hash::Kind::Sha256, kind, data)
            .expect("only SHA-1 can fail, when it detects a collision attack")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text or byte string that is no SHA-256 object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an object id (64 hexadecimal digits): {0}")]
pub struct InvalidId(pub String);

/// What all object ids share: 32 bytes, shown as 64 hexadecimal digits.
pub trait ObjectId: Copy + Ord + fmt::Display {
    /// The kind of object that this type of id names.
    const KIND: Kind;

    /// The id of an object with these bytes (without git's header).
    fn of(data: &[u8]) -> Self;

    /// The id's 32 bytes.
    fn as_bytes(&self) -> &[u8];

    /// Takes back what [`ObjectId::as_bytes`] gave.
    fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId>;
}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident, $kind:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl ObjectId for $name {
            const KIND: Kind = $kind;

            fn of(data: &[u8]) -> Self {
                Self::from_bytes($kind.hash(data).as_slice()).expect("a SHA-256 id has 32 bytes")
            }

            fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId> {
                <[u8; 32]>::try_from(bytes)
                    .map(Self)
                    .map_err(|_| InvalidId(format!("{} bytes", bytes.len())))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let id = gix_hash::ObjectId::from_hex(text.as_bytes())
                    .map_err(|_| InvalidId(text.chars().take(80).collect()))?;
                Self::from_bytes(id.as_slice())
            }
        }
    };
}

object_id!(
    /// Names a memory's canonical text.
    BlobId,
    Kind::Blob
);
object_id!(
    /// Names a set of memories, or one fan-out part of it.
    TreeId,
    Kind::Tree
);
object_id!(
    /// Names a snapshot or a sync.
    CommitId,
    Kind::Commit
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_blob_has_gits_id() {
        // `git hash-object --stdin </dev/null` in a SHA-256 repository.
        let id = BlobId::of(b"");
        assert_eq!(id.to_string(), "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_short_or_odd_text_is_no_id() {
        assert!("473a".parse::<BlobId>().is_err());
        assert!("z".repeat(64).parse::<BlobId>().is_err());
        assert!("a".repeat(40).parse::<BlobId>().is_err(), "a SHA-1 id is not ours");
    }

    #[test]
    fn a_kind_goes_by_gits_name_and_is_part_of_the_id() {
        assert_eq!([Kind::Blob, Kind::Tree, Kind::Commit].map(Kind::as_str), ["blob", "tree", "commit"]);
        assert_eq!(Kind::Commit.to_string(), "commit");
        let (blob, tree, commit) = (BlobId::of(b"x"), TreeId::of(b"x"), CommitId::of(b"x"));
        assert_ne!(blob.as_bytes(), tree.as_bytes());
        assert_ne!(tree.as_bytes(), commit.as_bytes());
        assert_eq!(BlobId::from_bytes(blob.as_bytes()), Ok(blob));
        assert!(BlobId::from_bytes(&blob.as_bytes()[1..]).is_err());
        assert_eq!(format!("{blob:?}"), format!("BlobId({blob})"));
    }
}
