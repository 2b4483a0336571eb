//! Values as the service, a Python program, reads, shows and writes them.
//!
//! Guarantees: pure functions. A number keeps its value: where Python would round it, or read it as infinite,
//! it stays as it was sent.

use serde_json::{Map, Number, Value};

/// How many digits Python reads of an integer; with more it fails, and with it every list that holds the row.
const MAX_DIGITS: usize = 4300;

/// How deep metadata may be nested. Readers stop at 128 levels, and entries of the log and pages of them put some
/// around it: one memory that is too deep would make a whole page unreadable.
pub(super) const METADATA_DEPTH: usize = 100;

/// The same for the payload of an event, which other servers have put around their metadata.
pub(super) const PAYLOAD_DEPTH: usize = 120;

/// What could be written, but not read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// An integer is too long.
    #[error("an integer has more than {MAX_DIGITS} digits")]
    TooManyDigits,
    /// Too many levels.
    #[error("it is nested too deep")]
    TooDeep,
}

/// Gives every number the form that Python writes: `1.50` becomes `1.5`, `1e5` becomes `100000.0`.
/// Refuses what is deeper than `depth` levels.
pub(super) fn normalize(members: &mut Map<String, Value>, depth: usize) -> Result<(), Unreadable> {
    let below = depth.checked_sub(1).ok_or(Unreadable::TooDeep)?;
    members.values_mut().try_for_each(|value| normalize_value(value, below))
}

fn normalize_value(value: &mut Value, depth: usize) -> Result<(), Unreadable> {
    match value {
        Value::Number(standing) => {
            let text = number(&standing.to_string())?;
            *standing = text.parse::<Number>().expect("a number in another form is a number");
            Ok(())
        }
        Value::Array(elements) => {
            let below = depth.checked_sub(1).ok_or(Unreadable::TooDeep)?;
            elements.iter_mut().try_for_each(|value| normalize_value(value, below))
        }
        Value::Object(members) => normalize(members, depth),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// A JSON number in Python's form.
fn number(text: &str) -> Result<String, Unreadable> {
    if !text.contains(['.', 'e', 'E']) {
        let digits = text.trim_start_matches('-');
        return match digits {
            "0" => Ok("0".to_owned()),
            _ if digits.len() > MAX_DIGITS => Err(Unreadable::TooManyDigits),
            _ => Ok(text.to_owned()),
        };
    }
    let float: f64 = text.parse().unwrap_or(f64::NAN);
    let shown = float_repr(float);
    let is_same = float.is_finite() && decimal(&shown) == decimal(text);
    Ok(if is_same { shown } else { text.to_owned() })
}

/// `repr` of a finite float: the shortest digits that read back the same.
fn float_repr(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..16 if float.fract() == 0.0 => format!("{float}.0"),
        -4..16 => float.to_string(),
        exponent @ 16.. => format!("{digits}e+{exponent:02}"),
        exponent => format!("{digits}e-{:02}", exponent.abs()),
    }
}

/// A decimal number as its sign, its digits without zeros around them, and the power of ten of the last one;
/// `None` where that power is beyond all bounds.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (mantissa, is_negative) = mantissa.strip_prefix('-').map_or((mantissa, false), |rest| (rest, true));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let last = i64::try_from(all.len() - digits.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    let digits = digits.trim_start_matches('0').to_owned();
    let exponent = if digits.is_empty() { 0 } else { exponent.parse::<i64>().ok()?.checked_add(last)? };
    Some((is_negative, digits, exponent))
}

/// What Python's `str` makes of a JSON value.
pub(super) fn str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        _ => value_repr(value),
    }
}

fn value_repr(value: &Value) -> String {
    let join = |shown: Vec<String>| shown.join(", ");
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(standing) => number(&standing.to_string()).unwrap_or_else(|_| standing.to_string()),
        Value::String(text) => repr(text),
        Value::Array(elements) => format!("[{}]", join(elements.iter().map(value_repr).collect())),
        Value::Object(members) => {
            let shown = members.iter().map(|(key, value)| format!("{}: {}", repr(key), value_repr(value)));
            format!("{{{}}}", join(shown.collect()))
        }
    }
}

/// What Python's `repr` makes of a text: in quotes, with what cannot be printed escaped.
#[must_use]
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if character == quote => shown.extend(['\\', quote]),
            _ if is_printable(character) => shown.push(character),
            '\0'..='\u{ff}' => shown.extend(["\\x".to_owned(), format!("{:02x}", u32::from(character))]),
            '\u{100}'..='\u{ffff}' => {
                shown.extend(["\\u".to_owned(), format!("{:04x}", u32::from(character))]);
            }
            _ => shown.extend(["\\U".to_owned(), format!("{:08x}", u32::from(character))]),
        }
    }
    shown.push(quote);
    shown
}

/// Python and Rust print the same characters; Rust escapes quotes, too, and a combining character where a text
/// begins with it.
fn is_printable(character: char) -> bool {
    matches!(character, '\'' | '"') || format!("a{character}").escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_get_pythons_form_and_keep_their_value() {
        let forms = [
            "-0",
            "7",
            "123456789012345678901234567890",
            "1.50",
            "-0.0",
            "1e5",
            "1E+2",
            "1e15",
            "1e16",
            "1.5e300",
            "0.0001",
            "1e-5",
            "5e-324",
            "123456789.12345679",
            "123456789.123456789",
            "0.1000000000000000055511151231257827",
            "1e400",
            "1e-400",
            "0e999999999999999999999",
            "1e999999999999999999999",
        ];
        let lines: Vec<String> =
            forms.iter().map(|text| format!("{text} -> {}", number(text).unwrap())).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        -0 -> 0
        7 -> 7
        123456789012345678901234567890 -> 123456789012345678901234567890
        1.50 -> 1.5
        -0.0 -> -0.0
        1e5 -> 100000.0
        1E+2 -> 100.0
        1e15 -> 1000000000000000.0
        1e16 -> 1e+16
        1.5e300 -> 1.5e+300
        0.0001 -> 0.0001
        1e-5 -> 1e-05
        5e-324 -> 5e-324
        123456789.12345679 -> 123456789.12345679
        123456789.123456789 -> 123456789.123456789
        0.1000000000000000055511151231257827 -> 0.1000000000000000055511151231257827
        1e400 -> 1e400
        1e-400 -> 1e-400
        0e999999999999999999999 -> 0.0
        1e999999999999999999999 -> 1e999999999999999999999
        ");
        assert_eq!(number(&"9".repeat(4300)), Ok("9".repeat(4300)));
        assert_eq!(number(&format!("-{}", "9".repeat(4301))), Err(Unreadable::TooManyDigits));
    }

    #[test]
    fn values_and_texts_show_as_in_python() {
        // Read off Python 3.11.
        let value = json!(["a'b", null, true, 1.50, { "k": [] }]);
        assert_eq!(str(&value), r#"["a'b", None, True, 1.5, {'k': []}]"#);
        assert_eq!(str(&json!("plain'")), "plain'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(
            repr("a\"'\né\u{200b}\\\u{301}\u{7f}\u{e000}\u{f0000}😀"),
            r#"'a"\'\né\u200b\\́\x7f\ue000\U000f0000😀'"#
        );
    }
}
