//! Untrusted text on a terminal.

use std::borrow::Cow;

/// `text` with control and bidirectional characters shown as `\u{…}`, so that it can neither drive a terminal nor
/// reorder what stands around it. Line ends and tabs stay.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_where(text, |c| !matches!(c, '\n' | '\t') && is_dangerous(c))
}

/// As [`escape`], for what must stay on one line: line ends and tabs are shown as `\n` and `\t`.
#[must_use]
pub fn escape_line(text: &str) -> Cow<'_, str> {
    escape_where(text, is_dangerous)
}

/// `text` without NUL, for a list whose entries end with one: a memory could make up entries of its own. U+FFFD stands
/// in its place.
#[must_use]
pub fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn escape_where(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            _ if !is_escaped(c) => shown.push(c),
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            _ => shown.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// Controls (C0, DEL, C1), Unicode's line ends, and every character that changes the direction of others.
fn is_dangerous(c: char) -> bool {
    let is_line_end = matches!(c, '\u{2028}' | '\u{2029}');
    let is_bidirectional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_line_end || is_bidirectional
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_drives_a_terminal_is_shown_instead_of_obeyed() {
        for (hostile, shown) in [
            ("\u{1b}[2Jgone", r"\u{1b}[2Jgone"),
            ("\u{9b}2J", r"\u{9b}2J"),
            ("over\rwritten", r"over\rwritten"),
            ("bell\u{7} nul\0 del\u{7f}", r"bell\u{7} nul\u{0} del\u{7f}"),
            ("a\u{202e}txt.exe", r"a\u{202e}txt.exe"),
            ("\u{2066}isolated\u{2069}", r"\u{2066}isolated\u{2069}"),
            ("line\u{2028}end", r"line\u{2028}end"),
        ] {
            assert_eq!(escape(hostile), shown);
            assert_eq!(escape_line(hostile), shown);
        }
    }

    #[test]
    fn line_ends_and_tabs_stay_in_a_text_and_are_shown_in_a_line() {
        assert_eq!(escape("one\n\ttwo"), "one\n\ttwo");
        assert_eq!(escape_line("one\n\ttwo"), r"one\n\ttwo");
    }

    #[test]
    fn a_text_ends_no_entry_of_a_list() {
        assert_eq!(without_nul("a\0.A. key\tb\n"), "a\u{fffd}.A. key\tb\n");
    }

    #[test]
    fn what_people_write_is_left_alone() {
        let written = "naïve 日本語 עברית 👩‍👩‍👧 \\n {}";
        assert!(matches!(escape_line(written), Cow::Borrowed(text) if text == written));
    }
}
