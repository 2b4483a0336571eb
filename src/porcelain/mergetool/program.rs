//! Merging one conflict with a program: the editor, or a merge tool.

use std::process::{Command, ExitStatus};

use super::case::Case;
use super::files::{Files, Texts};
use super::{Args, Desk};
use crate::error::CommandError;
use crate::object::Memory;
use crate::reconcile::find_marker;
use crate::ui::Interrupts;
use crate::ui::mergetool::Take;
use crate::workspace::Workspace;

/// What stands for the editor where the environment names none, as in git.
const USUAL_EDITOR: &str = "vi";

/// A program that merges, as a command line for the shell.
#[derive(Clone, Debug)]
pub(super) enum Program {
    /// It is given the file with the conflict markers.
    Editor(String),
    /// It finds the files in the environment.
    Tool(String),
}

/// What became of a conflict.
pub(super) enum Merge {
    /// It was merged.
    Done(Memory),
    /// There is no answer, and why.
    None(String),
    /// What was written cannot be taken, and why; it is kept.
    Refused(String),
    /// Somebody wants no more of this.
    Stopped,
}

impl Program {
    /// The program that was asked for; `None` for the screen.
    pub(super) fn choose(args: &Args, workspace: &Workspace) -> Option<Self> {
        if args.edit {
            return Some(Self::editor(workspace));
        }
        let tool = args.tool.clone().or_else(|| workspace.config.merge_tool())?;
        let command = workspace.config.merge_tool_command(&tool);
        Some(Self::Tool(command.unwrap_or_else(|| with_arguments(&tool))))
    }

    /// The user's editor.
    pub(super) fn editor(workspace: &Workspace) -> Self {
        Self::Editor(workspace.environment.editor.clone().unwrap_or_else(|| USUAL_EDITOR.to_owned()))
    }

    /// Lets the program merge a conflict of which some fields are chosen.
    pub(super) fn merge(
        &self,
        files: &Files,
        case: &Case,
        takes: &[Option<Take>],
        desk: &Desk,
    ) -> Result<Merge, CommandError> {
        let failed = |cause| {
            let path = files.merged();
            CommandError::usage(format!("cannot work on {}", path.display())).with_cause(cause)
        };
        let texts = Texts::new(case, takes, desk);
        files.prepare(&texts).map_err(failed)?;
        let interrupts = Interrupts::note().map_err(failed)?;
        let status = self.command(files).status().map_err(failed)?;
        let bytes = files.read().map_err(failed)?;
        let merge = judge(&bytes, status, case, &texts);
        if matches!(merge, Merge::None(_)) {
            files.remove();
        }
        let is_stopped = !status.success() && interrupts.were_noted();
        Ok(if is_stopped { Merge::Stopped } else { merge })
    }

    fn command(&self, files: &Files) -> Command {
        let mut shell = Command::new("sh");
        match self {
            // As git does it, so that a command line may hold arguments.
            Self::Editor(line) => {
                shell.args(["-c", &format!("{line} \"$@\""), line]).arg(files.merged());
            }
            Self::Tool(line) => {
                shell.args(["-c", line]).envs(files.variables());
            }
        }
        shell
    }
}

/// A command that names no file is given them as most merge tools take them.
fn with_arguments(command: &str) -> String {
    if command.contains('$') {
        return command.to_owned();
    }
    format!("{command} \"$LOCAL\" \"$MERGED\" \"$REMOTE\"")
}

/// What a program left behind.
fn judge(bytes: &[u8], status: ExitStatus, case: &Case, texts: &Texts) -> Merge {
    if bytes == texts.merged.text.as_bytes() {
        let ended = format!("the program ended with {status}");
        return Merge::None(if status.success() { "the text was not changed".to_owned() } else { ended });
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let delete = case.deletion().map(|command| format!("; `{command}` deletes the memory"));
        return Merge::None(format!("an empty text decides nothing{}", delete.unwrap_or_default()));
    }
    if !status.success() {
        return Merge::Refused(format!("the program ended with {status}"));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(line) = find_marker(&text, texts.merged.marker_size) {
        return Merge::Refused(format!("line {line} still has a conflict marker"));
    }
    match Memory::parse(bytes.strip_suffix(b"\n").unwrap_or(bytes)) {
        Err(error) => Merge::Refused(error.to_string()),
        Ok(memory) => match case.check(&memory) {
            Err(error) => Merge::Refused(error.message),
            Ok(()) => Merge::Done(memory),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_names_no_file_is_given_them() {
        assert_eq!(with_arguments("meld"), r#"meld "$LOCAL" "$MERGED" "$REMOTE""#);
        assert_eq!(with_arguments(r#"mine "$MERGED""#), r#"mine "$MERGED""#);
    }
}
