//! Small pieces that every page shares.

use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::ui::escape_line;

/// A moment as pages show it, in the system's time zone: `2026-11-22 15:44`.
#[must_use]
pub fn moment(seconds: i64) -> String {
    zoned(seconds, "%Y-%m-%d %H:%M")
}

/// A moment to the second and with its zone, as `log` shows it.
#[must_use]
pub fn exact_moment(seconds: i64) -> String {
    zoned(seconds, "%Y-%m-%d %H:%M:%S %z")
}

fn zoned(seconds: i64, format: &str) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(timestamp) => timestamp.to_zoned(TimeZone::system()).strftime(format).to_string(),
        Err(_) => format!("@{seconds}"),
    }
}

/// `1 memory`, `2 memories`.
#[must_use]
pub fn memories(count: usize) -> String {
    counted(count, "memory", "memories")
}

/// That so many memories cannot be found by meaning.
#[must_use]
pub fn without_vector(count: u64) -> String {
    let noun = if count == 1 { "memory" } else { "memories" };
    format!("{} {noun} without a vector: found by list, tag and text, not by meaning", grouped(count))
}

/// A number with its noun.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A number as people read it: `12,345`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes as people read it: `300 bytes`, `12.3 KiB`, `40.2 MiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return counted(usize::try_from(bytes).unwrap_or_default(), "byte", "bytes"),
        1024..1_048_576 => (1024, "KiB"),
        1_048_576..1_073_741_824 => (1_048_576, "MiB"),
        _ => (1_073_741_824, "GiB"),
    };
    format!("{}.{} {name}", grouped(bytes / unit), bytes % unit * 10 / unit)
}

/// What a list says of a memory before its first line: untrusted, and short enough that the line stays one.
#[must_use]
pub fn remark(text: &str) -> String {
    /// Names of fields that people give fit; a name of thousands of characters must not flood the list.
    const WIDEST: usize = 60;
    format!("({}) ", fit(&escape_line(text), WIDEST))
}

/// `text` cut to so many columns, with an ellipsis where something was cut.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let fitting = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= columns
    });
    fitting.collect::<String>() + "…"
}

/// `text` filled up with spaces to so many columns.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("plain", 5), "plain");
        assert_eq!(fit("plain text", 6), "plain…");
        assert_eq!(fit("日本語の記憶", 6), "日本…");
        assert_eq!(pad("日本", 6), "日本  ");
    }

    #[test]
    fn a_remark_is_escaped_and_never_floods_the_list() {
        assert_eq!(remark("type, meta.a\u{1b}[1m"), r"(type, meta.a\u{1b}[1m) ");
        assert_eq!(remark(&"k".repeat(3_000)).width(), 63);
    }

    #[test]
    fn numbers_are_grouped_and_sizes_have_units() {
        assert_eq!([0, 12, 999, 1_000, 12_345_678].map(grouped), ["0", "12", "999", "1,000", "12,345,678"]);
        let sizes = [1, 300, 12_600, 42_152_755, 3_000_000_000_000].map(size);
        assert_eq!(sizes, ["1 byte", "300 bytes", "12.3 KiB", "40.1 MiB", "2,793.9 GiB"]);
    }
}
