//! The help texts: `snapshots/help.txt` holds every long one.

use insta::assert_snapshot;

use crate::support::TestEnvironment;
use crate::support::environment::Device;
use crate::support::gallery::assert_gallery;

const COMMANDS: [&[&str]; 45] = [
    &[],
    &["init"],
    &["status"],
    &["diff"],
    &["sync"],
    &["stash"],
    &["fetch"],
    &["pull"],
    &["apply"],
    &["push"],
    &["checkout"],
    &["merge"],
    &["mergetool"],
    &["conflicts"],
    &["resolve"],
    &["restore"],
    &["undo"],
    &["log"],
    &["show"],
    &["reflog"],
    &["explain"],
    &["digest"],
    &["embed"],
    &["config"],
    &["remote"],
    &["remote", "add"],
    &["remote", "list"],
    &["remote", "set-url"],
    &["remote", "remove"],
    &["remote", "trust"],
    &["serve"],
    &["demo"],
    &["completions"],
    &["man"],
    &["fsck"],
    &["gc"],
    &["cat-file"],
    &["ls-tree"],
    &["diff-tree"],
    &["hash-object"],
    &["write-tree"],
    &["rev-parse"],
    &["show-ref"],
    &["for-each-ref"],
    &["fast-export"],
];

#[test]
fn every_long_help_is_reviewed() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let mut gallery = String::new();
    for command in COMMANDS {
        let help = device.memsync([command, &["--help"]].concat()).success();
        assert_eq!(help.stderr, "");
        let title = [&["memsync"], command, &["--help"]].concat().join(" ");
        let below =
            device.command().env("COLUMNS", "200").args(command).arg("--help").output().unwrap().stdout;
        let below = String::from_utf8(below).unwrap();
        let (_, below) = below.split_once("\nExamples:\n").unwrap_or_default();
        let long: Vec<_> = below.lines().filter(|line| line.len() > 80).collect();
        assert!(long.is_empty(), "these would be broken without their indentation: {long:?}");
        gallery.extend([format!("===== {title}\n{}\n", help.stdout)]);
        assert_eq!(subcommands(&help.stdout), known_below(command), "a command is missing in COMMANDS");
    }
    assert_gallery("help.txt", &gallery);
}

/// The names under a help page's `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect()
}

fn known_below(command: &[&str]) -> Vec<String> {
    let below =
        COMMANDS.iter().filter(|known| known.len() == command.len() + 1 && known.starts_with(command));
    below.map(|known| (*known.last().unwrap()).to_owned()).collect()
}

#[test]
fn what_cannot_be_understood_is_explained_on_stderr() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    let show = |device: &Device, arguments: &[&str]| device.memsync(arguments);
    assert_snapshot!(show(&device, &["snyc"]), @"
    exit status: 2
    ----- stderr -----
    error: unrecognized subcommand 'snyc'

      tip: a similar subcommand exists: 'sync'

    Usage: memsync [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(show(&device, &["sync", "--dryrun"]), @"
    exit status: 2
    ----- stderr -----
    error: unexpected argument '--dryrun' found

      tip: a similar argument exists: '--dry-run'

    Usage: memsync sync --dry-run [REMOTE]

    For more information, try '--help'.
    ");
    assert_snapshot!(show(&device, &["--version"]), @"
    exit status: 0
    ----- stdout -----
    memsync 0.1.0
    ");
    assert_eq!(show(&device, &[]).status, Some(2));
}
