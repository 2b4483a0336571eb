//! `memsync restore`.

use crate::error::{CommandError, ExitCode};
use crate::workspace::Workspace;

/// Bring memories back as they were at a sync
#[derive(Clone, Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("this command is being built"))
}
