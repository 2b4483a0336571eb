//! `memsync man`: the manual.

use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{extra, is_heading};
use crate::porcelain::shared::generated;
use crate::workspace::Workspace;

/// Show the manual page of memsync or of one command
///
/// On a terminal the page is shown by man; elsewhere its source is printed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The command, such as sync or remote add
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    pub command: Vec<String>,
    /// Write every page into this folder instead
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

const EXTRA: &str = "\
Examples:
  memsync man sync
      Read about one command.
  memsync man --output ~/.local/share/man/man1
      Install every page, so that man memsync-sync finds it.
";

/// What shows a page that it reads from its input.
const VIEWER: &str = if cfg!(target_os = "macos") { "mandoc -a" } else { "man -l -" };

/// Runs the command for the command line `command`.
pub fn run(args: &Args, command: &Command, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    if let Some(folder) = &args.output {
        generated::write(folder, &files(command))?;
        return Ok(ExitCode::Done);
    }
    let wanted = [&["memsync".to_owned()], args.command.as_slice()].concat().join("-");
    let Some((_, page)) = files(command).into_iter().find(|(name, _)| *name == format!("{wanted}.1")) else {
        let asked = args.command.join(" ");
        return Err(CommandError::usage(format!("there is no manual page for '{asked}'"))
            .with_hint("`memsync --help` lists the commands"));
    };
    workspace.ui.page_through(VIEWER);
    workspace.ui.data(&page)?;
    Ok(ExitCode::Done)
}

/// Every page, by file name: one for memsync, one for each command and subcommand.
#[must_use]
pub fn files(command: &Command) -> Vec<(String, String)> {
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages);
    pages
}

fn collect(command: &Command, pages: &mut Vec<(String, String)>) {
    pages.push(page(command));
    for subcommand in command.get_subcommands() {
        collect(subcommand, pages);
    }
}

fn page(command: &Command) -> (String, String) {
    // Every page belongs to this program, whatever command it is about.
    let man = Man::new(command.clone())
        .source(concat!("memsync ", env!("CARGO_PKG_VERSION")))
        .manual("memsync manual");
    let name = man.get_filename();
    let mut text = Vec::new();
    let mut sections = vec![Man::render_title, Man::render_name_section, Man::render_synopsis_section];
    sections.extend([Man::render_description_section, Man::render_options_section]);
    if command.has_subcommands() {
        sections.push(Man::render_subcommands_section);
    }
    for section in sections {
        section(&man, &mut text).expect("memory takes any size");
    }
    if let Some(extra) = command.get_after_long_help() {
        extra_sections(&extra.to_string()).to_writer(&mut text).expect("memory takes any size");
    }
    (name, String::from_utf8_lossy(&text).into_owned())
}

/// The last part of a help page: its headings as sections, the rest as it stands there.
fn extra_sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    for part in text.trim().split("\n\n") {
        let mut lines = part.lines().peekable();
        if let Some(heading) = lines.next_if(|line| is_heading(line)) {
            roff.control("SH", [heading.trim_end_matches(':').to_uppercase().as_str()]);
        }
        roff.control("nf", []);
        for line in lines {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
    }
    roff
}
