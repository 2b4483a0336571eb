//! What the file system tells of a database's files, so that an unchanged database is known without opening a row.
//!
//! SQLite changes a database by writing to the file or to the write-ahead log beside it, and the file system dates both.
//! The times have a grain: two writes within one look like one. So the files tell something only once their times are
//! well past, as with git's index; until then every row is looked at.
//!
//! Guarantees: where [`Files::settled`] gave a text while nobody was writing, and gives the same text later, no transaction
//! was committed between the two. A file that was put in another's place, by a copy or a backup, is another file (device and
//! inode), or was written later (the time of the last change of the inode, which no program can set).
//!
//! Must never: open the database file. Closing it would end SQLite's locks on it in this process.
#![expect(clippy::disallowed_methods, reason = "the files of this device's database are looked at here")]

use std::fmt::Write;
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::open::beside;

/// How long after a write its time is told from that of another: the kernel's clock ticks every 1 to 10 ms.
const GRAIN: Duration = Duration::from_millis(25);
/// The same where times have no fraction of a second: FAT counts every other second.
const COARSE_GRAIN: Duration = Duration::from_secs(3);

/// Which file is at `path`; `None` where that cannot be told. For as long as somebody has it open, no other one is this one.
pub(super) fn which(path: &Path) -> Option<String> {
    identity(&path.canonicalize().ok()?.metadata().ok()?)
}

/// The files of a database at one moment.
#[derive(Debug)]
pub(super) struct Files {
    text: String,
    is_settled: bool,
}

impl Files {
    /// Looks at the files; `None` where they tell nothing: there is none, or a write was interrupted.
    pub(super) fn look(path: &Path) -> Option<Self> {
        // Before the files are looked at, so that whatever is written later has a later time.
        let now = SystemTime::now();
        // SQLite keeps its files beside the file itself, not beside a link to it.
        let path = &path.canonicalize().ok()?;
        let mut files = Self { text: String::new(), is_settled: true };
        files.add(&path.metadata().ok()?, now)?;
        // An empty one is as good as none: whoever opens the database makes it, and takes it away again.
        for suffix in ["-wal", "-journal"] {
            if let Some(metadata) = beside(path, suffix).metadata().ok().filter(|file| file.len() > 0) {
                files.add(&metadata, now)?;
            }
        }
        Some(files)
    }

    /// What tells this state from any later one; `None` where a write might follow that looks like the last.
    pub(super) fn settled(self) -> Option<String> {
        self.is_settled.then_some(self.text)
    }

    fn add(&mut self, file: &Metadata, now: SystemTime) -> Option<()> {
        let (modified, changed) = (file.modified().ok()?, changed(file)?);
        for time in [modified, changed] {
            let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            let grain = if since.subsec_nanos() == 0 { COARSE_GRAIN } else { GRAIN };
            // A time that is yet to come says that the clock was set back.
            self.is_settled &= now.duration_since(time).is_ok_and(|age| age > grain);
            write!(self.text, "{}.{:09} ", since.as_secs(), since.subsec_nanos()).ok()?;
        }
        write!(self.text, "{} {};", identity(file)?, file.len()).ok()
    }
}

/// When the inode was last changed, which follows every write and cannot be set.
#[cfg(unix)]
fn changed(file: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let seconds = Duration::from_secs(u64::try_from(file.ctime()).ok()?);
    let fraction = Duration::from_nanos(u64::try_from(file.ctime_nsec()).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(seconds)?.checked_add(fraction)
}

/// Elsewhere nothing tells a file whose time was set back from one that nobody has written to.
#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<SystemTime> {
    None
}

/// Which file it is. One with several names tells nothing: its write-ahead log may be beside another one.
#[cfg(unix)]
fn identity(file: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    (file.nlink() == 1).then(|| format!("{}:{}", file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<String> {
    None
}
