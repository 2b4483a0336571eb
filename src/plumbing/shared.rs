//! What the commands for scripts have in common: from names to objects, and paths as git prints them.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::error::{CommandError, ErrorKind};
use crate::object::tree::{Changed, key_at};
use crate::object::{Kind, ObjectId, TreeId};
use crate::store::Store;
use crate::sync::{Named, Session, Zone};
use crate::ui::{Ui, escape_line, without_nul};

/// The object that `name` names, with its bytes.
pub(crate) fn read(store: &Store, named: &Named) -> Result<Vec<u8>, CommandError> {
    let found = match named {
        Named::Commit(id) => store.object(id.as_bytes())?,
        Named::Tree(id) => store.object(id.as_bytes())?,
        Named::Version(id) | Named::Memory(_, id) => store.object(id.as_bytes())?,
    };
    found.map(|(_, bytes)| bytes).ok_or_else(|| {
        let missing = format!("the {} {} is missing", named.kind(), named.id());
        CommandError::new(ErrorKind::Database, missing).with_hint("`memsync fsck` tells what else is")
    })
}

/// The tree that `name` names: itself, or that of a commit.
pub(crate) fn tree(session: &Session<'_>, name: &str, zone: &Zone) -> Result<TreeId, CommandError> {
    match session.named(name, zone)? {
        Named::Tree(id) => Ok(id),
        Named::Commit(id) => Ok(session.store.commit(id)?.tree),
        other => Err(is_another(name, other.kind(), "tree")),
    }
}

/// The error for a name that leads to something else than `wanted`.
pub(crate) fn is_another(name: &str, kind: Kind, wanted: &str) -> CommandError {
    CommandError::usage(format!("'{}' is a {kind}, not a {wanted}", escape_line(name)))
}

/// How paths are printed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Paths {
    /// End each line with NUL, and leave every path as it is
    #[arg(short = 'z')]
    pub nul: bool,
    /// Print a memory's hash instead of its path
    #[arg(long)]
    pub keys: bool,
}

impl Paths {
    /// The path, or the hash of the memory that lies there, as it is printed.
    pub(crate) fn show<'t>(self, changed: &Changed<'t>, ui: &Ui) -> Cow<'t, str> {
        let key = key_at(changed.path).filter(|_| self.keys).map(|key| key.as_str().to_owned());
        match (key, self.nul) {
            (None, _) => Cow::Borrowed(changed.path),
            (Some(key), true) => Cow::Owned(without_nul(&key).into_owned()),
            (Some(key), false) => Cow::Owned(ui.untrusted(&quote(&key)).into_owned()),
        }
    }

    /// What ends a line.
    pub(crate) const fn end(self) -> char {
        if self.nul { '\0' } else { '\n' }
    }

    /// What stands before a path.
    pub(crate) const fn gap(self) -> char {
        if self.nul { '\0' } else { '\t' }
    }
}

/// A path as git prints it: in quotation marks where a line could not hold it otherwise.
pub(crate) fn quote(path: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_ascii_control() || matches!(c, '"' | '\\');
    if !path.contains(is_odd) {
        return Cow::Borrowed(path);
    }
    let mut quoted = String::from('"');
    for c in path.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_ascii_control() => {
                write!(quoted, "\\{:03o}", u32::from(c)).expect("a String takes any text");
            }
            c => quoted.push(c),
        }
    }
    Cow::Owned(quoted + "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_line_cannot_hold_is_quoted_as_git_does() {
        assert_eq!(quote("local/3/3fa9"), "local/3/3fa9");
        assert_eq!(quote("naïve 日本"), "naïve 日本");
        assert_eq!(quote("a\n\t\"b\"\\\u{7f}\0"), r#""a\n\t\"b\"\\\177\000""#);
    }
}
