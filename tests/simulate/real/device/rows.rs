//! What the service's own connection does with the rows of a device's database.
//!
//! Must never: leave a memory as the service would not.

use memsync::embed::{hash_vector, to_bytes};
use memsync::local::DIMENSION;
use memsync::object::{ContentHash, Memory, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde_json::{Map, Value, json};

use super::super::{Kept, with_members};
use crate::model::moment;
use crate::place::Memories;

const SELECT: &str = "SELECT content_hash, content, tags, memory_type, metadata, created_at, store, superseded_by FROM memories WHERE deleted_at IS NULL";

/// All memories.
pub(super) fn all(service: &Connection) -> rusqlite::Result<Memories> {
    let mut statement = service.prepare_cached(SELECT)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>("content_hash")?, memory(row)?)))?;
    rows.map(|row| row.map(|(key, memory)| (ContentHash::new(key).expect("no row has an odd name"), memory)))
        .collect()
}

/// One of them.
pub(super) fn one(service: &Connection, key: &ContentHash) -> rusqlite::Result<Option<Memory>> {
    let sql = format!("{SELECT} AND content_hash = ?1");
    service.prepare_cached(&sql)?.query_row([key.as_str()], memory).optional()
}

/// A row in the form in which a side shows it.
fn memory(row: &Row<'_>) -> rusqlite::Result<Memory> {
    let text = |column| row.get::<_, Option<String>>(column);
    let (content, tags, memory_type) = (text("content")?, text("tags")?, text("memory_type")?);
    let (store, superseded_by) = (text("store")?, text("superseded_by")?);
    Ok(Kept {
        content: content.as_deref().unwrap_or_default(),
        tags: tags.as_deref().unwrap_or_default(),
        memory_type: memory_type.as_deref(),
        metadata: &members(text("metadata")?.as_deref()),
        created_at: row.get("created_at")?,
        store: store.as_deref().unwrap_or_default(),
        superseded_by: superseded_by.as_deref(),
    }
    .memory())
}

/// The metadata column's members.
fn members(text: Option<&str>) -> Map<String, Value> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

pub(super) fn execute(
    service: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<()> {
    service.prepare_cached(sql)?.execute(values).map(drop)
}

/// The id and the metadata of a live memory.
fn standing(service: &Connection, key: &ContentHash) -> rusqlite::Result<Option<(i64, Map<String, Value>)>> {
    let sql = "SELECT id, metadata FROM memories WHERE content_hash = ?1 AND deleted_at IS NULL";
    let read = |row: &Row<'_>| Ok((row.get(0)?, members(row.get::<_, Option<String>>(1)?.as_deref())));
    service.prepare_cached(sql)?.query_row([key.as_str()], read).optional()
}

/// A tombstone gives way, as the service sees to it.
pub(super) fn create(
    service: &Connection,
    key: &ContentHash,
    memory: &Memory,
    now: f64,
) -> rusqlite::Result<()> {
    if standing(service, key)?.is_some() {
        return Ok(());
    }
    execute(service, "DELETE FROM memories WHERE content_hash = ?1", [key.as_str()])?;
    let created = memory.created_at.map_or(now, Timestamp::seconds);
    let store = memory.store.as_deref().unwrap_or(Memory::DEFAULT_STORE);
    let sql = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, created_at_iso, \
               updated_at, updated_at_iso, store, superseded_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    execute(
        service,
        sql,
        params![
            key.as_str(),
            memory.content,
            column(memory),
            memory.memory_type,
            Value::Object(with_members(&Map::new(), memory)).to_string(),
            created,
            moment::iso(created),
            now,
            moment::iso(now),
            store,
            memory.superseded_by,
        ],
    )?;
    put_vector(service, service.last_insert_rowid())
}

/// Gives a row the vector of its text.
fn put_vector(service: &Connection, id: i64) -> rusqlite::Result<()> {
    let sql = "SELECT content, store FROM memories WHERE id = ?1";
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let (content, store) = service.prepare_cached(sql)?.query_row([id], read)?;
    execute(service, "DELETE FROM memory_embeddings WHERE rowid = ?1", [id])?;
    let sql = "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, ?3)";
    execute(service, sql, params![id, to_bytes(&hash_vector(&content, DIMENSION)), store])
}

/// Tags, type, metadata and the letter case of the text, which has a vector of its own.
pub(super) fn change(
    service: &Connection,
    key: &ContentHash,
    memory: &Memory,
    now: f64,
) -> rusqlite::Result<()> {
    let Some((id, metadata)) = standing(service, key)? else { return Ok(()) };
    let sql = "UPDATE memories SET content = ?2, tags = ?3, memory_type = ?4, metadata = ?5, updated_at = ?6, \
               updated_at_iso = ?7 WHERE id = ?1";
    let metadata = Value::Object(with_members(&metadata, memory)).to_string();
    let values: [&dyn ToSql; 7] =
        [&id, &memory.content, &column(memory), &memory.memory_type, &metadata, &now, &moment::iso(now)];
    execute(service, sql, &values[..])?;
    put_vector(service, id)
}

pub(super) fn delete(service: &Connection, key: &ContentHash, now: f64) -> rusqlite::Result<()> {
    let Some((id, _)) = standing(service, key)? else { return Ok(()) };
    execute(service, "DELETE FROM memory_embeddings WHERE rowid = ?1", [id])?;
    execute(service, "UPDATE memories SET deleted_at = ?2 WHERE id = ?1", params![id, now])
}

pub(super) fn search(service: &Connection, key: &ContentHash, now: f64) -> rusqlite::Result<()> {
    let Some((id, mut metadata)) = standing(service, key)? else { return Ok(()) };
    let count = metadata.get("access_count").and_then(Value::as_i64).unwrap_or(0);
    metadata.insert("access_count".to_owned(), json!(count + 1));
    metadata.insert("last_accessed_at".to_owned(), json!(now));
    metadata.insert("access_queries".to_owned(), json!([{ "query": "what was it", "timestamp": now }]));
    execute(
        service,
        "UPDATE memories SET metadata = ?2 WHERE id = ?1",
        params![id, Value::Object(metadata).to_string()],
    )
}

/// The column of tags.
fn column(memory: &Memory) -> String {
    memory.tags.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}
