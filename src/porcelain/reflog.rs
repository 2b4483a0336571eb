//! `memsync reflog`: where a ref has been.

use serde::Serialize;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::words::to_json;
use crate::store::{RefName, ReflogEntry};
use crate::sync::Session;
use crate::ui::{Label, Palette, escape_line};
use crate::workspace::{Access, Workspace};

/// Show where a ref has been, newest first
///
/// Every sync moves HEAD, every change on this device moves 'local', every change on the server 'origin'. Each line begins
/// with the commit and the name that leads there: @{2} is HEAD two moves ago, @{yesterday} where it was a day ago.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The ref: local, origin, base/NAME, or a full name [default: HEAD, the syncs]
    #[arg(value_name = "REF")]
    pub reference: Option<String>,
    /// Show at most this many
    #[arg(short = 'n', long = "max-count", value_name = "NUMBER")]
    pub max_count: Option<usize>,
    /// Print them as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync reflog
      The moves of HEAD: a line for each sync.
  memsync reflog local -n 5
      The last five snapshots of this device.
  memsync show @{1}
      The sync before the last one.

Exit codes:
  0    Shown.
  2    There is no such ref.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync reflog")?;
    let session = workspace.session(&store, None);
    let name = args.reference.as_deref().unwrap_or("HEAD");
    let reference = find(name, &session)?;
    let mut entries = store.reflog(&reference)?;
    entries.truncate(args.max_count.unwrap_or(usize::MAX));
    if args.json {
        workspace.ui.data(&to_json(&ReflogJson::new(&reference, &entries)))?;
        return Ok(ExitCode::Done);
    }
    if entries.is_empty() {
        workspace.ui.note("no sync yet");
    }
    workspace.ui.page();
    let palette = workspace.ui.palette();
    for (number, entry) in entries.iter().enumerate() {
        workspace.ui.data(&line(&reference, number, entry, palette))?;
    }
    Ok(ExitCode::Done)
}

/// The ref of that name; one that was deleted can be named in full.
fn find(name: &str, session: &Session<'_>) -> Result<RefName, CommandError> {
    if let Some(reference) = session.find_reference(name)? {
        return Ok(reference);
    }
    match RefName::new(name) {
        Ok(reference) if !session.store.reflog(&reference)?.is_empty() => Ok(reference),
        _ => {
            let error = CommandError::usage(format!("there is no ref '{name}'"));
            Err(error.with_hint("`memsync show-ref` lists the refs"))
        }
    }
}

/// A line as `git reflog` writes it.
fn line(reference: &RefName, number: usize, entry: &ReflogEntry, palette: Palette) -> String {
    let id = entry.new.map_or_else(|| "0".repeat(10), |id| id.to_string()[..10].to_owned());
    let message =
        if entry.new.is_some() { entry.message.clone() } else { format!("deleted: {}", entry.message) };
    format!("{} {reference}@{{{number}}}: {}\n", palette.paint(Label::Id, id), escape_line(&message))
}

/// `memsync reflog --json`.
#[derive(Debug, Serialize)]
struct ReflogJson {
    schema_version: u32,
    reference: String,
    entries: Vec<EntryJson>,
}

#[derive(Debug, Serialize)]
struct EntryJson {
    name: String,
    old: Option<String>,
    new: Option<String>,
    seconds: i64,
    message: String,
}

impl ReflogJson {
    fn new(reference: &RefName, entries: &[ReflogEntry]) -> Self {
        let entry = |(number, entry): (usize, &ReflogEntry)| EntryJson {
            name: format!("{reference}@{{{number}}}"),
            old: entry.old.map(|id| id.to_string()),
            new: entry.new.map(|id| id.to_string()),
            seconds: entry.at,
            message: entry.message.clone(),
        };
        let entries = entries.iter().enumerate().map(entry).collect();
        Self { schema_version: 1, reference: reference.to_string(), entries }
    }
}
