//! What `memsync fsck` found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::grouped;
use crate::ui::{Label, Palette, escape_line};

/// How many findings of one kind a page shows; JSON has them all.
const SHOWN: usize = 10;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of damage it is, for programs.
    pub code: &'static str,
    /// What is damaged.
    pub place: String,
    /// How.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

/// One database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    #[serde(skip)]
    title: String,
    path: String,
    counts: BTreeMap<&'static str, usize>,
    #[serde(skip)]
    facts: Vec<String>,
    findings: Vec<Finding>,
}

impl Section {
    /// A database that is called `title` and lies at `path`, with what is wrong there.
    #[must_use]
    pub fn new(title: impl Into<String>, path: impl Into<String>, findings: Vec<Finding>) -> Self {
        let (title, path) = (title.into(), path.into());
        Self { title, path, counts: BTreeMap::new(), facts: Vec::new(), findings }
    }

    /// The same with a number, and for people what it counts: `one` of them or `many`.
    #[must_use]
    pub fn counting(mut self, name: &'static str, count: usize, one: &str, many: &str) -> Self {
        self.counts.insert(name, count);
        self.facts.push(format!("{} {}", grouped(count as u64), if count == 1 { one } else { many }));
        self
    }

    /// The same with a number that people are told only where it is not zero.
    #[must_use]
    pub fn noting(mut self, name: &'static str, count: usize, one: &str, many: &str) -> Self {
        if count > 0 {
            return self.counting(name, count, one, many);
        }
        self.counts.insert(name, count);
        self
    }

    /// The section for people.
    #[must_use]
    pub fn text(&self, palette: Palette) -> String {
        let head = palette.paint(Label::Heading, format!("{} {}", self.title, escape_line(&self.path)));
        let facts =
            if self.facts.is_empty() { String::new() } else { format!("  {}\n", self.facts.join(", ")) };
        if self.findings.is_empty() {
            return format!("{head}\n{facts}  no damage\n");
        }
        let mut codes: Vec<&str> = self.findings.iter().map(|finding| finding.code).collect();
        codes.dedup();
        let mut told: Vec<&str> = Vec::new();
        let mut text = format!("{head}\n{facts}");
        for code in codes {
            if !told.contains(&code) {
                told.push(code);
                text.push_str(&self.group(code, palette));
            }
        }
        text
    }

    /// All findings of one kind; what to do is said once where it is the same for all.
    fn group(&self, code: &str, palette: Palette) -> String {
        let found: Vec<&Finding> = self.findings.iter().filter(|finding| finding.code == code).collect();
        let mut text = String::new();
        for (number, finding) in found.iter().take(SHOWN).enumerate() {
            let code = palette.paint(Label::Error, code);
            let (place, problem) = (escape_line(&finding.place), escape_line(&finding.problem));
            text.extend([format!("  {code}: {place}: {problem}\n")]);
            let is_last = number + 1 == found.len().min(SHOWN);
            if is_last && found.len() > SHOWN {
                let more = grouped((found.len() - SHOWN) as u64);
                text.extend([format!("  {code}: and {more} more; --json lists them all\n")]);
            }
            if is_last || found[number + 1].mend != finding.mend {
                let hint = palette.paint(Label::Hint, "hint: ");
                text.extend([format!("    {hint}{}\n", escape_line(&finding.mend))]);
            }
        }
        text
    }
}

/// `memsync fsck --json`.
#[derive(Clone, Debug, Serialize)]
pub struct FsckJson<'a> {
    schema_version: u32,
    damaged: bool,
    staging: &'a Section,
    local: Option<&'a Section>,
}

impl<'a> FsckJson<'a> {
    /// The document about the staging database and this device's, where that was looked at.
    #[must_use]
    pub fn new(staging: &'a Section, local: Option<&'a Section>) -> Self {
        let damaged =
            !staging.findings.is_empty() || local.is_some_and(|section| !section.findings.is_empty());
        Self { schema_version: 1, damaged, staging, local }
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static str, place: &str, mend: &str) -> Finding {
        Finding {
            code,
            place: place.to_owned(),
            problem: "it is missing\u{1b}[2J".to_owned(),
            mend: mend.to_owned(),
        }
    }

    #[test]
    fn findings_of_one_kind_stand_together_and_what_to_do_is_said_once() {
        let mut findings = vec![
            finding("missing-object", "refs/heads/local", "run `memsync stash`"),
            finding("row", "a conflict", "look at it"),
            finding("missing-object", "tree 1234", "run `memsync stash`"),
        ];
        findings.extend((0..12).map(|n| finding("orphan-vector", &format!("vector {n}"), "delete them")));
        let section = Section::new("staging database", "/home/ada/staging.db", findings)
            .counting("objects", 12_345, "object", "objects")
            .noting("unreachable", 0, "unreachable object", "unreachable objects");
        insta::assert_snapshot!(section.text(Palette::plain()), @r"
        staging database /home/ada/staging.db
          12,345 objects
          missing-object: refs/heads/local: it is missing\u{1b}[2J
          missing-object: tree 1234: it is missing\u{1b}[2J
            hint: run `memsync stash`
          row: a conflict: it is missing\u{1b}[2J
            hint: look at it
          orphan-vector: vector 0: it is missing\u{1b}[2J
          orphan-vector: vector 1: it is missing\u{1b}[2J
          orphan-vector: vector 2: it is missing\u{1b}[2J
          orphan-vector: vector 3: it is missing\u{1b}[2J
          orphan-vector: vector 4: it is missing\u{1b}[2J
          orphan-vector: vector 5: it is missing\u{1b}[2J
          orphan-vector: vector 6: it is missing\u{1b}[2J
          orphan-vector: vector 7: it is missing\u{1b}[2J
          orphan-vector: vector 8: it is missing\u{1b}[2J
          orphan-vector: vector 9: it is missing\u{1b}[2J
          orphan-vector: and 2 more; --json lists them all
            hint: delete them
        ");
    }
}
