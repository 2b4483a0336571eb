//! A name for a conflict, for programs that answer it later.

use std::fmt;
use std::str::FromStr;

use super::state::Versions;
use crate::object::{BlobId, ContentHash, ObjectId};

/// Names a conflict by the memory and its versions: 12 lower-case hexadecimal digits. Whatever changes about the
/// conflict gives it another name, so an answer to what somebody saw never decides what they did not see.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConflictId(String);

/// A text that names no conflict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a conflict (12 hexadecimal digits, lower case)")]
pub struct InvalidConflictId;

impl ConflictId {
    const DIGITS: usize = 12;

    /// The name of the conflict about `key` in these versions.
    #[must_use]
    pub fn of(key: &ContentHash, versions: Versions) -> Self {
        let Versions { base, local, remote } = versions;
        let held = [base.map(|pair| pair.local), base.map(|pair| pair.remote), local, remote];
        let name = |blob: Option<BlobId>| blob.map_or_else(|| "-".to_owned(), |blob| blob.to_string());
        let text = format!("conflict {key:?} {}", held.map(name).join(" "));
        Self(BlobId::of(text.as_bytes()).to_string()[..Self::DIGITS].to_owned())
    }
}

impl fmt::Display for ConflictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ConflictId {
    type Err = InvalidConflictId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = text.len() == Self::DIGITS && text.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned())).ok_or(InvalidConflictId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::Pair;

    #[test]
    fn every_part_of_a_conflict_is_part_of_its_name() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|text| BlobId::of(text.as_bytes()));
        let whole = Versions { base: Some(Pair { local: a, remote: b }), local: Some(c), remote: Some(d) };
        let key = |text: &str| ContentHash::new(text).unwrap();
        let others = [
            Versions { base: None, ..whole },
            Versions { base: Some(Pair { local: b, remote: a }), ..whole },
            Versions { local: None, ..whole },
            Versions { remote: None, ..whole },
            Versions { local: Some(d), remote: Some(c), ..whole },
        ];
        let mut names: Vec<_> = others.map(|versions| ConflictId::of(&key("k"), versions)).into();
        names.extend([ConflictId::of(&key("k"), whole), ConflictId::of(&key("k2"), whole)]);
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_name_is_read_back_and_nothing_else_is_one() {
        let id = ConflictId::of(&ContentHash::new("k").unwrap(), Versions::default());
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "12345678901", "1234567890123", "12345678901G", "ABCDEF123456", "é23456789012"] {
            assert_eq!(text.parse::<ConflictId>(), Err(InvalidConflictId), "{text}");
        }
    }
}
