//! `memsync completions`: what a shell needs to complete command lines.

use std::path::PathBuf;

use clap::{Command, ValueEnum};
use clap_complete::Shell;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::generated;
use crate::workspace::Workspace;

/// Print the completions for a shell
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", required_unless_present = "output")]
    pub shell: Option<Shell>,
    /// Write a file for the shell, or for every shell, into this folder instead
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

const EXTRA: &str = "\
Examples:
  source <(memsync completions bash)
      Complete in this bash.
  memsync completions zsh > ~/.zfunc/_memsync
      Complete in every zsh that has ~/.zfunc in its fpath.
  memsync completions fish > ~/.config/fish/completions/memsync.fish
      Complete in every fish.
";

/// Runs the command for the command line `command`.
pub fn run(args: &Args, command: &Command, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let shells = args.shell.as_ref().map_or(Shell::value_variants(), std::slice::from_ref);
    match &args.output {
        Some(folder) => {
            let files: Vec<_> =
                shells.iter().map(|shell| (file_name(*shell), script(*shell, command))).collect();
            generated::write(folder, &files)?;
        }
        None => {
            for shell in shells {
                workspace.ui.data(&script(*shell, command))?;
            }
        }
    }
    Ok(ExitCode::Done)
}

/// The files of every shell, by name.
#[must_use]
pub fn files(command: &Command) -> Vec<(String, String)> {
    Shell::value_variants().iter().map(|shell| (file_name(*shell), script(*shell, command))).collect()
}

/// The name under which the shell looks for its file.
fn file_name(shell: Shell) -> String {
    use clap_complete::Generator;
    shell.file_name("memsync")
}

fn script(shell: Shell, command: &Command) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command.clone(), "memsync", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
