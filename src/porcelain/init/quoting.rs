//! Text as others read it: a shell, systemd, XML.

use std::borrow::Cow;

/// A word for a POSIX shell.
pub(super) fn shell(word: &str) -> Cow<'_, str> {
    if is_plain(word) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")).into() }
}

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
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+=,-".contains(&byte);
    !word.is_empty() && word.bytes().all(is_plain)
}

/// Text between XML tags.
pub(super) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_a_shell_takes_it_for() {
        for word in ["plain/path.db", "two words", "it's", "[::1]:8000", "$HOME", "", "a\\b\"c"] {
            let line = format!("printf %s {}", shell(word));
            let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }

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
