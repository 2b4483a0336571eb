//! What stands on a screen: a value, so that it can be looked at without a terminal.

use crate::ui::Label;

/// How large a screen is, in columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A piece of a row. Its text is escaped, and fits between its column and the end of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Where it begins, from 0.
    pub(crate) column: usize,
    /// What it is, if it is anything special.
    pub(crate) label: Option<Label>,
    /// The text.
    pub(crate) text: String,
}

impl Part {
    /// A piece that looks like any other text.
    pub(crate) fn plain(column: usize, text: impl Into<String>) -> Self {
        Self { column, label: None, text: text.into() }
    }

    /// A piece that is something special.
    pub(crate) fn labelled(column: usize, label: Label, text: impl Into<String>) -> Self {
        Self { column, label: Some(label), text: text.into() }
    }
}

/// Everything on a screen, from the top; rows that are not named are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The rows.
    pub(crate) rows: Vec<Vec<Part>>,
}

#[cfg(test)]
impl std::fmt::Display for Page {
    /// The screen as it looks without colours.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use unicode_width::UnicodeWidthStr as _;
        for row in &self.rows {
            let mut line = String::new();
            for part in row {
                assert!(line.width() <= part.column, "{line:?} reaches into {part:?}");
                line.extend(std::iter::repeat_n(' ', part.column - line.width()));
                line.push_str(&part.text);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
