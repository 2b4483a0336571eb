//! The program that shows long output a screen at a time.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running pager; what is written goes to its input.
#[derive(Debug)]
pub(super) struct Pager {
    child: Child,
    input: Option<ChildStdin>,
}

/// What stands for the pager where nothing is said.
const USUAL: &str = "less";

/// What makes a command line one for the shell, as git decides it.
const SHELL_CHARACTERS: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', ' ', '\t', '\n', '*', '?', '[', '#', '~',
    '=', '%',
];

impl Pager {
    /// Starts the pager `command`, or `less`; `None` where no pager is wanted.
    pub(super) fn start(command: Option<&str>, has_less_options: bool) -> io::Result<Option<Self>> {
        let line = command.unwrap_or(USUAL).trim();
        if matches!(line, "" | "cat") {
            return Ok(None);
        }
        let mut program = if line.contains(SHELL_CHARACTERS) {
            let mut shell = Command::new("sh");
            shell.args(["-c", line]);
            shell
        } else {
            Command::new(line)
        };
        if !has_less_options {
            // As git does: leave at once where all fits on one screen, let colours through, keep the screen.
            program.env("LESS", "FRX");
        }
        let mut child = program.stdin(Stdio::piped()).spawn()?;
        let input = child.stdin.take();
        Ok(Some(Self { child, input }))
    }

    /// Says that nothing more comes; what is written later is dropped.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    /// As [`Pager::close`], and waits until the reader is done.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.close();
        self.child.wait().map(|_| ())
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.input.as_mut().map_or(Ok(bytes.len()), |input| input.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_empty_command_and_cat_are_no_pager() {
        for command in ["", "  ", "cat"] {
            assert!(Pager::start(Some(command), false).unwrap().is_none(), "{command:?}");
        }
    }

    #[test]
    fn a_command_line_is_run_by_the_shell_and_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let shown = folder.path().join("shown");
        let command = format!("cat > '{}'", shown.display());
        let mut pager = Pager::start(Some(&command), false).unwrap().unwrap();
        pager.write_all(b"one\ntwo\n").unwrap();
        pager.finish().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test looks at what the pager got")]
        let text = std::fs::read_to_string(shown).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_before_anything_is_written() {
        assert!(Pager::start(Some("/no/such/pager"), false).is_err());
    }
}
