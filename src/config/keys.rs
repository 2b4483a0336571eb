//! The settings that exist: one table.

use std::fmt;
use std::path::Path;

use super::values::{parse_address, parse_boolean, parse_fingerprint};
use super::{Error, remote};
use crate::reconcile::{ConflictStyle, DeletionLimit};
use crate::ui::ColorChoice;

/// A setting's name as git writes it: `section.variable`, or `section.subsection.variable`. Section and variable
/// are the same in any letter case, the subsection is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    section: String,
    subsection: Option<String>,
    variable: String,
}

impl Name {
    /// A name without subsection.
    #[must_use]
    pub fn new(section: &str, variable: &str) -> Self {
        Self { section: section.to_owned(), subsection: None, variable: variable.to_owned() }
    }

    /// The setting `variable` of the remote `name`.
    #[must_use]
    pub fn of_remote(name: &str, variable: &str) -> Self {
        Self { subsection: Some(name.to_owned()), ..Self::new("remote", variable) }
    }

    /// The setting `variable` of the merge tool `name`.
    #[must_use]
    pub fn of_tool(name: &str, variable: &str) -> Self {
        Self { subsection: Some(name.to_owned()), ..Self::new("mergetool", variable) }
    }

    pub(super) fn from_parts(section: String, subsection: Option<String>, variable: String) -> Self {
        Self { section, subsection, variable }
    }

    /// The section, such as `core`.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// The subsection, such as a remote's name.
    #[must_use]
    pub fn subsection(&self) -> Option<&str> {
        self.subsection.as_deref()
    }

    /// The variable, such as `database`.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Whether the section is `section`.
    #[must_use]
    pub fn is_in_section(&self, section: &str) -> bool {
        self.section.eq_ignore_ascii_case(section)
    }

    /// Reads a name; `None` where it cannot be one, whether or not memsync knows it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (section, rest) = text.split_once('.')?;
        let (subsection, variable) = match rest.rsplit_once('.') {
            Some((subsection, variable)) => (Some(subsection.to_owned()), variable),
            None => (None, rest),
        };
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_name =
            is_word(section) && is_word(variable) && variable.starts_with(|c: char| c.is_ascii_alphabetic());
        is_name.then(|| Self::from_parts(section.to_owned(), subsection, variable.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subsection {
            Some(subsection) => write!(f, "{}.{subsection}.{}", self.section, self.variable),
            None => write!(f, "{}.{}", self.section, self.variable),
        }
    }
}

/// What a setting's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file; `~` is the home folder.
    Path,
    /// True or false.
    Boolean,
    /// The address of a server or of a database file.
    Address,
    /// A certificate's SHA-256.
    Fingerprint,
    /// A share or a number of memories.
    DeletionLimit,
    /// When to use colours.
    Color,
    /// The name of a remote.
    Remote,
    /// How conflicts are written into a text.
    ConflictStyle,
}

impl Kind {
    /// What is expected instead, where `value` cannot be a value of this kind.
    pub fn check(self, value: &str) -> Result<(), String> {
        let result = match self {
            Self::Text => Ok(()),
            Self::Path => (!value.is_empty()).then_some(()).ok_or("a path"),
            Self::Boolean => parse_boolean(value).map(drop),
            // Any home folder will do: whether there is one is found out when the address is used.
            Self::Address => parse_address(value, Some(Path::new("/"))).map(drop),
            Self::Fingerprint => parse_fingerprint(value).map(drop),
            Self::DeletionLimit => value.parse::<DeletionLimit>().map(drop),
            Self::Color => value.parse::<ColorChoice>().map(drop),
            Self::Remote => remote::is_remote_name(value).then_some(()).ok_or(remote::NAME_RULE),
            Self::ConflictStyle => value.parse::<ConflictStyle>().map(drop),
        };
        result.map_err(str::to_owned)
    }
}

/// A setting that memsync looks at.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name, where `<name>` stands for any subsection.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether it may be given several times.
    pub is_multiple: bool,
    /// The value where no file sets it.
    pub default: Option<&'static str>,
    /// What it is for, in one sentence.
    pub doc: &'static str,
}

impl Key {
    const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, is_multiple: false, default: None, doc }
    }

    const fn with_default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    const fn multiple(self) -> Self {
        Self { is_multiple: true, ..self }
    }
}

/// Every setting there is.
pub const KEYS: &[Key] = &[
    Key::new(
        "core.database",
        Kind::Path,
        "The database of mcp-memory-service on this device; by default where the service keeps it.",
    ),
    Key::new("core.device", Kind::Text, "This device's name in the log of syncs; by default the host name."),
    Key::new("core.pager", Kind::Text, "The program that shows long output; empty for none; by default PAGER, else less."),
    Key::new("color.ui", Kind::Color, "When to use colours: auto, always or never.").with_default("auto"),
    Key::new(
        "embed.model",
        Kind::Path,
        "A folder with the model that makes vectors: model.onnx or model.safetensors beside tokenizer.json; by default the service's own.",
    ),
    Key::new(
        "merge.auto",
        Kind::Boolean,
        "Whether changes on both sides of one memory are merged where they do not meet; if not, each is a conflict.",
    )
    .with_default("true"),
    Key::new(
        "merge.conflictStyle",
        Kind::ConflictStyle,
        "How a conflict in a text is shown: merge (both sides), diff3 (with the base between them), zdiff3 (the same, but shorter).",
    )
    .with_default("diff3"),
    Key::new(
        "merge.tool",
        Kind::Text,
        "The program for `memsync mergetool`: the name of one below, or a command; by default a full-screen view.",
    ),
    Key::new(
        "mergetool.<name>.cmd",
        Kind::Text,
        "A merge tool's command; the shell runs it with BASE, LOCAL, REMOTE and MERGED set to files.",
    ),
    Key::new("sync.remote", Kind::Remote, "The remote that commands mean where none is named.")
        .with_default(super::DEFAULT_REMOTE),
    Key::new(
        "sync.maxDelete",
        Kind::DeletionLimit,
        "How much one sync may delete from a side unasked: a share (and always up to 10 memories) or a number.",
    )
    .with_default("25%"),
    Key::new(
        "sync.ignoreMetadata",
        Kind::Text,
        "A metadata key that takes no part in a sync; a final * stands for any ending. May be given several times.",
    )
    .multiple(),
    Key::new("remote.<name>.url", Kind::Address, "The server's address, with or without /api or /api/memories at its end; or a database file."),
    Key::new("remote.<name>.keyFile", Kind::Path, "A file that holds the API key, readable by its owner alone."),
    Key::new(
        "remote.<name>.credentialHelper",
        Kind::Text,
        "A program that speaks git's credential protocol and knows the API key as the password.",
    ),
    Key::new("remote.<name>.caFile", Kind::Path, "Certificates, as PEM, that may vouch for the server besides the system's."),
    Key::new(
        "remote.<name>.certificate",
        Kind::Fingerprint,
        "The SHA-256 of the one certificate that the server may show; written by `memsync remote trust`.",
    ),
];

/// Finds the setting that `text` names, and spells the name as the table does.
pub fn find(text: &str) -> Result<(&'static Key, Name), Error> {
    let unknown = || Error::UnknownKey { name: text.to_owned(), suggestion: suggestion(text) };
    let given = Name::parse(text).ok_or_else(unknown)?;
    KEYS.iter()
        .find_map(|key| {
            let known = Name::parse(key.name)?;
            let is_same = known.is_in_section(&given.section)
                && known.variable.eq_ignore_ascii_case(&given.variable)
                && known.subsection.is_some() == given.subsection.is_some();
            is_same.then(|| (key, Name { subsection: given.subsection.clone(), ..known }))
        })
        .filter(|(_, name)| name.subsection().is_none_or(remote::is_remote_name))
        .ok_or_else(unknown)
}

/// The known name that is most like `text`, if any is alike at all.
fn suggestion(text: &str) -> Option<String> {
    let asked = text.to_ascii_lowercase();
    let name = asked
        .split_once('.')
        .and_then(|(_, rest)| rest.rsplit_once('.'))
        .map_or(super::DEFAULT_REMOTE, |(n, _)| n);
    KEYS.iter()
        .map(|key| key.name.replace("<name>", name))
        .map(|known| (strsim::jaro_winkler(&known.to_ascii_lowercase(), &asked), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_letter_case_and_spelled_as_in_the_table() {
        let spelled = |text| find(text).unwrap().1.to_string();
        assert_eq!(spelled("SYNC.MAXDELETE"), "sync.maxDelete");
        assert_eq!(spelled("remote.Home.KeyFile"), "remote.Home.keyFile");
        assert_eq!(spelled("remote.my.server.url"), "remote.my.server.url");
    }

    #[test]
    fn an_unknown_name_suggests_the_one_that_was_meant() {
        let suggested = |text| match find(text).unwrap_err() {
            Error::UnknownKey { suggestion, .. } => suggestion.unwrap_or_default(),
            other => panic!("{other}"),
        };
        assert_eq!(suggested("sync.maxDeletes"), "sync.maxDelete");
        assert_eq!(suggested("core.databse"), "core.database");
        assert_eq!(suggested("remote.origin.certificat"), "remote.origin.certificate");
        assert_eq!(suggested("remote.url"), "remote.origin.url");
        assert_eq!(suggested("user.email"), "");
        assert_eq!(suggested("database"), "");
    }

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for key in KEYS {
            if let Some(default) = key.default {
                assert_eq!(key.kind.check(default), Ok(()), "{}", key.name);
            }
        }
    }
}
