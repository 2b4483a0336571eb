//! `memsync write-tree`.

use crate::error::{CommandError, ExitCode};
use crate::workspace::Workspace;

/// Keep this device's memories as a tree
#[derive(Clone, Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("this command is being built"))
}
