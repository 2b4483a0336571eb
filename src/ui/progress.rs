//! Progress, for people who wait.
#![expect(clippy::disallowed_methods, reason = "progress shows once work lasts longer than a moment")]

use std::io;
use std::time::{Duration, Instant};

use dialoguer::console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike, WeakProgressBar};

/// Work shorter than this shows no progress.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often a waiting bar moves.
const TICK: Duration = Duration::from_millis(100);

/// One piece of work under way; its bar goes away with it.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Work that nobody watches.
    pub(super) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// Work of `total` steps, or of unknown length, shown on stderr once it takes longer than a moment.
    pub(super) fn shown(title: &str, total: Option<u64>) -> Self {
        let screen = Patient { terminal: Term::stderr(), since: Instant::now() };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::term_like(Box::new(screen)));
        let template = match total {
            Some(_) => "{msg}: {percent:>3}% ({human_pos}/{human_len}) {wide_bar:.dim}",
            None => "{msg} {spinner} {human_pos}",
        };
        let style = ProgressStyle::with_template(template).expect("the two templates above are well-formed");
        bar.set_style(style);
        bar.set_message(title.to_owned());
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    /// Says that `steps` more are done.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// Says how many steps are done in all.
    pub fn set_position(&self, steps: u64) {
        self.bar.set_position(steps);
    }

    /// Says how many steps there are, once that is known.
    pub fn set_total(&self, steps: u64) {
        self.bar.set_length(steps);
    }

    pub(super) fn downgrade(&self) -> WeakProgressBar {
        self.bar.downgrade()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A terminal that shows nothing before [`PATIENCE`] has passed.
#[derive(Debug)]
struct Patient {
    terminal: Term,
    since: Instant,
}

impl Patient {
    fn when_due(&self, draw: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        if self.since.elapsed() < PATIENCE { Ok(()) } else { draw(&self.terminal) }
    }
}

impl TermLike for Patient {
    fn width(&self) -> u16 {
        self.terminal.size().1
    }

    fn height(&self) -> u16 {
        self.terminal.size().0
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.when_due(|terminal| terminal.move_cursor_up(lines))
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.when_due(|terminal| terminal.move_cursor_down(lines))
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.when_due(|terminal| terminal.move_cursor_right(columns))
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.when_due(|terminal| terminal.move_cursor_left(columns))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.when_due(|terminal| terminal.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.when_due(|terminal| terminal.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.when_due(Term::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        self.when_due(Term::flush)
    }
}
