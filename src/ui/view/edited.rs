//! Edits that are stored as another memory: which one became which.

use serde::Serialize;

use super::diff::fields;
use super::words::Look;
use crate::object::Memory;
use crate::reconcile::{DivergentEdit, Edited};
use crate::ui::{Label, escape_line};

/// An edit with both memories.
#[derive(Clone, Debug)]
pub struct EditedPair {
    /// Which memory became which.
    pub edit: Edited,
    /// The memory before.
    pub old: Memory,
    /// The memory after.
    pub new: Memory,
}

impl EditedPair {
    /// The edit as people read it; `by_words` marks the words that changed.
    #[must_use]
    pub fn text(&self, look: Look, by_words: bool) -> String {
        let Edited { old, new, similarity } = &self.edit;
        let title = format!(
            "edited: {} -> {} ({similarity} %)",
            escape_line(old.as_str()),
            escape_line(new.as_str())
        );
        let mut out = format!("{}\n", look.palette.paint(Label::Heading, title));
        // Whatever is new is made later.
        let new = Memory { created_at: self.old.created_at, ..self.new.clone() };
        fields(&mut out, look, &self.old, &new, by_words);
        out
    }
}

/// A divergent edit as people read it, in one line without its end.
#[must_use]
pub fn divergent(edit: &DivergentEdit, remote: &str) -> String {
    let [old, ours, theirs] = [&edit.old, &edit.ours, &edit.theirs].map(|key| escape_line(key.short()));
    format!("{old} -> {ours} here, {theirs} on the server ({}); both kept", escape_line(remote))
}

/// An edit in JSON; `similarity` is in percent.
#[derive(Clone, Debug, Serialize)]
pub struct EditedJson {
    old: String,
    new: String,
    similarity: u8,
}

impl From<&Edited> for EditedJson {
    fn from(edit: &Edited) -> Self {
        Self { old: edit.old.to_string(), new: edit.new.to_string(), similarity: edit.similarity }
    }
}

/// A divergent edit in JSON: the memory `old` became `ours` on this device and `theirs` on the server.
#[derive(Clone, Debug, Serialize)]
pub struct DivergentJson {
    old: String,
    ours: String,
    theirs: String,
}

impl From<&DivergentEdit> for DivergentJson {
    fn from(edit: &DivergentEdit) -> Self {
        Self { old: edit.old.to_string(), ours: edit.ours.to_string(), theirs: edit.theirs.to_string() }
    }
}
