//! One configuration file.

#![expect(clippy::disallowed_methods, reason = "this module owns the configuration files")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gix_config::AsBStr;

use super::{Error, Name};

/// A file in git-config syntax. Its comments and its order outlive every change; `[include]` is not followed.
#[derive(Clone, Debug)]
pub struct File {
    path: PathBuf,
    content: gix_config::File,
}

impl File {
    /// Reads the file; one that is not there is empty.
    pub fn load(path: &Path) -> Result<Self, Error> {
        match fs::read(path) {
            Ok(bytes) => Self::parse(path, &bytes),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Self::parse(path, &[]),
            Err(cause) => Err(Error::Read { path: path.to_owned(), cause }),
        }
    }

    /// Takes `bytes` for what `path` holds.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let events = gix_config::parse::Events::from_bytes(bytes, None)
            .map_err(|error| Error::Syntax { path: path.to_owned(), line: error.line_number() })?;
        let origin = gix_config::file::Metadata::api();
        Ok(Self {
            path: path.to_owned(),
            content: gix_config::File::from_parse_events_no_includes(events, origin),
        })
    }

    /// What [`File::save`] writes.
    #[doc(hidden)] // For the fuzzers.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.content.to_bstring().into()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All values of a setting, in the file's order.
    #[must_use]
    pub fn values(&self, name: &Name) -> Vec<String> {
        self.content
            .sections()
            .filter(|section| is_section(section, name))
            .flat_map(|section| values_in(&section, name.variable()))
            .collect()
    }

    /// Every setting and its value, in the file's order.
    #[must_use]
    pub fn entries(&self) -> Vec<(Name, String)> {
        self.content.sections().flat_map(|section| entries_in(&section)).collect()
    }

    /// Gives a setting this value, in the place where it stands; of several, the last is replaced, which counts.
    pub fn set(&mut self, name: &Name, value: &str) -> Result<(), Error> {
        let place = self
            .content
            .sections_and_ids()
            .filter(|(section, _)| is_section(section, name) && section.contains_value_name(name.variable()))
            .last()
            .map(|(section, id)| (id, is_bare(&section, name.variable())));
        match place.and_then(|(id, is_bare)| Some((self.content.section_mut_by_id(id)?, is_bare))) {
            Some((mut section, false)) => section
                .set(name.variable(), value)
                .map(drop)
                .map_err(|error| Error::Invalid(error.to_string())),
            // The crate would put the value in the place of the name.
            Some((mut section, true)) => {
                section.remove(name.variable());
                section
                    .push(name.variable(), value)
                    .map(drop)
                    .map_err(|error| Error::Invalid(error.to_string()))
            }
            None => self.add(name, value),
        }
    }

    /// Gives a setting one more value.
    pub fn add(&mut self, name: &Name, value: &str) -> Result<(), Error> {
        let subsection = name.subsection().map(AsBStr::as_bstr);
        self.content
            .section_mut_or_create_new(name.section(), subsection)
            .and_then(|mut section| section.push(name.variable(), value).map(drop))
            .map_err(|error| Error::Invalid(error.to_string()))
    }

    /// Takes every value of a setting away; false where there was none.
    pub fn unset(&mut self, name: &Name) -> bool {
        let mut is_changed = false;
        let ids: Vec<_> = self
            .content
            .sections_and_ids()
            .filter(|(section, _)| is_section(section, name))
            .map(|(_, id)| id)
            .collect();
        for id in ids {
            let Some(mut section) = self.content.section_mut_by_id(id) else { continue };
            let mut is_section_changed = false;
            while section.remove(name.variable()).is_some() {
                is_section_changed = true;
            }
            is_changed |= is_section_changed;
            // What is left may be a comment, which is the user's.
            if is_section_changed
                && section.num_values() == 0
                && !section.to_bstring().iter().any(|b| matches!(b, b'#' | b';'))
            {
                self.content.remove_section_by_id(id);
            }
        }
        is_changed
    }

    /// Takes a whole section away, comments and all; false where there was none.
    pub fn remove_section(&mut self, section: &str, subsection: &str) -> bool {
        let mut is_changed = false;
        while self.content.remove_section(section, subsection).is_some() {
            is_changed = true;
        }
        is_changed
    }

    /// Writes the file in one step: whoever reads it meanwhile sees all of the old or all of the new. Only its owner
    /// can read it. Folders above it are made as needed; a symbolic link stays one.
    pub fn save(&self) -> Result<(), Error> {
        self.replace().map_err(|cause| Error::Write { path: self.path.clone(), cause })
    }

    fn replace(&self) -> io::Result<()> {
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = target.with_added_extension(format!("{}.tmp", std::process::id()));
        let written = write_draft(&draft, &self.to_bytes()).and_then(|()| fs::rename(&draft, &target));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written
    }
}

fn write_draft(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn is_section(section: &gix_config::file::SectionRef<'_>, name: &Name) -> bool {
    let header = section.header();
    header.name().eq_ignore_ascii_case(name.section().as_bytes())
        && header.subsection_name().map(|subsection| subsection.to_vec())
            == name.subsection().map(|subsection| subsection.as_bytes().to_vec())
}

/// Whether the last `variable` is a name without `=`.
fn is_bare(section: &gix_config::file::SectionRef<'_>, variable: &str) -> bool {
    section.value_implicit(variable) == Some(None)
}

/// The values of `variable`; a name without `=` is git's way to say `true`.
fn values_in(section: &gix_config::file::SectionRef<'_>, variable: &str) -> Vec<String> {
    let mut values: Vec<String> =
        section.values(variable).iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
    if is_bare(section, variable)
        && let Some(last) = values.last_mut()
    {
        "true".clone_into(last);
    }
    values
}

fn entries_in(section: &gix_config::file::SectionRef<'_>) -> Vec<(Name, String)> {
    let header = section.header();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut seen: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    for variable in section.value_names() {
        let number = seen.iter().filter(|name| name.eq_ignore_ascii_case(&variable)).count();
        if let Some(value) = values_in(section, &variable).into_iter().nth(number) {
            let subsection = header.subsection_name().map(|name| text(name));
            entries.push((Name::from_parts(text(header.name()), subsection, variable.clone()), value));
        }
        seen.push(variable);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN_BY_HAND: &str = "\
# my devices
[core]
    device = laptop  ; the small one
[remote \"origin\"]
    url = https://home.local:8443
[sync]
    ignoreMetadata = mood
    ignoreMetadata = tmp_*
[core]
    ; where the memories are
    database = \"/srv/a b.db\"
[merge]
    auto
";

    fn file(text: &str) -> File {
        File::parse(Path::new("/etc/config"), text.as_bytes()).unwrap()
    }

    fn name(text: &str) -> Name {
        super::super::keys::find(text).unwrap().1
    }

    #[test]
    fn a_file_is_read_as_git_reads_it() {
        let listed: Vec<String> = file(WRITTEN_BY_HAND)
            .entries()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        insta::assert_snapshot!(listed.join("\n"), @"
        core.device=laptop
        remote.origin.url=https://home.local:8443
        sync.ignoreMetadata=mood
        sync.ignoreMetadata=tmp_*
        core.database=/srv/a b.db
        merge.auto=true
        ");
    }

    #[test]
    fn changes_keep_every_comment_and_the_order() {
        let mut file = file(WRITTEN_BY_HAND);
        file.set(&name("core.device"), "tower").unwrap();
        file.set(&name("remote.origin.url"), "http://other; # x").unwrap();
        file.add(&name("sync.ignoreMetadata"), "draft").unwrap();
        file.set(&name("color.ui"), "never").unwrap();
        assert!(file.unset(&name("core.database")));
        assert!(!file.unset(&name("core.pager")));
        insta::assert_snapshot!(file.content.to_bstring().to_string(), @r#"
        # my devices
        [core]
            device = tower  ; the small one
        [remote "origin"]
            url = "http://other; # x"
        [sync]
            ignoreMetadata = mood
            ignoreMetadata = tmp_*
            ignoreMetadata = draft
        [core]
            ; where the memories are
        [merge]
            auto
        [color]
        	ui = never
        "#);
    }

    #[test]
    fn what_is_written_is_read_back_whatever_it_is() {
        for value in [
            "",
            " both ends ",
            "a;b#c",
            "quote \" back\\slash",
            "tab\tline\nend",
            "naïve 日本",
            "true",
            "%PATH%",
        ] {
            let mut file = file("");
            file.set(&name("core.device"), value).unwrap();
            file.add(&name("core.device"), value).unwrap();
            let bytes = file.content.to_bstring();
            let read = File::parse(Path::new("/etc/config"), &bytes).unwrap();
            assert_eq!(read.values(&name("core.device")), [value, value], "{bytes}");
        }
    }

    #[test]
    fn a_name_without_a_value_gets_one_in_its_place() {
        let mut bare = file("[merge]\n    auto\n    tool = vimdiff\n");
        bare.set(&name("merge.auto"), "false").unwrap();
        assert_eq!(bare.values(&name("merge.auto")), ["false"]);
        let read = File::parse(Path::new("/etc/config"), &bare.to_bytes()).unwrap();
        let listed: Vec<String> =
            read.entries().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(listed, ["merge.tool=vimdiff", "merge.auto=false"]);
    }

    #[test]
    fn an_empty_section_goes_with_its_last_setting_but_not_with_a_comment() {
        let mut empty = file("[core]\n\tdevice = a\n\tdevice = b\n");
        assert!(empty.unset(&name("core.device")));
        assert_eq!(empty.content.to_bstring(), "");
        let mut commented = file("[core]\n\t# why\n\tdevice = a\n");
        assert!(commented.unset(&name("core.device")));
        assert_eq!(commented.content.to_bstring(), "[core]\n\t# why\n");
    }

    #[test]
    fn a_syntax_error_names_the_line() {
        let error = File::parse(Path::new("/etc/config"), b"[core]\n  device = x\n[sync\n").unwrap_err();
        insta::assert_snapshot!(error, @"/etc/config:3: not in git-config syntax");
    }

    #[cfg(unix)]
    #[test]
    fn a_saved_file_is_its_owners_alone_and_a_link_stays_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("dotfiles/config"), folder.path().join("config"));
        let mut first = File::parse(&real, b"").unwrap();
        first.set(&name("core.device"), "laptop").unwrap();
        first.save().unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();

        let mut through_link = File::load(&link).unwrap();
        through_link.set(&name("core.device"), "tower").unwrap();
        through_link.save().unwrap();

        assert_eq!(File::load(&real).unwrap().values(&name("core.device")), ["tower"]);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(real.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = File::parse(&folder.path().join("file/config"), b"").unwrap().save().unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
    }
}
