//! `memsync embed`: the vectors of this device's database.

mod all;
mod target;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::embed::Makers;
use crate::error::{CommandError, ErrorKind, ExitCode};
use crate::local::Database;
use crate::local::vectors::{Coverage, Differing, Filled, NoVectors, Verified, are_cuts};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::vectors::{advice, counted, make_missing, memories, with_causes};
use crate::porcelain::shared::words::to_json;
use crate::store::Store;
use crate::ui::view::embed::{
    CoverageJson, DifferingJson, FailureJson, MadeJson, MakerJson, SampleJson, VerifiedJson,
};
use crate::ui::view::text::without_vector;
use crate::ui::{Ui, escape_line};
use crate::workspace::{Access, Workspace};

/// Show, make and check the vectors that memories are found by
///
/// mcp-memory-service finds a memory by meaning through its vector. A memory without one is found by list, tag and text
/// only, and vectors of two models in one database find nothing. Says how many memories have a vector, which model made
/// them, and what makes those of memories that arrive.
///
/// Runs also where `memsync init` has not been run. The vectors that a model on this device makes are kept in the staging
/// database, where there is one: an interrupted run goes on where it stopped.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Make the vectors that are missing
    #[arg(long)]
    pub missing: bool,
    /// Compare vectors with those that their texts would get now: of N memories, or of all [default: 100]
    #[arg(
        long, value_name = "N|all", num_args = 0..=1, require_equals = true, default_missing_value = "100",
        conflicts_with = "missing"
    )]
    pub verify: Option<Extent>,
    /// Make all vectors anew, also of another model or size
    #[arg(long, conflicts_with_all = ["missing", "verify"])]
    pub all: bool,
    /// With --all: by what: a model's name, a folder with one, 'hash', 'endpoint' [default: what the service would use]
    #[arg(
        long, value_name = "MODEL", requires = "all", value_hint = clap::ValueHint::AnyPath,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub model: Option<String>,
    /// With --all: do not ask
    #[arg(short = 'y', long, requires = "all")]
    pub yes: bool,
    /// Work on another database file, such as that of memsync serve
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub db: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync embed
      See whether everything can be found.
  memsync embed --missing
      Give memories that lack a vector theirs.
  memsync embed --verify=all
      See whether all vectors are of one model, and of the present texts.
  memsync embed --all --model ~/models/all-MiniLM-L6-v2
      Move to another model; the old vectors stay until all new ones are made.
  memsync embed --db /srv/memories/sqlite_vec.db
      Look at the server's own database, on its machine.

Exit codes:
  0    Done.
  1    With --verify: some vectors are not those of the database's model.
  2    The command line is wrong, there is no such model, or --all was not confirmed.
  5    The database is missing, busy or damaged.
  6    Some memories have no vector: they could not be made.
";

/// How many vectors to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// So many.
    Some(usize),
    /// Each.
    All,
}

/// What is no number of vectors.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected a number or `all`")]
pub struct InvalidExtent;

impl FromStr for Extent {
    type Err = InvalidExtent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text == "all" => Ok(Self::All),
            Ok(count) if count > 0 => Ok(Self::Some(count)),
            _ => Err(InvalidExtent),
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    if args.missing {
        missing(args, workspace)
    } else if let Some(extent) = args.verify {
        verify(args, extent, workspace)
    } else if args.all {
        all::run(args, workspace)
    } else {
        show(args, workspace)
    }
}

fn database(args: &Args, workspace: &Workspace) -> Result<Database, CommandError> {
    match &args.db {
        Some(path) => workspace.database_at(path.clone()),
        None => workspace.local(),
    }
}

/// The staging database, in which vectors are kept that were made once; `None` where there is none yet.
fn staging(workspace: &Workspace) -> Result<Option<Store>, CommandError> {
    match workspace.store(Access::Write, "memsync embed") {
        Err(error) if error.kind == ErrorKind::NotInitialised => Ok(None),
        result => result.map(Some),
    }
}

fn show(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let path = match &args.db {
        Some(path) => path.clone(),
        None => workspace.database_path()?,
    };
    let bar = workspace.ui.progress("Looking at the vectors", None);
    let coverage = database(args, workspace)?.coverage()?;
    drop(bar);
    let document = coverage_json(&coverage, path.display().to_string(), &workspace.makers()?);
    if args.json {
        workspace.ui.data(&to_json(&document))?;
        return Ok(ExitCode::Done);
    }
    let page = document.page(workspace.ui.palette(), workspace.ui.width());
    workspace.ui.data(&page)?;
    let (lacks, ui) = (document.without_vector > 0, &mut workspace.ui);
    match &coverage.making {
        Ok(maker) => {
            ui.note(&if maker.is_instant() {
                "memories that arrive get hash vectors, which find equal texts only".to_owned()
            } else {
                format!("memories that arrive get vectors of {}", escape_line(maker.name()))
            });
            if lacks {
                ui.hint("`memsync embed --missing` gives the others theirs");
            }
        }
        Err(why) => {
            let why_not = escape_line(&with_causes(why)).into_owned();
            ui.note(&format!("memories that arrive get no vector: {why_not}"));
            if matches!(why, NoVectors::NoModel(_)) {
                looked_in(&document.looked_in, ui);
            }
            hint(why, ui);
        }
    }
    Ok(ExitCode::Done)
}

/// Says what to do about it.
fn hint(why: &NoVectors, ui: &mut Ui) {
    for advice in advice(why) {
        ui.hint(advice);
    }
}

/// Says where there was no model.
fn looked_in(folders: &[String], ui: &mut Ui) {
    for folder in folders {
        ui.note(&format!("  looked in {}", escape_line(folder)));
    }
}

fn coverage_json(coverage: &Coverage, database: String, makers: &Makers) -> CoverageJson {
    let Coverage { counts, proof, sample, making } = coverage;
    let made = proof.counts.iter();
    CoverageJson {
        schema_version: 1,
        database,
        memories: counts.memories,
        with_vector: counts.with_vector,
        without_vector: counts.without_vector(),
        pending: counts.pending,
        orphans: counts.orphans,
        dimension: counts.dimension,
        hash_vectors: counts.hash_vectors,
        sample: SampleJson {
            size: *sample,
            makers: made.map(|(name, vectors)| MakerJson { name: name.clone(), vectors: *vectors }).collect(),
            unknown: proof.unknown,
        },
        maker: making.as_ref().ok().map(|maker| maker.name().to_owned()),
        why: making.as_ref().err().map(|why| with_causes(why)),
        looked_in: makers.places().iter().map(|place| place.display().to_string()).collect(),
    }
}

fn missing(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let _kept = staging(workspace)?;
    let mut database = database(args, workspace)?;
    let filled = make_missing(&mut database, &mut workspace.ui)?;
    let filled = counted(filled, &database)?;
    told(args, workspace, &filled, filled.filled)
}

/// Says how many memories got a vector, and what keeps the others from it.
fn told(
    args: &Args,
    workspace: &mut Workspace,
    filled: &Filled,
    made: u64,
) -> Result<ExitCode, CommandError> {
    let ui = &mut workspace.ui;
    let why = filled.why.as_ref().map(|why| with_causes(why));
    if args.json {
        ui.data(&to_json(&MadeJson { schema_version: 1, made, without_vector: filled.left, why }))?;
    } else {
        ui.note(&match (made, filled.left) {
            (0, 0) => "every memory has a vector".to_owned(),
            (0, left) => without_vector(left),
            (made, 0) => format!("{} got a vector; all have one now", memories(made)),
            (made, left) => format!("{} got a vector; {}", memories(made), without_vector(left)),
        });
        if let (Some(why), Some(words)) = (&filled.why, why) {
            ui.warn(&words);
            hint(why, ui);
        }
    }
    Ok(if filled.left > 0 { ExitCode::Refused } else { ExitCode::Done })
}

fn verify(args: &Args, extent: Extent, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let mut database = database(args, workspace)?;
    let bar = workspace.ui.progress("Comparing vectors", Some(0));
    let count = if let Extent::Some(count) = extent { Some(count) } else { None };
    let verified = database.verify_vectors(count, &mut |done, total| {
        bar.set_total(total);
        bar.set_position(done);
    })?;
    drop(bar);
    let document = verified_json(verified);
    let differs = !document.differing.is_empty();
    if args.json {
        workspace.ui.data(&to_json(&document))?;
    } else {
        let page = document.page(workspace.ui.palette(), workspace.ui.width());
        workspace.ui.data(&page)?;
        for failure in &document.failures {
            workspace.ui.warn(&format!("{} could not be asked: {}", failure.maker, failure.why));
        }
        let makers = document.differing.iter().map(|memory| memory.maker.as_deref());
        let makers: Option<BTreeSet<&str>> = makers.chain([document.maker.as_deref()]).collect();
        if makers.is_some_and(|makers| are_cuts(&Vec::from_iter(makers))) {
            workspace.ui.note("all are of one model, which cut long texts at different lengths");
        }
        if differs && document.maker.is_some() {
            workspace.ui.hint("`memsync embed --all` gives all memories vectors of one model");
        } else if differs {
            hint(&NoVectors::Unproven(Arc::default()), &mut workspace.ui);
        }
    }
    Ok(if differs { ExitCode::Differences } else { ExitCode::Done })
}

fn verified_json(verified: Verified) -> VerifiedJson {
    let differing = |memory: Differing| DifferingJson {
        first_line: memory.text.lines().next().unwrap_or_default().to_owned(),
        content_hash: memory.key,
        maker: memory.maker,
    };
    let failures = verified.failures.iter();
    VerifiedJson {
        schema_version: 1,
        checked: verified.checked,
        maker: verified.maker,
        failures: failures
            .map(|(maker, error)| FailureJson { maker: maker.clone(), why: with_causes(error) })
            .collect(),
        differing: verified.differing.into_iter().map(differing).collect(),
    }
}
