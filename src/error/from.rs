//! How the errors from below become the one that a command ends with.

use std::io;

use super::{CommandError, ErrorKind};
use crate::config;
use crate::side;

impl CommandError {
    /// The error of a side, with hints that name `remote`, the configured remote it came from.
    #[must_use]
    pub fn from_side(error: side::Error, remote: &str) -> Self {
        Self {
            kind: side_kind(&error),
            message: error.to_string(),
            hints: side_hints(&error, remote),
            cause: side_cause(error),
        }
    }
}

impl From<side::Error> for CommandError {
    /// For errors of the local database, and of a remote of the default name.
    fn from(error: side::Error) -> Self {
        Self::from_side(error, config::DEFAULT_REMOTE)
    }
}

fn side_kind(error: &side::Error) -> ErrorKind {
    use side::Error as E;
    match error {
        E::Unreachable { .. }
        | E::Unauthorized { .. }
        | E::UntrustedCertificate { .. }
        | E::ChangedCertificate { .. }
        | E::Protocol { .. } => ErrorKind::Remote,
        E::Missing { .. }
        | E::Unsupported { .. }
        | E::Busy { .. }
        | E::Unwritable { .. }
        | E::Unreadable { .. } => ErrorKind::Database,
    }
}

fn side_cause(error: side::Error) -> Option<side::Cause> {
    use side::Error as E;
    match error {
        E::Unreachable { cause, .. }
        | E::UntrustedCertificate { cause, .. }
        | E::Busy { cause, .. }
        | E::Unwritable { cause, .. }
        | E::Unreadable { cause, .. } => Some(cause),
        E::Unauthorized { .. }
        | E::ChangedCertificate { .. }
        | E::Protocol { .. }
        | E::Missing { .. }
        | E::Unsupported { .. } => None,
    }
}

fn side_hints(error: &side::Error, remote: &str) -> Vec<String> {
    use side::Error as E;
    let hints: &[String] = match error {
        E::Unreachable { .. } => &[
            "see that the server is running and that this device is on its network".to_owned(),
            format!("`memsync remote set-url {remote} URL` changes the address"),
        ],
        E::Unauthorized { .. } => &[
            "give the server's API key in the environment variable MCP_API_KEY".to_owned(),
            format!("or keep it in a file that only you can read: `memsync config remote.{remote}.keyFile PATH`"),
        ],
        E::UntrustedCertificate { sha256, .. } => &[
            "compare this fingerprint with the server's own: `openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE`"
                .to_owned(),
            format!("if they are equal, `memsync remote trust {remote} {sha256}` trusts exactly this certificate"),
        ],
        E::ChangedCertificate { sha256, pinned, .. } => &[
            format!("trusted was {pinned}"),
            format!("shown now  {sha256}"),
            "do nothing until you know why; nothing was sent".to_owned(),
            format!("only if you renewed it yourself: `memsync remote trust {remote} {sha256}`"),
        ],
        E::Protocol { .. } => {
            &[format!("`memsync remote list -v` shows the address; `memsync remote set-url {remote} URL` changes it")]
        }
        E::Missing { .. } | E::Unsupported { .. } => &[
            "say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH"
                .to_owned(),
        ],
        E::Busy { .. } => &["nothing is lost; run the same command again when the other program is done".to_owned()],
        E::Unwritable { .. } => {
            &["nothing is lost; see to free space and permissions, then run the same command again".to_owned()]
        }
        E::Unreadable { path, .. } => {
            &[format!("`sqlite3 '{}' 'PRAGMA integrity_check'` tells whether the file is damaged", path.display())]
        }
    };
    hints.to_vec()
}

impl From<config::Error> for CommandError {
    fn from(error: config::Error) -> Self {
        use config::Error as E;
        let hint = match &error {
            E::Syntax { .. } => Some("mend that line in an editor; nothing was read or changed".to_owned()),
            E::Value { name, path, .. } => {
                Some(format!("`memsync config {name} VALUE` replaces it, or edit {}", path.display()))
            }
            E::UnknownKey { suggestion: Some(known), .. } => Some(format!("did you mean `{known}`?")),
            E::UnknownKey { suggestion: None, .. } => {
                Some("`memsync config --help` lists the settings".to_owned())
            }
            E::UnknownRemote { name } => Some(format!("`memsync remote add {name} URL` adds it")),
            E::NoUrl { name } => {
                Some(format!("give its address: `memsync remote add {name} URL`, or set REMOTE_API"))
            }
            E::Read { .. } | E::Write { .. } | E::Invalid { .. } | E::NoHome | E::Variable(_) => None,
        };
        let message = error.to_string();
        let command_error = Self::usage(message).with_cause(error);
        hint.into_iter().fold(command_error, Self::with_hint)
    }
}

impl From<io::Error> for CommandError {
    /// For output that could not be written; a reader that went away is no error (see [`crate::ui`]).
    fn from(error: io::Error) -> Self {
        Self::usage("cannot write the output").with_cause(error)
    }
}
