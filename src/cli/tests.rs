//! The command line as a whole.

use super::*;
use crate::ui::Settings;
use crate::ui::testing::kept;
use std::path::Path;

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

/// What a person gets who types `line`: the error or the help, and the exit code.
fn typed(line: &str) -> String {
    let Err(stop) = parse(line.split(' '), &Environment::default()) else { return "accepted".to_owned() };
    let (mut ui, stdout, stderr) = kept(Settings::default(), false);
    let code = explain(&stop, &mut ui);
    format!("{}{}exit {}", stdout.text(), stderr.text(), code.code())
}

#[test]
fn a_wrong_command_line_is_a_usage_error_that_says_what_was_meant() {
    insta::assert_snapshot!(typed("memsync sync --dryrun"), @"
    error: unexpected argument '--dryrun' found

      tip: a similar argument exists: '--dry-run'

    Usage: memsync sync --dry-run [REMOTE]

    For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(typed("memsync checkout --ours --theirs abcd"), @"
    error: the argument '--ours' cannot be used with '--theirs'

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(typed("memsync checkout --ours"), @"
    error: the following required arguments were not provided:
      <HASH|--all>

    Usage: memsync checkout <--ours|--theirs|--base> <HASH|--all>

    For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(typed("memsync status --since soon"), @"
    error: invalid value 'soon' for '--since <WHEN>': expected a day, a time with its zone, or a span such as '2 weeks ago'

    For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(typed("memsync sync -X mine"), @"
    error: invalid value 'mine' for '--strategy-option <STRATEGY>'
      [possible values: ours, theirs, newest]

    For more information, try '--help'.
    exit 2
    ");
    assert!(typed("memsync").ends_with("exit 2"), "nothing to do is no success");
    assert!(typed("memsync sync --help").ends_with("exit 0"));
}

#[test]
fn the_names_of_the_old_scripts_are_accepted() {
    for line in
        ["memsync st", "memsync full", "memsync full --dry-run backup", "memsync status --porcelain -z"]
    {
        assert_eq!(typed(line), "accepted", "{line}");
    }
}

#[test]
fn every_command_has_a_page_with_examples() {
    for command in command().get_subcommands() {
        let page = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        assert!(page.contains("Examples:\n  "), "{}", command.get_name());
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && about.len() <= 60 && !about.ends_with('.'), "{}", command.get_name());
    }
}

#[test]
fn a_panic_ends_with_the_code_for_a_bug() {
    let (mut ui, _, stderr) = kept(Settings::default(), false);
    assert_eq!(guarded(&mut ui, || panic!("on purpose")), ExitCode::Bug);
    insta::assert_snapshot!(stderr.text(), @"
    error: memsync has stopped unexpectedly
    hint: this is a bug in memsync; please report it
    ");
}

/// Compares the files in `folder` with `files`, or writes them where `MEMSYNC_UPDATE` is set.
#[expect(clippy::disallowed_methods, reason = "a test looks at committed files, and may renew them")]
fn assert_fresh(folder: &str, files: &[(String, String)]) {
    use std::collections::BTreeMap;
    use std::fs;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if std::env::var_os("MEMSYNC_UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let committed: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    let stale: Vec<&str> = files
        .iter()
        .filter(|(name, text)| committed.get(name) != Some(text))
        .map(|(name, _)| name.as_str())
        .chain(
            committed.keys().map(String::as_str).filter(|name| !files.iter().any(|(known, _)| known == name)),
        )
        .collect();
    assert!(
        stale.is_empty(),
        "stale in {}: {stale:?}; `MEMSYNC_UPDATE=1 cargo test --lib cli::` renews them",
        folder.display()
    );
}

#[test]
fn completions_are_those_of_this_command_line() {
    assert_fresh("completions", &completions::files(&command()));
}

#[test]
fn manual_pages_are_those_of_this_command_line() {
    assert_fresh("man", &man::files(&command()));
}
