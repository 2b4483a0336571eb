//! `memsync config`: look at settings and change them.

use std::fs;

use insta::assert_snapshot;

use crate::support::TestEnvironment;

#[test]
fn settings_are_written_read_listed_and_taken_away() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"");
    device.memsync(["config", "sync.maxDelete", "50%"]).success();
    device.memsync(["config", "--global", "sync.maxDelete", "10"]).success();
    device.memsync(["config", "--global", "core.device", "tower"]).success();
    device.memsync(["config", "--add", "sync.ignoreMetadata", "draft_*"]).success();
    device.memsync(["config", "--add", "sync.ignoreMetadata", "mood"]).success();
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"");
    assert_snapshot!(device.memsync(["config", "--global", "sync.maxDelete"]), @"");
    assert_snapshot!(device.memsync(["config", "--list"]), @"");
    assert_snapshot!(fs::read_to_string(device.folder.join("staging.config")).unwrap(), @"");
    device.memsync(["config", "--unset", "sync.maxDelete"]).success();
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"");
    assert_snapshot!(device.memsync(["config", "remote.origin.url"]), @"");
}

#[test]
fn mistakes_are_refused_with_what_is_known() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    assert_snapshot!(device.memsync(["config", "sync.maxdelte", "50%"]), @"");
    assert_snapshot!(device.memsync(["config", "sync.maxDelete", "many"]), @"");
    assert_snapshot!(device.memsync(["config", "--add", "sync.maxDelete", "5"]), @"");
    assert_snapshot!(device.memsync(["config"]), @"");
    fs::write(device.folder.join("staging.config"), "[sync\nmaxDelete = 5\n").unwrap();
    assert_snapshot!(device.memsync(["config", "--list"]), @"");
    fs::write(device.folder.join("staging.config"), "[sync]\nmaxDelete = many\n").unwrap();
    assert_snapshot!(device.memsync(["config", "sync.maxDelete"]), @"");
}
