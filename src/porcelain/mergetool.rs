//! `memsync mergetool`: end conflicts one by one, on a screen, in an editor or with a program.
//!
//! Guarantees: nothing is written before the last question is answered. The staging database is not held while somebody
//! thinks, so an answer to a conflict that changed meanwhile is refused. A text that was worked on is kept until its
//! conflict is ended.

mod case;
mod files;
mod program;
mod screen;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::error::{CommandError, ExitCode};
use crate::object::{ContentHash, Resolution};
use crate::porcelain::shared::answer::{Answer, carry_out, standing};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::selection::find_key;
use crate::reconcile::ConflictStyle;
use crate::store::{Conflict, Store};
use crate::sync::conflict_id;
use crate::ui::escape_line;
use crate::ui::view::text::counted;
use crate::workspace::{Access, Workspace};

use case::{Case, Ending};
use files::Files;
use program::{Merge, Program};

/// What others are told who find the staging database locked.
const NAME: &str = "memsync mergetool";

/// End conflicts one by one, with both versions in view
///
/// Goes through the memories that wait for a decision: this device's version on the left, the server's on the right, the
/// result below, a key for each choice. With --edit your editor opens each memory's text with conflict markers; with --tool,
/// or where merge.tool is set, a program of your choice merges it. Nothing is written before the last question is answered.
///
/// A text that still has markers, or is no memory any more, is kept, and the next run goes on with it. To delete a memory
/// that one side deleted, take that side: an emptied file decides nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The memories: hashes, or at least four of their first characters [default: every conflict]
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Merge with this program: a name from mergetool.NAME.cmd, or a command that finds files in $BASE, $LOCAL, $REMOTE
    /// and $MERGED
    #[arg(long, value_name = "CMD")]
    pub tool: Option<String>,
    /// Merge in your editor ($VISUAL, else $EDITOR, else vi)
    #[arg(long, conflicts_with = "tool")]
    pub edit: bool,
}

const EXTRA: &str = "\
Examples:
  memsync mergetool
      Go through all conflicts on the screen.
  memsync mergetool --edit 3fa9c2d1
      Merge one memory's text in your editor.
  memsync mergetool --tool meld
      Merge each conflict with meld.
  memsync config mergetool.mine.cmd 'my-merge \"$BASE\" \"$LOCAL\" \"$REMOTE\" \"$MERGED\"'
      Tell of a program; then `memsync config merge.tool mine`.

Exit codes:
  0    Done, and no conflict is left.
  1    Conflicts remain: skipped, refused, not asked about, or changed meanwhile.
  2    A hash names no conflict, or several; or there is neither a terminal nor --edit or --tool.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let program = Program::choose(args, workspace);
    if program.is_none() && (!workspace.ui.can_ask() || workspace.environment.is_dumb_terminal) {
        return Err(no_terminal());
    }
    let Asked { cases, device, remote } = Asked::read(args, workspace)?;
    if cases.is_empty() {
        workspace.ui.note("no conflicts");
        return Ok(ExitCode::Done);
    }
    let desk = Desk {
        staging: workspace.staging_path()?,
        style: workspace.config.conflict_style()?,
        device,
        remote,
    };
    let endings = match program {
        Some(program) => desk.run_program(&program, &cases, workspace)?,
        None => screen::ask(&desk, &cases, workspace)?,
    };
    let Some(endings) = endings else {
        workspace.ui.note("stopped: nothing was written");
        desk.say_kept(&cases, workspace);
        return Ok(ExitCode::Differences);
    };
    desk.write(&cases, &endings, workspace)
}

fn no_terminal() -> CommandError {
    CommandError::usage("mergetool needs a terminal, or --edit or --tool")
        .with_hint("`memsync conflicts --json` shows the conflicts to programs, `memsync resolve --json` takes their answers")
        .with_hint("`memsync checkout --ours HASH` or `--theirs HASH` takes one side's version")
}

/// What the command is about, read from the staging database, which is free again afterwards.
struct Asked {
    cases: Vec<Case>,
    device: String,
    remote: String,
}

impl Asked {
    /// The conflicts that the command line names, decided ones only by their hashes.
    fn read(args: &Args, workspace: &mut Workspace) -> Result<Self, CommandError> {
        let store = workspace.store(Access::Write, NAME)?;
        let session = workspace.session(&store, None);
        let standing = standing(workspace, &session)?;
        let find =
            |prefix: &String| find_key(standing.iter().map(|conflict| &conflict.key), prefix, "conflict");
        let named = args.hashes.iter().map(find).collect::<Result<BTreeSet<_>, _>>()?;
        let is_asked = |conflict: &&Conflict| match named.is_empty() {
            true => conflict.resolution.is_none(),
            false => named.contains(&conflict.key),
        };
        let cases = standing.iter().filter(is_asked).map(|conflict| Case::read(&session, conflict));
        Ok(Self {
            cases: cases.collect::<Result<_, _>>()?,
            device: session.device.clone(),
            remote: session.remote.clone(),
        })
    }
}

/// Where conflicts are worked on, and what it takes.
struct Desk {
    staging: PathBuf,
    style: ConflictStyle,
    device: String,
    remote: String,
}

/// What the conflicts that were answered end with.
type Endings = BTreeMap<ContentHash, Ending>;

impl Desk {
    /// Merges every conflict with a program; `None` where somebody stopped it.
    fn run_program(
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
                    workspace.ui.note(&format!("{} is not decided: {why}", escape_line(name)))
                }
                Merge::Stopped => return Ok(None),
            }
        }
        Ok(Some(endings))
    }

    /// Carries out what was answered, for the conflicts that are still the same.
    fn write(
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
        for case in same.iter().filter(|case| !answered.again.contains(&case.key)) {
            Files::new(&self.staging, case).remove();
        }
        for case in
            moved.into_iter().chain(same.into_iter().filter(|case| answered.again.contains(&case.key)))
        {
            self.say_refused(case, workspace);
        }
        Ok(self.conclude(answered.ended.len(), answered.left, workspace))
    }

    fn say_refused(&self, case: &Case, workspace: &mut Workspace) {
        let name = case.key.short();
        workspace.ui.warn(&format!("{name} is not what you were shown any more: the answer is refused"));
        self.say_kept(std::slice::from_ref(case), workspace);
    }

    /// Says where the texts are that were worked on.
    fn say_kept(&self, cases: &[Case], workspace: &mut Workspace) {
        let kept = cases.iter().map(|case| Files::new(&self.staging, case)).filter(Files::are_kept);
        for files in kept {
            workspace.ui.hint(&format!("what you merged is kept in {}", files.merged().display()));
        }
    }

    fn conclude(&self, decided: usize, left: usize, workspace: &mut Workspace) -> ExitCode {
        if decided > 0 {
            let conflicts = counted(decided, "conflict", "conflicts");
            workspace.ui.note(&format!("decided {conflicts} on this device ({})", escape_line(&self.device)));
        }
        if left > 0 {
            let are = counted(left, "conflict is", "conflicts are");
            workspace.ui.hint(&format!("{are} left: see `memsync status`"));
            return ExitCode::Differences;
        }
        workspace.ui.hint(&format!("`memsync sync` brings the decisions to the server ({})", self.remote));
        ExitCode::Done
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
