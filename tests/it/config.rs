//! `memsync config`: look at settings and change them.

use std::fs;

use insta::assert_snapshot;

use crate::support::TestEnvironment;

#[test]
fn settings_are_written_read_listed_and_taken_away() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"
    exit status: 0
    ----- stdout -----
    25%
    ");
    device.memsync(["config", "sync.maxDelete", "50%"]).success();
    device.memsync(["config", "--global", "sync.maxDelete", "10"]).success();
    device.memsync(["config", "--global", "core.device", "tower"]).success();
    device.memsync(["config", "--add", "sync.ignoreMetadata", "draft_*"]).success();
    device.memsync(["config", "--add", "sync.ignoreMetadata", "mood"]).success();
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"
    exit status: 0
    ----- stdout -----
    50%
    ");
    assert_snapshot!(device.memsync(["config", "--global", "sync.maxDelete"]), @"
    exit status: 0
    ----- stdout -----
    10
    ");
    assert_snapshot!(device.memsync(["config", "--list"]), @"
    exit status: 0
    ----- stdout -----
    sync.maxDelete=10
    core.device=tower
    sync.maxDelete=50%
    sync.ignoreMetadata=draft_*
    sync.ignoreMetadata=mood
    ");
    assert_snapshot!(fs::read_to_string(device.folder.join("staging.config")).unwrap(), @"
    [sync]
    	maxDelete = 50%
    	ignoreMetadata = draft_*
    	ignoreMetadata = mood
    ");
    device.memsync(["config", "--unset", "sync.maxDelete"]).success();
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"
    exit status: 0
    ----- stdout -----
    10
    ");
    assert_snapshot!(device.memsync(["config", "remote.origin.url"]), @"exit status: 1");
}

#[test]
fn mistakes_are_refused_with_what_is_known() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    assert_snapshot!(device.memsync(["config", "sync.maxdelte", "50%"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no setting 'sync.maxdelte'
    hint: did you mean `sync.maxDelete`?
    ");
    assert_snapshot!(device.memsync(["config", "sync.maxDelete", "many"]), @"
    exit status: 2
    ----- stderr -----
    error: that is no value for sync.maxDelete, expected a share such as 25% (at most 100%) or a number of memories
    ");
    assert_snapshot!(device.memsync(["config", "--add", "sync.maxDelete", "5"]), @"
    exit status: 2
    ----- stderr -----
    error: sync.maxDelete has one value, it cannot be added to
    hint: `memsync config sync.maxDelete VALUE` replaces it
    ");
    assert_snapshot!(device.memsync(["config"]), @"
    exit status: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <NAME>

    Usage: memsync config <NAME> [VALUE]

    For more information, try '--help'.
    ");
    fs::write(device.folder.join("staging.config"), "[sync\nmaxDelete = 5\n").unwrap();
    assert_snapshot!(device.memsync(["config", "--list"]), @"
    exit status: 2
    ----- stderr -----
    error: [TMP]/laptop/staging.config:1: not in git-config syntax
    hint: mend that line in an editor; nothing was read or changed
    ");
    fs::write(device.folder.join("staging.config"), "[sync]\nmaxDelete = many\n").unwrap();
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"
    exit status: 0
    ----- stdout -----
    many
    ");
}
