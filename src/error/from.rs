//! How the errors from below become the one that a command ends with.

use std::io;

use super::{CommandError, ErrorKind};
use crate::config;
use crate::hub::files;
use crate::side;

impl CommandError {
    /// The error of the remote named `remote`, be it a server or a file.
    #[must_use]
    pub fn from_remote(error: side::Error, remote: &str) -> Self {
        // What this device has no room for is no fault of the remote.
        let is_here = matches!(error, side::Error::Spool { .. });
        Self {
            kind: if is_here { ErrorKind::Database } else { ErrorKind::Remote },
            message: error.to_string(),
            hints: remote_hints(&error, remote),
            cause: side_cause(error),
        }
    }
}

impl From<side::Error> for CommandError {
    /// For errors of this device's database.
    fn from(error: side::Error) -> Self {
        Self {
            kind: ErrorKind::Database,
            message: error.to_string(),
            hints: database_hints(&error),
            cause: side_cause(error),
        }
    }
}

fn side_cause(error: side::Error) -> Option<side::Cause> {
    use side::Error as E;
    match error {
        E::Unreachable { cause, .. }
        | E::Spool { cause, .. }
        | E::UntrustedCertificate { cause, .. }
        | E::Busy { cause, .. }
        | E::Unwritable { cause, .. }
        | E::Unkept { cause, .. }
        | E::Unreadable { cause, .. } => Some(cause),
        E::Unauthorized { .. }
        | E::ChangedCertificate { .. }
        | E::Protocol { .. }
        | E::Unmounted { .. }
        | E::Missing { .. }
        | E::Unsupported { .. }
        | E::Outdated { .. }
        | E::Replaced { .. }
        | E::Interrupted { .. } => None,
    }
}

fn remote_hints(error: &side::Error, remote: &str) -> Vec<String> {
    use side::Error as E;
    match error {
        E::Unreachable { .. } => vec![
            "see that the server is running and that this device is on its network".to_owned(),
            address_hint(remote),
        ],
        E::Spool { .. } => vec![
            "nothing is lost; see that there is room in the folder that TMPDIR names, else in /tmp".to_owned(),
            "or let TMPDIR name another folder, then run the same command again".to_owned(),
        ],
        E::Unauthorized { .. } => vec![
            "give the server's API key in the environment variable MCP_API_KEY".to_owned(),
            format!(
                "or keep it in a file that only you can read: `memsync config remote.{remote}.keyFile PATH`"
            ),
        ],
        E::UntrustedCertificate { sha256, .. } => vec![
            format!("it shows {sha256}"),
            "compare that with the server's own: `openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE`"
                .to_owned(),
            format!(
                "if they are equal, trust exactly this certificate: `memsync remote trust {remote} {sha256}`"
            ),
        ],
        E::ChangedCertificate { sha256, pinned, .. } => vec![
            format!("trusted was {pinned}"),
            format!("shown now  {sha256}"),
            "do nothing until you know why; nothing was sent".to_owned(),
            format!("only if you renewed it yourself: `memsync remote trust {remote} {sha256}`"),
        ],
        E::Protocol { .. } => vec![address_hint(remote)],
        E::Unmounted { .. } => vec![
            "connect the drive, mount it, and run the same command again".to_owned(),
            format!("if it is another folder now: `memsync remote set-url {remote} PATH`"),
        ],
        E::Missing { .. } => vec![
            "this device has synced with it before, so nothing was read as deleted".to_owned(),
            "put the file back, or mount its drive, and run the same command again".to_owned(),
            "to begin anew with an empty file: `memsync remote add NEW-NAME PATH`".to_owned(),
        ],
        E::Unsupported { .. } => {
            vec![format!("the path is that of REMOTE_API, else `memsync remote set-url {remote} PATH` changes it")]
        }
        E::Unwritable { .. } => vec![
            "nothing is lost; see that the drive is not write-protected and has room, then run the same command again"
                .to_owned(),
        ],
        E::Outdated { .. }
        | E::Busy { .. }
        | E::Replaced { .. }
        | E::Unkept { .. }
        | E::Interrupted { .. }
        | E::Unreadable { .. } => database_hints(error),
    }
}

fn address_hint(remote: &str) -> String {
    format!("the address is that of REMOTE_API, else `memsync remote set-url {remote} URL` changes it")
}

fn database_hints(error: &side::Error) -> Vec<String> {
    use side::Error as E;
    let hint = match error {
        E::Missing { .. } | E::Unsupported { .. } => {
            "say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH"
                .to_owned()
        }
        E::Outdated { .. } => "start mcp-memory-service 12.2.0 on it once; nothing was changed".to_owned(),
        E::Busy { .. } => {
            "nothing is lost; run the same command again when the other program is done".to_owned()
        }
        E::Replaced { .. } => {
            "nothing counts as done; run the same command again, which reads the file that is there now"
                .to_owned()
        }
        E::Unwritable { .. } | E::Unkept { .. } => {
            "nothing is lost; see to free space and permissions, then run the same command again".to_owned()
        }
        E::Interrupted { .. } => {
            "make it writable and run the same command again: the interrupted write is then undone".to_owned()
        }
        E::Unreadable { path, .. } => format!(
            "`sqlite3 '{}' 'PRAGMA integrity_check'` tells whether the file is damaged",
            path.display()
        ),
        E::Unreachable { .. }
        | E::Spool { .. }
        | E::Unauthorized { .. }
        | E::UntrustedCertificate { .. }
        | E::ChangedCertificate { .. }
        | E::Protocol { .. }
        | E::Unmounted { .. } => return Vec::new(),
    };
    vec![hint]
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

impl From<files::Error> for CommandError {
    fn from(error: files::Error) -> Self {
        use files::Error as E;
        let hint = match &error {
            E::Exposed { path, .. } => Some(format!("`chmod 600 {}`", path.display())),
            E::Unwritable { .. } => {
                Some("`--db PATH` puts the database, and the files beside it, elsewhere".to_owned())
            }
            E::NoPrivateKey { .. } => Some(
                "put the key back; or remove the certificate to have another made, which every device must then trust"
                    .to_owned(),
            ),
            E::Malformed { .. } => Some("put the right file back; nothing was changed".to_owned()),
            E::Unreadable { .. } | E::Certificate(_) | E::Random(_) => None,
        };
        let command_error = Self::usage(error.to_string()).with_cause(error);
        hint.into_iter().fold(command_error, Self::with_hint)
    }
}

impl From<io::Error> for CommandError {
    /// For output that could not be written; a reader that went away is no error (see [`crate::ui`]).
    fn from(error: io::Error) -> Self {
        Self::usage("cannot write the output").with_cause(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Palette;

    fn shown(error: impl Into<CommandError>) -> String {
        let error = error.into();
        format!("{}exit {}", error.render(Palette::plain()), error.exit_code().code())
    }

    fn cause(words: &str) -> side::Cause {
        words.into()
    }

    fn address() -> String {
        "https://memory.local:8443".to_owned()
    }

    #[test]
    fn a_server_that_cannot_be_used_says_what_to_type_next() {
        use side::Error as E;
        let shown = |error| shown(CommandError::from_remote(error, "origin"));
        insta::assert_snapshot!(shown(E::Unreachable { address: address(), cause: cause("connection refused") }), @"
        error: cannot reach https://memory.local:8443
          caused by: connection refused
        hint: see that the server is running and that this device is on its network
        hint: the address is that of REMOTE_API, else `memsync remote set-url origin URL` changes it
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Unauthorized { address: address(), detail: "401".to_owned() }), @"
        error: https://memory.local:8443 does not let this device in: 401
        hint: give the server's API key in the environment variable MCP_API_KEY
        hint: or keep it in a file that only you can read: `memsync config remote.origin.keyFile PATH`
        exit 4
        ");
        let unknown = E::UntrustedCertificate {
            address: address(),
            sha256: "5f0a".repeat(16),
            cause: cause("unknown issuer"),
        };
        insta::assert_snapshot!(shown(unknown), @"
        error: the certificate of https://memory.local:8443 is not trusted
          caused by: unknown issuer
        hint: it shows 5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a
        hint: compare that with the server's own: `openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE`
        hint: if they are equal, trust exactly this certificate: `memsync remote trust origin 5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a`
        exit 4
        ");
        let changed = E::ChangedCertificate {
            address: address(),
            sha256: "5f0a".repeat(16),
            pinned: "c1c1".repeat(16),
        };
        insta::assert_snapshot!(shown(changed), @"
        error: the certificate of https://memory.local:8443 has CHANGED: somebody may be listening in
        hint: trusted was c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1
        hint: shown now  5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a
        hint: do nothing until you know why; nothing was sent
        hint: only if you renewed it yourself: `memsync remote trust origin 5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a5f0a`
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Protocol { address: address(), detail: "it is a router".to_owned() }), @"
        error: https://memory.local:8443 does not answer like mcp-memory-service: it is a router
        hint: the address is that of REMOTE_API, else `memsync remote set-url origin URL` changes it
        exit 4
        ");
    }

    #[test]
    fn a_database_that_cannot_be_used_says_what_to_type_next() {
        use side::Error as E;
        let path = || "/srv/sqlite_vec.db".into();
        insta::assert_snapshot!(shown(E::Missing { path: path() }), @"
        error: there is no database at /srv/sqlite_vec.db
        hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
        exit 5
        ");
        insta::assert_snapshot!(shown(E::Unsupported { path: path(), detail: "no table memories".to_owned() }), @"
        error: /srv/sqlite_vec.db is not a database of mcp-memory-service: no table memories
        hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
        exit 5
        ");
        insta::assert_snapshot!(shown(E::Busy { path: path(), cause: cause("database is locked") }), @"
        error: /srv/sqlite_vec.db is locked by another program
          caused by: database is locked
        hint: nothing is lost; run the same command again when the other program is done
        exit 5
        ");
        insta::assert_snapshot!(shown(E::Unwritable { path: path(), cause: cause("disk full") }), @"
        error: cannot write /srv/sqlite_vec.db
          caused by: disk full
        hint: nothing is lost; see to free space and permissions, then run the same command again
        exit 5
        ");
        insta::assert_snapshot!(shown(E::Replaced { path: path() }), @"
        error: another file took the place of /srv/sqlite_vec.db while it was in use
        hint: nothing counts as done; run the same command again, which reads the file that is there now
        exit 5
        ");
        insta::assert_snapshot!(shown(E::Unreadable { path: path(), cause: cause("disk image is malformed") }), @"
        error: cannot read /srv/sqlite_vec.db
          caused by: disk image is malformed
        hint: `sqlite3 '/srv/sqlite_vec.db' 'PRAGMA integrity_check'` tells whether the file is damaged
        exit 5
        ");
    }

    #[test]
    fn a_file_that_cannot_be_used_as_a_remote_says_what_to_type_next() {
        use side::Error as E;
        let shown = |error| shown(CommandError::from_remote(error, "usb"));
        let path = || "/media/stick/memories.db".into();
        insta::assert_snapshot!(shown(E::Interrupted { path: path() }), @"
        error: cannot read /media/stick/memories.db: a write to it was interrupted and must be undone first
        hint: make it writable and run the same command again: the interrupted write is then undone
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Unmounted { path: path(), folder: "/media/stick".into() }), @"
        error: cannot reach /media/stick/memories.db: there is no folder /media/stick
        hint: connect the drive, mount it, and run the same command again
        hint: if it is another folder now: `memsync remote set-url usb PATH`
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Missing { path: path() }), @"
        error: there is no database at /media/stick/memories.db
        hint: this device has synced with it before, so nothing was read as deleted
        hint: put the file back, or mount its drive, and run the same command again
        hint: to begin anew with an empty file: `memsync remote add NEW-NAME PATH`
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Unsupported { path: path(), detail: "it is a folder".to_owned() }), @"
        error: /media/stick/memories.db is not a database of mcp-memory-service: it is a folder
        hint: the path is that of REMOTE_API, else `memsync remote set-url usb PATH` changes it
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Unwritable { path: path(), cause: cause("disk full") }), @"
        error: cannot write /media/stick/memories.db
          caused by: disk full
        hint: nothing is lost; see that the drive is not write-protected and has room, then run the same command again
        exit 4
        ");
        insta::assert_snapshot!(shown(E::Busy { path: path(), cause: cause("database is locked") }), @"
        error: /media/stick/memories.db is locked by another program
          caused by: database is locked
        hint: nothing is lost; run the same command again when the other program is done
        exit 4
        ");
    }

    #[test]
    fn settings_that_cannot_be_used_end_with_a_usage_error() {
        let syntax = config::File::parse("/etc/memsync".as_ref(), b"[core]\n[sync\n").unwrap_err();
        insta::assert_snapshot!(shown(syntax), @"
        error: /etc/memsync:2: not in git-config syntax
        hint: mend that line in an editor; nothing was read or changed
        exit 2
        ");
        insta::assert_snapshot!(shown(config::Error::NoUrl { name: "origin".to_owned() }), @"
        error: the remote 'origin' has no address
        hint: give its address: `memsync remote add origin URL`, or set REMOTE_API
        exit 2
        ");
        let read = config::Error::Read {
            path: "/etc/memsync".into(),
            cause: io::Error::from(io::ErrorKind::PermissionDenied),
        };
        insta::assert_snapshot!(shown(read), @"
        error: cannot read /etc/memsync
          caused by: permission denied
        exit 2
        ");
    }
}
