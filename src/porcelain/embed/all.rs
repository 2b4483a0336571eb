//! `memsync embed --all`: vectors of one maker for all memories.

use std::sync::Arc;
use std::time::Duration;

use super::{Args, database, staging, target, told};
use crate::embed::Maker;
use crate::error::{CommandError, ExitCode};
use crate::local::Database;
use crate::local::vectors::{Coverage, NoVectors, Replaced, Step};
use crate::porcelain::shared::vectors::{make_missing, memories, with_causes};
use crate::ui::escape_line;
use crate::ui::view::text::counted;
use crate::workspace::Workspace;

/// From when on it is worth saying that the database is locked: the service gives up after six seconds.
const LONG: Duration = Duration::from_secs(2);

pub(super) fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let _kept = staging(workspace)?;
    let mut database = database(args, workspace)?;
    let dimension = database.facts()?.dimension;
    let maker = target::find(args.model.as_deref(), dimension, workspace)?;
    if !args.yes && !is_confirmed(&mut database, maker.as_ref(), workspace)? {
        return Err(
            CommandError::usage("nothing was changed").with_hint("repeat with --yes to do it without asking")
        );
    }
    let replaced = replace(&mut database, &maker, workspace)?;
    let mut filled = make_missing(&mut database, &mut workspace.ui)?;
    filled.filled += replaced.memories;
    let name = escape_line(maker.name()).into_owned();
    workspace.ui.note(&format!("all vectors are of {name} now, {} numbers each", replaced.dimension));
    workspace.ui.step(&format!("the database was locked for {} ms", replaced.locked.as_millis()));
    workspace.ui.warn(&format!(
        "mcp-memory-service works with its old model until it is restarted: restart it now, with {}",
        maker.name()
    ));
    let made = filled.filled;
    told(args, workspace, &filled, made)
}

/// Says what would be done, and asks; `false` where the answer is no, or where there is nobody to ask.
fn is_confirmed(
    database: &mut Database,
    maker: &dyn Maker,
    workspace: &mut Workspace,
) -> Result<bool, CommandError> {
    let coverage = database.coverage()?;
    let estimate = database.estimate_replacement(maker)?.map_err(|why| refused(&why))?;
    let ui = &mut workspace.ui;
    ui.note(&format!(
        "would make {} anew: {}, {} numbers each",
        counted_vectors(coverage.counts.memories),
        escape_line(maker.name()),
        estimate.dimension
    ));
    ui.note(&format!("instead of {}", escape_line(&present(&coverage))));
    ui.note(&format!("takes {}; the old ones stay until all are made", time(estimate.takes)));
    if estimate.locked >= LONG {
        let seconds = estimate.locked.as_secs();
        ui.note(&format!(
            "at its end the database is locked for about {seconds} seconds: nothing can be stored then"
        ));
    }
    ui.note("stop mcp-memory-service before, and start it with the new model afterwards");
    Ok(ui.confirm("Make all vectors anew?")? == Some(true))
}

fn counted_vectors(count: u64) -> String {
    format!("the vectors of {}", memories(count))
}

/// What the database has now.
fn present(coverage: &Coverage) -> String {
    let numbers =
        coverage.counts.dimension.map_or(String::new(), |dimension| format!(", {dimension} numbers each"));
    let makers: Vec<&str> = coverage.proof.counts.iter().map(|(maker, _)| maker.as_str()).collect();
    let unknown = (coverage.proof.unknown > 0).then_some("a model that is not on this device");
    let makers: Vec<&str> = makers.into_iter().chain(unknown).collect();
    if makers.is_empty() { "none".to_owned() } else { format!("{}{numbers}", makers.join(" and ")) }
}

/// A time that was worked out, and so not exact.
fn time(takes: Duration) -> String {
    let minutes = usize::try_from(takes.as_secs().div_ceil(60)).unwrap_or(usize::MAX);
    match minutes {
        0 | 1 => "less than a minute".to_owned(),
        2..=120 => format!("about {minutes} minutes"),
        _ => format!("about {}", counted(minutes.div_ceil(60), "hour", "hours")),
    }
}

fn replace(
    database: &mut Database,
    maker: &Arc<dyn Maker>,
    workspace: &mut Workspace,
) -> Result<Replaced, CommandError> {
    let bar = workspace.ui.progress("Making vectors", Some(0));
    let replaced = database.replace_vectors(maker.as_ref(), &mut |step| {
        if let Step::Made(done, total) = step {
            bar.set_total(total);
            bar.set_position(done);
        }
    })?;
    replaced.map_err(|why| refused(&why))
}

/// The new maker makes none.
fn refused(why: &NoVectors) -> CommandError {
    CommandError::usage(with_causes(why))
        .with_hint("the old vectors are all there; run the command again once that is mended")
}
