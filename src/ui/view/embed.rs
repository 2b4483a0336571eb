//! What `memsync embed` shows.

use serde::Serialize;

use super::text::{fit, grouped, pad};
use crate::ui::{Label, Palette, escape_line};

/// How many vectors that differ a page lists; JSON has them all.
const SHOWN: usize = 20;

/// How many memories can be found by meaning.
#[derive(Clone, Debug, Serialize)]
pub struct CoverageJson {
    /// The version of this document's form.
    pub schema_version: u32,
    /// The database file.
    pub database: String,
    /// How many live memories there are.
    pub memories: u64,
    /// How many of them have a vector.
    pub with_vector: u64,
    /// How many have none.
    pub without_vector: u64,
    /// How many of those the service has noted as waiting for theirs.
    pub pending: u64,
    /// How many vectors belong to no live memory.
    pub orphans: u64,
    /// How many numbers a vector has; `None` without a table of vectors that is understood.
    pub dimension: Option<usize>,
    /// How many of all vectors are those that the service makes without a model.
    pub hash_vectors: u64,
    /// What a sample says about where the vectors come from.
    pub sample: SampleJson,
    /// What makes the vectors of memories that arrive; `None` where they get none.
    pub maker: Option<String>,
    /// Why they get none.
    pub why: Option<String>,
    /// The folders in which models were looked for.
    pub looked_in: Vec<String>,
}

/// Where the vectors of a sample come from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SampleJson {
    /// How many vectors were looked at.
    pub size: usize,
    /// How many of them each maker makes, the most first.
    pub makers: Vec<MakerJson>,
    /// How many no maker on this device makes.
    pub unknown: usize,
}

/// A maker and a number of vectors.
#[derive(Clone, Debug, Serialize)]
pub struct MakerJson {
    /// What it is called.
    pub name: String,
    /// How many of the sample it makes.
    pub vectors: usize,
}

impl CoverageJson {
    /// The page for people.
    #[must_use]
    pub fn page(&self, palette: Palette, width: usize) -> String {
        let mut page =
            palette.paint(Label::Heading, escape_line(&self.database).into_owned()).to_string() + "\n";
        let mut line = |number: u64, what: &str| {
            page.extend([format!(
                "{} {}\n",
                right(&grouped(number)),
                fit(what, width.saturating_sub(COLUMN + 1))
            )]);
        };
        line(self.memories, if self.memories == 1 { "memory" } else { "memories" });
        line(self.with_vector, "with a vector: found by meaning too");
        if self.without_vector > 0 {
            line(self.without_vector, "without: found by list, tag and text only");
        }
        if self.pending > 0 {
            line(self.pending, "of these put off by mcp-memory-service");
        }
        if self.orphans > 0 {
            line(self.orphans, "vectors of no memory (see `memsync fsck`)");
        }
        if let Some(dimension) = self.dimension {
            line(dimension as u64, "numbers in a vector");
        }
        page += &self.origins(palette, width);
        page
    }

    /// Where the vectors come from.
    fn origins(&self, palette: Palette, width: usize) -> String {
        if self.sample.size == 0 {
            return String::new();
        }
        let title = match self.sample.size {
            1 => "Made by, of a sample of 1 vector:".to_owned(),
            size => format!("Made by, of a sample of {size} vectors:"),
        };
        let mut part = format!("\n{}\n", palette.paint(Label::Heading, title));
        let unknown = (self.sample.unknown > 0).then_some((self.sample.unknown, "no model on this device"));
        let makers = self.sample.makers.iter().map(|maker| (maker.vectors, maker.name.as_str()));
        for (count, name) in makers.chain(unknown) {
            let name = fit(&escape_line(name), width.saturating_sub(COLUMN + 1));
            part.extend([format!("{} {name}\n", right(&grouped(count as u64)))]);
        }
        // That all are says the sample.
        if self.hash_vectors > 0 && self.hash_vectors < self.memories - self.without_vector {
            let all = grouped(self.hash_vectors);
            part.extend([format!("{} hash vectors in the whole table\n", right(&all))]);
        }
        part
    }
}

/// How wide the numbers are.
const COLUMN: usize = 9;

fn right(number: &str) -> String {
    format!("{number:>COLUMN$}")
}

/// What filling gaps or giving all memories new vectors came to.
#[derive(Clone, Debug, Serialize)]
pub struct MadeJson {
    /// The version of this document's form.
    pub schema_version: u32,
    /// How many memories got a vector.
    pub made: u64,
    /// How many lack theirs still.
    pub without_vector: u64,
    /// Why these do.
    pub why: Option<String>,
}

/// What holding vectors against their texts came to.
#[derive(Clone, Debug, Serialize)]
pub struct VerifiedJson {
    /// The version of this document's form.
    pub schema_version: u32,
    /// How many vectors were looked at.
    pub checked: u64,
    /// The maker of the most of them; `None` where none on this device is.
    pub maker: Option<String>,
    /// The memories whose vectors are not this maker's.
    pub differing: Vec<DifferingJson>,
    /// The makers that could not be asked, and why.
    pub failures: Vec<FailureJson>,
}

/// A memory whose vector differs.
#[derive(Clone, Debug, Serialize)]
pub struct DifferingJson {
    /// Its name.
    pub content_hash: String,
    /// The first line of its text.
    pub first_line: String,
    /// What makes this vector of its text; `None` where nothing on this device does.
    pub maker: Option<String>,
}

/// A maker that could not be asked.
#[derive(Clone, Debug, Serialize)]
pub struct FailureJson {
    /// What it is called.
    pub maker: String,
    /// Why not.
    pub why: String,
}

impl VerifiedJson {
    /// The page for people.
    #[must_use]
    pub fn page(&self, palette: Palette, width: usize) -> String {
        let (checked, differing) = (grouped(self.checked), grouped(self.differing.len() as u64));
        let vectors = if self.checked == 1 { "vector" } else { "vectors" };
        let Some(maker) = &self.maker else {
            return match self.checked {
                0 => "there is no vector to look at\n".to_owned(),
                _ => format!("{checked} {vectors}: of no model on this device\n"),
            };
        };
        let maker = escape_line(maker);
        if self.differing.is_empty() {
            return format!("{checked} {vectors} looked at: all are of {maker}\n");
        }
        let mut page = format!("{checked} {vectors} looked at: {differing} not of {maker}\n");
        for memory in self.differing.iter().take(SHOWN) {
            page += &memory.line(palette, width);
        }
        if self.differing.len() > SHOWN {
            page.extend([format!(
                "... and {} more (see --json)\n",
                grouped((self.differing.len() - SHOWN) as u64)
            )]);
        }
        page
    }
}

impl DifferingJson {
    fn line(&self, palette: Palette, width: usize) -> String {
        let short: String = self.content_hash.chars().take(8).collect();
        let id = palette.paint(Label::Id, pad(&escape_line(&short), 8));
        let maker = self.maker.as_deref().map_or("(unknown) ".to_owned(), super::text::remark);
        let text = format!("{maker}{}", escape_line(&self.first_line));
        format!("{id}  {}\n", fit(&text, width.saturating_sub(10).max(16)))
    }
}
