//! `memsync gc`: pack the staging database, and drop what nothing needs.

use std::str::FromStr;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::store::{self, Collected, Retention};
use crate::sync::{InvalidWhen, When};
use crate::ui::view::text::{grouped, size};
use crate::workspace::{Access, Workspace};

/// How long what nothing needs is kept, in seconds.
const KEPT: i64 = 90 * 24 * 60 * 60;

/// Pack the objects, and drop what nothing needs
///
/// Compresses the staging database and gives back the room. Versions of memories that no sync, snapshot, conflict or
/// recent move of a ref leads to any more are dropped once they have not been used for 90 days, and so are the vectors that
/// are kept to be made only once. No memory on this device or the server is touched.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Drop what nothing needs and was not used since: '2 weeks ago', '2025-01-31', 'now' [default: 90 days ago]
    #[arg(long, value_name = "WHEN", require_equals = true, num_args = 0..=1, conflicts_with = "no_prune")]
    pub prune: Option<Option<Prune>>,
    /// Drop no object and no vector
    #[arg(long)]
    pub no_prune: bool,
    /// Say what would be done, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

const EXTRA: &str = "\
Examples:
  memsync gc
      Make the staging database small.
  memsync gc --dry-run --prune=now
      See how much nothing needs any more.

Exit codes:
  0    Done.
  2    The command line is wrong.
  5    The staging database is busy, damaged or cannot be written; nothing is lost.
  128  This device is not initialised; run `memsync init`.
";

/// From when on unreachable objects stay.
#[derive(Clone, Copy, Debug)]
pub enum Prune {
    /// None stay.
    Now,
    /// From a moment on.
    Since(When),
}

impl FromStr for Prune {
    type Err = InvalidWhen;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "now" { Ok(Self::Now) } else { text.parse().map(Self::Since) }
    }
}

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let retention = retention(args, workspace)?;
    if args.dry_run {
        let found = workspace.store(Access::Read, "memsync gc")?.collectable(retention).map_err(stopped)?;
        workspace.ui.data(&format!("{}\n", planned(args, found)))?;
        return Ok(ExitCode::Done);
    }
    let store = workspace.store(Access::Write, "memsync gc")?;
    let bar = workspace.ui.progress("Packing", None);
    let done = store.collect(retention, &mut |count, _| bar.set_position(count)).map_err(stopped)?;
    drop(bar);
    workspace.ui.note(&told(args, done));
    Ok(ExitCode::Done)
}

/// What kept the work from being done.
fn stopped(error: store::Error) -> CommandError {
    let is_damaged = matches!(error, store::Error::Damaged { .. });
    let mut error = CommandError::from(error);
    if is_damaged {
        error.hints =
            vec!["nothing was dropped; `memsync fsck` says what is damaged and how to mend it".to_owned()];
    }
    error
}

fn retention(args: &Args, workspace: &Workspace) -> Result<Retention, CommandError> {
    let now = workspace.now.as_second();
    let before = match args.prune.flatten() {
        None => now - KEPT,
        // What is put in the very second that gc begins was put before it: it holds the lock.
        Some(Prune::Now) => now + 1,
        Some(Prune::Since(since)) => since
            .resolve(workspace.now, &workspace.zone)
            .ok_or_else(|| CommandError::usage("--prune is outside of the years that can be told"))?
            .as_second(),
    };
    Ok(Retention { objects: (!args.no_prune).then_some(before), reflog: now - KEPT })
}

fn objects(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "object" } else { "objects" })
}

/// What is dropped, in words.
fn unneeded(args: &Args, done: Collected) -> Vec<String> {
    let is_usual = args.prune.flatten().is_none();
    let [old, unused] = if is_usual { [" older than 90 days", " unused for 90 days"] } else { [""; 2] };
    let counts = [
        (done.dropped, ["unreachable object", "unreachable objects"], old),
        (done.moves, ["entry of the reflog", "entries of the reflog"], " older than 90 days"),
        (done.vectors, ["vector", "vectors"], unused),
        (done.damaged_vectors, ["damaged vector", "damaged vectors"], ""),
    ];
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    counts
        .map(|(count, [one, many], age)| {
            format!("{} {}{age}", grouped(count), if count == 1 { one } else { many })
        })
        .collect()
}

fn told(args: &Args, done: Collected) -> String {
    let sizes = format!("{} -> {}", size(done.before), size(done.after));
    let dropped = unneeded(args, done).join(" and ");
    match (done.packed, dropped.is_empty()) {
        (0, true) if done.before == done.after => format!("nothing to pack or to drop: {}", size(done.after)),
        (0, true) => format!("gave back room: {sizes}"),
        (0, false) => format!("dropped {dropped}: {sizes}"),
        (packed, true) => format!("packed {}: {sizes}", objects(packed)),
        (packed, false) => format!("packed {}: {sizes}; dropped {dropped}", objects(packed)),
    }
}

fn planned(args: &Args, found: Collected) -> String {
    let mut parts = Vec::new();
    if found.packed > 0 {
        parts.push(format!("pack {}", objects(found.packed)));
    }
    let dropped = unneeded(args, found);
    if !dropped.is_empty() {
        parts.push(format!("drop {}", dropped.join(" and ")));
    }
    if parts.is_empty() {
        return format!("nothing to pack or to drop: {}", size(found.before));
    }
    format!("would {}: {} now", parts.join("; "), size(found.before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_is_told_by_kind_and_age() {
        let usual = Args { prune: None, no_prune: false, dry_run: false };
        let all = Args { prune: Some(Some(Prune::Now)), ..usual.clone() };
        let done =
            Collected { dropped: 1, moves: 2, vectors: 3_000, damaged_vectors: 1, ..Collected::default() };
        assert_eq!(
            unneeded(&usual, done),
            [
                "1 unreachable object older than 90 days",
                "2 entries of the reflog older than 90 days",
                "3,000 vectors unused for 90 days",
                "1 damaged vector"
            ]
        );
        let vectors = Collected { vectors: 1, ..Collected::default() };
        assert_eq!(planned(&all, vectors), "would drop 1 vector: 0 bytes now");
    }
}
