//! Merging with programs, and carrying out what was answered.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::NAME;
use super::case::{Case, Ending};
use super::files::Files;
use super::program::{Merge, Program};
use crate::error::{CommandError, ExitCode};
use crate::object::{ContentHash, Resolution};
use crate::porcelain::shared::answer::{Answer, carry_out, standing};
use crate::reconcile::ConflictStyle;
use crate::store::Store;
use crate::sync::conflict_id;
use crate::ui::escape_line;
use crate::ui::view::text::counted;
use crate::workspace::{Access, Workspace};

/// Where conflicts are worked on, and what it takes.
pub(super) struct Desk {
    /// The staging database's file.
    pub(super) staging: PathBuf,
    /// How conflicts are written into a text.
    pub(super) style: ConflictStyle,
    /// This device's name.
    pub(super) device: String,
    /// The remote's name.
    pub(super) remote: String,
}

/// What the conflicts that were answered end with.
pub(super) type Endings = BTreeMap<ContentHash, Ending>;

impl Desk {
    /// Merges every conflict with a program; `None` where somebody stopped it.
    pub(super) fn run_program(
        &self,
        program: &Program,
        cases: &[Case],
        workspace: &mut Workspace,
    ) -> Result<Option<Endings>, CommandError> {
        let mut endings = Endings::new();
        for (number, case) in cases.iter().enumerate() {
            let name = case.key.short();
            workspace.ui.note(&format!("merging {} ({} of {})", escape_line(name), number + 1, cases.len()));
            let files = Files::new(&self.staging, case);
            match program.merge(&files, case, &case.chosen, self)? {
                Merge::Done(memory) => drop(endings.insert(case.key.clone(), Ending::Memory(memory))),
                Merge::Refused(why) => {
                    workspace.ui.warn(&format!("{name} is not decided: {why}"));
                    workspace.ui.hint(&format!("the text is kept in {}", files.merged().display()));
                    workspace.ui.hint(&format!("`memsync mergetool --edit {name}` goes on with it"));
                }
                Merge::None(why) => {
                    workspace.ui.note(&format!("{} is not decided: {why}", escape_line(name)));
                }
                Merge::Stopped => return Ok(None),
            }
        }
        Ok(Some(endings))
    }

    /// Carries out what was answered, for the conflicts that are still the same.
    pub(super) fn write(
        &self,
        cases: &[Case],
        endings: &Endings,
        workspace: &mut Workspace,
    ) -> Result<ExitCode, CommandError> {
        let store = workspace.store(Access::Write, NAME)?;
        let session = workspace.session(&store, None);
        let standing = standing(workspace, &session)?;
        let is_the_same = |case: &Case| standing.iter().any(|conflict| conflict_id(conflict) == case.id);
        let answered = cases.iter().filter(|case| endings.contains_key(&case.key));
        let (same, moved): (Vec<&Case>, Vec<&Case>) = answered.partition(|case| is_the_same(case));
        let answer = |case: &&Case| Ok((case.key.clone(), endings[&case.key].keep(&store)?));
        let answers = same.iter().map(answer).collect::<Result<_, CommandError>>()?;
        let answered = carry_out(workspace, &session, answers)?;
        for case in moved {
            self.refuse(case, "is not what you were shown any more: the answer is refused", workspace);
        }
        for case in same {
            if answered.again.contains(&case.key) {
                self.refuse(case, "was not taken and waits again", workspace);
            } else {
                Files::new(&self.staging, case).remove();
            }
        }
        if !answered.ended.is_empty() {
            let conflicts = counted(answered.ended.len(), "conflict", "conflicts");
            workspace.ui.note(&format!("decided {conflicts} on this device ({})", escape_line(&self.device)));
        }
        answered.hint("memsync status", &self.remote, &mut workspace.ui);
        Ok(if answered.left > 0 { ExitCode::Differences } else { ExitCode::Done })
    }

    fn refuse(&self, case: &Case, why: &str, workspace: &mut Workspace) {
        workspace.ui.warn(&format!("{} {why}", case.key.short()));
        self.say_kept(std::slice::from_ref(case), workspace);
    }

    /// Says where the texts are that were worked on.
    pub(super) fn say_kept(&self, cases: &[Case], workspace: &mut Workspace) {
        let kept = cases.iter().map(|case| Files::new(&self.staging, case)).filter(Files::are_kept);
        for files in kept {
            workspace.ui.hint(&format!("what you merged is kept in {}", files.merged().display()));
        }
    }
}

impl Ending {
    /// The answer as it is stored, once the memory it speaks of is.
    fn keep(&self, store: &Store) -> Result<Answer, CommandError> {
        Ok(Answer::End(match self {
            Self::Side(side) => Resolution::Side(*side),
            Self::Memory(memory) => Resolution::Merged(Some(store.put_memory(memory)?)),
        }))
    }
}
