//! A whole terminal for one command, and back: what stands on it is a [`Page`], what is typed a [`Key`].
//!
//! Guarantees: the terminal is as it was once the screen is dropped, also after a panic, and where the process is asked
//! to stop (`SIGINT`, `SIGTERM`: they come as [`Key::Interrupt`]). Every row is drawn from the columns that its parts
//! name, so text whose width is misjudged never shifts what stands beside it.
//!
//! Must never: draw text that has not been through [`escape_line`](super::escape_line).

mod interrupts;
mod page;
mod text;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{Command, terminal::BeginSynchronizedUpdate, terminal::EndSynchronizedUpdate};

use super::Palette;
pub use interrupts::Interrupts;
pub use page::Size;
pub(crate) use page::{Page, Part};
pub(crate) use text::{Cells, Mark, Pair, beside, cells, compare, parts, wrap};

/// How long a signal may wait until it is looked for.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// The return key.
    Enter,
    /// The tabulator.
    Tab,
    /// The tabulator with shift.
    BackTab,
    /// The delete-to-the-left key.
    Backspace,
    /// The escape key.
    Escape,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Control-C, or a signal that asks the process to stop.
    Interrupt,
    /// Nothing that means anything; the size of the terminal may have changed.
    Other,
}

impl Key {
    /// Whether it is one of the arrows up and down and their kin.
    pub(super) fn is_scrolling(self) -> bool {
        use Key::{Down, End, Home, PageDown, PageUp, Up};
        matches!(self, Up | Down | PageUp | PageDown | Home | End)
    }
}

/// A terminal that belongs to one command.
pub struct Screen {
    palette: Palette,
    interrupts: Interrupts,
}

/// Whether the terminal is not as it was.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

impl Screen {
    /// Takes the terminal.
    pub(super) fn open(palette: Palette) -> io::Result<Self> {
        let screen = Self { palette, interrupts: Interrupts::note()? };
        restore_before_panicking();
        take()?;
        Ok(screen)
    }

    /// How large it is now.
    #[must_use]
    pub fn size(&self) -> Size {
        let (width, height) = terminal::size().unwrap_or((80, 24));
        Size { width: width.into(), height: height.into() }
    }

    /// Shows a page in place of the one before.
    pub(crate) fn show(&mut self, page: &Page, size: Size) -> io::Result<()> {
        let mut bytes = String::new();
        push(&mut bytes, BeginSynchronizedUpdate);
        for y in 0..size.height {
            let row = u16::try_from(y).unwrap_or(u16::MAX);
            push(&mut bytes, MoveTo(0, row));
            push(&mut bytes, Clear(ClearType::UntilNewLine));
            for part in page.rows.get(y).into_iter().flatten() {
                push(&mut bytes, MoveTo(u16::try_from(part.column).unwrap_or(u16::MAX), row));
                match part.label {
                    Some(label) => drop(write!(bytes, "{}", self.palette.paint(label, &part.text))),
                    None => bytes.push_str(&part.text),
                }
            }
        }
        push(&mut bytes, EndSynchronizedUpdate);
        write(&bytes)
    }

    /// Waits for a key.
    pub fn key(&mut self) -> io::Result<Key> {
        loop {
            if self.interrupts.were_noted() {
                return Ok(Key::Interrupt);
            }
            if event::poll(PATIENCE)? {
                match event::read()? {
                    Event::Key(event) if event.kind != KeyEventKind::Release => return Ok(key(event)),
                    Event::Resize(..) => return Ok(Key::Other),
                    _ => {}
                }
            }
        }
    }

    /// Gives the terminal to something else for as long as `work` lasts.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        restore();
        let result = work();
        take()?;
        Ok(result)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::Relaxed);
    let mut bytes = String::new();
    push(&mut bytes, EnterAlternateScreen);
    push(&mut bytes, Hide);
    push(&mut bytes, Clear(ClearType::All));
    write(&bytes)
}

/// Gives the terminal back, once. There is nobody to tell where that fails.
fn restore() {
    if IS_TAKEN.swap(false, Ordering::Relaxed) {
        let mut bytes = String::new();
        push(&mut bytes, LeaveAlternateScreen);
        push(&mut bytes, Show);
        let _ = write(&bytes);
        let _ = terminal::disable_raw_mode();
    }
}

/// A panic's words are written before anything is dropped, and would go away with the screen.
fn restore_before_panicking() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}

fn push(bytes: &mut String, command: impl Command) {
    command.write_ansi(bytes).expect("writing to a string cannot fail");
}

/// Talk is on stderr, and so is everything that is asked.
fn write(bytes: &str) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    stderr.write_all(bytes.as_bytes())?;
    stderr.flush()
}

fn key(event: KeyEvent) -> Key {
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return if event.code == KeyCode::Char('c') { Key::Interrupt } else { Key::Other };
    }
    match event.code {
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Esc => Key::Escape,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => Key::Other,
    }
}
