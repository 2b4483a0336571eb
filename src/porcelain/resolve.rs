//! `memsync resolve`: end conflicts with answers in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Serialize};

use crate::error::{CommandError, ExitCode};
use crate::object::{Bookkeeping, ContentHash, Resolution, SideName};
pub use crate::porcelain::shared::answer::Answer;
use crate::porcelain::shared::answer::{Answered, by_fields, carry_out, standing, to_base, with_memory};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::words::to_json;
use crate::store::Conflict;
use crate::sync::{Session, conflict_id};
use crate::ui::view::diff::MemoryJson;
use crate::ui::view::text::counted;
use crate::workspace::Access;
use crate::workspace::Workspace;

/// End conflicts with answers in JSON
///
/// Reads answers from standard input, each to a conflict by the id that `memsync conflicts --json` gives. An id changes
/// whenever its conflict does, so an answer never decides what its author has not seen. All answers are checked before any
/// is carried out. The next sync brings the decisions to the server.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Input:
  {\"schema_version\": 1, \"answers\": [
    {\"conflict\": \"ID\", \"take\": \"ours\"},
    {\"conflict\": \"ID\", \"fields\": {\"type\": \"ours\", \"meta.project\": \"theirs\"}},
    {\"conflict\": \"ID\", \"memory\": {\"content\": \"...\", \"tags\": [], ...}},
    {\"conflict\": \"ID\", \"delete\": true}]}
      'take' is a whole version: 'ours', 'theirs' or 'base'.
      'fields' chooses a side for each field; those left out stay open.
      'memory' is the memory as it shall be, with every member that `memsync conflicts --json` prints.
      'delete' deletes it on both sides.

Examples:
  memsync conflicts --json | my-program | memsync resolve --json
      Let a program decide.

Exit codes:
  0    Done, and no conflict is left.
  1    Other conflicts, or other fields of these, remain.
  2    The input is not understood, or a conflict has changed: nothing was done.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Answers to conflicts, as a program writes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    schema_version: u32,
    answers: Vec<Given>,
}

/// One answer. Exactly one of the members besides `conflict` is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    conflict: String,
    take: Option<Version>,
    fields: Option<BTreeMap<String, Side>>,
    memory: Option<MemoryJson>,
    delete: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Version {
    Ours,
    Theirs,
    Base,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Ours,
    Theirs,
}

impl From<Side> for SideName {
    fn from(side: Side) -> Self {
        match side {
            Side::Ours => Self::Local,
            Side::Theirs => Self::Remote,
        }
    }
}

/// An answer that is understood.
#[derive(Clone, Debug)]
pub struct Understood {
    /// The conflict, by the id under which it was answered.
    pub conflict: String,
    /// The memory that it is about.
    pub key: ContentHash,
    /// What the answer means for it.
    pub answer: Answer,
}

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let text = io::read_to_string(io::stdin())
        .map_err(|cause| CommandError::usage("standard input cannot be read").with_cause(cause))?;
    let answers = Answers::parse(&text)?;
    let store = workspace.store(Access::Write, "memsync resolve")?;
    let session = workspace.session(&store, None);
    let standing = standing(workspace, &session)?;
    let understood = answers.understand(&standing, &session, &workspace.bookkeeping())?;
    let answers = understood.iter().map(|one| (one.key.clone(), one.answer.clone())).collect();
    let answered = carry_out(workspace, &session, answers)?;
    if args.json {
        workspace.ui.data(&to_json(&Output::new(understood, &answered)))?;
    }
    say(workspace, &session, &answered);
    let is_done = answered.again.is_empty() && answered.left == 0;
    Ok(if is_done { ExitCode::Done } else { ExitCode::Differences })
}

impl Answers {
    /// Reads answers in the form that `memsync resolve --help` shows.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is of another form.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let refuse = |cause| {
            CommandError::usage("the answers on standard input are not understood")
                .with_cause(cause)
                .with_hint("`memsync resolve --help` shows the form")
        };
        let answers: Self = serde_json::from_str(text).map_err(refuse)?;
        if answers.schema_version == 1 {
            return Ok(answers);
        }
        let version = answers.schema_version;
        Err(CommandError::usage(format!("schema_version {version} is unknown here: this memsync reads 1")))
    }

    /// What they mean for the conflicts in `standing`; nothing is carried out, but merged memories are kept in the staging
    /// database of `session`. Of metadata, what `bookkeeping` owns is left out.
    ///
    /// # Errors
    ///
    /// Returns an error if an answer is about none of the conflicts, if two are about one, if one says what cannot be
    /// done, or if the staging database cannot be read or written.
    pub fn understand(
        &self,
        standing: &[Conflict],
        session: &Session<'_>,
        bookkeeping: &Bookkeeping,
    ) -> Result<Vec<Understood>, CommandError> {
        let understood = |(given, conflict): (&Given, &Conflict)| {
            let answer = understand(given, conflict, session, bookkeeping)?;
            Ok(Understood { conflict: given.conflict.clone(), key: conflict.key.clone(), answer })
        };
        matched(&self.answers, standing)?.into_iter().map(understood).collect()
    }
}

/// Each answer with its conflict.
fn matched<'a>(
    answers: &'a [Given],
    standing: &'a [Conflict],
) -> Result<Vec<(&'a Given, &'a Conflict)>, CommandError> {
    let by_id: BTreeMap<String, &Conflict> =
        standing.iter().map(|conflict| (conflict_id(conflict).to_string(), conflict)).collect();
    let mut seen = BTreeSet::new();
    let find = |given: &'a Given| {
        if !seen.insert(&given.conflict) {
            return Err(CommandError::usage(format!("conflict {} is answered twice", given.conflict)));
        }
        by_id.get(&given.conflict).map(|conflict| (given, *conflict)).ok_or_else(|| changed(&given.conflict))
    };
    answers.iter().map(find).collect()
}

fn changed(id: &str) -> CommandError {
    CommandError::usage(format!(
        "there is no conflict {id}: it has changed since, or has ended; nothing was done"
    ))
    .with_hint("`memsync conflicts --json` prints the conflicts as they are now")
}

/// What an answer means for its conflict.
fn understand(
    given: &Given,
    conflict: &Conflict,
    session: &Session<'_>,
    bookkeeping: &Bookkeeping,
) -> Result<Answer, CommandError> {
    match (given.take, &given.fields, &given.memory, given.delete) {
        (Some(Version::Ours), None, None, None) => Ok(Answer::End(Resolution::Side(SideName::Local))),
        (Some(Version::Theirs), None, None, None) => Ok(Answer::End(Resolution::Side(SideName::Remote))),
        (Some(Version::Base), None, None, None) => to_base(conflict),
        (None, Some(fields), None, None) => {
            let choices = fields.iter().map(|(name, side)| (name.clone(), (*side).into())).collect();
            by_fields(session, conflict, &choices)
        }
        (None, None, Some(memory), None) => {
            let memory = memory.clone().memory(bookkeeping).ok_or_else(|| {
                let id = &given.conflict;
                CommandError::usage(format!("the metadata for conflict {id} is neither an object nor a text"))
            })?;
            with_memory(session, conflict, &memory)
        }
        (None, None, None, Some(true)) => Ok(Answer::End(Resolution::Merged(None))),
        _ => Err(CommandError::usage(format!(
            "the answer to conflict {} must have exactly one of take, fields, memory and delete: true",
            given.conflict
        ))),
    }
}

fn say(workspace: &mut Workspace, session: &Session<'_>, answered: &Answered) {
    let (device, remote) = (&session.device, &session.remote);
    if !answered.ended.is_empty() {
        let ended = counted(answered.ended.len(), "conflict", "conflicts");
        workspace.ui.note(&format!("ended {ended} between this device ({device}) and the server ({remote})"));
    }
    answered.hint("memsync conflicts", remote, &mut workspace.ui);
}

/// `memsync resolve --json`.
#[derive(Debug, Serialize)]
struct Output {
    schema_version: u32,
    answers: Vec<Done>,
    conflicts_left: usize,
}

/// What became of one answer: `ended`, `open` (with the fields that are), or `changed` meanwhile.
#[derive(Debug, Serialize)]
struct Done {
    conflict: String,
    content_hash: String,
    state: &'static str,
    open_fields: Vec<String>,
}

impl Output {
    fn new(understood: Vec<Understood>, answered: &Answered) -> Self {
        let done = |Understood { conflict, key, .. }: Understood| {
            let open = answered.open.iter().find(|(open, _)| *open == key);
            let state = match open {
                _ if answered.again.contains(&key) => "changed",
                Some(_) => "open",
                None => "ended",
            };
            Done {
                conflict,
                content_hash: key.to_string(),
                state,
                open_fields: open.map(|(_, fields)| fields.clone()).unwrap_or_default(),
            }
        };
        let answers = understood.into_iter().map(done).collect();
        Self { schema_version: 1, answers, conflicts_left: answered.left }
    }
}
