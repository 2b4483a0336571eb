//! What each kind of text looks like: one table.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// What a piece of text is; never what colour it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The word before an error's message.
    Error,
    /// The words before an error's cause.
    Cause,
    /// The word before a warning.
    Warning,
    /// The word before what to do next.
    Hint,
    /// A heading.
    Heading,
    /// A memory's name or an object's id.
    Id,
    /// Something that came to be, and an added line.
    Added,
    /// Something that is gone, and a removed line.
    Deleted,
    /// A word that came into a line.
    AddedWord,
    /// A word that is gone from a line.
    DeletedWord,
    /// Something that is not what it was.
    Modified,
    /// Something that waits for a decision.
    Conflict,
    /// Where in a text a difference is.
    Position,
    /// What matters less than the text around it.
    Faint,
}

impl Label {
    const fn style(self) -> Style {
        match self {
            Self::Error | Self::Conflict => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Hint => AnsiColor::Cyan.on_default().bold(),
            Self::Heading => Style::new().bold(),
            Self::Id | Self::Modified => AnsiColor::Yellow.on_default(),
            Self::Added => AnsiColor::Green.on_default(),
            Self::Deleted => AnsiColor::Red.on_default(),
            // Turned round, so that white space is seen as well.
            Self::AddedWord => AnsiColor::Green.on_default().invert(),
            Self::DeletedWord => AnsiColor::Red.on_default().invert(),
            Self::Position => AnsiColor::Cyan.on_default(),
            Self::Cause | Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Turns labels into colours for one stream, or into nothing where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    is_coloured: bool,
}

impl Palette {
    /// The palette of a stream that takes colours, or does not.
    #[must_use]
    pub const fn new(is_coloured: bool) -> Self {
        Self { is_coloured }
    }

    /// The palette of a stream without colours.
    #[must_use]
    pub const fn plain() -> Self {
        Self::new(false)
    }

    /// Whether the stream takes colours.
    #[must_use]
    pub const fn is_coloured(self) -> bool {
        self.is_coloured
    }

    /// `text` as `label` looks; the text itself is not changed, in particular not escaped.
    pub fn paint<T: fmt::Display>(self, label: Label, text: T) -> Painted<T> {
        let style = if self.is_coloured { label.style() } else { Style::new() };
        Painted { style, text }
    }
}

/// A text in its style, to be printed with `{}`.
#[derive(Clone, Debug)]
pub struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.style, self.text, self.style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_appear_only_where_the_stream_takes_them() {
        let shown = |palette: Palette| palette.paint(Label::Deleted, "gone").to_string();
        assert_eq!(shown(Palette::plain()), "gone");
        assert_eq!(shown(Palette::new(true)), "\u{1b}[31mgone\u{1b}[0m");
    }
}
