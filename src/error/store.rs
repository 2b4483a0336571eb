//! The errors of the staging database and of the conductor.

use super::{CommandError, ErrorKind};
use crate::object::SideName;
use crate::sync::RevisionError;
use crate::ui::shell_word;
use crate::ui::view::text::exact_moment;
use crate::{store, sync};

impl CommandError {
    /// The error of a run, with hints that name `remote`.
    #[must_use]
    pub fn from_sync(error: sync::Error, remote: &str) -> Self {
        match error {
            sync::Error::Side { side: SideName::Local, cause } => cause.into(),
            sync::Error::Side { side: SideName::Remote, cause } => Self::from_remote(cause, remote),
            sync::Error::Store(error) => error.into(),
            sync::Error::RemoteName(error) => {
                Self::usage(format!("'{remote}' cannot be the name of a remote")).with_cause(error)
            }
        }
    }
}

impl From<sync::Error> for CommandError {
    /// For errors that no remote is part of.
    fn from(error: sync::Error) -> Self {
        Self::from_sync(error, crate::config::DEFAULT_REMOTE)
    }
}

impl From<RevisionError> for CommandError {
    /// For names on the command line.
    fn from(error: RevisionError) -> Self {
        use RevisionError as E;
        let hint = match &error {
            E::Sync(_) => None,
            E::Ambiguous { candidates, .. } => {
                Some(format!("give more characters of one of them: {}", candidates.join(", ")))
            }
            E::NoSync { .. } => Some("`memsync sync` makes the first one".to_owned()),
            E::TooFewMoves { reference, .. } => Some(format!("`memsync reflog {reference}` lists them")),
            E::TooLongAgo { reference, since, .. } => {
                Some(format!("it begins at {}: `memsync reflog {reference}` lists it", exact_moment(*since)))
            }
            E::NoMemory { commit, .. } => {
                Some(format!("`memsync ls-tree -r {}` lists what it holds", &commit.to_string()[..10]))
            }
            E::Malformed { .. } | E::NoUpstream { .. } => {
                Some("`memsync rev-parse --help` lists the names".to_owned())
            }
            E::IsMemory { name } => Some(format!("`memsync log -- {name}` lists the syncs that changed it")),
            E::TooShort { .. }
            | E::Unknown { .. }
            | E::NotACommit { .. }
            | E::NoAncestor { .. }
            | E::NoParent { .. } => Some("`memsync log --oneline` lists the syncs".to_owned()),
        };
        match error {
            E::Sync(error) => error.into(),
            error => hint.into_iter().fold(Self::usage(error.to_string()), Self::with_hint),
        }
    }
}

impl From<store::LegacyError> for CommandError {
    fn from(error: store::LegacyError) -> Self {
        use store::LegacyError as E;
        let kind = match &error {
            E::Io { .. } | E::Foreign { .. } => ErrorKind::Usage,
            E::Damaged { .. } => ErrorKind::Database,
        };
        let message = error.to_string();
        Self::new(kind, message).with_cause(error)
    }
}

impl From<store::Error> for CommandError {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        let (kind, hint) = match &error {
            E::NotInitialised { .. } => (ErrorKind::NotInitialised, "`memsync init` creates it".to_owned()),
            E::Locked { .. } => (
                ErrorKind::Database,
                "wait until it is done; if it hangs, ending it loses nothing".to_owned(),
            ),
            E::Newer { .. } => {
                (ErrorKind::Database, "use the memsync that made it, or a newer one".to_owned())
            }
            E::Foreign { .. } => (
                ErrorKind::Database,
                "move that file away, or set STAGING_DB to another path; nothing in it was touched"
                    .to_owned(),
            ),
            E::Legacy { path } => {
                let (was, will) = (path.to_string_lossy(), path.with_extension("scripts.db"));
                let (was, will) = (shell_word(&was), will.to_string_lossy());
                let will = shell_word(&will);
                (
                    ErrorKind::Database,
                    format!(
                        "take over what is staged in it: `mv -n {was} {will} && memsync init --import-staging {will}`"
                    ),
                )
            }
            E::Damaged { path, .. } => (
                ErrorKind::Database,
                format!(
                    "your memories are not in it: move {} away and run `memsync init`; the next sync joins both sides \
                     and deletes nothing",
                    path.display()
                ),
            ),
            E::Moved { .. } => {
                (ErrorKind::Database, "another memsync was at work: run the command again".to_owned())
            }
            E::Full { .. } => {
                (ErrorKind::Database, "free some room and run the command again; nothing is lost".to_owned())
            }
            E::Unwritable { .. } | E::Io { .. } => (
                ErrorKind::Database,
                "see that you may write the file and its folder, or set STAGING_DB to another path"
                    .to_owned(),
            ),
            E::Busy { .. } => {
                (ErrorKind::Database, "close the program that has it open, and try again".to_owned())
            }
            E::Sqlite { .. } => (ErrorKind::Database, "run the command again; nothing is lost".to_owned()),
        };
        Self::new(kind, error.to_string()).with_cause(error).with_hint(hint)
    }
}
