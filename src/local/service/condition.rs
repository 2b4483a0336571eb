//! Writes that happen only where the memory is still the version that the writer has seen.
//!
//! Guarantees: a condition is evaluated inside the transaction that writes, so between two writers with a
//! condition on one version exactly one succeeds. The semantics are those of RFC 9110, 13.1.1 and 13.1.2.

use crate::object::BlobId;

/// What a memory has to be so that a write goes on; the default is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The memory has to be one of these: HTTP's `If-Match`.
    pub is: Option<Versions>,
    /// The memory must not be one of these: HTTP's `If-None-Match`.
    pub is_not: Option<Versions>,
}

/// Versions of a memory, see [`super::Version::etag`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versions {
    /// Whatever there is.
    Any,
    /// One of these.
    OneOf(Vec<BlobId>),
}

/// What came of a write to a memory that has to be there.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<T> {
    /// It was carried out.
    Done(T),
    /// There is no such memory.
    Missing,
    /// Nothing was written, because the memory does not meet the [`Condition`].
    PreconditionFailed {
        /// The version that is there.
        current: BlobId,
    },
}

impl Condition {
    /// Whether a write to a memory that is at `current` (`None`: that is absent) may go on.
    #[must_use]
    pub fn allows(&self, current: Option<BlobId>) -> bool {
        self.is.as_ref().is_none_or(|wanted| wanted.contain(current))
            && self.is_not.as_ref().is_none_or(|unwanted| !unwanted.contain(current))
    }
}

impl Versions {
    fn contain(&self, current: Option<BlobId>) -> bool {
        match self {
            Self::Any => current.is_some(),
            Self::OneOf(versions) => current.is_some_and(|current| versions.contains(&current)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId as _;

    #[test]
    fn conditions_are_those_of_http() {
        let [here, other] = [BlobId::of(b"here"), BlobId::of(b"other")];
        let versions = [
            ("-", None),
            ("*", Some(Versions::Any)),
            ("none", Some(Versions::OneOf(vec![]))),
            ("here", Some(Versions::OneOf(vec![other, here]))),
            ("other", Some(Versions::OneOf(vec![other]))),
        ];
        let mut table = String::from("If-Match / If-None-Match: present, absent\n");
        for (is_name, is) in &versions {
            for (is_not_name, is_not) in &versions {
                let condition = Condition { is: is.clone(), is_not: is_not.clone() };
                let [present, absent] = [Some(here), None].map(|current| condition.allows(current));
                table.extend([format!("{is_name} / {is_not_name}: {present}, {absent}\n")]);
            }
        }
        insta::assert_snapshot!(table, @"
        If-Match / If-None-Match: present, absent
        - / -: true, true
        - / *: false, true
        - / none: true, true
        - / here: false, true
        - / other: true, true
        * / -: true, false
        * / *: false, false
        * / none: true, false
        * / here: false, false
        * / other: true, false
        none / -: false, false
        none / *: false, false
        none / none: false, false
        none / here: false, false
        none / other: false, false
        here / -: true, false
        here / *: false, false
        here / none: true, false
        here / here: false, false
        here / other: true, false
        other / -: false, false
        other / *: false, false
        other / none: false, false
        other / here: false, false
        other / other: false, false
        ");
    }
}
