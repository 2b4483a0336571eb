//! What a command ends with: an exit code that scripts can rely on, or one error a person can act on.
//!
//! Guarantees: every error below becomes exactly one [`CommandError`] with its kind, its causes still typed, and
//! hints that are the next command to type. The numbers of [`ExitCode`] never change.
//!
//! Must never: print, or end the process; `cli` does both.

mod from;
mod store;

use std::error::Error as StdError;
use std::fmt::Write as _;

use crate::side::Cause;
use crate::ui::{self, Label, Palette};

/// What the process tells its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Done, and nothing is left to do.
    Done = 0,
    /// Conflicts remain, `--exit-code` found differences, or the setting asked for is not set.
    Differences = 1,
    /// The command line, an environment variable or the configuration is wrong.
    Usage = 2,
    /// A brake stopped the plan before any effect.
    Brake = 3,
    /// The server cannot be reached, a certificate or key was refused, or the file that is the remote cannot be used.
    Remote = 4,
    /// A database on this device is missing, busy, damaged or unsupported.
    Database = 5,
    /// Some memories were refused by a side; everything else was done.
    Refused = 6,
    /// A bug in memsync.
    Bug = 70,
    /// `memsync init` has not been run here.
    NotInitialised = 128,
}

impl ExitCode {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.code().into()
    }
}

/// Whose business an error is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller's: arguments, environment, configuration, or where the output goes.
    Usage,
    /// The caller's to confirm: a brake stopped the plan.
    Brake,
    /// The remote's: the server's, the network's, or that of a database file which is one.
    Remote,
    /// A database's on this device, the service's or memsync's own.
    Database,
    /// Ours.
    Bug,
    /// There is no staging database yet.
    NotInitialised,
}

impl ErrorKind {
    /// The exit code of a command that ends with such an error.
    #[must_use]
    pub const fn exit_code(self) -> ExitCode {
        match self {
            Self::Usage => ExitCode::Usage,
            Self::Brake => ExitCode::Brake,
            Self::Remote => ExitCode::Remote,
            Self::Database => ExitCode::Database,
            Self::Bug => ExitCode::Bug,
            Self::NotInitialised => ExitCode::NotInitialised,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct CommandError {
    /// Whose business it is.
    pub kind: ErrorKind,
    /// What went wrong, in one sentence without a full stop. Further lines are shown indented.
    pub message: String,
    /// What led to it, kept typed; its own sources are shown below it.
    pub cause: Option<Cause>,
    /// What to do next, most useful first.
    pub hints: Vec<String>,
}

impl CommandError {
    /// An error without cause and hints.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None, hints: Vec::new() }
    }

    /// What was asked cannot be done as asked.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Something that cannot happen has happened.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message).with_hint("this is a bug in memsync; please report it")
    }

    /// The same error, caused by `cause`.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same error with one more hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code of a command that ends with this error.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        self.kind.exit_code()
    }

    /// The error as it is shown on stderr: message, causes, hints. Names, addresses and a server's words may be
    /// hostile, so everything is escaped, and no line of theirs can pass for one of ours.
    #[must_use]
    pub fn render(&self, palette: Palette) -> String {
        let mut text = String::new();
        push_line(&mut text, palette, Label::Error, "error: ", &self.message);
        for cause in self.causes() {
            push_line(&mut text, palette, Label::Cause, "  caused by: ", &cause);
        }
        for hint in &self.hints {
            push_line(&mut text, palette, Label::Hint, "hint: ", hint);
        }
        text
    }

    /// The messages of the causes, outermost first; one that only repeats what is above it is left out.
    fn causes(&self) -> Vec<String> {
        let mut messages: Vec<String> = Vec::new();
        let mut next: Option<&(dyn StdError + 'static)> = self.cause.as_deref().map(|cause| cause as _);
        while let Some(cause) = next {
            let message = cause.to_string();
            let above = messages.last().unwrap_or(&self.message);
            if !above.contains(&message) {
                // SQLite's words come once without and once with their code.
                messages.pop_if(|above| message.ends_with(above.as_str()));
                messages.push(message);
            }
            next = cause.source();
        }
        messages
    }
}

fn push_line(text: &mut String, palette: Palette, label: Label, header: &str, message: &str) {
    let _ = write!(text, "{}", palette.paint(label, header));
    for (number, line) in message.lines().enumerate() {
        let indent = if number == 0 { "" } else { "  " };
        let _ = writeln!(text, "{indent}{}", ui::escape_line(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("the page could not be read")]
    struct Page(#[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("malformed")]
    struct Outer(#[source] io::Error);

    #[test]
    fn exit_codes_are_those_that_scripts_know() {
        let codes = [
            (ExitCode::Done, 0),
            (ExitCode::Differences, 1),
            (ExitCode::Usage, 2),
            (ExitCode::Brake, 3),
            (ExitCode::Remote, 4),
            (ExitCode::Database, 5),
            (ExitCode::Refused, 6),
            (ExitCode::Bug, 70),
            (ExitCode::NotInitialised, 128),
        ];
        for (code, number) in codes {
            assert_eq!(code.code(), number, "{code:?}");
        }
    }

    #[test]
    fn an_error_shows_its_message_its_causes_and_what_to_do_next() {
        let error = CommandError::new(ErrorKind::Database, "the sync could not be recorded")
            .with_cause(Page(io::Error::other("disk full")))
            .with_hint("free some room, then run `memsync sync` again");
        insta::assert_snapshot!(error.render(Palette::plain()), @r"
        error: the sync could not be recorded
          caused by: the page could not be read
          caused by: disk full
        hint: free some room, then run `memsync sync` again
        ");
    }

    #[test]
    fn a_cause_that_repeats_the_message_is_left_out() {
        let error = CommandError::usage("cannot write: disk full").with_cause(io::Error::other("disk full"));
        assert_eq!(error.render(Palette::plain()), "error: cannot write: disk full\n");
    }

    #[test]
    fn of_two_causes_that_say_the_same_the_more_exact_one_is_shown() {
        let error = CommandError::usage("cannot write the page")
            .with_cause(Outer(io::Error::other("Error code 11: malformed")));
        assert_eq!(
            error.render(Palette::plain()),
            "error: cannot write the page\n  caused by: Error code 11: malformed\n"
        );
    }

    #[test]
    fn hostile_words_cannot_pass_for_a_line_of_ours() {
        let error =
            CommandError::new(ErrorKind::Remote, "no such memory: x\nhint: run `rm -rf ~`\u{1b}[2J\u{202e}");
        insta::assert_snapshot!(error.render(Palette::plain()), @r"
        error: no such memory: x
          hint: run `rm -rf ~`\u{1b}[2J\u{202e}
        ");
    }
}
