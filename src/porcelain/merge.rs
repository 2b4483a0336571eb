//! `memsync merge`.

use crate::error::{CommandError, ExitCode};
use crate::workspace::Workspace;

/// Merge what was fetched, and end conflicts by a rule
#[derive(Clone, Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("this command is being built"))
}
