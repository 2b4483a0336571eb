//! What is said about vectors: that memories lack theirs, why, and what to do about it.

use crate::local::Database;
use crate::local::vectors::{Filled, NoVectors};
use crate::side;
use crate::ui::view::text::{grouped, without_vector};
use crate::ui::{Ui, escape_line};

/// `1 memory`, `12,345 memories`.
pub(crate) fn memories(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "memory" } else { "memories" })
}

/// Ends a run that wrote to this device: gives memories that lack a vector theirs, and says how many got it. What could
/// not be made is said where `has_written`, because then it may be news. None of it is a reason for the run to fail.
pub(crate) fn fill(database: &mut Database, has_written: bool, ui: &mut Ui) {
    let filled = make_missing(database, ui).and_then(|filled| {
        // Only who reads the counts has to wait for them.
        let is_told = filled.left > 0 && (has_written || filled.filled > 0);
        if is_told { counted(filled, database) } else { Ok(Filled { left: 0, ..filled }) }
    });
    match filled {
        Ok(filled) => tell(&filled, ui),
        Err(error) => ui.warn(&format!("no vectors were made: {}", with_causes(&error))),
    }
}

/// Gives memories that lack a vector theirs, while a bar shows how far that has come.
pub(crate) fn make_missing(database: &mut Database, ui: &mut Ui) -> Result<Filled, side::Error> {
    let bar = ui.progress("Making vectors", Some(0));
    database.fill_missing(&mut |filled, total| {
        bar.set_total(total);
        bar.set_position(filled);
    })
}

/// The same with a reason that says how many vectors are whose.
pub(crate) fn counted(filled: Filled, database: &Database) -> Result<Filled, side::Error> {
    let why = filled.why.map(|why| database.counted(why)).transpose()?;
    Ok(Filled { why, ..filled })
}

fn tell(filled: &Filled, ui: &mut Ui) {
    if filled.filled > 0 {
        let count = memories(filled.filled);
        ui.note(&format!("made the {} of {count}", if filled.filled == 1 { "vector" } else { "vectors" }));
    }
    if filled.left > 0 {
        let why = filled.why.as_ref().map_or(String::new(), |why| format!(" ({})", with_causes(why)));
        ui.note(&escape_line(&format!("{}{why}", without_vector(filled.left))));
        ui.hint("`memsync embed` says what to do about it");
    }
}

/// An error and its causes in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        next = cause.source();
    }
    text
}

/// The next commands to type for whoever wants vectors all the same.
pub(crate) fn advice(why: &NoVectors) -> Vec<&'static str> {
    match why {
        NoVectors::NoTable => vec!["`memsync embed --all` makes the table"],
        NoVectors::Unproven(proof) if !proof.counts.is_empty() => vec![
            "`memsync embed --verify=all` lists those that differ",
            "`memsync embed --all` gives all memories vectors of one model",
        ],
        NoVectors::Unknown(_) | NoVectors::Unproven(_) => vec![
            "`memsync config embed.model FOLDER` names the model that made them, if you have it",
            "`memsync embed --all` gives all memories vectors of another one",
        ],
        NoVectors::Refused { .. } => vec!["those memories are still found by their words"],
        NoVectors::NoModel(_) => vec![
            "`memsync config embed.model FOLDER` names a folder with a model",
            "or start mcp-memory-service once with its own model: it downloads it",
        ],
        NoVectors::Failed { .. } | NoVectors::Misfit { .. } => {
            vec!["once that is mended: `memsync embed --missing`"]
        }
        NoVectors::Unwritten(_) => vec!["`memsync embed --missing` tries again"],
    }
}
