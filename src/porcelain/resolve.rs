//! `memsync resolve`.

use crate::error::{CommandError, ExitCode};
use crate::workspace::Workspace;

/// End conflicts with answers in JSON
#[derive(Clone, Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, _workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    Err(CommandError::bug("this command is being built"))
}
