//! The canonical text of a memory: readable, diffable, one text for one value.
//!
//! Header lines sorted by name, an empty line, the content as it is:
//!
//! ```text
//! created 1712345678.25
//! meta.project {"name":"memsync","stars":3}
//! tag rust
//! tag sqlite
//! type note
//!
//! The text that is remembered.
//! ```
//!
//! A line break inside a value is followed by one space, as in git's commit headers. A metadata key that is
//! more than letters, digits, `_`, `-` and `.` is written as a JSON string.

use std::collections::BTreeMap;

use super::{Memory, Metadata, Timestamp, json};

/// Bytes that are no canonical text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Memory {
    /// The canonical text. Equal memories give equal bytes, and [`Memory::parse`] reads them back.
    #[must_use]
    pub fn to_blob(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.content.len() + 256);
        if let Some(created) = self.created_at {
            header(&mut out, "created", &created.to_string());
        }
        match &self.metadata {
            Metadata::Members(members) => {
                for (key, value) in members {
                    header(&mut out, &format!("meta.{}", meta_name(key)), &value.to_string());
                }
            }
            Metadata::Opaque(text) => header(&mut out, "metadata", text),
        }
        if let Some(store) = &self.store {
            header(&mut out, "store", store);
        }
        if let Some(successor) = &self.superseded_by {
            header(&mut out, "superseded-by", successor);
        }
        for tag in &self.tags {
            header(&mut out, "tag", tag);
        }
        if let Some(memory_type) = &self.memory_type {
            header(&mut out, "type", memory_type);
        }
        out.push(b'\n');
        out.extend_from_slice(self.content.as_bytes());
        out
    }

    /// Reads a canonical text.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(bytes).map_err(|error| ParseError {
            line: bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count(),
            problem: "this is not UTF-8",
        })?;
        let mut memory = Memory::default();
        let mut rest = text;
        let mut line = 1;
        loop {
            if let Some(content) = rest.strip_prefix('\n') {
                content.clone_into(&mut memory.content);
                return Ok(memory);
            }
            let fail = |problem| ParseError { line, problem };
            let end = header_end(rest).ok_or(fail("no empty line ends the headers"))?;
            let (header, after) = (&rest[..end], &rest[end + 1..]);
            let (name, value) =
                split_header(header).ok_or(fail("a header is a name, a space and a value"))?;
            memory.set_header(&name, value.replace("\n ", "\n")).map_err(fail)?;
            line += header.matches('\n').count() + 1;
            rest = after;
        }
    }

    fn set_header(&mut self, name: &str, value: String) -> Result<(), &'static str> {
        match name {
            "created" => {
                self.created_at = Some(value.parse::<Timestamp>().map_err(|()| "no number of seconds")?);
            }
            "metadata" => self.metadata = Metadata::Opaque(value),
            "store" => self.store = Some(value),
            "superseded-by" => self.superseded_by = Some(value),
            "tag" => drop(self.tags.insert(value)),
            "type" => self.memory_type = Some(value),
            _ => {
                let key = name.strip_prefix("meta.").ok_or("an unknown header")?;
                let value = json::parse(&value).map_err(|_| "the value is not JSON")?;
                self.members_mut().ok_or("metadata given twice")?.insert(key.to_owned(), value);
            }
        }
        Ok(())
    }

    fn members_mut(&mut self) -> Option<&mut BTreeMap<String, serde_json::Value>> {
        match &mut self.metadata {
            Metadata::Members(members) => Some(members),
            Metadata::Opaque(_) => None,
        }
    }
}

fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    out.extend_from_slice(value.replace('\n', "\n ").as_bytes());
    out.push(b'\n');
}

fn meta_name(key: &str) -> String {
    let plain =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if plain { key.to_owned() } else { serde_json::Value::from(key).to_string() }
}

/// Where the header that starts `text` ends: at the first line break that no space follows.
fn header_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| bytes[at] == b'\n' && bytes.get(at + 1) != Some(&b' '))
}

/// Splits a header into its name (`meta."odd key"` decoded) and its value.
fn split_header(header: &str) -> Option<(String, &str)> {
    let Some(quoted) = header.strip_prefix("meta.").filter(|rest| rest.starts_with('"')) else {
        let (name, value) = header.split_once(' ')?;
        return Some((name.to_owned(), value));
    };
    let mut stream = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
    let key = stream.next()?.ok()?;
    let value = quoted[stream.byte_offset()..].strip_prefix(' ')?;
    Some((format!("meta.{key}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Bookkeeping;

    fn sample() -> Memory {
        Memory {
            content: "First\n\nlast, no line break".to_owned(),
            tags: ["b", "a", "two\nlines"].map(str::to_owned).into(),
            memory_type: Some("note".to_owned()),
            metadata: Metadata::from_text(
                r#"{"z":{"y":[1,1.0,1e400]},"odd key":"é\n","":true,"gone":null,"access_count":7}"#,
                &Bookkeeping::default(),
            ),
            created_at: Timestamp::new(1_712_345_678.25),
            store: None,
            superseded_by: None,
        }
    }

    #[test]
    fn the_text_of_a_memory_reads_like_a_commit() {
        let text = String::from_utf8(sample().to_blob()).unwrap();
        insta::assert_snapshot!(text, @r#"
        created 1712345678.25
        meta."" true
        meta."odd key" "é\n"
        meta.z {"y":[1,1.0,1e+400]}
        tag a
        tag b
        tag two
         lines
        type note

        First

        last, no line break
        "#);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let opaque = Memory { metadata: Metadata::Opaque("{\"a\": NaN,\n\n}".to_owned()), ..sample() };
        let odd = Memory {
            content: "\0\n".to_owned(),
            memory_type: Some(" ".to_owned()),
            store: Some("\n".to_owned()),
            ..Memory::default()
        };
        for memory in [sample(), opaque, odd, Memory::default()] {
            assert_eq!(Memory::parse(&memory.to_blob()), Ok(memory));
        }
    }

    #[test]
    fn damage_is_named_by_its_line() {
        let error = |text: &str| Memory::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error("tag a\ntype"), "line 2: no empty line ends the headers");
        assert_eq!(error("tag a\nshape x\n\n"), "line 2: an unknown header");
        assert_eq!(error("tag a\n b\nmeta.x {\n\n"), "line 3: the value is not JSON");
        assert_eq!(Memory::parse(b"tag a\n\n\xff").unwrap_err().to_string(), "line 3: this is not UTF-8");
    }
}
