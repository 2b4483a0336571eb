//! `memsync mergetool`: end conflicts one by one, on a screen, in an editor or with a program.
//!
//! Guarantees: nothing is written before the last question is answered. The staging database is not held while somebody
//! thinks, so an answer to a conflict that changed meanwhile is refused. A text that was worked on is kept until its
//! conflict is ended.

mod case;
mod desk;
mod files;
mod program;
mod screen;

use std::collections::BTreeSet;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::answer::{find_conflict, standing};
use crate::porcelain::shared::arguments::extra;
use crate::store::Conflict;
use crate::workspace::{Access, Workspace};

use case::Case;
use desk::Desk;
use program::Program;

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
  memsync config mergetool.mine.cmd 'my-merge \"$LOCAL\" \"$MERGED\"'
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
        let find = |prefix: &String| find_conflict(&standing, prefix);
        let named = args.hashes.iter().map(find).collect::<Result<BTreeSet<_>, _>>()?;
        let is_asked = |conflict: &&Conflict| {
            named.contains(&conflict.key) || (named.is_empty() && conflict.resolution.is_none())
        };
        let cases = standing.iter().filter(is_asked).map(|conflict| Case::read(&session, conflict));
        Ok(Self {
            cases: cases.collect::<Result<_, _>>()?,
            device: session.device.clone(),
            remote: session.remote.clone(),
        })
    }
}
