//! `memsync completions`: what a shell needs to complete command lines.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::TestEnvironment;

#[test]
fn each_shell_gets_its_own() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let shells = [
        ("bash", "memsync.bash"),
        ("zsh", "_memsync"),
        ("fish", "memsync.fish"),
        ("elvish", "memsync.elv"),
        ("powershell", "_memsync.ps1"),
    ];
    for (shell, file) in shells {
        let printed = device.command().args(["completions", shell]).output().unwrap().stdout;
        assert!(printed == fs::read(committed.join(file)).unwrap(), "{shell}: {file} is not what is printed");
    }
    let folder = environment.folder("completions");
    device.memsync(["completions", "--output", folder.to_str().unwrap()]).success();
    assert_eq!(fs::read_dir(folder).unwrap().count(), shells.len());
    assert_snapshot!(device.memsync(["completions", "tcsh"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value 'tcsh' for '[SHELL]'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    ");
}
