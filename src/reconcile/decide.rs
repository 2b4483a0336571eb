//! Deciding a conflict: field by field, or for what both sides held before.
//!
//! Guarantees: a decision about one field never touches another; what did not collide is merged as ever. A name that
//! means no colliding field decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::field::take_field;
use super::merge::{Field, Merged, differing, merge, merge_by};
use super::state::Versions;
use crate::object::{BlobId, Memory, Resolution, SideName};
use crate::planted::{self, Mistake};

/// The side whose value is taken, by the name of a field.
pub type Choices = BTreeMap<String, SideName>;

/// A resolution and what it was made for: it ends only the conflict that the user saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The versions in conflict.
    pub versions: Versions,
    /// What this device holds since an answer was carried out here; its version in conflict where none was.
    pub held: Option<BlobId>,
    /// The answer.
    pub resolution: Resolution,
}

impl Resolved {
    /// Whether the answer was given for a memory that is now in these versions. What this device made of an earlier
    /// answer, or of this one in a run that did not end, is no change to the conflict.
    #[must_use]
    pub fn holds_for(&self, now: Versions) -> bool {
        if planted::makes(Mistake::AnswerForEver) {
            return true;
        }
        let is_carried_out = self.resolution == Resolution::Merged(now.local);
        (now.base, now.remote) == (self.versions.base, self.versions.remote)
            && (now.local == self.versions.local || now.local == self.held || is_carried_out)
    }
}

/// A memory in conflict, in its three versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmerged {
    /// What both sides held when they last agreed, local form first; `None` where they never did.
    pub base: Option<(Memory, Memory)>,
    /// What this device holds; `None` where it deleted the memory.
    pub ours: Option<Memory>,
    /// What the server holds; `None` where it deleted the memory.
    pub theirs: Option<Memory>,
}

/// What choices come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every colliding field is decided: the memory in this device's form, `None` where it is gone on both sides.
    Ended(Option<Memory>),
    /// These fields still collide.
    Open(BTreeSet<Field>),
}

/// Why a decision cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndecidableError {
    /// The name means none of the fields that collide.
    #[error("'{name}' is no field that both sides changed; these are: {}", colliding.join(", "))]
    Field {
        /// The name.
        name: String,
        /// The fields that collide.
        colliding: Vec<String>,
    },
    /// Both sides made the memory, each by itself.
    #[error("there is no base: both sides added this memory, each by itself")]
    NoBase,
}

impl Unmerged {
    /// The fields that a decision is about: those that collide or, where none does and merging is not wanted
    /// (`merge.auto=false`), all that differ.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<Field> {
        let (Some(ours), Some(theirs)) = (&self.ours, &self.theirs) else {
            return BTreeSet::from([Field::Existence]);
        };
        let collisions = merge(self.base_forms(), ours, theirs, None).collisions;
        if collisions.is_empty() { differing(ours, theirs) } else { collisions }
    }

    /// What both sides held when they last agreed, in this device's form.
    pub fn base(&self) -> Result<&Memory, UndecidableError> {
        self.base.as_ref().map(|(local, _)| local).ok_or(UndecidableError::NoBase)
    }

    /// The same choices, with each colliding field by its own name.
    pub fn spell_out(&self, choices: &Choices) -> Result<Choices, UndecidableError> {
        let fields = self.fields();
        check(&fields, choices)?;
        let side = |field: &Field| Some((field.to_string(), chosen(field, choices)?));
        Ok(fields.iter().filter_map(side).collect())
    }

    /// Takes one side's value for each chosen field, and merges the others. A name stands for the field and, in
    /// metadata, for everything below it; `metadata` for all members.
    pub fn decide(&self, choices: &Choices) -> Result<Decision, UndecidableError> {
        let fields = self.fields();
        check(&fields, choices)?;
        let open: BTreeSet<Field> =
            fields.iter().filter(|field| chosen(field, choices).is_none()).cloned().collect();
        if !open.is_empty() {
            return Ok(Decision::Open(open));
        }
        let (Some(ours), Some(theirs)) = (&self.ours, &self.theirs) else {
            let kept = match chosen(&Field::Existence, choices) {
                Some(SideName::Remote) => &self.theirs,
                _ => &self.ours,
            };
            return Ok(Decision::Ended(kept.clone()));
        };
        let merged = merge_chosen(self.base_forms(), ours, theirs, choices, None);
        Ok(Decision::Ended(Some(merged.local)))
    }

    fn base_forms(&self) -> Option<(&Memory, &Memory)> {
        self.base.as_ref().map(|(local, remote)| (local, remote))
    }
}

/// Refuses a name that means none of `fields`.
fn check(fields: &BTreeSet<Field>, choices: &Choices) -> Result<(), UndecidableError> {
    let means_none = |name: &&String| fields.iter().all(|field| precision(name, field).is_none());
    match choices.keys().find(means_none) {
        None => Ok(()),
        Some(name) => Err(UndecidableError::Field {
            name: name.clone(),
            colliding: fields.iter().map(ToString::to_string).collect(),
        }),
    }
}

/// How exactly a name means a field: a metadata member goes by its own name and by those of the objects around it.
fn precision(name: &str, field: &Field) -> Option<usize> {
    match field {
        Field::Metadata(path) => {
            (0..=path.len()).rev().find(|depth| Field::Metadata(path[..*depth].to_vec()).to_string() == name)
        }
        field => (field.to_string() == name).then_some(0),
    }
}

/// The side that was chosen for a field; the name that means it most exactly decides.
fn chosen(field: &Field, choices: &Choices) -> Option<SideName> {
    let names = choices.iter().filter_map(|(name, side)| Some((precision(name, field)?, *side)));
    names.max_by_key(|(precision, _)| *precision).map(|(_, side)| side)
}

/// Merges with one side's value in each chosen field, be it that it would have merged, and that of `preference` in
/// all others that collide.
pub(super) fn merge_chosen(
    base: Option<(&Memory, &Memory)>,
    ours: &Memory,
    theirs: &Memory,
    choices: &Choices,
    preference: Option<SideName>,
) -> Merged {
    let mut merged = merge_by(base, ours, theirs, &|field| chosen(field, choices).or(preference));
    if choices.is_empty() || !merged.collisions.is_empty() {
        return merged;
    }
    // Nothing collides: the fields were asked about because merging is not wanted.
    for field in differing(ours, theirs) {
        let from = match chosen(&field, choices) {
            None => continue,
            Some(SideName::Local) => ours,
            Some(SideName::Remote) => theirs,
        };
        take_field(&mut merged.local, &field, from);
        take_field(&mut merged.remote, &field, from);
    }
    merged
}

/// `base` with the values of `side` where `decided` has the same.
pub(super) fn agreeing(base: &Memory, side: &Memory, decided: &Memory) -> Memory {
    let mut agreeing = base.clone();
    for field in differing(base, side).difference(&differing(side, decided)) {
        take_field(&mut agreeing, field, side);
    }
    agreeing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::reconcile::Pair;

    #[test]
    fn an_answer_holds_for_what_was_seen_and_for_what_became_of_it_here() {
        let [base, ours, theirs, held, merged, other] =
            ["base", "ours", "theirs", "held", "merged", "other"].map(|text| BlobId::of(text.as_bytes()));
        let versions = Versions {
            base: Some(Pair { local: base, remote: base }),
            local: Some(ours),
            remote: Some(theirs),
        };
        let answer = |resolution| Resolved { versions, held: Some(held), resolution };
        let with = |local| Versions { local, ..versions };
        for resolution in
            [Resolution::Side(SideName::Local), Resolution::Merged(Some(merged)), Resolution::Merged(None)]
        {
            let answer = answer(resolution);
            assert!(answer.holds_for(versions), "what was seen");
            assert!(answer.holds_for(with(Some(held))), "an earlier answer was carried out");
            for local in [Some(merged), None] {
                let is_carried_out = resolution == Resolution::Merged(local);
                assert_eq!(answer.holds_for(with(local)), is_carried_out, "{resolution:?} {local:?}");
            }
            assert!(!answer.holds_for(with(Some(other))), "this device changed it again");
            assert!(!answer.holds_for(Versions { remote: Some(other), ..versions }), "the server did");
            assert!(!answer.holds_for(Versions { base: None, ..versions }), "another conflict");
        }
    }

    #[test]
    fn a_base_is_shown_in_this_devices_form() {
        let form = |content: &str| Memory { content: content.to_owned(), ..Memory::default() };
        let both = Unmerged { base: Some((form("Tea"), form("tea"))), ..Unmerged::default() };
        assert_eq!(both.base(), Ok(&form("Tea")));
        assert_eq!(Unmerged::default().base(), Err(UndecidableError::NoBase));
    }

    #[test]
    fn choices_are_spelled_out_for_the_fields_that_they_mean() {
        let made = |content: &str, number: u8| Memory {
            content: content.to_owned(),
            metadata: crate::object::Metadata::Members(BTreeMap::from([
                ("a".to_owned(), number.into()),
                ("b".to_owned(), number.into()),
            ])),
            ..Memory::default()
        };
        let unmerged = Unmerged { base: None, ours: Some(made("Tea", 1)), theirs: Some(made("tea", 2)) };
        let choices = |given: &[(&str, SideName)]| -> Choices {
            given.iter().map(|(name, side)| ((*name).to_owned(), *side)).collect()
        };
        let (ours, theirs) = (SideName::Local, SideName::Remote);
        assert_eq!(
            unmerged.spell_out(&choices(&[("metadata", theirs), ("meta.b", ours)])),
            Ok(choices(&[("meta.a", theirs), ("meta.b", ours)]))
        );
        assert_eq!(unmerged.spell_out(&Choices::new()), Ok(Choices::new()));
        assert!(unmerged.spell_out(&choices(&[("tags", ours)])).is_err());
    }
}
