//! `memsync config`: look at settings and change them.

use std::fmt::Write as _;

use crate::config::{self, File, Kind, Name, keys};
use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::extra;
use crate::workspace::Workspace;

/// Show and change settings
///
/// With NAME alone, prints the value that counts; with NAME and VALUE, writes it. Settings are kept in two files in
/// git's configuration syntax: the global one is yours on this device, the local one belongs to one staging database and
/// outranks it. Environment variables outrank both and are not shown here.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(&help()))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// The setting, such as sync.maxDelete
    #[arg(value_name = "NAME", required_unless_present_any = ["list", "unset"])]
    pub name: Option<String>,
    /// Its new value
    #[arg(value_name = "VALUE")]
    pub value: Option<String>,
    /// Use the global file only
    #[arg(long, conflicts_with = "local")]
    pub global: bool,
    /// Use the file beside the staging database only; that is where changes go by default
    #[arg(long)]
    pub local: bool,
    /// Print every setting that the files hold, as NAME=VALUE
    #[arg(short, long, conflicts_with_all = ["name", "value", "unset", "add"])]
    pub list: bool,
    /// Take a setting away, with all its values
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "value", "add"])]
    pub unset: Option<String>,
    /// Add a value to a setting that may have several, instead of replacing it
    #[arg(long, requires = "value")]
    pub add: bool,
}

const EXTRA: &str = "\
Examples:
  memsync config sync.maxDelete 50%
      Let one sync delete up to half of a side's memories.
  memsync config --global core.device laptop
      Name this device in the log of syncs.
  memsync config --add sync.ignoreMetadata 'draft_*'
      Keep the metadata keys that begin with draft_ out of every sync.
  memsync config --list
      Print what is set.

Exit codes:
  0    Done.
  1    The setting is not set.
  2    The name or the value is wrong, or a file cannot be read or written.
";

/// The page's last part: the table of settings, then the examples.
fn help() -> String {
    let mut text = String::from("Settings:\n");
    for key in keys::KEYS {
        let default = key.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
        let _ = writeln!(text, "  {}\n      {}{default}", key.name, key.doc);
    }
    text.push('\n');
    text + EXTRA
}

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    if args.list {
        return list(args, workspace);
    }
    if let Some(name) = &args.unset {
        return unset(args, name, workspace);
    }
    let text = args.name.as_deref().unwrap_or_default();
    match &args.value {
        Some(value) => set(args, text, value, workspace),
        None => get(args, text, workspace),
    }
}

fn list(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let mut lines = String::new();
    for file in read_files(args, &workspace.config) {
        for (name, value) in file.entries() {
            let _ = writeln!(lines, "{name}={value}");
        }
    }
    let shown = workspace.ui.untrusted(&lines).into_owned();
    workspace.ui.page();
    workspace.ui.data(&shown)?;
    Ok(ExitCode::Done)
}

fn get(args: &Args, text: &str, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let (key, name) = keys::find(text)?;
    let mut values: Vec<String> =
        read_files(args, &workspace.config).iter().flat_map(|file| file.values(&name)).collect();
    if !key.is_multiple {
        // The last counts.
        values.drain(..values.len().saturating_sub(1));
    }
    if values.is_empty() && !args.global && !args.local {
        values.extend(key.default.map(str::to_owned));
    }
    for value in &values {
        let shown = workspace.ui.untrusted(value).into_owned();
        workspace.ui.data(&format!("{shown}\n"))?;
    }
    Ok(if values.is_empty() { ExitCode::Differences } else { ExitCode::Done })
}

fn set(args: &Args, text: &str, value: &str, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let (key, name) = keys::find(text)?;
    if args.add && !key.is_multiple {
        return Err(CommandError::usage(format!("{name} has one value, it cannot be added to"))
            .with_hint(format!("`memsync config {name} VALUE` replaces it")));
    }
    // The value is not repeated: an address may hold a password.
    key.kind.check(value).map_err(|expected| {
        CommandError::usage(format!("that is no value for {name}, expected {expected}"))
    })?;
    let value = stored(key.kind, value)?;
    let file = written_file(args, &mut workspace.config);
    if args.add {
        file.add(&name, &value)?;
    } else {
        // What is replaced must not live on in a second line above.
        file.set(&name, &value)?;
        if key.is_multiple && file.values(&name).len() > 1 {
            file.unset(&name);
            file.add(&name, &value)?;
        }
    }
    file.save()?;
    Ok(ExitCode::Done)
}

fn unset(args: &Args, text: &str, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    // A key that this version does not know can still be taken away.
    let name = keys::find(text).map(|(_, name)| name).or_else(|unknown| Name::parse(text).ok_or(unknown))?;
    let file = written_file(args, &mut workspace.config);
    if !file.unset(&name) {
        return Ok(ExitCode::Differences);
    }
    file.save()?;
    Ok(ExitCode::Done)
}

/// A relative path would mean another file from another folder, so it is made absolute; a fingerprint is written as
/// 64 digits.
fn stored(kind: Kind, value: &str) -> Result<String, CommandError> {
    match kind {
        Kind::Path if !value.starts_with('~') => {
            let absolute = std::path::absolute(value).map_err(|cause| {
                CommandError::usage(format!("cannot tell where '{value}' is")).with_cause(cause)
            })?;
            let text = absolute.into_os_string().into_string();
            text.map_err(|_| CommandError::usage("the current folder's name is not valid UTF-8"))
        }
        Kind::Fingerprint => match value.parse::<crate::remote::Fingerprint>() {
            Ok(fingerprint) => Ok(fingerprint.to_string()),
            Err(expected) => Err(CommandError::usage(format!("expected {expected}"))),
        },
        _ => Ok(value.to_owned()),
    }
}

/// The files to look at, in ascending rank.
fn read_files<'c>(args: &Args, config: &'c config::Config) -> Vec<&'c File> {
    match (args.global, args.local) {
        (true, _) => vec![&config.global],
        (_, true) => vec![&config.local],
        _ => vec![&config.global, &config.local],
    }
}

fn written_file<'c>(args: &Args, config: &'c mut config::Config) -> &'c mut File {
    if args.global { &mut config.global } else { &mut config.local }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Palette;
    use crate::workspace::testing::workspace;
    use clap::Parser;
    use std::path::Path;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// What `memsync config LINE` prints and ends with, in `folder`.
    fn config(folder: &Path, line: &[&str]) -> String {
        let (mut workspace, stdout, _) = workspace(folder);
        let args = Line::parse_from([&["config"], line].concat()).args;
        let end = match run(&args, &mut workspace) {
            Ok(code) => format!("exit {}", code.code()),
            Err(error) => format!("{}exit {}", error.render(Palette::plain()), error.exit_code().code()),
        };
        (stdout.text() + &end).replace(&folder.display().to_string(), "FOLDER")
    }

    #[test]
    fn the_local_file_outranks_the_global_one() {
        let folder = tempfile::tempdir().unwrap();
        let config = |line: &[&str]| config(folder.path(), line);
        assert_eq!(config(&["sync.maxDelete"]), "25%\nexit 0");
        assert_eq!(config(&["--global", "sync.maxdelete", "7"]), "exit 0");
        assert_eq!(config(&["sync.maxDelete"]), "7\nexit 0");
        assert_eq!(config(&["sync.maxDelete", "50%"]), "exit 0");
        assert_eq!(config(&["sync.maxDelete"]), "50%\nexit 0");
        assert_eq!(config(&["--global", "sync.maxDelete"]), "7\nexit 0");
        assert_eq!(config(&["--list"]), "sync.maxDelete=7\nsync.maxDelete=50%\nexit 0");
        assert_eq!(config(&["--unset", "sync.maxDelete"]), "exit 0");
        assert_eq!(config(&["sync.maxDelete"]), "7\nexit 0");
    }

    #[test]
    fn what_is_not_set_ends_with_one_and_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(config(folder.path(), &["core.database"]), "exit 1");
        assert_eq!(config(folder.path(), &["--local", "sync.maxDelete"]), "exit 1");
        assert_eq!(config(folder.path(), &["--unset", "core.database"]), "exit 1");
    }

    #[test]
    fn several_values_are_added_listed_and_replaced_together() {
        let folder = tempfile::tempdir().unwrap();
        let config = |line: &[&str]| config(folder.path(), line);
        config(&["--add", "sync.ignoreMetadata", "mood"]);
        config(&["--add", "sync.ignoreMetadata", "tmp_*"]);
        assert_eq!(config(&["sync.ignoreMetadata"]), "mood\ntmp_*\nexit 0");
        config(&["sync.ignoreMetadata", "draft"]);
        assert_eq!(config(&["sync.ignoreMetadata"]), "draft\nexit 0");
    }

    #[test]
    fn mistakes_are_refused_with_what_was_expected() {
        let folder = tempfile::tempdir().unwrap();
        let config = |line: &[&str]| config(folder.path(), line);
        insta::assert_snapshot!(config(&["sync.maxdeletes", "3"]), @"
        error: there is no setting 'sync.maxdeletes'
        hint: did you mean `sync.maxDelete`?
        exit 2
        ");
        insta::assert_snapshot!(config(&["user.email", "x"]), @"
        error: there is no setting 'user.email'
        hint: `memsync config --help` lists the settings
        exit 2
        ");
        insta::assert_snapshot!(config(&["sync.maxDelete", "lots"]), @"
        error: that is no value for sync.maxDelete, expected a share such as 25% (at most 100%) or a number of memories
        exit 2
        ");
        insta::assert_snapshot!(config(&["--add", "core.device", "x"]), @"
        error: core.device has one value, it cannot be added to
        hint: `memsync config core.device VALUE` replaces it
        exit 2
        ");
        insta::assert_snapshot!(config(&["remote.origin.url", "https://ada:pw@home.local"]), @"
        error: that is no value for remote.origin.url, expected an address without a user name or password; give the key in MCP_API_KEY or a key file
        exit 2
        ");
        assert_eq!(config(&["--list"]), "exit 0");
    }
}
