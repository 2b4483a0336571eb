//! `memsync demo`: the whole story on one machine.

mod stage;
mod story;

use std::path::PathBuf;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::workspace::Workspace;

use stage::Stage;

/// Play the whole story on this machine, and change nothing
///
/// Starts a server on a free port of this machine and makes two devices beside it, whose memories are written the way
/// mcp-memory-service writes them. The commands that it shows are run, and what they print is what you see. Nothing of
/// yours is read or changed, nothing is fetched, and nothing remains unless you keep it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// A new folder for the databases of the server and both devices, which then stays
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

const EXTRA: &str = "\
Examples:
  memsync demo
      Watch; a few seconds.
  memsync demo --keep /tmp/memsync
      Afterwards, look into the databases and go on where the story ended.

Exit codes:
  0    The story was played to its end.
  2    The folder exists already, or cannot be made.
  70   A command of the story did not end as it should: please report it.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let mut stage = Stage::set(args.keep.as_deref(), workspace)?;
    let played = story::play(&mut stage);
    stage.strike()?;
    played?;
    workspace.ui.note("");
    match &args.keep {
        Some(folder) => workspace.ui.note(&format!("Kept in {}: hub, laptop, desktop", folder.display())),
        None => workspace.ui.note("Nothing of this remains; `memsync demo --keep DIR` keeps it."),
    }
    workspace.ui.hint("`memsync init --server` makes this machine the server of your own devices");
    Ok(ExitCode::Done)
}
