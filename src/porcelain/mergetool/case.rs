//! A conflict as a question, and answers as memories.

use crate::error::CommandError;
use crate::object::{ContentHash, Memory, SideName};
use crate::porcelain::shared::answer::{check_text, kind};
use crate::reconcile::{ConflictId, Field, Unmerged, field_text, merge, take_both, take_field};
use crate::store::Conflict;
use crate::sync::{Session, conflict_id};
use crate::ui::mergetool::{Answer, FieldQuestion, Question, Take};

/// What a conflict ends with.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    /// The version of one side, be it that the memory is gone.
    Side(SideName),
    /// This memory, in this device's form.
    Memory(Memory),
}

/// A conflict with its memories.
pub(super) struct Case {
    /// The memory's name.
    pub(super) key: ContentHash,
    /// The conflict's name, which changes with it.
    pub(super) id: ConflictId,
    /// What was chosen for each field before.
    pub(super) chosen: Vec<Option<Take>>,
    conflict: Conflict,
    memory: Unmerged,
    fields: Vec<Field>,
    /// Everything that does not collide, merged; of the rest, this device's.
    merged: Memory,
}

impl Case {
    /// Reads the memories of a conflict.
    pub(super) fn read(session: &Session<'_>, conflict: &Conflict) -> Result<Self, CommandError> {
        let memory = session.unmerged(conflict)?;
        let fields: Vec<Field> = memory.fields().into_iter().collect();
        let chosen = |field: &Field| {
            conflict.choices.get(&field.to_string()).map(|side| match side {
                SideName::Local => Take::Ours,
                SideName::Remote => Take::Theirs,
            })
        };
        Ok(Self {
            key: conflict.key.clone(),
            id: conflict_id(conflict),
            chosen: fields.iter().map(chosen).collect(),
            merged: merged(&memory),
            conflict: conflict.clone(),
            fields,
            memory,
        })
    }

    /// The conflict as a screen asks about it.
    pub(super) fn question(&self) -> Question {
        let any = self.memory.ours.as_ref().or(self.memory.theirs.as_ref());
        Question {
            id: self.key.short().to_owned(),
            title: any.map(|memory| memory.first_line().to_owned()).unwrap_or_default(),
            what: kind(&self.conflict).words().to_owned(),
            fields: self.fields.iter().map(|field| self.field_question(field)).collect(),
        }
    }

    fn field_question(&self, field: &Field) -> FieldQuestion {
        let text = |memory: Option<&Memory>| memory.and_then(|memory| field_text(memory, field));
        let mut both = self.merged.clone();
        let is_set = self.take_both(&mut both, field);
        let is_existence = *field == Field::Existence;
        FieldQuestion {
            name: if is_existence { "memory".to_owned() } else { field.to_string() },
            ours: text(self.memory.ours.as_ref()),
            theirs: text(self.memory.theirs.as_ref()),
            base: self.memory.base.as_ref().map(|(local, _)| text(Some(local))),
            both: is_set.then(|| field_text(&both, field)).flatten(),
            absent: if is_existence { "deleted" } else { "none" },
        }
    }

    /// Whether one side deleted the memory.
    fn is_about_existence(&self) -> bool {
        self.fields == [Field::Existence]
    }

    /// The command that deletes the memory, where one side has done so.
    pub(super) fn deletion(&self) -> Option<String> {
        let side = match (&self.memory.ours, &self.memory.theirs) {
            (None, _) => "--ours",
            (_, None) => "--theirs",
            _ => return None,
        };
        Some(format!("memsync checkout {side} {}", self.key.short()))
    }

    /// Refuses a memory that this one cannot become.
    pub(super) fn check(&self, memory: &Memory) -> Result<(), CommandError> {
        check_text(&self.conflict, &self.memory, memory)
    }

    /// The values of the colliding fields in an edited memory.
    pub(super) fn values(&self, memory: &Memory) -> Vec<Option<String>> {
        self.fields.iter().map(|field| field_text(memory, field)).collect()
    }

    /// What an answer on the screen comes to, where it is not an edited memory; `None` while a field is open.
    pub(super) fn ending(&self, answer: &Answer) -> Option<Ending> {
        if answer.takes.contains(&None) {
            return None;
        }
        match answer.takes.first() {
            Some(Some(Take::Ours)) if self.is_about_existence() => Some(Ending::Side(SideName::Local)),
            Some(Some(Take::Theirs)) if self.is_about_existence() => Some(Ending::Side(SideName::Remote)),
            _ => self.version(Take::Base, &answer.takes).map(Ending::Memory),
        }
    }

    /// The memory with what is chosen and, where nothing is, with the values of one version; `None` where it is gone.
    pub(super) fn version(&self, of: Take, takes: &[Option<Take>]) -> Option<Memory> {
        if self.is_about_existence() {
            return match takes.first().copied().flatten().unwrap_or(of) {
                Take::Ours => self.memory.ours.clone(),
                Take::Theirs => self.memory.theirs.clone(),
                Take::Base | Take::Both => self.base().cloned(),
            };
        }
        let mut memory = self.merged.clone();
        for (field, take) in self.fields.iter().zip(takes) {
            self.set(&mut memory, field, take.unwrap_or(of));
        }
        Some(memory)
    }

    fn set(&self, memory: &mut Memory, field: &Field, take: Take) {
        let from = match take {
            Take::Ours => self.memory.ours.as_ref(),
            Take::Theirs => self.memory.theirs.as_ref(),
            Take::Base => self.base(),
            Take::Both => {
                self.take_both(memory, field);
                return;
            }
        };
        take_field(memory, field, from.unwrap_or(&Memory::default()));
    }

    fn take_both(&self, memory: &mut Memory, field: &Field) -> bool {
        let (Some(ours), Some(theirs)) = (&self.memory.ours, &self.memory.theirs) else { return false };
        take_both(memory, field, ours, theirs)
    }

    fn base(&self) -> Option<&Memory> {
        self.memory.base.as_ref().map(|(local, _)| local)
    }
}

fn merged(memory: &Unmerged) -> Memory {
    let (Some(ours), Some(theirs)) = (&memory.ours, &memory.theirs) else { return Memory::default() };
    let base = memory.base.as_ref().map(|(local, remote)| (local, remote));
    merge(base, ours, theirs, Some(SideName::Local)).local
}
