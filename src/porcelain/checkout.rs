//! `memsync checkout`: decide conflicts.

use std::collections::BTreeSet;

use crate::error::{CommandError, ExitCode};
use crate::object::{ContentHash, Resolution, SideName};
use crate::porcelain::shared::answer::{
    Answer, Answered, by_fields, carry_out, find_conflict, standing, to_base,
};
use crate::porcelain::shared::arguments::extra;
use crate::reconcile::Choices;
use crate::store::Conflict;
use crate::sync::Session;
use crate::ui::escape_line;
use crate::ui::view::text::{counted, memories};
use crate::workspace::Access;
use crate::workspace::Workspace;

/// Decide conflicts for one side
///
/// Settles memories that both sides changed in ways that cannot be merged: --ours takes this device's version, --theirs the
/// server's, --base what both held when they last agreed. With --field only the named fields are decided; once every
/// colliding field is, the others are merged and the conflict ends. The versions that lose are kept and can be restored.
///
/// The next sync brings the decision to the server and, through it, to every device. Until then another decision takes its
/// place. After --theirs both sides agree at once: from then on `memsync undo` takes it back.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[command(after_long_help = extra(EXTRA))]
#[command(group = clap::ArgGroup::new("side").required(true).args(["ours", "theirs", "base"]))]
#[command(group = clap::ArgGroup::new("memories").required(true).args(["hashes", "all"]))]
pub struct Args {
    /// Take this device's version
    #[arg(long, visible_alias = "local")]
    pub ours: bool,
    /// Take the server's version
    #[arg(long, visible_alias = "remote")]
    pub theirs: bool,
    /// Take what both sides held when they last agreed
    #[arg(long)]
    pub base: bool,
    /// The memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Every conflict that waits for a decision
    #[arg(long)]
    pub all: bool,
    /// Decide these fields only, as `memsync conflicts` names them; 'metadata' and 'meta.a' mean what is below them too
    #[arg(long = "field", value_name = "FIELD", value_delimiter = ',', conflicts_with = "base")]
    pub fields: Vec<String>,
}

const EXTRA: &str = "\
Examples:
  memsync conflicts
      List the conflicts.
  memsync checkout --theirs 3fa9c2d1 && memsync sync
      Take the server's version of one memory, and sync.
  memsync checkout --ours --all
      Take this device's version of every conflict.
  memsync checkout --theirs --field type,meta.project 3fa9c2d1
      Take the server's values of two fields, and decide the others later.

Exit codes:
  0    Done, and no conflict is left.
  1    Other conflicts, or other fields of these, remain.
  2    A hash names no conflict, or several; a field does not collide; there is no base.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Write, "memsync checkout")?;
    let session = workspace.session(&store, None);
    let standing = standing(workspace, &session)?;
    let named = named(args, &standing)?;
    if named.is_empty() {
        workspace.ui.note(&no_conflicts(&standing));
        return Ok(ExitCode::Done);
    }
    let answer = |conflict: &&Conflict| Ok((conflict.key.clone(), decide(args, &session, conflict)?));
    let answers = named.iter().map(answer).collect::<Result<_, CommandError>>()?;
    let answered = carry_out(workspace, &session, answers)?;
    say(args, workspace, &session, &answered);
    let is_done = answered.again.is_empty() && answered.left == 0;
    Ok(if is_done { ExitCode::Done } else { ExitCode::Differences })
}

/// The conflicts that the command line names: those that wait, or by their hashes also decided ones.
fn named<'a>(args: &Args, standing: &'a [Conflict]) -> Result<Vec<&'a Conflict>, CommandError> {
    if args.all {
        return Ok(standing.iter().filter(|conflict| conflict.resolution.is_none()).collect());
    }
    let find = |prefix: &String| find_conflict(standing, prefix);
    let found: BTreeSet<ContentHash> = args.hashes.iter().map(find).collect::<Result<_, _>>()?;
    Ok(standing.iter().filter(|conflict| found.contains(&conflict.key)).collect())
}

fn no_conflicts(standing: &[Conflict]) -> String {
    match standing.len() {
        0 => "no conflicts".to_owned(),
        count => {
            let decided = counted(count, "conflict is decided and waits", "conflicts are decided and wait");
            format!("no open conflicts; {decided} for `memsync sync` (name one by its hash to decide anew)")
        }
    }
}

fn decide(args: &Args, session: &Session<'_>, conflict: &Conflict) -> Result<Answer, CommandError> {
    if args.base {
        return to_base(conflict);
    }
    let side = side(args);
    if args.fields.is_empty() {
        return Ok(Answer::End(Resolution::Side(side)));
    }
    let choices: Choices = args.fields.iter().map(|field| (field.clone(), side)).collect();
    by_fields(session, conflict, &choices)
}

fn side(args: &Args) -> SideName {
    if args.ours { SideName::Local } else { SideName::Remote }
}

/// Says what was taken, and what is still to do.
fn say(args: &Args, workspace: &mut Workspace, session: &Session<'_>, answered: &Answered) {
    let ui = &mut workspace.ui;
    let (device, remote) = (escape_line(&session.device), escape_line(&session.remote));
    let what = if args.fields.is_empty() { "version".to_owned() } else { args.fields.join(", ") };
    let taken = match (args.base, side(args)) {
        (true, _) => {
            format!("the version that this device ({device}) and the server ({remote}) last agreed on")
        }
        (false, SideName::Local) => format!("this device's {} ({device})", escape_line(&what)),
        (false, SideName::Remote) => format!("the server's {} ({remote})", escape_line(&what)),
    };
    let count = answered.ended.len() + answered.open.len();
    if count > 0 {
        ui.note(&format!("took {taken} of {}", memories(count)));
    }
    for (key, fields) in &answered.open {
        ui.note(&format!("still open in {}: {}", escape_line(key.short()), escape_line(&fields.join(", "))));
    }
    answered.hint("memsync status", &session.remote, ui);
}
