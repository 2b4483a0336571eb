//! What the file system tells of a database's files, so that an unchanged database is known without opening a row.
//!
//! SQLite changes a database by writing to the file or to the write-ahead log beside it, and the file system dates both.
//! The times have a grain: two writes within one look like one. So the files tell something only once their times are
//! well past, as with git's index; until then every row is looked at.
//!
//! Guarantees, on a file system of this computer: where [`Files::settled`] gave a text while nobody was writing, and gives the
//! same text later, no transaction was committed between the two. A file that was put in another's place, by a copy or a
//! backup, is another file (device and inode, see [`FileId`]), or was written later (the time of the last change of the inode,
//! which no program can set). What lies at the path says nothing of a database that was opened before it came there.
//!
//! Over a network (NFS, SMB) the system answers for some seconds with what it remembers, so that a write of another computer
//! is seen that much later, as by a sync that ran before it. SQLite's write-ahead log, with which the service works, does not
//! go over a network at all.
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

/// Which file it is: no other one has the same device and inode as long as this one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at `path`; `None` where there is none, or the system does not tell.
    pub(super) fn at(path: &Path) -> Option<Self> {
        Self::of(&path.metadata().ok()?)
    }

    /// Whether this file is still the one at `path`.
    pub(super) fn is_at(self, path: &Path) -> bool {
        Self::at(path) == Some(self)
    }

    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
    fn of(file: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { device: file.dev(), inode: file.ino() })
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// The files of a database at one moment.
#[derive(Debug)]
pub(super) struct Files {
    text: String,
    is_settled: bool,
}

impl Files {
    /// Looks at the files of the database that was opened as `opened`; `None` where they tell nothing of it: another file
    /// has taken its place, or there is none.
    pub(super) fn look(path: &Path, opened: Option<FileId>) -> Option<Self> {
        // Before the files are looked at, so that whatever is written later has a later time.
        let now = SystemTime::now();
        // SQLite keeps its files beside the file itself, not beside a link to it.
        let path = &path.canonicalize().ok()?;
        let mut files = Self { text: String::new(), is_settled: true };
        let file = path.metadata().ok()?;
        if FileId::of(&file)? != opened? {
            return None;
        }
        files.add(&file, now)?;
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
        // One with several names tells nothing: its write-ahead log may be beside another one.
        let FileId { device, inode } = FileId::of(file).filter(|_| has_one_name(file))?;
        write!(self.text, "{device}:{inode} {};", file.len()).ok()
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

#[cfg(unix)]
fn has_one_name(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.nlink() == 1
}

#[cfg(not(unix))]
fn has_one_name(_: &Metadata) -> bool {
    false
}
