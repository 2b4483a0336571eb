//! `memsync man`: the manual.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::TestEnvironment;

#[test]
fn every_command_has_a_page() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    for (words, file) in
        [(&[][..], "memsync.1"), (&["sync"], "memsync-sync.1"), (&["remote", "add"], "memsync-remote-add.1")]
    {
        let printed = device.command().arg("man").args(words).output().unwrap().stdout;
        assert_eq!(printed, fs::read(committed.join(file)).unwrap(), "{file}");
    }
    let folder = environment.folder("man");
    device.memsync(["man", "--output", folder.to_str().unwrap()]).success();
    assert_eq!(fs::read_dir(folder).unwrap().count(), fs::read_dir(committed).unwrap().count());
    assert_snapshot!(device.memsync(["man", "frobnicate"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no manual page for 'frobnicate'
    hint: `memsync --help` lists the commands
    ");
}
