//! The command line: what there is to type, and the way from it to a command and an exit code.
//!
//! Guarantees: [`command`] describes the whole command line without running anything. [`main`] reports every error
//! exactly once, on stderr, and ends with one of [`ExitCode`]'s numbers, after a panic too.
//!
//! Must never: do a command's work.

mod logging;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, Environment};
use crate::error::{CommandError, ExitCode};
use crate::plumbing::{
    cat_file, diff_tree, fast_export, for_each_ref, fsck, gc, hash_object, ls_tree, rev_parse, show_ref,
    write_tree,
};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::{
    self, apply, checkout, completions, conflicts, demo, diff, digest, embed, explain, fetch, init, log, man,
    merge, mergetool, pull, push, reflog, remote, resolve, restore, serve, show, stash, status, sync, undo,
};
use crate::ui::{ColorChoice, Ui, Verbosity};
use crate::workspace::{self, Flags, Workspace};

/// Keep the memories of mcp-memory-service in step across devices
///
/// Treats the memory database of each device the way git treats a work tree: a memory is an object, a database at one
/// moment is a tree, a sync is a commit. 'Ours' is this device, 'theirs' is the server.
#[derive(Parser)]
#[command(
    name = "memsync",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    subcommand_value_name = "COMMAND",
    max_term_width = 100,
    after_long_help = extra(EXTRA)
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Say only warnings and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say each step; twice or three times for the details of a bug report
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    color: Option<ColorChoice>,
    /// Print long output without a pager
    #[arg(long, global = true)]
    no_pager: bool,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Args),
    #[command(visible_alias = "st")]
    Status(status::Args),
    Diff(diff::Args),
    #[command(visible_alias = "full")]
    Sync(sync::Args),
    Stash(stash::Args),
    Fetch(fetch::Args),
    Pull(pull::Args),
    Apply(apply::Args),
    Push(push::Args),
    Checkout(checkout::Args),
    Merge(merge::Args),
    Mergetool(mergetool::Args),
    Conflicts(conflicts::Args),
    Resolve(resolve::Args),
    Restore(restore::Args),
    Undo(undo::Args),
    Log(log::Args),
    Show(show::Args),
    Reflog(reflog::Args),
    Explain(explain::Args),
    Digest(digest::Args),
    Embed(embed::Args),
    Config(porcelain::config::Args),
    Remote(remote::Args),
    Serve(serve::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    Man(man::Args),
    Fsck(fsck::Args),
    Gc(gc::Args),
    CatFile(cat_file::Args),
    LsTree(ls_tree::Args),
    DiffTree(diff_tree::Args),
    HashObject(hash_object::Args),
    WriteTree(write_tree::Args),
    RevParse(rev_parse::Args),
    ShowRef(show_ref::Args),
    ForEachRef(for_each_ref::Args),
    FastExport(fast_export::Args),
}

const EXTRA: &str = "\
Examples:
  memsync init https://memory.local:8443
      Prepare this device; then give the server's key in MCP_API_KEY.
  memsync sync
      Exchange all changes with the server.
  memsync status
      See what waits.

Environment:
  REMOTE_API
      The server's address, with or without /api or /api/memories at its end; or a database file.
  MCP_API_KEY
      The server's API key.
  STAGING_DB
      The staging database, where memsync keeps what it needs.
  MCP_MEMORY_SQLITE_PATH
      The service's database on this device.
  HOSTNAME
      This device's name, where core.device is not set.
  NO_COLOR, PAGER, VISUAL, EDITOR
      As everywhere.

Files:
  ~/.config/memsync/config
      Your settings, in git's configuration syntax.
  sqlite_vec_staging.config
      The settings beside one staging database, which outrank yours.

Exit codes:
  0    Done, and nothing is left to do.
  1    Conflicts remain, or --exit-code found differences.
  2    The command line or the configuration is wrong.
  3    A brake stopped the plan before any effect.
  4    The server cannot be reached or refused a key or certificate, or the remote's file cannot be used.
  5    A database on this device is missing, busy or unsupported.
  6    Some memories were refused by a side; everything else was done.
  70   A bug in memsync.
  128  This device is not initialised; run `memsync init`.
";

/// The whole command line.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs memsync with the arguments `args`, the program's own name first, in this process's environment.
pub fn main(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> process::ExitCode {
    let mut ui = plain_ui(&Environment::default());
    guarded(&mut ui, || match Environment::read() {
        Ok(environment) => start(args, &environment),
        Err(error) => report(&mut plain_ui(&Environment::default()), &config::Error::from(error).into()),
    })
    .into()
}

/// What `run` ends with, even if it panics; the panic's own words were written by the standard library.
fn guarded(ui: &mut Ui, run: impl FnOnce() -> ExitCode) -> ExitCode {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| report(ui, &CommandError::bug("memsync has stopped unexpectedly")))
}

fn start(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, environment: &Environment) -> ExitCode {
    let cli = match parse(args, environment) {
        Ok(cli) => cli,
        Err(stop) => return explain(&stop, &mut plain_ui(environment)),
    };
    logging::start(cli.log(), environment);
    let flags = cli.global.flags();
    match Workspace::open(environment.clone(), flags) {
        Ok(mut workspace) => finish(cli.command, &mut workspace),
        Err(error) => report(&mut Ui::new(workspace::settings(environment, flags, None, None)), &error),
    }
}

fn parse(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    environment: &Environment,
) -> Result<Cli, clap::Error> {
    let mut command = command();
    if let Some(columns) = environment.columns {
        command = command.term_width(columns.into());
    }
    Cli::from_arg_matches_mut(&mut command.try_get_matches_from(args)?)
}

/// Shows help and versions on stdout, and what is wrong with a command line on stderr.
fn explain(stop: &clap::Error, ui: &mut Ui) -> ExitCode {
    let text = |is_coloured| {
        let rendered = stop.render();
        if is_coloured { rendered.ansi().to_string() } else { rendered.to_string() }
    };
    if stop.use_stderr() {
        let shown = text(ui.talk_palette().is_coloured());
        ui.talk(&shown);
        return ExitCode::Usage;
    }
    let shown = text(ui.palette().is_coloured());
    match ui.data(&shown).and_then(|()| ui.finish()) {
        Ok(()) => ExitCode::Done,
        Err(error) => report(ui, &error.into()),
    }
}

/// Runs the command to its end, output included.
fn finish(command: Command, workspace: &mut Workspace) -> ExitCode {
    let result = run(command, workspace);
    let written = workspace.ui.finish();
    match result.and_then(|code| written.map(|()| code).map_err(CommandError::from)) {
        Ok(code) => code,
        Err(error) => report(&mut workspace.ui, &error),
    }
}

fn run(command: Command, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    match command {
        Command::Init(args) => init::run(&args, workspace),
        Command::Status(args) => status::run(&args, workspace),
        Command::Diff(args) => diff::run(&args, workspace),
        Command::Sync(args) => sync::run(&args, workspace),
        Command::Stash(args) => stash::run(&args, workspace),
        Command::Fetch(args) => fetch::run(&args, workspace),
        Command::Pull(args) => pull::run(&args, workspace),
        Command::Apply(args) => apply::run(&args, workspace),
        Command::Push(args) => push::run(&args, workspace),
        Command::Checkout(args) => checkout::run(&args, workspace),
        Command::Merge(args) => merge::run(&args, workspace),
        Command::Mergetool(args) => mergetool::run(&args, workspace),
        Command::Conflicts(args) => conflicts::run(&args, workspace),
        Command::Resolve(args) => resolve::run(&args, workspace),
        Command::Restore(args) => restore::run(&args, workspace),
        Command::Undo(args) => undo::run(&args, workspace),
        Command::Log(args) => log::run(&args, workspace),
        Command::Show(args) => show::run(&args, workspace),
        Command::Reflog(args) => reflog::run(&args, workspace),
        Command::Explain(args) => explain::run(&args, workspace),
        Command::Digest(args) => digest::run(&args, workspace),
        Command::Embed(args) => embed::run(&args, workspace),
        Command::Config(args) => porcelain::config::run(&args, workspace),
        Command::Remote(args) => remote::run(&args, workspace),
        Command::Serve(args) => serve::run(&args, workspace),
        Command::Demo(args) => demo::run(&args, workspace),
        Command::Completions(args) => completions::run(&args, &self::command(), workspace),
        Command::Man(args) => man::run(&args, &self::command(), workspace),
        Command::Fsck(args) => fsck::run(&args, workspace),
        Command::Gc(args) => gc::run(&args, workspace),
        Command::CatFile(args) => cat_file::run(&args, workspace),
        Command::LsTree(args) => ls_tree::run(&args, workspace),
        Command::DiffTree(args) => diff_tree::run(&args, workspace),
        Command::HashObject(args) => hash_object::run(&args, workspace),
        Command::WriteTree(args) => write_tree::run(&args, workspace),
        Command::RevParse(args) => rev_parse::run(&args, workspace),
        Command::ShowRef(args) => show_ref::run(&args, workspace),
        Command::ForEachRef(args) => for_each_ref::run(&args, workspace),
        Command::FastExport(args) => fast_export::run(&args, workspace),
    }
}

fn report(ui: &mut Ui, error: &CommandError) -> ExitCode {
    let text = error.render(ui.talk_palette());
    ui.talk(&text);
    error.exit_code()
}

/// The streams before anything is known but the environment.
fn plain_ui(environment: &Environment) -> Ui {
    Ui::new(workspace::settings(environment, Flags::default(), None, None))
}

impl Cli {
    /// What is logged: a server tells of every request, other commands say what they do in other ways.
    fn log(&self) -> logging::Log {
        logging::Log {
            is_server: matches!(self.command, Command::Serve(_)),
            is_quiet: self.global.quiet,
            verbose: self.global.verbose,
        }
    }
}

impl Global {
    fn flags(&self) -> Flags {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        Flags { verbosity, color: self.color, no_pager: self.no_pager }
    }
}

#[cfg(test)]
mod tests;
