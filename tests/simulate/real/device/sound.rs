//! Whether the parts of a device's database belong together.

use std::collections::BTreeSet;
use std::io::BufRead;

use memsync::embed::{hash_vector, to_bytes};
use memsync::local::DIMENSION;
use rusqlite::{Connection, OptionalExtension, Row};

/// A row of the table of memories, and what belongs to it.
struct Parts {
    id: i64,
    key: String,
    content: String,
    is_live: bool,
    is_pending: bool,
    vectors: i64,
    entries: i64,
}

impl Parts {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            content: row.get(2)?,
            is_live: row.get(3)?,
            is_pending: row.get(4)?,
            vectors: row.get(5)?,
            entries: row.get(6)?,
        })
    }

    /// A live row has one entry in the full-text index and one vector or a mark that it lacks one; what was deleted has
    /// no vector.
    fn miscounted(&self) -> Option<String> {
        let Self { key, is_live, is_pending, vectors, entries, .. } = self;
        let is_whole = *entries == 1 && (*vectors == 1 || *vectors == 0 && *is_pending);
        (*is_live && !is_whole || !is_live && *vectors > 0).then(|| {
            format!("{key}, live {is_live}: {vectors} vectors, pending {is_pending}, {entries} entries in the index")
        })
    }
}

/// What is wrong, one sentence for each finding.
pub(super) fn complaints(service: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT id, content_hash, content, deleted_at IS NULL, embedding_pending, \
               (SELECT count(*) FROM memory_embeddings WHERE rowid = memories.id), \
               (SELECT count(*) FROM memory_content_fts_docsize AS entry WHERE entry.id = memories.id) FROM memories";
    let mut statement = service.prepare_cached(sql)?;
    let rows: Vec<Parts> = statement.query_map([], Parts::read)?.collect::<Result<_, _>>()?;
    let mut complaints: Vec<String> = rows.iter().filter_map(Parts::miscounted).collect();
    for row in rows.iter().filter(|row| row.is_live) {
        complaints.extend(other_vector(service, row)?);
        complaints.extend(other_words(service, row, &rows)?);
    }
    Ok(complaints)
}

/// A vector is that of the row's text, to the last bit.
fn other_vector(service: &Connection, row: &Parts) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT content_embedding FROM memory_embeddings WHERE rowid = ?1";
    let stored: Option<Vec<u8>> =
        service.prepare_cached(sql)?.query_row([row.id], |row| row.get(0)).optional()?;
    let is_other = stored.is_some_and(|stored| stored != to_bytes(&hash_vector(&row.content, DIMENSION)));
    Ok(is_other.then(|| format!("{}: the vector is not that of {:?}", row.key, row.content)))
}

/// Whoever searches for all the words of a text finds its row, and no live row without these words. What a deleted row
/// left in the index is the service's own doing.
fn other_words(service: &Connection, row: &Parts, rows: &[Parts]) -> rusqlite::Result<Option<String>> {
    // The index is one of three letters each.
    if row.content.chars().count() < 3 {
        return Ok(None);
    }
    let sql = "SELECT rowid FROM memory_content_fts WHERE memory_content_fts MATCH ?1";
    let phrase = format!("\"{}\"", row.content.replace('"', "\"\""));
    let mut statement = service.prepare_cached(sql)?;
    let found: BTreeSet<i64> = statement.query_map([phrase], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let wanted = row.content.to_lowercase();
    let has_words = |other: &&Parts| other.is_live && other.content.to_lowercase().contains(&wanted);
    let expected: BTreeSet<i64> = rows.iter().filter(has_words).map(|row| row.id).collect();
    let is_live = |id: &i64| rows.iter().any(|row| row.is_live && row.id == *id);
    let found: BTreeSet<i64> = found.into_iter().filter(is_live).collect();
    let key = &row.key;
    Ok((found != expected).then(|| format!("{key}: its words are found in rows {found:?}, not {expected:?}")))
}

/// Whether `part` stands somewhere in `bytes`. A loop that looks at each byte would take as long as all the rest.
pub(super) fn holds(mut bytes: &[u8], part: &[u8]) -> bool {
    let (first, rest) = part.split_first().expect("a key is not empty");
    while bytes.skip_until(*first).is_ok_and(|skipped| skipped > 0) && !bytes.is_empty() {
        if bytes.starts_with(rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use memsync::object::{ContentHash, Memory};

    use crate::model::content_hash;
    use crate::place::{Place, Work};
    use crate::real::Device;

    /// How many complaints there are once somebody has done this to two sound rows.
    fn complaints_after(damage: &str) -> usize {
        let device = Device::new();
        for text in ["Tea is at four", "Milk is white"] {
            let memory = Memory { content: text.to_owned(), tags: BTreeSet::default(), ..Memory::default() };
            let key = ContentHash::new(content_hash(text)).unwrap();
            device.work(&Work::Create(key, memory), 1_700_000_001);
        }
        assert_eq!(device.complaints(), [] as [String; 0]);
        device.with(|service| service.execute_batch(damage));
        device.complaints().len()
    }

    #[test]
    fn what_belongs_to_another_row_is_found() {
        let mixed_up = "CREATE TEMP TABLE one AS SELECT content_embedding FROM memory_embeddings WHERE rowid = 1;
             UPDATE memory_embeddings SET content_embedding = (SELECT content_embedding FROM one) WHERE rowid = 2;";
        assert_eq!(complaints_after(mixed_up), 1);
        let other_words = "INSERT INTO memory_content_fts (memory_content_fts, rowid, content)
                 VALUES ('delete', 2, 'Milk is white');
             INSERT INTO memory_content_fts (rowid, content) VALUES (2, 'Tea is at four');";
        assert_eq!(complaints_after(other_words), 2, "found by one's words, and not by the other's");
        assert_eq!(complaints_after("DELETE FROM memory_embeddings WHERE rowid = 1"), 1);
    }
}
