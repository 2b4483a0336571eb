//! `memsync rev-parse`: names as ids.

use crate::error::{CommandError, ErrorKind, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::store::Store;
use crate::workspace::{Access, Workspace};

/// Print the ids that names lead to
///
/// Names are git's, where they have a meaning here: HEAD and @ (the last sync), HEAD~3, HEAD^ (the sync before), HEAD^2
/// (what this device held before it), HEAD^3 (what the server held), origin and local (each side as it was last seen),
/// @{u}, @{2}, @{yesterday}, full names such as refs/base/origin, ids and their first digits, COMMIT^{tree},
/// COMMIT:local, COMMIT:remote, COMMIT:HASH (a memory, in this device's form) and COMMIT:remote/HASH.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Print as few digits as name one object, and at least so many
    #[arg(long, value_name = "DIGITS", num_args = 0..=1, require_equals = true, default_missing_value = "10",
        value_parser = clap::value_parser!(u8).range(4..=64))]
    pub short: Option<u8>,
    /// Take exactly one name; with --quiet, say nothing where it leads nowhere, and exit with 1
    #[arg(long)]
    pub verify: bool,
    /// Names of objects
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

const EXTRA: &str = "\
Examples:
  memsync rev-parse HEAD
      The id of the last sync.
  memsync rev-parse HEAD:remote origin^{tree}
      Two equal ids, unless the server has changed since the last sync.
  memsync rev-parse -q --verify @{yesterday}
      Whether there was a sync before today.

Exit codes:
  0    Printed.
  1    With --verify and --quiet: the name leads nowhere.
  2    A name names nothing, or several things.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    if args.verify && args.names.len() != 1 {
        return Err(CommandError::usage("--verify takes exactly one name"));
    }
    let store = workspace.store(Access::Read, "memsync rev-parse")?;
    let session = workspace.session(&store, None);
    let is_silent = args.verify && workspace.ui.is_quiet();
    for name in &args.names {
        let id = match session.named(name, &workspace.zone).map_err(CommandError::from) {
            Ok(named) => named.id(),
            Err(error) if is_silent && error.kind == ErrorKind::Usage => return Ok(ExitCode::Differences),
            Err(error) => return Err(error),
        };
        let shown = match args.short {
            Some(digits) => abbreviate(&store, &id, digits.into())?,
            None => id.as_str(),
        };
        workspace.ui.data(&format!("{shown}\n"))?;
    }
    Ok(ExitCode::Done)
}

/// The first digits of `id`, as many as no other object begins with, and at least `least`.
fn abbreviate<'i>(store: &Store, id: &'i str, least: usize) -> Result<&'i str, CommandError> {
    for length in least..id.len() {
        if store.objects_with_prefix(&id[..length], 2)?.len() < 2 {
            return Ok(&id[..length]);
        }
    }
    Ok(id)
}
