//! The text of the metadata column, changed member by member.
//!
//! Guarantees: a member that does not change keeps its bytes, and so does everything that is the service's own
//! bookkeeping; new values are written as Python writes them.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Value};

use crate::object::{Bookkeeping, Metadata, json};

/// One member of a JSON object, with its text as it stands there.
struct Member<'a> {
    key: String,
    value: Value,
    text: &'a str,
}

/// The text that makes `standing` read as `target`; `None` where it already does. What earlier servers could
/// only carry inside the metadata (see [`crate::object::Carried`]) is taken out, because a row has columns
/// for it; the content stays until another is written, see [`without_content`].
pub(super) fn rewrite(
    standing: Option<&str>,
    target: &Metadata,
    bookkeeping: &Bookkeeping,
) -> Option<String> {
    let wanted = match target {
        Metadata::Opaque(text) => return (standing != Some(text)).then(|| text.clone()),
        Metadata::Members(wanted) => wanted,
    };
    let standing = standing.unwrap_or_default();
    let Some(members) = split(standing) else {
        let is_blank = Metadata::from_text(standing, bookkeeping).is_empty();
        return (!is_blank || !wanted.is_empty()).then(|| join(&changed(&[], wanted, bookkeeping)));
    };
    let texts = changed(&members, wanted, bookkeeping);
    let same = texts.iter().eq(members.iter().map(|member| member.text));
    (!same).then(|| join(&texts))
}

/// The texts of `standing`'s members and those of new ones, once they read as `wanted`.
fn changed(
    standing: &[Member<'_>],
    wanted: &BTreeMap<String, Value>,
    bookkeeping: &Bookkeeping,
) -> Vec<String> {
    let mut texts = Vec::new();
    for member in standing {
        if member.key == Bookkeeping::MEMSYNC {
            texts.extend(without(member, &["created_at", "metadata"]));
        } else if bookkeeping.owns(&member.key) {
            texts.push(member.text.to_owned());
        } else {
            match wanted.get(&member.key) {
                Some(value) if *value != member.value => texts.push(to_text(&member.key, value)),
                // A null member reads as an absent one, so it can stay.
                None if !member.value.is_null() => {}
                _ => texts.push(member.text.to_owned()),
            }
        }
    }
    let is_new = |key: &str| !bookkeeping.owns(key) && standing.iter().all(|member| member.key != key);
    texts.extend(wanted.iter().filter(|(key, _)| is_new(key)).map(|(key, value)| to_text(key, value)));
    texts
}

/// The object of these members.
pub(super) fn join(texts: &[String]) -> String {
    format!("{{{}}}", texts.join(", "))
}

/// The members of a JSON object, in their order; `None` where the text is none. Of members of one name the
/// last counts, as it does for every reader of JSON here.
fn split(text: &str) -> Option<Vec<Member<'_>>> {
    json::parse(text).ok()?.as_object()?;
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut rest = text.trim_start().strip_prefix('{')?;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        if rest.starts_with('}') {
            return Some(members);
        }
        let (key, key_end) = first::<String>(rest)?;
        let colon = key_end + rest[key_end..].find(':')?;
        let (value, length) = first::<&RawValue>(&rest[colon + 1..])?;
        let end = colon + 1 + length;
        members.retain(|member| member.key != key);
        members.push(Member { key, value: json::parse(value.get()).ok()?, text: &rest[..end] });
        rest = &rest[end..];
    }
}

/// The JSON value that `text` starts with, and where it ends.
pub(super) fn first<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Option<(T, usize)> {
    let mut stream = Deserializer::from_str(text).into_iter();
    let value = stream.next()?.ok()?;
    Some((value, stream.byte_offset()))
}

/// The text without the content that an earlier server could only carry inside it; `None` where it carries none.
pub(super) fn without_content(standing: &str) -> Option<String> {
    let members = split(standing)?;
    let is_carrier = |member: &Member<'_>| member.key == Bookkeeping::MEMSYNC;
    members.iter().find(|member| is_carrier(member) && member.value.get("content").is_some())?;
    let texts = members.iter().filter_map(|member| {
        if is_carrier(member) { without(member, &["content"]) } else { Some(member.text.to_owned()) }
    });
    Some(join(&texts.collect::<Vec<_>>()))
}

/// The member that carries values for servers, without those of these names; `None` where nothing is left.
fn without(member: &Member<'_>, names: &[&str]) -> Option<String> {
    let Value::Object(mut carried) = member.value.clone() else { return Some(member.text.to_owned()) };
    let before = carried.len();
    carried.retain(|key, _| !names.contains(&key.as_str()));
    match carried.len() {
        length if length == before => Some(member.text.to_owned()),
        0 => None,
        _ => Some(to_text(&member.key, &Value::Object(carried))),
    }
}

/// A member as Python writes it.
pub(super) fn to_text(key: &str, value: &Value) -> String {
    format!("{}: {}", python(&key), python(value))
}

/// The text that Python's `json.dumps` gives.
pub(super) fn python(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Python))
        .expect("JSON values and strings can be written to memory");
    String::from_utf8(text).expect("JSON text is UTF-8")
}

/// Spaces after commas and colons, and nothing but ASCII.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(other) = rest.find(|character| !matches!(character, ' '..='~')) {
            writer.write_all(&rest.as_bytes()[..other])?;
            let character = rest[other..].chars().next().unwrap_or_default();
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[other + character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(standing: &str, target: &str) -> String {
        let bookkeeping = Bookkeeping::default();
        let target = Metadata::from_text(target, &bookkeeping);
        rewrite(Some(standing), &target, &bookkeeping).unwrap_or("unchanged".to_owned())
    }

    #[test]
    fn members_that_stay_keep_their_bytes() {
        let standing = r#"{"z": 1.50,"access_count" :  7, "gone": [1, {"}": ","}], "caf\u00e9": 1e400, "null": null, "quality_score": 0.5}"#;
        let target = r#"{"z": 1.50, "café": 1e400, "new": {"b": "é😀\n", "a": [1, true]}}"#;
        insta::assert_snapshot!(rewritten(standing, target), @r#"{"z": 1.50, "access_count" :  7, "caf\u00e9": 1e400, "null": null, "quality_score": 0.5, "new": {"a": [1, true], "b": "\u00e9\ud83d\ude00\n"}}"#);
    }

    #[test]
    fn a_changed_member_changes_alone() {
        insta::assert_snapshot!(rewritten(r#"{"a": 1, "b": 2, "a": 3}"#, r#"{"a": 3, "b": 2.0}"#), @r#"{"b": 2.0, "a": 3}"#);
        insta::assert_snapshot!(rewritten(r#"{"a": NaN, "access_count": 1}"#, r#"{"a": 3}"#), @r#"{"a": 3}"#);
        insta::assert_snapshot!(rewritten(" ", "{}"), @"unchanged");
        insta::assert_snapshot!(rewritten("{}", "{\"a\": NaN}"), @r#"{"a": NaN}"#);
    }

    #[test]
    fn what_was_carried_for_a_server_is_taken_out() {
        let standing = r#"{"memsync": {"created_at": 1.5, "metadata": "[]", "later": 1}, "a": 1}"#;
        insta::assert_snapshot!(rewritten(standing, r#"{"a": 1}"#), @r#"{"memsync": {"later": 1}, "a": 1}"#);
        insta::assert_snapshot!(rewritten(r#"{"memsync": {"created_at": 1.5}}"#, "{}"), @"{}");
        insta::assert_snapshot!(rewritten(r#"{"memsync":5,"a":null}"#, "{}"), @"unchanged");
    }
}
