//! `memsync hash-object`: the id of a memory's text.

#![expect(clippy::disallowed_methods, reason = "the files are those that the user names")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, ExitCode};
use crate::object::{BlobId, Memory, ObjectId};
use crate::porcelain::shared::arguments::extra;
use crate::store::Store;
use crate::workspace::{Access, Workspace};

/// Compute the id of a memory's text, and keep it
///
/// Takes the canonical text of a memory, as cat-file -p prints it, and prints the id that git and memsync give it. A
/// text that is no memory's is refused.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Keep the text in the staging database
    #[arg(short = 'w')]
    pub write: bool,
    /// Read one text from stdin, before the files
    #[arg(long)]
    pub stdin: bool,
    /// Compute the id of any bytes
    #[arg(long, conflicts_with = "write")]
    pub literally: bool,
    /// Files, each with one text
    #[arg(value_name = "FILE", required_unless_present = "stdin")]
    pub files: Vec<PathBuf>,
}

const EXTRA: &str = "\
Examples:
  memsync cat-file -p HEAD:3fa9c2d1 | memsync hash-object --stdin
      The id that the memory has already.
  memsync hash-object -w edited.txt
      Keep a text that was edited by hand.

Exit codes:
  0    Done.
  2    A file cannot be read, or holds no memory's canonical text.
  5    The staging database is busy or damaged.
  128  With -w: this device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = args.write.then(|| workspace.store(Access::Write, "memsync hash-object")).transpose()?;
    if args.stdin {
        let bytes = workspace.ui.input()?;
        hash(args, "stdin", &bytes, store.as_ref(), workspace)?;
    }
    for path in &args.files {
        let bytes = read(path)?;
        hash(args, &path.display().to_string(), &bytes, store.as_ref(), workspace)?;
    }
    Ok(ExitCode::Done)
}

fn hash(
    args: &Args,
    place: &str,
    bytes: &[u8],
    store: Option<&Store>,
    workspace: &mut Workspace,
) -> Result<(), CommandError> {
    let id = if args.literally {
        BlobId::of(bytes)
    } else {
        let memory = memory(place, bytes)?;
        store.map_or_else(|| Ok(BlobId::of(bytes)), |store| store.put_memory(&memory))?
    };
    Ok(workspace.ui.data(&format!("{id}\n"))?)
}

/// The memory whose canonical text this is.
fn memory(place: &str, bytes: &[u8]) -> Result<Memory, CommandError> {
    let refused = || {
        CommandError::usage(format!("{place} holds no memory's canonical text"))
            .with_hint("`memsync cat-file -p` prints such texts, --literally takes any bytes")
    };
    let memory = Memory::parse(bytes).map_err(|cause| refused().with_cause(cause))?;
    // Another spelling of the same memory would be kept under another id than the one that it has.
    let canonical = memory.to_blob();
    if canonical != bytes {
        let is_same = |(one, other): (&u8, &u8)| one == other;
        let same = canonical.iter().zip(bytes).take_while(|pair| is_same(*pair)).count();
        let line = bytes[..same].split(|byte| *byte == b'\n').count();
        return Err(refused().with_hint(format!("line {line} would be written in another way or place")));
    }
    Ok(memory)
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    fs::read(path)
        .map_err(|cause| CommandError::usage(format!("cannot read {}", path.display())).with_cause(cause))
}
