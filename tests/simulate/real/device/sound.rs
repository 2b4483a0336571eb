//! Whether the parts of a device's database belong together.

use std::io::BufRead;

use rusqlite::Connection;

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

/// Each live row has one entry in the full-text index and one vector or a mark that it lacks one; what was deleted has
/// no vector.
pub(super) fn complaints(service: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT content_hash, deleted_at IS NULL, embedding_pending, \
               (SELECT count(*) FROM memory_embeddings WHERE rowid = memories.id), \
               (SELECT count(*) FROM memory_content_fts_docsize AS entry WHERE entry.id = memories.id) FROM memories";
    let mut statement = service.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut complaints = Vec::new();
    while let Some(row) = rows.next()? {
        let (key, is_live): (String, bool) = (row.get(0)?, row.get(1)?);
        let [pending, vectors, entries]: [i64; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
        let is_whole = entries == 1 && (vectors == 1 || vectors == 0 && pending == 1);
        if is_live && !is_whole || !is_live && vectors > 0 {
            complaints.push(format!(
                "{key}, live {is_live}: {vectors} vectors, pending {pending}, {entries} entries in the index"
            ));
        }
    }
    Ok(complaints)
}
