//! Text as others read it: systemd, XML.

use std::borrow::Cow;

use crate::ui::shell_word;

/// A path in a list of paths of a systemd unit, or the program of its command line.
pub(super) fn systemd_path(path: &str) -> Cow<'_, str> {
    let escaped = path.replace('%', "%%").replace('\\', r"\\").replace('"', "\\\"");
    if is_plain(path) { escaped.into() } else { format!("\"{escaped}\"").into() }
}

/// An argument on the command line of a systemd unit, where `$` begins a variable.
pub(super) fn systemd_argument(word: &str) -> String {
    systemd_path(word).replace('$', "$$")
}

/// Whether neither a shell nor systemd sees more in `word` than a word, but for systemd's `%`.
fn is_plain(word: &str) -> bool {
    matches!(shell_word(word), Cow::Borrowed(_))
}

/// Text between XML tags.
pub(super) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_finds_no_variable_no_specifier_and_no_second_word() {
        assert_eq!(systemd_path("/srv/memories.db"), "/srv/memories.db");
        assert_eq!(
            systemd_argument("/srv/my memories/100%/$a \"b\\c\""),
            r#""/srv/my memories/100%%/$$a \"b\\c\"""#
        );
        assert_eq!(systemd_path("/srv/$a"), "\"/srv/$a\"");
    }
}
