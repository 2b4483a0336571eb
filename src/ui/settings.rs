//! How much to say, and how it may look.

use std::str::FromStr;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On terminals that can show them, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Whether a stream takes colours. `is_plain` says that the user or the terminal asks for none.
    #[must_use]
    pub const fn applies(self, is_terminal: bool, is_plain: bool) -> bool {
        match self {
            Self::Auto => is_terminal && !is_plain,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl FromStr for ColorChoice {
    type Err = &'static str;

    /// Reads the words of git's `color.ui`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "auto" | "true" | "yes" | "on" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" | "false" | "no" | "off" => Ok(Self::Never),
            _ => Err("auto, always or never"),
        }
    }
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and warnings.
    Quiet,
    /// What a person wants to know, and progress.
    #[default]
    Normal,
    /// Each step; no progress bars between them.
    Verbose,
}

/// What the terminal, the flags, the environment and the configuration say together.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// When to use colours.
    pub color: ColorChoice,
    /// `NO_COLOR` is set or the terminal is a dumb one.
    pub is_plain: bool,
    /// How much is said.
    pub verbosity: Verbosity,
    /// The width to fill, in columns, where it is given rather than measured.
    pub columns: Option<u16>,
    /// The pager's command line; `None` is the usual one, empty or `cat` is none.
    pub pager: Option<String>,
    /// No pager at all.
    pub no_pager: bool,
    /// The environment sets `LESS`, so `less` is not told how to behave.
    pub has_less_options: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_choice_then_the_terminal() {
        use ColorChoice as C;
        for (choice, is_terminal, is_plain, expected) in [
            (C::Auto, true, false, true),
            (C::Auto, true, true, false),
            (C::Auto, false, false, false),
            (C::Always, false, true, true),
            (C::Never, true, false, false),
        ] {
            assert_eq!(
                choice.applies(is_terminal, is_plain),
                expected,
                "{choice:?} {is_terminal} {is_plain}"
            );
        }
    }
}
