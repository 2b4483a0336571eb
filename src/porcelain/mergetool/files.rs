//! The files of one conflict: private, beside the staging database, named by the conflict.
//!
//! Guarantees: nobody but their owner can read them. What was worked on stays until its conflict is ended, and is found
//! again for as long as the conflict is the same.
#![expect(clippy::disallowed_methods, reason = "owns the files that editors and merge tools work on")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::case::Case;
use super::desk::Desk;
use crate::object::Memory;
use crate::reconcile::{Labels, MergedText, merge_text};
use crate::store::make_private_folder;
use crate::ui::escape_line;
use crate::ui::mergetool::Take;

/// The files of a conflict.
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    /// Where they are, or will be.
    pub(super) fn new(staging: &Path, case: &Case) -> Self {
        Self { folder: staging.with_extension("mergetool").join(case.id.to_string()) }
    }

    /// The file that holds the result.
    pub(super) fn merged(&self) -> PathBuf {
        self.folder.join("MERGED")
    }

    /// The variables that a merge tool finds the files by, as git has them.
    pub(super) fn variables(&self) -> [(&'static str, PathBuf); 4] {
        ["BASE", "LOCAL", "REMOTE", "MERGED"].map(|name| (name, self.folder.join(name)))
    }

    /// Whether there is something that was worked on.
    pub(super) fn are_kept(&self) -> bool {
        self.merged().exists()
    }

    /// Writes the versions of a conflict, and the result with conflict markers where none is kept.
    pub(super) fn prepare(&self, texts: &Texts) -> io::Result<()> {
        make_private_folder(&self.folder)?;
        for (name, text) in [("BASE", &texts.base), ("LOCAL", &texts.ours), ("REMOTE", &texts.theirs)] {
            create(&self.folder.join(name), true)?.write_all(text.as_bytes())?;
        }
        match create(&self.merged(), false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            file => file?.write_all(texts.merged.text.as_bytes()),
        }
    }

    /// The result as it is now; a file that was taken away is as good as an emptied one.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match fs::read(self.merged()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Takes the files away. What cannot be removed does no harm: nothing but the same conflict looks at it.
    pub(super) fn remove(&self) {
        let _ = fs::remove_dir_all(&self.folder);
        let _ = self.folder.parent().map(fs::remove_dir);
    }
}

/// Opens a file that its owner alone may read; one that is there is emptied only where `replace` says so.
fn create(path: &Path, replace: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    if replace {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The versions of a conflict as texts, each with one line end more than the memory has: editors add one where it lacks.
/// The text of a version that is gone is empty.
pub(super) struct Texts {
    base: String,
    ours: String,
    theirs: String,
    /// The three-way merge, with markers around what collides and is not chosen.
    pub(super) merged: MergedText,
}

impl Texts {
    /// The texts of a conflict of which some fields are chosen.
    pub(super) fn new(case: &Case, takes: &[Option<Take>], desk: &Desk) -> Self {
        let text = |of| case.version(of, takes).map(|memory| text(&memory)).unwrap_or_default();
        let (base, ours, theirs) = (text(Take::Base), text(Take::Ours), text(Take::Theirs));
        let label = |side: &str, name: &str, text: &str| {
            let gone = if text.is_empty() { " (deleted)" } else { "" };
            format!("{side}: {}{gone}", escape_line(name))
        };
        let our_label = label("ours", &desk.device, &ours);
        let their_label = label("theirs", &desk.remote, &theirs);
        let labels = Labels { ours: &our_label, base: "base", theirs: &their_label };
        let merged = merge_text(&base, &ours, &theirs, desk.style, labels);
        Self { base, ours, theirs, merged }
    }
}

fn text(memory: &Memory) -> String {
    let text = String::from_utf8(memory.to_blob()).expect("a memory is made of texts");
    text + "\n"
}
