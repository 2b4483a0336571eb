//! What the next sync would do with one memory, and why.

use crate::object::SideName;
use crate::reconcile::{Compared, State};
use crate::ui::view::explain::{Action, Next};

/// What the plan says of a memory.
pub(super) struct Verdict<'a> {
    /// Where it stands; `None` where both sides hold what they agreed on, or where it is nowhere.
    pub compared: Option<Compared>,
    /// Whether it is held anywhere.
    pub is_held: bool,
    /// The fields that collide, where it waits.
    pub conflict: Option<&'a str>,
    /// How the conflict was ended, where the next sync carries that out.
    pub decision: Option<String>,
    /// Why the server refused this very version not long ago.
    pub refused: Option<&'a str>,
    /// On which side it cannot be carried, and why.
    pub unreadable: Option<(SideName, &'a str)>,
    /// What this device and what the server changed, in words.
    pub changed: [String; 2],
    /// The server's name.
    pub remote: &'a str,
}

impl Verdict<'_> {
    /// The action and the reason.
    pub(super) fn next(&self) -> Next {
        let (action, why) = self.decide();
        Next { action, why }
    }

    fn decide(&self) -> (Action, String) {
        if let Some((side, why)) = self.unreadable {
            let place = match side {
                SideName::Local => "this device".to_owned(),
                SideName::Remote => format!("the server {}", self.remote),
            };
            return (Action::Leave, format!("{place} holds it in a form that cannot be carried: {why}"));
        }
        let Some(compared) = &self.compared else {
            let why =
                if self.is_held { "both sides hold what they agreed on" } else { "it is gone on both sides" };
            return (Action::Nothing, why.to_owned());
        };
        if let Some(fields) = self.conflict {
            return (Action::Wait, self.collision(compared.state, fields));
        }
        if let Some(decision) = &self.decision {
            return (Action::Settle, format!("you have ended its conflict: {decision}"));
        }
        let (action, why) = self.plain(compared.state);
        match self.refused {
            Some(reason) if matches!(action, Action::Send | Action::Merge) => (
                Action::Hold,
                format!("the server {} refused this version not long ago: {reason}", self.remote),
            ),
            _ => (action, why),
        }
    }

    fn collision(&self, state: State, fields: &str) -> String {
        let remote = self.remote;
        match state {
            State::DeletedByUsModifiedByThem => {
                format!("this device deleted it and the server {remote} changed it")
            }
            State::ModifiedByUsDeletedByThem => {
                format!("this device changed it and the server {remote} deleted it")
            }
            State::BothAdded => format!("it is new on both sides with another {fields}"),
            _ => format!("both sides changed its {fields} to something else"),
        }
    }

    fn plain(&self, state: State) -> (Action, String) {
        let remote = self.remote;
        let [ours, theirs] = &self.changed;
        match state {
            State::Unchanged => (Action::Nothing, "both sides hold what they agreed on".to_owned()),
            State::AddedByUs => (Action::Send, "it is new on this device".to_owned()),
            State::AddedByThem => (Action::Bring, format!("it is new on the server {remote}")),
            State::ModifiedByUs => (Action::Send, format!("only this device changed it: {ours}")),
            State::ModifiedByThem => {
                (Action::Bring, format!("only the server {remote} changed it: {theirs}"))
            }
            State::DeletedByUs => (
                Action::Delete(SideName::Remote),
                format!("this device deleted it, and the server {remote} left it as it was"),
            ),
            State::DeletedByThem => (
                Action::Delete(SideName::Local),
                format!("the server {remote} deleted it, and this device left it as it was"),
            ),
            State::BothAdded => (Action::Merge, "it is new on both sides, and nothing collides".to_owned()),
            State::BothAddedAlike | State::BothModifiedAlike => {
                (Action::Nothing, "both sides came to hold the same".to_owned())
            }
            State::BothDeleted => (Action::Nothing, "both sides deleted it".to_owned()),
            State::BothModified | State::DeletedByUsModifiedByThem | State::ModifiedByUsDeletedByThem => (
                Action::Merge,
                format!("this device changed {ours}, the server {remote} {theirs}, and nothing collides"),
            ),
        }
    }
}
