//! The program is killed, or the system fails it, at every call by which a sync changes something; after each the next
//! ordinary run reaches the same end.

mod stage;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use memsync::object::BlobId;

use crate::support::database::Row;
use crate::support::interpose::{self, Call, Fault, Place};
use crate::support::output::CommandOutput;
use stage::{End, Remote, Stage};

#[test]
fn trial() {
    let mut stage = Stage::set(Remote::File);
    println!("{}", stage.memsync(&["sync", "--dry-run"]));
    let (output, calls) = interpose::calls(
        { let mut command = stage.laptop.command(); command.arg("sync"); command }, &stage.root(), Fault::None);
    println!("{}", stage.laptop.output(&output));
    println!("{} calls", calls.len());
    println!("{}", stage.memsync(&["sync"]));
    println!("{}", stage.memsync(&["fsck"]));
    println!("{:#?}", stage.look());
}
