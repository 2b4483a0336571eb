//! The one owner of the streams: stdout is data, stderr is talk.
//!
//! Guarantees: nothing is asked unless stdin and stderr are terminals; no pager, colour or escaping where stdout is
//! no terminal (unless asked for); progress only on a terminal and only for work that lasts. A reader of stdout
//! that goes away is no error: the rest of the output is dropped, the work and its exit code stand.
//!
//! Must never: decide what is said, read the environment, or print untrusted text unescaped on a terminal.

mod escape;
pub mod mergetool;
mod pager;
mod progress;
mod screen;
mod settings;
mod shell;
mod style;
pub mod view;

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Read, Write};

use dialoguer::console::Term;
use indicatif::WeakProgressBar;

pub use escape::{escape, escape_line, without_nul};
pub use progress::Progress;
pub use screen::{Interrupts, Key, Screen, Size};
pub use settings::{ColorChoice, Settings, Verbosity};
pub use shell::shell_word;
pub use style::{Label, Painted, Palette};

use pager::Pager;

/// The width that text fills where neither a terminal nor the environment names one, in columns.
const USUAL_WIDTH: u16 = 80;

/// The streams of one command.
pub struct Ui {
    settings: Settings,
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
    is_stdout_terminal: bool,
    is_stderr_terminal: bool,
    can_ask: bool,
    pager: Option<Pager>,
    progress: Option<WeakProgressBar>,
}

impl Ui {
    /// Takes the process's own streams.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let (is_stdout_terminal, is_stderr_terminal) =
            (io::stdout().is_terminal(), io::stderr().is_terminal());
        let stdout = anstream::AutoStream::always(io::stdout());
        Self {
            settings,
            stdout: if is_stdout_terminal { Box::new(stdout) } else { Box::new(BufWriter::new(stdout)) },
            stderr: Box::new(anstream::AutoStream::always(io::stderr())),
            is_stdout_terminal,
            is_stderr_terminal,
            can_ask: io::stdin().is_terminal() && is_stderr_terminal,
            pager: None,
            progress: None,
        }
    }

    /// Writes data to stdout as it is, without adding a line end.
    pub fn data(&mut self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes an object's bytes to stdout, exactly; on a terminal as text, escaped.
    pub fn object(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_stdout_terminal {
            let text = String::from_utf8_lossy(bytes);
            return self.data(&escape(&text));
        }
        self.bytes(bytes)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let result = match &mut self.pager {
            Some(pager) => pager.write_all(bytes),
            None => self.stdout.write_all(bytes),
        };
        self.forgive_reader(result)
    }

    /// All of stdin, for a command that is told to read it.
    pub fn input(&mut self) -> io::Result<Vec<u8>> {
        let mut input = Vec::new();
        io::stdin().lock().read_to_end(&mut input)?;
        Ok(input)
    }

    /// Says something on stderr, unless asked to be quiet. It may be coloured, so what is not the program's own words
    /// in it must have been through [`escape_line`].
    pub fn note(&mut self, text: &str) {
        if self.settings.verbosity >= Verbosity::Normal {
            self.talk(&format!("{text}\n"));
        }
    }

    /// Says a step on stderr, where asked to be verbose; otherwise as [`Ui::note`].
    pub fn step(&mut self, text: &str) {
        if self.settings.verbosity >= Verbosity::Verbose {
            self.talk(&format!("{text}\n"));
        }
    }

    /// Says what to do next on stderr, unless asked to be quiet.
    pub fn hint(&mut self, text: &str) {
        if self.settings.verbosity >= Verbosity::Normal {
            let header = self.talk_palette().paint(Label::Hint, "hint: ");
            self.talk(&format!("{header}{}\n", escape_line(text)));
        }
    }

    /// Warns on stderr, always.
    pub fn warn(&mut self, text: &str) {
        let header = self.talk_palette().paint(Label::Warning, "warning: ");
        self.talk(&format!("{header}{}\n", escape_line(text)));
    }

    /// Writes to stderr as it is, always: for an error that is rendered already.
    pub fn talk(&mut self, text: &str) {
        // Where both streams end in one place, what was said first stands first; `finish` reports what is wrong.
        if self.pager.is_none() {
            let _ = self.stdout.flush();
        }
        // Nobody can be told that stderr is broken.
        let write = |stderr: &mut Box<dyn Write>| {
            let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
        };
        match self.progress.as_ref().and_then(WeakProgressBar::upgrade) {
            Some(bar) => bar.suspend(|| write(&mut self.stderr)),
            None => write(&mut self.stderr),
        }
    }

    /// The colours of stdout.
    #[must_use]
    pub fn palette(&self) -> Palette {
        Palette::new(self.settings.color.applies(self.is_stdout_terminal, self.settings.is_plain))
    }

    /// The colours of stderr.
    #[must_use]
    pub fn talk_palette(&self) -> Palette {
        Palette::new(self.settings.color.applies(self.is_stderr_terminal, self.settings.is_plain))
    }

    /// Whether only warnings and errors are wanted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.settings.verbosity == Verbosity::Quiet
    }

    /// Whether stdout is a terminal, that is: whether a person reads it.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        self.is_stdout_terminal
    }

    /// Whether each step is to be said.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.settings.verbosity >= Verbosity::Verbose
    }

    /// Memory text for stdout: escaped for a terminal, untouched for a pipe.
    #[must_use]
    pub fn untrusted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_stdout_terminal { escape(text) } else { Cow::Borrowed(text) }
    }

    /// How many columns a line on stdout may take.
    #[must_use]
    pub fn width(&self) -> usize {
        let measured =
            || Term::stdout().size_checked().filter(|_| self.is_stdout_terminal).map(|size| size.1);
        self.settings.columns.or_else(measured).unwrap_or(USUAL_WIDTH).into()
    }

    /// Sends everything that follows on stdout through the user's pager, where stdout is a terminal.
    pub fn page(&mut self) {
        let command = self.settings.pager.clone();
        if let Err(error) = self.start_pager(command.as_deref())
            && let Some(command) = command
        {
            self.warn(&format!("cannot start the pager {command}: {error}"));
        }
    }

    /// As [`Ui::page`], through the program `command`; false where it did not start.
    pub fn page_through(&mut self, command: &str) -> bool {
        self.start_pager(Some(command)).is_ok() && self.pager.is_some()
    }

    fn start_pager(&mut self, command: Option<&str>) -> io::Result<()> {
        if self.is_stdout_terminal && !self.settings.no_pager && self.pager.is_none() {
            self.stdout.flush()?;
            self.pager = Pager::start(command, self.settings.has_less_options)?;
        }
        Ok(())
    }

    /// Shows that work is under way: on a terminal, once it takes longer than a moment, unless asked to be quiet
    /// or to say each step. `total` is how many steps it has, where that is known.
    pub fn progress(&mut self, title: &str, total: Option<u64>) -> Progress {
        if !self.is_stderr_terminal || self.settings.verbosity != Verbosity::Normal {
            return Progress::hidden();
        }
        let progress = Progress::shown(title, total);
        self.progress = Some(progress.downgrade());
        progress
    }

    /// Whether there is somebody to ask.
    #[must_use]
    pub const fn can_ask(&self) -> bool {
        self.can_ask
    }

    /// Takes the whole terminal; `None` where there is nobody to ask.
    pub fn screen(&mut self) -> io::Result<Option<Screen>> {
        if !self.can_ask {
            return Ok(None);
        }
        self.stdout.flush()?;
        Screen::open(self.talk_palette()).map(Some)
    }

    /// Asks a question that yes or no answers; `None` where there is nobody to ask.
    pub fn confirm(&mut self, question: &str) -> io::Result<Option<bool>> {
        if !self.can_ask {
            return Ok(None);
        }
        let prompt = dialoguer::Confirm::new().with_prompt(escape_line(question)).default(false);
        prompt.interact().map(Some).map_err(into_io)
    }

    /// Asks for a line of text, which may be empty; `None` where there is nobody to ask.
    pub fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        if !self.can_ask {
            return Ok(None);
        }
        let prompt = dialoguer::Input::new().with_prompt(escape_line(question)).allow_empty(true);
        prompt.interact_text().map(Some).map_err(into_io)
    }

    /// Writes out what is still held back, and waits for the pager. To be called once, at the end.
    pub fn finish(&mut self) -> io::Result<()> {
        let result = self.stdout.flush();
        self.forgive_reader(result)?;
        self.pager.take().map_or(Ok(()), Pager::finish)
    }

    fn forgive_reader(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.stdout = Box::new(io::sink());
                if let Some(pager) = &mut self.pager {
                    pager.close();
                }
                Ok(())
            }
            other => other,
        }
    }
}

fn into_io(error: dialoguer::Error) -> io::Error {
    let dialoguer::Error::IO(error) = error;
    error
}

#[cfg(test)]
pub(crate) mod testing {
    //! A [`Ui`] whose streams are kept, for the tests of commands.

    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A stream that can be looked at while something else writes to it.
    #[derive(Clone, Default)]
    pub(crate) struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Kept {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A `Ui` on which `is_terminal` holds for both output streams, with its stdout and stderr. Nobody is asked.
    pub(crate) fn kept(settings: Settings, is_terminal: bool) -> (Ui, Kept, Kept) {
        let (stdout, stderr) = (Kept::default(), Kept::default());
        let ui = Ui {
            settings,
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            is_stdout_terminal: is_terminal,
            is_stderr_terminal: is_terminal,
            can_ask: false,
            pager: None,
            progress: None,
        };
        (ui, stdout, stderr)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::kept;
    use super::*;

    fn said_at(verbosity: Verbosity) -> String {
        let (mut ui, _, stderr) = kept(Settings { verbosity, ..Settings::default() }, false);
        ui.step("asking");
        ui.note("3 memories received");
        ui.hint("memsync apply");
        ui.warn("the clock is odd");
        stderr.text()
    }

    #[test]
    fn warnings_are_said_even_when_quiet_and_steps_only_when_verbose() {
        insta::assert_snapshot!(said_at(Verbosity::Quiet), @"warning: the clock is odd");
        insta::assert_snapshot!(said_at(Verbosity::Normal), @r"
        3 memories received
        hint: memsync apply
        warning: the clock is odd
        ");
        insta::assert_snapshot!(said_at(Verbosity::Verbose), @r"
        asking
        3 memories received
        hint: memsync apply
        warning: the clock is odd
        ");
    }

    #[test]
    fn memory_text_is_escaped_for_a_terminal_and_untouched_for_a_pipe() {
        let text = "a\u{1b}[31mb\n";
        assert_eq!(kept(Settings::default(), true).0.untrusted(text), "a\\u{1b}[31mb\n");
        let (mut ui, stdout, _) = kept(Settings::default(), false);
        let shown = ui.untrusted(text).into_owned();
        ui.data(&shown).unwrap();
        assert_eq!(stdout.text(), text);
    }

    #[test]
    fn a_reader_that_goes_away_ends_the_output_quietly() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let (mut ui, _, _) = kept(Settings::default(), false);
        ui.stdout = Box::new(Gone);
        ui.data("one\n").unwrap();
        ui.data("two\n").unwrap();
        ui.finish().unwrap();
    }

    #[test]
    fn output_that_cannot_be_written_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut ui, _, _) = kept(Settings::default(), false);
        ui.stdout = Box::new(Full);
        assert_eq!(ui.data("one\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn nobody_is_asked_and_nothing_moves_without_a_terminal() {
        let (mut ui, _, stderr) = kept(Settings::default(), false);
        assert_eq!(ui.confirm("Trust it?").unwrap(), None);
        assert_eq!(ui.ask("Address of the server").unwrap(), None);
        ui.progress("Fetching", Some(3)).advance(3);
        assert_eq!(stderr.text(), "");
    }

    #[test]
    fn the_width_is_the_given_one_or_the_usual_one() {
        let given = Settings { columns: Some(40), ..Settings::default() };
        assert_eq!(kept(given, false).0.width(), 40);
        assert_eq!(kept(Settings::default(), false).0.width(), 80);
    }
}
